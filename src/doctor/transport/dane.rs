//! Checks DANE: the TLSA records of the mail hosts (RFC 6698 section 2.1, RFC 7672).

use std::collections::BTreeMap;

use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::TLSA;
use hickory_proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use ring::digest::{SHA256, SHA512, digest};

use crate::codes::Code;
use crate::dnssec::TLSA_OF_MAIL;
use crate::facts::{
    DomainFacts, LookupFound, QueryForm, Record, ReplySecurity, Want, above, at_server, is_within, lookup,
};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_ASKED_TLSA, MAX_UNPROVEN_ASKED};
use crate::part::{About, Part};
use crate::transport::der::public_key;
use crate::{elsewhere, mail, served, zone};

fn tlsa(host: &str) -> String {
    format!("{TLSA_OF_MAIL}{host}")
}

pub(crate) fn want(host: &str) -> Want {
    lookup(&tlsa(host), "TLSA")
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    mail::hosts(facts).iter().map(|host| want(host)).collect()
}

/// Returns questions about TLSA records to name servers: each of them must send the signatures or the proof of non-existence. The servers of the
/// domain's zone are asked if this host has validated the result. Servers are also asked if the lookup is bogus, or if the cache had a secure denial,
/// because other hosts may not have its proof in their caches (RFC 8020).
pub(crate) fn at_servers(facts: &DomainFacts) -> Vec<Want> {
    let serving = served::serving(facts);
    let mut each = zone::one_of_each(&zone::servers(facts));
    each.retain(|server| serving.contains(server));
    let ask = |name: String| -> Vec<Want> {
        let found = facts.lookup(&name, "TLSA");
        let secure = found.reply().filter(|reply| reply.security == ReplySecurity::Secure);
        let is_own = is_within(&name, zone::apex(facts)) && secure.is_some();
        let own =
            each.iter().filter(|_| is_own).map(|server| at_server(*server, &name, "TLSA", QueryForm::Udp));
        let is_kept = found.is_absent() && secure.is_some_and(|reply| reply.from_cache);
        let behind = if is_kept || facts.is_bogus(&name, "TLSA") {
            elsewhere::behind_cache(facts, (&name, "TLSA"))
        } else {
            Vec::new()
        };
        behind.into_iter().chain(own).collect()
    };
    let names = mail::hosts(facts).into_iter().map(|host| tlsa(&host)).take(MAX_ASKED_TLSA);
    names.flat_map(ask).take(MAX_UNPROVEN_ASKED).collect()
}

/// Returns the name directly above a name such as `_25._tcp.mx.example`, if DNSSEC proves that the upper name does not exist. This proves that the
/// name below it has no TLSA records either (RFC 8020).
fn proof<'n>(facts: &DomainFacts, name: &'n str) -> Option<&'n str> {
    let above = above(name);
    let found = facts.lookup(above, "SOA");
    matches!(found, LookupFound::NoName(reply) if reply.security == ReplySecurity::Secure).then_some(above)
}

fn data(record: &Record) -> Option<&TLSA> {
    match &record.data {
        RData::TLSA(data) => Some(data),
        _ => None,
    }
}

/// Returns true if a TLSA record matches this certificate (RFC 6698 section 2.1).
fn names(tlsa: &TLSA, certificate: &[u8]) -> bool {
    let selected = if tlsa.selector == Selector::Spki { public_key(certificate) } else { Some(certificate) };
    let Some(selected) = selected else { return false };
    match tlsa.matching {
        Matching::Sha256 => digest(&SHA256, selected).as_ref() == tlsa.cert_data,
        Matching::Sha512 => digest(&SHA512, selected).as_ref() == tlsa.cert_data,
        _ => selected == tlsa.cert_data,
    }
}

/// Returns true if a TLSA record with this usage matches the certificates (RFC 7672 section 3.1): with usage 3 the host's own, with usage 2
/// that of an authority in the chain.
pub(crate) fn is_named(associations: &[&TLSA], chain: &[Vec<u8>], usage: CertUsage) -> bool {
    let is_named = |certificate: &Vec<u8>| {
        associations.iter().any(|one| one.cert_usage == usage && names(one, certificate))
    };
    if usage == CertUsage::DaneEe {
        chain.first().is_some_and(is_named)
    } else {
        chain.iter().skip(1).any(is_named)
    }
}

/// Returns true if a TLSA record of any usage matches the certificates.
pub(crate) fn is_named_by_any(associations: &[&TLSA], chain: &[Vec<u8>]) -> bool {
    [CertUsage::DaneEe, CertUsage::DaneTa].into_iter().any(|usage| is_named(associations, chain, usage))
}

