//! Converts the parsed configuration file (a TOML tree), as the rows in `table` say, and collects all errors.
//!
//! `check` finds invalid combinations later, because keys and entries may be in any order.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeTable;

use super::Config;
use super::keys::{self, ConfigKey, SingleSection, TableEntry};
use super::report::{LineStarts, Problems, WrongValue};
use super::table::{KeyNames, KeyPlace, Visitor};
use super::value::Typed;

pub(super) struct ConfigReader<'t> {
    tree: &'t DeTable<'t>,
    places: &'t LineStarts,
    /// Relative paths start at this directory.
    directory: &'t Path,
    names: KeyNames,
    pub(super) config: Config,
    pub(super) lines: KeyLines,
    pub(super) problems: Problems,
}

/// The line numbers of keys, for error messages.
#[derive(Default)]
pub(super) struct KeyLines {
    /// Keys of sections that occur only once, by section and key.
    once: BTreeMap<(&'static str, String), usize>,
    /// Entries of sections that may occur several times, such as `zone`, in the order of the file.
    many: BTreeMap<&'static str, Vec<EntryLines>>,
}

/// The line number of an entry's header, and those of its keys.
#[derive(Default)]
struct EntryLines {
    head: usize,
    keys: BTreeMap<String, usize>,
}

impl KeyLines {
    /// Returns the line of a key in a section that occurs only once, if the file has the key.
    pub(super) fn line_of(&self, section: &'static str, key: &str) -> Option<usize> {
        self.once.get(&(section, key.to_owned())).copied()
    }

    /// Returns the line of a key in the entry with the index `place`, or else of the entry's header.
    pub(super) fn of_entry(&self, section: &str, place: usize, key: &str) -> Option<usize> {
        let entry = self.many.get(section)?.get(place)?;
        Some(entry.keys.get(key).copied().unwrap_or(entry.head))
    }
}

/// The keys of a section or entry in the file, with their values.
struct TypedKeys<'f> {
    /// The line of the section's header.
    line: usize,
    keys: BTreeMap<&'f str, (usize, &'f Typed<'f>)>,
}

impl TypedKeys<'_> {
    /// Returns the line of the file for the error `wrong`: the line of the wrong value if the error has its position, otherwise the line of
    /// `key`. If the section has no `key`, returns the line of the section's header.
    fn line_of(&self, key: &str, wrong: &WrongValue, places: &LineStarts) -> usize {
        let line = self.keys.get(key).map_or(self.line, |(line, _)| *line);
        wrong.span.clone().map_or(line, |span| places.line_of(span.start))
    }

    fn lines(&self) -> impl Iterator<Item = (String, usize)> {
        self.keys.iter().map(|(key, (line, _))| ((*key).to_owned(), *line))
    }
}

impl<'t> ConfigReader<'t> {
    pub(super) fn new(
        tree: &'t DeTable<'t>,
        places: &'t LineStarts,
        directory: &'t Path,
        config: Config,
    ) -> Self {
        Self {
            tree,
            places,
            directory,
            names: KeyNames::all(),
            config,
            lines: KeyLines::default(),
            problems: Problems::default(),
        }
    }

    /// Adds an error for each unknown section, and for each key outside of all sections.
    pub(super) fn check_sections(&mut self) {
        for (key, found) in self.tree {
            let name = key.get_ref().as_ref();
            if name != "version" && self.names.section(name).is_none() {
                let remedy = self.names.unknown_section(name, found.get_ref());
                let wrong = WrongValue::new("is not a known section or key", remedy);
                self.problems.add(Some(self.places.line_of(key.span().start)), Some(name), wrong);
            }
        }
    }

