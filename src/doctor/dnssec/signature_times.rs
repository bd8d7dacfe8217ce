//! Finds signatures that have expired, are not valid yet, or expire soon, each with its servers.
//!
//! RFC 4035 section 5.3.1, RFC 6781 section 4.4.2.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::dnssec::rdata::RRSIG;

use crate::codes::Code;
use crate::delegation::server_hosts;
use crate::dnssec::key_records::{is_over, signature};
use crate::facts::{DomainFacts, QueryForm};
use crate::finding::Finding;
use crate::zone;
use dns::clock::minute;

/// A signature expires "soon" if less than this time, in seconds, is left. Signatures should be renewed days before they expire (RFC 6781
/// section 4.4.2); two days cover a weekend. Servers that sign each answer use a shorter lifetime (50 h at Cloudflare). For such
/// signatures, "soon" is the last third of the lifetime.
const SOON: u64 = 2 * 24 * 60 * 60;

/// The allowed difference between the clocks of this host and of the signer, in seconds. A few minutes are enough, because most signers set the
/// inception one hour before the present.
const CLOCKS_DIFFER: u64 = 5 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TimeFault {
    Ended,
    NotBegun,
    EndsSoon,
}

impl TimeFault {
    /// Returns the fault, and the inception or expiration that shows it. All times are in seconds since 1970.
    fn at_time((inception, end): (u64, u64), now: u64) -> Option<(Self, u64)> {
        let soon = SOON.min(end.saturating_sub(inception) / 3);
        match () {
            () if end < now => Some((Self::Ended, end)),
            () if inception > now.saturating_add(CLOCKS_DIFFER) => Some((Self::NotBegun, inception)),
            () if end < now.saturating_add(soon) => Some((Self::EndsSoon, end)),
            () => None,
        }
    }

    const fn code(self) -> Code {
        match self {
            Self::Ended => Code::SignatureExpired,
            Self::NotBegun => Code::SignatureEarly,
            Self::EndsSoon => Code::SignatureExpires,
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::NotBegun => "begins",
            Self::EndsSoon => "ends",
        }
    }
}

/// Returns the finding about the worst fault in the validity periods of the signatures over the keys, the SOA and the MX records. Signatures over the
/// keys are often made by hand with an offline key, so their renewal is easily forgotten.
pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let (apex, now) = (zone::apex(facts), facts.subject.unix);
    let servers = zone::servers(facts);
    let asked: [(&str, &'static str); 3] =
        [(apex, "SOA"), (apex, "DNSKEY"), (facts.subject.domain.as_str(), "MX")];
    let mut faults = BTreeMap::<TimeFault, BTreeMap<(u64, String), Vec<IpAddr>>>::new();
    for server in servers.keys() {
        let at_server = asked.into_iter().filter_map(|(name, kind)| {
            let reply = facts.reply_of(*server, name, kind, QueryForm::Udp)?;
            let lives = reply.answers.iter().filter_map(signature).filter(|of| is_over(of, kind)).map(life);
            let (fault, moment) = lives.filter_map(|times| TimeFault::at_time(times, now)).min()?;
            Some((fault, moment, format!("{name} {kind}")))
        });
        if let Some((fault, moment, records)) = at_server.min() {
            faults.entry(fault).or_default().entry((moment, records)).or_default().push(*server);
        }
    }
    let (fault, moments) = faults.pop_first()?;
    let moments = moments.into_iter().map(|((moment, records), at)| {
        let at = server_hosts::shown(&servers, at).join(" and ");
        format!("the signature of {records} at {at} {} at {}", fault.verb(), minute(moment))
    });
    Some(Finding::new(fault.code(), moments.collect::<Vec<_>>().join("; ")))
}

/// Returns inception and expiration in seconds since 1970.
pub(crate) fn life(signature: &RRSIG) -> (u64, u64) {
    let input = signature.input();
    (input.sig_inception.get().into(), input.sig_expiration.get().into())
}
