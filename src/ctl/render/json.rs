//! JSON output: one object in each line. The keys are in the order of the control protocol, and times are in seconds.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use control::protocol::Reply;
use dns::wire::presentation::harmless_json;
use doctor::finding::Finding;
use resolver::config::{ConfigProblem, Errors};

/// Returns an object as JSON in one line, with its newline.
pub fn line(object: &impl Serialize) -> String {
    // This cannot fail, because the types of the protocol have text keys. An empty line would show a failure.
    let mut line = harmless_json(&serde_json::to_string(object).unwrap_or_default());
    line.push('\n');
    line
}

/// Returns a line of a reply as JSON, without the word that names the kind of the line. Returns no text for a line that contains only this word.
pub fn reply(reply: &Reply) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(reply) else { return String::new() };
    fields.shift_remove("reply");
    if fields.is_empty() { String::new() } else { line(&fields) }
}

/// Returns a finding about a domain or an address as JSON, with the domain or address (`subject`).
pub fn finding(finding: &Finding, subject: &str) -> String {
    #[derive(Serialize)]
    struct Line<'f> {
        #[serde(flatten)]
        finding: &'f Finding,
        subject: &'f str,
    }
    line(&Line { finding, subject })
}

/// Returns the text of a configuration file as a JSON object with a key for each section.
///
/// # Errors
/// Fails if the text is not TOML.
pub fn config(file: &str) -> Result<String, toml::de::Error> {
    toml::from_str::<serde_json::Value>(file).map(|tree| line(&tree))
}

/// The result of `resolverctl config check`, for JSON.
#[derive(Serialize)]
struct Checked<'c> {
    file: Option<&'c Path>,
    valid: bool,
    problems: &'c [ConfigProblem],
    notes: &'c [ConfigProblem],
}

/// Returns the path of a checked configuration file with its errors, or with notes about valid settings, as JSON. Without a path, the built-in defaults were checked.
pub fn checked(file: Option<&Path>, checked: &Result<Vec<ConfigProblem>, Errors>) -> String {
    let (problems, notes) = match checked {
        Ok(notes) => (&[][..], notes.as_slice()),
        Err(errors) => (errors.problems.as_slice(), &[][..]),
    };
    line(&Checked { file, valid: checked.is_ok(), problems, notes })
}
