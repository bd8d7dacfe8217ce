//! Runs the servers of the lab on real sockets: over UDP and TCP at addresses in 127.0.0.0/8, all on the same port.
//!
//! Each lab uses a port that is free at all of its addresses, so several labs can run at the same time, without root rights. All servers
//! stop when the `LabSockets` is dropped.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use dns::clock::Clock;
use dns::conduct::Transport;
use dns::random::Random;

use super::client::read_framed;
use super::fault::Fault;
use super::server::{Delivery, Sending};
use super::world::Lab;

/// The number of ports to try. A port cannot be used if another process uses it at one of the addresses.
const MAX_TRIES: usize = 50;

/// The largest number of replies that wait to be sent from one address, and of TCP connections at one address. Further queries are lost. The demo
/// never comes near this number.
const MAX_PENDING: usize = 4096;

/// The largest query in octets.
const MAX_QUERY: usize = 4096;

/// The servers of a lab on real sockets. They stop when this value is dropped.
#[derive(Debug)]
pub struct LabSockets {
    port: u16,
    lab: Arc<Lab>,
    _tasks: JoinSet<()>,
}

struct Bound {
    address: IpAddr,
    datagrams: UdpSocket,
    connections: TcpListener,
}

#[derive(Clone)]
struct Shared {
    lab: Arc<Lab>,
    clock: Clock,
    random: Random,
}

