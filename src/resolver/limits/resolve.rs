//! Bounds of flights, and of the keys and cuts that are fetched for them.

use std::time::Duration;

use crate::limits::MAX_TIMER;
use history::limits::FLIGHT_TIME;

/// Aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// How long after a reload no snapshot has data of the routes that it changed. Flights that began before the reload end
/// within `FLIGHT_TIME`; their data are then forgotten, and that walks whole tables.
pub(crate) const CHANGED_ROUTE_TIME: Duration = Duration::from_secs(2 * FLIGHT_TIME.as_secs());

/// Flights at once; fewer with a small cache (`WorkBounds`). Each may hold a few sockets and 14 to 32 KB.
pub const MAX_FLIGHTS: usize = 2_000;

/// The number of flights from which on the zone or the client with the most gives way while this host does not keep up: at 0.1 ms
/// of a processor each, a light client then waits 13 ms for earlier flights.
pub const BUSY_FLIGHTS: usize = MAX_FLIGHTS / 16;

/// A question that waited longer than this before it was accepted had to wait for others: the target of RFC 8289.
pub(crate) const BACKLOG_WAIT: Duration = Duration::from_millis(5);

/// This host does not keep up if all questions in this time have waited that long: the interval of RFC 8289.
pub(crate) const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// Flights of a zone from which no answer has come for `HEARD_TIME`. BIND's `fetches-per-zone` is usually 200; this
/// is less, because a hundred such zones occur at once. A healthy zone of 50 ms has this many at 2 500 new names a
/// second.
pub const MAX_SILENT_FLIGHTS: usize = 128;

/// The time within which a working zone has answered: a round trip around the world, and a lost one.
pub const NEW_ZONE_TIME: Duration = Duration::from_millis(500);

/// A zone is silent after this time without an answer: the longest patience for one query.
pub(crate) const HEARD_TIME: Duration = MAX_TIMER;

/// Up to this number of flights of one zone, no zone of a client counts as heavier than its others: then its oldest
/// flight gives way.
pub(crate) const EVEN_SHARE: usize = 8;

/// Below this number of flights no order by number is kept: it is rebuilt in microseconds, and an idle resolver with
/// some hundred questions a second has few flights.
pub(crate) const FEW_PLACES: usize = 64;

/// The least age at which one of many equal flights gives way: Unbound's `jostle-timeout`, within which most are
/// answered.
pub(crate) const JOSTLE_AGE: Duration = Duration::from_millis(200);

/// Labels of a name in in-addr.arpa that count as one zone if no cut is known: a /16.
pub(crate) const REVERSE_IPV4_LABELS: usize = 4;

/// Like `REVERSE_IPV4_LABELS`, for ip6.arpa: a /32, the usual allocation of one network.
pub(crate) const REVERSE_IPV6_LABELS: usize = 10;

/// A client that waits for fewer answers than this may wait for any: one message makes a program ask as many at once.
pub(crate) const FEW_WAITERS: usize = 16;

/// Clients that wait for flights at once; fewer with a small cache. Each costs about 2.4 KB.
pub const MAX_WAITERS: usize = 10_000;

/// Reloads that may end the flight of a waiting client one after the other: more in the four seconds of a client are a mistake.
pub(crate) const MAX_RELOADED: usize = 3;

/// Negative trust anchors that may be set at once; more zones than that are not broken at the same time.
pub const MAX_NTAS: usize = 256;

/// Servers with a bogus answer before the zone itself counts as bogus.
pub(crate) const MAX_BOGUS_TRIES: usize = 3;

/// How long a zone with bogus keys is not fetched again, and a server with a bogus answer is asked last: resolverd
/// should notice within a minute that an owner has repaired his zone.
pub(crate) const BOGUS_TIME: Duration = Duration::from_secs(30);

/// Seconds that a zone below an insecure one counts as insecure, if no record gives a time.
pub(crate) const INSECURE_TTL: u32 = 3_600;

/// Labels of a name at which an unsigned zone is searched for if a forwarder gives no referrals: deeper than any cut
/// in use; a reverse name of IPv6 has cuts at every fourth label.
pub(crate) const MAX_CUT_PROBES: u32 = 24;

/// Keys older than this are fetched again if a signature does not fit them: a zone may have changed them without notice. A
/// bogus zone, or one with forged answers, costs one query in this time.
pub(crate) const KEY_RENEWAL: Duration = Duration::from_secs(10);

/// Sets of zones that clients see, by their listener or their address, each with memory of its own: one for the host, one for its
/// containers, one for its virtual machines. Also `[[view]]` entries.
pub const MAX_VIEWS: usize = 8;

/// Answers that wait to be renewed: a second of 2 500 hits on 10 % of answers that are about to end.
pub(crate) const MAX_RENEWALS_WAITING: usize = 256;

/// Renewals at once: far below `BUSY_FLIGHTS`, as clients' flights come first. At 50 ms each it is a thousand a second.
pub(crate) const MAX_RENEWALS: usize = 64;

/// Like `MAX_RENEWALS`, for the answers of one zone, and for the delegations and addresses that its servers give, so that a zone with silent servers leaves room for the others.
pub(crate) const MAX_RENEWALS_OF_ZONE: usize = 8;

/// The time from the start to the first query for the keys of the root. Most clients have asked by then, and the root servers are
/// known.
pub(crate) const FIRST_ROOT_KEY_QUERY: Duration = Duration::from_secs(60);

/// Octets of that cache: a resolution at its bound of 100 messages keeps less than 2 MiB.
pub(crate) const FRESH_TRACE_MEMORY: u64 = 4 << 20;

/// The time after which a reading answers no further request of `why`; the client sends these again. Other commands wait for it.
pub(crate) const WHY_READING: Duration = Duration::from_secs(1);

/// The time between an event that is worth a line and its reading from the history: questions that waited for the same flight
/// are read together, a zone that fails often is an incident by then, and the question to a root server that distinguishes an outage
/// from a dead zone has been asked.
pub const FOLLOW_PAUSE: Duration = Duration::from_secs(3);
