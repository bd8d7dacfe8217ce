//! Detects an outage of the network of this host: no server on the internet answers, including the root servers.
//!
//! The code reads no clock: its input is results of queries with their times. Only servers found by recursion count, because a configured
//! server may be in the network of this host. A gateway with few questions may query only one dead zone. So a silence counts as an outage
//! only if root servers did not answer either; a task that waits in `Recorder::doubted` queries them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::fault_spans::FaultSpans;
use crate::limits::{MAX_SILENT_SERVERS, NETWORK_DOWN_ROOT_MESSAGES, NETWORK_DOWN_TIME};
use crate::line::Line;
use dns::clock::Mono;

#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// When a server on the internet last sent a reply.
    heard: Option<Mono>,
    /// The latest sending time of a query that a server on the internet has answered.
    answered: Option<Mono>,
    /// The current silence of all servers on the internet; none if no query is overdue since the last answer.
    silence: Option<SilenceSeen>,
    down: bool,
    ended: Option<Mono>,
    /// The last silences in which root servers did not answer either.
    spans: FaultSpans,
    /// True if no view resolves from the root servers, so that no servers on the internet are queried.
    unused: bool,
}

#[derive(Debug)]
struct SilenceSeen {
    since: Mono,
    servers: BTreeSet<IpAddr>,
    root: u32,
}

impl Outage {
    /// Sets whether any view resolves from the root servers (`used`). If none does, a current outage ends without a log line, and no outage
    /// begins.
    pub(crate) fn set_used(&mut self, used: bool) {
        self.unused = !used;
        if !used {
            (self.silence, self.down) = (None, false);
        }
    }

    /// Registers that a query, sent at `sent`, was not answered in time. `root`: true for a root server. Returns a log line if an outage
    /// begins.
    pub(crate) fn overdue(&mut self, server: IpAddr, root: bool, sent: Mono, now: Mono) -> Option<Line> {
        // No server on the internet is queried, or a server has answered a query that was sent later. In the second case, the network works,
        // and only this server is silent.
        if self.unused || self.answered.is_some_and(|answered| answered > sent) {
            return None;
        }
        let silence = self.silence.get_or_insert_with(|| SilenceSeen {
            since: sent,
            servers: BTreeSet::new(),
            root: 0,
        });
        silence.since = silence.since.min(sent);
        silence.root = silence.root.saturating_add(u32::from(root));
        if silence.servers.len() < MAX_SILENT_SERVERS {
            silence.servers.insert(server);
        }
        let long = now.since(silence.since);
        if self.down || silence.root < NETWORK_DOWN_ROOT_MESSAGES || long < NETWORK_DOWN_TIME {
            return None;
        }
        self.down = true;
        Some(Line::NetworkDown { servers: silence.servers.len(), span: long })
    }

    /// Registers that a server on the internet has answered a query sent at `sent`. Returns a log line if an outage ends. An answer to a
    /// query that was sent before the silence does not end the silence.
    pub(crate) fn heard(&mut self, sent: Mono, now: Mono) -> Option<Line> {
        self.heard = Some(now);
        self.answered = self.answered.max(Some(sent));
        let silence = self.silence.take_if(|silence| silence.since <= sent)?;
        if silence.root >= NETWORK_DOWN_ROOT_MESSAGES {
            self.spans.add(silence.since, now);
        }
        if !std::mem::take(&mut self.down) {
            return None;
        }
        self.ended = Some(now);
        Some(Line::NetworkUp { after: now.since(silence.since) })
    }

