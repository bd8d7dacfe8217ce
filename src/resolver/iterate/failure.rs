//! The reasons why a question could not be answered. Each reason has a sentence for people, and a code for programs (RFC 8914).

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::{Name, RecordType};

use super::server_role::ServerRole;
use dns::conduct::Conduct;
use dns::question::{ExtendedError, name_text, zone_text};
use record::event::{FlightFailure, ListFault, ServerOrigin, Shows};
use validate::verdict::{SecurityStatus, ValidationFailure};

/// A sentence names at most this many servers, and counts the others.
const NAMED_SERVERS: usize = 4;

/// The reason why a question, or a sub-question, could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No server of the zone gave a usable answer.
    #[error("no {} gave a usable answer: {}", .role.text_with_zone(.zone, false), faults_text(.faults))]
    Servers {
        /// The zone whose servers were asked.
        zone: Name,
        /// How these servers became known: by recursion, or from the configuration.
        role: ServerRole,
        /// The servers in the order in which they failed, each with what it did.
        faults: Vec<(SocketAddr, Conduct)>,
    },
    /// No usable address of the zone's servers could be found.
    #[error("{}", addresses_text(.zone, .why.as_deref(), .unused.as_deref()))]
    Addresses {
        /// The zone whose servers have no known address.
        zone: Name,
        /// The reason why the address of the last server could not be found. `None` if the servers have no address that resolverd may query.
        why: Option<Box<Failure>>,
        /// The address family that is not used, if the servers may have addresses only in this family.
        unused: Option<Box<UnusedFamily>>,
    },
    /// All servers of the zone are known not to answer. No question waits for them.
    #[error("no {} has answered recently ({}); resolverd probes them in the background", .role.text_with_zone(.zone, false), servers_text(.servers))]
    Silent {
        /// The zone whose servers do not answer.
        zone: Name,
        /// How these servers became known: by recursion, or from the configuration.
        role: ServerRole,
        /// The addresses of these servers.
        servers: Vec<SocketAddr>,
    },
    /// The time limit of the question has passed.
    #[error("timeout at the {}: {}", .role.text_with_zone(.zone, true), faults_text(.faults))]
    Time {
        /// The zone whose servers were being asked.
        zone: Name,
        /// How these servers became known: by recursion, or from the configuration.
        role: ServerRole,
        /// What the servers did before the time limit, the earliest first.
        faults: Vec<(SocketAddr, Conduct)>,
    },
    /// The question has used up its query budget.
    #[error("gave up after {packets} queries to servers, the last to a server of {zone}", zone = zone_text(.zone))]
    Packets {
        /// The maximum number of queries for one question.
        packets: u32,
        /// The zone whose servers were asked last.
        zone: Name,
    },
    /// The address lookups of servers were nested too deeply, or formed a circle.
    #[error("the address lookup of server {name} is circular or nested too deeply", name = name_text(.name))]
    Depth {
        /// The name of the server whose address was needed.
        name: Name,
    },
    /// While resolverd looked up the address of a server, a referral contained this address as glue. So the lookup ended without a query for the
    /// address.
    #[error("the address of server {name} is known from a delegation", name = name_text(.name))]
    Glued {
        /// The name of the server.
        name: Name,
        /// The addresses from the referral, of the needed record type. The cache does not have them if their TTL is 0.
        addresses: Vec<IpAddr>,
    },
    /// There were more referrals than a name can have zone cuts.
    #[error("too many referrals for {name}", name = name_text(.name))]
    Referrals {
        /// The name for which servers were searched.
        name: Name,
    },
    /// The aliases form a loop, or there are too many.
    #[error("the chain of aliases (CNAME, DNAME) of {name} is circular or too long", name = name_text(.name))]
    Aliases {
        /// The name for which the question asked.
        name: Name,
    },
    /// The name is a root key sentinel (RFC 8509): it states that a key of the root is, or is not, a trust anchor. RFC 8509 demands SERVFAIL if this
    /// statement is wrong for resolverd.
    #[error("the root key sentinel {name} is wrong about the trust anchors of resolverd (RFC 8509)", name = name_text(.name))]
    Sentinel {
        /// The name for which the question asked.
        name: Name,
    },
    /// The answer does not fit into a DNS message.
    #[error("the answer for {name} {kind} is larger than a DNS message can be", name = name_text(.name))]
    TooLarge {
        /// The name for which the question asked.
        name: Name,
        /// The record type for which the question asked.
        kind: RecordType,
    },
    /// The answer is bogus (it is not what the owner of the zone signed), or it could not be validated.
    #[error("DNSSEC validation failed ({state}): {fault}")]
    Untrusted {
        /// The zone whose server gave the answer.
        zone: Name,
        /// The result of the DNSSEC validation: bogus or indeterminate.
        state: SecurityStatus,
        /// The reason why the validation failed.
        fault: Box<ValidationFailure>,
    },
    /// With the customer's key for its DNS list, the name would be longer than a DNS name may be.
    #[error("{name} is too long: there is no room for the key of the DNS list in it", name = name_text(.name))]
    TooLong {
        /// The name for which the question asked, without the key.
        name: Name,
    },
    /// A DNS list gave no answer that shows whether the name is listed.
    #[error("{}", .error.text)]
    List {
        /// The failure of the list's servers, if they are silent.
        silent: Option<Box<Failure>>,
        /// What is wrong with the list.
        fault: ListFault,
        /// The extended error (RFC 8914) that the client gets.
        error: ExtendedError,
    },
    /// A long reply was dropped, because too many long replies are in use. This is an overload of this host, not a fault of the servers.
    #[error("too many long replies in use; one from a server of {zone} was dropped", zone = zone_text(.zone))]
    NoRoom {
        /// The zone whose server sent the reply.
        zone: Name,
    },
    /// A reload of the configuration has changed which servers are asked for a name that must be resolved.
    #[error("a reload changed the route of {name}", name = name_text(.name))]
    Reloaded {
        /// The name for which other servers are asked now.
        name: Name,
    },
    /// The question, or one that it needs, failed a moment ago, and this failure is cached (RFC 9520).
    #[error("{why} (cached failure)")]
    Remembered {
        /// The reason for the earlier failure, as a sentence.
        why: String,
    },
}

