//! A network in memory between the resolver and the servers of the lab, with tokio's paused clock and a seed. This clock jumps ahead when all
//! tasks wait, also when they wait for real sockets, so it is never used with real sockets. TCP connections follow RFC 7766.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, sleep_until};

use super::fault::Fault;
use super::server::{Delivery, Sending};
use super::world::Lab;
use dns::clock::Clock;
use dns::conduct::Transport;
use dns::random::Random;
use exchange::network::{Arrival, Network, Path, Replies, Stream};
use supervise::strike::Strike;

/// How often a server with `Fault::DripsTcp` sends a message of zero octets: more often than any server closes idle connections.
const DRIP: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
struct Reach {
    /// True if the resolver's host cannot send any message.
    down: bool,
    /// Addresses without a route.
    unroutable: BTreeSet<IpAddr>,
    /// How many of a thousand UDP exchanges fail on every path.
    loss_per_mille: u32,
    /// How many of a thousand TCP connections fail on every path.
    stream_loss_per_mille: u32,
    tcp_blocked: bool,
    ipv6: Ipv6Way,
}

/// What happens to messages over IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ipv6Way {
    /// Messages are sent and answered.
    #[default]
    Open,
    /// There is no route for IPv6, so sending fails at once.
    Unrouted,
    /// Messages are sent, but no answer arrives.
    Swallowed,
}

/// How a TCP connection fails on a bad path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StreamLoss {
    /// The connection is never established, and there is no error.
    Hangs,
    Refused,
    /// The connection ends in the middle of the first answer.
    EndsHalfway,
}

/// The simulated network between the resolver and the servers of the lab.
#[derive(Clone, Debug)]
pub struct SimulatedNetwork {
    lab: Arc<Lab>,
    clock: Clock,
    random: Random,
    reach: Arc<Mutex<Reach>>,
    open: Arc<AtomicUsize>,
    strike: Strike,
}

/// An open socket or TCP connection, counted until it is dropped.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(network: &SimulatedNetwork) -> Self {
        network.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&network.open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl SimulatedNetwork {
    /// Creates the network for the servers of `lab`. `seed` determines delays and losses. Must be called inside a runtime whose time is
    /// paused.
    pub fn new(lab: Arc<Lab>, clock: Clock, seed: u64) -> Self {
        let (reach, open, strike) = Default::default();
        Self { lab, clock, random: Random::seeded(seed), reach, open, strike }
    }

    /// Returns how many sockets and TCP connections are open.
    pub fn open_sockets(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Returns the switch with which tests cause a panic in code that sends queries.
    pub fn strike(&self) -> &Strike {
        &self.strike
    }

    /// Returns the lab.
    pub fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }

    /// Switches the network of the resolver's host off or on.
    pub fn set_down(&self, down: bool) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).down = down;
    }

    /// Removes the route to an address, so that sending to it fails. (Messages to other addresses without a server are sent, but get no
    /// answer.)
    pub fn set_unroutable(&self, address: IpAddr) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).unroutable.insert(address);
    }

    /// Sets how many of a thousand UDP exchanges fail on every path, in addition to the losses of the server's own path. A value of 300 is
    /// a loss of 16 % in each direction.
    pub fn set_loss(&self, per_mille: u32) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).loss_per_mille = per_mille;
    }

    /// Sets how many of a thousand TCP connections fail on every path: they are not answered, are refused, or end in the middle of an
    /// answer.
    pub fn set_stream_loss(&self, per_mille: u32) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).stream_loss_per_mille = per_mille;
    }

    /// Sets whether a firewall on the path from the host drops TCP, so that no connection is answered.
    pub fn set_tcp_blocked(&self, blocked: bool) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).tcp_blocked = blocked;
    }

    /// Draws how a new TCP connection fails. Returns `None` if it works.
    fn stream_loss(&self) -> Option<StreamLoss> {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        let (per_mille, blocked) = (reach.stream_loss_per_mille, reach.tcp_blocked);
        drop(reach);
        if blocked {
            return Some(StreamLoss::Hangs);
        }
        if per_mille == 0 || self.random.below(1_000) >= per_mille {
            return None;
        }
        Some(match self.random.below(3) {
            0 => StreamLoss::Hangs,
            1 => StreamLoss::Refused,
            _ => StreamLoss::EndsHalfway,
        })
    }

    fn loses(&self, transport: Transport) -> bool {
        let per_mille = self.reach.lock().unwrap_or_else(PoisonError::into_inner).loss_per_mille;
        transport == Transport::Udp && per_mille > 0 && self.random.below(1_000) < per_mille
    }

    /// Sets what happens to messages over IPv6.
    pub fn set_ipv6(&self, way: Ipv6Way) {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner).ipv6 = way;
    }

    fn swallows(&self, server: SocketAddr) -> bool {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        server.is_ipv6() && reach.ipv6 == Ipv6Way::Swallowed
    }

    fn route(&self, server: SocketAddr) -> io::Result<()> {
        let reach = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
        if reach.down || (server.is_ipv6() && reach.ipv6 == Ipv6Way::Unrouted) {
            return Err(io::ErrorKind::NetworkUnreachable.into());
        }
        if reach.unroutable.contains(&server.ip()) {
            return Err(io::ErrorKind::HostUnreachable.into());
        }
        Ok(())
    }

    fn ask(&self, server: SocketAddr, message: &[u8], transport: Transport) -> Vec<Delivery> {
        let Some(found) = self.lab.at(server.ip()).filter(|_| !self.swallows(server)) else {
            return Vec::new();
        };
        let sending = Sending { to: server.ip(), transport, at: self.clock.mono() };
        let deliveries = found.respond(message, sending, &self.random);
        if self.loses(transport) { Vec::new() } else { deliveries }
    }

    async fn open(&self, server: SocketAddr) -> io::Result<SimulatedStream> {
        self.route(server)?;
        let found = self.lab.at(server.ip()).filter(|_| !self.swallows(server));
        let Some(found) = found else { return std::future::pending().await };
        if found.has(Fault::Dead) || found.has(Fault::SilentTcp) {
            return std::future::pending().await;
        }
        let loss = self.stream_loss();
        if loss == Some(StreamLoss::Hangs) {
            return std::future::pending().await;
        }
        // The TCP handshake takes a round trip.
        sleep(found.distance().draw(&self.random)).await;
        if found.has(Fault::NoTcp) || loss == Some(StreamLoss::Refused) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if found.has(Fault::HangsUp) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let (closes, drips) = (found.has(Fault::ClosesTcp), found.has(Fault::DripsTcp));
        let falls_silent = found.has(Fault::MuteTcpAfterFirst);
        let ends_halfway = loss == Some(StreamLoss::EndsHalfway);
        let (network, pending, last, open) = (self.clone(), Vec::new(), Instant::now(), Open::new(self));
        Ok(SimulatedStream {
            network,
            server,
            pending,
            drips,
            last,
            closes,
            falls_silent,
            asked: false,
            ends_halfway,
            closed: false,
            _open: open,
        })
    }
}

