//! Runs a scenario in the simulation, step by step, and compares the results. Needs a runtime with a single thread, and tokio's clock
//! paused.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use hickory_proto::rr::Name;

use super::check::differences;
use super::{Action, Ask, Scenario, ScenarioError, ScenarioStep, memory};
use crate::delegations::Tree;
use crate::simulation::{SimulatedReply, Simulation, config_for, config_trusting};
use crate::world::Lab;
use config::Config;
use dns::conduct::Conduct;
use dns::question::Outcome;
use record::Window;

impl Scenario {
    /// Runs all steps. `seed` determines all random numbers.
    ///
    /// # Errors
    /// The simulated internet cannot be built, or the result of a step differs from the expected one.
    pub async fn play(&self, seed: u64) -> Result<(), ScenarioError> {
        let lab: Arc<Lab> = Arc::new(self.tree.clone().build()?);
        let config = self.config(&lab, self.toml.as_deref())?;
        let simulation = Simulation::new(lab, config, seed);
        let mut tree = self.tree.clone();
        for step in &self.steps {
            self.step(&simulation, &mut tree, step).await?;
        }
        let last = self.steps.last().map_or(0, |step| step.line);
        self.report(last, sums(&simulation))
    }

    /// Returns the configuration of the lab with the changes of the scenario. `race` (queries to two servers in parallel) is off by
    /// default, because most scenarios count the queries.
    fn config(&self, lab: &Lab, file: Option<&str>) -> Result<Config, ScenarioError> {
        let signed = !lab.trust_anchor(&Name::root()).is_empty();
        let mut config = if signed { config_trusting(lab) } else { config_for(lab) };
        config.resolve.race = false;
        match file {
            Some(file) => Ok(Config::read_over(config, file, Path::new("."))?),
            None => Ok(config),
        }
    }

    async fn step(
        &self,
        simulation: &Simulation,
        tree: &mut Tree,
        step: &ScenarioStep,
    ) -> Result<(), ScenarioError> {
        let line = step.line;
        match &step.action {
            Action::Ask(ask) => return self.ask(simulation, line, ask).await,
            Action::Advance(span) => tokio::time::sleep(*span).await,
            Action::Fault { server, faults } => {
                let unknown = || ScenarioError::Line { line, reason: format!("no server {server}") };
                simulation.lab().server(server).ok_or_else(unknown)?.set_faults(faults);
            }
            Action::NetworkDown(down) => simulation.network().set_down(*down),
            Action::Ipv6(way) => simulation.network().set_ipv6(*way),
            Action::Sign { zone, signing } => {
                tree.sign(zone, Some(signing.clone()))?;
                let changed = tree.clone().build_at(simulation.clock().now().unix)?;
                simulation.lab().take_zones_of(&changed);
            }
            Action::Cache { name, kind, held } => {
                return self.report(line, memory::differences(simulation, name, *kind, held));
            }
            Action::Clock(seconds) => simulation.clock().set_wrong_by(*seconds),
            Action::Reload(file) => {
                simulation.reload(self.config(simulation.lab(), Some(file))?).await;
            }
            Action::Unpoisoned => return self.report(line, memory::poison(simulation)),
            Action::Counted(wanted) => return self.report(line, counted(simulation, wanted)),
        }
        Ok(())
    }

    fn report(&self, line: usize, differences: Vec<String>) -> Result<(), ScenarioError> {
        let title = self.title.clone();
        if differences.is_empty() {
            Ok(())
        } else {
            Err(ScenarioError::Different { title, line, differences })
        }
    }

    async fn ask(&self, simulation: &Simulation, line: usize, ask: &Ask) -> Result<(), ScenarioError> {
        let clients = (0..ask.clients).map(|_| simulation.ask_with(&ask.name, ask.kind, ask.with));
        let replies: Result<Vec<SimulatedReply>, _> = join_all(clients).await.into_iter().collect();
        let replies = replies.map_err(|error| ScenarioError::Line { line, reason: format!("{error}") })?;
        let received = simulation.lab().log().take();
        let mut differences = differences(ask, &replies, &received);
        if differences.is_empty() {
            return Ok(());
        }
        differences.extend(received.iter().map(|one| format!("sent at {:?}: {one}", one.at)));
        differences
            .extend(replies.iter().flat_map(|reply| reply.steps.iter()).map(|step| format!("{step:?}")));
        self.report(line, differences)
    }
}

/// Returns a text for each counter whose value is not the expected one.
fn counted(simulation: &Simulation, wanted: &[(String, RangeInclusive<u64>)]) -> Vec<String> {
    let report = simulation.recorder().report(Window::Start).upstream;
    let had = |word: &str| {
        report.counts.named(word).or_else(|| {
            let conduct = serde_json::from_value(word.into()).ok()?;
            Some(report.messages.get(&conduct).copied().unwrap_or(0))
        })
    };
    let differs = |(word, counts): &(String, RangeInclusive<u64>)| match had(word) {
        Some(count) if counts.contains(&count) => None,
        Some(count) => Some(format!("{word} counted {count} times instead of {counts:?}")),
        None => Some(format!("no counter {word}")),
    };
    wanted.iter().filter_map(differs).collect()
}

/// Returns a text for each pair of sums that differ although they should be equal: every table of the history must count each query of a client
/// once, each resolution once, and each query to a server once. Call this when all clients have their replies. Background work makes no
/// difference, because all tables count it at the same time.
fn sums(simulation: &Simulation) -> Vec<String> {
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
    for (outcome, times) in recorder.scraped(window).latency {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::paused;

    #[test]
    fn configuration_error_names_scenario_line() {
        for (text, line) in [
            ("title: x\ntoml\n  # a comment\n\n  [cache]\n  sise = 1\n", 6),
            ("title: x\nadvance 1s\nreload\n  [[zone]]\n  name = \"..\"\n", 5),
        ] {
            let text = format!("{text}server a.root 127.0.0.1\nzone . a.root\n");
            let scenario: Scenario = text.parse().unwrap();
            let error = paused(scenario.play(1)).unwrap_err().to_string();
            assert!(
                error.contains(&format!("{line}:")) || error.contains(&format!("line {line}")),
                "{error}"
            );
        }
    }
}
