//! Validates an answer: each RRset and each denial, with the DNSSEC keys of the zone that signed it.
//!
//! `at_fault` is true if an answer is bogus and another server of the zone may give a better one. It is false if the keys of the zone are bogus,
//! because then the answers of all its servers are bogus.

use std::sync::Arc;

use hickory_proto::dnssec::rdata::RRSIG;
use hickory_proto::rr::{Name, Record, RecordType};

use super::Validator;
use super::calendar::untimed;
use super::chain::{denier, seconds_of};
use crate::cache::security::{ZoneSecurity, ZoneTrust};
use crate::iterate::Lookup;
use crate::iterate::classify::{End, Found};
use crate::iterate::context::Context;
use crate::iterate::kept_answers::{AnswerSecurity, by_rrset};
use crate::limits::MAX_ALIASES;
use dns::clock::Calendar;
use dns::question::Security;
use validate::anchors::Trust;
use validate::denial::Denials;
use validate::denial::Proven;
use validate::keys::ZoneKeys;
use validate::limits::MAX_RRSIGS;
use validate::signature;
use validate::signature::{CoveredRrset, covered_type, covering};
use validate::verdict::{ValidationFailure, Verdict, Why};

#[derive(Debug)]
pub(in crate::resolve) struct Judged {
    pub(in crate::resolve) checked: AnswerSecurity,
    pub(in crate::resolve) verdict: Verdict,
    /// True if another server may give a better answer.
    pub(in crate::resolve) at_fault: bool,
}

struct Part {
    verdict: Verdict,
    at_fault: bool,
    /// The time for which this part may be cached, in seconds.
    ttl: u32,
    proofs: Vec<Record>,
}

struct ProofByKeys {
    proven: Proven,
    ttl: u32,
    proofs: Vec<Record>,
}

enum Matter<'a> {
    Set(CoveredRrset<'a>, Vec<&'a RRSIG>),
    Absence(Absence<'a>),
}

/// A denial: the name does not exist, or it has no data of the type.
#[derive(Clone, Copy)]
struct Absence<'a> {
    name: &'a Name,
    kind: RecordType,
    nxdomain: bool,
    soa: Option<&'a Record>,
}

impl Part {
    fn from_verdict(verdict: Verdict) -> Self {
        let at_fault = matches!(verdict, Verdict::Bogus(_));
        Self { verdict, at_fault, ttl: u32::MAX, proofs: Vec::new() }
    }

    /// Returns the verdict on data below a bogus zone. The server that sent the data is not at fault.
    fn above(verdict: Verdict) -> Self {
        Self { at_fault: false, ..Self::from_verdict(verdict) }
    }

    fn faulty(fault: ValidationFailure) -> Self {
        let indeterminate = fault.why == Why::Indeterminate;
        Self::from_verdict(if indeterminate { Verdict::Indeterminate(fault) } else { Verdict::Bogus(fault) })
    }

    fn shown(shown: ProofByKeys) -> Self {
        let verdict = match shown.proven {
            Proven::Fully => Verdict::Secure,
            Proven::Insecurely(fault) => Verdict::Insecure(fault),
        };
        Self { verdict, at_fault: false, ttl: shown.ttl, proofs: shown.proofs }
    }
}

/// The zone with the keys for a part of the answer, or the verdict if there are none.
enum SignerKeys {
    Of(Arc<ZoneTrust>),
    None(Part),
}

