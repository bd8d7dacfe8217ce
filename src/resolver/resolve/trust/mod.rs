//! DNSSEC validation: validates an answer with the keys of the zone that signed it, along the chain of trust that begins at a trust anchor.
//!
//! Implements RFC 4033 to 4035 and RFC 7646. Missing DNSKEY and DS records are fetched through the iterator. The module [`validate`]
//! verifies signatures and denials; it sends no queries and has no state.
//!
//! # Decisions
//!
//! - DS records come with referrals, and DNSKEY records are fetched at the same time as the answer that needs them. A signed zone in use
//!   therefore causes no delay.
//! - Before an answer counts as bogus, another server of the zone is asked.
//! - If the cached keys do not verify a signature, the keys are fetched again, at most once in ten seconds: zones change keys without
//!   notice, but neither a bogus zone nor an attacker may cause a flood of queries.
//! - A file of trust anchors adds to the built-in keys of the root. Otherwise a file with an anchor for one zone would disable the
//!   validation of all other zones.
//! - If a zone has its own trust anchor without a chain of trust from above, signatures of a zone above it prove nothing about names below
//!   the anchor. Otherwise such a signature could make forged data insecure instead of bogus.
//! - Answers of DNS lists with a secret key in the query name are insecure, because the signed name is not the name in the client's
//!   question.

mod calendar;
pub(super) mod chain;
mod cuts;
pub(crate) mod fetch;
mod judge;
pub mod nta;
mod root_keys;
#[cfg(feature = "simulated")]
pub(crate) mod simulated_fetches;
mod validator;

pub(in crate::resolve) use root_keys::RootKeyLook;
pub(crate) use validator::Validator;
