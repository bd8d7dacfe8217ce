//! What an answer is worth: each RRset and each absence by the keys of the zone that signed it.
//!
//! May call: `chain`, `validate`. RFC 4035 section 5.3 and 5.4. The data are at fault where another server of the zone may
//! say better; a zone whose keys are bogus has no such server.

use std::sync::Arc;

use hickory_proto::rr::{Name, Record, RecordType};

use super::Resolver;
use super::chain::{algorithms, denier};
use crate::cache::security::{Standing, ZoneState};
use crate::iterate::Errand;
use crate::iterate::classify::{End, Found};
use crate::iterate::keep::{Checked, by_rrset};
use crate::question::Security;
use crate::validate::anchors::Trust;
use crate::validate::denial::{Denials, Proven};
use crate::validate::keys::ZoneKeys;
use crate::validate::signature::{self, Rrset, covering};
use crate::validate::verdict::{Fault, Verdict, Why};

/// What an answer came to.
#[derive(Debug)]
pub(super) struct Judged {
    /// Its parts.
    pub(super) checked: Checked,
    /// The whole.
    pub(super) verdict: Verdict,
    /// Whether another server may say better.
    pub(super) at_fault: bool,
}

/// What one part came to.
struct Part {
    verdict: Verdict,
    at_fault: bool,
    /// Seconds that it may be kept.
    ttl: u32,
}

impl Part {
    fn of(verdict: Verdict) -> Self {
        let at_fault = matches!(verdict, Verdict::Bogus(_));
        Self { verdict, at_fault, ttl: u32::MAX }
    }

    /// Not the data are at fault, but what stands above.
    fn above(verdict: Verdict) -> Self {
        Self { verdict, at_fault: false, ttl: u32::MAX }
    }

    /// Checks that ended with a fault.
    fn faulty(fault: Fault) -> Self {
        let indeterminate = fault.why == Why::Indeterminate;
        Self::of(if indeterminate { Verdict::Indeterminate(fault) } else { Verdict::Bogus(fault) })
    }

    fn proven(proven: Proven, ttl: u32) -> Self {
        let verdict = match proven {
            Proven::Fully => Verdict::Secure,
            Proven::Insecurely(fault) => Verdict::Insecure(fault),
        };
        Self { verdict, at_fault: false, ttl }
    }
}

/// The keys that a part is to be judged by, or what it is without.
enum Keys {
    Of(Arc<ZoneState>),
    None(Part),
}

impl Resolver {
    /// Judges what a server of `cut` said, and shortens its TTLs to what its signatures allow.
    pub(super) async fn judge(&self, errand: Errand<'_>, cut: &Name, found: &mut Found) -> Judged {
        let mut judged = Judged { checked: Checked::default(), verdict: Verdict::Secure, at_fault: false };
        let mut ttls: Vec<(Name, RecordType, u32)> = Vec::new();
        // A CNAME that follows from a DNAME above it is worth what that is (RFC 6672 section 5.3.1).
        let mut redirected: Option<(Name, Security)> = None;
        for rrset in by_rrset(&found.answers) {
            let Some(first) = rrset.first() else { continue };
            let (name, kind) = (first.name.clone(), first.record_type());
            let made = kind == RecordType::CNAME && covering(&found.evidence, &name, kind).is_empty();
            let made_from =
                redirected.as_ref().filter(|(owner, _)| made && *owner != name && owner.zone_of(&name));
            if let Some((_, security)) = made_from {
                judged.checked.sets.push(*security);
                continue;
            }
            let part = self.judge_set(errand, cut, found, &rrset).await;
            let security = security_of(&part.verdict);
            if kind == RecordType::DNAME {
                redirected = Some((name.clone(), security));
            }
            ttls.push((name, kind, part.ttl));
            judged.take(part);
            judged.checked.sets.push(security);
        }
        if let End::Negative { nxdomain, name, soa } = &found.end {
            let part = self.judge_absence(errand, cut, found, *nxdomain, name, soa.as_deref()).await;
            if part.at_fault && !found.answers.is_empty() {
                // NSD leaves out half of the proof where an alias leads from one of its zones into another: asked for by
                // itself, the target has the whole.
                found.end = End::Alias(name.clone());
            } else {
                judged.checked.end = security_of(&part.verdict);
                let ttl = part.ttl;
                judged.take(part);
                if let End::Negative { soa: Some(soa), .. } = &mut found.end {
                    soa.ttl = soa.ttl.min(ttl);
                }
            }
        }
        for record in &mut found.answers {
            let of_set = |(name, kind, _): &&(Name, RecordType, u32)| {
                *name == record.name && *kind == record.record_type()
            };
            if let Some((_, _, ttl)) = ttls.iter().find(of_set) {
                record.ttl = record.ttl.min(*ttl);
            }
        }
        judged
    }

