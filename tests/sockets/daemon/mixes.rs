//! The memory of the process stays within its limit for any content of the cache, and for any replies to TCP clients.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, framed, is_servfail};
use crate::daemon::memory::{assert_within_bound, sizes};
use crate::daemon::process::{Process, Setting, World, busy};
use dns::conduct::Conduct;
use dns::question::Outcome;
use exchange::limits::MAX_PIPELINED;
use lab::prelude::of_long;
use record::Counter;
use resolver::limits::WorkBounds;

/// The number of questions of one client socket in progress at the same time.
const WINDOW: usize = 50;

/// The number of TCP clients. All their connections are open at the same time.
const TCP_CLIENTS: u8 = 4;

/// The number of questions that each connection sends at once. All connections of a test together get up to 70 MB of replies if they ask for
/// texts of 60 KB.
const PIPELINED: u16 = 8;

/// The number of questions with long replies at the same time.
const LONG_REPLIES: usize = 80;

/// The number of reloads in a long test. Before each, a part of the cache is filled again.
const RELOADS: u64 = 30;

/// The configuration of a DNS list, because the cache must also have answers of one.
const LIST: &str = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]";

/// A kind of cache entry. `ask` returns the questions that fill the cache with this kind.
struct Mix {
    title: &'static str,
    /// The approximate size of a cache entry, in octets.
    octets: u64,
    ask: fn(u64) -> (String, RecordType),
    dnssec_ok: bool,
}

const TEXTS: Mix = Mix {
    title: "texts of 60 KB",
    octets: 120_000,
    ask: |number| (format!("t{number}.big.tld."), RecordType::TXT),
    dnssec_ok: false,
};

const MIXES: [Mix; 8] = [
    Mix {
        title: "addresses",
        octets: 450,
        ask: |number| (format!("a{number}.tld."), RecordType::A),
        dnssec_ok: false,
    },
    Mix {
        title: "addresses with DO",
        octets: 450,
        ask: |number| (format!("a{number}.tld."), RecordType::A),
        dnssec_ok: true,
    },
    Mix {
        title: "names of 255 octets",
        octets: 1_100,
        ask: |number| (long(number), RecordType::A),
        dnssec_ok: false,
    },
    Mix {
        title: "denials",
        octets: 800,
        ask: |number| (format!("d{number}.none.tld."), RecordType::MX),
        dnssec_ok: false,
    },
    TEXTS,
    Mix {
        title: "keys of 60 KB",
        octets: 120_000,
        ask: |number| (format!("k{number}.big.tld."), RecordType::DNSKEY),
        dnssec_ok: false,
    },
    Mix {
        title: "delegations with 13 servers",
        octets: 8_000,
        ask: |number| (format!("www.c{number}.many.tld."), RecordType::A),
        dnssec_ok: false,
    },
    Mix {
        title: "answers of lists",
        octets: 500,
        ask: |number| (listed(number), RecordType::A),
        dnssec_ok: false,
    },
];

/// Returns a name of 255 octets below `tld.`. If `number` is even, it has labels of one octet, else long labels: these two forms take the
/// most memory for their length.
fn long(number: u64) -> String {
    let (mut name, octets) = (format!("n{number}."), if number.is_multiple_of(2) { 1 } else { 50 });
    while name.len() + octets + 1 + "tld.".len() < 255 {
        name.push_str(&"x".repeat(octets));
        name.push('.');
    }
    name + "tld."
}

fn listed(number: u64) -> String {
    let [a, b, c, d] = Ipv4Addr::from_bits(u32::try_from(number).unwrap() + 0x0a00_0000).octets();
    format!("{d}.{c}.{b}.{a}.bl.tld.")
}

#[test]
fn any_cache_content_stays_within_bound() {
    let _busy = busy();
    let world = World::with(Duration::from_millis(1), &zones());
    for size in sizes(&[32]) {
        let setting = Setting::new(&world, &format!("[cache]\nsize = \"{size}MiB\"\n{LIST}"));
        let process = setting.start();
        for mix in &MIXES {
            fill(&process, mix, (size << 20) / mix.octets);
            assert_within_bound(&process, size, mix.title);
            let stores = process.stats().stores;
            assert!(stores.iter().all(|store| store.bytes <= store.capacity), "{}: {stores:?}", mix.title);
            let rrsets = stores.iter().find(|store| store.store == "rrsets").unwrap();
            // On a busy machine, some questions fail and leave no rrset.
            assert!(rrsets.bytes > rrsets.capacity / 10, "{}: nearly empty: {rrsets:?}", mix.title);
        }
    }
}

