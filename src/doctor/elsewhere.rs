//! Examines names whose lookups fail, such as a mail host, a policy record or the PTR record of an address: finds out whether the servers
//! of their zone fail permanently or whether a datagram was lost.
//!
//! The daemon reports only that its lookup failed. So the parent zone is asked for the name servers, and each of these servers is asked for
//! the records. RFC 1034 section 4.2.2, RFC 7208 section 2.6.6, RFC 5321 section 4.5.4.1.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::delegation::server_hosts;
use crate::facts::private_address::{OUT_OF_REACH, is_private};
use crate::facts::record_set::is_known;
use crate::facts::sent::may_be_chance;
use crate::facts::{
    BOUND_REACHED, DomainFacts, Got, LookupFound, NoReply, QueryForm, ReplyFacts, Want, above, addresses,
    at_server, is_within, lookup,
};
use crate::limits::{
    MAX_CHECKED_PARENTS, MAX_FAILED_LOOKUP_SERVERS, MAX_FAILED_LOOKUPS, MAX_REVERSE_LABELS_AT_ONCE,
};
use crate::zone::{self, named};
use crate::{aliases, dnssec, served};

/// The zone that contains a name: its apex, its server names and their glue.
pub(super) struct Cut {
    pub(super) zone: String,
    pub(super) names: BTreeSet<String>,
    pub(super) glue: BTreeMap<String, BTreeSet<IpAddr>>,
}

