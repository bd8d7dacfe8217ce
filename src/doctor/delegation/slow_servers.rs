//! Name servers that answer slowly: mail waits for each lookup that is in no cache (RFC 2182 section 3).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::server_hosts;
use crate::codes::Code;
use crate::facts::{DomainFacts, Got, QueryForm, Want};
use crate::finding::{Finding, Level};
use crate::limits::SLOW_SERVER_MILLIS;
use crate::part::About;

/// The fewest replies that show how long a server takes. A single one may have been delayed by chance.
const ENOUGH_REPLIES: usize = 3;

/// Returns the finding about slow servers. Resolvers prefer fast ones, so it is a warning only if none of the servers that answer is fast.
pub(super) fn check(facts: &DomainFacts, servers: &BTreeMap<IpAddr, BTreeSet<String>>) -> Option<Finding> {
    let times: Vec<(IpAddr, u64)> =
        servers.keys().filter_map(|server| Some((*server, median(facts, *server)?))).collect();
    let slow: Vec<(IpAddr, String)> = times
        .iter()
        .filter(|(_, millis)| *millis >= SLOW_SERVER_MILLIS)
        .map(|(server, millis)| (*server, format!("takes {} ms for a reply", millis)))
        .collect();
    if slow.is_empty() {
        return None;
    }
    let level = if slow.len() == times.len() { Level::Warning } else { Level::Note };
    let about: Vec<About> = slow.iter().map(|(server, _)| About::Address(*server)).collect();
    Some(Finding::new(Code::NsSlow, server_hosts::with_conduct(servers, &slow)).at(level).about(about))
}

/// Returns the median time of the replies of a server over UDP, in milliseconds; `None` if there are too few.
fn median(facts: &DomainFacts, of: IpAddr) -> Option<u64> {
    let is_counted = |want: &Want| match want {
        Want::Server { server, way, .. } => {
            *server == of && matches!(way, QueryForm::Udp | QueryForm::Plain | QueryForm::MixedCase)
        }
        _ => false,
    };
    let replies = facts.got.iter().filter(|(want, _)| is_counted(want)).filter_map(|(_, got)| match got {
        // A reply that was repeated over TCP has the time of its truncated reply.
        Got::Reply(reply) => Some(reply.millis),
        _ => None,
    });
    let mut times: Vec<u64> = replies.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().filter(|_| times.len() >= ENOUGH_REPLIES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{TWO_SERVERS, facts};
    use crate::zone;

    fn found(first: u64, second: u64) -> Option<(Level, String)> {
        let replies = |server: &str, millis: u64| -> String {
            ["SOA", "MX", "TXT"]
                .map(|kind| format!("server {server} a.test. {kind} udp aa {millis}ms | \n"))
                .concat()
        };
        let lines = replies("198.18.1.1", first) + &replies("198.18.2.1", second);
        let facts = facts("a.test.", &format!("{TWO_SERVERS}\n{lines}"));
        let found = check(&facts, &zone::servers(&facts))?;
        Some((found.level, found.evidence))
    }

    #[test]
    fn slow_servers_are_named() {
        assert_eq!(found(40, 499), None);
        let (level, evidence) = found(40, 1_800).unwrap();
        assert_eq!(level, Level::Note);
        assert!(
            evidence.contains("198.18.2.1") && evidence.ends_with("takes 1800 ms for a reply"),
            "{evidence}"
        );
        assert_eq!(found(700, 1_800).unwrap().0, Level::Warning);
    }

    #[test]
    fn two_replies_show_no_time() {
        let lines = "server 198.18.1.1 a.test. SOA udp aa 1800ms\nserver 198.18.1.1 a.test. MX udp aa 1800ms";
        let facts = facts("a.test.", &format!("{TWO_SERVERS}\n{lines}"));
        assert_eq!(check(&facts, &zone::servers(&facts)), None);
    }
}
