//! Changes the octets of a response like a faulty server or a device in the network, and forges DNS messages (RFC 1035 section 4). The
//! functions are pure.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, Record, RecordType};

use super::distort::{POISON, bare};
use super::fault::Fault;
use super::server::Delivery;
use dns::conduct::Transport;
use dns::question::wire_name;
use zones::authority::{datagram_size, encode};

/// The octets of the longest message over TCP (RFC 1035 section 4.2.2).
const STREAM_SIZE: usize = 65_535;

/// The octets of the first fragment of a datagram on Ethernet, without IP and UDP headers.
const FIRST_FRAGMENT: usize = 1_472;

/// The largest UDP answer of a server that ignores the size in the query, in octets. Most firewalls let it pass.
const UNMINDFUL_SIZE: usize = 4_096;

/// The first type for private use (RFC 6895 section 3.1).
const PRIVATE_TYPE: u16 = 65_280;

/// The number of private types in use. It is below 26, because the DNS library gives the 26th a meaning.
const PRIVATE_TYPES: u16 = 20;

/// Returns the octets of a response with the faults of the server. Returns `None` if the response cannot be encoded, or does not arrive.
pub(super) fn octets(
    faults: &[Fault],
    query: &Message,
    response: &Message,
    transport: Transport,
) -> Option<Vec<u8>> {
    let has = |fault| faults.contains(&fault);
    let size = match transport {
        Transport::Udp if has(Fault::ForgedTail) => UNMINDFUL_SIZE,
        Transport::Udp => datagram_size(query),
        _ => STREAM_SIZE,
    };
    let mut octets = encode(response, size)?;
    if has(Fault::ForgedTail) && transport == Transport::Udp {
        forge_tail(&mut octets);
    }
    if has(Fault::ManyRecords) && transport != Transport::Udp {
        octets = with_many_records(response)?;
    }
    if has(Fault::PointerBomb) && !response.metadata.truncation {
        octets = pointer_bomb(query, size)?;
    }
    if has(Fault::HalfAnswer) {
        octets.truncate(octets.len() / 2);
    }
    if has(Fault::CountsMissingOpt) && query.edns.is_some() {
        octets = without_additionals(response, 1)?;
    }
    if transport == Transport::Udp {
        if has(Fault::WrongIdOverUdp) {
            octets.get_mut(..2)?.iter_mut().for_each(|octet| *octet = !*octet);
        }
        if has(Fault::BareTruncated) || has(Fault::BareHeader) {
            octets = bare_header(query, has(Fault::BareTruncated))?;
        }
    }
    let is_dropped = |fault: &Fault| matches!(fault, Fault::DropsLonger(limit) if octets.len() > *limit);
    let is_lost = transport == Transport::Udp && faults.iter().any(is_dropped);
    (!is_lost).then_some(octets)
}

/// Returns a response without additional records whose header counts `claimed` of them.
fn without_additionals(response: &Message, claimed: u8) -> Option<Vec<u8>> {
    let mut lean = response.clone();
    lean.additionals.clear();
    lean.edns = None;
    let mut octets = lean.to_vec().ok()?;
    *octets.get_mut(11)? = claimed;
    Some(octets)
}

/// Returns the header of a response to `query` without any section.
fn bare_header(query: &Message, truncated: bool) -> Option<Vec<u8>> {
    let mut header = Message::response(query.metadata.id, query.metadata.op_code);
    header.metadata.truncation = truncated;
    header.to_vec().ok()
}

/// Returns the forged messages that arrive before the true answer, which takes the time `delay`.
pub(super) fn forgeries(faults: &[Fault], query: &Message, delay: Duration, source: IpAddr) -> Vec<Delivery> {
    let flood =
        faults.iter().find_map(|fault| if let Fault::Flood(count) = fault { Some(*count) } else { None });
    if let Some(count) = flood {
        let one = |number: u16| {
            let delay = delay / (u32::from(count) + 1) * u32::from(number);
            match number % 3 {
                0 => forgery(query, 0, delay, other_address(source)),
                _ => forgery(query, number, delay, source),
            }
        };
        return (1..=count).filter_map(one).collect();
    }
    let forged = faults.contains(&Fault::Forged).then(|| forgery(query, 1, delay / 2, source));
    forged.flatten().into_iter().collect()
}

