//! Delegation: the parent's name servers against the zone's own. `each_server` has each server by itself.
//!
//! RFC 1034 section 4.2.2 (both sets must agree), RFC 2182 (servers in several networks).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{
    DomainFacts, Got, LookupFound, NoReply, QueryForm, ReplyFacts, ReplySecurity, Want, above, addresses,
    at_server, is_within, lookup,
};
use super::finding::{Finding, Level};
use super::foreign::{self, Foreign};
use super::organizational::organizational_7489;
use super::parents_differ::Astray;
use super::part::About;
use super::record_set::is_known;
use super::server_names::listed;
use super::zone::{self, serves};
use super::{
    apex_alias, cached, compared, copies, each_server, exchanges, glue, groups, mail, others, parents,
    parents_differ, private_address, remedies, serials, served, server_hosts, server_names, ttl_end,
    unanswered,
};
use crate::limits::{
    MAX_CHECK_QUESTIONS, MAX_CHECKED_NAMES, MAX_CHECKED_SERVERS, MAX_SERVERS_ASKED_IN_ALL_WAYS,
    MAX_SERVERS_ASKED_IN_MIXED_CASE, MAX_SILENT_SERVERS_ASKED,
};
use dns::clock::minute;

/// The questions that lead to the servers of the zone.
pub(super) fn to_servers(facts: &DomainFacts) -> Vec<Want> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut wants = vec![lookup(domain, "SOA"), lookup(above(domain), "SOA")];
    // The lookup of a domain whose servers do not answer takes seconds. Meanwhile the zone above is asked whether it delegates the
    // domain.
    let is_asked = |name: &str| !matches!(facts.lookup(name, "SOA"), LookupFound::NotAsked);
    if !is_asked(domain) && !is_asked(above(domain)) {
        return wants;
    }
    // Of a name in a zone whose servers fail, only the zone above this one tells the delegation.
    wants.extend([lookup(apex, "NS"), lookup(above(apex), "SOA"), lookup(zone::above_failing(facts), "SOA")]);
    if let Some(parent) = zone::parent(facts) {
        wants.push(lookup(parent, "NS"));
        wants.extend(zone::names_of_parent(facts, parent).iter().flat_map(|name| addresses(name)));
    }
    let parents = zone::parent_servers(facts).into_iter();
    wants.extend(parents.map(|server| at_server(server, apex, "NS", QueryForm::Udp)));
    let names = zone::server_names(facts);
    wants.extend(names.iter().take(MAX_CHECKED_NAMES).flat_map(|name| addresses(name)));
    wants
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let mut wants = to_servers(facts);
    let servers = zone::servers(facts);
    let (over_tcp, in_mixed_case): (BTreeSet<IpAddr>, BTreeSet<IpAddr>) = match servers.len() {
        ..=MAX_SERVERS_ASKED_IN_ALL_WAYS => {
            (servers.keys().copied().collect(), servers.keys().copied().collect())
        }
        _ => {
            let each = zone::one_of_each(&servers);
            let some = each.iter().copied().take(MAX_SERVERS_ASKED_IN_MIXED_CASE).collect();
            (each, some)
        }
    };
    let asked = |server: IpAddr| {
        of_server(facts, server, (over_tcp.contains(&server), in_mixed_case.contains(&server)))
    };
    wants.extend(servers.into_keys().flat_map(asked));
    wants.extend(glue::wants(facts));
    wants
}

