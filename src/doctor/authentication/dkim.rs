//! Checks DKIM: the keys of selectors that the user gives, and of selectors that many hosting providers use.
//!
//! RFC 6376 section 3.6.1, RFC 8301 (key sizes), RFC 8463 (Ed25519). DNS cannot list the selectors of a domain.

use data_encoding::BASE64;

use crate::authentication::tags::{
    Versioned, alias_of, is_space, no_tag, not_found, other_space, texts, trimmed, value,
};
use crate::codes::Code;
use crate::facts::own_mail::SigningKey;
use crate::facts::{DomainFacts, Role, Want, lookup};
use crate::finding::{Finding, Level};
use crate::limits::MAX_SELECTOR;
use crate::part::Part;
use crate::transport::der::element;

/// Selectors of Google, Microsoft, Mailchimp and SendGrid, and those in many guides.
const KNOWN: [&str; 8] = ["default", "dkim", "google", "k1", "mail", "s1", "selector1", "selector2"];

/// The minimum size of an RSA key in bits (RFC 8301 section 3.2).
const LEAST_BITS: usize = 1_024;

/// Returns the name of the TXT record with the key of a selector. Control panels show selectors together with `_domainkey`, so this form is
/// accepted too.
fn name(facts: &DomainFacts, selector: &str) -> String {
    let (domain, lower) = (&facts.subject.domain, selector.trim_end_matches('.').to_ascii_lowercase());
    let lower = lower
        .strip_suffix(domain.trim_end_matches('.'))
        .map_or(lower.as_str(), |rest| rest.trim_end_matches('.'));
    let selector = lower.strip_suffix("._domainkey").unwrap_or(lower);
    format!("{selector}._domainkey.{domain}")
}

pub(crate) fn is_key(name: &str) -> bool {
    name.contains("._domainkey.")
}

pub(crate) fn is_given(facts: &DomainFacts, wanted: &str) -> bool {
    facts.subject.selectors.iter().any(|selector| name(facts, selector) == wanted)
}

/// Returns true if a text from an email can be a DKIM selector (RFC 6376 section 3.1).
pub(crate) fn is_selector(text: &str) -> bool {
    (1..=MAX_SELECTOR).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
}

/// Returns the well-known selectors that are looked up in addition to those of the user. If the domain is checked only because it signed an
/// email, only the selector in the signature matters.
fn tried(facts: &DomainFacts) -> &'static [&'static str] {
    if facts.subject.role == Role::Signer { &[] } else { &KNOWN }
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let given = facts.subject.selectors.iter().map(String::as_str);
    given.chain(tried(facts).iter().copied()).map(|selector| lookup(&name(facts, selector), "TXT")).collect()
}

/// Returns the lookups of the keys whose selectors the user gave. If such a lookup fails, the check finds out why.
pub(crate) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    facts.subject.selectors.iter().map(|selector| (name(facts, selector), "TXT")).collect()
}

/// Returns the findings about DKIM. It is not known whether mail is signed with a well-known selector, so its faults are only notes, and a
/// missing or revoked key is not reported.
pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let given = &facts.subject.selectors;
    let known =
        tried(facts).iter().filter(|known| !given.iter().any(|given| given.eq_ignore_ascii_case(known)));
    let mut findings: Vec<Finding> =
        given.iter().filter_map(|selector| of_selector(facts, &name(facts, selector), true)).collect();
    findings.extend(known.filter_map(|selector| of_selector(facts, &name(facts, selector), false)));
    if findings.is_empty() && !tried(facts).is_empty() {
        let usual = tried(facts).join(", ");
        let text = format!(
            "no usual selector has a key ({usual}); give the selector in a signature with `--selector`"
        );
        findings.push(Finding::new(Code::DkimUnchecked, text));
    }
    findings.extend(facts.subject.own_mail.signing_keys.iter().filter_map(|key| of_signing_key(facts, key)));
    findings
}

