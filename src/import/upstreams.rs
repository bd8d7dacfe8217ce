//! Collects zones with their own servers or their own answers, from files of several formats. The settings of one zone may be in different parts of a
//! file.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use hickory_proto::rr::Name;
use ipnet::IpNet;
use toml::Value;

use super::draft::Draft;
use super::finding::{Setting, TypedSetting, Weight};
use super::served::{EmptyZone, is_around};
use super::values::{is_within, plain, texts, unique};
use crate::limits;
use dns::wire::presentation::name_text;

/// The source of the answers for a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneSource {
    /// Recursive servers, which get the queries.
    Forward,
    /// Records in the configuration.
    Records,
    /// Recursion from the root, although a zone above is forwarded.
    Recurse,
}

#[derive(Clone, Debug)]
struct GatheredZone {
    setting: TypedSetting,
    name: String,
    source: ZoneSource,
    /// The addresses of the servers, or lines of a zone file, according to `source`.
    values: Vec<String>,
    /// The source addresses of queries.
    from: Vec<IpAddr>,
    validate: bool,
    /// True if resolverd answers the locally served zones (RFC 6303) below this zone itself.
    locally_served: bool,
}

/// The reverse zone that contains the names of 100.64.0.0/10 (shared address space) and of public addresses.
const AROUND_SHARED: &str = "100.in-addr.arpa";

#[derive(Debug, Default)]
pub(super) struct GatheredZones {
    zones: Vec<GatheredZone>,
    at: HashMap<String, usize>,
}

impl GatheredZones {
    /// Adds servers or records to the zone `name`. The zone is validated only if all its settings permit this.
    pub(super) fn add(
        &mut self,
        setting: &impl Setting,
        (name, validate): (&str, bool),
        (source, values): (ZoneSource, Vec<String>),
        draft: &mut Draft,
    ) {
        let name = match name.trim_end_matches('.') {
            "" => ".".to_owned(),
            name => name.to_ascii_lowercase(),
        };
        let at = *self.at.entry(name.clone()).or_insert(self.zones.len());
        let Some(zone) = self.zones.get_mut(at) else {
            let setting = setting.typed();
            let from = Vec::new();
            let locally_served = false;
            self.zones.push(GatheredZone { setting, name, source, values, from, validate, locally_served });
            return;
        };
        if zone.source != source {
            let did = "gave a second source of the same zone";
            let instead = "a [[zone]] has one source: the first is kept; decide which one you need";
            return draft.report(Weight::Dangerous, setting, (did, instead));
        }
        zone.validate &= validate;
        zone.values.extend(values);
    }

    /// Sets the source address of the queries to the servers of the zone `name`, or of the root zone if there is no zone `name`. If the zone
    /// already has a source address of the same address family, nothing changes.
    pub(super) fn ask_from(&mut self, name: &str, address: IpAddr) {
        let at = self.at.get(&plain(name)).or_else(|| self.at.get("."));
        let Some(zone) = at.and_then(|at| self.zones.get_mut(*at)) else { return };
        if !zone.from.iter().any(|known| known.is_ipv4() == address.is_ipv4()) {
            zone.from.push(address);
        }
    }

    /// Returns the servers for all names that are in no other zone.
    pub(super) fn root_servers(&self) -> Vec<String> {
        let root = self.at.get(".").and_then(|at| self.zones.get(*at));
        root.map(|zone| zone.values.clone()).unwrap_or_default()
    }

    /// Returns the zones that the other resolver served without any record. Reverse zones are left out, because clients do not query for
    /// the apex of a reverse zone.
    pub(super) fn without_data(&self) -> Vec<EmptyZone> {
        let is_empty = |zone: &&GatheredZone| {
            zone.source == ZoneSource::Records && zone.values.is_empty() && !is_within(&zone.name, "arpa")
        };
        let empty =
            |zone: &GatheredZone| EmptyZone { setting: zone.setting.clone(), name: zone.name.clone() };
        self.zones.iter().filter(is_empty).map(empty).collect()
    }

