//! Compares sets of records: from the cache, from servers of the zone, and from other resolvers.

use std::collections::BTreeSet;

use crate::facts::{Record, ReplyFacts, is_within};

/// Addresses in the cache are compared only if their TTL is greater than this, in seconds. Services that give different addresses by
/// location or in turn use TTLs of at most five minutes.
pub(crate) const ADDRESS_TTL: u32 = 300;

/// Returns true if a reply says which records exist, or that there are none.
pub(crate) fn is_known(reply: &ReplyFacts) -> bool {
    ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str())
}

/// Returns the records of a type in a reply as text that can be compared. Returns `None` for an alias or an error.
pub(crate) fn records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let alias = reply.records("CNAME").next().is_some();
    let own = reply.answers.iter().filter(|record| record.is(kind) && record.name == name);
    (is_known(reply) && !alias).then(|| own.map(Record::compared).collect())
}

/// Returns the target of the alias at a name, or else the records of the name.
pub(crate) fn own_records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let is_alias = |record: &&Record| record.is("CNAME") && record.name == name;
    match reply.answers.iter().find(is_alias) {
        Some(alias) => Some(BTreeSet::from([format!("CNAME {}", alias.compared())])),
        None => records(reply, name, kind),
    }
}

/// Returns the aliases and the records of the type `kind` whose owner names are in the zone `apex`.
pub(crate) fn path(reply: &ReplyFacts, kind: &str, apex: &str) -> Option<BTreeSet<String>> {
    let of_zone = |record: &&Record| (record.is(kind) || record.is("CNAME")) && is_within(&record.name, apex);
    let shown = |record: &Record| format!("{} {} {}", record.name, record.kind(), record.compared());
    is_known(reply).then(|| reply.answers.iter().filter(of_zone).map(shown).collect())
}

/// Returns all records of a type in a reply, also those at the targets of aliases, as text that can be compared.
pub(crate) fn final_records(reply: &ReplyFacts, kind: &str) -> BTreeSet<String> {
    reply.records(kind).map(Record::compared).collect()
}

pub(crate) fn in_words(set: &BTreeSet<String>, kind: &str) -> String {
    if set.is_empty() { format!("no {kind}") } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// Returns the TTL of a negative answer. Returns `None` if there is no SOA record of a zone that contains the name; resolvers that block
/// names often send none.
pub(crate) fn negative_ttl(reply: &ReplyFacts, name: &str) -> Option<u32> {
    negative_soa(reply, name).map(|soa| soa.ttl)
}

fn negative_soa<'r>(reply: &'r ReplyFacts, name: &str) -> Option<&'r Record> {
    reply.authority.iter().find(|record| record.is("SOA") && is_within(name, &record.name))
}

/// Returns the longest TTL of the records of a type.
pub(crate) fn positive_ttl(reply: &ReplyFacts, kind: &str) -> Option<u32> {
    reply.answers.iter().filter(|record| record.is(kind)).map(|record| record.ttl).max()
}
