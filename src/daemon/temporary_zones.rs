//! The temporary zones of `resolverctl zone add`. They are not in the configuration file, and survive reloads. The daemon removes
//! a zone when its time is over, or when the daemon stops.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::running::Running;
use control::Controlled;
use control::lookup::read_name;
use control::protocol::zones::ZoneWhat;
use dns::clock::Mono;
use dns::wire::presentation::name_text;
use history::TimeSpan;
use resolver::config;
use resolver::config::{Config, ConfiguredZone, Errors};

/// The names of the temporary zones, each with the time of its removal. `None` means that the zone stays until the daemon stops.
pub(super) type TemporaryZones = BTreeMap<Name, Option<Mono>>;

/// Copies the temporary zones of the `old` configuration to the `new` one, and returns them. A zone is left out if the
/// configuration file now has a zone with the same name.
pub(super) fn keep(temporary: &TemporaryZones, old: &Config, new: &mut Config) -> TemporaryZones {
    let mut kept = TemporaryZones::new();
    for (name, ends) in temporary {
        let zone = old.zones.iter().find(|zone| is_shared(zone, name));
        if let Some(zone) = zone.filter(|_| !new.zones.iter().any(|zone| is_shared(zone, name))) {
            new.zones.push(zone.clone());
            kept.insert(name.clone(), *ends);
        }
    }
    kept
}

/// Returns true for a zone with this name that is in no view.
fn is_shared(zone: &ConfiguredZone, name: &Name) -> bool {
    zone.view.is_none() && zone.name == *name
}

impl Running {
    /// Adds or removes a temporary zone, and returns the changes. The error says in a sentence why nothing has changed.
    pub(super) async fn change_zone(&self, what: ZoneWhat) -> Result<Vec<String>, String> {
        let _alone = self.reloading.lock().await;
        let (changes, changed) = block_in_place(|| {
            let old = self.config();
            let mut new = Config::clone(&old);
            let mut temporary = self.state().temporary.clone();
            let name = match &what {
                ZoneWhat::Add { zone, .. } => &zone.name,
                ZoneWhat::Remove { name } => name,
            };
            let name = read_name(name).map_err(|problem| problem.sentence)?.to_lowercase();
            let known = temporary.remove(&name).is_some();
            new.zones.retain(|zone| !(known && is_shared(zone, &name)));
            let mut ends = String::new();
            match what {
                ZoneWhat::Add { zone, seconds } => {
                    let text = format!("version = 1\n{}", zone.entry());
                    new = Config::read_over(new, &text, Path::new("/")).map_err(|wrong| sentence(&wrong))?;
                    let time = seconds.map(Duration::from_secs);
                    ends = time
                        .map_or_else(|| "with resolverd".to_owned(), |time| format!("in {}", TimeSpan(time)));
                    let now = self.clock.mono();
                    temporary.insert(name.clone(), time.map(|time| now.after(time)));
                }
                ZoneWhat::Remove { .. } if !known => return Err(not_temporary(&old, &name)),
                ZoneWhat::Remove { .. } => {}
            }
            let mut changes = config::changes(&old, &new);
            if changes.is_empty() {
                changes.push(format!("zone {}: now ends {ends}", name.to_string().trim_end_matches('.')));
            }
            let changed = self.go_over(new).map_err(|error| error.to_string())?;
            self.state().temporary = temporary;
            Ok((changes, changed))
        })?;
        self.forget(changed).await;
        self.zone_added.notify_one();
        tracing::info!("resolverctl: {}", changes.join("; "));
        Ok(changes)
    }

    /// Returns the temporary zones, each with its remaining time.
    pub(super) fn zones_left(&self) -> BTreeMap<Name, Option<Duration>> {
        let now = self.clock.mono();
        let state = self.state();
        let left = |(name, ends): (&Name, &Option<Mono>)| (name.clone(), ends.map(|ends| ends.since(now)));
        state.temporary.iter().map(left).collect()
    }
}

/// Removes each temporary zone when its time is over. Runs forever.
pub(super) async fn end(subject: Arc<Running>) -> Infallible {
    loop {
        let zones = subject.zones_left().into_iter().filter_map(|(name, left)| Some((left?, name)));
        let Some((left, name)) = zones.min() else {
            subject.zone_added.notified().await;
            continue;
        };
        tokio::select! {
            () = subject.zone_added.notified() => continue,
            () = sleep(left) => {}
        }
        if let Err(wrong) = subject.change_zone(ZoneWhat::Remove { name: name.to_string() }).await {
            tracing::warn!("the zone {} could not be removed: {wrong}", name_text(&name));
        }
    }
}

/// Returns the errors without file names and line numbers, because the zone is not in a file.
fn sentence(errors: &Errors) -> String {
    let problems = errors.problems.iter().cloned();
    let problems = problems.map(|problem| config::ConfigProblem { line: None, ..problem }.to_string());
    problems.collect::<Vec<_>>().join("; ")
}

fn not_temporary(config: &Config, name: &Name) -> String {
    let shown = name_text(name);
    if config.zones.iter().any(|zone| zone.name == *name) {
        format!(
            "{shown} is in the configuration file: `resolverctl zone remove {shown} --write` removes what `zone add --write` wrote; otherwise remove its [[zone]] there, then run `resolverctl reload`."
        )
    } else {
        format!("There is no zone {shown}; `resolverctl zones` shows all.")
    }
}
