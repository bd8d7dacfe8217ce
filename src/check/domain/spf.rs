//! SPF: counted as receivers count it, and evaluated for a given address.
//!
//! RFC 7208 section 4.6.4: at most 10 terms that cause lookups, at most 2 void lookups. The count is that of an address
//! which no term matches, because this is the worst case.

use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, LookupFound, Want, addresses, canonical, lookup};
use super::finding::Finding;
use super::part::Part;
use super::spf_record::{SpfRecords, Term, TermKind, records, terms};
use super::spf_senders::sender;
use crate::limits::{
    MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_HOSTS, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_VOID,
};

/// The sum over a record and the records that it includes.
#[derive(Default)]
struct Count {
    lookups: usize,
    /// Names of void lookups.
    void: Vec<String>,
    /// Included domains, each as deep as it stands.
    included: Vec<String>,
    /// Included domains without a record.
    missing: Vec<String>,
    /// Errors of syntax, and included domains with several records.
    wrong: Vec<String>,
    /// Included domains whose aliases lead in a circle.
    circles: Vec<String>,
    unknown: Vec<String>,
    uses_ptr: bool,
    uses_macros: bool,
    wants: Vec<Want>,
}

fn count(facts: &DomainFacts, domain: &str, depth: usize, sum: &mut Count) {
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::NotAsked => return sum.wants.push(lookup(domain, "TXT")),
        SpfRecords::Circle(circle) => return sum.circles.push(circle),
        SpfRecords::Unknown(why) => return sum.unknown.push(why),
        SpfRecords::Several(_) if depth > 0 => {
            return sum.wrong.push(format!("{domain} has several SPF records"));
        }
        SpfRecords::None { void } if depth > 0 => {
            if void {
                sum.void.push(format!("{domain} TXT"));
            }
            return sum.missing.push(domain.to_owned());
        }
        SpfRecords::Several(_) | SpfRecords::None { .. } => return,
    };
    let terms = match terms(&record) {
        Ok(terms) => terms,
        Err(why) => return sum.wrong.push(format!("{domain}: {why}")),
    };
    let has_all = terms.iter().any(|term| term.kind == TermKind::All);
    for term in &terms {
        if term.kind == TermKind::All || sum.lookups >= MAX_CHECKED_SPF_COUNTED {
            break;
        }
        // Redirect has no effect beside all (RFC 7208 section 6.1).
        if !(has_all && term.kind == TermKind::Redirect) {
            count_term(facts, (domain, term), depth, sum);
        }
    }
    if !has_all && let Some(term) = terms.iter().find(|term| term.kind == TermKind::Redirect) {
        follow(facts, (domain, term), depth, sum);
    }
}

fn count_term(facts: &DomainFacts, (domain, term): (&str, &Term), depth: usize, sum: &mut Count) {
    match term.kind {
        TermKind::All | TermKind::Address(_) | TermKind::Other => return,
        TermKind::Include
        | TermKind::A
        | TermKind::Mx
        | TermKind::Ptr
        | TermKind::Exists
        | TermKind::Redirect => sum.lookups += 1,
    }
    let Some(target) = term.domain(domain) else {
        sum.uses_macros = true;
        return;
    };
    match term.kind {
        TermKind::Include => follow(facts, (domain, term), depth, sum),
        TermKind::A => {
            sum.wants.extend(addresses(target));
            if ["A", "AAAA"].iter().all(|kind| facts.lookup(target, kind).is_absent()) {
                sum.void.push(format!("{target} A"));
            }
        }
        TermKind::Mx => {
            sum.wants.push(lookup(target, "MX"));
            if facts.lookup(target, "MX").is_absent() {
                sum.void.push(format!("{target} MX"));
            }
        }
        TermKind::Ptr => sum.uses_ptr = true,
        _ => {}
    }
}

