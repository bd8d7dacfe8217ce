//! The age of an RRset, which decides if it is used as an answer, renewed while it is used, used only if no server answers, or not used.
//!
//! See RFC 8767 for stale answers. An RRset stays in the cache after its TTL until it is evicted or replaced, so stale answers need no separate copy.
//! A newer answer replaces the older one, so a stale answer never contradicts a newer answer.
//!
//! # Decisions
//!
//! - An entry is renewed (fetched again before it expires) if clients use it in the last tenth of its TTL, as with Unbound's `prefetch`, or in its
//!   last five seconds, as with Knot Resolver: a resolution may take four seconds, and a tenth of 30 s is only three. But it is not renewed before
//!   the last sixth of its TTL: with a TTL of twelve seconds, the servers would get 1.7 times the queries.
//! - With a TTL below ten seconds, an entry is not renewed, because a resolution may take longer than a sixth of the TTL.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::entries::{CacheEntry, Known};
use super::keys::{KeySlot, NameKeys, SlotKey};
use super::rrset::{Credibility, Rrset};
use super::rrsets::{InView, STALE_TYPES};
use super::security::Backing;
use crate::limits::{
    CLIENT_RESPONSE_TIME, LEAST_RENEWAL_TIME, LEAST_RENEWED_TTL, MOST_RENEWAL_SHARE, RENEWAL_SHARE,
    SERVER_QUIET_TIME,
};
use dns::cached::Rank;
use dns::clock::Mono;
use dns::question::{QuestionKey, Security};

/// How an entry may be used because of its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// The TTL has not expired.
    Fresh,
    /// The TTL expired this long ago. A client gets the entry only if no server answers.
    Stale(Duration),
    /// The entry is too old even for a stale answer.
    Over,
}

/// Returns the age of an entry whose TTL expires at `expires`. After that time, the entry may be used as a stale answer for the time `serve_stale`.
pub fn age(expires: Mono, serve_stale: Duration, now: Mono) -> Age {
    let past = now.since(expires);
    match () {
        () if now < expires => Age::Fresh,
        () if past < serve_stale => Age::Stale(past),
        () => Age::Over,
    }
}

/// Returns when a client may get a stale answer, if the resolution of its question began at `began`: after the client response time, and after no
/// server has answered for `SERVER_QUIET_TIME`. `heard` is when any server last answered.
pub(crate) fn stale_from(began: Mono, heard: Option<Mono>) -> Mono {
    let quiet = heard.map_or(began, |heard| heard.after(SERVER_QUIET_TIME));
    began.after(CLIENT_RESPONSE_TIME).max(quiet)
}

/// The newest data of servers for a name and type, if their newest answer was not a denial.
#[derive(Clone, Debug)]
pub struct LastWord {
    /// The RRset: of the type of the question, or the CNAME of the name.
    pub rrset: Arc<Rrset>,
    /// The type of the RRset.
    pub kind: RecordType,
    /// The age of the RRset: fresh or stale.
    pub age: Age,
}

