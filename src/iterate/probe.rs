//! Dead servers tried on the side, so that no client's question waits for them and their return is noticed.
//!
//! May call: `exchange`, `cache::servers`, `record`. Unbound and Knot probe with clients' questions; here the zone's SOA
//! is asked for by a task of its own: any answer shows that the server lives.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};
use tokio::sync::OwnedSemaphorePermit;

use super::attempt::{Means, conduct_of, first_transport};
use crate::cache::servers::Server;
use crate::exchange::Ask;
use crate::exchange::network::Path;
use crate::limits::MAX_TIMER;
use crate::record::event::{Conduct, Sent};

/// A dead server to be tried.
pub(super) struct Probe {
    pub(super) means: Arc<Means>,
    pub(super) server: Arc<Server>,
    pub(super) path: Path,
    /// Whether it is a recursive server.
    pub(super) recursive: bool,
    /// The zone that it is a server of.
    pub(super) zone: Name,
    pub(super) edns: bool,
    /// Its place among the probes under way.
    pub(super) permit: OwnedSemaphorePermit,
}

impl Probe {
    /// Asks, and remembers the answer.
    pub(super) async fn run(self) {
        let transport = first_transport(&self.path);
        let ask = Ask {
            path: self.path.clone(),
            name: self.zone.clone(),
            kind: RecordType::SOA,
            secret: None,
            recursion_desired: self.recursive,
            edns: self.edns,
            dnssec_ok: false,
            mixed_case: false,
            transport,
            tries: 0,
        };
        let (heard, first) = self.means.exchange.ask(ask, MAX_TIMER).await;
        let conduct = match &heard.reply {
            Ok(_) => {
                self.server.answered(heard.elapsed, self.means.clock.mono());
                Conduct::Answered
            }
            Err(trouble) => conduct_of(trouble),
        };
        if first {
            let (server, elapsed) = (self.path.server, heard.elapsed);
            self.means.recorder.sent(&Sent { server, zone: self.zone, transport, conduct, elapsed });
        }
        drop(self.permit);
    }
}
