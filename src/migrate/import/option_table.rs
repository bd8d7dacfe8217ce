//! Tables of the options that are reported instead of converted, from the file `options.toml` next to each reader.
//!
//! A file has the name of the `program`, its `manual`, the values with which an option is `off`, and tables. A table has the
//! options that the reader converts or reports itself (`read`), those that need no counterpart (`details`), and rows. `*` at
//! the end of a name stands for the rest of the name, and the first row that fits counts.

use serde::Deserialize;

use super::draft::Draft;
use super::finding::{Setting, Weight};
use super::secret::keyword;

/// The tables of a program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramOptions {
    program: String,
    manual: String,
    #[serde(default)]
    off: Vec<String>,
    /// Its options.
    pub(super) options: OptionTable,
    /// Sections of its file, or statements outside of `options`.
    #[serde(default)]
    pub(super) sections: OptionTable,
    /// Modules that it runs.
    #[serde(default)]
    pub(super) modules: OptionTable,
    /// Options of zones with servers.
    #[serde(default)]
    pub(super) zones: OptionTable,
    /// Options of zones with copies.
    #[serde(default)]
    pub(super) auth_zones: OptionTable,
    /// Types of local zones.
    #[serde(default)]
    pub(super) local_zones: OptionTable,
    /// Parts of the program that are no resolver.
    #[serde(default)]
    pub(super) parts: OptionTable,
}

/// A table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionTable {
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    details: Vec<String>,
    #[serde(default)]
    pub(super) row: Vec<OptionRow>,
}

/// Options, and what a finding says about them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionRow {
    names: Vec<String>,
    /// The values that the row is about; empty: all values, except those with which the option is off.
    #[serde(default)]
    values: Vec<String>,
    pub(super) weight: Weight,
    /// The effect that the options had.
    pub(super) did: String,
    /// The way to the same effect here.
    pub(super) instead: String,
}

/// What a finding says about a part that was off.
const OFF: (&str, &str) = ("turned it off", "resolverd has no such part");

impl ProgramOptions {
    /// Reads the file of a program.
    #[expect(clippy::panic, reason = "the file is a part of this program, and a test reads it")]
    pub(super) fn built_in(text: &str) -> Self {
        toml::from_str(text)
            .unwrap_or_else(|error| panic!("a built-in table of options cannot be read: {error}"))
    }

    /// Reports an option of a table with its value, unless the reader reads it.
    pub(super) fn report(
        &self,
        table: &OptionTable,
        (name, value): (&str, &str),
        setting: &impl Setting,
        draft: &mut Draft,
    ) {
        if table.is_read(name) {
            return;
        }
        let is_off = self.off.iter().any(|off| off == value);
        match table.row(name, value) {
            // resolverd has these parts, or something in their place.
            Some(row) if is_off && row.values.is_empty() && row.weight == Weight::Unneeded => {
                draft.report(Weight::Unneeded, setting, ("turned it off", &row.instead));
            }
            Some(row) if is_off && row.values.is_empty() => draft.report(Weight::Unneeded, setting, OFF),
            Some(row) => row.report(setting, draft),
            None if fits(&table.details, name) => {
                let did = format!("sets a detail of {}", self.program);
                draft.report(Weight::Unneeded, setting, (&did, "resolverd needs no such setting"));
            }
            None if is_off => draft.report(Weight::Unneeded, setting, OFF),
            None => {
                let did = "is not known to this import";
                let instead = format!("see {} for its effect and resolverd.toml(5)", self.manual);
                draft.report(Weight::Different, &(setting.place(), keyword(name)), (did, &instead));
            }
        }
    }
}

impl OptionTable {
    /// Returns true if the reader converts or reports an option itself.
    pub(super) fn is_read(&self, name: &str) -> bool {
        fits(&self.read, name)
    }

    /// The row of an option with a value.
    pub(super) fn row(&self, name: &str, value: &str) -> Option<&OptionRow> {
        self.row.iter().find(|row| {
            row.has(name) && (row.values.is_empty() || row.values.iter().any(|wanted| wanted == value))
        })
    }
}

impl OptionRow {
    /// Returns true if the row is about an option.
    pub(super) fn has(&self, name: &str) -> bool {
        fits(&self.names, name)
    }

    /// Reports an option.
    pub(super) fn report(&self, setting: &impl Setting, draft: &mut Draft) {
        draft.report(self.weight, setting, (&self.did, &self.instead));
    }
}

/// Returns true if a name is one of some names, which may end with `*`.
fn fits(names: &[String], name: &str) -> bool {
    names.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => wanted == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_the_built_in_tables_can_be_reached_and_has_its_words() {
        for text in [
            include_str!("unbound/options.toml"),
            include_str!("named/options.toml"),
            include_str!("dnsmasq/options.toml"),
        ] {
            let ProgramOptions { options, sections, modules, zones, auth_zones, local_zones, parts, .. } =
                ProgramOptions::built_in(text);
            for table in [options, sections, modules, zones, auth_zones, local_zones, parts] {
                for (at, row) in table.row.iter().enumerate() {
                    assert!(
                        !row.names.is_empty() && !row.did.is_empty() && !row.instead.is_empty(),
                        "{row:?}"
                    );
                    for name in &row.names {
                        assert!(!table.is_read(name), "{name} is read");
                        let name = name.trim_end_matches('*');
                        let value = row.values.first().map_or("", String::as_str);
                        let is_earlier = |earlier: &OptionRow| earlier.has(name) && earlier.values.is_empty();
                        let earlier = table.row.iter().take(at).find(|earlier| is_earlier(earlier));
                        assert!(earlier.is_none() && table.row(name, value).is_some(), "{name}: {earlier:?}");
                    }
                }
            }
        }
    }
}
