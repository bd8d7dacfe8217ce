//! Delegations and addresses of servers that are in use and about to expire. They are renewed in the background, so
//! that no client waits for a parent or for the zone of a server's name.
//!
//! A walk that uses an entry in the last tenth of its TTL adds it to the queue here (`cache::freshness`). A zone without
//! queries is not renewed. Unbound renews keys in this way (`prefetch-key`), and fetches delegations after they have expired.
//!
//! # Decisions
//!
//! - A renewal that has failed is tried again after a pause.
//! - Each zone has a bounded share of the renewals. Renewals that have failed lately count too. So the delegations below a
//!   silent top-level domain, or a zone with many server names, leave room for others.
//! - A renewal that got an answer and renewed nothing is not repeated before the entry ends. One server has both
//!   zones then, and the next answer would be the same.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::classify::{End, Said};
use super::context::Context;
use super::failure::Failure;
use super::{Errand, Iterate};
use crate::cache::entries::Delegation;
use crate::cache::freshness;
use crate::cache::rrset::Rank;
use crate::limits::{MAX_ENDINGS, MAX_ENDINGS_OF_ZONE, MAX_REFERRALS, RENEWAL_PAUSE};
use crate::zones::View;
use dns::clock::Mono;
use dns::question::QuestionKey;

/// A delegation or addresses that are about to expire.
#[derive(Debug)]
pub struct Ending {
    /// The zone, or the server.
    pub name: Name,
    /// NS: the delegation of the zone. A or AAAA: addresses of the server.
    pub kind: RecordType,
    /// The zone whose servers are asked: the closest one in memory.
    pub asked: Name,
    /// The routes of the question that has used it.
    pub view: Arc<View>,
}

/// The entries that wait for their renewal.
#[derive(Debug, Default)]
pub(super) struct Endings {
    table: Mutex<EndingTable>,
    added: Notify,
}

#[derive(Debug, Default)]
struct EndingTable {
    waiting: VecDeque<Ending>,
    told: ToldEndings,
}

/// The entries that were handed over, until their renewal may begin again.
#[derive(Debug, Default)]
struct ToldEndings(HashMap<QuestionKey, Told>);

#[derive(Clone, Debug)]
struct Told {
    /// The zone whose servers are asked.
    asked: Name,
    /// The renewal does not begin again before this moment.
    until: Mono,
    /// Whether it waits or is in progress.
    is_under_way: bool,
}

/// Whether an entry is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RenewalAdmission {
    /// Its renewal begins.
    Begins,
    /// Its renewal waits or is in progress.
    UnderWay,
    /// Its renewal has failed or has renewed nothing, or there are too many.
    Refused,
}

impl ToldEndings {
    fn admit(&mut self, key: QuestionKey, asked: Name, now: Mono) -> RenewalAdmission {
        if let Some(told) = self.0.get(&key).filter(|told| now < told.until) {
            return if told.is_under_way { RenewalAdmission::UnderWay } else { RenewalAdmission::Refused };
        }
        let takes_room = |told: &Told| now < told.until && told.until.since(now) <= RENEWAL_PAUSE;
        if self.0.len() >= MAX_ENDINGS {
            // If there is no room, renewals without effect are forgotten. This costs one more query for each.
            self.0.retain(|_, told| takes_room(told));
        }
        let of_zone = self.0.values().filter(|told| told.asked == asked && takes_room(told)).count();
        if self.0.len() >= MAX_ENDINGS || of_zone >= MAX_ENDINGS_OF_ZONE {
            return RenewalAdmission::Refused;
        }
        self.0.insert(key, Told { asked, until: now.after(RENEWAL_PAUSE), is_under_way: true });
        RenewalAdmission::Begins
    }

    /// Ends a renewal.
    fn end(&mut self, key: &QuestionKey, renewed: Renewed) {
        match renewed {
            Renewed::Yes => {
                self.0.remove(key);
            }
            Renewed::Failed => {
                if let Some(told) = self.0.get_mut(key) {
                    told.is_under_way = false;
                }
            }
            Renewed::Never(until) => {
                if let Some(told) = self.0.get_mut(key) {
                    (told.until, told.is_under_way) = (until, false);
                }
            }
        }
    }
}

/// The result of a renewal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Renewed {
    /// The entry is renewed or gone.
    Yes,
    /// No server has answered.
    Failed,
    /// The answer has not renewed the entry, which ends at that moment.
    Never(Mono),
}

