//! Sends one query to one server, and receives the reply.
//!
//! No other module sends queries to servers. This module follows RFC 5452 (random id and port; question and source address of replies are
//! compared), RFC 6891 (EDNS), RFC 7766 (TCP), RFC 7858 (TLS), RFC 8484 (HTTPS) and RFC 9250 (QUIC).
//!
//! # Decisions
//!
//! - The pool of servers in Hickory is not used. In it, any response code other than NOERROR and NXDOMAIN ends a query, one silent server uses up
//!   the whole timeout of 5 s, and the AD flag and response codes are lost. Encoding, decoding, TCP and TLS come from Hickory. The module `iterate`
//!   chooses the server.
//! - Every datagram has its own socket and port (RFC 5452). The upper and lower case of the name is also random (0x20). A server that does not
//!   repeat the case is asked again once over TCP, and later with the letters unchanged.
//! - Datagrams that one worker thread prepares before it waits again are sent together (`departures`). If each were sent immediately and the server
//!   is on the same host, waking the server process would take a sixth of the CPU time of a cache miss. Another solution, in which each task yields
//!   once before it sends, costs 3 000 more instructions for each cache miss.
//! - A socket waits 12 s for a reply, or 15 s if the server is known to be slow. If it waited only 8 s, names in a zone whose servers take 9 s
//!   would never be resolved.
//! - A datagram that has the right id but answers another question is counted and ignored, because the real reply may still arrive.
//! - If a datagram is larger than the size that the query offered, the reply is fetched again over TCP, because an attacker could have forged
//!   the second fragment of the datagram.
//! - A forwarder over TLS or HTTPS gets up to 8 streams, and equal queries are sent only once. If there were one stream for at most 64 queries, one
//!   query per second for a domain with dead servers would fill the stream with its copies, and half of the other queries would fail.
//! - If a stream receives nothing for a second after a query, it is not used for further queries: a firewall between the hosts may have lost the
//!   state of the connection, and would then drop all packets. Otherwise queries would fail for 9 s, until the stream ends.
//! - The servers in one /24 or /48 network may use at most 32 streams, so that servers that accept TCP connections and never answer cannot use
//!   up all streams.
//! - Memory must be reserved for a long reply before it is decoded (`long_replies`), and stays reserved until the records are no longer needed.
//!   Otherwise 300 replies with 3 700 addresses each would take 350 MB while resolutions wait for the DNSSEC keys of their zones.
//! - The customer's key for a DNS list is inserted into the name here, when a query is encoded. Modules that call this one never see the key.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod case;
mod departures;
mod framed;
mod https;
mod long_replies;
mod merge;
mod message;
pub mod network;
mod places;
pub mod ports;
mod quic;
pub mod secret;
pub mod socket_network;
mod stream_driver;
mod stream_table;
mod streams;
mod tls;
mod upstream_query;

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, Name};

use crate::dnstap::tap::Tap;
use crate::dnstap::tapped::{TapKind, TapTransport, TappedMessage};
use crate::limits::{MAX_STRAY_DATAGRAMS, WorkBounds};
use case::Spelling;
use dns::clock::{Clock, Mono};
use dns::conduct::Transport;
use dns::hash::Keyed;
use dns::question::{WireName, same_name};
use dns::random::Random;
use dns::wire::{HEADER, PAYLOAD, PLAIN_PAYLOAD, pointers, response};
pub use long_replies::ReplyRoom;
use long_replies::{LongReplies, NoRoom};
use merge::Merge;
pub use merge::Sender;
use message::Sendable;
use network::{CertificateRefused, HttpsFault, Network, NotSent};
pub use places::Place;
use places::Places;
use ports::SourcePorts;
use socket_network::SocketNetwork;
use streams::{StreamReply, Streams};
pub use tls::certificate_fault;
pub use upstream_query::{Heard, Trouble, UpstreamQuery};

/// Sends queries to servers and receives the replies. If several equal queries are asked at the same time, only one is sent.
pub struct Exchange {
    network: Arc<dyn Network>,
    clock: Clock,
    random: Random,
    /// Limits the number of queries to servers in progress, and thus the number of open sockets.
    places: Arc<Places>,
    keyed: Keyed,
    merge: Merge,
    streams: Streams,
    long_replies: Arc<LongReplies>,
    bounds: WorkBounds,
    /// The number of datagrams that arrived at ports of queries and were ignored, since `take_strays` was last called.
    strays: AtomicUsize,
    /// Sends copies of DNS messages to a dnstap reader.
    tap: Arc<Tap>,
}

