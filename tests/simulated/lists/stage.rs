//! The lab for the tests of DNS lists: lists at different distances, a mail domain, and clients that ask the lists one after the other.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio::task::JoinSet;

use config::{Config, ConfiguredZone, ZoneKind};
use dnsbl::entry::ListEntry;
use dnsbl::list_way::Way;
use lab::delegations::Tree;
pub(crate) use lab::prelude::name;
use lab::server::{Distance, LabServer};
use lab::simulation::{SimulatedReply, Simulation, config_for};
use lab::world::ServerPlan;
use lab::zone_file::read_zone;
use zones::authority::Authority;

/// DNS lists of the built-in registry, each with the round trip to its servers in milliseconds, in no order.
pub(crate) const LISTS: [(&str, u64); 8] = [
    ("zen.spamhaus.org.", 40),
    ("bl.spamcop.net.", 20),
    ("b.barracudacentral.org.", 150),
    ("psbl.surriel.com.", 80),
    ("bl.mailspike.net.", 60),
    ("dnsbl.dronebl.org.", 110),
    ("bl.blocklist.de.", 30),
    ("truncate.gbudb.net.", 95),
];

/// DNS lists for domains, with round trips in milliseconds.
pub(crate) const DOMAIN_LISTS: [(&str, u64); 3] =
    [("dbl.spamhaus.org.", 40), ("multi.surbl.org.", 90), ("multi.uribl.com.", 120)];

/// An allowlist, with its round trip in milliseconds.
pub(crate) const ALLOW_LIST: (&str, u64) = ("list.dnswl.org.", 50);

/// A DNS list that has only one of the two usual test entries: an address that the list must not contain. Its round trip is in milliseconds.
pub(crate) const ONE_POINT_LIST: (&str, u64) = ("all.spamrats.com.", 35);

/// The round trip to the most distant DNS list.
pub(crate) const SLOWEST: Duration = Duration::from_millis(150);

/// A simulated resolver with DNS lists, and the clients that ask them.
pub(crate) struct Stage {
    pub(crate) simulation: Simulation,
    /// Background tasks of the resolver, which end when this value is dropped.
    _tended: JoinSet<Infallible>,
}

/// Returns the records of a DNS list's zone in addition to the test entry.
pub(crate) type Text<'a> = &'a dyn Fn(&str) -> String;

/// Returns the names of the two servers of a DNS list. Both servers have the same round trip.
pub(crate) fn servers(apex: &str) -> [String; 2] {
    ["ns1", "ns2"].map(|server| format!("{server}.{}", apex.trim_end_matches('.')))
}

impl Stage {
    pub(crate) fn new(text: Text<'_>, change: impl FnOnce(&mut Config)) -> Self {
        let mut tree = Tree::default();
        let mut next = 0_u8;
        let mut server = |tree: &mut Tree, server: &str, millis: u64| {
            next += 1;
            let mut plan = ServerPlan::new(server, vec![IpAddr::from([192, 0, 2, next])]);
            plan.distance = Distance::steady(Duration::from_millis(millis));
            tree.server(plan).unwrap();
            server.to_owned()
        };
        let root = server(&mut tree, "a.root", 10);
        tree.zone(".", &[root], "").unwrap();
        let mail = server(&mut tree, "ns.mail.example", 25);
        tree.zone("mail.example.", &[mail], "* 300 A 198.51.100.7\n").unwrap();
        // The zone of the SPF macros of a large sender: names like those of a DNS list, but no list.
        let macros = server(&mut tree, "ns.spf.example", 25);
        tree.zone("spf.example.", &[macros], "* 60 A 127.0.0.2\n").unwrap();
        for (apex, millis) in LISTS.into_iter().chain(DOMAIN_LISTS).chain([ALLOW_LIST, ONE_POINT_LIST]) {
            let names = servers(apex).map(|name| server(&mut tree, &name, millis));
            let text = format!("2.0.0.127 60 A 127.0.0.2\n{}", text(apex));
            tree.zone(apex, &names, &text).unwrap();
        }
        let lab = Arc::new(tree.build().unwrap());
        let mut config = config_for(&lab);
        change(&mut config);
        let simulation = Simulation::new(lab, config, 7);
        let tended = simulation.tend();
        Self { simulation, _tended: tended }
    }

    pub(crate) async fn ask(&self, text: &str) -> SimulatedReply {
        self.simulation.ask(&name(text), RecordType::A).await.unwrap()
    }

    /// Asks the DNS lists until one lists the address. Returns the time and this list.
    pub(crate) async fn check(
        &self,
        address: Ipv4Addr,
        lists: &[&'static str],
    ) -> (Duration, Option<&'static str>) {
        let began = self.simulation.clock().mono();
        let mut listed = None;
        for apex in lists {
            let reply = self.ask(&question(address, apex)).await;
            if reply.message.metadata.response_code == ResponseCode::NoError {
                listed = Some(*apex);
                break;
            }
        }
        (self.simulation.clock().mono().since(began), listed)
    }

    pub(crate) fn servers(&self, apex: &str) -> [&LabServer; 2] {
        servers(apex).map(|name| self.simulation.lab().server(&name).unwrap())
    }

    /// Lets the servers with the indexes `places` answer from a zone with this text.
    pub(crate) fn serve(&self, apex: &str, places: &[usize], text: &str) {
        let mut zone = "@ 300 SOA ns1 nobody 2 7200 900 1209600 60\n".to_owned();
        for (place, server) in self.servers(apex).into_iter().enumerate() {
            let (number, address) = (place + 1, server.addresses()[0]);
            writeln!(zone, "@ 300 NS ns{number}\nns{number} 300 A {address}").unwrap();
        }
        let zone = Arc::new(read_zone(&name(apex), &format!("{zone}{text}")).unwrap());
        for place in places {
            self.servers(apex)[*place].set_authority(Authority::new(vec![Arc::clone(&zone)]));
        }
    }

    pub(crate) fn entry(&self, apex: &str) -> Arc<ListEntry> {
        self.simulation.resolver().lists().entry(&name(apex), &Way::Public)
    }

    /// Returns how many queries the servers of a DNS list have received.
    pub(crate) fn asked_of(&self, apex: &str) -> u64 {
        servers(apex).iter().map(|server| self.simulation.lab().log().count(server)).sum()
    }
}

pub(crate) fn question(address: Ipv4Addr, apex: &str) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.{apex}")
}

pub(crate) fn sender(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from_be_bytes([198, 18, 0, 0]) + number)
}

pub(crate) fn all() -> Vec<&'static str> {
    LISTS.iter().map(|(apex, _)| *apex).collect()
}

pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}

/// Returns a zone that resolverd serves itself. Its records are not used.
pub(crate) fn local_zone(apex: &str) -> ConfiguredZone {
    let text = "$TTL 60\n@ IN SOA @ @ 1 2 3 4 5\n@ IN NS @\n".to_owned();
    ConfiguredZone {
        name: name(apex),
        kind: ZoneKind::File { path: "here.zone".into(), text },
        ..ConfiguredZone::default()
    }
}

/// Lets virtual time pass.
pub(crate) async fn pass(span: Duration) {
    tokio::time::sleep(span).await;
}
