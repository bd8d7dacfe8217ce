//! The operator of a switch.

use super::error::SwitchError;
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
