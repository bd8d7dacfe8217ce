//! Determines where zones begin and whether they are signed, from DS records or their denial (RFC 4035 sections 5.2 and 4.3).

use std::sync::Arc;

use hickory_proto::dnssec::rdata::{DNSSECRData, DS, RRSIG};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::Validator;
use super::chain::{Delegated, denier, is_private, is_unsigned, note_refuted, unreachable};
use super::fetch::{Fetched, Round};
use crate::cache::security::{ZoneSecurity, ZoneTrust};
use crate::iterate::context::Context;
use crate::limits::{INSECURE_TTL, MAX_BOGUS_TRIES, MAX_CUT_PROBES};
use dns::cached::Rank;
use validate::anchors::Trust;
use validate::denial::{Cut, Denials};
use validate::signature;
use validate::signature::{CoveredRrset, covering};
use validate::verdict::{ValidationFailure, Verdict, Why};

struct DsAnswer<'a> {
    /// The DS records. Empty if the answer denies them.
    set: CoveredRrset<'a>,
    signatures: Vec<&'a RRSIG>,
    records: &'a [Record],
}

impl Validator {
    /// Returns the verdict on unsigned data at `name` from a server of the zone `cut`: insecure if an unsigned zone begins between the
    /// trust anchor and the name, otherwise bogus. DS records that did not come with a referral are queried.
    pub(super) async fn unsigned(&self, name: &Name, cut: &Name, context: &Context) -> Verdict {
        let Trust::Anchor(anchor, _) = self.trust(name, context) else { return Verdict::Insecure(None) };
        let mut zone = self.closest_state(name, anchor, cut, context);
        let mut below = zone.iter().len();
        let mut probes = 0;
        loop {
            match self.state(&zone, context).await.as_deref().map(|state| &state.standing) {
                Ok(ZoneSecurity::Secure(_)) => {}
                Ok(ZoneSecurity::Insecure(fault)) => return Verdict::Insecure(fault.clone()),
                Ok(ZoneSecurity::Bogus(fault) | ZoneSecurity::NoZone(fault)) => {
                    return Verdict::Bogus(fault.clone());
                }
                Err(fault) => return Verdict::Indeterminate(fault.clone()),
            }
            loop {
                (below, probes) = (below.saturating_add(1), probes + 1);
                if probes > MAX_CUT_PROBES {
                    let text = format!("{name} has too many labels to search for its zone cut");
                    return Verdict::Indeterminate(ValidationFailure::new(Why::Indeterminate, text));
                }
                if below > name.iter().len() {
                    return Verdict::Bogus(unsigned_in(name, &zone));
                }
                let part = name.trim_to(below);
                match self.delegated(&part, false, context).await {
                    Ok(Delegated::Signed(..)) => {
                        zone = part;
                        break;
                    }
                    Ok(Delegated::Unsigned(Cut::Insecure(fault), _)) => return Verdict::Insecure(fault),
                    Ok(Delegated::Unsigned(Cut::NoName, _)) if is_private(&part, name, context) => {
                        return Verdict::Insecure(None);
                    }
                    Ok(Delegated::Unsigned(Cut::None, _)) if is_private(&part, &part, context) => {
                        self.tell_unvalidated(&part);
                        return Verdict::Insecure(None);
                    }
                    Ok(Delegated::Unsigned(Cut::None, _)) => {}
                    Ok(Delegated::Unsigned(Cut::NoName, _)) => below = name.iter().len(),
                    Ok(Delegated::Bogus(fault)) => return Verdict::Bogus(fault),
                    Err(fault) if fault.why == Why::Indeterminate => return Verdict::Indeterminate(fault),
                    // The parent has sent no signed proof that an unsigned zone begins at this name.
                    Err(fault) if is_unsigned(&fault) => return Verdict::Bogus(unsigned_in(name, &zone)),
                    Err(fault) => return Verdict::Bogus(fault),
                }
            }
        }
    }

