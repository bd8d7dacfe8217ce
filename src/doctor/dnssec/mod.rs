//! DNSSEC: whether the domain validates, and the first broken link of the chain. `server_signatures` has the signatures of each server, and
//! `signature_times` their times.
//!
//! RFC 4035 section 5, RFC 6781 section 4.4.2.

pub(crate) mod denial_proofs;
pub(crate) mod hashed_denial;
pub(crate) mod key_records;
pub(crate) mod keys;
pub(crate) mod server_signatures;
pub(crate) mod signature_times;
pub(crate) mod signed_set;
pub(crate) mod unproven;

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::delegation::{parents, server_hosts};
use crate::dnssec::key_records::Ds;
use crate::dnssec::keys::KeysNow;
use crate::facts::{
    DomainFacts, Got, LookupFound, QueryForm, ReplyFacts, ReplySecurity, Want, above, at_server, is_within,
    lookup,
};
use crate::finding::{Finding, Level};
use crate::limits::MAX_UNPROVEN_ASKED;
use crate::mail::exchanges;
use crate::{served, zone};
use dns::clock::minute;

/// Algorithms that validators must not or need not support (RFC 8624 section 3.1, RFC 9905, RFC 9906).
const OLD_ALGORITHMS: [(u8, &str); 6] = [
    (1, "RSAMD5"),
    (3, "DSA"),
    (5, "RSASHA1"),
    (6, "DSA-NSEC3-SHA1"),
    (7, "RSASHA1-NSEC3-SHA1"),
    (12, "ECC-GOST"),
];

/// The most zones between the root and a domain that are looked at.
const DEEPEST: usize = 6;

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let mut wants = Vec::new();
    if let Some((_, reply)) = of_domain(facts)
        && reply.security == ReplySecurity::Bogus
    {
        let above = ancestors(&facts.subject.domain).chain(["."]);
        wants.extend(above.map(|name| lookup(name, "SOA")));
        if zone::apex(facts) != "." && facts.configured().is_none() {
            wants.push(lookup(zone::apex(facts), "DS"));
            wants.extend(keys::wants(facts));
        }
    } else if (is_secure(facts) || !signatures(facts).is_empty()) && zone::apex(facts) != "." {
        wants.push(lookup(zone::apex(facts), "DS"));
        if is_secure(facts) && facts.configured().is_none() {
            wants.extend(keys::wants(facts));
        }
    }
    // The zone is signed and nothing is validated: the keys may be missing.
    if of_domain(facts).is_none() && !signatures(facts).is_empty() && zone::apex(facts) != "." {
        wants.extend(keys::wants(facts));
    }
    wants.extend(bogus_lookups(facts).map(|(name, _, _)| lookup(name, "CNAME")));
    if zone::apex(facts) != "." && facts.configured().is_none() {
        wants.extend(at_each_server(facts));
    }
    wants
}

/// The lookups that fail validation here, at each server: they show the servers that send no proof.
fn at_each_server(facts: &DomainFacts) -> Vec<Want> {
    let own = of_domain(facts).filter(|(_, reply)| reply.security == ReplySecurity::Bogus);
    let own = own.map(|(kind, _)| (facts.subject.domain.as_str(), kind));
    let lookups = own.into_iter().chain(bogus_lookups(facts).map(|(name, kind, _)| (name, kind)));
    let lookups = lookups.chain(bogus_addresses(facts));
    let servers = keys::servers(facts);
    let asked = lookups.flat_map(|(name, kind)| {
        servers.iter().map(move |server| at_server(*server, name, kind, QueryForm::Udp))
    });
    asked.take(MAX_UNPROVEN_ASKED).collect()
}

