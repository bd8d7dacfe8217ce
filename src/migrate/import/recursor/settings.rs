//! The settings of the Recursor, from the old style (`name=value`) and from YAML alike, by their old names.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::import::ImportError;
use crate::import::finding::SourcePlace;
use crate::import::secret;
use crate::import::source::{Source, Sources};
use crate::import::yaml;
use crate::import::yaml::{Node, YAML_1_2};

/// Names of YAML that are not the old name in another spelling: section, name, old name.
const RENAMED: [(&str, &str, &str); 19] = [
    ("incoming", "listen", "local-address"),
    ("incoming", "port", "local-port"),
    ("outgoing", "source_address", "query-local-address"),
    ("recordcache", "max_entries", "max-cache-entries"),
    ("recordcache", "max_ttl", "max-cache-ttl"),
    ("recordcache", "locked_ttl_perc", "record-cache-locked-ttl-perc"),
    ("recordcache", "shards", "record-cache-shards"),
    ("recordcache", "limit_qtype_any", "limit-qtype-any"),
    ("recordcache", "zonetocaches", "zone-to-cache"),
    ("packetcache", "max_entries", "max-packetcache-entries"),
    ("packetcache", "ttl", "packetcache-ttl"),
    ("packetcache", "negative_ttl", "packetcache-negative-ttl"),
    ("packetcache", "servfail_ttl", "packetcache-servfail-ttl"),
    ("packetcache", "shards", "packetcache-shards"),
    ("packetcache", "disable", "disable-packetcache"),
    ("dnssec", "validation", "dnssec"),
    ("dnssec", "log_bogus", "dnssec-log-bogus"),
    ("dnssec", "disabled_algorithms", "dnssec-disabled-algorithms"),
    ("recursor", "rpzs", "rpz"),
];

/// Sections of YAML that are named whole.
const WHOLE: [&str; 6] = ["logging", "webservice", "carbon", "snmp", "nod", "ecs"];

/// Old settings whose value is a list of zones: `zone=value`.
const OF_ZONES: [&str; 3] = ["forward-zones", "forward-zones-recurse", "auth-zones"];

/// The clients that the Recursor answers by default.
pub(super) const USUAL_CLIENTS: [&str; 9] = [
    "127.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "192.168.0.0/16",
    "172.16.0.0/12",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
];

/// Lists that are not empty by default.
const LISTS: [(&str, &[&str]); 3] = [
    ("local-address", &["127.0.0.1"]),
    ("allow-from", &USUAL_CLIENTS),
    ("query-local-address", &["0.0.0.0"]),
];

/// A zone with its servers or its file.
#[derive(Clone, Debug)]
pub(super) struct ZoneValue {
    pub(super) place: SourcePlace,
    pub(super) name: String,
    pub(super) values: Vec<String>,
    /// Whether its servers are recursive.
    pub(super) recurse: bool,
    /// Whether it says otherwise, which has no effect.
    pub(super) has_void_recurse: bool,
}

/// A setting.
#[derive(Clone, Debug)]
pub(super) struct RecursorSetting {
    pub(super) place: SourcePlace,
    /// Its old name, or `section.name` of sections that are named whole.
    pub(super) option: String,
    /// Its name and value in one line.
    pub(super) typed: String,
    /// The value, divided at white space, commas and semicolons.
    pub(super) values: Vec<String>,
    /// Zones and other entries with names.
    pub(super) zones: Vec<ZoneValue>,
    /// Whether a value was typed, which may be empty.
    pub(super) has_value: bool,
    /// Whether it has entries of keys and values.
    pub(super) has_entries: bool,
}

/// The settings, in their order; each name once.
#[derive(Default)]
pub(super) struct Settings {
    all: Vec<RecursorSetting>,
    at: HashMap<String, usize>,
    /// Whether the first file is in YAML, the form of version 5.
    pub(super) is_yaml: bool,
}

impl Settings {
    /// The setting of a name.
    pub(super) fn get(&self, option: &str) -> Option<&RecursorSetting> {
        self.at.get(option).and_then(|at| self.all.get(*at))
    }

