//! The data about each server: round trips, unanswered queries, support of EDNS, TCP and mixed case, and the zones for which it is lame.
//!
//! A server that is known to be silent (it answered neither several queries nor a probe) gets no queries of clients. Any other server is queried if
//! there is no better one.

use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;

use super::lameness::Lameness;
use super::losses::Losses;
use super::round_trips::{RoundTrips, timer_of};
pub use super::server_standing::{KnownServer, ServerStanding};
use super::silence::Silence;
use super::silent_zones::SilentZones;
use super::slow_zones::{Compared, SlowZones};
use super::store::{LookedUp, Store, fill};
use crate::limits::{
    CONFIRMED_DENIALS, FAILING_TIME, FINDS_CASE_TIME, FLIPS_CASE_TIME, HEDGE_BURST_PER_SERVER,
    HEDGES_PER_MILLE, MAX_TIMER, MEASURE_PAUSE, MEASURED_TIME, NO_EDNS_TIME, NO_TCP_TIME, OWN_CASE_ANSWERS,
    QUIET_QUERIES, SERVED_TIME, SHORT_TIME, SILENCES_OF_ANOTHER_ZONE, SURE_SILENCES, UNKNOWN_TIMER,
};
use dns::cached::StoreFill;
use dns::clock::Mono;
use dns::conduct::{Health, ServerFeatures};
use dns::hash::Keyed;
use dns::random::Random;

/// The memory of a server in octets, with its counts of round trips, the longest lists of lame, silent and slow zones, and the overhead of the table.
/// `tests/weights.rs` measures it.
const ENTRY: u32 = 3_680;

/// The table of servers, by address and port.
#[derive(Clone)]
pub struct Servers(Store<SocketAddr, Arc<Server>>);

impl Servers {
    pub(super) fn new(capacity: u64, keyed: Keyed) -> Self {
        // The last argument, the memory of an empty slot, is 0: all entries take the same memory, so a new entry always fits into the slot of an
        // evicted one.
        Self(Store::new(capacity, keyed, |_, _| ENTRY, 0))
    }

    /// Returns the server at `address`, which is added if it is new.
    pub fn get(&self, address: SocketAddr) -> Arc<Server> {
        self.0.get_with(&address, || Arc::new(Server::new(*self.0.keyed())))
    }

    /// Returns the server at `address`, if the table has it.
    pub fn known(&self, address: SocketAddr) -> Option<Arc<Server>> {
        self.0.get(&address)
    }

    /// Removes all servers, and returns their number.
    pub fn clear(&self) -> u64 {
        self.0.clear()
    }

    /// Returns the states of all servers: dead ones first, then those with the longest timer.
    pub fn list(&self, now: Mono) -> Vec<KnownServer> {
        let mut list: Vec<_> = self
            .0
            .entries(|_, _| true)
            .into_iter()
            .map(|(address, server)| server.known(address, now))
            .collect();
        list.sort_by_key(|known| (Reverse(known.health), Reverse(known.timer), known.address));
        list
    }

    /// Calls `see` with every server until `see` returns an error, and returns this error.
    pub(super) fn each<Error>(
        &self,
        mut see: impl FnMut(SocketAddr, &Server) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.each(|address, server, _| see(*address, server))
    }

    /// Restores the data of an earlier process about a server, unless this process already has data about it. Returns true if they were restored.
    pub(super) fn restore(&self, address: SocketAddr, history: ServerHistory) -> bool {
        let server = Server { history: Mutex::new(history), ..Server::new(*self.0.keyed()) };
        self.0.restore(address, Arc::new(server), false)
    }

    pub(super) fn fill(&self) -> StoreFill {
        fill("servers", &self.0)
    }
}

impl LookedUp<Self> for SocketAddr {
    fn hash(&self, keyed: &Keyed) -> u64 {
        keyed.hash_one(self)
    }

    fn is(&self, key: &Self) -> bool {
        self == key
    }
}

