//! Parses the questions that arrive over the control socket, and converts their answers to text.
//!
//! Names, types and data have the form that zone files use (RFC 1035 section 5.1, RFC 3597 section 5).

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, Record as WireRecord, RecordType};

use crate::QueryReply;
use crate::problem::{Blame, Problem};
use dns::clock::Mono;
use dns::question::{Answer, Outcome, Question, Security, is_without_records};
use dns::wire::presentation::{harmless, kind_text, rcode_text};
use dns::wire::{presentation, response};
use doctor::facts::Record;

/// The result of a question that the operator asked over the control socket.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The answer; SERVFAIL if the question failed.
    pub answer: Arc<Answer>,
    /// The time for which the remaining TTLs of the records are calculated.
    pub now: Mono,
    /// The outcome: how the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the question to its answer.
    pub elapsed: Duration,
}

/// Parses a question. An address without a type asks for the PTR records of this address.
///
/// # Errors
/// Fails if the name or the type is invalid.
pub fn question(name: &str, kind: Option<&str>) -> Result<Question, Problem> {
    let (name, usual) = match name.parse::<IpAddr>() {
        Ok(address) => (Name::from(address), RecordType::PTR),
        Err(_) => (read_name(name)?, RecordType::A),
    };
    Ok(Question::new(&name, kind.map_or(Ok(usual), read_kind)?))
}

/// Parses an absolute name, with or without the final dot. Labels in other scripts are converted to their ASCII form.
///
/// # Errors
/// Fails if the text is not a domain name.
pub fn read_name(typed: &str) -> Result<Name, Problem> {
    let wrong = |why: &str| Problem {
        fault: Blame::Request,
        sentence: format!("\"{}\" is not a name: {why}", harmless(typed)),
    };
    if typed.is_empty() {
        return Err(wrong("it is empty"));
    }
    let mut name = presentation::read_typed_name(typed).ok_or_else(|| match typed.is_ascii() {
        false => wrong("a label has characters that no domain name has, or is too long"),
        true => wrong("a label is empty or longer than 63 octets, the whole longer than 255, or an escape is not like \\032"),
    })?;
    name.set_fqdn(true);
    Ok(name)
}

/// Parses a record type: its name in upper or lower case, or `TYPE` and its number (RFC 3597 section 5).
///
/// # Errors
/// Fails if the text is not a record type for which a client may ask.
pub fn read_kind(typed: &str) -> Result<RecordType, Problem> {
    let upper = typed.to_ascii_uppercase();
    let number =
        upper.strip_prefix("TYPE").and_then(|number| number.parse().ok()).map(|number: u16| number.into());
    let wrong = |why: &str| Problem {
        fault: Blame::Request,
        sentence: format!("\"{}\" is not a type: {why}", harmless(typed)),
    };
    let kind = number.or_else(|| RecordType::from_str(&upper).ok());
    let kind = kind.ok_or_else(|| wrong("write it like MX, TXT or TYPE65"))?;
    if is_without_records(kind) { Err(wrong("no name has records of it")) } else { Ok(kind) }
}

