//! Bounces about TLS to the mail hosts of the recipient: the words of the host that sent the mail, and the finding that the certificates
//! were not looked at.
//!
//! RFC 7672 (DANE for SMTP), RFC 8461 (MTA-STS), RFC 8460 section 4.3 (result types), RFC 3463 section 3.8 and RFC 8689 section 6 (status
//! codes). RFC 5321 section 4.2 leaves the words to each software; their sources stand beside them.

use super::bounce;
use super::codes::Code;
use super::facts::DomainFacts;
use super::finding::{Finding, Level};
use super::message_addresses::domains;
use super::refusal::RefusalReason;
use super::refusal_reasons::{is_it, reason};
use super::refusal_words::{ends, status};
use super::{dane, mail, mta_sts, zone};
use crate::limits::MAX_ENCODED_MESSAGES;

/// Words, in lower case, that TLS failed.
const PHRASES: [&str; 26] = [
    // Postfix 3.9, src/smtp/smtp_proto.c and smtp_tls_policy.c.
    "server certificate not trusted",
    "server certificate not verified",
    "tls is required, but",
    "cannot start tls",
    "tlsa lookup error",
    "no tlsa records",
    "non dnssec destination",
    // Exim 4.98, src/src/transports/smtp.c and src/src/tls-openssl.c.
    "dane error",
    "dane attempt failed",
    "a tls session is required",
    "(certificate verification failed)",
    // Sendmail 8.18, the patch of qmail for TLS, and Gmail.
    "tls handshake failed",
    "tls connect failed",
    "tls negotiation failed",
    "certificate_verify_failed",
    "certificate verify failed",
    // Result types (RFC 8460 section 4.3), which Microsoft has in its replies.
    "starttls-not-supported",
    "certificate-host-mismatch",
    "certificate-expired",
    "certificate-not-trusted",
    "tlsa-invalid",
    "dnssec-invalid",
    "dane-required",
    "sts-policy-fetch-error",
    "sts-policy-invalid",
    "sts-webpki-invalid",
];

/// Names of what demands TLS, as any software writes them.
const DEMANDS: [&str; 3] = ["DANE", "TLSA", "MTA-STS"];

/// Words, in lower case, for a fault of it.
const FAULTS: [&str; 8] =
    ["fail", "error", "invalid", "mismatch", "not match", "required", "expired", "without"];

/// Words before the copy of the message that was not delivered, in lower case: fields of its part, and lines of Exim, qmail and Exchange.
const BEFORE_COPY: [&str; 7] = [
    "content-type: message/rfc822",
    "content-type: text/rfc822-headers",
    "------ this is a copy of",
    "--- below this line is a copy",
    "--- the header of the original",
    "--- the header follows",
    "original message headers:",
];

/// The recipient, one of these domains, to whose hosts TLS has failed by the words of a bounce.
pub(super) fn recipient(message: &str, domains: &[&str]) -> Option<String> {
    let report = without_copy(message);
    let words = report.split_whitespace().collect::<Vec<_>>().join(" ");
    let lower = words.to_ascii_lowercase();
    let place = PHRASES.iter().filter_map(|phrase| lower.find(phrase)).min();
    let place = place.or_else(|| demand(report, &words)).or_else(|| by_status(&words))?;
    let before = lower.get(..place)?;
    let nearest = |domain: &&&str| before.rfind(&format!("@{}", domain.trim_end_matches('.')));
    domains.iter().rev().max_by_key(nearest).map(|domain| (*domain).to_owned())
}

/// The report without the copy of the message that was not delivered.
fn without_copy(message: &str) -> &str {
    let lower = message.to_ascii_lowercase();
    let places = BEFORE_COPY.iter().flat_map(|words| lower.match_indices(words).take(MAX_ENCODED_MESSAGES));
    let mut places: Vec<usize> = places.map(|(place, _)| place).collect();
    places.sort_unstable();
    // A bounce may be forwarded as a whole.
    let is_behind_report = |text: &&str| {
        let is_told = |text: &str| text.to_ascii_lowercase().contains("final-recipient:");
        is_told(text) || bounce::recipients(text, true).into_iter().any(|found| !domains(found).is_empty())
    };
    let parts = places.into_iter().take(MAX_ENCODED_MESSAGES).filter_map(|place| message.get(..place));
    parts.filter(is_behind_report).find_map(Some).unwrap_or(message)
}

