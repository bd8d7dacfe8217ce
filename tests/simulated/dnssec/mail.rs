//! The time and the queries that validation costs per email. The root, the TLDs and a quarter of the domains are signed.

use std::time::Duration;

use lab::internet::{DEFAULT_DOMAINS, Internet};
use lab::mails::{Popularity, draw};
use lab::simulation::{Simulation, config_trusting, paused};
use lab::traffic;
use lab::traffic::Played;

/// The number of emails. For the first ones, the cache has no zones; for the last ones, it has most zones, as during a day at a small gateway.
const MESSAGES: usize = 400;

/// Plays emails with an empty cache at first. Returns the questions and times of each.
fn play(seed: u64, validate: bool) -> Vec<Played> {
    let internet = Internet::signed(seed, DEFAULT_DOMAINS).unwrap();
    let mails = draw(&internet, seed, MESSAGES, Popularity::Uniform);
    paused(async {
        let mut config = config_trusting(&internet.lab);
        config.dnssec.validate = validate;
        let simulation = Simulation::new(internet.lab.clone(), config, seed);
        let mut played = Vec::new();
        for mail in &mails {
            played.push(traffic::play(&internet, mail, &simulation, simulation.clock()).await);
        }
        played
    })
}

fn mean(played: &[Played]) -> Duration {
    let all: Duration = played.iter().map(|played| played.elapsed).sum();
    all / u32::try_from(played.len()).unwrap()
}

#[test]
fn validation_costs_mail_five_percent() {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for seed in 1..=3 {
        with.extend(play(seed, true));
        without.extend(play(seed, false));
    }
    let failed = |played: &[Played]| played.iter().map(|played| played.failed).sum::<u32>();
    assert_eq!((failed(&with), failed(&without)), (0, 0));
    let (with, without) = (mean(&with), mean(&without));
    println!("a message takes {with:?} with validation, {without:?} without");
    assert!(with <= without.mul_f64(1.05), "{with:?} with validation, {without:?} without");
}
