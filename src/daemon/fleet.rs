//! The part of this gateway in a fleet: what it reports to the other gateways (`News`), and what it does with their reports.

use std::collections::{BTreeSet, HashMap};
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RecordType};

use super::dnstap::host_name;
use super::running::Running;
use super::state_files;
use crate::limits::{MAX_SEEN_ORDERS_FILE, MAX_SHARED_SERVERS};
use ::fleet::Fleet;
use ::fleet::gateway::{Gateway, ListQueries, Member};
use ::fleet::news::News;
use config::{Rule, RuleState};
use control::Controlled;
use control::fleet::Confirmation;
use dns::cached::Flush;
use dns::question::name_text;
use dns::random::Random;
use dnsbl::entry::ListEntry;
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use protocol::fleet::{FleetMember, FleetOrder, FleetState};
use record::Counter;
use resolver::lookahead::RuleStanding;

/// Collects reports for the other gateways of the fleet, and uses their reports, each time that the heartbeat of the fleet asks for it.
pub(super) struct FleetGateway {
    subject: Arc<Running>,
    random: Random,
    reported: Mutex<Reported>,
    /// The file with the orders that were seen; `None` if there is no state directory.
    seen: Option<PathBuf>,
}

/// The name of the file with the orders of the fleet that were seen.
const SEEN_FILE: &str = "fleet_orders.json";

#[derive(Default)]
struct Reported {
    /// What was last reported about each DNS list: the number of its tests so far, and true if it did not answer.
    lists: HashMap<String, (u64, bool)>,
    servers: BTreeSet<Vec<u8>>,
    rules: Vec<String>,
    beats: u64,
}

/// A search for dead and lame servers reads the whole table of servers, so it is done only once in this number of heartbeats.
const SERVER_BEATS: u64 = 30;

/// Once in this number of heartbeats, the gateway checks if its trust anchors or its configuration have changed.
const REFRESH_BEATS: u64 = 10;

impl FleetGateway {
    pub(super) fn new(subject: &Arc<Running>, random: &Random) -> Arc<Self> {
        Arc::new(Self {
            subject: Arc::clone(subject),
            random: random.clone(),
            reported: Mutex::default(),
            seen: state_files::path_of(SEEN_FILE),
        })
    }

    fn reported(&self) -> MutexGuard<'_, Reported> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the DNS lists that this host queries at their public servers. Other gateways cannot use the state of a list that
    /// this host queries at a local copy or at a forwarder.
    fn public_lists(&self) -> impl Iterator<Item = Arc<ListEntry>> {
        let all = self.subject.resolver.lists().all();
        all.into_iter().filter(|entry| entry.way == Way::Public)
    }

    /// Returns the reports about DNS lists whose state has changed or was tested since the last call.
    fn list_news(&self) -> Vec<News> {
        let mut news = Vec::new();
        for entry in self.public_lists() {
            let list = name_text(&entry.apex);
            let now = (entry.watch.tests(), entry.watch.open().is_some());
            let before = self.reported().lists.insert(list.clone(), now).unwrap_or_default();
            let standing = entry.standing();
            let state = match (now.1, before.1) {
                (true, false) => ListState::Silent,
                (false, true) => ListState::Ok,
                _ if now.0 > before.0 && concerns_all(standing.state) => standing.state,
                _ => continue,
            };
            news.push(News::List { list, state: state.word().to_owned(), why: standing.why });
        }
        news
    }

    /// Returns the active rules of look-ahead if they have changed since the last report.
    fn rule_news(&self) -> Option<News> {
        // A rule that is active only because of another gateway is not reported: no client of this gateway has used its answers.
        let is_active = |rule: &RuleStanding| {
            rule.state == RuleState::Active && rule.counts.used.max(rule.counts.sent_later) > 0
        };
        let rules = self.subject.lookahead.rules().into_iter().filter(is_active);
        let active: Vec<String> = rules.map(|rule| rule.rule.word().to_owned()).collect();
        let mut reported = self.reported();
        (reported.rules != active).then(|| {
            reported.rules.clone_from(&active);
            News::Rules { active }
        })
    }

    /// Returns the dead and lame servers that were not in the last report.
    async fn server_news(&self) -> Vec<News> {
        let now = self.subject.clock.mono();
        let memory = self.subject.resolver.memory();
        let faulty = memory.walk(move |memory| memory.servers.export_faulty(now, MAX_SHARED_SERVERS)).await;
        let mut reported = self.reported();
        let current: BTreeSet<Vec<u8>> = faulty.iter().map(|(address, _)| address.clone()).collect();
        let new: Vec<_> =
            faulty.into_iter().filter(|(address, _)| !reported.servers.contains(address)).collect();
        reported.servers = current;
        new.into_iter().map(|(_, record)| News::Server { record }).collect()
    }

