//! The cache survives a restart if the service manager provides a state directory.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::process::{Process, Stage, World};

impl Stage {
    fn file(&self) -> PathBuf {
        self.state.path().join("cache.snapshot")
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.state.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("cache.")).collect();
        names.sort();
        names
    }
}

/// Ends the daemon. Returns all its log lines.
fn ended(mut process: Process) -> String {
    process.end(Signal::TERM);
    [process.said.clone(), process.said_later()].concat().join("\n")
}

/// Returns the TTL of the first address of a name, in seconds, or `None` if the daemon cannot resolve the name.
fn ttl(process: &Process, name: &str) -> Option<u32> {
    let reply = Client::new(process.address).ask(name, RecordType::A);
    if is_servfail(&reply) { None } else { reply.answers.first().map(|record| record.ttl) }
}

fn settled(process: &Process) {
    process.wait_until("the snapshot is read", |process| {
        process.status().daemon.snapshot.is_some_and(|snapshot| snapshot.read)
    });
}

#[test]
fn cache_and_ttls_survive_restart() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let process = stage.start(&[]);
    let first = ttl(&process, "mail.tld.").unwrap();
    assert_eq!(first, 3_600);
    ended(process);
    assert_eq!(stage.files(), ["cache.snapshot"]);
    let mode = std::fs::metadata(stage.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    drop(world);
    let process = stage.start(&[]);
    settled(&process);
    let known = ttl(&process, "mail.tld.").expect("answered from memory, as nobody else answers");
    assert!(known < first && known > first - 120, "{known}");
    let status = process.status().daemon.snapshot.unwrap();
    assert!(status.restored >= 1 && status.age.is_none(), "{status:?}");
    let said = ended(process);
    assert!(said.contains("cache entries from") && said.contains("restored"), "{said}");

    // Entries that were read from one snapshot are written to the next one.
    let process = stage.start(&[]);
    settled(&process);
    assert!(ttl(&process, "mail.tld.").is_some_and(|again| again <= known));
    ended(process);

    // With `--no-snapshot`, the daemon removes the file and does not write a new one.
    let process = stage.start(&["--no-snapshot"]);
    assert_eq!((ttl(&process, "mail.tld."), process.status().daemon.snapshot), (None, None));
    assert!(stage.files().is_empty(), "{:?}", stage.files());
    ended(process);
    let process = stage.start(&[]);
    settled(&process);
    assert_eq!(ttl(&process, "mail.tld."), None);
    ended(process);
}

#[test]
fn snapshot_key_disables_snapshot() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "[cache]\nsnapshot = false");
    let process = stage.start(&[]);
    assert!(ttl(&process, "mail.tld.").is_some());
    ended(process);
    assert!(stage.files().is_empty(), "{:?}", stage.files());
}

#[test]
fn unusable_snapshot_is_set_aside() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let refused = |why: &str| {
        let process = stage.start(&[]);
        settled(&process);
        assert_eq!(process.status().daemon.snapshot.unwrap().restored, 0);
        assert!(ttl(&process, "mail.tld.").is_some(), "it works all the same");
        let said = ended(process);
        let lines: Vec<_> = said.lines().filter(|line| line.contains("cannot use")).collect();
        assert_eq!(lines.len(), 1, "{said}");
        assert!(lines[0].contains(why) && lines[0].contains("cache.snapshot.refused"), "{lines:?}");
        assert_eq!(stage.files(), ["cache.snapshot", "cache.snapshot.refused"]);
    };
    std::fs::write(stage.file(), "not ours").unwrap();
    refused("it is not a cache snapshot");
    assert_eq!(std::fs::read(aside(&stage.file())).unwrap(), b"not ours");

    let mut octets = std::fs::read(stage.file()).unwrap();
    let last = octets.len() - 20;
    octets[last] ^= 1;
    std::fs::write(stage.file(), &octets).unwrap();
    refused("a checksum does not match");

    // The configuration now has other views than the one with which the snapshot was written, so the snapshot is refused.
    let text = std::fs::read_to_string(stage.setting.config()).unwrap();
    let listener = "\n[[listener]]\naddresses = [\"127.0.0.1:0\"]\nzones = []\n";
    stage.setting.write("resolverd.toml", &format!("{text}{listener}"));
    refused("other views");
}

#[test]
fn new_zone_discards_its_snapshot_entries() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let process = stage.start(&[]);
    ttl(&process, "mail.tld.");
    ended(process);
    let text = std::fs::read_to_string(stage.setting.config()).unwrap();
    let host = "\n[[host]]\nname = \"printer.lan\"\naddresses = [\"10.0.0.9\"]\n";
    stage.setting.write("resolverd.toml", &format!("{text}{host}"));
    let process = stage.start(&[]);
    settled(&process);
    assert!(process.status().daemon.snapshot.unwrap().restored >= 1);
    ended(process);
    let zone = "\n[[zone]]\nname = \"tld\"\nforward = [\"127.0.0.1:9\"]\n";
    stage.setting.write("resolverd.toml", &format!("{text}{host}{zone}"));
    let process = stage.start(&[]);
    settled(&process);
    assert_eq!(ttl(&process, "mail.tld."), None);
    ended(process);
}

fn aside(file: &Path) -> PathBuf {
    file.with_extension("snapshot.refused")
}

#[test]
fn killed_writer_keeps_old_snapshot() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let process = stage.start(&[]);
    assert!(ttl(&process, "mail.tld.").is_some());
    ended(process);
    let whole = std::fs::read(stage.file()).unwrap();

    // The header of the snapshot, which is written last, is missing.
    let torn = [&[0; 76][..], &whole[76..whole.len() / 2]].concat();
    std::fs::write(stage.state.path().join("cache.snapshot.new"), torn).unwrap();
    drop(world);
    let mut process = stage.start(&[]);
    settled(&process);
    assert!(ttl(&process, "mail.tld.").is_some());
    process.end(Signal::KILL);
    let process = stage.start(&[]);
    settled(&process);
    assert!(ttl(&process, "mail.tld.").is_some(), "killed before it wrote anything");
    let said = ended(process);
    assert!(!said.contains("cannot"), "{said}");
    assert_eq!(stage.files(), ["cache.snapshot"]);
}

#[test]
fn flushed_name_stays_out_of_snapshot() {
    let world = World::new(Duration::from_millis(1));
    let stage = Stage::new(&world, "");
    let process = stage.start(&[]);
    assert!(ttl(&process, "mail.tld.").is_some() && ttl(&process, "mx.tld.").is_some());
    ended(process);
    let process = stage.start(&[]);
    settled(&process);
    process.flush_name("mail.tld.");
    ended(process);
    drop(world);
    let process = stage.start(&[]);
    settled(&process);
    assert_eq!((ttl(&process, "mail.tld."), ttl(&process, "mx.tld.").is_some()), (None, true));
    ended(process);
}
