//! Follows referrals from zone to zone downwards, beginning at the closest known zone cut (a walk).

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::ask::Asking;
use super::classify::{Classified, End, Found, Referral};
use super::failure::Failure;
use super::iterator::Iterate;
use super::lookup::Lookup;
use super::minimise::{Minimise, PROBED};
use super::outdated::Outdated;
use super::query_form::Signed;
use crate::cache::negative::negative_ttl;
use crate::limits::MAX_REFERRALS;
use dns::cached::Delegation;
use dns::question::name_text;
use record::event::StepEvent;
use record::note::Note;
use zones::RouteTarget;

enum ProbedLabel {
    /// A zone begins at the shorter name.
    Referral(Referral),
    /// No zone begins at the shorter name, so one more label may be added.
    NoCut,
    /// A DNSSEC proof shows that the shorter name does not exist. Then the whole name does not exist either (RFC 8020).
    Absent(Box<Found>),
    /// The servers must be asked for the whole name.
    Unclear,
}

impl Iterate {
    /// Finds the answer like `find`, but does not use recursion if forwarders fail.
    pub(super) async fn find_routed(&self, mut lookup: Lookup<'_>) -> Result<Resolved, Failure> {
        let mut outdated: Vec<Outdated> = Vec::new();
        // After an outdated delegation, the next iteration begins at a zone above it.
        for _ in 0..MAX_REFERRALS {
            let cut = self.start(lookup).await?;
            lookup.cut = None;
            let outcome = self.walk(lookup, Arc::clone(&cut), &outdated).await;
            // The parent zone answers for DS. If it denies the name, a cached delegation of the name is outdated.
            if let Ok(resolved) = &outcome
                && lookup.kind == RecordType::DS
                && !matches!(lookup.route.target, RouteTarget::Forward { .. })
                && resolved.found.denies_the_name()
            {
                self.memory.rrsets.in_view(lookup.context.view.knows).forget_delegation(lookup.name);
            }
            match self.outdated(lookup, cut, &outcome) {
                Some(one) => outdated.push(one),
                None => return outcome,
            }
        }
        Err(Failure::Referrals { name: lookup.name.clone() })
    }

    /// Returns the servers with which the search for an answer begins: those of the closest zone cut in the cache, or those that the operator has
    /// configured.
    pub(super) async fn start(&self, lookup: Lookup<'_>) -> Result<Arc<Delegation>, Failure> {
        match &lookup.route.target {
            RouteTarget::Forward { servers, .. } => Ok(Arc::clone(servers)),
            RouteTarget::Stub(servers) => Ok(self.closest_within(lookup, servers)),
            RouteTarget::Iterate | RouteTarget::Local(_) => match lookup.rewrite {
                Some(rewrite) => Box::pin(self.home(lookup, rewrite)).await,
                None => self.closest_cut(lookup).await,
            },
        }
    }

    /// Finds the answer by following `referral`, which comes from a zone that resolverd serves itself.
    ///
    /// # Errors
    /// Returns the same errors as `find`.
    pub(crate) async fn find_from(
        &self,
        lookup: Lookup<'_>,
        referral: Referral,
    ) -> Result<Resolved, Failure> {
        let cut = self.keep_referral(lookup, referral, None);
        self.walk(lookup, cut, &[]).await
    }

    /// Follows referrals from `cut` downwards. `outdated` has cached delegations whose servers gave no usable answer, with their results. If a
    /// referral leads to the same servers again, they are not asked again, and the earlier result is returned.
    pub(super) async fn walk(
        &self,
        lookup: Lookup<'_>,
        mut cut: Arc<Delegation>,
        outdated: &[Outdated],
    ) -> Result<Resolved, Failure> {
        self.queue_renewal(&cut, lookup.context);
        let mut minimise = Minimise::new(&lookup.context.view.config.resolve, lookup.route, lookup.name);
        for _ in 0..MAX_REFERRALS {
            let referral = match minimise.probe(&cut.zone, lookup.name) {
                Some(part) => match Box::pin(self.probe(lookup, &part, &cut)).await? {
                    ProbedLabel::Referral(referral) => referral,
                    ProbedLabel::NoCut => continue,
                    ProbedLabel::Absent(found) => {
                        return Ok(Resolved { found: *found, zone: cut.zone.clone(), cut });
                    }
                    ProbedLabel::Unclear => {
                        minimise.end();
                        continue;
                    }
                },
                None => match self.ask_zone(lookup, &cut).await? {
                    Classified::Found(found) | Classified::Doubtful(found) => {
                        return Ok(Resolved { found, zone: cut.zone.clone(), cut });
                    }
                    Classified::Referral(referral) => referral,
                    // `ask_zone` returns these results as errors, so they do not occur here.
                    Classified::Nothing(_) | Classified::NoRoom => break,
                },
            };
            lookup.context.note(StepEvent::Referral { zone: name_text(&referral.zone) });
            cut = self.keep_referral(lookup, referral, Some(&cut));
            if lookup.context.takes_glue() {
                let addresses = cut.glue_for(lookup.name, lookup.kind);
                if !addresses.is_empty() {
                    return Err(Failure::Glued { name: lookup.name.clone(), addresses });
                }
            }
            if let Some(outcome) = outdated.iter().find_map(|outdated| outdated.confirmed_by(&cut)) {
                return outcome;
            }
        }
        Err(Failure::Referrals { name: lookup.name.clone() })
    }

