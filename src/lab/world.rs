//! A lab as a whole: its zones, its servers and their addresses; and its construction from text.
//!
//! Ordered maps throughout, so that a seed always gives the same run.

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
use super::zone_file::read_zone;
use dns::wire::presentation::read_name;
use resolver::zones::authority::Authority;
use resolver::zones::zone::{Zone, ZoneError};

/// The calendar at the start of every run, 2026-01-01: signatures are made and judged by it.
pub const UNIX_AT_START: u64 = 1_767_225_600;

/// Why a lab cannot be built.
#[derive(Debug, Error)]
pub enum LabError {
    /// A name cannot be read.
    #[error("{0} is not a name")]
    Name(String),
    /// A zone cannot be read.
    #[error("zone {zone}: {error}")]
    Zone {
        /// The zone.
        zone: String,
        /// The error.
        error: ZoneError,
    },
    /// A server needs an unknown zone.
    #[error("server {server} is to serve {zone}, which is not there")]
    NoZone {
        /// The server.
        server: String,
        /// The zone.
        zone: String,
    },
    /// A plan to sign a zone cannot be read.
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
    /// Two servers have one address.
    #[error("{0} is the address of two servers")]
    Twice(IpAddr),
}

/// A server to be built.
#[derive(Clone, Debug)]
pub struct ServerPlan {
    /// Its name, without a final dot.
    pub name: String,
    /// Its addresses; on sockets they must be in 127.0.0.0/8.
    pub addresses: Vec<IpAddr>,
    /// The zones it serves.
    pub zones: Vec<Name>,
    /// Its distance.
    pub distance: Distance,
    /// Its faults at the start.
    pub faults: Vec<Fault>,
}

impl ServerPlan {
    /// A healthy server 10 ms away without zones.
    pub fn new(name: &str, addresses: Vec<IpAddr>) -> Self {
        let distance = Distance::steady(Duration::from_millis(10));
        Self { name: name.to_owned(), addresses, zones: Vec::new(), distance, faults: Vec::new() }
    }
}

/// Gathers zones and servers.
#[derive(Debug, Default)]
pub struct Builder {
    zones: BTreeMap<Name, Arc<Zone>>,
    servers: Vec<ServerPlan>,
    trust_anchors: BTreeMap<Name, Vec<Record>>,
}

/// An absolute, lower-case name from text, with or without a final dot.
///
/// # Errors
/// The text is no name.
pub fn absolute(text: &str) -> Result<Name, LabError> {
    let name = read_name(text).ok_or_else(|| LabError::Name(text.to_owned()))?;
    let mut name = name.to_lowercase();
    name.set_fqdn(true);
    Ok(name)
}

impl Builder {
    /// Adds a zone from the text of its master file.
    ///
    /// # Errors
    /// The text cannot be read as a zone of that name.
    pub fn zone(&mut self, origin: &str, text: &str) -> Result<&mut Self, LabError> {
        let name = absolute(origin)?;
        let zone =
            read_zone(&name, text).map_err(|error| LabError::Zone { zone: origin.to_owned(), error })?;
        Ok(self.add(zone))
    }

    /// Adds a zone.
    pub fn add(&mut self, zone: Zone) -> &mut Self {
        self.zones.insert(zone.origin().clone(), Arc::new(zone));
        self
    }

    /// Adds the DS records of a signed zone, for a resolver's trust anchor.
    pub fn trust_anchor(&mut self, zone: &Name, signers: Vec<Record>) -> &mut Self {
        self.trust_anchors.insert(zone.clone(), signers);
        self
    }

    /// Adds a server.
    pub fn server(&mut self, plan: ServerPlan) -> &mut Self {
        self.servers.push(plan);
        self
    }

    /// The lab.
    ///
    /// # Errors
    /// A server of an unknown zone, or an address given twice.
    pub fn build(self) -> Result<Lab, LabError> {
        let log = Arc::new(Log::default());
        let (servers, by_address, zones) = Default::default();
        let mut lab = Lab { servers, by_address, zones, trust_anchors: self.trust_anchors, log };
        for plan in self.servers {
            let place = lab.servers.len();
            let mut zones = Vec::new();
            for name in &plan.zones {
                let missing = || LabError::NoZone { server: plan.name.clone(), zone: name.to_string() };
                zones.push(self.zones.get(name).ok_or_else(missing)?.clone());
                lab.zones.entry(name.clone()).or_default().push(place);
            }
            for address in &plan.addresses {
                if lab.by_address.insert(*address, place).is_some() {
                    return Err(LabError::Twice(*address));
                }
            }
            let authority = Authority::new(zones);
            let server =
                LabServer::new(&plan.name, plan.addresses, authority, plan.distance, lab.log.clone());
            server.set_faults(&plan.faults);
            lab.servers.push(server);
        }
        Ok(lab)
    }
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
    /// All servers, in the order in which they were added.
    pub fn servers(&self) -> &[LabServer] {
        &self.servers
    }

    /// The server of that name (without a final dot).
    pub fn server(&self, name: &str) -> Option<&LabServer> {
        self.servers.iter().find(|server| server.name() == name)
    }

    /// The server at an address.
    pub fn at(&self, address: IpAddr) -> Option<&LabServer> {
        self.by_address.get(&address).and_then(|place| self.servers.get(*place))
    }

    /// Every zone, in canonical order, with its servers: used to break "any one server of each zone".
    pub fn zones(&self) -> impl Iterator<Item = (&Name, Vec<&LabServer>)> {
        self.zones
            .iter()
            .map(|(zone, places)| (zone, places.iter().filter_map(|&at| self.servers.get(at)).collect()))
    }

    /// Gives one server of each zone one of these faults, but never the last one of any zone.
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

    /// The DS records of a signed zone, for a resolver's trust anchor; empty if it is unsigned.
    pub fn trust_anchor(&self, zone: &Name) -> &[Record] {
        self.trust_anchors.get(zone).map(Vec::as_slice).unwrap_or_default()
    }

    /// Makes every server answer from the zones of the server with its name in `other`: a change of the internet.
    pub fn take_zones_of(&self, other: &Self) {
        for server in &self.servers {
            if let Some(changed) = other.server(server.name()) {
                server.set_authority(changed.authority());
            }
        }
    }

    /// The queries to its servers.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The servers of the root, to start recursion from.
    pub fn root_hints(&self) -> RootHints {
        let places = self.zones.get(&Name::root()).map(Vec::as_slice).unwrap_or_default();
        let roots = places.iter().filter_map(|&place| self.servers.get(place));
        let hint = |server: &LabServer| Some((absolute(server.name()).ok()?, server.addresses().to_vec()));
        RootHints { path: None, servers: roots.filter_map(hint).collect() }
    }
}
