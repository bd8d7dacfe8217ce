use std::collections::BTreeMap;

use super::*;
use dns::random::Random;

const HOUR: u64 = 60 * 60;
const BEGIN: u64 = 1_795_000_000;
const MONTH: u64 = 30 * DAY;

fn see(changes: &mut Changes, (name, kind): (&str, RecordKind), value: Option<&str>, at: u64) {
    let value = value.map(|value| Value::of([value.to_owned()]));
    changes.observe(&Observed { name, owner: None, kind, value, at });
}

/// Shows the values to an empty table, one an hour, and returns the changes as `old new`.
fn told(values: &[&str]) -> Vec<String> {
    let mut changes = Changes::default();
    for (hour, value) in (0_u64..).zip(values) {
        see(&mut changes, ("a.test.", RecordKind::Mx), Some(value), BEGIN + hour * HOUR);
    }
    let mut rows = changes.report("a.test.", 0).changes;
    rows.reverse();
    rows.into_iter().map(|row| format!("{} {}", row.old, row.new)).collect()
}

#[test]
fn an_undone_change_is_two_changes() {
    assert_eq!(told(&["a", "a", "b", "a"]), ["a b", "b a"]);
    assert_eq!(told(&["a", "a", "b", "b", "b", "a"]), ["a b", "b a"]);
}

#[test]
fn rotating_values_are_no_changes() {
    for rotation in [
        &["a", "b", "a", "b"][..],
        &["a", "b", "c", "a", "b", "c"],
        &["a", "a", "a", "a", "b", "a", "a", "a", "a", "b", "a"],
        &["a", "b", "c", "d", "e", "f"],
    ] {
        assert!(told(rotation).is_empty(), "{rotation:?}: {:?}", told(rotation));
    }
}

#[test]
fn a_change_before_a_rotation_stays() {
    let mut values = vec!["x"; 10];
    values.extend(["a", "b", "a", "b", "a"]);
    assert_eq!(told(&values), ["x a"]);
}

#[test]
fn change_with_late_secondaries_counts_once() {
    let mut values = vec!["a"; 10];
    values.extend(["b", "a", "b", "a"]);
    assert!(told(&values).is_empty());
    values.extend(["b"; 26]);
    assert_eq!(told(&values), ["a b"]);
}

#[test]
fn denial_counts_at_watched_name() {
    let mut changes = Changes::default();
    see(&mut changes, ("a.test.", RecordKind::Mx), None, BEGIN);
    see(&mut changes, ("a.test.", RecordKind::Ds), Some("1"), BEGIN);
    assert!(!changes.has("a.test."));
    see(&mut changes, ("a.test.", RecordKind::Mx), Some("10 mx.a.test."), BEGIN);
    see(&mut changes, ("a.test.", RecordKind::Ds), None, BEGIN);
    see(&mut changes, ("a.test.", RecordKind::Ds), Some("1 13 2 ff"), BEGIN + HOUR);
    see(&mut changes, ("a.test.", RecordKind::Ds), Some("9"), BEGIN + HOUR);
    let rows = changes.report("a.test.", 0).changes;
    assert_eq!((&*rows[0].old, &*rows[0].new, rows.len()), ("none", "1 13 2 ff", 1), "one set, read twice");
}

#[test]
fn a_domain_shows_its_mail_hosts() {
    let mut changes = Changes::default();
    see(&mut changes, ("a.test.", RecordKind::Mx), Some("10 mx.b.test."), BEGIN);
    changes.set_hosts("a.test.", ["mx.b.test.".into()].into_iter());
    see(&mut changes, ("mx.b.test.", RecordKind::A), Some("192.0.2.1"), BEGIN);
    see(&mut changes, ("mx.b.test.", RecordKind::A), Some("192.0.2.2"), BEGIN + HOUR);
    let report = changes.report("a.test.", 0);
    assert_eq!((&*report.changes[0].name, report.since), ("mx.b.test.", Some(BEGIN)));
    assert!(changes.report("a.test.", BEGIN + 2 * HOUR).changes.is_empty());
    let read = Changes::from_octets(&changes.to_octets().unwrap(), BEGIN + DAY).unwrap().unwrap();
    assert_eq!(read.report("a.test.", 0), report);
    let late = Changes::from_octets(&changes.to_octets().unwrap(), BEGIN + MONTH + DAY).unwrap().unwrap();
    assert!(!late.has("a.test."));
    assert!(Changes::from_octets(b"{", BEGIN).is_err());
    let other = br#"{"version":9,"names":{}}"#;
    assert!(Changes::from_octets(other, BEGIN).unwrap().is_none());
}

