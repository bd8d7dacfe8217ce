//! The output and the exit code if the daemon cannot start.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use hickory_proto::rr::RecordType;
use lab::prelude::skipped;
use rustix::process::Signal;

use crate::daemon::client::Client;
use crate::daemon::process::{Process, Setting, World, told};

/// The exit code if the daemon could not start.
const FAILED: i32 = 1;

const CONFIG_INVALID: i32 = 6;

fn setting() -> (World, Setting) {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    (world, setting)
}

#[test]
fn used_port_is_reported_in_line() {
    let (_world, setting) = setting();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let stream = TcpListener::bind("127.0.0.1:0").unwrap();
    for taken in [datagrams.local_addr().unwrap(), stream.local_addr().unwrap()] {
        let (code, _, said) = setting.run(&["--listen", &taken.to_string()]);
        assert_eq!(code, FAILED);
        assert_eq!(said.lines().count(), 1, "{said}");
        for part in [&taken.to_string(), "another program uses it", "--listen 127.0.0.1:5300"] {
            assert!(said.contains(part), "{said}");
        }
        assert!(!setting.socket().exists(), "something was begun");
    }
}

#[test]
fn privileged_port_error_names_capability() {
    let (_world, setting) = setting();
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if first.trim().parse::<u16>().unwrap() <= 53 {
        skipped("on this machine anybody may bind port 53");
        return;
    }
    let mut command = setting.command_without_rights();
    let (code, _, said) = told(&command.args(["--listen", "127.0.0.1:53"]).output().unwrap());
    assert_eq!(code, FAILED);
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in ["127.0.0.1:53", "root", "CAP_NET_BIND_SERVICE", "--listen 127.0.0.1:5300"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn wrong_configuration_is_reported_with_line() {
    let setting = Setting::bare();
    setting.write("resolverd.toml", "version = 1\n\n[listen]\nadresses = [\"127.0.0.1:53\"]\n");
    for arguments in [&[][..], &["--check"][..]] {
        let (code, _, said) = setting.run(arguments);
        assert_eq!(code, CONFIG_INVALID);
        let expected = format!(
            "{}: line 4: listen.adresses is not a known key; did you mean addresses?\n",
            setting.config().display()
        );
        assert_eq!(said, expected);
    }
}

#[test]
fn check_option_validates_without_starting() {
    let (_world, setting) = setting();
    let (code, said, errors) = setting.run(&["--check"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert_eq!(said, format!("{}: ok\n", setting.config().display()));
    assert!(!setting.socket().exists());
    std::fs::remove_file(setting.config()).unwrap();
    let (code, _, said) = setting.run(&["--check"]);
    assert!(code == CONFIG_INVALID && said.contains("cannot be read"), "{said}");
}

#[test]
fn listen_option_replaces_configured_addresses() {
    let (_world, setting) = setting();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let text = std::fs::read_to_string(setting.config()).unwrap();
    let text = text.replace("127.0.0.1:0", &taken.local_addr().unwrap().to_string());
    setting.write("resolverd.toml", &text);
    let mut command = setting.command();
    command.args(["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"]);
    let process = Process::start(command, setting.socket());
    let listen = process.status().daemon.listen;
    assert_eq!(
        listen.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>(),
        ["127.0.0.1", "127.0.0.2"]
    );
    for address in listen {
        assert_eq!(Client::new(address).ask("www.tld.", RecordType::A).answers.len(), 1);
    }
}

// The socket of a killed daemon is taken over.
#[test]
fn control_socket_has_one_daemon() {
    let (_world, setting) = setting();
    let mut first = setting.start();
    let (code, _, said) = setting.run(&[]);
    assert_eq!(code, FAILED);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("another resolverd uses the control socket"), "{said}");
    assert_eq!(first.status().daemon.process, first.id(), "the first one lost its socket");

    first.end(Signal::KILL);
    assert!(setting.socket().exists(), "one that is killed cannot clean up");
    let second = setting.start();
    assert_eq!(second.status().daemon.process, second.id());
}
