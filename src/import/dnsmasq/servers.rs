//! Converts servers and answers for whole domains: `server`, `local`, `rev-server`, `address`, and the servers of `resolv-file`.

use std::net::IpAddr;
use std::path::Path;

use super::reader::DnsmasqSetting;
use crate::draft::Draft;
use crate::finding::SourcePlace;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::source::{Source, Sources};
use crate::upstreams::{GatheredZones, ZoneSource, reverse_zones};
use crate::values::{Upstream, network, upstream_text};

const RESOLV_CONF: &str = "/etc/resolv.conf";

struct Server {
    upstream: Upstream,
    from: Option<IpAddr>,
    interface: Option<String>,
}

/// `path` is the file that is imported.
pub(super) fn add(
    settings: &[DnsmasqSetting],
    (path, sources): (&Path, &mut Sources),
    draft: &mut Draft,
) -> GatheredZones {
    let validate = settings.iter().any(|setting| setting.option == "dnssec");
    let mut zones = GatheredZones::default();
    for setting in settings.iter().filter(|one| matches!(one.option.as_str(), "server" | "local")) {
        match setting.domains() {
            None => one(setting, (".", validate), &setting.value(), &mut zones, draft),
            Some((domains, server)) => for_domains(setting, &domains, &server, &mut zones, draft),
        }
    }
    resolv(settings, (path, sources), validate, &mut zones, draft);
    for setting in settings {
        match setting.option.as_str() {
            "rev-server" => reverse(setting, &mut zones, draft),
            "address" => answers(setting, &mut zones, draft),
            _ => {}
        }
    }
    standard(settings, &mut zones, draft);
    private(settings, &mut zones, draft);
    zones
}

/// With `bogus-priv`, dnsmasq does not send reverse names of private networks to servers, unless a server is configured for these names.
fn private(settings: &[DnsmasqSetting], zones: &mut GatheredZones, draft: &mut Draft) {
    let Some(setting) = settings.iter().find(|setting| setting.option == "bogus-priv") else { return };
    let trees = ["in-addr.arpa", "ip6.arpa"];
    let did = "answered reverse names of private networks itself";
    let instead = match zones.keep_reverse(setting, &trees).is_empty() {
        false => "locally_served = true does the same",
        true => "resolverd does, unless a [[zone]] has them",
    };
    draft.report(Unneeded, setting, (did, instead));
}

/// Adds a server for `domains`. If `server` is empty, dnsmasq answered names in these domains only from its own data.
fn for_domains(
    setting: &DnsmasqSetting,
    domains: &[String],
    server: &str,
    zones: &mut GatheredZones,
    draft: &mut Draft,
) {
    for domain in domains {
        let domain = below(setting, domain.trim_start_matches('.'), server, draft);
        match (domain, server) {
            ("", _) => {
                let did = "had a server for names without a dot";
                let instead = "resolverd resolves them as other names; clients must ask for whole names, with a [[zone]] for their domain";
                draft.report(Dangerous, setting, (did, instead));
            }
            (name, _) if name.starts_with('*') || name == "#" => pattern(setting, draft),
            // The server `#` stands for dnsmasq's default servers. The function `standard` converts these settings.
            (_, "#") => {}
            (name, "") => zones.add(setting, (name, true), (ZoneSource::Records, Vec::new()), draft),
            // dnsmasq does not validate the answers of servers for single domains, so `validate` is false for the zone.
            (name, server) => one(setting, (name, false), server, zones, draft),
        }
    }
}

/// Adds zones for the domains that dnsmasq sends to its default servers (`#`). These zones are needed if a domain above them has other servers.
fn standard(settings: &[DnsmasqSetting], zones: &mut GatheredZones, draft: &mut Draft) {
    for setting in settings.iter().filter(|one| matches!(one.option.as_str(), "server" | "local")) {
        let Some((domains, _)) = setting.domains().filter(|(_, server)| server == "#") else { continue };
        let usual = zones.root_servers();
        // Without configured default servers, dnsmasq queries the servers in /etc/resolv.conf. resolverd resolves from the root instead.
        let (source, validate) =
            if usual.is_empty() { (ZoneSource::Recurse, true) } else { (ZoneSource::Forward, false) };
        for domain in domains {
            let source = (source, usual.clone());
            zones.add(setting, (&domain, validate), source, draft);
        }
    }
}