/// The place, among the words of a report, of the name of what demands TLS, if its paragraph tells a fault.
fn demand(report: &str, words: &str) -> Option<usize> {
    let is_demand = |word: &str| DEMANDS.iter().any(|name| word.trim_matches([':', '.', '=']) == *name);
    let is_it = |paragraph: &str| {
        let lower = paragraph.to_ascii_lowercase();
        paragraph.split(ends).any(is_demand) && FAULTS.iter().any(|fault| lower.contains(fault))
    };
    let paragraph = report.replace("\r\n", "\n");
    let paragraph = paragraph.split("\n\n").find(|paragraph| is_it(paragraph))?;
    let joined = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    words.find(&joined).map(|begin| begin + joined.len())
}

/// The place of a status code that says the same, unless the reply has another reason.
fn by_status(words: &str) -> Option<usize> {
    let is_it = |word: &&str| {
        let status = status(word.trim_matches([':', '.', '#']));
        // Of cryptography; of REQUIRETLS; of DANE and of MTA-STS at Exchange Online.
        matches!(status, Some((7, 5 | 30 | 321..=325) | (4, 8)))
    };
    let found = words.split(ends).find(is_it)?;
    let place = words.find(found)?;
    let behind = words.get(place..)?;
    reason(behind).is_none().then_some(place)
}

