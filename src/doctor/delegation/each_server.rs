//! Checks each name server of the zone: whether it serves the zone over UDP and TCP, and whether it supports EDNS and names in mixed case.
//!
//! RFC 1912 (lame servers), RFC 7766 (TCP), RFC 6891 (EDNS), RFC 8906 (servers that drop queries).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::{Code, remedies};
use crate::delegation::{self, at_times, mixed_case, server_hosts, server_names, server_silence};
use crate::dnssec::keys;
use crate::facts::private_address::{OUT_OF_REACH, is_private};
use crate::facts::record_set::is_known;
use crate::facts::sent::may_be_chance;
use crate::facts::{
    BOUND_REACHED, DomainFacts, Got, LookupFound, NoReply, QueryForm, ReplyFacts, Want, is_within,
};
use crate::finding::{About, Finding, Level, Part};
use crate::limits::{MAX_CHECKED_NAMES, MOST_MILLIS_WITHOUT_EDNS};
use crate::zone::{self, serves};
use crate::{elsewhere, served};

/// Checks each name server of the zone. `of_silent`: questions that the check has not asked, because their server did not answer its first question.
pub(crate) fn check(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    of_silent: &[Want],
) -> Vec<Finding> {
    let mut shown = ServersShown::default();
    let verdicts: Vec<Serves> = servers.keys().map(|server| shown.judge(facts, *server)).collect();
    let count = |wanted: Serves| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (sound, asked) = (count(Serves::Yes), count(Serves::Yes) + count(Serves::No));
    let ServersShown { mut by_code, mut unknown } = shown;
    // `cut_off` removes silent servers that may have no fault. If no server serves the zone, one finding reports all servers, so none is removed.
    if sound > 0 {
        unknown.extend(cut_off(facts, of_silent, &mut by_code));
    }
    let of_servers = (!unknown.is_empty()).then(|| server_hosts::with_conduct(servers, &unknown));
    let words: Vec<String> = of_servers.into_iter().chain(unfound(facts)).collect();
    let words = words.join("; ");
    let mut findings = of_conducts(facts, servers, by_code, (sound, asked), &words);
    let is_reported = findings.iter().any(|finding| finding.code == Code::DelegationUnknown);
    if !words.is_empty() && !is_reported {
        let about = unknown.iter().map(|(server, _)| About::Address(*server));
        let finding = Finding::new(Code::DelegationUnknown, words).in_part(Part::Servers).about(about);
        findings.push(Finding { blocks: sound == 0 && unknown.is_empty(), ..finding });
    }
    findings
}

/// Returns the names of servers whose addresses could not be looked up.
fn unfound(facts: &DomainFacts) -> Vec<String> {
    let (apex, glue) = (zone::apex(facts), zone::glue(facts));
    let unfound = |name: String| {
        let is_found = server_names::has_address(facts, &glue, &name) || is_within(&name, apex);
        if is_found || elsewhere::evidence(facts, &name, "A").is_some() {
            return None;
        }
        let why = ["A", "AAAA"].into_iter().find_map(|kind| match facts.lookup(&name, kind) {
            LookupFound::Unknown(why) => Some(why),
            _ => None,
        })?;
        Some(format!("{name} was not asked: its address could not be looked up ({why})"))
    };
    zone::server_names(facts).into_iter().take(MAX_CHECKED_NAMES).filter_map(unfound).collect()
}

/// Says if a server serves the checked zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Serves {
    Yes,
    No,
    /// The server was not asked, or its answer does not show if it serves the zone.
    Unknown,
}

/// The faults of servers, each with a text, and the servers for which it is unknown whether they serve the zone.
#[derive(Default)]
struct ServersShown {
    by_code: BTreeMap<Code, Vec<(IpAddr, String)>>,
    unknown: Vec<(IpAddr, String)>,
}

