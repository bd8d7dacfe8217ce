//! Tables of those options of other resolvers that are reported instead of converted. They are read from the file `options.toml` next to each reader.
//!
//! A file has the name of the `program`, its `manual`, the values with which an option is `off`, and tables. A table names the
//! options that the reader converts or reports itself (`read`), the options that need no counterpart (`details`), and has rows for the others.
//! `*` at the end of a name matches any rest of the name. The first matching row is used.

use serde::Deserialize;

use super::draft::Draft;
use super::finding::{Setting, Weight};
use super::secret::keyword;

/// The tables of options for a program whose configuration can be imported.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramOptions {
    program: String,
    manual: String,
    #[serde(default)]
    off: Vec<String>,
    /// The options of the program.
    pub(super) options: OptionTable,
    /// Sections of the program's file, or statements outside of `options`.
    #[serde(default)]
    pub(super) sections: OptionTable,
    /// Modules that the program loads.
    #[serde(default)]
    pub(super) modules: OptionTable,
    /// Options in zones whose names are resolved by querying configured servers.
    #[serde(default)]
    pub(super) zones: OptionTable,
    /// Options of zones whose data the program itself has, as a copy.
    #[serde(default)]
    pub(super) auth_zones: OptionTable,
    /// Types of local zones of the program.
    #[serde(default)]
    pub(super) local_zones: OptionTable,
    /// Functions of the program that do not belong to a resolver, such as DHCP.
    #[serde(default)]
    pub(super) parts: OptionTable,
}

/// A table of options. `read` names the options that the reader converts or reports itself, and `details` names the options that need no counterpart.
/// All other options have a row.
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

/// A row of a table: some options, and the text of the finding about them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionRow {
    names: Vec<String>,
    /// The row applies only to these values of the options. If the list is empty, it applies to all values except those that turn the option off.
    #[serde(default)]
    values: Vec<String>,
    pub(super) weight: Weight,
    /// What the options did in the other resolver, as a sentence.
    pub(super) did: String,
    /// How to get the same effect with resolverd, as a sentence.
    pub(super) instead: String,
}

/// The text of a finding about an option that was turned off: what it did, and what is true for resolverd.
const OFF: (&str, &str) = ("turned it off", "resolverd has no such part");

impl ProgramOptions {
    /// Parses the text of a program's `options.toml`.
    #[expect(clippy::panic, reason = "the file is a part of this program, and a test reads it")]
    pub(super) fn built_in(text: &str) -> Self {
        toml::from_str(text)
            .unwrap_or_else(|error| panic!("a built-in table of options cannot be read: {error}"))
    }

    /// Adds a finding about an option with its value, unless the reader converts or reports the option itself.
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
            // The option turned off something that resolverd has too, or for which it has a replacement.
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
    /// Returns true if the reader converts or reports an option itself, so that it has no row.
    pub(super) fn is_read(&self, name: &str) -> bool {
        fits(&self.read, name)
    }

    /// Returns the first row that names this option and applies to this value.
    pub(super) fn row(&self, name: &str, value: &str) -> Option<&OptionRow> {
        self.row.iter().find(|row| {
            row.has(name) && (row.values.is_empty() || row.values.iter().any(|wanted| wanted == value))
        })
    }
}

impl OptionRow {
    /// Returns true if the row has an option with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        fits(&self.names, name)
    }

    /// Adds a finding about an option, with the text of this row.
    pub(super) fn report(&self, setting: &impl Setting, draft: &mut Draft) {
        draft.report(self.weight, setting, (&self.did, &self.instead));
    }
}

/// Returns true if a name matches one of the patterns `names`, which may end with `*`.
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
