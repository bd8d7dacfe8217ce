//! A row: the counts of a minute, and their form on disk.
//!
//! Each octet of a number holds seven of its bits, so most counts take one octet.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::times::{Counts, coarse};
use crate::minute::MinuteCounts;
use crate::minutes::limits::{MAX_BUSY, MAX_NAME_TEXT, MAX_NAMES};
use crate::{OTHER, Recorder, ServerRow, UserRow, Window, ZoneRow};
use dns::clock::micros;
use dns::conduct::{Conduct, network_text};

dns::words! {
    /// The kind of a name in a row. Rows on disk contain the positions of the variants, so a new variant must be added at the end.
    pub enum BusyKind {
        /// A zone.
        Zone = "zone",
        /// The zone of a DNS list.
        List = "list",
        /// A user of this host.
        User = "user",
        /// A /24 or /48 network with name servers.
        Network = "network",
        /// The listings of a DNS list (`ListingCounts`).
        Listings = "listings",
    }
}

/// The counts of a zone, a list, a user or a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusyCounts {
    /// For a zone or a list, the number of resolutions, or of queries to its servers if that is greater; for a user, the number of its queries; for a
    /// network, of queries to its servers.
    pub questions: u64,
    /// The number of resolutions (for a user, of queries) that failed.
    pub failed: u64,
    /// The number of resolutions (for a network, of queries) that took 1 s or longer.
    pub late: u64,
    /// The number of queries to servers without a reply in time.
    pub timeouts: u64,
    /// The total time of the resolutions or queries in milliseconds.
    pub spent_ms: u64,
}

/// The counts of the answers of a DNS list. A row stores them in the fields of `BusyCounts`, so that all names have the same form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListingCounts {
    /// The number of answers "listed" or "not listed" to clients. Stored as `questions`.
    pub answers: u64,
    /// The number of answers "listed". Stored as `failed`.
    pub listed: u64,
    /// The number of listings whose address or domain clients have looked up in other lists too. A row stores it in the field `late`.
    pub compared: u64,
    /// The number of compared listings whose address or domain no other list had listed. Stored as `timeouts`.
    pub sole: u64,
}

/// A name with its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// The kind of the name.
    pub kind: BusyKind,
    /// The name.
    pub name: Box<str>,
    /// The counts.
    #[serde(flatten)]
    pub counts: BusyCounts,
}

/// The counts of a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// When the minute ended, in minutes since 1970.
    pub minute: u64,
    /// The number of clients' questions for each outcome, by `Outcome::index`.
    pub outcomes: Counts,
    /// The number of queries to servers for each behaviour, by `Conduct::index`.
    pub messages: Counts,
    /// The histogram of the DNS times of messages (emails): how long their questions were in progress.
    pub message_time: Counts,
    /// The histogram of the times from a question to its reply.
    pub latency: Counts,
    /// The histogram of the round-trip times of queries to servers.
    pub round_trip: Counts,
    /// The busiest zones, lists, users and networks, those with the most time first.
    pub busy: Vec<Busy>,
}

/// The names in the file of a day. Later rows have the position of a name instead of the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<(BusyKind, Box<str>)>);

impl BusyCounts {
    fn numbers(&mut self) -> [&mut u64; 5] {
        let Self { questions, failed, late, timeouts, spent_ms } = self;
        [questions, failed, late, timeouts, spent_ms]
    }

    pub(crate) fn add(&mut self, mut other: Self) {
        for (sum, count) in self.numbers().into_iter().zip(other.numbers()) {
            *sum = sum.saturating_add(*count);
        }
    }
}

impl Busy {
    /// Returns the counts of all zones, lists, users and servers since the start of resolverd. A server has the kind `Network`, and its own address
    /// as name. `is_list` returns true for the zone of a DNS list.
    pub fn all(recorder: &Recorder, is_list: impl Fn(&str) -> bool) -> Vec<Self> {
        let kind = |zone: &str| if is_list(zone) { BusyKind::List } else { BusyKind::Zone };
        let zones = recorder.by_zone(Window::Start).into_iter().filter(|row| row.zone != OTHER);
        let zones = zones.map(|row| Self::zone(&row, kind(&row.zone)));
        let users = recorder.by_user(Window::Start);
        let servers = recorder.by_server(Window::Start).into_iter().filter(|row| row.server != OTHER);
        zones.chain(users.iter().map(Self::user)).chain(servers.map(|row| Self::server(&row))).collect()
    }