/// The number of records of which each has one change, two of them undone, and of records that rotate.
const CHANGED: u64 = 190;
const UNDONE: u64 = 5;
const ROTATING: u64 = 2_000;

/// Shows a month of records. Each is asked for at its own pace, between every ten minutes and every twelve hours.
fn month(random: &Random) -> (Changes, BTreeMap<String, usize>) {
    let (mut changes, mut due) = (Changes::default(), BTreeMap::new());
    for number in 0..CHANGED + UNDONE + ROTATING {
        let name = format!("d{number}.test.");
        let subject = (&*name, [RecordKind::Mx, RecordKind::A][usize::from(number % 2 == 0)]);
        let pace = 600 + random.u64() % (12 * HOUR);
        // A rotation has two to twelve values; each answer has one of them by chance, or they take turns at each
        // answer or every five hours, or the first comes most often.
        let (size, way) = (2 + random.u64() % 11, random.u64() % 4);
        let changes_at = BEGIN + MONTH / 10 + random.u64() % (MONTH * 8 / 10);
        let undone_at = changes_at + DAY;
        let mut answers = 0;
        let mut at = BEGIN + random.u64() % HOUR;
        while at < BEGIN + MONTH {
            let value = match number {
                changed if changed < CHANGED => u64::from(at >= changes_at),
                undone if undone < CHANGED + UNDONE => u64::from((changes_at..undone_at).contains(&at)),
                _ if way == 0 => random.u64() % size,
                _ if way == 1 => answers % size,
                _ if way == 2 => at / (5 * HOUR) % size,
                _ => (random.u64() % size) * u64::from(random.u64().is_multiple_of(2)),
            };
            see(&mut changes, subject, Some(&format!("value {value}")), at);
            answers += 1;
            at += pace / 2 + random.u64() % pace;
        }
        due.insert(
            name,
            if number < CHANGED {
                1
            } else if number < CHANGED + UNDONE {
                2
            } else {
                0
            },
        );
    }
    (changes, due)
}

#[test]
fn month_finds_changes_and_no_rotation() {
    for seed in 0..3 {
        let (changes, due) = month(&Random::seeded(seed));
        let mut found = 0;
        for (name, due) in due {
            let rows = changes.report(&name, 0).changes;
            assert_eq!(rows.len(), due, "{seed} {name}: {rows:?}");
            found += due;
        }
        assert_eq!(found, 200);
    }
}

#[test]
fn flood_of_names_leaves_known_changes() {
    let mut changes = Changes::default();
    for (at, value) in [(BEGIN, "10 old."), (BEGIN + DAY, "10 new.")] {
        see(&mut changes, ("known.test.", RecordKind::Mx), Some(value), at);
    }
    let long = "x".repeat(300);
    for number in 0..60_000_u64 {
        let name = format!("flood-{number}-{}.test.", "y".repeat(40));
        see(&mut changes, (&name, RecordKind::Mx), Some(&long), BEGIN + 2 * DAY + number);
        for answer in 0..u64::from(number % 1_000 == 0) * 200 {
            see(
                &mut changes,
                (&name, RecordKind::Mx),
                Some(&format!("{answer}{long}")),
                BEGIN + 3 * DAY + answer * 9,
            );
        }
    }
    assert!(changes.weight <= MAX_CHANGES_OCTETS);
    let octets = changes.to_octets().unwrap().len();
    assert!(octets <= changes.weight + 64 && octets > MAX_CHANGES_OCTETS / 3, "{octets}");
    assert_eq!(changes.report("known.test.", 0).changes.len(), 1);
    let weight = changes.weight;
    changes.tend(BEGIN + 3 * DAY);
    assert_eq!(changes.weight, weight);
}
