//! The answers of other resolvers, public ones and those in resolv.conf, compared with the servers of the zone.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (negative answers). A resolver may be asked over TLS (RFC 7858) or HTTPS
//! (RFC 8484): some networks change or block queries to other resolvers over UDP.
//!
//! # Decisions
//!
//! - `resolver_answers` judges each answer by itself.
//! - A resolver that denies the domain in the words of the zone above has asked before this zone delegated it (`kept_denial`).
//! - A resolver that fails is asked for its DS records without validation (`old_keys`); of a signed domain, each that answers.
//! - The serial is asked only of a resolver with other records.
//! - A resolver may have old records and fail because of others of the same time. Both findings then have the last end of all.
//!
//! These questions come last, and each resolver is asked for the MX records first: a resolver that does not answer costs little
//! time. One that refuses them is asked for the root: if it answers, it refuses the domain alone.

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{BOUND_REACHED, DomainFacts, Got, NoReply, OtherResolver, Want};
use super::failing_at_others::{self, Failing};
use super::finding::{Finding, Level};
use super::former_servers::{self, Until};
use super::other_resolvers::{ask, joined, resolvers};
use super::resolver_answers::{CONTROL, Failure, Lookup, Seen, is_refusal, judge, policy, questions};
use super::signed_move::Foretold;
use super::{
    compared, configured, kept_denial, old_addresses, old_keys, remedies, signed_move, steady, ttl_end, zone,
};
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_EVIDENCE, MAX_REPEATED_ANSWERS};
use dns::wire::presentation;

/// Whether a resolver answers for the domain.
fn answers(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let mail = facts.got.get(&ask(resolver, &facts.subject.domain, "MX"));
    matches!(mail, Some(Got::Reply(reply)) if !is_refusal(reply))
}

/// The questions for the DMARC record to resolvers that have answered the others, if there is room for all of them.
fn of_policy(facts: &DomainFacts, others: &[Want]) -> Vec<Want> {
    let is_asked = |want: &Want| facts.got.contains_key(want);
    let answering = || resolvers(facts).filter(|resolver| answers(facts, resolver));
    let asked = policy(facts)
        .filter(|_| others.iter().all(is_asked))
        .map(|(name, kind)| answering().map(|resolver| ask(resolver, &name, kind)).collect::<Vec<Want>>());
    let asked = asked.unwrap_or_default();
    let new = asked.iter().filter(|want| !is_asked(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { asked } else { Vec::new() }
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let mut wants = Vec::new();
    // They cannot know it.
    if zone::is_here_only(facts) {
        return wants;
    }
    let differs = |resolver: &OtherResolver, (name, kind): &Lookup| {
        judge(facts, resolver, (name, kind)).is_some_and(|seen| seen.is_other())
    };
    for resolver in resolvers(facts) {
        wants.push(ask(resolver, domain, "MX"));
        match facts.got.get(&ask(resolver, domain, "MX")) {
            // It refuses the other questions too.
            Some(Got::Reply(reply)) if is_refusal(reply) => {
                wants.push(ask(resolver, CONTROL.0, CONTROL.1));
                continue;
            }
            Some(Got::Reply(_)) => {}
            _ => continue,
        }
        let questions = questions(facts);
        wants.extend(questions.iter().map(|(name, kind)| ask(resolver, name, kind)));
        if questions.iter().any(|lookup| differs(resolver, lookup)) {
            wants.push(ask(resolver, zone::apex(facts), "SOA"));
        }
    }
    let (of_policy, policy) = (of_policy(facts, &wants), policy(facts));
    let has_other_policy =
        |resolver: &&OtherResolver| policy.as_ref().is_some_and(|lookup| differs(resolver, lookup));
    let with_other_policy = resolvers(facts).filter(has_other_policy);
    wants.extend(with_other_policy.map(|resolver| ask(resolver, zone::apex(facts), "SOA")));
    wants.extend(of_policy);
    let judged: Vec<Judged<'_>> = resolvers(facts).map(|resolver| Judged::new(facts, resolver)).collect();
    let others: Vec<_> = judged.iter().map(|judged| (judged.resolver, judged.others())).collect();
    wants.extend(former_servers::wants(facts, &others));
    wants.extend(repeated(facts, &others));
    let answering: Vec<&OtherResolver> =
        resolvers(facts).filter(|resolver| answers(facts, resolver)).collect();
    wants.extend(old_keys::of_signed(facts, &answering));
    let of_keys =
        judged.iter().filter(|judged| judged.may_have_old_keys(facts)).map(|judged| judged.resolver);
    wants.extend(old_keys::wants(facts, &of_keys.collect::<Vec<_>>()));
    let may_have_old_addresses = |judged: &&Judged<'_>| {
        let (resolver, has_others) = (judged.resolver, judged.seen.iter().any(|(_, seen)| seen.is_other()));
        answers(facts, resolver)
            && (old_keys::may_be_old(facts, resolver)
                || has_others && !former_servers::are_at(facts, resolver))
    };
    let of_addresses = judged.iter().filter(may_have_old_addresses).map(|judged| judged.resolver);
    wants.extend(old_addresses::wants(facts, &of_addresses.collect::<Vec<_>>()));
    wants
}

/// The questions that show whether the servers of the zone give the addresses of mail hosts in turn, if there is room for all of them.
fn repeated(facts: &DomainFacts, others: &[(&OtherResolver, Vec<Lookup>)]) -> Vec<Want> {
    let differing: BTreeSet<&Lookup> = others.iter().flat_map(|(_, others)| others).collect();
    let of_addresses = differing.into_iter().filter(|(_, kind)| ["A", "AAAA"].contains(kind));
    let repeated = of_addresses.flat_map(|(name, kind)| {
        let (sets, _) = compared::sets(facts, (name, kind));
        steady::wants((name, kind), &sets)
    });
    let repeated: Vec<Want> = repeated.take(MAX_REPEATED_ANSWERS).collect();
    let new = repeated.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.spent() + new <= MAX_CHECK_QUESTIONS { repeated } else { Vec::new() }
}

/// Whether no question was left for a resolver.
pub(super) fn are_left_out(facts: &DomainFacts) -> bool {
    let is_left_out =
        |resolver: &OtherResolver| match facts.got.get(&ask(resolver, &facts.subject.domain, "MX")) {
            Some(Got::NoReply(NoReply::Unknown(why))) => why == BOUND_REACHED,
            _ => false,
        };
    resolvers(facts).any(is_left_out)
}

/// The judgments of all answers of a resolver.
struct Judged<'f> {
    resolver: &'f OtherResolver,
    seen: Vec<(Lookup, Seen)>,
}

