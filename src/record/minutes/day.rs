//! The file of a day: a header, and rows, each with its length and checksum.

use std::collections::BTreeSet;

use super::row::{Names, Row};
use crate::minutes::limits::{KEPT_DAYS, MAX_DAYS, ROOM_AHEAD, ROW_ROOM};
use dns::hash;

/// The first octets of each file. The last one is the version of the format.
pub const HEAD: [u8; 16] = *b"resolverd min\n\0\x01";

/// The number of minutes in a day.
pub const MINUTES: u64 = 24 * 60;

/// The octets before a row: its length and its checksum.
const FRAME: usize = 6;

/// The result of reading the file of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayEnd {
    /// The number of octets up to the end of the last undamaged row; 0 for a file of another version.
    pub end: usize,
    /// The names up to this end. Rows that are appended refer to their positions.
    pub names: Names,
}

/// Returns the days of the files in `stored` that are to be removed on the day `today`: those before the `KEPT_DAYS` days before today.
///
/// A clock that jumps ahead makes all files old at once. So they are removed only if the two days before today have files: the clock has then run
/// for more than a day.
pub fn outdated(stored: &BTreeSet<u64>, today: u64) -> Vec<u64> {
    let runs = (1..=2).all(|back| today.checked_sub(back).is_some_and(|day| stored.contains(&day)));
    let surplus = stored.len().saturating_sub(MAX_DAYS);
    let is_old = |day: u64| runs && day.saturating_add(KEPT_DAYS) < today;
    let outdated = stored.iter().enumerate().filter(|(place, day)| *place < surplus || is_old(**day));
    outdated.map(|(_, day)| *day).collect()
}

/// Reads a file up to the first damaged row, and calls `take` with each row.
pub fn read(file: &[u8], mut take: impl FnMut(Row)) -> DayEnd {
    let mut day = DayEnd::default();
    let Some(mut left) = file.strip_prefix(&HEAD) else { return day };
    day.end = HEAD.len();
    while let Some((octets, rest)) = framed(left) {
        let Some(row) = Row::decode(octets, &mut day.names) else { break };
        take(row);
        day.end = file.len().saturating_sub(rest.len());
        left = rest;
    }
    day
}

