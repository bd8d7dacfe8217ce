//! Finds the cause if the answers of the two resolvers differ every time. If the evidence proves no cause, the cause is unknown.

use std::collections::BTreeSet;

use super::evidence::{Cause, Evidence, Judged, Sample};
use crate::answer::{Side, SideAnswer};
use dns::question::ExtendedError;
use doctor::side_by_side::{AnswerVerdict, ComparedAnswer, Doubt};

/// Extended errors by which a resolver says that it has changed the answer: Forged Answer, Blocked, Censored, Filtered.
const CHANGED: [u16; 4] = [4, ExtendedError::BLOCKED, 16, ExtendedError::FILTERED];

/// Extended errors that report a wrong or missing signature (RFC 8914 sections 4.7 to 4.13).
const BOGUS: [u16; 7] = [6, 7, 8, 9, 10, 11, 12];

/// Extended errors that report an expired answer: Stale Answer, Stale NXDOMAIN Answer.
const STALE: [u16; 2] = [ExtendedError::STALE_ANSWER, 19];

/// Returns the first cause, in the order below, that the evidence proves.
pub(super) fn judge(evidence: &Evidence, last: &Sample) -> Judged {
    if let Some(list) = &evidence.list {
        return of_list(list, evidence, last);
    }
    // The configuration of resolverd is the cause only if the current resolver replied. Otherwise it is not known whether its answer would differ.
    if let Some(part) = evidence.configured.as_ref().filter(|_| last.in_place.reply().is_some()) {
        let why = format!("resolverd answers by its configuration: {part}");
        let advice = "see whether the configuration of resolverd means this name, and `resolverctl zones`";
        return Judged::look(Cause::Policy, Side::Resolverd, why, advice);
    }
    let failing: Vec<Side> = Side::ALL.into_iter().filter(|side| !last.answer(*side).is_known()).collect();
    match failing.as_slice() {
        [] => stale(last).or_else(|| policy(evidence, last)).unwrap_or_else(|| of_data(evidence)),
        [side] => of_failure(evidence, last, *side),
        _ => match failing_servers(evidence) {
            Some(servers) => {
                let why = format!("neither has an answer. Name servers of the zone fail: {servers}");
                Judged::harmless(Cause::BrokenZone, None, why)
            }
            None => Judged::unknown("neither has an answer, and they do not fail in the same way"),
        },
    }
}

/// Returns the cause of different answers of a DNS list. Lists limit the number of queries, so the difference is not examined further.
///
/// RFC 5782 section 2.1: an address in 127.0.0.0/8 is a listing. Addresses in 127.255.255.0/24 are errors: the list refuses a public
/// resolver, queries above a limit, or a name of a wrong form.
fn of_list(list: &str, evidence: &Evidence, last: &Sample) -> Judged {
    let is_refused = |answer: &SideAnswer| {
        answer.rcode() == Some("REFUSED")
            || answer.data("A").iter().any(|code| code.starts_with("127.255.255."))
    };
    if is_refused(&last.in_place) {
        let why = format!("{list} refuses the current resolver, so its answer is no listing");
        return Judged::harmless(Cause::List, Some(Side::InPlace), why);
    }
    // If resolverd does not trust an answer of a DNS list, the client gets no addresses.
    let is_withheld = !evidence.reason.is_empty() && last.resolverd.data("A").is_empty();
    if is_withheld || is_refused(&last.resolverd) {
        let why = format!("resolverd has no usable answer of {list}{}", in_parentheses(&evidence.reason));
        let advice = "see `resolverctl dnsbl` for the state of the list, its quota and what to do";
        return Judged::look(Cause::List, Side::Resolverd, why, advice);
    }
    Judged::unknown(format!(
        "{list} answers differently, or only one of them: old in a cache, or changed; it is not asked again because of its quota"
    ))
}

