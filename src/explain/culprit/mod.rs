//! Finds the culprit of a slow or failed message (the questions that a client asked for one email): the server, list, network or program
//! for which the message waited.
//!
//! The verdict is a pure function of the questions, their resolutions, and the traffic at the same time. It never guesses: if several
//! causes took about the same time, all of them are named, and "could not tell" is a valid result.
//!
//! # Decisions
//!
//! - Each moment in which the client waited is counted once, for the question that ended last: the others did not delay the mail further.
//!   Within this question, the moment is counted for the query in progress. If several are in progress, an answered query is preferred to
//!   an unanswered one, because the answer ended the wait.
//! - A failed question counts as a delay of `FAILURE_COST`, however quickly it failed, because the mail is deferred. A failed question to a
//!   DNS list defers no mail: the list is named after the causes of a delay, unless its failure took long.
//! - A failure is named before a pause of the client. A pause after which another mail may have begun is not blamed on the client (see
//!   `pause`).
//! - An unanswered query counts as packet loss if the server answers over the same transport shortly before and after, or answers the next
//!   copy of the query. But after two unanswered copies, resolverd may send the next copy without EDNS; its answer does not show whether
//!   the first copies were lost, so the verdict is "could not tell". Unanswered queries are blamed on the network of this host if root
//!   servers were asked at the same time too, and no server on the internet answered.
//! - If servers in several networks were silent over IPv6 and none answered, while other servers answered over IPv4, the path from this
//!   host to IPv6 servers is called broken. Then the verdict does not blame only the owner of the zone.
//! - A zone above a DNS list with the same owner is a part of the list: `spamcop.net.` for `bl.spamcop.net.`. If its servers are silent,
//!   the list counts as silent, but the verdict names the zone. Silence of a top-level domain is blamed on its servers, and the list is
//!   also named.
//! - A failed question is blamed on the last behaviour of each server: one that was first silent and then refused counts as refusing.
//! - A server that has truncated an answer is not silent, even if the query over TCP gets no answer: the verdict is that its answers need
//!   TCP, and TCP fails.

mod blame;
mod cause;
mod explained_question;
mod fault;
mod pause;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

pub use self::cause::{Cause, DecisiveTime};
use self::cause::{CauseKey, cause};
pub use self::explained_question::ExplainedQuestion;
pub(super) use self::fault::last_conduct;
use self::fault::{key_of, kind_of, timeline};
use crate::limits::CLIENT_PAUSE;
use crate::traffic::Traffic;
use dns::clock::micros;
use record::culprit::CulpritKind;
use record::entry::QuestionEntry;

/// The verdict on a message (the questions for one email).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageVerdict {
    /// The time from the first question of the message to its last reply, in microseconds.
    pub took: u64,
    /// The part of `took` in which at least one question was in progress, in microseconds.
    pub waited: u64,
    /// The culprit first, then other causes, for example those that delayed the message for about the same time. Never empty.
    pub causes: Vec<Cause>,
}

impl MessageVerdict {
    /// Returns true if something delayed the message or made a question fail.
    pub(super) fn has_cause(&self) -> bool {
        self.causes.iter().any(|cause| cause.kind != CulpritKind::None)
    }

    /// Returns true if a question of the message failed.
    pub fn has_failed(&self) -> bool {
        self.causes.iter().any(|cause| cause.failures > 0)
    }

