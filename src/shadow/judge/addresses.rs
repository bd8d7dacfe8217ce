//! Differences of data: both resolvers have an answer.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::evidence::{Cause, Evidence, Judged, Sample};
use super::failures::old;
use crate::answer::{Likeness, Side};
use crate::asked::AskedQuestion;
use doctor::is_private;
use doctor::side_by_side::{AnswerSource, AnswerVerdict, ComparedAnswer};

/// Whether rotation is seen from both: at the end each gave the same records, and one of them several answers.
pub(super) fn is_rotation(evidence: &Evidence) -> bool {
    let all = |side: Side| -> Vec<BTreeSet<String>> {
        let of_kind = |kind: &str| -> Vec<BTreeSet<String>> {
            evidence.samples.iter().map(|sample| sample.of(side).data(kind)).collect()
        };
        of_kind("A").into_iter().chain(of_kind("AAAA")).filter(|set| !set.is_empty()).collect()
    };
    let (in_place, resolverd) = (all(Side::InPlace), all(Side::Resolverd));
    let union = |sets: &[BTreeSet<String>]| -> BTreeSet<String> { sets.iter().flatten().cloned().collect() };
    let turns = |sets: &[BTreeSet<String>]| sets.iter().collect::<BTreeSet<_>>().len() > 1;
    let are_addresses = evidence.samples.iter().all(|sample| {
        [Side::InPlace, Side::Resolverd].iter().all(|side| sample.of(*side).rcode() == Some("NOERROR"))
    });
    are_addresses
        && !in_place.is_empty()
        && union(&in_place) == union(&resolverd)
        && (turns(&in_place) || turns(&resolverd))
}

/// Whether a resolver gives private addresses alone, and the name servers others.
pub(super) fn is_private_alone(evidence: &Evidence, side: Side) -> bool {
    let is_private = |data: &String| data.parse::<IpAddr>().is_ok_and(is_private);
    let Some(row) = evidence.of(side) else { return false };
    let mut of_servers = evidence.servers().filter(|row| row.is_known()).peekable();
    row.verdict != AnswerVerdict::Same
        && !row.records.is_empty()
        && row.records.iter().all(is_private)
        && of_servers.peek().is_some()
        && of_servers.all(|row| !row.records.iter().any(is_private))
}

/// The cause of different data.
pub(super) fn judge(question: &AskedQuestion, evidence: &Evidence) -> Judged {
    if is_rotation(evidence) {
        return Judged::harmless(Cause::Rotation, None, "both gave the same addresses in turn");
    }
    let rows = (evidence.of(Side::InPlace), evidence.of(Side::Resolverd));
    let (Some(in_place), Some(resolverd)) = rows else {
        return Judged::unknown("the name servers of the zone could not be compared");
    };
    if let Some(judged) = by_verdicts(evidence, in_place, resolverd) {
        return judged;
    }
    if [in_place, resolverd].iter().all(|row| is_of_servers(evidence, row)) {
        let why = "name servers of the zone give both answers: the zone answers in turn or by place";
        return Judged::harmless(Cause::Geography, None, why);
    }
    let servers: Vec<&ComparedAnswer> = evidence.servers().filter(|row| row.is_known()).collect();
    if let Some(judged) = renewed(question, evidence, &servers) {
        return judged;
    }
    if resolverd.verdict == AnswerVerdict::Same && in_place.is_known() && is_of_no_server(in_place) {
        return Judged { advice: ADVICE_ON_NO_SERVER.to_owned(), ..Judged::unknown(OF_NO_SERVER) };
    }
    let why = [in_place, resolverd].into_iter().find(|row| !row.why.is_empty()).map(|row| row.why.clone());
    Judged::unknown(why.unwrap_or_else(|| "no proof of any cause was found".to_owned()))
}

const OF_NO_SERVER: &str = "the name servers of the zone give the answer of resolverd; the other one is old, or from a zone or a forwarder of the resolver in place, or the zone answers by client";

const ADVICE_ON_NO_SERVER: &str = "if the resolver in place has a zone or a forwarder for this name, write it into the configuration of resolverd (`resolverctl import` converts the file); if not, remove the name from its cache (`rndc flushname`, `unbound-control flush`) and run shadow again: an old answer is gone then";

const FETCHED_ANEW: &str = "the resolver in place has fetched its answer again after the TTL, and the name servers of the zone give that of resolverd: the other one is from a forwarder, a view or a zone of the resolver in place, or the zone answers by the place of the client";

const ADVICE_ON_FETCHED_ANEW: &str = "if the resolver in place has a forwarder, a view or a zone for this name, write it into the configuration of resolverd (`resolverctl import` converts the file); only if it queries the name servers itself, from another place, both answers may be right";

