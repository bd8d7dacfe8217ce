//! Selects emails that took long or had a failed question. All questions of these emails are stored on disk. So after a crash, or when
//! memory has lost them, `resolverctl why` still finds the email by its domain and can say why it waited.
//!
//! # Decisions
//!
//! - Questions that the cache answered are read too, because they show when the client continued to ask. There are many of them, so this is
//!   done only every `SNAPSHOT_INTERVAL`, for the last `LONG_MESSAGE_TIME`.
//! - The longest emails are stored first. Emails with a failed question but no delay get less room, because most are about domains in spam.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use crate::chooser::Chooser;
use crate::emails::emails;
use crate::limits::{
    FAILED_MESSAGE_BURST, GREETING_PAUSE, LONG_MESSAGE_BURST, LONG_MESSAGES_AN_HOUR, MESSAGE_PAUSE,
};
use crate::message::{ListOf, Message, group};
use dns::clock::{Mono, micros};
use record::entry::{Entry, QuestionEntry};
use record::limits::SNAPSHOT_INTERVAL;
use record::{Histogram, Recorded, stored};

const HOUR: u64 = 3_600;

#[derive(Debug, Default)]
pub(crate) struct LongMessages {
    read_at: Option<Mono>,
    /// Emails that ended before this time are not selected again. In microseconds since 1970.
    taken_until: u64,
    /// Octets on disk that selected emails have used, less `LONG_MESSAGES_AN_HOUR` for each hour.
    used: u64,
}

impl LongMessages {
    pub(crate) fn is_due(&self, now: Mono) -> bool {
        self.read_at.is_none_or(|read| now.since(read) >= SNAPSHOT_INTERVAL)
    }

    /// Skips emails that ended before `until`: the previous process has stored them.
    pub(crate) fn pass_over(&mut self, until: u64) {
        self.taken_until = self.taken_until.max(until);
    }

    /// Returns the period in which the emails of the next `take` ended, in microseconds since 1970.
    pub(crate) fn untaken(&self, until: u64) -> Range<u64> {
        self.taken_until..until
    }

