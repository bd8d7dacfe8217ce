//! Sockets that the daemon inherits from the test or from systemd's own tool.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};

use hickory_proto::op::Message;

use crate::systemd::service::{PATIENCE, Service, Setting, answer, client, question};
use crate::systemd::units::is_installed;

/// The number of questions after one daemon was killed and before the next one starts.
const WAITING: u16 = 200;

/// Opens a UDP and a TCP socket at the same port, as systemd does.
fn held() -> (UdpSocket, TcpListener, SocketAddr) {
    loop {
        let stream = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = stream.local_addr().unwrap();
        // If another test uses the UDP port, another port is tried.
        if let Ok(datagrams) = UdpSocket::bind(address) {
            return (datagrams, stream, address);
        }
    }
}

fn ask_stream(mut stream: TcpStream, id: u16) -> Message {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let query = question(id, "stream.tld.");
    let length = u16::try_from(query.len()).unwrap().to_be_bytes();
    stream.write_all(&[length.as_slice(), &query].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut reply = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut reply).unwrap();
    Message::from_vec(&reply).unwrap()
}

#[test]
fn queued_queries_survive_killed_daemon() {
    let (datagrams, listener, address) = held();
    let setting = Setting::new(address);
    let asker = client(address);
    let first = Service::start(setting.command_with(&datagrams, &listener));
    assert_eq!(first.said.len(), 1, "nothing to warn of: {:?}", first.said);
    assert_eq!(first.address(), address);
    asker.send(&question(1, "a.tld.")).unwrap();
    assert_eq!(answer(&asker), (1, 1));
    first.kill();

    let waiting: Vec<u16> = (100..100 + WAITING).collect();
    for id in &waiting {
        asker.send(&question(*id, &format!("n{id}.tld."))).unwrap();
    }
    let connected = TcpStream::connect(address).unwrap();
    let second = Service::start(setting.command_with(&datagrams, &listener));
    let mut answered: Vec<u16> = waiting
        .iter()
        .map(|_| {
            let (id, records) = answer(&asker);
            assert_eq!(records, 1, "question {id}");
            id
        })
        .collect();
    answered.sort_unstable();
    assert_eq!(answered, waiting);
    assert_eq!(ask_stream(connected, 9).answers.len(), 1);
    second.kill();
}

#[test]
fn restart_loses_no_query() {
    let (datagrams, listener, address) = held();
    let setting = Setting::new(address);
    let mut service = Service::start(setting.command_with(&datagrams, &listener));
    let asker = client(address);
    let mut id = 0;
    for _ in 0..5 {
        let mut asked = Vec::new();
        for _ in 0..50 {
            id += 1;
            asker.send(&question(id, &format!("n{id}.tld."))).unwrap();
            asked.push(id);
        }
        // Queries that the daemon has not read wait in the socket for the next daemon.
        let pid = rustix::process::Pid::from_child(&service.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(service.child.wait().unwrap().success());
        service = Service::start(setting.command_with(&datagrams, &listener));
        let mut answered: Vec<u16> = asked.iter().map(|_| answer(&asker).0).collect();
        answered.sort_unstable();
        assert_eq!(answered, asked);
    }
}

#[test]
fn unconfigured_inherited_socket_is_served() {
    let (datagrams, listener, address) = held();
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let service = Service::start(setting.command_with(&datagrams, &listener));
    let warned = service.said.iter().any(|line| line.contains(&format!("passed a socket for {address}")));
    assert!(warned, "{:?}", service.said);
    let asker = client(address);
    asker.send(&question(3, "a.tld.")).unwrap();
    assert_eq!(answer(&asker), (3, 1));
    let asker = client(service.address());
    asker.send(&question(4, "a.tld.")).unwrap();
    assert_eq!(answer(&asker), (4, 1));
}

/// Starts the daemon with systemd's tool, which opens one of the two sockets and passes it to the daemon. The daemon opens the other
/// socket. If another program takes the port first, another port is tried.
fn activated(datagram: bool) -> (Service, Setting, SocketAddr) {
    loop {
        let (datagrams, listener, address) = held();
        let setting = Setting::new(address);
        drop((datagrams, listener));
        let mut command = Command::new("systemd-socket-activate");
        if datagram {
            command.arg("--datagram");
        }
        command.arg("--listen").arg(address.to_string()).arg(env!("CARGO_BIN_EXE_resolverd"));
        command.arg("--config").arg(setting.config()).stdin(Stdio::null()).stdout(Stdio::null());
        let mut service = Service::spawn(command);
        if service.says("Listening on") {
            return (service, setting, address);
        }
    }
}

// systemd passes a UDP or a TCP socket, and the daemon binds the other one.
#[test]
fn inherited_socket_leaves_other_transport_bound() {
    if !is_installed("systemd-socket-activate") {
        return;
    }
    for datagram in [false, true] {
        let (mut service, _setting, address) = activated(datagram);
        // The tool starts the daemon when the first query arrives.
        let asker = client(address);
        if datagram {
            asker.send(&question(5, "a.tld.")).unwrap();
            assert_eq!(answer(&asker), (5, 1));
        } else {
            assert_eq!(ask_stream(TcpStream::connect(address).unwrap(), 6).answers.len(), 1);
        }
        service.wait_for(" listens at ");
        assert_eq!(service.address(), address);
        assert_eq!(ask_stream(TcpStream::connect(address).unwrap(), 8).answers.len(), 1);
        let asker = client(address);
        asker.send(&question(7, "b.tld.")).unwrap();
        assert_eq!(answer(&asker), (7, 1));
    }
}
