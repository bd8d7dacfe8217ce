//! JSON: one object a line, keys in the order of the protocol, times in seconds.
//!
//! May call: `control::protocol`.

use serde::Serialize;

use crate::control::protocol::Reply;

/// An object on a line of its own.
pub fn line(object: &impl Serialize) -> String {
    // The protocol's types have text keys and no fallible writer, so this cannot fail; an empty line would say so.
    let mut line = serde_json::to_string(object).unwrap_or_default();
    line.push('\n');
    line
}

/// A line of a reply, without the word that says which it is.
pub fn reply(reply: &Reply) -> String {
    match reply {
        Reply::Status(status) => line(status),
        Reply::Stats(stats) => line(stats),
        Reply::Zone(row) => line(row),
        Reply::Server(row) => line(row),
        Reply::Client(row) => line(row),
        Reply::Type(row) => line(row),
        Reply::Query(query) => line(query),
        Reply::Flushed(removed) => line(removed),
        Reply::Problem(problem) => line(problem),
        Reply::End => String::new(),
    }
}
