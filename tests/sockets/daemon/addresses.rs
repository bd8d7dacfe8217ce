//! Listen addresses that the host does not have, at the start or later, and ports for which a program needs rights.

use std::process::Command;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use lab::prelude::skipped;

use crate::daemon::client::Client;
use crate::daemon::process::{Process, Setting, World, alone_in_network, told};

/// No host has this address (RFC 5737).
const ABSENT: &str = "203.0.113.5:5300";

fn setting() -> (World, Setting) {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    (world, setting)
}

fn resolverctl(setting: &Setting, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    command.arg("--socket").arg(setting.socket()).args(arguments);
    let (code, text, _) = told(&command.output().unwrap());
    (code, text)
}

// Until then, the daemon serves its other addresses and warns.
#[test]
fn absent_address_is_served_when_added() {
    let (_world, setting) = setting();
    let mut command = setting.command();
    command.args(["--listen", ABSENT, "--listen", "127.0.0.1:0"]);
    let process = Process::start(command, setting.socket());
    let said = process.said.join("\n");
    assert!(said.contains("WARN"), "{said}");
    assert!(
        said.contains(
            "not listening at 203.0.113.5:5300: this host has no such address; resolverd listens there as soon as the address appears"
        ),
        "{said}"
    );
    assert_eq!(Client::new(process.address).ask("www.tld.", RecordType::A).answers.len(), 1);
    let daemon = process.status().daemon;
    assert_eq!((daemon.listen.len(), daemon.missing.len()), (1, 1));
    assert_eq!(daemon.missing[0].address.to_string(), ABSENT);
    let (code, status) = resolverctl(&setting, &["status"]);
    assert!(
        code == 1 && status.contains("not yet at 203.0.113.5:5300: this host has no such address"),
        "{status}"
    );
    // After a reload with the same addresses, the absent address is still missing. After a reload without it, no address is missing.
    let text = std::fs::read_to_string(setting.config()).unwrap();
    let listening = |addresses: &str| text.replace("\"127.0.0.1:0\"", addresses);
    drop(process);
    setting.write("resolverd.toml", &listening(&format!("\"127.0.0.1:0\", \"{ABSENT}\"")));
    let process = setting.start();
    assert_eq!(resolverctl(&setting, &["reload"]).0, 0);
    assert_eq!(process.status().daemon.missing.len(), 1);
    setting.write("resolverd.toml", &text);
    assert_eq!(resolverctl(&setting, &["reload"]).0, 0);
    assert!(process.status().daemon.missing.is_empty());
    setting.write("resolverd.toml", &listening(&format!("\"{ABSENT}\"")));
    let (code, said) = resolverctl(&setting, &["reload"]);
    assert!(code == 6 && said.contains("no such address"), "nothing would be served: {said}");
    assert_eq!(Client::new(process.address).ask("www.tld.", RecordType::A).answers.len(), 1);
}

// All addresses are absent, or another program uses one of them.
#[test]
fn unusable_addresses_prevent_start() {
    let (_world, setting) = setting();
    let held = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    for (addresses, why) in [
        ([ABSENT, "198.51.100.5:5300"], "203.0.113.5:5300: this host has no such address"),
        (["127.0.0.1:0", taken.as_str()], "another program uses it"),
        ([ABSENT, taken.as_str()], "another program uses it"),
    ] {
        let (code, _, said) = setting.run(&["--listen", addresses[0], "--listen", addresses[1]]);
        assert_eq!(code, 1, "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(why), "{said}");
        assert!(!setting.socket().exists(), "something was begun");
    }
}

#[test]
fn an_address_that_comes_is_taken() {
    let (_world, setting) = setting();
    let mut command = setting.command();
    command.args(["--listen", "127.0.0.1:0", "--listen", ABSENT]);
    let Some(command) = alone_in_network(&command, "ip link set lo up") else { return };
    let process = Process::start(command, setting.socket());
    assert_eq!(process.status().daemon.missing.len(), 1);
    let within = |arguments: &[&str]| {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--preserve-credentials", "--net", "--target", &process.id().to_string()]);
        assert!(command.args(arguments).status().unwrap().success());
    };
    within(&["ip", "address", "add", "203.0.113.5/32", "dev", "lo"]);
    process.wait_until("it listens there", |process| process.status().daemon.listen.len() == 2);
    let daemon = process.status().daemon;
    assert!(daemon.missing.is_empty() && daemon.listen[1].to_string() == ABSENT, "{daemon:?}");
    let mut line = process.next_line();
    while !line.contains(": this host has the address now") {
        line = process.next_line();
    }
    assert!(line.contains(ABSENT), "{line}");
}

#[test]
fn wildcard_listener_replies_from_asked_address() {
    let (_world, setting) = setting();
    for (all, asked) in [("0.0.0.0:0", ["127.0.0.9", "127.0.0.1"]), ("[::]:0", ["::1", "::1"])] {
        if all.starts_with('[') && std::net::UdpSocket::bind("[::1]:0").is_err() {
            skipped("this host has no IPv6: listening on [::]");
            continue;
        }
        let mut command = setting.command();
        command.args(["--listen", all]);
        let process = Process::start(command, setting.socket());
        let port = process.address.port();
        let mut clients = asked.map(|ip| Client::new((ip.parse::<std::net::IpAddr>().unwrap(), port).into()));
        // The socket of the client is connected, so it does not receive a reply from another address. The first answer for each type comes
        // from a server, the next ones come from the cache.
        for kind in [RecordType::A, RecordType::A, RecordType::AAAA, RecordType::A] {
            for client in &mut clients {
                let expected = usize::from(kind == RecordType::A);
                assert_eq!(client.ask("www.tld.", kind).answers.len(), expected);
            }
        }
        // The daemon reads these queries as one batch and answers them from the cache.
        for _ in 0..40 {
            clients.iter_mut().for_each(|client| client.send("www.tld.", RecordType::A));
        }
        for client in &mut clients {
            let sent = client.sent;
            (0..40).for_each(|_| assert_eq!(client.next_reply().answers.len(), 1));
            assert_eq!(client.sent, sent, "nothing was asked again");
        }
    }
}

// With few or no source ports left, the daemon warns or does not start.
#[test]
fn reserved_ports_are_not_used() {
    let (_world, setting) = setting();
    let reserve = |ports: &str| {
        let script = format!("echo {ports} >/proc/sys/net/ipv4/ip_local_reserved_ports; ip link set lo up");
        alone_in_network(&setting.command(), &script)
    };
    let Some(mut command) = reserve("1-65535") else { return };
    let (code, _, said) = told(&command.output().unwrap());
    assert!(code == 1 && said.lines().count() == 1, "{said}");
    assert!(
        said.contains("resolve.source_ports is 1024-65535, but net.ipv4.ip_local_reserved_ports of this host excludes all of these ports"),
        "{said}"
    );
    let process = Process::start(reserve("1024-60000,60100-65535").unwrap(), setting.socket());
    let said = process.said.join("\n");
    assert!(
        said.contains("can send queries from 99 ports only") && said.contains("easier to forge"),
        "{said}"
    );
    drop(process);
    let process = Process::start(reserve("5000,8080").unwrap(), setting.socket());
    assert!(!process.said.join("\n").contains("reserve"), "{:?}", process.said);
}
