//! SPF: the record, counted as receivers count it. `spf_evaluate` has the result for a given address, `spf_reach` that for all
//! others.
//!
//! RFC 7208 section 4.6.4: at most 10 terms that cause lookups, at most 2 void lookups. The count is that of an address
//! which no term matches, because this is the worst case.

use std::net::IpAddr;

use super::codes::Code;
use super::dmarc::organizational_7489;
use super::elsewhere;
use super::facts::{BOUND_REACHED, DomainFacts, LookupFound, Want, addresses, canonical, lookup};
use super::finding::{Finding, Level};
use super::part::Part;
use super::spf_evaluate::{SpfOutcome, outcome};
use super::spf_reach::reach;
use super::spf_record::{SpfRecords, Term, TermKind, behind_all, mistaken, records, terms};
use super::spf_senders::sender;
use super::spf_special::is_special;
use crate::limits::{
    MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_HOSTS, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_MX,
    MAX_CHECKED_SPF_VOID,
};

/// The sum over a record and the records that it includes.
#[derive(Default)]
struct Count {
    lookups: usize,
    /// Names of void lookups.
    void: Vec<String>,
    /// Names with more mail hosts than one term may ask for.
    crowded: Vec<String>,
    /// Included domains, each as deep as it stands.
    included: Vec<String>,
    /// Included domains without a record.
    missing: Vec<String>,
    /// Errors of syntax, and included domains with several records.
    wrong: Vec<String>,
    /// Included domains whose aliases lead in a circle.
    circles: Vec<String>,
    /// Lookups that failed, each with the words for it.
    failed: Vec<(String, &'static str, String)>,
    /// Terms with addresses that no host on the internet has.
    special: Vec<String>,
    uses_ptr: bool,
    uses_macros: bool,
    wants: Vec<Want>,
}

fn count(facts: &DomainFacts, domain: &str, depth: usize, sum: &mut Count) {
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::NotAsked => return sum.wants.push(lookup(domain, "TXT")),
        SpfRecords::Circle(circle) => return sum.circles.push(circle),
        SpfRecords::Unknown(why) => return sum.failed.push((domain.to_owned(), "TXT", why)),
        SpfRecords::Several(_) if depth > 0 => {
            return sum.wrong.push(format!("{domain} has several SPF records"));
        }
        SpfRecords::None { void, .. } if depth > 0 => {
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
        TermKind::Address(net) if is_special(net) => return sum.special.push(term.text.clone()),
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
        return count_fixed_end(facts, term, sum);
    };
    let target = target.as_ref();
    match term.kind {
        TermKind::Include => follow(facts, (domain, term), depth, sum),
        TermKind::A => {
            sum.wants.extend(addresses(target));
            sum.failed.extend(failed_of(facts, target, &["A", "AAAA"]));
            if ["A", "AAAA"].iter().all(|kind| facts.lookup(target, kind).is_absent()) {
                sum.void.push(format!("{target} A"));
            }
        }
        TermKind::Mx => {
            sum.wants.push(lookup(target, "MX"));
            sum.failed.extend(failed_of(facts, target, &["MX"]));
            if facts.lookup(target, "MX").is_absent() {
                sum.void.push(format!("{target} MX"));
            }
            let named = facts.data(target, "MX").into_iter().filter_map(|data| data.split_once(' '));
            let named: Vec<String> = named.map(|(_, host)| canonical(host.trim())).collect();
            sum.wants.extend(named.iter().take(MAX_CHECKED_SPF_MX).map(|host| lookup(host, "A")));
            let without = named.iter().filter(|host| facts.addresses(host).is_empty());
            let failed: Vec<_> = without.flat_map(|host| failed_of(facts, host, &["A"])).collect();
            sum.failed.extend(failed);
            let hosts = facts.data(target, "MX").len();
            if hosts > MAX_CHECKED_SPF_HOSTS {
                sum.crowded.push(format!(
                    "{target} has {hosts} MX records; {MAX_CHECKED_SPF_HOSTS} are the most for mx"
                ));
            }
        }
        TermKind::Exists => {
            sum.wants.push(lookup(target, "A"));
            sum.failed.extend(failed_of(facts, target, &["A"]));
            if facts.lookup(target, "A").is_absent() {
                sum.void.push(format!("{target} A"));
            }
        }
        TermKind::Ptr => sum.uses_ptr = true,
        _ => {}
    }
}

/// The domain that all names of a term with macros are below. If it does not exist, none of them does (RFC 8020); if its servers do not
/// answer, none of them is found.
fn count_fixed_end(facts: &DomainFacts, term: &Term, sum: &mut Count) {
    let Some(end) = term.fixed_end() else { return };
    let Some(domain) = organizational_7489(&end) else { return };
    sum.wants.push(lookup(domain, "SOA"));
    sum.failed.extend(failed_of(facts, domain, &["SOA"]));
    let is_needed = matches!(term.kind, TermKind::Include | TermKind::Redirect);
    if is_needed && matches!(facts.lookup(domain, "SOA"), LookupFound::NoName(_)) {
        sum.missing.push(format!("{} ({domain} does not exist)", term.text));
    }
}

/// The lookups of a term that fail: receivers get temperror from them.
fn failed_of(
    facts: &DomainFacts,
    target: &str,
    kinds: &[&'static str],
) -> Vec<(String, &'static str, String)> {
    let told = |kind: &&'static str| match facts.lookup(target, kind) {
        LookupFound::Unknown(why) if why != BOUND_REACHED => {
            Some((target.to_owned(), *kind, format!("{target} {kind}: {why}")))
        }
        _ => None,
    };
    kinds.iter().filter_map(told).collect()
}

/// The lookups of the record's terms that have no answer yet, or have failed.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let mut sum = Count::default();
    if facts.subject.role.sends() {
        count(facts, &facts.subject.domain, 0, &mut sum);
    }
    let failed = sum.failed.into_iter().map(|(name, kind, _)| (name, kind));
    let asked = sum.wants.into_iter().filter_map(|want| match want {
        Want::Lookup { name, kind } => Some((name, kind)),
        _ => None,
    });
    failed.chain(asked).collect()
}

