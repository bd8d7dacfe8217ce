//! The registry: a file that describes the DNS lists that mail software queries, with the day on which its facts were checked.
//!
//! One such file is built in (`registry.toml`, which describes its format). The operator may configure another file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use hickory_proto::rr::Name;
use serde::Deserialize;
use toml::Spanned;

use super::codes::{Code, Span};
use super::list::{Life, List, ListSubject, Purpose, TestEntries};
use crate::limits::MAX_LISTS;

const BUILT_IN: &str = include_str!("registry.toml");

/// A registry: the descriptions of many DNS lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    /// The day on which the facts were checked, such as `2026-11-20`.
    pub dated: String,
    /// The DNS lists, by the apexes of their zones.
    pub lists: BTreeMap<Name, Arc<List>>,
    /// For DNS lists with customer keys, by the apex of the list: the zone to which resolverd sends the queries. Clients ask for names without the
    /// key, and resolverd adds the key.
    pub keyed: BTreeMap<Name, Name>,
}

/// An error in the text of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {wrong}", key_text(.key))]
pub struct RegistryError {
    /// The number of the wrong line, counted from 1.
    pub line: usize,
    /// The key of the file (such as `name`) whose value is wrong. `None` if the error is not about a value.
    pub key: Option<String>,
    /// A sentence that says what is wrong.
    pub wrong: String,
}

