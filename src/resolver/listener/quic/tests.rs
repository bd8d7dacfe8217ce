//! Tests DNS over QUIC from the point of view of clients. `rule_tests` has the clients that break rules.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::{join_all, try_join};
use futures_util::poll;
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, TransportConfig};
use rustls_pki_types::CertificateDer;
use socket2::{Domain, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::Instant;
use tokio_rustls::rustls::version::TLS13;

use super::super::encrypted::quic::DOQ;
use super::super::encrypted::tests::{client_of, counted, listen, with_certificate};
use super::super::front::STREAM_SHARD;
use super::super::https::tests::{asked, query_for};
use super::super::reload_tests::serve_inherited;
use super::super::{Inherited, Listeners, Sockets};
use crate::limits::{HANDSHAKE_TIME, MAX_UNPROVEN_HANDSHAKES, TCP_IDLE_TIME, UDP_BUFFER};
use config::{Config, ListenAt, ListenFor};
use dns::clock::Clock;
use exchange::limits::{MAX_PIPELINED, TCP_WRITE_TIME};
use record::Counter;
use zones::Views;

const QUIC: &str = "quic = [\"127.0.0.1:0\"]";

/// A name whose address is in the configuration of the tests.
const HOST: &str = "printer.lan.";

/// The reply, or the error with which the stream or the connection ended.
pub(super) type Asked<Value> = Result<Value, Box<dyn std::error::Error>>;

pub(super) struct QuicClient {
    endpoint: Endpoint,
    pub(super) connection: Connection,
}

pub(in super::super) fn with_quic() -> Arc<Config> {
    with_certificate("first", QUIC)
}

/// Returns the settings of a client. `protocol` is the ALPN name.
fn settings(protocol: &[u8]) -> ClientConfig {
    let tls = Arc::clone(client_of(&[&TLS13], protocol).config());
    ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()))
}

fn endpoint(last: u8) -> Endpoint {
    Endpoint::client(SocketAddr::from(([127, 0, 0, last], 0))).unwrap()
}

impl QuicClient {
    pub(super) async fn open(address: SocketAddr) -> Self {
        Self::with(address, settings(DOQ)).await.unwrap()
    }

    async fn with(address: SocketAddr, config: ClientConfig) -> Result<Self, ConnectionError> {
        let endpoint = endpoint(1);
        let connection = endpoint.connect_with(config, address, "dns.example").unwrap().await?;
        Ok(Self { endpoint, connection })
    }

    pub(super) async fn ask(&self, message: &[u8]) -> Asked<Message> {
        let (mut send, mut receive) = self.connection.open_bi().await?;
        send.write_all(&framed(message)).await?;
        send.finish()?;
        let octets = receive.read_to_end(70_000).await?;
        let (length, reply) = octets.split_first_chunk().ok_or("no length")?;
        assert_eq!(usize::from(u16::from_be_bytes(*length)), reply.len());
        let reply = Message::from_vec(reply)?;
        assert_eq!(reply.metadata.id, 0);
        Ok(reply)
    }

    pub(super) async fn code(&self) -> Option<u64> {
        match self.connection.closed().await {
            ConnectionError::ApplicationClosed(close) => Some(close.error_code.into_inner()),
            _ => None,
        }
    }

    fn shown(&self) -> Vec<u8> {
        let identity = self.connection.peer_identity().unwrap();
        identity.downcast::<Vec<CertificateDer<'static>>>().unwrap()[0].to_vec()
    }
}

pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes(), message].concat()
}

pub(super) fn query() -> Vec<u8> {
    query_for(HOST)
}

pub(super) fn query_with(option: Option<EdnsOption>) -> Vec<u8> {
    let mut message = Message::from_vec(&query()).unwrap();
    let mut edns = Edns::new();
    if let Some(option) = option {
        edns.options_mut().insert(option);
    }
    message.set_edns(edns);
    message.to_vec().unwrap()
}

/// Starts a DNS server. Returns it, and a configuration that forwards the queries for slow.example to it.
pub(super) async fn with_server() -> (UdpSocket, Arc<Config>) {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let zone = format!(
        "{QUIC}\n[dnssec]\nvalidate = false\n[[zone]]\nname = \"slow.example\"\nforward = [\"{}\"]",
        server.local_addr().unwrap()
    );
    (server, with_certificate("first", &zone))
}

