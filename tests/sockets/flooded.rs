//! One client floods the sockets with more queries than the host can answer. Another client, which asks few questions (the light client),
//! must get all its answers.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use stage::{PATIENCE, Stage, query};

/// The number of queries that the flood sends before it reads the replies.
const FLOOD: u32 = 64;

/// The number of names for which the light client (the one with few queries) asks. None of them is in the cache.
const NAMES: u16 = 24;

/// The time after which the light client repeats a datagram, because a full socket may have dropped it.
const REPEAT: Duration = Duration::from_millis(500);

fn flood(socket: &UdpSocket, stop: &AtomicBool) -> u32 {
    let mut sent = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..FLOOD {
            sent += 1;
            let [.., high, low] = sent.to_be_bytes();
            let id = u16::from_be_bytes([high, low]);
            // If the send buffer is full, this query is not sent.
            let _ = socket.send(&query(id, &format!("f{sent}.tld."), RecordType::A));
        }
        while socket.recv(&mut [0; 1_500]).is_ok() {}
    }
    sent
}

/// Asks one question. Returns `None` if there is no reply within `PATIENCE`.
fn ask(socket: &UdpSocket, id: u16) -> Option<Message> {
    let query = query(id, &format!("light{id}.tld."), RecordType::A);
    for _ in 0..PATIENCE.as_millis() / REPEAT.as_millis() {
        socket.send(&query).unwrap();
        let mut reply = [0; 1_500];
        while let Ok(length) = socket.recv(&mut reply) {
            let message = Message::from_vec(&reply[..length]).unwrap();
            if message.metadata.id == id {
                return Some(message);
            }
        }
    }
    None
}

fn client(stage: &Stage, address: &str) -> UdpSocket {
    let socket = UdpSocket::bind((address, 0)).unwrap();
    socket.connect(stage.address).unwrap();
    socket
}

/// The light client at 127.0.0.1 must get all its answers during a flood from `address`.
async fn light_beside_flood(address: &str) {
    let stage = Stage::set("* 300 A 10.0.0.1\n", |_| ()).await;
    let (heavy, light) = (client(&stage, address), client(&stage, "127.0.0.1"));
    heavy.set_nonblocking(true).unwrap();
    light.set_read_timeout(Some(REPEAT)).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let flood = std::thread::spawn(move || flood(&heavy, &told));
    let asked = std::thread::spawn(move || (1..=NAMES).map(|id| ask(&light, id)).collect::<Vec<_>>());
    let replies = tokio::task::spawn_blocking(|| asked.join().unwrap()).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let sent = flood.join().unwrap();
    let failed = replies.iter().filter(|reply| {
        reply.as_ref().is_none_or(|reply| reply.metadata.response_code != ResponseCode::NoError)
    });
    assert_eq!(failed.count(), 0, "of {NAMES}, beside {sent} of another client");
    assert!(sent > u32::from(NAMES), "{sent}");
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn light_client_is_answered_beside_flood() {
    light_beside_flood("127.0.0.9").await;
}

// Both programs have the same address.
#[tokio::test(flavor = "multi_thread")]
async fn light_program_is_answered_beside_flood() {
    light_beside_flood("127.0.0.1").await;
}
