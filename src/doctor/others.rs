//! Compares the answers of other resolvers (public ones and those in resolv.conf) with the records of the zone.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (negative answers), RFC 8914 (extended errors). Resolvers can be asked over TLS (RFC
//! 7858) or HTTPS (RFC 8484), because some networks change or block queries to other resolvers over UDP.
//!
//! # Decisions
//!
//! - Records that differ from those of the zone are old if the serial in the reply or the expiration of their signatures proves it. Public
//!   resolvers have no zones of their own, so different MX and TXT records from them count as old too, unless the resolver has a newer
//!   serial.
//! - Different addresses may be those for the location of the resolver. They count as a difference only if a serial shows that they are
//!   old.
//! - Of the TXT records at the domain itself, only SPF records count. The others prove to some service who owns the domain.
//! - Each resolver is asked for the MX records first. A resolver that does not answer or refuses this question then costs little time.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::authentication::dmarc;
use crate::codes::Code;
use crate::dnssec::{key_records::signature, signature_times::life};
use crate::facts::record_set::{final_records, in_words, negative_ttl, positive_ttl, records};
use crate::facts::{
    BOUND_REACHED, DomainFacts, Got, NoReply, OtherResolver, QueryForm, ReplyFacts, ResolverWay, Want,
    is_within,
};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_HOSTS_AT_OTHERS, MAX_OTHER_RESOLVERS};
use crate::public_resolvers::is_public;
use crate::{compared, configured, mail, served, zone};
use dns::clock::minute;

/// Extended errors of a resolver that withholds records on purpose: Blocked, Censored, Filtered.
const FILTERS: [u16; 3] = [15, 16, 17];

type Lookup = (String, &'static str);

pub(super) fn resolvers(facts: &DomainFacts) -> impl Iterator<Item = &OtherResolver> {
    facts.subject.resolvers.iter().take(MAX_OTHER_RESOLVERS)
}

pub(super) fn ask(resolver: &OtherResolver, name: &str, kind: &'static str) -> Want {
    let (name, way) = (name.to_owned(), QueryForm::Recursive);
    match &resolver.way {
        ResolverWay::Plain(server) => Want::Server { server: *server, name, kind, way },
        ResolverWay::AtPort(server) => Want::Resolver { server: *server, name, kind, way },
        ResolverWay::Secured(resolver) => Want::Secured { resolver: resolver.clone(), name, kind },
    }
}

fn lookups(facts: &DomainFacts) -> Vec<Lookup> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut lookups: Vec<_> = ["MX", "A", "AAAA", "TXT"].map(|kind| (domain.to_owned(), kind)).to_vec();
    lookups.push((apex.to_owned(), "NS"));
    let mut hosts = mail::hosts(facts);
    hosts.retain(|host| host != domain && is_within(host, apex));
    for host in hosts.into_iter().take(MAX_HOSTS_AT_OTHERS) {
        lookups.extend(["A", "AAAA"].map(|kind| (host.clone(), kind)));
    }
    // A receiver uses the DMARC record that its own resolver returns, so this record is compared too.
    let policy = dmarc::applied_at(facts);
    lookups.extend(facts.lookup(&policy, "TXT").is_known().then_some((policy, "TXT")));
    lookups
}

pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let (domain, mut wants) = (facts.subject.domain.as_str(), Vec::new());
    // Other resolvers cannot know a domain that exists only on this host.
    if zone::is_here_only(facts) {
        return wants;
    }
    let lookups = lookups(facts);
    for resolver in resolvers(facts) {
        let mail = ask(resolver, domain, "MX");
        let first = facts.reply(&mail);
        wants.push(mail);
        // A resolver that refuses the first question would refuse the others too.
        if first.is_some_and(|reply| reply.rcode != "REFUSED") {
            wants.extend(lookups.iter().map(|(name, kind)| ask(resolver, name, kind)));
            let judged = lookups.iter().filter_map(|lookup| judge(facts, resolver, lookup));
            if judged.into_iter().any(|judged| judged.seen.is_other()) {
                wants.push(ask(resolver, zone::apex(facts), "SOA"));
            }
        }
    }
    wants
}

