//! Detects that this host's own network loses packets: many servers in several networks that used to answer do not answer some queries.
//!
//! The code has no clock: its input is the results of queries with their times. Only servers that were found by recursion from the root servers
//! count. A server counts only while it still answers some queries, so dead servers, or all servers of a dead hosting provider, do not count as loss.
//! Each network has the same weight, so one lossy network that gets many queries does not count as loss either.

use std::collections::HashMap;
use std::net::IpAddr;

use super::line::Line;
use super::outage::Outage;
use super::report::LossReport;
use crate::limits::{
    LOSS_ENDS_PERCENT, LOSS_NETWORK_QUERIES, LOSS_NETWORKS, LOSS_PERCENT, LOSS_SLICE, MAX_LOSS_SERVERS,
    MAX_LOSS_SPANS, USED_TO_ANSWER,
};
use dns::clock::Mono;

/// Measures the loss of packets on all network paths of this host.
#[derive(Debug, Default)]
pub(super) struct Loss {
    servers: HashMap<IpAddr, ServerLoss>,
    /// When the current slice of time (`LOSS_SLICE`) began. Queries are counted for each slice.
    began: Mono,
    /// The current packet loss; `None` if the network loses no packets.
    current: Option<LossSeen>,
    /// The last periods of loss that have ended, the earliest first: at most `MAX_LOSS_SPANS`.
    spans: Vec<(Mono, Mono)>,
}

/// The queries to one server in the last two slices of time. Index 0 is the current slice.
#[derive(Debug, Default)]
struct ServerLoss {
    /// When the server last answered a query.
    answered: Option<Mono>,
    sent: [u32; 2],
    lost: [u32; 2],
}

/// A packet loss on all network paths of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LossSeen {
    /// The start of the first slice of time in which the loss was seen.
    since: Mono,
    /// The share of lost queries, in percent: the mean over the networks, without the quarter that loses most and the quarter that loses least.
    percent: u32,
    /// The number of networks in which servers did not answer some queries.
    networks: usize,
}

/// The queries to the servers of one network.
#[derive(Clone, Copy, Debug, Default)]
struct NetworkLoss {
    sent: u32,
    lost: u32,
}

impl Loss {
    /// Notes the result of a query to a server. `answered`: true if a reply came, even if it came late. `outage`: the periods in which no server on
    /// the internet answered, which do not count as packet loss.
    pub(super) fn note(
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

    /// Examines the packet loss in the last two slices of time, and begins another slice. Returns a log line if the loss began or ended.
    fn end_slice(&mut self, outage: &Outage, now: Mono) -> Option<Line> {
        let line = if outage.was_down_since(now.before(LOSS_SLICE * 3)) { None } else { self.judge(now) };
        // If no queries were sent for a while, the counters of the last slice are older than the slice before this one, so they are not used.
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
        // The quarter of the networks with the highest loss may have a fault of its own, so it is left out of both means.
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
                if self.spans.len() >= MAX_LOSS_SPANS {
                    self.spans.remove(0);
                }
                self.spans.push((since, now));
                Some(Line::NetworkLossEnds { after })
            }
            Some(seen) => {
                (seen.percent, seen.networks) = (percent, lossy);
                None
            }
            None => None,
        }
    }

    /// Returns the queries of each network that got enough queries to show a loss.
    fn networks(&self) -> Vec<NetworkLoss> {
        let mut networks: HashMap<u128, NetworkLoss> = HashMap::new();
        for (server, counts) in &self.servers {
            let network = networks.entry(network(*server)).or_default();
            network.sent += counts.sent[0] + counts.sent[1];
            network.lost += counts.lost[0] + counts.lost[1];
        }
        networks.into_values().filter(|network| network.sent >= LOSS_NETWORK_QUERIES).collect()
    }

    /// Returns the current packet loss; `None` if there is none.
    pub(super) fn report(&self, now: Mono) -> Option<LossReport> {
        self.current.map(|LossSeen { since, percent, networks }| LossReport {
            span: now.since(since),
            percent,
            networks,
        })
    }

    /// Returns the last periods of packet loss. If packets are being lost now, the last period ends at `now`.
    pub(super) fn spans(&self, now: Mono) -> Vec<(Mono, Mono)> {
        self.spans.iter().copied().chain(self.current.map(|seen| (seen.since, now))).collect()
    }
}

fn mean(shares: &[u32]) -> u32 {
    shares.iter().sum::<u32>() / u32::try_from(shares.len()).unwrap_or(u32::MAX).max(1)
}

/// Returns the network of a server: the first 16 bits of an IPv4 address, the first 32 bits of an IPv6 address. Servers of one hosting provider are
/// often in one such network.
fn network(server: IpAddr) -> u128 {
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

        /// Simulates this many seconds. `percent` returns the loss in percent on the path to the servers of a network.
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
    fn loss_on_all_paths_is_seen_within_two_minutes_and_ends() {
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
    fn lossy_and_dead_networks_of_others_are_no_loss_of_ours() {
        for seed in 0..20 {
            let mut gateway = Gateway::new(seed);
            gateway.run(600, |network| if network < 2 { 100 } else { 1 });
            gateway
                .run(3_000, |network| [100, 100, 30, 30, 60].get(usize::from(network)).copied().unwrap_or(2));
            assert_eq!(gateway.lines, [], "seed {seed}");
            // A hosting provider with two networks fails: no server in them answers.
            gateway.run(600, |network| if network > 17 { 100 } else { 2 });
            assert_eq!(gateway.lines, [], "seed {seed}");
        }
    }

    #[test]
    fn networks_with_a_fault_of_their_own_do_not_change_the_share() {
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
