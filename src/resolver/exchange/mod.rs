//! Sends one query to one server, and receives its answer.
//!
//! No other module sends queries to servers. The rules of RFC 5452 (random id and port, question and source are checked), RFC 6891
//! (EDNS), RFC 7766 (TCP), RFC 7858 (TLS) and RFC 8484 (HTTPS) are followed.
//!
//! # Decisions
//!
//! - Hickory's pool of servers was rejected. In it, any response code other than NOERROR and NXDOMAIN ended a query, one silent server
//!   used up the whole timeout of 5 s, and AD and response codes were lost. Encoding, decoding, TCP and TLS come from Hickory. `iterate`
//!   chooses the server.
//! - Every message has its own socket and port (RFC 5452). The upper and lower case of the name is also random (0x20). A server that does
//!   not repeat the case is asked again once over TCP, and from then on with names in the case of the question.
//! - Messages that are prepared in one turn of a worker are sent together (`departures`). Before, each of them woke the server, which
//!   took a sixth of the CPU time of a cache miss if the server was on the same host. A version in which each task waited for its next
//!   turn before it sent was rejected, because it cost 3 000 more instructions for each cache miss.
//! - A socket stays open for 12 s, or for 15 s if the server is known to be slow. When it was closed after 8 s, names in a zone whose
//!   servers take 9 s were never resolved.
//! - A reply with the right id that answers another question is counted and ignored: the real answer may still arrive.
//! - If a datagram is larger than the size that our query offered, the reply is fetched again over TCP, because anybody may have sent its
//!   second fragment.
//! - A forwarder over TLS or HTTPS has up to 8 streams, and equal queries share one place of a stream. With a single stream of 64 places,
//!   one query per second for a dead domain took all places with its copies, and half of the other queries failed.
//! - If a stream receives nothing for a second after a query, it is not used for further queries: a firewall on the way may have lost its
//!   state, and would then drop everything. Before, queries failed for 9 s until the stream ended.
//! - The servers in one /24 or /48 network may have at most 32 streams, so that servers that accept TCP connections and never answer
//!   cannot hold all streams.
//! - A long reply needs room before it is decoded (`long_replies`), and its records hold the room until they are no longer needed.
//!   Before, 300 replies with 3 700 addresses each took 350 MB, because they were held while the servers with the keys of their zones did
//!   not answer.
//! - The secret key of a DNS list is inserted here, when a message is encoded. No module above this one sees it.

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
use dns::wire::{HEADER, PAYLOAD, pointers, response};
pub use long_replies::ReplyRoom;
use long_replies::{LongReplies, NoRoom};
use merge::Merge;
pub use merge::Sender;
use message::Sendable;
use network::{CertificateRefused, HttpsFault, Network, NotSent};
pub use places::Place;
use places::Places;
use streams::{StreamReply, Streams};
pub use upstream_query::{Heard, Trouble, UpstreamQuery};

/// Sends messages to servers. Of equal messages at the same time, only one is sent.
pub struct Exchange {
    network: Arc<dyn Network>,
    clock: Clock,
    random: Random,
    /// Limits the number of queries in progress, and thereby of open sockets.
    places: Arc<Places>,
    keyed: Keyed,
    merge: Merge,
    streams: Streams,
    long_replies: Arc<LongReplies>,
    bounds: WorkBounds,
    /// The number of datagrams that were ignored since `take_strays` was last called.
    strays: AtomicUsize,
    /// Sends copies of messages to a dnstap reader.
    tap: Arc<Tap>,
}

impl Exchange {
    /// Creates an exchange over `network`, with the limits for a cache of `cache_size` octets.
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

    /// Returns this exchange, which from now on sends copies of its messages to `tap`.
    #[must_use]
    pub fn tapped(self, tap: Arc<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// Returns the number of datagrams that arrived at our ports and were ignored since the last call. They had another id, another
    /// question or another source address.
    pub(crate) fn take_strays(&self) -> usize {
        // There are hardly any such datagrams. An unconditional write would take the cache line away from the processors of other
        // workers.
        if self.strays.load(Ordering::Relaxed) == 0 { 0 } else { self.strays.swap(0, Ordering::Relaxed) }
    }

    /// Returns the number of queries that are in progress or wait for a place, plus the number of streams.
    #[cfg(feature = "simulated")]
    pub(crate) fn under_way(&self) -> usize {
        self.places.len() + self.merge.len() + self.streams.len()
    }

    /// Returns true if messages in progress use at least half of the places.
    pub(crate) fn is_half_taken(&self) -> bool {
        self.places.taken() >= self.bounds.exchanges / 2
    }

    /// Returns the maximum numbers of flights, waiting clients and queries in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.bounds
    }

    /// Waits for a place for a query to a server of `zone`. The timers of a query start when it has its place, because the wait for a
    /// place is not the server's fault.
    pub async fn place(&self, zone: &Name) -> Place {
        self.places.take(self.keyed.octets(&WireName::new(zone))).await
    }

