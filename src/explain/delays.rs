//! The sums of delayed mail on disk: once a minute, by cause and by DNS list. With them, the report about a long period is right however many
//! messages the period has, although the disk has only the messages that waited long.
//!
//! # Decisions
//!
//! - The entry without a side and a zone has the period that its sums cover. A message that ended in such a period is not counted again from
//!   its queries. So a period without sums, such as that of an earlier version, is counted from the messages.
//! - The sums of each side are always stored, those of causes and lists as far as `MINUTE_SUMS` has room, the greatest first. So the sum of a
//!   side is right even if its causes have no room.
//! - The delay of a message by a list is the time in which a query to the list was the last one in progress. It counts from
//!   `LEAST_LIST_DELAY` on; an answer from the cache delays nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::costs::{CommonFaults, CostsWanted, JudgedMessages, explained_costs, table};
use crate::culprit::turns;
use crate::emails::{Email, emails};
use crate::evidence::seconds;
use crate::limits::{LEAST_LIST_DELAY, MAX_LIST_MESSAGES, MESSAGE_PAUSE, MINUTE_SUMS};
use crate::message::{ListOf, Message, group};
use crate::subject::{Subject, subject};
use crate::why::DaemonFacts;
use dns::clock::micros;
use dns::question::{name_of_wire, name_text};
use record::entry::{DelayEntry, Entry, QuestionEntry};
use record::{Recorded, stored};

/// The messages (emails) that a DNS list delayed in a period. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListDelays {
    /// The list.
    pub list: String,
    /// The number of messages that the list delayed.
    pub messages: u64,
    /// The sum of their delays by the list.
    pub time: f64,
    /// The longest delay of a message by the list.
    pub longest: f64,
    /// The messages that the history still has, the longest delay first; at most `limits::MAX_LIST_MESSAGES`.
    pub rows: Vec<ListDelay>,
    /// The number of further messages that the history still has.
    pub more: u64,
}

/// A message (email) that a DNS list delayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListDelay {
    /// When its first query came, in seconds since 1970.
    pub began: f64,
    /// The client.
    pub client: IpAddr,
    /// The domain or address of the message.
    pub about: String,
    /// The delay by the list, in seconds.
    pub delay: f64,
    /// The time that the message waited for DNS in total, in seconds.
    pub waited: f64,
}

impl ListDelays {
    /// Returns the number of messages of which only the sum is known.
    pub fn unlisted(&self) -> u64 {
        self.messages.saturating_sub(self.rows.len() as u64).saturating_sub(self.more)
    }

