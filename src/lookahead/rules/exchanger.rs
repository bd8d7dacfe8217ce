//! Mail hosts: their addresses (RFC 5321 section 5.1), their TLSA (RFC 7672), and the records of a
//! sender's domain that a receiver asks for beside its MX.

use hickory_proto::rr::{Name, RecordType};

use super::answer_facts::AnswerFacts;
use super::step::{Further, RuleStep};
use super::{dmarc, spf};
use crate::lookahead::rule::Rule;

/// The questions that follow the MX of a domain. A domain that does not exist has none: spam invents domains.
pub(super) fn after_exchangers(domain: &Name, facts: &AnswerFacts) -> Vec<Further> {
    if !facts.exists() {
        return Vec::new();
    }
    let is_mx = |kind: RecordType| kind == RecordType::MX;
    // A domain without MX gets its mail at its own addresses.
    let hosts = match facts.hosts() {
        hosts if hosts.is_empty() && !facts.records.iter().any(|record| is_mx(record.record_type())) => {
            vec![domain.to_lowercase()]
        }
        hosts => hosts,
    };
    let step = RuleStep::Host { secure: facts.secure };
    let mut further = Vec::new();
    for host in hosts {
        further.push(Further::new(host.clone(), RecordType::A, Rule::MxA, step));
        further.push(Further::new(host, RecordType::AAAA, Rule::MxAaaa, step));
    }
    further.push(spf::of_domain(domain));
    further.extend(dmarc::of_domain(domain));
    further
}

/// TLSA of a host whose MX and addresses are secure.
pub(super) fn after_host(host: &Name, secure: bool, facts: &AnswerFacts) -> Vec<Further> {
    let is_address = |kind| matches!(kind, RecordType::A | RecordType::AAAA);
    if !secure || !facts.secure || !facts.records.iter().any(|record| is_address(record.record_type())) {
        return Vec::new();
    }
    // RFC 7672 section 2.2.2: the name at the end of the aliases comes first.
    let end = facts.records.iter().find(|record| is_address(record.record_type()));
    let end = end.map_or(host, |record| &record.name).to_lowercase();
    let service = Name::from_ascii("_25._tcp").ok().and_then(|service| service.append_domain(&end).ok());
    service.map(|name| Further::new(name, RecordType::TLSA, Rule::Tlsa, RuleStep::End)).into_iter().collect()
}
