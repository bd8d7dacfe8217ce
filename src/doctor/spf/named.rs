//! The addresses that an SPF record names one by one, as a domain names the hosts that send its mail.
//!
//! RFC 7208 sections 5.3 (a), 5.4 (mx) and 5.6 (ip4, ip6). A network, a record that is included, or `exists` names no host. `a` and `mx`
//! alone stand in most records, also where other hosts send.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::facts::{DomainFacts, canonical};
use crate::limits::MAX_CHECKED_SPF_HOSTS;
use crate::spf::evaluate::SpfOutcome;
use crate::spf::record::{SpfRecords, Term, TermKind, records, terms};

/// The named addresses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NamedSenders {
    /// All of them.
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// The addresses that stand in the record, and those of hosts that it names.
    pub(crate) by_name: BTreeSet<IpAddr>,
    /// Whether the record allows no other address to send.
    pub(crate) are_all: bool,
    /// The record.
    pub(crate) record: String,
}

/// The addresses that the record of the domain names, or the record that it redirects to; none if there is no such record.
pub(crate) fn named(facts: &DomainFacts, domain: &str) -> Option<NamedSenders> {
    let read = |domain: &str| {
        let SpfRecords::One(record) = records(facts, domain) else { return None };
        Some((terms(&record).ok()?, record))
    };
    let (own, record) = read(domain)?;
    let is_ended = own.iter().any(|term| term.kind == TermKind::All);
    let redirect = own.iter().find(|term| term.kind == TermKind::Redirect && !is_ended);
    let target = redirect.and_then(|term| term.domain(domain));
    let behind = target.as_deref().and_then(|target| Some((target, read(target)?.0)));
    let mut senders =
        NamedSenders { addresses: BTreeSet::new(), by_name: BTreeSet::new(), are_all: true, record };
    let mut end = SpfOutcome::Neutral;
    let own = own.iter().map(|term| (domain, term));
    let behind = behind.iter().flat_map(|(target, terms)| terms.iter().map(|term| (*target, term)));
    for (of, term) in own.chain(behind) {
        if term.kind == TermKind::All {
            end = SpfOutcome::of(term.qualifier);
            break;
        }
        take(facts, (of, term), &mut senders);
    }
    senders.are_all &= [SpfOutcome::Fail, SpfOutcome::SoftFail].contains(&end);
    Some(senders)
}

/// Takes in what a term of the record of a domain allows.
fn take(facts: &DomainFacts, (domain, term): (&str, &Term), senders: &mut NamedSenders) {
    if term.qualifier != '+' {
        return;
    }
    let is_alone = term.prefixes == (32, 128);
    match (&term.kind, term.domain(domain).as_deref()) {
        (TermKind::Address(net), _) if net.prefix_len() == net.max_prefix_len() => {
            senders.addresses.insert(net.addr());
            senders.by_name.insert(net.addr());
        }
        (TermKind::A, Some(target)) if is_alone => {
            senders.take_host(facts, target);
            if term.target.is_some() {
                senders.by_name.extend(facts.addresses(target));
            }
        }
        (TermKind::Mx, Some(target)) if is_alone => {
            senders.are_all &= facts.lookup(target, "MX").is_known();
            let named = facts.data(target, "MX").into_iter().filter_map(|data| data.split_once(' '));
            for (_, host) in named.take(MAX_CHECKED_SPF_HOSTS) {
                senders.take_host(facts, &canonical(host.trim()));
            }
        }
        // The terms of the record that a redirect names are taken in after these.
        (TermKind::Other | TermKind::Redirect, _) => {}
        _ => senders.are_all = false,
    }
}

impl NamedSenders {
    /// Whether the record names this address on purpose.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.by_name.contains(&address) || self.are_all && self.addresses.contains(&address)
    }

    fn take_host(&mut self, facts: &DomainFacts, host: &str) {
        self.are_all &= ["A", "AAAA"].iter().all(|kind| facts.lookup(host, kind).is_known());
        self.addresses.extend(facts.addresses(host));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    const HOSTS: &str = "
        lookup a.test. MX | 10 mx.a.test.
        lookup mx.a.test. A | 198.18.0.1
        lookup mx.a.test. AAAA
        lookup out.a.test. A | 198.18.0.2
        lookup out.a.test. AAAA | 2001:2::2
        lookup b.test. TXT | \"v=spf1 ip4:198.18.0.3 ~all\"";

    fn of(record: &str) -> (Vec<String>, bool) {
        let lines = format!("{HOSTS}\nlookup a.test. TXT | \"{record}\"");
        let named = named(&facts("a.test.", &lines), "a.test.").unwrap();
        (named.addresses.iter().map(ToString::to_string).collect(), named.are_all)
    }

    #[test]
    fn hosts_are_named_by_their_names_and_by_single_addresses() {
        for (record, expected, are_all) in [
            ("v=spf1 mx -all", &["198.18.0.1"][..], true),
            ("v=spf1 a:out.a.test -all", &["198.18.0.2", "2001:2::2"], true),
            ("v=spf1 ip4:198.18.0.9 ip6:2001:2::9/128 ~all", &["198.18.0.9", "2001:2::9"], true),
            ("v=spf1 redirect=b.test", &["198.18.0.3"], true),
            ("v=spf1 -all", &[], true),
            ("v=spf1 mx", &["198.18.0.1"], false),
            ("v=spf1 mx ?all", &["198.18.0.1"], false),
            ("v=spf1 mx +all", &["198.18.0.1"], false),
            ("v=spf1 mx include:b.test -all", &["198.18.0.1"], false),
            ("v=spf1 mx ip4:198.18.1.0/24 -all", &["198.18.0.1"], false),
            ("v=spf1 mx/24 -all", &[], false),
            ("v=spf1 mx a:unasked.test -all", &["198.18.0.1"], false),
            ("v=spf1 -mx -all", &[], true),
        ] {
            let expected = expected.iter().map(ToString::to_string).collect();
            assert_eq!(of(record), (expected, are_all), "{record}");
        }
        assert_eq!(named(&facts("a.test.", HOSTS), "a.test."), None);
        let has = |record: &str| {
            let lines = format!("{HOSTS}\nlookup a.test. TXT | \"{record}\"");
            named(&facts("a.test.", &lines), "a.test.").unwrap().has("198.18.0.1".parse().unwrap())
        };
        assert!(has("v=spf1 mx -all") && has("v=spf1 a:mx.a.test include:b.test -all"));
        assert!(!has("v=spf1 mx include:b.test -all"), "mx stands in most records");
    }
}
