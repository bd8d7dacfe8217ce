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
