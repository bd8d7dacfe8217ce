//! Looks a name up in the cache before any server is asked.
//!
//! See RFC 8020 (nothing exists below a name that does not exist), RFC 8198 (cached NSEC records deny other names too) and RFC 6672 section
//! 3.4 (a cached DNAME redirects all names below it).

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::chase::Chaser;
use super::chased::Chased;
use crate::cache::entries::Known;
use crate::cache::ranges::Synthesized;
use crate::iterate::Lookup;
use crate::iterate::classify::{End, Found, Redirected, redirected};
use crate::iterate::context::Context;
use crate::iterate::kept_answers::AnswerSecurity;
use dns::cached::Rank;
use dns::clock::Mono;
use dns::question::{Security, name_text};
use dnsbl::list::List;
use record::event::StepEvent;
use validate::verdict::Verdict;

impl Chaser {
    /// Returns the result from the cache. For a client that sets CD, data are cached without validation. Such data are validated now if
    /// this question needs it. Returns `None` if the cache has no data, or if its data are not valid.
    pub(super) async fn remember(&self, lookup: Lookup<'_>, chased: &mut Chased) -> Option<End> {
        let Some((mut found, checked)) = self.recall(lookup) else { return self.synthesize(lookup, chased) };
        let parts =
            checked.sets.iter().chain(matches!(found.end, End::Negative { .. }).then_some(&checked.end));
        let is_cname = found.answers.first().is_some_and(|first| first.record_type() == RecordType::CNAME);
        if is_cname && matches!(found.end, End::Alias(_)) && checked.sets.first() != Some(&Security::Secure) {
            chased.recalled_alias.get_or_insert_with(|| lookup.name.clone());
        }
        if parts.clone().any(|security| *security == Security::Insecure) && chased.fault.is_none() {
            chased.fault = self.trust.negative_trust_anchor(lookup.name, lookup.context);
        }
        if !lookup.context.checks() || parts.clone().all(|security| *security != Security::Unchecked) {
            return Some(chased.take(found, &checked));
        }
        let (rrsets, now) = (self.memory.rrsets.in_view(lookup.context.view.knows), self.clock.mono());
        let cut = rrsets.closest_delegation(lookup.name, now);
        let cut = cut.map_or_else(|| lookup.route.zone.clone(), |cut| cut.zone.clone());
        let judged = Box::pin(self.trust.judge(lookup, &cut, &mut found)).await;
        let (Verdict::Secure | Verdict::Insecure(_)) = judged.verdict else { return None };
        let found = self.iterate.keep(lookup, &cut, found, &judged.checked);
        Some(chased.take(found, &judged.checked))
    }

    /// Returns the cached A records of a name: empty if the cache has a denial, and `None` if it has no entry.
    pub(super) fn remembered_addresses(
        &self,
        list: &List,
        name: &Name,
        context: &Context,
    ) -> Option<Vec<Record>> {
        let now = self.clock.mono();
        let inside = list.rewrite.as_ref().and_then(|rewrite| rewrite.inward(name));
        let name = inside.as_ref().unwrap_or(name);
        match self.memory.rrsets.in_view(context.view.knows).get(name, RecordType::A, Rank::Answer, now)? {
            Known::Negative(_) => Some(Vec::new()),
            Known::Rrset(rrset) => Some(rrset.records(name, now)),
        }
    }

