//! The types of Unbound's local zones (unbound.conf(5), "local-zone"), and the table of these zones. Zones are looked up by name, because
//! block lists have tens of thousands of zones.

use std::collections::HashMap;

use hickory_proto::rr::Name;

/// In zones of these types, names without local data are resolved, or answered by the zones above.
const OPEN: [&str; 7] =
    ["transparent", "typetransparent", "nodefault", "inform", "always_transparent", "noview", "ipset"];

/// In zones of these types, Unbound ignores local data.
const WITHOUT_DATA: [&str; 5] =
    ["always_transparent", "always_nxdomain", "always_nodata", "always_refuse", "always_deny"];

/// Returns true if Unbound itself answers all names in a zone of this type.
pub(super) fn is_closed(kind: &str) -> bool {
    !OPEN.contains(&kind)
}

pub(super) fn has_data(kind: &str) -> bool {
    !WITHOUT_DATA.contains(&kind)
}

/// Returns true for the type of a local zone of Unbound in which the zones above answer the queries for record types that a name does not
/// have.
pub(super) fn is_by_type(kind: &str) -> bool {
    kind == "typetransparent"
}

/// The local zones of Unbound, sorted by the length of their names, the shortest first. The names are in lower case.
#[derive(Debug)]
pub(super) struct LocalZones<Zone> {
    zones: Vec<(Name, Zone)>,
    places: HashMap<Name, usize>,
}

impl<Zone> LocalZones<Zone> {
    /// Creates the table of these zones. If several zones have the same name, the last one is used.
    pub(super) fn new(typed: impl IntoIterator<Item = (Name, Zone)>) -> Self {
        let mut last = HashMap::new();
        for (at, (name, zone)) in typed.into_iter().enumerate() {
            last.insert(name, (at, zone));
        }
        let mut zones: Vec<(Name, (usize, Zone))> = last.into_iter().collect();
        zones.sort_by_key(|(name, (at, _))| (name.iter().len(), *at));
        let zones: Vec<(Name, Zone)> = zones.into_iter().map(|(name, (_, zone))| (name, zone)).collect();
        let places = zones.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        Self { zones, places }
    }

    /// Of the zones that contain `name`, returns the one with the longest zone name.
    pub(super) fn around(&self, name: &Name) -> Option<&(Name, Zone)> {
        self.zones.get(self.place_around(name)?)
    }

    pub(super) fn around_mut(&mut self, name: &Name) -> Option<&mut (Name, Zone)> {
        let at = self.place_around(name)?;
        self.zones.get_mut(at)
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.places.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Name, Zone)> {
        self.zones.iter()
    }

    fn place_around(&self, name: &Name) -> Option<usize> {
        let mut name = name.clone();
        loop {
            if let Some(at) = self.places.get(&name) {
                return Some(*at);
            }
            if name.is_root() {
                return None;
            }
            name = name.base_name();
        }
    }
}

impl<Zone> IntoIterator for LocalZones<Zone> {
    type Item = (Name, Zone);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.zones.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::wire::presentation::read_name;

    #[test]
    fn last_local_zone_of_name_counts() {
        let name = |text: &str| read_name(text).unwrap();
        let typed = [("a.b.example.", 1), ("example.", 2), ("b.example.", 3), ("example.", 4)];
        let zones = LocalZones::new(typed.map(|(text, zone)| (name(text), zone)));
        let order: Vec<i32> = zones.iter().map(|(_, zone)| *zone).collect();
        assert_eq!(order, [4, 3, 1]);
        let around = |text: &str| zones.around(&name(text)).map(|(_, zone)| *zone);
        assert_eq!(around("x.a.b.example."), Some(1));
        assert_eq!(around("b.example."), Some(3));
        assert_eq!(around("c.example."), Some(4));
        assert_eq!(around("other."), None);
    }
}
