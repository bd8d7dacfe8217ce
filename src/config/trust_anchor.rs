//! Trust anchors from a file of DS and DNSKEY records, as zone files, Unbound and BIND spell them; and which keys of the root
//! are taken where no file is named.
//!
//! May call: `validate::anchors`, `config::{report, value}`, `limits`. Of zone files (RFC 1035 section 5.1) what such files
//! use is read: parentheses, comments, TTL and class optional, an owner left out is the one before. Of Unbound: its
//! `trust-anchor:` lines and the states of its `root.key`. Of BIND: `trust-anchors`, `managed-keys` and `trusted-keys`.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};
use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKeyBuf};
use hickory_proto::rr::Name;

use super::report::Wrong;
use super::value;
use crate::limits;
use crate::validate::anchors::Anchors;

/// What to do about a file that cannot be used.
const REMEDY: &str = "name a file of DS or DNSKEY records, like /usr/share/dns/root.ds, or leave it empty for the built-in keys";

/// Where Debian's package dns-root-data puts the root's keys.
const SYSTEM: &str = "/usr/share/dns/root.ds";

/// The blocks of BIND's configuration that hold anchors.
const BLOCKS: [&str; 4] = ["trust-anchors", "managed-keys", "trusted-keys", "dnssec-keys"];

/// Mnemonics of algorithms that files have instead of numbers (RFC 4034 appendix A.1 and IANA's registry).
const ALGORITHMS: [(&str, u8); 8] = [
    ("RSASHA1", 5),
    ("NSEC3RSASHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
];

/// Keys that are trusted without being signed.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustAnchor {
    /// The file that they came from; none: they are built in, or the system's.
    pub path: Option<PathBuf>,
    /// They.
    pub anchors: Anchors,
}

/// Reads a file of anchors. The root's keys hold beside them, unless the file has its own: an anchor of one zone of the
/// operator's takes no other's away.
pub(super) fn load(path: &Path) -> Result<TrustAnchor, Wrong> {
    let text = value::file(path, limits::MAX_TRUST_ANCHOR_FILE, REMEDY)?;
    let mut anchors =
        parse(&text).map_err(|wrong| Wrong::new(format!("{} {wrong}", path.display()), REMEDY))?;
    if !anchors.names().any(Name::is_root) {
        anchors.add_all(newest().anchors);
    }
    Ok(TrustAnchor { path: Some(path.to_owned()), anchors })
}

/// The root's keys: the built-in ones, and those of the system beside them. The system's file may be newer than this program,
/// or older, or somebody's own: none of these takes a key away that the root signs with.
pub(super) fn newest() -> TrustAnchor {
    let text = value::file(Path::new(SYSTEM), limits::MAX_TRUST_ANCHOR_FILE, REMEDY).ok();
    let system = text.and_then(|text| parse(&text).ok());
    TrustAnchor { path: None, anchors: joined_with(system) }
}

/// The built-in keys with those that the system's file has of the root.
fn joined_with(system: Option<Anchors>) -> Anchors {
    let mut anchors = Anchors::built_in();
    if let Some(system) = system {
        anchors.add_all(system.of(&Name::root()));
    }
    anchors
}

/// Reads anchors; the error is what is wrong, to be put after the file's name.
fn parse(text: &str) -> Result<Anchors, String> {
    let starts = |line: &str| BLOCKS.iter().any(|block| line.trim_start().starts_with(block));
    let mut anchors = Anchors::default();
    if text.lines().any(starts) {
        read_blocks(text, &mut anchors)?;
    } else {
        read_records(text, &mut anchors)?;
    }
    if anchors.names().next().is_none() {
        return Err("has no DS or DNSKEY record".to_owned());
    }
    Ok(anchors)
}

/// Records as zone files have them.
fn read_records(text: &str, anchors: &mut Anchors) -> Result<(), String> {
    let (mut words, mut begun, mut depth): (Vec<String>, usize, usize) = (Vec::new(), 1, 0);
    let mut owner = None;
    let mut without_owner = false;
    for (number, line) in (1..).zip(text.lines()) {
        let (record, comment) = split_comment(line);
        if depth == 0 {
            begun = number;
            without_owner = record.starts_with([' ', '\t']);
            words.clear();
        }
        let named = record.trim().strip_prefix("trust-anchor:");
        without_owner &= named.is_none();
        let record = named.unwrap_or(record);
        for word in record.replace('(', " ( ").replace(')', " ) ").replace('"', " ").split_ascii_whitespace()
        {
            match word {
                "(" => depth = depth.saturating_add(1),
                ")" => depth = depth.saturating_sub(1),
                word => words.push(word.to_owned()),
            }
        }
        if depth > 0
            || words.is_empty()
            || words.first().is_some_and(|word| word.starts_with('$'))
            || distrusted(comment)
        {
            continue;
        }
        if !without_owner {
            owner = Some(name(&words.remove(0)).ok_or_else(|| format!("has no name at line {begun}"))?);
        }
        let Some(owner) = owner.clone() else { return Err(format!("has no name at line {begun}")) };
        add_record(&owner, &words, anchors).map_err(|wrong| format!("{wrong} at line {begun}"))?;
    }
    if depth > 0 { Err(format!("has a parenthesis that is not closed, at line {begun}")) } else { Ok(()) }
}

/// A line without its comment, and that: `;` of zone files, and of Unbound `#` where a line begins.
fn split_comment(line: &str) -> (&str, &str) {
    if line.trim_start().starts_with('#') {
        return ("", "");
    }
    line.split_once(';').unwrap_or((line, ""))
}

