//! The file with what was learned about the mail programs of this host: which DNS lists they ask one after the other, how fast the lists answer, which
//! zones are used like lists, which questions of look-ahead they use, and the DKIM selectors of senders. Mail software changes rarely, so
//! after a restart all of this is used at once. A file that cannot be read is ignored.
//!
//! # Decisions
//!
//! - Lists and zones have names in the file, because their numbers differ between two processes. Views have their place in the configuration.
//! - What is wrong in the file, or has become wrong, is unlearned as fast as if this process had learned it.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::Duration;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use crate::limits::{KEPT_LEARNED_TIME, MAX_LEARNED_FILE};
use crate::lookahead::Lookahead;
use crate::lookahead::account::KnownUses;
use crate::lookahead::allowance::KnownQueries;
use crate::resolve::Resolver;
use config::Rule;
use dns::clock::{Now, micros};
use dns::question::{ListSays, ViewId};
use dnsbl::batch::{BatchStanding, EXCHANGER, KnownFollower, KnownHabit, ListId, POINTER};
use dnsbl::list_way::Way;
use dnsbl::lookalike::{KnownZone, LookalikeSubjects};

/// The name of the file in the state directory.
pub const FILE: &str = "learned.json";

const VERSION: u32 = 1;

/// What was learned about the mail programs of this host, as in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptLearned {
    version: u32,
    /// The time at which the file was written, in seconds since 1970.
    written: u64,
    lists: Vec<KeptTimes>,
    habits: Vec<KeptHabit>,
    rules: Vec<(Rule, KnownUses)>,
    queries: KnownQueries,
    /// The names of DKIM keys for each domain, with the place of the view.
    selectors: Vec<(usize, Vec<String>)>,
}

/// A question whose followers are learned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Asked {
    List(String, Way),
    /// A learned zone that clients ask about addresses.
    Zone(String),
    /// A learned zone that clients ask about domains.
    ZoneOfDomains(String),
    Pointer,
    Exchanger,
}

