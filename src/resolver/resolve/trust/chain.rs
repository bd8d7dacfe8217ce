//! The chain of trust (RFC 4035 section 5): validates the DNSSEC keys of each zone, from a trust anchor downwards. The security state of
//! each zone is cached.

use std::iter::successors;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::dnssec::PublicKey;
use hickory_proto::dnssec::rdata::{DNSSECRData, DS, RRSIG};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::Validator;
use super::fetch::{Fetched, Round};
use crate::cache::rrset::Credibility;
use crate::cache::security::{Backing, ZoneSecurity, ZoneTrust};
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::limits::{BOGUS_TIME, INSECURE_TTL, KEY_RENEWAL, MAX_BOGUS_TRIES};
use config::limits::MAX_ZONES;
use dns::cached::{Evidence, Rank};
use dns::clock::Mono;
use dns::limits::MAX_TTL;
use dns::question::{Security, name_text};
use record::event::{DsFact, DsSource, KeyFact, StepEvent};
use record::note::Note;
use validate::anchors::Trust;
use validate::denial::Cut;
use validate::entrust::{Entrusted, entrust, usable};
use validate::limits::{MAX_DNSKEYS, MAX_DS};
use validate::rules::{Algorithms, Rules};
use validate::signature::{covered_type, covering};
use validate::verdict::{SecurityStatus, ValidationFailure, Verdict, Why};
use zones::RouteTarget;

/// The security state of a zone, the time in seconds for which it may be cached, and the time when the keys of the zone were last fetched.
struct Established {
    standing: ZoneSecurity,
    seconds: u32,
    sought: Option<Mono>,
}

/// The meaning of the DS records of a name, or of their denial. The numbers are the seconds for which this meaning may be cached.
#[derive(Debug)]
pub(super) enum Delegated {
    /// A signed zone begins at the name. Contains its DS records.
    Signed(Vec<DS>, u32),
    /// No zone begins at the name, or an unsigned zone begins there.
    Unsigned(Cut, u32),
    /// The zone above the name is bogus, so the name is bogus too.
    Bogus(ValidationFailure),
}

struct KeySource {
    /// DNSKEY records that were fetched for this zone before. With `None`, they are taken from the cache or fetched.
    fetched: Option<Arc<Fetched>>,
    /// The maximum number of servers whose DNSKEY records are validated.
    tries: usize,
    /// True if the DS records are fetched even if the cache has them.
    anew: bool,
}

impl KeySource {
    fn new(fetched: Option<Arc<Fetched>>, tries: usize) -> Self {
        Self { fetched, tries, anew: false }
    }
}

impl Established {
    fn without_keys(standing: ZoneSecurity, seconds: u32) -> Self {
        Self { standing, seconds, sought: None }
    }

    /// Returns the state of a bogus zone. It is cached only for a short time, because the zone may be repaired at any moment.
    fn bogus(fault: ValidationFailure) -> Self {
        Self::without_keys(ZoneSecurity::Bogus(fault), seconds_of(BOGUS_TIME))
    }
}

