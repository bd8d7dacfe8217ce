//! Compares the table of answers (`resolver::cache`) with two libraries, moka and quick_cache. All get the same keys, values and weights.
//! Measures the memory of an entry, the instructions of a lookup, and how many lookups of names in use are hits while made-up names fill the cache (a
//! scan). The instructions are counted with valgrind (callgrind), which runs this program with `--lookups STORE TIMES`.

use resolverd as _;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;

use dns::clock::Mono;
use dns::question::{Answer, Question, QuestionKey};
use dns::random::Random;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use resolver::cache::Memory;
use stage::popularity::shares;

/// A full store has room for this number of entries.
const ENTRIES: u32 = 200_000;

/// The number of names that clients ask for again and again.
const HOT: u32 = 20_000;

const SCANNED: u32 = 2_000_000;
const TIMES: u32 = 3;
/// The number of other made-up names between two queries for the same made-up name.
const LATER: u32 = 200;

const LOOKUPS: u32 = 100_000;

/// The percentage of `cache.size` that the table of answers gets.
const SHARE: u64 = 45;

const STORES: [&str; 3] = ["resolver::cache", "moka", "quick_cache"];

enum Store {
    /// A plain vector with all keys and answers. It shows how much memory the keys and answers take without a cache.
    Vector(Vec<(QuestionKey, Arc<Answer>)>),
    Ours(Box<Memory>),
    Moka(moka::sync::Cache<QuestionKey, Arc<Answer>>),
    Quick(quick_cache::sync::Cache<QuestionKey, Arc<Answer>, Weight>),
}

#[derive(Clone)]
struct Weight(u32);

impl quick_cache::Weighter<QuestionKey, Arc<Answer>> for Weight {
    fn weight(&self, _: &QuestionKey, _: &Arc<Answer>) -> u64 {
        self.0.into()
    }
}

impl Store {
    fn new(kind: &str, room: u32) -> Self {
        let weight = weight();
        let octets = u64::from(weight) * u64::from(room);
        match kind {
            "resolver::cache" => Self::Ours(Box::new(Memory::new(octets * 100 / SHARE, &Random::seeded(1)))),
            "moka" => {
                let builder = moka::sync::Cache::builder().max_capacity(octets);
                Self::Moka(builder.weigher(move |_, _| weight).build())
            }
            "quick_cache" => {
                Self::Quick(quick_cache::sync::Cache::with_weighter(room as usize, octets, Weight(weight)))
            }
            _ => Self::Vector(Vec::with_capacity(room as usize)),
        }
    }

    fn has(&self, key: &QuestionKey) -> bool {
        match self {
            Self::Vector(_) => false,
            Self::Ours(memory) => memory.answers.get(key.as_bytes(), Mono::START).is_some(),
            Self::Moka(cache) => cache.get(key).is_some(),
            Self::Quick(cache) => cache.get(key).is_some(),
        }
    }

    fn put(&mut self, key: QuestionKey, answer: Arc<Answer>) {
        match self {
            Self::Vector(entries) => entries.push((key, answer)),
            Self::Ours(memory) => memory.answers.put(key, &answer),
            Self::Moka(cache) => cache.insert(key, answer),
            Self::Quick(cache) => cache.insert(key, answer),
        }
    }

