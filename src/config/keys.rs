//! Which keys the configuration file has, and where they stand.
//!
//! May call: `config::{report, value}`, `limits`. What is not named here is unknown, and told with what comes nearest.

use toml::de::DeValue;

use super::report::nearest;
use super::value;
use crate::limits;

/// A section, or a list of sections of one name.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
    /// How many of them there may be, where it is written `[[name]]`.
    pub(super) entries: Option<usize>,
}

/// Every section with its keys, in the order of the shipped file.
pub(super) const SECTIONS: [Section; 11] = [
    Section {
        name: "listen",
        keys: &["addresses", "allow", "workers", "dnsbl", "on_refusal"],
        entries: None,
    },
    Section {
        name: "listener",
        keys: &["addresses", "allow", "zones", "dnsbl", "on_refusal"],
        entries: Some(limits::MAX_LISTENERS),
    },
    Section { name: "cache", keys: &["size", "max_ttl", "negative_max_ttl"], entries: None },
    Section {
        name: "resolve",
        keys: &[
            "deadline",
            "root_hints",
            "ipv4",
            "ipv6",
            "deny_servers",
            "qname_minimisation",
            "race",
            "upstream_port",
            "source",
            "source_ports",
        ],
        entries: None,
    },
    Section {
        name: "dnssec",
        keys: &["validate", "trust_anchor", "negative_trust_anchors", "sha1"],
        entries: None,
    },
    Section {
        name: "zone",
        keys: &["name", "forward", "stub", "file", "source", "max_ttl", "negative_max_ttl", "validate"],
        entries: Some(limits::MAX_ZONES),
    },
    Section { name: "host", keys: &["name", "addresses"], entries: Some(limits::MAX_HOSTS) },
    Section { name: "dnsbl", keys: &["registry", "batch", "batch_groups", "batch_waste"], entries: None },
    Section {
        name: "list",
        keys: &[
            "name",
            "purpose",
            "subjects",
            "listed",
            "refused",
            "tests",
            "on_refusal",
            "when_dead",
            "quota",
            "key",
            "with_key",
            "max_age",
            "when_stale",
        ],
        entries: Some(limits::MAX_LISTS),
    },
    Section { name: "control", keys: &["socket"], entries: None },
    Section { name: "log", keys: &["level"], entries: None },
];

impl Section {
    /// The section of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.name == name)
    }

    /// How its head is written: `[cache]`, `[[zone]]`.
    pub(super) fn head(&self) -> String {
        if self.entries.is_some() { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }

    /// What to do about a key that it does not have.
    pub(super) fn unknown(&self, key: &str) -> String {
        if let Some(near) = nearest(key, self.keys.iter().copied()) {
            return format!("did you mean {near}?");
        }
        match home(key) {
            Some(home) => format!("put it below {}", home.head()),
            None => format!("the keys of {} are {}", self.head(), value::sorted(self.keys.iter().copied())),
        }
    }
}

/// What to do about a key outside all sections that is not `version`.
pub(super) fn unknown_section(key: &str, found: &DeValue<'_>) -> String {
    let is_section = found.is_table()
        || found.as_array().is_some_and(|array| array.iter().any(|entry| entry.get_ref().is_table()));
    if let Some(home) = home(key).filter(|_| !is_section) {
        return format!("put it below {}", home.head());
    }
    let names = SECTIONS.iter().map(|section| section.name);
    match nearest(key, names.clone().chain(["version"])) {
        Some(near) => {
            let head = Section::named(near).map_or_else(|| near.to_owned(), Section::head);
            format!("did you mean {head}?")
        }
        None => format!("the sections are {}", value::sorted(names)),
    }
}

/// The section that has a key.
fn home(key: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.keys.contains(&key))
}