impl Validator {
    /// Returns the trust anchor that applies to a name now.
    pub(super) fn trust<'a>(&self, name: &Name, context: &'a Context) -> Trust<'a> {
        let (view, now) = (&context.view, self.clock.mono());
        let nta = |above: &Name| view.has_nta(above) || self.ntas.holds(above, now);
        context.anchors.closest(name, nta)
    }

    /// Returns the reason why data at `name` are not validated, if it is a negative trust anchor of the operator.
    pub(in crate::resolve) fn negative_trust_anchor(
        &self,
        name: &Name,
        context: &Context,
    ) -> Option<ValidationFailure> {
        let (configured, now) = (&context.view.config.dnssec.negative_trust_anchors, self.clock.mono());
        if configured.is_empty() && self.ntas.is_empty() {
            return None;
        }
        let mut above = successors(Some(name.clone()), |name| (!name.is_root()).then(|| name.base_name()));
        let anchor = above.find(|above| configured.contains(above) || self.ntas.holds(above, now))?;
        let text = format!("not validated: negative trust anchor at {anchor}");
        Some(ValidationFailure::new(Why::NegativeTrustAnchor, text))
    }

    pub(in crate::resolve) fn trusts(&self, name: &Name, context: &Context) -> bool {
        matches!(self.trust(name, context), Trust::Anchor(..))
    }

    pub(super) fn rules<'a>(&self, context: &'a Context) -> Rules<'a> {
        Rules { algorithms: algorithms(context), calendar: self.calendar(), budget: &context.budget.work }
    }

    /// Returns the security state of the zone whose apex is `zone`. Fails for example if servers do not answer.
    pub(super) fn state<'a>(
        &'a self,
        zone: &'a Name,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Arc<ZoneTrust>, ValidationFailure>> {
        Box::pin(async move {
            let rrsets = self.memory.rrsets.in_view(context.view.knows);
            let known = rrsets.zone_state(zone, self.clock.mono());
            if let Some(state) = known.filter(|state| !self.timekeeper.outdates(state)) {
                self.refresh_if_old(&state, context);
                return Ok(state);
            }
            self.establish(zone, None, context).await
        })
    }

    /// Determines the security state of a zone and caches it. Without `keys`, the DNSKEY records are taken from the cache or fetched.
    pub(super) async fn establish(
        &self,
        zone: &Name,
        keys: Option<Arc<Fetched>>,
        context: &Context,
    ) -> Result<Arc<ZoneTrust>, ValidationFailure> {
        let established = self.determine(zone, keys, context).await?;
        Ok(self.keep_state(zone, established, context))
    }

    async fn determine(
        &self,
        zone: &Name,
        keys: Option<Arc<Fetched>>,
        context: &Context,
    ) -> Result<Established, ValidationFailure> {
        match self.trust(zone, context) {
            // The result is not cached: a negative trust anchor may be removed at any time, and no query is needed to determine the result.
            Trust::None => Ok(Established::without_keys(ZoneSecurity::Insecure(None), 0)),
            Trust::Anchor(anchor, ds) if anchor == zone => {
                context.note(ds_note(zone, ds, DsSource::Anchor));
                self.entrust(zone, (ds, seconds_of(MAX_TTL)), KeySource::new(keys, MAX_BOGUS_TRIES), context)
                    .await
            }
            Trust::Anchor(anchor, _) => self.determine_below(zone, anchor, keys, context).await,
        }
    }

    fn keep_state(&self, zone: &Name, established: Established, context: &Context) -> Arc<ZoneTrust> {
        let Established { standing, seconds, sought } = established;
        let stored = self.clock.mono();
        let expires = stored.after(Duration::from_secs(seconds.into()));
        let sought = sought.unwrap_or(stored);
        let state = Arc::new(ZoneTrust { zone: zone.clone(), standing, stored, sought, expires });
        context.judged(state.state());
        context.note(checked(name_text(zone), &state));
        // A question of look-ahead may send only a few queries, so a client's question may find another state. Therefore look-ahead caches only the
        // states secure and insecure, and a client's question caches every state.
        let is_final = matches!(state.standing, ZoneSecurity::Secure(_) | ZoneSecurity::Insecure(_));
        if is_final || !context.is_ahead() {
            self.memory.rrsets.in_view(context.view.knows).put_zone_state(Arc::clone(&state));
        }
        state
    }

    /// Fetches the keys of a zone again if the cached keys do not verify the answers of its servers: a zone may change its keys before the old ones
    /// have left the caches. Returns `None` if the state has not changed. For a bogus zone or forged answers, the keys are fetched at most once in
    /// `KEY_RENEWAL`. A question of look-ahead never fetches them, because the questions of clients could then not fetch them for this time.
    pub(super) fn renewed<'a>(
        &'a self,
        state: &'a Arc<ZoneTrust>,
        fault: &'a ValidationFailure,
        context: &'a Context,
    ) -> BoxFuture<'a, Option<Arc<ZoneTrust>>> {
        Box::pin(async move {
            if !matches!(fault.why, Why::DnskeyMissing | Why::Bogus) {
                return None;
            }
            let rrsets = self.memory.rrsets.in_view(context.view.knows);
            let now = self.clock.mono();
            let current = rrsets.zone_state(&state.zone, now).unwrap_or_else(|| Arc::clone(state));
            if current.sought > state.sought && current.standing != state.standing {
                return Some(current);
            }
            if context.is_ahead() {
                return None;
            }
            let under_way = self.is_fetching(&state.zone, RecordType::DNSKEY, context);
            let was_just_sought = now.since(current.sought) < KEY_RENEWAL;
            if was_just_sought && !under_way {
                return None;
            }
            // The time of this fetch is stored first, so that a later question does not fetch the keys again.
            let ZoneTrust { zone, standing, stored, expires, .. } = &*current;
            rrsets.put_zone_state(Arc::new(ZoneTrust {
                zone: zone.clone(),
                standing: standing.clone(),
                stored: *stored,
                sought: now,
                expires: *expires,
            }));
            let fetch = self.begin_fetch(zone, RecordType::DNSKEY, context)?;
            let keys = fetch.await.ok()?.ok()?;
            let renewed = self.determine(zone, Some(keys), context).await.ok()?;
            if matches!(renewed.standing, ZoneSecurity::Bogus(_)) {
                return None;
            }
            let new = self.keep_state(zone, renewed, context);
            (new.standing != state.standing).then_some(new)
        })
    }

    async fn determine_below(
        &self,
        zone: &Name,
        anchor: &Name,
        keys: Option<Arc<Fetched>>,
        context: &Context,
    ) -> Result<Established, ValidationFailure> {
        if let Some((standing, seconds)) = self.inherited(zone, anchor, context).await? {
            return Ok(Established::without_keys(standing, seconds));
        }
        let known = self.knows_ds(zone, context);
        if !known && keys.is_none() {
            // The cache has no DS records from a referral, so they are fetched. The DNSKEY records are fetched at the same time, because
            // the zone is probably signed.
            drop(self.begin_fetch(zone, RecordType::DNSKEY, context));
        }
        // DS records from the cache may be outdated if the DNSKEY records are new. So only one server is tried, and if its keys do not
        // match, the DS records are fetched again.
        let tries = if known && keys.is_some() { 1 } else { MAX_BOGUS_TRIES };
        let established =
            self.determine_by_ds(zone, anchor, KeySource::new(keys.clone(), tries), context).await?;
        // The cached DS records may be from a time before the zone changed its keys. If so, they are fetched again.
        let outdated = match &established.standing {
            ZoneSecurity::NoZone(_) => true,
            ZoneSecurity::Bogus(fault) => fault.why == Why::DnskeyMissing,
            ZoneSecurity::Secure(_) | ZoneSecurity::Insecure(_) => false,
        };
        if known && outdated {
            return self
                .determine_by_ds(zone, anchor, KeySource { anew: true, ..KeySource::new(keys, 1) }, context)
                .await;
        }
        Ok(established)
    }

    async fn determine_by_ds(
        &self,
        zone: &Name,
        anchor: &Name,
        keys: KeySource,
        context: &Context,
    ) -> Result<Established, ValidationFailure> {
        match self.delegated(zone, keys.anew, context).await {
            Ok(Delegated::Signed(ds, ttl)) => {
                context.note(ds_note(zone, &ds, DsSource::Parent));
                self.entrust(zone, (&ds, ttl), keys, context).await
            }
            Ok(Delegated::Unsigned(Cut::Insecure(fault), ttl)) => {
                context.note(ds_note(zone, &[], DsSource::Parent));
                Ok(Established::without_keys(ZoneSecurity::Insecure(fault), ttl))
            }
            Ok(Delegated::Unsigned(cut @ (Cut::None | Cut::NoName), ttl))
                if is_private(zone, zone, context) =>
            {
                if cut == Cut::None {
                    self.tell_unvalidated(zone);
                }
                context.note(ds_note(zone, &[], DsSource::Parent));
                Ok(Established::without_keys(ZoneSecurity::Insecure(None), ttl))
            }
            Ok(Delegated::Unsigned(Cut::None | Cut::NoName, ttl)) => {
                let text = format!("it is signed by {zone}, but the parent proves that this is not a zone");
                let fault = ValidationFailure::new(Why::Bogus, text);
                Ok(Established::without_keys(ZoneSecurity::NoZone(fault), ttl.min(seconds_of(BOGUS_TIME))))
            }
            Ok(Delegated::Bogus(fault)) => Ok(Established::bogus(fault)),
            Err(fault) if is_unsigned(&fault) => {
                match self.unsigned(&zone.base_name(), anchor, context).await {
                    Verdict::Insecure(why) => {
                        Ok(Established::without_keys(ZoneSecurity::Insecure(why), INSECURE_TTL))
                    }
                    Verdict::Indeterminate(fault) => Err(fault),
                    Verdict::Secure | Verdict::Bogus(_) => Ok(Established::bogus(fault)),
                }
            }
            Err(fault) if fault.why == Why::Indeterminate => Err(fault),
            Err(fault) => Ok(Established::bogus(fault)),
        }
    }

    /// Returns the state of a zone below an insecure or bogus zone, which is the state of the zone above. Returns `None` if the zone above
    /// is secure or not known.
    async fn inherited(
        &self,
        zone: &Name,
        anchor: &Name,
        context: &Context,
    ) -> Result<Option<(ZoneSecurity, u32)>, ValidationFailure> {
        let now = self.clock.mono();
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        let Some(above) = rrsets.closest_delegation(&zone.base_name(), now) else { return Ok(None) };
        if !anchor.zone_of(&above.zone) {
            return Ok(None);
        }
        let state = self.state(&above.zone, context).await?;
        let left = seconds_left(&state, now);
        Ok(match &state.standing {
            ZoneSecurity::Insecure(_) | ZoneSecurity::Bogus(_) => Some((state.standing.clone(), left)),
            ZoneSecurity::Secure(_) | ZoneSecurity::NoZone(_) => None,
        })
    }

    /// Validates the DNSKEY records of a zone with the DS records of its parent or of its trust anchor, which are valid for `seconds`. If
    /// `keys` are bogus, the keys from other servers are validated.
    async fn entrust(
        &self,
        zone: &Name,
        (ds, seconds): (&[DS], u32),
        keys: KeySource,
        context: &Context,
    ) -> Result<Established, ValidationFailure> {
        let KeySource { mut fetched, tries, .. } = keys;
        let (ds, algorithms): (Vec<&DS>, _) = (ds.iter().collect(), algorithms(context));
        if let Err(fault) = usable(zone, &ds, algorithms) {
            return Ok(Established::without_keys(ZoneSecurity::Insecure(Some(fault)), seconds));
        }
        let mut refuted: Vec<(Arc<Fetched>, ValidationFailure)> = Vec::new();
        for round in 0..tries {
            let keys = match fetched.take() {
                Some(keys) => Ok(keys),
                None => {
                    let avoid: Vec<_> = refuted.iter().filter_map(|(fetched, _)| fetched.server).collect();
                    self.fetch(zone, RecordType::DNSKEY, Round::numbered(round, &avoid), context).await
                }
            };
            let keys = match keys {
                Ok(keys) => keys,
                Err(_) if !refuted.is_empty() => break,
                Err(failure) => return Err(unreachable("keys", zone, &failure)),
            };
            let of_zone =
                |record: &&Record| record.name == *zone && record.record_type() == RecordType::DNSKEY;
            let records: Vec<&Record> = keys.answers.iter().filter(of_zone).collect();
            context.note(keys_note(zone, &records, keys.server));
            match self.judge_keys(zone, &ds, (&records, &keys), context).await {
                Entrusted::Secure(trusted, ttl) => {
                    self.distrust(&refuted, context);
                    if keys.server.is_some() {
                        self.keep_keys(&keys, &records, ttl, context);
                    }
                    let (standing, seconds) = (ZoneSecurity::Secure(trusted), ttl.min(seconds));
                    return Ok(Established { standing, seconds, sought: Some(keys.since) });
                }
                Entrusted::Insecure(fault) => {
                    return Ok(Established::without_keys(ZoneSecurity::Insecure(Some(fault)), seconds));
                }
                Entrusted::Bogus(fault) if fault.why == Why::Indeterminate && refuted.is_empty() => {
                    return Err(fault);
                }
                // The zone counts as bogus, because keys from other servers were bogus.
                Entrusted::Bogus(fault) if fault.why == Why::Indeterminate => break,
                Entrusted::Bogus(fault) => {
                    note_refuted(keys.server, &keys.zone, &fault, context);
                    refuted.push((keys, fault));
                }
            }
        }
        let fault = refuted.into_iter().map(|(_, fault)| fault).reduce(ValidationFailure::or_more_telling);
        let fault = fault.unwrap_or_else(|| {
            ValidationFailure::new(Why::DnskeyMissing, format!("{zone} returned no DNSKEY")).at(zone)
        });
        if zone.is_root() {
            self.timekeeper.suspects_clock(&self.clock, &fault);
        }
        Ok(Established::bogus(fault))
    }

    pub(super) async fn judge_keys(
        &self,
        zone: &Name,
        ds: &[&DS],
        (records, keys): (&[&Record], &Fetched),
        context: &Context,
    ) -> Entrusted {
        let signatures: Vec<&RRSIG> = covering(&keys.evidence, zone, RecordType::DNSKEY);
        let judge = || entrust(zone, ds, records, &signatures, self.rules(context));
        match judge().await {
            Entrusted::Bogus(fault) if self.learns_time(&fault) => judge().await,
            entrusted => entrusted,
        }
    }

    /// Caches DNSKEY records that are valid. They replace unvalidated ones in the cache.
    fn keep_keys(&self, keys: &Fetched, records: &[&Record], ttl: u32, context: &Context) {
        let Some(zone) = records.first().map(|record| &record.name) else { return };
        let own = |record: &&Record| record.name == *zone && covered_type(record) == Some(RecordType::DNSKEY);
        let evidence = Evidence::from_records(keys.evidence.iter().filter(own));
        let backing = Backing { evidence, security: Security::Secure };
        let most = Duration::from_secs(ttl.into()).min(context.view.config.cache.max_ttl);
        let rrsets = self.memory.rrsets.in_view(context.view.knows);
        rrsets.put_backed(records, Credibility::new(Rank::Answer, backing), most, self.clock.mono());
    }
}

