//! `resolverctl check DOMAIN`: finds why mail to or from a domain fails, and says who must change what.
//!
//! There is a module for each topic: `delegation`, `dnssec`, `mail`, `spf`, `authentication` (DKIM and DMARC), `transport` (MTA-STS and
//! DANE), `configured` (names that the configuration of the daemon answers), `message` (pasted bounces). Each check consists of two pure
//! functions: `wants` returns the next questions, given the facts so far, and `check` returns the findings. Nothing in this crate waits:
//! the crate `gather` sends the questions. `codes` is the table of findings, and `explain` says which finding explains which other finding.
//!
//! # Decisions
//!
//! - Most questions go through the daemon, because only the daemon has the zones, forwarders, source addresses and trust anchors with which
//!   this host resolves names. The servers of a zone are also asked one by one, because an answer from the daemon would hide a second
//!   server that has old data or is silent.
//! - Every finding has a code from one table (`codes`). The manual prints the same table.
//! - "Could not tell" is a separate level of findings. A lookup that failed is never reported as "does not exist".

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod aliases;
pub mod authentication;
mod cached;
pub mod codes;
pub mod compared;
mod configured;
mod delegation;
mod dnssec;
mod elsewhere;
mod explain;
pub mod facts;
pub mod finding;
mod level;
pub mod limits;
mod mail;
pub mod message;
mod others;
pub mod part;
pub mod public_resolvers;
pub mod served;
pub mod side_by_side;
mod spf;
pub mod transport;
mod unanswered;
pub mod zone;

use std::collections::BTreeSet;
use std::net::IpAddr;

pub use explain::in_order;
pub use facts::private_address::is_private;

use authentication::{dkim, dmarc};
use codes::Code;
use configured::current;
use delegation::{parents, server_names};
use facts::{DomainFacts, Role, Want};
use finding::Finding;
use mail::{connect, helo, lists, pointer};
use transport::{dane, mta_sts};

/// Decides which questions are asked, for example for a check of a domain.
pub trait Plan: Sync {
    /// Returns the next questions. `facts` has the answers so far, and `under_way` the unanswered questions. Some of the returned questions
    /// may have been asked already.
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want>;

    /// Derives further facts from new answers.
    fn note(&self, _: &mut DomainFacts) {}
}

/// The plan of `resolverctl check DOMAIN`.
#[derive(Clone, Copy, Debug)]
pub struct WholeDomain;

impl Plan for WholeDomain {
    fn wants(&self, facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
        wants(facts, under_way)
    }

    fn note(&self, facts: &mut DomainFacts) {
        current::adopt(facts);
        aliases::note(facts);
    }
}

fn wants(facts: &DomainFacts, under_way: &BTreeSet<Want>) -> Vec<Want> {
    let (mut wants, examined) = (Vec::new(), message::client::examined(facts));
    let is_domain = !facts.subject.domain.is_empty();
    if let Some(address) = examined {
        wants.extend(pointer::wants(facts, address));
    }
    wants.extend(helo::wants(facts, examined));
    if is_domain {
        wants.extend(of_role(facts));
    }
    wants.extend(lists::wants(facts, examined));
    let failures = || {
        let of_elsewhere = elsewhere::wants(facts, &needed(facts, examined), under_way);
        aliases::wants(facts).into_iter().chain(of_elsewhere)
    };
    if !is_domain {
        wants.extend(failures());
        return wants;
    }
    let is_asked = |want: &Want| facts.got.contains_key(want) || under_way.contains(want);
    let policies = compared::of_policies(facts);
    let are_asked = policies.iter().all(is_asked);
    wants.extend(policies);
    // The number of questions is limited, and the comparison of SPF and DMARC records is more important than the next questions.
    if are_asked {
        wants.extend(current::wants(facts));
        wants.extend(configured::wants(facts));
        wants.extend(failures());
    }
    // The number of questions is limited, so comparisons between servers begin only after all other questions were asked.
    let mut further = Vec::new();
    if wants.iter().all(is_asked) {
        further = parents::wants(facts);
        // Silent servers are usually asked last. But if servers of the parent zone give different delegations, the daemon's lookups may take
        // as long as the whole check, so silent servers are asked now, at the same time.
        if parents::sets(facts).len() > 1 {
            further.extend(delegation::of_silent(facts));
        }
        if facts.subject.role.receives() {
            further.extend(dane::at_servers(facts));
        }
        wants.extend(compared::wants(facts));
        wants.extend(unanswered::wants(facts));
    }
    // Other resolvers are asked only after all lookups are answered, because the lookups show whether the configuration of resolverd has the domain.
    // For questions to name servers, it is enough that they are sent: a slow name server must not delay the other resolvers.
    let is_looked_up = |want: &Want| match want {
        Want::Server { .. } => is_asked(want),
        _ => facts.got.contains_key(want),
    };
    let others_are_due = wants.iter().all(is_looked_up);
    let is_done = |wants: &[Want]| wants.iter().all(|want| facts.got.contains_key(want));
    // Each question to a silent server takes seconds, so these questions come after the comparison of the servers that answer.
    if is_done(&wants) {
        wants.extend(delegation::of_silent(facts));
    }
    if others_are_due && facts.subject.role != Role::Signer {
        wants.extend(others::wants(facts));
    }
    // Connections to hosts of third parties come last, so that silent hosts delay no other question.
    if is_done(&wants) {
        wants.extend(connect::wants(facts));
        wants.extend(mta_sts::wants(facts));
    }
    wants.extend(further);
    wants
}

