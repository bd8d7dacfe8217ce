//! Who asks lists ahead of clients: hears of questions, learns, and starts those that will follow.
//!
//! May call: `resolve` for its questions on the side, `dnsbl::{batch, ring, state}`, `config`, `zones`. A task of the daemon, told
//! through a ring: no question waits for it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use super::batch::{Batch, Check, ListId, Standing};
use super::list::Asked;
use super::ring::{Event, What};
use super::state::Entry;
use super::way::Way;
use crate::config::Config;
use crate::limits::MAX_AHEAD;
use crate::question::{Client, Question, QuestionKey, ViewId, wire_name};
use crate::resolve::Resolver;
use crate::resolve::side::Ahead;
use crate::zones::Views;

/// Asks ahead, as long as it runs.
pub async fn ask_ahead(resolver: Arc<Resolver>) {
    let Some(mut events) = resolver.lists().ring.listen() else { return };
    let mut asking = JoinSet::new();
    let mut configured: Option<Arc<Config>> = None;
    // Tells our questions from each other.
    let mut number = 0_u32;
    loop {
        tokio::select! {
            biased;
            Some(ended) = asking.join_next() => {
                if let Ok((check, list, Ahead::NotNeeded)) = ended {
                    batch(&resolver).not_needed(&check, list);
                }
            }
            event = events.recv() => {
                let Some(event) = event else { return };
                let config = Arc::clone(resolver.views().config());
                if configured.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &config)) {
                    configure(&resolver, &config);
                    configured = Some(config);
                }
                for (check, list, question) in take(&resolver, &event) {
                    if asking.len() >= MAX_AHEAD {
                        batch(&resolver).not_needed(&check, list);
                        continue;
                    }
                    number = number.wrapping_add(1);
                    let (resolver, asker) = (Arc::clone(&resolver), asker(number));
                    asking.spawn(async move { (check, list, resolver.ask_ahead(question, asker).await) });
                }
            }
        }
    }
}

/// Learns from an event, and says what to ask.
fn take(resolver: &Resolver, event: &Event) -> Vec<(Check, ListId, Question)> {
    let key = QuestionKey::from_bytes(event.key());
    let Some(question) = key.question().filter(|question| question.kind == RecordType::A) else {
        return Vec::new();
    };
    let Some((list, subject)) = subject(resolver, &question) else { return Vec::new() };
    let labels = u8::try_from(subject.iter().len()).unwrap_or(u8::MAX);
    let check = Check { asker: key.flags(), subject: wire_name(&subject).into(), labels };
    let unix = resolver.clock().now().unix;
    let (lists, views) = (resolver.lists(), resolver.views());
    let standing = |list| {
        // A group holds lists as each view has them.
        let here = |entry: &Arc<Entry>| way(&views, question.view, &entry.apex).as_ref() == Some(&entry.way);
        let Some(entry) = lists.numbered(list).filter(here) else { return Standing::default() };
        let standing = entry.watch.for_batch(unix);
        Standing { ready: standing.ready && entry.may_be_asked_ahead(), ..standing }
    };
    let start = match event.what {
        What::Asked(came) => batch(resolver).asked(&check, list, came, event.at, standing),
        What::CameOut { says, went_out } => {
            let mut batch = batch(resolver);
            if went_out {
                batch.went_out(&check, list);
            }
            batch.came_out(&check, list, says, event.at, standing)
        }
    };
    let ask = |list| {
        let apex = &lists.numbered(list)?.apex;
        let name = subject.clone().append_domain(apex).ok()?;
        let question = Question { name: Question::new(&name, RecordType::A).name, ..question.clone() };
        Some((check.clone(), list, question))
    };
    start.into_iter().filter_map(ask).collect()
}

/// The list that a question asks, and what it asks about.
fn subject(resolver: &Resolver, question: &Question) -> Option<(ListId, Name)> {
    let list = resolver.list_of(question)?;
    // With a key in its names a list's subject is not what other lists are asked for.
    if list.keyed || list.asked(&question.name) == Asked::Nothing {
        return None;
    }
    let entry = resolver.lists().entry(&list.apex, &way(&resolver.views(), question.view, &list.apex)?)?;
    let below = question.name.iter().len().checked_sub(list.apex.iter().len())?;
    let subject = Name::from_labels(question.name.iter().take(below)).ok()?;
    Some((entry.number(), subject))
}

/// Whom a list's questions go to in a view.
fn way(views: &Views, view: ViewId, apex: &Name) -> Option<Way> {
    Some(views.get(view)?.route(apex, RecordType::A).way())
}

fn configure(resolver: &Resolver, config: &Config) {
    let views = resolver.views();
    let numbers = |apex: &Name| {
        let ways: BTreeSet<Way> =
            views.all().iter().map(|view| view.route(apex, RecordType::A).way()).collect();
        let entries = ways.iter().filter_map(|way| resolver.lists().entry(apex, way));
        entries.map(|entry| entry.number()).collect::<Vec<_>>()
    };
    let group = |group: &Vec<Name>| group.iter().flat_map(numbers).collect();
    let dnsbl = &config.dnsbl;
    let groups = dnsbl.batch_groups.iter().map(group).collect();
    batch(resolver).configure(dnsbl.batch, groups, dnsbl.batch_waste);
}

/// What a panicking holder left behind only costs or saves a question.
fn batch(resolver: &Resolver) -> MutexGuard<'_, Batch> {
    resolver.lists().batch.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever asks ahead is told from all clients by an address that none can have.
fn asker(number: u32) -> Client {
    let [high, low, id_high, id_low] = number.to_be_bytes();
    Client {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port: u16::from_be_bytes([high, low]),
        id: u16::from_be_bytes([id_high, id_low]),
    }
}
