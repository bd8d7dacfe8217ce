//! Which address of a name server is right, that of the glue or that in the zone: the one at which the zone is served as it is now.
//!
//! RFC 1912 section 2.3, RFC 1982 section 3.2 (serials). Both addresses are asked. A move of a server is forgotten in either place, and
//! the domain is lost if the operator then changes the right one.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Want};
use super::finding::Level;
use super::server_names::listed;
use super::{compared, each_server, remedies, served, zone};

/// The place of the right address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// The zone above: at the address in the zone is no server of it, or one with an old copy.
    Glue,
    /// The zone: at the glue is no server of it, or one with an old copy.
    Zone,
    /// The servers at both addresses serve the zone alike.
    Both,
    /// It could not be told.
    Untold,
}

/// The addresses of a name server that differ, and which of them are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    /// Of the glue.
    pub(super) glued: BTreeSet<IpAddr>,
    /// Of the zone.
    pub(super) own: BTreeSet<IpAddr>,
    pub(super) right: Right,
    /// The level of the worst fault of a server at an address of the zone; none if each serves the zone, as far as could be told.
    pub(super) fault_of_own: Option<Level>,
    /// Why, in words.
    pub(super) words: String,
    /// The change that helps; none: that of the code.
    pub(super) remedy: Option<&'static str>,
}

/// The conduct of the server at an address.
enum Conduct {
    /// It serves the zone: the primary server and the serial of its SOA record.
    Serves(String, u32),
    /// It does not: the level of this fault, and a text that says what it does.
    Fails(Level, String),
    /// It could not be told.
    Untold,
}

impl Conduct {
    fn soa(&self) -> Option<(&str, u32)> {
        match self {
            Self::Serves(primary, serial) => Some((primary, *serial)),
            Self::Fails(..) | Self::Untold => None,
        }
    }

    const fn fault(&self) -> Option<Level> {
        match self {
            Self::Fails(level, _) => Some(*level),
            Self::Serves(..) | Self::Untold => None,
        }
    }
}

/// Judges the addresses of the glue and of the zone. Those in both places say nothing, unless one place has no others. `of_silent` are the
/// questions to servers that did not answer the first one.
pub(super) fn sides(
    facts: &DomainFacts,
    (glue, zone): (&BTreeSet<IpAddr>, &BTreeSet<IpAddr>),
    of_silent: &[Want],
) -> Sides {
    let alone = |one: &BTreeSet<IpAddr>, other: &BTreeSet<IpAddr>| -> BTreeSet<IpAddr> {
        let alone: BTreeSet<IpAddr> = one.difference(other).copied().collect();
        if alone.is_empty() { one.clone() } else { alone }
    };
    let (glued, own) = (alone(glue, zone), alone(zone, glue));
    let conducts = |addresses: &BTreeSet<IpAddr>| -> Vec<(IpAddr, Conduct)> {
        addresses.iter().map(|address| (*address, conduct(facts, *address, of_silent))).collect()
    };
    let (of_glue, of_zone) = (conducts(&glued), conducts(&own));
    let (right, remedy) = match right(&of_glue, &of_zone) {
        (Right::Both, _) if are_apart(facts, &glued, &own) => (Right::Untold, remedy(Right::Untold)),
        told => told,
    };
    let fault_of_own = of_zone.iter().filter_map(|(_, conduct)| conduct.fault()).min();
    Sides { words: words(right, &of_glue, &of_zone), glued, own, right, fault_of_own, remedy }
}

fn conduct(facts: &DomainFacts, server: IpAddr, of_silent: &[Want]) -> Conduct {
    if let Some((code, conduct)) = each_server::fault(facts, server, of_silent) {
        return Conduct::Fails(code.entry().level, conduct);
    }
    match served::soa(facts, server).and_then(zone::soa) {
        Some(soa) => Conduct::Serves(soa.primary.to_ascii_lowercase(), soa.serial),
        None => Conduct::Untold,
    }
}

/// The addresses of a side at which the zone is served.
enum ServedAt<'c> {
    /// All, with their SOA records, each as its primary server and its serial.
    All(Vec<(&'c str, u32)>),
    Some,
    None,
    /// It could not be told.
    Untold,
}

fn served_at(side: &[(IpAddr, Conduct)]) -> ServedAt<'_> {
    let served: Vec<(&str, u32)> = side.iter().filter_map(|(_, conduct)| conduct.soa()).collect();
    match served.len() {
        _ if side.iter().any(|(_, conduct)| matches!(conduct, Conduct::Untold)) => ServedAt::Untold,
        0 => ServedAt::None,
        count if count == side.len() => ServedAt::All(served),
        _ => ServedAt::Some,
    }
}

