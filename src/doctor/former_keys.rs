//! The keys of the zone at the former servers of a resolver, compared with the DS records of now and with the keys that sign at the servers of
//! now.
//!
//! RFC 4035 section 5. Without the keys themselves, the signatures of the former servers show them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, QueryForm, ReplyFacts, is_within};
use super::former_servers::{self, Former};
use super::key_records::{Ds, Key, fits, key_tag, signing};
use super::record_set::is_known;
use super::{keys, served, zone};

/// The keys of the zone at the former servers of a resolver, compared with those of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormerKeys {
    /// The former servers sign the zone with keys of now that validate there, or neither they nor the servers of now sign it.
    Same,
    /// The former servers sign the zone. None of their keys is a key of now.
    Others,
    /// The DS records of now name a key of the former servers too. Some of these keys do not sign at the servers of now.
    Named,
    /// The servers of now sign with the keys of the former servers too. The DS records of now name none of these.
    Unnamed,
    /// The former servers sign the zone. The servers of now do not sign it.
    Removed,
    /// The former servers serve the zone without signatures. The servers of now sign it.
    Added,
    /// The former servers answer, and serve the zone no more.
    Gone,
    /// It could not be told.
    Untold,
}

/// The zone of the key that made a signature.
fn signer(data: &str) -> Option<&str> {
    data.split_whitespace().nth(7)
}

/// The tags of the keys that sign records of the zone in a reply.
pub(super) fn signers(reply: &ReplyFacts, apex: &str) -> Vec<u16> {
    let own = reply.answers.iter().chain(&reply.authority);
    let own = own.filter(|record| record.kind == "RRSIG" && is_within(&record.name, apex));
    let of_zone =
        own.filter(|record| signer(&record.data).is_some_and(|signer| signer.eq_ignore_ascii_case(apex)));
    of_zone.filter_map(|record| key_tag(&record.data)).collect()
}

/// The tags of the keys with which servers sign.
fn signers_at(facts: &DomainFacts, servers: &BTreeSet<IpAddr>) -> BTreeSet<u16> {
    let told = served::replies(facts).filter(|of| of.reply.authoritative && servers.contains(&of.server));
    told.flat_map(|of| signers(of.reply, zone::apex(facts))).collect()
}

/// Whether one of these servers gives records of the zone without signatures, though it was asked for them.
fn serves_unsigned(facts: &DomainFacts, servers: &BTreeSet<IpAddr>) -> bool {
    let apex = zone::apex(facts);
    let is_unsigned = |reply: &ReplyFacts| {
        let mut own = reply.answers.iter().chain(&reply.authority).filter(|record| record.name == apex);
        reply.authoritative && is_known(reply) && own.next().is_some() && signers(reply, apex).is_empty()
    };
    served::replies(facts)
        .any(|of| of.way == QueryForm::Udp && servers.contains(&of.server) && is_unsigned(of.reply))
}

/// The verdict.
pub(super) fn judge(facts: &DomainFacts, former: &Former) -> FormerKeys {
    by_records(facts, former).unwrap_or_else(|| by_signatures(facts, former))
}

/// The verdict by the DNSKEY records of both and the DS records of now; none if one of these is not known.
fn by_records(facts: &DomainFacts, former: &Former) -> Option<FormerKeys> {
    let apex = zone::apex(facts);
    let ds: Vec<Ds> = keys::told_above(facts)?.into_iter().map(Ds::read).collect::<Option<_>>()?;
    let (there, now) = (former_servers::keys(facts, former), keys::by_fit(facts).fitting);
    if ds.is_empty() || there.is_empty() || now.is_empty() {
        return None;
    }
    let is_named = there.iter().all(|reply| fits(apex, &ds, reply));
    // An old DS record names one of these.
    let (entry_points, others): (BTreeSet<Key>, BTreeSet<Key>) =
        there.into_iter().flat_map(|reply| signing(apex, reply)).partition(Key::is_entry_point);
    let of_former = if entry_points.is_empty() { others } else { entry_points };
    let is_shared = now.values().all(|reply| {
        let own = signing(apex, reply);
        of_former.iter().all(|key| own.contains(key))
    });
    Some(match (is_named, is_shared) {
        _ if of_former.is_empty() => return None,
        (true, true) => FormerKeys::Same,
        (true, false) => FormerKeys::Named,
        (false, true) => FormerKeys::Unnamed,
        (false, false) => FormerKeys::Others,
    })
}

/// The verdict by the tags of the keys that sign.
fn by_signatures(facts: &DomainFacts, former: &Former) -> FormerKeys {
    let servers: BTreeSet<IpAddr> = former.addressed.keys().copied().collect();
    let of_former = signers_at(facts, &servers);
    let now: BTreeSet<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let published =
        keys::told_records(facts).into_iter().filter_map(keys::algorithm_and_tag).map(|(_, tag)| tag);
    let of_now: BTreeSet<u16> = signers_at(facts, &now).into_iter().chain(published).collect();
    match (of_former.is_empty(), of_now.is_empty()) {
        (true, is_unsigned) if serves_unsigned(facts, &servers) => {
            if is_unsigned {
                FormerKeys::Same
            } else {
                FormerKeys::Added
            }
        }
        (true, _) if former_servers::are_without_zone(facts, former) => FormerKeys::Gone,
        (true, _) => FormerKeys::Untold,
        (false, _) if !of_former.is_disjoint(&of_now) => FormerKeys::Same,
        (false, true) => FormerKeys::Removed,
        (false, false) if has_other_ds(facts, &of_now) => FormerKeys::Named,
        (false, false) => FormerKeys::Others,
    }
}

/// Whether a DS record at the zone above names none of these keys: that of the former servers, at a move with the DS records of both.
fn has_other_ds(facts: &DomainFacts, keys: &BTreeSet<u16>) -> bool {
    let records = keys::told_above(facts).unwrap_or_default();
    records.into_iter().filter_map(Ds::read).any(|ds| !keys.contains(&ds.tag))
}