/// Returns the questions that the role of the domain in a mail requires.
fn of_role(facts: &DomainFacts) -> Vec<Want> {
    let (role, mut wants) = (facts.subject.role, delegation::wants(facts));
    if role == Role::Signer {
        wants.extend(dnssec::wants(facts));
        wants.extend(dkim::wants(facts));
    } else if !zone::is_missing(facts) {
        wants.extend(mail::wants(facts));
        wants.extend(dnssec::wants(facts));
        if role.sends() {
            wants.extend(spf::wants(facts));
            wants.extend(dmarc::wants(facts));
            wants.extend(dkim::wants(facts));
        }
        if role.receives() {
            wants.extend(transport::wants(facts));
        }
    }
    wants
}

/// Returns the lookups that the check needs, the most important first. If one of them fails, the check finds out why. `examined`: the
/// address of the client whose PTR records and HELO name are checked too.
fn needed(facts: &DomainFacts, examined: Option<IpAddr>) -> Vec<(String, &'static str)> {
    let mut needed = Vec::new();
    if !facts.subject.domain.is_empty() {
        needed.extend(server_names::needed(facts));
        needed.extend(mail::needed(facts));
        needed.extend(spf::needed(facts));
    }
    if let Some(address) = examined {
        needed.extend(pointer::needed(facts, address));
    }
    needed.extend(helo::needed(facts, examined));
    if !facts.subject.domain.is_empty() {
        if facts.subject.role.sends() {
            needed.extend(dmarc::needed(facts));
        }
        if facts.subject.role != Role::Recipient {
            needed.extend(dkim::needed(facts));
        }
        if facts.subject.role.receives() {
            needed.extend(transport::needed(facts));
            needed.extend(dane::needed(facts));
        }
        let hosts = mail::host_addresses(facts).into_iter();
        needed.extend(hosts.flat_map(|address| pointer::needed(facts, address)));
    }
    needed
}

/// Returns all findings, in the order of the output.
pub fn judge(facts: &DomainFacts) -> Vec<Finding> {
    let (mut findings, examined) = (configured::check(facts), message::client::examined(facts));
    if let Some(address) = examined {
        findings.extend(pointer::check(facts, address));
    }
    findings.extend(helo::check(facts, examined));
    let role = facts.subject.role;
    if role == Role::Signer {
        findings.extend(of_signer(facts));
    } else if !facts.subject.domain.is_empty() {
        if !zone::is_here_only(facts) || zone::is_missing(facts) {
            findings.extend(delegation::check(facts));
        }
        if !zone::is_missing(facts) {
            findings.extend(dnssec::check(facts));
            findings.extend(mail::check(facts));
            findings.extend(pointer::of_hosts(facts, examined));
            if role.sends() {
                findings.extend(spf::check(facts));
                let policy = format!("_dmarc.{}", facts.subject.domain);
                findings
                    .extend(dmarc::check(facts).into_iter().map(|found| found.on(policy.as_str(), "TXT")));
                findings.extend(dkim::check(facts));
            }
            if role.receives() {
                findings.extend(transport::check(facts));
            }
        }
    }
    findings.extend(lists::check(facts, examined));
    if !facts.subject.domain.is_empty() {
        findings.extend(others::check(facts));
        findings.extend(connect::check(facts));
        findings.extend(mta_sts::check(facts));
    }
    configured::without_inner_view(facts, &mut findings);
    explain::explained(findings, facts.subject.refusal.reason)
}

