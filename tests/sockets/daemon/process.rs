//! The program as an operator runs it: a configuration file, a process, its lines on stderr, and the control socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use dns::question::Outcome;
use dns::random::Random;
use lab::delegations::Tree;
use lab::fault::Fault;
use lab::prelude::skipped;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, ServerPlan};
use protocol::lists::ListRow;
use protocol::{FlushWhat, Reply, Request, Stats, Status};
use record::Window;

/// A test waits for this time before it fails. A test that passes never waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The round trip to a simulated server that is far away.
const FAR: Duration = Duration::from_millis(1_500);

/// The id of the user `nobody`, as which the daemon runs if the test runs as root.
const NOBODY: u32 = 65_534;

/// Tests that measure times must not run together with tests that keep the machine busy.
static BUSY: RwLock<()> = RwLock::new(());

/// For tests that measure times: waits until no other test keeps the machine busy.
pub(crate) fn alone() -> RwLockWriteGuard<'static, ()> {
    BUSY.write().unwrap_or_else(PoisonError::into_inner)
}

/// For tests that keep the machine busy: waits until no test measures times. Several of these tests may run at the same time.
pub(crate) fn busy() -> RwLockReadGuard<'static, ()> {
    BUSY.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct World {
    pub(crate) sockets: LabSockets,
    _runtime: Runtime,
}

impl World {
    /// Starts the simulated servers. The server of `tld.` has this distance and answers for every name. No server answers for `silent.tld.`.
    pub(crate) fn new(distance: Duration) -> Self {
        Self::with(distance, &[])
    }

    /// Like `new`, with these zones below `tld.`. The server of `keyless.tld.` never answers queries for keys. The server of `slow.tld.` is
    /// far away.
    pub(crate) fn with(distance: Duration, zones: &[(&str, String)]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let lab = Arc::new(lab(distance, zones));
        let sockets = runtime.block_on(LabSockets::start(lab, Random::system().unwrap())).unwrap();
        Self { sockets, _runtime: runtime }
    }
}

fn lab(distance: Duration, zones: &[(&str, String)]) -> Lab {
    let mut tree = Tree::default();
    for (name, last) in
        [("a.root", 1), ("ns.tld", 2), ("ns1.silent.tld", 3), ("ns.keyless.tld", 5), ("ns.slow.tld", 6)]
    {
        let mut plan = ServerPlan::new(name, vec![[127, 78, 0, last].into()]);
        plan.distance = Distance::steady(if name == "ns.slow.tld" { FAR } else { distance });
        if name == "ns1.silent.tld" {
            plan.faults = vec![Fault::Dead];
        }
        if name == "ns.keyless.tld" {
            plan.faults = vec![Fault::Drops(hickory_proto::rr::RecordType::DNSKEY)];
        }
        tree.server(plan).unwrap();
    }
    let long = "x".repeat(200);
    let text = format!("* 3600 A 10.0.0.1\n* 3600 TXT \"{long}\"\n");
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], &text).unwrap();
    tree.zone("silent.tld.", &["ns1.silent.tld".to_owned()], "").unwrap();
    for (name, text) in zones {
        let server = match *name {
            "keyless.tld." => "ns.keyless.tld",
            "slow.tld." => "ns.slow.tld",
            _ => "ns.tld",
        };
        tree.zone(name, &[server.to_owned()], text).unwrap();
    }
    tree.build().unwrap()
}

/// A daemon with a state directory, for the snapshot of the cache and the history.
pub(crate) struct Stage {
    pub(crate) setting: Setting,
    pub(crate) state: TempDir,
}

