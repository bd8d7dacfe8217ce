//! Verdicts on a sender in the words of any receiver: a check by its name, a word that says it has failed, and one name of the sender, in
//! any order. RFC 8601 sections 2.7.1 to 2.7.3 have the words of results, and the properties with the names.

use std::collections::BTreeSet;

use super::dkim;
use super::refusal::{NamedReason, RefusalReason};
use super::refusal_words::{domain, ends, is_host_name};
use crate::limits::MAX_HELO;

/// Words, in lower case, that say that a record or a name is missing or wrong.
const FAULTS: [&str; 17] = [
    "permerror",
    "permanent error",
    "temperror",
    "temporary error",
    "invalid",
    "malformed",
    "syntax error",
    "missing",
    "not resolvable",
    "unresolvable",
    "not resolve",
    "not exist",
    "not found",
    "no key",
    "no mx record",
    "no a record",
    "no dns record",
];

/// Words, in lower case, that say that a mail did not pass a check.
const FAILURES: [&str; 9] = [
    "fail",
    "bad signature",
    "not pass",
    "not verify",
    "rejected",
    "unauthorized",
    "not authorized",
    "not designate",
    "not permitted",
];

/// Words, in lower case, that say that a PTR record is missing or wrong.
const POINTER_FAULTS: [&str; 6] = ["not match", "mismatch", "without", "no rdns", "no reverse", "not have"];

/// Words, in lower case, for the PTR record.
const POINTER: [&str; 2] = ["reverse dns", "reverse hostname"];

/// Words, in lower case, for the domain of the envelope sender and its check.
const SENDER: [&str; 3] = ["sender verify", "sender verification", "sender domain"];

/// The properties whose value has the domain of a sender.
const DOMAINS: [&str; 6] = ["d", "header.d", "header.i", "header.from", "smtp.mailfrom", "envelope-from"];

/// The words right before an address that is that of a sender.
const BEFORE_SENDER: [&str; 6] = ["for", "from", "of", "sender", "domain", "envelope-from"];

/// Words, in lower case, for the MX record of a domain that takes no mail (RFC 7505).
const NULL_MX: [&str; 2] = ["null mx", "nullmx"];

/// The reason of a reply without codes that gives a verdict on one sender; none without a verdict, or without exactly one name.
pub(super) fn verdict(reply: &str) -> Option<NamedReason> {
    let words: Vec<&str> =
        reply.split(ends).filter(|word| !word.is_empty() && !word.contains("://")).collect();
    let lower = words.join(" ").to_ascii_lowercase();
    let has = |wanted: &[&str]| wanted.iter().any(|words| lower.contains(words));
    // The programs that check are called after it: OpenDKIM and OpenDMARC.
    let is_of = |check: &str| {
        let mut words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.any(|word| word.strip_prefix("open").unwrap_or(word) == check)
    };
    let [spf, dkim, dmarc] = ["spf", "dkim", "dmarc"].map(is_of);
    let (has_fault, has_failed) = (has(&FAULTS), has(&FAILURES));
    let is_pointer = is_of("ptr") || is_of("rdns") || has(&POINTER);
    if is_pointer && !(spf || dkim || dmarc) && (has_fault || has_failed || has(&POINTER_FAULTS)) {
        return Some(NamedReason { reason: RefusalReason::Pointer, name: None, selector: None });
    }
    // That of a recipient is no fault of the sender.
    if has(&NULL_MX) && is_of("sender") && !is_of("recipient") {
        let name = in_brackets(reply).or_else(|| one_name(&words));
        return Some(NamedReason { reason: RefusalReason::Sender, name, selector: None });
    }
    let reason = match () {
        () if dkim || dmarc => RefusalReason::Authentication,
        () if spf && has_fault => RefusalReason::Authentication,
        () if spf => RefusalReason::Spf,
        () if has(&SENDER) && has_fault => RefusalReason::Sender,
        () if (is_of("helo") || is_of("ehlo")) && has_fault => RefusalReason::Helo,
        () => return None,
    };
    if !has_fault && !has_failed {
        return None;
    }
    if dkim && let Some((selector, name)) = key(reply) {
        return Some(NamedReason { reason, name: Some(name), selector: Some(selector) });
    }
    let logged = words.iter().position(|word| *word == "from=").filter(|_| reason != RefusalReason::Helo);
    let name = match logged {
        // A line of a log has the envelope sender behind the reply.
        Some(place) => domain(words.get(place + 1).filter(|word| word.contains('@'))?)?,
        None if reason == RefusalReason::Spf => match of_page(reply).or_else(|| one_name(&words)) {
            Some(name) => name,
            None => return Some(NamedReason { reason, name: None, selector: None }),
        },
        None => one_name(&words)?,
    };
    let name = if reason == RefusalReason::Helo { name.trim_end_matches('.').to_owned() } else { name };
    (name.len() <= MAX_HELO).then_some(NamedReason { reason, name: Some(name), selector: None })
}

