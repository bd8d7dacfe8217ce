//! The cost of the query history. Counting a hit takes less than 50 ns, so that a worker thread loses less than 1 % of its time to statistics.
//! The commands that read the whole history (`why`, `stats --by stage`) take a few tens of milliseconds.

#[path = "record/traffic.rs"]
mod traffic;

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use hickory_proto::rr::{Name, RecordType};

use dns::clock::Clock;
use dns::question::{Outcome, wire_name};
use explain::search::why;
use explain::spent;
use explain::why::{DaemonFacts, Wanted, WantedSubject};
use record::event::Ended;
use record::redact::Secrets;
use record::{Recorder, Window};
use traffic::Traffic;

const QUESTIONS: u32 = 2_000_000;

/// The number of runs. The program prints the best one, because other processes slow some of the runs down.
const RUNS: usize = 7;

/// In octets: the default of `history.size`.
const SIZE: u64 = 16 << 20;

/// 2026-11-20 09:12:00 UTC.
const BEGIN: u64 = 1_795_165_920;

fn main() {
    measure("one client", 1);
    measure("eight clients by turns", 8);
    // Timers of the runtime use virtual time, which only the traffic advances.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let Ok(runtime) = runtime else { return println!("record: no runtime") };
    let _inside = runtime.enter();
    measure_readers("full load", |traffic| traffic.flood(400_000));
    measure_readers("mail", |traffic| traffic.mail(60_000));
}

fn measure_readers(title: &str, fill: impl Fn(&mut Traffic<'_>)) {
    let clock = Clock::simulated(BEGIN);
    let recorder = Recorder::with_size(clock.clone(), 1, SIZE);
    fill(&mut Traffic { clock: &clock, recorder: &recorder, state: 1 });
    let secrets = Secrets::default();
    let facts = DaemonFacts::default();
    let name = Name::from_ascii("w1.z1.bench.").map(|name| wire_name(&name)).unwrap_or_default();
    for (command, subject) in
        [("why NAME", Some(WantedSubject::Name(name.into()))), ("why --slowest 20", None)]
    {
        let wanted = Wanted { subject, from: 0, to: u64::MAX, client: None, most: 20, decisive: None };
        let none_late = || false;
        print(title, command, || {
            let recorded = recorder.recorded(&wanted.span(), &secrets);
            why(&recorded, std::slice::from_ref(&wanted), &facts, &none_late).remove(0).len()
        });
    }
    let times = (BEGIN * 1_000_000, clock.unix_micros());
    let recorded = || recorder.recorded_in_memory(&spent::stage_span(times.0), &secrets);
    print(title, "stats --by stage", || spent::stages(&recorded(), times).rows.len());
}

fn print(title: &str, command: &str, run: impl Fn() -> usize) {
    let timed = |_| {
        let begin = Instant::now();
        black_box(run());
        begin.elapsed()
    };
    let best = (0..RUNS).map(timed).min().unwrap_or_default();
    println!("record/{command}, {title}: {:.1} ms", best.as_secs_f64() * 1e3);
}

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
