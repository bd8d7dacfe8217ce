//! A small internet on sockets, and a daemon that uses it, for tests of the whole daemon.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use config::{Config, Family};
use control::Controlled;
use daemon::Daemon;
use dns::question::{Apart, Outcome};
use dns::random::Random;
use lab::client::LabClient;
use lab::delegations::Tree;
pub use lab::prelude::name;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, ServerPlan};
use record::Window;

/// A time that is long enough on any machine. A test that passes never waits this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A simulated internet on sockets, a daemon, and its address.
pub struct Stage {
    /// The sockets of the simulated servers.
    pub sockets: LabSockets,
    /// The daemon under test, in the process of the test.
    pub daemon: Daemon,
    /// The address at which the daemon listens.
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

/// Returns a lab with the root, `tld.` with the records `text`, and `slow.tld.`, each with its own server at a distance of one millisecond.
pub fn lab(text: &str) -> Arc<Lab> {
    let mut tree = Tree::default();
    for (name, last) in [("a.root", 1), ("ns.tld", 2), ("ns1.slow.tld", 3)] {
        let mut plan = ServerPlan::new(name, vec![[127, 77, 0, last].into()]);
        plan.distance = Distance::steady(Duration::from_millis(1));
        tree.server(plan).unwrap();
    }
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], text).unwrap();
    tree.zone("slow.tld.", &["ns1.slow.tld".to_owned()], "www 300 A 10.0.0.9\n").unwrap();
    Arc::new(tree.build().unwrap())
}

impl Stage {
    /// Starts the internet and the daemon. `change` may change the configuration.
    pub async fn set(text: &str, change: impl FnOnce(&mut Config)) -> Self {
        let sockets = LabSockets::start(lab(text), Random::system().unwrap()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.dnssec.validate = false;
        config.listen.addresses = vec!["127.0.0.1:0".parse().unwrap()];
        config.resolve.root_hints = sockets.lab().root_hints();
        config.resolve.upstream_port = sockets.port();
        config.resolve.deny_servers = Vec::new();
        config.resolve.ipv4 = Family::On;
        config.resolve.ipv6 = Family::Off;
        config.control.socket = folder.path().join("control.sock");
        change(&mut config);
        let daemon = Daemon::start(config, None).unwrap();
        let address = daemon.addresses()[0];
        Self { sockets, daemon, address, _folder: folder }
    }

    /// Returns a client of the daemon.
    pub fn client(&self) -> LabClient {
        LabClient::new(self.address, PATIENCE)
    }

    /// Returns the number of clients' questions with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.outcomes.iter().filter(|(of, _)| **of == outcome).map(|(_, count)| *count).sum()
    }

    /// Returns the number of clients' messages that were counted as `apart`, and not as questions.
    pub fn apart(&self, apart: Apart) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.apart.iter().filter(|(of, _)| **of == apart).map(|(_, count)| *count).sum()
    }

    /// Returns the number of queries for `name` to the servers of the lab.
    pub fn heard(&self, name: &str) -> usize {
        let name = self::name(name);
        self.sockets.lab().log().received().iter().filter(|entry| entry.name == name).count()
    }
}

/// Returns the octets of a query for the name `text`.
pub fn query(id: u16, text: &str, kind: RecordType) -> Vec<u8> {
    let mut message = hickory_proto::op::Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(hickory_proto::op::Query::query(name(text), kind));
    message.to_vec().unwrap()
}