impl Validator {
    /// Validates the answer of a server of the zone `cut`, and lowers its TTLs to what its signatures allow. Removes all signatures and
    /// proofs that are not valid, because the AD flag also covers the authority section (RFC 4035 section 3.2.3).
    pub(in crate::resolve) async fn judge(
        &self,
        lookup: Lookup<'_>,
        cut: &Name,
        found: &mut Found,
    ) -> Judged {
        if lookup.rewrite.is_some() {
            return Judged::of_rewritten();
        }
        let mut judged =
            Judged { checked: AnswerSecurity::default(), verdict: Verdict::Secure, at_fault: false };
        let mut ttls: Vec<(Name, RecordType, u32)> = Vec::new();
        let mut vouched: Vec<Record> = Vec::new();
        // A CNAME that results from a DNAME has the security and the TTL of the DNAME (RFC 6672 section 5.3.1).
        let mut dnames: Vec<(Name, Security, u32)> = Vec::new();
        for rrset in by_rrset(&found.answers) {
            let Some(first) = rrset.first() else { continue };
            let (name, kind) = (first.name.clone(), first.record_type());
            let above = |(owner, ..): &&(Name, Security, u32)| *owner != name && owner.zone_of(&name);
            if let Some((_, security, ttl)) = dnames.iter().find(above).filter(|_| kind == RecordType::CNAME)
            {
                judged.checked.sets.push(*security);
                if found.contradicted && *security == Security::Secure {
                    let text = format!("the CNAME of {name} does not match its signed DNAME");
                    let part = Part::from_verdict(Verdict::Bogus(ValidationFailure::new(Why::Bogus, text)));
                    judged.take(part, &mut vouched);
                }
                ttls.push((name, kind, *ttl));
                continue;
            }
            let part = self.judge_set(lookup, cut, found, &rrset).await;
            let security = security_of(&part.verdict);
            if kind == RecordType::DNAME {
                dnames.push((name.clone(), security, part.ttl));
            }
            vouched.extend(covering_records(&found.evidence, &name, kind));
            ttls.push((name, kind, part.ttl));
            judged.take(part, &mut vouched);
            judged.checked.sets.push(security);
        }
        self.judge_end(lookup, cut, found, (&mut judged, &mut vouched)).await;
        shorten_ttls(&mut found.answers, &ttls);
        if judged.has_secure() {
            found.evidence.retain(|record| vouched.contains(record) || vouched_signature(record, &vouched));
        }
        if let Calendar::After(passed) = self.calendar() {
            judged.lose_security(&untimed(passed));
        }
        judged
    }

    async fn judge_end(
        &self,
        lookup: Lookup<'_>,
        cut: &Name,
        found: &mut Found,
        (judged, vouched): (&mut Judged, &mut Vec<Record>),
    ) {
        let End::Negative { nxdomain, name, soa } = &found.end else { return };
        let absence = Absence { name, kind: lookup.kind, nxdomain: *nxdomain, soa: soa.as_deref() };
        let part = self.judge_absence(lookup, cut, absence, &found.evidence).await;
        if part.at_fault && !found.answers.is_empty() {
            // If an alias leads into another zone on the same server, and its target does not exist there, NSD sends only a part of the proof of the
            // denial. So the target of the alias is queried separately.
            found.end = End::Alias(name.clone());
            return;
        }
        if let Some(soa) = soa {
            vouched.extend(covering_records(&found.evidence, &soa.name, RecordType::SOA));
        }
        judged.checked.end = security_of(&part.verdict);
        let ttl = part.ttl;
        judged.take(part, vouched);
        if let End::Negative { soa: Some(soa), .. } = &mut found.end {
            soa.ttl = soa.ttl.min(ttl);
        }
    }

    async fn judge_set(&self, lookup: Lookup<'_>, cut: &Name, found: &Found, set: &[&Record]) -> Part {
        let Some(first) = set.first() else { return Part::from_verdict(Verdict::Secure) };
        let (name, kind, context) = (&first.name, first.record_type(), lookup.context);
        // Signatures are not signed themselves (RFC 4035 section 2.2), so an answer with RRSIG records is insecure.
        if kind == RecordType::RRSIG {
            return Part::from_verdict(Verdict::Insecure(None));
        }
        let signatures = covering(&found.evidence, name, kind);
        let signer = signature::signer(name, kind, &signatures);
        let state = match self.keys(lookup, cut, &side(name, kind), signer).await {
            SignerKeys::Of(state) => state,
            SignerKeys::None(part) => return part,
        };
        let matter = Matter::Set(CoveredRrset { name, kind, records: set }, signatures);
        self.by_keys(state, context, &matter, &found.evidence).await
    }