impl<'f> Judged<'f> {
    fn new(facts: &DomainFacts, resolver: &'f OtherResolver) -> Self {
        let lookups = questions(facts).into_iter().chain(policy(facts));
        let judged = lookups.filter_map(|(name, kind)| {
            let seen = judge(facts, resolver, (&name, kind))?;
            Some(((name, kind), seen))
        });
        Self { resolver, seen: judged.collect() }
    }

    /// The lookups of which it has other records than the zone.
    fn others(&self) -> Vec<Lookup> {
        self.seen.iter().filter(|(_, seen)| seen.is_other()).map(|(lookup, _)| lookup.clone()).collect()
    }

    /// The lookups for which it fails.
    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.seen.iter().filter_map(|(_, seen)| match seen {
            Seen::Fails(failure) => Some(failure),
            _ => None,
        })
    }

    fn fails(&self) -> bool {
        self.failures().next().is_some()
    }

    /// Whether it fails for a reason that is not known yet, has former servers with other keys, or may have old DS records.
    fn may_have_old_keys(&self, facts: &DomainFacts) -> bool {
        self.failures().any(|failure| failure.of_servers.is_none())
            || signed_move::is_at(facts, self.resolver)
            || old_keys::may_be_old(facts, self.resolver)
    }

    /// Its old records.
    fn old(&self, facts: &DomainFacts) -> Option<OldAt<'_>> {
        let (mut texts, mut end, mut is_any_certain) = (Vec::new(), 0, false);
        for (_, seen) in &self.seen {
            if let Seen::Old { text, end: of_text, is_certain } = seen {
                texts.push(text.clone());
                end = end.max(*of_text);
                is_any_certain |= is_certain;
            }
        }
        let foretold = signed_move::foretold(facts, self.resolver);
        let kept_ds = signed_move::of_kept_ds(facts, self.resolver).filter(|_| !self.fails());
        let has_kept_ds = kept_ds.is_some();
        if let Some((text, of_ds)) = kept_ds {
            texts.push(text);
            end = end.max(of_ds);
        }
        let others = self.others();
        let of_addresses =
            old_addresses::until(facts, (self.resolver, &others), end).filter(|_| !has_kept_ds);
        let until =
            || of_addresses.unwrap_or_else(|| former_servers::until(facts, (self.resolver, &others), end));
        (!texts.is_empty()).then(|| OldAt {
            resolver: self.resolver,
            texts,
            until: until(),
            foretold,
            has_kept_ds,
            is_certain: is_any_certain || has_kept_ds,
        })
    }
}

