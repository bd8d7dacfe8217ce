//! Finds records that one server of the zone gives and another one does not (RFC 1034 section 4.3.5, RFC 2182 section 3).
//!
//! The module `current` checks the records of a single server. The module `delegation` compares the MX records of the domain itself.
//!
//! Only TXT records that mail needs are compared: SPF records, and all TXT records at names with a label such as `_dmarc`. If other texts
//! at the domain itself differ, such as texts that prove to a service who owns the domain, the finding is only a note.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::codes::Code;
use crate::configured::current;
use crate::delegation::{groups, server_hosts};
use crate::facts::record_set::{ADDRESS_TTL, in_words, own_records};
use crate::facts::{
    BOUND_REACHED, DomainFacts, Got, LookupFound, NoReply, QueryForm, Record, ReplyFacts, ReplySecurity,
    Want, at_server, is_within, lookup,
};
use crate::finding::{Finding, Level};
use crate::limits::{
    MAX_CHECK_QUESTIONS, MAX_COMPARED_POLICIES, MAX_COMPARED_QUESTIONS, MAX_OTHER_RESOLVERS,
    MAX_REPEATED_ANSWERS, MAX_SILENT_SERVERS_ASKED, QUESTIONS_AFTER_COMPARISON, QUESTIONS_TO_RESOLVER,
    QUESTIONS_TO_SILENT_SERVER,
};
use crate::mail::steady::{self, ServersBySet};
use crate::mail::{self};
use crate::part::{About, Part};
use crate::spf::record::is_spf;
use crate::{served, zone};

/// Returns true if it is not known what the server answers to this lookup, for example because it was not asked yet.
pub(super) fn may_give(facts: &DomainFacts, server: IpAddr, lookup: (&str, &'static str)) -> bool {
    if served::form(facts, server).is_some() {
        return served::given(facts, server, lookup).is_none();
    }
    // The server has not answered with the SOA record in any form of query. If it has replied nevertheless, it does not serve the zone, so
    // it gives none of the zone's records.
    let first = facts.server(server, zone::apex(facts), "SOA", QueryForm::Udp);
    !matches!(first, Some(Got::Reply(_) | Got::NoReply(NoReply::NoRoute)))
}

/// The importance of a lookup for mail, in descending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Policy,
    MailHost,
    Other,
}

pub(super) struct Compared<'f> {
    pub(super) lookup: (&'f str, &'static str),
    worth: Worth,
    /// For important lookups these are all servers of the zone, for others one address of each server name.
    pub(super) servers: Vec<IpAddr>,
}

impl Compared<'_> {
    fn questions(&self, facts: &DomainFacts) -> Vec<Want> {
        let (name, kind) = self.lookup;
        let ask = |server: &IpAddr| {
            at_server(*server, name, kind, served::form(facts, *server).unwrap_or(QueryForm::Udp))
        };
        self.servers.iter().map(ask).collect()
    }
}

/// Returns the lookups whose records are compared, the most important first.
///
/// Addresses of name servers are not compared, because a server inside the zone may give a different address for itself. If a name server is
/// also a mail host, they are compared. Aliases are left out if the records of their targets are compared.
pub(super) fn compared(facts: &DomainFacts) -> Vec<Compared<'_>> {
    let (domain, hosts) = (facts.subject.domain.as_str(), mail::hosts(facts));
    let names = zone::server_names(facts);
    let is_host = |name: &str| hosts.iter().any(|host| host == name);
    let mut lookups = current::looked_up(facts);
    lookups.retain(|(name, kind)| {
        let has_old = facts.cached.contains_key(&lookup(name, kind));
        let counts = has_old || *kind != "CNAME" || !facts.lookup(name, "A").is_known();
        counts && (!names.contains(*name) || is_host(name))
    });
    lookups.extend(failed(facts));
    let all = served::serving(facts);
    let mut each = zone::servers(facts);
    each.retain(|server, _| all.contains(server));
    let each: Vec<IpAddr> = zone::one_of_each(&each).into_iter().collect();
    let compared = lookups.into_iter().map(|lookup| {
        let worth = match lookup {
            (name, "TXT") if name == domain || name.starts_with("_dmarc.") => Worth::Policy,
            (name, "A" | "AAAA") if is_host(name) => Worth::MailHost,
            _ => Worth::Other,
        };
        let has_old = facts.cached.contains_key(&super::facts::lookup(lookup.0, lookup.1));
        Compared {
            lookup,
            worth,
            servers: if worth == Worth::Other && !has_old { each.clone() } else { all.clone() },
        }
    });
    let mut compared: Vec<Compared<'_>> = compared.collect();
    compared.sort_by_key(|compared| (compared.worth, compared.lookup.0 != domain));
    compared
}

