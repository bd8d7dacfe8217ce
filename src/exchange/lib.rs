//! Sends one query to one server, and receives the reply.
//!
//! No other crate sends queries to servers. This crate calls `dnstap`, `supervise` and `dns`. It follows RFC 5452 (random id and port; question and source address of replies are
//! compared), RFC 6891 (EDNS), RFC 7766 (TCP), RFC 7858 (TLS), RFC 8484 (HTTPS) and RFC 9250 (QUIC).
//!
//! # Decisions
//!
//! - The pool of servers in Hickory is not used. In it, any response code other than NOERROR and NXDOMAIN ends a query, one silent server uses up the
//!   whole timeout of 5 s, and the AD flag and response codes are lost. Encoding, decoding, TCP and TLS come from Hickory. The resolver
//!   chooses the server.
//! - Every datagram has its own socket and port (RFC 5452). The upper and lower case of the name is also random (0x20). A server that does not repeat
//!   the case is asked again once over TCP, and later with the letters unchanged.
//! - A socket waits 12 s for a reply, or 15 s if the server is known to be slow. After only 8 s, names in a zone whose servers take 9 s would never
//!   be resolved.
//! - A datagram with a wrong id, or with the right id and another question, is counted and ignored, because the real reply may still arrive. After
//!   the second one from a server, the query goes over TCP: the server, or a device before it, changes ids, or an attacker guesses them. BIND 9.21
//!   does so after the first one.
//! - If a datagram is larger than the size that the query offered, the reply is fetched again over TCP, because an attacker could have forged the
//!   second fragment of the datagram.
//! - A forwarder over TLS or HTTPS gets up to 8 streams, and equal queries are sent only once. With one stream for at most 64 queries, one query per
//!   second for a domain with dead servers would fill the stream with its copies, and half of the other queries would fail.
//! - The servers in one /24 or /48 network may use at most 32 streams, so that servers that accept TCP connections and never answer cannot use up all
//!   streams.
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
pub mod limits;
mod long_replies;
mod merge;
mod message;
mod mismatches;
pub mod network;
mod places;
pub mod ports;
mod quic;
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

use hickory_proto::op::{Message, MessageType, Metadata, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, Name};

use crate::limits::{COMMAND_EXCHANGES, MAX_STRAY_DATAGRAMS};
use case::Spelling;
use dns::clock::{Clock, Mono};
use dns::conduct::Transport;
use dns::hash::Keyed;
use dns::question::{WireName, same_name};
use dns::random::Random;
use dns::wire::{HEADER, PAYLOAD, PLAIN_PAYLOAD, pointers, response};
use dnstap::tap::Tap;
use dnstap::tapped::{TapKind, TapTransport, TappedMessage};
pub use long_replies::ReplyRoom;
use long_replies::{LongReplies, NoRoom};
use merge::Merge;
pub use merge::Sender;
use message::Sendable;
use mismatches::Mismatches;
use network::{CertificateRefused, HttpsFault, Network, NotSent};
pub use places::Place;
use places::Places;
use ports::SourcePorts;
use socket_network::SocketNetwork;
use streams::{StreamReply, Streams};
pub use tls::certificate_fault;
pub use upstream_query::{Heard, Trouble, UpstreamQuery};

/// Sends queries to servers and receives the replies. Of equal queries at the same time, only one is sent.
pub struct Exchange {
    network: Arc<dyn Network>,
    clock: Clock,
    random: Random,
    /// Limits the number of queries in progress, and thus of open sockets.
    places: Arc<Places>,
    keyed: Keyed,
    merge: Merge,
    streams: Streams,
    long_replies: Arc<LongReplies>,
    bounds: ExchangeBounds,
    /// The number of ignored datagrams since `take_strays` was last called.
    strays: AtomicUsize,
    mismatches: Mismatches,
    tap: Arc<Tap>,
}

/// The reason why the operator's query to one server shows nothing about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyUnknown {
    /// The query was not sent: `resolve.deny_servers` contains the address, or the daemon is stopping.
    NotSent,
    /// The server did not answer over IPv6, and no other server answers this host over IPv6.
    SilentFamily,
    /// The server did not answer over TCP, and TCP port 53 of other hosts is blocked on the path from this host.
    TcpBlocked,
}

/// What the work of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeBounds {
    /// The greatest number of queries to servers in progress.
    pub queries: usize,
    /// The octets of `cache.size`. Long replies may take a part of it.
    pub cache_size: u64,
}

