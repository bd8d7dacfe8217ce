//! Bounds of the check of watched domains.

use std::time::Duration;

/// The time between two checks, of whatever domain: sixty checks an hour at most, each of `MAX_CHECK_QUESTIONS` queries or fewer.
pub(crate) const WATCH_PAUSE: Duration = Duration::from_secs(60);

/// How soon a check is repeated after a finding came or went for the first time. Transfers after a change of a zone, and
/// restarts of servers, take less.
pub const WATCH_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Checks in a row that come after `WATCH_AGAIN` because of a finding: two confirm it, or three its end. Then the interval
/// counts again, so that findings that come and go in turn cost no more.
pub(crate) const MAX_WATCH_AGAIN: u8 = 3;

/// No check begins earlier after the start: the cache is cold, and mail comes first.
pub const WATCH_START: Duration = Duration::from_secs(60);

/// The first checks of domains without a history are spread over this time.
pub const WATCH_FIRST: Duration = Duration::from_secs(5 * 60);

/// The time between two checks is up to a tenth shorter or longer, so that many hosts do not ask at the same moment.
pub(crate) const WATCH_JITTER_PERCENT: u32 = 10;

/// Checks in a row that must not find a finding until it is gone: one that comes and goes is there.
pub(crate) const WATCH_GONE: u8 = 3;

/// Checks in a row after which a finding that one check has found is forgotten.
pub(crate) const WATCH_FORGOTTEN: u8 = 2;

/// How long a check is put off while clients need the room.
pub(crate) const WATCH_PUT_OFF: Duration = Duration::from_secs(60);

/// Findings of a domain that are followed, the worst first. Sound domains have five, broken ones fifteen.
pub(crate) const MAX_WATCH_FINDINGS: usize = 40;

/// Hosts, addresses and lists that a finding is about: eight mail hosts at four lists, or `MAX_CHECKED_SERVERS` that differ for as
/// many names.
pub(crate) const MAX_WATCH_ABOUT: usize = 48;

/// Changes of a domain that are kept: three months of a zone that changes once a week.
pub(crate) const MAX_WATCH_CHANGES: usize = 24;

/// Characters of the evidence that is kept and logged: the journal's lines are read by people.
pub(crate) const MAX_WATCH_EVIDENCE: usize = 300;

/// Octets of the file: `MAX_WATCHED` domains with all findings and changes, in characters of four octets. The rest has room
/// for the things that they are about.
pub(crate) const MAX_WATCH_FILE: u64 = 8 << 20;
