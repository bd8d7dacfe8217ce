//! Sends questions to DNS lists in advance (batches). This task learns from clients' questions which lists clients ask about the same address or
//! domain. When a client asks one of these lists, the task asks the others.
//!
//! It receives the questions of clients and their results (events) through a queue, so no client waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use crate::limits::MAX_AHEAD;
use crate::resolve::Resolver;
use crate::resolve::side::Ahead;
use config::Config;
use dns::clock::Mono;
use dns::question::{Client, Question, QuestionKey, ViewId, wire_name};
use dnsbl::batch::{BatchStanding, Check, CheckQuery, ClientGroup, EXCHANGER, ListId, POINTER};
use dnsbl::entry::ListEntry;
use dnsbl::list::{AskedAbout, List, ListSubject, Purpose};
use dnsbl::list_events::{ListEvent, ListEventKind};
use dnsbl::list_way::Way;
use dnsbl::lookalike::{KnownZone, LookalikeName, LookalikeSubjects};
use zones::Views;

/// The customer key in the names of clients' questions, for each group of clients and each DNS list. A batch question to such a list contains this
/// key. A key is secret and never shown.
#[derive(Default)]
struct KeyLabels(BTreeMap<(ClientGroup, ListId), Box<[u8]>>);

/// The parts of a client's question from which a batch is made. Questions for the PTR of an address or the MX of a domain count too: the client often
/// asks DNS lists about this address or domain next.
struct Asks {
    /// The DNS list of the question. `None` for a PTR or MX question, and for a learned zone, which clients use like a DNS list although the
    /// configuration has no such list.
    list: Option<Arc<List>>,
    number: ListId,
    /// The reversed address or the domain in the question, without the apex of the list and without a customer key.
    subject: Name,
    /// The customer key in the name of the question, if any.
    key: Option<Box<[u8]>>,
}

/// Sends batches until the task is cancelled. A second call waits forever, because only one task can read the queue of events.
pub async fn send_batches(resolver: Arc<Resolver>) -> Infallible {
    let Some(mut events) = resolver.lists().events.listen() else { return std::future::pending().await };
    let mut asking = JoinSet::new();
    let mut configured = Arc::clone(resolver.views().config());
    configure(&resolver, &configured);
    // The number of the next batch question, from which the port and the id of its invented client are made.
    let mut number = 0_u32;
    let mut keys = KeyLabels::default();
    loop {
        tokio::select! {
            biased;
            Some(ended) = asking.join_next() => {
                if let Ok((check, list, Ahead::NotNeeded | Ahead::NoRoom)) = ended {
                    resolver.lists().batch().not_needed(&check, list);
                }
            }
            event = events.event() => {
                let config = Arc::clone(resolver.views().config());
                if !Arc::ptr_eq(&configured, &config) {
                    configure(&resolver, &config);
                    let (lists, views) = (resolver.lists(), resolver.views());
                    let learned = |list| lists.lookalikes().learned(list, event.at).is_some();
                    let asked = |list| lists.numbered(list).is_some() || learned(list);
                    keys.0.retain(|((_, view), list), _| views.get(*view).is_some() && asked(*list));
                    resolver.lists().batch().keep(asked);
                    configured = config;
                }
                for (check, list, question) in take(&resolver, &event, &mut keys) {
                    if asking.len() >= MAX_AHEAD {
                        resolver.lists().batch().not_needed(&check, list);
                        continue;
                    }
                    number = number.wrapping_add(1);
                    let (resolver, asker) = (Arc::clone(&resolver), client(number));
                    asking.spawn(async move { (check, list, resolver.side().ask_ahead(question, asker).await) });
                }
            }
        }
    }
}

