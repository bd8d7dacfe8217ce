//! The recorder's part that tells the log of failed and slow questions, and of the others if `log.level` says so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::culprit::{ExplainedQuestion, judge};
use super::entry::{Entry, FlightEntry, QuestionEntry};
use super::evidence::{self, Absence};
use super::explained::{Explained, links_of};
use super::failure::FailedQuestion;
use super::failure_lines::{FailureLines, ToldElsewhere, ZoneOwner};
use super::follow::NewsReader;
use super::line::{Line, SlowLine};
use super::lock::lock;
use super::long_messages::{LongMessages, LongWanted};
use super::owner::WantedOwner;
use super::recorded::Recorded;
use super::redact::{Redaction, Secrets};
use super::slow_lines::SlowLines;
use super::store::Store;
use super::stored::{self, Chooser, WantedFlights};
use super::tally::{FailureCount, is_judged_failure};
use super::traffic::Traffic;
use super::why::{DaemonFacts, KnownFacts};
use super::written::Written;
use super::{Recorder, debug_lines, linked_flights, query_log};
use crate::limits::{MESSAGE_PAUSE, QUERY_LINES_A_SECOND};
use dns::clock::micros;
use dns::question::{Outcome, label_places, name_of_wire};

/// The questions that the log has, and the place in the record up to which it was read.
#[derive(Debug, Default)]
pub struct Told {
    pub(super) follower: NewsReader,
    pub(super) failures: FailureLines,
    pub(super) slow: SlowLines,
    pub(super) stored: Chooser,
    pub(super) long: LongMessages,
}

/// The facts that are not in the record.
pub struct TellFacts<'a> {
    /// Keys that no line may have.
    pub secrets: &'a Secrets,
    /// The parts of an entry that are not written to disk.
    pub redaction: Redaction,
    /// See `DaemonFacts`.
    pub facts: DaemonFacts<'a>,
    /// Whether the log has a line about a list that does not work, by its apex in wire form.
    pub is_list_told: &'a dyn Fn(&[u8]) -> bool,
    /// Whether a zone is in the configuration, by its name in lower-case wire form.
    pub is_configured: &'a dyn Fn(&[u8]) -> bool,
}

impl Recorder {
    /// Sets the time from which on a question is slow; called at start and after each reload.
    pub fn set_slow(&self, slow: Duration) {
        self.slow.store(micros(slow), Ordering::Relaxed);
        // The lists with keys may be others too.
        self.noticed.notify_one();
    }

    /// Sets which names the lines about zones have; called at start and after each reload.
    pub fn set_redaction(&self, redaction: Redaction) {
        self.withholds_names.store(redaction.names, Ordering::Relaxed);
    }

    /// The time from which on a question is slow.
    pub fn slow_from(&self) -> Duration {
        Duration::from_micros(self.slow.load(Ordering::Relaxed))
    }

    /// Returns when a question was kept that is worth a line, and every `limits::SNAPSHOT_INTERVAL`.
    pub async fn noticed(&self) {
        self.noticed.notified().await;
    }

    /// Wakes the reader if a question is worth a line, and wants the user of its client's socket if it failed or was slow.
    pub(super) fn notice(&self, question: &Written<'_>, socket: Option<WantedOwner>) {
        let is_slow = micros(question.elapsed) >= self.slow.load(Ordering::Relaxed);
        if is_slow || question.outcome.is_failure() {
            socket.into_iter().for_each(|socket| self.want_owner(socket));
            self.wake_reader();
        } else if tracing::enabled!(tracing::Level::DEBUG) {
            self.wake_reader();
        }
    }

    /// Wakes the reader of what is new.
    pub(super) fn wake_reader(&self) {
        self.has_news.store(true, Ordering::Relaxed);
        self.noticed.notify_one();
    }

    /// The entries since the last reading, without `secrets`, and the number of failed questions that are missing because they
    /// were overwritten meanwhile.
    fn news(&self, follower: &mut NewsReader, secrets: &Secrets) -> (Recorded, FailureCount) {
        let now = self.clock.mono();
        let (mut news, lost) = follower.read(&self.kept.misses, secrets, now);
        let outages = lock(&self.incidents).outage.spans(now);
        news.outages =
            outages.into_iter().map(|(since, until)| (since.as_micros(), until.as_micros())).collect();
        (news, lost)
    }

    /// Whether the log has a line about a zone that fails, in wire form.
    fn is_incident(&self, zone: &[u8]) -> bool {
        !zone.is_empty() && lock(&self.incidents).is_told(&name_of_wire(zone))
    }

