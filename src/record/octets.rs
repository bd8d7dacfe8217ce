//! The binary form of the entries of the history (questions, resolutions and others), in memory and on disk.
//!
//! Each entry begins with its length and its tag, so that a reader can skip unknown entries. The types of the fields determine their binary
//! form. A new field must be added to the list of fields in this file. Every name and text that is read passes through `names`, so that no
//! screen, reply or file can contain the customer key of a DNS list (see `redact`).

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hickory_proto::rr::RecordType;

use crate::culprit::{CulpritKind, Side};
use crate::entry::{DelayEntry, Entry, FlightEntry, Link, MessageEntry, OwnerEntry, QuestionEntry};
use crate::event::{ListFault, Shows};
use crate::limits::MAX_RECORDED_TEXT;
use crate::names::ReadNames;
use crate::reason;
use dns::conduct::{Conduct, Transport};
use dns::question::{ClientTransport, DnsResult, MAX_NAME, Outcome};

// `QUESTION` to `DELAY` are the tags of entries. The tag is the octet after the length of an entry, and shows the type of the entry.
const QUESTION: u8 = 1;
const FLIGHT: u8 = 2;
const HIT: u8 = 3;
const OUTAGE: u8 = 4;
const OWNER: u8 = 5;
const DELAY: u8 = 6;

pub(crate) const TAGS: [u8; 6] = [QUESTION, FLIGHT, HIT, OUTAGE, OWNER, DELAY];

const LENGTH: usize = 2;

/// The octets before the name in a hit (a question that the cache answered).
const HIT_HEAD: usize = 32;

/// The position of the lowest bit of the result in the first word (8 octets) of a hit. The four bits below it show if the client has an
/// IPv6 address.
const HIT_RESULT: u32 = 28;

struct Reader<'a, 'n, 's> {
    octets: &'a [u8],
    names: &'n mut ReadNames<'s>,
}

impl<'a> Reader<'a, '_, '_> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.octets.split_at_checked(length)?;
        self.octets = rest;
        Some(taken)
    }

    /// Reads a number from one octet, and returns as many octets.
    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = u8::read(self)?;
        self.take(length.into())
    }
}

/// A value that can be stored in an entry of the history.
trait Stored: Sized {
    fn put(&self, into: &mut Vec<u8>);

    /// Reads the value. Returns `None` if octets are missing or not valid.
    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self>;
}

/// Numbers are stored as little-endian octets.
macro_rules! stored_numbers {
    ($($number:ty),*) => {$(
        impl Stored for $number {
            fn put(&self, into: &mut Vec<u8>) {
                into.extend_from_slice(&self.to_le_bytes());
            }

            fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
                reader.take(size_of::<Self>())?.first_chunk().copied().map(Self::from_le_bytes)
            }
        }
    )*};
}

/// A value of an enumeration is stored as its index in the list of all values.
macro_rules! stored_places {
    ($($value:ty),*) => {$(
        impl Stored for $value {
            fn put(&self, into: &mut Vec<u8>) {
                into.push(*self as u8);
            }

            fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
                Self::ALL.get(usize::from(u8::read(reader)?)).copied()
            }
        }
    )*};
}

/// The fields of an entry are stored one after the other. Fields after the semicolon are not stored: when an entry is read, they get the
/// value given here.
macro_rules! stored_fields {
    ($($entry:ident { $($field:ident),* $(; $other:ident: $value:expr)? })*) => {$(
        impl Stored for $entry {
            fn put(&self, into: &mut Vec<u8>) {
                $(self.$field.put(into);)*
            }

            fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
                Some(Self { $($field: Stored::read(reader)?,)* $($other: $value)? })
            }
        }
    )*};
}