/// Returns the first row and the octets after it; `None` if the row is incomplete or damaged.
fn framed(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let (row, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    (checksum(row) == *sum).then_some((row, rest))
}

/// Returns the octets of a row, to be appended to a file of `size` octets.
pub fn appended(row: &Row, names: &mut Names, size: u64) -> Vec<u8> {
    // The permitted size of the file grows during the day, so that the names of early rows leave room for later rows. Names for which there is no
    // room are left out.
    let passed = (row.minute % MINUTES).saturating_add(1);
    let minutes = ROOM_AHEAD.saturating_add(passed.saturating_mul(MINUTES - ROOM_AHEAD) / MINUTES);
    let room = minutes.saturating_mul(ROW_ROOM).saturating_sub(size);
    let room = usize::try_from(room).unwrap_or(usize::MAX).min(u16::MAX.into()).saturating_sub(FRAME);
    let row = row.encode(names, room);
    // Without names, a row has some hundred octets, and `room` limits the names. So the length fits into 16 bits.
    let length = u16::try_from(row.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &checksum(&row), &row].concat()
}

fn checksum(row: &[u8]) -> [u8; 4] {
    hash::checksum(row).to_le_bytes().first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::minutes::limits::{MAX_BUSY, MAX_DAY_FILE, NAMES_INTERVAL};
    use crate::minutes::row::{Busy, BusyCounts, BusyKind};
    use proptest::prelude::*;

    #[test]
    fn a_clock_that_jumps_removes_nothing() {
        let mut stored: BTreeSet<u64> = (70..=100).collect();
        assert_eq!(outdated(&stored, 100), [0_u64; 0]);
        assert_eq!(outdated(&stored, 101), [70]);
        // Forty days ahead, also after a restart on that day, and on the next day.
        for today in [140, 141] {
            assert_eq!(outdated(&stored, today), [0_u64; 0]);
            stored.insert(today);
            assert_eq!(outdated(&stored, today), [0_u64; 0]);
        }
        // The clock is right again.
        assert_eq!(outdated(&stored, 101), [70]);
        // The clock was right: it runs on.
        assert_eq!(outdated(&stored, 142), (70..=100).collect::<Vec<_>>());
        let jumping: BTreeSet<u64> = (0..70).map(|day| day * 50).collect();
        assert_eq!(outdated(&jumping, 3_500), (0..8).map(|day| day * 50).collect::<Vec<_>>());
    }

    fn row(minute: u64) -> Row {
        let name = |number: u64| Busy {
            kind: *BusyKind::ALL.get(usize::try_from(number % 4).unwrap()).unwrap(),
            name: format!("zone-{number}.example.net.").into(),
            counts: BusyCounts { questions: 300, failed: 2, late: 3, timeouts: 1, spent_ms: 9_000 },
        };
        let names = if minute.is_multiple_of(NAMES_INTERVAL) { MAX_BUSY as u64 } else { 0 };
        let times = |range: std::ops::Range<u8>, count| range.map(|bucket| (bucket, count)).collect();
        Row {
            minute,
            outcomes: times(0..7, 5_000),
            messages: times(0..6, 90),
            message_time: times(8..27, 100),
            latency: times(0..27, 300),
            round_trip: times(7..26, 100),
            busy: (0..names).map(|place| name((minute + place * 7) % 211)).collect(),
        }
    }

    fn file(rows: &[Row]) -> Vec<u8> {
        let (mut file, mut names) = (HEAD.to_vec(), Names::default());
        for row in rows {
            file.extend(appended(row, &mut names, file.len() as u64));
        }
        file
    }

    fn rows_of(file: &[u8]) -> (Vec<Row>, DayEnd) {
        let mut rows = Vec::new();
        let end = read(file, |row| rows.push(row));
        (rows, end)
    }

    #[test]
    fn damaged_minute_keeps_earlier_minutes() {
        let rows: Vec<Row> = (1_000..1_010).map(row).collect();
        let (whole, most) = (file(&rows), file(&rows[..9]).len());
        assert_eq!(rows_of(&whole).0, rows);
        for end in most..whole.len() {
            let (read, day) = rows_of(&whole[..end]);
            assert_eq!((read.as_slice(), day.end), (&rows[..9], most), "{end}");
        }
        // The next row is appended after the last undamaged one.
        let mut cut = whole[..most].to_vec();
        let mut names = rows_of(&cut).1.names;
        cut.extend(appended(&rows[9], &mut names, cut.len() as u64));
        assert_eq!(cut, whole);
        let mut damaged = whole.clone();
        damaged[most - 1] ^= 1;
        assert_eq!(rows_of(&damaged).0, rows[..8]);
        let mut nonsense = whole[..most].to_vec();
        nonsense.extend(b"\x01\0");
        nonsense.extend(checksum(b"\xff"));
        nonsense.extend(b"\xff");
        assert_eq!(rows_of(&nonsense).1, rows_of(&whole[..most]).1, "a sound frame without a row");
        for foreign in [&b""[..], b"{}", &whole[1..], &HEAD[..15]] {
            assert_eq!(rows_of(foreign), (Vec::new(), DayEnd::default()));
        }
    }

    #[test]
    fn busy_day_of_minutes_fits() {
        let rows: Vec<Row> = (0..MINUTES).map(|minute| row(20_000 * MINUTES + minute)).collect();
        let file = file(&rows);
        assert!(file.len() as u64 <= MAX_DAY_FILE);
        let (read, end) = rows_of(&file);
        assert_eq!((read.len() as u64, end.end), (MINUTES, file.len()));
        let named = read.iter().filter(|row| row.busy.len() >= MAX_BUSY / 2).count() as u64;
        assert!(named * 10 > MINUTES / NAMES_INTERVAL * 8, "{named}");
    }

    proptest! {
        #[test]
        fn any_file_can_be_read(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let file = [&HEAD[..], &octets].concat();
            prop_assert!(rows_of(&file).1.end <= file.len());
        }
    }
}
