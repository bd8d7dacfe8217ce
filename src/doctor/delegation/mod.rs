//! Compares the name servers in the parent zone with those in the zone itself (RFC 1034 section 4.2.2: they must be equal).
//!
//! RFC 2182 demands servers in several networks. The module `each_server` checks each server separately.

pub(crate) mod at_times;
pub(crate) mod each_server;
pub(crate) mod glue;
pub(crate) mod groups;
pub(crate) mod mixed_case;
pub(crate) mod parents;
pub(crate) mod serials;
pub(crate) mod server_hosts;
pub(crate) mod server_names;
pub(crate) mod server_silence;
mod slow_servers;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::Code;
use crate::delegation::server_names::listed;
use crate::facts::record_set::is_known;
use crate::facts::{
    DomainFacts, Got, LookupFound, NoReply, QueryForm, Record, ReplyFacts, ReplySecurity, Want, above,
    addresses, at_server, is_within, lookup, private_address::is_private,
};
use crate::finding::{About, Finding, Level};
use crate::limits::{
    MAX_CHECK_QUESTIONS, MAX_CHECKED_NAMES, MAX_CHECKED_SERVERS, MAX_SERVERS_ASKED_IN_ALL_WAYS,
    MAX_SERVERS_ASKED_IN_MIXED_CASE, MAX_SILENT_SERVERS_ASKED,
};
use crate::zone::{self, serves};
use crate::{cached, compared, others, served, unanswered};

pub(super) fn to_servers(facts: &DomainFacts) -> Vec<Want> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut wants = vec![lookup(domain, "SOA"), lookup(above(domain), "SOA")];
    // The questions about the delegation begin as soon as one of these two lookups has a result: if the servers of the domain do not answer,
    // the lookup of the domain itself takes seconds.
    let is_asked = |name: &str| !matches!(facts.lookup(name, "SOA"), LookupFound::NotAsked);
    if !is_asked(domain) && !is_asked(above(domain)) {
        return wants;
    }
    // If the zone of the domain fails, only the parent of this zone can give its delegation. So the parent is looked up too.
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

/// Returns the questions for a server. The first one is for the SOA record, and its answer determines the others. If the server does not
/// answer it, the other questions come from `of_silent`.
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
            // This query has the name in lower case. Its reply shows whether the query in mixed case failed because of the mixed case.
            match facts.server(server, apex, "NS", QueryForm::MixedCase) {
                Some(Got::Reply(reply)) if reply.records("NS").next().is_some() => {}
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
        // Some load balancers refuse only queries for SOA and NS records, so the server is asked for the MX records too.
        Some(Got::Reply(reply)) if !is_known(reply) => {
            wants.push(at_server(server, domain, "MX", QueryForm::Udp))
        }
        // Aliases and some load balancers have no SOA record, so the next query is for NS records.
        Some(Got::Reply(reply)) if reply.authoritative => {
            wants.push(at_server(server, apex, "NS", QueryForm::Udp));
            if reply.rcode == "NOERROR" {
                wants.push(at_server(server, domain, "MX", QueryForm::Udp));
            }
        }
        // The function `of_silent` returns the further questions.
        Some(Got::Reply(_) | Got::NoReply(_)) => {}
    }
    wants.extend(served::form(facts, server).map(|way| at_server(server, domain, "MX", way)));
    wants
}

/// Returns the further questions to servers that did not answer the first question. Each of these may take seconds, so they are asked last.
pub(super) fn of_silent(facts: &DomainFacts) -> Vec<Want> {
    let apex = zone::apex(facts);
    let is_silent = |server: &IpAddr| match facts.server(*server, apex, "SOA", QueryForm::Udp) {
        Some(Got::NoReply(lost)) => !matches!(lost, NoReply::Unknown(_) | NoReply::NoRoute),
        _ => false,
    };
    let silent = zone::servers(facts).into_keys().filter(is_silent).take(MAX_SILENT_SERVERS_ASKED);
    silent
        .flat_map(|server| {
            // The query over TCP is first, because its result shows the most about the server. It is sent only once, so it needs only one of the
            // questions that the check may send.
            let soa = [QueryForm::Tcp, QueryForm::Plain].map(|way| at_server(server, apex, "SOA", way));
            // Some servers drop only queries for the SOA record, so they are asked for other types too.
            let mail = at_server(server, &facts.subject.domain, "MX", QueryForm::Udp);
            soa.into_iter().chain([at_server(server, apex, "NS", QueryForm::Tcp), mail])
        })
        .collect()
}

