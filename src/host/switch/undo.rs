//! Undoes a switch to resolverd, in an order in which this host always has a resolver.

use std::thread;
use std::time::{Duration, Instant};

use super::carry_out::{EndedStep, StepEnd, SwitchWatch};
use super::error::SwitchError;
use super::future::{Future, RESOLV_CONF, resolv_conf, servers, started, would_answer};
use super::machine::Machine;
use super::record::{self, RecordedStep, SwitchRecord};
use super::step::{Change, StateBefore, SwitchStep};
use crate::limits::SWITCH_PORT_TIME;
use crate::system::host::CheckedHost;
use crate::system::resolv_conf::is_ours;
use crate::system::{port, proc};

/// The time between two checks that the old resolver listens on port 53 again.
const PORT_STEP: Duration = Duration::from_millis(50);

/// Undoes the recorded switch, the last step first, if a resolver would answer afterwards. Steps that cannot be undone stay in the record.
///
/// # Errors
/// Fails if no resolver would answer, if there is no record, or if the record cannot be trusted, read, written or removed.
pub fn back(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    would_answer(machine, &record)?;
    Undoing { machine, record: &record, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

/// Undoes a switch that failed, even if no other resolver would answer: resolverd may not answer after such a switch either.
///
/// # Errors
/// Fails if there is no record, or if it cannot be trusted, read, written or removed.
pub fn give_up(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    Undoing { machine, record: &record, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

struct Undoing<'u> {
    machine: &'u Machine<'u>,
    record: &'u SwitchRecord,
    /// Indexes of the undone steps in the record.
    undone: Vec<usize>,
    ended: Vec<EndedStep>,
    watch: &'u mut dyn SwitchWatch,
}

impl Undoing<'_> {
    fn run(mut self) -> Result<Vec<EndedStep>, SwitchError> {
        let mut is_stuck = false;
        for (place, RecordedStep { step, before }) in self.record.steps.iter().enumerate().rev() {
            if is_stuck && step.change == Change::Start {
                // Another step could not be undone. So a file may still name resolverd, or the old resolver may not start at boot, and resolverd
                // must not be stopped.
                self.end(step, Err(SwitchError::Needed));
                break;
            }
            let result = self.machine.undo(&step.change, before);
            match &result {
                Ok(()) => self.undone.push(place),
                Err(SwitchError::NotInformed(_)) => {}
                Err(error) => is_stuck |= !error.is_later_work(),
            }
            self.end(step, result.map(|()| end_with_state(before)));
            if matches!(step.change, Change::File { .. }) {
                // The record is written after the undo of a file, and not after the undo of other steps: if the undo is interrupted before
                // the old resolver runs, the record must still have the step that started resolverd. An error of this write must not prevent
                // the start of the old resolver, so only the last write reports it.
                let _unwritten = self.left().write(self.machine);
            }
        }
        self.end_with_a_resolver();
        match self.left().steps.is_empty() {
            true => record::remove(self.machine)?,
            false => self.left().write(self.machine)?,
        }
        Ok(self.ended)
    }

    fn end(&mut self, step: &SwitchStep, result: Result<StepEnd, SwitchError>) {
        let ended = (step.clone(), result);
        self.watch.ended(&ended, true);
        self.ended.push(ended);
    }

    /// Returns a record with the steps that are not undone.
    fn left(&self) -> SwitchRecord {
        let left = self.record.steps.iter().enumerate().filter(|(place, _)| !self.undone.contains(place));
        SwitchRecord::new(self.record.held.clone(), left.map(|(_, recorded)| recorded.clone()).collect())
    }

    /// Waits until the old resolver listens at its former addresses; if it does not, starts resolverd again.
    fn end_with_a_resolver(&mut self) {
        let began = Instant::now();
        let mut silent = self.silent();
        while !silent.is_empty() && began.elapsed() < SWITCH_PORT_TIME {
            thread::sleep(PORT_STEP);
            silent = self.silent();
        }
        for (place, error) in silent {
            self.undone.retain(|undone| *undone != place);
            if let Some(RecordedStep { step, .. }) = self.record.steps.get(place) {
                self.end(step, Err(error));
            }
        }
        let is_missing = |(step, result): &EndedStep| {
            started(&step.change).is_some() && result.as_ref().is_err_and(|error| !error.is_later_work())
        };
        if self.ended.iter().any(is_missing) {
            self.answer_again();
        }
    }

    /// Returns the index and the error of each started service of the old resolver that does not listen at its former addresses.
    fn silent(&self) -> Vec<(usize, SwitchError)> {
        let future = Future { machine: self.machine, record: self.record };
        let steps = self.undone.iter().filter_map(|place| Some((*place, self.record.steps.get(*place)?)));
        let silent = steps.filter_map(|(place, recorded)| {
            let unit = started(&recorded.step.change)?;
            let former = future.silent(unit)?;
            let addresses: Vec<String> = former.addresses.iter().map(ToString::to_string).collect();
            let (unit, addresses) = (unit.to_owned(), addresses.join(", "));
            Some((place, SwitchError::NotListening { unit, addresses }))
        });
        silent.collect()
    }

    /// Starts resolverd again if no other program uses its addresses. Writes its address to `resolv.conf` if the programs of this host have no other
    /// resolver.
    fn answer_again(&mut self) {
        let record = self.record;
        let holders = proc::holders(&CheckedHost { root: self.machine.root }).unwrap_or_default();
        if !port::in_the_way(&holders, self.machine.ours).is_empty() {
            return;
        }
        let named = servers(&resolv_conf(self.machine));
        let future = Future { machine: self.machine, record };
        let is_lost =
            !named.iter().any(|server| is_ours(server, self.machine.ours)) && future.all_are_silent(&named);
        for (place, RecordedStep { step, .. }) in record.steps.iter().enumerate() {
            let again = match &step.change {
                Change::Start => SwitchError::StartedAgain,
                Change::File { path, .. } if path == RESOLV_CONF && is_lost => {
                    SwitchError::NamedAgain { path: path.clone() }
                }
                _ => continue,
            };
            let result = self.machine.carry_out(&step.change).and(Err(again));
            // The undo of this step was reversed: the step was carried out again, so it does not count as undone.
            self.undone.retain(|undone| *undone != place);
            self.end(step, result);
        }
    }
}

const fn end_with_state(before: &StateBefore) -> StepEnd {
    match before {
        StateBefore::Missing { .. } => StepEnd::Removed,
        _ => StepEnd::Reached,
    }
}
