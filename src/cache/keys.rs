//! The keys of RRsets, denials and delegations in their table.

use hickory_proto::rr::{Name, RecordType};

use crate::question::{MAX_NAME, QuestionKey, ViewId, is_wire_of, label_places, put_wire, tail};

/// The kind of entry of a name. The kinds share the table, and the last octet of the key separates them.
#[derive(Clone, Copy)]
pub(super) enum KeySlot {
    Rrset(RecordType),
    /// Addresses from delegations: kept beside the data or denials of the name's own zone.
    Glue(RecordType),
    Nxdomain,
    /// Existence of a name, because names below it exist.
    Exists,
    Delegation,
    State,
}

impl KeySlot {
    /// The type and the flags octet of the key, of which bits 2 to 4 are free.
    fn tail(self) -> (RecordType, u8) {
        match self {
            Self::Rrset(kind) => (kind, 0),
            Self::Glue(kind) => (kind, 16),
            Self::Nxdomain => (RecordType::ZERO, 4),
            Self::Exists => (RecordType::ZERO, 20),
            Self::Delegation => (RecordType::NS, 8),
            Self::State => (RecordType::DNSKEY, 12),
        }
    }

    /// Whether a key with this type and these flags belongs to a delegation, and not to data of a zone.
    pub(super) fn leads(kind: RecordType, flags: u8) -> bool {
        [Self::Glue(kind), Self::Delegation, Self::State].iter().any(|slot| slot.tail() == (kind, flags))
    }
}

/// The keys of a name and of the names above it, in one buffer: a name above is the end of the name below.
pub struct NameKeys {
    octets: [u8; MAX_NAME + QuestionKey::TAIL],
    /// Octets of the name.
    end: usize,
    view: ViewId,
}

impl NameKeys {
    pub(super) fn of(name: &Name, view: ViewId) -> Self {
        let mut octets = [0; MAX_NAME + QuestionKey::TAIL];
        let end = put_wire(name, &mut octets);
        Self { octets, end, view }
    }

    /// The same for a name in wire form.
    pub(super) fn of_wire(name: &[u8], view: ViewId) -> Self {
        let mut octets = [0; MAX_NAME + QuestionKey::TAIL];
        let end = name.len().min(MAX_NAME);
        if let (Some(into), Some(name)) = (octets.get_mut(..end), name.get(..end)) {
            into.copy_from_slice(name);
        }
        Self { octets, end, view }
    }

    /// The key in `slot` of the name that begins at `begin`; the name itself begins at 0.
    pub(super) fn at(&mut self, begin: usize, slot: KeySlot) -> &[u8] {
        let (kind, flags) = slot.tail();
        let behind = self.octets.get_mut(self.end..).and_then(|behind| behind.first_chunk_mut());
        if let Some(behind) = behind {
            *behind = tail(kind, flags, self.view);
        }
        self.octets.get(begin..self.end.saturating_add(QuestionKey::TAIL)).unwrap_or_default()
    }

    /// The name that begins at `begin`, in wire form.
    pub(super) fn name(&self, begin: usize) -> &[u8] {
        self.octets.get(begin..self.end).unwrap_or_default()
    }

    /// The begin of the name above the one at `begin`; none above the root.
    pub(super) fn above(&self, begin: usize) -> Option<usize> {
        let length = usize::from(*self.name(begin).first()?);
        (length > 0).then(|| begin.saturating_add(length).saturating_add(1))
    }

    /// The begin of `top`; none if the name is not at or below it.
    pub(super) fn place_of(&self, top: &Name) -> Option<usize> {
        if top.is_root() {
            return self.end.checked_sub(1);
        }
        // The library does not count the root's octet.
        let place = self.end.checked_sub(top.len().saturating_add(1))?;
        let begins = label_places(self.name(0)).any(|label| label == place);
        (begins && is_wire_of(self.name(place), top)).then_some(place)
    }
}