impl LabSockets {
    /// Starts the servers at all IPv4 addresses of the lab, on one free port. IPv6 addresses can be used only in a simulation.
    ///
    /// # Errors
    /// No port is free at all addresses, or an address does not belong to this host.
    pub async fn start(lab: Arc<Lab>, random: Random) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for _ in 0..MAX_TRIES {
            match bind_all(&lab, 0).await {
                Ok((port, sockets)) => return Ok(Self::serve(lab, random, port, sockets)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Starts the servers on the port `port`.
    pub(crate) async fn start_at(lab: Arc<Lab>, random: Random, port: u16) -> io::Result<Self> {
        let (port, sockets) = bind_all(&lab, port).await?;
        Ok(Self::serve(lab, random, port, sockets))
    }

    fn serve(lab: Arc<Lab>, random: Random, port: u16, sockets: Vec<Bound>) -> Self {
        let shared = Shared { lab: lab.clone(), clock: Clock::machine(), random };
        let mut tasks = JoinSet::new();
        for Bound { address, datagrams, connections } in sockets {
            tasks.spawn(shared.clone().serve_datagrams(address, datagrams));
            tasks.spawn(shared.clone().serve_connections(address, connections));
        }
        Self { port, lab, _tasks: tasks }
    }

    /// Returns the port of all servers, which a resolver needs as `upstream_port`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the lab.
    pub fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }
}

/// Opens sockets at all IPv4 addresses of the lab. A `port` of 0 means one that is free at the first address.
async fn bind_all(lab: &Lab, mut port: u16) -> io::Result<(u16, Vec<Bound>)> {
    let addresses = lab.servers().iter().flat_map(|server| server.addresses());
    let mut sockets = Vec::new();
    for address in addresses.filter(|address| address.is_ipv4()) {
        let bound = bind(*address, port).await?;
        port = bound.datagrams.local_addr()?.port();
        sockets.push(bound);
    }
    Ok((port, sockets))
}

async fn bind(address: IpAddr, port: u16) -> io::Result<Bound> {
    let datagrams = UdpSocket::bind(SocketAddr::new(address, port)).await?;
    let connections = TcpListener::bind(datagrams.local_addr()?).await?;
    Ok(Bound { address, datagrams, connections })
}

impl Shared {
    fn respond(&self, address: IpAddr, octets: &[u8], transport: Transport) -> Vec<Delivery> {
        let Some(server) = self.lab.at(address) else { return Vec::new() };
        let sending = Sending { to: address, transport, at: self.clock.mono() };
        server.respond(octets, sending, &self.random)
    }

    fn has(&self, address: IpAddr, fault: Fault) -> bool {
        self.lab.at(address).is_some_and(|server| server.has(fault))
    }

    async fn serve_datagrams(self, address: IpAddr, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut pending = JoinSet::new();
        let mut buffer = [0; MAX_QUERY];
        loop {
            tokio::select! {
                Some(_) = pending.join_next(), if !pending.is_empty() => {}
                received = socket.recv_from(&mut buffer) => {
                    // An error means that an ICMP message has arrived: a client no longer listens at its port.
                    let Ok((length, client)) = received else { continue };
                    let arrived = Instant::now();
                    let octets = buffer.get(..length).unwrap_or_default();
                    for delivery in self.respond(address, octets, Transport::Udp) {
                        // A socket can send only from its own address, so a reply with another source address is dropped.
                        if delivery.source == address && pending.len() < MAX_PENDING {
                            let reply = Reply { due: arrived + delivery.delay, octets: delivery.octets };
                            pending.spawn(self.clone().send_later(socket.clone(), client, reply));
                        }
                    }
                }
            }
        }
    }

    async fn serve_connections(self, address: IpAddr, listener: TcpListener) {
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                Some(_) = open.join_next(), if !open.is_empty() => {}
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    // The kernel has accepted the connection, so the server cannot refuse it. It is closed instead.
                    let closes = self.has(address, Fault::NoTcp) || self.has(address, Fault::HangsUp);
                    if open.len() < MAX_PENDING && !closes {
                        open.spawn(self.clone().serve_stream(address, stream));
                    }
                }
            }
        }
    }

    async fn send_later(self, socket: Arc<UdpSocket>, client: SocketAddr, reply: Reply) {
        sleep_until(reply.due).await;
        // If sending fails, the client has probably gone.
        let _ = socket.send_to(&reply.octets, client).await;
    }

    /// Each answer is sent after its own delay (RFC 7766 section 6.2.1.1).
    async fn serve_stream(self, address: IpAddr, stream: TcpStream) {
        // The kernel completes the handshake without delay; on a real network it takes one round trip.
        if let Some(server) = self.lab.at(address) {
            sleep(server.distance().draw(&self.random)).await;
        }
        let (queries, answers) = stream.into_split();
        let answers = Arc::new(Mutex::new(answers));
        let mut pending = JoinSet::new();
        let mut reading = Box::pin(read_query(queries));
        loop {
            tokio::select! {
                Some(closes) = pending.join_next(), if !pending.is_empty() => {
                    if closes.unwrap_or(true) {
                        return;
                    }
                }
                read = &mut reading => {
                    let Ok((query, queries)) = read else { break };
                    if pending.len() < MAX_PENDING {
                        pending.spawn(self.clone().answer(address, query, Arc::clone(&answers)));
                    }
                    reading = Box::pin(read_query(queries));
                }
            }
        }
        // The client has closed its sending side, but may still read answers.
        pending.join_all().await;
    }

    /// Returns true if the server must close the connection.
    async fn answer(self, address: IpAddr, query: Vec<u8>, answers: Arc<Mutex<OwnedWriteHalf>>) -> bool {
        let arrived = Instant::now();
        let answer = self.respond(address, &query, Transport::Tcp).pop();
        let Some(delivery) = answer.filter(|_| !self.has(address, Fault::SilentTcp)) else {
            // Like a dead server behind a firewall: no answer, but the connection stays open.
            return false;
        };
        sleep_until(arrived + delivery.delay).await;
        // With `HalfAnswer`, the length before the message is twice the real one, and then the connection ends.
        let half = self.has(address, Fault::HalfAnswer);
        let length = u16::try_from(delivery.octets.len() * if half { 2 } else { 1 }).unwrap_or(u16::MAX);
        let framed = [length.to_be_bytes().as_slice(), &delivery.octets].concat();
        let gone = answers.lock().await.write_all(&framed).await.is_err() || half;
        gone || self.has(address, Fault::ClosesTcp)
    }
}

struct Reply {
    due: Instant,
    octets: Vec<u8>,
}

