//! Imports unbound.conf of Unbound (unbound.conf(5), version 1.22).

mod default_zones;
mod local;
mod local_zones;
mod ports;
mod reader;
mod reported;
mod server;
mod trust;
mod upstreams;
mod zones;

use std::path::Path;
use std::sync::Arc;

use self::reader::{Section, UnboundSetting};
use self::reported::OPTIONS;
use self::upstreams::UpstreamZones;
use super::draft::Draft;
use super::error::ImportError;
use super::finding::{FRAGMENT, SourcePlace, Weight};
use super::source::Sources;

pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let mut sections = reader::read(path, &mut sources)?;
    sources.report(draft);
    local::leave_out_asterisks(&mut sections, draft);
    let is_fragment = !sections.is_empty() && !sections.iter().any(is_server);
    let (server, sections) = joined(sections, path);
    if is_fragment {
        draft.report(Weight::Different, &(&server.place, "server"), FRAGMENT);
    }
    let directory = server.last("directory").map_or("/etc/unbound", UnboundSetting::value).to_owned();
    let upstreams = UpstreamZones::new(&sections, &server);
    server::add(&server, draft);
    let by_default = default_zones::below(&upstreams, draft);
    let passed_over = local::add(&server, (&by_default, &upstreams), draft);
    let replaced = upstreams.replaced();
    ports::add(&server, draft);
    for section in &sections {
        match section.kind.as_str() {
            "forward-zone" | "stub-zone" if passed_over.contains(&section.place) => {}
            "forward-zone" | "stub-zone" if replaced.contains(&section.place) => {
                let did = "had no effect: another section for these names came in its place";
                draft.report(Weight::Different, section, (did, "is left out"));
            }
            "forward-zone" => zones::forward(section, &upstreams, draft),
            "stub-zone" => zones::stub(section, &upstreams, draft),
            "auth-zone" => zones::auth(section, Path::new(&directory), draft),
            kind => report(kind, section, draft),
        }
    }
    Ok(())
}

fn is_server(section: &Section) -> bool {
    section.kind == "server"
}

/// Joins all `server:` sections to one, and returns it with the other sections.
fn joined(sections: Vec<Section>, path: &Path) -> (Section, Vec<Section>) {
    let first = sections.first().map(|first| first.place.clone());
    let place = first.unwrap_or_else(|| SourcePlace { file: Arc::from(path), line: 1 });
    let (servers, others): (Vec<Section>, Vec<Section>) = sections.into_iter().partition(is_server);
    let settings = servers.into_iter().flat_map(|section| section.settings).collect();
    (Section { place, kind: "server".to_owned(), settings }, others)
}

/// Reports a section that has no counterpart in resolverd.
fn report(kind: &str, section: &Section, draft: &mut Draft) {
    let name = section.last("name").map_or("", UnboundSetting::value);
    let shown = format!("{kind} {name}");
    let setting = (&section.place, shown.trim_end());
    if matches!(kind, "python" | "dynlib") && section.settings.is_empty() {
        let did = "named no module";
        return draft.report(Weight::Unneeded, &setting, (did, "resolverd needs no such section"));
    }
    OPTIONS.report(&OPTIONS.sections, (kind, ""), &setting, draft);
}
