//! The octets of messages: the client's side reads a query and writes a reply without decoding an answer; the
//! server's side reads the message of a server.
//!
//! Obeys RFC 1035 section 4, RFC 6891, RFC 8914 and RFC 9619. The hit path allocates nothing but the growth of a
//! reused buffer.
//!
//! # Decisions
//!
//! - The client's side is our own: it compares octets, so that a hit needs no decoding. The server's side uses the
//!   library and reads record by record where the library refuses a message.
//! - Answers of addresses are written without the library's encoder: nothing in them is compressed but their owners.
//! - Names of an answer are compressed onto the question, so that the client's spelling of the question reaches the
//!   owner names too.
//! - A reader of our own for replies with few addresses was not written. The library takes 4 700 of the instructions
//!   of a miss (callgrind), but half of them for names, and only the library can make its names.
//! - A compression pointer may lead over at most 16 others. Encoders point at labels, some at one other pointer.

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

/// Octets of a header (RFC 1035 section 4.1.1).
pub const HEADER: usize = 12;

pub use crate::question::MAX_NAME;

/// The payload size we offer and never exceed over UDP: fits an IPv6 packet of 1 280 octets unfragmented
/// (DNS flag day 2020).
pub const PAYLOAD: u16 = 1_232;

/// The payload of a client without EDNS (RFC 1035 section 4.2.1).
pub(crate) const PLAIN_PAYLOAD: u16 = 512;

/// Option code of cookies (RFC 7873 section 4).
const COOKIE: u16 = 10;

/// Option code of padding (RFC 7830 section 3).
const PADDING: u16 = 12;

/// Option edns-tcp-keepalive (RFC 7828).
const KEEPALIVE: u16 = 11;

/// Type OPT (RFC 6891 section 6.1.1).
const OPT: u16 = 41;
