//! Watches the records of the domains that this gateway mails with for changes. [`record::changes`] decides what is a change.
//!
//! # Decisions
//!
//! - A question only adds its name to a short queue, and only if its type is MX or TXT and the cache had no answer. A task reads the records from the
//!   cache some seconds later, so the path of a question does no work for this. By then, look-ahead and the client have mostly asked for the other
//!   records of the domain.
//! - The records of all watched domains are read from the cache in turn, `CHANGES_AT_ONCE` a round, because the address of a mail host may be fetched
//!   without a new MX question. Nothing is asked of servers, and reading does not count as a use of a cache entry.
//! - Only the view of `[listen]` is watched: two views may see different records under one name.
//! - NS and DS are those of the delegation, because resolverd asks its servers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::Resolver;
use super::client_question::ClientQuestion;
use crate::cache::rrsets::InView;
use crate::limits::{CHANGES_AT_ONCE, CHANGES_PAUSE, CHANGES_ROUND, MAX_ALIASES, MAX_CHANGES_ASKED};
use dns::clock::{Mono, Now};
use dns::question::{Question, ViewId, name_text};
use record::changes::{Changes, ChangesReport, Observed, RecordKind, Value};

/// The changes of records, and the questions whose names are looked at next.
#[derive(Default)]
pub(crate) struct ChangeWatch {
    asked: Mutex<Vec<Question>>,
    added: Notify,
    table: Mutex<Changes>,
}

impl ChangeWatch {
    /// Returns the changes of records.
    pub(super) fn table(&self) -> MutexGuard<'_, Changes> {
        lock(&self.table)
    }

    /// Notes a question of a client for MX or TXT records that the cache did not answer. If the queue is full, the question is lost: the domain is
    /// looked at when it is asked for again.
    #[cold]
    pub(super) fn note(&self, asked: &ClientQuestion) {
        if asked.list.is_some() || asked.client.address.is_unspecified() {
            return;
        }
        let mut waiting = lock(&self.asked);
        if waiting.len() < MAX_CHANGES_ASKED {
            waiting.push(Question { view: asked.view.knows, ..asked.question.clone() });
        }
        drop(waiting);
        self.added.notify_one();
    }
}

impl Resolver {
    /// Looks for changes of records. Never returns.
    pub async fn follow_changes(self: Arc<Self>) -> Infallible {
        loop {
            let is_round = timeout(CHANGES_ROUND, self.changes.added.notified()).await.is_err();
            if !is_round {
                sleep(CHANGES_PAUSE).await;
            }
            let resolver = Arc::clone(&self);
            self.memory.walk(move |_| resolver.look_for_changes()).await;
        }
    }

    /// Compares the cached records of the domains that were asked for, and of the watched domains whose turn it is, with their last known values.
    pub fn look_for_changes(&self) {
        let asked = std::mem::take(&mut *lock(&self.changes.asked));
        let views = self.views.load();
        let Some(view) = views.general().map(|view| view.knows) else { return };
        if views.config().history_size() == 0 {
            return;
        }
        let mut table = lock(&self.changes.table);
        let mut look = self.look_in(view, &mut table);
        for question in asked.iter().filter(|question| question.view == view) {
            look.asked(question);
        }
        for domain in look.table.next_domains(CHANGES_AT_ONCE) {
            if let Ok(domain) = Name::from_ascii(&domain) {
                look.domain(&domain);
            }
        }
    }

    fn look_in<'a>(&'a self, view: ViewId, table: &'a mut Changes) -> Look<'a> {
        Look { rrsets: self.memory.rrsets.in_view(view), now: self.clock.now(), table }
    }

    /// Returns the changes of a domain and its mail hosts since `from`, in seconds since 1970.
    pub fn changes(&self, domain: &Name, from: u64) -> ChangesReport {
        lock(&self.changes.table).report(&text(domain), from)
    }

    /// Returns the content of the file with the changes.
    ///
    /// # Errors
    /// There is none, because the content has only numbers and texts.
    pub fn changes_to_octets(&self) -> std::io::Result<Vec<u8>> {
        let mut table = lock(&self.changes.table);
        table.tend(self.clock.now().unix);
        Ok(table.to_octets()?)
    }

    /// Restores the changes that an earlier process has written. A file of another version is ignored.
    ///
    /// # Errors
    /// The file has another format.
    pub fn restore_changes(&self, octets: &[u8]) -> std::io::Result<()> {
        if let Some(read) = Changes::from_octets(octets, self.clock.now().unix)? {
            *lock(&self.changes.table) = read;
        }
        Ok(())
    }
}

/// Reads the records of domains from the cache.
struct Look<'a> {
    rrsets: InView<'a>,
    now: Now,
    table: &'a mut Changes,
}

