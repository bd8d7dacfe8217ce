//! Frame Streams: the framing of dnstap, as in the library fstrm (<https://farsightsec.github.io/fstrm/>).
//!
//! A data frame consists of its length and its octets. A control frame begins with the length 0. A file contains the control frame START, data
//! frames, and the control frame STOP. On a socket, the writer first sends READY and the reader answers with ACCEPT. At the end, the reader sends
//! FINISH.

use crate::limits::MAX_CONTROL_FRAME;

/// The content type of dnstap, which control frames name.
const CONTENT: &[u8] = b"protobuf:dnstap.Dnstap";

const CONTENT_TYPE: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Accept = 1,
    Start = 2,
    Stop = 3,
    Ready = 4,
}

pub(super) fn control(kind: Control) -> Vec<u8> {
    let mut body = (kind as u32).to_be_bytes().to_vec();
    if kind != Control::Stop {
        body.extend_from_slice(&CONTENT_TYPE.to_be_bytes());
        body.extend_from_slice(&length_of(CONTENT));
        body.extend_from_slice(CONTENT);
    }
    [&[0; 4][..], &length_of(&body), &body].concat()
}

pub(super) fn put_data(data: &[u8], into: &mut Vec<u8>) {
    into.extend_from_slice(&length_of(data));
    into.extend_from_slice(data);
}

/// Returns the length of a control frame after its first eight octets, which are `head`. Returns `None` if no control frame begins with them, or if
/// the frame is longer than the protocol allows.
pub(super) fn body_length(head: [u8; 8]) -> Option<usize> {
    let [_, _, _, _, length @ ..] = head;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (head.starts_with(&[0; 4]) && length <= MAX_CONTROL_FRAME).then_some(length)
}

/// Returns true for an ACCEPT of the content type of dnstap. An ACCEPT without a content type accepts every type.
pub(super) fn accepts(body: &[u8]) -> bool {
    let Some((kind, mut fields)) = number(body) else { return false };
    if kind != Control::Accept as u32 {
        return false;
    }
    let mut names = 0_usize;
    while let Some((field, rest)) = number(fields) {
        let Some((length, rest)) = number(rest) else { return false };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((value, rest)) = rest.split_at_checked(length) else { return false };
        if field == CONTENT_TYPE && value == CONTENT {
            return true;
        }
        names = names.saturating_add(usize::from(field == CONTENT_TYPE));
        fields = rest;
    }
    fields.is_empty() && names == 0
}

/// Returns true if `body` is that of a control frame that a dnstap file can have: STOP, or START with the content type of dnstap or without a
/// content type.
pub(super) fn is_of_dnstap(body: &[u8]) -> bool {
    let Some((kind, mut fields)) = number(body) else { return false };
    if kind != Control::Start as u32 {
        return kind == Control::Stop as u32;
    }
    while let Some((field, rest)) = number(fields) {
        let Some((length, rest)) = number(rest) else { return false };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((value, rest)) = rest.split_at_checked(length) else { return false };
        if field == CONTENT_TYPE && value != CONTENT {
            return false;
        }
        fields = rest;
    }
    fields.is_empty()
}

fn number(octets: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = octets.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn length_of(octets: &[u8]) -> [u8; 4] {
    // A frame of resolverd has fewer than 70 000 octets, so its length fits into 32 bits.
    u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_are_those_of_the_library() {
        let start = control(Control::Start);
        assert_eq!(start[..20], [0, 0, 0, 0, 0, 0, 0, 34, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 22]);
        assert_eq!(&start[20..], b"protobuf:dnstap.Dnstap");
        assert_eq!(control(Control::Stop), [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 3]);
        let mut data = Vec::new();
        put_data(b"abc", &mut data);
        assert_eq!(data, b"\0\0\0\x03abc");
    }

    #[test]
    fn reader_of_other_content_is_refused() {
        let accept = control(Control::Accept);
        assert_eq!(body_length(*accept.first_chunk().unwrap()), Some(34));
        assert!(accepts(&accept[8..]));
        assert!(accepts(&[0, 0, 0, 1]), "any content");
        assert!(!accepts(&control(Control::Ready)[8..]));
        let other = [&accept[8..20], b"protobuf:dnstap.Dnstop"].concat();
        assert!(!accepts(&other));
        assert!(accepts(&[&other, &accept[12..]].concat()), "one of several");
        assert_eq!(body_length([0, 0, 0, 1, 0, 0, 0, 4]), None, "data");
        assert_eq!(body_length([0, 0, 0, 0, 0, 0, 2, 1]), None, "too long");
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = accepts(&octets);
        }
    }
}
