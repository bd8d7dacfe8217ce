//! Renews delegations and server addresses that are in use and whose TTL ends soon, in the background, so that no client waits for a parent zone or
//! for the zone of a server's name.
//!
//! When a resolution uses an entry in the last tenth of its TTL, the entry is added to the queue of this module (`cache::freshness`). The entries of
//! a zone without queries are not renewed.
//!
//! # Decisions
//!
//! - A renewal that has failed is repeated after a pause.
//! - The number of renewals is limited for each zone, and includes those that failed recently. So a silent top-level domain with many delegations, or
//!   a zone with many server names, cannot use up the renewals of other zones.
//! - If servers answered but the entry was not renewed, the renewal is not repeated before the entry expires. Usually the same servers serve both the
//!   parent and the child zone, so the next answer would be the same.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::Notify;

use super::classify::{Classified, End};
use super::context::Context;
use super::failure::Failure;
use super::{Iterate, Lookup};
use crate::cache::freshness;
use crate::limits::{MAX_QUEUED_RENEWALS, MAX_QUEUED_RENEWALS_OF_ZONE, MAX_REFERRALS, RENEWAL_PAUSE};
use dns::cached::{Delegation, Rank};
use dns::clock::Mono;
use dns::question::QuestionKey;
use zones::View;

/// An entry of the cache whose TTL ends soon: a delegation, or the addresses of a server.
#[derive(Debug)]
pub struct ExpiringEntry {
    /// The zone whose delegation, or the server whose addresses, are renewed.
    pub name: Name,
    /// NS for the delegation of a zone, A or AAAA for the addresses of a server.
    pub kind: RecordType,
    /// The zone whose servers are asked: the closest one with a cached delegation.
    pub asked: Name,
    /// The configured zones and options of the question that used the entry.
    pub view: Arc<View>,
}

#[derive(Debug, Default)]
pub(super) struct RenewalQueue {
    table: Mutex<RenewalTable>,
    added: Notify,
}

#[derive(Debug, Default)]
struct RenewalTable {
    waiting: VecDeque<ExpiringEntry>,
    begun: BegunRenewals,
}

#[derive(Debug, Default)]
struct BegunRenewals(HashMap<QuestionKey, BegunRenewal>);

#[derive(Clone, Debug)]
struct BegunRenewal {
    asked: Name,
    /// The renewal of this entry does not begin again before this time.
    until: Mono,
    is_under_way: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RenewalAdmission {
    Begins,
    UnderWay,
    /// The last renewal failed or renewed nothing, or there are too many renewals.
    Refused,
}

impl BegunRenewals {
    fn admit(&mut self, key: QuestionKey, asked: Name, now: Mono) -> RenewalAdmission {
        if let Some(begun) = self.0.get(&key).filter(|begun| now < begun.until) {
            return if begun.is_under_way { RenewalAdmission::UnderWay } else { RenewalAdmission::Refused };
        }
        let takes_room = |begun: &BegunRenewal| now < begun.until && begun.until.since(now) <= RENEWAL_PAUSE;
        if self.0.len() >= MAX_QUEUED_RENEWALS {
            // Removes entries that only prevent that a renewal is repeated. Each removed entry causes at most one more query.
            self.0.retain(|_, begun| takes_room(begun));
        }
        let of_zone = self.0.values().filter(|begun| begun.asked == asked && takes_room(begun)).count();
        if self.0.len() >= MAX_QUEUED_RENEWALS || of_zone >= MAX_QUEUED_RENEWALS_OF_ZONE {
            return RenewalAdmission::Refused;
        }
        self.0.insert(key, BegunRenewal { asked, until: now.after(RENEWAL_PAUSE), is_under_way: true });
        RenewalAdmission::Begins
    }