/// An address family that is not used, and the servers that have addresses of this family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedFamily {
    /// True for IPv6, false for IPv4.
    pub is_ipv6: bool,
    /// Why the address family is not used.
    pub why: UnusedReason,
    /// The servers that have addresses of this family. Empty if addresses of this family were not looked up.
    pub servers: Vec<SocketAddr>,
}

/// The reason why resolverd does not use an address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusedReason {
    /// The configuration turns the address family off.
    Configured,
    /// This host recently had no route for the address family.
    NoRoute,
    /// No server answers this host over the address family.
    Silent,
}

impl UnusedFamily {
    fn sentence(&self, zone: &str) -> String {
        let (own, other, key) = match self.is_ipv6 {
            true => ("IPv6", "IPv4", "ipv6"),
            false => ("IPv4", "IPv6", "ipv4"),
        };
        let has = if self.servers.is_empty() {
            format!("no {other} address")
        } else {
            format!("{own} addresses only ({})", servers_text(&self.servers))
        };
        let why = match self.why {
            UnusedReason::Configured => format!("resolverd does not use {own} (resolve.{key} = false)"),
            UnusedReason::NoRoute => format!("this host has no {own} route"),
            UnusedReason::Silent => format!("no server answers this host over {own}"),
        };
        format!("the servers of {zone} have {has}, and {why}")
    }
}

impl Failure {
    /// Returns the zone whose servers gave no answer, if servers are the reason for the failure.
    pub fn zone(&self) -> Option<Name> {
        match self {
            Self::Servers { zone, .. }
            | Self::Addresses { zone, .. }
            | Self::Silent { zone, .. }
            | Self::Time { zone, .. }
            | Self::Untrusted { zone, .. }
            | Self::Packets { zone, .. } => Some(zone.clone()),
            Self::List { silent, .. } => silent.as_ref()?.zone(),
            _ => None,
        }
    }

    /// Returns the zone whose servers caused the failure, and what each server did last. If the address of a name server could not be looked up,
    /// this is the zone in which that lookup failed. In this case, `zone` returns the zone that needs the name server.
    pub(crate) fn at_fault(&self) -> (Option<Name>, Vec<(IpAddr, Conduct)>) {
        let inner = match self {
            Self::Addresses { why, .. } => why.as_deref(),
            Self::List { silent, .. } => silent.as_deref(),
            _ => None,
        };
        match inner.map(Self::at_fault) {
            Some(found @ (Some(_), _)) => found,
            _ => {
                (self.zone(), self.faults().into_iter().map(|(server, fault)| (server.ip(), fault)).collect())
            }
        }
    }

