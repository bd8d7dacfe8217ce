//! Finds the time of a log line.

use super::super::moment;

/// The number of words at the begin of a line in which its time is searched. In mailq, the time follows the id and the size of the entry.
const WORDS: usize = 7;

/// Header fields of a bounce whose date is the time of the lines after them.
const DATE_HEADERS: [&str; 3] = ["Date:", "Arrival-Date:", "Last-Attempt-Date:"];

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Words after a time that mean the time zone UTC.
const UTC: [&str; 2] = ["UTC", "GMT"];

/// The number of letters in the name of a time zone, such as CET, PST or AEST.
const ZONE_LETTERS: std::ops::RangeInclusive<usize> = 3..=4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    /// The line has no time zone, so the time zone of this host counts.
    Local,
    Utc,
    /// Another time zone. Some names of time zones have several meanings, like IST, so the time cannot be converted.
    Unknown,
}

impl Zone {
    /// Returns the time zone that the word after a time denotes. `next` is the word after `word`. If `next` ends with a colon, it
    /// is the program of a syslog line, and `word` is the host.
    fn from_words(word: &str, next: &str) -> Self {
        let word = word.trim_end_matches([',', ';', ']', ')']).trim_start_matches('(');
        // The names of most other time zones end with T. Words that Exim writes after the time, such as SMTP and TLS, do not.
        let is_other = |word: &str| {
            ZONE_LETTERS.contains(&word.len())
                && word.ends_with('T')
                && word.bytes().all(|octet| octet.is_ascii_uppercase())
        };
        match word {
            _ if next.ends_with(':') => Self::Local,
            _ if UTC.contains(&word) => Self::Utc,
            _ if is_other(word) => Self::Unknown,
            _ => Self::Local,
        }
    }

    /// Returns the number of words that name the time zone: 1, or 0 if the time is local.
    fn count(self) -> usize {
        usize::from(self != Self::Local)
    }

    /// Converts a local date and time, joined by `T`, to the first and the last moment that it can mean, in seconds since 1970.
    fn read(self, local: &str, now: f64) -> Option<(f64, f64)> {
        match self {
            Self::Local => moment::read_both(local, now),
            Self::Utc => moment::read_both(&format!("{local}Z"), now),
            Self::Unknown => None,
        }
    }
}

/// Any period of this many years contains a 29 February.
const LEAP_YEARS: i32 = 8;

/// In seconds. If a time without a year would be later than this from now, the line is from an earlier year.
const FUTURE: f64 = 86_400.0;

/// In seconds. A time without seconds can mean any moment of its minute.
const MINUTE: f64 = 60.0;

/// Returns the first and the last moment that the time in a line can mean, in seconds since 1970. They differ for a time without
/// seconds (the start and the end of its minute), and for a local time that occurred twice because clocks were set back.
pub(super) fn in_line(line: &str, now: f64) -> Option<(f64, f64)> {
    find(line, now).map(|(at, _)| at)
}

pub(super) fn is_date_header(line: &str) -> bool {
    DATE_HEADERS.iter().any(|header| line.starts_with(header))
}

/// A line has a time of day, or a number of seconds since 1970, that `in_line` cannot parse. Returns the text from the start of the line to
/// the end of this time. Returns `None` if the line has no such time.
pub(super) fn not_understood(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().take(WORDS).collect();
    let is_header = words.first().is_some_and(|word| word.ends_with(':'));
    if is_header && !DATE_HEADERS.contains(words.first()?) {
        return None;
    }
    let place = words.iter().position(|word| has_clock(word) || is_stamp(word))?;
    // After words with these characters, a time is not the time of the line. Example:
    // `for <a@b.example>; Sat, 21 Nov 2026 03:12:05 +0000` in a `Received:` header.
    let is_text = |word: &&str| without_priority(word).contains([';', '<', '@', '=']);
    if words.iter().take(place).any(is_text) {
        return None;
    }
    let behind = |count: usize| words.get(place.saturating_add(count)).copied().unwrap_or_default();
    let end = place.saturating_add(Zone::from_words(behind(1), behind(2)).count());
    words.get(..=end).map(|words| words.join(" "))
}

fn is_local(joined: &str) -> bool {
    let time = joined.split_once('T').map_or("", |(_, time)| time);
    time.bytes().all(|octet| octet.is_ascii_digit() || matches!(octet, b':' | b'.' | b','))
}

