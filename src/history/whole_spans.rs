//! Spans of which the disk has every question of a client, not only the failed and slow ones: those around the messages of
//! `long_messages`. The questions of these spans are grouped as if they were in memory.

use std::net::IpAddr;

/// A span in microseconds of the clock of its entry, and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WholeSpan {
    /// The client.
    pub client: IpAddr,
    /// Its first moment.
    pub since: u64,
    /// Its last moment.
    pub until: u64,
}

/// Spans of clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WholeSpans(Vec<WholeSpan>);

impl WholeSpans {
    /// Adds a span. `join` is called behind the last one.
    pub(super) fn add(&mut self, span: WholeSpan) {
        self.0.push(span);
    }

    /// Puts the spans in order. Overlapping spans of a client become one.
    pub(super) fn join(&mut self) {
        self.0.sort_unstable();
        self.0.dedup_by(|next, last| {
            let overlaps = next.client == last.client && next.since <= last.until;
            if overlaps {
                last.until = next.until.max(last.until);
            }
            overlaps
        });
    }

    /// Whether one of them has a question of a client.
    pub(super) fn have(&self, client: IpAddr, at: u64) -> bool {
        self.until(client, at).is_some()
    }

    /// The last moment of the span that has a question of a client.
    pub(super) fn until(&self, client: IpAddr, at: u64) -> Option<u64> {
        let behind = self.0.partition_point(|span| (span.client, span.since) <= (client, at));
        let span = self.0.get(behind.checked_sub(1)?)?;
        (span.client == client && at <= span.until).then_some(span.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_of_a_client_are_one() {
        let mut spans = WholeSpans::default();
        for (client, since, until) in [(2, 5, 9), (1, 20, 30), (1, 1, 9), (1, 4, 6), (1, 9, 12)] {
            spans.add(WholeSpan { client: [127, 0, 0, client].into(), since, until });
        }
        spans.join();
        assert_eq!(spans.0.len(), 3);
        let have = |client, at| spans.have([127, 0, 0, client].into(), at);
        let moments = |client| (0..40).filter(|at| have(client, *at)).collect::<Vec<u64>>();
        assert_eq!(moments(1), (1..=12).chain(20..=30).collect::<Vec<_>>());
        assert_eq!((moments(2), moments(3)), ((5..=9).collect(), Vec::new()));
    }
}
