//! Finds the culprit of a slow or failed message: the server, list, network or program for which its questions waited.
//!
//! The verdict is a pure function of one message's questions, their flights, and the traffic around them. It never guesses: causes that cost
//! about the same are all named, and "could not tell" is a valid result.
//!
//! # Decisions
//!
//! - Each moment in which the client waited counts once. Of the questions in progress, it counts for the one that ended last: the others did
//!   not delay the mail further. Within that question it counts for the query to a server that was in progress. An answered query counts
//!   before an unanswered one at the same time, because the answer ended the wait.
//! - A failed question costs as much as its client's patience, however quickly it failed, because the mail is deferred. A failed question to a
//!   DNS list defers no mail: the list is named after the causes of a delay, unless its failure itself took long.
//! - The pauses of a client excuse no failure: the failure is named first, and the client after it. If another mail may begin after a pause,
//!   the pause is not blamed on the client, see `pause`.
//! - A silence is called loss if the same server answers over the same transport shortly before and shortly after, or if it answers the next
//!   copy of the query. After two silences, the next copy may have no EDNS, so its answer does not show whether the first copies were lost;
//!   the verdict is then "could not tell". A silence is blamed on our own network if root servers were asked at the same time too, and no
//!   server on the internet answered.
//! - The silence of an IPv6 server is called a broken path if servers in several networks were silent and none answered over IPv6, while other
//!   servers answered over IPv4. The servers then cannot be reached, and the owner of a zone is not blamed alone.
//! - A zone above a DNS list that has the same owner as the list is treated as a part of the list: `spamcop.net.` for `bl.spamcop.net.`. The
//!   silence of the zone is a silence of the list, but the verdict names the zone whose servers were silent. The servers of a top-level domain
//!   are no part of a list: their silence is blamed on them, and the list is also named.
//! - A failed question is blamed on the last behaviour of each server: a server that was first silent and then refused counts as refusing.
//! - A server that has truncated an answer is not silent, whatever happens to the query over TCP: its answers need TCP, and TCP fails.

mod blame;
mod cause;
mod explained_question;
mod fault;
mod pause;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

pub use self::cause::{Cause, CulpritKind, DecisiveTime};
use self::cause::{CauseKey, cause};
pub use self::explained_question::ExplainedQuestion;
use self::explained_question::zone_of;
pub(super) use self::fault::last_conduct;
use self::fault::{kind_of, timeline};
use super::entry::QuestionEntry;
use super::traffic::Traffic;
use crate::limits::CLIENT_PAUSE;
use dns::clock::micros;

/// The verdict on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageVerdict {
    /// The time from the first question to the last reply, in microseconds.
    pub took: u64,
    /// The part of this time in which questions were in progress.
    pub waited: u64,
    /// The culprit first, then other causes that cost about the same. Never empty.
    pub causes: Vec<Cause>,
}

impl MessageVerdict {
    /// Returns true if something was slow or failed.
    pub(super) fn has_cause(&self) -> bool {
        self.causes.iter().any(|cause| cause.kind != CulpritKind::None)
    }

    /// Returns true if one of the causes made a question fail.
    pub fn has_failed(&self) -> bool {
        self.causes.iter().any(|cause| cause.failures > 0)
    }

    /// Puts the causes of some of the message's questions before the others, because the operator asked for these questions, or because a log
    /// line names their time. Returns true if there are any such causes.
    pub(super) fn put_first(&mut self, own: Self) -> bool {
        let names_one = |cause: &Cause| {
            let is_known =
                !matches!(cause.kind, CulpritKind::None | CulpritKind::Client | CulpritKind::Unknown);
            is_known || cause.failures > 0
        };
        let of_all = std::mem::take(&mut self.causes);
        let (mut first, mut others) = (Vec::new(), of_all);
        for cause in own.causes.into_iter().filter(names_one) {
            // The cause of the whole message includes all its queries.
            let place = others.iter().position(|one| (one.kind, &one.zone) == (cause.kind, &cause.zone));
            first.push(place.map_or(cause, |place| others.remove(place)));
        }
        let has_own = !first.is_empty();
        if has_own {
            others.retain(|cause| cause.kind != CulpritKind::None);
        }
        self.causes = first.into_iter().chain(others).collect();
        has_own
    }
}

