//! The DNS of a message of mail: its time and its queries to servers, with look-ahead off, by rules and learned, next to the
//! limits. `cargo bench --bench message` prints a table for each of five worlds. Times and queries are those of a virtual
//! clock: they do not depend on the machine. The CPU time does.

use lab::mails::Popularity;
use lab::message_bench::{BenchError, Options, table};

fn main() -> Result<(), BenchError> {
    let worlds = [
        ("mail by Zipf's law", Options::default()),
        ("all domains alike", Options { popularity: Popularity::Uniform, ..Options::default() }),
        ("30 % of all exchanges lost", Options { loss_per_mille: 300, ..Options::default() }),
        ("a dead server in each zone", Options { dead_servers: true, ..Options::default() }),
        ("20 times the rate", Options { rate: 500, messages: 6_000, ..Options::default() }),
    ];
    for (title, options) in worlds {
        println!(
            "{title}: {} messages, {} a second, seeds {:?}",
            options.messages, options.rate, options.seeds
        );
        println!("{}", table(&options)?);
    }
    Ok(())
}