    async fn heard_of_list(&self, list: &str, state: &str, why: &str) {
        let Some((apex, state)) =
            read_name(list).zip(ListState::ALL.into_iter().find(|known| known.word() == state))
        else {
            return;
        };
        let resolver = &self.subject.resolver;
        let Some(entry) = resolver.lists().find(&apex, &Way::Public) else { return };
        let now = self.subject.clock.mono();
        if state == ListState::Silent {
            entry.watch.others_report(false, now);
        } else if entry.watch.open().is_some() {
            entry.watch.others_report(true, now);
        }
        if concerns_all(state) {
            entry.watch.tested_by_others(now, |below| self.random.below(below));
            resolver.list_resolver().list_is(&entry, entry.judged(state), why).await;
        }
        resolver.lists().wake();
    }
}

impl Gateway for FleetGateway {
    fn member(&self) -> Member {
        let subject = &self.subject;
        let counts = subject.recorder.counted();
        let (hits, misses) = (counts[Counter::FleetHits], counts[Counter::FleetMisses]);
        // Each hit has saved as many queries as a question that was not in the store needs on average.
        let saved = hits.saturating_mul(counts[Counter::FlightMessages]) / misses.max(1);
        let fingerprint = subject.resolver.views().fingerprint();
        let configuration = fingerprint.iter().take(4).map(|octet| format!("{octet:02x}")).collect();
        Member {
            host: host_name(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            configuration,
            hits,
            misses,
            saved,
            ..Member::default()
        }
    }

    fn list_queries(&self) -> Vec<ListQueries> {
        let unix = self.subject.clock.now().unix;
        let queries = self.public_lists().map(|entry| {
            let (day, sent) = entry.watch.counted().own(unix);
            ListQueries { list: name_text(&entry.apex), day, sent }
        });
        queries.collect()
    }

    fn fleet_queries(&self, queries: &ListQueries) {
        let unix = self.subject.clock.now().unix;
        let entry =
            read_name(&queries.list).and_then(|apex| self.subject.resolver.lists().find(&apex, &Way::Public));
        if let Some(entry) = entry {
            entry.watch.fleet_sent((queries.day, queries.sent), unix);
        }
    }

    fn news(&self) -> BoxFuture<'_, Vec<News>> {
        Box::pin(async move {
            let beats = {
                let mut reported = self.reported();
                reported.beats = reported.beats.wrapping_add(1);
                reported.beats
            };
            if beats.is_multiple_of(REFRESH_BEATS) {
                self.subject.resolver.refresh_sharing();
            }
            let mut news = self.list_news();
            news.extend(self.rule_news());
            if beats.is_multiple_of(SERVER_BEATS) {
                news.extend(self.server_news().await);
            }
            news
        })
    }

    fn heard_before(&self, order: News, age: Duration) {
        if let Some(flush) = own_flush(&order) {
            self.subject.resolver.flushed(&flush, self.subject.clock.mono().before(age));
        }
    }

    fn seen(&self) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            let path = self.seen.clone()?;
            let read = {
                let path = path.clone();
                move || {
                    let mut octets = Vec::new();
                    state_files::open(&path)?.take(MAX_SEEN_ORDERS_FILE).read_to_end(&mut octets)?;
                    Ok::<_, std::io::Error>(octets)
                }
            };
            match tokio::task::spawn_blocking(read).await.ok()? {
                Ok(octets) => Some(octets),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => {
                    tracing::warn!(
                        "cannot read {}: {error}; orders of the fleet from before this start are not carried out",
                        path.display()
                    );
                    None
                }
            }
        })
    }

    fn keep_seen(&self, seen: Vec<u8>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(path) = self.seen.clone() else { return };
            let written = {
                let path = path.clone();
                tokio::task::spawn_blocking(move || state_files::replace(&path, &seen)).await
            };
            if let Ok(Err(error)) = written {
                tracing::warn!(
                    "cannot write {}: {error}; after a restart, recent orders of the fleet may be carried out again",
                    path.display()
                );
            }
        })
    }

    fn heard(&self, news: News, age: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match news {
                News::Flush { .. } => {
                    if let Some(flush) = own_flush(&news) {
                        self.subject.flush_since(flush, self.subject.clock.mono().before(age)).await;
                    }
                }
                News::AddNta { name, seconds } => {
                    let left = Duration::from_secs(seconds).checked_sub(age);
                    if let Some((name, left)) = read_name(&name).zip(left) {
                        tracing::info!(
                            "negative trust anchor {name} for {} s, by another gateway of the fleet",
                            left.as_secs()
                        );
                        self.subject.add_nta(name, left).await;
                    }
                }
                News::RemoveNta { name } => {
                    if let Some(name) = read_name(&name) {
                        self.subject.remove_nta(name).await;
                    }
                }
                News::List { list, state, why } => self.heard_of_list(&list, &state, &why).await,
                News::Rules { active } => {
                    let rules =
                        Rule::ALL.into_iter().filter(|rule| active.iter().any(|word| word == rule.word()));
                    self.subject.lookahead.used_elsewhere(rules);
                }
                News::Server { record } => {
                    let now = self.subject.clock.mono();
                    self.subject.resolver.memory().servers.import(&record, age, now);
                }
            }
        })
    }
}

