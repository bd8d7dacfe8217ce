//! Watched domains (`[[watch]]`): the daemon runs the check of `resolverctl check DOMAIN` on a schedule.
//!
//! A task of the daemon checks one domain after the other and compares the findings with those of earlier checks. It sends questions as
//! `resolverctl` does, and no question of a client waits for it. `ended` decides whether a check had a result, `history` decides which findings
//! appeared and ended, and `schedule` decides when the next check is due.
//!
//! Calls `gather` and `doctor` for the checks, `resolver` for its configuration, and `history` for its counters.
//!
//! # Decisions
//!
//! - A finding appears when two of three checks have found it, and ends when three checks in a row have not found it. So a lost datagram or a
//!   zone transfer in progress is not logged, but a fault that comes and goes is reported. These checks are ten minutes apart, so the decision
//!   does not take several whole intervals.
//! - "Could not tell" changes nothing. If no name server answers, not even those of the parent zone, the fault lies in the network of this host.
//!   Then no finding appears or ends.
//! - "Since" is the time of the first check that found the finding. The history is in a file in the state directory, so a restart does not change
//!   this time.
//! - Only one check runs at a time, with a pause of `WATCH_PAUSE` between two checks, so that checks are spread over the hour without a
//!   timetable. While many queries of clients are in progress, a check is postponed, and this is counted.

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
mod schedule;
mod unseen;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::sleep;

use self::ended::{CheckEnd, ended};
use self::history::DomainHistory;
use self::kept::KeptWatches;
use self::schedule::{Schedule, ScheduleStep};
use crate::limits::WATCH_PUT_OFF;
use ::history::{Counter, Recorder};
use dns::clock::Clock;
use dns::random::Random;
use dns::wire::presentation::name_text;
use doctor::WholeDomain;
use doctor::facts::{CheckSubject, Role, is_below_root};
use gather::{Sources, gather};
use resolver::config::{ConfiguredWatch, WatchAs};

/// The interface to the daemon that the task needs.
pub trait WatchHost: Sources {
    /// Returns true if clients have so many queries in progress that a check must wait.
    fn is_busy(&self) -> bool;

    /// Returns true if no server on the internet answers this host.
    fn is_network_down(&self) -> bool;

    /// Returns an address of each root server that the daemon uses.
    fn root_servers(&self) -> BoxFuture<'_, Vec<IpAddr>>;

    /// Saves the history for the next start.
    fn keep(&self, kept: &KeptWatches);
}

/// A watched domain, as it is shown to people.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedDomain {
    /// The configuration of the watched domain.
    pub watch: ConfiguredWatch,
    /// Its findings and their changes.
    pub history: DomainHistory,
    /// The time until the next check, if no other check runs late; zero if the check is due.
    pub next: Duration,
}

/// All watched domains, shared by the task and the control socket.
pub struct WatchedDomains {
    clock: Clock,
    random: Random,
    recorder: Arc<Recorder>,
    schedule: Mutex<Schedule>,
    /// Notified when a reload has changed the domains.
    changed: Notify,
}

impl WatchedDomains {
    /// Creates the domains from the configuration, with the history from the previous process.
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

    /// Applies a new configuration. Domains that remain keep their history, unless they are now checked for another role (sender or recipient).
    pub fn set(&self, watches: &[ConfiguredWatch]) {
        self.schedule().set(watches, Vec::new(), self.clock.now(), &self.random);
        self.changed.notify_one();
    }

    /// Returns the domains, in the order of their names.
    pub fn domains(&self) -> Vec<WatchedDomain> {
        self.schedule().domains(self.clock.mono())
    }

    /// Returns the history in the form that is saved for the next process.
    pub fn kept(&self) -> KeptWatches {
        KeptWatches::from_domains(&self.domains())
    }

    /// Checks the domains for as long as the daemon runs, one at a time.
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

    /// Checks a domain and records the result of the check.
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

    /// Locks the schedule, even if a thread panicked while it held the lock: at worst, a check then runs at a wrong time.
    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the subject of a check. No third party's resolver is asked, and no connection to a mail host is made.
fn subject(watch: &ConfiguredWatch, unix: u64) -> CheckSubject {
    let role = match watch.side {
        WatchAs::Both => Role::Both,
        WatchAs::Sender => Role::Sender,
        WatchAs::Recipient => Role::Recipient,
    };
    let domain = name_text(&watch.domain).to_ascii_lowercase();
    CheckSubject { domain, role, unix, ..CheckSubject::default() }
}