impl ServersShown {
    /// Checks a server and stores its fault.
    fn judge(&mut self, facts: &DomainFacts, server: IpAddr) -> Serves {
        let apex = zone::apex(facts);
        let Some(first) = facts.server(server, apex, "SOA", QueryForm::Udp) else { return Serves::Unknown };
        let mut tell = |code, conduct: String| self.by_code.entry(code).or_default().push((server, conduct));
        match first {
            Got::Reply(reply) if serves(reply, apex) => of_sound(facts, server, reply, &mut tell),
            Got::NoReply(NoReply::NoRoute) => {
                tell(Code::NsUnrouted, "was not asked".to_owned());
                return Serves::Unknown;
            }
            Got::NoReply(NoReply::Unknown(_)) if !facts.sent(server).is_any() && is_private(server) => {
                tell(Code::NsPrivateAddress, OUT_OF_REACH.to_owned());
                return Serves::Unknown;
            }
            Got::NoReply(NoReply::Unknown(why)) => {
                self.unknown.push((server, facts.sent(server).unknown(why)));
                return Serves::Unknown;
            }
            Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => return Serves::Unknown,
            Got::Reply(_) | Got::NoReply(_) => {
                let plain = facts.server(server, apex, "SOA", QueryForm::Plain);
                let without_edns = plain.and_then(Got::reply).is_some_and(|reply| serves(reply, apex));
                match first {
                    _ if without_edns => {
                        of_plain(first, plain, facts.is_lossy(server), &mut tell);
                        // A server that rejects EDNS with an error would send this error over TCP too. So if it does not reply over TCP, the server
                        // has two faults.
                        let how = without_tcp(facts, server).filter(|_| matches!(first, Got::Reply(_)));
                        how.into_iter().for_each(|how| tell(Code::NsTcp, how));
                    }
                    // The server fails some queries with this code at random, so this query may have failed by chance.
                    Got::Reply(reply)
                        if at_times::code_of_host(facts, server) == Some(reply.rcode.as_str()) =>
                    {
                        tell(Code::NsPartly, at_times::words(&reply.rcode));
                    }
                    Got::Reply(reply)
                        if server_silence::gives_mail(facts, server)
                            || !is_known(reply) && at_times::gives_records(facts, server) =>
                    {
                        tell(Code::NsPartly, without_soa(reply, apex));
                    }
                    Got::Reply(reply) => {
                        tell(Code::NsLame, wrong(reply, apex));
                        return Serves::No;
                    }
                    _ if !server_silence::tell(facts, server, &mut tell) => return Serves::No,
                    _ => {}
                }
            }
        }
        Serves::Yes
    }
}

/// Removes those silent servers from `by_code` that may have no fault: the check ended before it asked them over TCP, or many datagrams are
/// lost on the path. Returns the removed servers, each with a text.
fn cut_off(
    facts: &DomainFacts,
    of_silent: &[Want],
    by_code: &mut BTreeMap<Code, Vec<(IpAddr, String)>>,
) -> Vec<(IpAddr, String)> {
    let unknown = |server: IpAddr| match facts.server(server, zone::apex(facts), "SOA", QueryForm::Tcp) {
        _ if !server_silence::is_silent(facts, server, QueryForm::Udp) => None,
        Some(Got::NoReply(NoReply::Unknown(why))) if why != BOUND_REACHED || facts.is_lossy(server) => {
            Some(facts.sent(server).unknown(why))
        }
        Some(Got::NoReply(NoReply::Silent)) if may_be_chance(&facts.sent, server) => {
            Some(facts.sent(server).unknown("datagrams to other servers are lost too"))
        }
        // There is no result over TCP: the check ended before this query, or it does not send the query, because too many servers were silent. If
        // datagrams are lost on the path, the silence over UDP is no proof of a fault.
        None if is_asked_over_tcp(of_silent, server) || facts.is_lossy(server) => {
            Some(facts.sent(server).unknown("it was not asked over TCP"))
        }
        _ => None,
    };
    let (mut cut, mut silent) = (Vec::new(), Vec::new());
    for (server, conduct) in by_code.remove(&Code::NsSilent).unwrap_or_default() {
        match unknown(server) {
            Some(unknown) => cut.push((server, unknown)),
            None => silent.push((server, conduct)),
        }
    }
    if !silent.is_empty() {
        by_code.insert(Code::NsSilent, silent);
    }
    cut
}

