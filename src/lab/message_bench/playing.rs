//! The mail of a run through any resolver: the internet, the messages at their moments, and what is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use dns::clock::Clock;
use dns::random::Random;

use super::super::client::AskError;
use super::super::fault::Fault;
use super::super::internet::Internet;
use super::super::traffic::{self, Asker};
use super::super::world::LabError;
use super::mails::{MailKind, draw};
use super::{Options, Run};

/// The internet of a seed, signed at `unix`, seconds since 1970.
pub(super) fn internet(options: &Options, seed: u64, unix: u64) -> Result<Arc<Internet>, LabError> {
    let internet = Internet::rough_at(seed, options.domains, unix)?;
    if options.dead_servers {
        internet.lab.break_one_of_each_zone(&[Fault::Dead], &Random::seeded(seed));
    }
    Ok(Arc::new(internet))
}

/// Counts the messages that came to the servers.
pub(super) fn count_sent(run: &mut Run, internet: &Internet) {
    let log = internet.lab.log();
    let of_lists = log.received().iter().filter(|one| is_of_list(internet, &one.name)).count();
    run.sent = [log.total(), u64::try_from(of_lists).unwrap_or(u64::MAX)];
    let broken = internet.lab.servers().iter().filter(|server| !server.is_sound());
    run.to_broken = broken.map(|server| log.count(server.name())).sum();
}

/// Plays all messages through a resolver.
pub(super) async fn play<Resolver: Asker + Send + Sync + 'static>(
    internet: &Arc<Internet>,
    options: &Options,
    seed: u64,
    asker: &Arc<Resolver>,
    clock: &Clock,
) -> Run {
    let watch = Arc::new(Watch::default());
    let mut playing = tokio::task::JoinSet::new();
    let mut moments = tokio::time::interval(Duration::from_secs(1) / options.rate);
    for mail in draw(internet, seed, options.messages, options.popularity) {
        let (internet, clock, watch) = (Arc::clone(internet), clock.clone(), Arc::clone(&watch));
        let asker = Arc::clone(asker);
        moments.tick().await;
        playing.spawn(async move {
            let watched = Watched { asker: &*asker, internet: &internet, clock: &clock, watch: &watch };
            let played = traffic::play(&internet, &mail, &watched, &clock).await;
            (MailKind::of(&mail), played)
        });
    }
    let played = playing.join_all().await;
    let waits = watch.waits.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let asked_of_lists = watch.asked_of_lists.load(Ordering::Relaxed);
    Run { played, waits, asked_of_lists, ..Run::default() }
}

fn is_of_list(internet: &Internet, name: &Name) -> bool {
    internet.lists.iter().any(|list| list.zone.zone_of(name))
}

/// The questions of a run.
#[derive(Debug, Default)]
struct Watch {
    asked_of_lists: AtomicU64,
    waits: Mutex<BTreeMap<&'static str, (u32, Duration)>>,
}

/// Counts and times the questions of a message.
struct Watched<'a> {
    asker: &'a dyn Asker,
    internet: &'a Internet,
    clock: &'a Clock,
    watch: &'a Watch,
}

impl Asker for Watched<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        dnssec_ok: bool,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        async move {
            let (began, is_of_list) = (self.clock.mono(), is_of_list(self.internet, name));
            self.watch.asked_of_lists.fetch_add(u64::from(is_of_list), Ordering::Relaxed);
            let answer = self.asker.ask(name, kind, dnssec_ok).await;
            let waited = self.clock.mono().since(began);
            let mut waits = self.watch.waits.lock().unwrap_or_else(PoisonError::into_inner);
            let (count, sum) = waits.entry(title(name, kind, is_of_list)).or_default();
            (*count, *sum) = (*count + 1, *sum + waited);
            answer
        }
        .boxed()
    }
}

/// The row of a question in the table.
fn title(name: &Name, kind: RecordType, is_of_list: bool) -> &'static str {
    let has = |label: &[u8]| name.iter().any(|one| one == label);
    match kind {
        _ if is_of_list => "DNS lists",
        RecordType::PTR => "PTR",
        RecordType::MX => "MX",
        RecordType::TLSA => "TLSA",
        RecordType::TXT if has(b"_dmarc") => "DMARC",
        RecordType::TXT if has(b"_domainkey") => "DKIM",
        RecordType::TXT => "SPF",
        _ => "addresses",
    }
}
