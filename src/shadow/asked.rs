//! A question that a program on this host has asked the resolver of the host.

use hickory_proto::rr::{Name, RecordType};
use serde::{Serialize, Serializer};

use dns::question::ViewId;
use dns::wire::presentation::{kind_text, name_text, read_name};
use dns::wire::query::Query;

use super::capture::Skipped;

/// A DNS question, with those flags that may change its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AskedQuestion {
    /// The name that was asked for: lower case, with its last dot.
    pub name: String,
    /// The record type of the question.
    #[serde(rename = "type", serialize_with = "as_text")]
    pub kind: RecordType,
    /// The DO flag: the client wants DNSSEC records (RFC 3225).
    pub dnssec_ok: bool,
    /// The CD flag: the client does not want the answer to be validated (RFC 4035 section 3.2.2).
    pub checking_disabled: bool,
}

impl AskedQuestion {
    /// Creates a question from a name and a type in a log. The last dot of the name may be missing.
    pub(super) fn from_words(name: &str, kind: RecordType) -> Option<Self> {
        let mut name = read_name(name)?;
        name.set_fqdn(true);
        Some(Self { name: text_of(&name), kind, dnssec_ok: false, checking_disabled: false })
    }

    /// Parses the question in a DNS message.
    ///
    /// # Errors
    /// Fails if the DNS message is not a query of a client.
    pub fn from_message(octets: &[u8]) -> Result<Self, Skipped> {
        if octets.get(2).is_some_and(|flags| flags & 0x80 != 0) {
            return Err(Skipped::NoQuery);
        }
        let query = Query::read(octets, ViewId::default()).map_err(|_| Skipped::Unreadable)?;
        if !query.recursion_desired {
            return Err(Skipped::NoQuery);
        }
        let question = query.to_question().ok_or(Skipped::Unreadable)?;
        let (dnssec_ok, checking_disabled) = (question.dnssec_ok, question.checking_disabled);
        Self { name: text_of(&question.name), kind: question.kind, dnssec_ok, checking_disabled }.compared()
    }

    /// Fails for types that no record can have, such as ANY: answers to them cannot be compared.
    pub(super) fn compared(self) -> Result<Self, Skipped> {
        match u16::from(self.kind) {
            0 | 41 | 128..=255 => Err(Skipped::TypeNotCompared),
            _ => Ok(self),
        }
    }

    /// Returns the record type as text, such as `MX`.
    pub fn kind_text(&self) -> String {
        kind_text(self.kind)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of serde")]
fn as_text<S: Serializer>(kind: &RecordType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&kind_text(*kind))
}

fn text_of(name: &Name) -> String {
    name_text(name).to_ascii_lowercase()
}
