//! The zones for which a server does not answer.
//!
//! A hoster's server may drop queries for some domains and answer for others. So unanswered queries are also counted for each zone, until the server
//! answers for this zone. If an answer for another zone ended the count, each mail of a dropped domain would wait 4 s.

use hickory_proto::rr::Name;

use super::silence::Silence;
use crate::limits::MAX_SILENT_ZONES;
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::wire_name;
use dns::random::Random;

/// For each zone, the unanswered queries to one server. A zone is represented by the hash of its name. The zone that was added first comes first.
#[derive(Debug, Default)]
pub(super) struct SilentZones(Vec<(u64, Silence)>);

impl SilentZones {
    pub(super) fn get(&self, zone: &Name, keyed: &Keyed) -> Option<&Silence> {
        if self.0.is_empty() {
            return None;
        }
        let zone = hash(zone, keyed);
        self.0.iter().find(|(of, _)| *of == zone).map(|(_, silence)| silence)
    }

    pub(super) fn get_mut(&mut self, zone: &Name, keyed: &Keyed) -> Option<&mut Silence> {
        if self.0.is_empty() {
            return None;
        }
        let zone = hash(zone, keyed);
        self.0.iter_mut().find(|(of, _)| *of == zone).map(|(_, silence)| silence)
    }

    /// Records that a query about `zone`, sent at `sent`, counts as lost.
    pub(super) fn add(&mut self, zone: &Name, (sent, now): (Mono, Mono), random: &Random, keyed: &Keyed) {
        self.change(zone, keyed, |silence| silence.add((sent, now), random));
    }

    /// Sets the number of unanswered queries for `zone` to at least `least`. The first one was sent at `sent`.
    pub(super) fn add_some(&mut self, zone: &Name, least: u32, (sent, now): (Mono, Mono), keyed: &Keyed) {
        self.change(zone, keyed, |silence| silence.add_some(least, (sent, now)));
    }

    /// The server has answered for `zone`.
    pub(super) fn end(&mut self, zone: &Name, keyed: &Keyed) {
        if !self.0.is_empty() {
            let zone = hash(zone, keyed);
            self.0.retain(|(of, _)| *of != zone);
        }
    }

    /// Called when a dead server has answered for a zone. Its previous answer was at `before`. If it became silent for several zones since, the cause
    /// may be an outage that has ended, so these zones are probed again. A single zone is probably one whose queries the server drops.
    pub(super) fn call_in_question(&mut self, before: Option<Mono>) {
        let of_outage = || self.0.iter().filter(|(_, silence)| silence.is_tried_since(before));
        if of_outage().count() > 1 {
            let silences = self.0.iter_mut().map(|(_, silence)| silence);
            silences.filter(|silence| silence.is_tried_since(before)).for_each(Silence::call_in_question);
        }
    }

    /// Applies `change` to the count of unanswered queries for `zone`, and adds the zone if necessary. If there are too many zones, removes the
    /// zone with the fewest unanswered queries, because a few queries may have been lost on the path. Of several such zones, it removes the oldest.
    fn change(&mut self, zone: &Name, keyed: &Keyed, change: impl FnOnce(&mut Silence)) {
        let zone = hash(zone, keyed);
        if let Some((_, silence)) = self.0.iter_mut().find(|(of, _)| *of == zone) {
            return change(silence);
        }
        let fewest = self.0.iter().enumerate().min_by_key(|(place, (_, silence))| (silence.count(), *place));
        if self.0.len() >= MAX_SILENT_ZONES
            && let Some((place, _)) = fewest
        {
            self.0.remove(place);
        }
        let mut silence = Silence::default();
        change(&mut silence);
        self.0.push((zone, silence));
    }
}

fn hash(zone: &Name, keyed: &Keyed) -> u64 {
    keyed.octets(&wire_name(zone))
}
