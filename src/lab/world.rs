//! The type `Lab`: the zones of a simulated internet, its servers and their addresses. All maps are sorted, so that the same seed gives the
//! same run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::DnsSecError;
use hickory_proto::rr::{Name, Record};
use thiserror::Error;

use super::fault::Fault;
use super::log::Log;
use super::server::{Distance, LabServer};
use super::signing::UnknownSigning;
use config::RootHints;
use dns::random::Random;
use dns::wire::presentation::read_name;
use zones::authority::Authority;
use zones::zone::{Zone, ZoneError};

/// The date at the start of every simulation, in seconds since 1970: 2026-01-01. Zones are signed at this time.
pub const UNIX_AT_START: u64 = 1_767_225_600;

/// Why a simulated internet cannot be built.
#[derive(Debug, Error)]
pub enum LabError {
    /// The text is not a domain name.
    #[error("{0} is not a name")]
    Name(String),
    /// The text of a zone cannot be parsed.
    #[error("zone {zone}: {error}")]
    Zone {
        /// Its apex.
        zone: String,
        /// What is wrong.
        error: ZoneError,
    },
    /// A signing plan cannot be parsed.
    #[error(transparent)]
    Signing(#[from] UnknownSigning),
    /// A zone cannot be signed by its plan.
    #[error("zone {zone}: {error}")]
    Sign {
        /// Its apex.
        zone: String,
        /// The error of the DNS library.
        error: DnsSecError,
    },
    /// Two servers have this address.
    #[error("{0} is the address of two servers")]
    Twice(IpAddr),
}

/// The plan of a server.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// The name, without a final dot.
    pub name: String,
    /// The addresses: in 127.0.0.0/8 for a server on sockets.
    pub addresses: Vec<IpAddr>,
    /// The path to the server.
    pub distance: Distance,
    /// The faults at the start.
    pub faults: Vec<Fault>,
}

impl ServerPlan {
    /// Creates the plan of a server without faults, with a round trip of 10 ms.
    pub fn new(name: &str, addresses: Vec<IpAddr>) -> Self {
        let distance = Distance::steady(Duration::from_millis(10));
        Self { name: name.to_owned(), addresses, distance, faults: Vec::new() }
    }
}

/// Parses a name with or without a final dot. The result is absolute and in lower case.
///
/// # Errors
/// The text is not a name.
pub fn absolute(text: &str) -> Result<Name, LabError> {
    let name = read_name(text).ok_or_else(|| LabError::Name(text.to_owned()))?;
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

/// A simulated internet: zones, their servers, and the log of the queries to them.
#[derive(Debug)]
pub struct Lab {
    servers: Vec<LabServer>,
    by_address: BTreeMap<IpAddr, usize>,
    zones: BTreeMap<Name, Vec<usize>>,
    trust_anchors: BTreeMap<Name, Vec<Record>>,
    log: Arc<Log>,
}

impl Lab {
    /// Creates a lab from the plans of its servers with their zones, and the DS records of its signed zones.
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

    /// Returns the server with this name (without a final dot).
    pub fn server(&self, name: &str) -> Option<&LabServer> {
        self.servers.iter().find(|server| server.name() == name)
    }

    /// Returns the server at this address.
    pub fn at(&self, address: IpAddr) -> Option<&LabServer> {
        self.by_address.get(&address).and_then(|place| self.servers.get(*place))
    }

    /// Returns all zones in canonical order, with their servers.
    pub fn zones(&self) -> impl Iterator<Item = (&Name, Vec<&LabServer>)> {
        self.zones
            .iter()
            .map(|(zone, places)| (zone, places.iter().filter_map(|&at| self.servers.get(at)).collect()))
    }

    /// Gives a random one of the faults `ailments` to one server of each zone, but never to the last working server of a zone.
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

    /// Returns the DS records of a signed zone, for the trust anchor of a resolver. Empty if the zone is unsigned.
    pub fn trust_anchor(&self, zone: &Name) -> &[Record] {
        self.trust_anchors.get(zone).map(Vec::as_slice).unwrap_or_default()
    }

    /// Gives each server the zones of the server with the same name in `other`, as if the internet changed.
    pub fn take_zones_of(&self, other: &Self) {
        for server in &self.servers {
            if let Some(changed) = other.server(server.name()) {
                server.set_authority(changed.authority());
            }
        }
    }

    /// Returns the log of the queries to the servers.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns the names and addresses of the root servers.
    pub fn root_hints(&self) -> RootHints {
        let places = self.zones.get(&Name::root()).map(Vec::as_slice).unwrap_or_default();
        let roots = places.iter().filter_map(|&place| self.servers.get(place));
        let hint = |server: &LabServer| Some((absolute(server.name()).ok()?, server.addresses().to_vec()));
        RootHints { path: None, servers: roots.filter_map(hint).collect() }
    }
}
