//! Checks DNSSEC: whether the domain validates, and where the chain of trust is broken (RFC 4035 section 5, RFC 6781 section 4.4.2).
//!
//! The module `keys` compares the DS records with the keys, `each_server` checks the records and signatures of each server, `denied_names` checks
//! whether denials cover names that exist, and `signature_times` checks the validity periods of signatures.

mod denied_names;
pub(crate) mod each_server;
pub(crate) mod key_records;
pub(crate) mod keys;
pub(crate) mod signature_times;
pub(crate) mod signed_set;

use std::collections::BTreeSet;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::RData;

use crate::codes::{Code, remedies};
use crate::delegation::parents;
use crate::dnssec::key_records::{Ds, signature};
use crate::dnssec::keys::KeysNow;
use crate::facts::record_set::positive_ttl;
use crate::facts::{
    DomainFacts, LookupFound, QueryForm, Record, ReplyFacts, ReplySecurity, Want, above, at_server,
    is_within, lookup,
};
use crate::finding::{Finding, Level};
use crate::limits::MAX_UNPROVEN_ASKED;
use crate::mail::exchanges;
use crate::zone;
use dns::clock::minute;
use validate::limits::MAX_NSEC3_ITERATIONS;

/// Validators must not or need not support these algorithms (RFC 8624 section 3.1, RFC 9905, RFC 9906).
const OLD_ALGORITHMS: [(u8, &str); 6] = [
    (1, "RSAMD5"),
    (3, "DSA"),
    (5, "RSASHA1"),
    (6, "DSA-NSEC3-SHA1"),
    (7, "RSASHA1-NSEC3-SHA1"),
    (12, "ECC-GOST"),
];

const DEEPEST: usize = 6;

/// Returns true if the servers of the zone may be asked: the zone is not the root, and the configuration of this host does not answer for
/// it.
fn is_public(facts: &DomainFacts) -> bool {
    zone::apex(facts) != "." && facts.configured().is_none()
}

pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let (mut wants, apex, is_bogus) = (Vec::new(), zone::apex(facts), is_bogus_here(facts));
    if is_bogus {
        wants.extend(ancestors(&facts.subject.domain).chain(["."]).map(|name| lookup(name, "SOA")));
    }
    let is_signed = is_bogus || is_secure(facts) || !signatures(facts).is_empty();
    if is_signed && apex != "." {
        wants.push(lookup(apex, "DS"));
    }
    if is_signed && is_public(facts) {
        wants.extend(keys::wants(facts));
    }
    wants.extend(bogus_lookups(facts).iter().map(|bogus| lookup(bogus.name, "CNAME")));
    if is_public(facts) {
        wants.extend(at_each_server(facts));
    }
    wants
}

/// Returns a question to each server of the zone for each lookup that fails validation. The answers show which servers send no NSEC or
/// NSEC3 records.
fn at_each_server(facts: &DomainFacts) -> Vec<Want> {
    let own = of_domain(facts).filter(|(_, reply)| reply.security == ReplySecurity::Bogus);
    let own = own.map(|(kind, _)| (facts.subject.domain.as_str(), kind));
    let lookups =
        own.into_iter().chain(bogus_lookups(facts).into_iter().map(|bogus| (bogus.name, bogus.kind)));
    let lookups = lookups.chain(bogus_addresses(facts));
    let servers = keys::servers(facts);
    let asked = lookups.flat_map(|(name, kind)| {
        servers.iter().map(move |server| at_server(*server, name, kind, QueryForm::Udp))
    });
    asked.take(MAX_UNPROVEN_ASKED).collect()
}

/// Returns the lookups of addresses of the domain and its mail hosts that fail validation. Most senders do not notice this, because they
/// use another address of the host.
fn bogus_addresses(facts: &DomainFacts) -> impl Iterator<Item = (&str, &'static str)> {
    let (domain, apex, hosts) = (facts.subject.domain.as_str(), zone::apex(facts), exchanges::hosts(facts));
    let is_asked =
        move |name: &str| is_within(name, apex) && (name == domain || hosts.iter().any(|host| host == name));
    let bogus = facts.lookups().filter(move |((name, kind), reply)| {
        ["A", "AAAA"].contains(kind) && reply.security == ReplySecurity::Bogus && is_asked(name)
    });
    bogus.map(|(lookup, _)| lookup)
}

/// The labels before a mail host in the name of its TLSA records (RFC 7672 section 3.1.3).
pub(super) const TLSA_OF_MAIL: &str = "_25._tcp.";

