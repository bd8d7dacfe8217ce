//! Reads and writes the file with the table of the keys of the root.
//!
//! Each key is a DNSKEY record with its state in a comment, as in Unbound's `root.key`, so another host can use the file as
//! `dnssec.trust_anchor`. The second line has the number of keys, because a revoked key whose line is lost could be trusted again.

use std::collections::HashMap;

use data_encoding::BASE64;
use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::dnssec::{Algorithm, PublicKey, PublicKeyBuf};

use super::root_keys::{RootKey, RootKeyState, RootKeys, is_followed};
use crate::limits::MAX_ROOT_KEYS;
use dns::clock::date;

const HEAD: &str = "; Keys of the root zone, followed by resolverd (RFC 5011). resolverd replaces this file.";

/// The states in the file, each with the number that Unbound's file has for it, and the word of RFC 5011.
const STATES: [(u8, &str, RootKeyState); 5] = [
    (1, "pending", RootKeyState::Pending),
    (2, "valid", RootKeyState::Valid),
    (3, "missing", RootKeyState::Missing),
    (4, "revoked", RootKeyState::Revoked),
    (5, "removed", RootKeyState::Removed),
];

/// The reason why the file with the keys of the root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootKeysUnreadable {
    /// The file was not written by resolverd, or it is a file of another kind.
    #[error("it is no file of resolverd with keys of the root")]
    Foreign,
    /// The file was written by a later version of resolverd.
    #[error("a newer resolverd has written it")]
    Newer,
    /// The line with this number cannot be parsed.
    #[error("line {0} cannot be read")]
    Line(usize),
    /// The file does not have the number of keys that its second line gives. It is damaged.
    #[error("it has {found} keys instead of {wanted}")]
    Count {
        /// The number of keys in the file.
        found: usize,
        /// The number of keys that the second line of the file gives.
        wanted: usize,
    },
}

impl RootKeys {
    /// Returns the text of the file with the root keys of this table.
    pub fn to_text(&self) -> String {
        let checked = self.checked.unwrap_or(0);
        let mut text =
            format!("{HEAD}\n; version=1 keys={} checked={checked} ({})\n", self.keys.len(), date(checked));
        for RootKey { key, tag, state, since, sightings } in &self.keys {
            let (number, word) =
                STATES.iter().find(|row| row.2 == *state).map_or((0, ""), |row| (row.0, row.1));
            let public = key.public_key();
            text.push_str(&format!(
                ". IN DNSKEY {} 3 {} {} ;{{id = {tag}}} ;;state={number} [ {word} ] ;;count={sightings} ;;lastchange={since} ;;{}\n",
                key.flags(),
                u8::from(public.algorithm()),
                BASE64.encode(public.public_bytes()),
                date(*since)
            ));
        }
        text
    }

    /// Reads the root keys and their states from the text of the file that `to_text` has written.
    ///
    /// # Errors
    /// Returns an error if the text is not such a file, or if it is damaged.
    pub fn of_text(text: &str) -> Result<Self, RootKeysUnreadable> {
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(RootKeysUnreadable::Foreign);
        }
        if !text.ends_with('\n') {
            return Err(RootKeysUnreadable::Line(text.lines().count()));
        }
        let second = lines.next().unwrap_or_default();
        let is_known = |version: &str| version == "1";
        let version = second.strip_prefix("; ").map(fields).and_then(|words| words.get("version").copied());
        if version.is_some_and(|version| !is_known(version)) {
            return Err(RootKeysUnreadable::Newer);
        }
        let (wanted, checked) = counted(second).ok_or(RootKeysUnreadable::Line(2))?;
        let mut keys: Vec<RootKey> = Vec::new();
        for (number, line) in (3..).zip(lines) {
            let read = key(line).filter(|read| !keys.iter().any(|known| known.key == read.key));
            keys.push(read.ok_or(RootKeysUnreadable::Line(number))?);
            if keys.len() > MAX_ROOT_KEYS {
                return Err(RootKeysUnreadable::Line(number));
            }
        }
        let found = keys.len();
        if found != wanted {
            return Err(RootKeysUnreadable::Count { found, wanted });
        }
        Ok(Self { keys, checked })
    }
}