/// The questions to one server that it must answer first, over TCP and in mixed case too if it is among those. A server that does not
/// answer gets few other questions (`of_silent`).
fn of_server(facts: &DomainFacts, server: IpAddr, (over_tcp, in_mixed_case): (bool, bool)) -> Vec<Want> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut wants = vec![at_server(server, apex, "SOA", QueryForm::Udp)];
    match facts.server(server, apex, "SOA", QueryForm::Udp) {
        None | Some(Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_)) => {}
        Some(Got::Reply(reply)) if serves(reply, apex) => {
            if over_tcp {
                wants.push(at_server(server, apex, "SOA", QueryForm::Tcp));
            }
            if in_mixed_case {
                wants.push(at_server(server, apex, "NS", QueryForm::MixedCase));
            }
            // Without names in mixed case: they show whether the case is the reason.
            match facts.server(server, apex, "NS", QueryForm::MixedCase) {
                Some(Got::Reply(reply)) if reply.data("NS").next().is_some() => {}
                Some(_) => wants.push(at_server(server, apex, "NS", QueryForm::Udp)),
                None => {}
            }
        }
        Some(Got::Reply(reply)) if dislikes_edns(reply) => {
            wants.push(at_server(server, apex, "SOA", QueryForm::Plain));
            if over_tcp && served::form(facts, server).is_some() {
                wants.push(at_server(server, apex, "SOA", QueryForm::Tcp));
            }
        }
        // Some load balancers refuse queries for SOA and NS alone.
        Some(Got::Reply(reply)) if !is_known(reply) => {
            wants.push(at_server(server, domain, "MX", QueryForm::Udp))
        }
        // Without a SOA, as behind an alias or at some load balancers: the zone may have no NS records either.
        Some(Got::Reply(reply)) if reply.authoritative => {
            wants.push(at_server(server, apex, "NS", QueryForm::Udp));
            // A server that denies the name has no mail of it.
            if reply.rcode == "NOERROR" {
                wants.push(at_server(server, domain, "MX", QueryForm::Udp));
            }
        }
        // They come later: `of_silent`.
        Some(Got::Reply(_) | Got::NoReply(_)) => {}
    }
    wants.extend(served::form(facts, server).map(|way| at_server(server, domain, "MX", way)));
    wants
}

/// The questions to servers that did not answer the first question. Each of them may take seconds, so the questions to servers
/// that answer come before.
pub(super) fn of_silent(facts: &DomainFacts) -> Vec<Want> {
    let apex = zone::apex(facts);
    let is_silent = |server: &IpAddr| match facts.server(*server, apex, "SOA", QueryForm::Udp) {
        Some(Got::NoReply(lost)) => !matches!(lost, NoReply::Unknown(_) | NoReply::NoRoute),
        _ => false,
    };
    let silent = zone::servers(facts).into_keys().filter(is_silent).take(MAX_SILENT_SERVERS_ASKED);
    silent
        .flat_map(|server| {
            // TCP tells most, and costs one question.
            let soa = [QueryForm::Tcp, QueryForm::Plain].map(|way| at_server(server, apex, "SOA", way));
            // Some servers drop queries for the SOA alone.
            let mail = at_server(server, &facts.subject.domain, "MX", QueryForm::Udp);
            soa.into_iter().chain([at_server(server, apex, "NS", QueryForm::Tcp), mail])
        })
        .collect()
}

