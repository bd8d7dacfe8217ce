//! The types of queries that the servers of a zone drop.
//!
//! Some load balancers and firewalls drop queries of types that they do not know, and answer those for addresses (RFC 8906 section
//! 3). Each new name of such a zone would wait for the deadline of its client: selectors of DKIM, or the reverse names of a network.
//! After a few names without an answer, a client waits for further names of the zone and this type for a second only. Each is
//! still asked, and the first answer ends this. Without an answer it holds for ten minutes after the last name, and for twice as long
//! each time that it is learned again, because a gateway may get a mail of the domain once an hour.
//!
//! Queries for addresses are not counted. The clients of a zone that loses them must wait as long as they may.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use crate::limits::{MAX_DROPPED_TYPES, MAX_UNANSWERED_TIME, NAMES_OF_DROPPED_TYPE, UNANSWERED_TIME};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::{QuestionKey, ViewId};

/// A zone and a type, as the key of a question for them.
#[derive(Clone, Debug)]
pub(crate) struct ZoneType(QuestionKey);

impl ZoneType {
    /// The type `kind` in `zone`, in the data of a view. None for addresses, and for ANY, which is several types.
    pub(crate) fn new(zone: &Name, kind: RecordType, view: ViewId) -> Option<Self> {
        let is_counted = may_be_dropped(kind);
        is_counted.then(|| Self(QuestionKey::of_sub_question(zone, kind, view)))
    }
}

/// Returns true if queries of a type are counted.
pub(crate) fn may_be_dropped(kind: RecordType) -> bool {
    !matches!(kind, RecordType::A | RecordType::AAAA | RecordType::ANY)
}

/// The names of a zone and a type that no server has answered since the last answer.
#[derive(Debug)]
struct Unanswered {
    /// Hashes of different names, at most `NAMES_OF_DROPPED_TYPE`.
    names: Vec<u64>,
    last: Mono,
    /// How long they count after the last.
    span: Duration,
}

impl Unanswered {
    /// Returns true if so many names were not answered that their servers seem to drop the type.
    fn is_dropped(&self) -> bool {
        self.names.len() >= NAMES_OF_DROPPED_TYPE
    }
}

/// The types that the servers of zones seem to drop.
#[derive(Clone, Debug)]
pub(crate) struct DroppedTypes {
    table: Arc<Mutex<HashMap<QuestionKey, Unanswered, Keyed>>>,
    /// Whether the table has entries. Nearly always it has none.
    is_used: Arc<AtomicBool>,
    keyed: Keyed,
}

impl DroppedTypes {
    pub(super) fn new(keyed: Keyed) -> Self {
        let table = Arc::new(Mutex::new(HashMap::with_hasher(keyed)));
        Self { table, is_used: Arc::default(), keyed }
    }

    /// Returns true if there is any entry.
    pub(crate) fn is_used(&self) -> bool {
        self.is_used.load(Ordering::Relaxed)
    }

    /// Returns true if the last names of this type were not answered, and the last of them was asked not long ago.
    pub(crate) fn holds(&self, of: &ZoneType, now: Mono) -> bool {
        self.is_used()
            && self.table().get(&of.0).is_some_and(|unanswered| {
                unanswered.is_dropped() && now.since(unanswered.last) < unanswered.span
            })
    }

    /// No server has answered the question for `name`, in wire form, while its client waited. If the table is full, the entry with
    /// the oldest question goes.
    pub(crate) fn unanswered(&self, of: ZoneType, name: &[u8], now: Mono) {
        let name = self.keyed.octets(name);
        let mut table = self.table();
        if table.len() >= MAX_DROPPED_TYPES && !table.contains_key(&of.0) {
            let oldest = table.iter().min_by_key(|(_, unanswered)| unanswered.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                table.remove(&oldest);
            }
        }
        let new = || Unanswered { names: Vec::new(), last: now, span: UNANSWERED_TIME };
        let unanswered = table.entry(of.0).or_insert_with(new);
        if now.since(unanswered.last) >= unanswered.span {
            if unanswered.is_dropped() {
                // One more name without an answer shows that nothing has changed.
                unanswered.span = unanswered.span.saturating_mul(2).min(MAX_UNANSWERED_TIME);
            } else {
                unanswered.names.clear();
            }
        }
        unanswered.last = now;
        if unanswered.names.len() < NAMES_OF_DROPPED_TYPE && !unanswered.names.contains(&name) {
            unanswered.names.push(name);
        }
        self.is_used.store(true, Ordering::Relaxed);
    }

    /// A server has answered a question of this type.
    pub(crate) fn answered(&self, of: &ZoneType) {
        self.remove_if(|key| *key == of.0);
    }

