//! Bounds of resolutions (flights), and of the keys and zone cuts that are fetched for them. With a small cache, some of these bounds are
//! smaller (`WorkBounds`).

use std::time::Duration;

use crate::limits::MAX_TIMER;
use record::limits::FLIGHT_TIME;

/// The greatest number of aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// The time after a reload during which snapshots of the cache leave out the zones whose servers the reload changed. Resolutions that began
/// before the reload may store data of the old servers until `FLIGHT_TIME` has passed.
pub(crate) const CHANGED_ROUTE_TIME: Duration = Duration::from_secs(2 * FLIGHT_TIME.as_secs());

/// The greatest number of resolutions (flights) in progress. Each takes a few sockets and 14 to 32 KB.
pub const MAX_FLIGHTS: usize = 2_000;

/// If this host is overloaded and at least this number of resolutions is in progress, each new resolution ends a resolution of the zone or
/// client with the most resolutions. At 0.1 ms of processor time for each, a client with few questions then waits 13 ms for earlier
/// resolutions.
pub const BUSY_FLIGHTS: usize = MAX_FLIGHTS / 16;

/// A question that waited longer than this before resolverd began to handle it was delayed by other questions. The value is the target of
/// RFC 8289.
pub(crate) const BACKLOG_WAIT: Duration = Duration::from_millis(5);

/// This host counts as overloaded if all questions within this time have waited longer than `BACKLOG_WAIT`. This is the
/// interval of RFC 8289.
pub(crate) const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// The greatest number of resolutions of one zone whose servers have not answered for `HEARD_TIME`. BIND's `fetches-per-zone` is usually 200. This
/// bound is smaller, because there may be a hundred such zones at the same time. For comparison: a zone that answers within 50 ms has this many
/// resolutions in progress at 2 500 new names a second.
pub const MAX_SILENT_FLIGHTS: usize = 128;

/// A zone that was not asked before must give its first answer within this time: a round trip around the world, and a second one after a loss.
pub const NEW_ZONE_TIME: Duration = Duration::from_millis(500);

/// A zone counts as silent if its servers have not answered for this time, which is the longest wait for one query.
pub(crate) const HEARD_TIME: Duration = MAX_TIMER;

/// If a client must lose a resolution, the oldest one in the zone in which the client has the most is ended. But if the client has at most
/// this number of resolutions in each zone, the oldest of all its resolutions is ended.
pub(crate) const EVEN_SHARE: usize = 8;

/// If fewer resolutions than this are in progress, zones and clients are not kept sorted by their number of resolutions: the order of so few is
/// built in microseconds when it is needed.
pub(crate) const FEW_PLACES: usize = 64;

/// If no zone or client has more resolutions than the others, only a resolution of at least this age may be ended to make room for a new
/// one. It is Unbound's `jostle-timeout`, within which most questions are answered.
pub(crate) const JOSTLE_AGE: Duration = Duration::from_millis(200);

/// If no zone cut is known, all names in in-addr.arpa that have this number of last labels in common (a /16) count as one zone.
pub(crate) const REVERSE_IPV4_LABELS: usize = 4;

/// If no zone cut is known, all names in ip6.arpa that have this number of last labels in common (a /32, the usual allocation of one
/// network) count as one zone.
pub(crate) const REVERSE_IPV6_LABELS: usize = 10;

/// A client that waits for fewer answers than this is not limited, because a mail program asks this many questions at once for one email.
pub(crate) const FEW_WAITERS: usize = 16;

/// The greatest number of clients that wait for resolutions. Each takes about 2.4 KB.
pub const MAX_WAITERS: usize = 10_000;

/// If a reload ends a resolution, a new resolution begins for its waiting clients. This happens at most this number of times for each client. A
/// client waits for four seconds, and more reloads in this time are a mistake of the operator.
pub(crate) const MAX_RELOADED: usize = 3;

/// The greatest number of negative trust anchors that may be set at the same time.
pub const MAX_NTAS: usize = 256;

/// The number of servers that must give a bogus answer before the zone itself counts as bogus.
pub(crate) const MAX_BOGUS_TRIES: usize = 3;

/// For this time, the keys of a zone whose keys were bogus are not fetched again, and a server that gave a bogus answer is asked last. The
/// time is short, so that resolverd notices within a minute that the zone was repaired.
pub(crate) const BOGUS_TIME: Duration = Duration::from_secs(30);

/// The time, in seconds, for which a zone below an insecure zone counts as insecure. No validated record gives a TTL for this.
pub(crate) const INSECURE_TTL: u32 = 3_600;

/// Forwarders give no referrals. To find an unsigned zone, resolverd then asks for DS records at each label of the name, down to this
/// number of labels. No zone cut in use is deeper. A reverse name of IPv6 has cuts at every fourth label.
pub(crate) const MAX_CUT_PROBES: u32 = 24;

/// If no key of a zone verifies a signature, keys older than this are fetched again, because the zone may have changed its keys. A bogus
/// zone, or forged answers, cause at most one query in this time.
pub(crate) const KEY_RENEWAL: Duration = Duration::from_secs(10);

/// The greatest number of cached answers that wait to be fetched again before they expire. At 2 500 hits a second, about so many are added in a
/// second, because 10 % of the hits find an answer that is about to expire.
pub(crate) const MAX_RENEWALS_WAITING: usize = 256;

/// The greatest number of cached answers that are fetched again at the same time. It is far below `BUSY_FLIGHTS`, because the resolutions
/// of clients have precedence. At 50 ms each, it allows a thousand a second.
pub(crate) const MAX_RENEWALS: usize = 64;

/// Two limits for each zone: the number of its cached answers that are fetched again at the same time, and the number of delegations and
/// addresses that are fetched again from its servers at the same time. A zone with silent servers therefore leaves room for the others.
pub(crate) const MAX_RENEWALS_OF_ZONE: usize = 8;

/// The time from the start of resolverd to its first query for the keys of the root. By then, the servers of the root are known.
pub(crate) const FIRST_ROOT_KEY_QUERY: Duration = Duration::from_secs(60);

/// The size, in octets, of the temporary cache of a trace that does not use the normal cache. A resolution with the maximum of 100 queries
/// to servers keeps less than 2 MiB.
pub(crate) const FRESH_TRACE_MEMORY: u64 = 4 << 20;

/// The questions for MX and TXT records that wait until the cache is searched for changes of their domains: those of `CHANGES_PAUSE` at 400 a second.
pub(crate) const MAX_CHANGES_ASKED: usize = 2_048;

/// The time from a question for MX records until the records of its domain are read from the cache. By then, look-ahead has fetched the others.
pub(crate) const CHANGES_PAUSE: Duration = Duration::from_secs(5);

/// If no such question comes, the time until the next watched domains are read from the cache.
pub(crate) const CHANGES_ROUND: Duration = Duration::from_secs(60);

/// The watched domains that are read from the cache at once, in turn. Each takes some twenty lookups, together about two milliseconds.
pub(crate) const CHANGES_AT_ONCE: usize = 100;
