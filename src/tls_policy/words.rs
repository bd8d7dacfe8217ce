//! Says in words from what a verdict follows, a line for each fact. The sentences are made here only.

use crate::answers::{MxFound, Secured, Unanswered, plain};
use crate::hosts::HostDane;
use crate::sts::StsFound;
use crate::verdict::{HopFacts, MailHost, TlsLevel, Verdict};
use dns::clock::date;
use dns::wire::presentation::harmless;

impl Verdict {
    /// Returns a sentence about the policy.
    pub fn meaning(&self) -> &'static str {
        match (self.level, &self.facts) {
            (TlsLevel::DaneOnly, _) => "only mail hosts whose certificates fit their TLSA records get mail",
            (TlsLevel::Dane, _) => {
                "mail hosts with TLSA records get mail as these demand, the others also without encryption"
            }
            (TlsLevel::Encrypt, _) => {
                "mail is encrypted, and certificates are not verified: no TLSA record is usable"
            }
            (TlsLevel::Secure, _) => {
                "only mail hosts with a valid certificate for a host of the MTA-STS policy get mail"
            }
            (TlsLevel::NoPolicy, Some(_)) => "no policy: the mail server uses its own setting",
            (TlsLevel::NoPolicy, None) => "no policy: an address, a parent domain, or no next hop",
            (TlsLevel::Temporary, _) => "could not tell: mail waits, and is not sent without protection",
        }
    }

    /// Returns the facts from which the policy follows, a line for each.
    pub fn reasons(&self) -> Vec<String> {
        let Some(HopFacts { mx, hosts, sts }) = &self.facts else { return Vec::new() };
        let lines = std::iter::once(of_mx(mx)).chain(hosts.iter().map(of_host)).chain(of_sts(sts));
        lines.map(|line| harmless(&line)).collect()
    }
}

fn why(Unanswered { is_bogus, why }: &Unanswered) -> String {
    format!("{}: {why}", if *is_bogus { "bogus" } else { "no answer" })
}

fn of_mx(mx: &MxFound) -> String {
    match mx {
        MxFound::Hosts(_, Secured::Yes) => "MX: secure (DNSSEC)".to_owned(),
        MxFound::Hosts(_, Secured::No) => "MX: not secured by DNSSEC, so DANE protects nothing".to_owned(),
        MxFound::NullMx => "MX: the domain takes no mail (null MX)".to_owned(),
        MxFound::NoName => "MX: the domain does not exist".to_owned(),
        MxFound::Unknown(unanswered) => format!("MX: {}", why(unanswered)),
    }
}

fn of_host(MailHost { name, dane }: &MailHost) -> String {
    let said = match dane {
        HostDane::Usable(1) => "a usable TLSA record".to_owned(),
        HostDane::Usable(count) => format!("{count} usable TLSA records"),
        HostDane::Unusable(fault) => format!("no usable TLSA record: {fault}"),
        HostDane::Absent => "no TLSA record that DNSSEC secures".to_owned(),
        HostDane::InsecureAddress => "its addresses are not secured by DNSSEC".to_owned(),
        HostDane::NoAddress => "it has no address".to_owned(),
        HostDane::Unreachable(unanswered) => format!("addresses: {}", why(unanswered)),
        HostDane::Unknown(unanswered) => format!("TLSA: {}", why(unanswered)),
    };
    format!("{}: {said}", plain(name))
}

fn of_sts(sts: &StsFound) -> Option<String> {
    let said = match sts {
        StsFound::NotNeeded => return None,
        StsFound::None => "the domain has no policy".to_owned(),
        StsFound::InForce(in_force) => {
            let hosts: Vec<&str> =
                in_force.policy.hosts.iter().map(|host| host.trim_end_matches('.')).collect();
            let until = date(in_force.expires);
            format!("mode {}, until {until}, for {}", in_force.policy.mode.word(), hosts.join(", "))
        }
        StsFound::NotFetched(fault) => format!("the policy cannot be fetched, and none is known: {fault}"),
        StsFound::Unknown(unanswered) => format!("its TXT record: {}; no policy is known", why(unanswered)),
    };
    Some(format!("MTA-STS: {said}"))
}
