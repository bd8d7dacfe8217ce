//! Reads new entries of the history, writes the log lines about failed and slow questions, and stores these questions on disk.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::culprit::{ExplainedQuestion, judge};
use super::delays;
use super::entry::{Entry, QuestionEntry};
use super::evidence::{self, Absence};
use super::explained::Explained;
use super::failure::FailedQuestion;
use super::follow::NewsReader;
use super::hidden_clients::ClientNumbers;
use super::line::{Line, LogText};
use super::lock;
use super::log_lines::LogLines;
use super::long_messages::LongMessages;
use super::names::ReadNames;
use super::owner::{WantedOwner, WantedOwners};
use super::query_log::QueryLog;
use super::recorded::{ReadSpan, Recorded};
use super::redact::{Redaction, Secrets};
use super::store::Store;
use super::stored::{self, Chooser};
use super::tally::{FailureCount, is_judged_failure};
use super::traffic::Traffic;
use super::why::DaemonFacts;
use super::{Recorder, query_log};
use crate::limits::{
    EXPLAINED_TIME, LONG_MESSAGE_MEMORY, LONG_MESSAGE_TIME, MESSAGE_PAUSE, QUERY_LINES_A_SECOND,
    SUM_INTERVAL, SUM_LATENESS,
};
use dns::clock::micros;
use dns::question::{Outcome, label_places, name_of_wire};

/// What was already read, logged and stored.
#[derive(Debug, Default)]
pub struct LogState {
    follower: NewsReader,
    lines: LogLines,
    stored: Chooser,
    long: LongMessages,
    /// Emails that ended before this time are in the sums on disk (see `delays`). In microseconds since 1970.
    summed_until: u64,
}

/// Facts for the log and the disk that the history does not contain.
pub struct LogFacts<'a> {
    /// Customer keys of DNS lists, which no log line may contain.
    pub secrets: &'a Secrets,
    /// What is written neither to disk nor to the log.
    pub redaction: Redaction,
    /// Facts about DNS lists, zones and slow questions; see `DaemonFacts`.
    pub facts: DaemonFacts<'a>,
    /// Returns true if the log has a line that a DNS list does not work. The argument is its apex in wire form.
    pub is_list_logged: &'a dyn Fn(&[u8]) -> bool,
}

/// The settings of a recorder that come from the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderSettings {
    /// True if any view resolves names from the root servers.
    pub recurses: bool,
    /// The shortest duration of a slow question (`history.slow`).
    pub slow: Duration,
    /// True if log lines may contain only domains instead of full names (`history.redact = "names"`).
    pub withholds_names: bool,
    /// True if the log has a line for each question (`log.queries`).
    pub logs_queries: bool,
}

/// What wakes the task that writes the log and stores questions, and what the task may write.
#[derive(Debug)]
pub(super) struct LogFeed {
    pub(super) noticed: Notify,
    has_news: AtomicBool,
    slow: AtomicU64,
    query_log: QueryLog,
    /// Clients whose local user must be looked up; see the module `owner`.
    pub(super) owners: WantedOwners,
    /// The earliest time at which the user of a further question is looked up as a sample (see `local_users`), in microseconds of `Mono`.
    pub(super) owner_sample: AtomicU64,
    /// Replaces the addresses of clients on disk and in the log, if `history.redact` withholds them.
    client_numbers: ClientNumbers,
    /// Customer keys of DNS lists, which no log line may contain.
    pub(super) secrets: Mutex<Secrets>,
    /// True if log lines may contain only domains (`history.redact = "names"`).
    pub(super) withholds_names: AtomicBool,
    /// False for the second resolver of a process (`Recorder::aside`).
    pub(super) is_logged: bool,
}

impl LogFeed {
    pub(super) fn new(is_logged: bool) -> Self {
        Self {
            noticed: Notify::new(),
            has_news: AtomicBool::new(false),
            slow: AtomicU64::new(u64::MAX),
            query_log: QueryLog::default(),
            owners: WantedOwners::default(),
            owner_sample: AtomicU64::new(0),
            client_numbers: ClientNumbers::draw(),
            secrets: Mutex::new(Secrets::unknown()),
            withholds_names: AtomicBool::new(false),
            is_logged,
        }
    }
}

