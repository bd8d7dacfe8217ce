//! Watched domains (`[[watch]]`): the check of `resolverctl check DOMAIN` on schedule, in the daemon.
//!
//! A task of the daemon checks one domain after the other and compares the findings with those of earlier checks. It sends questions as
//! `resolverctl` does; no question of a client waits for it. `ended` decides whether a check had a result, `history` which findings appeared
//! and ended, `schedule` when the next check is due.
//!
//! Calls `gather` and `doctor` for the checks, `resolver` for its configuration, and `history` for its counters.
//!
//! # Decisions
//!
//! - A finding appears when two of three checks have found it, and ends when three checks in a row have not found it. A lost datagram or a
//!   zone transfer in progress writes no line, and a fault that comes and goes is shown. These checks are ten minutes apart, not the whole
//!   interval.
//! - "Could not tell" changes nothing. If no name server answers, not even those of the zone above, the fault is the
//!   network of this host: a finding neither appears nor ends.
//! - "Since" is the first check that found it. The history is in a file of the state directory, so a restart does
//!   not change it.
//! - Each query of a check uses a second of the budget, and the next check begins when all are used. So checks are spread over the hour
//!   without a table of times. While many queries of clients are in progress, a check is put off and counted.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod domain;
pub mod ended;
pub mod followed;
pub mod history;
pub mod kept;
pub mod limits;
mod line;
mod schedule;
mod unseen;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::sleep;

use self::domain::WatchedDomain;
use self::ended::ended;
use self::history::Confirmation;
use self::kept::KeptWatches;
use self::schedule::{Schedule, ScheduleStep};
use crate::limits::WATCH_PUT_OFF;
use ::history::{Counter, Recorder};
use dns::clock::Clock;
use dns::random::Random;
use dns::wire::presentation::name_text;
use doctor::WholeDomain;
use doctor::facts::{CheckSubject, Got, Role, Want, is_below_root};
use gather::{Sources, gather};
use resolver::config::{ConfiguredWatch, WatchAs};

/// The daemon, as the task sees it.
pub trait WatchHost: Sources {
    /// Whether clients need the room for queries.
    fn is_busy(&self) -> bool;

    /// Whether no server on the internet answers this host.
    fn is_network_down(&self) -> bool;

    /// An address of each root server that it asks.
    fn root_servers(&self) -> BoxFuture<'_, Vec<IpAddr>>;

    /// Keeps the history for the next start.
    fn keep(&self, kept: &KeptWatches);
}

/// The watched domains, for the task and for the control socket.
pub struct WatchedDomains {
    clock: Clock,
    random: Random,
    recorder: Arc<Recorder>,
    schedule: Mutex<Schedule>,
    /// Notified when a reload has changed the domains.
    changed: Notify,
    /// Whether the file does not have the last changes.
    is_unkept: AtomicBool,
}

impl WatchedDomains {
    /// The domains of the configuration, with the history of the last process.
    pub fn new(
        watches: &[ConfiguredWatch],
        kept: KeptWatches,
        (clock, random): (Clock, Random),
        recorder: Arc<Recorder>,
    ) -> Self {
        let mut schedule = Schedule::default();
        let changes = schedule.set(watches, kept.into_domains(), clock.now(), &random);
        changes.iter().for_each(|(watch, change)| line::write(watch, change));
        let is_unkept = AtomicBool::new(!changes.is_empty());
        Self { clock, random, recorder, schedule: Mutex::new(schedule), changed: Notify::new(), is_unkept }
    }

