//! The part of the configuration that answers for a name, in the place of the internet.

use hickory_proto::rr::Name;

use super::protocol::ConfiguredSource;
use super::protocol::zones::ZoneSource;
use crate::config::{Config, ConfiguredZone, ZoneKind};

/// The host, the record or the closest zone of `config` that answers for `name` in the general view; none if it is resolved on the internet.
/// Forwarders of the root, and zones that are resolved from the root, are the way to the internet.
pub(super) fn source(config: &Config, name: &Name) -> Option<ConfiguredSource> {
    let is_host = |name: &Name, addresses: &[std::net::IpAddr], wanted: &Name| {
        name == wanted || addresses.iter().any(|address| Name::from(*address) == *wanted)
    };
    if let Some(host) = config.hosts.iter().find(|host| is_host(&host.name, &host.addresses, name)) {
        return Some(of_name(&host.name, ZoneSource::Host));
    }
    if let Some(record) = config.records.iter().find(|record| record.name == *name) {
        return Some(of_name(&record.name, ZoneSource::Records));
    }
    let around = config.zones.iter().filter(|zone| zone.view.is_none());
    let around = around.filter(|zone| zone.name.zone_of(name) && !zone.name.is_root());
    let closest = around.max_by_key(|zone| zone.name.num_labels())?;
    (closest.kind != ZoneKind::Recurse).then(|| of_zone(closest))
}

fn of_name(name: &Name, kind: ZoneSource) -> ConfiguredSource {
    ConfiguredSource { zone: name.to_string(), kind, servers: Vec::new(), file: None }
}

fn of_zone(zone: &ConfiguredZone) -> ConfiguredSource {
    let source = |kind| of_name(&zone.name, kind);
    match &zone.kind {
        ZoneKind::Forward(servers) => {
            let servers = servers.iter().map(|server| server.address).collect();
            ConfiguredSource { servers, ..source(ZoneSource::Forward) }
        }
        ZoneKind::Stub(servers) => ConfiguredSource { servers: servers.clone(), ..source(ZoneSource::Stub) },
        ZoneKind::Recurse => source(ZoneSource::Recurse),
        ZoneKind::Records(_) => source(ZoneSource::Records),
        ZoneKind::File { path, .. } => {
            ConfiguredSource { file: Some(path.display().to_string()), ..source(ZoneSource::File) }
        }
    }
}
