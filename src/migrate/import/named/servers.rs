//! `server` statements of BIND: those with `bogus yes` name servers that are never asked.

use std::net::IpAddr;

use super::reader::{Statement, find, is_yes};
use crate::import::draft::Draft;
use crate::import::finding::Weight::Dangerous;
use crate::import::values::{network, texts};
use resolver::config::Config;

/// Adds the servers to those that resolverd never asks by default.
pub(super) fn add(statements: &[Statement], draft: &mut Draft) {
    let mut denied = Config::default().resolve.deny_servers;
    let mut first: Option<&Statement> = None;
    for server in statements.iter().filter(|statement| is_bogus(statement)) {
        match network(server.value()) {
            Some(net) if !denied.contains(&net) => denied.push(net),
            Some(_) => {}
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

/// Whether a server is one that named never asks, whoever names it: zones and forwarders have no effect on it.
pub(super) fn is_never_asked(statements: &[Statement], address: IpAddr) -> bool {
    let mut bogus = statements.iter().filter(|statement| is_bogus(statement));
    bogus.any(|server| network(server.value()).is_some_and(|net| net.contains(&address)))
}

/// Whether all of a statement is carried over.
pub(super) fn is_taken(statement: &Statement) -> bool {
    is_bogus(statement) && statement.block().len() == 1
}

fn is_bogus(statement: &Statement) -> bool {
    statement.option() == "server" && find(statement.block(), "bogus").is_some_and(is_yes)
}
