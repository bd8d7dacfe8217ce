//! The names and texts of entries that are read: without keys of DNS lists, and each name once.
//!
//! Most questions ask for names that others have asked for. A name that is known costs a reader a look into a table
//! instead of a piece of memory and a search for keys, and two equal names of one reading are mostly the same memory.

use std::sync::Arc;

use hashbrown::HashTable;

use super::redact::Secrets;
use dns::hash::Keyed;
use dns::question::MAX_NAME;

/// Names for which there is room at first: a table that grows is written anew each time. It takes half a megabyte.
const NAMES: usize = 14_000;

/// The names of one reading.
#[derive(Debug)]
pub(super) struct ReadNames<'s> {
    secrets: &'s Secrets,
    /// Strangers choose the names, so the hash has a secret.
    hash: Keyed,
    names: HashTable<ReadName>,
}

/// A name that was read.
#[derive(Debug)]
struct ReadName {
    /// In lower case.
    known: Arc<[u8]>,
    /// As readers get it.
    shown: Arc<[u8]>,
}

impl<'s> ReadNames<'s> {
    /// For a reading without these secrets.
    pub(super) fn without(secrets: &'s Secrets) -> Self {
        Self { secrets, hash: Keyed::of_system(), names: HashTable::with_capacity(NAMES) }
    }

    /// A name in wire form, in any case, as readers get it: in lower case and without keys.
    pub(super) fn name(&mut self, octets: &[u8]) -> Arc<[u8]> {
        // Most programs ask in lower case.
        if !octets.iter().any(u8::is_ascii_uppercase) {
            return self.of_lower(octets);
        }
        let mut room = [0; MAX_NAME];
        // A length of one octet allows no more octets than a name.
        let lower = room.get_mut(..octets.len()).unwrap_or_default();
        lower.copy_from_slice(octets.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        self.of_lower(lower)
    }

    fn of_lower(&mut self, lower: &[u8]) -> Arc<[u8]> {
        // The hash of octets alone takes fewer steps than that of a slice.
        let hash = self.hash.octets(lower);
        if let Some(name) = self.names.find(hash, |name| *name.known == *lower) {
            return Arc::clone(&name.shown);
        }
        let known: Arc<[u8]> = Arc::from(lower);
        let shown = self.secrets.hidden(&known).map_or_else(|| Arc::clone(&known), Arc::from);
        let name = ReadName { known, shown: Arc::clone(&shown) };
        self.names.insert_unique(hash, name, |name| self.hash.octets(&name.known));
        shown
    }

    /// A text as readers get it.
    pub(super) fn text(&self, text: Box<str>) -> Box<str> {
        self.secrets.text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_in_lower_case_and_without_a_key() {
        let secrets = Secrets::before([b"\x04list\x00".to_vec()]);
        let mut names = ReadNames::without(&secrets);
        let [one, other] = [b"\x04MAIL\x00", b"\x04mail\x00"].map(|name| names.name(name));
        assert_eq!((&*one, Arc::as_ptr(&one)), (&b"\x04mail\x00"[..], Arc::as_ptr(&other)));
        assert_eq!(*names.name(b"\x03kEy\x04list\x00"), b"\x04_key\x04list\x00"[..]);
        assert_eq!(*names.name(b"\x03key\x04list\x00"), b"\x04_key\x04list\x00"[..]);
        assert!(names.name(&[]).is_empty());
        assert_eq!(*names.text("no server of key.list. answers".into()), *"no server of _key.list. answers");
    }
}
