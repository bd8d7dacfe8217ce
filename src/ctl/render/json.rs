//! JSON: one object a line, keys in the order of the protocol, times in seconds.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use control::protocol::Reply;
use dns::wire::presentation::harmless_json;
use doctor::finding::Finding;
use resolver::config::{ConfigProblem, Errors};
use watched::history::FindingChange;

/// An object on a line of its own.
pub fn line(object: &impl Serialize) -> String {
    // This cannot fail, because the types of the protocol have text keys. An empty line would show a failure.
    let mut line = harmless_json(&serde_json::to_string(object).unwrap_or_default());
    line.push('\n');
    line
}

/// A line of a reply, without the word for its kind.
pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Status(status) => line(status),
        Reply::Stats(stats) => line(stats),
        Reply::Zone(row) => line(row),
        Reply::Server(row) => line(row),
        Reply::Client(row) => line(row),
        Reply::Type(row) => line(row),
        Reply::Stage(row) => line(row),
        Reply::Minute(row) => line(row),
        Reply::TableSpan(span) => line(span),
        Reply::Query(query) => line(query),
        Reply::Step(step) => line(step),
        Reply::ServerSaid(said) => line(said),
        Reply::KeptHere { why } => pair("why", why),
        Reply::Flushed(removed) => line(removed),
        Reply::ServerState(row) => line(row),
        Reply::ZoneState(row) => line(row),
        Reply::Flight(row) => line(row),
        Reply::Message(message) => line(message),
        Reply::FailedZone(zone) => line(zone),
        Reply::RecordBegin { begin, without_client: false, off: false } => pair("begin", begin),
        Reply::RecordBegin { begin, off: true, .. } => {
            line(&serde_json::json!({ "begin": begin, "off": true }))
        }
        Reply::RecordBegin { begin, .. } => {
            line(&serde_json::json!({ "begin": begin, "without_client": true }))
        }
        Reply::Event(event) => line(event),
        Reply::Lost { lost } => pair("lost", lost),
        Reply::Held(row) => line(row),
        Reply::Nta { name, left } => line(&serde_json::json!({ "name": name, "left": left })),
        Reply::ListState(row) => line(row),
        Reply::Batch(state) => line(state),
        Reply::Registry { dated } => pair("dated", dated),
        Reply::ListFacts(row) => line(row),
        Reply::ListTest(row) => line(row),
        Reply::LookaheadRule(row) => line(row),
        Reply::Lookahead(state) => line(state),
        Reply::Watched(row) => line(row),
        Reply::LeftOut { left_out } => pair("left_out", left_out),
        Reply::Config { line } => pair("line", line),
        Reply::Change { sentence } => pair("change", sentence),
        Reply::Wrong { sentence } => pair("wrong", sentence),
        Reply::Problem(problem) => line(problem),
        Reply::MessagesEnd | Reply::End => String::new(),
    }
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

/// A finding that came or went, and what was checked.
pub fn change(change: &FindingChange, subject: &str) -> String {
    #[derive(Serialize)]
    struct Line<'c> {
        #[serde(flatten)]
        change: &'c FindingChange,
        subject: &'c str,
    }
    line(&Line { change, subject })
}

/// The line about a check without a result: the time, the reason and the subject. Without a reason, checks have results again.
pub fn untold(why: Option<&str>, at: u64, subject: &str) -> String {
    #[derive(Serialize)]
    struct Line<'w> {
        at: u64,
        could_not_tell: Option<&'w str>,
        subject: &'w str,
    }
    line(&Line { at, could_not_tell: why, subject })
}

/// When a report was made, in seconds since 1970, before its rows.
pub fn moment(at: f64) -> String {
    pair("at", &at)
}

/// Why there is no reply, between replies that are asked for again and again.
pub fn failure(sentence: &str) -> String {
    pair("failure", &sentence)
}

/// An object of one key.
fn pair(key: &str, value: &impl Serialize) -> String {
    line(&BTreeMap::from([(key, value)]))
}

/// A configuration file as an object of its sections.
///
/// # Errors
/// It is not TOML.
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