impl Stage {
    pub(crate) fn new(world: &World, sections: &str) -> Self {
        let state = tempfile::tempdir().unwrap();
        std::fs::set_permissions(state.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { setting: Setting::new(world, sections), state }
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        let mut command = self.setting.command();
        command.args(arguments).env("STATE_DIRECTORY", self.state.path());
        Process::start(command, self.setting.socket())
    }
}

/// The directory with the configuration file. All daemons of a test use it.
pub(crate) struct Setting {
    folder: TempDir,
}

impl Setting {
    /// Writes a configuration with which the daemon listens at a port that the kernel chooses, and queries the servers of `world`.
    pub(crate) fn new(world: &World, sections: &str) -> Self {
        let setting = Self::bare();
        let port = world.sockets.port();
        setting.write("root.hints", ". 3600000 NS a.root.\na.root. 3600000 A 127.78.0.1\n");
        let text = format!(
            "version = 1\n{sections}\n\
             [listen]\naddresses = [\"127.0.0.1:0\"]\nworkers = 2\n\
             [resolve]\nroot_hints = \"root.hints\"\nipv4 = true\nipv6 = false\n\
             deny_servers = []\nupstream_port = {port}\n\
             [dnssec]\nvalidate = false\n\
             [control]\nsocket = \"{}\"\n",
            setting.socket().display()
        );
        setting.write("resolverd.toml", &text);
        setting
    }

    /// Creates the directory without a configuration file.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A user without rights must be able to read the directory.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("resolverd.toml")
    }

    /// Changes the configuration: answers of `keyless.tld.` are validated, but its keys never arrive. `www.tld.` and `light.tld.` are not
    /// validated.
    pub(crate) fn validate_keyless(&self) {
        let key = "Aio4P+Jh0hSxiVvHVAveh6ovEnH9Q+K8+1qdsWtH0C3BSydA8KMuWOLXi6xbFYJSXdosj8gzUBp80wcEY6Du9w==";
        self.write("anchor", &format!("keyless.tld. 3600 IN DNSKEY 257 3 13 {key}\n"));
        let text = std::fs::read_to_string(self.config()).unwrap();
        let text = text.replace("validate = false", "validate = true\ntrust_anchor = \"anchor\"\nnegative_trust_anchors = [\"www.tld\", \"light.tld\"]");
        self.write("resolverd.toml", &text);
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resolverd"));
        command.arg("--config").arg(self.config()).stdin(Stdio::null());
        command
    }

    /// Runs the daemon as a user without rights. Other users may not be able to read the program that root has built, so a test that runs
    /// as root uses a copy.
    pub(crate) fn command_without_rights(&self) -> Command {
        if !rustix::process::geteuid().is_root() {
            return self.command();
        }
        let program = self.folder.path().join("resolverd");
        // If this process wrote the copy, a child process of a parallel test could inherit the open file, and the kernel would refuse to
        // execute it.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_resolverd")).arg(&program).status().unwrap();
        assert!(copied.success());
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(program);
        command.arg("--config").arg(self.config()).stdin(Stdio::null()).uid(NOBODY).gid(NOBODY);
        command
    }

    /// Returns the exit code, stdout and stderr.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        told(&self.command().args(arguments).output().unwrap())
    }

    /// Starts the daemon and waits until it listens.
    pub(crate) fn start(&self) -> Process {
        Process::start(self.command(), self.socket())
    }
}

