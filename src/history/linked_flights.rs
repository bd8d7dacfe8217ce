//! The flights whose answers have the names that join questions from the cache to a message: the reverse name of a host and the host, a domain
//! and its mail hosts. The answer may have been fetched an hour before the question, so it is looked for in the whole ring.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::entry::{Entry, FlightEntry};
use super::heads::{EntryHead, head};
use super::names::ReadNames;
use super::reading;
use super::redact::Secrets;
use super::ring::{self, Ring};
use dns::question::Outcome;

/// The last flight with names for each question from the cache of `entries` that has none there.
pub(super) fn of_hits(entries: &[Entry], ring: &Mutex<Ring>, secrets: &Secrets) -> Vec<FlightEntry> {
    let mut wanted: BTreeMap<Arc<[u8]>, Vec<u16>> = BTreeMap::new();
    for entry in entries {
        if let Entry::Question(question) = entry
            && question.outcome == Outcome::Cache
            && question.flight.is_none()
        {
            let kinds = wanted.entry(Arc::clone(&question.name)).or_default();
            let kind = question.kind.into();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    for entry in entries {
        if let Entry::Flight(flight) = entry
            && !flight.links.is_empty()
        {
            take(&mut wanted, &flight.name, flight.kind.into());
        }
    }
    let (mut found, mut names) = (Vec::new(), ReadNames::without(secrets));
    if !wanted.is_empty() {
        ring::read_back(ring, |block| {
            let entries: Vec<&[u8]> = reading::entries(block).collect();
            for entry in entries.into_iter().rev() {
                if let Some(EntryHead::Flight(head)) = head(entry)
                    && head.linked
                    && take(&mut wanted, head.name, head.kind)
                    && let Some(Entry::Flight(flight)) = reading::read_one(entry, &mut names)
                {
                    found.push(flight);
                }
            }
            !wanted.is_empty()
        });
    }
    found
}

/// Takes a question out of those that are wanted; whether it was there.
fn take(wanted: &mut BTreeMap<Arc<[u8]>, Vec<u16>>, name: &[u8], kind: u16) -> bool {
    let Some(kinds) = wanted.get_mut(name) else { return false };
    let before = kinds.len();
    kinds.retain(|wanted| *wanted != kind);
    let was_wanted = kinds.len() < before;
    if kinds.is_empty() {
        wanted.remove(name);
    }
    was_wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Link, QuestionEntry};
    use crate::written::{WrittenFlight, WrittenMessages};
    use hickory_proto::rr::RecordType;

    fn hit(name: &[u8]) -> Entry {
        Entry::Question(QuestionEntry::hit(name.into(), RecordType::MX, [127, 0, 0, 1].into(), 0, 9))
    }

    #[test]
    fn the_last_flight_with_names_is_found_however_old() {
        let ring = Mutex::new(Ring::new(1 << 20));
        let link = [Link::Name(b"\x04host\x00"[..].into())];
        let put = |id: u64, name: &[u8], links: &[Link]| {
            ring.lock().unwrap().flight(&WrittenFlight {
                id,
                began: id,
                elapsed: 1,
                name,
                kind: RecordType::MX,
                zone: b"",
                shows: None,
                why: "",
                faults: &[],
                messages: &WrittenMessages::default(),
                links,
                list_fault: None,
            });
        };
        put(1, b"\x03one\x00", &link);
        put(2, b"\x03one\x00", &link);
        put(3, b"\x03one\x00", &[]);
        put(4, b"\x03two\x00", &link);
        (5..3_000).for_each(|id| put(id, b"\x05other\x00", &[]));
        let found = |entries: &[Entry]| -> Vec<u64> {
            of_hits(entries, &ring, &Secrets::default()).iter().map(|flight| flight.id).collect()
        };
        assert_eq!(found(&[hit(b"\x03one\x00"), hit(b"\x03two\x00"), hit(b"\x03one\x00")]), [4, 2]);
        let own = FlightEntry {
            name: b"\x03one\x00"[..].into(),
            kind: RecordType::MX,
            links: link.to_vec(),
            ..FlightEntry::blank(7, 0, 1)
        };
        assert_eq!(found(&[Entry::Flight(own), hit(b"\x03one\x00")]), [0; 0]);
    }
}
