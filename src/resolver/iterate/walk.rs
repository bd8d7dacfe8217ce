//! The walk from the closest zone cut along referrals.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::ask::Asking;
use super::classify::{End, Found, Referral, Said};
use super::edns::Signed;
use super::errand::Errand;
use super::failure::Failure;
use super::iterator::Iterate;
use super::minimise::{Minimise, PROBED};
use super::outdated::Outdated;
use crate::cache::entries::Delegation;
use crate::limits::MAX_REFERRALS;
use crate::zones::RouteTarget;
use dns::question::name_text;
use history::event::StepEvent;
use history::note::Note;

/// The result of recursion, and its zone.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The answer.
    pub found: Found,
    /// The zone whose server gave it.
    pub zone: Name,
    /// The cut that this server serves.
    pub(super) cut: Arc<Delegation>,
}

/// The result of asking for a part of a name.
enum ProbedLabel {
    /// There is a zone cut at the part.
    Referral(Referral),
    /// There is no zone cut at the part: the next label may be probed.
    NoCut,
    /// The part does not exist, with a proof: the whole name does not exist either (RFC 8020).
    Absent(Box<Found>),
    /// Anything else: the whole name is asked for.
    Unclear,
}

impl Iterate {
    /// Finds an answer by live delegations alone.
    pub(super) async fn find_fresh(&self, mut errand: Errand<'_>) -> Result<Resolved, Failure> {
        let known = errand;
        let mut outdated: Vec<Outdated> = Vec::new();
        // Each turn begins above the one before.
        for _ in 0..MAX_REFERRALS {
            let cut = self.start(errand).await?;
            errand.cut = None;
            let outcome = self.walk(errand, Arc::clone(&cut), &outdated).await;
            if let Ok(resolved) = &outcome
                && !matches!(errand.route.target, RouteTarget::Forward { .. })
            {
                let rrsets = self.memory.rrsets.of(errand.context.view.knows);
                // No delegation below the closest one has ended.
                if !known.known_cut().is_some_and(|known| Arc::ptr_eq(known, &resolved.cut)) {
                    rrsets.end_delegations(&errand.at_or_above(), &resolved.zone, self.now());
                }
                // The zone above, which is asked for DS, has no such name: its old delegation is not used any more.
                if errand.kind == RecordType::DS && resolved.found.denies_the_name() {
                    rrsets.forget_delegation(errand.name);
                }
            }
            match self.outdated(errand, cut, &outcome) {
                Some(one) => outdated.push(one),
                None => return outcome,
            }
        }
        Err(Failure::Referrals { name: errand.name.clone() })
    }

    /// The start: the closest cut in memory, or the servers that the operator has named.
    pub(super) async fn start(&self, errand: Errand<'_>) -> Result<Arc<Delegation>, Failure> {
        match &errand.route.target {
            RouteTarget::Forward { servers, .. } => Ok(Arc::clone(servers)),
            RouteTarget::Stub(servers) => Ok(self.closest_within(errand, servers)),
            RouteTarget::Iterate | RouteTarget::Local(_) => match errand.rewrite {
                Some(rewrite) => Box::pin(self.home(errand, rewrite)).await,
                None => self.closest_cut(errand).await,
            },
        }
    }

    /// Like `start`, from a referral that a local zone gave.
    ///
    /// # Errors
    /// As `find`.
    pub(crate) async fn find_from(
        &self,
        errand: Errand<'_>,
        referral: Referral,
    ) -> Result<Resolved, Failure> {
        let cut = self.keep_referral(errand, referral, None);
        self.walk(errand, cut, &[]).await
    }

    /// Walks down from `cut`. Ends if it is referred to the servers of `outdated` again.
    pub(super) async fn walk(
        &self,
        errand: Errand<'_>,
        mut cut: Arc<Delegation>,
        outdated: &[Outdated],
    ) -> Result<Resolved, Failure> {
        self.foresee_end(&cut, errand.context);
        let mut minimise = Minimise::new(&errand.context.view.config.resolve, errand.route, errand.name);
        for _ in 0..MAX_REFERRALS {
            let referral = match minimise.probe(&cut.zone, errand.name) {
                Some(part) => match Box::pin(self.probe(errand, &part, &cut)).await? {
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
                None => match self.ask_zone(errand, &cut).await? {
                    Said::Found(found) | Said::Doubtful(found) => {
                        return Ok(Resolved { found, zone: cut.zone.clone(), cut });
                    }
                    Said::Referral(referral) => referral,
                    // `Asking` ends with an answer that helps, or fails.
                    Said::Nothing(_) | Said::NoRoom => break,
                },
            };
            errand.context.note(StepEvent::Referral { zone: name_text(&referral.zone) });
            cut = self.keep_referral(errand, referral, Some(&cut));
            if let Some(outcome) = outdated.iter().find_map(|outdated| outdated.confirmed_by(&cut)) {
                return outcome;
            }
        }
        Err(Failure::Referrals { name: errand.name.clone() })
    }

    /// Asks the servers of `cut` for `part` of the name. Only a referral is kept of the answers, and a denial with a proof, which is
    /// validated as that of the whole name: without a proof some servers deny a name that has names below it (RFC 9156 section
    /// 3).
    async fn probe(
        &self,
        errand: Errand<'_>,
        part: &Name,
        cut: &Arc<Delegation>,
    ) -> Result<ProbedLabel, Failure> {
        errand.sub_questions.entering(cut, errand.context);
        let mut asking = Asking::new(self, Errand { name: part, kind: PROBED, ..errand }, cut).probing();
        errand.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        errand.context.note(StepEvent::Probe { name: name_text(part) });
        match asking.run().await {
            Ok(Said::Referral(referral)) => Ok(ProbedLabel::Referral(referral)),
            Ok(Said::Found(Found { answers, end: End::Negative { nxdomain: false, .. }, .. }))
                if answers.is_empty() =>
            {
                Ok(ProbedLabel::NoCut)
            }
            Ok(Said::Found(found)) if asking.signed == Signed::Yes && found.denies_with_proof() => {
                Ok(ProbedLabel::Absent(Box::new(found.of_name(errand.name))))
            }
            Ok(_) | Err(Failure::Servers { .. }) => Ok(ProbedLabel::Unclear),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn closest_cut(&self, errand: Errand<'_>) -> Result<Arc<Delegation>, Failure> {
        match self.closest_delegation(errand) {
            Some(cut) => Ok(cut),
            None => self.root(errand.context, errand.sub_questions).await,
        }
    }

    /// The closest known cut below a stub zone, or the stub zone itself: its delegations are followed.
    fn closest_within(&self, errand: Errand<'_>, stub: &Arc<Delegation>) -> Arc<Delegation> {
        let closest = self.closest_delegation(errand);
        let below = closest.filter(|cut| cut.zone != stub.zone && stub.zone.zone_of(&cut.zone));
        below.unwrap_or_else(|| Arc::clone(stub))
    }

    pub(super) fn closest_delegation(&self, errand: Errand<'_>) -> Option<Arc<Delegation>> {
        if let Some(cut) = errand.known_cut() {
            return Some(Arc::clone(cut));
        }
        let rrsets = self.memory.rrsets.of(errand.context.view.knows);
        rrsets.closest_delegation(&errand.at_or_above(), self.now())
    }

    pub(super) async fn ask_zone(&self, errand: Errand<'_>, cut: &Arc<Delegation>) -> Result<Said, Failure> {
        errand.sub_questions.entering(cut, errand.context);
        let mut asking = Asking::new(self, errand, cut);
        errand.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        asking.run().await
    }
}
