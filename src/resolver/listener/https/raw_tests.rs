//! Tests HTTPS clients that break rules or ask for too much, frame by frame (RFC 9113 sections 4 and 6).

use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use hickory_proto::op::{Edns, Message};
use hickory_proto::rr::rdata::opt::EdnsOption;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep};
use tokio_rustls::client::TlsStream;

use super::super::Listeners;
use super::super::encrypted::tests::{counted, listen, with_certificate};
use super::super::reload_tests::query;
use super::tests::{HTTPS, over, secured};
use crate::limits::{
    FULL_WORK_CACHE, MAX_PROVOKED_RESETS, MAX_REQUEST_HEADER, MAX_RESET_REQUESTS, OCTETS_WITHOUT_QUERY,
    TCP_IDLE_TIME, WorkBounds,
};
use exchange::limits::{MAX_PIPELINED, TCP_WRITE_TIME};
use record::Counter;

// Types of HTTP/2 frames (RFC 9113 section 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
// Flags of HTTP/2 frames.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The field `:status` with the value 200 in the header of a response.
const STATUS_200: u8 = 0x88;

const ENHANCE_YOUR_CALM: u32 = 11;

/// The type, the stream and the content of a received frame.
type Frame = (u8, u32, Vec<u8>);

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// Encodes a header field (RFC 7541 section 6.2). `name` has the first octets: the kind of the field, and its name or the number of the
/// name in the table.
fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut octets = name.to_vec();
    match u8::try_from(value.len()) {
        Ok(length) if length < 127 => octets.push(length),
        _ => {
            let rest = value.len() - 127;
            octets.extend([127, u8::try_from(rest % 128).unwrap() | 128, u8::try_from(rest / 128).unwrap()]);
        }
    }
    [octets, value.to_vec()].concat()
}

fn head(message: &[u8]) -> Vec<u8> {
    let path = format!("/dns-query?dns={}", BASE64URL_NOPAD.encode(message));
    // The method GET, the scheme https, the path, and the host.
    [vec![0x82, 0x87], field(&[0x04], path.as_bytes()), field(&[0x01], b"dns.example")].concat()
}

fn post() -> Vec<u8> {
    let kind = field(&[0x0f, 0x10], b"application/dns-message");
    [vec![0x83, 0x87], field(&[0x04], b"/dns-query"), kind].concat()
}

/// Returns the number of the stream that a client opens after `place` others.
fn id(place: usize) -> u32 {
    u32::try_from(2 * place + 1).unwrap()
}

/// Without the flush, the last of many small writes may not be sent.
async fn send(stream: &mut (impl AsyncWrite + Unpin), octets: &[u8]) {
    stream.write_all(octets).await.unwrap();
    stream.flush().await.unwrap();
}

async fn begun(stream: &mut TlsStream<TcpStream>, settings: &[u8]) {
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    send(stream, &[preface.as_slice(), &frame(SETTINGS, 0, 0, settings)].concat()).await;
}

async fn next(stream: &mut (impl AsyncRead + Unpin)) -> Option<Frame> {
    let mut octets = [0; 9];
    stream.read_exact(&mut octets).await.ok()?;
    let [a, b, c, kind, _, stream_number @ ..] = octets;
    let mut content = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut content).await.ok()?;
    Some((kind, u32::from_be_bytes(stream_number), content))
}

async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(frame) = next(stream).await {
        frames.push(frame);
    }
    frames
}

fn error(frames: &[Frame]) -> Option<u32> {
    let last = frames.iter().rev().find(|(kind, ..)| *kind == GO_AWAY)?;
    Some(u32::from_be_bytes(last.2[4..8].try_into().unwrap()))
}

// The client resets each request at once (CVE-2023-44487).
#[tokio::test]
async fn rapid_resets_end_http2_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    let mut octets = Vec::new();
    for number in 0..=MAX_RESET_REQUESTS {
        octets.extend(frame(HEADERS, END_STREAM | END_HEADERS, id(number), &head(&query())));
        octets.extend(frame(RESET, 0, id(number), &8_u32.to_be_bytes()));
    }
    send(&mut stream, &octets).await;
    assert_eq!(error(&rest(&mut stream).await), Some(ENHANCE_YOUR_CALM));
    assert_eq!(counted(&listeners, Counter::QueriesHttps), 0);
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}

