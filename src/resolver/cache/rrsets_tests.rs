//! Tests which entries are stored, which entries replace others, and for how long.

use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::{A, CNAME, MX, NULL, SOA, TXT};
use proptest::prelude::*;

use super::*;
use crate::cache::security::{ZoneSecurity, ZoneTrust};
use crate::cache::stage::{DAY, memory, name};
use dns::cached::Delegation;
use dns::question::wire_name;

fn rrsets() -> Rrsets {
    memory().rrsets
}

fn address(ttl: u32, last: u8) -> Record {
    Record::from_rdata(name("MAIL.example."), ttl, RData::A(A::new(192, 0, 2, last)))
}

#[test]
fn cached_records_keep_data_and_ttl() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let mx = Record::from_rdata(name("example."), 300, RData::MX(MX::new(10, name("mail.example."))));
    let txt = Record::from_rdata(
        name("example."),
        300,
        RData::TXT(TXT::new(vec!["v=spf1 -all".into(), "x".repeat(200)])),
    );
    rrsets.put(&[&mx], Rank::Answer, DAY, Mono::START);
    rrsets.put(&[&txt], Rank::Answer, DAY, Mono::START);
    let later = Mono::START.after(Duration::from_secs(100));
    for (kind, record) in [(RecordType::MX, mx), (RecordType::TXT, txt)] {
        let Some(Known::Rrset(held)) = rrsets.get(&name("EXAMPLE."), kind, Rank::Answer, later) else {
            panic!("{kind} is gone")
        };
        let records = held.records(&name("example."), later);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].ttl, 200);
        assert_eq!(records[0].data, record.data);
    }
}

#[test]
fn glue_never_answers_nor_replaces_answers() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let owner = name("mail.example.");
    rrsets.put(&[&address(60, 1)], Rank::Glue, DAY, Mono::START);
    assert!(rrsets.get(&owner, RecordType::A, Rank::Answer, Mono::START).is_none());
    assert!(rrsets.get(&owner, RecordType::A, Rank::Glue, Mono::START).is_some());
    rrsets.put(&[&address(60, 2)], Rank::Answer, DAY, Mono::START);
    rrsets.put(&[&address(60, 3)], Rank::Glue, DAY, Mono::START);
    let Some(Known::Rrset(held)) = rrsets.get(&owner, RecordType::A, Rank::Answer, Mono::START) else {
        panic!("the answer is gone")
    };
    assert_eq!(held.records(&owner, Mono::START)[0].data, RData::A(A::new(192, 0, 2, 2)));
}

#[test]
fn live_rrset_resists_lower_ranked_data() {
    use Security::{Insecure, Secure, Unchecked};
    let ranks = [Rank::Answer, Rank::Authoritative];
    let owner = name("mail.example.");
    let soa = Record::from_rdata(
        name("example."),
        60,
        RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 7_200, 900, 86_400, 60)),
    );
    let backed = |security| Backing { security, ..Backing::default() };
    for (held, new) in ranks.iter().flat_map(|held| ranks.map(|new| (*held, new))) {
        for (old, young, wins) in [
            (Unchecked, Unchecked, new >= held),
            (Secure, Insecure, new >= held),
            (Insecure, Unchecked, new >= held),
            (Unchecked, Secure, true),
            (Secure, Unchecked, false),
            (Secure, Secure, new >= held),
        ] {
            let case = format!("{held:?} {old:?}, then {new:?} {young:?}");
            let all = rrsets();
            let rrsets = all.in_view(ViewId::default());
            let holds = |now| match rrsets.get(&owner, RecordType::A, Rank::Glue, now) {
                Some(Known::Rrset(rrset)) => rrset.records(&owner, now).first().map(|it| it.data.clone()),
                _ => None,
            };
            let data = |last| Some(RData::A(A::new(192, 0, 2, last)));
            rrsets.put_backed(&[&address(60, 1)], Credibility::new(held, backed(old)), DAY, Mono::START);
            rrsets.put_backed(&[&address(60, 2)], Credibility::new(new, backed(young)), DAY, Mono::START);
            assert_eq!(holds(Mono::START), data(if wins { 2 } else { 1 }), "{case}");
            // After the TTL of the stored data, data of any rank replace them.
            let later = Mono::START.after(Duration::from_secs(60));
            rrsets.put_backed(&[&address(60, 3)], Credibility::new(new, backed(young)), DAY, later);
            assert_eq!(holds(later), data(3), "{case}");
            for nxdomain in [false, true] {
                let all = self::rrsets();
                let rrsets = all.in_view(ViewId::default());
                let denied = Denial { name: &owner, kind: RecordType::A, nxdomain, soa: &soa };
                rrsets.put_denied(denied, Credibility::new(held, backed(old)), DAY, Mono::START);
                rrsets.put_backed(&[&address(60, 2)], Credibility::new(new, backed(young)), DAY, Mono::START);
                let known = rrsets.get(&owner, RecordType::A, Rank::Glue, Mono::START);
                assert_eq!(matches!(known, Some(Known::Rrset(_))), wins, "denied: {case}");
            }
        }
    }
}