/// A lookup of a policy record (such as DMARC) or of TLSA records that fails validation, while the domain itself validates.
struct BogusLookup<'f> {
    name: &'f str,
    kind: &'static str,
    /// The reason why validation failed, as the daemon reports it. `None` if the servers deny the records without a proof.
    why: Option<&'f str>,
}

/// Returns the lookups of policy and TLSA records that fail validation. If no server sends the proof for a denial, the lookup is returned
/// even if it validates, because this host may have used a cached proof about a name above. Two faults are left out, because other findings
/// report them: servers without keys, and mail hosts whose addresses do not validate.
fn bogus_lookups(facts: &DomainFacts) -> Vec<BogusLookup<'_>> {
    let (domain, now) = (facts.subject.domain.as_str(), keys::now(facts));
    // No lookup is returned if the NXDOMAIN may come from one outdated server of the parent zone. No lookup is returned either if the DS record was
    // removed: the zone is then unsigned, and its denials need no proof.
    let is_denied = parents::is_denied_by_one(facts) || now == KeysNow::WithoutDs;
    if domain.is_empty() || is_bogus_here(facts) || is_denied {
        return Vec::new();
    }
    let is_unsigned = of_domain(facts).is_some_and(|(_, reply)| reply.security == ReplySecurity::Insecure);
    let has_keys =
        keys::has_ds(facts) && !is_unsigned && !matches!(now, KeysNow::Partly(_) | KeysNow::Unsigned(_));
    let is_of_bogus_host =
        |name: &str| name.strip_prefix(TLSA_OF_MAIL).is_some_and(|host| facts.is_bogus_host(host));
    let bogus = facts.lookups().filter(|((_, kind), _)| ["TXT", "TLSA"].contains(kind));
    let bogus = bogus.filter_map(|((name, kind), reply)| {
        let is_asked = is_within(name, domain) && !is_of_bogus_host(name);
        let is_unproven = || has_keys && each_server::is_unproven(facts, (name, kind));
        let why = match reply.security {
            ReplySecurity::Bogus | ReplySecurity::Secure if is_asked && is_unproven() => None,
            ReplySecurity::Bogus if is_asked => Some(reply.why.as_str()),
            _ => return None,
        };
        Some(BogusLookup { name, kind, why })
    });
    bogus.collect()
}

/// Returns the lookups that fail because signatures of this zone are wrong or missing. Aliases to other zones are left out.
fn bogus_names(facts: &DomainFacts) -> Vec<BogusLookup<'_>> {
    let mut names = bogus_lookups(facts);
    names.retain(|BogusLookup { name, .. }| {
        let is_own = match facts.lookup(name, "CNAME") {
            LookupFound::NotAsked => false,
            found => found.alias().is_none_or(|target| is_within(&target, &facts.subject.domain)),
        };
        is_own && !is_broken_above(facts, name)
    });
    names
}

/// Returns the finding about names below the domain that do not validate. If `are_unproven_shown` is true, another finding already reports
/// the names that servers deny without a proof.
fn broken_names(facts: &DomainFacts, are_unproven_shown: bool) -> Option<Finding> {
    let (domain, mut names) = (facts.subject.domain.as_str(), bogus_names(facts));
    names.retain(|bogus| !are_unproven_shown || bogus.why.is_some());
    let why = match names.first()?.why.map(|why| why.trim_end_matches('.')) {
        None => {
            " (a name server denies the records without the NSEC or NSEC3 records that prove it)".to_owned()
        }
        Some("") => String::new(),
        Some(why) => format!(" ({why})"),
    };
    let listed: Vec<String> = names.iter().map(|bogus| format!("{} {}", bogus.name, bogus.kind)).collect();
    let words = format!("{}{why}", listed.join(", "));
    let finding = match is_secure(facts) {
        true => {
            let evidence = format!("{domain} itself validates, and these names do not: {words}");
            Finding::new(Code::DnssecBogus, evidence).to_do(remedies::NAMES_BOGUS)
        }
        false => Finding::new(Code::DnssecBogus, format!("these names do not validate: {words}")),
    };
    let finding = names.iter().fold(finding, |finding, bogus| finding.on(bogus.name, bogus.kind));
    Some(finding.on(zone::apex(facts), "DS"))
}

/// Returns the daemon's reply whose validation result counts for the domain. A bogus reply is preferred, because a zone may have correct
/// signatures for some types only. NXDOMAIN is left out, because it may be an older denial by the parent zone.
fn of_domain(facts: &DomainFacts) -> Option<(&'static str, &ReplyFacts)> {
    let known = ["SOA", "MX", "A"].into_iter().filter_map(|kind| {
        let reply = facts.reply(&lookup(&facts.subject.domain, kind))?;
        let is_known = reply.security != ReplySecurity::Unknown && reply.rcode != "NXDOMAIN";
        is_known.then_some((kind, reply))
    });
    known.min_by_key(|(_, reply)| reply.security != ReplySecurity::Bogus)
}

