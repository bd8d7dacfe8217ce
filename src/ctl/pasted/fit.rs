//! How well a message of the record fits a pasted line: its time, and how many names and addresses of the line it has.
//!
//! # Decisions
//!
//! - A line tells when its mail was under way: until its moment, and before it for its delay. Mails of one domain come often, so a
//!   message of another time is not the line's, however slow it was.
//! - A line without a delay may be written long after the queries of its mail. Then more names and addresses in common say more than
//!   the time, unless it says that a lookup failed: it is written when the client of the lookup gives up. But not if nearer messages have
//!   these names too, see `nearest`.
//! - A failed query for a name is the reason of such a line more often than a failed list or reverse name, which defers no mail.

use std::cmp::Reverse;

use super::line::PastedLine;
use history::culprit::{CulpritKind, DecisiveTime};
use history::limits::SLOW_ANSWER;
use history::why::{MessageReport, QuestionReport};

/// DNS explains a delay if it took at least this share of it.
pub(super) const SHARE: f64 = 0.5;

/// A delay of a line that needs an explanation, in seconds.
pub(super) const DELAYED: f64 = 1.0;

/// The part of a second that a delay of a line leaves out, if it is written with a fraction.
const FRACTION: f64 = 0.1;

/// Whether a message is of the time of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TimeFit {
    /// It is of another time.
    Elsewhere,
    /// It is of an earlier try of the mail.
    EarlierTry,
    /// It is of the last try, or the line has no time.
    LastTry,
}

/// The worst failed query about a line in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FailedQuery {
    /// None has failed.
    None,
    /// One about an address: its reverse name, or its name in a DNS list.
    OfAddress,
    /// One about a name.
    OfName,
}

/// How well a message fits a line; the best is the greatest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    /// Its failed query about the line, if the line says that a lookup failed.
    failed: FailedQuery,
    /// Its time, if the line has a delay or says that a lookup failed.
    of_delay: Option<TimeFit>,
    /// How many subjects of the line have found it.
    subjects: usize,
    /// Its time.
    time: TimeFit,
    /// Whether its time is most of the delay.
    explains: bool,
    /// Whole seconds from its end to the line. The message that ended last before the line comes first.
    distance: Reverse<u64>,
    is_of_dns: bool,
    has_failed: bool,
    /// In milliseconds.
    waited: u64,
}

impl Fit {
    /// How a message fits that `subjects` subjects of a line have found; `failed` is a query about one of them.
    pub(super) fn of(
        line: &PastedLine,
        message: &MessageReport,
        subjects: usize,
        failed: FailedQuery,
    ) -> Self {
        let time = time_fit(line, message);
        let delay = line.delay.with_dns().filter(|delay| *delay >= DELAYED);
        Self {
            failed: if line.blames_dns { failed } else { FailedQuery::None },
            of_delay: (line.blames_dns || line.delay.with_dns().is_some()).then_some(time),
            subjects,
            time,
            explains: delay.is_some_and(|delay| waited(line, message) >= delay * SHARE)
                || is_most_of_prompt(line, message),
            distance: Reverse(distance(line, message)),
            is_of_dns: is_of_dns(message),
            has_failed: has_failed(message),
            waited: (message.waited * 1e3) as u64,
        }
    }

    /// Whether nothing but the causes of two messages tells which one is that of the line.
    pub(super) fn is_equal(&self, other: &Self) -> bool {
        let key = |fit: &Self| (fit.failed, fit.of_delay, fit.subjects, fit.time, fit.explains, fit.distance);
        key(self) == key(other)
    }

    /// Whether the message is that of the line, and not only one with the same domain.
    pub(super) fn is_certain(&self) -> bool {
        self.time > TimeFit::Elsewhere || (self.of_delay.is_none() && self.subjects > 1)
    }
}

/// Whether a message is of the time of a line.
pub(super) fn time_fit(line: &PastedLine, message: &MessageReport) -> TimeFit {
    let (Some(last_try), Some(delay)) = (line.last_try(), line.whole_delay()) else {
        return TimeFit::LastTry;
    };
    let is_in = |(begin, end): (f64, f64)| message.began <= end && message.began + message.took >= begin;
    if is_in(last_try) {
        TimeFit::LastTry
    } else if is_in(delay) {
        TimeFit::EarlierTry
    } else {
        TimeFit::Elsewhere
    }
}

/// Whole seconds from the end of a message to the end of a line. A message that began behind that end comes after all others. Before or
/// after the time at which a mail came.
pub(super) fn distance(line: &PastedLine, message: &MessageReport) -> u64 {
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

/// The seconds for which a message waited for DNS, as far as a line counts them: of a line that names the time of its program, those in this
/// time. Of a short time that is `waited_within`.
pub(super) fn waited(line: &PastedLine, message: &MessageReport) -> f64 {
    let is_long = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED);
    waited_within(line, message).filter(|_| is_long).unwrap_or(message.waited)
}