/// Returns true if the response code may be an error because of EDNS (RFC 6891 section 7).
fn dislikes_edns(reply: &ReplyFacts) -> bool {
    ["FORMERR", "NOTIMP", "BADVERS"].contains(&reply.rcode.as_str())
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    match facts.lookup(domain, "SOA") {
        LookupFound::NoName(_) if zone::is_missing(facts) => {
            let by = facts.configured().map(|by| format!(", answered by {by}")).unwrap_or_default();
            let target = facts.lookup(domain, "SOA").alias();
            let alias = target.map(|target| format!(" CNAME {target}, which does not exist:"));
            let evidence = format!("{domain}{} NXDOMAIN{by}", alias.unwrap_or_default());
            return vec![Finding::new(Code::DomainMissing, evidence)];
        }
        LookupFound::NotAsked => {
            return vec![Finding::new(Code::DelegationUnknown, "the zone was not looked up")];
        }
        _ => {}
    }
    let (servers, of_silent) = (zone::servers(facts), of_silent(facts));
    let mut findings = sets(facts);
    findings.extend(server_names::without_servers(facts));
    findings.extend(server_names::check(facts));
    findings.extend(each_server::check(facts, &servers, &of_silent));
    findings.extend(slow_servers::check(facts, &servers));
    findings.extend(mail_differs(facts, &servers));
    findings.extend(serials::check(facts, &servers));
    let differing = compared::check(facts);
    let agree = differing.is_none() && compared::left_out(facts).is_empty();
    findings.extend(differing);
    findings.extend(compared::not_made(facts));
    add_left_out(facts, &mut findings);
    findings.extend(unanswered::check(facts));
    findings.extend(cached::check(facts));
    findings.extend(networks(facts, &servers));
    let replied =
        |server: &IpAddr| facts.reply_of(*server, zone::apex(facts), "SOA", QueryForm::Udp).is_some();
    if agree && findings.iter().all(|finding| finding.level >= Level::Note) && servers.keys().any(replied) {
        findings.push(match are_names_unknown(facts, &servers) {
            true => {
                let apex = zone::apex(facts);
                Finding::new(Code::DelegationUnknown, format!("no name server of {apex} gave its NS records"))
            }
            false => Finding::new(Code::DelegationOk, well(facts, &servers)),
        });
    }
    findings
}

/// Returns the findings that the NS records in the parent zone differ from those of the servers, and that the glue differs from the
/// addresses in the zone.
fn sets(facts: &DomainFacts) -> Vec<Finding> {
    let apex = zone::apex(facts);
    let Some(above) = zone::parent_set(facts) else {
        let is_unknown = apex != "." && !has_parent_answered(facts);
        let evidence = match is_unreached(facts) {
            true => "no server answers this host, not even one of the zone above; look whether it reaches port 53 of other \
                     hosts: `resolverctl check system`"
                .to_owned(),
            false => format!("no server of the zone above {apex} gave the delegation"),
        };
        let finding = Finding::new(Code::DelegationUnknown, evidence);
        let finding = if is_unreached(facts) { finding.blocking() } else { finding };
        return if is_unknown { vec![finding] } else { Vec::new() };
    };
    let mut findings: Vec<Finding> = parents::check(facts).into_iter().collect();
    let servers = zone::servers(facts);
    let mut own = zone::current_sets(facts, servers.keys().copied());
    own.retain(|(_, set)| !set.is_empty());
    let (sets_above, named) = (parents::sets(facts), own_sets(&servers, &own));
    own.retain(|(_, set)| !sets_above.contains(set));
    if !own.is_empty() {
        let parent = zone::parent(facts).unwrap_or_default();
        let (level, why) = meaning(facts, &above, &own);
        let above: Vec<String> = sets_above.iter().map(listed).collect();
        let delegates = above.join(", others to ");
        let evidence = format!("{parent} delegates {apex} to {delegates}; {named}{why}");
        let about = own.iter().map(|(server, _)| About::Address(*server));
        let finding = Finding::new(Code::NsDiffer, evidence).at(level).about(about);
        findings.push(finding.about(parents::of_one_side(facts)));
    }
    findings.extend(without_glue(facts, &above));
    findings.extend(glue::check(facts));
    findings
}

