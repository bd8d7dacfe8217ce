//! Finds the cause of different answers of the two resolvers to a question. It is a pure function of the evidence.
//!
//! RFC 8914 (extended errors), RFC 4035 section 3.2.2 (CD), RFC 8767 (stale answers), RFC 5782 (DNS lists).

mod evidence;
mod unequal;

pub use self::evidence::{Cause, Evidence, Judged, Sample, Weight};
use super::answer::{Likeness, Side};

/// Returns the cause of the difference between the answers to a question.
pub fn judge(evidence: &Evidence) -> Judged {
    let Some(last) = evidence.samples.last() else { return Judged::unknown("neither was asked") };
    match last.likeness() {
        Likeness::SecureOnly => secure_only(last),
        Likeness::Different => unequal::judge(evidence, last),
        alike => once(evidence, (last, alike)),
    }
}

/// Returns the cause if the last answers of both resolvers are equal, except perhaps for order or TTLs, or if both failed.
fn once(evidence: &Evidence, (last, alike): (&Sample, Likeness)) -> Judged {
    let first = evidence.samples.iter().find(|sample| sample.likeness() == Likeness::Different);
    let Some(first) = first else {
        return match alike {
            Likeness::Order => Judged::harmless(Cause::Rotation, None, "the same records in another order"),
            Likeness::Ttl => Judged::harmless(Cause::Ttl, None, "the same records with other TTLs"),
            Likeness::BothFail => both_fail(last),
            _ => Judged::harmless(Cause::None, None, ""),
        };
    };
    for side in Side::ALL {
        if first.answer(side).is_failure() && !first.answer(side.other()).is_failure() {
            let why = format!("{} failed once and answered when it was asked again", side.label());
            return Judged::harmless(Cause::Timing, Some(side), why);
        }
    }
    if unequal::is_rotation(evidence) {
        return Judged::harmless(Cause::Rotation, None, "both gave the same records when asked again");
    }
    let why = "the answers differed once and were equal when both were asked again";
    Judged::harmless(Cause::Timing, None, why)
}

/// Returns the cause if both resolvers failed in the same way every time.
fn both_fail(last: &Sample) -> Judged {
    match last.resolverd.rcode() {
        None => Judged::unknown("neither has replied"),
        Some("SERVFAIL") => {
            let of_side = |side: Side| format!("; {}: {}", side.label(), last.answer(side).errors());
            let have_errors = Side::ALL.into_iter().filter(|side| !last.answer(*side).errors().is_empty());
            let errors: String = have_errors.map(of_side).collect();
            Judged::harmless(Cause::BrokenZone, None, format!("the zone fails for both{errors}"))
        }
        Some(_) => Judged::harmless(Cause::None, None, ""),
    }
}

/// Returns the cause if the answers are equal, but only one has the AD flag. The flag matters only in answers with records.
fn secure_only(last: &Sample) -> Judged {
    let resolverd = last.resolverd.reply();
    if resolverd.is_some_and(|reply| reply.secure || reply.facts.answers.is_empty()) {
        let is_here = resolverd.is_some_and(|reply| reply.secure);
        let side = if is_here { Side::InPlace } else { Side::Resolverd };
        let why = format!("{} has validated the answer (AD), {} has not", side.other().label(), side.label());
        return Judged::harmless(Cause::AdOnly, Some(side), why);
    }
    Judged::look(
        Cause::AdOnly,
        Side::Resolverd,
        "the current resolver has validated the answer (AD), resolverd has not",
        "without AD there is no DANE for the domain: see dnssec.validate and `resolverctl nta list`, and `resolverctl trace --fresh`",
    )
}

#[cfg(test)]
mod tests;
