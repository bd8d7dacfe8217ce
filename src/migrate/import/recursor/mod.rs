//! recursor.conf of PowerDNS Recursor, in the old style (version 4.8) and in YAML (version 5).

mod lua;
mod settings;
mod told;
mod zones;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;

use self::settings::{RecursorSetting, Settings, USUAL_CLIENTS, address};
use super::ImportError;
use super::draft::Draft;
use super::finding::SourcePlace;
use super::finding::Weight::{Dangerous, Different, Unneeded};
use super::names::{Names, ShortNames};
use super::root;
use super::source::Sources;
use super::told::find;
use super::values::{Clients, network, seconds, texts};

/// Settings that functions of this module read.
const READ: [&str; 24] = [
    "local-address",
    "local-port",
    "allow-from",
    "allow-from-file",
    "query-local-address",
    "dont-query",
    "dnssec",
    "negative-trustanchors",
    "trustanchors",
    "trustanchorfile",
    "hint-file",
    "lua-config-file",
    "max-cache-ttl",
    "max-negative-ttl",
    "serve-stale-extensions",
    "qname-minimization",
    "udp-source-port-min",
    "udp-source-port-max",
    "forward-zones",
    "forward-zones-recurse",
    "forward-zones-file",
    "auth-zones",
    "serve-rfc1918",
    "serve-rfc6303",
];

/// Settings of the file of hosts, which are read if it is in use.
const HOSTS: [&str; 3] = ["export-etc-hosts", "etc-hosts-file", "export-etc-hosts-search-suffix"];

/// Reads the file at `path` into `draft`.
pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let settings = settings::read(path, &mut sources)?;
    let has_others = listen(&settings, draft);
    clients(&settings, has_others, &mut sources, draft)?;
    queries(&settings, draft);
    cache(&settings, draft);
    let mut untrusted = trust(&settings, path, draft);
    hints(&settings, draft);
    if let Some(lua) = settings.get("lua-config-file").filter(|lua| !lua.value().is_empty()) {
        untrusted.extend(lua::add(lua, &mut sources, draft));
    }
    untrusted.sort();
    untrusted.dedup();
    let first = settings.get("negative-trustanchors").or_else(|| settings.get("lua-config-file"));
    if let Some(first) = first.filter(|_| !untrusted.is_empty()) {
        draft.set(&first.place, &first.typed, ("[dnssec]", "negative_trust_anchors"), texts(untrusted));
    }
    zones::add(&settings, &mut sources, draft)?;
    hosts(&settings, &mut sources, draft);
    for setting in settings.all() {
        tell(setting, &settings, draft);
    }
    sources.tell(draft);
    Ok(())
}

/// The addresses at which the Recursor listens; whether other hosts can reach one of them.
fn listen(settings: &Settings, draft: &mut Draft) -> bool {
    let port = settings.get("local-port");
    let number = port.and_then(|port| port.value().parse().ok()).unwrap_or(53_u16);
    let Some(typed) = settings.get("local-address").or(port) else { return false };
    let named = settings.get("local-address").map_or_else(Vec::new, |one| one.values.clone());
    let named = if named.is_empty() { vec!["127.0.0.1".to_owned(), "::1".to_owned()] } else { named };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for text in named {
        match address(&text, number) {
            Some(address) if !addresses.contains(&address) => addresses.push(address),
            Some(_) => {}
            None => {
                let did = "named an address that cannot be read";
                draft.tell(Dangerous, &typed.place, &typed.typed, (did, "add it to listen.addresses"));
            }
        }
    }
    draft.set(
        &typed.place,
        &typed.typed,
        ("[listen]", "addresses"),
        texts(addresses.iter().map(ToString::to_string)),
    );
    addresses.iter().any(|address| !address.ip().is_loopback())
}