/// Returns the domain in a setting. `*.domain` stands only for the names below the domain. A `[[zone]]` of resolverd also has the domain itself, so
/// the difference is reported.
fn below<'d>(setting: &DnsmasqSetting, domain: &'d str, server: &str, draft: &mut Draft) -> &'d str {
    let is_whole = |below: &&str| !below.is_empty() && !below.contains('*') && !["", "#"].contains(&server);
    let Some(below) = domain.strip_prefix("*.").filter(is_whole) else { return domain };
    let did = "applied to the names below the domain, and not to the domain itself";
    draft.report(Different, setting, (did, "the [[zone]] has the domain too"));
    below
}

fn pattern(setting: &DnsmasqSetting, draft: &mut Draft) {
    let did = "applied to all names, or to names that end alike";
    let instead = "resolverd takes whole domains only; add a [[zone]] for each";
    draft.report(Dangerous, setting, (did, instead));
}

/// Adds a server for the domain `name`. Reports the parts of the setting that have no counterpart in resolverd.
fn one(
    setting: &DnsmasqSetting,
    (name, validate): (&str, bool),
    text: &str,
    zones: &mut GatheredZones,
    draft: &mut Draft,
) {
    let Some(Server { upstream, from, interface }) = server(text) else {
        let did = "named a server by something else than an address";
        let instead = "add its address to forward of the [[zone]]";
        return draft.report(Dangerous, setting, (did, instead));
    };
    let Some(written) = upstream_text(&upstream) else { return };
    let source = (ZoneSource::Forward, vec![written]);
    zones.add(setting, (name, validate), source, draft);
    if let Some(from) = from {
        zones.ask_from(name, from);
    }
    if interface.is_some() {
        let did = "sent the queries through one network interface";
        let instead = "resolverd chooses by address: set source of the [[zone]]";
        draft.report(Different, setting, (did, instead));
    }
}

fn server(text: &str) -> Option<Server> {
    let mut parts = text.split('@');
    let first = parts.next()?;
    let (address, port) = match first.split_once('#') {
        Some((address, port)) => (address, Some(port.parse().ok()?)),
        None => (first, None),
    };
    let upstream = Upstream { address: address.parse().ok()?, port, tls: false, name: None };
    let mut server = Server { upstream, from: None, interface: None };
    for part in parts {
        match part.split('#').next().and_then(|part| part.parse().ok()) {
            Some(address) => server.from = Some(address),
            None => server.interface = Some(part.to_owned()),
        }
    }
    Some(server)
}

/// Converts `rev-server`: servers for the reverse names of a network.
fn reverse(setting: &DnsmasqSetting, zones: &mut GatheredZones, draft: &mut Draft) {
    let Some(net) = network(setting.field(0)) else {
        let did = "named a network that cannot be read";
        return draft.report(Dangerous, setting, (did, "add a [[zone]] for its reverse names"));
    };
    for zone in reverse_zones(net) {
        match setting.field(1) {
            "" => {
                let source = (ZoneSource::Records, Vec::new());
                zones.add(setting, (&zone, true), source, draft);
            }
            server => one(setting, (&zone, false), server, zones, draft),
        }
    }
}

