//! The keys of the table of RRsets, denials and delegations.

use hickory_proto::rr::{Name, RecordType};

use super::store::{LookedUp, NEIGHBOURS_BEGIN};
use dns::hash::Keyed;
use dns::question::{MAX_NAME, QuestionKey, ViewId, is_wire_of, label_places, put_wire, tail};

/// The kinds of entries in the table of RRsets, denials and delegations. The record type and the flags at the end of a key show the kind.
#[derive(Clone, Copy)]
pub(super) enum KeySlot {
    Rrset(RecordType),
    /// Addresses of servers from a delegation. They are stored in addition to the data from the name's own zone.
    Glue(RecordType),
    Nxdomain,
    /// The name exists, because a name below it exists.
    Exists,
    /// Servers denied the name in a query for a shorter name (RFC 9156).
    Probed,
    Delegation,
    State,
    /// The NSEC or NSEC3 records of a zone.
    Ranges,
}

impl KeySlot {
    /// Returns the record type and the flags octet of a key of this kind. Bits 0 and 1 of the flags (DO and CD of questions) are never set. Bits 2 to
    /// 4 distinguish keys of different kinds that have the same record type.
    fn tail(self) -> (RecordType, u8) {
        match self {
            Self::Rrset(kind) => (kind, 0),
            Self::Glue(kind) => (kind, 16),
            Self::Nxdomain => (RecordType::ZERO, 4),
            Self::Exists => (RecordType::ZERO, 20),
            Self::Probed => (RecordType::NULL, 8),
            Self::Delegation => (RecordType::NS, 8),
            Self::State => (RecordType::DNSKEY, 12),
            Self::Ranges => (RecordType::NSEC, 8),
        }
    }

    /// Returns true if the key belongs to a delegation, to glue, or to the DNSSEC state of a zone.
    pub(super) fn leads(kind: RecordType, flags: u8) -> bool {
        [Self::Glue(kind), Self::Delegation, Self::State].iter().any(|slot| slot.tail() == (kind, flags))
    }
}

/// The keys of a name and of all names above. They share one buffer, because each name above is a suffix of the name.
pub struct NameKeys {
    octets: [u8; MAX_NAME + QuestionKey::TAIL],
    /// The length of the name in the buffer, in octets.
    end: usize,
    view: ViewId,
    keyed: Keyed,
    /// The position of the name that was hashed last, and its hash: all entries of a name need the same hash.
    hashed: Option<(usize, u64)>,
}

/// The key of an entry, with its hash.
#[derive(Clone, Copy)]
pub(super) struct SlotKey<'a> {
    octets: &'a [u8],
    hash: u64,
}

impl SlotKey<'_> {
    pub(super) fn to_key(self) -> QuestionKey {
        QuestionKey::from_bytes(self.octets)
    }
}

impl LookedUp<QuestionKey> for SlotKey<'_> {
    fn hash(&self, _: &Keyed) -> u64 {
        self.hash
    }

    fn is(&self, key: &QuestionKey) -> bool {
        self.octets == key.as_bytes()
    }
}

impl LookedUp<QuestionKey> for [u8] {
    fn hash(&self, keyed: &Keyed) -> u64 {
        match self.split_last_chunk::<{ QuestionKey::TAIL }>() {
            Some((name, [kind_high, kind_low, _, _, flags, view @ ..])) => {
                let (kind, view) = (u16::from_be_bytes([*kind_high, *kind_low]), u32::from_be_bytes(*view));
                hash_in_slot(keyed.octets(name), kind, *flags, view)
            }
            None => keyed.octets(self),
        }
    }

    fn is(&self, key: &QuestionKey) -> bool {
        self == key.as_bytes()
    }
}

impl LookedUp<Self> for QuestionKey {
    fn hash(&self, keyed: &Keyed) -> u64 {
        self.as_bytes().hash(keyed)
    }

    fn is(&self, key: &Self) -> bool {
        self == key
    }
}