/// The lookups of addresses of the domain and of its mail hosts in the zone that fail validation. The other addresses of a host hide that from
/// most senders.
fn bogus_addresses(facts: &DomainFacts) -> impl Iterator<Item = (&str, &'static str)> {
    let (domain, apex, hosts) = (facts.subject.domain.as_str(), zone::apex(facts), exchanges::hosts(facts));
    let is_asked =
        move |name: &str| is_within(name, apex) && (name == domain || hosts.iter().any(|host| host == name));
    facts.got.iter().filter_map(move |(want, got)| match (want, got) {
        (Want::Lookup { name, kind: kind @ ("A" | "AAAA") }, Got::Reply(reply))
            if reply.security == ReplySecurity::Bogus && is_asked(name) =>
        {
            Some((name.as_str(), *kind))
        }
        _ => None,
    })
}

/// The words for records that a server denies without a proof.
const UNPROVEN: &str = "a name server denies the records without the NSEC or NSEC3 records that prove it";

/// The failed lookups of policies and TLSA records below a domain that validates itself, with the reason of each. A proof in the cache about
/// a name above may answer in the place of a server that sends none: other hosts do not have this proof. That a server without keys sends
/// none is its own fault, which is told. So is that of a mail host whose addresses do not validate: nobody asks for its TLSA records.
fn bogus_lookups(facts: &DomainFacts) -> impl Iterator<Item = (&str, &'static str, &str)> {
    let domain = facts.subject.domain.as_str();
    // A denial by a server of the zone above that has an old copy, or from before it delegated the domain, answers for all names below, and
    // is no answer of the zone.
    let is_denied = parents::is_denied_by_one(facts) || is_denial_kept(facts);
    let now = keys::now(facts);
    // The records in the cache of this host may validate by a removed DS record. The zone may have no proofs now.
    let has_ds = now != KeysNow::WithoutDs;
    let is_sound = !domain.is_empty() && !is_bogus_here(facts) && !is_denied && has_ds;
    // An unsigned zone has no proofs.
    let is_unsigned = of_domain(facts).is_some_and(|(_, reply)| reply.security == ReplySecurity::Insecure);
    let has_keys = !is_unsigned && !matches!(now, KeysNow::Partly(_) | KeysNow::Unsigned(_));
    facts.got.iter().filter(move |_| is_sound).filter_map(move |(want, got)| match (want, got) {
        (Want::Lookup { name, kind: kind @ ("TXT" | "TLSA") }, Got::Reply(reply))
            if is_within(name, domain) && !is_of_bogus_host(facts, name) =>
        {
            let is_unproven = || has_keys && unproven::is_unproven(facts, (name, kind));
            match reply.security {
                ReplySecurity::Bogus | ReplySecurity::Secure if is_unproven() => {
                    Some((name.as_str(), *kind, UNPROVEN))
                }
                ReplySecurity::Bogus => Some((name.as_str(), *kind, reply.why.as_str())),
                _ => None,
            }
        }
        _ => None,
    })
}

/// The labels before the name of a mail host in the name of its TLSA records (RFC 7672 section 3.1.3).
pub(super) const TLSA_OF_MAIL: &str = "_25._tcp.";

/// Whether a name is that of the TLSA records of a mail host whose addresses fail validation.
fn is_of_bogus_host(facts: &DomainFacts, name: &str) -> bool {
    name.strip_prefix(TLSA_OF_MAIL).is_some_and(|host| facts.is_bogus_host(host))
}

/// The bogus lookups whose names are no aliases of names elsewhere, with the reason of each: the fault is in the signatures of the zone.
pub(super) fn bogus_names(facts: &DomainFacts) -> Vec<(&str, &'static str, &str)> {
    let is_own = |name: &str| match facts.lookup(name, "CNAME") {
        LookupFound::NotAsked => false,
        found => found.alias().is_none_or(|target| is_within(target, &facts.subject.domain)),
    };
    let is_at_fault = |name: &str| is_own(name) && !is_broken_above(facts, name);
    bogus_lookups(facts).filter(|(name, _, _)| is_at_fault(name)).collect()
}