/// How long a DNS list or a learned zone usually takes, and how long its negative answers may be cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptTimes {
    of: Asked,
    round_trip_micros: Option<u64>,
    negative_ttl: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptHabit {
    flags: u8,
    /// The place of the clients' view in the configuration.
    view: usize,
    labels: u8,
    after: Asked,
    came: Option<ListSays>,
    seen: u32,
    followers: Vec<KeptFollower>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFollower {
    of: Asked,
    /// The upper and the lower half of the bits for the last addresses.
    asked: [u64; 2],
    gap_micros: u64,
}

/// The DNS lists and learned zones of a process by their number.
type Numbers = BTreeMap<ListId, Asked>;

impl KeptLearned {
    /// Copies what was learned so far. `has_names` is false if names of domains must not be on disk. `unix` is in seconds since 1970.
    pub fn of(resolver: &Resolver, lookahead: &Lookahead, has_names: bool) -> Self {
        let (now, lists, views) = (resolver.clock().now(), resolver.lists(), views(resolver));
        let place = |view: ViewId| views.iter().position(|known| *known == view);
        let mut numbers = Numbers::from([(POINTER, Asked::Pointer), (EXCHANGER, Asked::Exchanger)]);
        let mut times = Vec::new();
        let mut note = |number: ListId, of: Asked, known: &BatchStanding| {
            numbers.insert(number, of.clone());
            let round_trip_micros = known.usual.map(micros);
            let negative_ttl = known.negative_ttl.map(|ttl| ttl.as_secs());
            times.push(KeptTimes { of, round_trip_micros, negative_ttl });
        };
        for entry in lists.all() {
            let of = Asked::List(entry.apex.to_ascii(), entry.way.clone());
            note(entry.number(), of, &entry.watch.for_batch(now.unix));
        }
        for (number, KnownZone { zone, subjects, standing }) in lists.lookalikes().all_learned(now.mono) {
            let zone = zone.to_ascii();
            let of = match subjects {
                LookalikeSubjects::Addresses => Asked::Zone(zone),
                LookalikeSubjects::Domains => Asked::ZoneOfDomains(zone),
            };
            note(number, of, &standing);
        }
        let habits = lists.batch().known_habits();
        let habits = habits.into_iter().filter_map(|known| KeptHabit::of(known, &numbers, place)).collect();
        let selectors = if has_names { lookahead.known_selectors() } else { Vec::new() };
        let texts = |names: Vec<Name>| names.iter().map(Name::to_ascii).collect();
        Self {
            version: VERSION,
            written: now.unix,
            lists: times,
            habits,
            rules: lookahead.known_uses(),
            queries: lookahead.known_queries(resolver.lookahead().recorder().messages()),
            selectors: selectors
                .into_iter()
                .filter_map(|(view, names)| Some((place(view)?, texts(names))))
                .collect(),
        }
    }

    /// Returns true if the same was learned. The times of writing may differ.
    pub fn equals(&self, other: &Self) -> bool {
        Self { written: other.written, ..self.clone() } == *other
    }

    /// Restores what is not older than `KEPT_LEARNED_TIME`, except about lists that clients can no longer ask.
    pub fn restore(self, resolver: &Resolver, lookahead: &Lookahead) {
        let (now, views) = (resolver.clock().now(), views(resolver));
        if self.version != VERSION || now.unix.saturating_sub(self.written) > KEPT_LEARNED_TIME.as_secs() {
            return;
        }
        let mut numbers = BTreeMap::from([(Asked::Pointer, POINTER), (Asked::Exchanger, EXCHANGER)]);
        for known in self.lists {
            if let Some(number) = known.restore(resolver, now) {
                numbers.insert(known.of, number);
            }
        }
        let mut batch = resolver.lists().batch();
        for habit in self.habits.into_iter().filter_map(|habit| habit.known(&numbers, &views)) {
            batch.restore(habit, now.mono);
        }
        drop(batch);
        lookahead.restore_uses(self.rules);
        lookahead.restore_queries(self.queries);
        let names =
            |texts: Vec<String>| texts.iter().filter_map(|text| Name::from_ascii(text).ok()).collect();
        let selectors = self.selectors.into_iter();
        lookahead.restore_selectors(
            selectors.filter_map(|(place, texts)| Some((*views.get(place)?, names(texts)))),
        );
    }

    /// Reads the file.
    ///
    /// # Errors
    /// The file cannot be read, or it has another format.
    pub fn read(file: impl Read) -> io::Result<Self> {
        let mut text = String::new();
        file.take(MAX_LEARNED_FILE).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Returns the content of the file to write, in JSON.
    ///
    /// # Errors
    /// There is none, because the content has only numbers and texts.
    pub fn to_octets(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }
}

/// Returns the ids of the views, in the order of the configuration.
fn views(resolver: &Resolver) -> Vec<ViewId> {
    resolver.views().distinct().map(|view| view.knows).collect()
}

impl KeptTimes {
    /// Returns the number of the list or zone in this process; `None` if it is no longer asked.
    fn restore(&self, resolver: &Resolver, now: Now) -> Option<ListId> {
        let usual = self.round_trip_micros.map(Duration::from_micros);
        let negative_ttl = self.negative_ttl.map(Duration::from_secs);
        match &self.of {
            Asked::List(apex, way) => {
                let apex = Name::from_ascii(apex).ok()?.to_lowercase();
                let is_asked = resolver.list_resolver().is_asked(&apex, way);
                let entry = is_asked.then(|| resolver.lists().entry(&apex, way))?;
                entry.watch.restore_times(usual, negative_ttl);
                Some(entry.number())
            }
            Asked::Zone(text) | Asked::ZoneOfDomains(text) => {
                let zone = Name::from_ascii(text).ok()?.to_lowercase();
                let subjects = match self.of {
                    Asked::ZoneOfDomains(_) => LookalikeSubjects::Domains,
                    _ => LookalikeSubjects::Addresses,
                };
                let standing = BatchStanding { ready: true, usual, negative_ttl };
                resolver.lists().lookalikes().restore(&KnownZone { zone, subjects, standing }, now.mono)
            }
            Asked::Pointer | Asked::Exchanger => None,
        }
    }
}

impl KeptHabit {
    fn of(known: KnownHabit, numbers: &Numbers, place: impl Fn(ViewId) -> Option<usize>) -> Option<Self> {
        let KnownHabit { clients: (flags, view), labels, list, came, seen, followers } = known;
        let follower = |KnownFollower { list, asked, gap }: KnownFollower| {
            let halves = [asked >> u64::BITS, asked].map(|half| (half & u128::from(u64::MAX)) as u64);
            Some(KeptFollower { of: numbers.get(&list)?.clone(), asked: halves, gap_micros: micros(gap) })
        };
        Some(Self {
            flags,
            view: place(view)?,
            labels,
            after: numbers.get(&list)?.clone(),
            came,
            seen,
            followers: followers.into_iter().filter_map(follower).collect(),
        })
    }

    fn known(self, numbers: &BTreeMap<Asked, ListId>, views: &[ViewId]) -> Option<KnownHabit> {
        let follower = |KeptFollower { of, asked: [upper, lower], gap_micros }: KeptFollower| {
            let asked = u128::from(upper) << u64::BITS | u128::from(lower);
            Some(KnownFollower { list: *numbers.get(&of)?, asked, gap: Duration::from_micros(gap_micros) })
        };
        Some(KnownHabit {
            clients: (self.flags, *views.get(self.view)?),
            labels: self.labels,
            list: *numbers.get(&self.after)?,
            came: self.came,
            seen: self.seen,
            followers: self.followers.into_iter().filter_map(follower).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_not_read() {
        for text in ["", "{", "[1]", "{\"version\":1}"] {
            assert!(KeptLearned::read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn habit_is_same_after_reading() {
        let known = KnownHabit {
            clients: (2, ViewId::default()),
            labels: 4,
            list: 7,
            came: Some(ListSays::NotListed),
            seen: 40,
            followers: vec![KnownFollower {
                list: POINTER,
                asked: u128::MAX - 5,
                gap: Duration::from_millis(3),
            }],
        };
        let zone = Asked::Zone("list.example.".to_owned());
        let numbers = Numbers::from([(7, zone.clone()), (POINTER, Asked::Pointer)]);
        let kept = KeptHabit::of(known.clone(), &numbers, |_| Some(0)).unwrap();
        let learned = KeptLearned { habits: vec![kept], ..KeptLearned::default() };
        let read = KeptLearned::read(&*learned.to_octets().unwrap()).unwrap();
        assert!(read.equals(&KeptLearned { written: 9, ..learned }));
        let numbers = BTreeMap::from([(zone, 3), (Asked::Pointer, POINTER)]);
        let habit = read.habits[0].clone().known(&numbers, &[ViewId::default()]);
        assert_eq!(habit, Some(KnownHabit { list: 3, ..known }));
        assert_eq!(read.habits[0].clone().known(&numbers, &[]), None);
    }
}
