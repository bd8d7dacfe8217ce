//! The notes of a trail, which is the list of the steps of a resolution (flight). A note is one step as data; it becomes text when somebody
//! reads it.
//!
//! Each frequent kind of step has a variant without text. A rare step is stored with its text in `Event`.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::event::{DsFact, DsSource, KeyFact, StepEvent};
use dns::conduct::{Conduct, Transport};
use dns::question::{kind_text, name_text};
use validate::verdict::SecurityStatus;

/// A step of a resolution. A frequent step is stored as data, which become text only when somebody reads the step. `StepEvent` documents the
/// variants.
#[derive(Clone, Debug)]
pub enum Note {
    /// See `StepEvent::Question`.
    Question {
        /// The name of the question.
        name: Name,
        /// The type of the question.
        kind: RecordType,
    },
    /// See `StepEvent::Cut`.
    Cut {
        /// The name of the zone.
        zone: Name,
        /// How many servers of the zone have known addresses.
        addresses: usize,
    },
    /// See `StepEvent::Sent`.
    Sent {
        /// The server's address.
        server: IpAddr,
        /// The transport of the query.
        transport: Transport,
        /// Why this server is asked now, in one word (see `StepEvent::Sent`).
        reason: &'static str,
        /// The server's usual round trip, if it is known.
        usual: Option<Duration>,
        /// True if the query is for the DNSKEY records of a zone.
        keys: bool,
        /// Name and type of the query; none if they are those of the first question of the trail.
        asked: Option<Box<(Name, RecordType)>>,
        /// The zone for which the server is a forwarder; none if it is no forwarder.
        forwards: Option<Box<Name>>,
    },
    /// See `StepEvent::Unanswered`.
    Unanswered {
        /// The server's address.
        server: IpAddr,
        /// Since the query was sent.
        elapsed: Duration,
    },
    /// See `StepEvent::Received`.
    Received {
        /// The server's address.
        server: IpAddr,
        /// The server's behaviour, for instance an answer or an error.
        conduct: Conduct,
        /// From the query to the reply.
        elapsed: Duration,
        /// A summary of the reply, in a few words.
        said: Words,
    },
    /// See `StepEvent::Checked`.
    Checked {
        /// The owner name of the validated data.
        name: Name,
        /// The type of the validated data.
        kind: RecordType,
        /// The result.
        state: SecurityStatus,
        /// Why the result is not secure, if the reason is known.
        why: Option<String>,
    },
    /// See `StepEvent::Scrubbed`.
    Scrubbed {
        /// The number of removed records.
        dropped: usize,
        /// The first removed records.
        records: Vec<Record>,
    },
    /// See `StepEvent::PrivateRemoved`.
    PrivateRemoved {
        /// The number of removed addresses.
        dropped: usize,
        /// The first removed records.
        records: Vec<Record>,
    },
    /// See `StepEvent::Ds`.
    Ds {
        /// The zone.
        zone: Name,
        /// Its DS records.
        records: Vec<DsFact>,
        /// Where the DS records come from: the parent zone, or a trust anchor.
        from: DsSource,
    },
    /// See `StepEvent::Dnskey`.
    Dnskey {
        /// The zone.
        zone: Name,
        /// Its DNSKEY records.
        records: Vec<KeyFact>,
        /// The server that sent them; none if they were in the cache.
        server: Option<IpAddr>,
    },
    /// See `StepEvent::Ended`.
    Ended {
        /// A summary of the answer, or why there is none.
        result: Words,
    },
    /// Any other step.
    Event(StepEvent),
}

/// A few words about a step, which become text only when they are read.
#[derive(Clone, Debug)]
pub enum Words {
    /// A constant of the program.
    Fixed(&'static str),
    /// Text that was made when the step was noted.
    Made(String),
    /// The response code of a reply.
    Code(ResponseCode),
    /// The answer contains records.
    Records {
        /// Their number.
        count: usize,
        /// True if the reply had the AA flag.
        authoritative: bool,
    },
    /// A negative answer.
    Negative {
        /// True for NXDOMAIN, false for NODATA.
        nxdomain: bool,
        /// True if the reply had the AA flag.
        authoritative: bool,
    },
}

impl Note {
    pub(crate) fn step_event(&self) -> StepEvent {
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

/// Returns a record as text, without its TTL and class. Of a signature, only the covered type, the signer and the key tag are shown.
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