/// What resolverd knows about a server.
#[derive(Debug)]
pub struct Server {
    history: Mutex<ServerHistory>,
    /// The hash function for names of zones.
    keyed: Keyed,
    /// The number of queries that wait for a reply.
    waiting: AtomicU16,
    /// The zone of the first query to the server.
    zone: OnceLock<Box<Name>>,
}

/// A query that waits for a reply until this value is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a AtomicU16);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
pub(super) struct ServerHistory {
    /// `None` if no round trip was measured.
    pub(super) round_trips: Option<RoundTrips>,
    pub(super) slow_zones: SlowZones,
    /// Unanswered queries since the server's last answer for any zone.
    pub(super) silence: Silence,
    /// For each zone, unanswered queries since the server's last answer for this zone.
    pub(super) silent_zones: SilentZones,
    pub(super) losses: Losses,
    pub(super) asked: bool,
    /// Until this time, queries have no EDNS, because the server did not accept it.
    pub(super) plain_until: Option<Mono>,
    /// Until this time, queries are not in mixed case (0x20), because replies did not repeat the case, or the server did not find names in mixed
    /// case.
    pub(super) flips_case_until: Option<Mono>,
    /// Until this time, resolverd believes denials of names in mixed case (0x20). Set if the server has found such a name, or has denied
    /// `CONFIRMED_DENIALS` names again in the client's spelling. For a server of a DNS list, the first denial is enough.
    pub(super) finds_case_until: Option<Mono>,
    /// How often the server denied a name in mixed case (0x20), and then denied it again in the client's spelling. Set to 0 when it reaches
    /// `CONFIRMED_DENIALS`.
    pub(super) repeated_denials: u8,
    /// Until this time, UDP replies may have at most 512 octets, because longer ones did not arrive.
    pub(super) short_until: Option<Mono>,
    /// When a UDP reply of more than 512 octets last arrived.
    pub(super) long_heard: Option<Mono>,
    /// How often the server did not answer a query in mixed case (0x20), but answered it in the client's spelling; 0 after an answer in mixed case.
    pub(super) own_case_answers: u8,
    /// Until this time, TCP is used only if there is no other server, because this server did not accept it.
    pub(super) no_tcp_until: Option<Mono>,
    /// The recent hedges because this server was late, in thousandths of a hedge. A hedge is a second query, to another server. Each query to this
    /// server reduces the number. If the number is great, no further hedge is sent.
    pub(super) hedged: u32,
    /// When the last query was sent that only measures the round trip.
    pub(super) measured: Option<Mono>,
    pub(super) lame: Lameness,
    /// When the server last gave a usable answer, from any zone.
    pub(super) served: Option<Mono>,
}

impl ServerHistory {
    fn features(&self, now: Mono) -> ServerFeatures {
        let is_over = |until: Option<Mono>| until.is_none_or(|until| now >= until);
        ServerFeatures {
            edns: is_over(self.plain_until),
            keeps_case: is_over(self.flips_case_until),
            tcp: is_over(self.no_tcp_until),
            long_datagrams: is_over(self.short_until),
        }
    }

    /// Returns the smoothed round trip (of all zones except slow ones), the time after which another server is queried, and the time after which a
    /// reply counts as lost.
    fn timers(&self) -> (Option<Duration>, Duration, Duration) {
        self.round_trips.as_ref().map_or((None, UNKNOWN_TIMER, UNKNOWN_TIMER), |trips| {
            (Some(trips.smoothed()), trips.timer(), trips.patience())
        })
    }

    /// Returns the values of `timers`. If `zone` is a slow zone, they are computed from the round trip for this zone.
    fn timers_for(&self, zone: &Name, keyed: &Keyed) -> (Option<Duration>, Duration, Duration) {
        self.slow_zones.get(zone, keyed).map_or_else(
            || self.timers(),
            |slow| {
                let timer = timer_of(slow.smoothed);
                (Some(slow.smoothed), timer, timer.saturating_mul(2).min(MAX_TIMER))
            },
        )
    }

