//! Compares a message of the query history (the DNS queries for one mail) with a pasted log line.
//!
//! # Decisions
//!
//! - A log line shows when its mail was in progress: the mail ended at the time of the line, and began earlier by the delay in
//!   the line. A domain often sends several mails, so a message at another time does not belong to the line.
//! - A failed query for a DNS list or a reverse name defers no mail. So a failed query for another name is the more likely cause of a line
//!   about a failed lookup, most of all for the name that the line reports as rejected.
//! - If a line shows no delay, its mail may have sent its queries long before. So older messages are compared too, but those that
//!   ended just before the line rank first.
//! - A mail comes from one host and one sender. So a message with the MX query of another domain, or with the PTR query for
//!   another address, belongs to another mail. Mail software sends no PTR query for a delivery.

use std::cmp::Reverse;

use super::answer;
use super::delivery::is_attempt;
use super::line::PastedLine;
use super::subject::{address_of, has, is_about};
use crate::limits::PASTED_NEAR;
use explain::culprit::DecisiveTime;
use explain::limits::SLOW_ANSWER;
use explain::why::{MessageReport, QuestionReport};
use record::culprit::CulpritKind;

/// DNS is the cause of a delay only if the waits for DNS took at least this share of it.
pub(super) const SHARE: f64 = 0.5;

/// In seconds. A longer delay in a log line needs an explanation.
pub(super) const DELAYED: f64 = 1.0;

/// In seconds. A delay with a decimal fraction may be rounded down by this much.
const FRACTION: f64 = 0.1;

/// How well the times of a message (email) match those of a pasted line. Greater values match better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeFit {
    /// The queries were sent at another time than the line shows.
    Elsewhere,
    /// The queries were sent for an earlier delivery attempt.
    EarlierTry,
    /// The queries were sent for the last delivery attempt, or the line has no time.
    LastTry,
    /// The line has no delay, and the queries ended just before the line was written.
    Near,
}

/// The most important failed query for a name or an address of a pasted line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailedQuery {
    /// No query failed, or the line does not report a failed lookup.
    None,
    /// A query for the reverse name of an address, or for the address in a DNS list.
    OfAddress,
    /// A query for another name of the line, such as the domain of the sender.
    OfName,
    /// A query for the name that the line rejects, or a query with the result that the line reports.
    OfRejected,
}

/// How well a message (email) matches a pasted line. Greater values match better.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) failed: FailedQuery,
    pub(super) time: TimeFit,
    /// True if the waits for DNS took most of the delay in the line.
    pub(super) explains: bool,
    /// The number of names and addresses of the line for which the message has queries.
    pub(super) subjects: usize,
    /// Whole seconds from the end of the message to the time of the line.
    pub(super) distance: Reverse<u64>,
}

impl Fit {
    pub(super) fn new(line: &PastedLine, message: &MessageReport) -> Self {
        let delay = line.delay.with_dns().filter(|delay| *delay >= DELAYED);
        Self {
            failed: failed_query(line, message),
            time: time_fit(line, message),
            explains: delay.is_some_and(|delay| waited(line, message) >= delay * SHARE)
                || is_most_of_prompt(line, message),
            subjects: line.subjects.iter().filter(|subject| has(message, subject)).count(),
            distance: Reverse(distance(line, message)),
        }
    }
}

/// Returns which name or address of the line a failed query of the message (email) was for. If several queries failed, the kind that says most
/// counts. Returns `FailedQuery::None` if the line reports no failed lookup.
pub(super) fn failed_query(line: &PastedLine, message: &MessageReport) -> FailedQuery {
    if answer::of_line(line, message).is_some() {
        return FailedQuery::OfRejected;
    }
    let kind = |question: &QuestionReport| match &line.rejected {
        Some(name) if is_about(&question.name, name) => FailedQuery::OfRejected,
        _ if address_of(&question.name).is_some() => FailedQuery::OfAddress,
        _ => FailedQuery::OfName,
    };
    let failed = message.questions.iter().filter(|one| one.of_subject && one.outcome.is_failure());
    let failed = failed.filter(|_| line.blames_dns);
    failed.map(kind).max().unwrap_or(FailedQuery::None)
}

fn time_fit(line: &PastedLine, message: &MessageReport) -> TimeFit {
    let (Some(last_try), Some(delay)) = (line.last_try(), line.whole_delay()) else {
        return TimeFit::LastTry;
    };
    let is_in = |(begin, end): (f64, f64)| message.began <= end && message.began + message.took >= begin;
    let shows_time = line.is_arrival || line.delay.with_dns().is_some() || line.ends_session;
    if is_in(last_try) && !shows_time && distance(line, message) <= PASTED_NEAR.as_secs() {
        TimeFit::Near
    } else if is_in(last_try) && !(message.of_disk && !shows_time && !line.blames_dns) {
        TimeFit::LastTry
    } else if is_in(delay) && shows_time {
        TimeFit::EarlierTry
    } else {
        TimeFit::Elsewhere
    }
}

/// Returns how many whole seconds a message (email) ended before, or began after, the time of a pasted line. If the message began after the
/// line, the result is the greatest value. The time of a line about an arrival reaches from the arrival to the line. The time of a delivery
/// of Postfix is the start of the third part of `delays=`, because Postfix looks up the names before it connects.
fn distance(line: &PastedLine, message: &MessageReport) -> u64 {
    /// Logs cut times to whole seconds.
    const SECOND: f64 = 1.0;
    let Some(end) = line.end() else { return 0 };
    let lookup = line.delay.parts.map(|[_, _, connecting, _]| (end - connecting, end - connecting + SECOND));
    // An arrival time without seconds can mean any moment of the minute.
    let arrival = line.at.filter(|_| line.is_arrival).map(|arrival| (arrival, end));
    if let Some((first, last)) = arrival.or(lookup) {
        return (first - message.began - message.took).max(message.began - last).max(0.0) as u64;
    }
    let end = end + SECOND;
    if message.began > end {
        return u64::MAX;
    }
    (end - message.began - message.took).max(0.0) as u64
}