fn follow(facts: &DomainFacts, (domain, term): (&str, &Term), depth: usize, sum: &mut Count) {
    if let Some(target) = term.domain(domain)
        && depth < MAX_CHECKED_SPF_LOOKUPS
    {
        let target = target.as_ref();
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
    for address in facts.subject.address.iter().chain(&facts.subject.earlier_clients) {
        outcome(facts, domain, *address, &mut sum.wants);
    }
    sum.wants
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::Several(all) => return vec![Finding::new(Code::SpfMultiple, all.join("; "))],
        SpfRecords::None { meant, .. } => {
            return vec![Finding::new(Code::SpfMissing, missing(domain, &meant))];
        }
        SpfRecords::Circle(circle) => return vec![Finding::new(Code::PolicyAliasCircle, circle)],
        SpfRecords::Unknown(why) => {
            return vec![match elsewhere::evidence(facts, domain, "TXT") {
                Some(evidence) => Finding::new(Code::SpfUnanswered, evidence).of(Part::Spf),
                None => Finding::new(Code::PolicyUnknown, why).of(Part::Spf),
            }];
        }
        SpfRecords::NotAsked => {
            let why = format!("{domain} TXT was not looked up");
            return vec![Finding::new(Code::PolicyUnknown, why).of(Part::Spf)];
        }
    };
    let mut sum = Count::default();
    count(facts, domain, 0, &mut sum);
    let mut findings = limits(domain, &sum);
    findings.extend(rest(facts, domain, &record));
    findings.extend(ignored(&record));
    if sum.uses_ptr {
        findings.push(Finding::new(Code::SpfPtr, record.clone()));
    }
    let (unanswered, unknown) = failures(facts, &sum);
    let of_address = facts
        .subject
        .address
        .and_then(|address| of_address(facts, (domain, address), (&unanswered, &unknown)));
    if !unanswered.is_empty() {
        let outcome = match (facts.subject.address, &of_address) {
            (Some(address), None) => format!("; the result for {address} is temperror"),
            _ => String::new(),
        };
        let evidence = format!("{}{outcome}", unanswered.join("; "));
        findings.push(Finding::new(Code::SpfUnanswered, evidence).of(Part::Spf));
    }
    if !unknown.is_empty() {
        findings.push(Finding::new(Code::PolicyUnknown, unknown.join("; ")).of(Part::Spf));
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
    findings.extend(special(&sum, &record));
    findings.extend(of_address);
    findings
}

/// The terms of a record that receivers ignore.
fn ignored(record: &str) -> Option<Finding> {
    let terms = terms(record).unwrap_or_default();
    let ignored = [mistaken(&terms), behind_all(&terms)].concat();
    let evidence = || format!("{}: {record}", ignored.join(", "));
    (!ignored.is_empty()).then(|| Finding::new(Code::SpfModifierIgnored, evidence()))
}

/// The failed lookups in words: those that fail for good, and others.
fn failures(facts: &DomainFacts, sum: &Count) -> (Vec<String>, Vec<String>) {
    let (mut unanswered, mut unknown) = (Vec::new(), Vec::new());
    for (name, kind, words) in &sum.failed {
        match elsewhere::evidence(facts, name, kind) {
            Some(evidence) => unanswered.push(evidence),
            None => unknown.push(words.clone()),
        }
    }
    (unanswered, unknown)
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
        let included = match sum.included.as_slice() {
            [] => String::new(),
            included => format!("; it includes {}", included.join(", ")),
        };
        let evidence = format!("{domain} needs {least}{} lookups{included}", sum.lookups);
        findings.push(Finding::new(Code::SpfLookups, evidence));
    }
    if !sum.crowded.is_empty() {
        findings.push(Finding::new(Code::SpfLookups, sum.crowded.join("; ")));
    }
    if sum.void.len() > MAX_CHECKED_SPF_VOID {
        findings.push(Finding::new(Code::SpfVoidLookups, sum.void.join(", ")));
    }
    if !sum.missing.is_empty() {
        findings.push(Finding::new(Code::SpfIncludeMissing, sum.missing.join(", ")));
    }
    findings
}

