//! The reply about configured zones: where the answers of each zone come from, and the states of its servers. Hosts and names
//! with records are zones of one name here.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::controlled::TemporaryEntries;
use super::rows;
use config::{Config, ConfiguredZone, ZoneKind};
use dns::conduct::{EncryptedProtocol, Encryption};
use dns::wire::presentation::name_text;
use protocol::Reply;
use protocol::zones::{Section, Temporary, ZoneServer, ZoneSource, ZoneState};
use resolver::cache::servers::KnownServer;

/// Returns the rows of the configured zones, hosts and records. `temporary` has the zones that are not in the configuration file, with their
/// remaining time.
pub(super) fn rows(
    config: &Config,
    temporary: &TemporaryEntries<Option<Duration>>,
    known: &[KnownServer],
) -> Vec<Reply> {
    let lifetime = |section, name: &Name, view: Option<&String>| {
        let (_, left) = temporary.get(name).filter(|(of, _)| *of == section && view.is_none())?;
        Some(Temporary { left: left.map(|left| left.as_secs_f64()) })
    };
    let zones = config.zones.iter().map(|zone| ZoneState {
        temporary: lifetime(Section::Zone, &zone.name, zone.view.as_ref()),
        ..of_zone(config, zone, known)
    });
    let hosts = config.hosts.iter().map(|host| ZoneState {
        zone: name_text(&host.name),
        view: host.view.clone(),
        kind: ZoneSource::Host,
        addresses: host.addresses.clone(),
        temporary: lifetime(Section::Host, &host.name, host.view.as_ref()),
        ..ZoneState::default()
    });
    let mut names: Vec<(String, Option<String>)> =
        config.records.iter().map(|record| (name_text(&record.name), record.view.clone())).collect();
    names.dedup();
    let records = names.into_iter().map(|(zone, view)| ZoneState {
        zone,
        view,
        kind: ZoneSource::Records,
        ..ZoneState::default()
    });
    rows::bounded(zones.chain(hosts).chain(records).collect(), Reply::ZoneState)
}

fn of_zone(config: &Config, zone: &ConfiguredZone, known: &[KnownServer]) -> ZoneState {
    let server = |address: SocketAddr, encryption: Option<Encryption>| {
        let known = known.iter().find(|known| known.address == address);
        let https = encryption.as_ref().and_then(|one| match &one.protocol {
            EncryptedProtocol::Https(path) => Some(path.clone()),
            _ => None,
        });
        ZoneServer {
            address,
            tls: encryption.map(|one| one.certificate),
            https,
            round_trip: known.and_then(|known| known.round_trip).map(|round_trip| round_trip.as_secs_f64()),
            health: known.filter(|known| known.asked).map(|known| known.health),
            lame: known.is_some_and(|known| known.lame.contains(&zone.name)),
        }
    };
    let (kind, servers, file) = match &zone.kind {
        ZoneKind::Forward(forwarders) => {
            let servers = forwarders.iter().map(|one| server(one.address, one.encryption.clone())).collect();
            (ZoneSource::Forward, servers, None)
        }
        ZoneKind::Stub(servers) => {
            (ZoneSource::Stub, servers.iter().map(|address| server(*address, None)).collect(), None)
        }
        ZoneKind::Recurse => (ZoneSource::Recurse, Vec::new(), None),
        ZoneKind::Records(_) => (ZoneSource::Records, Vec::new(), None),
        ZoneKind::Blocked => (ZoneSource::Blocked, Vec::new(), None),
        ZoneKind::File { path, .. } => (ZoneSource::File, Vec::new(), Some(path.display().to_string())),
    };
    let hides = config.listeners.iter().filter(|listener| {
        listener.zones.as_ref().is_some_and(|seen| zone.view.is_some() || !seen.contains(&zone.name))
    });
    ZoneState {
        zone: name_text(&zone.name),
        view: zone.view.clone(),
        kind,
        forward_first: zone.forward_first,
        servers,
        file,
        addresses: Vec::new(),
        source: zone.source.clone(),
        max_ttl: zone.max_ttl.map(|ttl| ttl.as_secs_f64()),
        negative_max_ttl: zone.negative_max_ttl.map(|ttl| ttl.as_secs_f64()),
        temporary: None,
        hidden_at: hides.filter_map(|listener| listener.addresses.first().copied()).collect(),
    }
}