/// Entries of a name with types below this number are next to each other in the table, so that the processor loads them together. Other types are
/// spread over the table: a client could otherwise fill one part of the table with the 65 536 types of a name.
const NEAR_KINDS: u16 = 64;

/// Computes the hash of a key from the hash of its name. Keys of different names collide only if the hashes of the names collide. That hash is keyed,
/// so clients cannot choose keys that collide.
fn hash_in_slot(name: u64, kind: u16, flags: u8, view: u32) -> u64 {
    let (far, near) = if kind < NEAR_KINDS && flags & OF_QUESTIONS == 0 {
        // `near` has the record type, and one bit that is set for glue, delegations and `Exists`. So it differs between the entries of a name.
        (0, u64::from(kind) | u64::from(flags & OF_DELEGATIONS != 0) << 6)
    } else {
        (u64::from(kind) << 8 | u64::from(flags), 0)
    };
    let far = far | u64::from(view) << 24;
    // 2^64 divided by the golden ratio is odd, so different values of `far` give different products. The low bits of the hash give the position
    // in the table. The low bits of a product do not depend on the type and the view, so `far >> 32` adds the high half of the product to the low
    // half.
    let far = far.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    name ^ far ^ far >> 32 ^ near << NEIGHBOURS_BEGIN
}

/// The DO bit and the CD bit, which distinguish questions for the same name and type.
const OF_QUESTIONS: u8 = 3;

/// The bits that distinguish glue, delegations and the mark `Exists` from the data of a zone.
const OF_DELEGATIONS: u8 = 24;

impl NameKeys {
    pub(super) fn for_name(name: &Name, view: ViewId, keyed: Keyed) -> Self {
        let mut octets = [0; MAX_NAME + QuestionKey::TAIL];
        let end = put_wire(name, &mut octets);
        Self { octets, end, view, keyed, hashed: None }
    }

    /// `name` is in wire form.
    pub(super) fn of_wire(name: &[u8], view: ViewId, keyed: Keyed) -> Self {
        let mut octets = [0; MAX_NAME + QuestionKey::TAIL];
        let end = name.len().min(MAX_NAME);
        if let (Some(into), Some(name)) = (octets.get_mut(..end), name.get(..end)) {
            into.copy_from_slice(name);
        }
        Self { octets, end, view, keyed, hashed: None }
    }

