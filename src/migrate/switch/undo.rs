//! Undoes a switch to resolverd. The host is never without a resolver.

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

/// The pause between two checks whether the old resolver listens on port 53 again.
const PORT_STEP: Duration = Duration::from_millis(50);

/// Undoes the steps of the recorded switch, the last step first, but only if a resolver would answer afterwards. Steps that cannot be undone stay in
/// the record.
///
/// # Errors
/// Fails if no resolver would answer, if there is no record, or if the record cannot be trusted, read, written or removed.
pub fn back(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    would_answer(machine, &record)?;
    Undoing { machine, record: &record, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

/// Undoes a switch that failed. resolverd may not answer after such a switch, so the former state is never worse. This is why this function does not
/// check first that another resolver would answer.
///
/// # Errors
/// Fails if there is no record, or if it cannot be trusted, read, written or removed.
pub fn give_up(machine: &Machine<'_>, watch: &mut dyn SwitchWatch) -> Result<Vec<EndedStep>, SwitchError> {
    let record = SwitchRecord::read(machine)?;
    Undoing { machine, record: &record, undone: Vec::new(), ended: Vec::new(), watch }.run()
}

/// The undo of a switch, while it is carried out.
struct Undoing<'u> {
    machine: &'u Machine<'u>,
    record: &'u SwitchRecord,
    /// The indexes of those steps in the record of the switch that have been undone.
    undone: Vec<usize>,
    ended: Vec<EndedStep>,
    watch: &'u mut dyn SwitchWatch,
}

impl Undoing<'_> {
    fn run(mut self) -> Result<Vec<EndedStep>, SwitchError> {
        let mut is_stuck = false;
        for (place, RecordedStep { step, before }) in self.record.steps.iter().enumerate().rev() {
            if is_stuck && step.change == Change::Start {
                // A file may still name resolverd, or the old resolver may not start at boot. So resolverd must not be stopped.
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
                // The record is written only after the undo of a file. If the undo is interrupted before the old resolver runs, the record must still
                // have the step whose undo stopped resolverd. An error of this write must not prevent the start of the old resolver. The last write
                // of the record reports the error.
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

    /// Returns a record that contains only the steps of the switch which are not undone yet.
    fn left(&self) -> SwitchRecord {
        let left = self.record.steps.iter().enumerate().filter(|(place, _)| !self.undone.contains(place));
        SwitchRecord::new(self.record.held.clone(), left.map(|(_, recorded)| recorded.clone()).collect())
    }

    /// Waits until the old resolver listens at its former addresses. If it does not, resolverd is started again.
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

    /// Returns the started services of the old resolver that do not listen at their former addresses. Each is given as the index of its step, with an
    /// error that says so.
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

    /// Starts resolverd again if no other program uses its addresses. If the programs of this host would find no other resolver, also writes the
    /// address of resolverd to `resolv.conf`.
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
            // The step was carried out again, so it does not count as undone any more.
            self.undone.retain(|undone| *undone != place);
            self.end(step, result);
        }
    }
}

/// Returns the successful result for an undo that restored the state `before`.
const fn end_with_state(before: &StateBefore) -> StepEnd {
    match before {
        StateBefore::Missing { .. } => StepEnd::Removed,
        _ => StepEnd::Reached,
    }
}
