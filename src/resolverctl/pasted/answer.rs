//! Compares the DNS result that a pasted line reports, such as a missing domain, with the answers to the queries of a message (email).

use super::line::PastedLine;
use super::subject::address_of;
use dns::question::DnsResult;
use doctor::message::{PHRASES, has};
use explain::answer;
use explain::why::{CulpritReport, MessageReport, QuestionReport};
use record::culprit::CulpritKind;

/// Returns the culprit for the result that a log line reports, if a query of the message (email) has this result. The query must
/// be for the name that the line rejects, or else for any name or address of the line. A query to a DNS list must be to the list
/// that the line names.
pub(super) fn of_line(line: &PastedLine, message: &MessageReport) -> Option<CulpritReport> {
    let reports = line.reports?;
    if let Some(refused) = of_refused_list(line) {
        return Some(refused);
    }
    let text = line.text.to_ascii_lowercase();
    let is_named = |list: &str| text.contains(list.trim_end_matches('.'));
    // Content filters write a name such as RBL_SPAMHAUS_XBL, which contains a label of the list's zone.
    let has_label = |list: &str| {
        let mut labels: Vec<&str> = list.trim_end_matches('.').split('.').collect();
        labels.pop();
        labels.iter().any(|label| label.len() >= LIST_LABEL && text.contains(label))
    };
    let mut lists = message.questions.iter().filter_map(|one| one.list.as_deref());
    let names_list = lists.any(is_named);
    let is_meant = |name: &str| {
        let question = message.questions.iter().find(|one| one.name == name);
        let list = question.and_then(|one| one.list.as_deref());
        let domain = name.strip_suffix(list.unwrap_or_default()).unwrap_or(name).trim_end_matches('.');
        let is_about = match (address_of(name), reports) {
            (Some(address), DnsResult::NoPointer | DnsResult::Listed) => {
                line.addresses().any(|one| one == address)
            }
            // A query for the client's PTR record does not cause the report of a missing domain. A query about a domain does not
            // cause the report of a missing PTR record.
            (Some(_), _) | (None, DnsResult::NoPointer) => false,
            (None, _) => match &line.rejected {
                Some(rejected) => rejected == domain,
                None => line.subjects.iter().any(|subject| subject == domain),
            },
        };
        is_about && list.is_none_or(|list| if names_list { is_named(list) } else { has_label(list) })
    };
    answer::culprit(&message.questions, reports, &is_meant)
}

/// Returns the culprit for a line in which mail software took the refusal of a DNS list for a listing. The line itself says so, and
/// an older entry of the list is not its cause.
pub(super) fn of_refused_list(line: &PastedLine) -> Option<CulpritReport> {
    let text = line.text.to_ascii_lowercase();
    if line.reports != Some(DnsResult::Listed) || !has(&text, &PHRASES.list_refused) {
        return None;
    }
    Some(CulpritReport::new(
        CulpritKind::ListRefused,
        "the list refused the query, and mail software took the refusal for a listing: the line says so"
            .to_owned(),
        "`resolverctl dnsbl` shows whether the list refuses this host now, and why. resolverd passes no refusal on as a listing: check that the program of the line asks resolverd (`resolverctl check system`), and that its listener does not have dnsbl = \"pass\"",
    ))
}

/// If the line reports a DNS list that resolverd does not know, marks the queries to this list as listed. The name in such a query consists of a
/// reversed address of the line, and a name of the line (the zone of the list).
pub(super) fn mark_unknown_list(line: &PastedLine, message: &mut MessageReport) {
    if line.reports != Some(DnsResult::Listed) {
        return;
    }
    let has_answer = |one: &&mut QuestionReport| one.list.is_none() && one.result == DnsResult::Answer;
    for question in message.questions.iter_mut().filter(has_answer) {
        let is_below = |list: &&String| question.name.trim_end_matches('.').ends_with(&format!(".{list}"));
        let address = address_of(&question.name);
        let list = line.subjects.iter().find(is_below);
        if let Some(list) = list.filter(|_| line.addresses().any(|one| address == Some(one))) {
            (question.list, question.result) = (Some(format!("{list}.")), DnsResult::Listed);
        }
    }
}

/// A line names a DNS list if it contains a label of the list's zone with at least this number of characters. Shorter labels occur in
/// other words by chance.
const LIST_LABEL: usize = 3;

/// Returns the culprit for a line that reports a result of DNS, if no query of the history has this result.
pub(super) fn unanswered(reported: DnsResult) -> CulpritReport {
    CulpritReport::new(
        CulpritKind::Unknown,
        format!(
            "the line reports a result of DNS ({}), but no query of this mail in the query history has it",
            reported.label()
        ),
        "`resolverctl query` with the name shows what DNS says now; check whether the program of the line asks resolverd: see /etc/resolv.conf",
    )
}
