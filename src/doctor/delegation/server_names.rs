//! Checks the names of the zone's name servers: they must have addresses and must not be aliases.
//!
//! RFC 1034 section 4.1, RFC 2181 section 10.3 (no aliases), RFC 3901 section 3 (zones whose servers have only IPv6).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::delegation::server_hosts;
use crate::facts::{DomainFacts, is_within};
use crate::finding::{About, Finding};
use crate::limits::{MAX_CHECKED_NAMES, MAX_CHECKED_PARENTS};
use crate::mail::exchanges;
use crate::{elsewhere, zone};

/// Returns lookups for server names without a known address.
pub(crate) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let glue = zone::glue(facts);
    let is_unknown = |name: &String| !has_address(facts, &glue, name);
    let names = zone::server_names(facts).into_iter().take(MAX_CHECKED_NAMES).filter(is_unknown);
    names.take(MAX_CHECKED_PARENTS).map(|name| (name, "A")).collect()
}

/// Returns the finding that no resolver can find an address of any name server, because the zones of the server names fail, or depend on
/// this zone.
pub(crate) fn without_servers(facts: &DomainFacts) -> Option<Finding> {
    let (apex, names) = (zone::apex(facts), zone::server_names(facts));
    if names.is_empty() || names.len() > MAX_CHECKED_NAMES || !zone::servers(facts).is_empty() {
        return None;
    }
    let mut faults = Vec::new();
    for name in &names {
        if is_absent(facts, name) {
            faults.push(format!("{name} has no address"));
        } else if is_within(name, apex) {
            faults.push(format!("{name} has no glue"));
        } else {
            faults.push(elsewhere::evidence(facts, name, "A")?);
        }
    }
    // The check of glue (`without_glue`) already reports names inside the zone.
    let is_reported = names.iter().all(|name| is_within(name, apex));
    let evidence = || format!("{apex} is delegated to {}; {}", listed(&names), faults.join("; "));
    let finding =
        || Finding::new(Code::NsNoneAnswers, evidence()).to_do(remedies::NAMELESS_SERVERS).blocking();
    (!is_reported).then(finding)
}

pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let (names, glue) = (zone::server_names(facts), zone::glue(facts));
    let (mut findings, mut missing, mut about) = (Vec::new(), Vec::new(), Vec::new());
    for name in names.iter().take(MAX_CHECKED_NAMES) {
        if name.trim_end_matches('.').parse::<IpAddr>().is_ok() {
            findings.push(Finding::new(Code::NsIsAddress, name.clone()));
            continue;
        }
        let kinds = ["A", "AAAA"].map(|kind| facts.lookup(name, kind));
        // If the zone file has an address without a last dot as the name of a server, the server name is the address before the name of the zone,
        // such as `192.0.2.1.example.`. This is a frequent mistake.
        if exchanges::holds_address(facts, name) && is_absent(facts, name) {
            findings.push(Finding::new(Code::NsIsAddress, format!("{name} (an address without a last dot)")));
            continue;
        }
        if kinds.iter().any(|found| found.alias().is_some()) {
            findings.push(Finding::new(Code::NsIsAlias, name.clone()));
        }
        if let Some(words) = fault(facts, name) {
            missing.push(words);
            about.push(About::Host(name.clone()));
        }
    }
    if !missing.is_empty() {
        findings.push(Finding::new(Code::NsWithoutAddress, missing.join(", ")).about(about));
    }
    let glued = names.iter().filter_map(|name| glue.get(name.as_str())).flatten().copied();
    let mut addresses = names.iter().flat_map(|name| facts.addresses(name)).chain(glued).peekable();
    let all_known = names.iter().take(MAX_CHECKED_NAMES).all(|name| facts.lookup(name, "A").is_absent());
    if names.len() <= MAX_CHECKED_NAMES
        && all_known
        && addresses.peek().is_some()
        && addresses.all(|address| address.is_ipv6())
    {
        findings.push(Finding::new(Code::NsWithoutIpv4, listed(&names)));
    }
    let all = zone::servers(facts);
    let are_known = || {
        let kinds = |name: &String| {
            facts.circles.contains_key(name)
                || ["A", "AAAA"].iter().all(|kind| facts.lookup(name, kind).is_known())
        };
        names.len() <= MAX_CHECKED_NAMES && names.iter().all(kinds)
    };
    if names.len() == 1 {
        findings.push(Finding::new(Code::NsSingle, listed(&names)));
    } else if server_hosts::count(&all) == 1 && are_known() {
        let hosts = server_hosts::shown(&all, all.keys().copied());
        findings.push(Finding::new(Code::NsSingle, hosts.join(", ")));
    }
    findings
}

