//! The types for a question of a client: the question, its key, the answer, and the outcome.
//!
//! Names are compared without case (RFC 1035 section 2.3.3, RFC 4343). A key has the name in lower-case wire form, so a lookup in
//! the cache compares octets and decodes no name.
//!
//! # Decisions
//!
//! - A key contains name, type, class, DO, CD and the view. A key does not contain AD, because the stored security of the answer
//!   decides whether a reply has AD.
//! - Each question has exactly one outcome and is counted once, so the sum of the outcomes is the number of questions. Dropped,
//!   denied and repeated queries are counted separately.
//! - Names for lookups are in wire form on the stack, because memory on the heap makes a cache miss slower
//!   (`benches/compare/instructions.sh` counts the instructions).

mod answer;
mod client;
mod extended_error;
mod key;
pub mod marks;
mod names;
mod outcome;
mod server_query;

pub use answer::{Answer, ListMark, ListSays, Security};
pub use client::{Client, ClientTransport, Question, ViewId};
pub use extended_error::ExtendedError;
pub use key::{QuestionKey, push_tail, tail};
pub use names::{
    FirstLabels, MAX_LABEL, MAX_NAME, WireName, is_name, is_wire_of, is_within, kind_text, label_places,
    lies_within, name_of_wire, name_text, put_wire, same_name, wire_name, zone_text,
};
pub use outcome::{Apart, DnsResult, Outcome};
pub use server_query::{QueryForm, ServerQuery, is_without_records};