fn key_text(key: &Option<String>) -> String {
    key.as_ref().map_or_else(String::new, |key| format!(", {key}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryFile {
    dated: String,
    #[serde(default)]
    list: Vec<Spanned<RegistryEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryEntry {
    name: Spanned<String>,
    #[serde(default)]
    purpose: Option<Purpose>,
    #[serde(default)]
    subjects: Vec<ListSubject>,
    #[serde(default)]
    keyed: bool,
    #[serde(default)]
    with_key: Option<Spanned<String>>,
    #[serde(default)]
    #[serde(alias = "dead")]
    shut_down: Option<String>,
    #[serde(default)]
    listed: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    bits: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    refused: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    mistaken: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    tests: Option<Tests>,
    #[serde(default)]
    large: bool,
    #[serde(default)]
    free_quota: Option<u64>,
    #[serde(default)]
    terms: String,
    #[serde(default)]
    removal: Option<String>,
    source: String,
}

/// The test entries of a DNS list, as labels before the apex. Both fields are empty if the list has no test entries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tests {
    listed: Vec<Spanned<String>>,
    unlisted: Vec<Spanned<String>>,
}

/// The error and its range of octets in the text of the registry.
type PlacedError = (Range<usize>, String);

impl Registry {
    /// Returns the built-in registry.
    ///
    /// # Panics
    /// The built-in registry cannot be read. Without it, refusals of lists would count as listings, so the daemon must not start.
    pub fn built_in() -> Arc<Self> {
        static READ: LazyLock<Arc<Registry>> = LazyLock::new(|| Arc::new(Registry::read_or_panic(BUILT_IN)));
        Arc::clone(&READ)
    }

    #[expect(clippy::panic, reason = "it is read when defaults are made, before any packet")]
    fn read_or_panic(text: &str) -> Self {
        match Self::read(text) {
            Ok(registry) => registry,
            Err(error) => panic!("the built-in registry of DNS lists cannot be read: {error}"),
        }
    }

    /// Reads a registry from its text.
    ///
    /// # Errors
    /// The text has an error.
    pub fn read(text: &str) -> Result<Self, RegistryError> {
        let wrong = |span: Option<Range<usize>>, wrong: &str| {
            let start = span.map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count();
            let key = text.lines().nth(line).and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
            let wrong = wrong.trim().replace('\n', ", ");
            RegistryError { line: line.saturating_add(1), key: key.map(str::to_owned), wrong }
        };
        let file: RegistryFile =
            toml::from_str(text).map_err(|error| wrong(error.span(), error.message()))?;
        if file.list.len() > MAX_LISTS {
            return Err(wrong(None, &format!("has {} lists; the maximum is {MAX_LISTS}", file.list.len())));
        }
        let mut registry = Self { dated: file.dated, ..Self::default() };
        for entry in file.list {
            let span = entry.span();
            registry.add(entry.into_inner(), span).map_err(|(span, why)| wrong(Some(span), &why))?;
        }
        Ok(registry)
    }

    fn add(&mut self, entry: RegistryEntry, whole: Range<usize>) -> Result<(), PlacedError> {
        let apex = name_of(&entry.name)?;
        let span = entry.name.span();
        if let Some(with_key) = &entry.with_key {
            self.keyed.insert(apex.clone(), name_of(with_key)?);
        }
        let list = list_of(&apex, entry, whole)?;
        if self.lists.insert(apex.clone(), Arc::new(list)).is_some() {
            return Err((span, format!("{apex} appears twice")));
        }
        Ok(())
    }
}

fn list_of(apex: &Name, entry: RegistryEntry, whole: Range<usize>) -> Result<List, PlacedError> {
    let missing = |what: &str| Err((whole.clone(), format!("{apex} has no {what}")));
    let alive = entry.shut_down.is_none();
    let Some(purpose) = entry.purpose.or_else(|| (!alive).then_some(Purpose::Block)) else {
        return missing("purpose");
    };
    if alive && entry.subjects.is_empty() {
        return missing("subjects");
    }
    if entry.source.is_empty() {
        return missing("source");
    }
    let subjects: BTreeSet<ListSubject> = entry.subjects.iter().copied().collect();
    let mut list = List::new(apex.clone(), purpose, subjects.into_iter().collect());
    list.keyed = entry.keyed;
    list.life = entry.shut_down.map_or(Life::Alive, |how| Life::ShutDown { how });
    list.listed = codes(&entry.listed)?;
    list.refused = codes(&entry.refused)?;
    list.mistaken = codes(&entry.mistaken)?;
    list.bits = bits(&entry.bits)?;
    for refused in list.refused.iter().chain(&list.mistaken) {
        if let Some(listed) = list.listed.iter().find(|listed| listed.span.meets(refused.span)) {
            return Err((whole, format!("{} is both listed and refused", listed.span)));
        }
    }
    if let Some(tests) = entry.tests {
        list.tests = test_entries(apex, &tests)?;
    }
    if list.keyed || !list.is_alive() {
        // A DNS list cannot be tested if the test needs the customer's key, or if the list was shut down.
        list.tests = None;
    }
    list.is_large = entry.large;
    list.free_quota = entry.free_quota;
    list.terms = entry.terms;
    list.removal = entry.removal;
    list.source = entry.source;
    Ok(list)
}

fn name_of(typed: &Spanned<String>) -> Result<Name, PlacedError> {
    let text = typed.get_ref();
    let wrong = || (typed.span(), format!("\"{text}\" is not a name"));
    let mut name = Name::from_ascii(text).map_err(|_| wrong())?.to_lowercase();
    if text.is_empty() || name.is_root() {
        return Err(wrong());
    }
    name.set_fqdn(true);
    Ok(name)
}

fn codes(typed: &BTreeMap<Spanned<String>, String>) -> Result<Vec<Code>, PlacedError> {
    let code = |(span, means): (&Spanned<String>, &String)| {
        let read = span.get_ref().parse::<Span>().map_err(|why| (span.span(), why))?;
        Ok(Code { span: read, means: means.clone() })
    };
    typed.iter().map(code).collect()
}

fn bits(typed: &BTreeMap<Spanned<String>, String>) -> Result<Vec<(u8, String)>, PlacedError> {
    let bit = |(bit, means): (&Spanned<String>, &String)| match bit.get_ref().parse::<u8>() {
        Ok(read) if read.is_power_of_two() => Ok((read, means.clone())),
        _ => Err((
            bit.span(),
            format!("\"{}\" is not a bit: write 1, 2, 4, 8, 16, 32, 64 or 128", bit.get_ref()),
        )),
    };
    let mut read = typed.iter().map(bit).collect::<Result<Vec<_>, _>>()?;
    read.sort_unstable();
    Ok(read)
}

fn test_entries(apex: &Name, tests: &Tests) -> Result<Option<TestEntries>, PlacedError> {
    let below = |typed: &Spanned<String>| {
        let wrong = |_| (typed.span(), format!("\"{}\" cannot stand in front of {apex}", typed.get_ref()));
        Name::from_ascii(typed.get_ref()).and_then(|labels| labels.append_domain(apex)).map_err(wrong)
    };
    let names = |typed: &[Spanned<String>]| typed.iter().map(below).collect::<Result<Vec<_>, _>>();
    let points = TestEntries { listed: names(&tests.listed)?, unlisted: names(&tests.unlisted)? };
    Ok(Some(points).filter(|points| !points.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If the registry has fewer DNS lists, some were lost by mistake.
    const AT_LEAST: usize = 90;

    #[test]
    fn the_built_in_registry_is_read() {
        let found = Registry::read(BUILT_IN).map(|registry| registry.lists.len());
        assert!(matches!(found, Ok(count) if count >= AT_LEAST), "{found:?}");
    }

    #[test]
    #[should_panic(expected = "the built-in registry of DNS lists cannot be read: ")]
    fn broken_registry_panics() {
        Registry::read_or_panic(&BUILT_IN.replacen("\npurpose", "\nporpoise", 1));
    }
}
