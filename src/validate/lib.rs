//! DNSSEC validation: checks whether the owner of a zone has signed an answer.
//!
//! The crate is pure: its input is records, keys and a time, and its output is a verdict (secure, insecure, bogus or indeterminate).
//! `hickory_proto` verifies most signatures and digests. This crate decides which key must have signed which RRset, and which records prove
//! that a name or type does not exist. It implements RFC 4033 to 4035, RFC 5155, RFC 6840, RFC 8198 and RFC 9276. `resolve::trust` fetches
//! DS records and keys.
//!
//! This crate calls the crate `dns`.
//!
//! # Decisions
//!
//! - For each client question, the number of signature checks, of failed checks (KeyTrap, CVE-2023-50387) and of NSEC3 hashes (CVE-2023-50868) is
//!   limited.
//! - A failed check counts according to its measured time (`cargo bench --bench validate`): a check on P-384 (561 µs) counts as seven. If
//!   each check counted as one, sixteen failed checks on P-384 could block a thread for 9 ms.
//! - A task that validates lets other tasks of its thread run after every few checks, so that other clients do not wait.
//! - RSA keys from 512 bits are accepted, because some mail domains still have such short keys.
//! - If a zone uses NSEC3 with more than 50 iterations, its denials are insecure (RFC 9276 section 3.2). BIND and Unbound use the same value.
//! - An expired signature is not accepted, because otherwise an attacker could send old answers again.

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
pub mod denial_synthesis;
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