/// Returns true if a message (email) certainly belongs to another mail than the line.
pub(super) fn is_of_another(line: &PastedLine, message: &MessageReport) -> bool {
    let has_address = |question: &QuestionReport| address_of(&question.name).is_some();
    let has_sender = line.mail_domains.iter().any(|domain| has(message, domain));
    let has_host = || line.addresses().any(|address| has(message, &address.to_string()));
    // Postfix also asks for the MX records of the HELO name in a line.
    let is_in_line =
        |question: &QuestionReport| line.subjects.iter().any(|subject| is_about(&question.name, subject));
    let mut mail_queries =
        message.questions.iter().filter(|question| question.kind == "MX" && !has_address(question));
    let asks_another = mail_queries.any(|question| !is_in_line(question));
    let has_another_sender = !line.mail_domains.is_empty() && asks_another && !has_sender;
    // If the report lacks queries of the message (email), one of them may have been for the address in the line.
    let names_host = line.addresses().next().is_some() && message.left_out == 0;
    let asks_pointer =
        || message.questions.iter().any(|question| question.kind == "PTR" && has_address(question));
    let has_another_host = names_host && asks_pointer() && !has_host() && !has_sender;
    let is_inbound = || is_attempt(&line.text) && message.questions.iter().any(has_address);
    has_another_sender || has_another_host || is_inbound()
}

/// Returns the seconds that a message (email) waited for DNS, as far as they can explain the delay in a pasted line. If the line
/// says that its program ran for one second or more, only waits in this period count. For a shorter period, see
/// `is_most_of_prompt`.
pub(super) fn waited(line: &PastedLine, message: &MessageReport) -> f64 {
    let is_long = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED);
    waited_within(line, message).filter(|_| is_long).unwrap_or(message.waited)
}

/// Returns the seconds that a message (email) waited for DNS while the program of a pasted line ran. A query that took longer
/// than the program ran was sent by another program, and does not count. Returns `None` if the line does not say how long its
/// program ran, or if the report lacks queries of the message.
fn waited_within(line: &PastedLine, message: &MessageReport) -> Option<f64> {
    let Some(DecisiveTime::Delay { from, to }) = line.decisive().filter(|_| message.left_out == 0) else {
        return None;
    };
    let longest = line.delay.with_dns().unwrap_or_default() + left_out(line);
    let span = |question: &QuestionReport| {
        let at = message.began + question.at;
        (at.max(from), (at + question.elapsed).min(to))
    };
    let own = message.questions.iter().filter(|question| question.elapsed <= longest);
    Some(covered(own.map(span).collect()))
}

/// Returns the length of the time, in seconds, that at least one of the spans covers.
pub(super) fn covered(mut spans: Vec<(f64, f64)>) -> f64 {
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut sum, mut until) = (0.0, f64::MIN);
    for (begin, end) in spans {
        sum += (end - begin.max(until)).max(0.0);
        until = until.max(end);
    }
    sum
}

/// Returns true if the culprit is a fault or a delay in DNS.
pub(super) fn is_of_dns(kind: CulpritKind) -> bool {
    !matches!(kind, CulpritKind::None | CulpritKind::Client | CulpritKind::NotDns | CulpritKind::Unknown)
}

/// Returns true if the whole delay of a line is shorter than one second and DNS took most of it. If the line says how long its program ran, only the
/// waits during this time count, and they must be at least `SLOW_ANSWER`. For other lines, no query may have taken longer than the delay, because
/// such a query belongs to another mail.
pub(super) fn is_most_of_prompt(line: &PastedLine, message: &MessageReport) -> bool {
    let Some(whole) = line.delay.whole.filter(|whole| *whole < DELAYED) else { return false };
    if let Some(within) = waited_within(line, message) {
        return within >= SLOW_ANSWER.as_secs_f64().max(whole * SHARE);
    }
    let longest = message.questions.iter().map(|question| question.elapsed).fold(0.0, f64::max);
    let is_all = message.waited >= whole * SHARE && longest <= whole + left_out(line);
    is_all || is_most_of_connecting(line, message)
}

/// Returns true if one slow query took most of the time until the greeting in a line of Postfix. The waits of several queries are
/// not added up, because the other queries may be of other mails to the same domain.
fn is_most_of_connecting(line: &PastedLine, message: &MessageReport) -> bool {
    let (Some([_, _, connecting, _]), Some((begin, end))) = (line.delay.parts, line.last_try()) else {
        return false;
    };
    let least = SLOW_ANSWER.as_secs_f64().max(connecting * SHARE);
    message.questions.iter().any(|question| {
        let at = message.began + question.at;
        (least..=connecting + left_out(line)).contains(&question.elapsed)
            && at <= end
            && at + question.elapsed >= begin
    })
}

/// Returns by how many seconds the delay in the line may be too short. Sendmail, and Exim by default, cut it to whole seconds.
pub(super) fn left_out(line: &PastedLine) -> f64 {
    let is_whole =
        line.delay.parts.is_none() && line.delay.with_dns().is_some_and(|delay| delay.fract() == 0.0);
    if is_whole { 1.0 } else { FRACTION }
}