/// The finding that only a connection shows the fault, unless the records have it.
pub(super) fn check(facts: &DomainFacts, findings: &[Finding]) -> Option<Finding> {
    let reason = facts.subject.refusal.reason.filter(|reason| *reason == RefusalReason::Tls)?;
    let domain = facts.subject.domain.as_str();
    let is_found = |found: &Finding| found.level == Level::Failure && is_it(Some(reason), found.code);
    let is_without_host = mail::hosts(facts).is_empty() && facts.lookup(domain, "MX").is_known();
    if zone::is_missing(facts) || is_without_host || findings.iter().any(is_found) {
        return None;
    }
    let hosts = mail::hosts(facts).into_iter().filter(|host| !dane::usable(facts, host).is_empty());
    let hosts: Vec<String> = hosts.collect();
    let tlsa = (!hosts.is_empty()).then(|| format!("the TLSA records of {}", hosts.join(", ")));
    let policy = mta_sts::record(facts).map(|record| format!("the MTA-STS record \"{record}\""));
    let demands: Vec<String> = tlsa.into_iter().chain(policy).collect();
    let demands = match demands.as_slice() {
        [] => "neither a TLSA record that senders use nor a valid MTA-STS record was found".to_owned(),
        demands => format!("TLS is demanded by {}", demands.join(" and ")),
    };
    let command = format!("resolverctl check {} --connect", domain.trim_end_matches('.'));
    Some(Finding::new(Code::CertificateUnseen, format!("{demands}; run `{command}`")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;
    use crate::judge;

    const POSTFIX: &str = "From: MAILER-DAEMON@a.example\n\n<y@b.example>: ";

    fn of(text: &str) -> Option<String> {
        recipient(text, &["a.example.", "b.example.", "c.example."])
    }

    #[test]
    fn words_about_tls_lead_to_the_recipient() {
        for words in [
            "Server certificate not\n    trusted",
            "Server certificate not verified",
            "TLSA lookup error for mx.b.example:25",
            "no TLSA records found",
            "non DNSSEC destination",
            "TLS is required, but was not offered by host mx.b.example[192.0.2.1]",
            "host mx.b.example [192.0.2.1]\n    DANE attempt failed; TLS connection to mx.b.example [192.0.2.1]: (SSL_connect): error",
            "DANE error: tlsa lookup DEFER",
            "host mx said: DANE validation failed",
            "Remote Server returned '550 5.7.323 tlsa-invalid: The domain failed DANE validation.'",
            "Remote Server returned '450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records'",
            "Remote Server returned '550 5.4.8 MX hosts of 'b.example' failed MTA-STS validation'",
            "host mx said: 550 5.7.5 MTA-STS policy validation failed",
            "host mx said: 450 4.7.5 Remote certificate is wrong",
            "host mx said: 550 5.7.30 REQUIRETLS needed",
            "dane-required",
            "Deferred: 403 4.7.0 TLS handshake failed.",
            "TLS session: (certificate verification failed): certificate invalid",
        ] {
            assert_eq!(of(&format!("{POSTFIX}{words}\n")).as_deref(), Some("b.example."), "{words}");
            let log = format!("postfix/smtp[7]: 4A1: to=<y@c.example>, dsn=4.7.5, status=deferred ({words})");
            assert_eq!(of(&log).as_deref(), Some("c.example."), "{words}");
        }
        assert_eq!(of("Status: 4.7.5\n").as_deref(), Some("a.example."), "no recipient stands before it");
    }

    #[test]
    fn other_bounces_and_the_copy_of_the_message_are_not_about_tls() {
        for words in [
            "host mx said: 550 5.1.1 User unknown",
            "host mx said: 554 5.7.5 Permanent error evaluating DMARC policy for a.example",
            "host mx said: 550 Dane Smith does not work here; delivery failed",
            "host mx said: 530 5.7.0 Must issue a STARTTLS command first",
            "host mx said: 550 5.1.1 no\npostfix/smtp[7]: certificate verification failed for mx[192.0.2.1]:25: untrusted issuer /CN=x",
            "host mx said: 550 no\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nour DANE validation failed, TLSA lookup error",
            "host mx said: 550 no\n\n------ This is a copy of the message ------\n\nour MTA-STS policy is invalid",
        ] {
            assert_eq!(of(&format!("{POSTFIX}{words}\n")), None, "{words}");
        }
        let forwarded = format!(
            "From: al@a.example\n\nSee below\n--b\nContent-Type: message/rfc822\n\n{POSTFIX}TLSA lookup error for mx:25\n"
        );
        assert_eq!(of(&forwarded).as_deref(), Some("b.example."));
    }

    #[test]
    fn the_command_that_looks_at_certificates_is_told_unless_the_records_have_the_fault() {
        let base = "lookup a.test. MX secure | 10 mx.a.test.\nlookup mx.a.test. A secure | 198.18.0.9";
        let tlsa = format!("lookup _25._tcp.mx.a.test. TLSA secure | 3 1 1 {}", "ab".repeat(32));
        let of = |lines: &str, reason| {
            let mut facts = facts("a.test.", &format!("{base}\n{lines}"));
            facts.subject.refusal.reason = reason;
            let found = judge(&facts).into_iter().find(|found| found.code == Code::CertificateUnseen);
            found.map(|found| found.evidence)
        };
        let tls = Some(RefusalReason::Tls);
        let command = "; run `resolverctl check a.test --connect`";
        let told = of(&tlsa, tls).unwrap();
        assert_eq!(told, format!("TLS is demanded by the TLSA records of mx.a.test.{command}"));
        let policy = "lookup _mta-sts.a.test. TXT | \"v=STSv1; id=1\"";
        let told = of(policy, tls).unwrap();
        assert_eq!(told, format!("TLS is demanded by the MTA-STS record \"v=STSv1; id=1\"{command}"));
        assert!(of("", tls).unwrap().starts_with("neither a TLSA record that senders use nor "));
        assert_eq!(of(&tlsa, None), None);
        assert_eq!(of("lookup a.test. SOA SERVFAIL bogus\nlookup . SOA secure | a. h. 1 2 3 4 5", tls), None);
        assert_eq!(of("", Some(RefusalReason::Loop)), None);
    }
}
