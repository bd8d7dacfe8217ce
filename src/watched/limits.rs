//! Bounds of the check of watched domains.

use std::time::Duration;

/// The time between two checks of any domains. It allows at most sixty checks an hour, each with at most `MAX_CHECK_QUESTIONS` queries.
pub(crate) const WATCH_PAUSE: Duration = Duration::from_secs(60);

/// The time after which a check is repeated when a finding came or went for the first time. Zone transfers after a change and restarts of servers
/// take less time.
pub const WATCH_AGAIN: Duration = Duration::from_secs(10 * 60);

/// The maximum of checks in a row that come after `WATCH_AGAIN` because of a finding: two confirm the finding, or three confirm its end. Then the
/// normal interval applies again, so that findings that come and go do not cause more checks.
pub(crate) const MAX_WATCH_AGAIN: u8 = 3;

/// The earliest time of a check after the start. Before that, the cache is empty, and mail has priority.
pub const WATCH_START: Duration = Duration::from_secs(60);

/// The first checks of domains without a history are spread over this time.
pub const WATCH_FIRST: Duration = Duration::from_secs(5 * 60);

/// The time between two checks is up to a tenth shorter or longer, so that many hosts do not ask at the same moment.
pub(crate) const WATCH_JITTER_PERCENT: u32 = 10;

/// The number of checks in a row without the finding after which the finding is gone. A finding that comes and goes still counts as present.
pub(crate) const WATCH_GONE: u8 = 3;

/// The number of checks in a row without the finding after which a finding that only one check has found is forgotten.
pub(crate) const WATCH_FORGOTTEN: u8 = 2;

/// The time for which a check is postponed while clients need the capacity.
pub(crate) const WATCH_PUT_OFF: Duration = Duration::from_secs(60);

/// The maximum of findings that are followed for a domain, the worst first. Domains without faults have five, domains with faults have fifteen.
pub(crate) const MAX_WATCH_FINDINGS: usize = 40;

/// The maximum of hosts, addresses and lists that a finding is about: eight mail hosts at four lists, or `MAX_CHECKED_SERVERS` servers that
/// differ for as many names.
pub(crate) const MAX_WATCH_ABOUT: usize = 48;

/// The maximum of changes that are kept for a domain: three months for a zone that changes once a week.
pub(crate) const MAX_WATCH_CHANGES: usize = 24;

/// The maximum of characters of evidence that are kept and logged. People read the lines of the journal.
pub(crate) const MAX_WATCH_EVIDENCE: usize = 300;

/// The maximum size of the file in octets: `MAX_WATCHED` domains with all findings and changes, in characters of four octets. The remaining space
/// is for the hosts, addresses and lists that the findings are about.
pub(crate) const MAX_WATCH_FILE: u64 = 8 << 20;