/// Reloads remove answers and views while clients fill the cache again.
#[test]
fn reloads_under_load_stay_within_bound() {
    let _busy = busy();
    let world = World::with(Duration::from_millis(1), &zones());
    for size in sizes(&[32]) {
        let setting = Setting::new(&world, &format!("[cache]\nsize = \"{size}MiB\""));
        let process = setting.start();
        let text = std::fs::read_to_string(setting.config()).unwrap();
        for round in 0..of_long(RELOADS) {
            let zone = format!("[[zone]]\nname = \"r{round}.example\"\nforward = [\"127.78.0.9\"]\n");
            setting.write("resolverd.toml", &format!("{text}{zone}"));
            process.signal(Signal::HUP);
            fill(&process, &TEXTS, (size << 20) / TEXTS.octets);
        }
        assert_within_bound(&process, size, "reloads");
    }
}

fn fill(process: &Process, mix: &Mix, count: u64) {
    let mut client = Client::new(process.address);
    client.dnssec_ok = mix.dnssec_ok;
    for number in 0..count {
        let (name, kind) = (mix.ask)(number);
        client.send(&name, kind);
        if client.waiting() >= WINDOW {
            client.next_reply();
        }
    }
    while client.waiting() > 0 {
        client.next_reply();
    }
}

/// Fills a cache of `size` MiB with a few long entries.
pub(crate) fn fill_with_texts(process: &Process, size: u64) {
    fill(process, &TEXTS, 2 * (size << 20) / TEXTS.octets);
}

/// Opens as many TCP connections as a daemon with a cache of `size` MiB serves at the same time.
fn all_connections(process: &Process, size: u64) -> Vec<TcpStream> {
    let of_client = WorkBounds::for_cache_size(size << 20).connections_of_client();
    let clients = (1..=TCP_CLIENTS).flat_map(|last| std::iter::repeat_n(last, of_client));
    clients.map(|last| connected(process.address, [127, 0, 0, last].into())).collect()
}

/// Sends messages without a pause. The daemon may close the connection.
fn pipeline(messages: impl Iterator<Item = u8>, stream: &mut TcpStream) {
    let _ = stream.write_all(&messages.collect::<Vec<_>>());
}

#[test]
fn unread_replies_stay_within_bound() {
    let _busy = busy();
    let world = World::with(Duration::from_millis(50), &zones());
    for size in sizes(&[32]) {
        let setting = Setting::new(&world, &format!("[cache]\nsize = \"{size}MiB\""));
        let process = setting.start();
        fill_with_texts(&process, size);
        let mut client = Client::new(process.address);
        client.ask("a.big.tld.", RecordType::TXT);
        let mut streams = all_connections(&process, size);
        // All connections ask for the same name at the same time. The first name is not in the cache, the next two are.
        for name in ["b.big.tld.", "b.big.tld.", "a.big.tld."] {
            for stream in &mut streams {
                let question = |number| framed(number, name, RecordType::TXT);
                pipeline((0..PIPELINED).flat_map(question), stream);
            }
            std::thread::sleep(Duration::from_millis(1_500));
        }
        assert_within_bound(&process, size, "long replies");
        // Each of these answers is for one client, and is no longer in the cache when it is sent.
        drop(streams);
        let mut streams = all_connections(&process, size);
        for (place, stream) in streams.iter_mut().enumerate() {
            let question = |number| framed(number, &format!("n{number}.c{place}.big.tld."), RecordType::TXT);
            pipeline((0..PIPELINED).flat_map(question), stream);
        }
        std::thread::sleep(Duration::from_millis(1_500));
        assert_within_bound(&process, size, "long replies, each of its own");
        assert_eq!(client.ask("www.tld.", RecordType::A).answers.len(), 1, "others are served");
    }
}

