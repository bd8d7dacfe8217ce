//! Ten thousand questions over a hostile internet. The memory of the resolver must not grow with the number of questions.

use std::time::Duration;

use dns::random::Random;
use lab::fault::Fault;
use lab::internet::Internet;
use lab::mails::{Popularity, draw};
use lab::prelude::resident;
use lab::simulation::{Simulation, config_for, paused};
use lab::traffic;
use resolver::limits::DEAD_WANTED_TIME;
use resolverd as _;

/// The number of mail domains: three for each hoster.
const DOMAINS: usize = 24;

/// The number of emails between two measurements. Each email asks about forty questions.
const MESSAGES: u64 = 60;

/// One server of each zone has one of these faults. In addition, packets get lost.
const AILMENTS: [Fault; 8] = [
    Fault::Dead,
    Fault::Refused,
    Fault::DropsEdns,
    Fault::AlwaysTruncates,
    Fault::SilentTcp,
    Fault::HangsUp,
    Fault::Flood(60),
    Fault::WrongQuestion,
];

/// The permitted growth between two measurements, in octets. The allocator keeps some free memory.
const SLACK: u64 = 1 << 20;

#[test]
fn memory_is_flat() {
    let grown = paused(async {
        let internet = Internet::new(7, DOMAINS).unwrap();
        internet.lab.break_one_of_each_zone(&AILMENTS, &Random::seeded(7));
        let mut config = config_for(&internet.lab);
        // The cache is small, so that it is full at the first measurement.
        config.cache.size = 8 << 20;
        let simulation = Simulation::new(internet.lab.clone(), config, 7);
        simulation.network().set_loss(100);
        simulation.network().set_stream_loss(100);
        let mut looks = Vec::new();
        for number in 0..5 * MESSAGES {
            for mail in draw(&internet, number, 1, Popularity::Uniform) {
                traffic::play(&internet, &mail, &simulation, simulation.clock()).await;
            }
            // The log of the lab uses memory of the same process, so the log is emptied.
            internet.lab.log().take();
            tokio::time::sleep(Duration::from_secs(20)).await;
            if (number + 1) % MESSAGES == 0 {
                // After this pause, resolverd no longer probes dead servers, so no task is left.
                tokio::time::sleep(DEAD_WANTED_TIME + Duration::from_secs(60)).await;
                let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
                assert_eq!((simulation.resolver().flights(), tasks), (0, simulation.by_itself()));
                looks.push(resident());
            }
        }
        looks
    });
    println!("resident: {grown:?}");
    let (warm, last) = (grown[1], grown[grown.len() - 1]);
    assert!(last <= warm + SLACK, "resident octets from look to look: {grown:?}");
}