/// Returns the questions about SPF and DMARC records of the domain. They are asked first, because the number of questions is limited:
/// otherwise a server with a different policy might not be found.
pub(super) fn of_policies(facts: &DomainFacts) -> Vec<Want> {
    let policies: Vec<_> =
        compared(facts).into_iter().filter(|compared| compared.worth == Worth::Policy).collect();
    policies.iter().flat_map(|compared| compared.questions(facts)).take(MAX_COMPARED_POLICIES).collect()
}

/// Returns the next questions about records other than policies (SPF and DMARC). If this host's cache has other records than a server of the zone,
/// these records come first, because the answers show which version is old.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let mut others: Vec<_> =
        compared(facts).into_iter().filter(|compared| compared.worth != Worth::Policy).collect();
    let is_cached =
        |compared: &Compared<'_>| facts.cached.contains_key(&lookup(compared.lookup.0, compared.lookup.1));
    others.sort_by_key(|compared| !is_cached(compared));
    let is_asked = |want: &Want| facts.got.contains_key(want);
    let (asked, open): (Vec<_>, Vec<_>) =
        others.iter().flat_map(|compared| compared.questions(facts)).partition(is_asked);
    let after = QUESTIONS_AFTER_COMPARISON
        + facts.subject.resolvers.len().min(MAX_OTHER_RESOLVERS) * QUESTIONS_TO_RESOLVER
        + unheard(facts).min(MAX_SILENT_SERVERS_ASKED) * QUESTIONS_TO_SILENT_SERVER;
    let most = MAX_CHECK_QUESTIONS.saturating_sub(after + facts.spent());
    let left = MAX_COMPARED_QUESTIONS.saturating_sub(asked.len()).min(most);
    let repeated = repeated(facts).into_iter().take(most.saturating_sub(open.len().min(left)));
    open.into_iter().take(left).chain(repeated).collect()
}

/// Returns the number of servers of the zone that have not answered. A part of the permitted number of questions is reserved to find out why
/// these servers do not answer.
fn unheard(facts: &DomainFacts) -> usize {
    let is_unheard = |server: &IpAddr| match facts.server(*server, zone::apex(facts), "SOA", QueryForm::Udp) {
        None => true,
        Some(Got::NoReply(lost)) => !matches!(lost, NoReply::Unknown(_) | NoReply::NoRoute),
        Some(_) => false,
    };
    zone::servers(facts).keys().filter(|server| is_unheard(server)).count()
}

/// Returns true if mail software reads all TXT records at this name. At other names it reads only SPF records.
fn is_policy(name: &str) -> bool {
    name.split('.').any(|label| label.starts_with('_'))
}

pub(super) fn texts_of_mail(reply: &ReplyFacts, name: &str) -> impl Iterator<Item = String> {
    let is_policy = is_policy(name);
    reply.records("TXT").map(Record::joined).filter(move |text| is_policy || is_spf(text))
}

/// Returns the text of a TXT record in a form that is equal for records of the same meaning: without those differences in spaces and upper case that
/// do not matter (RFC 7208 sections 4.6.1 and 12, RFC 9989 section 4.8).
fn by_meaning(text: &str) -> String {
    if is_spf(text) {
        let terms = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // An upper-case letter in an SPF macro escapes the value, so its case matters.
        return if terms.contains('%') { terms } else { terms.to_ascii_lowercase() };
    }
    if text.starts_with("v=DMARC1") {
        let tags = text.split(';').map(str::trim).filter(|tag| !tag.is_empty());
        return tags.collect::<Vec<_>>().join("; ");
    }
    text.to_owned()
}

