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
mod edns;
pub mod pointers;
pub mod presentation;
pub mod query;
pub mod reply;
pub mod response;
pub mod ttl;

pub use self::edns::{HEADER, PADDING, PAYLOAD, PLAIN_PAYLOAD};
pub use crate::question::MAX_NAME;
