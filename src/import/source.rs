//! The files of a configuration: read with bounds on depth, number and size; a circle of includes is an error.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ImportError;
use crate::limits;

/// The state of reading.
#[derive(Debug, Default)]
pub(super) struct Sources {
    files: usize,
    octets: u64,
    /// The files that include the one that is read.
    open: Vec<PathBuf>,
}

/// A file that was read.
pub(super) struct Source {
    pub(super) path: Arc<Path>,
    pub(super) text: String,
}

impl Sources {
    /// Reads a file and begins it: `end` ends it.
    pub(super) fn begin(&mut self, path: &Path) -> Result<Source, ImportError> {
        let wrong = |reason: String| ImportError::File { file: path.to_owned(), reason };
        if self.open.len() > limits::MAX_INCLUDES || self.is_open(path) {
            return Err(wrong("includes itself, or is included too deep".to_owned()));
        }
        self.files = self.files.saturating_add(1);
        if self.files > limits::MAX_FILES {
            return Err(wrong(format!("is one file more than {}", limits::MAX_FILES)));
        }
        let left = limits::MAX_IMPORTED.saturating_sub(self.octets);
        let text = read(path, left).map_err(wrong)?;
        self.octets = self.octets.saturating_add(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.open.push(path.to_owned());
        Ok(Source { path: Arc::from(path), text })
    }

    /// Whether a file is among those that include the one that is read.
    pub(super) fn is_open(&self, path: &Path) -> bool {
        self.open.iter().any(|open| open == path)
    }

    /// Ends the file that was begun last.
    pub(super) fn end(&mut self) {
        self.open.pop();
    }
}

fn read(path: &Path, most: u64) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !about.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let mut octets = Vec::new();
    let file = File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    file.take(most.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > most {
        return Err(format!("makes the configuration larger than {} octets", limits::MAX_IMPORTED));
    }
    // Some editors begin a file with a byte order mark.
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&octets);
    // Comments in old encodings are common; names and addresses are ASCII.
    Ok(String::from_utf8_lossy(octets).into_owned())
}

/// The files that a pattern with `*` and `?` in any component names, in order; a path without them is itself.
pub(super) fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let wanted = component.as_os_str();
        if !is_pattern(wanted) {
            found.iter_mut().for_each(|path| path.push(wanted));
            continue;
        }
        let mut next = Vec::new();
        for directory in &found {
            let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name()).filter(|name| fits(wanted, name));
            next.extend(names.map(|name| directory.join(name)).take(limits::MAX_FILES));
        }
        next.sort();
        found = next;
    }
    found
}

fn is_pattern(text: &OsStr) -> bool {
    text.as_encoded_bytes().iter().any(|octet| matches!(octet, b'*' | b'?'))
}

/// Whether a name fits a pattern; `*` does not fit a name that begins with a dot, as in shells.
fn fits(pattern: &OsStr, name: &OsStr) -> bool {
    let (pattern, name) = (pattern.as_encoded_bytes(), name.as_encoded_bytes());
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    // Places of the pattern that fit what was read of the name.
    let mut places = after_stars(vec![0], pattern);
    for octet in name {
        let next = places.iter().filter_map(|place| match pattern.get(*place) {
            Some(b'*') => Some(*place),
            Some(b'?') => place.checked_add(1),
            Some(same) if same == octet => place.checked_add(1),
            _ => None,
        });
        places = after_stars(next.collect(), pattern);
    }
    places.contains(&pattern.len())
}

/// The places in the pattern, and for each place at a star also the place after the star, because a star may stand for nothing.
fn after_stars(mut places: Vec<usize>, pattern: &[u8]) -> Vec<usize> {
    let mut at = 0;
    while let Some(place) = places.get(at).copied() {
        let next = place.saturating_add(1);
        if pattern.get(place) == Some(&b'*') && !places.contains(&next) {
            places.push(next);
        }
        at = at.saturating_add(1);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_a_shell() {
        let fits = |pattern: &str, name: &str| fits(OsStr::new(pattern), OsStr::new(name));
        assert!(fits("*.conf", "a.conf") && fits("*", "x") && fits("a?c*", "abc") && fits("**.c", "a.c"));
        assert!(!fits("*.conf", "a.conf~") && !fits("*.conf", ".conf") && !fits("a?c", "ac"));
    }
}
