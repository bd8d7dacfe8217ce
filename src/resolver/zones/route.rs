//! The route of the questions for names below an apex: where they are sent, and with which policy.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::authority::Authority;
use super::mirror::Mirror;
use crate::cache::entries::Delegation;
use crate::config::ConfiguredZone;
use crate::dnsbl::list::{AskedAbout, List};
use crate::dnsbl::list_way::Way;
use dns::conduct::Encryption;

/// The route of the questions for names at and below an apex.
#[derive(Debug)]
pub struct Route {
    /// The apex of the zone.
    pub zone: Name,
    /// The target of the questions.
    pub target: RouteTarget,
    /// The policy of the route.
    pub policy: ZonePolicy,
    /// The mirror that the route asks, if the age of its data is watched.
    pub(crate) mirrored: Option<Mirrored>,
}

/// A mirror whose age is watched, and its replacement.
#[derive(Debug)]
pub struct Mirrored {
    /// The state of the mirror.
    pub mirror: Mirror,
    /// The route that is used while the data are too old. `None`: the mirror is asked nevertheless.
    pub public: Option<Arc<Route>>,
}

/// The target of the questions of a route.
#[derive(Debug)]
pub enum RouteTarget {
    /// Recursion from the closest known cut.
    Iterate,
    /// Recursion that begins at these servers of the zone.
    Stub(Arc<Delegation>),
    /// Recursive servers that are asked for the whole answer.
    Forward {
        /// The servers, as a delegation of the zone.
        servers: Arc<Delegation>,
        /// The encryption for each server, in the order of the servers.
        encryption: Vec<Option<Arc<Encryption>>>,
        /// The route that is used if the servers fail (`forward_first`): recursion, with the same policy.
        beyond: Option<Arc<Route>>,
    },
    /// resolverd answers the questions itself.
    Local(Authority),
}

impl Route {
    /// Returns the servers ("way") to which questions to a DNS list are sent on this route.
    pub fn way(&self) -> Way {
        match &self.target {
            RouteTarget::Iterate | RouteTarget::Local(_) => Way::Public,
            RouteTarget::Stub(servers) => Way::Stub(servers.configured.clone()),
            RouteTarget::Forward { servers, .. } => Way::Forwarders(servers.configured.clone()),
        }
    }

    /// Returns the list to which a question for `name` on this route belongs. Returns `None` if there is no list, or if the name is in the zone of
    /// the list but is not a question to the list.
    pub(crate) fn list_asked(&self, name: &Name) -> Option<Arc<List>> {
        let list = self.policy.list.clone()?;
        (list.asked(name) != AskedAbout::Nothing || !list.is_alive()).then_some(list)
    }

    /// Returns the configured source address of the same family as `server`, or `None` if there is none.
    pub(crate) fn source_for(&self, server: IpAddr) -> Option<IpAddr> {
        self.policy.source.iter().copied().find(|source| source.is_ipv4() == server.is_ipv4())
    }
}

/// The policy for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonePolicy {
    /// The addresses from which queries are sent. Empty: the system chooses the address.
    pub source: Vec<IpAddr>,
    /// The longest time for which a positive answer is stored.
    pub max_ttl: Duration,
    /// The longest time for which a negative answer is stored.
    pub negative_max_ttl: Duration,
    /// The time after its TTL for which an answer may still be used if no server answers. It is 0 for DNS lists.
    pub serve_stale: Duration,
    /// True if no server is asked for names below a name that provably does not exist (RFC 8020).
    pub(crate) nxdomain_cut: bool,
    /// True if names between the apex and the whole name may be asked for first (RFC 9156). False in the zone of a DNS list.
    pub minimise: bool,
    /// The DNS list of this zone, if the zone is one.
    pub list: Option<Arc<List>>,
    /// True if two servers are asked at the same time when it is not known which one is the best.
    pub race: bool,
    /// True if servers are asked one at a time, and only if needed. No second server is then asked while the first one may still answer, and no
    /// server is probed in the background.
    pub(crate) one_at_a_time: bool,
    /// True if a question ends after two consecutive servers have answered REFUSED. The owner of the zone has then blocked us, and further messages
    /// would prolong the block.
    pub(crate) refusals_end: bool,
}

/// The error if a zone cannot be served as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("zone {zone}: {reason}")]
pub struct Wrong {
    /// The name of the zone, with the name of its view.
    pub zone: String,
    /// What is wrong.
    pub reason: String,
}

impl Wrong {
    /// Creates the error of a configured zone.
    pub(super) fn in_zone(zone: &ConfiguredZone, reason: impl Into<String>) -> Self {
        Self { zone: named(zone), reason: reason.into() }
    }

    /// Returns true if the error belongs to this zone.
    pub fn is_of(&self, zone: &ConfiguredZone) -> bool {
        self.zone == named(zone)
    }
}

/// Returns the name of a zone with the name of its view. No other zone has both.
fn named(zone: &ConfiguredZone) -> String {
    let of_view = zone.view.as_ref().map(|view| format!(" of the view {view}")).unwrap_or_default();
    format!("{}{of_view}", zone.name)
}

/// Returns true if a question uses the route of its zone. This is only false in the zone of a list that is shut down, for questions that are not
/// meant for the list: the owner of the zone may have mail and a website there.
pub(super) fn is_for(route: &Route, name: &Name, kind: RecordType) -> bool {
    match &route.policy.list {
        Some(list) if !list.is_alive() && matches!(route.target, RouteTarget::Local(_)) => {
            matches!(kind, RecordType::A | RecordType::TXT) && list.asks_though_shut_down(name)
        }
        _ => true,
    }
}

/// Returns the route that replaces `route` while the data of its mirror are too old.
pub(super) fn instead(route: &Route) -> Option<&Arc<Route>> {
    let mirrored = route.mirrored.as_ref().filter(|mirrored| mirrored.mirror.is_stale())?;
    mirrored.public.as_ref()
}

/// Returns true if two routes lead to the same servers of the same mirror.
pub fn same_mirror(one: &Route, other: &Route) -> bool {
    one.zone == other.zone && one.way() == other.way()
}