impl Recorder {
    /// Applies the configuration. Without a view that resolves from the root servers, outages of the network are not detected.
    pub fn configure(&self, settings: RecorderSettings) {
        lock(&self.incidents).outage.set_used(settings.recurses);
        self.log.slow.store(micros(settings.slow), Ordering::Relaxed);
        self.log.withholds_names.store(settings.withholds_names, Ordering::Relaxed);
        self.log.query_log.set(settings.logs_queries);
        self.log.noticed.notify_one();
    }

    /// Returns the shortest duration of a slow question (`history.slow`).
    pub fn slow_from(&self) -> Duration {
        Duration::from_micros(self.log.slow.load(Ordering::Relaxed))
    }

    /// Waits until a failed or slow question is recorded, a question waits for the query log, or `limits::SNAPSHOT_INTERVAL` is over.
    pub async fn noticed(&self) {
        self.log.noticed.notified().await;
    }

    /// If the question failed or was slow, wakes the reader, and requests the lookup of the local user of the client's socket.
    pub(super) fn notice(&self, question: &QuestionEntry, socket: Option<WantedOwner>) {
        if question.elapsed >= self.log.slow.load(Ordering::Relaxed) || question.outcome.is_failure() {
            socket.into_iter().for_each(|socket| self.want_owner(socket));
            self.wake_reader();
        }
    }

    pub(super) fn wake_reader(&self) {
        self.log.has_news.store(true, Ordering::Relaxed);
        self.log.noticed.notify_one();
    }

    /// Returns the new entries, without the keys in `secrets`, and how many failed questions were overwritten before they were read.
    fn news(&self, follower: &mut NewsReader, secrets: &Secrets) -> (Recorded, FailureCount) {
        let now = self.clock.mono();
        let (mut news, lost) = follower.read(&self.kept.misses, secrets, now);
        let outages = lock(&self.incidents).outage.spans(now);
        news.outages =
            outages.into_iter().map(|(since, until)| (since.as_micros(), until.as_micros())).collect();
        (news, lost)
    }

    /// Reads the new entries, writes log lines, and stores questions that failed or were slow. This takes some milliseconds; call it on a
    /// thread that may block.
    pub fn write_log(&self, state: &mut LogState, facts: &LogFacts<'_>) {
        self.write_news(state, facts, false);
    }

    /// Like `write_log`, but at the end of the process: also logs the numbers of failures and slow questions that had no line of their own.
    pub fn write_last_log(&self, state: &mut LogState, facts: &LogFacts<'_>) {
        self.write_news(state, facts, true);
        let withheld = lock(&self.incidents).finish();
        let sums = state.lines.finish(self.clock.mono()).into_iter().chain(withheld);
        sums.for_each(|line| line.write(facts.secrets, facts.redaction));
    }

    fn write_news(&self, state: &mut LogState, facts: &LogFacts<'_>, is_ending: bool) {
        // `dates` compares the monotonic clock with the clock of the host. This function runs every few seconds, so it soon notices if
        // somebody has set the clock of the host.
        self.dates();
        lock(&self.log.secrets).clone_from(facts.secrets);
        self.write_queries(facts);
        self.write_failures(state, facts, is_ending);
        self.store_long(state, facts, is_ending);
        self.store_sums(state, facts, is_ending);
    }