/// The clients; a file with clients takes the place of `allow-from`.
fn clients(
    settings: &Settings,
    has_others: bool,
    sources: &mut Sources,
    draft: &mut Draft,
) -> Result<(), ImportError> {
    let file = settings.get("allow-from-file").filter(|file| !file.value().is_empty());
    let Some(typed) = file.or_else(|| settings.get("allow-from")).or_else(|| settings.get("local-address"))
    else {
        return Ok(());
    };
    let named: Vec<String> = match file {
        Some(file) => {
            let found = sources.readable((&file.place, &file.typed), vec![file.path()]);
            let Some(path) = found.first() else { return Ok(()) };
            let text = sources.begin(path)?.text;
            sources.end();
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
            lines
                .map(|line| line.trim().trim_start_matches("- ").trim_matches(['\'', '"']).to_owned())
                .collect()
        }
        None if typed.option == "allow-from" => typed.values.clone(),
        None if has_others => USUAL_CLIENTS.map(str::to_owned).to_vec(),
        None => return Ok(()),
    };
    // An empty list of the setting closes nothing; an empty file closes the Recursor.
    let is_open = file.is_none() && named.iter().all(String::is_empty);
    let mut clients = if is_open { Clients::everybody() } else { Clients::default() };
    for (line, text) in (1..).zip(&named).filter(|(_, text)| !text.is_empty()) {
        let (list, net) = match text.strip_prefix('!') {
            // Clients that are not allowed get no reply.
            Some(net) => (&mut clients.drop, net),
            None => (&mut clients.allow, text.as_str()),
        };
        match network(net) {
            Some(net) if !list.contains(&net) => list.push(net),
            Some(_) => {}
            None => {
                // The file may be of another kind, with secrets.
                let did = match file {
                    Some(_) => format!("named clients that cannot be read in line {line}"),
                    None => format!("named clients that cannot be read: {text}"),
                };
                draft.tell(Dangerous, &typed.place, &typed.typed, (&did, "add them to listen.allow"));
            }
        }
    }
    if clients.allow.iter().any(|net| net.prefix_len() == 0) {
        let did = "answered every client";
        let instead = "remove it from listen.allow unless a firewall keeps strangers out: open resolvers are used for attacks";
        draft.tell(Dangerous, &typed.place, &typed.typed, (did, instead));
    }
    if has_others {
        // All clients that are not allowed get no reply.
        let all = Clients::everybody().allow.into_iter();
        clients.drop.extend(all.filter(|all| !clients.allow.contains(all)));
    }
    draft.set_clients(&typed.place, &typed.typed, clients);
    Ok(())
}

/// The addresses and ports to ask from, and the servers that are never asked.
fn queries(settings: &Settings, draft: &mut Draft) {
    if let Some(from) = settings.get("query-local-address") {
        let mut chosen: Vec<IpAddr> = Vec::new();
        let typed = from.values.iter().filter_map(|text| text.parse::<IpAddr>().ok());
        for address in typed.filter(|address| !address.is_unspecified()) {
            if chosen.iter().any(|known| known.is_ipv4() == address.is_ipv4()) {
                let did = "was one more address to send queries from";
                let instead = "resolverd takes one of each family (resolve.source); DNS lists judge it";
                draft.tell(Different, &from.place, &from.typed, (did, instead));
            } else {
                chosen.push(address);
            }
        }
        if !chosen.is_empty() {
            let value = texts(chosen.iter().map(ToString::to_string));
            draft.set(&from.place, &from.typed, ("[resolve]", "source"), value);
        }
    }
    if let Some(denied) = settings.get("dont-query") {
        let nets: Vec<IpNet> = denied.values.iter().filter_map(|text| network(text)).collect();
        if nets.len() < denied.values.len() {
            let did = "named exceptions, or networks that cannot be read";
            draft.tell(Dangerous, &denied.place, &denied.typed, (did, "compare resolve.deny_servers"));
        }
        let value = texts(nets.iter().map(ToString::to_string));
        draft.set(&denied.place, &denied.typed, ("[resolve]", "deny_servers"), value);
    }
    if let Some(minimise) = settings.get("qname-minimization") {
        draft.set(&minimise.place, &minimise.typed, ("[resolve]", "qname_minimisation"), minimise.is_on());
    }
    let port =
        |option| settings.get(option).and_then(|one: &RecursorSetting| one.value().parse::<u16>().ok());
    let (least, most) = (port("udp-source-port-min"), port("udp-source-port-max"));
    let typed = settings.get("udp-source-port-min").or_else(|| settings.get("udp-source-port-max"));
    if let Some(typed) = typed {
        let range = format!("{}-{}", least.unwrap_or(1_024).max(1_024), most.unwrap_or(u16::MAX));
        draft.set(&typed.place, &typed.typed, ("[resolve]", "source_ports"), range);
    }
}

/// The times of the cache.
fn cache(settings: &Settings, draft: &mut Draft) {
    for (option, key, most) in
        [("max-cache-ttl", "max_ttl", 604_800), ("max-negative-ttl", "negative_max_ttl", 86_400)]
    {
        let Some(setting) = settings.get(option) else { continue };
        match seconds(setting.value(), most) {
            Some((text, _)) => draft.set(&setting.place, &setting.typed, ("[cache]", key), text),
            None => {
                let did = "is no number of seconds";
                draft.tell(Different, &setting.place, &setting.typed, (did, "set it in [cache]"));
            }
        }
    }
    let Some(stale) = settings.get("serve-stale-extensions") else { return };
    // Each extension is 30 s.
    let span = stale.value().parse::<u64>().unwrap_or(0).saturating_mul(30).min(259_200);
    draft.set(&stale.place, &stale.typed, ("[cache]", "serve_stale"), format!("{span}s"));
}

