//! Converts the statements of a named.conf without views, or the statements that apply to the clients of one view.

use std::path::Path;
use std::sync::Arc;

use super::access::{self, AccessList};
use super::lists::Lists;
use super::reader::{KEYS, Statement, find, is_yes, options_of};
use super::reported::OPTIONS;
use super::settings::Settings;
use super::{listen, options, zones};
use crate::draft::Draft;
use crate::finding::SourcePlace;
use crate::finding::Weight::{Dangerous, Unneeded};
use crate::values::{Networks, network, texts};
use config::Config;

pub(super) fn acls(statements: &[Statement]) -> Lists<'_> {
    Lists::new(statements, options_of(statements))
}

/// Converts named.conf. `clients` are the clients for which named resolved names.
pub(super) fn add(
    path: &Path,
    statements: &[Statement],
    (clients, lists): (Option<AccessList>, &Lists<'_>),
    draft: &mut Draft,
) {
    let options = options_of(statements);
    let start = SourcePlace { file: Arc::from(path), line: 1 };
    let clients = clients.or_else(|| access::by_default(options, lists, draft));
    let clients = access::without_blackhole(clients, options, lists, draft);
    let allowed = access::add(clients, draft);
    listen::add(options, lists, (&start, allowed), draft);
    add_settings(path, statements, lists, draft);
}

/// Converts everything except the clients and the listening addresses.
fn add_settings(path: &Path, statements: &[Statement], lists: &Lists<'_>, draft: &mut Draft) {
    let options = options_of(statements);
    let directory = find(options, "directory").map_or("", Statement::value);
    let base = path.parent().unwrap_or_else(|| Path::new("")).join(directory);
    let settings = Settings::new(statements, &base, lists);
    options::add(&settings, statements, draft);
    zones::add(statements, &settings, draft);
    deny_servers(statements, draft);
    for statement in statements {
        report(statement, draft);
    }
}

/// Returns true if named permits the statement both inside and outside of a view, such as `zone`.
pub(super) fn is_whole(statement: &Statement) -> bool {
    statement.option() == "zone" || OPTIONS.sections.row(statement.option(), "").is_some()
}

fn report(statement: &Statement, draft: &mut Draft) {
    let option = statement.option();
    if is_converted(statement) {
        return;
    }
    let of_the_root = |key: &Statement| key.option() == ".";
    if KEYS.contains(&option) && !statement.block().is_empty() && statement.block().iter().all(of_the_root) {
        let did = "held the keys of the root";
        let instead = "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";
        return draft.report(Unneeded, statement, (did, instead));
    }
    OPTIONS.report(&OPTIONS.sections, (option, ""), statement, draft);
}

/// Adds servers with `bogus yes`, which named never queried, and resolverd's default networks to `resolve.deny_servers`.
fn deny_servers(statements: &[Statement], draft: &mut Draft) {
    let mut denied: Networks = Config::default().resolve.deny_servers.into_iter().collect();
    let mut first: Option<&Statement> = None;
    for server in statements.iter().filter(|statement| is_bogus(statement)) {
        match network(server.value()) {
            Some(net) => denied.push(net),
            None => {
                let did = "named a server that is never asked, by an address that cannot be read";
                let instead = "add its address to resolve.deny_servers";
                draft.report(Dangerous, server, (did, instead));
            }
        }
        first = first.or(Some(server));
    }
    if let Some(server) = first {
        let value = texts(denied.iter().map(ToString::to_string));
        draft.set(server, ("[resolve]", "deny_servers"), value);
    }
}

/// Returns true if `bogus yes` is the only option of the `server` statement.
fn is_converted(statement: &Statement) -> bool {
    is_bogus(statement) && statement.block().len() == 1
}

/// Returns true for a `server` statement with `bogus yes`. named never queries such a server, even if a zone names it.
pub(super) fn is_bogus(statement: &Statement) -> bool {
    statement.option() == "server" && find(statement.block(), "bogus").is_some_and(is_yes)
}
