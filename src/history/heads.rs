//! The heads of entries: when, who, which name and how it ended. A reader groups and chooses questions by them, and reads only the
//! entries in full that it shows or judges.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::entry::{
    FLIGHT, HIT, Link, OUTAGE, OWNER, OwnerEntry, QUESTION, QuestionEntry, TYPE, flight_weight,
};
use super::event::Shows;
use super::reading::{self, EntryReader, FAULT, MESSAGE, address_of};
use super::redact::{REDACTED, Secrets};
use dns::conduct::Conduct;
use dns::question::Outcome;

/// The head of an entry.
#[derive(Debug)]
pub(super) enum EntryHead<'o> {
    Question(QuestionHead<'o>),
    Flight(FlightHead<'o>),
    /// See `Entry::Outage`.
    Outage(u64, u64),
    Owner(OwnerEntry),
}

impl EntryHead<'_> {
    /// When it ended; none of a user.
    pub(super) fn end(&self) -> Option<u64> {
        match self {
            Self::Question(question) => Some(question.at.saturating_add(question.elapsed.into())),
            Self::Flight(flight) => Some(flight.began.saturating_add(flight.elapsed.into())),
            Self::Outage(_, until) => Some(*until),
            Self::Owner(_) => None,
        }
    }
}

/// The head of a client's question.
#[derive(Debug)]
pub(super) struct QuestionHead<'o> {
    /// In wire form, in any case.
    pub(super) name: &'o [u8],
    pub(super) kind: u16,
    pub(super) client: IpAddr,
    pub(super) at: u64,
    pub(super) elapsed: u32,
    pub(super) outcome: Outcome,
    /// The number of the view of a hit: its entry has nothing else but this head.
    pub(super) hit: Option<u32>,
    /// Whether `history.redact` has removed the names but the domains.
    pub(super) shortened: bool,
    /// See `QuestionEntry::weight_of`.
    pub(super) weight: usize,
}

/// The head of a flight.
#[derive(Debug)]
pub(super) struct FlightHead<'o> {
    pub(super) id: u64,
    pub(super) began: u64,
    pub(super) elapsed: u32,
    pub(super) name: &'o [u8],
    pub(super) kind: u16,
    /// Whether it failed.
    pub(super) failed: bool,
    /// Whether its answer has names or addresses.
    pub(super) linked: bool,
    /// See `QuestionHead::shortened`.
    pub(super) shortened: bool,
    /// See `flight_weight`.
    pub(super) weight: usize,
    /// As `weight`, without queries to servers and texts.
    pub(super) light: usize,
}

/// The head of an entry, whose octets have no length; none of an entry of another kind, or one that cannot be read.
pub(super) fn head(octets: &[u8]) -> Option<EntryHead<'_>> {
    let mut reader = EntryReader(octets);
    match reader.octet()? {
        QUESTION => question(&mut reader).map(EntryHead::Question),
        HIT => hit(&mut reader).map(EntryHead::Question),
        FLIGHT => flight(&mut reader).map(EntryHead::Flight),
        OUTAGE => reading::read_outage(&mut reader).map(|(since, until)| EntryHead::Outage(since, until)),
        OWNER => reading::read_owner(&mut reader).map(EntryHead::Owner),
        _ => None,
    }
}

fn is_redacted(text: &[u8]) -> bool {
    text == REDACTED.as_bytes()
}

/// See `Written::put`.
fn question<'o>(reader: &mut EntryReader<'o>) -> Option<QuestionHead<'o>> {
    let outcome = *Outcome::ALL.get(usize::from(reader.octet()?))?;
    let kind = u16::from_le_bytes(reader.chunk()?);
    let [name_length, is_six, ..] = reader.chunk::<6>()?;
    let elapsed = u32::from_le_bytes(reader.chunk()?);
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six & 1);
    let name = reader.take(name_length.into())?;
    // The number of its flight, and the code of its extended error.
    reader.take(10)?;
    let error = reader.octets()?;
    let (shortened, weight) = (is_redacted(error), QuestionEntry::weight_of(name.len(), error.len()));
    Some(QuestionHead { name, kind, client, at, elapsed, outcome, hit: None, shortened, weight })
}

/// See `HitHead::write`.
fn hit<'o>(reader: &mut EntryReader<'o>) -> Option<QuestionHead<'o>> {
    let is_six = reader.octet()?;
    let hit = Some(u32::from_le_bytes(reader.chunk()?));
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six);
    let (name, kind) = reader.0.split_last_chunk::<TYPE>()?;
    let (kind, weight) = (u16::from_be_bytes(*kind), QuestionEntry::weight_of(name.len(), 0));
    let (outcome, shortened) = (Outcome::Cache, false);
    Some(QuestionHead { name, kind, client, at, elapsed: 0, outcome, hit, shortened, weight })
}

