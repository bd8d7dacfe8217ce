//! Carries out a plan while the operator watches.

use super::error::SwitchError;
use super::machine::Machine;
use super::record::{self, RecordedStep, SwitchRecord};
use super::step::SwitchStep;

/// A step and how it ended.
pub type EndedStep = (SwitchStep, Result<StepEnd, SwitchError>);

/// The end of a step without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// The step was carried out, or the state before it is there again.
    Reached,
    /// The undo removed the file, which did not exist before the switch.
    Removed,
}

/// The operator, who sees each step as it ends and may interrupt.
pub trait SwitchWatch {
    /// A step, or the undoing of one, has ended.
    fn ended(&mut self, step: &EndedStep, is_undo: bool);

    /// Whether a signal has come.
    fn is_interrupted(&mut self) -> bool;
}

/// Carries out the steps in order, each recorded before, until one fails or a signal comes.
///
/// # Errors
/// There is a record of an earlier switch.
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
