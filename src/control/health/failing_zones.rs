//! Warnings about zones that fail: those of one hoster are one warning.

use std::time::Duration;

use crate::limits::MAX_STATUS_ZONES;
use protocol::{Severity, Warning};
use record::{FailingZone, TimeSpan, failed_text};

/// Names the first `MAX_STATUS_ZONES` failing zones, and counts the others.
pub(super) fn warnings(failing: &[FailingZone]) -> impl Iterator<Item = Warning> {
    let hosters = by_hoster(failing);
    let more: usize = hosters.iter().skip(MAX_STATUS_ZONES).map(Vec::len).sum();
    let named = hosters.into_iter().take(MAX_STATUS_ZONES).filter_map(|zones| {
        let [failing] = zones.as_slice() else { return hoster(&zones) };
        let FailingZone { zone, failures, doubted, configured, why, next, .. } = failing;
        let [within, ago] = spans(&zones);
        // If a configured zone fails, the operator of this host must act. The root zone is an exception: its forwarders resolve
        // all names, and therefore fail for names whose owners have made mistakes.
        let is_ours = *configured && zone != ".";
        let whose = if is_ours { " (in your configuration)" } else { "" };
        let problem = format!(
            "{failures} resolutions for zone {zone}{whose} {} within {within}, the last one {ago} ago; cause: {why}.",
            failed_text(*doubted)
        );
        let severity = if is_ours { Severity::Warning } else { Severity::Notice };
        Some(Warning { severity, ..Warning::new(problem, &format!("{next}.")) })
    });
    let rest = (more > 0).then(|| {
        let problem = format!("{more} more zones fail.");
        let remedy = "See `resolverctl failed` for all of them.";
        Warning { severity: Severity::Notice, ..Warning::new(problem, remedy) }
    });
    named.chain(rest)
}

/// Groups the failing zones. Zones of other operators form one group (one hoster) if they have the same name servers, and these do not answer.
pub(super) fn by_hoster(failing: &[FailingZone]) -> Vec<Vec<&FailingZone>> {
    let mut hosters: Vec<Vec<&FailingZone>> = Vec::new();
    for zone in failing {
        let is_same = |first: &&FailingZone| {
            !zone.silent.is_empty() && first.silent == zone.silent && !first.configured && !zone.configured
        };
        match hosters.iter_mut().find(|zones| zones.first().is_some_and(is_same)) {
            Some(zones) => zones.push(zone),
            None => hosters.push(vec![zone]),
        }
    }
    hosters
}

fn hoster(zones: &[&FailingZone]) -> Option<Warning> {
    let first = zones.first()?;
    let names: Vec<&str> = zones.iter().take(MAX_STATUS_ZONES).map(|zone| &*zone.zone).collect();
    let more = zones.len().saturating_sub(names.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let failures: u32 = zones.iter().fold(0, |sum, zone| sum.saturating_add(zone.failures));
    let [within, ago] = spans(zones);
    let do_not = if first.silent.contains([',', ' ']) { "do not" } else { "does not" };
    let problem = format!(
        "{} {do_not} answer; {} zones: {}{more}; {failures} resolutions failed within {within}, the last one {ago} ago.",
        first.silent,
        zones.len(),
        names.join(", ")
    );
    Some(Warning { severity: Severity::Notice, ..Warning::new(problem, &format!("{}.", first.next)) })
}

fn spans(zones: &[&FailingZone]) -> [TimeSpan; 2] {
    let within = zones.iter().map(|zone| zone.span).max().unwrap_or_default();
    let ago = zones.iter().map(|zone| zone.ago).min().unwrap_or_default();
    [within, ago].map(|span| TimeSpan(span.max(Duration::from_secs(1))))
}