fn has_security(facts: &DomainFacts, security: ReplySecurity) -> bool {
    of_domain(facts).is_some_and(|(_, reply)| reply.security == security)
}

fn is_bogus_here(facts: &DomainFacts) -> bool {
    has_security(facts, ReplySecurity::Bogus)
}

fn is_secure(facts: &DomainFacts) -> bool {
    has_security(facts, ReplySecurity::Secure)
}

fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    let names = std::iter::successors(Some(name), |name| Some(above(name)).filter(|above| *above != "."));
    names.skip(1).take(DEEPEST)
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let is_judged = is_secure(facts) || is_bogus_here(facts);
    let names = bogus_names(facts);
    let are_lookups_bogus = names.iter().any(|bogus| bogus.why.is_none());
    let unproven = each_server::missing_proofs(facts, are_lookups_bogus).filter(|_| is_judged);
    let unproven =
        unproven.map(|found| names.iter().fold(found, |found, bogus| found.on(bogus.name, bogus.kind)));
    let verdict = match of_domain(facts) {
        None => without_verdict(facts),
        Some((kind, reply)) => match reply.security {
            ReplySecurity::Bogus => {
                let found = of_bogus(facts, (kind, reply), unproven.as_ref());
                // Validating resolvers can use no record of a bogus domain, so this finding suppresses the others.
                let blocks = found.blocks || found.code != Code::DnssecUnknown;
                Finding { blocks, ..found }.on(domain, "TXT").on(domain, kind).on(apex, "DS")
            }
            ReplySecurity::Secure => of_secure(facts).on(apex, "DS"),
            ReplySecurity::Off => {
                let evidence = format!("{domain}: the configuration of this host says not to validate it");
                Finding::new(Code::DnssecOff, evidence)
            }
            ReplySecurity::Insecure | ReplySecurity::Unknown => {
                let finding = without_effect(facts);
                finding.unwrap_or_else(|| Finding::new(Code::DnssecUnsigned, domain)).on(apex, "DS")
            }
        },
    };
    let of_servers = each_server::signatures(facts).filter(|_| is_judged);
    // The finding `unproven` says nothing new if it has the code of the verdict, or if `of_servers` already reports all of its servers.
    let is_new = |found: &Finding| {
        let about = of_servers.iter().flat_map(|finding| &finding.about).collect::<Vec<_>>();
        found.code != verdict.code && !found.about.iter().all(|server| about.contains(&server))
    };
    let denied = denied_names::check(facts).filter(|_| is_secure(facts));
    let more = [broken_names(facts, unproven.is_some()), unproven.filter(is_new), of_servers, denied];
    let more: Vec<Finding> = more.into_iter().flatten().collect();
    let is_well = verdict.code == Code::DnssecOk && !more.is_empty();
    let mut findings: Vec<Finding> = Some(verdict).filter(|_| !is_well).into_iter().chain(more).collect();
    // Without DS records, no resolver validates the signatures.
    if !facts.lookup(apex, "DS").is_absent() || keys::has_ds(facts) {
        findings.extend(signature_times::check(facts));
    }
    findings.extend(old_algorithms(facts));
    findings.extend(old_digests(facts));
    findings.extend(iterations(facts).filter(|_| is_secure(facts)));
    findings
}

/// Returns the finding about a domain for which the daemon has no validation result.
fn without_verdict(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    if let Some(conducts) = keys::unanswered(facts) {
        let why =
            format!("the zone above has a DS record, and no name server gives {apex} DNSKEY: {conducts}");
        return Finding::new(Code::DnssecBogus, format!("{domain}: {why}")).to_do(remedies::KEYS_UNANSWERED);
    }
    let why = match facts.lookup(domain, "SOA") {
        LookupFound::Unknown(why) => why,
        _ => "the daemon did not validate the answers".to_owned(),
    };
    Finding::new(Code::DnssecUnknown, format!("{domain}: {why}"))
}

