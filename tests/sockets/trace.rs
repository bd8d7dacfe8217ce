//! `resolverctl trace`: the steps of a resolution. A trace with `--fresh` must not change the state of the daemon.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use hickory_proto::rr::RecordType;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::time::timeout;

use control::Controlled;
use dns::random::Random;
use lab::fault::Fault;
use lab::internet::Internet;
use lab::simulation::root_anchor;
use lab::sockets::LabSockets;
use record::Window;
use stage::{PATIENCE, Stage, name};

/// Returns the exit code and the output.
async fn run(socket: PathBuf, words: &[&str]) -> (i32, String) {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let running = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
        command.arg("--socket").arg(socket).args(words).stdin(Stdio::null()).output()
    });
    let output = timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn socket(stage: &Stage) -> PathBuf {
    stage.daemon.subject().config().control.socket.clone()
}

/// Returns the lines of the trace while they arrive.
async fn begin(stage: &Stage, name: &str, fresh: bool) -> Lines<BufReader<UnixStream>> {
    let mut stream = UnixStream::connect(socket(stage)).await.unwrap();
    let request = serde_json::json!({ "request": "trace", "name": name, "type": "A", "fresh": fresh });
    stream.write_all(format!("{request}\n").as_bytes()).await.unwrap();
    BufReader::new(stream).lines()
}

async fn next(lines: &mut Lines<BufReader<UnixStream>>) -> Value {
    let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    serde_json::from_str(&line).unwrap()
}