/// Returns the lookups whose failure is examined: those that have failed, and those in progress for a long time, which will probably fail.
fn failed(
    facts: &DomainFacts,
    needed: &[(String, &'static str)],
    under_way: &BTreeSet<Want>,
) -> Vec<(String, &'static str)> {
    let mut failed: Vec<(String, &'static str)> = Vec::new();
    let is_failed = |name: &str, kind| match facts.lookup(name, kind) {
        LookupFound::Unknown(_) => !facts.is_bogus(name, kind),
        LookupFound::NotAsked => under_way.contains(&lookup(name, kind)),
        _ => false,
    };
    let domain = facts.subject.domain.as_str();
    let is_known = domain.is_empty() || facts.lookup(domain, "SOA").is_known();
    // The SOA lookup may have failed because the domain is an alias of a name in another zone, and the lookup of that name fails.
    let is_alias = !is_known && facts.lookup(domain, "CNAME").alias().is_some();
    if is_alias && is_failed(domain, "MX") {
        failed.push((domain.to_owned(), "MX"));
    }
    for (name, kind) in needed {
        // If the SOA lookup of the domain itself failed, the cause is the same for all names below it, so these are not examined.
        let is_examined =
            is_known || *kind == "PTR" || is_alias && name == domain || !is_within(name, domain);
        if is_examined && is_failed(name, kind) && !failed.iter().any(|known| is_same(known, (name, kind))) {
            failed.push((name.clone(), kind));
        }
    }
    failed.truncate(MAX_FAILED_LOOKUPS);
    failed
}

/// Returns true if two lookups are examined as one: they are equal, or both are for addresses (A or AAAA) of the same name.
fn is_same((known, of_known): &(String, &'static str), (name, kind): (&str, &str)) -> bool {
    let is_address = |kind: &str| ["A", "AAAA"].contains(&kind);
    known == name && (*of_known == kind || is_address(of_known) && is_address(kind))
}

/// Returns the next questions about failed lookups. `needed`: the lookups that the other checks need.
pub(super) fn wants(
    facts: &DomainFacts,
    needed: &[(String, &'static str)],
    under_way: &BTreeSet<Want>,
) -> Vec<Want> {
    let failed = failed(facts, needed, under_way).into_iter();
    let mut wants: Vec<Want> =
        failed.flat_map(|(name, kind)| of_lookup(facts, (&name, kind), true)).collect();
    // The answer shows whether even the root fails validation at this host.
    if needed.iter().any(|(name, kind)| facts.is_bogus(name, kind)) {
        wants.push(lookup(".", "SOA"));
    }
    wants
}

/// Returns the questions to the servers of the zone about records that this host got from its cache. One server is asked first. If it does not
/// answer, all servers are asked.
pub(super) fn behind_cache(facts: &DomainFacts, lookup: (&str, &'static str)) -> Vec<Want> {
    let mut wants = of_lookup(facts, lookup, false);
    let is_it = |want: &Want| matches!(want, Want::Server { kind, .. } if *kind == lookup.1);
    let Some(first) = wants.iter().find(|want| is_it(want)).cloned() else { return wants };
    let is_answered = |got: &Got| got.reply().is_some_and(is_known);
    if facts.got.get(&first).is_none_or(is_answered) {
        wants.retain(|want| !is_it(want) || *want == first);
    }
    wants
}

/// Returns the questions whose answers show why a lookup fails. `is_first`: true for a lookup of the check, false for the lookup of a
/// server name. If `is_first` is true, failed lookups of server names are examined too.
fn of_lookup(facts: &DomainFacts, (name, kind): (&str, &'static str), is_first: bool) -> Vec<Want> {
    let Some(end) = aliases::end(facts, name) else { return Vec::new() };
    let parent = match zone_above(facts, &end) {
        Ok(parent) => parent,
        Err(wants) => return wants,
    };
    let mut wants = vec![lookup(parent, "NS")];
    wants.extend(zone::names_of_parent(facts, parent).iter().flat_map(|name| addresses(name)));
    let parents = parents(facts, parent).into_iter();
    wants.extend(parents.map(|server| at_server(server, &end, "NS", QueryForm::Udp)));
    let Some(cut) = cut(facts, &end, parent) else { return wants };
    wants.extend(cut.names.iter().take(MAX_FAILED_LOOKUP_SERVERS).flat_map(|name| addresses(name)));
    let fails = |name: &&String| {
        !cut.glue.contains_key(*name) && matches!(facts.lookup(name, "A"), LookupFound::Unknown(_))
    };
    let failing = cut.names.iter().filter(fails).take(MAX_CHECKED_PARENTS).filter(|_| is_first);
    wants.extend(failing.flat_map(|name| of_lookup(facts, (name, "A"), false)));
    let servers = servers(facts, &cut, is_first).unwrap_or_default().into_keys();
    // A silent server costs seconds for each query, so UDP and TCP are used at the same time.
    let asked = |server| forms(facts, server).map(|way| at_server(server, &end, kind, way));
    wants.extend(servers.flat_map(asked));
    wants
}

/// Returns the two forms of the query to a server. The query over UDP has EDNS, unless the server is known to answer only without EDNS.
fn forms(facts: &DomainFacts, server: IpAddr) -> [QueryForm; 2] {
    match served::form(facts, server) {
        Some(QueryForm::Plain) => [QueryForm::Plain, QueryForm::Tcp],
        _ => [QueryForm::Udp, QueryForm::Tcp],
    }
}

/// Returns the closest zone above a name whose servers answer. Zones in the configuration of this host are skipped.
///
/// # Errors
/// If the zone is not known yet, the error has the questions whose answers show the zone. It has no questions if no zone above the name
/// answers.
fn zone_above<'f>(facts: &'f DomainFacts, name: &str) -> Result<&'f str, Vec<Want>> {
    let mut at = above(name);
    loop {
        match facts.lookup(at, "SOA") {
            LookupFound::NotAsked => return Err(steps(at)),
            found => {
                let reply = found.reply().filter(|reply| reply.configured.is_none());
                let owner = reply.and_then(zone::soa).map(|soa| soa.owner);
                if let Some(owner) = owner.filter(|owner| is_within(at, owner)) {
                    return Ok(owner);
                }
            }
        }
        if at == "." {
            return Err(Vec::new());
        }
        at = above(at);
    }
}

/// Returns the questions about the next zones above a name: one, or several at the same time for a reverse name of IPv6, which has 32
/// labels.
fn steps(at: &str) -> Vec<Want> {
    let most = if is_within(at, "ip6.arpa.") { MAX_REVERSE_LABELS_AT_ONCE } else { 1 };
    let names = std::iter::successors(Some(at), |name| Some(above(name)).filter(|name| *name != "."));
    names.take(most).map(|name| lookup(name, "SOA")).collect()
}

/// Returns the addresses of servers of the zone `parent`. The check asks them to which zone a name below `parent` belongs.
fn parents(facts: &DomainFacts, parent: &str) -> Vec<IpAddr> {
    if parent == zone::apex(facts) {
        return zone::servers(facts).into_keys().take(MAX_CHECKED_PARENTS).collect();
    }
    zone::servers_of_parent(facts, parent)
}

/// Finds the zone of a name by asking the servers of the zone `parent`. If all these servers fail for the name, no resolver can find its
/// zone, and the result is the zone `parent`.
fn cut(facts: &DomainFacts, name: &str, parent: &str) -> Option<Cut> {
    let parents = parents(facts, parent);
    let fails = |server: &IpAddr| match facts.server(*server, name, "NS", QueryForm::Udp) {
        Some(Got::Reply(reply)) => !is_known(reply),
        // If many datagrams are lost, the missing reply may be chance.
        Some(Got::NoReply(NoReply::Silent)) if facts.loses_many(*server) => false,
        Some(Got::NoReply(lost)) => !matches!(lost, NoReply::Unknown(_) | NoReply::NoRoute),
        _ => false,
    };
    if !parents.is_empty() && parents.iter().all(fails) {
        let names = facts.targets(parent, "NS").into_iter().collect();
        return Some(Cut { zone: parent.to_owned(), names, glue: BTreeMap::new() });
    }
    parents.into_iter().find_map(|server| {
        let reply = facts.reply_of(server, name, "NS", QueryForm::Udp)?;
        // A server of both the parent zone and the zone of the name sends no referral.
        let own: BTreeSet<String> = named(&reply.answers, name).collect();
        if reply.authoritative && !own.is_empty() {
            return Some(Cut { zone: name.to_owned(), names: own, glue: BTreeMap::new() });
        }
        if reply.authoritative && is_known(reply) {
            let names = facts.targets(parent, "NS").into_iter().collect();
            return Some(Cut { zone: parent.to_owned(), names, glue: BTreeMap::new() });
        }
        referred(reply, name, parent)
    })
}

pub(super) fn referred(reply: &ReplyFacts, name: &str, parent: &str) -> Option<Cut> {
    let below = |owner: &str| owner != parent && is_within(owner, parent) && is_within(name, owner);
    let zone = reply.authority.iter().find(|record| record.is("NS") && below(&record.name))?.name.clone();
    let names = named(&reply.authority, &zone).collect();
    let mut glue = BTreeMap::<String, BTreeSet<IpAddr>>::new();
    for record in &reply.additional {
        if let Some(address) = record.address() {
            glue.entry(record.name.clone()).or_default().insert(address);
        }
    }
    Some(Cut { zone, names, glue })
}

/// Returns the addresses (glue) of a server name whose lookup fails. The set is empty if no server of the name's zone answers for the name.
/// Returns `None` if the addresses are not known.
fn of_failing_name(facts: &DomainFacts, name: &str) -> Option<BTreeSet<IpAddr>> {
    let cut = cut(facts, name, zone_above(facts, name).ok()?)?;
    if let Some(glued) = cut.glue.get(name) {
        return Some(glued.clone());
    }
    let servers = servers(facts, &cut, false)?;
    (servers.is_empty() || failing(facts, &servers, (name, "A")).is_some()).then(BTreeSet::new)
}

/// Returns the addresses of all servers of a zone, with their names. Returns `None` if an address is not known or if there are too many
/// servers. If `is_first` is true, glue is used for server names whose lookup fails.
fn servers(facts: &DomainFacts, cut: &Cut, is_first: bool) -> Option<BTreeMap<IpAddr, BTreeSet<String>>> {
    let mut servers = BTreeMap::<IpAddr, BTreeSet<String>>::new();
    if cut.zone == zone::apex(facts) && zone::not_asked(facts).is_empty() {
        servers = zone::servers(facts);
    }
    for name in cut.names.iter().filter(|_| cut.zone != zone::apex(facts)) {
        let glued = cut.glue.get(name).into_iter().flatten().copied();
        let mut known: BTreeSet<IpAddr> = facts.addresses(name).into_iter().chain(glued).collect();
        let is_absent = || ["A", "AAAA"].iter().all(|kind| facts.lookup(name, kind).is_absent());
        if known.is_empty() && !is_absent() {
            known = if is_first { of_failing_name(facts, name)? } else { return None };
        }
        for address in known {
            servers.entry(address).or_default().insert(name.clone());
        }
    }
    (servers.len() <= MAX_FAILED_LOOKUP_SERVERS).then_some(servers)
}

/// Returns true if the question was not sent although the check may send more: the configuration of this host forbids queries to the
/// address.
fn is_refused_here(got: &Got) -> bool {
    matches!(got, Got::NoReply(NoReply::Unknown(why)) if why != BOUND_REACHED)
}

enum Conduct {
    /// The server does not answer the lookup, and will not do so later.
    Fails(String),
    NoRoute,
    Other,
}

fn conduct(facts: &DomainFacts, server: IpAddr, name: &str, kind: &'static str) -> Conduct {
    let forms = forms(facts, server).map(|way| facts.server(server, name, kind, way));
    let [Some(over_udp), Some(over_tcp)] = forms else { return Conduct::Other };
    if is_private(server)
        && !facts.sent(server).is_any()
        && [over_udp, over_tcp].into_iter().all(is_refused_here)
    {
        return Conduct::Fails(OUT_OF_REACH.to_owned());
    }
    let of = |got: &Got| match got {
        Got::Reply(reply) if is_known(reply) && (reply.authoritative || reply.recursive) => None,
        Got::Reply(reply) if is_known(reply) => Some("answers without authority".to_owned()),
        Got::Reply(reply) => Some(format!("answers {}", reply.rcode)),
        Got::NoReply(NoReply::Unknown(_) | NoReply::NoRoute | NoReply::OtherCase) => None,
        Got::NoReply(NoReply::Silent) => Some("does not answer".to_owned()),
        Got::NoReply(NoReply::Unreachable) => Some("is unreachable".to_owned()),
        Got::NoReply(NoReply::Truncated) => Some("truncates its reply".to_owned()),
        Got::NoReply(NoReply::Unfit) => Some("sends a reply that cannot be read".to_owned()),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => None,
    };
    let is_silent = |got: &Got| *got == Got::NoReply(NoReply::Silent);
    match (over_udp, of(over_udp), of(over_tcp)) {
        // Many queries to other servers were lost too, so the missing replies may be chance.
        _ if is_silent(over_udp) && is_silent(over_tcp) && may_be_chance(&facts.sent, server) => {
            Conduct::Other
        }
        (Got::NoReply(NoReply::NoRoute), ..) => Conduct::NoRoute,
        (_, Some(over_udp), Some(over_tcp)) if over_udp == over_tcp => Conduct::Fails(over_udp),
        (_, Some(over_udp), Some(over_tcp)) => Conduct::Fails(format!("{over_udp} (over TCP: {over_tcp})")),
        _ => Conduct::Other,
    }
}

/// Returns the evidence that a lookup fails permanently: each server of the zone failed, or the zone fails DNSSEC validation.
pub(super) fn evidence(facts: &DomainFacts, name: &str, kind: &'static str) -> Option<String> {
    if let Some(circle) = facts.circles.get(name) {
        return Some(format!("{name} {kind}: {circle}"));
    }
    if facts.is_bogus(name, kind)
        && let LookupFound::Unknown(why) = facts.lookup(name, kind)
    {
        return (!dnssec::is_broken_above(facts, name)).then(|| format!("{name} {kind}: {why}"));
    }
    let end = aliases::end(facts, name)?;
    let cut = cut(facts, &end, zone_above(facts, &end).ok()?)?;
    let servers = servers(facts, &cut, true)?;
    let Cut { zone, names, .. } = &cut;
    let alias = if end == name { String::new() } else { format!(" (CNAME {end})") };
    if servers.is_empty() && *zone != zone::apex(facts) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        return Some(format!(
            "{name} {kind}{alias}: no address of a name server of {zone} can be found: {}",
            names.join(", ")
        ));
    }
    let words = failing(facts, &servers, (&end, kind))?;
    Some(format!("{name} {kind}{alias}: no server of {zone} answers for it: {words}"))
}

/// Describes how the servers of a zone fail for a lookup. Returns `None` if one of them answers or may answer.
fn failing(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    (name, kind): (&str, &'static str),
) -> Option<String> {
    let (mut failing, mut reached) = (Vec::new(), BTreeSet::new());
    let mut beyond = Vec::new();
    for (server, names) in servers {
        match conduct(facts, *server, name, kind) {
            Conduct::Fails(words) => {
                failing.push((*server, words));
                reached.extend(names);
            }
            Conduct::NoRoute => beyond.push(names),
            Conduct::Other => return None,
        }
    }
    // An address without a route is ignored if the same server name also has an address that can be reached.
    let counts = beyond.iter().all(|names| names.iter().any(|name| reached.contains(name)));
    let words = server_hosts::with_conduct(servers, &failing);
    (counts && !failing.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    /// The lookup of `mx.b.test.` fails, and `test.` delegates `b.test.` to two servers.
    const FAILED: &str = "
        lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
        lookup a.test. MX | 10 mx.b.test.
        lookup mx.b.test. A SERVFAIL
        lookup mx.b.test. AAAA SERVFAIL
        lookup mx.b.test. CNAME SERVFAIL
        lookup b.test. SOA SERVFAIL
        lookup test. SOA | ns.test. h. 1 2 3 4 5
        lookup test. NS | ns.test.
        lookup ns.test. A | 198.18.9.1
        server 198.18.9.1 mx.b.test. NS udp | >b.test. NS ns1.b.test. | >b.test. NS ns2.b.test. | +ns1.b.test. A 198.18.1.1 | \
         +ns2.b.test. A 198.18.2.1
        lookup ns1.b.test. A SERVFAIL
        lookup ns2.b.test. A SERVFAIL";

    fn found(lines: &str) -> Option<String> {
        evidence(&facts("a.test.", &format!("{FAILED}\n{lines}")), "mx.b.test.", "A")
    }

    #[test]
    fn lookup_failing_everywhere_is_permanent() {
        let ask = |server: &str, udp: &str, tcp: &str| {
            format!("server {server} mx.b.test. A udp {udp}\nserver {server} mx.b.test. A tcp {tcp}\n")
        };
        let first = ask("198.18.1.1", "SERVFAIL", "SERVFAIL");
        assert_eq!(
            found(&(first.clone() + &ask("198.18.2.1", "silent", "unreachable"))).as_deref(),
            Some(
                "mx.b.test. A: no server of b.test. answers for it: 198.18.1.1 (ns1.b.test.) answers SERVFAIL; 198.18.2.1 \
                 (ns2.b.test.) does not answer (over TCP: is unreachable)"
            )
        );
        for (udp, tcp) in [("aa", "silent"), ("silent", "aa"), ("unknown", "silent"), ("silent", "unknown")] {
            assert_eq!(found(&(first.clone() + &ask("198.18.2.1", udp, tcp))), None, "{udp} {tcp}");
        }
        assert_eq!(found(&(first.clone() + &ask("198.18.2.1", "no-route", "no-route"))), None);
        assert_eq!(found(&first), None, "the other was not asked");
        assert!(found(&(first + &ask("198.18.2.1", "", ""))).unwrap().contains("answers without authority"));
    }

    #[test]
    fn lossy_path_proves_no_failure() {
        let silent = ["198.18.1.1", "198.18.2.1"].map(|server| {
            format!("server {server} mx.b.test. A udp silent\nserver {server} mx.b.test. A tcp silent")
        });
        let mut facts = facts("a.test.", &format!("{FAILED}\n{}", silent.join("\n")));
        assert!(evidence(&facts, "mx.b.test.", "A").is_some());
        for server in ["198.18.9.1", "198.18.9.2"] {
            let sent = facts.sent.entry(server.parse().unwrap()).or_default();
            (sent.answered, sent.lost) = (2, 1);
        }
        assert_eq!(evidence(&facts, "mx.b.test.", "A"), None);
    }

    #[test]
    fn private_server_addresses_are_shown() {
        let asked = |server: &str, end: &str| {
            format!("server {server} mx.b.test. A udp {end}\nserver {server} mx.b.test. A tcp {end}\n")
        };
        let found = |lines: &str, bound: bool| {
            let lines = format!("{}\n{lines}", FAILED.replace("198.18.1.1", "10.0.0.1"));
            let mut facts = facts("a.test.", &lines);
            for got in facts
                .got
                .values_mut()
                .filter(|got| bound && **got == Got::NoReply(NoReply::Unknown("not asked".to_owned())))
            {
                *got = Got::NoReply(NoReply::Unknown(crate::facts::BOUND_REACHED.to_owned()));
            }
            evidence(&facts, "mx.b.test.", "A")
        };
        let private = asked("10.0.0.1", "unknown");
        assert_eq!(
            found(&(private.clone() + &asked("198.18.2.1", "SERVFAIL")), false).as_deref(),
            Some(
                "mx.b.test. A: no server of b.test. answers for it: 10.0.0.1 (ns1.b.test.) has an address that no host on the \
                 internet reaches; 198.18.2.1 (ns2.b.test.) answers SERVFAIL"
            )
        );
        assert_eq!(found(&(private.clone() + &asked("198.18.2.1", "unknown")), false), None);
        let both = FAILED.replace("198.18.1.1", "10.0.0.1").replace("198.18.2.1", "192.168.0.2");
        let both = format!("{both}\n{private}{}", asked("192.168.0.2", "unknown"));
        let both = evidence(&facts("a.test.", &both), "mx.b.test.", "A");
        assert_eq!(
            both.as_deref(),
            Some(
                "mx.b.test. A: no server of b.test. answers for it: 10.0.0.1 (ns1.b.test.) has an address that no host on the \
                 internet reaches; 192.168.0.2 (ns2.b.test.) has an address that no host on the internet reaches"
            )
        );
        assert_eq!(
            found(&(private + &asked("198.18.2.1", "SERVFAIL")), true),
            None,
            "it may be one of this network"
        );
    }

    #[test]
    fn zone_servers_are_found_stepwise() {
        let needed = ["A", "AAAA"].map(|kind| ("mx.b.test.".to_owned(), kind));
        let wanted = |lines: &str| wants(&facts("a.test.", lines), &needed, &BTreeSet::new());
        let cut = FAILED.find("lookup b.test. SOA").unwrap();
        assert_eq!(wanted(&FAILED[..cut]), [lookup("b.test.", "SOA")]);
        let server = |last: u8, name: &str, kind, way| at_server([198, 18, last, 1].into(), name, kind, way);
        assert!(wanted(FAILED).contains(&server(9, "mx.b.test.", "NS", QueryForm::Udp)));
        let first = FAILED.find("lookup mx.b.test. A").unwrap();
        let slow = BTreeSet::from([lookup("mx.b.test.", "A")]);
        assert_eq!(wants(&facts("a.test.", &FAILED[..first]), &needed, &slow), [lookup("b.test.", "SOA")]);
        assert!(wants(&facts("a.test.", &FAILED[..first]), &needed, &BTreeSet::new()).is_empty());
        for way in [QueryForm::Udp, QueryForm::Tcp] {
            assert!(wanted(FAILED).contains(&server(1, "mx.b.test.", "A", way)));
            assert!(wanted(FAILED).contains(&server(2, "mx.b.test.", "A", way)));
        }
    }

    #[test]
    fn zone_of_name_is_serving_parent() {
        let lines = FAILED.replace("udp | >b.test. NS ns1.b.test. | >b.test. NS ns2.b.test. | ", "udp aa | ");
        let asked =
            "server 198.18.9.1 mx.b.test. A udp SERVFAIL\nserver 198.18.9.1 mx.b.test. A tcp SERVFAIL";
        let facts = facts("a.test.", &format!("{lines}\n{asked}"));
        let found = evidence(&facts, "mx.b.test.", "A").unwrap();
        assert!(found.contains("no server of test. answers for it: 198.18.9.1 (ns.test.)"), "{found}");
    }
}
