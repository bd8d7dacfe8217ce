//! Tests DNS over HTTPS from the point of view of clients. `raw_tests` has the clients that break rules.

use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use futures_util::future::{join_all, try_join};
use futures_util::poll;
use h2::client::{Builder, SendRequest};
use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use http::{Method, Request, Response};
use rustls_pki_types::ServerName;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::super::encrypted::HTTP_2;
use super::super::encrypted::tests::{client_of, counted, listen, with_certificate};
use super::super::reload_tests::query;
use crate::limits::{HANDSHAKE_TIME, TCP_IDLE_TIME, TCP_MESSAGE_TIME};
use config::Config;
use exchange::limits::MAX_PIPELINED;
use record::Counter;

pub(super) const HTTPS: &str = "https = [\"127.0.0.1:0\"]";

struct HttpClient {
    sender: SendRequest<Cursor<Vec<u8>>>,
    ended: JoinHandle<Result<(), h2::Error>>,
}

type Replied = Response<Vec<u8>>;

fn with_https() -> Arc<Config> {
    with_certificate("first", HTTPS)
}

pub(super) async fn secured(address: SocketAddr) -> TlsStream<TcpStream> {
    over(TcpStream::connect(address).await.unwrap()).await
}

pub(super) async fn over(stream: TcpStream) -> TlsStream<TcpStream> {
    let name = ServerName::try_from("dns.example").unwrap();
    client_of(&[&TLS13, &TLS12], HTTP_2).connect(name, stream).await.unwrap()
}

impl HttpClient {
    async fn open(address: SocketAddr) -> Self {
        let (sender, connection) = Builder::new().handshake(secured(address).await).await.unwrap();
        Self { sender, ended: tokio::spawn(connection) }
    }

    async fn send(&self, request: Request<()>, body: Option<Vec<u8>>) -> Result<Replied, h2::Error> {
        let mut sender = self.sender.clone().ready().await?;
        let (response, mut sent) = sender.send_request(request, body.is_none())?;
        if let Some(body) = body {
            sent.send_data(Cursor::new(body), true)?;
        }
        let (head, mut body) = response.await?.into_parts();
        let mut octets = Vec::new();
        while let Some(part) = body.data().await {
            let part = part?;
            octets.extend_from_slice(&part);
            body.flow_control().release_capacity(part.len())?;
        }
        Ok(Response::from_parts(head, octets))
    }

    async fn get(&self, message: &[u8]) -> Replied {
        self.send(get(Method::GET, message), None).await.unwrap()
    }

    async fn post(&self, message: &[u8]) -> Replied {
        self.send(post("application/dns-message"), Some(message.to_vec())).await.unwrap()
    }
}

fn get(method: Method, message: &[u8]) -> Request<()> {
    let url = format!("https://dns.example/dns-query?dns={}", BASE64URL_NOPAD.encode(message));
    Request::builder().method(method).uri(url).body(()).unwrap()
}

fn post(kind: &str) -> Request<()> {
    let request = Request::post("https://dns.example/dns-query").header("content-type", kind);
    request.body(()).unwrap()
}

fn message(response: &Replied) -> Message {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/dns-message");
    assert_eq!(response.headers()["content-length"], response.body().len().to_string());
    Message::from_vec(response.body()).unwrap()
}

pub(in super::super) fn query_for(name: &str) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = 0;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

/// Starts a DNS server. Returns it, and a configuration that forwards the queries for slow.example to it.
async fn with_server() -> (UdpSocket, Arc<Config>) {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let zone = format!(
        "{HTTPS}\n[dnssec]\nvalidate = false\n[[zone]]\nname = \"slow.example\"\nforward = [\"{}\"]",
        server.local_addr().unwrap()
    );
    (server, with_certificate("first", &zone))
}

/// Waits for a query at `server`. Returns a function that answers it.
pub(in super::super) async fn asked(server: &UdpSocket) -> impl AsyncFnOnce() {
    let mut octets = [0; 1_500];
    let (length, client) = server.recv_from(&mut octets).await.unwrap();
    let mut message = Message::from_vec(&octets[..length]).unwrap();
    async move || {
        message.metadata.message_type = MessageType::Response;
        let name = message.queries[0].name().clone();
        let address = RData::A(rdata::A([10, 0, 0, 7].into()));
        message.answers = vec![Record::from_rdata(name, 60, address)];
        server.send_to(&message.to_vec().unwrap(), client).await.unwrap();
    }
}

