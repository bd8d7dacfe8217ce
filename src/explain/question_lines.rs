//! The log lines about failed and slow questions, each as a sentence and fields.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::evidence::CulpritReport;
use crate::failure::FailedQuestion;
use dns::question::{ExtendedError, is_within, name_of_wire, name_text, zone_text};
use record::culprit::CulpritKind;
use record::domain::domain_of;
use record::entry::QuestionEntry;
use record::line::{LogText, spaced};

/// Returns the line of a failed question.
pub(crate) fn failed_line(failed: &FailedQuestion<'_>) -> LogText {
    let (question, conduct) = (failed.asked.question, failed.servers_text());
    let zone = (!failed.zone.is_empty()).then(|| name_of_wire(&failed.zone));
    let mut line = LogText::of_question(question);
    let text = &mut line.text;
    let why = Some(failed.why()).filter(|why| !why.is_empty() && !question.error.contains(why));
    let (error, why) = match why {
        Some(why) if question.error.is_empty() => (why, None),
        why => (if question.error.is_empty() { "SERVFAIL" } else { &*question.error }, why),
    };
    text.push_str(&format!(" failed: {error}"));
    if let Some(code) = question.code {
        let name = ExtendedError::new(code, "").name().map(|name| format!(", {name}")).unwrap_or_default();
        text.push_str(&format!(" (extended DNS error {code}{name})"));
    }
    text.extend(why.map(|why| format!("; {why}")));
    // The sentence about the failure usually contains the addresses of all servers with faults. If
    // one address is missing, all are added.
    let mut addresses = failed.servers.iter().map(|(server, _)| server.to_string());
    if !addresses.all(|address| text.contains(&address)) {
        text.push_str(&format!("; servers: {conduct}"));
    }
    // The queried name may be outside the zone that failed, for example if the name is an alias.
    // `resolverctl failed` also finds failures by name, so the command in the line has the domain
    // of the name.
    let found = zone.clone().map(|zone| match is_within(&question.name, &failed.zone) {
        true => zone,
        false => name_of_wire(&domain_of(&question.name)),
    });
    text.push_str(&match &found {
        Some(zone) => format!("; `resolverctl failed` shows further failures of {}", zone_text(zone)),
        None => "; `resolverctl stats` shows the clients and the zones that cause the load, `resolverctl failed` shows further failures".to_owned(),
    });
    let servers: Vec<IpAddr> = failed.servers.iter().map(|(server, _)| *server).collect();
    LogText {
        is_warning: zone.is_none(),
        incident: "query_failed",
        zone: zone.as_ref().map(name_text),
        servers: spaced(&servers),
        extended_error: question.code,
        conduct: Some(conduct).filter(|conduct| !conduct.is_empty()),
        ..line
    }
}

/// Returns the line of a slow question.
pub(crate) fn slow_line(question: &QuestionEntry, culprit: CulpritReport) -> LogText {
    let line = LogText::of_question(question);
    let CulpritReport { kind, zone, server, list, evidence, advice, .. } = culprit;
    let cause = match kind {
        CulpritKind::None => "not known",
        kind => kind.label(),
    };
    let seconds = Duration::from_micros(question.elapsed).as_secs_f32();
    let text = format!("{} took {seconds:.1} s; cause: {cause}; {evidence}; to do: {advice}", line.text);
    LogText { incident: "query_slow", text, zone, list, servers: server, culprit: Some(kind.word()), ..line }
}

/// Returns the line about the slow questions of a minute without a line of their own.
pub(crate) fn slow_sum_line(queries: u64) -> LogText {
    let queries = counted(queries, "more query was", "more queries were");
    let text = format!(
        "{queries} slow in the last minute; `resolverctl why --slowest 20` shows the emails whose queries were slowest"
    );
    LogText { incident: "queries_slow", text, ..LogText::default() }
}

/// Returns the line about the failed questions of an hour without a line of their own. `zones`: the
/// number of their zones; `most`: those with most of these questions, each with its number of
/// questions.
pub(crate) fn failed_sum_line(queries: u64, zones: usize, most: &[(Name, u64)]) -> LogText {
    let queries = counted(
        queries,
        "failed query of the last hour was not logged by itself",
        "failed queries of the last hour were not logged one by one",
    );
    let most: Vec<String> = most.iter().map(|(zone, count)| format!("{} {count}", name_text(zone))).collect();
    let zones = match zones {
        0 => String::new(),
        count => format!(", of {} (most: {})", counted(count as u64, "zone", "zones"), most.join(", ")),
    };
    let text = format!("{queries}{zones}; `resolverctl failed --since 1h` shows them");
    LogText { incident: "queries_failed", text, ..LogText::default() }
}

/// Returns the count with its noun in the singular (`one`) or plural (`many`).
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::culprit::ExplainedQuestion;
    use dns::question::Outcome;
    use hickory_proto::rr::RecordType;

    #[test]
    fn failure_of_alias_zone_names_route() {
        let shown = |zone: &[u8]| {
            let name = b"\x03out\x06garage\x07example\x00"[..].into();
            let mut question = QuestionEntry::hit(name, RecordType::A, [127, 0, 0, 1].into(), 0, 0);
            question.outcome = Outcome::Failed;
            let asked = ExplainedQuestion { question: &question, list: None, flight: None };
            failed_line(&FailedQuestion { asked, zone: zone.into(), servers: Vec::new() }).text
        };
        for zone in [&b"\x06garage\x07example\x00"[..], b"\x04dead\x07example\x00"] {
            assert!(shown(zone).ends_with(" shows further failures of garage.example."), "{}", shown(zone));
        }
    }
}
