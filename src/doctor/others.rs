//! The answers of other resolvers, public ones and those in resolv.conf, compared with the records of the zone.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (negative answers), RFC 8914 (extended errors). A resolver may be asked over TLS (RFC 7858)
//! or HTTPS (RFC 8484): some networks change or block queries to other resolvers over UDP.
//!
//! # Decisions
//!
//! - Other records are old if the serial of the resolver or the end of their signatures shows it. Public resolvers have no zones of their own:
//!   other MX and TXT records there count as old too, unless the resolver has a newer serial.
//! - Other addresses may be those for the place of the resolver: they are no difference, unless a serial shows that they are old.
//! - Of the texts of the domain itself only SPF counts: others prove to some service who owns the domain.
//! - A resolver that fails is asked for its DS records without validation: old ones may be the reason.
//! - Each resolver is asked for the MX records first: a resolver that does not answer costs little time. One that refuses them is asked for the
//!   root: if it answers, it refuses the domain alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::authentication::dmarc;
use crate::codes::{Code, remedies};
use crate::dnssec::key_records::Ds;
use crate::dnssec::{keys, signature_times};
use crate::facts::record_set::{
    final_records, in_words, is_known, most_negative_ttl, negative_ttl, positive_ttl, records,
};
use crate::facts::{
    BOUND_REACHED, DomainFacts, Got, NoReply, OtherResolver, QueryForm, Record, ReplyFacts, ResolverWay,
    Want, is_within,
};
use crate::finding::{Finding, Level};
use crate::limits::{MAX_HOSTS_AT_OTHERS, MAX_OTHER_RESOLVERS};
use crate::public_resolvers::is_public;
use crate::{compared, configured, mail, served, zone};
use dns::clock::minute;

/// The question that every resolver answers which serves this host.
const CONTROL: (&str, &str) = (".", "SOA");

/// Errors with which a resolver says that it does not give the records on purpose: Blocked, Censored, Filtered.
const FILTERS: [u16; 3] = [15, 16, 17];

/// A name with a type.
type Lookup = (String, &'static str);

/// The resolvers to ask.
pub(super) fn resolvers(facts: &DomainFacts) -> impl Iterator<Item = &OtherResolver> {
    facts.subject.resolvers.iter().take(MAX_OTHER_RESOLVERS)
}

/// The question to a resolver.
pub(super) fn ask(resolver: &OtherResolver, name: &str, kind: &'static str) -> Want {
    in_form(resolver, (name, kind), QueryForm::Recursive)
}

fn in_form(resolver: &OtherResolver, (name, kind): (&str, &'static str), way: QueryForm) -> Want {
    let name = name.to_owned();
    match &resolver.way {
        ResolverWay::Plain(server) => Want::Server { server: *server, name, kind, way },
        ResolverWay::AtPort(server) => Want::Resolver { server: *server, name, kind, way },
        ResolverWay::Secured(resolver) => {
            let unvalidated = way == QueryForm::Unvalidated;
            Want::Secured { resolver: resolver.clone(), name, kind, unvalidated }
        }
    }
}

/// The question to a resolver for its DS records without validation.
fn ask_ds(facts: &DomainFacts, resolver: &OtherResolver) -> Want {
    in_form(resolver, (zone::apex(facts), "DS"), QueryForm::Unvalidated)
}

fn reply<'f>(facts: &'f DomainFacts, want: &Want) -> Option<&'f ReplyFacts> {
    match facts.got.get(want)? {
        Got::Reply(reply) => Some(reply),
        _ => None,
    }
}

/// The lookups that a resolver is asked for.
fn lookups(facts: &DomainFacts) -> Vec<Lookup> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut lookups: Vec<_> = ["MX", "A", "AAAA", "TXT"].map(|kind| (domain.to_owned(), kind)).to_vec();
    lookups.push((apex.to_owned(), "NS"));
    let mut hosts = mail::hosts(facts);
    hosts.retain(|host| host != domain && is_within(host, apex));
    for host in hosts.into_iter().take(MAX_HOSTS_AT_OTHERS) {
        lookups.extend(["A", "AAAA"].map(|kind| (host.clone(), kind)));
    }
    // The policy of a receiver is the one that its resolver has.
    let policy = dmarc::applied_at(facts);
    lookups.extend(facts.lookup(&policy, "TXT").is_known().then_some((policy, "TXT")));
    lookups
}

