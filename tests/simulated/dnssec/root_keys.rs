//! Rollovers of the root keys (RFC 5011) over months of virtual time. The root zone is signed every day.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio::task::JoinHandle;

use config::Config;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{Lines, ask_for_ad};
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting, paused};
use lab::world::{Lab, ServerPlan, UNIX_AT_START};
use protocol::{RootKeyStanding, RootKeysStatus};
use resolver::resolve::root_keys::RootKeyStore;
use validate::root_keys::{RootKeys, RootKeysUnfollowed};

const DAY: Duration = Duration::from_secs(86_400);

/// The root zone has only the first key.
const OLD: &str = "ksk=old";

/// The root zone has both keys, and is signed with the first one only.
const SHOWN: &str = "ksk=old,new signs-keys=old";

/// The root zone has both keys, and the first one is revoked.
const REVOKED: &str = "ksk=old,new revoked=old";

/// The root zone has only the second key.
const NEW: &str = "ksk=new";

/// Returns a lock that each test of this file must hold. If a test without a log reader reaches a log statement first, the library
/// `tracing` may switch off this statement for all tests, and another test would miss the line.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn played(work: impl Future<Output = ()>) {
    let _alone = alone();
    paused(work);
}

/// Returns a lab with the zones `.` and `tld.`, signed at the time `unix`. `words` is the signing plan of the root.
fn lab(words: &str, unix: u64) -> Lab {
    let mut tree = Tree::default();
    for (last, (zone, server, words)) in (1..).zip([(".", "a.root", words), ("tld.", "ns.tld", "")]) {
        let mut plan = ServerPlan::new(server, vec![[127, 0, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(20));
        tree.server(plan).unwrap();
        tree.zone(zone, &[server.to_owned()], "*.x 60 A 10.0.0.1\n").unwrap();
        tree.sign(zone, Some(words.parse().unwrap())).unwrap();
    }
    tree.build_at(unix).unwrap()
}

/// Stores the trusted root keys in memory.
#[derive(Default)]
struct Kept {
    text: Mutex<Option<String>>,
    written: Mutex<usize>,
    is_full: Mutex<bool>,
}

impl RootKeyStore for Kept {
    fn keep(&self, text: &str) -> io::Result<()> {
        if *self.is_full.lock().unwrap() {
            return Err(io::Error::other("no space left on device"));
        }
        *self.written.lock().unwrap() += 1;
        *self.text.lock().unwrap() = Some(text.to_owned());
        Ok(())
    }
}

/// A resolver that follows rollovers of the root keys.
struct Following {
    lab: Arc<Lab>,
    simulation: Simulation,
    kept: Arc<Kept>,
    task: JoinHandle<()>,
    /// The current day, counted from the start of the first resolver (`restart` starts another one).
    day: u64,
    asked: u64,
}

impl Following {
    fn new() -> Self {
        Self::with(Arc::default(), 0)
    }

    /// Starts a resolver with the root keys that an earlier one has stored.
    fn with(kept: Arc<Kept>, day: u64) -> Self {
        let lab = Arc::new(lab(OLD, UNIX_AT_START));
        let simulation = Simulation::new(lab.clone(), config_trusting(&lab), 1);
        simulation.clock().set_wrong_by(i64::try_from(day * DAY.as_secs()).unwrap());
        let text = kept.text.lock().unwrap().clone();
        if let Some(text) = text {
            simulation.resolver().root_keys().restore(RootKeys::of_text(&text).unwrap());
        }
        let follower = Arc::clone(simulation.resolver().root_keys());
        let store: Arc<dyn RootKeyStore> = kept.clone();
        let task = tokio::spawn(async move { match follower.run(store).await {} });
        Self { lab, simulation, kept, task, day, asked: 0 }
    }

    /// Stops the resolver, as at a restart, and starts another one this number of days later.
    fn restart(self, days: u64) -> Self {
        self.task.abort();
        Self::with(self.kept, self.day + days)
    }

    /// Lets this number of days pass. On each day, the root zone is signed anew according to `words`.
    async fn days(&mut self, words: &str, days: u64) {
        for _ in 0..days {
            let unix = self.simulation.clock().now().unix;
            self.lab.take_zones_of(&lab(words, unix));
            tokio::time::sleep(DAY).await;
            self.day += 1;
        }
    }

    async fn is_secure(&mut self) -> bool {
        self.asked += 1;
        let reply = ask_for_ad(&self.simulation, &format!("n{}.x.tld.", self.asked), RecordType::A).await;
        let head = &reply.message.metadata;
        let is_secure = head.response_code == ResponseCode::NoError && head.authentic_data;
        assert!(is_secure || head.response_code == ResponseCode::ServFail, "never insecure: {head:?}");
        is_secure
    }

    /// Returns the states of the root keys, in the order in which the keys appeared.
    fn states(&self) -> Vec<RootKeyStanding> {
        self.status().keys.iter().map(|row| row.state).collect()
    }

    fn status(&self) -> RootKeysStatus {
        RootKeysStatus::from_report(self.simulation.resolver().root_keys().report())
    }

    fn written(&self) -> usize {
        *self.kept.written.lock().unwrap()
    }
}

use RootKeyStanding::{Configured, Missing, Pending, Removed, Revoked, Valid};

#[test]
fn a_whole_rollover_of_the_root() {
    played(async {
        let mut following = Following::new();
        assert_eq!(following.states(), [Configured]);
        following.days(OLD, 5).await;
        assert_eq!(following.states(), [Valid]);
        assert!(following.written() > 1, "the moment of the last check is kept");
        following.days(SHOWN, 29).await;
        assert_eq!(following.states(), [Valid, Pending]);
        assert!(following.is_secure().await);
        following.days(SHOWN, 2).await;
        assert_eq!(following.states(), [Valid, Valid]);
        following.days(REVOKED, 1).await;
        assert_eq!(following.states(), [Revoked, Valid]);
        assert!(following.is_secure().await);
        following.days(NEW, 35).await;
        assert_eq!(following.states(), [Removed, Valid]);
        assert!(following.is_secure().await, "the configured key is gone, and the learned one holds");
        let written = following.written();
        following.days(NEW, 10).await;
        assert!(following.written() > written);
        assert!(following.status().follows && following.status().why.is_none());
        // The revoked key is published again without the REVOKE flag. It must not be trusted.
        following.days(OLD, 40).await;
        assert_eq!(following.states(), [Removed, Valid]);
        assert!(!following.is_secure().await);
        assert!(following.status().why.is_some(), "{:?}", following.status());
        following.days("ksk=old,new signs-keys=old", 40).await;
        assert!(!following.is_secure().await);
        following.days("ksk=old,new", 40).await;
        assert_eq!(following.states(), [Removed, Valid], "a revoked key does not come back");
        assert!(following.is_secure().await);
        following.days(OLD, 3).await;
        assert!(!following.is_secure().await);
        // A resolver without the stored table trusts the configured key again, as it would without RFC 5011.
        let mut fresh = Following::with(Arc::default(), following.day);
        fresh.days(OLD, 1).await;
        assert!(fresh.is_secure().await);
    });
}

// RFC 5011 requires 30 days before a new root key is trusted.
#[test]
fn key_of_29_days_stays_pending() {
    played(async {
        let mut following = Following::new();
        following.days(OLD, 2).await;
        following.days(SHOWN, 29).await;
        assert_eq!(following.states(), [Valid, Pending]);
        following.days(OLD, 1).await;
        assert_eq!(following.states(), [Valid]);
        following.days(SHOWN, 20).await;
        assert_eq!(following.states(), [Valid, Pending], "its time begins again");
        // Answers that are signed only with the pending key are not trusted.
        following.days(NEW, 60).await;
        assert_eq!(following.states(), [Valid, Pending]);
        assert!(!following.is_secure().await);
        following.days(OLD, 2).await;
        assert!(following.is_secure().await);
    });
}

// A pending key is not trusted by the calendar alone.
#[test]
fn root_keys_survive_restarts() {
    played(async {
        let mut following = Following::new();
        following.days(SHOWN, 20).await;
        let mut following = following.restart(200);
        assert_eq!(following.states(), [Valid, Pending], "kept, and not trusted by the calendar alone");
        assert_eq!(
            following
                .simulation
                .resolver()
                .views()
                .anchors()
                .used()
                .tags(&hickory_proto::rr::Name::root())
                .len(),
            1
        );
        following.days(SHOWN, 1).await;
        assert_eq!(following.states(), [Valid, Valid], "all answers of more than 30 days have shown it");
        let mut following = following.restart(400);
        following.days(REVOKED, 1).await;
        assert_eq!(following.states(), [Revoked, Valid]);
        let mut following = following.restart(3_000);
        following.days(NEW, 1).await;
        assert!(following.is_secure().await);
        assert_eq!(following.states(), [Removed, Valid]);
        following.days(OLD, 2).await;
        assert!(!following.is_secure().await);
    });
}

#[test]
fn rollover_while_off_is_not_trusted() {
    played(async {
        let mut following = Following::new();
        following.days(OLD, 2).await;
        let mut following = following.restart(500);
        following.days(NEW, 3).await;
        assert_eq!(following.states(), [Valid]);
        assert!(!following.is_secure().await);
        assert!(
            following.status().why.unwrap().contains("no DNSKEY of the root zone matches a trust anchor")
        );
        // The only trusted key is revoked. All signed names are now bogus, and not insecure.
        following.days(REVOKED, 2).await;
        assert_eq!(following.states(), [Revoked]);
        assert!(!following.is_secure().await);
    });
}

#[test]
fn wrong_clocks_change_no_key() {
    played(async {
        let mut following = Following::new();
        following.days(SHOWN, 10).await;
        let right = following.states();
        let day = i64::try_from(DAY.as_secs()).unwrap();
        // Only the clock of the resolver's host is wrong.
        let unix = following.simulation.clock().now().unix;
        for wrong in [-400, -3_650, 60, 3_650] {
            following.lab.take_zones_of(&lab(SHOWN, unix + 3 * DAY.as_secs()));
            following.simulation.clock().set_wrong_by(wrong * day);
            tokio::time::sleep(Duration::from_secs(5 * 3_600)).await;
            assert_eq!(following.states(), right, "{wrong} days");
            let why = following.status().why;
            assert!(why.is_some(), "{wrong} days");
            following.simulation.clock().set_wrong_by(0);
            tokio::time::sleep(Duration::from_secs(3 * 3_600)).await;
            assert_eq!(following.states(), right, "{wrong} days");
        }
        following.days(SHOWN, 25).await;
        assert_eq!(following.states(), [Valid, Valid]);
    });
}

#[test]
fn root_key_troubles_are_logged_once() {
    let _alone = alone();
    let log = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let mut following = Following::new();
            *following.kept.is_full.lock().unwrap() = true;
            following.days(OLD, 1).await;
            *following.kept.is_full.lock().unwrap() = false;
            following.days(OLD, 1).await;
            assert!(following.written() >= 1, "a failed write is tried again");
            following.lab.server("a.root").unwrap().set_faults(&[Fault::Dead]);
            following.days(OLD, 3).await;
            assert!(following.status().why.is_some());
            assert_eq!(following.states(), [Valid]);
            following.lab.server("a.root").unwrap().set_faults(&[]);
            following.days(SHOWN, 35).await;
            following.days(REVOKED, 2).await;
            assert_eq!(following.states(), [Revoked, Valid]);
        });
    });
    for told in [
        "cannot write the DNSSEC keys of the root zone: no space left on device",
        "cannot check for new DNSSEC keys of the root zone: cannot get the keys of .",
        "the root zone publishes a new key (key tag",
        "is trusted since 2026-",
        "the root zone has revoked its key with key tag",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    for once in ["cannot check", "cannot write"] {
        assert_eq!(log.matches(once).count(), 1, "{log}");
    }
}

