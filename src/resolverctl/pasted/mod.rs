//! Reads the log lines of mail software that an operator pastes into `resolverctl why -`: their time, and the addresses and
//! domains in them.
//!
//! The formats of mail software differ, but all programs write a time first, and write the names that they looked up in brackets,
//! after `=` or after `@`. So resolverctl reads a line word by word, without patterns for single programs. A name that nobody
//! looked up is not in the query history, so it does no harm.
//!
//! # Decisions
//!
//! - The host in a line about a delivery is the mail host of the recipient's domain. Many domains share one mail host, so only
//!   the domain shows which mail it was. In a line about a client, the host is the client.
//! - A domain does not include the names below it: below the domain of a provider are its hosts and its customers, which send
//!   other mails.
//! - Other names in a line about a delivery may belong to another mail: an earlier address of the recipient, the sender, and
//!   names in the reply of the remote server. Names in the result count only if the result reports what was looked up (see
//!   `delivery`).
//! - The domain of a Message-ID may be any name. It counts only in a result line of SpamAssassin, which has no other name.

mod answer;
mod delay;
mod delivery;
mod fit;
mod kind;
mod line;
mod lookup;
mod queue;
mod results;
mod settle;
mod subject;
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub use self::delay::LineDelay;
use self::delivery::Delivery;
pub use self::kind::{QueuedMails, is_bounce, queued};
pub use self::line::PastedLine;
pub use self::results::{LineResult, known_first, longest_wait_first};
pub use self::settle::{is_of_line, settle};
use self::subject::subject;
use crate::limits::MAX_LINE_SUBJECTS;
use dns::question::DnsResult;

/// Words in a log line about the end of an SMTP session, or about a step of the session that took too long.
const SESSION_ENDED: [&str; 5] =
    ["timeout after", "lost connection after", "disconnect from", "timed out while", "synchronization error"];

/// Programs of Postfix that look up nothing.
const QUIET: [&str; 3] = ["/pickup[", "/cleanup[", "/qmgr["];

/// Mail software does not look up the values of these keys, although they look like DNS names.
const NO_NAMES: [&str; 6] = ["message-id", "msgid", "id", "resent-message-id", "uid", "queue-id"];

/// The key of the Message-ID in a result line of SpamAssassin.
const RESULT_ID: &str = "mid";

/// The keys of the mail host in lines about a delivery: Postfix and Sendmail write `relay`, Exim writes `h`.
const RECEIVING_HOST: [&str; 2] = ["relay", "h"];

/// Mail software certainly looked up the names after these keys.
const LOOKED_UP: [&str; 2] = ["name", "query"];

/// Reads pasted text, and returns its lines that name an address or a domain. A time without a time zone is in the time zone of
/// this host. `now` is in seconds since 1970. A line of `postqueue -j` becomes two lines with the same number: one for the
/// sender, who was checked at the arrival, and one for the recipients, to whom delivery was tried from then until now.
pub fn read(text: &str, now: f64) -> Vec<PastedLine> {
    let mut dates = LineDates::default();
    let mut lines: Vec<PastedLine> = Vec::new();
    for (number, text) in (1..).zip(&unfolded(text)) {
        let (at, is_arrival) = dates.read(text, now);
        if is_header_without_name(text) {
            continue;
        }
        let line = |part: &str, at: Option<(f64, f64)>, is_arrival: bool| {
            let lower = part.to_ascii_lowercase();
            let LineSubjects { all, of_mail } = LineSubjects::from_line(part);
            let reports = lookup::reported(&lower);
            let blames_dns =
                reports.is_some_and(|result| !matches!(result, DnsResult::Listed | DnsResult::NullMx));
            PastedLine {
                number,
                entry: dates.entries,
                text: text.to_owned(),
                at: at.map(|(first, _)| first),
                at_last: at.map(|(_, last)| last),
                unread_time: dates.unread.clone(),
                is_arrival,
                subjects: all,
                mail_domains: of_mail,
                delay: delay::in_line(part),
                reports,
                blames_dns,
                rejected: if blames_dns { lookup::rejected(&lower) } else { None },
                ends_session: SESSION_ENDED.iter().any(|words| lower.contains(words)),
            }
        };
        let read = match queue::parts(text) {
            Some((sender, recipients)) => {
                vec![line(&sender, at, true), line(&recipients, dates.date, false)]
            }
            None => vec![line(text, at, is_arrival)],
        };
        lines.extend(read.into_iter().filter(|line| !line.subjects.is_empty()));
    }
    join_entries(&mut lines);
    lines
}

