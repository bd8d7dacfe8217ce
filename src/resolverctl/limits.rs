//! Limits of `resolverctl`, each with the reason for its value.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Time limit of `resolverctl status --plugin`. Nagios and Icinga stop a plug-in after 10 s or more, and the check_mk agent waits until the
/// plug-in ends.
pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// The maximum length of the text that `resolverctl status --plugin` prints, in characters. NRPE 2, a transport of Nagios, cuts a line (with its
/// performance data) at 1 024 octets.
pub(crate) const MAX_PLUGIN_TEXT: usize = 400;

/// The time between two updates of the screen of `resolverctl top`. At least a second, because the daemon needs about ten
/// milliseconds of CPU time for each update.
pub(crate) const TOP_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// How long `resolverctl top` waits for each reply of the daemon. During this time, the command does not react to key presses. A busy daemon
/// replies in less than a second.
pub(crate) const TOP_PATIENCE: Duration = Duration::from_secs(2);

/// Maximum number of table rows of `resolverctl`, so that they fit on one screen. JSON has all rows.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Maximum size of one line of a daemon's reply, in octets. A message (email) of `why` with a hundred questions takes about 40
/// KiB.
pub(crate) const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// The number of updates in the trend of `resolverctl top`: two minutes, if the screen is updated every two seconds.
pub(crate) const TOP_TREND: usize = 60;

/// The number of rows by which a page key of `resolverctl top` moves: about half of the rows of a terminal with 24 lines.
pub(crate) const TOP_PAGE: usize = 10;

/// How long `resolverctl switch` waits for a caught signal. It only checks if a signal has arrived, and the kernel reports an
/// arrived signal immediately.
pub(crate) const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// Maximum number of pasted mail log lines that `resolverctl why -` reads. Their results fill some screens.
pub const MAX_PASTED_LINES: usize = 30;

/// Maximum number of groups of domains of a mail queue that `resolverctl why -` looks up: those with most mails. A queue seldom has more causes.
pub(crate) const MAX_QUEUE_DOMAINS: usize = 60;

/// Maximum size of the pasted text, in octets.
pub const MAX_PASTED: u64 = 1 << 20;

/// Maximum number of addresses and names of a pasted log line that `resolverctl why -` searches for. A line of smtpd has five.
pub(crate) const MAX_LINE_SUBJECTS: usize = 6;

/// If a log line contains no delay, the last DNS query of its mail may be this long before the time of the line. Earlier queries
/// may belong to another mail of the same domain.
pub(crate) const PASTED_BEFORE: Duration = Duration::from_secs(30);

/// If a log line contains no delay, a message (email) that ended at most this long before the line matches the time of the line best.
pub(crate) const PASTED_NEAR: Duration = Duration::from_secs(2);

/// The first DNS query of a mail may be this long after the time of its log line, because syslog has whole seconds.
pub(crate) const PASTED_AFTER: Duration = Duration::from_secs(2);

/// How long before and after the time of a log line `resolverctl why` searches. A mail may take minutes, and mail software writes
/// its line at the end.
pub const WHY_AROUND: Duration = Duration::from_secs(120);

/// How long `resolverctl why -` waits for the check of a domain, whose result it shows below the cause. If the servers of the
/// domain answer, the check takes less than a second.
pub(crate) const WHY_CHECK_TIME: Duration = Duration::from_secs(3);

/// Minimum time before a deferred mail is tried again: `minimal_backoff_time` of Postfix.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_secs(300);

/// If a line about the end of an SMTP session has no delay, its queries are searched in this time before the line: the maximum
/// duration of one step of a session. Postfix waits 600 s for the reply to the data of the email, and 300 s for other replies.
pub(crate) const SESSION_PART: Duration = Duration::from_secs(600);

/// Maximum number of messages (emails) that are shown for a log line: usually one with queries about the mail's host, one with queries about
/// its sender, and one more.
pub(crate) const MAX_FITTING_MESSAGES: usize = 3;

/// Time limit for a question to another resolver over TLS, HTTPS or QUIC, including the connection setup, which takes up to three
/// round trips more than UDP.
pub(crate) const SECURED_RESOLVER_TIME: Duration = Duration::from_secs(4);

/// Maximum number of names in a chain of aliases that `resolverctl compare` follows. Each name may be in another zone, whose
/// servers must be asked too.
pub(crate) const MAX_COMPARED_NAMES: usize = 4;

/// Maximum number of options `--selector` of a check. Each selector takes at least one of the `MAX_CHECK_QUESTIONS` lookups.
pub(crate) const MAX_GIVEN_SELECTORS: usize = 10;

/// Maximum number of zones in the picture of a chain of keys. Most chains have three: the root, a top-level domain and the domain.
pub(crate) const MAX_DRAWN_ZONES: usize = 12;

/// Maximum number of characters in the first line of a check. It fits two lines of a terminal, or one of a chat.
pub(crate) const MAX_FIRST_LINE: usize = 160;

/// The number of domains that one command checks at the same time. `MAX_CONTROL_CONNECTIONS` suffices for four; one is left to other
/// commands.
pub(crate) const CHECKED_AT_ONCE: usize = 3;

/// Maximum size of the file of `resolverctl check --list`, in octets: ten thousand domains of 25 octets, which take some hours.
pub(crate) const MAX_CHECKED_LIST: u64 = 256 << 10;

/// Maximum size of a message that `resolverctl check mail` reads, in octets. Header fields come first, and the fields in the
/// parts of a bounce come soon after.
pub(crate) const MAX_CHECKED_MESSAGE: u64 = 1 << 20;

/// Default number of questions per second that `resolverctl shadow` sends to each of the two resolvers. A mail gateway asks some
/// hundred per second.
pub(crate) const SHADOW_RATE: u32 = 50;

/// Questions per second of `resolverctl shadow`.
pub(crate) const SHADOW_RATES: RangeInclusive<i64> = 1..=1_000;

/// How long `resolverctl shadow` waits for an answer. Most resolvers give up after 4 to 5 s, and Unbound may take longer.
pub(crate) const SHADOW_PATIENCE: Duration = Duration::from_secs(6);

/// How often `resolverctl shadow` asks both resolvers again after a difference. It reports only differences that remain.
pub(crate) const SHADOW_REPEATS: usize = 2;

/// How long `resolverctl shadow` waits before it asks both resolvers again. More than a second, because caches of whole replies
/// may send the same octets again within a second.
pub(crate) const SHADOW_PAUSE: Duration = Duration::from_millis(1_200);

/// Maximum number of differences whose cause `resolverctl shadow` looks for. Each takes at most `MAX_CHECK_QUESTIONS` lookups.
pub(crate) const MAX_SHADOW_EXAMINED: usize = 200;

/// The number of differences whose causes are looked for at the same time. Each takes up to `CHECK_QUESTIONS_AT_ONCE` times
/// `CHECK_TRIES` of the `MAX_CONTROL_CONNECTIONS` control connections.
pub(crate) const SHADOW_EXAMINED_AT_ONCE: usize = 2;

/// Default number of different questions to one DNS list. Low, because operators of lists limit queries.
pub(crate) const SHADOW_LIST_QUESTIONS: usize = 100;

/// The largest number of differences on the screen for each cause. JSON has all differences.
pub(crate) const MAX_SHADOW_SHOWN: usize = 10;

/// The number of record types that are queried again after a flush of a name. Mail software asks for A, AAAA, MX and TXT records.
pub(crate) const MAX_ASKED_AGAIN: usize = 4;
