//! Policies about TLS and logos: MTA-STS (RFC 8461), TLS reporting (RFC 8460), and BIMI, which is of senders. `dane` has the TLSA records.
//!
//! `mta_sts` has the policy file, which is fetched only if the operator asks for connections.

pub(crate) mod dane;
pub mod der;
pub(crate) mod mta_sts;

use crate::codes::Code;

use crate::authentication::dmarc::{Policy, applied, policy};
use crate::authentication::dmarc_record::cut_off;
use crate::facts::{DomainFacts, Want, lookup};
use crate::finding::{Finding, Level};

use crate::authentication::tags::{Versioned, meant, not_found, texts, value};

/// The labels of records of domains that receive mail.
const OF_RECIPIENTS: [&str; 2] = ["_mta-sts.", "_smtp._tls."];

/// The label of a logo.
const LOGO: &str = "default._bimi.";

/// The lookups of the records.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let (domain, role) = (&facts.subject.domain, facts.subject.role);
    let of_recipients = OF_RECIPIENTS.into_iter().filter(|_| role.receives());
    let of_senders = Some(LOGO).filter(|_| role.sends());
    of_recipients.chain(of_senders).map(|label| (format!("{label}{domain}"), "TXT")).collect()
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let records = OF_RECIPIENTS.into_iter().map(|label| lookup(&format!("{label}{domain}"), "TXT"));
    records.chain(mta_sts::host_wants(facts)).chain(dane::wants(facts)).collect()
}

/// The question about the logo that receivers show beside mail from the domain.
pub(super) fn bimi_want(facts: &DomainFacts) -> Want {
    lookup(&format!("{LOGO}{}", facts.subject.domain), "TXT")
}

/// The finding about this logo.
pub(super) fn bimi(facts: &DomainFacts) -> Option<Finding> {
    record(facts, LOGO, "BIMI1", Code::BimiSyntax, |text| {
        let sound = |logo: &str| logo.is_empty() || logo.starts_with("https:") && !is_bitmap(logo);
        match value(text, "l") {
            // The domain declines a logo.
            Some("") => Ok(None),
            Some(logo) if sound(logo) && enforced(facts) == Some(false) => Ok(Some(Code::BimiWithoutDmarc)),
            Some(logo) if sound(logo) => Ok(None),
            _ => Err("it has no l=https://... of an SVG file"),
        }
    })
}

/// The findings. A missing policy is not reported.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [
        record(facts, "_mta-sts.", "STSv1", Code::MtaStsSyntax, |text| {
            let unread =
                (!facts.subject.connect && !mta_sts::is_without_host(facts)).then_some(Code::MtaStsUnread);
            if mta_sts::has_id(text) { Ok(unread) } else { Err("it has no id of 1 to 32 letters and digits") }
        }),
        record(facts, "_smtp._tls.", "TLSRPTv1", Code::TlsRptSyntax, |text| {
            let target = |rua: &str| rua.starts_with("mailto:") || rua.starts_with("https:");
            match value(text, "rua").is_some_and(target) {
                true if cut_off(text, "rua").is_some() => {
                    Err("a semicolon ends rua before another address: write a comma between two addresses")
                }
                true => Ok(None),
                false => Err("it has no rua with a mailto: or https: address"),
            }
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.extend(dane::check(facts));
    findings
}

/// Whether a logo is a picture of pixels: receivers take SVG only.
fn is_bitmap(logo: &str) -> bool {
    let lower = logo.to_ascii_lowercase();
    [".png", ".jpg", ".jpeg", ".gif", ".webp"].iter().any(|end| lower.ends_with(end))
}

/// Whether DMARC demands quarantine or rejection, below the domain too, and for all mail; none if it is not known.
fn enforced(facts: &DomainFacts) -> Option<bool> {
    match policy(facts) {
        Policy::Record(name, record) => {
            let word = applied(facts, name, &record);
            let is_weak = value(&record, "sp").is_some_and(|word| word.eq_ignore_ascii_case("none"))
                || value(&record, "pct").is_some_and(|share| share != "100");
            Some(matches!(word.as_deref(), Some("reject" | "quarantine")) && !is_weak)
        }
        Policy::Missing => Some(false),
        Policy::Unknown { .. } | Policy::NotAsked(_) => None,
    }
}

/// The finding about the record below `label`, by its judge.
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
            // Without a policy, mail is delivered as before.
            let level = if wrong == Code::MtaStsSyntax { Level::Warning } else { Level::Note };
            let finding = not_found(facts, (&name, why), level);
            // The part of the fault that it would be.
            return Some(wrong.entry().parts.iter().copied().fold(finding, Finding::of));
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
        let dmarc = "lookup _dmarc.a.test. TXT | \"v=DMARC1; p=none\"";
        let cases: &[(String, &[Code])] = &[
            ("lookup _mta-sts.a.test. TXT | \"v=STSv1; id=20260101\"".to_owned(), &[Code::MtaStsUnread]),
            ("lookup _mta-sts.a.test. TXT | \"v=STSv1\"".to_owned(), &[Code::MtaStsSyntax]),
            ("lookup _mta-sts.a.test. TXT NXDOMAIN".to_owned(), &[]),
            ("lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1; rua=mailto:x@a.test\"".to_owned(), &[]),
            ("lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1\"".to_owned(), &[Code::TlsRptSyntax]),
            (
                "lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1; rua=mailto:x@a.test;mailto:y@a.test\""
                    .to_owned(),
                &[Code::TlsRptSyntax],
            ),
            (
                "lookup _smtp._tls.a.test. TXT | \"v=TLSRPTv1; rua=mailto:x@a.test,mailto:y@a.test;\""
                    .to_owned(),
                &[],
            ),
            (
                format!("lookup default._bimi.a.test. TXT | \"v=BIMI1; l=https://x\"\n{dmarc}"),
                &[Code::BimiWithoutDmarc],
            ),
            (
                format!("lookup default._bimi.a.test. TXT | \"v=BIMI1; l=https://x\"\n{dmarc}")
                    .replace("none", "Reject"),
                &[],
            ),
            (format!("lookup default._bimi.a.test. TXT | \"v=BIMI1; l=; a=;\"\n{dmarc}"), &[]),
            ("lookup default._bimi.a.test. TXT | \"v=BIMI1; l=http://x\"".to_owned(), &[Code::BimiSyntax]),
            (
                "lookup default._bimi.a.test. TXT | \"v=BIMI1; l=https://x/y.PNG\"".to_owned(),
                &[Code::BimiSyntax],
            ),
            (
                format!("lookup default._bimi.a.test. TXT | \"v=BIMI1; l=https://x\"\n{dmarc}")
                    .replace("none", "reject; sp=none"),
                &[Code::BimiWithoutDmarc],
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
            let found = check(&facts).into_iter().chain(bimi(&facts)).map(|finding| finding.code);
            let found: Vec<Code> = found.collect();
            assert_eq!(found, *expected, "{lines}");
        }
    }
}