/// The seconds for which a message waited for DNS in the time that a line names for its program: a query that took longer is none of this
/// program. None if it names none, and if the report lacks queries of the message.
pub(super) fn waited_within(line: &PastedLine, message: &MessageReport) -> Option<f64> {
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

/// Whether a message waited longer in the time that a line names for its program than another one, by a slow answer.
pub(super) fn waits_longer(line: &PastedLine, message: &MessageReport, other: &MessageReport) -> bool {
    let both = waited_within(line, message).zip(waited_within(line, other));
    both.is_some_and(|(one, other)| one >= other + SLOW_ANSWER.as_secs_f64())
}

/// Whether DNS was at fault.
pub(super) fn is_of_dns(message: &MessageReport) -> bool {
    is_of_dns_kind(message.culprit.kind)
}

/// See `is_of_dns`.
pub(super) fn is_of_dns_kind(kind: CulpritKind) -> bool {
    !matches!(kind, CulpritKind::None | CulpritKind::Client | CulpritKind::NotDns | CulpritKind::Unknown)
}

/// Whether a query of the message failed.
pub(super) fn has_failed(message: &MessageReport) -> bool {
    message.questions.iter().any(|question| question.outcome.is_failure())
}

/// Whether waits for DNS were most of a whole delay that is short. In the time of its program, one must be slow, too: otherwise the culprit
/// is a wait before that. Of other lines, a query that took longer is of another mail.
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

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, message};
    use super::super::{read, settle};
    use super::*;
    use dns::question::Outcome;

    #[test]
    fn a_delay_of_less_than_a_whole_second_may_be_a_wait_for_dns() {
        let exim = "2026-11-21 03:12:05 1abCde-0000Xy-01 <= a@fine.example H=mx.fine.example [192.0.2.1] S=9";
        for (time, ended, kind) in [
            ("RT=0s", 0.0, CulpritKind::ServerSlow),
            ("RT=0.650s", 0.0, CulpritKind::ServerSlow),
            ("RT=0.005s", -0.6, CulpritKind::NotDns),
            // The wait was before it, such as that for the reverse name.
            ("RT=0.005s", 0.0, CulpritKind::NotDns),
            ("RT=0.100s", -2.0, CulpritKind::NotDns),
            ("RT=0s", -2.0, CulpritKind::NotDns),
        ] {
            let line = read(&format!("{exim} {time}"), NOW).remove(0);
            let slow = message(0.7, CulpritKind::ServerSlow, Outcome::Upstream);
            let slow = MessageReport { began: line.at.unwrap() + ended - 0.3, ..slow };
            let told = settle(&line, vec![slow], &|began| began.to_string()).unwrap();
            assert_eq!(told.culprit.kind, kind, "{time} {ended}");
        }
    }

    #[test]
    fn a_line_that_names_the_time_of_its_program_counts_the_waits_in_it() {
        let line = |text: &str| read(&format!("2026-11-21T03:12:05.5Z mx {text}"), NOW).remove(0);
        let scanned = "rspamd[9]: from: <a@fine.example>, time: 2000.0ms, dns req: 7";
        let at = line(scanned).at.unwrap();
        let mail = |began: f64, elapsed: f64| {
            let one = message(elapsed, CulpritKind::ServerSlow, Outcome::Upstream);
            MessageReport { began: at + began, took: elapsed, ..one }
        };
        for (text, began, elapsed, expected) in [
            (scanned, -4.0, 1.8, 0.0),
            (scanned, -3.0, 1.8, 0.8),
            (scanned, -1.9, 1.8, 1.8),
            (scanned, -1.0, 1.8, 1.0),
            ("rspamd[9]: from: <a@fine.example>, time: 200.0ms, dns req: 7", -4.0, 1.8, 1.8),
            (
                "postfix/smtp[9]: 4A: to=<a@fine.example>, delay=4, delays=0/0/2/0, status=sent",
                -9.0,
                1.8,
                1.8,
            ),
        ] {
            let told = waited(&line(text), &mail(began, elapsed));
            assert!((told - expected).abs() < 1e-6, "{text} {began}: {told}");
        }
        // Two queries at a time wait once.
        let mut both = mail(-1.9, 1.8);
        both.questions.push(QuestionReport { at: 0.4, elapsed: 1.0, ..both.questions[0].clone() });
        assert!((waited(&line(scanned), &both) - 1.8).abs() < 1e-6);
        both.left_out = 1;
        both.waited = 0.3;
        assert!((waited(&line(scanned), &both) - 0.3).abs() < 1e-6, "the report has not all queries");
        // The program waited for something else, behind a slow lookup of the host.
        let told = settle(&line(scanned), vec![mail(-3.9, 1.8)], &|began| began.to_string()).unwrap();
        assert_eq!((told.culprit.kind, told.also[0].kind), (CulpritKind::NotDns, CulpritKind::ServerSlow));
    }
}