impl Exchange {
    /// Creates an exchange that uses `network`, with the limits for a cache of `cache_size` octets.
    pub fn new(
        network: Arc<dyn Network>,
        clock: Clock,
        random: Random,
        keyed: Keyed,
        cache_size: u64,
    ) -> Self {
        let long_replies = Arc::new(LongReplies::for_cache_size(cache_size));
        let streams = Streams::new(Arc::clone(&network), random.clone(), Arc::clone(&long_replies));
        let (merge, strays, tap) = (Merge::new(keyed), AtomicUsize::new(0), Arc::default());
        let bounds = WorkBounds::for_cache_size(cache_size);
        let places = Arc::new(Places::new(bounds.exchanges));
        Self { network, clock, random, places, keyed, merge, streams, long_replies, bounds, strays, tap }
    }

    /// Creates an exchange for a command of the operator. Its queries leave from any port.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn for_command() -> std::io::Result<Self> {
        let random = Random::system()?;
        let ports = SourcePorts::in_range(1_024..=u16::MAX, &ports::reserved().unwrap_or_default());
        let network = Arc::new(SocketNetwork::new(random.clone(), ports));
        let keyed = Keyed::new(&random);
        Ok(Self::new(network, Clock::machine(), random, keyed, 0))
    }

    /// Returns this object with `tap` set: copies of its DNS messages are sent to a dnstap reader from now on.
    #[must_use]
    pub fn tapped(self, tap: Arc<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// Returns the number of datagrams that arrived at the ports of queries and were ignored, since the last call. They had a wrong id, a wrong
    /// question or a wrong source address.
    pub(crate) fn take_strays(&self) -> usize {
        // The value is usually 0, and is then not written, because a write would invalidate it in the caches of other processors.
        if self.strays.load(Ordering::Relaxed) == 0 { 0 } else { self.strays.swap(0, Ordering::Relaxed) }
    }

    /// Returns the number of queries that are in progress or wait until they may be sent, plus the number of open streams.
    #[cfg(feature = "simulated")]
    pub(crate) fn under_way(&self) -> usize {
        self.places.len() + self.merge.len() + self.streams.len()
    }

    /// Returns true if at least half of the places for queries to servers are in use.
    pub(crate) fn is_half_taken(&self) -> bool {
        self.places.taken() >= self.bounds.exchanges / 2
    }

    /// Returns the maximum numbers of resolutions (flights), waiting clients and queries in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.bounds
    }

    /// Waits for a place for a query to a server of `zone`, because the number of queries in progress is limited. The timers of a query start when
    /// the query has its place: the server is not the cause of this wait.
    pub async fn place(&self, zone: &Name) -> Place {
        self.places.take(self.keyed.octets(&WireName::new(zone))).await
    }

    /// Sends the query `ask` and waits for a reply for at most `patience`. Returns the time at which the query was sent, and a future with the
    /// result. If an equal query is already in progress, nothing is sent: the returned time is the one at which that query was sent, the future has
    /// the reply to that query, and its boolean is false.
    pub fn ask(
        self: &Arc<Self>,
        ask: UpstreamQuery,
        patience: Duration,
        place: Place,
        sender: Sender,
    ) -> (Mono, impl Future<Output = (Heard, bool)>) {
        let (this, now) = (Arc::clone(self), self.clock.mono());
        let send = move |ask: Arc<UpstreamQuery>| async move {
            let heard = this.send(&ask, patience, now).await;
            drop(place);
            heard
        };
        self.merge.share(ask, now, sender, send)
    }

    /// Like `ask`, but sends the query even if an equal query is in progress. This is for a caller that tests a server with several equal queries,
    /// and needs the result of each.
    pub async fn ask_alone(&self, ask: &UpstreamQuery, patience: Duration, place: Place) -> Heard {
        let heard = self.send(ask, patience, self.clock.mono()).await;
        drop(place);
        heard
    }

    async fn send(&self, ask: &UpstreamQuery, patience: Duration, started: Mono) -> Heard {
        let id = self.random.u16();
        let reply = match Sendable::new(ask, id, &self.random) {
            None => Err(Trouble::Unfit),
            Some(message) => {
                self.tap(TapKind::ResolverQuery, ask, &message.sent, started);
                let waited = match ask.transport {
                    Transport::Udp => {
                        tokio::time::timeout(patience, self.udp(ask, id, &message, started)).await
                    }
                    _ => tokio::time::timeout(patience, Box::pin(self.tcp(ask, id, &message, started))).await,
                };
                waited.unwrap_or(Err(Trouble::Silent))
            }
        };
        let elapsed = self.clock.mono().since(started);
        let is_other = match &reply {
            Ok(read) => read.spelling == Spelling::Other,
            Err(trouble) => *trouble == Trouble::OtherCase,
        };
        let room = reply.as_ref().map(|read| read.room.clone()).unwrap_or_default();
        let is_long = reply.as_ref().is_ok_and(|read| read.is_long);
        let reply = reply.map(|read| Arc::new(read.message));
        Heard { reply, elapsed, other_case: ask.mixed_case && is_other, is_long, room }
    }

    async fn udp(
        &self,
        ask: &UpstreamQuery,
        id: u16,
        message: &Sendable,
        started: Mono,
    ) -> Result<ReadReply, Trouble> {
        let sent = self.network.send_datagram(&ask.path, &message.sent).await;
        // The query has not left this host, so the error comes from this host and not from a router.
        let mut replies = sent.map_err(|error| match error.kind() {
            ErrorKind::HostUnreachable => Trouble::NoRouteToAddress,
            _ => trouble_of(&error),
        })?;
        let on_the_way = |error: std::io::Error| match trouble_of(&error) {
            // The query has left this host, so the error comes from a router or from the server. It concerns only this server address, and not all
            // addresses of the family (IPv4 or IPv6).
            Trouble::NoRoute => Trouble::Unreachable,
            trouble => trouble,
        };
        // An attacker may send many datagrams. This limit ensures that the loop ends.
        for _ in 0..MAX_STRAY_DATAGRAMS {
            let (source, mut datagram) = replies.next().await.map_err(on_the_way)?;
            if source == ask.path.server && id_of(&datagram) == Some(id) {
                self.tap(TapKind::ResolverResponse, ask, &datagram, started);
                let spelling = case::restore(&message.plain, &message.sent, &mut datagram);
                if spelling == Spelling::Other && ask.mixed_case {
                    return Err(Trouble::OtherCase);
                }
                let is_long = datagram.len() > PLAIN_PAYLOAD.into();
                if datagram.len() > PAYLOAD.into() {
                    return Ok(ReadReply { message: cut(id), spelling, is_long, room: ReplyRoom::default() });
                }
                match decode(ask, &datagram, spelling) {
                    Ok(read) if read.queries.is_empty() && ask.mixed_case => return Err(Trouble::OtherCase),
                    Ok(message) => {
                        let room = self.long_replies.admit(source, &datagram).await;
                        let room = room.map_err(|NoRoom| Trouble::NoRoom)?;
                        return Ok(ReadReply { message, spelling, is_long, room });
                    }
                    Err(Misfit::Unreadable) => return Err(Trouble::Unfit),
                    // Somebody has guessed the id of this query, or a late reply to an earlier query from the same port has arrived. The real reply
                    // may still arrive.
                    Err(Misfit::OtherQuestion) => {}
                }
            }
            self.strays.fetch_add(1, Ordering::Relaxed);
        }
        Err(Trouble::Forged)
    }

    async fn tcp(
        &self,
        ask: &UpstreamQuery,
        id: u16,
        message: &Sendable,
        started: Mono,
    ) -> Result<ReadReply, Trouble> {
        let reply = self.streams.exchange(&ask.path, &message.sent).await;
        let StreamReply { octets: mut reply, room } = reply.map_err(|error| trouble_of(&error))?;
        if id_of(&reply) != Some(id) {
            return Err(Trouble::Unfit);
        }
        self.tap(TapKind::ResolverResponse, ask, &reply, started);
        let spelling = case::restore(&message.plain, &message.sent, &mut reply);
        let message = decode(ask, &reply, spelling).map_err(|_| Trouble::Unfit)?;
        Ok(ReadReply { message, spelling, is_long: false, room })
    }

    /// Sends a copy of a DNS message to a dnstap reader. A customer's key for a DNS list is removed from the copy.
    fn tap(&self, kind: TapKind, ask: &UpstreamQuery, octets: &[u8], queried: Mono) {
        if !self.tap.wanted().has(kind) {
            return;
        }
        let mut octets = octets.to_vec();
        if let Some(secret) = &ask.secret {
            secret.blot(octets.get_mut(HEADER..).unwrap_or_default());
        }
        let transport = match ask.transport {
            Transport::Udp => TapTransport::Udp,
            Transport::Tcp => TapTransport::Tcp,
            Transport::Tls => TapTransport::Tls,
            Transport::Https => TapTransport::Https,
            Transport::Quic => TapTransport::Quic,
        };
        self.tap.put(TappedMessage {
            kind,
            transport,
            asks: ask.path.source.map(|address| (address, 0)),
            answers: Some(ask.path.server),
            queried,
            responded: (kind == TapKind::ResolverResponse).then(|| self.clock.mono()),
            octets,
        });
    }
}

