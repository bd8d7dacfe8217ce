//! The permissions of the control socket, and its reactions to invalid input.

use hickory_proto::rr::RecordType;

use super::World;
use control::limits::MAX_HISTORY_REQUESTS;
use control::server::{BindError, ControlServer};
use record::entry::QuestionEntry;

// A stale socket of a dead daemon is taken over.
#[test]
fn control_socket_is_private_and_removed() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    assert_eq!(std::fs::metadata(&world.socket).unwrap().permissions().mode() & 0o777, 0o660);
    let again = world.runtime.block_on(async { ControlServer::bind(&world.socket) });
    assert!(matches!(again, Err(BindError::InUse { .. })));

    let stale = world.directory.path().join("stale.sock");
    // A process of another test could inherit a listening socket and keep it open, so this socket is only bound.
    let dead = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    dead.bind(&socket2::SockAddr::unix(&stale).unwrap()).unwrap();
    drop(dead);
    let server = world.runtime.block_on(async { ControlServer::bind(&stale) }).unwrap();
    assert!(stale.exists());
    drop(server);
    assert!(!stale.exists());

    let file = world.directory.path().join("file");
    std::fs::write(&file, "precious").unwrap();
    let refused = world.runtime.block_on(async { ControlServer::bind(&file) });
    assert!(matches!(refused, Err(BindError::NoSocket { .. })));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn unread_history_replies_block_nobody() {
    use std::io::{Read, Write};
    let world = World::new();
    // Each reply is longer than the buffer of a socket. The queries are for services of one host, so they count as one email.
    let name = [&[63; 1][..], &[b'a'; 63]].concat().repeat(3);
    for client in 1..=8_u8 {
        for number in 0..200_u64 {
            let service = format!("\x04_{number:03}\x04_tcp");
            let name = [service.as_bytes(), &name[..], &[0]].concat();
            let question = QuestionEntry {
                kind: RecordType::A,
                client: [192, 0, 2, client].into(),
                elapsed: 1_000_000,
                error: "word ".repeat(40).into(),
                code: Some(22),
                ..QuestionEntry::failed(&name, number)
            };
            world.fake.recorder.asked(&question, None);
        }
    }
    let request = b"{\"request\":\"why\",\"requests\":[{\"most\":100}]}\n";
    let held: Vec<_> = (0..MAX_HISTORY_REQUESTS)
        .map(|_| {
            let mut stream = std::os::unix::net::UnixStream::connect(&world.socket).unwrap();
            stream.write_all(request).unwrap();
            // The daemon is writing its reply.
            stream.read_exact(&mut [0]).unwrap();
            stream
        })
        .collect();
    let (code, text, error) = world.run(&["why", "--slowest", "9"]);
    assert!(code != 0 && text.is_empty(), "{code} {text}");
    assert!(error.contains("32 requests for the query history are in progress"), "{error}");
    assert_eq!(world.run(&["failed"]).0, code);
    assert_eq!(world.run(&["status"]).0, 0);
    let (_, text, _) = world.run(&["stats"]);
    assert!(text.contains("requests of resolverctl refused (too many at once)"), "{text}");
    drop(held);
    while world.run(&["failed"]).0 == code {
        std::thread::yield_now();
    }
    assert!(world.run(&["why", "--slowest", "9"]).1.contains("  client 192.0.2."));
}

#[test]
fn invalid_request_is_answered_in_line() {
    use std::io::{Read, Write};
    let world = World::new();
    let long = format!("{}\n", "x".repeat(10_000));
    for nonsense in ["\n", "nonsense\n", "{\"request\":\"dance\"}\n", "{\"request\":\"status\"", &long] {
        let mut stream = std::os::unix::net::UnixStream::connect(&world.socket).unwrap();
        // The daemon may close the connection before it has read the whole line.
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
