//! Comparison of the servers of the zone: records that one server gives and another does not.
//!
//! RFC 1034 section 4.3.5, RFC 2182 section 3. Receivers and senders see one or the other, depending on the server that was
//! asked, and so does the cache of this host. `current` judges the records of one server. The MX records of the domain itself
//! are compared in `delegation`.
//!
//! Of TXT records those are compared that mail needs: SPF records, and all at names with a label such as `_dmarc`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, NoReply, QueryForm, ReplyFacts, Want, lookup, strings};
use super::finding::{Finding, Level};
use super::part::Part;
use super::record_set::{ADDRESS_TTL, in_words, own_records};
use super::spf_record::is_spf;
use super::zone::{serves, shown};
use super::{current, mail, zone};
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_COMPARED_QUESTIONS, QUESTIONS_AFTER_COMPARISON};

/// The servers that serve the zone.
pub(super) fn serving(facts: &DomainFacts) -> Vec<IpAddr> {
    let apex = zone::apex(facts);
    let is_serving = |server: &IpAddr| match facts.server(*server, apex, "SOA", QueryForm::Udp) {
        Some(Got::Reply(reply)) => serves(reply, apex),
        _ => false,
    };
    zone::servers(facts).into_keys().filter(is_serving).collect()
}

/// Whether each of these servers was asked. One that does not answer gives no records.
pub(super) fn all_asked(facts: &DomainFacts, servers: &[IpAddr], (name, kind): (&str, &'static str)) -> bool {
    servers.iter().all(|server| {
        let got = facts.server(*server, name, kind, QueryForm::Udp);
        !matches!(got, None | Some(Got::NoReply(NoReply::Unknown(_))))
    })
}

/// The lookups whose records are compared, the most important first. Names of servers are left out, because servers inside the
/// zone may give another address of themselves; not so those that are mail hosts.
fn compared(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let (domain, hosts) = (facts.subject.domain.as_str(), mail::hosts(facts));
    let names = zone::server_names(facts);
    let is_host = |name: &str| hosts.iter().any(|host| host == name);
    let mut lookups = current::looked_up(facts);
    lookups.retain(|(name, _)| !names.contains(*name) || is_host(name));
    // Policies first, then addresses of mail hosts.
    lookups.sort_by_key(|(name, kind)| match *kind {
        "TXT" if *name == domain => 0,
        "TXT" if name.starts_with("_dmarc.") => 1,
        "A" | "AAAA" if is_host(name) => 2,
        _ => 3,
    });
    lookups
}

/// The questions that are needed next. Those about records that this host has otherwise in its cache have no bound of their
/// own: without them it is not known whether these are old.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let servers = serving(facts);
    let questions = |(name, kind): (&str, &'static str)| {
        let ask = |server: &IpAddr| Want::Server {
            server: *server,
            name: name.to_owned(),
            kind,
            way: QueryForm::Udp,
        };
        servers.iter().map(ask).collect::<Vec<_>>()
    };
    let is_cached = |(name, kind): &(&str, &'static str)| facts.cached.contains_key(&lookup(name, kind));
    let (changed, same): (Vec<_>, Vec<_>) = compared(facts).into_iter().partition(is_cached);
    let is_asked = |want: &Want| facts.got.contains_key(want);
    let (asked, open): (Vec<_>, Vec<_>) = same.into_iter().flat_map(questions).partition(is_asked);
    let most = MAX_CHECK_QUESTIONS - QUESTIONS_AFTER_COMPARISON;
    let left = MAX_COMPARED_QUESTIONS.saturating_sub(asked.len()).min(most.saturating_sub(facts.got.len()));
    changed.into_iter().flat_map(questions).chain(open.into_iter().take(left)).collect()
}

/// Whether all TXT records at a name are read for mail, not only SPF records.
fn is_policy(name: &str) -> bool {
    name.split('.').any(|label| label.starts_with('_'))
}

/// The records that count at a server, and whether caches keep them for a short time only.
fn given(reply: &ReplyFacts, name: &str, kind: &str) -> Option<(BTreeSet<String>, bool)> {
    if !reply.authoritative {
        return None;
    }
    let mut own = reply.answers.iter().filter(|record| record.name == name);
    let mut set = own_records(reply, name, kind)?;
    let is_alias = own.clone().any(|record| record.kind == "CNAME");
    if kind == "TXT" && !is_alias {
        let texts = set.iter().map(|data| strings(data)).filter(|text| is_policy(name) || is_spf(text));
        set = texts.map(|text| format!("\"{text}\"")).collect();
    }
    Some((set, !is_alias && own.all(|record| record.ttl <= ADDRESS_TTL)))
}

/// The level of a difference. Services that answer by place or in turn give other addresses each time, with a short TTL.
fn level(kind: &str, sets: &BTreeMap<BTreeSet<String>, Vec<String>>, is_short: bool) -> Option<Level> {
    if !["A", "AAAA"].contains(&kind) {
        return Some(Code::RecordsDiffer.entry().level);
    }
    let in_turn = is_short && sets.keys().all(|set| !set.is_empty());
    let first = sets.keys().next()?;
    let overlap = first.iter().any(|data| sets.keys().all(|set| set.contains(data)));
    match (in_turn, overlap) {
        (true, true) => None,
        (true, false) => Some(Level::Note),
        (false, _) => Some(Level::Warning),
    }
}

/// A lookup of which the servers give different records.
struct Difference<'f> {
    name: &'f str,
    kind: &'static str,
    level: Level,
    /// The records of each server.
    told: String,
}

