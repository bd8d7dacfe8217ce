//! The zones about which look-ahead asks nothing for a while: their servers gave no answer, or the TTLs of their answers end before clients
//! ask.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::limits::MAX_AVOIDED_ZONES;
use dns::clock::Mono;
use dns::question::ViewId;

#[derive(Debug, Default)]
pub(super) struct Avoided {
    until: BTreeMap<(ViewId, Name), Mono>,
    /// The zones in the order in which they were added. If there are too many, the first is removed.
    order: VecDeque<(ViewId, Name)>,
}

impl Avoided {
    /// Avoids a zone for `time`. The root and top-level domains are never avoided: the failure of one name shows nothing about the others.
    pub(super) fn add(&mut self, view: ViewId, zone: Name, time: Duration, now: Mono) {
        if zone.iter().len() < 2 {
            return;
        }
        let key = (view, zone);
        if self.until.insert(key.clone(), now.after(time)).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MAX_AVOIDED_ZONES
            && let Some(first) = self.order.pop_front()
        {
            self.until.remove(&first);
        }
    }

    pub(super) fn has(&self, view: ViewId, zone: &Name, now: Mono) -> bool {
        self.until.get(&(view, zone.clone())).is_some_and(|until| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A top-level domain is never avoided.
    #[test]
    fn avoided_zone_expires_or_is_evicted() {
        let (view, mut avoided) = (ViewId::default(), Avoided::default());
        let zone = |number: usize| Name::from_ascii(format!("z{number}.example.")).unwrap();
        let (now, time) = (Mono::START, Duration::from_secs(30));
        avoided.add(view, zone(0), time, now);
        avoided.add(view, Name::from_ascii("com.").unwrap(), time, now);
        assert!(
            avoided.has(view, &zone(0), now.after(time / 2)) && !avoided.has(view, &zone(0), now.after(time))
        );
        assert!(!avoided.has(view, &Name::from_ascii("com.").unwrap(), now));
        (1..=MAX_AVOIDED_ZONES).for_each(|number| avoided.add(view, zone(number), time, now));
        assert_eq!(
            [0, 1, MAX_AVOIDED_ZONES].map(|number| avoided.has(view, &zone(number), now)),
            [false, true, true]
        );
    }
}
