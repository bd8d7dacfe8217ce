//! All code that reads octets from other hosts, as functions of these octets, for a fuzzer and for tests with random octets. Any panic is a
//! finding of the fuzzer.

use std::io;
use std::net::SocketAddr;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_proto::op::{Message, Query as Question};
use hickory_proto::rr::{DNSClass, Name, RData, RecordType};

use config::{Config, ConfiguredZone, RootHints, ZoneKind};
use dns::clock::{Clock, Mono, Now};
use dns::limits::MONO_LEAD;
use dns::question::{Client, ExtendedError, ViewId};
use dns::random::Random;
use dns::wire::presentation::read_name;
use dns::wire::query::{Query, Unanswerable};
use dns::wire::{HEADER, compose, reply, response as message};
use exchange::network::{Arrival, Network, Path, Replies, Stream};
use lab::simulation::paused;
use lab::world::absolute;
use lab::zone_file::read_zone;
use protocol::{Reply, Request};
use record::Recorder;
use resolver::cache::snapshot::Scope;
use resolver::cache::{Memory, snapshot};
use resolver::resolve::{Asked, Resolver, ResolverParts};
use zones::{Views, local};

/// Returns an error text if the result of the tested code breaks a rule.
type Target = fn(&[u8]) -> Result<(), String>;

/// The tested code, with the names of the corpora in tests/corpus.
const TARGETS: [(&str, Target); 6] = [
    ("query", query),
    ("response", response),
    ("zone_file", zone_file),
    ("control", control),
    ("snapshot", snapshot),
    ("capture", capture),
];

/// Runs the check with the name `target` with these octets.
///
/// # Panics
/// The octets violate a rule, or there is no such target.
pub fn hold(target: &str, octets: &[u8]) {
    let Some((_, attempt)) = TARGETS.iter().find(|(name, _)| *name == target) else {
        panic!("no target {target}")
    };
    if let Err(found) = attempt(octets) {
        panic!("{target}: {found}");
    }
}

/// Each name in a query log, a packet capture or a dnstap file must be a valid domain name.
fn capture(octets: &[u8]) -> Result<(), String> {
    let Ok(captured) = shadow::capture::read(octets) else { return Ok(()) };
    for (question, _) in &captured.questions {
        if read_name(&question.name).is_none() {
            return Err(format!("{:?} is no name", question.name));
        }
    }
    Ok(())
}

/// The monotonic time at the start of the process.
const BORN: Mono = Mono::from_micros(MONO_LEAD.as_secs() * 1_000_000);

/// Reads any octets as a snapshot of the cache. Afterwards all entries must be readable, no entry may be valid for longer than permitted,
/// and a snapshot of this cache must be readable again.
fn snapshot(octets: &[u8]) -> Result<(), String> {
    let view = ViewId::default();
    let scope = Scope {
        fingerprint: [0; 32],
        configured: [].into(),
        views: vec![view],
        lists: [b"\x02bl\x00".to_vec()].into(),
        overlooked: [].into(),
        max_ttl: SNAPSHOT_CAP,
        serve_stale: SNAPSHOT_CAP,
    };
    let read = |file: Vec<u8>| {
        let (memory, now) = (Memory::new(SNAPSHOT_MEMORY, &Random::seeded(1)), Now { mono: BORN, unix: 0 });
        let read = memory.read_snapshot(&scope, now, &mut io::Cursor::new(file), || true);
        read.map(|read| (memory, read)).map_err(|refused| refused.to_string())
    };
    // The octets are almost never a valid file, and must not cause a panic. Then they are put into a file with correct checksums.
    let _ = read(octets.to_vec());
    let forged = snapshot::forged(octets, &scope, 0).map_err(|error| error.to_string())?;
    let (memory, found) = read(forged)?;
    memory.servers.list(BORN);
    for name in memory.names() {
        if let Some(held) = memory.look(&name, None, BORN).into_iter().find(|held| held.left > SNAPSHOT_CAP) {
            return Err(format!("{name} is held for {:?}", held.left));
        }
    }
    let mut file = io::Cursor::new(Vec::new());
    let now = Now { mono: BORN, unix: 0 };
    let written = memory.write_snapshot(&scope, now, &mut file).map_err(|error| error.to_string())?;
    let (_, again) = read(file.into_inner())?;
    if written.entries > found.restored || again.entries != written.entries {
        return Err(format!("{found:?} is written as {written:?} and read as {again:?}"));
    }
    Ok(())
}

