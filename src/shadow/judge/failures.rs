//! Differences in which one resolver has no answer.

use super::evidence::{Cause, Evidence, Judged, Sample};
use crate::answer::{Side, SideAnswer, error_words};
use dns::question::ExtendedError;
use doctor::side_by_side::AnswerVerdict;

/// The cause; none if both have an answer.
pub(super) fn judge(evidence: &Evidence, last: &Sample) -> Option<Judged> {
    let failing: Vec<Side> =
        [Side::InPlace, Side::Resolverd].into_iter().filter(|side| !last.of(*side).is_known()).collect();
    match failing.as_slice() {
        [] => stale(last),
        [side] => Some(of_one(evidence, last, *side)),
        _ => Some(of_both(evidence)),
    }
}

/// A resolver says that its answer is expired.
fn stale(last: &Sample) -> Option<Judged> {
    let sides = [Side::InPlace, Side::Resolverd];
    let is_stale = |side: &Side| {
        error(last.of(*side)).is_some_and(|error| [ExtendedError::STALE_ANSWER, 19].contains(&error.code))
    };
    sides.into_iter().find(is_stale).map(|side| {
        let why = format!(
            "{} gives an expired answer of its cache, because no name server answers it",
            side.words()
        );
        old(side, why)
    })
}

/// An older answer of a resolver.
pub(super) fn old(side: Side, why: String) -> Judged {
    match side {
        Side::InPlace => Judged::harmless(Cause::Old, Some(side), why),
        Side::Resolverd => Judged::look(
            Cause::Old,
            side,
            why,
            "remove the old answer with `resolverctl flush NAME`, and run shadow again",
        ),
    }
}

fn error(answer: &SideAnswer) -> Option<&ExtendedError> {
    answer.reply()?.error.as_ref()
}

/// Whether a resolver fails because it validates: with CD it has an answer, or it says so.
fn is_bogus(evidence: &Evidence, last: &Sample, side: Side) -> bool {
    let answers_unchecked = evidence.with_cd.as_ref().is_some_and(|sample| sample.of(side).is_known());
    let is_servfail = last.of(side).rcode() == Some("SERVFAIL");
    is_servfail && (answers_unchecked || error(last.of(side)).is_some_and(ExtendedError::is_bogus))
}

/// Name servers of the zone that fail, in words; none if all answer, or none was asked.
fn failing_servers(evidence: &Evidence) -> Option<String> {
    use AnswerVerdict::{Bogus, Different, Failed, NoAnswer, NotTransferred, Refused};
    let fails = |verdict| matches!(verdict, Bogus | Different | Failed | NoAnswer | NotTransferred | Refused);
    let failing: Vec<String> = evidence
        .servers()
        .filter(|row| fails(row.verdict))
        .map(
            |row| {
                if row.why.is_empty() { row.server.clone() } else { format!("{}: {}", row.server, row.why) }
            },
        )
        .collect();
    (!failing.is_empty()).then(|| failing.join("; "))
}

fn of_one(evidence: &Evidence, last: &Sample, side: Side) -> Judged {
    let reason = match (error(last.of(side)), side) {
        (Some(error), _) => format!(" ({})", error_words(error)),
        (None, Side::Resolverd) if !evidence.reason.is_empty() => format!(" ({})", evidence.reason),
        _ => String::new(),
    };
    if is_bogus(evidence, last, side) {
        let why = format!(
            "{} finds the signatures wrong or missing{reason}, and {} does not validate the answer",
            side.words(),
            side.other().words()
        );
        return Judged::look(Cause::Bogus, side, why, advice_on_bogus(side));
    }
    if let Some(judged) = stale(last) {
        return judged;
    }
    if last.of(side).rcode() == Some("REFUSED") {
        return refused(evidence, last, side, &reason);
    }
    let (fails, words) = (failing_servers(evidence), last.of(side).rcode().unwrap_or("no reply").to_owned());
    let told = format!("{}: {words}{reason}", side.words());
    match (fails, side) {
        (Some(servers), Side::InPlace) => Judged::harmless(
            Cause::BrokenZone,
            Some(side),
            format!("{told}. Name servers of the zone fail: {servers}"),
        ),
        (Some(servers), Side::Resolverd) => Judged::look(
            Cause::BrokenZone,
            side,
            format!("{told}. Name servers of the zone fail: {servers}"),
            "see `resolverctl check NAME`; the resolver in place may still have an answer in its cache",
        ),
        (None, _) => Judged::unknown(format!("{told}, and no name server of the zone is known to fail")),
    }
}

const fn advice_on_bogus(side: Side) -> &'static str {
    match side {
        Side::Resolverd => {
            "resolverd answers SERVFAIL, so mail of the domain waits: see `resolverctl check NAME`; until its operator has repaired it, `resolverctl nta add NAME`"
        }
        Side::InPlace => {
            "resolverd accepts what the resolver in place rejects: see dnssec.validate and `resolverctl nta list`"
        }
    }
}

/// REFUSED for one name, where others are answered, is a rule of the resolver.
fn refused(evidence: &Evidence, last: &Sample, side: Side, reason: &str) -> Judged {
    let is_rule = side == Side::InPlace && evidence.answers_others && last.of(side.other()).is_known();
    match is_rule {
        true => Judged::look(
            Cause::Policy,
            side,
            format!("the resolver in place refuses this name and answers others{reason}"),
            super::evidence::advice_on_policy(side),
        ),
        false => Judged::unknown(format!("{}: REFUSED{reason}", side.words())),
    }
}

/// Both fail, and not in the same way.
fn of_both(evidence: &Evidence) -> Judged {
    match failing_servers(evidence) {
        Some(servers) => {
            let why = format!("neither has an answer. Name servers of the zone fail: {servers}");
            Judged::harmless(Cause::BrokenZone, None, why)
        }
        None => Judged::unknown("neither has an answer, and they do not fail in the same way"),
    }
}
