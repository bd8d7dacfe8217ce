//! A pasted log line of mail software, with the facts in it.

use std::net::IpAddr;

use super::delay::LineDelay;
use crate::limits::{PASTED_AFTER, PASTED_BEFORE, SESSION_PART};
use dns::question::DnsResult;
use dns::wire::presentation::shown;
use explain::culprit::DecisiveTime;

/// smtpd of Postfix writes these words after it has looked up the name of a client. postscreen writes `CONNECT` before this
/// lookup.
const CONNECTED: &str = "]: connect from ";

/// The error of the time of a log line, in seconds: most logs cut times to whole seconds.
const WHOLE_SECOND: f64 = 1.0;

/// In seconds. A query that was sent before a log line was written may have a time that is this much later than the time of the line, because mail
/// software and resolverd read the clock at different moments. Used for log lines whose times have fractions of a second.
const EXACT: f64 = 0.01;

const UNREAD_TIME: usize = 60;

/// A pasted log line with the facts in it.
#[derive(Clone, Debug, PartialEq)]
pub struct PastedLine {
    /// The number of the line in the pasted text, counted from 1.
    pub number: usize,
    /// All lines of a queue entry, of a bounce, or with the same queue ID have the same number. Other lines have a number of their own.
    pub entry: usize,
    /// The text of the line.
    pub text: String,
    /// The time in the line, in seconds since 1970; `None` if it has none that can be parsed.
    pub at: Option<f64>,
    /// The last moment that the time can mean, in seconds since 1970. It is later than `at` if the time has no seconds, or if it
    /// occurred twice because clocks were set back. For the delivery attempts of an entry of mailq, it is the current time.
    pub at_last: Option<f64>,
    pub(crate) unread_time: Option<String>,
    /// True for the first line of an entry of mailq. Its time is the arrival of the mail, when the sender was checked.
    pub(crate) is_arrival: bool,
    /// The addresses and names in the line. Names that were certainly looked up in DNS come first.
    pub subjects: Vec<String>,
    /// The domains of the mail addresses in the line.
    pub mail_domains: Vec<String>,
    /// The delays in the line.
    pub delay: LineDelay,
    pub(crate) reports: Option<DnsResult>,
    pub(crate) blames_dns: bool,
    /// The name because of which mail software rejected the mail after a failed lookup: a host, or the domain of a mail address.
    pub rejected: Option<String>,
    /// True if mail software writes the line at the end of an SMTP session, or of a step of the session, which may have taken
    /// minutes.
    pub(crate) ends_session: bool,
}

/// The first and the last moment of a period, in seconds since 1970.
type Span = (f64, f64);

impl PastedLine {
    /// Returns a sentence for the user if the time of the line could not be parsed: it says which part of the query history was
    /// searched.
    pub(crate) fn unread_note(&self, has_from: bool) -> Option<String> {
        let words = self.unread_time.as_ref()?;
        let searched = if has_from {
            "searched in the time of the command line"
        } else {
            "searched in the whole query history; limit it with --at or --since"
        };
        let Self { number, .. } = self;
        let words = shown(words, UNREAD_TIME);
        Some(format!("line {number}: the time \"{words}\" is not understood; {searched}"))
    }

    /// Returns the period of the last delivery attempt, including its DNS lookups. If no earlier attempt was deferred, this is
    /// the whole delay. If the line has no delay, it is the time shortly before the line, or the time of one step of a session.
    /// Returns `None` if the line has no time.
    pub(crate) fn last_try(&self) -> Option<Span> {
        let before = match (self.delay.parts, self.delay.whole) {
            (Some([before, queued, connecting, _]), _) => {
                let is_retried = self.delay.before_last_try().is_some();
                if is_retried { connecting } else { before + queued + connecting }
            }
            (None, Some(whole)) => self.delay.last_try.unwrap_or(whole),
            (None, None) if self.ends_session => SESSION_PART.as_secs_f64(),
            (None, None) => PASTED_BEFORE.as_secs_f64(),
        };
        self.before_its_end(before)
    }

    /// Returns the period whose queries can be the culprit. If a line says how long a program ran, this is the time while the program ran.
    /// For a line about a new connection, it is the time before the line, because Postfix writes the line after it has looked up the client.
    /// Returns `None` for other lines, and for lines that report a failed lookup.
    pub fn decisive(&self) -> Option<DecisiveTime<f64>> {
        let at = self.at?;
        let left_out = if at.fract() == 0.0 { WHOLE_SECOND } else { 0.0 };
        let until = self.end()? + left_out;
        if self.blames_dns || self.is_arrival {
            return None;
        }
        if self.text.contains(CONNECTED) {
            return Some(DecisiveTime::Until(until));
        }
        let delay = self.delay.with_dns().filter(|_| self.delay.parts.is_none())?;
        Some(DecisiveTime::Delay { from: at - delay, to: until })
    }

