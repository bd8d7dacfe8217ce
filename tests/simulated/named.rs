//! `resolverctl status`, `resolverctl why` and the metrics page must report a fault within two minutes, and nothing else. In ten hours
//! without faults, they must report nothing.

#![cfg(feature = "lab")]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use hickory_proto::rr::RecordType;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use config::{ConfiguredZone, Forwarder, ZoneKind};
use control::health::judge;
use control::limits::JUDGED;
use dns::random::Random;
use dnsbl::list_way::Way;
use explain::costs::CostsWanted;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::{ask, name};
use lab::server::Distance;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};
use protocol::Severity;
use record::culprit::Side;
use record::limits::SNAPSHOT_INTERVAL;
use record::minute::MinuteMark;
use record::minutes::row::{Busy, BusyCounts, BusyKind, BusyMark, Row};
use record::minutes::span::Span;

const LISTS: [&str; 3] = ["zen.spamhaus.org.", "bl.spamcop.net.", "psbl.surriel.com."];

/// A DNS list whose servers stop working.
const LIST: &str = LISTS[1];

/// A zone that is forwarded to servers of the operator.
const FORWARDED: &str = "corp.example.";

const FORWARDER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 1, 1));

/// The number of domains whose servers are in separate networks.
const DOMAINS: u8 = 14;

/// Domains on the servers of one hoster.
const HOSTED: [&str; 3] = ["h0.tld.", "h1.tld.", "h2.tld."];
/// The network of the servers of this hoster.
const HOSTER: &str = "198.51.100.0/24";

const MAIL: &str = "\
@ 60 MX 10 mail
@ 60 TXT \"v=spf1 mx -all\"
mail 60 A 198.18.0.1
_dmarc 60 TXT \"v=DMARC1; p=none\"
* 60 A 198.18.0.2
";

/// The pause between two emails.
const PAUSE: Duration = Duration::from_millis(400);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// Packets lost per thousand, on all paths.
    Paths(u32),
    Forwarder,
    Upstream,
    Hoster,
    List,
}

/// Returns the lab. If all names are forwarded, the forwarder serves all zones.
fn lab(is_forwarded: bool) -> Lab {
    let mut tree = Tree::default();
    let mut zone = |zone: &str, network: [u8; 3], text: &str| {
        let servers = [1, 2].map(|number| {
            let [a, b, c] = if is_forwarded && zone != "." { [10, 1, 1] } else { network };
            let server = format!("ns{number}.{a}-{b}-{c}.tld");
            let mut plan = ServerPlan::new(&server, vec![IpAddr::from([a, b, c, number])]);
            plan.distance = Distance::steady(Duration::from_millis(20 + u64::from(b) * 37 % 200));
            // All domains of the hoster are on the same servers, so the server may already be in the lab.
            drop(tree.server(plan));
            server
        });
        tree.zone(zone, &servers, text).unwrap();
    };
    zone(".", [192, 0, 2], "");
    zone("tld.", [192, 5, 6], "");
    zone(FORWARDED, [10, 1, 1], MAIL);
    for number in 0..DOMAINS {
        zone(&format!("d{number}.tld."), [193, number, 1], MAIL);
    }
    HOSTED.iter().for_each(|domain| zone(domain, [198, 51, 100], MAIL));
    for (number, list) in (0..).zip(LISTS) {
        zone(list, [194, number, 1], "2.0.0.127 60 A 127.0.0.2\n");
    }
    tree.build().unwrap()
}

/// The faults that the commands and the metrics page report.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    /// In `resolverctl status`: the severity of the worst problem.
    severity: Option<Severity>,
    /// In `resolverctl status`: the network of this host loses packets or is down.
    lossy: bool,
    /// In `resolverctl status`: the zones and DNS lists that fail.
    zones: BTreeSet<String>,
    /// In `resolverctl why`: who has delayed mail most (this host, other operators, or the client).
    side: Option<Side>,
    /// In `resolverctl why`: the zones that have delayed mail.
    costs: BTreeSet<String>,
    /// On the metrics page: the rows in which at least a fifth of the queries is late or lost.
    page: BTreeSet<String>,
    /// On the metrics page: queries to most networks get lost at the same time, which looks like a vertical stripe.
    stripe: bool,
}

struct Gateway {
    simulation: Simulation,
    random: Random,
    minute: MinuteMark,
    busy: BusyMark,
    _tasks: (JoinSet<Infallible>, JoinSet<()>),
}

