//! Gives the letters of the name in a query random upper and lower case (0x20). An attacker who does not see the query cannot repeat this case in
//! a forged reply (draft-vixie-dnsext-dns0x20).
//!
//! In a reply, the original case of the name is restored. If the names in the reply are compressed, an owner name is a pointer to the name in the
//! question, so only the letters in the question are restored. A server that does not compress names copies the letters of the query, so the
//! owner names of its records are restored one by one.

use std::ops::Range;

use hickory_proto::rr::Name;

/// The offset of the question's name in a DNS message (RFC 1035 section 4.1).
const BEGIN: usize = 12;

/// A name of at most 255 octets (RFC 1035 section 3.1) has at most this many labels, with the root label.
const MAX_LABELS: usize = 128;

/// The bit that differs between the upper and lower case of a letter.
const CASE: u8 = 0x20;

/// The result of comparing the case of the name in a reply with the case in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// The name has the same case as in the query.
    Kept,
    /// The name is the same, but has another case.
    Other,
    /// The reply has no question, or a question for another name.
    None,
}

/// Gives the letters of the name in `message` random case. `draw` returns 64 random bits. If these bits change no letter, the first letter is
/// changed: otherwise the reply would not show how the server treats mixed case.
pub(super) fn mix(message: &mut [u8], mut draw: impl FnMut() -> u64) {
    let Some(name) = name_of(message).and_then(|name| message.get_mut(name)) else { return };
    let mut is_changed = false;
    for octets in name.chunks_mut(64) {
        let mut bits = draw();
        for octet in octets.iter_mut().filter(|octet| octet.is_ascii_alphabetic()) {
            if bits & 1 == 1 {
                *octet ^= CASE;
                is_changed = true;
            }
            bits >>= 1;
        }
    }
    if !is_changed && let Some(first) = name.iter_mut().find(|octet| octet.is_ascii_alphabetic()) {
        *first ^= CASE;
    }
}

/// Compares the name in `reply` with the name in `sent`, the query as it was sent. If they differ only in case, restores in `reply` the letters of
/// `plain`, the query before its case was mixed.
pub(super) fn restore(plain: &[u8], sent: &[u8], reply: &mut [u8]) -> Spelling {
    let Some(name) = name_of(plain) else { return Spelling::None };
    let (Some(plain), Some(sent), Some(received)) =
        (plain.get(name.clone()), sent.get(name.clone()), reply.get_mut(name))
    else {
        return Spelling::None;
    };
    if !received.eq_ignore_ascii_case(sent) {
        return Spelling::None;
    }
    let spelling = if received == sent { Spelling::Kept } else { Spelling::Other };
    received.copy_from_slice(plain);
    spelling
}

/// Replaces the last labels of `owner` that are equal to those of `asked`, apart from case, by the labels of `asked`. `asked` is the queried
/// name in lower case.
pub(super) fn restore_owner(owner: &mut Name, asked: &Name) {
    if !owner.iter().flatten().any(u8::is_ascii_uppercase) {
        return;
    }
    let both = owner.iter().rev().zip(asked.iter().rev());
    let shared = both.take_while(|(own, other)| own.eq_ignore_ascii_case(other)).count();
    let own = owner.iter().len().saturating_sub(shared);
    let other = asked.iter().len().saturating_sub(shared);
    if let Ok(restored) = Name::from_labels(owner.iter().take(own).chain(asked.iter().skip(other))) {
        *owner = restored;
    }
}

/// Returns the range of octets of the queried name, including length octets and root label. The caller changes only letters: a length octet is never
/// a letter, because lengths are at most 63.
fn name_of(message: &[u8]) -> Option<Range<usize>> {
    let mut end = BEGIN;
    for _ in 0..MAX_LABELS {
        match *message.get(end)? {
            0 => return Some(BEGIN..end.checked_add(1)?),
            length @ 1..=63 => end = end.checked_add(usize::from(length))?.checked_add(1)?,
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(name: &[u8]) -> Vec<u8> {
        [&[0; BEGIN], name, &[0, 0, 1, 0, 1]].concat()
    }

    #[test]
    fn letters_change_and_nothing_else() {
        let plain = message(b"\x03w-1\x07example");
        let mut sent = plain.clone();
        mix(&mut sent, || u64::MAX);
        assert_eq!(sent, message(b"\x03W-1\x07EXAMPLE"));
        let mut reply = [sent.clone(), b"\xc0\x0c".to_vec()].concat();
        assert_eq!(restore(&plain, &sent, &mut reply), Spelling::Kept);
        assert_eq!(reply, [plain.clone(), b"\xc0\x0c".to_vec()].concat());
        let mut other = message(b"\x03w-1\x07eXAMPLE");
        assert_eq!(restore(&plain, &sent, &mut other), Spelling::Other);
        assert_eq!(other, plain);
        let mut another = message(b"\x03w-2\x07EXAMPLE");
        assert_eq!(restore(&plain, &sent, &mut another), Spelling::None);
        assert_eq!(restore(&plain, &sent, &mut [0; BEGIN]), Spelling::None);
    }

    #[test]
    fn a_letter_changes_whatever_is_drawn() {
        let cases: [(&[u8], &[u8]); 3] = [
            (b"\x01q\x02de", b"\x01Q\x02de"),
            (b"\x031-2\x03com", b"\x031-2\x03Com"),
            (b"\x0212", b"\x0212"),
        ];
        for (plain, sent) in cases {
            let mut octets = message(plain);
            mix(&mut octets, || 0);
            assert_eq!(octets, message(sent));
        }
    }

    // As far as both names share labels.
    #[test]
    fn owner_gets_case_of_question() {
        for (owner, asked, expected) in [
            ("W.eXample.", "w.example.", "w.example."),
            ("eXample.", "w.example.", "example."),
            ("Mail.eXample.", "w.example.", "Mail.example."),
            ("Mail.Other.", "w.example.", "Mail.Other."),
            ("A.W.EXAMPLE.", "w.example.", "A.w.example."),
            ("w.example.", "w.example.", "w.example."),
            (".", "w.example.", "."),
        ] {
            let (mut name, asked) = (Name::from_ascii(owner).unwrap(), Name::from_ascii(asked).unwrap());
            restore_owner(&mut name, &asked);
            assert_eq!(name.to_ascii(), expected, "{owner}");
            assert!(name.is_fqdn());
        }
    }

    proptest! {
        #[test]
        fn octets_of_strangers_are_no_danger(mut octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let plain = octets.clone();
            mix(&mut octets, || 0x5555_5555_5555_5555);
            let mut reply = octets.clone();
            restore(&plain, &octets, &mut reply);
            prop_assert!(octets.eq_ignore_ascii_case(&plain));
        }
    }
}
