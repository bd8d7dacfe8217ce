//! Live: a listener that passes each query to the resolver in place and its answer back to the client, octet by octet.
//!
//! # Decisions
//!
//! - The client waits for nothing but the resolver in place. A copy of the query and of the answer goes into a bounded queue; if that is
//!   full, the query is not compared.
//! - Each query over UDP has a socket of its own to the resolver in place, so that no answer reaches another client. If all places are
//!   taken, the oldest query gives up its place. Connections are shared in the same way.
//! - Queries over TCP are passed on and not compared: clients send them after a truncated answer to the same question over UDP.
//! - The resolver in place sees queries of this host only, so the access lists of resolverd (`[listen]`) stand before it.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::limits::{LIVE_CONNECTION, LIVE_PATIENCE, MAX_LIVE_CONNECTIONS, MAX_LIVE_RELAYS};

/// The time after an error of a socket: of an earlier reply, or a lack of files.
const AFTER_ERROR: Duration = Duration::from_millis(1);

/// A query of a client, with the answer that it got.
pub(super) struct Relayed {
    /// The query.
    pub(super) query: Vec<u8>,
    /// The answer with its time; none if none came.
    pub(super) answer: Option<(Vec<u8>, Duration)>,
}

/// The copies of queries for the comparison, and the number of those without a place.
#[derive(Clone)]
pub(super) struct Copies {
    queue: Sender<Relayed>,
    lost: Arc<AtomicU64>,
    denied: Arc<AtomicU64>,
}

impl Copies {
    pub(super) fn new(queue: Sender<Relayed>) -> Self {
        Self { queue, lost: Arc::default(), denied: Arc::default() }
    }

    /// Queries that were not compared, because too many waited.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Queries and connections of clients that may not ask.
    pub(super) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }

    fn put(&self, query: &[u8], answer: Option<(&[u8], Duration)>) {
        let answer = answer.map(|(answer, elapsed)| (answer.to_vec(), elapsed));
        let relayed = Relayed { query: query.to_vec(), answer };
        if self.queue.try_send(relayed).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Tasks under way, a bounded number of them: if there are more, the oldest one ends.
struct Places {
    most: usize,
    tasks: VecDeque<AbortHandle>,
    running: JoinSet<()>,
}

impl Places {
    fn new(most: usize) -> Self {
        Self { most, tasks: VecDeque::new(), running: JoinSet::new() }
    }

    fn start(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        while self.running.try_join_next().is_some() {}
        self.tasks.retain(|task| !task.is_finished());
        if self.tasks.len() >= self.most
            && let Some(oldest) = self.tasks.pop_front()
        {
            oldest.abort();
        }
        self.tasks.push_back(self.running.spawn(task));
    }
}

/// The clients that resolverd answers (`[listen]`).
#[derive(Debug, Default)]
pub(super) struct AccessLists {
    pub(super) allow: Vec<IpNet>,
    /// `refuse` and `drop`.
    pub(super) denied: Vec<IpNet>,
}

impl AccessLists {
    /// Returns true if a client may ask: the longest prefix decides, and of equal ones the strictest.
    fn allows(&self, client: IpAddr) -> bool {
        let longest = |networks: &[IpNet]| {
            let within = networks.iter().filter(|network| network.contains(&client));
            within.map(IpNet::prefix_len).max()
        };
        longest(&self.allow) > longest(&self.denied)
    }
}

/// The sockets of the listener.
pub(super) struct Relay {
    datagrams: Arc<UdpSocket>,
    connections: TcpListener,
    in_place: SocketAddr,
    access: AccessLists,
}

impl Relay {
    /// Listens over UDP and TCP.
    ///
    /// # Errors
    /// The address is in use, or is none of this host.
    pub(super) async fn bind(
        listen: SocketAddr,
        in_place: SocketAddr,
        access: AccessLists,
    ) -> io::Result<Self> {
        let connections = TcpListener::bind(listen).await?;
        // With port 0 both have the same.
        let datagrams = Arc::new(UdpSocket::bind(connections.local_addr()?).await?);
        Ok(Self { datagrams, connections, in_place, access })
    }

    /// The address at which it listens.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.connections.local_addr()
    }

    /// Passes queries and answers on, for ever.
    pub(super) async fn serve(&self, copies: &Copies) {
        tokio::join!(self.datagrams(copies), self.connections(copies));
    }

    /// Returns true if a client may ask. A client that may not is counted.
    fn allows(&self, client: IpAddr, copies: &Copies) -> bool {
        let is_allowed = self.access.allows(client.to_canonical());
        copies.denied.fetch_add(u64::from(!is_allowed), Ordering::Relaxed);
        is_allowed
    }

    async fn datagrams(&self, copies: &Copies) {
        let mut places = Places::new(MAX_LIVE_RELAYS);
        let mut room = vec![0; usize::from(u16::MAX)];
        loop {
            let Ok((length, client)) = self.datagrams.recv_from(&mut room).await else {
                sleep(AFTER_ERROR).await;
                continue;
            };
            if self.allows(client.ip(), copies) {
                let query = room.get(..length).unwrap_or_default().to_vec();
                let (socket, in_place, copies) = (Arc::clone(&self.datagrams), self.in_place, copies.clone());
                places.start(async move {
                    // A client whose query gets no answer asks again, as without this listener.
                    let passed = timeout(LIVE_PATIENCE, pass(&socket, (client, in_place), &query, &copies));
                    if !matches!(passed.await, Ok(Ok(()))) {
                        copies.put(&query, None);
                    }
                });
            }
        }
    }

    async fn connections(&self, copies: &Copies) {
        let mut places = Places::new(MAX_LIVE_CONNECTIONS);
        loop {
            let Ok((mut stream, client)) = self.connections.accept().await else {
                sleep(AFTER_ERROR).await;
                continue;
            };
            if self.allows(client.ip(), copies) {
                let in_place = self.in_place;
                places.start(async move {
                    let passed = timeout(LIVE_CONNECTION, async {
                        let mut upstream = TcpStream::connect(in_place).await?;
                        copy_bidirectional(&mut stream, &mut upstream).await
                    });
                    // An error of one side ends the connection.
                    let _ = passed.await;
                });
            }
        }
    }
}

