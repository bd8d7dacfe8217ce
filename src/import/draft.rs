//! The configuration of resolverd while an import builds it. Each value is checked by the reader of resolverd's own configuration file, so that
//! the result always passes `resolverd --check`.

use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use toml::Value;

use super::finding::{ImportFinding, Setting, TypedSetting, Weight};
use super::imported::Imported;
use super::secret::masked;
use super::values::{Clients, MAPPED, counted, enclosing, plain};
use super::whole;
use crate::limits;
use config::{Config, ConfiguredZone};
use zones::Views;

/// The lists of resolverd's configuration that an imported block list can fill, with their maximum number of entries.
const MOST: [(&str, usize); 3] = [
    ("[[zone]]", config::limits::MAX_ZONES),
    ("[[host]]", config::limits::MAX_HOSTS),
    ("[[record]]", config::limits::MAX_RECORDS),
];

const NAMES: [&str; 2] = ["[[host]]", "[[record]]"];

/// An entry of a list in resolverd's configuration, or one key of a section, with the setting of the other resolver from which it was converted.
#[derive(Clone, Debug)]
struct DraftEntry {
    setting: TypedSetting,
    /// The section or list, such as `[cache]` or `[[zone]]`.
    head: &'static str,
    keys: Vec<(&'static str, Value)>,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) config: Config,
    entries: Vec<DraftEntry>,
    /// Each finding with its position in the output.
    findings: HashMap<ImportFinding, usize>,
    /// The number of findings of each weight. Only `limits::MAX_FINDINGS` of each weight are listed, so that many harmless findings do not hide a
    /// dangerous one.
    found: BTreeMap<Weight, usize>,
    /// True if the other resolver sent queries to servers at any address, including private addresses.
    asks_any_server: bool,
}

impl Draft {
    /// Sets a key of a section, such as `[cache]`.
    pub(super) fn set(
        &mut self,
        setting: &impl Setting,
        (head, key): (&'static str, &'static str),
        value: impl Into<Value>,
    ) {
        self.add(setting, head, vec![(key, value.into())]);
    }

    /// Sets the clients of `[listen]`. No client has an IPv4-mapped IPv6 address, so such networks are left out and reported.
    pub(super) fn set_clients(&mut self, setting: &impl Setting, mut clients: Clients) {
        if clients.take_mapped() {
            self.report(Weight::Different, setting, MAPPED);
        }
        for (key, value) in clients.keys() {
            self.set(setting, ("[listen]", key), value);
        }
    }

