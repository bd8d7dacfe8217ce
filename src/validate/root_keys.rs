//! Follows the keys of the root zone through key rollovers (RFC 5011): decides which keys become trust anchors, and which stop being trust
//! anchors.
//!
//! The functions are pure. `resolve::trust::root_keys` queries the keys and validates them. `root_keys_text` reads and writes the file with
//! the table.
//!
//! # Decisions
//!
//! - Only the keys of the root are followed, because other zones have DS records in their parent. The operator must maintain private trust
//!   anchors.
//! - The configured and built-in keys are `Valid` from the start, and only a revocation removes a key. So if the clock is wrong or the file
//!   is lost, resolverd still trusts at least the configured keys.
//! - If the root has revoked all its keys, all signed names are bogus. RFC 5011 section 5 would make the zone insecure, which for the root
//!   would disable all validation.
//! - Keys with algorithms that resolverd does not support are not followed. If they were the only trust anchors, all names would be
//!   insecure.
//! - Removed keys stay in the table. Otherwise a built-in key that the root has revoked would be trusted again.
//! - A new key becomes a trust anchor after it has been in ten answers over 30 days. RFC 5011 requires only the 30 days, but a clock may
//!   jump.
//! - If no key in the table is configured any more, the operator has configured another root. The table is then ignored, and replaced when
//!   an answer of that root is validated. So a wrong trust anchor file does no lasting harm.

use std::time::Duration;

use hickory_proto::dnssec::PublicKey;
use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::rr::Name;

use super::anchors::Anchors;
use super::keys::ds_of;
use super::rules::Algorithms;
use crate::limits::{
    MAX_NEW_ROOT_KEY_QUERY, MAX_ROOT_KEY, MAX_ROOT_KEY_QUERY, MAX_ROOT_KEY_RETRY, MAX_ROOT_KEYS,
    MIN_ROOT_KEY_QUERY, MIN_ROOT_KEY_SIGHTINGS, ROOT_KEY_HOLD_DOWN, ROOT_KEY_REMOVE, ROOT_KEY_SIGHTING,
};
use dns::words;

/// The REVOKE flag of a DNSKEY (RFC 5011 section 3).
const REVOKE: u16 = 0x80;

/// The state of a key of the root (RFC 5011 section 4.2, without the state Start).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RootKeyState {
    /// The root key is new and not trusted yet (state AddPend of RFC 5011).
    Pending,
    /// The root key is trusted: it is a trust anchor.
    Valid,
    /// The root key is trusted, although the last answer of the root did not contain it.
    Missing,
    /// The root has revoked the key, so it is not trusted.
    Revoked,
    /// The root revoked the key more than 30 days ago. The key is never trusted again.
    Removed,
}

/// A key signing key of the root, with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey {
    /// The data of the key's DNSKEY record, without the REVOKE flag.
    pub key: DNSKEY,
    /// The key tag of the root key (RFC 4034 appendix B).
    pub tag: u16,
    /// The state of the root key.
    pub state: RootKeyState,
    /// The time since which the key has this state, in seconds since 1970.
    pub since: u64,
    /// How many answers of the root have contained the key while it was new (state `Pending`).
    pub sightings: u32,
}

/// The table of the keys of the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootKeys {
    /// The keys, at most `MAX_ROOT_KEYS`, in the order in which the root first published them.
    pub keys: Vec<RootKey>,
    /// The time at which the DNSKEY RRset of the root was last validated, in seconds since 1970.
    pub checked: Option<u64>,
}

/// A change in the table of the keys of the root, to be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKeyChange {
    /// The key tag of the root key that has changed.
    pub tag: u16,
    /// What has changed.
    pub event: RootKeyEvent,
}

/// What has changed about a key of the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKeyEvent {
    /// The root has published a new key. It will be trusted at `trusted_from` if all answers until then contain it.
    Appeared {
        /// The time from which the new root key will be trusted, in seconds since 1970.
        trusted_from: u64,
    },
    /// A new key disappeared from the answers of the root before it was trusted.
    Vanished,
    /// A new key has become a trust anchor.
    Trusted,
    /// A trust anchor is no longer in the answers of the root.
    Missing,
    /// A trust anchor that was missing is in the answers of the root again.
    Returned,
    /// A trust anchor was revoked.
    Revoked {
        /// True if the root has no other trust anchor left, so that all signed names are bogus.
        last: bool,
    },
    /// The revocation of the key was 30 days ago, and the key has got the state `Removed`.
    Removed,
    /// A new root key is ignored, because the table is full.
    TooMany,
}

