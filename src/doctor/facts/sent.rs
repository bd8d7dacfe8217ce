//! Counts the queries to each server, so that findings say correctly how often a server was asked.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Returns true if missing replies of `server` over UDP and TCP may be chance, because at least one in four queries to other servers was
/// lost. With fewer losses, four queries over UDP and all packets of a TCP connection are lost only once in ten thousand lookups.
pub(crate) fn may_be_chance(sent: &BTreeMap<IpAddr, SentQueries>, server: IpAddr) -> bool {
    others_lose(sent, server, 4)
}

/// Returns true if at least one in `in_all` of the queries to the other servers was lost. A single loss proves nothing.
pub(crate) fn others_lose(sent: &BTreeMap<IpAddr, SentQueries>, server: IpAddr, in_all: usize) -> bool {
    let others = || sent.iter().filter(|(other, _)| **other != server).map(|(_, sent)| sent);
    let lost: usize = others().map(|sent| sent.lost).sum();
    lost > 1 && in_all * lost >= lost + others().map(|sent| sent.answered).sum::<usize>()
}

/// The result of a query.
#[derive(Clone, Copy, Debug)]
pub enum QueryEnd {
    /// The query got a reply.
    Answered,
    /// The query got no reply in time.
    Unanswered,
    /// The check ended before the reply, or another query for the same records was answered first.
    CutOff,
    /// This host did not send the query.
    NotSent,
}

/// The number of queries to one server, over UDP and TCP, by their results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentQueries {
    /// Queries with a reply.
    pub answered: usize,
    /// Queries without a reply in time.
    pub unanswered: usize,
    /// Queries that may have been answered later: they were sent shortly before the end of the check, or another query for the same records
    /// was answered first.
    pub cut_off: usize,
    /// Queries that were answered only when they were repeated. So datagrams are lost on the path.
    pub lost: usize,
}

impl SentQueries {
    /// Counts a query.
    pub const fn count(&mut self, end: QueryEnd) {
        match end {
            QueryEnd::Answered => self.answered += 1,
            QueryEnd::Unanswered => self.unanswered += 1,
            QueryEnd::CutOff => self.cut_off += 1,
            QueryEnd::NotSent => {}
        }
    }

    /// Returns true if the server answered some query only when it was repeated.
    pub const fn is_lossy(self) -> bool {
        self.lost > 0
    }

    pub(crate) const fn all(self) -> usize {
        self.answered + self.unanswered + self.cut_off
    }

    /// Returns true if any query was sent.
    pub const fn is_any(self) -> bool {
        self.all() > 0
    }

    /// Describes a server for which the check could not find out whether it serves the zone. The text has the number of queries and the reason `why`.
    pub(crate) fn unknown(self, why: &str) -> String {
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
    use super::QueryEnd::{Answered, CutOff, NotSent, Unanswered};
    use super::*;

    #[test]
    fn server_without_queries_was_not_asked() {
        for (queries, words) in [
            (&[][..], "was not asked: x"),
            (&[NotSent, NotSent], "was not asked: x"),
            (&[Unanswered], "did not answer 1 query: x"),
            (&[Unanswered, Unanswered, CutOff], "did not answer 2 of 2 queries: x"),
            (&[Answered, Unanswered, Answered], "did not answer 1 of 3 queries: x"),
            (&[Answered], "was asked without a result: x"),
            (&[CutOff], "was asked without a result: x"),
        ] {
            let mut sent = SentQueries::default();
            queries.iter().for_each(|end| sent.count(*end));
            assert_eq!(sent.unknown("x"), words);
        }
    }
}
