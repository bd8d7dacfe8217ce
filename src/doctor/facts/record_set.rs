//! Sets of records in the form in which they are compared: from the cache, from servers of the zone, and from other resolvers.

use std::collections::BTreeSet;

use crate::facts::{Record, ReplyFacts, canonical, is_within};

/// The lowest TTL, in seconds, from which addresses in the cache are compared. Services that choose addresses by location or in turn, and so give
/// different addresses each time, use TTLs of at most five minutes.
pub(crate) const ADDRESS_TTL: u32 = 300;

/// Returns true if a reply says which records exist, or that none exist.
pub(crate) fn is_known(reply: &ReplyFacts) -> bool {
    ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str())
}

/// Returns data in the form in which they are compared. In types whose names are compared without regard to case (RFC 4034 section 6.2, RFC 3597
/// section 7), names are in lower case. All other data are compared octet by octet. For the types in the first branch, only names contain
/// letters, so the whole text can be converted.
pub fn compared_data(data: &str, kind: &str) -> String {
    match kind {
        "NS" | "CNAME" | "PTR" | "DNAME" | "MX" | "SRV" | "SOA" | "A" | "AAAA" => data.to_ascii_lowercase(),
        // The replacement, the last field, is a name. The flags, the services and the expression before it are strings.
        "NAPTR" => match data.rsplit_once(' ') {
            Some((before, name)) => format!("{before} {}", name.to_ascii_lowercase()),
            None => data.to_owned(),
        },
        // The name of the signer comes after seven other fields.
        "RRSIG" => {
            let lower = |(place, word): (usize, &str)| {
                if place == 7 { word.to_ascii_lowercase() } else { word.to_owned() }
            };
            data.split(' ').enumerate().map(lower).collect::<Vec<_>>().join(" ")
        }
        _ => data.to_owned(),
    }
}

/// Returns the data of a type in a known answer without an alias, in the form in which they are compared.
pub(crate) fn records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let alias = reply.data("CNAME").next().is_some();
    let own = reply.answers.iter().filter(|record| record.kind == kind && record.name == name);
    (is_known(reply) && !alias).then(|| own.map(|record| compared_data(&record.data, kind)).collect())
}

/// Returns the alias of a name, or its records of a type.
pub(crate) fn own_records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let is_alias = |record: &&Record| record.kind == "CNAME" && record.name == name;
    match reply.answers.iter().find(is_alias) {
        Some(alias) => Some(BTreeSet::from([format!("CNAME {}", canonical(&alias.data))])),
        None => records(reply, name, kind),
    }
}

/// Returns the aliases and the records of a type that a zone gives in a known answer, each with its owner name.
pub(crate) fn path(reply: &ReplyFacts, kind: &str, apex: &str) -> Option<BTreeSet<String>> {
    let of_zone =
        |record: &&Record| (record.kind == kind || record.kind == "CNAME") && is_within(&record.name, apex);
    let shown = |record: &Record| {
        format!("{} {} {}", record.name, record.kind, compared_data(&record.data, &record.kind))
    };
    is_known(reply).then(|| reply.answers.iter().filter(of_zone).map(shown).collect())
}

/// Returns the data of a type, including data that aliases lead to, in the form in which they are compared.
pub(crate) fn final_records(reply: &ReplyFacts, kind: &str) -> BTreeSet<String> {
    reply.data(kind).map(|data| compared_data(data, kind)).collect()
}

/// Describes a set of records in words.
pub(crate) fn in_words(set: &BTreeSet<String>, kind: &str) -> String {
    if set.is_empty() { format!("no {kind}") } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// Returns the TTL of a negative answer. Returns `None` if the SOA record of a zone that contains the name is missing, as in answers of filters.
pub(crate) fn negative_ttl(reply: &ReplyFacts, name: &str) -> Option<u32> {
    negative_soa(reply, name).map(|soa| soa.ttl)
}

/// Returns the SOA record of a negative answer, if it belongs to a zone that contains the name.
fn negative_soa<'r>(reply: &'r ReplyFacts, name: &str) -> Option<&'r Record> {
    reply.authority.iter().find(|record| record.kind == "SOA" && is_within(name, &record.name))
}

/// Returns the longest TTL of the records of a type in an answer; `None` if there is no such record.
pub(crate) fn positive_ttl(reply: &ReplyFacts, kind: &str) -> Option<u32> {
    reply.answers.iter().filter(|record| record.kind == kind).map(|record| record.ttl).max()
}
