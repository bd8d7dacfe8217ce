//! dnstap: the copies of DNS messages, as other programs read them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use config::{Config, Redact};
use dnstap::tapped::TapKind;
use lab::prelude::skipped;
use stage::{PATIENCE, Stage, name};

/// The content type in the dnstap handshake.
const CONTENT: &[u8] = b"protobuf:dnstap.Dnstap";

/// Returns the control frame READY (`kind` 4), ACCEPT (1), START (2) or STOP (3) as the library fstrm writes it.
fn control(kind: u8) -> Vec<u8> {
    let content = [&[0, 0, 0, 1, 0, 0, 0, 22], CONTENT].concat();
    let content = if kind == 3 { Vec::new() } else { content };
    let length = u8::try_from(4 + content.len()).unwrap();
    [&[0, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, kind][..], &content].concat()
}

/// A parsed dnstap message.
#[derive(Debug, Default)]
struct Read {
    identity: Vec<u8>,
    version: Vec<u8>,
    kind: u64,
    asks: Option<Vec<u8>>,
    answers: Option<Vec<u8>>,
    is_timed: bool,
    octets: Vec<u8>,
}

fn varint(octets: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (first, rest) = octets.split_first().unwrap();
        *octets = rest;
        value |= u64::from(first & 0x7f) << shift;
        shift += 7;
        if first & 0x80 == 0 {
            return value;
        }
    }
}

fn bytes<'o>(octets: &mut &'o [u8], length: usize) -> &'o [u8] {
    let (taken, rest) = octets.split_at(length);
    *octets = rest;
    taken
}

/// Parses a protocol buffer. Returns for each field its number, its value if it is an integer, and its octets.
fn fields(mut octets: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !octets.is_empty() {
        let key = varint(&mut octets);
        let (value, content) = match key & 7 {
            0 => (varint(&mut octets), Vec::new()),
            5 => (0, bytes(&mut octets, 4).to_vec()),
            2 => {
                let length = usize::try_from(varint(&mut octets)).unwrap();
                (0, bytes(&mut octets, length).to_vec())
            }
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, value, content));
    }
    found
}

