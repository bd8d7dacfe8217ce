//! RSA keys of zones: how a key is read from a DNSKEY, how it verifies a signature, and what this costs.
//!
//! RFC 3110 (the form of a key), RFC 5702 section 2 (keys of 512 to 4096 bits, for RSASHA512 at least 1024 bits), RFC 8017 section 8.2.2
//! (RSASSA-PKCS1-v1_5).
//!
//! The crate `ring` rejects keys under 1024 bits, but some mail domains still have shorter zone signing keys. Signatures with such keys are
//! verified with the integers of the crate num-bigint. The time of its operations depends on the values, but this reveals no secret, because key,
//! message and signature are public. The crate `rsa` could verify them too, but depends on twenty more crates.

use hickory_proto::dnssec::Algorithm;
use num_bigint::BigUint;
use ring::digest;
use ring::signature::{
    RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RsaPublicKeyComponents,
};

/// The shortest RSA modulus that resolverd accepts, in octets.
const SHORTEST: usize = 512 / 8;
/// The shortest RSA modulus that `ring` accepts, in octets.
const SHORTEST_OF_RING: usize = 1024 / 8;

/// The largest RSA exponent of `ring`. Zones use 3, 65537 and, from old versions of BIND, 2^32 + 1. Each further bit would make a
/// verification slower.
const LARGEST_EXPONENT: u64 = (1 << 33) - 1;

/// The work of a usual verification: a key of 4096 bits and the exponent 65537, which has 17 bits, 2 of them 1. It takes 79 µs.
const USUAL_WORK: usize = 4096 / 8 * (4096 / 8) * work_of(17, 2);

/// The work of a verification, divided by the square of the modulus' length in octets, in units of half a squaring. Each bit of the
/// exponent costs one squaring, each bit that is 1 one and a half more, and the steps before and after cost ten.
const fn work_of(bits: u32, ones: u32) -> usize {
    2 * bits as usize + 3 * ones as usize + 20
}

/// The DER octets before a SHA-1 digest in a signature (RFC 8017 section 9.2, note 1). `SHA256` and `SHA512` have those before the other digests.
const SHA1: &[u8] =
    &[0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
const SHA512: &[u8] = &[
    0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00,
    0x04, 0x40,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RsaKey<'a> {
    exponent: u64,
    exponent_octets: &'a [u8],
    modulus: &'a [u8],
}

pub(super) fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(u8::from(algorithm), 5 | 7 | 8 | 10)
}

impl<'a> RsaKey<'a> {
    /// Reads the public key field of a DNSKEY (RFC 3110 section 2). Leading zeros, which the RFC forbids but some signers write, are
    /// skipped. Returns `None` if the exponent is larger than `LARGEST_EXPONENT`.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let (length, rest) = match octets {
            [0, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            [length, rest @ ..] => (usize::from(*length), rest),
            [] => return None,
        };
        let (exponent_octets, modulus) = rest.split_at_checked(length)?;
        let (exponent_octets, modulus) = (without_zeroes(exponent_octets), without_zeroes(modulus));
        if exponent_octets.len() > size_of::<u64>() {
            return None;
        }
        let exponent = exponent_octets.iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet));
        let usual = (3..=LARGEST_EXPONENT).contains(&exponent) && exponent % 2 == 1;
        usual.then_some(Self { exponent, exponent_octets, modulus })
    }

    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let (of_ring, prefix, digest) = match u8::from(algorithm) {
            5 | 7 => {
                let digest = &digest::SHA1_FOR_LEGACY_USE_ONLY;
                (&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, SHA1, digest)
            }
            8 => (&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, SHA256, &digest::SHA256),
            10 => (&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, SHA512, &digest::SHA512),
            _ => return false,
        };
        if self.modulus.len() >= SHORTEST_OF_RING {
            let key = RsaPublicKeyComponents { n: self.modulus, e: self.exponent_octets };
            return key.verify(of_ring, message, signature).is_ok();
        }
        let digest = digest::digest(digest, message);
        self.modulus.len() >= SHORTEST && self.short_verify(&[prefix, digest.as_ref()].concat(), signature)
    }

    /// Verifies a signature with a key that is too short for `ring`. `info` is the DER prefix and the digest of the message.
    fn short_verify(&self, info: &[u8], signature: &[u8]) -> bool {
        let (modulus, signed) = (BigUint::from_bytes_be(self.modulus), BigUint::from_bytes_be(signature));
        let filled = self.modulus.len().checked_sub(info.len() + 3).filter(|filled| *filled >= 8);
        let Some(filled) = filled else { return false };
        if signature.len() != self.modulus.len() || signed >= modulus {
            return false;
        }
        let padded = [&[0, 1][..], &vec![0xff; filled], &[0], info].concat();
        signed.modpow(&BigUint::from(self.exponent), &modulus) == BigUint::from_bytes_be(&padded)
    }

    /// Returns the cost of a verification with this key, in usual checks (79 µs each).
    ///
    /// `cargo bench --bench validate` measured these times of one verification in µs (ring 0.17, 2026):
    ///
    /// ```text
    ///  exponent     3  65537  2^32+1  2^33-1        P-256    57
    ///  1024 bits    3      6       9      17        P-384   561
    ///  2048 bits   10     21      32      63        Ed25519  37
    ///  4096 bits   38     79     122     240
    ///  8192 bits  146    305     475     959
    /// ```
    ///
    /// num-bigint takes 13 µs for keys of 512 bits and 35 µs for keys of 1016 bits, with any exponent.
    pub(super) fn weight(&self) -> u32 {
        let bits = u64::BITS.saturating_sub(self.exponent.leading_zeros());
        let square = self.modulus.len().saturating_mul(self.modulus.len());
        let work = square.saturating_mul(work_of(bits, self.exponent.count_ones()));
        let nearest = work.saturating_add(USUAL_WORK / 2) / USUAL_WORK;
        u32::try_from(nearest).unwrap_or(u32::MAX).max(1)
    }
}

fn without_zeroes(octets: &[u8]) -> &[u8] {
    let zeroes = octets.iter().take_while(|octet| **octet == 0).count();
    octets.get(zeroes..).unwrap_or_default()
}

#[cfg(test)]
#[path = "rsa_tests.rs"]
mod tests;
