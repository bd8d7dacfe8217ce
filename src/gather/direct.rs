//! Converts the replies of a single server to the operator's queries to `ReplyFacts`, the form that the checks of domains read.

use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::Record as WireRecord;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};

use crate::limits::MAX_EXTENDED_ERRORS;
use dns::limits::MAX_ERROR_TEXT;
use dns::question::ExtendedError;
use dns::wire::presentation::rcode_text;
use doctor::facts::{NoReply, Record, ReplyFacts};
use exchange::{Heard, ReplyUnknown, Trouble};

/// The EDNS option for extended errors (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// Converts the reply of a server, or the reason why there is none, to the form that the checks of domains read.
///
/// # Errors
/// Returns the reason why there is no reply, or why the reply shows nothing about the server.
pub fn facts(heard: Result<Heard, ReplyUnknown>) -> Result<ReplyFacts, NoReply> {
    let heard = heard.map_err(|unknown| {
        NoReply::Unknown(match unknown {
            ReplyUnknown::NotSent => "resolve.deny_servers contains the address".to_owned(),
            ReplyUnknown::SilentFamily => "no answer, as from all other servers over IPv6 lately".to_owned(),
            ReplyUnknown::TcpBlocked => {
                "TCP port 53 of other hosts is blocked on the path from this host".to_owned()
            }
        })
    })?;
    let message = heard.reply.map_err(|trouble| match trouble {
        Trouble::Silent => NoReply::Silent,
        Trouble::Unreachable => NoReply::Unreachable,
        Trouble::NoRoute | Trouble::NoRouteToAddress => NoReply::NoRoute,
        Trouble::OtherCase => NoReply::OtherCase,
        Trouble::Unfit | Trouble::Undecodable => NoReply::Unfit,
        other => NoReply::Unknown(other.to_string()),
    })?;
    Ok(reply(&message, heard.elapsed))
}

/// Converts a DNS message of a server to the form that the checks of domains read. `elapsed` is the time from the query to the reply.
pub fn reply(message: &Message, elapsed: Duration) -> ReplyFacts {
    let records = |records: &[WireRecord]| in_lower_case(records.iter().map(Record::from));
    let errors = extended_errors(message);
    ReplyFacts {
        rcode: rcode_text(message.metadata.response_code),
        authoritative: message.metadata.authoritative,
        recursive: message.metadata.recursion_available,
        edns: message.edns.is_some(),
        truncated: message.metadata.truncation,
        millis: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        why: errors.iter().map(in_words).collect::<Vec<_>>().join("; "),
        extended_errors: errors.iter().map(|error| error.code).collect(),
        answers: records(&message.answers),
        authority: records(&message.authorities),
        additional: records(&message.additionals),
        ..ReplyFacts::default()
    }
}

/// Returns the records with their names in lower case, as the checks of domains compare them.
pub fn in_lower_case(records: impl IntoIterator<Item = Record>) -> Vec<Record> {
    let records = records.into_iter();
    records.map(|record| Record { name: record.name.to_ascii_lowercase(), ..record }).collect()
}

/// Returns all extended errors of a reply (RFC 8914).
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

fn in_words(error: &ExtendedError) -> String {
    let name = error.name().map_or_else(|| format!("extended error {}", error.code), str::to_owned);
    if error.text.is_empty() { name } else { format!("{name}: {}", error.text) }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Edns;

    use super::*;

    #[test]
    fn extended_error_has_name_and_text() {
        let said = |all: &[&[u8]]| {
            let mut message = Message::query();
            let mut edns = Edns::new();
            for data in all {
                edns.options_mut().insert(EdnsOption::Unknown(EXTENDED_ERROR, data.to_vec()));
            }
            message.set_edns(edns);
            reply(&message, Duration::ZERO)
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
        let bare = reply(&Message::query(), Duration::ZERO);
        assert_eq!((bare.why.as_str(), bare.edns), ("", false));
    }
}
