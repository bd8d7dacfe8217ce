//! DNSSEC: whether the owner of the zone signed an answer.
//!
//! Pure: the input is records, keys and a moment, the output a verdict. The library checks single signatures and
//! digests. This crate decides which key checks which RRset, and which records prove that a name or type does not exist. RFC 4033 to 4035,
//! RFC 5155, RFC 6840, RFC 9276. `resolve::trust` fetches DS and keys.
//!
//! Calls `dns`. It is a crate of its own, because the resolver, the doctor and the history use the same verdicts.
//!
//! # Decisions
//!
//! - Every question has a budget of signature checks, failed checks (KeyTrap, CVE-2023-50387) and NSEC3 hashes
//!   (CVE-2023-50868).
//! - A failed check counts by its measured time: on P-384 (561 µs) as seven, by an RSA key by size and exponent
//!   (`cargo bench --bench validate`). Sixteen failed checks on P-384 once kept a thread for 15 ms.
//! - A question yields its thread after every few checks, so that other clients of the thread do not wait.
//! - RSA keys from 512 bits are accepted, because zones with short keys also send and receive mail.
//! - NSEC3 with more than 50 iterations is insecure (RFC 9276 section 3.2), the value that BIND and Unbound use.
//! - A signature is accepted for one minute after its end and no longer.

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
pub mod entrust;
pub mod keys;
pub mod limits;
pub mod root_keys;
pub(crate) mod root_keys_text;
mod rsa;
pub mod rules;
pub mod signature;
#[cfg(test)]
mod stage;
pub mod verdict;
