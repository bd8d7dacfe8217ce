//! The plan by which a zone of the lab is signed, with faults that also occur on the internet. Scenarios have it as the words of a `sign`
//! line.
//!
//! For a key rollover (RFC 6781 section 4.1), the published keys, the keys that sign, and the keys with DS records can each be the old
//! ones, the new ones, or both.

use std::str::FromStr;

use thiserror::Error;

/// How a zone is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The DNSSEC algorithms. Each signs every RRset. Signatures of 8, 10, 13, 14 and 15 are real, others only look real.
    pub algorithms: Vec<u8>,
    /// The size of small RSA keys in bits: 512, 768 or 1016. `None` for the usual size.
    pub rsa_bits: Option<u16>,
    /// The parameters of NSEC3; `None` for NSEC.
    pub hashing: Option<Hashing>,
    /// The key signing keys in the DNSKEY RRset.
    pub key_signing: Vec<Generation>,
    /// The key signing keys with the REVOKE flag (RFC 5011 section 2.1).
    pub revoked: Vec<Generation>,
    /// The key signing keys that sign the DNSKEY RRset; all if it is empty.
    pub signs_keys: Vec<Generation>,
    /// The zone signing keys in the DNSKEY RRset. If it is empty, the key signing keys sign everything.
    pub zone_signing: Vec<Generation>,
    /// The zone signing keys that sign. They need not be in the DNSKEY RRset.
    pub signs: Vec<Generation>,
    /// The key signing keys with a DS record in the parent.
    pub delegated: Vec<Generation>,
    /// The digest types of the DS records.
    pub digests: Vec<u8>,
    /// The faults of the signed zone.
    pub flaws: Vec<Flaw>,
}

/// The keys before or after a key rollover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// Before the rollover.
    Old,
    /// After the rollover.
    New,
}

/// The parameters of the NSEC3 hash (RFC 5155). The default has no salt and no additional iterations (RFC 9276).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hashing {
    /// Additional iterations.
    pub iterations: u16,
    /// The salt.
    pub salt: Vec<u8>,
    /// True if the NSEC3 records leave out unsigned delegations (opt-out).
    pub opt_out: bool,
}

/// A fault of a signed zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// All signatures expired two days ago.
    Expired,
    /// All signatures become valid in two days.
    NotYetValid,
    /// The signing key is not in the DNSKEY RRset, but has the key tag of a key in it.
    WrongKey,
    /// Only the DNSKEY RRset has a signature.
    MissingRrsig,
    /// The DNSKEY RRset has no signature.
    UnsignedKeys,
    /// The parent has DS records, but the zone is not signed.
    Unsigned,
    /// The DS records match none of the zone's keys.
    DsMismatch,
    /// The keys lack the zone key flag (RFC 4034 section 2.1.1).
    NoZoneBit,
    /// NSEC and NSEC3 records cover no name except their owner.
    WrongNsec,
    /// NSEC and NSEC3 records claim all common types for their name.
    WrongBitmap,
    /// The zone has no NSEC or NSEC3 records.
    NoNsec,
    /// The zone has one NSEC or NSEC3 record, of its apex, which denies all other names, as after an incomplete update.
    OneRange,
    /// This number of additional keys has the key tag of the right key, and the same number of false signatures comes before each true one
    /// (KeyTrap, CVE-2023-50387).
    KeyTrap(u8),
}

/// The names of the flaws in scenarios, except `keytrap`, which has a number.
const FLAWS: [(&str, Flaw); 12] = [
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
    ("one-range", Flaw::OneRange),
];

impl Default for Signing {
    /// The plan of most new signed zones: ECDSA on P-256, one key of each kind, NSEC, and a DS record with SHA-256.
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
    /// Returns true if the plan has this fault.
    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    pub(super) fn colliding(&self) -> u8 {
        let count = |flaw: &Flaw| if let Flaw::KeyTrap(count) = flaw { Some(*count) } else { None };
        self.flaws.iter().find_map(count).unwrap_or(0)
    }
}

/// A word that cannot be part of a signing plan.
#[derive(Debug, Error)]
#[error("cannot sign as {0:?} says")]
pub struct UnknownSigning(String);

impl FromStr for Signing {
    type Err = UnknownSigning;

    /// Reads words separated by blanks, all optional: `algorithm=13[,15]`, `bits=512`, `nsec3`, `optout`, `iterations=5`, `salt=beef`,
    /// `digest=2[,4]`, `keytrap=20`, and the names of faults. Each of the words `ksk=`, `revoked=`, `signs-keys=`, `zsk=`, `signs=` and
    /// `ds=` has one of the values `old`, `new`, `old,new` and `none`.
    fn from_str(text: &str) -> Result<Self, UnknownSigning> {
        let mut signing = Self::default();
        for word in text.split_whitespace() {
            signing.word(word).ok_or_else(|| UnknownSigning(word.to_owned()))?;
        }
        Ok(signing)
    }
}

impl Signing {
    /// Reads one word. Returns `None` if it is unknown.
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

fn octets(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair.filter(|pair| pair.len() == 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_line_is_read() {
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
