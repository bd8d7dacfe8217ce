//! The zones that a server does not answer for.
//!
//! A hoster's server may drop the queries for some domains and answer the queries for others. So its silence for a zone is
//! counted apart from the silence of the whole server, and ends only with an answer for the zone. Before, each answer for
//! another zone ended it, and each mail of a dropped domain waited 4 s.

use hickory_proto::rr::Name;

use super::silence::Silence;
use crate::limits::MAX_SILENT_ZONES;
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::wire_name;
use dns::random::Random;

/// Silences by zone, the oldest first. Names are hashed.
#[derive(Debug, Default)]
pub(super) struct SilentZones(Vec<(u64, Silence)>);

impl SilentZones {
    /// The silence for `zone`, if there is any.
    pub(super) fn get(&self, zone: &Name, keyed: &Keyed) -> Option<&Silence> {
        if self.0.is_empty() {
            return None;
        }
        let zone = hash(zone, keyed);
        self.0.iter().find(|(of, _)| *of == zone).map(|(_, silence)| silence)
    }

    /// Like `get`, with write access.
    pub(super) fn get_mut(&mut self, zone: &Name, keyed: &Keyed) -> Option<&mut Silence> {
        if self.0.is_empty() {
            return None;
        }
        let zone = hash(zone, keyed);
        self.0.iter_mut().find(|(of, _)| *of == zone).map(|(_, silence)| silence)
    }

    /// A query about `zone` sent at `sent` counts as lost.
    pub(super) fn add(&mut self, zone: &Name, (sent, now): (Mono, Mono), random: &Random, keyed: &Keyed) {
        self.change(zone, keyed, |silence| silence.add((sent, now), random));
    }

    /// At least `least` queries about `zone` sent since `sent` count as lost.
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

    /// The server was dead, and is heard again for another zone; it was last heard at `before`. If several zones became silent
    /// since, an outage may have been the reason, and their silences may have ended with it. One alone is dropped by the server.
    pub(super) fn call_in_question(&mut self, before: Option<Mono>) {
        let of_outage = || self.0.iter().filter(|(_, silence)| silence.is_tried_since(before));
        if of_outage().count() > 1 {
            let silences = self.0.iter_mut().map(|(_, silence)| silence);
            silences.filter(|silence| silence.is_tried_since(before)).for_each(Silence::call_in_question);
        }
    }

    /// Changes the silence for `zone`, old or new. If there are too many zones, the one with the fewest silences goes, because
    /// one loss shows nothing: of these the oldest.
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