/// The old records of a resolver.
struct OldAt<'j> {
    resolver: &'j OtherResolver,
    texts: Vec<String>,
    /// The time by which it has the new ones.
    until: Until,
    /// The failure that is to come, if the keys have changed with the servers.
    foretold: Option<Foretold>,
    /// Whether it has old DS records that name no key of now.
    has_kept_ds: bool,
    /// Whether something shows that one of them is old.
    is_certain: bool,
}

impl OldAt<'_> {
    /// The time by which it has the new records, and no failure is to come any more.
    fn end(&self) -> u64 {
        self.until.end.max(self.foretold.as_ref().and_then(|foretold| foretold.end).unwrap_or_default())
    }
}

/// The texts of all judgments that need no more than that.
#[derive(Default)]
struct Texts<'j> {
    differing: Vec<&'j str>,
    /// The last end of these.
    differing_until: u64,
    beside: Vec<&'j str>,
    elsewhere: Vec<&'j str>,
    hidden: Vec<&'j str>,
    unknown: Vec<&'j str>,
    /// The resolvers that have the records of the zone.
    same: BTreeSet<&'j str>,
}

impl<'j> Texts<'j> {
    fn add(&mut self, judged: &'j Judged<'_>) {
        for (_, seen) in &judged.seen {
            match seen {
                Seen::Same => {
                    self.same.insert(&judged.resolver.name);
                }
                Seen::Differs(text, until) => {
                    self.differing_until = self.differing_until.max(*until);
                    self.differing.push(text);
                }
                Seen::Beside(text) => self.beside.push(text),
                Seen::Elsewhere(text) => self.elsewhere.push(text),
                Seen::Hidden(text) => self.hidden.push(text),
                Seen::Unknown(text) => self.unknown.push(text),
                Seen::Old { .. } | Seen::Fails(_) => {}
            }
        }
    }
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let (mut judged, mut denials) = (Vec::new(), Vec::new());
    for resolver in resolvers(facts) {
        match kept_denial::at(facts, resolver) {
            Some(denial) => denials.push(denial),
            None => judged.push(Judged::new(facts, resolver)),
        }
    }
    let mut texts = Texts::default();
    judged.iter().for_each(|judged| texts.add(judged));
    let old: Vec<OldAt<'_>> = judged.iter().filter_map(|judged| judged.old(facts)).collect();
    let failing: Vec<Failing<'_>> = judged
        .iter()
        .filter(|judged| judged.fails())
        .map(|judged| Failing::new(facts, (judged.resolver, &judged.others()), judged.failures()))
        .collect();
    let of_both = end_of_both(&old, &failing);
    let mut findings = Vec::new();
    findings.extend(of_old(facts, &old, of_both));
    findings.extend(kept_denial::finding(&denials));
    findings.extend(of_others(facts, &texts));
    findings.extend(failing_at_others::finding(facts, &failing, of_both));
    if !texts.hidden.is_empty() {
        findings.push(Finding::new(Code::OthersHide, joined(facts, &texts.hidden)));
    }
    if !texts.elsewhere.is_empty() {
        findings.push(Finding::new(Code::OthersElsewhere, joined(facts, &texts.elsewhere)));
    }
    // `NsMany` tells that questions were left out.
    let is_explained = texts.unknown.iter().all(|text| text.ends_with(BOUND_REACHED));
    if !texts.unknown.is_empty() && !is_explained {
        let is_unheard = |(_, seen): &(Lookup, Seen)| matches!(seen, Seen::Unknown(_) | Seen::Elsewhere(_));
        let are_unheard = denials.is_empty() && judged.iter().flat_map(|judged| &judged.seen).all(is_unheard);
        let level = if are_unheard { Level::CouldNotTell } else { Level::Note };
        findings.push(Finding::new(Code::OthersUnknown, joined(facts, &texts.unknown)).at(level));
    }
    // They see the records of the servers, and this host sees others.
    if findings.is_empty() && !texts.same.is_empty() && configured::differs(facts).is_none() {
        findings.push(Finding::new(Code::OthersOk, texts.same.into_iter().collect::<Vec<_>>().join(", ")));
    }
    findings
}

