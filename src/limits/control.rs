//! Bounds of the control socket and of `resolverctl`.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How long `resolverctl dnsbl health` waits for the results of tests: two questions to each list, one after the
/// other, and the slowest lists take a quarter of a second for each.
pub const LIST_TEST_TIME: Duration = Duration::from_secs(2);

/// Connections to the control socket at once; more wait to be accepted. A postmaster and his monitoring need two, and four checks of
/// domains up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` each: a query that waited for a place would look lost.
pub const MAX_CONTROL_CONNECTIONS: usize = 320;

/// Requests of one user for the query history (`why`, `failed`, tables by stage and minute) in progress at once: they are answered one at a
/// time, and their replies have megabytes. An operator and his monitoring need two.
pub const MAX_HISTORY_REQUESTS_OF_USER: usize = 8;

/// Like `MAX_HISTORY_REQUESTS_OF_USER`, of all users: half of the connections are left for other requests.
pub const MAX_HISTORY_REQUESTS: usize = 32;

/// Octets of a request on the control socket: a name has at most 1 004 in escaped form, the rest is a few words. Pasted lines are looked up
/// together, and a lookup has mostly 150 octets.
pub const MAX_CONTROL_REQUEST: usize = 16_384;

/// Rows of a reply on the control socket; the reply has only the number of the others. About 300 octets each.
pub const MAX_CONTROL_ROWS: usize = 4_096;

/// The time for a request: it is one line from the same host.
pub const CONTROL_REQUEST_TIME: Duration = Duration::from_secs(5);

/// The time that a connection without a request has for it before it gives way to a client that waits for a place. `resolverctl` sends its
/// request as soon as it is connected, but its process may not get the CPU for a while on a busy host.
pub const CONTROL_UNDISTURBED: Duration = Duration::from_millis(250);

/// Connections that `resolverctl` opens for one request, if each gave way before the request was written.
pub const CONTROL_TRIES: usize = 3;

/// The time between two looks for connections without a request that give way, while a client waits for a place.
pub const CONTROL_CROWDED: Duration = Duration::from_millis(50);

/// Octets of a reply that are collected before they are written. A system call for each line of a table would take longer than the line,
/// and more octets gain nothing: the buffer of a socket has room for some 200 KiB.
pub const CONTROL_WRITE: usize = 64 << 10;

/// The longest time of a connection to the control socket: the time of a flight and of a slow terminal.
pub const CONTROL_TIME: Duration = Duration::from_secs(15);

/// Traces past the cache at once: each may send as many queries as a question of a client, and has a cache of its own.
pub const MAX_FRESH_TRACES: usize = 2;

/// Octets of that cache: a resolution at its bound of 100 messages keeps less than 2 MiB.
pub const FRESH_TRACE_MEMORY: u64 = 4 << 20;

/// The longest time of a negative trust anchor that is set on the running daemon (RFC 7646 section 2: a week).
pub const MAX_NTA_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The longest time of `resolverctl status --plugin`: Nagios and Icinga end a plug-in after 10 s or more, check_mk's agent
/// waits for it.
pub const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// Characters of the text of `resolverctl status --plugin`: a transport of Nagios (NRPE 2) cuts a line with its performance
/// data at 1 024 octets.
pub const MAX_PLUGIN_TEXT: usize = 400;

/// The time between two reports of `resolverctl stats --watch`, and between two frames of `resolverctl top`: a report reads the record, which takes some ten milliseconds.
pub const STATS_INTERVALS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// Rows of a table that `resolverctl` shows: the worst ones, on one screen. JSON has all of them.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Octets of one line of a reply that `resolverctl` reads: a message of `why` with a hundred questions has about 40 KiB.
pub const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// Rows, or lines, that a page key of `resolverctl top` moves: half of a screen of 24 lines.
pub const TOP_PAGE: usize = 10;

/// Keys, replies and requests of `resolverctl top` that wait: a pasted line of text is no command, and its sender waits.
pub const TOP_EVENTS: usize = 64;

/// Messages (emails) of a row that `resolverctl top` reads: the worst as a waterfall, and a line for each other one.
pub const TOP_MESSAGES: usize = 20;

/// The time after a signal in which `resolverctl top` gives its terminal back. A terminal that is not read, for instance of a
/// connection that is gone, would hold it up for ever: a system that shuts down waits 90 s for it.
pub const TOP_END_TIME: Duration = Duration::from_secs(1);

/// The time after which `resolverctl top` tells that a request is not answered: a busy daemon needs less than a second.
pub const TOP_LATE: Duration = Duration::from_secs(4);
