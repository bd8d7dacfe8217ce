//! Bounds of `resolverctl`, each with its reason.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest time of `resolverctl status --plugin`: Nagios and Icinga end a plug-in after 10 s or more, check_mk's agent
/// waits for it.
pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// Characters of the text of `resolverctl status --plugin`: a transport of Nagios (NRPE 2) cuts a line with its performance
/// data at 1 024 octets.
pub(crate) const MAX_PLUGIN_TEXT: usize = 400;

/// The time between two frames of `resolverctl top`: a reading takes some ten milliseconds of the daemon.
pub(crate) const TOP_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// How long `resolverctl top` waits for each part of a reading, in which it takes no keys: a busy daemon needs less than a second.
pub(crate) const TOP_PATIENCE: Duration = Duration::from_secs(2);

/// Rows of a table that `resolverctl` shows: the worst ones, on one screen. JSON has all of them.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Octets of one line of a reply that `resolverctl` reads: a message of `why` with a hundred questions has about 40 KiB.
pub(crate) const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// Rows, or lines, that a page key of `resolverctl top` moves: half of a screen of 24 lines.
pub(crate) const TOP_PAGE: usize = 10;

/// How long a signal that has come may take to be seen. Its pipe is readable at once.
pub(crate) const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// Pasted lines of mail logs that are read, and octets of them: some screens.
pub const MAX_PASTED_LINES: usize = 30;

/// See `MAX_PASTED_LINES`.
pub const MAX_PASTED: u64 = 1 << 20;

/// Addresses and names of a pasted line that are looked for: a line of smtpd has five.
pub(crate) const MAX_LINE_SUBJECTS: usize = 6;

/// The queries of a mail whose log line has no delay ended this long before it at most. Those that ended earlier may be of another mail
/// of the same domain.
pub(crate) const PASTED_BEFORE: Duration = Duration::from_secs(30);

/// Like `PASTED_BEFORE`, for the first search of a line that names one domain alone: of a busy domain, more mails than `MAX_WHY_MESSAGES`
/// may have ended in the longer time, and the reply would have the worst of them and not the nearest.
pub(crate) const PASTED_NEAR: Duration = Duration::from_secs(2);

/// A mail of a log line begins this long after its time at most: times of syslog are whole seconds.
pub(crate) const PASTED_AFTER: Duration = Duration::from_secs(2);

/// How far around a moment of a log line the record is searched: a mail may take minutes, and lines are written at its end.
pub const WHY_AROUND: Duration = Duration::from_secs(120);

/// The least time before a deferred mail is tried again: `minimal_backoff_time` of Postfix.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_secs(300);

/// The longest part of a session of SMTP whose end is a log line without a delay: Postfix waits 600 s for the reply to the data, and 300 s
/// for other commands.
pub(crate) const SESSION_PART: Duration = Duration::from_secs(600);

/// Messages that are shown for a line that several fit: the host of a mail and its sender, and another mail.
pub(crate) const MAX_FITTING_MESSAGES: usize = 3;

/// Octets of a reply of a mail host: the longest replies to EHLO have 1 KiB.
pub(crate) const MAX_MAIL_HOST_REPLY: u64 = 8 << 10;

/// Octets of a reply with a policy of MTA-STS: RFC 8461 section 3.2 suggests 64 KiB for the policy.
pub(crate) const MAX_POLICY_FILE: u64 = 66 << 10;

/// Names of a resolver's certificate that a sentence shows.
pub(crate) const MAX_NAMES_OF_CERTIFICATE: usize = 3;

/// Certificates of a mail host that are kept: chains have two or three.
pub(crate) const MAX_PEER_CERTIFICATES: usize = 8;

/// How long a resolver of others is waited for over TLS or HTTPS, with the connection: three round trips more than over UDP.
pub(crate) const SECURED_RESOLVER_TIME: Duration = Duration::from_secs(4);

/// Names that `compare` follows from alias to alias: each has a zone of its own, whose servers are asked.
pub(crate) const MAX_COMPARED_NAMES: usize = 4;

/// DKIM selectors of a command line: each is one lookup, or more if it fails, of `MAX_CHECK_QUESTIONS`.
pub(crate) const MAX_GIVEN_SELECTORS: usize = 10;

/// Octets of a message that `check mail` reads: header fields come first, and the fields in the parts of a bounce come soon.
pub(crate) const MAX_CHECKED_MESSAGE: u64 = 1 << 20;

/// Questions a second by default, and at most. Each is sent to both resolvers; a gateway asks some hundred a second itself.
pub(crate) const SHADOW_RATE: u32 = 50;

/// See `SHADOW_RATE`.
pub(crate) const SHADOW_RATES: RangeInclusive<i64> = 1..=1_000;

/// How long a resolver is waited for: most give up after 4 to 5 s, and Unbound may take longer.
pub(crate) const SHADOW_PATIENCE: Duration = Duration::from_secs(6);

/// How often both are asked again before a difference counts.
pub(crate) const SHADOW_REPEATS: usize = 2;

/// The time before each repeat: longer than the second for which caches give the same octets.
pub(crate) const SHADOW_PAUSE: Duration = Duration::from_millis(1_200);

/// Differences whose causes are sought, each with at most `MAX_CHECK_QUESTIONS`. The others are unknown.
pub(crate) const MAX_SHADOW_EXAMINED: usize = 200;

/// Differences examined at once: each uses up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` of `MAX_CONTROL_CONNECTIONS`.
pub(crate) const SHADOW_EXAMINED_AT_ONCE: usize = 2;

/// Different questions to one DNS list by default: lists count queries.
pub(crate) const SHADOW_LIST_QUESTIONS: usize = 100;

/// Differences that the screen shows of each cause; JSON has all.
pub(crate) const MAX_SHADOW_SHOWN: usize = 10;
