//! Imports dnsmasq.conf of dnsmasq (dnsmasq(8), version 2.90).

mod reader;
mod records;
mod servers;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use self::reader::DnsmasqSetting;
use super::draft::Draft;
use super::error::ImportError;
use super::finding::SourcePlace;
use super::finding::Weight::{Dangerous, Different};
use super::served::report_denied;
use super::source::Sources;
use super::values::{plain, texts, unique};

pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let settings = reader::read(path, &mut sources)?;
    listen(&settings, path, draft);
    let zones = servers::add(&settings, (path, &mut sources), draft);
    let mut denied = zones.without_data();
    zones.finish(draft);
    records::add(&settings, (path, &mut sources), draft);
    // If a name in a blocked zone has data, dnsmasq answers NODATA for the name of the zone, not NXDOMAIN. resolverd does the same, so the zone is
    // not reported.
    let with_data = draft.names_and_above();
    denied.retain(|zone| !with_data.contains(&plain(&zone.name)));
    report_denied(&denied, draft);
    settings::add(&settings, draft);
    sources.report(draft);
    Ok(())
}

fn listen(settings: &[DnsmasqSetting], path: &Path, draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let port = last("port");
    let number = port.and_then(|port| port.field(0).parse().ok()).unwrap_or(53_u16);
    if let Some(port) = port.filter(|_| number == 0) {
        let did = "turned DNS off: this dnsmasq gave out addresses only";
        let instead = "keep it beside resolverd; nothing of its DNS is in use";
        return draft.report(Different, port, (did, instead));
    }
    let typed = settings.iter().find(|one| matches!(one.option.as_str(), "interface" | "listen-address"));
    let mut addresses = named(settings, number, draft);
    let has_others = addresses.iter().any(|address| !address.ip().is_loopback());
    if let Some(typed) = typed.filter(|_| has_others) {
        let did = "answered every client that reached these addresses";
        draft.report(Dangerous, typed, (did, "add the networks of the clients to listen.allow"));
    }
    let start = SourcePlace { file: path.into(), line: 1 };
    if typed.is_none() {
        let did = "listened at all addresses of this host (no interface, no listen-address)";
        let instead = "resolverd listens at 127.0.0.1 and ::1 only; for other clients set listen.addresses and listen.allow";
        draft.report(Different, &(&start, "interface"), (did, instead));
    }
    // If the file has `interface`, dnsmasq also listens at the loopback addresses.
    if addresses.is_empty() || settings.iter().any(|setting| setting.option == "interface") {
        addresses.extend(
            ["127.0.0.1", "::1"]
                .iter()
                .filter_map(|own| own.parse().ok())
                .map(|own| SocketAddr::new(own, number)),
        );
    }
    if let Some(typed) = typed.or(port) {
        let addresses = unique(addresses).into_iter().map(|address| address.to_string());
        draft.set(typed, ("[listen]", "addresses"), texts(addresses));
    }
}

fn named(settings: &[DnsmasqSetting], port: u16, draft: &mut Draft) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for setting in settings {
        let is_interface = setting.option == "interface";
        if !is_interface && setting.option != "listen-address" {
            continue;
        }
        for field in &setting.fields {
            let own =
                if is_interface && field == "lo" { vec!["127.0.0.1", "::1"] } else { vec![field.as_str()] };
            for address in own {
                match address.parse::<IpAddr>() {
                    Ok(address) => addresses.push(SocketAddr::new(address, port)),
                    Err(_) => {
                        let did = "listened at the addresses of a network interface";
                        let instead =
                            "add these addresses to listen.addresses, and the clients to listen.allow";
                        draft.report(Dangerous, setting, (did, instead));
                    }
                }
            }
        }
    }
    addresses
}
