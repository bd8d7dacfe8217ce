//! A night at a gateway. Sixteen domains get different faults, a DNS list fails and works again, the network of the host is down for a
//! minute, and 85 emails arrive. Each log line must agree with the faults at that time.

#![cfg(feature = "lab")]

mod failures;
mod incidents;
pub(crate) mod log;
mod six_hours;
mod withheld;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use explain::limits::FOLLOW_PAUSE;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::simulation::{Simulation, config_trusting};
use lab::world::{Lab, ServerPlan};
use log::{Line, lines};
use record::limits::SNAPSHOT_INTERVAL;

/// The domains that break, each with its fault. If the fault delays mail, the log line about the domain must contain the third value.
const BROKEN: [(&str, Break, Option<&str>); 16] = [
    ("silent", Break::Both(&[Fault::Dead]), Some("no server of silent.tld. ")),
    ("refused", Break::Both(&[Fault::Refused]), Some("REFUSED")),
    ("servfail", Break::Both(&[Fault::ServFail]), Some("SERVFAIL")),
    (
        "empty",
        Break::Both(&[Fault::LameEmpty]),
        Some("failed or got negative answers that were not authoritative"),
    ),
    ("upward", Break::Both(&[Fault::UpwardReferral]), Some("lame")),
    ("sideways", Break::Both(&[Fault::SidewaysReferral]), Some("lame")),
    ("formerr", Break::Both(&[Fault::FormErrWithOpt]), Some("FORMERR")),
    ("notimp", Break::Both(&[Fault::NotImp]), Some("NOTIMP")),
    ("garbled", Break::Both(&[Fault::HalfAnswer]), Some("invalid reply")),
    ("untcp", Break::Both(&[Fault::AlwaysTruncates, Fault::NoTcp]), Some("no answer over TCP")),
    ("slow", Break::Both(&[Fault::Slow(Duration::from_secs(5))]), Some("answer")),
    ("spoilt", Break::Both(&[Fault::BadSignatures]), Some("bogus")),
    ("stripped", Break::Both(&[Fault::NoDnssec]), Some("bogus")),
    ("expired", Break::Signing("expired"), Some("bogus")),
    ("unglued", Break::Above("gone.org"), Some("the names of the servers of unglued.tld. do not resolve")),
    ("half", Break::One(&[Fault::Refused]), None),
];

/// Mail domains without faults.
const WELL: [&str; 6] = ["good1", "good2", "good3", "good4", "good5", "goodsigned"];

const SIGNED: [&str; 4] = ["spoilt", "stripped", "expired", "goodsigned"];

const LISTS: [&str; 2] = ["zen.spamhaus.org", "bl.spamcop.net"];

