//! A move of a signed domain to servers with other keys, or of a domain to servers that sign it, while resolvers still have the former name
//! servers: the failure that is to come.
//!
//! RFC 6781 section 4.3.5 (a change of the operator), section 4.1.2 (both keys until the old DS record has ended), RFC 4035 section 5.
//!
//! # Decisions
//!
//! - A resolver with the old NS and the old DS records validates the old zone. When one of the two ends before the other, it has keys of one
//!   side and a DS record of the other, and fails until the second has ended too.
//! - The keys of the former servers are compared with the DS records of now, and with the keys that sign at the servers of now. Without these
//!   keys, their signatures show them. Which DS record a resolver has, it is asked itself.
//! - A resolver with the old NS records and the new DS record demands signatures of the former servers. Where these do not sign, or not with the
//!   key of this record, it fails until the old NS records have ended.
//! - A resolver does not compare the DNSKEY records in its cache with a new DS record before their TTL ends. Until then it validates what the
//!   former servers have signed, and, where the key of the new servers is not among them, nothing of these.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, QueryForm, ReplyFacts, Want, is_within};
use super::former_servers::{self, Former};
use super::key_records::{Ds, Key, fits, key_tag, signing};
use super::old_keys::{self, DsThere, KeptKeys};
use super::record_set::is_known;
use super::{keys, parents, remedies, ttl_end, zone};
use crate::clock::minute;

/// The zone of the key that made a signature.
fn signer(data: &str) -> Option<&str> {
    data.split_whitespace().nth(7)
}

/// The tags of the keys that sign records of the zone in a reply.
fn signers(reply: &ReplyFacts, apex: &str) -> Vec<u16> {
    let own = reply.answers.iter().chain(&reply.authority);
    let own = own.filter(|record| record.kind == "RRSIG" && is_within(&record.name, apex));
    let of_zone =
        own.filter(|record| signer(&record.data).is_some_and(|signer| signer.eq_ignore_ascii_case(apex)));
    of_zone.filter_map(|record| key_tag(&record.data)).collect()
}

/// The tags of the keys with which servers sign.
fn signers_at(facts: &DomainFacts, servers: &BTreeSet<IpAddr>) -> BTreeSet<u16> {
    let told = facts.got.iter().filter_map(|(want, got)| match (want, got) {
        (Want::Server { server, .. }, Got::Reply(reply))
            if reply.authoritative && servers.contains(server) =>
        {
            Some(reply)
        }
        _ => None,
    });
    told.flat_map(|reply| signers(reply, zone::apex(facts))).collect()
}

/// The end of the old DNSKEY records in the cache of a resolver, if the records of the servers of now are not signed with one of these keys.
fn end_of_kept_keys(facts: &DomainFacts, resolver: &OtherResolver) -> Option<u64> {
    let KeptKeys { tags, end } = old_keys::kept_keys(facts, resolver)?;
    let now: BTreeSet<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let of_records = facts.got.iter().filter_map(|(want, got)| match (want, got) {
        (Want::Server { server, kind, .. }, Got::Reply(reply))
            if now.contains(server) && reply.authoritative && *kind != "DNSKEY" =>
        {
            Some(signers(reply, zone::apex(facts)))
        }
        _ => None,
    });
    let mut signing: BTreeSet<u16> = of_records.flatten().collect();
    if signing.is_empty() {
        let published = keys::told_records(facts).into_iter().filter_map(keys::algorithm_and_tag);
        signing.extend(published.map(|(_, tag)| tag));
    }
    (!signing.is_empty() && signing.is_disjoint(&tags)).then_some(end)
}

/// The keys of the zone at the former servers of a resolver, compared with those of now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FormerKeys {
    /// The former servers sign the zone with keys of now that validate there, or neither they nor the servers of now sign it, or it could not be told.
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
}

/// Whether one of these servers gives records of the zone without signatures, though it was asked for them.
fn serves_unsigned(facts: &DomainFacts, servers: &BTreeSet<IpAddr>) -> bool {
    let apex = zone::apex(facts);
    facts.got.iter().any(|(want, got)| match (want, got) {
        (Want::Server { server, way: QueryForm::Udp, .. }, Got::Reply(reply)) if servers.contains(server) => {
            let mut own = reply.answers.iter().chain(&reply.authority).filter(|record| record.name == apex);
            reply.authoritative && is_known(reply) && own.next().is_some() && signers(reply, apex).is_empty()
        }
        _ => false,
    })
}

