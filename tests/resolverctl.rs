//! The whole of resolverctl against a real control socket; behind it a daemon that knows three names.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{MX, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use resolverd::cache::StoreFill;
use resolverd::cache::flush::{Flush, Flushed};
use resolverd::clock::{Clock, Mono};
use resolverd::control::Subject;
use resolverd::control::lookup::Lookup;
use resolverd::control::protocol::DaemonStatus;
use resolverd::control::server::{BindError, Server};
use resolverd::question::{Answer, ExtendedError, Outcome, Question};
use resolverd::record::Recorder;
use resolverd::record::event::{Conduct, Ended, FlightEnded, Sent, Step, StepEvent, Transport};
use tempfile::TempDir;

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

/// A daemon that answers from this file.
struct Fake {
    recorder: Arc<Recorder>,
    flushed: Mutex<Vec<String>>,
}

impl Fake {
    fn new() -> Arc<Self> {
        let recorder = Recorder::new(Clock::machine(), 1);
        let zone = name("slow.example.");
        for outcome in [Outcome::Cache, Outcome::Cache, Outcome::Failed] {
            let client = [127, 0, 0, 1].into();
            recorder.question(
                0,
                &Ended { client, kind: RecordType::MX, outcome, elapsed: Duration::from_millis(3) },
            );
        }
        recorder.sent(&Sent {
            server: SocketAddr::from(([192, 0, 2, 53], 53)),
            zone: zone.clone(),
            transport: Transport::Udp,
            conduct: Conduct::Silent,
            elapsed: Duration::from_millis(400),
        });
        let elapsed = Duration::from_secs(4);
        recorder.flight(&FlightEnded { zone: Some(zone), failed: true, elapsed, packets: 1 });
        Arc::new(Self { recorder, flushed: Mutex::default() })
    }
}

impl Subject for Fake {
    fn status(&self) -> DaemonStatus {
        DaemonStatus {
            version: "0.1.0".to_owned(),
            process: 1,
            config: None,
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 5300))],
            flights: 0,
            flights_max: 2_000,
        }
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn query(&self, question: Question, trace: bool) -> BoxFuture<'_, Lookup> {
        Box::pin(async move { lookup(&question, trace) })
    }

    fn flush(&self, flush: &Flush) -> Flushed {
        self.flushed.lock().unwrap().push(format!("{flush:?}"));
        Flushed { answers: 2, negatives: 1, ..Flushed::default() }
    }

    fn fill(&self) -> Vec<StoreFill> {
        vec![StoreFill { store: "answers", entries: 3, bytes: 4_096, capacity: 1 << 20 }]
    }
}

/// Answers `mail.example.` MX and TXT, denies `nowhere.example.`, fails for the rest; 100 s ago by its clock.
fn lookup(question: &Question, trace: bool) -> Lookup {
    let mut message = Message::response(0, OpCode::Query);
    message.metadata.recursion_available = true;
    message.add_query(Query::query(question.name.clone(), question.kind));
    let known = question.name == name("mail.example.");
    let mut rcode = ResponseCode::NoError;
    let mut extended_error = None;
    match question.kind {
        RecordType::MX if known => {
            let data = RData::MX(MX::new(10, name("mx.example.")));
            message.add_answer(Record::from_rdata(question.name.clone(), 300, data));
        }
        RecordType::TXT if known => {
            let data = RData::TXT(TXT::new(vec!["v=spf1 mx".to_owned(), " -all".to_owned()]));
            message.add_answer(Record::from_rdata(question.name.clone(), 300, data));
        }
        _ if known || question.name == name("nowhere.example.") => {
            let soa =
                SOA::new(name("ns.example."), name("hostmaster.example."), 1, 7_200, 900, 1_209_600, 900);
            message.add_authority(Record::from_rdata(name("example."), 900, RData::SOA(soa)));
            rcode = if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
        }
        _ => {
            rcode = ResponseCode::ServFail;
            extended_error =
                Some(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, "No server answered."));
        }
    }
    message.metadata.response_code = rcode;
    let answer = Answer {
        wire: message.to_vec().unwrap().into(),
        ttl_offsets: Box::default(),
        rcode,
        stored: Mono::START,
        expires: Mono::from_micros(300_000_000),
        extended_error,
    };
    let asked = StepEvent::Question { name: question.name.to_string(), kind: question.kind.to_string() };
    Lookup {
        answer: Arc::new(answer),
        now: Mono::from_micros(100_000_000),
        outcome: if rcode == ResponseCode::ServFail { Outcome::Failed } else { Outcome::Cache },
        elapsed: Duration::from_micros(1_234),
        steps: if trace { vec![Step { at_micros: 0, depth: 0, event: asked }] } else { Vec::new() },
    }
}

