//! Computes the TTLs in stored answers and in replies.
//!
//! An answer is stored with the TTLs at the time `stored`, and is fresh until the smallest TTL has ended. A cache hit subtracts the seconds
//! since `stored` from each TTL.
//!
//! The maximum TTL is applied when an RRset is stored (`cache::rrset`). Stale answers have a fixed TTL (`resolve::stale`).

use std::time::Duration;

use super::cursor::Cursor;
use super::edns::{HEADER, OPT};
use crate::clock::Mono;
use crate::question::Answer;

/// The length of a record without data whose owner is the root, in octets.
const LEAST_RECORD: usize = 11;

pub(super) struct Ttls {
    /// The offset of each TTL field in the DNS message.
    pub(super) offsets: Vec<u16>,
    /// The smallest TTL of the records, in seconds, or `None` if the DNS message has no record.
    pub(super) shortest: Option<u32>,
}

/// Finds the TTL fields in a DNS message with one question. Returns `None` if the message cannot be read.
pub(super) fn find(wire: &[u8]) -> Option<Ttls> {
    let mut cursor = Cursor::new(wire, 6);
    let records = u32::from(cursor.u16()?) + u32::from(cursor.u16()?) + u32::from(cursor.u16()?);
    let mut cursor = Cursor::new(wire, HEADER);
    cursor.skip_name()?;
    cursor.u32()?;
    // Limits the memory if the record count in the header is wrong.
    let mut offsets =
        Vec::with_capacity(usize::try_from(records).unwrap_or(0).min(wire.len() / LEAST_RECORD));
    let mut shortest = None;
    for _ in 0..records {
        cursor.skip_name()?;
        let kind = cursor.u16()?;
        cursor.u16()?;
        let offset = u16::try_from(cursor.offset()).ok()?;
        let ttl = cursor.u32()?;
        let length = cursor.u16()?;
        cursor.take(usize::from(length))?;
        if kind != OPT {
            offsets.push(offset);
            shortest = Some(shortest.map_or(ttl, |least: u32| least.min(ttl)));
        }
    }
    Some(Ttls { offsets, shortest })
}

#[inline]
pub(super) fn count_down(out: &mut [u8], answer: &Answer, now: Mono) {
    let seconds = now.seconds_since(answer.stored);
    if seconds == 0 {
        return;
    }
    for offset in &answer.ttl_offsets {
        let start = usize::from(*offset);
        let Some(field) = out.get_mut(start..start.saturating_add(4)) else { continue };
        let Ok(ttl) = <[u8; 4]>::try_from(&*field) else { continue };
        field.copy_from_slice(&u32::from_be_bytes(ttl).saturating_sub(seconds).to_be_bytes());
    }
}

/// Returns the time until which the TTLs in replies with `answer` are the same as at `now`.
pub fn same_until(answer: &Answer, now: Mono) -> Mono {
    let seconds = now.seconds_since(answer.stored).saturating_add(1);
    answer.stored.after(Duration::from_secs(seconds.into()))
}

/// The response codes of replies that an HTTP cache may store: NOERROR and NXDOMAIN.
const KEPT: [u8; 2] = [0, 3];

const TRUNCATED: u8 = 0x02;

const SOA: u16 = 6;

/// The length of the field MINIMUM at the end of an SOA record, in octets.
const MINIMUM: usize = 4;

