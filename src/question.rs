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
//!   One lookup where there were several, and no channel, copy or clock that nobody needs, took it from 84 100 to
//!   66 800 (`benches/compare/instructions.sh`).

pub mod renewal;

use std::borrow::Borrow;
use std::fmt;
use std::net::IpAddr;
use std::ops::Deref;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
use serde::{Deserialize, Serialize};

use crate::clock::Mono;
use renewal::RenewalMark;

/// Class IN (RFC 1035 section 3.2.4): the only one we serve.
const CLASS_IN: u16 = 1;

/// The longest name on the wire (RFC 1035 section 2.3.4).
pub const MAX_NAME: usize = 255;

/// The longest label (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

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

    /// The key of its answer, flight and failure.
    pub fn key(&self) -> QuestionKey {
        let mut bytes = wire_name(&self.name);
        let flags = u8::from(self.dnssec_ok) | u8::from(self.checking_disabled) << 1;
        push_tail(&mut bytes, self.kind, flags, self.view);
        QuestionKey(bytes.into_boxed_slice())
    }
}

impl fmt::Display for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.kind)
    }
}

/// Lower-case wire name, type, class, then one octet of flags: DO (bit 0) and CD (bit 1) of a question, and marks of
/// tables (bits 2 to 7); then the view.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct QuestionKey(Box<[u8]>);

impl QuestionKey {
    /// Octets after the name: type, class, flags, view.
    pub const TAIL: usize = 9;

    /// A key read off the wire by `wire::query`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The key of a sub-question, which recursion or the chain of trust asks: its failures are kept apart from clients'.
    pub fn of_sub_question(name: &Name, kind: RecordType, view: ViewId) -> Self {
        let mut bytes = wire_name(name);
        push_tail(&mut bytes, kind, OF_SUB_QUESTIONS, view);
        Self(bytes.into())
    }

    /// The key's octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The lower-case wire name within the key.
    pub fn name(&self) -> &[u8] {
        self.0.get(..self.0.len().saturating_sub(Self::TAIL)).unwrap_or_default()
    }

    /// The type within the key.
    pub fn kind(&self) -> RecordType {
        match self.tail() {
            Some([high, low, ..]) => RecordType::from(u16::from_be_bytes([*high, *low])),
            None => RecordType::ZERO,
        }
    }

    /// The octet after type and class.
    pub fn flags(&self) -> u8 {
        self.tail().map_or(0, |[_, _, _, _, flags, ..]| *flags)
    }

    /// The view.
    pub fn view(&self) -> ViewId {
        self.tail()
            .map_or_else(ViewId::default, |[_, _, _, _, _, view @ ..]| ViewId(u32::from_be_bytes(*view)))
    }

    fn tail(&self) -> Option<&[u8; Self::TAIL]> {
        self.0.last_chunk()
    }

