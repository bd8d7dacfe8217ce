//! The snapshot of a cache with half a million entries: how long it takes to write and to read it, and how long a lookup takes while it is read.

use std::fs::File;
use std::io::{Seek, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use dns::cached::Rank;
use dns::clock::{Mono, Now};
use dns::question::ViewId;
use dns::random::Random;
use resolver::cache::Memory;
use resolver::cache::snapshot::Scope;

const NAMES: u32 = 500_000;

/// The size of the cache in octets. It is large enough for all entries, so that none is evicted.
const SIZE: u64 = 1 << 30;

const DAY: Duration = Duration::from_secs(86_400);

/// The monotonic clock shows more than 11 days, so that entries of the snapshot can be older than this process.
const NOW: Now = Now { mono: Mono::from_micros(1_000_000_000_000), unix: 1_800_000_000 };

fn main() {
    let view = ViewId::default();
    let scope = Scope {
        fingerprint: [1; 32],
        configured: [].into(),
        views: vec![view],
        lists: [b"\x02bl\x07example\x00".to_vec()].into(),
        overlooked: [].into(),
        max_ttl: DAY,
        serve_stale: Duration::from_secs(3_600),
    };
    let before = Memory::new(SIZE, &Random::seeded(1));
    (0..NAMES).for_each(|number| put(&before, number));
    let mut file = tempfile::tempfile().unwrap();
    let began = Instant::now();
    let written = before.write_snapshot(&scope, NOW, &mut file).unwrap();
    let took = began.elapsed();
    println!("snapshot/write: {} entries, {} MiB in {took:.2?}", written.entries, written.octets >> 20);
    let names: Vec<_> = (0..NAMES).step_by(50).map(name).collect();
    drop(before);

    let after = Memory::new(SIZE, &Random::seeded(2));
    let ended = Arc::new(AtomicBool::new(false));
    let lookups = {
        let (after, ended) = (after.clone(), Arc::clone(&ended));
        thread::spawn(move || {
            let mut times = Vec::new();
            for name in names.iter().cycle() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                let rrsets = after.rrsets.in_view(ViewId::default());
                std::hint::black_box(rrsets.rrset(name, RecordType::A, Rank::Answer, NOW.mono));
                times.push(began.elapsed());
                thread::sleep(Duration::from_micros(100));
            }
            times.sort_unstable();
            times
        })
    };
    read(&after, &scope, &mut file);
    ended.store(true, Ordering::Relaxed);
    let times = lookups.join().unwrap();
    let at = |permille: usize| times[(times.len() * permille / 1_000).min(times.len() - 1)];
    println!(
        "snapshot/lookups meanwhile: {} of them, p50 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, slowest {:.2?}",
        times.len(),
        at(500),
        at(990),
        at(999),
        at(1_000)
    );
}

fn read(memory: &Memory, scope: &Scope, file: &mut File) {
    file.flush().unwrap();
    file.rewind().unwrap();
    let began = Instant::now();
    let read = memory.read_snapshot(scope, NOW, file, || true).unwrap();
    let took = began.elapsed();
    println!("snapshot/read: {} of {} entries in {took:.2?}", read.restored, read.entries);
    assert_eq!(read.restored, u64::from(NAMES) * 2);
}

fn name(number: u32) -> Name {
    Name::from_ascii(format!("host{number}.mail.domain{}.example.", number % 5_003)).unwrap()
}

fn put(memory: &Memory, number: u32) {
    let address = RData::A(A(Ipv4Addr::from_bits(number)));
    let record = Record::from_rdata(name(number), 86_400, address);
    memory.rrsets.in_view(ViewId::default()).put(&[&record], Rank::Answer, DAY, NOW.mono);
}
