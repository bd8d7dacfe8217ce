//! Sets of records as they are compared: of the cache, of servers of the zone, of resolvers of others.

use std::collections::BTreeSet;

use super::facts::{Record, ReplyFacts, canonical, is_within};

/// Addresses in the cache count from this TTL on, in seconds: services that answer by place or in turn, and so differently each
/// time, have TTLs of at most five minutes.
pub(super) const ADDRESS_TTL: u32 = 300;

/// Whether a reply says which records there are, or that there are none.
pub(super) fn is_known(reply: &ReplyFacts) -> bool {
    ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str())
}

/// Data as it is compared: names in lower case with their last dot.
fn compared_data(data: &str, kind: &str) -> String {
    match kind {
        "TXT" => data.to_owned(),
        "A" | "AAAA" => data.to_ascii_lowercase(),
        _ => canonical(data),
    }
}

/// The data of a type in a known answer without an alias: lower case, but for TXT.
pub(super) fn records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let alias = reply.data("CNAME").next().is_some();
    let own = reply.answers.iter().filter(|record| record.kind == kind && record.name == name);
    (is_known(reply) && !alias).then(|| own.map(|record| compared_data(&record.data, kind)).collect())
}

/// The alias of a name, or its records of a type.
pub(super) fn own_records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let is_alias = |record: &&Record| record.kind == "CNAME" && record.name == name;
    match reply.answers.iter().find(is_alias) {
        Some(alias) => Some(BTreeSet::from([format!("CNAME {}", canonical(&alias.data))])),
        None => records(reply, name, kind),
    }
}

/// The aliases and the records of a type that a zone gives in a known answer, each with its owner.
pub(super) fn path(reply: &ReplyFacts, kind: &str, apex: &str) -> Option<BTreeSet<String>> {
    let of_zone =
        |record: &&Record| (record.kind == kind || record.kind == "CNAME") && is_within(&record.name, apex);
    let shown = |record: &Record| {
        format!("{} {} {}", record.name, record.kind, compared_data(&record.data, &record.kind))
    };
    is_known(reply).then(|| reply.answers.iter().filter(of_zone).map(shown).collect())
}

/// The data of a type, also behind aliases: lower case, but for TXT.
pub(super) fn final_records(reply: &ReplyFacts, kind: &str) -> BTreeSet<String> {
    reply.data(kind).map(|data| compared_data(data, kind)).collect()
}

/// A set of records in words.
pub(super) fn in_words(set: &BTreeSet<String>, kind: &str) -> String {
    if set.is_empty() { format!("no {kind}") } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// The TTL of a negative answer; none without the SOA of a zone of the name, as filters answer.
pub(super) fn negative_ttl(reply: &ReplyFacts, name: &str) -> Option<u32> {
    let soa = reply.authority.iter().find(|record| record.kind == "SOA" && is_within(name, &record.name))?;
    Some(soa.ttl)
}
