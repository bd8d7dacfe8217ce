//! Watched domains (`[[watch]]`) and own mail (`[own]`): the daemon runs the check of `resolverctl check DOMAIN` on a schedule.
//!
//! A task of the daemon checks one domain or address after the other, and compares the findings (problems) with those of earlier checks. No question
//! of a client waits for it. `subject` has what is checked. The module `ended` decides if a check had a result, `history` which findings appeared and ended, and
//! `schedule` when the next check is due.
//!
//! This crate depends on `gather` and `doctor` for the checks, on `resolver` for its configuration, and on `history` for its counters.
//!
//! # Decisions
//!
//! - A finding appears when two of three checks have found it, and ends when three checks in a row have not found it. So a lost datagram or
//!   a zone transfer in progress is not logged, but a fault that comes and goes is reported. The checks that confirm a change are five
//!   minutes apart.
//! - A check with the result "could not tell" changes nothing. If no name server answers, not even those of the parent zone, the fault is
//!   in the network of this host.
//! - The time "since" of a finding is that of the first check that found it. A restart does not change this time.
//! - Only one check runs at a time, with a pause of `WATCH_PAUSE` between two checks, so the checks are spread over the hour. While many
//!   queries of clients are in progress, checks are postponed. A counter shows how often.
//! - Only checks of own mail connect to mail hosts, and read the files that `[own]` names. Their lists are asked twice a day (`listings`).

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod ended;
pub mod history;
pub mod kept;
pub mod limits;
mod line;
mod listings;
mod schedule;
mod subject;
mod unseen;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::sleep;

use self::ended::{CheckEnd, ended};
use self::kept::KeptWatches;
use self::listings::{Listings, OwnSources};
use self::schedule::{Schedule, ScheduleStep};
pub use self::subject::{WatchedName, WatchedState, WatchedSubject};
use crate::limits::WATCH_PUT_OFF;
use config::OwnSection;
use dns::clock::Clock;
use dns::random::Random;
use doctor::WholeDomain;
use doctor::facts::own_mail::OwnMail;
use doctor::facts::{Got, is_below_root};
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

    /// Asks the DNS lists about an own address or domain: those in use, and the large ones.
    fn ask_own_lists<'a>(&'a self, subject: &'a str) -> BoxFuture<'a, Got>;

    /// Reads the files of own mail that belong to the domain or address.
    fn own_mail(&self, own: &OwnSection, name: &WatchedName) -> OwnMail;

    /// Saves the history of the watched domains for the next process.
    fn keep(&self, kept: &KeptWatches);
}

/// All watched domains, for the task that checks them and for the control socket.
pub struct Watches {
    clock: Clock,
    random: Random,
    recorder: Arc<Recorder>,
    schedule: Mutex<Schedule>,
    listings: Listings,
    /// Notified when a reload has changed the watched domains.
    changed: Notify,
}

impl Watches {
    /// Creates the watched domains from the configuration, with the history that the previous process has saved.
    pub fn new(
        subjects: &[WatchedSubject],
        kept: KeptWatches,
        (clock, random): (Clock, Random),
        recorder: Arc<Recorder>,
    ) -> Self {
        let mut schedule = Schedule::default();
        schedule.set(subjects, kept.into_domains(), clock.now(), &random);
        Self {
            clock,
            random,
            recorder,
            schedule: Mutex::new(schedule),
            listings: Listings::default(),
            changed: Notify::new(),
        }
    }

    /// Applies a new configuration. Domains that remain keep their history, unless they are now checked for another role (sender or
    /// recipient).
    pub fn set(&self, subjects: &[WatchedSubject]) {
        self.schedule().set(subjects, Vec::new(), self.clock.now(), &self.random);
        self.listings.clear();
        self.changed.notify_one();
    }

    /// Returns the watched domains, sorted by name.
    pub fn domains(&self) -> Vec<WatchedState> {
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
                ScheduleStep::Check(subject) if host.is_busy() => {
                    self.recorder.count(Counter::WatchPutOff, 1);
                    let end =
                        CheckEnd::CouldNotTell("too many queries of clients are in progress".to_owned());
                    let unix = self.clock.now().unix;
                    self.schedule().history(&subject).map(|history| history.take(end, unix));
                    sleep(WATCH_PUT_OFF).await;
                }
                ScheduleStep::Check(subject) => self.check(host, &subject).await,
            }
        }
    }

    async fn check(&self, host: &impl WatchHost, watched: &WatchedSubject) {
        let mut subject = watched.to_check(self.clock.now().unix);
        if is_below_root(&subject.domain) {
            subject.root_servers = host.root_servers().await;
        }
        let facts = match &watched.own {
            Some(own) => {
                subject.own_mail = host.own_mail(own, &watched.name);
                subject.selectors = subject.own_mail.selectors();
                gather(subject, &WholeDomain, &self.own_sources(host, watched)).await
            }
            None => gather(subject, &WholeDomain, host).await,
        };
        let end = ended(&facts, host.is_network_down());
        self.recorder.count(Counter::WatchChecks, 1);
        let changes = self.schedule().ended(watched, end, self.clock.now(), &self.random);
        for change in &changes {
            line::write(watched, change);
        }
        host.keep(&self.kept());
    }

    fn own_sources<'s, Host>(&'s self, host: &'s Host, watched: &WatchedSubject) -> OwnSources<'s, Host> {
        let is_unsure = self.schedule().history(watched).is_some_and(|history| history.is_unsure());
        OwnSources { host, listings: &self.listings, clock: &self.clock, is_unsure }
    }

    /// Locks the schedule, even after a panic of another thread that had the lock: a damaged schedule would only make a check run at a
    /// wrong time.
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
