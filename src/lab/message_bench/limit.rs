//! An ideal resolver, whose results no real resolver can exceed: it knows the address, the round trip and the faults of every server, and
//! loses no packet.
//!
//! Like other resolvers, it must learn delegations and answers, caches them for their TTLs, and sends equal questions once. DNSSEC keys
//! arrive together with the answers. No answer is truncated, and round trips do not vary. With look-ahead, it knows all questions of an
//! email, and asks everything about an address or a domain together with the first question about it. It does not know the selector of a
//! DKIM key until an email of the domain had it, because the selector comes with the content of the email.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join, join_all, join3};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::time::sleep;

use dns::clock::{Clock, Mono};

use super::super::client::AskError;
use super::super::internet::Internet;
use super::super::server::LabServer;
use super::super::traffic::{self, Asker, Gateway, Mail, Program, below};
use super::super::world::UNIX_AT_START;

/// The most aliases for one question. No chain in the lab is longer.
const MAX_ALIASES: usize = 8;

/// An answer and its expiry. Locked while the question is sent, so that other clients wait for the answer.
type KnownAnswer = Arc<tokio::sync::Mutex<Option<(Mono, Message)>>>;

/// The expiry of a known delegation. Locked while the delegation is queried, so that other questions wait.
type KnownCut = Arc<tokio::sync::Mutex<Option<Mono>>>;

pub(super) struct Limit {
    internet: Arc<Internet>,
    clock: Clock,
    answers: Mutex<BTreeMap<(Name, RecordType), KnownAnswer>>,
    cuts: Mutex<BTreeMap<Name, KnownCut>>,
    /// Names that do not exist, each with the expiry of the denial and with the answer, which is used for all types (RFC 2308 section 5).
    denied: Mutex<BTreeMap<Name, (Mono, Message)>>,
    sent: AtomicU64,
    sent_to_lists: AtomicU64,
}

impl Limit {
    pub(super) fn new(internet: Arc<Internet>) -> Arc<Self> {
        let (answers, cuts, denied, sent, sent_to_lists) = Default::default();
        let clock = Clock::simulated(UNIX_AT_START);
        Arc::new(Self { internet, clock, answers, cuts, denied, sent, sent_to_lists })
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn sent(&self) -> [u64; 2] {
        [&self.sent, &self.sent_to_lists].map(|count| count.load(Ordering::Relaxed))
    }

    fn ask(self: Arc<Self>, name: Name, kind: RecordType) -> BoxFuture<'static, Option<Message>> {
        async move {
            let known = {
                let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(answers.entry((name.clone(), kind)).or_default())
            };
            let mut known = known.lock().await;
            if let Some((_, answer)) = known.as_ref().filter(|(ends, _)| self.clock.mono() < *ends) {
                return Some(answer.clone());
            }
            if let Some(answer) = self.denial(&name) {
                return Some(answer);
            }
            let answer = self.resolve(&name, kind).await?;
            if answer.metadata.response_code == ResponseCode::NXDomain && answer.answers.is_empty() {
                let ends = self.clock.mono().after(lifetime(&answer));
                self.denied
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(name.clone(), (ends, answer.clone()));
            }
            *known = Some((self.clock.mono().after(lifetime(&answer)), answer.clone()));
            Some(answer)
        }
        .boxed()
    }

    fn was_asked(&self, name: &Name, kind: RecordType) -> bool {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.contains_key(&(name.to_lowercase(), kind))
    }

    fn denial(&self, name: &Name) -> Option<Message> {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        denied.get(name).filter(|(ends, _)| self.clock.mono() < *ends).map(|(_, answer)| answer.clone())
    }

    async fn resolve(self: &Arc<Self>, name: &Name, kind: RecordType) -> Option<Message> {
        let (mut answer, mut owner) = (self.walk(name, kind).await?, name.clone());
        for _ in 0..MAX_ALIASES {
            let target = answer.answers.iter().find_map(|record| match &record.data {
                RData::CNAME(target) if record.name == owner => Some(target.0.to_lowercase()),
                _ => None,
            });
            let Some(target) = target else { break };
            if !answer.answers.iter().any(|record| record.name == target) {
                let next = self.walk(&target, kind).await?;
                answer.metadata.response_code = next.metadata.response_code;
                answer.answers.extend(next.answers);
                answer.authorities = next.authorities;
            }
            owner = target;
        }
        Some(answer)
    }

