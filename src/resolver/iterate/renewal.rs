//! Renews delegations and addresses of servers that are in use and about to expire. `ending` has the queue.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::classify::{End, Said};
use super::context::Context;
use super::ending::{Ending, Renewed};
use super::failure::Failure;
use super::{Errand, Iterate};
use crate::cache::entries::Delegation;
use crate::cache::renewal;
use crate::cache::rrset::Rank;
use crate::limits::MAX_REFERRALS;
use dns::clock::Mono;
use dns::question::QuestionKey;

impl Iterate {
    /// The next entry that is about to expire, if the zone that is asked for it has room (`has_room`). Waits until there is
    /// one.
    pub async fn ending(&self, has_room: impl Fn(&Name) -> bool) -> Ending {
        self.means.endings.next(has_room).await
    }

    /// Renews a delegation in use that is about to end; returns whether its renewal waits or is in progress. The root
    /// is primed instead. A question of look-ahead is no use.
    pub(crate) fn foresee_end(&self, cut: &Delegation, context: &Context) -> bool {
        let now = self.now();
        is_ending(cut, now)
            && context.view.config.cache.prefetch
            && !context.is_ahead()
            && self.add_ending(&cut.zone, RecordType::NS, context, now)
    }

    fn add_ending(&self, name: &Name, kind: RecordType, context: &Context, now: Mono) -> bool {
        let view = Arc::clone(&context.view);
        // The parent gives a delegation.
        let from = if kind == RecordType::NS { name.base_name() } else { name.clone() };
        let above = self.memory.rrsets.of(view.knows).closest_delegation(&from, now);
        let asked = above.map_or_else(Name::root, |above| above.zone.clone());
        self.means.endings.add(Ending { name: name.clone(), kind, asked, view }, now)
    }

    /// Ends a renewal. `is_answered`: whether a server has answered.
    pub(crate) fn end_renewal(&self, ending: &Ending, is_answered: bool) {
        let Ending { name, kind, view, .. } = ending;
        let (rrsets, now) = (self.memory.rrsets.of(view.knows), self.now());
        let old = if *kind == RecordType::NS {
            rrsets.delegation(name, now).filter(|cut| is_ending(cut, now)).map(|cut| cut.expires)
        } else {
            let addresses = rrsets.rrset(name, *kind, Rank::Glue, now);
            addresses.filter(|rrset| rrset.is_to_be_renewed(now)).map(|rrset| rrset.expires())
        };
        let renewed = match old {
            None => Renewed::Yes,
            Some(_) if !is_answered => Renewed::Failed,
            Some(ends) => Renewed::Never(ends),
        };
        self.means.endings.end(&QuestionKey::of_sub_question(name, *kind, view.knows), renewed);
    }

    /// Like `foresee_end`, for the addresses of a server.
    pub(super) fn foresee_end_of_addresses(&self, server: &Name, kind: RecordType, context: &Context) {
        if context.view.config.cache.prefetch && !context.is_ahead() {
            self.add_ending(server, kind, context, self.now());
        }
    }

    /// Asks for the delegation of the zone `errand.name` again, at the closest zone above it whose own delegation is
    /// not about to end, and keeps the answer.
    ///
    /// # Errors
    /// No server of a zone above it gives an answer.
    pub(crate) async fn renew_delegation(&self, errand: Errand<'_>) -> Result<(), Failure> {
        let zone = errand.name;
        let mut cut = self.start(Errand { kind: RecordType::DS, ..errand }).await?;
        while is_ending(&cut, self.now()) {
            self.foresee_end(&cut, errand.context);
            let name = cut.zone.clone();
            cut = self.start(Errand { name: &name, kind: RecordType::DS, ..errand }).await?;
        }
        let mut is_shortened = true;
        for _ in 0..MAX_REFERRALS {
            if cut.zone == *zone {
                break;
            }
            // The root need not know more than the top-level domain (RFC 9156).
            let part = if is_shortened && cut.zone.is_root() { zone.trim_to(1) } else { zone.clone() };
            match self.ask_zone(Errand { name: &part, kind: RecordType::NS, ..errand }, &cut).await? {
                Said::Referral(referral) => cut = self.keep_referral(errand, referral, Some(&cut)),
                // The zone is gone.
                Said::Found(found) if found.denies() && (part == *zone || is_nxdomain(&found.end)) => {
                    let rrsets = self.memory.rrsets.of(errand.context.view.knows);
                    rrsets.forget_delegation(zone);
                    break;
                }
                // The root has the top-level domain itself, as it has `arpa`.
                Said::Found(_) | Said::Doubtful(_) if part != *zone => is_shortened = false,
                // One server has both zones, so there is no referral. The old delegation is valid until its end.
                Said::Found(_) | Said::Doubtful(_) | Said::Nothing(_) | Said::NoRoom => break,
            }
        }
        Ok(())
    }
}

/// Whether a delegation that a parent has given is about to end.
fn is_ending(cut: &Delegation, now: Mono) -> bool {
    let is_found = cut.configured.is_empty() && !cut.zone.is_root();
    is_found && renewal::is_renewal_due(cut.since, cut.expires, now)
}

fn is_nxdomain(end: &End) -> bool {
    matches!(end, End::Negative { nxdomain: true, .. })
}
