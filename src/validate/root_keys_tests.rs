use hickory_proto::dnssec::rdata::DS;
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKeyBuf};

use super::*;
use RootKeyEvent::{Appeared, Missing, Removed, Returned, Revoked, TooMany, Trusted, Vanished};

const BEGIN: u64 = 1_767_225_600;
const DAY: u64 = 86_400;
const TTL: u32 = 172_800;

/// Returns a key signing key. Different numbers give different keys.
fn key(number: u8) -> DNSKEY {
    DNSKEY::with_flags(257, PublicKeyBuf::new(vec![number; 64], Algorithm::ECDSAP256SHA256))
}

fn revoked(number: u8) -> DNSKEY {
    DNSKEY::with_flags(257 | REVOKE, key(number).public_key().clone())
}

fn anchors(numbers: &[u8]) -> Anchors {
    let mut anchors = Anchors::default();
    numbers.iter().for_each(|number| assert!(anchors.add_key(&Name::root(), &key(*number))));
    anchors
}

/// A table of root keys. Key 1 is the configured trust anchor at the start.
struct Followed {
    keys: RootKeys,
    configured: Anchors,
}

impl Followed {
    fn new() -> Self {
        Self { keys: RootKeys::default(), configured: anchors(&[1]) }
    }

    /// Updates the table from an answer of the root on this day, which contains the keys `shown`.
    fn see(&mut self, day: u64, shown: &[u8]) -> Vec<(u8, RootKeyEvent)> {
        let keys: Vec<DNSKEY> = shown.iter().map(|number| key(*number)).collect();
        let shown = ShownKeys { keys: &keys, ttl: TTL };
        let changes = self.keys.see(&self.configured, shown, BEGIN + day * DAY);
        numbered(changes)
    }

    fn revoke(&mut self, day: u64, numbers: &[u8]) -> Vec<(u8, RootKeyEvent)> {
        let keys: Vec<DNSKEY> = numbers.iter().map(|number| revoked(*number)).collect();
        numbered(self.keys.revoke(&self.configured, &keys, BEGIN + day * DAY))
    }

    /// Updates the table from the same answer on each of these days, which must cause no event.
    fn days(&mut self, days: std::ops::Range<u64>, shown: &[u8]) {
        days.for_each(|day| assert_eq!(self.see(day, shown), [], "day {day}"));
    }

    /// Returns the trusted keys among the first eight.
    fn trusted(&self) -> Vec<u8> {
        let used = self.keys.in_use(&self.configured);
        (1..=8).filter(|number| used.cover(&Name::root(), &key(*number))).collect()
    }

    fn state(&self, number: u8) -> Option<RootKeyState> {
        self.keys.keys.iter().find(|known| known.is(&key(number))).map(|known| known.state)
    }
}

fn numbered(changes: Vec<RootKeyChange>) -> Vec<(u8, RootKeyEvent)> {
    let number = |tag| (1..=99).find(|number| key(*number).calculate_key_tag().unwrap() == tag).unwrap();
    changes.into_iter().map(|change| (number(change.tag), change.event)).collect()
}

fn appeared(number: u8, day: u64) -> (u8, RootKeyEvent) {
    (number, Appeared { trusted_from: BEGIN + (day + 30) * DAY })
}

#[test]
fn a_whole_rollover() {
    let mut followed = Followed::new();
    assert_eq!(followed.see(0, &[1]), [], "a configured key is no news");
    assert_eq!(followed.state(1), Some(RootKeyState::Valid));
    assert_eq!(followed.see(1, &[1, 2]), [appeared(2, 1)]);
    followed.days(2..31, &[1, 2]);
    assert_eq!(followed.trusted(), [1]);
    assert_eq!(followed.see(31, &[1, 2]), [(2, Trusted)]);
    assert_eq!(followed.trusted(), [1, 2]);
    assert_eq!(followed.revoke(60, &[1]), [(1, Revoked { last: false })]);
    assert_eq!(followed.see(60, &[2]), []);
    assert_eq!(followed.trusted(), [2]);
    followed.days(61..90, &[2]);
    assert_eq!(followed.see(90, &[2]), [(1, Removed)]);
    followed.days(91..400, &[2]);
    assert_eq!(followed.trusted(), [2], "the configured key stays revoked");
    assert_eq!(followed.see(400, &[1, 2]), [], "a revoked key that comes back is not trusted");
    assert_eq!(followed.revoke(401, &[1]), []);
    followed.days(401..500, &[1, 2]);
    assert_eq!(followed.trusted(), [2]);
}

