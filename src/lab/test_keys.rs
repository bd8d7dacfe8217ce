//! The DNSSEC keys of the lab's zones: a few fixed keys for each algorithm, in files in the same directory.
//!
//! The keys are public and protect nothing. They are fixed, so that the same seed gives the same run. RFC 8624 lists the algorithms. For
//! algorithms with which the DNS library cannot sign, keys and signatures only look real.

use std::sync::Arc;

use hickory_proto::dnssec::crypto::signing_key_from_der;
use hickory_proto::dnssec::rdata::DNSKEY;
use hickory_proto::dnssec::{Algorithm, DnsSecError, DnsSecResult, PublicKey, PublicKeyBuf, SigningKey, TBS};
use num_bigint::BigUint;
use ring::digest;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const RSA: &str = include_str!("test_keys/rsa.pem");
const P256: &str = include_str!("test_keys/p256.pem");
const P384: &str = include_str!("test_keys/p384.pem");
const ED25519: &str = include_str!("test_keys/ed25519.pem");

#[derive(Clone)]
pub(super) struct TestKey {
    /// The published part.
    pub(super) record: DNSKEY,
    /// See RFC 4034 appendix B.
    pub(super) tag: u16,
    private: Arc<dyn SigningKey>,
}

impl TestKey {
    /// Returns a key of an algorithm, which has four or eight keys; a higher `number` begins again with the first key. `flags`: the flags of the
    /// DNSKEY record. RSA keys have 2048 bits, unless `bits` is a smaller size.
    pub(super) fn new(algorithm: u8, bits: Option<u16>, number: usize, flags: u16) -> DnsSecResult<Self> {
        let algorithm = Algorithm::from_u8(algorithm);
        let private: Arc<dyn SigningKey> = match (algorithm, bits) {
            (Algorithm::RSASHA256 | Algorithm::RSASHA512, Some(bits)) => {
                Arc::new(SmallRsa::new(bits, number, algorithm)?)
            }
            _ => Self::private(algorithm, number)?,
        };
        Self::with_public(private.to_public_key()?, flags, private)
    }

    fn private(algorithm: Algorithm, number: usize) -> DnsSecResult<Arc<dyn SigningKey>> {
        Ok(match algorithm {
            Algorithm::RSASHA256 | Algorithm::RSASHA512 => read(RSA, number, algorithm)?,
            Algorithm::ECDSAP256SHA256 => read(P256, number, algorithm)?,
            Algorithm::ECDSAP384SHA384 => read(P384, number, algorithm)?,
            Algorithm::ED25519 => read(ED25519, number, algorithm)?,
            _ => Arc::new(LookalikeKey { algorithm, number }),
        })
    }

    /// Creates a key with the public part `public` and the private part of another key.
    fn with_public(public: PublicKeyBuf, flags: u16, private: Arc<dyn SigningKey>) -> DnsSecResult<Self> {
        let record = DNSKEY::with_flags(flags, public);
        let tag = record.calculate_key_tag()?;
        Ok(Self { record, tag, private })
    }

    /// Returns a copy of this key with the further flag `flag`.
    pub(super) fn flagged(&self, flag: u16) -> DnsSecResult<Self> {
        let public = self.record.public_key().clone();
        Self::with_public(public, self.record.flags() | flag, self.private.clone())
    }

    /// Returns a key with the key tag and the private part of this key, but a different public part, so that its signatures are not valid. A zone
    /// that attacks with KeyTrap has many such keys.
    pub(super) fn colliding(&self, number: u8) -> DnsSecResult<Self> {
        // The key tag is a sum of words: it stays the same if one word grows and another shrinks by the same number. An RSA key begins with
        // its exponent, so the last words are changed. A carry is added to the sum, so changes with a carry are skipped.
        let public = self.record.public_key();
        for step in 1..=u8::MAX {
            let mut octets = public.public_bytes().to_vec();
            let end = octets.len().saturating_sub(8);
            for (place, change) in [(end, number.wrapping_add(step)), (end + 2, number ^ step)] {
                if let [gains, _, _, _, loses, ..] = octets.get_mut(place..).unwrap_or_default() {
                    *gains = gains.wrapping_add(change);
                    *loses = loses.wrapping_sub(change);
                }
            }
            let public = PublicKeyBuf::new(octets, public.algorithm());
            let key = Self::with_public(public, self.record.flags(), self.private.clone())?;
            if key.tag == self.tag && key.record != self.record {
                return Ok(key);
            }
        }
        Err(DnsSecError::Message("no key collides"))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.record.public_key().algorithm()
    }

    /// Signs octets.
    pub(super) fn sign(&self, octets: &TBS) -> DnsSecResult<Vec<u8>> {
        self.private.sign(octets)
    }
}

fn read(file: &str, number: usize, algorithm: Algorithm) -> DnsSecResult<Arc<dyn SigningKey>> {
    let keys: Result<Vec<_>, _> = PrivatePkcs8KeyDer::pem_slice_iter(file.as_bytes()).collect();
    let mut keys = keys.map_err(|_| DnsSecError::Message("a test key cannot be read"))?;
    if keys.is_empty() {
        return Err(DnsSecError::Message("a file of test keys is empty"));
    }
    let key = keys.swap_remove(number % keys.len());
    Ok(signing_key_from_der(&PrivateKeyDer::Pkcs8(key), algorithm)?.into())
}

