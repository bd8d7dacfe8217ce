//! A message on the side, so that no client's question waits for it: to a dead server, to notice its return, and to a living
//! one, to see that our own network works.
//!
//! May call: `exchange`, `cache::servers`, `record`. Any answer shows that the server lives.

use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::attempt::{Means, conduct_of, first_transport};
use crate::cache::servers::Server;
use crate::conduct::Conduct;
use crate::exchange::Ask;
use crate::exchange::network::Path;
use crate::limits::MAX_TIMER;
use crate::record::event::Sent;

/// A question on the side, and the server that it goes to.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    /// How the server is asked.
    pub(super) path: Path,
    /// Whether it is a recursive server.
    pub(super) recursive: bool,
    /// Whether the operator has named it.
    pub(super) configured: bool,
    /// The zone that it is a server of.
    pub(super) zone: Name,
    /// The name that it is asked for.
    pub(super) name: Name,
    /// The type.
    pub(super) kind: RecordType,
}

/// A server to be asked on the side.
pub(super) struct Probe {
    pub(super) means: Arc<Means>,
    pub(super) server: Arc<Server>,
    pub(super) aside: Aside,
}

impl Probe {
    /// Asks, and remembers the answer; false where there was none.
    pub(super) async fn ask(self) -> bool {
        let Self { means, server, aside } = self;
        let Aside { path, recursive, configured, zone, name, kind } = aside;
        let (transport, address) = (first_transport(&path), path.server);
        let edns = server.standing(&zone, means.clock.mono()).edns;
        let ask = Ask {
            path,
            name,
            kind,
            secret: None,
            recursion_desired: recursive,
            edns,
            dnssec_ok: false,
            mixed_case: false,
            transport,
            tries: 0,
        };
        let place = means.exchange.place(&zone).await;
        let (heard, first) = means.exchange.ask(ask, MAX_TIMER, place).await;
        let conduct = match &heard.reply {
            Ok(_) => {
                let now = means.clock.mono();
                server.answered(heard.elapsed, now);
                means.uplink.heard(configured, now);
                Conduct::Answered
            }
            Err(trouble) => conduct_of(trouble),
        };
        if first {
            let elapsed = heard.elapsed;
            let found = !configured && !recursive;
            means.recorder.sent(&Sent { server: address, zone, found, transport, conduct, elapsed });
        }
        heard.reply.is_ok()
    }
}
