//! Chooses the extended error (RFC 8914) of a reply to a client. Its text is the sentence that describes the cause.
//!
//! The codes of failed validation are chosen in `validate::verdict`, and those for queries that cannot be read as a question in `dns::wire::query`.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::iterate::failure::Failure;
use crate::resolve::shares::ShedReason;
use dns::conduct::Conduct;
use dns::question::{ExtendedError, name_text};
use validate::verdict::ValidationFailure;

impl Failure {
    /// Returns the extended error that the client gets for this failure.
    pub fn extended_error(&self) -> ExtendedError {
        ExtendedError::new(self.code(), self.to_string())
    }

    fn code(&self) -> u16 {
        match self {
            Self::Servers { faults, .. } if are_of_network(faults) => ExtendedError::NETWORK_ERROR,
            Self::Servers { .. }
            | Self::Silent { .. }
            | Self::Addresses { .. }
            | Self::Depth { .. }
            | Self::Packets { .. }
            | Self::Time { .. } => ExtendedError::NO_REACHABLE_AUTHORITY,
            Self::Untrusted { fault, .. } => fault.why.code(),
            Self::Remembered { .. } => ExtendedError::CACHED_ERROR,
            Self::List { error, .. } => error.code,
            Self::NoRoom { .. } | Self::Reloaded { .. } => ExtendedError::NOT_READY,
            Self::Referrals { .. }
            | Self::Aliases { .. }
            | Self::Sentinel { .. }
            | Self::TooLong { .. }
            | Self::Glued { .. }
            | Self::TooLarge { .. } => ExtendedError::OTHER,
        }
    }
}

fn are_of_network(faults: &[(SocketAddr, Conduct)]) -> bool {
    let is_of_network =
        |conduct: Conduct| matches!(conduct, Conduct::Unreachable | Conduct::NotSent | Conduct::NoTcp);
    !faults.is_empty() && faults.iter().all(|(_, conduct)| is_of_network(*conduct))
}

impl ShedReason {
    /// Returns the error for a question that resolverd refuses to resolve. If the servers of the zone are silent, it has the code "no reachable
    /// authority". For all other reasons, it has the code "not ready", and the history counts the question as turned away because of overload.
    pub(crate) fn extended_error(self, zone: &Name) -> ExtendedError {
        let code = match self {
            Self::SilentZone => ExtendedError::NO_REACHABLE_AUTHORITY,
            _ => ExtendedError::NOT_READY,
        };
        ExtendedError::new(code, self.sentence(zone))
    }
}

/// Returns `own`, the error that was found for this answer. If there is none, returns the error for `fault`, the reason why the data are
/// insecure.
pub(crate) fn for_answer(
    own: Option<&ExtendedError>,
    fault: Option<&ValidationFailure>,
) -> Option<ExtendedError> {
    own.cloned().or_else(|| fault.map(ValidationFailure::extended_error))
}

/// Returns the error for a stale answer, which expired the time `past` ago. `why` is the reason why it is used nevertheless.
pub(crate) fn stale_answer(past: Duration, why: &str) -> ExtendedError {
    let text = format!("stale answer, expired {} s ago: {why}", past.as_secs());
    ExtendedError::new(ExtendedError::STALE_ANSWER, text)
}

/// Returns the error for an NXDOMAIN that cached NSEC or NSEC3 records of `zone` prove.
pub(crate) fn synthesized(zone: &Name) -> ExtendedError {
    let text = format!("concluded from signed records of {} in the cache", name_text(zone));
    ExtendedError::new(ExtendedError::SYNTHESIZED, text)
}

/// Returns the error for an answer from which the addresses in `sentence` were removed, because they are in `resolve.private_addresses`.
pub(crate) fn addresses_removed(sentence: String) -> ExtendedError {
    ExtendedError::new(ExtendedError::BLOCKED, sentence)
}

/// Returns the error for a failure from the cache. A failed validation keeps its code.
pub(crate) fn cached_failure(failed: &ExtendedError) -> ExtendedError {
    let code = if failed.is_of_validation() { failed.code } else { ExtendedError::CACHED_ERROR };
    ExtendedError::new(code, format!("{} (cached failure)", failed.text))
}

pub(crate) fn past_deadline(why: String) -> ExtendedError {
    ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, why)
}

/// Returns the error for a resolution that has panicked. The code says neither that this host is overloaded nor that a server is at fault.
pub(crate) fn crashed() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::OTHER,
        "resolverd crashed while it resolved this query; its log has the error, please send this line to the makers of resolverd",
    )
}

pub(crate) fn not_ready(why: &str) -> ExtendedError {
    ExtendedError::new(ExtendedError::NOT_READY, why)
}

/// Returns the error for a query that arrives when too many questions of clients wait for their answers, or while the daemon is stopping.
pub(crate) fn overload() -> ExtendedError {
    not_ready("overload: queries come faster than this host resolves them; or resolverd is stopping")
}

pub(crate) fn prohibited() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::PROHIBITED,
        "this listener does not answer your address (see `allow` and `refuse` in its configuration)",
    )
}

/// Returns the error for a query without RD whose answer is not in the cache (RFC 8914 section 4.21).
pub(crate) fn recursion_not_desired() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::NOT_AUTHORITATIVE,
        "not in the cache, and the query does not ask for recursion (RD)",
    )
}