/// The key signing keys in a validated DNSKEY RRset of the root, without the revoked keys.
#[derive(Clone, Copy, Debug)]
pub struct ShownKeys<'a> {
    /// The key signing keys in the DNSKEY RRset of the root.
    pub keys: &'a [DNSKEY],
    /// The time for which the DNSKEY RRset may be cached, in seconds.
    pub ttl: u32,
}

impl RootKey {
    fn new(key: &DNSKEY, state: RootKeyState, since: u64) -> Option<Self> {
        let key = unrevoked(key);
        let tag = key.calculate_key_tag().ok()?;
        Some(Self { key, tag, state, since, sightings: 1 })
    }

    /// Compares two keys without their REVOKE flags.
    fn is(&self, other: &DNSKEY) -> bool {
        self.key.public_key() == other.public_key()
    }

    /// Returns true if the root has revoked the key.
    pub fn is_revoked(&self) -> bool {
        matches!(self.state, RootKeyState::Revoked | RootKeyState::Removed)
    }

    /// Returns true if the key is a trust anchor, even if the root's answers no longer contain it.
    pub(crate) fn is_trusted(&self) -> bool {
        matches!(self.state, RootKeyState::Valid | RootKeyState::Missing)
    }

    fn turn(&mut self, state: RootKeyState, now: u64) {
        (self.state, self.since) = (state, now);
    }
}

impl RootKeys {
    /// Returns true if a configured anchor identifies a key in this table. Otherwise the operator has configured the anchors of another
    /// root zone.
    pub fn belong_to(&self, configured: &Anchors) -> bool {
        self.keys.iter().any(|known| configured.cover(&Name::root(), &known.key))
    }

    /// Returns the trust anchors to use: the configured and the learned keys of the root, without the revoked ones. If the root has revoked
    /// all keys that resolverd can check, returns anchors that match no key, so that all signed names are bogus.
    #[must_use]
    pub fn in_use(&self, configured: &Anchors) -> Anchors {
        self.left(configured).unwrap_or_else(|| {
            let mut none = configured.clone();
            let revoked = self.keys.iter().filter(|known| known.is_revoked());
            none.distrust(&Name::root(), revoked.map(|known| known.tag));
            none
        })
    }

    /// Returns the trust anchors to use, or `None` if the root has revoked all keys that resolverd can check.
    fn left(&self, configured: &Anchors) -> Option<Anchors> {
        let (root, mut used) = (Name::root(), configured.clone());
        if !self.belong_to(configured) {
            return Some(used);
        }
        let revoked = self.keys.iter().filter(|known| known.is_revoked());
        revoked.clone().for_each(|known| used.remove_key(&root, &known.key));
        for known in self.keys.iter().filter(|known| known.is_trusted()) {
            if !used.cover(&root, &known.key)
                && let Some(ds) = ds_of(&root, &known.key)
            {
                used.add(&root, ds);
            }
        }
        (revoked.count() == 0 || used.can_check(&root)).then_some(used)
    }

    /// Makes pending keys valid if the operator has configured them.
    fn trust_configured(&mut self, configured: &Anchors, now: u64) {
        let is_configured = |known: &&mut RootKey| {
            known.state == RootKeyState::Pending && configured.cover(&Name::root(), &known.key)
        };
        self.keys.iter_mut().filter(is_configured).for_each(|known| known.turn(RootKeyState::Valid, now));
    }

