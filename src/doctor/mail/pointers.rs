//! The PTR records of the mail hosts. Their level depends on whether SPF says that the host sends mail.
//!
//! RFC 7208. Gmail rejects mail from an address without a PTR record that leads back (550 5.7.25, Email sender guidelines), and Microsoft
//! demands one in its policies for senders to Outlook.com. Nobody asks for the PTR record of a host that only receives.

use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::DomainFacts;
use crate::finding::{Finding, Level};
use crate::limits::MAX_EVIDENCE;
use crate::mail::pointer::{self, Levels};
use crate::mail::{self};
use crate::part::About;
use crate::spf::evaluate::{SpfOutcome, outcome};
use crate::spf::named::{NamedSenders, named};
use dns::wire::presentation::shown;

/// The findings. The address that is examined by itself has findings of its own.
pub(crate) fn check(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<Finding> {
    let addresses = mail::host_addresses(facts).into_iter();
    let senders = senders(facts);
    let (mut sending, mut others) = (Vec::new(), Vec::new());
    for address in addresses.filter(|address| Some(*address) != examined) {
        match outcome(facts, &facts.subject.domain, address, &mut Vec::new()) {
            // It sends no mail for the domain: nobody asks for the PTR record of such a host.
            SpfOutcome::Fail | SpfOutcome::SoftFail => {}
            SpfOutcome::Pass if senders.as_ref().is_some_and(|senders| senders.has(address)) => {
                sending.push(address);
            }
            _ => others.push(address),
        }
    }
    let with_hosts = |addresses: Vec<IpAddr>| -> Vec<(IpAddr, Vec<About>)> {
        addresses.into_iter().map(|address| (address, mail::hosts_at(facts, address))).collect()
    };
    let mut findings = Vec::new();
    if let Some(senders) = senders.filter(|_| !sending.is_empty()) {
        let found = pointer::check_all(facts, &with_hosts(sending), levels(facts, &senders));
        findings.extend(found.into_iter().map(|finding| with_record(finding, &senders.record)));
    }
    if !others.is_empty() {
        findings.extend(pointer::check_all(facts, &with_hosts(others), Levels::of(Level::Note)));
    }
    findings
}

/// The hosts that the domain names as its senders, where it is checked as a sender.
pub(crate) fn senders(facts: &DomainFacts) -> Option<NamedSenders> {
    named(facts, &facts.subject.domain).filter(|_| facts.subject.role.sends())
}

/// The levels of findings about the hosts that send. Missing or wrong names are a failure if no other host may send for the domain, so that
/// all its mail is rejected. Names that look dynamic are a warning if no host that may send has a better one.
fn levels(facts: &DomainFacts, senders: &NamedSenders) -> Levels {
    let are_all = |is_so: &dyn Fn(IpAddr) -> bool| {
        senders.are_all && senders.addresses.iter().all(|address| is_so(*address))
    };
    let is_faulty = |address| pointer::is_faulty(facts, address);
    let is_refused = |address| is_faulty(address) || pointer::is_dynamic(facts, address);
    Levels {
        fault: if are_all(&is_faulty) { Level::Failure } else { Level::Warning },
        dynamic: if are_all(&is_refused) { Level::Warning } else { Level::Note },
    }
}

/// Adds to a fault that the host sends mail by this SPF record.
fn with_record(finding: Finding, record: &str) -> Finding {
    let faults = [Code::PtrMissing, Code::PtrDiffers, Code::PtrUnanswered, Code::PtrDynamic];
    if !faults.contains(&finding.code) {
        return finding;
    }
    let evidence = format!("{}; named as a sender by SPF: {record}", finding.evidence);
    Finding { evidence: shown(&evidence, MAX_EVIDENCE), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Role;
    use crate::facts::tests::facts;

    /// The findings about a domain with two mail hosts, of which only the second has a PTR record.
    fn of(spf: &str, change: impl FnOnce(&mut DomainFacts)) -> Vec<Finding> {
        let lines = format!(
            "lookup a.test. MX | 10 mx1.a.test. | 20 mx2.a.test.\nlookup a.test. TXT | \"{spf}\"
            lookup mx1.a.test. A | 198.18.0.1\nlookup mx1.a.test. AAAA\nlookup 1.0.18.198.in-addr.arpa. PTR NXDOMAIN
            lookup mx2.a.test. A | 198.18.0.2\nlookup mx2.a.test. AAAA\nlookup 2.0.18.198.in-addr.arpa. PTR | mx2.a.test."
        );
        let mut facts = facts("a.test.", &lines);
        change(&mut facts);
        check(&facts, facts.subject.address)
    }

    fn level(spf: &str) -> Option<Level> {
        let found = of(spf, |_| ());
        found.iter().find(|finding| finding.code == Code::PtrMissing).map(|finding| finding.level)
    }

    #[test]
    fn a_host_without_a_name_is_worse_if_spf_names_it_as_a_sender() {
        for (spf, expected) in [
            ("v=spf1 a:mx1.a.test -all", Some(Level::Failure)),
            ("v=spf1 ip4:198.18.0.1 ~all", Some(Level::Failure)),
            ("v=spf1 mx -all", Some(Level::Warning)),
            ("v=spf1 a:mx1.a.test include:b.test -all", Some(Level::Warning)),
            ("v=spf1 a:mx1.a.test ip4:198.18.0.9 -all", Some(Level::Warning)),
            ("v=spf1 a:mx1.a.test ?all", Some(Level::Warning)),
            ("v=spf1 mx include:b.test -all", Some(Level::Note)),
            ("v=spf1 ip4:198.18.0.0/24 -all", Some(Level::Note)),
            ("v=spf1 ?all", Some(Level::Note)),
            ("v=spf1 -a:mx1.a.test a:mx1.a.test ?all", None),
            ("v=spf1 a:mx2.a.test -all", None),
        ] {
            assert_eq!(level(spf), expected, "{spf}");
        }
    }

    #[test]
    fn the_evidence_is_the_record_that_names_the_host() {
        let found = of("v=spf1 a:mx1.a.test -all", |_| ());
        assert_eq!(found[0].evidence, "198.18.0.1; named as a sender by SPF: v=spf1 a:mx1.a.test -all");
        let other = of("v=spf1 mx -all", |facts| facts.subject.role = Role::Recipient);
        assert_eq!((other[0].code, other[0].level), (Code::PtrMissing, Level::Note), "it is no sender here");
        let client =
            of("v=spf1 a:mx1.a.test -all", |facts| facts.subject.address = "198.18.0.1".parse().ok());
        assert_eq!(client, [], "the client has a finding of its own");
    }

    #[test]
    fn a_dynamic_name_of_a_host_that_alone_sends_is_a_warning() {
        let of = |spf: &str| {
            let found = of(spf, |facts| {
                let more = "lookup 1.0.18.198.in-addr.arpa. PTR | 198-18-0-1.host.b.test.\nlookup 198-18-0-1.host.b.test. A | 198.18.0.1";
                facts.got.extend(self::facts("", more).got);
            });
            let dynamic = found.into_iter().find(|finding| finding.code == Code::PtrDynamic);
            dynamic.map(|finding| (finding.level, finding.evidence.contains("; named as a sender by SPF: ")))
        };
        for spf in ["v=spf1 a:mx1.a.test -all", "v=spf1 ip4:198.18.0.1 ~all"] {
            assert_eq!(of(spf), Some((Level::Warning, true)), "{spf}");
        }
        for spf in ["v=spf1 mx -all", "v=spf1 a:mx1.a.test include:b.test -all"] {
            assert_eq!(of(spf), Some((Level::Note, true)), "{spf}");
        }
        assert_eq!(of("v=spf1 ip4:198.18.0.0/24 -all"), Some((Level::Note, false)));
    }
}
