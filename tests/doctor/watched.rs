//! Watched domains in virtual time. A restart or an outage of the network must not change which findings appear and end.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::RecordType;

use crate::faults::{SOUND, tree};
use crate::partly::differing;
use crate::simulated::Daemon;
use config::{Config, ConfiguredWatch, OwnSection};
use dns::random::Random;
use doctor::codes::Code;
use doctor::facts::own_mail::OwnMail;
use doctor::facts::{Got, Listing, NoReply, Want};
use gather::Sources;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::name;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan, UNIX_AT_START};
use record::{Counter, Window};
use watched::history::{ChangeKind, Standing};
use watched::kept::KeptWatches;
use watched::limits::{WATCH_AGAIN, WATCH_FIRST, WATCH_START};
use watched::{WatchHost, WatchedName, WatchedSubject, Watches};

const HOUR: Duration = Duration::from_secs(3_600);

/// The address of the root server. The daemon cannot look it up, because the name of the root server has no address in the lab.
const ROOT_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 1, 1));

/// A daemon that watches a domain, and the file with the history of the domain.
pub(crate) struct Host<'s> {
    daemon: Daemon<'s>,
    /// What the files of `[own]` have.
    pub(crate) own_mail: Mutex<OwnMail>,
    /// What the DNS lists answer about own mail, and how often they were asked.
    pub(crate) listings: Mutex<Vec<Listing>>,
    pub(crate) lists_asked: AtomicU32,
    asked: AtomicU32,
    is_busy: AtomicBool,
    file: Mutex<Vec<u8>>,
}

impl<'s> Host<'s> {
    pub(crate) fn new(simulation: &'s Simulation) -> Self {
        let (asked, is_busy) = (AtomicU32::new(0), AtomicBool::new(false));
        Self {
            daemon: Daemon::new(simulation),
            own_mail: Mutex::default(),
            listings: Mutex::default(),
            lists_asked: AtomicU32::new(0),
            asked,
            is_busy,
            file: Mutex::default(),
        }
    }
}

impl Sources for Host<'_> {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if matches!(want, Want::MailHost { .. } | Want::PolicyFile { .. }) {
            return Box::pin(async { Got::NoReply(NoReply::Silent) });
        }
        self.daemon.ask(want)
    }
}

impl WatchHost for Host<'_> {
    fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }

    /// In the first minute of an outage, the daemon does not know about the outage. Even then, the check must not blame the domain.
    fn is_network_down(&self) -> bool {
        false
    }

    fn root_servers(&self) -> BoxFuture<'_, Vec<IpAddr>> {
        Box::pin(async { vec![ROOT_SERVER] })
    }

    fn ask_own_lists<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Got> {
        self.lists_asked.fetch_add(1, Ordering::Relaxed);
        let listings = self.listings.lock().unwrap().clone();
        Box::pin(async { Got::Lists(listings) })
    }

    fn own_mail(&self, _: &OwnSection, name: &WatchedName) -> OwnMail {
        match name {
            WatchedName::Domain(_) => self.own_mail.lock().unwrap().clone(),
            WatchedName::Address(_) => OwnMail::default(),
        }
    }

    fn keep(&self, kept: &KeptWatches) {
        *self.file.lock().unwrap() = kept.to_octets().unwrap();
    }
}

fn lab() -> Arc<Lab> {
    Arc::new(tree(SOUND, &[]).build().unwrap())
}

fn watches(domains: &[&str]) -> Vec<WatchedSubject> {
    let watch = |domain: &&str| ConfiguredWatch { domain: name(domain), ..ConfiguredWatch::default() };
    let watches = domains.iter().map(watch).collect();
    WatchedSubject::all_of(&Config { watches, ..Config::default() })
}

