//! The sums of the record at the end of a scenario: each question, resolution and message is in every table, once.

use std::collections::BTreeMap;

use crate::simulation::Simulation;
use dns::conduct::Conduct;
use dns::question::Outcome;
use history::Window;

/// The sums that differ. All clients have their replies; what goes on in the background is counted in one turn.
pub(super) fn differences(simulation: &Simulation) -> Vec<String> {
    let (recorder, window) = (simulation.recorder(), Window::Start);
    let report = recorder.report(window);
    let of = |outcome: Outcome| report.outcomes.get(&outcome).copied().unwrap_or(0);
    let failed: u64 = Outcome::ALL.into_iter().filter(|outcome| outcome.is_failure()).map(of).sum();
    let (clients, types) = (recorder.by_client(window), recorder.by_type(window));
    let mut sums = vec![
        ("queries by outcome", report.outcomes.values().sum(), u64::from(simulation.asked())),
        ("queries by client", clients.iter().map(|row| row.questions).sum(), report.questions),
        ("queries by type", types.iter().map(|row| row.questions).sum(), report.questions),
        ("hits by client", clients.iter().map(|row| row.cache).sum(), of(Outcome::Cache)),
        ("hits by type", types.iter().map(|row| row.cache).sum(), of(Outcome::Cache)),
        ("failures by client", clients.iter().map(|row| row.failed).sum(), failed),
        ("failures by type", types.iter().map(|row| row.failed).sum(), failed),
        ("shed queries by client", clients.iter().map(|row| row.shed).sum(), of(Outcome::Shed)),
    ];
    for (outcome, times) in recorder.since_start().2 {
        sums.push(("times of queries", times.count, of(outcome)));
    }
    let all = |messages: &BTreeMap<Conduct, u64>| messages.values().sum::<u64>();
    let (zones, messages) = (recorder.by_zone(window), all(&report.upstream.messages));
    sums.push(("messages by zone", zones.iter().map(|row| all(&row.messages)).sum(), messages));
    let servers = recorder.by_server(window);
    sums.push(("messages by server", servers.iter().map(|row| all(&row.messages)).sum(), messages));
    let flights = recorder.flights_by_route().map(|(_, times)| times.count).sum();
    sums.push(("resolutions by zone", zones.iter().map(|row| row.flights).sum(), flights));
    for row in &zones {
        let columns = row.under_50ms + row.under_200ms + row.under_1s + row.under_3s + row.over_3s;
        sums.push(("resolutions of a zone by time", columns, row.flights));
    }
    for entry in simulation.resolver().lists().all() {
        let counts = entry.counts();
        let answers = counts.listed + counts.not_listed + counts.unknown;
        sums.push(("queries to a list by answer", answers, counts.questions));
    }
    let differs = |(what, had, wanted): (&str, u64, u64)| {
        (had != wanted).then(|| format!("the record counts {had} {what} instead of {wanted}"))
    };
    sums.into_iter().filter_map(differs).collect()
}
