//! Finds out which configured zones, hosts and records a group of clients sees, and the other settings in which groups differ.

use std::collections::HashSet;
use std::net::IpAddr;

use hickory_proto::rr::Name;

use super::{
    Config, ConfiguredHost, ConfiguredRecord, ConfiguredView, ConfiguredZone, Listener, LookaheadMode,
};
use dnsbl::gate::Guarding;

/// The zones that a group of clients sees. Groups with the same zones share cached data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenZones {
    /// The visible zones without `view`, by apex, sorted; `None` for all.
    shared: Option<Vec<Name>>,
    /// The group's `[[view]]`, if any. The group sees the zones, hosts and records of this view too.
    own: Option<String>,
}

/// The `[[host]]` and `[[record]]` entries that a group of clients sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeenNames<'c> {
    /// The hosts.
    pub hosts: Vec<&'c ConfiguredHost>,
    /// The records.
    pub records: Vec<&'c ConfiguredRecord>,
}

/// The entry from which resolverd answers a question for a name.
#[derive(Clone, Copy, Debug)]
pub enum SeenEntry<'c> {
    /// The host with this name, or with the address of this reverse name.
    Host(&'c ConfiguredHost),
    /// A `[[record]]` with this name.
    Record(&'c ConfiguredRecord),
    /// The closest zone at or above the name.
    Zone(&'c ConfiguredZone),
}

/// The settings in which groups of clients can differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sees {
    /// The zones that the group sees.
    pub zones: SeenZones,
    /// What the group gets if a DNS list refuses.
    pub guarding: Guarding,
    /// The mode of look-ahead.
    pub lookahead: LookaheadMode,
}

impl SeenZones {
    /// Returns the zones that clients in no `[[view]]` see.
    pub fn of_listener(listener: &Listener) -> Self {
        Self { shared: listener.zones.as_deref().map(in_order), own: None }
    }

    /// Returns the zones that clients in `view` see.
    pub fn of_view(view: &ConfiguredView, config: &Config) -> Self {
        let views = config.zones.iter().map(|zone| &zone.view);
        let mut views = views
            .chain(config.hosts.iter().map(|host| &host.view))
            .chain(config.records.iter().map(|record| &record.view));
        let own = views.any(|own| own.as_ref() == Some(&view.name)).then(|| view.name.clone());
        Self { shared: view.zones.as_deref().map(in_order), own }
    }

    /// Returns the zones of `config` that this group of clients sees. A zone of the group's view replaces a zone of the same name without `view`.
    pub fn zones_in<'c>(&self, config: &'c Config) -> Vec<&'c ConfiguredZone> {
        let (own, others): (Vec<_>, Vec<_>) =
            config.zones.iter().filter(|zone| self.sees(zone)).partition(|zone| zone.view.is_some());
        let replaced: HashSet<&Name> = own.iter().map(|zone| &zone.name).collect();
        others.into_iter().filter(|zone| !replaced.contains(&zone.name)).chain(own.iter().copied()).collect()
    }

    /// Returns true if the group sees the zone. Does not check whether a zone of the group's view replaces this zone.
    fn sees(&self, zone: &ConfiguredZone) -> bool {
        match &zone.view {
            Some(view) => self.own.as_ref() == Some(view),
            None => self.shared.as_ref().is_none_or(|seen| seen.binary_search(&zone.name).is_ok()),
        }
    }

    /// Returns the hosts and records of `config` that the group sees. An entry of the group's view hides the entries without `view` for the same
    /// name.
    pub fn names<'c>(&self, config: &'c Config) -> SeenNames<'c> {
        let of_hosts = config.hosts.iter().map(|host| (&host.name, &host.view));
        let of_records = config.records.iter().map(|record| (&record.name, &record.view));
        let is_own = |view: &Option<String>| view.is_some() && *view == self.own;
        let own: HashSet<&Name> =
            of_hosts.chain(of_records).filter(|(_, view)| is_own(view)).map(|(name, _)| name).collect();
        let is_around = self.sees_names(config);
        let is_seen = |name: &Name, view: &Option<String>| match view {
            Some(_) => is_own(view),
            None => !own.contains(name) && is_around(name),
        };
        SeenNames {
            hosts: config.hosts.iter().filter(|host| is_seen(&host.name, &host.view)).collect(),
            records: config.records.iter().filter(|record| is_seen(&record.name, &record.view)).collect(),
        }
    }

    /// Returns the entry that answers the question of these clients for `name`; `None` if the name is resolved on the internet. A configured
    /// root zone, such as a forwarder for all names, is never returned.
    pub fn entry<'c>(&self, config: &'c Config, name: &Name) -> Option<SeenEntry<'c>> {
        let names = self.names(config);
        let is_reverse = |address: &IpAddr| {
            let mut reverse = Name::from(*address);
            reverse.set_fqdn(true);
            reverse == *name
        };
        let is_of = |host: &&&ConfiguredHost| host.name == *name || host.addresses.iter().any(is_reverse);
        if let Some(host) = names.hosts.iter().find(is_of) {
            return Some(SeenEntry::Host(host));
        }
        if let Some(record) = names.records.iter().find(|record| record.name == *name) {
            return Some(SeenEntry::Record(record));
        }
        let around =
            self.zones_in(config).into_iter().filter(|zone| zone.name.zone_of(name) && !zone.name.is_root());
        around.max_by_key(|zone| zone.name.num_labels()).map(SeenEntry::Zone)
    }

    /// Returns a function. For a name, it returns true if the group sees the `[[host]]` and `[[record]]` entries of this name that have no `view`. A
    /// group that sees all zones without `view` sees these entries too. Any other group sees them only if it sees the closest zone at or above the
    /// name.
    fn sees_names(&self, config: &Config) -> impl Fn(&Name) -> bool {
        let around = |zone: &&ConfiguredZone| zone.view.is_none() || self.sees(zone);
        let configured: HashSet<&Name> = config.zones.iter().filter(around).map(|zone| &zone.name).collect();
        let seen: HashSet<&Name> =
            config.zones.iter().filter(|zone| self.sees(zone)).map(|zone| &zone.name).collect();
        move |name| {
            self.shared.is_none() || closest(name, &configured).is_some_and(|zone| seen.contains(&zone))
        }
    }
}

