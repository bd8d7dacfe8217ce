//! The types of a question on its way: the question, its key, the answer, and the outcome.
//!
//! Names are compared without case (RFC 1035 section 2.3.3, RFC 4343). A key holds the name in lower-case wire form,
//! so that the hit path compares octets and never decodes a name.
//!
//! # Decisions
//!
//! - A key has name, type, class, DO, CD and the view of the listener. AD is not a part of it: it follows from the
//!   stored verdict.
//! - Each question ends in one outcome of a closed list and is counted once, so that the outcomes add up to the
//!   questions. Dropped, denied and repeated queries are counted apart.
//! - Names are in wire form where they are looked up, and names of lookups are on the stack instead of the heap. This
//!   and cheaper shares of flights took a miss from 136 600 to 88 600 user instructions (callgrind; Unbound: 62 500).
//!   One lookup where there were several, and fewer channels, copies and clock reads, took it from 84 100 to 66 800
//!   (`benches/compare/instructions.sh`).

pub mod ahead;
mod answer;
mod extended_error;
mod key;
mod names;
mod outcome;
pub mod renewal;
#[cfg(test)]
pub(crate) mod stage;

use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};

pub use answer::{Answer, ListMark, ListSays, Security};
pub use extended_error::ExtendedError;
pub use key::{QuestionKey, push_tail, tail};
pub use names::{
    MAX_NAME, WireName, is_name, is_wire_of, is_within, label_places, lies_within, name_of_wire, put_wire,
    same_name, wire_name,
};
pub use outcome::{Apart, Outcome};

/// A question of class IN. The client's spelling stays with the listener; names here are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Owner name asked for, lower case, absolute.
    pub name: Name,
    /// Type asked for.
    pub kind: RecordType,
    /// DO (RFC 3225): the client wants signatures and proofs.
    pub dnssec_ok: bool,
    /// CD (RFC 4035 section 3.2.2): the client validates for itself.
    pub checking_disabled: bool,
    /// The view of the listener that it came to.
    pub view: ViewId,
}

/// The set of zones and policies that a client sees. Memory is separated by it, in the key's last four octets. Ids
/// are given in order and never twice while the daemon runs; the first is that of `[listen]` at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewId(u32);

impl ViewId {
    /// Its number, from 0.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The next one; none after the last.
    pub fn following(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The octets that end a key.
    pub const fn octets(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl Question {
    /// A plain question: no DO, no CD.
    pub fn new(name: &Name, kind: RecordType) -> Self {
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        Self { name, kind, dnssec_ok: false, checking_disabled: false, view: ViewId::default() }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.kind)
    }
}

/// The client of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// The id of its message: with address and port it separates a repeat from a new question.
    pub id: u16,
}