/// A DNS list that does not answer for a while.
const LIST: &str = LISTS[0];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    /// Both servers have these faults.
    Both(&'static [Fault]),
    /// One server has these faults.
    One(&'static [Fault]),
    /// The zone is signed with a fault (words of a signing plan).
    Signing(&'static str),
    /// The names of the servers are in another domain, which is dead.
    Above(&'static str),
}

/// Creates the lab. If `late` is false, its zones are those before the faults begin; if it is true, those after the faults begin.
fn lab(late: bool) -> Lab {
    let mut tree = Tree::default();
    let mut next = 0_u8;
    let mut zone = |tree: &mut Tree, zone: &str, servers: &[String], text: &str, millis: u64| {
        for server in servers {
            next += 1;
            let mut plan = ServerPlan::new(server, vec![IpAddr::from([192, 0, 2, next])]);
            plan.distance = Distance::steady(Duration::from_millis(millis));
            tree.server(plan).unwrap();
        }
        tree.zone(zone, servers, text).unwrap();
    };
    let named = |below: &str| ["ns1", "ns2"].map(|host| format!("{host}.{below}")).to_vec();
    zone(&mut tree, ".", &["a.root".to_owned(), "b.root".to_owned()], "", 10);
    zone(&mut tree, "tld", &named("nic.tld"), "", 20);
    zone(&mut tree, "org", &named("nic.org"), "", 20);
    zone(&mut tree, "gone.org", &named("gone.org"), "", 30);
    let mail = "$TTL 60\n@ MX 10 mail\n@ A 198.18.0.1\n@ TXT \"v=spf1 mx -all\"\nmail A 198.18.0.1\n_dmarc TXT \"v=DMARC1; p=none\"\n";
    for (name, ..) in BROKEN {
        let below = if name == "unglued" { "hosts.gone.org".to_owned() } else { format!("{name}.tld") };
        zone(&mut tree, &format!("{name}.tld"), &named(&below), mail, 30);
    }
    for name in WELL {
        zone(&mut tree, &format!("{name}.tld"), &named(&format!("{name}.tld")), mail, 30);
    }
    for list in LISTS {
        zone(&mut tree, list, &named(list), "$TTL 60\n2.0.0.127 A 127.0.0.2\n", 40);
    }
    for zone in [".", "tld"] {
        tree.sign(zone, Some("".parse().unwrap())).unwrap();
    }
    for name in SIGNED {
        let flaw = BROKEN.iter().find_map(|(broken, how, _)| match how {
            Break::Signing(flaw) if late && *broken == name => Some(*flaw),
            _ => None,
        });
        tree.sign(&format!("{name}.tld"), Some(flaw.unwrap_or_default().parse().unwrap())).unwrap();
    }
    tree.build().unwrap()
}

/// When each fault began and ended, in seconds since the test began.
#[derive(Debug, Default)]
struct Truth {
    broken: u64,
    mended: u64,
    outage: (u64, u64),
    list_dead: (u64, u64),
    /// The seconds in which questions of clients failed, by mail domain.
    failed: BTreeMap<String, Vec<u64>>,
}

struct Gateway {
    simulation: Simulation,
    began: Instant,
    truth: Truth,
    mails: u32,
}

impl Gateway {
    fn second(&self) -> u64 {
        Instant::now().duration_since(self.began).as_secs()
    }

    async fn ask(&mut self, domain: &str, name: &str, kind: RecordType) -> bool {
        let reply = self.simulation.ask(&Name::from_ascii(name).unwrap(), kind).await.unwrap();
        let failed = reply.message.metadata.response_code == ResponseCode::ServFail;
        if failed {
            let second = self.second();
            self.truth.failed.entry(domain.to_owned()).or_default().push(second);
        }
        !failed
    }

    /// Asks the questions for one email from `domain`: first all DNS lists at the same time, then MX, SPF, DMARC and the mail host.
    async fn mail(&mut self, domain: &str) {
        self.mails += 1;
        let (high, low) = (self.mails / 250, self.mails % 250 + 1);
        let asked = LISTS.map(|list| Name::from_ascii(format!("{low}.{high}.18.198.{list}.")).unwrap());
        join_all(asked.iter().map(|name| self.simulation.ask(name, RecordType::A))).await;
        let zone = format!("{domain}.tld.");
        let mut well = self.ask(domain, &zone, RecordType::MX).await;
        well &= self.ask(domain, &zone, RecordType::TXT).await;
        self.ask(domain, &format!("_dmarc.{zone}"), RecordType::TXT).await;
        let host = if well { format!("mail.{zone}") } else { zone };
        self.ask(domain, &host, RecordType::A).await;
    }

    /// Takes the network of the host down for a minute. Meanwhile, an email with four questions arrives for each of `names`. `silent`: true
    /// if all packets are lost on the way, false if the host cannot send any.
    async fn outage(&mut self, silent: bool, names: &[Name]) {
        let up = Instant::now() + Duration::from_secs(60);
        self.set_down(silent, true);
        self.truth.outage.0 = self.second();
        for name in names {
            let kinds = [RecordType::MX, RecordType::TXT, RecordType::A, RecordType::AAAA];
            join_all(kinds.map(|kind| self.simulation.ask(name, kind))).await.into_iter().for_each(drop);
        }
        tokio::time::sleep_until(up).await;
        self.set_down(silent, false);
        self.truth.outage.1 = self.second();
        self.mails += 10;
    }

    fn set_down(&self, silent: bool, down: bool) {
        let network = self.simulation.network();
        if silent {
            network.set_loss(if down { 1_000 } else { 0 });
            network.set_stream_loss(if down { 1_000 } else { 0 });
        } else {
            network.set_down(down);
        }
    }

    fn set_faults(&self, server: &str, faults: &[Fault]) {
        self.simulation.lab().server(server).unwrap().set_faults(faults);
    }

    fn set_broken(&self, name: &str, how: Break, broken: bool) {
        let servers = [format!("ns1.{name}.tld"), format!("ns2.{name}.tld")];
        match how {
            Break::Both(faults) => {
                servers.iter().for_each(|server| self.set_faults(server, if broken { faults } else { &[] }));
            }
            Break::One(faults) => self.set_faults(&servers[0], if broken { faults } else { &[] }),
            Break::Above(domain) => {
                for host in ["ns1", "ns2"] {
                    let faults: &[Fault] = if broken { &[Fault::Dead] } else { &[] };
                    self.set_faults(&format!("{host}.{domain}"), faults);
                }
            }
            // The wrongly signed zones are set elsewhere.
            Break::Signing(_) => {}
        }
    }
}

/// Logs failed and slow questions, as the daemon does.
fn tell(simulation: &Simulation) -> JoinHandle<()> {
    let explainer = Arc::clone(simulation.explainer());
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(FOLLOW_PAUSE).await;
            explainer.write_new_log();
        }
    })
}

