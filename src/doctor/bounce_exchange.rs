//! The replies in reports of Exchange Server: `HOST #<HOST #5.7.1 smtp;554 5.7.1 text> #SMTP#` of 2007, `HOST #554 5.7.1 text ##` of 2010,
//! and `<SERVER #5.7.1 smtp;554 5.7.1 text>` of 2003, where the server is the one that makes the report.
//!
//! RFC 3463 has the codes. Microsoft: Understanding Non-Delivery Reports (Exchange 2007 and 2010). The host before the mark is the one that
//! refuses; without one, the generating server refuses by itself.

use std::borrow::Cow;

use super::refusal_words::{ends, is_host_name, is_reply_code, status};
use crate::limits::MAX_EXCHANGE_REPLIES;

/// The words before the name of the server that makes the report, in lower case: English, German, French and Spanish.
const BEFORE_GENERATING: [&str; 5] = [
    "generating server:",
    "generierender server:",
    "serveur de g\u{e9}n\u{e9}ration\u{a0}:",
    "serveur de g\u{e9}n\u{e9}ration :",
    "servidor de generaci\u{f3}n:",
];

/// The words behind the name of the host that refuses, and before it.
const AROUND_REMOTE: (&str, &str) = (" rejected your message", "rejected your message:");

/// The ends of a reply in angle brackets.
const ENDS: [&str; 2] = ["> #SMTP#", "> ##"];

/// The end of a reply without brackets.
const END: &str = "##";

/// The type before a reply.
const TYPE: &str = "smtp;";

/// A reply in a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ExchangeReply {
    /// The host that refuses, if it is named.
    pub(super) host: Option<String>,
    /// The reply, with its codes.
    pub(super) text: String,
}

/// The replies in a paragraph.
pub(super) fn replies(paragraph: &str) -> Vec<ExchangeReply> {
    let last_end = paragraph.rfind(END);
    let (mut found, mut begin) = (Vec::new(), 0_usize);
    for (mark, _) in paragraph.match_indices('#') {
        if mark < begin || found.len() >= MAX_EXCHANGE_REPLIES {
            continue;
        }
        let before = paragraph.get(begin..mark).unwrap_or_default();
        let behind = paragraph.get(mark + 1..).unwrap_or_default();
        let is_ended = last_end.is_some_and(|end| mark < end);
        if let Some((reply, length)) = at_mark(before, behind, is_ended) {
            found.push(reply);
            begin = mark + 1 + length;
        }
    }
    found
}

/// The reply behind the mark before its code, with the octets that it takes there.
fn at_mark(before: &str, behind: &str, is_ended: bool) -> Option<(ExchangeReply, usize)> {
    let mut words = behind.split(|letter: char| letter.is_whitespace() || letter == '>');
    let code = words.next()?;
    let is_status = is_failure(code);
    if !is_status && !is_reply_code(code) {
        return None;
    }
    let (earlier, last) = last_word(before);
    if let Some((mark, server)) = last.rsplit_once('<').filter(|_| is_status)
        && !server.contains('>')
    {
        let (end, length) = bracket_end(behind);
        let host = if mark.ends_with('#') { remote(earlier) } else { None };
        return Some((ExchangeReply { host, text: reply(code, behind.get(code.len()..end)?) }, length));
    }
    // A mark and a code alone also stand in texts of other software.
    let is_clear = is_reply_code(code) && words.next().is_some_and(is_failure);
    let end = if is_ended { behind.find(END)? } else { Some(behind.len()).filter(|_| is_clear)? };
    let text = reply(code, behind.get(code.len()..end)?);
    Some((ExchangeReply { host: remote(before), text }, (end + END.len()).min(behind.len())))
}

/// Whether a word is the enhanced status code of a failure.
pub(super) fn is_failure(word: &str) -> bool {
    word.starts_with(['4', '5']) && status(word).is_some()
}

/// The end of a reply in angle brackets, and of what belongs to it: at the mark of Exchange, or else where the bracket is closed.
fn bracket_end(behind: &str) -> (usize, usize) {
    let marks = ENDS.iter().filter_map(|mark| behind.find(mark).map(|end| (end, end + mark.len())));
    if let Some(found) = marks.min() {
        return found;
    }
    let mut depth = 0_usize;
    for (place, letter) in behind.char_indices() {
        match letter {
            '<' => depth += 1,
            '>' if depth == 0 => return (place, place + 1),
            '>' => depth -= 1,
            _ => {}
        }
    }
    (behind.len(), behind.len())
}

