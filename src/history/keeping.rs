//! The part of the recorder that writes questions and resolutions (flights) to the history in memory. The module `reading` reads them.

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
    /// Returns the ring of a worker (its memory for recorded questions), locked for a batch of questions that the cache answered. They came at `at`,
    /// from clients of the view `view`. Returns `None` if the recording of questions is turned off. The memory for the next entries is prefetched
    /// into the CPU cache, so that writing them does not have to wait.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = lock(&self.shard(shard)?.ring);
        ring.fetch();
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
    }

    /// Returns all rings of recorded entries: the ring of questions that the cache did not answer, then the ring of each worker.
    pub(super) fn rings(&self) -> impl Iterator<Item = &Mutex<Ring>> {
        std::iter::once(&self.kept.misses).chain(self.sums.shards.iter().map(|shard| &shard.ring))
    }

    /// Returns the number under which the history has the resolution with this trail (its steps). No resolution of an earlier process has the same
    /// number.
    pub fn flight_number(&self, trail: &Trail) -> u64 {
        self.kept.first.wrapping_add(trail.number())
    }

    /// Records a question that the cache did not answer. If the question failed or was slow, the local user of the client's socket is looked up too.
    pub fn asked(&self, question: &QuestionEntry, socket: Option<WantedOwner>) {
        self.kept.watchers.send(|| self.ended_now(question));
        self.log_query(|| self.ended_now(question));
        if self.kept.is_on() {
            lock(&self.kept.misses).question(question);
            self.notice(question, socket);
        }
    }

    /// Adds a question that the cache answered to the query log. `asked`: its name in wire form, in upper or lower case, followed by its type.
    pub fn log_hit(&self, asked: &[u8], client: IpAddr, view: u32, elapsed: Duration) {
        let Some((name, kind)) = asked.split_last_chunk::<2>() else { return };
        self.log_query(|| {
            let hit = QuestionEntry::hit(Arc::from(name), u16::from_be_bytes(*kind).into(), client, view, 0);
            self.ended_now(&QuestionEntry { elapsed: micros(elapsed), ..hit })
        });
    }

    /// Creates a watcher (for `resolverctl monitor`), which receives the questions that the cache does not answer. Returns `None` if there are
    /// already `MAX_WATCHERS`.
    pub fn watch(&self) -> Option<Watch> {
        self.kept.watchers.watch()
    }

    /// Returns the current number of watchers (`resolverctl monitor`).
    pub fn watching(&self) -> usize {
        self.kept.watchers.count()
    }

    /// Returns a copy of a question that has just ended, in the form for watchers and the query log: with the date and a name in lower case.
    fn ended_now(&self, question: &QuestionEntry) -> QuestionEntry {
        QuestionEntry {
            name: question.name.to_ascii_lowercase().into(),
            at: self.clock.unix_micros().saturating_sub(question.elapsed),
            ..question.clone()
        }
    }

    /// Records a resolution when it has ended. If a client's deadline passes before that, the resolution is also recorded at that time.
    pub fn flown(&self, flown: &Flown<'_>) {
        if !self.kept.is_on() {
            return;
        }
        let Flown { trail, question, name, zone, failed, faults, answers } = *flown;
        let elapsed = self.clock.mono().since(trail.began());
        // If the chain of trust breaks at a zone above the name, that zone is recorded for the resolution, because only its owner can repair the
        // fault.
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
            // The clients that asked for a silent DNS list were answered before the resolution ended. So no ended question wakes the reader of the
            // history at this time, and the resolution must wake it.
            self.wake_reader();
        }
    }

    /// Returns the conversion from the monotonic times of the history to dates. Before this, it compares the monotonic clock with the date once more.
    pub(super) fn dates(&self) -> Dates {
        let mut dates = lock(&self.kept.dates);
        for _ in 0..CLOCK_READINGS {
            let (before, unix) = (self.clock.mono(), self.clock.unix_micros());
            // The difference is used only if the two clocks were read together. If the thread was interrupted between the readings, the difference
            // would look as if somebody had set the clock.
            if self.clock.mono().since(before) < CLOCK_STEP / 2 {
                dates.note(before.as_micros(), unix);
                break;
            }
        }
        dates.clone()
    }
}
