//! Queries root servers for the SOA record of the root zone over UDP and TCP. The replies show if queries to port 53 reach the internet. The validity
//! period of the record's signature shows if the clock of this host is right.
//!
//! See RFC 1035 section 4.2 and RFC 4034 section 3.1. The flags AA and RA of a reply show if another server answers instead of the root server.

use std::io;
use std::net::SocketAddr;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::runtime::Builder;

use crate::limits::{CHECK_SERVERS, CHECK_TIME};
use dns::conduct::Transport;
use exchange::network::Path;
use exchange::{Exchange, Trouble, UpstreamQuery};

/// The facts in the reply of a root server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootZoneAnswer {
    /// The flag AA: the server is authoritative for the zone.
    pub authoritative: bool,
    /// The flag RA: the server offers recursion. No root server does.
    pub recursive: bool,
    /// The validity period of the SOA's signature, if there is one, in seconds since 1970.
    pub signature: Option<(u64, u64)>,
}

/// The server and its answer, or why no server answered.
pub(crate) type RootZoneReply = Result<(SocketAddr, RootZoneAnswer), String>;

/// The results over UDP and TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootZoneReplies {
    /// The result over UDP.
    pub udp: RootZoneReply,
    /// The result over TCP.
    pub tcp: RootZoneReply,
}

/// Sends the query over UDP and TCP at the same time. Over each transport, the servers are queried one after the other until one answers.
pub(super) fn ask(servers: &[SocketAddr]) -> RootZoneReplies {
    asked(servers).unwrap_or_else(|error| {
        let unsent = Err(error.to_string());
        RootZoneReplies { udp: unsent.clone(), tcp: unsent }
    })
}

fn asked(servers: &[SocketAddr]) -> io::Result<RootZoneReplies> {
    let exchange = Exchange::for_command()?;
    let first = |transport| first(&exchange, servers, transport);
    let both = async { tokio::join!(first(Transport::Udp), first(Transport::Tcp)) };
    let (udp, tcp) = Builder::new_current_thread().enable_all().build()?.block_on(both);
    Ok(RootZoneReplies { udp, tcp })
}

async fn first(exchange: &Exchange, servers: &[SocketAddr], transport: Transport) -> RootZoneReply {
    let mut last = "no server to query".to_owned();
    for server in servers.iter().take(CHECK_SERVERS) {
        let path = Path { server: *server, source: None, encryption: None };
        // A server adds the signature only if the query has the flag DO.
        let plain = UpstreamQuery::new(path, Name::root(), RecordType::SOA);
        let query = UpstreamQuery { dnssec_ok: true, transport, ..plain };
        let place = exchange.place(&query.name).await;
        last = match exchange.ask_alone(&query, CHECK_TIME, place).await.reply {
            Ok(message) => return Ok((*server, answer(&message))),
            Err(Trouble::Silent) => format!("{server}: timeout after {} s", CHECK_TIME.as_secs()),
            Err(trouble) => format!("{server}: {trouble}"),
        };
    }
    Err(last)
}

fn answer(message: &Message) -> RootZoneAnswer {
    RootZoneAnswer {
        authoritative: message.metadata.authoritative,
        recursive: message.metadata.recursion_available,
        signature: message.answers.iter().find_map(|record| validity(&record.data)),
    }
}

/// Returns the validity period of an RRSIG, in seconds since 1970; `None` for other record types.
fn validity(data: &RData) -> Option<(u64, u64)> {
    let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = data else { return None };
    let input = signature.input();
    Some((input.sig_inception.get().into(), input.sig_expiration.get().into()))
}
