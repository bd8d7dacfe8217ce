//! Cache hits of the whole daemon with one worker thread, over UDP on loopback: the number of questions per second, and the time of a question.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};

use config::{Config, Family};
use daemon::Daemon;
use dns::random::Random;
use lab::delegations::Tree;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, LabError, ServerPlan};

type Failure = Box<dyn std::error::Error>;

/// The number of questions in progress at the same time, as at a busy gateway.
const WINDOW: u16 = 64;

const SPAN: Duration = Duration::from_secs(3);

const NAMES: u16 = 1_000;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let sockets = runtime.block_on(LabSockets::start(Arc::new(lab()?), Random::system()?))?;
    let folder = tempfile::tempdir()?;
    let mut config = Config::default();
    config.dnssec.validate = false;
    config.listen.addresses = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    config.listen.workers = 1;
    config.resolve.root_hints = sockets.lab().root_hints();
    config.resolve.upstream_port = sockets.port();
    config.resolve.deny_servers = Vec::new();
    (config.resolve.ipv4, config.resolve.ipv6) = (Family::On, Family::Off);
    config.control.socket = folder.path().join("control.sock");
    let daemon = runtime.block_on(async { Daemon::start(config, None) })?;
    let address = *daemon.addresses().first().ok_or("it listens nowhere")?;
    let mut client = Client::new(address)?;
    client.warm()?;
    let mut times = client.ask_for(SPAN)?;
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 1_000).copied().unwrap_or_default();
    println!(
        "serve/hits, one worker, {WINDOW} at once: {:.0} a second, p50 {:?}, p99 {:?}, p99.9 {:?}",
        times.len() as f64 / SPAN.as_secs_f64(),
        at(500),
        at(990),
        at(999)
    );
    runtime.block_on(runtime.spawn(daemon.stop()))?;
    Ok(())
}

fn lab() -> Result<Lab, LabError> {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.tld", 2)] {
        let mut plan = ServerPlan::new(name, vec![[127, 79, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(1));
        tree.server(plan)?;
    }
    tree.zone(".", &["a.root".to_owned()], "")?;
    tree.zone("tld.", &["ns.tld".to_owned()], "* 86400 A 10.0.0.1\n")?;
    tree.build()
}

/// A client that asks for all names. The DNS message id of a query is the number of its name.
struct Client {
    socket: UdpSocket,
    queries: Vec<Vec<u8>>,
}

impl Client {
    fn new(server: SocketAddr) -> Result<Self, Failure> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        Ok(Self { socket, queries: (0..NAMES).map(query).collect::<Result<_, _>>()? })
    }

    fn warm(&self) -> Result<(), Failure> {
        for query in &self.queries {
            self.socket.send(query)?;
            self.socket.recv(&mut [0; 512])?;
        }
        Ok(())
    }

    /// Sends questions for the time `span`, so that `WINDOW` questions are always in progress. Returns how long each answer took.
    fn ask_for(&mut self, span: Duration) -> Result<Vec<Duration>, Failure> {
        let mut sent = vec![Instant::now(); usize::from(NAMES)];
        let mut times = Vec::with_capacity(4_000_000);
        let mut next = 0;
        let begin = Instant::now();
        for _ in 0..WINDOW {
            next = self.send(next, &mut sent)?;
        }
        let mut buffer = [0; 512];
        while begin.elapsed() < span {
            self.socket.recv(&mut buffer)?;
            let id = usize::from(u16::from_be_bytes([buffer[0], buffer[1]]));
            times.push(sent.get(id).ok_or("an unknown id")?.elapsed());
            next = self.send(next, &mut sent)?;
        }
        Ok(times)
    }

    fn send(&self, number: usize, sent: &mut [Instant]) -> Result<usize, Failure> {
        sent[number] = Instant::now();
        self.socket.send(&self.queries[number])?;
        Ok((number + 1) % self.queries.len())
    }
}

fn query(number: u16) -> Result<Vec<u8>, Failure> {
    let mut message = Message::query();
    message.metadata.id = number;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(format!("www{number}.tld."))?, RecordType::A));
    Ok(message.to_vec()?)
}
