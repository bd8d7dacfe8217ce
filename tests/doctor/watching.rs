//! `check DOMAIN --watch`: the report, until a signal comes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::forum::world;

#[test]
fn the_report_is_printed_once_and_a_signal_ends_the_command_with_its_exit_code() {
    let world = world();
    for (domain, line, exit) in [
        ("unfound.com", "unfound.com: a name server does not serve the zone", 1),
        ("nothing.com", "nothing.com: the domain does not exist", 1),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
            command.arg("--socket").arg(world.path("control.sock"));
            let mut command = command
                .args(["check", domain, "--local", "--watch", "10m"])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(command.stdout.take().unwrap()).lines().map(Result::unwrap);
            let first = lines.next().unwrap();
            assert!(first.starts_with(line), "{first}");
            let second = lines.next().unwrap();
            assert!(second.starts_with("all findings: 1 failure"), "{second}");
            kill_process(Pid::from_child(&command), signal).unwrap();
            assert_eq!(command.wait().unwrap().code(), Some(exit), "{domain} {signal:?}");
            assert!(!lines.any(|line| line.starts_with(domain)), "{domain}");
        }
    }
}
