//! The output of `resolverctl switch`: the plan, and the result of each step.

use serde_json::json;

use super::style::{Format, Paint, Style};
use super::{findings as screen, json as lines};
use host::switch::plan::SwitchPlan;
use host::switch::step::SwitchStep;
use host::switch::{EndedStep, RECORD, StepEnd, SwitchError};
use host::system::HostFinding;

/// Returns the plan of the switch, or the reasons why the switch cannot begin.
pub fn plan(plan: &SwitchPlan, format: Format) -> String {
    let found: Vec<HostFinding> = plan.refusals.iter().chain(&plan.warnings).cloned().collect();
    let Format::Text(style) = format else {
        let steps = plan.steps.iter().enumerate().map(|(place, step)| line(place, step, "planned", None));
        return findings(&found, format) + &steps.collect::<String>();
    };
    let mut text = String::new();
    for (place, step) in plan.steps.iter().enumerate() {
        text.push_str(&numbered(place, step, style));
    }
    if !text.is_empty() {
        text.push_str(KEPT);
    }
    if !found.is_empty() {
        text.push_str(&findings(&found, format));
        text.push('\n');
    }
    text.push_str(match (plan.refusals.is_empty(), plan.steps.is_empty()) {
        (false, _) => "Nothing was changed. Correct the failures above first.\n",
        (true, true) => "Nothing to do: this host uses resolverd.\n",
        (true, false) if plan.stop_shared => {
            "Nothing was changed yet. To do these steps, run: resolverctl switch --stop-shared --yes\n"
        }
        (true, false) => "Nothing was changed yet. To do these steps, run: resolverctl switch --yes\n",
    });
    text
}

const KEPT: &str =
    "The switch keeps the old text of each file. To undo the switch, run: resolverctl switch --back\n\n";

/// Returns the lines before the first step: warnings, and the command that undoes the switch.
pub fn begins(plan: &SwitchPlan, format: Format) -> String {
    let found = findings(&plan.warnings, format);
    match format {
        Format::Json => found,
        Format::Text(_) => {
            format!("{found}If this command is interrupted before its end, run: resolverctl switch --back\n")
        }
    }
}

/// Returns the line about a step that was carried out or undone.
pub fn ended(place: usize, (step, result): &EndedStep, is_undo: bool, format: Format) -> String {
    let word = if is_undo { "undone" } else { "done" };
    let error = result.as_ref().err();
    match format {
        Format::Json => line(place, step, word, error),
        Format::Text(style) => match (result, is_undo) {
            (Ok(_), false) => done(word, &step.change.words().does, style),
            (Ok(StepEnd::Reached), true) => done("restored", &step.change.words().undone, style),
            (Ok(StepEnd::Removed), true) => done("removed", &step.change.words().undone, style),
            (Err(error), false) => failed(&step.change.words().does, error, style),
            (Err(error @ SwitchError::Needed), true) => {
                format!("kept     {}\n         reason: {error}\n", step.change.words().not_undone)
            }
            // An earlier line said that resolverd was stopped. This line says that resolverd was started again, and why.
            (Err(error @ SwitchError::StartedAgain), true) => {
                format!("started  {}\n         reason: {error}\n", step.change.words().not_undone)
            }
            (Err(error), true) => failed(&step.change.words().not_undone, error, style),
        },
    }
}

/// Returns the line which says that the steps of a failed switch are now undone. JSON has no such line.
pub(crate) const fn gives_up(format: Format) -> &'static str {
    match format {
        Format::Json => "",
        Format::Text(_) => "The switch failed. Its steps are now undone, the last step first:\n",
    }
}

/// Returns the last lines after all steps were undone.
pub fn undone(ended: &[EndedStep], format: Format) -> String {
    let mut errors = ended.iter().filter_map(|(_, result)| result.as_ref().err()).peekable();
    match (format, errors.peek().is_none(), errors.all(SwitchError::is_later_work)) {
        (Format::Json, _, _) => String::new(),
        (_, true, _) => "All is as before the switch; the files that the switch created are removed. `resolverctl check system` shows which resolver this host uses.\n".to_owned(),
        (_, _, true) => format!("Everything else is as before the switch.\n{}\n", finish(ended)),
        (_, _, false) => {
            "The switch back is not complete. Repair the failures above, then run: resolverctl switch --back\n".to_owned()
        }
    }
}

/// What the operator must do about files that were changed after the switch, and about services that do not exist any more.
fn finish(ended: &[EndedStep]) -> String {
    let changed: Vec<&str> = ended
        .iter()
        .filter_map(|(_, result)| match result {
            Err(SwitchError::Changed { path }) => Some(path.as_str()),
            _ => None,
        })
        .collect();
    if changed.is_empty() {
        return format!("To finish: remove {RECORD}.");
    }
    let files = changed.join(", ");
    format!(
        "To finish: {RECORD} has the old text of {files}. Copy what you still need from it into {files}, then remove {RECORD}."
    )
}

/// Returns the last line after a successful switch.
pub fn switched(format: Format) -> String {
    match format {
        Format::Json => String::new(),
        Format::Text(_) => {
            "This host now uses resolverd. To undo the switch, run: resolverctl switch --back\n".to_owned()
        }
    }
}

/// Returns findings about this host, without the number of problems.
pub fn findings(found: &[HostFinding], format: Format) -> String {
    match format {
        Format::Json => found.iter().map(lines::line).collect(),
        Format::Text(style) => screen::lines(found, style),
    }
}

fn done(word: &str, change: &str, style: Style) -> String {
    format!("{} {change}\n", style.paint(Paint::Good, &format!("{word:<8}")))
}

fn failed(change: &str, error: &SwitchError, style: Style) -> String {
    format!("{} {change}\n         reason: {error}\n", style.paint(Paint::Bad, "failed  "))
}

fn numbered(place: usize, step: &SwitchStep, style: Style) -> String {
    let number = place.saturating_add(1);
    format!(
        "{number:>2}  {}\n    {} {}\n",
        step.change.words().does,
        style.paint(Paint::Faint, "why:"),
        step.why
    )
}

/// Returns the JSON object for a step. `state` is the word for the state of the step; a step with an error has "failed"
/// instead.
fn line(place: usize, step: &SwitchStep, state: &str, error: Option<&SwitchError>) -> String {
    let state = if error.is_some() { "failed" } else { state };
    let object = json!({
        "step": place.saturating_add(1),
        "state": state,
        "change": step.change.words().does,
        "why": step.why,
        "error": error.map(ToString::to_string),
    });
    format!("{object}\n")
}
