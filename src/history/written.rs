//! The octets of entries, as the record writes them; `entry` reads them.
//!
//! The octets are the same in memory and on disk. Each entry begins with its length, so that a reader skips entries
//! that it does not know. Moments are those of the machine's clock, see `Mono`.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use smallvec::SmallVec;

use super::entry::{
    Entry, FLIGHT, FOR_KEYS, FlightEntry, HEAD, HIT, HIT_HEAD, Link, MessageEntry, NONE, OUTAGE, OWNER,
    OwnerEntry, QUESTION, REASONS, octets_of,
};
use super::event::{ListFault, Shows};
use crate::limits::{
    MAX_RECORDED_FAULTS, MAX_RECORDED_LINKS, MAX_RECORDED_MESSAGES, MAX_RECORDED_TEXT, MAX_RECORDED_ZONES,
};
use dns::clock::micros;
use dns::conduct::{Conduct, Transport};
use dns::question::{ClientTransport, MAX_NAME, Outcome, WireName, name_of_wire};

/// The begin of the entries of hits that have all but their name and type in common. It is made once for a batch, so
/// that a hit costs four words and its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HitHead {
    /// Without the length of the entry.
    first: u64,
    at: u64,
    /// The two halves of the client's address.
    client: [u64; 2],
}

/// A client's question that the cache did not answer, as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The name asked for, in wire form, in any case.
    pub name: &'a [u8],
    /// The type asked for.
    pub kind: RecordType,
    /// The client.
    pub client: IpAddr,
    /// The client's port; 0 if it is not known.
    pub port: u16,
    /// The way in which it came; none if it is not known.
    pub transport: Option<ClientTransport>,
    /// The number of the view of its listener.
    pub view: u32,
    /// When it came, in microseconds of `Mono`.
    pub at: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// From its arrival to the reply.
    pub elapsed: Duration,
    /// The number of the flight that it waited for; 0 if there is none.
    pub flight: u64,
    /// Why it failed; empty if it did not.
    pub error: &'a str,
    /// The code of its extended error (RFC 8914), if `error` has its text.
    pub code: u16,
    /// The local user of the client; empty if it is not known.
    pub user: &'a str,
}

/// A flight, as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenFlight<'a> {
    /// Its number.
    pub id: u64,
    /// When it began, in microseconds of `Mono`.
    pub began: u64,
    /// Its time so far, in microseconds.
    pub elapsed: u64,
    /// The name asked for, in lower-case wire form.
    pub name: &'a [u8],
    /// The type asked for.
    pub kind: RecordType,
    /// The deepest zone whose servers it asked, in wire form; empty if there is none.
    pub zone: &'a [u8],
    /// The meaning of its failure, if it failed.
    pub shows: Option<Shows>,
    /// Why it failed, in a sentence; empty if it did not.
    pub why: &'a str,
    /// The servers with faults, and the last conduct of each.
    pub faults: &'a [(IpAddr, Conduct)],
    /// The queries to servers.
    pub messages: &'a WrittenMessages,
    /// The names and addresses in its answer.
    pub links: &'a [Link],
    /// See `FlightEntry`.
    pub(crate) list_fault: Option<ListFault>,
}

/// The queries of a flight, as they are written, in the order in which they were sent. Most flights send one to one zone.
#[derive(Debug, Default)]
pub(crate) struct WrittenMessages {
    /// The zones that were asked; at most `MAX_RECORDED_ZONES`.
    zones: SmallVec<[WireName; 1]>,
    /// At most `MAX_RECORDED_MESSAGES`.
    pub(super) sent: SmallVec<[WrittenMessage; 2]>,
}

/// A query to a server, as it is written; see `MessageEntry`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenMessage {
    pub(super) at: u32,
    pub(super) elapsed: u32,
    pub(super) server: IpAddr,
    /// The index of its zone in `WrittenMessages`.
    pub(super) zone: u8,
    pub(super) transport: Transport,
    pub(super) conduct: Option<Conduct>,
    pub(super) reason: &'static str,
    pub(super) depth: u8,
    pub(super) keys: bool,
}

impl HitHead {
    /// The begin of the entries of hits of a client of a view, at a moment in microseconds of `Mono`.
    pub(crate) fn new(client: IpAddr, view: u32, at: u64) -> Self {
        let (octets, is_six) = octets_of(client);
        let first = u64::from(HIT) << 16 | u64::from(is_six) << 24 | u64::from(view) << 32;
        Self { first, at, client: halves(octets) }
    }

    /// The octets of the entry of a hit. `asked` is the name in wire form, in any case, and behind it the type.
    #[inline]
    pub(crate) const fn room(asked: &[u8]) -> usize {
        HIT_HEAD.saturating_add(asked.len())
    }

