//! How long a reply may be used again by a cache that does not read it: of HTTP (RFC 8484 section 5.1).

use super::HEADER;
use super::cursor::Cursor;

/// The lower bits of the response codes that may be kept: NOERROR and NXDOMAIN.
const KEPT: [u8; 2] = [0, 3];

/// TC, in the third octet of a header.
const TRUNCATED: u8 = 0x02;

/// Type SOA (RFC 1035 section 3.2.2).
const SOA: u16 = 6;

/// Octets of the field MINIMUM, which ends the data of an SOA.
const MINIMUM: usize = 4;

/// Seconds for which a reply stays true: the smallest TTL of its answers, or of the SOA of a negative answer (RFC 2308 section
/// 5). None: it is a failure, or does not tell.
pub fn seconds(reply: &[u8]) -> Option<u32> {
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
    // An alias may lead to a name that does not exist.
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

/// The next record: its type, its TTL and its data.
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
    fn the_smallest_ttl_of_the_answers_counts() {
        let of = |answers: &[Record]| seconds(&reply(ResponseCode::NoError, answers, &[zone(1, 1)]));
        assert_eq!(of(&[address(300), address(60), address(900)]), Some(60));
        let long = Record::from_rdata(name(), 5, RData::TXT(TXT::new(vec!["v".repeat(200); 20])));
        assert_eq!(of(&[address(300), long]), Some(5));
        assert_eq!(of(&[address(0)]), Some(0));
    }

    #[test]
    fn a_negative_answer_has_the_time_of_its_soa() {
        let of = |code, authorities: &[Record]| seconds(&reply(code, &[], authorities));
        assert_eq!(of(ResponseCode::NXDomain, &[zone(900, 60)]), Some(60));
        assert_eq!(of(ResponseCode::NoError, &[address(3), zone(30, 60)]), Some(30));
        assert_eq!(of(ResponseCode::NoError, &[]), None, "it does not tell");
        let behind_alias = reply(ResponseCode::NXDomain, &[address(900)], &[zone(30, 60)]);
        assert_eq!(seconds(&behind_alias), Some(30));
    }

    #[test]
    fn failures_and_cut_replies_are_not_kept() {
        for code in [ResponseCode::ServFail, ResponseCode::Refused, ResponseCode::FormErr] {
            assert_eq!(seconds(&reply(code, &[address(300)], &[])), None, "{code}");
        }
        let mut cut = reply(ResponseCode::NoError, &[address(300)], &[]);
        cut[2] |= TRUNCATED;
        assert_eq!(seconds(&cut), None);
    }

    proptest! {
        #[test]
        fn any_octets_are_read_to_their_end_at_most(octets in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..100) {
            let _ = seconds(&octets);
            let whole = reply(ResponseCode::NoError, &[address(300), address(60)], &[]);
            let part = &whole[..cut.min(whole.len())];
            prop_assert!(part.len() == whole.len() || seconds(part).is_none());
        }
    }
}
