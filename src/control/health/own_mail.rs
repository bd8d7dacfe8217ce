//! The confirmed findings about own domains and addresses (`[own]`), each as a problem.

use dns::clock::minute;
use doctor::finding::Level;
use protocol::{Severity, Warning};
use watched::WatchedState;
use watched::history::{FollowedFinding, Standing};

/// Returns a notice for each failure and warning of the checks: resolverd itself works.
pub(super) fn warnings(watched: &[WatchedState]) -> Vec<Warning> {
    let own = watched.iter().filter(|state| state.subject.own.is_some());
    let of_state = |state: &WatchedState| -> Vec<Warning> {
        let name = state.subject.name.to_string();
        let confirmed = state.history.findings.iter().filter(|finding| finding.standing != Standing::Coming);
        confirmed.filter_map(|finding| warning(&name, finding)).collect()
    };
    own.flat_map(of_state).collect()
}

fn warning(name: &str, finding: &FollowedFinding) -> Option<Warning> {
    if finding.level > Level::Warning {
        return None;
    }
    let entry = finding.code.entry();
    let evidence = finding.evidence.trim_end_matches('.');
    let problem = format!("Own mail, {name}: {} since {} ({evidence}).", entry.title, minute(finding.since));
    let remedy = if finding.remedy.is_empty() { entry.remedy } else { &finding.remedy };
    Some(Warning {
        severity: Severity::Notice,
        problem,
        remedy: format!("{remedy}. `resolverctl own` has the state of own mail."),
    })
}
