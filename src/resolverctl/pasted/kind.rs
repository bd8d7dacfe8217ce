//! Recognises a pasted text: the lines of a log, a mail queue or a bounce.

use std::collections::{BTreeMap, BTreeSet};

use super::{PastedLine, time};

/// The headers of a delivery report (RFC 3464 sections 2.2 and 2.3), which are in no log and no queue.
const OF_REPORT: [&str; 4] =
    ["final-recipient:", "diagnostic-code:", "original-recipient:", "reporting-mta:"];

/// Returns true if the text is a delivery report, or the words of one: a recipient in angle brackets and the reason. `now` is in seconds since
/// 1970.
pub fn is_bounce(text: &str, now: f64) -> bool {
    let is_of_bounce = |line: &str| {
        let lower = line.trim().to_ascii_lowercase();
        OF_REPORT.iter().any(|header| lower.starts_with(header))
            || lower.starts_with('<') && lower.contains('@') && lower.contains(">: ")
    };
    let is_of_log = |line: &str| time::in_line(line, now).is_some() && !time::is_date_header(line);
    text.lines().any(is_of_bounce) && !text.lines().next().is_some_and(is_of_log)
}

/// The mails of a queue to the same domains.
#[derive(Debug)]
pub struct QueuedMails {
    /// The domains of the recipients; those of the sender if the entries have no recipient.
    pub domains: BTreeSet<String>,
    /// How many mails the queue has for these domains.
    pub mails: usize,
    /// The lines of one of these mails.
    pub lines: Vec<PastedLine>,
}

/// Returns the mails of a queue by their domains, those of which there are most first. Returns `None` if the lines are not of several entries of
/// a queue.
pub fn queued(lines: &[PastedLine]) -> Option<Vec<QueuedMails>> {
    let arrived: BTreeSet<usize> =
        lines.iter().filter(|line| line.is_arrival).map(|line| line.entry).collect();
    if arrived.len() < 2 {
        return None;
    }
    let mut entries: BTreeMap<usize, Vec<&PastedLine>> = BTreeMap::new();
    for line in lines.iter().filter(|line| arrived.contains(&line.entry)) {
        entries.entry(line.entry).or_default().push(line);
    }
    let mut found: BTreeMap<BTreeSet<String>, QueuedMails> = BTreeMap::new();
    for mut lines in entries.into_values() {
        // The sender was checked at the arrival. The mail waits because of its recipients.
        if lines.iter().any(|line| !line.is_arrival) {
            lines.retain(|line| !line.is_arrival);
        }
        let domains: BTreeSet<String> = lines.iter().flat_map(|line| &line.mail_domains).cloned().collect();
        let known = found.entry(domains.clone()).or_insert_with(|| QueuedMails {
            domains,
            mails: 0,
            lines: lines.into_iter().cloned().collect(),
        });
        known.mails += 1;
    }
    let mut found: Vec<QueuedMails> = found.into_values().collect();
    found.sort_by_key(|queued| std::cmp::Reverse(queued.mails));
    Some(found)
}
