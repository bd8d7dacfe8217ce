//! Undoes a switch, and never leaves a host without a resolver.

use std::thread;
use std::time::{Duration, Instant};

use super::error::SwitchError;
use super::future::{Future, RESOLV_CONF, resolv_conf, servers, would_answer};
use super::machine::Machine;
use super::record::{self, RecordedStep, SwitchRecord};
use super::step::{Change, NETWORK_MANAGER, OWN_UNITS, StateBefore, SwitchStep};
use super::watch::{EndedStep, StepEnd, SwitchWatch};
use crate::limits::SWITCH_PORT_TIME;
use crate::system::host::CheckedHost;
use crate::system::resolv_conf::is_ours;
use crate::system::{port, proc};

/// How often the port is looked at while the old resolver starts.
const PORT_STEP: Duration = Duration::from_millis(50);

/// Undoes the steps of the record, the last first, if a resolver would then answer. Steps that cannot be undone stay in the
/// record.
///
/// # Errors
/// No resolver would answer; or there is no record, or it cannot be trusted, read, written or removed.
pub fn back(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    would_answer(machine, &record)?;
    Undoing::new(machine, &record, watch).run()
}

/// Undoes a switch that has failed, without the check that another resolver would answer: resolverd may not answer, so the former
/// state is better in any case.
///
/// # Errors
/// There is no record, or it cannot be trusted, read, written or removed.
pub fn give_up(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    Undoing::new(machine, &record, watch).run()
}

/// The undoing of a record.
struct Undoing<'u> {
    machine: &'u Machine<'u>,
    record: &'u SwitchRecord,
    /// The places of the steps that are undone.
    undone: Vec<usize>,
    /// Whether an old resolver could not be enabled, so that resolverd must start at the next boot.
    keeps_boot: bool,
    ended: Vec<EndedStep>,
    watch: &'u mut dyn SwitchWatch,
}

impl<'u> Undoing<'u> {
    fn new(machine: &'u Machine<'u>, record: &'u SwitchRecord, watch: &'u mut dyn SwitchWatch) -> Self {
        Self { machine, record, undone: Vec::new(), keeps_boot: false, ended: Vec::new(), watch }
    }

    fn run(mut self) -> Result<Vec<EndedStep>, SwitchError> {
        let mut needed = None;
        let mut started = false;
        for (place, RecordedStep { step, before }) in self.record.steps.iter().enumerate().rev() {
            let is_file = matches!(step.change, Change::File { .. });
            if let (false, Some(path)) = (is_file, &needed) {
                self.end(step, Err(SwitchError::Needed { path: String::clone(path) }));
                break;
            }
            let result = self.undo(&step.change, before);
            match (&result, &step.change) {
                (Ok(()), _) => self.undone.push(place),
                (Err(_), Change::File { path, text, .. }) if self.needs_ours(path, text) => {
                    needed = Some(path.clone());
                }
                (Err(error), Change::Disable { .. }) => self.keeps_boot |= !error.is_later_work(),
                _ => {}
            }
            started |= result.is_ok() && starts_another(&step.change);
            self.end(step, result.map(|()| end_of(before)));
            if is_file {
                // A cut-off before the old resolver runs must not lose the step that has stopped ours. An error of the
                // record must not prevent that the old resolver starts; the last write reports it.
                let _unwritten = self.write();
            }
        }
        if needed.is_none() {
            self.end_with_a_resolver(started);
        }
        match self.left().steps.is_empty() {
            true => record::remove(self.machine)?,
            false => self.write()?,
        }
        Ok(self.ended)
    }

    /// Undoes a step, but lets resolverd start at boot if the old resolver does not.
    fn undo(&self, change: &Change, before: &StateBefore) -> Result<(), SwitchError> {
        let (Change::Start, StateBefore::Units { units }, true) = (change, before, self.keeps_boot) else {
            return self.machine.undo(change, before);
        };
        let mut units = units.clone();
        units.iter_mut().for_each(|state| state.enabled = true);
        self.machine.undo(change, &StateBefore::Units { units })?;
        Err(SwitchError::StillEnabled)
    }

    fn end(&mut self, step: &SwitchStep, result: Result<StepEnd, SwitchError>) {
        let ended = (step.clone(), result);
        self.watch.ended(&ended, true);
        self.ended.push(ended);
    }

    /// The steps that are not undone.
    fn left(&self) -> SwitchRecord {
        let left = self.record.steps.iter().enumerate().filter(|(place, _)| !self.undone.contains(place));
        SwitchRecord::new(self.record.held.clone(), left.map(|(_, recorded)| recorded.clone()).collect())
    }

    fn write(&self) -> Result<(), SwitchError> {
        self.left().write(self.machine)
    }