fn in_parentheses(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

/// Returns the cause "old" if one of the resolvers says that its answer has expired.
fn stale(last: &Sample) -> Option<Judged> {
    let is_stale = |side: &Side| last.answer(*side).has_error(&STALE);
    let side = Side::ALL.into_iter().find(is_stale)?;
    Some(old(side, "an expired answer of its cache, because no name server answers it"))
}

fn old(side: Side, why: &str) -> Judged {
    let why = format!("{}: {why}", side.label());
    match side {
        Side::InPlace => Judged::harmless(Cause::Old, Some(side), why),
        Side::Resolverd => {
            let advice = "remove the old answer with `resolverctl flush NAME`, and run shadow again";
            Judged::look(Cause::Old, side, why, advice)
        }
    }
}

/// Returns the cause "policy" if a resolver says, or its answer shows, that the answer does not come from the zone.
fn policy(evidence: &Evidence, last: &Sample) -> Option<Judged> {
    for side in Side::ALL {
        let answer = last.answer(side);
        let row = evidence
            .row(side)
            .filter(|row| matches!(row.verdict, AnswerVerdict::Filtered | AnswerVerdict::Local));
        let why = match (answer.has_error(&CHANGED), row) {
            (true, _) => answer.errors().to_owned(),
            // A resolver sets AA only if the data are its own (RFC 1035 section 4.1.1).
            _ if answer.reply().is_some_and(|reply| reply.facts.authoritative) => {
                "it answers with authority (AA), from a zone or from data of its own".to_owned()
            }
            (false, Some(row)) => row.why.clone(),
            (false, None) => continue,
        };
        let why = format!("{}: {why}", side.label());
        return Some(Judged::look(Cause::Policy, side, why, advice_on_policy(side)));
    }
    None
}

const fn advice_on_policy(side: Side) -> &'static str {
    match side {
        Side::InPlace => {
            "if you want this answer after the switch, write it into the configuration of resolverd ([[zone]], [[host]], [[record]]); `resolverctl import` converts the file of the current resolver"
        }
        Side::Resolverd => "see `resolverctl config show --changed` whether you want this",
    }
}

/// Returns the name servers that fail or give a different answer, as text. Returns `None` if there is no such server.
fn failing_servers(evidence: &Evidence) -> Option<String> {
    use AnswerVerdict::{Different, Failed, NoAnswer, NotTransferred, Refused};
    let fails = |row: &&ComparedAnswer| {
        matches!(row.verdict, Different | Failed | NoAnswer | NotTransferred | Refused)
    };
    let failing = evidence.servers().filter(fails).map(|row| format!("{}: {}", row.server, row.why));
    let failing: Vec<String> = failing.collect();
    (!failing.is_empty()).then(|| failing.join("; "))
}

/// Judges a difference in which the resolver `side` gave no answer.
fn of_failure(evidence: &Evidence, last: &Sample, side: Side) -> Judged {
    let answer = last.answer(side);
    let is_unexplained = answer.errors().is_empty() && side == Side::Resolverd;
    let reason = in_parentheses(if is_unexplained { &evidence.reason } else { answer.errors() });
    let rcode = answer.rcode().unwrap_or("no reply");
    let answers_unchecked = evidence.with_cd.as_ref().is_some_and(|sample| sample.answer(side).is_known());
    if rcode == "SERVFAIL" && (answers_unchecked || answer.has_error(&BOGUS)) {
        let why = format!(
            "{} finds the signatures wrong or missing{reason}, and {} does not validate the answer",
            side.label(),
            side.other().label()
        );
        return Judged::look(Cause::Bogus, side, why, advice_on_bogus(side));
    }
    if let Some(judged) = stale(last) {
        return judged;
    }
    let why = format!("{}: {rcode}{reason}", side.label());
    if rcode == "REFUSED" && side == Side::InPlace && !evidence.answers_others {
        return Judged {
            advice: "let the current resolver answer this host, and run shadow again".to_owned(),
            ..Judged::unknown(format!("the current resolver refuses this host{reason}"))
        };
    }
    if rcode == "REFUSED" && side == Side::InPlace {
        return Judged::look(Cause::Policy, side, why, advice_on_policy(side));
    }
    match (failing_servers(evidence), side) {
        (Some(servers), Side::InPlace) => {
            let why = format!("{why}. Name servers of the zone fail: {servers}");
            Judged::harmless(Cause::BrokenZone, Some(side), why)
        }
        (Some(servers), Side::Resolverd) => {
            let why = format!("{why}. Name servers of the zone fail: {servers}");
            let advice =
                "see `resolverctl check NAME`; the current resolver may still have an answer in its cache";
            Judged::look(Cause::BrokenZone, side, why, advice)
        }
        (None, _) => Judged::unknown(format!("{why}, and no name server of the zone is known to fail")),
    }
}

const fn advice_on_bogus(side: Side) -> &'static str {
    match side {
        Side::Resolverd => {
            "resolverd answers SERVFAIL, so mail of the domain waits: `resolverctl check NAME` shows the fault; until it is repaired, `resolverctl nta add NAME` turns off validation for the domain"
        }
        Side::InPlace => {
            "resolverd accepts what the current resolver rejects: see dnssec.validate and `resolverctl nta list`"
        }
    }
}

