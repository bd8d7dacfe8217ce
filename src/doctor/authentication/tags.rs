//! Parses lists of tags in DKIM, DMARC, MTA-STS and TLS reporting: `tag=value; tag=value` (RFC 6376 section 3.2).

use crate::codes::Code;
use crate::elsewhere;
use crate::facts::{DomainFacts, LookupFound, Record};
use crate::finding::{Finding, Level};

/// The TXT records at a name that begin with a version tag, such as `v=DMARC1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Versioned {
    Texts(Vec<String>),
    /// The lookup failed, for this reason.
    Unknown(String),
    NotAsked,
}

/// Returns the TXT records at a name that begin with `version`, or all TXT records if `version` is empty.
pub(crate) fn texts(facts: &DomainFacts, name: &str, version: &str) -> Versioned {
    match facts.lookup(name, "TXT") {
        LookupFound::NotAsked => Versioned::NotAsked,
        LookupFound::Unknown(why) => Versioned::Unknown(format!("{name} TXT: {why}")),
        LookupFound::NoData(_) | LookupFound::NoName(_) => Versioned::Texts(Vec::new()),
        LookupFound::Data(reply) => {
            let texts = reply.records("TXT").map(Record::joined);
            Versioned::Texts(texts.filter(|text| begins(text, version)).collect())
        }
    }
}

/// Returns the finding about a policy record whose lookup has failed. If all servers of the zone failed, the finding has the level `level`.
/// Otherwise it is unknown whether the record exists.
pub(crate) fn not_found(facts: &DomainFacts, (name, why): (&str, String), level: Level) -> Finding {
    match elsewhere::evidence(facts, name, "TXT") {
        Some(evidence) => Finding::new(Code::PolicyUnanswered, evidence).at(level).on(name, "TXT"),
        None => Finding::new(Code::PolicyUnknown, why).on(name, "TXT"),
    }
}

/// Describes the alias (CNAME) at a name.
pub(crate) fn alias_of(facts: &DomainFacts, name: &str) -> Option<String> {
    let found = facts.lookup(name, "TXT");
    Some(format!("{name} is an alias (CNAME) of {}, which", found.alias()?))
}

/// Describes TXT records that look like records of this version, but have a fault. Returns nothing if the name has a correct record.
pub(crate) fn meant(facts: &DomainFacts, name: &str, version: &str) -> Vec<String> {
    let (Versioned::Texts(records), Versioned::Texts(all)) =
        (texts(facts, name, version), texts(facts, name, ""))
    else {
        return Vec::new();
    };
    if !records.is_empty() {
        return Vec::new();
    }
    let word = version
        .trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == 'v')
        .to_ascii_lowercase();
    all.iter()
        .filter(|text| text.to_ascii_lowercase().contains(&word))
        .map(|text| format!("{name}: \"{text}\" is no record: it must begin with \"v={version};\""))
        .collect()
}

/// Returns true if the first tag of a text is `v` with the value `version`. Receivers discard a text that begins with a space (RFC 7489
/// section 6.4, RFC 8461 section 3.1, RFC 8460 section 3).
fn begins(text: &str, version: &str) -> bool {
    version.is_empty() || value(text, "v").is_some_and(|value| value == version) && text.starts_with('v')
}

/// Returns true for white space (RFC 5234 appendix B.1, RFC 6376 section 2.8). A no-break space (U+00A0) is not white space: receivers do
/// not recognise a tag or value that contains it.
pub(crate) const fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Describes the first character that looks like a space but is not one of ASCII, so that programs that read these records do not skip it. Web
/// pages and word processors insert such characters.
pub(crate) fn other_space(text: &str) -> Option<String> {
    let other = text.chars().find(|letter| letter.is_whitespace() && !letter.is_ascii())?;
    Some(format!("a space in it is the character U+{:04X}, not a space of ASCII", u32::from(other)))
}

pub(crate) fn value<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (trimmed(name), trimmed(value)))
        .find(|(name, _)| *name == tag)
        .map(|(_, value)| value)
}

/// Searches a list of tags, and returns the first part that does not have the form `tag=value`.
pub(crate) fn no_tag(text: &str) -> Option<&str> {
    text.split(';').map(trimmed).find(|part| !part.is_empty() && !part.contains('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::judge;

    #[test]
    fn unicode_space_belongs_to_tag() {
        assert_eq!(value("v=DMARC1; \tp = reject ", "p"), Some("reject"));
        for space in ['\u{a0}', '\u{2003}', '\u{3000}'] {
            assert_eq!(value(&format!("v=DMARC1;{space}p=reject"), "p"), None, "{space:?}");
            assert_eq!(
                value(&format!("v=DMARC1{space}; p=reject"), "v").map(str::len),
                Some("DMARC1".len() + space.len_utf8())
            );
            assert!(no_tag(&format!("p=AA;{space}")).is_some(), "{space:?}");
        }
    }

    #[test]
    fn unicode_space_in_record_is_reported() {
        let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
        let dkim = format!("v=DKIM1; k=ed25519;\\194\\160p={key}");
        let behind = format!("v=DKIM1; k=ed25519; p={key}\\194\\160");
        let note = format!("v=DKIM1;\\194\\160h=sha256; k=ed25519; p={key}");
        for (name, text, code) in [
            ("_dmarc.a.test.", "v=DMARC1;\\194\\160p=reject", Code::DmarcSyntax),
            ("_dmarc.a.test.", "v=DMARC1;\\194\\160p=reject; rua=mailto:r@a.test", Code::DmarcSyntax),
            ("_dmarc.a.test.", "v=DMARC1\\194\\160; p=reject", Code::DmarcSyntax),
            ("_mta-sts.a.test.", "v=STSv1;\\194\\160id=2026", Code::MtaStsSyntax),
            ("x._domainkey.a.test.", &dkim, Code::DkimSyntax),
            ("x._domainkey.a.test.", &behind, Code::DkimSyntax),
            ("x._domainkey.a.test.", &note, Code::DkimSyntax),
        ] {
            let of = |text: &str| {
                let lines =
                    format!("lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup {name} TXT | \"{text}\"");
                let mut facts = facts("a.test.", &lines);
                facts.subject.selectors = vec!["x".to_owned()];
                judge(&facts).into_iter().find(|finding| finding.code == code).map(|finding| finding.evidence)
            };
            let fault = of(text).unwrap_or_else(|| panic!("{text}"));
            assert!(fault.to_ascii_lowercase().contains("a0"), "{text}: {fault}");
            assert_eq!(of(&text.replace("\\194\\160", " ")), None, "{text} with a space");
        }
    }
}
