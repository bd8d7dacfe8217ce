//! `policy.ANSWER` of kresd.conf: records of names, with or without denials of their other types.

use super::gathered::Gathered;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::lua::LuaValue;
use crate::import::upstreams::ZoneSource;

/// The TTL in seconds of an answer that names none.
const TTL: u32 = 1;

/// The function that makes the wire form of an address.
const OF_ADDRESS: &[&str] = &["str2ip"];

/// The functions that make the wire form of a name.
const OF_NAME: &[&str] = &["str2dname", "todname"];

/// Types whose data this import reads, with the functions of them.
const KINDS: [(&str, &str, &[&str]); 6] = [
    ("kres.type.A", "A", OF_ADDRESS),
    ("kres.type.AAAA", "AAAA", OF_ADDRESS),
    ("kres.type.CNAME", "CNAME", OF_NAME),
    ("kres.type.NS", "NS", OF_NAME),
    ("kres.type.PTR", "PTR", OF_NAME),
    ("kres.type.DNAME", "DNAME", OF_NAME),
];

/// A record without its name.
struct Answer {
    kind: &'static str,
    ttl: u32,
    data: String,
}

impl Gathered<'_> {
    /// Adds the records of `policy.ANSWER(records, nodata)`. `below`: they are those of all names below, too. Returns whether all of
    /// them can be read.
    pub(super) fn answer(
        &mut self,
        (place, typed): (&SourcePlace, &str),
        values: &[LuaValue],
        (names, below): (&[&str], bool),
    ) -> bool {
        let Some(answers) = values.first().and_then(answers) else { return false };
        let has_nodata = values.get(1) == Some(&LuaValue::Name("true".to_owned()));
        if names.contains(&".") || answers.is_empty() && !has_nodata {
            return false;
        }
        for name in names {
            // A [[zone]] without records has the names below, too.
            if !below {
                for Answer { kind, ttl, data } in &answers {
                    self.names.record((place, typed), (name, kind), data.clone(), Some(format!("{ttl}s")));
                }
                continue;
            }
            let lines = answers.iter().flat_map(|Answer { kind, ttl, data }| {
                ["@", "*"].map(|owner| format!("{owner} {ttl} IN {kind} {data}"))
            });
            let source = (ZoneSource::Records, lines.collect());
            self.zones.add((place, typed), (name, true), source, self.draft);
        }
        let (did, instead) = match (has_nodata, below, answers.is_empty()) {
            (true, true, true) => (
                "answered that the names have no records (NODATA)",
                "resolverd answers NXDOMAIN for the names below the [[zone]]",
            ),
            (true, false, true) => {
                let did = "answered that the names have no records (NODATA), and not of the names below";
                let instead = "a [[zone]] with records = [] has all names below, too: add one if no mail needs these names";
                self.draft.tell(Dangerous, place, typed, (did, instead));
                return true;
            }
            (true, true, false) => return true,
            (true, false, false) => (
                "also answered that the names have no records of other types (NODATA)",
                "resolverd resolves other types as usual; for a whole name use a [[zone]] with records",
            ),
            (false, true, _) => (
                "sent queries for other types to servers",
                "the [[zone]] has no records of other types; use [[record]] for a single name",
            ),
            (false, false, _) => return true,
        };
        self.draft.tell(Different, place, typed, (did, instead));
        true
    }
}

/// The records of a table; none if one cannot be read.
fn answers(table: &LuaValue) -> Option<Vec<Answer>> {
    let LuaValue::Table(entries) = table else { return None };
    let mut found = Vec::new();
    for (key, value) in entries {
        let (_, kind, functions) = KINDS.iter().find(|(name, ..)| Some(*name) == key.as_deref())?;
        let ttl = match value.key("ttl") {
            None => TTL,
            Some(LuaValue::Text(seconds)) => seconds.parse().ok()?,
            Some(_) => return None,
        };
        for text in data(value.key("rdata")?, functions)? {
            // A name of a zone file that is no address has its final dot.
            let is_name = *functions == OF_NAME;
            let data = if is_name { format!("{}.", text.trim_end_matches('.')) } else { text.to_owned() };
            found.push(Answer { kind, ttl, data });
        }
    }
    Some(found)
}

/// The texts from which these functions make the data of a type. A text without a function is in wire form, which this import does
/// not read: none then.
fn data<'v>(value: &'v LuaValue, functions: &[&str]) -> Option<Vec<&'v str>> {
    let one = |value: &'v LuaValue| {
        let LuaValue::Call(name, arguments) = value else { return None };
        let function = name.rsplit('.').next().filter(|function| functions.contains(function));
        match arguments.as_slice() {
            [LuaValue::Text(text)] => function.map(|_| text.as_str()),
            _ => None,
        }
    };
    match value {
        LuaValue::Table(entries) if !entries.is_empty() => {
            entries.iter().map(|(key, entry)| one(entry).filter(|_| key.is_none())).collect()
        }
        value => Some(vec![one(value)?]),
    }
}
