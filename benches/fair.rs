//! Fairness: one client floods the daemon over UDP on loopback, while another client (the light client) asks few questions. Fails if a question of
//! the light client is not answered, or if more than one in a hundred takes longer than 100 ms.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};
use tokio::runtime::{Builder, Runtime};

use config::{Config, Family};
use daemon::Daemon;
use dns::random::Random;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, LabError, ServerPlan};

type Failure = Box<dyn std::error::Error + Send + Sync>;

const SPAN: Duration = Duration::from_secs(8);

const SILENT_ZONES: u8 = 100;

/// Queries per second of the light client. One in six is for a new name.
const LIGHT_RATE: u32 = 60;

/// 99 of 100 queries of the light client must be answered within this time.
const LATE: Duration = Duration::from_millis(100);

/// How long the light client waits for an answer, like glibc.
const PATIENCE: Duration = Duration::from_secs(5);

/// A flood: its description, the function that returns the name of the query with a number, and the queries per second.
type Flood = (&'static str, fn(u64) -> String, u32);

const FLOODS: [Flood; 5] = [
    ("nobody else", |_| String::new(), 0),
    ("4 000 a second of a zone that answers", |number| format!("n{number}.busy.tld."), 4_000),
    ("40 000 a second of a zone that answers", |number| format!("n{number}.busy.tld."), 40_000),
    ("6 000 of a silent zone", |number| format!("n{number}.silent0.tld."), 6_000),
    ("4 000 a second of 100 silent zones", |number| format!("n{number}.silent{}.tld.", number % 100), 4_000),
];

fn main() -> Result<(), Failure> {
    // The servers run on separate threads, because in reality they run on other machines.
    let servers = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let sockets = servers.block_on(LabSockets::start(Arc::new(lab()?), Random::system()?))?;
    let mut failed = false;
    for (name, flooded, rate) in FLOODS {
        // Each case has its own daemon, with an empty cache.
        let runtime = Runtime::new()?;
        let folder = tempfile::tempdir()?;
        let daemon = start(&runtime, &sockets, &folder)?;
        let address = *daemon.addresses().first().ok_or("it listens nowhere")?;
        failed |= !case(name, address, flooded, rate)?;
        runtime.block_on(runtime.spawn(daemon.stop()))?;
    }
    if failed { Err("the light client was not served as it should be".into()) } else { Ok(()) }
}

fn start(runtime: &Runtime, sockets: &LabSockets, folder: &tempfile::TempDir) -> Result<Daemon, Failure> {
    let mut config = Config::default();
    config.dnssec.validate = false;
    config.listen.addresses = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
    config.resolve.root_hints = sockets.lab().root_hints();
    config.resolve.upstream_port = sockets.port();
    config.resolve.deny_servers = Vec::new();
    (config.resolve.ipv4, config.resolve.ipv6) = (Family::On, Family::Off);
    config.control.socket = folder.path().join("control.sock");
    Ok(runtime.block_on(async { Daemon::start(config, None) })?)
}

fn lab() -> Result<Lab, LabError> {
    let mut tree = Tree::default();
    let mut server = |name: &str, address: [u8; 4], faults: &[Fault]| {
        let mut plan = ServerPlan::new(name, vec![address.into()]);
        plan.distance = Distance::steady(Duration::from_millis(1));
        plan.faults = faults.to_vec();
        tree.server(plan)
    };
    server("a.root", [127, 80, 0, 1], &[])?;
    server("ns.tld", [127, 80, 0, 2], &[])?;
    server("ns.well.tld", [127, 80, 0, 3], &[])?;
    server("ns.busy.tld", [127, 80, 0, 4], &[])?;
    for number in 0..SILENT_ZONES {
        server(&format!("ns.silent{number}.tld"), [127, 80, 1, number], &[Fault::Dead])?;
    }
    tree.zone(".", &["a.root".to_owned()], "")?;
    tree.zone("tld.", &["ns.tld".to_owned()], "")?;
    let silent = (0..SILENT_ZONES).map(|number| format!("silent{number}.tld."));
    for zone in silent.chain(["well.tld.".to_owned(), "busy.tld.".to_owned()]) {
        tree.zone(&zone, &[format!("ns.{}", zone.trim_end_matches('.'))], "* 86400 A 10.0.0.1\n")?;
    }
    tree.build()
}

/// Measures the light client while another client floods the daemon with queries for the names that `flooded` returns. Returns false if the light
/// client gets an error, loses a query or waits too long.
fn case(name: &str, address: SocketAddr, flooded: fn(u64) -> String, rate: u32) -> Result<bool, Failure> {
    let stop = AtomicBool::new(false);
    let (light, [answered, failed]) = thread::scope(|scope| {
        let flood = scope.spawn(|| flood(address, flooded, rate, &stop));
        let light = light(address);
        stop.store(true, Ordering::Relaxed);
        let told = flood.join().map_err(|_| "the flood panicked")??;
        Ok::<_, Failure>((light?, told))
    })?;
    let Light { mut times, servfail, lost } = light;
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 1_000).copied().unwrap_or_default();
    println!(
        "fair, beside {name}: {} answered, {servfail} SERVFAIL, {lost} lost, p50 {:?}, p99 {:?}, max {:?}; of the flood {answered} answered, {failed} SERVFAIL",
        times.len(),
        at(500),
        at(990),
        times.last().copied().unwrap_or_default(),
    );
    Ok(servfail + lost == 0 && at(990) < LATE)
}

