use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf};
use hickory_proto::rr::rdata::{self, A, MX, NULL, SOA, TXT};
use hickory_proto::rr::{RData, Record};
use proptest::prelude::*;

use super::blocks::HEAD;
use super::*;
use crate::cache::entries::Known;
use crate::cache::freshness::Age;
use crate::cache::negative::Denial;
use crate::cache::rrset::Credibility;
use crate::cache::rrsets::InView;
use crate::cache::security::{Backing, ZoneSecurity, ZoneTrust};
use crate::cache::servers::ServerStanding;
use crate::cache::stage::{DAY, memory, name};
use crate::limits::SNAPSHOT_BLOCK;
use dns::cached::{Delegation, Evidence, Rank};
use dns::clock::Mono;
use dns::conduct::Health;
use dns::limits::MONO_LEAD;
use dns::question::{Security, wire_name};
use dns::random::Random;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::verdict::{ValidationFailure, Why};

const WRITTEN: u64 = 1_800_000_000;

/// Each process of these tests begins at this time on its monotonic clock.
pub(super) const BORN: Mono = Mono::from_micros(MONO_LEAD.as_secs() * 1_000_000);

/// Returns a time: `mono` seconds after the begin of a process on the monotonic clock, and `seconds` seconds after the writing of the snapshot on the
/// system clock.
fn later(mono: u64, seconds: u64) -> Now {
    Now { mono: BORN.after(Duration::from_secs(mono)), unix: WRITTEN + seconds }
}

pub(super) fn views() -> [ViewId; 3] {
    let first = ViewId::default();
    let second = first.following().unwrap();
    [first, second, second.following().unwrap()]
}

fn scope() -> Scope {
    let [first, ..] = views();
    Scope {
        fingerprint: [7; 32],
        configured: HashMap::new(),
        views: vec![first],
        lists: HashSet::new(),
        overlooked: HashSet::new(),
        max_ttl: DAY,
        serve_stale: Duration::ZERO,
    }
}

fn address(owner: &str, ttl: u32) -> Record {
    Record::from_rdata(name(owner), ttl, RData::A(A::new(192, 0, 2, 1)))
}

fn delegation(zone: &str) -> Delegation {
    Delegation {
        zone: name(zone),
        servers: vec![name("ns1.example."), name("ns2.example.")],
        glue: vec![(0, IpAddr::from([192, 0, 2, 53])), (1, "2001:db8::53".parse().unwrap())],
        configured: Vec::new(),
        trusted: false,
        evidence: Evidence::from_records([&address("ds.example.", 60)]),
        since: BORN,
        expires: BORN.after(Duration::from_secs(300)),
    }
}

/// Adds one entry of each kind to the cache.
pub(super) fn fill(memory: &Memory) {
    let [view, ..] = views();
    let rrsets = memory.rrsets.in_view(view);
    let backing = Backing {
        security: Security::Secure,
        evidence: Evidence::from_records([&address("signature.example.", 60)]),
    };
    let mx = |host: &str| Record::from_rdata(name("example."), 300, RData::MX(MX::new(10, name(host))));
    rrsets.put_backed(
        &[&mx("mx1.example."), &mx("mx2.example.")],
        Credibility::new(Rank::Authoritative, backing),
        DAY,
        BORN,
    );
    rrsets.put(&[&address("ns1.example.", 300)], Rank::Glue, DAY, BORN);
    let away = Record::from_rdata(
        name("old.example."),
        300,
        RData::Unknown { code: RecordType::DNAME, rdata: NULL::with(vec![0]) },
    );
    rrsets.put(&[&away], Rank::Answer, DAY, BORN);
    let soa = SOA::new(name("ns1.example."), name("hostmaster.example."), 1, 2, 3, 4, 300);
    let soa = Record::from_rdata(name("example."), 300, RData::SOA(soa));
    rrsets.put_negative(
        Denial { name: &name("none.example."), kind: RecordType::A, nxdomain: true, soa: &soa },
        DAY,
        BORN,
    );
    rrsets.show_above(&name("_25._tcp.mail.example."), &name("example."), Duration::from_secs(300), BORN);
    rrsets.put_delegation(Arc::new(delegation("example.")));
    rrsets.put_zone_state(Arc::new(state("example.", ZoneSecurity::Secure(keys("example.")))));
    let server = memory.servers.get(server_address());
    for _ in 0..30 {
        server.answered(&name("example."), Duration::from_millis(40), BORN);
    }
    (0..10).for_each(|_| server.lost());
    server.mark_lame(&name("lame.example."), Duration::from_secs(300), BORN);
    server.takes_no_edns(BORN);
    server.finds_mixed_case(BORN);
    server.loses_long_datagrams(BORN);
}