    /// Returns the counts of the answers of a DNS list since the start of resolverd.
    pub fn listings(list: &str, counts: ListingCounts) -> Self {
        let ListingCounts { answers: questions, listed: failed, compared: late, sole: timeouts } = counts;
        let counts = BusyCounts { questions, failed, late, timeouts, spent_ms: 0 };
        Self { kind: BusyKind::Listings, name: list.into(), counts }
    }

    fn zone(row: &ZoneRow, kind: BusyKind) -> Self {
        let counts = BusyCounts {
            // Few resolutions end in the zone of a top-level domain, but its servers get many queries. So the greater number counts.
            questions: row.flights.max(sent(&row.messages)),
            failed: row.failed,
            late: row.under_3s.saturating_add(row.over_3s),
            timeouts: row.messages.get(&Conduct::Silent).copied().unwrap_or(0),
            spent_ms: millis(row.spent),
        };
        Self { kind, name: row.zone.as_str().into(), counts }
    }

    /// Returns the counts of a local user. Slow questions and timeouts are not counted for users.
    fn user(row: &UserRow) -> Self {
        let (questions, failed, spent_ms) = (row.questions, row.failed, millis(row.waited));
        let counts = BusyCounts { questions, failed, spent_ms, ..BusyCounts::default() };
        Self { kind: BusyKind::User, name: row.user.as_str().into(), counts }
    }

    fn server(row: &ServerRow) -> Self {
        let counts = BusyCounts {
            questions: sent(&row.messages),
            failed: 0,
            late: row.late,
            timeouts: row.messages.get(&Conduct::Silent).copied().unwrap_or(0),
            spent_ms: millis(row.waited),
        };
        Self { kind: BusyKind::Network, name: row.server.as_str().into(), counts }
    }
}

fn sent(messages: &BTreeMap<Conduct, u64>) -> u64 {
    messages.values().fold(0, |sum, count| sum.saturating_add(*count))
}

fn millis(seconds: f64) -> u64 {
    Duration::try_from_secs_f64(seconds).map_or(0, |span| micros(span) / 1_000)
}

fn network(server: &str) -> Option<Box<str>> {
    Some(network_text(server.parse().ok()?).into())
}

/// The counts since the start of resolverd, as they were at the last call of `grown`.
#[derive(Clone, Debug, Default)]
pub struct BusyMark(HashMap<(BusyKind, Box<str>), BusyCounts>);

impl BusyMark {
    /// Returns how much the counts have grown since the last call, the names with the most time first. Names that have not grown are left out, and
    /// the servers of a network are summed.
    pub fn grown(&mut self, now: Vec<Busy>) -> Vec<Busy> {
        let earlier = std::mem::take(&mut self.0);
        let mut grown: BTreeMap<(BusyKind, Box<str>), BusyCounts> = BTreeMap::new();
        for Busy { kind, name, counts } in now {
            let key = (kind, name.clone());
            // If the statistics have removed the name meanwhile, its counts have begun at 0 again.
            let before = earlier.get(&key).filter(|before| before.questions <= counts.questions);
            let mut more = counts;
            for (more, before) in
                more.numbers().into_iter().zip(before.copied().unwrap_or_default().numbers())
            {
                *more = more.saturating_sub(*before);
            }
            self.0.insert(key, counts);
            if more != BusyCounts::default() {
                let network = network(&name).filter(|_| kind == BusyKind::Network);
                grown.entry((kind, network.unwrap_or(name))).or_default().add(more);
            }
        }
        let busy = |((kind, name), counts)| Busy { kind, name, counts };
        let mut grown: Vec<Busy> = grown.into_iter().map(busy).collect();
        grown.sort_by_key(|busy| Reverse(busy.counts.spent_ms));
        grown
    }
}

impl Row {
    /// Returns the row of a minute. `busy` has all names, the busiest of each kind first; the row gets the first `MAX_BUSY` names of each kind.
    pub fn new(minute: u64, counts: &MinuteCounts, busy: impl Iterator<Item = Busy>) -> Self {
        let mut rooms = [MAX_BUSY; BusyKind::ALL.len()];
        let mut has_room = move |busy: &Busy| {
            rooms.get_mut(busy.kind.index()).is_some_and(|room| {
                let had = *room;
                *room = had.saturating_sub(1);
                had > 0
            })
        };
        Self {
            minute,
            outcomes: by_place(counts.outcomes.values()),
            messages: by_place(counts.messages.values()),
            message_time: coarse(&counts.message_time),
            latency: coarse(&counts.latency),
            round_trip: coarse(&counts.round_trip),
            busy: busy.filter(|busy| has_room(busy)).collect(),
        }
    }

