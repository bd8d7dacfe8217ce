//! The value of a set of records: a digest of all of it, and a short text.

use std::collections::BTreeSet;

use crate::limits::MAX_VALUE_TEXT;

/// The text of a value that does not exist.
const NONE: &str = "none";

/// The value of a set of records. The order of the records does not count. The default value is that of a set without records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub(super) digest: u32,
    /// Printable ASCII without quotes and backslashes, at most `MAX_VALUE_TEXT` octets.
    pub(super) text: Box<str>,
}

impl Value {
    /// Creates the value of a set of records, each given by its text. The value of no records is "none".
    pub fn of(records: impl IntoIterator<Item = String>) -> Self {
        let sorted: BTreeSet<String> = records.into_iter().collect();
        if sorted.is_empty() {
            return Self::default();
        }
        let whole = sorted.into_iter().collect::<Vec<_>>().join(", ");
        let digest = digest(whole.as_bytes());
        Self { digest, text: short(&printable(&whole), digest).into() }
    }
}

impl Default for Value {
    fn default() -> Self {
        Self { digest: digest(b""), text: NONE.into() }
    }
}

/// Returns FNV-1a of 64 bits, folded to 32. It is the same in each process, as the file requires. Nobody gains from two equal digests but the owner
/// of a record who wants to hide its change.
fn digest(octets: &[u8]) -> u32 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = octets.iter().fold(OFFSET, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(PRIME));
    let [one, two, three, four, five, six, seven, eight] = hash.to_le_bytes();
    u32::from_le_bytes([one, two, three, four]) ^ u32::from_le_bytes([five, six, seven, eight])
}

fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        '"' | '\\' => '\'',
        ' '..='~' => letter,
        _ => '?',
    };
    text.chars().map(shown).collect()
}

/// Cuts the middle out of a long text, because the keys of DKIM begin alike, and adds the digest, so that different values have different texts.
fn short(text: &str, digest: u32) -> String {
    if text.len() <= MAX_VALUE_TEXT {
        return text.to_owned();
    }
    let mark = format!(" (#{digest:08x})");
    let room = MAX_VALUE_TEXT.saturating_sub(mark.len()).saturating_sub(3);
    let (head, tail) = (room.saturating_mul(2) / 3, room / 3);
    let begin = text.get(..head).unwrap_or_default();
    let end = text.get(text.len().saturating_sub(tail)..).unwrap_or_default();
    format!("{begin}...{end}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_set() {
        let value = |texts: &[&str]| Value::of(texts.iter().map(ToString::to_string));
        assert_eq!(value(&["20 b.", "10 a.", "10 a."]), value(&["10 a.", "20 b."]));
        assert_eq!(&*value(&["20 b.", "10 a."]).text, "10 a., 20 b.");
        assert_ne!(value(&["10 a."]).digest, value(&["20 a."]).digest);
        assert_eq!(value(&[]), Value::default());
    }

    #[test]
    fn long_values_differ_in_their_texts() {
        let [one, other] = ["1", "2"]
            .map(|middle| Value::of([format!("{}{middle}{}", "\"\u{e4}\u{7}".repeat(60), "y".repeat(90))]));
        assert!(one.text.len() <= MAX_VALUE_TEXT && one.text != other.text, "{}", one.text);
        assert!(!one.text.contains(['"', '\\', '\u{7}']) && one.text.is_ascii());
    }
}
