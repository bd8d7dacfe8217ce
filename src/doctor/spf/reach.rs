//! The reach of an SPF record: the result for an address that no term names, and the widest networks that are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::facts::{DomainFacts, canonical};
use crate::limits::{MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_HOSTS, WIDEST_SPF_NETWORKS};
use crate::spf::evaluate::SpfOutcome;
use crate::spf::record::{SpfRecords, Term, TermKind, records, terms};

/// The reach.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reach {
    /// The result for all other addresses.
    pub(crate) rest: SpfOutcome,
    /// The domain whose record says so.
    pub(crate) at: String,
    /// Allowed networks that are wider than any sender has.
    pub(crate) wide: Vec<IpNet>,
}

/// The reach of the record of a domain, with the records that it includes.
pub(crate) fn reach(facts: &DomainFacts, domain: &str) -> Reach {
    let mut networks = Vec::new();
    let (rest, at) = rest(facts, domain, &mut networks, &mut { MAX_CHECKED_SPF_COUNTED });
    let (ipv4, ipv6) = WIDEST_SPF_NETWORKS;
    let is_wide = |net: &IpNet| net.prefix_len() < if net.addr().is_ipv4() { ipv4 } else { ipv6 };
    // Two halves are the whole.
    let wide = IpNet::aggregate(&networks).into_iter().filter(is_wide).collect();
    Reach { rest, at, wide }
}

/// The result for all other addresses, and the domain whose record says so; the networks that it allows. `left` bounds the
/// records that are read.
fn rest(
    facts: &DomainFacts,
    domain: &str,
    networks: &mut Vec<IpNet>,
    left: &mut usize,
) -> (SpfOutcome, String) {
    let at = domain.to_owned();
    let Some(fewer) = left.checked_sub(1) else { return (SpfOutcome::Unknown, at) };
    *left = fewer;
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::None { .. } => return (SpfOutcome::None, at),
        SpfRecords::Several(_) => return (SpfOutcome::PermError, at),
        SpfRecords::Unknown(_) | SpfRecords::NotAsked => {
            return (SpfOutcome::Unknown, at);
        }
    };
    let Ok(terms) = terms(&record) else { return (SpfOutcome::PermError, at) };
    for term in &terms {
        match (&term.kind, term.domain(domain).as_deref()) {
            (TermKind::All, _) => return (SpfOutcome::of(term.qualifier), at),
            (TermKind::Address(net), _) if term.qualifier == '+' => networks.push(*net),
            // A name without macros that exists covers every client (RFC 7208 section 5.7).
            (TermKind::Exists, Some(target)) if !facts.data(target, "A").is_empty() => {
                return (SpfOutcome::of(term.qualifier), at);
            }
            (TermKind::A | TermKind::Mx, target) if term.qualifier == '+' => {
                networks.extend(around_all(term).chain(around_hosts(
                    facts,
                    term,
                    target.unwrap_or_default(),
                )));
            }
            (TermKind::Include, Some(target)) => {
                let mut included = Vec::new();
                let (outcome, of) = rest(facts, target, &mut included, left);
                if outcome == SpfOutcome::Pass {
                    return (SpfOutcome::of(term.qualifier), of);
                }
                if term.qualifier == '+' {
                    networks.append(&mut included);
                }
            }
            _ => {}
        }
    }
    let redirect = terms.iter().find(|term| term.kind == TermKind::Redirect);
    match redirect.map(|term| term.domain(domain)) {
        Some(Some(target)) => rest(facts, &target, networks, left),
        Some(None) => (SpfOutcome::Unknown, at),
        None => (SpfOutcome::Neutral, at),
    }
}

/// The networks around addresses of hosts, whatever these are, if they have no prefix at all.
fn around_all(term: &Term) -> impl Iterator<Item = IpNet> {
    let (ipv4, ipv6) = term.prefixes;
    let all = [(ipv4, IpAddr::from(Ipv4Addr::UNSPECIFIED)), (ipv6, IpAddr::from(Ipv6Addr::UNSPECIFIED))];
    all.into_iter().filter(|(length, _)| *length == 0).filter_map(|(_, address)| IpNet::new(address, 0).ok())
}