/// Whether a reply may be an error about EDNS (RFC 6891 section 7).
fn dislikes_edns(reply: &ReplyFacts) -> bool {
    ["FORMERR", "NOTIMP", "BADVERS"].contains(&reply.rcode.as_str())
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    match facts.lookup(domain, "SOA") {
        LookupFound::NoName(_) if zone::is_missing(facts) => {
            let by = facts.configured().map(|by| format!(", answered by {by}")).unwrap_or_default();
            let target = facts.lookup(domain, "SOA").alias();
            let told = target.map(|target| format!(" CNAME {target}, which does not exist:"));
            // The registered domain is there, or a zone below it.
            let registered = organizational_7489(domain).filter(|registered| *registered != domain);
            let above = zone::parent(facts).zip(registered);
            let above = above.filter(|(zone, registered)| is_within(zone, registered));
            let above = above.map(|(zone, _)| format!("; the zone {zone} above it exists"));
            let (told, above) = (told.unwrap_or_default(), above.unwrap_or_default());
            let evidence = format!("{domain}{told} NXDOMAIN{by}{above}");
            return vec![Finding::new(Code::DomainMissing, evidence)];
        }
        LookupFound::NotAsked => {
            return vec![Finding::new(Code::DelegationUnknown, "the zone was not looked up")];
        }
        _ => {}
    }
    let (servers, of_silent) = (zone::servers(facts), of_silent(facts));
    let astray = parents_differ::astray(facts, &of_silent);
    let Sets { mut findings, has_two_zones } = sets(facts, &astray, &of_silent);
    findings.extend(server_names::without_servers(facts));
    findings.extend(server_names::check(facts, &astray.names()));
    let asked = astray.without(&glue::without_stale(facts, &servers, &of_silent));
    findings.extend(each_server::check(facts, &asked, &of_silent));
    findings.extend(data(facts, &servers, has_two_zones));
    let differing = compared::check(facts);
    let agree = differing.is_none() && !compared::is_left_out(facts);
    findings.extend(differing);
    findings.extend(compared::not_made(facts));
    findings.extend(unanswered::check(facts));
    findings.extend(cached::check(facts));
    findings.extend(networks(facts, &servers));
    add_left_out(facts, &mut findings);
    let replied = |server: &IpAddr| {
        matches!(facts.server(*server, zone::apex(facts), "SOA", QueryForm::Udp), Some(Got::Reply(_)))
    };
    if agree && findings.iter().all(|finding| finding.level >= Level::Note) && servers.keys().any(replied) {
        findings.push(match are_untold(facts, &servers) {
            true => {
                let apex = zone::apex(facts);
                Finding::new(Code::DelegationUnknown, format!("no name server of {apex} told its NS records"))
            }
            false => Finding::new(Code::DelegationOk, well(facts, &servers)),
        });
    }
    // These have the moment in their evidence.
    let is_told = |finding: &Finding| [Code::DelegationOk, Code::NsDiffer].contains(&finding.code);
    let until = until(facts);
    if !until.is_empty() && !findings.iter().any(is_told) {
        findings.push(Finding::new(Code::ChangeSeen, until));
    }
    findings
}

/// The comparison of the NS sets.
#[derive(Default)]
struct Sets {
    findings: Vec<Finding>,
    /// Whether one of them tells zones of different primary servers, of which nothing tells which is that of the domain.
    has_two_zones: bool,
}

/// Compares the parent's NS set with the NS sets of the servers, and the glue with the addresses.
fn sets(facts: &DomainFacts, astray: &Astray, of_silent: &[Want]) -> Sets {
    let apex = zone::apex(facts);
    let Sets { mut findings, mut has_two_zones } = Sets::default();
    let Some(above) = zone::parent_set(facts) else {
        if apex != "." && !parent_told(facts) {
            let evidence = match is_unreached(facts) {
                true => "no server answers this host, not even one of the zone above; look whether it reaches port 53 of other \
                         hosts: `resolverctl check system`"
                    .to_owned(),
                false => untold(facts),
            };
            findings.push(Finding::new(Code::DelegationUnknown, evidence));
        }
        return Sets { findings, has_two_zones };
    };
    let servers = zone::servers(facts);
    let mut told = zone::current_sets(facts, servers.keys().copied());
    told.retain(|(_, set)| !set.is_empty());
    let (named, undecided) = (own_sets(&servers, &told), copies::undecided(facts, &servers, &told));
    let sets_above = parents::sets(facts);
    told.retain(|(_, set)| !sets_above.contains(set));
    findings.extend(parents_differ::check(facts, astray));
    if !told.is_empty() {
        // It tells them if the servers of the zone above differ.
        let lame = astray.words().filter(|_| findings.is_empty());
        let parent = zone::parent(facts).unwrap_or_default();
        let (level, why) = meaning(facts, &above, &told);
        // Where all give the same records, only the sets are at fault.
        let undecided = undecided.filter(|_| why.is_empty());
        let zones = undecided.as_deref().unwrap_or_default();
        let above: Vec<String> = sets_above.iter().map(listed).collect();
        let delegates = match above.as_slice() {
            [one] => format!("{parent} delegates {apex} to {one}"),
            several => format!("servers of {parent} delegate {apex} to {}", several.join(", others to ")),
        };
        // A name ends with a full stop already.
        let lame_words = lame.as_ref().map(|words| format!("; {words}")).unwrap_or_default();
        let sets = format!("{delegates}; {named}{why}{zones}{lame_words}");
        let evidence = format!("{}. {}", sets.trim_end_matches('.'), until(facts));
        let about = told.iter().map(|(server, _)| About::Address(*server));
        let finding = Finding::new(Code::NsDiffer, evidence).at(level).about(about);
        let finding = match astray.level.filter(|_| lame.is_some()) {
            Some(of_servers) => finding.at(level.min(of_servers)).to_do(remedies::LAME_IN_ONE_SET),
            None => Finding { remedy: astray.side().filter(|_| lame.is_some()), ..finding },
        };
        has_two_zones = undecided.is_some();
        findings.push(if has_two_zones { finding.to_do(remedies::TWO_ZONES) } else { finding });
    }
    findings.extend(without_glue(facts, &above));
    findings.extend(glue::check(facts, of_silent));
    Sets { findings, has_two_zones }
}