/// The finding for names below a domain that do not validate, while the domain itself does, or is not known to be bogus. `are_unproven_told`:
/// whether another finding tells those that servers deny without a proof.
fn broken_names(facts: &DomainFacts, are_unproven_told: bool) -> Option<Finding> {
    let (domain, mut names) = (facts.subject.domain.as_str(), bogus_names(facts));
    names.retain(|(.., why)| !are_unproven_told || *why != UNPROVEN);
    let (_, _, why) = names.first()?;
    let listed: Vec<String> = names.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    let why = match why.trim_end_matches('.') {
        "" => String::new(),
        why => format!(" ({why})"),
    };
    let told = format!("{}{why}", listed.join(", "));
    let lookups = names.iter().map(|(name, kind, _)| ((*name).to_owned(), *kind));
    let lookups: Vec<(String, &'static str)> =
        lookups.chain([(zone::apex(facts).to_owned(), "DS")]).collect();
    let finding =
        |evidence: String| Finding { lookups: lookups.clone(), ..Finding::new(Code::DnssecBogus, evidence) };
    let evidence = match of_domain(facts).map(|(_, reply)| reply.security) {
        Some(ReplySecurity::Secure) => {
            let evidence = format!("{domain} itself validates, and these names do not: {told}");
            return Some(finding(evidence).to_do(remedies::NAMES_BOGUS));
        }
        Some(_) => format!("these names do not validate: {told}"),
        None => format!("these names do not validate: {told}; whether {domain} itself does is not known"),
    };
    Some(finding(evidence))
}

/// Whether the cache of this host has the denial of the zone above from before it delegated the domain.
fn is_denial_kept(facts: &DomainFacts) -> bool {
    let is_by_above = |reply: &ReplyFacts| {
        reply.rcode == "NXDOMAIN"
            && zone::soa(reply).is_some_and(|soa| Some(soa.owner) == zone::parent(facts))
    };
    facts.cached.values().any(is_by_above)
}

/// The reply of the daemon about the domain that tells its security. A bogus reply counts before all others: a zone may have
/// correct signatures for some types only. None if the daemon has the denial of the zone above in its cache.
fn of_domain(facts: &DomainFacts) -> Option<(&'static str, &ReplyFacts)> {
    if is_denial_kept(facts) {
        return None;
    }
    let known = ["SOA", "MX", "A"].into_iter().filter_map(|kind| {
        let want = Want::Lookup { name: facts.subject.domain.clone(), kind };
        match facts.got.get(&want) {
            Some(Got::Reply(reply)) if reply.security != ReplySecurity::Unknown => Some((kind, reply)),
            _ => None,
        }
    });
    known.min_by_key(|(_, reply)| reply.security != ReplySecurity::Bogus)
}

/// The names above, the nearest first, without the root.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    fn next<'n>(name: &&'n str) -> Option<&'n str> {
        Some(above(name)).filter(|above| *above != ".")
    }
    std::iter::successors(Some(name), next).skip(1).take(DEEPEST)
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let unproven = of_unproven(facts);
    let mut findings = match of_domain(facts) {
        None => vec![without_verdict(facts)],
        Some((kind, reply)) => match reply.security {
            ReplySecurity::Bogus => {
                let found = of_bogus(facts, (kind, reply), unproven.as_ref());
                // Nobody validates what this finding makes bogus.
                let blocks = found.blocks || found.code != Code::DnssecUnknown;
                vec![
                    Finding { blocks, ..found }
                        .on(domain, "TXT")
                        .on(domain, kind)
                        .on(zone::apex(facts), "DS"),
                ]
            }
            ReplySecurity::Secure => vec![of_secure(facts).on(zone::apex(facts), "DS")],
            ReplySecurity::Off => vec![Finding::new(Code::DnssecOff, not_validated(facts))],
            ReplySecurity::Insecure | ReplySecurity::Unknown => {
                let finding =
                    without_effect(facts).unwrap_or_else(|| Finding::new(Code::DnssecUnsigned, domain));
                vec![finding.on(zone::apex(facts), "DS")]
            }
        },
    };
    if let Some(broken) = broken_names(facts, unproven.is_some()) {
        findings.retain(|finding| finding.code != Code::DnssecOk);
        findings.push(broken);
    }
    if is_secure(facts) || is_bogus_here(facts) {
        let of_servers = server_signatures::check(facts);
        findings.retain(|finding| of_servers.is_none() || finding.code != Code::DnssecOk);
        // A server that leaves signatures out, too, is told by these.
        let about = of_servers.iter().flat_map(|finding| &finding.about).collect::<Vec<_>>();
        let unproven = unproven.filter(|finding| !finding.about.iter().all(|server| about.contains(&server)));
        let unproven = unproven.filter(|own| findings.iter().all(|finding| finding.code != own.code));
        findings.retain(|finding| unproven.is_none() || finding.code != Code::DnssecOk);
        findings.extend(of_servers);
        findings.extend(unproven);
    }
    // Nobody checks the signatures of a zone without DS records: `without_effect` has their times.
    let of_ds = facts.lookup(zone::apex(facts), "DS");
    let has_no_ds = matches!(of_ds, LookupFound::NoData(_) | LookupFound::NoName(_)) && !keys::has_ds(facts);
    if !has_no_ds {
        findings.extend(signature_times::check(facts));
    }
    findings.extend(old_algorithms(facts));
    findings.extend(old_digests(facts));
    findings.extend(hashed_denial::check(facts).filter(|_| is_secure(facts)));
    findings
}

