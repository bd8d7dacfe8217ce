//! named.conf of BIND 9 (version 9.20).

mod clients;
mod listen;
mod options;
mod private;
mod reader;
mod tls;
mod told;
mod zones;

use std::path::Path;
use std::sync::Arc;

use self::clients::Lists;
use self::reader::{Statement, find};
use super::ImportError;
use super::draft::Draft;
use super::finding::SourcePlace;
use super::finding::Weight::{self, Dangerous, Different, Unneeded};
use super::secret::keyword;
use super::source::Sources;

/// Statements whose effect is missing here, or is not needed: weight, effect, and what to do.
const TOLD: [(&str, Weight, &str, &str); 20] = [
    ("controls", Unneeded, "configured rndc", "resolverctl uses the socket of [control]"),
    ("key", Unneeded, "held a key of rndc or of transfers", "resolverctl needs no key"),
    ("logging", Different, "configured the log", "resolverd logs to the journal; see [log]"),
    ("statistics-channels", Different, "served statistics over HTTP", "use resolverctl stats --json"),
    (
        "trust-anchors",
        Dangerous,
        "gave keys to validate with",
        "set dnssec.trust_anchor to this file, unless they are those of the root",
    ),
    (
        "managed-keys",
        Dangerous,
        "gave keys to validate with",
        "set dnssec.trust_anchor to this file, unless they are those of the root",
    ),
    (
        "trusted-keys",
        Dangerous,
        "gave keys to validate with",
        "set dnssec.trust_anchor to this file, unless they are those of the root",
    ),
    ("server", Different, "changed the queries to one server", "resolverd learns what a server supports"),
    (
        "tls",
        Unneeded,
        "named a TLS configuration",
        "forwarders are written tls://address#name; for clients see tls and https of [listen]",
    ),
    (
        "http",
        Unneeded,
        "named the paths of DNS over HTTPS",
        "resolverd has one path, /dns-query; see https of [listen]",
    ),
    ("remote-servers", Unneeded, "named a list of servers", "its addresses are in the zones that use it"),
    ("parental-agents", Unneeded, "named servers for signing", "resolverd signs no zones"),
    ("primaries", Unneeded, "named a list of primaries", "its addresses are in the zones that use it"),
    ("masters", Unneeded, "named a list of primaries", "its addresses are in the zones that use it"),
    ("dlz", Dangerous, "took zones from a database", "write them to zone files"),
    ("dyndb", Dangerous, "took zones from a database", "write them to zone files"),
    (
        "plugin",
        Dangerous,
        "changed answers by a plugin, such as filter-aaaa",
        "resolverd has no plugins; turn IPv6 off in the mail software",
    ),
    ("template", Different, "named options that zones take", "see the zones that use it"),
    ("dnssec-policy", Unneeded, "configured signing", "resolverd signs no zones"),
    ("key-store", Unneeded, "configured signing", "resolverd signs no zones"),
];

/// The statements with keys to validate with.
const KEYS: [&str; 3] = ["trust-anchors", "managed-keys", "trusted-keys"];

/// Reads the file at `path` into `draft`.
pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let statements = reader::read(path, &mut Sources::default())?;
    let of = |option: &'static str| statements.iter().filter(move |statement| statement.option() == option);
    let lists: Lists<'_> = of("acl").map(|list| (list.value(), list)).collect();
    let none: &[Statement] = &[];
    let options = of("options").next().map_or(none, Statement::block);
    let directory = find(options, "directory").map_or("", Statement::value);
    let base = path.parent().unwrap_or_else(|| Path::new("")).join(directory);
    let settings = zones::Settings { statements: &statements, base: &base };
    let allowed = options::add(options, &lists, &statements, draft);
    let start = SourcePlace { file: Arc::from(path), line: 1 };
    listen::add(options, (&lists, &statements), (&start, allowed), draft);
    let mut views = of("view");
    if let Some(view) = views.next() {
        tell_view(view, draft);
        options::add(view.block(), &lists, &statements, draft);
        zones::add(view.block(), &settings, draft);
    }
    for view in views {
        let did = "gave some clients other zones, by their address";
        let instead = "add a [[listener]] with an address of its own, `allow` and `zones` for these clients";
        draft.tell(Dangerous, &view.place, &view.shown(), (did, instead));
    }
    zones::add(&statements, &settings, draft);
    for statement in &statements {
        tell(statement, draft);
    }
    Ok(())
}

/// Reports the first view, whose zones are kept for all clients.
fn tell_view(view: &Statement, draft: &mut Draft) {
    let everybody = find(view.block(), "match-clients")
        .is_none_or(|list| list.block().iter().any(|element| element.option() == "any"));
    let weight = if everybody { Unneeded } else { Different };
    let did = "gave its clients these zones";
    draft.tell(weight, &view.place, &view.shown(), (did, "all clients of [listen] get them here"));
}

fn tell(statement: &Statement, draft: &mut Draft) {
    let option = statement.option();
    if ["acl", "options", "zone", "view"].contains(&option) {
        return;
    }
    let of_the_root = |key: &Statement| key.option() == ".";
    if KEYS.contains(&option) && !statement.block().is_empty() && statement.block().iter().all(of_the_root) {
        let did = "held the keys of the root";
        let instead = "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";
        return draft.tell(Unneeded, &statement.place, &statement.shown(), (did, instead));
    }
    let (weight, did, instead) = match TOLD.iter().find(|(name, ..)| *name == option) {
        Some((_, weight, did, instead)) => (*weight, *did, *instead),
        None => {
            let did = "is not known to this import";
            let instead = "see the manual of BIND for its effect and resolverd.toml(5)";
            return draft.tell(Different, &statement.place, keyword(option), (did, instead));
        }
    };
    draft.tell(weight, &statement.place, &statement.shown(), (did, instead));
}