/// Returns for how many seconds an HTTP cache may store a reply (RFC 8484 section 5.1): the smallest TTL in the answer section, or the TTL
/// of a negative answer (RFC 2308 section 5). Returns `None` for failures, and for negative replies without an SOA.
pub fn for_http_cache(reply: &[u8]) -> Option<u32> {
    let (flags, code) = (*reply.get(2)?, *reply.get(3)? & 0x0f);
    if flags & TRUNCATED != 0 || !KEPT.contains(&code) {
        return None;
    }
    let mut counts = Cursor::new(reply, 4);
    let (questions, answers, authorities) = (counts.u16()?, counts.u16()?, counts.u16()?);
    let mut cursor = Cursor::new(reply, HEADER);
    for _ in 0..questions {
        cursor.skip_name()?;
        cursor.take(4)?;
    }
    let mut least: Option<u32> = None;
    for _ in 0..answers {
        let (_, ttl, _) = record(&mut cursor)?;
        least = Some(least.map_or(ttl, |least| least.min(ttl)));
    }
    // An NXDOMAIN reply with records in the answer section is negative too: a chain of aliases leads to a name that does not exist.
    let is_negative = least.is_none() || code != 0;
    for _ in 0..authorities {
        let (kind, ttl, data) = record(&mut cursor)?;
        if is_negative && kind == SOA {
            let at = data.len().checked_sub(MINIMUM)?;
            let ttl = ttl.min(Cursor::new(data, at).u32()?);
            least = Some(least.map_or(ttl, |least| least.min(ttl)));
        }
    }
    least
}

fn record<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, u32, &'a [u8])> {
    cursor.skip_name()?;
    let (kind, _class, ttl, length) = (cursor.u16()?, cursor.u16()?, cursor.u32()?, cursor.u16()?);
    Some((kind, ttl, cursor.take(length.into())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Message, Query, ResponseCode};
    use hickory_proto::rr::rdata::{A, SOA, TXT};
    use hickory_proto::rr::{Name, RData, Record, RecordType};
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn name() -> Name {
        Name::from_ascii("mail.example.").unwrap()
    }

    fn address(ttl: u32) -> Record {
        Record::from_rdata(name(), ttl, RData::A(A(Ipv4Addr::LOCALHOST)))
    }

    fn zone(ttl: u32, minimum: u32) -> Record {
        Record::from_rdata(name(), ttl, RData::SOA(SOA::new(name(), name(), 1, 2, 3, 4, minimum)))
    }

    fn reply(code: ResponseCode, answers: &[Record], authorities: &[Record]) -> Vec<u8> {
        let mut message = Message::response(7, hickory_proto::op::OpCode::Query);
        message.metadata.response_code = code;
        message.add_query(Query::query(name(), RecordType::A));
        message.answers = answers.to_vec();
        message.authorities = authorities.to_vec();
        message.to_vec().unwrap()
    }

    #[test]
    fn http_lifetime_is_smallest_ttl() {
        let of = |answers: &[Record]| for_http_cache(&reply(ResponseCode::NoError, answers, &[zone(1, 1)]));
        assert_eq!(of(&[address(300), address(60), address(900)]), Some(60));
        let long = Record::from_rdata(name(), 5, RData::TXT(TXT::new(vec!["v".repeat(200); 20])));
        assert_eq!(of(&[address(300), long]), Some(5));
        assert_eq!(of(&[address(0)]), Some(0));
    }

    #[test]
    fn negative_answer_lifetime_is_soa() {
        let of = |code, authorities: &[Record]| for_http_cache(&reply(code, &[], authorities));
        assert_eq!(of(ResponseCode::NXDomain, &[zone(900, 60)]), Some(60));
        assert_eq!(of(ResponseCode::NoError, &[address(3), zone(30, 60)]), Some(30));
        assert_eq!(of(ResponseCode::NoError, &[]), None, "it has no SOA");
        let behind_alias = reply(ResponseCode::NXDomain, &[address(900)], &[zone(30, 60)]);
        assert_eq!(for_http_cache(&behind_alias), Some(30));
    }

    #[test]
    fn failures_have_no_http_lifetime() {
        for code in [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::FormErr] {
            assert_eq!(for_http_cache(&reply(code, &[address(300)], &[])), None, "{code}");
        }
        let mut cut = reply(ResponseCode::NoError, &[address(300)], &[]);
        cut[2] |= TRUNCATED;
        assert_eq!(for_http_cache(&cut), None);
    }

    proptest! {
        #[test]
        fn random_reply_has_bounded_reading(octets in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..100) {
            let _ = for_http_cache(&octets);
            let whole = reply(ResponseCode::NoError, &[address(300), address(60)], &[]);
            let part = &whole[..cut.min(whole.len())];
            prop_assert!(part.len() == whole.len() || for_http_cache(part).is_none());
        }
    }
}