/// The finding about servers that deny records without a proof, if the domain validates, or fails validation here.
fn of_unproven(facts: &DomainFacts) -> Option<Finding> {
    let are_lookups_bogus = || bogus_names(facts).iter().any(|(.., why)| *why == UNPROVEN);
    let found =
        unproven::check(facts, are_lookups_bogus()).filter(|_| is_secure(facts) || is_bogus_here(facts));
    found.map(|found| {
        bogus_names(facts).into_iter().fold(found, |found, (name, kind, _)| found.on(name, kind))
    })
}

/// The verdict about a domain of which the daemon tells nothing.
fn without_verdict(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    if let Some(conducts) = keys::unanswered(facts) {
        let why =
            format!("the zone above has a DS record, and no name server gives {apex} DNSKEY: {conducts}");
        return Finding::new(Code::DnssecBogus, format!("{domain}: {why}")).to_do(remedies::KEYS_UNANSWERED);
    }
    let why = match facts.lookup(domain, "SOA") {
        _ if is_denial_kept(facts) => {
            "this host has the answer that the domain does not exist in its cache, so that it has validated no records of it".to_owned()
        }
        LookupFound::Unknown(why) => why,
        _ => "the daemon did not validate the answers".to_owned(),
    };
    Finding::new(Code::DnssecUnknown, format!("{domain}: {why}"))
}

/// The verdict about a domain whose records of a type do not validate at the daemon. `unproven`: the finding about servers that deny records
/// without a proof.
fn of_bogus(facts: &DomainFacts, (kind, reply): (&str, &ReplyFacts), unproven: Option<&Finding>) -> Finding {
    let now = keys::now(facts);
    let has_keys = facts.configured().is_none() && zone::apex(facts) != ".";
    repaired(facts, &now)
        .or_else(|| broken_above(facts))
        .or_else(|| at_servers(facts, &now).filter(|_| has_keys))
        .or_else(|| {
            let of_kind = unproven.filter(|_| unproven::is_unproven(facts, (&facts.subject.domain, kind)))?;
            Some(of_kind.clone().at(Level::Failure))
        })
        .unwrap_or_else(|| {
            let evidence = format!("{} {kind}: {}", facts.subject.domain, broken_link(facts, reply));
            let remedy = (now == KeysNow::Fit && has_wrong_times(facts)).then_some(remedies::SIGN_AGAIN);
            Finding { remedy, ..Finding::new(Code::DnssecBogus, evidence) }
        })
}

/// Whether signatures have ended or have not begun.
fn has_wrong_times(facts: &DomainFacts) -> bool {
    let codes = [Code::SignatureExpired, Code::SignatureEarly];
    signature_times::check(facts).is_some_and(|finding| codes.contains(&finding.code))
}

