//! Detects that TCP port 53 of other hosts is blocked on the path from this host: TCP fails to servers in several networks and to a root server,
//! although servers answer over UDP.
//!
//! The code reads no clock: its input is results of queries with their times. resolverd uses TCP only after a reply over UDP, so each failure is one of
//! a server that answers over UDP. Single servers without TCP are common, so only a root server decides; a task that waits in
//! `Recorder::streams_doubted` queries one over TCP. The first answer over TCP ends the fault.

use std::collections::BTreeSet;

use crate::event::Sent;
use crate::fault_spans::FaultSpans;
use crate::limits::{MAX_STREAM_NETWORKS, STREAM_NETWORKS};
use crate::line::Line;
use crate::loss::network;
use dns::clock::Mono;
use dns::conduct::Transport;

#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// When the first of the failed queries was sent, if no server has answered over TCP since.
    since: Option<Mono>,
    /// The networks of servers to which TCP has failed since, at most `MAX_STREAM_NETWORKS`.
    networks: BTreeSet<u128>,
    blocked: bool,
    /// The last periods in which TCP was blocked and that have ended.
    spans: FaultSpans,
}

impl Streams {
    /// Registers the result of a query to a server found by recursion. `is_up`: servers answer over UDP. Returns a log line if the fault begins or
    /// ends.
    pub(crate) fn note(&mut self, sent: &Sent, is_up: bool, now: Mono) -> Option<Line> {
        if sent.transport != Transport::Tcp {
            return None;
        }
        if sent.conduct.came_back() {
            let since = self.since.take();
            self.networks.clear();
            if !std::mem::take(&mut self.blocked) {
                return None;
            }
            let since = since.unwrap_or(now);
            self.spans.add(since, now);
            return Some(Line::TcpWorks { after: now.since(since) });
        }
        let since = *self.since.get_or_insert_with(|| now.before(sent.elapsed));
        if self.networks.len() < MAX_STREAM_NETWORKS {
            self.networks.insert(network(sent.server.ip()));
        }
        if self.blocked || !is_up || !sent.zone.is_root() || self.networks.len() <= STREAM_NETWORKS {
            return None;
        }
        self.blocked = true;
        Some(Line::TcpBlocked { networks: self.networks.len(), span: now.since(since) })
    }

    /// Returns true if TCP to a root server must be tried: to learn if the fault is one of this host, or if it has ended.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.networks.len() >= STREAM_NETWORKS
    }

    /// Returns since when TCP is blocked; `None` if it is not.
    pub(crate) fn since(&self) -> Option<Mono> {
        self.since.filter(|_| self.blocked)
    }

    pub(crate) fn ended(&self) -> Option<Mono> {
        self.spans.last_end()
    }

    /// Returns the last periods in which TCP was blocked. One that continues ends at `now`.
    pub(crate) fn spans(&self, now: Mono) -> Vec<(Mono, Mono)> {
        self.spans.with(self.since(), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ServerOrigin;
    use dns::conduct::Conduct;
    use dns::stage::name;
    use std::time::Duration;

    fn sent(network: u8, zone: &str, conduct: Conduct) -> Sent {
        Sent {
            server: ([192, network, 2, 1], 53).into(),
            zone: name(zone),
            origin: ServerOrigin::Recursion,
            transport: Transport::Tcp,
            conduct,
            elapsed: Duration::from_secs(1),
        }
    }

    #[test]
    fn root_server_decides_whose_fault() {
        let at = |seconds| Mono::START.after(Duration::from_secs(seconds));
        let mut streams = Streams::default();
        for number in 0..2 {
            assert_eq!(streams.note(&sent(number, "example.", Conduct::NoTcp), true, at(10)), None);
        }
        assert!(!streams.is_doubtful(), "some servers have no TCP");
        streams.note(&sent(2, "example.", Conduct::Silent), true, at(11));
        assert!(streams.is_doubtful() && streams.since().is_none());
        assert_eq!(
            streams.note(&sent(9, ".", Conduct::Silent), false, at(12)),
            None,
            "nothing answers at all"
        );
        let line = streams.note(&sent(9, ".", Conduct::Silent), true, at(14));
        assert_eq!(line, Some(Line::TcpBlocked { networks: 4, span: Duration::from_secs(5) }));
        assert_eq!(streams.since(), Some(at(9)));
        let line = streams.note(&sent(0, "example.", Conduct::Answered), true, at(69));
        assert_eq!(line, Some(Line::TcpWorks { after: Duration::from_secs(60) }));
        assert_eq!((streams.since(), streams.is_doubtful(), streams.ended()), (None, false, Some(at(69))));
        assert_eq!(streams.spans(at(80)), [(at(9), at(69))]);
    }
}
