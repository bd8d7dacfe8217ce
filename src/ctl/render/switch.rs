//! The screens of `switch`: the plan, and how its steps ended.

use serde_json::json;

use super::{Format, Paint, Style, findings as screen, json as lines};
use crate::check::HostFinding;
use crate::switch::plan::SwitchPlan;
use crate::switch::step::SwitchStep;
use crate::switch::{EndedStep, RECORD, SwitchError};

/// The plan, or the reasons against it.
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
        text.push('\n');
    }
    if !found.is_empty() {
        text.push_str(&findings(&found, format));
        text.push('\n');
    }
    text.push_str(match (plan.refusals.is_empty(), plan.steps.is_empty()) {
        (false, _) => "Nothing was changed. Correct the failures first.\n",
        (true, true) => "Nothing to do: this host uses resolverd.\n",
        (true, false) => "Nothing was changed. To carry this out, run: resolverctl switch --yes\n",
    });
    text
}

/// The lines before the first step: what else will happen, and how to return.
pub fn begins(plan: &SwitchPlan, format: Format) -> String {
    let found = findings(&plan.warnings, format);
    match format {
        Format::Json => found,
        Format::Text(_) => format!("{found}If this command is interrupted, run: resolverctl switch --back\n"),
    }
}

/// A step that has ended.
pub fn ended(place: usize, (step, result): &EndedStep, is_undo: bool, format: Format) -> String {
    let word = if is_undo { "undone" } else { "done" };
    let error = result.as_ref().err();
    match format {
        Format::Json => line(place, step, word, error),
        Format::Text(style) => told(step, word, error, style),
    }
}

/// The last lines of an undo.
pub fn undone(ended: &[EndedStep], format: Format) -> String {
    let mut errors = ended.iter().filter_map(|(_, result)| result.as_ref().err()).peekable();
    match (format, errors.peek().is_none(), errors.all(SwitchError::is_later_work)) {
        (Format::Json, _, _) => String::new(),
        (_, true, _) => "All is as before the switch.\n".to_owned(),
        (_, _, true) => format!(
            "The other files were changed after the switch and stay as they are; this host does not need resolverd. To end the switch, remove {RECORD}\n"
        ),
        (_, _, false) => {
            "Not all is as before. Correct it, then run again: resolverctl switch --back\n".to_owned()
        }
    }
}

/// The last line of a switch.
pub fn switched(format: Format) -> String {
    match format {
        Format::Json => String::new(),
        Format::Text(_) => "Switched. To undo it, run: resolverctl switch --back\n".to_owned(),
    }
}

/// Findings without a sum.
pub fn findings(found: &[HostFinding], format: Format) -> String {
    match format {
        Format::Json => found.iter().map(lines::line).collect(),
        Format::Text(style) => screen::lines(found, style),
    }
}

fn told(step: &SwitchStep, word: &str, error: Option<&SwitchError>, style: Style) -> String {
    match error {
        None => format!("{} {}\n", style.paint(Paint::Good, &format!("{word:<8}")), step.change),
        Some(error) => format!(
            "{} {}\n         {} {error}\n",
            style.paint(Paint::Bad, "failed  "),
            step.change,
            style.paint(Paint::Faint, "→")
        ),
    }
}

fn numbered(place: usize, step: &SwitchStep, style: Style) -> String {
    let number = place.saturating_add(1);
    format!("{number:>2}  {}\n    {} {}\n", step.change, style.paint(Paint::Faint, "→"), step.why)
}

/// A step in JSON.
fn line(place: usize, step: &SwitchStep, state: &str, error: Option<&SwitchError>) -> String {
    let state = if error.is_some() { "failed" } else { state };
    let object = json!({
        "step": place.saturating_add(1),
        "state": state,
        "change": step.change.to_string(),
        "why": step.why,
        "error": error.map(ToString::to_string),
    });
    format!("{object}\n")
}
