//! The plan by which a zone of the lab is signed, with its faults. In scenarios, the plan is written as the words of a `sign` line.
//!
//! The plan can describe the steps of a key rollover (RFC 6781 section 4.1): the published keys, the keys that sign, and the keys with DS records
//! can each be the old ones, the new ones, or both. All faults in the plan also occur on the internet.

use std::str::FromStr;

use thiserror::Error;

/// The plan by which a zone of the lab is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The numbers of the DNSSEC algorithms. Every RRset is signed with each of them. The signatures of 8, 10, 13, 14 and 15 are real, those of
    /// other algorithms only look real.
    pub algorithms: Vec<u8>,
    /// The size of the zone's RSA keys in bits, if they are small: 512, 768 or 1016. `None` for keys of the usual size.
    pub rsa_bits: Option<u16>,
    /// The parameters of the NSEC3 records, or `None` if the zone has NSEC records.
    pub hashing: Option<Hashing>,
    /// The key signing keys in the DNSKEY RRset. They sign this RRset.
    pub key_signing: Vec<Generation>,
    /// Those key signing keys that have the REVOKE flag (RFC 5011 section 2.1).
    pub revoked: Vec<Generation>,
    /// Those key signing keys that sign the DNSKEY RRset. If it is empty, all of them sign.
    pub signs_keys: Vec<Generation>,
    /// The zone signing keys in the DNSKEY RRset. If it is empty, the key signing keys sign everything.
    pub zone_signing: Vec<Generation>,
    /// The zone signing keys that sign the records of the zone. They need not be in the DNSKEY RRset.
    pub signs: Vec<Generation>,
    /// The key signing keys that have a DS record in the parent zone. If it is empty, the delegation has no DS records.
    pub delegated: Vec<Generation>,
    /// The digest types of the DS records, by their numbers.
    pub digests: Vec<u8>,
    /// The faults of the signed zone that the plan asks for.
    pub flaws: Vec<Flaw>,
}

/// The generation of a key: before or after a key rollover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// The keys that were used before the rollover.
    Old,
    /// The keys that are used after the rollover.
    New,
}

/// The parameters of the NSEC3 hash (RFC 5155). The default follows RFC 9276: no salt and no additional iterations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashing {
    /// The number of additional iterations of the NSEC3 hash (RFC 5155).
    pub iterations: u16,
    /// The salt of the NSEC3 hash.
    pub salt: Vec<u8>,
    /// True if the NSEC3 records leave out unsigned delegations (opt-out).
    pub opt_out: bool,
}

/// A fault of a signed zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// All signatures of the zone expired two days ago.
    Expired,
    /// The validity of all signatures of the zone begins in two days.
    NotYetValid,
    /// The records are signed by a key that is not in the DNSKEY RRset, but has the same key tag as a key there.
    WrongKey,
    /// Records of all types except DNSKEY have no signature.
    MissingRrsig,
    /// The DNSKEY RRset has no signature.
    UnsignedKeys,
    /// The parent zone has DS records for this zone, but the zone is not signed.
    Unsigned,
    /// The DS records in the parent match none of the zone's keys.
    DsMismatch,
    /// The keys do not have the zone key flag (RFC 4034 section 2.1.1).
    NoZoneBit,
    /// Each NSEC or NSEC3 record covers no name except its owner.
    WrongNsec,
    /// Each NSEC or NSEC3 record claims that its name has records of all common types.
    WrongBitmap,
    /// The zone has no NSEC or NSEC3 records.
    NoNsec,
    /// The DNSKEY RRset has this number of additional keys with the key tag of the right key, and as many false signatures come before each true
    /// one (KeyTrap, CVE-2023-50387).
    KeyTrap(u8),
}

/// The names of the faults in scenarios, except `keytrap`, which has a number.
const FLAWS: [(&str, Flaw); 11] = [
    ("expired", Flaw::Expired),
    ("not-yet-valid", Flaw::NotYetValid),
    ("wrong-key", Flaw::WrongKey),
    ("missing-rrsig", Flaw::MissingRrsig),
    ("unsigned-keys", Flaw::UnsignedKeys),
    ("unsigned", Flaw::Unsigned),
    ("ds-mismatch", Flaw::DsMismatch),
    ("no-zone-bit", Flaw::NoZoneBit),
    ("wrong-nsec", Flaw::WrongNsec),
    ("wrong-bitmap", Flaw::WrongBitmap),
    ("no-nsec", Flaw::NoNsec),
];