    /// Returns the counts in their order on disk.
    pub(crate) fn counts(&self) -> [&Counts; 5] {
        let Self { outcomes, messages, message_time, latency, round_trip, .. } = self;
        [outcomes, messages, message_time, latency, round_trip]
    }

    pub(crate) fn counts_mut(&mut self) -> [&mut Counts; 5] {
        let Self { outcomes, messages, message_time, latency, round_trip, .. } = self;
        [outcomes, messages, message_time, latency, round_trip]
    }

    /// Encodes the row. The least busy names are left out if the row has more than `room` octets.
    pub(crate) fn encode(&self, names: &mut Names, room: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        put(&mut octets, self.minute);
        for counts in self.counts() {
            put_counts(&mut octets, counts);
        }
        for busy in &self.busy {
            let (mut more, known) = (Vec::new(), names.0.len());
            names.put(&mut more, busy);
            busy.counts.clone().numbers().into_iter().for_each(|number| put(&mut more, *number));
            if octets.len().saturating_add(more.len()) > room || names.0.len() > MAX_NAMES {
                names.0.truncate(known);
                break;
            }
            octets.extend(more);
        }
        octets
    }

    /// Reads a row, and adds its new names to `names`. Returns `None` if the octets are not a row; `names` is then unchanged.
    pub(crate) fn decode(octets: &[u8], names: &mut Names) -> Option<Self> {
        let known = names.0.len();
        let row = Self::decoded(octets, names);
        if row.is_none() {
            names.0.truncate(known);
        }
        row
    }

    fn decoded(mut octets: &[u8], names: &mut Names) -> Option<Self> {
        let mut row = Self { minute: number(&mut octets)?, ..Self::default() };
        for counts in row.counts_mut() {
            *counts = read_counts(&mut octets)?;
        }
        while !octets.is_empty() {
            let (kind, name) = names.read(&mut octets)?;
            let mut counts = BusyCounts::default();
            for count in counts.numbers() {
                *count = number(&mut octets)?;
            }
            row.busy.push(Busy { kind, name, counts });
        }
        Some(row)
    }
}

impl Names {
    /// Writes the number of a name, and also the name if it is new in the file.
    fn put(&mut self, octets: &mut Vec<u8>, busy: &Busy) {
        let text = busy.name.get(..busy.name.floor_char_boundary(MAX_NAME_TEXT)).unwrap_or_default();
        let known = self.0.iter().position(|(kind, name)| *kind == busy.kind && **name == *text);
        put(octets, known.unwrap_or(self.0.len()) as u64);
        if known.is_none() {
            put(octets, busy.kind as u64);
            put(octets, text.len() as u64);
            octets.extend_from_slice(text.as_bytes());
            self.0.push((busy.kind, text.into()));
        }
    }

    fn read(&mut self, octets: &mut &[u8]) -> Option<(BusyKind, Box<str>)> {
        let place = usize::try_from(number(octets)?).ok()?;
        if place == self.0.len() && place < MAX_NAMES {
            let kind = *BusyKind::ALL.get(usize::try_from(number(octets)?).ok()?)?;
            let length = usize::try_from(number(octets)?).ok()?;
            let (text, rest) = octets.split_at_checked(length)?;
            *octets = rest;
            self.0.push((kind, std::str::from_utf8(text).ok()?.into()));
        }
        self.0.get(place).cloned()
    }
}

/// Returns the counts that are not zero, by their position.
fn by_place<'c>(counts: impl Iterator<Item = &'c u64>) -> Counts {
    (0..=u8::MAX).zip(counts.copied()).filter(|(_, count)| *count > 0).collect()
}

fn put(octets: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        octets.push(0x80 | u8::try_from(number & 0x7f).unwrap_or(0));
        number >>= 7;
    }
    octets.push(u8::try_from(number).unwrap_or(0));
}