fn is_asked_over_tcp(wanted: &[Want], server: IpAddr) -> bool {
    let is_to = |want: &Want| matches!(want, Want::Server { server: asked, way: QueryForm::Tcp, .. } if *asked == server);
    wanted.iter().any(is_to)
}

/// Reports a server that answers only queries without EDNS. It does not report a very slow server, whose replies may have come too late, or
/// (`is_lossy`) a server to which datagrams are lost.
fn of_plain(first: &Got, plain: Option<&Got>, is_lossy: bool, tell: &mut impl FnMut(Code, String)) {
    let is_slow = matches!(plain, Some(Got::Reply(reply)) if reply.millis > MOST_MILLIS_WITHOUT_EDNS);
    let may_be_chance = is_lossy && *first == Got::NoReply(NoReply::Silent);
    if !(is_slow && matches!(first, Got::NoReply(_)) || may_be_chance) {
        tell(Code::NsEdns, "answers without EDNS only".to_owned());
    }
}

fn without_soa(reply: &ReplyFacts, apex: &str) -> String {
    let wrong = wrong(reply, apex);
    if reply.rcode == "NOERROR" && reply.authoritative { wrong } else { format!("{wrong} SOA") }
}

/// Returns the findings about the servers, one for each kind of fault. `sound` of the `asked` servers serve the zone. `unknown` describes
/// servers without a result.
fn of_conducts(
    facts: &DomainFacts,
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    mut by_code: BTreeMap<Code, Vec<(IpAddr, String)>>,
    (sound, asked): (usize, usize),
    unknown: &str,
) -> Vec<Finding> {
    let mut findings = Vec::<Finding>::new();
    let unreached = if sound == 0 { unreached(servers, &by_code) } else { Vec::new() };
    if !unreached.is_empty() {
        // Does not report that the servers cannot be reached from anywhere: other hosts may have a route to them.
        by_code.remove(&Code::NsUnrouted);
        let evidence = format!(
            "this host has no route to {}, or does not use its family, and reaches no server of the zone that answers",
            unreached.join(", ")
        );
        let finding = Finding::new(Code::DelegationUnknown, evidence).to_do(remedies::NO_ROUTE).blocking();
        findings.push(finding.in_part(Part::Servers));
    } else if asked > 0 && sound == 0 && !is_resolved(facts) {
        // If the servers of the parent zone do not answer either, this host may be unable to reach port 53 of any server.
        let none_heard = by_code.keys().all(|code| [Code::NsSilent, Code::NsUnrouted].contains(code));
        let all: Vec<(IpAddr, String)> = std::mem::take(&mut by_code).into_values().flatten().collect();
        let texts = texts(servers, &all);
        let about = all.iter().map(|(server, _)| About::Address(*server));
        findings.push(match unknown {
            _ if none_heard && (all_lost(facts) || is_answered_late(facts)) => {
                Finding::new(Code::DelegationUnknown, texts).in_part(Part::Servers).about(about)
            }
            "" => none_answers(facts, &all, texts),
            unknown => {
                let evidence = format!("{texts}; {unknown}");
                Finding::new(Code::DelegationUnknown, evidence).in_part(Part::Servers).about(about)
            }
        });
    }
    findings.extend(by_code.into_iter().map(|(code, of_code)| match of_conduct(servers, code, &of_code) {
        finding
            if code == Code::NsPartly
                && of_code.iter().all(|(server, _)| at_times::code_of_host(facts, *server).is_some()) =>
        {
            finding.to_do(remedies::FAILING_AT_TIMES)
        }
        // A resolver that sends names in mixed case learns from this server that the name does not exist, so the finding is a failure.
        finding
            if code == Code::NsPartly
                && of_code.iter().any(|(server, _)| mixed_case::denies(facts, *server)) =>
        {
            finding.at(Level::Failure)
        }
        finding if code == Code::NsPrivateAddress && sound == 0 => finding.at(Level::Failure),
        // Without EDNS, validating resolvers cannot get signatures.
        finding if code == Code::NsEdns && keys::are_without_edns(facts) => {
            finding.at(Level::Failure).blocking()
        }
        // A resolver that sends names in mixed case gets no reply from this server.
        finding
            if code == Code::NsCase && of_code.iter().any(|(_, conduct)| conduct == mixed_case::DROPPED) =>
        {
            finding.at(Level::Warning)
        }
        finding => finding,
    }));
    findings
}

