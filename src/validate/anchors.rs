//! Trust anchors: DS records of keys that are configured or built in, and so trusted without further proof. Below a negative trust anchor,
//! nothing is validated.
//!
//! RFC 4033 section 2 (trust anchors), RFC 7646 (negative trust anchors), RFC 8509 (root key sentinel). An anchor that is given as a DNSKEY
//! is converted to a DS record.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::dnssec::rdata::{DNSKEY, DS};
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKey as _};
use hickory_proto::rr::Name;

use super::entrust::usable;
use super::keys::ds_of;
use super::rules::Algorithms;

/// The SHA-256 digests of the root keys of 2017 and 2024, both with algorithm 8, from
/// <https://data.iana.org/root-anchors/root-anchors.xml>.
const ROOT: [(u16, [u8; 32]); 2] = [
    (
        20_326,
        [
            0xE0, 0x6D, 0x44, 0xB8, 0x0B, 0x8F, 0x1D, 0x39, 0xA9, 0x5C, 0x0B, 0x0D, 0x7C, 0x65, 0xD0, 0x84,
            0x58, 0xE8, 0x80, 0x40, 0x9B, 0xBC, 0x68, 0x34, 0x57, 0x10, 0x42, 0x37, 0xC7, 0xF8, 0xEC, 0x8D,
        ],
    ),
    (
        38_696,
        [
            0x68, 0x3D, 0x2D, 0x0A, 0xCB, 0x8C, 0x9B, 0x71, 0x2A, 0x19, 0x48, 0xB2, 0x7F, 0x74, 0x12, 0x19,
            0x29, 0x8D, 0x0A, 0x45, 0x0D, 0x61, 0x2C, 0x48, 0x3A, 0xF4, 0x44, 0xA4, 0xC0, 0xFB, 0x2B, 0x16,
        ],
    ),
];

/// The begin of a label with a root key sentinel (RFC 8509 section 2). A key tag follows. The label states that the key with this tag is a
/// trust anchor of the resolver (true), or that it is not one (false).
const SENTINELS: [(&str, bool); 2] =
    [("root-key-sentinel-is-ta-", true), ("root-key-sentinel-not-ta-", false)];

/// The trust anchors: DS records, by the name of their zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors(BTreeMap<Name, Vec<DS>>);

/// Where validation of a name begins: at a trust anchor, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust<'a> {
    /// The name is at or below the trust anchor with this name and these DS records.
    Anchor(&'a Name, &'a [DS]),
    /// The name is below a negative trust anchor, or below no trust anchor, so it is insecure.
    None,
}

impl Trust<'_> {
    /// Returns true if keys of `zone` may validate the name. Keys of a zone above the trust anchor may not: if that zone were insecure, all
    /// names below the anchor would be insecure too.
    pub fn reaches(&self, zone: &Name) -> bool {
        match self {
            Self::Anchor(anchor, _) => anchor.zone_of(zone),
            Self::None => false,
        }
    }
}

impl Anchors {
    /// Returns the trust anchors of the root that are built into this program.
    pub fn built_in() -> Self {
        let mut anchors = Self::default();
        for (tag, digest) in ROOT {
            let ds = DS::new(tag, Algorithm::RSASHA256, DigestType::SHA256, digest.to_vec());
            anchors.add(&Name::root(), ds);
        }
        anchors
    }

    /// Adds the DS record `ds` as a trust anchor for the zone `name`.
    pub fn add(&mut self, name: &Name, ds: DS) {
        let known = self.0.entry(name.to_lowercase()).or_default();
        if !known.contains(&ds) {
            known.push(ds);
        }
    }

    /// Adds all trust anchors of `other` to these.
    pub fn add_all(&mut self, other: Self) {
        for (name, signers) in other.0 {
            signers.into_iter().for_each(|ds| self.add(&name, ds));
        }
    }

    /// Returns only those trust anchors that belong to the zone `name`.
    #[must_use]
    pub fn only_for(mut self, name: &Name) -> Self {
        self.0.retain(|known, _| known == name);
        self
    }

    /// Adds a key of the zone `name` as a trust anchor. Returns false if its digest cannot be computed.
    pub fn add_key(&mut self, name: &Name, key: &DNSKEY) -> bool {
        let ds = ds_of(name, key);
        ds.map(|ds| self.add(name, ds)).is_some()
    }

    /// Returns true if a trust anchor of `name` may identify the same key as one in `others`. Two digests of different types cannot be
    /// compared, so they may identify the same key.
    pub fn have_key_of(&self, others: &Self, name: &Name) -> bool {
        let is_same = |one: &DS, other: &DS| {
            let is_alike = (one.key_tag(), one.algorithm()) == (other.key_tag(), other.algorithm());
            one == other || is_alike && one.digest_type() != other.digest_type()
        };
        let others = others.0.get(name);
        let has_same = |one: &DS| others.into_iter().flatten().any(|other| is_same(one, other));
        self.0.get(name).into_iter().flatten().any(has_same)
    }

    /// Returns true if a trust anchor of the zone `name` identifies `key`.
    pub fn cover(&self, name: &Name, key: &DNSKEY) -> bool {
        self.0.get(name).into_iter().flatten().any(|ds| is_of(ds, name, key))
    }

    /// Removes the trust anchors that identify `key`. If the digest type is unknown, tag and algorithm decide.
    pub(crate) fn remove_key(&mut self, name: &Name, key: &DNSKEY) {
        if let Some(known) = self.0.get_mut(name) {
            known
                .retain(|ds| !is_of(ds, name, key) && (ds.digest_type().is_supported() || !has_tag(ds, key)));
            if known.is_empty() {
                self.0.remove(name);
            }
        }
    }

