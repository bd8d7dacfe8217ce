//! The ranges in the shipped configuration file must be those of the code.

use std::path::Path;

use super::load;

/// The other keys that an entry must have so that a range can be tested.
const ENTRIES: [(&str, &str); 5] = [
    ("[[listener]]", "addresses = [\"127.0.0.2:53\"]\n"),
    ("[[zone]]", "name = \"corp.example\"\nstub = [\"10.1.1.1\"]\n"),
    ("[[record]]", "name = \"corp.example\"\ntype = \"A\"\ndata = [\"10.0.0.1\"]\n"),
    ("[[list]]", "name = \"zen.spamhaus.org\"\n"),
    ("[[watch]]", "domain = \"example.com\"\n"),
];

/// A number, a duration or a size.
#[derive(Debug, PartialEq)]
struct Scalar<'a> {
    number: u64,
    unit: &'a str,
}

impl<'a> Scalar<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let known = ["", "ms", "s", "m", "h", "d", "KiB", "MiB", "GiB"].contains(&unit);
        Some(Self { number: number.parse().ok().filter(|_| known)?, unit })
    }

    fn typed(&self) -> String {
        let Self { number, unit } = self;
        if unit.is_empty() { number.to_string() } else { format!("\"{number}{unit}\"") }
    }

    /// Returns the next larger or smaller value, or `None` below zero.
    fn next(&self, up: bool) -> Option<Self> {
        let step = |number: u64| if up { Some(number + 1) } else { number.checked_sub(1) };
        let millis = match self.unit {
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return step(self.number).map(|number| Self { number, unit: self.unit }),
        };
        step(self.number * millis).map(|number| Self { number, unit: "ms" })
    }
}

/// Returns LOW and HIGH of `Range: LOW to HIGH.` or `Range: LOW or more.`
fn range(comment: &str) -> Option<(Scalar<'_>, Option<Scalar<'_>>)> {
    let (_, text) = comment.split_once("Range: ")?;
    let text = text.split(". ").next()?.trim_end_matches('.');
    if let Some(low) = text.strip_suffix(" or more") {
        return Some((Scalar::read(low)?, None));
    }
    let (low, high) = text.split_once(" to ")?;
    Some((Scalar::read(low)?, Some(Scalar::read(high)?)))
}

#[test]
fn the_shipped_file_says_the_ranges() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    let (mut section, mut comment, mut tested) = (String::new(), String::new(), 0);
    for line in std::fs::read_to_string(shipped).unwrap().lines() {
        let plain = line.trim_start_matches('#');
        if let Some(text) = line.strip_prefix("# ") {
            comment += &format!("{text} ");
        } else if plain.starts_with('[') {
            plain.clone_into(&mut section);
        } else if let (Some((key, _)), Some((low, high))) = (plain.split_once(" = "), range(comment.trim())) {
            let others = ENTRIES.iter().find(|(head, _)| *head == section).map_or("", |(_, keys)| *keys);
            let is_accepted = |value: &Scalar<'_>| {
                load(&format!("version = 1\n{section}\n{others}{key} = {}\n", value.typed())).is_ok()
            };
            assert!(is_accepted(&low), "{section} {key} {low:?}");
            assert!(low.next(false).is_none_or(|less| !is_accepted(&less)), "{section} {key} below {low:?}");
            if let Some(high) = high {
                assert!(is_accepted(&high), "{section} {key} {high:?}");
                assert!(!is_accepted(&high.next(true).unwrap()), "{section} {key} above {high:?}");
            }
            tested += 1;
        }
        if line.is_empty() {
            comment.clear();
        }
    }
    assert_eq!(tested, 14, "keys with a range of numbers, spans or sizes");
}

#[test]
fn zero_history_size_disables_history() {
    for typed in ["0", "\"0\""] {
        let config = load(&format!("version = 1\n[history]\nsize = {typed}\n"));
        assert_eq!(config.map(|config| config.history.size), Ok(Some(0)), "{typed}");
    }
    for typed in ["1", "-0", "0.0", "\"-0\""] {
        assert!(load(&format!("version = 1\n[history]\nsize = {typed}\n")).is_err(), "{typed}");
    }
}