impl Gateway {
    fn new(seed: u64, is_forwarded: bool) -> Self {
        let lab = Arc::new(lab(is_forwarded));
        let mut config = config_for(&lab);
        let forwarder = Forwarder { address: (FORWARDER, 53).into(), encryption: None };
        let kind = ZoneKind::Forward(vec![forwarder]);
        let zone = name(if is_forwarded { "." } else { FORWARDED });
        config.zones = vec![ConfiguredZone { name: zone, kind, ..ConfiguredZone::default() }];
        let simulation = Simulation::new(lab, config, seed);
        let recorder = Arc::clone(simulation.recorder());
        let mut ticks = JoinSet::new();
        ticks.spawn(async move {
            loop {
                sleep(SNAPSHOT_INTERVAL).await;
                recorder.tick();
            }
        });
        let tasks = (simulation.tend(), ticks);
        let (minute, busy, random) = (MinuteMark::default(), BusyMark::default(), Random::seeded(seed));
        Self { simulation, random, minute, busy, _tasks: tasks }
    }

    /// Asks the questions of one email: to DNS lists, then for MX, SPF, DMARC and the mail host of the sender, and then about the
    /// recipient.
    fn mail(&self) -> impl Future<Output = ()> + '_ {
        let random = &self.random;
        let domain = match random.below(u32::from(DOMAINS) + HOSTED.len() as u32) {
            number if number < u32::from(DOMAINS) => format!("d{number}.tld."),
            number => HOSTED[number as usize - usize::from(DOMAINS)].to_owned(),
        };
        let [_, b, c, d] = random.below(1 << 24).to_be_bytes();
        let user = format!("u{}.{FORWARDED}", random.below(1 << 24));
        async move {
            let asked = LISTS.map(|list| format!("{d}.{c}.{b}.198.{list}"));
            join_all(asked.iter().map(|name| ask(&self.simulation, name, RecordType::A))).await;
            ask(&self.simulation, &domain, RecordType::MX).await;
            ask(&self.simulation, &domain, RecordType::TXT).await;
            ask(&self.simulation, &format!("_dmarc.{domain}"), RecordType::TXT).await;
            ask(&self.simulation, &format!("mail.{domain}"), RecordType::A).await;
            ask(&self.simulation, &user, RecordType::A).await;
        }
    }

    /// One email arrives after each pause, whether the earlier ones have ended or not.
    async fn run(&self, time: Duration, pause: Duration) {
        let end = Instant::now() + time;
        let mut mails = FuturesUnordered::new();
        while Instant::now() < end {
            mails.push(self.mail());
            let next = Instant::now() + pause;
            while let Ok(Some(())) = timeout_at(next, mails.next()).await {}
            sleep_until(next).await;
        }
        mails.collect::<()>().await;
    }

    fn set(&self, broken: Broken) {
        let dead = |servers: &str| {
            for server in self.simulation.lab().servers().iter().filter(|it| it.name().contains(servers)) {
                server.set_faults(&[Fault::Dead]);
            }
        };
        match broken {
            Broken::Paths(loss) => self.simulation.network().set_loss(loss),
            Broken::Forwarder | Broken::Upstream => dead(".10-1-1."),
            Broken::Hoster => dead(".198-51-100."),
            Broken::List => dead(".194-1-1."),
        }
    }

    /// Returns the rows of the metrics page since the last call.
    fn page(&mut self) -> Vec<Busy> {
        let recorder = Arc::clone(self.simulation.recorder());
        let busy = self.busy.grown(Busy::all(&recorder, |zone| LISTS.contains(&zone)));
        let row = Row::new(1, &recorder.minute(&mut self.minute), busy.into_iter());
        let mut span = Span::new(0, 60);
        span.add(&row);
        span.report().busiest
    }

    /// Returns the faults that resolverd reports now. The report about delayed mail covers the last `time`, and the metrics page the time
    /// since the last call of `page`.
    async fn named(&mut self, time: Duration) -> Named {
        let (recorder, resolver) = (self.simulation.recorder(), self.simulation.resolver());
        let troubles = recorder.troubles();
        let (counts, by_zone) = (recorder.report(JUDGED), recorder.failures_by_zone(JUDGED));
        let silent = LISTS.into_iter().filter(|list| {
            let entry = resolver.lists().find(&name(list), &Way::Public);
            entry.is_some_and(|entry| entry.state().is_incident())
        });
        let silent: BTreeSet<String> = silent.map(str::to_owned).collect();
        let warnings = judge(&counts, by_zone.as_ref(), &troubles, &silent);
        let zones = troubles.zones.into_iter().map(|zone| zone.zone);
        let zones = zones.chain(silent).collect();
        let now = self.simulation.clock().unix_micros();
        let from = now - u64::try_from(time.as_micros()).unwrap();
        let costs = self
            .simulation
            .explainer()
            .costs(CostsWanted { from, to: now, client: None, list: None })
            .await
            .rows;
        let page = self.page();
        let networks =
            || page.iter().filter(|row| row.kind == BusyKind::Network && row.counts.questions >= 3);
        Named {
            severity: warnings.into_iter().map(|warning| warning.severity).max(),
            lossy: troubles.lossy.is_some() || troubles.down.is_some(),
            zones,
            side: costs.first().map(|row| row.side),
            costs: costs.iter().filter_map(|row| row.zone.clone()).collect(),
            stripe: networks().filter(|row| bad(&row.counts) > 0.05).count() * 2 > networks().count(),
            page: page.iter().filter(|row| bad(&row.counts) > 0.2).map(|row| row.name.to_string()).collect(),
        }
    }
}

