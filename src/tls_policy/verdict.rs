//! The decision: from what DNS and the policy of MTA-STS say, the policy for the next hop. No I/O.
//!
//! # Decisions
//!
//! - Postfix does DANE itself, host by host, with every level that begins with `dane`. So the policy only says how strict it must be: with
//!   `dane-only`, a host without usable TLSA records gets no mail. The policy says so only if it is known of all hosts that mail can reach.
//! - An MTA-STS policy never replaces DANE at a host (RFC 8461 section 2), and DANE at one host never cancels an MTA-STS policy for the
//!   others: if it is enforced, only the hosts with DANE get mail.
//! - If the MX is not secured by DNSSEC, anybody who forges it could name a host with TLSA records. So DANE does not replace an enforced
//!   policy then. Without one, there is no policy, and Postfix uses DANE as far as `smtp_tls_security_level` says.
//! - TLSA records that are there but not usable demand encryption only. An enforced policy demands more.
//! - A host whose TLSA records cannot be looked up gets no mail from Postfix at the level `dane`. So the other hosts can still get it. If
//!   there is no other, or an enforced policy applies to the others, the answer is a temporary failure with the reason.

use hickory_proto::rr::Name;

use crate::answers::{MxFound, Secured, Unanswered};
use crate::hosts::HostDane;
use crate::sts::{StsFound, StsPolicyInForce};
use dns::words;

words! {
    /// The policy for the next hop. The words are the labels of the metrics and, up to `secure`, the levels of Postfix.
    pub enum TlsLevel {
        /// Only hosts with usable TLSA records get mail.
        DaneOnly = "dane-only",
        /// Hosts with TLSA records get mail as these demand, others also without encryption.
        Dane = "dane",
        /// Mail is encrypted; the certificate is not verified.
        Encrypt = "encrypt",
        /// The certificate must be valid for a host of the MTA-STS policy.
        Secure = "secure",
        /// There is no policy: the setting of Postfix applies.
        NoPolicy = "none",
        /// It could not tell: mail must wait.
        Temporary = "temporary",
    }
}

/// A mail host and what is known of DANE there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHost {
    /// The name.
    pub name: Name,
    /// What is known.
    pub dane: HostDane,
}

/// What was found out about a next hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HopFacts {
    /// The MX records; for a host in brackets, the host, whose name the operator has configured and which is therefore secure.
    pub mx: MxFound,
    /// The mail hosts, if they matter: those of a secure MX.
    pub hosts: Vec<MailHost>,
    /// The MTA-STS policy of the domain, if it matters.
    pub sts: StsFound,
}

/// The policy for a next hop, and from what it follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The policy.
    pub level: TlsLevel,
    /// From what it follows; `None` if the text is no next hop about which anything can be looked up.
    pub facts: Option<HopFacts>,
}

impl Verdict {
    /// Returns the policy for these facts.
    pub fn of(facts: HopFacts) -> Self {
        Self { level: level(&facts), facts: Some(facts) }
    }

    /// Returns the MTA-STS policy if it is what the verdict follows from.
    pub fn sts(&self) -> Option<&StsPolicyInForce> {
        let facts = self.facts.as_ref().filter(|_| self.level == TlsLevel::Secure)?;
        facts.sts.enforced()
    }

    /// Returns why it could not tell.
    pub fn unanswered(&self) -> Option<(Option<&Name>, &Unanswered)> {
        let facts = self.facts.as_ref().filter(|_| self.level == TlsLevel::Temporary)?;
        if let MxFound::Unknown(why) = &facts.mx {
            return Some((None, why));
        }
        facts.hosts.iter().find_map(|host| match &host.dane {
            HostDane::Unknown(why) | HostDane::Unreachable(why) => Some((Some(&host.name), why)),
            _ => None,
        })
    }
}

/// Returns true if the policy follows from DANE alone, whatever the domain publishes for MTA-STS.
pub(crate) fn is_decided(mx: &MxFound, hosts: &[MailHost]) -> bool {
    match mx {
        MxFound::Unknown(_) | MxFound::NoName | MxFound::NullMx => true,
        MxFound::Hosts(_, Secured::No) => false,
        MxFound::Hosts(_, Secured::Yes) => {
            matches!(of_dane(&HostCounts::of(hosts), false), TlsLevel::DaneOnly | TlsLevel::Temporary)
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct HostCounts {
    usable: usize,
    unusable: usize,
    absent: usize,
    unknown: usize,
    unreachable: usize,
}

impl HostCounts {
    fn of(hosts: &[MailHost]) -> Self {
        let mut counts = Self::default();
        for host in hosts {
            let count = match host.dane {
                HostDane::Usable(_) => &mut counts.usable,
                HostDane::Unusable(_) => &mut counts.unusable,
                HostDane::Absent | HostDane::InsecureAddress => &mut counts.absent,
                HostDane::Unknown(_) => &mut counts.unknown,
                HostDane::Unreachable(_) => &mut counts.unreachable,
                HostDane::NoAddress => continue,
            };
            *count += 1;
        }
        counts
    }
}

fn level(facts: &HopFacts) -> TlsLevel {
    let enforced = facts.sts.enforced().is_some();
    match &facts.mx {
        MxFound::Unknown(_) => TlsLevel::Temporary,
        MxFound::NoName | MxFound::NullMx => TlsLevel::NoPolicy,
        MxFound::Hosts(_, Secured::No) if enforced => TlsLevel::Secure,
        MxFound::Hosts(_, Secured::No) => TlsLevel::NoPolicy,
        MxFound::Hosts(_, Secured::Yes) => of_dane(&HostCounts::of(&facts.hosts), enforced),
    }
}

fn of_dane(counts: &HostCounts, enforced: bool) -> TlsLevel {
    let HostCounts { usable, unusable, absent, unknown, unreachable } = *counts;
    match (usable, unusable, absent, unknown) {
        (1.., 0, 0, 0) => TlsLevel::DaneOnly,
        (1.., ..) if enforced => TlsLevel::DaneOnly,
        (1.., ..) => TlsLevel::Dane,
        (0, 0, 0, _) if unknown + unreachable > 0 => TlsLevel::Temporary,
        (0, _, _, 1..) if enforced => TlsLevel::Temporary,
        (0, ..) if enforced => TlsLevel::Secure,
        // A host that mail reaches in a moment may have TLSA records: Postfix looks then.
        _ if unknown + unreachable > 0 => TlsLevel::Dane,
        (0, 1.., 0, _) => TlsLevel::Encrypt,
        (0, 0, ..) => TlsLevel::NoPolicy,
        (0, ..) => TlsLevel::Dane,
    }
}