/// Returns the forged answer of an attacker who cannot see the query: the id is wrong by `id_off_by`, or the address is not the server's.
fn forgery(query: &Message, id_off_by: u16, delay: Duration, source: IpAddr) -> Option<Delivery> {
    let mut forged = bare(query, ResponseCode::NoError);
    forged.metadata.id = query.metadata.id.wrapping_add(id_off_by);
    forged.metadata.authoritative = true;
    let question = query.queries.first()?;
    if question.query_type() == RecordType::A {
        forged.add_answer(Record::from_rdata(question.name().clone(), 86_400, RData::A(POISON)));
    }
    Some(Delivery { delay, source, octets: forged.to_vec().ok()? })
}

pub(super) fn other_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => IpAddr::V4((u32::from(address) ^ 1).into()),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) ^ 1).into()),
    }
}

/// Forges the second IP fragment: every address in it becomes the attacker's. Id, port and question are in the first fragment, so the
/// attacker need not know them (Herzberg and Shulman, "Fragmentation Considered Poisonous").
fn forge_tail(octets: &mut [u8]) {
    let poison = POISON.octets();
    for place in FIRST_FRAGMENT..octets.len() {
        // The end of an A record: type A, class IN, the TTL, and a length of four octets.
        if let Some([0, 1, 0, 1, _, _, _, _, 0, 4, address @ ..]) = octets.get_mut(place..place + 14) {
            address.copy_from_slice(&poison);
        }
    }
}

fn with_many_records(response: &Message) -> Option<Vec<u8>> {
    let mut lean = response.clone();
    lean.authorities.clear();
    lean.additionals.clear();
    lean.edns = None;
    let mut octets = lean.to_vec().ok()?;
    let mut count = u16::try_from(lean.answers.len()).ok()?;
    while octets.len() + 13 <= STREAM_SIZE {
        let kind = PRIVATE_TYPE + count % PRIVATE_TYPES;
        push_record(&mut octets, 12, kind, &[u8::try_from(count % 256).ok()?]);
        count += 1;
    }
    set_answer_count(&mut octets, count);
    Some(octets)
}

/// Returns a response with a long chain of compression pointers in one record, and many records whose names point to the end of the chain.
fn pointer_bomb(query: &Message, size: usize) -> Option<Vec<u8>> {
    let mut octets = bare(query, ResponseCode::NoError).to_vec().ok()?;
    octets.truncate(query_end(query)?);
    // The count of additional records becomes 0, because the OPT record is cut off.
    octets.get_mut(10..12)?.fill(0);
    let data_begins = octets.len() + 12;
    // A pointer reaches only the first 16 384 octets of the message. The chain fills half of these, or half of a shorter message. The rest is for
    // the many records.
    let pointers = (size.min(1 << 14).saturating_sub(data_begins) / 4).max(1);
    let mut data = Vec::new();
    let mut target: u16 = 12;
    for _ in 0..pointers {
        let place = u16::try_from(data_begins + data.len()).ok()?;
        data.extend((0xc000 | target).to_be_bytes());
        target = place;
    }
    push_record(&mut octets, 12, PRIVATE_TYPE, &data);
    let mut count: u16 = 1;
    while octets.len() + 16 <= size {
        push_record(&mut octets, target, 1, &POISON.octets());
        count += 1;
    }
    set_answer_count(&mut octets, count);
    Some(octets)
}

fn query_end(query: &Message) -> Option<usize> {
    Some(12 + wire_name(query.queries.first()?.name()).len() + 4)
}

/// Appends a record. Its name is a compression pointer to the offset `owner`.
fn push_record(octets: &mut Vec<u8>, owner: u16, kind: u16, data: &[u8]) {
    octets.extend((0xc000 | owner).to_be_bytes());
    octets.extend(kind.to_be_bytes());
    // Class IN, and a TTL of 300 s.
    octets.extend([0, 1, 0, 0, 1, 44]);
    octets.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    octets.extend(data);
}

fn set_answer_count(octets: &mut [u8], count: u16) {
    if let Some(place) = octets.get_mut(6..8) {
        place.copy_from_slice(&count.to_be_bytes());
    }
}