pub(super) fn server_address() -> SocketAddr {
    ([192, 0, 2, 53], 53).into()
}

fn state(zone: &str, standing: ZoneSecurity) -> ZoneTrust {
    let expires = BORN.after(Duration::from_secs(300));
    ZoneTrust { zone: name(zone), standing, stored: BORN, sought: BORN, expires }
}

fn keys(zone: &str) -> ZoneKeys {
    let key = DNSKEY::new(true, true, false, PublicKeyBuf::new(vec![7; 64], Algorithm::ECDSAP256SHA256));
    ZoneKeys { zone: name(zone), keys: vec![ZoneKey::new(key).unwrap()] }
}

fn written(memory: &Memory, scope: &Scope, now: Now) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let written = memory.write_snapshot(scope, now, &mut file).unwrap();
    assert_eq!(written.octets, file.get_ref().len() as u64);
    file.into_inner()
}

fn read(file: &[u8], scope: &Scope, now: Now) -> (Memory, Result<Restoration, UnusableSnapshot>) {
    let memory = memory();
    let read = memory.read_snapshot(scope, now, &mut Cursor::new(file), || true);
    (memory, read)
}

pub(super) fn mx(rrsets: InView<'_>, now: Mono) -> Vec<Record> {
    match rrsets.get(&name("example."), RecordType::MX, Rank::Authoritative, now) {
        Some(Known::Rrset(rrset)) => rrset.records(&name("example."), now),
        _ => Vec::new(),
    }
}

#[test]
fn snapshot_restores_all_with_remaining_ttl() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(100, 0));
    let ([view, ..], now) = (views(), later(5, 49));
    let (after, read) = read(&file, &scope(), now);
    let read = read.unwrap();
    assert_eq!((read.entries, read.restored, read.age), (9, 9, Duration::from_secs(49)));

    // The stored age is in whole seconds and may be one second too short. So the entries count as 50 s old, although the file is 49 s old.
    let end = now.mono.after(Duration::from_secs(150));
    let rrsets = after.rrsets.in_view(view);
    let records = mx(rrsets, now.mono);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.ttl == 150), "{records:?}");
    let rrset = rrsets.rrset(&name("example."), RecordType::MX, Rank::Authoritative, now.mono).unwrap();
    assert_eq!((rrset.backing().security, rrset.evidence(now.mono).len()), (Security::Secure, 1));
    assert!(mx(rrsets, end).is_empty());
    assert!(rrsets.glue(&name("ns1.example."), RecordType::A, now.mono).is_some());
    assert!(rrsets.may_redirect());
    let denied = rrsets.get(&name("none.example."), RecordType::TXT, Rank::Answer, now.mono);
    let Some(Known::Negative(denied)) = denied else { panic!("{denied:?}") };
    assert_eq!((denied.nxdomain, denied.soa(now.mono).unwrap().ttl), (true, 150));

    let cut = rrsets.delegation(&name("example."), now.mono).unwrap();
    let as_before = delegation("example.");
    assert_eq!((&cut.zone, &cut.servers, &cut.glue), (&as_before.zone, &as_before.servers, &as_before.glue));
    assert_eq!((cut.evidence.records(1).len(), cut.expires, cut.trusted), (1, end, false));
    assert!(rrsets.delegation(&name("example."), end).is_none());

    let state = rrsets.zone_state(&name("example."), now.mono).unwrap();
    assert_eq!((&state.standing, state.expires), (&ZoneSecurity::Secure(keys("example.")), end));
    let zone = name("lame.example.");
    let known = |memory: &Memory, now| memory.servers.known(server_address()).unwrap().standing(&zone, now);
    let standing = known(&after, now.mono);
    // The path to the server may have changed meanwhile, so the round trip must be measured again.
    let as_before = ServerStanding { to_be_measured: true, ..known(&before, BORN) };
    assert_eq!(standing, as_before);
    assert_eq!(standing.loss, 25);
    assert!(standing.finds_mixed_case && !standing.features.long_datagrams);
    assert!(
        standing.lame && !standing.features.edns && standing.round_trip == Some(Duration::from_millis(40))
    );
    assert!(!known(&after, end).lame);
}

