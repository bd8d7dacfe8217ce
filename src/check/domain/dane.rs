//! DANE: the TLSA records of the mail hosts.
//!
//! RFC 6698 section 2.1 (the fields), RFC 7672 (which records count for mail).

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::digest::{SHA256, SHA512, digest};

use super::codes::Code;
use super::der::public_key;
use super::elsewhere;
use super::facts::{DomainFacts, LookupFound, ReplySecurity, Want, lookup};
use super::finding::Finding;
use super::mail;
use super::part::{About, Part};

fn tlsa(host: &str) -> String {
    format!("_25._tcp.{host}")
}

/// The lookup of the TLSA records of a host.
pub(super) fn want(host: &str) -> Want {
    lookup(&tlsa(host), "TLSA")
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    mail::hosts(facts).iter().map(|host| want(host)).collect()
}

/// A TLSA record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Association {
    pub(super) usage: u8,
    selector: u8,
    matching: u8,
    data: Vec<u8>,
    /// As it stands in the answer.
    pub(super) text: String,
}

impl Association {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut fields = text.split_whitespace();
        let mut number = || fields.next()?.parse().ok();
        let (usage, selector, matching) = (number()?, number()?, number()?);
        let digits: String = fields.collect();
        let data = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        Some(Self { usage, selector, matching, data, text: text.to_owned() })
    }

    /// Whether it names this certificate (RFC 6698 section 2.1).
    pub(super) fn names(&self, certificate: &[u8]) -> bool {
        let selected = if self.selector == 1 { public_key(certificate) } else { Some(certificate) };
        let Some(selected) = selected else { return false };
        match self.matching {
            1 => digest(&SHA256, selected).as_ref() == self.data,
            2 => digest(&SHA512, selected).as_ref() == self.data,
            _ => selected == self.data,
        }
    }

    /// Why mail software does not use it; none if it does.
    fn unusable(&self) -> Option<&'static str> {
        let length = self.data.len();
        match self {
            // RFC 7672 section 3.1.3.
            Self { usage: 0 | 1, .. } => Some("usage 0 and 1 (PKIX) do not count for mail"),
            Self { usage: 4.., .. } => Some("the usage is unknown"),
            Self { selector: 2.., .. } => Some("the selector is unknown"),
            Self { matching: 3.., .. } => Some("the matching type is unknown"),
            Self { matching: 1, .. } if length != 32 => Some("a SHA-256 digest has 32 octets"),
            Self { matching: 2, .. } if length != 64 => Some("a SHA-512 digest has 64 octets"),
            _ if length == 0 => Some("it has no data"),
            _ => None,
        }
    }
}

/// The records of a host that senders use: DNSSEC protects them, and they can be used for mail.
pub(super) fn usable(facts: &DomainFacts, host: &str) -> Vec<Association> {
    match facts.lookup(&tlsa(host), "TLSA") {
        LookupFound::Data(reply) if reply.security == ReplySecurity::Secure => {
            let records = reply.data("TLSA").filter_map(Association::read);
            records.filter(|record| record.unusable().is_none()).collect()
        }
        _ => Vec::new(),
    }
}

/// The hosts by the state of their TLSA records.
#[derive(Default)]
struct Hosts {
    secure: Vec<String>,
    unsigned: Vec<String>,
    unusable: Vec<String>,
    without: Vec<String>,
    /// No server gives the records, with the evidence.
    unanswered: Vec<(String, String)>,
    unknown: Vec<(String, String)>,
}

/// Whether the addresses of a host are not secured by DNSSEC.
fn is_insecure(facts: &DomainFacts, host: &str) -> bool {
    let of = |kind| match facts.lookup(host, kind) {
        LookupFound::Data(reply) => Some(reply.security == ReplySecurity::Insecure),
        _ => None,
    };
    let known: Vec<bool> = ["A", "AAAA"].into_iter().filter_map(of).collect();
    !known.is_empty() && known.into_iter().all(|is_insecure| is_insecure)
}

/// The lookups whose failure is examined.
pub(super) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let hosts = mail::hosts(facts).into_iter();
    let examined = hosts.filter(|host| !is_insecure(facts, host) && !facts.addresses(host).is_empty());
    examined.map(|host| (tlsa(&host), "TLSA")).collect()
}

fn hosts(facts: &DomainFacts) -> Hosts {
    let mut hosts = Hosts::default();
    for host in mail::hosts(facts) {
        match facts.lookup(&tlsa(&host), "TLSA") {
            LookupFound::Data(reply) => match reply.security {
                ReplySecurity::Secure => match none_usable(reply.data("TLSA")) {
                    Some(why) => hosts.unusable.push(format!("{} TLSA {why}", tlsa(&host))),
                    None => hosts.secure.push(host),
                },
                ReplySecurity::Insecure => hosts.unsigned.push(host),
                ReplySecurity::Bogus | ReplySecurity::Off | ReplySecurity::Unknown => {}
            },
            // The finding about its addresses has the cause, and nobody connects to it.
            LookupFound::Unknown(_) if mail::is_without_answer(facts, &host) => {}
            // Nobody asks for TLSA records of a host whose address is not secure (RFC 7672 section 2.1.2).
            LookupFound::Unknown(_) if is_insecure(facts, &host) => {}
            LookupFound::Circle(why) | LookupFound::Unknown(why) => {
                match elsewhere::evidence(facts, &tlsa(&host), "TLSA") {
                    Some(evidence) => hosts.unanswered.push((host, evidence)),
                    None => {
                        let text = format!("{} TLSA: {why}", tlsa(&host));
                        hosts.unknown.push((host, text));
                    }
                }
            }
            LookupFound::NoData(_) | LookupFound::NoName(_) => hosts.without.push(host),
            LookupFound::NotAsked => {}
        }
    }
    hosts
}

