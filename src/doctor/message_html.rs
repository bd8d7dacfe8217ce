//! The text of a part in HTML, as a mail program shows it: without tags, scripts and styles.
//!
//! HTML Living Standard section 13 (syntax). Exchange, Outlook and Gmail write bounces whose only readable part is HTML. Addresses of links
//! stay in the text, because people and lists judge a mail by them. A wrong tag loses at most `MAX_HTML_TAG` octets of text.

use crate::limits::MAX_HTML_TAG;

/// Elements that stand apart from the text before and behind them.
const PARAGRAPHS: [&str; 14] =
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "table", "blockquote", "ul", "ol", "dl"];

/// Elements that begin a line.
const LINES: [&str; 13] = [
    "address", "article", "body", "center", "dd", "div", "dt", "footer", "form", "header", "li", "section",
    "tr",
];

/// Elements whose content is no text of the message.
const UNSEEN: [&str; 4] = ["script", "style", "title", "template"];

/// Named characters that bounces use: signs, and the letters of German, French and Spanish in them.
const NAMED: [(&str, &str); 34] = [
    ("lt", "<"),
    ("gt", ">"),
    ("amp", "&"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ensp", " "),
    ("emsp", " "),
    ("shy", ""),
    ("zwnj", ""),
    ("zwj", ""),
    ("commat", "@"),
    ("period", "."),
    ("colon", ":"),
    ("rsquo", "'"),
    ("lsquo", "'"),
    ("ldquo", "\""),
    ("rdquo", "\""),
    ("ndash", "-"),
    ("auml", "\u{e4}"),
    ("ouml", "\u{f6}"),
    ("uuml", "\u{fc}"),
    ("Auml", "\u{c4}"),
    ("Ouml", "\u{d6}"),
    ("Uuml", "\u{dc}"),
    ("szlig", "\u{df}"),
    ("agrave", "\u{e0}"),
    ("ccedil", "\u{e7}"),
    ("eacute", "\u{e9}"),
    ("egrave", "\u{e8}"),
    ("aacute", "\u{e1}"),
    ("iacute", "\u{ed}"),
    ("oacute", "\u{f3}"),
    ("ntilde", "\u{f1}"),
];

/// Octets of the name or number between the signs & and ;.
const LONGEST_ENTITY: usize = 10;

/// Whether a file is HTML without a header, as browsers and mail programs save it.
pub(super) fn is_page(octets: &[u8]) -> bool {
    let text = octets.trim_ascii_start();
    ["<!doctype html", "<html"].iter().any(|begin| {
        text.get(..begin.len()).is_some_and(|octets| octets.eq_ignore_ascii_case(begin.as_bytes()))
    })
}

/// The text, a line for each block.
pub(super) fn text(html: &str) -> String {
    let (mut page, lower) = (Page::default(), html.to_ascii_lowercase());
    let mut at = 0;
    while let Some(rest) = html.get(at..).filter(|rest| !rest.is_empty()) {
        let begin = rest.find('<').unwrap_or(rest.len());
        if begin > 0 {
            page.show(&rest[..begin]);
            at += begin;
            continue;
        }
        at += match tag(rest) {
            None => {
                page.show("<");
                1
            }
            Some(tag) => {
                page.take(&tag);
                tag.length + lower.get(at + tag.length..).map_or(0, |behind| unseen(&tag, behind))
            }
        };
    }
    page.end_link();
    page.text
}

/// A tag at the begin of a text.
struct Tag<'t> {
    /// In lower case, with the slash of an end tag; empty: a comment or a declaration.
    name: String,
    attributes: &'t str,
    length: usize,
}

