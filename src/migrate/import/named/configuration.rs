//! The statements of a file without views, or as the clients of one view see it.

use std::path::Path;
use std::sync::Arc;

use super::access::{self, AccessList};
use super::lists::Lists;
use super::reader::{KEYS, Statement, find, options_of};
use super::{listen, options, servers, zones};
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::secret::keyword;

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
        "forwarders are written tls://address#name or https://address/path#name; for clients see tls and https of [listen]",
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

/// The access lists by name.
pub(super) fn acls(statements: &[Statement]) -> Lists<'_> {
    Lists::new(statements, options_of(statements))
}

/// Adds a file without views, with the clients that it answers.
pub(super) fn add(path: &Path, statements: &[Statement], clients: Option<AccessList>, draft: &mut Draft) {
    let (options, lists) = (options_of(statements), acls(statements));
    let start = SourcePlace { file: Arc::from(path), line: 1 };
    let clients = clients.or_else(|| access::by_default(options, &lists, draft));
    let clients = access::without_blackhole(clients, options, &lists, draft);
    let allowed = access::add(clients, draft);
    listen::add(options, (&lists, statements), (&start, allowed), draft);
    add_settings(path, statements, draft);
}

/// Adds a file without views, without its clients and the addresses to listen at.
pub(super) fn add_settings(path: &Path, statements: &[Statement], draft: &mut Draft) {
    let options = options_of(statements);
    let directory = find(options, "directory").map_or("", Statement::value);
    let base = path.parent().unwrap_or_else(|| Path::new("")).join(directory);
    let settings = zones::Settings { statements, base: &base };
    options::add(options, &acls(statements), statements, draft);
    zones::add(statements, &settings, draft);
    servers::add(statements, draft);
    for statement in statements {
        tell(statement, draft);
    }
}

/// Whether a statement of a view is one that may stand outside of it, and not an option.
pub(super) fn is_whole(statement: &Statement) -> bool {
    let option = statement.option();
    option == "zone" || TOLD.iter().any(|(name, ..)| *name == option)
}

fn tell(statement: &Statement, draft: &mut Draft) {
    let option = statement.option();
    if ["acl", "options", "zone"].contains(&option) || servers::is_taken(statement) {
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
