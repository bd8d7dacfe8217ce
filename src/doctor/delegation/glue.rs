//! Compares the glue in the parent zone with the addresses that the zone itself gives for its name servers.
//!
//! RFC 1912 section 2.3, RFC 9471. Resolvers first use the address in the glue; later, some of them use the address in the zone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::server_names::listed;
use crate::delegation::{groups, server_hosts};
use crate::facts::{DomainFacts, QueryForm, Record, Want, at_server, is_within};
use crate::finding::{About, Finding, Level};
use crate::limits::MAX_GLUE_QUESTIONS;
use crate::{served, zone};

struct Glue<'f> {
    name: &'f str,
    kind: &'static str,
    addresses: BTreeSet<IpAddr>,
}

fn type_of(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "A" } else { "AAAA" }
}

fn of_kind(addresses: impl IntoIterator<Item = IpAddr>, kind: &str) -> BTreeSet<IpAddr> {
    addresses.into_iter().filter(|address| type_of(*address) == kind).collect()
}

fn by_type(facts: &DomainFacts) -> Vec<Glue<'_>> {
    let glue = zone::glue(facts).into_iter().flat_map(|(name, glued)| {
        ["A", "AAAA"].map(|kind| Glue { name, kind, addresses: of_kind(glued.iter().copied(), kind) })
    });
    glue.filter(|glue| !glue.addresses.is_empty()).collect()
}

/// Returns the servers with the newest version of the zone.
fn serving(facts: &DomainFacts) -> Vec<IpAddr> {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let old = zone::old_ones(facts, servers.iter().copied());
    let is_current = |server: &IpAddr| zone::serial_at(facts, *server).is_some() && !old.contains(server);
    servers.into_iter().filter(is_current).collect()
}

/// Returns the questions to the servers for addresses of name servers inside the zone.
pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let serving = serving(facts);
    let inside = by_type(facts).into_iter().filter(|glue| is_within(glue.name, zone::apex(facts)));
    let ask = |glue: &Glue<'_>, server: &IpAddr| {
        at_server(*server, glue.name, glue.kind, served::form(facts, *server).unwrap_or(QueryForm::Udp))
    };
    let wants: Vec<Want> =
        inside.flat_map(|glue| serving.iter().map(|server| ask(&glue, server)).collect::<Vec<_>>()).collect();
    // If there are more questions than the limit, none is asked: otherwise only some of the servers would be checked.
    if wants.len() > MAX_GLUE_QUESTIONS { Vec::new() } else { wants }
}

pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    by_type(facts).iter().filter_map(|glue| of_type(facts, glue)).collect()
}

/// Returns the sets of addresses that servers with the newest version of the zone give for a server name, each with the servers that give
/// it.
fn given(facts: &DomainFacts, glue: &Glue<'_>) -> BTreeMap<BTreeSet<IpAddr>, Vec<IpAddr>> {
    let mut given = BTreeMap::<BTreeSet<IpAddr>, Vec<IpAddr>>::new();
    for server in serving(facts) {
        if let Some(reply) = served::given(facts, server, (glue.name, glue.kind)) {
            let addresses = reply.records(glue.kind).filter_map(Record::address).collect();
            given.entry(addresses).or_default().push(server);
        }
    }
    given
}

fn of_type(facts: &DomainFacts, glue: &Glue<'_>) -> Option<Finding> {
    let (name, glued, given) = (glue.name, &glue.addresses, given(facts, glue));
    let known: BTreeSet<IpAddr> = match given.is_empty() {
        // The servers gave no addresses, so the addresses that the daemon has looked up are used.
        true => of_kind(facts.addresses(name), glue.kind),
        false => given.keys().flatten().copied().collect(),
    };
    let are_alike = given.len() < 2;
    if given.is_empty() && known.is_empty() || known == *glued && are_alike {
        return None;
    }
    let words = match given.len() {
        _ if known.is_empty() => "the servers of the zone have no address of this name".to_owned(),
        0 | 1 => format!("its address is {}", listed(&known)),
        _ => {
            let sets = given.into_iter().map(|(set, servers)| (listed(&set), servers));
            let servers = zone::servers(facts);
            format!("by the servers of the zone: {}", groups::having(server_hosts::of_groups(&servers, sets)))
        }
    };
    let serving = serving(facts);
    let level = match () {
        // Probably the address is being changed: servers at the old and at the new address serve the zone.
        () if glued.is_disjoint(&known) && glued.union(&known).all(|one| serving.contains(one)) => {
            Level::Warning
        }
        () if glued.is_disjoint(&known) => Level::Failure,
        () if are_alike && glued.is_subset(&known) => Level::Note,
        () => Level::Warning,
    };
    let evidence = format!("the glue of {name} is {}, {words}", listed(glued));
    let about = glued.symmetric_difference(&known).copied().map(About::Address);
    Some(Finding::new(Code::GlueDiffers, evidence).at(level).about(about))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    // One of several addresses is a note.
    #[test]
    fn glue_to_other_server_is_failure() {
        let found = |address: &str, more: &str| {
            let lines = format!(
                "lookup a.test. SOA | ns.a.test. h. 7 2 3 4 5\nlookup test. SOA | ns.test. h. 1 2 3 4 5\nlookup test. NS | ns.test.\n\
                 lookup ns.test. A | 198.18.9.1\nserver 198.18.9.1 a.test. NS udp | >a.test. NS ns.a.test. | +ns.a.test. A 198.18.1.1\n\
                 server 198.18.1.1 a.test. SOA udp aa | ns.a.test. h. 7 2 3 4 5\nserver 198.18.1.1 ns.a.test. A udp aa{address}\n{more}"
            );
            check(&facts("a.test.", &lines)).pop().map(|finding| (finding.level, finding.evidence))
        };
        assert_eq!(found(" | 198.18.1.1", ""), None);
        let words = "the glue of ns.a.test. is 198.18.1.1, its address is 198.18.2.1";
        assert_eq!(found(" | 198.18.2.1", ""), Some((Level::Failure, words.to_owned())));
        assert_eq!(found(" | 198.18.1.1 | 198.18.2.1", "").map(|(level, _)| level), Some(Level::Note));
        let (level, evidence) = found("", "").unwrap();
        assert_eq!(level, Level::Warning, "the server answers");
        assert!(evidence.ends_with("the servers of the zone have no address of this name"), "{evidence}");
    }
}