/// Returns the finding that the record of a selector has another key than the one that signs, or that this key cannot be read. Other findings
/// report a record that is missing or has faults.
fn of_signing_key(facts: &DomainFacts, key: &SigningKey) -> Option<Finding> {
    let public = match &key.public {
        Ok(public) => public,
        Err(why) => return Some(Finding::new(Code::OwnFileUnread, format!("{}: {why}", key.path))),
    };
    let name = name(facts, &key.selector);
    let Versioned::Texts(texts) = texts(facts, &name, "") else { return None };
    let published: Vec<Vec<u8>> = texts
        .iter()
        .filter_map(|text| value(text, "p"))
        .filter_map(|text| {
            let letters: String = text.chars().filter(|letter| !is_space(*letter)).collect();
            BASE64.decode(letters.as_bytes()).ok()
        })
        .collect();
    // The record has an RSA key as SubjectPublicKeyInfo, which ends with the RSAPublicKey, or the RSAPublicKey alone.
    let differs = !published.is_empty() && !published.iter().any(|record| record.ends_with(public));
    let is_revoked = published.iter().all(Vec::is_empty);
    differs.then(|| {
        let what =
            if is_revoked { "is revoked (p= is empty), and its key is" } else { "has another key than" };
        let text = format!("{name}: the record {what} {}", key.path);
        Finding::new(Code::DkimKeyDiffers, text).on(name, "TXT")
    })
}

fn of_selector(facts: &DomainFacts, name: &str, given: bool) -> Option<Finding> {
    let texts = match texts(facts, name, "") {
        Versioned::Texts(texts) => texts,
        Versioned::Unknown(why) => {
            return given.then(|| not_found(facts, (name, why), Level::Failure).in_part(Part::Dkim));
        }
        Versioned::NotAsked => {
            let why = format!("{name} was not looked up");
            return given.then(|| Finding::new(Code::PolicyUnknown, why).in_part(Part::Dkim));
        }
    };
    // A TXT record at this name that is not a DKIM key is ignored (RFC 6376 section 3.6.1).
    let is_key = |text: &&String| {
        value(text, "v").is_none_or(|version| version == "DKIM1") && value(text, "p").is_some()
    };
    let keys: Vec<&String> = texts.iter().filter(is_key).collect();
    match keys.as_slice() {
        [] => match texts.iter().find(|text| is_meant(text)) {
            Some(text) => {
                let why = "it needs v=DKIM1 and p= in this case of letters, with semicolons between the tags";
                let finding = Finding::new(Code::DkimSyntax, format!("{name}: \"{text}\" is no key: {why}"));
                Some(if given { finding } else { finding.at(Level::Note) })
            }
            None => given.then(|| {
                let words = alias_of(facts, name).unwrap_or_else(|| name.to_owned());
                Finding::new(Code::DkimMissing, format!("{words} has no key"))
            }),
        },
        [key] if given => Some(of_key(name, key)),
        [key] => {
            let finding = of_key(name, key);
            let level = finding.level.max(Level::Note);
            Some(finding.at(level)).filter(|finding| finding.code != Code::DkimRevoked)
        }
        // For a selector that the user did not give, several keys are normal: old keys, or a wildcard record of a hosting provider.
        several => {
            given.then(|| Finding::new(Code::DkimMultiple, format!("{name} has {} keys", several.len())))
        }
    }
}

/// Returns true if the author of the text probably wanted to publish a DKIM key.
fn is_meant(text: &str) -> bool {
    text.to_ascii_lowercase().contains("dkim1")
}

/// Describes why verifiers must not use the DKIM key in `text`.
fn unusable(text: &str) -> Option<&'static str> {
    let first = text.split_once('=').map(|(tag, _)| trimmed(tag));
    let lists = |tag: &str, wanted: &[&str]| {
        value(text, tag).is_none_or(|list| list.split(':').any(|item| wanted.contains(&trimmed(item))))
    };
    if value(text, "v").is_some() && first != Some("v") {
        Some("v=DKIM1 must be the first tag")
    } else if !lists("h", &["sha256"]) {
        Some("h= does not allow sha256, and verifiers accept no other hash (RFC 8301 section 3.1)")
    } else if !lists("s", &["*", "email"]) {
        Some("s= does not allow the key for email")
    } else {
        None
    }
}