    /// Removes entries.
    pub(super) fn remove_if(&self, is_hit: impl Fn(&QuestionKey) -> bool) {
        if self.is_used() {
            let mut table = self.table();
            table.retain(|key, _| !is_hit(key));
            self.is_used.store(!table.is_empty(), Ordering::Relaxed);
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<QuestionKey, Unanswered, Keyed>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::stage::name;
    use dns::random::Random;

    fn of(zone: &str, kind: RecordType) -> ZoneType {
        ZoneType::new(&name(zone), kind, ViewId::default()).unwrap()
    }

    #[test]
    fn a_type_is_dropped_after_different_names_until_an_answer_or_for_a_while() {
        let dropped = DroppedTypes::new(Keyed::new(&Random::seeded(1)));
        let (text, at) = (of("one.example.", RecordType::TXT), Mono::START);
        for _ in 0..NAMES_OF_DROPPED_TYPE {
            dropped.unanswered(text.clone(), b"a", at);
        }
        assert!(!dropped.holds(&text, at), "one name is no sign");
        for name in (1..NAMES_OF_DROPPED_TYPE).map(|name| [u8::try_from(name).unwrap()]) {
            assert!(!dropped.holds(&text, at));
            dropped.unanswered(text.clone(), &name, at);
        }
        assert!(dropped.holds(&text, at.after(UNANSWERED_TIME - Duration::from_millis(1))));
        assert!(!dropped.holds(&text, at.after(UNANSWERED_TIME)));
        assert!(!dropped.holds(&of("one.example.", RecordType::MX), at));
        assert!(!dropped.holds(&of("example.", RecordType::TXT), at));
        dropped.answered(&of("one.example.", RecordType::MX));
        assert!(dropped.holds(&text, at));
        dropped.answered(&text);
        assert!(!dropped.holds(&text, at) && !dropped.is_used());
    }

    #[test]
    fn a_type_that_is_learned_again_is_kept_twice_as_long_each_time_and_at_most_a_day() {
        let dropped = DroppedTypes::new(Keyed::new(&Random::seeded(1)));
        let (text, mut now) = (of("one.example.", RecordType::TXT), Mono::START);
        (0..NAMES_OF_DROPPED_TYPE)
            .for_each(|name| dropped.unanswered(text.clone(), &[u8::try_from(name).unwrap()], now));
        let mut span = UNANSWERED_TIME;
        for _ in 0..10 {
            assert!(dropped.holds(&text, now.after(span - Duration::from_millis(1))), "{span:?}");
            now = now.after(span);
            assert!(!dropped.holds(&text, now), "{span:?}");
            dropped.unanswered(text.clone(), b"new", now);
            span = (span * 2).min(MAX_UNANSWERED_TIME);
        }
        assert_eq!(span, MAX_UNANSWERED_TIME);
        dropped.answered(&text);
        dropped.unanswered(text.clone(), b"new", now);
        assert!(!dropped.holds(&text, now), "an answer ends all");
    }

    #[test]
    fn what_was_long_ago_counts_no_more_and_the_oldest_goes_first() {
        let dropped = DroppedTypes::new(Keyed::new(&Random::seeded(1)));
        let zone = |number: usize| of(&format!("z{number}.example."), RecordType::MX);
        let fill = |number, at| (0..10).for_each(|name| dropped.unanswered(zone(number), &[name], at));
        let later = Mono::START.after(UNANSWERED_TIME);
        (0..NAMES_OF_DROPPED_TYPE - 1)
            .for_each(|name| dropped.unanswered(zone(0), &[u8::try_from(name).unwrap()], Mono::START));
        dropped.unanswered(zone(0), b"a", later);
        assert!(!dropped.holds(&zone(0), later), "the other names were asked long ago");
        for number in 1..=MAX_DROPPED_TYPES {
            fill(number, later.after(Duration::from_secs(1)));
        }
        assert_eq!(dropped.table().len(), MAX_DROPPED_TYPES);
        let is_bounded = |unanswered: &Unanswered| unanswered.names.len() == NAMES_OF_DROPPED_TYPE;
        assert!(dropped.table().values().all(is_bounded));
        assert!(!dropped.table().contains_key(&zone(0).0) && dropped.holds(&zone(1), later));
    }

    #[test]
    fn addresses_are_not_counted() {
        let counted = |kind| ZoneType::new(&Name::root(), kind, ViewId::default()).is_some();
        assert!(!counted(RecordType::A) && !counted(RecordType::AAAA) && !counted(RecordType::ANY));
        assert!(counted(RecordType::MX) && counted(RecordType::PTR));
    }
}
