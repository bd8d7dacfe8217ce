//! Checks SPF: counts the lookups that the record causes at receivers, and evaluates the record for a given address.
//!
//! RFC 7208 section 4.6.4: at most 10 terms that cause lookups, and at most 2 void lookups. They are counted for an address that matches no
//! term, because then receivers evaluate all terms. The module `walk` counts and evaluates.

pub(crate) mod macros;
pub(crate) mod record;
pub(crate) mod walk;

use std::net::IpAddr;

use ipnet::IpNet;

use crate::codes::Code;
use crate::facts::{DomainFacts, Want};
use crate::finding::{About, Finding, Level};
use crate::limits::{
    MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_VOID, WIDEST_SPF_NETWORKS,
};
use crate::part::Part;
use crate::spf::record::{SpfRecords, mistaken, records, terms};
use crate::spf::walk::{SpfOutcome, Walk, outcome, reach};
use crate::{elsewhere, mail};

/// Evaluates the SPF record for an address that matches no term, so that all terms are visited. If the check has a client address, evaluates
/// the record for this address too.
fn walks(facts: &DomainFacts) -> impl Iterator<Item = Walk> {
    let domain = facts.subject.domain.as_str();
    let evaluated = facts.subject.address.iter().chain(&facts.subject.own_mail.senders);
    let of_addresses = evaluated.map(move |address| outcome(facts, domain, *address).1);
    std::iter::once(reach(facts, domain).1).chain(of_addresses)
}

pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    walks(facts).flat_map(|walk| walk.wants).collect()
}

/// Returns the lookups for SPF terms that failed or were not made yet. If they fail, the check finds out why.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let walks = walks(facts).filter(|_| facts.subject.role.sends());
    let lookups = walks.flat_map(|walk| {
        let failed = walk.failed.into_iter().map(|(name, kind, _)| (name, kind));
        let asked = walk.wants.into_iter().filter_map(|want| match want {
            Want::Lookup { name, kind } => Some((name, kind)),
            _ => None,
        });
        failed.chain(asked).collect::<Vec<_>>()
    });
    lookups.collect()
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::Several(all) => return vec![Finding::new(Code::SpfMultiple, all.join("; "))],
        SpfRecords::None { meant, .. } => {
            return vec![Finding::new(Code::SpfMissing, missing(domain, &meant)).on(domain, "TXT")];
        }
        SpfRecords::Unknown(why) => {
            return vec![failed(facts, (domain.to_owned(), "TXT", why), "").on(domain, "TXT")];
        }
        SpfRecords::NotAsked => {
            let why = format!("{domain} TXT was not looked up");
            return vec![Finding::new(Code::PolicyUnknown, why).in_part(Part::Spf)];
        }
    };
    let (rest, walk) = reach(facts, domain);
    let mut findings = of_record(facts, (domain, &record), (&rest, &walk));
    let of_address = facts.subject.address.map(|address| of_address(facts, (domain, address)));
    let is_temporary = |found: &Finding| found.code == Code::PolicyUnknown;
    let end = match (facts.subject.address, &of_address) {
        (Some(address), Some(found)) if is_temporary(found) => {
            format!("; the result for {address} is temperror")
        }
        _ => String::new(),
    };
    let failures: Vec<Finding> =
        walk.failed.iter().map(|lookup| failed(facts, lookup.clone(), &end)).collect();
    // The finding `SpfUnanswered` already says that the result for the address is temperror.
    let is_decided = failures.iter().any(|found| found.code == Code::SpfUnanswered);
    findings.extend(failures);
    if findings.is_empty() {
        let evidence =
            format!("{record} ({} of {MAX_CHECKED_SPF_LOOKUPS} lookups{})", walk.lookups, others(&walk, ""));
        findings.push(Finding::new(Code::SpfOk, evidence).on(domain, "TXT"));
    }
    let of_senders =
        facts.subject.own_mail.senders.iter().map(|sender| self::of_address(facts, (domain, *sender)));
    findings.extend(
        of_address.into_iter().chain(of_senders).filter(|found| !(is_temporary(found) && is_decided)),
    );
    findings
}

/// Describes the other domains whose SPF records the record includes. `subject`: the words for the record in this text.
fn others(walk: &Walk, subject: &str) -> String {
    let joined: Vec<String> = walk.followed.iter().map(ToString::to_string).collect();
    let joined = joined.join(", ");
    match walk.followed.first() {
        None => String::new(),
        Some(first) if first.is_redirect && first.is_top() => format!("; {subject}{joined}"),
        Some(_) => format!("; {subject}includes {joined}"),
    }
}

