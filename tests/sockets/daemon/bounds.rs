//! The daemon under load: every question must be answered, and memory and file descriptors must stay within their limits.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::memory::{assert_within_bound, sizes};
use crate::daemon::process::{Process, Setting, World, alone, busy};
use dns::question::{Apart, Outcome};

/// The number of questions that the client sends at once.
const BURST: usize = 10_000;

/// The number of client sockets. The receive buffer of one socket would be too small for all replies.
const CLIENTS: usize = 50;

/// The number of names for each MiB of the cache: several times as many as fit into it.
const NAMES_PER_MIB: u64 = 5_000;

/// The number of questions of one client socket in progress at the same time.
const WINDOW: usize = 50;

// Ten thousand names that are not in the cache are queried at once.
#[test]
fn cold_burst_stays_within_bounds() {
    let _alone = alone();
    let world = World::new(Duration::from_millis(50));
    let setting = Setting::new(&world, "[cache]\nsize = \"32MiB\"");
    let process = setting.start();
    let mut warm = Client::new(process.address);
    assert_eq!(warm.ask("warm.tld.", RecordType::A).answers.len(), 1);

    let over = AtomicBool::new(false);
    let (burst, watched) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch(&process, &mut warm, &over));
        let burst = burst(process.address);
        over.store(true, Ordering::Release);
        (burst, watch.join().unwrap())
    });
    println!("{burst:?}, {watched:?}");
    assert_within_bound(&process, 32, "cold names at once");
    assert_eq!(burst.answered + burst.failed, BURST as u64);
    assert!(
        burst.answered >= resolver::limits::WorkBounds::for_cache_size(32 << 20).flights as u64,
        "hardly any was answered: {burst:?}"
    );
    assert!(watched.descriptors <= daemon::limits::DESCRIPTORS, "{watched:?}");
    assert!(watched.hits > 20, "hits did not go on: {watched:?}");

    let sent = burst.sent + warm.sent;
    process.wait_until("every datagram is accounted for", |process| {
        let report = process.stats().report;
        let repeated = report.apart.get(&Apart::Repeated).copied().unwrap_or(0);
        let outcomes: u64 = report.outcomes.values().sum();
        outcomes == report.questions && outcomes + repeated + dropped(process.address) == sent
    });
    assert!(process.outcome(Outcome::Cache) >= watched.hits);
}

/// The result of a burst of questions: the number of answers, of failures, and of questions that were sent.
#[derive(Debug)]
struct Burst {
    answered: u64,
    failed: u64,
    sent: u64,
}

/// Sends `BURST` questions before it reads the first reply, and counts the answers and the failures.
fn burst(server: SocketAddr) -> Burst {
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::new(server)).collect();
    for number in 0..BURST {
        clients[number % CLIENTS].send(&format!("cold{number}.tld."), RecordType::A);
    }
    let mut burst = Burst { answered: 0, failed: 0, sent: 0 };
    for client in &mut clients {
        while client.waiting() > 0 {
            let reply = client.next_reply();
            match reply.metadata.response_code {
                ResponseCode::NoError => burst.answered += 1,
                _ => {
                    assert!(is_servfail(&reply), "{reply}");
                    burst.failed += 1;
                }
            }
        }
        burst.sent += client.sent;
    }
    burst
}

#[derive(Debug)]
struct Watched {
    hits: u64,
    descriptors: u64,
}

/// Asks for a cached name again and again until the burst of another client is over. Returns the number of replies and the greatest
/// number of file descriptors.
fn watch(process: &Process, warm: &mut Client, over: &AtomicBool) -> Watched {
    let mut watched = Watched { hits: 0, descriptors: 0 };
    while !over.load(Ordering::Acquire) {
        let reply = warm.ask("warm.tld.", RecordType::A);
        assert_eq!(reply.metadata.response_code, ResponseCode::NoError);
        watched.hits += 1;
        watched.descriptors = watched.descriptors.max(process.descriptors());
    }
    watched
}

/// Returns how many datagrams to the daemon's port the kernel has dropped because a socket buffer was full (/proc/net/udp, see proc(5)).
fn dropped(server: SocketAddr) -> u64 {
    let port = format!(":{:04X}", server.port());
    let table = std::fs::read_to_string("/proc/net/udp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = rows.filter(|row| row.get(1).is_some_and(|address| address.ends_with(&port)));
    ours.map(|row| row.last().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn cache_fill_stays_within_size() {
    let _busy = busy();
    let world = World::new(Duration::from_millis(1));
    for size in sizes(&[32]) {
        fills(&world, size);
    }
}

/// Fills a cache of `size` MiB. The daemon must stay within its limit of memory.
fn fills(world: &World, size: u64) {
    let names = NAMES_PER_MIB * size;
    let setting = Setting::new(world, &format!("[cache]\nsize = \"{size}MiB\""));
    let process = setting.start();
    let mut client = Client::new(process.address);
    for number in 0..names {
        client.send(&format!("many{number}.tld."), RecordType::TXT);
        if client.waiting() >= WINDOW {
            assert_eq!(client.next_reply().metadata.response_code, ResponseCode::NoError);
        }
    }
    while client.waiting() > 0 {
        client.next_reply();
    }
    let stores = process.stats().stores;
    assert_within_bound(&process, size, "more names than fit");
    for store in &stores {
        assert!(store.bytes <= store.capacity, "{store:?}");
    }
    let held: u64 = stores.iter().filter(|store| store.store == "answers").map(|store| store.entries).sum();
    assert!(held > 1_000 && held < names / 2, "the bound was not reached: {stores:?}");
}

#[test]
fn an_idle_daemon_sleeps() {
    let _alone = alone();
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let mut client = Client::new(process.address);
    client.ask("www.tld.", RecordType::A);
    // The first wait lets threads that have just worked go to sleep, which is not counted. On a busy machine, they may do so only in the
    // second wait.
    let window = || {
        client.hear_nothing(Duration::from_millis(500));
        let before = process.sleeps();
        client.hear_nothing(Duration::from_secs(3));
        // If a thread has ended, its count is missing, and the difference may be negative.
        process.sleeps().checked_sub(before)
    };
    // A timer of one second would wake a thread three times in each window of three seconds. The daemon has only timers of ten seconds or more, so at
    // least one of the fifteen windows has at most two wake-ups.
    assert!((0..15).any(|_| window().is_some_and(|sleeps| sleeps <= 2)), "it never sleeps for three seconds");
}
