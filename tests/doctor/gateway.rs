//! The lab on sockets, and a daemon that queries it. The `resolverctl` commands of the tests ask this daemon.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use dns::random::Random;
use hickory_proto::rr::Name;
use lab::sockets::LabSockets;
use lab::world::Lab;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) struct Gateway {
    folder: TempDir,
    daemon: Child,
    sockets: LabSockets,
    _runtime: Runtime,
}

impl Gateway {
    /// Starts the lab and a daemon. `resolve` has lines of the section `[resolve]`, and `rest` other sections of the configuration.
    /// `{port}` stands for the port of the lab. If the root of the lab is signed, the file `anchors` beside the configuration has its trust
    /// anchors.
    pub(crate) fn start(lab: Lab, resolve: &str, rest: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let random = Random::system().unwrap();
        let (mut hints, mut anchors) = (String::new(), String::new());
        for (name, addresses) in lab.root_hints().servers {
            hints.push_str(&format!(". 3600000 NS {name}\n{name} 3600000 A {}\n", addresses[0]));
        }
        for record in lab.trust_anchor(&Name::root()) {
            anchors.push_str(&format!(". DS {}\n", record.data));
        }
        let sockets = runtime.block_on(LabSockets::start(Arc::new(lab), random)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
        write("root.hints", &hints);
        write("anchors", &anchors);
        let text = format!(
            "version = 1\n[listen]\naddresses = [\"127.0.0.1:0\"]\n\
             [resolve]\nroot_hints = \"root.hints\"\nipv4 = true\nipv6 = false\nupstream_port = {}\n{resolve}\n\
             {}\n[control]\nsocket = \"{}\"\n",
            sockets.port(),
            rest.replace("{port}", &sockets.port().to_string()),
            folder.path().join("control.sock").display()
        );
        write("resolverd.toml", &text);
        let mut daemon = Command::new(env!("CARGO_BIN_EXE_resolverd"))
            .arg("--config")
            .arg(folder.path().join("resolverd.toml"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(daemon.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let listens = lines.by_ref().map(Result::unwrap).any(|line| {
            said.push(line);
            said.last().is_some_and(|line| line.contains(" listens at "))
        });
        assert!(listens, "it does not listen: {said:#?}");
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, daemon, sockets, _runtime: runtime }
    }

    pub(crate) fn lab(&self) -> &Lab {
        self.sockets.lab()
    }

    /// Returns the port at which all servers of the lab listen.
    pub(crate) fn port(&self) -> u16 {
        self.sockets.port()
    }

    /// Kills the daemon, as a crash would.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Returns the exit code and the lines of the output. `--local` prevents queries to resolvers on the real internet.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, Vec<String>) {
        let local = arguments.iter().all(|word| *word != "--resolver").then_some("--local");
        let arguments: Vec<&str> = arguments.iter().copied().chain(local).collect();
        let output = self.command(&arguments);
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text.lines().map(str::to_owned).collect())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        self.prepared(arguments).output().unwrap()
    }

    pub(crate) fn prepared(&self, arguments: &[&str]) -> Command {
        let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor/certificates/authority.pem");
        let mut command = Command::new(env!("CARGO_BIN_EXE_resolverctl"));
        command
            .arg("--socket")
            .arg(self.path("control.sock"))
            .env("SSL_CERT_FILE", authority)
            .args(arguments);
        command
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // The daemon may have ended already.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
