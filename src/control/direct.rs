//! A query to one server over the control socket: reads its words, and puts the answer into words.

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};

use super::lookup::{rcode_text, read_kind, read_name, record_text};
use super::protocol::{NotHeard, Problem, RecordText, ServerQuery, ServerSaid};
use crate::limits::MAX_EXTENDED_ERRORS;
use dns::limits::MAX_ERROR_TEXT;
use dns::question::ExtendedError;
use doctor::facts::QueryForm;
use resolver::exchange::{Heard, Trouble};
use resolver::iterate::direct::{DirectQuery, Untold};

/// The option of an extended error (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// Reads the words of a request.
///
/// # Errors
/// The name or the type is invalid.
pub fn query(asked: &ServerQuery) -> Result<DirectQuery, Problem> {
    let ServerQuery { server, port, name, kind, form } = asked;
    Ok(DirectQuery {
        server: *server,
        port: *port,
        name: read_name(name)?,
        kind: read_kind(kind)?,
        tcp: form.over_tcp().is_none(),
        edns: *form != QueryForm::Plain,
        recursion: matches!(form, QueryForm::Recursive | QueryForm::RecursiveTcp | QueryForm::Unvalidated),
        unvalidated: *form == QueryForm::Unvalidated,
        mixed_case: *form == QueryForm::MixedCase,
    })
}

/// Puts the answer of a server into words, or why there is none that shows anything.
pub fn said(heard: Result<Heard, Untold>) -> ServerSaid {
    let heard = match heard {
        Ok(heard) => heard,
        Err(Untold::NotSent) => return not_sent("resolve.deny_servers contains the address"),
        Err(Untold::SilentFamily) => {
            return not_sent("no answer, as from all other servers over IPv6 lately");
        }
    };
    let elapsed = heard.elapsed.as_secs_f64();
    let message = match heard.reply {
        Ok(message) => message,
        Err(trouble) => {
            let why = trouble.to_string();
            return not_heard(kind_of(&trouble), why, elapsed);
        }
    };
    reply(&message, elapsed)
}

/// Puts a message that has arrived into words. `elapsed` is in seconds.
pub fn reply(message: &Message, elapsed: f64) -> ServerSaid {
    let flags = [
        ("aa", message.metadata.authoritative),
        ("tc", message.metadata.truncation),
        ("ra", message.metadata.recursion_available),
    ];
    let texts =
        |records: &[_]| -> Vec<RecordText> { records.iter().map(|record| record_text(record, 0)).collect() };
    let errors = extended_errors(message);
    ServerSaid {
        not_heard: None,
        why: errors.iter().map(in_words).collect::<Vec<_>>().join("; "),
        extended_errors: errors.iter().map(|error| error.code).collect(),
        rcode: rcode_text(message.metadata.response_code),
        flags: flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.to_owned()).collect(),
        edns: message.edns.is_some(),
        answers: texts(&message.answers),
        authority: texts(&message.authorities),
        additional: texts(&message.additionals),
        elapsed,
    }
}

/// The extended errors of a reply, which may have several.
fn extended_errors(message: &Message) -> Vec<ExtendedError> {
    let read = |option: &EdnsOption| {
        let EdnsOption::Unknown(_, data) = option else { return None };
        let (number, text) = data.split_first_chunk::<2>()?;
        let text: String = String::from_utf8_lossy(text).chars().take(MAX_ERROR_TEXT).collect();
        Some(ExtendedError::new(u16::from_be_bytes(*number), text))
    };
    let code = EdnsCode::from(EXTENDED_ERROR);
    let options = message.edns.iter().flat_map(|edns| edns.options().get_all(code));
    options.filter_map(read).take(MAX_EXTENDED_ERRORS).collect()
}

/// An extended error in words: the name of its code, and its text.
fn in_words(error: &ExtendedError) -> String {
    let name = error.name().map_or_else(|| format!("extended error {}", error.code), str::to_owned);
    if error.text.is_empty() { name } else { format!("{name}: {}", error.text) }
}

/// A message that is not sent.
pub(crate) fn not_sent(why: &str) -> ServerSaid {
    not_heard(NotHeard::NotSent, why.to_owned(), 0.0)
}

fn not_heard(kind: NotHeard, why: String, elapsed: f64) -> ServerSaid {
    ServerSaid { not_heard: Some(kind), why, elapsed, ..ServerSaid::default() }
}

fn kind_of(trouble: &Trouble) -> NotHeard {
    match trouble {
        Trouble::Silent => NotHeard::Silent,
        Trouble::Unreachable => NotHeard::Unreachable,
        Trouble::NoRoute | Trouble::NoRouteToAddress => NotHeard::NoRoute,
        // Why the reply is not shown is in the words of the trouble.
        Trouble::NotSent(_) | Trouble::Certificate(_) | Trouble::NoRoom => NotHeard::NotSent,
        Trouble::OtherCase => NotHeard::OtherCase,
        Trouble::Unfit | Trouble::Https { .. } => NotHeard::Unfit,
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Edns;

    use super::*;

    #[test]
    fn the_extended_error_of_a_reply_is_told_with_its_name_and_text() {
        let said = |all: &[&[u8]]| {
            let mut message = Message::query();
            let mut edns = Edns::new();
            for data in all {
                edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, data.to_vec()));
            }
            message.set_edns(edns);
            reply(&message, 0.0)
        };
        let why = |data: &[u8]| said(&[data]).why;
        assert_eq!(why(b"\x00\x06no DS matches"), "DNSSEC Bogus: no DS matches");
        assert_eq!(why(b"\x00\x09"), "DNSKEY Missing");
        assert_eq!(why(b"\xff\xff"), "extended error 65535");
        assert_eq!(why(b"\x00"), "");
        let both = said(&[b"\x00\x16no answer", b"\x00\x07"]);
        assert_eq!(
            (both.why.as_str(), both.extended_errors),
            ("No Reachable Authority: no answer; Signature Expired", vec![22, 7])
        );
        assert_eq!(said(&[b"\x00\x09".as_slice(); 40]).extended_errors.len(), MAX_EXTENDED_ERRORS);
        let bare = reply(&Message::query(), 0.0);
        assert_eq!((bare.why.as_str(), bare.edns), ("", false));
    }
}