/// Describes why mail software does not use a TLSA record.
pub fn unusable(tlsa: &TLSA) -> Option<&'static str> {
    match (tlsa.cert_usage.into(), tlsa.selector.into(), tlsa.matching.into(), tlsa.cert_data.len()) {
        // Mail software does not use the usages 0 and 1 (RFC 7672 section 3.1.3).
        (0_u8..=1, ..) => Some("usage 0 and 1 (PKIX) do not count for mail"),
        (4.., ..) => Some("the usage is unknown"),
        (_, 2_u8.., ..) => Some("the selector is unknown"),
        (_, _, 3_u8.., _) => Some("the matching type is unknown"),
        (_, _, 1, length) if length != 32 => Some("a SHA-256 digest has 32 octets"),
        (_, _, 2, length) if length != 64 => Some("a SHA-512 digest has 64 octets"),
        (.., 0) => Some("it has no data"),
        _ => None,
    }
}

/// Returns the TLSA records that senders use: validated, and of a usable form.
pub(crate) fn usable<'f>(facts: &'f DomainFacts, host: &str) -> Vec<&'f TLSA> {
    match facts.lookup(&tlsa(host), "TLSA") {
        LookupFound::Data(reply) if reply.security == ReplySecurity::Secure => {
            reply.answers.iter().filter_map(data).filter(|tlsa| unusable(tlsa).is_none()).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns true if the host has addresses, but DNSSEC secures none of them.
fn is_insecure(facts: &DomainFacts, host: &str) -> bool {
    let of = |kind| match facts.lookup(host, kind) {
        LookupFound::Data(reply) => Some(reply.security == ReplySecurity::Insecure),
        _ => None,
    };
    let known: Vec<bool> = ["A", "AAAA"].into_iter().filter_map(of).collect();
    !known.is_empty() && known.into_iter().all(|is_insecure| is_insecure)
}

/// Returns the lookups of TLSA records. If they fail, the check finds out why.
pub(crate) fn needed(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let hosts = mail::hosts(facts).into_iter();
    let examined = hosts.filter(|host| !is_insecure(facts, host) && !facts.addresses(host).is_empty());
    examined.map(|host| (tlsa(&host), "TLSA")).collect()
}

/// Returns the result for the TLSA records of a host. Returns `None` if there are none, or if another finding reports the cause.
fn judge(facts: &DomainFacts, host: &str) -> Option<(Code, Level, String)> {
    let name = tlsa(host);
    let usual = |code: Code, text: String| Some((code, code.entry().level, text));
    let unanswered = || {
        let evidence = elsewhere::evidence(facts, &name, "TLSA")?;
        let Some(above) = proof(facts, &name) else { return usual(Code::PolicyUnanswered, evidence) };
        // This is only a warning: resolvers with the proof for `above` can still answer that there are no TLSA records.
        let end =
            format!("a proof that {above} does not exist lets some resolvers answer that there are none");
        Some((Code::PolicyUnanswered, Level::Warning, format!("{evidence}; {end}")))
    };
    match facts.lookup(&name, "TLSA") {
        LookupFound::Data(reply) => match reply.security {
            ReplySecurity::Secure => match none_usable(reply.records("TLSA")) {
                Some(why) => usual(Code::TlsaUnusable, format!("{name} TLSA {why}")),
                None => usual(Code::DaneOk, host.to_owned()),
            },
            ReplySecurity::Insecure => usual(Code::TlsaUnsigned, host.to_owned()),
            ReplySecurity::Bogus | ReplySecurity::Off | ReplySecurity::Unknown => None,
        },
        // Another finding reports a host with unknown addresses. For a host with insecure addresses, senders do not ask for TLSA records
        // (RFC 7672 section 2.1.2). So both get no finding here.
        LookupFound::Unknown(_)
            if mail::is_without_answer(facts, host)
                || facts.is_bogus_host(host)
                || is_insecure(facts, host) =>
        {
            None
        }
        LookupFound::Unknown(why) => {
            unanswered().or_else(|| usual(Code::PolicyUnknown, format!("{name} TLSA: {why}")))
        }
        LookupFound::NoData(_) | LookupFound::NoName(_) => unanswered(),
        LookupFound::NotAsked => None,
    }
}

/// If no TLSA record is usable, describes the first one and its fault.
fn none_usable<'r>(records: impl Iterator<Item = &'r Record>) -> Option<String> {
    let faults: Vec<Option<String>> = records
        .map(|record| {
            let why = data(record).map_or(Some("it cannot be read"), unusable)?;
            Some(format!("{}: {why}", record.text()))
        })
        .collect();
    let all: Option<Vec<String>> = faults.into_iter().collect();
    all?.into_iter().next()
}

/// Returns the findings about TLSA records, which are used only in signed zones (RFC 7672 section 2.1.1). A host without them is reported
/// only if other mail hosts have them.
pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let mut groups = BTreeMap::<(Code, Level), Vec<(String, String)>>::new();
    for host in mail::hosts(facts) {
        if let Some((code, level, text)) = judge(facts, &host) {
            groups.entry((code, level)).or_default().push((host, text));
        }
    }
    let finding = |((code, level), hosts): ((Code, Level), Vec<(String, String)>)| {
        let (hosts, texts): (Vec<String>, Vec<String>) = hosts.into_iter().unzip();
        let finding = Finding::new(code, texts.join("; ")).at(level);
        if ![Code::PolicyUnanswered, Code::PolicyUnknown].contains(&code) {
            return finding;
        }
        let finding =
            hosts.iter().fold(finding.in_part(Part::Dane), |finding, host| finding.on(tlsa(host), "TLSA"));
        finding.about(hosts.into_iter().map(About::Host))
    };
    groups.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};

    /// The two servers fail for the TLSA records of the mail host.
    const FAILS: &str = "lookup a.test. SOA secure | ns1.a.test. h. 7 2 3 4 5
        lookup a.test. MX secure | 10 mx.a.test.
        lookup mx.a.test. A secure | 198.18.0.1
        lookup mx.a.test. AAAA secure
        lookup mx.a.test. SOA secure | >a.test. SOA ns1.a.test. h. 7 2 3 4 5
        lookup a.test. NS | ns1.a.test. | ns2.a.test.
        server 198.18.1.1 _25._tcp.mx.a.test. NS udp aa NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5
        server 198.18.1.1 _25._tcp.mx.a.test. TLSA udp SERVFAIL
        server 198.18.1.1 _25._tcp.mx.a.test. TLSA tcp SERVFAIL
        server 198.18.2.1 _25._tcp.mx.a.test. TLSA udp SERVFAIL
        server 198.18.2.1 _25._tcp.mx.a.test. TLSA tcp SERVFAIL";

    fn failing(lines: &str) -> Vec<(Code, Level, String)> {
        let lines = format!("{TWO_SERVERS}\n{FAILS}\n{lines}");
        let found = check(&facts("a.test.", &lines)).into_iter();
        found.map(|finding| (finding.code, finding.level, finding.evidence)).collect()
    }

    #[test]
    fn cached_proof_keeps_failure_finding() {
        let above = "lookup _tcp.mx.a.test. SOA secure NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
        let first = failing(&format!("{above}\nlookup _25._tcp.mx.a.test. TLSA SERVFAIL"));
        let second = failing(&format!("{above}\nlookup _25._tcp.mx.a.test. TLSA secure NXDOMAIN cached"));
        assert_eq!(
            (first.len(), &first[0].0, &first[0].1),
            (1, &Code::PolicyUnanswered, &Level::Warning),
            "{first:#?}"
        );
        let end = "answers SERVFAIL; a proof that _tcp.mx.a.test. does not exist lets some resolvers answer that there are none";
        assert!(first[0].2.ends_with(end), "{first:#?}");
        assert_eq!(first, second);
        let exists = "lookup _tcp.mx.a.test. SOA secure | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
        let found = failing(&format!("{exists}\nlookup _25._tcp.mx.a.test. TLSA SERVFAIL"));
        assert_eq!((found.len(), found[0].1), (1, Level::Failure), "without a proof: {found:#?}");
    }

    // The other servers are queried if the first one fails.
    #[test]
    fn cached_proof_costs_single_query() {
        let denied = "lookup _tcp.mx.a.test. SOA secure NXDOMAIN | >a.test. SOA ns1.a.test. h. 7 2 3 4 5";
        let until = FAILS.find("server 198.18.1.1 _25._tcp.mx.a.test. TLSA").unwrap();
        let asked = |state: &str, more: &str| {
            let tlsa = format!("lookup _25._tcp.mx.a.test. TLSA {state}");
            let lines = format!("{TWO_SERVERS}\n{}\n{denied}\n{tlsa}\n{more}", &FAILS[..until]);
            let wants = at_servers(&facts("a.test.", &lines));
            wants.iter().filter(|want| matches!(want, Want::Server { kind: "TLSA", .. })).count()
        };
        assert_eq!(asked("secure NXDOMAIN cached", ""), 1 + 2, "each must send the proof");
        assert_eq!(asked("secure NXDOMAIN", ""), 2, "the servers have just given it");
        assert_eq!(asked("insecure NXDOMAIN cached", ""), 0);
        let first = "server 198.18.1.1 _25._tcp.mx.a.test. TLSA udp";
        assert_eq!(asked("secure NXDOMAIN cached", &format!("{first} aa NXDOMAIN")), 1 + 2);
        assert_eq!(asked("secure NXDOMAIN cached", &format!("{first} SERVFAIL")), 4 + 2);
    }

    #[test]
    fn tlsa_records_are_judged() {
        let (digest, long) = ("ab".repeat(32), "ab".repeat(64));
        let mail = "lookup a.test. MX secure | 10 mx.a.test.\nlookup _25._tcp.mx.a.test. TLSA";
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
        ];
        for (lines, expected) in cases {
            let found: Vec<Code> =
                check(&facts("a.test.", lines)).into_iter().map(|finding| finding.code).collect();
            assert_eq!(found, *expected, "{lines}");
        }
    }
}