/// Simulates the night (see the start of this file). If `silent` is true, packets get lost while the network of the host is down. Otherwise
/// the host reports an error for each packet.
async fn night(silent: bool, seed: u64) -> Truth {
    const PAUSE: Duration = Duration::from_secs(300);
    let lab = Arc::new(lab(false));
    let mut config = config_trusting(&lab);
    // This night is short. With longer TTLs, data from the evening would still be cached in the morning.
    config.cache.max_ttl = Duration::from_secs(120);
    let simulation = Simulation::new(lab, config, seed);
    let _tended = simulation.tend();
    let recorder = Arc::clone(simulation.recorder());
    let ticks = tokio::spawn(async move {
        loop {
            tokio::time::sleep(SNAPSHOT_INTERVAL).await;
            recorder.tick();
        }
    });
    let tells = tell(&simulation);
    let mut gateway = Gateway { simulation, began: Instant::now(), truth: Truth::default(), mails: 0 };
    let all: Vec<&str> = WELL.into_iter().chain(BROKEN.map(|(name, ..)| name)).collect();
    let mut senders = all.iter().copied().cycle();
    let mut take = || senders.next().unwrap();
    // The evening: nothing has a fault, and all domains send mail.
    for _ in 0..22 {
        gateway.mail(take()).await;
        tokio::time::sleep(PAUSE).await;
    }
    for (name, how, _) in BROKEN {
        gateway.set_broken(name, how, true);
    }
    gateway.simulation.lab().take_zones_of(&self::lab(true));
    gateway.truth.broken = gateway.second();
    for number in 0..40 {
        if number == 10 || number == 20 {
            let faults: &[Fault] = if number == 10 { &[Fault::Dead] } else { &[] };
            for host in ["ns1", "ns2"] {
                gateway.set_faults(&format!("{host}.{LIST}"), faults);
            }
            let second = gateway.second();
            if number == 10 { gateway.truth.list_dead.0 = second } else { gateway.truth.list_dead.1 = second }
        }
        gateway.mail(take()).await;
        tokio::time::sleep(PAUSE).await;
    }
    let names: Vec<Name> = (0..10).map(|_| Name::from_ascii(format!("{}.tld.", take())).unwrap()).collect();
    gateway.outage(silent, &names).await;
    tokio::time::sleep(PAUSE).await;
    for (name, how, _) in BROKEN.into_iter().step_by(2) {
        gateway.set_broken(name, how, false);
    }
    gateway.truth.mended = gateway.second();
    for (name, ..) in BROKEN.into_iter().step_by(2) {
        gateway.mail(name).await;
        tokio::time::sleep(PAUSE).await;
    }
    for _ in 0..5 {
        gateway.mail(take()).await;
        tokio::time::sleep(PAUSE).await;
    }
    ticks.abort();
    tells.abort();
    assert_eq!(gateway.mails, 85);
    gateway.truth
}

