use super::*;
use dns::stage::name;
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::{A, NS, NULL, TXT};
use proptest::prelude::*;
use std::cell::Cell;
use std::hash::Hasher;
use std::rc::Rc;

fn address(owner: &str, ttl: u32, last: u8) -> Record {
    Record::from_rdata(name(owner), ttl, RData::A(A::new(192, 0, 2, last)))
}

fn text(owner: &str, ttl: u32, words: &str) -> Record {
    Record::from_rdata(name(owner), ttl, RData::TXT(TXT::new(vec![words.into()])))
}

/// Returns a signature record. The tests read only the type that it covers, so its other fields are invented.
fn signature(owner: &str, ttl: u32, covered: RecordType) -> Record {
    let mut data = u16::from(covered).to_be_bytes().to_vec();
    // The algorithm, labels, original TTL, expiration, inception, key tag, the root as the signer, and the signature.
    data.extend([13, 2, 0, 0, 1, 44, 0x7f, 0, 0, 0, 0x60, 0, 0, 0, 0, 1, 0]);
    data.extend([7; 64]);
    let data = RData::Unknown { code: RecordType::RRSIG, rdata: NULL::with(data) };
    Record::from_rdata(name(owner), ttl, data)
}

fn of_answers(records: impl IntoIterator<Item = Record>) -> Scrubbed {
    let mut message = Message::query();
    message.add_answers(records);
    scrub(&name("example."), &message)
}

fn ttls(records: &[Record]) -> Vec<u32> {
    records.iter().map(|record| record.ttl).collect()
}

// Records outside the bailiwick, of another class or sent twice are not kept.
#[test]
fn foreign_and_duplicate_records_are_dropped() {
    let mut message = Message::query();
    let mut chaos = address("www.example.", 60, 4);
    chaos.dns_class = DNSClass::CH;
    message.add_answers([
        address("www.example.", 60, 1),
        address("WWW.example.", 60, 1),
        address("www.bank.test.", 60, 2),
        chaos,
    ]);
    message.add_authority(Record::from_rdata(name("test."), 60, RData::NS(NS(name("ns.evil.")))));
    message.add_additionals([address("ns.example.", 60, 3), address("ns.test.", 60, 3)]);
    message.add_additional(text("ns.example.", 60, "x"));
    let scrubbed = scrub(&name("example."), &message);
    assert_eq!(scrubbed.answers, [address("www.example.", 60, 1)]);
    assert!(scrubbed.authorities.is_empty());
    assert_eq!(scrubbed.addresses, [address("ns.example.", 60, 3)]);
    assert_eq!(scrubbed.dropped, 6);
}

#[test]
fn removed_foreign_records_are_reported() {
    let (zone, own, foreign) = (name("example."), address("www.example.", 60, 1), "www.test.");
    let mut chaos = address("www.example.", 60, 2);
    chaos.dns_class = DNSClass::CH;
    let removed = |answers: &[Record], additionals: &[Record]| {
        let mut message = Message::query();
        message.add_answers(answers.to_vec());
        message.add_additionals(additionals.to_vec());
        removed(&zone, &message)
    };
    let other = address(foreign, 60, 3);
    let both = removed(&[own.clone(), chaos.clone()], &[own, other.clone()]);
    assert_eq!(both, [chaos, other]);
    let many: Vec<Record> = (0..9).map(|last| address(foreign, 60, last)).collect();
    assert_eq!(removed(&[], &many), many[..MAX_REPORTED_REMOVED]);
}

// The name badexample is not below example.
#[test]
fn similar_suffix_is_not_in_zone() {
    let scrubbed = of_answers([address("badexample.", 60, 1), address("example.test.", 60, 1)]);
    assert_eq!((scrubbed.answers.len(), scrubbed.dropped), (0, 2));
}

