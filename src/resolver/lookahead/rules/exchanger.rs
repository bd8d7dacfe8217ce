//! Questions for mail hosts: their addresses (RFC 5321 section 5.1) and TLSA records (RFC 7672). Also the records of a sender's domain that
//! a receiver queries in addition to its MX.

use hickory_proto::rr::{Name, RecordType};

use super::answer_facts::AnswerFacts;
use super::{Further, RuleStep, dmarc, spf};
use config::Rule;

/// Returns the questions that follow the answer for the MX of a domain. `with_do` is true if the client's question had DO. Nothing follows
/// for a domain that does not exist, because spam invents domains.
pub(super) fn after_exchangers(domain: &Name, with_do: bool, facts: &AnswerFacts) -> Vec<Further> {
    if !facts.exists() {
        return Vec::new();
    }
    let is_mx = |kind: RecordType| kind == RecordType::MX;
    // Mail to a domain without MX is delivered to the addresses of the domain itself.
    let hosts = match facts.hosts() {
        hosts if hosts.is_empty() && !facts.records.iter().any(|record| is_mx(record.record_type())) => {
            vec![domain.to_lowercase()]
        }
        hosts => hosts,
    };
    // Without DO, a client does not learn whether an answer is secure, so it asks for no TLSA records.
    let may_use_dane = with_do && facts.secure;
    let step = RuleStep::Host { secure: may_use_dane };
    let [ipv4, ipv6] = if with_do { [Rule::DaneA, Rule::DaneAaaa] } else { [Rule::MxA, Rule::MxAaaa] };
    let mut further = Vec::new();
    for host in hosts {
        further.push(Further::new(host.clone(), RecordType::A, ipv4, step));
        further.push(Further::new(host.clone(), RecordType::AAAA, ipv6, step));
        // A host below a signed domain is usually in the signed zone too. So its TLSA records are asked for now, and not only when its addresses
        // have proved to be secure.
        if may_use_dane && domain.zone_of(&host) {
            further.extend(certificates_of(&host));
        }
    }
    further.push(spf::of_domain(domain));
    further.extend(dmarc::of_domain(domain));
    further
}

/// Returns the question for the MTA-STS record of a domain to which mail is sent (RFC 8461 section 3.1).
pub(super) fn of_next_hop(domain: &Name) -> Option<Further> {
    let name = domain.to_lowercase().prepend_label("_mta-sts").ok()?;
    Some(Further::new(name, RecordType::TXT, Rule::MtaSts, RuleStep::End))
}

/// Returns the question for the TLSA records of a host, if the MX (`secure`) and the host's addresses are secure.
pub(super) fn after_host(host: &Name, secure: bool, facts: &AnswerFacts) -> Vec<Further> {
    let is_address = |kind| matches!(kind, RecordType::A | RecordType::AAAA);
    if !secure || !facts.secure || !facts.records.iter().any(|record| is_address(record.record_type())) {
        return Vec::new();
    }
    // RFC 7672 section 2.2.2: the TLSA records are first queried for the last name of the alias chain.
    let end = facts.records.iter().find(|record| is_address(record.record_type()));
    let end = end.map_or(host, |record| &record.name).to_lowercase();
    certificates_of(&end).into_iter().collect()
}

fn certificates_of(host: &Name) -> Option<Further> {
    let service = Name::from_ascii("_25._tcp").ok().and_then(|service| service.append_domain(host).ok());
    service.map(|name| Further::new(name, RecordType::TLSA, Rule::Tlsa, RuleStep::End))
}