fn watched(simulation: &Simulation, host: &Host<'_>) -> Watches {
    let octets = host.file.lock().unwrap().clone();
    let kept = if octets.is_empty() { KeptWatches::default() } else { KeptWatches::read(&*octets).unwrap() };
    let (clock, random) = (simulation.clock().clone(), Random::seeded(4));
    Watches::new(&watches(&["faulty.com."]), kept, (clock, random), Arc::clone(simulation.recorder()))
}

pub(crate) async fn pass(watched: &Watches, host: &Host<'_>, time: Duration) {
    let never: Result<Infallible, _> = tokio::time::timeout(time, watched.run(host)).await;
    assert!(never.is_err());
}

/// Returns how certain the finding "lame server" is, and the hour in which it began.
fn lame(watched: &Watches) -> Option<(Standing, u64)> {
    let domains = watched.domains();
    let found = domains[0].history.findings.iter().find(|finding| finding.code == Code::NsLame)?;
    Some((found.standing, (found.since - UNIX_AT_START) / 3_600))
}

/// Returns the changes of the finding "lame server", the newest first.
fn changes(watched: &Watches) -> Vec<ChangeKind> {
    let domains = watched.domains();
    let changes = domains[0].history.changes.iter().filter(|change| change.code == Code::NsLame);
    changes.map(|change| change.change).collect()
}

#[test]
fn watched_finding_survives_restart_and_outage() {
    let lab = lab();
    let server = lab.server("ns2.hosts.com").unwrap();
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 1);
        let host = Host::new(&simulation);
        let first = watched(&simulation, &host);
        pass(&first, &host, HOUR * 3).await;
        assert_eq!((lame(&first), changes(&first)), (None, vec![]));
        assert!(first.domains()[0].history.checked.is_some());

        server.set_faults(&[Fault::Refused]);
        pass(&first, &host, HOUR * 2).await;
        let (standing, since) = lame(&first).unwrap();
        assert_eq!((standing, changes(&first)), (Standing::Present, vec![ChangeKind::Came]));
        assert!((3..=4).contains(&since), "{since}");

        let second = watched(&simulation, &host);
        pass(&second, &host, HOUR * 3).await;
        assert_eq!((lame(&second), changes(&second)), (Some((standing, since)), vec![ChangeKind::Came]));

        simulation.network().set_down(true);
        pass(&second, &host, HOUR * 6).await;
        let history = second.domains().swap_remove(0).history;
        assert_eq!(
            history.could_not_tell.as_deref(),
            Some("no name server answered, not even those of the parent zone")
        );
        assert_eq!((lame(&second), changes(&second)), (Some((standing, since)), vec![ChangeKind::Came]));

        simulation.network().set_down(false);
        pass(&second, &host, HOUR * 3).await;
        assert_eq!((lame(&second), changes(&second)), (Some((standing, since)), vec![ChangeKind::Came]));
        assert_eq!(second.domains()[0].history.could_not_tell, None);

        server.set_faults(&[]);
        pass(&second, &host, HOUR * 3).await;
        assert_eq!((lame(&second), changes(&second)), (None, vec![ChangeKind::Went, ChangeKind::Came]));
    });
}

// The names of the root servers have no addresses.
#[test]
fn watched_top_level_domain_queries_root() {
    let mut tree = Tree::default();
    let servers =
        [("a.root-servers.net", 1, vec![]), ("ns.com", 2, vec![]), ("dead.com", 3, vec![Fault::Dead])];
    for (name, last, faults) in servers {
        let mut plan = ServerPlan::new(name, vec![[198, 18, last, 1].into()]);
        plan.faults = faults;
        tree.server(plan).unwrap();
    }
    for (zone, server) in [(".", "a.root-servers.net"), ("com.", "ns.com"), ("root-servers.net.", "dead.com")]
    {
        tree.zone(zone, &[server.to_owned()], "").unwrap();
    }
    let lab = Arc::new(tree.build().unwrap());
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 1);
        let host = Host::new(&simulation);
        let (clock, random) = (simulation.clock().clone(), Random::seeded(4));
        let recorder = Arc::clone(simulation.recorder());
        let watched = Watches::new(&watches(&["com."]), KeptWatches::default(), (clock, random), recorder);
        pass(&watched, &host, HOUR).await;
        assert!(watched.domains()[0].history.checked.is_some());
        assert!(host.daemon.sent.lock().unwrap().contains(&ROOT_SERVER), "the zone above was asked");
    });
}