// Other connections are answered meanwhile.
#[tokio::test]
async fn excess_http2_streams_are_refused() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    // The client never sends the bodies of these requests.
    let posts = (0..=MAX_PIPELINED).flat_map(|number| frame(HEADERS, END_HEADERS, id(number), &post()));
    send(&mut stream, &posts.collect::<Vec<u8>>()).await;
    let (refused, content) = loop {
        match next(&mut stream).await.unwrap() {
            (RESET, id, content) => break (id, content),
            _ => continue,
        }
    };
    assert_eq!((refused, content), (id(MAX_PIPELINED), 7_u32.to_be_bytes().to_vec()), "refused");
    let mut other = secured(listeners.https_addresses()[0]).await;
    begun(&mut other, &[]).await;
    send(&mut other, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(&query()))).await;
    while next(&mut other).await.unwrap().0 != DATA {}
    listeners.stop();
}

// Each request breaks HTTP/2, so that the listener resets it (CVE-2025-8671).
#[tokio::test]
async fn provoked_resets_end_http2_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    // These requests have no path, which breaks the rules of HTTP/2.
    let broken = (0..=MAX_PROVOKED_RESETS)
        .flat_map(|number| frame(HEADERS, END_STREAM | END_HEADERS, id(number), &[0x82]));
    send(&mut stream, &broken.collect::<Vec<u8>>()).await;
    let frames = rest(&mut stream).await;
    assert_eq!(error(&frames), Some(ENHANCE_YOUR_CALM), "{frames:?}");
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}

// The bodies come after the headers of all requests that a connection may have.
#[tokio::test(start_paused = true)]
async fn late_request_bodies_are_read() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    let posts = (0..MAX_PIPELINED).flat_map(|number| frame(HEADERS, END_HEADERS, id(number), &post()));
    let heads = [posts.collect(), frame(PING, 0, 0, &[7; 8])].concat();
    send(&mut stream, &heads).await;
    // Now the connection has the greatest number of questions in progress.
    while next(&mut stream).await.unwrap().0 != PING {}
    let bodies = (0..MAX_PIPELINED).flat_map(|number| frame(DATA, END_STREAM, id(number), &query()));
    send(&mut stream, &bodies.collect::<Vec<u8>>()).await;
    let mut statuses = Vec::new();
    while statuses.len() < MAX_PIPELINED {
        let (kind, _, content) = next(&mut stream).await.unwrap();
        statuses.extend((kind == HEADERS).then(|| content[0]));
    }
    assert!(statuses.iter().all(|status| *status == STATUS_200), "{statuses:x?}");
    listeners.stop();
}

#[tokio::test]
async fn refused_request_answers_after_its_body() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    let other = [vec![0x83, 0x87], field(&[0x04], b"/resolve")].concat();
    let ping = frame(PING, 0, 0, &[7; 8]);
    send(&mut stream, &[frame(HEADERS, END_HEADERS, 1, &other), ping.clone()].concat()).await;
    let mut kinds = Vec::new();
    while kinds.last() != Some(&PING) {
        kinds.push(next(&mut stream).await.unwrap().0);
    }
    assert!(!kinds.contains(&HEADERS), "{kinds:?}");
    send(&mut stream, &frame(DATA, END_STREAM, 1, &query())).await;
    while kinds.last() != Some(&HEADERS) {
        kinds.push(next(&mut stream).await.unwrap().0);
    }
    send(&mut stream, &ping).await;
    while kinds.last() != Some(&PING) {
        kinds.push(next(&mut stream).await.unwrap().0);
    }
    assert!(!kinds.contains(&RESET), "{kinds:?}");
    listeners.stop();
}

#[tokio::test]
async fn endless_header_ends_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    let more = field(&[0x00, 0x01, b'a'], &vec![b'a'; MAX_REQUEST_HEADER]);
    let long = frame(HEADERS, END_STREAM, 1, &[head(&query()), more.clone(), more.clone()].concat());
    let mut sent = stream.write_all(&long).await;
    for _ in 0..1_000 {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(&frame(CONTINUATION, 0, 1, &more)).await;
    }
    assert!(sent.is_err(), "the connection has ended");
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}

#[tokio::test]
async fn octets_without_query_end_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[]).await;
    let priority = frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 7]);
    let asks = frame(HEADERS, END_STREAM | END_HEADERS, 1, &head(&query()));
    let nearly = priority.repeat(OCTETS_WITHOUT_QUERY / priority.len() - 100);
    send(&mut stream, &[&nearly[..], &asks].concat()).await;
    while next(&mut stream).await.unwrap().0 != DATA {}
    send(&mut stream, &nearly).await;
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 0);
    let _ = stream.write_all(&priority.repeat(200)).await;
    assert_eq!(error(&rest(&mut stream).await), Some(ENHANCE_YOUR_CALM));
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}

