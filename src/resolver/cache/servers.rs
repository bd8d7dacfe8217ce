//! What is known about each server: its round trips, its unanswered queries, its support of EDNS, TCP and mixed case,
//! and the zones for which it is lame.
//!
//! A server that is known to be silent (it did not answer several queries, and later a probe) is not asked. Any other server is asked if there is
//! no better one.

use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
use serde::{Deserialize, Serialize};

use super::losses::Losses;
use super::round_trips::{RoundTrips, timer_of};
pub use super::silence::Health;
use super::silence::Silence;
use super::silent_zones::SilentZones;
use super::slow_zones::{Compared, SlowZones};
use super::store::{LookedUp, Store, StoreFill, fill};
use crate::limits::{
    CONFIRMED_DENIALS, FINDS_CASE_TIME, FLIPS_CASE_TIME, HEDGE_BURST_PER_SERVER, HEDGES_PER_MILLE,
    MAX_LAME_OCTETS, MAX_LAME_ZONES, MAX_TIMER, MEASURE_PAUSE, MEASURED_TIME, NO_EDNS_TIME, NO_TCP_TIME,
    OWN_CASE_ANSWERS, QUIET_QUERIES, SHORT_TIME, SILENCES_OF_ANOTHER_ZONE, SURE_SILENCES, UNKNOWN_TIMER,
};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::wire_name;
use dns::random::Random;

/// The memory that a server takes in the table, in octets: its data with the counts of round trips, the largest possible lists of lame, silent and
/// slow zones, and the overhead of the table. `tests/weights.rs` measures it.
const ENTRY: u32 = 3_680;

/// The features of a server. Each is true until the server has shown that it lacks the feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerFeatures {
    /// True if the server accepts queries with EDNS (RFC 6891).
    pub edns: bool,
    /// True if the server repeats the name of the question in the same mixture of upper and lower case (0x20).
    pub keeps_case: bool,
    /// True if the server accepts queries over TCP.
    pub tcp: bool,
    /// True if replies of more than 512 octets arrive from the server over UDP.
    pub long_datagrams: bool,
}

impl ServerFeatures {
    /// All features, for a server that has not shown that it lacks one.
    pub const ALL: Self = Self { edns: true, keeps_case: true, tcp: true, long_datagrams: true };
}

/// The table of servers, by the address and port of each server.
#[derive(Clone)]
pub struct Servers(Store<SocketAddr, Arc<Server>>);

impl Servers {
    pub(super) fn new(capacity: u64, keyed: Keyed) -> Self {
        // All entries about servers take the same memory, so a new entry always uses the slot of an evicted entry. Empty slots therefore do not
        // count towards the limit.
        Self(Store::new(capacity, keyed, |_, _| ENTRY, 0))
    }

    /// Returns the server at `address`. If the table has no entry for it, a new entry is stored.
    pub fn get(&self, address: SocketAddr) -> Arc<Server> {
        self.0.get_with(&address, || Arc::new(Server::new(*self.0.keyed())))
    }

    /// Returns the server at `address`, or `None` if the table has no entry for it.
    pub fn known(&self, address: SocketAddr) -> Option<Arc<Server>> {
        self.0.get(&address)
    }

    /// Removes the data about all servers, and returns how many servers there were.
    pub fn clear(&self) -> u64 {
        self.0.clear()
    }

    /// Returns the states of all servers, the slowest first. Does not change any state.
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

    /// Calls `see` with every server, until `see` returns an error. Returns this error.
    pub(super) fn each<Error>(
        &self,
        mut see: impl FnMut(SocketAddr, &Server) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.each(|address, server, _| see(*address, server))
    }