// Glue does not replace a denial, and a denial of lesser rank does not replace an address.
#[test]
fn denial_and_address_replace_by_rank() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let owner = name("mail.example.");
    let soa = Record::from_rdata(
        name("example."),
        60,
        RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 7_200, 900, 86_400, 60)),
    );
    rrsets.put_negative(
        Denial { name: &owner, kind: RecordType::AAAA, nxdomain: false, soa: &soa },
        DAY,
        Mono::START,
    );
    let glue = Record::from_rdata(owner.clone(), 60, RData::AAAA("2001:db8::1".parse().unwrap()));
    rrsets.put(&[&glue], Rank::Glue, DAY, Mono::START);
    let known = rrsets.get(&owner, RecordType::AAAA, Rank::Glue, Mono::START);
    assert!(matches!(known, Some(Known::Negative(_))));
    rrsets.put(&[&address(60, 1)], Rank::Authoritative, DAY, Mono::START);
    let denied = Denial { name: &owner, kind: RecordType::A, nxdomain: false, soa: &soa };
    rrsets.put_denied(denied, Credibility::new(Rank::Answer, Backing::default()), DAY, Mono::START);
    let known = rrsets.get(&owner, RecordType::A, Rank::Glue, Mono::START);
    assert!(matches!(known, Some(Known::Rrset(_))));
    rrsets.put_denied(denied, Credibility::new(Rank::Authoritative, Backing::default()), DAY, Mono::START);
    let known = rrsets.get(&owner, RecordType::A, Rank::Glue, Mono::START);
    assert!(matches!(known, Some(Known::Negative(_))), "it has been taken away");
}

// It lives as long as the data of the child zone beside it.
#[test]
fn glue_survives_data_of_child_zone() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let owner = name("mail.example.");
    let soa = Record::from_rdata(
        name("example."),
        600,
        RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 7_200, 900, 86_400, 600)),
    );
    let glue = |seconds| {
        let later = Mono::START.after(Duration::from_secs(seconds));
        rrsets.glue(&owner, RecordType::A, later).map(|glue| glue.records(&owner, later)[0].data.clone())
    };
    let first = Some(RData::A(A::new(192, 0, 2, 1)));
    rrsets.put(&[&address(60, 1)], Rank::Glue, DAY, Mono::START);
    rrsets.put(&[&address(300, 1)], Rank::Authoritative, DAY, Mono::START);
    assert_eq!([glue(59), glue(60)], [first.clone(), None], "the zone says the same");
    rrsets.put(&[&address(300, 2)], Rank::Authoritative, DAY, Mono::START);
    assert_eq!([glue(299), glue(300)], [first.clone(), None]);
    rrsets.put_negative(
        Denial { name: &owner, kind: RecordType::A, nxdomain: false, soa: &soa },
        DAY,
        Mono::START,
    );
    assert_eq!([glue(599), glue(600)], [first, None]);
    let known = rrsets.get(&owner, RecordType::A, Rank::Glue, Mono::START);
    assert!(matches!(known, Some(Known::Negative(_))));
}

// NXDOMAIN denies MX as well, NODATA denies its own type only.
#[test]
fn glue_survives_denial_of_its_name() {
    let owner = name("mail.example.");
    let soa = Record::from_rdata(
        name("example."),
        60,
        RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 7_200, 900, 86_400, 60)),
    );
    for nxdomain in [true, false] {
        let all = rrsets();
        let rrsets = all.in_view(ViewId::default());
        let denied = Denial { name: &owner, kind: RecordType::A, nxdomain, soa: &soa };
        rrsets.put_negative(denied, DAY, Mono::START);
        rrsets.put(&[&address(60, 1)], Rank::Glue, DAY, Mono::START);
        assert!(rrsets.glue(&owner, RecordType::A, Mono::START).is_some(), "{nxdomain}");
        let mx = rrsets.get(&owner, RecordType::MX, Rank::Answer, Mono::START);
        assert_eq!(matches!(mx, Some(Known::Negative(_))), nxdomain);
    }
}

