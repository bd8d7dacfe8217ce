//! The table of all sections and keys of the configuration file, in the order of the shipped file.
//!
//! Whatever is done with all keys (reading, showing, comparing) goes through this table. A key that is not in the table is unknown, and the error
//! message suggests the most similar known key.

use toml::de::DeValue;

use super::keys::{SingleSection, TableEntry};
use super::list::ConfiguredList;
use super::listener::{self, Listener};
use super::records::ConfiguredRecord;
use super::report::nearest;
use super::settings::Config;
use super::view::ConfiguredView;
use super::watch::ConfiguredWatch;
use super::zone::{ConfiguredHost, ConfiguredZone};
use super::{dnsbl, dnstap, fleet, lookahead, sections, value};

/// An operation that is done with every section of the configuration file, such as showing it.
pub(super) trait Visitor {
    /// Called for a section of the configuration that can occur only once, such as `[cache]`.
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, place: &KeyPlace<Holder>);
    /// Called for a section of the configuration that can occur several times, such as `[[zone]]`.
    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>);
}

/// Gives access to the field of `Config` that contains the values of a section.
pub(super) struct KeyPlace<Holder: 'static> {
    pub(super) of: fn(&Config) -> &Holder,
    /// Returns the same field as `of`, so that its values can be changed.
    pub(super) of_mut: fn(&mut Config) -> &mut Holder,
}

/// Creates the `KeyPlace` of the section that is stored in this field of `Config`.
macro_rules! place {
    ($field:ident) => {
        &KeyPlace { of: |config| &config.$field, of_mut: |config| &mut config.$field }
    };
}

/// Calls `visitor` for every section, in the order of the shipped configuration file.
pub(super) fn visit(visitor: &mut impl Visitor) {
    visitor.once(&listener::LISTEN, place!(listen));
    visitor.many::<Listener>(place!(listeners));
    visitor.once(&sections::CACHE, place!(cache));
    visitor.once(&sections::RESOLVE, place!(resolve));
    visitor.once(&sections::DNSSEC, place!(dnssec));
    visitor.many::<ConfiguredView>(place!(views));
    visitor.many::<ConfiguredZone>(place!(zones));
    visitor.many::<ConfiguredHost>(place!(hosts));
    visitor.many::<ConfiguredRecord>(place!(records));
    visitor.once(&dnsbl::DNSBL, place!(dnsbl));
    visitor.many::<ConfiguredList>(place!(lists));
    visitor.once(&lookahead::LOOKAHEAD, place!(lookahead));
    visitor.many::<ConfiguredWatch>(place!(watches));
    visitor.once(&sections::CONTROL, place!(control));
    visitor.once(&sections::METRICS, place!(metrics));
    visitor.once(&sections::HISTORY, place!(history));
    visitor.once(&dnstap::DNSTAP, place!(dnstap));
    visitor.once(&fleet::FLEET, place!(fleet));
    visitor.once(&sections::LOG, place!(log));
}

/// The names of all sections and keys of the configuration file.
pub(super) struct KeyNames(Vec<ConfigSection>);

/// The name of a section of the configuration and the names of its keys.
pub(super) struct ConfigSection {
    pub(super) name: &'static str,
    pub(super) keys: Vec<&'static str>,
    /// True if the section can occur several times, so that its header is `[[name]]`.
    many: bool,
}

impl Visitor for KeyNames {
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, _: &KeyPlace<Holder>) {
        let keys = section.keys.iter().map(|key| key.name).collect();
        self.0.push(ConfigSection { name: section.name, keys, many: false });
    }

    fn many<Kind: TableEntry>(&mut self, _: &KeyPlace<Vec<Kind>>) {
        let keys = Kind::KEYS.iter().map(|key| key.name).collect();
        self.0.push(ConfigSection { name: Kind::NAME, keys, many: true });
    }
}

impl KeyNames {
    /// Returns the names of all sections and keys of the configuration file.
    pub(super) fn all() -> Self {
        let mut names = Self(Vec::new());
        visit(&mut names);
        names
    }

    /// Returns the section with this name, or `None` if no section has this name.
    pub(super) fn section(&self, name: &str) -> Option<&ConfigSection> {
        self.0.iter().find(|section| section.name == name)
    }

    /// Returns the advice for an error about `key`, which does not exist in `section`: a similar key, or the known keys.
    pub(super) fn unknown(&self, section: &ConfigSection, key: &str) -> String {
        if let Some(near) = nearest(key, section.keys.iter().copied()) {
            return format!("did you mean {near}?");
        }
        match self.home(key) {
            Some(home) => format!("put it below {}", home.head()),
            None => {
                format!("the keys of {} are {}", section.head(), value::sorted(section.keys.iter().copied()))
            }
        }
    }

    /// Returns the advice for an error about `key`, which is outside all sections. Only the key `version` may be there.
    pub(super) fn unknown_section(&self, key: &str, found: &DeValue<'_>) -> String {
        let is_section = found.is_table()
            || found.as_array().is_some_and(|array| array.iter().any(|entry| entry.get_ref().is_table()));
        if let Some(home) = self.home(key).filter(|_| !is_section) {
            return format!("put it below {}", home.head());
        }
        let names = self.0.iter().map(|section| section.name);
        match nearest(key, names.clone().chain(["version"])) {
            Some(near) => {
                let head = self.section(near).map_or_else(|| near.to_owned(), ConfigSection::head);
                format!("did you mean {head}?")
            }
            None => format!("the sections are {}", value::sorted(names)),
        }
    }

    /// Returns a section that has a key with this name, or `None` if no section has one.
    fn home(&self, key: &str) -> Option<&ConfigSection> {
        self.0.iter().find(|section| section.keys.contains(&key))
    }
}

impl ConfigSection {
    /// Returns the header of the section as in the file, such as `[cache]` or `[[zone]]`.
    pub(super) fn head(&self) -> String {
        if self.many { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the headers and keys in the shipped configuration file, including those in its examples.
    fn shipped() -> Vec<String> {
        let text = include_str!("../../../conf/resolverd.toml");
        let mut found = Vec::new();
        for line in text.lines() {
            let bare = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
            let key = bare.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains(' '));
            if bare.starts_with('[') && bare.ends_with(']') {
                found.push(bare.to_owned());
            } else if let Some(key) = key.filter(|_| !line.starts_with([' ', '\t'])) {
                found.push(key.to_owned());
            }
        }
        found
    }

    #[test]
    fn the_shipped_file_has_every_key_below_its_section_and_no_other() {
        let names = KeyNames::all();
        let mut head = String::new();
        let mut missing: Vec<(String, &str)> = names
            .0
            .iter()
            .flat_map(|section| section.keys.iter().map(|key| (section.head(), *key)))
            .collect();
        for word in shipped() {
            if word.starts_with('[') {
                head = word;
                continue;
            }
            let known = names.0.iter().find(|section| section.head() == head);
            let known = known.is_some_and(|section| section.keys.contains(&word.as_str()));
            assert!(known || word == "version", "{head} {word} is no key");
            missing.retain(|(section, key)| (section, *key) != (&head, word.as_str()));
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
