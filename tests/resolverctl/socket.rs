//! The control socket itself: its permissions, and its reaction to invalid input.

use resolverd::control::server::{BindError, ControlServer};

use super::World;

#[test]
fn the_socket_is_private_taken_over_from_the_dead_and_removed_at_the_end() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    assert_eq!(std::fs::metadata(&world.socket).unwrap().permissions().mode() & 0o777, 0o660);
    let again = world.runtime.block_on(async { ControlServer::bind(&world.socket) });
    assert!(matches!(again, Err(BindError::InUse { .. })));

    let stale = world.directory.path().join("stale.sock");
    // Bound and never listened on, so that no process forked by another test can keep it answering.
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
