//! Watched domains (`[[watch]]`): the daemon runs the check of `resolverctl check DOMAIN` on a schedule.
//!
//! A task of the daemon checks one domain after the other, and compares the findings (problems) with those of earlier checks. No question
//! of a client waits for it. The module `ended` decides if a check had a result, `history` which findings appeared and ended, and
//! `schedule` when the next check is due.
//!
//! This crate depends on `gather` and `doctor` for the checks, on `resolver` for its configuration, and on `history` for its counters.
//!
//! # Decisions
//!
//! - A finding appears when two of three checks have found it, and ends when three checks in a row have not found it. So a lost datagram or
//!   a zone transfer in progress is not logged, but a fault that comes and goes is reported. The checks that confirm a change are ten
//!   minutes apart.
//! - A check with the result "could not tell" changes nothing. If no name server answers, not even those of the parent zone, the fault is
//!   in the network of this host.
//! - The time "since" of a finding is that of the first check that found it. A restart does not change this time.
//! - Only one check runs at a time, with a pause of `WATCH_PAUSE` between two checks, so the checks are spread over the hour. While many
//!   queries of clients are in progress, checks are postponed. A counter shows how often.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod domain;
pub mod ended;
pub mod history;
pub mod kept;
pub mod limits;
mod line;
mod schedule;
mod unseen;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::sleep;

pub use self::domain::WatchedDomain;
use self::ended::{CheckEnd, ended};
use self::kept::KeptWatches;
use self::schedule::{Schedule, ScheduleStep};
use crate::limits::WATCH_PUT_OFF;
use config::{ConfiguredWatch, WatchAs};
use dns::clock::Clock;
use dns::random::Random;
use dns::wire::presentation::name_text;
use doctor::WholeDomain;
use doctor::facts::{CheckSubject, Role, is_below_root};
use gather::{Sources, gather};
use record::{Counter, Recorder};

/// The functions of the daemon that are called by the task which checks the watched domains.
pub trait WatchHost: Sources {
    /// Returns true if so many queries of clients are in progress that a check must wait.
    fn is_busy(&self) -> bool;

    /// Returns true if no server on the internet answers this host.
    fn is_network_down(&self) -> bool;

    /// Returns an address of each root server that the daemon uses.
    fn root_servers(&self) -> BoxFuture<'_, Vec<IpAddr>>;

    /// Saves the history of the watched domains for the next process.
    fn keep(&self, kept: &KeptWatches);
}

/// All watched domains, for the task that checks them and for the control socket.
pub struct WatchedDomains {
    clock: Clock,
    random: Random,
    recorder: Arc<Recorder>,
    schedule: Mutex<Schedule>,
    /// Notified when a reload has changed the watched domains.
    changed: Notify,
}

impl WatchedDomains {
    /// Creates the watched domains from the configuration, with the history that the previous process has saved.
    pub fn new(
        watches: &[ConfiguredWatch],
        kept: KeptWatches,
        (clock, random): (Clock, Random),
        recorder: Arc<Recorder>,
    ) -> Self {
        let mut schedule = Schedule::default();
        schedule.set(watches, kept.into_domains(), clock.now(), &random);
        Self { clock, random, recorder, schedule: Mutex::new(schedule), changed: Notify::new() }
    }

    /// Applies a new configuration. Domains that remain keep their history, unless they are now checked for another role (sender or
    /// recipient).
    pub fn set(&self, watches: &[ConfiguredWatch]) {
        self.schedule().set(watches, Vec::new(), self.clock.now(), &self.random);
        self.changed.notify_one();
    }

    /// Returns the watched domains, sorted by name.
    pub fn domains(&self) -> Vec<WatchedDomain> {
        self.schedule().domains(self.clock.mono())
    }

    /// Returns the history of all watched domains, as it is saved for the next process.
    pub fn kept(&self) -> KeptWatches {
        KeptWatches::from_domains(&self.domains())
    }

    /// Checks the watched domains, one at a time, as long as the daemon runs.
    pub async fn run(&self, host: &impl WatchHost) -> Infallible {
        loop {
            let step = self.schedule().step(self.clock.mono());
            match step {
                ScheduleStep::Rest => self.changed.notified().await,
                ScheduleStep::Wait(time) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep(time) => {}
                },
                ScheduleStep::Check(watch) if host.is_busy() => {
                    self.recorder.count(Counter::WatchPutOff, 1);
                    let end =
                        CheckEnd::CouldNotTell("too many queries of clients are in progress".to_owned());
                    let unix = self.clock.now().unix;
                    self.schedule().history(&watch).map(|history| history.take(end, unix));
                    sleep(WATCH_PUT_OFF).await;
                }
                ScheduleStep::Check(watch) => self.check(host, &watch).await,
            }
        }
    }

    async fn check(&self, host: &impl WatchHost, watch: &ConfiguredWatch) {
        let mut subject = subject(watch, self.clock.now().unix);
        if is_below_root(&subject.domain) {
            subject.root_servers = host.root_servers().await;
        }
        let facts = gather(subject, &WholeDomain, host).await;
        let end = ended(&facts, host.is_network_down());
        self.recorder.count(Counter::WatchChecks, 1);
        let changes = self.schedule().ended(watch, end, self.clock.now(), &self.random);
        for change in &changes {
            line::write(watch, change);
        }
        host.keep(&self.kept());
    }

    /// Locks the schedule, even after a panic of another thread that had the lock: a damaged schedule would only make a check run at a
    /// wrong time.
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the subject of a check that asks no resolver of a third party, and makes no connection to a mail host.
fn subject(watch: &ConfiguredWatch, unix: u64) -> CheckSubject {
    let role = match watch.side {
        WatchAs::Both => Role::Both,
        WatchAs::Sender => Role::Sender,
        WatchAs::Recipient => Role::Recipient,
    };
    let domain = name_text(&watch.domain).to_ascii_lowercase();
    CheckSubject { domain, role, unix, ..CheckSubject::default() }
}