    /// Follows referrals from the closest zone with a known delegation, and asks the nearest server of each zone. Does not follow aliases.
    async fn walk(&self, name: &Name, kind: RecordType) -> Option<Message> {
        let lab = &self.internet.lab;
        // The zones above the name, from the root down.
        let mut zones: Vec<(&Name, Vec<&LabServer>)> =
            lab.zones().filter(|(zone, _)| zone.zone_of(name)).collect();
        zones.sort_by_key(|(zone, _)| zone.iter().len());
        let mut query = Message::query();
        query.add_query(Query::query(name.clone(), kind));
        let mut place = 0;
        for (number, (zone, _)) in zones.iter().enumerate() {
            place = if self.knows(zone).await { number } else { place };
        }
        let is_of_list = self.internet.lists.iter().any(|list| list.zone.zone_of(name));
        loop {
            let (_, servers) = zones.get(place)?;
            let server = servers
                .iter()
                .filter(|server| server.is_sound())
                .min_by_key(|one| one.distance().round_trip)?;
            // A server of several of these zones answers from the deepest one.
            let holds = zones.iter().rposition(|(_, of)| of.iter().any(|one| one.name() == server.name()))?;
            let Some((next, _)) = zones.get(holds + 1) else {
                self.send(server, is_of_list && zones.get(holds)?.0.iter().len() > 2).await;
                return Some(server.authority().respond(&query));
            };
            let cut = self.cut(next);
            let mut known = cut.lock().await;
            if known.is_none_or(|ends| ends <= self.clock.mono()) {
                self.send(server, false).await;
                let referral = server.authority().respond(&query);
                let ttl = referral.authorities.iter().map(|record| record.ttl).min().unwrap_or(0);
                *known = Some(self.clock.mono().after(Duration::from_secs(ttl.into())));
                // If the zone is signed, the query for its keys counts too.
                self.sent.fetch_add(u64::from(!lab.trust_anchor(next).is_empty()), Ordering::Relaxed);
            }
            place = holds + 1;
        }
    }

