//! Reads trust anchors from a file with DS and DNSKEY records, in the format of zone files, of Unbound or of BIND. If no file is configured, the
//! trust anchors are the known keys of the root zone.
//!
//! Unbound writes `trust-anchor:` before each record, and the states of keys into its file `root.key`. BIND writes the anchors in the blocks
//! `trust-anchors`, `managed-keys` and `trusted-keys`.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};
use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKeyBuf};
use hickory_proto::rr::Name;

use super::{report, value};
use crate::limits;
use dns::zone_file;
use dns::zone_file::{RecordHead, Word, ZoneFileEntry, ZoneFileError, ZoneFileReader, entries};
use validate::anchors::Anchors;

const REMEDY: &str = "give a file of DS or DNSKEY records, such as /usr/share/dns/root.ds, or leave it empty for the built-in keys";

/// The file with the keys of the root that Debian's package dns-root-data installs.
const SYSTEM: &str = "/usr/share/dns/root.ds";

const BLOCKS: [&str; 4] = ["trust-anchors", "managed-keys", "trusted-keys", "dnssec-keys"];

/// The trust anchors (keys that are trusted without a signature of a parent zone), and the file that they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustAnchor {
    /// The file from which the anchors were read. `None` means the built-in keys of the root zone, and those in the file `SYSTEM`.
    pub path: Option<PathBuf>,
    /// The trust anchors that were read from the file.
    pub anchors: Anchors,
}

impl TrustAnchor {
    /// Returns true if the text of a trust anchor file contains only keys of the root zone, and at least one of them is also built into resolverd.
    pub fn is_of_internet(text: &str) -> bool {
        parse(text).is_ok_and(|anchors| {
            let is_of_root_only = anchors.names().all(Name::is_root);
            is_of_root_only && anchors.have_key_of(&Anchors::built_in(), &Name::root())
        })
    }
}

/// Reads a trust anchor file. If the file has no key of the root zone, the known keys of the root zone are added. Otherwise an operator who adds the
/// anchor of one zone would turn off validation for all other zones.
pub(super) fn load(path: &Path) -> Result<TrustAnchor, report::WrongValue> {
    let text = value::file(path, limits::MAX_TRUST_ANCHOR_FILE, REMEDY)?;
    let mut anchors = parse(&text)
        .map_err(|wrong| report::WrongValue::new(format!("{} {wrong}", path.display()), REMEDY))?;
    if !anchors.names().any(Name::is_root) {
        anchors.add_all(newest().anchors);
    }
    Ok(TrustAnchor { path: Some(path.to_owned()), anchors })
}

/// Returns the known keys of the root zone: the built-in keys and those in the file `SYSTEM`. `SYSTEM` may be newer or older than resolverd: only
/// both together have all keys that the root zone uses.
pub(super) fn newest() -> TrustAnchor {
    let text = value::file(Path::new(SYSTEM), limits::MAX_TRUST_ANCHOR_FILE, REMEDY).ok();
    let system = text.and_then(|text| parse(&text).ok());
    TrustAnchor { path: None, anchors: joined_with(system) }
}

fn joined_with(system: Option<Anchors>) -> Anchors {
    let mut anchors = Anchors::built_in();
    if let Some(system) = system {
        anchors.add_all(system.only_for(&Name::root()));
    }
    anchors
}

/// Parses a trust anchor file in any of the known formats. The text of the error continues a sentence after the name of the file.
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

const KEYWORD: &str = "trust-anchor:";

/// Reads records in the format of zone files or of Unbound. A line that begins with `#` is skipped: it is a comment in Unbound's files.
fn read_records(text: &str, anchors: &mut Anchors) -> Result<(), String> {
    let lines = text.lines().map(|line| match line.trim_start() {
        remark if remark.starts_with('#') => "\n".to_owned(),
        // Unbound permits a record directly after the keyword. The parser of zone files needs a blank between them.
        setting if setting.starts_with(KEYWORD) => {
            format!("{}\n", line.replacen(KEYWORD, "trust-anchor: ", 1))
        }
        _ => format!("{line}\n"),
    });
    let said = |wrong: ZoneFileError| format!("cannot be read at line {}: {}", wrong.line, wrong.reason);
    // With the root as origin, all names are absolute, even without a dot at their end.
    let mut reader = ZoneFileReader::new(Name::root());
    for entry in entries(&lines.collect::<String>()) {
        let entry = entry.map_err(said)?;
        if entry.is_directive() || distrusted(&entry.comment) {
            continue;
        }
        let entry = without_keyword(entry);
        let RecordHead { owner, kind, data, .. } = reader.begin(&entry).map_err(said)?;
        let data: Vec<String> = data.iter().map(|word| word.text.clone()).collect();
        let added = match kind.to_ascii_uppercase().as_str() {
            "DS" => add_ds(&owner.to_lowercase(), &data, anchors),
            "DNSKEY" => add_key(&owner.to_lowercase(), &data, anchors),
            _ => Ok(()),
        };
        added.map_err(|wrong| format!("{wrong} at line {}", entry.line))?;
    }
    Ok(())
}

