//! Lines of the log about faults of the store: one for each kind of fault in a while, because the heartbeat finds the same fault each second.

use std::collections::HashMap;

use dns::clock::Mono;

use crate::limits::NOTICE_TIME;

#[derive(Debug, Default)]
pub(crate) struct Notices(HashMap<&'static str, Mono>);

impl Notices {
    /// Returns true if a fault of this kind must be logged, and records that it was.
    pub(crate) fn is_due(&mut self, kind: &'static str, now: Mono) -> bool {
        let is_due = self.0.get(kind).is_none_or(|last| now.since(*last) >= NOTICE_TIME);
        if is_due {
            self.0.insert(kind, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_kind_is_due_once() {
        let mut notices = Notices::default();
        let at = |seconds| Mono::START.after(Duration::from_secs(seconds));
        assert!(notices.is_due("one", at(0)));
        assert!(!notices.is_due("one", at(1)));
        assert!(notices.is_due("other", at(1)));
        assert!(notices.is_due("one", at(0).after(NOTICE_TIME)));
    }
}
