//! Reads the octets of entries, as `written` wrote them.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::{
    Entry, FLIGHT, FOR_KEYS, FlightEntry, HIT, Link, MessageEntry, OUTAGE, OWNER, OwnerEntry, QUESTION,
    QuestionEntry, REASONS, TYPE,
};
use super::event::{ListFault, Shows};
use super::names::ReadNames;
use dns::conduct::{Conduct, Transport};
use dns::question::ClientTransport;
use dns::question::Outcome;

/// Reads all entries of a block, with moments of `Mono`; what cannot be read is skipped. No reader gets a name or a text that
/// did not pass through `names`, so that no screen, reply or file can have a key.
pub(super) fn read(octets: &[u8], names: &mut ReadNames<'_>, take: impl FnMut(Entry)) {
    entries(octets).filter_map(|entry| read_one(entry, names)).for_each(take);
}

/// Whether a block has a question that failed.
pub(super) fn has_failure(octets: &[u8]) -> bool {
    entries(octets).any(|entry| {
        let Some([QUESTION, outcome]) = entry.first_chunk() else { return false };
        Outcome::ALL.get(usize::from(*outcome)).is_some_and(|outcome| outcome.is_failure())
    })
}

/// The entries of a block, without their lengths.
pub(super) fn entries(mut octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_le_bytes(*octets.first_chunk()?));
        let (entry, behind) = octets.split_at_checked(length).filter(|_| length > 2)?;
        octets = behind;
        entry.get(2..)
    })
}

/// Reads one entry, without its length.
pub(super) fn read_one(octets: &[u8], names: &mut ReadNames<'_>) -> Option<Entry> {
    let mut reader = EntryReader(octets);
    match reader.octet()? {
        QUESTION => read_question(&mut reader, names).map(Entry::Question),
        HIT => read_hit(&mut reader, names).map(Entry::Question),
        FLIGHT => read_flight(&mut reader, names).map(Entry::Flight),
        OUTAGE => read_outage(&mut reader).map(|(since, until)| Entry::Outage(since, until)),
        OWNER => read_owner(&mut reader).map(Entry::Owner),
        _ => None,
    }
}

fn read_question(reader: &mut EntryReader<'_>, names: &mut ReadNames<'_>) -> Option<QuestionEntry> {
    let outcome = *Outcome::ALL.get(usize::from(reader.octet()?))?;
    let kind = RecordType::from(u16::from_le_bytes(reader.chunk()?));
    let (name_length, is_six) = (reader.octet()?, reader.octet()?);
    let view = u32::from_le_bytes(reader.chunk()?);
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six & 1);
    // Files of earlier versions have no transport.
    let transport = ClientTransport::ALL.get(usize::from(is_six >> 1).wrapping_sub(1)).copied();
    let name = names.of(reader.take(usize::from(name_length))?);
    let flight = Some(u64::from_le_bytes(reader.chunk()?)).filter(|flight| *flight > 0);
    let code = u16::from_le_bytes(reader.chunk()?);
    let error = names.text(reader.text()?);
    let code = (!error.is_empty()).then_some(code);
    // Files of earlier versions have neither a port nor a user.
    let port = reader.chunk().map_or(0, u16::from_le_bytes);
    let user = reader.text().filter(|user| !user.is_empty());
    Some(QuestionEntry {
        name,
        kind,
        client,
        port,
        transport,
        view,
        at,
        outcome,
        elapsed,
        flight,
        error,
        code,
        user,
    })
}

pub(super) fn read_outage(reader: &mut EntryReader<'_>) -> Option<(u64, u64)> {
    Some((u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?)))
}

pub(super) fn read_owner(reader: &mut EntryReader<'_>) -> Option<OwnerEntry> {
    let (at, port) = (u64::from_le_bytes(reader.chunk()?), u16::from_le_bytes(reader.chunk()?));
    Some(OwnerEntry { at, port, client: reader.address()?, user: reader.text()? })
}

fn read_hit(reader: &mut EntryReader<'_>, names: &mut ReadNames<'_>) -> Option<QuestionEntry> {
    let is_six = reader.octet()?;
    let view = u32::from_le_bytes(reader.chunk()?);
    let at = u64::from_le_bytes(reader.chunk()?);
    let client = address_of(reader.chunk()?, is_six);
    let (name, kind) = reader.0.split_last_chunk::<TYPE>()?;
    Some(QuestionEntry::hit(names.of(name), u16::from_be_bytes(*kind).into(), client, view, at))
}