/// Returns what a trace with `--fresh` must not change, without times and ages.
async fn state(stage: &Stage) -> String {
    let subject = stage.daemon.subject();
    let report = subject.recorder().report(Window::Start);
    let servers = subject.servers().await;
    let (fill, lists) = (subject.fill(), subject.lists().all().len());
    format!("{:?} {:?} {servers:?} {fill:?} {lists}", report.outcomes, report.upstream)
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_trace_changes_no_state() {
    let stage = Stage::set("* 300 A 10.0.0.1\n", |_| {}).await;
    stage.client().ask_datagram(&name("www.tld."), RecordType::A).await.unwrap();
    assert_eq!(stage.heard("www.tld."), 1);
    let (code, text) = run(socket(&stage), &["trace", "www.tld"]).await;
    assert!(code == 0 && text.contains("from cache") && text.contains("no steps"), "{text}");
    assert_eq!(stage.heard("www.tld."), 1, "the cache had it");
    let before = state(&stage).await;
    for times in 2..4 {
        let (code, text) = run(socket(&stage), &["trace", "www.tld", "A", "--fresh"]).await;
        assert_eq!(code, 0, "{text}");
        for part in [
            "query     www.tld. A\n",
            "127.77.0.1 over UDP for . NS (preferred server; round trip not known yet)\n",
            "127.77.0.1 answered after",
            "referral  to tld.\n",
            "127.77.0.2 over UDP (preferred server; round trip not known yet)\n",
            "ended     NOERROR\n",
            "www.tld.  300  A  10.0.0.1\nNOERROR, from servers in",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert_eq!(stage.heard("www.tld."), times, "past the cache, and nothing is kept");
    }
    assert_eq!(state(&stage).await, before);
    let (code, text) = run(socket(&stage), &["--json", "trace", "nothing.tld", "MX", "--fresh"]).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, steps) = lines.split_last().unwrap();
    assert_eq!((code, &last["rcode"]), (1, &"NOERROR".into()), "{text}");
    assert!(
        steps.len() > 5 && steps.iter().all(|step| step["at"].is_f64() && step["step"].is_string()),
        "{text}"
    );
    assert!(last["elapsed"].as_f64().unwrap() >= steps.last().unwrap()["at"].as_f64().unwrap());
}

// At most two fresh traces run at once.
#[tokio::test(flavor = "multi_thread")]
async fn trace_steps_arrive_live() {
    let stage = Stage::set("", |_| {}).await;
    stage.sockets.lab().server("ns1.slow.tld").unwrap().set_faults(&[Fault::Dead]);
    let mut lines = begin(&stage, "www.slow.tld", false).await;
    loop {
        let step = next(&mut lines).await;
        assert_eq!(step["reply"], "step", "{step}");
        if step["server"] == "127.77.0.3" && step["step"] == "sent" {
            break;
        }
    }
    assert_eq!(stage.daemon.subject().inflight().len(), 1, "the resolution goes on");
    let late = next(&mut lines).await;
    assert_eq!((&late["step"], &late["server"]), (&"unanswered".into(), &"127.77.0.3".into()), "{late}");
    let before = state(&stage).await;
    let (mut one, mut two) =
        (begin(&stage, "www.slow.tld", true).await, begin(&stage, "www.slow.tld", true).await);
    assert_eq!(
        (&next(&mut one).await["reply"], &next(&mut two).await["reply"]),
        (&"step".into(), &"step".into())
    );
    let problem = next(&mut begin(&stage, "www.slow.tld", true).await).await;
    assert!(problem["sentence"].as_str().unwrap().starts_with("The maximum of 2 "), "{problem}");
    // The number of traces at the same time is limited, so another one may begin only when these clients disconnect.
    drop((one, two));
    let room = timeout(PATIENCE, async {
        while next(&mut begin(&stage, "www.tld", true).await).await["reply"] == "problem" {}
    });
    room.await.unwrap();
    drop((lines, before));
}

/// Counts the sockets that wait for a reply of the lab's servers (/proc/net/udp, see proc(5)).
fn waiting_sockets(stage: &Stage) -> usize {
    let port = format!(":{:04X}", stage.sockets.port());
    let table = std::fs::read_to_string("/proc/net/udp").unwrap();
    let remote = |line: &&str| line.split_whitespace().nth(2).is_some_and(|remote| remote.ends_with(&port));
    table.lines().filter(remote).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_trace_ends_with_client() {
    let stage = Stage::set("", |_| {}).await;
    stage.sockets.lab().server("ns1.slow.tld").unwrap().set_faults(&[Fault::Dead]);
    let (mut left, mut most) = (0, 0);
    while left < 30 {
        let mut lines = begin(&stage, "www.slow.tld", true).await;
        loop {
            let step = next(&mut lines).await;
            if step["reply"] == "problem" {
                break;
            }
            if step["step"] == "sent" && step["server"] == "127.77.0.3" {
                left += 1;
                break;
            }
        }
        most = most.max(waiting_sockets(&stage));
    }
    // At most two traces run at the same time. The socket of a trace that has ended may still be counted, but never the sockets of all 30
    // traces.
    assert!((1..left).contains(&most), "two traces at once, and not {left}: {most} sockets");
    let ended = async {
        while waiting_sockets(&stage) > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(record::limits::FLIGHT_TIME / 4, ended).await.expect("nothing is left of the traces");
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_trace_shows_chain_of_trust() {
    let unix = dns::clock::Clock::machine().now().unix;
    let internet = Internet::signed_at(7, 12, unix).unwrap();
    let domain =
        internet.domains.iter().find(|domain| internet.is_signed(&domain.name)).unwrap().name.clone();
    let sockets = LabSockets::start(internet.lab.clone(), Random::system().unwrap()).await.unwrap();
    let stage = Stage::set("", |config| {
        config.dnssec.validate = true;
        config.dnssec.trust_anchor = root_anchor(sockets.lab());
        config.resolve.root_hints = sockets.lab().root_hints();
        config.resolve.upstream_port = sockets.port();
    })
    .await;
    let (code, text) = run(socket(&stage), &["trace", &domain.to_string(), "MX", "--fresh"]).await;
    assert_eq!(code, 0, "{text}");
    let parent = domain.base_name();
    for part in [
        "ds        the trust anchor of . is key ".to_owned(),
        "dnskey    . has key ".to_owned(),
        "checked   . is secure\n".to_owned(),
        format!("ds        the parent zone has a signed DS record of {parent}: key "),
        format!("checked   {parent} is secure\n"),
        format!("ds        the parent zone has a signed DS record of {domain}: key "),
        format!("dnskey    {domain} has key "),
        format!("checked   {domain} is secure\n"),
        format!("checked   {domain} MX is secure\n"),
        "validated with DNSSEC (secure)\n".to_owned(),
    ] {
        assert!(text.contains(&part), "{part:?} is not in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fresh_trace_of_list_counts_quota() {
    use config::ConfiguredList;
    use dnsbl::list::{ListSubject, Purpose};
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| {
        config.lists.push(ConfiguredList {
            name: name("bl.tld."),
            purpose: Some(Purpose::Block),
            subjects: Some(vec![ListSubject::Ip4]),
            quota: Some(3),
            ..ConfiguredList::default()
        });
    })
    .await;
    let words = ["trace", "2.0.0.127.bl.tld", "A", "--fresh"];
    let used = || {
        let subject = stage.daemon.subject();
        let unix = subject.now().unix;
        subject.lists().all().iter().map(|entry| entry.watch.quota(unix).0).sum::<u64>()
    };
    for count in 1..=3 {
        let (_, text) = run(socket(&stage), &words).await;
        assert!(text.contains("127.77.0.2 over UDP"), "{text}");
        assert_eq!(used(), count);
    }
    let (code, text) = run(socket(&stage), &words).await;
    assert!(
        code == 4 && text.contains("most of the daily quota of the DNS list bl.tld. is used"),
        "{code} {text}"
    );
    assert_eq!(used(), 3);
}
