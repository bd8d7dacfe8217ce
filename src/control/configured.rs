//! Finds the part of the configuration that answers for a name.

use hickory_proto::rr::Name;

use config::seen::{SeenEntry, SeenZones};
use config::{Config, ConfiguredView, ConfiguredZone, ZoneKind};
use protocol::ConfiguredSource;
use protocol::zones::ZoneSource;

/// Returns the `[[host]]`, the `[[record]]` or the closest `[[zone]]` from which clients without a view get the answer for `name`.
/// Returns `None` if resolverd resolves the name from the root servers, or with the forwarders for all names.
pub(super) fn source(config: &Config, name: &Name) -> Option<ConfiguredSource> {
    match SeenZones::default().entry(config, name)? {
        SeenEntry::Host(host) => Some(of_name(&host.name, ZoneSource::Host)),
        SeenEntry::Record(record) => Some(of_name(&record.name, ZoneSource::Records)),
        SeenEntry::Zone(zone) => (zone.kind != ZoneKind::Recurse).then(|| of_zone(zone)),
    }
}

/// Returns the views whose clients get data for `name` from another part of the configuration than clients without a view.
pub(super) fn views(config: &Config, name: &Name) -> Vec<String> {
    if config.views.is_empty() {
        return Vec::new();
    }
    let general = SeenZones::default().entry(config, name);
    let differs =
        |view: &&ConfiguredView| match (SeenZones::of_view(view, config).entry(config, name), general) {
            (Some(own), Some(general)) => !own.is(general),
            (own, general) => own.is_some() || general.is_some(),
        };
    config.views.iter().filter(differs).map(|view| view.name.clone()).collect()
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
        ZoneKind::Blocked => source(ZoneSource::Blocked),
        ZoneKind::File { path, .. } => {
            ConfiguredSource { file: Some(path.display().to_string()), ..source(ZoneSource::File) }
        }
    }
}