#[tokio::test]
async fn queries_by_each_method_are_answered() {
    let (listeners, ..) = listen(&with_https());
    assert_eq!((listeners.addresses().len(), listeners.tls_addresses().len()), (1, 0), "HTTPS is apart");
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    for response in [client.get(&query()).await, client.post(&query()).await] {
        assert_eq!(message(&response).answers.len(), 1);
        let kept = response.headers()["cache-control"].to_str().unwrap();
        assert!(kept.strip_prefix("max-age=").unwrap().parse::<u32>().unwrap() > 0, "{kept}");
    }
    let head = client.send(get(Method::HEAD, &query()), None).await.unwrap();
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    assert_ne!(head.headers()["content-length"], "0", "that of GET");
    let many = join_all((0..4 * MAX_PIPELINED).map(|_| async { client.get(&query()).await })).await;
    assert!(many.iter().all(|response| message(response).answers.len() == 1));
    assert_eq!(counted(&listeners, Counter::HttpsHandshakes), 1);
    assert_eq!(counted(&listeners, Counter::QueriesHttps), 3 + 4 * MAX_PIPELINED as u64);
    assert_eq!(counted(&listeners, Counter::TlsHandshakes), 0);
    listeners.stop();
}

#[tokio::test]
async fn bad_request_keeps_connection() {
    let (listeners, ..) = listen(&with_https());
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    let to = |method: &str, path: &str| {
        Request::builder().method(method).uri(format!("https://dns.example{path}")).body(()).unwrap()
    };
    let mut response = Message::from_vec(&query()).unwrap();
    response.metadata.message_type = MessageType::Response;
    let long = format!("/dns-query?dns={}", "A".repeat(5_000));
    let refused = [
        (to("GET", "/"), None, 404),
        (to("DELETE", "/dns-query"), None, 405),
        (to("GET", "/dns-query"), None, 400),
        (get(Method::GET, b"short"), None, 400),
        (get(Method::GET, &response.to_vec().unwrap()), None, 400),
        (to("GET", &long), None, 431),
        (post("text/plain"), Some(query()), 415),
        (post("application/dns-message"), Some(vec![0; 5_000]), 413),
        (post("application/dns-message"), Some(Vec::new()), 400),
    ];
    for (request, body, status) in refused {
        let asked = format!("{request:?}");
        let response = client.send(request, body).await.unwrap();
        assert_eq!(response.status(), status, "{asked}");
        assert_eq!(response.headers().contains_key("allow"), status == 405);
        assert!(response.body().is_empty());
    }
    assert_eq!(message(&client.get(&query()).await).answers.len(), 1);
    // The HTTP/2 library itself answers the request whose header is too long (status 431), so it is not counted.
    assert_eq!(counted(&listeners, Counter::HttpsRequestsRefused), 8);
    listeners.stop();
}

// A padded query gets a padded reply, and a failure must not be cached.
#[tokio::test]
async fn doh_reply_pads_and_limits_caching() {
    let (listeners, ..) = listen(&with_https());
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    for pads in [true, false] {
        let mut message = Message::from_vec(&query()).unwrap();
        let mut edns = Edns::new();
        if pads {
            edns.options_mut().insert(EdnsOption::Unknown(12, vec![0; 60]));
        }
        message.set_edns(edns);
        let length = client.post(&message.to_vec().unwrap()).await.body().len();
        assert_eq!(length == 468, pads, "{length}");
    }
    let mut unknown = Message::from_vec(&query()).unwrap();
    unknown.metadata.recursion_desired = false;
    unknown.queries[0].set_name(Name::from_ascii("unknown.example.").unwrap());
    let refused = client.get(&unknown.to_vec().unwrap()).await;
    assert_eq!(message(&refused).metadata.response_code, ResponseCode::Refused);
    assert_eq!(refused.headers()["cache-control"], "no-store");
    listeners.stop();
}