/// Learns from the event of a client's question, and returns the questions of the batch.
fn take(resolver: &Resolver, event: &ListEvent, keys: &mut KeyLabels) -> Vec<(Check, ListId, Question)> {
    let key = QuestionKey::from_bytes(event.key());
    let Some(question) = key.question() else { return Vec::new() };
    let Some(asks) = asks(resolver, &key, &question, event.at) else { return Vec::new() };
    let (number, check) = (asks.number, check_of(&key, &asks.subject));
    if let Some(label) = &asks.key {
        keys.0.insert((check.clients, number), label.clone());
    }
    let unix = resolver.clock().now().unix;
    let (lists, views) = (resolver.lists(), resolver.views());
    let standing = |list| {
        // Each DNS list has one entry for each set of servers (`way`) to which its queries go. The view of the question must use the servers of
        // this entry.
        let here =
            |entry: &Arc<ListEntry>| way(&views, question.view, &entry.apex).as_ref() == Some(&entry.way);
        let Some(entry) = lists.numbered(list) else {
            let learned = lists.lookalikes().learned(list, event.at);
            return learned.map(|known| known.standing).unwrap_or_default();
        };
        let standing = entry.watch.for_batch(unix);
        BatchStanding { ready: standing.ready && here(&entry) && entry.may_be_in_a_batch(), ..standing }
    };
    let start = {
        let blocks = asks.list.as_ref().is_some_and(|list| list.purpose == Purpose::Block);
        let query = CheckQuery { check: &check, list: number, blocks };
        let mut batch = resolver.lists().batch();
        match event.what {
            ListEventKind::Asked(came) => batch.asked(query, came, event.at, standing),
            ListEventKind::CameOut { says, went_out } => {
                if went_out {
                    batch.went_out(&check, number);
                }
                batch.came_out(query, says, event.at, standing)
            }
        }
    };
    let mut asking = Vec::new();
    for other in start {
        match name_at(resolver, &asks, (check.clients, other), keys, event.at) {
            Some(name) => {
                let Question { name, kind, .. } = Question::new(&name, RecordType::A);
                asking.push((check.clone(), other, Question { name, kind, ..question.clone() }));
            }
            None => resolver.lists().batch().not_needed(&check, other),
        }
    }
    asking
}

/// Returns the name with which `other` is asked about the address or domain in `asks`. `other` is a DNS list or a learned zone (one that
/// clients query like a DNS list). Returns `None` if `other` must not be asked.
fn name_at(
    resolver: &Resolver,
    asks: &Asks,
    (clients, other): (ClientGroup, ListId),
    keys: &KeyLabels,
    at: Mono,
) -> Option<Name> {
    let subject = asks.subject.iter();
    let Some(entry) = resolver.lists().numbered(other) else {
        let KnownZone { zone, subjects, .. } = resolver.lists().lookalikes().learned(other, at)?;
        let name = Name::from_labels(subject.chain(zone.iter())).ok()?;
        let reversed = LookalikeName::reversed(&name).filter(|reversed| reversed.subject == asks.subject);
        let is_fit = reversed.is_some() == (subjects == LookalikeSubjects::Addresses);
        return is_fit.then_some(name);
    };
    let (_, view) = clients;
    let known = resolver.list_resolver().list(view, &entry.apex)?;
    // If the list needs a customer key, resolverd asks it only after one of these clients has sent its key.
    let key = if known.keyed { Some(keys.0.get(&(clients, other))?) } else { None };
    let key = key.map(AsRef::as_ref);
    let name = Name::from_labels(subject.chain(key).chain(entry.apex.iter())).ok()?;
    shares(asks.list.as_deref(), &known, &name).then_some(name)
}

