//! Reads the delay of a mail in a pasted log line, and the part of the delay that DNS can have caused.

use crate::limits::RETRY_PAUSE;

/// In seconds. A shorter part of a delay needs no explanation.
pub(super) const SLOW_PART: f64 = 1.0;

/// The delays in one pasted line, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineDelay {
    /// The whole delay of the mail; `None` if the line has no delay.
    pub whole: Option<f64>,
    /// The four parts of the delay in a line of Postfix: before the queue manager, in the queue manager, until the remote server
    /// has sent its greeting (including DNS), and the transmission.
    pub parts: Option<[f64; 4]>,
    /// In a line of Sendmail: the duration of the last delivery attempt, if there were earlier ones.
    pub(crate) last_try: Option<f64>,
    /// In a line of Exim: the duration of the connection, if the line also has the time since the mail arrived.
    pub(crate) sending: Option<f64>,
}

impl LineDelay {
    /// Returns the part of the delay in which mail software may have waited for DNS, in seconds.
    pub(crate) fn with_dns(&self) -> Option<f64> {
        self.parts.map(|[_, _, connecting, _]| connecting).or(self.last_try).or(self.whole)
    }

    /// In a line of Postfix, returns the time before the queue manager if it is long, is the longest part of the delay, and includes no earlier
    /// delivery attempt. In this time, smtpd and content filters send DNS queries. The names in these queries are not in the line, because the
    /// line is about the delivery.
    pub(super) fn before_queue(&self) -> Option<f64> {
        let [before, rest @ ..] = self.parts?;
        let is_longest = rest.into_iter().all(|part| part < before);
        (before >= SLOW_PART && before < RETRY_PAUSE.as_secs_f64() && is_longest).then_some(before)
    }

    /// Returns true if `before_queue` returns a time.
    pub(super) fn is_before_queue(&self) -> bool {
        self.before_queue().is_some()
    }

    /// Returns the seconds from the arrival of the mail to its last delivery attempt; `None` if no earlier attempt was deferred.
    pub(crate) fn before_last_try(&self) -> Option<f64> {
        let before = match (self.parts, self.last_try) {
            (Some([before, ..]), _) => before,
            (None, Some(last)) => self.whole? - last,
            (None, None) => return None,
        };
        (before >= RETRY_PAUSE.as_secs_f64()).then_some(before)
    }
}

/// Keys before a duration, in lines of Postfix, Sendmail, Exim, SpamAssassin and rspamd.
///
/// In a line of Exim, `QT` is the whole time. `DT` begins only after Exim has looked up the mail hosts, so `QT` comes before `DT`
/// here.
const KEYS: [&str; 8] = ["delay=", "QT=", "DT=", "RT=", " D=", "scantime=", "time: ", "xdelay="];

const DAY: f64 = 86_400.0;

/// In seconds. Mail software gives up after some days, so a longer delay is damaged text.
const LONGEST: f64 = 365.0 * DAY;

pub(super) fn in_line(line: &str) -> LineDelay {
    let after = |key: &str| line.split_once(key).map(|(_, value)| value.split([',', ' ', ')', ']']).next());
    let parts = after("delays=").flatten().and_then(|typed| {
        let is_delay = |part: &f64| (0.0..=LONGEST).contains(part);
        let mut parts = typed.split('/').map(|part| part.parse::<f64>().ok().filter(is_delay));
        let mut next = || parts.next().flatten();
        Some([next()?, next()?, next()?, next()?])
    });
    let whole = KEYS.iter().find_map(|key| span(after(key).flatten()?)).or_else(|| of_words(line));
    let whole = whole.filter(|whole| (0.0..=LONGEST).contains(whole));
    // A line of Sendmail has the time since the mail arrived (`delay=`), and the duration of this delivery attempt (`xdelay=`).
    let last_try = after(" xdelay=").flatten().and_then(span);
    let last_try =
        last_try.filter(|last| whole.is_some_and(|whole| whole - last >= RETRY_PAUSE.as_secs_f64()));
    let sending = after(" DT=").flatten().and_then(span).filter(|_| line.contains(" QT="));
    LineDelay { whole, parts, last_try, sending }
}