    /// Returns the servers named in this failure, each with its last behaviour. The servers of an inner failure are left out.
    fn faults(&self) -> Vec<(SocketAddr, Conduct)> {
        match self {
            Self::Servers { faults, .. } | Self::Time { faults, .. } => last_faults(faults),
            Self::Silent { servers, .. } => servers.iter().map(|server| (*server, Conduct::Silent)).collect(),
            Self::Addresses { unused: Some(unused), .. } => {
                unused.servers.iter().map(|server| (*server, Conduct::NotSent)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns how the failed servers became known, if servers are the reason for the failure.
    pub fn origin(&self) -> Option<ServerOrigin> {
        match self {
            Self::Servers { role, .. } | Self::Silent { role, .. } | Self::Time { role, .. } => {
                Some(role.origin())
            }
            _ => None,
        }
    }

    /// Returns the end of a sentence that begins with the name of the DNS list at `apex`. If the servers of a zone above the list have failed, the
    /// text names that zone.
    pub fn of_list(&self, apex: &Name) -> String {
        let servers = |role: &ServerRole, zone: &Name| match role.is_recursive() {
            true => "its forwarders".to_owned(),
            false if zone != apex && zone.zone_of(apex) => format!("the {}", role.text_with_zone(zone, true)),
            false => "its servers".to_owned(),
        };
        match self {
            Self::Servers { zone, role, faults } | Self::Time { zone, role, faults } => {
                format!("{}: {}", servers(role, zone), faults_text(faults))
            }
            Self::Silent { zone, role, servers: silent } => {
                format!(
                    "{} have not answered recently ({}); resolverd probes them in the background",
                    servers(role, zone),
                    servers_text(silent)
                )
            }
            other => other.to_string(),
        }
    }

    /// Returns true if the question failed without a query, because its servers are known not to answer. This failure is not cached: it must end as
    /// soon as one of these servers answers again.
    pub(crate) fn is_known_silence(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Addresses { why, .. } => why.as_ref().is_some_and(|why| why.is_known_silence()),
            _ => false,
        }
    }

    /// Returns true if servers were asked and none of them replied.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Servers { faults, .. } | Self::Time { faults, .. } => {
                !faults.is_empty() && faults.iter().all(|(_, conduct)| *conduct == Conduct::Silent)
            }
            _ => false,
        }
    }

    /// Returns true if the servers may have addresses only of a family that resolverd does not use.
    fn has_unused_family(&self) -> bool {
        match self {
            Self::Addresses { unused: Some(_), .. } => true,
            Self::Addresses { why: Some(why), .. } => why.has_unused_family(),
            _ => false,
        }
    }

    /// Returns the category under which the history counts this failure. `origin` says how the zone's servers became known.
    pub fn of_flight(&self, origin: ServerOrigin) -> FlightFailure {
        let faults = self.faults();
        let shows = match self {
            _ if self.has_unused_family() => Shows::Unrouted,
            Self::Untrusted { state: SecurityStatus::Bogus, .. } => Shows::Bogus,
            Self::Untrusted { .. } => Shows::Unchecked,
            Self::List { .. } => Shows::List,
            _ if faults.iter().any(|(_, conduct)| conduct.came_back()) => Shows::NoHelp,
            // The servers may be down, or the network of this host lost the replies.
            Self::Servers { .. }
            | Self::Silent { .. }
            | Self::Time { .. }
            | Self::Addresses { .. }
            | Self::Packets { .. } => Shows::Silence,
            Self::Depth { .. }
            | Self::Glued { .. }
            | Self::Referrals { .. }
            | Self::Aliases { .. }
            | Self::Sentinel { .. }
            | Self::TooLarge { .. }
            | Self::TooLong { .. }
            | Self::NoRoom { .. }
            | Self::Reloaded { .. }
            | Self::Remembered { .. } => Shows::NoHelp,
        };
        let servers = faults.into_iter().map(|(server, conduct)| (server.ip(), conduct)).collect();
        let broken_at = match self {
            Self::Untrusted { fault, .. } => fault.broken_at.as_deref().cloned(),
            _ => None,
        };
        let list = match self {
            Self::List { fault, .. } => Some(*fault),
            _ => None,
        };
        FlightFailure { why: self.to_string(), shows, origin, servers, broken_at, list }
    }
}

pub(crate) fn conduct_text(conduct: Conduct) -> &'static str {
    match conduct {
        Conduct::Truncated => "truncated",
        Conduct::Lame => "lame (does not serve the zone)",
        conduct => conduct.fault().unwrap_or("answered"),
    }
}