/// Returns how many of the queries are bad, from 0 to 1, as the function `shade` of the metrics page does.
fn bad(counts: &BusyCounts) -> f64 {
    let worst = counts.failed.max(counts.late).max(counts.timeouts);
    let share = worst as f64 / counts.questions.max(worst).max(1) as f64;
    if worst < 2 { share.min(0.05) } else { share }
}

/// Returns the reported faults two minutes after the start of a fault.
fn two_minutes(broken: Broken, seed: u64) -> Named {
    let mut named = Named::default();
    let found = &mut named;
    paused(async move {
        let mut gateway = Gateway::new(seed, broken == Broken::Upstream);
        gateway.run(Duration::from_secs(300), PAUSE).await;
        gateway.page();
        gateway.set(broken);
        // The last emails take up to 10 s, so two minutes pass.
        gateway.run(Duration::from_secs(110), PAUSE).await;
        *found = gateway.named(Duration::from_secs(120)).await;
    });
    println!("{broken:?}, seed {seed}: {named:?}");
    named
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn loss_on_all_paths_blames_network() {
    for (loss, seed) in [(200, 1), (400, 1), (200, 2), (400, 2)] {
        let named = two_minutes(Broken::Paths(loss), seed);
        assert!(named.lossy && named.stripe && named.severity == Some(Severity::Warning), "{named:?}");
        assert_eq!((named.side, &named.costs, &named.zones), (Some(Side::Mine), &names(&[]), &names(&[])));
    }
}

// Dead is the forwarder of a zone or of all names, a hoster, or a DNS list.
#[test]
fn only_dead_server_is_named() {
    let list_network = "194.1.1.0/24";
    for seed in [1, 2] {
        for (broken, zones, network) in [
            (Broken::Forwarder, &[FORWARDED][..], "10.1.1.0/24"),
            (Broken::Upstream, &["."], "10.1.1.0/24"),
            (Broken::Hoster, &HOSTED, HOSTER),
            (Broken::List, &[LIST], list_network),
        ] {
            let page: Vec<&str> = zones.iter().copied().chain([network]).collect();
            let named = two_minutes(broken, seed);
            // A dead zone causes no delay if clients get stale answers. So `costs` may lack a zone.
            let costs = named.costs.clone();
            assert!(!costs.is_empty() && costs.is_subset(&names(zones)), "{named:?}");
            // A failed forwarder belongs to the operator. A silent DNS list causes no warning, because `resolverctl status` has separate
            // lines about lists.
            let severity = match broken {
                Broken::Forwarder | Broken::Upstream => Some(Severity::Warning),
                Broken::Hoster => Some(Severity::Notice),
                _ => None,
            };
            let side = if severity == Some(Severity::Warning) { Side::Mine } else { Side::Theirs };
            let (zones, side, page) = (names(zones), Some(side), names(&page));
            // If all names are forwarded, all queries go to one network.
            let stripe = broken == Broken::Upstream;
            let expected = Named { severity, zones, side, costs, page, stripe, ..Named::default() };
            assert_eq!(named, expected, "{broken:?}, seed {seed}");
        }
    }
}

#[test]
fn ten_healthy_hours_name_nothing() {
    paused(async {
        let mut gateway = Gateway::new(3, false);
        // One packet in two hundred gets lost, as on the internet.
        gateway.simulation.network().set_loss(5);
        let time = Duration::from_secs(300);
        for part in 0..120 {
            gateway.run(time, PAUSE * 10).await;
            assert_eq!(gateway.named(time).await, Named::default(), "part {part}");
        }
    });
}
