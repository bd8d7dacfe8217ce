//! The statements of a file without views, or as the clients of one view see it.

use std::path::Path;
use std::sync::Arc;

use super::access::{self, AccessList};
use super::lists::Lists;
use super::reader::{KEYS, Statement, find, options_of};
use super::{OPTIONS, listen, options, servers, zones};
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::Unneeded;

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
        report(statement, draft);
    }
}

/// Returns true if a statement of a view is one that may stand outside of it, and no option.
pub(super) fn is_whole(statement: &Statement) -> bool {
    statement.option() == "zone" || OPTIONS.sections.row(statement.option(), "").is_some()
}

fn report(statement: &Statement, draft: &mut Draft) {
    let option = statement.option();
    if servers::is_taken(statement) {
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
