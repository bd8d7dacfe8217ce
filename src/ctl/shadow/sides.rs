//! Sends a question to the present resolver of this host and to resolverd at the same time, as a client would.
//!
//! RFC 1035 section 4.2, RFC 6840 section 5.7 (AD in a query), RFC 7766 section 5 (TCP after TC).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::Name;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::limits::SHADOW_PATIENCE;
use crate::peer::words;
use control::direct::reply;
use dns::random::Random;
use dns::wire::presentation::read_name;
use dns::wire::{PAYLOAD, response};
use shadow::answer::{Side, SideAnswer, SideReply};
use shadow::asked::AskedQuestion;
use shadow::judge::Sample;

/// If no reply has arrived after this time, the UDP query is sent again, because the query or its reply may be lost.
const AGAIN: Duration = Duration::from_secs(2);

/// The addresses of the two resolvers: the present resolver of this host (`in_place`), and resolverd.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) in_place: SocketAddr,
    pub(super) resolverd: SocketAddr,
    pub(super) random: Random,
}

impl Sides {
    /// Sends a question to both resolvers at the same time, and returns both answers.
    pub(super) async fn sample(&self, question: &AskedQuestion) -> Sample {
        let (in_place, resolverd) =
            tokio::join!(self.ask(Side::InPlace, question), self.ask(Side::Resolverd, question));
        Sample { in_place, resolverd }
    }

    /// Sends a question to one of the two resolvers, and returns its answer.
    async fn ask(&self, side: Side, question: &AskedQuestion) -> SideAnswer {
        let server = match side {
            Side::InPlace => self.in_place,
            Side::Resolverd => self.resolverd,
        };
        let began = Instant::now();
        let Some(query) = self.message(question) else {
            return SideAnswer::None("the query cannot be written".to_owned());
        };
        let asked = timeout(SHADOW_PATIENCE, exchange(server, &query)).await;
        match asked {
            Err(_) => SideAnswer::None(format!("timeout after {} s", SHADOW_PATIENCE.as_secs())),
            Ok(Err(error)) => SideAnswer::None(words(&error)),
            Ok(Ok(message)) => answer_of(&message, began.elapsed()),
        }
    }

    fn message(&self, question: &AskedQuestion) -> Option<Message> {
        let mut name: Name = read_name(&question.name)?;
        name.set_fqdn(true);
        let mut message = Message::query();
        message.metadata.id = self.random.u16();
        message.metadata.recursion_desired = true;
        message.metadata.authentic_data = true;
        message.metadata.checking_disabled = question.checking_disabled;
        message.add_query(Query::query(name, question.kind));
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        edns.set_dnssec_ok(question.dnssec_ok);
        message.set_edns(edns);
        Some(message)
    }
}

/// Returns the parts of a reply that are compared with the reply of the other resolver.
fn answer_of(message: &Message, elapsed: Duration) -> SideAnswer {
    SideAnswer::Reply(Box::new(SideReply {
        facts: reply(message, elapsed),
        secure: message.metadata.authentic_data,
    }))
}

/// Sends a query over UDP, and again over TCP if the UDP reply has TC. Returns the reply.
async fn exchange(server: SocketAddr, query: &Message) -> io::Result<Message> {
    let octets = query.to_vec().map_err(io::Error::other)?;
    let message = datagram(server, query, &octets).await?;
    if message.metadata.truncation { stream(server, query, &octets).await } else { Ok(message) }
}

/// Returns true if the DNS message `message` is the reply to `query`: it has the same id, and the same question or none.
fn is_reply(message: &Message, query: &Message) -> bool {
    let is_same = |(one, other): (&Query, &Query)| {
        one.query_type() == other.query_type() && one.name().eq_ignore_root_case(other.name())
    };
    // A resolver that cannot parse a query may return a reply without a question section.
    message.metadata.id == query.metadata.id
        && message.metadata.message_type == hickory_proto::op::MessageType::Response
        && (message.queries.is_empty() || message.queries.iter().zip(&query.queries).all(is_same))
}

async fn datagram(server: SocketAddr, query: &Message, octets: &[u8]) -> io::Result<Message> {
    let own: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(own).await?;
    socket.connect(server).await?;
    let mut room = vec![0; usize::from(u16::MAX)];
    loop {
        socket.send(octets).await?;
        let heard = timeout(AGAIN, async {
            loop {
                let length = socket.recv(&mut room).await?;
                match response::read(room.get(..length).unwrap_or_default()) {
                    Ok(message) if is_reply(&message, query) => return Ok(message),
                    _ => {}
                }
            }
        });
        // There is no limit for this loop here. The caller stops it when `SHADOW_PATIENCE` for the whole question is over.
        if let Ok(heard) = heard.await {
            return heard;
        }
    }
}

async fn stream(server: SocketAddr, query: &Message, octets: &[u8]) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), octets].concat()).await?;
    let length = stream.read_u16().await?;
    let mut reply = vec![0; usize::from(length)];
    stream.read_exact(&mut reply).await?;
    match response::read(&reply) {
        Ok(message) if is_reply(&message, query) => Ok(message),
        Ok(_) => Err(io::Error::other("a reply to another question")),
        Err(error) => Err(io::Error::other(error.to_string())),
    }
}
