//! The notes of a trail: a step of a flight as data, and its text for people.
//!
//! A frequent step has a form of its own without text. A rare step is noted as text.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::event::{DsFact, DsSource, KeyFact, StepEvent};
use dns::conduct::{Conduct, Transport};
use dns::question::{kind_text, name_text};
use validate::verdict::SecurityStatus;

/// A step in the form in which it is noted. The meanings are documented in `StepEvent`.
#[derive(Clone, Debug)]
pub enum Note {
    /// See `StepEvent::Question`.
    Question {
        /// The name for which the question asks.
        name: Name,
        /// The record type for which the question asks.
        kind: RecordType,
    },
    /// See `StepEvent::Cut`.
    Cut {
        /// The name of the zone.
        zone: Name,
        /// The number of servers whose addresses are known.
        addresses: usize,
    },
    /// See `StepEvent::Sent`.
    Sent {
        /// The address of the server.
        server: IpAddr,
        /// The transport of the query.
        transport: Transport,
        /// Why this server is asked at this time.
        reason: &'static str,
        /// The usual round trip of the server; none if it is not known yet.
        usual: Option<Duration>,
        /// True if the query is for DNSSEC keys.
        keys: bool,
        /// The name and type that are asked for; none if they are those of the trail's first question.
        asked: Option<Box<(Name, RecordType)>>,
        /// The zone for which the server is a forwarder; none for other servers.
        forwards: Option<Box<Name>>,
    },
    /// See `StepEvent::Unanswered`.
    Unanswered {
        /// The address of the server.
        server: IpAddr,
        /// The time since the query was sent.
        elapsed: Duration,
    },
    /// See `StepEvent::Received`.
    Received {
        /// The address of the server.
        server: IpAddr,
        /// What the server did.
        conduct: Conduct,
        /// The time from the query to the reply.
        elapsed: Duration,
        /// A summary of the reply.
        said: Words,
    },
    /// See `StepEvent::Checked`; here the checked subject is data.
    Checked {
        /// The owner name of the validated data.
        name: Name,
        /// The type of the validated data.
        kind: RecordType,
        /// The result of validation.
        state: SecurityStatus,
        /// Why the result is not secure, if more is known than the result itself.
        why: Option<String>,
    },
    /// See `StepEvent::Scrubbed`.
    Scrubbed {
        /// The number of removed records.
        dropped: usize,
        /// The first of the removed records.
        records: Vec<Record>,
    },
    /// See `StepEvent::PrivateRemoved`.
    PrivateRemoved {
        /// The number of removed addresses.
        dropped: usize,
        /// The first of the removed addresses.
        records: Vec<Record>,
    },
    /// See `StepEvent::Ds`.
    Ds {
        /// The name of the zone.
        zone: Name,
        /// The key tag, algorithm and digest type of each record.
        records: Vec<DsFact>,
        /// Where the DS records come from: the parent zone, or a trust anchor.
        from: DsSource,
    },
    /// See `StepEvent::Dnskey`.
    Dnskey {
        /// The name of the zone.
        zone: Name,
        /// The key tag, algorithm and flags of each record.
        records: Vec<KeyFact>,
        /// The server that sent the DNSKEY records; none if they were in the cache.
        server: Option<IpAddr>,
    },
    /// See `StepEvent::Ended`.
    Ended {
        /// The result of the question: a summary of the answer, or why it failed.
        result: Words,
    },
    /// Any other step. It is rare, so it has no form of its own here.
    Event(StepEvent),
}

