//! Ten minutes without any server: mail to known domains is delivered with expired (stale) answers, and for unknown domains, clients get
//! errors. Soon after the outage, answers are fresh again.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use dns::cached::Flush;
use dns::question::{ExtendedError, Outcome};
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::internet::Internet;
use lab::oracle::Oracle;
use lab::prelude::ask;
use lab::simulation::{SimulatedReply, Simulation, config_for, config_trusting, paused};
use lab::world::{Lab, ServerPlan};
use record::limits::FLIGHT_TIME;

/// Clients ask for the first half of the mail domains before the outage.
const DOMAINS: usize = 24;

/// All answers must expire during the outage.
const TTL: Duration = Duration::from_secs(60);

const OUTAGE: Duration = Duration::from_secs(600);

/// Returns the questions that must be answered for mail to and from a domain.
fn questions(internet: &Internet, place: usize) -> Vec<(Name, RecordType)> {
    let domain = &internet.domains[place];
    vec![
        (domain.name.clone(), RecordType::MX),
        (domain.name.clone(), RecordType::TXT),
        (domain.mail_host.clone(), RecordType::A),
    ]
}

fn has_stale_error(reply: &SimulatedReply) -> bool {
    reply.extended_error.as_ref().is_some_and(|error| error.code == ExtendedError::STALE_ANSWER)
}