/// The verdict about a domain that the daemon found secure. The daemon may have old keys and DS records in its cache, so its
/// verdict says nothing about the present keys and DS records. Names that the configuration answers have no other keys here.
fn of_secure(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let cached = "it validates with the records in the cache of this host";
    if apex == "." || facts.configured().is_some() {
        return Finding::new(Code::DnssecOk, domain);
    }
    let now = keys::now(facts);
    match (at_servers(facts, &now), now) {
        (Some(found), _) => found,
        (None, KeysNow::Differ(told)) => {
            Finding::new(Code::DnssecBogus, format!("{domain}: {told}; until their TTL ends, {cached}"))
        }
        (None, KeysNow::Unknown(why)) => {
            Finding::new(Code::DnssecUnknown, format!("{domain}: {why}; {cached}"))
        }
        (None, now) if is_ds_removed(facts, &now) => {
            Finding::new(Code::DnssecUnsigned, format!("{domain}: the zone above has no DS record any more"))
        }
        (None, KeysNow::Fit) if !keys::not_asked(facts).is_empty() => {
            let told = format!(
                "{domain} validates, and its keys fit at the servers that were asked for them; not asked: {}",
                keys::not_asked(facts).join(", ")
            );
            Finding::new(Code::DnssecUnknown, told).at(Level::Note)
        }
        (None, _) => Finding::new(Code::DnssecOk, domain),
    }
}

/// Whether the zone above has removed the DS records that this host has in its cache. Without a DS in the cache, a trust anchor of this host
/// is the reason why the domain validates.
fn is_ds_removed(facts: &DomainFacts, now: &KeysNow) -> bool {
    *now == KeysNow::WithoutDs && !facts.data(zone::apex(facts), "DS").is_empty()
}

/// That the DS records are right, and some servers do not have the signed zone or send no signatures: a bogus answer came from these.
fn at_servers(facts: &DomainFacts, now: &KeysNow) -> Option<Finding> {
    match now {
        KeysNow::Partly(told) => {
            Some(Finding::new(Code::NsWithoutKeys, format!("{}: {told}", facts.subject.domain)))
        }
        KeysNow::Unsigned(told) => Some(Finding::new(Code::NsEdns, told).at(Level::Failure).blocking()),
        _ => None,
    }
}

/// That a zone is signed and does not validate: the zone above has no DS, or none that validators use.
fn without_effect(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    if signatures(facts).is_empty() || apex == "." || facts.configured().is_some() {
        return None;
    }
    let (signing, is_all) = signing_words(facts);
    let why = match facts.lookup(apex, "DS") {
        LookupFound::Data(reply) if reply.data("DS").filter_map(Ds::read).any(|ds| ds.is_common()) => {
            let evidence = format!(
                "{signing}, and the zone above has a DS record that this host can use; this host still has answers without signatures in its cache"
            );
            return Some(Finding::new(Code::DnssecNoEffect, evidence).to_do(remedies::UNSIGNED_HERE));
        }
        LookupFound::Data(reply) => {
            let records: Vec<&str> = reply.data("DS").collect();
            format!("this host cannot use the algorithm or the digest of its DS {}", records.join("; "))
        }
        LookupFound::NoData(_) | LookupFound::NoName(_) if !is_all => {
            let evidence = format!("{signing}; the zone above has no DS for {apex}");
            return Some(Finding::new(Code::DnssecNoEffect, evidence).to_do(remedies::SIGNED_AT_SOME));
        }
        LookupFound::NoData(_) | LookupFound::NoName(_) => {
            let evidence = format!("{signing}; the zone above has no DS for it");
            let finding = match signature_times::check(facts) {
                Some(times) => Finding::new(Code::DnssecNoEffect, format!("{evidence}; {}", times.evidence))
                    .to_do(remedies::SIGNED_BEFORE),
                None => Finding::new(Code::DnssecNoEffect, evidence),
            };
            return Some(finding);
        }
        LookupFound::Unknown(_) | LookupFound::NotAsked => return None,
    };
    Some(Finding::new(Code::DnssecNoEffect, format!("{signing}; {why}")))
}

