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
use super::{dnsbl, dnstap, fleet, lookahead, own, sections, tls_policy, value};

pub(super) trait Visitor {
    /// Called for a section that can occur only once, such as `[cache]`.
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, place: &KeyPlace<Holder>);
    /// Called for a section that can occur several times, such as `[[zone]]`.
    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>);
}

pub(super) struct KeyPlace<Holder: 'static> {
    pub(super) of: fn(&Config) -> &Holder,
    pub(super) of_mut: fn(&mut Config) -> &mut Holder,
}

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
    visitor.once(&own::OWN, place!(own));
    visitor.once(&sections::CONTROL, place!(control));
    visitor.once(&sections::METRICS, place!(metrics));
    visitor.once(&tls_policy::TLS_POLICY, place!(tls_policy));
    visitor.once(&sections::HISTORY, place!(history));
    visitor.once(&dnstap::DNSTAP, place!(dnstap));
    visitor.once(&fleet::FLEET, place!(fleet));
    visitor.once(&sections::LOG, place!(log));
}

pub(super) struct KeyNames(Vec<ConfigSection>);

pub(super) struct ConfigSection {
    pub(super) name: &'static str,
    pub(super) keys: Vec<&'static str>,
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
    pub(super) fn all() -> Self {
        let mut names = Self(Vec::new());
        visit(&mut names);
        names
    }

    pub(super) fn section(&self, name: &str) -> Option<&ConfigSection> {
        self.0.iter().find(|section| section.name == name)
    }

    /// Returns advice for an error about `key`, which does not exist in `section`: a similar key, the section that has this key, or the known
    /// keys.
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

    /// Returns advice for an error about `key`, which is outside all sections. Only `version` may be there.
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

    fn home(&self, key: &str) -> Option<&ConfigSection> {
        self.0.iter().find(|section| section.keys.contains(&key))
    }
}

impl ConfigSection {
    pub(super) fn head(&self) -> String {
        if self.many { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<String> {
        let text = include_str!("../../conf/resolverd.toml");
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
    fn shipped_file_has_all_keys() {
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
