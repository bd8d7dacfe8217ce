//! Overwrites a key in the octets of a message.

/// The octets that overwrite a key, repeated to its length: a label keeps its length.
const FILLER: &[u8] = b"_key";

/// Overwrites each occurrence of `key` in `octets`, in any case.
pub(crate) fn blot(octets: &mut [u8], key: &[u8]) {
    if key.is_empty() {
        return;
    }
    let mut from = 0_usize;
    while let Some(place) = find(octets.get(from..).unwrap_or_default(), key) {
        let begin = from.saturating_add(place);
        from = begin.saturating_add(key.len());
        for (octet, filler) in octets.get_mut(begin..from).into_iter().flatten().zip(FILLER.iter().cycle()) {
            *octet = *filler;
        }
    }
}

/// The place of `part` in `octets`, in any case.
pub(super) fn find(octets: &[u8], part: &[u8]) -> Option<usize> {
    octets.windows(part.len().max(1)).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_overwritten_and_no_length_changes() {
        let mut octets = *b"\x01a\x0aS3cretS3cr\x04list\x00 and k=s3crets3cr!";
        blot(&mut octets, b"s3crets3cr");
        assert_eq!(&octets, b"\x01a\x0a_key_key_k\x04list\x00 and k=_key_key_k!");
        blot(&mut octets, b"");
        let (mut short, none) = (*b"ab", [0_u8; 0]);
        blot(&mut short, b"abc");
        assert_eq!((&short, find(&none, b"a")), (b"ab", None));
    }
}