impl Sees {
    /// Returns the settings for clients of `listener` in no `[[view]]`.
    pub fn general(listener: &Listener, config: &Config) -> Self {
        Self::new(SeenZones::of_listener(listener), listener, config)
    }

    /// Returns the settings for clients of `listener` in each `[[view]]`. A listener with its own zones ignores views.
    pub fn by_client(listener: &Listener, config: &Config) -> impl Iterator<Item = Self> {
        let views = config.views.iter().filter(|_| listener.zones.is_none());
        views.map(|view| Self::new(SeenZones::of_view(view, config), listener, config))
    }

    /// Returns true if both groups get the same answers, whatever their mode of look-ahead.
    pub(crate) fn has_answers_of(&self, other: &Self) -> bool {
        self.zones == other.zones && self.guarding == other.guarding
    }

    fn new(zones: SeenZones, listener: &Listener, config: &Config) -> Self {
        let lookahead = listener.lookahead.unwrap_or(config.lookahead.mode);
        Self { zones, guarding: listener.guarding(), lookahead }
    }
}

/// Returns the closest zone in `zones` at or above `name`.
pub fn closest(name: &Name, zones: &HashSet<&Name>) -> Option<Name> {
    let parent = |name: &Name| (!name.is_root()).then(|| name.base_name());
    std::iter::successors(Some(name.clone()), parent).find(|zone| zones.contains(zone))
}

impl SeenEntry<'_> {
    /// Returns true if both are the same entry. Both must come from the same configuration, because their addresses in memory are compared.
    pub fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Host(one), Self::Host(other)) => std::ptr::eq(one, other),
            (Self::Record(one), Self::Record(other)) => std::ptr::eq(one, other),
            (Self::Zone(one), Self::Zone(other)) => std::ptr::eq(one, other),
            _ => false,
        }
    }
}

fn in_order(zones: &[Name]) -> Vec<Name> {
    let mut zones = zones.to_vec();
    zones.sort();
    zones.dedup();
    zones
}