/// Returns the records in an authoritative reply that are relevant for mail. The flag is true if all their TTLs are short, like those of
/// services that give different addresses each time.
fn counted(reply: &ReplyFacts, (name, kind): (&str, &str)) -> Option<(BTreeSet<String>, bool)> {
    let mut own = reply.answers.iter().filter(|record| record.name == name);
    let mut set = own_records(reply, name, kind)?;
    let is_alias = own.clone().any(|record| record.is("CNAME"));
    if kind == "TXT" && !is_alias {
        set = texts_of_mail(reply, name).map(|text| format!("\"{}\"", by_meaning(&text))).collect();
    }
    Some((set, !is_alias && own.all(|record| record.ttl <= ADDRESS_TTL)))
}

/// Returns the level of a difference between servers; `None` if the difference is normal. Some services choose addresses by location or
/// give them in turn, with a short TTL. But a server that always gives other addresses of a mail host has old data.
fn level(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    (sets, is_short): (&ServersBySet, bool),
) -> Option<Level> {
    if !["A", "AAAA"].contains(&kind) {
        return Some(Code::RecordsDiffer.entry().level);
    }
    if is_in_question(facts, (name, kind), sets) && steady::are_kept(facts, (name, kind), sets) {
        if steady::have_old_serials(facts, sets) {
            return Some(Level::Failure);
        }
        if steady::are_different_data(sets) {
            return Some(Level::Warning);
        }
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

/// Returns true if the servers give sets of addresses for a mail host that have no address in common. The questions are then asked again,
/// to find out if a server always gives the same addresses.
fn is_in_question(facts: &DomainFacts, (name, kind): (&str, &str), sets: &ServersBySet) -> bool {
    let is_host = || mail::hosts(facts).iter().any(|host| host == name);
    ["A", "AAAA"].contains(&kind) && sets.len() > 1 && steady::are_disjoint(sets) && is_host()
}

fn repeated(facts: &DomainFacts) -> Vec<Want> {
    let lookups = compared(facts).into_iter().filter(|compared| compared.worth == Worth::MailHost);
    let repeated = lookups.flat_map(|compared| {
        let (sets, _) = sets(facts, compared.lookup);
        let is_asked = is_in_question(facts, compared.lookup, &sets);
        if is_asked { steady::wants(compared.lookup, &sets) } else { Vec::new() }
    });
    repeated.take(MAX_REPEATED_ANSWERS).collect()
}

/// Returns the servers of the zone, grouped by the records that they give, and true if all TTLs are short.
pub(super) fn sets(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> (ServersBySet, bool) {
    let (mut sets, mut is_short) = (ServersBySet::new(), true);
    for server in zone::servers(facts).into_keys() {
        if let Some(reply) = served::given(facts, server, (name, kind))
            && let Some((set, short)) = counted(reply, (name, kind))
        {
            is_short &= short;
            sets.entry(set).or_default().push(server);
        }
    }
    (sets, is_short)
}

struct Difference<'f> {
    name: &'f str,
    kind: &'static str,
    level: Level,
    /// The value for the field `about` of the finding.
    about: Vec<About>,
    words: String,
}

fn difference<'f>(facts: &DomainFacts, (name, kind): (&'f str, &'static str)) -> Option<Difference<'f>> {
    let (sets, is_short) = sets(facts, (name, kind));
    if sets.len() < 2 {
        return None;
    }
    let level = level(facts, (name, kind), (&sets, is_short))?;
    let mut about: Vec<About> = sets.values().flatten().copied().map(About::Address).collect();
    about.sort();
    let wanted = if kind == "TXT" && !is_policy(name) { "SPF record" } else { kind };
    let names = zone::servers(facts);
    let sets = sets.into_iter().map(|(set, servers)| (in_words(&set, wanted), servers));
    let sets = server_hosts::of_groups(&names, sets);
    about.push(About::Host(name.to_owned()));
    Some(Difference { name, kind, level, about, words: format!("{name} {kind}: {}", groups::having(sets)) })
}

/// Returns the failed lookups for which the check asks all servers of the zone. Lookups that failed because of DNSSEC validation are left
/// out.
fn failed(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let (domain, apex, hosts) = (facts.subject.domain.as_str(), zone::apex(facts), mail::hosts(facts));
    let is_compared = |name: &str, kind: &str| match kind {
        "TXT" => name == domain || name.strip_prefix("_dmarc.") == Some(domain),
        "A" | "AAAA" => is_within(name, apex) && hosts.iter().any(|host| host == name),
        _ => false,
    };
    let failed = facts.lookups().filter(|((name, kind), reply)| {
        let is_elsewhere = reply.security == ReplySecurity::Bogus || reply.configured.is_some();
        let is_unknown = || matches!(facts.lookup(name, kind), LookupFound::Unknown(_));
        is_compared(name, kind) && !is_elsewhere && is_unknown()
    });
    failed.map(|(lookup, _)| lookup).collect()
}

fn differences(facts: &DomainFacts) -> Vec<Difference<'_>> {
    let domain = facts.subject.domain.as_str();
    let lookups = compared(facts)
        .into_iter()
        .map(|compared| compared.lookup)
        .filter(|lookup| *lookup != (domain, "MX"));
    lookups.filter_map(|lookup| difference(facts, lookup)).collect()
}

/// Returns the finding about records that differ between the servers, with the level of the most serious difference.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let differences = differences(facts);
    let worst = differences.iter().map(|difference| difference.level).min()?;
    let about: BTreeSet<About> = differences.iter().flat_map(|difference| difference.about.clone()).collect();
    let lookups =
        differences.iter().map(|difference| (difference.name.to_owned(), difference.kind)).collect();
    let words: Vec<String> = differences.into_iter().map(|difference| difference.words).collect();
    let finding = Finding::new(Code::RecordsDiffer, words.join("; ")).at(worst).about(about);
    Some(Finding { lookups, ..finding })
}