    /// Stores the data about a server from an earlier process of resolverd, unless this process already has data about the server.
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

/// What resolverd knows about one server, in the cache.
#[derive(Debug)]
pub struct Server {
    history: Mutex<ServerHistory>,
    /// The keyed hash function for the names of zones.
    keyed: Keyed,
    /// How many queries wait for a reply of the server.
    waiting: AtomicU16,
}

/// A query that waits for a reply of its server, until this value is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a AtomicU16);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
pub(super) struct ServerHistory {
    /// The round trips of the server, or `None` if none was measured yet.
    pub(super) round_trips: Option<RoundTrips>,
    /// The zones for which the server takes much longer than for its other zones.
    pub(super) slow_zones: SlowZones,
    /// The queries that the server has not answered since its last answer for any zone.
    pub(super) silence: Silence,
    /// For each zone, the queries that the server has not answered since its last answer for this zone.
    pub(super) silent_zones: SilentZones,
    /// How many of the queries to this server were lost.
    pub(super) losses: Losses,
    /// True if a query was ever sent to the server.
    pub(super) asked: bool,
    /// The time until which the server is asked without EDNS, because it did not accept EDNS.
    pub(super) plain_until: Option<Mono>,
    /// The time until which queries are sent to the server without mixed case (0x20), because its replies did not repeat the case of the name, or
    /// because it did not find names in mixed case.
    pub(super) flips_case_until: Option<Mono>,
    /// The time until which resolverd believes the server when it denies a name in mixed case (0x20), because the server has found such a name.
    pub(super) finds_case_until: Option<Mono>,
    /// How often the server denied a name in mixed case (0x20) and denied it again when it was asked in the client's spelling. The number is set to
    /// 0 when it is large enough for the server's denials to be believed.
    pub(super) repeated_denials: u8,
    /// The time until which the server is asked for replies of at most 512 octets over UDP, because longer ones did not arrive.
    pub(super) short_until: Option<Mono>,
    /// The time at which a reply of more than 512 octets last arrived over UDP.
    pub(super) long_heard: Option<Mono>,
    /// How often the server answered a query in the client's spelling after it had not answered the same query in mixed case (0x20). The number is
    /// set to 0 when the server answers a query in mixed case.
    pub(super) own_case_answers: u8,
    /// The time until which the server is asked over TCP only if no other server can be asked, because it did not accept TCP.
    pub(super) no_tcp_until: Option<Mono>,
    /// The number of hedges of this server, in thousandths. A hedge is a second query, which is sent to another server because this server is late.
    /// Each query to this server reduces the number, and a great number prevents further hedges.
    pub(super) hedged: u32,
    /// The time at which a query that only measures the round trip was last sent to the server.
    pub(super) measured: Option<Mono>,
    pub(super) lame: Lameness,
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

    /// Returns three times: the smoothed round trip over all zones except slow ones; the time after which another server is asked; and the time
    /// after which an answer counts as lost.
    fn timers(&self) -> (Option<Duration>, Duration, Duration) {
        self.round_trips.as_ref().map_or((None, UNKNOWN_TIMER, UNKNOWN_TIMER), |trips| {
            (Some(trips.smoothed()), trips.timer(), trips.patience())
        })
    }

    /// Returns what `timers` returns, for queries about `zone`: if the server is slow for this zone, the round trip of the zone is used.
    fn timers_for(&self, zone: &Name, keyed: &Keyed) -> (Option<Duration>, Duration, Duration) {
        self.slow_zones.get(zone, keyed).map_or_else(
            || self.timers(),
            |slow| {
                let timer = timer_of(slow.smoothed);
                (Some(slow.smoothed), timer, timer.saturating_mul(2).min(MAX_TIMER))
            },
        )
    }

