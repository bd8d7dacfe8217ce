//! Finds networks whose name servers answer slowly now, for `resolverctl status`. Their answers come, so nothing fails, but mail waits.

use std::collections::BTreeMap;

use crate::limits::{MAX_STATUS_NETWORKS, PACE_TIME, SLOW_NETWORK_TIME};
use dns::conduct::network_text;
use protocol::{Severity, Warning};
use record::{ServerPace, Window};

/// The period whose queries are judged.
pub(super) const JUDGED: Window = Window::Minute;

/// `JUDGED` in seconds, with the pause between two snapshots of the counters.
pub(super) const JUDGED_SECONDS: u64 = 70;

/// If the servers of a network answered fewer queries in the period, their times may be chance, and little mail waits for them.
const ENOUGH: u64 = 5;

/// Replies of the servers of a network.
#[derive(Clone, Copy, Debug, Default)]
struct Replies {
    count: u64,
    seconds: f64,
}

/// Returns a notice about the networks whose servers took `SLOW_NETWORK_TIME` or longer on average, in the period and in their last few replies. The
/// network that cost most is first. `servers` has the period `JUDGED`.
pub(super) fn slow_networks(servers: &[ServerPace]) -> Option<Warning> {
    let mut networks = BTreeMap::<String, Vec<&ServerPace>>::new();
    for pace in servers {
        networks.entry(network_text(pace.server)).or_default().push(pace);
    }
    let is_slow = |replies: Replies| replies.mean() >= SLOW_NETWORK_TIME.as_secs_f64();
    let of_slow = |(network, paces): (String, Vec<&ServerPace>)| {
        let replies = Replies::sum(paces.iter().map(|pace| (pace.replies, pace.round_trip)));
        let newest = paces.iter().map(|pace| pace.ago).min()?;
        let lately = paces.iter().filter(|pace| pace.ago <= newest + PACE_TIME);
        let now = Replies::sum(lately.map(|pace| (pace.replies, pace.recent)));
        (replies.count >= ENOUGH && is_slow(replies) && is_slow(now)).then_some((network, replies))
    };
    let mut slow: Vec<(String, Replies)> = networks.into_iter().filter_map(of_slow).collect();
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

impl Replies {
    /// Adds replies, each with their number and their mean time in seconds.
    fn sum(replies: impl Iterator<Item = (u64, f64)>) -> Self {
        replies.fold(Self::default(), |sum, (count, mean)| Self {
            count: sum.count.saturating_add(count),
            seconds: sum.seconds + mean * count as f64,
        })
    }

    /// Returns the mean time of an answered query, in seconds.
    fn mean(self) -> f64 {
        self.seconds / self.count.max(1) as f64
    }

    fn text(self, name: &str) -> String {
        format!(
            "those of {name} took {:.1} s on average for {} queries in the last minute",
            self.mean(),
            self.count
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn pace(server: &str, replies: u64, round_trip: f64) -> ServerPace {
        let (server, ago) = (server.parse().unwrap(), Duration::from_secs(1));
        ServerPace { server, replies, round_trip, recent: round_trip, ago }
    }

    #[test]
    fn slow_hoster_is_told_once() {
        let servers = [
            pace("198.18.23.53", 30, 1.7),
            pace("198.18.23.54", 10, 1.5),
            pace("198.18.24.53", 12, 0.9),
            pace("198.18.25.53", 500, 0.3),
            pace("198.18.26.53", 4, 4.0),
        ];
        let Warning { severity, problem, .. } = slow_networks(&servers).unwrap();
        assert_eq!(severity, Severity::Notice);
        assert_eq!(
            problem,
            "Name servers answer slowly: those of 198.18.23.0/24 took 1.6 s on average for 40 queries in the last minute, those of 198.18.24.0/24 took 0.9 s on average for 12 queries in the last minute; mail that needs them waits."
        );
        assert_eq!(slow_networks(&servers[3..]), None);
    }
    #[test]
    fn network_is_fast_after_fast_replies() {
        let slow = [pace("198.18.23.53", 30, 1.7), pace("198.18.23.54", 30, 1.5)];
        let [mut first, mut second] = slow;
        first.recent = 0.1;
        assert!(slow_networks(&[first, second]).is_some(), "only one of them is fast");
        second.ago = Duration::from_secs(12);
        assert_eq!(slow_networks(&[first, second]), None, "the slow replies are old");
        second.recent = 0.1;
        second.ago = first.ago;
        assert_eq!(slow_networks(&[first, second]), None);
    }
}
