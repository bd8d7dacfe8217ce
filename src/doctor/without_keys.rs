//! Servers whose keys no DS record names, while those of another server fit: the change that helps depends on the zone that they have.
//!
//! RFC 8901 section 2.1.2 (two providers, each with its own keys: the DS records of both), RFC 4035 section 5.2.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, ReplyFacts};
use super::finding::Finding;
use super::key_records::signing;
use super::{foreign, keys, remedies, zone};

/// The finding about these servers, in words.
pub(super) fn finding(facts: &DomainFacts, told: &str) -> Finding {
    let finding = Finding::new(Code::NsWithoutKeys, format!("{}: {told}", facts.subject.domain));
    let others = keys::by_fit(facts).others;
    let servers = zone::servers(facts);
    let copies = zone::with_foreign(facts, servers.keys().copied());
    if !others.is_empty() && others.keys().all(|server| copies.contains_key(server)) {
        return finding.to_do(foreign::remedy(&copies));
    }
    let old = zone::old_ones(facts, servers.into_keys());
    // One with an old zone has the keys of its time.
    let is_signer = |(server, reply): (&IpAddr, &&ReplyFacts)| {
        !copies.contains_key(server) && !old.contains(server) && !signing(zone::apex(facts), reply).is_empty()
    };
    if others.iter().any(is_signer) { finding.to_do(remedies::SECOND_SIGNER) } else { finding }
}

#[cfg(test)]
#[path = "without_keys_tests.rs"]
mod tests;
