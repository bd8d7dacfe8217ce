//! TLS policies of next hops: how long Postfix waits for a verdict, and how many queries it costs, in the clock of the lab.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::RecordType;

use config::{LookaheadMode, TlsPolicyListen};
use dns::question::{Answer, Client, Question};
use lab::delegations::Tree;
use lab::prelude::ask_with;
use lab::server::Distance;
use lab::signing::Signing;
use lab::simulation::{Flags, Simulation, config_trusting, paused};
use lab::world::ServerPlan;
use resolver::resolve::{Asked, Resolver};
use tls_policy::{Asker, TlsLevel, TlsPolicies};

/// The round trip to each server.
const TRIP: Duration = Duration::from_millis(40);

/// The mail domains without DANE and MTA-STS.
const DOMAINS: usize = 100;

const TLSA: &str = "TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Asks the resolver of a simulation, as the daemon does.
struct Own {
    resolver: Arc<Resolver>,
    asked: AtomicU16,
}

impl Asker for Own {
    fn ask(&self, question: Question) -> BoxFuture<'_, Arc<Answer>> {
        let id = self.asked.fetch_add(1, Ordering::Relaxed);
        let client = Client { address: Ipv4Addr::LOCALHOST.into(), port: 0, id };
        Box::pin(async move {
            match self.resolver.ask(question, client).await {
                Asked::Replied(replied) => replied.answer,
                Asked::Repeated => panic!("the id is new"),
            }
        })
    }

    fn is_denied(&self, _address: IpAddr) -> bool {
        true
    }
}

struct Stage {
    simulation: Simulation,
    policies: Arc<TlsPolicies<Own>>,
}

impl Stage {
    fn new(mode: LookaheadMode) -> Self {
        let mut tree = Tree::default();
        for (name, last) in [("a.root", 1), ("ns.tld", 2), ("ns.plain.tld", 3), ("ns.signed.tld", 4)] {
            let mut plan = ServerPlan::new(name, vec![IpAddr::from([192, 0, 2, last])]);
            plan.distance = Distance::steady(TRIP);
            tree.server(plan).unwrap();
        }
        let mut plain = String::new();
        for number in 0..DOMAINS {
            writeln!(plain, "d{number} 300 MX 10 mx.d{number}\nmx.d{number} 300 A 198.51.100.1").unwrap();
        }
        let signed = format!(
            "@ MX 10 mx\n@ MX 20 mx2\nmx A 198.51.100.2\nmx2 A 198.51.100.3\n_25._tcp.mx {TLSA}\n_25._tcp.mx2 {TLSA}\n"
        );
        for (origin, server, text) in [
            (".", "a.root", ""),
            ("tld.", "ns.tld", ""),
            ("plain.tld.", "ns.plain.tld", &plain),
            ("signed.tld.", "ns.signed.tld", &signed),
        ] {
            tree.zone(origin, &[server.to_owned()], text).unwrap();
            if !origin.starts_with("plain") {
                tree.sign(origin, Some(Signing::default())).unwrap();
            }
        }
        let lab = Arc::new(tree.build().unwrap());
        let mut config = config_trusting(&lab);
        config.lookahead.mode = mode;
        config.tls_policy.listen = Some(TlsPolicyListen::Address(([127, 0, 0, 1], 8461).into()));
        let simulation = Simulation::new(lab, config, 7);
        let asker = Own { resolver: Arc::clone(simulation.resolver()), asked: AtomicU16::default() };
        let policies = Arc::new(TlsPolicies::new(asker, simulation.clock()));
        Self { simulation, policies }
    }

    /// Returns how long Postfix waits for an answer.
    async fn answer(&self, text: &str, kind: RecordType) -> Duration {
        let flags = Flags { dnssec_ok: true, ..Flags::default() };
        ask_with(&self.simulation, text, kind, flags).await.elapsed
    }

    /// Returns the level, how long Postfix waits for it, and how many queries servers have got for it.
    async fn verdict(&self, next_hop: &str) -> (TlsLevel, Duration, u64) {
        let log = self.simulation.lab().log();
        let (began, before) = (self.simulation.clock().mono(), log.total());
        let level = self.policies.verdict(next_hop).await.level;
        (level, self.simulation.clock().mono().since(began), log.total() - before)
    }
}

#[test]
fn verdict_waits_no_longer_than_mx() {
    paused(async {
        let mx = Stage::new(LookaheadMode::Off).answer("d0.plain.tld.", RecordType::MX).await;
        let stage = Stage::new(LookaheadMode::Off);
        let (level, waited, _) = stage.verdict("d0.plain.tld").await;
        assert_eq!((level, waited), (TlsLevel::NoPolicy, mx));
        // From memory then.
        assert_eq!(stage.verdict("d0.plain.tld").await, (TlsLevel::NoPolicy, Duration::ZERO, 0));
        let (_, waited, queries) = stage.verdict("d1.plain.tld").await;
        assert_eq!((waited, queries), (TRIP, 2), "MX and the record of MTA-STS");
    });
}

#[test]
fn dane_waits_no_longer_than_postfix() {
    // Postfix asks for the MX, then for the addresses, then for the TLSA records of the first host.
    paused(async {
        let postfix = Stage::new(LookaheadMode::Off);
        let mut by_itself = Duration::ZERO;
        for (text, kind) in [
            ("signed.tld.", RecordType::MX),
            ("mx.signed.tld.", RecordType::A),
            ("mx.signed.tld.", RecordType::AAAA),
            ("_25._tcp.mx.signed.tld.", RecordType::TLSA),
        ] {
            by_itself += postfix.answer(text, kind).await;
        }
        let stage = Stage::new(LookaheadMode::Off);
        let mx = Stage::new(LookaheadMode::Off).answer("signed.tld.", RecordType::MX).await;
        let (level, waited, _) = stage.verdict("signed.tld").await;
        assert_eq!(
            (level, waited),
            (TlsLevel::DaneOnly, mx + TRIP),
            "addresses and TLSA of all hosts at once"
        );
        assert!(waited <= by_itself, "{waited:?}, {by_itself:?} by itself");
        for (text, kind) in [("mx.signed.tld.", RecordType::A), ("_25._tcp.mx.signed.tld.", RecordType::TLSA)]
        {
            assert_eq!(stage.answer(text, kind).await, Duration::ZERO, "{text}: as Postfix asks next");
        }
    });
}

#[test]
fn record_is_asked_ahead_with_mx() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Learned);
        let mut costs = Vec::new();
        for number in 0..DOMAINS {
            let domain = format!("d{number}.plain.tld");
            stage.answer(&format!("{domain}."), RecordType::MX).await;
            stage.answer(&format!("mx.{domain}."), RecordType::A).await;
            tokio::time::sleep(TRIP).await;
            let (level, waited, queries) = stage.verdict(&domain).await;
            assert_eq!(level, TlsLevel::NoPolicy);
            costs.push((waited, queries));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(costs.iter().all(|cost| *cost == (Duration::ZERO, 0)), "{costs:?}");
    });
}
