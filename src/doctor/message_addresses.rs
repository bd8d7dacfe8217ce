//! The mail addresses in a field of a message, and their domains.
//!
//! RFC 5322 section 3.4, RFC 6531 (addresses in UTF-8), RFC 6533 section 3 (such addresses in reports of 7 bits).

use std::borrow::Cow;

use super::facts::canonical;
use super::local_part::LocalPart;
use dns::wire::presentation::{name_text, read_typed_name};

/// The mail addresses of a body (RFC 5322 section 3.4): without names and comments, which may look like addresses too.
pub(super) fn addresses(body: &str) -> Vec<String> {
    mailboxes(body).filter(|address| address.contains('@')).collect()
}

/// Whether a body has no address with a domain, and this local part alone: qmail and Sendmail may write `MAILER-DAEMON` so.
pub(super) fn is_without_domain(body: &str, local: &str) -> bool {
    addresses(body).is_empty() && mailboxes(body).any(|mailbox| mailbox.eq_ignore_ascii_case(local))
}

/// The addresses of a body, with and without a domain.
fn mailboxes(body: &str) -> impl Iterator<Item = String> {
    let (mut found, mut open, mut depth, mut quoted) = (Vec::new(), String::new(), 0_usize, false);
    let mut letters = body.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // The name stands before it.
            '<' => open.clear(),
            '>' | ',' | ';' => found.push(std::mem::take(&mut open)),
            _ => open.push(letter),
        }
    }
    found.push(open);
    found.into_iter().map(|address| address.trim().to_owned())
}

/// The domains of mail addresses in a body, those of RFC 6531 in their ASCII form.
pub(super) fn domains(body: &str) -> Vec<String> {
    let ends = |letter: char| !(letter.is_alphanumeric() || "-._".contains(letter));
    let domain = |address: String| {
        let domain = address.rsplit('@').next()?.split(ends).next()?.trim_matches('.').to_owned();
        let name = read_typed_name(&domain).filter(|_| domain.contains('.'))?;
        Some(if domain.is_ascii() { canonical(&domain) } else { canonical(&name_text(&name)) })
    };
    addresses(&with_characters(body)).into_iter().filter_map(domain).collect()
}

/// The most octets of a local part (RFC 5321 section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The local part of the first address of a domain in bodies of fields.
pub(super) fn local_part<'b>(mut bodies: impl Iterator<Item = &'b str>, domain: &str) -> LocalPart {
    let of_domain = |address: &String| domains(address).iter().any(|found| found == domain);
    let found = bodies.find_map(|body| Some((body, addresses(body).into_iter().find(of_domain)?)));
    // Quoted characters are left out of the address, and those with a meaning in names as text stay out of names.
    let Some((body, address)) = found else { return LocalPart::Unknown };
    let local = address.rsplit_once('@').map(|(local, _)| local).unwrap_or_default();
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"+-_=.".contains(&octet);
    let is_known = (1..=LONGEST_LOCAL).contains(&local.len()) && local.bytes().all(is_plain);
    if is_known && !body.contains('\\') { LocalPart::Known(local.to_owned()) } else { LocalPart::Unknown }
}

/// The type of addresses in UTF-8, before an address in a report.
const UTF8_TYPE: &str = "utf-8;";

/// A body with the characters that stand as `\x{FC}` in an address of the type for UTF-8 (utf-8-addr-xtext of RFC 6533 section 3).
fn with_characters(body: &str) -> Cow<'_, str> {
    let is_typed = body.get(..UTF8_TYPE.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(UTF8_TYPE));
    if !is_typed || !body.contains("\\x{") {
        return body.into();
    }
    let mut parts = body.split("\\x{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let read = part.split_once('}').and_then(|(digits, rest)| {
            let letter = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
            Some((letter, rest)).filter(|(letter, _)| !letter.is_ascii())
        });
        match read {
            Some((letter, rest)) => {
                text.push(letter);
                text.push_str(rest);
            }
            None => text.push_str(part),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_part_is_that_of_the_first_address_of_the_domain() {
        let of = |body: &str| local_part([body].into_iter(), "a.example.");
        let known = |local: &str| LocalPart::Known(local.to_owned());
        assert_eq!(of("<bounce+y=b.example@a.example>"), known("bounce+y=b.example"));
        assert_eq!(of("rfc822; Al@A.example"), known("Al"));
        assert_eq!(of("x@b.example, y@a.example, z@a.example"), known("y"));
        for body in ["x@b.example", "<>", "a b@a.example", "a\\.b@a.example", "@a.example"] {
            assert_eq!(of(body), LocalPart::Unknown, "{body}");
        }
        assert_eq!(of(&format!("{}@a.example", "x".repeat(65))), LocalPart::Unknown);
        assert_eq!((LocalPart::Absent.text(), LocalPart::Unknown.text()), (Some("postmaster"), None));
    }

    #[test]
    fn reports_of_7_bits_have_addresses_in_other_scripts() {
        for (body, expected) in [
            ("utf-8; b\\x{F8}b@m\\x{FC}ller.example", &["xn--mller-kva.example."][..]),
            ("UTF-8;b\\x{F8}b@m\\x{FC}ller.example", &["xn--mller-kva.example."]),
            ("utf-8; al@m\u{fc}ller.example", &["xn--mller-kva.example."]),
            ("utf-8; al@a.example", &["a.example."]),
            ("utf-8; a@\\x{4f8b}\\x{3048}.example", &["xn--r8jz45g.example."]),
            ("utf-8; a@b\\x{2C}c.example", &[]),
            ("utf-8; a@b\\x{D800}.example", &[]),
            ("utf-8; a@b\\x{FC", &[]),
        ] {
            assert_eq!(domains(body), expected, "{body}");
        }
    }
}
