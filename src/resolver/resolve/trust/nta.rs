//! Negative trust anchors (RFC 7646) that the operator adds with a command for a limited time: the signatures at and below such a name are
//! not validated. Negative trust anchors in the configuration are not in this table and do not expire.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::limits::MAX_NTAS;
use dns::clock::Mono;

/// Negative trust anchors, each with the time at which it expires.
#[derive(Debug, Default)]
pub struct Ntas(Mutex<BTreeMap<Name, Mono>>);

impl Ntas {
    /// Adds a negative trust anchor at `name` that expires at `until`. Returns false if the table is full.
    pub fn add(&self, name: &Name, until: Mono, now: Mono) -> bool {
        let mut table = self.table();
        table.retain(|_, until| now < *until);
        let room = table.len() < MAX_NTAS || table.contains_key(name);
        if room {
            table.insert(name.to_lowercase(), until);
        }
        room
    }

    /// Removes the negative trust anchor at `name`. Returns false if there was none.
    pub fn remove(&self, name: &Name) -> bool {
        self.table().remove(&name.to_lowercase()).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table().is_empty()
    }

    /// Returns true if there is a negative trust anchor at exactly this name.
    pub fn holds(&self, name: &Name, now: Mono) -> bool {
        let table = self.table();
        !table.is_empty() && table.get(name).is_some_and(|until| now < *until)
    }

    /// Returns the latest time at which a negative trust anchor at or above `name` expires.
    pub fn longest(&self, name: &Name, now: Mono) -> Option<Mono> {
        let table = self.table();
        let above = table.iter().filter(|(anchor, until)| now < **until && anchor.zone_of(name));
        above.map(|(_, until)| *until).max()
    }

    /// Returns all negative trust anchors by name, each with the time until it expires.
    pub fn list(&self, now: Mono) -> Vec<(Name, Duration)> {
        let table = self.table();
        let left = table.iter().filter(|(_, until)| now < **until);
        left.map(|(name, until)| (name.clone(), until.since(now))).collect()
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<Name, Mono>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;

    // Their number is bounded.
    #[test]
    fn negative_trust_anchors_expire() {
        let (ntas, now) = (Ntas::default(), Mono::START);
        let hour = Duration::from_secs(3_600);
        assert!(ntas.add(&name("Example."), now.after(hour), now));
        assert!(ntas.holds(&name("example."), now) && !ntas.holds(&name("www.example."), now));
        assert_eq!(ntas.list(now), [(name("example."), hour)]);
        assert!(!ntas.holds(&name("example."), now.after(hour)));
        assert!(ntas.list(now.after(hour)).is_empty());
        assert!(ntas.remove(&name("EXAMPLE.")) && !ntas.remove(&name("example.")));
        for number in 0..MAX_NTAS {
            assert!(ntas.add(&name(&format!("n{number}.")), now.after(hour), now));
        }
        assert!(!ntas.add(&name("more."), now.after(hour), now));
        assert!(ntas.add(&name("more."), now.after(hour * 3), now.after(hour * 2)), "old ones go");
    }
}