fn read(frame: &[u8]) -> Read {
    let mut read = Read::default();
    for (number, _, content) in fields(frame) {
        match number {
            1 => read.identity = content,
            2 => read.version = content,
            14 => {
                for (number, value, content) in fields(&content) {
                    match number {
                        1 => read.kind = value,
                        4 => read.asks = Some(content),
                        5 => read.answers = Some(content),
                        8 => read.is_timed = value > 1_700_000_000,
                        10 | 14 => read.octets = content,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    read
}

/// Returns the dnstap messages of a stream, which must begin with START and end with STOP.
fn messages(stream: &[u8]) -> Vec<Read> {
    let mut left = stream.strip_prefix(&control(2)[..]).expect("START");
    let mut found = Vec::new();
    loop {
        let (length, rest) = left.split_first_chunk::<4>().expect("STOP");
        let length = u32::from_be_bytes(*length);
        if length == 0 {
            assert_eq!(left, control(3), "STOP ends the stream");
            return found;
        }
        let (frame, rest) = rest.split_at(usize::try_from(length).unwrap());
        found.push(read(frame));
        left = rest;
    }
}

fn kinds(messages: &[Read], about: &str) -> Vec<u64> {
    let is_about = |read: &&Read| {
        let message = Message::from_vec(&read.octets).unwrap();
        message.queries[0].name().to_lowercase() == name(about)
    };
    messages.iter().filter(is_about).map(|read| read.kind).collect()
}

async fn play(change: impl FnOnce(&mut Config, &Path)) -> (Stage, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set("* 300 A 10.0.0.1\n", |config| change(config, folder.path())).await;
    (stage, folder)
}

/// Like `play`, but another program reads all dnstap messages.
async fn play_read(
    change: impl FnOnce(&mut Config, &Path),
) -> (Stage, tempfile::TempDir, JoinHandle<Vec<u8>>) {
    let mut reading = None;
    let (stage, folder) = play(|config, folder| {
        let socket = folder.join("tap.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        config.dnstap.socket = Some(socket);
        change(config, folder);
        reading = Some(tokio::spawn(async move {
            let mut stream = shake_hands(listener.accept().await.unwrap().0).await;
            let mut octets = Vec::new();
            stream.read_to_end(&mut octets).await.unwrap();
            octets
        }));
    })
    .await;
    (stage, folder, reading.unwrap())
}

/// Ends the daemon. Returns everything that the other program has read.
async fn ended(stage: Stage, reading: JoinHandle<Vec<u8>>) -> Vec<u8> {
    let Stage { daemon, .. } = stage;
    daemon.stop().await;
    timeout(PATIENCE, reading).await.unwrap().unwrap()
}

async fn ask(stage: &Stage, about: &str) {
    stage.client().ask_datagram(&name(about), RecordType::A).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dnstap_reader_gets_all_messages() {
    let (stage, folder, reading) = play_read(|config, _| config.dnstap.identity = "mx1".to_owned()).await;
    ask(&stage, "www.tld.").await;
    ask(&stage, "www.tld.").await;
    stage.client().ask_stream(&name("tcp.tld."), RecordType::A).await.unwrap();
    let octets = ended(stage, reading).await;
    let path = folder.path().join("tap");
    std::fs::write(&path, &octets).unwrap();
    let found = messages(&octets);
    let mut told = kinds(&found, "www.tld.");
    told.sort_unstable();
    assert_eq!(told, [3, 4, 5, 5, 6, 6], "a miss and a hit");
    for read in &found {
        assert_eq!((&read.identity[..], read.is_timed), (&b"mx1"[..], true));
        assert_eq!(read.version, concat!("resolverd ", env!("CARGO_PKG_VERSION")).as_bytes());
        match read.kind {
            5 | 6 => assert_eq!(read.asks.as_deref(), Some(&[127, 0, 0, 1][..])),
            _ => assert_eq!(read.answers.as_ref().map(|server| &server[..2]), Some(&[127, 77][..])),
        }
    }
    let Ok(decoded) = Command::new("dnstap-read").arg(&path).output() else {
        return skipped("dnstap-read of bind9-dnsutils is missing");
    };
    let (text, error) =
        (String::from_utf8(decoded.stdout).unwrap(), String::from_utf8_lossy(&decoded.stderr));
    assert!(decoded.status.success(), "{error}");
    let lines = |kind: &str, end: &str| {
        let is_it = |line: &&str| line.contains(&format!(" {kind} ")) && line.ends_with(end);
        text.lines().filter(is_it).count()
    };
    assert_eq!((lines("CQ", "www.tld/IN/A"), lines("CR", "www.tld/IN/A")), (2, 2), "{text}");
    assert_eq!(
        text.lines().filter(|line| line.contains(" TCP ") && line.contains("tcp.tld/IN/A")).count(),
        2,
        "{text}"
    );
    assert!(lines("RQ", "/IN/A") >= 2 && lines("RR", "/IN/A") >= 2, "{text}");
}

/// Performs the dnstap handshake as the reader. The daemon is the writer.
async fn shake_hands(mut stream: UnixStream) -> UnixStream {
    let mut ready = vec![0; control(4).len()];
    stream.read_exact(&mut ready).await.unwrap();
    assert_eq!(ready, control(4));
    stream.write_all(&control(1)).await.unwrap();
    stream
}

// Without a reader, DNS does not wait.
#[tokio::test(flavor = "multi_thread")]
async fn returning_dnstap_reader_gets_messages() {
    let (stage, folder) = play(|config, folder| {
        config.dnstap.socket = Some(folder.join("tap.sock"));
        config.dnstap.messages = vec![TapKind::ClientQuery];
    })
    .await;
    ask(&stage, "before.tld.").await;
    let listener = UnixListener::bind(folder.path().join("tap.sock")).unwrap();
    let (first, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let mut first = shake_hands(first).await;
    let mut begin = vec![0; control(2).len() + 4];
    timeout(PATIENCE, first.read_exact(&mut begin)).await.unwrap().unwrap();
    assert_eq!(begin[..control(2).len()], control(2), "what was asked before waited in the queue");
    drop(first);
    let mut second = None;
    for number in 0.. {
        ask(&stage, &format!("n{number}.tld.")).await;
        // The daemon notices only at its next write that the first reader has closed the connection.
        if let Ok(accepted) = timeout(Duration::from_millis(50), listener.accept()).await {
            second = Some(shake_hands(accepted.unwrap().0).await);
            break;
        }
    }
    ask(&stage, "after.tld.").await;
    let reading = tokio::spawn(async move {
        let mut octets = Vec::new();
        second.unwrap().read_to_end(&mut octets).await.unwrap();
        octets
    });
    let Stage { daemon, .. } = stage;
    daemon.stop().await;
    let octets = timeout(PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(kinds(&messages(&octets), "after.tld."), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dnstap_omits_redacted_data() {
    let (stage, _folder, reading) = play_read(|config, _| config.history.redact = Redact::Names).await;
    ask(&stage, "s3cret.customer.tld.").await;
    let octets = ended(stage, reading).await;
    assert!(!octets.to_ascii_lowercase().windows(6).any(|part| part == b"s3cret"));
    let found = messages(&octets);
    assert!(found.len() >= 4);
    assert!(found.iter().filter(|read| read.kind >= 5).all(|read| read.asks.is_none()), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dnstap_omits_list_key() {
    const KEY: &str = "x7h3qkey5u8wk3qkey9m2v";
    let (stage, _folder, reading) = play_read(|config, folder| {
        let (file, key) = (folder.join("resolverd.toml"), folder.join("list.key"));
        std::fs::write(&key, KEY).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
        let list = "name = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\nwith_key = \"dq.tld\"\nkey = \"list.key\"";
        std::fs::write(&file, format!("version = 1\n[[list]]\n{list}\n")).unwrap();
        config.lists = Config::load(Some(&file)).unwrap().lists;
    })
    .await;
    let heard = || {
        stage
            .sockets
            .lab()
            .log()
            .received()
            .iter()
            .any(|one| one.name.to_lowercase().to_ascii().contains(KEY))
    };
    ask(&stage, "9.0.0.10.bl.tld.").await;
    // The name contains the customer key of a client.
    ask(&stage, &format!("8.0.0.10.{KEY}.dq.tld.")).await;
    assert!(heard(), "the server of the list got the key");
    let octets = ended(stage, reading).await.to_ascii_lowercase();
    let has = |text: &[u8]| octets.windows(text.len()).any(|part| part == text);
    assert!(!has(KEY.as_bytes()));
    assert!(has(b"_key"), "its place is there");
}