fn addresses_text(zone: &Name, why: Option<&Failure>, unused: Option<&UnusedFamily>) -> String {
    let zone = zone_text(zone);
    match why {
        None if let Some(unused) = unused => unused.sentence(&zone),
        Some(why) => format!("the names of the servers of {zone} do not resolve, because {why}"),
        None => format!("the servers of {zone} have no address that resolverd may query"),
    }
}

fn servers_text(servers: &[SocketAddr]) -> String {
    let named: Vec<String> =
        servers.iter().take(NAMED_SERVERS).map(|server| server.ip().to_string()).collect();
    let more = servers.len().saturating_sub(NAMED_SERVERS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// Returns each server once, with what it did last.
fn last_faults(faults: &[(SocketAddr, Conduct)]) -> Vec<(SocketAddr, Conduct)> {
    let mut last: Vec<(SocketAddr, Conduct)> = Vec::new();
    for (server, conduct) in faults {
        last.retain(|(other, _)| other != server);
        last.push((*server, *conduct));
    }
    last
}

fn faults_text(faults: &[(SocketAddr, Conduct)]) -> String {
    let last = last_faults(faults);
    if last.is_empty() {
        return "no reply".to_owned();
    }
    let mut text = String::new();
    for (place, (server, conduct)) in last.iter().take(NAMED_SERVERS).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{} {}", server.ip(), conduct_text(*conduct));
    }
    if last.len() > NAMED_SERVERS {
        let _ = write!(text, " and {} more", last.len().saturating_sub(NAMED_SERVERS));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    // The extended error names the last conduct of each server.
    #[test]
    fn failure_lists_each_server_once() {
        let one: SocketAddr = "192.0.2.1:53".parse().unwrap();
        let two: SocketAddr = "192.0.2.2:53".parse().unwrap();
        let zone = Name::from_ascii("example.com.").unwrap();
        let failure = Failure::Servers {
            zone,
            role: ServerRole::Found,
            faults: vec![(one, Conduct::Silent), (two, Conduct::Refused), (one, Conduct::ServFail)],
        };
        let error = failure.extended_error();
        assert_eq!(error.code, ExtendedError::NO_REACHABLE_AUTHORITY);
        assert_eq!(
            error.text,
            "no server of example.com. gave a usable answer: 192.0.2.2 REFUSED, 192.0.2.1 SERVFAIL"
        );
    }

    // The fault may lie in the zone of the name servers' names.
    #[test]
    fn known_silence_names_zone_at_fault() {
        let zone = |name: &str| Name::from_ascii(name).unwrap();
        let servers: Vec<SocketAddr> =
            (1..=6).map(|last| SocketAddr::from(([192, 0, 2, last], 53))).collect();
        let role = ServerRole::Found;
        let silent = Failure::Silent { zone: zone("example.net."), role, servers };
        assert_eq!(
            silent.to_string(),
            "no server of example.net. has answered recently (192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4 and 2 more); resolverd probes them in the background"
        );
        let names =
            Failure::Addresses { zone: zone("example.com."), why: Some(Box::new(silent)), unused: None };
        assert!(names.is_known_silence());
        assert_eq!(names.extended_error().code, ExtendedError::NO_REACHABLE_AUTHORITY);
        assert_eq!(names.zone(), Some(zone("example.com.")));
        let (at_fault, servers) = names.at_fault();
        assert_eq!((at_fault, servers.len()), (Some(zone("example.net.")), 6));
        let error = names.extended_error();
        let list =
            Failure::List { silent: Some(Box::new(names)), fault: ListFault::Silent, error: error.clone() };
        assert_eq!(list.at_fault().0, Some(zone("example.net.")));
        assert_eq!(
            Failure::List { silent: None, fault: ListFault::Refuses, error }.at_fault(),
            (None, Vec::new())
        );
        assert!(
            !Failure::Addresses { zone: zone("example.com."), why: None, unused: None }.is_known_silence()
        );
    }

    #[test]
    fn failure_text_tells_forwarders_from_servers() {
        let (role, servers) = (ServerRole::Forwarder, vec![([192, 0, 2, 1], 53).into()]);
        let silent = Failure::Silent { zone: Name::root(), role, servers };
        assert!(
            silent.to_string().starts_with("no forwarder of zone \".\" has answered recently (192.0.2.1); "),
            "{silent}"
        );
        let late = Failure::Time { zone: Name::root(), role, faults: Vec::new() };
        assert_eq!(late.to_string(), "timeout at the forwarders of zone \".\": no reply");
        let root = Failure::Servers { zone: Name::root(), role: ServerRole::Found, faults: Vec::new() };
        assert_eq!(root.to_string(), "no server of the root zone gave a usable answer: no reply");
    }
}
