//! A query that the operator sends to one server, to compare the servers of a zone.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::names::{kind_text, name_text};
use crate::wire::presentation::read_name;
use crate::zone_file;

/// How a query of the operator is sent: over UDP or TCP, with or without EDNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryForm {
    /// UDP with EDNS (RFC 6891).
    Udp,
    /// TCP with EDNS (RFC 7766) and the RD flag. Authoritative servers ignore RD. Some servers that offer recursion show it (with
    /// the flag RA) only in replies to queries with RD.
    Tcp,
    /// UDP without EDNS.
    Plain,
    /// UDP with EDNS, and a name in mixed case (0x20).
    MixedCase,
    /// To a resolver, over UDP with EDNS and RD.
    Recursive,
    /// To a resolver, over TCP with EDNS and RD.
    RecursiveTcp,
}

impl QueryForm {
    /// Returns the same form over TCP, or `None` if this form already uses TCP.
    pub const fn over_tcp(self) -> Option<Self> {
        match self {
            Self::Tcp | Self::RecursiveTcp => None,
            Self::Recursive => Some(Self::RecursiveTcp),
            Self::Udp | Self::Plain | Self::MixedCase => Some(Self::Tcp),
        }
    }
}

/// A query that the operator sends to one server. In JSON, its name and its type are texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerQuery {
    /// The address of the server.
    pub server: IpAddr,
    /// The port of the server; `None` means `resolve.upstream_port`.
    pub port: Option<u16>,
    /// The name that is asked for.
    #[serde(serialize_with = "write_name", deserialize_with = "name")]
    pub name: Name,
    /// The record type that is asked for.
    #[serde(rename = "type", serialize_with = "write_kind", deserialize_with = "kind")]
    pub kind: RecordType,
    /// The form of the query.
    pub form: QueryForm,
}

impl ServerQuery {
    /// Creates a query for `name`, which has a final dot, and `kind`, a record type as in zone files. Returns `None` if such a query cannot be
    /// sent.
    pub fn new(
        (server, port): (IpAddr, Option<u16>),
        (name, kind): (&str, &str),
        form: QueryForm,
    ) -> Option<Self> {
        Some(Self { server, port, name: absolute(name)?, kind: asked(kind)?, form })
    }
}

/// Returns true for types that only the protocol uses, such as OPT and AXFR (RFC 6895 section 3.1): no zone has such records.
/// Returns false for ANY, because a query may ask for ANY.
pub fn is_without_records(kind: RecordType) -> bool {
    matches!(u16::from(kind), 0 | 41 | 128..=254)
}

fn absolute(text: &str) -> Option<Name> {
    read_name(text).filter(Name::is_fqdn)
}

fn asked(text: &str) -> Option<RecordType> {
    zone_file::kind(text).filter(|kind| !is_without_records(*kind))
}

fn write_name<S: Serializer>(name: &Name, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&name_text(name))
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    let name = absolute(&String::deserialize(deserializer)?);
    name.ok_or_else(|| D::Error::custom("a name with its last dot is missing"))
}

fn write_kind<S: Serializer>(kind: &RecordType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&kind_text(*kind))
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RecordType, D::Error> {
    let kind = asked(&String::deserialize(deserializer)?);
    kind.ok_or_else(|| D::Error::custom("no name has records of the type"))
}
