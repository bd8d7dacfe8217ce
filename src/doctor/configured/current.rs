//! Replaces records in the cache of this host by the present records: those that a server of the zone gives now.
//!
//! So a check shows a record that the operator has corrected, although this host may keep the old record until its TTL expires (RFC 1035
//! section 3.2.1). The module `cached` reports which old records this host has. The module `compared` reports which records another server
//! of the zone gives.
//!
//! If the configuration of this host answers for the domain, the records of the servers are checked too, because other hosts see them. The
//! module `configured` reports which records this host gives.
//!
//! The records of the servers have the validation result of the daemon's answer. If the configuration gives other TLSA records, those of the
//! servers count as not validated. Names in other zones are looked up only through the daemon.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::authentication::dkim;
use crate::facts::record_set::{is_known, negative_ttl, path};
use crate::facts::{
    DomainFacts, Got, QueryForm, ReplyFacts, ReplySecurity, Want, at_server, is_within, lookup,
};
use crate::limits::MAX_CONFIGURED_SERVERS;
use crate::served;
use crate::zone::{self, serves};

const TYPES: [&str; 5] = ["MX", "TXT", "A", "AAAA", "CNAME"];

/// Returns the address of the server with the newest copy of the zone (the highest serial).
fn server(facts: &DomainFacts) -> Option<IpAddr> {
    let apex = zone::apex(facts);
    let mut servers = match facts.configured() {
        Some(_) => outside(facts),
        None => zone::delegated_servers(facts).into_keys().collect(),
    };
    servers.retain(|server| {
        facts.reply_of(*server, apex, "SOA", QueryForm::Udp).is_some_and(|reply| serves(reply, apex))
    });
    // Serials of servers with different primary servers cannot be compared. So a server whose NS records are those of the parent zone is preferred.
    let is_right = |server: &IpAddr| zone::child_set_at(facts, *server) == zone::parent_set(facts);
    let serial = |server: &IpAddr| zone::serial_at(facts, *server).unwrap_or_default();
    servers.into_iter().reduce(|best, next| match (is_right(&best), is_right(&next)) {
        (true, false) => best,
        (false, true) => next,
        _ if zone::is_older(serial(&best), serial(&next)) => next,
        _ => best,
    })
}

/// Returns the lookups whose records in the daemon's cache are compared with the records of the servers.
pub(crate) fn looked_up(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    if facts.configured().is_some() { Vec::new() } else { judged(facts) }
}

/// Returns the lookups that the daemon has answered and for which a server of the zone is asked too. Well-known DKIM selectors without a
/// key are left out.
fn judged(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let is_judged = |name: &str| {
        let exists = || !facts.records(name, "TXT").is_empty();
        dkim::is_given(facts, name) || !dkim::is_key(name) || exists()
    };
    let mut lookups = of_zone(facts);
    lookups.retain(|(name, _)| is_judged(name));
    lookups
}

/// Returns the answered lookups of names in the zone.
pub(crate) fn of_zone(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let apex = zone::apex(facts);
    let is_configured = facts.configured().is_some();
    // Senders do not use TLSA records that are not secure.
    let is_used = |kind: &str, reply: &ReplyFacts| {
        TYPES.contains(&kind) || kind == "TLSA" && (is_configured || reply.security == ReplySecurity::Secure)
    };
    let of_zone = |name: &str, kind: &str, reply: &ReplyFacts| is_used(kind, reply) && is_within(name, apex);
    let known = facts.lookups().filter(|((name, kind), reply)| of_zone(name, kind, reply) && is_known(reply));
    known.map(|(lookup, _)| lookup).collect()
}

/// Returns pairs of a lookup and the same question to a server of the zone. Addresses of the zone's own name servers are left out, because
/// these addresses decide which server is asked. If the configuration answers for the domain, the addresses of name servers with glue in
/// the parent zone are included.
fn questions(facts: &DomainFacts) -> Vec<(Want, Want)> {
    let Some(server) = server(facts) else { return Vec::new() };
    let names = zone::server_names(facts);
    let question = |(name, kind): (&str, &'static str)| {
        (lookup(name, kind), at_server(server, name, kind, QueryForm::Udp))
    };
    let glue = zone::glue(facts);
    let is_glued = |name: &str| facts.configured().is_some() && glue.contains_key(name);
    let lookups = judged(facts).into_iter();
    lookups.filter(|(name, _)| !names.contains(*name) || is_glued(name)).map(question).collect()
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let questions = questions(facts);
    let changed = questions.iter().filter_map(|(lookup, question)| changed(facts, lookup, question));
    let targets = changed.filter_map(|change| Some(lookup(&open_end(change.now, change.name)?, change.kind)));
    let targets: Vec<Want> = targets.collect();
    questions.into_iter().map(|(_, question)| question).chain(targets).collect()
}

