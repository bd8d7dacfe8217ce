//! NXDOMAIN made from cached NSEC and NSEC3 records (RFC 8198). `resolver::cache::ranges` stores the records.
//!
//! # Decisions
//!
//! - NODATA is not made from cached records, because some servers leave types out of the type lists of their NSEC records. If such a list
//!   were used for a query of another type, a mail domain could lose its addresses.
//! - NSEC3 records with opt-out are not used, because unsigned zones may exist between their hashes (RFC 8198 section 5.2).

use hickory_proto::rr::{Name, Record, RecordType};

use super::budget::Budget;
use super::denial::{Denials, Proven};

/// Returns the records, with their signatures, that prove that `name` does not exist in `zone`, or `None` if the cached records do not
/// prove it. `closest` returns the validated NSEC or NSEC3 record at the given name, or else the last one before this name in canonical
/// order.
pub fn nxdomain(zone: &Name, name: &Name, closest: impl Fn(&Name) -> Vec<Record>) -> Option<Vec<Record>> {
    let budget = Budget::default();
    let mut proof = closest(name);
    if proof.iter().any(|record| record.record_type() == RecordType::NSEC3) {
        proof = encloser(zone, name, &proof, &closest, &budget)?;
    }
    let denials = Denials::unchecked(&proof, zone);
    let wildcard = denials.wildcard_of_missing(name, &budget)?;
    let of_wildcard = closest(&denials.owner(&wildcard, &budget)?);
    for record in of_wildcard {
        if !proof.contains(&record) {
            proof.push(record);
        }
    }
    let proven = Denials::unchecked(&proof, zone).nxdomain(name, &budget);
    matches!(proven, Ok(Proven::Fully)).then_some(proof)
}

/// Returns the two records of a closest encloser proof (RFC 5155 section 8.3). The search begins at the apex, because most names that do
/// not exist are directly below it. `any` is an NSEC3 record of the zone, from which salt and iterations are taken.
fn encloser(
    zone: &Name,
    name: &Name,
    any: &[Record],
    closest: impl Fn(&Name) -> Vec<Record>,
    budget: &Budget,
) -> Option<Vec<Record>> {
    let hashing = Denials::unchecked(any, zone);
    let mut encloser = Vec::new();
    for labels in zone.iter().len()..=name.iter().len() {
        let owner = hashing.owner(&name.trim_to(labels), budget)?;
        let found = closest(&owner);
        if found.first()?.name != owner {
            encloser.extend(found);
            return Some(encloser);
        }
        encloser = found;
    }
    None
}
