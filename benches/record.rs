//! The cost of counting for a hit. Budget: under 50 ns a question, so that a worker loses less than 1 % to
//! statistics.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use resolverd::clock::Clock;
use resolverd::question::Outcome;
use resolverd::record::event::Ended;
use resolverd::record::{Recorder, Window};

/// Questions a run; the best of several runs is printed, because the machine does other things too.
const QUESTIONS: u32 = 2_000_000;

/// Runs.
const RUNS: usize = 7;

fn main() {
    measure("one client", 1);
    measure("eight clients by turns", 8);
}

/// Counts questions of this many clients and prints the cost of one.
fn measure(title: &str, clients: u32) {
    let recorder = Recorder::new(Clock::machine(), 4);
    let kinds = [RecordType::A, RecordType::TXT, RecordType::MX, RecordType::PTR];
    let best = (0..RUNS).map(|_| run(&recorder, clients, &kinds)).min().unwrap_or_default();
    let counted = recorder.report(Window::Start).questions;
    println!(
        "record/question, {title}: {:.1} ns ({counted} counted)",
        best.as_secs_f64() * 1e9 / f64::from(QUESTIONS)
    );
}

/// The time of one run.
fn run(recorder: &Recorder, clients: u32, kinds: &[RecordType]) -> Duration {
    let begin = Instant::now();
    for (number, kind) in (0..QUESTIONS).zip(kinds.iter().cycle()) {
        let ended = Ended {
            client: IpAddr::V4(Ipv4Addr::from_bits(0x7f00_0001 + number % clients)),
            kind: *kind,
            outcome: Outcome::Cache,
            elapsed: Duration::from_nanos(u64::from(number % 40_000)),
        };
        recorder.question(1, black_box(&ended));
    }
    begin.elapsed()
}
