//! The key of a question: the octets under which its answer, its resolution (flight) and its failure are stored.

use std::borrow::Borrow;
use std::fmt;

use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::client::{Question, ViewId};
use super::names::wire_name;

/// The class IN (RFC 1035 section 3.2.4). resolverd serves no other class.
const CLASS_IN: u16 = 1;

/// The octets of the key: the name in lower-case wire form, the type, the class, one octet of flags, and the view. The flags are DO (bit 0)
/// and CD (bit 1). The bits 2 to 7 are zero in keys of clients' questions; other cache entries, such as delegations, use them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct QuestionKey(Box<[u8]>);

impl Question {
    /// Returns the key for the answer to this question, its resolution (flight) and its failure.
    pub fn key(&self) -> QuestionKey {
        let mut bytes = wire_name(&self.name);
        let flags = u8::from(self.dnssec_ok) | u8::from(self.checking_disabled) << 1;
        push_tail(&mut bytes, self.kind, flags, self.view);
        QuestionKey(bytes.into_boxed_slice())
    }
}

impl QuestionKey {
    /// The number of octets after the name: type, class, flags and view.
    pub const TAIL: usize = 9;

    /// Creates a key from octets that already have the form of a key.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Returns the key of a question that resolverd itself asks during recursion or validation. The failure of such a question is stored
    /// separately from the failure of a client's question.
    pub fn of_sub_question(name: &Name, kind: RecordType, view: ViewId) -> Self {
        let mut bytes = wire_name(name);
        push_tail(&mut bytes, kind, OF_SUB_QUESTIONS, view);
        Self(bytes.into())
    }

    /// Returns all octets of the key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the name, in lower-case wire form.
    pub fn name(&self) -> &[u8] {
        self.0.get(..self.0.len().saturating_sub(Self::TAIL)).unwrap_or_default()
    }

    /// Returns the record type.
    pub fn kind(&self) -> RecordType {
        match self.tail() {
            Some([high, low, ..]) => RecordType::from(u16::from_be_bytes([*high, *low])),
            None => RecordType::ZERO,
        }
    }

    /// Returns the octet of flags, such as DO (bit 0) and CD (bit 1).
    pub fn flags(&self) -> u8 {
        self.tail().map_or(0, |[_, _, _, _, flags, ..]| *flags)
    }

    /// Returns the view.
    pub fn view(&self) -> ViewId {
        self.tail()
            .map_or_else(ViewId::default, |[_, _, _, _, _, view @ ..]| ViewId(u32::from_be_bytes(*view)))
    }

    fn tail(&self) -> Option<&[u8; Self::TAIL]> {
        self.0.last_chunk()
    }

    /// Returns the question, or `None` if the key does not belong to a client's question.
    pub fn question(&self) -> Option<Question> {
        let name = Name::read(&mut BinDecoder::new(self.name())).ok()?;
        let (dnssec_ok, checking_disabled) = (self.flags() & 1 != 0, self.flags() & 2 != 0);
        Some(Question { name, kind: self.kind(), dnssec_ok, checking_disabled, view: self.view() })
    }
}

impl Borrow<[u8]> for QuestionKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for QuestionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "QuestionKey({} octets, {})", self.0.len(), self.kind())
    }
}

/// The flag in the keys of questions that resolverd itself asks during recursion or validation.
const OF_SUB_QUESTIONS: u8 = 0x10;

/// Appends the octets that follow the name. The class is IN.
pub fn push_tail(bytes: &mut Vec<u8>, kind: RecordType, flags: u8, view: ViewId) {
    bytes.extend_from_slice(&tail(kind, flags, view));
}

/// Returns the octets that follow the name: type, class IN, flags and view.
pub fn tail(kind: RecordType, flags: u8, view: ViewId) -> [u8; QuestionKey::TAIL] {
    let ([one, two], [three, four]) = (u16::from(kind).to_be_bytes(), CLASS_IN.to_be_bytes());
    let [six, seven, eight, nine] = view.octets();
    [one, two, three, four, flags, six, seven, eight, nine]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_key_ignores_case_only() {
        let lower = Question::new(&Name::from_ascii("mail.example.").unwrap(), RecordType::MX);
        let upper = Question::new(&Name::from_ascii("MAIL.Example.").unwrap(), RecordType::MX);
        assert_eq!(lower.key(), upper.key());
        assert_eq!(lower.key().kind(), RecordType::MX);
        assert_eq!(lower.key().name(), b"\x04mail\x07example\x00");
        let signed = Question { dnssec_ok: true, ..lower.clone() };
        let unchecked = Question { checking_disabled: true, ..lower.clone() };
        assert_ne!(lower.key(), signed.key());
        assert_ne!(signed.key(), unchecked.key());
        let elsewhere = Question { view: ViewId(0x0102_0304), ..lower.clone() };
        for question in [lower, signed, unchecked, elsewhere] {
            assert_eq!(question.key().question(), Some(question));
        }
    }
}
