//! Asks root servers for the SOA of the root zone over UDP and TCP. This shows whether queries to port 53 reach the internet, and what time it is.
//!
//! RFC 1035 section 4.2, RFC 4034 section 3.1. An answer is accepted only if it comes from a root server itself, so a server that answers in
//! its place is detected.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};

use crate::limits::{CHECK_SERVERS, CHECK_TIME, MAX_CHECK_DATAGRAM};
use dns::random::Random;

/// The EDNS size of our query, the largest UDP reply that we accept (RFC 9715), in octets.
const PAYLOAD: u16 = 1_232;

/// The facts in a reply to the query for the SOA of the root zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootZoneAnswer {
    /// The flag AA of the reply: the server is authoritative for the zone.
    pub authoritative: bool,
    /// The flag RA of the reply: the server offers recursion. No root server does so.
    pub recursive: bool,
    /// The times from which and until which the signature of the SOA is valid, in seconds since 1970; `None` if there is no signature.
    pub signature: Option<(u64, u64)>,
}

/// The result of the query over one transport: the server and its answer, or the reason why no server answered.
pub(crate) type RootZoneReply = Result<(SocketAddr, RootZoneAnswer), String>;

/// The results of the query over UDP and over TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootZoneReplies {
    /// The result of the query over UDP.
    pub udp: RootZoneReply,
    /// The result of the query over TCP.
    pub tcp: RootZoneReply,
}

/// Sends the query over UDP and over TCP at the same time. Over each transport, it is sent to one server after the other until a server answers.
pub(super) fn ask(servers: &[SocketAddr]) -> RootZoneReplies {
    std::thread::scope(|threads| {
        let udp = threads.spawn(|| first(servers, datagram));
        let tcp = first(servers, stream);
        RootZoneReplies { udp: udp.join().unwrap_or_else(|_| Err("the query failed".to_owned())), tcp }
    })
}

fn first(servers: &[SocketAddr], ask: impl Fn(SocketAddr, &[u8]) -> io::Result<Vec<u8>>) -> RootZoneReply {
    let mut last = "no server to query".to_owned();
    for server in servers.iter().take(CHECK_SERVERS) {
        let said = question().and_then(|query| Ok((ask(*server, &query)?, query)));
        match said.and_then(|(reply, query)| read(&reply, &query)) {
            Ok(said) => return Ok((*server, said)),
            Err(error) => last = format!("{server}: {}", words(&error)),
        }
    }
    Err(last)
}

/// Creates the query for `. SOA`, with DO, so that the answer contains the signature.
fn question() -> io::Result<Vec<u8>> {
    let mut message = Message::query();
    message.metadata.id = Random::system()?.u16();
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(Name::root(), RecordType::SOA));
    let mut edns = Edns::new();
    edns.set_max_payload(PAYLOAD);
    edns.set_dnssec_ok(true);
    message.set_edns(edns);
    message.to_vec().map_err(io::Error::other)
}

fn datagram(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local)?;
    socket.connect(server)?;
    socket.send(query)?;
    let end = Instant::now() + CHECK_TIME;
    let mut datagram = vec![0; MAX_CHECK_DATAGRAM];
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(left))?;
        let length = socket.recv(&mut datagram)?;
        let reply = datagram.get(..length).unwrap_or_default();
        // A reply with another id than the query is ignored. The right reply may still come.
        if reply.get(..2) == query.get(..2) {
            return Ok(reply.to_vec());
        }
    }
}

fn stream(server: SocketAddr, query: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&server, CHECK_TIME)?;
    stream.set_read_timeout(Some(CHECK_TIME))?;
    stream.set_write_timeout(Some(CHECK_TIME))?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    stream.write_all(&[length.to_be_bytes().as_slice(), query].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut reply = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}

fn read(reply: &[u8], query: &[u8]) -> io::Result<RootZoneAnswer> {
    if reply.get(..2) != query.get(..2) {
        return Err(io::Error::other("sent an answer to another query"));
    }
    let message =
        Message::from_vec(reply).map_err(|_| io::Error::other("sent an answer that cannot be parsed"))?;
    Ok(RootZoneAnswer {
        authoritative: message.metadata.authoritative,
        recursive: message.metadata.recursion_available,
        signature: message.answers.iter().find_map(|record| validity(&record.data)),
    })
}

/// Returns the times from which and until which an RRSIG is valid, in seconds since 1970. Returns `None` for other record types.
fn validity(data: &RData) -> Option<(u64, u64)> {
    let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = data else { return None };
    let input = signature.input();
    Some((input.sig_inception.get().into(), input.sig_expiration.get().into()))
}

/// Describes an error of the network in words that are the same on every operating system.
fn words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("timeout after {} s", CHECK_TIME.as_secs()),
        ErrorKind::ConnectionRefused => "refused".to_owned(),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => "unreachable".to_owned(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => "closed the connection".to_owned(),
        _ => error.to_string(),
    }
}