/// The tag at the begin of a text. A mail address in angle brackets is none, and no other sign of smaller than.
fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.strip_prefix('<')?;
    if inner.starts_with("!--") {
        let length = text.find("-->").map_or(text.len(), |end| end + 3);
        return Some(Tag { name: String::new(), attributes: "", length });
    }
    let is_tag = inner.starts_with(|letter: char| letter.is_ascii_alphabetic() || "/!?".contains(letter));
    let named = inner.split(|letter: char| letter.is_whitespace() || "<>".contains(letter)).next()?;
    if !is_tag || named.contains('@') {
        return None;
    }
    let (mut quote, mut length) = (None, None);
    for (place, letter) in inner.char_indices().take_while(|(place, _)| *place < MAX_HTML_TAG) {
        match (quote, letter) {
            (None, '>') => {
                length = Some(place);
                break;
            }
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            _ => {}
        }
    }
    let end = length.unwrap_or_else(|| inner.floor_char_boundary(MAX_HTML_TAG));
    let slash = usize::from(named.starts_with('/'));
    let name_end = named[slash..].find('/').map_or(named.len(), |end| slash + end).min(end);
    let name = if inner.starts_with(['!', '?']) { "" } else { &named[..name_end] };
    let attributes = inner.get(name_end..end).unwrap_or_default();
    let length = (1 + end + usize::from(length.is_some())).min(text.len());
    Some(Tag { name: name.to_ascii_lowercase(), attributes, length })
}

/// The octets behind a tag, up to the end tag, that no reader sees.
fn unseen(tag: &Tag<'_>, behind: &str) -> usize {
    if !UNSEEN.contains(&tag.name.as_str()) {
        return 0;
    }
    behind.find(&format!("</{}", tag.name)).unwrap_or(behind.len())
}

/// A page on the way through it.
#[derive(Default)]
struct Page {
    text: String,
    /// The address of the open link, and the place in the text where it begins.
    link: Option<(String, usize)>,
    /// Whether lines are kept as they stand.
    is_as_it_stands: bool,
}

impl Page {
    /// Shows characters between tags.
    fn show(&mut self, written: &str) {
        let read = characters(written);
        if self.is_as_it_stands {
            self.text.push_str(&read);
            return;
        }
        for letter in read.chars() {
            match letter.is_whitespace() {
                false => self.text.push(letter),
                true if self.text.is_empty() || self.text.ends_with([' ', '\n']) => {}
                true => self.text.push(' '),
            }
        }
    }

    fn take(&mut self, tag: &Tag<'_>) {
        let (name, is_end) =
            tag.name.strip_prefix('/').map_or((tag.name.as_str(), false), |name| (name, true));
        if PARAGRAPHS.contains(&name) {
            self.part("\n\n");
        } else if LINES.contains(&name) {
            self.part("\n");
        }
        match name {
            "br" => {
                self.part("");
                self.text.push_str(if self.text.is_empty() { "" } else { "\n" });
            }
            "pre" => self.is_as_it_stands = !is_end,
            "td" | "th" => self.show(" "),
            "a" => {
                self.end_link();
                let address = attribute(tag.attributes, "href").filter(|_| !is_end);
                self.link = address.map(|address| (address, self.text.len()));
            }
            _ => {
                let address = attribute(tag.attributes, "src").filter(|address| is_of_web(address));
                if let Some(address) = address {
                    self.show(&format!(" <{address}> "));
                }
            }
        }
    }

    /// Ends a line or a paragraph.
    fn part(&mut self, end: &str) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        while !(self.text.is_empty() || self.text.ends_with(end)) {
            self.text.push('\n');
        }
    }

    /// Shows the address of a link if its text does not have it: a mail address before the name of its owner, and that of a page behind
    /// the words.
    fn end_link(&mut self) {
        let Some((address, begin)) = self.link.take() else { return };
        let shown = self.text.get(begin..).unwrap_or_default().to_ascii_lowercase();
        let lower = address.to_ascii_lowercase();
        if let Some(mail) = lower.strip_prefix("mailto:") {
            // RFC 6068 section 2: any octet of the address may be encoded.
            let mail = mail.split('?').next().unwrap_or_default().replace("%40", "@");
            if !shown.contains(&mail) && self.text.is_char_boundary(begin) {
                self.text.insert_str(begin, &format!("{mail} "));
            }
        } else if is_of_web(&lower) {
            let bare = lower.split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/');
            if shown.trim().trim_end_matches('/').trim_start_matches("http://").trim_start_matches("https://")
                != bare
            {
                self.text.push_str(&format!(" <{address}>"));
            }
        }
    }
}