    fn future(&self) -> Future<'u> {
        Future { machine: self.machine, record: self.record }
    }

    /// Whether a file that is not as before sends queries to resolverd, which runs, and to nobody who answers after the undo.
    fn needs_ours(&self, path: &str, after: &str) -> bool {
        let ours = |name: &String| is_ours(name, self.machine.ours);
        let now = CheckedHost { root: self.machine.root }.file(path);
        let named: Vec<String> = if path.ends_with("/resolv.conf") {
            servers(&now).into_iter().filter(ours).collect()
        } else if now.text() == Some(after) {
            after.split([' ', '\n', '=']).map(str::to_owned).filter(ours).collect()
        } else {
            Vec::new()
        };
        let runs = self.machine.units(&OWN_UNITS).is_ok_and(|units| units.iter().any(|state| state.active));
        runs && !named.is_empty() && !self.future().answers(&named).unwrap_or(false)
    }

    /// Waits until the old resolver listens. If it does not, starts resolverd again.
    fn end_with_a_resolver(&mut self, started: bool) {
        let began = Instant::now();
        let mut silent = self.silent();
        while started && !(silent.is_empty() && self.is_as_good()) && began.elapsed() < SWITCH_PORT_TIME {
            thread::sleep(PORT_STEP);
            silent = self.silent();
        }
        for (place, error) in silent {
            self.undone.retain(|undone| *undone != place);
            if let Some(RecordedStep { step, .. }) = self.record.steps.get(place) {
                self.end(step, Err(error));
            }
        }
        let is_stuck = |(step, result): &EndedStep| {
            matches!(step.change, Change::Stop { .. })
                && result.as_ref().is_err_and(|error| !error.is_later_work())
        };
        if self.ended.iter().any(is_stuck) || !self.is_as_good() {
            self.answer_again();
        }
    }

    /// Whether programs of this host have a resolver, if they had one before.
    fn is_as_good(&self) -> bool {
        self.future().is_as_good_now(&servers(&resolv_conf(self.machine)))
    }

    /// The steps whose service was started again, but does not listen.
    fn silent(&self) -> Vec<(usize, SwitchError)> {
        let future = self.future();
        let steps = self.undone.iter().filter_map(|place| Some((*place, self.record.steps.get(*place)?)));
        let silent = steps.filter_map(|(place, recorded)| {
            let Change::Stop { unit } = &recorded.step.change else { return None };
            let former = future.silent(unit)?;
            let addresses: Vec<String> = former.addresses.iter().map(ToString::to_string).collect();
            Some((place, SwitchError::NotListening { unit: unit.clone(), addresses: addresses.join(", ") }))
        });
        silent.collect()
    }

    /// Starts resolverd again if no other program has its addresses, and makes programs query it if they find no other resolver.
    fn answer_again(&mut self) {
        let record = self.record;
        let mut steps = record.steps.iter().enumerate();
        let Some((place, start)) = steps.find(|(_, recorded)| recorded.step.change == Change::Start) else {
            return;
        };
        let holders = proc::holders(&CheckedHost { root: self.machine.root }).unwrap_or_default();
        if !port::in_the_way(&holders, self.machine.ours).is_empty() {
            return;
        }
        let result = self.machine.carry_out(&Change::Start);
        self.repeated(place, &start.step, result.and(Err(SwitchError::StartedAgain)));
        let is_ours = |server: &String| is_ours(server, self.machine.ours);
        if self.is_as_good() || servers(&resolv_conf(self.machine)).iter().any(is_ours) {
            return;
        }
        let is_named = |change: &Change| matches!(change, Change::File { path, .. } if path == RESOLV_CONF);
        for (place, recorded) in record.steps.iter().enumerate() {
            if is_named(&recorded.step.change) {
                let result = self.machine.carry_out(&recorded.step.change);
                let again = SwitchError::NamedAgain { path: RESOLV_CONF.to_owned() };
                self.repeated(place, &recorded.step, result.and(Err(again)));
            }
        }
    }

    /// A step was carried out again, so it is not undone.
    fn repeated(&mut self, place: usize, step: &SwitchStep, result: Result<StepEnd, SwitchError>) {
        self.undone.retain(|undone| *undone != place);
        self.end(step, result);
    }
}

/// The end of an undo that restores this state.
const fn end_of(before: &StateBefore) -> StepEnd {
    match before {
        StateBefore::Missing { .. } => StepEnd::Removed,
        _ => StepEnd::Reached,
    }
}

/// Whether the undo of a change starts another resolver, which takes a moment until it listens.
fn starts_another(change: &Change) -> bool {
    match change {
        Change::Stop { .. } => true,
        Change::File { informs: Some(informed), .. } => informed.unit == NETWORK_MANAGER,
        _ => false,
    }
}