    /// Returns the key of the kind `slot` for the name that begins at octet `begin` of the buffer.
    pub(super) fn at(&mut self, begin: usize, slot: KeySlot) -> SlotKey<'_> {
        let (kind, flags) = slot.tail();
        let of_name = match self.hashed {
            Some((place, hash)) if place == begin => hash,
            _ => self.keyed.octets(self.name(begin)),
        };
        self.hashed = Some((begin, of_name));
        let behind = self.octets.get_mut(self.end..).and_then(|behind| behind.first_chunk_mut());
        if let Some(behind) = behind {
            *behind = tail(kind, flags, self.view);
        }
        let octets = self.octets.get(begin..self.end.saturating_add(QuestionKey::TAIL)).unwrap_or_default();
        SlotKey { octets, hash: hash_in_slot(of_name, kind.into(), flags, self.view.number()) }
    }

    /// Returns the name that begins at octet `begin` of the buffer, in wire form.
    pub(super) fn name(&self, begin: usize) -> &[u8] {
        self.octets.get(begin..self.end).unwrap_or_default()
    }

    /// Returns the position of the parent of the name at `begin`, or `None` for the root.
    pub(super) fn above(&self, begin: usize) -> Option<usize> {
        let length = usize::from(*self.name(begin).first()?);
        (length > 0).then(|| begin.saturating_add(length).saturating_add(1))
    }

    /// Calls `visit` with the key of the kind `slot` for the name at `begin` and each name above it that is below `top`, until `visit` returns a
    /// value.
    pub(super) fn upwards<Value>(
        &mut self,
        (mut begin, top): (usize, usize),
        slot: KeySlot,
        mut visit: impl FnMut(&SlotKey<'_>) -> Option<Value>,
    ) -> Option<Value> {
        while begin < top {
            let value = visit(&self.at(begin, slot));
            if value.is_some() {
                return value;
            }
            begin = self.above(begin)?;
        }
        None
    }

    /// Returns the position of `top` in the buffer, or `None` if the name is not at or below `top`.
    pub(super) fn place_of(&self, top: &Name) -> Option<usize> {
        if top.is_root() {
            return self.end.checked_sub(1);
        }
        // `Name::len` does not count the octet of the root label.
        let place = self.end.checked_sub(top.len().saturating_add(1))?;
        let begins = label_places(self.name(0)).any(|label| label == place);
        (begins && is_wire_of(self.name(place), top)).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::stage::name;
    use crate::cache::store::NEIGHBOURS;
    use dns::random::Random;

    #[test]
    fn name_keys_match_their_octet_form() {
        let keyed = Keyed::new(&Random::seeded(3));
        let mut keys = NameKeys::for_name(&name("a.bc.Example."), ViewId::default(), keyed);
        let slots = [
            KeySlot::Rrset(RecordType::A),
            KeySlot::Rrset(RecordType::NS),
            KeySlot::Glue(RecordType::A),
            KeySlot::Nxdomain,
            KeySlot::Exists,
            KeySlot::Probed,
            KeySlot::Delegation,
            KeySlot::State,
            KeySlot::Ranges,
        ];
        let mut hashes = Vec::new();
        for (begin, owner) in
            [(0, "a.bc.example."), (2, "bc.example."), (5, "example."), (13, "."), (2, "bc.example.")]
        {
            for slot in slots {
                let key = keys.at(begin, slot);
                let owned = key.to_key();
                assert_eq!(owned.name(), dns::question::wire_name(&name(owner)));
                assert_eq!(owned.hash(&keyed), key.hash(&keyed), "{owner}");
                assert_eq!(owned.as_bytes().hash(&keyed), key.hash(&keyed), "{owner}");
                assert!(key.is(&owned) && owned.as_bytes().is(&owned));
                hashes.push(key.hash(&keyed));
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 4 * slots.len());
    }

    // Entries of rare types are spread over the whole table.
    #[test]
    fn common_entries_of_name_share_bucket() {
        let keyed = Keyed::new(&Random::seeded(3));
        let mut keys = NameKeys::for_name(&name("example."), ViewId::default(), keyed);
        let place = |hash: u64| hash & !NEIGHBOURS;
        let first = keys.at(0, KeySlot::Rrset(RecordType::A)).hash;
        for kind in [RecordType::AAAA, RecordType::MX, RecordType::CNAME, RecordType::DNSKEY] {
            assert_eq!(place(keys.at(0, KeySlot::Rrset(kind)).hash), place(first), "{kind}");
        }
        for slot in [KeySlot::Nxdomain, KeySlot::Delegation, KeySlot::State, KeySlot::Glue(RecordType::A)] {
            assert_eq!(place(keys.at(0, slot).hash), place(first));
        }
        let of = |number: u16| KeySlot::Rrset(RecordType::from(number));
        let mut places: Vec<u64> = (64..4_096).map(|number| place(keys.at(0, of(number)).hash)).collect();
        // The low bits of the hash give the position in the table, so they must have many different values.
        let mut low: Vec<u64> = places.iter().map(|place| place & 0xff).collect();
        low.sort_unstable();
        low.dedup();
        assert!(low.len() > 200, "{}", low.len());
        let other_view = ViewId::default().following().unwrap();
        assert_ne!(
            place(
                NameKeys::for_name(&name("example."), other_view, keyed)
                    .at(0, KeySlot::Rrset(RecordType::A))
                    .hash
            ) & 0xffff,
            place(first) & 0xffff
        );
        let mut keys = NameKeys::for_name(&name("example."), other_view, keyed);
        places.push(place(keys.at(0, KeySlot::Nxdomain).hash));
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 4_096 - 64 + 1);
    }
}