/// The fields of a row: the state of a key, true if the answer contains the key, the days since the key is in this state, the number of
/// answers with the key so far, the expected event, and the expected new state.
#[test]
fn every_state_by_every_answer() {
    use RootKeyState as State;
    for (state, shown, age, sightings, event, after) in [
        (State::Pending, true, 29, 99, None, Some(State::Pending)),
        (State::Pending, true, 30, 9, Some(Trusted), Some(State::Valid)),
        (State::Pending, true, 30, 8, None, Some(State::Pending)),
        (State::Pending, true, 300, 1, None, Some(State::Pending)),
        (State::Pending, false, 29, 99, Some(Vanished), None),
        (State::Pending, false, 31, 99, Some(Vanished), None),
        (State::Valid, true, 900, 1, None, Some(State::Valid)),
        (State::Valid, false, 1, 1, Some(Missing), Some(State::Missing)),
        (State::Missing, true, 1, 1, Some(Returned), Some(State::Valid)),
        (State::Missing, false, 900, 1, None, Some(State::Missing)),
        (State::Revoked, true, 29, 1, None, Some(State::Revoked)),
        (State::Revoked, false, 29, 1, None, Some(State::Revoked)),
        (State::Revoked, true, 30, 1, Some(Removed), Some(State::Removed)),
        (State::Revoked, false, 30, 1, Some(Removed), Some(State::Removed)),
        (State::Removed, true, 900, 1, None, Some(State::Removed)),
        (State::Removed, false, 900, 1, None, Some(State::Removed)),
    ] {
        let mut followed = Followed::new();
        followed.see(0, &[1]);
        let mut known = RootKey::new(&key(2), state, BEGIN + (1_000 - age) * DAY).unwrap();
        known.sightings = sightings;
        followed.keys.keys.push(known);
        let seen = followed.see(1_000, if shown { &[1, 2] } else { &[1] });
        let what = format!("{state:?} {shown} {age} {sightings}");
        assert_eq!(seen, event.map(|event| (2, event)).into_iter().collect::<Vec<_>>(), "{what}");
        assert_eq!(followed.state(2), after, "{what}");
        let is_trusted = matches!(after, Some(State::Valid | State::Missing));
        assert_eq!(followed.trusted().contains(&2), is_trusted, "{what}");
    }
}

// RFC 5011 section 2.2.
#[test]
fn vanished_new_key_waits_again() {
    let mut followed = Followed::new();
    assert_eq!(followed.see(0, &[1, 2]), [appeared(2, 0)]);
    followed.days(1..30, &[1, 2]);
    assert_eq!(followed.see(29, &[1]), [(2, Vanished)]);
    assert_eq!(followed.state(2), None);
    assert_eq!(followed.see(31, &[1, 2]), [appeared(2, 31)]);
    followed.days(32..61, &[1, 2]);
    assert_eq!(followed.see(61, &[1, 2]), [(2, Trusted)]);
}