impl Network for SimulatedNetwork {
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        let server = path.server;
        self.strike.fall();
        let sent = self.route(server).map(|()| {
            let deliveries = self.ask(server, message, Transport::Udp);
            let arrivals = Arrivals::new(Instant::now(), server.port(), deliveries, Open::new(self));
            Box::new(arrivals) as Box<dyn Replies>
        });
        std::future::ready(sent).boxed()
    }

    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        self.strike.fall();
        let opened = self.open(path.server);
        async move { Ok(Box::new(opened.await?) as Box<dyn Stream>) }.boxed()
    }
}

/// A TCP connection. Each answer takes one round trip, and does not wait for earlier ones.
struct SimulatedStream {
    network: SimulatedNetwork,
    server: SocketAddr,
    pending: Vec<(Instant, Vec<u8>)>,
    drips: bool,
    /// When the last message of zero octets came (the server sends them if `drips` is true), or the connection was opened.
    last: Instant,
    closes: bool,
    /// True if only the first query of the connection is answered.
    falls_silent: bool,
    asked: bool,
    /// True if the connection ends in the middle of the first answer.
    ends_halfway: bool,
    closed: bool,
    _open: Open,
}

impl SimulatedStream {
    async fn next_arrival(&mut self) -> io::Result<Vec<u8>> {
        if self.closed {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let next = self.pending.iter().enumerate().min_by_key(|(_, (moment, _))| *moment);
        let Some((place, moment)) = next.map(|(place, (moment, _))| (place, *moment)) else {
            return self.drip().await;
        };
        sleep_until(moment).await;
        // Set only after the wait: the caller may cancel the wait and call this function again.
        self.closed = self.closes || self.ends_halfway;
        if self.ends_halfway {
            self.pending.clear();
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.pending.remove(place).1)
    }

    async fn drip(&mut self) -> io::Result<Vec<u8>> {
        match self.last.checked_add(DRIP).filter(|_| self.drips) {
            Some(next) => {
                sleep_until(next).await;
                self.last = next;
                Ok(Vec::new())
            }
            None => std::future::pending().await,
        }
    }
}

impl Stream for SimulatedStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        let delivery = self.network.ask(self.server, message, Transport::Tcp).into_iter().next_back();
        // The server sends fewer octets than the length says, so the message is never complete.
        let half = self.network.lab.at(self.server.ip()).is_some_and(|server| server.has(Fault::HalfAnswer));
        if half {
            return std::future::ready(Err(io::ErrorKind::UnexpectedEof.into())).boxed();
        }
        let is_silent = std::mem::replace(&mut self.asked, true) && self.falls_silent;
        let arrival = delivery.and_then(|it| Some((Instant::now().checked_add(it.delay)?, it.octets)));
        self.pending.extend(arrival.filter(|_| !is_silent));
        std::future::ready(Ok(())).boxed()
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        async { self.next_arrival().await.map(Arrival::Message) }.boxed()
    }
}

