//! The chain of trust: what a zone's keys are worth, from a trust anchor down to it.
//!
//! May call: `validate`, `cache`, `zones`, and `fetch` for DS and keys. RFC 4035 section 5. Each zone's state is kept. What
//! the walk has seen (DS that came with referrals) is not asked for again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::dnssec::rdata::{DNSSECRData, DS, RRSIG};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::Resolver;
use crate::cache::security::{Standing, ZoneState};
use crate::clock::Mono;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::limits::{BOGUS_TIME, INSECURE_TTL, MAX_BOGUS_TRIES, MAX_CUT_PROBES, MAX_TTL};
use crate::record::event::StepEvent;
use crate::validate::anchors::Trust;
use crate::validate::denial::{Cut, Denials};
use crate::validate::keys::{Algorithms, Entrusted, entrust, usable};
use crate::validate::signature::{self, Rrset, covering};
use crate::validate::verdict::{Fault, Verdict, Why};

/// What DS say of a name.
#[derive(Debug)]
enum Delegated {
    /// A signed zone begins there; the seconds that this may be kept.
    Signed(Vec<DS>, u32),
    /// None begins there, or an unsigned one; the seconds that this may be kept.
    Unsigned(Cut, u32),
    /// The zone above is bogus.
    Bogus(Fault),
}

