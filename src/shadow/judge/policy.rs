//! Answers of a resolver's own.

use std::net::Ipv6Addr;

use super::addresses::is_private_alone;
use super::dns64;
use super::evidence::{Cause, Evidence, Judged, Sample, advice_on_policy};
use crate::answer::{Side, error_words};
use dns::question::ExtendedError;
use doctor::side_by_side::AnswerVerdict;

/// Codes of extended errors by which a resolver says that it has changed the answer: Forged Answer, Blocked, Censored, Filtered.
const CHANGED: [u16; 4] = [4, ExtendedError::BLOCKED, 16, ExtendedError::FILTERED];

/// Whether a resolver alone gives addresses of DNS64 (RFC 6147): with its own prefix, or with that of all networks.
fn is_dns64(evidence: &Evidence, last: &Sample, side: Side) -> bool {
    let own_prefixes = if side == Side::InPlace { dns64::prefixes(&evidence.ipv4only) } else { Vec::new() };
    let is_made = |data: &String| {
        let made = |address: Ipv6Addr| {
            own_prefixes.iter().chain([&dns64::WELL_KNOWN]).any(|prefix| prefix.has_made(address))
        };
        data.parse().is_ok_and(made)
    };
    let (own, other) = (last.of(side).data("AAAA"), last.of(side.other()).data("AAAA"));
    !own.is_empty() && own.iter().all(is_made) && !other.iter().any(is_made)
}

/// One of them says, or shows, that the answer is its own.
pub(super) fn judge(evidence: &Evidence, last: &Sample) -> Option<Judged> {
    for side in [Side::InPlace, Side::Resolverd] {
        let reply = last.of(side).reply()?;
        let error = reply.error.as_ref().filter(|error| CHANGED.contains(&error.code));
        let row = evidence.of(side);
        let of_row = row.filter(|row| matches!(row.verdict, AnswerVerdict::Filtered | AnswerVerdict::Local));
        // A resolver has no authority for what it has from others (RFC 1035 section 4.1.1).
        let is_own = reply.facts.authoritative && last.of(side).is_known();
        let why = match (error, is_own, of_row) {
            (Some(error), ..) => error_words(error),
            (None, true, _) => {
                "it answers with authority (AA), from a zone or from data of its own".to_owned()
            }
            (None, false, Some(row)) => row.why.clone(),
            (None, false, None) if is_dns64(evidence, last, side) => {
                "it makes IPv6 addresses of IPv4 addresses (DNS64), which hosts without IPv4 need".to_owned()
            }
            (None, false, None) if is_private_alone(evidence, side) => {
                "it gives a private address where the name servers have none".to_owned()
            }
            _ => continue,
        };
        return Some(Judged::look(
            Cause::Policy,
            side,
            format!("{}: {why}", side.words()),
            advice_on_policy(side),
        ));
    }
    None
}
