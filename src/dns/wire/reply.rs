//! Writes the octets of a reply: a stored answer that is adapted to one client, or the rejection of a query.
//!
//! Follows RFC 6891 (OPT), RFC 7873 (cookies), RFC 8914 (extended errors), RFC 7830 and 8467 (padding) and RFC 2181 section 9 (TC). A reply that
//! would be too large consists only of header, question and OPT with TC, because half an RRset is useless.

use hickory_proto::op::ResponseCode;

use super::cookie::WHOLE;
use super::edns::{COOKIE, HEADER, OPT, PADDING, PAYLOAD};
use super::query::{Query, Rejection};
use super::ttl;
use crate::clock::Mono;
use crate::limits::MAX_ERROR_TEXT;
use crate::question::{Answer, ExtendedError, Security};

/// The EDNS option code of extended errors (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// The length of a padded reply is a multiple of this number of octets (RFC 8467 section 4.1).
const PADDED_BLOCK: usize = 468;

/// The length of the option code and the length field of an EDNS option, in octets.
const OPTION_HEAD: usize = 4;

/// The length of an OPT record without options, in octets.
const OPT_SIZE: usize = 11;

/// Writes the reply for `query` with the stored answer `answer` into `out`, whose old content is removed. The reply has at most `limit`
/// octets.
pub fn write(out: &mut Vec<u8>, answer: &Answer, query: &Query, limit: usize, now: Mono) {
    let question = query.question_bytes();
    let asked = HEADER.saturating_add(question.len());
    let error = answer.extended_error.as_ref();
    let cookie = query.cookie.as_ref();
    let opt = if query.edns.is_some() { OPT_SIZE.saturating_add(options_size(error, cookie)) } else { 0 };
    let is_whole = answer.wire.len().saturating_add(opt) <= limit;
    let copied = if is_whole { &answer.wire } else { answer.wire.get(..asked).unwrap_or_default() };
    out.clear();
    out.extend_from_slice(copied);
    patch_header(out, query, answer.security == Security::Secure);
    if let Some(place) = out.get_mut(HEADER..asked) {
        place.copy_from_slice(question);
    }
    if is_whole {
        ttl::count_down(out, answer, now);
    } else {
        truncate(out);
    }
    if query.edns.is_some() {
        let pads_to = query.pads_reply.then_some(limit);
        push_opt(out, answer.rcode, query.dnssec_ok(), (error, cookie, pads_to));
    }
}

/// Writes the reply to a DNS message that resolverd does not answer as a question.
pub fn write_rejection(out: &mut Vec<u8>, rejection: &Rejection) {
    out.clear();
    out.extend_from_slice(&rejection.id.to_be_bytes());
    out.push(0x80 | rejection.flags & 0x79);
    out.push(0x80 | rejection.rcode.low());
    let questions = u8::from(rejection.question.is_some());
    out.extend_from_slice(&[0, questions, 0, 0, 0, 0, 0, 0]);
    if let Some(question) = &rejection.question {
        out.extend_from_slice(question);
    }
    if rejection.edns {
        let pads_to = rejection.pads.then_some(PADDED_BLOCK);
        push_opt(out, rejection.rcode, false, (rejection.extended_error.as_ref(), None, pads_to));
    }
}

/// Completes the header of a reply. AD is set if the answer is secure and the client sent AD or DO (RFC 6840 section 5.8).
fn patch_header(out: &mut [u8], query: &Query, secure: bool) {
    if let Some([high, low, flags, flags_low]) = out.get_mut(..4) {
        [*high, *low] = query.id.to_be_bytes();
        *flags |= u8::from(query.recursion_desired);
        let understood = query.authentic_data || query.dnssec_ok();
        *flags_low |= u8::from(query.checking_disabled) << 4 | u8::from(secure && understood) << 5;
    }
}

fn truncate(out: &mut [u8]) {
    if let Some(flags) = out.get_mut(2) {
        *flags |= 0x02;
    }
    if let Some(counts) = out.get_mut(6..HEADER) {
        counts.fill(0);
    }
}

