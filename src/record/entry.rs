//! The entries of the record as they are read: a client's question, and the flight that answered it. `written` writes
//! their octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::event::Shows;
use crate::conduct::{Conduct, Transport};
use crate::question::Outcome;

/// Octets before the name of a question.
pub(super) const HEAD: usize = 40;

/// Octets before the name of a hit.
pub(super) const HIT_HEAD: usize = 32;

/// Octets of a type.
pub(super) const TYPE: usize = 2;

/// Tags of entries.
pub(super) const QUESTION: u8 = 1;
pub(super) const FLIGHT: u8 = 2;
pub(super) const HIT: u8 = 3;
pub(super) const OUTAGE: u8 = 4;
pub(super) const OWNER: u8 = 5;

/// Set in the depth of a query that is for keys of DNSSEC: no sub-question is so deep.
pub(super) const FOR_KEYS: u8 = 0x80;

/// The index of something that is not there.
pub(super) const NONE: u8 = u8::MAX;

/// The reasons for which a server is asked, in the order of their numbers; see `StepEvent::Sent`.
pub(super) const REASONS: [&str; 14] = [
    "",
    "first",
    "race",
    "retry",
    "next",
    "address",
    "without_edns",
    "truncated",
    "other_case",
    "own_case",
    "alone",
    "again",
    "parent",
    "measure",
];

/// A client's question, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionEntry {
    /// The name asked for, in lower-case wire form.
    pub name: Box<[u8]>,
    /// The type asked for.
    pub kind: RecordType,
    /// The client.
    pub client: IpAddr,
    /// The client's port; 0 if it is not known, as for questions from the cache.
    pub port: u16,
    /// The number of the view of its listener.
    pub view: u32,
    /// When it came, in microseconds since 1970.
    pub at: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// From its arrival to the reply, in microseconds.
    pub elapsed: u64,
    /// The flight that it waited for.
    pub flight: Option<u64>,
    /// Why it failed; empty if it did not.
    pub error: Box<str>,
    /// The code of its extended error (RFC 8914), if it has one.
    pub code: Option<u16>,
    /// The local user that owns the client's socket: a name, or a number if it has none. None if it was not looked up, or not found.
    pub user: Option<Box<str>>,
}

impl Entry {
    /// With moments `offset` microseconds later; wraps.
    pub(super) fn after(mut self, offset: u64) -> Self {
        match &mut self {
            Self::Question(question) => question.at = question.at.wrapping_add(offset),
            Self::Flight(flight) => flight.began = flight.began.wrapping_add(offset),
            Self::Outage(since, until) => {
                (*since, *until) = (since.wrapping_add(offset), until.wrapping_add(offset));
            }
            Self::Owner(owner) => owner.at = owner.at.wrapping_add(offset),
        }
        self
    }
}

/// Octets of the heap beside each piece that is allocated.
const PIECE: usize = 16;

impl QuestionEntry {
    /// Octets of memory that a reader needs for this entry: to hold it, to sort it, and to add it to a message.
    pub(super) fn weight(&self) -> usize {
        let own = size_of::<Self>().saturating_mul(2).saturating_add(size_of::<usize>() * 2);
        own.saturating_add(self.name.len()).saturating_add(self.error.len()).saturating_add(PIECE)
    }

    /// Whether `history.redact` has removed its client.
    pub fn is_without_client(&self) -> bool {
        self.client == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
    }

    /// When its reply left, in microseconds since 1970.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed)
    }
}

/// A flight that has ended, or whose first client was answered at its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightEntry {
    /// Its number.
    pub id: u64,
    /// When it began, in microseconds since 1970.
    pub began: u64,
    /// Its time so far, in microseconds.
    pub elapsed: u64,
    /// The name asked for, in lower-case wire form.
    pub name: Box<[u8]>,
    /// The type asked for.
    pub kind: RecordType,
    /// The deepest zone whose servers it asked, in wire form; empty if there is none.
    pub zone: Box<[u8]>,
    /// The meaning of its failure, if it failed.
    pub shows: Option<Shows>,
    /// Why it failed, in a sentence; empty if it did not.
    pub why: Box<str>,
    /// The servers with faults, and the last conduct of each; at most `MAX_RECORDED_FAULTS`.
    pub faults: Vec<(IpAddr, Conduct)>,
    /// The queries to servers, in the order in which they were sent; at most `MAX_RECORDED_MESSAGES`.
    pub messages: Vec<MessageEntry>,
    /// The names and addresses in its answer.
    pub links: Vec<Link>,
}