/// Returns true if `domain` has a fault at `second` that delays mail. Other faults do not count.
fn is_broken(domain: &str, second: u64, truth: &Truth) -> bool {
    let place = BROKEN.iter().position(|(name, _, said)| *name == domain && said.is_some());
    let Some(place) = place else { return false };
    second >= truth.broken && (place % 2 == 1 || second < truth.mended)
}

/// Returns true if a log line agrees with the faults at the time of the line, and with the replies that clients got.
fn is_true(line: &Line, truth: &Truth) -> bool {
    let second = line.second;
    let domain = line.zone().and_then(|zone| zone.strip_suffix(".tld")).unwrap_or_default();
    let failed = truth.failed.get(domain).map(Vec::as_slice).unwrap_or_default();
    let failed_since = |span: u64| failed.iter().filter(|at| **at <= second && **at + span > second).count();
    let said = BROKEN.iter().find_map(|(name, _, said)| said.filter(|_| *name == domain));
    if line.is("zone_fails") {
        // The servers of this domain send empty answers. These count as a failure for type A, and as a denial for other types. So in each
        // email only the question for A fails.
        let enough = if domain == "empty" {
            failed_since(60) == 1
                && line
                    .text
                    .contains("4 resolutions for zone empty.tld. failed or got negative answers that were not authoritative within ")
        } else {
            failed_since(60) >= 2
                && line.text.contains("3 resolutions for zone ")
                && line.text.contains(" failed within ")
        };
        is_broken(domain, second, truth) && enough && said.is_some_and(|said| line.text.contains(said))
    } else if line.is("zone_answers") {
        !is_broken(domain, second, truth) && failed_since(5) == 0
    } else if line.is("query_failed") {
        // Until a silent DNS list was tested, its failed queries are logged one by one.
        let is_list = line.zone() == Some(LIST) && (truth.list_dead.0..truth.list_dead.1).contains(&second);
        is_list || (is_broken(domain, second, truth) && failed_since(5) >= 1)
    } else if line.is("queries_failed") || line.is("query_slow") {
        true
    } else if line.is("network_down") {
        (truth.outage.0 + 4..truth.outage.1).contains(&second)
    } else if line.is("network_up") {
        (truth.outage.1..truth.outage.1 + 15).contains(&second)
    } else if line.text.starts_with(&format!("DNS list {LIST}: its servers do not answer in time")) {
        (truth.list_dead.0..truth.list_dead.1).contains(&second)
    } else if line.text.starts_with(&format!("DNS list {LIST} answers again")) {
        second >= truth.list_dead.1
    } else {
        false
    }
}

#[test]
fn log_lines_of_night_are_true() {
    for (silent, seed) in [(true, 1), (false, 1), (true, 2), (false, 2)] {
        println!("\nmessages are {} in the outage", if silent { "lost" } else { "not sent" });
        let mut truth = Truth::default();
        let lines = lines(|| async { truth = night(silent, seed).await });
        for line in &lines {
            assert!(is_true(line, &truth), "not true: {line:?}\n{truth:?}");
        }
        let count = |incident: &str| lines.iter().filter(|line| line.is(incident)).count();
        assert_eq!((count("network_down"), count("network_up")), (1, 1));
        let of_list = lines.iter().filter(|line| line.text.contains(LIST) && !line.is("queries_failed"));
        assert_eq!(of_list.filter(|line| !line.is("query_failed")).count(), 2);
        for (name, _, said) in BROKEN {
            let zone = format!("{name}.tld");
            let told = |incident| {
                lines.iter().filter(|line| line.is(incident) && line.zone() == Some(&zone)).count()
            };
            assert_eq!(told("zone_fails"), usize::from(said.is_some()), "{name}");
            let mended = BROKEN.iter().step_by(2).any(|(mended, ..)| *mended == name);
            let failed = truth.failed.get(name).is_some_and(|failed| !failed.is_empty());
            assert_eq!(told("query_failed") + told("zone_fails") >= 1, failed, "{name}");
            assert_eq!(told("zone_answers"), usize::from(said.is_some() && mended), "{name}");
        }
    }
}
