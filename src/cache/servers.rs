//! What is known of each server: round trips, silence, EDNS, the zones it is lame for.
//!
//! May call: `clock`, `limits`. Round trips are smoothed as in RFC 6298 section 2. Nothing here keeps a server from
//! being asked when there is no better one: an outage of our own network must not mark the world dead.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use moka::policy::EvictionPolicy;
use serde::{Deserialize, Serialize};

use super::{Keyed, StoreFill};
use crate::clock::Mono;
use crate::limits::{
    DEAD_AFTER_SILENCES, DOUBT_TIME, FIRST_DEAD_TIME, MAX_DEAD_TIME, MAX_LAME_ZONES, MAX_TIMER, MIN_TIMER,
    NO_EDNS_TIME, UNKNOWN_TIMER,
};

/// Octets of an entry: the state, up to four lame zones, and the table's bookkeeping. `cargo bench --bench memory` has
/// 850 to 862, rounded up.
const ENTRY: u32 = 896;

/// Servers by address.
#[derive(Clone)]
pub struct Servers(moka::sync::Cache<SocketAddr, Arc<Server>, Keyed>);

impl Servers {
    pub(super) fn new(capacity: u64, keyed: Keyed) -> Self {
        let store = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|_: &SocketAddr, _: &Arc<Server>| ENTRY)
            .build_with_hasher(keyed);
        Self(store)
    }

    /// The server at `address`, known or new.
    pub fn get(&self, address: SocketAddr) -> Arc<Server> {
        self.0.get_with(address, Arc::default)
    }

    /// Forgets all servers; gives their number.
    pub fn clear(&self) -> u64 {
        self.0.run_pending_tasks();
        let entries = self.0.entry_count();
        self.0.invalidate_all();
        entries
    }

    /// All that is known of all servers, the slowest first; reading it changes nothing.
    pub fn list(&self, now: Mono) -> Vec<KnownServer> {
        let mut list: Vec<_> = self.0.iter().map(|(address, server)| server.known(*address, now)).collect();
        list.sort_by_key(|known| (Reverse(known.health), Reverse(known.timer), known.address));
        list
    }

    pub(super) fn fill(&self) -> StoreFill {
        self.0.run_pending_tasks();
        StoreFill {
            store: "servers",
            entries: self.0.entry_count(),
            bytes: self.0.weighted_size(),
            capacity: self.0.policy().max_capacity().unwrap_or(0),
        }
    }
}

/// One server.
#[derive(Debug, Default)]
pub struct Server(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Smoothed round trip and its variation; none before the first.
    round_trip: Option<(Duration, Duration)>,
    /// Messages in a row that it has let pass, and until when that makes it doubtful.
    silences: u32,
    doubtful_until: Mono,
    /// While it is dead: until when, and for how long that was.
    dead: Option<(Mono, Duration)>,
    /// Until when it is asked without EDNS.
    plain_until: Option<Mono>,
    /// Zones it does not serve though it should, and until when that is believed.
    lame: Vec<(Name, Mono)>,
}

impl State {
    fn health(&self, now: Mono) -> Health {
        match self.dead {
            Some((until, _)) if now < until => Health::Dead,
            Some(_) => Health::Due,
            None if now < self.doubtful_until => Health::Doubtful,
            None => Health::Answering,
        }
    }
}

/// How a server stands for a zone, at a moment: what the choice among servers needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Smoothed round trip, where it ever answered.
    pub round_trip: Option<Duration>,
    /// How long to wait for it before another is asked.
    pub timer: Duration,
    /// Whether it answers, as far as we know.
    pub health: Health,
    /// Whether it is known not to serve the zone.
    pub lame: bool,
    /// Whether it takes EDNS, as far as we know.
    pub edns: bool,
}

