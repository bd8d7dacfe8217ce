//! The temporary zones and hosts of `resolverctl zone add`, `block` and `host add`. They are not in the configuration file, and survive
//! reloads. The daemon removes an entry when its time is over, or when the daemon stops.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::running::Running;
use config::{Config, ConfiguredHost, ConfiguredZone, Errors};
use control::{Controlled, TemporaryEntries};
use dns::clock::Mono;
use dns::wire::presentation::name_text;
use protocol::lookup::read_name;
use protocol::zones::{Section, ZoneWhat};
use record::TimeSpan;

/// The temporary entries, each with the time of its removal. `None` means that it stays until the daemon stops.
pub(super) type TemporaryZones = TemporaryEntries<Option<Mono>>;

/// Copies the temporary entries of the `old` configuration to the `new` one, and returns them. An entry is left out if the
/// configuration file now has one of its section with the same name.
pub(super) fn keep(temporary: &TemporaryZones, old: &Config, new: &mut Config) -> TemporaryZones {
    let mut kept = TemporaryZones::new();
    for (name, entry) in temporary {
        let is_kept = match entry.0 {
            Section::Zone => copy(&old.zones, &mut new.zones, |zone| is_shared(zone, name)),
            Section::Host => copy(&old.hosts, &mut new.hosts, |host| is_shared_host(host, name)),
        };
        if is_kept {
            kept.insert(name.clone(), *entry);
        }
    }
    kept
}

/// Copies the entry that `is_it` finds, unless `new` has such an entry. Returns true if it was copied.
fn copy<Entry: Clone>(old: &[Entry], new: &mut Vec<Entry>, is_it: impl Fn(&Entry) -> bool) -> bool {
    let found = old.iter().find(|entry| is_it(entry)).filter(|_| !new.iter().any(&is_it));
    new.extend(found.cloned());
    found.is_some()
}

/// Returns true for a zone with this name that is in no view.
fn is_shared(zone: &ConfiguredZone, name: &Name) -> bool {
    zone.view.is_none() && zone.name == *name
}

/// Returns true for a host with this name that is in no view.
fn is_shared_host(host: &ConfiguredHost, name: &Name) -> bool {
    host.view.is_none() && host.name == *name
}

impl Running {
    /// Adds or removes a temporary zone or host, and returns the changes. The error says in a sentence why nothing has changed.
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
            let known = temporary.remove(&name).map(|(section, _)| section);
            match known {
                Some(Section::Zone) => new.zones.retain(|zone| !is_shared(zone, &name)),
                Some(Section::Host) => new.hosts.retain(|host| !is_shared_host(host, &name)),
                None => {}
            }
            let mut ends = String::new();
            match what {
                ZoneWhat::Add { zone, seconds } => {
                    let text = format!("version = 1\n{}", zone.entry());
                    new = Config::read_over(new, &text, Path::new("/")).map_err(|wrong| sentence(&wrong))?;
                    let time = seconds.map(Duration::from_secs);
                    ends = time
                        .map_or_else(|| "with resolverd".to_owned(), |time| format!("in {}", TimeSpan(time)));
                    let now = self.clock.mono();
                    temporary.insert(name.clone(), (zone.section(), time.map(|time| now.after(time))));
                }
                ZoneWhat::Remove { .. } if known.is_none() => return Err(not_temporary(&old, &name)),
                ZoneWhat::Remove { .. } => {}
            }
            let mut changes = config::changes(&old, &new);
            if changes.is_empty() {
                changes.push(format!("{}: now ends {ends}", name.to_string().trim_end_matches('.')));
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

    /// Returns the temporary zones and hosts, each with its remaining time.
    pub(super) fn zones_left(&self) -> TemporaryEntries<Option<Duration>> {
        let now = self.clock.mono();
        let state = self.state();
        let left = |(section, ends): (Section, Option<Mono>)| (section, ends.map(|ends| ends.since(now)));
        state.temporary.iter().map(|(name, entry)| (name.clone(), left(*entry))).collect()
    }
}

/// Removes each temporary zone or host when its time is over. Runs forever.
pub(super) async fn end(subject: Arc<Running>) -> Infallible {
    loop {
        let zones = subject.zones_left().into_iter().filter_map(|(name, (_, left))| Some((left?, name)));
        let Some((left, name)) = zones.min() else {
            subject.zone_added.notified().await;
            continue;
        };
        tokio::select! {
            () = subject.zone_added.notified() => continue,
            () = sleep(left) => {}
        }
        if let Err(wrong) = subject.change_zone(ZoneWhat::Remove { name: name.to_string() }).await {
            tracing::warn!("the temporary entry {} could not be removed: {wrong}", name_text(&name));
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
    let is_in_file = config.zones.iter().any(|zone| zone.name == *name)
        || config.hosts.iter().any(|host| host.name == *name);
    if is_in_file {
        format!(
            "{shown} is in the configuration file: `resolverctl zone remove {shown} --write` removes what --write wrote; otherwise remove its entry there, then run `resolverctl reload`."
        )
    } else {
        format!("There is no zone and no host {shown}; `resolverctl zones` shows all.")
    }
}