// Restored knowledge of servers ends after a day.
#[test]
fn restored_dead_server_is_probed() {
    let before = memory();
    let server = before.servers.get(server_address());
    for number in 1..=3 {
        let sent = BORN.after(Duration::from_secs(number));
        server.silent(&name("example."), sent, sent, &Random::seeded(1));
    }
    let file = written(&before, &scope(), later(10, 0));
    let (after, _) = read(&file, &scope(), later(0, 60));
    let standing = after.servers.known(server_address()).unwrap().standing(&name("example."), BORN);
    assert_eq!((standing.health, standing.silent_since), (Health::Due, None));
    let (after, _) = read(&file, &scope(), later(0, 86_400));
    assert!(after.servers.known(server_address()).is_none());
}

#[test]
fn zone_verdicts_survive_restart_except_bogus() {
    let before = memory();
    let [view, ..] = views();
    let fault = ValidationFailure::new(Why::Digest, "no digest that is checked");
    let standings = [
        ("a.example.", ZoneSecurity::Insecure(None)),
        ("b.example.", ZoneSecurity::Insecure(Some(fault.clone()))),
        ("c.example.", ZoneSecurity::NoZone(fault.clone())),
        ("d.example.", ZoneSecurity::Bogus(fault)),
    ];
    for (zone, standing) in standings.clone() {
        before.rrsets.in_view(view).put_zone_state(Arc::new(state(zone, standing)));
    }
    let (after, _) = read(&written(&before, &scope(), later(0, 0)), &scope(), later(0, 0));
    for (zone, standing) in standings {
        let known = after.rrsets.in_view(view).zone_state(&name(zone), BORN);
        let expected = Some(standing).filter(|standing| !matches!(standing, ZoneSecurity::Bogus(_)));
        assert_eq!(known.map(|state| state.standing.clone()), expected, "{zone}");
    }
}

// A restored TTL is never longer than max_ttl.
#[test]
fn expired_entries_are_not_restored() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(100, 0));
    let (_, over) = read(&file, &scope(), later(5, 199));
    assert_eq!(over.unwrap().restored, 1, "200 s were left; servers have no TTL");
    let (_, at_last) = read(&file, &scope(), later(5, 198));
    assert_eq!(at_last.unwrap().restored, 9);
    let short = Scope { max_ttl: Duration::from_secs(30), ..scope() };
    let (after, _) = read(&file, &short, later(5, 0));
    let ([view, ..], now) = (views(), later(5, 0).mono);
    assert!(mx(after.rrsets.in_view(view), now).iter().all(|record| record.ttl == 30));
    assert!(mx(after.rrsets.in_view(view), now.after(Duration::from_secs(30))).is_empty());
    assert_eq!(read(&written(&before, &scope(), later(301, 0)), &scope(), later(5, 0)).1.unwrap().entries, 1);
}