    /// Puts those causes in `own` first that name a culprit. `own` is the verdict on the questions that the operator asked about, or that
    /// were asked at the time of a log line. Returns true if `own` has such a cause.
    pub(super) fn put_first(&mut self, own: Self) -> bool {
        let names_one = |cause: &Cause| {
            let is_known =
                !matches!(cause.kind, CulpritKind::None | CulpritKind::Client | CulpritKind::Unknown);
            is_known || cause.failures > 0
        };
        let of_all = std::mem::take(&mut self.causes);
        let (mut first, mut others) = (Vec::new(), of_all);
        for cause in own.causes.into_iter().filter(names_one) {
            // If `others` has a cause with the same kind and zone, that cause replaces the cause of `own`: it counts all queries of the message.
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

/// Returns the verdict on a message. The questions `asked` are sorted by time.
pub fn judge(asked: &[ExplainedQuestion<'_>], traffic: &Traffic) -> MessageVerdict {
    let began = asked.iter().map(|one| one.question.at).min().unwrap_or(0);
    let ended = asked.iter().map(|one| one.question.end()).max().unwrap_or(0);
    let mut causes: BTreeMap<CauseKey, Cause> = BTreeMap::new();
    let waited = spend(asked, (0, u64::MAX), traffic, &mut causes);
    for one in asked.iter().filter(|one| one.failed()) {
        blame::failure(one, traffic, &mut causes);
    }
    let took = ended.saturating_sub(began);
    let pauses = pause::pauses(asked);
    if pauses.time >= micros(CLIENT_PAUSE) {
        let client = cause(&mut causes, (CulpritKind::Client, Box::default()));
        (client.micros, client.other_mail) = (pauses.time, pauses.before_other_mail);
    }
    let mut causes = named(causes.into_values().collect(), waited, traffic);
    for cause in causes.iter_mut().filter(|cause| cause.other_mail) {
        cause.kind = CulpritKind::Unknown;
    }
    MessageVerdict { took, waited, causes }
}

/// Returns the verdict on the questions to which the time `decisive` from the mail log applies. The questions `asked` are sorted by time.
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

/// Returns the questions about the connecting host that ended until `end`. Questions about its mail, which may come in the same second, are
/// left out.
fn of_connection<'e>(asked: &[ExplainedQuestion<'e>], end: u64) -> Vec<ExplainedQuestion<'e>> {
    let of_mail: BTreeSet<&[u8]> = asked
        .iter()
        .filter(|one| matches!(one.question.kind, RecordType::MX | RecordType::TXT))
        .map(|one| &*one.question.name)
        .collect();
    let is_of_host = |question: &QuestionEntry| match question.kind {
        RecordType::PTR => true,
        // If a domain has no MX, mail software asks for the addresses of the domain.
        RecordType::A | RecordType::AAAA => !of_mail.contains(&*question.name),
        _ => false,
    };
    let is_of_connection =
        |one: &&ExplainedQuestion<'_>| one.question.end() <= end && is_of_host(one.question);
    asked.iter().filter(is_of_connection).copied().collect()
}

/// Returns the causes that the verdict names, the greatest first; never empty. `waited`: the time in which questions were in progress, in
/// microseconds.
fn named(mut causes: Vec<Cause>, waited: u64, traffic: &Traffic) -> Vec<Cause> {
    for cause in causes.iter_mut().filter(|cause| cause.kind == CulpritKind::Unreachable) {
        cause.silent_path = traffic.is_ipv6_silent() && cause.servers.keys().all(IpAddr::is_ipv6);
    }
    causes.retain(|cause| cause.cost() >= traffic.slow);
    let has_failed = causes.iter().any(|cause| cause.failures > 0);
    let is_excuse = |cause: &Cause| has_failed && cause.kind == CulpritKind::Client;
    // A quick failure of a DNS list has not delayed the mail.
    let is_aside = |cause: &Cause| cause.failures > 0 && cause.deferring == 0 && cause.micros < traffic.slow;
    causes.sort_by_key(|cause| (is_excuse(cause), is_aside(cause), std::cmp::Reverse(cause.cost())));
    let best = causes.first().map_or(0, Cause::cost);
    // A failure costs `FAILURE_COST`, however quickly it came, and so outweighs other causes. A cause in a zone without failures is named
    // too if it took most of the time.
    let failed: Vec<Box<[u8]>> =
        causes.iter().filter(|cause| cause.failures > 0).map(|cause| cause.zone.clone()).collect();
    let took_most = |cause: &Cause| has_failed && cause.micros > waited / 2 && !failed.contains(&cause.zone);
    causes.retain(|cause| cause.cost() >= best / 10 * 9 || took_most(cause));
    if causes.is_empty() {
        causes.push(Cause::new(CulpritKind::None, Box::default()));
    }
    causes
}

/// Adds the time in which questions were in progress to the causes for which the questions waited. Each moment counts only once. Returns the total
/// time, in microseconds.
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

/// Divides the time in which questions were in progress among them, so that each moment is counted once: for the question in progress that
/// ends last. `questions`: each question with its start and end.
pub(super) fn turns<Asked: Copy>(
    questions: impl Iterator<Item = (Asked, (u64, u64))>,
) -> Vec<(Asked, (u64, u64))> {
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
    // A query counts once for each question that waited for it.
    for message in &flight.messages {
        if let Some(kind) = kind_of(one, flight, message, traffic)
            && let Some(cause) = causes.get_mut(&key_of(one, kind, &message.zone))
        {
            cause.add_list(one.apex());
            cause.add(message);
        }
    }
}

#[cfg(test)]
mod tests;