    /// Returns the entries of the emails that have ended since the last call, if they took as long as a slow question or have a failed
    /// question. The longest emails come first. Emails beyond `LONG_MESSAGES_AN_HOUR` are left out, and so are questions that are stored in
    /// any case because they failed or were slow. Also counts in `times` how long questions of each email were in progress.
    pub(crate) fn take(
        &mut self,
        recorded: &Recorded,
        stored: &Chooser,
        (now, until, slow): (Mono, u64, u64),
        (list, times): (ListOf<'_>, &Histogram),
    ) -> Vec<Entry> {
        if let Some(read) = self.read_at.replace(now) {
            let freed = now.since(read).as_secs().saturating_mul(LONG_MESSAGES_AN_HOUR) / HOUR;
            self.used = self.used.saturating_sub(freed);
        }
        let over = self.untaken(until);
        self.taken_until = until;
        let mut long = group(recorded, list).all;
        let is_over = |message: &Message| over.contains(&message.ended.saturating_add(micros(MESSAGE_PAUSE)));
        // An email is counted once, soon after its leading group has ended (see `emails`), although further groups may follow. Groups that
        // ended before `first` cannot belong to the counted emails. They are left out, because joining them would take most of the time.
        let first = over.start.saturating_sub(micros(MESSAGE_PAUSE + GREETING_PAUSE));
        let recent = long.iter().filter(|message| message.ended >= first);
        for email in emails(recent, recorded).iter().filter(|email| is_over(email.lead)) {
            times.count(Duration::from_micros(email.waited(recorded)));
        }
        long.retain(is_over);
        long.retain(|message| message.took() >= slow || message.has_failed(recorded));
        long.sort_by_key(|message| Reverse(message.took()));
        let mut chosen = Vec::new();
        for message in long {
            let entries = entries(&message, recorded, stored, slow);
            let mut octets = Vec::new();
            entries.iter().for_each(|entry| stored::put(entry, &mut octets));
            let used = self.used.saturating_add(octets.len() as u64);
            if used <= if message.took() >= slow { LONG_MESSAGE_BURST } else { FAILED_MESSAGE_BURST } {
                self.used = used;
                chosen.extend(entries);
            }
        }
        chosen
    }
}

fn entries(message: &Message, recorded: &Recorded, stored: &Chooser, slow: u64) -> Vec<Entry> {
    let is_stored = |question: &QuestionEntry| {
        let waited = question.flight.is_some_and(|flight| stored.has(flight));
        question.outcome.is_failure() || question.elapsed >= slow || waited
    };
    let questions = message.queries(recorded);
    let questions: Vec<&QuestionEntry> = questions.filter(|question| !is_stored(question)).collect();
    let flights: BTreeSet<u64> = questions.iter().filter_map(|question| question.flight).collect();
    // The answer of a resolution for the same name and type contains names, which show to which email a later question from the cache
    // belongs. So these resolutions are stored too.
    let is_asked = |name: &[u8], kind| questions.iter().any(|one| one.kind == kind && *one.name == *name);
    let of_flights = recorded.flights.iter().filter(|flight| {
        flights.contains(&flight.id) || !flight.links.is_empty() && is_asked(&flight.name, flight.kind)
    });
    let of_flights = of_flights.map(|flight| Entry::Flight(flight.clone()));
    of_flights.chain(questions.iter().map(|question| Entry::Question((*question).clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::Outcome;
    use record::entry::{FlightEntry, Link};

    const SECOND: u64 = 1_000_000;

    fn question(client: u32, at: u64, elapsed: u64, outcome: Outcome) -> QuestionEntry {
        let failed = QuestionEntry::failed(b"\x07example\x00", at);
        QuestionEntry { client: std::net::Ipv4Addr::from_bits(client).into(), elapsed, outcome, ..failed }
    }

    fn recorded(questions: Vec<QuestionEntry>) -> Recorded {
        Recorded { questions, ..Recorded::default() }.interned().in_order()
    }

    fn take(long: &mut LongMessages, recorded: &Recorded, seconds: u64, until: u64) -> Vec<Entry> {
        let times = (Mono::from_micros(seconds * SECOND), until, SECOND);
        long.take(recorded, &Chooser::default(), times, (&|_| None, &Histogram::default()))
    }

    #[test]
    fn ended_long_message_is_chosen_once() {
        let recorded = recorded(vec![
            question(1, 0, 10, Outcome::Upstream),
            question(1, SECOND, 0, Outcome::Cache),
            question(1, 2 * SECOND, 10, Outcome::Failed),
            // This email waited as long as a slow question, although none of its questions was slow.
            question(2, 0, 4 * SECOND, Outcome::Upstream),
            question(2, 4 * SECOND, 10, Outcome::Upstream),
            question(3, 0, 10, Outcome::Upstream),
            question(3, SECOND / 2, 10, Outcome::Upstream),
            question(4, 1, 10, Outcome::Upstream),
            question(4, SECOND / 2, 10, Outcome::Failed),
        ]);
        let mut long = LongMessages::default();
        let mut taken = |until| -> Vec<u64> {
            let chosen = take(&mut long, &recorded, 0, until);
            let at = |entry: &Entry| if let Entry::Question(one) = entry { one.at } else { panic!() };
            chosen.iter().map(at).collect()
        };
        assert_eq!(taken(2 * SECOND), [0; 0], "they may go on");
        assert_eq!(taken(3 * SECOND), [1]);
        assert_eq!(taken(9 * SECOND), [4 * SECOND, 0, SECOND]);
        assert_eq!(taken(u64::MAX), [0; 0]);
    }

    #[test]
    fn cached_answer_links_are_stored() {
        let linked = FlightEntry {
            name: b"\x07example\x00"[..].into(),
            kind: hickory_proto::rr::RecordType::MX,
            links: vec![Link::Name(b"\x05other\x00"[..].into())],
            ..FlightEntry::blank(7, 0, 10)
        };
        let questions =
            vec![question(1, 20, 0, Outcome::Cache), question(1, 20, 3 * SECOND, Outcome::Upstream)];
        let recorded = Recorded { flights: vec![linked.clone()], ..recorded(questions) };
        let chosen = take(&mut LongMessages::default(), &recorded, 0, u64::MAX);
        assert!(chosen.contains(&Entry::Flight(linked)) && chosen.len() == 2, "{chosen:#?}");
    }

    #[test]
    fn longest_messages_take_bounded_disk() {
        let mut long = LongMessages::default();
        let mut play = |part: u64, seconds: u64| {
            let questions = (0..5_000).flat_map(|client| {
                let at = part * 100 * SECOND;
                [0, SECOND + u64::from(client)]
                    .map(|pause| question(client, at + pause, 10, Outcome::Upstream))
            });
            let chosen = take(&mut long, &recorded(questions.collect()), seconds, (part + 1) * 100 * SECOND);
            assert!(
                chosen.len() < 2
                    || matches!(&chosen[0], Entry::Question(one) if one.client == std::net::Ipv4Addr::from_bits(4_999))
            );
            chosen.len()
        };
        let stored: usize = (0..24).map(|part| play(part, 0)).sum();
        assert!(stored > 1_000 && stored < 120_000, "{stored}");
        assert!(play(24, 1) < 10, "it is used up");
        let freed = play(25, 1 + HOUR);
        assert!(freed > 0 && freed < 5_000, "{freed}");
    }
}
