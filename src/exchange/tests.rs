//! Tests of one query to a server and its reply, over a network that forges replies.

use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;
use hickory_proto::rr::RecordType;
use hickory_proto::serialize::binary::BinEncodable;
use network::{Path, Replies, Stream};

use super::*;

/// The datagrams that `forge` returns arrive as replies, one every millisecond.
struct Scripted {
    forge: fn(Message) -> Vec<(SocketAddr, Vec<u8>)>,
    sent: AtomicUsize,
}

struct Script(Vec<(SocketAddr, Vec<u8>)>);

impl Network for Scripted {
    fn send_datagram<'a>(
        &'a self,
        _: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let mut replies = (self.forge)(Message::from_vec(message).unwrap());
        replies.reverse();
        Box::pin(async move { Ok(Box::new(Script(replies)) as Box<dyn Replies>) })
    }

    fn open_stream<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async { Err(io::Error::from(io::ErrorKind::ConnectionRefused)) })
    }
}

impl Replies for Script {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            match self.0.pop() {
                Some(reply) => Ok(reply),
                None => std::future::pending().await,
            }
        })
    }
}

fn server() -> SocketAddr {
    "192.0.2.53:53".parse().unwrap()
}

fn ask() -> UpstreamQuery {
    let path = Path { server: server(), source: None, encryption: None };
    UpstreamQuery::new(path, Name::from_ascii("www.example.").unwrap(), RecordType::A)
}

fn exchange(forge: fn(Message) -> Vec<(SocketAddr, Vec<u8>)>) -> (Arc<Exchange>, Arc<Scripted>) {
    let network = Arc::new(Scripted { forge, sent: AtomicUsize::new(0) });
    let clock = Clock::simulated(0);
    let shared: Arc<dyn Network> = Arc::clone(&network) as Arc<dyn Network>;
    let random = Random::seeded(3);
    let keyed = Keyed::new(&random);
    let bounds = ExchangeBounds { queries: COMMAND_EXCHANGES, cache_size: 0 };
    (Arc::new(Exchange::new(shared, clock, random, keyed, bounds)), network)
}

async fn heard(exchange: &Arc<Exchange>, ask: UpstreamQuery, patience: Duration) -> (Heard, bool) {
    let place = exchange.place(&ask.name).await;
    exchange.ask(ask, patience, place, Sender::default()).1.await
}

#[tokio::test(start_paused = true)]
async fn query_is_repeated_while_in_progress() {
    let (exchange, network) = exchange(|_| Vec::new());
    let sent = || network.sent.load(Ordering::Relaxed);
    let patience = Duration::from_secs(1);
    let (one, other) = tokio::join!(heard(&exchange, ask(), patience), heard(&exchange, ask(), patience));
    assert_eq!((one.1, other.1, sent()), (true, false, 1));
    let again = || async {
        let place = exchange.place(&ask().name).await;
        exchange.ask_alone(&ask(), patience, place).await.reply
    };
    let (one, other) = tokio::join!(again(), again());
    assert_eq!([one, other].map(Result::unwrap_err), [Trouble::Silent, Trouble::Silent]);
    assert_eq!(sent(), 3);
}

fn header(query: &Message, code: ResponseCode) -> (SocketAddr, Vec<u8>) {
    let mut bare = query.clone().into_response();
    bare.queries.clear();
    bare.edns = None;
    bare.metadata.response_code = code;
    (server(), bare.to_vec().unwrap())
}