    /// All of them.
    pub(super) fn all(&self) -> &[RecursorSetting] {
        &self.all
    }

    /// Whether a list is the one that the Recursor has without a setting.
    fn is_by_default(&self, option: &str) -> bool {
        let Some((_, usual)) = LISTS.iter().find(|(name, _)| *name == option) else { return false };
        self.get(option)
            .is_some_and(|known| known.values.iter().map(String::as_str).eq(usual.iter().copied()))
    }

    /// Adds a setting: it takes the place of an earlier one of its name, unless it adds to it.
    fn add(&mut self, setting: RecursorSetting, extends: bool) {
        let at = *self.at.entry(setting.option.clone()).or_insert(self.all.len());
        match self.all.get_mut(at) {
            Some(known) if extends => {
                known.values.extend(setting.values);
                known.zones.extend(setting.zones);
                known.has_entries |= setting.has_entries;
            }
            Some(known) => *known = setting,
            None => self.all.push(setting),
        }
    }
}

impl RecursorSetting {
    /// The value as one text.
    pub(super) fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// Whether it is on: without a value it is.
    pub(super) fn is_on(&self) -> bool {
        !matches!(self.value(), "no" | "off" | "false" | "0")
    }

    /// Its name as it was typed, without its value, which may be a secret.
    pub(super) fn keyword(&self) -> &str {
        let name = self.typed.split(['=', ':', ' ']).next().unwrap_or_default();
        secret::keyword(name.trim_end_matches('+'))
    }

    /// A path that it names, from the directory of its file.
    pub(super) fn path(&self) -> PathBuf {
        self.place.beside(self.value())
    }
}

/// The settings of the file and of those of `include-dir`; of each the last one, with the values that `+=` added.
pub(super) fn read(path: &Path, sources: &mut Sources) -> Result<Settings, ImportError> {
    let mut settings = Settings::default();
    settings.is_yaml = read_one(path, sources, &mut settings)?;
    let named = settings.get("include-dir").filter(|named| !named.value().is_empty()).cloned();
    if let Some(named) = named {
        let directory = named.path();
        // The Recursor reads files of the form of the first one only.
        let pattern = if settings.is_yaml { "*.yml" } else { "*.conf" };
        for file in sources.matching((&named.place, &named.typed), &directory.join(pattern)) {
            read_one(&file, sources, &mut settings)?;
        }
    }
    Ok(settings)
}

/// Reads one file. Returns whether it is in YAML.
fn read_one(path: &Path, sources: &mut Sources, settings: &mut Settings) -> Result<bool, ImportError> {
    let Source { path, text } = sources.begin(path)?;
    let is_yaml = is_yaml(&text);
    if is_yaml {
        of_yaml(&path, &text, settings)?
    } else {
        of_lines(&path, &text, settings)
    }
    sources.end();
    Ok(is_yaml)
}

/// Whether the first line with a setting is of YAML, or of JSON, which is YAML too.
pub(super) fn is_yaml(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        line == "---"
            || line.starts_with('{')
            || line.ends_with(':')
            || line.starts_with("- ")
            || line.contains(": ")
    })
}

fn of_lines(path: &Arc<Path>, text: &str, settings: &mut Settings) {
    let mut joined = String::new();
    let mut begin = 1;
    for (line, text) in (1..).zip(text.lines()) {
        if joined.is_empty() {
            begin = line;
        }
        let text = text.split('#').next().unwrap_or_default().trim();
        if let Some(goes_on) = text.strip_suffix('\\') {
            joined.push_str(goes_on);
            continue;
        }
        let whole = format!("{joined}{text}");
        joined.clear();
        let place = SourcePlace { file: Arc::clone(path), line: begin };
        let (name, value) = whole.split_once('=').unwrap_or((&whole, ""));
        let (name, extends) = match name.trim().strip_suffix('+') {
            Some(name) => (name.trim(), true),
            None => (name.trim(), false),
        };
        if name.is_empty() {
            continue;
        }
        let mut setting = RecursorSetting {
            place: place.clone(),
            option: name.to_owned(),
            typed: whole.trim().to_owned(),
            values: Vec::new(),
            zones: Vec::new(),
            has_value: whole.contains('='),
            has_entries: false,
        };
        if OF_ZONES.contains(&name) {
            setting.zones =
                value.split(',').filter_map(|zone| zone_of(&place, zone, name != "forward-zones")).collect();
        } else {
            setting.values = words(value);
        }
        settings.add(setting, extends);
    }
}

