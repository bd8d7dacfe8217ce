//! Bounds of flights, and of the keys and cuts that are fetched for them.

use std::time::Duration;

use crate::limits::MAX_TIMER;
use history::limits::FLIGHT_TIME;

/// The number of aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// The time after a reload during which no snapshot contains data of the routes that the reload changed. Flights that began before the
/// reload end within `FLIGHT_TIME`. Their data are removed after that, which needs a walk through whole tables.
pub(crate) const CHANGED_ROUTE_TIME: Duration = Duration::from_secs(2 * FLIGHT_TIME.as_secs());

/// The number of flights in progress at the same time. It is smaller with a small cache (`WorkBounds`). Each flight may hold a few
/// sockets and 14 to 32 KB.
pub const MAX_FLIGHTS: usize = 2_000;

/// From this number of flights on, while this host is overloaded, a flight of the zone or client with the most flights is ended for
/// each new one. At 0.1 ms of processor time for each flight, a light client then waits 13 ms for earlier flights.
pub const BUSY_FLIGHTS: usize = MAX_FLIGHTS / 16;

/// A question that waited longer than this before it was accepted had to wait for other questions. This is the target of RFC 8289.
pub(crate) const BACKLOG_WAIT: Duration = Duration::from_millis(5);

/// This host is overloaded if all questions within this time have waited longer than `BACKLOG_WAIT`. This is the interval of RFC 8289.
pub(crate) const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// The number of flights of a zone from which no answer has come for `HEARD_TIME`. BIND's `fetches-per-zone` is usually 200. This
/// bound is smaller, because a hundred such zones may occur at the same time. A working zone that answers within 50 ms has this many
/// flights at 2 500 new names a second.
pub const MAX_SILENT_FLIGHTS: usize = 128;

/// A working zone has answered within this time: a round trip around the world, and a second one after a loss.
pub const NEW_ZONE_TIME: Duration = Duration::from_millis(500);

/// A zone is silent if no answer has come from it for this time, which is the longest wait for one query.
pub(crate) const HEARD_TIME: Duration = MAX_TIMER;

/// If a zone has at most this number of flights, it does not count as heavier than the other zones of its client. The oldest flight of
/// the client is then ended.
pub(crate) const EVEN_SHARE: usize = 8;

/// Below this number of flights, no order by number is kept, because it can be rebuilt in microseconds. An idle resolver with some
/// hundred questions a second has few flights.
pub(crate) const FEW_PLACES: usize = 64;

/// The least age at which a flight may be ended if no zone or client has more flights than the others. It is Unbound's
/// `jostle-timeout`, within which most questions are answered.
pub(crate) const JOSTLE_AGE: Duration = Duration::from_millis(200);

/// The number of labels of a name in in-addr.arpa that identify one zone if no cut is known. They are a /16.
pub(crate) const REVERSE_IPV4_LABELS: usize = 4;

/// Like `REVERSE_IPV4_LABELS`, for ip6.arpa. The labels are a /32, the usual allocation of one network.
pub(crate) const REVERSE_IPV6_LABELS: usize = 10;

/// A client that waits for fewer answers than this is not limited, because one message makes a program ask this many questions at the
/// same time.
pub(crate) const FEW_WAITERS: usize = 16;

/// The number of clients that wait for flights at the same time. It is smaller with a small cache. Each client costs about 2.4 KB.
pub const MAX_WAITERS: usize = 10_000;

/// The number of consecutive reloads that may end the flight of a waiting client. More reloads within the four seconds that a client
/// waits are a mistake.
pub(crate) const MAX_RELOADED: usize = 3;

/// The number of negative trust anchors that may be set at the same time. More zones are not broken at the same time.
pub const MAX_NTAS: usize = 256;

/// The number of servers that must give a bogus answer before the zone itself counts as bogus.
pub(crate) const MAX_BOGUS_TRIES: usize = 3;

/// The time for which the keys of a zone with bogus keys are not fetched again, and for which a server with a bogus answer is asked
/// last. resolverd should notice within a minute that the owner has repaired the zone.
pub(crate) const BOGUS_TIME: Duration = Duration::from_secs(30);

/// The time for which a zone below an insecure zone counts as insecure if no record gives a time, in seconds.
pub(crate) const INSECURE_TTL: u32 = 3_600;

/// The number of labels of a name at which an unsigned zone is searched for if a forwarder gives no referrals. No cut in use is
/// deeper. A reverse name of IPv6 has cuts at every fourth label.
pub(crate) const MAX_CUT_PROBES: u32 = 24;

/// Keys older than this are fetched again if a signature does not fit them, because a zone may have changed its keys without notice. A
/// bogus zone, or a zone with forged answers, causes one query in this time.
pub(crate) const KEY_RENEWAL: Duration = Duration::from_secs(10);

/// The number of `[[view]]` entries: sets of zones for certain listeners or client addresses, each with its own memory. A host needs
/// one for itself, one for its containers, and one for its virtual machines.
pub const MAX_VIEWS: usize = 8;

/// The number of answers that wait to be renewed. It is enough for one second of 2 500 hits, 10 % of which find an answer that is
/// about to expire.
pub(crate) const MAX_RENEWALS_WAITING: usize = 256;

/// The number of renewals in progress at the same time. It is far below `BUSY_FLIGHTS`, because clients' flights have precedence. At
/// 50 ms each, it allows a thousand renewals a second.
pub(crate) const MAX_RENEWALS: usize = 64;

/// Like `MAX_RENEWALS`, for the answers of one zone, and for the delegations and addresses that its servers give. It ensures that a
/// zone with silent servers leaves room for the others.
pub(crate) const MAX_RENEWALS_OF_ZONE: usize = 8;

/// The time from the start to the first query for the keys of the root. By then, most clients have asked a question, and the root
/// servers are known.
pub(crate) const FIRST_ROOT_KEY_QUERY: Duration = Duration::from_secs(60);

/// The size of the temporary cache of a fresh trace, in octets. A resolution that needs its maximum of 100 messages keeps less than 2
/// MiB.
pub(crate) const FRESH_TRACE_MEMORY: u64 = 4 << 20;

/// The time after which one reading of the history answers no further request of `why`. The client sends the remaining requests again.
/// Other commands wait for the reading.
pub(crate) const WHY_READING: Duration = Duration::from_secs(1);

/// The time between an event that is worth a log message and the reading of the event from the history. By then, questions that waited
/// for the same flight are read together, a zone that fails often has become an incident, and a question has been sent to a root
/// server to distinguish an outage from a dead zone.
pub const FOLLOW_PAUSE: Duration = Duration::from_secs(3);
