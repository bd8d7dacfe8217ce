//! The DNS of an email: how long it takes, and how many queries go to servers. Compares an ideal resolver with three modes of look-ahead: off, by
//! rules, and learned. `cargo bench --bench message` prints a table for each of seven simulated internets, or only for those whose title contains the
//! argument. Times and queries come from a virtual clock, so they do not depend on the machine. The CPU time does. RESOLVERD_FINAL_SEEDS=1 selects
//! other seeds, which are never used to tune resolverd.

use lab::mails::Popularity;
use lab::message_bench::{Before, BenchError, FINAL_SEEDS, Options, table};

fn main() -> Result<(), BenchError> {
    let mut options = Options::default();
    if std::env::var_os("RESOLVERD_FINAL_SEEDS").is_some() {
        options.seeds = FINAL_SEEDS.to_vec();
    }
    // cargo adds arguments that begin with dashes.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let worlds = [
        ("mail by Zipf's law", options.clone()),
        ("after a restart", Options { before: Before::Restart, ..options.clone() }),
        (
            "one message a second, after a restart",
            Options { rate: 1, before: Before::Restart, ..options.clone() },
        ),
        ("all domains alike", Options { popularity: Popularity::Uniform, ..options.clone() }),
        ("30 % of all exchanges lost", Options { loss_per_mille: 300, ..options.clone() }),
        ("a dead server in each zone", Options { dead_servers: true, ..options.clone() }),
        ("20 times the rate", Options { rate: 500, messages: 6_000, ..options }),
    ];
    for (title, options) in worlds.into_iter().filter(|(title, _)| title.contains(&wanted)) {
        println!(
            "{title}: {} messages, {} a second, seeds {:?}",
            options.messages, options.rate, options.seeds
        );
        println!("{}", table(&options)?);
    }
    Ok(())
}