    /// Writes the entry of a hit, which takes exactly `room`.
    #[inline]
    pub(crate) fn write(&self, asked: &[u8], room: &mut [u8]) {
        // A name has at most 255 octets.
        let first = self.first | room.len() as u64 & 0xffff;
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

impl Entry {
    /// Appends its octets. A question from the cache becomes one like others.
    pub(super) fn put(&self, into: &mut Vec<u8>) {
        match self {
            Self::Question(question) => Written {
                name: &question.name,
                kind: question.kind,
                client: question.client,
                port: question.port,
                transport: question.transport,
                view: question.view,
                at: question.at,
                outcome: question.outcome,
                elapsed: Duration::from_micros(question.elapsed),
                flight: question.flight.unwrap_or(0),
                error: &question.error,
                code: question.code.unwrap_or(0),
                user: question.user.as_deref().unwrap_or_default(),
            }
            .put(into),
            Self::Flight(flight) => put_flight(flight, into),
            Self::Outage(since, until) => {
                // Two octets of the length, and the tag.
                into.extend_from_slice(&[19, 0, OUTAGE]);
                into.extend_from_slice(&since.to_le_bytes());
                into.extend_from_slice(&until.to_le_bytes());
            }
            Self::Owner(owner) => owner.put(into),
        }
    }
}

fn put_flight(flight: &FlightEntry, into: &mut Vec<u8>) {
    let mut messages = WrittenMessages::default();
    for message in &flight.messages {
        let zone = if message.zone.is_empty() { NONE } else { messages.zone(&name_of_wire(&message.zone)) };
        let MessageEntry { at, elapsed, server, transport, conduct, reason, depth, keys, .. } = *message;
        messages.add(WrittenMessage { at, elapsed, server, zone, transport, conduct, reason, depth, keys });
    }
    WrittenFlight {
        id: flight.id,
        began: flight.began,
        elapsed: flight.elapsed,
        name: &flight.name,
        kind: flight.kind,
        zone: &flight.zone,
        shows: flight.shows,
        why: &flight.why,
        faults: &flight.faults,
        messages: &messages,
        links: &flight.links,
        list_fault: flight.list_fault,
    }
    .put(into);
}

impl<'a> Written<'a> {
    /// A question for MX that failed at once, for tests.
    #[cfg(any(test, feature = "simulated"))]
    pub fn failed(name: &'a [u8], at: u64) -> Self {
        Self {
            name,
            kind: RecordType::MX,
            client: [127, 0, 0, 1].into(),
            port: 7,
            transport: None,
            view: 0,
            at,
            outcome: Outcome::Failed,
            elapsed: Duration::from_micros(1),
            flight: 0,
            error: "",
            code: 0,
            user: "",
        }
    }

    /// Appends its octets.
    pub fn put(&self, into: &mut Vec<u8>) {
        let text = bounded(self.error);
        let user = bounded(self.user);
        // Flight, code, length of the text, the text, and the port. The user and its length only if it is known.
        let mut behind = 13_usize.saturating_add(text.len());
        if !user.is_empty() {
            behind = behind.saturating_add(1).saturating_add(user.len());
        }
        let length = HEAD.saturating_add(self.name.len()).saturating_add(behind);
        for word in self.head(length) {
            into.extend_from_slice(&word.to_le_bytes());
        }
        into.extend_from_slice(self.name);
        into.extend_from_slice(&self.flight.to_le_bytes());
        into.extend_from_slice(&self.code.to_le_bytes());
        put_text(text, into);
        into.extend_from_slice(&self.port.to_le_bytes());
        if !user.is_empty() {
            put_text(user, into);
        }
    }

    /// The octets before the name, in little-endian words.
    fn head(&self, length: usize) -> [u64; HEAD / 8] {
        // Lengths fit: a name has at most 255 octets, and a text is bounded.
        let (length, name) = (length as u64 & 0xffff, self.name.len() as u64 & 0xff);
        let (client, is_six) = octets_of(self.client);
        let outcome = self.outcome.index() as u64;
        let kind = u64::from(u16::from(self.kind));
        // The way behind one bit; 0 if it is not known.
        let way = self.transport.map_or(0, |transport| transport as u64 + 1);
        let is_six = u64::from(is_six) | way << 1;
        let first =
            length | u64::from(QUESTION) << 16 | outcome << 24 | kind << 32 | name << 48 | is_six << 56;
        let second = u64::from(self.view) | u64::from(saturated(micros(self.elapsed))) << 32;
        let [low, high] = halves(client);
        [first, second, self.at, low, high]
    }
}

impl OwnerEntry {
    /// Appends its octets.
    pub(super) fn put(&self, into: &mut Vec<u8>) {
        // Length, tag, moment, port, address, and the user behind its length.
        let length = 2_usize + 1 + 8 + 2 + 17 + 1;
        let length = length.saturating_add(bounded(&self.user).len());
        into.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_le_bytes());
        into.push(OWNER);
        into.extend_from_slice(&self.at.to_le_bytes());
        into.extend_from_slice(&self.port.to_le_bytes());
        put_address(self.client, into);
        put_text(&self.user, into);
    }
}

/// An address in little-endian words.
fn halves(address: [u8; 16]) -> [u64; 2] {
    let word = |octets: Option<&[u8; 8]>| octets.map_or(0, |octets| u64::from_le_bytes(*octets));
    [word(address.first_chunk()), word(address.last_chunk())]
}

impl WrittenFlight<'_> {
    /// Appends its octets.
    pub(crate) fn put(&self, into: &mut Vec<u8>) {
        let begin = into.len();
        into.extend_from_slice(&[0, 0, FLIGHT]);
        into.extend_from_slice(&self.id.to_le_bytes());
        into.extend_from_slice(&self.began.to_le_bytes());
        into.extend_from_slice(&saturated(self.elapsed).to_le_bytes());
        into.extend_from_slice(&u16::from(self.kind).to_le_bytes());
        put_octets(self.name, into);
        put_octets(self.zone, into);
        into.push(self.shows.map_or(NONE, |shows| index_of(shows.index())));
        put_text(self.why, into);
        self.put_faults(into);
        self.put_messages(into);
        into.push(index_of(self.links.len().min(MAX_RECORDED_LINKS)));
        for link in self.links.iter().take(MAX_RECORDED_LINKS) {
            match link {
                Link::Name(name) => put_octets(name, into),
                Link::Address(address) => {
                    into.push(0);
                    put_address(*address, into);
                }
            }
        }
        into.extend(self.list_fault.map(|fault| index_of(fault.index())));
        let length = u16::try_from(into.len().saturating_sub(begin)).unwrap_or(0);
        if let Some(place) = into.get_mut(begin..).and_then(|entry| entry.first_chunk_mut::<2>()) {
            *place = length.to_le_bytes();
        }
    }