/// A decoded reply of a server that answers the question of our query.
struct ReadReply {
    message: Message,
    /// How the reply spells the name in the question, compared with the query.
    spelling: Spelling,
    /// True if the reply arrived over UDP and has more than 512 octets.
    is_long: bool,
    room: ReplyRoom,
}

/// Returns an empty DNS message with the TC flag (truncated). It replaces a datagram that is larger than the query allowed. Such a datagram
/// probably arrived in fragments, and an attacker can forge the second fragment without guessing the id or the port.
fn cut(id: u16) -> Message {
    let mut message = Message::response(id, OpCode::Query);
    message.metadata.truncation = true;
    message
}

/// Returns the kind of failure that an I/O error shows. If a route, or an address of the family on this host, is missing, the kernel itself reports
/// it. Other errors come from the network.
fn trouble_of(error: &std::io::Error) -> Trouble {
    if let Some(refused) = error.get_ref().and_then(|inner| inner.downcast_ref::<CertificateRefused>()) {
        return Trouble::Certificate(refused.0.as_str().into());
    }
    if let Some(NotSent(why)) = error.get_ref().and_then(|inner| inner.downcast_ref::<NotSent>()) {
        return Trouble::NotSent(why.as_str().into());
    }
    if let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<HttpsFault>()) {
        return Trouble::Https { words: fault.words.as_str().into(), is_failure: fault.is_failure };
    }
    if error.get_ref().is_some_and(|inner| inner.is::<NoRoom>()) {
        return Trouble::NoRoom;
    }
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable | ErrorKind::Unsupported => {
            Trouble::NoRoute
        }
        _ => Trouble::Unreachable,
    }
}