impl InView<'_> {
    /// Returns the newest data of servers for `kind` at `name`, until the time `serve_stale` after their TTL. Returns `None` if a later answer denied
    /// the data, or if the order of the data and the denial is unknown.
    pub fn last_word(
        &self,
        name: &Name,
        kind: RecordType,
        serve_stale: Duration,
        now: Mono,
    ) -> Option<LastWord> {
        let last = last_known(self.keys(name), kind, |key| self.store.get(key));
        let Some(Known::Rrset(rrset)) = last else { return None };
        let age = age(rrset.expires(), serve_stale, now);
        let is_over = age == Age::Over || rrset.refuted && age != Age::Fresh;
        (!is_over).then(|| LastWord { kind: rrset.kind(), rrset, age })
    }

    /// Returns true if servers have given no other answer since the RRset under `key` was stored. The lookup does not count as a use of the entry.
    pub(super) fn is_last_word(&self, key: &QuestionKey) -> bool {
        let keys = NameKeys::of_wire(key.name(), self.view, *self.store.keyed());
        let last = last_known(keys, key.kind(), |key| self.store.peek(key));
        matches!(last, Some(Known::Rrset(rrset)) if rrset.kind() == key.kind())
    }

    /// Returns true if, after the data in `word` were stored, a server has proved that a name above `name` and below `top` does not exist (RFC 8020).
    /// This proof prevents stale answers even after its TTL.
    pub fn is_denied_above(&self, name: &Name, top: &Name, word: &LastWord) -> bool {
        let mut keys = self.keys(name);
        let (Some(top), Some(above)) = (keys.place_of(top), keys.above(0)) else { return false };
        let proof = keys.upwards((above, top), KeySlot::Nxdomain, |key| match self.store.get(key) {
            Some(CacheEntry::Known(Known::Negative(denial)))
                if denial.backing().security == Security::Secure && denial.stored >= word.rrset.stored =>
            {
                Some(())
            }
            _ => None,
        });
        proof.is_some()
    }

    /// Called when a server has given a bogus answer: prevents stale answers for `name`. Expired entries are removed. Entries that have not expired
    /// are not used after their TTL.
    pub(crate) fn end_stale(&self, name: &Name, now: Mono) {
        let mut keys = self.keys(name);
        for kind in STALE_TYPES.into_iter().chain([RecordType::CNAME]) {
            let key = keys.at(0, KeySlot::Rrset(kind));
            if let Some(Known::Rrset(rrset)) = self.live(&key, now)
                && !rrset.refuted
            {
                let refuted = Rrset { refuted: true, ..Rrset::clone(&rrset) };
                self.store.insert(key.to_key(), CacheEntry::Known(Known::Rrset(Arc::new(refuted))));
            }
        }
    }

    /// Called when a server has given a newer answer that the caller does not store. Removes the entry for `kind` at `name`, and a CNAME and an
    /// NXDOMAIN there, each if it has expired, or if it is due for renewal and is no more credible than that answer (`by`).
    pub(crate) fn outdate(&self, name: &Name, kind: RecordType, by: &Credibility, now: Mono) {
        let mut keys = self.keys(name);
        for slot in [KeySlot::Nxdomain, KeySlot::Rrset(RecordType::CNAME), KeySlot::Rrset(kind)] {
            self.outdate_entry(&keys.at(0, slot), (by.rank, &by.backing), now);
        }
    }

    /// Removes the entry under `key` if its TTL has expired, or if it is due for renewal and is no more credible than a newer answer with this
    /// rank and these proofs.
    pub(super) fn outdate_entry(&self, key: &SlotKey<'_>, (rank, backing): (Rank, &Backing), now: Mono) {
        let Some(CacheEntry::Known(known)) = self.store.get(key) else { return };
        let is_outdated = known.is_to_be_renewed(now) && !known.outlasts(rank, backing);
        if known.expires() <= now || is_outdated {
            self.store.remove(key);
        }
    }

    /// Returns the entry under `key` with any rank. Removes it if its TTL has expired.
    pub(super) fn live(&self, key: &SlotKey<'_>, now: Mono) -> Option<Known> {
        let Some(CacheEntry::Known(known)) = self.store.get(key) else { return None };
        if now < known.expires() {
            return Some(known);
        }
        self.store.remove(key).and(None)
    }
}

