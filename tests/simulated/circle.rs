//! A forwarding loop: the forwarders send the queries back to resolverd. The configuration does not show the loop. The tests count the
//! messages and the time for one question.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all, select_all};
use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use config::{Config, ConfiguredZone, Forwarder, ZoneKind};
use dns::clock::Clock;
use dns::question::{Client, Outcome, Question};
use dns::random::Random;
use dns::wire::query::Query;
use dns::wire::reply;
use exchange::network::{Network, Path, Replies, Stream};
use lab::prelude::name;
use lab::simulation::paused;
use record::Recorder;
use record::limits::FLIGHT_TIME;
use resolver::resolve::{Asked, Replied, Resolver, ResolverParts};
use zones::Views;

/// The number of queries of a forwarder that gets no reply.
const TRIES: u16 = 4;
/// The time between these queries.
const BETWEEN: Duration = Duration::from_secs(1);

/// The maximum number of DNS messages to servers for one question, including those for the root keys. Two forwarders that do not answer get as
/// many.
const MESSAGES: usize = 32;

/// The servers of this network are forwarders that send each query back to resolverd.
struct Circle {
    resolver: OnceLock<Weak<Resolver>>,
    clock: Clock,
    /// True if the forwarders set the flags DO and CD.
    with_flags: bool,
    sent: AtomicUsize,
    ports: AtomicU16,
}

impl Circle {
    /// Answers a query as the forwarder does: it sends the query back to resolverd, up to `TRIES` times. `way`: true if it sets DO and
    /// CD, and the port of its first query.
    async fn forward(resolver: Arc<Resolver>, clock: Clock, octets: Vec<u8>, way: (bool, u16)) -> Vec<u8> {
        let (with_flags, port) = way;
        let view = resolver.views().general().unwrap().id;
        let query = Query::read(&octets, view).unwrap();
        let mut question = query.to_question().unwrap();
        question.dnssec_ok |= with_flags;
        question.checking_disabled |= with_flags;
        let tries = (0..TRIES).map(|number| {
            let (resolver, question) = (Arc::clone(&resolver), question.clone());
            async move {
                sleep(BETWEEN * number.into()).await;
                let client = Client { address: [127, 0, 0, 9].into(), port: port + number, id: number };
                match resolver.ask(question, client).await {
                    Asked::Replied(replied) => replied,
                    Asked::Repeated => pending().await,
                }
            }
            .boxed()
        });
        let (replied, ..) = select_all(tries).await;
        let mut octets = Vec::new();
        reply::write(&mut octets, &replied.answer, &query, usize::from(u16::MAX), clock.mono());
        octets
    }
}

struct Forwarded(SocketAddr, Option<JoinHandle<Vec<u8>>>);

impl Replies for Forwarded {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        async {
            match self.1.as_mut() {
                Some(forwarded) => {
                    let octets = forwarded.await.unwrap();
                    self.1 = None;
                    Ok((self.0, octets))
                }
                None => pending().await,
            }
        }
        .boxed()
    }
}

impl Network for Circle {
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        async move {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let resolver = self.resolver.get().unwrap().upgrade().unwrap();
            let port = self.ports.fetch_add(TRIES, Ordering::Relaxed);
            let forwarded =
                Self::forward(resolver, self.clock.clone(), message.to_vec(), (self.with_flags, port));
            Ok(Box::new(Forwarded(path.server, Some(tokio::spawn(forwarded)))) as Box<dyn Replies>)
        }
        .boxed()
    }

    fn open_stream<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        async { Err(io::ErrorKind::ConnectionRefused.into()) }.boxed()
    }
}

/// Returns resolverd with two forwarders for all names. The forwarders send each query back to resolverd. The clock of tokio must be paused.
fn circle(with_flags: bool, validates: bool) -> (Arc<Resolver>, Arc<Circle>) {
    let mut config = Config::default();
    config.listen.addresses = Vec::new();
    config.resolve.deny_servers = Vec::new();
    config.dnssec.validate = validates;
    let forwarder = |last| Forwarder { address: SocketAddr::from(([127, 0, 0, last], 53)), encryption: None };
    config.zones = vec![ConfiguredZone {
        name: Name::root(),
        kind: ZoneKind::Forward(vec![forwarder(53), forwarder(54)]),
        ..ConfiguredZone::default()
    }];
    let clock = Clock::simulated(1_800_000_000);
    let network = Arc::new(Circle {
        resolver: OnceLock::new(),
        clock: clock.clone(),
        with_flags,
        sent: AtomicUsize::new(0),
        ports: AtomicU16::new(1_024),
    });
    let resolver = Resolver::new(ResolverParts {
        views: Views::new(&Arc::new(config)).unwrap(),
        clock: clock.clone(),
        random: Random::seeded(1),
        network: Arc::clone(&network) as Arc<dyn Network>,
        recorder: Recorder::new(clock, 1),
        tap: Arc::default(),
    });
    network.resolver.set(Arc::downgrade(&resolver)).unwrap();
    (resolver, network)
}

async fn ask(resolver: &Arc<Resolver>, owner: &str, port: u16) -> (Replied, Duration) {
    let view = resolver.views().general().unwrap().id;
    let question = Question { view, ..Question::new(&name(owner), RecordType::A) };
    let (clock, client) = (resolver.clock(), Client { address: [127, 0, 0, 1].into(), port, id: 1 });
    let began = clock.mono();
    let Asked::Replied(replied) = resolver.ask(question, client).await else { panic!("a repeat") };
    (replied, clock.mono().since(began))
}

#[test]
fn forwarding_loop_costs_few_messages() {
    for (with_flags, validates) in [(false, false), (true, false), (false, true), (true, true)] {
        paused(async {
            let (resolver, network) = circle(with_flags, validates);
            let deadline = resolver.views().config().resolve.deadline;
            let (replied, elapsed) = ask(&resolver, "www.example.", 1).await;
            assert!(matches!(replied.outcome, Outcome::Deadline | Outcome::Failed), "{replied:?}");
            assert!(elapsed <= deadline, "{elapsed:?}");
            sleep(2 * FLIGHT_TIME).await;
            let sent = network.sent.load(Ordering::Relaxed);
            println!("flags {with_flags}, validation {validates}: {sent} messages, {elapsed:?}");
            assert!(sent <= MESSAGES, "{sent} messages");
            assert_eq!((resolver.flights(), resolver.waiters()), (0, 0));

            // Many questions at the same time must not multiply the messages.
            let owners: Vec<String> = (0..50).map(|number| format!("www{number}.example.")).collect();
            let asked = owners.iter().zip(2..).map(|(owner, port)| ask(&resolver, owner, port));
            assert!(join_all(asked).await.iter().all(|(_, elapsed)| *elapsed <= deadline));
            sleep(2 * FLIGHT_TIME).await;
            let more = network.sent.load(Ordering::Relaxed) - sent;
            println!("50 questions: {more} messages");
            assert!(more <= 50 * MESSAGES / 2, "{more} messages");
            assert_eq!((resolver.flights(), resolver.waiters()), (0, 0));
        });
    }
}
