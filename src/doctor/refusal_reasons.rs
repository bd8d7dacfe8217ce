//! The reason that a receiver gives for a refusal, if it is a fact about the sender in the DNS: its HELO name, its domain, the names of
//! its address, or its SPF record.
//!
//! RFC 5321 section 4.2 leaves the words of replies to each server, so they stand in a table here, each with its source.

use super::codes::Code;
use super::refusal::{NamedReason, RefusalReason};
use super::refusal_verdicts::{key, verdict};
use super::refusal_words::{domain, ends, is_host_name, status, without_codes};
use crate::limits::MAX_HELO;

/// The place of the refused name in a reply.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In angle brackets before the words.
    Before,
    /// The next word behind them.
    Behind,
    /// The first host name with a dot behind them, if there is one.
    NameBehind,
    /// The same; without a host name right behind them, the words give no reason.
    NameNext,
    /// Behind the word `domain` behind them, if there is one.
    DomainBehind,
    /// The first host name with a dot anywhere in the reply, if there is one.
    NameWithin,
    /// The DKIM key that the reply names, as a name or as the tags `s=` and `d=` of a signature.
    Key,
    /// The reply has no name.
    Nowhere,
}

/// Words of a reply, in lower case, with the reason that they give.
type Phrase = (&'static str, RefusalReason, Place);

/// The words. Longer ones stand before shorter ones that they contain.
const PHRASES: [Phrase; 57] = [
    // Postfix 3.9, src/smtpd/smtpd_check.c.
    ("helo command rejected: host not found", RefusalReason::Helo, Place::Before),
    ("helo command rejected: need fully-qualified hostname", RefusalReason::Helo, Place::Before),
    ("helo command rejected: invalid name", RefusalReason::Helo, Place::Before),
    ("helo command rejected: malformed dns server reply", RefusalReason::Helo, Place::Before),
    // Its tables of access have words of the operator behind it.
    ("helo command rejected", RefusalReason::Helo, Place::Before),
    ("sender address rejected: domain not found", RefusalReason::Sender, Place::Before),
    ("sender address rejected: malformed dns server reply", RefusalReason::Sender, Place::Before),
    ("sender address rejected: need fully-qualified address", RefusalReason::Sender, Place::Before),
    ("sender address rejected: unable to look up", RefusalReason::Sender, Place::Before),
    ("sender address rejected: domain ", RefusalReason::Sender, Place::Before),
    ("client host rejected: cannot find your reverse hostname", RefusalReason::Pointer, Place::Nowhere),
    ("client host rejected: cannot find your hostname", RefusalReason::Pointer, Place::Nowhere),
    // Its warnings, src/smtpd/smtpd_peer.c.
    ("does not resolve to address ", RefusalReason::Pointer, Place::Nowhere),
    ("address not listed for hostname ", RefusalReason::Pointer, Place::Nowhere),
    // Sendmail 8.18, cf/m4/proto.m4, also for its features require_rdns and block_bad_helo.
    ("domain of sender address does not resolve", RefusalReason::Sender, Place::Before),
    ("domain of sender address ", RefusalReason::Sender, Place::Behind),
    ("ip name lookup failed", RefusalReason::Pointer, Place::Nowhere),
    ("fix reverse dns for ", RefusalReason::Pointer, Place::Nowhere),
    ("possibly forged hostname for ", RefusalReason::Pointer, Place::Nowhere),
    ("client ip address ", RefusalReason::Pointer, Place::Nowhere),
    ("bogus helo name used: ", RefusalReason::Helo, Place::Behind),
    // Exim 4.98, src/src/smtp_in.c and src/src/acl.c.
    ("verification failed for <", RefusalReason::Sender, Place::Behind),
    ("sender verify failed", RefusalReason::Sender, Place::Nowhere),
    ("syntactically invalid ehlo argument", RefusalReason::Helo, Place::Nowhere),
    ("syntactically invalid helo argument", RefusalReason::Helo, Place::Nowhere),
    // Microsoft: Email non-delivery reports in Exchange Online, and Support for anonymous inbound email over IPv6.
    ("must have reverse dns record", RefusalReason::Pointer, Place::Nowhere),
    ("because of sender policy framework violation", RefusalReason::Spf, Place::DomainBehind),
    ("access denied, sending domain ", RefusalReason::Authentication, Place::Behind),
    // Google Workspace Admin Help: Gmail SMTP errors and codes; and replies of Gmail of 2019 to 2023.
    ("does not have a ptr record", RefusalReason::Pointer, Place::Nowhere),
    ("sending guidelines regarding ptr records", RefusalReason::Pointer, Place::Nowhere),
    ("unauthenticated email from ", RefusalReason::Authentication, Place::Behind),
    ("spf check for [", RefusalReason::Spf, Place::Behind),
    ("spf [", RefusalReason::Spf, Place::Behind),
    // The policy servers of Postfix for SPF: postfix-policyd-spf-perl and spf-engine.
    ("spf fail - not authorized", RefusalReason::Spf, Place::Nowhere),
    // Postmaster pages of Comcast and of GMX and WEB.DE, and the usual rules of cPanel for Exim.
    ("must have a ptr record", RefusalReason::Pointer, Place::Nowhere),
    ("bad dns ptr resource record", RefusalReason::Pointer, Place::Nowhere),
    ("missing dns ptr record", RefusalReason::Pointer, Place::Nowhere),
    ("invalid helo name", RefusalReason::Helo, Place::NameBehind),
    // Words of rules that many operators write themselves.
    ("reverse dns lookup of ", RefusalReason::Pointer, Place::Nowhere),
    ("forward dns does not match reverse", RefusalReason::Pointer, Place::Nowhere),
    // The same in Spanish, German and French.
    ("no tiene registro ptr", RefusalReason::Pointer, Place::Nowhere),
    ("hat keinen ptr-eintrag", RefusalReason::Pointer, Place::Nowhere),
    ("a pas d'enregistrement ptr", RefusalReason::Pointer, Place::Nowhere),
    ("helo-name ", RefusalReason::Helo, Place::NameNext),
    ("no ptr record", RefusalReason::Pointer, Place::Nowhere),
    ("sender domain has no mx", RefusalReason::Sender, Place::Before),
    ("> rejected: domain not found", RefusalReason::Sender, Place::Before),
    ("spf permerror", RefusalReason::Authentication, Place::NameWithin),
    ("spf temperror", RefusalReason::Authentication, Place::NameWithin),
    ("[spf] permerror", RefusalReason::Authentication, Place::NameWithin),
    ("[spf] temperror", RefusalReason::Authentication, Place::NameWithin),
    ("dmarc check failed: ", RefusalReason::Authentication, Place::NameBehind),
    ("no key for signature", RefusalReason::Authentication, Place::Key),
    ("invalid helo/ehlo", RefusalReason::Helo, Place::NameBehind),
    ("spf fail", RefusalReason::Spf, Place::Nowhere),
    ("helo name ", RefusalReason::Helo, Place::NameNext),
    ("helo ", RefusalReason::Helo, Place::NameNext),
];

/// The details of enhanced status codes of the subject 7 that mean one fact of the DNS (RFC 7372 section 3, RFC 7505 section 4.2); 509 and
/// 515 are of Exchange Online and Outlook.com.
const DETAILS: [(u16, RefusalReason); 10] = [
    (20, RefusalReason::Authentication),
    (21, RefusalReason::Authentication),
    (22, RefusalReason::Authentication),
    (23, RefusalReason::Spf),
    (24, RefusalReason::Authentication),
    (25, RefusalReason::Pointer),
    (26, RefusalReason::Authentication),
    (27, RefusalReason::Sender),
    (509, RefusalReason::Authentication),
    (515, RefusalReason::Authentication),
];

/// The reason in a reply: that of its words, or else that of its enhanced status code.
pub(super) fn reason(reply: &str) -> Option<NamedReason> {
    of_words(&without_codes(reply)).or_else(|| of_status(reply))
}

fn of_status(reply: &str) -> Option<NamedReason> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
    let (_, detail) = reply.split(|letter| !is_part(letter)).find_map(status).filter(|(of, _)| *of == 7)?;
    let (_, reason) = DETAILS.iter().find(|(known, _)| *known == detail)?;
    Some(NamedReason { reason: *reason, name: None, selector: None })
}

