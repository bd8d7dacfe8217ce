//! Writes and reads names as text, and escapes harmful characters in text from others.
//!
//! An octet is escaped with a backslash before it, or with a backslash and three decimal digits (RFC 1035 section 5.1). The DNS library
//! uses octal digits instead, and does not escape labels in other scripts.

use std::fmt::Write;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::Name;

pub use crate::question::{kind_text, name_text};

/// Reads a name from its text form. The name is absolute if the text ends with a dot.
///
/// Returns `None` if a label is empty or longer than 63 octets, if the name is longer than 255 octets, if an escape is invalid,
/// or if a character outside printable ASCII is not escaped.
pub fn read_name(text: &str) -> Option<Name> {
    if text == "." {
        return Some(Name::root());
    }
    let mut labels: Vec<Vec<u8>> = vec![Vec::new()];
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'.' => labels.push(Vec::new()),
            b'\\' => {
                let (octet, behind) = escaped(rest)?;
                rest = behind;
                labels.last_mut()?.push(octet);
            }
            b'!'..=b'~' => labels.last_mut()?.push(*first),
            _ => return None,
        }
    }
    let absolute = labels.pop_if(|last| last.is_empty()).is_some();
    let mut name = Name::from_labels(labels.iter().map(Vec::as_slice)).ok()?;
    name.set_fqdn(absolute);
    (!name.is_root()).then_some(name)
}

/// Reads a name as people type it. Labels in other scripts are converted to ASCII according to UTS 46 (RFC 5890 section 2.3.2.1).
///
/// Returns `None` in the same cases as `read_name`, and if a label has characters that do not occur in registered names.
pub fn read_typed_name(text: &str) -> Option<Name> {
    if text.is_ascii() {
        return read_name(text);
    }
    let dotted = text.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    let name = Name::from_utf8(&dotted).ok().filter(|_| !text.contains('\\'))?;
    read_name(&name.to_ascii())
}

/// Returns the ASCII form of a name as people type it, without a final dot. Returns `None` if the text is not a name.
pub fn ascii_name(text: &str) -> Option<String> {
    let name = read_typed_name(text).filter(|name| !name.is_root())?;
    Some(name_text(&name).trim_end_matches('.').to_owned())
}

/// Returns the octet that the text after a backslash represents, and the rest of the text.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'0'..=b'9', ..] => {
            let (digits, rest) = text.split_at_checked(3)?;
            Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
        }
        [octet @ b' '..=b'~', rest @ ..] => Some((*octet, rest)),
        _ => None,
    }
}

/// Escapes the characters in a text that control a terminal, change the direction of writing or are invisible.
pub fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    text.chars().for_each(|letter| put_harmless(&mut harmless, letter));
    harmless
}

/// Escapes a text like `harmless`. A text with more than `most` characters is cut, and the number of all its characters follows.
pub fn shown(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (place, letter) in text.chars().enumerate() {
        if place == most {
            shown.push_str(&format!("… ({} characters)", text.chars().count()));
            break;
        }
        put_harmless(&mut shown, letter);
    }
    shown
}

/// Escapes the characters in JSON that control a terminal, change the direction of writing or are invisible (RFC 8259 section 7). Newlines
/// between values are not changed.
pub fn harmless_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter != '\n' && is_harmful(letter) {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        } else {
            text.push(letter);
        }
    }
    text
}

fn is_harmful(letter: char) -> bool {
    letter.is_control() || INVISIBLE.iter().any(|span| span.contains(&letter))
}

fn put_harmless(text: &mut String, letter: char) {
    if is_harmful(letter) {
        text.extend(letter.escape_default());
    } else {
        text.push(letter);
    }
}

/// Characters without a width, and characters that change the direction of writing (Unicode's general category Cf). Also the no-break
/// space: it looks like a space, but is not one for programs that read records.
const INVISIBLE: [std::ops::RangeInclusive<char>; 10] = [
    '\u{a0}'..='\u{a0}',
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff9}'..='\u{fffb}',
    '\u{e0000}'..='\u{e007f}',
];

