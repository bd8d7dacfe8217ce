//! Clients of several views at the same listen address, over UDP and TCP. For the same query, each must get the answer of its own view.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::RecordType;
use rustix::process::Signal;
use socket2::{Domain, Socket, Type};

use crate::daemon::client::{Client, framed};
use crate::daemon::process::{Process, Setting, World};

const NAME: &str = "www.corp.test.";

/// Clients outside the two views see other records of the same zone.
const VIEWS: &str = "[[view]]\nname = \"office\"\nclients = [\"127.0.0.0/24\", \"127.0.9.9\"]\n\
    [[view]]\nname = \"guests\"\nclients = [\"127.0.0.3\"]\nzones = []\n\
    [[zone]]\nname = \"corp.test\"\nview = \"office\"\nrecords = [\"www A 10.0.0.1\"]\n\
    [[zone]]\nname = \"corp.test\"\nrecords = [\"www A 192.0.2.1\"]\n";

fn client(process: &Process, address: [u8; 4]) -> Client {
    Client::at(address.into(), process.address)
}

fn address(reply: &Message) -> Option<IpAddr> {
    let expected = if reply.answers.is_empty() { ResponseCode::NXDomain } else { ResponseCode::NoError };
    assert_eq!(reply.metadata.response_code, expected);
    reply.answers.first().and_then(|record| record.data.ip_addr())
}

// The clients of several views send the same query to one address.
#[test]
fn each_view_gets_its_answer() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, VIEWS);
    let mut process = setting.start();
    let office: IpAddr = [10, 0, 0, 1].into();
    let public: IpAddr = [192, 0, 2, 1].into();
    let mut clients = [
        (client(&process, [127, 0, 0, 1]), Some(office)),
        (client(&process, [127, 0, 0, 3]), None),
        (client(&process, [127, 0, 8, 1]), Some(public)),
        (client(&process, [127, 0, 9, 9]), Some(office)),
    ];
    for _ in 0..200 {
        for (client, wanted) in &mut clients {
            assert_eq!(address(&client.ask(NAME, RecordType::A)), *wanted);
        }
    }
    // The daemon reads these queries of several clients as one batch.
    for (client, _) in &mut clients {
        (0..20).for_each(|_| client.send(NAME, RecordType::A));
    }
    for (client, wanted) in &mut clients {
        (0..20).for_each(|_| assert_eq!(address(&client.next_reply()), *wanted));
    }
    for (client, wanted) in
        [([127, 0, 0, 1], Some(office)), ([127, 0, 0, 3], None), ([127, 0, 8, 1], Some(public))]
    {
        assert_eq!(address(&over_tcp(&process, client)), wanted, "over TCP");
    }
    // Queries over the control socket get the answers of clients outside the views.
    let query = resolverctl(&setting, &["query", NAME]);
    assert!(query.contains("192.0.2.1") && !query.contains("10.0.0.1"), "{query}");
    let zones = resolverctl(&setting, &["zones"]);
    assert!(zones.contains("corp.test. (view office)"), "{zones}");

    // After the reload, the client 127.0.0.1 belongs to no view.
    let text = std::fs::read_to_string(setting.config()).unwrap();
    setting.write("resolverd.toml", &text.replace("127.0.0.0/24", "127.0.7.0/24"));
    let told = resolverctl(&setting, &["reload"]);
    assert_eq!(told, "view office: clients: 127.0.7.0/24 added, 127.0.0.0/24 removed\n");
    let after = [Some(public), None, Some(public), Some(office)];
    for ((client, _), wanted) in clients.iter_mut().zip(after) {
        assert_eq!(address(&client.ask(NAME, RecordType::A)), wanted);
    }
    process.end(Signal::TERM);
}

/// Asks over TCP from the address `client`.
fn over_tcp(process: &Process, client: [u8; 4]) -> Message {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((client, 0)).into()).unwrap();
    socket.connect(&process.address.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.write_all(&framed(7, NAME, RecordType::A)).unwrap();
    let mut size = [0; 2];
    stream.read_exact(&mut size).unwrap();
    let mut reply = vec![0; u16::from_be_bytes(size).into()];
    stream.read_exact(&mut reply).unwrap();
    Message::from_vec(&reply).unwrap()
}

fn resolverctl(setting: &Setting, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    let output = command.arg("--socket").arg(setting.socket()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