impl Resolver {
    /// Where trust in a name begins, now.
    pub(super) fn trust<'a>(&self, name: &Name, context: &'a Context) -> Trust<'a> {
        let (view, now) = (&context.view, self.clock.mono());
        let negative = |above: &Name| view.is_exempt(above) || self.negative.holds(above, now);
        view.config.dnssec.trust_anchor.anchors.closest(name, negative)
    }

    /// What the keys of the zone that begins at `zone` are worth.
    ///
    /// # Errors
    /// That could not be found out.
    pub(super) fn state<'a>(
        &'a self,
        zone: &'a Name,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Arc<ZoneState>, Fault>> {
        Box::pin(async move {
            let rrsets = self.memory.rrsets.of(context.view.knows);
            if let Some(state) = rrsets.zone_state(zone, self.clock.mono()) {
                self.refresh_if_old(&state, context);
                return Ok(state);
            }
            self.establish(zone, context).await
        })
    }

    /// Finds out what a zone's keys are worth, and keeps it.
    pub(super) async fn establish(&self, zone: &Name, context: &Context) -> Result<Arc<ZoneState>, Fault> {
        let (standing, seconds) = match self.trust(zone, context) {
            // A negative anchor may come and go: this costs nothing to find out again.
            Trust::None => (Standing::Insecure(None), 0),
            Trust::Anchor(anchor, ds) if anchor == zone => {
                self.entrust(zone, ds, seconds_of(MAX_TTL), context).await?
            }
            Trust::Anchor(anchor, _) => self.establish_below(zone, anchor, context).await?,
        };
        let stored = self.clock.mono();
        let expires = stored.after(Duration::from_secs(seconds.into()));
        let state = Arc::new(ZoneState { zone: zone.clone(), standing, stored, expires });
        context.note(checked(zone.to_string(), &state));
        self.memory.rrsets.of(context.view.knows).put_zone_state(Arc::clone(&state));
        Ok(state)
    }

    /// The same for a zone below an anchor.
    async fn establish_below(
        &self,
        zone: &Name,
        anchor: &Name,
        context: &Context,
    ) -> Result<(Standing, u32), Fault> {
        if let Some(inherited) = self.inherited(zone, anchor, context).await? {
            return Ok(inherited);
        }
        match self.delegated(zone, context).await {
            Ok(Delegated::Signed(ds, ttl)) => self.entrust(zone, &ds, ttl, context).await,
            Ok(Delegated::Unsigned(Cut::Insecure(fault), ttl)) => Ok((Standing::Insecure(fault), ttl)),
            Ok(Delegated::Unsigned(Cut::None | Cut::NoName, ttl)) => {
                let text = format!("it is signed by {zone}, which is no zone: the one above proves that");
                Ok((Standing::NoZone(Fault::new(Why::Bogus, text)), ttl))
            }
            Ok(Delegated::Bogus(fault)) => Ok((Standing::Bogus(fault), seconds_of(BOGUS_TIME))),
            Err(fault) if is_unsigned(&fault) => {
                match self.unsigned(&zone.base_name(), anchor, context).await {
                    Verdict::Insecure(why) => Ok((Standing::Insecure(why), INSECURE_TTL)),
                    Verdict::Indeterminate(fault) => Err(fault),
                    Verdict::Secure | Verdict::Bogus(_) => {
                        Ok((Standing::Bogus(fault), seconds_of(BOGUS_TIME)))
                    }
                }
            }
            Err(fault) if fault.why == Why::Indeterminate => Err(fault),
            Err(fault) => Ok((Standing::Bogus(fault), seconds_of(BOGUS_TIME))),
        }
    }

    /// Below an insecure or bogus zone all is as that, without asking.
    async fn inherited(
        &self,
        zone: &Name,
        anchor: &Name,
        context: &Context,
    ) -> Result<Option<(Standing, u32)>, Fault> {
        let now = self.clock.mono();
        let rrsets = self.memory.rrsets.of(context.view.knows);
        let Some(above) = rrsets.closest_delegation(&zone.base_name(), now) else { return Ok(None) };
        if !anchor.zone_of(&above.zone) {
            return Ok(None);
        }
        let state = self.state(&above.zone, context).await?;
        let left = seconds_left(&state, now);
        Ok(match &state.standing {
            Standing::Insecure(_) | Standing::Bogus(_) => Some((state.standing.clone(), left)),
            Standing::Secure(_) | Standing::NoZone(_) => None,
        })
    }

    /// What data without a signature are worth that stand at `name`, said by a server of `cut`: insecure where an unsigned
    /// zone begins between the anchor and the name, bogus where none does. Only then is asked for DS that nobody sent.
    pub(super) async fn unsigned(&self, name: &Name, cut: &Name, context: &Context) -> Verdict {
        let Trust::Anchor(anchor, _) = self.trust(name, context) else { return Verdict::Insecure(None) };
        let mut zone = self.closest_state(name, anchor, cut, context);
        let mut below = zone.iter().len();
        let mut probes = 0;
        loop {
            match self.state(&zone, context).await.as_deref().map(|state| &state.standing) {
                Ok(Standing::Secure(_)) => {}
                Ok(Standing::Insecure(fault)) => return Verdict::Insecure(fault.clone()),
                Ok(Standing::Bogus(fault) | Standing::NoZone(fault)) => return Verdict::Bogus(fault.clone()),
                Err(fault) => return Verdict::Indeterminate(fault.clone()),
            }
            loop {
                (below, probes) = (below.saturating_add(1), probes + 1);
                if probes > MAX_CUT_PROBES {
                    let text = format!("{name} has more labels than are looked at for a zone cut");
                    return Verdict::Indeterminate(Fault::new(Why::Indeterminate, text));
                }
                if below > name.iter().len() {
                    return Verdict::Bogus(unsigned_in(name, &zone));
                }
                let part = name.trim_to(below);
                match self.delegated(&part, context).await {
                    Ok(Delegated::Signed(..)) => {
                        zone = part;
                        break;
                    }
                    Ok(Delegated::Unsigned(Cut::Insecure(fault), _)) => return Verdict::Insecure(fault),
                    Ok(Delegated::Unsigned(Cut::None, _)) => {}
                    Ok(Delegated::Unsigned(Cut::NoName, _)) => below = name.iter().len(),
                    Ok(Delegated::Bogus(fault)) => return Verdict::Bogus(fault),
                    Err(fault) if fault.why == Why::Indeterminate => return Verdict::Indeterminate(fault),
                    // Nobody says that an unsigned zone begins here either.
                    Err(fault) if is_unsigned(&fault) => return Verdict::Bogus(unsigned_in(name, &zone)),
                    Err(fault) => return Verdict::Bogus(fault),
                }
            }
        }
    }

    /// The deepest zone at or above `name` to begin at: one whose state is known, the one that was asked, or the anchor.
    fn closest_state(&self, name: &Name, anchor: &Name, cut: &Name, context: &Context) -> Name {
        let (rrsets, now) = (self.memory.rrsets.of(context.view.knows), self.clock.mono());
        let asked = cut.zone_of(name) && anchor.zone_of(cut);
        let start = if asked { cut } else { anchor };
        let known = |labels: &usize| {
            let above = name.trim_to(*labels);
            let state = rrsets.zone_state(&above, now);
            state.is_some_and(|state| !matches!(state.standing, Standing::NoZone(_)))
        };
        let deepest = (start.iter().len()..=name.iter().len()).rev().find(known);
        deepest.map_or_else(|| start.clone(), |labels| name.trim_to(labels))
    }

    /// What DS say of `name`: those that the referral brought, else those that its parent is asked for.
    async fn delegated(&self, name: &Name, context: &Context) -> Result<Delegated, Fault> {
        let now = self.clock.mono();
        let cut = self.memory.rrsets.of(context.view.knows).delegation(name, now);
        let mut found = None;
        if let Some(cut) = cut.filter(|cut| !cut.evidence.is_empty()) {
            let left = u32::try_from(cut.expires.since(now).as_secs()).unwrap_or(u32::MAX);
            match self.judge_ds(name, &cut.evidence.records(left), context).await {
                Err(fault) if fault.why != Why::Indeterminate => found = Some(fault),
                judged => return judged,
            }
        }
        let mut avoid = Vec::new();
        for round in 0..MAX_BOGUS_TRIES {
            let fetched = match self.fetch(name, RecordType::DS, round, &avoid, context).await {
                Ok(fetched) => fetched,
                Err(failure) => return Err(found.unwrap_or_else(|| unreachable("DS", name, &failure))),
            };
            let records: Vec<Record> = fetched.answers.iter().chain(&fetched.evidence).cloned().collect();
            match self.judge_ds(name, &records, context).await {
                Err(fault) if fault.why != Why::Indeterminate => {
                    self.distrust(&fetched, &fault, context);
                    avoid.extend(fetched.server);
                    found = Some(fault);
                }
                judged => return judged,
            }
        }
        Err(found.unwrap_or_else(|| Fault::new(Why::NsecMissing, format!("nothing proves a DS of {name}"))))
    }

    /// Judges the DS of `name`, or what denies them.
    async fn judge_ds(&self, name: &Name, records: &[Record], context: &Context) -> Result<Delegated, Fault> {
        let set: Vec<&Record> = records
            .iter()
            .filter(|record| record.record_type() == RecordType::DS && record.name == *name)
            .collect();
        let signatures = covering(records, name, RecordType::DS);
        let signer = if set.is_empty() {
            denier(records, name, RecordType::DS)
        } else {
            signature::signer(name, RecordType::DS, &signatures)
        };
        let trust = self.trust(name, context);
        let Some(signer) = signer.filter(|signer| trust.reaches(signer)).cloned() else {
            let (why, what) = if set.is_empty() {
                (Why::NsecMissing, "nothing signed says whether there is a DS of")
            } else {
                (Why::RrsigsMissing, "nobody above has signed the DS of")
            };
            return Err(Fault::new(why, format!("{what} {name}")));
        };
        let state = self.state(&signer, context).await?;
        let keys = match &state.standing {
            Standing::Secure(keys) => keys,
            Standing::Insecure(fault) => {
                return Ok(Delegated::Unsigned(Cut::Insecure(fault.clone()), INSECURE_TTL));
            }
            Standing::Bogus(fault) => return Ok(Delegated::Bogus(fault.clone())),
            Standing::NoZone(fault) => return Err(fault.clone()),
        };
        let (algorithms, unix, work) = (algorithms(context), self.clock.now().unix, &context.budget.work);
        if set.is_empty() {
            let denials = Denials::read(records, keys, algorithms, unix, work)?;
            return Ok(Delegated::Unsigned(denials.cut(name, work)?, denials.ttl));
        }
        let rrset = Rrset { name, kind: RecordType::DS, records: &set };
        let signed = signature::check(&rrset, &signatures, keys, algorithms, unix, work)?;
        Ok(Delegated::Signed(set.into_iter().filter_map(ds_in).cloned().collect(), signed.ttl))
    }

    /// Judges the keys of a zone by the DS of its parent, or of its anchor.
    async fn entrust(
        &self,
        zone: &Name,
        ds: &[DS],
        seconds: u32,
        context: &Context,
    ) -> Result<(Standing, u32), Fault> {
        let (ds, algorithms): (Vec<&DS>, _) = (ds.iter().collect(), algorithms(context));
        if let Err(fault) = usable(zone, &ds, algorithms) {
            return Ok((Standing::Insecure(Some(fault)), seconds));
        }
        let (mut avoid, mut found) = (Vec::new(), None);
        for round in 0..MAX_BOGUS_TRIES {
            let fetched = match self.fetch(zone, RecordType::DNSKEY, round, &avoid, context).await {
                Ok(fetched) => fetched,
                Err(_) if found.is_some() => break,
                Err(failure) => return Err(unreachable("keys", zone, &failure)),
            };
            let of_zone = |record: &&Record| record.name == *zone;
            let keys: Vec<&Record> = fetched.answers.iter().filter(of_zone).collect();
            let signatures: Vec<&RRSIG> = covering(&fetched.evidence, zone, RecordType::DNSKEY);
            let (unix, work) = (self.clock.now().unix, &context.budget.work);
            match entrust(zone, &ds, &keys, &signatures, algorithms, unix, work) {
                Entrusted::Secure(keys, ttl) => return Ok((Standing::Secure(keys), ttl.min(seconds))),
                Entrusted::Insecure(fault) => return Ok((Standing::Insecure(Some(fault)), seconds)),
                Entrusted::Bogus(fault) if fault.why == Why::Indeterminate => return Err(fault),
                Entrusted::Bogus(fault) => {
                    self.distrust(&fetched, &fault, context);
                    avoid.extend(fetched.server);
                    found = Some(fault);
                }
            }
        }
        let fault = found.unwrap_or_else(|| Fault::new(Why::DnskeyMissing, format!("{zone} shows no keys")));
        Ok((Standing::Bogus(fault), seconds_of(BOGUS_TIME)))
    }
}

