//! The servers of the zone above, each by itself: whether they say the same about the delegation.
//!
//! RFC 1034 section 4.3.5, RFC 2182 section 3. After a change at the registrar, a server of the zone above with an old copy of its zone
//! denies a new domain, or delegates to the former servers. Resolvers follow the server that they happen to ask.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, QueryForm, Want, canonical, lookup};
use super::finding::{Finding, Level};
use super::part::About;
use super::{groups, zone};
use crate::limits::{MAX_CHECKED_PARENTS, MAX_COMPARED_PARENTS};

/// The words of a server of the zone above about the domain's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// It delegates the zone to these servers.
    Delegates(BTreeSet<String>),
    /// It denies the name.
    Denies {
        /// The serial of the zone above at this server, if it told it.
        serial: Option<u32>,
    },
}

impl Said {
    fn words(&self, apex: &str, parent: &str) -> String {
        match self {
            Self::Delegates(names) => {
                format!("delegates {apex} to {}", names.iter().cloned().collect::<Vec<_>>().join(", "))
            }
            Self::Denies { serial: None } => format!("answers NXDOMAIN for {apex}"),
            Self::Denies { serial: Some(serial) } => {
                format!("answers NXDOMAIN for {apex} (serial {serial} of {parent})")
            }
        }
    }
}

/// The questions to further servers of the zone above. IPv4 is enough: nobody has servers with different zones by family.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let Some(parent) = zone::parent(facts) else { return Vec::new() };
    let names = facts.data(parent, "NS").into_iter().take(MAX_COMPARED_PARENTS).map(canonical);
    // The first have been looked up before.
    let further = names.skip(MAX_CHECKED_PARENTS).map(|name| lookup(&name, "A"));
    let apex = zone::apex(facts);
    let servers = zone::compared_parents(facts).into_iter();
    let asked =
        servers.map(|server| Want::Server { server, name: apex.to_owned(), kind: "NS", way: QueryForm::Udp });
    further.chain(asked).collect()
}

/// Each server of the zone above that told about the delegation. Errors, and answers of a server that has both zones, tell nothing.
fn said(facts: &DomainFacts) -> BTreeMap<IpAddr, Said> {
    let apex = zone::apex(facts);
    let of_server = |server: IpAddr| match facts.server(server, apex, "NS", QueryForm::Udp)? {
        Got::Reply(reply) if reply.authoritative && reply.rcode == "NXDOMAIN" => {
            let soa = zone::soa(reply).filter(|soa| Some(soa.owner) == zone::parent(facts));
            Some((server, Said::Denies { serial: soa.map(|soa| soa.serial) }))
        }
        Got::Reply(reply) if !reply.authoritative && reply.rcode == "NOERROR" => {
            let names: BTreeSet<String> = zone::named(&reply.authority, apex).collect();
            (!names.is_empty()).then_some((server, Said::Delegates(names)))
        }
        _ => None,
    };
    zone::compared_parents(facts).into_iter().filter_map(of_server).collect()
}

/// The sets of servers that servers of the zone above delegate to.
pub(super) fn sets(facts: &DomainFacts) -> BTreeSet<BTreeSet<String>> {
    delegated(&said(facts)).into_iter().cloned().collect()
}

/// The sets in the words of servers.
fn delegated(said: &BTreeMap<IpAddr, Said>) -> BTreeSet<&BTreeSet<String>> {
    let sets = said.values().filter_map(|said| match said {
        Said::Delegates(names) => Some(names),
        Said::Denies { .. } => None,
    });
    sets.collect()
}

/// Whether a server of the zone above denies the domain's zone, which another one delegates.
pub(super) fn is_denied_by_one(facts: &DomainFacts) -> bool {
    is_denied(&said(facts))
}

/// Whether one of these denies the zone, and another one delegates it.
fn is_denied(said: &BTreeMap<IpAddr, Said>) -> bool {
    let denies = |said: &Said| matches!(said, Said::Denies { .. });
    said.values().any(denies) && !said.values().all(denies)
}