    /// The question of this key; none if the key is not that of a question.
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

/// The bit of a key's flags that separates sub-questions from clients' questions.
const OF_SUB_QUESTIONS: u8 = 0x10;

/// Appends the octets after the name of a key of class IN.
pub fn push_tail(bytes: &mut Vec<u8>, kind: RecordType, flags: u8, view: ViewId) {
    bytes.extend_from_slice(&tail(kind, flags, view));
}

/// The octets after the name of a key of class IN.
pub fn tail(kind: RecordType, flags: u8, view: ViewId) -> [u8; QuestionKey::TAIL] {
    let ([one, two], [three, four]) = (u16::from(kind).to_be_bytes(), CLASS_IN.to_be_bytes());
    let [six, seven, eight, nine] = view.octets();
    [one, two, three, four, flags, six, seven, eight, nine]
}

/// A name in lower-case wire form, without compression.
pub fn wire_name(name: &Name) -> Vec<u8> {
    WireName::of(name).to_vec()
}

/// The same in place: no allocation for a name that is looked up and forgotten.
#[derive(Clone)]
pub struct WireName {
    octets: [u8; MAX_NAME],
    length: usize,
}

impl WireName {
    /// The wire form of `name`.
    pub fn of(name: &Name) -> Self {
        let mut octets = [0; MAX_NAME];
        let length = put_wire(name, &mut octets);
        Self { octets, length }
    }
}

/// Whether octets are the wire form of `name`, an absolute one, without case.
pub fn is_wire_of(octets: &[u8], name: &Name) -> bool {
    let mut left = octets;
    for label in name.iter() {
        let Some((own, behind)) = left.split_at_checked(label.len().saturating_add(1)) else { return false };
        let own = own.split_first().filter(|(length, _)| usize::from(**length) == label.len());
        if !own.is_some_and(|(_, own)| own.eq_ignore_ascii_case(label)) {
            return false;
        }
        left = behind;
    }
    left == [0]
}

/// Writes a name in lower-case wire form to the begin of `octets`, which are zeros and have room for the longest
/// name; returns its length.
pub fn put_wire(name: &Name, octets: &mut [u8]) -> usize {
    let (mut left, mut length) = (&mut *octets, 1_usize);
    for label in name.iter() {
        // A name has at most 255 octets, and a label 63 (RFC 1035 section 2.3.4); `Name` holds to that.
        let Some((first, rest)) = left.split_first_mut() else { break };
        let Some((into, behind)) = rest.split_at_mut_checked(label.len()) else { break };
        *first = u8::try_from(label.len()).unwrap_or(0);
        into.copy_from_slice(label);
        length = length.saturating_add(label.len()).saturating_add(1);
        left = behind;
    }
    // The root's label is there already. No length is a letter: lengths end at 63.
    let length = length.min(MAX_NAME);
    octets.get_mut(..length).unwrap_or_default().make_ascii_lowercase();
    length
}

impl Deref for WireName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// Whether two absolute names are equal without case. The library compares them by label from the right and by
/// letter, which takes several times as long.
pub fn same_name(one: &Name, other: &Name) -> bool {
    let (one, other) = (one.iter(), other.iter());
    one.len() == other.len() && one.zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Whether `name` is at or below `zone`, both absolute, without case.
pub fn lies_within(name: &Name, zone: &Name) -> bool {
    let (mut labels, zone) = (name.iter(), zone.iter());
    let Some(below) = labels.len().checked_sub(zone.len()) else { return false };
    // `skip` would look at each label twice.
    for _ in 0..below {
        labels.next();
    }
    labels.zip(zone).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The name of a wire form; the root if it is none.
pub fn name_of_wire(wire: &[u8]) -> Name {
    Name::read(&mut BinDecoder::new(wire)).unwrap_or_default()
}

/// Whether octets are exactly one name in wire form, without compression.
pub fn is_name(octets: &[u8]) -> bool {
    let (mut left, mut fits) = (octets, octets.len() <= MAX_NAME);
    while let Some((length, rest)) = left.split_first().filter(|_| fits) {
        if *length == 0 {
            return rest.is_empty();
        }
        fits = usize::from(*length) <= MAX_LABEL;
        left = rest.get(usize::from(*length)..).unwrap_or_default();
    }
    false
}

/// The begins of the labels of a name in wire form, from the left, without the root's.
pub fn label_places(wire: &[u8]) -> impl Iterator<Item = usize> {
    let length = |place: usize| wire.get(place).copied().map(usize::from).filter(|length| *length > 0);
    let first = length(0).map(|_| 0_usize);
    std::iter::successors(first, move |place: &usize| {
        let next = place.saturating_add(length(*place)?).saturating_add(1);
        length(next).map(|_| next)
    })
}

/// Whether a name is at or below `zone`, both in wire form.
pub fn is_within(name: &[u8], zone: &[u8]) -> bool {
    let Some(begin) = name.len().checked_sub(zone.len()) else { return false };
    let cut = zone == [0] || label_places(name).any(|place| place == begin);
    cut && name.get(begin..) == Some(zone)
}

/// The security of an answer, or of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Nobody has checked it.
    #[default]
    Unchecked,
    /// Signed, and the chain from a trust anchor holds.
    Secure,
    /// Provably unsigned, or excluded from validation.
    Insecure,
}

impl Security {
    /// The security of two parts of one answer together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unchecked, _) | (_, Self::Unchecked) => Self::Unchecked,
            (Self::Insecure, _) | (_, Self::Insecure) => Self::Insecure,
            (Self::Secure, Self::Secure) => Self::Secure,
        }
    }
}