/// Returns so many copies of a frame that they exceed `OCTETS_WITHOUT_QUERY`.
fn too_many(frame: &[u8]) -> Vec<u8> {
    frame.repeat(OCTETS_WITHOUT_QUERY / frame.len() + 1)
}

// Pings, settings, windows, empty bodies and more are each sent too often.
#[tokio::test]
async fn frame_floods_end_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    // A path other than `/dns-query` is answered with status 404.
    let other = [vec![0x82, 0x87], field(&[0x04], &[b'/'; 1_000]), field(&[0x01], b"dns.example")].concat();
    let others = (0..=OCTETS_WITHOUT_QUERY / other.len())
        .flat_map(|number| frame(HEADERS, END_STREAM | END_HEADERS, id(number), &other));
    // This header never ends.
    let begun_header = frame(HEADERS, END_STREAM, 1, &head(&query()));
    // This header stores a field in the table of header fields, and repeats it with each further octet.
    let repeated = [head(&query()), field(&[0x40, 0x01, b'a'], &[b'a'; 3_000]), vec![0xbe; 1_000]].concat();
    let floods = [
        ("pings", too_many(&frame(PING, 0, 0, &[7; 8]))),
        ("settings", too_many(&frame(SETTINGS, 0, 0, &[]))),
        ("windows", too_many(&frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()))),
        ("other requests", others.collect()),
        ("continuations", [begun_header, frame(CONTINUATION, 0, 1, &[]).repeat(6)].concat()),
        (
            "empty bodies",
            [frame(HEADERS, END_HEADERS, 1, &post()), too_many(&frame(DATA, 0, 1, &[]))].concat(),
        ),
        ("repeated fields", frame(HEADERS, END_STREAM | END_HEADERS, 1, &repeated)),
    ];
    for (closed, (name, octets)) in floods.into_iter().enumerate() {
        let mut stream = secured(listeners.https_addresses()[0]).await;
        begun(&mut stream, &[]).await;
        let (mut read, mut write) = split(stream);
        let sent = async {
            // The connection may end before all octets are sent.
            let _ = write.write_all(&octets).await;
            let _ = write.flush().await;
        };
        let (frames, ()) = tokio::join!(rest(&mut read), sent);
        assert!(!frames.iter().any(|(kind, ..)| *kind == DATA), "{name}: no query is answered");
        assert_eq!(
            counted(&listeners, Counter::HttpsClosed),
            closed as u64 + 1,
            "{name}: {:?}",
            error(&frames)
        );
    }
    listeners.stop();
}

/// Opens a connection whose client has small buffers in the kernel.
async fn small(address: SocketAddr) -> TlsStream<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    over(socket.connect(address).await.unwrap()).await
}

async fn left(listeners: &Listeners) -> Duration {
    let began = Instant::now();
    while listeners.places.count() > 0 {
        sleep(Duration::from_millis(500)).await;
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn unreading_client_is_closed() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut padded = Message::from_vec(&query()).unwrap();
    let mut edns = Edns::new();
    edns.options_mut().insert(EdnsOption::Unknown(12, vec![0; 300]));
    padded.set_edns(edns);
    let asks = head(&padded.to_vec().unwrap());
    let queries =
        (0..4_000).flat_map(|number| frame(HEADERS, END_STREAM | END_HEADERS, id(number), &asks)).collect();
    // The client allows so many octets of replies that HTTP/2 flow control never stops the replies.
    let settings = [0, 4, 0x7f, 0xff, 0xff, 0xff];
    let window = frame(WINDOW_UPDATE, 0, 0, &0x7fff_0000_u32.to_be_bytes());
    for (octets, until) in [(queries, TCP_WRITE_TIME), (too_many(&frame(PING, 0, 0, &[7; 8])), TCP_IDLE_TIME)]
    {
        let mut stream = small(listeners.https_addresses()[0]).await;
        begun(&mut stream, &settings).await;
        send(&mut stream, &window).await;
        let (read, mut write) = split(stream);
        let writes = tokio::spawn(async move { write.write_all(&octets).await });
        let time = left(&listeners).await;
        assert!(time >= until && time < until + Duration::from_secs(2), "{time:?}");
        drop((read, writes));
    }
    listeners.stop();
}

// The client allows no octet of a reply, so one reply waits for the write time.
#[tokio::test(start_paused = true)]
async fn closed_stream_window_ends_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = secured(listeners.https_addresses()[0]).await;
    // The client allows 0 octets of a reply on each stream.
    begun(&mut stream, &[0, 4, 0, 0, 0, 0]).await;
    let began = Instant::now();
    for number in 0..4 {
        let asks = frame(HEADERS, END_STREAM | END_HEADERS, id(number), &head(&query()));
        send(&mut stream, &asks).await;
    }
    let frames = rest(&mut stream).await;
    assert_eq!(began.elapsed().as_secs(), TCP_WRITE_TIME.as_secs());
    assert_eq!(frames.iter().filter(|(kind, ..)| *kind == HEADERS).count(), 1, "one reply waits");
    assert!(!frames.iter().any(|(kind, ..)| *kind == DATA));
    listeners.stop();
}