/// The reply in the words behind a code: without its type, and with the code unless it has its own.
fn reply(code: &str, words: &str) -> String {
    let words = words.trim();
    let (kind, rest) = words.split_at_checked(TYPE.len()).unwrap_or_default();
    let text = if kind.eq_ignore_ascii_case(TYPE) { rest.trim_start() } else { words };
    let begin = text.get(..3).unwrap_or_default();
    if is_reply_code(begin) { text.to_owned() } else { format!("{code} {text}") }
}

/// The last word of a text, and the text before it.
fn last_word(text: &str) -> (&str, &str) {
    let text = text.trim_end();
    text.rsplit_once(char::is_whitespace).unwrap_or(("", text))
}

/// The host that refuses: right before the mark, or in the sentence of Exchange about it.
fn remote(before: &str) -> Option<String> {
    let (behind_host, before_host) = AROUND_REMOTE;
    let told = || before.split_once(before_host).and_then(|(_, behind)| behind.split_whitespace().next());
    let host = [
        Some(last_word(before).1),
        before.split_once(behind_host).map(|(before, _)| last_word(before).1),
        told(),
    ];
    let host = host.into_iter().flatten().map(|word| word.rsplit(ends).next().unwrap_or_default());
    host.map(|word| word.trim_end_matches('.')).find(|word| is_host_name(word)).map(str::to_owned)
}

/// A text without the name of the server that makes the report, which has refused nothing.
pub(super) fn without_generating(text: &str) -> Cow<'_, str> {
    let lower = text.to_ascii_lowercase();
    let found = BEFORE_GENERATING.iter().find_map(|words| Some(lower.find(words)? + words.len()));
    let Some((before, behind)) = found.and_then(|place| text.split_at_checked(place)) else {
        return text.into();
    };
    let (_, rest) = behind.trim_start().split_once(char::is_whitespace).unwrap_or_default();
    format!("{before} {rest}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_reply_and_the_host_that_refuses() {
        for (text, host, reply) in [
            (
                "y@b.example mx.b.example #<mx.b.example #5.7.1 smtp;554 5.7.1 no <x>> #SMTP#",
                "mx.b.example",
                "554 5.7.1 no <x>",
            ),
            (
                "mx.b.example #<gw.a.example #5.7.1 SMTP; 554 5.7.1 a -> b> #SMTP#",
                "mx.b.example",
                "554 5.7.1 a -> b",
            ),
            ("#< #5.7.1 smtp;554 5.7.1 no> #SMTP#", "", "554 5.7.1 no"),
            ("<gw.a.example #5.7.1 smtp;554 5.7.1 <x>: no> and <y>", "", "554 5.7.1 <x>: no"),
            ("<gw.a.example #5.1.1>", "", "5.1.1 "),
            (
                "mx.b.example #550 4.4.7 QUEUE.Expired; message expired ##",
                "mx.b.example",
                "550 4.4.7 QUEUE.Expired; message expired",
            ),
            ("y@b.example #550 5.1.1 not found", "", "550 5.1.1 not found"),
            ("y@b.example #550 not found ##", "", "550 not found"),
            ("mx.b.example rejected your message: #5.7.1 no ##", "mx.b.example", "5.7.1 no"),
            ("rejected your message: mx.b.example. y@b.example #5.7.1 no ##", "mx.b.example", "5.7.1 no"),
        ] {
            let host = Some(host.to_owned()).filter(|host| !host.is_empty());
            assert_eq!(replies(text), [ExchangeReply { host, text: reply.to_owned() }], "{text}");
        }
        for other in [
            "",
            "#",
            "##",
            "any host (#5.1.2)",
            "item #550 of 5.1.1",
            "see http://x#errors 5.7.1",
            "#5.7.1 no",
            "#550",
        ] {
            assert_eq!(replies(other), [], "{other}");
        }
        let many = "a.example #550 5.1.1 no ## ".repeat(MAX_EXCHANGE_REPLIES + 9);
        assert_eq!(replies(&many).len(), MAX_EXCHANGE_REPLIES);
        assert_eq!(
            replies("a.example #550 5.1.1 x ## b.example #551 5.1.6 y ##")[1].host.as_deref(),
            Some("b.example")
        );
    }

    #[test]
    fn the_generating_server_is_left_out() {
        let rest = "y@b.example mx.b.example Remote Server returned";
        for words in ["Generating server:", "Generierender Server:", "Serveur de g\u{e9}n\u{e9}ration\u{a0}:"]
        {
            let found = without_generating(&format!("x\n{words} gw.a.example {rest}")).into_owned();
            assert!(found.ends_with(rest) && !found.contains("gw.a.example"), "{found}");
        }
        for text in ["Generating server: gw.a.example", "Generating server:"] {
            assert!(!without_generating(text).contains("gw"), "{text}");
        }
        assert_eq!(without_generating(rest), rest);
    }
}
