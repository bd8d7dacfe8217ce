//! unbound.conf of Unbound (unbound.conf(5), version 1.22).

mod default_zones;
mod kinds;
mod local;
mod local_zones;
mod ports;
mod reader;
mod server;
mod told;
mod trust;
mod upstreams;
mod zones;

use std::path::Path;
use std::sync::Arc;

use self::reader::{Section, UnboundSetting};
use self::upstreams::UpstreamZones;
use super::ImportError;
use super::draft::Draft;
use super::finding::{SourcePlace, Weight};
use super::source::Sources;
use super::told::FRAGMENT;

/// Reads the file at `path` into `draft`.
pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let mut sections = reader::read(path, &mut sources)?;
    sources.tell(draft);
    local::leave_out_asterisks(&mut sections, draft);
    let server = joined(&sections, path);
    if !sections.is_empty() && !sections.iter().any(|section| section.kind == "server") {
        draft.tell(Weight::Different, &server.place, "server", FRAGMENT);
    }
    let directory = server.last("directory").map_or("/etc/unbound", UnboundSetting::value).to_owned();
    let upstreams = UpstreamZones::new(&sections, &server);
    server::add(&server, draft);
    let by_default = default_zones::below(&upstreams, draft);
    let passed_over = local::add(&server, (&by_default, &upstreams), draft);
    let replaced = upstreams.replaced();
    ports::add(&server, draft);
    for section in sections.iter().filter(|section| section.kind != "server") {
        match section.kind.as_str() {
            "forward-zone" | "stub-zone" if passed_over.contains(&section.place) => {}
            "forward-zone" | "stub-zone" if replaced.contains(&section.place) => {
                let option = format!("{} {}", section.kind, upstreams::name(section));
                let did = "had no effect: another section for these names came in its place";
                draft.tell(Weight::Different, &section.place, &option, (did, "is left out"));
            }
            "forward-zone" => zones::forward(section, &upstreams, draft),
            "stub-zone" => zones::stub(section, &upstreams, draft),
            "auth-zone" => zones::auth(section, Path::new(&directory), draft),
            other => tell(other, section, draft),
        }
    }
    Ok(())
}

/// All `server:` sections as one.
fn joined(sections: &[Section], path: &Path) -> Section {
    let servers = sections.iter().filter(|section| section.kind == "server");
    let first = sections.first().map(|first| first.place.clone());
    let place = first.unwrap_or_else(|| SourcePlace { file: Arc::from(path), line: 1 });
    let settings = servers.flat_map(|section| section.settings.iter().cloned()).collect();
    Section { place, kind: "server".to_owned(), settings }
}

/// Reports a section without a counterpart.
fn tell(kind: &str, section: &Section, draft: &mut Draft) {
    let (weight, did, instead) = match kind {
        "python" | "dynlib" if section.settings.is_empty() => {
            (Weight::Unneeded, "named no module", "resolverd needs no such section")
        }
        "view" => (
            Weight::Dangerous,
            "gave its clients local data of their own",
            "is not converted, and its clients are refused, except this host: write a [[view]] with their networks, and its data as [[zone]], [[host]] and [[record]] with the key `view`, as resolverd.toml(5) shows, and add the networks to listen.allow",
        ),
        "remote-control" => {
            (Weight::Unneeded, "configured unbound-control", "resolverctl uses the socket of [control]")
        }
        "rpz" => (
            Weight::Dangerous,
            "applied a response policy zone",
            "resolverd has none; put names to block into a [[zone]] with records",
        ),
        "dnscrypt" => (
            Weight::Different,
            "served DNSCrypt",
            "resolverd has no DNSCrypt; see tls, https and quic of [listen]",
        ),
        "cachedb" => (Weight::Unneeded, "kept the cache outside", "resolverd keeps its cache over a restart"),
        "dnstap" => (Weight::Different, "sent a log of DNS messages", "see [dnstap]"),
        _ => (Weight::Different, "ran a module", "resolverd has no modules"),
    };
    let name = section.last("name").map_or("", UnboundSetting::value);
    draft.tell(weight, &section.place, format!("{kind} {name}").trim_end(), (did, instead));
}
