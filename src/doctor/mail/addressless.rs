//! Mail hosts for which no address was found, or only that of a wildcard, by the cause.
//!
//! RFC 5321 section 5.1.

use crate::codes::{Code, remedies};
use crate::facts::{DomainFacts, LookupFound, is_within};
use crate::finding::{Finding, Level};
use crate::mail::last_dot;
use crate::part::{About, Part};
use crate::{dnssec, elsewhere, served};

/// Mail hosts without a known address of their own, each with its evidence.
#[derive(Default)]
pub(crate) struct Addressless {
    /// There is no address.
    missing: Vec<(String, String)>,
    /// The same, and the name of a zone was added to a name without a last dot in the MX record.
    dotless: Vec<(String, String)>,
    /// The same in a CNAME record that the MX record leads to.
    dotless_alias: Vec<(String, String)>,
    /// An address stands in the place of the name, and the name of the domain was added to it.
    addresses: Vec<(String, String)>,
    /// No server of the host's zone answers.
    unanswered: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
}

impl Addressless {
    /// Takes in a host for which no address was found.
    pub(crate) fn take(&mut self, facts: &DomainFacts, host: &str) {
        let kinds = ["A", "AAAA"].map(|kind| (kind, facts.lookup(host, kind)));
        let is_bogus =
            |kind: &'static str| facts.is_bogus(host, kind) && !dnssec::is_broken_above(facts, host);
        let domain = facts.subject.domain.as_str();
        let (list, told) = match kinds.iter().find(|(_, found)| !found.is_known()) {
            // Another server of the zone has one: that the servers differ is told.
            None if is_given(facts, host) => return,
            // The usual mistake in a zone file.
            None if last_dot::holds_address(facts, host, domain) => {
                (&mut self.addresses, format!("{host} (an address without a last dot)"))
            }
            None => match (last_dot::meant(facts, host, domain), last_dot::meant_by_alias(facts, host)) {
                (Some(meant), _) => (&mut self.dotless, format!("{host} ({})", last_dot::words(meant))),
                (None, Some((target, meant))) => {
                    (&mut self.dotless_alias, format!("{host} (CNAME {target}; {})", last_dot::words(&meant)))
                }
                (None, None) => (&mut self.missing, host.to_owned()),
            },
            Some((kind, LookupFound::Unknown(why))) if is_bogus(kind) => {
                (&mut self.unanswered, format!("{host} fails DNSSEC validation: {why}"))
            }
            Some((kind, LookupFound::Unknown(why))) => match elsewhere::evidence(facts, host, kind) {
                Some(evidence) => (&mut self.unanswered, evidence),
                None => (&mut self.unknown, format!("{host}: {why}")),
            },
            Some(_) => (&mut self.unknown, format!("{host} was not looked up")),
        };
        list.push((host.to_owned(), told));
    }

    /// The findings about a domain with so many hosts.
    pub(crate) fn findings(self, all: usize) -> Vec<Finding> {
        let Self { missing, dotless, dotless_alias, addresses, unanswered, unknown } = self;
        // Senders deliver to none of these.
        let lost = [&missing, &dotless, &dotless_alias, &addresses, &unanswered];
        let lost: usize = lost.into_iter().map(Vec::len).sum();
        let worst = if lost == all { Level::Failure } else { Level::Warning };
        // The others receive the mail, and nobody is to deliver to these.
        let missing = match lost < all {
            true => missing.into_iter().filter(|(host, _)| !is_verification(host)).collect(),
            false => missing,
        };
        let told = [
            (Code::MxIsAddress, addresses, Code::MxIsAddress.entry().level),
            (Code::MxHostUnanswered, unanswered, worst),
            (Code::MxWithoutAddress, missing, worst),
            (Code::MailUnknown, unknown, Code::MailUnknown.entry().level),
        ];
        let finding = |(code, hosts, level): (Code, Vec<(String, String)>, Level)| {
            let (names, texts): (Vec<String>, Vec<String>) = hosts.into_iter().unzip();
            let separator = if code == Code::MxWithoutAddress { ", " } else { "; " };
            let finding = Finding::new(code, texts.join(separator)).at(level);
            let is_untold = [Code::MailUnknown, Code::MxHostUnanswered].contains(&code);
            let finding = if is_untold { finding.of(Part::MailHosts) } else { finding };
            finding.about(names.into_iter().map(About::Host))
        };
        let has_hosts = |hosts: &Vec<_>| !hosts.is_empty();
        let dotless = [(dotless, remedies::LAST_DOT), (dotless_alias, remedies::LAST_DOT_ALIAS)];
        let dotless = dotless.into_iter().filter(|(hosts, _)| has_hosts(hosts));
        let dotless: Vec<Finding> = dotless
            .map(|(hosts, remedy)| finding((Code::MxWithoutAddress, hosts, worst)).to_do(remedy))
            .collect();
        let told = told.into_iter().filter(|(_, hosts, _)| has_hosts(hosts)).map(finding);
        dotless.into_iter().chain(told).collect()
    }
}

/// Whether a host has no address on purpose: providers let people prove by its name in an MX record that a domain is theirs (Microsoft 365:
/// `ms12345678.msv1.invalid`, Google Workspace: `TOKEN.mx-verification.google.com`).
fn is_verification(host: &str) -> bool {
    ["invalid.", "mx-verification.google.com."].iter().any(|zone| is_within(host, zone))
}

/// Whether a server of the zone gives an address of a host.
fn is_given(facts: &DomainFacts, host: &str) -> bool {
    let gives = |kind: &'static str| {
        let given = served::serving(facts)
            .into_iter()
            .filter_map(move |server| served::given(facts, server, (host, kind)));
        given.flat_map(move |reply| reply.data(kind)).next().is_some()
    };
    ["A", "AAAA"].into_iter().any(gives)
}
