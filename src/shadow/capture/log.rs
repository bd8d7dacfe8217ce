//! Reads query logs of resolverd, BIND, Unbound and dnsmasq. A log may have lines of several of these formats, as a syslog file has:
//!
//! ```text
//! resolverd  query www.example.com. A from 127.0.0.1: from cache in 0.000 s
//! BIND       client @0x7f0 127.0.0.1#4711 (www.example.com): query: www.example.com IN A +E(0)DC (127.0.0.1)
//! Unbound    info: 127.0.0.1 www.example.com. A IN        (with log-tag-queryreply: query: 127.0.0.1 ...)
//! dnsmasq    query[A] www.example.com from 127.0.0.1
//! ```

use std::io::{BufRead, Read};
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use super::Skipped;
use super::captured::{CaptureError, Captured};
use crate::asked::AskedQuestion;
use crate::limits::MAX_CAPTURED_LINE;

/// This label replaces the secret customer key of a DNS list in names in the log of resolverd.
const KEY: &str = "_key";

pub(super) fn read(input: &mut impl BufRead, captured: &mut Captured) -> Result<(), CaptureError> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.by_ref().take(MAX_CAPTURED_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        let is_cut =
            line.last() != Some(&b'\n') && u64::try_from(read).unwrap_or(u64::MAX) == MAX_CAPTURED_LINE;
        captured.take(match std::str::from_utf8(&line) {
            Ok(text) if !is_cut => question(text),
            _ => Err(Skipped::NoQuery),
        });
        if is_cut {
            input.skip_until(b'\n')?;
        }
    }
}

/// Returns `None` if the line has another format.
type LineReader = fn(&str) -> Option<Result<AskedQuestion, Skipped>>;

fn question(line: &str) -> Result<AskedQuestion, Skipped> {
    let readers: [LineReader; 4] = [of_bind, of_dnsmasq, of_resolverd, of_unbound];
    readers.into_iter().find_map(|reader| reader(line)).unwrap_or(Err(Skipped::NoQuery))
}

/// Parses a type name, or `TYPE` and a number.
fn kind(text: &str) -> Option<RecordType> {
    let upper = text.to_ascii_uppercase();
    match upper.strip_prefix("TYPE").and_then(|number| number.trim_start_matches('=').parse::<u16>().ok()) {
        Some(number) => Some(number.into()),
        None => upper.parse().ok(),
    }
}

fn asked(name: &str, type_text: &str) -> Option<Result<AskedQuestion, Skipped>> {
    let question = AskedQuestion::from_words(name, kind(type_text)?)?;
    if question.name.split('.').any(|label| label == KEY) {
        return Some(Err(Skipped::Withheld));
    }
    Some(question.compared())
}

/// Returns true if the text is an address. A port may follow after `#` or `/`.
fn is_address(text: &str) -> bool {
    let address = text.split(['#', '/']).next().unwrap_or_default();
    address.parse::<IpAddr>().is_ok()
}

fn of_bind(line: &str) -> Option<Result<AskedQuestion, Skipped>> {
    let (before, after) = line.split_once(": query: ")?;
    before.contains("client ").then_some(())?;
    let mut words = after.split_whitespace();
    let (name, class, type_text) = (words.next()?, words.next()?, words.next()?);
    let flags = words.next().unwrap_or("+");
    if class != "IN" {
        return Some(Err(Skipped::TypeNotCompared));
    }
    // In flags such as `+E(0)TDCK`, `+` means that RD is set, and `-` that RD is not set.
    if flags.starts_with('-') {
        return Some(Err(Skipped::NoQuery));
    }
    let question = asked(name, type_text)?;
    Some(question.map(|question| AskedQuestion {
        dnssec_ok: flags.contains('D'),
        checking_disabled: flags.contains('C'),
        ..question
    }))
}

fn of_dnsmasq(line: &str) -> Option<Result<AskedQuestion, Skipped>> {
    let (_, after) = line.split_once(" query[")?;
    let (type_text, after) = after.split_once("] ")?;
    let mut words = after.split_whitespace();
    let (name, from, client) = (words.next()?, words.next()?, words.next()?);
    (from == "from" && is_address(client)).then(|| asked(name, type_text))?
}

fn of_resolverd(line: &str) -> Option<Result<AskedQuestion, Skipped>> {
    let after = match line.strip_prefix("query ") {
        Some(after) => after,
        None => line.split_once(" query ")?.1,
    };
    let mut words = after.split_whitespace();
    let (name, type_text, from, client) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let client = client.strip_suffix(':').unwrap_or(client);
    // A log that hides the addresses of clients ("redacted") has shortened names, so the question is not known.
    if from == "from" && client == "redacted" {
        return Some(Err(Skipped::Withheld));
    }
    // After the address of the client, the log may have the user whose program sent the query.
    (from == "from" && is_address(client)).then(|| asked(name, type_text))?
}

fn of_unbound(line: &str) -> Option<Result<AskedQuestion, Skipped>> {
    let after = [" info: ", " query: "].iter().find_map(|mark| Some(line.split_once(mark)?.1))?;
    let words: Vec<&str> = after.split_whitespace().take(5).collect();
    let [client, name, type_text, class] = words.as_slice() else { return None };
    if !is_address(client) {
        return None;
    }
    if *class != "IN" {
        return Some(Err(Skipped::TypeNotCompared));
    }
    asked(name, type_text)
}
