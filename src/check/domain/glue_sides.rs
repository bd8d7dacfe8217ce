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

impl Right {
    /// The change that helps; none: that of the code.
    pub(super) const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Glue => Some(remedies::GLUE_RIGHT),
            Self::Zone => None,
            Self::Both => Some(remedies::GLUE_ALIKE),
            Self::Untold => Some(remedies::GLUE_UNTOLD),
        }
    }
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
    let right = right(&of_glue, &of_zone);
    let right = match right {
        Right::Both if are_apart(facts, &glued, &own) => Right::Untold,
        right => right,
    };
    let fault_of_own = of_zone.iter().filter_map(|(_, conduct)| conduct.fault()).min();
    Sides { words: words(right, &of_glue, &of_zone), glued, own, right, fault_of_own }
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

/// The SOA records at these addresses, each as its primary server and its serial; none unless the zone is served at all of them.
fn served_at(side: &[(IpAddr, Conduct)]) -> Option<Vec<(&str, u32)>> {
    side.iter().map(|(_, conduct)| conduct.soa()).collect()
}

/// Whether at one of these addresses is no server of the zone, and it could be told of all.
fn fails(side: &[(IpAddr, Conduct)]) -> bool {
    let is_told = side.iter().all(|(_, conduct)| !matches!(conduct, Conduct::Untold));
    is_told && served_at(side).is_none()
}

fn right(glue: &[(IpAddr, Conduct)], zone: &[(IpAddr, Conduct)]) -> Right {
    match (served_at(glue), served_at(zone)) {
        (Some(of_glue), Some(of_zone)) => newer(&of_glue, &of_zone),
        (Some(_), None) if fails(zone) => Right::Glue,
        (None, Some(_)) if fails(glue) => Right::Zone,
        _ => Right::Untold,
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
        let serials: BTreeSet<u32> =
            served_at(side).unwrap_or_default().into_iter().map(|(_, serial)| serial).collect();
        listed(&serials)
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
        Right::Glue => "the zone is served at the glue".to_owned(),
        Right::Zone => "the zone is served at its address".to_owned(),
    });
    told.join("; ")
}

#[cfg(test)]
#[path = "glue_sides_tests.rs"]
mod tests;