/// The maximum TTL of entries from a snapshot.
const SNAPSHOT_CAP: Duration = Duration::from_secs(3_600);

/// The size of the cache, in octets.
const SNAPSHOT_MEMORY: u64 = 8 << 20;

/// The servers of this zone send the responses.
const ZONE: &str = "example.";

/// Reads any octets as a query. The client must be able to read the reply.
fn query(octets: &[u8]) -> Result<(), String> {
    let mut out = Vec::new();
    match Query::read(octets, ViewId::default()) {
        Ok(query) => {
            let question = query.to_question().ok_or("a query that was read has no question")?;
            if question.key().as_bytes() != query.key() {
                return Err(format!("the key of {question} is another as read off the wire"));
            }
            let answer = compose::failure(&question, ExtendedError::new(0, "no"), Mono::START);
            reply::write(&mut out, &answer, &query, query.udp_limit(), Mono::START);
        }
        Err(Unanswerable::Rejected(rejection)) => reply::write_rejection(&mut out, &rejection),
        Err(Unanswerable::Dropped(_)) => return Ok(()),
    }
    let reply = Message::from_vec(&out).map_err(|error| format!("the reply cannot be read: {error}"))?;
    if octets.get(..2) == Some(&reply.metadata.id.to_be_bytes()) {
        Ok(())
    } else {
        Err("another id".to_owned())
    }
}

/// After a server's message with any content, the cache may contain only names of the server's zone, and the reply to the client must
/// belong to its question.
fn response(octets: &[u8]) -> Result<(), String> {
    let zone = absolute(ZONE).map_err(|error| error.to_string())?;
    let asked = Message::from_vec(octets).ok().and_then(|message| message.queries.first().cloned());
    let asked = asked.filter(|asked| zone.zone_of(asked.name()) && asked.query_type() != RecordType::ANY);
    let asked = asked.unwrap_or_else(|| Question::query(zone.clone(), RecordType::A));
    paused(ask_server(&zone, &asked, octets))
}

async fn ask_server(zone: &Name, asked: &Question, octets: &[u8]) -> Result<(), String> {
    let clock = Clock::simulated(0);
    let server = SocketAddr::from(([192, 0, 2, 53], 53));
    let mut config = Config::default();
    config.resolve.root_hints = RootHints { path: None, servers: Vec::new() };
    let stub = ZoneKind::Stub(vec![server]);
    config.zones.push(ConfiguredZone {
        name: zone.clone(),
        kind: stub,
        validate: false,
        ..ConfiguredZone::default()
    });
    let resolver = Resolver::new(ResolverParts {
        views: Views::new(&Arc::new(config)).map_err(|_| "the stub zone is refused")?,
        clock: clock.clone(),
        random: Random::seeded(1),
        network: Arc::new(Scripted { server, octets: octets.to_vec() }),
        recorder: Recorder::new(clock.clone(), 1),
        tap: Arc::default(),
    });
    let question = dns::question::Question::new(asked.name(), asked.query_type());
    let client = Client { address: server.ip(), port: 1, id: 1 };
    let Asked::Replied(replied) = resolver.ask(question, client).await else {
        return Err("the only client was taken for a repeat".to_owned());
    };
    for name in resolver.memory().names() {
        if !zone.zone_of(&name) {
            return Err(format!("{name} is in memory, which is not the server's to tell"));
        }
    }
    let reply =
        message::read(&replied.answer.wire).map_err(|error| format!("the answer cannot be read: {error}"))?;
    holds_together(asked.name(), &reply)
}