/// Returns the reason why no resolver can find the address of a server name.
fn fault(facts: &DomainFacts, name: &str) -> Option<String> {
    match has_address(facts, &zone::glue(facts), name) {
        true => None,
        false if is_absent(facts, name) => Some(exchanges::with_last_dot(facts, name)),
        false => elsewhere::evidence(facts, name, "A"),
    }
}

fn is_absent(facts: &DomainFacts, name: &str) -> bool {
    ["A", "AAAA"].iter().all(|kind| facts.lookup(name, kind).is_absent())
}

/// Returns true if an address of a server name is known from a lookup or from glue.
pub(crate) fn has_address(facts: &DomainFacts, glue: &BTreeMap<&str, BTreeSet<IpAddr>>, name: &str) -> bool {
    !facts.addresses(name).is_empty() || glue.contains_key(name)
}

pub(crate) fn listed<Item: ToString>(set: &BTreeSet<Item>) -> String {
    set.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::lookup;
    use crate::facts::tests::facts;
    use crate::finding::Level;
    use crate::{aliases, judge};

    /// Returns the facts and findings about a zone with two server names. The aliases of the first name form a loop.
    fn judged(second: &str, lines: &str) -> (DomainFacts, Vec<Finding>) {
        let of_names = ["loop1", "loop2"]
            .map(|name| format!("lookup {name}.b.test. A SERVFAIL\nlookup {name}.b.test. AAAA SERVFAIL\n"));
        let mut facts = facts(
            "a.test.",
            &format!(
                "lookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup test. NS | ns.test.\nlookup ns.test. A | 198.18.9.1\n\
                 server 198.18.9.1 a.test. NS udp | >a.test. NS loop1.b.test. | >a.test. NS {second}\n{}\
                 lookup loop1.b.test. CNAME | loop2.b.test.\nlookup loop2.b.test. CNAME | loop1.b.test.\n{lines}",
                of_names.concat()
            ),
        );
        aliases::note(&mut facts);
        let found = judge(&facts);
        (facts, found)
    }

    #[test]
    fn circular_alias_server_has_no_address() {
        let (_, found) = judged(
            "ns2.c.test.",
            "lookup a.test. SOA | ns2.c.test. h. 7 2 3 4 5\nlookup ns2.c.test. A | 198.18.2.1\nlookup ns2.c.test. AAAA\n\
             server 198.18.2.1 a.test. SOA udp aa | ns2.c.test. h. 7 2 3 4 5\n\
             server 198.18.2.1 a.test. NS mixed aa | loop1.b.test. | ns2.c.test.",
        );
        let of = |code| found.iter().find(|finding| finding.code == code);
        let faults = of(Code::NsWithoutAddress).unwrap_or_else(|| panic!("{found:#?}"));
        assert_eq!(
            faults.evidence,
            "loop1.b.test. A: aliases in a circle: loop1.b.test. CNAME loop2.b.test. CNAME loop1.b.test."
        );
        let single = of(Code::NsSingle).unwrap_or_else(|| panic!("{found:#?}"));
        assert_eq!(single.evidence, "198.18.2.1 (ns2.c.test.)");
        assert_eq!(of(Code::DelegationOk), None, "{found:#?}");
    }

    #[test]
    fn circular_alias_zone_is_unanswered() {
        let (facts, found) =
            judged("loop2.b.test.", "lookup a.test. SOA SERVFAIL\nlookup a.test. MX SERVFAIL");
        let first = found.first().map(|finding| (finding.code, finding.level));
        assert_eq!(first, Some((Code::NsNoneAnswers, Level::Failure)), "{found:#?}");
        assert!(found[0].evidence.contains("aliases in a circle: "), "{}", found[0].evidence);
        assert!(found.iter().all(|finding| finding.code != Code::DelegationUnknown), "{found:#?}");
        assert!(aliases::wants(&facts).contains(&lookup("loop1.b.test.", "CNAME")));
    }
}