/// See `WrittenFlight::put`.
fn flight<'o>(reader: &mut EntryReader<'o>) -> Option<FlightHead<'o>> {
    let (id, began) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
    let elapsed = u32::from_le_bytes(reader.chunk()?);
    let kind = u16::from_le_bytes(reader.chunk()?);
    let (name, zone) = (reader.octets()?, reader.octets()?);
    let failed = Shows::ALL.get(usize::from(reader.octet()?)).is_some();
    let why = reader.octets()?;
    let faults = reader.pass(FAULT)?;
    pass_zones(reader)?;
    let messages = reader.pass(MESSAGE)?;
    let links = usize::from(reader.octet()?);
    let names = name.len().saturating_add(zone.len());
    let weight = flight_weight(names.saturating_add(why.len()), faults, messages, links);
    let light = flight_weight(names, 0, 0, links);
    let (linked, shortened) = (links > 0, is_redacted(why));
    Some(FlightHead { id, began, elapsed, name, kind, failed, linked, shortened, weight, light })
}

/// The servers of the queries of a flight, whose octets have no length, and the conduct of each.
pub(super) fn sent(octets: &[u8]) -> impl Iterator<Item = (IpAddr, Option<Conduct>)> {
    let mut reader = EntryReader(octets);
    let messages = pass_to_messages(&mut reader).unwrap_or(0);
    (0..messages).map_while(move |_| {
        let mut message = EntryReader(reader.take(MESSAGE)?);
        // The moment, the time, the zone and the transport.
        message.take(10)?;
        let ([conduct], _) = (message.chunk()?, message.take(2)?);
        let is_six = message.octet()?;
        Some((address_of(message.chunk()?, is_six), Conduct::ALL.get(usize::from(conduct)).copied()))
    })
}

/// The queries to servers of a flight, whose octets have no length: when each was sent since the begin of the flight, its time, and the
/// conduct of its server.
pub(super) fn queries(octets: &[u8]) -> impl Iterator<Item = (u32, u32, Option<Conduct>)> {
    let mut reader = EntryReader(octets);
    let messages = pass_to_messages(&mut reader).unwrap_or(0);
    (0..messages).map_while(move |_| {
        let mut message = EntryReader(reader.take(MESSAGE)?);
        let (at, elapsed) = (u32::from_le_bytes(message.chunk()?), u32::from_le_bytes(message.chunk()?));
        let [_, _, conduct, ..] = message.chunk::<5>()?;
        Some((at, elapsed, Conduct::ALL.get(usize::from(conduct)).copied()))
    })
}

/// The queries to servers of a flight that were answered, whose octets have no length: when each was sent since the begin of the flight, and
/// the zone that its server was asked for.
pub(super) fn answered(octets: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut reader = EntryReader(octets);
    let zones = pass_to_zones(&mut reader).and_then(|()| zones(&mut reader)).unwrap_or_default();
    let messages = reader.octet().unwrap_or(0);
    let message = (0..messages).map_while(move |_| {
        let mut message = EntryReader(reader.take(MESSAGE)?);
        let (at, _) = (u32::from_le_bytes(message.chunk()?), message.take(4)?);
        let [zone, _, conduct] = message.chunk()?;
        Some((at, zones.get(usize::from(zone)).copied(), Conduct::ALL.get(usize::from(conduct)).copied()))
    });
    message.filter_map(|(at, zone, conduct)| Some((at, zone.filter(|_| conduct == Some(Conduct::Answered))?)))
}

/// The number of the flight that a question waited for, whose octets have no length; see `question`.
pub(super) fn flight_of(octets: &[u8]) -> Option<u64> {
    let mut reader = EntryReader(octets);
    // The tag, the outcome and the type.
    reader.take(4)?;
    let [name_length, ..] = reader.chunk::<6>()?;
    // The time, the moment, the client and the name.
    reader.take(28_usize.saturating_add(name_length.into()))?;
    Some(u64::from_le_bytes(reader.chunk()?)).filter(|flight| *flight > 0)
}

/// The octets of the names and addresses in the answer of a flight, whose octets have no length.
pub(super) fn links_of(octets: &[u8]) -> &[u8] {
    let mut reader = EntryReader(octets);
    let messages = pass_to_messages(&mut reader).map_or(0, usize::from);
    reader.0.get(messages.saturating_mul(MESSAGE)..).unwrap_or_default()
}

