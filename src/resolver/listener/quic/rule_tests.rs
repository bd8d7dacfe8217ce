//! Tests QUIC clients that break rules (RFC 9250 section 4.3.3) or ask for too much.

use futures_util::poll;
use hickory_proto::op::{Message, MessageType};
use hickory_proto::rr::rdata::opt::EdnsOption;
use quinn::{ReadToEndError, VarInt};

use super::super::encrypted::tests::{counted, listen};
use super::super::https::tests::{asked, query_for};
use super::tests::{QuicClient, framed, query, query_with, with_quic, with_server};
use crate::limits::{MAX_CANCELLED_STREAMS, MAX_QUERY, TCP_MESSAGE_TIME};
use exchange::limits::MAX_PIPELINED;
use record::Counter;

// Error codes of DNS over QUIC (RFC 9250 section 4.3).
const PROTOCOL_ERROR: u64 = 2;
const REQUEST_CANCELLED: u32 = 3;
const EXCESSIVE_LOAD: u64 = 4;
const UNSPECIFIED: u32 = 5;

#[tokio::test]
async fn protocol_violation_ends_connection() {
    let (listeners, ..) = listen(&with_quic());
    let with_id = [&[0, 1], &query()[2..]].concat();
    let mut response = Message::from_vec(&query()).unwrap();
    response.metadata.message_type = MessageType::Response;
    let wrong = [
        ("another id than 0", framed(&with_id)),
        ("nothing", Vec::new()),
        ("a part of a length", vec![0]),
        ("less than its length", framed(&query())[..20].to_vec()),
        ("two queries", framed(&query()).repeat(2)),
        ("no header", framed(&[0, 0, 1])),
        ("a response", framed(&response.to_vec().unwrap())),
        ("a keepalive of TCP", framed(&query_with(Some(EdnsOption::Unknown(11, Vec::new()))))),
    ];
    let count = wrong.len() as u64;
    for (case, octets) in wrong {
        let client = QuicClient::open(listeners.quic_addresses()[0]).await;
        let (mut send, _receive) = client.connection.open_bi().await.unwrap();
        // The listener may already have closed the connection.
        let _ = send.write_all(&octets).await;
        let _ = send.finish();
        assert_eq!(client.code().await, Some(PROTOCOL_ERROR), "{case}");
    }
    assert_eq!(counted(&listeners, Counter::QuicClosed), count);
    listeners.stop();
}

#[tokio::test(start_paused = true)]
async fn unfinished_query_times_out() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let (mut send, _receive) = client.connection.open_bi().await.unwrap();
    let began = tokio::time::Instant::now();
    send.write_all(&framed(&query())).await.unwrap();
    tokio::time::sleep(TCP_MESSAGE_TIME / 2).await;
    client.ask(&query()).await.unwrap();
    assert_eq!(client.code().await, Some(PROTOCOL_ERROR));
    assert_eq!(began.elapsed().as_secs(), TCP_MESSAGE_TIME.as_secs());
    listeners.stop();
}

#[tokio::test]
async fn unidirectional_streams_are_refused() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let mut stream = Box::pin(client.connection.open_uni());
    client.ask(&query()).await.unwrap();
    assert!(poll!(stream.as_mut()).is_pending());
    assert_eq!(client.connection.max_datagram_size(), None, "nor are datagrams");
    drop(stream);
    listeners.stop();
}

// The connection goes on.
#[tokio::test]
async fn oversized_query_resets_its_stream() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    for length in [MAX_QUERY + 1, 60_000] {
        let (mut send, mut receive) = client.connection.open_bi().await.unwrap();
        // The listener may no longer accept the octets after the announced length.
        let _ = send.write_all(&framed(&vec![0; length])).await;
        match receive.read_to_end(100).await {
            Err(ReadToEndError::Read(quinn::ReadError::Reset(code))) => {
                assert_eq!(code, VarInt::from_u32(UNSPECIFIED))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    assert_eq!(counted(&listeners, Counter::QuicClosed), 0);
    listeners.stop();
}

// Other queries of the connection are answered meanwhile.
#[tokio::test]
async fn cancelled_query_still_fills_cache() {
    let (server, config) = with_server().await;
    let (listeners, ..) = listen(&config);
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let (mut send, mut receive) = client.connection.open_bi().await.unwrap();
    send.write_all(&framed(&query_for("host.slow.example."))).await.unwrap();
    send.finish().unwrap();
    let answer = asked(&server).await;
    receive.stop(VarInt::from_u32(REQUEST_CANCELLED)).unwrap();
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    answer().await;
    let known = client.ask(&query_for("host.slow.example.")).await.unwrap();
    assert_eq!(known.answers.len(), 1, "its question was resolved");
    listeners.stop();
}

// They hold them until their resolution ends, so cancelling begins no extra work.
#[tokio::test]
async fn cancelled_queries_keep_their_places() {
    let (server, config) = with_server().await;
    let (listeners, ..) = listen(&config);
    let address = listeners.quic_addresses()[0];
    let (client, other) = (QuicClient::open(address).await, QuicClient::open(address).await);
    for _ in 0..MAX_PIPELINED {
        let (mut send, mut receive) = client.connection.open_bi().await.unwrap();
        send.write_all(&framed(&query_for("host.slow.example."))).await.unwrap();
        send.finish().unwrap();
        receive.stop(VarInt::from_u32(REQUEST_CANCELLED)).unwrap();
    }
    let answer = asked(&server).await;
    let query = query();
    let mut more = Box::pin(client.ask(&query));
    for _ in 0..10 {
        assert!(poll!(more.as_mut()).is_pending());
        assert_eq!(other.ask(&query).await.unwrap().answers.len(), 1);
    }
    answer().await;
    assert_eq!(more.await.unwrap().answers.len(), 1);
    listeners.stop();
}

#[tokio::test]
async fn cancelled_streams_end_connection() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let cancel = async || {
        let (mut send, mut receive) = client.connection.open_bi().await.ok()?;
        send.write_all(&[0]).await.ok()?;
        send.reset(VarInt::from_u32(REQUEST_CANCELLED)).ok()?;
        receive.read_to_end(100).await.err()
    };
    for _ in 0..MAX_CANCELLED_STREAMS {
        cancel().await;
    }
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    assert_eq!(counted(&listeners, Counter::QuicClosed), 0);
    cancel().await;
    assert_eq!(client.code().await, Some(EXCESSIVE_LOAD));
    assert_eq!(counted(&listeners, Counter::QuicClosed), 1);
    listeners.stop();
}