/// Returns the seconds that a program writes as words, such as `in 25.0 seconds` of spamd, or `25012 ms` at the end of a line of amavis.
fn of_words(line: &str) -> Option<f64> {
    let seconds = line.split_once(" in ").and_then(|(_, behind)| behind.split_once(" seconds"));
    let seconds = seconds.and_then(|(number, _)| number.rsplit(' ').next()?.parse::<f64>().ok());
    let millis = || line.strip_suffix(" ms")?.rsplit(' ').next()?.parse::<f64>().ok();
    seconds.or_else(|| millis().map(|millis| millis / 1e3))
}

/// Parses a time span, and returns it in seconds. Forms: `4.2`, `4.2s`, `4200ms`, `1m3s`, `00:01:03`, and with days `1+00:01:03`.
fn span(typed: &str) -> Option<f64> {
    if let Some(millis) = typed.strip_suffix("ms") {
        return millis.parse::<f64>().ok().map(|millis| millis / 1e3);
    }
    if let Some((days, rest)) = typed.split_once('+').filter(|(_, rest)| rest.contains(':')) {
        return Some(days.parse::<u32>().map(f64::from).ok()? * DAY + span(rest)?);
    }
    if typed.contains(':') {
        let parts = typed.split(':').map(|part| part.parse::<f64>().ok());
        return parts
            .collect::<Option<Vec<f64>>>()
            .map(|parts| parts.iter().fold(0.0, |sum, part| sum * 60.0 + part));
    }
    let mut seconds = 0.0;
    let mut number = String::new();
    for letter in typed.chars() {
        let unit = match letter {
            'd' => DAY,
            'h' => 3_600.0,
            'm' => 60.0,
            's' => 1.0,
            digit => {
                number.push(digit);
                continue;
            }
        };
        seconds += number.parse::<f64>().ok()? * unit;
        number.clear();
    }
    let rest = if number.is_empty() { 0.0 } else { number.parse::<f64>().ok()? };
    (!typed.is_empty()).then_some(seconds + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_read_in_every_unit() {
        for (line, whole, with_dns) in [
            ("to=<a@b.example>, delay=5.3, delays=0.1/0.2/4/1, dsn=4.4.3", Some(5.3), Some(4.0)),
            ("=> a@b.example R=dnslookup T=remote_smtp DT=1m3.5s", Some(63.5), Some(63.5)),
            ("=> a@b.example T=remote_smtp C=\"250 ok\" QT=3.818s DT=0.080s", Some(3.818), Some(3.818)),
            ("<= a@b.example H=mx.b.example [192.0.2.1] P=esmtps S=9 RT=25.125s", Some(25.125), Some(25.125)),
            ("stat=Deferred, delay=00:01:03, xdelay=00:00:30", Some(63.0), Some(63.0)),
            ("delay=00:30:06, xdelay=00:00:06, mailer=esmtp, stat=Sent", Some(1_806.0), Some(6.0)),
            ("delay=1+00:30:06, xdelay=00:00:06, mailer=esmtp, stat=Sent", Some(88_206.0), Some(6.0)),
            ("(default: F (no action): time: 4523.5ms, dns req: 40", Some(4.5235), Some(4.5235)),
            ("result: . 0 - scantime=12.5,size=1234", Some(12.5), Some(12.5)),
            (
                "spamd: clean message (1.0/5.0) for x:1000 in 25.0 seconds, 2222 bytes.",
                Some(25.0),
                Some(25.0),
            ),
            ("spamd: identified spam (9.9/5.0) for in box:9 in 0.4 seconds, 2 bytes.", Some(0.4), Some(0.4)),
            (
                "(1-2) Passed CLEAN {RelayedInbound}, <a@b.example> -> <c@d.example>, size: 9, 25012 ms",
                Some(25.012),
                Some(25.012),
            ),
            ("len: 9, time: 25012.3ms real, 20.1ms virtual, dns req: 4", Some(25.0123), Some(25.0123)),
            (
                "SMTP command timeout on connection from mail.b.example [192.0.2.1]:4711 D=5m0.2s",
                Some(300.2),
                Some(300.2),
            ),
            ("H=mail.b.example [192.0.2.1]:4711 I=[192.0.2.9]:25 ID=7s", None, None),
            ("connect from unknown[192.0.2.1]", None, None),
            ("delay=soon", None, None),
        ] {
            let delay = in_line(line);
            assert_eq!((delay.whole, delay.with_dns()), (whole, with_dns), "{line}");
            assert_eq!(delay.sending, line.contains("QT=").then_some(0.08), "{line}");
        }
    }
}
