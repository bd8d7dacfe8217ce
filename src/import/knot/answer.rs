//! `policy.ANSWER` of kresd.conf: records of names, with or without denials of their other types.

use super::gathered::Gathered;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::Different;
use crate::import::lua::LuaValue;
use crate::import::upstreams::ZoneSource;

/// The TTL of an answer that names none.
const TTL: &str = "1";

/// Types whose data this import reads: as addresses, or as names.
const KINDS: [(&str, &str); 6] = [
    ("kres.type.A", "A"),
    ("kres.type.AAAA", "AAAA"),
    ("kres.type.CNAME", "CNAME"),
    ("kres.type.NS", "NS"),
    ("kres.type.PTR", "PTR"),
    ("kres.type.DNAME", "DNAME"),
];

/// A record without its name.
struct Answer {
    kind: &'static str,
    ttl: String,
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
            if !below && !answers.is_empty() {
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
            (true, _, true) => (
                "answered that the names have no records (NODATA)",
                "resolverd answers NXDOMAIN for the names below the [[zone]]",
            ),
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
        let (_, kind) = KINDS.iter().find(|(name, _)| Some(*name) == key.as_deref())?;
        let ttl = value.key("ttl").and_then(|ttl| ttl.texts().first().map(|ttl| (*ttl).to_owned()));
        let data = value.key("rdata")?.texts();
        if data.is_empty() {
            return None;
        }
        for text in data {
            // A name of a zone file that is no address has its final dot.
            let is_name = !["A", "AAAA"].contains(kind);
            let data = if is_name { format!("{}.", text.trim_end_matches('.')) } else { text.to_owned() };
            found.push(Answer { kind, ttl: ttl.clone().unwrap_or_else(|| TTL.to_owned()), data });
        }
    }
    Some(found)
}