fn number(octets: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let (first, rest) = octets.split_first()?;
        *octets = rest;
        number |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Writes how many positions there are from the first to the last one with a count, then the first position, then the count of each position.
/// Without counts, writes only 0.
fn put_counts(octets: &mut Vec<u8>, counts: &Counts) {
    let (Some((first, _)), Some((last, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        return octets.push(0);
    };
    put(octets, u64::from(last.saturating_sub(*first)).saturating_add(1));
    put(octets, u64::from(*first));
    (*first..=*last).for_each(|place| put(octets, counts.get(&place).copied().unwrap_or(0)));
}

fn read_counts(octets: &mut &[u8]) -> Option<Counts> {
    let length = number(octets)?;
    if length == 0 {
        return Some(Counts::new());
    }
    let first = u8::try_from(number(octets)?).ok()?;
    let mut counts = Counts::new();
    for place in (first..=u8::MAX).take(usize::try_from(length).ok()?) {
        let count = number(octets)?;
        if count > 0 {
            counts.insert(place, count);
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts() -> impl Strategy<Value = Counts> {
        proptest::collection::btree_map(any::<u8>(), 1..u64::MAX, 0..12)
    }

    fn busy() -> impl Strategy<Value = Busy> {
        (0..BusyKind::ALL.len(), "[a-c]{0,2}", any::<[u64; 5]>()).prop_map(|(kind, name, numbers)| {
            let [questions, failed, late, timeouts, spent_ms] = numbers;
            let counts = BusyCounts { questions, failed, late, timeouts, spent_ms };
            Busy { kind: BusyKind::ALL[kind], name: name.into(), counts }
        })
    }

    fn row() -> impl Strategy<Value = Row> {
        let histograms = (counts(), counts(), counts());
        let all = (any::<u64>(), counts(), counts(), histograms, proptest::collection::vec(busy(), 0..9));
        all.prop_map(|(minute, outcomes, messages, (message_time, latency, round_trip), busy)| Row {
            minute,
            outcomes,
            messages,
            message_time,
            latency,
            round_trip,
            busy,
        })
    }

    proptest! {
        #[test]
        fn minute_row_survives_encoding(rows in proptest::collection::vec(row(), 0..6)) {
            let (mut written, mut read) = (Names::default(), Names::default());
            for row in rows {
                let octets = row.encode(&mut written, usize::MAX);
                prop_assert_eq!(Row::decode(&octets, &mut read), Some(row));
            }
            prop_assert_eq!(written, read);
        }

        #[test]
        fn names_without_room_are_left_out(row in row(), room in 0_usize..400) {
            let (mut written, mut read) = (Names::default(), Names::default());
            let least = Row { busy: Vec::new(), ..row.clone() }.encode(&mut Names::default(), 0).len();
            let octets = row.encode(&mut written, room);
            prop_assert!(octets.len() <= room.max(least));
            let decoded = Row::decode(&octets, &mut read).unwrap();
            prop_assert!(row.busy.starts_with(&decoded.busy));
            prop_assert_eq!(written, read);
        }

        #[test]
        fn random_minute_octets_cause_no_panic(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = Row::decode(&octets, &mut Names::default());
        }
    }

    #[test]
    fn lost_minute_row_begins_counts_again() {
        let busy = |name: &str, questions, spent_ms| Busy {
            kind: BusyKind::Zone,
            name: name.into(),
            counts: BusyCounts { questions, spent_ms, ..BusyCounts::default() },
        };
        let mut mark = BusyMark::default();
        let both = vec![busy("a.", 5, 10), busy("b.", 2, 90)];
        assert_eq!(mark.grown(both), [busy("b.", 2, 90), busy("a.", 5, 10)]);
        assert_eq!(mark.grown(vec![busy("a.", 7, 14), busy("b.", 2, 90)]), [busy("a.", 2, 4)]);
        assert_eq!(mark.grown(vec![busy("a.", 1, 3)]), [busy("a.", 1, 3)]);
    }

    #[test]
    fn minute_servers_are_summed_by_network() {
        let busy = |name: &str, questions| Busy {
            kind: BusyKind::Network,
            name: name.into(),
            counts: BusyCounts { questions, ..BusyCounts::default() },
        };
        let mut mark = BusyMark::default();
        let all = vec![busy("192.0.2.1", 5), busy("192.0.2.9", 2), busy("2001:db8:7:1::1", 1)];
        assert_eq!(mark.grown(all), [busy("192.0.2.0/24", 7), busy("2001:db8:7::/48", 1)]);
        assert_eq!(mark.grown(vec![busy("192.0.2.9", 4)]), [busy("192.0.2.0/24", 2)]);
    }

    #[test]
    fn minute_row_keeps_busiest_names() {
        let busy = |kind| {
            (0..90).map(move |n| Busy { kind, name: format!("{n}").into(), counts: BusyCounts::default() })
        };
        let all = busy(BusyKind::Zone).chain(busy(BusyKind::User));
        let row = Row::new(1, &MinuteCounts::default(), all);
        assert_eq!(row.busy.len(), 2 * MAX_BUSY);
        assert_eq!(&*row.busy[MAX_BUSY - 1].name, "29");
    }
}