/// A few words, which become text only when they are read.
#[derive(Clone, Debug)]
pub enum Words {
    /// A text that is part of the program.
    Fixed(&'static str),
    /// A text that was made when the step was noted.
    Made(String),
    /// A response code of a reply.
    Code(ResponseCode),
    /// An answer with this many records.
    Records {
        /// The number of records.
        count: usize,
        /// True if the answer had the AA flag.
        authoritative: bool,
    },
    /// A negative answer.
    Negative {
        /// True if the name does not exist; false if only the type does not exist.
        nxdomain: bool,
        /// True if the answer had the AA flag.
        authoritative: bool,
    },
}

impl Note {
    /// Returns the step as text.
    pub(super) fn step_event(&self) -> StepEvent {
        match self {
            Self::Question { name, kind } => {
                StepEvent::Question { name: name_text(name), kind: kind_text(*kind) }
            }
            Self::Cut { zone, addresses } => StepEvent::Cut { zone: name_text(zone), addresses: *addresses },
            Self::Sent { server, transport, reason, usual, asked, .. } => StepEvent::Sent {
                server: server.to_string(),
                transport: *transport,
                name: asked.as_ref().map(|asked| name_text(&asked.0)),
                kind: asked.as_ref().map(|asked| kind_text(asked.1)),
                reason: (*reason).to_owned(),
                usual: usual.map(|usual| usual.as_secs_f64()),
            },
            Self::Unanswered { server, elapsed } => {
                StepEvent::Unanswered { server: server.to_string(), waited: elapsed.as_secs_f64() }
            }
            Self::Received { server, conduct, elapsed, said } => StepEvent::Received {
                server: server.to_string(),
                conduct: *conduct,
                round_trip: elapsed.as_secs_f64(),
                said: said.to_string(),
            },
            Self::Checked { name, kind, state, why } => StepEvent::Checked {
                subject: format!("{} {}", name_text(name), kind_text(*kind)),
                state: *state,
                why: why.clone(),
            },
            Self::Scrubbed { dropped, records } => {
                StepEvent::Scrubbed { dropped: *dropped, records: records.iter().map(record_text).collect() }
            }
            Self::PrivateRemoved { dropped, records } => StepEvent::PrivateRemoved {
                dropped: *dropped,
                records: records.iter().map(record_text).collect(),
            },
            Self::Ds { zone, records, from } => {
                StepEvent::Ds { zone: name_text(zone), records: records.clone(), from: *from }
            }
            Self::Dnskey { zone, records, server } => StepEvent::Dnskey {
                zone: name_text(zone),
                records: records.clone(),
                server: server.map(|server| server.to_string()),
            },
            Self::Ended { result } => StepEvent::Ended { result: result.to_string() },
            Self::Event(event) => event.clone(),
        }
    }
}

/// Returns a record as text, without its TTL and class. For a signature, only the covered type and the key are shown, because nobody reads the
/// rest.
pub fn record_text(record: &Record) -> String {
    let name = name_text(&record.name);
    match &record.data {
        RData::DNSSEC(DNSSECRData::RRSIG(signature)) => {
            let signed = signature.input();
            let signer = name_text(&signed.signer_name);
            format!("{name} RRSIG {} {signer} (key tag {})", signed.type_covered, signed.key_tag)
        }
        data => format!("{name} {} {data}", record.record_type()),
    }
}

impl From<StepEvent> for Note {
    fn from(event: StepEvent) -> Self {
        Self::Event(event)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = |authoritative: &bool| if *authoritative { "" } else { ", without AA" };
        match self {
            Self::Fixed(words) => formatter.write_str(words),
            Self::Made(words) => formatter.write_str(words),
            Self::Code(ResponseCode::NoError) => formatter.write_str("NOERROR"),
            Self::Code(ResponseCode::NXDomain) => formatter.write_str("NXDOMAIN"),
            Self::Code(code) => code.fmt(formatter),
            Self::Records { count, authoritative } => {
                let s = if *count == 1 { "" } else { "s" };
                write!(formatter, "{count} record{s}{}", authority(authoritative))
            }
            Self::Negative { nxdomain: true, authoritative } => {
                write!(formatter, "NXDOMAIN{}", authority(authoritative))
            }
            Self::Negative { nxdomain: false, authoritative } => {
                write!(formatter, "NODATA{}", authority(authoritative))
            }
        }
    }
}

impl From<String> for Words {
    fn from(words: String) -> Self {
        Self::Made(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_people_know() {
        let shown = [
            Words::Records { count: 2, authoritative: true },
            Words::Records { count: 1, authoritative: false },
            Words::Negative { nxdomain: true, authoritative: true },
            Words::Negative { nxdomain: false, authoritative: false },
            Words::Fixed("no answer"),
        ];
        let shown: Vec<String> = shown.iter().map(Words::to_string).collect();
        let expected = ["2 records", "1 record, without AA", "NXDOMAIN", "NODATA, without AA", "no answer"];
        assert_eq!(shown, expected);
    }
}