/// Returns the lookups that could not be compared because a query could not be sent, each with the reason.
fn unmade(facts: &DomainFacts) -> Vec<((&str, &'static str), &str)> {
    let why = |server: &IpAddr, lookup: (&str, &'static str)| match served::first(facts, *server, lookup) {
        Some(Got::NoReply(NoReply::Unknown(why))) if why != BOUND_REACHED => Some(why.as_str()),
        _ => None,
    };
    let why_not = compared(facts).into_iter().map(|Compared { lookup, servers, .. }| {
        (lookup, servers.iter().find_map(|server| why(server, lookup)))
    });
    why_not.filter_map(|(lookup, why)| Some((lookup, why?))).collect()
}

/// Returns the findings that say which records were not compared; otherwise the operator would think that the servers agree.
pub(super) fn not_made(facts: &DomainFacts) -> Vec<Finding> {
    let listed = |lookups: &mut dyn Iterator<Item = (&str, &'static str)>| {
        lookups.map(|(name, kind)| format!("{name} {kind}")).collect::<Vec<_>>().join(", ")
    };
    let unknown = |evidence: String| Finding::new(Code::DelegationUnknown, evidence).in_part(Part::Servers);
    let (unmade, left_out) = (unmade(facts), left_out(facts));
    let mut findings = Vec::new();
    if let Some((_, why)) = unmade.first() {
        let lookups = listed(&mut unmade.iter().map(|(lookup, _)| *lookup));
        let evidence = format!("the records of the name servers were not compared, because {why}: {lookups}");
        let lookups = unmade.iter().map(|((name, kind), _)| ((*name).to_owned(), *kind)).collect();
        findings.push(Finding { lookups, ..unknown(evidence) });
    }
    if !left_out.is_empty() {
        let about: Vec<About> = left_out.iter().map(|(name, _)| About::Host((*name).to_owned())).collect();
        let on = left_out.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        let lookups = listed(&mut left_out.into_iter());
        let evidence = format!(
            "the check asks at most {MAX_CHECK_QUESTIONS} questions; not compared at all name servers: {lookups}"
        );
        let finding = Finding::new(Code::NsMany, evidence).in_part(Part::Records).about(about);
        findings.push(Finding { lookups: on, ..finding });
    }
    findings
}

/// Returns the lookups that were not sent to all servers because of the limit on questions.
pub fn left_out(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let is_beyond = |compared: &Compared<'_>| {
        compared.questions(facts).iter().any(|want| match facts.got.get(want) {
            None => true,
            Some(Got::NoReply(NoReply::Unknown(why))) => why == BOUND_REACHED,
            Some(_) => false,
        })
    };
    compared(facts).into_iter().filter(is_beyond).map(|compared| compared.lookup).collect()
}

#[cfg(test)]
#[path = "compared_tests.rs"]
mod tests;
