//! Checks DMARC: finds the record that applies to the domain with the DNS tree walk (a lookup at the domain, then at each domain above it).
//!
//! RFC 9989 replaces the list of public suffixes of RFC 7489 by this tree walk. Here, the list only decides if a domain that gets reports
//! belongs to another organization. Many receivers still follow RFC 7489, so the check also reports a policy that they apply differently.

use std::collections::BTreeSet;

use crate::authentication::dmarc_record::{self, RecordFaults};
use crate::authentication::organizational;
use crate::authentication::tags::{Versioned, alias_of, meant, not_found, texts, value};
use crate::codes::Code;
use crate::facts::{DomainFacts, Want, above, canonical, lookup};
use crate::finding::{Finding, Level};
use crate::limits::MAX_CHECKED_REPORT_TARGETS;
use crate::part::Part;
use dns::limits::DMARC_WALK_LABELS;
use dns::wire::presentation::read_name;

/// Returns the domains at which receivers look for a DMARC record, in this order. After a domain with eight labels or more, its last seven
/// labels are the next domain.
fn walk(domain: &str) -> Vec<&str> {
    let labels = |name: &str| name.matches('.').count();
    let (mut names, mut name) = (vec![domain], domain);
    loop {
        name = above(name);
        while labels(name) > DMARC_WALK_LABELS {
            name = above(name);
        }
        if name == "." {
            return names;
        }
        names.push(name);
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Policy<'f> {
    /// The domain at which the record is published, and the text of the record.
    Record(&'f str, String),
    Missing,
    Unknown {
        name: String,
        why: String,
    },
    /// The facts have no lookup of this name, which may have a record.
    NotAsked(String),
}

/// Returns the DMARC record of the checked domain, or of its organizational domain (RFC 9989). The tree walk ends at the first record with
/// `psd=n` or `psd=y`. With `psd=n`, the domain of this record is the organizational domain. With `psd=y`, the organizational domain is one
/// label below it. Without `psd`, it is the domain with the fewest labels that has a record. If a name has several records, all of them are
/// ignored (RFC 9989 section 4.10).
pub(crate) fn policy(facts: &DomainFacts) -> Policy<'_> {
    let mut last: Option<(&str, String)> = None;
    for (place, name) in walk(&facts.subject.domain).into_iter().enumerate() {
        let at = format!("_dmarc.{name}");
        let record = match texts(facts, &at, "DMARC1") {
            Versioned::NotAsked => return Policy::NotAsked(at),
            Versioned::Unknown(why) => return Policy::Unknown { name: at, why },
            Versioned::Texts(mut found) => match (found.pop(), found.is_empty()) {
                (Some(record), true) => record,
                (None, _) | (Some(_), false) => continue,
            },
        };
        if place == 0 {
            return Policy::Record(name, record);
        }
        match value(&record, "psd").map(str::to_ascii_lowercase).as_deref() {
            Some("n") => return Policy::Record(name, record),
            Some("y") => {
                let below = last.filter(|(below, _)| above(below) == name);
                let (name, record) = below.unwrap_or((name, record));
                return Policy::Record(name, record);
            }
            _ => last = Some((name, record)),
        }
    }
    last.map_or(Policy::Missing, |(name, record)| Policy::Record(name, record))
}

/// Returns the name of the DMARC record that applies to the checked domain. If no record applies, returns the name at which the domain can
/// publish one.
pub(crate) fn applied_at(facts: &DomainFacts) -> String {
    match policy(facts) {
        Policy::Record(name, _) => format!("_dmarc.{name}"),
        _ => format!("_dmarc.{}", facts.subject.domain),
    }
}

/// Returns the next lookups of DMARC records: at the domain itself, then at all domains above it.
pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let own = format!("_dmarc.{domain}");
    match policy(facts) {
        Policy::NotAsked(name) if name == own => vec![lookup(&own, "TXT")],
        Policy::NotAsked(_) => {
            walk(domain).iter().map(|name| lookup(&format!("_dmarc.{name}"), "TXT")).collect()
        }
        Policy::Record(name, record) => {
            let targets = foreign_targets(name, &record).into_iter();
            targets.map(|target| lookup(&permission(name, &target), "TXT")).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns the lookup that decides which DMARC record applies, if this lookup has failed or was not made yet.
pub(crate) fn needed(facts: &DomainFacts) -> Option<(String, &'static str)> {
    match policy(facts) {
        Policy::Unknown { name, .. } | Policy::NotAsked(name) => Some((name, "TXT")),
        _ => None,
    }
}

fn foreign_targets(name: &str, record: &str) -> BTreeSet<String> {
    let uris =
        ["rua", "ruf"].into_iter().filter_map(|tag| value(record, tag)).flat_map(|uris| uris.split(','));
    let domain = |uri: &str| {
        let address = uri.trim().strip_prefix("mailto:")?;
        // After the mail address, the maximum size of reports may follow (RFC 7489 section 6.2).
        let domain = address.split(['!', '?']).next()?.rsplit_once('@')?.1;
        read_name(domain).map(|_| canonical(domain))
    };
    let foreign = uris.filter_map(domain).filter(|domain| organizational(domain) != organizational(name));
    foreign.take(MAX_CHECKED_REPORT_TARGETS).collect()
}

/// Returns the name at which the domain `target` publishes that it accepts reports about the domain `name` (RFC 9990, RFC 7489 section 7.1).
fn permission(name: &str, target: &str) -> String {
    format!("{name}_report._dmarc.{target}")
}

/// Returns the finding that domains of other organizations get reports, but do not publish that they accept them.
fn refused_reports(facts: &DomainFacts) -> Option<Finding> {
    let Policy::Record(name, record) = policy(facts) else { return None };
    let refuses = |target: &String| {
        let at = permission(name, target);
        matches!(texts(facts, &at, "DMARC1"), Versioned::Texts(found) if found.is_empty())
    };
    let refusing: Vec<String> = foreign_targets(name, &record)
        .into_iter()
        .filter(refuses)
        .map(|target| format!("{target} has no record {}", permission(name, &target)))
        .collect();
    (!refusing.is_empty()).then(|| Finding::new(Code::DmarcReportsRefused, refusing.join("; ")))
}

/// Returns the policy in a DMARC record that applies to the checked domain, in lower case. In the record of a domain above, the tag `sp`
/// replaces the tag `p`.
pub(crate) fn applied(facts: &DomainFacts, name: &str, record: &str) -> Option<String> {
    let own = value(record, "p");
    let word = if name == facts.subject.domain { own } else { value(record, "sp").or(own) };
    word.map(str::to_ascii_lowercase)
}

pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let mut findings = match policy(facts) {
        Policy::Missing => {
            let alias = alias_of(facts, &format!("_dmarc.{domain}"));
            let words = alias.map(|alias| format!("{alias} has no record"));
            vec![Finding::new(Code::DmarcMissing, words.unwrap_or_else(|| domain.to_owned()))]
        }
        Policy::Unknown { name, why } => {
            vec![not_found(facts, (&name, why), Level::Failure).in_part(Part::Dmarc)]
        }
        Policy::NotAsked(name) => {
            vec![Finding::new(Code::PolicyUnknown, format!("{name} was not looked up")).in_part(Part::Dmarc)]
        }
        Policy::Record(name, record) => of_record(facts, name, &record),
    };
    if let Some(several) = several(facts) {
        // The domain's own records are ignored, so the record of a domain above may apply. The faults of that record are not reported,
        // because the owner of the checked domain cannot correct them.
        findings.retain(|finding| finding.level == Level::CouldNotTell);
        findings.push(several);
    }
    let meant = meant(facts, &format!("_dmarc.{domain}"), "DMARC1");
    if !meant.is_empty() {
        // The domain has a faulty DMARC record, so the finding "no record" would be wrong.
        findings.retain(|finding| finding.code != Code::DmarcMissing);
        findings.push(Finding::new(Code::DmarcSyntax, meant.join("; ")));
    }
    findings.into_iter().chain(refused_reports(facts)).collect()
}

fn several(facts: &DomainFacts) -> Option<Finding> {
    let at = format!("_dmarc.{}", facts.subject.domain);
    match texts(facts, &at, "DMARC1") {
        Versioned::Texts(found) if found.len() > 1 => {
            Some(Finding::new(Code::DmarcMultiple, format!("{at}: {}", found.join(" | "))))
        }
        _ => None,
    }
}

fn of_record(facts: &DomainFacts, name: &str, record: &str) -> Vec<Finding> {
    let evidence = format!("_dmarc.{name}: {record}");
    let syntax = |fault: &str| Finding::new(Code::DmarcSyntax, format!("{evidence}: {fault}"));
    let RecordFaults { fatal, ignored, addresses } = dmarc_record::faults(record);
    let applied = applied(facts, name, record);
    let mut findings = match (fatal, applied.as_deref()) {
        (Some(fault), _) => vec![syntax(&fault)],
        (None, Some("reject" | "quarantine")) => vec![Finding::new(Code::DmarcOk, evidence.clone())],
        // RFC 9989: a record with `rua` but without `p` has the policy `none`.
        (None, _) => vec![Finding::new(Code::DmarcNone, evidence.clone())],
    };
    if !ignored.is_empty() {
        findings.retain(|finding| finding.code != Code::DmarcOk);
        findings.push(syntax(&ignored.join("; ")).at(Level::Warning));
    }
    if !addresses.is_empty() {
        let evidence = format!("{evidence}: {}", addresses.join("; "));
        findings.push(Finding::new(Code::DmarcReportAddress, evidence));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn tree_walk_shortens_long_names() {
        assert_eq!(walk("a.b.example."), ["a.b.example.", "b.example.", "example."]);
        let long = walk("a.b.c.d.e.f.g.h.i.example.");
        assert_eq!((long.len(), long[1]), (8, "d.e.f.g.h.i.example."));
    }

    #[test]
    fn malformed_dmarc_record_is_shown() {
        for text in [
            "v=DMARC1 p=reject",
            "v=dmarc1; p=reject",
            "p=reject; v=DMARC1",
            "v=DMARC2; p=none",
            " v=DMARC1; p=reject",
        ] {
            let lines = format!("lookup _dmarc.a.test. TXT | \"{text}\"\nlookup _dmarc.test. TXT NXDOMAIN");
            let found = check(&facts("a.test.", &lines));
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].code == Code::DmarcSyntax && found[0].evidence.contains(text), "{text}");
        }
    }

    #[test]
    fn report_domain_must_accept_reports() {
        let codes = |lines: &str| -> Vec<Code> {
            check(&facts("a.test.", lines)).into_iter().map(|finding| finding.code).collect()
        };
        let record = "lookup _dmarc.a.test. TXT | \"v=DMARC1; p=reject; rua=mailto:x@r.a.test, mailto:y@other.example!10m\"";
        let name = "a.test._report._dmarc.other.example.";
        assert_eq!(wants(&facts("a.test.", record)), [lookup(name, "TXT")]);
        let both = [Code::DmarcOk, Code::DmarcReportsRefused];
        assert_eq!(codes(&format!("{record}\nlookup {name} TXT NXDOMAIN")), both);
        assert_eq!(codes(&format!("{record}\nlookup {name} TXT | \"v=spf1 -all\"")), both);
        assert_eq!(codes(&format!("{record}\nlookup {name} TXT | \"v=DMARC1\"")), [Code::DmarcOk]);
        assert_eq!(codes(&format!("{record}\nlookup {name} TXT SERVFAIL")), [Code::DmarcOk]);
    }

    #[test]
    fn dmarc_alias_without_record_is_shown() {
        let name = "_dmarc.a.test.";
        let alias =
            format!("lookup {name} TXT NXDOMAIN | ={name} CNAME _dmarc.b.net.\nlookup _dmarc.test. TXT");
        let found = &check(&facts("a.test.", &alias))[0];
        let evidence = format!("{name} is an alias (CNAME) of _dmarc.b.net., which has no record");
        assert_eq!((found.code, &found.evidence), (Code::DmarcMissing, &evidence));
    }

    #[test]
    fn own_or_organizational_record_applies() {
        let codes = |lines: &str| -> Vec<Code> {
            check(&facts("m.a.test.", lines)).into_iter().map(|finding| finding.code).collect()
        };
        let none = "lookup _dmarc.m.a.test. TXT NXDOMAIN\nlookup _dmarc.a.test. TXT";
        let cases = [
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1; p=reject\"".to_owned(), Code::DmarcOk),
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1; p=Reject\"".to_owned(), Code::DmarcOk),
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1;p=none\"".to_owned(), Code::DmarcNone),
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1; rua=mailto:x@a.test\"".to_owned(), Code::DmarcNone),
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1; p=refuse\"".to_owned(), Code::DmarcSyntax),
            ("lookup _dmarc.m.a.test. TXT | \"v=DMARC1; p=reject; adkim=x\"".to_owned(), Code::DmarcSyntax),
            // `psd=y` (a public suffix) ends the tree walk.
            (
                "lookup _dmarc.m.a.test. TXT\nlookup _dmarc.a.test. TXT | \"v=DMARC1; p=none; psd=y\"\n\
                 lookup _dmarc.test. TXT | \"v=DMARC1; p=reject\""
                    .to_owned(),
                Code::DmarcNone,
            ),
            (
                "lookup _dmarc.m.a.test. TXT | \"v=DMARC1; p=none\" | \"v=DMARC1; p=none\"\n\
                 lookup _dmarc.a.test. TXT\nlookup _dmarc.test. TXT"
                    .to_owned(),
                Code::DmarcMultiple,
            ),
            ("lookup _dmarc.m.a.test. TXT SERVFAIL".to_owned(), Code::PolicyUnknown),
            (format!("{none}\nlookup _dmarc.test. TXT"), Code::DmarcMissing),
            (format!("{none} | \"v=DMARC1; p=none; sp=reject\"\nlookup _dmarc.test. TXT"), Code::DmarcOk),
            // The next three cases. First, the record with the fewest labels applies. Second, a record with `psd=y` (a public suffix) does
            // not apply, but the record of the domain below it does. Third, a record with `psd=n` applies, and no record of a domain above
            // it does.
            (
                format!("{none} | \"v=DMARC1; p=none\"\nlookup _dmarc.test. TXT | \"v=DMARC1; p=reject\""),
                Code::DmarcOk,
            ),
            (
                format!(
                    "{none} | \"v=DMARC1; p=none\"\nlookup _dmarc.test. TXT | \"v=DMARC1; p=reject; psd=y\""
                ),
                Code::DmarcNone,
            ),
            (
                format!(
                    "{none} | \"v=DMARC1; p=none; psd=n\"\nlookup _dmarc.test. TXT | \"v=DMARC1; p=reject\""
                ),
                Code::DmarcNone,
            ),
            (none.to_owned(), Code::PolicyUnknown),
        ];
        for (lines, code) in cases {
            assert_eq!(codes(&lines), [code], "{lines}");
        }
    }
}