/// Returns the finding about a domain whose records of the type `kind` are bogus. `unproven`: the finding about servers that deny records
/// without a proof.
fn of_bogus(facts: &DomainFacts, (kind, reply): (&str, &ReplyFacts), unproven: Option<&Finding>) -> Finding {
    let (domain, now) = (facts.subject.domain.as_str(), keys::now(facts));
    let of_kind = || {
        let of_kind = unproven.filter(|_| each_server::is_unproven(facts, (domain, kind)))?;
        Some(of_kind.clone().at(Level::Failure))
    };
    let found = repaired(facts, &now)
        .or_else(|| broken_above(facts))
        .or_else(|| at_servers(facts, &now).filter(|_| is_public(facts)));
    found.or_else(of_kind).unwrap_or_else(|| {
        let codes = [Code::SignatureExpired, Code::SignatureEarly];
        let has_wrong_times =
            || signature_times::check(facts).is_some_and(|found| codes.contains(&found.code));
        let remedy = (now == KeysNow::Fit && has_wrong_times()).then_some(remedies::SIGN_AGAIN);
        let evidence = format!("{domain} {kind}: {}", broken_link(facts, reply));
        Finding { remedy, ..Finding::new(Code::DnssecBogus, evidence) }
    })
}

/// Returns the finding about a domain that is secure at the daemon. The daemon may have old keys and DS records in its cache, so this
/// function also judges whether the present keys fit the present DS records.
fn of_secure(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let cached = "it validates with the records in the cache of this host";
    if !is_public(facts) {
        return Finding::new(Code::DnssecOk, domain);
    }
    match keys::now(facts) {
        KeysNow::Differ(words) => {
            Finding::new(Code::DnssecBogus, format!("{domain}: {words}; until their TTL ends, {cached}"))
        }
        KeysNow::Unknown(why) => Finding::new(Code::DnssecUnknown, format!("{domain}: {why}; {cached}")),
        // The parent zone has no DS records any more, but the cache still has them. If the cache has none either, the domain validates because of a
        // trust anchor of this host, and is not reported as unsigned.
        KeysNow::WithoutDs if !facts.records(apex, "DS").is_empty() => {
            Finding::new(Code::DnssecUnsigned, format!("{domain}: the zone above has no DS record any more"))
        }
        now => at_servers(facts, &now).unwrap_or_else(|| Finding::new(Code::DnssecOk, domain)),
    }
}

/// Returns the finding that the DS records are right, but some servers have an unsigned copy of the zone or send no signatures. If the
/// daemon got a bogus answer, it came from one of these servers.
fn at_servers(facts: &DomainFacts, now: &KeysNow) -> Option<Finding> {
    match now {
        KeysNow::Partly(words) => {
            Some(Finding::new(Code::NsWithoutKeys, format!("{}: {words}", facts.subject.domain)))
        }
        KeysNow::Unsigned(words) => Some(Finding::new(Code::NsEdns, words).at(Level::Failure).blocking()),
        _ => None,
    }
}

/// Returns the finding that servers send signatures, but no resolver validates them, because the parent zone has no DS record that
/// validators can use.
fn without_effect(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    if signatures(facts).is_empty() || !is_public(facts) {
        return None;
    }
    let why = match facts.lookup(apex, "DS") {
        LookupFound::Data(reply) if reply.answers.iter().filter_map(Ds::read).any(|ds| ds.is_common()) => {
            "this host still has answers without signatures in its cache".to_owned()
        }
        LookupFound::Data(reply) => {
            let records = texts(reply.records("DS"));
            format!("this host cannot use the algorithm or the digest of its DS {records}")
        }
        LookupFound::NoData(_) | LookupFound::NoName(_) => "the zone above has no DS for it".to_owned(),
        LookupFound::Unknown(_) | LookupFound::NotAsked => return None,
    };
    Some(Finding::new(Code::DnssecNoEffect, format!("servers of {apex} send signatures; {why}")))
}

/// Returns the finding that only the cache of this host still has the old DS records which make the domain bogus. The present DS records
/// match the keys or were removed.
fn repaired(facts: &DomainFacts, now: &KeysNow) -> Option<Finding> {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let is_above = |name: &str| !is_within(name, apex) && facts.is_bogus(name, "SOA");
    let is_right = [KeysNow::WithoutDs, KeysNow::Fit].contains(now);
    if facts.configured().is_some() || ancestors(domain).any(is_above) || !is_right {
        return None;
    }
    let here = facts.lookup(apex, "DS").reply()?;
    let old: BTreeSet<Ds> = here.records("DS").filter_map(Ds::read).collect();
    let ttl = positive_ttl(here, "DS")?;
    if old == keys::above(facts) {
        return None;
    }
    let tags: Vec<String> = old.iter().map(|ds| ds.tag.to_string()).collect();
    let evidence = format!(
        "the DS records at the zone above and the keys of {apex} fit now; this host has the old DS records of the key {} until {} (or: \
         resolverctl flush --tree {})",
        tags.join(", "),
        minute(facts.end(ttl)),
        apex.trim_end_matches('.')
    );
    // Servers of the parent zone that have not answered may still give the old DS records.
    let code = if parents::unheard(facts).is_empty() { Code::DsRepaired } else { Code::DnssecUnknown };
    Some(Finding::new(code, evidence).blocking())
}