    /// Returns the deepest known zone at or above `name`: a zone whose security state is cached, the zone whose server gave the data
    /// (`cut`), or the zone of the trust anchor.
    fn closest_state(&self, name: &Name, anchor: &Name, cut: &Name, context: &Context) -> Name {
        let (rrsets, now) = (self.memory.rrsets.in_view(context.view.knows), self.clock.mono());
        let asked = cut.zone_of(name) && anchor.zone_of(cut);
        let start = if asked { cut } else { anchor };
        let known = |labels: &usize| {
            let above = name.trim_to(*labels);
            let state = rrsets.zone_state(&above, now);
            state.is_some_and(|state| !matches!(state.standing, ZoneSecurity::NoZone(_)))
        };
        let deepest = (start.iter().len()..=name.iter().len()).rev().find(known);
        deepest.map_or_else(|| start.clone(), |labels| name.trim_to(labels))
    }

    /// Returns true if the cache has the DS records of a zone, or their denial.
    pub(super) fn knows_ds(&self, zone: &Name, context: &Context) -> bool {
        let (rrsets, now) = (self.memory.rrsets.in_view(context.view.knows), self.clock.mono());
        rrsets.delegation(zone, now).is_some_and(|cut| !cut.evidence.is_empty())
            || rrsets.get(zone, RecordType::DS, Rank::Answer, now).is_some()
    }

    /// Returns what the DS records of `name` mean: from the cached referral, or from the servers of the parent. `anew`: the servers are
    /// always asked.
    pub(super) async fn delegated(
        &self,
        name: &Name,
        anew: bool,
        context: &Context,
    ) -> Result<Delegated, ValidationFailure> {
        let now = self.clock.mono();
        let cut = self.memory.rrsets.in_view(context.view.knows).delegation(name, now);
        let mut found = None;
        if let Some(cut) = cut.filter(|cut| !anew && !cut.evidence.is_empty()) {
            let left = u32::try_from(cut.expires.since(now).as_secs()).unwrap_or(u32::MAX);
            match self.judge_ds(name, &cut.evidence.records(left), context).await {
                Err(fault) if fault.why != Why::Indeterminate => found = Some(fault),
                judged => return judged,
            }
        }
        let mut refuted: Vec<(Arc<Fetched>, ValidationFailure)> = Vec::new();
        for round in usize::from(anew)..MAX_BOGUS_TRIES {
            let avoid: Vec<_> = refuted.iter().filter_map(|(fetched, _)| fetched.server).collect();
            let fetched =
                match self.fetch(name, RecordType::DS, Round::numbered(round, &avoid), context).await {
                    Ok(fetched) => fetched,
                    Err(failure) => return Err(found.unwrap_or_else(|| unreachable("DS", name, &failure))),
                };
            let records: Vec<Record> = fetched.answers.iter().chain(&fetched.evidence).cloned().collect();
            match self.judge_ds(name, &records, context).await {
                Err(fault) if fault.why != Why::Indeterminate => {
                    note_refuted(fetched.server, &fetched.zone, &fault, context);
                    refuted.push((fetched, fault.clone()));
                    found = Some(fault);
                }
                judged => {
                    self.distrust(&refuted, context);
                    return judged;
                }
            }
        }
        Err(found.unwrap_or_else(|| {
            ValidationFailure::new(Why::NsecMissing, format!("no server proves or denies a DS of {name}"))
        }))
    }

