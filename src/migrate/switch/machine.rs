//! Changes and restores this host. Services are handled here, files in `files`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::error::SwitchError;
use super::step::{Change, Informed, OWN_UNITS, StateBefore, UnitState};
use crate::limits::SWITCH_PORT_TIME;
use crate::system::host::CheckedHost;
use crate::system::{port, proc};

/// The time between two attempts to see if another program has released the port.
const PORT_STEP: Duration = Duration::from_millis(50);

/// Maximum number of characters of systemctl's output that an error shows.
const MAX_SAID: usize = 300;

/// A verb of systemctl, and a function that returns true if a unit needs this verb to return to its former state.
type Verb = (&'static str, fn(&UnitState, &UnitState) -> bool);

const DISABLE: Verb = ("disable", |before, now| !before.enabled && now.enabled);
const STOP: Verb = ("stop", |before, now| !before.active && now.active);
const ENABLE: Verb = ("enable", |before, now| before.enabled && !now.enabled);
const START: Verb = ("start", |before, now| before.active && !now.active);

/// This host, or a host created by a test.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'m> {
    /// `/`, or the directory of a host created by a test.
    pub root: &'m Path,
    /// The program that manages services.
    pub systemctl: &'m Path,
    /// Addresses of resolverd with port 53.
    pub ours: &'m [std::net::IpAddr],
}

