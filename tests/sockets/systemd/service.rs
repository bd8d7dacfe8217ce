//! A daemon as a service manager runs it: a process with a configuration, and a small internet.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dns::random::Random;
use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RecordType};
use lab::delegations::Tree;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, ServerPlan};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A test waits for this time before it fails. A test that passes never waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A configuration, and a small internet in which `tld.` answers for every name.
pub(crate) struct Setting {
    pub(crate) folder: TempDir,
    _sockets: LabSockets,
    _runtime: Runtime,
}

impl Setting {
    /// Starts the internet, and writes a configuration with which the daemon listens at `address`.
    pub(crate) fn new(address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sockets =
            runtime.block_on(LabSockets::start(Arc::new(lab()), Random::system().unwrap())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let setting = Self { folder, _runtime: runtime, _sockets: sockets };
        setting.write("root.hints", ". 3600000 NS a.root.\na.root. 3600000 A 127.79.0.1\n");
        let text = format!(
            "version = 1\n[listen]\naddresses = [\"{address}\"]\n\
             [resolve]\nroot_hints = \"root.hints\"\nipv4 = true\nipv6 = false\n\
             deny_servers = []\nupstream_port = {}\n\
             [dnssec]\nvalidate = false\n\
             [control]\nsocket = \"{}\"\n",
            setting._sockets.port(),
            setting.folder.path().join("control.sock").display()
        );
        setting.write("resolverd.toml", &text);
        setting
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("resolverd.toml")
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resolverd"));
        command.arg("--config").arg(self.config()).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Returns a command whose daemon inherits two sockets with the file descriptors 3 and 4, as in sd_listen_fds(3). A shell sets
    /// `LISTEN_PID` to its own process id, which is then the process id of the daemon.
    pub(crate) fn command_with(&self, datagrams: &UdpSocket, stream: &TcpListener) -> Command {
        let script =
            "LISTEN_PID=$$ LISTEN_FDS=2 exec \"$0\" --config \"$1\" 3<&0 4<&1 0</dev/null 1>/dev/null";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_resolverd")]).arg(self.config());
        command.stdin(OwnedFd::from(datagrams.try_clone().unwrap()));
        command.stdout(OwnedFd::from(stream.try_clone().unwrap()));
        command
    }
}

fn lab() -> Lab {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.tld", 2)] {
        let mut plan = ServerPlan::new(name, vec![[127, 79, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(1));
        tree.server(plan).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], "* 3600 A 10.0.0.1\n").unwrap();
    tree.build().unwrap()
}

/// A daemon in another process. It is killed when this value is dropped.
pub(crate) struct Service {
    pub(crate) child: Child,
    lines: std::io::Lines<BufReader<ChildStderr>>,
    /// The log lines up to the one which says that the daemon listens.
    pub(crate) said: Vec<String>,
}

impl Service {
    /// Starts the daemon, and waits for the log line which says that the daemon listens.
    pub(crate) fn start(command: Command) -> Self {
        let mut service = Self::spawn(command);
        service.wait_for(" listens at ");
        service
    }

    /// Starts the daemon without waiting for a log line.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines, said: Vec::new() }
    }

    pub(crate) fn wait_for(&mut self, words: &str) {
        assert!(self.says(words), "it has ended: {:?}", self.said);
    }

    /// Reads log lines. Returns false if the process ends before a line contains `words`.
    pub(crate) fn says(&mut self, words: &str) -> bool {
        while self.said.last().is_none_or(|line| !line.contains(words)) {
            let Some(line) = self.lines.next() else { return false };
            self.said.push(line.unwrap());
        }
        true
    }

    pub(crate) fn next_line(&mut self) -> String {
        match self.lines.next() {
            Some(line) => line.unwrap(),
            None => panic!("it has ended: {:?}", self.said),
        }
    }

    /// Returns the first address at which the daemon listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let line = self.said.last().unwrap();
        let (_, rest) = line.split_once(" listens at ").unwrap();
        rest.split([',', ' ']).next().unwrap().parse().unwrap()
    }

    /// Kills the daemon, as a crash would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn question(id: u16, name: &str) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    message.to_vec().unwrap()
}

pub(crate) fn client(server: SocketAddr) -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(server).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Returns the id of the reply and the number of its answer records.
pub(crate) fn answer(client: &UdpSocket) -> (u16, usize) {
    let mut octets = [0; 4_096];
    let length = client.recv(&mut octets).unwrap();
    let message = Message::from_vec(&octets[..length]).unwrap();
    (message.metadata.id, message.answers.len())
}
