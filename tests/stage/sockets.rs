//! A stage for tests through the front door: a small internet on sockets, and a daemon before it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use control::Controlled;
use dns::question::{Apart, Outcome};
use dns::random::Random;
use hickory_proto::rr::RecordType;
use history::Window;
use lab::client::LabClient;
use lab::delegations::Tree;
pub use lab::prelude::name;
use lab::server::Distance;
use lab::sockets::LabSockets;
use lab::world::{Lab, ServerPlan};
use resolver::config::{Config, Family};
use resolverd::daemon::Daemon;

/// Long enough for any machine. A test that passes never waits that long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A small internet, a daemon, and its address.
pub struct Stage {
    /// The servers.
    pub sockets: LabSockets,
    /// The daemon.
    pub daemon: Daemon,
    /// Where it listens.
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

/// `tld.` with `text`, served by one server a millisecond away; the root too.
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
    /// Starts both; `change` may change the configuration first.
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

    /// A client of the daemon.
    pub fn client(&self) -> LabClient {
        LabClient::new(self.address, PATIENCE)
    }

    /// Questions with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.outcomes.iter().filter(|(of, _)| **of == outcome).map(|(_, count)| *count).sum()
    }

    /// Messages that were counted apart as this.
    pub fn apart(&self, apart: Apart) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.apart.iter().filter(|(of, _)| **of == apart).map(|(_, count)| *count).sum()
    }

    /// Messages about `name` to the lab's servers.
    pub fn heard(&self, name: &str) -> usize {
        let name = self::name(name);
        self.sockets.lab().log().received().iter().filter(|entry| entry.name == name).count()
    }
}

/// A query's octets.
pub fn query(id: u16, text: &str, kind: RecordType) -> Vec<u8> {
    let mut message = hickory_proto::op::Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(hickory_proto::op::Query::query(name(text), kind));
    message.to_vec().unwrap()
}
