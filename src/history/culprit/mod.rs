//! The culprit of a slow or failed message: which server, list, network or program its questions waited for.
//!
//! Pure: a function of one message's questions, their flights, and the traffic around them. It never guesses. Causes
//! that cost about the same are all named, and "could not tell" is a result.
//!
//! # Decisions
//!
//! - Each moment in which the client waited counts once, for the question that ended last of those in progress: the
//!   others did not delay the mail further. Within that question it counts for the query to a server that was in
//!   progress; an answer counts more than a silence next to it, because it ended the wait.
//! - A failed question costs as much as its client's patience, because mail is deferred by it, however quickly it failed.
//!   A failed question to a DNS list defers no mail: the list comes behind the causes of a delay, unless its failure took long itself.
//! - The pauses of a client excuse no failure: the failure is named first, and the client after it. Pauses behind which another mail may
//!   begin are not blamed on it, see `pause`.
//! - A silence is called loss if the same server answers over the same transport shortly before and shortly after, or if it answers the
//!   next copy of the query. After two silences the next copy may have no EDNS, so its answer does not show whether the first ones were
//!   lost: could not tell. A silence is called our own network's if root servers were asked meanwhile too, and no server on the internet
//!   answered.
//! - The silence of a server of IPv6 is a broken path if servers in several networks were silent and none answered over IPv6, while others
//!   answered over IPv4: then the servers cannot be reached, and the owner of a zone is not blamed alone.
//! - A zone above a DNS list that belongs to the owner of the list is a part of it: `spamcop.net.` of `bl.spamcop.net.`. Its silence is a
//!   silence of the list, and the zone that is named is the one whose servers were silent. The servers of a top-level domain are no part of
//!   a list, so their silence is theirs, and the list is named next to it.
//! - A failed question is blamed on each server's last word: a server that was silent once and refused then has refused.
//! - A server that has truncated an answer is not silent, whatever becomes of the query over TCP: its answers need TCP, and TCP fails.

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
    /// From its first question to its last reply, in microseconds.
    pub took: u64,
    /// The part of it in which questions were in progress.
    pub waited: u64,
    /// The culprit first, then others that cost about the same. Never empty.
    pub causes: Vec<Cause>,
}

impl MessageVerdict {
    /// Whether something was slow or failed.
    pub(super) fn has_cause(&self) -> bool {
        self.causes.iter().any(|cause| cause.kind != CulpritKind::None)
    }

    /// Whether one of its causes made a question fail.
    pub fn has_failed(&self) -> bool {
        self.causes.iter().any(|cause| cause.failures > 0)
    }

    /// Puts the causes of some of its questions before the others: the operator asked for these questions, or a log line has their time.
    /// Returns whether there are any.
    pub(super) fn put_first(&mut self, own: Self) -> bool {
        let names_one = |cause: &Cause| {
            let is_known =
                !matches!(cause.kind, CulpritKind::None | CulpritKind::Client | CulpritKind::Unknown);
            is_known || cause.failures > 0
        };
        let of_all = std::mem::take(&mut self.causes);
        let (mut first, mut others) = (Vec::new(), of_all);
        for cause in own.causes.into_iter().filter(names_one) {
            // The cause of the whole message has all its queries.
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

/// The culprit of a message, whose questions are in the order of time.
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

/// The verdict on the part of a message, whose questions are in the order of time, that a time decides.
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

/// The lookups of the host of a connection, up to the end of them. Those of its mail may come in the same second.
fn of_connection<'e>(asked: &[ExplainedQuestion<'e>], end: u64) -> Vec<ExplainedQuestion<'e>> {
    let of_mail: BTreeSet<&[u8]> = asked
        .iter()
        .filter(|one| matches!(one.question.kind, RecordType::MX | RecordType::TXT))
        .map(|one| &*one.question.name)
        .collect();
    let is_of_host = |question: &QuestionEntry| match question.kind {
        RecordType::PTR => true,
        // Without an answer for the MX of a domain, its addresses are queried.
        RecordType::A | RecordType::AAAA => !of_mail.contains(&*question.name),
        _ => false,
    };
    let is_of_connection =
        |one: &&ExplainedQuestion<'_>| one.question.end() <= end && is_of_host(one.question);
    asked.iter().filter(is_of_connection).copied().collect()
}

/// The causes that are named, the greatest first, of those of a time in which questions waited for `waited`. Never empty.
fn named(mut causes: Vec<Cause>, waited: u64, traffic: &Traffic) -> Vec<Cause> {
    for cause in causes.iter_mut().filter(|cause| cause.kind == CulpritKind::Unreachable) {
        cause.silent_path = traffic.is_ipv6_silent() && cause.servers.keys().all(IpAddr::is_ipv6);
    }
    causes.retain(|cause| cause.cost() >= traffic.slow);
    let has_failed = causes.iter().any(|cause| cause.failures > 0);
    let is_excuse = |cause: &Cause| has_failed && cause.kind == CulpritKind::Client;
    // A list that failed soon has delayed nothing.
    let is_aside = |cause: &Cause| cause.failures > 0 && cause.deferring == 0 && cause.micros < traffic.slow;
    causes.sort_by_key(|cause| (is_excuse(cause), is_aside(cause), std::cmp::Reverse(cause.cost())));
    let best = causes.first().map_or(0, Cause::cost);
    // A failure costs a client's patience, however quickly it came. The cause of most of the time is named next to it, unless its servers
    // have caused the failure too.
    let failed: Vec<Box<[u8]>> =
        causes.iter().filter(|cause| cause.failures > 0).map(|cause| cause.zone.clone()).collect();
    let took_most = |cause: &Cause| has_failed && cause.micros > waited / 2 && !failed.contains(&cause.zone);
    causes.retain(|cause| cause.cost() >= best / 10 * 9 || took_most(cause));
    if causes.is_empty() {
        causes.push(Cause::of(CulpritKind::None, Box::default()));
    }
    causes
}

/// The time that a client waited between its questions, if it is a cause; else 0.
fn pause(took: u64, waited: u64) -> u64 {
    let idle = took.saturating_sub(waited);
    if idle >= micros(CLIENT_PAUSE) { idle } else { 0 }
}

/// Counts the time in which questions were in progress, from `from` to `to`, for its causes; returns that time.
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

/// The time in which questions were in progress, each moment once: for the question that ends last of those in progress, until its end,
/// or until one that ends later begins. `questions` has the begin and the end of each.
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

/// Counts a part of the time of a question.
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
    // The servers of each cause are counted once for a message.
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
