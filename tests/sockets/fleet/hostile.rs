//! A store that is hostile or broken: a small server with the protocol of Redis, whose replies a test chooses.

use std::io::{BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::store::read;
use super::{KEY, gateway, section, state, ttl};
use crate::daemon::memory::most_taken;
use crate::daemon::process::{Process, Setting, World, alone, busy};

/// What the store sends for a command.
enum Sends {
    Text(Vec<u8>),
    /// These octets, and then 300 MB.
    Flood(&'static str),
}

/// The reply to a command with these words. `None`: that of an empty store.
type Behaviour = dyn Fn(&[String]) -> Option<Sends> + Send + Sync;

pub(super) struct Hostile {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Arc<Behaviour>>,
    /// The commands that the store got.
    commands: Mutex<Vec<Vec<String>>>,
}

impl Hostile {
    fn start(behaviour: impl Fn(&[String]) -> Option<Sends> + Send + Sync + 'static) -> Self {
        Self::at([127, 0, 0, 1].into(), behaviour)
    }

    fn at(address: IpAddr, behaviour: impl Fn(&[String]) -> Option<Sends> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { behaviour: Mutex::new(Arc::new(behaviour)), commands: Mutex::default() });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                std::thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { port, shared }
    }

    fn behave(&self, behaviour: impl Fn(&[String]) -> Option<Sends> + Send + Sync + 'static) {
        *self.shared.behaviour.lock().unwrap() = Arc::new(behaviour);
        self.shared.commands.lock().unwrap().clear();
    }

    /// Returns how many commands with this first word came since the last change of the behaviour.
    fn count(&self, word: &str) -> usize {
        self.shared.commands.lock().unwrap().iter().filter(|words| words[0] == word).count()
    }

    /// Returns how many commands came since the last change of the behaviour.
    fn commands(&self) -> usize {
        self.shared.commands.lock().unwrap().len()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let (mut input, mut output) = (BufReader::new(stream), stream);
        loop {
            let words: Vec<String> =
                read(&mut input).iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
            if words.is_empty() {
                return;
            }
            self.commands.lock().unwrap().push(words.clone());
            let behaviour = Arc::clone(&self.behaviour.lock().unwrap());
            let sent = match behaviour(&words).unwrap_or_else(|| Sends::Text(honest(&words, now()))) {
                Sends::Text(text) => output.write_all(&text),
                Sends::Flood(begin) => flood(output, begin),
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

fn flood(mut output: &TcpStream, begin: &str) -> std::io::Result<()> {
    output.write_all(begin.as_bytes())?;
    let part = vec![b'x'; 1 << 20];
    (0..300).try_for_each(|_| output.write_all(&part))
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// The reply of an empty store whose clock shows `now`.
fn honest(words: &[String], now: Duration) -> Vec<u8> {
    let text = match words[0].as_str() {
        "TIME" => {
            let (seconds, micros) = (now.as_secs().to_string(), now.subsec_micros().to_string());
            format!("*2\r\n${}\r\n{seconds}\r\n${}\r\n{micros}\r\n", seconds.len(), micros.len())
        }
        "GET" | "GETRANGE" => "$0\r\n\r\n".to_owned(),
        "MGET" => format!("*{}\r\n", words.len() - 1) + &"$-1\r\n".repeat(words.len() - 1),
        "XADD" => "$3\r\n1-1\r\n".to_owned(),
        "XRANGE" | "HGETALL" => "*0\r\n".to_owned(),
        "HSET" | "HDEL" | "DEL" | "INCRBY" | "PEXPIRE" => ":1\r\n".to_owned(),
        _ => "+OK\r\n".to_owned(),
    };
    text.into_bytes()
}

fn text(text: &str) -> Option<Sends> {
    Some(Sends::Text(text.as_bytes().to_vec()))
}

/// Waits until the gateway has sent this command some times since the last change of the store.
fn asked(process: &Process, store: &Hostile, word: &str, times: usize) {
    process.wait_until(&format!("{word} is sent"), |_| store.count(word) >= times);
}

fn uses(process: &Process) {
    process.wait_until("it uses the store", |process| {
        let state = state(process);
        state.failing.is_none() && state.round_trip.is_some()
    });
}

/// Ends the process, and returns the lines about the store.
fn lines_about_store(process: &mut Process) -> Vec<String> {
    process.end(rustix::process::Signal::TERM);
    let said = process.said.iter().cloned().chain(process.said_later());
    said.filter(|line| line.contains("store of the fleet")).collect()
}

/// What a gateway may take more than one without a fleet.
const MORE: u64 = 64 << 20;

/// Asks some names, so that the store is read and written.
fn ask_some(process: &Process, from: u32) {
    for number in from..from + 20 {
        assert!(ttl(process, &format!("n{number}.tld.")).is_some());
    }
}

#[test]
fn huge_store_replies_take_no_memory() {
    let _busy = busy();
    let world = World::new(Duration::from_millis(1));
    let alone = Setting::new(&world, "").start();
    ask_some(&alone, 0);
    let store = Hostile::start(|_| None);
    let (_setting, mut one) = gateway(&world, &section(store.port, ""), KEY);
    uses(&one);
    let huge: [(&str, &'static str); 7] = [
        ("XRANGE", "*1\r\n*2\r\n$3\r\n9-9\r\n*2\r\n$4\r\nnews\r\n$300000000\r\n"),
        ("XRANGE", "*1\r\n*2\r\n$300000000\r\n"),
        ("XRANGE", "*300000000\r\n"),
        ("HGETALL", "*2\r\n$1\r\n7\r\n$300000000\r\n"),
        ("TIME", "*2\r\n$300000000\r\n"),
        ("XADD", "-"),
        ("GETRANGE", "$300000000\r\n"),
    ];
    for (place, (word, begin)) in huge.into_iter().enumerate() {
        store.behave(move |words| (words[0] == word).then_some(Sends::Flood(begin)));
        let from = u32::try_from(place).unwrap() * 20 + 100;
        ask_some(&one, from);
        if word == "XADD" {
            one.flush_name("www.tld.");
        }
        asked(&one, &store, word, 2);
    }
    store.behave(|words| {
        let item = |number: u32| {
            format!("*2\r\n$6\r\n9-{number:04}\r\n*2\r\n$4\r\nnews\r\n$50000\r\n{}\r\n", "x".repeat(50_000))
        };
        (words[0] == "XRANGE" && words[1].ends_with("news:")).then(|| {
            let items: String = (1_000..3_000).map(item).collect();
            Sends::Text(format!("*2000\r\n{items}").into_bytes())
        })
    });
    asked(&one, &store, "XRANGE", 2);
    ask_some(&one, 900);
    store.behave(|_| None);
    uses(&one);
    let (without, with) = (most_taken(&alone), most_taken(&one));
    println!("without a fleet {} KiB, with a hostile store {} KiB", without >> 10, with >> 10);
    assert!(with < without + MORE, "{with} octets, {without} without a fleet");
    assert!(state(&one).errors >= 8);
    let lines = lines_about_store(&mut one);
    assert!(lines.len() <= 8, "one notice for each kind of fault: {lines:#?}");
}

#[test]
fn stopped_store_clock_is_not_believed() {
    let world = World::new(Duration::from_millis(1));
    let begin = now();
    let store = Hostile::start(move |words| (words[0] == "TIME").then(|| Sends::Text(honest(words, begin))));
    let (_setting, one) = gateway(&world, &section(store.port, ""), KEY);
    let faulty = |one: &Process| state(one).failing.is_some_and(|why| why.contains("clock"));
    one.wait_until("it notices", faulty);
    let writes = store.count("SET");
    let seen = store.count("TIME");
    ask_some(&one, 0);
    asked(&one, &store, "TIME", seen + 4);
    assert!(faulty(&one), "it is not believed again");
    assert_eq!(store.count("SET"), writes, "it is not used");
    store.behave(|_| None);
    uses(&one);
}

#[test]
fn wrong_store_clock_is_not_believed() {
    let world = World::new(Duration::from_millis(1));
    let hour = Duration::from_secs(3_600);
    let store = Hostile::start(move |words| {
        (words[0] == "TIME").then(|| Sends::Text(honest(words, now().checked_sub(hour).unwrap())))
    });
    let (_setting, mut one) = gateway(&world, &section(store.port, ""), KEY);
    one.wait_until("it notices", |one| state(one).failing.is_some_and(|why| why.contains("differ by 3")));
    ask_some(&one, 0);
    asked(&one, &store, "TIME", 5);
    assert_eq!(store.count("SET") + store.count("XRANGE"), 0, "it is not used");
    let lines = lines_about_store(&mut one);
    assert_eq!(lines.len(), 1, "{lines:#?}");
}

/// The median time of an answer that needs queries.
fn median(process: &Process) -> Duration {
    let mut times: Vec<Duration> = (0..41)
        .map(|number| {
            let begin = Instant::now();
            assert!(ttl(process, &format!("n{number}.tld.")).is_some());
            begin.elapsed()
        })
        .collect();
    times.sort();
    times[20]
}

// The store answers TIME quickly, and lookups slowly or with an error.
#[test]
fn slow_store_delays_no_question() {
    let _alone = alone();
    let world = World::new(Duration::from_millis(1));
    let without = median(&Setting::new(&world, "").start());
    // Only TIME is fast enough. Its time would permit a long wait.
    let store = Hostile::start(|words| {
        match words[0].as_str() {
            "TIME" => std::thread::sleep(Duration::from_millis(3)),
            "GET" | "MGET" | "GETRANGE" if !words[1].contains(":probe:") => {
                std::thread::sleep(Duration::from_millis(15));
            }
            _ => {}
        }
        None
    });
    let (_setting, one) = gateway(&world, &section(store.port, ""), KEY);
    uses(&one);
    let with = median(&one);
    assert!(with < without + Duration::from_millis(2), "{with:?}, {without:?} without a store");
    let refusing = Hostile::start(|words| {
        matches!(words[0].as_str(), "GET" | "MGET" | "GETRANGE").then(|| Sends::Text(b"-ERR no\r\n".to_vec()))
    });
    let (_setting, other) = gateway(&world, &section(refusing.port, ""), KEY);
    asked(&other, &refusing, "TIME", 2);
    let with = median(&other);
    assert!(with < without + Duration::from_millis(2), "{with:?}, {without:?} without a store");
}

/// The section of a fleet with a password.
fn with_password(port: u16, more: &str) -> String {
    section(port, &format!("password = \"password\"\nuser = \"mx\"\n{more}"))
}

fn started(world: &World, sections: &str) -> (Setting, Process) {
    let setting = Setting::new(world, sections);
    super::secret(&setting, "fleet.key", KEY);
    super::secret(&setting, "password", "hunter2 and more");
    let process = setting.start();
    (setting, process)
}

#[test]
fn unnamed_host_gets_no_password() {
    let world = World::new(Duration::from_millis(1));
    let thief = Hostile::at([127, 0, 0, 2].into(), |_| None);
    let port = thief.port;
    let node = move |host: &str, port: u16| {
        format!("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n${}\r\n{host}\r\n:{port}\r\n", host.len())
    };
    let sentinel = Hostile::start(move |words| match words[0].as_str() {
        "SENTINEL" | "sentinel" => {
            text(&format!("*2\r\n$9\r\n127.0.0.2\r\n${}\r\n{port}\r\n", port.to_string().len()))
        }
        _ => None,
    });
    let cluster = Hostile::start(move |words| match words[0].as_str() {
        "CLUSTER" => text(&node("127.0.0.2", port)),
        _ => None,
    });
    for (store, mode) in [(&sentinel, "sentinel"), (&cluster, "cluster")] {
        let sections = with_password(store.port, &format!("mode = \"{mode}\"\n"));
        let (_setting, one) = started(&world, &sections);
        one.wait_until("it notices", |one| {
            state(one).failing.is_some_and(|why| why.contains("127.0.0.2") && why.contains("fleet.servers"))
        });
    }
    // The node names itself, and moves each key to the other host.
    let moving = Arc::new(Mutex::new(0));
    let own = Arc::clone(&moving);
    let cluster = Hostile::start(move |words| match words[0].as_str() {
        "CLUSTER" => text(&node("127.0.0.1", *own.lock().unwrap())),
        "SET" => text(&format!("-MOVED 5 127.0.0.2:{port}\r\n")),
        "GETRANGE" | "GET" => text(&format!("-ASK 5 127.0.0.2:{port}\r\n")),
        _ => None,
    });
    *moving.lock().unwrap() = cluster.port;
    let (_setting, one) = started(&world, &with_password(cluster.port, "mode = \"cluster\"\n"));
    asked(&one, &cluster, "CLUSTER", 2);
    ask_some(&one, 0);
    asked(&one, &cluster, "CLUSTER", 4);
    assert!(cluster.count("AUTH") > 0, "the named host gets the password");
    assert_eq!(thief.commands(), 0);
}

#[test]
fn moved_key_is_found_elsewhere() {
    let world = World::new(Duration::from_millis(1));
    let new = Hostile::start(|_| None);
    let (old_port, new_port) = (Arc::new(Mutex::new(0)), new.port);
    let own = Arc::clone(&old_port);
    let old = Hostile::start(move |words| match words[0].as_str() {
        "CLUSTER" => {
            let range = |first: u16, last: u16, port: u16| {
                format!("*3\r\n:{first}\r\n:{last}\r\n*2\r\n$0\r\n\r\n:{port}\r\n")
            };
            let old_port = *own.lock().unwrap();
            text(&format!("*2\r\n{}{}", range(0, 16_382, old_port), range(16_383, 16_383, new_port)))
        }
        "SET" => text(&format!("-MOVED 5 127.0.0.1:{new_port}\r\n")),
        "XRANGE" => text(&format!("-ASK 5 127.0.0.1:{new_port}\r\n")),
        _ => None,
    });
    *old_port.lock().unwrap() = old.port;
    let (_setting, one) = gateway(&world, &section(old.port, "mode = \"cluster\"\n"), KEY);
    uses(&one);
    ask_some(&one, 0);
    asked(&one, &new, "SET", 5);
    asked(&one, &new, "ASKING", 2);
    assert!(new.count("XRANGE") >= 2);
}

#[test]
fn sentinel_is_asked_again_after_readonly() {
    let world = World::new(Duration::from_millis(1));
    let replica = Hostile::start(|words| {
        let writes = ["SET", "XADD", "HSET", "INCRBY"].contains(&words[0].as_str());
        writes.then(|| Sends::Text(b"-READONLY You can't write against a read only replica.\r\n".to_vec()))
    });
    let primary = Hostile::start(|_| None);
    let named = Arc::new(Mutex::new(replica.port));
    let now_named = Arc::clone(&named);
    let sentinel = Hostile::start(move |words| {
        let port = now_named.lock().unwrap().to_string();
        (words[0] == "SENTINEL").then(|| {
            Sends::Text(format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()).into_bytes())
        })
    });
    let (_setting, one) = gateway(&world, &section(sentinel.port, "mode = \"sentinel\"\n"), KEY);
    asked(&one, &replica, "HSET", 1);
    *named.lock().unwrap() = primary.port;
    asked(&one, &primary, "HSET", 1);
    uses(&one);
}