const SMALL_RSA: &str = include_str!("test_keys/small_rsa.txt");

/// The octets (DER) before the digest in an RSA signature, as hexadecimal digits, for SHA-256 and for SHA-512.
const PREFIXES: [&str; 2] =
    ["3031300d060960864801650304020105000420", "3051300d060960864801650304020305000440"];

/// An RSA key that is too short for the DNS library, as a few zones still have (RFC 3110, RFC 8017 section 8.2.1). Each line of `SMALL_RSA` has the
/// number of bits, and the modulus and the private exponent in hexadecimal digits. The public exponent is 65537.
struct SmallRsa {
    algorithm: Algorithm,
    modulus: BigUint,
    private: BigUint,
}

impl SmallRsa {
    /// Returns the test key with this number and this many bits.
    fn new(bits: u16, number: usize, algorithm: Algorithm) -> DnsSecResult<Self> {
        let fits = |line: &&str| line.split(' ').next().is_some_and(|word| word.parse() == Ok(bits));
        let count = SMALL_RSA.lines().filter(fits).count().max(1);
        let line = SMALL_RSA.lines().filter(fits).nth(number % count);
        let hex = |word: &str| BigUint::parse_bytes(word.as_bytes(), 16);
        let mut words = line.unwrap_or_default().split(' ').skip(1).map_while(hex);
        match (words.next(), words.next()) {
            (Some(modulus), Some(private)) => Ok(Self { algorithm, modulus, private }),
            _ => Err(DnsSecError::Message("there is no RSA key of this length")),
        }
    }
}

impl SigningKey for SmallRsa {
    fn sign(&self, tbs: &TBS) -> DnsSecResult<Vec<u8>> {
        let long = self.algorithm == Algorithm::RSASHA512;
        let digest = digest::digest(if long { &digest::SHA512 } else { &digest::SHA256 }, tbs.as_ref());
        let prefix = data_encoding::HEXLOWER.decode(PREFIXES[usize::from(long)].as_bytes());
        let info = [prefix.unwrap_or_default().as_slice(), digest.as_ref()].concat();
        let length = self.modulus.to_bytes_be().len();
        let filled =
            length.checked_sub(info.len() + 3).ok_or(DnsSecError::Message("the key is too short"))?;
        let padded = [&[0, 1][..], &vec![0xff; filled], &[0], &info].concat();
        let signature = BigUint::from_bytes_be(&padded).modpow(&self.private, &self.modulus).to_bytes_be();
        let zeroes = vec![0; length.saturating_sub(signature.len())];
        Ok([zeroes, signature].concat())
    }

    fn to_public_key(&self) -> DnsSecResult<PublicKeyBuf> {
        let octets = [vec![3, 1, 0, 1], self.modulus.to_bytes_be()].concat();
        Ok(PublicKeyBuf::new(octets, self.algorithm))
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// A key that only looks like one: the DNS library cannot sign with its algorithm.
struct LookalikeKey {
    algorithm: Algorithm,
    number: usize,
}

impl LookalikeKey {
    /// Returns the sizes of keys and signatures in octets: those of RSA with 2048 bits for algorithms 1 to 10, else those of Ed448 (RFC 8080).
    fn lengths(&self) -> (usize, usize) {
        if u8::from(self.algorithm) <= 10 { (260, 256) } else { (57, 114) }
    }
}

impl SigningKey for LookalikeKey {
    fn sign(&self, _octets: &TBS) -> DnsSecResult<Vec<u8>> {
        Ok(vec![0x5a; self.lengths().1])
    }

    fn to_public_key(&self) -> DnsSecResult<PublicKeyBuf> {
        // The exponent of an RSA key: its length, and 65537 (RFC 3110 section 2).
        let mut octets = vec![3, 1, 0, 1];
        let filling = u8::try_from(self.number % 200).unwrap_or(0) + 17;
        octets.resize(self.lengths().0, filling);
        Ok(PublicKeyBuf::new(octets, self.algorithm))
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_verifies_with_public_key() {
        for algorithm in [8, 10, 13, 14, 15] {
            for number in 0..8 {
                let key = TestKey::new(algorithm, None, number, 256).unwrap();
                let signature = key.sign(&TBS::from(b"signed".as_slice())).unwrap();
                let public = key.record.public_key();
                assert!(public.verify(b"signed", &signature).is_ok(), "{algorithm} {number}");
                assert!(public.verify(b"forged", &signature).is_err(), "{algorithm} {number}");
            }
        }
        assert_ne!(TestKey::new(13, None, 0, 256).unwrap().tag, TestKey::new(13, None, 1, 256).unwrap().tag);
        assert_eq!(TestKey::new(16, None, 0, 256).unwrap().algorithm(), Algorithm::Unknown(16));
    }

    #[test]
    fn colliding_keys_share_only_tag() {
        for algorithm in [8, 13, 15] {
            let key = TestKey::new(algorithm, None, 0, 256).unwrap();
            let others: Vec<TestKey> = (0..20).map(|number| key.colliding(number).unwrap()).collect();
            for (place, other) in others.iter().enumerate() {
                assert_eq!(other.tag, key.tag);
                assert!(others.iter().skip(place + 1).all(|later| later.record != other.record));
            }
        }
    }
}
