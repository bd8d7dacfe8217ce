//! Carries out the plan of a switch, and reports each step to the operator.

use super::error::SwitchError;
use super::machine::Machine;
use super::record::{self, RecordedStep, SwitchRecord};
use super::step::SwitchStep;

/// A step of the switch that was carried out or undone, with its result.
pub type EndedStep = (SwitchStep, Result<StepEnd, SwitchError>);

/// The result of a step, or of the undo of a step, that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// The change was made; in an undo, the former state was restored.
    Reached,
    /// The undo removed a file that did not exist before the switch.
    Removed,
}

/// Receives the result of each step of a switch, and reports an interrupt. `resolverctl` implements it for the operator at the terminal.
pub trait SwitchWatch {
    /// Called after a step, or the undo of a step.
    fn ended(&mut self, step: &EndedStep, is_undo: bool);

    /// Returns true if the process has received a signal that ends the switch, such as Ctrl-C.
    fn is_interrupted(&mut self) -> bool;
}

/// Carries out the steps in order, until one fails or a signal is received. Each step is recorded first.
///
/// # Errors
/// Fails if there is a record of an earlier switch.
pub fn carry_out(
    machine: &Machine<'_>,
    steps: Vec<SwitchStep>,
    watch: &mut dyn SwitchWatch,
) -> Result<Vec<EndedStep>, SwitchError> {
    if record::exists(machine) {
        return Err(SwitchError::Recorded);
    }
    let mut record = SwitchRecord::new(record::holders(machine), Vec::new());
    let mut ended = Vec::new();
    for step in steps {
        let result = match watch.is_interrupted() {
            true => Err(SwitchError::Interrupted),
            false => carry_out_one(machine, &step, &mut record).map(|()| StepEnd::Reached),
        };
        let failed = result.is_err();
        let step = (step, result);
        watch.ended(&step, false);
        ended.push(step);
        if failed {
            break;
        }
    }
    Ok(ended)
}

fn carry_out_one(
    machine: &Machine<'_>,
    step: &SwitchStep,
    record: &mut SwitchRecord,
) -> Result<(), SwitchError> {
    let before = machine.state_before(&step.change)?;
    record.steps.push(RecordedStep { step: step.clone(), before });
    record.write(machine)?;
    machine.carry_out(&step.change)
}