/// Whether a resolver does not answer a question on purpose.
fn is_refusal(reply: &ReplyFacts) -> bool {
    reply.rcode == "REFUSED"
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let (domain, mut wants) = (facts.subject.domain.as_str(), Vec::new());
    // They cannot know it.
    if zone::is_here_only(facts) {
        return wants;
    }
    let lookups = lookups(facts);
    for resolver in resolvers(facts) {
        let mail = ask(resolver, domain, "MX");
        let first = reply(facts, &mail);
        wants.push(mail);
        match first {
            None => {}
            // It refuses the other questions too.
            Some(reply) if is_refusal(reply) => wants.push(ask(resolver, CONTROL.0, CONTROL.1)),
            Some(_) => {
                wants.extend(lookups.iter().map(|(name, kind)| ask(resolver, name, kind)));
                let judged = || lookups.iter().filter_map(|lookup| judge(facts, resolver, lookup));
                if judged().any(|seen| seen.is_other()) {
                    wants.push(ask(resolver, zone::apex(facts), "SOA"));
                }
                if judged().any(|seen| matches!(seen, Seen::Fails(_))) && facts.configured().is_none() {
                    wants.push(ask_ds(facts, resolver));
                    wants.extend(keys::of_parents(facts));
                }
            }
        }
    }
    wants
}

/// Whether no question was left for a resolver.
pub(super) fn are_left_out(facts: &DomainFacts) -> bool {
    resolvers(facts).any(|resolver| match facts.got.get(&ask(resolver, &facts.subject.domain, "MX")) {
        Some(Got::NoReply(NoReply::Unknown(why))) => why == BOUND_REACHED,
        _ => false,
    })
}

/// The judgment of one answer of a resolver.
enum Seen {
    Same,
    /// Old records, until this moment in seconds since 1970.
    Old(String, u64),
    Differs(String, u64),
    /// Other addresses, as for another place.
    Elsewhere,
    Hidden(String),
    Fails(String),
    Unknown(String),
}

impl Seen {
    /// Whether the resolver has other records than the zone.
    const fn is_other(&self) -> bool {
        matches!(self, Self::Old(..) | Self::Differs(..) | Self::Elsewhere)
    }
}