/// The reason in a reply without codes: that of the first phrase of the table that it has; or else that of a verdict on the sender. A
/// verdict also has the name that a phrase leaves out.
fn of_words(reply: &str) -> Option<NamedReason> {
    match (of_phrase(reply), verdict(reply)) {
        (Some(found), Some(of_verdict)) if found.name.is_none() && found.reason != RefusalReason::Pointer => {
            Some(NamedReason { name: of_verdict.name, selector: of_verdict.selector, ..found })
        }
        (found, of_verdict) => found.or(of_verdict),
    }
}

/// The reason and the name by the first phrase of the table that a reply without codes has.
fn of_phrase(reply: &str) -> Option<NamedReason> {
    let lower = reply.to_ascii_lowercase();
    let found = PHRASES.iter().find_map(|(words, reason, place)| {
        let begin = lower.find(words)?;
        let (before, behind) = (reply.get(..begin)?, reply.get(begin + words.len()..)?);
        // The same words are said of a recipient.
        let is_of = |whom: &str| lower.get(..begin).is_some_and(|before| before.contains(whom));
        if *reason == RefusalReason::Sender && is_of("recipient") && !is_of("sender") {
            return None;
        }
        let next = || behind.trim_start_matches(['<', '[']).split(ends).next();
        let word = match place {
            Place::Before => before.rsplit_once('<').and_then(|(_, name)| name.split('>').next()),
            Place::Behind => next(),
            Place::NameBehind => behind.split(ends).find(|word| is_host_name(word)),
            Place::NameNext => Some(next().filter(|word| is_host_name(word))?),
            Place::DomainBehind => {
                let words = behind.split(ends).filter(|word| !word.is_empty());
                let mut from_there = words.skip_while(|word| !word.eq_ignore_ascii_case("domain"));
                from_there.nth(1).filter(|word| is_host_name(word))
            }
            Place::NameWithin => reply.split(ends).find(|word| is_host_name(word)),
            Place::Key | Place::Nowhere => None,
        };
        Some((reason, place, word))
    });
    let (reason, place, word) = found?;
    if let Place::Key = place {
        let (selector, name) = key(reply).unzip();
        return Some(NamedReason { reason: *reason, name, selector });
    }
    let word = word.filter(|word| (1..=MAX_HELO).contains(&word.len()));
    let name = match reason {
        RefusalReason::Helo => word.map(str::to_owned),
        _ => word.and_then(domain),
    };
    Some(NamedReason { reason: *reason, name, selector: None })
}