    fn entries(&self) -> u64 {
        match self {
            Self::Vector(entries) => entries.len() as u64,
            Self::Ours(memory) => memory.fill()[0].entries,
            Self::Moka(cache) => {
                cache.run_pending_tasks();
                cache.entry_count()
            }
            Self::Quick(cache) => cache.len() as u64,
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--lookups") {
        return look_up(&arguments[at + 1], arguments[at + 2].parse().unwrap_or(LOOKUPS));
    }
    let own = memory("vector", ENTRIES, ENTRIES);
    println!(
        "caches: a key and its answer take {own:.0} octets; {LOOKUPS} lookups; {SCANNED} made-up names\n"
    );
    println!(
        "| Cache | Octets of an entry in addition to key and answer | If it evicts | Instructions of a hit \
         | Hits of names in use, while made-up names pass |"
    );
    println!("|---|---|---|---|---|");
    for store in STORES {
        let calm = memory(store, ENTRIES * 2, ENTRIES) - own;
        let evicting = memory(store, ENTRIES, ENTRIES * 4) - own;
        let instructions =
            instructions(store).map_or_else(|| "no valgrind".to_owned(), |number| number.to_string());
        let hits = hits(store);
        println!("| {store} | {calm:.0} | {evicting:.0} | {instructions} | {hits:.1} % |");
    }
}

/// Returns the resident memory per entry, in octets.
fn memory(store: &str, room: u32, added: u32) -> f64 {
    let before = resident();
    let mut store = Store::new(store, room);
    for number in 0..added {
        let name = name("mail", number);
        store.put(key(&name), answer(&name));
    }
    let entries = store.entries();
    let grown = resident().saturating_sub(before) as f64 / entries as f64;
    // The store is not freed. Otherwise the next store would use its memory, and the resident memory would grow less.
    std::mem::forget(store);
    grown
}

/// Returns the resident memory of this process in octets. `statm` (proc(5)) has it in pages of 4 KiB.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn instructions(store: &str) -> Option<u64> {
    let run = |lookups: u32| {
        let program = std::env::current_exe().ok()?;
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
        let output = valgrind.args(["--lookups", store, &lookups.to_string()]).output().ok()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        said.split("Collected : ").nth(1)?.split_whitespace().next()?.parse::<u64>().ok()
    };
    Some((run(LOOKUPS * 2)? - run(LOOKUPS)?) / u64::from(LOOKUPS))
}

fn look_up(store: &str, lookups: u32) {
    let mut store = Store::new(store, ENTRIES);
    let keys: Vec<QuestionKey> = (0..HOT).map(|number| key(&name("mail", number))).collect();
    let answer = answer(&name("mail", 0));
    keys.iter().for_each(|key| store.put(key.clone(), answer.clone()));
    keys.iter().cycle().take(lookups as usize).for_each(|key| assert!(black_box(store.has(key))));
}

/// Returns the percentage of hits for names that are in use. After each lookup of a name in use, chosen by Zipf's law, up to `TIMES` invented names
/// are looked up: one for the first time, the others again.
fn hits(store: &str) -> f64 {
    let mut store = Store::new(store, ENTRIES);
    let random = Random::seeded(2);
    let keys: Vec<QuestionKey> = (0..HOT).map(|number| key(&name("mail", number))).collect();
    let answer = answer(&name("mail", 0));
    keys.iter().for_each(|key| store.put(key.clone(), answer.clone()));
    let shares = shares(HOT);
    let mut ask = |key: &QuestionKey| {
        let is_hit = store.has(key);
        if !is_hit {
            store.put(key.clone(), answer.clone());
        }
        u64::from(is_hit)
    };
    let mut hits = 0;
    for number in 0..SCANNED {
        let drawn = f64::from(u32::from(random.u16()) << 16 | u32::from(random.u16())) / f64::from(u32::MAX);
        hits += ask(&keys[shares.partition_point(|share| *share < drawn).min(keys.len() - 1)]);
        for time in 0..TIMES {
            if let Some(number) = number.checked_sub(time * LATER) {
                ask(&key(&name("spam", number)));
            }
        }
    }
    hits as f64 * 100.0 / f64::from(SCANNED)
}

fn weight() -> u32 {
    let memory = Memory::new(64 << 20, &Random::seeded(1));
    let name = name("mail", 0);
    memory.answers.put(key(&name), &answer(&name));
    u32::try_from(memory.fill()[0].bytes).unwrap_or(0)
}

fn name(label: &str, number: u32) -> Name {
    Name::from_ascii(format!("{label}{number:07}.customer.example.")).unwrap_or_default()
}

fn key(name: &Name) -> QuestionKey {
    Question::new(name, RecordType::A).key()
}

fn answer(name: &Name) -> Arc<Answer> {
    let record = Record::from_rdata(name.clone(), 3_600, RData::A(A(Ipv4Addr::LOCALHOST)));
    let question = Question::new(name, RecordType::A);
    let parts = AnswerParts::positive(&question, std::slice::from_ref(&record), Mono::START);
    Arc::new(compose::answer(&parts).expect("an answer with one record"))
}
