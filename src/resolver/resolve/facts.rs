//! What the resolver knows of DNS lists and zones, for those who read the record: it has no names
//! of lists and no configuration.

use std::collections::BTreeSet;
use std::sync::MutexGuard;

use super::Resolver;
use super::list_keys::{redaction_of, secrets_of};
use config::ZoneKind;
use dns::question::wire_name;
use dnsbl::state::ListState;
use record::changes::Changes;
use record::facts::{FactSource, Facts, KnownList};

impl Resolver {
    /// Passes the record in memory to `write`, without the customer keys of DNS lists (see
    /// `Recorder::save_memory`).
    ///
    /// # Errors
    /// The first error of `write`.
    pub fn save_history<E>(&self, write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.recorder.save_memory(&secrets_of(self.views.load().config()), write)
    }
}

impl FactSource for Resolver {
    fn facts(&self) -> Facts {
        let views = self.views.load();
        let config = views.config();
        let entries = self.lists.table.all();
        let in_state = |is_it: fn(ListState) -> bool| -> BTreeSet<Vec<u8>> {
            let entries = entries.iter().filter(|entry| is_it(entry.state()));
            entries.map(|entry| wire_name(&entry.apex)).collect()
        };
        let refusing = in_state(|state| state == ListState::Refusing);
        let known = |(apex, keyed): (Vec<u8>, bool)| {
            let refuses = refusing.contains(&apex);
            (apex, KnownList { keyed, refuses })
        };
        let lists = config.lists().into_iter().map(|(apex, list)| known((wire_name(&apex), list.keyed)));
        let has_servers = |kind: &ZoneKind| matches!(kind, ZoneKind::Forward(_) | ZoneKind::Stub(_));
        let zones = config.zones.iter().filter(|zone| has_servers(&zone.kind));
        Facts {
            secrets: secrets_of(config),
            redaction: redaction_of(config),
            lists: lists.collect(),
            failing_lists: in_state(ListState::is_incident),
            zones_with_servers: zones.map(|zone| wire_name(&zone.name)).collect(),
        }
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.table()
    }
}