    /// Records a round trip for `zone`. If it is much longer than usual, it is recorded only for this zone.
    fn timed(&mut self, zone: &Name, round_trip: Duration, now: Mono, keyed: &Keyed) {
        match Compared::with_usual(round_trip, self.round_trips.as_ref().map(RoundTrips::smoothed)) {
            Compared::Slower if self.slow_zones.add(zone, round_trip, now, keyed) => {}
            // The earlier round trips came from slow zones, or the path to the server has changed, so measuring begins again.
            Compared::Slower | Compared::Faster => {
                self.slow_zones.end(zone, keyed);
                self.round_trips = Some(RoundTrips::new(round_trip));
            }
            Compared::Alike => {
                self.slow_zones.end(zone, keyed);
                self.add(round_trip, now);
            }
        }
    }

    fn add(&mut self, round_trip: Duration, now: Mono) {
        let is_out_of_date = is_out_of_date(self.silence.heard(), now);
        match &mut self.round_trips {
            Some(trips) if is_out_of_date => trips.add_after_pause(round_trip),
            Some(trips) => trips.add(round_trip),
            none => *none = Some(RoundTrips::new(round_trip)),
        }
    }

    /// Records an answer about `zone`. Returns true if the server counted as dead before.
    fn heard(&mut self, zone: &Name, now: Mono, keyed: &Keyed) -> bool {
        self.losses.answered();
        let (was_dead, before) = (self.silence.is_dead(), self.silence.heard());
        self.silence.end(now);
        self.silent_zones.end(zone, keyed);
        if was_dead {
            self.silent_zones.call_in_question(before);
        }
        was_dead
    }

    /// Returns true if the round trip for `zone` is unknown or out of date, and no query was sent a short time ago to measure a round trip. For a
    /// slow zone, only answers for this zone count.
    fn is_to_be_measured(&self, zone: &Name, now: Mono, keyed: &Keyed) -> bool {
        let slow = self.slow_zones.get(zone, keyed);
        let measured = slow.map_or_else(|| self.silence.heard(), |slow| Some(slow.measured));
        let is_known = self.round_trips.is_some() && !is_out_of_date(measured, now);
        !is_known && self.measured.is_none_or(|measured| now.since(measured) >= MEASURE_PAUSE)
    }
}

fn is_out_of_date(measured: Option<Mono>, now: Mono) -> bool {
    measured.is_none_or(|measured| now.since(measured) >= MEASURED_TIME)
}

impl Server {
    /// Creates a server that has had no query. `keyed` is the hash function for names of zones.
    pub fn new(keyed: Keyed) -> Self {
        Self { history: Mutex::default(), keyed, waiting: AtomicU16::default(), zone: OnceLock::new() }
    }

    /// Returns the state of the server for `zone`.
    pub fn standing(&self, zone: &Name, now: Mono) -> ServerStanding {
        let history = self.history();
        let (round_trip, timer, patience) = history.timers_for(zone, &self.keyed);
        let (of_server, of_zone) = (&history.silence, history.silent_zones.get(zone, &self.keyed));
        let known = of_server.known_since(now, round_trip);
        let too = of_zone.is_some_and(|silence| silence.count() >= SILENCES_OF_ANOTHER_ZONE);
        let known_for_zone = of_zone.and_then(|silence| silence.known_since(now, round_trip));
        let silent_since = known.filter(|_| too).or(known_for_zone);
        // The server may answer for other zones, and so work. So it counts as dead for one zone only after `SURE_SILENCES` unanswered
        // queries about that zone, more than it takes to count as dead for all zones. The first probe is sent after the same number of
        // unanswered queries in both cases.
        let is_sure = |silence: &&Silence| silence.count() >= SURE_SILENCES || known_for_zone.is_some();
        let dead_for_zone = of_zone.filter(is_sure).map(|silence| silence.health(now));
        let dead_for_zone = dead_for_zone.filter(|health| *health >= Health::Due);
        ServerStanding {
            round_trip,
            timer,
            patience,
            health: of_server.health(now).max(dead_for_zone.unwrap_or(Health::Answering)),
            silent_since,
            silent_elsewhere: of_zone.is_some_and(Silence::is_in_question)
                || known.is_some() && !too && of_server.count() >= SURE_SILENCES,
            lame: history.lame.holds(zone, now),
            served_lately: history.served.is_some_and(|served| now.since(served) < SERVED_TIME)
                && history.lame.left(zone, now) <= FAILING_TIME,
            loss: if self.is_quiet() && round_trip.is_some_and(|trip| trip < timer) {
                history.losses.percent()
            } else {
                0
            },
            features: history.features(now),
            finds_mixed_case: history.finds_case_until.is_some_and(|until| now < until),
            to_be_measured: history.is_to_be_measured(zone, now, &self.keyed),
        }
    }

