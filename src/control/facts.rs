//! Answers the questions of a check of a domain in the daemon itself, for watched domains.

use super::connection;
use super::controlled::Controlled;
use super::lists::{self, ListChoice};
use doctor::facts::{Got, NoReply, Want};
use protocol::Reply;
use protocol::facts::{got, request};

/// Lets the daemon answer a question that a check of a domain asks. This function does not use the control socket.
pub async fn ask(subject: &impl Controlled, want: &Want) -> Got {
    // No operator waits for this answer. The daily quota of a DNS list must not be used up for it, because mail needs this quota.
    if let Want::Lists { subject: about } = want {
        return ask_lists(subject, about, ListChoice::InUseWithinQuota).await;
    }
    let unasked = || Got::NoReply(NoReply::Unknown("the daemon does not send this query".to_owned()));
    let Some(request) = request(want) else { return unasked() };
    let replies = connection::answer(request, subject).await;
    match replies.last() {
        Some(Reply::Problem(problem)) => Got::NoReply(NoReply::Unknown(problem.sentence.clone())),
        _ => got(replies),
    }
}

/// Asks the DNS lists about an address or domain of own mail: the blocklists in use, and the large ones of the registry.
pub async fn ask_own_lists(subject: &impl Controlled, about: &str) -> Got {
    ask_lists(subject, about, ListChoice::OwnMail).await
}

async fn ask_lists(subject: &impl Controlled, about: &str, choice: ListChoice<'_>) -> Got {
    let tests = lists::test(subject, about, choice).await;
    // Here, an error can only say that no list covers this kind of name.
    tests.map_or_else(|_| Got::Lists(Vec::new()), got)
}
