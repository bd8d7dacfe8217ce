//! Records an attempt: counts its queries in the statistics, and adds notes to the trail of its resolution.

use std::time::Duration;

use super::Attempt;
use dns::conduct::{Conduct, Transport};
use record::Counter;
use record::event::Sent;
use record::note::{Note, Words};

impl Attempt {
    pub(super) fn record(&self, transport: Transport, conduct: Conduct, elapsed: Duration) {
        let (server, zone, origin) = (self.path.server, self.zone.clone(), self.role.origin());
        self.shared.recorder.sent(&Sent { server, zone, origin, transport, conduct, elapsed });
    }

    pub(super) fn count_strays(&self) {
        self.shared.recorder.count(Counter::Strays, self.shared.exchange.take_strays());
    }

    pub(super) fn note_sent(&self, transport: Transport, reason: &'static str) {
        if self.is_list_server {
            self.context.budget.count_to_list();
        }
        let (server, usual) = (self.path.server.ip(), self.round_trip);
        let keys = self.context.is_for_keys();
        let asked = self.context.asked_besides(&self.name, self.kind);
        // With `forward_first`, queries to forwarders and to authoritative servers may be in progress together, so the trail notes the zone of the
        // forwarders.
        let forwards = self.role.is_recursive().then(|| Box::new(self.zone.clone()));
        self.context.note(Note::Sent { server, transport, reason, usual, keys, asked, forwards });
    }

    pub(super) fn note_unanswered(&self, elapsed: Duration) {
        self.context.note(Note::Unanswered { server: self.path.server.ip(), elapsed });
    }

    pub(super) fn note_received(&self, conduct: Conduct, elapsed: Duration, said: Words) {
        if conduct.came_back() {
            self.context.answered();
        }
        self.context.note(Note::Received { server: self.path.server.ip(), conduct, elapsed, said });
    }
}
