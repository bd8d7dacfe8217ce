//! How a server became known: by recursion, as a server of a stub zone, or as a forwarder.

use hickory_proto::rr::Name;

use dns::cached::Delegation;
use dns::question::{name_text, zone_text};
use record::event::ServerOrigin;
use zones::{Route, RouteTarget};

/// How a server became known, which decides how it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerRole {
    /// Recursion found the server: a referral from another server names it.
    Found,
    /// The configuration names the server as a server of a stub zone.
    Stub,
    /// The server is named in a delegation that a server of a stub zone sent.
    BelowStub,
    /// The configuration names the server as a forwarder (a recursive server).
    Forwarder,
}

impl ServerRole {
    pub(super) fn for_cut(route: &Route, cut: &Delegation) -> Self {
        match route.target {
            RouteTarget::Forward { .. } => Self::Forwarder,
            RouteTarget::Iterate => Self::Found,
            _ if cut.configured.is_empty() => Self::BelowStub,
            _ => Self::Stub,
        }
    }

    /// Returns a text such as `server of example.com.`. If `plural` is true, it begins with `servers`.
    pub(super) fn text_with_zone(self, zone: &Name, plural: bool) -> String {
        let s = if plural { "s" } else { "" };
        match self {
            // The configuration writes the root zone as ".", so error texts do too.
            Self::Forwarder if zone.is_root() => format!("forwarder{s} of zone \".\""),
            Self::Forwarder => format!("forwarder{s} of {}", name_text(zone)),
            Self::Found | Self::Stub | Self::BelowStub => format!("server{s} of {}", zone_text(zone)),
        }
    }

    pub(super) fn origin(self) -> ServerOrigin {
        match self {
            Self::Found => ServerOrigin::Recursion,
            Self::Stub | Self::BelowStub | Self::Forwarder => ServerOrigin::Configuration,
        }
    }

    pub(super) fn is_configured(self) -> bool {
        matches!(self, Self::Stub | Self::Forwarder)
    }

    pub(super) fn is_recursive(self) -> bool {
        self == Self::Forwarder
    }
}