    /// Like `is_incident`, for any zone of a name: the servers of its zone may have names in another zone, which is at fault.
    fn is_incident_of(&self, name: &[u8]) -> bool {
        label_places(name).filter_map(|place| name.get(place..)).any(|zone| self.is_incident(zone))
    }

    /// Reads what is new in the record, and writes the lines about it. It takes some milliseconds, so it is called on a
    /// thread of its own.
    pub fn tell(&self, told: &mut Told, facts: &TellFacts<'_>) {
        self.tell_news(told, facts, false);
    }

    /// Like `tell`, at the end of the process: also writes the lines about what was counted so far.
    pub fn tell_last(&self, told: &mut Told, facts: &TellFacts<'_>) {
        self.tell_news(told, facts, true);
        let now = self.clock.mono();
        let sums = [told.slow.finish(now), lock(&self.incidents).finish()];
        let sums = told.failures.finish(now).into_iter().chain(sums.into_iter().flatten());
        sums.for_each(|line| line.without_names(facts.redaction).write());
    }

    fn tell_news(&self, told: &mut Told, facts: &TellFacts<'_>, is_ending: bool) {
        // A step of the clock is noticed here: this is called every some seconds.
        self.dates();
        lock(&self.secrets).clone_from(facts.secrets);
        self.tell_queries(facts);
        self.tell_failures(told, facts, is_ending);
        self.store_long(told, facts, is_ending);
    }

    /// Stores the messages that took long. At the end of the process it also stores the messages that may go on.
    fn store_long(&self, told: &mut Told, facts: &TellFacts<'_>, is_ending: bool) {
        let now = self.clock.mono();
        if self.kept.store.get().is_none() || !(is_ending || told.long.is_due(now)) {
            return;
        }
        told.long.read(self.rings(), facts.secrets, now);
        let until = if is_ending { u64::MAX } else { now.before(MESSAGE_PAUSE).as_micros() };
        let slow = self.slow_from();
        let wanted = LongWanted { slow: micros(slow), until, facts: &facts.facts };
        let mut chosen = told.long.take(&mut told.stored, &wanted);
        let linked = linked_flights::of_hits(&chosen, &self.kept.misses, facts.secrets);
        chosen.extend(told.long.add_flights(linked, &mut told.stored));
        self.store(chosen, facts.redaction);
    }

    /// Counts failed questions of a zone; see `Recorder::failures`.
    fn count_failures(&self, zone: &[u8], count: u64) {
        if count > 0 {
            lock(&self.failures).count(zone, |row| row.0 = row.0.saturating_add(count));
        }
    }

    /// Writes the lines about questions that failed or were slow, and stores these.
    fn tell_failures(&self, told: &mut Told, facts: &TellFacts<'_>, is_ending: bool) {
        let now = self.clock.mono();
        if !self.has_news.swap(false, Ordering::Relaxed) {
            told.follower.pass_over(&self.kept.misses);
            told.failures.tick(now).into_iter().chain(told.slow.tick(now)).for_each(|line| line.write());
            return;
        }
        let (mut recorded, overwritten) = self.news(&mut told.follower, facts.secrets);
        recorded
            .questions
            .iter_mut()
            .for_each(|question| facts.redaction.hide_client(question, self.client_numbers));
        let known = KnownFacts { facts: &facts.facts, links: links_of(&recorded) };
        let (explained, traffic) =
            (Explained::of(&recorded, &known), Traffic::of(&recorded, self.slow_from()));
        let slow = micros(self.slow_from());
        let mut lines = told.failures.tick(now);
        told.failures.overwritten(overwritten.all, now);
        self.count_failures(&[], overwritten.judged);
        // The questions to be stored, by their places, and the flights that explain them.
        let (mut places, mut flights) = (BTreeSet::new(), BTreeSet::from_iter(explained.failed_to_lists()));
        for (place, question) in recorded.questions.iter().enumerate() {
            let is_slow = question.elapsed >= slow;
            if !question.outcome.is_failure() && !is_slow {
                continue;
            }
            let asked = explained.explain(question, &known);
            places.insert(place);
            flights.extend(asked.flight.map(|flight| flight.id));
            if let Some(failed) = FailedQuestion::of(asked) {
                self.count_failures(&failed.zone, u64::from(is_judged_failure(question.outcome)));
                let elsewhere = if is_ending && failed.is_turned_away() {
                    ToldElsewhere::End
                } else {
                    self.told_elsewhere(&failed, &traffic, facts)
                };
                let is_own = label_places(&failed.zone)
                    .filter_map(|place| failed.zone.get(place..))
                    .any(|zone| (facts.is_configured)(zone));
                let owner = if is_own { ZoneOwner::Operator } else { ZoneOwner::Stranger };
                lines.extend(told.failures.failed(&failed, elsewhere, owner, now));
            } else if !traffic.was_down(question) && told.slow.has_room(question.flight, now) {
                // A question that is slow in an outage of our own network has the line about the outage.
                lines.push(slow_line(asked, &traffic, &facts.facts));
            }
        }
        let is_stored = |flight: &&FlightEntry| flights.contains(&flight.id) || told.stored.has(flight.id);
        let witnesses =
            recorded.flights.iter().filter(is_stored).flat_map(|flight| traffic.witnesses(flight));
        let witnesses = witnesses.collect();
        let wanted = WantedFlights { explain: &flights, witnesses: &witnesses };
        let chosen = told.stored.choose(&recorded, &wanted, |place| places.contains(&place));
        self.store(chosen, facts.redaction);
        lines.extend(told.slow.tick(now));
        lines.into_iter().for_each(|line| line.without_names(facts.redaction).write());
        debug_lines::write(&recorded, facts.redaction);
    }

