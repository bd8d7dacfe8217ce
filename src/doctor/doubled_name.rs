//! Names with the domain twice, as panels make them that add the domain to a whole name: `misplaced` looks for records there.

use crate::facts::{DomainFacts, is_within};

/// The name with the domain twice.
pub(super) fn doubled(facts: &DomainFacts, name: &str) -> String {
    format!("{name}{}", facts.subject.domain)
}

/// A lookup in evidence. A name with the domain twice is explained, which looks like a mistake.
pub(super) fn shown(facts: &DomainFacts, (name, kind): (&str, &str)) -> String {
    match !facts.subject.domain.is_empty() && is_within(name, &doubled(facts, &facts.subject.domain)) {
        true => format!(
            "{name} {kind} (the check tries this name, because some records are entered so by mistake)"
        ),
        false => format!("{name} {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::facts::tests::facts;

    #[test]
    fn a_name_with_the_domain_twice_is_explained() {
        let facts = facts("a.test.", "");
        assert_eq!(shown(&facts, ("_dmarc.a.test.", "TXT")), "_dmarc.a.test. TXT");
        for name in ["a.test.a.test.", "_dmarc.a.test.a.test."] {
            let told = format!(
                "{name} TXT (the check tries this name, because some records are entered so by mistake)"
            );
            assert_eq!(shown(&facts, (name, "TXT")), told);
        }
    }
}