/// A query to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// When it was sent, in microseconds since the flight began.
    pub at: u32,
    /// The time until its answer, or until the end of the flight if there was none, in microseconds.
    pub elapsed: u32,
    /// The server.
    pub server: IpAddr,
    /// The zone that it was asked for, in wire form; empty if it is not known.
    pub zone: Arc<[u8]>,
    /// The transport.
    pub transport: Transport,
    /// The server's conduct; none if it had not answered when the flight ended.
    pub conduct: Option<Conduct>,
    /// Why this server was asked then.
    pub reason: &'static str,
    /// The depth in sub-questions.
    pub depth: u8,
    /// Whether it asked for keys of DNSSEC, or for data that are needed to ask for these.
    pub keys: bool,
}

/// A name or an address in an answer: it joins questions of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A name, in lower-case wire form.
    Name(Box<[u8]>),
    /// An address.
    Address(IpAddr),
}

/// The user of a client's socket at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerEntry {
    /// The client.
    pub client: IpAddr,
    /// Its port.
    pub port: u16,
    /// When the socket was looked up, in microseconds since 1970.
    pub at: u64,
    /// The name of the user, or its number if it has none.
    pub user: Box<str>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A client's question.
    Question(QuestionEntry),
    /// A flight.
    Flight(FlightEntry),
    /// A time in which our own network was down: its begin and its end so far, in microseconds since 1970.
    Outage(u64, u64),
    /// The local user that owns the socket of a client. It is in memory only: on disk the question has it.
    Owner(OwnerEntry),
}

impl FlightEntry {
    /// As `QuestionEntry::weight`.
    pub(super) fn weight(&self) -> usize {
        let own = size_of::<Self>().saturating_mul(2);
        // A message is also in the index of the traffic.
        let message = size_of::<MessageEntry>().saturating_add(7 * PIECE);
        let link = size_of::<Link>().saturating_add(3 * PIECE);
        [self.name.len(), self.zone.len(), self.why.len(), 5 * PIECE]
            .into_iter()
            .chain([self.messages.len().saturating_mul(message), self.links.len().saturating_mul(link)])
            .chain([self.faults.len().saturating_mul(size_of::<(IpAddr, Conduct)>())])
            .fold(own, usize::saturating_add)
    }

    /// When it ended, or was last looked at, in microseconds since 1970.
    pub fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed)
    }
}

/// Reads all entries of a block, with moments of `Mono`; what cannot be read is skipped.
pub fn read(mut octets: &[u8], mut take: impl FnMut(Entry)) {
    while let Some(length) = octets.first_chunk().map(|length| usize::from(u16::from_le_bytes(*length))) {
        let Some((entry, behind)) = octets.split_at_checked(length).filter(|_| length > 2) else { return };
        if let Some(entry) = entry.get(2..).and_then(read_one) {
            take(entry);
        }
        octets = behind;
    }
}

/// Reads one entry, without its length.
fn read_one(octets: &[u8]) -> Option<Entry> {
    let mut reader = EntryReader(octets);
    match reader.octet()? {
        QUESTION => read_question(&mut reader).map(Entry::Question),
        HIT => read_hit(&mut reader).map(Entry::Question),
        FLIGHT => read_flight(&mut reader).map(Entry::Flight),
        OUTAGE => {
            let (since, until) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
            Some(Entry::Outage(since, until))
        }
        OWNER => read_owner(&mut reader).map(Entry::Owner),
        _ => None,
    }
}

