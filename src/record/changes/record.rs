//! The value of one record set over time, and the rule that tells changes from rotations.
//!
//! # The rule
//!
//! - A value that was not there before is a change at once.
//! - A value that comes again within 30 days (`CHANGES_TIME`) may be an undoing or a rotation. It gives two points if the value that it replaces was
//!   seen less than `FEW` times in a row, and else one. A change and its undoing (A, B, A) has at most two points, also within minutes. A domain that
//!   moves, moves back and moves again after days has two.
//! - `ROTATION_POINTS`, or more than `MAX_CHANGES_A_DAY` changes within a day, are a rotation. Its changes are withdrawn: those of that day, those
//!   since a value that came again was first replaced, and before them those that replaced a value which was seen less than `FEW` times in a row.
//! - While the servers of a zone differ, shortly after a change, this looks like a rotation. So a rotation ends when one value has stood for a day
//!   and was seen `ROTATION_ENDS` times in a row. If it is not the value before the rotation, it is a change at the time when it began to stand.

use serde::{Deserialize, Serialize};

use crate::changes::value::Value;
use crate::limits::{
    CHANGES_TIME, MAX_CHANGES_A_DAY, MAX_CHANGES_A_RECORD, MAX_EARLIER_VALUES, ROTATION_ENDS, ROTATION_POINTS,
};

const DAY: u64 = 24 * 60 * 60;

/// A value that was seen less often than this in a row may be one of a rotation that holds for a few answers.
const FEW: u32 = 3;

/// What a record set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// The mail hosts of the domain.
    Mx,
    /// The name servers of the domain.
    Ns,
    /// The DS records of the domain.
    Ds,
    /// The TXT record of the domain that begins with `v=spf1`.
    Spf,
    /// The TXT record at `_dmarc`.
    Dmarc,
    /// A TXT record below `_domainkey`.
    Dkim,
    /// The IPv4 addresses of a mail host.
    A,
    /// The IPv6 addresses of a mail host.
    Aaaa,
    /// The TLSA records of port 25 of a mail host.
    Tlsa,
}

impl RecordKind {
    /// Returns the word of the screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ds => "DS",
            Self::Spf => "SPF",
            Self::Dmarc => "DMARC",
            Self::Dkim => "DKIM",
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Tlsa => "TLSA",
        }
    }
}

/// A change of a record set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When the new value was first seen, in seconds since 1970.
    #[serde(rename = "a")]
    pub at: u64,
    /// The old value as text.
    #[serde(rename = "o")]
    pub old: Box<str>,
    /// The new value as text.
    #[serde(rename = "n")]
    pub new: Box<str>,
    /// How often the old value was seen in a row.
    #[serde(rename = "s")]
    stood: u32,
}

/// A value that was replaced.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Earlier {
    #[serde(rename = "v")]
    digest: u32,
    /// When it was first replaced, in seconds since 1970.
    #[serde(rename = "l")]
    left: u64,
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    came_again: bool,
}

/// A record set that is watched. Times are in seconds since 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct WatchedRecord {
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    owner: Option<Box<str>>,
    #[serde(rename = "k")]
    kind: RecordKind,
    /// When the value was seen last.
    #[serde(rename = "a")]
    at: u64,
    #[serde(rename = "v")]
    digest: u32,
    #[serde(rename = "t")]
    text: Box<str>,
    /// When the value began to stand, and how often it was seen since.
    #[serde(rename = "b")]
    began: u64,
    #[serde(rename = "n")]
    seen: u32,
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Earlier>,
    #[serde(rename = "p", default)]
    points: u8,
    /// When a value came again last.
    #[serde(rename = "r", default)]
    returned: u64,
    /// The value before the rotation; `None` if the record does not rotate.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    before_rotation: Option<Box<str>>,
    #[serde(rename = "c", default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

impl WatchedRecord {
    pub(super) fn new(owner: Option<&str>, kind: RecordKind, value: Value, at: u64) -> Self {
        Self {
            owner: owner.map(Into::into),
            kind,
            at,
            digest: value.digest,
            text: value.text,
            began: at,
            seen: 1,
            earlier: Vec::new(),
            points: 0,
            returned: 0,
            before_rotation: None,
            changes: Vec::new(),
        }
    }

    pub(super) fn is_of(&self, owner: Option<&str>, kind: RecordKind) -> bool {
        self.kind == kind && self.owner.as_deref() == owner
    }

