//! Turns a file with an email into one text: its header, and the text of its parts, including attached emails.
//!
//! RFC 5322, RFC 2045. Pasted bounces and lines of mail logs have no header, so their text is used unchanged.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

/// A header field: its name in lower case, and its body on one line.
pub(super) type Field = (String, String);

/// Returns the header and the text of the parts. The flag is true if the encoding of a part is damaged.
pub(super) fn read(octets: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets));
    let first = text.lines().next().unwrap_or_default();
    let is_field = first.split_once(':').is_some_and(|(name, _)| is_name(name)) || first.starts_with("From ");
    // A header without a body counts as a damaged part, so it gets an empty body.
    let whole = [octets, b"\n\n"].concat();
    let message = MessageParser::default().parse(&whole).filter(|_| is_field);
    let Some(message) = message else { return (readable(&text), false) };
    let mut flat = String::new();
    let is_damaged = flatten(&message, &mut flat);
    (flat, is_damaged)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

/// Appends an email to `text`. Returns true if the encoding of a part is damaged.
fn flatten(message: &Message<'_>, text: &mut String) -> bool {
    for (name, body) in message.headers_raw() {
        text.push_str(&format!("{name}:{}\n", body.trim_end()));
    }
    let mut is_damaged = false;
    for part in &message.parts {
        text.push('\n');
        match &part.body {
            _ if part.is_encoding_problem => is_damaged = true,
            PartType::Text(body) => text.push_str(body),
            // A mail address may be only in the target of a link, so the target is added to the text.
            PartType::Html(html) => text.push_str(&html_to_text(&html.replace("href=\"mailto:", ">"))),
            PartType::Message(inner) => is_damaged |= flatten(inner, text),
            PartType::Binary(octets) | PartType::InlineBinary(octets)
                if part.content_type().is_some_and(|kind| kind.ctype() == "message") =>
            {
                text.push_str(&String::from_utf8_lossy(octets));
            }
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {}
        }
        text.push('\n');
    }
    is_damaged
}

/// Adds the words that introduce a reply in a bounce, if the text is only a reply of a receiver.
fn readable(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let is_reply =
        |line: &str| matches!(line.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..]);
    match lines.peek().is_some() && lines.clone().all(is_reply) {
        true => format!("the host said: {}\n", lines.collect::<Vec<_>>().join(" ")),
        false => text.to_owned(),
    }
}

/// Returns all header fields: of the email itself, of delivery reports, and of emails inside the text.
pub(super) fn fields(text: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.starts_with([' ', '\t']) && open {
            if let Some((_, body)) = fields.last_mut() {
                body.push(' ');
                body.push_str(line.trim());
            }
            continue;
        }
        let field = line.split_once(':').filter(|(name, _)| is_name(name));
        open = field.is_some();
        fields.extend(field.map(|(name, body)| (name.to_ascii_lowercase(), body.trim().to_owned())));
    }
    fields
}

pub(super) fn of_header(text: &str) -> usize {
    let header: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).collect();
    fields(&header.join("\n")).len()
}

/// Returns the lines without the sign `> ` of quoted text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.trim_start_matches("> ").trim_end())
}

/// Returns the paragraphs, each on one line. A paragraph continues after empty lines if `goes_on` returns true for its text so far.
pub(super) fn paragraphs(text: &str, goes_on: impl Fn(&str) -> bool) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in lines(text) {
        match (paragraphs.last_mut(), line.is_empty()) {
            (Some(last), true) if goes_on(last) => continue,
            (Some(last), false) if open => {
                last.push(' ');
                last.push_str(line.trim_start());
            }
            (_, true) => {}
            _ => paragraphs.push(line.to_owned()),
        }
        open = !line.is_empty();
    }
    paragraphs
}
