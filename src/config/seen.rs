//! The configured zones that a group of clients sees, and the properties that separate views.

use std::collections::HashSet;

use hickory_proto::rr::Name;

use crate::config::{Config, ConfiguredView, ConfiguredZone, Listener, LookaheadMode};
use crate::dnsbl::gate::Guarding;

/// The configured zones that a group of clients sees. Groups with the same zones share data about names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SeenZones {
    /// The zones without `view`, in order; none if all are seen.
    shared: Option<Vec<Name>>,
    /// The `[[view]]` whose zones are seen too; none if it has no zones of its own.
    own: Option<String>,
}

/// The properties that separate views.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sees {
    /// The configured zones.
    pub(super) zones: SeenZones,
    /// How answers of lists that are no listings are handled.
    pub(super) guarding: Guarding,
    /// The mode of look-ahead.
    pub(super) lookahead: LookaheadMode,
}

impl SeenZones {
    /// The zones of a listener's clients that are in no `[[view]]`.
    pub(super) fn of_listener(listener: &Listener) -> Self {
        Self { shared: listener.zones.as_deref().map(in_order), own: None }
    }

    /// The zones of a `[[view]]`.
    pub(super) fn of_view(view: &ConfiguredView, config: &Config) -> Self {
        let is_own = |zone: &ConfiguredZone| zone.view.as_ref() == Some(&view.name);
        let own = config.zones.iter().any(is_own).then(|| view.name.clone());
        Self { shared: view.zones.as_deref().map(in_order), own }
    }

    /// The zones of `config` that are seen. A zone of the view takes the place of one of the same name.
    pub(super) fn of<'c>(&self, config: &'c Config) -> Vec<&'c ConfiguredZone> {
        let (own, others): (Vec<_>, Vec<_>) =
            config.zones.iter().filter(|zone| self.sees(zone)).partition(|zone| zone.view.is_some());
        let replaced: HashSet<&Name> = own.iter().map(|zone| &zone.name).collect();
        others.into_iter().filter(|zone| !replaced.contains(&zone.name)).chain(own.iter().copied()).collect()
    }

    /// Whether a zone is seen, unless another one takes its place.
    fn sees(&self, zone: &ConfiguredZone) -> bool {
        match &zone.view {
            Some(view) => self.own.as_ref() == Some(view),
            None => self.shared.as_ref().is_none_or(|seen| seen.binary_search(&zone.name).is_ok()),
        }
    }

    /// Whether the `[[host]]` or `[[record]]` of a name is seen: some zones are hidden only if the closest zone around the name is.
    pub(super) fn sees_names(&self, config: &Config) -> impl Fn(&Name) -> bool {
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
    /// The properties of the clients of `listener` that see these zones.
    pub(super) fn new(zones: SeenZones, listener: &Listener, config: &Config) -> Self {
        let lookahead = listener.lookahead.unwrap_or(config.lookahead.mode);
        Self { zones, guarding: listener.guarding(), lookahead }
    }
}

/// The closest of `zones` at or above a name.
pub(super) fn closest(name: &Name, zones: &HashSet<&Name>) -> Option<Name> {
    let parent = |name: &Name| (!name.is_root()).then(|| name.base_name());
    std::iter::successors(Some(name.clone()), parent).find(|zone| zones.contains(zone))
}

fn in_order(zones: &[Name]) -> Vec<Name> {
    let mut zones = zones.to_vec();
    zones.sort();
    zones.dedup();
    zones
}
