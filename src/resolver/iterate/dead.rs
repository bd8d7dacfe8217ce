//! Decides which servers that do not answer (dead servers) are probed in the background, and when.
//!
//! Unbound and Knot notice only from questions of clients that a server works again. resolverd probes a dead server at intervals if questions needed
//! it recently, and so notices within a minute that the server works again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::server_role::ServerRole;
use crate::cache::servers::{Server, Servers};
use crate::limits::{DEAD_WANTED_TIME, MAX_DEAD_SERVERS, MAX_PROBED_TYPES, MAX_PROBED_ZONES};
use dns::clock::Mono;
use dns::random::Random;
use exchange::network::Path;
use zones::View;

#[derive(Clone, Debug)]
pub(super) struct Aside {
    pub(super) path: Path,
    pub(super) role: ServerRole,
    pub(super) zone: Name,
    pub(super) name: Name,
    pub(super) kind: RecordType,
}

/// A dead server that a question would ask if it worked.
#[derive(Clone, Debug)]
pub(super) struct WantedServer {
    /// The query that shows if the server works again.
    pub(super) aside: Aside,
    /// The last names that clients asked this server for, one for each record type, the newest first. The probes ask for these names and the name in
    /// `aside` alternately, because the server may drop queries for the type in `aside`.
    pub(super) asked: Vec<(Name, RecordType)>,
    pub(super) unanswered: bool,
    pub(super) view: Arc<View>,
    /// The time at which a question last needed the server.
    pub(super) at: Mono,
}

impl Aside {
    /// Creates the first probe of a server that is needed for the clients' question `name` and `kind`. Also returns this question, for later probes.
    /// `keyed`: true if the zone is a DNS list that requires a customer's key in the name.
    pub(super) fn probe(
        path: Path,
        role: ServerRole,
        zone: &Name,
        (name, kind): (&Name, RecordType),
        keyed: bool,
    ) -> (Self, Vec<(Name, RecordType)>) {
        let (other, of_kind) = other_question(zone, name, kind, keyed);
        let asked = if keyed { (zone.clone(), RecordType::A) } else { (name.clone(), kind) };
        (Self { path, role, zone: zone.clone(), name: other, kind: of_kind }, vec![asked])
    }
}

impl WantedServer {
    /// Takes over from the entry `earlier`, which this entry replaces: the questions of clients for types that this entry does not have, and
    /// `unanswered` if it is true.
    fn join(&mut self, earlier: Self) {
        let newer: Vec<RecordType> = self.asked.iter().map(|(_, kind)| *kind).collect();
        self.asked.extend(earlier.asked.into_iter().filter(|(_, kind)| !newer.contains(kind)));
        self.asked.truncate(MAX_PROBED_TYPES);
        self.unanswered |= earlier.unanswered;
    }
}

/// Returns the question of a probe. Some servers drop queries for types that they do not know. So a probe asks for another type than the clients: for
/// A, or if clients ask for A, for the SOA of the zone. With `keyed` (a DNS list that requires a customer's key), a probe asks for the SOA too,
/// because `name` does not contain the key.
fn other_question(zone: &Name, name: &Name, kind: RecordType, keyed: bool) -> (Name, RecordType) {
    match kind {
        kind if keyed || kind == RecordType::A => (zone.clone(), RecordType::SOA),
        _ => (name.clone(), RecordType::A),
    }
}

#[derive(Debug)]
struct Waiting {
    one: WantedServer,
    /// The time of the last probe of this server for this zone. `None` before the first probe.
    probed: Option<Mono>,
    probes: usize,
}

impl Waiting {
    /// Returns the next probe. The probes repeat the clients' questions in turn, because the server may drop queries for SOA (RFC 8906
    /// section 3). There are two exceptions, in which the probe repeats the question in `aside`: the first probe, if a client's question
    /// was not answered; and every second probe after it, if `aside` asks for A.
    fn next_probe(&self) -> WantedServer {
        let mut one = self.one.clone();
        let is_even = self.probes.is_multiple_of(2);
        let is_others =
            if self.probes == 0 { one.unanswered } else { is_even && one.aside.kind == RecordType::A };
        let asked = self.probes.checked_rem(one.asked.len()).and_then(|turn| one.asked.get(turn));
        if let Some((name, kind)) = asked.filter(|_| !is_others).cloned() {
            (one.aside.name, one.aside.kind) = (name, kind);
        }
        one
    }
}

