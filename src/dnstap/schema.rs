//! The data types (protocol buffers messages) of `dnstap.proto` (<https://github.com/dnstap/dnstap.pb>), with the fields that resolverd uses.

use std::net::{IpAddr, SocketAddr};

use super::tapped::{TapKind, TapTransport, TappedMessage};
use dns::clock::Mono;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Dnstap {
    #[prost(bytes = "vec", optional, tag = "1")]
    identity: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    version: Option<Vec<u8>>,
    #[prost(message, optional, tag = "14")]
    message: Option<DnsMessage>,
    /// The type of this value. The only type is 1: `message` is present.
    #[prost(int32, required, tag = "15")]
    kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct DnsMessage {
    #[prost(int32, required, tag = "1")]
    kind: i32,
    #[prost(int32, optional, tag = "2")]
    socket_family: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    socket_protocol: Option<i32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    query_address: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    response_address: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "6")]
    query_port: Option<u32>,
    #[prost(uint32, optional, tag = "7")]
    response_port: Option<u32>,
    #[prost(uint64, optional, tag = "8")]
    query_time_sec: Option<u64>,
    #[prost(fixed32, optional, tag = "9")]
    query_time_nsec: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "10")]
    query_message: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "12")]
    response_time_sec: Option<u64>,
    #[prost(fixed32, optional, tag = "13")]
    response_time_nsec: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "14")]
    response_message: Option<Vec<u8>>,
}

const MESSAGE: i32 = 1;

impl Dnstap {
    /// Converts a copied DNS message. `offset` is the time at which the monotonic clock was 0, in microseconds since 1970.
    pub(super) fn from_message(
        message: TappedMessage,
        (identity, version): (&str, &str),
        offset: u64,
    ) -> Self {
        let TappedMessage { kind, transport, asks, answers, queried, responded, octets } = message;
        let moment = |at: Mono| {
            let micros = offset.wrapping_add(at.as_micros());
            // Nanoseconds are less than 10^9, so they fit in 32 bits.
            (micros / 1_000_000, u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0))
        };
        let (query_time, response_time) = (moment(queried), responded.map(moment));
        let family = asks.map(|(address, _)| address).or_else(|| answers.map(|answers| answers.ip()));
        let is_response = matches!(kind, TapKind::ClientResponse | TapKind::ResolverResponse);
        let (query_message, response_message) =
            if is_response { (None, Some(octets)) } else { (Some(octets), None) };
        let message = DnsMessage {
            kind: number_of(kind),
            socket_family: family.map(|address| if address.to_canonical().is_ipv4() { 1 } else { 2 }),
            socket_protocol: Some(match transport {
                TapTransport::Udp => 1,
                TapTransport::Tcp => 2,
                TapTransport::Tls => 3,
                TapTransport::Https => 4,
                TapTransport::Quic => 7,
            }),
            query_address: asks.map(|(address, _)| octets_of(address)),
            response_address: answers.as_ref().map(SocketAddr::ip).map(octets_of),
            query_port: asks.map(|(_, port)| u32::from(port)).filter(|port| *port != 0),
            response_port: answers.map(|answers| u32::from(answers.port())),
            query_time_sec: Some(query_time.0),
            query_time_nsec: Some(query_time.1),
            query_message,
            response_time_sec: response_time.map(|time| time.0),
            response_time_nsec: response_time.map(|time| time.1),
            response_message,
        };
        let words = |text: &str| Some(text.as_bytes().to_vec()).filter(|text| !text.is_empty());
        Self { identity: words(identity), version: words(version), message: Some(message), kind: MESSAGE }
    }
}

impl Dnstap {
    /// Returns the octets of the query if the message is a query of a client.
    pub(super) fn client_query(self) -> Option<Vec<u8>> {
        let message = self.message.filter(|message| message.kind == number_of(TapKind::ClientQuery))?;
        message.query_message
    }
}

/// Returns the number in the enumeration `Message.Type`.
const fn number_of(kind: TapKind) -> i32 {
    match kind {
        TapKind::ResolverQuery => 3,
        TapKind::ResolverResponse => 4,
        TapKind::ClientQuery => 5,
        TapKind::ClientResponse => 6,
    }
}

/// Returns the octets of an address. An IPv4-mapped address, which a socket for both families gives, counts as IPv4.
fn octets_of(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn message_matches_dnstap_schema() {
        let message = TappedMessage {
            kind: TapKind::ClientResponse,
            transport: TapTransport::Tcp,
            asks: Some(("::ffff:192.0.2.1".parse().unwrap(), 0x1234)),
            answers: Some("127.0.0.1:53".parse().unwrap()),
            queried: Mono::from_micros(1),
            responded: Some(Mono::from_micros(1_000_002)),
            octets: b"dns".to_vec(),
        };
        let octets = Dnstap::from_message(message, ("mx", ""), 5_000_000).encode_to_vec();
        let inner: &[&[u8]] = &[
            b"\x08\x06\x10\x01\x18\x02",
            b"\x22\x04\xc0\x00\x02\x01",
            b"\x2a\x04\x7f\x00\x00\x01",
            b"\x30\xb4\x24\x38\x35",
            b"\x40\x05\x4d\xe8\x03\x00\x00",
            b"\x60\x06\x6d\xd0\x07\x00\x00",
            b"\x72\x03dns",
        ];
        let inner = inner.concat();
        let length = [u8::try_from(inner.len()).unwrap()];
        let wanted = [b"\x0a\x02mx".as_slice(), b"\x72", &length, &inner, b"\x78\x01"].concat();
        assert_eq!(octets, wanted);
    }
}