/// Removes the syslog priority, such as `<22>`, from the start of a word.
fn without_priority(word: &str) -> &str {
    let parts = word.strip_prefix('<').and_then(|behind| behind.split_once('>'));
    parts.filter(|(priority, _)| priority.parse::<u8>().is_ok()).map_or(word, |(_, rest)| rest)
}

/// Returns true if the word has a time of day, as in `03:12:05.1` or `21/Nov/2026:03:12:05`.
fn has_clock(word: &str) -> bool {
    let word = word.trim_matches(['[', ']', '(', ')', ',', ';', '"', '\'']).trim_end_matches(['Z', 'z']);
    let word = word.split(['+', '.']).next().unwrap_or_default();
    let date = |part: &str| {
        part.contains(['/', '-', '.', 'T']) && part.contains(|letter: char| letter.is_ascii_digit())
    };
    let parts: Vec<&str> = word.rsplitn(4, ':').collect();
    // Impossible times such as 24:60:61 count too, because the program meant a time.
    let is_number = |part: &str| part.len() == 2 && part.parse::<u8>().is_ok();
    match &parts[..] {
        [seconds, minutes, hours] => {
            let hours = hours.rsplit(['T', 't', '_']).next().unwrap_or_default();
            is_number(seconds) && is_number(minutes) && hours.len() <= 2 && hours.parse::<u8>().is_ok()
        }
        [seconds, minutes, hours, before] => {
            is_number(seconds) && is_number(minutes) && is_number(hours) && date(before)
        }
        _ => false,
    }
}

/// Removes a prefix that another program added to the line without a space: the file name and line number of `grep`, or the
/// syslog priority (RFC 3164 section 4.1.1).
fn without_prefix(line: &str) -> &str {
    let line = line.trim_start();
    let first = line.split_whitespace().next().unwrap_or_default();
    let begins = first.match_indices([':', '>', '-']).map(|(place, _)| place.saturating_add(1));
    let is_date = |place: &usize| {
        let rest = first.get(*place..).unwrap_or_default();
        let is_month = MONTHS.contains(&rest);
        let is_day = rest.len() >= 10
            && rest.as_bytes().get(4) == Some(&b'-')
            && rest.as_bytes().get(7) == Some(&b'-')
            && rest.starts_with(|letter: char| letter.is_ascii_digit());
        is_month || is_day
    };
    begins.filter(is_date).find_map(|place| line.get(place..)).unwrap_or(line)
}

/// Parses a date in the form of mail headers (RFC 5322 section 3.3), at the start of a line: `Sat, 21 Nov 2026 03:12:05 +0000`.
/// After the name of a header field, such as `Will-Retry-Until:`, the date may mean something else and does not count.
fn in_mail_form(place: usize, words: [&str; 5]) -> Option<f64> {
    if place > 1 || !MONTHS.contains(&words[1]) {
        return None;
    }
    let zoned = jiff::fmt::rfc2822::parse(words.join(" ").trim_end_matches([',', ';', ')', ']'])).ok()?;
    Some(zoned.timestamp().as_duration().as_secs_f64())
}

/// Returns true for seconds, milliseconds or microseconds since 1970, and for a TAI64N label.
fn is_stamp(word: &str) -> bool {
    let tai = word
        .strip_prefix('@')
        .is_some_and(|label| label.len() == 24 && label.bytes().all(|octet| octet.is_ascii_hexdigit()));
    let seconds = word.split(['.', ',']).next().unwrap_or_default();
    tai || (matches!(seconds.len(), 10 | 13 | 16) && seconds.bytes().all(|octet| octet.is_ascii_digit()))
}

/// Returns the text of a line after its time, and in syslog lines after the host and the program.
pub(super) fn without_head(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let behind = find(line, 0.0).map_or(0, |(_, behind)| behind);
    // A syslog line has the host and the program after its time: `mx1 postfix/smtpd[123]:`.
    let program = behind > 0 && words.get(behind.saturating_add(1)).is_some_and(|word| word.ends_with(':'));
    let behind = behind.saturating_add(if program { 2 } else { 0 });
    words.get(behind..).unwrap_or_default().join(" ")
}