    async fn judge_ds(
        &self,
        name: &Name,
        records: &[Record],
        context: &Context,
    ) -> Result<Delegated, ValidationFailure> {
        let set: Vec<&Record> = records
            .iter()
            .filter(|record| record.record_type() == RecordType::DS && record.name == *name)
            .collect();
        if set.is_empty()
            && let Some(ttl) = self.alias_instead(name, records, context).await?
        {
            return Ok(Delegated::Unsigned(Cut::None, ttl));
        }
        let signatures = covering(records, name, RecordType::DS);
        let signer = if set.is_empty() {
            denier(records, name, RecordType::DS)
        } else {
            signature::signer(name, RecordType::DS, &signatures)
        };
        let trust = self.trust(name, context);
        let Some(signer) = signer.filter(|signer| trust.reaches(signer)).cloned() else {
            let (why, what) = if set.is_empty() {
                (Why::NsecMissing, "no signed record proves or denies a DS of")
            } else {
                (Why::RrsigsMissing, "no parent zone signed the DS of")
            };
            return Err(ValidationFailure::new(why, format!("{what} {name}")));
        };
        let state = self.state(&signer, context).await?;
        let answer =
            DsAnswer { set: CoveredRrset { name, kind: RecordType::DS, records: &set }, signatures, records };
        let mut judged = self.judge_ds_by(&state, &answer, context).await;
        if let Err(fault) = &judged
            && self.learns_time(fault)
        {
            judged = self.judge_ds_by(&state, &answer, context).await;
        }
        match judged {
            Err(fault) => match self.renewed(&state, &fault, context).await {
                Some(state) => self.judge_ds_by(&state, &answer, context).await,
                None => Err(fault),
            },
            judged => judged,
        }
    }

    /// Validates the DS records in an answer, or the proof that there are none. `state` is the state of the zone that signed the answer.
    async fn judge_ds_by(
        &self,
        state: &ZoneTrust,
        answer: &DsAnswer<'_>,
        context: &Context,
    ) -> Result<Delegated, ValidationFailure> {
        let CoveredRrset { name, records: set, .. } = answer.set;
        let keys = match &state.standing {
            ZoneSecurity::Secure(keys) => keys,
            ZoneSecurity::Insecure(fault) => {
                return Ok(Delegated::Unsigned(Cut::Insecure(fault.clone()), INSECURE_TTL));
            }
            ZoneSecurity::Bogus(fault) => return Ok(Delegated::Bogus(fault.clone())),
            ZoneSecurity::NoZone(fault) => return Err(fault.clone()),
        };
        let rules = self.rules(context);
        if set.is_empty() {
            let denials = Denials::read(answer.records, keys, rules).await?;
            return Ok(Delegated::Unsigned(denials.cut(name, rules.budget)?, denials.ttl));
        }
        let signed = signature::check(&answer.set, &answer.signatures, keys, rules).await?;
        let known: Vec<DS> = set.iter().copied().filter_map(ds_in).cloned().collect();
        if known.is_empty() {
            // No DS record can be parsed. This does not make the zone below unsigned.
            return Err(ValidationFailure::new(Why::Bogus, format!("no DS of {name} can be parsed")));
        }
        Ok(Delegated::Signed(known, signed.ttl))
    }

    /// If `name` has a signed CNAME, returns the seconds for which it may be cached. No zone begins at such a name. Otherwise returns `None`.
    async fn alias_instead(
        &self,
        name: &Name,
        records: &[Record],
        context: &Context,
    ) -> Result<Option<u32>, ValidationFailure> {
        let alias = |record: &&Record| record.record_type() == RecordType::CNAME && record.name == *name;
        let set: Vec<&Record> = records.iter().filter(alias).collect();
        let signatures = covering(records, name, RecordType::CNAME);
        let trust = self.trust(name, context);
        let signer = signature::signer(name, RecordType::CNAME, &signatures)
            .filter(|signer| *signer != name && trust.reaches(signer));
        let (Some(signer), false) = (signer, set.is_empty()) else { return Ok(None) };
        let state = self.state(signer, context).await?;
        let ZoneSecurity::Secure(keys) = &state.standing else { return Ok(None) };
        let rrset = CoveredRrset { name, kind: RecordType::CNAME, records: &set };
        let signed = signature::check(&rrset, &signatures, keys, self.rules(context)).await?;
        Ok(signed.encloser.is_none().then_some(signed.ttl))
    }
}

fn ds_in(record: &Record) -> Option<&DS> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DS(ds)) => Some(ds),
        _ => None,
    }
}

fn unsigned_in(name: &Name, zone: &Name) -> ValidationFailure {
    ValidationFailure::new(Why::RrsigsMissing, format!("{name} is not signed, but its zone {zone} is"))
        .at(zone)
}