    /// Keeps failed and slow questions also in `store`, and reads them again; only the first call does so.
    pub fn store_in(&self, store: Arc<dyn Store>) {
        // It is called once, at start.
        let _ = self.kept.store.set(store);
    }

    /// Turns the query log on or off.
    pub fn set_query_log(&self, is_on: bool) {
        self.query_log.set(is_on);
    }

    /// Whether each question has a line. One relaxed load.
    #[inline]
    pub fn logs_queries(&self) -> bool {
        self.query_log.is_on()
    }

    /// Keeps the question that `made` makes for the query log.
    pub(super) fn log_query(&self, made: impl FnOnce() -> QuestionEntry) {
        if self.logs_queries() && self.query_log.put(self.clock.mono(), made) {
            self.noticed.notify_one();
        }
    }

    /// Writes the lines of the query log.
    fn tell_queries(&self, facts: &TellFacts<'_>) {
        let (questions, more) = self.query_log.take();
        for question in questions {
            let entry = Entry::Question(facts.secrets.question(question));
            let entry = facts.redaction.applied(entry, self.client_numbers);
            if let Entry::Question(question) = entry {
                query_log::write(&question);
            }
        }
        if more > 0 {
            tracing::info!(
                query_log = "more",
                "{more} more queries were not logged, because the query log has at most {QUERY_LINES_A_SECOND} lines per second; `resolverctl stats` counts all queries"
            );
        }
    }

    /// Removes from the store what is too old. It reads a directory, so call it on a thread that may wait.
    pub fn tend_store(&self) {
        if let Some(store) = self.kept.store.get() {
            store.tend();
        }
    }

    /// Stores entries. Their moments are in microseconds of `Mono`.
    fn store(&self, entries: Vec<Entry>, redaction: Redaction) {
        let Some(store) = self.kept.store.get().filter(|_| !entries.is_empty()) else { return };
        let dates = self.dates();
        let mut octets = Vec::new();
        for mut entry in entries {
            entry.date(&dates);
            stored::put(&redaction.applied(entry, self.client_numbers), &mut octets);
        }
        store.append(&octets);
    }

    /// Whether the log tells the cause of a failure already.
    fn told_elsewhere(
        &self,
        failed: &FailedQuestion<'_>,
        traffic: &Traffic,
        facts: &TellFacts<'_>,
    ) -> ToldElsewhere {
        if failed.may_be_silence() && traffic.was_down(failed.asked.question) {
            return ToldElsewhere::Network;
        }
        let question = failed.asked.question;
        let told = if failed.asked.list.is_some() {
            // A question that is held back has its list's line.
            question.outcome == Outcome::Remembered || (facts.is_list_told)(&failed.zone)
        } else {
            self.is_incident(&failed.zone) || self.is_incident_of(&question.name)
        };
        if told { ToldElsewhere::Zone } else { ToldElsewhere::No }
    }
}

/// The line about a slow question.
fn slow_line(asked: ExplainedQuestion<'_>, traffic: &Traffic, facts: &DaemonFacts<'_>) -> Line {
    let alone = [asked];
    let verdict = judge(&alone, traffic);
    let culprit = verdict.causes.first().map(|cause| evidence::culprit(cause, &alone, &verdict, facts.usual));
    let culprit = culprit.unwrap_or_else(|| evidence::unknown(Absence::Others));
    Line::QuerySlow(Box::new(SlowLine::of(asked.question, culprit)))
}