/// Returns true if the zone gives its addresses in turn: all samples of one resolver together have the same addresses as those of the other,
/// and at least one resolver gave different addresses in different samples.
pub(super) fn is_rotation(evidence: &Evidence) -> bool {
    let sets = |side: Side| -> Vec<BTreeSet<String>> {
        let of_kind =
            |kind: &'static str| evidence.samples.iter().map(move |sample| sample.answer(side).data(kind));
        ["A", "AAAA"].into_iter().flat_map(of_kind).filter(|set| !set.is_empty()).collect()
    };
    let [in_place, resolverd] = Side::ALL.map(sets);
    let union = |sets: &[BTreeSet<String>]| -> BTreeSet<String> { sets.iter().flatten().cloned().collect() };
    let turns = |sets: &[BTreeSet<String>]| sets.iter().any(|set| Some(set) != sets.first());
    let have_answers = evidence
        .samples
        .iter()
        .all(|sample| Side::ALL.iter().all(|side| sample.answer(*side).rcode() == Some("NOERROR")));
    have_answers
        && !in_place.is_empty()
        && union(&in_place) == union(&resolverd)
        && (turns(&in_place) || turns(&resolverd))
}

/// Finds the cause of different records by comparing both answers with those of the name servers.
fn of_data(evidence: &Evidence) -> Judged {
    use AnswerVerdict::{Different, InTurn, Old, Same, Stale};
    if is_rotation(evidence) {
        return Judged::harmless(Cause::Rotation, None, "both gave the same addresses when asked again");
    }
    let rows = (evidence.row(Side::InPlace), evidence.row(Side::Resolverd));
    let (Some(in_place), Some(resolverd)) = rows else {
        return Judged::unknown("the name servers of the zone could not be compared");
    };
    match (in_place.verdict, resolverd.verdict) {
        (Same, Same) => {
            Judged::unknown("the answers differed, and were equal when the name servers were asked")
        }
        (InTurn | Same, InTurn | Same) => {
            let why = "the zone answers in turn; both answers are of its name servers";
            Judged::harmless(Cause::Rotation, None, why)
        }
        (_, Old | Stale) => old(Side::Resolverd, &resolverd.why),
        // An older serial alone proves nothing, because the current resolver may have its own version of the zone, or a forwarder. So the answer
        // counts as old only if a name server with an older version gives it too.
        (Old, Same | InTurn) if is_of_older_version(evidence, in_place) => old(Side::InPlace, &in_place.why),
        (Different | Same, Different | Same) => {
            let row = if resolverd.verdict == Different { resolverd } else { in_place };
            let why = format!("the name servers of the zone give different answers: {}", row.why);
            Judged::harmless(Cause::BrokenZone, None, why)
        }
        _ if is_by_place(evidence, [in_place, resolverd]) => {
            let why = "name servers of the zone give both answers: the zone answers in turn or by place";
            Judged::harmless(Cause::Geography, None, why)
        }
        (_, Same) if in_place.is_known() => {
            Judged { advice: ADVICE_ON_NO_SERVER.to_owned(), ..Judged::unknown(OF_NO_SERVER) }
        }
        _ => Judged::unknown(if resolverd.why.is_empty() { &in_place.why } else { &resolverd.why }),
    }
}

const OF_NO_SERVER: &str = "the name servers of the zone give the answer of resolverd; the other one is old, or of a forwarder, a view or a zone of the current resolver, or the zone answers by client";

const ADVICE_ON_NO_SERVER: &str = "if the current resolver has a zone, a view or a forwarder for this name, write it into the configuration of resolverd (`resolverctl import` converts the file); if not, remove the name from its cache (`rndc flushname`, `unbound-control flush`) and run shadow again: an old answer is gone then";

/// Returns true if both answers are addresses, and name servers with the newest serial of the zone give both of them.
fn is_by_place(evidence: &Evidence, rows: [&ComparedAnswer; 2]) -> bool {
    let doubt = evidence.compared.as_ref().and_then(|compared| compared.doubt);
    let gives = |server: &ComparedAnswer, row: &ComparedAnswer| {
        server.is_known()
            && server.verdict != AnswerVerdict::NotTransferred
            && (&server.records, &server.rcode) == (&row.records, &row.rcode)
    };
    doubt == Some(Doubt::Addresses)
        && rows.into_iter().all(|row| evidence.servers().any(|server| gives(server, row)))
}

/// Returns true if a name server with an older version of the zone gives this answer too.
fn is_of_older_version(evidence: &Evidence, row: &ComparedAnswer) -> bool {
    evidence.servers().any(|server| {
        server.verdict == AnswerVerdict::NotTransferred
            && (&server.records, &server.rcode) == (&row.records, &row.rcode)
    })
}