/// The first record and its fault, if no record can be used.
fn none_usable<'r>(records: impl Iterator<Item = &'r str>) -> Option<String> {
    let faults: Vec<Option<String>> = records
        .map(|data| match Association::read(data) {
            None => Some(format!("{data}: it cannot be read")),
            Some(record) => record.unusable().map(|why| format!("{data}: {why}")),
        })
        .collect();
    let all: Option<Vec<String>> = faults.into_iter().collect();
    all?.into_iter().next()
}

/// The findings. TLSA records count only in signed zones (RFC 7672 section 2.1.1). Missing ones are not reported, unless
/// other hosts of the domain have them.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let Hosts { secure, unsigned, unusable, without, unanswered, unknown } = hosts(facts);
    let domain = facts.subject.domain.as_str();
    let mut findings = Vec::new();
    if !secure.is_empty() && !without.is_empty() {
        let evidence = format!("{} without, {} with TLSA records", without.join(", "), secure.join(", "));
        findings.push(Finding::new(Code::DanePartly, evidence));
    }
    let insecure_mx = matches!(
        facts.lookup(domain, "MX"),
        LookupFound::Data(reply) if reply.security == ReplySecurity::Insecure
    );
    let protected = if insecure_mx { Code::DaneMxUnsigned } else { Code::DaneOk };
    let groups = [
        (protected, secure, ", "),
        (Code::TlsaUnsigned, unsigned, ", "),
        (Code::TlsaUnusable, unusable, "; "),
    ];
    let told = groups.into_iter().filter(|(_, texts, _)| !texts.is_empty());
    findings.extend(told.map(|(code, texts, between)| Finding::new(code, texts.join(between))));
    if !unanswered.is_empty() {
        let (hosts, texts): (Vec<String>, Vec<String>) = unanswered.into_iter().unzip();
        let told = Finding::new(Code::PolicyUnanswered, texts.join("; ")).of(Part::Dane);
        findings.push(told.about(hosts.into_iter().map(About::Host)));
    }
    if !unknown.is_empty() {
        let (hosts, texts): (Vec<String>, Vec<String>) = unknown.into_iter().unzip();
        let told = Finding::new(Code::PolicyUnknown, texts.join("; ")).of(Part::Dane);
        findings.push(told.about(hosts.into_iter().map(About::Host)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    #[test]
    fn tlsa_records_are_judged() {
        let (digest, long) = ("ab".repeat(32), "ab".repeat(64));
        let mail = "lookup a.test. MX secure | 10 mx.a.test.\nlookup _25._tcp.mx.a.test. TLSA";
        let partly = "lookup a.test. MX secure | 10 mx.a.test. | 20 b.a.test.\nlookup _25._tcp.b.a.test. TLSA NXDOMAIN";
        let cases: &[(String, &[Code])] = &[
            (format!("{mail} secure | 3 1 1 {digest}"), &[Code::DaneOk]),
            (format!("{mail} secure | 2 0 2 {long}"), &[Code::DaneOk]),
            (format!("{mail} secure | 3 1 0 abcd"), &[Code::DaneOk]),
            (format!("{mail} insecure | 3 1 1 {digest}"), &[Code::TlsaUnsigned]),
            (format!("{mail} secure | 1 1 1 {digest}"), &[Code::TlsaUnusable]),
            (format!("{mail} secure | 3 1 1 aa"), &[Code::TlsaUnusable]),
            (format!("{mail} secure | 3 1 2 {digest}"), &[Code::TlsaUnusable]),
            (format!("{mail} secure | 3 2 1 {digest}"), &[Code::TlsaUnusable]),
            (format!("{mail} secure | 3 1 1 aa | 3 1 1 {digest}"), &[Code::DaneOk]),
            (format!("{mail} SERVFAIL"), &[Code::PolicyUnknown]),
            (mail.to_owned(), &[]),
            (
                format!("{mail} secure | 3 1 1 {digest}").replacen("MX secure", "MX insecure", 1),
                &[Code::DaneMxUnsigned],
            ),
            (
                format!("{partly}\nlookup _25._tcp.mx.a.test. TLSA secure | 3 1 1 {digest}"),
                &[Code::DanePartly, Code::DaneOk],
            ),
        ];
        for (lines, expected) in cases {
            let found: Vec<Code> =
                check(&facts("a.test.", lines)).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, *expected, "{lines}");
        }
    }
}
