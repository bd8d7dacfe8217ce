//! The keys under which RRsets, denials and delegations stand in their table.

use hickory_proto::rr::{Name, RecordType};

use crate::question::{QuestionKey, ViewId, push_tail, wire_name};

/// Which entry of a name: they share the table, and the last octet of the key tells them apart.
#[derive(Clone, Copy)]
pub(super) enum Slot {
    Rrset(RecordType),
    /// Addresses as delegations have them: beside what the name's own zone says, or denies.
    Glue(RecordType),
    Nxdomain,
    /// That a name exists, as names below it do.
    Exists,
    Delegation,
    State,
}

impl Slot {
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
}

/// The keys of a name, and of the names above it, in one buffer: a name above is the end of the name below.
pub(super) struct Keys {
    octets: Vec<u8>,
    view: ViewId,
}

impl Keys {
    pub(super) fn of(name: &Name, view: ViewId) -> Self {
        let mut octets = wire_name(name);
        push_tail(&mut octets, RecordType::ZERO, 0, view);
        Self { octets, view }
    }

    /// The same of a name in wire form.
    pub(super) fn of_wire(name: &[u8], view: ViewId) -> Self {
        let mut octets = Vec::with_capacity(name.len().saturating_add(QuestionKey::TAIL));
        octets.extend_from_slice(name);
        push_tail(&mut octets, RecordType::ZERO, 0, view);
        Self { octets, view }
    }

    /// The key in `slot` of the name that begins at `begin`; at 0 begins the name itself.
    pub(super) fn at(&mut self, begin: usize, slot: Slot) -> &[u8] {
        let (kind, flags) = slot.tail();
        self.octets.truncate(self.octets.len().saturating_sub(QuestionKey::TAIL));
        push_tail(&mut self.octets, kind, flags, self.view);
        self.octets.get(begin..).unwrap_or_default()
    }

    /// The name that begins at `begin`, in wire form.
    pub(super) fn name(&self, begin: usize) -> &[u8] {
        let end = self.octets.len().saturating_sub(QuestionKey::TAIL);
        self.octets.get(begin..end).unwrap_or_default()
    }

    /// Where the name above the one at `begin` begins; none above the root.
    pub(super) fn above(&self, begin: usize) -> Option<usize> {
        let length = usize::from(*self.octets.get(begin)?);
        (length > 0).then(|| begin.saturating_add(length).saturating_add(1))
    }

    /// Where `top` begins; none where the name is not at or below it.
    pub(super) fn place_of(&self, top: &Name) -> Option<usize> {
        let end = self.octets.len().checked_sub(QuestionKey::TAIL)?;
        if top.is_root() {
            return end.checked_sub(1);
        }
        let top = wire_name(top);
        let place = end.checked_sub(top.len())?;
        let mut begin = 0;
        while begin < place {
            begin = self.above(begin)?;
        }
        (begin == place && self.octets.get(place..end)? == top).then_some(place)
    }
}
