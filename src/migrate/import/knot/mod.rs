//! Knot Resolver: kresd.conf (version 5, a program in Lua whose plain calls are read) and YAML (version 6).

mod answer;
mod calls;
mod gathered;
mod local_zones;
mod policy;
mod told;
mod tree;

use std::path::Path;

use self::gathered::Gathered;
use super::ImportError;
use super::draft::Draft;
use super::source::{Source, Sources};

/// Reads the file at `path` into `draft`.
pub(super) fn import(path: &Path, draft: &mut Draft) -> Result<(), ImportError> {
    let mut sources = Sources::default();
    let Source { path, text } = sources.begin(path)?;
    let mut gathered = Gathered::new(sources, draft);
    if is_yaml(&text) {
        tree::add(&path, &text, &mut gathered)?
    } else {
        calls::add(&path, &text, &mut gathered)
    }
    gathered.finish();
    Ok(())
}

/// Whether the first line with a setting is of YAML: a key with a colon, or the begin of JSON, which is YAML too.
fn is_yaml(text: &str) -> bool {
    let is_setting =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("--") && *line != "---";
    let first = text.lines().map(str::trim).find(is_setting);
    let is_json = first.is_some_and(|line| line.starts_with('{'));
    is_json
        || first.and_then(|line| line.split_once(':')).is_some_and(|(key, rest)| {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            key.chars().all(is_name) && (rest.is_empty() || rest.starts_with(' '))
        })
}
