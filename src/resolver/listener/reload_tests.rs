//! Tests a reload: `prepare` binds the new addresses while the old configuration is in use, and `apply` switches to the new one.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use socket2::{Domain, Socket, Type};

use super::*;
use crate::resolve::{Resolver, ResolverParts};
use config::{ConfiguredHost, Listener};
use dns::clock::Clock;
use dns::hash::Keyed;
use dns::random::Random;
use dns::wire::cookie::CookieSecret;
use dnsbl::list::Guard;
use exchange::ports::SourcePorts;
use exchange::socket_network::SocketNetwork;
use record::Recorder;
use supervise::Supervisor;

const PATIENCE: Duration = Duration::from_secs(60);

const HOST: &str = "printer.lan.";

/// Returns a configuration with a listener at 127.0.0.1, a listener with another view at each address of `others`, and a `[[host]]` entry
/// whose address ends in `host`.
pub(super) fn config(host: u8, others: &[SocketAddr]) -> Config {
    let mut config = Config::default();
    config.listen.addresses = vec!["127.0.0.1:0".parse().unwrap()];
    config.listen.workers = 1;
    let name = Name::from_ascii(HOST).unwrap();
    config.hosts = vec![ConfiguredHost { name, addresses: vec![[10, 0, 0, host].into()], view: None }];
    let listener = |address: &SocketAddr| Listener {
        addresses: vec![*address],
        dnsbl: Guard::Pass,
        ..config.listen.clone()
    };
    config.listeners = others.iter().map(listener).collect();
    config
}

pub(super) fn serve(config: &Arc<Config>, views: &Views, clock: Clock) -> (Listeners, Arc<Resolver>) {
    serve_inherited(config, views, clock, Inherited::default())
}

/// Starts listeners with the sockets `inherited`, as if the service manager had passed them.
pub(super) fn serve_inherited(
    config: &Arc<Config>,
    views: &Views,
    clock: Clock,
    inherited: Inherited,
) -> (Listeners, Arc<Resolver>) {
    let random = Random::seeded(7);
    let recorder = Recorder::new(clock.clone(), shards(config));
    let resolver = Resolver::new(ResolverParts {
        views: views.clone(),
        clock: clock.clone(),
        random: random.clone(),
        network: Arc::new(SocketNetwork::new(random.clone(), SourcePorts::in_range(1_024..=u16::MAX, ""))),
        recorder: Arc::clone(&recorder),
        tap: Arc::default(),
    });
    let parts = FrontParts {
        clock,
        resolver: Arc::clone(&resolver),
        recorder,
        cookies: CookieSecret::new(Keyed::new(&random)),
        supervisor: Supervisor::default(),
    };
    let sockets = Sockets::bind(config, inherited).unwrap();
    (Listeners::start(sockets, parts, config, views).unwrap(), resolver)
}

fn client(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

pub(super) fn query() -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(HOST).unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

fn send(client: &UdpSocket) {
    client.send(&query()).unwrap();
}

fn reply(client: &UdpSocket) -> (ResponseCode, Option<IpAddr>) {
    let mut octets = [0; 512];
    let length = client.recv(&mut octets).unwrap();
    let message = Message::from_vec(&octets[..length]).unwrap();
    let address = message.answers.first().and_then(|record| record.data.ip_addr());
    (message.metadata.response_code, address)
}

fn wait_for(address: SocketAddr) {
    let began = Instant::now();
    while UdpSocket::bind(address).is_err() || TcpListener::bind(address).is_err() {
        assert!(began.elapsed() < PATIENCE, "{address} is still held");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_listeners_apply_or_roll_back() {
    let old = Arc::new(config(1, &[]));
    let views = Views::new(&old).unwrap();
    let (mut listeners, resolver) = serve(&old, &views, Clock::machine());
    let before = listeners.addresses();
    let served = client(before[0]);
    let shown = |host: u8| (ResponseCode::NoError, Some(IpAddr::from([10, 0, 0, host])));

    // `prepare` binds the new address. A query to this address must not be answered before `apply`.
    let other: SocketAddr = "127.0.0.2:0".parse().unwrap();
    let new = Arc::new(config(2, &[other]));
    let following = views.following(&new).unwrap();
    let prepared = listeners.prepare(&new, &following).unwrap();
    let early = client(prepared.ready[0].address);
    send(&early);
    for _ in 0..200 {
        send(&served);
        assert_eq!(reply(&served), shown(1));
    }
    early.set_nonblocking(true).unwrap();
    let heard = early.recv(&mut [0; 512]).unwrap_err();
    assert_eq!((heard.kind(), listeners.addresses()), (ErrorKind::WouldBlock, before.clone()));
    early.set_nonblocking(false).unwrap();

    let changed = resolver.set_views(following.clone());
    listeners.apply(prepared, &new, &following);
    resolver.forget(&changed).await;
    assert_eq!(reply(&early), shown(2));
    send(&served);
    assert_eq!(reply(&served), shown(2));
    let both = listeners.addresses();
    assert_eq!(both.len(), 2);

    // The second of two new addresses is not available, so the socket of the first one is closed again.
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    let free = UdpSocket::bind("127.0.0.3:0").unwrap().local_addr().unwrap();
    let taken = Arc::new(config(3, &[other, free, held.local_addr().unwrap()]));
    let refused = listeners.prepare(&taken, &following.following(&taken).unwrap()).err().unwrap();
    assert!(refused.to_string().contains("another program uses it"), "{refused}");
    wait_for(free);

    // A later step of the reload fails, so the prepared addresses are dropped.
    let third = Arc::new(config(3, &[other, free]));
    drop(listeners.prepare(&third, &following.following(&third).unwrap()).unwrap());
    wait_for(free);
    for served in [&served, &early] {
        send(served);
        assert_eq!(reply(served), shown(2));
    }
    assert_eq!(listeners.addresses(), both);
    tokio::task::block_in_place(|| listeners.stop());
}

fn answers_over_tcp(server: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let query = query();
    stream.write_all(&u16::try_from(query.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(&query).unwrap();
    stream.read_exact(&mut [0; 12]).is_ok()
}

// The service manager passes several sockets for one address.
#[tokio::test(flavor = "multi_thread")]
async fn all_inherited_stream_sockets_are_served() {
    let socket = |at: SocketAddr| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&at.into()).unwrap();
        socket.listen(64).unwrap();
        TcpListener::from(socket)
    };
    let first = socket("127.0.0.1:0".parse().unwrap());
    let address = first.local_addr().unwrap();
    // The test keeps the sockets open, as the service manager does. The kernel distributes the connections among all three sockets.
    let held = [first, socket(address), socket(address)];
    let mut config = config(1, &[]);
    config.listen.addresses = vec![address];
    let config = Arc::new(config);
    let views = Views::new(&config).unwrap();
    let streams = held.iter().map(|socket| socket.try_clone().unwrap()).collect();
    let inherited = Inherited::of_sockets(Vec::new(), streams);
    let (listeners, _) = serve_inherited(&config, &views, Clock::machine(), inherited);
    assert_eq!(listeners.addresses(), [address]);
    // This shows that all sockets are served: the kernel chooses a socket by the client's port, and the chance that all these connections
    // go to one socket is 1 in 10^15.
    assert!((0..32).all(|_| answers_over_tcp(address)));
    tokio::task::block_in_place(|| listeners.stop());
}
