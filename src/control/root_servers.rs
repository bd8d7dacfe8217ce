//! The root servers that the daemon queries, for checks that begin at the root.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::controlled::Controlled;
use dns::cached::Delegation;
use dns::question::Question;
use resolver::cache::look::HeldData;

/// Returns one address of each root server that the daemon queries, from the delegation of the root in the cache.
pub async fn ask(subject: &impl Controlled) -> Vec<IpAddr> {
    let question = Question::new(&Name::root(), RecordType::NS);
    // The query brings the delegation into the cache. Its answer is not needed.
    let _ = subject.query(question).await;
    let (held, _) = subject.look(Name::root(), None).await;
    let delegations = held.iter().filter_map(|held| match &held.what {
        HeldData::Delegation(delegation) => Some(delegation),
        _ => None,
    });
    delegations.flat_map(|delegation| first_addresses(delegation)).collect()
}

fn first_addresses(delegation: &Delegation) -> impl Iterator<Item = IpAddr> {
    let first = |place: usize| delegation.glue.iter().find(move |(of, _)| *of == place);
    (0..delegation.servers.len()).filter_map(first).map(|(_, address)| *address)
}