    /// Lets resolverd itself answer locally served reverse zones in `trees`, even if a zone with servers contains them. For each name in
    /// `trees` in such a zone, adds a zone with the same servers and `locally_served`. Existing zones in `trees` above locally served zones
    /// get `locally_served` too. Forwarders still get the names of 100.64.0.0/10. Returns the names of the zones that get `locally_served`.
    pub(super) fn keep_reverse(&mut self, setting: &impl Setting, trees: &[&str]) -> BTreeSet<String> {
        let has_servers = |zone: &&GatheredZone| zone.source != ZoneSource::Records;
        let closest = |zones: &[GatheredZone], name: &str| {
            let around =
                zones.iter().enumerate().filter(|(_, zone)| has_servers(zone) && is_within(name, &zone.name));
            around.max_by_key(|(_, zone)| zone.name.trim_end_matches('.').len()).map(|(at, _)| at)
        };
        let mut kept = BTreeSet::new();
        // A zone with servers that is below a zone in `trees` needs `locally_served` too, if another locally served zone is below it.
        let between = |zone: &GatheredZone| {
            trees.iter().any(|tree| is_within(&zone.name, tree)) && is_around(&zone.name)
        };
        for zone in self.zones.iter_mut().filter(|zone| has_servers(&&**zone) && between(zone)) {
            zone.locally_served = true;
            kept.insert(zone.name.clone());
        }
        for (name, locally_served) in trees.iter().map(|tree| (*tree, true)).chain([(AROUND_SHARED, false)]) {
            let Some(around) = closest(&self.zones, name).filter(|_| !self.at.contains_key(name)) else {
                continue;
            };
            if !locally_served && kept.is_empty() {
                continue;
            }
            let Some(around) = self.zones.get(around) else { continue };
            let zone = GatheredZone {
                setting: setting.typed(),
                name: name.to_owned(),
                locally_served,
                ..around.clone()
            };
            if locally_served {
                kept.insert(name.to_owned());
            }
            self.at.insert(name.to_owned(), self.zones.len());
            self.zones.push(zone);
        }
        kept
    }

    pub(super) fn finish(self, draft: &mut Draft) {
        for zone in self.zones {
            let key = match zone.source {
                ZoneSource::Forward => "forward",
                ZoneSource::Records => "records",
                ZoneSource::Recurse => "recurse",
            };
            let is_root = zone.name == ".";
            // resolverd refuses a zone that names the same server twice.
            let mut values = unique(zone.values);
            if zone.source != ZoneSource::Records && values.len() > config::limits::MAX_CONFIGURED_ADDRESSES {
                let did = format!("named {} servers", values.len());
                let instead = format!("a [[zone]] has at most {}", config::limits::MAX_CONFIGURED_ADDRESSES);
                draft.report(Weight::Different, &zone.setting, (&did, &instead));
                values.truncate(config::limits::MAX_CONFIGURED_ADDRESSES);
            }
            let value = if zone.source == ZoneSource::Recurse { Value::from(true) } else { texts(values) };
            let mut keys = vec![("name", Value::from(zone.name)), (key, value)];
            if zone.locally_served {
                keys.push(("locally_served", Value::from(true)));
            }
            if !zone.from.is_empty() {
                keys.push(("source", texts(zone.from.iter().map(ToString::to_string))));
            }
            if !zone.validate && zone.source != ZoneSource::Records {
                keys.push(("validate", Value::from(false)));
                if is_root {
                    let did = "passed answers on without validation";
                    let instead = "[[zone]] \".\" has validate = false; remove it if its servers answer with signatures: DANE needs it";
                    draft.report(Weight::Different, &zone.setting, (did, instead));
                }
            }
            draft.add(&zone.setting, "[[zone]]", keys);
        }
    }
}

/// Returns the reverse zones that together cover `net`. It is a single zone if the prefix ends at a label of the reverse name.
pub(super) fn reverse_zones(net: IpNet) -> Vec<String> {
    let step: u8 = if net.addr().is_ipv4() { 8 } else { 4 };
    let labels = net.prefix_len().div_ceil(step).max(1);
    let Ok(parts) = net.trunc().subnets(labels.saturating_mul(step)) else { return Vec::new() };
    // At most 7 bits are missing to the end of a label, so there are at most 128 parts.
    let zones = parts.take(limits::MAX_REVERSE_ZONES).map(|part| {
        let whole = Name::from(part.addr());
        let superfluous = part.max_prefix_len().saturating_sub(part.prefix_len()) / step;
        let mut zone = whole;
        for _ in 0..superfluous {
            zone = zone.base_name();
        }
        name_text(&zone).trim_end_matches('.').to_owned()
    });
    zones.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_has_its_reverse_zones() {
        let zones = |net: &str| reverse_zones(net.parse().unwrap());
        assert_eq!(zones("10.0.0.0/8"), ["10.in-addr.arpa"]);
        assert_eq!(zones("192.168.7.9/24"), ["7.168.192.in-addr.arpa"]);
        assert_eq!(zones("10.4.0.0/15"), ["4.10.in-addr.arpa", "5.10.in-addr.arpa"]);
        assert_eq!(zones("fd00::/8"), ["d.f.ip6.arpa"]);
        assert_eq!(zones("192.0.2.1/32"), ["1.2.0.192.in-addr.arpa"]);
    }
}
