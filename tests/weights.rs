//! Compares the weights of cache entries, which `cache.size` limits, with the memory that the entries take. Each kind of entry is measured
//! in a separate process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::dnssec::rdata::{DNSKEY, DNSSECRData, NSEC, RRSIG, SigInput};
use hickory_proto::dnssec::{Algorithm, PublicKeyBuf};
use hickory_proto::rr::rdata::{A, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType, SerialNumber};

use dns::cached::{Delegation, Evidence, Rank, StoreFill};
use dns::clock::Mono;
use dns::question::{ExtendedError, Question, ViewId};
use dns::random::Random;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;
use lab::prelude::resident;
use resolver::cache::Memory;
use resolver::cache::failures::ServersMeanwhile;
use resolver::cache::negative::Denial;
use resolver::cache::rrset::Credibility;
use resolver::cache::security::{Backing, ZoneSecurity, ZoneTrust};
use resolver::limits::{MAX_LAME_ZONES, MAX_SILENT_ZONES, MAX_SLOW_ZONES};
use resolverd as _;
use validate::keys::{ZoneKey, ZoneKeys};
use validate::verdict::{ValidationFailure, Why};

/// The size of the cache, in octets. It is so large that no entry is removed.
const SIZE: u64 = 8 << 30;

/// The total weight of the entries of each kind, in octets. It is many times larger than the blocks that an allocator requests from the kernel.
const FILLED: u64 = 32 << 20;

const DAY: Duration = Duration::from_secs(86_400);

/// The largest permitted ratio of memory to weight. With a larger one, the process would exceed `cache.size`.
const MOST: f64 = 1.1;

/// The smallest permitted ratio. With a smaller one, a part of `cache.size` would not be used.
const LEAST: f64 = 0.55;

/// The environment variable with the kind of entries. Without it, the process starts another process for each kind.
const SORT: &str = "RESOLVERD_WEIGHED_SORT";

/// Returns the ratio of the memory of the entries to their weight.
fn share((title, store, put): &Sort<'_>) -> f64 {
    let memory = Memory::new(SIZE, &Random::seeded(1));
    let fill = || memory.fill().into_iter().find(|fill| fill.store == *store).unwrap();
    // The first entry makes the cache allocate memory that does not belong to an entry.
    put(&memory, 0);
    let (before, empty) = (resident(), fill());
    let mut number = 1;
    while fill().bytes < FILLED {
        for _ in 0..64 {
            put(&memory, number);
            number += 1;
        }
    }
    let StoreFill { entries, bytes, .. } = fill();
    let taken = resident().saturating_sub(before);
    println!("{title}: {} octets an entry, weighed at {}", taken / entries, bytes / entries);
    taken as f64 / (bytes - empty.bytes) as f64
}

type Sort<'a> = (&'a str, &'a str, &'a dyn Fn(&Memory, u32));

/// Returns a different name for each number, with this many octets of labels.
fn name(number: u32, octets: usize) -> Name {
    let mut labels = vec![format!("n{number}")];
    let mut left = octets.saturating_sub(labels[0].len());
    while left > 0 {
        let label = left.min(60);
        labels.push("x".repeat(label));
        left -= label;
    }
    Name::from_ascii(labels.join(".") + ".").unwrap()
}

fn text(owner: &Name, octets: usize) -> Record {
    let strings = (0..octets.div_ceil(250)).map(|_| "x".repeat(250.min(octets))).collect();
    Record::from_rdata(owner.clone(), 3_600, RData::TXT(TXT::new(strings)))
}

fn address(owner: &Name, number: u32) -> Record {
    Record::from_rdata(owner.clone(), 3_600, RData::A(A(Ipv4Addr::from_bits(number))))
}

fn put_answer(memory: &Memory, record: &Record) {
    let question = Question::new(&record.name, record.record_type());
    let parts = AnswerParts::positive(&question, std::slice::from_ref(record), Mono::START);
    memory.answers.put(question.key(), &Arc::new(compose::answer(&parts).unwrap()));
}