    /// Validates data or a denial with the cached keys of a zone, and if this fails, once more with fetched keys: the zone may have changed
    /// its keys before the old ones left the caches.
    async fn by_keys(
        &self,
        state: Arc<ZoneTrust>,
        context: &Context,
        matter: &Matter<'_>,
        evidence: &[Record],
    ) -> Part {
        let ZoneSecurity::Secure(keys) = &state.standing else {
            return Part::from_verdict(Verdict::Insecure(None));
        };
        let checked = match self.shows(keys, matter, evidence, context).await {
            Err(fault) if self.learns_time(&fault) => self.shows(keys, matter, evidence, context).await,
            checked => checked,
        };
        let fault = match checked {
            Ok(shown) => return Part::shown(shown),
            Err(fault) => fault,
        };
        let renewed = self.renewed(&state, &fault, context).await;
        match renewed.as_deref().map(|state| &state.standing) {
            Some(ZoneSecurity::Secure(keys)) => {
                let shown = self.shows(keys, matter, evidence, context).await;
                shown.map_or_else(Part::faulty, Part::shown)
            }
            Some(ZoneSecurity::Insecure(fault)) => Part::from_verdict(Verdict::Insecure(fault.clone())),
            _ => Part::faulty(fault),
        }
    }

    async fn judge_absence(
        &self,
        lookup: Lookup<'_>,
        cut: &Name,
        absence: Absence<'_>,
        evidence: &[Record],
    ) -> Part {
        let Absence { name, kind, nxdomain, .. } = absence;
        // The NSEC type list does not reliably show whether RRSIG records exist, so their denial is insecure.
        if kind == RecordType::RRSIG && !nxdomain {
            return Part::from_verdict(Verdict::Insecure(None));
        }
        let signer = denier(evidence, name, kind);
        let state = match self.keys(lookup, cut, &side(name, kind), signer).await {
            SignerKeys::Of(state) => state,
            SignerKeys::None(part) => return part,
        };
        self.by_keys(state, lookup.context, &Matter::Absence(absence), evidence).await
    }

    /// Proves data or a denial (`matter`) with these keys. Returns the proof, and the NSEC and NSEC3 records that it uses.
    async fn shows(
        &self,
        keys: &ZoneKeys,
        matter: &Matter<'_>,
        evidence: &[Record],
        context: &Context,
    ) -> Result<ProofByKeys, ValidationFailure> {
        let rules = self.rules(context);
        let work = rules.budget;
        match matter {
            Matter::Set(rrset, signatures) => {
                let signed = signature::check(rrset, signatures, keys, rules).await?;
                let Some(encloser) = &signed.encloser else {
                    return Ok(ProofByKeys { proven: Proven::Fully, ttl: signed.ttl, proofs: Vec::new() });
                };
                let denials = Denials::read(evidence, keys, rules).await?;
                let proven = denials.wildcard(rrset.name, encloser, work)?;
                Ok(ProofByKeys { proven, ttl: denials.ttl.min(signed.ttl), proofs: denials.signed() })
            }
            Matter::Absence(Absence { name, kind, nxdomain, soa }) => {
                let mut ttl = u32::MAX;
                if let Some(soa) = soa {
                    let rrset = CoveredRrset { name: &soa.name, kind: RecordType::SOA, records: &[soa] };
                    let signatures = covering(evidence, &soa.name, RecordType::SOA);
                    ttl = signature::check(&rrset, &signatures, keys, rules).await?.ttl;
                }
                let denials = Denials::read(evidence, keys, rules).await?;
                let proven = if *nxdomain {
                    denials.nxdomain(name, work)?
                } else {
                    denials.nodata(name, *kind, work)?
                };
                Ok(ProofByKeys { proven, ttl: ttl.min(denials.ttl), proofs: denials.signed() })
            }
        }
    }

