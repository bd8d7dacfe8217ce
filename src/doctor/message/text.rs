//! Turns a file with a message into text: its header and the text of its parts, including messages within it.
//!
//! RFC 5322, RFC 2045. A pasted bounce or pasted log lines have no header, so their text is read unchanged.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use crate::limits::MAX_UNREAD_PARTS;

/// A field of a header: its name in lower case, and its body on one line.
pub(super) type Field = (String, String);

/// Reads a file. Returns the header followed by the text of the parts, and the parts that could not be read, with the reasons.
pub(super) fn read(octets: &[u8]) -> (String, Vec<String>) {
    let text = String::from_utf8_lossy(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets));
    let first = text.lines().next().unwrap_or_default();
    let is_field = first.split_once(':').is_some_and(|(name, _)| is_name(name)) || first.starts_with("From ");
    let message = MessageParser::default().parse(octets).filter(|_| is_field);
    match message {
        Some(message) => {
            let mut flat = FlatText::default();
            flat.take(&message);
            (flat.text, flat.damaged)
        }
        None if is_page(&text) => (from_html(&text), Vec::new()),
        None => (readable(&text), Vec::new()),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}

fn is_page(text: &str) -> bool {
    let begin = text.trim_start().get(..15).unwrap_or_default().to_ascii_lowercase();
    begin.starts_with("<html") || begin.starts_with("<!doctype html")
}

/// The text of a page. The address behind a link may stand in the link alone.
fn from_html(html: &str) -> String {
    html_to_text(&html.replace("href=\"mailto:", ">"))
}

/// The text of a message.
#[derive(Debug, Default)]
struct FlatText {
    text: String,
    /// The types of parts that cannot be read.
    damaged: Vec<String>,
}

impl FlatText {
    fn take(&mut self, message: &Message<'_>) {
        for (name, body) in message.headers_raw() {
            self.text.push_str(&format!("{name}:{}\n", body.trim_end()));
        }
        for part in &message.parts {
            self.text.push('\n');
            if part.is_encoding_problem && self.damaged.len() < MAX_UNREAD_PARTS {
                let kind = part.content_type().map_or("text", |kind| kind.ctype());
                self.damaged.push(format!("a part of the type {kind}: its encoding is damaged"));
                continue;
            }
            match &part.body {
                PartType::Text(text) => self.text.push_str(text),
                PartType::Html(html) => self.text.push_str(&from_html(html)),
                PartType::Message(inner) => self.take(inner),
                PartType::Binary(octets) | PartType::InlineBinary(octets)
                    if part.content_type().is_some_and(|kind| kind.ctype() == "message") =>
                {
                    self.text.push_str(&String::from_utf8_lossy(octets));
                }
                PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Multipart(_) => {}
            }
            self.text.push('\n');
        }
    }
}

/// Converts text without a header to the form of a bounce: a single reply, or a log line of qmail, which has underscores instead of spaces.
fn readable(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let is_reply =
        |line: &str| matches!(line.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..]);
    if lines.peek().is_some() && lines.clone().all(is_reply) {
        return format!("the host said: {}\n", lines.collect::<Vec<_>>().join(" "));
    }
    let of_line = |line: &str| {
        let end =
            [": failure: ", ": deferral: "].iter().filter_map(|words| Some(line.find(words)? + words.len()));
        match end.min().filter(|_| line.contains("delivery ")).and_then(|end| line.split_at_checked(end)) {
            Some((before, reply)) => format!("{before}{}", reply.replace('_', " ").replace('/', "\n")),
            None => line.to_owned(),
        }
    };
    text.lines().map(|line| of_line(line) + "\n").collect()
}

/// Returns the fields in a text: those of its header, of reports, and of messages within it.
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

/// The number of fields in the header of a text.
pub(super) fn of_header(text: &str) -> usize {
    let header: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).collect();
    fields(&header.join("\n")).len()
}

/// Returns the lines without quotation marks of replies and without spaces at their ends.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.trim_start_matches("> ").trim_end())
}

/// Returns the paragraphs of a text, each on one line. A paragraph continues after empty lines if it ends with the words before a reply, or in a
/// field of HTML.
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