struct Light {
    times: Vec<Duration>,
    servfail: usize,
    lost: usize,
}

fn light(address: SocketAddr) -> Result<Light, Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.send(&query(u16::MAX, "cached.well.tld.")?)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.recv(&mut [0; 512])?;
    let between = Duration::from_secs(1) / LIGHT_RATE;
    let begin = Instant::now();
    let (mut sent, mut times, mut buffer) = (Vec::new(), Vec::new(), [0; 512]);
    let mut waiting = 0_usize;
    loop {
        let next = begin + between * u32::try_from(sent.len())?;
        let sending = begin.elapsed() < SPAN;
        if sending && Instant::now() >= next {
            let number = sent.len();
            let name =
                if number % 6 == 0 { format!("n{number}.well.tld.") } else { "cached.well.tld.".into() };
            sent.push(Some(Instant::now()));
            waiting += 1;
            socket.send(&query(u16::try_from(number)?, &name)?)?;
            continue;
        }
        if !sending && (waiting == 0 || begin.elapsed() > SPAN + PATIENCE) {
            break;
        }
        let patience = if sending { next.saturating_duration_since(Instant::now()) } else { PATIENCE / 10 };
        socket.set_read_timeout(Some(patience.max(Duration::from_micros(100))))?;
        let Ok(_) = socket.recv(&mut buffer) else { continue };
        let [high, low, _, code, ..] = buffer;
        let asked = sent.get_mut(usize::from(u16::from_be_bytes([high, low]))).and_then(Option::take);
        let asked = asked.ok_or("an unknown id")?;
        waiting -= 1;
        if code & 15 == 0 {
            times.push(asked.elapsed());
        }
    }
    Ok(Light { servfail: sent.len() - waiting - times.len(), lost: waiting, times })
}

fn flood(
    address: SocketAddr,
    name: fn(u64) -> String,
    rate: u32,
    stop: &AtomicBool,
) -> Result<[u64; 2], Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_nonblocking(true)?;
    let (begin, mut number, mut told) = (Instant::now(), 0_u64, [0, 0]);
    let mut buffer = [0; 512];
    while !stop.load(Ordering::Relaxed) {
        let due = u64::try_from(begin.elapsed().as_micros())? * u64::from(rate) / 1_000_000;
        while number < due {
            socket.send(&query(u16::try_from(number & 0xFFFF)?, &name(number))?)?;
            number += 1;
        }
        while socket.recv(&mut buffer).is_ok() {
            let [_, _, _, code, ..] = buffer;
            told[usize::from(code & 15 != 0)] += 1;
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(told)
}

fn query(id: u16, name: &str) -> Result<Vec<u8>, Failure> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name)?, RecordType::A));
    Ok(message.to_vec()?)
}
