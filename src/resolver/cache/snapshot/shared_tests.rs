//! Tests which entries a gateway gives to its fleet, and which entries of the fleet it takes.

use proptest::prelude::*;

use super::*;
use crate::cache::snapshot::tests::{BORN, fill, mx, server_address, views};
use crate::cache::stage::{DAY, memory, name};
use dns::cached::Rank;
use dns::conduct::Health;

fn after(seconds: u64) -> Mono {
    BORN.after(Duration::from_secs(seconds))
}

/// Exports the MX records of `example.`, which are secure and have a TTL of 300 s.
fn exported() -> Exported {
    let (own, [view, ..]) = (memory(), views());
    fill(&own);
    own.export((&name("example."), RecordType::MX), (view, true), BORN).unwrap()
}

fn import(age: u64) -> Import<'static> {
    let [view, ..] = views();
    Import { view, age: Duration::from_secs(age), max_ttl: DAY, refuses: &|_| false, verifies: false }
}

#[test]
fn shared_answer_has_remaining_ttl() {
    let (entry, other, [view, ..]) = (exported(), memory(), views());
    assert_eq!(entry.left, Duration::from_secs(300));
    assert_eq!(other.import(&entry.octets, import(100), BORN), 1);
    let records = mx(other.rrsets.in_view(view), BORN);
    assert_eq!((records.len(), records[0].ttl), (2, 200));
    assert_eq!(other.import(&entry.octets, import(150), BORN), 0, "the cache has a newer one");
    assert_eq!(other.import(&entry.octets, import(50), BORN), 1, "this one is newer");
    assert_eq!(memory().import(&entry.octets, import(300), BORN), 0, "it has expired");
}

// With fleet.verify, imported answers count as not validated; no zone verdict is taken.
#[test]
fn verifying_gateway_imports_unvalidated_answers() {
    let (own, [view, ..]) = (memory(), views());
    fill(&own);
    let zone = own.export_zone(&name("example."), view, (BORN, BORN)).unwrap();
    for (verifies, taken, security) in [(false, 2, Security::Secure), (true, 1, Security::Unchecked)] {
        let other = memory();
        let import = Import { verifies, ..import(1) };
        assert_eq!(other.import(&zone.octets, import, BORN), taken, "{verifies}");
        assert_eq!(other.import(&exported().octets, import, BORN), 1);
        let known = other.rrsets.in_view(view).rrset(&name("example."), RecordType::MX, Rank::Answer, BORN);
        assert_eq!(known.unwrap().backing().security, security);
    }
}

// An answer not validated, nearly expired or flushed is not sent or not taken.
#[test]
fn unfit_answers_are_not_shared() {
    let (own, [view, ..]) = (memory(), views());
    fill(&own);
    let export = |owner: &str, kind, validates, now| own.export((&name(owner), kind), (view, validates), now);
    assert!(
        export("old.example.", RecordType::Unknown(39), false, BORN).is_some()
            || export("none.example.", RecordType::A, false, BORN).is_some()
    );
    assert!(export("none.example.", RecordType::A, true, BORN).is_none(), "it was not validated");
    assert!(export("example.", RecordType::MX, true, after(296)).is_none(), "it is nearly over");
    assert!(own.export_zone(&name("example."), view, (after(1), after(2))).is_none(), "it is not new");
    let refuses = |owner: &[u8]| owner == dns::question::wire_name(&name("example."));
    let flushed = Import { refuses: &refuses, ..import(1) };
    assert_eq!(memory().import(&exported().octets, flushed, BORN), 0);
}

#[test]
fn lame_server_is_shared_without_timing() {
    let (own, other) = (memory(), memory());
    fill(&own);
    let faulty = own.servers.export_faulty(BORN, 10);
    assert_eq!(faulty.len(), 1);
    assert!(own.servers.export_faulty(after(301), 10).is_empty(), "it is no longer lame");
    assert!(other.servers.import(&faulty[0].1, Duration::from_secs(1), BORN));
    assert!(!other.servers.import(&faulty[0].1, Duration::from_secs(1), BORN), "the server is known now");
    let known = other.servers.list(BORN);
    assert_eq!(known[0].address, server_address());
    assert_eq!((known[0].lame.clone(), known[0].round_trip), (vec![name("lame.example.")], None));
    assert_ne!(known[0].health, Health::Dead);
}

proptest! {
    #[test]
    fn changed_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..200), place: prop::sample::Index, octet: u8) {
        let other = memory();
        other.import(&octets, import(1), BORN);
        let mut entry = exported().octets;
        let place = place.index(entry.len());
        entry[place] = octet;
        prop_assert!(other.import(&entry, import(1), BORN) <= 1);
    }
}