fn follow(facts: &DomainFacts, (domain, term): (&str, &Term), depth: usize, sum: &mut Count) {
    if let Some(target) = term.domain(domain)
        && depth < MAX_CHECKED_SPF_LOOKUPS
    {
        let service = sender(target).map_or_else(String::new, |service| format!(" ({service})"));
        sum.included.push(format!("{}{}{service}", "> ".repeat(depth), target.trim_end_matches('.')));
        count(facts, target, depth + 1, sum);
    }
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let mut sum = Count::default();
    let domain = facts.subject.domain.as_str();
    count(facts, domain, 0, &mut sum);
    if let Some(address) = facts.subject.address {
        evaluate(facts, (domain, address), &mut { MAX_CHECKED_SPF_LOOKUPS }, &mut sum.wants);
    }
    sum.wants
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::Several(all) => return vec![Finding::new(Code::SpfMultiple, all.join("; "))],
        SpfRecords::None { .. } => return vec![Finding::new(Code::SpfMissing, domain)],
        SpfRecords::Circle(circle) => return vec![Finding::new(Code::PolicyAliasCircle, circle)],
        SpfRecords::Unknown(why) => {
            return vec![Finding::new(Code::PolicyUnknown, why).of(Part::Spf)];
        }
        SpfRecords::NotAsked => {
            let why = format!("{domain} TXT was not looked up");
            return vec![Finding::new(Code::PolicyUnknown, why).of(Part::Spf)];
        }
    };
    let mut sum = Count::default();
    count(facts, domain, 0, &mut sum);
    let mut findings = limits(domain, &sum);
    findings.extend(end(&record));
    if sum.uses_ptr {
        findings.push(Finding::new(Code::SpfPtr, record.clone()));
    }
    if !sum.unknown.is_empty() {
        findings.push(Finding::new(Code::PolicyUnknown, sum.unknown.join("; ")).of(Part::Spf));
    }
    if findings.is_empty() {
        let macros = if sum.uses_macros { "; macros are not followed" } else { "" };
        let included = if sum.included.is_empty() {
            String::new()
        } else {
            format!("; includes {}", sum.included.join(", "))
        };
        let evidence =
            format!("{record} ({} of {MAX_CHECKED_SPF_LOOKUPS} lookups{included}{macros})", sum.lookups);
        findings.push(Finding::new(Code::SpfOk, evidence));
    }
    findings.extend(facts.subject.address.map(|address| of_address(facts, domain, address)));
    findings
}

/// Errors of the record and of the records that it includes.
fn limits(domain: &str, sum: &Count) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !sum.wrong.is_empty() {
        findings.push(Finding::new(Code::SpfSyntax, sum.wrong.join("; ")));
    }
    if !sum.circles.is_empty() {
        findings.push(Finding::new(Code::PolicyAliasCircle, sum.circles.join("; ")));
    }
    if sum.lookups > MAX_CHECKED_SPF_LOOKUPS {
        let least = if sum.lookups >= MAX_CHECKED_SPF_COUNTED { "at least " } else { "" };
        let included = sum.included.join(", ");
        let evidence = format!("{domain} needs {least}{} lookups; it includes {included}", sum.lookups);
        findings.push(Finding::new(Code::SpfLookups, evidence));
    }
    if sum.void.len() > MAX_CHECKED_SPF_VOID {
        findings.push(Finding::new(Code::SpfVoidLookups, sum.void.join(", ")));
    }
    if !sum.missing.is_empty() {
        findings.push(Finding::new(Code::SpfIncludeMissing, sum.missing.join(", ")));
    }
    findings
}

/// The end of the record: what it says of all other addresses.
fn end(record: &str) -> Option<Finding> {
    let terms = terms(record).ok()?;
    let all = terms.iter().find(|term| term.kind == TermKind::All);
    let redirects = terms.iter().any(|term| term.kind == TermKind::Redirect);
    match all.map(|term| term.qualifier) {
        Some('+') => Some(Finding::new(Code::SpfAllowsAll, record)),
        Some('?') => Some(Finding::new(Code::SpfOpenEnd, record)),
        None if !redirects => Some(Finding::new(Code::SpfOpenEnd, record)),
        _ => None,
    }
}

/// The result for an address (RFC 7208 section 2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
enum SpfOutcome {
    Pass,
    Fail,
    SoftFail,
    Neutral,
    None,
    PermError,
    /// A lookup failed.
    Unknown,
    /// This term cannot be evaluated here.
    Unevaluated(String),
}

