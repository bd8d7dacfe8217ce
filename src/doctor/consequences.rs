//! Findings that only repeat another one, or that another one proves wrong.

use super::codes::Code;
use super::facts::{DomainFacts, Role};
use super::finding::Finding;
use super::part::Part;
use super::{compared, delegation, dnssec, remedies, served, zone};

/// Removes findings that only repeat another: where nothing can be looked up, the cause is told once.
pub(super) fn remove(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let causes = [Code::DnssecBogus, Code::DsRepaired, Code::NsNoneAnswers, Code::NsCircular];
    let is_signer = facts.subject.role == Role::Signer;
    // The finding that tells of it is none about a signer.
    let is_unreached = delegation::is_unreached(facts) && !facts.subject.domain.is_empty() && !is_signer;
    // This host has no route to the servers of the zone.
    let is_unrouted = |finding: &Finding| {
        (finding.code, finding.part) == (Code::DelegationUnknown, Some(Part::Servers))
            && (finding.about.is_empty() || finding.remedy == Some(remedies::NO_ROUTE))
    };
    let is_unreached = is_unreached || served::serving(facts).is_empty() && findings.iter().any(is_unrouted);
    let of_names = dnssec::bogus_names(facts);
    let is_cause = |finding: &Finding| {
        let is_bogus_here = || {
            [Code::NsBogus, Code::NsWithoutKeys, Code::NsWithoutProof, Code::NsEdns].contains(&finding.code)
                && dnssec::is_bogus_here(facts)
        };
        causes.contains(&finding.code) && (of_names.is_empty() || finding.code != Code::DnssecBogus)
            || is_bogus_here()
            || dnssec::tells_no_signatures(facts, finding)
    };
    if is_unreached || findings.iter().any(is_cause) {
        let consequences =
            [Code::MailUnknown, Code::PolicyUnknown, Code::DnssecUnknown, Code::PolicyUnanswered];
        findings.retain(|finding| !consequences.contains(&finding.code));
    }
    if findings.iter().any(|finding| dnssec::tells_no_signatures(facts, finding)) {
        findings.retain(|finding| finding.code != Code::DnssecBogus);
    }
    let told: Vec<String> = of_names.iter().map(|(name, kind, _)| format!("{name} {kind}: ")).collect();
    findings.retain(|finding| {
        let is_of_lookup = [Code::SpfUnanswered, Code::PolicyUnknown, Code::PolicyUnanswered];
        !is_of_lookup.contains(&finding.code) || !told.iter().any(|told| finding.evidence.starts_with(told))
    });
    if findings.iter().any(|finding| finding.code == Code::NoMx) {
        for old in findings.iter_mut().filter(|finding| finding.code == Code::OthersOld) {
            old.remedy = Some(remedies::LOST_MAIL_HOSTS);
        }
    }
    if findings.iter().any(|finding| finding.code == Code::ApexAlias) && zone::gives_alias(facts) {
        findings.retain(|finding| finding.code != Code::NsNoneAnswers);
    }
    if !facts.subject.domain.is_empty() && zone::is_denied(facts) {
        for finding in findings.iter_mut().filter(|finding| finding.code == Code::NsNoneAnswers) {
            finding.code = Code::DomainMissing;
        }
        findings.retain(|finding| ![Code::SpfMissing, Code::DmarcMissing].contains(&finding.code));
    }
    if !facts.subject.domain.is_empty() && dnssec::is_bogus_here(facts) {
        let own = format!("{} TXT", facts.subject.domain);
        let is_own =
            |finding: &Finding| finding.code == Code::SpfUnanswered && finding.evidence.starts_with(&own);
        findings.retain(|finding| !is_own(finding));
    }
    remove_disproved(facts, findings);
    if findings.iter().any(|finding| finding.code == Code::NsCircular) {
        findings.retain(|finding| ![Code::NsSingle, Code::NsWithoutAddress].contains(&finding.code));
    }
    if findings.iter().any(|finding| finding.code == Code::MxUnanswered) {
        // To flush the cache would take the records from this host too.
        findings.retain(|finding| ![Code::MailOk, Code::CachedHere].contains(&finding.code));
        findings.retain(|finding| (finding.code, finding.part) != (Code::MailUnknown, Some(Part::MxRecords)));
    }
}

/// Removes findings about records that the server which the daemon happened to ask does not have, and another one has.
fn remove_disproved(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    if findings.iter().any(|finding| finding.code == Code::MxDiffers) {
        findings.retain(|finding| ![Code::MailNowhere, Code::NoMx].contains(&finding.code));
    }
    if findings.iter().any(|finding| finding.code == Code::RecordsDiffer) {
        let domain = &facts.subject.domain;
        let given = [(domain.clone(), Code::SpfMissing), (format!("_dmarc.{domain}"), Code::DmarcMissing)];
        for (_, code) in
            given.into_iter().filter(|(name, _)| compared::has_record(facts, (name.as_str(), "TXT")))
        {
            findings.retain(|finding| finding.code != code);
        }
    }
}