fn reload(listeners: &mut Listeners, views: &Views, new: Config) {
    let new = Arc::new(new);
    let following = views.following(&new).unwrap();
    let prepared = listeners.prepare(&new, &following).unwrap();
    listeners.apply(prepared, &new, &following);
}

#[tokio::test]
async fn queries_of_many_streams_are_answered() {
    let (listeners, ..) = listen(&with_quic());
    assert_eq!((listeners.addresses().len(), listeners.tls_addresses().len()), (1, 0), "QUIC is apart");
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let query = query();
    let many = join_all((0..4 * MAX_PIPELINED).map(|_| client.ask(&query))).await;
    assert!(many.iter().all(|reply| reply.as_ref().unwrap().answers.len() == 1));
    assert_eq!(counted(&listeners, Counter::QuicHandshakes), 1);
    assert_eq!(counted(&listeners, Counter::QueriesQuic), 4 * MAX_PIPELINED as u64);
    assert_eq!(counted(&listeners, Counter::TlsHandshakes), 0);
    listeners.stop();
}

#[tokio::test]
async fn only_padded_query_gets_padded_reply() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    for option in [Some(EdnsOption::Unknown(12, vec![0; 60])), None] {
        let pads = option.is_some();
        let reply = client.ask(&query_with(option)).await.unwrap();
        let length = reply.to_vec().unwrap().len();
        assert_eq!(length == 468, pads, "{length}");
    }
    listeners.stop();
}

#[tokio::test]
async fn packets_hide_reply_length() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    client.ask(&query()).await.unwrap();
    let before = client.connection.stats().udp_rx.bytes;
    assert!(client.ask(&query()).await.unwrap().edns.is_none(), "a reply that EDNS cannot pad");
    let octets = client.connection.stats().udp_rx.bytes - before;
    assert!(octets >= 1_200, "{octets}");
    listeners.stop();
}

#[tokio::test]
async fn equal_queries_join_and_hits_overtake() {
    let (server, config) = with_server().await;
    let (listeners, ..) = listen(&config);
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let slow = query_for("host.slow.example.");
    let mut both = Box::pin(try_join(client.ask(&slow), client.ask(&slow)));
    assert!(poll!(both.as_mut()).is_pending());
    let answer = asked(&server).await;
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1, "from memory, meanwhile");
    assert!(poll!(both.as_mut()).is_pending());
    answer().await;
    let (one, other) = both.await.unwrap();
    assert_eq!((one.answers.len(), other.answers.len()), (1, 1));
    listeners.stop();
}

#[tokio::test]
async fn new_certificate_serves_new_connections() {
    let (listeners, _, views) = listen(&with_quic());
    let address = listeners.quic_addresses()[0];
    let before = QuicClient::open(address).await;
    listeners.set_policies(&with_certificate("second", QUIC), &views);
    let after = QuicClient::open(address).await;
    assert_ne!(before.shown(), after.shown());
    for client in [&before, &after] {
        assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    }
    listeners.stop();
}

#[tokio::test]
async fn other_protocols_and_strangers_are_refused() {
    let config = with_quic();
    let (listeners, _, views) = listen(&config);
    let address = listeners.quic_addresses()[0];
    let connected = QuicClient::open(address).await;
    assert!(QuicClient::with(address, settings(b"h3")).await.is_err());
    assert_eq!(counted(&listeners, Counter::QuicFailed), 1);
    let mut strict = (*config).clone();
    strict.listen.allow = Vec::new();
    listeners.set_policies(&strict, &views);
    let refused = QuicClient::with(address, settings(DOQ)).await.err().unwrap();
    assert!(matches!(refused, ConnectionError::ConnectionClosed(_)), "{refused}");
    assert_eq!(counted(&listeners, Counter::QuicHandshakes), 1, "before the handshake");
    let reply = connected.ask(&query()).await.unwrap();
    assert_eq!(reply.metadata.response_code, ResponseCode::Refused);
    listeners.stop();
}

