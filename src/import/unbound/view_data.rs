//! The local data that the clients of a view see.
//!
//! A name that no zone of the view answers is one of `server:` if the view says `view-first`, else it is resolved. A transparent zone
//! of a view answers names with data only; `noview` and `always_transparent` answer none.

use std::net::IpAddr;

use hickory_proto::rr::Name;

use super::kinds;
use super::reader::{Section, UnboundSetting};
use crate::wire::presentation::read_name;

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

    /// The kind of the closest zone at or above a name; of equal ones the last counts.
    fn kind(&self, name: &Name) -> Option<&'s str> {
        let around = self.all.iter().filter(|(apex, _)| apex.zone_of(name));
        around.max_by_key(|(apex, _)| apex.iter().len()).map(|(_, kind)| *kind)
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
    data(server).filter(is_seen).chain(data(view).filter(is_of_use)).cloned().collect()
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
