//! The local data that the clients of a view see.
//!
//! A name that no zone of the view answers is one of `server:` if the view says `view-first`, else it is resolved. A transparent zone
//! of a view answers names with data only; `noview` and `always_transparent` answer none.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::rr::Name;

use super::kinds;
use super::reader::{Section, UnboundSetting};
use dns::wire::presentation::{name_text, read_name};

/// The settings of local data.
const DATA: [&str; 3] = ["local-zone", "local-data", "local-data-ptr"];

/// Kinds of zones of a view that answer none of their names, not even those with data.
const NOTHING: [&str; 2] = ["noview", "always_transparent"];

/// Whether it is a setting of local data.
pub(super) fn is_data(option: &str) -> bool {
    DATA.contains(&option)
}

/// The local data of a section.
pub(super) fn data(section: &Section) -> impl Iterator<Item = &UnboundSetting> {
    section.settings.iter().filter(|setting| is_data(&setting.option))
}

/// The local zones of a section.
struct Zones<'s> {
    all: Vec<(Name, &'s str)>,
}

impl<'s> Zones<'s> {
    fn of(section: &'s Section) -> Self {
        let zone = |setting: &'s UnboundSetting| Some((named(setting)?, setting.values.get(1)?.as_str()));
        Self { all: section.all("local-zone").filter_map(zone).collect() }
    }

    /// The closest zone at or above a name; of equal ones the last counts.
    fn around(&self, name: &Name) -> Option<&(Name, &'s str)> {
        let around = self.all.iter().filter(|(apex, _)| apex.zone_of(name));
        around.max_by_key(|(apex, _)| apex.iter().len())
    }

    /// The kind of that zone.
    fn kind(&self, name: &Name) -> Option<&'s str> {
        self.around(name).map(|(_, kind)| *kind)
    }

    /// Whether such a zone answers all its names.
    fn is_closed(&self, name: &Name) -> bool {
        self.kind(name).is_some_and(kinds::is_closed)
    }

    /// Whether a closed zone is above a name.
    fn is_closed_above(&self, name: &Name) -> bool {
        !name.is_root() && self.is_closed(&name.base_name())
    }
}

/// The data of a view that has some, with those of `server:` that its clients see.
pub(super) fn merged(view: &Section, server: &Section) -> Vec<UnboundSetting> {
    let (own, global) = (Zones::of(view), Zones::of(server));
    let is_first = view.last("view-first").is_some_and(UnboundSetting::is_yes);
    let answers = |name: &Name| !own.kind(name).is_some_and(|kind| NOTHING.contains(&kind));
    let records = data(view).filter(|setting| setting.option != "local-zone");
    let records = records.filter_map(|setting| Some((named(setting)?, kind(setting))));
    let records: Vec<(Name, Option<String>)> = records.filter(|(name, _)| answers(name)).collect();
    // A name with data of the view has no others of it, unless its zone is typetransparent.
    let has_own = |name: &Name, of_server: &UnboundSetting| {
        let by_type = own.kind(name).is_some_and(kinds::is_by_type);
        records.iter().any(|(owner, kind_of)| owner == name && (!by_type || *kind_of == kind(of_server)))
    };
    let is_seen = |setting: &&UnboundSetting| {
        let Some(name) = named(setting) else { return true };
        let is_zone = setting.option == "local-zone";
        is_first && !own.is_closed(&name) && (is_zone || !has_own(&name, setting))
    };
    // An open zone of the view leaves its names to the zones of `server:`, and is of use only below a closed zone of the view.
    let is_of_use = |setting: &&UnboundSetting| {
        let Some(name) = named(setting) else { return true };
        if setting.option != "local-zone" {
            return answers(&name);
        }
        own.is_closed(&name) || !is_first || own.is_closed_above(&name) && !global.is_closed(&name)
    };
    let seen = data(server).filter(is_seen).cloned();
    let mut merged: Vec<UnboundSetting> = match is_first {
        true => {
            let names = records.iter().map(|(name, _)| name).filter(|name| !own.is_closed(name));
            let names: BTreeSet<&Name> = names.collect();
            beside_data((server, &global), seen, &names)
        }
        false => seen.collect(),
    };
    merged.extend(data(view).filter(is_of_use).cloned());
    merged
}

