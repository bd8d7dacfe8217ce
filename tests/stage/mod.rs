//! A stage for tests through the front door: a small internet on sockets, and a daemon before it.

// Each test uses the part of the stage that it needs.
#![allow(dead_code)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use resolverd::config::{Config, Family};
use resolverd::control::Controlled;
use resolverd::daemon::Daemon;
use resolverd::lab::client::LabClient;
use resolverd::lab::delegations::Tree;
pub(crate) use resolverd::lab::prelude::name;
use resolverd::lab::server::Distance;
use resolverd::lab::sockets::LabSockets;
use resolverd::lab::world::{Lab, ServerPlan};
use resolverd::question::{Apart, Outcome};
use resolverd::random::Random;
use resolverd::record::Window;

/// Long enough for any machine. A test that passes never waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A small internet, a daemon, and its address.
pub(crate) struct Stage {
    pub(crate) sockets: LabSockets,
    pub(crate) daemon: Daemon,
    pub(crate) address: SocketAddr,
    _folder: tempfile::TempDir,
}

/// `tld.` with `text`, served by one server a millisecond away; the root too.
pub(crate) fn lab(text: &str) -> Arc<Lab> {
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
    pub(crate) async fn set(text: &str, change: impl FnOnce(&mut Config)) -> Self {
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
    pub(crate) fn client(&self) -> LabClient {
        LabClient::new(self.address, PATIENCE)
    }

    /// Questions with this outcome.
    pub(crate) fn outcome(&self, outcome: Outcome) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.outcomes.iter().filter(|(of, _)| **of == outcome).map(|(_, count)| *count).sum()
    }

    /// Messages that were counted apart as this.
    pub(crate) fn apart(&self, apart: Apart) -> u64 {
        let report = self.daemon.subject().recorder().report(Window::Start);
        report.apart.iter().filter(|(of, _)| **of == apart).map(|(_, count)| *count).sum()
    }

    /// Messages about `name` to the lab's servers.
    pub(crate) fn heard(&self, name: &str) -> usize {
        let name = self::name(name);
        self.sockets.lab().log().received().iter().filter(|entry| entry.name == name).count()
    }
}

/// A query's octets.
pub(crate) fn query(id: u16, text: &str, kind: RecordType) -> Vec<u8> {
    let mut message = hickory_proto::op::Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(hickory_proto::op::Query::query(name(text), kind));
    message.to_vec().unwrap()
}