/// Entries may be stale answers for an hour.
fn stale_scope() -> Scope {
    Scope { serve_stale: HOUR, ..scope() }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn stale_entries_are_restored_with_age() {
    let before = memory();
    fill(&before);
    let [view, ..] = views();
    before.rrsets.in_view(view).put(&[&address("mail.example.", 300)], Rank::Answer, DAY, BORN);
    let last = |memory: &Memory, owner: &str, kind, now| {
        let word = memory.rrsets.in_view(view).last_word(&name(owner), kind, HOUR, now);
        word.map(|word| (word.kind, word.age))
    };
    // All entries have expired after 300 s.
    let file = written(&before, &stale_scope(), later(1_300, 0));
    let (after, read_) = read(&file, &stale_scope(), later(0, 999));
    // Only four entries were written: the MX and A records and the DNAME, which may be used when they are stale, and the server, which has no TTL.
    assert_eq!((read_.as_ref().unwrap().entries, read_.unwrap().restored), (4, 4));
    let stale = |seconds| Some(Age::Stale(Duration::from_secs(seconds)));
    let age = |word: Option<(RecordType, Age)>| word.map(|(_, age)| age);
    assert_eq!(age(last(&after, "example.", RecordType::MX, BORN)), stale(2_000));
    assert_eq!(age(last(&after, "mail.example.", RecordType::A, BORN)), stale(2_000));
    assert!(mx(after.rrsets.in_view(view), BORN).is_empty(), "not as a fresh one");
    // The ages continue to grow in a third process.
    let file = written(&after, &stale_scope(), later(100, 0));
    let (after, _) = read(&file, &stale_scope(), later(0, 99));
    assert_eq!(age(last(&after, "example.", RecordType::MX, BORN)), stale(2_200));
    let end = BORN.after(Duration::from_secs(1_400));
    assert_eq!(last(&after, "example.", RecordType::MX, end), None, "an hour after its end");

    let entries = |scope: &Scope, mono| read(&written(&before, scope, later(mono, 0)), scope, later(0, 0)).1;
    assert_eq!(entries(&stale_scope(), 3_899).unwrap().entries, 4);
    assert_eq!(entries(&stale_scope(), 3_900).unwrap().entries, 1);
    assert_eq!(entries(&scope(), 1_300).unwrap().entries, 1, "never stale");
    let (_, over) = read(&written(&before, &stale_scope(), later(1_300, 0)), &stale_scope(), later(0, 2_599));
    assert_eq!(over.unwrap().restored, 1);
    let (_, never) = read(&written(&before, &stale_scope(), later(1_300, 0)), &scope(), later(0, 0));
    assert_eq!(never.unwrap().restored, 1);
}

// A later denial or alias of the name ends the stale address across a restart.
#[test]
fn superseded_stale_entry_is_not_restored() {
    let [view, ..] = views();
    let (owner, at) = (name("www.example."), |seconds| BORN.after(Duration::from_secs(seconds)));
    let soa = SOA::new(name("ns1.example."), name("hostmaster.example."), 1, 2, 3, 4, 300);
    let soa = Record::from_rdata(name("example."), 300, RData::SOA(soa));
    let alias =
        |ttl| Record::from_rdata(owner.clone(), ttl, RData::CNAME(rdata::CNAME(name("web.example."))));
    let last = |next: &dyn Fn(InView<'_>)| {
        let before = memory();
        let rrsets = before.rrsets.in_view(view);
        rrsets.put(&[&address("www.example.", 300)], Rank::Authoritative, DAY, BORN);
        next(rrsets);
        let (after, _) =
            read(&written(&before, &stale_scope(), later(2_000, 0)), &stale_scope(), later(0, 0));
        let word = after.rrsets.in_view(view).last_word(&owner, RecordType::A, HOUR, BORN);
        word.map(|word| word.kind)
    };
    assert_eq!(last(&|_| ()), Some(RecordType::A));
    for nxdomain in [false, true] {
        let denied = |rrsets: InView<'_>| {
            let denial = Denial { name: &owner, kind: RecordType::A, nxdomain, soa: &soa };
            rrsets.put_negative(denial, DAY, at(400));
        };
        assert_eq!(last(&denied), None, "{nxdomain}");
    }
    assert_eq!(
        last(&|rrsets| rrsets.put(&[&alias(300)], Rank::Authoritative, DAY, at(400))),
        Some(RecordType::CNAME)
    );
    assert_eq!(
        last(&|rrsets| rrsets.put(&[&alias(9_000)], Rank::Authoritative, DAY, at(400))),
        Some(RecordType::CNAME)
    );
}

