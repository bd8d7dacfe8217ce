//! Undoes a switch, and never leaves a host without a resolver.

use std::net::{IpAddr, Ipv4Addr};

use super::error::SwitchError;
use super::machine::Machine;
use super::record::{self, RecordedStep, SwitchRecord};
use super::step::{Change, NETWORK_MANAGER, OWN_UNITS, StateBefore, SwitchStep};
use super::watch::{EndedStep, Watch};
use crate::check::system::host::{CheckedHost, HostFile};
use crate::check::system::resolv_conf::{ResolvConf, is_ours};
use crate::check::system::{port, proc};

/// The addresses of systemd-resolved, which no step stops.
const STUBS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54))];

/// The file that names the resolvers of this host.
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Undoes the steps of the record, the last first, if a resolver would then answer. Steps that cannot be undone stay in the
/// record.
///
/// # Errors
/// No resolver would answer; or there is no record, or it cannot be trusted, read, written or removed.
pub fn back(machine: &Machine<'_>, watch: &mut dyn Watch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    would_answer(machine, &record.steps)?;
    Undoing { machine, steps: record.steps, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

/// The same after a switch that has failed: resolverd may not answer, so the state of before is better in any case.
///
/// # Errors
/// There is no record, or it cannot be trusted, read, written or removed.
pub fn give_up(machine: &Machine<'_>, watch: &mut dyn Watch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    Undoing { machine, steps: record.steps, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

/// Whether programs of this host find a resolver after the undo.
fn would_answer(machine: &Machine<'_>, steps: &[RecordedStep]) -> Result<(), SwitchError> {
    let changed = steps.iter().find_map(|recorded| match &recorded.step.change {
        Change::File { path, text, .. } if path == RESOLV_CONF => Some((text, &recorded.before)),
        _ => None,
    });
    let now = CheckedHost { root: machine.root }.link(RESOLV_CONF).0;
    let (then, named_before) = match changed {
        None => (now.clone(), now),
        Some((after, before)) => {
            let restored = machine.text_before(RESOLV_CONF, before);
            if let (StateBefore::Link { target }, HostFile::Missing { .. }) = (before, &restored) {
                return Err(SwitchError::TargetGone { path: RESOLV_CONF.to_owned(), target: target.clone() });
            }
            match machine.is_own_work(RESOLV_CONF, after, before)? {
                true => (restored.clone(), restored),
                false => (now, restored),
            }
        }
    };
    if let HostFile::Unreadable { path, error } = &then {
        return Err(SwitchError::Unread { path: path.clone(), error: error.clone() });
    }
    let future = Future {
        machine,
        steps,
        was_local: servers(&named_before).iter().any(|name| is_local(name, machine)),
    };
    let named = servers(&then);
    if future.answers(&named)? {
        return Ok(());
    }
    Err(match named_before == then {
        true => SwitchError::NoResolver { servers: named.join(", "), gone: future.gone()? },
        false => SwitchError::StillNamed { path: RESOLV_CONF.to_owned() },
    })
}

/// The name servers of a `resolv.conf`.
fn servers(file: &HostFile) -> Vec<String> {
    ResolvConf::parse(file.text().unwrap_or_default()).nameservers
}

/// Whether a name server is a program of this host, as far as its address tells.
fn is_local(name: &str, machine: &Machine<'_>) -> bool {
    let is_loopback = name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_loopback || is_ours(name, machine.ours)
}

/// The host after the undo.
struct Future<'f> {
    machine: &'f Machine<'f>,
    steps: &'f [RecordedStep],
    /// Whether `resolv.conf` named a program of this host before the switch.
    was_local: bool,
}

impl Future<'_> {
    /// Whether one of the name servers answers.
    fn answers(&self, servers: &[String]) -> Result<bool, SwitchError> {
        let holders = proc::holders(&CheckedHost { root: self.machine.root }).unwrap_or_default();
        let returns = self.was_local && self.returns()?;
        Ok(servers.iter().any(|server| {
            let address = server.parse().ok().filter(|_| is_local(server, self.machine));
            let Some(address) = address else { return true };
            let returns = returns && !STUBS.contains(&address);
            let stays = is_ours(server, self.machine.ours) && !self.stops_ours();
            returns || stays || !port::in_the_way(&holders, &[address]).is_empty()
        }))
    }

    /// Whether resolverd did not run before the switch.
    fn stops_ours(&self) -> bool {
        self.steps.iter().any(|recorded| match &recorded.before {
            StateBefore::Units { units } if recorded.step.change == Change::Start => {
                !units.iter().any(|state| state.unit == OWN_UNITS[1] && state.active)
            }
            _ => false,
        })
    }

    /// The services that answered at the addresses of resolverd, and whether they still exist.
    fn stopped(&self) -> Result<Vec<(String, bool)>, SwitchError> {
        let mut stopped = Vec::new();
        for recorded in self.steps {
            let unit = match (&recorded.step.change, &recorded.before) {
                (Change::Stop { unit }, StateBefore::Units { units })
                    if units.iter().any(|state| state.active) =>
                {
                    unit
                }
                // Its dnsmasq.
                (Change::File { informs: Some(informed), .. }, _) if informed.unit == NETWORK_MANAGER => {
                    &informed.unit
                }
                _ => continue,
            };
            let exists = self.machine.units(&[unit])?.iter().any(|state| state.exists);
            stopped.push((unit.clone(), exists));
        }
        Ok(stopped)
    }

    fn returns(&self) -> Result<bool, SwitchError> {
        Ok(self.stopped()?.iter().any(|(_, exists)| *exists))
    }

    /// `; unbound.service is no longer installed`
    fn gone(&self) -> Result<String, SwitchError> {
        let gone = self.stopped()?.into_iter().filter(|(_, exists)| !exists);
        Ok(gone.map(|(unit, _)| format!("; {unit} is no longer installed")).collect())
    }
}

/// The undoing of a record.
struct Undoing<'u> {
    machine: &'u Machine<'u>,
    steps: Vec<RecordedStep>,
    /// The places of the steps that are undone.
    undone: Vec<usize>,
    ended: Vec<EndedStep>,
    watch: &'u mut dyn Watch,
}

