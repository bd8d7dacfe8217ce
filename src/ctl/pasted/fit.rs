//! Compares a message of the query history (the DNS queries for one mail) with a pasted log line. The criteria are the time of the message, its
//! failed lookups, and how many names and addresses of the line it has.
//!
//! # Decisions
//!
//! - A log line shows when its mail was in progress: the mail ended at the time of the line, and began earlier by the delay in the line. A domain
//!   often sends several mails, so a message at another time does not belong to the line, however slow it was.
//! - A failed query for a name is a more likely cause of a line about a failed lookup than a failed query for a DNS list or a reverse name, which
//!   defers no mail. If the line rejects a name, the failed query for this name is the cause.
//! - A log line without a delay may be written long after the queries of its mail. Messages that ended just before the line come first.
//! - A mail comes from one host and one sender. So a message with the MX query of another domain, or with the PTR query for another address, belongs
//!   to another mail. For a delivery, no PTR query is sent.

use std::cmp::Reverse;

use super::answer;
use super::delivery::is_attempt;
use super::line::PastedLine;
use super::subject::{address_of, has, is_about};
use crate::limits::PASTED_NEAR;
use history::culprit::{CulpritKind, DecisiveTime};
use history::limits::SLOW_ANSWER;
use history::why::{MessageReport, QuestionReport};

/// DNS is accepted as the cause of a delay if the waits for DNS took at least this share of the delay.
pub(super) const SHARE: f64 = 0.5;

/// A delay of at least this many seconds in a log line needs an explanation.
pub(super) const DELAYED: f64 = 1.0;

/// If a delay in a log line has a decimal fraction, it may be rounded down by up to this many seconds.
const FRACTION: f64 = 0.1;

/// How the time of a message (email) in the query history matches the time of a pasted log line. Greater values match better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeFit {
    /// The queries of the message (email) were sent at another time than the log line shows.
    Elsewhere,
    /// The queries of the message (email) were sent for an earlier attempt to deliver it.
    EarlierTry,
    /// The queries of the message (email) were sent for the last delivery attempt, or the log line has no time.
    LastTry,
    /// The queries of the message (email) ended just before the log line was written. The log line has no delay.
    Near,
}

/// The most important failed query of a message (email), among its queries for names and addresses of a pasted line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailedQuery {
    /// None of these queries failed, or the line does not report a failed lookup.
    None,
    /// A failed query about an address: for its reverse name, or for its name in a DNS list.
    OfAddress,
    /// A failed query for another name that the log line has, such as the domain of the sender.
    OfName,
    /// A failed query about the name that the line rejects, or a query with the result that the line reports.
    OfRejected,
}

/// How well a message (email) of the query history matches a pasted line. Of two values, the greater one is the better match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) failed: FailedQuery,
    pub(super) time: TimeFit,
    /// True if the message (email) waited for DNS during most of the delay in the log line.
    pub(super) explains: bool,
    /// The number of names and addresses in the pasted line about which the message (email) has queries.
    pub(super) subjects: usize,
    /// Whole seconds from the end of the message (email) to the time of the log line. The smallest number is the best match.
    pub(super) distance: Reverse<u64>,
}