    async fn send(&self, server: &LabServer, to_list: bool) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.sent_to_lists.fetch_add(u64::from(to_list), Ordering::Relaxed);
        sleep(server.distance().round_trip).await;
    }

    fn cut(&self, zone: &Name) -> KnownCut {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cuts.entry(zone.clone()).or_default())
    }

    /// Returns true if the delegation of a zone is known. Waits for a query in progress.
    async fn knows(&self, zone: &Name) -> bool {
        zone.is_root() || self.cut(zone).lock().await.is_some_and(|ends| self.clock.mono() < ends)
    }

    async fn look_ahead_of_address(self: Arc<Self>, address: std::net::Ipv4Addr) {
        let lists = traffic::address_lists(&self.internet, address).collect::<Vec<_>>();
        let host = async {
            let pointer = Arc::clone(&self).ask(Name::from(address), RecordType::PTR).await;
            let host = pointer.as_ref().and_then(traffic::host_of);
            let kinds = [RecordType::A, RecordType::AAAA];
            self.all(host.iter().flat_map(|host| kinds.map(|kind| (host.clone(), kind)))).await;
        };
        join(self.all(lists), host).await;
    }

    async fn look_ahead_of_sender(self: Arc<Self>, gateway: Gateway, sender: Name, selector: Option<String>) {
        let key = selector.and_then(|selector| below(&format!("{selector}._domainkey"), &sender));
        let key = key.filter(|name| self.was_asked(name, RecordType::TXT));
        let above = sender.base_name();
        let above = self.internet.domains.iter().any(|domain| domain.name == above).then_some(&above);
        let policies =
            [Some(&sender), above].into_iter().flatten().filter_map(|domain| below("_dmarc", domain));
        let texts = policies.chain(key).map(|name| (name, RecordType::TXT));
        let further: Vec<_> = texts.chain(traffic::domain_lists(&self.internet, &sender)).collect();
        let hosts = async {
            if gateway == Gateway::Exim {
                Arc::clone(&self).look_ahead_of_hosts(sender.clone(), false).await;
            }
        };
        let policy = async {
            let (mut next, mut seen) = (vec![sender.clone()], BTreeSet::new());
            while let Some(name) = next.pop() {
                if !seen.insert(name.clone()) {
                    continue;
                }
                let record = Arc::clone(&self).ask(name, RecordType::TXT).await;
                next.extend(record.iter().flat_map(traffic::includes));
            }
        };
        join3(self.all(further), policy, hosts).await;
    }

    /// Asks what the mail software will ask about the hosts that receive a domain's mail. `has_dane`: the software delivers an email to
    /// them, and asks for their TLSA records.
    async fn look_ahead_of_hosts(self: Arc<Self>, domain: Name, has_dane: bool) {
        let exchangers = Arc::clone(&self).ask(domain, RecordType::MX).await;
        let records = exchangers.iter().flat_map(|answer| &answer.answers);
        let hosts: Vec<Name> = records.filter_map(traffic::exchanger).map(|(_, host)| host).collect();
        let questions = hosts.iter().flat_map(|host| {
            let certificates = below("_25._tcp", host).filter(|_| has_dane && self.internet.is_signed(host));
            let certificates = certificates.map(|name| (name, RecordType::TLSA));
            [(host.clone(), RecordType::A), (host.clone(), RecordType::AAAA)].into_iter().chain(certificates)
        });
        self.all(questions).await;
    }

    async fn all(self: &Arc<Self>, questions: impl IntoIterator<Item = (Name, RecordType)>) {
        join_all(questions.into_iter().map(|(name, kind)| Arc::clone(self).ask(name, kind))).await;
    }
}

/// Returns the smallest TTL of the records, or of the SOA of a negative answer (RFC 2308 section 5).
fn lifetime(answer: &Message) -> Duration {
    let records = if answer.answers.is_empty() { &answer.authorities } else { &answer.answers };
    let ttl = records.iter().map(|record| match &record.data {
        RData::SOA(soa) => record.ttl.min(soa.minimum),
        _ => record.ttl,
    });
    Duration::from_secs(ttl.min().unwrap_or(0).into())
}

pub(super) struct LimitOf {
    pub(super) limit: Arc<Limit>,
    pub(super) mail: Mail,
    pub(super) asks_ahead: bool,
    /// The look-ahead of this email that has begun: `address` for the client's address, `domain` for the domain of the sender or recipient.
    begun: Mutex<BTreeSet<&'static str>>,
}

impl LimitOf {
    pub(super) fn new(limit: Arc<Limit>, mail: Mail, asks_ahead: bool) -> Self {
        Self { limit, mail, asks_ahead, begun: Mutex::default() }
    }

    /// Begins the look-ahead that follows from this question, if the same look-ahead has not yet begun for this email.
    fn look_ahead(&self, name: &Name, kind: RecordType) {
        let begins = |subject| self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(subject);
        let limit = Arc::clone(&self.limit);
        match &self.mail {
            Mail::Inbound { address, .. } if kind != RecordType::MX => {
                if begins("address") {
                    tokio::spawn(limit.look_ahead_of_address(*address));
                }
            }
            Mail::Inbound { gateway, sender, selector, .. } => {
                if sender == name && begins("domain") {
                    tokio::spawn(limit.look_ahead_of_sender(*gateway, sender.clone(), selector.clone()));
                }
            }
            Mail::Outbound { recipient } => {
                if begins("domain") {
                    tokio::spawn(limit.look_ahead_of_hosts(recipient.clone(), true));
                }
            }
        }
    }
}

impl Asker for LimitOf {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        _program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        if self.asks_ahead {
            self.look_ahead(name, kind);
        }
        let asked = Arc::clone(&self.limit).ask(name.to_lowercase(), kind);
        let missing = || AskError::Message("no server of the zone is sound".to_owned());
        async move { asked.await.ok_or_else(missing) }.boxed()
    }
}