/// The same, by the DNSKEY records of both and the DS records of now; none if one of these is not known.
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

fn former_keys(facts: &DomainFacts, former: &Former) -> FormerKeys {
    by_records(facts, former).unwrap_or_else(|| by_signatures(facts, former))
}

/// The same, by the tags of the keys that sign.
fn by_signatures(facts: &DomainFacts, former: &Former) -> FormerKeys {
    let former = former_servers::addresses(facts, former);
    let of_former = signers_at(facts, &former);
    let now: BTreeSet<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let published =
        keys::told_records(facts).into_iter().filter_map(keys::algorithm_and_tag).map(|(_, tag)| tag);
    let of_now: BTreeSet<u16> = signers_at(facts, &now).into_iter().chain(published).collect();
    if of_former.is_empty() && !of_now.is_empty() && serves_unsigned(facts, &former) {
        FormerKeys::Added
    } else if of_former.is_empty() || !of_former.is_disjoint(&of_now) {
        FormerKeys::Same
    } else if of_now.is_empty() {
        FormerKeys::Removed
    } else if has_other_ds(facts, &of_now) {
        FormerKeys::Named
    } else {
        FormerKeys::Others
    }
}

/// Whether a DS record at the zone above names none of these keys: that of the former servers, at a move with the DS records of both.
fn has_other_ds(facts: &DomainFacts, keys: &BTreeSet<u16>) -> bool {
    let records = keys::told_above(facts).unwrap_or_default();
    records.into_iter().filter_map(Ds::read).any(|ds| !keys.contains(&ds.tag))
}

/// Whether a resolver has former servers with other keys, or without keys: then its DS records are of interest.
pub(super) fn is_at(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    former_servers::former(facts, resolver)
        .is_some_and(|former| former_keys(facts, &former) != FormerKeys::Same)
}

/// The failure that is to come at a resolver.
pub(super) struct Foretold {
    /// In words.
    pub(super) words: String,
    /// The change that helps.
    pub(super) remedy: &'static str,
}

