//! Mail before and after a restart: which data the snapshot of the cache has, and how long the DNS questions of emails take.

use std::sync::Arc;
use std::time::Duration;

use dns::question::{ExtendedError, Outcome};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use lab::fault::Fault;
use lab::internet::Internet;
use lab::mails::{Popularity, draw};
use lab::oracle::Oracle;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::traffic::{Mail, play};

const DOMAINS: usize = 150;

/// The number of emails before the restart.
const BEFORE: usize = 600;
/// The number of emails after the restart.
const AFTER: usize = 300;

/// The maximum TTL in the test with an outage.
const TTL: Duration = Duration::from_secs(60);

fn simulation(internet: &Internet, seed: u64) -> Simulation {
    Simulation::new(Arc::clone(&internet.lab), config_trusting(&internet.lab), seed)
}

/// Returns the time for the DNS questions of all emails.
async fn take(simulation: &Simulation, internet: &Internet, mail: &[Mail]) -> Duration {
    let mut taken = Duration::ZERO;
    for message in mail {
        taken += play(internet, message, simulation, simulation.clock()).await.elapsed;
    }
    taken
}

#[test]
fn restart_hardly_slows_mail() {
    let mut all = [Duration::ZERO; 3];
    for seed in 1..=3 {
        let internet = Internet::signed(seed, DOMAINS).unwrap();
        let mail = draw(&internet, seed, BEFORE + AFTER, Popularity::Uniform);
        let (before, after) = mail.split_at(BEFORE);
        let run = |kept: Option<bool>| {
            paused(async {
                let first = simulation(&internet, seed);
                take(&first, &internet, before).await;
                match kept {
                    None => take(&first, &internet, after).await,
                    Some(true) => take(&first.restarted(seed + 100), &internet, after).await,
                    Some(false) => take(&simulation(&internet, seed + 100), &internet, after).await,
                }
            })
        };
        let taken = [None, Some(true), Some(false)].map(run);
        all.iter_mut().zip(taken).for_each(|(all, taken)| *all += taken);
    }
    let [without, kept, cold] = all;
    println!("300 messages: {without:?} without a restart, {kept:?} after one, {cold:?} cold");
    assert!(kept.as_secs_f64() <= 1.15 * without.as_secs_f64(), "{kept:?} after {without:?}; cold {cold:?}");
    assert!(cold.as_secs_f64() > 1.3 * without.as_secs_f64(), "the test shows nothing: {cold:?} {without:?}");
}

/// Returns the questions that must be answered for mail to and from the known domains, if these names have records.
async fn known_questions(simulation: &Simulation, internet: &Internet) -> Vec<(Name, RecordType)> {
    let mut known = Vec::new();
    for domain in &internet.domains[..DOMAINS / 5] {
        let of_name = |kind| (domain.name.clone(), kind);
        let of_host = (domain.mail_host.clone(), RecordType::A);
        for (name, kind) in [of_name(RecordType::MX), of_name(RecordType::TXT), of_host] {
            let reply = simulation.ask(&name, kind).await.unwrap();
            let is_answered = reply.message.metadata.response_code == ResponseCode::NoError
                && !reply.message.answers.is_empty();
            known.extend(is_answered.then_some((name, kind)));
        }
    }
    assert!(known.len() >= DOMAINS / 5, "{} questions have answers", known.len());
    known
}

/// All answers have expired, and no server answers. Ten minutes later, the daemon restarts. Mail to known domains must still be delivered.
#[test]
fn known_mail_survives_restart_in_outage() {
    for signed in [false, true] {
        let make = if signed { Internet::signed } else { Internet::new };
        let internet = make(1, DOMAINS).unwrap();
        let oracle = Oracle::new(&internet.lab);
        paused(async {
            let process = |seed| {
                let lab = &internet.lab;
                let mut config = if signed { config_trusting(lab) } else { config_for(lab) };
                config.cache.max_ttl = TTL;
                Simulation::new(Arc::clone(lab), config, seed)
            };
            let first = process(1);
            let known = known_questions(&first, &internet).await;
            tokio::time::sleep(TTL + Duration::from_secs(600)).await;
            internet.lab.servers().iter().for_each(|server| server.set_faults(&[Fault::Dead]));
            let next = first.restarted(2);
            for (name, kind) in &known {
                let reply = next.ask(name, *kind).await.unwrap();
                let told =
                    format!("signed: {signed}, {name} {kind}: {:?} {:#?}", reply.extended_error, reply.steps);
                assert_eq!(reply.outcome, Outcome::Stale, "{told}");
                let code = reply.extended_error.map(|error| error.code);
                assert_eq!(code, Some(ExtendedError::STALE_ANSWER), "{told}");
                assert_eq!(oracle.objection(name, *kind, &reply.message), None, "{told}");
                assert!(reply.message.answers.iter().all(|record| record.ttl <= 30), "{told}");
                assert!(reply.elapsed <= Duration::from_millis(1_801), "{told}");
            }
            // Expired answers are used for an hour after the end of their TTL. The restart does not extend this hour: it was 600 s after
            // the end, and another 3 000 s pass here.
            tokio::time::sleep(Duration::from_secs(3_000)).await;
            for (name, kind) in &known {
                let reply = next.ask(name, *kind).await.unwrap();
                assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{name} {kind}");
            }
        });
    }
}