impl SpfOutcome {
    const fn of(qualifier: char) -> Self {
        match qualifier {
            '-' => Self::Fail,
            '~' => Self::SoftFail,
            '?' => Self::Neutral,
            _ => Self::Pass,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::PermError => "permerror",
            Self::Unknown | Self::Unevaluated(_) => "unknown",
        }
    }
}

fn of_address(facts: &DomainFacts, domain: &str, address: IpAddr) -> Finding {
    let outcome = evaluate(facts, (domain, address), &mut { MAX_CHECKED_SPF_LOOKUPS }, &mut Vec::new());
    let code = match &outcome {
        SpfOutcome::Pass => Code::SpfFromPasses,
        SpfOutcome::Unknown => Code::PolicyUnknown,
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
    let finding = Finding::new(code, format!("{address} for {domain}: {}", outcome.word()));
    if outcome == SpfOutcome::Unknown { finding.of(Part::Spf) } else { finding }
}

/// The result for an address; questions that are needed next go to `wants`. `left` are the terms that cause lookups
/// that may still be evaluated, over all included records: so records that include each other many times end soon.
fn evaluate(
    facts: &DomainFacts,
    (domain, address): (&str, IpAddr),
    left: &mut usize,
    wants: &mut Vec<Want>,
) -> SpfOutcome {
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::None { .. } => return SpfOutcome::None,
        SpfRecords::Several(_) => return SpfOutcome::PermError,
        SpfRecords::Circle(_) | SpfRecords::Unknown(_) | SpfRecords::NotAsked => return SpfOutcome::Unknown,
    };
    let Ok(terms) = terms(&record) else { return SpfOutcome::PermError };
    for term in &terms {
        let asks = matches!(
            term.kind,
            TermKind::Include | TermKind::A | TermKind::Mx | TermKind::Ptr | TermKind::Exists
        );
        if asks && !spend(left) {
            return SpfOutcome::PermError;
        }
        let matched = match (&term.kind, term.domain(domain)) {
            (TermKind::All, _) => Some(true),
            (TermKind::Address(net), _) => Some(net.contains(&address)),
            (TermKind::Other | TermKind::Redirect, _) => Some(false),
            (TermKind::Include, Some(target)) => match evaluate(facts, (target, address), left, wants) {
                SpfOutcome::Pass => Some(true),
                SpfOutcome::Fail | SpfOutcome::SoftFail | SpfOutcome::Neutral => Some(false),
                SpfOutcome::None | SpfOutcome::PermError => return SpfOutcome::PermError,
                SpfOutcome::Unknown => None,
                unevaluated @ SpfOutcome::Unevaluated(_) => return unevaluated,
            },
            (TermKind::A, Some(target)) => one_of(facts, (target, address), term, wants),
            (TermKind::Mx, Some(target)) => of_exchanges(facts, (target, address), term, wants),
            (TermKind::Ptr | TermKind::Exists, _) | (_, None) => {
                return SpfOutcome::Unevaluated(term.text.clone());
            }
        };
        match matched {
            Some(true) => return SpfOutcome::of(term.qualifier),
            Some(false) => {}
            None => return SpfOutcome::Unknown,
        }
    }
    let redirect = terms.iter().find(|term| term.kind == TermKind::Redirect);
    let Some(redirect) = redirect else { return SpfOutcome::Neutral };
    if !spend(left) {
        return SpfOutcome::PermError;
    }
    match redirect.domain(domain) {
        None => SpfOutcome::Unevaluated(redirect.text.clone()),
        Some(target) => match evaluate(facts, (target, address), left, wants) {
            SpfOutcome::None => SpfOutcome::PermError,
            outcome => outcome,
        },
    }
}

/// Takes one; false if none is left.
fn spend(left: &mut usize) -> bool {
    let spent = left.checked_sub(1);
    *left = spent.unwrap_or(0);
    spent.is_some()
}

/// Whether one of a name's addresses covers the client's; none if it could not be told.
fn one_of(
    facts: &DomainFacts,
    (target, address): (&str, IpAddr),
    term: &Term,
    wants: &mut Vec<Want>,
) -> Option<bool> {
    let kind = if address.is_ipv4() { "A" } else { "AAAA" };
    wants.push(lookup(target, kind));
    if facts.addresses(target).into_iter().any(|known| term.covers(known, address)) {
        return Some(true);
    }
    facts.lookup(target, kind).is_known().then_some(false)
}