/// Gives all log lines with the same queue ID the same entry, because they are of one mail.
fn join_entries(lines: &mut [PastedLine]) {
    let mut of_ids: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        if let Some(id) = queue_id(&line.text) {
            line.entry = *of_ids.entry(id.to_owned()).or_insert(line.entry);
        }
    }
}

/// Returns the lines of a text without surrounding blanks. The reason in a bounce (`<user@domain>: reason`, or the header Diagnostic-Code) may be
/// folded: its further lines, which begin with a blank, are joined to the first.
fn unfolded(text: &str) -> Vec<String> {
    let is_reason = |line: &str| {
        line.starts_with('<') && line.contains(">: ")
            || line.get(..DIAGNOSTIC.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(DIAGNOSTIC))
    };
    let mut unfolded: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_further = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        match unfolded.last_mut() {
            Some(reason) if is_further && is_reason(reason) => {
                reason.push(' ');
                reason.push_str(line.trim());
            }
            _ => unfolded.push(line.trim().to_owned()),
        }
    }
    unfolded
}

/// The header of a bounce with the reason (RFC 3464 section 2.3.6).
const DIAGNOSTIC: &str = "diagnostic-code:";

/// Removes the lines of Postfix programs that look up nothing, if another line with the same queue ID has a delay or reports a result of
/// DNS. If most of this delay was before the queue manager, no line is removed: only the line of qmgr names the sender, whose domain was
/// looked up in this time.
pub(crate) fn without_quiet(mut lines: Vec<PastedLine>) -> Vec<PastedLine> {
    let telling = lines.iter().filter(|line| line.is_telling() && !line.delay.is_before_queue());
    let telling: BTreeSet<String> =
        telling.filter_map(|line| queue_id(&line.text)).map(str::to_owned).collect();
    let is_quiet = |line: &PastedLine| QUIET.iter().any(|program| line.text.contains(program));
    let has_other = |line: &PastedLine| queue_id(&line.text).is_some_and(|id| telling.contains(id));
    lines.retain(|line| line.is_telling() || !is_quiet(line) || !has_other(line));
    lines
}

/// Returns the queue ID in a line of Postfix or Sendmail (`smtpd[9]: ID: `), or in the main log of Exim (`DATE TIME ID <= `).
fn queue_id(text: &str) -> Option<&str> {
    let of_syslog = || text.split_once("]: ")?.1.split_once(": ").map(|(id, _)| id);
    // Each ID has a digit, but the words `NOQUEUE` and `warning`, which stand at the same place, have none.
    let is_id = |id: &&str| {
        id.bytes().all(|octet| octet.is_ascii_alphanumeric())
            && id.bytes().any(|octet| octet.is_ascii_digit())
    };
    of_syslog().filter(is_id).or_else(|| text.split(' ').take(EXIM_WORDS).find(|word| is_of_exim(word)))
}

/// The words of a line of Exim up to the message ID, which may follow a date, a time, a time zone and a process ID.
const EXIM_WORDS: usize = 5;

/// Returns true for a message ID of Exim: `1abCde-0003fG-Hi`, or `1abCde-00000003fGh-HiJk` since version 4.97.
fn is_of_exim(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths.as_slice(), [6, 6, 2] | [6, 11, 4])
        && parts.concat().bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// Sorts the lines: within a queue entry or a bounce, lines that report a failed lookup come first. The line about the sender seldom reports
/// one, because the sender usually has a domain of this host.
pub(crate) fn failures_first(mut lines: Vec<PastedLine>) -> Vec<PastedLine> {
    lines.sort_by_key(|line| (line.entry, !line.blames_dns));
    lines
}