/// Returns the finding that no server answers over UDP. If all servers answer over TCP, the advice is to open UDP.
fn none_answers(facts: &DomainFacts, all: &[(IpAddr, String)], texts: String) -> Finding {
    let apex = zone::apex(facts);
    let evidence = if apex == facts.subject.domain { texts } else { format!("of the zone {apex}: {texts}") };
    let code = if zone::is_denied(facts) { Code::DomainMissing } else { Code::NsNoneAnswers };
    let finding = Finding::new(code, evidence).blocking();
    let is_without_udp = |server: IpAddr| {
        server_silence::is_silent(facts, server, QueryForm::Udp)
            && served::form(facts, server) == Some(QueryForm::Tcp)
    };
    let are_without_udp = all.iter().all(|(server, _)| is_without_udp(*server));
    if are_without_udp { finding.to_do(remedies::OPEN_UDP) } else { finding }
}

/// Returns true if this host's resolver can look up the zone and a server gives the SOA record. AA may be missing, because some resolvers
/// accept such a reply.
fn is_resolved(facts: &DomainFacts) -> bool {
    let apex = zone::apex(facts);
    let is_sound = |reply: &ReplyFacts| {
        reply.rcode == "NOERROR" && zone::soa(reply).is_some_and(|soa| soa.owner == apex)
    };
    let gives = |server: IpAddr| facts.reply_of(server, apex, "SOA", QueryForm::Udp).is_some_and(is_sound);
    facts.lookup(apex, "SOA").is_known() && zone::servers(facts).into_keys().any(gives)
}

fn texts(servers: &BTreeMap<IpAddr, BTreeSet<String>>, all: &[(IpAddr, String)]) -> String {
    server_hosts::with_conduct(servers, all)
}

fn of_conduct(servers: &BTreeMap<IpAddr, BTreeSet<String>>, code: Code, all: &[(IpAddr, String)]) -> Finding {
    let about = all.iter().map(|(server, _)| About::Address(*server));
    let finding = Finding::new(code, texts(servers, all)).about(about);
    // With these faults, it is not known which records the server gives.
    let is_unknown = [Code::NsSilent, Code::NsLame, Code::NsPartly].contains(&code);
    if is_unknown { finding.in_part(Part::Records) } else { finding }
}

/// Returns the servers that this host cannot reach, because it has no route to any address of their names.
fn unreached(
    servers: &BTreeMap<IpAddr, BTreeSet<String>>,
    by_code: &BTreeMap<Code, Vec<(IpAddr, String)>>,
) -> Vec<String> {
    let of = |code: &Code| by_code.get(code).into_iter().flatten().map(|(server, _)| *server);
    let others = by_code.keys().filter(|code| **code != Code::NsUnrouted).flat_map(of);
    let met: BTreeSet<&String> = others.filter_map(|server| servers.get(&server)).flatten().collect();
    let is_met = |server: &IpAddr| {
        servers.get(server).is_some_and(|names| names.iter().any(|name| met.contains(name)))
    };
    server_hosts::shown(servers, of(&Code::NsUnrouted).filter(|server| !is_met(server)))
}