/// Whether the refusal makes a failure of a finding that is milder otherwise: here is a receiver that does not take the mail.
pub(super) const fn is_raised(reason: Option<RefusalReason>, code: Code) -> bool {
    let may_be_raised = matches!(
        code,
        Code::HeloUnknown
            | Code::HeloUnanswered
            | Code::NullMx
            | Code::SpfMissing
            | Code::DkimRevoked
            | Code::MxIsHere
    );
    may_be_raised && is_it(reason, code)
}

/// Whether a finding is the fault that a receiver gives as its reason.
pub(super) const fn is_it(reason: Option<RefusalReason>, code: Code) -> bool {
    let Some(reason) = reason else { return false };
    match reason {
        RefusalReason::Helo => {
            matches!(code, Code::HeloSyntax | Code::HeloUnanswered | Code::HeloUnknown | Code::HeloDiffers)
        }
        RefusalReason::Sender => matches!(
            code,
            Code::DomainMissing
                | Code::DnssecBogus
                | Code::NsCircular
                | Code::NsNoneAnswers
                | Code::MailNowhere
                | Code::MxUnanswered
                | Code::MxIsAddress
                | Code::MxWithoutAddress
                | Code::NullMx
        ),
        RefusalReason::Loop => matches!(code, Code::MxIsHere),
        RefusalReason::Tls => is_of_tls(code),
        RefusalReason::Pointer => matches!(code, Code::PtrMissing | Code::PtrUnanswered | Code::PtrDiffers),
        RefusalReason::Spf => is_of_spf(code),
        RefusalReason::Authentication => {
            is_of_spf(code)
                || matches!(
                    code,
                    Code::DmarcMultiple
                        | Code::DmarcSyntax
                        | Code::DkimMissing
                        | Code::DkimRevoked
                        | Code::DkimSyntax
                        | Code::DkimMultiple
                )
        }
    }
}