    async fn judge_set(&self, errand: Errand<'_>, cut: &Name, found: &Found, set: &[&Record]) -> Part {
        let Some(first) = set.first() else { return Part::of(Verdict::Secure) };
        let (name, kind, context) = (&first.name, first.record_type(), errand.context);
        // Signatures are not signed (RFC 4035 section 2.2).
        if kind == RecordType::RRSIG {
            return Part::of(Verdict::Insecure(None));
        }
        let signatures = covering(&found.evidence, name, kind);
        let signer = signature::signer(name, kind, &signatures);
        let state = match self.keys(errand, cut, &side(name, kind), signer).await {
            Keys::Of(state) => state,
            Keys::None(part) => return part,
        };
        let Standing::Secure(keys) = &state.standing else { return Part::of(Verdict::Insecure(None)) };
        let (algorithms, unix, work) = (algorithms(context), self.clock.now().unix, &context.budget.work);
        let rrset = Rrset { name, kind, records: set };
        let signed = match signature::check(&rrset, &signatures, keys, algorithms, unix, work) {
            Ok(signed) => signed,
            Err(fault) => return Part::faulty(fault),
        };
        let Some(encloser) = &signed.encloser else {
            return Part { verdict: Verdict::Secure, at_fault: false, ttl: signed.ttl };
        };
        let proven = Denials::read(&found.evidence, keys, algorithms, unix, work)
            .and_then(|denials| Ok((denials.wildcard(name, encloser, work)?, denials.ttl)));
        match proven {
            Ok((proven, ttl)) => Part::proven(proven, ttl.min(signed.ttl)),
            Err(fault) => Part::faulty(fault),
        }
    }

    async fn judge_absence(
        &self,
        errand: Errand<'_>,
        cut: &Name,
        found: &Found,
        nxdomain: bool,
        name: &Name,
        soa: Option<&Record>,
    ) -> Part {
        let kind = errand.kind;
        // NSEC do not tell whether signatures exist.
        if kind == RecordType::RRSIG && !nxdomain {
            return Part::of(Verdict::Insecure(None));
        }
        let signer = denier(&found.evidence, name, kind);
        let state = match self.keys(errand, cut, &side(name, kind), signer).await {
            Keys::Of(state) => state,
            Keys::None(part) => return part,
        };
        let Standing::Secure(keys) = &state.standing else { return Part::of(Verdict::Insecure(None)) };
        match self.prove_absence(errand, found, nxdomain, name, soa, keys) {
            Ok((proven, ttl)) => Part::proven(proven, ttl),
            Err(fault) => Part::faulty(fault),
        }
    }

    fn prove_absence(
        &self,
        errand: Errand<'_>,
        found: &Found,
        nxdomain: bool,
        name: &Name,
        soa: Option<&Record>,
        keys: &ZoneKeys,
    ) -> Result<(Proven, u32), Fault> {
        let context = errand.context;
        let (algorithms, unix, work) = (algorithms(context), self.clock.now().unix, &context.budget.work);
        let mut ttl = u32::MAX;
        if let Some(soa) = soa {
            let rrset = Rrset { name: &soa.name, kind: RecordType::SOA, records: &[soa] };
            let signatures = covering(&found.evidence, &soa.name, RecordType::SOA);
            ttl = signature::check(&rrset, &signatures, keys, algorithms, unix, work)?.ttl;
        }
        let denials = Denials::read(&found.evidence, keys, algorithms, unix, work)?;
        let proven =
            if nxdomain { denials.nxdomain(name, work)? } else { denials.nodata(name, errand.kind, work)? };
        Ok((proven, ttl.min(denials.ttl)))
    }

    /// The keys of the zone that signed data at `name`, or what the data are worth without.
    async fn keys(&self, errand: Errand<'_>, cut: &Name, name: &Name, signer: Option<&Name>) -> Keys {
        let context = errand.context;
        let trust = self.trust(name, context);
        if trust == Trust::None {
            return Keys::None(Part::of(Verdict::Insecure(None)));
        }
        let Some(signer) = signer.filter(|signer| trust.reaches(signer)) else {
            return Keys::None(Part::of(self.unsigned(name, cut, context).await));
        };
        match self.state(signer, context).await {
            Err(fault) => Keys::None(Part::of(Verdict::Indeterminate(fault))),
            Ok(state) => match &state.standing {
                Standing::Secure(_) => Keys::Of(state),
                Standing::Insecure(fault) => Keys::None(Part::of(Verdict::Insecure(fault.clone()))),
                Standing::Bogus(fault) => Keys::None(Part::above(Verdict::Bogus(fault.clone()))),
                Standing::NoZone(fault) => Keys::None(Part::of(Verdict::Bogus(fault.clone()))),
            },
        }
    }
}

impl Judged {
    fn take(&mut self, part: Part) {
        self.at_fault |= part.at_fault;
        let verdict = std::mem::replace(&mut self.verdict, Verdict::Secure);
        self.verdict = verdict.and(part.verdict);
    }
}

/// The name by which the zone of a record is found: DS stand above their owner.
fn side(name: &Name, kind: RecordType) -> Name {
    if kind == RecordType::DS && !name.is_root() { name.base_name() } else { name.clone() }
}

fn security_of(verdict: &Verdict) -> Security {
    match verdict {
        Verdict::Secure => Security::Secure,
        Verdict::Insecure(_) => Security::Insecure,
        Verdict::Bogus(_) | Verdict::Indeterminate(_) => Security::Unchecked,
    }
}