/// Terms with addresses that no host on the internet has.
fn special(sum: &Count, record: &str) -> Option<Finding> {
    let evidence = || format!("{}: {record}", sum.special.join(", "));
    (!sum.special.is_empty()).then(|| Finding::new(Code::SpfSpecialAddress, evidence()))
}

/// The words of a domain without a record.
fn missing(domain: &str, meant: &[String]) -> String {
    if meant.is_empty() {
        return domain.to_owned();
    }
    let texts: Vec<String> = meant.iter().map(|text| format!("\"{text}\"")).collect();
    format!("{domain} has the text {}; an SPF record begins with \"v=spf1 \"", texts.join(", "))
}

/// The findings about all other addresses.
fn rest(facts: &DomainFacts, domain: &str, record: &str) -> Vec<Finding> {
    let reach = reach(facts, domain);
    let evidence = match records(facts, &reach.at) {
        SpfRecords::One(other) if reach.at != domain => format!("{record}; {} has {other}", reach.at),
        _ => record.to_owned(),
    };
    let mut findings = Vec::new();
    match reach.rest {
        SpfOutcome::Pass => findings.push(Finding::new(Code::SpfAllowsAll, evidence)),
        SpfOutcome::Neutral => findings.push(Finding::new(Code::SpfOpenEnd, evidence)),
        _ => {}
    }
    if !reach.wide.is_empty() {
        let wide: Vec<String> = reach.wide.iter().map(ToString::to_string).collect();
        findings.push(Finding::new(Code::SpfAllowsAll, format!("{record} allows {}", wide.join(", "))));
    }
    findings
}

