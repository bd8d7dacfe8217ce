//! The parts of questions that nobody may see: the secret keys in names of DNS lists, and the parts that `history.redact` selects.

use std::collections::BTreeSet;

use hickory_proto::rr::Name;

use config::{Config, Redact};
use dns::question::wire_name;
use dnsbl::rewrite::{Rewrite, provider_of};
use record::redact::{Redaction, Secrets};

/// Returns where the configured DNS lists have their secret keys: in the label directly below the zone or base name of a list. For other
/// lists, a label counts as a key if it looks like one.
pub fn secrets_of(config: &Config) -> Secrets {
    let keyed = config.lists().into_values().filter(|list| list.keyed);
    let with_key = config.lists.iter().filter_map(|list| list.with_key.as_ref());
    let registry = &config.dnsbl.registry;
    let bases = registry.keyed.values().chain(with_key);
    let of_registry = registry.lists.values().filter(|list| list.keyed).map(|list| &list.apex);
    let providers: BTreeSet<Vec<u8>> = of_registry
        .chain(registry.keyed.values())
        .filter_map(provider_of)
        .map(|zone| wire_name(&zone))
        .collect();
    Secrets::before(keyed.map(|list| wire_name(&list.apex)))
        .and_keys_before(bases.map(wire_name))
        .and_below(providers)
}

/// Returns why no server may be asked for a name, even for a command of the operator: the name contains the secret key of a DNS list, or is
/// reserved for this host (RFC 6761 section 6.3, RFC 7686 section 2).
pub fn kept_here(config: &Config, name: &Name) -> Option<&'static str> {
    let mut lists = config.lists().into_values();
    let is_in = |rewrite: &Rewrite| rewrite.secret().is_in(name);
    if lists.any(|list| list.rewrite.as_deref().is_some_and(is_in))
        || secrets_of(config).hidden(&wire_name(&name.to_lowercase())).is_some()
    {
        return Some("the name contains the key of a DNS list");
    }
    let last = name.iter().next_back()?;
    let is_of_host = |special: &&str| last.eq_ignore_ascii_case(special.as_bytes());
    ["localhost", "onion"].iter().any(is_of_host).then_some("questions about such names stay on the host")
}

/// Returns which parts of a question are neither stored in the history nor given to other programs.
pub fn redaction_of(config: &Config) -> Redaction {
    let redact = config.history.redact;
    Redaction { clients: redact != Redact::None, names: redact == Redact::Names }
}