/// Returns the culprit of a message, whose questions are in the order of time.
pub fn judge(asked: &[ExplainedQuestion<'_>], traffic: &Traffic) -> MessageVerdict {
    let began = asked.iter().map(|one| one.question.at).min().unwrap_or(0);
    let ended = asked.iter().map(|one| one.question.end()).max().unwrap_or(0);
    let mut causes: BTreeMap<CauseKey, Cause> = BTreeMap::new();
    let waited = spend(asked, (0, u64::MAX), traffic, &mut causes);
    for one in asked.iter().filter(|one| one.failed()) {
        blame::failure(one, traffic, &mut causes);
    }
    let took = ended.saturating_sub(began);
    let idle = pause(took, waited);
    if idle > 0 {
        let client = cause(&mut causes, (CulpritKind::Client, Box::default()));
        client.micros = idle;
    }
    let mut causes = named(causes.into_values().collect(), waited, traffic);
    let unsure = pause::before_other_mails(asked);
    if idle.saturating_sub(unsure) < micros(CLIENT_PAUSE) {
        for cause in causes.iter_mut().filter(|cause| cause.kind == CulpritKind::Client) {
            (cause.kind, cause.other_mail) = (CulpritKind::Unknown, true);
        }
    }
    MessageVerdict { took, waited, causes }
}

/// Returns the verdict on the part of a message that a time decides. The questions of the message are in the order of time.
pub(crate) fn judge_decisive(
    asked: &[ExplainedQuestion<'_>],
    traffic: &Traffic,
    decisive: DecisiveTime<u64>,
) -> MessageVerdict {
    match decisive {
        DecisiveTime::Until(end) => judge(&of_connection(asked, end), traffic),
        DecisiveTime::Delay { from, to } => {
            let mut causes = BTreeMap::new();
            let waited = spend(asked, (from, to), traffic, &mut causes);
            let causes = named(causes.into_values().collect(), waited, traffic);
            MessageVerdict { took: to.saturating_sub(from), waited, causes }
        }
    }
}

/// Returns the lookups of the host of a connection, up to `end`. The lookups of its mail may come in the same second.
fn of_connection<'e>(asked: &[ExplainedQuestion<'e>], end: u64) -> Vec<ExplainedQuestion<'e>> {
    let of_mail: BTreeSet<&[u8]> = asked
        .iter()
        .filter(|one| matches!(one.question.kind, RecordType::MX | RecordType::TXT))
        .map(|one| &*one.question.name)
        .collect();
    let is_of_host = |question: &QuestionEntry| match question.kind {
        RecordType::PTR => true,
        // If a domain has no MX, its addresses are queried.
        RecordType::A | RecordType::AAAA => !of_mail.contains(&*question.name),
        _ => false,
    };
    let is_of_connection =
        |one: &&ExplainedQuestion<'_>| one.question.end() <= end && is_of_host(one.question);
    asked.iter().filter(is_of_connection).copied().collect()
}