/// Which algorithms the operator wants checked.
pub(super) fn algorithms(context: &Context) -> Algorithms {
    Algorithms { sha1: context.view.config.dnssec.sha1 }
}

/// The zone whose proofs are to tell that `name` does not have `kind`: the deepest that has signed a proof or a SOA; for
/// DS one above the name.
pub(super) fn denier<'a>(records: &'a [Record], name: &Name, kind: RecordType) -> Option<&'a Name> {
    let signatures = records.iter().filter_map(|record| match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => Some(signature.input()),
        _ => None,
    });
    let denies = |kind: RecordType| matches!(kind, RecordType::NSEC | RecordType::NSEC3 | RecordType::SOA);
    let above = |zone: &Name| kind != RecordType::DS || zone != name || name.is_root();
    signatures
        .filter(|input| {
            denies(input.type_covered) && input.signer_name.zone_of(name) && above(&input.signer_name)
        })
        .map(|input| &input.signer_name)
        .max_by_key(|zone| zone.iter().len())
}

/// The step that tells what a zone's keys are worth.
fn checked(subject: String, state: &ZoneState) -> StepEvent {
    let why = match &state.standing {
        Standing::Secure(_) => None,
        Standing::Insecure(fault) => fault.as_ref().map(|fault| fault.text.clone()),
        Standing::Bogus(fault) | Standing::NoZone(fault) => Some(fault.text.clone()),
    };
    StepEvent::Checked { subject, state: state.state(), why }
}

fn ds_in(record: &Record) -> Option<&DS> {
    match &record.data {
        RData::DNSSEC(DNSSECRData::DS(ds)) => Some(ds),
        _ => None,
    }
}

/// Whether a fault says only that nothing signed was sent.
fn is_unsigned(fault: &Fault) -> bool {
    matches!(fault.why, Why::RrsigsMissing | Why::NsecMissing)
}

fn unsigned_in(name: &Name, zone: &Name) -> Fault {
    Fault::new(Why::RrsigsMissing, format!("{name} is not signed, but {zone} is"))
}

fn unreachable(what: &str, name: &Name, failure: &Failure) -> Fault {
    Fault::new(Why::Indeterminate, format!("the {what} of {name} could not be had: {failure}"))
}

fn seconds_of(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

fn seconds_left(state: &ZoneState, now: Mono) -> u32 {
    seconds_of(state.expires.since(now))
}