    fn known(&self, address: SocketAddr, now: Mono) -> KnownServer {
        let history = self.history();
        let (round_trip, timer, _) = history.timers();
        KnownServer {
            address,
            asked: history.asked,
            round_trip,
            timer,
            health: history.silence.health(now),
            dead_for: history.silence.dead_for(now),
            silences: history.silence.count(),
            features: history.features(now),
            lame: history.lame.zones(now),
            zone: self.zone.get().map(|zone| (**zone).clone()),
        }
    }

    /// Records any message of the server to a query about `zone`. `round_trip` is the time since the query. Returns true if the server counted as
    /// dead before.
    pub fn answered(&self, zone: &Name, round_trip: Duration, now: Mono) -> bool {
        let mut history = self.history();
        history.timed(zone, round_trip, now, &self.keyed);
        history.heard(zone, now, &self.keyed)
    }

    /// Like `answered`, for a recursive server. Its round trips depend on the name and on its cache, so no zone counts as slow.
    pub(crate) fn answered_recursively(&self, zone: &Name, round_trip: Duration, now: Mono) -> bool {
        let mut history = self.history();
        history.add(round_trip, now);
        history.heard(zone, now, &self.keyed)
    }

    /// Records that the reply to a query sent at `sent` is late. For a while, other servers are queried before this one.
    pub fn overdue(&self, sent: Mono, now: Mono) {
        self.history().silence.overdue(sent, now);
    }