/// Returns the first datagrams of `count` handshakes that no client continues.
async fn first_datagrams(count: usize) -> Vec<Vec<u8>> {
    let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let client = endpoint(1);
    let (mut begun, mut datagrams) = (Vec::new(), BTreeMap::new());
    for _ in 0..count {
        begun.push(client.connect_with(settings(DOQ), nobody.local_addr().unwrap(), "dns.example").unwrap());
    }
    while datagrams.len() < count {
        let mut octets = vec![0; 1_500];
        let (length, _) = nobody.recv_from(&mut octets).await.unwrap();
        octets.truncate(length);
        // A client may send its datagram again. The copy has the same id, and is not counted.
        datagrams.entry(id(&octets)).or_insert(octets);
    }
    datagrams.into_values().collect()
}

/// Returns the connection id of the receiver (RFC 9000 section 17.2). It follows the type, the version, and its own length.
fn id(datagram: &[u8]) -> Vec<u8> {
    datagram[6..6 + usize::from(datagram[5])].to_vec()
}

// While many handshakes are in progress, a client gets a Retry packet first.
#[tokio::test(start_paused = true)]
async fn busy_listener_validates_client_address() {
    let two = with_certificate("first", "quic = [\"127.0.0.1:0\", \"127.0.0.2:0\"]");
    let (listeners, ..) = listen(&two);
    let address = listeners.quic_addresses()[0];
    let forged = UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let count = MAX_UNPROVEN_HANDSHAKES;
    let mut answered = BTreeSet::new();
    for (sent, datagram) in first_datagrams(count).await.iter().enumerate() {
        forged.send_to(datagram, address).await.unwrap();
        // Each response shows that its handshake is in progress.
        while answered.len() <= sent {
            let mut octets = [0; 1_500];
            forged.recv(&mut octets).await.unwrap();
            answered.insert(id(&octets));
        }
    }
    // The limit applies to the handshakes at all listening addresses together.
    for (tries, address) in (1..).zip(listeners.quic_addresses()) {
        let client = QuicClient::open(address).await;
        assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
        assert_eq!(counted(&listeners, Counter::QuicRetried), tries);
        assert_eq!(counted(&listeners, Counter::QuicHandshakes), tries);
    }
    listeners.stop();
}

// The neighbour at another address is still served.
#[tokio::test(start_paused = true)]
async fn excess_handshakes_are_ignored() {
    let (listeners, ..) = listen(&with_quic());
    let address = listeners.quic_addresses()[0];
    let ahead = listeners.parts.clock.mono().after(TCP_IDLE_TIME * 100);
    while listeners.bounds.handshakes.may([127, 0, 0, 1].into(), ahead) {}
    let refused = QuicClient::with(address, settings(DOQ)).await.err().unwrap();
    assert!(matches!(refused, ConnectionError::TimedOut), "{refused}");
    assert!(counted(&listeners, Counter::QuicRefused) > 0);
    let neighbour = endpoint(2);
    assert!(neighbour.connect_with(settings(DOQ), address, "dns.example").unwrap().await.is_ok());
    listeners.stop();
}

#[tokio::test(start_paused = true)]
async fn silent_connection_times_out_despite_pings() {
    let (listeners, ..) = listen(&with_quic());
    let address = listeners.quic_addresses()[0];
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let began = Instant::now();
    silent.send_to(&first_datagrams(1).await[0], address).await.unwrap();
    while counted(&listeners, Counter::QuicFailed) == 0 {
        tokio::time::sleep(HANDSHAKE_TIME / 50).await;
    }
    assert!(began.elapsed() >= HANDSHAKE_TIME && began.elapsed() < HANDSHAKE_TIME * 2);
    let mut config = settings(DOQ);
    let mut transport = TransportConfig::default();
    transport.keep_alive_interval(Some(TCP_IDLE_TIME / 5));
    config.transport_config(Arc::new(transport));
    let client = QuicClient::with(address, config).await.unwrap();
    client.ask(&query()).await.unwrap();
    let began = Instant::now();
    assert_eq!(client.code().await, Some(0));
    assert_eq!(began.elapsed().as_secs(), TCP_IDLE_TIME.as_secs());
    listeners.stop();
}

