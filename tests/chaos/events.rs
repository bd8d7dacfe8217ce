//! Causes the events of a chaos test: faults of the simulated internet, of the host and of the daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::plan::{Plan, Sees};
use crate::truth::{Truth, lies};
use dns::cached::Flush;
use dns::random::Random;
use lab::fault::{Fault, MixedCaseReply};
use lab::internet::Internet;
use lab::prelude::name;
use lab::server::LabServer;
use lab::simulation::Simulation;
use lab::world::Lab;
use lab::zone_file::read_zone;
use supervise::limits::MAX_RESTARTS;
use supervise::strike::Strike;
use zones::authority::Authority;

/// At most one of `ONE_IN` servers has a fault at the same time.
const ONE_IN: usize = 3;

/// The answer of a parked or refusing DNS list to all queries, even for its test entries.
const REFUSAL: &str = "127.255.255.254";

/// All faults of the lab's servers, including those with a number.
pub(crate) fn all_faults() -> Vec<Fault> {
    let late = Duration::from_millis(1_500);
    let numbered = [
        Fault::Slow(late),
        Fault::SlowTcp(late),
        Fault::SlowFirstZone(late),
        Fault::Ttl(0),
        Fault::Ttl(1 << 31),
        Fault::Drops(RecordType::DNSKEY),
        Fault::Drops(RecordType::SOA),
        Fault::MixedCase(MixedCaseReply::NoData),
        Fault::MixedCase(MixedCaseReply::Nxdomain),
        Fault::MixedCase(MixedCaseReply::Refused),
        Fault::MixedCase(MixedCaseReply::Lame),
        Fault::DropsLonger(512),
        Fault::FailsSome(500),
        Fault::Flood(60),
        Fault::Flood(70),
    ];
    Fault::all().chain(numbered).collect()
}

/// Faults that appear only over TCP, or only in long answers.
const OF_TCP: [Fault; 9] = [
    Fault::SlowTcp(Duration::from_millis(1_500)),
    Fault::NoTcp,
    Fault::SilentTcp,
    Fault::MuteTcp,
    Fault::DripsTcp,
    Fault::ClosesTcp,
    Fault::HangsUp,
    Fault::ManyRecords,
    Fault::PointerBomb,
];

/// How many events of each kind this test has caused.
pub(crate) type Done = BTreeMap<&'static str, usize>;

/// Questions that show the fault that was given to a server.
pub(crate) type Wishes = Mutex<Vec<(Name, RecordType)>>;

pub(crate) struct Monkey<'a> {
    pub(crate) internet: &'a Internet,
    pub(crate) simulation: &'a Simulation,
    pub(crate) truth: &'a Truth<'a>,
    pub(crate) random: Random,
    pub(crate) plan: &'a watch::Sender<Plan>,
    top_is_honest: bool,
    /// The servers that have a fault now, each with the end of the fault.
    broken: BTreeMap<String, Instant>,
    wrong_until: Instant,
    lossy_until: Instant,
    /// For each server, by name: its permanent faults and its zones.
    well: BTreeMap<String, (Vec<Fault>, Authority)>,
    /// The faults that servers will get next, in this order.
    faults: Vec<Fault>,
    next: usize,
    struck: BTreeMap<String, usize>,
    wishes: &'a Wishes,
    pub(crate) done: Done,
}

impl<'a> Monkey<'a> {
    pub(crate) fn new(
        internet: &'a Internet,
        simulation: &'a Simulation,
        truth: &'a Truth<'a>,
        (plan, wishes): (&'a watch::Sender<Plan>, &'a Wishes),
        seed: u64,
    ) -> Self {
        let servers = internet.lab.servers().iter();
        let well = servers.map(|it| (it.name().to_owned(), (it.faults(), it.authority()))).collect();
        let faults = all_faults();
        let next = seed as usize * 17 % faults.len();
        let (broken, struck, done) = Default::default();
        let random = Random::seeded(seed ^ 0xc4a0_5000);
        let top_is_honest = seed % 2 == 1;
        let now = Instant::now();
        Self {
            internet,
            simulation,
            truth,
            random,
            plan,
            top_is_honest,
            broken,
            wrong_until: now,
            lossy_until: now,
            well,
            faults,
            next,
            struck,
            wishes,
            done,
        }
    }

    pub(crate) async fn rage(&mut self) {
        loop {
            self.pause(20, 500).await;
            self.mend_those_due();
            match self.random.below(100) {
                0..60 => self.break_one(),
                60..63 => self.kill_a_zone(),
                63..65 => self.outage().await,
                65..69 => self.lose(),
                69..75 => self.change_a_list(),
                75..83 => self.reload().await,
                83..86 => self.set_the_clock(),
                86..88 => self.sleep(),
                88 => self.flush(&Flush::All),
                _ => self.strike(),
            }
        }
    }