/// The networks around the known addresses of hosts.
fn around_hosts(facts: &DomainFacts, term: &Term, target: &str) -> impl Iterator<Item = IpNet> {
    let hosts = match term.kind {
        TermKind::Mx => {
            let named = facts.data(target, "MX").into_iter().filter_map(|data| data.split_once(' '));
            named.map(|(_, host)| canonical(host.trim())).take(MAX_CHECKED_SPF_HOSTS).collect()
        }
        _ => vec![target.to_owned()],
    };
    let (ipv4, ipv6) = term.prefixes;
    let around = move |address: IpAddr| IpNet::new(address, if address.is_ipv4() { ipv4 } else { ipv6 }).ok();
    let addresses: Vec<IpAddr> = hosts.iter().flat_map(|host| facts.addresses(host)).collect();
    addresses.into_iter().filter_map(around).map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    fn of(record: &str, included: &str) -> (SpfOutcome, String, usize) {
        let lines = format!("lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"{included}\"");
        let reach = reach(&facts("a.test.", &lines), "a.test.");
        (reach.rest, reach.at, reach.wide.len())
    }

    #[test]
    fn the_rest_is_told_by_the_first_record_that_speaks_of_it() {
        let told = |outcome, at: &str| (outcome, at.to_owned(), 0);
        assert_eq!(of("v=spf1 ?all", ""), told(SpfOutcome::Neutral, "a.test."));
        assert_eq!(of("v=spf1 redirect=b.test", "v=spf1 +all"), told(SpfOutcome::Pass, "b.test."));
        assert_eq!(of("v=spf1 include:b.test -all", "v=spf1 +all"), told(SpfOutcome::Pass, "b.test."));
        assert_eq!(of("v=spf1 -include:b.test ?all", "v=spf1 +all"), told(SpfOutcome::Fail, "b.test."));
        assert_eq!(of("v=spf1 include:b.test -all", "v=spf1 ?all"), told(SpfOutcome::Fail, "a.test."));
        assert_eq!(of("v=spf1 redirect=b.test", "v=spf1 mx"), told(SpfOutcome::Neutral, "b.test."));
        assert_eq!(of("v=spf1 redirect=%{l}.b.test", ""), told(SpfOutcome::Unknown, "a.test."));
        assert_eq!(of("v=spf1 include:a.test -all", ""), told(SpfOutcome::Fail, "a.test."));
    }

    #[test]
    fn a_wide_network_around_a_known_host_is_found() {
        let wide = |record: &str| {
            let hosts = "lookup a.test. A | 192.0.2.1\nlookup a.test. MX | 10 mx.b.test.\nlookup mx.b.test. A | 198.51.100.1";
            let lines = format!("lookup a.test. TXT | \"{record}\"\n{hosts}");
            reach(&facts("a.test.", &lines), "a.test.").wide.len()
        };
        assert_eq!(wide("v=spf1 a/1 -all"), 1);
        assert_eq!(wide("v=spf1 mx/4 -all"), 1);
        assert_eq!(wide("v=spf1 a:mx.b.test/1 -all"), 1);
        assert_eq!(wide("v=spf1 a mx a/24 mx/16 ?a/1 a:nowhere.test/1 -all"), 0);
    }

    #[test]
    fn a_name_without_macros_that_exists_covers_all() {
        let lines = "lookup a.test. TXT | \"v=spf1 exists:b.test -all\"\nlookup b.test. A | 192.0.2.1";
        assert_eq!(reach(&facts("a.test.", lines), "a.test.").rest, SpfOutcome::Pass);
        let absent = lines.replace(" | 192.0.2.1", "");
        assert_eq!(reach(&facts("a.test.", &absent), "a.test.").rest, SpfOutcome::Fail);
    }

    #[test]
    fn wide_networks_are_found_in_parts_and_behind_includes() {
        let wide = |record: &str, included: &str| of(record, included).2;
        assert_eq!(wide("v=spf1 ip4:0.0.0.0/0 ip6:::/0 -all", ""), 2);
        assert_eq!(wide("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", ""), 1);
        assert_eq!(wide("v=spf1 include:b.test -all", "v=spf1 ip4:0.0.0.0/2 -all"), 1);
        assert_eq!(wide("v=spf1 a//0 mx/0 ?mx//0 -all", ""), 2);
        assert_eq!(wide("v=spf1 ip4:10.0.0.0/8 ip6:2001::/16 -ip4:0.0.0.0/0 -all", ""), 0);
    }
}