fn put_denial(memory: &Memory, number: u32, octets: usize) {
    let owner = name(number, octets);
    let soa = SOA::new(name(1, octets), name(2, octets), 1, 7_200, 900, 1_209_600, 3_600);
    let soa = Record::from_rdata(name(3, octets), 3_600, RData::SOA(soa));
    memory.rrsets.in_view(ViewId::default()).put_negative(
        Denial { name: &owner, kind: RecordType::MX, nxdomain: false, soa: &soa },
        DAY,
        Mono::START,
    );
}

/// Stores twenty NSEC records (ranges of names without data) of a new zone with RSA keys.
fn put_ranges(memory: &Memory, number: u32, octets: usize) {
    let zone = name(number, octets);
    let soa = SOA::new(name(1, octets), name(2, octets), 1, 7_200, 900, 1_209_600, 3_600);
    let soa = Record::from_rdata(zone.clone(), 3_600, RData::SOA(soa));
    let signed = |record: Record| {
        let input = SigInput {
            type_covered: record.record_type(),
            algorithm: Algorithm::RSASHA256,
            num_labels: record.name.num_labels(),
            original_ttl: 3_600,
            sig_expiration: SerialNumber::new(2),
            sig_inception: SerialNumber::new(1),
            key_tag: 1,
            signer_name: zone.clone(),
        };
        let signature = RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![7; 256])));
        let signature = Record::from_rdata(record.name.clone(), 3_600, signature);
        [record, signature]
    };
    let nsec = |place: u32| {
        let owner = zone.prepend_label(format!("a{place}")).unwrap();
        let nsec = NSEC::new(owner.prepend_label("b").unwrap(), [RecordType::A, RecordType::MX]);
        Record::from_rdata(owner, 3_600, RData::DNSSEC(DNSSECRData::NSEC(nsec)))
    };
    let evidence: Vec<Record> = (0..20).map(nsec).chain([soa.clone()]).flat_map(signed).collect();
    memory.rrsets.in_view(ViewId::default()).put_ranges(&soa, &evidence, 3_600, Mono::START);
}

fn put_delegation(memory: &Memory, number: u32, octets: usize) {
    let glue = (0..4).map(|server| (server, IpAddr::V4(Ipv4Addr::from_bits(number)))).collect();
    memory.rrsets.in_view(ViewId::default()).put_delegation(Arc::new(Delegation {
        zone: name(number, octets),
        servers: (0..4).map(|server| name(server, octets)).collect(),
        glue,
        configured: Vec::new(),
        trusted: false,
        evidence: Evidence::from_records(&[text(&name(number, octets), 200)]),
        since: Mono::START,
        expires: Mono::START.after(DAY),
    }));
}

fn put_state(memory: &Memory, number: u32, standing: ZoneSecurity) {
    memory.rrsets.in_view(ViewId::default()).put_zone_state(Arc::new(ZoneTrust {
        zone: name(number, 20),
        standing,
        stored: Mono::START,
        sought: Mono::START,
        expires: Mono::START.after(DAY),
    }));
}

fn keys(number: u32, octets: usize) -> ZoneSecurity {
    let key = |tag| ZoneKey {
        tag,
        algorithm: Algorithm::RSASHA256,
        key: DNSKEY::new(true, true, false, PublicKeyBuf::new(vec![7; octets], Algorithm::RSASHA256)),
    };
    ZoneSecurity::Secure(ZoneKeys { zone: name(number, 20), keys: (0..4).map(key).collect() })
}

fn put_server(memory: &Memory, number: u32, lame: usize, octets: usize) {
    let server = memory.servers.get(SocketAddr::from((Ipv4Addr::from_bits(number), 53)));
    for trip in 0..40 {
        server.answered(&Name::root(), Duration::from_millis(20 + trip), Mono::START);
    }
    for zone in 0..u32::try_from(MAX_SLOW_ZONES).unwrap() {
        server.answered(&name(zone, octets), Duration::from_secs(6), Mono::START);
    }
    for zone in 0..u32::try_from(lame).unwrap() {
        server.mark_lame(&name(zone, octets), DAY, Mono::START);
    }
    let later = Mono::START.after(Duration::from_secs(1));
    for zone in 0..u32::try_from(MAX_SILENT_ZONES).unwrap() {
        server.silent(&name(zone, octets), later, later, &Random::seeded(1));
    }
}

