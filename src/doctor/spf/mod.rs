//! SPF: the record, counted as receivers count it. `spf_evaluate` has the result for a given address, `spf_reach` that for all
//! others.
//!
//! RFC 7208 section 4.6.4: at most 10 terms that cause lookups, at most 2 void lookups. The count is that of an address
//! which no term matches, because this is the worst case.

pub(crate) mod evaluate;
pub(crate) mod grammar;
pub(crate) mod hosts;
pub(crate) mod macros;
pub(crate) mod named;
pub(crate) mod reach;
pub(crate) mod record;
pub(crate) mod senders;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::authentication::misplaced;
use crate::authentication::organizational::organizational_7489;
use crate::codes::Code;
use crate::elsewhere;
use crate::facts::{BOUND_REACHED, DomainFacts, LookupFound, Want, addresses, canonical, lookup};
use crate::finding::{Finding, Level};
use crate::limits::{
    MAX_CHECKED_SPF_COUNTED, MAX_CHECKED_SPF_HOSTS, MAX_CHECKED_SPF_LOOKUPS, MAX_CHECKED_SPF_MX,
    MAX_CHECKED_SPF_VOID,
};
use crate::part::Part;
use crate::spf::evaluate::{SpfOutcome, outcome};
use crate::spf::hosts::Failures;
use crate::spf::reach::reach;
use crate::spf::record::{SpfRecords, Term, TermKind, mistaken, records, terms};
use crate::spf::senders::sender;

/// The word before the target of a redirect.
const REDIRECTS: &str = "redirects to ";

