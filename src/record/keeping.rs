//! Writes questions and resolutions (flights) to the history in memory. The module `reading` reads them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::dates::Dates;
use crate::entry::{FlightEntry, QuestionEntry};
use crate::event::Shows;
use crate::limits::{CLOCK_READINGS, CLOCK_STEP, MAX_RECORDED_FAULTS};
use crate::line::Line;
use crate::octets::HitHead;
use crate::owner::WantedOwner;
use crate::recorded::{Flown, HitPage};
use crate::ring::Ring;
use crate::trail::Trail;
use crate::watch::Watch;
use crate::{Recorder, links, lock};
use dns::clock::{Mono, micros};
use dns::question::WireName;

impl Recorder {
    /// Locks the ring of a worker (its memory for recorded questions) for a batch of questions that the cache answered at `at` to clients
    /// of `view`. Returns `None` if recording is turned off. Prefetches the memory for the next entries into the CPU cache.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = lock(&self.shard(shard)?.ring);
        ring.fetch();
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
    }

    pub(crate) fn rings(&self) -> impl Iterator<Item = &Mutex<Ring>> {
        std::iter::once(&self.kept.misses).chain(self.sums.shards.iter().map(|shard| &shard.ring))
    }

    /// Returns the number of the resolution whose steps are in `trail`. Resolutions of earlier processes have other numbers.
    pub fn flight_number(&self, trail: &Trail) -> u64 {
        self.kept.first.wrapping_add(trail.number())
    }

    /// Records a question that the cache did not answer. Looks up the client's local user if the question failed or was slow.
    pub fn asked(&self, question: &QuestionEntry, socket: Option<WantedOwner>) {
        self.kept.watchers.send(|| self.ended_now(question));
        self.log_query(|| self.ended_now(question));
        if self.kept.is_on() {
            lock(&self.kept.misses).question(question);
            self.notice(question, socket);
        }
    }

    /// Adds a cache hit to the query log. `asked`: its name in wire form, in any case, and its type.
    pub fn log_hit(&self, asked: &[u8], client: IpAddr, view: u32, elapsed: Duration) {
        let Some((name, kind)) = asked.split_last_chunk::<2>() else { return };
        self.log_query(|| {
            let hit = QuestionEntry::hit(Arc::from(name), u16::from_be_bytes(*kind).into(), client, view, 0);
            self.ended_now(&QuestionEntry { elapsed: micros(elapsed), ..hit })
        });
    }

    /// Creates a watcher (for `resolverctl monitor`), which receives the questions that the cache does not answer. Returns `None` if there
    /// are `MAX_WATCHERS` already.
    pub fn watch(&self) -> Option<Watch> {
        self.kept.watchers.watch()
    }

    /// Returns the number of watchers.
    pub fn watching(&self) -> usize {
        self.kept.watchers.count()
    }

    /// Converts a question that has just ended to the form for watchers and for the query log: with its date, and with its name in lower
    /// case.
    fn ended_now(&self, question: &QuestionEntry) -> QuestionEntry {
        QuestionEntry {
            name: question.name.to_ascii_lowercase().into(),
            at: self.clock.unix_micros().saturating_sub(question.elapsed),
            ..question.clone()
        }
    }

    /// Records a resolution when the deadline of a client passes, and again when the resolution ends.
    pub fn flown(&self, flown: &Flown<'_>) {
        if !self.kept.is_on() {
            return;
        }
        let Flown { trail, question, name, zone, failed, faults, answers, concluded_from } = *flown;
        let elapsed = self.clock.mono().since(trail.began());
        // If the chain of trust breaks at a zone above the name, only the owner of that zone can repair it. So the entry names that zone.
        let broken =
            failed.filter(|failed| failed.shows == Shows::Bogus).and_then(|failed| failed.broken_at.as_ref());
        let zone = broken.filter(|broken| zone.is_some_and(|zone| broken.zone_of(zone))).or(zone);
        let flight = FlightEntry {
            id: self.flight_number(trail),
            began: trail.began().as_micros(),
            elapsed: micros(elapsed),
            name: name.into(),
            kind: question.kind,
            zone: zone.map_or_else(Arc::default, |zone| Arc::from(&*WireName::new(zone))),
            shows: failed.map(|failed| failed.shows),
            why: failed.map_or("", |failed| &failed.why).into(),
            faults: faults.iter().take(MAX_RECORDED_FAULTS).copied().collect(),
            messages: trail.messages(zone),
            links: links::in_answers(answers),
            list_fault: failed.and_then(|failed| failed.list),
            concluded_from: concluded_from.map(|zone| Arc::from(&*WireName::new(zone))),
        };
        lock(&self.kept.misses).flight(&flight);
        if failed.is_some() {
            // Clients of a silent DNS list get their answers before the resolution ends. So no question that ends later wakes the reader
            // for this entry.
            self.wake_reader();
        }
    }

    /// Compares the monotonic clock with the date, and returns the conversion of times of the history to dates.
    pub(crate) fn dates(&self) -> Dates {
        let mut dates = lock(&self.kept.dates);
        let mut jump = None;
        for _ in 0..CLOCK_READINGS {
            let (before, unix) = (self.clock.mono(), self.clock.unix_micros());
            // If the thread is interrupted between the two readings, the difference looks as if somebody had set the clock.
            if self.clock.mono().since(before) < CLOCK_STEP / 2 {
                jump = dates.note(before.as_micros(), unix);
                break;
            }
        }
        let noted = dates.clone();
        drop(dates);
        self.write(jump.map(Line::ClockSet));
        noted
    }
}