/// Opens a connection and sends a query. The client allows 0 octets of the reply. Returns after the header of the response.
async fn without_window(listeners: &Listeners) -> TlsStream<TcpStream> {
    let mut stream = secured(listeners.https_addresses()[0]).await;
    begun(&mut stream, &[0, 4, 0, 0, 0, 0]).await;
    send(&mut stream, &frame(HEADERS, END_STREAM | END_HEADERS, id(0), &head(&query()))).await;
    while next(&mut stream).await.unwrap().0 != HEADERS {}
    stream
}

/// Returns requests on all streams of a connection except the first, each padded with this number of octets.
fn rest_of_streams(padding: usize) -> Vec<u8> {
    let mut padded = Message::from_vec(&query()).unwrap();
    let mut edns = Edns::new();
    edns.options_mut().insert(EdnsOption::Unknown(12, vec![0; padding]));
    padded.set_edns(edns);
    let asks = head(&padded.to_vec().unwrap());
    (1..MAX_PIPELINED)
        .flat_map(|number| frame(HEADERS, END_STREAM | END_HEADERS, id(number), &asks))
        .collect()
}

// The client opens the window of its streams later.
#[tokio::test]
async fn requests_behind_blocked_reply_are_answered() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = without_window(&listeners).await;
    send(&mut stream, &[rest_of_streams(2_000), frame(PING, 0, 0, &[7; 8])].concat()).await;
    while next(&mut stream).await.unwrap().0 != PING {}
    assert_eq!(counted(&listeners, Counter::QueriesHttps), 1);
    // The client now allows enough octets for all replies.
    send(&mut stream, &frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff])).await;
    let mut answered = Vec::new();
    while answered.len() < MAX_PIPELINED {
        let (kind, stream_number, _) = next(&mut stream).await.unwrap();
        assert_ne!(kind, RESET);
        answered.extend((kind == DATA).then_some(stream_number));
    }
    assert!(answered.is_sorted(), "{answered:?}");
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 0);
    listeners.stop();
}

// All connections of a client count together.
#[tokio::test]
async fn waiting_requests_share_client_bound() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let padding = 2_800;
    let requests = [rest_of_streams(padding), frame(PING, 0, 0, &[7; 8])].concat();
    let of_client = WorkBounds::for_cache_size(FULL_WORK_CACHE).unsent_of_client();
    let fit = of_client / (MAX_PIPELINED * (padding + 60));
    let mut held = Vec::new();
    for _ in 0..fit {
        let mut stream = without_window(&listeners).await;
        send(&mut stream, &requests).await;
        while next(&mut stream).await.unwrap().0 != PING {}
        held.push(stream);
    }
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 0);
    let mut beyond = without_window(&listeners).await;
    let _ = beyond.write_all(&requests).await;
    let _ = beyond.flush().await;
    assert_eq!(error(&rest(&mut beyond).await), Some(ENHANCE_YOUR_CALM));
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}

#[tokio::test]
async fn resets_behind_blocked_reply_end_connection() {
    let (listeners, ..) = listen(&with_certificate("first", HTTPS));
    let mut stream = without_window(&listeners).await;
    let asks = |number| frame(HEADERS, END_STREAM | END_HEADERS, id(number), &head(&query()));
    for number in 1..=MAX_PIPELINED {
        send(&mut stream, &[asks(number), frame(PING, 0, 0, &[7; 8])].concat()).await;
        // When the answer to the ping arrives, the request before it has been read.
        while next(&mut stream).await.unwrap().0 != PING {}
        send(&mut stream, &frame(RESET, 0, id(number), &8_u32.to_be_bytes())).await;
    }
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 0);
    send(&mut stream, &asks(MAX_PIPELINED + 1)).await;
    assert_eq!(error(&rest(&mut stream).await), Some(ENHANCE_YOUR_CALM));
    assert_eq!(counted(&listeners, Counter::HttpsClosed), 1);
    listeners.stop();
}