fn of_key(name: &str, text: &str) -> Finding {
    let key: String =
        value(text, "p").unwrap_or_default().chars().filter(|letter| !is_space(*letter)).collect();
    if key.is_empty() {
        return Finding::new(Code::DkimRevoked, name);
    }
    let wrong = |why: &str| Finding::new(Code::DkimSyntax, format!("{name}: {why}"));
    if let Some(space) = other_space(text) {
        return wrong(&space);
    }
    if let Some(part) = no_tag(text) {
        return wrong(&format!("\"{part}\" is no tag"));
    }
    if let Some(fault) = unusable(text) {
        return wrong(fault);
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
    let testing = value(text, "t").is_some_and(|flags| flags.split(':').any(|flag| trimmed(flag) == "y"));
    let code = if testing { Code::DkimTesting } else { Code::DkimOk };
    Finding::new(code, format!("{name}: {size}")).on(name, "TXT")
}

/// Returns the size of an RSA key in bits. The key is a SubjectPublicKeyInfo (RFC 5280 section 4.1) or an RSAPublicKey (RFC 8017 appendix
/// A.1.1).
fn modulus_bits(octets: &[u8]) -> Option<usize> {
    let (0x30, body, _) = element(octets)? else { return None };
    match element(body)? {
        (0x02, modulus, _) => bits(modulus),
        (0x30, _, rest) => {
            let (0x03, key, _) = element(rest)? else { return None };
            // The first octet of an ASN.1 bit string is the number of unused bits.
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
    use crate::facts::tests::facts;

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
    fn each_dkim_key_fault_has_code() {
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
            (format!("v=DKIM1; h=sha1; p={good}"), Code::DkimSyntax),
            (format!("v=DKIM1; h=sha1:sha256; s=email; p={good}"), Code::DkimOk),
            (format!("v=DKIM1; s=tlsrpt; p={good}"), Code::DkimSyntax),
            (format!("k=rsa; p={good}; v=DKIM1"), Code::DkimSyntax),
            (format!("v=DKIM1 k=rsa p={good}"), Code::DkimSyntax),
            (format!("v=DKIM1\\\\; k=rsa\\\\; p={good}"), Code::DkimSyntax),
            (format!("v=DKIM1; P={good}"), Code::DkimSyntax),
        ];
        for (text, code) in cases {
            let mut facts = facts("a.test.", &format!("lookup x._domainkey.a.test. TXT | \"{text}\""));
            facts.subject.selectors = vec!["X".to_owned()];
            let found: Vec<Code> = check(&facts).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, [code], "{text}");
        }
        let mut other = facts("a.test.", "lookup x._domainkey.a.test. TXT | \"v=DKIM2; p=AA\"");
        other.subject.selectors = vec!["x".to_owned()];
        assert_eq!(check(&other)[0].code, Code::DkimMissing);
        let unchecked = check(&facts("a.test.", "lookup s1._domainkey.a.test. TXT NXDOMAIN"));
        assert_eq!(unchecked.first().map(|finding| finding.code), Some(Code::DkimUnchecked));
        for selector in ["x", "x._domainkey", "X._domainkey.a.test."] {
            assert_eq!(name(&facts("a.test.", ""), selector), "x._domainkey.a.test.");
        }
        let guessed = |text: &str| {
            let found = check(&facts("a.test.", &format!("lookup s1._domainkey.a.test. TXT | \"{text}\"")));
            found.into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
        };
        assert_eq!(guessed("v=DKIM1; p="), [(Code::DkimUnchecked, Level::Ok)]);
        assert_eq!(guessed("v=DKIM1; p=AAAA"), [(Code::DkimSyntax, Level::Note)]);
        assert_eq!(guessed(&format!("v=DKIM1; p={good}")), [(Code::DkimOk, Level::Ok)]);
    }

    #[test]
    fn dkim_alias_without_key_is_shown() {
        let name = "x._domainkey.a.test.";
        let mut facts = facts("a.test.", &format!("lookup {name} TXT NXDOMAIN | ={name} CNAME x.b.net."));
        facts.subject.selectors = vec!["x".to_owned()];
        let found = &check(&facts)[0];
        let evidence = format!("{name} is an alias (CNAME) of x.b.net., which has no key");
        assert_eq!((found.code, &found.evidence), (Code::DkimMissing, &evidence));
    }

    // The key that signs mail must be that of the record, which may be revoked.
    #[test]
    fn signing_key_must_be_published() {
        let codes = |record: &str| -> Vec<Code> {
            let mut facts = facts("a.test.", &format!("lookup x._domainkey.a.test. TXT{record}"));
            let key =
                SigningKey { selector: "x".to_owned(), path: "/k".to_owned(), public: Ok(vec![1, 2, 3]) };
            facts.subject.own_mail.signing_keys = vec![key];
            check(&facts)
                .into_iter()
                .map(|finding| finding.code)
                .filter(|code| *code != Code::DkimUnchecked)
                .collect()
        };
        assert_eq!(codes(" | \"v=DKIM1; p=AAECAw==\""), [], "it ends with the key");
        assert_eq!(codes(" | \"v=DKIM1; p=AAAA\""), [Code::DkimKeyDiffers]);
        assert_eq!(codes(" | \"v=DKIM1; p=\""), [Code::DkimKeyDiffers], "revoked");
        assert_eq!(codes(""), [], "another finding says that there is none");
    }
}
