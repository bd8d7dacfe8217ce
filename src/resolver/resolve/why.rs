//! Explains why mail was slow, and writes the log lines about slow and failed questions, from the history of events and from what the
//! resolver knows about DNS lists and zones.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Resolver;
use super::list_keys::{redaction_of, secrets_of};
use crate::limits::{FOLLOW_PAUSE, WHY_READING};
use config::ZoneKind;
use dns::clock::micros;
use dns::question::{FirstLabels, label_places, wire_name};
use dnsbl::entry::ListEntry;
use dnsbl::state::ListState;
use explain::costs::{CostReport, CostsWanted, costs};
use explain::failed::{FailedReport, FailedWanted, failed};
use explain::logging::LogFacts;
use explain::search::why;
use explain::spent;
use explain::spent::{FromRecord, StageRow};
use explain::subject::ListName;
use explain::why::{DaemonFacts, MessageReport, Wanted};
use record::{ReadSpan, Recorded, Window};

impl Resolver {
    /// Returns the emails in the history that match `wanted`, the slowest or worst first. The search takes up to a second, and several
    /// times as much memory as the history. So only one search runs at a time, on a separate thread.
    pub async fn why(self: &Arc<Self>, wanted: Wanted) -> Vec<MessageReport> {
        self.why_each(vec![wanted]).await.pop().unwrap_or_default()
    }

    /// Like `why`, for several requests, but reads the history only once. Only the first request always gets its result: `MAX_WHY_REPLY`
    /// limits the size of all results, and `WHY_READING` the time.
    pub async fn why_each(self: &Arc<Self>, wanted: Vec<Wanted>) -> Vec<Vec<MessageReport>> {
        let resolver = Arc::clone(self);
        self.memory.walk(move |_| resolver.read_why(&wanted)).await
    }

    fn read_why(&self, wanted: &[Wanted]) -> Vec<Vec<MessageReport>> {
        let began = self.clock.mono();
        let is_late = || self.clock.mono().since(began) >= WHY_READING;
        let mut found = self.with_facts(|facts| {
            let wanted: Vec<_> = wanted.iter().map(|one| one.without_keys(facts.secrets)).collect();
            let span = ReadSpan::over(wanted.iter().map(Wanted::span));
            why(&self.recorder.recorded(&span, facts.secrets), &wanted, &facts.facts, &is_late)
        });
        found.iter_mut().for_each(|reports| self.add_changes(reports));
        found
    }

    /// Returns the zones whose questions failed, most failures first. The search takes up to a second and much memory, so only one search runs at a
    /// time.
    pub async fn failed(self: &Arc<Self>, wanted: FailedWanted) -> FailedReport {
        let resolver = Arc::clone(self);
        self.memory.walk(move |_| resolver.read_failed(&wanted)).await
    }

    fn read_failed(&self, wanted: &FailedWanted) -> FailedReport {
        let now = self.clock.unix_micros();
        self.with_facts(|facts| {
            let recorded = self.recorder.recorded(&wanted.span(), facts.secrets);
            failed(&recorded, wanted, &facts.facts, now)
        })
    }

    /// Returns the causes of delayed mail in a period, each with the time for which it delayed mail. It takes up to a second, like `why`.
    pub async fn costs(self: &Arc<Self>, wanted: CostsWanted) -> CostReport {
        let resolver = Arc::clone(self);
        let read = move || {
            resolver.with_facts(|facts| {
                let recorded = resolver.recorder.recorded(&wanted.span(), facts.secrets);
                costs(&recorded, &wanted, &facts.facts)
            })
        };
        self.memory.walk(move |_| read()).await
    }

    /// Returns the time that the questions since `from` spent in each stage of a resolution. It reads the history in memory, on a separate thread.
    pub async fn stages(self: &Arc<Self>, from: u64) -> FromRecord<StageRow> {
        let resolver = Arc::clone(self);
        let read =
            move || resolver.with_memory_since(from, |recorded, times, _| spent::stages(recorded, times));
        self.memory.walk(move |_| read()).await
    }

