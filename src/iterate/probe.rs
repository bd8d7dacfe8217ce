//! A dead server tried on the side, so that no client's question waits for it and its return is noticed.
//!
//! May call: `exchange`, `cache::servers`, `record`. The zone's SOA is asked for: any answer shows that the server lives.

use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::attempt::{Means, conduct_of, first_transport};
use super::dead::Wanted;
use crate::cache::servers::Server;
use crate::exchange::Ask;
use crate::limits::MAX_TIMER;
use crate::record::event::{Conduct, Sent};

/// A dead server to be tried.
pub(super) struct Probe {
    pub(super) means: Arc<Means>,
    pub(super) server: Arc<Server>,
    pub(super) wanted: Wanted,
}

impl Probe {
    /// Asks, and remembers the answer.
    pub(super) async fn run(self) {
        let Wanted { path, recursive, configured, zone, .. } = self.wanted;
        let transport = first_transport(&path);
        let server = path.server;
        let edns = self.server.standing(&zone, self.means.clock.mono()).edns;
        let ask = Ask {
            path,
            name: zone.clone(),
            kind: RecordType::SOA,
            secret: None,
            recursion_desired: recursive,
            edns,
            dnssec_ok: false,
            mixed_case: false,
            transport,
            tries: 0,
        };
        let place = self.means.exchange.place(&zone).await;
        let (heard, first) = self.means.exchange.ask(ask, MAX_TIMER, place).await;
        let conduct = match &heard.reply {
            Ok(_) => {
                let now = self.means.clock.mono();
                self.server.answered(heard.elapsed, now);
                self.means.uplink.heard(configured, now);
                Conduct::Answered
            }
            Err(trouble) => conduct_of(trouble),
        };
        if first {
            let elapsed = heard.elapsed;
            self.means.recorder.sent(&Sent { server, zone, transport, conduct, elapsed });
        }
    }
}