/// The last end of the old records of all resolvers and of the failures, if a resolver has both: then they have one cause.
fn end_of_both(old: &[OldAt<'_>], failing: &[Failing<'_>]) -> Option<u64> {
    let has_both =
        |old: &OldAt<'_>| failing.iter().any(|failing| failing.is_at(old.resolver) && failing.end.is_some());
    let ends = old.iter().map(OldAt::end).chain(failing.iter().filter_map(|failing| failing.end));
    ends.max().filter(|_| old.iter().any(has_both))
}

/// The findings about other records that nothing shows to be old: those that count for mail, and the others.
fn of_others(facts: &DomainFacts, texts: &Texts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !texts.differing.is_empty() {
        let end = ttl_end::over_by(texts.differing_until);
        let evidence = format!("{}. Their TTL has ended by {end}", joined(facts, &texts.differing));
        findings.push(Finding::new(Code::OthersDiffer, evidence));
    }
    if !texts.beside.is_empty() {
        let finding = Finding::new(Code::OthersDiffer, joined(facts, &texts.beside)).at(Level::Note);
        findings.push(finding.to_do(remedies::BESIDE_MAIL));
    }
    findings
}

/// The time by which all resolvers with old records have the new ones.
enum Closing {
    /// In seconds since 1970.
    By(u64),
    /// The same, unless the old records have a longer TTL than the new ones.
    Bound(u64),
    /// It could not be told.
    Untold,
}

impl Closing {
    /// The last of the ends: `of_both` if the resolvers also fail.
    fn new(old: &[OldAt<'_>], of_both: Option<u64>) -> Self {
        let end = of_both.or_else(|| old.iter().map(OldAt::end).max()).unwrap_or_default();
        let is_untold =
            |old: &OldAt<'_>| old.foretold.as_ref().is_some_and(|foretold| foretold.end.is_none());
        match old.iter().any(|old| old.until.is_bound) {
            _ if old.iter().any(is_untold) => Self::Untold,
            true => Self::Bound(end),
            false => Self::By(end),
        }
    }

    /// It in words. `is_certain`: whether the records are old.
    fn words(&self, is_certain: bool) -> String {
        let told = match is_certain {
            true => "They have the new records",
            false => "If they are old, these resolvers have the new records",
        };
        match self {
            Self::By(end) => format!("{told} by {}", ttl_end::over_by(*end)),
            Self::Bound(end) => format!(
                "{told} by {}, at the latest, unless the old records have a longer TTL than the new ones",
                ttl_end::over_by(*end)
            ),
            Self::Untold => "By when they have the new records could not be told".to_owned(),
        }
    }
}

/// The finding about old records, with the time by which all resolvers have the new ones: `of_both` if they also fail.
fn of_old(facts: &DomainFacts, old: &[OldAt<'_>], of_both: Option<u64>) -> Option<Finding> {
    if old.is_empty() {
        return None;
    }
    let words: BTreeSet<&str> = old.iter().map(|old| old.until.words.as_str()).collect();
    let foretold = || old.iter().filter_map(|old| old.foretold.as_ref());
    let of_moves = signed_move::words(foretold());
    let words = words.into_iter().chain(of_moves.iter().map(String::as_str));
    let words: String = words.filter(|words| !words.is_empty()).map(|words| format!("; {words}")).collect();
    let closing = Closing::new(old, of_both).words(old.iter().any(|old| old.is_certain));
    let texts: Vec<&str> = old.iter().flat_map(|old| &old.texts).map(String::as_str).collect();
    // The moment is the answer: many records before it do not cut it off.
    let mut finding = Finding::new(Code::OthersOld, joined(facts, &texts));
    finding.evidence.push_str(&presentation::shown(&words, MAX_EVIDENCE));
    finding.evidence.push_str(&format!(". {closing}"));
    let may_be_prolonged = old.iter().any(|old| old.until.may_be_prolonged);
    let of_servers = may_be_prolonged.then_some(remedies::FORMER_SERVERS);
    let of_ds = old.iter().any(|old| old.has_kept_ds).then_some(remedies::OLD_KEYS);
    let remedy = foretold().map(|foretold| foretold.remedy).next().or(of_ds).or(of_servers);
    Some(Finding { remedy, ..finding })
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