/// Reads the second line of the file: the number of keys, and the time at which they were last validated.
fn counted(line: &str) -> Option<(usize, Option<u64>)> {
    let words = fields(line.strip_prefix("; version=1 ")?);
    let checked: u64 = words.get("checked")?.parse().ok()?;
    Some((words.get("keys")?.parse().ok()?, (checked > 0).then_some(checked)))
}

/// Returns the words of a line that have the form NAME=VALUE.
fn fields(text: &str) -> HashMap<&str, &str> {
    text.split_ascii_whitespace().filter_map(|word| word.trim_start_matches(';').split_once('=')).collect()
}

fn key(line: &str) -> Option<RootKey> {
    let (record, comment) = line.split_once(" ;{")?;
    let comment = fields(comment.split_once(" ;;").map(|(_, comment)| comment)?);
    let words: Vec<&str> = record.split(' ').collect();
    let [".", "IN", "DNSKEY", flags, "3", algorithm, octets] = words.as_slice() else {
        return None;
    };
    let public = BASE64.decode(octets.as_bytes()).ok()?;
    let public = PublicKeyBuf::new(public, Algorithm::from_u8(algorithm.parse().ok()?));
    let key = DNSKEY::with_flags(flags.parse().ok()?, public);
    if !is_followed(&key) || key.revoke() {
        return None;
    }
    let number: u8 = comment.get("state")?.parse().ok()?;
    Some(RootKey {
        tag: key.calculate_key_tag().ok()?,
        key,
        state: STATES.iter().find(|row| row.0 == number)?.2,
        since: comment.get("lastchange")?.parse().ok()?,
        sightings: comment.get("count")?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> RootKeys {
        let keys = (1..).zip(STATES).map(|(number, (_, _, state))| {
            let public = PublicKeyBuf::new(vec![number; 64], Algorithm::ECDSAP256SHA256);
            let key = DNSKEY::with_flags(257, public);
            let tag = key.calculate_key_tag().unwrap();
            RootKey { key, tag, state, since: 1_767_225_600 + u64::from(number), sightings: number.into() }
        });
        RootKeys { keys: keys.collect(), checked: Some(1_767_312_000) }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for keys in [some(), RootKeys::default()] {
            assert_eq!(RootKeys::of_text(&keys.to_text()), Ok(keys));
        }
        let text = some().to_text();
        let first = text.lines().nth(2).unwrap();
        assert!(first.starts_with(". IN DNSKEY 257 3 13 AQEBAQ"), "{first}");
        assert!(
            first.ends_with(" ;;state=1 [ pending ] ;;count=1 ;;lastchange=1767225601 ;;2026-01-01"),
            "{first}"
        );
    }

    #[test]
    fn damaged_root_key_file_is_refused() {
        let text = some().to_text();
        let lines: Vec<&str> = text.lines().collect();
        let without_last = lines[..lines.len() - 1].join("\n") + "\n";
        assert_eq!(RootKeys::of_text(&without_last), Err(RootKeysUnreadable::Count { found: 4, wanted: 5 }));
        let twice = format!("{text}{}\n", lines[2]);
        assert_eq!(RootKeys::of_text(&twice), Err(RootKeysUnreadable::Line(8)));
        let unbound = "; autotrust trust anchor file\n;;id: . 1\n";
        for foreign in ["", unbound, lines[2], "\u{0}"] {
            assert_eq!(RootKeys::of_text(foreign), Err(RootKeysUnreadable::Foreign), "{foreign}");
        }
        {
            let newer = RootKeys::default().to_text().replace("version=1", "version=2");
            assert_eq!(RootKeys::of_text(&newer), Err(RootKeysUnreadable::Newer));
        }
        for (from, to) in [
            ("state=4", "state=6"),
            ("state=4", "stat=4"),
            ("257 3 13", "385 3 13"),
            ("257 3 13", "256 3 13"),
            ("257 3 13", "257 3 300"),
            ("BAQEBAQ", "BAQE*AQ"),
            ("lastchange=1767225604", "lastchange=-1"),
            ("version=1", "version=2"),
            ("keys=5", "keys=x"),
        ] {
            let damaged = text.replace(from, to);
            assert_ne!(damaged, text, "{from}");
            assert!(RootKeys::of_text(&damaged).is_err(), "{from} {to}");
        }
        for end in 0..text.len() {
            assert!(RootKeys::of_text(&text[..end]).is_err(), "{end}");
        }
    }
}