    pub(super) fn add(
        &mut self,
        setting: &impl Setting,
        head: &'static str,
        keys: Vec<(&'static str, Value)>,
    ) {
        self.entries.push(DraftEntry { setting: setting.typed(), head, keys });
    }

    /// Adds a finding about a setting. `did` says what the setting did in the other resolver, and `instead` how to get the same effect in resolverd.
    pub(super) fn report(&mut self, weight: Weight, setting: &impl Setting, (did, instead): (&str, &str)) {
        let finding = ImportFinding {
            place: setting.place().clone(),
            option: masked(&setting.shown()),
            did: did.to_owned(),
            instead: instead.to_owned(),
            weight,
        };
        let position = self.findings.len();
        if let Entry::Vacant(new) = self.findings.entry(finding) {
            let found = self.found.entry(weight).or_default();
            *found = found.saturating_add(1);
            if *found <= limits::MAX_FINDINGS {
                new.insert(position);
            }
        }
    }

    pub(super) fn asked_any_server(&mut self) {
        self.asks_any_server = true;
    }

    /// Returns the names of `[[host]]` and `[[record]]`, and all names above them.
    pub(super) fn names_and_above(&self) -> HashSet<String> {
        let named = self.entries.iter().filter(|entry| NAMES.contains(&entry.head));
        let names = named.filter_map(DraftEntry::name).map(plain);
        names.flat_map(|name| enclosing(&name).map(str::to_owned).collect::<Vec<String>>()).collect()
    }

    /// Returns the configuration with those entries that resolverd accepts, and the findings, the dangerous ones first.
    pub(super) fn finish(mut self) -> Imported {
        let mut entries = std::mem::take(&mut self.entries);
        // TOML needs the keys of sections before the first entry of a list.
        entries.sort_by_key(|entry| entry.head.starts_with("[["));
        for (head, most) in MOST {
            self.cut(&mut entries, head, most);
        }
        self.take(&entries);
        self.drop_unserved(&entries);
        self.report_effects(&entries);
        let mut findings: Vec<(ImportFinding, usize)> = self.findings.into_iter().collect();
        findings.sort_by(|(one, first), (other, second)| {
            (one.weight, &one.place, first).cmp(&(other.weight, &other.place, second))
        });
        let findings = findings.into_iter().map(|(finding, _)| finding).collect();
        let more = |(weight, found): (Weight, usize)| {
            found.checked_sub(limits::MAX_FINDINGS).filter(|more| *more > 0).map(|more| (weight, more))
        };
        let more = self.found.into_iter().filter_map(more).collect();
        Imported { config: self.config, findings, more }
    }

    /// Adds findings about effects that only several entries together have. Each finding refers to the last entry with the affected key.
    fn report_effects(&mut self, entries: &[DraftEntry]) {
        let (memory, unprotected) = (whole::memory(&self.config), whole::unprotected(&self.config));
        for (key, effect) in [
            (whole::SIZE, memory.map(|text| (Weight::Dangerous, text))),
            (whole::PRIVATE, unprotected.map(|text| (Weight::Different, text))),
            (whole::CLIENTS, whole::own_queries(&self.config)),
        ] {
            let entry = entries.iter().rfind(|entry| entry.has_key(key));
            if let (Some(entry), Some((weight, (did, instead)))) = (entry, effect) {
                self.report(weight, &entry.setting, (&did, &instead));
            }
        }
        let effect = whole::private_servers(&self.config).filter(|_| self.asks_any_server);
        let served = entries.iter().rfind(|entry| entry.has_key(whole::CLIENTS));
        let entry = served.or_else(|| entries.iter().rfind(|entry| entry.has_servers()));
        if let (Some(entry), Some(effect)) = (entry, effect) {
            self.report(Weight::Different, &entry.setting, effect);
        }
    }

    /// Removes the entries that exceed the maximum of a list, and reports this at the first removed entry. Entries of block lists are removed before
    /// zones with servers: without such a zone, resolverd would send queries for its internal names to the internet.
    fn cut(&mut self, entries: &mut Vec<DraftEntry>, head: &str, most: usize) {
        let mut places: Vec<usize> =
            (0..).zip(&*entries).filter(|(_, entry)| entry.head == head).map(|(at, _)| at).collect();
        let number = places.len();
        places.sort_by_key(|at| entries.get(*at).is_some_and(|entry| !entry.has_servers()));
        let mut left_out = places.split_off(most.min(number));
        left_out.sort_unstable();
        let Some(first) = left_out.first().and_then(|at| entries.get(*at)).cloned() else { return };
        let names: Vec<&str> =
            left_out.iter().filter_map(|at| entries.get(*at)).filter_map(DraftEntry::name).collect();
        let did = format!(
            "is left out, with {number} {head} where the maximum is {most}: no entry for {}",
            counted(&names)
        );
        let left_out: BTreeSet<usize> = left_out.into_iter().collect();
        let mut at = 0..;
        entries.retain(|_| !at.next().is_some_and(|at| left_out.contains(&at)));
        let instead = "write their names to a zone file, or to a DNS list on a server of its own";
        self.report(Weight::Dangerous, &first.setting, (&did, instead));
    }

    /// Adds the entries to the configuration. If the configuration refuses them, each half is added separately, and so on, until only the faulty
    /// entries are left out.
    fn take(&mut self, entries: &[DraftEntry]) {
        let text: String = entries.iter().map(DraftEntry::text).collect();
        // A relative path in the configuration starts at the working directory of the operator's shell.
        let directory = std::path::absolute(".").unwrap_or_default();
        let read = Config::read_over(self.config.clone(), &format!("version = 1\n{text}"), &directory);
        match (read, entries) {
            (Ok(config), _) => self.config = config,
            (Err(errors), [alone]) => {
                let problem = errors.problems.first();
                let wrong = problem.map_or_else(String::new, |problem| problem.wrong.clone());
                let remedy = problem.map_or_else(String::new, |problem| problem.remedy.clone());
                let did = format!("cannot be carried over: {wrong}");
                self.report(Weight::Dangerous, &alone.setting, (&did, &remedy));
            }
            (Err(_), []) => {}
            (Err(_), entries) => {
                let (one, other) = entries.split_at(entries.len() / 2);
                self.take(one);
                self.take(other);
            }
        }
    }

    /// Removes the zones that the daemon could not serve, for example because of a faulty zone file. `Views::new` reports only one such
    /// zone at a time, so it is called again after each removal.
    fn drop_unserved(&mut self, entries: &[DraftEntry]) {
        for _ in 0..=self.config.zones.len() {
            let Err(wrong) = Views::new(&Arc::new(self.config.clone())) else { return };
            let Some(at) = self.config.zones.iter().position(|zone| wrong.is_of(zone)) else { return };
            let zone = self.config.zones.remove(at);
            let Some(entry) = entries.iter().find(|entry| entry.is_of(&zone)) else { return };
            let did = format!("cannot be carried over: {}", wrong.reason);
            self.report(Weight::Dangerous, &entry.setting, (&did, "correct it, and add a [[zone]] for it"));
        }
    }
}

impl DraftEntry {
    fn name(&self) -> Option<&str> {
        self.keys.iter().find(|(key, _)| *key == "name").and_then(|(_, value)| value.as_str())
    }

    /// Returns true if the entry is a zone with configured servers.
    fn has_servers(&self) -> bool {
        self.keys.iter().any(|(key, _)| ["forward", "stub"].contains(key))
    }

    fn has_key(&self, (head, wanted): (&str, &str)) -> bool {
        self.head == head && self.keys.iter().any(|(key, _)| *key == wanted)
    }

    /// Returns true if `zone` was created from this entry.
    fn is_of(&self, zone: &ConfiguredZone) -> bool {
        let apex = zone.name.to_string();
        let is_named =
            |name: &str| name.trim_end_matches('.').eq_ignore_ascii_case(apex.trim_end_matches('.'));
        self.head == "[[zone]]" && self.name().is_some_and(is_named)
    }

    fn text(&self) -> String {
        // Several entries may have the same section, but TOML allows a section header only once. So the keys of sections are written without a
        // header.
        let keys = self.keys.iter().map(|(key, value)| match self.head.strip_prefix("[[") {
            Some(_) => format!("{key} = {value}\n"),
            None => format!("{}.{key} = {value}\n", self.head.trim_matches(['[', ']'])),
        });
        let keys: String = keys.collect();
        if self.head.starts_with("[[") { format!("{}\n{keys}", self.head) } else { keys }
    }
}