#[tokio::test(start_paused = true)]
async fn reply_without_question_is_error_only() {
    let (denied, _) = exchange(|query| vec![header(&query, ResponseCode::NXDomain)]);
    let (empty, _) = exchange(|query| vec![header(&query, ResponseCode::NoError)]);
    for denied in [denied, empty] {
        let (result, _) = heard(&denied, ask(), Duration::from_secs(1)).await;
        assert_eq!(result.reply.unwrap_err(), Trouble::Forged);
    }
    let (truncated, _) = exchange(|query| {
        let (server, mut octets) = header(&query, ResponseCode::NoError);
        // The flag TC.
        octets[2] |= 2;
        vec![(server, octets)]
    });
    let mixed = UpstreamQuery { mixed_case: true, ..ask() };
    let (result, _) = heard(&truncated, mixed, Duration::from_secs(1)).await;
    assert!(result.reply.unwrap().metadata.truncation);
    let (refused, _) = exchange(|query| vec![header(&query, ResponseCode::Refused)]);
    let (result, _) = heard(&refused, ask(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap().metadata.response_code, ResponseCode::Refused);
    let (result, _) =
        heard(&refused, UpstreamQuery { mixed_case: true, ..ask() }, Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::OtherCase);
}

#[test]
fn joined_query_knows_send_time() {
    let (merge, later) =
        (Merge::new(Keyed::new(&Random::seeded(1))), Mono::START.after(Duration::from_millis(20)));
    let share = |now| merge.share(ask(), now, Sender::default(), |_| std::future::pending());
    let (one, other) = (share(Mono::START), share(later));
    assert_eq!([one.0, other.0], [Mono::START; 2]);
    drop((one, other));
    assert_eq!(share(later).0, later, "nothing is in progress");
}

#[tokio::test(start_paused = true)]
async fn panicked_query_frees_joined() {
    fn fail() -> Heard {
        panic!("of the test")
    }
    let merge = Merge::new(Keyed::new(&Random::seeded(1)));
    let send = |_| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        fail()
    };
    let share = || merge.share(ask(), Mono::START, Sender::default(), send).1;
    let ((one, first), (other, second)) = tokio::join!(share(), share());
    assert!(first && !second);
    for heard in [one, other] {
        assert_eq!(heard.reply.unwrap_err(), Trouble::Unfit);
    }
    assert!(share().await.1, "nothing of it is left");
}

#[test]
fn own_send_errors_are_distinguished() {
    let trouble = |kind: io::ErrorKind| trouble_of(&kind.into());
    assert_eq!(trouble(io::ErrorKind::NetworkUnreachable), Trouble::NoRoute);
    assert_eq!(trouble(io::ErrorKind::ConnectionRefused), Trouble::Unreachable);
    let busy = io::Error::other(NotSent("no descriptor".to_owned()));
    assert_eq!(trouble_of(&busy), Trouble::NotSent("no descriptor".into()));
}

#[tokio::test(start_paused = true)]
async fn forged_replies_are_ignored() {
    let (exchange, _) = exchange(|query| {
        let good = query.clone().into_response();
        let mut wrong_id = good.clone();
        wrong_id.metadata.id = wrong_id.metadata.id.wrapping_add(1);
        let elsewhere = "192.0.2.54:53".parse().unwrap();
        vec![
            (server(), wrong_id.to_vec().unwrap()),
            (elsewhere, good.to_vec().unwrap()),
            (server(), vec![1]),
            (server(), good.to_vec().unwrap()),
        ]
    });
    let (result, sent) = heard(&exchange, skipping(), Duration::from_secs(1)).await;
    assert!(sent);
    assert!(result.reply.is_ok());
    assert_eq!((result.elapsed, exchange.take_strays()), (Duration::from_millis(4), 3));
}

/// A query to a server that does not accept TCP.
fn skipping() -> UpstreamQuery {
    UpstreamQuery { skips_forgeries: true, ..ask() }
}

