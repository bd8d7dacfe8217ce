//! Bounds of the control socket and of its replies.

use std::time::Duration;

/// How long `resolverctl dnsbl health` waits for the results of tests: two questions to each list, one after the
/// other, and the slowest lists take a quarter of a second for each.
pub(crate) const LIST_TEST_TIME: Duration = Duration::from_secs(2);

/// Connections to the control socket at once; more wait to be accepted. A postmaster and his monitoring need two, and four checks of
/// domains up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` each: a query that waited for a place would look lost.
pub const MAX_CONTROL_CONNECTIONS: usize = 320;

/// Requests for the query history (`why`, `failed`, the table by stage) in progress at once: they are answered one at a time, and
/// their replies have megabytes. Most of the connections are left for other requests.
pub const MAX_HISTORY_REQUESTS: usize = 32;

/// Octets of a request on the control socket: a name has at most 1 004 in escaped form, the rest is a few words. Pasted lines are looked up
/// together, and a lookup has mostly 150 octets.
pub const MAX_CONTROL_REQUEST: usize = 16_384;

/// Rows of a reply on the control socket; the reply has only the number of the others. About 300 octets each.
pub(crate) const MAX_CONTROL_ROWS: usize = 4_096;

/// The time for a request: it is one line from the same host.
pub const CONTROL_REQUEST_TIME: Duration = Duration::from_secs(5);

/// Octets of a reply that are collected before they are written. A system call for each line of a table would take longer than the line,
/// and more octets gain nothing: the buffer of a socket has room for some 200 KiB.
pub(crate) const CONTROL_WRITE: usize = 64 << 10;

/// The longest time of a connection to the control socket: the time of a flight and of a slow terminal.
pub const CONTROL_TIME: Duration = Duration::from_secs(15);

/// Traces past the cache at once: each may send as many queries as a question of a client, and has a cache of its own.
pub const MAX_FRESH_TRACES: usize = 2;

/// The longest time of a negative trust anchor that is set on the running daemon (RFC 7646 section 2: a week).
pub const MAX_NTA_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A certificate that ends within this time is reported: ACME clients renew a month before, so two weeks of tries have failed.
pub(crate) const CERTIFICATE_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Failing zones that `resolverctl status` names; it shows only the number of the others.
pub(crate) const MAX_STATUS_ZONES: usize = 5;

/// How long checks of the keys of the root may fail until the status warns: three looks of `MAX_ROOT_KEY_RETRY`. A new key is shown for
/// at least 30 days before it is used.
pub(crate) const LONG_UNCHECKED_ROOT_KEYS: Duration = Duration::from_secs(3 * 86_400);

/// Extended errors that are read from one reply: resolvers send two or three, the cause and what it led to.
pub(crate) const MAX_EXTENDED_ERRORS: usize = 4;