impl Default for Signing {
    /// Returns the plan of most new signed zones: ECDSA on P-256, one key of each kind, NSEC, and a DS record with SHA-256.
    fn default() -> Self {
        Self {
            algorithms: vec![13],
            rsa_bits: None,
            hashing: None,
            key_signing: vec![Generation::Old],
            revoked: Vec::new(),
            signs_keys: Vec::new(),
            zone_signing: vec![Generation::Old],
            signs: vec![Generation::Old],
            delegated: vec![Generation::Old],
            digests: vec![2],
            flaws: Vec::new(),
        }
    }
}

impl Signing {
    /// Returns true if the plan asks for this fault.
    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    /// Returns the number of additional keys that have the same key tag as the right key.
    pub(super) fn colliding(&self) -> u8 {
        let count = |flaw: &Flaw| if let Flaw::KeyTrap(count) = flaw { Some(*count) } else { None };
        self.flaws.iter().find_map(count).unwrap_or(0)
    }
}

/// The error for a word that cannot be part of a signing plan.
#[derive(Debug, Error)]
#[error("cannot sign as {0:?} says")]
pub struct UnknownSigning(String);

impl FromStr for Signing {
    type Err = UnknownSigning;

    /// Reads a signing plan: words separated by blanks, all optional: `algorithm=13[,15]`, `bits=512`, `nsec3`, `optout`, `iterations=5`,
    /// `salt=beef`, `ksk=`, `revoked=`, `signs-keys=`, `zsk=`, `signs=` and `ds=` with `old`, `new`, `old,new` or `none`, `digest=2[,4]`,
    /// `keytrap=20`, and the names of faults.
    fn from_str(text: &str) -> Result<Self, UnknownSigning> {
        let mut signing = Self::default();
        for word in text.split_whitespace() {
            signing.word(word).ok_or_else(|| UnknownSigning(word.to_owned()))?;
        }
        Ok(signing)
    }
}

impl Signing {
    /// Reads one word of a signing plan. Returns `None` if the word is unknown.
    fn word(&mut self, word: &str) -> Option<()> {
        let Some((key, value)) = word.split_once('=') else { return self.plain_word(word) };
        match key {
            "algorithm" => self.algorithms = numbers(value)?,
            "bits" => self.rsa_bits = Some(value.parse().ok()?),
            "digest" => self.digests = numbers(value)?,
            "ksk" => self.key_signing = generations(value)?,
            "revoked" => self.revoked = generations(value)?,
            "signs-keys" => self.signs_keys = generations(value)?,
            "zsk" => self.zone_signing = generations(value)?,
            "signs" => self.signs = generations(value)?,
            "ds" => self.delegated = generations(value)?,
            "keytrap" => self.flaws.push(Flaw::KeyTrap(value.parse().ok()?)),
            "iterations" => self.hashing.get_or_insert_default().iterations = value.parse().ok()?,
            "salt" => self.hashing.get_or_insert_default().salt = octets(value)?,
            _ => return None,
        }
        Some(())
    }

    fn plain_word(&mut self, word: &str) -> Option<()> {
        match word {
            "nsec3" => drop(self.hashing.get_or_insert_default()),
            "optout" => self.hashing.get_or_insert_default().opt_out = true,
            _ => self.flaws.push(FLAWS.iter().find(|(name, _)| *name == word)?.1),
        }
        Some(())
    }
}

fn numbers(text: &str) -> Option<Vec<u8>> {
    text.split(',').map(|part| part.parse().ok()).collect()
}

fn generations(text: &str) -> Option<Vec<Generation>> {
    let generation = |part| match part {
        "old" => Some(Generation::Old),
        "new" => Some(Generation::New),
        _ => None,
    };
    if text == "none" { Some(Vec::new()) } else { text.split(',').map(generation).collect() }
}

/// Reads octets from hexadecimal digits.
fn octets(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair.filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_sign_line_are_read() {
        let read = |text: &str| text.parse::<Signing>().unwrap();
        assert_eq!(read(""), Signing::default());
        let hashing = Hashing { iterations: 5, salt: vec![0xbe, 0xef], opt_out: true };
        let signing = read("algorithm=8,13 nsec3 optout iterations=5 salt=beef digest=2,4 expired keytrap=9");
        assert_eq!((signing.algorithms.as_slice(), signing.hashing), ([8, 13].as_slice(), Some(hashing)));
        assert_eq!(signing.flaws, [Flaw::Expired, Flaw::KeyTrap(9)]);
        let rolling = read("zsk=old,new signs=new ds=none");
        assert_eq!(rolling.zone_signing, [Generation::Old, Generation::New]);
        assert_eq!(rolling.signs, [Generation::New]);
        assert!(rolling.delegated.is_empty());
        for wrong in ["algorithm=x", "salt=b", "ksk=newest", "sleepy", "colour=blue"] {
            assert!(wrong.parse::<Signing>().is_err(), "{wrong}");
        }
    }
}
