//! Connects to the mail hosts at port 25 and checks the greeting, the EHLO name, STARTTLS, and the certificate against the TLSA records.
//!
//! RFC 5321 section 3.1, RFC 3207, RFC 7672 section 3.1, RFC 8461 section 4.1. Connections are made only if the operator asks for them, and
//! come last, because many mail servers let unknown clients wait for seconds.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::rr::rdata::tlsa::CertUsage;

use crate::authentication::tags::{Versioned, texts};
use crate::codes::Code;
use crate::facts::{DomainFacts, Got, MailHostSaid, MailHostTls, NoReply, Want};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_CONNECTION_TRIES, MAX_CONNECTIONS};
use crate::mail;
use crate::part::About;
use crate::transport::dane::{is_named, usable};
use crate::transport::der::not_after;
use crate::transport::mta_sts;
use dns::clock::minute;

const DAY: u64 = 24 * 60 * 60;

/// A certificate expires "soon" if fewer than this many seconds are left. Clients of Let's Encrypt renew certificates 30 days before they
/// expire. So with 21 days left, the renewal has failed for days.
const EXPIRES_SOON: u64 = 21 * DAY;

/// Returns the mail hosts and addresses to which the check may connect: first one address of each host.
fn targets(facts: &DomainFacts) -> Vec<(String, IpAddr)> {
    let mut targets: Vec<(usize, String, IpAddr)> = Vec::new();
    for host in mail::hosts(facts) {
        for (place, address) in facts.addresses(&host).into_iter().enumerate() {
            if !targets.iter().any(|(_, _, known)| *known == address) {
                targets.push((place, host.clone(), address));
            }
        }
    }
    targets.sort_by_key(|(place, _, _)| *place);
    targets.into_iter().map(|(_, host, address)| (host, address)).collect()
}

fn want((host, address): (String, IpAddr)) -> Want {
    Want::MailHost { host, address }
}

/// Returns the mail hosts and addresses to which the check connects, and the number of addresses left out. Addresses without a route do not
/// count for `MAX_CONNECTIONS`.
fn chosen(facts: &DomainFacts) -> (Vec<(String, IpAddr)>, usize) {
    let (mut chosen, mut places) = (targets(facts), MAX_CONNECTIONS);
    let is_unrouted = |target: &(String, IpAddr)| {
        facts.got.get(&want(target.clone())) == Some(&Got::NoReply(NoReply::NoRoute))
    };
    let all = chosen.len();
    chosen.truncate(MAX_CONNECTION_TRIES);
    chosen.retain(|target| {
        let taken = !is_unrouted(target);
        let fits = !taken || places > 0;
        places = places.saturating_sub(usize::from(taken));
        fits
    });
    let left = all - chosen.len();
    (chosen, left)
}

/// Returns the results of the connections to a mail host, one for each address.
pub(crate) fn of_host_at_each_address<'f>(
    facts: &'f DomainFacts,
    host: &'f str,
) -> impl Iterator<Item = &'f Got> {
    let is_host = move |target: &(String, IpAddr)| target.0 == host;
    chosen(facts).0.into_iter().filter(is_host).filter_map(|target| facts.got.get(&want(target)))
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    if facts.subject.connect { chosen(facts).0.into_iter().map(want).collect() } else { Vec::new() }
}

pub(crate) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let mut found = BTreeMap::<(Code, Level), Vec<(String, Vec<About>)>>::new();
    let (mut refused, mut unrouted, mut heard) = (Vec::new(), Vec::new(), 0);
    let (chosen, left) = if facts.subject.connect { chosen(facts) } else { Default::default() };
    for target in chosen {
        let by = format!("{} ({})", target.1, target.0);
        let about = vec![About::Address(target.1), About::Host(target.0.clone())];
        let mut tell = |finding: (Code, Level), text: String| {
            found.entry(finding).or_default().push((format!("{by}{text}"), about.clone()));
        };
        match facts.got.get(&want(target.clone())) {
            Some(Got::MailHost(said)) => {
                heard += 1;
                of_host(facts, &target.0, said, &mut tell);
            }
            Some(Got::NoReply(NoReply::Unreachable)) => refused.push((by, about)),
            Some(Got::NoReply(lost @ NoReply::NoRoute)) => {
                unrouted.push((format!("{by}: {}", lost.words()), vec![About::Address(target.1)]));
            }
            // The connection to this address failed. Another address of the mail host may have answered.
            Some(Got::NoReply(lost)) => {
                let text = format!("{by}: {}", lost.words());
                let unknown = found.entry(usual(Code::SmtpUnknown)).or_default();
                unknown.push((text, vec![About::Address(target.1)]));
            }
            _ => {}
        }
    }
    if !refused.is_empty() {
        let unknown = !unrouted.is_empty() || found.keys().any(|(code, _)| *code == Code::SmtpUnknown);
        let level = if heard == 0 && !unknown { Level::Failure } else { Level::Warning };
        found.entry((Code::SmtpRefused, level)).or_default().extend(refused);
    }
    if !unrouted.is_empty() {
        let level = if heard > 0 { Level::Note } else { Code::SmtpUnknown.entry().level };
        found.entry((Code::SmtpUnknown, level)).or_default().extend(unrouted);
    }
    if left > 0 {
        let text = format!(
            "the check connects to {MAX_CONNECTIONS} addresses of mail hosts; {left} more were not connected to"
        );
        found.entry((Code::SmtpUnknown, Level::Note)).or_default().push((text, Vec::new()));
    }
    let mut findings = Vec::new();
    for ((code, level), found) in found {
        let (texts, about): (Vec<String>, Vec<Vec<About>>) = found.into_iter().unzip();
        findings.push(Finding::new(code, texts.join("; ")).at(level).about(about.into_iter().flatten()));
    }
    findings
}