/// An answer as the octets to send, kept in memory and handed to waiters.
///
/// The octets are a whole message without OPT: id 0, the question in lower case, names compressed onto it. The
/// client's spelling, written over the question, then reaches the owner names too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Header, question, answer and authority sections.
    pub wire: Box<[u8]>,
    /// Offsets of the TTL fields in `wire`.
    pub ttl_offsets: Box<[u16]>,
    /// Response code of the header.
    pub rcode: ResponseCode,
    /// The moment at which the TTLs in `wire` were true.
    pub stored: Mono,
    /// The moment at which the first TTL ends. Not after `stored` if the answer must not be kept (TTL 0).
    pub expires: Mono,
    /// An extended error that belongs to the answer (RFC 8914), mostly of failures.
    pub extended_error: Option<ExtendedError>,
    /// Its security: secure sets AD for clients that understand it.
    pub security: Security,
    /// The DNS list that it came from, if any, and what the list said.
    pub list: Option<ListMark>,
    /// Whether somebody renews it.
    pub renewal: RenewalMark,
}

/// The DNS list that an answer came from, and what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMark {
    /// The list's number: `dnsbl::table`.
    pub list: u32,
    /// The answer of the list.
    pub says: ListSays,
}

/// The answer of a DNS list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSays {
    /// Listed.
    Listed,
    /// Not listed.
    NotListed,
    /// Neither: it refused, is no longer a list, or did not answer.
    Untold,
}

impl Answer {
    /// Whether it may answer a question now.
    pub fn is_fresh(&self, now: Mono) -> bool {
        now < self.expires
    }

    /// Whether it denies the name, or the type at the name (RFC 2308).
    pub fn is_negative(&self) -> bool {
        let answers = self.wire.get(6..8);
        self.rcode == ResponseCode::NXDomain || answers == Some(&[0, 0])
    }
}

/// An extended DNS error (RFC 8914): a code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    /// INFO-CODE, section 5.2 and the registry of IANA.
    pub code: u16,
    /// EXTRA-TEXT: one sentence, never a secret.
    pub text: String,
}

impl ExtendedError {
    /// Other Error (RFC 8914 section 4.1).
    pub const OTHER: u16 = 0;
    /// Stale Answer (RFC 8914 section 4.4): its TTL is over, and no server answered.
    pub const STALE_ANSWER: u16 = 3;
    /// DNSSEC Indeterminate (RFC 8914 section 4.6): the chain of trust could not be had.
    pub const INDETERMINATE: u16 = 5;
    /// Cached Error (RFC 8914 section 4.14): the failure of a moment ago.
    pub const CACHED_ERROR: u16 = 13;
    /// Not Ready (RFC 8914 section 4.15): a bound is reached, or the daemon is ending.
    pub const NOT_READY: u16 = 14;
    /// Filtered (RFC 8914 section 4.18): held back here by the operator's settings.
    pub const FILTERED: u16 = 17;
    /// Prohibited (RFC 8914 section 4.19): the client is not in `listen.allow`.
    pub const PROHIBITED: u16 = 18;
    /// Not Authoritative (RFC 8914 section 4.21): recursion is necessary and was not asked for.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// Not Supported (RFC 8914 section 4.22): an operation or class that we do not serve.
    pub const NOT_SUPPORTED: u16 = 21;
    /// No Reachable Authority (RFC 8914 section 4.23).
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// Network Error (RFC 8914 section 4.24).
    pub const NETWORK_ERROR: u16 = 23;

    /// Whether it comes from validation (RFC 8914 sections 4.2 to 4.13 and RFC 9276 section 3.2): a client gets the
    /// same error while the failure is remembered.
    pub fn is_of_validation(&self) -> bool {
        matches!(self.code, 1 | 2 | 5..=12 | 27)
    }

    /// Whether no server gave a usable answer, and none denied it: a stale answer may replace it. SERVFAIL and
    /// REFUSED of all servers are no answer (RFC 8767 section 4); a bogus answer is one.
    pub fn is_lack_of_answer(&self) -> bool {
        matches!(self.code, Self::INDETERMINATE | Self::NO_REACHABLE_AUTHORITY | Self::NETWORK_ERROR)
    }