/// Reads the next query. Returns it with the reading half of the connection.
async fn read_query(mut queries: OwnedReadHalf) -> io::Result<(Vec<u8>, OwnedReadHalf)> {
    let query = read_framed(&mut queries).await?;
    Ok((query, queries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::client::{AskError, LabClient, write_framed};
    use crate::delegations::Tree;
    use crate::world::ServerPlan;
    use hickory_proto::op::{Message, Query, ResponseCode};
    use hickory_proto::rr::{Name, RecordType};

    async fn start() -> LabSockets {
        let mut tree = Tree::default();
        for (name, address) in [("one", "127.83.1.1"), ("two", "127.83.1.2")] {
            tree.server(ServerPlan::new(name, vec![address.parse().unwrap()])).unwrap();
        }
        let strings = format!("\"{}\" ", "x".repeat(250)).repeat(6);
        let text = format!("ns A 127.0.0.1\nbig TXT {strings}\n");
        tree.zone(".", &["one", "two"].map(ToOwned::to_owned), &text).unwrap();
        LabSockets::start(Arc::new(tree.build().unwrap()), Random::seeded(1)).await.unwrap()
    }

    fn client(sockets: &LabSockets, server: &str) -> LabClient {
        let address = sockets.lab().server(server).unwrap().addresses()[0];
        LabClient::new(SocketAddr::new(address, sockets.port()), Duration::from_secs(5))
    }

    // Both serve UDP and TCP.
    #[tokio::test]
    async fn labs_answer_side_by_side() {
        let (first, second) = (start().await, start().await);
        assert_ne!(first.port(), second.port());
        let big = Name::from_ascii("big.").unwrap();
        for sockets in [&first, &second] {
            for server in ["one", "two"] {
                let answer = client(sockets, server).ask(&big, RecordType::TXT).await.unwrap();
                assert_eq!(answer.answers.len(), 1);
            }
            let log = sockets.lab().log().received();
            assert_eq!(log.iter().filter(|received| received.transport == Transport::Tcp).count(), 2);
        }
    }

    #[tokio::test]
    async fn stream_answers_are_concurrent() {
        let sockets = start().await;
        let server = sockets.lab().server("one").unwrap();
        let began = Instant::now();
        let mut stream = TcpStream::connect((server.addresses()[0], sockets.port())).await.unwrap();
        server.set_faults(&[Fault::Slow(Duration::from_millis(400))]);
        let mut query = Message::query();
        query.add_query(Query::query(Name::from_ascii("ns.").unwrap(), RecordType::A));
        for _ in 0..5 {
            write_framed(&mut stream, &query.to_vec().unwrap()).await.unwrap();
        }
        for _ in 0..5 {
            read_framed(&mut stream).await.unwrap();
        }
        let elapsed = began.elapsed();
        assert!((420..1500).contains(&elapsed.as_millis()), "{elapsed:?}");
    }

    #[tokio::test]
    async fn client_retries_after_failure_and_silence() {
        let sockets = start().await;
        let name = Name::from_ascii("ns.").unwrap();
        for (fault, first) in [(Fault::ServFailFirst, true), (Fault::LosesFirst, false)] {
            sockets.lab().server("one").unwrap().set_faults(&[fault]);
            let patience = Duration::from_secs(1);
            let address = sockets.lab().server("one").unwrap().addresses()[0];
            let once = LabClient::new(SocketAddr::new(address, sockets.port()), patience);
            let kind = if first { RecordType::A } else { RecordType::AAAA };
            let answer = once.sending(2).ask(&name, kind).await.unwrap();
            assert_eq!(answer.metadata.response_code, ResponseCode::NoError, "{fault:?}");
        }
        assert_eq!(sockets.lab().log().count("one"), 4);
    }

    #[tokio::test]
    async fn faults_apply_on_sockets() {
        let sockets = start().await;
        let name = Name::from_ascii("ns.").unwrap();
        let one = client(&sockets, "one");
        sockets.lab().server("one").unwrap().set_faults(&[Fault::NoTcp]);
        assert!(matches!(one.ask_stream(&name, RecordType::A).await, Err(AskError::Io(_))));
        sockets.lab().server("one").unwrap().set_faults(&[]);
        assert_eq!(one.ask_stream(&name, RecordType::A).await.unwrap().answers.len(), 1);
    }
}
