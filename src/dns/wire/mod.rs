//! Reads the queries of clients and the DNS messages of servers, and writes replies.
//!
//! Follows RFC 1035 section 4, RFC 6891, RFC 8914 and RFC 9619.
//!
//! # Decisions
//!
//! - The code for clients compares octets, so that a cache hit decodes nothing and allocates no memory, except when a reused buffer must
//!   grow.
//! - The code for servers uses the DNS library, and reads a DNS message record by record if the library rejects it.
//! - Names in an answer are compressed with pointers to the question, so that the owner names also have the client's spelling.
//! - There is no special code that reads replies of servers with few addresses. Half of the time that the library needs for them is spent
//!   on names, and only the library can create its names.
//! - A name may follow at most 16 compression pointers. Programs that write DNS messages use one or two.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod compose;
pub mod cookie;
mod cursor;
pub mod pointers;
pub mod presentation;
pub mod query;
pub mod reply;
pub mod response;
pub mod ttl;

/// The length of a DNS message header, in octets (RFC 1035 section 4.1.1).
pub const HEADER: usize = 12;

pub use crate::question::MAX_NAME;

/// The largest DNS message over UDP, in octets, that resolverd accepts from servers and sends to clients. It fits into an IPv6 packet of 1 280 octets
/// without fragmentation (DNS flag day 2020).
pub const PAYLOAD: u16 = 1_232;

/// The largest DNS message over UDP, in octets, that a client without EDNS accepts (RFC 1035 section 4.2.1).
pub const PLAIN_PAYLOAD: u16 = 512;

/// The EDNS option code of cookies (RFC 7873 section 4).
const COOKIE: u16 = 10;

/// The EDNS option code of padding (RFC 7830 section 3).
pub const PADDING: u16 = 12;

/// The EDNS option code of edns-tcp-keepalive (RFC 7828).
const KEEPALIVE: u16 = 11;

/// The number of the record type OPT (RFC 6891 section 6.1.1).
const OPT: u16 = 41;
