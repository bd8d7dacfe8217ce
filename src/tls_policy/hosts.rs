//! What DNSSEC says about DANE at a mail host (RFC 7672 section 2.2): its addresses, then its TLSA records.

use futures_util::future::{Either, select};
use hickory_proto::rr::{Name, RecordType};
use std::pin::pin;

use crate::answers::{AddressesFound, Asker, Found, Secured, Unanswered, addresses, ask, tlsa};
use doctor::transport::dane::unusable;

/// What is known of DANE at a mail host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostDane {
    /// It has usable TLSA records, this many.
    Usable(usize),
    /// It has TLSA records, but none is usable: mail must be encrypted (RFC 7672 section 2.2).
    Unusable(&'static str),
    /// It is proven that there are no TLSA records, or that the zone of the TLSA records is not signed.
    Absent,
    /// DNSSEC does not secure the addresses, so nobody looks for TLSA records (RFC 7672 section 2.2.2).
    InsecureAddress,
    /// The host has no addresses, so no mail goes there.
    NoAddress,
    /// The addresses are not known, so no mail goes there now.
    Unreachable(Unanswered),
    /// The addresses are secure, and the TLSA records are not known: no mail may go there now (RFC 7672 section 2.2).
    Unknown(Unanswered),
}

fn certificates_of(host: &Name, port: u16) -> Option<Name> {
    Name::from_ascii(format!("_{port}._tcp")).ok()?.append_domain(host).ok()
}

/// Looks up the addresses and the TLSA records of a host at the same time. The TLSA records do not matter if the addresses are
/// insecure: then their answer is not waited for, because some servers of unsigned zones never give it.
pub(crate) async fn look_up(asker: &impl Asker, host: &Name, port: u16) -> HostDane {
    let (own, at) = (pin!(certificates(asker, host, port)), pin!(addresses(asker, host)));
    let (found, own) = match select(at, own).await {
        Either::Left((found, own)) => (found, Either::Left(own)),
        Either::Right((own, at)) => (at.await, Either::Right(own)),
    };
    let end = match found {
        AddressesFound::None => return HostDane::NoAddress,
        AddressesFound::Unknown(why) => return HostDane::Unreachable(why),
        // The end of an alias is not secure, but the alias may be: then only its own TLSA records count (RFC 7672 section 2.2.2).
        AddressesFound::Some { end, secured: Secured::No, .. } => {
            if end == *host || !is_secure_alias(asker, host).await {
                return HostDane::InsecureAddress;
            }
            host.clone()
        }
        AddressesFound::Some { end, .. } => end,
    };
    // The TLSA records of the name at the end of an alias chain come first (RFC 7672 section 2.2.3).
    if end != *host {
        match certificates(asker, &end, port).await {
            HostDane::Absent => {}
            known => return known,
        }
    }
    match own {
        Either::Left(own) => own.await,
        Either::Right(own) => own,
    }
}

async fn is_secure_alias(asker: &impl Asker, host: &Name) -> bool {
    matches!(ask(asker, host, RecordType::CNAME).await, Found::Records(_, Secured::Yes))
}

async fn certificates(asker: &impl Asker, host: &Name, port: u16) -> HostDane {
    let Some(name) = certificates_of(host, port) else { return HostDane::Absent };
    match ask(asker, &name, RecordType::TLSA).await {
        Found::Records(records, Secured::Yes) => {
            let all = tlsa(&records);
            let faults: Vec<&'static str> = all.iter().filter_map(|tlsa| unusable(tlsa)).collect();
            match all.len().saturating_sub(faults.len()) {
                0 => HostDane::Unusable(faults.first().copied().unwrap_or_default()),
                usable => HostDane::Usable(usable),
            }
        }
        Found::Records(_, Secured::No) | Found::Nothing(_) | Found::NoName => HostDane::Absent,
        Found::Unknown(why) => HostDane::Unknown(why),
    }
}