#[derive(Debug, Default)]
pub(super) struct DeadServers {
    /// The dead servers that questions need, each with the zone of these questions: a server that works for one zone may not answer for another.
    wanted: Mutex<BTreeMap<(SocketAddr, Name), Waiting>>,
    /// Wakes the task that probes dead servers.
    pub(super) added: Notify,
    /// Wakes the questions that wait for a probe when a server has answered its probe.
    pub(super) answered: Notify,
}

impl DeadServers {
    /// Adds a dead server that a question needs. If there are too many, removes the one that no question has needed for the longest time. `at_once`
    /// is true if the probe is already due.
    pub(super) fn want(&self, mut one: WantedServer, at_once: bool) {
        let mut wanted = self.wanted();
        let key = (one.aside.path.server, one.aside.zone.clone());
        let earlier = wanted.remove(&key);
        let new = earlier.is_none();
        let (probed, probes) = earlier.map_or((None, 0), |earlier| {
            one.join(earlier.one);
            (earlier.probed, earlier.probes)
        });
        wanted.insert(key.clone(), Waiting { one, probed, probes });
        let same = |(other, _): &(&(SocketAddr, Name), &Waiting)| other.0 == key.0;
        let zones = wanted.range((key.0, Name::root())..).take_while(same).count();
        if new && (zones > MAX_PROBED_ZONES || wanted.len() > MAX_DEAD_SERVERS) {
            let others = wanted.iter().filter(|(other, _)| **other != key);
            let oldest = others
                .filter(|one| zones <= MAX_PROBED_ZONES || same(one))
                .min_by_key(|(_, waiting)| waiting.one.at);
            if let Some(oldest) = oldest.map(|(other, _)| other.clone()) {
                wanted.remove(&oldest);
            }
        }
        drop(wanted);
        if new || at_once {
            self.added.notify_one();
        }
    }

    /// Returns at most `places` servers whose probe is due, and the time of the next probe. Removes servers that work again, and servers that no
    /// question has needed for some time.
    pub(super) fn due(&self, now: Mono, servers: &Servers, random: &Random, mut places: usize) -> DueProbes {
        let (mut due, mut ripe) = (DueProbes::default(), Vec::new());
        let mut wanted = self.wanted();
        wanted.retain(|(address, zone), waiting| {
            let Waiting { one, probed, .. } = &*waiting;
            let Some(server) = servers.known(*address) else { return false };
            let Some(until) = server.next_try(zone) else { return false };
            if now.since(one.at) >= DEAD_WANTED_TIME {
                return false;
            }
            if until > now {
                due.wait_until(until);
            } else {
                ripe.push((until, *probed, server, waiting.next_probe()));
            }
            true
        });
        // The longest overdue probes come first. The zones of a server that answers for none of them are probed alternately, because the server may
        // later answer for only some.
        ripe.sort_by_key(|(until, probed, ..)| (*until, *probed));
        // A server that answers for no zone is probed for two zones at a time: when it works again, it may drop the queries for one of them.
        let mut again: Vec<SocketAddr> = Vec::new();
        for (until, _, server, one) in ripe {
            if places == 0 {
                // When a probe in progress ends, this function is called again for the other servers.
                break;
            }
            let address = one.aside.path.server;
            let is_second = again.contains(&address) && server.probe_also(&one.aside.zone, now, random);
            again.retain(|other| *other != address);
            if is_second || server.probe(&one.aside.zone, now, random) {
                places = places.saturating_sub(1);
                if !is_second {
                    again.push(address);
                }
                if let Some(waiting) = wanted.get_mut(&(one.aside.path.server, one.aside.zone.clone())) {
                    waiting.probed = Some(now);
                    waiting.probes = waiting.probes.wrapping_add(1);
                }
                due.servers.push((server, one));
            } else {
                due.wait_until(until);
            }
        }
        due
    }