#[test]
fn revocations_count_for_trusted_keys_only() {
    let mut followed = Followed::new();
    followed.see(0, &[1, 2]);
    assert_eq!(followed.revoke(1, &[2, 3]), [], "neither a pending nor an unknown key");
    assert_eq!(followed.see(1, &[1]), [(2, Vanished)]);
    assert_eq!(followed.revoke(2, &[1]), [(1, Revoked { last: true })]);
    assert!(followed.trusted().is_empty());
    assert!(followed.keys.in_use(&followed.configured).can_check(&Name::root()), "bogus, not insecure");
    // The revocation of a configured key is recorded even if the table is empty.
    let mut fresh = Followed { configured: anchors(&[1, 2]), ..Followed::new() };
    assert_eq!(fresh.revoke(0, &[1]), [(1, Revoked { last: false })]);
    assert_eq!(fresh.see(0, &[2]), []);
    assert_eq!(fresh.trusted(), [2]);
    // A key with the state `Missing` can be revoked.
    let mut missing = Followed { configured: anchors(&[1, 2]), ..Followed::new() };
    missing.see(0, &[1, 2]);
    assert_eq!(missing.see(1, &[1]), [(2, Missing)]);
    assert_eq!(missing.revoke(2, &[2]), [(2, Revoked { last: false })]);
    assert_eq!(missing.trusted(), [1]);
}

#[test]
fn removed_root_key_stays_untrusted() {
    let mut followed = Followed { configured: anchors(&[1, 2]), ..Followed::new() };
    followed.see(0, &[1, 2]);
    assert_eq!(followed.revoke(1, &[1]), [(1, Revoked { last: false })]);
    assert_eq!(followed.see(31, &[2]), [(1, Removed)]);
    assert_eq!(followed.revoke(32, &[2]), [(2, Revoked { last: true })]);
    assert!(followed.trusted().is_empty());
    assert!(followed.keys.in_use(&followed.configured).can_check(&Name::root()));
}

#[test]
fn unsupported_keys_leave_root_secure() {
    let ed448 = DNSKEY::with_flags(257, PublicKeyBuf::new(vec![7; 57], Algorithm::Unknown(16)));
    let sha1 = DNSKEY::with_flags(257, PublicKeyBuf::new(vec![7; 130], Algorithm::from_u8(5)));
    let large = DNSKEY::with_flags(257, PublicKeyBuf::new(vec![7; 4_000], Algorithm::RSASHA256));
    for key in [ed448, sha1, large] {
        assert!(!is_followed(&key), "{:?}", key.public_key().algorithm());
    }
    assert!(is_followed(&key(1)));
    // The same key has a second DS record with a digest type that resolverd cannot compute.
    let mut followed = Followed::new();
    let tag = key(1).calculate_key_tag().unwrap();
    let other = DS::new(tag, Algorithm::ECDSAP256SHA256, DigestType::Unknown(3), vec![9; 32]);
    followed.configured.add(&Name::root(), other);
    followed.see(0, &[1]);
    assert_eq!(followed.revoke(1, &[1]), [(1, Revoked { last: true })]);
    assert!(followed.keys.in_use(&followed.configured).can_check(&Name::root()));
}

// It can be revoked like others.
#[test]
fn configured_pending_key_is_trusted() {
    let mut followed = Followed::new();
    assert_eq!(followed.see(0, &[1, 2]), [appeared(2, 0)]);
    followed.configured = anchors(&[1, 2]);
    assert_eq!(followed.see(1, &[1]), [(2, Missing)]);
    let mut followed = Followed::new();
    followed.see(0, &[1, 2]);
    followed.configured = anchors(&[1, 2]);
    assert_eq!(followed.revoke(1, &[2]), [(2, Revoked { last: false })]);
    assert_eq!(followed.trusted(), [1]);
}

#[test]
fn clock_jump_keeps_key_waiting_time() {
    let mut followed = Followed::new();
    followed.see(100, &[1, 2]);
    // The clock jumps forward by a year, and restarts query the keys several times in a row.
    for _ in 0..20 {
        assert_eq!(followed.see(465, &[1, 2]), []);
    }
    assert_eq!(followed.keys.keys[1].sightings, 2);
    // The clock is set back to the correct date.
    followed.days(101..130, &[1, 2]);
    assert_eq!(followed.see(130, &[1, 2]), [(2, Trusted)]);
    // A new key appears while the clock is fast. Its add hold-down time begins again when the clock is set back.
    assert_eq!(followed.see(465, &[1, 2, 3]), [appeared(3, 465)]);
    followed.days(131..161, &[1, 2, 3]);
    assert_eq!(followed.see(161, &[1, 2, 3]), [(3, Trusted)]);
    // Trusted and revoked keys keep their states, whatever date the clock shows.
    followed.revoke(131, &[1]);
    for day in [0, 131, 5, 20_000, 3] {
        followed.see(day, &[2]);
        assert_eq!(followed.trusted(), [2, 3], "day {day}");
    }
}

