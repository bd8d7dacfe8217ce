//! The text of a message: its characters, and its parts without the encodings of MIME.
//!
//! RFC 2045 section 6 (encodings), RFC 2046 sections 5.1 and 5.2.1 (parts and messages), RFC 3629 and RFC 2781 (UTF-8 and UTF-16). A part
//! keeps its place, so that fields in it are read as those in text that was pasted. Decoded text is shorter than its encoding, so
//! `MAX_CHECKED_MESSAGE` bounds it. `message_html` reads the text of parts in HTML.

use std::borrow::Cow;

use data_encoding::BASE64_NOPAD;

use super::message_html;
use crate::limits::{MAX_ENCODED_MESSAGES, MAX_MESSAGE_BOUNDARIES, MAX_UNREAD_PARTS};

/// The text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MessageText {
    pub(super) text: String,
    /// The types of parts that cannot be read, each with the reason.
    pub(super) unread: Vec<String>,
}

/// Media types of parts whose text has addresses, replies and links.
const TEXT_TYPES: [&str; 7] = [
    "text/plain",
    "text/html",
    "text/rfc822-headers",
    "message/delivery-status",
    "message/global-delivery-status",
    "message/global-headers",
    "message/global",
];

/// The media type of parts that are read without their tags.
const HTML: &str = "text/html";

/// Media types of messages in a message: header fields follow those of the part.
const MESSAGES: [&str; 2] = ["message/rfc822", "message/global"];

/// Charsets whose octets are the first characters of Unicode, but for a few signs that no domain has. Old software names none.
const LATIN: [&str; 7] = ["", "us-ascii", "utf-8", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252"];

/// An encoding of a part (RFC 2045 section 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PartEncoding {
    /// The lines are the text.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

/// The fields of a part that say how it is read.
#[derive(Clone, Debug, Default)]
struct PartHeader {
    /// In lower case; empty: text/plain.
    media: String,
    /// In lower case.
    charset: String,
    encoding: PartEncoding,
    /// Whether it is a file with a message, by its name.
    is_file: bool,
}

impl PartHeader {
    /// Whether a message is in it: header fields follow those of the part.
    fn is_message(&self) -> bool {
        MESSAGES.contains(&self.media.as_str()) || self.is_file
    }

    fn is_read(&self) -> bool {
        self.media.is_empty() || TEXT_TYPES.contains(&self.media.as_str()) || self.is_message()
    }

    fn is_html(&self) -> bool {
        self.media == HTML
    }

    fn name(&self) -> &str {
        if self.media.is_empty() { "text/plain" } else { &self.media }
    }
}

/// A file by the mark at its begin: UTF-16 as UTF-8, and others without a mark of UTF-8.
fn without_mark(octets: &[u8]) -> Cow<'_, [u8]> {
    match octets {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into_bytes().into(),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into_bytes().into(),
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.into(),
        octets => octets.into(),
    }
}

/// The lines, without their ends.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets.split_inclusive(|octet| *octet == b'\n').map(|line| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

/// The characters of a line in UTF-8, or else by its charset. Those of a charset that is not read are replaced.
fn characters<'l>(line: &'l [u8], charset: &str) -> Cow<'l, str> {
    match std::str::from_utf8(line) {
        Ok(text) => text.into(),
        Err(_) if LATIN.contains(&charset) => line.iter().copied().map(char::from).collect::<String>().into(),
        Err(_) => String::from_utf8_lossy(line),
    }
}

/// Whether the domain of a mail address has replaced characters.
fn has_unread_domain(line: &str) -> bool {
    let ends = |letter: char| letter.is_whitespace() || "<>()\"',;:".contains(letter);
    let mut domains = line.split('@').skip(1).filter_map(|rest| rest.split(ends).next());
    domains.any(|domain| domain.contains(char::REPLACEMENT_CHARACTER))
}

fn utf16(octets: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let read = char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    read.collect()
}

