//! Reload: by signal and by `resolverctl`, with a file that is right and with one that is not.

use std::process::Command;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::client::Client;
use crate::process::{Process, Setting, World};

const HOST: &str = "[[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n";

/// A daemon whose file can be changed: what it was written with, to add to.
fn started() -> (World, Setting, String, Process) {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let text = std::fs::read_to_string(setting.config()).unwrap();
    let process = setting.start();
    (world, setting, text, process)
}

fn answers(process: &Process) -> usize {
    Client::new(process.address).ask("printer.lan.", RecordType::A).answers.len()
}

#[test]
fn a_hangup_takes_over_the_file_and_a_wrong_one_changes_nothing() {
    let (_world, setting, text, mut process) = started();
    assert_eq!(answers(&process), 0);
    setting.write("resolverd.toml", &format!("{text}{HOST}"));
    process.signal(Signal::HUP);
    assert!(process.next_line().contains("reloaded: host printer.lan: added"));
    assert_eq!(answers(&process), 1);
    setting.write("resolverd.toml", &format!("{text}{HOST}[lisen]\n"));
    process.signal(Signal::HUP);
    let said = process.next_line();
    assert!(said.contains("not reloaded") && said.contains("did you mean [listen]?"), "{said}");
    assert_eq!(answers(&process), 1);
    process.end(Signal::TERM);
}

#[test]
fn resolverctl_tells_what_a_reload_changed_and_ends_with_6_where_the_file_is_wrong() {
    let (_world, setting, text, process) = started();
    let reload = || {
        let output = Command::new(env!("CARGO_BIN_EXE_resolverctl"))
            .arg("--socket")
            .arg(setting.socket())
            .arg("reload")
            .output()
            .unwrap();
        crate::process::told(&output)
    };
    setting.write("resolverd.toml", &format!("{text}{HOST}"));
    let (code, said, _) = reload();
    assert_eq!(code, 0);
    assert!(said.contains("host printer.lan: added"), "{said}");
    setting.write("corp.zone", "@ IN A ten\n");
    let zone = "[[zone]]\nname = \"corp.example\"\nfile = \"corp.zone\"\n";
    setting.write("resolverd.toml", &format!("{text}{HOST}{zone}"));
    let (code, _, said) = reload();
    assert_eq!(code, 6);
    assert!(said.contains("corp.zone"), "{said}");
    assert_eq!(answers(&process), 1);
    let (code, _, said) = setting.run(&["--check"]);
    assert_eq!(code, 6);
    assert!(said.contains("zone corp.example.") && said.contains("corp.zone"), "{said}");
}
