//! The order of findings on the screen: the first line is the answer.

use std::collections::BTreeSet;

use super::codes::Code;
use super::finding::{Finding, Level};
use super::part::About;
use super::refusal::RefusalReason;
use super::{fallback, refusal_reasons, tcp_needed};

/// Whether a finding stands behind one of the same level: old records at other resolvers behind a missing MX record and behind lookups that
/// fail for mail, records that a resolver does not get behind a name server that fails EDNS, and a lookup that SPF needs behind a name server
/// that sends no proof for it.
fn is_behind(code: Code, told: &BTreeSet<Code>, is_mail_stopped: bool) -> bool {
    match code {
        Code::OthersOld => told.contains(&Code::NoMx) || is_mail_stopped,
        Code::OthersHide | Code::OthersFail => told.contains(&Code::NsEdns),
        Code::SpfUnanswered => told.contains(&Code::NsWithoutProof),
        _ => false,
    }
}

/// Sorts findings: the answer to a bounce first, then the worst; of one level first those that a receiver gives as the reason. A missing MX
/// record stands before its consequences, and a cause before what it explains.
pub fn in_order(findings: &mut [Finding], reason: Option<RefusalReason>) {
    let fails = findings.iter().any(|finding| finding.level == Level::Failure);
    let consequence = fallback::worst_consequence(findings);
    let told: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
    let is_mail_stopped = findings.iter().any(|finding| finding.stops_mail);
    let causes: Vec<About> = findings
        .iter()
        .filter(|finding| [Code::NsPartly, Code::NsWithoutProof].contains(&finding.code))
        .flat_map(|finding| finding.about.clone())
        .collect();
    // The fault of a server stands before the failures at others that it explains.
    let is_explained = |finding: &Finding| {
        finding.code == Code::OthersFail && finding.about.iter().any(|about| causes.contains(about))
    };
    findings.sort_by_key(|finding| {
        let is_reason = refusal_reasons::is_it(reason, finding.code);
        let raised = consequence.filter(|level| finding.code == Code::NoMx && *level < finding.level);
        let level = raised.unwrap_or(finding.level);
        let is_later = is_behind(finding.code, &told, is_mail_stopped) || is_explained(finding);
        (
            !finding.code.leads(fails),
            level,
            !is_reason,
            !tcp_needed::is_cause(finding),
            is_later,
            finding.code,
        )
    });
}
