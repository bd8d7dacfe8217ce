//! Bounds of flights, and of keys and cuts that are sought for them.

use std::time::Duration;

use super::MAX_TIMER;

/// Aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// A flight ends after this, whatever it still waits for. glibc gives up 10 s after its first copy (two tries of
/// 5 s, measured), so an answer later than that helps nobody now.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);

/// Flights at once. Each may hold a few sockets and about 16 KiB.
pub const MAX_FLIGHTS: usize = 2_000;

/// Flights from which on the zone or the client with the most gives way: half, as Unbound's jostle list.
pub const CROWDED_FLIGHTS: usize = MAX_FLIGHTS / 2;

/// And where this host does not keep up: at 0.1 ms of a processor each, who asks little then waits 13 ms for those before.
pub const BUSY_FLIGHTS: usize = MAX_FLIGHTS / 16;

/// A question that waited longer than this until it was taken in waited for others: the target of RFC 8289.
pub const BACKLOG_WAIT: Duration = Duration::from_millis(5);

/// This host does not keep up where all questions of this time have waited so: the interval of RFC 8289.
pub const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// Flights of a zone from which no answer has come for `HEARD_TIME`: what BIND's `fetches-per-zone` is set to as a rule (200),
/// less, as a hundred such zones at once are seen. A healthy zone of 50 ms has so many at 2 500 new names a second.
pub const MAX_SILENT_FLIGHTS: usize = 128;

/// Flights of a zone that was not asked before and has not had the time to answer: a list after a restart.
pub const MAX_NEW_FLIGHTS: usize = MAX_FLIGHTS / 4;

/// A zone has answered by then, if it answers: a round trip around the world, and one that was lost.
pub const NEW_ZONE_TIME: Duration = Duration::from_millis(500);

/// A zone is silent after this time without an answer: the longest patience for one message.
pub const HEARD_TIME: Duration = MAX_TIMER;

/// Flights of one zone up to which none of a client's zones is called heavier than the others: then its oldest flight gives
/// way.
pub const EVEN_SHARE: usize = 8;

/// Below so many flights nothing is kept in order of who has the most: it is put in order again in microseconds, and an idle
/// resolver with some hundred questions a second has a few.
pub const FEW_PLACES: usize = 64;

/// A flight that is one of many equals has this time before it gives way: Unbound's `jostle-timeout`, by which most are
/// answered.
pub const JOSTLE_AGE: Duration = Duration::from_millis(200);

/// Labels of a name in in-addr.arpa that are counted as one zone where no cut is known: a /16.
pub const REVERSE_IPV4_LABELS: usize = 4;

/// And in ip6.arpa: a /32, what one network is given.
pub const REVERSE_IPV6_LABELS: usize = 10;

/// A client that waits for fewer answers than this may wait for any: what one message makes a program ask at once.
pub const FEW_WAITERS: usize = 16;

/// Clients that wait for flights at once; each costs a task of about 1 KiB.
pub const MAX_WAITERS: usize = 10_000;

/// Signatures over one RRset that are looked at: two algorithms in the middle of a rollover are four.
pub const MAX_SIGNATURES: usize = 8;

/// Negative trust anchors that may be set at once; more zones than that are not broken at the same time.
pub const MAX_NTAS: usize = 256;

/// Servers whose bogus answer is borne before it is taken for the zone's own.
pub const MAX_BOGUS_TRIES: usize = 3;

/// How long a zone whose keys are bogus is left alone, and a server asked last that gave a bogus answer: whoever has
/// mended his zone should not wait for us longer than a minute.
pub const BOGUS_TIME: Duration = Duration::from_secs(30);

/// Seconds that it is believed that a zone below an insecure one is insecure, where nothing else says how long.
pub const INSECURE_TTL: u32 = 3_600;

/// Labels of a name at which it is looked for an unsigned zone, where a forwarder gives no referrals: deeper than any
/// cut in use, a reverse name of IPv6 has them at every fourth label.
pub const MAX_CUT_PROBES: u32 = 24;

/// DS and keys that are sought at once for all questions together: as many as flights, as each has one cut at a time.
pub const MAX_FETCHES: usize = MAX_FLIGHTS;

/// The keys of a zone in use are sought anew when this fraction (one tenth) of their time is left.
pub const REFRESH_SHARE: u32 = 10;

/// Keys older than this are sought anew where a signature does not fit them: a zone may have changed them without notice. A
/// bogus zone, or one for which somebody forges, costs one message in this time.
pub const KEY_RENEWAL: Duration = Duration::from_secs(10);

/// Sets of zones that listeners see at once, each with memory of its own: a host serves itself, its containers, its guests.
pub const MAX_VIEWS: usize = 8;