    pub(crate) fn new(list: &[u8], found: &[&Email<'_>], covered: &Covered<'_>, of: &OfList<'_>) -> Self {
        let delays = found.iter().map(|email| (*email, list_delays(email, of).get(list).copied()));
        let mut known: Vec<_> = delays.filter_map(|(email, delay)| Some((email, delay?))).collect();
        known.sort_by_key(|(_, delay)| Reverse(*delay));
        let uncovered = known.iter().filter(|(email, _)| !covered.has(email));
        let mut sum = Delay::default();
        uncovered.for_each(|(_, delay)| sum.add(1, *delay, *delay));
        let of_period = covered.of_period().filter(|entry| entry.is_of_list() && *entry.zone == *list);
        of_period.for_each(|entry| sum.add(entry.messages, entry.micros, entry.longest));
        let row = |(email, delay): &(&Email<'_>, u64)| ListDelay {
            began: seconds(email.lead.began),
            client: email.lead.client,
            about: about(email.lead, of),
            delay: seconds(*delay),
            waited: seconds(email.waited(of.recorded)),
        };
        Self {
            list: name_text(&name_of_wire(list)),
            messages: sum.messages.max(known.len() as u64),
            time: seconds(sum.micros),
            longest: seconds(sum.longest),
            rows: known.iter().take(MAX_LIST_MESSAGES).map(row).collect(),
            more: known.len().saturating_sub(MAX_LIST_MESSAGES) as u64,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Delay {
    messages: u64,
    micros: u64,
    longest: u64,
}

impl Delay {
    fn add(&mut self, messages: u64, micros: u64, longest: u64) {
        self.messages = self.messages.saturating_add(messages);
        self.micros = self.micros.saturating_add(micros);
        self.longest = self.longest.max(longest);
    }
}

/// What finds the queries to DNS lists.
pub(crate) struct OfList<'r> {
    pub(crate) recorded: &'r Recorded,
    pub(crate) list: ListOf<'r>,
}

/// The sums of a period.
pub(crate) struct Covered<'r> {
    sums: &'r [DelayEntry],
    /// The begin and end of each period that has sums, sorted.
    periods: Vec<(u64, u64)>,
    span: Range<u64>,
}

impl<'r> Covered<'r> {
    /// The sums are those of all clients, so the period of a request for some clients has none.
    pub(crate) fn new(recorded: &'r Recorded, wanted: &CostsWanted) -> Self {
        let sums = if wanted.client.is_some() { &[] } else { recorded.sums.as_slice() };
        let totals = sums.iter().filter(|entry| entry.is_total());
        let mut periods: Vec<(u64, u64)> = totals.map(|entry| (entry.at, entry.until)).collect();
        periods.sort_unstable();
        Self { sums, periods, span: wanted.from..wanted.to }
    }

    /// Returns true if the sums have counted this email.
    pub(crate) fn has(&self, email: &Email<'_>) -> bool {
        let over = over(email.lead);
        let begun = self.periods.partition_point(|(at, _)| *at <= over);
        let period = begun.checked_sub(1).and_then(|place| self.periods.get(place));
        period.is_some_and(|(_, until)| over < *until)
    }

    pub(crate) fn of_period(&self) -> impl Iterator<Item = &'r DelayEntry> {
        self.sums.iter().filter(|entry| self.span.contains(&entry.at))
    }
}

/// Returns when an email counts as ended, in microseconds since 1970.
fn over(lead: &Message) -> u64 {
    lead.ended.saturating_add(micros(MESSAGE_PAUSE))
}

/// Returns the delay of an email by each DNS list, in microseconds.
fn list_delays<'r>(email: &Email<'_>, of: &OfList<'r>) -> BTreeMap<&'r [u8], u64> {
    let questions = email.groups().flat_map(|group| group.queries(of.recorded));
    let mut delays = BTreeMap::<&[u8], u64>::new();
    for (question, (from, to)) in turns(questions.map(|one| (one, (one.at, one.end())))) {
        let question: &'r QuestionEntry = question;
        if let Some(apex) = (of.list)(&question.name).and_then(|list| list.apex_in(&question.name)) {
            let delay = delays.entry(apex).or_default();
            *delay = delay.saturating_add(to.saturating_sub(from));
        }
    }
    delays.retain(|_, delay| *delay >= micros(LEAST_LIST_DELAY));
    delays
}

/// Returns the domain or address of a message: the domain of a sender or recipient, or else the first subject.
fn about(lead: &Message, of: &OfList<'_>) -> String {
    let subjects = || lead.queries(of.recorded).filter_map(|one| subject(&one.name, of.list));
    let domain = subjects().find(|subject| matches!(subject, Subject::Domain(_)));
    match domain.or_else(|| subjects().next()) {
        Some(Subject::Domain(domain)) => name_text(&name_of_wire(&domain)),
        Some(Subject::Address(address)) => address.to_string(),
        None => String::new(),
    }
}

/// Returns the entries with the sums of the emails that ended in a period; none if no email ended.
pub(crate) fn sums(recorded: &Recorded, period: &Range<u64>, facts: &DaemonFacts<'_>) -> Vec<Entry> {
    let all = group(recorded, facts.list).all;
    let emails = emails(all.iter(), recorded);
    let found: Vec<&Email<'_>> = emails.iter().filter(|email| period.contains(&over(email.lead))).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let of = OfList { recorded, list: facts.list };
    let mut by_list = BTreeMap::<&[u8], Delay>::new();
    for email in &found {
        for (list, delay) in list_delays(email, &of) {
            by_list.entry(list).or_default().add(1, delay, delay);
        }
    }
    let blank = DelayEntry { at: period.start, until: period.end, ..DelayEntry::default() };
    let judged = explained_costs(recorded, facts, |traffic, explain| {
        JudgedMessages::new(found, recorded, traffic, explain)
    });
    let total = DelayEntry { messages: judged.messages, failed: judged.touched, ..blank.clone() };
    let of_list = |(list, delay): (&&[u8], &Delay)| DelayEntry {
        zone: Arc::from(*list),
        worth: delay.micros,
        micros: delay.micros,
        messages: delay.messages,
        longest: delay.longest,
        ..blank.clone()
    };
    let mut entries: Vec<DelayEntry> = by_list.iter().map(of_list).collect();
    let servers = judged.servers();
    for ((side, cause), cost) in table(&judged.causes, &CommonFaults::default(), facts.configured) {
        let of_cause = cause.as_ref().and_then(|cause| servers.get(cause));
        entries.push(DelayEntry {
            side: Some(side),
            kind: cause.as_ref().map(|(kind, _)| *kind),
            servers: of_cause.map(|servers| servers.iter().copied().collect()).unwrap_or_default(),
            zone: cause.map(|(_, zone)| zone.into()).unwrap_or_default(),
            ..cost.entry(&blank)
        });
    }
    bounded(total, entries)
}

/// Returns the sums of a period for the disk: the total, those of the sides, and the greatest others for which there is room.
fn bounded(total: DelayEntry, mut entries: Vec<DelayEntry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| (!entry.is_of_side(), Reverse(entry.worth)));
    let (mut chosen, mut used) = (vec![Entry::Delay(total)], 0_usize);
    for entry in entries {
        let (is_of_side, entry) = (entry.is_of_side(), Entry::Delay(entry));
        let mut octets = Vec::new();
        stored::put(&entry, &mut octets);
        used = used.saturating_add(octets.len());
        if used <= MINUTE_SUMS || is_of_side {
            chosen.push(entry);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DAY_SUMS;
    use record::culprit::{CulpritKind, Side};

    #[test]
    fn sums_of_minute_have_bounded_size() {
        let of_side = |side, worth| DelayEntry { side: Some(side), worth, ..DelayEntry::default() };
        let of_cause = |number: u64| DelayEntry {
            kind: Some(CulpritKind::ServerSlow),
            zone: vec![7; 255].into(),
            servers: vec![[192, 0, 2, 1].into(); 4],
            ..of_side(Side::Theirs, 1_000 + number)
        };
        let mut entries: Vec<DelayEntry> = (0..500).map(of_cause).collect();
        entries.extend(Side::ALL.map(|side| of_side(side, 1)));
        let chosen = bounded(DelayEntry::default(), entries);
        let mut octets = Vec::new();
        chosen.iter().for_each(|entry| stored::put(entry, &mut octets));
        assert!(octets.len() * 24 * 60 <= DAY_SUMS, "{}", octets.len());
        let sums = |wanted: fn(&DelayEntry) -> bool| -> Vec<u64> {
            let of = |entry: &Entry| if let Entry::Delay(sum) = entry { Some(sum.clone()) } else { None };
            chosen.iter().filter_map(of).filter(wanted).map(|sum| sum.worth).collect()
        };
        assert_eq!(sums(DelayEntry::is_of_side), [1; 4]);
        let causes = sums(|sum| sum.kind.is_some());
        assert!(causes.len() > 2 && causes[0] == 1_499, "{causes:?}");
    }
}
