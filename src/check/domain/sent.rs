//! The queries that a check has sent to a server, counted: a server that was asked is never said not to have been.

use super::facts::{Got, NoReply};

/// Queries to one server, over UDP and TCP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentQueries {
    /// With a reply.
    pub answered: usize,
    /// Without a reply in time.
    pub unanswered: usize,
    /// Sent shortly before the end of the check: a reply may have come later.
    pub cut_off: usize,
    /// Whether the server has answered a query which was silent before: datagrams are lost on the way, so silence may be chance.
    pub is_lossy: bool,
}

impl SentQueries {
    /// Counts a query; none: the check has ended while it was under way.
    pub(super) const fn count(&mut self, got: Option<&Got>) {
        match got {
            None => self.cut_off += 1,
            // This host has sent nothing.
            Some(Got::NoReply(NoReply::Unknown(_) | NoReply::NoRoute)) => {}
            Some(Got::NoReply(NoReply::Silent | NoReply::Unreachable)) => self.unanswered += 1,
            Some(_) => self.answered += 1,
        }
    }

    /// Whether anything was sent.
    pub(super) const fn is_any(self) -> bool {
        self.answered + self.unanswered + self.cut_off > 0
    }

    /// The conduct of a server of which it could not be told whether it serves the zone.
    pub(super) fn untold(self, why: &str) -> String {
        let Self { answered, unanswered, .. } = self;
        match (answered + unanswered, unanswered) {
            _ if !self.is_any() => format!("was not asked: {why}"),
            (_, 0) => format!("was asked without a result: {why}"),
            (1, 1) => format!("did not answer 1 query: {why}"),
            (all, lost) => format!("did not answer {lost} of {all} queries: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::ReplyFacts;
    use super::*;

    #[test]
    fn a_server_was_not_asked_only_if_nothing_was_sent_to_it() {
        let (reply, silent) = (Got::Reply(ReplyFacts::default()), Got::NoReply(NoReply::Silent));
        let (unsent, refused) =
            (Got::NoReply(NoReply::Unknown(String::new())), Got::NoReply(NoReply::Unreachable));
        for (queries, words) in [
            (&[][..], "was not asked: x"),
            (&[Some(&unsent), Some(&Got::NoReply(NoReply::NoRoute))], "was not asked: x"),
            (&[Some(&silent)], "did not answer 1 query: x"),
            (&[Some(&silent), Some(&refused), None], "did not answer 2 of 2 queries: x"),
            (&[Some(&reply), Some(&silent), Some(&reply)], "did not answer 1 of 3 queries: x"),
            (&[Some(&reply)], "was asked without a result: x"),
            (&[None], "was asked without a result: x"),
        ] {
            let mut sent = SentQueries::default();
            queries.iter().for_each(|got| sent.count(*got));
            assert_eq!(sent.untold("x"), words);
        }
    }
}
