//! Limits of the control socket and of its replies.

use std::time::Duration;

/// How long `resolverctl dnsbl health` waits for the test results. Each list gets two questions, one after the other, and the
/// slowest lists take a quarter of a second for each.
pub(crate) const LIST_TEST_TIME: Duration = Duration::from_secs(2);

/// Maximum number of concurrent connections to the control socket. Further clients wait until they are accepted. An operator and
/// a monitoring system need two connections. Four concurrent checks of domains need up to `CHECK_QUESTIONS_AT_ONCE` times
/// `CHECK_TRIES` each; a query that waited for a connection would look lost.
pub const MAX_CONTROL_CONNECTIONS: usize = 320;

/// Maximum number of pending requests for the query history (`why`, `failed`, the table by stage). They are answered one at a
/// time, and their replies have megabytes. This leaves most connections for other requests.
pub const MAX_HISTORY_REQUESTS: usize = 32;

/// Maximum size of a request on the control socket, in octets. A name has at most 1 004 octets in escaped form, and the rest of a request
/// is a few words. Requests about pasted log lines are sent together; each has about 150 octets.
pub const MAX_CONTROL_REQUEST: usize = 16_384;

/// Maximum number of rows in a reply on the control socket, about 300 octets each. If there are more, the reply has the number
/// of omitted rows.
pub(crate) const MAX_CONTROL_ROWS: usize = 4_096;

/// Time allowed to send a request: one line from the same host.
pub const CONTROL_REQUEST_TIME: Duration = Duration::from_secs(5);

/// Number of octets of a reply that are collected before they are written to the socket. A system call for each line would take longer
/// than the formatting of the line. A larger buffer brings no gain: a socket itself buffers about 200 KiB.
pub(crate) const CONTROL_WRITE: usize = 64 << 10;

/// Maximum duration of a connection to the control socket. This is enough for the slowest resolution and for a slow terminal.
pub const CONTROL_TIME: Duration = Duration::from_secs(15);

/// Maximum number of concurrent traces without the cache. Each may send as many queries as a client question, and has its own
/// cache.
pub const MAX_FRESH_TRACES: usize = 2;

/// Maximum lifetime of a negative trust anchor that is set on the running daemon (RFC 7646 section 2: a week).
pub const MAX_NTA_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A certificate that expires within this time is reported. ACME clients renew a month before expiry, so two weeks of attempts
/// have failed by then.
pub(crate) const CERTIFICATE_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Maximum number of failing zones that `resolverctl status` names. For the others it shows only their number.
pub(crate) const MAX_STATUS_ZONES: usize = 5;

/// After the checks of the root keys have failed for this time, the status warns. It is three times `MAX_ROOT_KEY_RETRY`. A new key is
/// published for at least 30 days before it is used, so there is enough time to act.
pub(crate) const LONG_UNCHECKED_ROOT_KEYS: Duration = Duration::from_secs(3 * 86_400);

/// Maximum number of extended errors that are read from one reply. Resolvers send two or three: the cause and its consequences.
pub(crate) const MAX_EXTENDED_ERRORS: usize = 4;