    /// Records keys that the root has revoked: they have the REVOKE flag, and each has itself signed the RRset (RFC 5011 section 2.1). Keys
    /// that were never trusted are ignored.
    pub fn revoke(&mut self, configured: &Anchors, revoked: &[DNSKEY], now: u64) -> Vec<RootKeyChange> {
        if !self.keys.is_empty() && !self.belong_to(configured) {
            return Vec::new();
        }
        self.trust_configured(configured, now);
        let mut tags = Vec::new();
        for key in revoked.iter().map(unrevoked) {
            match self.keys.iter_mut().find(|known| known.is(&key)) {
                Some(known) if known.is_trusted() => {
                    known.turn(RootKeyState::Revoked, now);
                    tags.push(known.tag);
                }
                Some(_) => {}
                None if configured.cover(&Name::root(), &key) => {
                    let added = RootKey::new(&key, RootKeyState::Revoked, now);
                    tags.extend(added.into_iter().filter_map(|added| self.add(added, configured)));
                }
                None => {}
            }
        }
        let last = self.left(configured).is_none();
        tags.into_iter().map(|tag| RootKeyChange { tag, event: RootKeyEvent::Revoked { last } }).collect()
    }

    /// Updates the table from a validated DNSKEY RRset of the root (RFC 5011), and returns the changes.
    pub fn see(&mut self, configured: &Anchors, shown: ShownKeys<'_>, now: u64) -> Vec<RootKeyChange> {
        if !self.belong_to(configured) {
            self.keys.clear();
        }
        self.trust_configured(configured, now);
        let counts = self.checked.is_none_or(|last| now.abs_diff(last) >= ROOT_KEY_SIGHTING.as_secs());
        let hold = ROOT_KEY_HOLD_DOWN.as_secs().max(shown.ttl.into());
        let mut changes = Vec::new();
        for known in &mut self.keys {
            let is_shown = shown.keys.iter().any(|key| known.is(key));
            changes.extend(known.step(is_shown, hold, (now, counts)));
        }
        self.keys.retain(|known| {
            known.state != RootKeyState::Pending || shown.keys.iter().any(|key| known.is(key))
        });
        for key in shown.keys {
            if self.keys.iter().any(|known| known.is(key)) {
                continue;
            }
            let is_configured = configured.cover(&Name::root(), key);
            let state = if is_configured { RootKeyState::Valid } else { RootKeyState::Pending };
            let Some(new) = RootKey::new(key, state, now) else { continue };
            let tag = new.tag;
            let event = match self.add(new, configured) {
                Some(_) if is_configured => continue,
                Some(_) => RootKeyEvent::Appeared { trusted_from: now.saturating_add(hold) },
                None => RootKeyEvent::TooMany,
            };
            changes.push(RootKeyChange { tag, event });
        }
        self.checked = Some(now);
        changes
    }

    /// Returns the tag of the new key, or `None` if there is no room. In a full table, the new key replaces the oldest `Removed` key that is
    /// not configured. If there is no such key, a revoked new key replaces the oldest pending key.
    fn add(&mut self, new: RootKey, configured: &Anchors) -> Option<u16> {
        if self.keys.len() >= MAX_ROOT_KEYS {
            let over = |known: &RootKey| {
                known.state == RootKeyState::Removed && !configured.cover(&Name::root(), &known.key)
            };
            // The revocation of a trusted key is more important than a key that is not trusted yet.
            let gives_way =
                |known: &RootKey| new.state == RootKeyState::Revoked && known.state == RootKeyState::Pending;
            let place = self.keys.iter().position(over).or_else(|| self.keys.iter().position(gives_way))?;
            self.keys.remove(place);
        }
        let tag = new.tag;
        self.keys.push(new);
        Some(tag)
    }
}

impl RootKey {
    /// Changes the state of this key after an answer of the root. `counts` is true if enough time has passed since the last counted answer.
    fn step(&mut self, is_shown: bool, hold: u64, (now, counts): (u64, bool)) -> Option<RootKeyChange> {
        // The clock was set back, so the age of the state is not known. The age is counted from now on.
        if self.since > now {
            self.since = now;
        }
        let age = now.saturating_sub(self.since);
        let event = match (self.state, is_shown) {
            (RootKeyState::Pending, false) => RootKeyEvent::Vanished,
            (RootKeyState::Pending, true) => {
                self.sightings = self.sightings.saturating_add(counts.into());
                if age < hold || self.sightings < MIN_ROOT_KEY_SIGHTINGS {
                    return None;
                }
                self.turn(RootKeyState::Valid, now);
                RootKeyEvent::Trusted
            }
            (RootKeyState::Valid, false) => {
                self.turn(RootKeyState::Missing, now);
                RootKeyEvent::Missing
            }
            (RootKeyState::Missing, true) => {
                self.turn(RootKeyState::Valid, now);
                RootKeyEvent::Returned
            }
            (RootKeyState::Revoked, _) if age >= ROOT_KEY_REMOVE.as_secs() => {
                self.turn(RootKeyState::Removed, now);
                RootKeyEvent::Removed
            }
            (RootKeyState::Valid, true)
            | (RootKeyState::Missing, false)
            | (RootKeyState::Revoked | RootKeyState::Removed, _) => return None,
        };
        Some(RootKeyChange { tag: self.tag, event })
    }
}