/// The failure that is to come at such a resolver; none if there is no such move.
pub(super) fn foretold(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Foretold> {
    let former = former_servers::former(facts, resolver)?;
    let end_of_ds = || old_keys::end_of_ds(facts, resolver);
    let end_of_keys = || end_of_kept_keys(facts, resolver).filter(|of_keys| *of_keys > former.end);
    let (words, remedy) = match former_keys(facts, &former) {
        FormerKeys::Same => return None,
        FormerKeys::Others => {
            let words = of_other_keys(facts, (resolver, former.end), end_of_ds(), end_of_keys());
            (words, remedies::FORMER_SIGNERS)
        }
        FormerKeys::Named => {
            // With the DS records of now it validates both zones, once it has fetched the keys of now.
            let end_of_ds = end_of_ds().filter(|_| !old_keys::fit_now(facts, resolver));
            let words = match (end_of_ds, end_of_keys()) {
                (Some(of_ds), of_keys) => of_named_keys(facts, (resolver, former.end), of_ds, of_keys),
                (None, Some(of_keys)) => of_longer_keys(facts, (resolver, former.end), of_keys),
                (None, None) => return None,
            };
            (words, remedies::FORMER_SIGNERS)
        }
        FormerKeys::Unnamed => (of_unnamed_keys(facts, (resolver, former.end)), remedies::FORMER_KEY_UNNAMED),
        FormerKeys::Removed => {
            (of_removed_keys(facts, (resolver, former.end), end_of_ds()), remedies::FORMER_SIGNED)
        }
        FormerKeys::Added => return unsigned(facts, resolver),
    };
    Some(Foretold { words, remedy })
}

/// The failure at a resolver with former servers that do not sign the zone, which has DS records now; none if there is no such move.
pub(super) fn unsigned(facts: &DomainFacts, resolver: &OtherResolver) -> Option<Foretold> {
    let former = former_servers::former(facts, resolver)?;
    let has_ds =
        || keys::told_above(facts).map_or_else(|| parents::is_signed(facts), |records| !records.is_empty());
    if former_keys(facts, &former) != FormerKeys::Added || !has_ds() {
        return None;
    }
    let words = of_added_keys(facts, (resolver, former.end));
    Some(Foretold { words, remedy: remedies::FORMER_UNSIGNED })
}

/// The failure after a move to other keys. `end_of_servers`: the end of the former NS records; `end_of_keys`: that of the old DNSKEY records, if
/// it is later.
fn of_other_keys(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    end_of_ds: Option<u64>,
    end_of_keys: Option<u64>,
) -> String {
    let (name, apex) = (&resolver.name, zone::apex(facts));
    let begin = "these servers sign with other keys than those of now";
    let behind = || end_of_keys.map(|end| of_kept_keys((resolver, end_of_servers), end)).unwrap_or_default();
    match end_of_ds {
        Some(of_ds) if of_ds < end_of_servers => format!(
            "{begin}, and {name} has the old DS record of {apex} until {}: from {} on, {}{}",
            minute(of_ds),
            ttl_end::over_by(of_ds),
            with_kept_keys(facts, (resolver, end_of_servers), of_ds),
            behind()
        ),
        Some(of_ds) => format!(
            "{begin}, and {name} has the old DS record of {apex} until {}: from {} on, when the old NS records have ended, DNSSEC validation fails \
             there, until {}{}",
            minute(of_ds),
            ttl_end::over_by(end_of_servers),
            ttl_end::over_by(of_ds),
            end_of_keys.filter(|of_keys| *of_keys > of_ds).map(|_| behind()).unwrap_or_default()
        ),
        None => format!(
            "{begin}: where the old NS records end before the old DS record, or after it, DNSSEC validation fails until the second has ended{}",
            behind()
        ),
    }
}

/// The state of a resolver between the end of its old DS record, `begin`, and that of its old NS records: it does not accept the keys of the
/// former servers any more, unless it has them already.
fn with_kept_keys(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    begin: u64,
) -> String {
    let fails = format!("DNSSEC validation fails there, until {}", ttl_end::over_by(end_of_servers));
    let may = "it may still validate with the old DNSKEY records";
    match old_keys::kept_keys(facts, resolver).map(|kept| kept.end).filter(|end| *end > begin) {
        Some(end) if end >= end_of_servers => format!("{may} until the old NS records have ended"),
        Some(end) => {
            format!("{may} until {}, and from {} on, {fails}", minute(end), ttl_end::over_by(end))
        }
        None => format!("{may} until these have ended too; then {fails}"),
    }
}

/// The failure behind the end of the old NS records, while the old DNSKEY records are still in a cache.
fn of_kept_keys((resolver, end_of_servers): (&OtherResolver, u64), end_of_keys: u64) -> String {
    format!(
        ". {} has the old DNSKEY records until {}, longer than the old NS records, and those of now are not signed with these keys: from {} on, \
         DNSSEC validation of records of the servers of now fails there, until {}",
        resolver.name,
        minute(end_of_keys),
        ttl_end::over_by(end_of_servers),
        ttl_end::over_by(end_of_keys)
    )
}

/// The failure after a move with the DS records of both, if a resolver has the old DNSKEY records longer than the old NS records.
fn of_longer_keys(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    end_of_keys: u64,
) -> String {
    format!(
        "these servers sign {} with a key with which those of now do not sign{}",
        zone::apex(facts),
        of_kept_keys((resolver, end_of_servers), end_of_keys)
    )
}

/// The state after a move to other keys, with the DS records of both at the zone above: with both it validates the records of both.
/// `of_ds`: the end of the old DS records alone; `end_of_keys`: that of the old DNSKEY records, if it is later than that of the old NS records.
fn of_named_keys(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    of_ds: u64,
    end_of_keys: Option<u64>,
) -> String {
    let behind = if of_ds > end_of_servers {
        format!(
            "from {} on, when the old NS records have ended, DNSSEC validation fails there until then",
            ttl_end::over_by(end_of_servers)
        )
    } else {
        "until then it accepts no records with other signatures than theirs".to_owned()
    };
    let of_keys = end_of_keys.filter(|end| *end > of_ds);
    format!(
        "these servers sign with a key with which those of now do not sign, and {} has the old DS record of {} without that of now until {}: {behind}{}",
        resolver.name,
        zone::apex(facts),
        minute(of_ds),
        of_keys.map(|end| of_kept_keys((resolver, end_of_servers), end)).unwrap_or_default()
    )
}

/// The failure after a move to servers that do not sign. Without a DS record their records and those of the former servers are accepted.
fn of_removed_keys(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    end_of_ds: Option<u64>,
) -> String {
    let (name, apex) = (&resolver.name, zone::apex(facts));
    let begin = "these servers sign, and those of now do not";
    match end_of_ds {
        Some(of_ds) if of_ds > end_of_servers => format!(
            "{begin}: {name} has the old DS record of {apex} until {}, and from {} on, when the old NS records have ended, DNSSEC validation fails \
             there until then",
            minute(of_ds),
            ttl_end::over_by(end_of_servers)
        ),
        Some(of_ds) => {
            format!(
                "{begin}: {name} has the old DS record of {apex} until {}, and needs their signatures until then",
                minute(of_ds)
            )
        }
        None => format!(
            "{begin}: where the old NS records end before the old DS record, DNSSEC validation fails until that has ended"
        ),
    }
}

/// The failure after a move to servers that sign: with the DS record, the records of the former servers fail validation.
fn of_added_keys(facts: &DomainFacts, (resolver, end_of_servers): (&OtherResolver, u64)) -> String {
    let begin = "these servers do not sign the zone, and those of now do";
    let fails = |_| format!("DNSSEC validation fails there, until {}", ttl_end::over_by(end_of_servers));
    until_the_servers_end(facts, (resolver, end_of_servers), (begin, &without_ds(facts)), fails)
}

/// The failure after a move to keys which the servers of now have beside the former ones: with the new DS record, the records of the former
/// servers fail validation.
fn of_unnamed_keys(facts: &DomainFacts, (resolver, end_of_servers): (&OtherResolver, u64)) -> String {
    let begin = "these servers sign with keys that the DS records of now do not name";
    let fails = |of_ds| with_kept_keys(facts, (resolver, end_of_servers), of_ds);
    until_the_servers_end(facts, (resolver, end_of_servers), (begin, &with_old_ds(facts)), fails)
}

/// An answer of before in a cache, in words.
fn without_ds(facts: &DomainFacts) -> String {
    format!("the answer that {} has no DS record", zone::apex(facts))
}

/// See above.
fn with_old_ds(facts: &DomainFacts) -> String {
    format!("the old DS record of {}", zone::apex(facts))
}

/// A failure from the new DS record on until the end of the former NS records; `begin`: its reason, `before`: the answer for DS records that
/// caches may have from before, `fails`: the state from the end of that answer on.
fn until_the_servers_end(
    facts: &DomainFacts,
    (resolver, end_of_servers): (&OtherResolver, u64),
    (begin, before): (&str, &str),
    fails: impl Fn(u64) -> String,
) -> String {
    let (name, apex) = (&resolver.name, zone::apex(facts));
    let of_others = "where it ends before the old NS records, DNSSEC validation fails until these have ended";
    let there = old_keys::ds_there(facts, resolver);
    let kept = match there {
        DsThere::Denied(_) => without_ds(facts),
        _ => with_old_ds(facts),
    };
    match there {
        DsThere::New => format!(
            "{begin}: {name} has the new DS record of {apex} already. For all that it fetches from them, {}",
            fails(facts.subject.unix)
        ),
        DsThere::Denied(end) | DsThere::Old(end) if end < end_of_servers => format!(
            "{begin}: {name} has {kept} until {}: from {} on, {}",
            minute(end),
            ttl_end::over_by(end),
            fails(end)
        ),
        DsThere::Denied(end) | DsThere::Old(end) => format!(
            "{begin}: {name} has {kept} until {}, longer than the old NS records. Other caches may have it for less time: {of_others}",
            minute(end)
        ),
        DsThere::Untold => format!("{begin}. Caches may still have {before}: {of_others}"),
    }
}

#[cfg(test)]
#[path = "signed_move_tests.rs"]
mod tests;