/// All that is known of a server, at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServer {
    /// Its address and port.
    pub address: SocketAddr,
    /// Smoothed round trip, where it ever answered.
    pub round_trip: Option<Duration>,
    /// How long it is waited for before another is asked.
    pub timer: Duration,
    /// Whether it answers, as far as we know.
    pub health: Health,
    /// How long it is left alone yet, where it is dead.
    pub dead_for: Option<Duration>,
    /// Messages in a row that it has let pass.
    pub silences: u32,
    /// Whether it takes EDNS, as far as we know.
    pub edns: bool,
    /// Zones it does not serve though it should.
    pub lame: Vec<Name>,
}

/// Whether a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does, or was never asked.
    Answering,
    /// It let the last message pass a moment ago, perhaps lost on the way.
    Doubtful,
    /// It has been dead, and may be tried again beside another.
    Due,
    /// It is dead.
    Dead,
}

impl Server {
    /// How it stands for `zone`.
    pub fn standing(&self, zone: &Name, now: Mono) -> Standing {
        let state = self.state();
        Standing {
            round_trip: state.round_trip.map(|(smoothed, _)| smoothed),
            timer: timer(state.round_trip),
            health: state.health(now),
            lame: state.lame.iter().any(|(lame, until)| lame == zone && now < *until),
            edns: state.plain_until.is_none_or(|until| now >= until),
        }
    }

    fn known(&self, address: SocketAddr, now: Mono) -> KnownServer {
        let state = self.state();
        let lame = state.lame.iter().filter(|(_, until)| now < *until);
        KnownServer {
            address,
            round_trip: state.round_trip.map(|(smoothed, _)| smoothed),
            timer: timer(state.round_trip),
            health: state.health(now),
            dead_for: state.dead.filter(|(until, _)| now < *until).map(|(until, _)| until.since(now)),
            silences: state.silences,
            edns: state.plain_until.is_none_or(|until| now >= until),
            lame: lame.map(|(zone, _)| zone.clone()).collect(),
        }
    }

    /// It answered after `round_trip`, with whatever.
    pub fn answered(&self, round_trip: Duration) {
        let mut state = self.state();
        state.round_trip = Some(smooth(state.round_trip, round_trip));
        state.silences = 0;
        state.doubtful_until = Mono::START;
        state.dead = None;
    }

    /// It has not answered in time. While it is dead, further silence changes nothing.
    pub fn silent(&self, now: Mono) {
        let mut state = self.state();
        state.silences = state.silences.saturating_add(1);
        state.doubtful_until = now.after(DOUBT_TIME.saturating_mul(state.silences));
        let span = match state.dead {
            Some((until, _)) if now < until => return,
            Some((_, span)) => span.saturating_mul(2).min(MAX_DEAD_TIME),
            None => FIRST_DEAD_TIME,
        };
        if state.silences >= DEAD_AFTER_SILENCES {
            state.dead = Some((now.after(span), span));
        }
    }

    /// It is tried again though dead: nobody else shall until this try has had its time.
    pub fn probing(&self, now: Mono) {
        let mut state = self.state();
        if let Some((_, span)) = state.dead {
            state.dead = Some((now.after(span), span));
        }
    }

    /// It does not serve `zone` though it should; believed for `time`.
    pub fn is_lame(&self, zone: &Name, time: Duration, now: Mono) {
        let mut state = self.state();
        state.lame.retain(|(lame, until)| lame != zone && now < *until);
        if state.lame.len() < MAX_LAME_ZONES {
            state.lame.push((zone.clone(), now.after(time)));
        }
    }

