//! Log lines: plain text on a pipe, with fields in the journal. Over a stream without fields, each line begins with its priority.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::systemd::service::{PATIENCE, Service, Setting};

#[test]
fn pipe_gets_plain_log_lines() {
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let mut command = setting.command();
    // stderr was redirected, so `JOURNAL_STREAM` does not describe it.
    command.env("JOURNAL_STREAM", "1:1");
    let mut service = Service::start(command);
    let line = service.said.last().unwrap();
    assert!(
        line.contains(" INFO resolverd ") && line.starts_with("20") && !line.contains('\u{1b}'),
        "{line}"
    );
    kill_process(Pid::from_child(&service.child), Signal::TERM).unwrap();
    assert!(service.next_line().ends_with(" INFO resolverd has stopped"));
    assert!(service.child.wait().unwrap().success());
}

/// Runs the daemon with this stderr. The variable `JOURNAL_STREAM` says that this stderr is a stream of the journal.
fn serve_with(setting: &Setting, stderr: OwnedFd, meanwhile: impl FnOnce(&Child)) {
    let about = File::from(stderr.try_clone().unwrap()).metadata().unwrap();
    let notify = UnixDatagram::bind(setting.folder.path().join("notify")).unwrap();
    notify.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = setting.command();
    command.env("JOURNAL_STREAM", format!("{}:{}", about.dev(), about.ino()));
    command.env("NOTIFY_SOCKET", setting.folder.path().join("notify"));
    let mut child = command.stderr(Stdio::from(stderr)).spawn().unwrap();
    notify.recv(&mut [0; 256]).unwrap();
    meanwhile(&child);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Returns the next entry for the journal.
fn entry(journal: &UnixDatagram) -> Vec<String> {
    let mut octets = [0; 65_536];
    let length = journal.recv(&mut octets).unwrap();
    String::from_utf8(octets[..length].to_vec()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn journal_gets_fields() {
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let journal = UnixDatagram::bind(setting.folder.path().join("socket")).unwrap();
    journal.set_read_timeout(Some(PATIENCE)).unwrap();
    let streams = UnixListener::bind(setting.folder.path().join("stdout")).unwrap();
    let stderr = UnixStream::connect(setting.folder.path().join("stdout")).unwrap();
    let (mut stream, _) = streams.accept().unwrap();
    serve_with(&setting, stderr.into(), |child| {
        let begin = entry(&journal);
        let fields: Vec<&str> = begin.iter().map(|line| line.split_once('=').unwrap().0).collect();
        assert_eq!(fields, ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "VERSION", "LISTEN"]);
        assert!(
            begin[0].starts_with("MESSAGE=resolverd ")
                && begin[1..3] == ["PRIORITY=6", "SYSLOG_IDENTIFIER=resolverd"]
        );
        std::fs::write(setting.config(), "nonsense").unwrap();
        kill_process(Pid::from_child(child), Signal::HUP).unwrap();
        let refused = entry(&journal);
        assert!(refused.contains(&"PRIORITY=3".to_owned()) && refused.contains(&"RELOAD=refused".to_owned()));
    });
    assert_eq!(entry(&journal)[0], "MESSAGE=resolverd has stopped");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stream, &mut rest).unwrap();
    assert_eq!(rest, "", "nothing is said twice");
}

#[test]
fn journal_stream_gets_priority_prefix() {
    let setting = Setting::new("127.0.0.1:0".parse().unwrap());
    let stream = File::create(setting.folder.path().join("journal")).unwrap();
    serve_with(&setting, stream.into(), |_| ());
    let text = std::fs::read_to_string(setting.folder.path().join("journal")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        matches!(lines.as_slice(), [first, "<6>resolverd has stopped"] if first.starts_with("<6>resolverd ")),
        "{text}"
    );
}
