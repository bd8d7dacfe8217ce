//! Lines of mail software that an operator pastes: their time, and the addresses and domains in them.
//!
//! Pure. The formats of Postfix, Exim, Sendmail, rspamd and SpamAssassin differ, but all of them write a time first, and the
//! names that were looked up in brackets, behind `=` or behind `@`. So a line is read word by word, and no program has a
//! pattern of its own. Names that nobody looked up are not in the record, and do no harm.
//!
//! # Decisions
//!
//! - The host in a line about a delivery is that of the recipient's domain, and many domains have one mail host: only the domain says
//!   which mail it was. In a line about a client the host is the client.
//! - A domain stands for itself, without the names below it: those of a provider are its hosts and its customers, whose mails are others.
//! - Other names in a line about a delivery may be of other mail: an earlier address of the recipient, the sender, the words of the remote
//!   server. Those of its result count only if it names what was looked up, see `delivery`.
//! - The domain of a Message-ID may be any name. It counts only in a result line of SpamAssassin, which has nothing else.

mod delay;
mod delivery;
mod fit;
mod line;
mod lookup;
mod queue;
mod settle;
mod subject;
mod time;

use std::net::IpAddr;

pub use self::delay::LineDelay;
use self::delivery::Delivery;
pub use self::line::PastedLine;
pub use self::settle::{LineResult, is_of_line, known_first, settle};
use self::subject::subject;
use crate::limits::MAX_LINE_SUBJECTS;

/// Words of lines that are written at the end of a session, or of a step of it that took long.
const SESSION_ENDED: [&str; 5] =
    ["timeout after", "lost connection after", "disconnect from", "timed out while", "synchronization error"];

/// Keys whose value is no name that is looked up.
const NO_NAMES: [&str; 6] = ["message-id", "msgid", "id", "resent-message-id", "uid", "queue-id"];

/// The key of a Message-ID in a result line of SpamAssassin.
const RESULT_ID: &str = "mid";

/// Keys of the host that got the mail in lines about a delivery, of Postfix and Sendmail, and of Exim.
const RECEIVING_HOST: [&str; 2] = ["relay", "h"];

/// Keys whose value was certainly looked up.
const LOOKED_UP: [&str; 2] = ["name", "query"];

/// Reads pasted text: its lines that name an address or a domain. Times without a time zone are in the time zone of this host;
/// `now` is in seconds since 1970. A line of `postqueue -j` is read as two with the same number: the sender was checked when the mail
/// came, and the recipients were tried from then until now.
pub fn read(text: &str, now: f64) -> Vec<PastedLine> {
    let mut dates = LineDates::default();
    let mut lines: Vec<PastedLine> = Vec::new();
    for (number, text) in (1..).zip(text.lines().map(str::trim)) {
        let (at, is_arrival) = dates.of(text, now);
        if is_header_without_name(text) {
            continue;
        }
        let line = |part: &str, at: Option<(f64, f64)>, is_arrival: bool| {
            let lower = part.to_ascii_lowercase();
            let LineSubjects { all, of_mail } = LineSubjects::of(part);
            let blames_dns = lookup::has_failed(&lower);
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
                delay: delay::of(part),
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
    lines
}

/// The lines in the order in which they are shown: of an entry of a queue, or of a bounce, those first that say that a lookup failed. Its
/// sender, which is mostly a domain of this host, is not the reason for it.
pub(crate) fn failures_first(mut lines: Vec<PastedLine>) -> Vec<PastedLine> {
    lines.sort_by_key(|line| (line.entry, !line.blames_dns));
    lines
}

/// The time of the lines so far: a line without a time belongs to the line before it.
#[derive(Default)]
struct LineDates {
    /// The first and the last moment that are meant.
    date: Option<(f64, f64)>,
    /// The words of the last time, if they are not understood.
    unread: Option<String>,
    /// The number of entries of queues and of lines of logs.
    entries: usize,
}

impl LineDates {
    /// The time of the next line, and whether it is that at which a mail came.
    fn of(&mut self, text: &str, now: f64) -> (Option<(f64, f64)>, bool) {
        let arrival = queue::arrival(text, now);
        let own = arrival.or_else(|| time::of(text, now));
        let unread = if own.is_none() { time::not_understood(text) } else { None };
        // The headers of a bounce are of one mail.
        if (own.is_some() || unread.is_some()) && !time::is_date_header(text) {
            self.entries = self.entries.saturating_add(1);
        }
        if own.is_some() || unread.is_some() {
            // A bounce has its date in a header of its own. An entry of mailq goes on in the next lines, and its tries go on until now.
            (self.date, self.unread) = (arrival.map(|(first, _)| (first, now)).or(own), unread);
        }
        (own.or(self.date), arrival.is_some())
    }
}

/// A header of a bounce that has only ids of messages and names of this host.
fn is_header_without_name(text: &str) -> bool {
    let header = |name: &str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
    ["message-id:", "reporting-mta:", "date:", "arrival-date:", "received:"].iter().any(|name| header(name))
}

/// Whether a subject is no address.
fn is_name(subject: &str) -> bool {
    subject.parse::<IpAddr>().is_err()
}

/// The first `most` subjects, each once.
fn distinct(all: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for subject in all {
        if distinct.len() < most && !distinct.contains(&subject) {
            distinct.push(subject);
        }
    }
    distinct
}

/// The addresses and names in a line.
struct LineSubjects {
    all: Vec<String>,
    /// The domains of mail addresses among them.
    of_mail: Vec<String>,
}

impl LineSubjects {
    fn of(text: &str) -> Self {
        let delivery = Delivery::of(text);
        let is_delivery = delivery.is_some() || delivery::is_attempt(text);
        let words = delivery.and_then(Delivery::words).unwrap_or_else(|| time::without_head(text));
        // Those that count only if the line has no others.
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
            // rspamd and headers of bounces write the key as a word: `id: <a@b>`.
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