    /// Registers a query for `zone` that waits for a reply.
    pub(crate) fn wait(&self, zone: &Name) -> Waiting<'_> {
        self.zone.get_or_init(|| Box::new(zone.clone()));
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    /// Returns true if few queries wait for a reply. If many wait, the server may drop queries because of its limits, and more queries would increase
    /// the losses.
    fn is_quiet(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) <= QUIET_QUERIES
    }

    /// Records an unanswered query. It does not count as lost if the server is dead or has many queries in progress: other causes are then likely.
    pub(crate) fn lost(&self) {
        let mut history = self.history();
        if self.is_quiet() && !history.silence.is_dead() {
            history.losses.lost();
        }
    }

    /// Records that the reply to a query has arrived after the query was counted as lost.
    pub(crate) fn was_late(&self) {
        self.history().losses.was_late();
    }

    /// Returns true if a call of `silent` for a query sent at `sent` would change the data about the server.
    pub(crate) fn would_count(&self, zone: &Name, sent: Mono) -> bool {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed);
        history.silence.would_count(sent) || of_zone.is_none_or(|silence| silence.would_count(sent))
    }

    /// Counts a query about `zone` that was sent at `sent` and not answered. The caller must have seen an answer of another server since `sent`,
    /// which shows that the network of this host works. Queries in progress at the same time count as one. `random` spreads the times of the next
    /// probes.
    pub fn silent(&self, zone: &Name, sent: Mono, now: Mono, random: &Random) {
        let mut history = self.history();
        history.silence.add((sent, now), random);
        history.silent_zones.add(zone, (sent, now), random, &self.keyed);
    }

    /// Sets the number of unanswered queries for `zone` to at least `SILENCES_OF_ANOTHER_ZONE`, the first one sent at `sent`. The server did not
    /// answer for `zone`, and is known not to answer for another zone.
    pub(crate) fn did_not_answer(&self, zone: &Name, sent: Mono, now: Mono) {
        let mut history = self.history();
        if !history.silence.heard_since(sent) {
            history.silent_zones.add_some(zone, SILENCES_OF_ANOTHER_ZONE, (sent, now), &self.keyed);
        }
    }

    /// Returns the time of the next probe for `zone`; `None` if the server is dead neither as a whole nor for this zone.
    pub(crate) fn next_try(&self, zone: &Name) -> Option<Mono> {
        let history = self.history();
        history.silence.next_try().or_else(|| history.silent_zones.get(zone, &self.keyed)?.next_try())
    }

    /// Records that a question for `zone` has failed because of this dead server. The next probe is then sent at most `MAX_WANTED_DEAD_TIME` after
    /// the last one, and immediately if that began at least `LEAST_PROBE_PAUSE` ago. Returns true if the next probe becomes earlier.
    pub(crate) fn hasten_probe(&self, zone: &Name, now: Mono) -> bool {
        let mut history = self.history();
        let of_zone =
            history.silent_zones.get_mut(zone, &self.keyed).is_some_and(|silence| silence.hasten(now));
        history.silence.hasten(now) || of_zone
    }

    /// Returns when the last probe began; `None` if the server is dead neither as a whole nor for `zone`.
    pub(crate) fn last_probe(&self, zone: &Name) -> Option<Mono> {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed).and_then(Silence::tried_at);
        history.silence.tried_at().max(of_zone)
    }

    /// Returns true if the server is dead as a whole or for `zone`, and its next probe is due. The caller must then send this probe. Further calls
    /// return false until the next probe is due. The pause between probes becomes approximately twice as long each time.
    pub fn probe(&self, zone: &Name, now: Mono, random: &Random) -> bool {
        let mut history = self.history();
        let is_dead = history.silence.is_dead();
        if is_dead && !history.silence.try_now(now, random) {
            return false;
        }
        let of_zone = history.silent_zones.get_mut(zone, &self.keyed);
        of_zone.is_some_and(|silence| silence.try_now(now, random)) || is_dead
    }

    /// Called when a probe of the server for another zone than `zone` is sent. Returns true if the server is dead for all zones: then the caller must
    /// send a second probe, for `zone`.
    pub(crate) fn probe_also(&self, zone: &Name, now: Mono, random: &Random) -> bool {
        let mut history = self.history();
        let is_dead = history.silence.is_dead();
        if is_dead && let Some(silence) = history.silent_zones.get_mut(zone, &self.keyed) {
            silence.try_now(now, random);
        }
        is_dead
    }

    /// Returns true if a probe of the dead server is on its way and its result is not known yet.
    pub(crate) fn is_being_probed(&self, zone: &Name) -> bool {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed);
        history.silence.is_being_tried() || of_zone.is_some_and(Silence::is_being_tried)
    }

    /// Records that a probe sent at `sent` was not answered, although other servers have answered since.
    pub(crate) fn probed_in_vain(&self, zone: &Name, sent: Mono) {
        let mut history = self.history();
        history.silence.tried_in_vain(sent);
        if let Some(silence) = history.silent_zones.get_mut(zone, &self.keyed) {
            silence.tried_in_vain(sent);
        }
    }

    /// Marks the server as lame for `zone` for `time`.
    pub fn mark_lame(&self, zone: &Name, time: Duration, now: Mono) {
        self.history().lame.add(zone, now.after(time), now);
    }

    /// Ends that the server counts as lame for `zone`, because the zone has been repaired at another server.
    pub(crate) fn forgive_lame(&self, zone: &Name) {
        self.history().lame.end(zone);
    }

    /// Records that the server has given a usable answer from `zone`, so that it is not lame for the zone.
    pub fn serves(&self, zone: &Name, now: Mono) {
        let mut history = self.history();
        history.lame.end(zone);
        history.served = Some(now);
    }

    /// Records a query to the server. After enough queries, the next hedge (a second query, to another server, if this one is late) is permitted.
    pub(crate) fn earn_hedge(&self) {
        let mut history = self.history();
        history.asked = true;
        history.hedged = history.hedged.saturating_sub(HEDGES_PER_MILLE);
    }

    /// Returns true if a hedge may be sent now; false if this server caused too many hedges recently.
    pub(crate) fn take_hedge(&self) -> bool {
        let mut history = self.history();
        let hedged = history.hedged.saturating_add(1_000);
        let may = hedged <= HEDGE_BURST_PER_SERVER.saturating_mul(1_000);
        if may {
            history.hedged = hedged;
        }
        may
    }

    /// Returns true if the caller must send a query that only measures the round trip for `zone`.
    pub(crate) fn begin_measurement(&self, zone: &Name, now: Mono) -> bool {
        let mut history = self.history();
        let begins = history.is_to_be_measured(zone, now, &self.keyed);
        if begins {
            history.measured = Some(now);
        }
        begins
    }

    pub(crate) fn takes_no_edns(&self, now: Mono) {
        self.history().plain_until = Some(now.after(NO_EDNS_TIME));
    }

    /// Records that the server does not repeat the case of a name, or does not find names in mixed case.
    pub(crate) fn flips_case(&self, now: Mono) {
        self.history().flips_case_until = Some(now.after(FLIPS_CASE_TIME));
    }

    /// Records an answer in the client's spelling, after the server had not answered the same query in mixed case (0x20).
    pub(crate) fn answers_own_case(&self, now: Mono) {
        let mut history = self.history();
        history.own_case_answers = history.own_case_answers.saturating_add(1);
        let is_proven = history.own_case_answers >= OWN_CASE_ANSWERS;
        drop(history);
        if is_proven {
            self.flips_case(now);
        }
    }

    pub(crate) fn answers_mixed_case(&self) {
        self.history().own_case_answers = 0;
    }

    /// The server has found a name in mixed case (0x20), so resolverd believes its denials of such names for a day. For a server of a DNS list,
    /// this is called after its first denial too: the client of a list does not wait until the query is repeated in the client's spelling.
    pub(crate) fn finds_mixed_case(&self, now: Mono) {
        self.history().finds_case_until = Some(now.after(FINDS_CASE_TIME));
    }

    /// Called when the server has denied a name in mixed case (0x20), and then again in the client's spelling. After `CONFIRMED_DENIALS` such names,
    /// resolverd believes the server's denials for a day.
    pub(crate) fn repeats_denial(&self, now: Mono) {
        let mut history = self.history();
        history.repeated_denials = history.repeated_denials.saturating_add(1);
        if history.repeated_denials >= CONFIRMED_DENIALS {
            (history.repeated_denials, history.finds_case_until) = (0, Some(now.after(FINDS_CASE_TIME)));
        }
    }

    /// Records that UDP replies of more than 512 octets seem to be lost. Changes nothing if such a reply has arrived recently.
    pub(crate) fn loses_long_datagrams(&self, now: Mono) {
        let mut history = self.history();
        if history.long_heard.is_none_or(|heard| now.since(heard) >= SHORT_TIME) {
            history.short_until = Some(now.after(SHORT_TIME));
        }
    }

    /// Records that a UDP reply of more than 512 octets has arrived, so that queries permit such replies again.
    pub(crate) fn sends_long_datagrams(&self, now: Mono) {
        let mut history = self.history();
        (history.short_until, history.long_heard) = (None, Some(now));
    }

    /// Called when a truncated answer cannot be fetched over TCP. UDP replies of more than 512 octets are then requested again.
    pub(crate) fn needs_long_datagrams(&self) {
        self.history().short_until = None;
    }

    /// Records that the server refuses TCP, or does not answer over TCP.
    pub(crate) fn takes_no_tcp(&self, now: Mono) {
        self.history().no_tcp_until = Some(now.after(NO_TCP_TIME));
    }

    pub(crate) fn takes_tcp(&self) {
        self.history().no_tcp_until = None;
    }

    pub(super) fn history(&self) -> MutexGuard<'_, ServerHistory> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "servers_tests.rs"]
mod tests;