// It still ends stale data below its name.
#[test]
fn proven_nxdomain_survives_restart() {
    let [view, ..] = views();
    let (owner, above, zone) = (name("a.www.example."), name("www.example."), name("example."));
    let soa = SOA::new(name("ns1.example."), name("hostmaster.example."), 1, 2, 3, 4, 300);
    let soa = Record::from_rdata(zone.clone(), 300, RData::SOA(soa));
    for (security, is_denied) in [(Security::Secure, true), (Security::Insecure, false)] {
        let before = memory();
        let rrsets = before.rrsets.in_view(view);
        rrsets.put(&[&address("a.www.example.", 300)], Rank::Authoritative, DAY, BORN);
        let backing = Backing { security, ..Backing::default() };
        let denial = Denial { name: &above, kind: RecordType::A, nxdomain: true, soa: &soa };
        let at = BORN.after(Duration::from_secs(400));
        rrsets.put_denied(denial, Credibility::new(Rank::Authoritative, backing), DAY, at);
        let (after, _) =
            read(&written(&before, &stale_scope(), later(2_000, 0)), &stale_scope(), later(0, 0));
        let rrsets = after.rrsets.in_view(view);
        let word = rrsets.last_word(&owner, RecordType::A, HOUR, BORN).unwrap();
        assert_eq!(rrsets.is_denied_above(&owner, &zone, &word), is_denied, "{security:?}");
    }
}

#[test]
fn what_memory_holds_already_stays() {
    let ([view, ..], now) = (views(), later(5, 10));
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(100, 0));
    let after = memory();
    let newer = Record::from_rdata(name("example."), 900, RData::MX(MX::new(10, name("mx3.example."))));
    after.rrsets.in_view(view).put(&[&newer], Rank::Authoritative, DAY, now.mono);
    let read = after.read_snapshot(&scope(), now, &mut Cursor::new(file), || true).unwrap();
    assert_eq!(read.restored, 8);
    assert_eq!(mx(after.rrsets.in_view(view), now.mono), [newer]);
}

// Views are stored by their place in the configuration.
#[test]
fn entries_of_removed_views_are_skipped() {
    let [first, second, third] = views();
    let before = memory();
    for view in [first, second, third] {
        before.rrsets.in_view(view).put(&[&address("mail.example.", 300)], Rank::Answer, DAY, BORN);
    }
    let own = Scope { views: vec![first, second], ..scope() };
    let file = written(&before, &own, later(0, 0));
    // In the new configuration, the second view does not exist, and the first one has the id `third`.
    let (after, read) = read(&file, &Scope { views: vec![third], ..scope() }, later(0, 0));
    assert_eq!(read.unwrap().restored, 1);
    let known =
        |view| after.rrsets.in_view(view).rrset(&name("mail.example."), RecordType::A, Rank::Answer, BORN);
    assert_eq!([first, second, third].map(|view| known(view).is_some()), [false, false, true]);
}