fn is_of_web(address: &str) -> bool {
    let lower = address.get(..8).unwrap_or(address).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// The value of an attribute of a tag.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        let (before, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|letter| ['"', '\''].contains(letter));
        let (value, after) = match quote {
            Some(quote) => behind[1..].split_once(quote).unwrap_or_else(|| (&behind[1..], "")),
            None => behind.split_once(char::is_whitespace).unwrap_or((behind, "")),
        };
        let name = before.split_whitespace().next_back().unwrap_or_default();
        if name.eq_ignore_ascii_case(wanted) {
            return Some(characters(value).trim().to_owned()).filter(|value| !value.is_empty());
        }
        rest = after;
    }
}

/// The characters that a text has between tags: those with names or numbers are read.
fn characters(written: &str) -> String {
    let mut read = String::new();
    let mut parts = written.split('&');
    read.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let entity = part.split_once(';').filter(|(name, _)| name.len() <= LONGEST_ENTITY);
        match entity.and_then(|(name, behind)| Some((character(name)?, behind))) {
            Some((letter, behind)) => {
                read.push_str(&letter);
                read.push_str(behind);
            }
            None => {
                read.push('&');
                read.push_str(part);
            }
        }
    }
    read
}

/// The character of a name or number (HTML Living Standard section 13.5).
fn character(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(known, _)| *known == name).map(|(_, letter)| (*letter).to_owned());
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_a_reader_sees() {
        for (html, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("<P class=x>a\r\n  b</P><p>c<BR/>d</p>", "a b\n\nc\nd\n\n"),
            ("a<br>b<br><br>c<hr>d", "a\nb\n\nc\n\nd"),
            ("<div><div>a</div></div>b", "a\nb"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n\n"),
            ("<pre>a\n  b</pre>", "a\n  b\n\n"),
            ("<b>a</b><i>b</i>", "ab"),
            ("a<!-- <p>x</p> -->b<script>if (a < b) '</p>'</script >c<style>p { }</STYLE>d", "abcd"),
            ("<!DOCTYPE html><html><head><title>x</title></head><body>a</body></html>", "a\n"),
            (
                "a &lt;b@c.example&gt; &amp;lt; &#64; &#x40; m&uuml;ller&nbsp;x &nothing; &",
                "a <b@c.example> &lt; @ @ m\u{fc}ller x &nothing; &",
            ),
            ("&#xd800; &#1114112; &#; &#xffffffffff;", "&#xd800; &#1114112; &#; &#xffffffffff;"),
            ("<y@b.example>: host mx <<< 550 a < b", "<y@b.example>: host mx <<< 550 a < b"),
            ("<a title='>' href=\"MAILTO:y@b.example?subject=x\">Bob</a>:", "y@b.example Bob:"),
            ("<a href=\"mailto:y@b.example\">Y@b.example</a>", "Y@b.example"),
            ("<a href=\"mailto:y%40b.example\">Bob</a>", "y@b.example Bob"),
            ("<a href=https://a.example/x?a=1&amp;b=2>here</a>!", "here <https://a.example/x?a=1&b=2>!"),
            ("in <a href=\"http://bl.example/\">bl.example</a> now", "in bl.example now"),
            ("<img alt=x src='http://a.example/p.png'>b", "<http://a.example/p.png> b"),
            ("<a href=\"#top\">up</a><a name=x>b</a>", "upb"),
            ("a<script>b", "a"),
            ("a<!-- b", "a"),
            ("a<b", "a"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn a_wrong_tag_loses_a_bounded_text_and_takes_no_time() {
        let open = format!("a<p class=\"x>{}end", "\u{e4}b ".repeat(MAX_HTML_TAG));
        let found = text(&open);
        assert!(
            found.starts_with("a\n\n")
                && found.ends_with("end")
                && found.len() + MAX_HTML_TAG + 20 > open.len()
        );
        let many = "<a href=\"".repeat(100_000);
        assert!(text(&many).len() <= many.len());
        let addresses = format!("{}@", "<a".repeat(400_000));
        assert!(text(&addresses).len() <= addresses.len());
        let links = "<a href=mailto:y@b.example>".repeat(40_000);
        assert!(text(&links).len() <= links.len());
    }

    #[test]
    fn a_saved_page_is_known_by_its_begin() {
        assert!(is_page(b"\r\n<!DOCTYPE HTML>\n") && is_page(b"<html lang=en>"));
        assert!(!is_page(b"<y@b.example>: host") && !is_page(b"From: a\n\n<html>"));
    }
}
