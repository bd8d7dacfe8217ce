//! The route of the names below one apex: its target and its policy.

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

/// The route of the names below one apex.
#[derive(Debug)]
pub struct Route {
    /// The apex.
    pub zone: Name,
    /// The target.
    pub target: RouteTarget,
    /// The policy of the route.
    pub policy: ZonePolicy,
    /// The mirror on its servers whose age is watched, if any.
    pub(crate) mirrored: Option<Mirrored>,
}

/// A mirror, and its replacement.
#[derive(Debug)]
pub struct Mirrored {
    /// The age of its data.
    pub mirror: Mirror,
    /// The route while they are too old; none if the mirror is asked nevertheless.
    pub public: Option<Arc<Route>>,
}

/// The target of a route.
#[derive(Debug)]
pub enum RouteTarget {
    /// Recursion from the closest known cut.
    Iterate,
    /// Recursion from these servers of the zone.
    Stub(Arc<Delegation>),
    /// Recursive servers, asked for the whole answer.
    Forward {
        /// The servers, as a delegation of the zone.
        servers: Arc<Delegation>,
        /// Their encryption, by place.
        encryption: Vec<Option<Arc<Encryption>>>,
        /// The route if they fail (`forward_first`): recursion, with the same policy.
        beyond: Option<Arc<Route>>,
    },
    /// An answer is made here.
    Local(Authority),
}

impl Route {
    /// The servers of the questions to a list on this route.
    pub fn way(&self) -> Way {
        match &self.target {
            RouteTarget::Iterate | RouteTarget::Local(_) => Way::Public,
            RouteTarget::Stub(servers) => Way::Stub(servers.configured.clone()),
            RouteTarget::Forward { servers, .. } => Way::Forwarders(servers.configured.clone()),
        }
    }

    /// The list to which a question for `name` on this route belongs. Returns `None` if the name is in the zone of the list, but is not a question to
    /// the list.
    pub(crate) fn list_asked(&self, name: &Name) -> Option<Arc<List>> {
        let list = self.policy.list.clone()?;
        (list.asked(name) != AskedAbout::Nothing || !list.is_alive()).then_some(list)
    }

    /// The configured source address of the family of `server`; none if there is none.
    pub(crate) fn source_for(&self, server: IpAddr) -> Option<IpAddr> {
        self.policy.source.iter().copied().find(|source| source.is_ipv4() == server.is_ipv4())
    }
}

/// The policy for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonePolicy {
    /// The addresses to ask from; empty: the system chooses.
    pub source: Vec<IpAddr>,
    /// The longest time that a positive answer is kept.
    pub max_ttl: Duration,
    /// The longest time that a negative answer is kept.
    pub negative_max_ttl: Duration,
    /// How long after its TTL an answer may still be used if no server answers; 0 for DNS lists.
    pub serve_stale: Duration,
    /// True if nothing is asked below a name that is proven not to exist (RFC 8020).
    pub(crate) nxdomain_cut: bool,
    /// True if names between the apex and the whole name may be probed first (RFC 9156); not in the zone of a DNS list.
    pub minimise: bool,
    /// The DNS list of this zone.
    pub list: Option<Arc<List>>,
    /// True if two servers are asked at the same time when it is not known which is best.
    pub race: bool,
    /// True if servers are asked one at a time, and only if needed: no second server is asked while the first may still answer, and none is probed in
    /// the background.
    pub(crate) one_at_a_time: bool,
    /// True if the question ends after two consecutive servers have answered REFUSED: the owner of the zone has blocked us, and further messages
    /// prolong the block.
    pub(crate) refusals_end: bool,
}

/// Why a zone cannot be served as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("zone {zone}: {reason}")]
pub struct Wrong {
    /// The zone, with its view.
    pub zone: String,
    /// The error.
    pub reason: String,
}

impl Wrong {
    /// The error of a configured zone.
    pub(super) fn in_zone(zone: &ConfiguredZone, reason: impl Into<String>) -> Self {
        Self { zone: named(zone), reason: reason.into() }
    }

    /// Returns true if it is the error of this zone.
    pub fn is_of(&self, zone: &ConfiguredZone) -> bool {
        self.zone == named(zone)
    }
}

/// The name of a zone, with that of its view: no other zone has both.
fn named(zone: &ConfiguredZone) -> String {
    let of_view = zone.view.as_ref().map(|view| format!(" of the view {view}")).unwrap_or_default();
    format!("{}{of_view}", zone.name)
}

/// Returns true if a question uses the route of its zone. This is only false in the zone of a list that is shut down, for questions that are not
/// meant for the list: its owner may have mail and a website there.
pub(super) fn is_for(route: &Route, name: &Name, kind: RecordType) -> bool {
    match &route.policy.list {
        Some(list) if !list.is_alive() && matches!(route.target, RouteTarget::Local(_)) => {
            matches!(kind, RecordType::A | RecordType::TXT) && list.asks_though_shut_down(name)
        }
        _ => true,
    }
}

/// The route that replaces another while its mirror is too old.
pub(super) fn instead(route: &Route) -> Option<&Arc<Route>> {
    let mirrored = route.mirrored.as_ref().filter(|mirrored| mirrored.mirror.is_stale())?;
    mirrored.public.as_ref()
}

/// Returns true if two routes lead to the same servers of the same mirror.
pub fn same_mirror(one: &Route, other: &Route) -> bool {
    one.zone == other.zone && one.way() == other.way()
}