/// Describes how a server that serves the zone fails to reply over TCP.
fn without_tcp(facts: &DomainFacts, server: IpAddr) -> Option<String> {
    let conduct = match facts.server(server, zone::apex(facts), "SOA", QueryForm::Tcp)? {
        Got::NoReply(NoReply::Unreachable) => "refuses or closes the connection",
        // Over TCP, a query takes two round trips, so a slow server's reply comes too late.
        Got::NoReply(NoReply::Silent)
            if server_silence::is_slow(facts, server) || facts.loses_many(server) =>
        {
            return None;
        }
        Got::NoReply(NoReply::Silent) => "does not answer",
        Got::NoReply(NoReply::Unfit) => "sends replies that cannot be read",
        _ => return None,
    };
    Some(conduct.to_owned())
}

fn of_sound(facts: &DomainFacts, server: IpAddr, reply: &ReplyFacts, tell: &mut impl FnMut(Code, String)) {
    let apex = zone::apex(facts);
    let over_tcp = facts.server(server, apex, "SOA", QueryForm::Tcp);
    if let Some(how) = without_tcp(facts, server) {
        tell(Code::NsTcp, how);
    }
    match over_tcp {
        Some(Got::Reply(reply)) if reply.truncated => {
            tell(Code::NsTcp, "truncates its replies over TCP".to_owned())
        }
        Some(Got::Reply(reply)) if !is_known(reply) && at_times::is_over_udp(facts, server, &reply.rcode) => {
        }
        Some(Got::Reply(reply)) if at_times::code_of_host(facts, server) == Some(reply.rcode.as_str()) => {}
        Some(Got::Reply(reply)) if !serves(reply, apex) => tell(Code::NsTcp, wrong(reply, apex)),
        _ => {}
    }
    if reply.recursive || matches!(over_tcp, Some(Got::Reply(reply)) if reply.recursive) {
        tell(Code::NsRecursive, "sets RA in its answers".to_owned());
    }
    mixed_case::tell(facts, server, tell);
    if let Some(code) = at_times::code(facts, server) {
        tell(Code::NsPartly, at_times::words(code));
    }
}

/// Describes the reply of a lame server.
pub(crate) fn wrong(reply: &ReplyFacts, apex: &str) -> String {
    match reply.rcode.as_str() {
        "NOERROR" if !reply.authoritative && reply.recursive => {
            "answers as a recursive server, without authority".to_owned()
        }
        "NOERROR" if !reply.authoritative => format!("answers without authority for {apex}"),
        "NOERROR" => match delegation::own_alias(reply, apex) {
            Some(alias) => format!("has {alias} in the place of the SOA of {apex}"),
            None => format!("has no SOA of {apex}"),
        },
        rcode => format!("answers {rcode} for {apex}"),
    }
}

/// Returns true if this host's resolver took longer to answer a lookup of the domain than this check waits for a name server.
fn is_answered_late(facts: &DomainFacts) -> bool {
    let is_late = |kind| match facts.lookup(&facts.subject.domain, kind) {
        LookupFound::Data(reply) => !reply.from_cache && reply.is_late(),
        _ => false,
    };
    ["SOA", "MX", "TXT"].into_iter().any(is_late)
}

/// Returns true if no server of the parent zone has replied.
fn all_lost(facts: &DomainFacts) -> bool {
    let asked = zone::compared_parents(facts);
    let lost = |server: &IpAddr| {
        matches!(facts.server(*server, zone::apex(facts), "NS", QueryForm::Udp), None | Some(Got::NoReply(_)))
    };
    asked.iter().all(lost)
}

#[cfg(test)]
#[path = "each_server_tests.rs"]
mod tests;