/// Describes the server names in the NS records that the servers of the zone give.
fn own_sets(servers: &BTreeMap<IpAddr, BTreeSet<String>>, own: &[(IpAddr, BTreeSet<String>)]) -> String {
    let mut sets = BTreeMap::<String, Vec<IpAddr>>::new();
    for (server, set) in own {
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

/// Returns the level of a difference between the NS records in the parent zone and in the zone, and a text about it.
fn meaning(
    facts: &DomainFacts,
    above: &BTreeSet<String>,
    own: &[(IpAddr, BTreeSet<String>)],
) -> (Level, &'static str) {
    let glue = zone::glue(facts);
    let of_name = |name: &String| -> BTreeSet<IpAddr> {
        let glued = glue.get(name.as_str()).into_iter().flatten().copied();
        facts.addresses(name).into_iter().chain(glued).collect()
    };
    let of_set = |set: &BTreeSet<String>| set.iter().flat_map(of_name).collect::<BTreeSet<IpAddr>>();
    let mut names = own.iter().map(|(_, set)| set).chain([above]).flatten();
    let are_known = names.all(|name| !of_name(name).is_empty());
    if are_known && own.iter().all(|(_, set)| of_set(set) == of_set(above)) {
        return (Level::Note, "; both sets have the same addresses");
    }
    (Level::Warning, "")
}

/// Returns the finding about name servers inside the zone for which the parent zone gives no glue, so that no resolver can find them (RFC
/// 9471 section 3.1).
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

/// Returns true if this host seems to have no connection to the internet, because it has got no answer.
fn is_unreached(facts: &DomainFacts) -> bool {
    // An answer that fails DNSSEC validation also proves a connection.
    let has_come = |reply: &ReplyFacts| reply.rcode != "SERVFAIL" || reply.security == ReplySecurity::Bogus;
    !facts.got.values().filter_map(Got::reply).any(has_come)
}

fn are_names_unknown(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> bool {
    let apex = zone::apex(facts);
    let is_asked = |server: &IpAddr| facts.server(*server, apex, "NS", QueryForm::MixedCase).is_some();
    let has_given =
        |server: &IpAddr| zone::child_set_at(facts, *server).is_some_and(|names| !names.is_empty());
    servers.keys().any(is_asked) && !servers.keys().any(has_given)
}

fn has_parent_answered(facts: &DomainFacts) -> bool {
    let has_answered = |server: IpAddr| {
        facts.reply_of(server, zone::apex(facts), "NS", QueryForm::Udp).is_some_and(is_known)
    };
    zone::compared_parents(facts).into_iter().any(has_answered)
}

/// Returns the finding that the servers give different MX records for the domain.
fn mail_differs(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let (mut mail, mut about) =
        (BTreeMap::<String, Vec<IpAddr>>::new(), vec![About::Host(domain.to_owned())]);
    for server in servers.keys() {
        if let Some(reply) = served::given(facts, *server, (domain, "MX")) {
            about.push(About::Address(*server));
            mail.entry(mail_records(facts, reply)).or_default().push(*server);
        }
    }
    if mail.len() < 2 {
        return None;
    }
    let evidence = groups::having(server_hosts::of_groups(servers, mail));
    Some(Finding::new(Code::MxDiffers, evidence).about(about))
}

/// Describes the alias (CNAME) that a reply has for a name.
pub(super) fn own_alias(reply: &ReplyFacts, name: &str) -> Option<String> {
    let alias = reply.answers.iter().find(|record| record.is("CNAME") && record.name == name)?;
    Some(format!("CNAME {}", alias.target()?))
}

fn mail_records(facts: &DomainFacts, reply: &ReplyFacts) -> String {
    let mut records: Vec<String> = reply.records("MX").map(Record::compared).collect();
    records.sort();
    match own_alias(reply, &facts.subject.domain) {
        // At the apex, an alias is wrong, so the text names it. At a name below the apex, it is correct, and the MX records at its target count.
        Some(alias) if records.is_empty() || zone::is_delegated(facts) => alias,
        _ if records.is_empty() => "no MX".to_owned(),
        _ => records.join(", "),
    }
}

/// Adds to the finding about records that were not compared (`NsMany`) the name servers and other resolvers that were not asked.
fn add_left_out(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let known = findings.iter().position(|finding| finding.code == Code::NsMany);
    let finding = known.map_or_else(|| Finding::new(Code::NsMany, ""), |place| findings.remove(place));
    let beyond = zone::not_asked(facts);
    let servers = (!beyond.is_empty()).then(|| {
        format!(
            "the check asks {MAX_CHECKED_SERVERS} addresses of name servers; not asked: {}",
            beyond.join(", ")
        )
    });
    let others = others::are_left_out(facts).then(|| {
        format!("none of the {MAX_CHECK_QUESTIONS} questions of the check was left for other resolvers")
    });
    let own = Some(finding.evidence.clone()).filter(|evidence| !evidence.is_empty());
    let words: Vec<String> = [servers, own, others].into_iter().flatten().collect();
    findings.extend((!words.is_empty()).then(|| Finding { evidence: words.join("; "), ..finding }));
}

/// Returns the finding that all servers of the zone are in one network, so that its failure affects all of them.
fn networks(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Option<Finding> {
    // Private addresses do not show the network of a server on the internet.
    let has_private = servers.keys().any(|address| is_private(*address));
    let several = zone::server_names(facts).len() > 1 && !has_private;
    let all = || server_hosts::shown(servers, servers.keys().copied()).join(", ");
    (several && server_hosts::are_in_one_network(servers)).then(|| Finding::new(Code::NsOneNetwork, all()))
}

fn well(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> String {
    let addresses =
        if servers.len() == 1 { "1 address".to_owned() } else { format!("{} addresses", servers.len()) };
    format!("{} of {} with {addresses}", listed(&zone::server_names(facts)), zone::apex(facts))
}

#[cfg(test)]
mod tests;