fn of_exchanges(
    facts: &DomainFacts,
    (target, address): (&str, IpAddr),
    term: &Term,
    wants: &mut Vec<Want>,
) -> Option<bool> {
    wants.push(lookup(target, "MX"));
    let LookupFound::Data(reply) = facts.lookup(target, "MX") else {
        return facts.lookup(target, "MX").is_absent().then_some(false);
    };
    let hosts =
        reply.data("MX").filter_map(|data| data.split_once(' ')).map(|(_, host)| canonical(host.trim()));
    let told: Vec<Option<bool>> =
        hosts.take(MAX_CHECKED_SPF_HOSTS).map(|host| one_of(facts, (&host, address), term, wants)).collect();
    if told.contains(&Some(true)) {
        Some(true)
    } else {
        told.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    fn codes(lines: &str) -> Vec<Code> {
        check(&facts("a.test.", lines)).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_fault_has_its_code() {
        let cases: &[(&str, &[Code])] = &[
            ("lookup a.test. TXT | \"v=spf1 -all\"", &[Code::SpfOk]),
            ("lookup a.test. TXT | \"v=spf1 ip4:192.0.2.0/24\" \" ~all\"", &[Code::SpfOk]),
            ("lookup a.test. TXT | \"other\"", &[Code::SpfMissing]),
            ("lookup a.test. TXT", &[Code::SpfMissing]),
            ("lookup a.test. TXT SERVFAIL", &[Code::PolicyUnknown]),
            ("lookup a.test. TXT | \"v=spf1 -all\" | \"v=spf1 mx -all\"", &[Code::SpfMultiple]),
            ("lookup a.test. TXT | \"v=spf1 include:b.testinclude:c.test -all\"", &[Code::SpfSyntax]),
            ("lookup a.test. TXT | \"v=spf1 ip4:1.2.3 -all\"", &[Code::SpfSyntax]),
            ("lookup a.test. TXT | \"v=spf1 +all\"", &[Code::SpfAllowsAll]),
            ("lookup a.test. TXT | \"v=spf1 all\"", &[Code::SpfAllowsAll]),
            ("lookup a.test. TXT | \"v=spf1 ip4:192.0.2.1\"", &[Code::SpfOpenEnd]),
            ("lookup a.test. TXT | \"v=spf1 ptr -all\"", &[Code::SpfPtr]),
            ("lookup a.test. TXT | \"v=spf1 exists:%{i}.x.test -all\"", &[Code::SpfOk]),
            (
                "lookup a.test. TXT | \"v=spf1 include:b.test -all\"\nlookup b.test. TXT NXDOMAIN",
                &[Code::SpfIncludeMissing],
            ),
            (
                "lookup a.test. TXT | \"v=spf1 redirect=b.test\"\nlookup b.test. TXT | \"v=spf1 -all\"",
                &[Code::SpfOk],
            ),
            ("lookup a.test. TXT | \"v=spf1 include:a.test -all\"", &[Code::SpfLookups]),
            (
                "lookup a.test. TXT | \"v=spf1 a:x.test a:y.test mx:z.test -all\"\nlookup x.test. A\nlookup x.test. AAAA\n\
                 lookup y.test. A NXDOMAIN\nlookup y.test. AAAA NXDOMAIN\nlookup z.test. MX",
                &[Code::SpfVoidLookups],
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(codes(lines), *expected, "{lines}");
        }
    }

    #[test]
    fn eleven_lookups_are_too_many_and_ten_are_not() {
        let record = |terms: usize| {
            let terms: String = (0..terms).map(|number| format!("a:h{number}.test ")).collect();
            let hosts: String =
                (0..11).map(|number| format!("\nlookup h{number}.test. A | 192.0.2.1")).collect();
            format!("lookup a.test. TXT | \"v=spf1 {terms}-all\"{hosts}")
        };
        assert_eq!(codes(&record(10)), [Code::SpfOk]);
        assert_eq!(codes(&record(11)), [Code::SpfLookups]);
    }

    #[test]
    fn an_address_is_evaluated() {
        let outcome = |record: &str, address: &str| {
            let lines = format!(
                "lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"v=spf1 ip4:192.0.2.0/24 -all\"\n\
                 lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.51.100.1\nlookup a.test. A | 198.51.100.9"
            );
            let address = address.parse().unwrap();
            evaluate(&facts("a.test.", &lines), ("a.test.", address), &mut 10, &mut Vec::new())
        };
        assert_eq!(outcome("v=spf1 include:b.test -all", "192.0.2.9"), SpfOutcome::Pass);
        assert_eq!(outcome("v=spf1 include:b.test ~all", "203.0.113.1"), SpfOutcome::SoftFail);
        assert_eq!(outcome("v=spf1 mx -all", "198.51.100.1"), SpfOutcome::Pass);
        assert_eq!(outcome("v=spf1 mx -all", "198.51.100.2"), SpfOutcome::Fail);
        assert_eq!(outcome("v=spf1 a/28 -all", "198.51.100.2"), SpfOutcome::Pass);
        assert_eq!(outcome("v=spf1 redirect=b.test", "203.0.113.1"), SpfOutcome::Fail);
        assert_eq!(outcome("v=spf1 include:c.test -all", "203.0.113.1"), SpfOutcome::Unknown);
        let unevaluated = |term: &str| SpfOutcome::Unevaluated(term.to_owned());
        for term in ["exists:%{i}.x.test", "?ptr", "include:%{d}.x.test", "redirect=%{d}.x.test"] {
            assert_eq!(outcome(&format!("v=spf1 {term}"), "203.0.113.1"), unevaluated(term));
        }
        assert_eq!(outcome("v=spf1", "203.0.113.1"), SpfOutcome::Neutral);
    }

    #[test]
    fn the_outcome_for_an_address_has_its_code() {
        let code = |record: &str| {
            let mut facts = facts("a.test.", &format!("lookup a.test. TXT | \"{record}\""));
            facts.subject.address = "203.0.113.1".parse().ok();
            check(&facts).pop().unwrap()
        };
        for (record, expected) in [
            ("v=spf1 ip4:203.0.113.1 -all", Code::SpfFromPasses),
            ("v=spf1 ~all", Code::SpfFromFails),
            ("v=spf1 ?all", Code::SpfFromNeutral),
            ("v=spf1 exists:%{i}.x.test -all", Code::SpfUnevaluated),
            ("v=spf1 include:b.test -all", Code::PolicyUnknown),
        ] {
            assert_eq!(code(record).code, expected, "{record}");
        }
        let evidence = code("v=spf1 exists:%{i}.x.test -all").evidence;
        assert!(
            evidence.ends_with("the term exists:%{i}.x.test cannot be evaluated by this check"),
            "{evidence}"
        );
    }

    #[test]
    fn records_that_include_each_other_end_after_ten_terms() {
        let record = |number: usize| {
            let includes: String = (0..30).map(|_| format!("include:d{}.test ", number + 1)).collect();
            format!("lookup d{number}.test. TXT | \"v=spf1 {includes}?all\"\n")
        };
        let lines: String =
            (1..10).map(record).chain(["lookup d10.test. TXT | \"v=spf1 ?all\"".to_owned()]).collect();
        let facts = facts("d1.test.", &lines);
        let address = "203.0.113.1".parse().unwrap();
        let outcome = evaluate(&facts, ("d1.test.", address), &mut 10, &mut Vec::new());
        assert_eq!(outcome, SpfOutcome::PermError);
    }

    #[test]
    fn the_services_behind_includes_are_named() {
        let lines = "lookup a.test. TXT | \"v=spf1 include:_spf.google.com include:x.test -all\"\n\
            lookup _spf.google.com. TXT | \"v=spf1 include:_netblocks.google.com -all\"\n\
            lookup _netblocks.google.com. TXT | \"v=spf1 -all\"\nlookup x.test. TXT | \"v=spf1 -all\"";
        let evidence = check(&facts("a.test.", lines)).remove(0).evidence;
        let expected = "includes _spf.google.com (Google Workspace), > _netblocks.google.com, x.test)";
        assert!(evidence.ends_with(expected), "{evidence}");
    }
}
