//! Removes customer keys of DNS lists from names and texts when entries are read from the history, and stores equal names in memory once.
//!
//! Most names occur several times. For a known name, the reader only looks in a table: it allocates no memory, and does not search for
//! customer keys again.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::redact::Secrets;
use dns::hash::Keyed;
use dns::question::MAX_NAME;

/// The number of names for which the table has room at first (half a megabyte), because the table is copied each time that it grows.
const NAMES: usize = 14_000;

#[derive(Debug)]
pub(crate) struct ReadNames<'s> {
    secrets: &'s Secrets,
    /// The hash uses a secret, because an attacker may choose the names.
    hash: Keyed,
    names: HashTable<ReadName>,
}

#[derive(Debug)]
struct ReadName {
    /// In lower-case wire form, with its customer key if it has one.
    known: Arc<[u8]>,
    /// The same name without customer keys.
    shown: Arc<[u8]>,
}

impl<'s> ReadNames<'s> {
    /// Creates a reader of recorded names. The names that it returns do not contain the customer keys `secrets`.
    pub(crate) fn without(secrets: &'s Secrets) -> Self {
        Self { secrets, hash: Keyed::of_system(), names: HashTable::with_capacity(NAMES) }
    }

    /// Returns a name in lower-case wire form without keys. `octets`: the name as it was recorded, in any case.
    pub(crate) fn name(&mut self, octets: &[u8]) -> Arc<[u8]> {
        if !octets.iter().any(u8::is_ascii_uppercase) {
            return self.of_lower(octets);
        }
        let mut room = [0; MAX_NAME];
        // The recorded length of a name is one octet, so a name has at most `MAX_NAME` (255) octets, and `get_mut` returns `Some`.
        let lower = room.get_mut(..octets.len()).unwrap_or_default();
        lower.copy_from_slice(octets.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        self.of_lower(lower)
    }

    fn of_lower(&mut self, lower: &[u8]) -> Arc<[u8]> {
        // The hash of a slice would include its length, which costs more.
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

    pub(crate) fn text(&self, text: Box<str>) -> Box<str> {
        self.secrets.text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_names_are_shared_and_redacted() {
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
