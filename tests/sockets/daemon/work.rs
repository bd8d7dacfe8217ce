//! Queries in progress take no more memory than the part of `cache.size` that is meant for them, even if the cache is full.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;

use crate::daemon::client::Client;
use crate::daemon::memory::{assert_within_bound, sizes};
use crate::daemon::mixes::fill_with_texts;
use crate::daemon::process::{Process, Setting, World, busy};

/// The sizes of the cache, in MiB.
const SIZES: [u64; 2] = [32, 64];

/// The number of clients of the flood. Each has its own address.
const CLIENTS: u8 = 50;

/// The number of queries in one step of a flood, and the duration of a step.
const STEP: (u64, Duration) = (500, Duration::from_millis(100));

/// The steps of a flood take longer than the deadline of a client, so that at the end the largest possible number of queries is in
/// progress.
const STEPS: u64 = 45;

/// The number of servers that never answer. Each has many zones.
const SILENT_SERVERS: u8 = 200;

/// Sends queries for the names of `name` at a steady rate, and reads no replies. Another client, which then asks once, must get its answer.
fn flood(process: &Process, title: &str, size: u64, name: fn(u64) -> String) {
    let address = |last| Ipv4Addr::new(127, 0, 1, last);
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|last| Client::at(address(last).into(), process.address)).collect();
    let (queries, pause) = STEP;
    let began = Instant::now();
    for step in 0..STEPS {
        for number in step * queries..(step + 1) * queries {
            let place = usize::try_from(number).unwrap() % clients.len();
            clients[place].send(&name(number), RecordType::A);
        }
        sleep((pause * u32::try_from(step).unwrap()).saturating_sub(began.elapsed()));
    }
    let mut light = Client::new(process.address);
    assert_eq!(light.ask("light.tld.", RecordType::A).answers.len(), 1, "{title}: others are served");
    assert_within_bound(process, size, title);
}

/// Starts one daemon for each size of the cache, at the same time, and floods each of them with queries for the names of `name`.
fn flood_all(title: &str, name: fn(u64) -> String) {
    let _busy = busy();
    let world = World::with(Duration::from_millis(1), &zones());
    let silent = |last: u8| UdpSocket::bind((Ipv4Addr::new(127, 79, 0, last), world.sockets.port())).unwrap();
    // The test never reads the sockets of the silent servers.
    let _silent: Vec<_> = (1..=SILENT_SERVERS).map(silent).collect();
    std::thread::scope(|scope| {
        for size in sizes(&SIZES) {
            let setting = Setting::new(&world, &format!("[cache]\nsize = \"{size}MiB\""));
            scope.spawn(move || {
                let process = setting.start();
                fill_with_texts(&process, size);
                assert_within_bound(&process, size, "before the flood");
                flood(&process, title, size, name);
            });
        }
    });
}

// Each name is in another zone.
#[test]
fn dead_zone_queries_stay_within_bound() {
    flood_all("dead names", |number| format!("www.c{number}.dead.tld."));
}

#[test]
fn slow_zone_queries_stay_within_bound() {
    flood_all("slow names", |number| format!("n{number}.slow.tld."));
}

// Many clients ask for few names of a silent zone.
#[test]
fn waiting_clients_stay_within_bound() {
    flood_all("clients of silent names", |number| format!("n{}.silent.tld.", number / 200 % 100));
}

/// `dead.tld.` delegates to zones with silent servers, `slow.tld.` has every name, and `big.tld.` has long texts.
fn zones() -> [(&'static str, String); 3] {
    let cuts = (0..STEPS * STEP.0).fold(String::new(), |mut text, cut| {
        let server = cut % u64::from(SILENT_SERVERS) + 1;
        writeln!(text, "c{cut} 172800 NS ns.c{cut}\nns.c{cut} 172800 A 127.79.0.{server}").unwrap();
        text
    });
    let text = format!("* 3600 TXT {}\n", format!("\"{}\" ", "x".repeat(250)).repeat(239));
    [("dead.tld.", cuts), ("slow.tld.", "* 3600 A 10.0.0.1\n".to_owned()), ("big.tld.", text)]
}
