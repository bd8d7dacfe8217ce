//! Detects that the network of this host loses packets: many servers in several networks leave some queries unanswered, although they
//! answered before.
//!
//! The code reads no clock: its input is results of queries with their times. Only servers found by recursion count, and only while they
//! still answer some queries, so dead servers do not count as loss. Each network has the same weight, so one lossy network with many
//! queries does not count either.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::fault_spans::FaultSpans;
use crate::limits::{
    LOSS_ENDS_PERCENT, LOSS_NETWORK_QUERIES, LOSS_NETWORKS, LOSS_PERCENT, LOSS_SLICE, MAX_LOSS_SERVERS,
    USED_TO_ANSWER,
};
use crate::line::Line;
use crate::outage::Outage;
use crate::report::LossReport;
use dns::clock::Mono;

#[derive(Debug, Default)]
pub(crate) struct Loss {
    servers: HashMap<IpAddr, ServerLoss>,
    /// When the current slice (`LOSS_SLICE`) began.
    began: Mono,
    current: Option<LossSeen>,
    /// Ended periods of loss.
    spans: FaultSpans,
}

/// Queries to one server in the last two slices of time (`LOSS_SLICE`). Index 0 is the current slice.
#[derive(Debug, Default)]
struct ServerLoss {
    answered: Option<Mono>,
    sent: [u32; 2],
    lost: [u32; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LossSeen {
    since: Mono,
    /// Lost queries in percent: the mean over the networks, without the quarter that loses most and the quarter that loses least.
    percent: u32,
    networks: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct NetworkLoss {
    sent: u32,
    lost: u32,
}

impl Loss {
    /// Notes the result of a query to a server. `answered`: a reply came, perhaps late. `outage`: the periods in which no server on the
    /// internet answered, which do not count.
    pub(crate) fn note(
        &mut self,
        server: IpAddr,
        answered: bool,
        outage: &Outage,
        now: Mono,
    ) -> Option<Line> {
        let line = if now.since(self.began) < LOSS_SLICE { None } else { self.end_slice(outage, now) };
        if self.servers.len() >= MAX_LOSS_SERVERS && !self.servers.contains_key(&server) {
            return line;
        }
        let counts = self.servers.entry(server).or_default();
        if answered {
            counts.answered = Some(now);
        }
        if counts.answered.is_some() {
            counts.sent[0] = counts.sent[0].saturating_add(1);
            counts.lost[0] = counts.lost[0].saturating_add(u32::from(!answered));
        }
        line
    }

    /// Judges the loss in the last two slices (periods of counting), and begins a new slice. Returns a log line if packet loss began or ended.
    fn end_slice(&mut self, outage: &Outage, now: Mono) -> Option<Line> {
        let line = if outage.was_down_since(now.before(LOSS_SLICE * 3)) { None } else { self.judge(now) };
        // A slice is the period of one count. After a pause without queries, the counts of the last slice are too old, so they are dropped.
        let is_next = now.since(self.began) < LOSS_SLICE * 2;
        for server in self.servers.values_mut() {
            let last = |counts: [u32; 2]| if is_next { [0, counts[0]] } else { [0, 0] };
            (server.sent, server.lost) = (last(server.sent), last(server.lost));
        }
        let used = |server: &ServerLoss| server.answered.is_some_and(|last| now.since(last) < USED_TO_ANSWER);
        self.servers.retain(|_, server| used(server));
        self.began = now;
        line
    }

    fn judge(&mut self, now: Mono) -> Option<Line> {
        let networks = self.networks();
        if networks.len() < LOSS_NETWORKS {
            return None;
        }
        let lossy = networks.iter().filter(|network| network.lost > 0).count();
        let mut shares: Vec<u32> = networks.iter().map(|network| network.lost * 100 / network.sent).collect();
        shares.sort_unstable();
        // The quarter of the networks with the highest loss may itself be faulty, so both means leave it out.
        let percent = mean(shares.get(shares.len() / 4..shares.len() * 3 / 4).unwrap_or_default());
        let of_best = mean(shares.get(..shares.len() * 3 / 4).unwrap_or_default());
        match &mut self.current {
            None if of_best >= LOSS_PERCENT => {
                let since = now.before(LOSS_SLICE * 2);
                self.current = Some(LossSeen { since, percent, networks: lossy });
                self.report(now).map(Line::NetworkLossy)
            }
            Some(seen) if of_best < LOSS_ENDS_PERCENT => {
                let (since, after) = (seen.since, now.since(seen.since));
                self.current = None;
                self.spans.add(since, now);
                Some(Line::NetworkLossEnds { after })
            }
            Some(seen) => {
                (seen.percent, seen.networks) = (percent, lossy);
                None
            }
            None => None,
        }
    }

    fn networks(&self) -> Vec<NetworkLoss> {
        let mut networks: HashMap<u128, NetworkLoss> = HashMap::new();
        for (server, counts) in &self.servers {
            let network = networks.entry(network(*server)).or_default();
            network.sent += counts.sent[0] + counts.sent[1];
            network.lost += counts.lost[0] + counts.lost[1];
        }
        networks.into_values().filter(|network| network.sent >= LOSS_NETWORK_QUERIES).collect()
    }

    pub(crate) fn ended(&self) -> Option<Mono> {
        self.spans.last_end()
    }

    pub(crate) fn report(&self, now: Mono) -> Option<LossReport> {
        self.current.map(|LossSeen { since, percent, networks }| LossReport {
            span: now.since(since),
            percent,
            networks,
        })
    }

    /// Returns the last periods of packet loss. A loss that continues ends at `now`.
    pub(crate) fn spans(&self, now: Mono) -> Vec<(Mono, Mono)> {
        self.spans.with(self.current.map(|seen| seen.since), now)
    }
}

fn mean(shares: &[u32]) -> u32 {
    shares.iter().sum::<u32>() / u32::try_from(shares.len()).unwrap_or(u32::MAX).max(1)
}

/// Returns the first 16 bits of an IPv4 address, or the first 32 bits of an IPv6 address. A hosting provider often has one such network.
pub(crate) fn network(server: IpAddr) -> u128 {
    match server {
        IpAddr::V4(address) => u128::from(address.to_bits() >> 16),
        IpAddr::V6(address) => (address.to_bits() >> 96) | 1 << 64,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use dns::random::Random;

    /// A gateway that asks 40 servers in 20 networks, 4 queries a second.
    struct Gateway {
        loss: Loss,
        random: Random,
        second: u64,
        lines: Vec<(u64, Line)>,
    }

    impl Gateway {
        fn new(seed: u64) -> Self {
            Self { loss: Loss::default(), random: Random::seeded(seed), second: 1_000, lines: Vec::new() }
        }

        /// Plays this number of seconds of traffic. `percent` returns the loss on the path to the network with this number, in percent.
        fn run(&mut self, seconds: u64, percent: impl Fn(u8) -> u64) {
            for _ in 0..seconds * 4 {
                self.second += u64::from(self.random.u64().is_multiple_of(4));
                let network = u8::try_from(self.random.u64() % 20).unwrap();
                let host = u8::try_from(self.random.u64() % 2).unwrap();
                let answered = self.random.u64() % 100 >= percent(network);
                let now = Mono::START.after(Duration::from_secs(self.second));
                let line = self.loss.note([10, network, 0, host].into(), answered, &Outage::default(), now);
                self.lines.extend(line.map(|line| (self.second, line)));
            }
        }
    }

    #[test]
    fn own_loss_is_seen_and_ends() {
        for (seed, percent) in (0..20).flat_map(|seed| [(seed, 20), (seed, 40)]) {
            let mut gateway = Gateway::new(seed);
            gateway.run(600, |_| 1);
            assert_eq!(gateway.lines, [], "seed {seed}");
            let began = gateway.second;
            gateway.run(300, |_| percent);
            let seen = gateway.loss.current.unwrap();
            assert!(u64::from(seen.percent).abs_diff(percent) <= 10, "{seen:?} of {percent}");
            assert!(gateway.lines.len() == 1 && gateway.lines[0].0 - began <= 120, "{:?}", gateway.lines);
            gateway.run(300, |_| 1);
            assert!(gateway.loss.current.is_none() && gateway.lines.len() == 2, "{:?}", gateway.lines);
            assert_eq!(gateway.loss.spans(Mono::START).len(), 1);
        }
    }

    #[test]
    fn loss_of_others_is_not_ours() {
        for seed in 0..20 {
            let mut gateway = Gateway::new(seed);
            gateway.run(600, |network| if network < 2 { 100 } else { 1 });
            gateway
                .run(3_000, |network| [100, 100, 30, 30, 60].get(usize::from(network)).copied().unwrap_or(2));
            assert_eq!(gateway.lines, [], "seed {seed}");
            gateway.run(600, |network| if network > 17 { 100 } else { 2 });
            assert_eq!(gateway.lines, [], "seed {seed}");
        }
    }

    #[test]
    fn faulty_networks_do_not_bias_loss() {
        let seen = (0..20).map(|seed| {
            let mut gateway = Gateway::new(seed);
            gateway.run(600, |_| 1);
            gateway.run(300, |network| if network < 4 { 60 } else { 20 });
            gateway.loss.current.unwrap().percent
        });
        let mean = seen.sum::<u32>() / 20;
        assert!(mean.abs_diff(20) <= 4, "{mean}");
    }

    #[test]
    fn few_networks_show_nothing() {
        let mut gateway = Gateway::new(1);
        gateway.run(600, |network| if network < 7 { 1 } else { 100 });
        gateway.run(600, |network| if network < 7 { 50 } else { 100 });
        assert_eq!(gateway.lines, []);
    }
}
