//! The start and the end of the daemon.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use rustix::process::Signal;

use crate::daemon::client::{Client, extended_error, is_servfail};
use crate::daemon::process::{PATIENCE, Process, Setting, World, alone, told};
use daemon::limits::{STOP_FLUSH, STOP_GRACE};
use dns::question::ExtendedError;
use resolver::limits::{BUSY_FLIGHTS, MAX_SILENT_FLIGHTS};

/// The maximum time from the start of the daemon to its first answer that needs no server.
const START: Duration = Duration::from_millis(100);

/// The maximum time from the signal to the end of the daemon, even on a busy machine. Resolutions in progress could take ten seconds.
const END: Duration = Duration::from_secs(5);
// On an idle machine, the daemon stops within a second.
const _: () = assert!(STOP_GRACE.as_millis() + STOP_FLUSH.as_millis() < 1_000);

/// The number of sockets with questions that wait when the signal arrives.
const CLIENTS: usize = 10;
/// The number of waiting questions of each of the `CLIENTS` sockets.
const QUESTIONS: usize = 10;
/// The number of waiting questions over one TCP stream.
const STREAMED: u16 = 10;
const WAITING: usize = CLIENTS * QUESTIONS + STREAMED as usize;
// No question may be refused because its zone does not answer or the machine is busy.
const _: () = assert!(WAITING < MAX_SILENT_FLIGHTS && WAITING < BUSY_FLIGHTS);

#[test]
fn daemon_answers_soon_after_start() {
    let _alone = alone();
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let start = || {
        let began = Instant::now();
        let process = setting.start();
        let reply = Client::new(process.address).ask_locally();
        assert_eq!(reply.metadata.response_code, ResponseCode::Refused);
        began.elapsed()
    };
    // On a busy machine, some starts take longer.
    let times: Vec<Duration> = std::iter::repeat_with(start).take(20).collect();
    println!("from start to first answer: {times:?}");
    assert!(times.iter().any(|time| *time < START), "{times:?}");
}

#[test]
fn signal_answers_all_waiting_clients() {
    for signal in [Signal::TERM, Signal::INT] {
        let _alone = alone();
        let world = World::new(Duration::from_millis(1));
        let setting = Setting::new(&world, "");
        let mut process = setting.start();
        let mut clients: Vec<Client> = (0..CLIENTS).map(|_| Client::new(process.address)).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            for question in 0..QUESTIONS {
                client.send(&format!("n{question}.c{number}.silent.tld."), RecordType::A);
            }
        }
        let mut stream = pipelined(&process, STREAMED);
        process.wait_until("all are in flight", |process| process.status().daemon.flights == WAITING as u64);
        let (status, took) = process.end(signal);
        println!("{signal:?}: ended after {took:?}");
        assert_eq!(status.code(), Some(0));
        assert!(took < END, "{took:?}");
        for client in &mut clients {
            for _ in 0..QUESTIONS {
                let reply = client.next_reply();
                assert!(is_servfail(&reply));
                assert_eq!(extended_error(&reply), Some(ExtendedError::NOT_READY));
            }
        }
        let mut replies = Vec::new();
        stream.read_to_end(&mut replies).unwrap();
        assert_eq!(framed(&replies).filter(is_servfail).count(), usize::from(STREAMED));
        assert!(!setting.socket().exists(), "the control socket is left behind");
        let said = process.said_later();
        let line = |text: &str| said.iter().position(|line| line.contains(text));
        let sum = line(&format!("{WAITING} failed queries of the last hour were not logged one by one"));
        assert!(sum.is_some() && sum < line("resolverd has stopped"), "{said:?}");
    }
}

#[test]
fn stopping_daemon_answers_resolverctl() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let mut process = setting.start();
    let mut tool = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    tool.arg("--socket").arg(setting.socket()).args(["query", "www.silent.tld"]);
    let tool = tool.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A connection to the control socket without a request must not delay the stop.
    let _idle = std::os::unix::net::UnixStream::connect(setting.socket()).unwrap();
    process.wait_until("it is in flight", |process| process.status().daemon.flights == 1);
    let (status, _) = process.end(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    let (code, answer, error) = told(&tool.wait_with_output().unwrap());
    assert!(code == 4 && answer.contains("SERVFAIL"), "{code} {answer} {error}");
}

#[test]
fn stopping_daemon_awaits_near_servers() {
    let _alone = alone();
    let world = World::new(Duration::from_millis(100));
    let setting = Setting::new(&world, "");
    let mut process = setting.start();
    let mut client = Client::new(process.address);
    client.ask("warm.tld.", RecordType::A);
    for number in 0..50 {
        client.send(&format!("n{number}.tld."), RecordType::A);
    }
    process.wait_until("all have come", |process| {
        process.status().daemon.flights + process.stats().report.questions > 50
    });
    let (status, took) = process.end(Signal::TERM);
    assert_eq!(status.code(), Some(0));
    assert!(took < END, "{took:?}");
    for _ in 0..50 {
        // The server is near, so these questions are answered while the daemon stops.
        assert_eq!(client.next_reply().metadata.response_code, ResponseCode::NoError);
    }
}

#[test]
fn unwritable_control_socket_allows_start() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let text = std::fs::read_to_string(setting.config()).unwrap();
    let (before, _) = text.split_once("[control]").unwrap();
    setting.write("resolverd.toml", before);
    let process = Process::start(setting.command_without_rights(), setting.socket());
    let said = process.said.join("\n");
    assert!(said.contains("resolverctl cannot reach this daemon"), "{said}");
    let reply = Client::new(process.address).ask("www.tld.", RecordType::A);
    assert_eq!(reply.answers.len(), 1);
}

#[test]
fn redirected_log_has_no_colours() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "[log]\nlevel = \"debug\"");
    let mut process = setting.start();
    process.end(Signal::TERM);
    let said = [process.said.clone(), process.said_later()].concat().join("\n");
    assert!(said.contains("resolverd has stopped") && !said.contains('\x1b'), "{said:?}");
}

/// Sends this number of questions over one TCP connection. The server for their names is silent.
fn pipelined(process: &Process, questions: u16) -> TcpStream {
    let mut stream = TcpStream::connect(process.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for number in 0..questions {
        let mut message = Message::query();
        message.metadata.id = number;
        message.metadata.recursion_desired = true;
        let name = Name::from_ascii(format!("stream{number}.silent.tld.")).unwrap();
        message.add_query(Query::query(name, RecordType::A));
        let octets = message.to_vec().unwrap();
        stream.write_all(&u16::try_from(octets.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(&octets).unwrap();
    }
    stream
}

fn framed(mut octets: &[u8]) -> impl Iterator<Item = Message> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_be_bytes(*octets.first_chunk()?));
        let message = Message::from_vec(&octets[2..2 + length]).unwrap();
        octets = &octets[2 + length..];
        Some(message)
    })
}
