//! Lookups of SPF that fail: those of mail hosts of the domain whose address nobody finds have the fault of the host, which is told before.
//!
//! RFC 7208 sections 2.6.6, 5.3 and 5.4. With a term before the failed one, a sender passes all the same.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::DomainFacts;
use super::finding::Finding;
use super::part::{About, Part};
use super::spf_record::{SpfRecords, Term, TermKind, records, terms};
use super::{mail, remedies};

/// The failed lookups of an SPF record, in words.
#[derive(Default)]
pub(super) struct Failures {
    /// Lookups that fail permanently.
    pub(super) unanswered: Vec<String>,
    /// Lookups of names whose CNAME records lead in a circle.
    pub(super) circles: Vec<String>,
    /// Lookups of the addresses of the domain's own mail hosts. The first text is the mail host.
    pub(super) of_hosts: Vec<(String, String)>,
    /// Lookups of which it is unknown whether they fail permanently.
    pub(super) unknown: Vec<String>,
}

impl Failures {
    /// Whether lookups fail, and each of them for good.
    pub(super) const fn are_for_good(&self) -> bool {
        let has_some = !(self.unanswered.is_empty() && self.circles.is_empty() && self.of_hosts.is_empty());
        has_some && self.unknown.is_empty()
    }

    /// The findings. `address`: the address for which they decide the result.
    pub(super) fn findings(self, address: Option<IpAddr>) -> Vec<Finding> {
        let outcome = address.map(|address| format!("; the result for {address} is temperror"));
        let told = |evidence: &[String]| {
            let evidence = format!("{}{}", evidence.join("; "), outcome.as_deref().unwrap_or_default());
            Finding::new(Code::SpfUnanswered, evidence).of(Part::Spf)
        };
        let Self { unanswered, circles, of_hosts, unknown } = self;
        let (hosts, of_hosts): (Vec<String>, Vec<String>) = of_hosts.into_iter().unzip();
        let mut findings = Vec::new();
        if !unanswered.is_empty() {
            findings.push(told(&unanswered));
        }
        if !circles.is_empty() {
            findings.push(told(&circles).to_do(remedies::TERM_ALIAS_CIRCLE));
        }
        if !of_hosts.is_empty() {
            let about = hosts.into_iter().map(About::Host);
            findings.push(told(&of_hosts).to_do(remedies::TERM_MAIL_HOST).about(about));
        }
        if !unknown.is_empty() {
            findings.push(Finding::new(Code::PolicyUnknown, unknown.join("; ")).of(Part::Spf));
        }
        findings
    }
}

/// Whether a lookup is that of an address of a mail host of the domain, of which no address is known.
pub(super) fn is_of_host(facts: &DomainFacts, name: &str, kind: &str) -> bool {
    let is_host = || mail::hosts(facts).iter().any(|host| host == name);
    ["A", "AAAA"].contains(&kind) && facts.addresses(name).is_empty() && is_host()
}

/// Puts the temperror of SPF behind the fault of the mail host that causes it. Both get one level: that of the host, if another host is found
/// and nobody is to pass behind the term that fails; else the worse one.
pub(super) fn put_behind_hosts(facts: &DomainFacts, findings: &mut [Finding]) {
    let is_effect = |finding: &Finding| finding.remedy == Some(remedies::TERM_MAIL_HOST);
    let hosts: Vec<About> = findings
        .iter()
        .filter(|finding| is_effect(finding))
        .flat_map(|finding| finding.about.clone())
        .collect();
    let causes = [Code::MxHostBogus, Code::MxHostUnanswered, Code::MxWithoutAddress];
    let is_cause = |finding: &Finding| {
        causes.contains(&finding.code) && finding.about.iter().any(|about| hosts.contains(about))
    };
    let Some(cause) = findings.iter().filter(|finding| is_cause(finding)).map(|finding| finding.level).min()
    else {
        return;
    };
    let level = if harms_senders(facts) { cause.min(Code::SpfUnanswered.entry().level) } else { cause };
    for finding in findings.iter_mut() {
        if is_effect(finding) {
            finding.level = level;
        } else if is_cause(finding) {
            finding.level = finding.level.min(level);
        }
    }
}

/// Whether senders that the domain allows get temperror: no mail host is found, or terms behind the first one that may fail let others pass.
fn harms_senders(facts: &DomainFacts) -> bool {
    let domain = facts.subject.domain.as_str();
    let SpfRecords::One(record) = records(facts, domain) else { return true };
    let terms = terms(&record).unwrap_or_default();
    let may_fail = |term: &Term| match term.kind {
        TermKind::Mx => true,
        TermKind::A => term.domain(domain).is_some_and(|host| is_of_host(facts, &host, "A")),
        _ => false,
    };
    let passes = |term: &Term| match term.kind {
        TermKind::Redirect => true,
        TermKind::Other => false,
        _ => term.qualifier == '+',
    };
    let Some(first) = terms.iter().position(may_fail) else { return true };
    let is_found = |host: &String| !facts.addresses(host).is_empty();
    !mail::hosts(facts).iter().any(is_found) || terms.iter().skip(first + 1).any(passes)
}
