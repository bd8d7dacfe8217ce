//! Checks policies about TLS: MTA-STS (RFC 8461) and TLS reporting (RFC 8460). The module `mta_sts` checks the policy file, which `sts_policy`
//! reads, and `dane` the TLSA records.

pub mod dane;
pub mod der;
pub(crate) mod mta_sts;
mod next_certificate;
pub mod sts_policy;

use crate::authentication::tags::{Versioned, meant, not_found, texts, value};
use crate::codes::Code;
use crate::facts::{DomainFacts, Want, lookup};
use crate::finding::{Finding, Level};

/// The labels of the TXT records for MTA-STS and TLS reporting.
const LABELS: [&str; 2] = ["_mta-sts.", "_smtp._tls."];

pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    LABELS.into_iter().map(|label| (format!("{label}{}", facts.subject.domain), "TXT")).collect()
}

pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let records = needed(facts).into_iter().map(|(name, kind)| lookup(&name, kind));
    records.chain(mta_sts::host_wants(facts)).chain(dane::wants(facts)).collect()
}

/// A domain without MTA-STS and TLS reporting is not reported.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let of_sts = record(facts, "_mta-sts.", "STSv1", Code::MtaStsSyntax, |text| {
        let unread =
            (!facts.subject.connect && !mta_sts::is_without_host(facts)).then_some(Code::MtaStsUnread);
        if sts_policy::id(text).is_some() {
            Ok(unread)
        } else {
            Err("it has no id of 1 to 32 letters and digits")
        }
    });
    let of_reports = record(facts, "_smtp._tls.", "TLSRPTv1", Code::TlsRptSyntax, |text| {
        let target = |rua: &str| rua.starts_with("mailto:") || rua.starts_with("https:");
        match value(text, "rua").is_some_and(target) {
            true => Ok(None),
            false => Err("it has no rua with a mailto: or https: address"),
        }
    });
    of_sts
        .into_iter()
        .chain(of_reports)
        .chain(dane::check(facts))
        .chain(next_certificate::check(facts))
        .collect()
}

/// Returns the finding about the TXT record at the name that consists of `label` and the domain. `judge` checks its text.
fn record(
    facts: &DomainFacts,
    label: &str,
    version: &str,
    wrong: Code,
    judge: impl Fn(&str) -> Result<Option<Code>, &'static str>,
) -> Option<Finding> {
    let name = format!("{label}{}", facts.subject.domain);
    let found = match texts(facts, &name, version) {
        Versioned::Texts(found) => found,
        Versioned::Unknown(why) => {
            // If senders cannot look up the MTA-STS record, they deliver as if there were no policy.
            let level = if wrong == Code::MtaStsSyntax { Level::Warning } else { Level::Note };
            let finding = not_found(facts, (&name, why), level);
            // The parts of the check that depend on the record have no result.
            return Some(wrong.entry().parts.iter().copied().fold(finding, Finding::in_part));
        }
        Versioned::NotAsked => return None,
    };
    match found.as_slice() {
        [] => meant(facts, &name, version).into_iter().next().map(|meant| Finding::new(wrong, meant)),
        [text] => match judge(text) {
            Ok(code) => {
                code.map(|code| Finding::new(code, format!("{name}: {text}")).on(name.as_str(), "TXT"))
            }
            Err(why) => Some(Finding::new(wrong, format!("{name}: {text}: {why}"))),
        },
        several => Some(Finding::new(wrong, format!("{name} has {} records", several.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn each_policy_is_judged() {
        let cases: &[(String, &[Code])] = &[
            ("lookup _mta-sts.a.test. TXT | \"v=STSv1; id=20260101\"".to_owned(), &[Code::MtaStsUnread]),
            ("lookup _mta-sts.a.test. TXT | \"v=STSv1\"".to_owned(), &[Code::MtaStsSyntax]),
            ("lookup _mta-sts.a.test. TXT NXDOMAIN".to_owned(), &[]),
            ("lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1; rua=mailto:x@a.test\"".to_owned(), &[]),
            ("lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1\"".to_owned(), &[Code::TlsRptSyntax]),
            (
                "lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1; rua=mailto:x@a.test,mailto:y@a.test;\""
                    .to_owned(),
                &[],
            ),
            ("lookup _mta-sts.a.test. TXT | \"STSv1; id=1\"".to_owned(), &[Code::MtaStsSyntax]),
            ("lookup _mta-sts.a.test. TXT | \"v=spf1 -all\"".to_owned(), &[]),
            (
                "lookup _smtp._tls.a.test. TXT | \"v=TLSRPT1; rua=mailto:x@a.test\"".to_owned(),
                &[Code::TlsRptSyntax],
            ),
            (
                "lookup _mta-sts.a.test. TXT | \"v=STSv1; id=1\"\nlookup mta-sts.a.test. A NXDOMAIN\n\
                 lookup mta-sts.a.test. AAAA NXDOMAIN"
                    .to_owned(),
                &[],
            ),
        ];
        for (lines, expected) in cases {
            let facts = facts("a.test.", lines);
            let found = check(&facts).into_iter().map(|finding| finding.code);
            let found: Vec<Code> = found.collect();
            assert_eq!(found, *expected, "{lines}");
        }
    }
}