#[test]
fn fault_of_minutes_is_no_finding() {
    let lab = lab();
    let server = lab.server("ns2.hosts.com").unwrap();
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 2);
        let host = Host::new(&simulation);
        let watched = watched(&simulation, &host);
        server.set_faults(&[Fault::Refused]);
        pass(&watched, &host, WATCH_START + WATCH_FIRST + Duration::from_secs(20)).await;
        assert_eq!(lame(&watched), Some((Standing::Coming, 0)));
        server.set_faults(&[]);
        pass(&watched, &host, WATCH_AGAIN * 2).await;
        assert_eq!((lame(&watched), changes(&watched)), (None, vec![]));
    });
}

#[test]
fn watch_checks_yield_to_clients() {
    let lab = lab();
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 3);
        let host = Host::new(&simulation);
        let watched = watched(&simulation, &host);
        let domains: Vec<String> = (0..60).map(|number| format!("d{number}.com.")).collect();
        let domains: Vec<&str> = domains.iter().map(String::as_str).chain(["faulty.com."]).skip(1).collect();
        host.is_busy.store(true, Ordering::Relaxed);
        pass(&watched, &host, HOUR).await;
        let counts = simulation.recorder().report(Window::Start).upstream.counts;
        assert_eq!((host.asked.load(Ordering::Relaxed), counts[Counter::WatchChecks]), (0, 0));
        assert!(counts[Counter::WatchPutOff] >= 50, "{}", counts[Counter::WatchPutOff]);
        host.is_busy.store(false, Ordering::Relaxed);
        watched.set(&watches(&domains));
        for hour in 0..4 {
            host.asked.store(0, Ordering::Relaxed);
            pass(&watched, &host, HOUR).await;
            let asked = host.asked.load(Ordering::Relaxed);
            assert!(asked > 0, "hour {hour}");
        }
        let checks = simulation.recorder().report(Window::Start).upstream.counts[Counter::WatchChecks];
        assert!(checks <= 4 * 61, "{checks}");
        assert!(watched.domains().iter().all(|domain| domain.history.checked.is_some()));
    });
}

#[test]
fn difference_stays_while_server_fails() {
    let lab = Arc::new(differing());
    let server = lab.server("ns2.hosts.com").unwrap();
    paused(async {
        let simulation = Simulation::new(Arc::clone(&lab), config_for(&lab), 1);
        let host = Host::new(&simulation);
        let watched = watched(&simulation, &host);
        let changes = || {
            let changes = watched.domains().swap_remove(0).history.changes;
            let of_records = |code| code == Code::RecordsDiffer;
            let told = changes.into_iter().filter(|change| of_records(change.code));
            told.map(|change| (change.code, change.change)).collect::<Vec<_>>()
        };
        pass(&watched, &host, HOUR * 3).await;
        let came = (Code::RecordsDiffer, ChangeKind::Came);
        assert_eq!(changes(), [came]);
        for fault in
            [Fault::Drops(RecordType::TXT), Fault::Fails(RecordType::TXT), Fault::Dead, Fault::Refused]
        {
            server.set_faults(&[fault]);
            pass(&watched, &host, HOUR * 4).await;
            assert_eq!(changes(), [came], "{fault}");
        }
        server.set_faults(&[]);
        server.set_authority(tree(SOUND, &[]).build().unwrap().server("ns2.hosts.com").unwrap().authority());
        pass(&watched, &host, HOUR * 4).await;
        assert_eq!(changes(), [(Code::RecordsDiffer, ChangeKind::Went), came]);
    });
}
