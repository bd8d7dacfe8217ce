//! Checks MTA-STS: compares the policy file with the mail hosts (RFC 8461). The file is fetched only if the operator asks for connections.

use crate::authentication::tags::{Versioned, texts};
use crate::codes::Code;
use crate::facts::{DomainFacts, Got, LookupFound, PolicyFile, Want, addresses};
use crate::finding::{Finding, Level};
use crate::mail;
use crate::part::Part;
use crate::transport::sts_policy::{Mode, StsPolicy, VERSION, covers, id};

fn host(facts: &DomainFacts) -> String {
    format!("mta-sts.{}", facts.subject.domain)
}

/// Returns the TXT record that announces a policy.
pub(crate) fn record(facts: &DomainFacts) -> Option<String> {
    match texts(facts, &format!("_mta-sts.{}", facts.subject.domain), VERSION) {
        Versioned::Texts(mut found) if found.len() == 1 => found.pop().filter(|text| id(text).is_some()),
        _ => None,
    }
}

/// Returns the request for the policy file, if the address of its host is known.
fn file(facts: &DomainFacts) -> Option<Want> {
    let address = facts.addresses(&host(facts)).into_iter().next()?;
    Some(Want::PolicyFile { host: host(facts), address })
}

pub(crate) fn host_wants(facts: &DomainFacts) -> Vec<Want> {
    if record(facts).is_none() { Vec::new() } else { addresses(&host(facts)).into() }
}

/// Returns true if the policy host has no address.
pub(crate) fn is_without_host(facts: &DomainFacts) -> bool {
    ["A", "AAAA"].iter().all(|kind| facts.lookup(&host(facts), kind).is_absent())
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    if !facts.subject.connect || record(facts).is_none() {
        return Vec::new();
    }
    file(facts).into_iter().collect()
}

pub(crate) fn is_enforced(facts: &DomainFacts) -> bool {
    let file = record(facts).and_then(|_| file(facts));
    match file.and_then(|want| facts.got.get(&want)) {
        Some(Got::PolicyFile(PolicyFile::Text(text))) => {
            StsPolicy::read(text).is_ok_and(|policy| policy.mode == Mode::Enforce)
        }
        _ => false,
    }
}

pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let record = record(facts)?;
    let host = host(facts);
    let unreachable = |why: &str| Finding::new(Code::MtaStsUnreachable, format!("{host}: {why}"));
    if is_without_host(facts) {
        return Some(unreachable("no address"));
    }
    if !facts.subject.connect {
        return None;
    }
    let unknown = |why: &str| Finding::new(Code::PolicyUnknown, format!("{host}{why}")).in_part(Part::MtaSts);
    let Some(file) = file(facts) else {
        let lookups = ["A", "AAAA"].map(|kind| facts.lookup(&host, kind));
        return Some(match lookups.iter().find(|found| !found.is_absent()) {
            Some(LookupFound::Unknown(why)) => unknown(&format!(": {why}")),
            _ => unknown(" was not looked up"),
        });
    };
    let text = match facts.got.get(&file) {
        Some(Got::PolicyFile(PolicyFile::Text(text))) => text,
        Some(Got::PolicyFile(PolicyFile::Fault(fault))) => return Some(unreachable(fault)),
        Some(Got::NoReply(lost)) => {
            return Some(unknown(&format!(": {}", lost.words())));
        }
        _ => return Some(unknown(" was not asked")),
    };
    let policy = match StsPolicy::read(text) {
        Ok(policy) => policy,
        Err(why) => return Some(Finding::new(Code::MtaStsPolicy, format!("{host}: {why}"))),
    };
    let outside: Vec<String> = mail::named_hosts(facts)
        .into_iter()
        .filter(|host| policy.mode != Mode::None && !policy.hosts.iter().any(|pattern| covers(pattern, host)))
        .collect();
    let (mode, named) = (policy.mode.word(), policy.hosts.join(", "));
    if outside.is_empty() {
        let name = format!("_mta-sts.{}", facts.subject.domain);
        let evidence = format!("{record}; mode {mode}; mx {named}");
        return Some(Finding::new(Code::MtaStsOk, evidence).on(name, "TXT"));
    }
    let level = if policy.mode == Mode::Enforce { Level::Failure } else { Level::Warning };
    let evidence = format!("{} not in the policy (mode {mode}; mx {named})", outside.join(", "));
    Some(Finding::new(Code::MtaStsMx, evidence).at(level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    const BASE: &str =
        "lookup a.test. MX | 10 mx.a.test.\nlookup _mta-sts.a.test. TXT | \"v=STSv1; id=2026\"";

    fn found(lines: &str, got: Option<Got>) -> Option<(Code, Level)> {
        let mut facts = facts("a.test.", &format!("{BASE}\n{lines}"));
        facts.subject.connect = true;
        let address = "198.18.0.9".parse().unwrap();
        let want = Want::PolicyFile { host: "mta-sts.a.test.".to_owned(), address };
        assert_eq!(wants(&facts).contains(&want), lines.contains("| 198.18.0.9"));
        facts.got.extend(got.map(|got| (want, got)));
        check(&facts).map(|finding| (finding.code, finding.level))
    }

    #[test]
    fn policy_must_match_mail_hosts() {
        let usual = |code: Code| Some((code, code.entry().level));
        let judge = |text: &str| {
            let got = Got::PolicyFile(PolicyFile::Text(text.replace("; ", "\r\n")));
            found("lookup mta-sts.a.test. A | 198.18.0.9\nlookup mta-sts.a.test. AAAA", Some(got))
        };
        let enforce = "version: STSv1; mode: enforce; max_age: 86400; mx: ";
        assert_eq!(judge(&format!("{enforce}MX.a.test")), usual(Code::MtaStsOk));
        assert_eq!(judge(&format!("{enforce}b.test; mx: *.a.test")), usual(Code::MtaStsOk));
        assert_eq!(
            judge(&format!("{enforce}*.test")),
            Some((Code::MtaStsMx, Level::Failure)),
            "one label only"
        );
        let testing = format!("{enforce}b.test").replace("enforce", "testing");
        assert_eq!(judge(&testing), Some((Code::MtaStsMx, Level::Warning)));
        assert_eq!(judge("version: STSv1; mode: none; max_age: 1"), usual(Code::MtaStsOk));
        for wrong in [
            "",
            "version: STSv2; mode: none; max_age: 1",
            "version: STSv1; max_age: 1; mx: mx.a.test",
            "version: STSv1; mode: report; max_age: 1; mx: mx.a.test",
            "version: STSv1; mode: enforce; max_age: 99999999; mx: mx.a.test",
            "version: STSv1; mode: enforce; max_age: 1",
        ] {
            assert_eq!(judge(wrong), usual(Code::MtaStsPolicy), "{wrong}");
        }
        let at = "lookup mta-sts.a.test. A | 198.18.0.9";
        let fault = Got::PolicyFile(PolicyFile::Fault("expired".to_owned()));
        assert_eq!(found(at, Some(fault)), usual(Code::MtaStsUnreachable));
        assert_eq!(found(at, Some(Got::NoReply(crate::facts::NoReply::Silent))), usual(Code::PolicyUnknown));
        let none = "lookup mta-sts.a.test. A NXDOMAIN\nlookup mta-sts.a.test. AAAA NXDOMAIN";
        assert_eq!(found(none, None), usual(Code::MtaStsUnreachable));
        assert_eq!(found("lookup mta-sts.a.test. A SERVFAIL", None), usual(Code::PolicyUnknown));
        assert!(check(&facts("a.test.", BASE)).is_none(), "only if the operator asks for it");
    }
}