    fn wanted(&self) -> MutexGuard<'_, BTreeMap<(SocketAddr, Name), Waiting>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
pub(super) struct DueProbes {
    pub(super) servers: Vec<(Arc<Server>, WantedServer)>,
    pub(super) next: Option<Mono>,
}

impl DueProbes {
    fn wait_until(&mut self, moment: Mono) {
        self.next = Some(self.next.map_or(moment, |next| next.min(moment)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::time::Duration;

    use crate::cache::Memory;
    use crate::limits::{DEAD_AFTER_SILENCES, FIRST_DEAD_TIME};
    use config::Config;
    use zones::Views;

    fn address(number: u16) -> SocketAddr {
        let [high, low] = number.to_be_bytes();
        SocketAddr::from(([192, 0, high, low], 53))
    }

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    fn wanted(number: u16, at: Mono) -> WantedServer {
        let path = Path { server: address(number), source: None, encryption: None };
        let view = Views::new(&Arc::new(Config::default())).unwrap().of_listener(0).unwrap().clone();
        let (name, kind, zone) = (Name::root(), RecordType::SOA, Name::root());
        let aside = Aside { path, role: ServerRole::Found, zone, name, kind };
        WantedServer { aside, asked: Vec::new(), unanswered: true, view, at }
    }

    /// Creates `count` servers that stopped answering in the first seconds, and that a question needed at second 10.
    fn died(count: u16) -> (Servers, DeadServers) {
        let random = Random::seeded(1);
        let servers = Memory::new(Config::default().cache.size, &random).servers;
        let dead = DeadServers::default();
        for number in 0..count {
            for silence in 1..=u64::from(DEAD_AFTER_SILENCES) {
                servers.get(address(number)).silent(&Name::root(), at(silence), at(silence), &random);
            }
            dead.want(wanted(number, at(10)), true);
        }
        (servers, dead)
    }

    // The number of probes at a time is bounded.
    #[test]
    fn due_dead_servers_are_probed_stepwise() {
        let (servers, dead) = died(40);
        let random = Random::seeded(2);
        let tried = |at, places| dead.due(at, &servers, &random, places).servers.len();
        let early = [32, 0, 32].map(|places| tried(at(3), places));
        assert_eq!(early, [32, 0, 8], "each once as soon as it is dead");
        let due = dead.due(at(3), &servers, &random, 32);
        let first = due.next.unwrap();
        assert!(due.servers.is_empty() && first > at(3) && first <= at(3).after(FIRST_DEAD_TIME * 9 / 8));
        let later = [32, 0, 32, 32].map(|places| tried(at(20), places));
        assert_eq!(later, [32, 0, 8, 0], "and once when its time has come");
    }

    // A server may drop one type, so the probe asks for A, else for the SOA of the zone.
    #[test]
    fn probe_asks_for_another_type() {
        use RecordType::{A, MX, SOA};
        let [zone, host] = ["example.", "mx.example."].map(|name| Name::from_ascii(name).unwrap());
        let probe = |kind, keyed| {
            let path = wanted(0, at(0)).aside.path;
            let (aside, asked) = Aside::probe(path, ServerRole::Found, &zone, (&host, kind), keyed);
            ((aside.name, aside.kind), asked)
        };
        let (of_zone, of_host) = (|kind| (zone.clone(), kind), |kind| (host.clone(), kind));
        assert_eq!(probe(MX, false), (of_host(A), vec![of_host(MX)]));
        assert_eq!(probe(A, false), (of_zone(SOA), vec![of_host(A)]));
        assert_eq!(probe(MX, true), (of_zone(SOA), vec![of_zone(A)]));
        let mut newer = WantedServer { unanswered: false, ..wanted(0, at(1)) };
        newer.join(wanted(0, at(0)));
        assert!(newer.unanswered, "it did not answer the question before");
    }

    #[test]
    fn probe_is_due_at_its_time() {
        let (servers, dead) = died(1);
        let random = Random::seeded(2);
        let due = |now| dead.due(now, &servers, &random, 32);
        assert_eq!(due(at(3)).servers.len(), 1);
        let next = due(at(3)).next.unwrap();
        let before = due(Mono::from_micros(next.as_micros() - 1));
        assert_eq!((before.servers.len(), before.next), (0, Some(next)));
        assert_eq!(due(next).servers.len(), 1);
    }

    #[test]
    fn wanted_server_wakes_prober() {
        let dead = DeadServers::default();
        let wakes = |at_once| {
            dead.want(wanted(0, at(10)), at_once);
            dead.added.notified().now_or_never().is_some()
        };
        assert_eq!([wakes(false), wakes(false), wakes(true)], [true, false, true]);
    }

    #[test]
    fn wanted_zones_per_server_are_bounded() {
        let dead = DeadServers::default();
        for number in 0..=MAX_PROBED_ZONES {
            let mut one = wanted(0, at(u64::try_from(number).unwrap()));
            one.aside.zone = Name::from_ascii(format!("z{number}.")).unwrap();
            dead.want(one, false);
            assert_eq!(dead.wanted().len(), MAX_PROBED_ZONES.min(number + 1));
        }
        assert!(dead.wanted().keys().all(|(_, zone)| *zone != Name::from_ascii("z0.").unwrap()));
    }

    #[test]
    fn zones_of_dead_server_take_turns() {
        let (servers, dead) = died(1);
        let random = Random::seeded(2);
        let zones = [".", "a.", "b."].map(|zone| Name::from_ascii(zone).unwrap());
        for zone in &zones[1..] {
            let mut one = wanted(0, at(10));
            one.aside.zone = zone.clone();
            dead.want(one, false);
        }
        let mut probed = Vec::new();
        for minute in 1..=6 {
            let due = dead.due(at(60 * minute), &servers, &random, 32);
            probed.extend(due.servers.into_iter().map(|(_, one)| one.aside.zone));
            // Questions need the server again for each zone.
            for zone in &zones {
                let mut one = wanted(0, at(60 * minute));
                one.aside.zone = zone.clone();
                dead.want(one, false);
            }
        }
        assert_eq!(probed.len(), 12, "two at a time");
        for two in probed.chunks(2).collect::<Vec<_>>().windows(2) {
            assert!(zones.iter().all(|zone| two.concat().contains(zone)), "{two:?}");
        }
    }

    // A frequent question does not replace the types that other questions asked for.
    #[test]
    fn probe_types_take_turns() {
        let (servers, dead) = died(1);
        let random = Random::seeded(2);
        let want = |kind| {
            let one = wanted(0, at(10));
            dead.want(WantedServer { asked: vec![(Name::root(), kind)], ..one }, false);
        };
        for kind in [RecordType::MX, RecordType::A, RecordType::A] {
            want(kind);
        }
        let mut asked = Vec::new();
        for minute in 0..=4 {
            let due = dead.due(at(4 + 60 * minute), &servers, &random, 32);
            asked.extend(due.servers.into_iter().map(|(_, one)| one.aside.kind));
            want(RecordType::A);
        }
        let (a, mx, soa) = (RecordType::A, RecordType::MX, RecordType::SOA);
        assert_eq!(asked, [soa, mx, a, mx, a]);
    }

    #[test]
    fn recovered_or_unwanted_server_ends_probes() {
        let (servers, dead) = died(3);
        let random = Random::seeded(2);
        servers.get(address(0)).answered(&Name::root(), Duration::from_millis(1), at(11));
        dead.want(wanted(1, at(600)), false);
        let due = dead.due(at(10).after(DEAD_WANTED_TIME), &servers, &random, 32);
        let tried: Vec<SocketAddr> = due.servers.iter().map(|(_, one)| one.aside.path.server).collect();
        assert_eq!(tried, [address(1)]);
        servers.clear();
        assert!(dead.due(at(10_000), &servers, &random, 32).next.is_none());
        assert_eq!(dead.wanted().len(), 0);
    }

    #[test]
    fn longest_unwanted_server_is_dropped() {
        let dead = DeadServers::default();
        for number in 0..=u16::try_from(MAX_DEAD_SERVERS).unwrap() {
            dead.want(wanted(number, at(if number == 7 { 1 } else { 2 })), false);
        }
        assert_eq!(dead.wanted().len(), MAX_DEAD_SERVERS);
        assert!(!dead.wanted().contains_key(&(address(7), Name::root())));
    }

    #[test]
    fn newest_probed_zones_are_kept() {
        let dead = DeadServers::default();
        dead.want(wanted(1, at(1)), false);
        for number in 0..=MAX_PROBED_ZONES {
            let mut one = wanted(2, at(2 + u64::try_from(number).unwrap()));
            one.aside.zone = Name::from_ascii(format!("z{number}.")).unwrap();
            dead.want(one, false);
        }
        let zones: Vec<(SocketAddr, String)> =
            dead.wanted().keys().map(|(server, zone)| (*server, zone.to_string())).collect();
        assert_eq!(zones.len(), 1 + MAX_PROBED_ZONES);
        assert!(zones.contains(&(address(1), ".".to_owned())), "{zones:?}");
        assert!(!zones.contains(&(address(2), "z0.".to_owned())), "{zones:?}");
    }
}