fn id_of(message: &[u8]) -> Option<u16> {
    message.first_chunk().map(|id| u16::from_be_bytes(*id))
}

/// Why a received DNS message is not the reply to our query.
enum Misfit {
    /// The DNS message cannot be decoded, or is not a response.
    Unreadable,
    /// The DNS message answers another question, or has no question.
    OtherQuestion,
}

/// Returns true if a response with this code need not contain the question. RFC 1035 does not allow an error without the question, but servers
/// without EDNS, and servers that refuse queries, send only the header. A response with data for a name must contain the question.
fn may_lack_question(code: ResponseCode) -> bool {
    let errors = [ResponseCode::FormErr, ResponseCode::ServFail, ResponseCode::NotImp, ResponseCode::Refused];
    errors.contains(&code)
}

/// Decodes a reply, and compares its question with the question of the query. `spelling` says whether the names in the two have already been found
/// equal.
fn decode(ask: &UpstreamQuery, reply: &[u8], spelling: Spelling) -> Result<Message, Misfit> {
    if pointers::run_on(reply) {
        return Err(Misfit::Unreadable);
    }
    let mut message = response::read(reply).map_err(|_| Misfit::Unreadable)?;
    let head = &message.metadata;
    if head.message_type != MessageType::Response || head.op_code != OpCode::Query {
        return Err(Misfit::Unreadable);
    }
    match message.queries.as_slice() {
        [query]
            if query.query_type() == ask.kind
                && query.query_class() == DNSClass::IN
                && (spelling != Spelling::None || same_name(query.name(), &ask.sent_name())) => {}
        [_] => return Err(Misfit::OtherQuestion),
        [] if may_lack_question(head.response_code) && message.answers.is_empty() => {}
        [] => return Err(Misfit::OtherQuestion),
        _ => return Err(Misfit::Unreadable),
    }
    if ask.mixed_case {
        let asked = ask.sent_name();
        let owners =
            message.answers.iter_mut().chain(&mut message.authorities).map(|record| &mut record.name);
        owners.for_each(|owner| case::restore_owner(owner, &asked));
    }
    if let Some(secret) = &ask.secret {
        secret.take_out(&mut message);
    }
    Ok(message)
}

#[cfg(test)]
mod tests;