    /// Asks the servers of `cut` for `part`, the last labels of the name. Only a referral, or a denial with a DNSSEC proof, is used. A denial without
    /// a proof is not used, because some servers deny a name that has names below it (RFC 9156 section 3).
    async fn probe(
        &self,
        lookup: Lookup<'_>,
        part: &Name,
        cut: &Arc<Delegation>,
    ) -> Result<ProbedLabel, Failure> {
        lookup.sub_questions.entering(cut, lookup.context);
        let is_remembered = !lookup.context.is_on_the_side() && !lookup.renews();
        let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
        if is_remembered && rrsets.was_denied_in_a_probe(part, self.now()) {
            return Ok(ProbedLabel::Unclear);
        }
        let mut asking = Asking::new(self, Lookup { name: part, kind: PROBED, ..lookup }, cut).probing();
        lookup.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        lookup.context.note(StepEvent::Probe { name: name_text(part) });
        match asking.run().await {
            Ok(Classified::Referral(referral)) => Ok(ProbedLabel::Referral(referral)),
            Ok(Classified::Found(found))
                if asking.signed == Signed::Yes && found.denies_the_name() && found.has_proof() =>
            {
                Ok(ProbedLabel::Absent(Box::new(found.of_name(lookup.name))))
            }
            Ok(Classified::Found(Found { answers, end: End::Negative { nxdomain: false, .. }, .. }))
                if answers.is_empty() =>
            {
                Ok(ProbedLabel::NoCut)
            }
            Ok(Classified::Found(found)) if found.denies_the_name() => {
                if asking.signed != Signed::Yes {
                    self.keep_probed(lookup, part, &found);
                }
                Ok(ProbedLabel::Unclear)
            }
            Ok(_) | Err(Failure::Servers { .. }) => Ok(ProbedLabel::Unclear),
            Err(failure) => Err(failure),
        }
    }

    /// Remembers the NXDOMAIN for `part`, so that names below one denied domain cost one query each. It is not used as a denial: servers that do not find
    /// names in mixed case send it too.
    fn keep_probed(&self, lookup: Lookup<'_>, part: &Name, found: &Found) {
        if let End::Negative { soa: Some(soa), .. } = &found.end {
            let ttl = negative_ttl(soa, lookup.route.policy.negative_max_ttl);
            let until = self.now().after(Duration::from_secs(ttl.into()));
            self.memory.rrsets.in_view(lookup.context.view.knows).put_probed(part, until);
        }
    }

    pub(super) async fn closest_cut(&self, lookup: Lookup<'_>) -> Result<Arc<Delegation>, Failure> {
        match self.closest_delegation(lookup) {
            Some(cut) => Ok(cut),
            None => self.root(lookup.context, lookup.sub_questions).await,
        }
    }

    /// Returns the closest known zone cut below a stub zone, or the stub zone itself.
    fn closest_within(&self, lookup: Lookup<'_>, stub: &Arc<Delegation>) -> Arc<Delegation> {
        let closest = self.closest_delegation(lookup);
        let below = closest.filter(|cut| cut.zone != stub.zone && stub.zone.zone_of(&cut.zone));
        below.unwrap_or_else(|| Arc::clone(stub))
    }

    pub(super) fn closest_delegation(&self, lookup: Lookup<'_>) -> Option<Arc<Delegation>> {
        if let Some(cut) = lookup.known_cut() {
            return Some(Arc::clone(cut));
        }
        let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
        rrsets.closest_delegation(&lookup.at_or_above(), self.now())
    }

    pub(super) async fn ask_zone(
        &self,
        lookup: Lookup<'_>,
        cut: &Arc<Delegation>,
    ) -> Result<Classified, Failure> {
        lookup.sub_questions.entering(cut, lookup.context);
        let mut asking = Asking::new(self, lookup, cut);
        lookup.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        asking.run().await
    }
}

/// The answer to a question, and where it comes from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The answer itself.
    pub found: Found,
    /// The zone whose server gave the answer.
    pub zone: Name,
    pub(super) cut: Arc<Delegation>,
}
