//! Checks outgoing queries: they must reach the root servers, and no other server may answer in place of the root servers.
//!
//! Without TCP, large answers cannot be received (RFC 7766). If a provider answers instead of the servers, all DNS lists refuse the queries. A host
//! that forwards all names needs neither TCP nor root servers.

use super::root_zone::{RootZoneReplies, RootZoneReply};
use crate::system::{CheckVerdict, HostFinding};
use config::{Config, ZoneKind};

const UDP: &str = "outgoing UDP";

const TCP: &str = "outgoing TCP";

/// Reports whether a root server answers over UDP. `forwards_all` is true if resolverd forwards all names, and so needs no root server.
pub(super) fn udp(heard: &RootZoneReplies, forwards_all: bool) -> HostFinding {
    let advice = "permit outgoing UDP to port 53: resolverd queries the servers on the internet itself";
    eased(check(UDP, &heard.udp, advice), forwards_all)
}

/// Reports whether a root server answers over TCP. `forwards_all` is true if resolverd forwards all names, and so needs no root server.
pub(super) fn tcp(heard: &RootZoneReplies, forwards_all: bool) -> HostFinding {
    let advice = "permit outgoing TCP to port 53: large answers need TCP";
    eased(check(TCP, &heard.tcp, advice), forwards_all)
}

/// A failure is harmless if resolverd forwards all names, because resolverd then needs no root server.
fn eased(found: HostFinding, forwards_all: bool) -> HostFinding {
    if found.verdict != CheckVerdict::Failure || !forwards_all {
        return found;
    }
    let evidence = format!("{}; resolverd forwards all names, so it needs no root server", found.evidence);
    HostFinding::ok(found.check, evidence)
}

/// Returns true if all names are forwarded, and none are resolved from the root even if the forwarders fail.
pub(super) fn forwards_all(config: &Config) -> bool {
    // Programs of this host belong to no view, so only zones without a view count.
    let zones = || config.zones.iter().filter(|zone| zone.view.is_none());
    let recurses = zones().any(|zone| zone.kind == ZoneKind::Recurse || zone.forward_first);
    !recurses && zones().any(|zone| zone.name.is_root() && matches!(zone.kind, ZoneKind::Forward(_)))
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