/// The place of the right address, and the change that helps.
fn right(glue: &[(IpAddr, Conduct)], zone: &[(IpAddr, Conduct)]) -> (Right, Option<&'static str>) {
    let right = match (served_at(glue), served_at(zone)) {
        (ServedAt::All(of_glue), ServedAt::All(of_zone)) => newer(&of_glue, &of_zone),
        (ServedAt::All(_), ServedAt::Some | ServedAt::None) => Right::Glue,
        (ServedAt::Some | ServedAt::None, ServedAt::All(_)) => Right::Zone,
        // Beside the right address stands a wrong one.
        (ServedAt::Some, ServedAt::None) => return (Right::Glue, Some(remedies::GLUE_SERVED)),
        (ServedAt::None, ServedAt::Some) => return (Right::Zone, Some(remedies::GLUE_SERVED)),
        _ => Right::Untold,
    };
    (right, remedy(right))
}

const fn remedy(right: Right) -> Option<&'static str> {
    match right {
        Right::Glue => Some(remedies::GLUE_RIGHT),
        Right::Zone => None,
        Right::Both => Some(remedies::GLUE_ALIKE),
        Right::Untold => Some(remedies::GLUE_UNTOLD),
    }
}

/// The side with the newer serials. Those of different primary servers cannot be compared.
fn newer(glue: &[(&str, u32)], zone: &[(&str, u32)]) -> Right {
    let primaries: BTreeSet<&str> = glue.iter().chain(zone).map(|(primary, _)| *primary).collect();
    let pairs = || glue.iter().flat_map(|(_, one)| zone.iter().map(move |(_, other)| (*one, *other)));
    if primaries.len() != 1 {
        Right::Untold
    } else if pairs().all(|(one, other)| one == other) {
        Right::Both
    } else if pairs().all(|(one, other)| zone::is_older(other, one)) {
        Right::Glue
    } else if pairs().all(|(one, other)| zone::is_older(one, other)) {
        Right::Zone
    } else {
        Right::Untold
    }
}

/// Whether the servers of one side give records that those of the other do not give.
fn are_apart(facts: &DomainFacts, glued: &BTreeSet<IpAddr>, own: &BTreeSet<IpAddr>) -> bool {
    let mail = (facts.subject.domain.as_str(), "MX");
    let is_apart = |lookup: (&str, &'static str)| {
        let (sets, _) = compared::sets(facts, lookup);
        let given_at = |side: &BTreeSet<IpAddr>| -> BTreeSet<&BTreeSet<String>> {
            let given = sets.iter().filter(|(_, servers)| servers.iter().any(|server| side.contains(server)));
            given.map(|(set, _)| set).collect()
        };
        let (of_glue, of_zone) = (given_at(glued), given_at(own));
        !of_glue.is_empty() && !of_zone.is_empty() && of_glue != of_zone
    };
    compared::differing(facts).chain([mail]).any(is_apart)
}

fn words(right: Right, glue: &[(IpAddr, Conduct)], zone: &[(IpAddr, Conduct)]) -> String {
    let failing = glue.iter().chain(zone).filter_map(|(address, conduct)| match conduct {
        Conduct::Fails(_, conduct) => Some(format!("{address} {conduct}")),
        Conduct::Serves(..) | Conduct::Untold => None,
    });
    let mut told: Vec<String> = failing.collect();
    let serials = |side: &[(IpAddr, Conduct)]| {
        let soas = side.iter().filter_map(|(_, conduct)| conduct.soa());
        listed(&soas.map(|(_, serial)| serial).collect::<BTreeSet<u32>>())
    };
    // Where another address of the same place does not serve the zone, the right one is named.
    let address = |place: &str, side: &[(IpAddr, Conduct)]| {
        let serving = side.iter().filter(|(_, conduct)| conduct.soa().is_some()).map(|(address, _)| *address);
        let serving: BTreeSet<IpAddr> = serving.collect();
        if serving.len() == side.len() { place.to_owned() } else { format!("{place} {}", listed(&serving)) }
    };
    told.push(match right {
        Right::Both => "the zone is served alike at both addresses".to_owned(),
        Right::Untold => "which address is right could not be told".to_owned(),
        Right::Glue | Right::Zone if told.is_empty() => {
            format!(
                "the serial is {} at the glue and {} at the address in the zone",
                serials(glue),
                serials(zone)
            )
        }
        Right::Glue => format!("the zone is served at {}", address("the glue", glue)),
        Right::Zone => format!("the zone is served at {}", address("its address", zone)),
    });
    told.join("; ")
}

#[cfg(test)]
#[path = "glue_sides_tests.rs"]
mod tests;
