//! Makes the names (keys) and the values of entries in the store.
//!
//! A name is a keyed digest (HMAC with SHA-256, RFC 2104), and a value is encrypted and authenticated (ChaCha20-Poly1305, RFC 8439). So
//! others with access to the store learn neither questions nor answers. The authentication tag also covers the name. A value that was
//! changed, moved to another name, or written without the key of the fleet is not used.

use data_encoding::BASE64URL_NOPAD;
use dns::random::Random;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac::{self, HMAC_SHA256};

/// The length of the name under which the store has an entry, in octets. It is long enough: without the key, nobody can find two
/// entries with the same name.
const NAME: usize = 16;

/// The version of the format. Gateways ignore values of other versions.
const VERSION: u8 = 1;

pub(crate) struct Sealer {
    names: hmac::Key,
    values: Option<LessSafeKey>,
    /// The source of nonces. A nonce has 96 random bits, so a repeated one is very unlikely even among a thousand million values.
    random: Random,
}

impl Sealer {
    /// Creates a sealer. The keys are derived from `group`, so gateways of other groups cannot use the values.
    pub(crate) fn new(secret: &[u8], group: &str, random: &Random) -> Self {
        let fleet = hmac::Key::new(HMAC_SHA256, secret);
        let derived =
            |purpose: &str| hmac::sign(&fleet, &[purpose.as_bytes(), b":", group.as_bytes()].concat());
        // A digest has the length of a cipher key, so this does not fail.
        let values =
            UnboundKey::new(&CHACHA20_POLY1305, derived("values").as_ref()).map(LessSafeKey::new).ok();
        let names = hmac::Key::new(HMAC_SHA256, derived("names").as_ref());
        Self { names, values, random: random.clone() }
    }

    /// Returns the name under which the store has the entry with this key: a digest of the key.
    pub(crate) fn name(&self, key: &[u8]) -> String {
        let digest = hmac::sign(&self.names, key);
        BASE64URL_NOPAD.encode(digest.as_ref().get(..NAME).unwrap_or_default())
    }

    /// Returns the value that is stored for `content` under `name`: a version, a nonce, and the encrypted content.
    pub(crate) fn seal(&self, name: &str, content: &[u8]) -> Vec<u8> {
        let drawn = [self.random.u64(), self.random.u64()].map(u64::to_be_bytes);
        let nonce: [u8; NONCE_LEN] = drawn.as_flattened().first_chunk().copied().unwrap_or_default();
        let mut sealed = content.to_vec();
        let is_sealed = self.values.as_ref().is_some_and(|key| {
            let nonce = Nonce::assume_unique_for_key(nonce);
            key.seal_in_place_append_tag(nonce, Aad::from(covered(name)), &mut sealed).is_ok()
        });
        // A value that cannot be encrypted is not written.
        if is_sealed { [&[VERSION], &nonce[..], &sealed].concat() } else { Vec::new() }
    }

    /// Returns the content of an authentic value.
    pub(crate) fn open(&self, name: &str, value: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = value.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let key = self.values.as_ref().filter(|_| *version == VERSION)?;
        let mut opened = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key.open_in_place(nonce, Aad::from(covered(name)), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

/// Returns what the authentication tag covers in addition to the encrypted content.
fn covered(name: &str) -> Vec<u8> {
    [&[VERSION], name.as_bytes()].concat()
}

/// The content of an entry: its times by the clock of the store, in milliseconds since 1970, the gateway that has validated it, and its
/// octets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content<'o> {
    pub(crate) written: u64,
    pub(crate) expires: u64,
    pub(crate) writer: u64,
    pub(crate) octets: &'o [u8],
}

impl<'o> Content<'o> {
    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let numbers = [self.written, self.expires, self.writer].map(u64::to_be_bytes);
        [numbers.as_flattened(), self.octets].concat()
    }

    pub(crate) fn read(octets: &'o [u8]) -> Option<Self> {
        let (numbers, octets) = octets.split_first_chunk::<24>()?;
        let mut numbers = numbers.as_chunks::<8>().0.iter().map(|number| u64::from_be_bytes(*number));
        let (written, expires, writer) = (numbers.next()?, numbers.next()?, numbers.next()?);
        Some(Self { written, expires, writer, octets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(secret: &[u8], group: &str) -> Sealer {
        Sealer::new(secret, group, &Random::seeded(1))
    }

    #[test]
    fn sealed_value_needs_name_and_key() {
        let own = sealer(b"a key of the fleet", "mx");
        let value = own.seal("name", b"content");
        assert_eq!(own.open("name", &value).unwrap(), b"content");
        assert_eq!(own.open("other", &value), None);
        assert!(!value.windows(7).any(|part| part == b"content"), "it is encrypted");
        assert_ne!(own.seal("name", b"content"), value, "with another nonce");
        for (secret, group) in [(&b"another key"[..], "mx"), (b"a key of the fleet", "other")] {
            let other = sealer(secret, group);
            assert_eq!(other.open("name", &value), None);
            assert_ne!(other.name(b"key"), own.name(b"key"));
        }
        assert_ne!(own.name(b"key"), own.name(b"Key"));
    }

    #[test]
    fn the_content_keeps_its_numbers() {
        let content = Content { written: 1, expires: u64::MAX, writer: 7, octets: b"octets" };
        assert_eq!(Content::read(&content.to_octets()), Some(content));
        assert_eq!(Content::read(&[0; 23]), None);
    }

    proptest! {
        #[test]
        fn any_changed_octet_is_noticed(
            content in prop::collection::vec(any::<u8>(), 0..60),
            place: prop::sample::Index,
            bit in 0_u8..8,
        ) {
            let sealer = sealer(b"a key of the fleet", "mx");
            let mut value = sealer.seal("name", &content);
            let place = place.index(value.len());
            value[place] ^= 1 << bit;
            prop_assert_eq!(sealer.open("name", &value), None);
        }
    }
}