impl Look<'_> {
    fn asked(&mut self, question: &Question) {
        if question.kind == RecordType::MX {
            return self.domain(&question.name);
        }
        let labels: Vec<&[u8]> = question.name.iter().collect();
        let Some(place) = labels.iter().position(|label| matches!(*label, b"_domainkey" | b"_dmarc")) else {
            return self.domain(&question.name);
        };
        let domain = question.name.trim_to(labels.len().saturating_sub(place).saturating_sub(1));
        if labels.get(place).is_some_and(|label| **label == *b"_domainkey") && self.table.has(&text(&domain))
        {
            self.key(&domain, &question.name);
        } else {
            self.domain(&domain);
        }
    }

    /// Looks at a domain if it is watched, or if the cache has its MX records.
    fn domain(&mut self, domain: &Name) {
        let of = text(domain);
        if let Some((records, stored)) = self.read(domain, RecordType::MX) {
            self.see((&of, None), RecordKind::Mx, &records, stored);
            let hosts = records.iter().filter_map(|record| match &record.data {
                RData::MX(exchanger) if !exchanger.exchange.is_root() => {
                    Some(text(&exchanger.exchange.to_lowercase()).into())
                }
                _ => None,
            });
            self.table.set_hosts(&of, hosts);
        }
        if !self.table.has(&of) {
            return;
        }
        self.delegation(domain, &of);
        self.policy(domain, (&of, None), RecordKind::Spf);
        if let Ok(owner) = domain.prepend_label("_dmarc") {
            self.policy(&owner, (&of, Some(&text(&owner))), RecordKind::Dmarc);
        }
        for owner in self.table.keys_of(&of) {
            if let Ok(owner) = Name::from_ascii(&owner) {
                self.key(domain, &owner);
            }
        }
        for host in self.table.hosts_of(&of) {
            if let Ok(host) = Name::from_ascii(&host) {
                self.host(&host);
            }
        }
    }

    fn delegation(&mut self, domain: &Name, of: &str) {
        let Some(cut) = self.rrsets.peek_delegation(domain, self.now.mono).filter(|cut| !cut.trusted) else {
            return;
        };
        let servers = cut.servers.iter().map(|server| text(&server.to_lowercase()));
        self.take((of, None), RecordKind::Ns, Some(Value::of(servers)), cut.since);
        let evidence = cut.evidence.records(0);
        if !evidence.is_empty() {
            let signers: Vec<Record> =
                evidence.into_iter().filter(|record| record.record_type() == RecordType::DS).collect();
            self.see((of, None), RecordKind::Ds, &signers, cut.since);
        }
    }

    /// Looks at a TXT record with a policy. Other TXT records of the name do not count.
    fn policy(&mut self, owner: &Name, of: (&str, Option<&str>), kind: RecordKind) {
        let begin = if kind == RecordKind::Spf { "v=spf1" } else { "v=DMARC1" };
        let Some((records, stored)) = self.read(owner, RecordType::TXT) else { return };
        let policies = records
            .iter()
            .map(data)
            .filter(|text| text.get(..begin.len()).is_some_and(|found| found.eq_ignore_ascii_case(begin)));
        let policies: Vec<String> = policies.collect();
        let value = (!policies.is_empty()).then(|| Value::of(policies));
        self.take(of, kind, value, stored);
    }

    fn key(&mut self, domain: &Name, owner: &Name) {
        if let Some((records, stored)) = self.read(owner, RecordType::TXT) {
            self.see((&text(domain), Some(&text(owner))), RecordKind::Dkim, &records, stored);
        }
    }

    fn host(&mut self, host: &Name) {
        let of = text(host);
        for (kind, record) in [(RecordType::A, RecordKind::A), (RecordType::AAAA, RecordKind::Aaaa)] {
            if let Some((records, stored)) = self.read(host, kind) {
                self.see((&of, None), record, &records, stored);
            }
        }
        let owner = host.prepend_label("_tcp").and_then(|port| port.prepend_label("_25"));
        if let Ok(owner) = owner
            && let Some((records, stored)) = self.read(&owner, RecordType::TLSA)
        {
            self.see((&of, Some(&text(&owner))), RecordKind::Tlsa, &records, stored);
        }
    }

    /// Returns the cached records at the end of the aliases of a name, and when they came; no records if they were denied. Many owners of domains publish
    /// the keys and policies of their hoster by an alias.
    fn read(&self, name: &Name, kind: RecordType) -> Option<(Vec<Record>, Mono)> {
        let mut name = name.clone();
        for _ in 0..=MAX_ALIASES {
            if let Some(found) = self.rrsets.peek(&name, kind, self.now.mono) {
                return Some(found);
            }
            let (aliases, _) = self.rrsets.peek(&name, RecordType::CNAME, self.now.mono)?;
            name = aliases.into_iter().find_map(|record| match record.data {
                RData::CNAME(target) => Some(target.0.to_lowercase()),
                _ => None,
            })?;
        }
        None
    }

    fn see(&mut self, of: (&str, Option<&str>), kind: RecordKind, records: &[Record], stored: Mono) {
        let value = (!records.is_empty()).then(|| Value::of(records.iter().map(data)));
        self.take(of, kind, value, stored);
    }

    fn take(
        &mut self,
        (name, owner): (&str, Option<&str>),
        kind: RecordKind,
        value: Option<Value>,
        stored: Mono,
    ) {
        let age = self.now.mono.since(stored).as_secs();
        let at = self.now.unix.saturating_sub(age);
        self.table.observe(&Observed { name, owner, kind, value, at });
    }
}

/// Returns the name as the table has it.
fn text(name: &Name) -> String {
    name_text(name)
}

/// Returns the data of a record as text; of a TXT record, its strings in one.
fn data(record: &Record) -> String {
    match &record.data {
        RData::TXT(text) => String::from_utf8_lossy(&text.txt_data.concat()).into_owned(),
        data => data.to_string().to_lowercase(),
    }
}

fn lock<Kept>(mutex: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
