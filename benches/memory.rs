//! The memory that entries of the cache take, compared with their weight, which `cache.size` limits. The values of `ENTRY_OVERHEAD` in
//! `src/resolver/cache/mod.rs` and of `ENTRY` in `src/resolver/cache/servers.rs` are results of this program.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::rdata::{A, NS, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use dns::cached::{Delegation, Rank, StoreFill};
use dns::clock::Mono;
use dns::question::{ExtendedError, Question, ViewId};
use dns::random::Random;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;
use resolver::cache::failures::ServersMeanwhile;
use resolver::cache::negative::Denial;
use resolver::cache::{ENTRY_OVERHEAD, Memory};
use resolverd as _;

/// This number is so large that the hash table grows several times.
const ENTRIES: u32 = 200_000;

/// The size of the cache in octets. It is large enough for all entries, so that none is evicted.
const SIZE: u64 = 8 << 30;

const DAY: Duration = Duration::from_secs(86_400);

fn main() {
    measure("answers, A", "answers", |memory, number| put_answer(memory, number, &address(number)));
    measure("answers, TXT of 200", "answers", |memory, number| put_answer(memory, number, &text(number)));
    measure("rrsets, A", "rrsets", |memory, number| {
        memory.rrsets.in_view(ViewId::default()).put(&[&address(number)], Rank::Answer, DAY, Mono::START);
    });
    measure("rrsets, TXT of 200", "rrsets", |memory, number| {
        memory.rrsets.in_view(ViewId::default()).put(&[&text(number)], Rank::Answer, DAY, Mono::START);
    });
    measure("negatives", "rrsets", |memory, number| {
        let soa = soa(number);
        memory.rrsets.in_view(ViewId::default()).put_negative(
            Denial { name: &name(number), kind: RecordType::AAAA, nxdomain: false, soa: &soa },
            DAY,
            Mono::START,
        );
    });
    measure("delegations", "rrsets", put_delegation);
    measure("failures", "failures", |memory, number| {
        let error =
            ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, "no server answered, or not in time");
        memory.failures.put(
            Question::new(&name(number), RecordType::A).key(),
            error,
            ServersMeanwhile::Answered,
            Mono::START,
        );
    });
    measure("servers", "servers", |memory, number| {
        let server = memory.servers.get(SocketAddr::from((Ipv4Addr::from_bits(number), 53)));
        server.answered(&Name::root(), Duration::from_millis(20), Mono::START);
        server.mark_lame(&name(number), DAY, Mono::START);
    });
}

fn measure(title: &str, store: &str, put: impl Fn(&Memory, u32)) {
    let memory = Memory::new(SIZE, &Random::seeded(1));
    // The cache is created before the first measurement, so that only the memory of the entries is measured. Part of the memory of an empty cache may
    // have belonged to an earlier cache.
    let before = resident();
    for number in 0..ENTRIES {
        put(&memory, number);
        if number % 64 == 0 {
            fill(&memory, store);
        }
    }
    let fill = fill(&memory, store);
    let grown = resident().saturating_sub(before) as f64 / fill.entries as f64;
    let weighed = fill.bytes as f64 / fill.entries as f64;
    println!(
        "memory/{title}: {grown:.0} octets an entry, weighed at {weighed:.0} ({ENTRY_OVERHEAD} of them beside its own); {} entries",
        fill.entries
    );
    // The store is not freed. Otherwise the next store would use its memory, and the resident memory would grow less.
    std::mem::forget(memory);
}

fn fill(memory: &Memory, store: &str) -> StoreFill {
    let [answers, rrsets, servers, failures] = memory.fill();
    match store {
        "answers" => answers,
        "rrsets" => rrsets,
        "servers" => servers,
        _ => failures,
    }
}

/// The resident memory of this process in octets (proc(5), statm: pages of 4 KiB).
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn name(number: u32) -> Name {
    Name::from_ascii(format!("mail{number}.customer.example.")).unwrap_or_default()
}

fn address(number: u32) -> Record {
    Record::from_rdata(name(number), 3_600, RData::A(A(Ipv4Addr::from_bits(number))))
}

fn text(number: u32) -> Record {
    Record::from_rdata(name(number), 3_600, RData::TXT(TXT::new(vec!["x".repeat(200)])))
}

fn soa(number: u32) -> Record {
    let data = SOA::new(name(number), name(number), 1, 7_200, 900, 1_209_600, 3_600);
    Record::from_rdata(name(number), 3_600, RData::SOA(data))
}

fn put_answer(memory: &Memory, number: u32, record: &Record) {
    let question = Question::new(&record.name, record.record_type());
    let parts = AnswerParts::positive(&question, std::slice::from_ref(record), Mono::START);
    if let Some(answer) = compose::answer(&parts) {
        memory.answers.put(Question::new(&name(number), record.record_type()).key(), &Arc::new(answer));
    }
}

fn put_delegation(memory: &Memory, number: u32) {
    let servers: Vec<Name> = (0..3).map(|server| NS(name(number + server)).0).collect();
    let glue = (0..3).map(|server| (server, Ipv4Addr::from_bits(number).into())).collect();
    let expires = Mono::START.after(DAY);
    memory.rrsets.in_view(ViewId::default()).put_delegation(Arc::new(Delegation::plain(
        name(number),
        servers,
        glue,
        (Mono::START, expires),
    )));
}