    /// Records the round trip of an answer about `zone`. If it is much longer than usual for the server, it is recorded only for this zone.
    fn timed(&mut self, zone: &Name, round_trip: Duration, now: Mono, keyed: &Keyed) {
        match Compared::with_usual(round_trip, self.round_trips.as_ref().map(RoundTrips::smoothed)) {
            Compared::Slower if self.slow_zones.add(zone, round_trip, now, keyed) => {}
            // Either the earlier round trips came from slow zones, or the path to the server has changed. Therefore the old round trips are
            // discarded, and measuring starts again with this one.
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

    /// Records that an answer of the server about `zone` has arrived. Returns true if the server counted as dead before it.
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

    /// Returns true if the server's round trip for `zone` is unknown or out of date, and was not measured a short time ago. For a slow zone, only
    /// answers for this zone count, because answers for other zones do not show whether the zone is still slow.
    fn is_to_be_measured(&self, zone: &Name, now: Mono, keyed: &Keyed) -> bool {
        let slow = self.slow_zones.get(zone, keyed);
        let measured = slow.map_or_else(|| self.silence.heard(), |slow| Some(slow.measured));
        let is_known = self.round_trips.is_some() && !is_out_of_date(measured, now);
        !is_known && self.measured.is_none_or(|measured| now.since(measured) >= MEASURE_PAUSE)
    }
}

/// Returns true if a round trip that was measured at the time `measured` is so old that it may have changed.
fn is_out_of_date(measured: Option<Mono>, now: Mono) -> bool {
    measured.is_none_or(|measured| now.since(measured) >= MEASURED_TIME)
}

/// The state of a server for a zone at a given time. The servers of a zone are chosen by this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerStanding {
    /// The smoothed round trip of the server, if it has ever answered. For a slow zone, it is the round trip of this zone, otherwise that of all
    /// other zones.
    pub round_trip: Option<Duration>,
    /// The time to wait for the server's answer before another server is asked in addition.
    pub timer: Duration,
    /// The time after which an answer of the server counts as lost. It is never shorter than `timer`.
    pub patience: Duration,
    /// The health of the server when it is asked about the zone.
    pub health: Health,
    /// The time since which the server is known to be silent for the zone, or `None` if it is not. A silent server gets only probes in the
    /// background, and no question waits for it. A server may be silent for one zone and answer for others.
    pub(crate) silent_since: Option<Mono>,
    /// True if the server is certainly silent for other zones, and it is unknown whether it is silent for this zone: it was not yet asked for this
    /// zone, or it was silent in an outage that has ended. A question then waits only a short time for it.
    pub(crate) silent_elsewhere: bool,
    /// True if the server is known not to serve the zone (lame).
    pub lame: bool,
    /// The share of the queries to the server that are lost, in per cent. The share is 0 if it is unknown, or if many queries wait for the server.
    /// It is also 0 if the server needs longer than `MAX_TIMER` for an answer: a late answer is then probably not lost.
    pub loss: u8,
    /// The features of the server, such as EDNS and TCP.
    pub features: ServerFeatures,
    /// True if the server is known to find names in mixed case (0x20). resolverd then believes its denials of such names.
    pub(crate) finds_mixed_case: bool,
    /// True if the server's round trip for the zone should be measured: it is unknown or out of date, and was not
    /// measured a short time ago.
    pub(crate) to_be_measured: bool,
}

/// What is known about a server at a given time, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownServer {
    /// The address and port of the server.
    pub address: SocketAddr,
    /// True if a query was ever sent to the server. False if resolverd only considered the server and chose another one.
    pub asked: bool,
    /// The smoothed round trip, or `None` if the server has never answered.
    pub round_trip: Option<Duration>,
    /// The time to wait for a reply of the server before another server is asked.
    pub timer: Duration,
    /// The health of the server: answering, doubtful or dead.
    pub health: Health,
    /// The time until a dead server gets the next query. `None` if the server is not dead.
    pub dead_for: Option<Duration>,
    /// The number of consecutive silences. A silence is an unanswered query; several unanswered queries that were in progress at the same time count
    /// as one.
    pub silences: u32,
    /// The features of the server, such as EDNS and TCP.
    pub features: ServerFeatures,
    /// The zones that the server does not serve although it should.
    pub lame: Vec<Name>,
}

impl Server {
    /// Creates the data about a server that was never asked. `keyed` is the hash function for the names of zones.
    pub fn new(keyed: Keyed) -> Self {
        Self { history: Mutex::default(), keyed, waiting: AtomicU16::default() }
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
        // For a single zone, more unanswered queries are needed before the server counts as dead than for the whole server: its answers for other
        // zones show that the server works. The first probe is sent after the same number of unanswered queries in both cases.
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
        }
    }

    /// Records that any DNS message of the server has arrived for a question about `zone`. `round_trip` is the time since the query was sent.
    /// Returns true if the server counted as dead before this message.
    pub fn answered(&self, zone: &Name, round_trip: Duration, now: Mono) -> bool {
        let mut history = self.history();
        history.timed(zone, round_trip, now, &self.keyed);
        history.heard(zone, now, &self.keyed)
    }