fn read_flight(reader: &mut EntryReader<'_>, names: &mut ReadNames<'_>) -> Option<FlightEntry> {
    let (id, began) = (u64::from_le_bytes(reader.chunk()?), u64::from_le_bytes(reader.chunk()?));
    let elapsed = u64::from(u32::from_le_bytes(reader.chunk()?));
    let kind = RecordType::from(u16::from_le_bytes(reader.chunk()?));
    let (name, zone) = (names.of(reader.octets()?), names.of(reader.octets()?));
    let shows = Shows::ALL.get(usize::from(reader.octet()?)).copied();
    let why = names.text(reader.text()?);
    let faults = (0..reader.octet()?).map_while(|_| read_fault(reader)).collect();
    let zones: SmallVec<[Arc<[u8]>; 4]> =
        (0..reader.octet()?).map_while(|_| reader.octets().map(|zone| names.of(zone))).collect();
    let messages = (0..reader.octet()?).map_while(|_| read_message(reader, &zones)).collect();
    let links = (0..reader.octet()?).map_while(|_| read_link(reader, |name| names.of(name))).collect();
    // Files of earlier versions end here, and so does a flight without a fault of a list.
    let list_fault = reader.octet().and_then(|fault| ListFault::ALL.get(usize::from(fault)).copied());
    Some(FlightEntry {
        id,
        began,
        elapsed,
        name,
        kind,
        zone,
        shows,
        why,
        faults,
        messages,
        links,
        list_fault,
    })
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

fn read_link(reader: &mut EntryReader<'_>, name_of: impl FnOnce(&[u8]) -> Arc<[u8]>) -> Option<Link> {
    let name = reader.octets()?;
    // A name has at least the octet of the root.
    if name.is_empty() { reader.address().map(Link::Address) } else { Some(Link::Name(name_of(name))) }
}

/// The names and addresses in the answer of a flight, behind whose queries to servers `reader` is.
pub(super) fn links<'a>(
    mut reader: EntryReader<'a>,
    name_of: impl Fn(&[u8]) -> Arc<[u8]> + 'a,
) -> impl Iterator<Item = Link> + 'a {
    (0..reader.octet().unwrap_or(0)).map_while(move |_| read_link(&mut reader, &name_of))
}

/// Octets of a server with a fault, and of a query to a server.
pub(super) const FAULT: usize = 18;

/// See `FAULT`.
pub(super) const MESSAGE: usize = 30;

/// Reads octets from the left.
pub(super) struct EntryReader<'a>(pub(super) &'a [u8]);

impl<'a> EntryReader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn chunk<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.first_chunk().copied()
    }

    pub(super) fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.take(length.into())
    }

    /// Passes over a number of pieces of equal size, and returns the number, which stands before them.
    pub(super) fn pass(&mut self, size: usize) -> Option<usize> {
        let pieces = usize::from(self.octet()?);
        self.take(pieces.saturating_mul(size)).map(|_| pieces)
    }

    fn text(&mut self) -> Option<Box<str>> {
        Some(String::from_utf8_lossy(self.octets()?).into())
    }

    fn address(&mut self) -> Option<IpAddr> {
        let is_six = self.octet()?;
        Some(address_of(self.chunk()?, is_six))
    }
}

/// An address of an entry.
pub(super) fn address_of(octets: [u8; 16], is_six: u8) -> IpAddr {
    let address = Ipv6Addr::from(octets);
    match address.to_ipv4_mapped().filter(|_| is_six == 0) {
        Some(address) => IpAddr::V4(address),
        None => IpAddr::V6(address),
    }
}

/// All entries of a block.
#[cfg(test)]
pub(super) fn read_all(octets: &[u8]) -> Vec<Entry> {
    let (secrets, mut entries) = (super::redact::Secrets::default(), Vec::new());
    read(octets, &mut ReadNames::without(&secrets), |entry| entries.push(entry));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_RECORDED_TEXT;
    use crate::written::{HitHead, Written};
    use proptest::prelude::*;

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
            transport: None,
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
        Entry::Outage(3, 5).put(&mut octets);
        let mut entries = read_all(&octets);
        assert!(has_failure(&octets) && !has_failure(&octets[..HitHead::room(asked)]));
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
        // As earlier versions wrote it.
        let (without, mut octets) = (Entry::Flight(FlightEntry { list_fault: None, ..flight() }), Vec::new());
        without.put(&mut octets);
        assert_eq!(read_all(&octets), [without]);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_to_their_end(octets in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200) {
            read_all(&octets);
            let mut whole = Vec::new();
            put_flight(&mut whole);
            let cut = cut.min(whole.len());
            let torn: Vec<u8> = whole.iter().copied().take(cut).chain(octets).collect();
            read_all(&torn);
        }
    }
}