#[test]
fn learned_keys_belong_to_their_root() {
    let mut followed = Followed::new();
    followed.see(0, &[1, 2]);
    followed.days(1..30, &[1, 2]);
    assert_eq!(followed.see(30, &[1, 2]), [(2, Trusted)]);
    // A new version of resolverd has key 3 as a built-in trust anchor.
    followed.configured = anchors(&[2, 3]);
    assert_eq!(followed.trusted(), [1, 2, 3]);
    followed.configured = anchors(&[7]);
    assert_eq!(followed.trusted(), [7], "another root");
    // The old table is kept until an answer of the new root is validated.
    assert_eq!(followed.revoke(31, &[1, 2, 7]), []);
    assert_eq!(followed.state(2), Some(RootKeyState::Valid));
    assert_eq!(followed.see(31, &[7, 8]), [appeared(8, 31)]);
    assert_eq!((followed.state(1), followed.state(2)), (None, None));
    // Without a configured trust anchor of the root, nothing is learned.
    followed.configured = Anchors::default();
    assert!(followed.trusted().is_empty());
}

#[test]
fn full_key_table_keeps_trusted_keys() {
    let mut followed = Followed::new();
    let many: Vec<u8> = (1..=40).collect();
    let events = followed.see(0, &many);
    assert_eq!(followed.keys.keys.len(), MAX_ROOT_KEYS);
    assert_eq!(events.iter().filter(|(_, event)| *event == TooMany).count(), 40 - MAX_ROOT_KEYS);
    // In a full table, a new key replaces a removed key that is not configured.
    let mut followed = Followed::new();
    followed.see(0, &[1]);
    for number in 2..=16 {
        followed.keys.keys.push(RootKey::new(&key(number), RootKeyState::Removed, BEGIN).unwrap());
    }
    assert_eq!(followed.see(1, &[1, 17]), [appeared(17, 1)]);
    assert_eq!((followed.keys.keys.len(), followed.state(2)), (MAX_ROOT_KEYS, None));
}

#[test]
fn root_key_queries_follow_rfc_5011() {
    let hour = Duration::from_secs(3_600);
    let (known, mut new) = (RootKeys::default(), RootKeys::default());
    new.keys.push(RootKey::new(&key(2), RootKeyState::Pending, BEGIN).unwrap());
    for (ttl, is_valid, keys, wanted) in [
        (TTL, true, &known, 24 * hour),
        (60, true, &known, hour),
        (u32::MAX, true, &known, 360 * hour),
        (10 * TTL, true, &known, 240 * hour),
        (10 * TTL, true, &new, 24 * hour),
        (TTL, false, &known, 24 * hour / 5),
        (0, false, &known, hour),
        (u32::MAX, false, &new, 24 * hour),
    ] {
        assert_eq!(next_query(ttl, is_valid, keys), wanted, "{ttl} {is_valid}");
    }
}

#[test]
fn a_full_table_loses_no_revocation() {
    let mut followed = Followed::new();
    followed.configured = anchors(&[1, 2]);
    let many: Vec<u8> = std::iter::once(1).chain(10..10 + u8::try_from(MAX_ROOT_KEYS).unwrap()).collect();
    followed.see(0, &many);
    assert_eq!(followed.keys.keys.len(), MAX_ROOT_KEYS);
    assert_eq!(followed.trusted(), [1, 2]);
    assert_eq!(followed.revoke(1, &[2]), [(2, Revoked { last: false })]);
    assert_eq!(followed.trusted(), [1]);
}
