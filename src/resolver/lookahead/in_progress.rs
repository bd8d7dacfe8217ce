//! Counts the look-ahead questions in progress: all of them, and the questions about each zone.

use std::collections::BTreeMap;

use hickory_proto::rr::Name;

use crate::limits::{MAX_AHEAD_FLIGHTS, MAX_AHEAD_OF_ZONE};
use dns::question::ViewId;

#[derive(Debug, Default)]
pub(super) struct InProgress {
    all: usize,
    of_zone: BTreeMap<(ViewId, Name), usize>,
}

impl InProgress {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all == 0 && self.of_zone.is_empty()
    }

    pub(super) fn has_room(&self, view: ViewId, zone: &Name) -> bool {
        let of_zone = self.of_zone.get(&(view, zone.clone())).copied().unwrap_or_default();
        self.all < MAX_AHEAD_FLIGHTS && of_zone < MAX_AHEAD_OF_ZONE
    }

    pub(super) fn begin(&mut self, view: ViewId, zone: &Name) {
        self.all = self.all.saturating_add(1);
        let count = self.of_zone.entry((view, zone.clone())).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn end(&mut self, view: ViewId, zone: &Name) {
        let key = (view, zone.clone());
        let Some(count) = self.of_zone.get_mut(&key) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.of_zone.remove(&key);
        }
        self.all = self.all.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_share_of_flights_is_limited() {
        let (view, mut asking) = (ViewId::default(), InProgress::default());
        let zone = |number: usize| Name::from_ascii(format!("z{number}.example.")).unwrap();
        let fill = |asking: &mut InProgress, number| {
            let begun = (0..MAX_AHEAD_FLIGHTS).take_while(|_| {
                asking.has_room(view, &zone(number)).then(|| asking.begin(view, &zone(number))).is_some()
            });
            begun.count()
        };
        assert_eq!(fill(&mut asking, 0), MAX_AHEAD_OF_ZONE);
        let others: usize = (1..9).map(|number| fill(&mut asking, number)).sum();
        assert_eq!(MAX_AHEAD_OF_ZONE + others, MAX_AHEAD_FLIGHTS);
        (0..2 * MAX_AHEAD_FLIGHTS).for_each(|_| asking.end(view, &zone(0)));
        assert_eq!(asking.all, others);
        assert_eq!(fill(&mut asking, 9), MAX_AHEAD_OF_ZONE);
    }
}
