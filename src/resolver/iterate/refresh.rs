//! When the root is primed again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dns::clock::Mono;
use dns::question::ViewId;

/// The time of the next priming of the root, for each view; none before the first priming.
#[derive(Debug, Default)]
pub(super) struct Refresh(Mutex<BTreeMap<ViewId, Mono>>);

impl Refresh {
    pub(super) fn set(&self, view: ViewId, at: Mono) {
        self.table().insert(view, at);
    }

    /// Whether priming is due; returns true to one caller only.
    pub(super) fn is_due(&self, view: ViewId, now: Mono) -> bool {
        let mut table = self.table();
        let due = table.get(&view).is_some_and(|at| *at <= now);
        if due {
            table.remove(&view);
        }
        due
    }

    /// Forgets views that no longer exist.
    pub(super) fn keep(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.table().retain(|view, _| is_in_use(*view));
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<ViewId, Mono>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_has_a_time_of_its_own_and_one_asker() {
        let refresh = Refresh::default();
        let views = [ViewId::default(), ViewId::default().following().unwrap()];
        let at = Mono::from_micros;
        assert!(!refresh.is_due(views[0], at(100)), "it was not primed yet");
        refresh.set(views[0], at(10));
        refresh.set(views[1], at(20));
        assert!(refresh.is_due(views[0], at(15)));
        assert!(!refresh.is_due(views[0], at(15)), "somebody does it already");
        assert!(!refresh.is_due(views[1], at(15)));
        assert!(refresh.is_due(views[1], at(20)));
        refresh.set(views[0], at(30));
        refresh.set(views[1], at(30));
        refresh.keep(|view| view == views[1]);
        assert!(!refresh.is_due(views[0], at(30)) && refresh.is_due(views[1], at(30)));
    }
}
