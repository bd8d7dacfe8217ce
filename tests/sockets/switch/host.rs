//! Hosts for the tests of `resolverctl switch`: the files are in a temporary directory, and a root server of the lab answers DNS queries.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dns::random::Random;
use lab::delegations::Tree;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::ServerPlan;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The script that replaces `systemctl`. It is a file of the repository: if each test wrote it, another thread might still have it open
/// for writing, and the kernel refuses to execute such a file.
const SYSTEMCTL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sockets/switch/systemctl");

/// The columns after the address in a table of UDP sockets of /proc/net.
const DATAGRAMS: &str = "00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0";

/// A root server. Its replies have no signatures, so `switch` cannot compare the clock with their dates.
pub(crate) struct Internet {
    pub(crate) server: SocketAddr,
    _sockets: LabSockets,
    _runtime: Runtime,
}

pub(crate) fn internet() -> Internet {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut tree = Tree::default();
    let mut plan = ServerPlan::new("a.root", vec![[127, 83, 0, 1].into()]);
    plan.distance = Distance::steady(Duration::from_millis(1));
    tree.server(plan).unwrap();
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let sockets = runtime.block_on(LabSockets::start(lab, Random::system().unwrap())).unwrap();
    Internet {
        server: SocketAddr::from(([127, 83, 0, 1], sockets.port())),
        _sockets: sockets,
        _runtime: runtime,
    }
}

/// A directory tree with the files that `resolverctl switch` reads and writes.
pub(crate) struct Host {
    pub(crate) root: TempDir,
}

impl Host {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let host = Self { root: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            host.write(path, text);
        }
        host.write("run/systemd/system/resolverd.slice", "");
        for unit in ["resolverd.socket", "resolverd.service"] {
            host.write(&format!("units/{unit}"), "loaded\n");
        }
        host.write("proc/held/resolverd.socket", &sockets(&[[127, 0, 0, 1]], 22));
        host.write("proc/301/comm", "resolverd\n");
        host.link("proc/301/fd/3", "socket:[22]");
        for table in ["udp", "tcp"] {
            host.write(&format!("proc/net/{table}"), "head\n");
        }
        host
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// Writes the files of /proc as if the process of `unit` listened on port 53 of an address.
    pub(crate) fn holds(&self, process: &str, unit: &str, address: [u8; 4]) {
        self.holds_all(process, unit, &[address]);
    }

    pub(crate) fn holds_all(&self, process: &str, unit: &str, addresses: &[[u8; 4]]) {
        self.write("proc/net/udp", &sockets(addresses, 21));
        self.write(&format!("proc/held/{unit}"), &sockets(addresses, 21));
        self.write("proc/300/comm", &format!("{process}\n"));
        self.write("proc/300/cgroup", &format!("0::/system.slice/{unit}\n"));
        self.link("proc/300/fd/3", "socket:[21]");
    }

    /// Runs `resolverctl switch` on this simulated host. Returns the exit code and the standard output.
    pub(crate) fn switch(&self, internet: &Internet, more: &[&str]) -> (i32, String) {
        let (code, output, error) = self.command(internet, more);
        assert_eq!(error, "", "{output}");
        (code, output)
    }

