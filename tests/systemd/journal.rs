//! Log lines: plain on a pipe, with their priority in the journal.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::service::{Service, Setting};

#[test]
fn a_pipe_gets_plain_lines_with_their_time() {
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let mut command = setting.command();
    // Another stream than stderr: somebody has sent stderr elsewhere.
    command.env("JOURNAL_STREAM", "1:1");
    let mut service = Service::start(command);
    let line = service.said.last().unwrap();
    assert!(
        line.contains(" INFO resolverd ") && line.starts_with("20") && !line.contains('\u{1b}'),
        "{line}"
    );
    kill_process(Pid::from_child(&service.child), Signal::TERM).unwrap();
    assert!(service.next_line().ends_with(" INFO resolverd has ended"));
    assert!(service.child.wait().unwrap().success());
}

#[test]
fn the_journal_gets_priorities_and_a_quiet_day_has_two_lines() {
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let journal = File::create(setting.folder.path().join("journal")).unwrap();
    let about = journal.metadata().unwrap();
    let notify = std::os::unix::net::UnixDatagram::bind(setting.folder.path().join("notify")).unwrap();
    notify.set_read_timeout(Some(crate::service::PATIENCE)).unwrap();
    let mut command = setting.command();
    command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino()));
    command.env("NOTIFY_SOCKET", setting.folder.path().join("notify"));
    let stderr: OwnedFd = journal.as_fd().try_clone_to_owned().unwrap();
    let mut child = command.stderr(Stdio::from(stderr)).spawn().unwrap();
    notify.recv(&mut [0; 256]).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let text = std::fs::read_to_string(setting.folder.path().join("journal")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        matches!(lines.as_slice(), [first, "<6>resolverd has ended"] if first.starts_with("<6>resolverd ")),
        "{text}"
    );
}
