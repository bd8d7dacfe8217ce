//! The notes of a trail. A trail is the list of the steps of a resolution (flight) of one question, and a note is one such step as data. It
//! becomes text when somebody reads it.
//!
//! Each frequent kind of step has its own variant, which needs no text. A rare step is stored with its text in `Event`.

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

/// A step of a resolution in the form in which it is noted. `StepEvent` documents the variants.
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
        /// The name of the closest zone in the cache.
        zone: Name,
        /// How many servers of the zone have known addresses.
        addresses: usize,
    },
    /// See `StepEvent::Sent`.
    Sent {
        /// The address of the server to which the query was sent.
        server: IpAddr,
        /// The transport of the query.
        transport: Transport,
        /// Why this server is asked at this time: one word, such as `retry` (see `StepEvent::Sent`).
        reason: &'static str,
        /// The usual round-trip time of the server; none if it is not known yet.
        usual: Option<Duration>,
        /// True if the query asks for the DNSSEC keys of a zone.
        keys: bool,
        /// The name and type of the query; none if they are those of the first question of the trail.
        asked: Option<Box<(Name, RecordType)>>,
        /// The zone for which the server is a forwarder; none for other servers.
        forwards: Option<Box<Name>>,
    },
    /// See `StepEvent::Unanswered`.
    Unanswered {
        /// The address of the server that did not answer.
        server: IpAddr,
        /// The time since the query was sent.
        elapsed: Duration,
    },
    /// See `StepEvent::Received`.
    Received {
        /// The address of the server that was queried.
        server: IpAddr,
        /// The behaviour of the server, for instance an answer or an error.
        conduct: Conduct,
        /// The time from the query to the reply.
        elapsed: Duration,
        /// A summary of the reply, in a few words.
        said: Words,
    },
    /// See `StepEvent::Checked`. Here the name and type of the validated data are separate fields.
    Checked {
        /// The owner name of the validated data.
        name: Name,
        /// The type of the validated data.
        kind: RecordType,
        /// The result of DNSSEC validation.
        state: SecurityStatus,
        /// Why the result is not secure; none if the reason is not known.
        why: Option<String>,
    },
    /// See `StepEvent::Scrubbed`.
    Scrubbed {
        /// The number of records that were removed from the reply.
        dropped: usize,
        /// The first of the records that were removed.
        records: Vec<Record>,
    },
    /// See `StepEvent::PrivateRemoved`.
    PrivateRemoved {
        /// The number of private addresses that were removed from the answer.
        dropped: usize,
        /// The first of the removed address records.
        records: Vec<Record>,
    },
    /// See `StepEvent::Ds`.
    Ds {
        /// The name of the zone to which the DS records belong.
        zone: Name,
        /// The key tag, algorithm and digest type of each DS record.
        records: Vec<DsFact>,
        /// Where the DS records come from: the parent zone, or a trust anchor.
        from: DsSource,
    },
    /// See `StepEvent::Dnskey`.
    Dnskey {
        /// The name of the zone to which the keys belong.
        zone: Name,
        /// The key tag, algorithm and flags of each DNSKEY record.
        records: Vec<KeyFact>,
        /// The server that sent the DNSKEY records; none if they were in the cache.
        server: Option<IpAddr>,
    },
    /// See `StepEvent::Ended`.
    Ended {
        /// The result: a summary of the answer, or why there is none.
        result: Words,
    },
    /// Any other step. Such steps are rare, so they have no variants of their own here.
    Event(StepEvent),
}

/// A few words about a step of a resolution. They become text only when they are read.
#[derive(Clone, Debug)]
pub enum Words {
    /// A text that is a constant of the program.
    Fixed(&'static str),
    /// A text that was made when the step happened.
    Made(String),
    /// The response code of a reply.
    Code(ResponseCode),
    /// The answer contains records.
    Records {
        /// The number of records in the answer.
        count: usize,
        /// True if the reply had the AA flag.
        authoritative: bool,
    },
    /// The answer is negative: the name does not exist, or has no records of the type.
    Negative {
        /// True if the name does not exist; false if only the type does not exist.
        nxdomain: bool,
        /// True if the reply had the AA flag.
        authoritative: bool,
    },
}

impl Note {
    /// Returns the step of the resolution in the form for readers, with texts.
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

/// Returns a record as text, without its TTL and class. Of a signature, only the covered type, the signer and the key tag are shown, because the rest
/// is of no use to a reader.
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