fn options_size(error: Option<&ExtendedError>, cookie: Option<&[u8; WHOLE]>) -> usize {
    let error = error.map_or(0, |error| 6_usize.saturating_add(text_of(error).len()));
    error.saturating_add(cookie.map_or(0, |cookie| 4_usize.saturating_add(cookie.len())))
}

/// Returns the text of an extended error. A text that is too long is cut after a whole character.
fn text_of(error: &ExtendedError) -> &str {
    let end = error.text.floor_char_boundary(MAX_ERROR_TEXT);
    error.text.get(..end).unwrap_or_default()
}

/// Returns the number of zero octets in the padding of a reply. `length` includes the head of the padding option; `limit` is the maximum
/// length of the whole reply.
fn padding(length: usize, limit: usize) -> usize {
    length.next_multiple_of(PADDED_BLOCK).min(limit).saturating_sub(length)
}

/// The extended error and the cookie for the OPT of a reply, and the maximum length of the reply if it is padded.
type Options<'a> = (Option<&'a ExtendedError>, Option<&'a [u8; WHOLE]>, Option<usize>);

fn push_opt(out: &mut Vec<u8>, rcode: ResponseCode, dnssec_ok: bool, (error, cookie, pads_to): Options<'_>) {
    out.push(0);
    out.extend_from_slice(&OPT.to_be_bytes());
    out.extend_from_slice(&PAYLOAD.to_be_bytes());
    out.extend_from_slice(&[rcode.high(), 0, u8::from(dnssec_ok) << 7, 0]);
    let options = options_size(error, cookie);
    let with_head = out.len().saturating_add(2).saturating_add(options).saturating_add(OPTION_HEAD);
    let zeros = pads_to.filter(|limit| with_head <= *limit).map(|limit| padding(with_head, limit));
    let padded = zeros.map_or(0, |zeros| zeros.saturating_add(OPTION_HEAD));
    let size = u16::try_from(options.saturating_add(padded)).unwrap_or(0);
    out.extend_from_slice(&size.to_be_bytes());
    if let Some(cookie) = cookie {
        out.extend_from_slice(&COOKIE.to_be_bytes());
        out.extend_from_slice(&u16::try_from(cookie.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(cookie);
    }
    if let Some(error) = error {
        let text = text_of(error).as_bytes();
        out.extend_from_slice(&EXTENDED_ERROR.to_be_bytes());
        out.extend_from_slice(&u16::try_from(text.len().saturating_add(2)).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&error.code.to_be_bytes());
        out.extend_from_slice(text);
    }
    if let Some(zeros) = zeros {
        out.extend_from_slice(&PADDING.to_be_bytes());
        out.extend_from_slice(&u16::try_from(zeros).unwrap_or(0).to_be_bytes());
        out.resize(out.len().saturating_add(zeros), 0);
    }
    if let Some(count) = out.get_mut(11) {
        // A stored answer has no additional section, so the OPT is the only record in it.
        *count = 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::{Outcome, Question, ViewId};
    use crate::wire::compose;
    use crate::wire::compose::AnswerParts;
    use crate::wire::query::Unanswerable;
    use hickory_proto::op::{Edns, Message, Query as Asked};
    use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
    use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};
    use std::str::FromStr;
    use std::time::Duration;

    fn query(name: &str, payload: Option<u16>) -> Query {
        let mut message = Message::query();
        message.metadata.id = 4_711;
        message.metadata.recursion_desired = true;
        message.add_query(Asked::query(Name::from_ascii(name).unwrap(), RecordType::A));
        if let Some(payload) = payload {
            let mut edns = Edns::new();
            edns.set_max_payload(payload);
            message.set_edns(edns);
        }
        Query::read(&message.to_vec().unwrap(), ViewId::default()).unwrap()
    }

    fn answer(records: u8) -> Answer {
        let name = Name::from_str("www.example.").unwrap();
        let records: Vec<_> = (0..records)
            .map(|last| Record::from_rdata(name.clone(), 300, RData::A(rdata::A::new(192, 0, 2, last))))
            .collect();
        compose::answer(&AnswerParts::positive(&Question::new(&name, RecordType::A), &records, Mono::START))
            .unwrap()
    }

    fn read(bytes: &[u8]) -> Message {
        let mut decoder = BinDecoder::new(bytes);
        let message = Message::read(&mut decoder).unwrap();
        assert!(decoder.is_empty(), "octets behind the message");
        message
    }

    #[test]
    fn hit_has_client_id_and_ttls() {
        let mut out = Vec::new();
        let later = Mono::START.after(Duration::from_millis(100_900));
        write(&mut out, &answer(2), &query("WwW.eXample.", Some(1_232)), 1_232, later);
        let reply = read(&out);
        assert_eq!(reply.metadata.id, 4_711);
        assert!(reply.metadata.recursion_desired && reply.metadata.recursion_available);
        assert!(reply.queries[0].name().eq_case(&Name::from_ascii("WwW.eXample.").unwrap()));
        assert_eq!(reply.answers.len(), 2);
        for record in &reply.answers {
            assert_eq!(record.ttl, 200);
            assert!(record.name.eq_case(&Name::from_ascii("WwW.eXample.").unwrap()), "{}", record.name);
        }
        assert_eq!(reply.edns.unwrap().max_payload(), 1_232);
    }

    #[test]
    fn large_answer_is_truncated() {
        let mut out = Vec::new();
        write(&mut out, &answer(100), &query("www.example.", Some(1_400)), 1_232, Mono::START);
        let reply = read(&out);
        assert!(reply.metadata.truncation);
        assert!(reply.answers.is_empty() && reply.edns.is_some());
        // Each worker thread has dozens of reply buffers, so a long answer must not make them large.
        assert!(out.capacity() < 1_232, "records that do not fit were copied: {}", out.capacity());
        write(&mut out, &answer(100), &query("www.example.", None), 65_535, Mono::START);
        let reply = read(&out);
        assert!(!reply.metadata.truncation && reply.edns.is_none());
        assert_eq!(reply.answers.len(), 100);
    }

    #[test]
    fn extended_error_text_is_bounded() {
        let mut failed = answer(0);
        failed.extended_error = Some(ExtendedError::new(22, "é".repeat(400)));
        let mut out = Vec::new();
        write(&mut out, &failed, &query("www.example.", Some(512)), 512, Mono::START);
        let reply = read(&out);
        assert!(!reply.metadata.truncation);
        assert!(out.len() <= 512);
        assert!(reply.edns.unwrap().option(EXTENDED_ERROR.into()).is_some());
    }

    #[test]
    fn padding_fills_blocks_within_limit() {
        let (mut out, mut query) = (Vec::new(), query("www.example.", Some(1_232)));
        query.pads_reply = true;
        for (records, limit, length) in
            [(1, 65_535, 468), (20, 65_535, 468), (40, 65_535, 936), (1, 100, 100), (1, 60, 60), (1, 59, 56)]
        {
            write(&mut out, &answer(records), &query, limit, Mono::START);
            let reply = read(&out);
            assert_eq!(out.len(), length, "{records} {limit}");
            assert_eq!(reply.edns.unwrap().option(PADDING.into()).is_some(), limit >= 60, "{limit}");
        }
        let error = ExtendedError::new(ExtendedError::PROHIBITED, "no");
        let rejection = query.rejection(ResponseCode::Refused, Outcome::Refused, error);
        write_rejection(&mut out, &rejection);
        assert_eq!((out.len(), read(&out).metadata.response_code), (PADDED_BLOCK, ResponseCode::Refused));
    }

    #[test]
    fn newer_edns_version_gets_badvers() {
        let mut message = Message::query();
        message.add_query(Asked::query(Name::from_str("a.example.").unwrap(), RecordType::A));
        let mut edns = Edns::new();
        edns.set_version(1);
        message.set_edns(edns);
        let Err(Unanswerable::Rejected(rejection)) =
            Query::read(&message.to_vec().unwrap(), ViewId::default())
        else {
            panic!("version 1 was taken")
        };
        assert_eq!(rejection.outcome, Outcome::BadVersion);
        let mut out = Vec::new();
        write_rejection(&mut out, &rejection);
        assert_eq!(u16::from(read(&out).metadata.response_code), u16::from(ResponseCode::BADVERS));
    }
}