/// Reads the octets of a file with a message.
pub(super) fn read(octets: &[u8]) -> MessageText {
    let (mut parts, octets) = (Parts::default(), without_mark(octets));
    if message_html::is_page(&octets) {
        parts.is_begun = true;
        parts.part.media = HTML.to_owned();
    }
    for line in lines(&octets) {
        parts.take(line);
    }
    parts.close();
    parts.found
}

/// The parts on the way through a message.
#[derive(Default)]
struct Parts {
    found: MessageText,
    /// The boundaries of all multiparts so far.
    boundaries: Vec<String>,
    /// The unfolded fields of the open header; none in a body.
    header: Option<Vec<String>>,
    part: PartHeader,
    /// The lines of the open body, if it is encoded or HTML.
    closed: Vec<String>,
    is_begun: bool,
    /// The encoded messages around this line.
    depth: usize,
}

impl Parts {
    fn take(&mut self, octets: &[u8]) {
        let charset = if self.header.is_some() { "" } else { self.part.charset.as_str() };
        let text = characters(octets, charset);
        let line = &*text;
        if !std::mem::replace(&mut self.is_begun, true) {
            self.header = Some(Vec::new());
        }
        if self.is_boundary(line) {
            self.close();
            self.header = Some(Vec::new());
            self.show(line);
        } else if let Some(header) = &mut self.header {
            match header.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                Some(open) => *open += &format!(" {}", line.trim()),
                None => header.push(line.to_owned()),
            }
            self.show(line);
            if line.is_empty() {
                self.begin_body();
            }
        } else if self.part.encoding == PartEncoding::Identity && !self.part.is_html() {
            self.show_body(line);
        } else {
            self.closed.push(line.to_owned());
        }
    }

    fn show(&mut self, line: &str) {
        self.found.text.push_str(line);
        self.found.text.push('\n');
    }

    /// Shows a line of a body, and notes the domains in it that are not read.
    fn show_body(&mut self, line: &str) {
        if has_unread_domain(line) && self.part.is_read() {
            let told = format!("{}: its charset {} is not read", self.part.name(), self.part.charset);
            if !self.found.unread.contains(&told) {
                self.leave_out(told);
            }
        }
        self.show(line);
    }

    fn leave_out(&mut self, told: String) {
        if self.found.unread.len() < MAX_UNREAD_PARTS {
            self.found.unread.push(told);
        }
    }

    fn is_boundary(&self, line: &str) -> bool {
        let Some(rest) = line.strip_prefix("--") else { return false };
        let rest = rest.trim_end();
        self.boundaries.iter().any(|known| rest == known || rest.strip_suffix("--") == Some(known.as_str()))
    }

    /// The end of a header.
    fn begin_body(&mut self) {
        let fields = self.header.take().unwrap_or_default();
        let body = |wanted: &str| {
            let named = fields.iter().filter_map(|field| field.split_once(':'));
            named
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, body)| body.trim().to_owned())
                .next()
        };
        let kind = body("content-type").unwrap_or_default();
        let encoding = body("content-transfer-encoding").unwrap_or_default();
        let disposition = body("content-disposition").unwrap_or_default();
        let file = parameter(&disposition, "filename").or_else(|| parameter(&kind, "name"));
        let media = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        self.part = PartHeader {
            charset: parameter(&kind, "charset").unwrap_or_default().to_ascii_lowercase(),
            encoding: match encoding.to_ascii_lowercase().as_str() {
                "base64" => PartEncoding::Base64,
                "quoted-printable" => PartEncoding::QuotedPrintable,
                _ => PartEncoding::Identity,
            },
            is_file: media.starts_with("application/")
                && file.is_some_and(|file| file.to_ascii_lowercase().ends_with(".eml")),
            media,
        };
        if let Some(boundary) = parameter(&kind, "boundary")
            && self.boundaries.len() < MAX_MESSAGE_BOUNDARIES
        {
            self.boundaries.push(boundary);
        }
        let is_multipart = self.part.media.starts_with("multipart/");
        if is_multipart {
            // Only its parts are encoded (RFC 2045 section 6.4).
            self.part.encoding = PartEncoding::Identity;
        }
        if self.part.is_message() && self.part.encoding == PartEncoding::Identity {
            self.header = Some(Vec::new());
        }
    }

    /// The end of a body.
    fn close(&mut self) {
        let closed = std::mem::take(&mut self.closed);
        if closed.is_empty() || !self.part.is_read() {
            self.part = PartHeader::default();
            return;
        }
        let octets = match self.part.encoding {
            PartEncoding::Base64 => base64(&closed),
            PartEncoding::QuotedPrintable => Some(quoted_printable(&closed)),
            PartEncoding::Identity => None,
        };
        match octets {
            None if self.part.encoding == PartEncoding::Identity => self.show_html(&closed.join("\n")),
            Some(octets) if self.part.is_message() => self.open(&octets),
            Some(octets) => self.show_decoded(&octets),
            None => self.leave_out(format!("{}: its base64 is damaged", self.part.name())),
        }
        self.part = PartHeader::default();
    }

    fn show_decoded(&mut self, octets: &[u8]) {
        let charset = self.part.charset.clone();
        let octets: Cow<'_, [u8]> = match charset.as_str() {
            "utf-16le" => utf16(octets, u16::from_le_bytes).into_bytes().into(),
            utf16be if utf16be.starts_with("utf-16") && !octets.starts_with(&[0xff, 0xfe]) => {
                utf16(octets, u16::from_be_bytes).into_bytes().into()
            }
            _ => without_mark(octets),
        };
        if self.part.is_html() {
            self.show_html(&characters(&octets, &charset));
        } else {
            lines(&octets).for_each(|line| self.show_body(&characters(line, &charset)));
        }
    }

    fn show_html(&mut self, html: &str) {
        message_html::text(html).lines().for_each(|line| self.show_body(line));
    }

    /// Reads a message that was encoded as a whole.
    fn open(&mut self, octets: &[u8]) {
        if self.depth >= MAX_ENCODED_MESSAGES {
            return self.leave_out(format!("{}: there are too many messages in messages", self.part.name()));
        }
        self.depth += 1;
        (self.part, self.header) = (PartHeader::default(), Some(Vec::new()));
        lines(&without_mark(octets)).for_each(|line| self.take(line));
        self.header = None;
        self.close();
        self.depth -= 1;
    }
}