/// Converts `address`: one answer for a domain and all names below the domain.
fn answers(setting: &DnsmasqSetting, zones: &mut GatheredZones, draft: &mut Draft) {
    let Some((domains, address)) = setting.domains() else {
        let did = "cannot be read";
        return draft.report(Dangerous, setting, (did, "add a [[zone]] with records"));
    };
    let addresses: Vec<&str> = match address.as_str() {
        "" => Vec::new(),
        "#" => vec!["0.0.0.0", "::"],
        one => vec![one],
    };
    let mut lines = Vec::new();
    for address in addresses {
        let Ok(read) = address.parse::<IpAddr>() else {
            let did = "gave an address that cannot be read";
            return draft.report(Dangerous, setting, (did, "add a [[zone]] with records"));
        };
        let kind = if read.is_ipv4() { "A" } else { "AAAA" };
        lines.extend([format!("@ {kind} {read}"), format!("* {kind} {read}")]);
    }
    let mut has_zone = false;
    for domain in &domains {
        match domain.trim_start_matches('.') {
            "" => pattern(setting, draft),
            name if name.starts_with('*') || name == "#" => pattern(setting, draft),
            name => {
                has_zone = true;
                let source = (ZoneSource::Records, lines.clone());
                zones.add(setting, (name, true), source, draft);
            }
        }
    }
    if lines.is_empty() || !has_zone {
        return;
    }
    // The setting blocks the domain if it has `#`, or an address at which no server can be.
    let is_blocked = address == "#"
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_unspecified() || address.is_loopback());
    let (weight, did, instead) = if is_blocked {
        let did = "answered addresses of the domain, and sent queries for other types to servers";
        (
            Different,
            did,
            "the [[zone]] has no records of other types; use [[host]] for a single name that has mail",
        )
    } else {
        let did = "answered addresses of the domain, and sent queries for other types to servers, with MX and the TXT records of SPF, DKIM and DMARC";
        let instead = "the [[zone]] says that these do not exist, which stops mail of the domain: add them to its records, or use a [[host]] for each name instead";
        (Dangerous, did, instead)
    };
    draft.report(weight, setting, (did, instead));
}

/// Adds the servers in `resolv-file`. /etc/resolv.conf is not read, because later it will probably name resolverd.
fn resolv(
    settings: &[DnsmasqSetting],
    (file, sources): (&Path, &mut Sources),
    validate: bool,
    zones: &mut GatheredZones,
    draft: &mut Draft,
) {
    if let Some(alone) = settings.iter().find(|setting| setting.option == "no-resolv") {
        if zones.root_servers().is_empty() {
            let did = "refused all names for which no server is named";
            let instead = "resolverd resolves them from the root; if they must not reach the internet, add a [[zone]] \".\" with records = []: then they do not exist";
            draft.report(Dangerous, alone, (did, instead));
        }
        return;
    }
    for setting in settings.iter().filter(|setting| setting.option == "resolv-file") {
        let path = setting.place.sibling(setting.field(0));
        if path == Path::new(RESOLV_CONF) {
            let did = "sent queries to the servers in /etc/resolv.conf";
            draft.report(Different, setting, (did, instead_of_servers(zones)));
            continue;
        }
        let Source { path, text } = match sources.begin(&path) {
            Ok(source) => source,
            Err(error) => {
                let did = format!("named a file of servers: {error}");
                draft.report(Dangerous, setting, (&did, instead_of_servers(zones)));
                continue;
            }
        };
        for (line, text) in (1..).zip(text.lines()) {
            let mut words = text.split_whitespace();
            let (Some("nameserver"), Some(address)) = (words.next(), words.next()) else { continue };
            let place = SourcePlace { file: path.clone(), line };
            let named = DnsmasqSetting {
                place,
                option: "nameserver".to_owned(),
                fields: Vec::new(),
                typed: text.into(),
            };
            one(&named, (".", validate), address, zones, draft);
        }
        sources.end();
    }
    if !settings.iter().any(|setting| setting.option == "resolv-file") {
        // dnsmasq reads /etc/resolv.conf by default, without a line in its configuration. So the finding refers to line 1.
        let place = SourcePlace { file: file.into(), line: 1 };
        let did = "sent queries to the servers in /etc/resolv.conf too";
        draft.report(Different, &(&place, "resolv-file"), (did, instead_of_servers(zones)));
    }
}

/// Returns what resolverd does, or the operator must do, instead of querying servers of a file that is not read.
fn instead_of_servers(zones: &GatheredZones) -> &'static str {
    if zones.root_servers().is_empty() {
        "resolverd resolves from the root; DNS lists refuse the resolvers of providers; for these servers add a [[zone]] \".\" with forward"
    } else {
        "resolverd sends queries only to the servers of the [[zone]] \".\"; to query those servers too, add them to its `forward`"
    }
}
