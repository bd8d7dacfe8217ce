//! Whether other records at a resolver of others are old, and what shows it.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 1982 (serials).
//!
//! # Decisions
//!
//! - The resolver's SOA record has an older serial than each server of the zone, or the signatures have ended (`old_answer`): then the records
//!   are old.
//! - Public resolvers have no zones, filters or forwarders of their own that give other records. So records whose TTL is longer than that of
//!   the zone now are old there: nobody gives them any more. A shorter one shows nothing, because it runs down.
//! - A negative answer that a public resolver gives in the place of records may be from before these (`kept_denial`), or from a server
//!   elsewhere. The evidence says so.
//! - Other addresses at a public resolver may be for its place or its client: nothing shows more, and they are no fault.
//! - Other MX and TXT records of a public resolver may also be for clients or sites at another place, or those of a server that does not answer
//!   this host. Hardly any zone does so, so that they count as old, and the evidence says that it is not certain.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, ReplyFacts};
use super::old_answer::{ended_signature, older_serial};
use super::other_resolvers::{ask, resolvers};
use super::public_resolvers::is_public;
use super::record_set::{ADDRESS_TTL, final_records, positive_ttl};
use super::{compared, kept_denial, served, server_hosts, zone};

/// A name with a type.
type Lookup<'n> = (&'n str, &'static str);

/// Why other records are old.
pub(super) struct Shown {
    /// In words.
    pub(super) words: String,
    /// Whether this shows it; otherwise they may also be of another cause.
    pub(super) is_certain: bool,
}

/// The oldest serial of the servers of the zone; none if they cannot be compared. Each provider of a zone may have serials of its own.
fn oldest_serial(facts: &DomainFacts) -> Option<u32> {
    let soa = |server| served::soa(facts, server).and_then(zone::soa);
    let servers = zone::delegated_servers(facts).into_keys();
    let serials: BTreeMap<u32, ()> = servers.filter_map(soa).map(|soa| (soa.serial, ())).collect();
    zone::newest(&serials)?;
    serials
        .keys()
        .copied()
        .find(|one| serials.keys().all(|other| one == other || zone::is_older(*one, *other)))
}

/// Why other records of a resolver are old; none if nothing says so. A resolver with authority has a zone of its own.
pub(super) fn shown(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    reply: &ReplyFacts,
    lookup: Lookup<'_>,
) -> Option<Shown> {
    if reply.authoritative {
        return None;
    }
    let (apex, of_zone) = (zone::apex(facts), oldest_serial(facts));
    let of_soa = || match facts.got.get(&ask(resolver, apex, "SOA"))? {
        Got::Reply(reply) if !reply.authoritative => older_serial(reply, apex, of_zone),
        _ => None,
    };
    let certain = older_serial(reply, apex, of_zone)
        .or_else(|| ended_signature(reply, lookup.0, facts.subject.unix))
        .or_else(of_soa);
    match certain {
        Some(words) => Some(Shown { words, is_certain: true }),
        None if is_public(resolver) && !is_newer(facts, resolver, reply) => of_public(facts, reply, lookup),
        None => None,
    }
}

/// Whether a resolver has a newer zone, as from a server at another place: its SOA record says so, or that of its reply.
fn is_newer(facts: &DomainFacts, resolver: &OtherResolver, reply: &ReplyFacts) -> bool {
    let apex = zone::apex(facts);
    let is_newer = |reply: &ReplyFacts| {
        let servers = zone::delegated_servers(facts).into_keys();
        let mut serials = servers.filter_map(|server| zone::serial_at(facts, server));
        let soa = zone::soa(reply).filter(|soa| soa.owner == apex);
        soa.is_some_and(|soa| serials.any(|serial| zone::is_older(serial, soa.serial)))
    };
    let of_soa = match facts.got.get(&ask(resolver, apex, "SOA")) {
        Some(Got::Reply(reply)) => Some(reply),
        _ => None,
    };
    of_soa.into_iter().chain([reply]).any(is_newer)
}

