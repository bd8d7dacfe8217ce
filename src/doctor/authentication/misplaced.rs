//! SPF and DMARC records at a wrong name: with the domain twice, as panels make it that add the domain to a whole name, and at the name of
//! the other record.

use crate::authentication::tags::{Versioned, texts};
use crate::doubled_name::doubled;
use crate::facts::{DomainFacts, Want, lookup};
use crate::spf::record::is_spf;

/// The question that shows whether the missing record of a name stands at another one. The other names are looked up anyway.
pub(crate) fn want(facts: &DomainFacts, name: &str) -> Want {
    lookup(&doubled(facts, name), "TXT")
}

/// The name at which the missing DMARC record of the domain stands, in words.
pub(crate) fn dmarc(facts: &DomainFacts) -> Option<String> {
    let domain = facts.subject.domain.as_str();
    let own = format!("_dmarc.{domain}");
    let has =
        |name: &&String| matches!(texts(facts, name, "DMARC1"), Versioned::Texts(found) if !found.is_empty());
    let at = [doubled(facts, &own), domain.to_owned()];
    at.iter().find(has).map(|at| told(&own, at))
}

/// The name at which the missing SPF record of the domain stands, in words.
pub(crate) fn spf(facts: &DomainFacts) -> Option<String> {
    let domain = facts.subject.domain.as_str();
    let has = |name: &&String| matches!(texts(facts, name, ""), Versioned::Texts(found) if found.iter().any(|text| is_spf(text)));
    let at = [doubled(facts, domain), format!("_dmarc.{domain}")];
    at.iter().find(has).map(|at| told(domain, at))
}

fn told(own: &str, at: &str) -> String {
    format!("{own} has no record; it stands at {at}")
}

#[cfg(test)]
mod tests {
    use crate::authentication::dmarc;
    use crate::codes::Code;
    use crate::facts::tests::facts;
    use crate::spf;

    #[test]
    fn a_record_at_a_wrong_name_is_told_with_this_name() {
        let none = ["a.test.", "_dmarc.a.test.", "_dmarc.test.", "a.test.a.test.", "_dmarc.a.test.a.test."];
        let evidence = |at: &str, record: &str, code: Code| {
            let lines = none.map(|name| match name == at {
                true => format!("lookup {name} TXT | \"{record}\"\n"),
                false => format!("lookup {name} TXT\n"),
            });
            let facts = facts("a.test.", &lines.concat());
            let mut found = spf::check(&facts).into_iter().chain(dmarc::check(&facts));
            found.find(|finding| finding.code == code).map(|finding| finding.evidence)
        };
        let (sent, policy) = ("v=spf1 mx -all", "v=DMARC1; p=none");
        for (at, record, code, expected) in [
            ("", "", Code::SpfMissing, "a.test."),
            ("", "", Code::DmarcMissing, "a.test."),
            ("a.test.a.test.", sent, Code::SpfMissing, "a.test. has no record; it stands at a.test.a.test."),
            ("_dmarc.a.test.", sent, Code::SpfMissing, "a.test. has no record; it stands at _dmarc.a.test."),
            ("a.test.", policy, Code::DmarcMissing, "_dmarc.a.test. has no record; it stands at a.test."),
            (
                "_dmarc.a.test.a.test.",
                policy,
                Code::DmarcMissing,
                "_dmarc.a.test. has no record; it stands at _dmarc.a.test.a.test.",
            ),
        ] {
            assert_eq!(evidence(at, record, code).as_deref(), Some(expected), "{at} {record}");
        }
        let open = facts("a.test.", "lookup a.test. TXT\nlookup _dmarc.a.test. TXT\nlookup _dmarc.test. TXT");
        for (wants, name) in [(spf::wants(&open), none[3]), (dmarc::wants(&open), none[4])] {
            assert!(wants.contains(&super::lookup(name, "TXT")), "{wants:?}");
        }
    }
}