    /// Returns the cached data for a name: records, a denial, an alias or a DNAME.
    fn recall(&self, lookup: Lookup<'_>) -> Option<(Found, AnswerSecurity)> {
        let now = self.clock.mono();
        let Lookup { name, kind, context, route, .. } = lookup;
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let is_used = |known: &Known| !lookup.renews() || !known.is_to_be_renewed(now);
        let mut keys = rrsets.keys(name);
        let known =
            rrsets.get_or_alias(&mut keys, kind, Rank::Answer, now).filter(|(known, _)| is_used(known));
        if known.is_none()
            && let Some(redirected) = self.recall_redirected(lookup, now)
        {
            return Some(redirected);
        }
        let known = known.or_else(|| {
            // No name can exist below a name that does not exist (RFC 8020), so the names above are looked up too.
            let above =
                route.policy.nxdomain_cut.then(|| rrsets.nxdomain_above(&mut keys, &route.zone, now))??;
            Some((Known::Negative(above), kind)).filter(|(known, _)| is_used(known))
        });
        let (known, of) = known?;
        context.note(StepEvent::Memory { found: describe(&known, name, of) });
        Some(match known {
            Known::Negative(negative) => {
                let soa = negative.soa(now).map(Box::new);
                let end = End::Negative { nxdomain: negative.nxdomain, name: name.clone(), soa };
                let checked = AnswerSecurity { sets: Vec::new(), end: negative.backing().security };
                (held(Vec::new(), end, negative.evidence(now), negative.rank), checked)
            }
            Known::Rrset(rrset) => {
                let records = rrset.records(name, now);
                let target = records.iter().find_map(|record| match &record.data {
                    RData::CNAME(target) if kind != RecordType::CNAME => Some(target.0.clone()),
                    _ => None,
                });
                let checked =
                    AnswerSecurity { sets: vec![rrset.backing().security], end: Security::default() };
                (
                    held(records, target.map_or(End::Data, End::Alias), rrset.evidence(now), rrset.rank()),
                    checked,
                )
            }
        })
    }

    /// Returns a denial that follows from cached NSEC or NSEC3 records (RFC 8198).
    fn synthesize(&self, lookup: Lookup<'_>, chased: &mut Chased) -> Option<End> {
        let Lookup { name, context, route, .. } = lookup;
        if !route.synthesizes() || !context.checks() || lookup.renews() {
            return None;
        }
        let (rrsets, now) = (self.memory.rrsets.in_view(context.view.knows), self.clock.mono());
        let Synthesized { zone, soa, proof } = rrsets.synthesize(name, now)?;
        if !self.trust.trusts(name, context) {
            return None;
        }
        context.note(StepEvent::Synthesized { zone: name_text(&zone) });
        chased.concluded_from = Some(zone);
        let end = End::Negative { nxdomain: true, name: name.clone(), soa: Some(Box::new(soa)) };
        let checked = AnswerSecurity { sets: Vec::new(), end: Security::Secure };
        Some(chased.take(held(Vec::new(), end, proof, Rank::Authoritative), &checked))
    }

    /// Returns the cached DNAME above a name, with the CNAME that results from it.
    fn recall_redirected(&self, lookup: Lookup<'_>, now: Mono) -> Option<(Found, AnswerSecurity)> {
        let Lookup { name, kind, context, route, .. } = lookup;
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        if !rrsets.may_redirect() {
            return None;
        }
        let mut above = name.clone();
        let (rrset, dname) = loop {
            if above == route.zone || above.is_root() {
                return None;
            }
            above = above.base_name();
            let known = rrsets.get(&above, RecordType::DNAME, Rank::Answer, now);
            let known = known.filter(|known| !lookup.renews() || !known.is_to_be_renewed(now));
            // A DNAME that is not secure may be forged, and would redirect all names of a domain (CVE-2025-40778). So it is asked for with each name.
            let known = known.filter(Known::is_proven);
            if let Some(Known::Rrset(rrset)) = known {
                let dname = rrset.records(&above, now).pop()?;
                break (rrset, dname);
            }
        };
        let redirected = redirected(&dname, name)?;
        context.note(StepEvent::Memory { found: format!("DNAME of {above}") });
        let (answers, end) = match redirected {
            Redirected::To(cname, _) if kind == RecordType::CNAME => (vec![dname, *cname], End::Data),
            Redirected::To(cname, target) => (vec![dname, *cname], End::Alias(target)),
            Redirected::TooLong => (vec![dname], End::TooLong),
        };
        let checked =
            AnswerSecurity { sets: vec![rrset.backing().security; answers.len()], end: Security::default() };
        Some((held(answers, end, rrset.evidence(now), rrset.rank()), checked))
    }
}

/// Returns cached data in the form of a server's answer.
pub(super) fn held(answers: Vec<Record>, end: End, evidence: Vec<Record>, rank: Rank) -> Found {
    Found { authoritative: rank == Rank::Authoritative, ..Found::new(answers, end, evidence) }
}

fn describe(known: &Known, name: &Name, kind: RecordType) -> String {
    let name = name_text(name);
    match known {
        Known::Rrset(_) => format!("{name} {kind}"),
        Known::Negative(negative) if negative.nxdomain => format!("{name} does not exist"),
        Known::Negative(_) => format!("{name} has no {kind}"),
    }
}
