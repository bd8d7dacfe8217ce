//! Gives names and texts their final form when entries are read from the history: customer keys (labels that identify a customer in queries to a DNS
//! list) are removed, and each name is stored in memory only once.
//!
//! Most questions ask for a name that an earlier question has asked for too. For such a name, the reader only looks in a table: it allocates no
//! memory, and does not search the name for customer keys again. So equal names in the result of one reading mostly share their memory.

use std::sync::Arc;

use hashbrown::HashTable;

use super::redact::Secrets;
use dns::hash::Keyed;
use dns::question::MAX_NAME;

/// The number of names for which the table has room at first. It is large, because the table is copied each time that it grows. The table takes half
/// a megabyte.
const NAMES: usize = 14_000;

/// The table of the different names that one reading of the history has found so far.
#[derive(Debug)]
pub(super) struct ReadNames<'s> {
    secrets: &'s Secrets,
    /// The hash of the names. It uses a secret, because an attacker may choose the names.
    hash: Keyed,
    names: HashTable<ReadName>,
}

/// A name that one reading of the history has found.
#[derive(Debug)]
struct ReadName {
    /// The name in lower-case wire form, with its customer key if it has one.
    known: Arc<[u8]>,
    /// The same name without customer keys of DNS lists, in the form in which readers get it.
    shown: Arc<[u8]>,
}

impl<'s> ReadNames<'s> {
    /// Creates an empty table for one reading of the history. `secrets`: the customer keys that the result of the reading must not contain.
    pub(super) fn without(secrets: &'s Secrets) -> Self {
        Self { secrets, hash: Keyed::of_system(), names: HashTable::with_capacity(NAMES) }
    }

    /// Returns a name in wire form for the result of a reading: in lower case and without keys. `octets`: the name as it was recorded, in upper or
    /// lower case.
    pub(super) fn name(&mut self, octets: &[u8]) -> Arc<[u8]> {
        // Most programs ask for names in lower case, which need no conversion.
        if !octets.iter().any(u8::is_ascii_uppercase) {
            return self.of_lower(octets);
        }
        let mut room = [0; MAX_NAME];
        // The length of a recorded name is stored in one octet, so a name is never longer than `MAX_NAME`, and `get_mut` does not fail.
        let lower = room.get_mut(..octets.len()).unwrap_or_default();
        lower.copy_from_slice(octets.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        self.of_lower(lower)
    }

    fn of_lower(&mut self, lower: &[u8]) -> Arc<[u8]> {
        // A hash over the octets alone is cheaper than the hash of a slice, which includes its length.
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

    /// Returns a text for a reader of the history: without the customer keys of DNS lists.
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