/// Every record of an answer must belong to the chain of aliases that begins at `name`.
fn holds_together(name: &Name, reply: &Message) -> Result<(), String> {
    let mut chain = vec![name.clone()];
    for record in &reply.answers {
        let redirects =
            record.record_type() == RecordType::DNAME && chain.iter().any(|name| record.name.zone_of(name));
        if record.dns_class != DNSClass::IN || !(redirects || chain.contains(&record.name)) {
            return Err(format!("{record} answers nothing about {name}"));
        }
        if let RData::CNAME(target) = &record.data {
            chain.push(target.0.clone());
        }
    }
    Ok(())
}

/// A network in which one server answers each query with the same octets, except the id and the name.
struct Scripted {
    server: SocketAddr,
    octets: Vec<u8>,
}

impl Scripted {
    fn reach(&self, path: &Path) -> io::Result<()> {
        if path.server == self.server { Ok(()) } else { Err(io::ErrorKind::HostUnreachable.into()) }
    }
}

fn reply_to(query: &[u8], octets: &[u8]) -> Vec<u8> {
    let mut reply = octets.to_vec();
    for (place, (to, from)) in reply.iter_mut().zip(query).enumerate() {
        // The reply repeats the upper and lower case of the name. All other differences are errors of the server.
        let spelling = place >= HEADER && to.eq_ignore_ascii_case(from);
        if place < 2 || spelling {
            *to = *from;
        }
    }
    reply
}

impl Network for Scripted {
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        let reply = self.reach(path).map(|()| reply_to(message, &self.octets));
        let replies = reply.map(|reply| Box::new(Once(path.server, Some(reply))) as Box<dyn Replies>);
        std::future::ready(replies).boxed()
    }

    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        let open = |()| Box::new(Scroll { octets: self.octets.clone(), pending: None }) as Box<dyn Stream>;
        std::future::ready(self.reach(path).map(open)).boxed()
    }
}

/// A TCP stream from which the same octets can be read again and again.
struct Scroll {
    octets: Vec<u8>,
    pending: Option<Vec<u8>>,
}

impl Stream for Scroll {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        self.pending = Some(reply_to(message, &self.octets));
        std::future::ready(Ok(())).boxed()
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        match self.pending.take() {
            Some(reply) => std::future::ready(Ok(Arrival::Message(reply))).boxed(),
            None => std::future::pending().boxed(),
        }
    }
}

struct Once(SocketAddr, Option<Vec<u8>>);

impl Replies for Once {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        match self.1.take() {
            Some(octets) => std::future::ready(Ok((self.0, octets))).boxed(),
            None => std::future::pending().boxed(),
        }
    }
}

/// Reads a zone file with the reader for the operator's files, and with that of the lab.
fn zone_file(octets: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(octets);
    let zone = absolute(ZONE).map_err(|error| error.to_string())?;
    if let Ok(authority) = local::from_file(&zone, FilePath::new("zone"), &text) {
        let answer = local::respond(&authority, &zone, RecordType::SOA);
        if answer.answers.is_empty() {
            return Err("a zone that was read has no SOA".to_owned());
        }
    }
    // An error is a valid result; a panic is not.
    drop(read_zone(&zone, &text));
    Ok(())
}

/// Reads any octets as a line of the control protocol: as a request and as a reply.
fn control(octets: &[u8]) -> Result<(), String> {
    if let Ok(request) = serde_json::from_slice::<Request>(octets) {
        let written = serde_json::to_vec(&request).map_err(|error| error.to_string())?;
        serde_json::from_slice::<Request>(&written)
            .map_err(|error| format!("{request:?} is not read back: {error}"))?;
    }
    if let Ok(reply) = serde_json::from_slice::<Reply>(octets) {
        let written = serde_json::to_vec(&reply).map_err(|error| error.to_string())?;
        serde_json::from_slice::<Reply>(&written)
            .map_err(|error| format!("{reply:?} is not read back: {error}"))?;
    }
    Ok(())
}