    /// Returns the keys of a section or entry with their values. An unknown key is an error.
    fn found(&mut self, section: &str, line: usize, table: &'t DeTable<'t>) -> TypedKeys<'t> {
        let mut found = TypedKeys { line, keys: BTreeMap::new() };
        let Some(section) = self.names.section(section) else { return found };
        for (key, typed) in table {
            let line = self.places.line_of(key.span().start);
            let typed_name = key.get_ref().as_ref();
            let name = keys::renamed(section.name, typed_name).unwrap_or(typed_name);
            if section.keys.contains(&name) {
                if let Some((other, _)) = found.keys.insert(name, (line, typed)) {
                    let wrong = format!("is set twice: line {other} has its former name");
                    let wrong = WrongValue::new(wrong, "remove that line");
                    self.problems.add(Some(line), Some(&format!("{}.{name}", section.name)), wrong);
                }
            } else {
                let wrong = WrongValue::new("is not a known key", self.names.unknown(section, name));
                self.problems.add(Some(line), Some(&format!("{}.{name}", section.name)), wrong);
            }
        }
        found
    }

    fn head(&self, section: &str) -> String {
        self.names.section(section).map(|section| section.head()).unwrap_or_default()
    }

    /// Adds the errors in `wrongs` to the problems. An error without a key is about the whole section or entry.
    fn tell(
        &mut self,
        section: &str,
        found: &TypedKeys<'_>,
        wrongs: Vec<(Option<&'static str>, WrongValue)>,
    ) {
        for (key, wrong) in wrongs {
            let line = found.line_of(key.unwrap_or_default(), &wrong, self.places);
            let name = key.map_or_else(|| section.to_owned(), |key| format!("{section}.{key}"));
            self.problems.add(Some(line), Some(&name), wrong);
        }
    }

    /// Reads an entry. Returns `None` if the name of the entry cannot be read.
    fn entry<Kind: TableEntry>(&mut self, line: usize, table: &'t DeTable<'t>) -> Option<Kind> {
        let found = self.found(Kind::NAME, line, table);
        let mut entry = Kind::blank();
        let mut wrongs = read_keys(Kind::KEYS, &mut entry, &found, self.directory);
        let mut missing: Vec<(Option<&'static str>, WrongValue)> = Vec::new();
        for key in Kind::KEYS.iter().filter(|key| key.required && !found.keys.contains_key(key.name)) {
            let remedy = format!("write {} = below {}", key.name, self.head(Kind::NAME));
            missing.push((Some(key.name), WrongValue::new("is missing", remedy)));
        }
        wrongs.extend(missing);
        let is_known = wrongs.iter().all(|(key, _)| *key != Some("name"));
        let mut typed: Vec<(usize, &'static str)> = Kind::KEYS
            .iter()
            .filter_map(|key| found.keys.get(key.name).map(|(line, _)| (*line, key.name)))
            .collect();
        typed.sort_unstable();
        wrongs.extend(Kind::check(&typed.into_iter().map(|(_, key)| key).collect::<Vec<_>>()));
        self.tell(Kind::NAME, &found, wrongs);
        is_known.then(|| {
            let lines = EntryLines { head: line, keys: found.lines().collect() };
            self.lines.many.entry(Kind::NAME).or_default().push(lines);
            entry
        })
    }
}

impl Visitor for ConfigReader<'_> {
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, place: &KeyPlace<Holder>) {
        let Some(found) = self.tree.get(section.name) else { return };
        let line = self.places.line_of(found.span().start);
        let Some(table) = found.get_ref().as_table() else {
            let remedy = format!("write {} on its own line", self.head(section.name));
            let wrong = WrongValue::new("is not a section", remedy);
            return self.problems.add(Some(line), Some(section.name), wrong);
        };
        let found = self.found(section.name, line, table);
        let holder = (place.of_mut)(&mut self.config);
        let wrongs = read_keys(section.keys, holder, &found, self.directory);
        self.tell(section.name, &found, wrongs);
        self.lines.once.extend(found.lines().map(|(key, line)| ((section.name, key), line)));
    }

    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>) {
        let Some(found) = self.tree.get(Kind::NAME) else { return };
        let line = self.places.line_of(found.span().start);
        let tables: Option<Vec<(usize, &DeTable<'_>)>> = found.get_ref().as_array().and_then(|array| {
            let entry = |entry: &'_ Typed<'_>| self.places.line_of(entry.span().start);
            array.iter().map(|one| Some((entry(one), one.get_ref().as_table()?))).collect()
        });
        let Some(tables) = tables else {
            let remedy = format!("write {} on its own line above each entry", self.head(Kind::NAME));
            let wrong = WrongValue::new("is not a list of sections", remedy);
            return self.problems.add(Some(line), Some(Kind::NAME), wrong);
        };
        if let Some((line, _)) = tables.get(Kind::MOST) {
            let wrong = WrongValue::new(format!("exceeds the maximum of {}", Kind::MOST), "remove some");
            return self.problems.add(Some(*line), Some(Kind::NAME), wrong);
        }
        for (line, table) in tables {
            let entry = self.entry::<Kind>(line, table);
            (place.of_mut)(&mut self.config).extend(entry);
        }
    }
}

/// Reads the keys in the order of `keys` into `holder`, and returns all errors. After an error, the next keys are still read.
fn read_keys<Holder>(
    keys: &[ConfigKey<Holder>],
    holder: &mut Holder,
    found: &TypedKeys<'_>,
    directory: &Path,
) -> Vec<(Option<&'static str>, WrongValue)> {
    let typed = keys.iter().filter_map(|key| found.keys.get(key.name).map(|(_, typed)| (key, *typed)));
    typed
        .filter_map(|(key, typed)| Some((Some(key.name), (key.read)(holder, typed, directory).err()?)))
        .collect()
}