    /// Records an answer, like `answered`, but of a recursive server. The round trip of such a server depends on the name and on the server's
    /// cache, so no zone is recorded as slow.
    pub(crate) fn answered_recursively(&self, zone: &Name, round_trip: Duration, now: Mono) -> bool {
        let mut history = self.history();
        history.add(round_trip, now);
        history.heard(zone, now, &self.keyed)
    }

    /// Records that the answer to a query sent at `sent` is late. For a while, other servers are asked before this one.
    pub fn overdue(&self, sent: Mono, now: Mono) {
        self.history().silence.overdue(sent, now);
    }

    /// Counts a query that waits for a reply of the server.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(&self.waiting)
    }

    /// Returns true if only few queries wait for the server. If many queries wait, the server may drop
    /// queries because of its own limits, and more queries would increase the losses.
    fn is_quiet(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) <= QUIET_QUERIES
    }

    /// Records that a query was not answered in its time. It is not counted as lost if the server is dead or has many queries in progress: other
    /// causes than a loss are then likely.
    pub(crate) fn lost(&self) {
        let mut history = self.history();
        if self.is_quiet() && !history.silence.is_dead() {
            history.losses.lost();
        }
    }

    /// Records that the answer to a query that counted as lost has arrived after all.
    pub(crate) fn was_late(&self) {
        self.history().losses.was_late();
    }

    /// Returns true if the function `silent`, called for a query about `zone` sent at `sent`, would change the data about the server.
    pub(crate) fn would_count(&self, zone: &Name, sent: Mono) -> bool {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed);
        history.silence.would_count(sent) || of_zone.is_none_or(|silence| silence.would_count(sent))
    }

    /// Records that a query about `zone` sent at `sent` counts as lost. The caller makes sure that other servers have answered since, which shows
    /// that the network of this host works. Queries that were in progress at the same time count as one silence. `random` spreads the times of the
    /// next probes.
    pub fn silent(&self, zone: &Name, sent: Mono, now: Mono, random: &Random) {
        let mut history = self.history();
        history.silence.add((sent, now), random);
        history.silent_zones.add(zone, (sent, now), random, &self.keyed);
    }

    /// Sets the number of silences (unanswered queries) for `zone` to at least `SILENCES_OF_ANOTHER_ZONE`. The first of these queries was sent at
    /// `sent`. The caller does this for a server that did not answer for `zone` and is known to be silent for another zone.
    pub(crate) fn did_not_answer(&self, zone: &Name, sent: Mono, now: Mono) {
        let mut history = self.history();
        if !history.silence.heard_since(sent) {
            history.silent_zones.add_some(zone, SILENCES_OF_ANOTHER_ZONE, (sent, now), &self.keyed);
        }
    }

    /// Returns the time of the next probe of the server with a question for `zone`. Returns `None` if the server is dead
    /// neither as a whole nor for this zone.
    pub(crate) fn next_try(&self, zone: &Name) -> Option<Mono> {
        let history = self.history();
        history.silence.next_try().or_else(|| history.silent_zones.get(zone, &self.keyed)?.next_try())
    }

    /// Records that a question for `zone` has failed because the server is dead. The next probe of the server is then sent sooner:
    /// `MAX_WANTED_DEAD_TIME` after the last probe at the latest, and immediately if the last probe began at least `LEAST_PROBE_PAUSE` ago. Returns
    /// true if this makes the next probe earlier.
    pub(crate) fn hasten_probe(&self, zone: &Name, now: Mono) -> bool {
        let mut history = self.history();
        let of_zone =
            history.silent_zones.get_mut(zone, &self.keyed).is_some_and(|silence| silence.hasten(now));
        history.silence.hasten(now) || of_zone
    }

    /// Returns the time at which the last probe of the server began. Returns `None` if the server is dead neither as a
    /// whole nor for `zone`.
    pub(crate) fn last_probe(&self, zone: &Name) -> Option<Mono> {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed).and_then(Silence::tried_at);
        history.silence.tried_at().max(of_zone)
    }

    /// Returns true if the server is dead as a whole or for `zone`, and must be probed now. A caller that gets true must
    /// probe the server. The next calls return false until the next probe is due; the time between two probes is about
    /// doubled each time.
    pub fn probe(&self, zone: &Name, now: Mono, random: &Random) -> bool {
        let mut history = self.history();
        let is_dead = history.silence.is_dead();
        if is_dead && !history.silence.try_now(now, random) {
            return false;
        }
        let of_zone = history.silent_zones.get_mut(zone, &self.keyed);
        of_zone.is_some_and(|silence| silence.try_now(now, random)) || is_dead
    }

    /// Returns true if the server is dead as a whole (for all zones). The caller, which has begun a probe about another zone, must then send a
    /// probe about `zone` too.
    pub(crate) fn probe_also(&self, zone: &Name, now: Mono, random: &Random) -> bool {
        let mut history = self.history();
        let is_dead = history.silence.is_dead();
        if is_dead && let Some(silence) = history.silent_zones.get_mut(zone, &self.keyed) {
            silence.try_now(now, random);
        }
        is_dead
    }

    /// Returns true if the server is dead as a whole or for `zone`, its first probe has begun, and this probe is neither answered nor found
    /// unanswered yet.
    pub(crate) fn is_being_probed(&self, zone: &Name) -> bool {
        let history = self.history();
        let of_zone = history.silent_zones.get(zone, &self.keyed);
        history.silence.is_being_tried() || of_zone.is_some_and(Silence::is_being_tried)
    }

    /// Records that a probe about `zone` sent at `sent` was not answered, although other servers have answered since.
    pub(crate) fn probed_in_vain(&self, zone: &Name, sent: Mono) {
        let mut history = self.history();
        history.silence.tried_in_vain(sent);
        if let Some(silence) = history.silent_zones.get_mut(zone, &self.keyed) {
            silence.tried_in_vain(sent);
        }
    }

    /// Marks the server as lame for `zone` for `time`: it does not serve the zone although it should.
    pub fn mark_lame(&self, zone: &Name, time: Duration, now: Mono) {
        self.history().lame.add(zone, now.after(time), now);
    }

    /// Records that the server has given a usable answer from `zone`. It is then no longer lame for the zone.
    pub fn serves(&self, zone: &Name) {
        self.history().lame.end(zone);
    }

    /// Records that a query was sent to the server. With enough queries, a hedge is permitted: a second query to another server if this server is
    /// late.
    pub(crate) fn earn_hedge(&self) {
        let mut history = self.history();
        history.asked = true;
        history.hedged = history.hedged.saturating_sub(HEDGES_PER_MILLE);
    }

    /// Returns true if a hedge (a second query to another server) may be sent now, because this server is late. Returns false if this server caused
    /// too many hedges recently.
    pub(crate) fn take_hedge(&self) -> bool {
        let mut history = self.history();
        let hedged = history.hedged.saturating_add(1_000);
        let may = hedged <= HEDGE_BURST_PER_SERVER.saturating_mul(1_000);
        if may {
            history.hedged = hedged;
        }
        may
    }

    /// Returns true if the server must now get a query that only measures its round trip for `zone`. A caller that gets
    /// true must send this query.
    pub(crate) fn begin_measurement(&self, zone: &Name, now: Mono) -> bool {
        let mut history = self.history();
        let begins = history.is_to_be_measured(zone, now, &self.keyed);
        if begins {
            history.measured = Some(now);
        }
        begins
    }

    /// Records that the server does not accept EDNS.
    pub(crate) fn takes_no_edns(&self, now: Mono) {
        self.history().plain_until = Some(now.after(NO_EDNS_TIME));
    }

    /// Records that the server does not repeat the case of the letters in a query's name, or does not find names in mixed case.
    pub(crate) fn flips_case(&self, now: Mono) {
        self.history().flips_case_until = Some(now.after(FLIPS_CASE_TIME));
    }

    /// Records that the server answered a query in the client's spelling, after it had not answered the same query in mixed case (0x20).
    pub(crate) fn answers_own_case(&self, now: Mono) {
        let mut history = self.history();
        history.own_case_answers = history.own_case_answers.saturating_add(1);
        let is_proven = history.own_case_answers >= OWN_CASE_ANSWERS;
        drop(history);
        if is_proven {
            self.flips_case(now);
        }
    }

    /// Records that the server has answered a query whose name is in mixed case (0x20).
    pub(crate) fn answers_mixed_case(&self) {
        self.history().own_case_answers = 0;
    }

    /// Records that the server has found a name in mixed case (0x20). resolverd then believes its denials of such names for a day. For a server of
    /// a DNS list, this is recorded at its first denial already, because clients do not wait until this denial is checked.
    pub(crate) fn finds_mixed_case(&self, now: Mono) {
        self.history().finds_case_until = Some(now.after(FINDS_CASE_TIME));
    }

    /// Records that the server denied a name in mixed case (0x20) and denied it again in the client's spelling. After `CONFIRMED_DENIALS` such
    /// repetitions, resolverd believes its denials for a day.
    pub(crate) fn repeats_denial(&self, now: Mono) {
        let mut history = self.history();
        history.repeated_denials = history.repeated_denials.saturating_add(1);
        if history.repeated_denials >= CONFIRMED_DENIALS {
            (history.repeated_denials, history.finds_case_until) = (0, Some(now.after(FINDS_CASE_TIME)));
        }
    }

    /// Records that replies of more than 512 octets seem to be lost between the server and this host if they are sent over UDP. If such a reply has
    /// arrived recently, the call changes nothing.
    pub(crate) fn loses_long_datagrams(&self, now: Mono) {
        let mut history = self.history();
        if history.long_heard.is_none_or(|heard| now.since(heard) >= SHORT_TIME) {
            history.short_until = Some(now.after(SHORT_TIME));
        }
    }

    /// Records that a reply of more than 512 octets has arrived from the server over UDP.
    pub(crate) fn sends_long_datagrams(&self, now: Mono) {
        let mut history = self.history();
        (history.short_until, history.long_heard) = (None, Some(now));
    }

    /// Records that a truncated answer of the server cannot be fetched over TCP. Long replies over UDP are then requested from the server again.
    pub(crate) fn needs_long_datagrams(&self) {
        self.history().short_until = None;
    }

    /// Records that the server refuses TCP, or does not answer over TCP.
    pub(crate) fn takes_no_tcp(&self, now: Mono) {
        self.history().no_tcp_until = Some(now.after(NO_TCP_TIME));
    }

    /// Records that the server answers over TCP.
    pub(crate) fn takes_tcp(&self) {
        self.history().no_tcp_until = None;
    }

    pub(super) fn history(&self) -> MutexGuard<'_, ServerHistory> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The zones for which a server is lame: it does not serve them although it should. They are in wire form, the oldest first, each with the time
