//! Chooses the extended error (RFC 8914) of a reply to a client: there is a code for each cause.
//!
//! The text of an extended error is the sentence that describes the cause. Two groups of codes are chosen in other crates: codes of failed
//! validation in `validate::verdict`, and codes for queries that cannot be read as a question in `dns::wire::query`.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::dnsbl::gate::UnknownReason;
use crate::iterate::failure::Failure;
use crate::resolve::shares::ShedReason;
use dns::conduct::Conduct;
use dns::question::ExtendedError;
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

/// Returns true if none of the servers could be reached over the network.
fn are_of_network(faults: &[(SocketAddr, Conduct)]) -> bool {
    let is_of_network =
        |conduct: Conduct| matches!(conduct, Conduct::Unreachable | Conduct::NotSent | Conduct::NoTcp);
    !faults.is_empty() && faults.iter().all(|(_, conduct)| is_of_network(*conduct))
}

impl UnknownReason {
    /// Returns the extended error for a client whose question to the DNS list at `apex` has no usable answer.
    pub(crate) fn extended_error(&self, apex: &Name) -> ExtendedError {
        let code = match self {
            Self::KeyRefused { .. } | Self::NotServed { .. } | Self::Silent { .. } => {
                ExtendedError::NO_REACHABLE_AUTHORITY
            }
            Self::Unusable { error } => error.code,
            _ => ExtendedError::FILTERED,
        };
        ExtendedError::new(code, self.sentence(apex))
    }
}

impl ShedReason {
    /// Returns the extended error of a question for `zone` that was refused because of a limit. If the zone's servers are silent, the code says
    /// that no server can be reached. All other reasons are an overload of this host, with a code of their own, by which the history recognises
    /// them.
    pub(crate) fn extended_error(self, zone: &Name) -> ExtendedError {
        let code = match self {
            Self::SilentZone => ExtendedError::NO_REACHABLE_AUTHORITY,
            _ => ExtendedError::NOT_READY,
        };
        ExtendedError::new(code, self.sentence(zone))
    }
}

/// Returns the extended error of an answer: `own`, the error that was found for this answer, or otherwise `fault`, the reason why its data are
/// insecure.
pub(crate) fn for_answer(
    own: Option<&ExtendedError>,
    fault: Option<&ValidationFailure>,
) -> Option<ExtendedError> {
    own.cloned().or_else(|| fault.map(ValidationFailure::extended_error))
}

/// Returns the extended error of a stale answer. The answer expired the time `past` ago, and `why` is the reason why it is used nevertheless.
pub(crate) fn stale_answer(past: Duration, why: &str) -> ExtendedError {
    let text = format!("stale answer, expired {} s ago: {why}", past.as_secs());
    ExtendedError::new(ExtendedError::STALE_ANSWER, text)
}

/// Returns the extended error of an NXDOMAIN that cached NSEC or NSEC3 records of `zone` prove.
pub(crate) fn synthesized(zone: &str) -> ExtendedError {
    let text = format!("signed records of {zone} in the cache deny the name");
    ExtendedError::new(ExtendedError::SYNTHESIZED, text)
}

/// Returns the extended error of an answer from which addresses in `resolve.private_addresses` were removed. `sentence` describes the removed
/// addresses.
pub(crate) fn addresses_removed(sentence: String) -> ExtendedError {
    ExtendedError::new(ExtendedError::BLOCKED, sentence)
}

/// Returns the extended error of a question that is answered with a cached failure. If that failure was a failed validation, the code of the
/// validation is kept.
pub(crate) fn cached_failure(failed: &ExtendedError) -> ExtendedError {
    let code = if failed.is_of_validation() { failed.code } else { ExtendedError::CACHED_ERROR };
    ExtendedError::new(code, format!("{} (cached failure)", failed.text))
}

/// Returns the extended error of a question that was not resolved before the deadline of its client. `why` is the
/// reason.
pub(crate) fn past_deadline(why: String) -> ExtendedError {
    ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, why)
}

/// Returns the extended error of a question whose resolution has panicked. Its code says neither that this host is overloaded nor that a server is
/// at fault.
pub(crate) fn crashed() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::OTHER,
        "resolverd crashed while it resolved this query; its log has the error, please send this line to the makers of resolverd",
    )
}

/// Returns the extended error of a question that is refused without resolution. `why` is the reason.
pub(crate) fn not_ready(why: &str) -> ExtendedError {
    ExtendedError::new(ExtendedError::NOT_READY, why)
}

/// Returns the extended error of a query that a listener refuses because the greatest number of questions is already
/// waiting, or because the daemon is stopping.
pub(crate) fn overload() -> ExtendedError {
    not_ready("overload: queries come faster than this host resolves them; or resolverd is stopping")
}

/// Returns the extended error for a client that is not allowed to ask.
pub(crate) fn prohibited() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::PROHIBITED,
        "this listener does not answer your address (see `allow` and `refuse` in its configuration)",
    )
}

/// Returns the extended error of a query without RD whose answer is not in the cache (RFC 8914 section 4.21).
pub(crate) fn recursion_not_desired() -> ExtendedError {
    ExtendedError::new(
        ExtendedError::NOT_AUTHORITATIVE,
        "not in the cache, and the query does not ask for recursion (RD)",
    )
}
