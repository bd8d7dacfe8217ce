//! Bounds of pasted lines of mail logs.

use std::time::Duration;

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