    /// It does not take EDNS.
    pub fn takes_no_edns(&self, now: Mono) {
        self.state().plain_until = Some(now.after(NO_EDNS_TIME));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 6298 section 2: the variation first, then the smoothed value.
fn smooth(last: Option<(Duration, Duration)>, sample: Duration) -> (Duration, Duration) {
    match last {
        None => (sample, sample / 2),
        Some((smoothed, variation)) => {
            let off = smoothed.abs_diff(sample);
            ((smoothed * 7 + sample) / 8, (variation * 3 + off) / 4)
        }
    }
}

/// How long to wait for a server with these round trips before another is asked: a quarter over the usual and 10 ms,
/// or twice its variation where that is more; long enough for a local one, short enough to be gone before a person
/// looks up.
fn timer(round_trip: Option<(Duration, Duration)>) -> Duration {
    round_trip.map_or(UNKNOWN_TIMER, |(smoothed, variation)| {
        let usual = smoothed + smoothed / 4 + Duration::from_millis(10);
        usual.max(smoothed + variation * 2).clamp(MIN_TIMER, MAX_TIMER)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::LAME_TIME;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_timer_follows_the_servers_own_round_trips() {
        let server = Server::default();
        let root = Name::root();
        assert_eq!(server.standing(&root, Mono::START).timer, UNKNOWN_TIMER);
        for _ in 0..50 {
            server.answered(80 * MS);
        }
        let standing = server.standing(&root, Mono::START);
        assert_eq!(standing.round_trip, Some(80 * MS));
        assert!(standing.timer >= 110 * MS && standing.timer < 112 * MS, "{:?}", standing.timer);
        let near = Server::default();
        near.answered(MS);
        assert_eq!(near.standing(&root, Mono::START).timer, MIN_TIMER);
    }

    #[test]
    fn silence_makes_a_server_doubtful_then_dead_then_due_and_an_answer_revives_it() {
        let server = Server::default();
        let root = Name::root();
        let health = |now| server.standing(&root, now).health;
        server.silent(Mono::START);
        assert_eq!(health(Mono::START), Health::Doubtful);
        for _ in 1..DEAD_AFTER_SILENCES {
            server.silent(Mono::START);
        }
        assert_eq!(health(Mono::START), Health::Dead);
        let due = Mono::START.after(FIRST_DEAD_TIME);
        assert_eq!(health(due), Health::Due);
        server.probing(due);
        assert_eq!(health(due), Health::Dead);
        server.answered(MS);
        assert_eq!(health(due), Health::Answering);
    }

    #[test]
    fn the_list_tells_the_slowest_first() {
        let servers = Servers::new(1 << 20, Keyed::new(&crate::random::Random::seeded(1)));
        let address = |last: u8| SocketAddr::from(([192, 0, 2, last], 53));
        for (last, round_trip) in [(1, 10), (2, 90), (3, 20)] {
            servers.get(address(last)).answered(round_trip * MS);
        }
        for _ in 0..DEAD_AFTER_SILENCES {
            servers.get(address(3)).silent(Mono::START);
        }
        servers.get(address(1)).is_lame(&Name::root(), LAME_TIME, Mono::START);
        servers.get(address(1)).takes_no_edns(Mono::START);
        let list = servers.list(Mono::START);
        assert_eq!(list.iter().map(|known| known.address).collect::<Vec<_>>(), [3, 2, 1].map(address));
        let [dead, _, fast] = list.as_slice() else { panic!("{list:?}") };
        assert_eq!((dead.health, dead.dead_for, dead.silences), (Health::Dead, Some(FIRST_DEAD_TIME), 3));
        assert_eq!((fast.edns, fast.lame.len(), fast.round_trip), (false, 1, Some(10 * MS)));
        let later = servers.list(Mono::START.after(LAME_TIME + NO_EDNS_TIME));
        assert!(later.iter().all(|known| known.edns && known.lame.is_empty() && known.dead_for.is_none()));
    }

    #[test]
    fn lameness_is_by_zone_and_ends() {
        let server = Server::default();
        let (one, other) = (Name::from_ascii("one.").unwrap(), Name::from_ascii("other.").unwrap());
        server.is_lame(&one, LAME_TIME, Mono::START);
        assert!(server.standing(&one, Mono::START).lame);
        assert!(!server.standing(&other, Mono::START).lame);
        assert!(!server.standing(&one, Mono::START.after(LAME_TIME)).lame);
    }
}
