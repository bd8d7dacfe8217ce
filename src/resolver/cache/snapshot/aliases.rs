//! The names to which the aliases in an answer lead. Such an answer may come from a DNS list, although its question is
//! about another name.

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};

use dns::question::Answer;

/// Octets from the type of a record to its TTL (RFC 1035 section 4.1.3).
const TYPE_TO_TTL: usize = 4;

/// The targets of all aliases in an answer; none if it cannot be read. The message is decoded only if it has an alias,
/// because a snapshot may have half a million answers.
pub(super) fn targets(answer: &Answer) -> Option<Vec<Name>> {
    if !answer.ttl_offsets.iter().any(|offset| is_alias(answer, usize::from(*offset))) {
        return Some(Vec::new());
    }
    let message = Message::from_vec(&answer.wire).ok()?;
    let target = |data: &RData| match data {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    };
    Some(message.answers.iter().filter_map(|record| target(&record.data)).collect())
}

/// Whether the record whose TTL is at `offset` is a CNAME.
fn is_alias(answer: &Answer, offset: usize) -> bool {
    let octets = offset.checked_sub(TYPE_TO_TTL).and_then(|place| answer.wire.get(place..));
    let kind = octets.and_then(<[u8]>::first_chunk).map(|kind| RecordType::from(u16::from_be_bytes(*kind)));
    kind == Some(RecordType::CNAME)
}