/// Whether Unbound has noted in `root.key` that it does not trust the key: states 0 (start), 1 (pending), 4 (revoked) and 5
/// (removed) of RFC 5011 section 4.
fn distrusted(comment: &str) -> bool {
    let state = comment.split_once(";;state=").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, '2' | '3'))
}

/// What follows the owner: TTL and class in any order, type, data. Other types are passed over.
fn add_record(owner: &Name, words: &[String], anchors: &mut Anchors) -> Result<(), &'static str> {
    let skipped = |word: &&String| {
        word.starts_with(|first: char| first.is_ascii_digit()) || word.eq_ignore_ascii_case("IN")
    };
    let skip = words.iter().take_while(skipped).count();
    let (kind, data) = words.get(skip..).and_then(<[String]>::split_first).ok_or("has no type")?;
    match kind.to_ascii_uppercase().as_str() {
        "DS" => add_ds(owner, data, anchors),
        "DNSKEY" => add_key(owner, data, anchors),
        _ => Ok(()),
    }
}

/// The blocks of a BIND configuration.
fn read_blocks(text: &str, anchors: &mut Anchors) -> Result<(), String> {
    let words = bind_words(text);
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if !BLOCKS.contains(&word) || words.next_if_eq(&"{").is_none() {
            continue;
        }
        let mut entry: Vec<String> = Vec::new();
        for word in words.by_ref() {
            match word {
                ";" if entry.is_empty() => {}
                ";" => add_entry(&std::mem::take(&mut entry), anchors)?,
                "}" => break,
                word => entry.push(word.to_owned()),
            }
        }
    }
    Ok(())
}

/// A name, in newer blocks how it is to be followed, and the data of a DS or a key.
fn add_entry(entry: &[String], anchors: &mut Anchors) -> Result<(), String> {
    let told = entry.iter().take(2).cloned().collect::<Vec<_>>().join(" ");
    let wrong = |wrong: &str| format!("{wrong} in the entry {told}");
    let (first, rest) = entry.split_first().ok_or_else(|| wrong("has nothing"))?;
    let owner = name(first).ok_or_else(|| wrong("has no name"))?;
    let added = match rest.split_first() {
        Some((how, data)) if how.ends_with("-ds") => add_ds(&owner, data, anchors),
        Some((how, data)) if how.ends_with("-key") => add_key(&owner, data, anchors),
        _ => add_key(&owner, rest, anchors),
    };
    added.map_err(wrong)
}

/// Words of a BIND configuration: comments left out, quotes taken off, braces and semicolons words of their own.
fn bind_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => push(&mut words, letter),
            '#' => pass_over(&mut letters, "\n"),
            '/' if next == Some('/') => pass_over(&mut letters, "\n"),
            '/' if next == Some('*') => pass_over(&mut letters, "*/"),
            '{' | '}' | ';' => words.extend([letter.to_string(), String::new()]),
            _ if letter.is_whitespace() => words.push(String::new()),
            _ => push(&mut words, letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Leaves out what comes up to `end`, and that.
fn pass_over(letters: &mut impl Iterator<Item = char>, end: &str) {
    let mut passed = String::new();
    for letter in letters {
        passed.push(letter);
        if passed.ends_with(end) {
            return;
        }
    }
}

fn push(words: &mut [String], letter: char) {
    if let Some(word) = words.last_mut() {
        word.push(letter);
    }
}

/// Tag, algorithm, type of digest, digest.
fn add_ds(owner: &Name, data: &[String], anchors: &mut Anchors) -> Result<(), &'static str> {
    let [tag, algorithm, digest_type, digest @ ..] = data else { return Err("has too short a DS") };
    let tag = tag.parse().map_err(|_| "has a DS without a key tag")?;
    let digest_type: u8 = digest_type.parse().map_err(|_| "has a DS without a type of digest")?;
    let digest =
        HEXUPPER_PERMISSIVE.decode(joined(digest).as_bytes()).map_err(|_| "has a DS without a digest")?;
    if digest.is_empty() {
        return Err("has a DS without a digest");
    }
    anchors.add(owner, DS::new(tag, algorithm_of(algorithm)?, DigestType::from(digest_type), digest));
    Ok(())
}

/// Flags, protocol, algorithm, key.
fn add_key(owner: &Name, data: &[String], anchors: &mut Anchors) -> Result<(), &'static str> {
    let words: Vec<&str> = data.iter().map(String::as_str).collect();
    let [flags, "3", algorithm, key @ ..] = words.as_slice() else {
        return Err("has a key without flags, protocol 3 and algorithm");
    };
    let flags = flags.parse().map_err(|_| "has a key without flags")?;
    let key = BASE64.decode(joined(key).as_bytes()).map_err(|_| "has a key that is not base64")?;
    let key = DNSKEY::with_flags(flags, PublicKeyBuf::new(key, algorithm_of(algorithm)?));
    if anchors.add_key(owner, &key) { Ok(()) } else { Err("has a key that cannot be used") }
}

fn algorithm_of(word: &str) -> Result<Algorithm, &'static str> {
    let named =
        ALGORITHMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, number)| *number);
    let number = named.or_else(|| word.parse().ok());
    number.map(Algorithm::from_u8).ok_or("has an algorithm that is none")
}

/// Data that stand in several words, or in one that is quoted and has spaces.
fn joined(words: &[impl AsRef<str>]) -> String {
    words.iter().flat_map(|word| word.as_ref().split_ascii_whitespace()).collect()
}

/// A name as these files mean it: absolute even without its last dot.
fn name(word: &str) -> Option<Name> {
    let mut name = Name::from_ascii(word).ok()?.to_lowercase();
    name.set_fqdn(true);
    Some(name)
}

#[cfg(test)]
#[path = "trust_anchor_tests.rs"]
mod tests;
