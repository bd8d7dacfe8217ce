//! Whether the answer of a resolver is old, by what shows it (`old_answer`).
//!
//! # Decisions
//!
//! - The cache of this resolver has what the name servers have given to this host. If all of them now give another answer twice, it is
//!   old, unless a forwarder gave it.

use super::answer::{AnswerSource, ComparedAnswer};
use super::of_zone::ZoneSays;
use crate::check::domain::facts::{DomainFacts, ReplyFacts};
use crate::check::domain::old_answer::{ended_signature, older_serial};

/// Why an answer is old, in words; none if nothing shows it.
pub(super) fn shown(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    reply: &ReplyFacts,
    of_zone: &ZoneSays,
) -> Option<String> {
    // A resolver with authority answers from a zone of its own.
    if reply.authoritative {
        return None;
    }
    let is_replaced = answer.source == AnswerSource::ThisResolver
        && reply.from_cache
        && facts.subject.forwarders.is_empty()
        && of_zone.is_steady();
    older_serial(reply, &of_zone.apex, of_zone.agreed.newest)
        .or_else(|| ended_signature(reply, &answer.name, facts.subject.unix))
        .or_else(|| is_replaced.then(|| "all name servers gave another one twice".to_owned()))
}