/// Divides the name of a client's question into the parts that are needed for a batch. Returns `None` unless the question is to a DNS list or a
/// learned zone, or for a PTR or MX.
fn asks(resolver: &Resolver, key: &QuestionKey, question: &Question, at: Mono) -> Option<Asks> {
    let before = |number, own| {
        let subject = Name::from_labels(question.name.iter().take(own)).ok()?;
        Some(Asks { list: None, number, subject, key: None })
    };
    let labels = question.name.iter().len();
    match question.kind {
        RecordType::A => {}
        RecordType::PTR => {
            return before(POINTER, labels.checked_sub(2).filter(|own| matches!(own, 4 | 32))?);
        }
        RecordType::MX => return before(EXCHANGER, labels),
        _ => return None,
    }
    let Some(list) = resolver.list_resolver().list_of(question) else {
        let lookalikes = resolver.lists().lookalikes();
        let is_checked = |subject: &Name| resolver.lists().batch().is_checked(&check_of(key, subject));
        let name = LookalikeName::reversed(&question.name)
            .or_else(|| lookalikes.domain_of(&question.name, is_checked))?;
        let number = lookalikes.asked(&name, is_checked(&name.subject), at)?;
        return Some(Asks { list: None, number, subject: name.subject, key: None });
    };
    match list.asked(&question.name) {
        AskedAbout::Nothing => return None,
        AskedAbout::Labels(_) => resolver.lists().lookalikes().note_domains(),
        AskedAbout::Address(_) => {}
    }
    let way = way(&resolver.views(), question.view, &list.apex)?;
    let number = resolver.lists().entry(&list.apex, &way).number();
    let below = question.name.iter().len().checked_sub(list.apex.iter().len())?;
    let own = below.checked_sub(usize::from(list.keyed))?;
    let subject = Name::from_labels(question.name.iter().take(own)).ok()?;
    let key = question.name.iter().nth(own).filter(|_| list.keyed).map(Box::from);
    Some(Asks { list: Some(list), number, subject, key })
}

/// Returns true if the list `other` may be asked the question `name`. Lists of addresses are not asked about domains, nor lists of domains about
/// addresses. `list` is the list that the client asked, if any.
fn shares(list: Option<&List>, other: &List, name: &Name) -> bool {
    match other.asked(name) {
        AskedAbout::Address(IpAddr::V4(_)) => other.subjects.contains(&ListSubject::Ip4),
        AskedAbout::Address(IpAddr::V6(_)) => other.subjects.contains(&ListSubject::Ip6),
        AskedAbout::Labels(_) => {
            let asked = |subject| {
                list.map_or(subject == ListSubject::Domain, |list| list.subjects.contains(&subject))
            };
            let alike = |subject| asked(subject) && other.subjects.contains(&subject);
            alike(ListSubject::Domain) || alike(ListSubject::Hash)
        }
        AskedAbout::Nothing => false,
    }
}

/// Returns the servers that a view asks for the DNS list at `apex`: those found by recursion, configured servers, or forwarders.
fn way(views: &Views, view: ViewId, apex: &Name) -> Option<Way> {
    Some(views.get(view)?.route(apex, RecordType::A).way())
}

fn configure(resolver: &Resolver, config: &Config) {
    let views = resolver.views();
    let numbers = |apex: &Name| {
        let ways: BTreeSet<Way> =
            views.all().iter().map(|view| view.route(apex, RecordType::A).way()).collect();
        ways.iter().map(|way| resolver.lists().entry(apex, way).number()).collect::<Vec<_>>()
    };
    let group = |group: &Vec<Name>| group.iter().flat_map(numbers).collect();
    let dnsbl = &config.dnsbl;
    let groups = dnsbl.batch_groups.iter().map(group).collect();
    resolver.lists().batch().configure(dnsbl.batch, groups, dnsbl.batch_waste);
}

fn check_of(key: &QuestionKey, subject: &Name) -> Check {
    let labels = u8::try_from(subject.iter().len()).unwrap_or(u8::MAX);
    Check { clients: group_of(key), subject: wire_name(subject).into(), labels }
}

fn group_of(key: &QuestionKey) -> ClientGroup {
    (key.flags(), key.view())
}

/// Returns an invented client with an address that no real client has.
fn client(number: u32) -> Client {
    let [high, low, id_high, id_low] = number.to_be_bytes();
    Client {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port: u16::from_be_bytes([high, low]),
        id: u16::from_be_bytes([id_high, id_low]),
    }
}