#[test]
fn mixed_ttls_become_smallest() {
    let scrubbed = of_answers([
        address("a.example.", 300, 1),
        address("A.example.", 20, 2),
        address("b.example.", 90, 1),
    ]);
    assert_eq!(ttls(&scrubbed.answers), [20, 20, 90]);
    let twice = of_answers([address("a.example.", 300, 1), address("a.example.", 20, 1)]);
    assert_eq!((ttls(&twice.answers), twice.dropped), (vec![20], 1));
}

#[test]
fn ttl_with_high_bit_is_zero() {
    let scrubbed = of_answers([
        address("a.example.", 1 << 31, 1),
        address("b.example.", u32::MAX, 1),
        address("b.example.", 300, 2),
        address("c.example.", (1 << 31) - 1, 1),
    ]);
    assert_eq!(ttls(&scrubbed.answers), [0, 0, 0, (1 << 31) - 1]);
}

#[test]
fn signatures_share_ttl_of_covered_rrset() {
    let scrubbed = of_answers([
        address("a.example.", 300, 1),
        signature("a.example.", 60, RecordType::A),
        text("a.example.", 500, "x"),
        signature("a.example.", 900, RecordType::TXT),
        signature("a.example.", 900, RecordType::TXT),
    ]);
    assert_eq!(ttls(&scrubbed.answers), [60, 60, 500, 500]);
    assert_eq!(scrubbed.answers.iter().filter(|record| record.record_type() == RecordType::RRSIG).count(), 2);
    assert_eq!(scrubbed.dropped, 1);
}

/// A key that counts its comparisons. The test checks that duplicates are found without comparing each record with all others.
struct Counting {
    value: u32,
    compared: Rc<Cell<usize>>,
}

impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        self.compared.set(self.compared.get() + 1);
        self.value == other.value
    }
}

impl Eq for Counting {}

impl Hash for Counting {
    fn hash<State: Hasher>(&self, state: &mut State) {
        self.value.hash(state);
    }
}

/// A DNS message of 65 535 octets has room for this number of records of 12 octets, the smallest records that have data.
const MANY: u32 = 5_400;

#[test]
fn duplicate_search_is_linear() {
    for kinds in [1, 7, MANY] {
        let compared = Rc::new(Cell::new(0));
        let keys = (0..MANY).map(|value| Counting { value: value % kinds, compared: Rc::clone(&compared) });
        assert_eq!(firsts(keys).len(), MANY as usize);
        // For each key, one comparison finds an equal earlier key. The hash table makes a few more: it compares different keys if seven bits of their
        // hashes are equal.
        assert!(compared.get() < 2 * MANY as usize, "{} comparisons of {kinds} kinds", compared.get());
    }
}

proptest! {
    #[test]
    fn kept_records_are_unique_in_bailiwick(
        drawn in prop::collection::vec((0_usize..4, any::<u32>(), 0_u8..4, any::<bool>()), 0..40),
    ) {
        let owners = ["a.example.", "b.example.", "example.", "a.test."];
        let records: Vec<Record> = drawn
            .iter()
            .map(|(owner, ttl, last, chaos)| {
                let mut record = address(owners[*owner], *ttl, *last);
                record.dns_class = if *chaos { DNSClass::CH } else { DNSClass::IN };
                record
            })
            .collect();
        let scrubbed = of_answers(records.clone());
        prop_assert_eq!(scrubbed.answers.len() + scrubbed.dropped, records.len());
        for (place, kept) in scrubbed.answers.iter().enumerate() {
            let alike = |other: &&Record| other.name == kept.name && other.data == kept.data;
            prop_assert_eq!(scrubbed.answers.iter().filter(alike).count(), 1, "{} stands twice", place);
            prop_assert!(name("example.").zone_of(&kept.name));
            let same_set = |other: &&Record| other.name == kept.name && other.dns_class == DNSClass::IN;
            let sane = |ttl: u32| if ttl > u32::MAX / 2 { 0 } else { ttl };
            let least = records.iter().filter(same_set).map(|record| sane(record.ttl)).min();
            prop_assert_eq!(Some(kept.ttl), least);
        }
    }
}
