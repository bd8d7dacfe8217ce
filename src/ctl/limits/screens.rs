//! Bounds of the screens, and of what is read from the control socket.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Connections that `resolverctl` opens for one request, if each gave way before the request was written.
pub(crate) const CONTROL_TRIES: usize = 3;

/// The longest time of `resolverctl status --plugin`: Nagios and Icinga end a plug-in after 10 s or more, check_mk's agent
/// waits for it.
pub(crate) const PLUGIN_TIME: Duration = Duration::from_secs(5);

/// Characters of the text of `resolverctl status --plugin`: a transport of Nagios (NRPE 2) cuts a line with its performance
/// data at 1 024 octets.
pub(crate) const MAX_PLUGIN_TEXT: usize = 400;

/// The time between two reports of `resolverctl stats --watch`, and between two frames of `resolverctl top`: a report reads the record, which takes some ten milliseconds.
pub(crate) const STATS_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// Rows of a table that `resolverctl` shows: the worst ones, on one screen. JSON has all of them.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Octets of one line of a reply that `resolverctl` reads: a message of `why` with a hundred questions has about 40 KiB.
pub(crate) const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// Rows, or lines, that a page key of `resolverctl top` moves: half of a screen of 24 lines.
pub(crate) const TOP_PAGE: usize = 10;

/// Keys, replies and requests of `resolverctl top` that wait: a pasted line of text is no command, and its sender waits.
pub(crate) const TOP_EVENTS: usize = 64;

/// Messages (emails) of a row that `resolverctl top` reads: the worst as a waterfall, and a line for each other one.
pub(crate) const TOP_MESSAGES: usize = 20;

/// The time after a signal in which `resolverctl top` gives its terminal back. A terminal that is not read, for instance of a
/// connection that is gone, would hold it up for ever: a system that shuts down waits 90 s for it.
pub(crate) const TOP_END_TIME: Duration = Duration::from_secs(1);

/// The time after which `resolverctl top` tells that a request is not answered: a busy daemon needs less than a second.
pub(crate) const TOP_LATE: Duration = Duration::from_secs(4);

/// How long a signal that has come may take to be seen. Its pipe is readable at once.
pub(crate) const SWITCH_SIGNAL_TIME: Duration = Duration::from_millis(1);

/// `check DOMAIN --watch INTERVAL`.
pub(crate) const WATCH_SCREEN_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(30)..=Duration::from_secs(24 * 60 * 60);