stored_numbers!(u8, u16, u32, u64);
stored_places!(Outcome, Conduct, Transport, ClientTransport, Shows, ListFault, Side, CulpritKind);
stored_fields! {
    QuestionEntry {
        name, kind, client, port, transport, view, at, outcome, elapsed, flight, error, code, user, result; stored: false
    }
    FlightEntry { id, began, elapsed, name, kind, zone, shows, why, faults, messages, links, list_fault, concluded_from }
    MessageEntry { at, elapsed, server, zone, transport, conduct, reason, depth, keys }
    OwnerEntry { client, port, at, user }
    DelayEntry { at, until, side, kind, zone, servers, worth, micros, failed, messages, longest }
}

/// In files of earlier versions, the entry of a question has no `DnsResult`, which is its last field. `read` then returns the default.
impl Stored for DnsResult {
    fn put(&self, into: &mut Vec<u8>) {
        into.push(*self as u8);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let place = u8::read(reader).map_or(0, usize::from);
        Some(Self::ALL.get(place).copied().unwrap_or_default())
    }
}

impl Stored for bool {
    fn put(&self, into: &mut Vec<u8>) {
        into.push(u8::from(*self));
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        Some(u8::read(reader)? > 0)
    }
}

impl Stored for RecordType {
    fn put(&self, into: &mut Vec<u8>) {
        u16::from(*self).put(into);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        u16::read(reader).map(Self::from)
    }
}

impl Stored for IpAddr {
    fn put(&self, into: &mut Vec<u8>) {
        let (octets, is_six) = octets_of(*self);
        into.push(is_six);
        into.extend_from_slice(&octets);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let is_six = u8::read(reader)?;
        Some(address_of(*reader.take(16)?.first_chunk()?, is_six))
    }
}

impl Stored for &'static str {
    fn put(&self, into: &mut Vec<u8>) {
        into.push(small(reason::number(self)));
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        Some(reason::word(u8::read(reader)?.into()))
    }
}

impl Stored for Arc<[u8]> {
    fn put(&self, into: &mut Vec<u8>) {
        put_counted(self, into);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let name = reader.counted()?;
        Some(reader.names.name(name))
    }
}

impl Stored for Box<str> {
    fn put(&self, into: &mut Vec<u8>) {
        put_counted(bounded(self).as_bytes(), into);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let text = String::from_utf8_lossy(reader.counted()?).into();
        Some(reader.names.text(text))
    }
}

/// In files of earlier versions, the entry of a resolution has no `concluded_from`, which is its last field. `read` then returns `None` for it.
impl<Value: Stored> Stored for Option<Value> {
    fn put(&self, into: &mut Vec<u8>) {
        self.is_some().put(into);
        self.iter().for_each(|value| value.put(into));
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        if bool::read(reader).unwrap_or_default() { Value::read(reader).map(Some) } else { Some(None) }
    }
}

impl<Value: Stored> Stored for Vec<Value> {
    fn put(&self, into: &mut Vec<u8>) {
        let count = small(self.len());
        into.push(count);
        self.iter().take(count.into()).for_each(|value| value.put(into));
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        (0..u8::read(reader)?).map(|_| Value::read(reader)).collect()
    }
}

impl<One: Stored, Other: Stored> Stored for (One, Other) {
    fn put(&self, into: &mut Vec<u8>) {
        self.0.put(into);
        self.1.put(into);
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        Some((One::read(reader)?, Other::read(reader)?))
    }
}

impl Stored for Link {
    fn put(&self, into: &mut Vec<u8>) {
        match self {
            Self::Name(name) => put_counted(name, into),
            Self::Address(address) => {
                into.push(0);
                address.put(into);
            }
        }
    }

    fn read(reader: &mut Reader<'_, '_, '_>) -> Option<Self> {
        let name = reader.counted()?;
        // A name has at least the octet of the root label, so an empty name marks an address.
        if name.is_empty() {
            Stored::read(reader).map(Self::Address)
        } else {
            Some(Self::Name(reader.names.name(name)))
        }
    }
}

pub(crate) fn put_question(question: &QuestionEntry, into: &mut Vec<u8>) {
    put_tagged(QUESTION, question, into);
}

