//! Tests of streams (TLS connections) to a forwarder that answers some queries late, some never, and others with a failure.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::*;
use crate::limits::{MAX_STREAMS_OF_FORWARDER, STREAM_DOUBT_TIME};
use crate::network::{Arrival, Replies, Stream};
use dns::conduct::{EncryptedProtocol, Encryption};

/// The third octet of a query to which the simulated forwarder answers quickly (`QUICK`), answers slowly (`SLOW`), does not answer (`NEVER`), or
/// fails (`FAILED`).
const QUICK: u8 = b'q';
const SLOW: u8 = b's';
const NEVER: u8 = b'n';
const FAILED: u8 = b'f';
/// The third octet of a query that the first stream declines. That stream then accepts no more queries.
const DECLINED: u8 = b'd';
/// The third octet of a query that is answered only if the stream has carried no other query. Otherwise the forwarder resets the stream.
const ALONE: u8 = b'a';

const QUICK_TIME: Duration = Duration::from_millis(10);
const SLOW_TIME: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Forwarder {
    opened: AtomicUsize,
    received: Arc<AtomicUsize>,
    /// Streams with this number or a smaller one transmit nothing any more.
    stuck: Arc<AtomicUsize>,
}

struct ForwarderStream {
    number: usize,
    sent: usize,
    pending: Vec<(Instant, Vec<u8>)>,
    received: Arc<AtomicUsize>,
    stuck: Arc<AtomicUsize>,
}

impl Network for Forwarder {
    fn send_datagram<'a>(&'a self, _: &'a Path, _: &'a [u8]) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        Box::pin(async { Err(io::ErrorKind::Unsupported.into()) })
    }

    fn open_stream<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let number = self.opened.fetch_add(1, Ordering::Relaxed) + 1;
            sleep(QUICK_TIME).await;
            let (received, stuck) = (Arc::clone(&self.received), Arc::clone(&self.stuck));
            let stream = ForwarderStream { number, sent: 0, pending: Vec::new(), received, stuck };
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}

impl Stream for ForwarderStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        self.received.fetch_add(1, Ordering::Relaxed);
        self.sent += 1;
        let time = if message[2] == SLOW { SLOW_TIME } else { QUICK_TIME };
        if message[2] != NEVER && self.number > self.stuck.load(Ordering::Relaxed) {
            self.pending.push((Instant::now() + time, message.to_vec()));
        }
        Box::pin(async { Ok(()) })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        Box::pin(async {
            let first = self.pending.iter().enumerate().min_by_key(|(_, (moment, _))| *moment);
            let Some((place, moment)) = first.map(|(place, (moment, _))| (place, *moment)) else {
                return std::future::pending().await;
            };
            sleep_until(moment).await;
            let (_, message) = self.pending.remove(place);
            if message[2] == ALONE && self.sent > 1 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let id = u16::from_be_bytes([message[0], message[1]]);
            Ok(match message[2] {
                FAILED => Arrival::Failed { id, error: io::Error::other("HTTP status 502") },
                DECLINED if self.number == 1 => Arrival::Declined(id),
                _ => Arrival::Message(message),
            })
        })
    }
}

fn streams() -> (Streams, Arc<Forwarder>) {
    let forwarder = Arc::new(Forwarder::default());
    let network = Arc::clone(&forwarder) as Arc<dyn Network>;
    (Streams::new(network, Random::seeded(1), Arc::new(LongReplies::for_cache_size(0))), forwarder)
}

fn path() -> Path {
    let encryption = Encryption { certificate: "dns.example".to_owned(), protocol: EncryptedProtocol::Tls };
    Path { server: "192.0.2.1:853".parse().unwrap(), source: None, encryption: Some(encryption.into()) }
}

fn opened(forwarder: &Forwarder) -> usize {
    forwarder.opened.load(Ordering::Relaxed)
}

/// Returns true if the forwarder answers with the same octets within `patience`.
async fn is_answered(streams: &Streams, message: &[u8], patience: Duration) -> bool {
    let path = path();
    let heard = timeout(patience, streams.exchange(&path, message)).await;
    heard.is_ok_and(|heard| heard.unwrap().octets == message)
}