impl Exchange {
    /// Creates an exchange that uses `network`.
    pub fn new(
        network: Arc<dyn Network>,
        clock: Clock,
        random: Random,
        keyed: Keyed,
        bounds: ExchangeBounds,
    ) -> Self {
        let long_replies = Arc::new(LongReplies::for_cache_size(bounds.cache_size));
        let streams = Streams::new(Arc::clone(&network), random.clone(), Arc::clone(&long_replies));
        let (merge, strays, tap) = (Merge::new(keyed), AtomicUsize::new(0), Arc::default());
        let mismatches = Mismatches::default();
        let places = Arc::new(Places::new(bounds.queries));
        Self {
            network,
            clock,
            random,
            places,
            keyed,
            merge,
            streams,
            long_replies,
            bounds,
            strays,
            mismatches,
            tap,
        }
    }

    /// Creates an exchange for a command of the operator, whose queries leave from any port.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn for_command() -> std::io::Result<Self> {
        let random = Random::system()?;
        let ports = SourcePorts::in_range(1_024..=u16::MAX, &ports::reserved().unwrap_or_default());
        let network = Arc::new(SocketNetwork::new(random.clone(), ports));
        let keyed = Keyed::new(&random);
        let bounds = ExchangeBounds { queries: COMMAND_EXCHANGES, cache_size: 0 };
        Ok(Self::new(network, Clock::machine(), random, keyed, bounds))
    }

    /// Returns this exchange with `tap` as the receiver of copies of its DNS messages.
    #[must_use]
    pub fn tapped(self, tap: Arc<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// Returns the number of ignored datagrams since the last call. They had a wrong id, question or source address.
    pub fn take_strays(&self) -> usize {
        // The value is usually 0. Writing it would invalidate it in the caches of other processors.
        if self.strays.load(Ordering::Relaxed) == 0 { 0 } else { self.strays.swap(0, Ordering::Relaxed) }
    }

    #[cfg(feature = "simulated")]
    /// Returns the number of queries and streams in use.
    pub fn under_way(&self) -> usize {
        self.places.len() + self.merge.len() + self.streams.len()
    }

    /// Returns true if at least half of the permitted queries are in progress.
    pub fn is_half_taken(&self) -> bool {
        self.places.taken() >= self.bounds.queries / 2
    }

    /// Waits for a place for a query to a server of `zone`, because the number of queries in progress is limited. The timers of a query start after
    /// this wait, because the server does not cause the wait.
    pub async fn place(&self, zone: &Name) -> Place {
        self.places.take(self.keyed.octets(&WireName::new(zone))).await
    }

    /// Sends the query `ask` and waits for a reply for at most `patience`. Returns the time at which the query was sent, and a future with the
    /// result and true. If an equal query is in progress, nothing is sent. The time and the result are then those of the equal query, and the
    /// boolean is false.
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

    /// Like `ask`, but sends the query even if an equal query is in progress, for a caller that tests a server with equal queries.
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
        // The query has not left this host, so no router has sent this error.
        let mut replies = sent.map_err(|error| match error.kind() {
            ErrorKind::HostUnreachable => Trouble::NoRouteToAddress,
            _ => trouble_of(&error),
        })?;
        let on_the_way = |error: std::io::Error| match trouble_of(&error) {
            // The query has left this host, so the error comes from a router or the server. It concerns only this address, and not all addresses of
            // the family.
            Trouble::NoRoute => Trouble::Unreachable,
            trouble => trouble,
        };
        // Without this limit, an attacker could keep the loop busy with datagrams.
        for _ in 0..MAX_STRAY_DATAGRAMS {
            let (source, mut datagram) = replies.next().await.map_err(on_the_way)?;
            if source == ask.path.server {
                if id_of(&datagram) == Some(id)
                    && let Some(read) = self.read_datagram(ask, message, &mut datagram, started)
                {
                    let mut read = read?;
                    if !read.message.metadata.truncation {
                        let room = self.long_replies.admit(source, &datagram).await;
                        read.room = room.map_err(|NoRoom| Trouble::NoRoom)?;
                    }
                    return Ok(read);
                }
                if self.mismatches.add(source) && !ask.skips_forgeries {
                    self.strays.fetch_add(1, Ordering::Relaxed);
                    return Err(Trouble::Forged);
                }
            }
            self.strays.fetch_add(1, Ordering::Relaxed);
        }
        Err(Trouble::Forged)
    }

    /// Reads a datagram with the id of the query. Returns `None` if it answers another question: an attacker has guessed the id, or it is the late
    /// reply to an earlier query from the same port. The real reply may still arrive.
    fn read_datagram(
        &self,
        ask: &UpstreamQuery,
        message: &Sendable,
        datagram: &mut [u8],
        started: Mono,
    ) -> Option<Result<ReadReply, Trouble>> {
        self.tap(TapKind::ResolverResponse, ask, datagram, started);
        let spelling = case::restore(&message.plain, &message.sent, datagram);
        if spelling == Spelling::Other && ask.mixed_case {
            return Some(Err(Trouble::OtherCase));
        }
        let (is_long, room) = (datagram.len() > PLAIN_PAYLOAD.into(), ReplyRoom::default());
        if datagram.len() > PAYLOAD.into() {
            return Some(Ok(ReadReply { message: cut(id_of(datagram)?), spelling, is_long, room }));
        }
        Some(match decode(ask, datagram, spelling) {
            Ok(read) if read.queries.is_empty() && ask.mixed_case && !read.metadata.truncation => {
                Err(Trouble::OtherCase)
            }
            Ok(message) => {
                self.mismatches.end(ask.path.server);
                Ok(ReadReply { message, spelling, is_long, room })
            }
            Err(Misfit::Undecodable) => Err(Trouble::Undecodable),
            Err(Misfit::Unfit) => Err(Trouble::Unfit),
            Err(Misfit::NoQuestion) => Err(if ask.mixed_case { Trouble::OtherCase } else { Trouble::Forged }),
            Err(Misfit::OtherQuestion) => return None,
        })
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
        let message = decode(ask, &reply, spelling).map_err(|misfit| match misfit {
            Misfit::Undecodable => Trouble::Undecodable,
            Misfit::Unfit | Misfit::NoQuestion | Misfit::OtherQuestion => Trouble::Unfit,
        })?;
        Ok(ReadReply { message, spelling, is_long: false, room })
    }

    /// Copies a DNS message to dnstap, without the customer's key for a DNS list.
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