fn read_question(reader: &mut EntryReader<'_>) -> Option<QuestionEntry> {
    let outcome = *Outcome::ALL.get(usize::from(reader.octet()?))?;
    let kind = RecordType::from(u16::from_le_bytes(reader.chunk()?));
    let (name_length, is_six) = (reader.octet()?, reader.octet()?);
    let view = u32::from_le_bytes(reader.chunk()?);
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six);
    let name = reader.take(usize::from(name_length))?.to_ascii_lowercase().into();
    let flight = Some(u64::from_le_bytes(reader.chunk()?)).filter(|flight| *flight > 0);
    let code = u16::from_le_bytes(reader.chunk()?);
    let error = reader.text()?;
    let code = (!error.is_empty()).then_some(code);
    // Files of earlier versions have neither a port nor a user.
    let port = reader.chunk().map_or(0, u16::from_le_bytes);
    let user = reader.text().filter(|user| !user.is_empty());
    Some(QuestionEntry { name, kind, client, port, view, at, outcome, elapsed, flight, error, code, user })
}

fn read_owner(reader: &mut EntryReader<'_>) -> Option<OwnerEntry> {
    let (at, port) = (u64::from_le_bytes(reader.chunk()?), u16::from_le_bytes(reader.chunk()?));
    Some(OwnerEntry { at, port, client: reader.address()?, user: reader.text()? })
}

fn read_hit(reader: &mut EntryReader<'_>) -> Option<QuestionEntry> {
    let is_six = reader.octet()?;
    let view = u32::from_le_bytes(reader.chunk()?);
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six);
    let (name, kind) = reader.0.split_last_chunk::<TYPE>()?;
    Some(QuestionEntry {
        name: name.to_ascii_lowercase().into(),
        kind: RecordType::from(u16::from_be_bytes(*kind)),
        client,
        port: 0,
        view,
        at,
        outcome: Outcome::Cache,
        elapsed: 0,
        flight: None,
        error: Box::default(),
        code: None,
        user: None,
    })
}

fn read_flight(reader: &mut EntryReader<'_>) -> Option<FlightEntry> {
    let (id, began) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let kind = RecordType::from(u16::from_le_bytes(reader.chunk()?));
    let (name, zone) = (reader.octets()?.into(), reader.octets()?.into());
    let shows = Shows::ALL.get(usize::from(reader.octet()?)).copied();
    let why = reader.text()?;
    let faults = (0..reader.octet()?).map_while(|_| read_fault(reader)).collect();
    let zones: Vec<Arc<[u8]>> = (0..reader.octet()?).map_while(|_| reader.octets().map(Into::into)).collect();
    let messages = (0..reader.octet()?).map_while(|_| read_message(reader, &zones)).collect();
    let links = (0..reader.octet()?).map_while(|_| read_link(reader)).collect();
    Some(FlightEntry { id, began, elapsed, name, kind, zone, shows, why, faults, messages, links })
}

fn read_fault(reader: &mut EntryReader<'_>) -> Option<(IpAddr, Conduct)> {
    let conduct = *Conduct::ALL.get(usize::from(reader.octet()?))?;
    Some((reader.address()?, conduct))
}

fn read_message(reader: &mut EntryReader<'_>, zones: &[Arc<[u8]>]) -> Option<MessageEntry> {
    let (at, elapsed) = (u32::from_le_bytes(reader.chunk()?), u32::from_le_bytes(reader.chunk()?));
    let [zone, transport, conduct, reason, depth] = reader.chunk()?;
    Some(MessageEntry {
        at,
        elapsed,
        server: reader.address()?,
        zone: zones.get(usize::from(zone)).cloned().unwrap_or_default(),
        transport: *Transport::ALL.get(usize::from(transport))?,
        conduct: Conduct::ALL.get(usize::from(conduct)).copied(),
        reason: REASONS.get(usize::from(reason)).copied().unwrap_or_default(),
        depth: depth & !FOR_KEYS,
        keys: depth & FOR_KEYS != 0,
    })
}

fn read_link(reader: &mut EntryReader<'_>) -> Option<Link> {
    let name = reader.octets()?;
    // A name has at least the octet of the root.
    if name.is_empty() { reader.address().map(Link::Address) } else { Some(Link::Name(name.into())) }
}

