//! What the way of a question tells the record: finished questions, messages to servers, flights and their steps.
//!
//! Plain data; whoever tells does not wait for whoever counts.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Serialize};

use crate::clock::Mono;
use crate::conduct::{Conduct, Transport};
use crate::question::{Outcome, Question};
use crate::validate::verdict::State;

/// A client's question that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Who asked.
    pub client: IpAddr,
    /// What type it asked for.
    pub kind: RecordType,
    /// How it ended.
    pub outcome: Outcome,
    /// From the arrival of its first copy to the reply.
    pub elapsed: Duration,
}

/// One message to one server, and what became of it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Whom it went to.
    pub server: SocketAddr,
    /// The zone it was asked as a server of.
    pub zone: Name,
    /// Whether recursion from the root has led to it.
    pub found: bool,
    /// How it went.
    pub transport: Transport,
    /// What the server did.
    pub conduct: Conduct,
    /// From sending to that.
    pub elapsed: Duration,
}

/// A message to a server that is not answered yet, though it should be.
#[derive(Clone, Copy, Debug)]
pub struct Overdue<'a> {
    /// Whom it went to.
    pub server: SocketAddr,
    /// The zone it was asked as a server of.
    pub zone: &'a Name,
    /// Whether recursion from the root has led to it.
    pub found: bool,
    /// When it was sent.
    pub sent: Mono,
}

/// A flight that has ended: all that was done for one question, however many waited for it.
#[derive(Clone, Debug)]
pub struct FlightEnded<'a> {
    /// What was asked.
    pub question: &'a Question,
    /// The deepest zone whose servers it asked; none where memory was enough.
    pub zone: Option<Name>,
    /// Why it failed, where it did.
    pub failed: Option<Lost>,
    /// What validation came to; none where nothing was validated.
    pub state: Option<State>,
    /// From its begin to its end.
    pub elapsed: Duration,
    /// How long its clients wait: what is found later has reached none of those that asked first.
    pub patience: Duration,
    /// Messages sent for it, sub-questions included.
    pub packets: u32,
}

/// Why a flight failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// A sentence.
    pub why: String,
    /// What it shows.
    pub shows: Shows,
    /// Whether the operator has named the zone's servers.
    pub configured: bool,
    /// Servers that did wrong, and what each did last.
    pub servers: Vec<(IpAddr, Conduct)>,
}

/// What a failure shows of the zone whose servers were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nobody has said anything: the zone's servers are silent, or our own network is down.
    Silence,
    /// Its servers have answered, with nothing that helps.
    NoHelp,
    /// What its servers say is not what its owner has signed.
    Bogus,
    /// Whether it is could not be found out: the keys did not come, because of the zone or of our own network.
    Unchecked,
    /// It is a DNS list, which is told of as a list.
    List,
    /// The answer was found, too late for those who asked.
    Late,
}

/// One step on the way of a flight, for `resolverctl query --trace`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Microseconds since the flight began.
    pub at_micros: u64,
    /// How deep in sub-questions: 0 is the client's own.
    pub depth: u8,
    /// What happened.
    #[serde(flatten)]
    pub event: StepEvent,
}

/// What happened in a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepEvent {
    /// A question, or a sub-question at a depth, was begun.
    Question {
        /// Name asked for.
        name: String,
        /// Type asked for.
        #[serde(rename = "type")]
        kind: String,
    },
    /// Memory had it.
    Memory {
        /// What was found there.
        found: String,
    },
    /// The closest zone known, and where its servers are asked next.
    Cut {
        /// The zone.
        zone: String,
        /// Servers whose addresses are known.
        addresses: usize,
    },
    /// Its servers are asked for a part of the name alone (RFC 9156).
    Probe {
        /// The part.
        name: String,
    },
    /// A message was sent.
    Sent {
        /// Whom to.
        server: String,
        /// How.
        transport: Transport,
        /// Why this server, now: `first`, `race`, `timer`, `next`, `address`, `without_edns`, `truncated`, `other_case`,
        /// `own_case`.
        reason: String,
    },
    /// A server's message came, or will not come any more.
    Received {
        /// From whom.
        server: String,
        /// What the server did.
        conduct: Conduct,
        /// From sending, in microseconds.
        round_trip_micros: u64,
        /// What it said, in a few words.
        said: String,
    },
    /// Records were dropped that the server had no authority to give, or nobody asked for.
    Scrubbed {
        /// How many.
        dropped: usize,
    },
    /// Data, or a zone's keys, were checked.
    Checked {
        /// What.
        subject: String,
        /// What it came to.
        state: State,
        /// Why it is not secure, where there is more to say.
        why: Option<String>,
    },
    /// A referral was taken.
    Referral {
        /// The zone referred to.
        zone: String,
    },
    /// None of a zone's servers known so far serves it: its parent is asked for others.
    Outdated {
        /// The zone.
        zone: String,
    },
    /// A CNAME or DNAME leads on.
    Alias {
        /// Where to.
        target: String,
    },
    /// The question, or the sub-question, ended.
    Ended {
        /// With what.
        result: String,
    },
}