/// The difference between the servers, if they differ.
fn difference<'f>(facts: &DomainFacts, (name, kind): (&'f str, &'static str)) -> Option<Difference<'f>> {
    let (mut sets, mut is_short) = (BTreeMap::<BTreeSet<String>, Vec<String>>::new(), true);
    for (server, names) in zone::servers(facts) {
        if let Some(Got::Reply(reply)) = facts.server(server, name, kind, QueryForm::Udp)
            && let Some((set, short)) = given(reply, name, kind)
        {
            is_short &= short;
            sets.entry(set).or_default().push(shown(server, &names));
        }
    }
    if sets.len() < 2 {
        return None;
    }
    let level = level(kind, &sets, is_short)?;
    let wanted = if kind == "TXT" && !is_policy(name) { "SPF record" } else { kind };
    let told: Vec<String> = sets
        .iter()
        .map(|(set, servers)| format!("{} has {}", servers.join(" and "), in_words(set, wanted)))
        .collect();
    Some(Difference { name, kind, level, told: format!("{name} {kind}: {}", told.join("; ")) })
}

fn differences(facts: &DomainFacts) -> Vec<Difference<'_>> {
    let domain = facts.subject.domain.as_str();
    let lookups = compared(facts).into_iter().filter(|lookup| *lookup != (domain, "MX"));
    lookups.filter_map(|lookup| difference(facts, lookup)).collect()
}

/// The finding, with the level of the worst difference.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let differences = differences(facts);
    let worst = differences.iter().map(|difference| difference.level).min()?;
    let told: Vec<String> = differences.into_iter().map(|difference| difference.told).collect();
    Some(Finding::new(Code::RecordsDiffer, told.join("; ")).at(worst))
}

/// The lookups of which a server that serves the zone was to give its records, and could not be asked; each with the reason.
fn unmade(facts: &DomainFacts) -> Vec<((&str, &'static str), &str)> {
    let servers = serving(facts);
    let why = |server: &IpAddr, (name, kind): (&str, &'static str)| match facts.server(
        *server,
        name,
        kind,
        QueryForm::Udp,
    ) {
        Some(Got::NoReply(NoReply::Unknown(why))) => Some(why.as_str()),
        _ => None,
    };
    let of = |lookup| Some((lookup, servers.iter().find_map(|server| why(server, lookup))?));
    compared(facts).into_iter().filter_map(of).collect()
}

/// That records were not compared, so that the absence of a difference means nothing.
pub(super) fn not_made(facts: &DomainFacts) -> Option<Finding> {
    let unmade = unmade(facts);
    let (_, why) = unmade.first()?;
    let lookups: Vec<String> = unmade.iter().map(|((name, kind), _)| format!("{name} {kind}")).collect();
    let evidence =
        format!("the records of the name servers were not compared, because {why}: {}", lookups.join(", "));
    Some(Finding::new(Code::DelegationUnknown, evidence).of(Part::Servers))
}

/// The number of lookups that not all servers were asked for.
pub(super) fn left_out(facts: &DomainFacts) -> usize {
    let servers = serving(facts);
    compared(facts).into_iter().filter(|lookup| !all_asked(facts, &servers, *lookup)).count()
}

/// Removes the verdicts that records are well of which another server gives others, or may give others.
pub(super) fn without_contradictions(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let hosts = mail::hosts(facts);
    let differing = differences(facts).into_iter().map(|difference| (difference.name, difference.kind));
    for (name, kind) in differing.chain(unmade(facts).into_iter().map(|(lookup, _)| lookup)) {
        let has_spf = || facts.data(name, kind).into_iter().any(|data| is_spf(&strings(data)));
        let contradicts = |code: Code| match code {
            Code::SpfOk | Code::SpfFromPasses => kind == "TXT" && (name == facts.subject.domain || has_spf()),
            Code::DmarcOk => name.starts_with("_dmarc."),
            Code::DkimOk => name.contains("._domainkey."),
            Code::MtaStsOk | Code::MtaStsUnread => name.starts_with("_mta-sts."),
            Code::MailOk => ["A", "AAAA"].contains(&kind) && hosts.iter().any(|host| host == name),
            _ => false,
        };
        findings.retain(|finding| !contradicts(finding.code));
    }
}

#[cfg(test)]
#[path = "compared_tests.rs"]
mod tests;
