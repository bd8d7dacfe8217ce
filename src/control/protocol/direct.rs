//! The reply to a query to one server.

use serde::{Deserialize, Serialize};

use super::RecordText;

/// The answer of one server, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerSaid {
    /// Why there is no reply; then the other fields but `why` and `elapsed` are empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_heard: Option<NotHeard>,
    /// Like `not_heard`, in words; of a reply, its extended errors (RFC 8914).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The numbers of the extended errors of a reply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_errors: Vec<u16>,
    /// Response code, by its usual name.
    pub rcode: String,
    /// Flags of the header, as dig names them.
    pub flags: Vec<String>,
    /// Whether it has an OPT.
    #[serde(default)]
    pub edns: bool,
    /// Answer section.
    pub answers: Vec<RecordText>,
    /// Authority section.
    pub authority: Vec<RecordText>,
    /// Additional section, without the OPT.
    pub additional: Vec<RecordText>,
    /// Seconds from the message to its reply.
    pub elapsed: f64,
}

/// Why a server gave no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotHeard {
    /// No reply came in time.
    #[serde(rename = "timeout")]
    Silent,
    /// The network or the server refused the message or the connection.
    Unreachable,
    /// The reply does not repeat the case of the name.
    OtherCase,
    /// The reply cannot be read or answers another question.
    #[serde(rename = "invalid")]
    Unfit,
    /// This host has no route to the address family, or does not use it.
    NoRoute,
    /// This host could not send the message, or the configuration forbids it.
    NotSent,
}