impl Endings {
    /// Adds an entry; returns whether its renewal waits or is in progress.
    pub(super) fn add(&self, ending: Ending, now: Mono) -> bool {
        let key = QuestionKey::of_sub_question(&ending.name, ending.kind, ending.view.knows);
        let mut table = self.table();
        if table.waiting.len() >= MAX_ENDINGS {
            return false;
        }
        let admission = table.told.admit(key, ending.asked.clone(), now);
        if admission == RenewalAdmission::Begins {
            table.waiting.push_back(ending);
            drop(table);
            self.added.notify_one();
        }
        admission != RenewalAdmission::Refused
    }

    /// The next one of a zone that `has_room`.
    pub(super) async fn next(&self, has_room: impl Fn(&Name) -> bool) -> Ending {
        loop {
            match self.take(&has_room) {
                Some(next) => return next,
                None => self.added.notified().await,
            }
        }
    }

    /// Ends the renewal of an entry.
    pub(super) fn end(&self, key: &QuestionKey, renewed: Renewed) {
        self.table().told.end(key, renewed);
    }

    fn take(&self, has_room: impl Fn(&Name) -> bool) -> Option<Ending> {
        let waiting = &mut self.table().waiting;
        let place = waiting.iter().position(|ending| has_room(&ending.asked))?;
        waiting.remove(place)
    }

    fn table(&self) -> MutexGuard<'_, EndingTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    is_found && freshness::is_renewal_due(cut.since, cut.expires, now)
}

fn is_nxdomain(end: &End) -> bool {
    matches!(end, End::Negative { nxdomain: true, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::ViewId;
    use std::time::Duration;

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    fn key(number: usize) -> QuestionKey {
        let name = Name::from_ascii(format!("z{number}.example.")).expect("a name");
        QuestionKey::of_sub_question(&name, RecordType::NS, ViewId::default())
    }

    fn zone(number: usize) -> Name {
        Name::from_ascii(format!("z{number}.")).expect("a name")
    }

    #[test]
    fn a_renewed_entry_may_be_renewed_again_at_once_and_a_failed_one_after_a_pause() {
        let mut told = ToldEndings::default();
        assert_eq!(told.admit(key(1), Name::root(), at(54)), RenewalAdmission::Begins);
        assert_eq!(told.admit(key(1), Name::root(), at(55)), RenewalAdmission::UnderWay);
        told.end(&key(1), Renewed::Yes);
        assert_eq!(told.admit(key(1), Name::root(), at(108)), RenewalAdmission::Begins);
        told.end(&key(1), Renewed::Failed);
        assert_eq!(told.admit(key(1), Name::root(), at(167)), RenewalAdmission::Refused);
        assert_eq!(told.admit(key(1), Name::root(), at(168)), RenewalAdmission::Begins);
        told.end(&key(1), Renewed::Never(at(1_000)));
        assert_eq!(told.admit(key(1), Name::root(), at(999)), RenewalAdmission::Refused);
        assert_eq!(told.admit(key(1), Name::root(), at(1_000)), RenewalAdmission::Begins);
    }

    #[test]
    fn renewals_of_no_use_leave_room_for_others() {
        let mut told = ToldEndings::default();
        for number in 0..MAX_ENDINGS {
            assert_eq!(told.admit(key(number), zone(number), at(0)), RenewalAdmission::Begins);
        }
        assert_eq!(told.admit(key(MAX_ENDINGS), zone(MAX_ENDINGS), at(1)), RenewalAdmission::Refused);
        told.end(&key(0), Renewed::Never(at(8_000)));
        assert_eq!(told.admit(key(MAX_ENDINGS), zone(MAX_ENDINGS), at(1)), RenewalAdmission::Begins);
        assert_eq!(told.admit(key(0), zone(0), at(1)), RenewalAdmission::Refused, "no room");
        told.end(&key(1), Renewed::Yes);
        assert_eq!(told.admit(key(0), zone(0), at(1)), RenewalAdmission::Begins);
    }

    #[test]
    fn one_zone_has_a_share() {
        let mut told = ToldEndings::default();
        for number in 0..MAX_ENDINGS_OF_ZONE {
            assert_eq!(told.admit(key(number), zone(1), at(0)), RenewalAdmission::Begins);
            told.end(&key(number), Renewed::Failed);
        }
        assert_eq!(told.admit(key(MAX_ENDINGS), zone(1), at(59)), RenewalAdmission::Refused);
        assert_eq!(told.admit(key(MAX_ENDINGS), zone(2), at(59)), RenewalAdmission::Begins);
        assert_eq!(told.admit(key(MAX_ENDINGS + 1), zone(1), at(60)), RenewalAdmission::Begins);
    }
}