    /// Stores emails that took long or had a failed question. `is_ending`: the process ends, so emails that may be incomplete are stored
    /// too.
    fn store_long(&self, state: &mut LogState, facts: &LogFacts<'_>, is_ending: bool) {
        let (now, unix) = (self.clock.mono(), self.clock.unix_micros());
        if !(is_ending || state.long.is_due(now)) {
            return;
        }
        state.long.pass_over(micros(Duration::from_secs(self.started_unix)));
        let from = unix.saturating_sub(micros(LONG_MESSAGE_TIME));
        let span = ReadSpan { from, ..ReadSpan::default() };
        let (recorded, _) =
            self.in_memory(&span, &mut ReadNames::without(facts.secrets), (LONG_MESSAGE_MEMORY, from));
        let until = if is_ending { u64::MAX } else { unix.saturating_sub(micros(MESSAGE_PAUSE)) };
        let times = (now, until, micros(self.slow_from()));
        let recorded = recorded.in_order();
        self.count_users(&recorded.questions, &state.long.untaken(until), times.2);
        let counted = (facts.facts.list, &self.sums.upstream.message_time);
        let chosen = state.long.take(&recorded, &state.stored, times, counted);
        self.store(chosen, facts.redaction);
    }

    /// Stores the sums of the mail that was delayed in the last minute.
    fn store_sums(&self, state: &mut LogState, facts: &LogFacts<'_>, is_ending: bool) {
        if self.kept.store.get().is_none_or(|store| store.trouble().is_some()) {
            return;
        }
        let unix = self.clock.unix_micros();
        let until = if is_ending {
            unix.saturating_add(micros(MESSAGE_PAUSE))
        } else {
            unix.saturating_sub(micros(SUM_LATENESS))
        };
        let from = state.summed_until.max(micros(Duration::from_secs(self.started_unix)));
        if until <= from || !is_ending && until.saturating_sub(from) < micros(SUM_INTERVAL) {
            return;
        }
        state.summed_until = until;
        let first = from.saturating_sub(micros(LONG_MESSAGE_TIME));
        let span = ReadSpan { from: first, ..ReadSpan::default() };
        // Earlier resolutions explain failures that are remembered.
        let earlier = first.saturating_sub(micros(EXPLAINED_TIME));
        let mut names = ReadNames::without(facts.secrets);
        let (recorded, _) = self.in_memory(&span, &mut names, (self.reader_memory(), earlier));
        let recorded = recorded.in_order();
        let whole = recorded.lost.max(recorded.lost_hits).unwrap_or(0);
        self.store(delays::sums(&recorded, &(from.max(whole)..until), &facts.facts), facts.redaction);
    }

    fn count_failures(&self, zone: &[u8], count: u64) {
        if count > 0 {
            lock(&self.sums.failures).count(zone, |row| row.0 = row.0.saturating_add(count));
        }
    }

    fn write_failures(&self, state: &mut LogState, facts: &LogFacts<'_>, is_ending: bool) {
        let now = self.clock.mono();
        let mut lines = state.lines.tick(now);
        if !self.log.has_news.swap(false, Ordering::Relaxed) {
            state.follower.pass_over(&self.kept.misses);
            lines.into_iter().for_each(|line| line.write(facts.secrets, facts.redaction));
            return;
        }
        let (mut recorded, overwritten) = self.news(&mut state.follower, facts.secrets);
        recorded
            .questions
            .iter_mut()
            .for_each(|question| facts.redaction.hide_client(question, self.log.client_numbers));
        let list = facts.facts.list;
        let (explained, traffic) =
            (Explained::from_recorded(&recorded, list), Traffic::from_recorded(&recorded, self.slow_from()));
        let slow = micros(self.slow_from());
        state.lines.count(overwritten.all, now);
        self.count_failures(&[], overwritten.judged);
        // `places`: the questions that will be stored. `flights`: the resolutions that explain them.
        let (mut places, mut flights) = (BTreeSet::new(), BTreeSet::from_iter(explained.failed_to_lists()));
        for (place, question) in recorded.questions.iter().enumerate() {
            if !question.outcome.is_failure() && question.elapsed < slow {
                continue;
            }
            let asked = explained.explain(question, list);
            places.insert(place);
            flights.extend(asked.flight.map(|flight| flight.id));
            if let Some(failed) = FailedQuestion::from_explained(asked) {
                self.count_failures(&failed.zone, u64::from(is_judged_failure(question.outcome)));
                // A question that failed because the process ends counts as logged and gets no line, because the log has a line about the end.
                let is_logged =
                    is_ending && failed.is_turned_away() || self.is_logged(&failed, &traffic, facts);
                lines.extend(state.lines.failed(&failed, is_logged, now));
            } else if !traffic.was_down(question) && state.lines.has_room_for_slow(question.flight) {
                // A question that was slow during an outage gets no line: the log already has one about the outage.
                lines.push(slow_line(asked, &traffic, &facts.facts));
            }
        }
        let of_flights = recorded.flights.iter().filter(|flight| flights.contains(&flight.id));
        let witnesses: Vec<u64> = of_flights.flat_map(|flight| traffic.witnesses(flight)).collect();
        flights.extend(witnesses);
        let mut chosen = state.stored.choose(&recorded, &places, &flights);
        let dates = self.dates();
        chosen.iter_mut().for_each(|entry| entry.date(&dates));
        self.store(chosen, facts.redaction);
        lines.into_iter().for_each(|line| line.write(facts.secrets, facts.redaction));
    }

