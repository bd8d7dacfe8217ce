//! The listeners over real sockets: the replies to valid input, and invalid input that must not stop the daemon.

use std::net::SocketAddr;

use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::{RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use config::Config;
use config::limits::MIN_DEADLINE;
use dns::question::{Apart, Outcome};
use dns::random::Random;
use exchange::limits::{MAX_PIPELINED, TCP_WRITE_TIME};
use lab::client::{read_framed, write_framed};
use resolver::limits::{MAX_QUERY, MAX_TCP_CLIENTS, REFUSAL_BURST, TCP_MESSAGE_TIME};
use stage::{PATIENCE, Stage, name, query};

/// The records of the test zone: an address, an alias, and a name whose answer has more than 1 232 octets.
fn zone() -> String {
    let many: String = (0..100).map(|last| format!("many 300 A 10.0.1.{last}\n")).collect();
    format!("www 300 A 10.0.0.1\nalias 60 CNAME www\nmail 300 MX 10 www\n{many}")
}

async fn socket(stage: &Stage) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(stage.address).await.unwrap();
    socket
}

async fn exchange(socket: &UdpSocket, message: &[u8]) -> Vec<u8> {
    socket.send(message).await.unwrap();
    receive(socket).await
}

async fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut reply = vec![0; 65_535];
    let length = tokio::time::timeout(PATIENCE, socket.recv(&mut reply)).await.unwrap().unwrap();
    reply.truncate(length);
    reply
}

fn option(message: &Message, code: u16) -> Option<Vec<u8>> {
    message.edns.as_ref()?.option(code.into())?.try_into().ok()
}

fn extended_error(message: &Message) -> Option<(u16, String)> {
    let octets = option(message, 15)?;
    let code = u16::from_be_bytes([octets[0], octets[1]]);
    Some((code, String::from_utf8(octets[2..].to_vec()).unwrap()))
}