/// The sum over a record and the records that it includes.
#[derive(Default)]
struct Count {
    lookups: usize,
    /// Names of void lookups.
    void: Vec<String>,
    /// Names with more mail hosts than one term may ask for.
    crowded: Vec<String>,
    /// Included domains and those of redirects, each as deep as it stands; a loop of them once.
    included: Vec<String>,
    /// The domains whose records lead to the one that is counted.
    path: Vec<String>,
    /// Domains whose records include themselves.
    looping: BTreeSet<String>,
    /// Included domains without a record.
    missing: Vec<String>,
    /// Errors of syntax.
    wrong: Vec<String>,
    /// Included domains with several records.
    several: Vec<String>,
    /// Lookups that failed, each with the words for it.
    failed: Vec<(String, &'static str, String)>,
    /// Records of the domain's own organization with the mechanism `ptr`, each with its domain.
    with_ptr: Vec<String>,
    uses_macros: bool,
    wants: Vec<Want>,
}

impl Count {
    /// The domains whose records the record uses, in words.
    fn others_in_words(&self, subject: &str) -> String {
        let joined = self.included.join(", ");
        match self.included.first() {
            None => String::new(),
            Some(first) if first.starts_with(REDIRECTS) => format!("; {subject}{joined}"),
            Some(_) => format!("; {subject}includes {joined}"),
        }
    }
}

fn count(facts: &DomainFacts, domain: &str, depth: usize, sum: &mut Count) {
    let record = match records(facts, domain) {
        SpfRecords::One(record) => record,
        SpfRecords::NotAsked => return sum.wants.push(lookup(domain, "TXT")),
        SpfRecords::Unknown(why) => return sum.failed.push((domain.to_owned(), "TXT", why)),
        SpfRecords::Several(all) if depth > 0 => {
            return sum.several.push(format!("{domain}: {}", all.join("; ")));
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
        TermKind::Ptr if is_own(facts, domain) => sum.with_ptr.push(with_record(facts, domain)),
        _ => {}
    }
}

/// Whether a record is one of the domain's own organization, which can change it.
fn is_own(facts: &DomainFacts, domain: &str) -> bool {
    let of = |name| organizational_7489(name).unwrap_or(name);
    of(domain) == of(facts.subject.domain.as_str())
}

/// A domain with its record.
fn with_record(facts: &DomainFacts, domain: &str) -> String {
    match records(facts, domain) {
        SpfRecords::One(record) => format!("{domain} {record}"),
        _ => domain.to_owned(),
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
    let mut failed: Vec<_> = kinds.iter().filter_map(told).collect();
    // All types of a name have the same aliases.
    if facts.circles.contains_key(target) {
        failed.truncate(1);
    }
    failed
}

/// The lookups of the record's terms that have no answer yet, or have failed.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let mut sum = Count::default();
    if facts.subject.role.sends() {
        count(facts, &facts.subject.domain, 0, &mut sum);
        if let Some(address) = facts.subject.address {
            outcome(facts, &facts.subject.domain, address, &mut sum.wants);
        }
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
        let is_loop = domain == target || sum.path.iter().any(|above| above == target);
        let verb = if term.kind == TermKind::Redirect { REDIRECTS } else { "" };
        let shown = format!("{}{verb}{}{service}", "> ".repeat(depth), target.trim_end_matches('.'));
        match is_loop {
            false => sum.included.push(shown),
            true if sum.looping.insert(target.to_owned()) => sum.included.push(format!("{shown} (a loop)")),
            true => {}
        }
        // The lookups of a loop count too: a receiver ends at the bound.
        sum.path.push(domain.to_owned());
        count(facts, target, depth + 1, sum);
        sum.path.pop();
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
    if let SpfRecords::None { .. } = records(facts, domain) {
        sum.wants.push(misplaced::want(facts, domain));
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
            return vec![Finding::new(Code::SpfMissing, missing(facts, &meant)).on(domain, "TXT")];
        }
        SpfRecords::Unknown(why) => {
            return vec![match elsewhere::evidence(facts, domain, "TXT") {
                Some(evidence) => Finding::new(Code::SpfUnanswered, evidence).of(Part::Spf).on(domain, "TXT"),
                None => Finding::new(Code::PolicyUnknown, why).of(Part::Spf).on(domain, "TXT"),
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
    let mistaken = mistaken(&terms(&record).unwrap_or_default());
    if !mistaken.is_empty() {
        let evidence =
            format!("{}: receivers ignore a modifier that they do not know: {record}", mistaken.join(", "));
        findings.push(Finding::new(Code::SpfSyntax, evidence).at(Level::Warning));
    }
    findings.extend(rest(facts, domain, &record));
    if !sum.with_ptr.is_empty() {
        findings.push(Finding::new(Code::SpfPtr, sum.with_ptr.join("; ")));
    }
    let failures = failures(facts, &sum);
    let of_address =
        facts.subject.address.and_then(|address| of_address(facts, (domain, address), &failures));
    let is_temporary = of_address.is_none();
    findings.extend(failures.findings(facts.subject.address.filter(|_| is_temporary)));
    if findings.is_empty() {
        let macros = if sum.uses_macros { "; macros are not followed" } else { "" };
        let included = sum.others_in_words("");
        let evidence =
            format!("{record} ({} of {MAX_CHECKED_SPF_LOOKUPS} lookups{included}{macros})", sum.lookups);
        findings.push(Finding::new(Code::SpfOk, evidence).on(domain, "TXT"));
    }
    findings.extend(of_address);
    findings
}

/// The failed lookups in words, by the cause.
fn failures(facts: &DomainFacts, sum: &Count) -> Failures {
    let mut failures = Failures::default();
    for (name, kind, words) in &sum.failed {
        failures.lookups.push((name.clone(), *kind));
        match elsewhere::evidence(facts, name, kind) {
            Some(evidence) if hosts::is_of_host(facts, name, kind) => {
                failures.of_hosts.push((name.clone(), evidence));
            }
            Some(evidence) => failures.unanswered.push(evidence),
            None => failures.unknown.push(words.clone()),
        }
    }
    failures
}

/// Errors of the record and of the records that it includes.
fn limits(domain: &str, sum: &Count) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !sum.several.is_empty() {
        findings.push(Finding::new(Code::SpfMultiple, sum.several.join("; ")));
    }
    if !sum.wrong.is_empty() {
        findings.push(Finding::new(Code::SpfSyntax, sum.wrong.join("; ")));
    }
    if sum.lookups > MAX_CHECKED_SPF_LOOKUPS {
        let least = if sum.lookups >= MAX_CHECKED_SPF_COUNTED { "at least " } else { "" };
        let evidence = format!("{domain} needs {least}{} lookups{}", sum.lookups, sum.others_in_words("it "));
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

/// The words of a domain without a record.
fn missing(facts: &DomainFacts, meant: &[String]) -> String {
    let domain = facts.subject.domain.as_str();
    if meant.is_empty() {
        return misplaced::spf(facts).unwrap_or_else(|| domain.to_owned());
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

/// The finding about the given address; none if failed lookups that are told already decide it.
fn of_address(
    facts: &DomainFacts,
    (domain, address): (&str, IpAddr),
    failures: &Failures,
) -> Option<Finding> {
    let unknown = &failures.unknown;
    let outcome = outcome(facts, domain, address, &mut Vec::new());
    let code = match &outcome {
        SpfOutcome::Pass => Code::SpfFromPasses,
        SpfOutcome::Unknown if failures.are_for_good() => return None,
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
        return Some(Finding::new(Code::SpfUnevaluated, format!("{evidence}; {why}")));
    }
    if outcome != SpfOutcome::Pass
        && let Some(earlier) = passing_before(facts, domain)
    {
        let why = format!(
            "SPF passes for {earlier}, which sent the message at a hop before: {address} may be a forwarder or a filter service"
        );
        return Some(Finding::new(Code::SpfUnevaluated, format!("{evidence}; {why}")));
    }
    Some(Finding::new(code, evidence).on(domain, "TXT"))
}

/// Whether SPF passes for a client of a hop before, and not for the given address: it may be that of a forwarder or a filter service.
pub(super) fn passes_before(facts: &DomainFacts) -> bool {
    let domain = facts.subject.domain.as_str();
    let passes = |address| outcome(facts, domain, address, &mut Vec::new()) == SpfOutcome::Pass;
    facts.subject.address.is_some_and(|address| !passes(address)) && passing_before(facts, domain).is_some()
}

/// The client of a hop before that SPF passes for.
fn passing_before(facts: &DomainFacts, domain: &str) -> Option<IpAddr> {
    let passes = |address: &IpAddr| outcome(facts, domain, *address, &mut Vec::new()) == SpfOutcome::Pass;
    facts.subject.earlier_clients.iter().copied().find(passes)
}

#[cfg(test)]
mod tests;