/// Returns the finding about a failed lookup for SPF. `end` is added to the evidence.
fn failed(facts: &DomainFacts, (name, kind, why): (String, &'static str, String), end: &str) -> Finding {
    let finding = match elsewhere::evidence(facts, &name, kind) {
        Some(evidence) => Finding::new(Code::SpfUnanswered, evidence + end),
        None => Finding::new(Code::PolicyUnknown, why),
    };
    let of_host = mail::hosts(facts).into_iter().filter(|host| *host == name).map(About::Host);
    finding.in_part(Part::Spf).about(of_host).on(name, kind)
}

/// Returns the findings about the SPF record and the records that it includes.
fn of_record(
    facts: &DomainFacts,
    (domain, record): (&str, &str),
    (rest, walk): (&SpfOutcome, &Walk),
) -> Vec<Finding> {
    let mut lookups = walk.crowded.clone();
    if walk.lookups > MAX_CHECKED_SPF_LOOKUPS {
        let least = if walk.lookups >= MAX_CHECKED_SPF_COUNTED { "at least " } else { "" };
        lookups.push(format!("{domain} needs {least}{} lookups{}", walk.lookups, others(walk, "it ")));
    }
    let void = if walk.void.len() > MAX_CHECKED_SPF_VOID { walk.void.as_slice() } else { &[] };
    let at_end = match records(facts, &walk.at) {
        SpfRecords::One(other) if walk.at != domain => format!("{record}; {} has {other}", walk.at),
        _ => record.to_owned(),
    };
    let mut allows_all: Vec<String> =
        (*rest == SpfOutcome::Pass).then(|| at_end.clone()).into_iter().collect();
    let wide = wide(walk);
    allows_all.extend((!wide.is_empty()).then(|| format!("{record} allows {}", wide.join(", "))));
    let open_end: Vec<String> = (*rest == SpfOutcome::Neutral).then_some(at_end).into_iter().collect();
    let mistaken = mistaken(&terms(record).unwrap_or_default());
    let groups: [(Code, &[String]); 8] = [
        (Code::SpfMultiple, &walk.several),
        (Code::SpfSyntax, &walk.wrong),
        (Code::SpfLookups, &lookups),
        (Code::SpfVoidLookups, void),
        (Code::SpfIncludeMissing, &walk.missing),
        (Code::SpfAllowsAll, &allows_all),
        (Code::SpfOpenEnd, &open_end),
        (Code::SpfPtr, &walk.with_ptr),
    ];
    let groups = groups.into_iter().filter(|(_, texts)| !texts.is_empty());
    let mut findings: Vec<Finding> =
        groups.map(|(code, texts)| Finding::new(code, texts.join("; "))).collect();
    if !mistaken.is_empty() {
        let evidence =
            format!("{}: receivers ignore a modifier that they do not know: {record}", mistaken.join(", "));
        findings.push(Finding::new(Code::SpfSyntax, evidence).at(Level::Warning));
    }
    findings
}

/// Returns networks that are too large for any sender.
fn wide(walk: &Walk) -> Vec<String> {
    let (ipv4, ipv6) = WIDEST_SPF_NETWORKS;
    let is_wide = |net: &IpNet| net.prefix_len() < if net.addr().is_ipv4() { ipv4 } else { ipv6 };
    // Two adjacent halves of a network count as one network.
    let wide = IpNet::aggregate(&walk.networks).into_iter().filter(is_wide);
    wide.map(|net| net.to_string()).collect()
}

/// Describes a domain without an SPF record. `meant`: TXT records that were probably meant as SPF records.
fn missing(domain: &str, meant: &[String]) -> String {
    if meant.is_empty() {
        return domain.to_owned();
    }
    let texts: Vec<String> = meant.iter().map(|text| format!("\"{text}\"")).collect();
    format!("{domain} has the text {}; an SPF record begins with \"v=spf1 \"", texts.join(", "))
}

/// Returns the finding about the result of SPF for the client address.
fn of_address(facts: &DomainFacts, (domain, address): (&str, IpAddr)) -> Finding {
    let (outcome, walk) = outcome(facts, domain, address);
    let code = match &outcome {
        SpfOutcome::Pass => Code::SpfFromPasses,
        SpfOutcome::Unknown => {
            let words: Vec<&str> = walk.failed.iter().map(|(.., words)| words.as_str()).collect();
            let evidence = format!("{address} for {domain}: unknown: {}", words.join("; "));
            return Finding::new(Code::PolicyUnknown, evidence.trim_end_matches(": ")).in_part(Part::Spf);
        }
        SpfOutcome::Unevaluated(term) => {
            let evidence =
                format!("{address} for {domain}: the term {term} cannot be evaluated by this check");
            return Finding::new(Code::SpfUnevaluated, evidence);
        }
        SpfOutcome::Neutral => Code::SpfFromNeutral,
        SpfOutcome::Fail | SpfOutcome::SoftFail | SpfOutcome::None | SpfOutcome::PermError => {
            Code::SpfFromFails
        }
    };
    let evidence = format!("{address} for {domain}: {}", outcome.word());
    if facts.subject.may_be_relay && outcome != SpfOutcome::Pass {
        let why = "the address may be that of a forwarder, or of a gateway of the receiver: the message does not show which address SPF was \
                   evaluated for";
        return Finding::new(Code::SpfUnevaluated, format!("{evidence}; {why}"));
    }
    Finding::new(code, evidence).on(domain, "TXT")
}

#[cfg(test)]
mod tests;
