//! Real servers of Redis or Valkey, and commands to them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::prelude::skipped;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::daemon::process::PATIENCE;

/// The names of the store's program: Debian 13 has the first, Debian 12 the second.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// A running server. It is killed when this value is dropped.
pub(super) struct Store {
    child: Child,
    pub(super) port: u16,
    options: Vec<String>,
    folder: TempDir,
}

/// Returns an installed server program. If there is none, reports that the test is skipped.
pub(super) fn program() -> Option<&'static str> {
    let is_installed = |program: &&str| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let found = PROGRAMS.into_iter().find(is_installed);
    if found.is_none() {
        skipped("neither valkey-server nor redis-server is installed");
    }
    found
}

impl Store {
    /// Starts a server. Returns `None` if no program is installed.
    pub(super) fn start(options: &[&str]) -> Option<Self> {
        let (program, port, folder) = (program()?, Self::free_port(), tempfile::tempdir().unwrap());
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let child = spawn(program, port, &folder, &options);
        let store = Self { child, port, options, folder };
        store.wait();
        Some(store)
    }

    /// Starts a sentinel. Returns `None` if neither program of `PROGRAMS` is installed.
    pub(super) fn sentinel(settings: &str) -> Option<Self> {
        let (program, port, folder) = (program()?, Self::free_port(), tempfile::tempdir().unwrap());
        let file = folder.path().join("sentinel.conf");
        std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\n{settings}")).unwrap();
        let mut command = Command::new(program);
        command.arg(&file).arg("--sentinel").current_dir(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let store = Self { child, port, options: Vec::new(), folder };
        store.wait();
        Some(store)
    }

    /// Returns a port that no program used a moment ago.
    pub(super) fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    /// Restarts the server with the same port and an empty store.
    pub(super) fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = spawn(program().unwrap(), self.port, &self.folder, &self.options);
        self.wait();
    }

    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a command. Returns the texts in the reply.
    pub(super) fn command(&self, words: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        stream.write_all(&request).unwrap();
        read(&mut BufReader::new(stream))
    }

    pub(super) fn entries(&self) -> Vec<Vec<u8>> {
        let mut names = self.command(&[b"KEYS", b"*:e:*"]);
        names.retain(|name| !name.ends_with(b":lease"));
        names.sort();
        names
    }

    fn wait(&self) {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begin.elapsed() < PATIENCE, "the store does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &str, port: u16, folder: &TempDir, options: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
    command.args(options).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Reads a reply or a command in the Redis protocol (RESP 2). Returns nothing at the end of the stream.
pub(super) fn read(stream: &mut impl BufRead) -> Vec<Vec<u8>> {
    let mut line = String::new();
    if stream.read_line(&mut line).unwrap_or(0) == 0 {
        return Vec::new();
    }
    let (kind, rest) = line.trim_end().split_at(1);
    match kind {
        "$" => {
            let Ok(length) = rest.parse::<usize>() else { return Vec::new() };
            let mut text = vec![0; length + 2];
            stream.read_exact(&mut text).unwrap();
            text.truncate(length);
            vec![text]
        }
        "*" => (0..rest.parse().unwrap_or(0)).flat_map(|_| read(stream)).collect(),
        _ => vec![rest.as_bytes().to_vec()],
    }
}
