//! The delegation for a picture: the zone above, the name servers with the state of each address, and the zone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::delegation::each_server;
use crate::facts::{DomainFacts, Got, NoReply, QueryForm};
use crate::limits::MAX_CHECKED_NAMES;
use crate::zone;

/// The delegation of a zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The zone above; none if it is not known, and for the root.
    pub parent: Option<String>,
    /// The apex of the zone.
    pub apex: String,
    /// Its name servers.
    pub servers: Vec<OutlineServer>,
}

/// A name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineServer {
    /// Its name.
    pub name: String,
    /// Whether the zone above names it; none if that is not known.
    pub above: Option<bool>,
    /// Whether the zone itself names it; none if that is not known.
    pub own: Option<bool>,
    /// Its addresses, each with its answer.
    pub addresses: Vec<(IpAddr, OutlineState)>,
}

/// The answer of an address to the question for the SOA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutlineState {
    /// It serves the zone, with this serial.
    Serves(u32),
    /// It answers, but does not serve the zone; in words.
    Lame(String),
    /// It does not answer.
    Silent,
    /// It was asked, and it could not be told whether it serves the zone.
    Untold,
    /// It was not asked, or this host has no route to it.
    Unknown,
}

/// The outline; none if no name server is known.
pub fn outline(facts: &DomainFacts) -> Option<Outline> {
    let apex = zone::apex(facts);
    let above = zone::parent_set(facts);
    let own: Vec<BTreeSet<String>> = zone::servers(facts)
        .into_keys()
        .filter_map(|server| zone::child_set_at(facts, server))
        .filter(|set| !set.is_empty())
        .collect();
    let glue = zone::glue(facts);
    let servers: Vec<OutlineServer> = zone::server_names(facts)
        .into_iter()
        .take(MAX_CHECKED_NAMES)
        .map(|name| {
            let glued = glue.get(name.as_str()).into_iter().flatten().copied();
            let addresses: BTreeSet<IpAddr> = facts.addresses(&name).into_iter().chain(glued).collect();
            OutlineServer {
                above: above.as_ref().map(|set| set.contains(&name)),
                own: (!own.is_empty()).then(|| own.iter().any(|set| set.contains(&name))),
                addresses: addresses.into_iter().map(|address| (address, state(facts, address))).collect(),
                name,
            }
        })
        .collect();
    let parent = zone::parent(facts).map(str::to_owned);
    (!servers.is_empty()).then(|| Outline { parent, apex: apex.to_owned(), servers })
}

fn state(facts: &DomainFacts, server: IpAddr) -> OutlineState {
    let apex = zone::apex(facts);
    let ask = |way| facts.server(server, apex, "SOA", way);
    let served = [QueryForm::Udp, QueryForm::Plain].into_iter().find_map(|way| match ask(way) {
        Some(Got::Reply(reply)) if zone::serves(reply, apex) => zone::soa(reply),
        _ => None,
    });
    match (served, ask(QueryForm::Udp)) {
        (None, Some(Got::NoReply(NoReply::Unknown(_)))) if facts.sent(server).is_any() => {
            OutlineState::Untold
        }
        (Some(soa), _) => OutlineState::Serves(soa.serial),
        (None, Some(Got::Reply(reply))) => OutlineState::Lame(each_server::wrong(reply, apex)),
        (
            None,
            Some(
                Got::NoReply(NoReply::NoRoute | NoReply::Unknown(_))
                | Got::Lists(_)
                | Got::MailHost(_)
                | Got::PolicyFile(_),
            )
            | None,
        ) => OutlineState::Unknown,
        (None, Some(Got::NoReply(_))) => OutlineState::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn each_server_has_its_place_and_state() {
        let mut facts = facts(
            "a.test.",
            "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
             lookup test. SOA | ns.test. h. 1 2 3 4 5
             lookup test. NS | ns.test.
             lookup ns.test. A | 198.18.9.1
             lookup old.b.test. A | 198.18.2.1
             lookup new.b.test. A | 198.18.3.1
             server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test. | >a.test. NS old.b.test. | +ns1.a.test. A 198.18.1.1
             server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
             server 198.18.1.1 a.test. NS mixed aa | ns1.a.test. | new.b.test. | ns3.b.test. | ns4.b.test.
             server 198.18.2.1 a.test. SOA udp REFUSED
             server 198.18.3.1 a.test. SOA udp silent
             lookup ns3.b.test. A | 198.18.4.1
             lookup ns4.b.test. A | 198.18.5.1
             server 198.18.4.1 a.test. SOA udp unknown
             server 198.18.5.1 a.test. SOA udp unknown",
        );
        let lost = "198.18.4.1".parse().unwrap();
        facts.sent.entry(lost).or_default().unanswered = 1;
        let found = outline(&facts).unwrap();
        assert_eq!((found.parent.as_deref(), found.apex.as_str()), (Some("test."), "a.test."));
        let told: Vec<_> = found
            .servers
            .iter()
            .map(|server| (server.name.as_str(), server.above, server.own, server.addresses[0].1.clone()))
            .collect();
        let refused = OutlineState::Lame("answers REFUSED for a.test.".to_owned());
        assert_eq!(
            told,
            [
                ("new.b.test.", Some(false), Some(true), OutlineState::Silent),
                ("ns1.a.test.", Some(true), Some(true), OutlineState::Serves(7)),
                ("ns3.b.test.", Some(false), Some(true), OutlineState::Untold),
                ("ns4.b.test.", Some(false), Some(true), OutlineState::Unknown),
                ("old.b.test.", Some(true), Some(false), refused),
            ]
        );
        assert_eq!(outline(&DomainFacts::default()), None);
    }
}
