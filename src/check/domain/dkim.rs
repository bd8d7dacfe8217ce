//! DKIM: the keys of selectors that the user gives, and of selectors that many hosters use.
//!
//! RFC 6376 section 3.6.1, RFC 8301 (sizes), RFC 8463 (Ed25519). DNS cannot list the selectors of a domain.

use data_encoding::BASE64;

use super::codes::Code;
use super::der::element;
use super::facts::{DomainFacts, Want, lookup};
use super::finding::{Finding, Level};
use super::part::Part;
use super::tags::{Versioned, no_tag, texts, value};

/// Selectors of Google, Microsoft, Mailchimp, SendGrid and of many guides.
const KNOWN: [&str; 8] = ["default", "dkim", "google", "k1", "mail", "s1", "selector1", "selector2"];

/// RFC 8301 section 3.2: verifiers do not accept fewer bits.
const LEAST_BITS: usize = 1_024;

fn name(facts: &DomainFacts, selector: &str) -> String {
    format!("{}._domainkey.{}", selector.trim_end_matches('.').to_ascii_lowercase(), facts.subject.domain)
}

/// Whether a name is one of a key.
pub(super) fn is_key(name: &str) -> bool {
    name.contains("._domainkey.")
}

/// Whether the name is the key of a selector that the user gave.
pub(super) fn is_given(facts: &DomainFacts, wanted: &str) -> bool {
    facts.subject.selectors.iter().any(|selector| name(facts, selector) == wanted)
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let given = facts.subject.selectors.iter().map(String::as_str);
    given.chain(KNOWN).map(|selector| lookup(&name(facts, selector), "TXT")).collect()
}

/// The findings. A well-known selector without a key, or with a revoked key, is not reported. It is not known whether
/// mail is signed with a well-known selector, so its faults are notes.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let given = &facts.subject.selectors;
    let known = KNOWN.iter().filter(|known| !given.iter().any(|given| given.eq_ignore_ascii_case(known)));
    let mut findings: Vec<Finding> =
        given.iter().filter_map(|selector| of_selector(facts, &name(facts, selector), true)).collect();
    findings.extend(known.filter_map(|selector| of_selector(facts, &name(facts, selector), false)));
    findings
}

fn of_selector(facts: &DomainFacts, name: &str, given: bool) -> Option<Finding> {
    let texts = match texts(facts, name, "") {
        Versioned::Texts(texts) => texts,
        Versioned::Circle(circle) => {
            return given.then(|| Finding::new(Code::PolicyAliasCircle, circle));
        }
        Versioned::Unknown(why) => {
            return given.then(|| Finding::new(Code::PolicyUnknown, why).of(Part::Dkim));
        }
        Versioned::NotAsked => {
            let why = format!("{name} was not looked up");
            return given.then(|| Finding::new(Code::PolicyUnknown, why).of(Part::Dkim));
        }
    };
    // Other records may stand there too (RFC 6376 section 3.6.1: other versions are discarded).
    let is_key = |text: &&String| {
        value(text, "v").is_none_or(|version| version == "DKIM1") && value(text, "p").is_some()
    };
    let keys: Vec<&String> = texts.iter().filter(is_key).collect();
    match keys.as_slice() {
        [] => given.then(|| Finding::new(Code::DkimMissing, format!("{name} has no key"))),
        [key] if given => Some(of_key(name, key)),
        [key] => {
            let finding = of_key(name, key);
            let level = finding.level.max(Level::Note);
            Some(finding.at(level)).filter(|finding| finding.code != Code::DkimRevoked)
        }
        // Old keys under one selector: a wildcard of a hoster has them too, so only a given selector is judged.
        several => {
            given.then(|| Finding::new(Code::DkimMultiple, format!("{name} has {} keys", several.len())))
        }
    }
}

fn of_key(name: &str, text: &str) -> Finding {
    let key: String =
        value(text, "p").unwrap_or_default().chars().filter(|letter| !letter.is_whitespace()).collect();
    if key.is_empty() {
        return Finding::new(Code::DkimRevoked, name);
    }
    let wrong = |why: &str| Finding::new(Code::DkimSyntax, format!("{name}: {why}"));
    if let Some(part) = no_tag(text) {
        return wrong(&format!("\"{part}\" is no tag"));
    }
    let Ok(octets) = BASE64.decode(key.as_bytes()) else { return wrong("the key is not base64") };
    let size = match value(text, "k").unwrap_or("rsa") {
        "ed25519" if octets.len() == 32 => "Ed25519".to_owned(),
        "ed25519" => return wrong("an Ed25519 key has 32 octets"),
        "rsa" => match modulus_bits(&octets) {
            None => return wrong("the key is not an RSA public key"),
            Some(bits) if bits < LEAST_BITS => {
                return Finding::new(Code::DkimWeak, format!("{name}: RSA with {bits} bits"));
            }
            Some(bits @ ..2_048) => format!("RSA with {bits} bits; 2048 are recommended"),
            Some(bits) => format!("RSA with {bits} bits"),
        },
        other => return wrong(&format!("the key type {other} is unknown")),
    };
    let testing = value(text, "t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y"));
    let code = if testing { Code::DkimTesting } else { Code::DkimOk };
    Finding::new(code, format!("{name}: {size}"))
}