/// The servers that send signatures in words, and whether all that serve the zone do.
fn signing_words(facts: &DomainFacts) -> (String, bool) {
    let is_signing = |server: &IpAddr| {
        served::soa(facts, *server).is_some_and(|reply| reply.data("RRSIG").next().is_some())
    };
    let (signing, others): (Vec<IpAddr>, Vec<IpAddr>) =
        served::serving(facts).into_iter().partition(is_signing);
    let apex = zone::apex(facts);
    if signing.is_empty() || others.is_empty() {
        return (format!("the servers of {apex} send signatures"), true);
    }
    let servers = zone::servers(facts);
    let listed = |some: Vec<IpAddr>| server_hosts::shown(&servers, some).join(" and ");
    let (signing, others) = (listed(signing), listed(others));
    (format!("of the servers of {apex}, these send signatures: {signing}; these send none: {others}"), false)
}

/// That nothing is validated here, and whether the servers sign, if one told it.
fn not_validated(facts: &DomainFacts) -> String {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let told = |server| match facts.server(server, apex, "SOA", QueryForm::Udp) {
        Some(Got::Reply(reply)) => zone::serves(reply, apex),
        _ => false,
    };
    let signed = match (signatures(facts).is_empty(), zone::servers(facts).into_keys().any(told)) {
        (false, _) => format!("; {}", signing_words(facts).0),
        (true, true) => "; its servers send the SOA record without a signature".to_owned(),
        (true, false) => String::new(),
    };
    format!("{domain}: the configuration of this host says not to validate it{signed}")
}

/// That the DS records and keys of now fit, or there are none, and this host still has old ones; none if this is not the reason why the domain
/// is bogus here.
fn repaired(facts: &DomainFacts, now: &KeysNow) -> Option<Finding> {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let is_above = |name: &str| !is_within(name, apex) && facts.is_bogus(name, "SOA");
    let is_right = [KeysNow::WithoutDs, KeysNow::Fit].contains(now);
    if facts.configured().is_some() || ancestors(domain).any(is_above) || !is_right {
        return None;
    }
    let Some(Got::Reply(here)) = facts.got.get(&lookup(apex, "DS")) else { return None };
    let old: BTreeSet<&str> = here.data("DS").collect();
    let ttl = here.answers.iter().filter(|record| record.kind == "DS").map(|record| record.ttl).max();
    let (_, reply) = of_domain(facts)?;
    let told = keys::told_records(facts).into_iter().filter_map(keys::algorithm_and_tag);
    let is_missed = |tag: &u16| reply.why.contains(&format!("{apex} does not have (key tag {tag})"));
    let missed = told.map(|(_, tag)| tag).find(is_missed);
    let words = match (missed, ttl) {
        (Some(tag), _) if *now == KeysNow::Fit => format!("old DNSKEY records without the key {tag}"),
        (_, Some(ttl)) if old != keys::above(facts) => {
            let tags: Vec<&str> = old.iter().filter_map(|data| data.split_whitespace().next()).collect();
            format!("the old DS records of the key {} until {}", tags.join(", "), minute(facts.end(ttl)))
        }
        _ => return None,
    };
    let flush = format!("resolverctl flush --tree {}", apex.trim_end_matches('.'));
    let evidence = format!(
        "the DS records at the zone above and the keys of {apex} fit now; this host has {words} (or: {flush})"
    );
    // Other servers of the zone above may give these still.
    let code = if parents::unheard(facts).is_empty() { Code::DsRepaired } else { Code::DnssecUnknown };
    Some(Finding::new(code, evidence).blocking())
}

fn is_secure(facts: &DomainFacts) -> bool {
    matches!(of_domain(facts), Some((_, reply)) if reply.security == ReplySecurity::Secure)
}