impl Validator {
    /// Logs once that a `[[zone]]` is not validated although its name exists in its signed parent, which does not delegate it. The operator may
    /// not know this: whether a zone is private shows only in a name that does not exist.
    pub(super) fn tell_unvalidated(&self, zone: &Name) {
        let mut told = self.unvalidated_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < MAX_ZONES && told.insert(zone.clone()) {
            tracing::warn!(
                "[[zone]] {} is not validated: its signed parent has other data at this name, and does not delegate it; set `validate = false` in this [[zone]] if that is right, otherwise let the parent delegate it",
                name_text(zone)
            );
        }
    }
}

/// The public parent zone has proved that no zone begins at `denied`. Returns true if `name` is nevertheless in a private zone at or below
/// `denied`: a `[[zone]]` with configured servers. Only the operator knows this zone, so its data count as insecure, as with
/// `domain-insecure` of Unbound.
pub(super) fn is_private(denied: &Name, name: &Name, context: &Context) -> bool {
    let route = context.view.route(name, RecordType::ANY);
    let has_servers = matches!(route.target, RouteTarget::Stub(_) | RouteTarget::Forward { .. });
    has_servers && !route.zone.is_root() && denied.zone_of(&route.zone)
}

/// Returns true if only signatures or NSEC records were missing.
pub(super) fn is_unsigned(fault: &ValidationFailure) -> bool {
    matches!(fault.why, Why::RrsigsMissing | Why::NsecMissing)
}