#[tokio::test(start_paused = true)]
async fn client_not_taking_replies_is_closed() {
    let (listeners, ..) = listen(&with_quic());
    let mut config = settings(DOQ);
    let mut transport = TransportConfig::default();
    transport.stream_receive_window(10_u32.into()).keep_alive_interval(Some(TCP_WRITE_TIME / 5));
    config.transport_config(Arc::new(transport));
    let client = QuicClient::with(listeners.quic_addresses()[0], config).await.unwrap();
    let (mut send, _unread) = client.connection.open_bi().await.unwrap();
    send.write_all(&framed(&query())).await.unwrap();
    send.finish().unwrap();
    let began = Instant::now();
    assert_eq!(client.code().await, Some(4));
    assert_eq!(began.elapsed().as_secs(), TCP_WRITE_TIME.as_secs());
    listeners.stop();
}

#[tokio::test(start_paused = true)]
async fn a_client_keeps_its_address() {
    let (listeners, ..) = listen(&with_quic());
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    assert!(client.ask(&query()).await.is_ok());
    client.endpoint.rebind(std::net::UdpSocket::bind("127.0.0.2:0").unwrap()).unwrap();
    let query = query();
    let moved = client.ask(&query).await;
    assert!(moved.is_err(), "no answer goes to another address: {moved:?}");
    assert_eq!(counted(&listeners, Counter::QueriesQuic), 1);
    listeners.stop();
}

// It answers its queries, closes its connections and can be configured again.
#[tokio::test]
async fn removed_listener_answers_then_returns() {
    let (server, config) = with_server().await;
    let (mut listeners, _, views) = listen(&config);
    let address = listeners.quic_addresses()[0];
    let (client, idle) = (QuicClient::open(address).await, QuicClient::open(address).await);
    idle.ask(&query()).await.unwrap();
    let slow = query_for("host.slow.example.");
    let mut waiting = Box::pin(client.ask(&slow));
    assert!(poll!(waiting.as_mut()).is_pending());
    let answer = asked(&server).await;
    let mut without = (*config).clone();
    without.listen.quic = Vec::new();
    let began = Instant::now();
    reload(&mut listeners, &views, without.clone());
    assert!(listeners.quic_addresses().is_empty());
    assert_eq!(idle.code().await, Some(0));
    answer().await;
    assert_eq!(waiting.await.unwrap().answers.len(), 1);
    assert_eq!(client.code().await, Some(0));
    assert!(began.elapsed() < TCP_IDLE_TIME, "they end before they are idle for long");
    without.listen.quic = vec![address];
    reload(&mut listeners, &views, without);
    assert_eq!(listeners.quic_addresses(), [address]);
    let again = QuicClient::open(address).await;
    assert_eq!(again.ask(&query()).await.unwrap().answers.len(), 1);
    listeners.stop();
}

#[tokio::test]
async fn stop_waits_for_pending_replies() {
    let (server, config) = with_server().await;
    let (listeners, ..) = listen(&config);
    let client = QuicClient::open(listeners.quic_addresses()[0]).await;
    let slow = query_for("host.slow.example.");
    let mut waiting = Box::pin(client.ask(&slow));
    assert!(poll!(waiting.as_mut()).is_pending());
    let answer = asked(&server).await;
    listeners.stop_accepting();
    {
        let mut settled = Box::pin(listeners.settled());
        assert!(poll!(settled.as_mut()).is_pending(), "a client waits");
        answer().await;
        // The client gets its reply, and the listeners wait for no other client.
        let (reply, _) = tokio::join!(waiting, settled);
        assert_eq!(reply.unwrap().answers.len(), 1);
    }
    assert_eq!(client.code().await, Some(0));
    listeners.stop();
}

#[tokio::test]
async fn tls_and_quic_share_a_port() {
    let config = with_certificate("first", "tls = [\"127.0.0.1:0\"]");
    // If another program uses the UDP port, another port is tried.
    let (mut listeners, views, both) = (0..20)
        .find_map(|_| {
            let (listeners, _, views) = listen(&config);
            let mut both = (*config).clone();
            both.listen.quic = listeners.tls_addresses();
            if listeners.prepare(&Arc::new(both.clone()), &views).is_ok() {
                return Some((listeners, views, both));
            }
            listeners.stop();
            None
        })
        .expect("a port of TLS that QUIC has too");
    let address = listeners.tls_addresses()[0];
    reload(&mut listeners, &views, both);
    assert_eq!((listeners.tls_addresses(), listeners.quic_addresses()), (vec![address], vec![address]));
    let client = QuicClient::open(address).await;
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    listeners.stop();
}