/// The finding about the given address; none if failed lookups that are told already decide it. `failed`: the lookups that fail for
/// good, and others.
fn of_address(
    facts: &DomainFacts,
    (domain, address): (&str, IpAddr),
    (unanswered, unknown): (&[String], &[String]),
) -> Option<Finding> {
    let outcome = outcome(facts, domain, address, &mut Vec::new());
    let code = match &outcome {
        SpfOutcome::Pass => Code::SpfFromPasses,
        SpfOutcome::Unknown if !unanswered.is_empty() && unknown.is_empty() => return None,
        SpfOutcome::Unknown => {
            let why = if unknown.is_empty() { String::new() } else { format!(": {}", unknown.join("; ")) };
            let evidence = format!("{address} for {domain}: unknown{why}");
            return Some(Finding::new(Code::PolicyUnknown, evidence).of(Part::Spf));
        }
        SpfOutcome::Unevaluated(term) => {
            let evidence =
                format!("{address} for {domain}: the term {term} cannot be evaluated by this check");
            return Some(Finding::new(Code::SpfUnevaluated, evidence));
        }
        SpfOutcome::Neutral => Code::SpfFromNeutral,
        SpfOutcome::Fail | SpfOutcome::SoftFail | SpfOutcome::None | SpfOutcome::PermError => {
            Code::SpfFromFails
        }
    };
    let evidence = format!("{address} for {domain}: {}", outcome.word());
    if facts.subject.may_be_relay && outcome != SpfOutcome::Pass {
        let why = "the address may be that of a gateway or relay behind the receiver: the message does not show which address SPF was \
                   evaluated for";
        let unevaluated = Finding::new(Code::SpfUnevaluated, format!("{evidence}; {why}"));
        return Some(unevaluated.at(Level::CouldNotTell).of(Part::Spf));
    }
    if outcome != SpfOutcome::Pass
        && let Some(earlier) = passing_before(facts, domain)
    {
        let why = format!(
            "SPF passes for {earlier}, which sent the message at a hop before: {address} may be a forwarder or a filter service"
        );
        let unevaluated = Finding::new(Code::SpfUnevaluated, format!("{evidence}; {why}"));
        return Some(unevaluated.at(Level::CouldNotTell).of(Part::Spf));
    }
    Some(Finding::new(code, evidence))
}

