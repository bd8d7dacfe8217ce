//! Explains why mail was slow, and writes the log lines about slow and failed questions: reads the
//! record, and asks the resolver for what it knows about DNS lists and zones.

use std::cell::LazyCell;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::change_before::change_before;
use crate::costs::{CostReport, CostsWanted, costs};
use crate::failed::{FailedReport, FailedWanted, failed};
use crate::limits::{FOLLOW_PAUSE, WHY_READING};
use crate::logging::{LogFacts, LogState};
use crate::search::why;
use crate::spent::{self, FromRecord, StageRow};
use crate::subject::ListName;
use crate::why::{DaemonFacts, MessageReport, Wanted};
use dns::clock::micros;
use dns::question::{FirstLabels, label_places};
use record::facts::FactSource;
use record::{ReadSpan, Recorder, Window};
use supervise::walks::Walks;

/// Reads the record and explains it. A report takes up to a second, and several times as much
/// memory as the record. So only one report is made at a time, on a separate thread, and none while
/// the cache is read as a whole.
pub struct Explainer {
    recorder: Arc<Recorder>,
    source: Arc<dyn FactSource>,
    walks: Walks,
    log_state: Mutex<LogState>,
}

impl Explainer {
    /// Creates an explainer that has written nothing to the log. `walks` runs what takes long.
    pub fn new(recorder: &Arc<Recorder>, source: Arc<dyn FactSource>, walks: &Walks) -> Arc<Self> {
        let (recorder, walks) = (Arc::clone(recorder), walks.clone());
        Arc::new(Self { recorder, source, walks, log_state: Mutex::default() })
    }

    /// Returns the emails in the record that match `wanted`, the slowest or worst first.
    pub async fn why(self: &Arc<Self>, wanted: Wanted) -> Vec<MessageReport> {
        self.why_each(vec![wanted]).await.pop().unwrap_or_default()
    }

    /// Like `why`, for several requests, but reads the record only once. Only the first request
    /// always gets its result: `MAX_WHY_REPLY` limits the size of all results, and `WHY_READING`
    /// the time.
    pub async fn why_each(self: &Arc<Self>, wanted: Vec<Wanted>) -> Vec<Vec<MessageReport>> {
        self.walks.run(self, move |explainer| explainer.read_why(&wanted)).await
    }

    fn read_why(&self, wanted: &[Wanted]) -> Vec<Vec<MessageReport>> {
        let clock = self.recorder.clock();
        let began = clock.mono();
        let is_late = || clock.mono().since(began) >= WHY_READING;
        let mut found = self.with_facts(|facts| {
            let wanted: Vec<_> = wanted.iter().map(|one| one.without_keys(facts.secrets)).collect();
            let span = ReadSpan::over(wanted.iter().map(Wanted::span));
            why(&self.recorder.recorded(&span, facts.secrets), &wanted, &facts.facts, &is_late)
        });
        let changes = self.source.changes();
        for report in found.iter_mut().flatten() {
            report.changed = change_before(&changes, report);
        }
        found
    }

    /// Returns the zones whose questions failed, most failures first.
    pub async fn failed(self: &Arc<Self>, wanted: FailedWanted) -> FailedReport {
        self.walks.run(self, move |explainer| explainer.read_failed(&wanted)).await
    }

    fn read_failed(&self, wanted: &FailedWanted) -> FailedReport {
        let now = self.recorder.clock().unix_micros();
        self.with_facts(|facts| {
            let recorded = self.recorder.recorded(&wanted.span(), facts.secrets);
            failed(&recorded, wanted, &facts.facts, now)
        })
    }

    /// Returns the causes of delayed mail in a period, each with the time for which it delayed
    /// mail.
    pub async fn costs(self: &Arc<Self>, wanted: CostsWanted) -> CostReport {
        self.walks.run(self, move |explainer| explainer.read_costs(&wanted)).await
    }

    fn read_costs(&self, wanted: &CostsWanted) -> CostReport {
        self.with_facts(|facts| {
            let recorded = self.recorder.recorded(&wanted.span(), facts.secrets);
            costs(&recorded, wanted, &facts.facts)
        })
    }

    /// Returns the time that the questions since `from` spent in each stage of a resolution. It
    /// reads the record in memory.
    pub async fn stages(self: &Arc<Self>, from: u64) -> FromRecord<StageRow> {
        self.walks.run(self, move |explainer| explainer.read_stages(from)).await
    }

    fn read_stages(&self, from: u64) -> FromRecord<StageRow> {
        let from = from.max(micros(Duration::from_secs(self.recorder.started_unix())));
        let times = (from, self.recorder.clock().unix_micros());
        let secrets = self.source.facts().secrets;
        spent::stages(&self.recorder.recorded_in_memory(&spent::stage_span(from), &secrets), times)
    }

    /// Reports failed and slow questions in the log, and stores them in the history files. Never
    /// returns.
    pub async fn write_log(self: Arc<Self>) -> Infallible {
        loop {
            self.recorder.noticed().await;
            tokio::time::sleep(FOLLOW_PAUSE).await;
            self.walks.run(&self, |explainer| explainer.write_new_log()).await;
        }
    }

    /// Reads the new part of the record, reports its failed and slow questions in the log, and
    /// stores them.
    pub fn write_new_log(&self) {
        let mut state = self.log_state.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_facts(|facts| state.write(&self.recorder, facts));
    }

    /// Like `write_new_log`, at the end of the process. Repeated events that were only counted are
    /// reported too.
    pub fn write_last_log(&self) {
        let mut state = self.log_state.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_facts(|facts| state.write_last(&self.recorder, facts));
    }

    /// Calls `read` with the DNS lists, secret keys and zones that the resolver knows.
    fn with_facts<Read>(&self, read: impl FnOnce(&LogFacts<'_>) -> Read) -> Read {
        let (known, recorder) = (self.source.facts(), &self.recorder);
        let mut begins = FirstLabels::default();
        known.lists.keys().for_each(|apex| begins.add(apex));
        let list = |name: &[u8]| {
            let zones = label_places(name).filter_map(|place| name.get(place..));
            let mut zones = zones.filter(|zone| begins.may_begin(zone));
            zones.find_map(|apex| {
                let list = known.lists.get(apex)?;
                Some(ListName { apex: apex.len(), keyed: list.keyed, refuses: list.refuses })
            })
        };
        let zones = LazyCell::new(|| recorder.by_zone(Window::Start));
        let usual = |zone: &str| {
            // If no resolution for the zone has ended, nothing is said about the zone. Otherwise "0
            // resolutions" would stand next to a query that was sent for the zone.
            let row = zones.iter().find(|row| row.zone == zone && row.flights > 0)?;
            let resolutions = if row.flights == 1 { "resolution" } else { "resolutions" };
            Some(format!(
                "{} {resolutions} since start, {} of them failed; its servers: {}",
                row.flights, row.failed, row.verdict
            ))
        };
        let facts = DaemonFacts {
            list: &list,
            usual: &usual,
            configured: &|zone| known.zones_with_servers.contains(zone),
            replied: &|server| recorder.last_reply(server),
            answered: &|zone| recorder.last_answer(zone),
            repaired: recorder.host_fault_ended(),
            slow: recorder.slow_from(),
        };
        let is_list_logged = |apex: &[u8]| known.failing_lists.contains(apex);
        let (secrets, redaction) = (&known.secrets, known.redaction);
        read(&LogFacts { secrets, redaction, facts, is_list_logged: &is_list_logged })
    }
}
