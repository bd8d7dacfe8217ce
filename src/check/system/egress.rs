//! Outgoing queries: whether this host's own queries reach the root servers, and no other server answers in their place.
//!
//! Without TCP no large answer comes (RFC 7766); a provider that answers in a server's place makes every DNS list refuse
//! us.

use super::root_zone::{RootZoneReplies, RootZoneReply};
use crate::check::HostFinding;

/// Datagrams.
pub(super) fn udp(heard: &RootZoneReplies) -> HostFinding {
    check(
        "outgoing UDP",
        &heard.udp,
        "permit outgoing UDP to port 53: resolverd queries the servers on the internet itself",
    )
}

/// Streams.
pub(super) fn tcp(heard: &RootZoneReplies) -> HostFinding {
    check("outgoing TCP", &heard.tcp, "permit outgoing TCP to port 53: large answers need TCP")
}

fn check(check: &'static str, reply: &RootZoneReply, advice: &str) -> HostFinding {
    match reply {
        Err(why) => HostFinding::failure(check, format!("no root server answers; {why}"), advice),
        Ok((server, said)) if said.recursive || !said.authoritative => HostFinding::failure(
            check,
            format!("another server answers in place of the root server {server}"),
            "ask your provider to stop redirecting port 53, or forward to a resolver that you trust",
        ),
        Ok((server, _)) => HostFinding::ok(check, format!("the root server {server} answers")),
    }
}
