//! Limits of the checks of watched domains.

use std::time::Duration;

/// The time between two checks of any domains. It allows at most sixty checks an hour, each with at most `MAX_CHECK_QUESTIONS` queries.
pub(crate) const WATCH_PAUSE: Duration = Duration::from_secs(60);

/// The time after which a check is repeated when a finding appeared or was missing for the first time. Zone transfers and restarts of
/// servers take less time.
pub const WATCH_AGAIN: Duration = Duration::from_secs(10 * 60);

/// The maximum number of successive checks at the short interval `WATCH_AGAIN`: two confirm a finding, or three confirm its end. Then the
/// normal interval applies again, so that a finding that appears and ends repeatedly does not cause more checks.
pub(crate) const MAX_WATCH_AGAIN: u8 = 3;

/// The time from the start of the daemon to the first check. Before that, the cache is empty, and mail has priority.
pub const WATCH_START: Duration = Duration::from_secs(60);

/// The period over which the first checks of domains without a history are spread.
pub const WATCH_FIRST: Duration = Duration::from_secs(5 * 60);

/// The time between two checks is up to this percentage shorter or longer, so that many hosts do not ask at the same moment.
pub(crate) const WATCH_JITTER_PERCENT: u32 = 10;

/// If this many successive checks do not find the problem, a confirmed finding ends. A problem that comes and goes still counts as present.
pub(crate) const WATCH_GONE: u8 = 3;

/// If this many successive checks do not find the problem, a finding that only one check has found is forgotten.
pub(crate) const WATCH_FORGOTTEN: u8 = 2;

/// The time for which a check is postponed while clients need the capacity.
pub(crate) const WATCH_PUT_OFF: Duration = Duration::from_secs(60);

/// The maximum number of findings that the history of a domain has, the worst first. Domains without faults have five, domains with faults
/// have fifteen.
pub(crate) const MAX_WATCH_FINDINGS: usize = 40;

/// The maximum number of hosts, addresses and lists that a finding is about: eight mail hosts at four lists, or `MAX_CHECKED_SERVERS` servers that
/// differ for as many names.
pub(crate) const MAX_WATCH_ABOUT: usize = 48;

/// The maximum number of changes in the history of a domain: three months for a zone that changes once a week.
pub(crate) const MAX_WATCH_CHANGES: usize = 24;

/// The maximum number of characters of a finding's evidence that are saved and logged. More would be too long for a log line that people read.
pub(crate) const MAX_WATCH_EVIDENCE: usize = 300;

/// The maximum size of the file in octets: `MAX_WATCHED` domains with all findings and changes, in characters of four octets. The remaining space
/// is for the hosts, addresses and lists that the findings are about.
pub(crate) const MAX_WATCH_FILE: u64 = 8 << 20;