/// Removes the keyword `trust-anchor:` before a record, and the quotes in `trust-anchor: "NAME DS ..."`.
fn without_keyword(mut entry: ZoneFileEntry) -> ZoneFileEntry {
    if entry.words.first().is_some_and(|word| word.text == KEYWORD) {
        let words = entry.words.iter().skip(1).flat_map(|word| word.text.split_ascii_whitespace());
        entry.words = words.map(|text| Word { text: text.to_owned(), quoted: false }).collect();
        entry.begins_blank = false;
    }
    entry
}

/// Returns true if Unbound does not trust a key in its file `root.key`: in the states 0 (start), 1 (pending), 4 (revoked) and 5 (removed) of RFC 5011
/// section 4. `comment` is the text after the key.
fn distrusted(comment: &str) -> bool {
    let state = comment.split_once(";;state=").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, '2' | '3'))
}

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

/// Adds a trust anchor from an entry of a BIND file: a name, and the data of a DS or a DNSKEY. Newer versions of BIND write a keyword, such as
/// `initial-key`, between the name and the data.
fn add_entry(entry: &[String], anchors: &mut Anchors) -> Result<(), String> {
    let shown = entry.iter().take(2).cloned().collect::<Vec<_>>().join(" ");
    let wrong = |wrong: &str| format!("{wrong} in the entry {shown}");
    let (first, rest) = entry.split_first().ok_or_else(|| wrong("has nothing"))?;
    let owner = name(first).ok_or_else(|| wrong("has no name"))?;
    let added = match rest.split_first() {
        Some((how, data)) if how.ends_with("-ds") => add_ds(&owner, data, anchors),
        Some((how, data)) if how.ends_with("-key") => add_key(&owner, data, anchors),
        _ => add_key(&owner, rest, anchors),
    };
    added.map_err(wrong)
}

/// Splits the text of a BIND file into words. Each brace and each semicolon is a word of its own.
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

/// Adds a DS as a trust anchor. `data` are the key tag, the algorithm, the type of the digest, and the digest.
fn add_ds(owner: &Name, data: &[String], anchors: &mut Anchors) -> Result<(), &'static str> {
    let [tag, algorithm, digest_type, digest @ ..] = data else { return Err("has a DS that is too short") };
    let tag = tag.parse().map_err(|_| "has a DS without a key tag")?;
    let digest_type: u8 = digest_type.parse().map_err(|_| "has a DS without a digest type")?;
    let digest =
        HEXUPPER_PERMISSIVE.decode(joined(digest).as_bytes()).map_err(|_| "has a DS without a digest")?;
    if digest.is_empty() {
        return Err("has a DS without a digest");
    }
    anchors.add(owner, DS::new(tag, algorithm_of(algorithm)?, DigestType::from(digest_type), digest));
    Ok(())
}

/// Adds a DNSKEY as a trust anchor. `data` are the flags, the protocol, the algorithm, and the public key.
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
    zone_file::algorithm(word).map(Algorithm::from_u8).ok_or("has an unknown algorithm")
}

fn joined(words: &[impl AsRef<str>]) -> String {
    words.iter().flat_map(|word| word.as_ref().split_ascii_whitespace()).collect()
}

/// Parses a name, which is absolute even if it does not end with a dot.
fn name(word: &str) -> Option<Name> {
    let mut name = Name::from_ascii(word).ok()?.to_lowercase();
    name.set_fqdn(true);
    Some(name)
}

#[cfg(test)]
#[path = "trust_anchor_tests.rs"]
mod tests;