/// A parameter of a field, with or without quotes (RFC 2045 section 5.1).
fn parameter(body: &str, wanted: &str) -> Option<String> {
    let mut rest = body.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim_matches([';', ' ', '\t']).eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        rest = behind;
    }
}

/// Decodes base64; none if it has characters outside of the alphabet, which are of a damaged part (RFC 2045 section 6.8). What follows the
/// padding is ignored.
fn base64(lines: &[String]) -> Option<Vec<u8>> {
    let letters: Vec<u8> =
        lines.iter().flat_map(|line| line.bytes()).filter(|octet| !octet.is_ascii_whitespace()).collect();
    let bare = letters.split(|octet| *octet == b'=').next().unwrap_or_default();
    // A message that was cut at its bound ends within a group of four.
    let whole = bare.get(..bare.len() - usize::from(bare.len() % 4 == 1))?;
    lenient().decode(whole).ok()
}

/// Base64 whose last character may have bits beyond the octets.
fn lenient() -> data_encoding::Encoding {
    let mut form = BASE64_NOPAD.specification();
    form.check_trailing_bits = false;
    form.encoding().unwrap_or(BASE64_NOPAD)
}

/// Decodes quoted-printable. A wrong escape stands for itself (RFC 2045 section 6.7).
fn quoted_printable(lines: &[String]) -> Vec<u8> {
    let mut octets = Vec::new();
    for line in lines {
        let line = line.trim_end();
        let (line, is_open) = line.strip_suffix('=').map_or((line, false), |line| (line, true));
        let mut rest = line.as_bytes();
        while let [first, behind @ ..] = rest {
            let escaped = match behind {
                [high, low, after @ ..] if *first == b'=' => {
                    digit(*high).zip(digit(*low)).map(|(high, low)| ((high << 4) | low, after))
                }
                _ => None,
            };
            let (octet, after) = escaped.unwrap_or((*first, behind));
            octets.push(octet);
            rest = after;
        }
        if !is_open {
            octets.push(b'\n');
        }
    }
    octets
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str) -> String {
        read(message.as_bytes()).text
    }

    #[test]
    fn parts_are_decoded_in_their_place() {
        let message = "Content-Type: multipart/report;\r\n boundary=\"b-1\"\r\n\r\n--b-1\r\n\
            Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: BASE64\r\n\r\n\
            RmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFA\r\nYi5leGFtcGxlCkFjdGlvbjogZmFpbGVkCg==\r\n--b-1\r\n\
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            a=3Db =C3=BC=\r\nx =ZZ\r\n--b-1\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b-1--\r\n";
        let found = text(message);
        assert!(
            found.contains("\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n--b-1\n"),
            "{found}"
        );
        assert!(found.contains("\na=b \u{fc}x =ZZ\n--b-1\n") && !found.contains("hello"), "{found}");
    }

    #[test]
    fn a_message_within_a_message_has_its_own_encoding() {
        let message = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nSubject: x\n\
            Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n--i--\n--o--\nend\n";
        let found = text(message);
        assert!(found.contains("\n\nhello\n--i--\n--o--\n"), "{found}");
    }

    #[test]
    fn a_part_that_cannot_be_read_is_named_and_the_others_are_read() {
        let message = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Transfer-Encoding: base64\n\n!!!!\n--o\n\nplain\n--o--\n";
        let found = read(message.as_bytes());
        assert_eq!(found.unread, ["text/plain: its base64 is damaged"]);
        assert!(found.text.contains("plain") && !found.text.contains("!!!!"));
        let cut = "Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQh\naGVsb";
        assert!(text(cut).ends_with("\n\nhello world!hel\n"), "{}", text(cut));
        let many = "--o\nContent-Transfer-Encoding: base64\n\n!!!!\n".repeat(99);
        let many = format!("Content-Type: multipart/mixed; boundary=o\n\n{many}");
        assert_eq!(read(many.as_bytes()).unread.len(), MAX_UNREAD_PARTS);
    }

    #[test]
    fn a_message_that_is_encoded_as_a_whole_is_read() {
        let inner = "From: MAILER-DAEMON@a.example\nContent-Type: multipart/report; boundary=i\n\n--i\nContent-Transfer-Encoding: base64\n\n\
            aGVsbG8=\n--i--\n";
        let encoded = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        for (kind, is_read) in [
            ("message/rfc822", true),
            ("application/octet-stream; name=\"Bounce.EML\"", true),
            ("application/octet-stream\nContent-Disposition: attachment; filename=bounce.eml", true),
            ("application/octet-stream; name=bounce.pdf", false),
        ] {
            let part = |text: &str| {
                format!("Content-Type: {kind}\nContent-Transfer-Encoding: base64\n\n{}\n", encoded(text))
            };
            let message = format!(
                "Content-Type: multipart/mixed; boundary=o\n\n--o\n{}--o\n\nend\n--o--\n",
                part(inner)
            );
            let found = text(&message);
            assert_eq!(
                found.contains("\n\nFrom: MAILER-DAEMON@a.example\n") && found.contains("\nhello\n"),
                is_read,
                "{kind}: {found}"
            );
            assert!(found.ends_with("\nend\n--o--\n"), "{found}");
            let deep = (0..9).fold("Subject: x\n\ninmost\n".to_owned(), |text, _| part(&text));
            let found = read(deep.as_bytes());
            assert!(!found.text.contains("inmost"));
            assert_eq!(found.unread.len(), usize::from(is_read), "{:?}", found.unread);
        }
    }

    #[test]
    fn octets_that_are_no_utf_8_are_read_by_their_charset() {
        let of = |charset: &str, rest: &[u8]| {
            let header = format!("Content-Type: text/plain{charset}\n\n");
            let found = read(&[header.as_bytes(), rest].concat());
            (found.text.lines().last().unwrap_or_default().to_owned(), found.unread)
        };
        let latin = b"<b\xf8b@m\xfcller.example>: host\r\n";
        let told = ("<b\u{f8}b@m\u{fc}ller.example>: host".to_owned(), Vec::new());
        assert_eq!(of("", latin), told);
        assert_eq!(of("; charset=ISO-8859-1", latin), told);
        assert_eq!(of("; charset=iso-8859-1", "m\u{fc}ller".as_bytes()).0, "m\u{fc}ller");
        let (text, unread) = of("; charset=koi8-r", latin);
        assert!(text.contains("m\u{fffd}ller"), "{text}");
        assert_eq!(unread, ["text/plain: its charset koi8-r is not read"]);
        assert!(of("; charset=koi8-r", b"\xf0\xd2\xc9 <a@a.example>\n").1.is_empty(), "the domain is read");
        let encoded =
            of("; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable", b"a@m=FCller.example\n");
        assert_eq!(encoded, ("a@m\u{fc}ller.example".to_owned(), Vec::new()));
    }

    #[test]
    fn parts_in_html_are_read_as_a_mail_program_shows_them() {
        let html = "<html><style>p { x: y }</style>\n<p>Your message to <b>x@m&uuml;ller.example</b>\n couldn't be <i>delivered</i>.</p></html>\n";
        let shown = "\n\nYour message to x@m\u{fc}ller.example couldn't be delivered.\n\n--b--\n";
        let part = |encoding: &str, body: &str| {
            format!(
                "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{body}--b--\n"
            )
        };
        let whole = |part: &str| {
            text(&format!(
                "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\n{part}"
            ))
        };
        let in_base64 = format!("{}\n", data_encoding::BASE64.encode(html.as_bytes()));
        for (encoding, body) in [
            ("8bit", html.to_owned()),
            ("base64", in_base64),
            (
                "quoted-printable",
                html.replace(" couldn't", "=20=\ncouldn't").replace("<b>", "<b class=3D\"x\">"),
            ),
        ] {
            let found = whole(&part(encoding, &body));
            assert!(found.ends_with(shown), "{encoding}: {found}");
        }
        let nested = whole(&format!("Content-Type: message/rfc822\n\nSubject: x\n{}", part("8bit", html)));
        assert!(nested.ends_with(shown), "{nested}");
        assert!(text("\u{feff}<!DOCTYPE html>\n<p>a@b.example</p>").starts_with("a@b.example\n"));
    }

    #[test]
    fn text_without_mime_is_as_it_was() {
        for plain in ["", "a\n", "<y@b.example>: host mx said: 550 no=20\n\n  x\n", "From: a\n\n--x\n\nb\n"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn files_in_utf_16_and_with_a_mark_are_read() {
        let written = "From: b\u{f8}b\u{1f600}\n";
        let units: Vec<u16> = std::iter::once(0xfeff).chain(written.encode_utf16()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(read(&little).text, written);
        assert_eq!(read(&big).text, written);
        assert_eq!(read(&[&[0xef, 0xbb, 0xbf], written.as_bytes()].concat()).text, written);
        assert_eq!(read(&[0xff, 0xfe, 0x00, 0xd8, b'a', 0x00, 0x01]).text, "\u{fffd}a\n");
    }
}
