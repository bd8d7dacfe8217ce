//! What is noted on a trail: a step as data, and its words for people.
//!
//! What happens on the way of every miss has a form of its own, which costs no words; what is rare is noted as it is told.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::event::StepEvent;
use crate::conduct::{Conduct, Transport};
use crate::validate::verdict::State;

/// A step as it is noted; see `StepEvent` for what each means.
#[derive(Clone, Debug)]
pub enum Note {
    /// See `StepEvent::Question`.
    Question {
        /// Name asked for.
        name: Name,
        /// Type asked for.
        kind: RecordType,
    },
    /// See `StepEvent::Cut`.
    Cut {
        /// The zone.
        zone: Name,
        /// Servers whose addresses are known.
        addresses: usize,
    },
    /// See `StepEvent::Sent`.
    Sent {
        /// Whom to.
        server: IpAddr,
        /// How.
        transport: Transport,
        /// Why this server, now.
        reason: &'static str,
    },
    /// See `StepEvent::Received`.
    Received {
        /// From whom.
        server: IpAddr,
        /// What the server did.
        conduct: Conduct,
        /// From sending.
        elapsed: Duration,
        /// What it said.
        said: Words,
    },
    /// See `StepEvent::Checked`: data.
    Checked {
        /// Their owner.
        name: Name,
        /// Their type.
        kind: RecordType,
        /// What it came to.
        state: State,
        /// Why it is not secure, where there is more to say.
        why: Option<String>,
    },
    /// See `StepEvent::Ended`.
    Ended {
        /// With what.
        result: Words,
    },
    /// What is rare.
    Told(StepEvent),
}

/// A few words, made when they are wanted.
#[derive(Clone, Debug)]
pub enum Words {
    /// Always the same.
    Fixed(&'static str),
    /// Already made.
    Made(String),
    /// A response code.
    Code(ResponseCode),
    /// An answer with so many records.
    Records {
        /// How many.
        count: usize,
        /// Whether it was said with AA.
        authoritative: bool,
    },
    /// A negative answer.
    Negative {
        /// True: no such name. False: no such type.
        nxdomain: bool,
        /// Whether it was said with AA.
        authoritative: bool,
    },
}

impl Note {
    /// The step as it is told.
    pub(super) fn told(&self) -> StepEvent {
        match self {
            Self::Question { name, kind } => {
                StepEvent::Question { name: name.to_string(), kind: kind.to_string() }
            }
            Self::Cut { zone, addresses } => StepEvent::Cut { zone: zone.to_string(), addresses: *addresses },
            Self::Sent { server, transport, reason } => StepEvent::Sent {
                server: server.to_string(),
                transport: *transport,
                reason: (*reason).to_owned(),
            },
            Self::Received { server, conduct, elapsed, said } => StepEvent::Received {
                server: server.to_string(),
                conduct: *conduct,
                round_trip_micros: u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
                said: said.to_string(),
            },
            Self::Checked { name, kind, state, why } => {
                StepEvent::Checked { subject: format!("{name} {kind}"), state: *state, why: why.clone() }
            }
            Self::Ended { result } => StepEvent::Ended { result: result.to_string() },
            Self::Told(event) => event.clone(),
        }
    }
}

impl From<StepEvent> for Note {
    fn from(event: StepEvent) -> Self {
        Self::Told(event)
    }
}

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = |authoritative: &bool| if *authoritative { "" } else { ", without AA" };
        match self {
            Self::Fixed(words) => formatter.write_str(words),
            Self::Made(words) => formatter.write_str(words),
            Self::Code(code) => code.fmt(formatter),
            Self::Records { count, authoritative } => {
                write!(formatter, "{count} records{}", authority(authoritative))
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
        let told = [
            Words::Records { count: 2, authoritative: true },
            Words::Records { count: 1, authoritative: false },
            Words::Negative { nxdomain: true, authoritative: true },
            Words::Negative { nxdomain: false, authoritative: false },
            Words::Fixed("no answer"),
        ];
        let told: Vec<String> = told.iter().map(Words::to_string).collect();
        let expected = ["2 records", "1 records, without AA", "NXDOMAIN", "NODATA, without AA", "no answer"];
        assert_eq!(told, expected);
    }
}