/// Whether a name server gives these addresses, too, and it is not behind the others.
fn is_of_servers(evidence: &Evidence, row: &ComparedAnswer) -> bool {
    use AnswerVerdict::{Elsewhere, InTurn, Same};
    let is_address = !row.records.is_empty()
        && row.records.iter().all(|data| data.parse::<IpAddr>().is_ok())
        && matches!(row.verdict, Elsewhere | InTurn | Same);
    let gives = |server: &ComparedAnswer| {
        matches!(server.verdict, Elsewhere | InTurn | Same)
            && server.records == row.records
            && server.rcode == row.rcode
    };
    is_address && evidence.servers().any(gives)
}

/// Whether an answer may be old or of a zone of the resolver's own. An older serial is that of such a zone, too.
const fn is_of_no_server(row: &ComparedAnswer) -> bool {
    matches!(row.verdict, AnswerVerdict::Old | AnswerVerdict::Elsewhere | AnswerVerdict::Unknown)
}

/// Whether a name server with an older version of the zone, or a former one, gives the same answer.
fn is_of_older_version(evidence: &Evidence, row: &ComparedAnswer) -> bool {
    let mut others = evidence.compared.iter().flat_map(|compared| &compared.answers);
    others.any(|other| {
        (other.source == AnswerSource::FormerServer || other.verdict == AnswerVerdict::NotTransferred)
            && other.records == row.records
            && other.rcode == row.rcode
    })
}

/// The cause by the conclusions of the comparison with the name servers.
fn by_verdicts(evidence: &Evidence, in_place: &ComparedAnswer, resolverd: &ComparedAnswer) -> Option<Judged> {
    use AnswerVerdict::{Different, InTurn, Old, Same, Stale};
    if [in_place, resolverd].iter().all(|row| matches!(row.verdict, InTurn | Same)) {
        return Some(match in_place.verdict == InTurn || resolverd.verdict == InTurn {
            true => Judged::harmless(
                Cause::Rotation,
                None,
                "the zone answers in turn; both answers are of its name servers",
            ),
            false => Judged::unknown("the answers differed, and were equal when the name servers were asked"),
        });
    }
    for (side, row) in [(Side::InPlace, in_place), (Side::Resolverd, resolverd)] {
        // An answer of a zone or a forwarder of the resolver in place may have an older serial, too.
        let is_proven = side == Side::Resolverd || is_of_older_version(evidence, row);
        if row.verdict == Stale || row.verdict == Old && is_proven {
            return Some(old(side, format!("{}: {}", side.words(), row.why)));
        }
    }
    let are_of_zone = [in_place, resolverd].iter().all(|row| matches!(row.verdict, Different | Same));
    are_of_zone.then(|| {
        let row = if resolverd.verdict == Different { resolverd } else { in_place };
        Judged::harmless(
            Cause::BrokenZone,
            None,
            format!("the name servers of the zone give different answers: {}", row.why),
        )
    })
}

/// Whether all name servers give one answer.
fn are_steady(servers: &[&ComparedAnswer]) -> bool {
    let first = servers.first();
    first.is_some_and(|first| {
        servers.iter().all(|row| row.verdict == AnswerVerdict::Same && row.records == first.records)
    })
}

/// The cause by a second look after the TTLs have ended.
fn renewed(question: &AskedQuestion, evidence: &Evidence, servers: &[&ComparedAnswer]) -> Option<Judged> {
    let (last, renewed) = (evidence.samples.last()?, evidence.renewed.as_ref()?);
    let kind = question.kind_text();
    let changed = |side: Side| last.of(side).data(&kind) != renewed.of(side).data(&kind);
    if renewed.likeness() < Likeness::BothFail {
        return match (changed(Side::InPlace), changed(Side::Resolverd)) {
            (true, false) => Some(old(Side::InPlace, replaced(Side::InPlace))),
            (false, true) => Some(old(Side::Resolverd, replaced(Side::Resolverd))),
            _ => None,
        };
    }
    // The resolver in place has fetched its answer anew, and both answers stayed. That shows no place: a forwarder, or a view of the zone
    // for a network, gives its own answer again and again, too.
    let is_new = {
        let whole = servers.iter().filter_map(|row| row.ttl).max();
        let ttl = |sample: &Sample| sample.in_place.ttl_apart(&sample.resolverd);
        ttl(renewed) > ttl(last) && ttl(renewed) <= whole
    };
    let stayed = [Side::InPlace, Side::Resolverd].iter().all(|side| !changed(*side));
    let is_of_resolverd = evidence.of(Side::Resolverd).is_some_and(|row| row.verdict == AnswerVerdict::Same);
    (is_new && stayed && is_of_resolverd && are_steady(servers))
        .then(|| Judged { advice: ADVICE_ON_FETCHED_ANEW.to_owned(), ..Judged::unknown(FETCHED_ANEW) })
}

fn replaced(side: Side) -> String {
    format!("{} had an old answer: it was replaced when its TTL ended", side.words())
}
