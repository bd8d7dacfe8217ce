//! Trust: validates an answer with the keys of the zone that signed it, along the chain of trust that begins at a trust anchor.
//!
//! Implements RFC 4033 to 4035 and RFC 7646. The input is what the walk has found. Missing keys and DS records are fetched through the
//! iterator. The pure part, for signatures and denials, is [`validate`].
//!
//! # Decisions
//!
//! - DS records come with the referrals of the walk, and keys are fetched at the same time as the answer that needs them. A signed zone
//!   in use therefore causes no delay.
//! - Before a zone counts as bogus, another of its servers is asked.
//! - If a signature does not fit the cached keys, the keys are fetched again, at most once in ten seconds. Zones change keys without
//!   notice, but neither a bogus zone nor an attacker may cause a flood of queries.
//! - A file of trust anchors adds to the built-in keys of the root and never replaces them. In an earlier version, a file with an anchor
//!   for one zone silently disabled the validation of all other zones.
//! - If a zone has a trust anchor of its own without a chain from above, a zone above it proves nothing about names below the anchor.
//!   Before this rule, signatures of the zone above made forged data insecure instead of bogus.
//! - Answers of lists with a key in the query name are insecure, because the signed name is not the name in the client's question.

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
