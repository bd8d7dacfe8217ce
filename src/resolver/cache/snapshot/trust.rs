//! Writes the DNSSEC state of a zone to the snapshot, and reads it.
//!
//! The state depends on the trust anchors, so they are part of the fingerprint of the snapshot. The state of a bogus zone is not written, because its
//! owner may have repaired it before the restart.

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{RData, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder};

use super::blocks::{Octets, put_string};
use super::times::{Moments, lifetime, put_lifetime, put_span, span};
use crate::cache::security::{ZoneSecurity, ZoneTrust};
use dns::clock::Mono;
use dns::question::name_of_wire;
use dns::rdata;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::limits::MAX_DNSKEYS;
use validate::verdict::{ValidationFailure, Why};

/// The numbers of the results of validation in the snapshot file. In the file, a reason follows `INSECURE_AS`, and none follows `INSECURE`.
const SECURE: u8 = 1;
const INSECURE: u8 = 2;
const INSECURE_AS: u8 = 3;
const NO_ZONE: u8 = 4;

pub(super) fn is_kept(state: &ZoneTrust) -> bool {
    !matches!(state.standing, ZoneSecurity::Bogus(_))
}

pub(super) fn put_state(out: &mut Vec<u8>, state: &ZoneTrust, now: Mono) {
    put_lifetime(out, (state.stored, state.expires), now);
    put_span(out, now.since(state.sought));
    match &state.standing {
        ZoneSecurity::Secure(keys) => {
            out.push(SECURE);
            out.push(u8::try_from(keys.keys.len()).unwrap_or(0));
            for key in &keys.keys {
                let mut octets = Vec::new();
                let mut encoder = BinEncoder::new(&mut octets);
                // After an error, the reader of the snapshot cannot read this key, and does not restore the state.
                let _ = key.key.emit(&mut encoder);
                put_string(out, &octets);
            }
        }
        ZoneSecurity::Insecure(None) => out.push(INSECURE),
        ZoneSecurity::Insecure(Some(fault)) => put_fault(out, INSECURE_AS, fault),
        ZoneSecurity::NoZone(fault) => put_fault(out, NO_ZONE, fault),
        ZoneSecurity::Bogus(_) => {}
    }
}

fn put_fault(out: &mut Vec<u8>, standing: u8, fault: &ValidationFailure) {
    out.push(standing);
    out.extend_from_slice(&fault.why.code().to_be_bytes());
    put_string(out, fault.text.as_bytes());
}

pub(super) fn state(left: &mut Octets<'_>, zone: &[u8], moments: Moments) -> Option<ZoneTrust> {
    let (lifetime, sought) = (lifetime(left, moments)?, span(left)?);
    let zone = name_of_wire(zone);
    let standing = match left.octet()? {
        SECURE => {
            let count = usize::from(left.octet()?).min(MAX_DNSKEYS);
            let keys = (0..count).map(|_| key(left.string()?)).collect::<Option<Vec<_>>>()?;
            ZoneSecurity::Secure(ZoneKeys { zone: zone.clone(), keys })
        }
        INSECURE => ZoneSecurity::Insecure(None),
        INSECURE_AS => ZoneSecurity::Insecure(Some(fault(left)?)),
        NO_ZONE => ZoneSecurity::NoZone(fault(left)?),
        _ => return None,
    };
    let sought = moments.now.before(moments.gone.saturating_add(sought));
    Some(ZoneTrust { zone, standing, stored: lifetime.since, sought, expires: lifetime.expires })
}

fn key(octets: &[u8]) -> Option<ZoneKey> {
    let length = u16::try_from(octets.len()).ok()?;
    match rdata::read(RecordType::DNSKEY, length, &mut BinDecoder::new(octets)).ok()? {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => ZoneKey::new(key),
        _ => None,
    }
}

fn fault(left: &mut Octets<'_>) -> Option<ValidationFailure> {
    let code = left.short()?;
    let why = Why::ALL.into_iter().find(|why| why.code() == code)?;
    Some(ValidationFailure::new(why, str::from_utf8(left.string()?).ok()?))
}
