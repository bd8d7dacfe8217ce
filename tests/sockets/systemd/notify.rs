//! The messages of the daemon to a service manager, received at a socket like that of systemd.

use std::os::unix::net::UnixDatagram;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::systemd::service::{PATIENCE, Service, Setting, answer, client, question};

/// The socket of the service manager.
struct Manager {
    socket: UnixDatagram,
    setting: Setting,
}

impl Manager {
    fn new() -> Self {
        let setting = Setting::new("127.0.0.1:0".parse().unwrap());
        let socket = UnixDatagram::bind(setting.folder.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, setting }
    }

    /// Starts the daemon. `watchdog` is the period of the watchdog in microseconds.
    fn start(&self, watchdog: Option<&str>) -> Service {
        let mut command = self.setting.command();
        command.env("NOTIFY_SOCKET", self.setting.folder.path().join("notify"));
        command.env_remove("WATCHDOG_PID").env_remove("WATCHDOG_USEC");
        if let Some(watchdog) = watchdog {
            command.env("WATCHDOG_USEC", watchdog);
        }
        Service::start(command)
    }

    fn hear(&self) -> String {
        let mut octets = [0; 4_096];
        let length = self.socket.recv(&mut octets).unwrap();
        String::from_utf8(octets[..length].to_vec()).unwrap()
    }

    /// Returns the next message that begins with `begin`. Messages for the watchdog are skipped.
    fn hear_until(&self, begin: &str) -> String {
        loop {
            let heard = self.hear();
            if heard.starts_with(begin) {
                return heard;
            }
            assert_eq!(heard, "WATCHDOG=1\n");
        }
    }
}

#[test]
fn ready_and_stopping_are_notified() {
    let manager = Manager::new();
    let mut service = manager.start(None);
    let ready = manager.hear();
    let address = service.address();
    assert_eq!(ready, format!("READY=1\nSTATUS=listens at {address}\n"));
    assert!(manager.setting.folder.path().join("control.sock").exists());
    let client = client(address);
    client.send(&question(7, "a.tld.")).unwrap();
    assert_eq!(answer(&client), (7, 1));
    kill_process(Pid::from_child(&service.child), Signal::TERM).unwrap();
    assert!(manager.hear().starts_with("STOPPING=1\nSTATUS="));
    assert!(service.child.wait().unwrap().success());
}

#[test]
fn watchdog_is_notified_while_alive() {
    let manager = Manager::new();
    let service = manager.start(Some("200000"));
    let mut heard = Vec::new();
    while heard.len() < 8 {
        heard.push(manager.hear());
    }
    assert_eq!(heard.iter().filter(|heard| heard.starts_with("READY=1")).count(), 1);
    assert_eq!(heard.iter().filter(|heard| *heard == "WATCHDOG=1\n").count(), 7);
    // A stopped process sends nothing, so the service manager would miss the watchdog messages.
    let pid = Pid::from_child(&service.child);
    kill_process(pid, Signal::STOP).unwrap();
    waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().expect("it has stopped");
    manager.socket.set_nonblocking(true).unwrap();
    let mut octets = [0; 64];
    while manager.socket.recv(&mut octets).is_ok() {}
    manager.socket.set_nonblocking(false).unwrap();
    manager.socket.set_read_timeout(Some(std::time::Duration::from_millis(400))).unwrap();
    assert!(manager.socket.recv(&mut octets).is_err());
    manager.socket.set_read_timeout(Some(PATIENCE)).unwrap();
    kill_process(Pid::from_child(&service.child), Signal::CONT).unwrap();
    manager.hear_until("WATCHDOG=1");
}

#[test]
fn reload_is_notified_begin_to_end() {
    let manager = Manager::new();
    let mut service = manager.start(None);
    assert!(manager.hear().starts_with("READY=1\n"));
    let reloaded = |manager: &Manager| {
        let begin = manager.hear();
        assert!(begin.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{begin}");
        assert!(manager.hear().starts_with("READY=1\nSTATUS=listens at "));
    };
    let hang_up = |service: &Service| {
        kill_process(Pid::from_child(&service.child), Signal::HUP).unwrap();
    };
    hang_up(&service);
    reloaded(&manager);
    assert!(service.next_line().ends_with(" INFO configuration reloaded: no changes"));

    let config = manager.setting.config();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}[cache]\nsize = \"64MB\"\n")).unwrap();
    hang_up(&service);
    reloaded(&manager);
    let line = service.next_line();
    assert!(
        line.contains("ERROR reload failed, the old configuration stays in effect: ")
            && line.contains("cache.size"),
        "{line}"
    );

    std::fs::write(&config, format!("{text}[log]\nlevel = \"error\"\n")).unwrap();
    let mut tool = std::process::Command::new(env!("CARGO_BIN_EXE_resolverctl"));
    tool.arg("--socket").arg(manager.setting.folder.path().join("control.sock")).arg("reload");
    assert!(tool.output().unwrap().status.success());
    reloaded(&manager);
    // The log level is "error" now, so the next log line is about an error.
    std::fs::write(&config, "nonsense").unwrap();
    hang_up(&service);
    reloaded(&manager);
    let line = service.next_line();
    assert!(line.contains(" ERROR reload failed"), "{line}");
}