    pub(crate) async fn heal(&mut self) {
        for server in self.lab().servers() {
            self.mend(server);
        }
        self.broken.clear();
        for list in &self.internet.lists {
            self.truth.lists_the_world(&list.zone, false);
        }
        let network = self.simulation.network();
        network.set_down(false);
        network.set_loss(0);
        network.set_stream_loss(0);
        network.strike().order(0);
        self.simulation.clock().set_wrong_by(0);
        self.simulation.resolver().strike_flights().order(0);
        self.simulation.resolver().strike_fetches().order(0);
        self.simulation.resolver().strike_silences().order(0);
        self.go_over(Plan { listeners: Sees::ALL.to_vec(), ..Plan::plain() }).await;
    }

    fn lab(&self) -> &'a Lab {
        &self.internet.lab
    }

    fn did(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    async fn pause(&self, least: u32, most: u32) {
        let millis = least + self.random.below(most - least);
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }

    fn later(&self, least: u32, most: u32) -> Instant {
        Instant::now() + Duration::from_secs((least + self.random.below(most - least)).into())
    }

    fn pick<T>(&self, from: &'a [T]) -> &'a T {
        &from[self.random.below(from.len() as u32) as usize]
    }

    fn mend(&self, server: &LabServer) {
        let (faults, authority) = &self.well[server.name()];
        server.set_faults(faults);
        server.set_authority(authority.clone());
    }

    fn mend_those_due(&mut self) {
        let now = Instant::now();
        if self.wrong_until <= now {
            self.simulation.clock().set_wrong_by(0);
        }
        if self.lossy_until <= now {
            self.simulation.network().set_loss(0);
            self.simulation.network().set_stream_loss(0);
        }
        let due: Vec<String> =
            self.broken.iter().filter(|(_, until)| **until <= now).map(|(name, _)| name.clone()).collect();
        for name in due {
            self.broken.remove(&name);
            self.mend(self.lab().server(&name).unwrap());
            for list in &self.internet.lists {
                if self.servers_of(&list.zone).iter().any(|server| server.name() == name) {
                    self.truth.lists_the_world(&list.zone, false);
                }
            }
        }
    }

    fn set(&mut self, server: &LabServer, faults: &[Fault], until: Instant) {
        server.set_faults(&[&self.well[server.name()].0, faults].concat());
        self.truth.broken(server, faults);
        self.broken.insert(server.name().to_owned(), until);
    }

    /// Gives one server a fault. A fault of TCP comes together with a second fault that makes the resolver use TCP.
    fn break_one(&mut self) {
        let servers = self.lab().servers();
        if self.broken.len() * ONE_IN >= servers.len() {
            return;
        }
        let asked: BTreeSet<_> =
            self.lab().log().take().into_iter().map(|received| received.server.to_string()).collect();
        let well: Vec<&LabServer> =
            servers.iter().filter(|server| !self.broken.contains_key(server.name())).collect();
        // A server that has just received queries is preferred, so that the fault has an effect.
        let wanted: Vec<&LabServer> = well.iter().filter(|it| asked.contains(it.name())).copied().collect();
        let among = if wanted.is_empty() { &well } else { &wanted };
        let mut server = among[self.random.below(among.len() as u32) as usize];
        let needed = self.needs_zone(self.faults[self.next % self.faults.len()]);
        if let Some((zone, wish)) = &needed {
            let of_zone = self.servers_of(zone);
            let well = of_zone.into_iter().find(|it| !self.broken.contains_key(it.name()));
            server = well.unwrap_or(server);
            self.flush(&Flush::Tree { name: zone.clone(), kind: None });
            self.wishes.lock().unwrap().push(wish.clone());
        }
        let mut faults = Vec::new();
        for _ in 0..1 + self.random.below(2) {
            let fault = self.next_fault(server);
            faults.push(fault);
            if OF_TCP.contains(&fault) {
                faults.push(Fault::AlwaysTruncates);
                break;
            }
        }
        let until = self.later(3, 25);
        self.set(server, &faults, until);
        self.did("servers broken");
    }

    /// Returns the only zone whose servers can show this fault, and the question that shows it.
    fn needs_zone(&self, fault: Fault) -> Option<(Name, (Name, RecordType))> {
        let apex = |place: usize| self.internet.domains[place].name.clone();
        let below = |label: &str, name: &Name| Name::from_ascii(label).unwrap().append_domain(name).unwrap();
        match fault {
            // The servers of arpa. also serve the root zone, so they can send the proof of the parent zone for this name.
            Fault::ParentsProof => Some((name("arpa."), (name("arpa."), RecordType::NAPTR))),
            // This TXT answer does not fit into a datagram, which the fault needs.
            Fault::ForgedTail => Some((apex(9), (apex(9), RecordType::TXT))),
            Fault::WrongCname => Some((apex(7), (below("mail.legacy", &apex(7)), RecordType::A))),
            Fault::NxdomainOnEmptyNonTerminals => {
                Some((apex(2), (below("_domainkey", &apex(2)), RecordType::TXT)))
            }
            Fault::NxdomainOnNoData => Some((apex(3), (apex(3), RecordType::CAA))),
            _ => None,
        }
    }

    fn flush(&mut self, flush: &Flush) {
        self.simulation.resolver().memory().flush(flush);
        self.did("flushes");
    }

    /// Returns the next fault for a server. With odd seeds, the servers of the root and of TLDs do not lie. With even seeds they may lie,
    /// and the test accepts false answers for all unsigned zones.
    fn next_fault(&mut self, server: &LabServer) -> Fault {
        let authority = server.authority();
        let is_top = authority.zones().iter().any(|zone| zone.origin().num_labels() < 2);
        for _ in 0..self.faults.len() {
            let fault = self.faults[self.next % self.faults.len()];
            self.next += 1;
            if !(is_top && self.top_is_honest && lies(fault)) {
                return fault;
            }
        }
        Fault::Dead
    }

    fn servers_of(&self, zone: &Name) -> Vec<&'a LabServer> {
        let found = self.lab().zones().find(|(name, _)| *name == zone);
        found.map(|(_, servers)| servers).unwrap_or_default()
    }

    /// Makes all servers of a zone silent for a while.
    fn kill_a_zone(&mut self) {
        let zones: Vec<Name> = self.lab().zones().map(|(zone, _)| zone.clone()).collect();
        let zone = &zones[self.random.below(zones.len() as u32) as usize];
        let until = self.later(2, 10);
        for server in self.servers_of(zone) {
            self.set(server, &[Fault::Dead], until);
        }
        self.did("zones killed");
    }

    /// For a while, makes the network of the resolver's host report errors, or drop all packets.
    async fn outage(&mut self) {
        let network = self.simulation.network();
        if self.random.below(2) == 0 {
            network.set_down(true);
            self.pause(500, 8_000).await;
            network.set_down(false);
        } else {
            network.set_loss(1_000);
            self.pause(500, 8_000).await;
            network.set_loss(0);
        }
        self.did("outages");
    }

    fn lose(&mut self) {
        self.simulation.network().set_loss(self.random.below(300));
        self.simulation.network().set_stream_loss(self.random.below(200));
        self.lossy_until = self.later(2, 20);
        self.did("losses");
    }

    fn change_a_list(&mut self) {
        let internet = self.internet;
        let list = self.pick(&internet.lists);
        let servers = self.servers_of(&list.zone);
        let until = self.later(5, 60);
        match self.random.below(4) {
            0 => servers.iter().for_each(|server| self.set(server, &[Fault::Dead], until)),
            1 => servers.iter().for_each(|server| self.set(server, &[Fault::AddressForAll], until)),
            kind => {
                let world = kind == 2;
                self.truth.lists_the_world(&list.zone, world);
                let code = if world { "127.0.0.2" } else { REFUSAL };
                let text = format!(
                    "@ 60 SOA ns host 1 2 3 4 10\n@ 60 NS ns\nns 60 A {}\n* 60 A {code}\n",
                    servers[0].addresses()[0]
                );
                let zone = Arc::new(read_zone(&list.zone, &text).unwrap());
                for server in servers {
                    self.set(server, &[], until);
                    server.set_authority(Authority::new(vec![Arc::clone(&zone)]));
                }
            }
        }
        self.did("lists changed");
    }

    async fn reload(&mut self) {
        self.go_over(Plan::draw(self.internet, &self.random)).await;
        self.did("reloads");
    }

    async fn go_over(&self, plan: Plan) {
        // From here on, questions use the new configuration: a reload does not wait for the questions in progress.
        self.truth.reloaded(&plan);
        let config = plan.config(self.internet);
        self.plan.send_replace(plan);
        self.simulation.reload(config).await;
    }

    /// Sets the clock wrong by hours or weeks, for a while.
    fn set_the_clock(&mut self) {
        let days = i64::from(self.random.below(80)) - 40;
        let unit = if self.random.below(2) == 0 { 3_600 } else { 86_400 };
        self.simulation.clock().set_wrong_by(days * unit);
        self.wrong_until = self.later(2, 15);
        self.did("clocks set");
    }

    fn sleep(&mut self) {
        let span = [1, 60, 600, 3_600][self.random.below(4) as usize];
        self.simulation.clock().sleep(Duration::from_secs(span));
        self.did("sleeps");
    }

    /// Makes a task of the resolver panic soon. The task must then be restarted.
    fn strike(&mut self) {
        let resolver = self.simulation.resolver();
        let strikes: [(&'static str, &Strike, u32); 3] = [
            ("panics in flights", resolver.strike_flights(), 30),
            ("panics in fetches", resolver.strike_fetches(), 6),
            ("panics in messages", self.simulation.network().strike(), 20),
        ];
        if let Some((what, strike, within)) = strikes.get(self.random.below(5) as usize) {
            if !strike.is_ordered() {
                strike.order(1 + self.random.below(*within));
                self.did(what);
            }
            return;
        }
        let names = self.simulation.pulses().names();
        let whose = names[self.random.below(names.len() as u32) as usize].clone();
        let times = self.struck.entry(whose.clone()).or_default();
        // resolverd ends after more than `MAX_RESTARTS` panics of a task.
        if *times < MAX_RESTARTS && self.simulation.pulses().strike(&whose) {
            *times += 1;
            self.did("panics of tasks");
        }
    }
}