/// The names and addresses in the answer of a flight; see `links_of`.
pub(super) fn links<'a>(octets: &'a [u8], secrets: &'a Secrets) -> impl Iterator<Item = Link> + 'a {
    reading::links(EntryReader(octets), |name| match secrets.hidden(name) {
        Some(hidden) => hidden.into(),
        None => name.into(),
    })
}

fn pass_to_messages(reader: &mut EntryReader<'_>) -> Option<u8> {
    pass_to_zones(reader)?;
    pass_zones(reader)?;
    reader.octet()
}

fn pass_to_zones(reader: &mut EntryReader<'_>) -> Option<()> {
    // The tag, the number, the begin, the time and the type.
    reader.take(23)?;
    reader.octets()?;
    reader.octets()?;
    reader.octet()?;
    reader.octets()?;
    reader.pass(FAULT).map(|_| ())
}

fn pass_zones(reader: &mut EntryReader<'_>) -> Option<()> {
    for _ in 0..reader.octet()? {
        reader.octets()?;
    }
    Some(())
}

/// The zones of the queries of a flight, by their numbers.
fn zones<'o>(reader: &mut EntryReader<'o>) -> Option<SmallVec<[&'o [u8]; 4]>> {
    (0..reader.octet()?).map(|_| reader.octets()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::hidden_clients::ClientNumbers;
    use crate::names::ReadNames;
    use crate::redact::Redaction;
    use crate::written::{HitHead, Written};
    use dns::question::ClientTransport;
    use hickory_proto::rr::RecordType;
    use proptest::prelude::*;

    fn failed(error: &str) -> Vec<u8> {
        let mut octets = Vec::new();
        let question = Written {
            name: b"\x04mail\x07example\x00",
            kind: RecordType::MX,
            client: [192, 0, 2, 5].into(),
            port: 40_001,
            transport: Some(ClientTransport::Tls),
            view: 3,
            at: 17,
            outcome: Outcome::Failed,
            elapsed: std::time::Duration::from_micros(12),
            flight: 9,
            error,
            code: 22,
            user: "postfix",
        };
        question.put(&mut octets);
        octets.split_off(2)
    }

    fn hit() -> Vec<u8> {
        let asked = b"\x04mail\x07example\x00\x00\x0f";
        let mut octets = vec![0; HitHead::room(asked)];
        HitHead::new([192, 0, 2, 5].into(), 3, 17).write(asked, &mut octets);
        octets.split_off(2)
    }

    /// The question of an entry that is read in full.
    fn in_full(octets: &[u8]) -> Option<QuestionEntry> {
        let secrets = Secrets::default();
        match reading::read_one(octets, &mut ReadNames::without(&secrets))? {
            Entry::Question(question) => Some(question),
            _ => None,
        }
    }

    #[test]
    fn names_that_the_disk_has_shortened_are_told_by_the_text_of_the_failure() {
        let shortened = |octets: &[u8]| match head(octets) {
            Some(EntryHead::Question(question)) => question.shortened,
            _ => panic!(),
        };
        let entry = Entry::Question(in_full(&failed("no server answered")).unwrap());
        let mut redacted = Vec::new();
        Redaction { clients: false, names: true }.applied(entry, ClientNumbers::draw()).put(&mut redacted);
        assert!(shortened(&redacted[2..]) && !shortened(&failed("no server answered")) && !shortened(&hit()));
    }

    proptest! {
        /// The outline pairs heads with entries that are read in full.
        #[test]
        fn a_question_has_a_head_if_and_only_if_it_can_be_read(
            of_hit in any::<bool>(), cut in 0_usize..120, rest in proptest::collection::vec(any::<u8>(), 0..60),
            flipped in proptest::collection::vec((0_usize..120, any::<u8>()), 0..3),
        ) {
            let whole = if of_hit { hit() } else { failed("no server answered") };
            let mut octets: Vec<u8> = whole.into_iter().take(cut).chain(rest).collect();
            for (place, octet) in flipped {
                octets.get_mut(place).into_iter().for_each(|known| *known = octet);
            }
            let head = match head(&octets) {
                Some(EntryHead::Question(head)) => Some((head.at, u64::from(head.elapsed), head.client, head.outcome)),
                _ => None,
            };
            let full = in_full(&octets).map(|full| (full.at, full.elapsed, full.client, full.outcome));
            prop_assert_eq!(head, full);
        }
    }
}