#[tokio::test]
async fn second_daemon_at_address_is_refused() {
    let config = with_quic();
    let (listeners, ..) = listen(&config);
    let mut second = (*config).clone();
    second.listen.addresses = Vec::new();
    second.listen.quic = listeners.quic_addresses();
    let refused = Sockets::bind(&second, Inherited::default()).err().unwrap();
    let at = ListenAt { address: listeners.quic_addresses()[0], serves: ListenFor::Quic };
    assert_eq!(refused.at(), at);
    assert!(refused.to_string().contains("another program uses it"), "{refused}");
    listeners.stop();
}

#[tokio::test]
async fn inherited_socket_passes_to_next_daemon() {
    let held = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let config = with_certificate("first", &format!("quic = [\"{address}\"]"));
    let views = Views::new(&config).unwrap();
    let serve = || {
        let inherited = Inherited::of_sockets(vec![held.try_clone().unwrap()], Vec::new());
        serve_inherited(&config, &views, Clock::simulated(1_800_000_000), inherited).0
    };
    let first = serve();
    assert_eq!(first.quic_addresses(), [address]);
    let client = QuicClient::open(address).await;
    assert_eq!(client.ask(&query()).await.unwrap().answers.len(), 1);
    let socket = first.open.iter().find(|open| open.address == address).unwrap().quic.clone();
    first.stop_accepting();
    drop(first.settled().await);
    assert_eq!(client.code().await, Some(0));
    first.stop();
    while socket.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
    // While no task reads the socket of the listener, the first datagram of a new connection waits in it.
    let late = endpoint(1);
    let mut connecting = Box::pin(late.connect_with(settings(DOQ), address, "dns.example").unwrap());
    assert!(poll!(connecting.as_mut()).is_pending());
    while held.peek_from(&mut [0; 1_500]).is_err() {
        tokio::task::yield_now().await;
    }
    let second = serve();
    let connection = connecting.await.unwrap();
    let again = QuicClient { endpoint: late, connection };
    assert_eq!(again.ask(&query()).await.unwrap().answers.len(), 1);
    assert_eq!(counted(&second, Counter::QuicHandshakes), 1);
    second.stop();
}

#[tokio::test]
async fn all_inherited_sockets_are_served() {
    let socket = |at: SocketAddr| {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&at.into()).unwrap();
        std::net::UdpSocket::from(socket)
    };
    let first = socket("127.0.0.1:0".parse().unwrap());
    let address = first.local_addr().unwrap();
    // The test keeps the sockets open, as the service manager does. The kernel distributes the datagrams to all three.
    let held = [first, socket(address), socket(address)];
    let config = with_certificate("first", &format!("quic = [\"{address}\"]"));
    let views = Views::new(&config).unwrap();
    let datagrams = held.iter().map(|socket| socket.try_clone().unwrap()).collect();
    let inherited = Inherited::of_sockets(datagrams, Vec::new());
    let (listeners, _) = serve_inherited(&config, &views, Clock::simulated(1_800_000_000), inherited);
    assert_eq!(listeners.quic_addresses(), [address]);
    // The kernel chooses a socket by the client's port. The chance that all these clients use one socket is 1 in 10^15.
    let clients = join_all((0..32).map(|_| QuicClient::open(address))).await;
    let replies = join_all(clients.iter().map(|client| async { client.ask(&query()).await })).await;
    assert!(replies.iter().all(|reply| reply.as_ref().unwrap().answers.len() == 1));
    let mut strict = (*config).clone();
    strict.listen.allow = Vec::new();
    listeners.set_policies(&strict, &views);
    let mut sockets = listeners.open.iter().filter(|open| open.address == address);
    assert!(
        sockets.all(|socket| !socket.front.admits(STREAM_SHARD, [127, 0, 0, 1].into())),
        "a reload reaches all"
    );
    listeners.stop();
}

#[tokio::test]
async fn kernel_drops_are_counted() {
    let (listeners, ..) = listen(&with_quic());
    let client = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagram = [0; 4_096];
    // The listener reads nothing before this task waits. The kernel may make the buffer twice as large as requested.
    for _ in 0..2 * UDP_BUFFER / datagram.len() {
        client.send_to(&datagram, listeners.quic_addresses()[0]).unwrap();
    }
    assert!(listeners.dropped()() > 0);
    assert_eq!(listeners.dropped()(), 0);
    listeners.stop();
}
