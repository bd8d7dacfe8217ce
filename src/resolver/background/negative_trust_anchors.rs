//! Tests negative trust anchors, and removes those whose zone validates again (RFC 7646 section 2).

use std::net::Ipv6Addr;
use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use crate::resolve::{Asked, Resolver};
use dns::question::{Client, Question, Security};
use dns::random::Random;
use exchange::network::Network;

/// Tests each negative trust anchor that has an expiry time, and removes those whose zone validates again. Returns their names.
///
/// A separate resolver with an empty cache asks for the SOA record at the name, with all negative trust anchors except the tested one.
pub async fn remove_unneeded(resolver: &Resolver, network: &Arc<dyn Network>, random: &Random) -> Vec<Name> {
    let mut removed = Vec::new();
    for (name, _) in resolver.ntas().list(resolver.clock().mono()) {
        let fresh = resolver.fresh(network, random);
        fresh.ntas().remove(&name);
        if validates(&fresh, &name).await && resolver.remove_nta(&name).await {
            removed.push(name);
        }
    }
    removed
}

async fn validates(resolver: &Resolver, name: &Name) -> bool {
    let tester = Client { address: Ipv6Addr::UNSPECIFIED.into(), port: 0, id: 0 };
    let Asked::Replied(replied) = resolver.ask(Question::new(name, RecordType::SOA), tester).await else {
        return false;
    };
    replied.answer.rcode == ResponseCode::NoError && replied.answer.security == Security::Secure
}