/// The time of the lines read so far, because a line without a time has the time of the line before it.
#[derive(Default)]
struct LineDates {
    /// The last time in the text so far. It is stored as the first and the last moment that it can mean, in seconds since 1970, because
    /// logs may leave out the year and the time zone.
    date: Option<(f64, f64)>,
    /// The most recent time as text, if it could not be parsed.
    unread: Option<String>,
    /// The number of queue entries, bounces and log lines so far.
    entries: usize,
}

impl LineDates {
    /// Reads the time in the next line. Returns the first and the last moment that it can mean, and true if it is the time at which a
    /// mail arrived in the queue.
    fn read(&mut self, text: &str, now: f64) -> (Option<(f64, f64)>, bool) {
        let arrival = queue::arrival(text, now);
        let own = arrival.or_else(|| time::in_line(text, now));
        let unread = if own.is_none() { time::not_understood(text) } else { None };
        // All header lines of a bounce belong to one mail, so a date in them does not begin a new group of lines.
        if (own.is_some() || unread.is_some()) && !time::is_date_header(text) {
            self.entries = self.entries.saturating_add(1);
        }
        if own.is_some() || unread.is_some() {
            // The time in a line also applies to the lines after it, until one of them has its own time. In an entry of mailq, these lines
            // report delivery attempts between the arrival of the mail (`first`) and `now`.
            (self.date, self.unread) = (arrival.map(|(first, _)| (first, now)).or(own), unread);
        }
        (own.or(self.date), arrival.is_some())
    }
}

/// Returns true for a header line of a bounce whose only names are message ids and names of this host.
fn is_header_without_name(text: &str) -> bool {
    let header = |name: &str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    ["message-id:", "reporting-mta:", "date:", "arrival-date:", "received:"].iter().any(|name| header(name))
}

fn is_name(subject: &str) -> bool {
    subject.parse::<IpAddr>().is_err()
}

fn distinct(all: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for subject in all {
        if distinct.len() < most && !distinct.contains(&subject) {
            distinct.push(subject);
        }
    }
    distinct
}

struct LineSubjects {
    all: Vec<String>,
    of_mail: Vec<String>,
}

impl LineSubjects {
    fn from_line(text: &str) -> Self {
        let delivery = Delivery::from_line(text);
        let is_delivery = delivery.is_some() || delivery::is_attempt(text);
        let words = delivery.and_then(Delivery::words).unwrap_or_else(|| time::without_head(text));
        // `certain` has names that were looked up, `last` has names that count only if the line has no others, and `others` has all other names.
        let (mut certain, mut others, mut last) = (Vec::new(), Vec::new(), Vec::new());
        let (mut key, mut of_mail) = (String::new(), Vec::new());
        for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
            for part in word.split(['<', '>', '(', ')', '[', ']', '{', '}', '"', '\'', ';', '/', '|', '!']) {
                let (of, value) = part.rsplit_once('=').map_or((None, part), |(of, value)| (Some(of), value));
                if let Some(of) = of {
                    key = of.to_ascii_lowercase();
                }
                let Some(subject) = subject(value) else { continue };
                let into = match key.as_str() {
                    RESULT_ID => &mut last,
                    key if is_delivery && RECEIVING_HOST.contains(&key) => &mut last,
                    key if NO_NAMES.contains(&key) => continue,
                    key if LOOKED_UP.contains(&key) => &mut certain,
                    _ => &mut others,
                };
                if key != RESULT_ID && value.contains('@') {
                    of_mail.push(subject.clone());
                }
                into.push(subject);
            }
            // In rspamd and in headers of bounces, a space follows the key: `id: <a@b>`.
            key = word.strip_suffix(':').unwrap_or_default().to_ascii_lowercase();
        }
        if is_delivery && certain.iter().chain(&others).any(|subject| is_name(subject)) {
            others.retain(|subject| is_name(subject));
        }
        if certain.is_empty() && others.is_empty() {
            others = last;
        }
        let all = distinct(certain.into_iter().chain(others), MAX_LINE_SUBJECTS);
        Self { all, of_mail: distinct(of_mail.into_iter(), MAX_LINE_SUBJECTS) }
    }
}

#[cfg(test)]
mod tests;