/// Reads octets from the left.
struct EntryReader<'a>(&'a [u8]);

impl<'a> EntryReader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn chunk<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.first_chunk().copied()
    }

    fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.take(length.into())
    }

    fn text(&mut self) -> Option<Box<str>> {
        Some(String::from_utf8_lossy(self.octets()?).into())
    }

    fn address(&mut self) -> Option<IpAddr> {
        let is_six = self.octet()?;
        Some(address_of(self.chunk()?, is_six))
    }
}

/// An address as sixteen octets, and whether it is one of IPv6.
pub(super) fn octets_of(address: IpAddr) -> ([u8; 16], u8) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_RECORDED_TEXT;
    use crate::record::written::{HitHead, Written};
    use proptest::prelude::*;

    fn name(text: &str) -> Box<[u8]> {
        crate::question::wire_name(&hickory_proto::rr::Name::from_ascii(text).unwrap()).into()
    }

    fn flight() -> FlightEntry {
        let message = |server: &str, conduct, zone: &str| MessageEntry {
            at: 7,
            elapsed: 400_000,
            server: server.parse().unwrap(),
            zone: name(zone).into(),
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
        }
    }

    fn put_flight(into: &mut Vec<u8>) {
        Entry::Flight(flight()).put(into);
    }

    #[test]
    fn entries_are_read_as_they_were_written() {
        let mut octets = Vec::new();
        let (client, at) = (IpAddr::from([127, 0, 0, 1]), 1_795_165_200_000_001);
        let asked = b"\x04MAIL\x07example\x00\x00\x0f";
        octets.resize(HitHead::room(asked), 0);
        HitHead::new(client, 3, at).write(asked, &mut octets);
        let failed = Written {
            name: b"\x04MAIL\x07example\x00",
            kind: RecordType::MX,
            client: "2001:db8::5".parse().unwrap(),
            port: 40_001,
            view: 3,
            at,
            outcome: Outcome::Failed,
            elapsed: std::time::Duration::from_micros(12),
            flight: 9,
            error: &"word ".repeat(99),
            code: 22,
            user: "postfix",
        };
        failed.put(&mut octets);
        let owner = OwnerEntry { client, port: 53, at: 9, user: "991".into() };
        Entry::Owner(owner.clone()).put(&mut octets);
        put_flight(&mut octets);
        let mut entries = Vec::new();
        Entry::Outage(3, 5).put(&mut octets);
        read(&octets, |entry| entries.push(entry));
        assert_eq!(entries.pop(), Some(Entry::Outage(3, 5)));
        let [Entry::Question(first), Entry::Question(second), Entry::Owner(told), Entry::Flight(third)] =
            &entries[..]
        else {
            panic!("{entries:?}");
        };
        assert_eq!((first.name.as_ref(), first.kind), (&*name("mail.example."), RecordType::MX));
        assert_eq!((first.at, first.client, first.view, first.elapsed), (at, client, 3, 0));
        assert_eq!((first.outcome, first.flight, first.error.len()), (Outcome::Cache, None, 0));
        assert_eq!(first.code, None);
        assert_eq!((&second.name, second.kind, second.at), (&first.name, first.kind, at));
        assert_eq!((second.client, second.view, second.elapsed), (failed.client, 3, 12));
        assert_eq!((second.outcome, second.flight, second.code), (Outcome::Failed, Some(9), Some(22)));
        assert_eq!(second.error.len(), MAX_RECORDED_TEXT - 1, "in whole words");
        assert_eq!((first.port, &first.user), (0, &None));
        assert_eq!((second.port, second.user.as_deref()), (40_001, Some("postfix")));
        assert_eq!(told, &owner);
        assert_eq!(third, &flight());
    }

    proptest! {
        #[test]
        fn any_octets_are_read_to_their_end(octets in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            read(&octets, drop);
            let mut whole = Vec::new();
            put_flight(&mut whole);
            let cut = cut.min(whole.len());
            let torn: Vec<u8> = whole.iter().copied().take(cut).chain(octets).collect();
            read(&torn, drop);
        }
    }
}