/// Returns the time until the next query for the keys of the root (RFC 5011 section 2.3). `ttl` is that of the last valid RRset, in
/// seconds. `is_valid` is true if the last query had a valid answer.
pub fn next_query(ttl: u32, is_valid: bool, keys: &RootKeys) -> Duration {
    let ttl = Duration::from_secs(ttl.into());
    let is_new = keys.keys.iter().any(|known| known.state == RootKeyState::Pending);
    match (is_valid, is_new) {
        (true, false) => (ttl / 2).clamp(MIN_ROOT_KEY_QUERY, MAX_ROOT_KEY_QUERY),
        (true, true) => (ttl / 2).clamp(MIN_ROOT_KEY_QUERY, MAX_NEW_ROOT_KEY_QUERY),
        (false, _) => (ttl / 10).clamp(MIN_ROOT_KEY_QUERY, MAX_ROOT_KEY_RETRY),
    }
}

/// Returns a copy of the DNSKEY `key` without the REVOKE flag.
pub fn unrevoked(key: &DNSKEY) -> DNSKEY {
    DNSKEY::with_flags(key.flags() & !REVOKE, key.public_key().clone())
}

/// Returns true if RFC 5011 is applied to this key: it is a zone key with the secure entry point flag (section 2.2), resolverd supports its
/// algorithm, and it has at most `MAX_ROOT_KEY` octets.
pub fn is_followed(key: &DNSKEY) -> bool {
    let octets = key.public_key().public_bytes().len();
    key.zone_key()
        && key.secure_entry_point()
        && Algorithms::default().check(key.public_key().algorithm())
        && (1..=MAX_ROOT_KEY).contains(&octets)
}

words! {
    /// Why resolverd does not follow changes of the root keys.
    pub enum RootKeysUnfollowed {
        /// No answer is validated.
        ValidationOff = "validation_off": "dnssec.validate is false",
        /// Answers for the root zone are not validated.
        RootNotValidated = "root_not_validated": "answers for the root zone are not validated",
        /// The configuration says so.
        UpdatesOff = "updates_off": "dnssec.update_trust_anchors is false",
        /// The keys could not be kept.
        NoStateDirectory = "no_state_directory": "there is no state directory",
        /// The file with the keys may be intact, so it is not replaced.
        FileUnreadable = "file_unreadable": "the file root.keys in the state directory cannot be read",
    }
}

/// The DNSSEC keys of the root zone and their state, for the operator.
#[derive(Clone, Debug)]
pub struct RootKeysReport {
    /// Why the trust anchors of the root are not updated (RFC 5011); `None` if they are.
    pub unfollowed: Option<RootKeysUnfollowed>,
    /// The keys that the root zone has published.
    pub keys: RootKeys,
    /// The key tags of configured keys that the root zone has not published so far.
    pub unseen: Vec<u16>,
    /// Why the last query for the keys failed or its answer was not valid, as the end of a sentence. `None` if it succeeded.
    pub trouble: Option<String>,
    /// Since when all queries have failed, in seconds since 1970. `None` if the last one succeeded.
    pub failing_since: Option<u64>,
    /// Why the keys could not be written to their file, as the end of a sentence. `None` if they could.
    pub unkept: Option<String>,
    /// True if resolverd supports the algorithm and digest type of at least one trust anchor of the root zone, or if these anchors are not
    /// used.
    pub is_usable: bool,
}

#[cfg(test)]
#[path = "root_keys_tests.rs"]
mod tests;