struct ReadReply {
    message: Message,
    spelling: Spelling,
    /// True if the reply arrived over UDP and has more than 512 octets.
    is_long: bool,
    room: ReplyRoom,
}

/// Returns an empty DNS message with the TC flag. It replaces a datagram that is larger than the query allowed: such a datagram probably arrived in
/// fragments, and an attacker can forge the second fragment without guessing the id or the port.
fn cut(id: u16) -> Message {
    let mut message = Message::response(id, OpCode::Query);
    message.metadata.truncation = true;
    message
}

/// Returns the kind of failure that an I/O error shows. The kernel itself reports a missing route, or a missing address of the family on this host.
/// Other errors come from the network.
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

enum Misfit {
    /// The octets are no DNS message.
    Undecodable,
    /// The DNS message is not a response to a query, or has several questions.
    Unfit,
    /// The DNS message has no question, although its response code requires one.
    NoQuestion,
    /// The DNS message answers another question.
    OtherQuestion,
}

/// Returns true if a response with this header need not contain the question. RFC 1035 requires the question, but servers without EDNS, and servers
/// that refuse queries, send only the header. So do some servers that truncate; the answer then comes over TCP, where the question is required.
fn may_lack_question(head: &Metadata) -> bool {
    let errors = [ResponseCode::FormErr, ResponseCode::ServFail, ResponseCode::NotImp, ResponseCode::Refused];
    head.truncation || errors.contains(&head.response_code)
}

/// Decodes a reply, and compares its question with that of the query. `spelling` is the result of an earlier comparison of the two names.
fn decode(ask: &UpstreamQuery, reply: &[u8], spelling: Spelling) -> Result<Message, Misfit> {
    if pointers::run_on(reply) {
        return Err(Misfit::Unfit);
    }
    let mut message = response::read(reply).map_err(|_| Misfit::Undecodable)?;
    let head = &message.metadata;
    if head.message_type != MessageType::Response || head.op_code != OpCode::Query {
        return Err(Misfit::Unfit);
    }
    match message.queries.as_slice() {
        [query]
            if query.query_type() == ask.kind
                && query.query_class() == DNSClass::IN
                && (spelling != Spelling::None || same_name(query.name(), &ask.sent_name())) => {}
        [_] => return Err(Misfit::OtherQuestion),
        [] if may_lack_question(head) && message.answers.is_empty() => {}
        [] => return Err(Misfit::NoQuestion),
        _ => return Err(Misfit::Unfit),
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
