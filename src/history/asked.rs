//! The names and types of a reading, each once and with a number: tables by them are lists, and no question holds a name.

use hickory_proto::rr::RecordType;

use super::entry::index;
use super::numbered_octets::NumberedOctets;
use super::redact::Secrets;
use dns::question::MAX_NAME;

/// The numbers of names and types. They count from 0; one is left out for each name with a key.
#[derive(Debug)]
pub(super) struct AskedNames<'s> {
    secrets: &'s Secrets,
    /// The names in lower case.
    names: NumberedOctets,
    /// The number of each name without its key, as far as names with keys go; of all behind them their own.
    means: Vec<u32>,
}

impl<'s> AskedNames<'s> {
    pub(super) fn without(secrets: &'s Secrets) -> Self {
        Self { secrets, names: NumberedOctets::new(), means: Vec::new() }
    }

    /// Takes room for a number of names.
    pub(super) fn make_room(&mut self, names: usize) {
        self.names.make_room(names);
    }

    /// The number of a name in wire form, in any case, and a type.
    pub(super) fn number(&mut self, name: &[u8], kind: u16) -> u32 {
        if !name.iter().any(u8::is_ascii_uppercase) {
            return self.number_of_lower(name, kind);
        }
        let mut room = [0; MAX_NAME];
        let lower = room.get_mut(..name.len()).unwrap_or_default();
        lower.copy_from_slice(name.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        self.number_of_lower(lower, kind)
    }

    fn number_of_lower(&mut self, name: &[u8], kind: u16) -> u32 {
        let (number, is_new) = self.names.number(name, kind);
        if !is_new {
            return self.meant(number);
        }
        let Some(hidden) = self.secrets.hidden(name) else { return number };
        // The name without the key has none that is hidden otherwise, and ends here.
        let means = self.number_of_lower(&hidden, kind);
        let unknown = (0..=number).skip(self.means.len());
        self.means.extend(unknown);
        self.means.get_mut(index(number)).into_iter().for_each(|meant| *meant = means);
        means
    }

    /// The number of the name of a number without its key.
    fn meant(&self, number: u32) -> u32 {
        self.means.get(index(number)).copied().unwrap_or(number)
    }

    /// The number of a name in lower case and without a key, and a type; none if it was not read.
    pub(super) fn find(&self, name: &[u8], kind: RecordType) -> Option<u32> {
        self.names.find(name, kind.into()).map(|number| self.meant(number))
    }

    /// The name of a number in lower-case wire form, without a key; empty if there is no such number.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        self.names.octets(number)
    }

    /// The type of a number.
    pub(super) fn kind(&self, number: u32) -> RecordType {
        self.names.kind(number).map_or(RecordType::ZERO, RecordType::from)
    }

    /// More than each number.
    pub(super) fn count(&self) -> usize {
        self.names.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_for_each_type_in_any_case_and_with_any_key() {
        let secrets = Secrets::before([b"\x04list\x00".to_vec()]);
        let mut names = AskedNames::without(&secrets);
        let mail = names.number(b"\x04MAIL\x00", 1);
        assert_eq!(names.number(b"\x04mail\x00", 1), mail);
        assert_ne!(names.number(b"\x04mail\x00", 15), mail);
        assert_eq!((names.name(mail), names.kind(mail)), (&b"\x04mail\x00"[..], RecordType::A));
        let keyed = names.number(b"\x03kEy\x04list\x00", 1);
        assert_eq!(names.name(keyed), b"\x04_key\x04list\x00");
        assert_eq!(
            [&b"\x03key\x04list\x00"[..], b"\x02no\x04list\x00"].map(|name| names.number(name, 1)),
            [keyed; 2]
        );
        assert_eq!(names.find(b"\x04_key\x04list\x00", RecordType::A), Some(keyed));
        assert_eq!(names.find(b"\x04_key\x04list\x00", RecordType::MX), None);
        assert_eq!(names.name(u32::MAX), b"");
    }
}
