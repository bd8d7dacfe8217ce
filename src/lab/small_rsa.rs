//! RSA keys shorter than the library signs with, as zones had them before 2010 and a few still have.
//!
//! Bits, modulus and private exponent are in a file next to this one, in hexadecimal digits; the public exponent is
//! 65537. RFC 3110, RFC 8017 section 8.2.1.

use hickory_proto::dnssec::{Algorithm, DnsSecError, DnsSecResult, PublicKeyBuf, SigningKey, TBS};
use num_bigint::BigUint;
use ring::digest;

const KEYS: &str = include_str!("test_keys/small_rsa.txt");

/// The prefixes of a digest of SHA-256 and of SHA-512.
const PREFIXES: [&str; 2] =
    ["3031300d060960864801650304020105000420", "3051300d060960864801650304020305000440"];

/// A key that signs with RSASHA256 or RSASHA512.
pub(super) struct SmallRsa {
    algorithm: Algorithm,
    modulus: BigUint,
    private: BigUint,
}

impl SmallRsa {
    /// Test key `number` with this many bits.
    ///
    /// # Errors
    /// There is none of this length.
    pub(super) fn new(bits: u16, number: usize, algorithm: Algorithm) -> DnsSecResult<Self> {
        let fits = |line: &&str| line.split(' ').next().is_some_and(|word| word.parse() == Ok(bits));
        let count = KEYS.lines().filter(fits).count().max(1);
        let line = KEYS.lines().filter(fits).nth(number % count);
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