/// How many servers of the zone above have told this, if others have not told it or were not asked; `verb` is the end of the words.
fn share(facts: &DomainFacts, told: usize, verb: &str) -> String {
    let parent = zone::parent(facts).unwrap_or_default();
    match facts.data(parent, "NS").len() {
        all if told > 0 && told < all => format!("; {told} of the {all} name servers of {parent} {verb}"),
        _ => String::new(),
    }
}

/// How many servers of the zone above delegate the zone as it is, if not all were asked.
pub(super) fn agreed(facts: &DomainFacts) -> String {
    share(facts, said(facts).len(), "delegate it so")
}

/// That the servers of the zone above do not say the same. If one denies the zone, mail is lost.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let (apex, parent) = (zone::apex(facts), zone::parent(facts)?);
    let said = said(facts);
    let is_denied = is_denied(&said);
    if !is_denied && delegated(&said).len() < 2 {
        return None;
    }
    let shown = shown(facts, parent);
    let name = |server: &IpAddr| shown.get(server).cloned().unwrap_or_else(|| server.to_string());
    // A server that denies the name comes first.
    let mut told: Vec<(&Said, String)> = said.iter().map(|(server, said)| (said, name(server))).collect();
    told.sort_by_key(|(said, _)| matches!(said, Said::Delegates(_)));
    let told: Vec<(String, String)> =
        told.into_iter().map(|(said, server)| (server, said.words(apex, parent))).collect();
    let words = groups::with_conduct(told.iter().map(|(server, said)| (server.as_str(), said.as_str())));
    let evidence = words + &share(facts, said.len(), "told it");
    let level = if is_denied { Level::Failure } else { Level::Warning };
    let about = said.keys().copied().map(About::Address);
    Some(Finding::new(Code::ParentDiffers, evidence).at(level).about(about))
}