/// A daemon with its socket, and the tool that asks it.
struct World {
    directory: TempDir,
    socket: PathBuf,
    fake: Arc<Fake>,
    runtime: tokio::runtime::Runtime,
}

impl World {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("run/control.sock");
        let fake = Fake::new();
        let server = runtime.block_on(async { Server::bind(&socket) }).unwrap();
        runtime.spawn(server.run(Arc::clone(&fake)));
        Self { directory, socket, fake, runtime }
    }

    /// Runs resolverctl: exit code, stdout, stderr.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(&tool(&self.socket).args(arguments).output().unwrap())
    }
}

fn tool(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    command.arg("--socket").arg(socket).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn answers_come_with_their_source_and_an_exit_code() {
    let world = World::new();
    let expected = "mail.example.  200  MX  10 mx.example.\nNOERROR, from cache in 1.2 ms\n";
    assert_eq!(world.run(&["query", "Mail.Example", "mx"]), (0, expected.to_owned(), String::new()));
    let (code, text, _) = world.run(&["query", "mail.example", "TXT"]);
    assert_eq!((code, text.lines().next()), (0, Some("mail.example.  200  TXT  \"v=spf1 mx\" \" -all\"")));
    let (code, text, _) = world.run(&["query", "mail.example"]);
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "mail.example.  A  –\nNOERROR, from cache in 1.2 ms, kept for 13 min by the SOA of example.\n"
    );
    let (code, text, _) = world.run(&["query", "nowhere.example"]);
    assert!(code == 1 && text.contains("NXDOMAIN"), "{text}");
    let (code, text, _) = world.run(&["query", "192.0.2.1"]);
    assert_eq!(code, 4);
    assert!(
        text.starts_with("1.2.0.192.in-addr.arpa.  PTR  –\nSERVFAIL, no server helped in 1.2 ms\n"),
        "{text}"
    );
    assert!(text.contains("No server answered. (extended error 22)"), "{text}");
}

#[test]
fn a_trace_shows_steps_and_json_is_one_object() {
    let world = World::new();
    let (_, text, _) = world.run(&["query", "mail.example", "MX", "--trace"]);
    assert!(text.starts_with("      0.0 ms  question  mail.example. MX\n\nmail.example."), "{text}");
    let (code, text, _) = world.run(&["--json", "query", "mail.example", "MX", "--trace"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, text.lines().count()), (0, 1));
    assert_eq!(value["answers"][0]["data"], "10 mx.example.");
    assert_eq!(value["answers"][0]["ttl"], 200);
    assert_eq!(value["type"], "MX");
    assert_eq!(value["outcome"], "cache");
    assert_eq!(value["steps"][0]["step"], "question");
    assert_eq!(value["elapsed"], 0.001_234);
}

#[test]
fn statistics_come_as_a_screen_and_as_tables() {
    let world = World::new();
    let (code, screen, _) = world.run(&["stats"]);
    assert_eq!(code, 0);
    for part in
        ["3 in all", "66.7 % from cache", "cache 66.7 %   failed 33.3 %", "slow.example.", "silent 1 of 1"]
    {
        assert!(screen.contains(part), "{part} is not in\n{screen}");
    }
    let rows = [("zone", "slow.example."), ("server", "192.0.2.53"), ("client", "127.0.0.1"), ("type", "MX")];
    for (table, key) in rows {
        let (code, text, _) = world.run(&["stats", "--by", table, "--since", "1h"]);
        assert!(code == 0 && text.lines().count() == 2 && text.contains(key), "{text}");
        let (_, json, _) = world.run(&["stats", "--by", table, "--json"]);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value[table], key);
    }
    let (_, slow, _) = world.run(&["stats", "--slow", "--since", "start"]);
    assert!(slow.lines().nth(1).unwrap().starts_with("slow.example."), "{slow}");
    assert!(slow.lines().last().unwrap().starts_with("total"), "{slow}");
    assert_eq!(world.run(&["stats", "--json"]).1.lines().count(), 1);
    assert_eq!(world.fake.recorder.report(resolverd::record::Window::Start).questions, 3);
}

