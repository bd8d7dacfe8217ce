//! The route of questions for names below an apex: the servers that get them or the local zone that answers them, and the settings
//! (policy).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::authority::Authority;
use super::mirror::Mirror;
use config::ConfiguredZone;
use dns::cached::Delegation;
use dns::conduct::Encryption;
use dnsbl::list::{AskedAbout, List};
use dnsbl::list_way::Way;

/// The route of the questions for names at and below an apex.
#[derive(Debug)]
pub struct Route {
    /// The apex of the zone to which the route belongs.
    pub zone: Name,
    /// The servers that get the questions, or the local zone that answers them.
    pub target: RouteTarget,
    /// The settings for the questions and answers.
    pub policy: ZonePolicy,
    /// Set if the age of the data of a local mirror of a DNS list is monitored.
    pub mirrored: Option<Mirrored>,
}

/// A monitored local mirror of a DNS list, and the route that replaces it.
#[derive(Debug)]
pub struct Mirrored {
    /// The age of the data of the mirror.
    pub mirror: Mirror,
    /// The route to the public servers of the list while the data of the mirror are too old. `None` if the mirror is used although its data are too
    /// old.
    pub public: Option<Arc<Route>>,
}

/// How questions are answered: by recursion, by configured servers, by forwarders, or from local data.
#[derive(Debug)]
pub enum RouteTarget {
    /// Questions are answered by recursion from the closest known zone cut.
    Iterate,
    /// Questions are answered by recursion that begins at these configured servers of the zone.
    Stub(Arc<Delegation>),
    /// Questions are answered by these recursive servers (forwarders), which resolve the whole question.
    Forward {
        /// The addresses of the forwarders, in the form of a delegation of the zone.
        servers: Arc<Delegation>,
        /// The encryption for each forwarder, in the same order.
        encryption: Vec<Option<Arc<Encryption>>>,
        /// The route if the forwarders fail (`forward_first`): recursion, with the same policy.
        beyond: Option<Arc<Route>>,
    },
    /// Questions are answered from a zone whose data resolverd itself has.
    Local(Authority),
}

impl Route {
    /// Returns how a DNS list is asked: at its public servers by recursion, at configured servers, or through forwarders.
    pub fn way(&self) -> Way {
        match &self.target {
            RouteTarget::Iterate | RouteTarget::Local(_) => Way::Public,
            RouteTarget::Stub(servers) => Way::Stub(servers.configured.clone()),
            RouteTarget::Forward { servers, .. } => Way::Forwarders(servers.configured.clone()),
        }
    }

    /// Returns the DNS list that a question for `name` asks. Returns `None` if the name is not in the zone of a list, or if the list is in
    /// operation and the name contains no address or domain to be looked up.
    pub fn list_asked(&self, name: &Name) -> Option<Arc<List>> {
        let list = self.policy.list.clone()?;
        (list.asked(name) != AskedAbout::Nothing || !list.is_alive()).then_some(list)
    }

    /// Returns true if cached NSEC and NSEC3 records may deny names (RFC 8198): not in the zones of DNS lists, and not with configured
    /// servers.
    pub fn synthesizes(&self) -> bool {
        self.policy.nxdomain_cut && matches!(self.target, RouteTarget::Iterate)
    }

    /// Returns the configured source address of the address family of `server`.
    pub fn source_for(&self, server: IpAddr) -> Option<IpAddr> {
        self.policy.source.iter().copied().find(|source| source.is_ipv4() == server.is_ipv4())
    }
}

/// The policy of a route: the settings for questions and answers in its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonePolicy {
    /// The source addresses of queries. If there are none, the kernel chooses the address.
    pub source: Vec<IpAddr>,
    /// The longest time for which a positive answer is cached.
    pub max_ttl: Duration,
    /// The longest time for which a negative answer is cached.
    pub negative_max_ttl: Duration,
    /// The time for which an answer may be used after its TTL has expired, if no server answers. It is 0 for DNS lists.
    pub serve_stale: Duration,
    /// True if no server is asked for a name below a name that does not exist (RFC 8020).
    pub nxdomain_cut: bool,
    /// True if servers may first be asked for shorter names (RFC 9156). False in the zone of a DNS list.
    pub minimise: bool,
    /// The DNS list, if the zone is that of a list.
    pub list: Option<Arc<List>>,
    /// True if two servers are asked at the same time when it is not known which one is the best.
    pub race: bool,
    /// True if no second server is asked while the first one may still answer, and no server is probed in the background.
    pub one_at_a_time: bool,
    /// True if a question ends when two servers in a row have answered REFUSED: the owner of the zone probably blocks this resolver, and
    /// further queries would prolong the block.
    pub refusals_end: bool,
}

/// The error that a zone cannot be served as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("zone {zone}: {reason}")]
pub struct Wrong {
    /// The name of the zone, and of its view if it has one.
    pub zone: String,
    /// A sentence for the operator.
    pub reason: String,
}

impl Wrong {
    pub(super) fn in_zone(zone: &ConfiguredZone, reason: impl Into<String>) -> Self {
        Self { zone: named(zone), reason: reason.into() }
    }

    /// Returns true if the error belongs to this zone.
    pub fn is_of(&self, zone: &ConfiguredZone) -> bool {
        self.zone == named(zone)
    }
}

/// Returns the name of a zone with the name of its view. The result is different for each zone of the configuration.
fn named(zone: &ConfiguredZone) -> String {
    let of_view = zone.view.as_ref().map(|view| format!(" of the view {view}")).unwrap_or_default();
    format!("{}{of_view}", zone.name)
}

/// Returns true if this route answers the question. Returns false only for a DNS list that is shut down, if the question looks up nothing
/// in the list, for example if it asks for the website of the list's owner.
pub(super) fn is_for(route: &Route, name: &Name, kind: RecordType) -> bool {
    match &route.policy.list {
        Some(list) if !list.is_alive() && matches!(route.target, RouteTarget::Local(_)) => {
            matches!(kind, RecordType::A | RecordType::TXT) && list.asks_though_shut_down(name)
        }
        _ => true,
    }
}

/// Returns the route to the public servers while the data of a DNS list's mirror are too old.
pub(super) fn instead(route: &Route) -> Option<&Arc<Route>> {
    let mirrored = route.mirrored.as_ref().filter(|mirrored| mirrored.mirror.is_stale())?;
    mirrored.public.as_ref()
}

/// Returns true if two routes lead to the same servers of the same mirror.
pub fn same_mirror(one: &Route, other: &Route) -> bool {
    one.zone == other.zone && one.way() == other.way()
}