async fn is_answered_meanwhile<const N: usize>(streams: &Streams, never: &[[u8; N]]) -> bool {
    let patience = STREAM_DOUBT_TIME / 2;
    let unanswered = join_all(never.iter().map(|message| is_answered(streams, message, patience)));
    let quick = async {
        sleep(QUICK_TIME).await;
        is_answered(streams, &[1, 1, QUICK], 2 * QUICK_TIME).await
    };
    let (unanswered, quick) = tokio::join!(unanswered, quick);
    quick && !unanswered.contains(&true)
}

#[tokio::test(start_paused = true)]
async fn full_stream_gets_second_stream() {
    let (streams, forwarder) = streams();
    let messages: Vec<[u8; 5]> =
        (0..300_u16).map(|n| [7, 7, SLOW, n.to_be_bytes()[0], n.to_be_bytes()[1]]).collect();
    let patience = SLOW_TIME + 2 * QUICK_TIME;
    let heard = join_all(messages.iter().map(|message| is_answered(&streams, message, patience))).await;
    assert!(heard.iter().all(|answered| *answered));
    assert_eq!(opened(&forwarder), 300_usize.div_ceil(MAX_PIPELINED));
    assert!(is_answered(&streams, &[1, 1, QUICK], 2 * QUICK_TIME).await);
    assert_eq!(opened(&forwarder), 300_usize.div_ceil(MAX_PIPELINED));
}

#[tokio::test(start_paused = true)]
async fn forwarder_streams_are_bounded() {
    let (streams, forwarder) = streams();
    let bound = MAX_PIPELINED * usize::from(MAX_STREAMS_OF_FORWARDER);
    let messages: Vec<[u8; 5]> = (0..u16::try_from(2 * bound).unwrap())
        .map(|n| [7, 7, SLOW, n.to_be_bytes()[0], n.to_be_bytes()[1]])
        .collect();
    let patience = 2 * SLOW_TIME + 3 * QUICK_TIME;
    let heard = join_all(messages.iter().map(|message| is_answered(&streams, message, patience))).await;
    assert!(heard.iter().all(|answered| *answered), "the others wait for a place");
    assert_eq!(opened(&forwarder), usize::from(MAX_STREAMS_OF_FORWARDER));
}