    fn end(&mut self, key: &QuestionKey, renewed: Renewed) {
        match renewed {
            Renewed::Yes => {
                self.0.remove(key);
            }
            Renewed::Failed => {
                if let Some(begun) = self.0.get_mut(key) {
                    begun.is_under_way = false;
                }
            }
            Renewed::Never(until) => {
                if let Some(begun) = self.0.get_mut(key) {
                    (begun.until, begun.is_under_way) = (until, false);
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Renewed {
    /// The entry was renewed, or removed because the zone no longer exists.
    Yes,
    Failed,
    /// Servers have answered, but the entry was not renewed. Its renewal is not tried again before the entry expires, at this time.
    Never(Mono),
}

impl RenewalQueue {
    /// Adds an entry to the queue, if it may be renewed now. Returns true if its renewal waits or is in progress.
    pub(super) fn add(&self, entry: ExpiringEntry, now: Mono) -> bool {
        let key = QuestionKey::of_sub_question(&entry.name, entry.kind, entry.view.knows);
        let mut table = self.table();
        if table.waiting.len() >= MAX_QUEUED_RENEWALS {
            return false;
        }
        let admission = table.begun.admit(key, entry.asked.clone(), now);
        if admission == RenewalAdmission::Begins {
            table.waiting.push_back(entry);
            drop(table);
            self.added.notify_one();
        }
        admission != RenewalAdmission::Refused
    }

    pub(super) async fn next(&self, has_room: impl Fn(&Name) -> bool) -> ExpiringEntry {
        loop {
            match self.take(&has_room) {
                Some(next) => return next,
                None => self.added.notified().await,
            }
        }
    }

    pub(super) fn end(&self, key: &QuestionKey, renewed: Renewed) {
        self.table().begun.end(key, renewed);
    }

    fn take(&self, has_room: impl Fn(&Name) -> bool) -> Option<ExpiringEntry> {
        let waiting = &mut self.table().waiting;
        let place = waiting.iter().position(|entry| has_room(&entry.asked))?;
        waiting.remove(place)
    }

    fn table(&self) -> MutexGuard<'_, RenewalTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Iterate {
    /// Waits for the next entry to renew. Entries of a zone for which `has_room` returns false stay in the queue.
    pub async fn next_renewal(&self, has_room: impl Fn(&Name) -> bool) -> ExpiringEntry {
        self.shared.renewals.next(has_room).await
    }

    /// Queues the renewal of a delegation whose TTL ends soon. Returns true if the renewal waits or is in progress. The delegation of the root is not
    /// renewed here but by priming (`prime`). A delegation that only look-ahead uses is not renewed.
    pub(crate) fn queue_renewal(&self, cut: &Delegation, context: &Context) -> bool {
        let now = self.now();
        is_expiring(cut, now)
            && context.view.config.cache.prefetch
            && !context.is_ahead()
            && self.add_expiring(&cut.zone, RecordType::NS, context, now)
    }

    fn add_expiring(&self, name: &Name, kind: RecordType, context: &Context, now: Mono) -> bool {
        let view = Arc::clone(&context.view);
        // To renew a delegation, the servers of the parent zone are asked.
        let from = if kind == RecordType::NS { name.base_name() } else { name.clone() };
        let above = self.memory.rrsets.in_view(view.knows).closest_delegation(&from, now);
        let asked = above.map_or_else(Name::root, |above| above.zone.clone());
        self.shared.renewals.add(ExpiringEntry { name: name.clone(), kind, asked, view }, now)
    }

    pub(crate) fn end_renewal(&self, entry: &ExpiringEntry, is_answered: bool) {
        let ExpiringEntry { name, kind, view, .. } = entry;
        let (rrsets, now) = (self.memory.rrsets.in_view(view.knows), self.now());
        let old = if *kind == RecordType::NS {
            rrsets.delegation(name, now).filter(|cut| is_expiring(cut, now)).map(|cut| cut.expires)
        } else {
            let addresses = rrsets.rrset(name, *kind, Rank::Glue, now);
            addresses.filter(|rrset| rrset.is_to_be_renewed(now)).map(|rrset| rrset.expires())
        };
        let renewed = match old {
            None => Renewed::Yes,
            Some(_) if !is_answered => Renewed::Failed,
            Some(ends) => Renewed::Never(ends),
        };
        self.shared.renewals.end(&QuestionKey::of_sub_question(name, *kind, view.knows), renewed);
    }

    /// Queues the renewal of a server's addresses if their TTL ends soon. Addresses that only look-ahead uses are not renewed.
    pub(super) fn queue_address_renewal(&self, server: &Name, kind: RecordType, context: &Context) {
        if context.view.config.cache.prefetch && !context.is_ahead() {
            self.add_expiring(server, kind, context, self.now());
        }
    }

    /// Asks for the delegation of the zone `lookup.name` again and caches it. The query goes to the servers of the closest zone above it,
    /// except zones whose own delegation also expires soon.
    ///
    /// # Errors
    /// No server of a zone above gives an answer.
    pub(crate) async fn renew_delegation(&self, lookup: Lookup<'_>) -> Result<(), Failure> {
        let zone = lookup.name;
        let mut cut = self.start(Lookup { kind: RecordType::DS, ..lookup }).await?;
        while is_expiring(&cut, self.now()) {
            self.queue_renewal(&cut, lookup.context);
            let name = cut.zone.clone();
            cut = self.start(Lookup { name: &name, kind: RecordType::DS, ..lookup }).await?;
        }
        let mut is_shortened = true;
        for _ in 0..MAX_REFERRALS {
            if cut.zone == *zone {
                break;
            }
            // The root servers need to know only the top-level domain of the name (RFC 9156).
            let part = if is_shortened && cut.zone.is_root() { zone.trim_to(1) } else { zone.clone() };
            match self.ask_zone(Lookup { name: &part, kind: RecordType::NS, ..lookup }, &cut).await? {
                Classified::Referral(referral) => cut = self.keep_referral(lookup, referral, Some(&cut)),
                // The zone no longer exists.
                Classified::Found(found) if found.denies() && (part == *zone || is_nxdomain(&found.end)) => {
                    let rrsets = self.memory.rrsets.in_view(lookup.context.view.knows);
                    rrsets.forget_delegation(zone);
                    break;
                }
                // The servers themselves answered for the top-level domain `part` and sent no referral: the root servers also serve `arpa`, for
                // example. So they are asked for the whole name.
                Classified::Found(_) | Classified::Doubtful(_) if part != *zone => is_shortened = false,
                // There is no referral, for example because the servers of the zone above also serve this zone.
                Classified::Found(_)
                | Classified::Doubtful(_)
                | Classified::Nothing(_)
                | Classified::NoRoom => break,
            }
        }
        Ok(())
    }
}

fn is_expiring(cut: &Delegation, now: Mono) -> bool {
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

    // A renewed entry may be renewed again at once.
    #[test]
    fn failed_renewal_waits_before_retry() {
        let mut begun = BegunRenewals::default();
        assert_eq!(begun.admit(key(1), Name::root(), at(54)), RenewalAdmission::Begins);
        assert_eq!(begun.admit(key(1), Name::root(), at(55)), RenewalAdmission::UnderWay);
        begun.end(&key(1), Renewed::Yes);
        assert_eq!(begun.admit(key(1), Name::root(), at(108)), RenewalAdmission::Begins);
        begun.end(&key(1), Renewed::Failed);
        assert_eq!(begun.admit(key(1), Name::root(), at(167)), RenewalAdmission::Refused);
        assert_eq!(begun.admit(key(1), Name::root(), at(168)), RenewalAdmission::Begins);
        begun.end(&key(1), Renewed::Never(at(1_000)));
        assert_eq!(begun.admit(key(1), Name::root(), at(999)), RenewalAdmission::Refused);
        assert_eq!(begun.admit(key(1), Name::root(), at(1_000)), RenewalAdmission::Begins);
    }

    #[test]
    fn useless_renewals_leave_room() {
        let mut begun = BegunRenewals::default();
        for number in 0..MAX_QUEUED_RENEWALS {
            assert_eq!(begun.admit(key(number), zone(number), at(0)), RenewalAdmission::Begins);
        }
        assert_eq!(
            begun.admit(key(MAX_QUEUED_RENEWALS), zone(MAX_QUEUED_RENEWALS), at(1)),
            RenewalAdmission::Refused
        );
        begun.end(&key(0), Renewed::Never(at(8_000)));
        assert_eq!(
            begun.admit(key(MAX_QUEUED_RENEWALS), zone(MAX_QUEUED_RENEWALS), at(1)),
            RenewalAdmission::Begins
        );
        assert_eq!(begun.admit(key(0), zone(0), at(1)), RenewalAdmission::Refused, "no room");
        begun.end(&key(1), Renewed::Yes);
        assert_eq!(begun.admit(key(0), zone(0), at(1)), RenewalAdmission::Begins);
    }

    #[test]
    fn one_zone_has_a_share() {
        let mut begun = BegunRenewals::default();
        for number in 0..MAX_QUEUED_RENEWALS_OF_ZONE {
            assert_eq!(begun.admit(key(number), zone(1), at(0)), RenewalAdmission::Begins);
            begun.end(&key(number), Renewed::Failed);
        }
        assert_eq!(begun.admit(key(MAX_QUEUED_RENEWALS), zone(1), at(59)), RenewalAdmission::Refused);
        assert_eq!(begun.admit(key(MAX_QUEUED_RENEWALS), zone(2), at(59)), RenewalAdmission::Begins);
        assert_eq!(begun.admit(key(MAX_QUEUED_RENEWALS + 1), zone(1), at(60)), RenewalAdmission::Begins);
    }
}