/// Returns the algorithms of the signatures over the SOA record. They show that a zone is signed even if this host cannot validate it,
/// because it does not support the algorithm or the digest type of the DS record.
fn signatures(facts: &DomainFacts) -> Vec<u8> {
    let servers = zone::servers(facts).into_keys();
    let replies = servers.filter_map(|one| facts.reply_of(one, zone::apex(facts), "SOA", QueryForm::Udp));
    let signatures = replies.flat_map(|reply| reply.answers.iter().filter_map(signature));
    signatures.map(|signature| signature.input().algorithm.into()).collect()
}

fn texts<'r>(records: impl IntoIterator<Item = &'r Record>) -> String {
    records.into_iter().map(Record::text).collect::<Vec<_>>().join("; ")
}

fn old_algorithms(facts: &DomainFacts) -> Option<Finding> {
    let (apex, numbers) = (zone::apex(facts), signatures(facts));
    let old = |number: &u8| OLD_ALGORITHMS.iter().find(|(old, _)| old == number);
    let all_old = !numbers.is_empty() && numbers.iter().all(|number| old(number).is_some());
    let (number, name) = numbers.iter().find_map(old).filter(|_| all_old)?;
    Some(Finding::new(Code::DnssecOldAlgorithm, format!("{apex} is signed with algorithm {number} ({name})")))
}

fn old_digests(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    let records = facts.records(apex, "DS");
    let is_sha1 = |record: &&Record| Ds::read(record).is_some_and(|ds| ds.hash == 1);
    let all_old = !records.is_empty() && records.iter().all(is_sha1);
    all_old.then(|| Finding::new(Code::DsOldDigest, format!("{apex} DS {}", texts(records))))
}

/// Returns the finding about NSEC3 iterations, which protect nothing and cost validators time (RFC 9276 section 3.1). If there are many
/// iterations, the finding is a warning, because many validators then ignore the proofs (section 3.2).
fn iterations(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    let replies = facts.got.values().filter_map(|got| Some(&got.reply()?.authority));
    let is_own = |name: &str| name.split_once('.').is_some_and(|(_, above)| is_within(above, apex));
    let iterations =
        replies.flatten().filter(|record| is_own(&record.name)).filter_map(|record| match &record.data {
            RData::DNSSEC(DNSSECRData::NSEC3(proof)) => Some(proof.iterations()),
            _ => None,
        });
    let iterations = iterations.max().filter(|iterations| *iterations > 0)?;
    let evidence = format!("the NSEC3 records of {apex} have {iterations} iterations");
    let finding = Finding::new(Code::Nsec3Iterations, evidence);
    Some(if iterations > MAX_NSEC3_ITERATIONS { finding } else { finding.at(Level::Note) })
}

/// Returns the root or the top-level domain of `name`, if the SOA record of one of them is bogus. Then the fault is above `name`, or at
/// this host.
fn bogus_above<'n>(facts: &DomainFacts, name: &'n str) -> Option<&'n str> {
    let top = ancestors(name).filter(|name| above(name) == ".");
    std::iter::once(".").chain(top).find(|zone| facts.is_bogus(zone, "SOA"))
}

/// Returns true if the top-level domain of a name or the root is bogus. Then a failed validation of the name shows no fault in its zone.
pub(super) fn is_broken_above(facts: &DomainFacts, name: &str) -> bool {
    bogus_above(facts, name).is_some()
}

fn broken_above(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let top = bogus_above(facts, domain)?;
    let why = facts.reply(&lookup(top, "SOA")).map_or("", |reply| reply.why.trim_end_matches('.'));
    let place = match top {
        "." => "in the trust anchors of this host, or on its way to the root servers",
        _ if facts.lookup(".", "SOA").is_known() => "there",
        _ => "there, or in the trust anchors of this host",
    };
    let evidence = format!(
        "{domain}: {top} fails DNSSEC validation at this host too: {why}. The fault is {place}, not in the domain"
    );
    Some(Finding::new(Code::DnssecUnknown, evidence))
}

/// Describes why a domain is bogus, and the highest bogus name, where the chain of trust is broken.
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