fn put_signed(memory: &Memory, number: u32, octets: usize) {
    let owner = name(number, 20);
    let record = text(&owner, octets);
    let backing = Backing { evidence: Evidence::from_records([&record]), ..Backing::default() };
    memory.rrsets.in_view(ViewId::default()).put_backed(
        &[&record],
        Credibility::new(Rank::Answer, backing),
        DAY,
        Mono::START,
    );
}

fn put_failure(memory: &Memory, number: u32, octets: usize) {
    let error = ExtendedError::new(22, "x".repeat(octets));
    memory.failures.put(
        Question::new(&name(number, 20), RecordType::A).key(),
        error,
        ServersMeanwhile::Answered,
        Mono::START,
    );
}

fn bogus(octets: usize) -> ZoneSecurity {
    ZoneSecurity::Bogus(ValidationFailure::new(Why::Bogus, "x".repeat(octets)))
}

const SORTS: [Sort<'_>; 18] = [
    ("answers", "answers", &|memory, number| put_answer(memory, &address(&name(number, 20), number))),
    ("answers to long names", "answers", &|memory, number| {
        put_answer(memory, &address(&name(number, 240), number));
    }),
    ("answers of 60 KB", "answers", &|memory, number| put_answer(memory, &text(&name(number, 20), 60_000))),
    ("addresses", "rrsets", &|memory, number| {
        let record = address(&name(number, 20), number);
        memory.rrsets.in_view(ViewId::default()).put(&[&record], Rank::Answer, DAY, Mono::START);
    }),
    ("signed texts of 500", "rrsets", &|memory, number| put_signed(memory, number, 500)),
    ("signed texts of 25 KB", "rrsets", &|memory, number| put_signed(memory, number, 25_000)),
    ("denials", "rrsets", &|memory, number| put_denial(memory, number, 20)),
    ("denials of long names", "rrsets", &|memory, number| put_denial(memory, number, 200)),
    ("ranges of denied names", "rrsets", &|memory, number| put_ranges(memory, number, 20)),
    ("delegations", "rrsets", &|memory, number| put_delegation(memory, number, 20)),
    ("delegations of long names", "rrsets", &|memory, number| put_delegation(memory, number, 200)),
    ("insecure zones", "rrsets", &|memory, number| put_state(memory, number, ZoneSecurity::Insecure(None))),
    ("zones with keys", "rrsets", &|memory, number| put_state(memory, number, keys(number, 260))),
    ("zones with keys of 15 KB", "rrsets", &|memory, number| put_state(memory, number, keys(number, 15_000))),
    ("bogus zones", "rrsets", &|memory, number| put_state(memory, number, bogus(200))),
    ("failures", "failures", &|memory, number| put_failure(memory, number, 80)),
    ("failures with long words", "failures", &|memory, number| put_failure(memory, number, 2_000)),
    ("servers that are lame for all they may be", "servers", &|memory, number| {
        put_server(memory, number, MAX_LAME_ZONES, 24);
    }),
];

#[test]
fn entries_weigh_what_they_take() {
    if let Ok(title) = std::env::var(SORT) {
        let sort = SORTS.iter().find(|(of, ..)| *of == title).unwrap();
        println!("share {}", share(sort));
        return;
    }
    let mut told = Vec::new();
    for (title, ..) in SORTS {
        // Each kind of cache entries is measured in a process of its own. In a common process, entries would reuse memory that the entries of an
        // earlier kind have freed, and the result would be too low.
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "entries_weigh_what_they_take", "--nocapture"]).env(SORT, title);
        let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
        print!(
            "{}",
            output.lines().filter(|line| line.contains("octets an entry")).collect::<String>() + "\n"
        );
        let share = output.lines().find_map(|line| line.strip_prefix("share ")).expect(&output);
        told.push((title, share.parse::<f64>().unwrap()));
    }
    let wrong: Vec<_> = told.iter().filter(|(_, share)| !(LEAST..=MOST).contains(share)).collect();
    assert!(wrong.is_empty(), "of what they weigh, these take: {wrong:#?} of {told:#?}");
}