    pub(crate) fn command(&self, internet: &Internet, more: &[&str]) -> (i32, String, String) {
        let output = self.prepared(internet, more).output().unwrap();
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Returns the command and does not start it, so that a test can kill it later.
    pub(crate) fn prepared(&self, internet: &Internet, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
        command.args(["switch", "--root"]).arg(self.root.path()).arg("--systemctl").arg(SYSTEMCTL);
        command.arg("--root-server").arg(internet.server.to_string());
        if !more.contains(&"--back") && !more.contains(&"--ask") {
            command.args(["--ask", "localhost"]);
        }
        command.env("SYSTEMCTL_ROOT", self.root.path()).args(more).stdin(Stdio::null());
        command
    }

    /// Returns the files with their texts, the links with their targets, and the directories. Leaves out /proc and the files of the fake
    /// `systemctl`.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.root.path()).unwrap().display().to_string();
                if ["proc", "calls", "signals", "fails"].contains(&name.as_str()) {
                    continue;
                }
                let content = if path.is_symlink() {
                    format!("link to {}", fs::read_link(&path).unwrap().display())
                } else if path.is_dir() {
                    folders.push(path.clone());
                    "directory".to_owned()
                } else {
                    let words = fs::read_to_string(&path).unwrap();
                    // The order of the words in the state of a unit does not matter.
                    let mut sorted: Vec<&str> = words.split_ascii_whitespace().collect();
                    sorted.sort_unstable();
                    if name.starts_with("units/") { sorted.join(" ") } else { words }
                };
                found.insert(name, content);
            }
        }
        found
    }

    pub(crate) fn calls(&self) -> String {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().filter(|call| !call.starts_with("show")).map(|call| format!("{call}\n")).collect()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }
}

/// Returns a table of sockets as in /proc/net, at port 53 of these addresses.
fn sockets(addresses: &[[u8; 4]], inode: u32) -> String {
    let line = |address: &[u8; 4]| {
        format!(" 0: {:08X}:0035 {DATAGRAMS} {inode} 2 0 0\n", u32::from_ne_bytes(*address))
    };
    format!("head\n{}", addresses.iter().map(line).collect::<String>())
}

/// A Debian gateway with BIND, with Postfix in its chroot, and with all programs that write `resolv.conf`.
pub(crate) fn crowded() -> Host {
    let host = Host::new(&[
        ("run/NetworkManager/resolv.conf", "search corp.example\nnameserver 192.0.2.53\noptions rotate\n"),
        ("etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n"),
        ("etc/nsswitch.conf", "passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\nnetworks: files\n"),
        ("etc/systemd/resolved.conf", "[Resolve]\n"),
        ("run/systemd/resolve/resolv.conf", ""),
        ("etc/cloud/cloud.cfg", "users: []\nmanage_resolv_conf: true\n"),
        ("etc/dhcp/dhclient.conf", "request subnet-mask;\n"),
        ("etc/dhcp/dhclient-enter-hooks.d/debug", ""),
        ("usr/sbin/dhclient", ""),
        ("usr/sbin/resolvconf", ""),
        ("etc/resolvconf.conf", "name_servers=192.0.2.53"),
        ("etc/bind/named.conf", "options {};\n"),
        ("etc/postfix/master.cf", "smtp inet n - y - - smtpd\nsmtp unix - - y - - smtp\n"),
        ("var/spool/postfix/etc/resolv.conf", "nameserver 192.0.2.53\n"),
        ("units/named.service", "loaded enabled active\n"),
        ("units/unbound.service", "loaded enabled\n"),
        ("units/NetworkManager.service", "loaded active\n"),
        ("units/systemd-resolved.service", "loaded active\n"),
    ]);
    host.link("etc/resolv.conf", "../run/NetworkManager/resolv.conf");
    host.holds("named", "named.service", [0, 0, 0, 0]);
    host
}

/// `resolv.conf` names a DNS server on another host.
pub(crate) fn plain() -> Host {
    Host::new(&[("etc/resolv.conf", "nameserver 192.0.2.53\n"), ("etc/nsswitch.conf", "hosts: files dns\n")])
}

pub(crate) fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "differs from {}", path.display());
}

/// Removes what differs in each run: the date in the finding about the clock, and the times of lookups.
pub(crate) fn without_times(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if let Some(clock) = lines.iter().position(|line| line.contains(" clock ")) {
        lines.drain(clock..=clock + 1);
    }
    let lines = lines.into_iter().map(|line| match line.split_once(" (") {
        Some((head, tail)) if tail.ends_with(" ms)") => head,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}
