//! JSON output of all commands: one object in each line. The keys are in the order of the control protocol, and durations are in seconds.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use config::{ConfigProblem, Errors};
use dns::wire::presentation::harmless_json;
use doctor::finding::Finding;
use protocol::Reply;

/// Returns one line, with a newline at the end.
pub fn line(object: &impl Serialize) -> String {
    // This cannot fail, because all maps in the protocol have text as keys.
    let mut line = harmless_json(&serde_json::to_string(object).unwrap_or_default());
    line.push('\n');
    line
}

/// Returns a reply as JSON without the field `reply`, which names the kind of the reply. Returns an empty text if it has no other field.
pub fn reply(reply: &Reply) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(reply) else { return String::new() };
    fields.shift_remove("reply");
    if fields.is_empty() { String::new() } else { line(&fields) }
}

/// Returns a finding about `subject`, a domain or an address. The object contains `subject` too, and what the user typed.
pub fn finding(finding: &Finding, (subject, typed): (&str, Option<&str>)) -> String {
    #[derive(Serialize)]
    struct Line<'f> {
        #[serde(flatten)]
        finding: &'f Finding,
        subject: &'f str,
        #[serde(skip_serializing_if = "Option::is_none")]
        typed: Option<&'f str>,
    }
    line(&Line { finding, subject, typed })
}

/// Converts a configuration file to a JSON object with a key for each section.
///
/// # Errors
/// Fails if the text `file` is not TOML.
pub fn config(file: &str) -> Result<String, toml::de::Error> {
    toml::from_str::<serde_json::Value>(file).map(|tree| line(&tree))
}

/// The result of `resolverctl config check`.
#[derive(Serialize)]
struct Checked<'c> {
    file: Option<&'c Path>,
    valid: bool,
    problems: &'c [ConfigProblem],
    notes: &'c [ConfigProblem],
}

/// Returns the path of a checked configuration file with its errors, or with notes about valid settings. Without a path,
/// resolverctl checked the built-in defaults.
pub fn checked(file: Option<&Path>, checked: &Result<Vec<ConfigProblem>, Errors>) -> String {
    let (problems, notes) = match checked {
        Ok(notes) => (&[][..], notes.as_slice()),
        Err(errors) => (errors.problems.as_slice(), &[][..]),
    };
    line(&Checked { file, valid: checked.is_ok(), problems, notes })
}