/// The domain of the address that a reply begins with, as Postfix names the sender.
fn in_brackets(reply: &str) -> Option<String> {
    domain(reply.split_once('<')?.1.split_once('>')?.0)
}

/// The only domain in the words of a reply; none if there are several. An address counts if the word before says that it is a sender's.
fn one_name(words: &[&str]) -> Option<String> {
    let mut names = BTreeSet::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
        let before_sender = before.trim_end_matches('=');
        let is_of_sender = || BEFORE_SENDER.iter().any(|known| before_sender.eq_ignore_ascii_case(known));
        let word = word.trim_matches(['.', ':', '!', '=']);
        match word.split_once('=') {
            // The host that refuses, as Exim names it.
            _ if before.eq_ignore_ascii_case("host") => {}
            Some((property, value)) if DOMAINS.contains(&property) => names.extend(domain(value)),
            None if is_host_name(word) || word.contains('@') && is_of_sender() => names.extend(domain(word)),
            _ => {}
        }
    }
    (names.len() == 1).then(|| names.pop_first()).flatten()
}

/// The domain of the envelope sender in the parameters of the page that policy servers for SPF name (`?s=mfrom;id=al@a.example;ip=...`).
fn of_page(reply: &str) -> Option<String> {
    let (_, behind) = reply.split_once("?s=mfrom")?;
    let sender = behind.trim_start_matches([';', '&']).strip_prefix("id=")?;
    domain(&sender.split(|letter| ends(letter) || letter == '&').next()?.replace("%40", "@"))
}

/// Selector and domain of the DKIM key that a reply names: as a name, as tags of a signature (RFC 6376 section 3.5), as properties of a
/// result (RFC 8601 section 2.7.1), or behind the words `selector` and `domain`.
pub(super) fn key(reply: &str) -> Option<(String, String)> {
    let words: Vec<&str> = reply.split(ends).map(|word| word.trim_end_matches(['.', ':'])).collect();
    let tag = |wanted: &str| words.iter().find_map(|word| word.strip_prefix(wanted));
    let behind = |wanted: &str| {
        let place = words.iter().position(|word| word.eq_ignore_ascii_case(wanted))?;
        words.get(place + 1).copied()
    };
    let as_name = || words.iter().find_map(|word| word.split_once("._domainkey."));
    let as_tags = || Some((tag("s=").or_else(|| tag("header.s="))?, tag("d=").or_else(|| tag("header.d="))?));
    let in_words = || Some((behind("selector")?, behind("domain")?));
    let (selector, of) = as_name().or_else(as_tags).or_else(in_words)?;
    dkim::is_selector(selector).then_some((selector.to_owned(), domain(of)?))
}

#[cfg(test)]
mod tests {
    use super::super::refusal_reasons::reason;
    use super::*;