/// Returns true if the limit on questions was reached before all other resolvers were asked.
pub(super) fn are_left_out(facts: &DomainFacts) -> bool {
    resolvers(facts).any(|resolver| match facts.got.get(&ask(resolver, &facts.subject.domain, "MX")) {
        Some(Got::NoReply(NoReply::Unknown(why))) => why == BOUND_REACHED,
        _ => false,
    })
}

/// The result of comparing a resolver with the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Same,
    /// The resolver has the records of an older version of the zone.
    Old,
    /// The resolver has other records, which are not known to be old.
    Differs,
    /// The resolver has other addresses, possibly those for another location.
    Elsewhere,
    /// The resolver withholds the records on purpose.
    Hidden,
    /// The resolver gives an error, such as SERVFAIL.
    Fails,
    Unknown,
}

impl Seen {
    const fn is_other(self) -> bool {
        matches!(self, Self::Old | Self::Differs | Self::Elsewhere)
    }
}

struct Judged {
    seen: Seen,
    /// The evidence, without the name of the resolver.
    words: String,
    /// The time at which the records that differ from those of the zone expire in the cache of the resolver, in seconds since 1970.
    end: u64,
}

/// Returns the sets of records from the servers of the zone. If no server was asked, returns the set from the daemon.
fn current(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> BTreeSet<BTreeSet<String>> {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let mut sets: BTreeSet<BTreeSet<String>> = if kind == "NS" {
        let own = servers.iter().filter_map(|server| zone::child_set_at(facts, *server));
        own.chain(zone::parent_set(facts)).collect()
    } else {
        let given = servers.iter().filter_map(|server| served::given(facts, *server, (name, kind)));
        given.filter_map(|reply| Some(counted(records(reply, name, kind)?, reply, (name, kind)))).collect()
    };
    // The cache of this host may have old records, so the daemon's answer is used only if no server was asked.
    if sets.is_empty()
        && let Some(reply) = facts.lookup(name, kind).reply()
    {
        sets.insert(counted(final_records(reply, kind), reply, (name, kind)));
    }
    sets
}

/// Returns the records of an answer that are relevant for mail. `set`: all records of the answer.
fn counted(set: BTreeSet<String>, reply: &ReplyFacts, (name, kind): (&str, &str)) -> BTreeSet<String> {
    if kind != "TXT" {
        return set;
    }
    compared::texts_of_mail(reply, name).map(|text| format!("\"{text}\"")).collect()
}

/// Compares the answer of another resolver with the records of the zone. Returns `None` if the resolver was not asked, or if the records of
/// the zone are unknown.
fn judge(facts: &DomainFacts, resolver: &OtherResolver, (name, kind): &Lookup) -> Option<Judged> {
    let (name, kind) = (name.as_str(), *kind);
    let judged =
        |seen, words: String| Some(Judged { seen, words: format!("{name} {kind}: {words}"), end: 0 });
    let reply = match facts.got.get(&ask(resolver, name, kind))? {
        Got::Reply(reply) => reply,
        Got::NoReply(lost) => return judged(Seen::Unknown, lost.words()),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => return None,
    };
    let sets = current(facts, (name, kind));
    let here = sets.first()?;
    // Records at the targets of aliases are included, although a target may be in another zone, whose name servers were not asked.
    let records =
        if kind == "NS" { zone::named(&reply.answers, name).collect() } else { final_records(reply, kind) };
    let records = counted(records, reply, (name, kind));
    let is_filtered = reply.extended_errors.iter().any(|code| FILTERS.contains(code));
    let (shown, zone_has) = (in_words(&records, kind), in_words(here, kind));
    let ttl = if records.is_empty() { negative_ttl(reply, name) } else { positive_ttl(reply, kind) };
    match reply.rcode.as_str() {
        "NOERROR" | "NXDOMAIN" if sets.contains(&records) => judged(Seen::Same, String::new()),
        _ if records.is_empty() && is_filtered => {
            judged(Seen::Hidden, format!("{} instead of {zone_has}", with_error(reply)))
        }
        "SERVFAIL" => judged(Seen::Fails, with_error(reply)),
        // The resolver gives neither records nor a SOA record. If a server of the zone gives such a broken answer to this host too, the
        // resolver withholds nothing.
        "NOERROR" | "NXDOMAIN" if records.is_empty() && ttl.is_none() => {
            match do_all_give(facts, (name, kind)) {
                true => judged(Seen::Hidden, format!("{} instead of {zone_has}", with_error(reply))),
                false => judged(Seen::Unknown, format!("{} without records", with_error(reply))),
            }
        }
        "NOERROR" if !records.is_empty() && records.iter().all(|data| is_sinkhole(data)) => {
            judged(Seen::Hidden, format!("{shown} instead of {zone_has}"))
        }
        "NOERROR" | "NXDOMAIN" => {
            let end = facts.subject.unix.saturating_add(ttl.unwrap_or_default().into());
            let (seen, why) = other_records(facts, (resolver, reply), (name, kind));
            let words = format!("{name} {kind}: {shown} until {}{why}", minute(end));
            Some(Judged { seen, words, end })
        }
        _ => judged(Seen::Unknown, no_answer(reply)),
    }
}

/// Returns true if each server of the zone gives this host records of this type.
fn do_all_give(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> bool {
    let servers = zone::delegated_servers(facts);
    let gives = |server: &IpAddr| {
        // Some servers reply with an error to a query with EDNS. Another resolver may take this error for the answer, which is no fault of
        // the resolver. So such a server counts as one that does not give the records.
        let is_sound = served::form(facts, *server) == Some(QueryForm::Udp);
        let given = served::given(facts, *server, (name, kind));
        let is_asked = served::first(facts, *server, (name, kind)).is_some();
        is_sound && given.map_or(!is_asked || kind == "NS", |reply| !final_records(reply, kind).is_empty())
    };
    servers.keys().all(gives)
}

/// Decides whether records that only the resolver gives are old, and says why.
fn other_records(
    facts: &DomainFacts,
    (resolver, reply): (&OtherResolver, &ReplyFacts),
    (name, kind): (&str, &'static str),
) -> (Seen, String) {
    if reply.authoritative {
        return (Seen::Differs, String::new());
    }
    let old = |why: &str| (Seen::Old, format!(": {why}"));
    let apex = zone::apex(facts);
    let own_soa = facts.reply(&ask(resolver, apex, "SOA")).filter(|reply| !reply.authoritative);
    let replies = || own_soa.into_iter().chain([reply]);
    let servers = zone::delegated_servers(facts).into_keys();
    let serials: BTreeSet<u32> = servers.filter_map(|server| zone::serial_at(facts, server)).collect();
    let is_oldest = |one: &u32| serials.iter().all(|other| one == other || zone::is_older(*one, *other));
    let oldest = serials.iter().copied().find(is_oldest);
    let shown = replies().find_map(|reply| older_serial(reply, apex, oldest));
    if let Some(shown) = shown.or_else(|| ended_signature(reply, name, facts.subject.unix)) {
        return old(&shown);
    }
    let is_newer = replies()
        .filter_map(zone::soa)
        .any(|soa| soa.owner == apex && serials.iter().any(|serial| zone::is_older(*serial, soa.serial)));
    match kind {
        _ if has_other_servers(facts, resolver) => old("its name servers are those of before a change"),
        "A" | "AAAA" if positive_ttl(reply, kind).is_some() => (Seen::Elsewhere, String::new()),
        _ if is_public(resolver) && !is_newer && do_all_give(facts, (name, kind)) => {
            old("no server of the zone gives that to this host")
        }
        _ => (Seen::Differs, String::new()),
    }
}

/// Returns true if a resolver has NS records that neither the zone nor its parent gives. Such a resolver follows an old delegation, so its
/// other records count as old too.
fn has_other_servers(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let apex = zone::apex(facts);
    let Some(reply) = facts.reply(&ask(resolver, apex, "NS")) else { return false };
    let there: BTreeSet<String> = zone::named(&reply.answers, apex).collect();
    let now = current(facts, (apex, "NS"));
    !there.is_empty()
        && !reply.authoritative
        && !now.is_empty()
        && now.iter().all(|set| set.is_disjoint(&there))
}

/// Describes the serial in a resolver's reply, if it is older than the serial of the zone.
pub(super) fn older_serial(reply: &ReplyFacts, apex: &str, of_zone: Option<u32>) -> Option<String> {
    let soa = zone::soa(reply).filter(|soa| soa.owner == apex)?;
    let of_zone = of_zone.filter(|of_zone| zone::is_older(soa.serial, *of_zone))?;
    Some(format!("its serial is {}, and the zone has {of_zone}", soa.serial))
}

/// Describes when the signatures of an answer expired, if all of them have expired.
pub(super) fn ended_signature(reply: &ReplyFacts, name: &str, unix: u64) -> Option<String> {
    let own = reply.answers.iter().filter(|record| record.name == name);
    let signatures = own.chain(&reply.authority).filter(|record| record.is("RRSIG"));
    let last = signatures.filter_map(signature).map(|signature| life(signature).1).max()?;
    (last < unix).then(|| format!("its signature expired at {}", minute(last)))
}

fn with_error(reply: &ReplyFacts) -> String {
    if reply.why.is_empty() { reply.rcode.clone() } else { format!("{} ({})", reply.rcode, reply.why) }
}

/// Describes a reply without an answer.
pub(super) fn no_answer(reply: &ReplyFacts) -> String {
    let words = with_error(reply);
    if reply.rcode == "REFUSED" { format!("{words}, the resolver does not serve this host") } else { words }
}

/// Returns true for an address that filters give instead of the real one, such as 0.0.0.0.
pub(super) fn is_sinkhole(data: &str) -> bool {
    let address = data.trim_end_matches('.').parse::<IpAddr>();
    address.is_ok_and(|address| address.is_unspecified() || address.is_loopback())
}

/// Describes the answers. Resolvers with the same answer and result are named together.
fn joined<'f>(answers: impl IntoIterator<Item = &'f (&'f str, Judged)>) -> String {
    let mut by_words: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, judged) in answers {
        match by_words.iter_mut().find(|(known, _)| *known == judged.words) {
            Some((_, names)) => names.push(name),
            None => by_words.push((&judged.words, vec![name])),
        }
    }
    let parts = by_words.into_iter().map(|(words, names)| format!("{} {words}", names.join(" and ")));
    parts.collect::<Vec<_>>().join("; ")
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let mut answers: Vec<(&str, Judged)> = Vec::new();
    for resolver in resolvers(facts) {
        let judged = lookups(facts).into_iter().filter_map(|lookup| judge(facts, resolver, &lookup));
        answers.extend(judged.map(|judged| (resolver.name.as_str(), judged)));
    }
    let of = |seen| answers.iter().filter(move |(_, judged)| judged.seen == seen);
    let by =
        |seen| minute(of(seen).map(|(_, judged)| judged.end).max().unwrap_or_default().next_multiple_of(60));
    let ends = [
        (Code::OthersOld, Seen::Old, format!(". They have the new records by {}", by(Seen::Old))),
        (Code::OthersDiffer, Seen::Differs, format!(". Their TTL has ended by {}", by(Seen::Differs))),
        (Code::OthersFail, Seen::Fails, String::new()),
        (Code::OthersHide, Seen::Hidden, String::new()),
    ];
    let mut findings: Vec<Finding> = Vec::new();
    for (code, seen, end) in ends {
        // If lookups through this host fail DNSSEC validation too, the zone is at fault.
        if of(seen).next().is_some() && !(seen == Seen::Fails && facts.has_bogus_lookup()) {
            let finding = Finding::new(code, joined(of(seen)));
            // `Finding::new` may shorten the evidence, so the most important fact, the expiration of the old records, is added afterwards.
            findings.push(Finding { evidence: finding.evidence.clone() + &end, ..finding });
        }
    }
    // The finding `NsMany` reports resolvers that were not asked because of the limit on questions.
    if of(Seen::Unknown).any(|(_, judged)| !judged.words.ends_with(BOUND_REACHED)) {
        let is_silent = answers.iter().all(|(_, judged)| judged.seen == Seen::Unknown);
        let level = if is_silent { Level::CouldNotTell } else { Level::Note };
        findings.push(Finding::new(Code::OthersUnknown, joined(of(Seen::Unknown))).at(level));
    }
    let same: BTreeSet<&str> = of(Seen::Same).chain(of(Seen::Elsewhere)).map(|(name, _)| *name).collect();
    // If this host has other records than the servers, the finding that other resolvers agree with the servers would mislead the operator.
    if findings.is_empty() && !same.is_empty() && configured::differs(facts).is_none() {
        findings.push(Finding::new(Code::OthersOk, same.into_iter().collect::<Vec<_>>().join(", ")));
    }
    findings
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
