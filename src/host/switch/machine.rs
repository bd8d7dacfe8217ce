//! Changes this host for a switch, and restores it. This file handles services, and `files` handles files.

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

/// The time between two checks that other programs have released port 53.
const PORT_STEP: Duration = Duration::from_millis(50);

/// The maximum length of systemctl's output in an error message, in characters.
const MAX_SAID: usize = 300;

/// A command of systemctl, and a function of the former and the present state that returns true if a unit needs this command.
type Verb = (&'static str, fn(&UnitState, &UnitState) -> bool);

/// Disables a unit that was not enabled before the switch. This command, `STOP`, `ENABLE` and `START` restore the former state of a unit.
const DISABLE: Verb = ("disable", |before, now| !before.enabled && now.enabled);
const STOP: Verb = ("stop", |before, now| !before.active && now.active);
const ENABLE: Verb = ("enable", |before, now| before.enabled && !now.enabled);
const START: Verb = ("start", |before, now| before.active && !now.active);

/// The host that a switch changes. In a test, a directory stands for the host.
#[derive(Clone, Copy, Debug)]
pub struct Machine<'m> {
    /// The root directory: `/`, or the directory of a test.
    pub root: &'m Path,
    /// The path of systemctl, or of its replacement in a test.
    pub systemctl: &'m Path,
    /// The addresses at which resolverd listens on port 53.
    pub ours: &'m [std::net::IpAddr],
}

impl Machine<'_> {
    /// Returns the location of a file of the host. In a test, this is below the directory of the test.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Returns the states of the systemd units that match these names or patterns.
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

    /// Returns the present state of the file or the systemd units that `change` would change.
    ///
    /// # Errors
    /// Fails if the state cannot be read, or if it is a state that the undo could not restore.
    pub(crate) fn state_before(&self, change: &Change) -> Result<StateBefore, SwitchError> {
        match change {
            Change::File { path, .. } => self.file_before(path),
            Change::Stop { unit } | Change::Disable { unit } => {
                Ok(StateBefore::Units { units: self.units(&[unit])? })
            }
            Change::Start => Ok(StateBefore::Units { units: self.units(&OWN_UNITS)? }),
        }
    }

    /// Carries out one change of the switch.
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
                // systemd does not start the socket unit while resolverd.service runs without it, so the service is stopped first.
                if matches!(self.units(&OWN_UNITS)?.as_slice(), [held, runs] if !held.active && runs.active) {
                    self.systemctl(&["stop", service])?;
                }
                self.systemctl(&["enable", socket, service])?;
                self.systemctl(&["start", socket, service]).map(drop)
            }
        }
    }

    /// Restores the state before a change. May be called again, because parts in their former state are not touched.
    ///
    /// # Errors
    /// Fails if a file was changed after the switch or cannot be written, or if a service no longer exists or cannot be stopped or started.
    pub fn undo(&self, change: &Change, before: &StateBefore) -> Result<(), SwitchError> {
        match (change, before) {
            (Change::File { path, text, informs }, before) => {
                self.restore(path, text, before)?;
                self.inform(informs.as_ref()).map_err(|error| SwitchError::NotInformed(Box::new(error)))
            }
            // If the socket unit runs longer than its service, the next query starts the service again. So both are restored together.
            (Change::Start, StateBefore::Units { units }) => {
                self.restore_units(units, &[DISABLE, STOP, ENABLE, START])
            }
            (Change::Stop { .. }, StateBefore::Units { units }) => self.restore_units(units, &[START]),
            (Change::Disable { .. }, StateBefore::Units { units }) => self.restore_units(units, &[ENABLE]),
            _ => Err(SwitchError::Untrusted),
        }
    }

    /// Runs each command in `verbs` for the units that need it. After a failed command, the next commands are still run.
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
        // Postfix may run without a systemd unit.
        if !self.units(&[unit])?.iter().any(|state| state.exists) {
            return Ok(());
        }
        // Neither command starts a service that does not run.
        let verb = if *restart { "try-restart" } else { "try-reload-or-restart" };
        self.systemctl(&[verb, unit]).map(drop)
    }

    /// Waits until no other program uses port 53 at the addresses of resolverd.
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

    fn systemctl(&self, arguments: &[&str]) -> Result<String, SwitchError> {
        let shown = || {
            arguments.iter().filter(|word| !word.starts_with("--p")).copied().collect::<Vec<_>>().join(" ")
        };
        let failed = |said: String| SwitchError::Systemctl { arguments: shown(), said };
        let mut command = Command::new(self.systemctl);
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            // Ctrl-C at the terminal must not end systemctl: resolverctl undoes the switch.
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

/// Reads the state of one unit. `block` is the part about the unit in the output of `systemctl show`.
fn unit_state(block: &str) -> UnitState {
    let value = |key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().to_owned()
    };
    UnitState {
        unit: value("Id"),
        exists: value("LoadState") == "loaded",
        enabled: value("UnitFileState") == "enabled",
        // After a failure, systemd starts a service again ("activating").
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
