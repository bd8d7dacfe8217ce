//! Imports named.conf of BIND 9 (version 9.20).

mod access;
mod built_in_zones;
mod clients;
mod configuration;
mod listen;
mod lists;
mod options;
mod reader;
mod reported;
mod settings;
mod tls;
mod views;
mod zone_clients;
mod zones;

use std::path::Path;

use self::configuration::acls;
use self::reader::{find, options_of};
use self::reported::OPTIONS;
use self::zone_clients::ZoneClients;
use super::draft::Draft;
use super::error::ImportError;
use super::finding::{FRAGMENT, Weight};
use super::source::Sources;
use super::values::Clients;

pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let statements = reader::read(path, &mut sources)?;
    sources.report(draft);
    if let Some(first) = statements.first().filter(|_| find(&statements, "options").is_none()) {
        draft.report(Weight::Different, &(&first.place, "options"), FRAGMENT);
    }
    if find(&statements, "view").is_some() {
        return views::add(path, &statements, draft);
    }
    let lists = acls(&statements);
    let clients = access::from_options(options_of(&statements), &lists, draft);
    let resolved = clients.as_ref().map_or_else(Clients::of_this_host, |list| list.clients.clone());
    let of_zones = ZoneClients { reaching: &Clients::everybody(), resolved: &resolved };
    of_zones.report(&statements, &lists, draft);
    configuration::add(path, &statements, (clients, &lists), draft);
    lists.check()
}
