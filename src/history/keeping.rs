//! The recorder's part that keeps questions and flights one by one; `reading` reads them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::dates::Dates;
use super::entry::{FlightEntry, QuestionEntry};
use super::event::Shows;
use super::lock;
use super::octets::HitHead;
use super::owner::WantedOwner;
use super::recorded::{Flown, HitPage};
use super::ring::Ring;
use super::trail::Trail;
use super::watch::Watch;
use super::{Recorder, links};
use crate::limits::{CLOCK_READINGS, CLOCK_STEP, MAX_RECORDED_FAULTS};
use dns::clock::{Mono, micros};
use dns::question::WireName;

impl Recorder {
    /// The ring of a worker for a batch that came at `at` from clients of a view; none if nothing is kept. The place of the next entries is
    /// read, so that the core has it when they are written.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = lock(&self.shard(shard)?.ring);
        ring.fetch();
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
    }

    /// The ring of misses, and then the ring of each worker.
    pub(super) fn rings(&self) -> impl Iterator<Item = &Mutex<Ring>> {
        std::iter::once(&self.kept.misses).chain(self.sums.shards.iter().map(|shard| &shard.ring))
    }

    /// The number of a flight in the record.
    pub fn flight_number(&self, trail: &Trail) -> u64 {
        self.kept.first.wrapping_add(trail.number())
    }

    /// Keeps a question that the cache did not answer, and may want the user of its client's socket.
    pub fn asked(&self, question: &QuestionEntry, socket: Option<WantedOwner>) {
        self.kept.watchers.send(|| self.ended_now(question));
        self.log_query(|| self.ended_now(question));
        if self.kept.is_on() {
            lock(&self.kept.misses).question(question);
            self.notice(question, socket);
        }
    }

    /// Keeps a question from the cache for the query log. `asked` is its name in wire form, in any case, and its type.
    pub fn log_hit(&self, asked: &[u8], client: IpAddr, view: u32, elapsed: Duration) {
        let Some((name, kind)) = asked.split_last_chunk::<2>() else { return };
        self.log_query(|| {
            let hit = QuestionEntry::hit(Arc::from(name), u16::from_be_bytes(*kind).into(), client, view, 0);
            self.ended_now(&QuestionEntry { elapsed: micros(elapsed), ..hit })
        });
    }

    /// A watcher of the questions that the cache does not answer; none if the bound of watchers is reached.
    pub fn watch(&self) -> Option<Watch> {
        self.kept.watchers.watch()
    }

    /// The number of watchers.
    pub fn watching(&self) -> usize {
        self.kept.watchers.count()
    }

    /// A question that has just ended, as a watcher reads it.
    fn ended_now(&self, question: &QuestionEntry) -> QuestionEntry {
        QuestionEntry {
            name: question.name.to_ascii_lowercase().into(),
            at: self.clock.unix_micros().saturating_sub(question.elapsed),
            ..question.clone()
        }
    }

    /// Keeps a flight: once it has ended, and before that when a client's deadline has passed.
    pub fn flown(&self, flown: &Flown<'_>) {
        if !self.kept.is_on() {
            return;
        }
        let Flown { trail, question, name, zone, failed, faults, answers } = *flown;
        let elapsed = self.clock.mono().since(trail.began());
        // The owner of the zone that was asked cannot repair what is broken above it.
        let broken =
            failed.filter(|failed| failed.shows == Shows::Bogus).and_then(|failed| failed.broken_at.as_ref());
        let zone =
            broken.filter(|broken| zone.is_some_and(|zone| broken.zone_of(zone))).or(zone).map(WireName::new);
        let zone = zone.as_deref().unwrap_or_default();
        let flight = FlightEntry {
            id: self.flight_number(trail),
            began: trail.began().as_micros(),
            elapsed: micros(elapsed),
            name: name.into(),
            kind: question.kind,
            zone: zone.into(),
            shows: failed.map(|failed| failed.shows),
            why: failed.map_or("", |failed| &failed.why).into(),
            faults: faults.iter().take(MAX_RECORDED_FAULTS).copied().collect(),
            messages: trail.messages(zone),
            links: links::in_answers(answers),
            list_fault: failed.and_then(|failed| failed.list),
        };
        lock(&self.kept.misses).flight(&flight);
        if failed.is_some() {
            // The questions of a silent list were answered before: no other event wakes the reader.
            self.wake_reader();
        }
    }

    /// The dates of the moments of the record until now.
    pub(super) fn dates(&self) -> Dates {
        let mut dates = lock(&self.kept.dates);
        for _ in 0..CLOCK_READINGS {
            let (before, unix) = (self.clock.mono(), self.clock.unix_micros());
            // A thread that was interrupted between the two readings would see a step.
            if self.clock.mono().since(before) < CLOCK_STEP / 2 {
                dates.note(before.as_micros(), unix);
                break;
            }
        }
        dates.clone()
    }
}