// Only the way to a DNS list's servers is restored; excluded names are not written.
#[test]
fn list_answers_are_not_saved() {
    let [view, ..] = views();
    let before = memory();
    let rrsets = before.rrsets.in_view(view);
    rrsets.put(&[&address("mail.example.", 300)], Rank::Answer, DAY, BORN);
    rrsets.put(&[&address("3.bl.example.", 300)], Rank::Answer, DAY, BORN);
    rrsets.put(&[&address("ns.bl.example.", 300)], Rank::Glue, DAY, BORN);
    rrsets.put_delegation(Arc::new(delegation("bl.example.")));
    let lists = HashSet::from([wire_name(&name("bl.example."))]);
    let with_lists = Scope { lists: lists.clone(), ..scope() };
    let file = written(&before, &with_lists, later(0, 0));
    let (after, read_) = read(&file, &with_lists, later(0, 0));
    assert_eq!(read_.unwrap().restored, 3, "an address, and the way to the list");
    let said = name("3.bl.example.");
    assert!(after.rrsets.in_view(view).rrset(&said, RecordType::A, Rank::Answer, BORN).is_none());
    assert!(after.rrsets.in_view(view).delegation(&name("bl.example."), BORN).is_some());

    // The snapshot was written before `bl.example` was configured as a DNS list, so it contains the list's answer. That answer must not be restored.
    let file = written(&before, &scope(), later(0, 0));
    assert_eq!(read(&file, &with_lists, later(0, 0)).1.unwrap().restored, 3);

    let overlooked = Scope { overlooked: lists, ..scope() };
    let file = written(&before, &overlooked, later(0, 0));
    assert_eq!(read(&file, &scope(), later(0, 0)).1.unwrap().entries, 1, "what is elsewhere");
}

// Entries at and below names whose configuration changed are left out.
#[test]
fn reconfigured_names_are_not_restored() {
    let (before, [view, ..]) = (memory(), views());
    let rrsets = before.rrsets.in_view(view);
    for owner in ["mail.example.", "corp.example.", "www.corp.example.", "a.new.example.", "b.old.example."] {
        rrsets.put(&[&address(owner, 300)], Rank::Answer, DAY, BORN);
    }
    let configured = |names: &[(&str, u8)]| Scope {
        configured: names.iter().map(|(zone, digest)| (wire_name(&name(zone)), [*digest; 32])).collect(),
        ..scope()
    };
    let file = written(&before, &configured(&[("corp.example.", 1), ("old.example.", 1)]), later(0, 0));
    let restored = |names: &[(&str, u8)]| {
        let (after, read) = read(&file, &configured(names), later(0, 0));
        let has = |owner: &&str| {
            after.rrsets.in_view(view).rrset(&name(owner), RecordType::A, Rank::Answer, BORN).is_some()
        };
        let all = ["mail.example.", "www.corp.example.", "a.new.example.", "b.old.example."];
        (all.into_iter().filter(has).collect::<Vec<_>>(), read.unwrap().entries)
    };
    let same = restored(&[("corp.example.", 1), ("old.example.", 1)]);
    assert_eq!(same, (vec!["mail.example.", "www.corp.example.", "a.new.example.", "b.old.example."], 5));
    let changed = restored(&[("corp.example.", 2), ("new.example.", 1)]);
    assert_eq!(changed, (vec!["mail.example."], 5));
    assert_eq!(restored(&[(".", 1)]).0, [""; 0]);
}

// Other views, another format version, a future date or a foreign file make it unfit.
#[test]
fn unfit_snapshot_is_refused() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(10, 0));
    let refused = |file: &[u8], scope: &Scope, now| {
        let (memory, read) = read(file, scope, now);
        assert_eq!(memory.fill().map(|fill| fill.entries), [0; 4]);
        read.unwrap_err().to_string()
    };
    let other = Scope { fingerprint: [8; 32], ..scope() };
    assert!(refused(&file, &other, later(0, 0)).contains("other views"));
    let early = Now { mono: BORN, unix: WRITTEN - 61 };
    assert_eq!(refused(&file, &scope(), early), "it was written 61 s after the time of the system clock");
    let mut next = file.clone();
    next[19] = 6;
    assert_eq!(
        refused(&next, &scope(), later(0, 0)),
        "it has format version 6, and this resolverd reads version 5"
    );
    for foreign in [&b""[..], b"{\"version\":1}", &[0; 500]] {
        assert_eq!(refused(foreign, &scope(), later(0, 0)), "it is not a cache snapshot");
    }
}