    pub(super) fn kind(&self) -> RecordKind {
        self.kind
    }

    pub(super) fn owner(&self) -> Option<Box<str>> {
        self.owner.clone()
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Takes the value that came at `at`.
    pub(super) fn observe(&mut self, value: Value, at: u64) {
        // Two clocks convert the time, so the same set may seem a second younger.
        if at <= self.at.saturating_add(1) {
            return;
        }
        self.at = at;
        self.forget(at.saturating_sub(CHANGES_TIME.as_secs()));
        if value.digest == self.digest {
            self.seen = self.seen.saturating_add(1);
            self.end_rotation();
            return;
        }
        self.leave(at);
        if let Some(again) = self.earlier.iter_mut().find(|earlier| earlier.digest == value.digest) {
            again.came_again = true;
            self.points = self.points.saturating_add(if self.seen < FEW { 2 } else { 1 });
            self.returned = at;
        }
        let old = std::mem::replace(&mut self.text, value.text);
        let change = Change { at, old, new: self.text.clone(), stood: self.seen };
        (self.digest, self.began, self.seen) = (value.digest, at, 1);
        if self.before_rotation.is_some() {
            self.withdraw(at);
            return;
        }
        self.add(change);
        let day = at.saturating_sub(DAY);
        let lately = self.changes.iter().filter(|change| change.at > day).count();
        if lately > MAX_CHANGES_A_DAY {
            self.withdraw(day.saturating_add(1));
        } else if self.points >= ROTATION_POINTS {
            self.withdraw(at);
        }
    }

    /// Remembers the current value as one that is replaced at `at`.
    fn leave(&mut self, at: u64) {
        if self.earlier.iter().any(|earlier| earlier.digest == self.digest) {
            return;
        }
        if self.earlier.len() >= MAX_EARLIER_VALUES {
            self.earlier.remove(0);
        }
        self.earlier.push(Earlier { digest: self.digest, left: at, came_again: false });
    }

    fn add(&mut self, change: Change) {
        if self.changes.len() >= MAX_CHANGES_A_RECORD {
            self.changes.remove(0);
        }
        self.changes.push(change);
    }

    /// Withdraws the changes since `begin`, and the earlier ones that are a part of the rotation too. The record rotates from now on.
    fn withdraw(&mut self, begin: u64) {
        let again = self.earlier.iter().filter(|earlier| earlier.came_again).map(|earlier| earlier.left);
        let begin = again.min().map_or(begin, |again| again.min(begin));
        let is_part = |change: &&Change| change.stood < FEW || change.at >= begin;
        let parts = self.changes.iter().rev().take_while(is_part).count();
        let withdrawn = self.changes.split_off(self.changes.len().saturating_sub(parts));
        if let Some(first) = withdrawn.into_iter().next() {
            self.before_rotation = Some(first.old);
        }
    }

    /// Ends a rotation if the current value has stood long enough.
    fn end_rotation(&mut self) {
        let stands = self.seen >= ROTATION_ENDS && self.at.saturating_sub(self.began) >= DAY;
        let Some(old) = self.before_rotation.take_if(|_| stands) else { return };
        // The next value that comes again soon shows that the rotation goes on.
        self.points = 2;
        if old != self.text {
            self.add(Change { at: self.began, old, new: self.text.clone(), stood: FEW });
        }
    }

    /// Removes what is older than `begin`.
    pub(super) fn forget(&mut self, begin: u64) {
        self.changes.retain(|change| change.at >= begin);
        self.earlier.retain(|earlier| earlier.left >= begin);
        if self.returned < begin {
            self.points = 0;
        }
    }

    /// An upper bound of the size in the file, in octets.
    pub(super) fn weight(&self) -> usize {
        const FIELDS: usize = 150;
        const EARLIER: usize = 48;
        const CHANGE: usize = 64;
        let texts = [&self.owner, &self.before_rotation]
            .into_iter()
            .flatten()
            .map(|text| text.len().saturating_add(8));
        let changes = self
            .changes
            .iter()
            .map(|change| CHANGE.saturating_add(change.old.len()).saturating_add(change.new.len()));
        let earlier = self.earlier.len().saturating_mul(EARLIER);
        FIELDS
            .saturating_add(self.text.len())
            .saturating_add(earlier)
            .saturating_add(texts.chain(changes).sum())
    }
}