    /// Sends `ask` and waits for a reply for at most `patience`. Returns the time at which the message was sent, and a future with the
    /// result. The boolean in the result is false if an equal message was already in progress. In this case nothing was sent, the answer
    /// is shared, and the time is that of the message in progress.
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

    /// Like `ask`, but also sends the message if an equal one is in progress. The caller repeats a message that may be lost, and an
    /// answer to the first copy would show nothing about the second.
    pub(crate) async fn ask_alone(&self, ask: &UpstreamQuery, patience: Duration, place: Place) -> Heard {
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
                    Transport::Tcp | Transport::Tls | Transport::Https => {
                        tokio::time::timeout(patience, Box::pin(self.tcp(ask, id, &message, started))).await
                    }
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
        let reply = reply.map(|read| Arc::new(read.message));
        Heard { reply, elapsed, other_case: ask.mixed_case && is_other, room }
    }

    async fn udp(
        &self,
        ask: &UpstreamQuery,
        id: u16,
        message: &Sendable,
        started: Mono,
    ) -> Result<ReadReply, Trouble> {
        let sent = self.network.send_datagram(&ask.path, &message.sent).await;
        // The message has not left this machine, so the error does not come from a router.
        let mut replies = sent.map_err(|error| match error.kind() {
            ErrorKind::HostUnreachable => Trouble::NoRouteToAddress,
            _ => trouble_of(&error),
        })?;
        let on_the_way = |error: std::io::Error| match trouble_of(&error) {
            // The error comes from a router or from the server and concerns one address, so the address family is not excluded.
            Trouble::NoRoute => Trouble::Unreachable,
            trouble => trouble,
        };
        // An attacker may send many datagrams. This limit prevents that the loop reads forever.
        for _ in 0..MAX_STRAY_DATAGRAMS {
            let (source, mut datagram) = replies.next().await.map_err(on_the_way)?;
            if source == ask.path.server && id_of(&datagram) == Some(id) {
                self.tap(TapKind::ResolverResponse, ask, &datagram, started);
                let spelling = case::restore(&message.plain, &message.sent, &mut datagram);
                if spelling == Spelling::Other && ask.mixed_case {
                    return Err(Trouble::OtherCase);
                }
                if datagram.len() > PAYLOAD.into() {
                    return Ok(ReadReply { message: cut(id), spelling, room: ReplyRoom::default() });
                }
                match decode(ask, &datagram, spelling) {
                    Ok(read) if read.queries.is_empty() && ask.mixed_case => return Err(Trouble::OtherCase),
                    Ok(message) => {
                        let room = self.long_replies.admit(source, &datagram).await;
                        let room = room.map_err(|NoRoom| Trouble::NoRoom)?;
                        return Ok(ReadReply { message, spelling, room });
                    }
                    Err(Misfit::Unreadable) => return Err(Trouble::Unfit),
                    // Somebody has guessed our id, or a late answer to an earlier query from this port has arrived. The real answer may
                    // still arrive.
                    Err(Misfit::OtherQuestion) => {}
                }
            }
            self.strays.fetch_add(1, Ordering::Relaxed);
        }
        Err(Trouble::Silent)
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
        Ok(ReadReply { message, spelling, room })
    }

    /// Copies a message for dnstap. The copy does not contain the key of a DNS list.
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

/// A reply that was decoded and answers the question.
struct ReadReply {
    message: Message,
    /// How the reply spells the name, compared with the query.
    spelling: Spelling,
    room: ReplyRoom,
}

/// Returns a truncated message, which replaces a datagram that is larger than the size that our query offered. Such a datagram arrived in
/// fragments, and an attacker who forges the second fragment need not guess the id or the port.
fn cut(id: u16) -> Message {
    let mut message = Message::response(id, OpCode::Query);
    message.metadata.truncation = true;
    message
}

/// Returns the kind of trouble that an error shows. An error that the kernel reports immediately means that it has no route or no address
/// in a family. Other errors come from the network.
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

/// Why a reply does not count as the answer.
enum Misfit {
    /// The reply cannot be decoded, or is not a reply.
    Unreadable,
    /// The reply answers another question, or has no question.
    OtherQuestion,
}

/// Returns true if a response with this code may lack the question. RFC 1035 does not say this about FORMERR, but servers without EDNS,
/// and servers that refuse queries, send only the header. A response that is about a name must contain the name.
fn may_lack_question(code: ResponseCode) -> bool {
    let errors = [ResponseCode::FormErr, ResponseCode::ServFail, ResponseCode::NotImp, ResponseCode::Refused];
    errors.contains(&code)
}

/// Decodes a reply, and checks that it answers the question. `spelling` says whether the name in the reply is already known to be the one
/// in the query.
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