#[test]
fn flushing_names_what_is_meant_and_tells_what_went() {
    let world = World::new();
    assert_eq!(world.run(&["flush", "Mail.Example"]).1, "removed 3: 2 answers, 1 negative answer\n");
    for arguments in [
        &["flush", "mail.example", "--tree", "--type", "mx"][..],
        &["flush", "--negative"][..],
        &["flush", "--all", "--json"][..],
    ] {
        assert_eq!(world.run(arguments).0, 0);
    }
    let asked = world.fake.flushed.lock().unwrap().clone();
    let expected = [
        Flush::Name { name: name("mail.example."), kind: None },
        Flush::Tree { name: name("mail.example."), kind: Some(RecordType::MX) },
        Flush::Negative,
        Flush::All,
    ];
    assert_eq!(asked, expected.map(|flush| format!("{flush:?}")));
}

#[test]
fn without_a_command_it_says_whether_all_is_well() {
    let world = World::new();
    let (code, text, _) = world.run(&[]);
    assert!(code == 0 && text.starts_with("resolverd 0.1.0 is well, up "), "{text}");
    assert!(text.contains("127.0.0.1:5300") && text.contains("built-in defaults"), "{text}");
    for _ in 0..100 {
        world.fake.recorder.question(
            0,
            &Ended {
                client: [127, 0, 0, 1].into(),
                kind: RecordType::A,
                outcome: Outcome::Failed,
                elapsed: Duration::ZERO,
            },
        );
    }
    let (code, text, _) = world.run(&["status"]);
    assert!(code == 1 && text.contains("101 of 103 questions ended in SERVFAIL."), "{text}");
}

#[test]
fn colour_is_for_those_who_want_it() {
    let world = World::new();
    let escape = "\u{1b}[";
    assert!(!world.run(&["stats"]).1.contains(escape));
    assert!(world.run(&["stats", "--color", "always"]).1.contains(escape));
    assert!(!world.run(&["stats", "--color", "never"]).1.contains(escape));
    let output =
        tool(&world.socket).args(["stats", "--color", "auto"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!told(&output).1.contains(escape));
}

#[test]
fn what_cannot_be_asked_is_a_usage_error() {
    let world = World::new();
    for arguments in [
        &["query", "mail.example", "NONSENSE"][..],
        &["query", "a..b"][..],
        &["query"][..],
        &["flush"][..],
        &["flush", "--all", "mail.example"][..],
        &["flush", "--all", "--tree"][..],
        &["stats", "--by", "zone", "--slow"][..],
        &["stats", "--since", "2d"][..],
    ] {
        let (code, out, error) = world.run(arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {error}");
        assert!(!error.is_empty());
    }
}

#[test]
fn no_daemon_is_said_with_how_to_start_it() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let (code, out, error) = told(&tool(&socket).output().unwrap());
    assert_eq!((code, out.as_str()), (3, ""));
    let expected = format!("resolverctl: no resolverd answers at {} (", socket.display());
    assert!(error.starts_with(&expected) && error.contains("systemctl start resolverd"), "{error}");
    assert_eq!(error.lines().count(), 1);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let world = World::new();
    let mut child = tool(&world.socket).arg("stats").stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_socket_is_private_taken_over_from_the_dead_and_removed_at_the_end() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    assert_eq!(std::fs::metadata(&world.socket).unwrap().permissions().mode() & 0o777, 0o660);
    let again = world.runtime.block_on(async { Server::bind(&world.socket) });
    assert!(matches!(again, Err(BindError::InUse { .. })));

    let stale = world.directory.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let server = world.runtime.block_on(async { Server::bind(&stale) }).unwrap();
    assert!(stale.exists());
    drop(server);
    assert!(!stale.exists());

    let file = world.directory.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    let refused = world.runtime.block_on(async { Server::bind(&file) });
    assert!(matches!(refused, Err(BindError::NoSocket { .. })));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn nonsense_on_the_socket_is_answered_in_one_line() {
    use std::io::{Read, Write};
    let world = World::new();
    let long = format!("{}\n", "x".repeat(10_000));
    for nonsense in ["\n", "nonsense\n", "{\"request\":\"dance\"}\n", "{\"request\":\"status\"", &long] {
        let mut stream = std::os::unix::net::UnixStream::connect(&world.socket).unwrap();
        // The server may answer and close before it has read all of a line that is too long.
        let _refused = stream.write_all(nonsense.as_bytes());
        let _closed = stream.shutdown(std::net::Shutdown::Write);
        let mut reply = String::new();
        match stream.read_to_string(&mut reply) {
            Ok(_) => assert!(reply.starts_with("{\"reply\":\"problem\""), "{nonsense:.30}: {reply}"),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        }
    }
    assert_eq!(world.run(&["status"]).0, 0);
}