/// Types of zones that give the data of their apex to all names below it.
const REDIRECT: [&str; 2] = ["redirect", "inform_redirect"];

/// The settings of `server:` with zones in which data of a view have their place: Unbound looks for a name in these data first, and in the
/// zones of `server:` only then. `names`: those of the view's data.
fn beside_data(
    (server, zones): (&Section, &Zones<'_>),
    seen: impl Iterator<Item = UnboundSetting>,
    names: &BTreeSet<&Name>,
) -> Vec<UnboundSetting> {
    let inside = |apex: &Name| -> BTreeSet<&Name> {
        let is_inside = |name: &&&Name| zones.around(name).is_some_and(|(around, _)| around == apex);
        names.iter().filter(is_inside).copied().collect()
    };
    let mut settings = Vec::new();
    for mut setting in seen {
        let Some((apex, kind)) = named(&setting).and_then(|name| zones.around(&name)) else {
            settings.push(setting);
            continue;
        };
        let Some(changed) = with_data(kind).filter(|_| !inside(apex).is_empty()) else {
            settings.push(setting);
            continue;
        };
        // Data of `server:` in such a zone had no effect, or are spread.
        if setting.option == "local-zone" {
            if REDIRECT.contains(kind) {
                settings.extend(spread(server, apex, &inside(apex)));
            }
            setting.values.truncate(1);
            setting.values.push(changed.to_owned());
            settings.push(setting);
        }
    }
    settings
}

/// The type of a zone that gives the same answers beside data of a view; none if the zone can have the data as it is.
fn with_data(kind: &str) -> Option<&'static str> {
    if kinds::has_data(kind) && !REDIRECT.contains(&kind) {
        return None;
    }
    Some(if kinds::is_closed(kind) { "static" } else { "transparent" })
}

/// The data of a zone of type redirect for all names but those of a view: a wildcard does not apply below a name that exists.
fn spread(server: &Section, apex: &Name, names: &BTreeSet<&Name>) -> Vec<UnboundSetting> {
    let mut owners = BTreeSet::from([apex.clone()]);
    for name in names {
        let mut above = (*name).clone();
        while above != *apex && !above.is_root() {
            owners.insert(above.clone());
            above = above.base_name();
        }
    }
    let of_apex = |setting: &&UnboundSetting| {
        let is_own = kind(setting).is_some_and(|kind| ["NS", "SOA"].contains(&kind.as_str()));
        setting.option == "local-data" && !is_own && named(setting).as_ref() == Some(apex)
    };
    let mut settings = Vec::new();
    for setting in data(server).filter(of_apex) {
        let Some((_, rest)) = setting.value().trim_start().split_once(char::is_whitespace) else { continue };
        for owner in &owners {
            let owned = (!names.contains(owner)).then(|| name_text(owner));
            for owner in owned.into_iter().chain([format!("*.{}", name_text(owner))]) {
                settings.push(UnboundSetting { values: vec![format!("{owner} {rest}")], ..setting.clone() });
            }
        }
    }
    settings
}

/// The type of a record; none if it cannot be read.
fn kind(setting: &UnboundSetting) -> Option<String> {
    if setting.option == "local-data-ptr" {
        return Some("PTR".to_owned());
    }
    let mut words = setting.value().split_whitespace().skip(1).map(str::to_ascii_uppercase);
    let is_head = |word: &String| word == "IN" || word.starts_with(|first: char| first.is_ascii_digit());
    words.find(|word| !is_head(word))
}

/// The name of local data.
fn named(setting: &UnboundSetting) -> Option<Name> {
    let first = setting.value().split_whitespace().next()?;
    if setting.option == "local-data-ptr" {
        let mut reverse = Name::from(first.parse::<IpAddr>().ok()?);
        reverse.set_fqdn(true);
        return Some(reverse);
    }
    let mut name = read_name(first)?;
    name.set_fqdn(true);
    Some(name.to_lowercase())
}