    fn put_faults(&self, into: &mut Vec<u8>) {
        into.push(index_of(self.faults.len().min(MAX_RECORDED_FAULTS)));
        for (server, conduct) in self.faults.iter().take(MAX_RECORDED_FAULTS) {
            into.push(index_of(conduct.index()));
            put_address(*server, into);
        }
    }

    fn put_messages(&self, into: &mut Vec<u8>) {
        let WrittenMessages { zones, sent } = self.messages;
        into.push(index_of(zones.len()));
        zones.iter().for_each(|zone| put_octets(zone, into));
        into.push(index_of(sent.len()));
        for message in sent {
            let reason = REASONS.iter().position(|reason| *reason == message.reason).unwrap_or(0);
            into.extend_from_slice(&message.at.to_le_bytes());
            into.extend_from_slice(&message.elapsed.to_le_bytes());
            let conduct = message.conduct.map_or(NONE, |conduct| index_of(conduct.index()));
            let transport = index_of(message.transport.index());
            let depth = message.depth | if message.keys { FOR_KEYS } else { 0 };
            into.extend_from_slice(&[message.zone, transport, conduct, index_of(reason), depth]);
            put_address(message.server, into);
        }
    }
}

impl WrittenMessages {
    /// The index of a zone, which is added if it is new; `NONE` beyond the bound.
    pub(super) fn zone(&mut self, zone: &Name) -> u8 {
        let zone = WireName::of(zone);
        match self.zones.iter().position(|known| **known == *zone) {
            Some(index) => index_of(index),
            None if self.zones.len() < MAX_RECORDED_ZONES => {
                self.zones.push(zone);
                index_of(self.zones.len().saturating_sub(1))
            }
            None => NONE,
        }
    }

    /// Adds a query, unless there are `MAX_RECORDED_MESSAGES`.
    pub(super) fn add(&mut self, message: WrittenMessage) {
        if self.sent.len() < MAX_RECORDED_MESSAGES {
            self.sent.push(message);
        }
    }
}

fn put_address(address: IpAddr, into: &mut Vec<u8>) {
    let (octets, is_six) = octets_of(address);
    into.push(is_six);
    into.extend_from_slice(&octets);
}

/// Octets behind their number; longer ones than a name are cut.
fn put_octets(octets: &[u8], into: &mut Vec<u8>) {
    let octets = octets.get(..octets.len().min(MAX_NAME)).unwrap_or_default();
    into.push(index_of(octets.len()));
    into.extend_from_slice(octets);
}

fn put_text(text: &str, into: &mut Vec<u8>) {
    put_octets(bounded(text).as_bytes(), into);
}

/// The begin of a text that may be kept, in whole words: a name is not cut in two, because half of a key would not be
/// found by `redact`.
fn bounded(text: &str) -> &str {
    if text.len() <= MAX_RECORDED_TEXT {
        return text;
    }
    let begin = text.get(..text.floor_char_boundary(MAX_RECORDED_TEXT)).unwrap_or_default();
    begin.rsplit_once(' ').map_or("", |(whole, _)| whole)
}

fn index_of(index: usize) -> u8 {
    u8::try_from(index).unwrap_or(NONE)
}

/// Microseconds that fit an entry.
pub(super) fn saturated(micros: u64) -> u32 {
    u32::try_from(micros).unwrap_or(u32::MAX)
}
