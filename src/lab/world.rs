//! A complete lab: its zones, its servers and their addresses.
//!
//! All maps are ordered, so that a seed always gives the same run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::DnsSecError;
use hickory_proto::rr::{Name, Record};
use thiserror::Error;

use dns::random::Random;
use resolver::config::RootHints;

use super::fault::Fault;
use super::log::Log;
use super::server::{Distance, LabServer};
use super::signing::UnknownSigning;
use dns::wire::presentation::read_name;
use resolver::zones::authority::Authority;
use resolver::zones::zone::{Zone, ZoneError};

/// Calendar time at the start of every run, 2026-01-01. Signatures are made and validated with it.
pub const UNIX_AT_START: u64 = 1_767_225_600;

/// The reason why a lab cannot be built.
#[derive(Debug, Error)]
pub enum LabError {
    /// A name cannot be parsed.
    #[error("{0} is not a name")]
    Name(String),
    /// A zone cannot be parsed.
    #[error("zone {zone}: {error}")]
    Zone {
        /// The zone.
        zone: String,
        /// The error.
        error: ZoneError,
    },
    /// A signing plan cannot be parsed.
    #[error(transparent)]
    Signing(#[from] UnknownSigning),
    /// A zone cannot be signed as planned.
    #[error("zone {zone}: {error}")]
    Sign {
        /// The zone.
        zone: String,
        /// The library's error.
        error: DnsSecError,
    },
    /// Two servers have the same address.
    #[error("{0} is the address of two servers")]
    Twice(IpAddr),
}

/// A server to be built.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Name of the server, without the final dot.
    pub name: String,
    /// Addresses of the server. For use on sockets they must be in 127.0.0.0/8.
    pub addresses: Vec<IpAddr>,
    /// Distance of the server.
    pub distance: Distance,
    /// Faults that the server has at the start.
    pub faults: Vec<Fault>,
}

impl ServerPlan {
    /// Creates the plan of a server without faults, 10 ms away.
    pub fn new(name: &str, addresses: Vec<IpAddr>) -> Self {
        let distance = Distance::steady(Duration::from_millis(10));
        Self { name: name.to_owned(), addresses, distance, faults: Vec::new() }
    }
}

/// Parses an absolute name, with or without the final dot, and converts it to lower case.
///
/// # Errors
/// Fails if the text is not a name.
pub fn absolute(text: &str) -> Result<Name, LabError> {
    let name = read_name(text).ok_or_else(|| LabError::Name(text.to_owned()))?;
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

/// Zones, their servers, and the log of queries.
#[derive(Debug)]
pub struct Lab {
    servers: Vec<LabServer>,
    by_address: BTreeMap<IpAddr, usize>,
    zones: BTreeMap<Name, Vec<usize>>,
    trust_anchors: BTreeMap<Name, Vec<Record>>,
    log: Arc<Log>,
}

impl Lab {
    /// Creates a lab from servers, each with its zones, and from the DS records of signed zones.
    ///
    /// # Errors
    /// Fails if two servers have the same address.
    pub(super) fn new(
        plans: Vec<(ServerPlan, Vec<Arc<Zone>>)>,
        trust_anchors: BTreeMap<Name, Vec<Record>>,
    ) -> Result<Self, LabError> {
        let (servers, by_address, zones, log) = Default::default();
        let mut lab = Self { servers, by_address, zones, trust_anchors, log };
        for (place, (plan, zones)) in plans.into_iter().enumerate() {
            for zone in &zones {
                lab.zones.entry(zone.origin().clone()).or_default().push(place);
            }
            for address in &plan.addresses {
                if lab.by_address.insert(*address, place).is_some() {
                    return Err(LabError::Twice(*address));
                }
            }
            lab.servers.push(LabServer::new(plan, Authority::new(zones), lab.log.clone()));
        }
        Ok(lab)
    }

    /// Returns all servers, in the order in which they were added.
    pub fn servers(&self) -> &[LabServer] {
        &self.servers
    }

    /// Returns the server with this name (without the final dot).
    pub fn server(&self, name: &str) -> Option<&LabServer> {
        self.servers.iter().find(|server| server.name() == name)
    }

    /// Returns the server at an address.
    pub fn at(&self, address: IpAddr) -> Option<&LabServer> {
        self.by_address.get(&address).and_then(|place| self.servers.get(*place))
    }

    /// Returns every zone in canonical order, with its servers. Tests use this to break any one server of each zone.
    pub fn zones(&self) -> impl Iterator<Item = (&Name, Vec<&LabServer>)> {
        self.zones
            .iter()
            .map(|(zone, places)| (zone, places.iter().filter_map(|&at| self.servers.get(at)).collect()))
    }

    /// Gives one server of each zone one of these faults, but never the last working server of a zone.
    pub fn break_one_of_each_zone(&self, ailments: &[Fault], random: &Random) {
        let names =
            |servers: Vec<&LabServer>| servers.iter().map(|server| server.name().to_owned()).collect();
        let zones: Vec<BTreeSet<String>> = self.zones().map(|(_, servers)| names(servers)).collect();
        let unsound: Vec<&LabServer> = self.servers.iter().filter(|server| !server.is_sound()).collect();
        let before: BTreeSet<String> = names(unsound);
        let mut broken = before.clone();
        for servers in &zones {
            if !servers.is_disjoint(&broken) {
                continue;
            }
            let begin = usize::from(random.u16());
            let candidates = servers.iter().cycle().skip(begin % servers.len()).take(servers.len());
            let spares_all = |candidate: &&String| {
                zones.iter().all(|zone| zone.iter().any(|name| name != *candidate && !broken.contains(name)))
            };
            let candidate = candidates.into_iter().find(spares_all).cloned();
            broken.extend(candidate);
        }
        let is_new = |server: &&LabServer| broken.contains(server.name()) && !before.contains(server.name());
        for server in self.servers.iter().filter(is_new) {
            let ailment = ailments.get(usize::from(random.u16()) % ailments.len().max(1));
            let faults: Vec<Fault> = server.faults().into_iter().chain(ailment.copied()).collect();
            server.set_faults(&faults);
        }
    }

    /// Returns the DS records of a signed zone, as a trust anchor for a resolver; empty if the zone is unsigned.
    pub fn trust_anchor(&self, zone: &Name) -> &[Record] {
        self.trust_anchors.get(zone).map(Vec::as_slice).unwrap_or_default()
    }

    /// Replaces the zones of every server with those of the server with the same name in `other`. This simulates a change of the
    /// internet.
    pub fn take_zones_of(&self, other: &Self) {
        for server in &self.servers {
            if let Some(changed) = other.server(server.name()) {
                server.set_authority(changed.authority());
            }
        }
    }

    /// Returns the log of queries to the lab's servers.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns the root servers, from which recursion starts.
    pub fn root_hints(&self) -> RootHints {
        let places = self.zones.get(&Name::root()).map(Vec::as_slice).unwrap_or_default();
        let roots = places.iter().filter_map(|&place| self.servers.get(place));
        let hint = |server: &LabServer| Some((absolute(server.name()).ok()?, server.addresses().to_vec()));
        RootHints { path: None, servers: roots.filter_map(hint).collect() }
    }
}
