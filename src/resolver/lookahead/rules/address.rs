//! Questions about an address: its PTR records, and the addresses of the name in a PTR record (forward confirmation, RFC 1912 section 2.1).

use std::net::IpAddr;

use hickory_proto::rr::{Name, RData, RecordType};

use super::answer_facts::AnswerFacts;
use super::{Further, RuleStep};
use crate::limits::MAX_AHEAD_POINTERS;
use config::Rule;

pub(super) fn pointer_of(address: IpAddr) -> Further {
    Further::new(Name::from(address), RecordType::PTR, Rule::Ptr, RuleStep::Pointer)
}

/// Returns true for a reverse name of an address, in `in-addr.arpa` or `ip6.arpa`.
pub(super) fn is_reverse(name: &Name) -> bool {
    let mut labels = name.iter().rev();
    let arpa = labels.next().is_some_and(|label| label.eq_ignore_ascii_case(b"arpa"));
    let below = labels.next().map(|label| label.to_ascii_lowercase());
    arpa && matches!(below.as_deref(), Some(b"in-addr" | b"ip6"))
}

pub(super) fn after_pointer(facts: &AnswerFacts) -> Vec<Further> {
    let names = facts.records.iter().filter_map(|record| match &record.data {
        RData::PTR(name) if !name.0.is_root() => Some(name.0.to_lowercase()),
        _ => None,
    });
    let both = |name: Name| {
        let ipv4 = Further::new(name.clone(), RecordType::A, Rule::PtrA, RuleStep::End);
        [ipv4, Further::new(name, RecordType::AAAA, Rule::PtrAaaa, RuleStep::End)]
    };
    names.take(MAX_AHEAD_POINTERS).flat_map(both).collect()
}