/// Passes a query on, and the answer back.
async fn pass(
    socket: &UdpSocket,
    (client, in_place): (SocketAddr, SocketAddr),
    query: &[u8],
    copies: &Copies,
) -> io::Result<()> {
    let own: SocketAddr = match in_place {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let began = Instant::now();
    let upstream = UdpSocket::bind(own).await?;
    upstream.connect(in_place).await?;
    upstream.send(query).await?;
    let mut room = vec![0; usize::from(u16::MAX)];
    loop {
        let length = upstream.recv(&mut room).await?;
        let answer = room.get(..length).unwrap_or_default();
        // Another id is no answer to this query.
        if answer.first_chunk::<2>() == query.first_chunk::<2>() {
            socket.send_to(answer, client).await?;
            copies.put(query, Some((answer, began.elapsed())));
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_who_may_ask() {
        let read = |networks: &[&str]| networks.iter().map(|text| text.parse().unwrap()).collect();
        let access = AccessLists {
            allow: read(&["127.0.0.0/8", "10.0.0.0/8", "10.1.1.0/24"]),
            denied: read(&["10.1.0.0/16", "127.0.0.0/8"]),
        };
        let allowed = ["10.9.0.1", "10.1.2.1", "10.1.1.1", "127.0.0.1", "192.0.2.1"]
            .map(|client| access.allows(client.parse().unwrap()));
        assert_eq!(allowed, [true, false, true, false, false]);
    }

    #[tokio::test]
    async fn the_oldest_task_gives_up_its_place() {
        let mut places = Places::new(2);
        (0..5).for_each(|_| places.start(std::future::pending()));
        tokio::task::yield_now().await;
        places.start(std::future::ready(()));
        tokio::task::yield_now().await;
        places.start(std::future::pending());
        assert_eq!(places.tasks.len(), 2);
        assert!(places.tasks.iter().all(|task| !task.is_finished()));
    }
}
