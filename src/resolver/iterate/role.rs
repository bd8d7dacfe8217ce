//! The role of a server for a question: who named it, and whether it is asked for the whole answer.

use hickory_proto::rr::Name;

use crate::cache::entries::Delegation;
use crate::zones::{Route, RouteTarget};
use dns::question::{name_text, zone_text};
use history::event::ServerOrigin;

/// The role of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// Recursion from the root has found it.
    Found,
    /// The operator has named it as a server of a stub zone.
    Stub,
    /// A server of a stub zone refers to it.
    BelowStub,
    /// The operator has named it as a forwarder: a recursive server, which is asked for the whole answer.
    Forwarder,
}

impl ServerRole {
    /// The role of the servers of `cut` on `route`.
    pub(super) fn of(route: &Route, cut: &Delegation) -> Self {
        match route.target {
            RouteTarget::Forward { .. } => Self::Forwarder,
            RouteTarget::Iterate => Self::Found,
            _ if cut.configured.is_empty() => Self::BelowStub,
            _ => Self::Stub,
        }
    }

    /// The servers of this role of `zone`, for a sentence: `server of example.com.`, or with `plural` `servers of`.
    pub(super) fn of_zone(self, zone: &Name, plural: bool) -> String {
        let s = if plural { "s" } else { "" };
        match self {
            // The operator has written this name.
            Self::Forwarder if zone.is_root() => format!("forwarder{s} of zone \".\""),
            Self::Forwarder => format!("forwarder{s} of {}", name_text(zone)),
            Self::Found | Self::Stub | Self::BelowStub => format!("server{s} of {}", zone_text(zone)),
        }
    }

    /// Its origin, for the record.
    pub(super) fn origin(self) -> ServerOrigin {
        match self {
            Self::Found => ServerOrigin::Recursion,
            Self::Stub | Self::BelowStub | Self::Forwarder => ServerOrigin::Configuration,
        }
    }

    /// Whether the operator has named it.
    pub(super) fn is_configured(self) -> bool {
        matches!(self, Self::Stub | Self::Forwarder)
    }

    /// Whether it is a recursive server.
    pub(super) fn is_recursive(self) -> bool {
        self == Self::Forwarder
    }
}
