//! The entries of the configuration file: `[[zone]]`, `[[host]]` and `[[listener]]` (`[[list]]` stands in `lists`), each of which there may be many.
//!
//! May call: `config`, `config::{file, included, keys, report, value}`, `limits`. What one entry says is read at once; what holds
//! between entries is checked when all have been read, as they may stand in any order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::Reader;
use super::keys::Section;
use super::lists::{GUARDS, ON_REFUSAL_THERE};
use super::report::Wrong;
use super::{Host, Listener, Zone, ZoneKind, defaults, included, value};
use crate::limits;

/// The keys that say where a zone's answers come from.
const ZONE_KINDS: [&str; 3] = ["forward", "stub", "file"];

/// The lines of what a listener shares with others.
pub(super) struct ListenerPlaces {
    addresses: usize,
    zones: usize,
}

/// One entry: its known keys with their lines.
pub(super) struct Entry<'e, 'd> {
    section: &'static Section,
    line: usize,
    keys: BTreeMap<&'e str, (usize, &'e Spanned<DeValue<'d>>)>,
}

impl Reader<'_> {
    /// All entries of a section.
    pub(super) fn entries(&mut self, section: &'static Section, found: &Spanned<DeValue<'_>>) {
        let line = self.line(found.span());
        let tables: Option<Vec<(usize, &DeTable<'_>)>> = found.get_ref().as_array().and_then(|array| {
            array.iter().map(|entry| Some((self.line(entry.span()), entry.get_ref().as_table()?))).collect()
        });
        let Some(tables) = tables else {
            let remedy = format!("write {} on a line of its own above each", section.head());
            return self.problem(
                Some(line),
                Some(section.name),
                Wrong::new("is not a list of sections", remedy),
            );
        };
        let most = section.entries.unwrap_or(0);
        if let Some((line, _)) = tables.get(most) {
            let wrong = Wrong::new(format!("is one more than the {most} there may be"), "remove some");
            return self.problem(Some(*line), Some(section.name), wrong);
        }
        for (line, table) in tables {
            self.entry(section, line, table);
        }
    }

    fn entry(&mut self, section: &'static Section, line: usize, table: &DeTable<'_>) {
        let mut entry = Entry { section, line, keys: BTreeMap::new() };
        for (key, found) in table {
            let line = self.line(key.span());
            let name = key.get_ref().as_ref();
            if section.keys.contains(&name) {
                entry.keys.insert(name, (line, found));
            } else {
                let wrong = Wrong::new("is not a known key", section.unknown(name));
                self.problem(Some(line), Some(&format!("{}.{name}", section.name)), wrong);
            }
        }
        match section.name {
            "zone" => self.zone(&entry),
            "host" => self.host(&entry),
            "list" => self.list(&entry),
            _ => self.listener(&entry),
        }
    }

    fn zone(&mut self, entry: &Entry<'_, '_>) {
        let name = self.required(entry, "name", value::name);
        if let Some(name) = &name
            && !self.zone_names.insert(name.clone())
        {
            let wrong = Wrong::new(format!("{} is configured twice", tell(name)), "remove one of them");
            self.wrong(entry, "name", wrong);
        }
        let kind = self.zone_kind(entry, name.as_ref());
        let source = self.optional(entry, "source", value::sources).unwrap_or_default();
        let max_ttl =
            self.optional(entry, "max_ttl", |found| value::span(found, &(Duration::ZERO..=limits::MAX_TTL)));
        let negative_max_ttl = self.optional(entry, "negative_max_ttl", |found| {
            value::span(found, &(Duration::ZERO..=limits::MAX_NEGATIVE_TTL))
        });
        let validate = self.optional(entry, "validate", value::flag).unwrap_or(true);
        if let (Some(name), Some(kind)) = (name, kind) {
            self.config.zones.push(Zone { name, kind, source, max_ttl, negative_max_ttl, validate });
        }
    }

    /// Where a zone's answers come from: exactly one of the keys says it.
    fn zone_kind(&mut self, entry: &Entry<'_, '_>, apex: Option<&Name>) -> Option<ZoneKind> {
        let mut said: Vec<(usize, &str)> =
            ZONE_KINDS.iter().filter_map(|key| entry.keys.get(key).map(|(line, _)| (*line, *key))).collect();
        said.sort_unstable();
        match said.as_slice() {
            [] => {
                let wrong = Wrong::new(
                    "does not say where its answers come from",
                    format!("write one of {}", ZONE_KINDS.join(", ")),
                );
                self.problem(Some(entry.line), Some(entry.section.name), wrong);
                None
            }
            [(_, key)] => match *key {
                "forward" => self.optional(entry, key, value::forwarders).map(ZoneKind::Forward),
                "stub" => self.optional(entry, key, value::servers).map(ZoneKind::Stub),
                _ => {
                    let (directory, root) = (self.directory.clone(), Name::root());
                    self.optional(entry, key, |found| {
                        let path = directory.join(value::text(found)?);
                        let text = included::read(apex.unwrap_or(&root), &path)?;
                        Ok(ZoneKind::File { path, text })
                    })
                }
            },
            [(_, first), (_, second), ..] => {
                let wrong = Wrong::new(format!("stands beside {first}"), "keep one of them");
                self.wrong(entry, second, wrong);
                None
            }
        }
    }

    fn host(&mut self, entry: &Entry<'_, '_>) {
        let name = self.required(entry, "name", value::name);
        let addresses = self.required(entry, "addresses", value::host_addresses);
        let (Some(name), Some(addresses)) = (name, addresses) else { return };
        if self.config.hosts.iter().any(|host| host.name == name) {
            let wrong = Wrong::new(
                format!("{} is configured twice", tell(&name)),
                "put all its addresses into one [[host]]",
            );
            return self.wrong(entry, "name", wrong);
        }
        self.config.hosts.push(Host { name, addresses });
    }

    fn listener(&mut self, entry: &Entry<'_, '_>) {
        let addresses = self.required(entry, "addresses", value::addresses);
        let allow = self
            .optional(entry, "allow", |found| value::list(found, value::network))
            .unwrap_or_else(|| defaults::ALLOW.to_vec());
        let zones = self.optional(entry, "zones", |found| value::list(found, value::name));
        let dnsbl = self.optional(entry, "dnsbl", |found| value::word(found, &GUARDS)).unwrap_or_default();
        let on_refusal = self.optional(entry, "on_refusal", |found| value::word(found, &ON_REFUSAL_THERE));
        let places = ListenerPlaces { addresses: entry.line_of("addresses"), zones: entry.line_of("zones") };
        let addresses = addresses.unwrap_or_default();
        self.config.listeners.push(Listener {
            addresses,
            allow,
            zones,
            dnsbl,
            on_refusal: on_refusal.flatten(),
        });
        self.listeners.push(places);
    }

    /// Listeners share no address, and show zones that there are.
    pub(super) fn check_listeners(&mut self) {
        let mut taken: Vec<SocketAddr> = self.config.listen.addresses.clone();
        let mut wrongs = Vec::new();
        for (listener, places) in self.config.listeners.iter().zip(&self.listeners) {
            for address in &listener.addresses {
                // With port 0 the system chooses another one for each.
                if address.port() != 0 && taken.contains(address) {
                    let wrong = Wrong::new(format!("{address} is listened at already"), "remove one of them");
                    wrongs.push((places.addresses, "listener.addresses", wrong));
                }
            }
            taken.extend(&listener.addresses);
            for zone in listener.zones.iter().flatten().filter(|zone| !self.zone_names.contains(*zone)) {
                let wrong = Wrong::new(
                    format!("{} is not a configured zone", tell(zone)),
                    "configure it as a [[zone]], or remove it here",
                );
                wrongs.push((places.zones, "listener.zones", wrong));
            }
        }
        for (line, key, wrong) in wrongs {
            self.problem(Some(line), Some(key), wrong);
        }
    }

    /// A key without which an entry means nothing.
    pub(super) fn required<Meant>(
        &mut self,
        entry: &Entry<'_, '_>,
        key: &str,
        read: impl Fn(&Spanned<DeValue<'_>>) -> value::Read<Meant>,
    ) -> Option<Meant> {
        if !entry.keys.contains_key(key) {
            let wrong = Wrong::new("is missing", format!("write {key} = below {}", entry.section.head()));
            self.problem(Some(entry.line), Some(&format!("{}.{key}", entry.section.name)), wrong);
        }
        self.optional(entry, key, read)
    }

    /// A key that may be left out; none also where it is wrong, which has been said then.
    pub(super) fn optional<Meant>(
        &mut self,
        entry: &Entry<'_, '_>,
        key: &str,
        read: impl Fn(&Spanned<DeValue<'_>>) -> value::Read<Meant>,
    ) -> Option<Meant> {
        let (_, found) = entry.keys.get(key)?;
        match read(found) {
            Ok(meant) => Some(meant),
            Err(wrong) => {
                self.wrong(entry, key, wrong);
                None
            }
        }
    }

    /// Something is wrong with a key of an entry.
    pub(super) fn wrong(&mut self, entry: &Entry<'_, '_>, key: &str, wrong: Wrong) {
        let line = wrong.span.clone().map_or_else(|| entry.line_of(key), |span| self.line(span));
        self.problem(Some(line), Some(&format!("{}.{key}", entry.section.name)), wrong);
    }
}

impl Entry<'_, '_> {
    /// The line of a key, or of the entry where it does not have it.
    pub(super) fn line_of(&self, key: &str) -> usize {
        self.keys.get(key).map_or(self.line, |(line, _)| *line)
    }
}

/// A name as it is written in the file.
pub(super) fn tell(name: &Name) -> String {
    format!("\"{}\"", value::name_text(name))
}
