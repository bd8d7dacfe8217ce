//! The health of the daemon in the format of a Nagios plug-in: one line with performance data, and an exit code from 0
//! to 3.
//!
//! Icinga, Zabbix and check_mk read the same format: "Monitoring Plugins Development Guidelines", section "Plugin
//! Output for Nagios", <https://www.monitoring-plugins.org/doc/guidelines.html>.

use super::words;
use crate::exit::{CommandFailure, PluginState};
use crate::limits;
use dns::cached::StoreFill;
use dns::question::Outcome;
use dns::wire::presentation::harmless;
use protocol::{Severity, Stats, Status};

/// The end of the output line if there is a problem: the command that shows what to do.
const SEE: &str = " See `resolverctl status`.";

/// Returns the state, and the line with the worst problem, the number of other problems, and performance data.
pub fn state(status: &Status, stats: &Stats) -> (PluginState, String) {
    let worst = status.warnings.iter().rev().max_by_key(|warning| warning.severity);
    let state = match worst.map(|warning| warning.severity) {
        None | Some(Severity::Notice) => PluginState::Ok,
        Some(Severity::Warning) => PluginState::Warning,
        Some(Severity::Critical) => PluginState::Critical,
    };
    let others = status.faults_of_others();
    let more = status.warnings.len().saturating_sub(others).saturating_sub(1);
    let text = match worst {
        None => format!(
            "resolverd {}, up {}, {} queries in {}",
            status.daemon.version,
            words::age(status.uptime),
            words::number(status.questions),
            words::age(status.seconds)
        ),
        Some(warning) if warning.severity == Severity::Notice && others == 1 => {
            format!("works; fault outside resolverd: {}{SEE}", warning.problem)
        }
        Some(warning) if warning.severity == Severity::Notice => {
            format!("works; {others} faults outside resolverd, the first: {}{SEE}", warning.problem)
        }
        Some(warning) if more == 0 => format!("{}{SEE}", warning.problem),
        Some(warning) => {
            let problems = if more == 1 { "problem" } else { "problems" };
            format!("{} {more} more {problems}: see `resolverctl status`.", warning.problem)
        }
    };
    let data = performance(status, stats).join(" ");
    (state, format!("{}|{data}\n", line(state, &text)))
}

/// Returns the state if the daemon sent no status. The guidelines of the format reserve "unknown" for faults of the plug-in
/// itself. Without the daemon, mail software gets no answers, so that is critical.
pub const fn without_status(failure: &CommandFailure) -> PluginState {
    match failure {
        CommandFailure::Unreachable { .. } | CommandFailure::Timeout(_) => PluginState::Critical,
        _ => PluginState::Unknown,
    }
}

/// Returns the line if the daemon has sent no status. `why` is the reason.
pub fn failed(state: PluginState, why: &str) -> String {
    line(state, why) + "\n"
}

/// Returns the line with the state and `text`. The character `|` is replaced, because it is special in the format of plug-ins.
fn line(state: PluginState, text: &str) -> String {
    let text = words::cut(&harmless(text), limits::MAX_PLUGIN_TEXT).replace('|', "/");
    format!("RESOLVERD {} - {text}", state.word())
}

/// Returns the performance data: `label=value[unit];warn;crit;min;max`. The queries, failures and latency are those of the last
/// five minutes.
fn performance(status: &Status, stats: &Stats) -> Vec<String> {
    let outcome = |outcome| stats.report.outcomes.get(&outcome).copied().unwrap_or(0);
    let failed = outcome(Outcome::Failed) + outcome(Outcome::Remembered) + outcome(Outcome::Deadline);
    let latency = &stats.report.latency;
    let sum = |part: fn(&StoreFill) -> u64| status.stores.iter().map(part).sum::<u64>();
    vec![
        format!("uptime={:.0}s;;;0", status.uptime),
        format!("queries={};;;0", stats.report.questions),
        format!("from_cache={};;;0", outcome(Outcome::Cache)),
        format!("failed={failed};;;0"),
        format!("overload={};;;0", outcome(Outcome::Shed)),
        format!("latency_p50={:.6}s;;;0", latency.p50),
        format!("latency_p99={:.6}s;;;0", latency.p99),
        format!("in_progress={};;;0;{}", status.daemon.flights, status.daemon.flights_max),
        format!("cache_memory={}B;;;0;{}", sum(|fill| fill.bytes), sum(|fill| fill.capacity)),
    ]
}
