//! What validation costs in CPU: mail over a signed internet in memory, with and without it, from a cold start.

use std::time::{Duration, Instant};

use resolverd::lab::internet::{DEFAULT_DOMAINS, Internet};
use resolverd::lab::simulation::{Simulation, config_trusting, paused};
use resolverd::lab::traffic;

type Failure = Box<dyn std::error::Error>;

/// Messages a run.
const MESSAGES: usize = 400;

/// Runs; the best is told, as the machine does other things too.
const RUNS: usize = 5;

fn main() -> Result<(), Failure> {
    let internet = Internet::signed(1, DEFAULT_DOMAINS)?;
    let mails = traffic::draw(&internet, 1, MESSAGES);
    for validate in [false, true] {
        let mut best = Duration::MAX;
        let mut questions = 0;
        for _ in 0..RUNS {
            let (took, asked) = run(&internet, &mails, validate);
            best = best.min(took);
            questions = asked;
        }
        let each = best.as_secs_f64() * 1e6 / f64::from(questions);
        let how = if validate { "validated" } else { "unvalidated" };
        println!(
            "validate/mail, {how}: {best:?} for {MESSAGES} messages, {each:.1} µs a question, servers included"
        );
    }
    Ok(())
}

/// The time of one run on the machine's clock, and the questions asked.
fn run(internet: &Internet, mails: &[traffic::Mail], validate: bool) -> (Duration, u32) {
    paused(async {
        let mut config = config_trusting(&internet.lab);
        config.dnssec.validate = validate;
        let simulation = Simulation::new(internet.lab.clone(), config, 1);
        let begin = Instant::now();
        let mut questions = 0;
        for mail in mails {
            questions += traffic::play(internet, mail, &simulation, simulation.clock()).await.questions;
        }
        (begin.elapsed(), questions)
    })
}