/// Converts the answer to a question to text.
///
/// # Errors
/// Fails if the stored answer cannot be parsed, which would be a bug in resolverd.
pub fn reply(question: &Question, lookup: &Lookup) -> Result<QueryReply, Problem> {
    let message = response::read(&lookup.answer.wire).map_err(|error| Problem {
        fault: Blame::Daemon,
        sentence: format!("Bug in resolverd: the cached answer for {question} cannot be read: {error}."),
    })?;
    let gone = lookup.now.seconds_since(lookup.answer.stored);
    let aged = |record: &WireRecord| {
        let record = Record::from(record);
        Record { ttl: record.ttl.saturating_sub(gone), ..record }
    };
    let records = |records: &[WireRecord]| records.iter().map(aged).collect();
    let flags = [
        ("aa", message.metadata.authoritative),
        ("tc", message.metadata.truncation),
        ("rd", message.metadata.recursion_desired),
        ("ra", message.metadata.recursion_available),
        ("ad", lookup.answer.security == Security::Secure),
        ("cd", message.metadata.checking_disabled),
    ];
    Ok(QueryReply {
        name: presentation::name_text(&question.name),
        kind: kind_text(question.kind),
        rcode: rcode_text(lookup.answer.rcode),
        outcome: lookup.outcome,
        elapsed: lookup.elapsed.as_secs_f64(),
        flags: flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.to_owned()).collect(),
        security: lookup.answer.security,
        answers: records(&message.answers),
        authority: records(&message.authorities),
        extended_error: lookup.answer.extended_error.clone(),
        configured: None,
        views: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::{CNAME, MX, NS, PTR, SOA, SRV};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shown_names_can_be_typed(
            labels in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 1..6),
        ) {
            let mut name = Name::from_labels(labels.iter().map(Vec::as_slice)).unwrap();
            name.set_fqdn(true);
            let asked = Question::new(&name, RecordType::MX);
            let data = [
                RData::CNAME(CNAME(name.clone())),
                RData::NS(NS(name.clone())),
                RData::PTR(PTR(name.clone())),
                RData::MX(MX::new(10, name.clone())),
                RData::SRV(SRV::new(0, 0, 25, name.clone())),
                RData::SOA(SOA::new(name.clone(), name.clone(), 1, 2, 3, 4, 5)),
            ];
            let mut shown = vec![asked.to_string().split(' ').next().unwrap().to_owned()];
            for data in data {
                let record = Record::from(&WireRecord::from_rdata(name.clone(), 60, data));
                let is_number = |word: &&str| word.bytes().all(|octet| octet.is_ascii_digit());
                shown.extend(record.text().split(' ').filter(|word| !is_number(word)).map(str::to_owned));
                shown.push(record.name);
            }
            prop_assert_eq!(shown.len(), 1 + 2 * 6 + 1);
            for text in shown {
                let read = read_name(&text).map_err(|wrong| TestCaseError::fail(wrong.sentence))?;
                prop_assert_eq!(&read, &name, "{}", text);
            }
        }
    }

    #[test]
    fn words_become_questions() {
        let read = |name, kind| {
            question(name, kind).map(|question| question.to_string()).map_err(|wrong| wrong.sentence)
        };
        assert_eq!(read("Example.ORG", None).unwrap(), "example.org. A");
        assert_eq!(read("192.0.2.1", None).unwrap(), "1.2.0.192.in-addr.arpa. PTR");
        assert_eq!(read("192.0.2.1", Some("txt")).unwrap(), "1.2.0.192.in-addr.arpa. TXT");
        assert_eq!(question("example.org", Some("type65")).unwrap().kind, RecordType::HTTPS);
        assert_eq!(
            read("example.org", Some("NONE")).unwrap_err(),
            "\"NONE\" is not a type: write it like MX, TXT or TYPE65"
        );
        for meta in ["AXFR", "ixfr", "TSIG", "OPT", "TYPE0", "TYPE41", "TYPE128", "TYPE254"] {
            assert!(read("example.org", Some(meta)).unwrap_err().contains("is not a type: "), "{meta}");
        }
        assert_eq!(question("example.org", Some("ANY")).unwrap().kind, RecordType::ANY);
        assert_eq!(
            read("x\u{1b}[2Jy", Some("A\u{1b}")).unwrap_err().find(char::is_control),
            None,
            "what is typed does not act on the terminal"
        );
        assert_eq!(read("bücher.example", None).unwrap(), "xn--bcher-kva.example. A");
        assert!(read("bü her.example", None).unwrap_err().contains("has characters that no domain name has"));
        assert!(question(&"a".repeat(64), None).is_err());
        assert!(read("", None).is_err());
    }

    #[test]
    fn foreign_data_are_escaped_on_terminal() {
        let name = question("a\\027\\.b.example", None).unwrap().name;
        assert_eq!(presentation::name_text(&name), "a\\027\\.b.example.");
    }
}