#[test]
fn update_trust_anchors_switches_key_following() {
    played(async {
        let mut following = Following::new();
        following.days(SHOWN, 35).await;
        assert_eq!(following.states(), [Valid, Valid]);
        let lab = Arc::clone(&following.lab);
        let off = || -> Config {
            let mut config = config_trusting(&lab);
            config.dnssec.update_trust_anchors = false;
            config
        };
        following.simulation.reload(off()).await;
        following.days(NEW, 2).await;
        assert!(!following.is_secure().await);
        assert_eq!((following.states(), following.status().follows), (vec![Configured], false));
        following.simulation.reload(config_trusting(&lab)).await;
        assert!(following.is_secure().await, "learned keys count again at once");
        following.days(NEW, 1).await;
        assert_eq!(following.states(), [Missing, Valid]);
    });
}

// `status` names the one reason that holds.
#[test]
fn unfollowed_keys_have_one_reason() {
    played(async {
        let lab = Arc::new(lab(OLD, UNIX_AT_START));
        let reason = |config: Config| {
            Simulation::new(lab.clone(), config, 1).resolver().root_keys().report().unfollowed
        };
        let mut config = config_trusting(&lab);
        assert_eq!(reason(config.clone()), Some(RootKeysUnfollowed::NoStateDirectory));
        config.dnssec.update_trust_anchors = false;
        assert_eq!(reason(config.clone()), Some(RootKeysUnfollowed::UpdatesOff));
        config.dnssec.validate = false;
        assert_eq!(reason(config), Some(RootKeysUnfollowed::ValidationOff));
    });
}
