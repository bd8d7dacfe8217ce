//! The cost of a hit (an answer from the cache) without sockets: the total, and the cost of each part, which are reading the query, looking up the
//! answer, and writing the reply.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_proto::op::{Edns, Message, Query as Asked, ResponseCode};
use hickory_proto::rr::rdata::{A, MX, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use config::Config;
use dns::clock::{Clock, Mono};
use dns::question::{Question, ViewId};
use dns::random::Random;
use dns::wire::compose::AnswerParts;
use dns::wire::query::Query;
use dns::wire::{compose, reply};
use resolver::cache::Memory;

const ROUNDS: u32 = 300_000;

/// The number of runs. The program prints the best one, because other processes slow some of the runs down.
const RUNS: usize = 7;

const OTHERS: u32 = 10_000;

fn main() {
    let memory = Memory::new(Config::default().cache.size, &Random::seeded(1));
    for number in 0..OTHERS {
        let record = record(&format!("mail{number}"), RData::A(A(Ipv4Addr::from_bits(number))));
        put(&memory, &[record]);
    }
    let spf = "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 include:_spf.provider.example mx -all".to_owned();
    let exchange = |preference, host| RData::MX(MX::new(preference, name(host)));
    let cases = [
        vec![record("www", RData::A(A(Ipv4Addr::LOCALHOST)))],
        vec![record("@", exchange(10, "mx1")), record("@", exchange(20, "mx2"))],
        vec![record("@", RData::TXT(TXT::new(vec![spf])))],
    ];
    for case in cases {
        put(&memory, &case);
        for edns in [true, false] {
            measure(&memory, &case[0], edns);
        }
    }
    let clock = Clock::machine();
    println!("hit/clock: {:.1} ns", best(|| black_box(clock.mono())));
}

fn measure(memory: &Memory, record: &Record, edns: bool) {
    let kind = record.record_type();
    let datagram = datagram(&record.name, kind, edns);
    let Ok(query) = Query::read(&datagram, ViewId::default()) else { return println!("{kind}: not read") };
    let now = Mono::START.after(Duration::from_secs(100));
    let Some(answer) = memory.answers.get(query.key(), now) else { return println!("{kind}: not in memory") };
    let mut out = Vec::with_capacity(4_096);
    let read = best(|| Query::read(black_box(&datagram), ViewId::default()).is_ok());
    let get = best(|| memory.answers.get(black_box(query.key()), now));
    let write = best(|| reply::write(&mut out, black_box(&answer), black_box(&query), 1_232, now));
    let whole = best(|| {
        if let Ok(query) = Query::read(black_box(&datagram), ViewId::default())
            && let Some(answer) = memory.answers.get(query.key(), now)
        {
            reply::write(&mut out, &answer, &query, query.udp_limit(), now);
        }
    });
    let title = if edns { "with EDNS" } else { "without EDNS" };
    println!(
        "hit/{kind} {title}: {whole:.1} ns (read {read:.1}, get {get:.1}, write {write:.1}; {} octets)",
        out.len()
    );
}

fn best<T>(mut round: impl FnMut() -> T) -> f64 {
    let mut run = || {
        let begin = Instant::now();
        for _ in 0..ROUNDS {
            black_box(round());
        }
        begin.elapsed()
    };
    let best = (0..RUNS).map(|_| run()).min().unwrap_or_default();
    best.as_secs_f64() * 1e9 / f64::from(ROUNDS)
}

fn name(host: &str) -> Name {
    let text = if host == "@" { "customer.example.".to_owned() } else { format!("{host}.customer.example.") };
    Name::from_ascii(text).unwrap_or_default()
}

fn record(host: &str, data: RData) -> Record {
    Record::from_rdata(name(host), 3_600, data)
}

fn put(memory: &Memory, records: &[Record]) {
    let Some(first) = records.first() else { return };
    let question = Question::new(&first.name, first.record_type());
    let parts = AnswerParts {
        question: &question,
        rcode: ResponseCode::NoError,
        answers: records,
        authorities: &[],
        stored: Mono::START,
        extended_error: None,
        list: None,
    };
    if let Some(answer) = compose::answer(&parts) {
        memory.answers.put(question.key(), &Arc::new(answer));
    }
}

fn datagram(name: &Name, kind: RecordType, edns: bool) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = 4_711;
    message.metadata.recursion_desired = true;
    message.add_query(Asked::query(name.clone(), kind));
    if edns {
        let mut edns = Edns::new();
        edns.set_max_payload(1_232);
        message.set_edns(edns);
    }
    message.to_vec().unwrap_or_default()
}
