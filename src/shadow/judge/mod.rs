//! The cause of a difference: a pure function of what was heard.
//!
//! RFC 8914 (extended errors), RFC 4035 section 3.2.2 (CD), RFC 8767 (stale answers), RFC 5782 (DNS lists).

mod addresses;
mod dns64;
mod evidence;
mod failures;
mod lists;
mod policy;

pub use self::dns64::IPV4_ONLY;
pub use self::evidence::{Cause, Evidence, Judged, Sample, Weight};
use super::answer::{Likeness, Side, error_words};
use super::asked::AskedQuestion;

/// Whether a second look after the end of the TTLs may tell the cause.
pub fn needs_renewal(question: &AskedQuestion, evidence: &Evidence) -> bool {
    let is_open = || judge(question, evidence).cause == Cause::Unknown;
    evidence.renewed.is_none() && evidence.is_of_data() && is_open()
}

/// Finds the cause.
pub fn judge(question: &AskedQuestion, evidence: &Evidence) -> Judged {
    let Some(last) = evidence.samples.last() else { return Judged::unknown("neither was asked") };
    match last.likeness() {
        Likeness::SecureOnly => secure_only(question, last),
        Likeness::Different => different(question, evidence, last),
        alike => once(evidence, alike),
    }
}

/// The answers are alike in the end.
fn once(evidence: &Evidence, alike: Likeness) -> Judged {
    let first = evidence.samples.iter().find(|sample| sample.likeness() == Likeness::Different);
    let Some(first) = first else {
        return match alike {
            Likeness::Order => Judged::harmless(Cause::Rotation, None, "the same records in another order"),
            Likeness::Ttl => Judged::harmless(Cause::Ttl, None, "the same records with other TTLs"),
            Likeness::BothFail => evidence.samples.last().map_or_else(equal, both_fail),
            _ => equal(),
        };
    };
    for side in [Side::InPlace, Side::Resolverd] {
        if first.of(side).is_failure() && !first.of(side.other()).is_failure() {
            let why = format!("{} failed once and answered when it was asked again", side.words());
            return Judged::harmless(Cause::Timing, Some(side), why);
        }
    }
    if addresses::is_rotation(evidence) {
        return Judged::harmless(Cause::Rotation, None, "both gave the same records in turn");
    }
    Judged::harmless(
        Cause::Timing,
        None,
        "the answers differed once and were equal when both were asked again",
    )
}

fn equal() -> Judged {
    Judged::harmless(Cause::None, None, "")
}

/// Both fail in the same way, each time.
fn both_fail(last: &Sample) -> Judged {
    match last.resolverd.rcode() {
        None => Judged::unknown("neither has replied"),
        Some("SERVFAIL") => {
            let errors = [Side::InPlace, Side::Resolverd].into_iter().filter_map(|side| {
                let error = last.of(side).reply()?.error.as_ref()?;
                Some(format!("; {}: {}", side.words(), error_words(error)))
            });
            let errors: String = errors.collect();
            Judged::harmless(Cause::BrokenZone, None, format!("the zone fails for both{errors}"))
        }
        Some(_) => equal(),
    }
}

/// The zone of multicast DNS, in which resolverd itself denies all names (RFC 6762 section 22.1).
const LOCAL: &str = "local.";

fn secure_only(question: &AskedQuestion, last: &Sample) -> Judged {
    let above = question.name.strip_suffix(LOCAL);
    let is_local = above.is_some_and(|labels| labels.is_empty() || labels.ends_with('.'));
    if is_local && last.resolverd.rcode() == Some("NXDOMAIN") {
        let why = "resolverd denies the names below local. itself, which are of multicast DNS";
        return Judged::harmless(Cause::AdOnly, Some(Side::Resolverd), why);
    }
    if last.resolverd.reply().is_some_and(|reply| reply.secure) {
        let why = "resolverd has validated the answer (AD), the resolver in place has not";
        return Judged::harmless(Cause::AdOnly, Some(Side::InPlace), why);
    }
    Judged::look(
        Cause::AdOnly,
        Side::Resolverd,
        "the resolver in place has validated the answer (AD), resolverd has not",
        "without AD there is no DANE for the domain: see dnssec.validate and `resolverctl nta list`, and `resolverctl trace --fresh`",
    )
}

/// The answers differ in the end, too.
fn different(question: &AskedQuestion, evidence: &Evidence, last: &Sample) -> Judged {
    if let Some(list) = &evidence.list {
        return lists::judge(list, evidence, last);
    }
    // A resolver in place that does not reply shows nothing about this configuration.
    if let Some(part) = evidence.configured.as_ref().filter(|_| last.in_place.reply().is_some()) {
        return configured(part, last);
    }
    if let Some(judged) = failures::judge(evidence, last) {
        return judged;
    }
    if let Some(judged) = policy::judge(evidence, last) {
        return judged;
    }
    addresses::judge(question, evidence)
}

/// resolverd answers from its own configuration.
fn configured(part: &str, last: &Sample) -> Judged {
    let advice = match last.resolverd.is_known() {
        true => "see whether the configuration of resolverd means this name, too",
        false => "resolverd gets no answer there: see `resolverctl zones`",
    };
    Judged::look(
        Cause::Policy,
        Side::Resolverd,
        format!("resolverd answers by its configuration: {part}"),
        advice,
    )
}

#[cfg(test)]
mod tests;