/// Returns the exit code, stdout and stderr.
pub(crate) fn told(output: &Output) -> (i32, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Returns the command in a network namespace that has only loopback, or `None` if this host does not permit this. `script` is run there
/// first, with root rights.
pub(crate) fn alone_in_network(command: &Command, script: &str) -> Option<Command> {
    let within = |script: &str| {
        let mut shell = Command::new("unshare");
        shell.args(["--user", "--map-root-user", "--net", "sh", "-euc"]).arg(script).arg("sh");
        shell
    };
    if !within(script).output().is_ok_and(|output| output.status.success()) {
        skipped("no network of its own is to be had here");
        return None;
    }
    // With `exec`, the daemon has the process id of the shell, which the test knows.
    let mut shell = within(&format!("{script}; exec \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    Some(shell)
}

/// A daemon in another process. It is killed when this value is dropped.
pub(crate) struct Process {
    child: Child,
    /// The address at which the daemon listens.
    pub(crate) address: SocketAddr,
    /// The lines on stderr before the one with the address.
    pub(crate) said: Vec<String>,
    lines: Mutex<Receiver<String>>,
    socket: PathBuf,
}

impl Process {
    /// Starts the daemon, and waits for the log line with the address at which it listens.
    pub(crate) fn start(mut command: Command, socket: PathBuf) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            errors.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut process =
            Self { child, address: nowhere, said: Vec::new(), lines: Mutex::new(lines), socket };
        loop {
            let line = process.lines.lock().unwrap().recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it does not listen: {:?}", process.said));
            if let Some(address) = listens_at(&line) {
                process.address = address;
                return process;
            }
            process.said.push(line);
        }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn next_line(&self) -> String {
        self.lines.lock().unwrap().recv_timeout(PATIENCE).unwrap()
    }

    /// Returns how the process ended, and how long this took.
    pub(crate) fn end(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        let sent = Instant::now();
        self.signal(signal);
        let status = self.child.wait().unwrap();
        (status, sent.elapsed())
    }

    /// Returns the lines after the one with the address. The process must have ended.
    pub(crate) fn said_later(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().collect()
    }

    pub(crate) fn status(&self) -> Status {
        match ask(&self.socket, &Request::Status).first() {
            Some(Reply::Status(status)) => status.as_ref().clone(),
            other => panic!("no status: {other:?}"),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        match ask(&self.socket, &Request::Stats { window: Window::Start, table: None }).first() {
            Some(Reply::Stats(stats)) => stats.as_ref().clone(),
            other => panic!("no statistics: {other:?}"),
        }
    }

    pub(crate) fn lists(&self) -> Vec<ListRow> {
        let row = |reply| if let Reply::ListState(row) = reply { Some(row) } else { None };
        ask(&self.socket, &Request::Dnsbl { list: None }).into_iter().filter_map(row).collect()
    }

    /// Removes all types of a name from the cache.
    pub(crate) fn flush_name(&self, name: &str) {
        let what = FlushWhat::Name { name: name.to_owned(), tree: false, kind: None };
        let reply = ask(&self.socket, &Request::Flush { what, fleet: false });
        assert!(matches!(reply.first(), Some(Reply::Flushed(_))), "{reply:?}");
    }

    pub(crate) fn outcome(&self, outcome: Outcome) -> u64 {
        self.stats().report.outcomes.get(&outcome).copied().unwrap_or(0)
    }

    /// Waits until `wanted` returns true. `what` describes this state in the error message.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !wanted(self) {
            assert!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        }
    }

    /// Returns a number in /proc/PID/status, in the unit of that file.
    pub(crate) fn in_status(&self, field: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        number_of(&text, field).unwrap_or_else(|| panic!("no {field} in {text}"))
    }

    /// Returns the most memory that the daemon has used since its start, in octets.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.in_status("VmHWM") * 1_024
    }

    pub(crate) fn descriptors(&self) -> u64 {
        std::fs::read_dir(format!("/proc/{}/fd", self.id())).unwrap().count() as u64
    }

    /// Returns how many times the threads have gone to sleep (voluntary context switches).
    pub(crate) fn sleeps(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id())).unwrap();
        let status = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("status")).unwrap());
        status.map(|text| number_of(&text, "voluntary_ctxt_switches").unwrap()).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the first address in the log line with the listen addresses.
fn listens_at(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(" listens at ")?;
    rest.split([',', ' ']).next()?.parse().ok()
}

fn number_of(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

pub(crate) fn ask(socket: &Path, request: &Request) -> Vec<Reply> {
    let mut stream = UnixStream::connect(socket).unwrap();
    let line = serde_json::to_string(request).unwrap() + "\n";
    stream.write_all(line.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