    #[test]
    fn a_verdict_is_read_in_any_words_if_it_has_one_name() {
        use RefusalReason::{Authentication, Helo, Sender, Spf};
        for (reply, expected, name, selector) in [
            (
                "554 5.7.5 Permanent error evaluating DMARC policy for a.example",
                Authentication,
                "a.example.",
                None,
            ),
            ("550 5.7.1 HELO string pc.wrong.example is not resolvable", Helo, "pc.wrong.example", None),
            (
                "550 dkim=permerror (no key for signature) header.s=s1 header.d=a.example",
                Authentication,
                "a.example.",
                Some("s1"),
            ),
            ("550 Sender verify failed: domain a.example has no MX record", Sender, "a.example.", None),
            (
                "550 DKIM-Signature for domain a.example selector s1 invalid",
                Authentication,
                "a.example.",
                Some("s1"),
            ),
            (
                "550 5.7.20 DKIM signature missing or invalid for d=a.example s=s1",
                Authentication,
                "a.example.",
                Some("s1"),
            ),
            ("550 5.7.515 SPF record of A.example invalid", Authentication, "a.example.", None),
            // Further members of the family.
            (
                ": reject: RCPT from mx.c.example[192.0.2.7]: 550 5.7.23 SPF check failed; from=<al@a.example> to=<y@b.example>",
                Spf,
                "a.example.",
                None,
            ),
            ("host mx.b.example: 550 SPF record of a.example missing", Authentication, "a.example.", None),
            ("550 5.7.1 Email rejected per DMARC policy for a.example.", Authentication, "a.example.", None),
            ("550 5.7.0 SPF check failed for al@a.example", Spf, "a.example.", None),
            ("451 temporary error in the SPF record: a.example", Authentication, "a.example.", None),
            ("550 dmarc=fail (p=reject) header.from=a.example", Authentication, "a.example.", None),
            ("450 EHLO pc.wrong.example: name not found", Helo, "pc.wrong.example", None),
            ("550 Sender domain a.example does not resolve", Sender, "a.example.", None),
        ] {
            let named = NamedReason {
                reason: expected,
                name: Some(name.to_owned()),
                selector: selector.map(str::to_owned),
            };
            assert_eq!(reason(reply), Some(named), "{reply}");
        }
    }

    #[test]
    fn a_fault_of_the_ptr_record_or_of_spf_needs_no_name() {
        for (reply, expected) in [
            ("550 5.7.25 Reverse DNS validation failed", RefusalReason::Pointer),
            ("550 Messages without a PTR record are not accepted", RefusalReason::Pointer),
            ("554 no rDNS for 192.0.2.7", RefusalReason::Pointer),
            ("550 The reverse DNS of 192.0.2.7 does not match its name", RefusalReason::Pointer),
            ("550 SPF unauthorized mail is prohibited", RefusalReason::Spf),
        ] {
            assert_eq!(
                reason(reply),
                Some(NamedReason { reason: expected, name: None, selector: None }),
                "{reply}"
            );
        }
        assert_eq!(reason("550 5.7.1 see our reverse DNS policy"), None);
    }

    #[test]
    fn words_without_a_verdict_or_with_several_names_are_none() {
        for reply in [
            "550 5.7.1 mx.b.example: SPF record of a.example invalid",
            "550 <y@b.example>: DKIM signature missing",
            "550 SPF and DKIM of a.example are required",
            "550 5.1.1 <y@b.example>: invalid mailbox; see https://b.example/spf",
            "554 Message contains an invalid header, a.example",
            "550 invalid sender <al@a.example>",
            "550 DMARC of a.example and b.example failed",
            "550 SPF Sender Invalid - envelope rejected - https://b.example/docs#550 [a1b2.uk22]",
            ": reject: RCPT from mx.c.example[192.0.2.7]: 550 5.7.23 SPF check failed; from=<> to=<y@b.example>",
        ] {
            assert_eq!(verdict(&super::super::refusal_words::without_codes(reply)), None, "{reply}");
        }
    }
}
