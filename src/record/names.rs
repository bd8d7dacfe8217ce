//! The names and texts of entries that are read: without keys of DNS lists, and each name once.
//!
//! Most questions ask for names that others have asked for. A name that is known costs a reader a look into a table
//! instead of a piece of memory and a search for keys, and two equal names of one reading are mostly the same memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::redact::Secrets;
use crate::hash::Keyed;
use crate::question::MAX_NAME;

/// Names for which there is room at first: a table that grows is written anew each time. It takes half a megabyte.
const NAMES: usize = 14_000;

/// The names of one reading.
#[derive(Debug)]
pub(super) struct ReadNames<'s> {
    secrets: &'s Secrets,
    /// By the names in lower case. Strangers choose them, so the hash has a secret.
    names: HashMap<Arc<[u8]>, Arc<[u8]>, Keyed>,
}

impl<'s> ReadNames<'s> {
    /// For a reading without these secrets.
    pub(super) fn without(secrets: &'s Secrets) -> Self {
        Self { secrets, names: HashMap::with_capacity_and_hasher(NAMES, Keyed::of_system()) }
    }

    /// A name in wire form, in any case, as readers get it: in lower case and without keys.
    pub(super) fn of(&mut self, octets: &[u8]) -> Arc<[u8]> {
        // Most programs ask in lower case.
        if !octets.iter().any(u8::is_ascii_uppercase)
            && let Some(name) = self.names.get(octets)
        {
            return Arc::clone(name);
        }
        let mut room = [0; MAX_NAME];
        // A length of one octet allows no more octets than a name.
        let lower = room.get_mut(..octets.len()).unwrap_or_default();
        lower.copy_from_slice(octets.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        if let Some(name) = self.names.get(&*lower) {
            return Arc::clone(name);
        }
        let known: Arc<[u8]> = Arc::from(&*lower);
        let name = self.secrets.hidden(&known).map_or_else(|| Arc::clone(&known), Arc::from);
        self.names.insert(known, Arc::clone(&name));
        name
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
        let [one, other] = [b"\x04MAIL\x00", b"\x04mail\x00"].map(|name| names.of(name));
        assert_eq!((&*one, Arc::as_ptr(&one)), (&b"\x04mail\x00"[..], Arc::as_ptr(&other)));
        assert_eq!(*names.of(b"\x03kEy\x04list\x00"), b"\x04_key\x04list\x00"[..]);
        assert_eq!(*names.of(b"\x03key\x04list\x00"), b"\x04_key\x04list\x00"[..]);
        assert!(names.of(&[]).is_empty());
        assert_eq!(*names.text("no server of key.list. answers".into()), *"no server of _key.list. answers");
    }
}
