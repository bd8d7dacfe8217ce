//! The keys and the authentication of what is in the store. All functions are pure.
//!
//! A name in the store is a keyed digest, so that others with access to the store do not learn what the gateways ask. A value carries a MAC (HMAC
//! with SHA-256, RFC 2104), which also covers the name under which the value is stored. A value that was changed, moved to
//! another name, or written without the key of the fleet is not used.

use data_encoding::BASE64URL_NOPAD;
use ring::hmac::{self, HMAC_SHA256};

/// The number of octets of a MAC.
const MAC: usize = 32;

/// The number of octets of a digest that make a name. Nobody without the key can search for two names with the same digest.
const NAME: usize = 16;

/// The version of the format of values. Gateways with another version ignore each other's values.
const VERSION: u8 = 1;

/// Makes names and values of the store with the key of the fleet.
#[derive(Debug)]
pub(crate) struct Sealer {
    names: hmac::Key,
    values: hmac::Key,
}

impl Sealer {
    /// Creates a sealer. `group` is part of the keys, so a value of one group cannot be used in another.
    pub(crate) fn new(secret: &[u8], group: &str) -> Self {
        let fleet = hmac::Key::new(HMAC_SHA256, secret);
        let derived = |purpose: &str| {
            let tag = hmac::sign(&fleet, [purpose.as_bytes(), b":", group.as_bytes()].concat().as_slice());
            hmac::Key::new(HMAC_SHA256, tag.as_ref())
        };
        Self { names: derived("names"), values: derived("values") }
    }

    /// Returns the name in the store for an entry with these octets as its key.
    pub(crate) fn name(&self, key: &[u8]) -> String {
        let digest = hmac::sign(&self.names, key);
        BASE64URL_NOPAD.encode(digest.as_ref().get(..NAME).unwrap_or_default())
    }

    /// Returns `content` with its version and MAC. `name` is the name under which the value will be stored.
    pub(crate) fn seal(&self, name: &str, content: &[u8]) -> Vec<u8> {
        let mut value = Vec::with_capacity(content.len().saturating_add(MAC).saturating_add(1));
        value.push(VERSION);
        value.extend_from_slice(content);
        let tag = hmac::sign(&self.values, &signed(name, &value));
        value.extend_from_slice(tag.as_ref());
        value
    }

    /// Returns the content of a value, if its MAC is right.
    pub(crate) fn open<'v>(&self, name: &str, value: &'v [u8]) -> Option<&'v [u8]> {
        let (content, tag) = value.split_last_chunk::<MAC>()?;
        hmac::verify(&self.values, &signed(name, content), tag).ok()?;
        content.split_first().filter(|(version, _)| **version == VERSION).map(|(_, content)| content)
    }
}

/// Returns the octets that the MAC of a value covers: the name under which it is stored, after its length, and the value.
fn signed(name: &str, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[..], name.as_bytes(), value].concat()
}

/// The content of an entry in the store: its times by the clock of the store, in milliseconds since 1970, the gateway that has validated it, and
/// its octets.
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

    #[test]
    fn a_value_is_used_only_under_its_name_and_with_the_key() {
        let sealer = Sealer::new(b"a key of the fleet", "mx");
        let value = sealer.seal("name", b"content");
        assert_eq!(sealer.open("name", &value), Some(&b"content"[..]));
        assert_eq!(sealer.open("other", &value), None);
        for (secret, group) in [(&b"another key"[..], "mx"), (b"a key of the fleet", "other")] {
            let other = Sealer::new(secret, group);
            assert_eq!(other.open("name", &value), None);
            assert_ne!(other.name(b"key"), sealer.name(b"key"));
        }
        assert_ne!(sealer.name(b"key"), sealer.name(b"Key"));
    }

    #[test]
    fn the_content_keeps_its_numbers() {
        let content = Content { written: 1, expires: u64::MAX, writer: 7, octets: b"octets" };
        assert_eq!(Content::read(&content.to_octets()), Some(content));
        assert_eq!(Content::read(&[0; 23]), None);
    }

    proptest! {
        #[test]
        fn any_changed_octet_is_noticed(content in prop::collection::vec(any::<u8>(), 0..60), place: prop::sample::Index, bit in 0_u8..8) {
            let sealer = Sealer::new(b"a key of the fleet", "mx");
            let mut value = sealer.seal("name", &content);
            let place = place.index(value.len());
            value[place] ^= 1 << bit;
            prop_assert_eq!(sealer.open("name", &value), None);
        }
    }
}