/// Returns true if this test result of a DNS list holds for all gateways. A refusal may concern only the address of one gateway.
const fn concerns_all(state: ListState) -> bool {
    matches!(state, ListState::Ok | ListState::Slow | ListState::ListsTheWorld | ListState::ListsNothing)
}

fn read_name(text: &str) -> Option<Name> {
    Name::from_ascii(text).ok().map(|name| name.to_lowercase())
}

/// Returns the flush of an order, unless the order is for another gateway.
fn own_flush(order: &News) -> Option<Flush> {
    let News::Flush { name, kind, tree, negative, host } = order else { return None };
    if host.as_ref().is_some_and(|host| *host != host_name()) {
        return None;
    }
    let kind = kind.map(RecordType::from);
    Some(match name {
        None if *negative => Flush::Negative,
        None => Flush::All,
        Some(name) if *tree => Flush::Tree { name: read_name(name)?, kind },
        Some(name) => Flush::Name { name: read_name(name)?, kind },
    })
}

/// Writes a report of the flush to the store, so that this gateway repeats the flush after a restart. The flush does not remove the
/// flushed answers from the store, and this gateway must not use them after the restart either.
pub(super) fn remember_flush(store: &Fleet, flush: &Flush) {
    // An error means that too many reports wait, because the store does not work.
    let _ = store.send(flush_news(flush, Some(host_name())));
}

/// Returns the report that makes other gateways do the flush. If `host` is given, only the gateway with this host name does it.
fn flush_news(flush: &Flush, host: Option<String>) -> News {
    let (name, kind, tree, negative) = match flush {
        Flush::Name { name, kind } => (Some(name), *kind, false, false),
        Flush::Tree { name, kind } => (Some(name), *kind, true, false),
        Flush::Negative => (None, None, false, true),
        Flush::All => (None, None, true, false),
    };
    News::Flush { name: name.map(Name::to_ascii), kind: kind.map(u16::from), tree, negative, host }
}

/// The state of the store, and the gateways.
pub(super) fn state(store: &Fleet) -> (FleetState, Vec<FleetMember>) {
    let report = store.report();
    let newest = report.members.iter().map(|(_, member)| member.reported).max().unwrap_or_default();
    let own = report.members.iter().find(|(id, _)| *id == report.own);
    let configuration = own.map(|(_, member)| member.configuration.clone()).unwrap_or_default();
    let row = |(id, member): &(u64, Member)| FleetMember {
        host: member.host.clone(),
        own: *id == report.own,
        version: member.version.clone(),
        configuration: member.configuration.clone(),
        shares: member.configuration == configuration,
        hits: member.hits,
        misses: member.misses,
        saved: member.saved,
        clock_offset: Duration::from_millis(member.clock_offset_ms.unsigned_abs()).as_secs_f64()
            * if member.clock_offset_ms < 0 { -1.0 } else { 1.0 },
        round_trip: Duration::from_micros(member.store_micros).as_secs_f64(),
        age: Duration::from_millis(newest.saturating_sub(member.reported)).as_secs_f64(),
    };
    let state = FleetState {
        group: Some(report.group.clone()),
        servers: report.servers.clone(),
        refuses_writes: report.refuses_writes.clone(),
        failing: report.failing.clone(),
        failing_for: report.failing_for.map(|time| time.as_secs_f64()),
        round_trip: report.usual.map(|time| time.as_secs_f64()),
        late: report.late,
        written: report.written,
        dropped: report.dropped,
        refused: report.refused,
        errors: report.errors,
    };
    (state, report.members.iter().map(row).collect())
}

/// Sends an order of the operator, for example to remove data from the caches, to the gateways of the fleet. Returns a future that waits until
/// they had the time to read it; its error says in a sentence why some may not carry it out.
///
/// # Errors
/// The error says in a sentence why the order was not sent.
pub(super) fn order(store: Option<&Fleet>, order: FleetOrder) -> Result<Confirmation, String> {
    let store = store.ok_or("This gateway is in no fleet: fleet.servers is empty. Nothing was changed.")?;
    let report = store.report();
    if let Some(why) = report.failing.or(report.refuses_writes) {
        return Err(format!(
            "The store of the fleet does not work: {why}. Nothing was changed; run the command without --fleet on each gateway."
        ));
    }
    let news = match order {
        FleetOrder::Flush(flush) => flush_news(&flush, None),
        FleetOrder::AddNta(name, time) => News::AddNta { name: name.to_ascii(), seconds: time.as_secs() },
        FleetOrder::RemoveNta(name) => News::RemoveNta { name: name.to_ascii() },
    };
    let confirmed =
        store.send_confirmed(news).ok_or("Too many orders wait to be sent. Nothing was changed.")?;
    Ok(Box::pin(async move {
        confirmed.await.map_err(|why| {
            format!(
                "This gateway has carried out the order. Other gateways may not have: the store of the fleet: {why}. Run the command without --fleet on each gateway."
            )
        })
    }))
}
