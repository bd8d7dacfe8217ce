//! JSON: one object a line, keys in the order of the protocol, times in seconds.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use control::protocol::Reply;
use dns::wire::presentation::harmless_json;
use doctor::finding::Finding;
use resolver::config::{ConfigProblem, Errors};

/// An object on a line of its own.
pub fn line(object: &impl Serialize) -> String {
    // This cannot fail, because the types of the protocol have text keys. An empty line would show a failure.
    let mut line = harmless_json(&serde_json::to_string(object).unwrap_or_default());
    line.push('\n');
    line
}

/// A line of a reply, without the word for its kind. A reply that is only this word has no line.
pub fn reply(reply: &Reply) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::to_value(reply) else { return String::new() };
    fields.shift_remove("reply");
    if fields.is_empty() { String::new() } else { line(&fields) }
}

/// A finding about a domain, and what was checked.
pub fn finding(finding: &Finding, subject: &str) -> String {
    #[derive(Serialize)]
    struct Line<'f> {
        #[serde(flatten)]
        finding: &'f Finding,
        subject: &'f str,
    }
    line(&Line { finding, subject })
}

/// A configuration file as an object of its sections.
///
/// # Errors
/// Fails if the text is not TOML.
pub fn config(file: &str) -> Result<String, toml::de::Error> {
    toml::from_str::<serde_json::Value>(file).map(|tree| line(&tree))
}

/// A configuration file that was checked.
#[derive(Serialize)]
struct Checked<'c> {
    file: Option<&'c Path>,
    valid: bool,
    problems: &'c [ConfigProblem],
}

/// The errors of a configuration file, and its path; none is the built-in defaults.
pub fn checked(file: Option<&Path>, errors: Option<&Errors>) -> String {
    let problems = errors.map_or(&[][..], |errors| &errors.problems);
    line(&Checked { file, valid: errors.is_none(), problems })
}
