//! Egress: whether this host's own questions reach the root servers, and nobody else answers in their place.
//!
//! Without TCP no large answer comes (RFC 7766); a provider that answers in a server's place makes every DNS list refuse
//! us.

use super::root_zone::{Heard, Reply};
use crate::check::Finding;

/// Datagrams.
pub(super) fn udp(heard: &Heard) -> Finding {
    check("egress UDP", &heard.udp, "let UDP to port 53 out: resolverd asks the servers of the world itself")
}

/// Streams.
pub(super) fn tcp(heard: &Heard) -> Finding {
    check(
        "egress TCP",
        &heard.tcp,
        "let TCP to port 53 out: answers that do not fit a datagram come that way",
    )
}

fn check(check: &'static str, reply: &Reply, advice: &str) -> Finding {
    match reply {
        Err(why) => Finding::failure(check, why.as_str(), advice),
        Ok((server, said)) if said.recursive || !said.authoritative => Finding::failure(
            check,
            format!("somebody else answers in the place of the root server {server}"),
            "ask the provider not to redirect port 53, or forward to a resolver that you trust",
        ),
        Ok((server, _)) => Finding::ok(check, format!("the root server {server} answers")),
    }
}
