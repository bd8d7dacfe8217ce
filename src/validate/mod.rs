//! DNSSEC: whether an answer is what its zone's owner signed.
//!
//! Pure: records, keys and a moment in, a verdict out. The library checks single signatures and digests; what is to be
//! checked by which key, and what an absence takes to be proven, is decided here. RFC 4033 to 4035, RFC 5155, RFC 6840, RFC
//! 9276. What must be fetched for it (DS and keys) is not its business.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod anchors;
pub mod budget;
mod canonical;
pub mod denial;
mod denial_nsec;
mod denial_nsec3;
pub mod keys;
mod rsa;
pub mod signature;
#[cfg(test)]
mod stage;
pub mod verdict;