/// The servers that the zone itself names, in words: if its servers do not agree, each with its set.
fn own_sets(servers: &BTreeMap<IpAddr, BTreeSet<String>>, told: &[(IpAddr, BTreeSet<String>)]) -> String {
    let mut sets = BTreeMap::<String, Vec<IpAddr>>::new();
    for (server, set) in told {
        sets.entry(listed(set)).or_default().push(*server);
    }
    match sets.keys().next() {
        Some(only) if sets.len() == 1 => format!("the zone itself names {only}"),
        _ => format!(
            "the servers of the zone name others: {}",
            groups::having(server_hosts::of_groups(servers, sets))
        ),
    }
}

/// The level of a difference between the parent's NS set and those that servers told, and the words for it.
fn meaning(
    facts: &DomainFacts,
    above: &BTreeSet<String>,
    told: &[(IpAddr, BTreeSet<String>)],
) -> (Level, String) {
    let glue = zone::glue(facts);
    let of_name = |name: &String| -> BTreeSet<IpAddr> {
        let glued = glue.get(name.as_str()).into_iter().flatten().copied();
        facts.addresses(name).into_iter().chain(glued).collect()
    };
    let of_set = |set: &BTreeSet<String>| set.iter().flat_map(of_name).collect::<BTreeSet<IpAddr>>();
    let names = || told.iter().map(|(_, set)| set).chain([above]).flatten();
    let are_known = names().all(|name| !of_name(name).is_empty());
    if are_known && told.iter().all(|(_, set)| of_set(set) == of_set(above)) {
        return (Level::Note, "; both sets have the same addresses".to_owned());
    }
    let servers = zone::servers(facts);
    let gives = |server: &IpAddr| served::given(facts, *server, (&facts.subject.domain, "MX")).is_some();
    let is_one = servers.keys().all(gives)
        && data(facts, &servers, false).iter().all(|finding| finding.level >= Level::Note)
        && zone::not_asked(facts).is_empty();
    if let Some(same) = compared::sameness(facts).filter(|_| are_known && is_one) {
        return (Level::Warning, format!("; all of these servers give {same}"));
    }
    let are_disjoint = told.iter().any(|(_, set)| above.is_disjoint(set));
    (if are_disjoint { Level::Failure } else { Level::Warning }, String::new())
}

/// Servers inside the zone that the zone above names without an address: nobody can look them up (RFC 9471 section 3.1).
fn without_glue(facts: &DomainFacts, above: &BTreeSet<String>) -> Option<Finding> {
    let (apex, glue) = (zone::apex(facts), zone::glue(facts));
    let bare: BTreeSet<&str> = above
        .iter()
        .map(String::as_str)
        .filter(|name| is_within(name, apex) && !glue.contains_key(name))
        .collect();
    let level = if bare.len() == above.len() { Level::Failure } else { Level::Warning };
    (!bare.is_empty()).then(|| Finding::new(Code::GlueMissing, listed(&bare)).at(level))
}

/// Whether no lookup and no server has given an answer: this host reaches nobody.
pub(super) fn is_unreached(facts: &DomainFacts) -> bool {
    let is_known = |got: &Got| {
        // Answers that fail DNSSEC validation have come too.
        matches!(got, Got::Reply(reply) if reply.rcode != "SERVFAIL" || reply.security == ReplySecurity::Bogus)
    };
    !facts.got.values().any(is_known)
}