// Until there are too many.
#[tokio::test(start_paused = true)]
async fn replies_with_other_questions_are_ignored() {
    fn other(query: &Message) -> (SocketAddr, Vec<u8>) {
        let mut other = query.clone().into_response();
        other.queries[0].set_name(Name::from_ascii("bank.example.").unwrap());
        (server(), other.to_vec().unwrap())
    }
    let (late, _) = exchange(|query| {
        let mut other_type = query.clone().into_response();
        other_type.queries[0].set_query_type(RecordType::MX);
        let good = query.clone().into_response();
        let of_type = (server(), other_type.to_vec().unwrap());
        vec![other(&query), of_type, (server(), good.to_vec().unwrap())]
    });
    let (result, _) = heard(&late, skipping(), Duration::from_secs(1)).await;
    assert!(result.reply.is_ok());
    assert_eq!((result.elapsed, late.take_strays()), (Duration::from_millis(3), 2));
    let (only, _) = exchange(|query| vec![other(&query)]);
    let (result, _) = heard(&only, ask(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::Silent);
    assert_eq!((result.elapsed, only.take_strays()), (Duration::from_secs(1), 1));
    let (flood, _) = exchange(|query| vec![other(&query); MAX_STRAY_DATAGRAMS + 1]);
    let (result, _) = heard(&flood, skipping(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::Forged);
    assert_eq!(flood.take_strays(), MAX_STRAY_DATAGRAMS);
    // A server that accepts TCP is asked over TCP after the second one, even if they came to different queries.
    let (result, _) = heard(&only, ask(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::Forged);
    assert_eq!(only.take_strays(), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_ends() {
    let (silent, _) = exchange(|_| Vec::new());
    let (result, _) = heard(&silent, ask(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::Silent);
    assert_eq!(result.elapsed, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn changed_case_of_question_is_reported() {
    let mixed = || UpstreamQuery { mixed_case: true, ..ask() };
    let (as_sent, _) = exchange(|query| {
        assert_ne!(query.queries[0].name().to_ascii(), "www.example.");
        vec![(server(), query.into_response().to_vec().unwrap())]
    });
    let (result, _) = heard(&as_sent, mixed(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap().queries[0].name().to_ascii(), "www.example.");
    let (lower, _) = exchange(|query| {
        let mut response = query.into_response();
        response.queries[0].set_name(Name::from_ascii("www.example.").unwrap());
        vec![(server(), response.to_vec().unwrap())]
    });
    let (result, _) = heard(&lower, mixed(), Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap_err(), Trouble::OtherCase);
    assert!(result.other_case);
}

#[tokio::test(start_paused = true)]
async fn copied_mixed_case_is_restored() {
    // After the owner name of the record: type MX, class IN, a TTL of one minute, and six octets of data (the preference 10 and the name `mx`).
    const DATA: &[u8] = b"\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x06\x00\x0a\x02mx\x00";
    let (copies, _) = exchange(|query| {
        let copied = query.queries[0].name().to_bytes().unwrap();
        assert!(copied.iter().any(u8::is_ascii_uppercase));
        let mut reply = query.into_response().to_vec().unwrap();
        // The header now says that there is one answer record and no OPT record.
        reply[7] = 1;
        reply.truncate(12 + copied.len() + 4);
        reply[11] = 0;
        reply.extend([&copied, DATA].concat());
        vec![(server(), reply)]
    });
    let asked = UpstreamQuery { mixed_case: true, kind: RecordType::MX, ..ask() };
    let (result, _) = heard(&copies, asked, Duration::from_secs(1)).await;
    assert_eq!(result.reply.unwrap().answers[0].to_string(), "www.example. 60 IN MX 10 mx.");
}

#[tokio::test(start_paused = true)]
async fn equal_messages_under_way_are_one() {
    let (exchange, network) = exchange(|query| vec![(server(), query.into_response().to_vec().unwrap())]);
    let patience = Duration::from_secs(1);
    let ((one, first), (two, second)) =
        tokio::join!(heard(&exchange, ask(), patience), heard(&exchange, ask(), patience));
    assert!(one.reply.is_ok() && two.reply.is_ok());
    assert!(first != second);
    assert_eq!(network.sent.load(Ordering::Relaxed), 1);
    heard(&exchange, ask(), patience).await;
    assert_eq!(network.sent.load(Ordering::Relaxed), 2, "an answer that has come is not kept here");
}