/// The client of a hop before that SPF passes for.
fn passing_before(facts: &DomainFacts, domain: &str) -> Option<IpAddr> {
    let passes = |address: &IpAddr| outcome(facts, domain, *address, &mut Vec::new()) == SpfOutcome::Pass;
    facts.subject.earlier_clients.iter().copied().find(passes)
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
            ("lookup a.test. TXT | \"v=spf1 ip4:9.9.9.0/24\" \" ~all\"", &[Code::SpfOk]),
            (
                "lookup a.test. TXT | \"v=spf1 ip4:198.51.100.0/25 -all\"",
                &[Code::SpfOk, Code::SpfSpecialAddress],
            ),
            ("lookup a.test. TXT | \"v=spf1 ip6:2001:db8::1 -all\"", &[Code::SpfOk, Code::SpfSpecialAddress]),
            ("lookup a.test. TXT | \"v=spf1 ip4:10.1.0.0/16 -all\"", &[Code::SpfOk, Code::SpfSpecialAddress]),
            ("lookup a.test. TXT | \"v=spf1 ip4:198.16.0.0/13 -all\"", &[Code::SpfOk]),
            (
                "lookup a.test. TXT | \"v=spf1 include:b.test -all\"\nlookup b.test. TXT | \"v=spf1 ip4:198.18.0.7 -all\"",
                &[Code::SpfOk, Code::SpfSpecialAddress],
            ),
            ("lookup a.test. TXT | \"other\"", &[Code::SpfMissing]),
            ("lookup a.test. TXT", &[Code::SpfMissing]),
            ("lookup a.test. TXT SERVFAIL", &[Code::PolicyUnknown]),
            ("lookup a.test. TXT | \"v=spf1 -all\" | \"v=spf1 mx -all\"", &[Code::SpfMultiple]),
            ("lookup a.test. TXT | \"v=spf1 include:b.testinclude:c.test -all\"", &[Code::SpfSyntax]),
            ("lookup a.test. TXT | \"v=spf1 ip4:1.2.3 -all\"", &[Code::SpfSyntax]),
            ("lookup a.test. TXT | \"v=spf1 +all\"", &[Code::SpfAllowsAll]),
            ("lookup a.test. TXT | \"v=spf1 all\"", &[Code::SpfAllowsAll]),
            ("lookup a.test. TXT | \"v=spf1 ip4:9.9.9.9\"", &[Code::SpfOpenEnd]),
            ("lookup a.test. TXT | \"v=spf1 ptr -all\"", &[Code::SpfPtr]),
            ("lookup a.test. TXT | \"v=spf1 ip4:0.0.0.0/0 -all\"", &[Code::SpfAllowsAll]),
            ("lookup a.test. TXT | \"v=spf1 ip4=192.0.2.1 -all\"", &[Code::SpfModifierIgnored]),
            ("lookup a.test. TXT | \"v=spf1-all\"", &[Code::SpfMissing]),
            (
                "lookup a.test. TXT | \"v=spf1 redirect=b.test\"\nlookup b.test. TXT | \"v=spf1 +all\"",
                &[Code::SpfAllowsAll],
            ),
            (
                "lookup a.test. TXT | \"v=spf1 exists:x.test exists:y.test exists:z.test -all\"\nlookup x.test. A\n\
                 lookup y.test. A NXDOMAIN\nlookup z.test. A",
                &[Code::SpfVoidLookups],
            ),
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
    fn the_fixed_end_of_names_with_macros_is_looked_up() {
        let of = |term: &str, soa: &str| {
            let lines = format!("lookup a.test. TXT | \"v=spf1 {term} -all\"\nlookup gone.test. SOA {soa}");
            (codes(&lines), wants(&facts("a.test.", &lines)).contains(&lookup("gone.test.", "SOA")))
        };
        let include = "include:%{ir}.%{v}.%{d}.spf.gone.test";
        assert_eq!(of(include, "NXDOMAIN"), (vec![Code::SpfIncludeMissing], true));
        assert_eq!(of("include:_spf.%{o}.gone.test", "NXDOMAIN"), (vec![Code::SpfIncludeMissing], true));
        assert_eq!(of(include, "SERVFAIL"), (vec![Code::PolicyUnknown], true));
        assert_eq!(of("exists:%{i}.gone.test", "SERVFAIL"), (vec![Code::PolicyUnknown], true));
        assert_eq!(of(include, "| ns.gone.test. h. 7 2 3 4 5"), (vec![Code::SpfOk], true));
        assert_eq!(of("exists:%{i}.gone.test", "NXDOMAIN"), (vec![Code::SpfOk], true), "it matches nobody");
        assert_eq!(of("exists:%{i}.x.%{o}", "NXDOMAIN"), (vec![Code::SpfOk], false));
        let redirect =
            "lookup a.test. TXT | \"v=spf1 redirect=%{l}.gone.test\"\nlookup gone.test. SOA NXDOMAIN";
        assert_eq!(codes(redirect), [Code::SpfIncludeMissing]);
    }

    #[test]
    fn terms_without_effect_and_macros_of_the_domain_are_seen() {
        let of = |record: &str| {
            codes(&format!("lookup a.test. TXT | \"{record}\"\nlookup test.b.test. TXT NXDOMAIN"))
        };
        assert_eq!(of("v=spf1 mx -all include:b.test"), [Code::SpfModifierIgnored]);
        assert_eq!(of("v=spf1 ~all redirect=b.test"), [Code::SpfModifierIgnored]);
        assert_eq!(of("v=spf1 include:%{d1}.b.test -all"), [Code::SpfIncludeMissing]);
    }

    #[test]
    fn eleven_mail_hosts_are_too_many_for_mx() {
        let record = |hosts: usize| {
            let hosts: String = (0..hosts).map(|number| format!(" | 10 h{number}.test.")).collect();
            format!("lookup a.test. TXT | \"v=spf1 mx -all\"\nlookup a.test. MX{hosts}")
        };
        assert_eq!((codes(&record(10)), codes(&record(11))), (vec![Code::SpfOk], vec![Code::SpfLookups]));
        let address = "203.0.113.1".parse().unwrap();
        let outcome = outcome(&facts("a.test.", &record(11)), "a.test.", address, &mut Vec::new());
        assert_eq!(outcome, SpfOutcome::PermError);
    }

    #[test]
    fn a_third_void_lookup_ends_the_evaluation() {
        let of = |voids: usize| {
            let terms: String = (0..voids).map(|number| format!("a:n{number}.test ")).collect();
            let lookups: String =
                (0..voids).map(|number| format!("\nlookup n{number}.test. A NXDOMAIN")).collect();
            let lines = format!("lookup a.test. TXT | \"v=spf1 {terms}ip4:203.0.113.1 -all\"{lookups}");
            outcome(&facts("a.test.", &lines), "a.test.", "203.0.113.1".parse().unwrap(), &mut Vec::new())
        };
        assert_eq!((of(2), of(3)), (SpfOutcome::Pass, SpfOutcome::PermError));
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
        let of = |record: &str, address: &str| {
            let lines = format!(
                "lookup a.test. TXT | \"{record}\"\nlookup b.test. TXT | \"v=spf1 ip4:192.0.2.0/24 -all\"\n\
                 lookup a.test. MX | 10 mx.a.test.\nlookup mx.a.test. A | 198.51.100.1\nlookup a.test. A | 198.51.100.9"
            );
            let address = address.parse().unwrap();
            outcome(&facts("a.test.", &lines), "a.test.", address, &mut Vec::new())
        };
        assert_eq!(of("v=spf1 include:b.test -all", "192.0.2.9"), SpfOutcome::Pass);
        assert_eq!(of("v=spf1 include:b.test ~all", "203.0.113.1"), SpfOutcome::SoftFail);
        assert_eq!(of("v=spf1 mx -all", "198.51.100.1"), SpfOutcome::Pass);
        assert_eq!(of("v=spf1 mx -all", "198.51.100.2"), SpfOutcome::Fail);
        assert_eq!(of("v=spf1 a/28 -all", "198.51.100.2"), SpfOutcome::Pass);
        assert_eq!(of("v=spf1 redirect=b.test", "203.0.113.1"), SpfOutcome::Fail);
        assert_eq!(of("v=spf1 include:c.test -all", "203.0.113.1"), SpfOutcome::Unknown);
        let unevaluated = |term: &str| SpfOutcome::Unevaluated(term.to_owned());
        for term in ["exists:%{i}.x.test", "?ptr", "include:%{s}.x.test", "redirect=%{l}.x.test"] {
            assert_eq!(of(&format!("v=spf1 {term}"), "203.0.113.1"), unevaluated(term));
        }
        assert_eq!(of("v=spf1", "203.0.113.1"), SpfOutcome::Neutral);
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
        let mut relayed = facts("a.test.", "lookup a.test. TXT | \"v=spf1 ip4:203.0.113.1 -all\"");
        relayed.subject.may_be_relay = true;
        for (address, expected) in [
            ("203.0.113.1", (Code::SpfFromPasses, Level::Ok)),
            ("203.0.113.2", (Code::SpfUnevaluated, Level::CouldNotTell)),
        ] {
            relayed.subject.address = address.parse().ok();
            let found = check(&relayed).pop().unwrap();
            assert_eq!((found.code, found.level), expected, "{address}");
        }
        let mut forwarded = facts("a.test.", "lookup a.test. TXT | \"v=spf1 ip4:203.0.113.1 -all\"");
        forwarded.subject.address = "203.0.113.2".parse().ok();
        for (earlier, expected) in [
            ("203.0.113.1", (Code::SpfUnevaluated, Level::CouldNotTell)),
            ("203.0.113.3", (Code::SpfFromFails, Code::SpfFromFails.entry().level)),
        ] {
            forwarded.subject.earlier_clients = vec![earlier.parse().unwrap()];
            let found = check(&forwarded).pop().unwrap();
            assert_eq!((found.code, found.level), expected, "{earlier}");
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
        assert_eq!(outcome(&facts, "d1.test.", address, &mut Vec::new()), SpfOutcome::PermError);
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