#[tokio::test(start_paused = true)]
async fn equal_queries_share_place() {
    let (streams, forwarder) = streams();
    assert!(is_answered(&streams, &[9, 9, QUICK], SLOW_TIME).await);
    let never: Vec<[u8; 3]> = (0..60).map(|id| [id, id, NEVER]).collect();
    assert!(is_answered_meanwhile(&streams, &never).await);
    assert_eq!(forwarder.received.load(Ordering::Relaxed), 3);
    // The two queries differ only in their ids, so only one is sent. Each sender gets the reply with its own id.
    let (one, two) = ([1, 1, SLOW], [2, 2, SLOW]);
    let both =
        tokio::join!(is_answered(&streams, &one, 2 * SLOW_TIME), is_answered(&streams, &two, 2 * SLOW_TIME));
    assert_eq!(both, (true, true));
    assert_eq!((forwarder.received.load(Ordering::Relaxed), opened(&forwarder)), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn unanswered_queries_leave_stream_room() {
    let (streams, forwarder) = streams();
    assert!(is_answered(&streams, &[9, 9, QUICK], SLOW_TIME).await);
    let never: Vec<[u8; 4]> = (0..200).map(|n| [7, 7, NEVER, n]).collect();
    assert!(is_answered_meanwhile(&streams, &never).await);
    assert_eq!(opened(&forwarder), 4);
}

#[tokio::test(start_paused = true)]
async fn reset_stream_is_no_forwarder_failure() {
    let (streams, _) = streams();
    let messages: Vec<[u8; 4]> = (0..60).map(|n| [7, 7, ALONE, n]).collect();
    let heard = join_all(messages.iter().map(|message| is_answered(&streams, message, SLOW_TIME))).await;
    assert!(heard.iter().all(|answered| *answered));
}

#[tokio::test(start_paused = true)]
async fn stuck_stream_gets_no_query() {
    let (streams, forwarder) = streams();
    assert!(is_answered(&streams, &[9, 9, QUICK], SLOW_TIME).await);
    // The first stream transmits nothing from now on, as if a firewall had lost the state of the connection.
    forwarder.stuck.store(1, Ordering::Relaxed);
    let first = is_answered(&streams, &[1, 1, QUICK], 4 * STREAM_DOUBT_TIME);
    let again = async {
        sleep(STREAM_DOUBT_TIME + QUICK_TIME).await;
        is_answered(&streams, &[2, 2, QUICK], 4 * QUICK_TIME).await
    };
    let (first, again) = tokio::join!(first, again);
    assert!(again && !first);
    assert_eq!(opened(&forwarder), 2);
    assert!(is_answered(&streams, &[3, 3, QUICK, 1], 2 * QUICK_TIME).await, "the new stream is kept");
    // The first query gets no reply. The replies to the other queries arrive on the same stream, so the stream stays in use.
    let never = is_answered(&streams, &[1, 1, NEVER], 4 * STREAM_DOUBT_TIME);
    let others = async {
        for number in 0..30 {
            assert!(is_answered(&streams, &[2, 2, QUICK, number], 2 * QUICK_TIME).await);
            sleep(STREAM_DOUBT_TIME / 10).await;
        }
    };
    tokio::join!(never, others);
    assert_eq!(opened(&forwarder), 2);
}

#[tokio::test(start_paused = true)]
async fn lost_streams_are_replaced_together() {
    let (streams, forwarder) = streams();
    let messages: Vec<[u8; 4]> = (0..200).map(|n| [7, 7, SLOW, n]).collect();
    let patience = SLOW_TIME + 3 * QUICK_TIME;
    let heard = join_all(messages.iter().map(|message| is_answered(&streams, message, patience))).await;
    assert!(!heard.contains(&false));
    let before = opened(&forwarder);
    forwarder.stuck.store(before, Ordering::Relaxed);
    sleep(QUICK_TIME).await;
    let first = is_answered(&streams, &[1, 1, QUICK], 2 * STREAM_DOUBT_TIME);
    let others = async {
        sleep(STREAM_DOUBT_TIME + QUICK_TIME).await;
        for number in 0..10 {
            assert!(is_answered(&streams, &[2, 2, QUICK, number], 4 * QUICK_TIME).await, "{number}");
        }
    };
    tokio::join!(first, others);
    assert_eq!((before, opened(&forwarder)), (4, 5));
}

#[tokio::test(start_paused = true)]
async fn failed_query_fails_no_other() {
    let (streams, forwarder) = streams();
    let path = path();
    let messages: Vec<[u8; 4]> =
        (0..10).map(|number| [7, 7, if number == 4 { FAILED } else { SLOW }, number]).collect();
    let heard = join_all(messages.iter().map(|message| streams.exchange(&path, message))).await;
    for (message, heard) in messages.iter().zip(heard) {
        match heard {
            Ok(reply) => assert_eq!(reply.octets, message),
            Err(error) => assert_eq!((message[2], error.to_string().as_str()), (FAILED, "HTTP status 502")),
        }
    }
    assert_eq!(opened(&forwarder), 1);
}

#[tokio::test(start_paused = true)]
async fn declined_query_uses_another_stream() {
    let (streams, forwarder) = streams();
    let slow = is_answered(&streams, &[1, 1, SLOW], 2 * SLOW_TIME);
    let declined = is_answered(&streams, &[2, 2, DECLINED], SLOW_TIME);
    assert_eq!(tokio::join!(slow, declined), (true, true), "the first stream ends its work");
    assert_eq!(opened(&forwarder), 2);
}

#[tokio::test(start_paused = true)]
async fn late_reply_ends_no_other_query() {
    let (streams, _) = streams();
    assert!(is_answered(&streams, &[9, 9, QUICK], SLOW_TIME).await);
    assert!(!is_answered(&streams, &[1, 1, SLOW], QUICK_TIME).await);
    // This query has the id of the previous query, whose late reply arrives first and must not be taken for the reply to this query.
    assert!(is_answered(&streams, &[1, 1, SLOW, 2], 2 * SLOW_TIME).await);
}
