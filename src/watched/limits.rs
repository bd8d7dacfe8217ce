//! The limits of the checks of watched domains, each with the reason for its value.

use std::time::Duration;

/// The time between two checks, of the same or of different domains. At most sixty checks run in an hour, each with at most
/// `MAX_CHECK_QUESTIONS` queries.
pub(crate) const WATCH_PAUSE: Duration = Duration::from_secs(60);

/// The time until the next check after a finding appeared or was missing for the first time. Zone transfers and restarts of servers take
/// less time.
pub const WATCH_AGAIN: Duration = Duration::from_secs(5 * 60);

/// The time for which answers of DNS lists about own addresses and domains are not asked again, if they list nothing: lists are asked twice a day.
pub const LISTINGS_TIME: Duration = Duration::from_secs(12 * 60 * 60);

/// The largest number of checks in a row at the interval `WATCH_AGAIN`: two confirm a finding, three confirm its end. A finding that
/// appears and ends repeatedly must not cause checks at this interval forever.
pub(crate) const MAX_WATCH_AGAIN: u8 = 3;

/// The time from the start of the daemon to the first check. The cache may be empty at first, and questions of mail are more urgent.
pub const WATCH_START: Duration = Duration::from_secs(60);

/// The period over which the first checks of domains without a history are spread.
pub const WATCH_FIRST: Duration = Duration::from_secs(5 * 60);

/// The time between two checks varies by up to this percentage, so that many hosts do not send their queries at the same time.
pub(crate) const WATCH_JITTER_PERCENT: u32 = 10;

/// The number of checks in a row that must not find the problem before a confirmed finding ends.
pub(crate) const WATCH_GONE: u8 = 3;

/// The number of checks in a row that must not find the problem before an unconfirmed finding is forgotten.
pub(crate) const WATCH_FORGOTTEN: u8 = 2;

/// The time for which a check is postponed while too many queries of clients are in progress.
pub(crate) const WATCH_PUT_OFF: Duration = Duration::from_secs(60);

/// The largest number of findings in the history of a domain; the worst ones are stored. Domains with faults have about fifteen.
pub(crate) const MAX_WATCH_FINDINGS: usize = 40;

/// The largest number of hosts, addresses and lists that one finding may be about: for instance eight mail hosts on four lists each.
pub(crate) const MAX_WATCH_ABOUT: usize = 48;

/// The maximum number of changes in the history of a domain: three months for a zone that changes once a week.
pub(crate) const MAX_WATCH_CHANGES: usize = 24;

/// The largest length, in characters, of the facts that show a finding. People must be able to read log lines.
pub(crate) const MAX_WATCH_EVIDENCE: usize = 300;

/// The largest size of the file with the history, in octets. It is enough for `MAX_WATCHED` domains with the maximum number of findings and
/// changes, even if each character has four octets.
pub(crate) const MAX_WATCH_FILE: u64 = 8 << 20;
