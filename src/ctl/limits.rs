//! Limits of `resolverctl`, each with its reason.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Maximum duration of `resolverctl status --plugin`. Nagios and Icinga stop a plug-in after 10 s or more, and the agent of
/// check_mk waits for it.
pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// Maximum number of characters in the text of `resolverctl status --plugin`. NRPE 2, a transport of Nagios, cuts a line
/// including its performance data at 1 024 octets.
pub(crate) const MAX_PLUGIN_TEXT: usize = 400;

/// Allowed intervals between two frames of `resolverctl top`. Each reading costs the daemon some ten milliseconds.
pub(crate) const TOP_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// How long `resolverctl top` waits for each part of a reading. It handles no keys meanwhile. A busy daemon needs less than a
/// second.
pub(crate) const TOP_PATIENCE: Duration = Duration::from_secs(2);

/// Maximum number of table rows that `resolverctl` shows: the worst ones, on one screen. JSON has all rows.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Maximum octets of one reply line that `resolverctl` reads. A message of `why` with a hundred questions has about 40 KiB.
pub(crate) const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// Number of rows or lines that a page key of `resolverctl top` moves: half of a screen of 24 lines.
pub(crate) const TOP_PAGE: usize = 10;

/// How long it may take until a received signal is noticed. The pipe of the signal becomes readable immediately.
pub(crate) const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// Maximum number of pasted lines of mail logs that are read: some screens.
pub const MAX_PASTED_LINES: usize = 30;

/// Maximum octets of pasted lines; see `MAX_PASTED_LINES`.
pub const MAX_PASTED: u64 = 1 << 20;

/// Maximum number of addresses and names of a pasted line that are looked up. A line of smtpd has five.
pub(crate) const MAX_LINE_SUBJECTS: usize = 6;

/// How long before the time of a log line the queries of its mail may have ended, if the line has no delay. Earlier queries may
/// belong to another mail of the same domain.
pub(crate) const PASTED_BEFORE: Duration = Duration::from_secs(30);

/// Like `PASTED_BEFORE`, for the first search of a line that names only one domain. A busy domain may have more than
/// `MAX_WHY_MESSAGES` mails in the longer period, and the reply would contain the worst of them instead of the nearest.
pub(crate) const PASTED_NEAR: Duration = Duration::from_secs(2);

/// How long after the time of its log line a mail may begin. The times of syslog are whole seconds.
pub(crate) const PASTED_AFTER: Duration = Duration::from_secs(2);

/// How far the record is searched before and after the time of a log line. A mail may take minutes, and lines are written at its
/// end.
pub const WHY_AROUND: Duration = Duration::from_secs(120);

/// Minimum time before a deferred mail is tried again: `minimal_backoff_time` of Postfix.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_secs(300);

/// Maximum duration of a part of an SMTP session that ends with a log line without a delay. Postfix waits 600 s for the reply to
/// the data, and 300 s for other commands.
pub(crate) const SESSION_PART: Duration = Duration::from_secs(600);

/// Maximum number of messages that are shown for a line that matches several messages: the one for the mail's host, the one for
/// its sender, and another mail.
pub(crate) const MAX_FITTING_MESSAGES: usize = 3;

/// Maximum octets of a reply of a mail host. The longest replies to EHLO have 1 KiB.
pub(crate) const MAX_MAIL_HOST_REPLY: u64 = 8 << 10;

/// Maximum octets of a reply with an MTA-STS policy. RFC 8461 section 3.2 suggests 64 KiB for the policy.
pub(crate) const MAX_POLICY_FILE: u64 = 66 << 10;

/// Maximum number of names of a resolver's certificate that a message shows.
pub(crate) const MAX_NAMES_OF_CERTIFICATE: usize = 3;

/// Maximum number of certificates of a mail host that are kept. Chains have two or three.
pub(crate) const MAX_PEER_CERTIFICATES: usize = 8;

/// How long `resolverctl` waits for other resolvers over TLS or HTTPS, including the connection. This takes three round trips
/// more than over UDP.
pub(crate) const SECURED_RESOLVER_TIME: Duration = Duration::from_secs(4);

/// Maximum number of names in a chain of aliases that `compare` follows. Each may be in another zone, whose servers are asked.
pub(crate) const MAX_COMPARED_NAMES: usize = 4;

/// Maximum number of DKIM selectors on a command line. Each takes one lookup of `MAX_CHECK_QUESTIONS`, or more if it fails.
pub(crate) const MAX_GIVEN_SELECTORS: usize = 10;

/// Maximum octets of a message that `check mail` reads. Header fields come first, and the fields in the parts of a bounce come
/// soon after.
pub(crate) const MAX_CHECKED_MESSAGE: u64 = 1 << 20;

/// Default number of questions per second. Each is sent to both resolvers. A mail gateway itself asks some hundred per second.
pub(crate) const SHADOW_RATE: u32 = 50;

/// Allowed numbers of questions per second; see `SHADOW_RATE`.
pub(crate) const SHADOW_RATES: RangeInclusive<i64> = 1..=1_000;

/// How long `resolverctl` waits for a resolver. Most give up after 4 to 5 s, and Unbound may take longer.
pub(crate) const SHADOW_PATIENCE: Duration = Duration::from_secs(6);

/// How often both resolvers are asked again before a difference counts.
pub(crate) const SHADOW_REPEATS: usize = 2;

/// Time before each repeated question. Caches may repeat identical octets within a second, so it is longer than that.
pub(crate) const SHADOW_PAUSE: Duration = Duration::from_millis(1_200);

/// Maximum number of differences whose causes are examined, each with at most `MAX_CHECK_QUESTIONS`. The causes of the others
/// stay unknown.
pub(crate) const MAX_SHADOW_EXAMINED: usize = 200;

/// Maximum number of differences examined at the same time. Each uses up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` of
/// `MAX_CONTROL_CONNECTIONS`.
pub(crate) const SHADOW_EXAMINED_AT_ONCE: usize = 2;

/// Default number of different questions to one DNS list, because lists count queries.
pub(crate) const SHADOW_LIST_QUESTIONS: usize = 100;

/// Maximum number of differences that the screen shows for each cause. JSON has all.
pub(crate) const MAX_SHADOW_SHOWN: usize = 10;

/// Maximum number of types that `flush` asks the name servers for. Mail software asks for A, AAAA, MX and TXT records of a name.
pub(crate) const MAX_ASKED_AGAIN: usize = 4;
