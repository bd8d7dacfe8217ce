//! Tests of streams (connections) over a simulated network.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::{sleep, timeout};

use super::*;
use crate::limits::{MAX_STREAMS_PER_NETWORK, UPSTREAM_IDLE_TIME};
use crate::network::{Arrival, Replies, Stream};
use dns::conduct::network_of;

/// Simulated servers that send back the octets of each DNS message as the answer. Of several waiting messages, the one that arrived last is
/// answered first.
#[derive(Default)]
struct Echo {
    opened: AtomicUsize,
    closes_after: Option<usize>,
    closes_when_idle: Option<Duration>,
    refuses: bool,
    /// Servers in this network accept connections, but send only an empty DNS message, again and again with this pause.
    drips: Option<(IpAddr, Duration)>,
    /// Servers in this network never accept a connection.
    swallows: Option<IpAddr>,
    open: Arc<AtomicUsize>,
}

struct EchoStream {
    pending: Vec<Vec<u8>>,
    left: Option<usize>,
    closes_when_idle: Option<Duration>,
    drips: Option<Duration>,
    open: Arc<AtomicUsize>,
}

impl Drop for EchoStream {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Network for Echo {
    fn send_datagram<'a>(&'a self, _: &'a Path, _: &'a [u8]) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            self.opened.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(10)).await;
            if self.refuses {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            if self.swallows == Some(network_of(path.server.ip())) {
                return std::future::pending().await;
            }
            let (left, closes_when_idle, open) =
                (self.closes_after, self.closes_when_idle, Arc::clone(&self.open));
            let drips = self
                .drips
                .filter(|(network, _)| *network == network_of(path.server.ip()))
                .map(|(_, drip)| drip);
            open.fetch_add(1, Ordering::Relaxed);
            let stream = EchoStream { pending: Vec::new(), left, closes_when_idle, drips, open };
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

impl Stream for EchoStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        self.pending.push(message.to_vec());
        Box::pin(async { Ok(()) })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        Box::pin(async {
            if let Some(drip) = self.drips {
                sleep(drip).await;
                return Ok(Arrival::Message(Vec::new()));
            }
            if self.left == Some(0) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match self.closes_when_idle {
                _ if !self.pending.is_empty() => sleep(Duration::from_millis(10)).await,
                Some(idle) => sleep(idle).await,
                None => std::future::pending().await,
            }
            self.left = self.left.map(|left| left - 1);
            self.pending.pop().map(Arrival::Message).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        })
    }
}

fn path(network: u16) -> Path {
    path_in(network, 53)
}

fn path_in(network: u16, last: u8) -> Path {
    let [high, low] = network.to_be_bytes();
    Path { server: SocketAddr::from(([192, high, low, last], 53)), source: None, encryption: None }
}

async fn asked_for_a_second(streams: &Streams, path: &Path) -> bool {
    timeout(Duration::from_secs(1), streams.exchange(path, b"question")).await.is_ok()
}

fn streams(echo: Echo) -> (Streams, Arc<Echo>) {
    let echo = Arc::new(echo);
    let long_replies = Arc::new(LongReplies::for_cache_size(0));
    (Streams::new(Arc::clone(&echo) as Arc<dyn Network>, Random::seeded(1), long_replies), echo)
}

/// Sends `count` queries with the same id at the same time. Each sender must get its own query as the reply.
async fn burst(streams: &Streams, count: u8) {
    let messages: Vec<Vec<u8>> = (0..count).map(|number| vec![7, 7, number]).collect();
    let path = path(1);
    let heard = join_all(messages.iter().map(|message| streams.exchange(&path, message))).await;
    for (message, heard) in messages.iter().zip(heard) {
        assert_eq!(&heard.as_ref().unwrap().octets, message);
    }
}