/// Replaces the daemon's records by those of the server of the zone. The result of DNSSEC validation is kept. Records of a server that
/// replace records from the configuration count as not validated.
pub(crate) fn adopt(facts: &mut DomainFacts) {
    for (lookup, question) in questions(facts) {
        let Some(change) = changed(facts, &lookup, &question) else { continue };
        let Some(now) = whole(facts, &change) else { continue };
        let now = in_place_of(change.here, now);
        if let Some(Got::Reply(here)) = facts.got.insert(lookup.clone(), Got::Reply(now)) {
            facts.cached.entry(lookup).or_insert(here);
        }
    }
}

struct Change<'f> {
    name: &'f str,
    kind: &'static str,
    now: &'f ReplyFacts,
    here: &'f ReplyFacts,
}

fn changed<'f>(facts: &'f DomainFacts, lookup: &'f Want, question: &Want) -> Option<Change<'f>> {
    let Want::Lookup { name, kind } = lookup else { return None };
    let (here, now) = (facts.reply(lookup)?, facts.reply(question)?);
    let apex = zone::apex(facts);
    let differs = path(now, kind, apex)? != path(here, kind, apex)?;
    (now.authoritative && differs).then_some(Change { name, kind, now, here })
}

/// Returns the reply of the server. If it ends with an alias to another zone, the daemon's answer about the target is added; returns `None`
/// as long as this answer is missing.
fn whole(facts: &DomainFacts, change: &Change<'_>) -> Option<ReplyFacts> {
    let Some(target) = open_end(change.now, change.name) else { return Some(change.now.clone()) };
    let end = facts.reply(&lookup(&target, change.kind))?;
    let answers = change.now.answers.iter().chain(&end.answers).cloned().collect();
    Some(ReplyFacts { answers, ..end.clone() })
}

/// Returns the addresses of the zone's servers from the glue of the parent zone, if the configuration of this host answers for the domain.
/// Otherwise returns none. The configuration may give other addresses for the names of the servers.
fn outside(facts: &DomainFacts) -> Vec<IpAddr> {
    if facts.configured().is_none() {
        return Vec::new();
    }
    let (glue, serving) = (zone::glue(facts), served::serving(facts));
    let of_name = |name: String| match glue.get(name.as_str()) {
        Some(glued) => glued.iter().copied().collect(),
        None => facts.addresses(&name),
    };
    let named: BTreeSet<IpAddr> =
        zone::parent_set(facts).unwrap_or_default().into_iter().flat_map(of_name).collect();
    named.into_iter().filter(|server| serving.contains(server)).take(MAX_CONFIGURED_SERVERS).collect()
}

/// Returns the reply `now` of a server with the validation result and the configuration source of the daemon's reply `here`.
fn in_place_of(here: &ReplyFacts, now: ReplyFacts) -> ReplyFacts {
    let configured = here.configured.clone();
    let security = if configured.is_some() { ReplySecurity::Unknown } else { here.security };
    ReplyFacts { security, configured, ..now }
}