/// The evidence that the zone above did not tell the delegation, with the reason if it is known.
fn untold(facts: &DomainFacts) -> String {
    let apex = zone::apex(facts);
    match zone::parent(facts).filter(|_| zone::compared_parents(facts).is_empty()) {
        Some(parent) => format!(
            "no server of the zone above {apex} was asked: no address of a name server of {parent} is known ({})",
            facts.data(parent, "NS").join(", ")
        ),
        None => format!("no server of the zone above {apex} told the delegation"),
    }
}

/// Whether servers were asked for the NS records of the zone, and none gave them.
fn are_untold(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> bool {
    let apex = zone::apex(facts);
    let is_asked = |server: &IpAddr| facts.server(*server, apex, "NS", QueryForm::MixedCase).is_some();
    let told = |server: &IpAddr| zone::child_set_at(facts, *server).is_some_and(|names| !names.is_empty());
    servers.keys().any(is_asked) && !servers.keys().any(told)
}

/// Whether a server of the parent told whether it delegates the zone.
fn parent_told(facts: &DomainFacts) -> bool {
    let told = |server: IpAddr| match facts.server(server, zone::apex(facts), "NS", QueryForm::Udp) {
        Some(Got::Reply(reply)) => ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str()),
        _ => false,
    };
    zone::compared_parents(facts).into_iter().any(told)
}

/// Until when caches may keep the NS sets, the MX records and the addresses of the mail hosts in the zone that they have now. The NS set
/// in the cache of this host may be older than the TTL of now.
pub(super) fn until(facts: &DomainFacts) -> String {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let referred = zone::referrals(facts).into_iter().flat_map(|(_, reply)| &reply.authority);
    let own = zone::servers(facts).into_keys().filter_map(|server| {
        [QueryForm::MixedCase, QueryForm::Udp].into_iter().find_map(|way| {
            match facts.server(server, apex, "NS", way) {
                Some(Got::Reply(reply)) if reply.data("NS").next().is_some() => Some(&reply.answers),
                _ => None,
            }
        })
    });
    let here = facts.lookup(apex, "NS").reply().into_iter().flat_map(|reply| &reply.answers);
    let names = referred.chain(own.flatten()).chain(here);
    let names = names.filter(|record| record.kind == "NS" && record.name == apex);
    let longest = |name: &str, kind: &'static str| {
        let servers = zone::servers(facts).into_keys();
        let given = servers.filter_map(|server| served::given(facts, server, (name, kind)));
        let records = given.flat_map(|reply| &reply.answers).filter(|record| record.kind == kind);
        records.map(|record| record.ttl).max()
    };
    let hosts = mail::hosts(facts).into_iter().filter(|host| is_within(host, apex));
    let of_hosts = hosts.flat_map(|host| ["A", "AAAA"].map(|kind| longest(&host, kind)));
    let by = |ttl: u32| format!("{} (TTL {ttl} s)", minute(ttl_end::end(facts, ttl)));
    let Some(names) = names.map(|record| record.ttl).max() else { return String::new() };
    let others = [
        ("the MX records", longest(domain, "MX")),
        ("the addresses of the mail hosts", of_hosts.flatten().max()),
    ];
    let others =
        others.into_iter().filter_map(|(records, ttl)| Some(format!(", one of {records} by {}", by(ttl?))));
    format!(
        "A change of the name servers made now is seen everywhere by {}{}",
        by(names),
        others.collect::<String>()
    )
}

/// Serials and MX records of the servers, and foreign copies of the zone. `has_two_zones`: the difference of the sets tells the primary servers.
fn data(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    has_two_zones: bool,
) -> Vec<Finding> {
    let copies = zone::with_foreign(facts, servers.keys().copied());
    let of_mail = mail_differs(facts, servers, (&copies, has_two_zones));
    let has_one_mail = of_mail.is_none();
    let mut findings: Vec<Finding> = of_mail.into_iter().collect();
    if let Some(words) = copies::foreign_words(servers, &copies).filter(|_| has_one_mail) {
        let above = listed(&zone::parent_set(facts).unwrap_or_default());
        let evidence = format!(
            "{} delegates {} to {above}; {words}",
            zone::parent(facts).unwrap_or_default(),
            zone::apex(facts)
        );
        findings.push(Finding::new(Code::NsDiffer, evidence).to_do(foreign::remedy(&copies)));
    }
    findings.extend(serials::check(facts, servers, (&copies, has_one_mail)));
    findings
}

