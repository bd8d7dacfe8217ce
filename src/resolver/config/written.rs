//! Single values in the form of the configuration file: the reverse of `value`.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use hickory_proto::rr::Name;
use toml::Value;

use super::value;

/// The word of a value.
pub(super) fn word<Meant: Copy + PartialEq>(meant: Meant, words: &[(&str, Meant)]) -> Value {
    let known = words.iter().find(|(_, other)| *other == meant);
    Value::String(known.map_or_else(String::new, |(word, _)| (*word).to_owned()))
}

/// A list of displayable values.
pub(super) fn list(values: &[impl fmt::Display]) -> Value {
    texts(values.iter().map(ToString::to_string))
}

/// A list of texts.
pub(super) fn texts(values: impl Iterator<Item = String>) -> Value {
    Value::Array(values.map(Value::String).collect())
}

/// A list of names.
pub(super) fn names(names: &[Name]) -> Value {
    texts(names.iter().map(value::name_text))
}

/// A name.
pub(super) fn name(name: &Name) -> Value {
    Value::String(value::name_text(name))
}

/// A whole number. TOML has none above 2^63.
pub(super) fn number(number: impl TryInto<i64>) -> Value {
    Value::Integer(number.try_into().unwrap_or(i64::MAX))
}

/// A span of time.
pub(super) fn span(span: Duration) -> Value {
    Value::String(value::span_text(span))
}

/// A size in octets.
pub(super) fn size(octets: u64) -> Value {
    Value::String(value::size_text(octets))
}

/// The path of a file; empty if there is none.
pub(super) fn path(path: Option<&Path>) -> Value {
    Value::String(path.map_or_else(String::new, |path| path.display().to_string()))
}