impl Undoing<'_> {
    fn run(mut self) -> Result<Vec<EndedStep>, SwitchError> {
        let mut needed = None;
        for place in (0..self.steps.len()).rev() {
            let Some(RecordedStep { step, before }) = self.steps.get(place).cloned() else { continue };
            let is_file = matches!(step.change, Change::File { .. });
            if let (false, Some(path)) = (is_file, &needed) {
                self.end(step, Err(SwitchError::Needed { path: String::clone(path) }));
                break;
            }
            let result = self.machine.undo(&step.change, &before);
            let is_stuck = result.as_ref().is_err_and(|error| !error.is_later_work());
            match (&result, &step.change) {
                (Ok(()), _) => self.undone.push(place),
                (Err(_), Change::File { path, text, .. }) if self.still_names(path, text) => {
                    needed = Some(path.clone())
                }
                _ => {}
            }
            self.end(step, result);
            match (is_file, is_stuck) {
                // A cut-off before the old resolver runs must not lose the step that has stopped ours.
                (true, _) => self.write()?,
                (false, true) => self.answer_again(),
                (false, false) => {}
            }
        }
        match self.left().steps.is_empty() {
            true => record::remove(self.machine)?,
            false => self.write()?,
        }
        Ok(self.ended)
    }

    fn end(&mut self, step: SwitchStep, result: Result<(), SwitchError>) {
        let ended = (step, result);
        self.watch.ended(&ended, true);
        self.ended.push(ended);
    }

    /// The steps that are not undone.
    fn left(&self) -> SwitchRecord {
        let left = self.steps.iter().enumerate().filter(|(place, _)| !self.undone.contains(place));
        SwitchRecord::from(left.map(|(_, recorded)| recorded.clone()).collect::<Vec<_>>())
    }

    fn write(&self) -> Result<(), SwitchError> {
        self.left().write(self.machine)
    }

    /// Whether a file that is not as before sends questions to resolverd.
    fn still_names(&self, path: &str, after: &str) -> bool {
        let now = CheckedHost { root: self.machine.root }.file(path);
        if path.ends_with("/resolv.conf") {
            return servers(&now).iter().any(|server| is_ours(server, self.machine.ours));
        }
        now.text() == Some(after)
            && after.split([' ', '\n', '=']).any(|word| is_ours(word, self.machine.ours))
    }

    /// Starts resolverd again if an old resolver could not be started, and none else has its addresses.
    fn answer_again(&mut self) {
        let start = self.steps.iter().position(|recorded| recorded.step.change == Change::Start);
        let Some(place) = start.filter(|place| self.undone.contains(place)) else { return };
        let holders = proc::holders(&CheckedHost { root: self.machine.root }).unwrap_or_default();
        if !port::in_the_way(&holders, self.machine.ours).is_empty() {
            return;
        }
        self.undone.retain(|undone| *undone != place);
        let result = match self.machine.carry_out(&Change::Start) {
            Ok(()) => Err(SwitchError::StartedAgain),
            failed => failed,
        };
        if let Some(RecordedStep { step, .. }) = self.steps.get(place).cloned() {
            self.end(step, result);
        }
    }
}