    /// Calls `read` with three arguments: the part of the history that is in memory and newer than `from`; the start and the end of this part (it
    /// starts no earlier than the daemon); what the resolver knows about DNS lists and zones.
    fn with_memory_since<Table>(
        &self,
        from: u64,
        read: impl FnOnce(&Recorded, (u64, u64), &DaemonFacts<'_>) -> Table,
    ) -> Table {
        let from = from.max(micros(Duration::from_secs(self.recorder.started_unix())));
        let times = (from, self.clock.unix_micros());
        self.with_facts(|facts| {
            let recorded = self.recorder.recorded_in_memory(&spent::stage_span(from), facts.secrets);
            read(&recorded, times, &facts.facts)
        })
    }

    /// Reports failed and slow questions in the log, and stores them in the history files. Never returns.
    pub async fn write_log(self: Arc<Self>) -> Infallible {
        loop {
            self.recorder.noticed().await;
            tokio::time::sleep(FOLLOW_PAUSE).await;
            let resolver = Arc::clone(&self);
            self.memory.walk(move |_| resolver.write_new_log()).await;
        }
    }

    /// Reads the new part of the history, reports its failed and slow questions in the log, and stores them.
    pub fn write_new_log(&self) {
        let mut state = self.log_state.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_facts(|facts| state.write(&self.recorder, facts));
    }

    /// Like `write_new_log`, at the end of the process. Repeated events that were only counted are reported too.
    pub fn write_last_log(&self) {
        let mut state = self.log_state.lock().unwrap_or_else(PoisonError::into_inner);
        self.with_facts(|facts| state.write_last(&self.recorder, facts));
    }

    /// Passes the history in memory to `write`, without the customer keys of DNS lists (see `Recorder::save_memory`).
    ///
    /// # Errors
    /// The first error of `write`.
    pub fn save_history<E>(&self, write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.recorder.save_memory(&secrets_of(self.views.load().config()), write)
    }

    /// Calls `read` with the DNS lists, secret keys and zones that the resolver knows.
    fn with_facts<Read>(&self, read: impl FnOnce(&LogFacts<'_>) -> Read) -> Read {
        let views = self.views.load();
        let config = views.config();
        let secrets = secrets_of(config);
        let lists: BTreeMap<Vec<u8>, bool> =
            config.lists().into_iter().map(|(apex, list)| (wire_name(&apex), list.keyed)).collect();
        let entries = self.lists.table.all();
        let refuse = entries.iter().filter(|entry| entry.state() == ListState::Refusing);
        let refuse: BTreeSet<Vec<u8>> = refuse.map(|entry| wire_name(&entry.apex)).collect();
        let mut begins = FirstLabels::default();
        lists.keys().for_each(|apex| begins.add(apex));
        let list = |name: &[u8]| {
            let zones = label_places(name).filter_map(|place| name.get(place..));
            let mut zones = zones.filter(|zone| begins.may_begin(zone));
            let of = |apex: &[u8]| {
                let keyed = *lists.get(apex)?;
                Some(ListName { apex: apex.len(), keyed, refuses: refuse.contains(apex) })
            };
            zones.find_map(of)
        };
        let zones = LazyCell::new(|| self.recorder.by_zone(Window::Start));
        let usual = |zone: &str| {
            // If no resolution for the zone has ended, nothing is said about the zone. Otherwise "0 resolutions" would stand next to a
            // query that was sent for the zone.
            let row = zones.iter().find(|row| row.zone == zone && row.flights > 0)?;
            let resolutions = if row.flights == 1 { "resolution" } else { "resolutions" };
            Some(format!(
                "{} {resolutions} since start, {} of them failed; its servers: {}",
                row.flights, row.failed, row.verdict
            ))
        };
        let is_list_logged = |apex: &[u8]| {
            let is_it = |entry: &Arc<ListEntry>| wire_name(&entry.apex) == apex;
            entries.iter().any(|entry| is_it(entry) && entry.state().is_incident())
        };
        let redaction = redaction_of(config);
        let zones_with_servers: BTreeSet<Vec<u8>> = config
            .zones
            .iter()
            .filter(|zone| matches!(zone.kind, ZoneKind::Forward(_) | ZoneKind::Stub(_)))
            .map(|zone| wire_name(&zone.name))
            .collect();
        let configured = |zone: &[u8]| zones_with_servers.contains(zone);
        let slow = self.recorder.slow_from();
        let replied = |server| self.recorder.last_reply(server);
        let answered = |zone: &[u8]| self.recorder.last_answer(zone);
        let facts = DaemonFacts {
            list: &list,
            usual: &usual,
            configured: &configured,
            replied: &replied,
            answered: &answered,
            repaired: self.recorder.host_fault_ended(),
            slow,
        };
        read(&LogFacts { secrets: &secrets, redaction, facts, is_list_logged: &is_list_logged })
    }
}