/// The sets of records that servers of the zone gave, or their lookup through the daemon; empty if none is known.
fn current(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> BTreeSet<BTreeSet<String>> {
    let servers: Vec<IpAddr> = zone::delegated_servers(facts).into_keys().collect();
    let mut sets: BTreeSet<BTreeSet<String>> = if kind == "NS" {
        let own = servers.iter().filter_map(|server| zone::child_set_at(facts, *server));
        own.chain(zone::parent_set(facts)).collect()
    } else {
        let given = servers.iter().filter_map(|server| served::given(facts, *server, (name, kind)));
        given.filter_map(|reply| records(reply, name, kind)).collect()
    };
    // The cache of this host may be old, so it counts only where no server was asked.
    if sets.is_empty()
        && let Some(reply) = facts.lookup(name, kind).reply()
    {
        sets.insert(final_records(reply, kind));
    }
    sets.into_iter().map(|set| counted(set, (name, kind))).collect()
}

/// The records of a set that count for mail.
fn counted(set: BTreeSet<String>, (name, kind): (&str, &str)) -> BTreeSet<String> {
    if kind != "TXT" {
        return set;
    }
    compared::texts_of_mail(name, &set).into_iter().map(|text| format!("\"{text}\"")).collect()
}

/// The judgment of the answer of a resolver; none if there is none, or if nothing is known to compare it with.
fn judge(facts: &DomainFacts, resolver: &OtherResolver, (name, kind): &Lookup) -> Option<Seen> {
    let (name, kind) = (name.as_str(), *kind);
    let by = format!("{} {name} {kind}", resolver.name);
    let reply = match facts.got.get(&ask(resolver, name, kind))? {
        Got::Reply(reply) => reply,
        Got::NoReply(lost) => return Some(Seen::Unknown(format!("{by}: {}", lost.words()))),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => return None,
    };
    let sets = current(facts, (name, kind));
    let here = sets.first()?;
    // Behind an alias are the name servers of the target, which are not those of the zone.
    let seen =
        if kind == "NS" { zone::named(&reply.answers, name).collect() } else { final_records(reply, kind) };
    let seen = counted(seen, (name, kind));
    if is_known(reply) && sets.contains(&seen) {
        return Some(Seen::Same);
    }
    let is_filtered = reply.extended_errors.iter().any(|code| FILTERS.contains(code));
    let told = format!("{by}: {}", in_words(&seen, kind));
    let hidden = || format!("{by}: {} instead of {}", with_error(reply), in_words(here, kind));
    let until = |ttl: Option<u32>| facts.subject.unix.saturating_add(ttl.unwrap_or_default().into());
    Some(match reply.rcode.as_str() {
        _ if seen.is_empty() && is_filtered => Seen::Hidden(hidden()),
        "SERVFAIL" => Seen::Fails(format!("{by}: {}", with_error(reply))),
        "NOERROR" | "NXDOMAIN" if seen.is_empty() => match negative_ttl(reply, name) {
            Some(ttl) => of_other(facts, (resolver, reply), (name, kind), (told, until(Some(ttl)))),
            // The resolver may have a broken answer of a server that gives this host none either.
            None if do_all_give(facts, (name, kind)) => Seen::Hidden(hidden()),
            None => Seen::Unknown(format!("{by}: {} without records", with_error(reply))),
        },
        "NOERROR" if seen.iter().all(|data| is_sinkhole(data)) => {
            Seen::Hidden(format!("{told} instead of {}", in_words(here, kind)))
        }
        "NOERROR" => {
            of_other(facts, (resolver, reply), (name, kind), (told, until(positive_ttl(reply, kind))))
        }
        _ => match serves(facts, resolver).filter(|_| is_refusal(reply)) {
            Some(true) => {
                let words = "and the resolver answers this host otherwise";
                Seen::Hidden(format!("{by}: {}, {words}", with_error(reply)))
            }
            Some(false) => Seen::Unknown(format!("{by}: {}", no_answer(reply))),
            None => Seen::Unknown(format!("{by}: {}", with_error(reply))),
        },
    })
}

/// Whether each server of the zone gives records to this host.
fn do_all_give(facts: &DomainFacts, (name, kind): (&str, &'static str)) -> bool {
    let servers = zone::delegated_servers(facts);
    let gives = |server: &IpAddr| {
        // Resolvers may take the error of a server without EDNS for an answer.
        let is_sound = served::form(facts, *server) == Some(QueryForm::Udp);
        let given = served::given(facts, *server, (name, kind));
        let is_asked = served::first(facts, *server, (name, kind)).is_some();
        is_sound && given.map_or(!is_asked || kind == "NS", |reply| !final_records(reply, kind).is_empty())
    };
    servers.keys().all(gives)
}

/// Whether a resolver that has refused a question serves this host; none if it could not be told.
fn serves(facts: &DomainFacts, resolver: &OtherResolver) -> Option<bool> {
    let is_answered = |(name, kind): &Lookup| reply(facts, &ask(resolver, name, kind)).is_some_and(is_known);
    if lookups(facts).iter().any(is_answered) {
        return Some(true);
    }
    match reply(facts, &ask(resolver, CONTROL.0, CONTROL.1))? {
        control if is_refusal(control) => Some(false),
        // A server of zones may refer to the root.
        control => control.data(CONTROL.1).next().map(|_| true),
    }
}

/// The judgment of other records, which are shown with the end of their TTL.
fn of_other(
    facts: &DomainFacts,
    (resolver, reply): (&OtherResolver, &ReplyFacts),
    (name, kind): (&str, &'static str),
    (told, end): (String, u64),
) -> Seen {
    let other = format!("{told} until {}", minute(end));
    if reply.authoritative {
        return Seen::Differs(other, end);
    }
    let apex = zone::apex(facts);
    let own_soa = match facts.got.get(&ask(resolver, apex, "SOA")) {
        Some(Got::Reply(reply)) if !reply.authoritative => Some(reply),
        _ => None,
    };
    let serials: Vec<u32> = zone::delegated_servers(facts)
        .into_keys()
        .filter_map(|server| zone::serial_at(facts, server))
        .collect();
    let is_oldest = |one: &u32| serials.iter().all(|other| one == other || zone::is_older(*one, *other));
    let oldest = serials.iter().copied().find(is_oldest);
    let mut replies = own_soa.into_iter().chain([reply]);
    let shown = replies.find_map(|reply| older_serial(reply, apex, oldest));
    if let Some(shown) = shown.or_else(|| ended_signature(reply, name, facts.subject.unix)) {
        return Seen::Old(format!("{other}: {shown}"), end);
    }
    let is_newer = own_soa.into_iter().chain([reply]).any(|reply| {
        let soa = zone::soa(reply).filter(|soa| soa.owner == apex);
        soa.is_some_and(|soa| serials.iter().any(|serial| zone::is_older(*serial, soa.serial)))
    });
    // A cache keeps a denial for the last field of its SOA record at most.
    let rest = negative_ttl(reply, name).zip(most_negative_ttl(reply, name));
    let may_be_cached = positive_ttl(reply, kind).is_some() || rest.is_some_and(|(rest, most)| rest <= most);
    match kind {
        _ if has_other_servers(facts, resolver) => {
            Seen::Old(format!("{other}: its name servers are those of before a change"), end)
        }
        _ if is_denied_above(facts, reply) => {
            Seen::Old(format!("{other}: the zone above denied the domain"), end)
        }
        "A" | "AAAA" if positive_ttl(reply, kind).is_some() && !is_other_host(facts, resolver, name) => {
            Seen::Elsewhere
        }
        _ if is_public(resolver) && !is_newer && may_be_cached && do_all_give(facts, (name, kind)) => {
            Seen::Old(format!("{other}: no server of the zone gives that to this host"), end)
        }
        _ => Seen::Differs(other, end),
    }
}

/// Whether other addresses are those of a mail host at a resolver that may have a zone of its own: mail from there goes to another host.
fn is_other_host(facts: &DomainFacts, resolver: &OtherResolver, name: &str) -> bool {
    !is_public(resolver) && mail::hosts(facts).iter().any(|host| host == name)
}

/// Whether a resolver has other name servers of the zone than the zone and the zone above: its records are of their time.
fn has_other_servers(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let apex = zone::apex(facts);
    let Some(reply) = reply(facts, &ask(resolver, apex, "NS")) else { return false };
    let there: BTreeSet<String> = zone::named(&reply.answers, apex).collect();
    let now = current(facts, (apex, "NS"));
    !there.is_empty()
        && !reply.authoritative
        && !now.is_empty()
        && now.iter().all(|set| set.is_disjoint(&there))
}

/// Whether an answer is a denial by the zone above, which delegates the domain now.
fn is_denied_above(facts: &DomainFacts, reply: &ReplyFacts) -> bool {
    let by = zone::soa(reply).map(|soa| soa.owner);
    reply.rcode == "NXDOMAIN"
        && by.is_some()
        && by == zone::parent(facts)
        && zone::parent_set(facts).is_some()
}

/// The serial of a reply with the SOA of the zone, if it is older than that of the zone, in words.
pub(super) fn older_serial(reply: &ReplyFacts, apex: &str, of_zone: Option<u32>) -> Option<String> {
    let soa = zone::soa(reply).filter(|soa| soa.owner == apex)?;
    let of_zone = of_zone.filter(|of_zone| zone::is_older(soa.serial, *of_zone))?;
    Some(format!("its serial is {}, and the zone has {of_zone}", soa.serial))
}

/// The end of the signatures of an answer for a name, if all have ended, in words.
pub(super) fn ended_signature(reply: &ReplyFacts, name: &str, unix: u64) -> Option<String> {
    let own = reply.answers.iter().filter(|record| record.name == name);
    let signatures = own.chain(&reply.authority).filter(|record| record.kind == "RRSIG");
    let end = |record: &Record| {
        let kind = record.data.split_whitespace().next()?;
        signature_times::life(&record.data, kind).map(|(_, end)| end)
    };
    let last = signatures.filter_map(end).max()?;
    (last < unix).then(|| format!("its signature ended at {}", minute(last)))
}

/// The response code of a reply with its extended error.
fn with_error(reply: &ReplyFacts) -> String {
    if reply.why.is_empty() { reply.rcode.clone() } else { format!("{} ({})", reply.rcode, reply.why) }
}

/// A reply that is no answer, in words.
pub(super) fn no_answer(reply: &ReplyFacts) -> String {
    let told = with_error(reply);
    if is_refusal(reply) { format!("{told}, the resolver does not serve this host") } else { told }
}

/// An address that filters give in place of the real one.
pub(super) fn is_sinkhole(data: &str) -> bool {
    let address = data.trim_end_matches('.').parse::<IpAddr>();
    address.is_ok_and(|address| address.is_unspecified() || address.is_loopback())
}

/// The old DS records of a resolver that fails, in words; none if it has those of the zone above, or if one side is not known.
fn old_ds(facts: &DomainFacts, resolver: &OtherResolver) -> Option<String> {
    let reply = reply(facts, &ask_ds(facts, resolver)).filter(|reply| !reply.authoritative)?;
    let read = |data: &mut dyn Iterator<Item = &str>| data.map(Ds::read).collect::<Option<BTreeSet<Ds>>>();
    let there = read(&mut reply.data("DS"))?;
    let now = read(&mut keys::told_above(facts)?.into_iter())?;
    let tags = |set: &BTreeSet<Ds>| set.iter().map(|ds| ds.tag.to_string()).collect::<Vec<_>>().join(", ");
    let now_has =
        if now.is_empty() { "none any more".to_owned() } else { format!("that of the key {}", tags(&now)) };
    (!there.is_empty() && there != now).then(|| {
        format!(
            "{} still has the old DS record of the key {} for {} until {}, and the zone above has {now_has}",
            resolver.name,
            tags(&there),
            zone::apex(facts),
            minute(facts.subject.unix.saturating_add(positive_ttl(reply, "DS").unwrap_or_default().into()))
        )
    })
}

/// Texts about answers, each of which begins with the name of its resolver: the same words once, behind the names of all.
fn joined(facts: &DomainFacts, texts: &[String]) -> String {
    let mut by_words: Vec<(&str, Vec<&str>)> = Vec::new();
    for text in texts {
        let mut names = resolvers(facts).map(|resolver| resolver.name.as_str());
        let of_name = |name| Some((name, text.strip_prefix(name).filter(|words| words.starts_with(' '))?));
        let (name, words) = names.find_map(of_name).unwrap_or(("", text));
        match by_words.iter_mut().find(|(known, _)| *known == words) {
            Some((_, names)) => names.push(name),
            None => by_words.push((words, vec![name])),
        }
    }
    let told = by_words.into_iter().map(|(words, names)| format!("{}{words}", names.join(" and ")));
    told.collect::<Vec<_>>().join("; ")
}

/// The texts about the answers of all resolvers, by their judgment.
#[derive(Default)]
struct Texts<'f> {
    old: Vec<String>,
    differing: Vec<String>,
    hidden: Vec<String>,
    failing: Vec<String>,
    unknown: Vec<String>,
    /// The resolvers that have records of the zone.
    same: BTreeSet<&'f str>,
    /// The last end of old records, and of others.
    ends: (u64, u64),
    /// Old DS records of resolvers that fail.
    of_ds: Vec<String>,
}

impl<'f> Texts<'f> {
    fn add(&mut self, facts: &DomainFacts, resolver: &'f OtherResolver) {
        let before = self.failing.len();
        for lookup in lookups(facts) {
            match judge(facts, resolver, &lookup) {
                None => {}
                Some(Seen::Same | Seen::Elsewhere) => drop(self.same.insert(resolver.name.as_str())),
                Some(Seen::Old(text, end)) => {
                    self.ends.0 = self.ends.0.max(end);
                    self.old.push(text);
                }
                Some(Seen::Differs(text, end)) => {
                    self.ends.1 = self.ends.1.max(end);
                    self.differing.push(text);
                }
                Some(Seen::Hidden(text)) => self.hidden.push(text),
                Some(Seen::Fails(text)) => self.failing.push(text),
                Some(Seen::Unknown(text)) => self.unknown.push(text),
            }
        }
        if self.failing.len() > before {
            self.of_ds.extend(old_ds(facts, resolver));
        }
    }
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let mut texts = Texts::default();
    resolvers(facts).for_each(|resolver| texts.add(facts, resolver));
    let Texts { old, differing, hidden, failing, unknown, same, ends, of_ds } = texts;
    let is_unheard =
        [&old, &differing, &hidden, &failing].iter().all(|texts| texts.is_empty()) && same.is_empty();
    // The failures of others only repeat those of this host.
    let failing = if facts.has_bogus_lookup() || failing.is_empty() {
        Vec::new()
    } else {
        [of_ds.clone(), failing].concat()
    };
    let by = |end: u64| minute(end.next_multiple_of(60));
    let told = [
        (Code::OthersOld, old, format!(". They have the new records by {}", by(ends.0))),
        (Code::OthersDiffer, differing, format!(". Their TTL has ended by {}", by(ends.1))),
        (Code::OthersFail, failing, String::new()),
        (Code::OthersHide, hidden, String::new()),
    ];
    let told = told.into_iter().filter(|(_, texts, _)| !texts.is_empty());
    let mut findings: Vec<Finding> = told
        .map(|(code, texts, end)| {
            let finding = Finding::new(code, joined(facts, &texts));
            // The end is the answer: many records before it do not cut it off.
            let evidence = finding.evidence.clone() + &end;
            let remedy = (code == Code::OthersFail && !of_ds.is_empty()).then_some(remedies::OLD_KEYS);
            Finding { evidence, remedy, ..finding }
        })
        .collect();
    // `NsMany` says that questions were left out.
    if !unknown.iter().all(|text| text.ends_with(BOUND_REACHED)) {
        let level = if is_unheard { Level::CouldNotTell } else { Level::Note };
        findings.push(Finding::new(Code::OthersUnknown, joined(facts, &unknown)).at(level));
    }
    // They see the records of the servers, and this host sees others.
    if findings.is_empty() && !same.is_empty() && configured::differs(facts).is_none() {
        findings.push(Finding::new(Code::OthersOk, same.into_iter().collect::<Vec<_>>().join(", ")));
    }
    findings
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
