//! Finds networks whose name servers answer slowly now, for `resolverctl status`. Their answers come, so nothing fails, but mail waits.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::limits::{MAX_STATUS_NETWORKS, SLOW_NETWORK_TIME};
use dns::conduct::network_text;
use protocol::{Severity, Warning};
use record::{ServerRow, Window};

/// The period whose queries are judged. It is short, so that the report ends soon after the servers have become fast.
pub(super) const JUDGED: Window = Window::Minute;

/// `JUDGED` in seconds, with the pause between two snapshots of the counters.
pub(super) const JUDGED_SECONDS: u64 = 70;

/// If the servers of a network answered fewer queries in the period, their times may be chance, and little mail waits for them.
const ENOUGH: u64 = 5;

#[derive(Clone, Copy, Debug, Default)]
struct Network {
    answered: u64,
    seconds: f64,
}

/// Returns a notice about the networks whose servers took `SLOW_NETWORK_TIME` or longer on average, the one that cost most first. `servers` has the queries
/// of the period `JUDGED`.
pub(super) fn slow_networks(servers: &[ServerRow]) -> Option<Warning> {
    let mut networks = BTreeMap::<String, Network>::new();
    for server in servers {
        let Ok(address) = server.server.parse::<IpAddr>() else { continue };
        let answered: u64 =
            server.messages.iter().filter(|(conduct, _)| conduct.came_back()).map(|(_, count)| count).sum();
        let network = networks.entry(network_text(address)).or_default();
        network.answered = network.answered.saturating_add(answered);
        network.seconds += server.round_trip * answered as f64;
    }
    let is_slow =
        |network: &Network| network.answered >= ENOUGH && network.mean() >= SLOW_NETWORK_TIME.as_secs_f64();
    let mut slow: Vec<(String, Network)> = networks.into_iter().filter(|(_, one)| is_slow(one)).collect();
    slow.sort_by(|(_, one), (_, other)| other.seconds.total_cmp(&one.seconds));
    let named: Vec<String> =
        slow.iter().take(MAX_STATUS_NETWORKS).map(|(name, one)| one.text(name)).collect();
    let more = match slow.len().saturating_sub(MAX_STATUS_NETWORKS) {
        0 => String::new(),
        more => format!(", and those of {more} more networks"),
    };
    (!slow.is_empty()).then(|| Warning {
        severity: Severity::Notice,
        problem: format!(
            "Name servers answer slowly: {}{more}; mail that needs them waits.",
            named.join(", ")
        ),
        remedy:
            "Only their owners can make them faster. `resolverctl why` shows the mail that waited for them."
                .to_owned(),
    })
}

impl Network {
    /// Returns the mean time of an answered query, in seconds.
    fn mean(self) -> f64 {
        self.seconds / self.answered.max(1) as f64
    }

    fn text(self, name: &str) -> String {
        format!(
            "those of {name} took {:.1} s on average for {} queries in the last minute",
            self.mean(),
            self.answered
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::conduct::Conduct;

    fn row(server: &str, answered: u64, round_trip: f64) -> ServerRow {
        ServerRow {
            server: server.to_owned(),
            waited: 0.0,
            messages: [(Conduct::Answered, answered), (Conduct::Silent, 9)].into(),
            round_trip,
            round_trip_max: round_trip,
            late: 0,
            verdict: String::new(),
        }
    }

    #[test]
    fn slow_hoster_is_told_once() {
        let servers = [
            row("198.18.23.53", 30, 1.7),
            row("198.18.23.54", 10, 1.5),
            row("198.18.24.53", 12, 0.9),
            row("198.18.25.53", 500, 0.3),
            row("198.18.26.53", 4, 4.0),
            row("other", 900, 2.0),
        ];
        let Warning { severity, problem, .. } = slow_networks(&servers).unwrap();
        assert_eq!(severity, Severity::Notice);
        assert_eq!(
            problem,
            "Name servers answer slowly: those of 198.18.23.0/24 took 1.6 s on average for 40 queries in the last minute, those of 198.18.24.0/24 took 0.9 s on average for 12 queries in the last minute; mail that needs them waits."
        );
        assert_eq!(slow_networks(&servers[3..]), None);
    }
}