#[tokio::test]
async fn equal_queries_join_and_hits_overtake() {
    let (server, config) = with_server().await;
    let (listeners, ..) = listen(&config);
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    let slow = query_for("host.slow.example.");
    let both = try_join(
        client.send(get(Method::GET, &slow), None),
        client.send(post("application/dns-message"), Some(slow.clone())),
    );
    let mut both = std::pin::pin!(both);
    assert!(poll!(both.as_mut()).is_pending());
    let answer = asked(&server).await;
    assert_eq!(message(&client.get(&query()).await).answers.len(), 1, "from memory, meanwhile");
    assert!(poll!(both.as_mut()).is_pending());
    answer().await;
    let (one, other) = both.await.unwrap();
    assert_eq!((message(&one).answers.len(), message(&other).answers.len()), (1, 1));
    listeners.stop();
}

// Then it closes its connections.
#[tokio::test]
async fn removed_listener_answers_waiting_queries() {
    let (server, config) = with_server().await;
    let (mut listeners, resolver, views) = listen(&config);
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    let slow = query_for("host.slow.example.");
    let mut waiting = Box::pin(client.get(&slow));
    assert!(poll!(waiting.as_mut()).is_pending());
    let answer = asked(&server).await;
    let mut new = (*config).clone();
    new.listen.https = Vec::new();
    let new = Arc::new(new);
    let following = views.following(&new).unwrap();
    let prepared = listeners.prepare(&new, &following).unwrap();
    resolver.set_views(following.clone());
    listeners.apply(prepared, &new, &following);
    assert!(listeners.https_addresses().is_empty());
    answer().await;
    assert_eq!(message(&waiting.await).answers.len(), 1);
    let HttpClient { sender, ended } = client;
    drop(sender);
    assert!(ended.await.unwrap().is_ok(), "GOAWAY without an error");
    listeners.stop();
}

#[tokio::test(start_paused = true)]
async fn idle_connections_and_slow_bodies_end() {
    let (listeners, ..) = listen(&with_https());
    let client = HttpClient::open(listeners.https_addresses()[0]).await;
    let began = Instant::now();
    let mut sender = client.sender.clone().ready().await.unwrap();
    let (response, mut body) = sender.send_request(post("application/dns-message"), false).unwrap();
    body.send_data(Cursor::new(vec![0]), false).unwrap();
    assert_eq!(response.await.unwrap().status(), 408);
    assert_eq!(began.elapsed().as_secs(), TCP_MESSAGE_TIME.as_secs());
    drop(body);
    let _ = client.ended.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), (TCP_MESSAGE_TIME + TCP_IDLE_TIME).as_secs());
    let began = Instant::now();
    let mut silent = TcpStream::connect(listeners.https_addresses()[0]).await.unwrap();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert_eq!(began.elapsed().as_secs(), HANDSHAKE_TIME.as_secs());
    assert_eq!(counted(&listeners, Counter::HttpsFailed), 1);
    listeners.stop();
}

#[tokio::test]
async fn http1_and_strangers_are_refused() {
    let config = with_https();
    let (listeners, _, views) = listen(&config);
    let address = listeners.https_addresses()[0];
    let name = || ServerName::try_from("dns.example").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(client_of(&[&TLS13], b"http/1.1").connect(name(), stream).await.is_err());
    let ahead = listeners.parts.clock.mono().after(TCP_IDLE_TIME);
    while listeners.bounds.handshakes.may([127, 0, 0, 1].into(), ahead) {}
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(client_of(&[&TLS13], HTTP_2).connect(name(), stream).await.is_err());
    let counters = [Counter::HttpsFailed, Counter::HttpsRefused, Counter::TlsRefused];
    assert_eq!(counters.map(|counter| counted(&listeners, counter)), [1, 1, 0]);
    let mut strict = (*config).clone();
    strict.listen.allow = Vec::new();
    listeners.set_policies(&strict, &views);
    let stream = TcpStream::connect(address).await.unwrap();
    assert!(client_of(&[&TLS13], HTTP_2).connect(name(), stream).await.is_err());
    assert_eq!(counters.map(|counter| counted(&listeners, counter)), [1, 1, 0], "closed before");
    listeners.stop();
}
