//! Limits of `resolverctl`, each with the reason for its value.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Time limit of `resolverctl status --plugin`. Nagios and Icinga stop a plug-in after 10 s or more, and the check_mk agent waits until the
/// plug-in ends.
pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// Maximum number of characters in the text that `resolverctl status --plugin` prints. NRPE 2, a transport of Nagios, cuts a line (with its
/// performance data) at 1 024 octets.
pub(crate) const MAX_PLUGIN_TEXT: usize = 400;

/// Allowed time between two updates of the screen of `resolverctl top`. It is not shorter, because the daemon needs about ten milliseconds of CPU
/// time for each update.
pub(crate) const TOP_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// How long `resolverctl top` waits for each of the daemon's replies. The command handles no keys while it waits. A busy daemon needs less than
/// a second.
pub(crate) const TOP_PATIENCE: Duration = Duration::from_secs(2);

/// Maximum number of table rows that `resolverctl` prints, so that they fit on one screen. These are the worst rows. JSON has all rows.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Maximum size of one line of a daemon's reply that `resolverctl` reads, in octets. A message (email) of `why` with a hundred questions takes about
/// 40 KiB.
pub(crate) const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// Maximum number of updates that a sparkline of `resolverctl top` shows: two minutes at an update every two seconds.
pub(crate) const TOP_TREND: usize = 60;

/// Number of rows or lines that a page key of `resolverctl top` moves: half of a screen of 24 lines.
pub(crate) const TOP_PAGE: usize = 10;

/// How long `resolverctl switch` waits when it checks if a caught signal has arrived. The kernel reports an arrived signal immediately.
pub(crate) const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// Maximum number of pasted mail log lines that `resolverctl why -` reads. Their results fill some screens.
pub const MAX_PASTED_LINES: usize = 30;

/// Maximum size of the pasted text that `resolverctl why -` reads, in octets.
pub const MAX_PASTED: u64 = 1 << 20;

/// Maximum number of addresses and names of one pasted log line that are searched for in the query history. A line of smtpd has five.
pub(crate) const MAX_LINE_SUBJECTS: usize = 6;

/// A mail may have sent its last DNS query this long before the time of its log line, if the line contains no delay. Earlier queries may belong
/// to another mail of the same domain.
pub(crate) const PASTED_BEFORE: Duration = Duration::from_secs(30);

/// A shorter `PASTED_BEFORE`. It is used in the first search for the mail of a log line that names only one domain. A busy domain may have more than
/// `MAX_WHY_MESSAGES` mails in the longer period. The reply would then contain the slowest mails, not the mails nearest to the time of the line.
pub(crate) const PASTED_NEAR: Duration = Duration::from_secs(2);

/// The first DNS query of a mail may be this long after the time of its log line, because the times of syslog are whole seconds.
pub(crate) const PASTED_AFTER: Duration = Duration::from_secs(2);

/// `resolverctl why` searches the query history this long before and after the time of a log line. A mail may take minutes, and mail software writes
/// its line at the end.
pub const WHY_AROUND: Duration = Duration::from_secs(120);

/// How long `resolverctl why -` waits for the check whose first line it shows below a cause. The check of a domain whose servers answer takes
/// less than a second.
pub(crate) const WHY_CHECK_TIME: Duration = Duration::from_secs(3);

/// Minimum time before a deferred mail is tried again: `minimal_backoff_time` of Postfix.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_secs(300);

/// Maximum duration of one step of an SMTP session, for which mail software writes a log line without a delay. Postfix waits 600 s for the reply to
/// the data of the email, and 300 s for the replies to other commands.
pub(crate) const SESSION_PART: Duration = Duration::from_secs(600);

/// Maximum number of messages (groups of DNS queries for one mail) that `resolverctl why -` shows for one log line that matches several: one for the
/// mail's host, one for its sender, and one other.
pub(crate) const MAX_FITTING_MESSAGES: usize = 3;

/// Maximum size of a reply of a mail host, in octets. The longest replies to EHLO have 1 KiB.
pub(crate) const MAX_MAIL_HOST_REPLY: u64 = 8 << 10;

/// Maximum size of an HTTPS reply with an MTA-STS policy, in octets. RFC 8461 section 3.2 suggests 64 KiB for the policy.
pub(crate) const MAX_POLICY_FILE: u64 = 66 << 10;

/// Maximum number of certificates of a mail host that `check DOMAIN --connect` stores. Certificate chains have two or three.
pub(crate) const MAX_PEER_CERTIFICATES: usize = 8;

/// Time limit for a question to another resolver over TLS, HTTPS or QUIC, including the connection setup. This takes three round trips more than over
/// UDP.
pub(crate) const SECURED_RESOLVER_TIME: Duration = Duration::from_secs(4);

/// Maximum number of names in a chain of aliases that `resolverctl compare` follows. Each name may be in another zone, whose servers must be asked
/// too.
pub(crate) const MAX_COMPARED_NAMES: usize = 4;

/// Maximum number of DKIM selectors on the command line of `check`. Each takes at least one of the `MAX_CHECK_QUESTIONS` lookups of a check.
pub(crate) const MAX_GIVEN_SELECTORS: usize = 10;

/// Maximum number of octets that `check mail` reads of an email. Header fields come first, and the fields in the parts of a bounce come soon after.
pub(crate) const MAX_CHECKED_MESSAGE: u64 = 1 << 20;

/// Default number of questions per second that `resolverctl shadow` sends to each of the two resolvers. It adds little load: a mail gateway asks some
/// hundred per second.
pub(crate) const SHADOW_RATE: u32 = 50;

/// Allowed values for the questions per second of `resolverctl shadow`; the default is `SHADOW_RATE`.
pub(crate) const SHADOW_RATES: RangeInclusive<i64> = 1..=1_000;

/// How long `resolverctl shadow` waits for a reply of a resolver. Most resolvers give up after 4 to 5 s, and Unbound may take longer.
pub(crate) const SHADOW_PATIENCE: Duration = Duration::from_secs(6);

/// How often `resolverctl shadow` asks both resolvers again after their answers differed. It reports only differences that remain.
pub(crate) const SHADOW_REPEATS: usize = 2;

/// How long `resolverctl shadow` waits before it repeats a question. It is more than a second, because caches of whole replies may send the same
/// octets again within a second.
pub(crate) const SHADOW_PAUSE: Duration = Duration::from_millis(1_200);

/// Maximum number of differences whose causes `resolverctl shadow` examines, each with at most `MAX_CHECK_QUESTIONS` lookups. The causes of further
/// differences remain unknown.
pub(crate) const MAX_SHADOW_EXAMINED: usize = 200;

/// Maximum number of differences that are examined at the same time. Each examination uses up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` of the
/// `MAX_CONTROL_CONNECTIONS` control connections.
pub(crate) const SHADOW_EXAMINED_AT_ONCE: usize = 2;

/// Default number of different questions that `resolverctl shadow` sends to one DNS list. It is low because operators of lists limit queries.
pub(crate) const SHADOW_LIST_QUESTIONS: usize = 100;

/// Maximum number of differences that the screen of `resolverctl shadow` shows for each cause. JSON has all of them.
pub(crate) const MAX_SHADOW_SHOWN: usize = 10;

/// Maximum number of types that `flush` asks the name servers for. Mail software asks for A, AAAA, MX and TXT records of a name.
pub(crate) const MAX_ASKED_AGAIN: usize = 4;