#[test]
fn alias_is_found_for_missing_types() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let alias = |kind| {
        let known =
            rrsets.get_or_alias(&mut rrsets.keys(&name("mail.example.")), kind, Rank::Answer, Mono::START);
        known.map(|(known, of)| (matches!(known, Known::Rrset(_)), of))
    };
    assert_eq!(alias(RecordType::A), None);
    let cname = RData::CNAME(CNAME(name("w.example.")));
    rrsets.put(&[&Record::from_rdata(name("mail.example."), 60, cname)], Rank::Answer, DAY, Mono::START);
    rrsets.put_doubted(&name("mail.example."), RecordType::TXT, Security::Insecure, Mono::START);
    for (kind, known) in [
        (RecordType::A, (true, RecordType::CNAME)),
        (RecordType::CNAME, (true, RecordType::CNAME)),
        (RecordType::TXT, (false, RecordType::TXT)),
    ] {
        assert_eq!(alias(kind), Some(known), "{kind}");
    }
    rrsets.put_doubted(&name("other.example."), RecordType::CNAME, Security::Insecure, Mono::START);
    let keys = &mut rrsets.keys(&name("other.example."));
    assert!(rrsets.get_or_alias(keys, RecordType::A, Rank::Answer, Mono::START).is_none(), "no alias");
}

// An address with TTL 0 is not kept, but shows that the name is no alias any more.
#[test]
fn uncacheable_address_ends_stale_alias() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let (owner, later) = (name("mail.example."), Mono::START.after(Duration::from_secs(20)));
    let alias = Record::from_rdata(owner.clone(), 10, RData::CNAME(CNAME(name("w.example."))));
    rrsets.put(&[&alias], Rank::Authoritative, DAY, Mono::START);
    let is_alias = || {
        let word = rrsets.last_word(&owner, RecordType::A, DAY, later);
        word.is_some_and(|word| word.kind == RecordType::CNAME)
    };
    assert!(is_alias());
    let key = RData::Unknown { code: RecordType::TLSA, rdata: NULL::with(vec![3, 1, 1, 7]) };
    rrsets.put(&[&Record::from_rdata(owner.clone(), 60, key)], Rank::Authoritative, DAY, later);
    assert!(is_alias());
    rrsets.put(&[&address(0, 1)], Rank::Authoritative, DAY, later);
    assert!(!is_alias(), "it is not kept, but it is the last word");
}

// It never replaces records.
#[test]
fn doubtful_denial_is_kept_five_seconds() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let owner = name("mail.example.");
    let get = |kind, seconds| {
        let later = Mono::START.after(Duration::from_secs(seconds));
        rrsets.get(&owner, kind, Rank::Answer, later)
    };
    rrsets.put(&[&address(60, 1)], Rank::Authoritative, DAY, Mono::START);
    for kind in [RecordType::A, RecordType::AAAA] {
        rrsets.put_doubted(&owner, kind, Security::Insecure, Mono::START);
    }
    assert!(matches!(get(RecordType::A, 0), Some(Known::Rrset(_))));
    let Some(Known::Negative(held)) = get(RecordType::AAAA, 4) else { panic!("it is not kept") };
    assert!(!held.nxdomain && held.soa(Mono::START).is_none());
    assert_eq!(held.backing().security, Security::Insecure);
    assert!(get(RecordType::AAAA, 5).is_none() && get(RecordType::MX, 0).is_none());
}

#[test]
fn closest_unexpired_delegation_is_found() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    for (zone, seconds) in [("example.", 100), ("sub.example.", 10)] {
        rrsets.put_delegation(Arc::new(Delegation::plain(
            name(zone),
            vec![name("ns.example.")],
            Vec::new(),
            (Mono::START, Mono::START.after(Duration::from_secs(seconds))),
        )));
    }
    let asked = name("a.b.sub.example.");
    assert_eq!(rrsets.closest_delegation(&asked, Mono::START).unwrap().zone, name("sub.example."));
    let later = Mono::START.after(Duration::from_secs(10));
    assert_eq!(rrsets.closest_delegation(&asked, later).unwrap().zone, name("example."));
    assert!(rrsets.closest_delegation(&name("other."), Mono::START).is_none());
    for (owner, now) in [("a.b.sub.example.", Mono::START), ("sub.example.", later), ("other.", later)] {
        let by_name = rrsets.closest_delegation(&name(owner), now).map(|it| it.zone.clone());
        let by_wire = rrsets.closest_delegation_of_wire(&wire_name(&name(owner)), now);
        assert_eq!(by_wire.map(|it| it.zone.clone()), by_name, "{owner}");
    }
}