/// Returns the name of a response code, as `dig` shows it.
pub fn rcode_text(rcode: ResponseCode) -> String {
    match rcode {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        // In a received reply, code 16 means BADVERS: only TSIG records contain BADSIG (RFC 8945 section 3).
        ResponseCode::BADVERS | ResponseCode::BADSIG => "BADVERS".to_owned(),
        other => format!("RCODE{}", u16::from(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_in_other_scripts_become_ascii() {
        for (typed, ascii) in [
            ("M\u{fc}ller.com", "xn--mller-kva.com"),
            ("mu\u{308}ller.com.", "xn--mller-kva.com."),
            ("_dmarc.m\u{fc}ller.com", "_dmarc.xn--mller-kva.com"),
            ("\u{4f8b}\u{3048}\u{3002}jp", "xn--r8jz45g.jp"),
            ("stra\u{df}e.de", "xn--strae-oqa.de"),
            ("Www.Example", "Www.Example"),
        ] {
            assert_eq!(read_typed_name(typed).map(|name| name.to_ascii()).as_deref(), Some(ascii), "{typed}");
            assert_eq!(ascii_name(typed).as_deref(), Some(ascii.trim_end_matches('.')), "{typed}");
        }
        assert_eq!(ascii_name("-x.example.").as_deref(), Some("-x.example"), "without a backslash");
        let long = "\u{fc}".repeat(60);
        for wrong in ["\u{fc}..com", "\u{fc} x.com", "\u{fc}\\.com", "a\u{1b}\u{fc}.com", &long] {
            assert!(read_typed_name(wrong).is_none() && ascii_name(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn escaped_labels_are_read_and_shown() {
        let name = read_name("first\\.last.a\\000\\255b.Example.").unwrap();
        let labels: Vec<&[u8]> = name.iter().collect();
        assert_eq!(labels, [&b"first.last"[..], b"a\x00\xffb", b"Example"]);
        assert!(name.is_fqdn());
        assert_eq!(name_text(&name), "first\\.last.a\\000\\255b.Example.");
        assert!(!read_name("www.example").unwrap().is_fqdn());
        assert_eq!(name_text(&read_name(".").unwrap()), ".");
        for wrong in
            ["", "..", ".a", "a..b", "a\\25", "a\\256.", "a\\", "a b.", "b\u{fc}cher.", &"a".repeat(64)]
        {
            assert!(read_name(wrong).is_none(), "{wrong}");
        }
        assert!(read_name(&"a.".repeat(127)).is_some());
        assert!(read_name(&"a.".repeat(128)).is_none());
    }

    #[test]
    fn foreign_text_is_short_and_harmless() {
        assert_eq!(
            shown("a\u{1b}[31m\nb\u{7f}\u{9b}\u{202e}é", 20),
            "a\\u{1b}[31m\\nb\\u{7f}\\u{9b}\\u{202e}é"
        );
        assert_eq!(shown("abc", 3), "abc");
        assert_eq!(
            harmless("a\u{202e}b\u{2066}c\u{61c}d\u{1b}[2J\n\u{e0041}é \u{5d0}"),
            "a\\u{202e}b\\u{2066}c\\u{61c}d\\u{1b}[2J\\n\\u{e0041}é \u{5d0}"
        );
        assert_eq!(shown(&"x".repeat(1_000_000), 3), "xxx… (1000000 characters)");
    }

    #[test]
    fn json_escapes_terminal_characters() {
        let text = "a\u{0}\u{1f}\u{7f}\u{9b}\u{202e}\u{2066}\u{2069}\u{e0041}\n\u{e9}\\u\"";
        let written = harmless_json(&serde_json::to_string(&[text]).unwrap());
        assert!(!written.chars().any(is_harmful), "{written:?}");
        assert!(written.contains("\\u202e") && written.contains("\\udb40\\udc41"), "{written}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&written).unwrap(), [text]);
        assert_eq!(harmless_json("{}\n"), "{}\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(labels in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 1..6)) {
            let mut name = Name::from_labels(labels.iter().map(Vec::as_slice)).unwrap();
            name.set_fqdn(true);
            let again = read_name(&name_text(&name)).unwrap();
            prop_assert!(again.eq_case(&name));
            prop_assert!(name_text(&name).is_ascii());
        }
    }
}