    /// Returns the keys of the zone that signed the data at `name`, or the verdict if there are none.
    async fn keys(&self, lookup: Lookup<'_>, cut: &Name, name: &Name, signer: Option<&Name>) -> SignerKeys {
        let context = lookup.context;
        let trust = self.trust(name, context);
        if trust == Trust::None {
            // The data below a negative trust anchor count as insecure only until the anchor expires.
            let now = self.clock.mono();
            let left = self.ntas.longest(name, now).map(|until| seconds_of(until.since(now)));
            return SignerKeys::None(Part {
                ttl: left.unwrap_or(u32::MAX),
                ..Part::from_verdict(Verdict::Insecure(self.negative_trust_anchor(name, context)))
            });
        }
        let Some(signer) = signer.filter(|signer| trust.reaches(signer)) else {
            return SignerKeys::None(Part::from_verdict(self.unsigned(name, cut, context).await));
        };
        match self.state(signer, context).await {
            Err(fault) => SignerKeys::None(Part::from_verdict(Verdict::Indeterminate(fault))),
            Ok(state) => match &state.standing {
                ZoneSecurity::Secure(_) => SignerKeys::Of(state),
                ZoneSecurity::Insecure(fault) => {
                    SignerKeys::None(Part::from_verdict(Verdict::Insecure(fault.clone())))
                }
                ZoneSecurity::Bogus(fault) => SignerKeys::None(Part::above(Verdict::Bogus(fault.clone()))),
                ZoneSecurity::NoZone(fault) => {
                    SignerKeys::None(Part::from_verdict(Verdict::Bogus(fault.clone())))
                }
            },
        }
    }
}

impl Judged {
    /// Returns the result for a query with the secret key of a DNS list in its name. The answer is not validated: the signatures cover the
    /// name with the key, but the records here have the name without it.
    fn of_rewritten() -> Self {
        let checked = AnswerSecurity { sets: vec![Security::Insecure; MAX_ALIASES], end: Security::Insecure };
        Self { checked, verdict: Verdict::Insecure(None), at_fault: false }
    }

    fn take(&mut self, part: Part, vouched: &mut Vec<Record>) {
        self.at_fault |= part.at_fault;
        vouched.extend(part.proofs);
        let verdict = std::mem::replace(&mut self.verdict, Verdict::Secure);
        self.verdict = verdict.and(part.verdict);
    }

    fn lose_security(&mut self, why: &ValidationFailure) {
        if !self.has_secure() {
            return;
        }
        for security in self.checked.sets.iter_mut().chain([&mut self.checked.end]) {
            if *security == Security::Secure {
                *security = Security::Insecure;
            }
        }
        let verdict = std::mem::replace(&mut self.verdict, Verdict::Secure);
        self.verdict = verdict.and(Verdict::Insecure(Some(why.clone())));
    }

    fn has_secure(&self) -> bool {
        self.checked.sets.iter().chain([&self.checked.end]).any(|security| *security == Security::Secure)
    }
}

/// Lowers the TTL of each record to the TTL of its RRset in `ttls`.
fn shorten_ttls(records: &mut [Record], ttls: &[(Name, RecordType, u32)]) {
    for record in records {
        let of_set = |(name, kind, _): &&(Name, RecordType, u32)| {
            *name == record.name && *kind == record.record_type()
        };
        if let Some((_, _, ttl)) = ttls.iter().find(of_set) {
            record.ttl = record.ttl.min(*ttl);
        }
    }
}

fn covering_records<'a>(
    records: &'a [Record],
    name: &'a Name,
    kind: RecordType,
) -> impl Iterator<Item = Record> + 'a {
    let fits = move |record: &&Record| record.name == *name && covered_type(record) == Some(kind);
    records.iter().filter(fits).take(MAX_RRSIGS).cloned()
}

/// Returns true if a record is a signature of one of the proofs in `vouched`.
fn vouched_signature(record: &Record, vouched: &[Record]) -> bool {
    covered_type(record).is_some_and(|kind| {
        vouched.iter().any(|proof| proof.record_type() == kind && proof.name == record.name)
    })
}

/// Returns a name in the zone of a record: the owner `name`, or for a DS record the name above.
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
