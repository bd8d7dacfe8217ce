//! The limits of the control socket and of the replies over it, each with the reason for its value.

use std::time::Duration;

use record::Window;

/// How long `resolverctl dnsbl health` waits for the test results. The daemon asks each list two questions, one after the other,
/// and the slowest lists take a quarter of a second for each.
pub(crate) const LIST_TEST_TIME: Duration = Duration::from_secs(2);

/// The largest number of concurrent connections to the control socket. Four checks of domains at the same time need up to
/// `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` connections each. If a query of a check had to wait for a connection, the check
/// would count the query as lost.
pub const MAX_CONTROL_CONNECTIONS: usize = 320;

/// The largest number of pending requests that read the query history (`why`, `failed`, the table of stages). The daemon serves
/// them one at a time, and their replies have megabytes. The limit leaves most connections for other requests.
pub const MAX_HISTORY_REQUESTS: usize = 32;

/// The largest number of rows in a reply on the control socket, about 300 octets each.
pub(crate) const MAX_CONTROL_ROWS: usize = 4_096;

/// How long the daemon waits for the request of a client. A request is one line, and the client runs on the same host.
pub const CONTROL_REQUEST_TIME: Duration = Duration::from_secs(5);

/// The daemon collects this number of octets of a reply before it writes them to the socket. A system call for each line would
/// take longer than the formatting of the line. A larger buffer brings no gain: a socket itself buffers about 200 KiB.
pub(crate) const CONTROL_WRITE: usize = 64 << 10;

/// The largest number of concurrent traces without cached data. Each may send as many queries as a client's question, and has a cache of its own.
pub const MAX_FRESH_TRACES: usize = 2;

/// The status reports a certificate that expires within this time. ACME clients renew a certificate a month before it expires, so
/// the renewal has then failed for two weeks.
pub(crate) const CERTIFICATE_SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Maximum number of failing zones that `resolverctl status` names. If more zones fail, it shows only the number of the rest.
pub(crate) const MAX_STATUS_ZONES: usize = 5;

/// Maximum number of networks with slow name servers that `resolverctl status` names.
pub(crate) const MAX_STATUS_NETWORKS: usize = 3;

/// A server of a network whose last reply is older than this before the last reply of the network does not show how fast the network is now.
pub(crate) const PACE_TIME: Duration = Duration::from_secs(10);

/// Name servers that take this long on average are reported as slow: a mail needs several of their answers, one after the other.
pub(crate) const SLOW_NETWORK_TIME: Duration = Duration::from_millis(500);

/// If the daemon could not verify the root keys for this time, the status reports it. This is three times the longest pause
/// between two tries (`MAX_ROOT_KEY_RETRY`). A new key is published for at least 30 days before it is used, so there is enough
/// time to act.
pub(crate) const LONG_UNCHECKED_ROOT_KEYS: Duration = Duration::from_secs(3 * 86_400);

/// The period whose counters decide if the daemon counts as healthy.
pub const JUDGED: Window = Window::FiveMinutes;

/// How long a request for a TLS policy waits, less than `CONTROL_TIME`. DNS takes at most four times the deadline of a client, mostly
/// one; only the fetch of an MTA-STS policy may take longer.
pub const TLS_POLICY_TIME: Duration = Duration::from_secs(13);