// The second reply comes from the cache.
#[tokio::test(flavor = "multi_thread")]
async fn reply_keeps_spelling_of_question() {
    let stage = Stage::set(&zone(), |_| ()).await;
    let socket = socket(&stage).await;
    for id in [1, 2] {
        let reply =
            Message::from_vec(&exchange(&socket, &query(id, "Alias.TLD.", RecordType::A)).await).unwrap();
        assert_eq!(reply.metadata.id, id);
        assert!(reply.metadata.recursion_available && !reply.metadata.authoritative);
        assert!(reply.queries[0].name().eq_case(&name("Alias.TLD.")));
        assert_eq!(reply.answers.len(), 2);
        assert!(matches!(reply.answers[0].data, RData::CNAME(_)));
        assert!(reply.authorities.is_empty() && reply.additionals.is_empty() && reply.edns.is_none());
    }
    assert_eq!(stage.heard("alias.tld."), 1, "the root is asked for tld. alone");
    assert_eq!((stage.outcome(Outcome::Upstream), stage.outcome(Outcome::Cache)), (1, 1));
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cached_tcp_replies_leave_together() {
    let stage = Stage::set(&zone(), |_| ()).await;
    stage.client().ask_stream(&name("www.tld."), RecordType::A).await.unwrap();
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    let framed = (1..=100).flat_map(|id| {
        let query = query(id, "www.tld.", RecordType::A);
        [u16::try_from(query.len()).unwrap().to_be_bytes().to_vec(), query].concat()
    });
    stream.write_all(&framed.collect::<Vec<_>>()).await.unwrap();
    // All queries arrive together, so the replies must too, in one read.
    let mut replies = vec![0; 65_535];
    let length = tokio::time::timeout(PATIENCE, stream.read(&mut replies)).await.unwrap().unwrap();
    let (mut rest, mut ids) = (&replies[..length], Vec::new());
    while let Some((length, framed)) = rest.split_first_chunk() {
        let (reply, others) = framed.split_at(usize::from(u16::from_be_bytes(*length)));
        ids.push(Message::from_vec(reply).unwrap().metadata.id);
        rest = others;
    }
    assert_eq!(ids, (1..=100).collect::<Vec<u16>>());
    stage.daemon.stop().await;
}

// Over TCP, the client gets the whole answer.
#[tokio::test(flavor = "multi_thread")]
async fn oversized_udp_reply_is_truncated() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for client in [stage.client(), stage.client().without_edns()] {
        let cut = client.ask_datagram(&name("many.tld."), RecordType::A).await.unwrap();
        assert!(cut.metadata.truncation && cut.answers.is_empty());
        let whole = client.ask_stream(&name("many.tld."), RecordType::A).await.unwrap();
        assert_eq!(whole.answers.len(), 100);
        assert!(!whole.metadata.truncation);
    }
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_queries_are_refused_or_dropped() {
    let stage = Stage::set(&zone(), |_| ()).await;
    let socket = socket(&stage).await;
    let good = query(7, "www.tld.", RecordType::A);
    let class_at = good.len() - 1;
    let edited = |at: usize, octet: u8| {
        let mut message = good.clone();
        message[at] = octet;
        message
    };
    let mut newer = Message::from_vec(&good).unwrap();
    newer.edns = Some({
        let mut edns = Edns::new();
        edns.set_version(1);
        edns
    });
    socket.send(&good[..5]).await.unwrap();
    socket.send(&edited(2, 0x81)).await.unwrap();
    for (message, rcode) in [
        (edited(2, 0x29), ResponseCode::NotImp),
        (edited(5, 2), ResponseCode::FormErr),
        (edited(12, 0xC0), ResponseCode::FormErr),
        (edited(class_at, 3), ResponseCode::Refused),
        (edited(class_at - 2, 252), ResponseCode::Refused),
        (newer.to_vec().unwrap(), ResponseCode::BADVERS),
    ] {
        let reply = Message::from_vec(&exchange(&socket, &message).await).unwrap();
        assert_eq!(u16::from(reply.metadata.response_code), u16::from(rcode));
        assert_eq!(reply.metadata.id, 7);
    }
    assert_eq!((stage.apart(Apart::Runt), stage.apart(Apart::Response)), (1, 1));
    assert_eq!(stage.outcome(Outcome::FormError), 2);
    assert_eq!(stage.outcome(Outcome::Refused), 2);
    assert_eq!((stage.outcome(Outcome::NotImplemented), stage.outcome(Outcome::BadVersion)), (1, 1));
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_recursion_desired_only_memory_answers() {
    let stage = Stage::set(&zone(), |_| ()).await;
    let socket = socket(&stage).await;
    let mut message = Message::from_vec(&query(1, "www.tld.", RecordType::A)).unwrap();
    message.metadata.recursion_desired = false;
    message.edns = Some(Edns::new());
    let message = message.to_vec().unwrap();
    let refused = Message::from_vec(&exchange(&socket, &message).await).unwrap();
    assert_eq!(refused.metadata.response_code, ResponseCode::Refused);
    assert_eq!(extended_error(&refused).unwrap().0, 20);
    exchange(&socket, &query(2, "www.tld.", RecordType::A)).await;
    let answered = Message::from_vec(&exchange(&socket, &message).await).unwrap();
    assert_eq!(answered.answers.len(), 1);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disallowed_client_is_refused_with_reason() {
    let stage =
        Stage::set(&zone(), |config| config.listen.allow = vec!["127.0.0.2/32".parse().unwrap()]).await;
    let refused = stage.client().ask(&name("www.tld."), RecordType::A).await.unwrap();
    assert_eq!(refused.metadata.response_code, ResponseCode::Refused);
    let (code, text) = extended_error(&refused).unwrap();
    assert_eq!(code, 18);
    assert!(text.contains("see `allow`"), "{text}");
    assert_eq!((stage.apart(Apart::Denied), stage.heard("www.tld.")), (1, 0));
    let allowed = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    allowed.connect(stage.address).await.unwrap();
    let answered =
        Message::from_vec(&exchange(&allowed, &query(1, "www.tld.", RecordType::A)).await).unwrap();
    assert_eq!(answered.answers.len(), 1);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn longest_client_prefix_decides() {
    let stage = Stage::set(&zone(), |config| {
        // With one worker, the replies arrive in the order of the queries.
        config.listen.workers = 1;
        config.listen.allow = vec!["127.0.0.0/8".parse().unwrap(), "127.0.1.7/32".parse().unwrap()];
        config.listen.refuse = vec!["127.0.1.0/24".parse().unwrap(), "127.0.2.1/32".parse().unwrap()];
        config.listen.drop = vec!["127.0.2.0/24".parse().unwrap()];
    })
    .await;
    let client = async |from: &str| {
        let socket = UdpSocket::bind((from, 0)).await.unwrap();
        socket.connect(stage.address).await.unwrap();
        socket
    };
    let message = query(1, "www.tld.", RecordType::A);
    let dropped = client("127.0.2.9").await;
    dropped.send(&message).await.unwrap();
    for (from, code) in [
        ("127.0.1.1", ResponseCode::Refused),
        ("127.0.2.1", ResponseCode::Refused),
        ("127.0.1.7", ResponseCode::NoError),
        ("127.0.0.1", ResponseCode::NoError),
    ] {
        let reply = Message::from_vec(&exchange(&client(from).await, &message).await).unwrap();
        assert_eq!(reply.metadata.response_code, code, "{from}");
    }
    let nothing = dropped.try_recv(&mut [0; 512]).unwrap_err();
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(stage.apart(Apart::Denied), 3);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disallowed_tcp_clients_take_no_slot() {
    let stage =
        Stage::set(&zone(), |config| config.listen.allow = vec!["127.0.0.2/32".parse().unwrap()]).await;
    let connect = async |from: [u8; 4]| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        socket.connect(stage.address).await.unwrap()
    };
    let mut allowed = connect([127, 0, 0, 2]).await;
    write_framed(&mut allowed, &query(1, "www.tld.", RecordType::A)).await.unwrap();
    let first = Message::from_vec(&read_framed(&mut allowed).await.unwrap()).unwrap();
    assert_eq!(first.answers.len(), 1);
    // Opens the maximum number of connections for all clients together, from as many addresses as necessary.
    let mut denied = Vec::new();
    for number in 0..MAX_TCP_CLIENTS {
        denied.push(connect([127, 0, 1, u8::try_from(number / 64).unwrap()]).await);
    }
    for stream in &mut denied {
        let closed = tokio::time::timeout(PATIENCE, read_framed(stream)).await.unwrap();
        assert!(closed.is_err(), "closed, and not answered");
    }
    write_framed(&mut allowed, &query(2, "www.tld.", RecordType::A)).await.unwrap();
    let second = Message::from_vec(&read_framed(&mut allowed).await.unwrap()).unwrap();
    assert_eq!(second.answers.len(), 1, "the idlest would have gone");
    assert_eq!(stage.apart(Apart::Denied), u64::try_from(MAX_TCP_CLIENTS).unwrap());
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_to_client_are_limited() {
    let stage =
        Stage::set(&zone(), |config| config.listen.allow = vec!["127.0.0.2/32".parse().unwrap()]).await;
    let socket = socket(&stage).await;
    for id in 0..500 {
        socket.send(&query(id, "www.tld.", RecordType::A)).await.unwrap();
    }
    let told = async |most: usize| {
        let mut told = 0;
        while told < most {
            let reply = Message::from_vec(&receive(&socket).await).unwrap();
            assert_eq!(reply.metadata.response_code, ResponseCode::Refused);
            told += 1;
        }
    };
    told(usize::try_from(REFUSAL_BURST).unwrap()).await;
    while stage.apart(Apart::Denied) < 500 {
        tokio::task::yield_now().await;
    }
    // In the meantime, further refusals may have been sent, at most one per second.
    let mut more = 0;
    while socket.try_recv(&mut [0; 512]).is_ok() {
        more += 1;
    }
    assert!(more < 100, "{more} more");
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_tells_its_reason() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for server in stage.sockets.lab().servers().iter().filter(|server| server.name().starts_with("ns1.slow"))
    {
        server.set_faults(&[lab::fault::Fault::Refused]);
    }
    let failed = stage.client().ask(&name("www.slow.tld."), RecordType::A).await.unwrap();
    assert_eq!(failed.metadata.response_code, ResponseCode::ServFail);
    let (code, text) = extended_error(&failed).unwrap();
    assert_eq!(
        (code, text.as_str()),
        (22, "no server of slow.tld. gave a usable answer: 127.77.0.3 REFUSED")
    );
    let again = stage.client().ask(&name("www.slow.tld."), RecordType::A).await.unwrap();
    assert_eq!(extended_error(&again).unwrap().0, 13);
    assert_eq!((stage.outcome(Outcome::Failed), stage.outcome(Outcome::Remembered)), (1, 1));
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_octets_never_stop_listener() {
    let stage = Stage::set(&zone(), |_| ()).await;
    let random = Random::seeded(4);
    let socket = socket(&stage).await;
    let good = query(9, "www.tld.", RecordType::A);
    for round in 0..4_000_u32 {
        let mut octets = if round % 2 == 0 { good.clone() } else { vec![0; random.below(300) as usize] };
        for _ in 0..=random.below(8) {
            let at = random.below(octets.len() as u32) as usize;
            if let Some(place) = octets.get_mut(at) {
                *place = random.u16().to_be_bytes()[0];
            }
        }
        socket.send(&octets).await.unwrap();
        if round % 64 == 0 {
            // The test sends nothing else until the reply has arrived, so this query must be answered.
            stage.client().ask(&name("www.tld."), RecordType::A).await.unwrap();
            let mut stream = TcpStream::connect(stage.address).await.unwrap();
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &octets).await;
        }
    }
    let answer = stage.client().ask(&name("www.tld."), RecordType::A).await.unwrap();
    assert_eq!(answer.answers.len(), 1);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_queries_are_answered_when_ready() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for server in stage.sockets.lab().servers().iter().filter(|server| server.name().starts_with("ns1.slow"))
    {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(400))]);
    }
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    write_framed(&mut stream, &query(1_000, "www.slow.tld.", RecordType::A)).await.unwrap();
    for id in 0..300 {
        write_framed(&mut stream, &query(id, &format!("n{id}.tld."), RecordType::A)).await.unwrap();
    }
    let mut ids = Vec::new();
    for _ in 0..301 {
        let reply = tokio::time::timeout(PATIENCE, read_framed(&mut stream)).await.unwrap().unwrap();
        ids.push(Message::from_vec(&reply).unwrap().metadata.id);
    }
    let slow = ids.iter().position(|id| *id == 1_000).unwrap();
    assert!(slow > 0, "the slow one kept the others waiting");
    ids.sort_unstable();
    assert_eq!(ids, (0..300).chain([1_000]).collect::<Vec<u16>>());
    stage.daemon.stop().await;
}

// The client first gets the replies to the messages before it.
#[tokio::test(flavor = "multi_thread")]
async fn oversized_tcp_message_ends_connection() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for server in stage.sockets.lab().servers() {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(200))]);
    }
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    for (id, name) in [(1, "www.tld."), (2, "mail.tld.")] {
        write_framed(&mut stream, &query(id, name, RecordType::A)).await.unwrap();
    }
    let mut long = query(9, "www.tld.", RecordType::A);
    long.resize(MAX_QUERY + 1, 0);
    write_framed(&mut stream, &long).await.unwrap();
    write_framed(&mut stream, &query(3, "www.tld.", RecordType::A)).await.unwrap();
    let mut replies = Vec::new();
    // The client does not wait until the daemon gives it up.
    let until = tokio::time::Instant::now() + TCP_MESSAGE_TIME;
    while let Ok(reply) = tokio::time::timeout_at(until, read_framed(&mut stream)).await.unwrap() {
        let reply = Message::from_vec(&reply).unwrap();
        replies.push((reply.metadata.id, reply.metadata.response_code));
    }
    replies.sort_unstable_by_key(|(id, _)| *id);
    let [done, malformed] = [ResponseCode::NoError, ResponseCode::FormErr];
    assert_eq!(replies, [(1, done), (2, done), (9, malformed)]);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_large_tcp_replies_arrive() {
    let text = format!("\"{}\" ", "x".repeat(250)).repeat(200);
    let stage = Stage::set(&format!("{}huge 300 TXT {text}\n", zone()), |_| ()).await;
    for server in stage.sockets.lab().servers() {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(200))]);
    }
    let mut stream = TcpStream::connect(stage.address).await.unwrap();
    for id in 0..MAX_PIPELINED {
        let id = u16::try_from(id).unwrap();
        write_framed(&mut stream, &query(id, "huge.tld.", RecordType::TXT)).await.unwrap();
    }
    for _ in 0..MAX_PIPELINED {
        let reply = tokio::time::timeout(PATIENCE, read_framed(&mut stream)).await.unwrap().unwrap();
        assert!(reply.len() > 50_000);
    }
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_tcp_replies_count_as_unread() {
    let text = format!("\"{}\" ", "x".repeat(250)).repeat(200);
    let stage = Stage::set(&format!("{}*.huge 300 TXT {text}\n", zone()), |_| ()).await;
    for server in stage.sockets.lab().servers() {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(200))]);
    }
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(stage.address).await.unwrap();
    // Each reply is 50 KB long. All replies together are three times as long as the amount that a client may leave unread.
    let began = std::time::Instant::now();
    for id in 0..MAX_PIPELINED {
        let id = u16::try_from(id).unwrap();
        write_framed(&mut stream, &query(id, &format!("n{id}.huge.tld."), RecordType::TXT)).await.unwrap();
    }
    while stage.apart(Apart::ReplyLost) == 0 {
        assert!(began.elapsed() < TCP_WRITE_TIME, "it was closed for its time only");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    drop(stream);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_tcp_connection_delays_nobody() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for server in stage.sockets.lab().servers().iter().filter(|server| server.name().starts_with("ns1.slow"))
    {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(400))]);
    }
    stage.client().ask_stream(&name("many.tld."), RecordType::A).await.unwrap();
    // The replies are 10 MB long in total, which is more than the kernel stores for a socket.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(stage.address).await.unwrap();
    write_framed(&mut stream, &query(1, "www.slow.tld.", RecordType::A)).await.unwrap();
    for id in 0..6_000 {
        write_framed(&mut stream, &query(id, "many.tld.", RecordType::A)).await.unwrap();
    }
    let began = std::time::Instant::now();
    let reply = stage.client().ask_datagram(&name("www.slow.tld."), RecordType::A).await.unwrap();
    assert!(began.elapsed() < TCP_WRITE_TIME / 2, "it waited until the other connection was given up");
    assert_eq!((reply.metadata.response_code, reply.answers.len()), (ResponseCode::NoError, 1));
    drop(stream);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_query_is_answered_once() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for server in stage.sockets.lab().servers() {
        server.set_faults(&[lab::fault::Fault::Slow(std::time::Duration::from_millis(200))]);
    }
    let socket = socket(&stage).await;
    let message = query(5, "www.tld.", RecordType::A);
    for _ in 0..3 {
        socket.send(&message).await.unwrap();
    }
    let reply = Message::from_vec(&receive(&socket).await).unwrap();
    assert_eq!(reply.answers.len(), 1);
    assert_eq!(stage.apart(Apart::Repeated), 2);
    assert_eq!(Outcome::ALL.iter().map(|outcome| stage.outcome(*outcome)).sum::<u64>(), 1);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn departed_tcp_clients_block_nobody() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for id in 0..50 {
        let mut stream = TcpStream::connect(stage.address).await.unwrap();
        write_framed(&mut stream, &query(id, &format!("gone{id}.tld."), RecordType::A)).await.unwrap();
    }
    let address: SocketAddr = stage.address;
    assert!(TcpStream::connect(address).await.is_ok());
    let answer = stage.client().ask_stream(&name("www.tld."), RecordType::A).await.unwrap();
    assert_eq!(answer.answers.len(), 1);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flight_outlives_removed_listener() {
    let mut with_both = Config::default();
    let stage = Stage::set(&zone(), |config| {
        config.resolve.deadline = MIN_DEADLINE;
        config.listen.addresses.push("127.0.0.3:0".parse().unwrap());
        with_both = config.clone();
    })
    .await;
    for server in stage.sockets.lab().servers().iter().filter(|server| server.name().starts_with("ns1.slow"))
    {
        server.set_faults(&[lab::fault::Fault::Slow(MIN_DEADLINE * 7 / 5)]);
    }
    let other = lab::client::LabClient::new(stage.daemon.addresses()[1], PATIENCE);
    let owner = name("www.slow.tld.");
    let overdue = other.ask_datagram(&owner, RecordType::A).await.unwrap();
    assert_eq!(overdue.metadata.response_code, ResponseCode::ServFail);
    with_both.listen.addresses.truncate(1);
    stage.daemon.apply(with_both).await.unwrap();
    // The answer comes from the resolution that began before the reload. A new resolution would take longer than this client waits.
    let reply = stage.client().ask_datagram(&owner, RecordType::A).await.unwrap();
    assert_eq!((reply.metadata.response_code, reply.answers.len()), (ResponseCode::NoError, 1));
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cookie_is_answered_or_refused() {
    let stage = Stage::set(&zone(), |_| ()).await;
    let socket = socket(&stage).await;
    let with_cookie = |cookie: &[u8]| {
        let mut message = Message::from_vec(&query(3, "www.tld.", RecordType::A)).unwrap();
        let mut edns = Edns::new();
        edns.options_mut().insert(EdnsOption::Unknown(10, cookie.to_vec()));
        message.edns = Some(edns);
        message.to_vec().unwrap()
    };
    for _ in ["cold", "from memory"] {
        let reply = Message::from_vec(&exchange(&socket, &with_cookie(b"01234567")).await).unwrap();
        assert_eq!(reply.answers.len(), 1);
        let cookie = option(&reply, 10).unwrap();
        assert!(cookie.starts_with(b"01234567") && cookie.len() == 24);
    }
    let broken = Message::from_vec(&exchange(&socket, &with_cookie(b"0123")).await).unwrap();
    assert_eq!(broken.metadata.response_code, ResponseCode::FormErr);
    stage.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_query_gets_one_rrset() {
    let stage = Stage::set(&zone(), |_| ()).await;
    for (owner, kind, count) in [("www.tld.", RecordType::A, 1), ("mail.tld.", RecordType::MX, 1)] {
        let reply = stage.client().ask(&name(owner), RecordType::ANY).await.unwrap();
        assert_eq!(reply.answers.len(), count);
        assert_eq!(reply.answers[0].record_type(), kind);
    }
    let none = stage.client().ask(&name("none.tld."), RecordType::ANY).await.unwrap();
    assert_eq!(none.metadata.response_code, ResponseCode::NXDomain);
    stage.daemon.stop().await;
}