/// The servers of the zone above as evidence shows them.
fn shown(facts: &DomainFacts, parent: &str) -> BTreeMap<IpAddr, String> {
    let mut names = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    for name in facts.data(parent, "NS").into_iter().map(canonical) {
        if let Some(address) = facts.addresses(&name).into_iter().next() {
            names.entry(address).or_default().insert(name);
        }
    }
    names.into_iter().map(|(address, names)| (address, zone::shown(address, &names))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::{TWO_SERVERS, facts};
    use crate::check::domain::judge;

    /// The findings about `a.test.` if the second server of the zone above, and the daemon, answer so.
    fn found(second: &str, here: &str) -> Vec<Finding> {
        let lines = format!(
            "{TWO_SERVERS}\nlookup test. NS | ns.test. | old.test.\nlookup old.test. A | 198.18.9.2\n\
             server 198.18.9.2 a.test. NS udp {second}\n{here}"
        );
        judge(&facts("a.test.", &lines))
    }

    #[test]
    fn a_server_of_the_zone_above_that_denies_the_domain_is_told_before_all_else() {
        let denial = "NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5";
        let negative = "NXDOMAIN cached | >test. SOA ns.test. h. 1 2 3 4 5";
        let denied =
            ["SOA", "MX", "TXT", "A"].map(|kind| format!("lookup a.test. {kind} {negative}\n")).concat();
        let own = "server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\nserver 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.";
        for here in ["", denied.as_str()] {
            let found = found(denial, &format!("{here}\n{own}"));
            assert_eq!((found[0].code, found[0].level), (Code::ParentDiffers, Level::Failure), "{found:#?}");
            assert_eq!(
                found[0].evidence,
                "198.18.9.2 (old.test.) answers NXDOMAIN for a.test. (serial 1 of test.); 198.18.9.1 (ns.test.) delegates a.test. to \
                 ns1.a.test., ns2.a.test."
            );
            assert!(found.iter().all(|finding| finding.code != Code::CachedHere), "{found:#?}");
        }
    }

    #[test]
    fn servers_of_the_zone_above_with_different_sets_are_told_each_with_its_own() {
        let old = "| >a.test. NS ns1.a.test. | >a.test. NS former.b.test.";
        let told = found(old, "server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.");
        let differs = told.iter().find(|finding| finding.code == Code::ParentDiffers).unwrap();
        assert_eq!(differs.level, Level::Warning);
        assert_eq!(
            differs.evidence,
            "198.18.9.1 (ns.test.) delegates a.test. to ns1.a.test., ns2.a.test.; 198.18.9.2 (old.test.) delegates a.test. to \
             former.b.test., ns1.a.test."
        );
        assert!(told.iter().all(|finding| finding.code != Code::NsDiffer), "{told:#?}");
        let third = found(old, "server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | third.a.test.");
        let differs = third.iter().find(|finding| finding.code == Code::NsDiffer).unwrap();
        let begin = "servers of test. delegate a.test. to former.b.test., ns1.a.test., others to ns1.a.test., ns2.a.test.; the zone itself \
                     names ns1.a.test., third.a.test. ";
        assert!(differs.evidence.starts_with(begin.trim_end()), "{differs:?}");
        let same = found("| >a.test. NS ns2.a.test. | >a.test. NS ns1.a.test.", "");
        assert!(same.iter().all(|finding| finding.code != Code::ParentDiffers), "{same:#?}");
        for untold in ["silent", "REFUSED", "aa | ns1.a.test."] {
            let found = found(untold, "");
            assert!(found.iter().all(|finding| finding.code != Code::ParentDiffers), "{untold}: {found:#?}");
        }
    }

    /// Facts about `a.test.` with eight servers of the zone above, of which the third to the sixth answer so.
    fn of_eight(others: &str) -> String {
        let names = |from: u8| (from..9).map(|number| format!(" | ns{number}.test.")).collect::<String>();
        let addresses = (3..9)
            .map(|number| format!("lookup ns{number}.test. A | 198.18.9.{number}\n"))
            .collect::<String>();
        let asked = (3..7)
            .map(|number| format!("server 198.18.9.{number} a.test. NS udp {others}\n"))
            .collect::<String>();
        format!(
            "{TWO_SERVERS}\nlookup test. NS | ns.test. | ns2.test.{}\nlookup ns2.test. A | 198.18.9.2\n{addresses}{asked}\
             server 198.18.9.2 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test. | +ns1.a.test. A 198.18.1.1 | \
             +ns2.a.test. A 198.18.2.1\nserver 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.\n\
             server 198.18.2.1 a.test. NS mixed aa | ns1.a.test. | ns2.a.test.\n\
             server 198.18.1.1 a.test. MX udp aa | 10 mx.a.test.\nserver 198.18.2.1 a.test. MX udp aa | 10 mx.a.test.",
            names(3)
        )
    }

    #[test]
    fn six_servers_of_the_zone_above_are_asked_and_their_number_is_told() {
        let found = |others: &str| judge(&facts("a.test.", &of_eight(others)));
        let denied = found("NXDOMAIN aa | >test. SOA ns.test. h. 1 2 3 4 5");
        assert_eq!((denied[0].code, denied[0].level), (Code::ParentDiffers, Level::Failure), "{denied:#?}");
        assert!(
            denied[0].evidence.ends_with("; 6 of the 8 name servers of test. told it"),
            "{}",
            denied[0].evidence
        );
        let told = |others: &str| {
            let found = found(others).into_iter().find(|finding| finding.code == Code::DelegationOk);
            found.unwrap_or_else(|| panic!("{others}")).evidence
        };
        let agreed = told("| >a.test. NS ns1.a.test. | >a.test. NS ns2.a.test.");
        assert!(agreed.contains("; 6 of the 8 name servers of test. delegate it so"), "{agreed}");
        assert!(told("silent").contains("; 2 of the 8 name servers of test. delegate it so"));
    }

    #[test]
    fn further_servers_of_the_zone_above_are_looked_up_and_asked() {
        let wanted = wants(&facts("a.test.", &of_eight("silent")));
        let ask = |number: u8| Want::Server {
            server: [198, 18, 9, number].into(),
            name: "a.test.".to_owned(),
            kind: "NS",
            way: QueryForm::Udp,
        };
        for number in 3..7 {
            assert!(wanted.contains(&ask(number)), "{number}: {wanted:?}");
            assert!(wanted.contains(&lookup(&format!("ns{number}.test."), "A")), "{number}: {wanted:?}");
        }
        assert!(!wanted.contains(&ask(7)), "{wanted:?}");
        assert!(wants(&facts("a.test.", "")).is_empty());
    }
}