#[test]
fn small_clock_setback_keeps_snapshot() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(10, 0));
    let [view, ..] = views();
    for back in [1, 2, 60] {
        let (after, read) = read(&file, &scope(), Now { mono: BORN, unix: WRITTEN - back });
        let read = read.unwrap();
        assert_eq!((read.restored, read.age), (read.entries, Duration::ZERO), "{back}");
        // The system clock was set back, so no time seems to have passed.
        assert!(mx(after.rrsets.in_view(view), BORN).iter().all(|record| record.ttl == 289), "{back}");
    }
}

// A file cut anywhere or with one bit changed restores nothing.
#[test]
fn damaged_snapshot_is_refused() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(10, 0));
    let assert_refused = |octets: &[u8], what: &str| {
        let (memory, read) = read(octets, &scope(), later(0, 0));
        assert!(read.is_err(), "{what}");
        assert_eq!(memory.fill().map(|fill| fill.entries), [0; 4], "{what}");
    };
    for length in 0..file.len() {
        assert_refused(&file[..length], &format!("cut to {length}"));
    }
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[place] ^= 1 << bit;
            assert_refused(&changed, &format!("octet {place}, bit {bit}"));
        }
    }
    let longer = [&file[..], &[0]].concat();
    assert_refused(&longer, "an octet more");
}

#[test]
fn missing_or_swapped_blocks_are_noticed() {
    let [view, ..] = views();
    let before = memory();
    for number in 0..40 {
        let owner = format!("n{number}.example.");
        let text = TXT::new((0..200).map(|_| "x".repeat(255)).collect());
        let record = Record::from_rdata(name(&owner), 300, RData::TXT(text));
        before.rrsets.in_view(view).put(&[&record], Rank::Answer, DAY, BORN);
    }
    let file = written(&before, &scope(), later(0, 0));
    let head = HEAD;
    let length = |place: usize| 12 + u32::from_be_bytes(file[place..place + 4].try_into().unwrap()) as usize;
    let (first, second) = (length(head), length(head + length(head)));
    assert!(first > SNAPSHOT_BLOCK && second > SNAPSHOT_BLOCK);
    let (one, rest) = file[head..].split_at(first);
    let (other, rest) = rest.split_at(second);
    for blocks in [vec![other, one, rest], vec![other, rest], vec![one, rest], vec![one, one, other, rest]] {
        let changed = [&file[..head], &blocks.concat()].concat();
        assert!(matches!(read(&changed, &scope(), later(0, 0)).1, Err(UnusableSnapshot::Broken)));
    }
    let whole = read(&file, &scope(), later(0, 0)).1.unwrap();
    assert!(whole.entries > 20 && whole.restored == whole.entries, "{whole:?}");
}

#[test]
fn snapshot_reading_stops_on_request() {
    let before = memory();
    fill(&before);
    let file = written(&before, &scope(), later(0, 0));
    let after = memory();
    let read = after.read_snapshot(&scope(), later(0, 0), &mut Cursor::new(file), || false).unwrap();
    assert_eq!(read.restored, 0);
}

proptest! {
    #[test]
    fn forged_snapshot_entries_are_harmless(place in 0_usize..2_000, octets in proptest::collection::vec(any::<u8>(), 0..40)) {
        let before = memory();
        fill(&before);
        let file = written(&before, &scope(), later(0, 0));
        let mut entries = file[HEAD + 12..file.len() - 12].to_vec();
        let place = place.min(entries.len());
        let end = (place + octets.len()).min(entries.len());
        entries.splice(place..end, octets);
        let (after, read) = read(&forged(&entries, &scope(), WRITTEN).unwrap(), &scope(), later(0, 0));
        prop_assert!(read.is_ok());
        let [view, ..] = views();
        let rrsets = after.rrsets.in_view(view);
        mx(rrsets, BORN);
        rrsets.zone_state(&name("example."), BORN);
        after.servers.list(BORN);
        rrsets.delegation(&name("example."), BORN).map(|cut| cut.evidence.records(1));
        after.look(&name("example."), None, BORN);
    }
}
