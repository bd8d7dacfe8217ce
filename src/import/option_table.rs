//! Tables of options of other resolvers that are reported instead of converted. Each reader has its own file `options.toml`.
//!
//! The file has the name of the `program`, its `manual`, the values that turn an option off (`off`), and tables. A table has the options that the
//! reader itself converts or reports (`read`), the options that need no counterpart (`details`), and a row for each other option. `*` at the end of a
//! name matches any rest of the name. The first matching row applies.

use serde::Deserialize;

use super::draft::Draft;
use super::finding::{Setting, Weight};
use super::secret::keyword;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgramOptions {
    program: String,
    manual: String,
    #[serde(default)]
    off: Vec<String>,
    pub(super) options: OptionTable,
    /// Sections of the program's file, or statements outside of `options`.
    #[serde(default)]
    pub(super) sections: OptionTable,
    /// Modules that the program loads.
    #[serde(default)]
    pub(super) modules: OptionTable,
    /// Options in zones with configured servers.
    #[serde(default)]
    pub(super) zones: OptionTable,
    /// Options in zones whose data the program has.
    #[serde(default)]
    pub(super) auth_zones: OptionTable,
    /// Types of local zones of the program.
    #[serde(default)]
    pub(super) local_zones: OptionTable,
    /// Functions outside of a resolver, such as DHCP.
    #[serde(default)]
    pub(super) parts: OptionTable,
}

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionRow {
    names: Vec<String>,
    /// The row applies only to these values; if there are none, to all values except those that turn the option off.
    #[serde(default)]
    values: Vec<String>,
    pub(super) weight: Weight,
    /// What the options did in the other resolver.
    pub(super) did: String,
    /// How to get the same effect in resolverd.
    pub(super) instead: String,
}

/// The finding about an option that was turned off.
const OFF: (&str, &str) = ("turned it off", "resolverd has no such part");

impl ProgramOptions {
    #[expect(clippy::panic, reason = "the file is a part of this program, and a test reads it")]
    pub(super) fn built_in(text: &str) -> Self {
        toml::from_str(text)
            .unwrap_or_else(|error| panic!("a built-in table of options cannot be read: {error}"))
    }

    /// Adds a finding, unless the reader itself converts or reports the option.
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
            // The option turned off something that resolverd has, or has a replacement for.
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
    /// Returns true if the code that reads the file converts or reports the option, so that it needs no row in this table.
    pub(super) fn is_read(&self, name: &str) -> bool {
        fits(&self.read, name)
    }

    pub(super) fn row(&self, name: &str, value: &str) -> Option<&OptionRow> {
        self.row.iter().find(|row| {
            row.has(name) && (row.values.is_empty() || row.values.iter().any(|wanted| wanted == value))
        })
    }
}

impl OptionRow {
    pub(super) fn has(&self, name: &str) -> bool {
        fits(&self.names, name)
    }

    pub(super) fn report(&self, setting: &impl Setting, draft: &mut Draft) {
        draft.report(self.weight, setting, (&self.did, &self.instead));
    }
}

/// A pattern in `names` may end with `*`.
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
    fn option_table_rows_are_reachable() {
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
