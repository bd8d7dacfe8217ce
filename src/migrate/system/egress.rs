//! Checks outgoing queries: they must reach the root servers, and no other server may answer in place of the root servers.
//!
//! Without TCP, large answers cannot be received (RFC 7766). If a provider answers in place of the servers, all DNS lists refuse
//! the queries. A host that forwards all names needs neither TCP nor direct contact to servers.

use super::root_zone::{RootZoneReplies, RootZoneReply};
use crate::system::{CheckVerdict, HostFinding};
use resolver::config::{Config, ZoneKind};

const UDP: &str = "outgoing UDP";

const TCP: &str = "outgoing TCP";

/// Returns the finding about outgoing UDP queries. `forwards_all` is true if this host does not need the root servers, because it forwards all names.
pub(super) fn udp(heard: &RootZoneReplies, forwards_all: bool) -> HostFinding {
    let advice = "permit outgoing UDP to port 53: resolverd queries the servers on the internet itself";
    eased(check(UDP, &heard.udp, advice), forwards_all)
}

/// Returns the finding about outgoing TCP queries. `forwards_all` is true if this host does not need the root servers, because it forwards all names.
pub(super) fn tcp(heard: &RootZoneReplies, forwards_all: bool) -> HostFinding {
    let advice = "permit outgoing TCP to port 53: large answers need TCP";
    eased(check(TCP, &heard.tcp, advice), forwards_all)
}

/// Changes a failure to a harmless finding if this host forwards all names, because it does not need the root servers then.
fn eased(found: HostFinding, forwards_all: bool) -> HostFinding {
    if found.verdict != CheckVerdict::Failure || !forwards_all {
        return found;
    }
    let evidence = format!("{}; resolverd forwards all names, so it needs no root server", found.evidence);
    HostFinding::ok(found.check, evidence)
}

/// Returns true if queries for all names go to forwarders, and none to the root servers even if the forwarders fail.
pub(super) fn forwards_all(config: &Config) -> bool {
    // Only zones without a view count, because programs of this host get the same answers as the control socket, which belongs to no view.
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