/// until which the server counts as lame for it. The total size of the names is limited, because the memory of a server's entry is a constant that
/// includes them.
#[derive(Debug, Default)]
pub(super) struct Lameness(pub(super) Vec<(Box<[u8]>, Mono)>);

impl Lameness {
    pub(super) fn holds(&self, zone: &Name, now: Mono) -> bool {
        !self.0.is_empty() && {
            let zone = wire_name(zone);
            self.0.iter().any(|(lame, until)| **lame == *zone && now < *until)
        }
    }

    pub(super) fn add(&mut self, zone: &Name, until: Mono, now: Mono) {
        let zone = wire_name(zone).into_boxed_slice();
        self.0.retain(|(lame, until)| *lame != zone && now < *until);
        let octets = |held: &[(Box<[u8]>, Mono)]| held.iter().map(|(zone, _)| zone.len()).sum::<usize>();
        while self.0.len() >= MAX_LAME_ZONES
            || !self.0.is_empty() && octets(&self.0).saturating_add(zone.len()) > MAX_LAME_OCTETS
        {
            self.0.remove(0);
        }
        self.0.push((zone, until));
    }

    pub(super) fn end(&mut self, zone: &Name) {
        if !self.0.is_empty() {
            let zone = wire_name(zone);
            self.0.retain(|(lame, _)| **lame != *zone);
        }
    }

    pub(super) fn zones(&self, now: Mono) -> Vec<Name> {
        let alive = self.0.iter().filter(|(_, until)| now < *until);
        alive.filter_map(|(zone, _)| Name::read(&mut BinDecoder::new(zone)).ok()).collect()
    }
}

#[cfg(test)]
#[path = "servers_tests.rs"]
mod tests;