/// Returns the findings about a domain that only signs mail: about its DKIM keys, their DNSSEC state, and faults that prevent their lookup.
fn of_signer(facts: &DomainFacts) -> Vec<Finding> {
    let of_keys = [Code::ParentDiffers, Code::NsNoneAnswers, Code::RecordsDiffer];
    let mut findings = delegation::check(facts);
    findings.retain(|finding| of_keys.contains(&finding.code) || finding.blocks);
    if !zone::is_missing(facts) {
        findings.extend(dnssec::check(facts));
    }
    findings.extend(dkim::check(facts));
    findings
}

/// Returns true if the first finding explains the refusal by a receiver.
pub fn answers_refusal(facts: &DomainFacts, findings: &[Finding]) -> bool {
    let reason = facts.subject.refusal.reason;
    findings.first().is_some_and(|finding| explain::is_reason(reason, finding.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};

    /// Returns the codes of the findings. `here`: the daemon's answer for the SOA. `answer`: the answer of both servers of the zone.
    fn codes(here: &str, answer: &str) -> Vec<Code> {
        let base = TWO_SERVERS.replace("SOA udp aa | ns1.a.test. h. 7 2 3 4 5", answer);
        let found = judge(&facts("a.test.", &format!("{base}\n{here}")));
        found.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn zone_denied_everywhere_is_missing() {
        let denied = codes("lookup a.test. SOA NXDOMAIN\nlookup a.test. TXT NXDOMAIN", "SOA udp NXDOMAIN aa");
        assert_eq!(denied.first(), Some(&Code::DomainMissing), "{denied:?}");
        for code in [Code::NsNoneAnswers, Code::SpfMissing, Code::DmarcMissing] {
            assert!(!denied.contains(&code), "{denied:?}");
        }
        let refused = codes("lookup a.test. SOA SERVFAIL", "SOA udp REFUSED");
        assert!(
            refused.contains(&Code::NsNoneAnswers) && !refused.contains(&Code::DomainMissing),
            "{refused:?}"
        );
    }

    #[test]
    fn bogus_domain_has_no_spf_failure() {
        let found = |spf: &str| -> Vec<Code> {
            let soa = "lookup a.test. SOA SERVFAIL bogus\nlookup a.test. TXT";
            let lines = format!("{TWO_SERVERS}\n{soa} {spf}");
            judge(&facts("a.test.", &lines)).into_iter().map(|finding| finding.code).collect()
        };
        let own = found("SERVFAIL bogus");
        assert!(own.contains(&Code::DnssecBogus) && !own.contains(&Code::SpfUnanswered), "{own:?}");
        let term = found("| \"v=spf1 include:b.test -all\"\nlookup b.test. TXT SERVFAIL bogus");
        assert!(term.contains(&Code::SpfUnanswered), "a term has another cause: {term:?}");
    }

    // The zone of the name validates.
    #[test]
    fn bogus_name_is_signature_fault() {
        let found = |alias: &str| -> Vec<Code> {
            let soa = "lookup a.test. SOA secure | ns1.a.test. h. 7 2 3 4 5\nlookup _dmarc.a.test. TXT SERVFAIL bogus";
            let lines = format!("{TWO_SERVERS}\n{soa}\nlookup _dmarc.a.test. CNAME {alias}");
            judge(&facts("a.test.", &lines)).into_iter().map(|finding| finding.code).collect()
        };
        let own = found("SERVFAIL bogus");
        assert!(own.first() == Some(&Code::DnssecBogus) && !own.contains(&Code::PolicyUnanswered), "{own:?}");
        assert!(own.contains(&Code::MailUnknown), "the MX records validate, and were not looked up: {own:?}");
        let foreign = found("| _dmarc.b.example.");
        assert!(
            foreign.contains(&Code::PolicyUnanswered) && !foreign.contains(&Code::DnssecBogus),
            "{foreign:?}"
        );
    }

    #[test]
    fn apex_alias_counts_as_answer() {
        let alias = "lookup a.test. SOA | =a.test. CNAME b.test.\nlookup a.test. CNAME | b.test.\nlookup a.test. MX | =a.test. CNAME b.test.";
        let found = codes(alias, "SOA udp aa | =a.test. CNAME b.test.");
        assert!(found.contains(&Code::ApexAlias) && !found.contains(&Code::NsNoneAnswers), "{found:?}");
    }
}
