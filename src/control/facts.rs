//! Answers the questions of a check of a domain in the daemon itself, for watched domains, and names the root servers.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

use super::lists::{self, ListChoice};
use super::{Controlled, connection};
use dns::cached::Delegation;
use dns::question::Question;
use doctor::facts::{Got, NoReply, Want};
use protocol::Reply;
use protocol::facts::{got, request};
use resolver::cache::look::HeldData;

/// Lets the daemon answer a question that a check of a domain asks. This function does not use the control socket.
pub async fn ask(subject: &impl Controlled, want: &Want) -> Got {
    // No operator waits for this answer. The daily quota of a DNS list must not be used up for it, because mail needs this quota.
    if let Want::Lists { subject: about } = want {
        let tests = lists::test(subject, about, ListChoice::InUseWithinQuota).await;
        // Here, an error can only say that no list in use covers this kind of name.
        return tests.map_or_else(|_| Got::Lists(Vec::new()), got);
    }
    let unasked = || Got::NoReply(NoReply::Unknown("the daemon does not send this query".to_owned()));
    let Some(request) = request(want) else { return unasked() };
    let replies = connection::answer(request, subject).await;
    match replies.last() {
        Some(Reply::Problem(problem)) => Got::NoReply(NoReply::Unknown(problem.sentence.clone())),
        _ => got(replies),
    }
}

/// Returns one address of each root server that the daemon queries, from the delegation of the root in the cache.
pub async fn root_servers(subject: &impl Controlled) -> Vec<IpAddr> {
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
