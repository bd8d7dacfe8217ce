//! The keys of DNS lists in names: what the record, `why` and `monitor` must not show.

use crate::config::Config;
use crate::question::wire_name;
use crate::record::redact::Secrets;

/// What must be hidden by the configuration: the label below each zone or base of a list that is a key of its client.
pub fn secrets_of(config: &Config) -> Secrets {
    let keyed = config.lists().into_values().filter(|list| list.keyed);
    let with_key = config.lists.iter().filter_map(|list| list.with_key.as_ref());
    let bases = config.dnsbl.registry.keyed.values().chain(with_key);
    Secrets::before(keyed.map(|list| wire_name(&list.apex))).and_keys_before(bases.map(wire_name))
}
