//! Outgoing queries: whether this host's own queries reach the root servers, and no other server answers in their place.
//!
//! Without TCP no large answer comes (RFC 7766); a provider that answers in a server's place makes every DNS list refuse
//! us. A host that forwards all names needs neither, but for the zones that it resolves from the root servers nevertheless.

use super::forwarding::Forwarding;
use super::root_zone::{RootZoneReplies, RootZoneReply};
use crate::system::{CheckVerdict, HostFinding};

/// The names of the checks.
pub(crate) const CHECKS: [&str; 2] = [UDP, TCP];

const UDP: &str = "outgoing UDP";

const TCP: &str = "outgoing TCP";

/// Datagrams.
pub(super) fn udp(heard: &RootZoneReplies, forwarding: Option<&Forwarding>) -> HostFinding {
    let advice = "permit outgoing UDP to port 53: resolverd queries the servers on the internet itself";
    eased(check(UDP, &heard.udp, advice), forwarding)
}

/// Streams.
pub(super) fn tcp(heard: &RootZoneReplies, forwarding: Option<&Forwarding>) -> HostFinding {
    let advice = "permit outgoing TCP to port 53: large answers need TCP";
    eased(check(TCP, &heard.tcp, advice), forwarding)
}

/// The finding of a host that forwards all names: at most a warning.
fn eased(found: HostFinding, forwarding: Option<&Forwarding>) -> HostFinding {
    let Some(forwarding) = forwarding.filter(|_| found.verdict == CheckVerdict::Failure) else {
        return found;
    };
    let (evidence, words) = (found.evidence, forwarding.words());
    match forwarding.recursing_words() {
        None => HostFinding::ok(found.check, format!("{evidence}; {words}, so it needs no root server")),
        Some(zones) => HostFinding::warning(
            found.check,
            format!("{evidence}; {words}, but needs the root servers for {zones}"),
            "permit outgoing UDP and TCP to port 53, or remove `recurse` and `forward_first` of these zones: they are then forwarded, too",
        ),
    }
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
