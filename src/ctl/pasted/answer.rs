//! Compares the DNS result that a pasted line reports, such as a missing domain, with the answers to the queries of a message (email).

use super::line::PastedLine;
use super::subject::address_of;
use dns::question::DnsResult;
use history::answer;
use history::culprit::CulpritKind;
use history::why::{CulpritReport, MessageReport, QuestionReport};

/// Returns the culprit for the result that a log line reports, if a query of the message (email) has this result. The query must be for the name that
/// the line rejects. If the line rejects no name, the query may be for any name or address of the line. A query to a DNS list must be to the list
/// that the line names.
pub(super) fn of_line(line: &PastedLine, message: &MessageReport) -> Option<CulpritReport> {
    let reports = line.reports?;
    let text = line.text.to_ascii_lowercase();
    let is_named = |list: &str| text.contains(list.trim_end_matches('.'));
    // Content filters do not write the zone of a DNS list but a name such as RBL_SPAMHAUS_XBL. Such a name contains a label of the zone.
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
            // If the line reports a missing domain, the query for the client's PTR record is not the cause. If the line reports a missing PTR record,
            // a query about a domain is not the cause.
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

/// If the line reports a DNS list that resolverd does not know, marks the queries of the message (email) to this list as listed. The name of such a
/// query consists of an address of the line in reverse form, and a name of the line, which is the zone of the list.
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

/// A label of a list's zone counts as a name of the list only if it has at least this many letters.
const LIST_LABEL: usize = 3;

/// Returns the culprit "unknown": no query of the history has the result that a line reports.
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