/// Returns the first and the last moment that the time in a line can mean, in seconds since 1970, and the number of words from the start of
/// the line to the end of the time.
fn find(line: &str, now: f64) -> Option<((f64, f64), usize)> {
    for header in DATE_HEADERS {
        if let Some(date) = line.strip_prefix(header) {
            let zoned = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
            let at = zoned.timestamp().as_duration().as_secs_f64();
            return Some(((at, at), line.split_whitespace().count()));
        }
    }
    let words: Vec<&str> = without_prefix(line).split_whitespace().take(WORDS + 3).collect();
    (0..words.len().min(WORDS)).find_map(|place| {
        let word = |behind: usize| words.get(place.saturating_add(behind)).copied().unwrap_or_default();
        // The name of a time zone in brackets may follow a time, so a `]` is removed only together with a `[` before the time.
        let joined = word(0).trim_end_matches([',', ';']);
        let joined = joined.strip_prefix('[').map_or(joined, |within| within.trim_end_matches(']'));
        if let Some(at) = moment::read_both(joined, now).filter(|_| joined.contains('T')) {
            let zone = if is_local(joined) { Zone::from_words(word(1), word(2)) } else { Zone::Local };
            let at = if zone == Zone::Local { Some(at) } else { zone.read(joined, now) };
            return at.map(|at| (at, place.saturating_add(1).saturating_add(zone.count())));
        }
        let (date, time) = (word(0).trim_start_matches('['), word(1).trim_end_matches([',', ';', ']']));
        if date.len() == 10 && date.as_bytes().get(4) == Some(&b'-') {
            let zone = word(2);
            let has_zone = zone.len() == 5 && zone.starts_with(['+', '-']);
            let (hours, minutes) = zone.split_at_checked(3).unwrap_or_default();
            let zoned = has_zone
                .then(|| moment::read_both(&format!("{date}T{time}{hours}:{minutes}"), now))
                .flatten();
            let named = Zone::from_words(zone, word(3));
            let at = match named {
                Zone::Local => zoned.or_else(|| moment::read_both(&format!("{date} {time}"), now)),
                named => named.read(&format!("{date}T{time}"), now),
            };
            let behind = if has_zone { 3 } else { named.count().saturating_add(2) };
            return Some((at?, place.saturating_add(behind)));
        }
        if let Some(at) = in_mail_form(place, [word(0), word(1), word(2), word(3), word(4)]) {
            return Some(((at, at), place.saturating_add(5)));
        }
        let (at, count) = of_month(word, now)?;
        Some((at, place.saturating_add(count)))
    })
}

/// Parses a time that begins with a month, as in syslog. Returns the first and the last possible moment, and the number of words.
/// `word` returns the words of the line, counted from the month.
fn of_month<'a>(word: impl Fn(usize) -> &'a str, now: f64) -> Option<((f64, f64), usize)> {
    let month = MONTHS.iter().position(|month| *month == word(0).trim_start_matches('['))?.saturating_add(1);
    let (day, time) = (word(1).parse::<u8>().ok()?, word(2).trim_end_matches(','));
    // The `mailq` of Sendmail shows times without seconds.
    let open = if time.matches(':').count() == 1 { MINUTE } else { 0.0 };
    let year = |word: &str| word.trim_end_matches([',', ']']).parse::<i32>().ok();
    let year = |word: &str| year(word).filter(|year| (1970..=9999).contains(year));
    // The program `date` writes the time zone between the time and the year.
    let (typed, zone) = match (year(word(3)), Zone::from_words(word(3), word(4))) {
        (Some(typed), _) => (Some(typed), Zone::from_words(word(4), word(5))),
        (None, zone) => (year(word(4)).filter(|_| zone != Zone::Local), zone),
    };
    let on = |year: i32| {
        let read = zone.read(&format!("{year:04}-{month:02}-{day:02}T{time}"), now);
        read.map(|(first, last)| (first, last + open))
    };
    let behind = 3_usize.saturating_add(zone.count());
    if let Some(year) = typed {
        return Some((on(year)?, behind.saturating_add(1)));
    }
    let year = moment::year(now)?;
    // A time without a year has the latest possible year. That may be next year: on New Year's Eve, if the clock of the host that
    // wrote the line is ahead. 29 February needs a leap year.
    let mut years = (0..=LEAP_YEARS).map(|back| year.saturating_add(1).saturating_sub(back));
    let at = years.find_map(|year| on(year).filter(|(first, _)| *first <= now + FUTURE));
    Some((at?, behind))
}