/// Returns the newest entry for a type at the name of `keys`: an RRset, a denial, or a CNAME. Returns `None` if there is no entry, or if two
/// entries are equally old, so that it is not known which one replaced the other.
fn last_known(
    mut keys: NameKeys,
    kind: RecordType,
    get: impl Fn(&SlotKey<'_>) -> Option<CacheEntry>,
) -> Option<Known> {
    let is_alias = kind == RecordType::CNAME;
    let alias = (!is_alias).then_some(KeySlot::Rrset(RecordType::CNAME));
    let mut last: Option<Known> = None;
    for slot in [Some(KeySlot::Nxdomain), alias, Some(KeySlot::Rrset(kind))].into_iter().flatten() {
        let Some(CacheEntry::Known(known)) = get(&keys.at(0, slot)) else { continue };
        let lacks_alias = matches!(
            (slot, &known),
            (KeySlot::Rrset(RecordType::CNAME), Known::Negative(_)) if !is_alias
        );
        if lacks_alias {
            continue;
        }
        match last.as_ref().map(Known::stored) {
            // Two entries were stored at the same time, so the newer one is unknown.
            Some(stored) if stored == known.stored() => return None,
            Some(stored) if stored > known.stored() => {}
            _ => last = Some(known),
        }
    }
    last
}

/// Returns the time from which a hit renews an entry. The entry was stored at `stored`, and its TTL expires at `expires`. Returns `None` if its TTL
/// is so short that it is never renewed.
pub(crate) fn renewal_due(stored: Mono, expires: Mono) -> Option<Mono> {
    let whole = expires.as_micros().saturating_sub(stored.as_micros());
    let least = LEAST_RENEWAL_TIME.min(whole / MOST_RENEWAL_SHARE);
    let left = (whole / RENEWAL_SHARE).max(least);
    (whole >= LEAST_RENEWED_TTL).then(|| Mono::from_micros(expires.as_micros().saturating_sub(left)))
}

pub(crate) fn is_renewal_due(stored: Mono, expires: Mono, now: Mono) -> bool {
    renewal_due(stored, expires).is_some_and(|due| due <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::negative::Denial;
    use crate::cache::stage::{DAY, memory, name};
    use dns::question::{Security, ViewId};
    use hickory_proto::rr::rdata::{A, CNAME, SOA};
    use hickory_proto::rr::{RData, Record};
    use proptest::prelude::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    fn address(ttl: u32) -> Record {
        Record::from_rdata(name("www.example."), ttl, RData::A(A::new(192, 0, 2, 1)))
    }

    fn soa(ttl: u32) -> Record {
        let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 2, 3, 4, ttl);
        Record::from_rdata(name("example."), ttl, RData::SOA(soa))
    }

    // An alias or a denial that came later ends older data even after its own TTL.
    #[test]
    fn latest_data_supersede_stale_data() {
        let memory = memory();
        let rrsets = memory.rrsets.in_view(ViewId::default());
        let owner = name("www.example.");
        let last =
            |now| rrsets.last_word(&owner, RecordType::A, HOUR, at(now)).map(|last| (last.kind, last.age));
        rrsets.put(&[&address(60)], Rank::Authoritative, DAY, at(0));
        assert_eq!(last(59), Some((RecordType::A, Age::Fresh)));
        assert_eq!(last(100), Some((RecordType::A, Age::Stale(Duration::from_secs(40)))));
        assert_eq!(last(3_660), None);
        let alias = Record::from_rdata(owner.clone(), 5, RData::CNAME(CNAME(name("other.example."))));
        rrsets.put(&[&alias], Rank::Authoritative, DAY, at(100));
        assert_eq!(last(110), Some((RecordType::CNAME, Age::Stale(Duration::from_secs(5)))));
        rrsets.put_negative(
            Denial { name: &owner, kind: RecordType::CNAME, nxdomain: false, soa: &soa(5) },
            DAY,
            at(120),
        );
        assert_eq!(
            last(130),
            Some((RecordType::A, Age::Stale(Duration::from_secs(70)))),
            "no alias any more"
        );
        for nxdomain in [false, true] {
            rrsets.put_negative(
                Denial { name: &owner, kind: RecordType::A, nxdomain, soa: &soa(5) },
                DAY,
                at(200),
            );
            assert_eq!(last(300), None, "{nxdomain}");
            rrsets.put(&[&address(60)], Rank::Authoritative, DAY, at(310));
            assert_eq!(last(310), Some((RecordType::A, Age::Fresh)));
        }
    }

    // It does so even after its own TTL; an unproven denial does not.
    #[test]
    fn proven_nxdomain_supersedes_stale_data_below() {
        let memory = memory();
        let rrsets = memory.rrsets.in_view(ViewId::default());
        let (owner, above, zone) = (name("a.www.example."), name("www.example."), name("example."));
        let data = Record::from_rdata(owner.clone(), 60, RData::A(A::new(192, 0, 2, 1)));
        let denied = |now| {
            let word = rrsets.last_word(&owner, RecordType::A, HOUR, at(now)).unwrap();
            rrsets.is_denied_above(&owner, &zone, &word)
        };
        let deny = |security, now| {
            let backing = Backing { security, ..Backing::default() };
            let denial = Denial { name: &above, kind: RecordType::A, nxdomain: true, soa: &soa(5) };
            rrsets.put_denied(denial, Credibility::new(Rank::Authoritative, backing), DAY, at(now));
        };
        rrsets.put(&[&data], Rank::Authoritative, DAY, at(0));
        deny(Security::Insecure, 70);
        assert!(!denied(80), "it may be a server that knows the type only");
        deny(Security::Secure, 100);
        assert!(denied(101) && denied(300));
        rrsets.put(&[&data], Rank::Authoritative, DAY, at(310));
        assert!(!denied(400), "data came since");
    }

    // An answer that is not kept still ends an RRset past its TTL or due for renewal.
    #[test]
    fn uncached_answer_ends_expiring_rrset() {
        let memory = memory();
        let rrsets = memory.rrsets.in_view(ViewId::default());
        let owner = name("www.example.");
        let believed =
            |security| Credibility::new(Rank::Authoritative, Backing { security, ..Backing::default() });
        let ends = |held, new: &Credibility, second| {
            rrsets.put_backed(&[&address(60)], held, DAY, at(0));
            rrsets.outdate(&owner, RecordType::A, new, at(second));
            let ends = rrsets.last_word(&owner, RecordType::A, HOUR, at(70)).is_none();
            rrsets.outdate(&owner, RecordType::A, &believed(Security::Secure), at(80));
            ends
        };
        let unchecked = || believed(Security::Unchecked);
        for (second, over) in [(53, false), (54, true), (59, true), (60, true)] {
            assert_eq!(ends(unchecked(), &unchecked(), second), over, "{second}");
        }
        let lesser = Credibility::new(Rank::Answer, Backing::default());
        assert!(!ends(unchecked(), &lesser, 59), "a lesser rank ends nothing that lives");
        assert!(ends(unchecked(), &lesser, 60));
        assert!(
            !ends(believed(Security::Secure), &unchecked(), 59),
            "a client with CD ends nothing that is secure"
        );
        assert!(ends(believed(Security::Secure), &unchecked(), 60));
    }

    proptest! {
        /// An entry never becomes fresher, is never used later than `serve_stale` after its TTL, and is never stale if `serve_stale` is 0.
        #[test]
        fn things_age_in_one_direction(
            expires in 0_u64..10_000, stale in 0_u64..10_000, now in 0_u64..30_000, later in 0_u64..30_000
        ) {
            let span = Duration::from_secs(stale);
            let rank = |age: Age| match age { Age::Fresh => 0, Age::Stale(_) => 1, Age::Over => 2 };
            let (first, second) = (age(at(expires), span, at(now)), age(at(expires), span, at(now + later)));
            prop_assert!(rank(first) <= rank(second));
            prop_assert_eq!(first == Age::Fresh, now < expires);
            if let Age::Stale(past) = first {
                prop_assert!(past < span && past == Duration::from_secs(now - expires));
            }
            prop_assert!(stale > 0 || !matches!(first, Age::Stale(_)));
        }

        // A client gets no stale answer while servers of its question still reply.
        #[test]
        fn stale_answers_await_responding_servers(began in 0_u64..100, heard in proptest::option::of(0_u64..100)) {
            let from = stale_from(at(began), heard.map(at));
            prop_assert!(from >= at(began).after(CLIENT_RESPONSE_TIME));
            prop_assert!(heard.is_none_or(|heard| from >= at(heard).after(SERVER_QUIET_TIME)));
        }
    }

    // It is due in the last tenth and the last 5 s, but not before the last sixth.
    #[test]
    fn renewal_starts_near_end_of_ttl() {
        for (seconds, due) in [(86_400, 77_760), (300, 270), (60, 54), (50, 45), (30, 25), (12, 10), (10, 9)]
        {
            let is_due = |second: u64| is_renewal_due(at(7), at(7 + seconds), at(7 + second));
            assert!(!is_due(due - 1) && is_due(due), "{seconds}");
        }
        for seconds in 0..10 {
            assert!(!is_renewal_due(at(0), at(seconds), at(seconds)), "{seconds}");
        }
    }
}
