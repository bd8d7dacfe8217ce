//! Encodes a query (RFC 1035 section 4.1, RFC 6891 section 6.1) twice: with the original name, and with the name in mixed case, as it is sent.
//!
//! The DNS message is written octet by octet. The encoder of `hickory_proto` would need as much CPU time as all other work of this module for a
//! query.

use hickory_proto::rr::{Name, RecordType};

use super::case;
use super::upstream_query::UpstreamQuery;
use dns::random::Random;
use dns::wire::{HEADER, MAX_NAME, PADDING};

const RECURSION_DESIRED: u16 = 0x0100;

/// RFC 4035 section 3.2.3.
const AUTHENTIC_DATA: u16 = 0x0020;

/// RFC 4035 section 3.2.2.
const CHECKING_DISABLED: u16 = 0x0010;

/// The bit DO in the flags of an OPT record (RFC 3225).
const DNSSEC_OK: u16 = 0x8000;

const CLASS: u16 = 1;

/// The length of an OPT record without options, in octets.
const OPT: usize = 11;

/// The length of an encrypted query is a multiple of this number of octets (RFC 8467 section 4.1), so that it does not show the length of the name.
const PADDED_BLOCK: usize = 128;

/// The length of the option code and the length field of an EDNS option, in octets.
const OPTION_HEAD: usize = 4;

pub(super) struct Sendable {
    pub(super) plain: Vec<u8>,
    pub(super) sent: Vec<u8>,
}

impl Sendable {
    /// Returns `None` if the name is too long.
    pub(super) fn new(ask: &UpstreamQuery, id: u16, random: &Random) -> Option<Self> {
        let plain = encode(ask, id)?;
        let mut sent = plain.clone();
        if ask.mixed_case {
            case::mix(&mut sent, || random.u64());
        }
        Some(Self { plain, sent })
    }
}

fn encode(ask: &UpstreamQuery, id: u16) -> Option<Vec<u8>> {
    let name = ask.sent_name();
    let checking_disabled = ask.edns.is_some() && ask.checking_disabled;
    let mut flags = if ask.recursion_desired { RECURSION_DESIRED } else { 0 };
    flags |= if ask.authentic_data { AUTHENTIC_DATA } else { 0 };
    flags |= if checking_disabled { CHECKING_DISABLED } else { 0 };
    let mut octets = Vec::with_capacity(name.len().saturating_add(HEADER + 5 + OPT));
    let header = [id, flags, 1, 0, 0, u16::from(ask.edns.is_some())].map(u16::to_be_bytes);
    octets.extend_from_slice(header.as_flattened());
    push_name(&mut octets, &name)?;
    octets.extend_from_slice([u16::from(ask.kind), CLASS].map(u16::to_be_bytes).as_flattened());
    if let Some(payload) = ask.edns {
        let flags = if ask.dnssec_ok { DNSSEC_OK } else { 0 };
        let padding = ask.path.encryption.is_some().then(|| zeros(octets.len()));
        let size = padding.map_or(0, |zeros| zeros.saturating_add(OPTION_HEAD));
        let fields = [u16::from(RecordType::OPT), payload, 0, flags, u16::try_from(size).ok()?];
        octets.push(0);
        octets.extend_from_slice(fields.map(u16::to_be_bytes).as_flattened());
        if let Some(zeros) = padding {
            octets.extend_from_slice(
                [PADDING, u16::try_from(zeros).ok()?].map(u16::to_be_bytes).as_flattened(),
            );
            octets.resize(octets.len().saturating_add(zeros), 0);
        }
    }
    Some(octets)
}

/// Returns the number of zero octets in the option for padding (RFC 7830). `length` is the length of the query without OPT record.
fn zeros(length: usize) -> usize {
    let with_head = length.saturating_add(OPT + OPTION_HEAD);
    with_head.next_multiple_of(PADDED_BLOCK).saturating_sub(with_head)
}

fn push_name(octets: &mut Vec<u8>, name: &Name) -> Option<()> {
    let begin = octets.len();
    for label in name.iter() {
        octets.push(u8::try_from(label.len()).ok()?);
        octets.extend_from_slice(label);
    }
    octets.push(0);
    (octets.len().saturating_sub(begin) <= MAX_NAME).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Path;
    use dns::conduct::{EncryptedProtocol, Encryption};
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
    use hickory_proto::rr::rdata::opt::EdnsCode;
    use std::sync::Arc;

    fn by_library(ask: &UpstreamQuery, id: u16) -> Vec<u8> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = ask.recursion_desired;
        message.metadata.authentic_data = ask.authentic_data;
        message.add_query(Query::query(ask.name.clone(), ask.kind));
        if let Some(payload) = ask.edns {
            let mut edns = Edns::new();
            edns.set_max_payload(payload).set_dnssec_ok(ask.dnssec_ok);
            message.set_edns(edns);
            message.metadata.checking_disabled = ask.checking_disabled;
        }
        message.to_vec().unwrap()
    }

    #[test]
    fn encrypted_queries_are_padded_to_blocks() {
        let server = "192.0.2.53:853".parse().unwrap();
        let length_of = |encryption: Option<Arc<Encryption>>, name: &str, edns: Option<u16>| {
            let path = Path { server, source: None, encryption };
            let name = Name::from_ascii(name).unwrap();
            let octets = encode(&UpstreamQuery { edns, ..UpstreamQuery::new(path, name, RecordType::MX) }, 7);
            let read = Message::from_vec(&octets.clone().unwrap()).unwrap();
            let padded = read.edns.is_some_and(|edns| edns.option(EdnsCode::Padding).is_some());
            (octets.unwrap().len(), padded)
        };
        let longest = format!("{0}.{0}.{0}.{1}.", "x".repeat(63), "y".repeat(61));
        for protocol in
            [EncryptedProtocol::Tls, EncryptedProtocol::Https("/q".to_owned()), EncryptedProtocol::Quic]
        {
            let encryption = Some(Encryption { certificate: "dns.example".to_owned(), protocol }.into());
            for (name, length) in [(".", 128), ("mail.example.", 128), (longest.as_str(), 384)] {
                assert_eq!(length_of(encryption.clone(), name, Some(1_232)), (length, true), "{name}");
            }
            assert_eq!(length_of(encryption, "mail.example.", None), (30, false));
        }
        assert_eq!(length_of(None, "mail.example.", Some(1_232)), (41, false));
    }

    #[test]
    fn query_octets_match_library() {
        let longest = format!("{0}.{0}.{0}.{1}.", "x".repeat(63), "y".repeat(61));
        for name in [".", "Mail.Example.", "_25._tcp.mx.example.", &longest] {
            let path = Path { server: "192.0.2.53:53".parse().unwrap(), source: None, encryption: None };
            for bits in 0..32_u8 {
                let ask = UpstreamQuery {
                    recursion_desired: bits & 1 != 0,
                    edns: (bits & 2 != 0).then_some(512),
                    dnssec_ok: bits & 4 != 0,
                    checking_disabled: bits & 8 != 0,
                    authentic_data: bits & 16 != 0,
                    ..UpstreamQuery::new(path.clone(), Name::from_ascii(name).unwrap(), RecordType::TLSA)
                };
                assert_eq!(encode(&ask, 0x1234), Some(by_library(&ask, 0x1234)), "{name} {bits:05b}");
            }
        }
    }
}