/// The words of a list.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| letter.is_whitespace() || ",;".contains(letter));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `zone=server;server`.
pub(super) fn zone_of(place: &SourcePlace, text: &str, recurse: bool) -> Option<ZoneValue> {
    let (name, values) = text.split_once('=')?;
    let (place, name) = (place.clone(), name.trim().to_owned());
    Some(ZoneValue { place, name, values: words(values), recurse, has_void_recurse: false })
}

fn of_yaml(path: &Arc<Path>, text: &str, settings: &mut Settings) -> Result<(), ImportError> {
    let tree = yaml::read(path, text)?;
    for (section, inner) in tree.entries() {
        // The name of a setting may be written in one word: `incoming.listen`.
        let (section, entries) = match section.split_once('.') {
            Some((section, name)) => (section, vec![(name.to_owned(), inner.clone())]),
            None => (section.as_str(), inner.entries().to_vec()),
        };
        for (name, node) in entries {
            let setting = of_node(section, &name, &node);
            // PowerDNS Recursor, "Merging multiple setting files".
            let extends = node.is_list() && !node.is_override && !settings.is_by_default(&setting.option);
            settings.add(setting, extends);
        }
    }
    Ok(())
}

fn of_node(section: &str, name: &str, node: &Node) -> RecursorSetting {
    let option = match RENAMED.iter().find(|(known, new, _)| (*known, *new) == (section, name)) {
        Some((.., old)) => (*old).to_owned(),
        None if WHOLE.contains(&section) => format!("{section}.{name}"),
        None => name.replace('_', "-"),
    };
    let texts = node.texts();
    // A truth value has one spelling from here on.
    let truth = node.truth(&YAML_1_2).map(|on| if on { "true" } else { "false" });
    RecursorSetting {
        place: node.place.clone(),
        typed: match texts.as_slice() {
            [] => format!("{section}.{name}"),
            texts => format!("{section}.{name}: {}", texts.join(", ")),
        },
        zones: node.items().iter().filter_map(|item| of_item(item, option != "forward-zones")).collect(),
        values: truth.map_or(texts, |truth| vec![truth]).into_iter().map(str::to_owned).collect(),
        has_value: true,
        has_entries: node.items().iter().any(|item| !item.entries().is_empty()),
        option,
    }
}

/// An entry with a name: a zone, or an anchor. The setting decides whether the servers of a zone are recursive.
fn of_item(item: &Node, recurse: bool) -> Option<ZoneValue> {
    let name = item.get("zone").or_else(|| item.get("name"))?.text().to_owned();
    let values = ["forwarders", "file", "dsrecords"].iter().find_map(|key| item.get(key));
    let values = values.map(Node::texts).unwrap_or_default().into_iter().map(str::to_owned).collect();
    let own = item.get("recurse").and_then(|own| own.truth(&YAML_1_2));
    let is_void = own.is_some_and(|own| own != recurse);
    Some(ZoneValue { place: item.place.clone(), name, values, recurse, has_void_recurse: is_void })
}

/// An entry of the file of zones, which has a key of its own for recursive servers.
pub(super) fn of_file_item(item: &Node) -> Option<ZoneValue> {
    let own = item.get("recurse").and_then(|own| own.truth(&YAML_1_2));
    of_item(item, own.unwrap_or(false))
}

/// `address`, `address:port` or `[address]:port`.
pub(super) fn address(text: &str, port: u16) -> Option<SocketAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, port)).ok().or_else(|| text.parse().ok())
}