/// The bits of the modulus of an RSA key: SubjectPublicKeyInfo (RFC 5280 section 4.1), or RSAPublicKey alone (RFC 8017
/// appendix A.1.1).
fn modulus_bits(octets: &[u8]) -> Option<usize> {
    let (0x30, body, _) = element(octets)? else { return None };
    match element(body)? {
        (0x02, modulus, _) => bits(modulus),
        (0x30, _, rest) => {
            let (0x03, key, _) = element(rest)? else { return None };
            // The first octet counts unused bits.
            let (0x30, body, _) = element(key.get(1..)?)? else { return None };
            let (0x02, modulus, _) = element(body)? else { return None };
            bits(modulus)
        }
        _ => None,
    }
}

fn bits(integer: &[u8]) -> Option<usize> {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    let first = integer.get(zeros)?;
    let whole = integer.len().checked_sub(zeros)?.checked_mul(8)?;
    whole.checked_sub(usize::try_from(first.leading_zeros()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    /// An RSA key with a modulus of that many bits, in base64.
    fn rsa(bits: usize) -> String {
        let long = |tag: u8, content: Vec<u8>| {
            let length = u16::try_from(content.len()).unwrap().to_be_bytes();
            [vec![tag, 0x82], length.to_vec(), content].concat()
        };
        let modulus = [vec![0, 0x80], vec![1; bits / 8 - 1]].concat();
        let key = long(0x30, [long(0x02, modulus), vec![0x02, 3, 1, 0, 1]].concat());
        let algorithm = vec![0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
        BASE64.encode(&long(0x30, [algorithm, long(0x03, [vec![0], key].concat())].concat()))
    }

    #[test]
    fn each_fault_of_a_key_has_its_code() {
        let (small, old, good) = (rsa(512), rsa(1_024), rsa(2_048));
        let edwards = BASE64.encode(&[7; 32]);
        let cases = [
            (format!("v=DKIM1; k=rsa; p={good}"), Code::DkimOk),
            (format!("v=DKIM1; p={old}"), Code::DkimOk),
            (format!("v=DKIM1; p={small}"), Code::DkimWeak),
            (format!("v=DKIM1; k=ed25519; p={edwards}"), Code::DkimOk),
            (format!("v=DKIM1; k=ed25519; p={good}"), Code::DkimSyntax),
            (format!("v=DKIM1; t=y:s; p={good}"), Code::DkimTesting),
            ("v=DKIM1; p=".to_owned(), Code::DkimRevoked),
            ("v=DKIM1; p=AAAA".to_owned(), Code::DkimSyntax),
            ("v=DKIM1; p=?".to_owned(), Code::DkimSyntax),
            (format!("v=DKIM1; k=dsa; p={good}"), Code::DkimSyntax),
            ("v=spf1 -all".to_owned(), Code::DkimMissing),
            ("v=DMARC1; p=none".to_owned(), Code::DkimMissing),
            (format!("p={good}"), Code::DkimOk),
        ];
        for (text, code) in cases {
            let mut facts = facts("a.test.", &format!("lookup x._domainkey.a.test. TXT | \"{text}\""));
            facts.subject.selectors = vec!["X".to_owned()];
            let found: Vec<Code> = check(&facts).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, [code], "{text}");
        }
        assert!(check(&facts("a.test.", "lookup s1._domainkey.a.test. TXT NXDOMAIN")).is_empty());
        // A selector that nobody gave.
        let guessed = |text: &str| {
            let found = check(&facts("a.test.", &format!("lookup s1._domainkey.a.test. TXT | \"{text}\"")));
            found.into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
        };
        assert_eq!(guessed("v=DKIM1; p="), []);
        assert_eq!(guessed("v=DKIM1; p=AAAA"), [(Code::DkimSyntax, Level::Note)]);
        assert_eq!(guessed(&format!("v=DKIM1; p={good}")), [(Code::DkimOk, Level::Ok)]);
    }
}