/// Validation; the names without it.
fn trust(settings: &Settings, path: &Path, draft: &mut Draft) -> Vec<String> {
    let first = SourcePlace { file: path.into(), line: 1 };
    let mode = settings.get("dnssec");
    let (place, typed) = mode.map_or((&first, "dnssec"), |mode| (&mode.place, mode.typed.as_str()));
    match mode.map_or("process", RecursorSetting::value) {
        "off" | "process-no-validate" => draft.set(place, typed, ("[dnssec]", "validate"), false),
        "validate" => {}
        value => {
            let did = match value {
                "process" => {
                    "answered clients that set neither AD nor DO also if a signature was wrong (dnssec=process, the default)"
                }
                _ => "validated only for clients that ask for it, or logged wrong signatures only",
            };
            let instead = "resolverd answers SERVFAIL to all clients then; set dnssec.validate = false to have no validation";
            draft.tell(Different, place, typed, (did, instead));
        }
    }
    if let Some(anchors) = settings.get("trustanchors") {
        for anchor in &anchors.zones {
            let typed = format!("trustanchors: {}", anchor.name);
            lua::tell_anchor((&anchor.name, &anchor.values), &anchor.place, &typed, draft);
        }
    }
    if let Some(file) = settings.get("trustanchorfile").filter(|file| !file.value().is_empty()) {
        root::keys_file((&file.place, &file.typed), &file.path(), draft);
    }
    let untrusted = settings.get("negative-trustanchors").map(|anchors| anchors.zones.as_slice());
    untrusted.unwrap_or_default().iter().map(|anchor| anchor.name.clone()).collect()
}

/// The servers of the root. `no` and `no-refresh` name no file.
fn hints(settings: &Settings, draft: &mut Draft) {
    let Some(hints) = settings.get("hint-file") else { return };
    match hints.value() {
        "" | "no" | "no-refresh" => {
            let did = "named no servers of the root";
            draft.tell(Unneeded, &hints.place, &hints.typed, (did, "resolverd has them built in"));
        }
        _ => root::hints_file((&hints.place, &hints.typed), &hints.path(), draft),
    }
}

/// The file of hosts, if it is in use.
fn hosts(settings: &Settings, sources: &mut Sources, draft: &mut Draft) {
    let Some(used) = settings.get("export-etc-hosts").filter(|used| used.is_on()) else { return };
    let typed = settings.get("etc-hosts-file").unwrap_or(used);
    let path = settings.get("etc-hosts-file").map_or_else(|| "/etc/hosts".into(), RecursorSetting::path);
    let suffix = settings.get("export-etc-hosts-search-suffix").filter(|suffix| !suffix.value().is_empty());
    let short = suffix.map_or(ShortNames::Alone, |suffix| ShortNames::Whole(suffix.value()));
    let mut names = Names::default();
    names.file((&typed.place, &typed.typed), &path, (short, sources), draft);
    names.finish(draft);
    if let Some(suffix) = suffix {
        let did = "completed names without a dot, in PTR records in newer versions only";
        let instead = "resolverd completes them in PTR records, too";
        draft.tell(Different, &suffix.place, &suffix.typed, (did, instead));
    }
    let did = "gave these names a TTL of 86400 s, and answered that they have no records of other types and that names below them do not exist";
    let instead = "resolverd gives them a TTL of 300 s, and resolves the others as usual; for whole names use a [[zone]] with records";
    draft.tell(Different, &used.place, &used.typed, (did, instead));
}

/// Reports a setting that is not carried over.
fn tell(setting: &RecursorSetting, settings: &Settings, draft: &mut Draft) {
    let option = setting.option.as_str();
    let uses_hosts = settings.get("export-etc-hosts").is_some_and(RecursorSetting::is_on);
    if READ.contains(&option) || (uses_hosts && HOSTS.contains(&option)) {
        return;
    }
    let detail = |name| (name, Unneeded, "is a detail of the daemon", "resolverd needs no such setting");
    let is_empty = setting.value().is_empty() && setting.zones.is_empty() && !setting.has_entries;
    let is_off = !setting.is_on() || (is_empty && setting.has_value);
    let details = told::DETAILS.map(detail);
    let row = find(&told::TOLD, option).or_else(|| find(&details, option)).copied();
    let (weight, did, instead) = match row {
        Some((_, Unneeded, did, instead)) => (Unneeded, did, instead),
        Some(_) if is_off => (Unneeded, "turned it off", "resolverd has no such part"),
        Some((_, weight, did, instead)) => (weight, did, instead),
        None => {
            let did = "is not known to this import";
            let instead = "see the manual of PowerDNS Recursor for its effect and resolverd.toml(5)";
            return draft.tell(Different, &setting.place, setting.keyword(), (did, instead));
        }
    };
    draft.tell(weight, &setting.place, &setting.typed, (did, instead));
}