struct Arrivals {
    sent: Instant,
    port: u16,
    /// In reverse order of arrival: the next reply to arrive is the last element.
    pending: Vec<Delivery>,
    _open: Open,
}

impl Arrivals {
    fn new(sent: Instant, port: u16, mut pending: Vec<Delivery>, open: Open) -> Self {
        pending.sort_by_key(|delivery| std::cmp::Reverse(delivery.delay));
        Self { sent, port, pending, _open: open }
    }

    async fn next_arrival(&mut self) -> io::Result<(SocketAddr, Vec<u8>)> {
        let delay = self.pending.last().map_or(Duration::MAX, |delivery| delivery.delay);
        match self.sent.checked_add(delay) {
            Some(moment) => sleep_until(moment).await,
            None => std::future::pending().await,
        }
        // The delivery stays in `pending` during the wait above, because the caller may cancel the wait and call this function again.
        match self.pending.pop() {
            Some(delivery) => Ok((SocketAddr::new(delivery.source, self.port), delivery.octets)),
            None => std::future::pending().await,
        }
    }
}

impl Replies for Arrivals {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        self.next_arrival().boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delegations::Tree;
    use crate::world::ServerPlan;
    use hickory_proto::op::{Message, Query};
    use hickory_proto::rr::{Name, RecordType};

    fn lab(faults: &[Fault]) -> Arc<Lab> {
        let mut tree = Tree::default();
        let mut plan = ServerPlan::new("ns", vec!["127.0.0.1".parse().unwrap()]);
        plan.faults = faults.to_vec();
        tree.server(plan).unwrap();
        tree.zone(".", &["ns".to_owned()], "").unwrap();
        Arc::new(tree.build().unwrap())
    }

    fn query() -> Vec<u8> {
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_ascii("ns.").unwrap(), RecordType::A));
        query.to_vec().unwrap()
    }

    fn network(faults: &[Fault]) -> SimulatedNetwork {
        SimulatedNetwork::new(lab(faults), Clock::simulated(0), 1)
    }

    const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1)), 53);

    fn path() -> Path {
        Path { server: SERVER, source: None, encryption: None }
    }

    // A stream takes two.
    #[tokio::test(start_paused = true)]
    async fn datagram_takes_single_round_trip() {
        let network = network(&[]);
        let begin = Instant::now();
        let mut replies = network.send_datagram(&path(), &query()).await.unwrap();
        let (source, octets) = replies.next().await.unwrap();
        assert_eq!((source, begin.elapsed()), (SERVER, Duration::from_millis(10)));
        assert_eq!(Message::from_vec(&octets).unwrap().answers.len(), 1);
        let mut stream = network.open_stream(&path()).await.unwrap();
        for _ in 0..2 {
            stream.send(&query()).await.unwrap();
        }
        for _ in 0..2 {
            stream.next().await.unwrap();
        }
        assert_eq!(begin.elapsed(), Duration::from_millis(30));
        assert_eq!(network.lab().log().total(), 3);
    }

    // A missing route is an error.
    #[tokio::test(start_paused = true)]
    async fn dead_server_is_silent() {
        let network = network(&[Fault::Dead]);
        let mut replies = network.send_datagram(&path(), &query()).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(60), replies.next()).await.is_err());
        let query = query();
        let path = path();
        assert!(tokio::time::timeout(Duration::from_secs(60), network.open_stream(&path)).await.is_err());
        network.set_unroutable(SERVER.ip());
        let error = network.send_datagram(&path, &query).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::HostUnreachable);
        network.set_down(true);
        let error = network.open_stream(&path).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NetworkUnreachable);
    }

    #[tokio::test(start_paused = true)]
    async fn abandoned_wait_can_resume() {
        let network = network(&[Fault::Slow(Duration::from_secs(1))]);
        let mut replies = network.send_datagram(&path(), &query()).await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(100), replies.next()).await.is_err());
        assert!(replies.next().await.is_ok());
    }

    // It hangs, is refused or ends halfway.
    #[tokio::test(start_paused = true)]
    async fn lost_stream_fails_in_three_ways() {
        let (network, path, query) = (network(&[]), path(), query());
        network.set_stream_loss(1_000);
        let mut seen = [0; 3];
        for _ in 0..60 {
            let opened = tokio::time::timeout(Duration::from_secs(60), network.open_stream(&path)).await;
            match opened {
                Err(_) => seen[0] += 1,
                Ok(Err(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
                    seen[1] += 1;
                }
                Ok(Ok(mut stream)) => {
                    stream.send(&query).await.unwrap();
                    let error = stream.next().await.unwrap_err();
                    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
                    seen[2] += 1;
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn missing_tcp_service_refuses_connection() {
        let error = network(&[Fault::NoTcp]).open_stream(&path()).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