// A cache that never held a DNAME record spares the search for one.
#[test]
fn dname_search_needs_known_dname() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    rrsets.put(&[&address(60, 1)], Rank::Answer, DAY, Mono::START);
    assert!(!rrsets.may_redirect());
    let target = RData::Unknown { code: RecordType::DNAME, rdata: NULL::with(vec![0]) };
    let dname = Record::from_rdata(name("old.example."), 60, target);
    rrsets.put(&[&dname], Rank::Answer, DAY, Mono::START);
    assert!(rrsets.may_redirect());
}

#[test]
fn rrset_keeps_proof_and_security() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let now = Mono::START.after(Duration::from_secs(7));
    let proof = Record::from_rdata(name("mail.example."), 60, RData::TXT(TXT::new(vec!["x".into()])));
    let backing = Backing { evidence: Evidence::from_records([&proof]), security: Security::Secure };
    rrsets.put_backed(&[&address(60, 1)], Credibility::new(Rank::Answer, backing), DAY, now);
    let held = rrsets.rrset(&name("mail.example."), RecordType::A, Rank::Answer, now).unwrap();
    assert_eq!((held.stored(), held.backing().security), (now, Security::Secure));
    assert_eq!(held.evidence(now), [proof]);
}

// A denial at the apex, above it or without proof denies no name below.
#[test]
fn nxdomain_above_needs_proof_within_zone() {
    let soa = Record::from_rdata(
        name("example."),
        60,
        RData::SOA(SOA::new(name("ns.example."), name("host.example."), 1, 7_200, 900, 86_400, 60)),
    );
    let denied = |owner: &str, security| {
        let all = rrsets();
        let rrsets = all.in_view(ViewId::default());
        let backing = Backing { security, ..Backing::default() };
        let denied = Denial { name: &name(owner), kind: RecordType::A, nxdomain: true, soa: &soa };
        rrsets.put_denied(denied, Credibility::new(Rank::Authoritative, backing), DAY, Mono::START);
        rrsets
            .nxdomain_above(&mut rrsets.keys(&name("a.b.c.example.")), &name("c.example."), Mono::START)
            .is_some()
    };
    assert!(denied("b.c.example.", Security::Secure));
    assert!(!denied("b.c.example.", Security::Insecure), "it may be a lie");
    assert!(!denied("c.example.", Security::Secure), "the zone itself");
    assert!(!denied("example.", Security::Secure), "above the zone");
}

#[test]
fn zone_trust_state_lasts_until_expiry() {
    let all = rrsets();
    let rrsets = all.in_view(ViewId::default());
    let end = Mono::START.after(Duration::from_secs(60));
    rrsets.put_zone_state(Arc::new(ZoneTrust {
        zone: name("example."),
        standing: ZoneSecurity::Insecure(None),
        stored: Mono::START,
        sought: Mono::START,
        expires: end,
    }));
    assert!(rrsets.zone_state(&name("example."), Mono::START.after(Duration::from_secs(59))).is_some());
    assert!(rrsets.zone_state(&name("example."), end).is_none());
    assert!(rrsets.zone_state(&name("other."), Mono::START).is_none());
}

proptest! {
    #[test]
    fn no_rrset_past_its_ttl(ttl in any::<u32>(), age in 0_u64..200_000) {
        let all = rrsets();
        let rrsets = all.in_view(ViewId::default());
        rrsets.put(&[&address(ttl, 1)], Rank::Answer, DAY, Mono::START);
        let later = Mono::START.after(Duration::from_secs(age));
        let owner = name("mail.example.");
        let lives = u64::from(capped(ttl, DAY));
        match rrsets.get(&owner, RecordType::A, Rank::Answer, later) {
            Some(Known::Rrset(held)) => {
                prop_assert!(age < lives);
                prop_assert_eq!(u64::from(held.records(&owner, later)[0].ttl), lives - age);
            }
            Some(Known::Negative(_)) => prop_assert!(false, "no negative answer was kept"),
            None => prop_assert!(age >= lives),
        }
    }
}