    /// An error with its sentence.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// The outcome of a client's question. Each question has one of these, counted once; their sum is the number of
/// questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered from memory; no server was asked.
    Cache,
    /// Answered by a flight that another question had begun.
    Shared,
    /// Answered by a flight of its own, which asked servers.
    Upstream,
    /// Answered from memory past the TTL, as no server answered (RFC 8767).
    Stale,
    /// SERVFAIL: the flight ended in failure.
    Failed,
    /// SERVFAIL: the flight ended in failure a moment ago (RFC 9520).
    Remembered,
    /// SERVFAIL: the client's deadline has passed; the flight continues.
    Deadline,
    /// SERVFAIL at once: a bound of `limits` was reached, or the daemon is ending.
    Shed,
    /// FORMERR: the question cannot be read.
    FormError,
    /// NOTIMP: an operation that we do not serve.
    NotImplemented,
    /// BADVERS: a version of EDNS that we do not speak (RFC 6891 section 6.1.3).
    BadVersion,
    /// REFUSED: a class or type that we do not serve.
    Refused,
}

impl Outcome {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Cache,
        Self::Shared,
        Self::Upstream,
        Self::Stale,
        Self::Failed,
        Self::Remembered,
        Self::Deadline,
        Self::Shed,
        Self::FormError,
        Self::NotImplemented,
        Self::BadVersion,
        Self::Refused,
    ];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A message to the listener that is no question, or no new one; counted apart from outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// Shorter than a header: dropped.
    Runt,
    /// A response: dropped, because answering one invites loops.
    Response,
    /// From an address outside `listen.allow`: REFUSED to some datagrams a second, nothing to the others; a connection is
    /// closed.
    Denied,
    /// The same client repeats a question that it is waiting for, with the same id and port: its first copy is
    /// answered.
    Repeated,
    /// A reply that could not be sent: the client's socket or its queue was full.
    ReplyLost,
    /// A connection that could not be accepted: out of descriptors, or closed before its turn.
    AcceptFailed,
}

impl Apart {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Runt, Self::Response, Self::Denied, Self::Repeated, Self::ReplyLost, Self::AcceptFailed];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The client of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
    /// The id of its message: with address and port it tells a repeat from a new question.
    pub id: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ignores_case_and_tells_types_and_flags_apart() {
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

    #[test]
    fn names_are_one_whatever_their_case() {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        assert!(
            same_name(&name("Mail.Example."), &name("mAIL.eXAMPLE.")) && same_name(&name("."), &name("."))
        );
        for other in ["example.", "mail.example.org.", "mai.lexample.", "."] {
            assert!(!same_name(&name("mail.example."), &name(other)), "{other}");
            assert!(!is_wire_of(&wire_name(&name("mail.example.")), &name(other)), "{other}");
            assert!(is_wire_of(&wire_name(&name(other)), &name(&other.to_uppercase())), "{other}");
        }
    }

    #[test]
    fn a_name_lies_within_a_zone_by_whole_labels() {
        let wire = |text: &str| wire_name(&Name::from_ascii(text).unwrap());
        let within = |name: &str, zone: &str| {
            let by_octets = is_within(&wire(name), &wire(zone));
            let (name, zone) = (Name::from_ascii(name).unwrap(), Name::from_ascii(zone).unwrap());
            assert_eq!([lies_within(&name, &zone), zone.zone_of(&name)], [by_octets; 2], "{name} {zone}");
            by_octets
        };
        assert!(within("a.b.example.", "b.example.") && within("b.example.", "b.example."));
        assert!(within("a.", ".") && within(".", "."));
        assert!(!within("b.example.", "a.b.example.") && !within("ab.example.", "b.example."));
        assert_eq!(label_places(&wire("a.bc.example.")).collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(label_places(&wire(".")).count(), 0);
        assert_eq!(name_of_wire(&wire("a.bc.example.")).to_ascii(), "a.bc.example.");
    }

    #[test]
    fn every_outcome_stands_at_its_index() {
        for (place, outcome) in Outcome::ALL.iter().enumerate() {
            assert_eq!(outcome.index(), place);
        }
        for (place, apart) in Apart::ALL.iter().enumerate() {
            assert_eq!(apart.index(), place);
        }
    }
}
