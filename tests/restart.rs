//! Mail over a restart, in simulation: the data that the snapshot keeps, and the cost of the messages after it.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use resolverd::dnsbl::kept_lists::KeptLists;
use resolverd::lab::internet::Internet;
use resolverd::lab::simulation::{Simulation, config_trusting, paused};
use resolverd::lab::traffic::{Mail, draw, play};

/// Mail domains of the internet.
const DOMAINS: usize = 150;

/// Messages before the restart, and after it.
const BEFORE: usize = 600;
const AFTER: usize = 300;

/// A cold resolver.
fn simulation(internet: &Internet, seed: u64) -> Simulation {
    Simulation::new(Arc::clone(&internet.lab), config_trusting(&internet.lab), seed)
}

/// Plays messages one after the other; the time that all of them take.
async fn take(simulation: &Simulation, internet: &Internet, mail: &[Mail]) -> Duration {
    let mut taken = Duration::ZERO;
    for message in mail {
        taken += play(internet, message, simulation, simulation.clock()).await.elapsed;
    }
    taken
}

/// Another process, which reads the files of the first one: the cache, and the state of DNS lists.
async fn restarted(first: &Simulation, internet: &Internet, seed: u64) -> Simulation {
    let mut file = Cursor::new(Vec::new());
    let (resolver, now) = (first.resolver(), first.clock().now());
    resolver.memory().write_snapshot(&resolver.snapshot_scope(), now, &mut file).unwrap();
    file.set_position(0);
    let next = simulation(internet, seed);
    next.clock().set_wrong_by(i64::try_from(now.unix - next.clock().now().unix).unwrap());
    let (of, now) = (next.resolver(), next.clock().now());
    let read = of.memory().read_snapshot(&of.snapshot_scope(), now, &mut file, || true).unwrap();
    assert!(read.restored > 1_000, "{read:?}");
    KeptLists::of(resolver.lists()).restore(of.lists(), |apex, way| of.is_asked(apex, way));
    next
}

#[test]
fn messages_after_a_restart_take_hardly_longer_than_without_it() {
    let mut all = [Duration::ZERO; 3];
    for seed in 1..=3 {
        let internet = Internet::signed(seed, DOMAINS).unwrap();
        let mail = draw(&internet, seed, BEFORE + AFTER);
        let (before, after) = mail.split_at(BEFORE);
        let run = |kept: Option<bool>| {
            paused(async {
                let first = simulation(&internet, seed);
                take(&first, &internet, before).await;
                match kept {
                    None => take(&first, &internet, after).await,
                    Some(true) => {
                        let next = restarted(&first, &internet, seed + 100).await;
                        take(&next, &internet, after).await
                    }
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