pub(crate) fn put_flight(flight: &FlightEntry, into: &mut Vec<u8>) {
    put_tagged(FLIGHT, flight, into);
}

/// Appends the octets of an entry. All questions get the same long form here, also those that the cache answered (hits), for which the rings
/// of the workers have a shorter form.
pub(crate) fn put(entry: &Entry, into: &mut Vec<u8>) {
    match entry {
        Entry::Question(question) => put_question(question, into),
        Entry::Flight(flight) => put_flight(flight, into),
        Entry::Outage(outage) => put_tagged(OUTAGE, outage, into),
        Entry::Owner(owner) => put_tagged(OWNER, owner, into),
        Entry::Delay(delay) => put_tagged(DELAY, delay, into),
    }
}

fn put_tagged(tag: u8, entry: &impl Stored, into: &mut Vec<u8>) {
    let begin = into.len();
    into.extend_from_slice(&[0, 0, tag]);
    entry.put(into);
    let length = u16::try_from(into.len().saturating_sub(begin)).unwrap_or(0);
    if let Some(place) = into.get_mut(begin..).and_then(|entry| entry.first_chunk_mut::<LENGTH>()) {
        *place = length.to_le_bytes();
    }
}

/// Calls `take` with each readable entry of a block.
pub(crate) fn read(octets: &[u8], names: &mut ReadNames<'_>, mut take: impl FnMut(Entry)) {
    let mut rest = octets;
    while let Some(length) =
        rest.first_chunk::<LENGTH>().map(|length| usize::from(u16::from_le_bytes(*length)))
        && let Some((entry, behind)) = rest.split_at_checked(length)
        && let Some(octets) = entry.get(LENGTH..).filter(|octets| !octets.is_empty())
    {
        rest = behind;
        read_one(&mut Reader { octets, names }).into_iter().for_each(&mut take);
    }
}

fn read_one(reader: &mut Reader<'_, '_, '_>) -> Option<Entry> {
    match u8::read(reader)? {
        QUESTION => Stored::read(reader).map(Entry::Question),
        HIT => read_hit(reader).map(Entry::Question),
        FLIGHT => {
            let mut flight = FlightEntry::read(reader)?;
            for message in flight.messages.iter_mut().filter(|message| message.zone.is_empty()) {
                message.zone = Arc::clone(&flight.zone);
            }
            Some(Entry::Flight(flight))
        }
        OUTAGE => Stored::read(reader).map(Entry::Outage),
        OWNER => Stored::read(reader).map(Entry::Owner),
        DELAY => Stored::read(reader).map(Entry::Delay),
        _ => None,
    }
}

/// The first octets of a hit (a question that the cache answered). They are equal for all hits of one client in a batch except for the
/// length, so they are made only once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HitHead {
    /// The first word (8 octets), in which only the length is missing.
    first: u64,
    at: u64,
    client: [u64; 2],
}

impl HitHead {
    /// Creates the first octets of the hits of one client. `view` is the number of the client's view; `at` is the time in microseconds of `Mono`.
    pub(crate) fn new(client: IpAddr, view: u32, at: u64) -> Self {
        let (octets, is_six) = octets_of(client);
        let first = u64::from(HIT) << 16 | u64::from(is_six) << 24 | u64::from(view) << 32;
        let word = |octets: Option<&[u8; 8]>| octets.map_or(0, |octets| u64::from_le_bytes(*octets));
        Self { first, at, client: [word(octets.first_chunk()), word(octets.last_chunk())] }
    }

    /// Returns the length of the entry for a hit. `asked`: the name in wire form, with letters in upper or lower case, and the type.
    #[inline]
    pub(crate) const fn room(asked: &[u8]) -> usize {
        HIT_HEAD.saturating_add(asked.len())
    }

