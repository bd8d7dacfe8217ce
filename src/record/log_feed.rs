//! What the recorder hands to the task that writes the log and stores questions: new entries,
//! settings, and what was written before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::sync::Notify;

use crate::entry::{Entry, QuestionEntry};
use crate::follow::NewsReader;
use crate::hidden_clients::ClientNumbers;
use crate::histogram::Histogram;
use crate::limits::QUERY_LINES_A_SECOND;
use crate::names::ReadNames;
use crate::owner::{WantedOwner, WantedOwners};
use crate::query_log::QueryLog;
use crate::recorded::{ReadSpan, Recorded};
use crate::redact::{Redaction, Secrets};
use crate::store::Store;
use crate::tally::FailureCount;
use crate::{Recorder, lock, query_log, stored};
use dns::clock::{Clock, micros};

/// The settings of a recorder that come from the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecorderSettings {
    /// True if any view resolves names from the root servers.
    pub recurses: bool,
    /// The shortest duration of a slow question (`history.slow`).
    pub slow: Duration,
    /// True if log lines may contain only domains instead of full names (`history.redact =
    /// "names"`).
    pub withholds_names: bool,
    /// True if the log has a line for each question (`log.queries`).
    pub logs_queries: bool,
}

/// What wakes the task that writes the log and stores questions, and what the task may write.
#[derive(Debug)]
pub(crate) struct LogFeed {
    pub(crate) noticed: Notify,
    has_news: AtomicBool,
    slow: AtomicU64,
    query_log: QueryLog,
    /// Clients whose local user must be looked up; see the module `owner`.
    pub(crate) owners: WantedOwners,
    /// The earliest time at which the user of a further question is looked up as a sample (see
    /// `local_users`), in microseconds of `Mono`.
    pub(crate) owner_sample: AtomicU64,
    /// Replaces the addresses of clients on disk and in the log, if `history.redact` withholds
    /// them.
    client_numbers: ClientNumbers,
    /// Customer keys of DNS lists, which no log line may contain.
    pub(crate) secrets: Mutex<Secrets>,
    /// True if log lines may contain only domains (`history.redact = "names"`).
    pub(crate) withholds_names: AtomicBool,
    /// False for the second resolver of a process (`Recorder::aside`).
    pub(crate) is_logged: bool,
}

impl LogFeed {
    pub(crate) fn new(is_logged: bool) -> Self {
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
    /// Applies the configuration. Without a view that resolves from the root servers, outages of
    /// the network are not detected.
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

    /// Waits until a failed or slow question is recorded, a question waits for the query log, or
    /// `limits::SNAPSHOT_INTERVAL` is over.
    pub async fn noticed(&self) {
        self.log.noticed.notified().await;
    }

    /// If the question failed or was slow, wakes the reader, and requests the lookup of the local
    /// user of the client's socket.
    pub(crate) fn notice(&self, question: &QuestionEntry, socket: Option<WantedOwner>) {
        if question.elapsed >= self.log.slow.load(Ordering::Relaxed) || question.outcome.is_failure() {
            socket.into_iter().for_each(|socket| self.want_owner(socket));
            self.wake_reader();
        }
    }

    /// Wakes the task that waits in `noticed`, and lets it read the new entries.
    pub fn wake_reader(&self) {
        self.log.has_news.store(true, Ordering::Relaxed);
        self.log.noticed.notify_one();
    }

    /// Returns the clock by which entries are dated.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Compares the monotonic clock with the clock of the host, and notes the keys that no log line
    /// may contain. The task that writes the log calls this every few seconds, so it soon notices
    /// if somebody has set the clock of the host.
    pub fn begin_log(&self, secrets: &Secrets) {
        self.dates();
        lock(&self.log.secrets).clone_from(secrets);
    }

    /// Returns the new entries, without the keys in `secrets`, and how many failed questions were
    /// overwritten before they were read. Returns `None`, and skips the new entries, if none of
    /// them needs a log line.
    pub fn news(&self, reader: &mut NewsReader, secrets: &Secrets) -> Option<(Recorded, FailureCount)> {
        if !self.log.has_news.swap(false, Ordering::Relaxed) {
            reader.pass_over(&self.kept.misses);
            return None;
        }
        let now = self.clock.mono();
        let (mut news, lost) = reader.read(&self.kept.misses, secrets, now);
        let outages = lock(&self.incidents).outage.spans(now);
        news.outages =
            outages.into_iter().map(|(since, until)| (since.as_micros(), until.as_micros())).collect();
        Some((news, lost))
    }

    /// Replaces the addresses of clients that `redaction` withholds.
    pub fn hide_clients(&self, questions: &mut [QuestionEntry], redaction: Redaction) {
        questions.iter_mut().for_each(|question| redaction.hide_client(question, self.log.client_numbers));
    }

    /// Turns the times of entries into microseconds since 1970.
    pub fn date_entries(&self, entries: &mut [Entry]) {
        let dates = self.dates();
        entries.iter_mut().for_each(|entry| entry.date(&dates));
    }

    /// Like `recorded_in_memory`, but reads at most `memory` octets of entries, and resolutions
    /// back to the time `flights`. Does not sort.
    pub fn read_memory(&self, span: &ReadSpan, secrets: &Secrets, memory: usize, flights: u64) -> Recorded {
        self.in_memory(span, &mut ReadNames::without(secrets), (memory, flights)).0
    }

    /// Returns how long questions of each email were in progress.
    pub const fn message_time(&self) -> &Histogram {
        &self.sums.upstream.message_time
    }

    /// Returns true if the log has a line about the start of an incident of the zone, but not about
    /// its end.
    pub fn is_incident_logged(&self, zone: &Name) -> bool {
        lock(&self.incidents).is_logged(zone)
    }

    /// Writes the log line about the zones that were not reported because their number in the hour
    /// is limited, at the end of the process.
    pub fn write_withheld(&self, secrets: &Secrets, redaction: Redaction) {
        let withheld = lock(&self.incidents).finish();
        withheld.into_iter().for_each(|line| line.write(secrets, redaction));
    }

    /// Returns true if questions are stored on disk, and the disk works.
    pub fn stores(&self) -> bool {
        self.kept.store.get().is_some_and(|store| store.trouble().is_none())
    }

    /// Counts failed questions of a zone, given in wire form; of an unknown zone if it is empty.
    pub fn count_failures(&self, zone: &[u8], count: u64) {
        if count > 0 {
            lock(&self.sums.failures).count(zone, |row| row.0 = row.0.saturating_add(count));
        }
    }

    /// Sets the store (the disk) to which failed and slow questions are written, and from which
    /// reports read them. Only the first call has an effect.
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
    pub(crate) fn log_query(&self, made: impl FnOnce() -> QuestionEntry) {
        if self.logs_queries() && self.log.query_log.put(self.clock.mono(), made) {
            self.log.noticed.notify_one();
        }
    }

    /// Writes the lines of the query log, without the keys in `secrets` and what `redaction`
    /// withholds.
    pub fn write_queries(&self, secrets: &Secrets, redaction: Redaction) {
        let (questions, more) = self.log.query_log.take();
        for question in questions {
            let entry = Entry::Question(secrets.question(question));
            let entry = redaction.applied(entry, self.log.client_numbers);
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
    pub fn store_entries(&self, entries: Vec<Entry>, redaction: Redaction) {
        let Some(store) = self.kept.store.get().filter(|_| !entries.is_empty()) else { return };
        let mut octets = Vec::new();
        for entry in entries {
            stored::put(&redaction.applied(entry, self.log.client_numbers), &mut octets);
        }
        store.append(&octets);
    }
}