/// Returns the target of the last alias in a reply, if the reply has no records of the target, because they are in another zone.
pub(crate) fn open_end(now: &ReplyFacts, name: &str) -> Option<String> {
    let target = |name: &String| {
        let mut aliases = now.answers.iter().filter(|record| record.is("CNAME"));
        aliases.find(|record| record.name == *name)?.target()
    };
    // The number of steps is limited, because the aliases may form a loop.
    let names = std::iter::successors(Some(name.to_owned()), target);
    let last = names.take(now.answers.len() + 1).last()?;
    let has_end = now.answers.iter().any(|record| !record.is("CNAME") && record.name == last)
        || negative_ttl(now, &last).is_some();
    (last != name && !has_end && now.rcode == "NOERROR").then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Record;
    use crate::facts::tests::{TWO_SERVERS, facts};

    /// The first server has the newer serial.
    fn zone() -> String {
        let first = "server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h.";
        TWO_SERVERS.replace(&format!("{first} 7"), &format!("{first} 4294967295"))
            + "
        lookup a.test. TXT secure | \"v=spf1 a -all\"
        lookup b.test. A | 198.18.3.1"
    }

    fn adopted(now: &str) -> DomainFacts {
        let mut facts = facts("a.test.", &format!("{}\n{now}", zone()));
        adopt(&mut facts);
        facts
    }

    #[test]
    fn newest_serial_server_gives_records() {
        let server = "198.18.2.1".parse().unwrap();
        let ask =
            |name: &str, kind| Want::Server { server, name: name.to_owned(), kind, way: QueryForm::Udp };
        assert_eq!(
            wants(&adopted("")),
            [ask("a.test.", "TXT")],
            "no address of a name server, no name elsewhere"
        );
        let mut configured = facts("a.test.", &zone());
        if let Some(Got::Reply(reply)) = configured.got.get_mut(&crate::facts::lookup("a.test.", "SOA")) {
            reply.configured = Some("a zone file".to_owned());
        }
        assert_eq!(wants(&configured).first(), Some(&ask("a.test.", "TXT")), "others ask these servers");
    }

    // After a renewal, the cache has the TLSA record of the old certificate until its TTL ends, or that there is none.
    #[test]
    fn new_tlsa_replaces_cached_one() {
        let name = "_25._tcp.mx.a.test.";
        let [old, new] = ["ab", "cd"].map(|octet| format!("3 1 1 {}", octet.repeat(32)));
        let judged = |here: &str, now: &str| -> Vec<String> {
            let line = format!("lookup {name} TLSA {here}\nserver 198.18.2.1 {name} TLSA udp aa {now}");
            let facts = adopted(&line);
            facts.records(name, "TLSA").into_iter().map(Record::text).collect()
        };
        assert_eq!(judged(&format!("secure | {old}"), &format!("| {new}")), std::slice::from_ref(&new));
        let soa = ">a.test. SOA ns1.a.test. h. 7 2 3 4 5";
        assert_eq!(judged(&format!("secure | {soa}"), &format!("| {new}")), std::slice::from_ref(&new));
        assert_eq!(judged(&format!("insecure | {old}"), &format!("| {new}")), [old], "nobody uses it");
    }

    #[test]
    fn differing_records_replace_cached_ones() {
        let now = "server 198.18.2.1 a.test. TXT udp";
        let changed = adopted(&format!("{now} aa | \"v=spf1 A -all\""));
        let reply = changed.lookup("a.test.", "TXT").reply().unwrap();
        assert_eq!(reply.records("TXT").map(Record::joined).collect::<Vec<_>>(), ["v=spf1 A -all"]);
        assert_eq!(reply.security, crate::facts::ReplySecurity::Secure);
        assert_eq!(changed.cached.len(), 1);
        assert!(adopted(&format!("{now} aa | \"v=spf1 a -all\"")).cached.is_empty());
        assert!(adopted(&format!("{now} | \"other\"")).cached.is_empty(), "without authority");
        assert!(adopted(&format!("{now} SERVFAIL aa")).cached.is_empty());
        assert!(adopted(&format!("{now} NXDOMAIN aa")).lookup("a.test.", "TXT").is_absent());
    }
    #[test]
    fn changed_alias_is_judged_anew() {
        let server = "server 198.18.2.1 mx.a.test. A udp";
        let of = |here: &str, now: &str| {
            let lines = format!("lookup mx.a.test. A{here}\n{server} {now}\nlookup t.b.test. A | 198.18.6.1");
            let facts = adopted(&lines);
            let found = facts.lookup("mx.a.test.", "A");
            {
                let addresses = facts.addresses("mx.a.test.").into_iter().map(|address| address.to_string());
                (addresses.collect::<String>(), found.alias(), facts.cached.len())
            }
        };
        let alias = "=mx.a.test. CNAME";
        let expected = |data: &str, alias: Option<&str>, cached: usize| {
            (data.to_owned(), alias.map(str::to_owned), cached)
        };
        let gone = format!("NXDOMAIN aa | {alias} gone.a.test. | >a.test. SOA ns1.a.test. h. 7 2 3 4 5");
        assert_eq!(of(" | 198.18.5.1", &gone), expected("", Some("gone.a.test."), 1), "broken");
        let was = format!(" | {alias} t.b.test. | =t.b.test. A 198.18.6.1");
        assert_eq!(of(&was, "aa | 198.18.5.1"), expected("198.18.5.1", None, 1), "mended");
        let to_other = format!("aa | {alias} t.b.test.");
        assert_eq!(
            of(" | 198.18.5.1", &to_other),
            expected("198.18.6.1", Some("t.b.test."), 1),
            "another zone"
        );
        assert_eq!(of(&was, &to_other), expected("198.18.6.1", Some("t.b.test."), 0), "the same");
        let unknown = format!("aa | {alias} u.b.test.");
        assert_eq!(of(" | 198.18.5.1", &unknown), expected("198.18.5.1", None, 0), "not yet known");
        let facts = adopted(&format!("lookup mx.a.test. A | 198.18.5.1\n{server} {unknown}"));
        assert!(wants(&facts).contains(&lookup("u.b.test.", "A")), "{:?}", wants(&facts));
        let circle = format!("aa | {alias} mx.a.test.");
        assert_eq!(of(" | 198.18.5.1", &circle).2, 1);
    }
}