impl Fit {
    /// Computes how well a message (email) of the query history matches a pasted line.
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

/// Returns the most important failed query of a message (email) that concerns a name or an address of a pasted line. A line that reports no failed
/// lookup always gives `None`.
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

/// Returns how many whole seconds passed from the end of a message (group of queries) to the time of a pasted line. A message that began after the
/// line gets the greatest value. Two kinds of lines use another time. For a line about the arrival of a mail, the seconds before or after the arrival
/// are counted. For a delivery of Postfix, the seconds before or after the start of the third part of `delays=` are counted, because Postfix looks up
/// the names before it connects.
fn distance(line: &PastedLine, message: &MessageReport) -> u64 {
    /// Times of log lines are often cut to whole seconds, so the line may have been written up to one second later.
    const SECOND: f64 = 1.0;
    let Some(end) = line.end() else { return 0 };
    let lookup = line.delay.parts.map(|[_, _, connecting, _]| (end - connecting, end - connecting + SECOND));
    // The arrival time of a mail may be written without seconds. The mail may then have arrived at any moment of this minute.
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

/// Returns true if a message (group of queries) certainly belongs to another mail than the pasted log line.
pub(super) fn is_of_another(line: &PastedLine, message: &MessageReport) -> bool {
    let has_address = |question: &QuestionReport| address_of(&question.name).is_some();
    let asked = |kind: &str, of_address: bool| {
        let mut questions = message.questions.iter();
        questions.any(|question| question.kind == kind && has_address(question) == of_address)
    };
    let has_sender = line.mail_domains.iter().any(|domain| has(message, domain));
    let has_host = || line.addresses().any(|address| has(message, &address.to_string()));
    let has_another_sender = !line.mail_domains.is_empty() && asked("MX", false) && !has_sender;
    // The report may lack some queries of the message (email). One of them may have been for the address in the line, so it is not certain that the
    // message belongs to another host.
    let names_host = line.addresses().next().is_some() && message.left_out == 0;
    let has_another_host = names_host && asked("PTR", true) && !has_host() && !has_sender;
    let is_inbound = || is_attempt(&line.text) && message.questions.iter().any(has_address);
    has_another_sender || has_another_host || is_inbound()
}

/// Returns how many seconds a message (email) waited for DNS, as far as this wait can explain the delay in a pasted line. If the line says how long
/// its program ran, and this was one second or more, only waits in this period are counted. For a shorter period, see `is_most_of_prompt`.
pub(super) fn waited(line: &PastedLine, message: &MessageReport) -> f64 {
    let is_long = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED);
    waited_within(line, message).filter(|_| is_long).unwrap_or(message.waited)
}

/// Returns how many seconds a message (email) waited for DNS while the program of a pasted line ran. A query that took longer than the program ran
/// was sent by another program, and is not counted. Returns `None` if the line does not say how long its program ran, or if the report lacks queries
/// of the message.
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

/// Returns the length of the time that at least one of the spans covers.
pub(super) fn covered(mut spans: Vec<(f64, f64)>) -> f64 {
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut sum, mut until) = (0.0, f64::MIN);
    for (begin, end) in spans {
        sum += (end - begin.max(until)).max(0.0);
        until = until.max(end);
    }
    sum
}

/// Returns true if a culprit of this kind is a fault or a delay in DNS.
pub(super) fn is_of_dns(kind: CulpritKind) -> bool {
    !matches!(kind, CulpritKind::None | CulpritKind::Client | CulpritKind::NotDns | CulpritKind::Unknown)
}

/// Returns true if the whole delay of a line is short (less than one second) and DNS took most of it. If the line says how long its program ran, the
/// waits in this period must also be at least `SLOW_ANSWER`. For other lines, no query of the message (group of queries) may have taken longer than
/// the delay, because such a message belongs to another mail.
pub(super) fn is_most_of_prompt(line: &PastedLine, message: &MessageReport) -> bool {
    let Some(whole) = line.delay.whole.filter(|whole| *whole < DELAYED) else { return false };
    if let Some(within) = waited_within(line, message) {
        return within >= SLOW_ANSWER.as_secs_f64().max(whole * SHARE);
    }
    let longest = message.questions.iter().map(|question| question.elapsed).fold(0.0, f64::max);
    let is_all = message.waited >= whole * SHARE && longest <= whole + left_out(line);
    is_all || is_most_of_connecting(line, message)
}

/// Returns true if one slow query took most of the time until the greeting in a line of Postfix. The waits of several queries are not added up,
/// because the other queries of the message (group of queries) may be of other mails to the same domain.
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

/// Returns how many seconds the delay in a pasted line may be too short, because it was rounded down. Sendmail, and Exim by default, write whole
/// seconds.
pub(super) fn left_out(line: &PastedLine) -> f64 {
    let is_whole =
        line.delay.parts.is_none() && line.delay.with_dns().is_some_and(|delay| delay.fract() == 0.0);
    if is_whole { 1.0 } else { FRACTION }
}