// No server answers for ten minutes.
#[test]
fn known_mail_survives_outage() {
    for (seed, signed) in (0..10).map(|seed| (seed, seed % 2 == 1)) {
        let make = if signed { Internet::signed } else { Internet::new };
        let internet = make(seed, DOMAINS).unwrap();
        let oracle = Oracle::new(&internet.lab);
        let mut config = if signed { config_trusting(&internet.lab) } else { config_for(&internet.lab) };
        config.cache.max_ttl = TTL;
        paused(async {
            let simulation = Simulation::new(internet.lab.clone(), config, seed);
            let ask = async |name: &Name, kind| simulation.ask(name, kind).await.unwrap();
            let mut known = Vec::new();
            for (name, kind) in (0..DOMAINS / 2).flat_map(|place| questions(&internet, place)) {
                let reply = ask(&name, kind).await;
                if reply.message.metadata.response_code == ResponseCode::NoError
                    && !reply.message.answers.is_empty()
                {
                    known.push((name, kind));
                }
            }
            assert!(known.len() >= DOMAINS, "{} questions have answers", known.len());
            tokio::time::sleep(TTL).await;
            internet.lab.servers().iter().for_each(|server| server.set_faults(&[Fault::Dead]));
            let began = simulation.clock().mono();
            let mut round = 0;
            while simulation.clock().mono().since(began) < OUTAGE {
                for (name, kind) in &known {
                    let reply = ask(name, *kind).await;
                    let told =
                        format!("seed {seed}, {name} {kind}: {:?} {:#?}", reply.extended_error, reply.steps);
                    assert_eq!(reply.outcome, Outcome::Stale, "{told}");
                    assert!(has_stale_error(&reply), "{told}");
                    assert_eq!(oracle.objection(name, *kind, &reply.message), None, "{told}");
                    assert!(reply.message.answers.iter().all(|record| record.ttl <= 30), "{told}");
                    assert!(reply.elapsed <= Duration::from_millis(1_801), "{told}");
                }
                let place = DOMAINS / 2 + round % (DOMAINS / 2);
                for (name, kind) in questions(&internet, place) {
                    let reply = ask(&name, kind).await;
                    assert_eq!(
                        reply.message.metadata.response_code,
                        ResponseCode::ServFail,
                        "seed {seed}, {name} {kind}"
                    );
                }
                round += 1;
            }
            internet.lab.servers().iter().for_each(|server| server.set_faults(&[]));
            // The first answer of any server shows that the outage is over. Resolutions from the outage then begin again, and a failure is
            // cached for only one second.
            for (name, kind) in &known {
                ask(name, *kind).await;
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
            for (name, kind) in (0..DOMAINS).flat_map(|place| questions(&internet, place)) {
                let reply = ask(&name, kind).await;
                assert!(!has_stale_error(&reply), "seed {seed}, {name} {kind}: {:?}", reply.extended_error);
                assert_eq!(oracle.objection(&name, kind, &reply.message), None);
            }
        });
    }
}

/// Resolutions that began in the outage stay in progress for ten seconds. A later question that joins such a resolution must not wait until
/// the resolution ends.
#[test]
fn answers_are_fresh_after_outage() {
    for seed in 0..10 {
        let internet = Internet::new(seed, DOMAINS).unwrap();
        let mut config = config_for(&internet.lab);
        config.cache.max_ttl = TTL;
        paused(async {
            let simulation = Simulation::new(internet.lab.clone(), config, seed);
            let ask = async |(name, kind): &(Name, RecordType)| simulation.ask(name, *kind).await.unwrap();
            let known: Vec<_> = (0..DOMAINS / 2).flat_map(|place| questions(&internet, place)).collect();
            join_all(known.iter().map(ask)).await;
            tokio::time::sleep(TTL).await;
            internet.lab.servers().iter().for_each(|server| server.set_faults(&[Fault::Dead]));
            join_all(known.iter().map(ask)).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            internet.lab.servers().iter().for_each(|server| server.set_faults(&[]));
            // The questions about a new sender make resolverd query servers, which shows that the outage is over.
            join_all(questions(&internet, DOMAINS - 1).iter().map(ask)).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            for reply in join_all(known.iter().map(ask)).await {
                let told = format!("seed {seed}: {:?} {:#?}", reply.extended_error, reply.steps);
                assert!(!has_stale_error(&reply), "{told}");
                assert_ne!(reply.message.metadata.response_code, ResponseCode::ServFail, "{told}");
            }
        });
    }
}

#[test]
fn flush_removes_stale_answers() {
    let internet = Internet::new(1, DOMAINS).unwrap();
    paused(async {
        let mut config = config_for(&internet.lab);
        config.cache.max_ttl = TTL;
        let simulation = Simulation::new(internet.lab.clone(), config, 1);
        let domain = &internet.domains[0];
        let (name, kind) = (&domain.mail_host, RecordType::A);
        simulation.ask(name, kind).await.unwrap();
        tokio::time::sleep(TTL).await;
        internet.lab.servers().iter().for_each(|server| server.set_faults(&[Fault::Dead]));
        assert_eq!(simulation.ask(name, kind).await.unwrap().outcome, Outcome::Stale);
        simulation.resolver().memory().flush(&Flush::Name { name: name.clone(), kind: None });
        tokio::time::sleep(FLIGHT_TIME + Duration::from_secs(2)).await;
        let reply = simulation.ask(name, kind).await.unwrap();
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
    });
}

/// A zone with one name and one server.
fn one_name(text: &str) -> Arc<Lab> {
    let mut tree = Tree::default();
    for (last, (zone, server)) in
        (1..).zip([(".", "a.root"), ("tld.", "ns.tld"), ("one.tld.", "ns1.one.tld")])
    {
        tree.server(ServerPlan::new(server, vec![[127, 0, 0, last].into()])).unwrap();
        tree.zone(zone, &[server.to_owned()], if last == 3 { text } else { "" }).unwrap();
    }
    Arc::new(tree.build().unwrap())
}

/// The answer for type A shows that the name is no longer an alias (CNAME).
#[test]
fn former_alias_is_not_served_stale() {
    paused(async {
        let lab = one_name("www 300 CNAME web.one.tld.\nweb 300 AAAA fd00::1\n");
        let simulation = Simulation::new(lab.clone(), config_for(&lab), 1);
        let reply = ask(&simulation, "www.one.tld.", RecordType::AAAA).await;
        assert_eq!(reply.message.answers.len(), 2, "{:#?}", reply.steps);
        tokio::time::sleep(Duration::from_secs(301)).await;
        lab.take_zones_of(&one_name("www 300 A 10.0.0.9\n"));
        let reply = ask(&simulation, "www.one.tld.", RecordType::A).await;
        assert_eq!(reply.message.answers.len(), 1, "{:#?}", reply.steps);
        lab.server("ns1.one.tld").unwrap().set_faults(&[Fault::Refused]);
        let reply = ask(&simulation, "www.one.tld.", RecordType::AAAA).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{:#?}", reply.steps);
    });
}
