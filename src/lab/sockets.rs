//! The lab's servers on real sockets: UDP and TCP at addresses of 127.0.0.0/8, all on one free port.
//!
//! Needs no root rights. Several labs run side by side because each takes a port that is free at all of its
//! addresses. Everything ends when it is dropped.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::conduct::Transport;
use crate::random::Random;

use super::client::read_framed;
use super::delivery::{Delivery, Sending};
use super::fault::Fault;
use super::world::Lab;

/// Ports tried before giving up. A try fails only if another process has the port at one of our addresses.
const MAX_TRIES: usize = 50;

/// Waiting replies of one address, and its connections, at once. Beyond it queries are lost, as on any network; a
/// burst of a demo stays far below.
const MAX_PENDING: usize = 4096;

/// The largest query taken.
const MAX_QUERY: usize = 4096;

/// A lab on sockets, until dropped.
#[derive(Debug)]
pub struct LabSockets {
    port: u16,
    lab: Arc<Lab>,
    /// Dropping it ends every task within.
    _tasks: JoinSet<()>,
}

struct Bound {
    address: IpAddr,
    datagrams: UdpSocket,
    connections: TcpListener,
}

/// The shared state of all tasks.
#[derive(Clone)]
struct Shared {
    lab: Arc<Lab>,
    clock: Clock,
    random: Random,
}

impl LabSockets {
    /// Binds every IPv4 address of the lab on one port and begins to answer. IPv6 addresses are for simulation only.
    ///
    /// # Errors
    /// No port was free at all addresses, or an address is not this machine's.
    pub async fn start(lab: Arc<Lab>, random: Random) -> io::Result<Self> {
        let (port, sockets) = bind_all(&lab).await?;
        let shared = Shared { lab: lab.clone(), clock: Clock::machine(), random };
        let mut tasks = JoinSet::new();
        for Bound { address, datagrams, connections } in sockets {
            tasks.spawn(shared.clone().serve_datagrams(address, datagrams));
            tasks.spawn(shared.clone().serve_connections(address, connections));
        }
        Ok(Self { port, lab, _tasks: tasks })
    }

    /// The port of all servers: `upstream_port` of the configuration.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The lab behind the sockets.
    pub fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }
}

/// Binds every address on one port.
async fn bind_all(lab: &Lab) -> io::Result<(u16, Vec<Bound>)> {
    let addresses =
        || lab.servers().iter().flat_map(|server| server.addresses()).filter(|address| address.is_ipv4());
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for _ in 0..MAX_TRIES {
        let mut port = 0;
        let mut sockets = Vec::new();
        let mut failed = None;
        for address in addresses() {
            match bind(*address, port).await {
                Ok(bound) => {
                    port = bound.datagrams.local_addr()?.port();
                    sockets.push(bound);
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        match failed {
            None => return Ok((port, sockets)),
            Some(error) => last = error,
        }
    }
    Err(last)
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
                    // An error here is an ICMP message about a client that has left.
                    let Ok((length, client)) = received else { continue };
                    let octets = buffer.get(..length).unwrap_or_default();
                    for delivery in self.respond(address, octets, Transport::Udp) {
                        // A socket has one source: a reply from another address cannot be sent, and is lost.
                        if delivery.source == address && pending.len() < MAX_PENDING {
                            pending.spawn(send_later(socket.clone(), client, delivery));
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
                    // The kernel has accepted the connection already. To close it at once is the nearest to a
                    // refusal.
                    let closes = self.has(address, Fault::NoTcp) || self.has(address, Fault::HangsUp);
                    if open.len() < MAX_PENDING && !closes {
                        open.spawn(self.clone().serve_stream(address, stream));
                    }
                }
            }
        }
    }

    async fn serve_stream(self, address: IpAddr, mut stream: TcpStream) {
        while let Ok(query) = read_framed(&mut stream).await {
            let answer = self.respond(address, &query, Transport::Tcp).pop();
            let Some(delivery) = answer.filter(|_| !self.has(address, Fault::SilentTcp)) else {
                // No answer is sent and the connection stays open, as with a dead server behind a firewall.
                continue;
            };
            sleep(delivery.delay).await;
            // Half an answer: its length in front is that of the whole answer, and then the connection ends.
            let half = self.has(address, Fault::HalfAnswer);
            let length = u16::try_from(delivery.octets.len() * if half { 2 } else { 1 }).unwrap_or(u16::MAX);
            let framed = [length.to_be_bytes().as_slice(), &delivery.octets].concat();
            let gone = stream.write_all(&framed).await.is_err() || half;
            if gone || self.has(address, Fault::ClosesTcp) {
                return;
            }
        }
    }
}

async fn send_later(socket: Arc<UdpSocket>, client: SocketAddr, delivery: Delivery) {
    sleep(delivery.delay).await;
    // The client may have left; delivery of a datagram is not guaranteed.
    let _ = socket.send_to(&delivery.octets, client).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::client::{AskError, LabClient};
    use crate::lab::world::{Builder, ServerPlan};
    use hickory_proto::rr::{Name, RecordType};
    use std::time::Duration;

    async fn start() -> LabSockets {
        let mut builder = Builder::default();
        let strings = format!("\"{}\" ", "x".repeat(250)).repeat(6);
        let text = format!("@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\nbig TXT {strings}\n");
        builder.zone(".", &text).unwrap();
        for (name, address) in [("one", "127.83.1.1"), ("two", "127.83.1.2")] {
            let mut plan = ServerPlan::new(name, vec![address.parse().unwrap()]);
            plan.zones.push(Name::root());
            builder.server(plan);
        }
        LabSockets::start(Arc::new(builder.build().unwrap()), Random::seeded(1)).await.unwrap()
    }

    fn client(sockets: &LabSockets, server: &str) -> LabClient {
        let address = sockets.lab().server(server).unwrap().addresses()[0];
        LabClient::new(SocketAddr::new(address, sockets.port()), Duration::from_secs(5))
    }

    #[tokio::test]
    async fn labs_stand_side_by_side_and_answer_over_both_transports() {
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
    async fn faults_work_on_sockets_and_can_be_switched() {
        let sockets = start().await;
        let name = Name::from_ascii("ns.").unwrap();
        let one = client(&sockets, "one");
        sockets.lab().server("one").unwrap().set_faults(&[Fault::NoTcp]);
        assert!(matches!(one.ask_stream(&name, RecordType::A).await, Err(AskError::Io(_))));
        sockets.lab().server("one").unwrap().set_faults(&[]);
        assert_eq!(one.ask_stream(&name, RecordType::A).await.unwrap().answers.len(), 1);
    }
}