/// The algorithms of the signatures of the SOA at the servers. A zone may be signed and not validate, because this host
/// does not use its algorithm or the digest of its DS.
pub(super) fn signatures(facts: &DomainFacts) -> Vec<u8> {
    let apex = zone::apex(facts);
    let mut numbers: Vec<u8> = Vec::new();
    for server in zone::servers(facts).into_keys() {
        if let Some(Got::Reply(reply)) = facts.server(server, apex, "SOA", QueryForm::Udp) {
            numbers.extend(
                reply.data("RRSIG").filter_map(|data| data.split_whitespace().nth(1)?.parse::<u8>().ok()),
            );
        }
    }
    numbers
}

/// Signatures of the zone with an algorithm of `OLD_ALGORITHMS`.
fn old_algorithms(facts: &DomainFacts) -> Option<Finding> {
    let (apex, numbers) = (zone::apex(facts), signatures(facts));
    let old = |number: &u8| OLD_ALGORITHMS.iter().find(|(old, _)| old == number);
    // Beside a current algorithm the old one does no harm.
    let all_old = !numbers.is_empty() && numbers.iter().all(|number| old(number).is_some());
    let (number, name) = numbers.iter().find_map(old).filter(|_| all_old)?;
    Some(Finding::new(Code::DnssecOldAlgorithm, format!("{apex} is signed with algorithm {number} ({name})")))
}

/// DS records with SHA-1 digests alone.
fn old_digests(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    let records = facts.data(apex, "DS");
    let sha1 = |data: &&str| data.split_whitespace().nth(2) == Some("1");
    let all_old = !records.is_empty() && records.iter().all(sha1);
    all_old.then(|| Finding::new(Code::DsOldDigest, format!("{apex} DS {}", records.join("; "))))
}

/// Whether the daemon takes the domain for bogus.
pub(super) fn is_bogus_here(facts: &DomainFacts) -> bool {
    matches!(of_domain(facts), Some((_, reply)) if reply.security == ReplySecurity::Bogus)
}

/// Whether a lookup that fails validation says nothing about the zone of its name: the root is bogus at this host too, or the zone right
/// below the root that the name is in.
pub(super) fn is_broken_above(facts: &DomainFacts, name: &str) -> bool {
    let is_top = |zone: &&str| above(zone) == ".";
    facts.is_bogus(".", "SOA") || ancestors(name).filter(is_top).any(|top| facts.is_bogus(top, "SOA"))
}

/// That the root is bogus too, or a zone right below it: then nothing is known about the domain. If the root is, this host has other
/// keys than the root. None if the domain itself is the topmost such zone below the root.
fn broken_above(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let why = |name: &str| match facts.got.get(&lookup(name, "SOA")) {
        Some(Got::Reply(reply)) => reply.why.trim_end_matches('.').to_owned(),
        _ => String::new(),
    };
    if facts.is_bogus(".", "SOA") {
        let evidence = format!(
            "{domain}: the root zone fails DNSSEC validation at this host too: {}. The fault is in the trust anchors of this host, or \
             on its way to the root servers, not in the domain",
            why(".")
        );
        return Some(Finding::new(Code::DnssecUnknown, evidence));
    }
    let top = ancestors(domain).filter(|name| above(name) == ".").find(|name| facts.is_bogus(name, "SOA"))?;
    let place = match facts.lookup(".", "SOA").is_known() {
        true => "there, not in the domain",
        false => "there, or in the trust anchors of this host",
    };
    let evidence = format!(
        "{domain}: {top} fails DNSSEC validation at this host too: {}. The fault is {place}",
        why(top)
    );
    Some(Finding::new(Code::DnssecUnknown, evidence))
}

/// The reason, and the topmost name whose SOA is bogus, if a zone begins there.
fn broken_link(facts: &DomainFacts, reply: &ReplyFacts) -> String {
    let why = reply.why.trim_end_matches('.');
    let bogus = |name: &&str| facts.is_bogus(name, "SOA");
    let domain = facts.subject.domain.as_str();
    match std::iter::once(domain).chain(ancestors(domain)).filter(bogus).last() {
        Some(top) if top != domain || zone::is_delegated(facts) => {
            format!("{why} (the chain breaks between {} and {top})", above(top))
        }
        _ => why.to_owned(),
    }
}

#[cfg(test)]
mod tests;