    #[inline]
    pub(crate) fn write(&self, asked: &[u8], result: DnsResult, room: &mut [u8]) {
        // The length fits in 16 bits: a name has at most 255 octets.
        let first = self.first | room.len() as u64 & 0xffff | (result as u64) << HIT_RESULT;
        let Some((head, behind)) = room.split_first_chunk_mut::<HIT_HEAD>() else { return };
        let [low, high] = self.client;
        for (place, word) in head.as_chunks_mut::<8>().0.iter_mut().zip([first, self.at, low, high]) {
            *place = word.to_le_bytes();
        }
        if behind.len() == asked.len() {
            behind.copy_from_slice(asked);
        }
    }
}

pub(crate) fn put_hit(hit: &QuestionEntry, into: &mut Vec<u8>) {
    let asked = [&*hit.name, &u16::from(hit.kind).to_be_bytes()].concat();
    let begin = into.len();
    into.resize(begin.saturating_add(HitHead::room(&asked)), 0);
    let room = into.get_mut(begin..).unwrap_or_default();
    HitHead::new(hit.client, hit.view, hit.at).write(&asked, hit.result, room);
}

fn read_hit(reader: &mut Reader<'_, '_, '_>) -> Option<QuestionEntry> {
    let flags = u8::read(reader)?;
    let (view, at) = (u32::read(reader)?, u64::read(reader)?);
    let client = address_of(*reader.take(16)?.first_chunk()?, flags & 1);
    let result = DnsResult::ALL.get(usize::from(flags >> 4)).copied().unwrap_or_default();
    let (name, kind) = reader.octets.split_last_chunk::<2>()?;
    let hit = QuestionEntry::hit(reader.names.name(name), u16::from_be_bytes(*kind).into(), client, view, at);
    Some(QuestionEntry { result, ..hit })
}

/// Returns an address as sixteen octets, and 1 for IPv6 or 0 for IPv4.
fn octets_of(address: IpAddr) -> ([u8; 16], u8) {
    match address {
        IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), 0),
        IpAddr::V6(address) => (address.octets(), 1),
    }
}

fn address_of(octets: [u8; 16], is_six: u8) -> IpAddr {
    let address = Ipv6Addr::from(octets);
    match address.to_ipv4_mapped().filter(|_| is_six == 0) {
        Some(address) => IpAddr::V4(address),
        None => IpAddr::V6(address),
    }
}

/// Appends the length as one octet, then the octets, at most `MAX_NAME`.
fn put_counted(octets: &[u8], into: &mut Vec<u8>) {
    let octets = octets.get(..octets.len().min(MAX_NAME)).unwrap_or_default();
    into.push(small(octets.len()));
    into.extend_from_slice(octets);
}

/// Cuts a text to `MAX_RECORDED_TEXT` octets, in whole words: `redact` would not recognize a part of a customer key.
fn bounded(text: &str) -> &str {
    if text.len() <= MAX_RECORDED_TEXT {
        return text;
    }
    let begin = text.get(..text.floor_char_boundary(MAX_RECORDED_TEXT)).unwrap_or_default();
    begin.rsplit_once(' ').map_or("", |(whole, _)| whole)
}

fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::limits::MAX_RECORDED_TEXT;
    use proptest::prelude::*;

    /// Returns all entries of a block, with the customer keys in their names.
    pub(crate) fn read_all(octets: &[u8]) -> Vec<Entry> {
        let (secrets, mut entries) = (crate::redact::Secrets::default(), Vec::new());
        read(octets, &mut ReadNames::without(&secrets), |entry| entries.push(entry));
        entries
    }

    fn name(text: &str) -> Arc<[u8]> {
        dns::question::wire_name(&hickory_proto::rr::Name::from_ascii(text).unwrap()).into()
    }

    fn flight() -> FlightEntry {
        let message = |server: &str, conduct, zone: &str| MessageEntry {
            at: 7,
            elapsed: 400_000,
            server: server.parse().unwrap(),
            zone: name(zone),
            transport: Transport::Tcp,
            conduct,
            reason: "retry",
            depth: 2,
            keys: conduct.is_none(),
        };
        FlightEntry {
            id: 9,
            began: 1_795_165_200_000_000,
            elapsed: 4_000_000,
            name: name("mail.example."),
            kind: RecordType::MX,
            zone: name("example."),
            shows: Some(Shows::Silence),
            why: "no server of example. gave a usable answer".into(),
            faults: vec![([192, 0, 2, 1].into(), Conduct::Silent)],
            messages: vec![
                message("192.0.2.1", Some(Conduct::Silent), "example."),
                message("2001:db8::1", None, "."),
            ],
            links: vec![Link::Name(name("mx.example.")), Link::Address([192, 0, 2, 9].into())],
            list_fault: Some(ListFault::NewOwner),
            concluded_from: Some(name("example.")),
        }
    }

    fn put_flight(into: &mut Vec<u8>) {
        super::put_flight(&flight(), into);
    }

    #[test]
    fn entries_survive_encoding() {
        let mut octets = Vec::new();
        let (client, at) = (IpAddr::from([127, 0, 0, 1]), 1_795_165_200_000_001);
        let asked = b"\x04MAIL\x07example\x00\x00\x0f";
        octets.resize(HitHead::room(asked), 0);
        HitHead::new(client, 3, at).write(asked, DnsResult::NoName, &mut octets);
        let failed = QuestionEntry {
            client: "2001:db8::5".parse().unwrap(),
            transport: Some(ClientTransport::Quic),
            view: 3,
            flight: Some(9),
            error: "word ".repeat(99).into(),
            code: Some(22),
            user: Some("postfix".into()),
            result: DnsResult::NoData,
            ..QuestionEntry::failed(b"\x04MAIL\x07example\x00", at)
        };
        put_question(&failed, &mut octets);
        let owner = Entry::Owner(OwnerEntry { client, port: 53, at: 9, user: "991".into() });
        put(&owner, &mut octets);
        put_flight(&mut octets);
        put(&Entry::Outage((3, 5)), &mut octets);
        // The zone of a query is not stored if it is that of the resolution.
        let mut short = flight();
        short.messages[0].zone = Arc::default();
        super::put_flight(&short, &mut octets);
        let lower = name("mail.example.");
        let hit = QuestionEntry::hit(Arc::clone(&lower), RecordType::MX, client, 3, at);
        let hit = QuestionEntry { result: DnsResult::NoName, ..hit };
        let error = "word ".repeat(MAX_RECORDED_TEXT / 5).trim_end().into();
        let expected = [
            Entry::Question(hit),
            Entry::Question(QuestionEntry { name: lower, error, ..failed }),
            owner,
            Entry::Flight(flight()),
            Entry::Outage((3, 5)),
            Entry::Flight(flight()),
        ];
        assert_eq!(read_all(&octets), expected);
    }

    // It has no result.
    #[test]
    fn question_of_earlier_version_is_read() {
        let question = QuestionEntry::failed(b"\x04mail\x07example\x00", 7);
        let mut octets = Vec::new();
        put_question(&QuestionEntry { result: DnsResult::NoName, ..question.clone() }, &mut octets);
        octets.pop();
        octets[0] -= 1;
        assert_eq!(read_all(&octets), [Entry::Question(question)]);
    }

    #[test]
    fn earlier_resolution_names_no_denying_zone() {
        let flight = FlightEntry { concluded_from: None, ..flight() };
        let mut octets = Vec::new();
        super::put_flight(&flight, &mut octets);
        octets.pop();
        octets[0] -= 1;
        assert_eq!(read_all(&octets), [Entry::Flight(flight)]);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_safely(octets in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            read_all(&octets);
            let mut whole = Vec::new();
            put_flight(&mut whole);
            let cut = cut.min(whole.len());
            let torn: Vec<u8> = whole.iter().copied().take(cut).chain(octets).collect();
            read_all(&torn);
        }
    }
}