fn usual(code: Code) -> (Code, Level) {
    (code, code.entry().level)
}

fn of_host(
    facts: &DomainFacts,
    host: &str,
    said: &MailHostSaid,
    tell: &mut impl FnMut((Code, Level), String),
) {
    if !said.greeting.starts_with("220") {
        return tell(usual(Code::SmtpRejects), format!(" says {}", said.greeting));
    }
    if !said.hello.starts_with("250") {
        return tell(usual(Code::SmtpRejects), format!(" answers EHLO with {}", said.hello));
    }
    let (chain, fault, expired) = match &said.tls {
        MailHostTls::NotOffered => {
            let (level, demanded) = without_tls(facts, host, Code::StarttlsMissing);
            let text = format!(" says {}, without STARTTLS{demanded}", said.greeting);
            return tell((Code::StarttlsMissing, level), text);
        }
        MailHostTls::Failed(why) => {
            let (level, demanded) = without_tls(facts, host, Code::StarttlsFails);
            return tell((Code::StarttlsFails, level), format!(": {why}{demanded}"));
        }
        MailHostTls::Done { chain, fault } => {
            let expired = tell_expiry(facts, host, chain, tell);
            if let Some(fault) = fault.as_ref().filter(|_| !expired) {
                let (level, demanded) = of_untrusted(facts);
                tell((Code::CertificateInvalid, level), format!(": {fault}{demanded}"));
            }
            (chain, fault, expired)
        }
    };
    let associations = usable(facts, host);
    if associations.is_empty() {
        tell(usual(Code::SmtpOk), format!(" says {}; EHLO: {}", said.greeting, said.hello));
    } else if is_named(&associations, chain, CertUsage::DaneEe) {
        tell(usual(Code::TlsaMatches), " has a certificate that its TLSA records name".to_owned());
    } else if is_named(&associations, chain, CertUsage::DaneTa) {
        // The host's own certificate must also be valid and contain this name (RFC 7672 section 3.1.2). DANE accepts a private authority,
        // which this system does not trust, so a `fault` does not prove that the certificate is wrong.
        let text = " has a certificate of an authority that its TLSA records name";
        match fault {
            _ if expired => tell(usual(Code::TlsaMismatch), format!("{text}, but it has expired")),
            None => tell(usual(Code::TlsaMatches), text.to_owned()),
            Some(fault) => {
                tell(
                    usual(Code::SmtpUnknown),
                    format!("{text}; could not tell whether it is for this host: {fault}"),
                );
            }
        }
    } else {
        let texts: Vec<String> = associations.iter().map(ToString::to_string).collect();
        let text = format!(" has a certificate that none of its TLSA records names: {}", texts.join("; "));
        tell(usual(Code::TlsaMismatch), text);
    }
}

/// Returns the level of the finding that a host has no TLS, and what demands TLS: usable TLSA records (RFC 7672 section 2.2) or an enforced
/// MTA-STS policy (RFC 8461 section 5).
fn without_tls(facts: &DomainFacts, host: &str, code: Code) -> (Level, &'static str) {
    match (usable(facts, host).is_empty(), mta_sts::is_enforced(facts)) {
        (true, false) => (code.entry().level, ""),
        (false, false) => (Level::Failure, "; its TLSA records (DANE) demand TLS"),
        (true, true) => (Level::Failure, "; the policy of MTA-STS demands TLS"),
        (false, true) => (Level::Failure, "; its TLSA records (DANE) and the policy of MTA-STS demand TLS"),
    }
}

/// Returns the level of the finding that this system does not trust a certificate, and the end of its text. Only MTA-STS demands a
/// certificate of a public authority (RFC 8461 sections 4.2 and 5).
fn of_untrusted(facts: &DomainFacts) -> (Level, &'static str) {
    if mta_sts::is_enforced(facts) {
        return (Level::Failure, "; the policy of MTA-STS (mode enforce) demands one that is trusted");
    }
    let record = format!("_mta-sts.{}", facts.subject.domain);
    match texts(facts, &record, "STSv1") {
        Versioned::Texts(found) if !found.is_empty() => (Level::Warning, ""),
        _ => (Level::Note, ""),
    }
}

/// Returns the level of the finding that a certificate has expired. Opportunistic TLS (RFC 7435) and TLSA records of usage 3 (RFC 7672
/// section 3.1.1) ignore the expiration. With an enforced MTA-STS policy (RFC 8461 section 5) or TLSA records of usage 2 (RFC 7672 section
/// 3.1.2), senders do not deliver.
fn of_expired(facts: &DomainFacts, host: &str) -> Level {
    let (associations, enforced) = (usable(facts, host), mta_sts::is_enforced(facts));
    let by_authority =
        !associations.is_empty() && associations.iter().all(|one| one.cert_usage == CertUsage::DaneTa);
    if enforced || by_authority { Level::Failure } else { Level::Warning }
}

/// Reports if the host's own certificate has expired or expires soon. Returns true if it has expired.
fn tell_expiry(
    facts: &DomainFacts,
    host: &str,
    chain: &[Vec<u8>],
    tell: &mut impl FnMut((Code, Level), String),
) -> bool {
    let now = facts.subject.unix;
    let Some(end) = chain.first().and_then(|own| not_after(own)) else { return false };
    let day = minute(end);
    if end <= now {
        tell(
            (Code::CertificateExpired, of_expired(facts, host)),
            format!(" has a certificate that expired at {day}"),
        );
    } else if end - now < EXPIRES_SOON {
        let left = match (end - now) / DAY {
            0 => "in less than a day".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        };
        let text = format!(" has a certificate that expires at {day}, {left}");
        tell(usual(Code::CertificateExpires), text);
    }
    end <= now
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