    /// Returns true if a server did not answer in time, and none has answered since. Then another server must be queried, to find out if
    /// the network works.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.silence.is_some()
    }

    pub(crate) fn since(&self) -> Option<Mono> {
        self.silence.as_ref().filter(|_| self.down).map(|silence| silence.since)
    }

    /// Returns the last periods without any answer, not even of root servers, from the first unanswered query on. Includes periods too
    /// short to be logged.
    pub(crate) fn spans(&self, now: Mono) -> Vec<(Mono, Mono)> {
        let current = self.silence.as_ref().filter(|silence| silence.root >= NETWORK_DOWN_ROOT_MESSAGES);
        self.spans.with(current.map(|silence| silence.since), now)
    }

    pub(crate) const fn ended(&self) -> Option<Mono> {
        self.ended
    }

    pub(crate) fn was_down_since(&self, began: Mono) -> bool {
        self.down || self.ended.is_some_and(|ended| began < ended)
    }

    pub(crate) fn has_heard_since(&self, began: Mono) -> bool {
        self.heard.is_some_and(|heard| heard >= began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(millis: u64) -> Mono {
        Mono::from_micros(millis * 1_000)
    }

    fn server(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn single_dead_zone_is_no_outage() {
        let mut outage = Outage::default();
        outage.heard(at(0), at(0));
        for millis in (100..60_000).step_by(300) {
            assert_eq!(outage.overdue(server(1), false, at(millis), at(millis + 290)), None);
        }
        assert!(outage.is_doubtful() && outage.since().is_none());
        assert_eq!(outage.heard(at(59_990), at(60_000)), None, "the root answers");
        assert!(!outage.is_doubtful());
        assert!(outage.spans(at(61_000)).is_empty(), "no root server was asked in vain");
        assert!(outage.has_heard_since(at(59_000)) && !outage.was_down_since(at(0)));
    }

    // It ends with the first answer.
    #[test]
    fn outage_needs_silent_root_server() {
        let mut outage = Outage::default();
        outage.heard(at(0), at(0));
        let mut shown = Vec::new();
        for second in 1..=60_u64 {
            let last = u8::try_from(second % 10).unwrap();
            shown.extend(outage.overdue(
                server(last),
                last == 0,
                at(second * 1_000),
                at(second * 1_000 + 300),
            ));
        }
        assert_eq!(shown, [Line::NetworkDown { servers: 10, span: Duration::from_millis(19_300) }]);
        assert_eq!(outage.since(), Some(at(1_000)));
        assert!(outage.was_down_since(at(60_000)) && !outage.has_heard_since(at(1)));
        let after = Duration::from_secs(60);
        assert_eq!(outage.heard(at(60_990), at(61_000)), Some(Line::NetworkUp { after }));
        assert_eq!(outage.heard(at(60_991), at(61_001)), None);
        assert!(outage.was_down_since(at(60_999)) && !outage.was_down_since(at(61_000)));
    }

    #[test]
    fn short_silence_is_no_outage() {
        let mut outage = Outage::default();
        for millis in (0..3_900).step_by(100) {
            assert_eq!(outage.overdue(server(1), true, at(millis), at(millis + 50)), None);
        }
        assert_eq!(outage.spans(at(3_980)), [(at(0), at(3_980))]);
        assert_eq!(outage.heard(at(3_985), at(3_990)), None);
        assert_eq!(outage.spans(at(9_000)), [(at(0), at(3_990))], "it is known, though it is not reported");
        assert_eq!(outage.overdue(server(1), true, at(3_980), at(9_000)), None, "others were heard since");
    }

    #[test]
    fn late_earlier_answer_keeps_outage() {
        let mut outage = Outage::default();
        outage.overdue(server(1), false, at(1_000), at(1_300));
        assert_eq!(outage.heard(at(900), at(2_700)), None);
        assert!(outage.is_doubtful() && outage.has_heard_since(at(2_600)));
        for millis in [1_100, 1_400] {
            outage.overdue(server(2), true, at(millis), at(millis + 300));
        }
        assert_eq!(outage.spans(at(3_000)), [(at(1_000), at(3_000))]);
        outage.heard(at(2_900), at(3_100));
        assert!(!outage.is_doubtful());
        assert_eq!(outage.spans(at(9_000)), [(at(1_000), at(3_100))]);
    }
}
