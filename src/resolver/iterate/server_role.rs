//! The role of a server for a question: found by recursion, server of a stub zone, or forwarder.

use hickory_proto::rr::Name;

use crate::cache::entries::Delegation;
use crate::zones::{Route, RouteTarget};
use dns::question::{name_text, zone_text};
use history::event::ServerOrigin;

/// The role of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// A referral of another server names it.
    Found,
    /// The configuration names it as a server of a stub zone.
    Stub,
    /// A server of a stub zone refers to it.
    BelowStub,
    /// The configuration names it as a forwarder: a recursive server, which resolves the whole question.
    Forwarder,
}

impl ServerRole {
    /// The role of the servers of `cut` on `route`.
    pub(super) fn for_cut(route: &Route, cut: &Delegation) -> Self {
        match route.target {
            RouteTarget::Forward { .. } => Self::Forwarder,
            RouteTarget::Iterate => Self::Found,
            _ if cut.configured.is_empty() => Self::BelowStub,
            _ => Self::Stub,
        }
    }

    /// The servers of this role of `zone`, for a sentence: `server of example.com.`, or with `plural` `servers of`.
    pub(super) fn text_with_zone(self, zone: &Name, plural: bool) -> String {
        let s = if plural { "s" } else { "" };
        match self {
            // The operator has written this name.
            Self::Forwarder if zone.is_root() => format!("forwarder{s} of zone \".\""),
            Self::Forwarder => format!("forwarder{s} of {}", name_text(zone)),
            Self::Found | Self::Stub | Self::BelowStub => format!("server{s} of {}", zone_text(zone)),
        }
    }

    /// Its origin, for the history.
    pub(super) fn origin(self) -> ServerOrigin {
        match self {
            Self::Found => ServerOrigin::Recursion,
            Self::Stub | Self::BelowStub | Self::Forwarder => ServerOrigin::Configuration,
        }
    }

    /// Returns true if the configuration names it.
    pub(super) fn is_configured(self) -> bool {
        matches!(self, Self::Stub | Self::Forwarder)
    }

    /// Returns true if it is a recursive server.
    pub(super) fn is_recursive(self) -> bool {
        self == Self::Forwarder
    }
}