    /// Sets the store (the disk) to which failed and slow questions are written, and from which reports read them. Only the first call has
    /// an effect.
    pub fn store_in(&self, store: Arc<dyn Store>) {
        // A second call would fail, but there is only one, at the start of the process.
        let _ = self.kept.store.set(store);
    }

    /// Returns true if the log has a line for each question. Costs one relaxed load.
    #[inline]
    pub fn logs_queries(&self) -> bool {
        self.log.query_log.is_on()
    }

    /// Adds the question that `made` returns to the query log, if the log is on.
    pub(super) fn log_query(&self, made: impl FnOnce() -> QuestionEntry) {
        if self.logs_queries() && self.log.query_log.put(self.clock.mono(), made) {
            self.log.noticed.notify_one();
        }
    }

    fn write_queries(&self, facts: &LogFacts<'_>) {
        let (questions, more) = self.log.query_log.take();
        for question in questions {
            let entry = Entry::Question(facts.secrets.question(question));
            let entry = facts.redaction.applied(entry, self.log.client_numbers);
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

    /// Removes old data from the store. Reads a directory; call it on a thread that may block.
    pub fn tend_store(&self) {
        if let Some(store) = self.kept.store.get() {
            store.tend();
        }
    }

    /// Writes entries to the store, without what `redaction` withholds.
    fn store(&self, entries: Vec<Entry>, redaction: Redaction) {
        let Some(store) = self.kept.store.get().filter(|_| !entries.is_empty()) else { return };
        let mut octets = Vec::new();
        for entry in entries {
            stored::put(&redaction.applied(entry, self.log.client_numbers), &mut octets);
        }
        store.append(&octets);
    }

    fn is_logged(&self, failed: &FailedQuestion<'_>, traffic: &Traffic, facts: &LogFacts<'_>) -> bool {
        let question = failed.asked.question;
        if failed.may_be_silence() && traffic.was_down(question) {
            return true;
        }
        if failed.asked.list.is_some() {
            // Questions to a DNS list that does not work end with this outcome, without a resolution.
            return question.outcome == Outcome::Remembered || (facts.is_list_logged)(&failed.zone);
        }
        // The log may have a line about the failure of a zone above, so all zones above the name are searched.
        let zones = label_places(&question.name).filter_map(|place| question.name.get(place..));
        let mut zones = zones.chain([&*failed.zone]).filter(|zone| !zone.is_empty());
        zones.any(|zone| lock(&self.incidents).is_logged(&name_of_wire(zone)))
    }
}

fn slow_line(asked: ExplainedQuestion<'_>, traffic: &Traffic, facts: &DaemonFacts<'_>) -> Line {
    let alone = [asked];
    let verdict = judge(&alone, traffic);
    let culprit = verdict.causes.first().map(|cause| evidence::culprit(cause, &alone, &verdict, facts));
    let culprit = culprit.unwrap_or_else(|| evidence::unknown(Absence::Others));
    Line::Query(Box::new(LogText::slow(asked.question, culprit)))
}