impl Machine<'_> {
    /// Returns the location of the file whose path on the host is `path`.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Returns the states of all known units that match; a pattern may match several units.
    ///
    /// # Errors
    /// Fails if systemctl cannot be run.
    pub fn units(&self, units: &[&str]) -> Result<Vec<UnitState>, SwitchError> {
        let properties = "--property=Id,LoadState,UnitFileState,ActiveState";
        let arguments: Vec<&str> =
            ["show", properties, "--"].into_iter().chain(units.iter().copied()).collect();
        let shown = self.systemctl(&arguments)?;
        let units = shown.split("\n\n").map(unit_state);
        Ok(units.filter(|state| !state.unit.is_empty()).collect())
    }

    /// Returns the state that `change` would replace.
    ///
    /// # Errors
    /// Fails if the state cannot be read, or if it could not be restored.
    pub(crate) fn state_before(&self, change: &Change) -> Result<StateBefore, SwitchError> {
        match change {
            Change::File { path, .. } => self.file_before(path),
            Change::Stop { unit } | Change::Disable { unit } => {
                Ok(StateBefore::Units { units: self.units(&[unit])? })
            }
            Change::Start => Ok(StateBefore::Units { units: self.units(&OWN_UNITS)? }),
        }
    }

    /// Carries out a change.
    ///
    /// # Errors
    /// Fails if a file cannot be written, if a service cannot be stopped or started, or if port 53 is still in use.
    pub fn carry_out(&self, change: &Change) -> Result<(), SwitchError> {
        match change {
            Change::File { path, text, informs } => {
                self.write(path, text)?;
                self.inform(informs.as_ref())
            }
            Change::Stop { unit } => self.systemctl(&["stop", unit]).map(drop),
            Change::Disable { unit } => self.systemctl(&["disable", unit]).map(drop),
            Change::Start => {
                self.wait_for_port()?;
                let [socket, service] = OWN_UNITS;
                // systemd refuses to start a socket unit whose service was started without it.
                if matches!(self.units(&OWN_UNITS)?.as_slice(), [held, runs] if !held.active && runs.active) {
                    self.systemctl(&["stop", service])?;
                }
                self.systemctl(&["enable", socket, service])?;
                self.systemctl(&["start", socket, service]).map(drop)
            }
        }
    }

    /// Restores the state before a change. Parts that already have their former state are left unchanged, so this may be
    /// repeated.
    ///
    /// # Errors
    /// Fails if a file was changed since or cannot be written, or if a service no longer exists or cannot be stopped or started.
    pub fn undo(&self, change: &Change, before: &StateBefore) -> Result<(), SwitchError> {
        match (change, before) {
            (Change::File { path, text, informs }, before) => {
                self.restore(path, text, before)?;
                self.inform(informs.as_ref()).map_err(|error| SwitchError::NotInformed(Box::new(error)))
            }
            // If the socket were stopped after its service, the next query would start the service again. So both are restored
            // together.
            (Change::Start, StateBefore::Units { units }) => {
                self.restore_units(units, &[DISABLE, STOP, ENABLE, START])
            }
            (Change::Stop { .. }, StateBefore::Units { units }) => self.restore_units(units, &[START]),
            (Change::Disable { .. }, StateBefore::Units { units }) => self.restore_units(units, &[ENABLE]),
            _ => Err(SwitchError::Untrusted),
        }
    }

    /// Runs systemctl with those of the verbs that the units need, in order. If one verb fails, the next ones are still run.
    fn restore_units(&self, before: &[UnitState], verbs: &[Verb]) -> Result<(), SwitchError> {
        let names: Vec<&str> = before.iter().map(|state| state.unit.as_str()).collect();
        let mut result = Ok(());
        for (verb, is_needed) in verbs {
            let now = self.units(&names)?;
            let pairs = before.iter().zip(&now).filter(|(before, now)| is_needed(before, now));
            let (mut words, mut gone) = (vec![*verb], None);
            for (state, now) in pairs {
                words.push(&state.unit);
                if !now.exists {
                    gone = Some(SwitchError::Gone { unit: state.unit.clone() });
                }
            }
            let done = match gone {
                Some(gone) => Err(gone),
                None if words.len() > 1 => self.systemctl(&words).map(drop),
                None => Ok(()),
            };
            result = result.and(done);
        }
        result
    }

    fn inform(&self, informed: Option<&Informed>) -> Result<(), SwitchError> {
        let Some(Informed { unit, restart }) = informed else { return Ok(()) };
        // Postfix may run without a unit.
        if !self.units(&[unit])?.iter().any(|state| state.exists) {
            return Ok(());
        }
        // Neither verb starts a service that is not running.
        let verb = if *restart { "try-restart" } else { "try-reload-or-restart" };
        self.systemctl(&[verb, unit]).map(drop)
    }

    /// Waits until no other program uses the port.
    fn wait_for_port(&self) -> Result<(), SwitchError> {
        let began = Instant::now();
        loop {
            let holders = proc::holders(&CheckedHost { root: self.root }).unwrap_or_default();
            if port::in_the_way(&holders, self.ours).is_empty() {
                return Ok(());
            }
            if began.elapsed() > SWITCH_PORT_TIME {
                return Err(SwitchError::Port { holders: port::check(Some(&holders), self.ours).evidence });
            }
            thread::sleep(PORT_STEP);
        }
    }

    /// Runs systemctl, and returns its output.
    fn systemctl(&self, arguments: &[&str]) -> Result<String, SwitchError> {
        let shown = || {
            arguments.iter().filter(|word| !word.starts_with("--p")).copied().collect::<Vec<_>>().join(" ")
        };
        let failed = |said: String| SwitchError::Systemctl { arguments: shown(), said };
        let mut command = Command::new(self.systemctl);
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            // Ctrl-C at the terminal is meant for this program only, which then ends in an orderly way.
            .process_group(0)
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.trim().chars().take(MAX_SAID).collect();
        Err(failed(if said.is_empty() { output.status.to_string() } else { said }))
    }
}

/// Parses one block of the output of `systemctl show`.
fn unit_state(block: &str) -> UnitState {
    let value = |key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    UnitState {
        unit: value("Id"),
        exists: value("LoadState") == "loaded",
        enabled: value("UnitFileState") == "enabled",
        // A service that is restarting after a failure counts as running.
        active: ["active", "activating", "reloading"].contains(&value("ActiveState").as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_from_their_properties() {
        let state =
            unit_state("Id=named.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n");
        let expected =
            UnitState { unit: "named.service".to_owned(), exists: true, enabled: true, active: true };
        assert_eq!(state, expected);
        let missing =
            unit_state("Id=unbound.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\n");
        assert_eq!(missing, UnitState { unit: "unbound.service".to_owned(), ..UnitState::default() });
    }
}
