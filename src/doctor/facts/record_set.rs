//! Sets of records as they are compared: of the cache, of servers of the zone, of resolvers of others.

use std::collections::BTreeSet;

use crate::facts::{Record, ReplyFacts, canonical, is_within};

/// Addresses in the cache count from this TTL on, in seconds: services that answer by place or in turn, and so differently each
/// time, have TTLs of at most five minutes.
pub(crate) const ADDRESS_TTL: u32 = 300;

/// Whether a reply says which records there are, or that there are none.
pub(crate) fn is_known(reply: &ReplyFacts) -> bool {
    ["NOERROR", "NXDOMAIN"].contains(&reply.rcode.as_str())
}

/// Data as it is compared. Names are in lower case in the types whose names fold (RFC 4034 section 6.2, RFC 3597 section 7);
/// all other data are compared octet by octet. In the first types nothing of the text but names has letters.
pub fn compared_data(data: &str, kind: &str) -> String {
    match kind {
        "NS" | "CNAME" | "PTR" | "DNAME" | "MX" | "SRV" | "SOA" | "A" | "AAAA" => data.to_ascii_lowercase(),
        // The replacement is a name; the flags, the services and the expression before it are strings.
        "NAPTR" => match data.rsplit_once(' ') {
            Some((before, name)) => format!("{before} {}", name.to_ascii_lowercase()),
            None => data.to_owned(),
        },
        // The name of the signer, behind seven other fields.
        "RRSIG" => {
            let lower = |(place, word): (usize, &str)| {
                if place == 7 { word.to_ascii_lowercase() } else { word.to_owned() }
            };
            data.split(' ').enumerate().map(lower).collect::<Vec<_>>().join(" ")
        }
        _ => data.to_owned(),
    }
}

/// The data of a type in a known answer without an alias, as it is compared.
pub(crate) fn records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let alias = reply.data("CNAME").next().is_some();
    let own = reply.answers.iter().filter(|record| record.kind == kind && record.name == name);
    (is_known(reply) && !alias).then(|| own.map(|record| compared_data(&record.data, kind)).collect())
}

/// The alias of a name, or its records of a type.
pub(crate) fn own_records(reply: &ReplyFacts, name: &str, kind: &str) -> Option<BTreeSet<String>> {
    let is_alias = |record: &&Record| record.kind == "CNAME" && record.name == name;
    match reply.answers.iter().find(is_alias) {
        Some(alias) => Some(BTreeSet::from([format!("CNAME {}", canonical(&alias.data))])),
        None => records(reply, name, kind),
    }
}

/// The aliases and the records of a type that a zone gives in a known answer, each with its owner.
pub(crate) fn path(reply: &ReplyFacts, kind: &str, apex: &str) -> Option<BTreeSet<String>> {
    let of_zone =
        |record: &&Record| (record.kind == kind || record.kind == "CNAME") && is_within(&record.name, apex);
    let shown = |record: &Record| {
        format!("{} {} {}", record.name, record.kind, compared_data(&record.data, &record.kind))
    };
    is_known(reply).then(|| reply.answers.iter().filter(of_zone).map(shown).collect())
}

/// The data of a type, also behind aliases, as it is compared.
pub(crate) fn final_records(reply: &ReplyFacts, kind: &str) -> BTreeSet<String> {
    reply.data(kind).map(|data| compared_data(data, kind)).collect()
}

/// A set of records in words.
pub(crate) fn in_words(set: &BTreeSet<String>, kind: &str) -> String {
    if set.is_empty() { format!("no {kind}") } else { set.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// The TTL of a negative answer; none without the SOA of a zone of the name, as filters answer.
pub(crate) fn negative_ttl(reply: &ReplyFacts, name: &str) -> Option<u32> {
    negative_soa(reply, name).map(|soa| soa.ttl)
}

/// The SOA of a negative answer: that of a zone of the name.
fn negative_soa<'r>(reply: &'r ReplyFacts, name: &str) -> Option<&'r Record> {
    reply.authority.iter().find(|record| record.kind == "SOA" && is_within(name, &record.name))
}

/// The longest TTL of the records of a type in an answer; none without such a record.
pub(crate) fn positive_ttl(reply: &ReplyFacts, kind: &str) -> Option<u32> {
    reply.answers.iter().filter(|record| record.kind == kind).map(|record| record.ttl).max()
}