    /// Returns the period of the whole delay of the mail, including earlier delivery attempts. Returns `None` if the line has no time.
    pub(crate) fn whole_delay(&self) -> Option<Span> {
        let parts = self.delay.parts.map(|[before, queued, connecting, _]| before + queued + connecting);
        let (begin, end) = self.before_its_end(parts.or(self.delay.whole).unwrap_or(0.0))?;
        Some((self.last_try()?.0.min(begin), end))
    }

    /// Returns the periods in which the history is searched, one after the other, until a message (email) of the line is found.
    /// The last period includes the `around` seconds before the line. For a line with an address, this is the only period,
    /// because few mails have the same address. `None` is the whole history.
    pub fn spans(&self, around: f64) -> Vec<Option<Span>> {
        let has_address = self.addresses().next().is_some();
        let own = vec![self.last_try(), self.whole_delay()];
        let mut spans: Vec<Option<Span>> = if has_address { Vec::new() } else { own };
        spans.push(self.span(around));
        spans.dedup();
        spans
    }

    /// Returns the longest period in which the history is searched for the domains in the line. It begins at least `around`
    /// seconds before the line. Returns `None` if the line has no time.
    pub fn span(&self, around: f64) -> Option<Span> {
        let (begin, end) = self.before_its_end(around)?;
        Some((self.whole_delay()?.0.min(begin), end))
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.subjects.iter().filter_map(|subject| subject.parse().ok())
    }

    /// Returns true if the line has a delay, or reports a result of DNS.
    pub(super) fn is_telling(&self) -> bool {
        self.delay.whole.is_some() || self.reports.is_some()
    }

    /// Returns the last moment at which the mail of the line may have sent queries, in seconds since 1970. All queries come before the transmission.
    pub(super) fn end(&self) -> Option<f64> {
        Some(self.at_last.or(self.at)? - self.sending())
    }

    fn sending(&self) -> f64 {
        self.delay.parts.map_or(0.0, |[.., sending]| sending)
    }

    /// Returns the period of `before` seconds before the last possible query of the mail. Both limits have a margin, because
    /// clocks and times are not exact.
    fn before_its_end(&self, before: f64) -> Option<Span> {
        // Mail software writes the line about the end of a session after all queries of the session, so only a small difference
        // of clocks is allowed.
        let is_exact = self.ends_session && self.at.is_some_and(|at| at.fract() != 0.0);
        let after = if is_exact { EXACT } else { PASTED_AFTER.as_secs_f64() };
        // Mail software may check the sender of a mail only some time after the arrival of the mail.
        let checks = if self.is_arrival { PASTED_BEFORE.as_secs_f64() } else { 0.0 };
        Some((self.at? - self.sending() - before - after, self.end()? + after + checks))
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    // The line of a disconnect with a fraction of a second comes after all queries.
    #[test]
    fn session_end_bounds_its_queries() {
        let end = |at: &str, words: &str| {
            let text =
                format!("2026-11-21T03:12:05{at}Z mx postfix/smtpd[9]: {words} mail.one.example[192.0.2.7]");
            let line = read(&text, 1_795_305_600.0).remove(0);
            line.last_try().unwrap().1 - line.at.unwrap()
        };
        assert!(end(".25", "disconnect from") < 0.02);
        for (at, words) in [("", "disconnect from"), (".25", "connect from")] {
            assert!(end(at, words) > 1.0, "{at} {words}");
        }
    }

    #[test]
    fn program_time_in_line_decides() {
        let at = 1_795_230_725.0;
        let delay = |seconds| Some(DecisiveTime::Delay { from: at - seconds, to: at + 1.0 });
        for (text, decisive) in [
            ("rspamd[9]: from: <a@one.example>, time: 4500.0ms, dns req: 7", delay(4.5)),
            (
                "exim[9]: 1abC <= a@one.example H=mail.two.example [192.0.2.7] P=esmtp S=9 RT=2.500s",
                delay(2.5),
            ),
            (
                "postfix/smtpd[9]: connect from mail.one.example[192.0.2.7]",
                Some(DecisiveTime::Until(at + 1.0)),
            ),
            ("postfix/postscreen[9]: CONNECT from [192.0.2.7]:25 to [192.0.2.9]:25", None),
            ("postfix/smtp[9]: 4A: to=<a@one.example>, delay=5, delays=1/0/4/0, status=deferred", None),
            ("exim[9]: H=mail.one.example [192.0.2.7] rejected RCPT: DNS lookup failed RT=2s", None),
            ("postfix/qmgr[9]: 4A: from=<a@one.example>, size=1, nrcpt=1 (queue active)", None),
        ] {
            let line = read(&format!("2026-11-21T03:12:05Z mx {text}"), 1_795_305_600.0).remove(0);
            assert_eq!(line.at, Some(at), "{text}");
            assert_eq!(line.decisive(), decisive, "{text}");
        }
    }
}
