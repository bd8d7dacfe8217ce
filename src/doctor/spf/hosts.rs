//! Lookups of SPF that fail: those of mail hosts of the domain whose address nobody finds have the fault of the host, which is told before.
//!
//! RFC 7208 sections 2.6.6, 5.3 and 5.4. With a term before the failed one, a sender passes all the same.

use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::facts::DomainFacts;
use crate::finding::Finding;
use crate::mail;
use crate::part::{About, Part};

/// The failed lookups of an SPF record, in words.
#[derive(Default)]
pub(crate) struct Failures {
    /// Lookups that fail permanently.
    pub(crate) unanswered: Vec<String>,
    /// Lookups of the addresses of the domain's own mail hosts. The first text is the mail host.
    pub(crate) of_hosts: Vec<(String, String)>,
    /// All of them.
    pub(crate) lookups: Vec<(String, &'static str)>,
    /// Lookups of which it is unknown whether they fail permanently.
    pub(crate) unknown: Vec<String>,
}

impl Failures {
    /// Whether lookups fail, and each of them for good.
    pub(crate) const fn are_for_good(&self) -> bool {
        let has_some = !(self.unanswered.is_empty() && self.of_hosts.is_empty());
        has_some && self.unknown.is_empty()
    }

    /// The findings. `address`: the address for which they decide the result.
    pub(crate) fn findings(self, address: Option<IpAddr>) -> Vec<Finding> {
        let outcome = address.map(|address| format!("; the result for {address} is temperror"));
        let told = |evidence: &[String]| {
            let evidence = format!("{}{}", evidence.join("; "), outcome.as_deref().unwrap_or_default());
            Finding::new(Code::SpfUnanswered, evidence).of(Part::Spf)
        };
        let Self { unanswered, of_hosts, unknown, lookups } = self;
        let (hosts, of_hosts): (Vec<String>, Vec<String>) = of_hosts.into_iter().unzip();
        let mut findings = Vec::new();
        if !unanswered.is_empty() {
            findings.push(told(&unanswered));
        }
        if !of_hosts.is_empty() {
            let about = hosts.into_iter().map(About::Host);
            findings.push(told(&of_hosts).to_do(remedies::TERM_MAIL_HOST).about(about));
        }
        if !unknown.is_empty() {
            findings.push(Finding::new(Code::PolicyUnknown, unknown.join("; ")).of(Part::Spf));
        }
        findings.into_iter().map(|finding| Finding { lookups: lookups.clone(), ..finding }).collect()
    }
}

/// Whether a lookup is that of an address of a mail host of the domain, of which no address is known.
pub(crate) fn is_of_host(facts: &DomainFacts, name: &str, kind: &str) -> bool {
    let is_host = || mail::hosts(facts).iter().any(|host| host == name);
    ["A", "AAAA"].contains(&kind) && facts.addresses(name).is_empty() && is_host()
}
