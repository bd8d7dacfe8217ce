//! The parts of questions that are not shown: keys of DNS lists in names, and what `history.redact` names.

use crate::config::{Config, Redact};
use crate::question::wire_name;
use crate::record::redact::{Redaction, Secrets};

/// The keys of the configured lists: each is the label below the zone or base of a list.
pub fn secrets_of(config: &Config) -> Secrets {
    let keyed = config.lists().into_values().filter(|list| list.keyed);
    let with_key = config.lists.iter().filter_map(|list| list.with_key.as_ref());
    let bases = config.dnsbl.registry.keyed.values().chain(with_key);
    Secrets::before(keyed.map(|list| wire_name(&list.apex))).and_keys_before(bases.map(wire_name))
}

/// The parts of a question that are not stored, and that other programs do not get.
pub fn redaction_of(config: &Config) -> Redaction {
    let redact = config.history.redact;
    Redaction { clients: redact != Redact::None, names: redact == Redact::Names }
}