    /// Changes to the domains of another configuration. Those that stay keep their history; if the side of a mail that they are
    /// checked for changes, the findings that a check for the new side can find too.
    pub fn set(&self, watches: &[ConfiguredWatch]) {
        let changes = self.schedule().set(watches, Vec::new(), self.clock.now(), &self.random);
        changes.iter().for_each(|(watch, change)| line::write(watch, change));
        self.is_unkept.fetch_or(!changes.is_empty(), Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// The domains, in the order of their names.
    pub fn domains(&self) -> Vec<WatchedDomain> {
        self.schedule().domains(self.clock.mono())
    }

    /// The history, for the next process.
    pub fn kept(&self) -> KeptWatches {
        KeptWatches::of(&self.domains())
    }

    /// Checks the domains as long as it runs, one at a time.
    pub async fn run(&self, host: &impl WatchHost) -> Infallible {
        loop {
            if self.is_unkept.swap(false, Ordering::Relaxed) {
                host.keep(&self.kept());
            }
            let step = self.schedule().step(self.clock.mono());
            match step {
                ScheduleStep::Rest => self.changed.notified().await,
                ScheduleStep::Wait(time) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep(time) => {}
                },
                ScheduleStep::Check(_) if host.is_busy() => {
                    self.recorder.count(Counter::WatchPutOff, 1);
                    self.put_off();
                    sleep(WATCH_PUT_OFF).await;
                }
                ScheduleStep::Check(watch) => self.check(host, &watch).await,
            }
        }
    }

    /// Takes in that checks are put off.
    fn put_off(&self) {
        let lines = self.schedule().put_off(self.clock.now());
        self.is_unkept.fetch_or(!lines.is_empty(), Ordering::Relaxed);
        lines.iter().for_each(|(watch, (why, since))| line::write_untold(watch, why, *since));
    }

    /// Checks a domain, and takes in the end of the check.
    async fn check(&self, host: &impl WatchHost, watch: &ConfiguredWatch) {
        let began = self.clock.mono();
        let counted = CountedSources { host, asked: AtomicU32::new(0) };
        let mut subject = subject(watch, self.clock.now().unix);
        if is_below_root(&subject.domain) {
            subject.root_servers = host.root_servers().await;
        }
        let facts = gather(subject, &WholeDomain, &counted).await;
        let asked = counted.asked.load(Ordering::Relaxed);
        let end = ended(&facts, host.is_network_down());
        self.recorder.count(Counter::WatchChecks, 1);
        let now = self.clock.now();
        let mut schedule = self.schedule();
        schedule.pay(asked, began);
        let Some(history) = schedule.history(watch) else { return };
        let changes = history.take(end, now.unix, Confirmation::Twice);
        let (untold, again_told) = (history.line_due(now.unix), history.is_told_again());
        schedule.plan(watch, now.mono, &self.random);
        drop(schedule);
        if let Some((why, since)) = untold {
            line::write_untold(watch, &why, since);
        } else if again_told {
            line::write_told_again(watch);
        }
        for change in &changes {
            line::write(watch, change);
        }
        host.keep(&self.kept());
    }

    /// Locks after a panic too: a wrong time only moves a check.
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The subject of a check. No stranger's resolver is asked, and no mail host is connected to.
fn subject(watch: &ConfiguredWatch, unix: u64) -> CheckSubject {
    let role = match watch.side {
        WatchAs::Both => Role::Both,
        WatchAs::Sender => Role::Sender,
        WatchAs::Recipient => Role::Recipient,
    };
    let domain = name_text(&watch.domain).to_ascii_lowercase();
    CheckSubject { domain, role, unix, ..CheckSubject::default() }
}

/// The queries of a question beyond the first: a question to the lists goes to each of them, and twice to one that lists.
fn beyond_one(got: &Got) -> u32 {
    let Got::Lists(listings) = got else { return 0 };
    let listed = listings.iter().filter(|listing| listing.listed == Some(true)).count();
    let answers = u32::try_from((listings.len() + listed).saturating_sub(1)).unwrap_or(u32::MAX);
    listings.iter().fold(answers, |sum, listing| sum.saturating_add(listing.tested))
}

/// Sources that count the queries of a check.
struct CountedSources<'h, Host> {
    host: &'h Host,
    asked: AtomicU32,
}

impl<Host: WatchHost> Sources for CountedSources<'_, Host> {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let got = self.host.ask(want).await;
            self.asked.fetch_add(beyond_one(&got), Ordering::Relaxed);
            got
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doctor::facts::Listing;

    #[test]
    fn a_question_to_the_lists_costs_a_query_for_each() {
        let listing = |listed| Listing { list: "bl.a.".to_owned(), listed, ..Listing::default() };
        let lists = vec![listing(Some(false)), listing(Some(true)), listing(None)];
        assert_eq!(beyond_one(&Got::Lists(lists.clone())), 3);
        let tested = Listing { tested: 3, ..listing(Some(false)) };
        assert_eq!(beyond_one(&Got::Lists([lists, vec![tested]].concat())), 7);
        assert_eq!(beyond_one(&Got::Lists(Vec::new())), 0);
    }
}