/// Whether a server gives records to this host.
fn gives(facts: &DomainFacts, server: IpAddr, lookup: Lookup<'_>) -> bool {
    served::given(facts, server, lookup).is_some_and(|reply| !final_records(reply, lookup.1).is_empty())
}

/// Whether other addresses of a public resolver may be those for its client or its place: each server of the zone has told others to this
/// host, and nothing shows a newer zone.
pub(super) fn may_be_by_client(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    reply: &ReplyFacts,
    (name, kind): Lookup<'_>,
) -> bool {
    let servers = zone::delegated_servers(facts);
    let are_told = servers.keys().any(|server| gives(facts, *server, (name, kind)))
        && servers.keys().all(|server| !compared::may_give(facts, *server, (name, kind)));
    ["A", "AAAA"].contains(&kind)
        && !reply.authoritative
        && !final_records(reply, kind).is_empty()
        && is_public(resolver)
        && are_told
        && (!is_newer(facts, resolver, reply) || are_serials_by_client(facts))
}

/// Whether the zone gives each client a serial of its own: several resolvers have told one, no two of them the same, and none that of a server.
fn are_serials_by_client(facts: &DomainFacts) -> bool {
    let apex = zone::apex(facts);
    let serial = |resolver: &OtherResolver| match facts.got.get(&ask(resolver, apex, "SOA"))? {
        Got::Reply(reply) if !reply.authoritative => {
            zone::soa(reply).filter(|soa| soa.owner == apex).map(|soa| soa.serial)
        }
        _ => None,
    };
    let told: Vec<u32> = resolvers(facts).filter_map(serial).collect();
    let all: BTreeSet<u32> = told.iter().copied().collect();
    let mut of_zone =
        zone::delegated_servers(facts).into_keys().filter_map(|server| zone::serial_at(facts, server));
    told.len() > 1 && all.len() == told.len() && !of_zone.any(|serial| all.contains(&serial))
}

/// Why a negative answer of a public resolver is old: each server of the zone gives records in its place to this host.
fn of_negative(facts: &DomainFacts, reply: &ReplyFacts, (name, kind): Lookup<'_>) -> Option<Shown> {
    let servers = zone::delegated_servers(facts);
    let words = "all servers of the zone give records to this host; the answer is from before these records, or a server gives it to clients or \
                 sites at another place";
    let do_give = !servers.is_empty() && servers.keys().all(|server| gives(facts, *server, (name, kind)));
    let is_old = kept_denial::is_of_own(facts, reply, name) && do_give;
    is_old.then(|| Shown { words: words.to_owned(), is_certain: false })
}

/// Why other records of a public resolver are old.
fn of_public(facts: &DomainFacts, reply: &ReplyFacts, (name, kind): Lookup<'_>) -> Option<Shown> {
    let Some(kept) = positive_ttl(reply, kind) else { return of_negative(facts, reply, (name, kind)) };
    let servers = zone::delegated_servers(facts);
    let given = servers.keys().filter_map(|server| served::given(facts, *server, (name, kind)));
    let of_zone = given.filter_map(|reply| positive_ttl(reply, kind)).max();
    let unheard: Vec<IpAddr> =
        servers.keys().copied().filter(|server| compared::may_give(facts, *server, (name, kind))).collect();
    if let Some(of_zone) = of_zone.filter(|of_zone| unheard.is_empty() && kept > ADDRESS_TTL.max(*of_zone)) {
        let words = format!("their TTL of {kept} s is longer than that of the zone now, {of_zone} s");
        return Some(Shown { words, is_certain: true });
    }
    let is_heard = servers.keys().any(|server| served::given(facts, *server, (name, kind)).is_some());
    let other = match server_hosts::shown(&servers, unheard).join(" and ") {
        unheard if unheard.is_empty() => String::new(),
        unheard => format!(", or {unheard} gives them, which has not told this host its records"),
    };
    let words = format!(
        "no server of the zone gives them to this host; they are old, or the zone gives them to clients or sites at another place{other}"
    );
    (is_heard && ["MX", "TXT"].contains(&kind)).then_some(Shown { words, is_certain: false })
}