/// Notes in the trail (the steps of the resolution) that the answer of a server is bogus.
pub(in crate::resolve) fn note_refuted(
    server: Option<SocketAddr>,
    zone: &Name,
    fault: &ValidationFailure,
    context: &Context,
) {
    let Some(server) = server else { return };
    let (subject, state) = (format!("answer of {} for {zone}", server.ip()), SecurityStatus::Bogus);
    context.judged(state);
    context.note(StepEvent::Checked { subject, state, why: Some(fault.text.clone()) });
}

/// Returns the entry of the trail (the steps of a resolution) about the DS records of a zone.
fn ds_note(zone: &Name, ds: &[DS], from: DsSource) -> Note {
    let fields = |ds: &DS| DsFact {
        tag: ds.key_tag(),
        algorithm: ds.algorithm().into(),
        digest: ds.digest_type().into(),
    };
    Note::Ds { zone: zone.clone(), records: ds.iter().take(MAX_DS).map(fields).collect(), from }
}

fn keys_note(zone: &Name, records: &[&Record], server: Option<SocketAddr>) -> Note {
    let fields = |record: &&Record| match &record.data {
        RData::DNSSEC(DNSSECRData::DNSKEY(key)) => {
            let tag = key.calculate_key_tag().ok()?;
            Some(KeyFact { tag, algorithm: key.public_key().algorithm().into(), flags: key.flags() })
        }
        _ => None,
    };
    let records = records.iter().take(MAX_DNSKEYS).filter_map(fields).collect();
    Note::Dnskey { zone: zone.clone(), records, server: server.map(|server| server.ip()) }
}

fn algorithms(context: &Context) -> Algorithms {
    Algorithms { sha1: context.view.config.dnssec.sha1 }
}

/// Returns the zone whose proofs must show that `name` does not exist or has no data of type `kind`: the deepest zone that has signed an
/// NSEC, NSEC3 or SOA record in `records`. For DS records, this zone must be above `name`.
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

fn checked(subject: String, state: &ZoneTrust) -> StepEvent {
    let why = match &state.standing {
        ZoneSecurity::Secure(_) => None,
        ZoneSecurity::Insecure(fault) => fault.as_ref().map(|fault| fault.text.clone()),
        ZoneSecurity::Bogus(fault) | ZoneSecurity::NoZone(fault) => Some(fault.text.clone()),
    };
    StepEvent::Checked { subject, state: state.state(), why }
}

pub(super) fn unreachable(what: &str, name: &Name, failure: &Failure) -> ValidationFailure {
    ValidationFailure::new(Why::Indeterminate, format!("cannot get the {what} of {name}: {failure}"))
}

/// Returns the seconds of a duration, rounded down.
pub(super) fn seconds_of(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

fn seconds_left(state: &ZoneTrust, now: Mono) -> u32 {
    seconds_of(state.expires.since(now))
}