    /// Returns true if resolverd supports the algorithm and the digest type of a trust anchor of `name`. If not, all names at and below
    /// `name` are insecure.
    pub fn can_check(&self, name: &Name) -> bool {
        let ds: Vec<&DS> = self.0.get(name).into_iter().flatten().collect();
        usable(name, &ds, Algorithms::default()).is_ok()
    }

    /// Replaces the trust anchors of `name` with anchors that match no key, so that names below it are bogus. Without any anchor, they
    /// would be insecure.
    pub fn distrust(&mut self, name: &Name, tags: impl Iterator<Item = u16>) {
        let none = |tag| DS::new(tag, Algorithm::ECDSAP256SHA256, DigestType::SHA256, vec![0; 32]);
        self.0.insert(name.to_lowercase(), tags.map(none).collect());
    }

    /// Returns the names of all zones with trust anchors.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// Returns the tags of the keys that the trust anchors of `name` identify.
    pub fn tags(&self, name: &Name) -> BTreeSet<u16> {
        self.0.get(name).into_iter().flatten().map(DS::key_tag).collect()
    }

    /// Returns true if the first label of `name` is a root key sentinel (RFC 8509) that states something false about the trust anchors of
    /// the root. A secure answer for such a name becomes SERVFAIL.
    pub fn refute_sentinel(&self, name: &Name) -> bool {
        let label = name.iter().next().map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
        let stated = SENTINELS.iter().find_map(|(begin, trusted)| {
            let tag = std::str::from_utf8(label.strip_prefix(begin.as_bytes())?).ok()?;
            let is_tag = tag.len() == 5 && tag.bytes().all(|digit| digit.is_ascii_digit());
            Some((tag.parse().ok().filter(|_| is_tag)?, *trusted))
        });
        stated.is_some_and(|(tag, trusted)| trusted != self.tags(&Name::root()).contains(&tag))
    }

    /// Returns the closest trust anchor at or above `name`. `negative` returns true for the names of negative trust anchors. A negative
    /// trust anchor at the same name or closer to `name` has precedence.
    pub fn closest(&self, name: &Name, negative: impl Fn(&Name) -> bool) -> Trust<'_> {
        let mut above = name.to_lowercase();
        loop {
            if negative(&above) {
                return Trust::None;
            }
            if let Some((name, ds)) = self.0.get_key_value(&above) {
                return Trust::Anchor(name, ds);
            }
            if above.is_root() {
                return Trust::None;
            }
            above = above.base_name();
        }
    }
}

fn has_tag(ds: &DS, key: &DNSKEY) -> bool {
    ds.algorithm() == key.public_key().algorithm()
        && key.calculate_key_tag().is_ok_and(|tag| tag == ds.key_tag())
}

fn is_of(ds: &DS, name: &Name, key: &DNSKEY) -> bool {
    ds.covers(name, key).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;

    // A negative trust anchor at the same name wins.
    #[test]
    fn closest_trust_anchor_counts() {
        let mut anchors = Anchors::built_in();
        let ds = DS::new(1, Algorithm::ED25519, DigestType::SHA256, vec![0; 32]);
        anchors.add(&name("Deep.Example."), ds);
        let no = |_: &Name| false;
        let at = |text: &str| match anchors.closest(&name(text), no) {
            Trust::Anchor(name, _) => name.to_string(),
            Trust::None => "none".to_owned(),
        };
        assert_eq!(at("a.deep.EXAMPLE."), "deep.example.");
        assert_eq!(at("example."), ".");
        let negative = |name: &Name| *name == self::name("example.");
        assert_eq!(anchors.closest(&name("www.example."), negative), Trust::None);
        assert!(matches!(anchors.closest(&name("www.deep.example."), negative), Trust::Anchor(..)));
        assert_eq!(Anchors::default().closest(&name("example."), no), Trust::None);
        let deep = anchors.closest(&name("www.deep.example."), no);
        let reached =
            ["www.deep.example.", "deep.example.", "example.", "."].map(|zone| deep.reaches(&name(zone)));
        assert_eq!(reached, [true, true, false, false]);
        assert_eq!(anchors.tags(&Name::root()).into_iter().collect::<Vec<_>>(), [20_326, 38_696]);
    }

    // RFC 8509.
    #[test]
    fn root_key_sentinel_states_known_keys() {
        let anchors = Anchors::built_in();
        for (label, refuted) in [
            ("root-key-sentinel-is-ta-20326", false),
            ("Root-Key-Sentinel-Is-TA-20326", false),
            ("root-key-sentinel-not-ta-20326", true),
            ("root-key-sentinel-is-ta-00001", true),
            ("root-key-sentinel-not-ta-00001", false),
            ("root-key-sentinel-is-ta-1", false),
            ("root-key-sentinel-is-ta-0x001", false),
            ("root-key-sentinel-is-ta-70000", false),
            ("root-key-sentinel-is-ta-000001", false),
            ("www", false),
        ] {
            assert_eq!(anchors.refute_sentinel(&name(&format!("{label}.example."))), refuted, "{label}");
        }
        assert!(!anchors.refute_sentinel(&name("www.root-key-sentinel-is-ta-00001.example.")));
        assert!(!anchors.refute_sentinel(&Name::root()));
    }
}
