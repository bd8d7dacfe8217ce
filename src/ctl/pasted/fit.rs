//! How well a message of the history fits a pasted line: its time, its failed lookups, and how many names and addresses of the line it has.
//!
//! # Decisions
//!
//! - A line shows when its mail was in progress: until its moment, and before it for its delay. Mails of one domain come often, so a
//!   message of another time is not the line's, however slow it was.
//! - A failed query for a name is the reason of a line about a failed lookup more often than a failed list or reverse name, which defers
//!   no mail. If the line rejects a name, its own failed query is the reason.
//! - A line without a delay may be written long after the queries of its mail. Those that ended just before it come first.
//! - A mail has one host and one sender: a message with the MX of another domain, or with the reverse name of another address, is that of
//!   another mail. A delivery asks for no reverse name.

use std::cmp::Reverse;

use super::delivery::is_attempt;
use super::line::PastedLine;
use super::subject::{address_of, has, is_about};
use crate::limits::PASTED_NEAR;
use history::culprit::{CulpritKind, DecisiveTime};
use history::limits::SLOW_ANSWER;
use history::why::{MessageReport, QuestionReport};

/// DNS explains a delay if it took at least this share of it.
pub(super) const SHARE: f64 = 0.5;

/// A delay of a line that needs an explanation, in seconds.
pub(super) const DELAYED: f64 = 1.0;

/// The part of a second that a delay of a line leaves out, if it is written with a fraction.
const FRACTION: f64 = 0.1;

/// How the time of a message fits a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeFit {
    /// It is of another time.
    Elsewhere,
    /// It is of an earlier try of the mail.
    EarlierTry,
    /// It is of the last try, or the line has no time.
    LastTry,
    /// It ended just before a line that has no delay.
    Near,
}

/// The worst failed query about a line in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailedQuery {
    /// None has failed, or the line does not say that a lookup failed.
    None,
    /// One about an address: its reverse name, or its name in a DNS list.
    OfAddress,
    /// One about a name.
    OfName,
    /// One about the name that the line rejects.
    OfRejected,
}

/// How well a message fits a line; the best is the greatest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    pub(super) failed: FailedQuery,
    pub(super) time: TimeFit,
    /// Its waits for DNS are most of the delay.
    pub(super) explains: bool,
    /// How many subjects of the line it has.
    pub(super) subjects: usize,
    /// Whole seconds from its end to the line. The message that ended last before the line comes first.
    pub(super) distance: Reverse<u64>,
}

impl Fit {
    /// How a message fits a line.
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

/// The worst failed query about a line in a message.
pub(super) fn failed_query(line: &PastedLine, message: &MessageReport) -> FailedQuery {
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

/// Whole seconds from the end of a message to the end of a line. A message that began behind that end comes after all others. Before or
/// after the time at which a mail came.
fn distance(line: &PastedLine, message: &MessageReport) -> u64 {
    /// The moment of a line is a whole second, and some parts of it have passed.
    const SECOND: f64 = 1.0;
    if let Some(arrival) = line.at.filter(|_| line.is_arrival) {
        // As text it is less exact than that.
        let last = line.at_last.unwrap_or(arrival);
        return (arrival - message.began - message.took).max(message.began - last).max(0.0) as u64;
    }
    let Some(end) = line.end() else { return 0 };
    let end = end + SECOND;
    if message.began > end {
        return u64::MAX;
    }
    (end - message.began - message.took).max(0.0) as u64
}

/// Returns true if a message is certainly of another mail than a line.
pub(super) fn is_of_another(line: &PastedLine, message: &MessageReport) -> bool {
    let has_address = |question: &QuestionReport| address_of(&question.name).is_some();
    let asked = |kind: &str, of_address: bool| {
        let mut questions = message.questions.iter();
        questions.any(|question| question.kind == kind && has_address(question) == of_address)
    };
    let has_sender = line.mail_domains.iter().any(|domain| has(message, domain));
    let has_host = || line.addresses().any(|address| has(message, &address.to_string()));
    let has_another_sender = !line.mail_domains.is_empty() && asked("MX", false) && !has_sender;
    // Queries that were left out may be about the address.
    let names_host = line.addresses().next().is_some() && message.left_out == 0;
    let has_another_host = names_host && asked("PTR", true) && !has_host() && !has_sender;
    let is_inbound = || is_attempt(&line.text) && message.questions.iter().any(has_address);
    has_another_sender || has_another_host || is_inbound()
}

/// The seconds for which a message waited for DNS, as far as a line counts them: of a line that names the time of its program, those in this
/// time. Of a short time that is `waited_within`.
pub(super) fn waited(line: &PastedLine, message: &MessageReport) -> f64 {
    let is_long = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED);
    waited_within(line, message).filter(|_| is_long).unwrap_or(message.waited)
}

/// The seconds for which a message waited for DNS in the time that a line names for its program: a query that took longer is none of this
/// program. None if it names none, and if the report lacks queries of the message.
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
    let mut spans: Vec<(f64, f64)> = own.map(span).collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut waited, mut until) = (0.0, f64::MIN);
    for (begin, end) in spans {
        waited += (end - begin.max(until)).max(0.0);
        until = until.max(end);
    }
    Some(waited)
}

/// Returns true if DNS was at fault.
pub(super) fn is_of_dns(kind: CulpritKind) -> bool {
    !matches!(kind, CulpritKind::None | CulpritKind::Client | CulpritKind::NotDns | CulpritKind::Unknown)
}

/// Returns true if waits for DNS were most of a whole delay that is short. In the time of its program, one must be slow, too: otherwise the
/// culprit is a wait before that. Of other lines, a query that took longer is of another mail.
pub(super) fn is_most_of_prompt(line: &PastedLine, message: &MessageReport) -> bool {
    let Some(whole) = line.delay.whole.filter(|whole| *whole < DELAYED) else { return false };
    if let Some(within) = waited_within(line, message) {
        return within >= SLOW_ANSWER.as_secs_f64().max(whole * SHARE);
    }
    let longest = message.questions.iter().map(|question| question.elapsed).fold(0.0, f64::max);
    message.waited >= whole * SHARE && longest <= whole + left_out(line)
}

/// The seconds that the delay of a line leaves out: Sendmail, and Exim by default, write whole seconds.
pub(super) fn left_out(line: &PastedLine) -> f64 {
    let is_whole =
        line.delay.parts.is_none() && line.delay.with_dns().is_some_and(|delay| delay.fract() == 0.0);
    if is_whole { 1.0 } else { FRACTION }
}
