//! A check must use the source addresses in the configuration of a zone for its queries to name servers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};

use lab::delegations::Tree;
use lab::world::ServerPlan;

use crate::gateway::Gateway;

/// A name server of the test itself. It records the senders of queries and answers nothing.
const WATCHED: Ipv4Addr = Ipv4Addr::new(127, 93, 0, 9);

/// Listens at `WATCHED`. The receiver gets each message over UDP or TCP with its source address.
fn watch(port: u16) -> io::Result<Receiver<(IpAddr, Vec<u8>)>> {
    let (datagrams, connections) = (UdpSocket::bind((WATCHED, port))?, TcpListener::bind((WATCHED, port))?);
    let (sender, receiver) = channel();
    let over_tcp = sender.clone();
    std::thread::spawn(move || {
        let mut octets = [0; 512];
        while let Ok((length, source)) = datagrams.recv_from(&mut octets) {
            let _ = sender.send((source.ip(), octets[..length].to_ascii_lowercase()));
        }
    });
    std::thread::spawn(move || {
        for stream in connections.incoming() {
            let mut stream = stream.unwrap();
            let mut octets = [0; 512];
            let source = stream.peer_addr().unwrap().ip();
            let length = io::Read::read(&mut stream, &mut octets).unwrap_or(0);
            let _ = over_tcp.send((source, octets[..length].to_ascii_lowercase()));
        }
    });
    Ok(receiver)
}

#[test]
fn checks_use_configured_source_address() {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.com", 2), ("ns.host.com", 3)] {
        tree.server(ServerPlan::new(name, vec![[127, 93, 0, last].into()])).unwrap();
    }
    let at = |name: &str| vec![name.to_owned()];
    tree.zone(".", &at("a.root"), "").unwrap();
    // The name server of both domains is a socket of this test at `WATCHED`.
    let delegations =
        "usual NS ns.usual\nns.usual A 127.93.0.9\nrouted NS ns.routed\nns.routed A 127.93.0.9\n";
    tree.zone("com.", &at("ns.com"), delegations).unwrap();
    tree.zone("host.com.", &at("ns.host.com"), "").unwrap();
    let stub = "[dnssec]\nvalidate = false\n[[zone]]\nname = \"routed.com\"\nstub = [\"127.93.0.3:{port}\"]\nsource = [\"127.93.0.78\"]";
    let gateway =
        Gateway::start(tree.build().unwrap(), "deny_servers = []\nsource = [\"127.93.0.77\"]", stub);
    let heard = watch(gateway.port()).unwrap();
    for (domain, source) in [("usual", [127, 93, 0, 77]), ("routed", [127, 93, 0, 78])] {
        let (_, lines) = gateway.run(&["check", &format!("{domain}.com")]);
        let messages: Vec<(IpAddr, Vec<u8>)> = heard.try_iter().collect();
        let about = |octets: &[u8]| octets.windows(domain.len()).any(|part| part == domain.as_bytes());
        assert!(messages.iter().any(|(_, octets)| about(octets)), "{domain}: nothing came: {lines:#?}");
        // A message over TCP begins with its length.
        assert!(
            messages.iter().any(|(_, octets)| octets.first() == Some(&0) && about(octets)),
            "{domain}: no TCP"
        );
        for (from, octets) in messages.iter().filter(|(_, octets)| about(octets)) {
            assert_eq!(*from, IpAddr::from(source), "{domain}: {octets:?}");
        }
    }
}