#[tokio::test(start_paused = true)]
async fn queries_share_stream_until_idle() {
    let (streams, echo) = streams(Echo::default());
    burst(&streams, 200).await;
    burst(&streams, 1).await;
    assert_eq!(echo.opened.load(Ordering::Relaxed), 1);
    sleep(UPSTREAM_IDLE_TIME * 2).await;
    burst(&streams, 1).await;
    assert_eq!(echo.opened.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn closed_idle_stream_is_reopened() {
    let (streams, echo) =
        streams(Echo { closes_when_idle: Some(Duration::from_millis(50)), ..Echo::default() });
    burst(&streams, 1).await;
    sleep(Duration::from_millis(50)).await;
    burst(&streams, 3).await;
    assert_eq!(echo.opened.load(Ordering::Relaxed), 2);
}

// It closes after each answer.
#[tokio::test(start_paused = true)]
async fn closing_server_answers_all() {
    let (streams, echo) = streams(Echo { closes_after: Some(1), ..Echo::default() });
    burst(&streams, 20).await;
    assert!(echo.opened.load(Ordering::Relaxed) <= 20);
}

#[tokio::test(start_paused = true)]
async fn refused_connection_fails_all_waiting() {
    let (streams, echo) = streams(Echo { refuses: true, ..Echo::default() });
    let path = path(1);
    let asked = (0..5).map(|_| streams.exchange(&path, b"question"));
    for heard in join_all(asked).await {
        assert_eq!(heard.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
    assert_eq!(echo.opened.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn full_table_closes_idlest_stream() {
    let (streams, echo) = streams(Echo::default());
    let bound = u16::try_from(MAX_UPSTREAM_STREAMS).unwrap();
    for server in 0..=bound {
        streams.exchange(&path(server), b"question").await.unwrap();
    }
    streams.exchange(&path(1), b"question").await.unwrap();
    assert_eq!(echo.opened.load(Ordering::Relaxed), MAX_UPSTREAM_STREAMS + 1);
    streams.exchange(&path(0), b"question").await.unwrap();
    assert_eq!(echo.opened.load(Ordering::Relaxed), MAX_UPSTREAM_STREAMS + 2);
}

#[tokio::test(start_paused = true)]
async fn dripping_server_keeps_no_stream() {
    let drips = Some((network_of(path(1).server.ip()), Duration::from_millis(700)));
    let (streams, echo) = streams(Echo { drips, ..Echo::default() });
    for _ in 0..3 {
        let path = path(1);
        let asked = (0..100).map(|_| asked_for_a_second(&streams, &path));
        assert!(!join_all(asked).await.contains(&true));
        sleep(Duration::from_millis(1)).await;
        assert_eq!(echo.open.load(Ordering::Relaxed), 0);
    }
    assert!(lock(&streams.table).networks.is_empty() && lock(&streams.table).kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn endless_stream_reading_is_bounded() {
    let drips = Some((network_of(path(1).server.ip()), Duration::from_micros(1)));
    let (streams, _) = streams(Echo { drips, ..Echo::default() });
    let heard = timeout(Duration::from_secs(1), streams.exchange(&path(1), b"question")).await.unwrap();
    assert_eq!(heard.unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[tokio::test(start_paused = true)]
async fn network_takes_bounded_streams() {
    let (streams, echo) =
        streams(Echo { swallows: Some(network_of(path(1).server.ip())), ..Echo::default() });
    let hostile: Vec<Path> = (0..=u8::MAX).map(|last| path_in(1, last)).collect();
    let asked = join_all(hostile.iter().map(|path| asked_for_a_second(&streams, path)));
    let others = async {
        sleep(Duration::from_millis(100)).await;
        asked_for_a_second(&streams, &path(2)).await
    };
    let (asked, other) = tokio::join!(asked, others);
    assert!(other && !asked.contains(&true));
    assert!(echo.opened.load(Ordering::Relaxed) <= 1 + MAX_STREAMS_PER_NETWORK);
}

#[tokio::test(start_paused = true)]
async fn given_up_queries_block_no_others() {
    let (streams, _) = streams(Echo::default());
    let path = path(1);
    let hasty =
        (0..2 * MAX_PIPELINED).map(|_| timeout(Duration::from_millis(1), streams.exchange(&path, b"hasty")));
    assert!(join_all(hasty).await.iter().all(Result::is_err));
    assert!(asked_for_a_second(&streams, &path).await);
}

#[test]
fn streams_of_ended_worker_are_removed() {
    let (streams, _) = streams(Echo::default());
    let worker =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let ended = worker();
    for network in 1..=3 {
        assert_eq!(
            ended.block_on(streams.exchange(&path(network), b"question")).ok().unwrap().octets,
            b"question"
        );
    }
    assert_eq!(lock(&streams.table).kept.len(), 3);
    drop(ended);
    assert_eq!(worker().block_on(streams.exchange(&path(4), b"question")).ok().unwrap().octets, b"question");
    let table = lock(&streams.table);
    assert_eq!((table.kept.len(), table.networks.len()), (1, 1));
}

// Its stream goes on.
#[tokio::test(start_paused = true)]
async fn long_reply_without_room_is_dropped() {
    let (echo, long_replies) = (Arc::new(Echo::default()), Arc::new(LongReplies::for_cache_size(0)));
    let network = Arc::clone(&echo) as Arc<dyn Network>;
    let streams = Streams::new(network, Random::seeded(1), Arc::clone(&long_replies));
    let path = path(1);
    // The header says that the reply has 6 000 records, so memory for them is reserved.
    let mut long = vec![0; 64_000];
    long[6..8].copy_from_slice(&6_000_u16.to_be_bytes());
    let held = streams.exchange(&path, &long).await.ok().unwrap();
    assert!(held.room.is_held());
    let (dropped, short) = tokio::join!(streams.exchange(&path, &long), streams.exchange(&path, b"question"));
    let error = dropped.unwrap_err();
    assert!(error.get_ref().is_some_and(|inner| inner.is::<NoRoom>()), "{error}");
    assert_eq!(short.unwrap().octets, b"question");
    drop(held);
    assert!(streams.exchange(&path, &long).await.is_ok());
    assert_eq!(echo.opened.load(Ordering::Relaxed), 1);
}