/// That servers give different MX records. `copies`: the foreign copies of the zone.
fn mail_differs(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    (copies, has_two_zones): (&BTreeMap<IpAddr, Foreign>, bool),
) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let (mut mail, mut about) =
        (BTreeMap::<String, Vec<IpAddr>>::new(), vec![About::Host(domain.to_owned())]);
    for server in servers.keys() {
        if let Some(reply) = served::given(facts, *server, (domain, "MX")) {
            about.push(About::Address(*server));
            mail.entry(apex_alias::mail_records(facts, reply)).or_default().push(*server);
        }
    }
    if mail.len() < 2 {
        return None;
    }
    let groups: Vec<Vec<IpAddr>> = mail.values().cloned().collect();
    let zones = copies::foreign_words(servers, copies);
    let zones =
        zones.or_else(|| copies::primaries_of_groups(facts, servers, &groups).filter(|_| !has_two_zones));
    let zones = zones.map(|words| format!("; {words}")).unwrap_or_default();
    let given = servers.keys().filter_map(|server| served::given(facts, *server, (domain, "MX")));
    let preferences = if exchanges::are_same_hosts(given) { exchanges::OTHER_PREFERENCES } else { "" };
    let evidence = groups::having(server_hosts::of_groups(servers, mail)) + preferences + &zones;
    let finding = Finding::new(Code::MxDiffers, evidence).about(about);
    Some(if copies.is_empty() { finding } else { finding.to_do(foreign::remedy(copies)) })
}

/// The servers that are not asked, because there are too many.
fn beyond_bound(facts: &DomainFacts) -> Option<String> {
    let beyond = zone::not_asked(facts);
    let evidence = || {
        format!(
            "the check asks {MAX_CHECKED_SERVERS} addresses of name servers; not asked: {}",
            beyond.join(", ")
        )
    };
    (!beyond.is_empty()).then(evidence)
}

/// Adds the finding about the servers and the resolvers that are not asked to the one about records that are not compared.
fn add_left_out(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let others = others::are_left_out(facts).then(|| {
        format!("none of the {MAX_CHECK_QUESTIONS} questions of the check was left for other resolvers")
    });
    let known = findings.iter_mut().find(|finding| finding.code == Code::NsMany);
    let not_compared = known.as_ref().map(|known| known.evidence.clone());
    let bounds: Vec<String> = [beyond_bound(facts), not_compared, others].into_iter().flatten().collect();
    match known {
        Some(known) => known.evidence = bounds.join("; "),
        None if bounds.is_empty() => {}
        None => findings.push(Finding::new(Code::NsMany, bounds.join("; "))),
    }
}

/// Whether all servers are in one network.
fn networks(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Option<Finding> {
    // Private addresses tell nothing about networks.
    let has_private = servers.keys().any(|address| private_address::is_private(*address));
    let several = zone::server_names(facts).len() > 1 && !has_private;
    let all = || server_hosts::shown(servers, servers.keys().copied()).join(", ");
    (several && server_hosts::are_in_one_network(servers)).then(|| Finding::new(Code::NsOneNetwork, all()))
}

fn well(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> String {
    let names = zone::server_names(facts);
    let until = until(facts);
    let end = if until.is_empty() { String::new() } else { format!(". {until}") };
    let addresses =
        if servers.len() == 1 { "1 address".to_owned() } else { format!("{} addresses", servers.len()) };
    let agreed = parents::agreed(facts);
    format!("{} of {} with {addresses}{agreed}{end}", listed(&names), zone::apex(facts))
}

#[cfg(test)]
#[path = "delegation_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "server_sets_tests.rs"]
mod sets_tests;