const fn is_of_tls(code: Code) -> bool {
    matches!(
        code,
        Code::CertificateUnseen
            | Code::DnssecBogus
            | Code::SignatureExpired
            | Code::NsBogus
            | Code::NsWithoutKeys
            | Code::MxHostBogus
            | Code::PolicyUnanswered
            | Code::TlsaUnusable
            | Code::TlsaUnsigned
            | Code::MtaStsSyntax
            | Code::MtaStsUnreachable
    )
}

const fn is_of_spf(code: Code) -> bool {
    matches!(
        code,
        Code::SpfFromFails
            | Code::SpfMultiple
            | Code::SpfSyntax
            | Code::SpfLookups
            | Code::SpfVoidLookups
            | Code::SpfIncludeMissing
            | Code::SpfUnanswered
            | Code::SpfMissing
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;
    use crate::in_order;

    #[test]
    fn no_phrase_hides_a_later_one() {
        for (place, (words, ..)) in PHRASES.iter().enumerate() {
            assert_eq!(*words, words.to_lowercase());
            let hidden = PHRASES.iter().skip(place + 1).find(|(later, ..)| later.contains(words));
            assert!(hidden.is_none(), "{words} is found before {hidden:?}");
        }
    }

    /// Replies of each software, with the reason and its name.
    const REPLIES: &[(&str, RefusalReason, Option<&str>)] = &[
        (
            "450 4.7.1 <mx.wrong.example>: Helo command rejected: Host not found (in reply to RCPT TO command)",
            RefusalReason::Helo,
            Some("mx.wrong.example"),
        ),
        (
            "504 5.5.2 <pc>: Helo command rejected: need fully-qualified hostname",
            RefusalReason::Helo,
            Some("pc"),
        ),
        (
            "554 5.7.1 <mx.wrong.example>: Helo command rejected: You are not me",
            RefusalReason::Helo,
            Some("mx.wrong.example"),
        ),
        ("501 Syntactically invalid EHLO argument(s)", RefusalReason::Helo, None),
        ("550 5.7.1 bogus HELO name used: pc.example", RefusalReason::Helo, Some("pc.example")),
        (
            "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1): mx.wrong.example",
            RefusalReason::Helo,
            Some("mx.wrong.example"),
        ),
        ("550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", RefusalReason::Helo, None),
        ("550 HELO mx.wrong.example does not resolve", RefusalReason::Helo, Some("mx.wrong.example")),
        ("550 HELO name <mx.wrong.example> is unknown", RefusalReason::Helo, Some("mx.wrong.example")),
        (
            "450 4.1.8 <al@A.example>: Sender address rejected: Domain not found",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        (
            "556 5.1.8 <al@a.example>: Sender address rejected: Domain a.example does not accept mail (nullMX)",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        (
            "553 5.1.8 <al@a.example>... Domain of sender address al@a.example does not exist",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        (
            "451 4.1.8 Domain of sender address al@a.example does not resolve",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        (
            "550 5.1.8 Sender address <al@a.example> rejected: Domain not found",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        (
            "550-Verification failed for <al@a.example> 550-Unrouteable address 550 Sender verify failed",
            RefusalReason::Sender,
            Some("a.example."),
        ),
        ("550 Sender verify failed", RefusalReason::Sender, None),
        (
            "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.5]",
            RefusalReason::Pointer,
            None,
        ),
        (
            "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.5]",
            RefusalReason::Pointer,
            None,
        ),
        ("550 5.7.1 Fix reverse DNS for 192.0.2.5", RefusalReason::Pointer, None),
        ("550 forward DNS does not match reverse for [192.0.2.5]", RefusalReason::Pointer, None),
        ("550 La IP 192.0.2.5 no tiene registro PTR", RefusalReason::Pointer, None),
        ("550 192.0.2.5 hat keinen PTR-Eintrag", RefusalReason::Pointer, None),
        ("550 192.0.2.5 n'a pas d'enregistrement PTR", RefusalReason::Pointer, None),
        ("550 HELO-Name mx.wrong.example ist ungültig", RefusalReason::Helo, Some("mx.wrong.example")),
        ("451 4.1.8 Client IP address [192.0.2.5] does not resolve", RefusalReason::Pointer, None),
        (
            "450 4.7.25 Service unavailable, sending IPv6 address [2001:db8::5] must have reverse DNS record.",
            RefusalReason::Pointer,
            None,
        ),
        (
            "550-5.7.25 [192.0.2.5] The IP address sending this message does not have a 550-5.7.25 PTR record setup",
            RefusalReason::Pointer,
            None,
        ),
        (
            "550-5.7.26  SPF [a.example] with ip: [192.0.2.5] = did not pass 550-5.7.26",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        (
            "550-5.7.26 DKIM checks did not pass and SPF check for [a.example] 550-5.7.26 did not pass with ip: [192.0.2.5].",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        (
            "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
            RefusalReason::Spf,
            None,
        ),
        (
            "550 5.7.23 The message was rejected because of Sender Policy Framework violation -> 550 5.7.1 SPF unauthorized \
             mail is prohibited. Domain A.example (in reply to end of DATA command)",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        (
            "550 SPF fail: domain of al@a.example does not designate 192.0.2.5 as permitted sender",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        (
            "550 5.7.23 <y@b.example>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see \
             http://www.openspf.net/Why?s=mfrom;id=al@a.example;ip=192.0.2.5;r=mx2",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        (
            "550 Message rejected due to: SPF fail - not authorized. See http://x/Why?s=mfrom&id=al%40a.example&ip=192.0.2.5",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        ("550 5.7.27 Sender address has null MX (in reply to MAIL FROM)", RefusalReason::Sender, None),
        ("550 5.7.27 <al@a.example>: Sender address has null MX", RefusalReason::Sender, Some("a.example.")),
        ("550 Sender a.example has a nullMX record", RefusalReason::Sender, Some("a.example.")),
        (
            "]: warning: hostname mx.a.example does not resolve to address 192.0.2.5: Name or service not known",
            RefusalReason::Pointer,
            None,
        ),
        ("opendmarc[7]: 4A1: a.example fail", RefusalReason::Authentication, Some("a.example.")),
        (
            "policyd-spf[7]: prepend Received-SPF: Softfail (mailfrom) identity=mailfrom; client-ip=192.0.2.5; helo=mx.c.example; \
             envelope-from=al@a.example; receiver=b.example",
            RefusalReason::Spf,
            Some("a.example."),
        ),
        // The code alone says it.
        ("550 5.7.27 no", RefusalReason::Sender, None),
        ("550 5.7.515 no", RefusalReason::Authentication, None),
        (
            "550; 5.7.515 Access denied, sending domain [A.EXAMPLE] does not meet the required authentication level.",
            RefusalReason::Authentication,
            Some("a.example."),
        ),
        ("550-5.7.25 no", RefusalReason::Pointer, None),
        ("450 4.7.23 no (#4.7.23)", RefusalReason::Spf, None),
        ("550 5.7.21 no", RefusalReason::Authentication, None),
        ("550 5.7.1 Domain A.example: SPF permerror", RefusalReason::Authentication, Some("a.example.")),
        (
            "550 5.7.24 [SPF] permerror for a.example: multiple SPF records",
            RefusalReason::Authentication,
            Some("a.example."),
        ),
        ("451 4.4.3 SPF temperror looking up a.example", RefusalReason::Authentication, Some("a.example.")),
        ("550 DMARC check failed: a.example p=reject", RefusalReason::Authentication, Some("a.example.")),
        ("550 5.1.8 Invalid HELO/EHLO: pc.wrong.example", RefusalReason::Helo, Some("pc.wrong.example")),
        (
            "550 5.7.23 Message rejected due to: SPF fail - not authorized. Please see http://x",
            RefusalReason::Spf,
            None,
        ),
    ];

    #[test]
    fn the_reason_and_its_name_are_read_in_the_words_of_each_software() {
        for (reply, reason_of, name) in REPLIES {
            let expected = NamedReason { reason: *reason_of, name: name.map(str::to_owned), selector: None };
            assert_eq!(reason(reply), Some(expected), "{reply}");
        }
        for other in [
            "550 5.1.1 <y@b.example>: Recipient address rejected: User unknown",
            "550 Unrouteable address",
            "554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using bl.example",
            "553 5.7.1 <al@a.example>: Sender address rejected: not owned by user x",
            "550 HELO should be a fully qualified name, see RFC 2821",
            "503 5.5.1 send HELO 4.1.1.1 first",
            "550 5.1.10 Recipient address has null MX, sender notified",
            "550 5.1.25 no",
            "550 Recipient address <y@b.example> rejected: Domain not found",
            "550 Recipient verification failed for <y@b.example>",
            "550 5.7.1 no",
        ] {
            assert_eq!(reason(other), None, "{other}");
        }
        let wide = format!("450 4.7.1 <{}>: Helo command rejected: Host not found", "a".repeat(MAX_HELO + 1));
        assert_eq!(reason(&wide).and_then(|reason| reason.name), None);
        assert_eq!(
            reason("451 4.1.8 Domain of sender address a@b\u{1b}[2J.example does not").unwrap().name,
            None
        );
    }

    #[test]
    fn the_key_that_a_receiver_did_not_find_is_read() {
        for reply in [
            "550 5.7.20 DKIM: no key for signature s=s1 d=a.example",
            "DKIM signature of d=A.example s=s1 did not verify (no key for signature)",
            "550 5.7.1 DKIM verification failed: no key for signature s1._domainkey.a.example",
            "opendkim[7]: 4A1: key retrieval failed (s=s1, d=a.example): no key",
            "opendkim[7]: 4A1: s=s1 d=a.example a=rsa-sha256 SSL error: bad signature",
        ] {
            let expected = NamedReason {
                reason: RefusalReason::Authentication,
                name: Some("a.example.".to_owned()),
                selector: Some("s1".to_owned()),
            };
            assert_eq!(reason(reply), Some(expected), "{reply}");
        }
        let without = reason("550 no key for signature s=s\u{1b}[2J d=a.example").unwrap();
        assert_eq!((without.name, without.selector), (None, None));
        assert!(is_it(Some(RefusalReason::Authentication), Code::DkimMissing));
    }

    #[test]
    fn the_fault_that_the_receiver_gives_comes_first_of_its_level() {
        let first = |reason| {
            let mut found = [Code::DomainMissing, Code::PtrMissing, Code::HeloSyntax, Code::SpfFromFails]
                .map(|code| Finding::new(code, ""));
            in_order(&mut found, reason);
            found[0].code
        };
        assert_eq!(first(None), Code::DomainMissing);
        assert_eq!(first(Some(RefusalReason::Pointer)), Code::PtrMissing);
        assert_eq!(first(Some(RefusalReason::Helo)), Code::HeloSyntax);
        assert_eq!(first(Some(RefusalReason::Spf)), Code::SpfFromFails);
    }
}