#[test]
fn pipelined_queries_stay_within_bound() {
    let _busy = busy();
    let world = World::with(Duration::from_millis(300), &zones());
    for size in sizes(&[32, 64]) {
        for (title, zone) in [("a slow zone", "tld."), ("a silent zone", "silent.tld.")] {
            let setting = Setting::new(&world, &format!("[cache]\nsize = \"{size}MiB\""));
            let process = setting.start();
            fill_with_texts(&process, size);
            let mut client = Client::new(process.address);
            client.ask("www.tld.", RecordType::A);
            let mut streams = all_connections(&process, size);
            for (place, stream) in streams.iter_mut().enumerate() {
                let question = |number| framed(number, &format!("n{number}.c{place}.{zone}"), RecordType::A);
                pipeline((0..u16::try_from(MAX_PIPELINED).unwrap()).flat_map(question), stream);
            }
            std::thread::sleep(Duration::from_millis(2_500));
            assert_within_bound(&process, size, title);
            assert_eq!(client.ask("www.tld.", RecordType::A).answers.len(), 1, "others are served");
        }
    }
}

// The servers of the zone do not answer queries for its keys.
#[test]
fn replies_awaiting_keys_stay_within_bound() {
    let _busy = busy();
    let addresses: String = (0..1_800).fold(String::new(), |mut text, number| {
        writeln!(text, "* 3600 A {}", Ipv4Addr::from_bits(0x0a00_0000 + number)).unwrap();
        text
    });
    let world = World::with(Duration::from_millis(1), &[("keyless.tld.", addresses)]);
    let setting = Setting::new(&world, "[cache]\nsize = \"32MiB\"");
    setting.validate_keyless();
    let process = setting.start();
    let (mut light, mut heavy) = (Client::new(process.address), Client::new(process.address));
    light.ask("www.tld.", RecordType::A);
    // The records of each answer take 600 KB. The resolution keeps them until it ends, and waits for keys that never arrive.
    for number in 0..LONG_REPLIES {
        heavy.send(&format!("h{number}.keyless.tld."), RecordType::A);
    }
    process.wait_until("replies were shed", |process| shed(process) > 0);
    assert_eq!(light.ask("light.tld.", RecordType::A).answers.len(), 1, "others are served");
    while heavy.waiting() > 0 {
        assert!(is_servfail(&heavy.next_reply()));
    }
    assert_within_bound(&process, 32, "long replies without keys");
    let upstream = process.stats().report.upstream;
    let blamed = [Conduct::NoTcp, Conduct::Unfit, Conduct::Unreachable, Conduct::NotSent, Conduct::Lame];
    let of = |conduct| upstream.messages.get(&conduct).copied().unwrap_or(0);
    assert_eq!(blamed.map(of), [0; 5], "the server is not at fault");
    assert!(process.outcome(Outcome::Shed) > 0);
}

#[test]
fn many_long_replies_are_not_shed() {
    let _busy = busy();
    let world = World::with(Duration::from_millis(1), &zones());
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let mut client = Client::new(process.address);
    for number in 0..LONG_REPLIES {
        client.send(&format!("t{number}.big.tld."), RecordType::TXT);
    }
    while client.waiting() > 0 {
        assert_eq!(client.next_reply().metadata.response_code, ResponseCode::NoError);
    }
    assert_eq!(shed(&process), 0);
}

fn shed(process: &Process) -> u64 {
    process.stats().report.upstream.counts[Counter::LongRepliesShed]
}

/// Opens a connection with a small receive buffer.
fn connected(server: SocketAddr, from: Ipv4Addr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&server.into()).unwrap();
    socket.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    socket.into()
}

/// The zones with the names of all mixes. `many.tld.` delegates to zones that no server serves.
fn zones() -> [(&'static str, String); 4] {
    let string = format!("\"{}\" ", "x".repeat(250));
    let texts: String = (0..4).fold(String::new(), |mut text, number| {
        writeln!(text, "* 3600 TXT \"{number}\" {}", string.repeat(59)).unwrap();
        text
    });
    let keys: String = (0..4).fold(texts, |mut text, number| {
        writeln!(text, "* 3600 DNSKEY 256 3 8 {}", data_encoding::BASE64.encode(&[number; 15_000])).unwrap();
        text
    });
    let cuts = (0..4_000).fold(String::new(), |mut text, cut| {
        for server in 0..13 {
            writeln!(text, "c{cut} 172800 NS ns{server}.c{cut}\nns{server}.c{cut} 172800 A 127.78.0.4")
                .unwrap();
        }
        text
    });
    [
        ("big.tld.", keys),
        ("none.tld.", String::new()),
        ("many.tld.", cuts),
        ("bl.tld.", "* 3600 A 127.0.0.2\n".to_owned()),
    ]
}