/// Returns the causes that are named, the greatest first, for a time in which questions waited for `waited`. Never empty.
fn named(mut causes: Vec<Cause>, waited: u64, traffic: &Traffic) -> Vec<Cause> {
    for cause in causes.iter_mut().filter(|cause| cause.kind == CulpritKind::Unreachable) {
        cause.silent_path = traffic.is_ipv6_silent() && cause.servers.keys().all(IpAddr::is_ipv6);
    }
    causes.retain(|cause| cause.cost() >= traffic.slow);
    let has_failed = causes.iter().any(|cause| cause.failures > 0);
    let is_excuse = |cause: &Cause| has_failed && cause.kind == CulpritKind::Client;
    // A DNS list that failed quickly has not delayed the mail.
    let is_aside = |cause: &Cause| cause.failures > 0 && cause.deferring == 0 && cause.micros < traffic.slow;
    causes.sort_by_key(|cause| (is_excuse(cause), is_aside(cause), std::cmp::Reverse(cause.cost())));
    let best = causes.first().map_or(0, Cause::cost);
    // A failure costs the patience of the client, however quickly it came. The cause of most of the time is also named, unless the failure was
    // caused by the same servers.
    let failed: Vec<Box<[u8]>> =
        causes.iter().filter(|cause| cause.failures > 0).map(|cause| cause.zone.clone()).collect();
    let took_most = |cause: &Cause| has_failed && cause.micros > waited / 2 && !failed.contains(&cause.zone);
    causes.retain(|cause| cause.cost() >= best / 10 * 9 || took_most(cause));
    if causes.is_empty() {
        causes.push(Cause::new(CulpritKind::None, Box::default()));
    }
    causes
}

/// Returns the time that the client waited between its questions, if this is a cause; otherwise 0.
fn pause(took: u64, waited: u64) -> u64 {
    let idle = took.saturating_sub(waited);
    if idle >= micros(CLIENT_PAUSE) { idle } else { 0 }
}

/// Counts the time from `from` to `to` in which questions were in progress, for the causes of the wait. Returns this time.
fn spend(
    asked: &[ExplainedQuestion<'_>],
    (from, to): (u64, u64),
    traffic: &Traffic,
    causes: &mut BTreeMap<CauseKey, Cause>,
) -> u64 {
    let waiting = asked.iter().map(|one| (one, (one.question.at.max(from), one.question.end().min(to))));
    let mut waited = 0_u64;
    for (one, (begin, end)) in turns(waiting) {
        waited = waited.saturating_add(end.saturating_sub(begin));
        spend_question(one, (begin, end), traffic, causes);
    }
    waited
}

/// Divides the time in which questions were in progress among them, so that each moment counts once. It counts for the question in progress
/// that ends last, until this question ends or until one begins that ends later. `questions` has the start and the end of each question.
fn turns<Asked: Copy>(questions: impl Iterator<Item = (Asked, (u64, u64))>) -> Vec<(Asked, (u64, u64))> {
    let mut waiting: Vec<_> = questions.filter(|(_, (at, end))| end > at).collect();
    waiting.sort_by_key(|(_, (at, _))| *at);
    let (mut turns, mut now, mut place) = (Vec::new(), 0_u64, 0_usize);
    while let Some((one, (at, ends))) = waiting.get(place).copied() {
        let begin = at.max(now);
        let behind = waiting.get(place.saturating_add(1)..).unwrap_or_default();
        let later = behind.iter().position(|(_, (_, other))| *other > ends);
        let next = later.and_then(|later| behind.get(later));
        let end = next.map_or(ends, |(_, (next, _))| ends.min(*next));
        if end > begin {
            turns.push((one, (begin, end)));
            now = end;
        }
        match later {
            Some(later) => place = place.saturating_add(later).saturating_add(1),
            None => break,
        }
    }
    turns
}

/// Adds a part of the time of a question to the causes of the wait.
fn spend_question(
    one: &ExplainedQuestion<'_>,
    span: (u64, u64),
    traffic: &Traffic,
    causes: &mut BTreeMap<CauseKey, Cause>,
) {
    for (key, time) in timeline(one, span, traffic) {
        let cause = cause(causes, key);
        cause.micros = cause.micros.saturating_add(time);
    }
    let Some(flight) = one.waited_for() else { return };
    // The servers of each cause are counted once for each message.
    for message in &flight.messages {
        if let Some(kind) = kind_of(one, flight, message, traffic)
            && let Some(cause) = causes.get_mut(&(kind, zone_of(one, &message.zone)))
        {
            cause.add_list(one.apex());
            cause.add(message);
        }
    }
}

#[cfg(test)]
mod tests;
