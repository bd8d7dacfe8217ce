//! DNSSEC validation: checks whether the owner of a zone has signed an answer.
//!
//! Pure: the input is records, keys and a time, and the output is a verdict. The library checks single signatures and digests. This crate decides
//! which key checks which RRset, and which records prove that a name or type does not exist. RFC 4033 to 4035, RFC 5155, RFC 6840, RFC 9276.
//! `resolve::trust` fetches DS and keys.
//!
//! Calls `dns`. It is a separate crate, because the resolver, the doctor and the history use the same verdicts.
//!
//! # Decisions
//!
//! - Every question has a budget of signature checks, failed checks (KeyTrap, CVE-2023-50387) and NSEC3 hashes
//!   (CVE-2023-50868).
//! - A failed check counts according to its measured time: on P-384 (561 µs) as seven, with an RSA key according to its size and exponent
//!   (`cargo bench --bench validate`). When each counted as one, sixteen failed checks on P-384 blocked a thread for 15 ms.
//! - A question yields its thread after every few checks, so that other clients of the thread do not wait.
//! - RSA keys from 512 bits are accepted, because zones with short keys also send and receive mail.
//! - NSEC3 with more than 50 iterations is insecure (RFC 9276 section 3.2), the value that BIND and Unbound use.
//! - A signature is accepted until one minute after its end.

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
