//! Reads the files of the other resolver's configuration, with limits on depth, number and size. Files that include each other are an error.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::draft::Draft;
use super::error::ImportError;
use super::finding::{Setting, TypedSetting, Weight};
use crate::limits;

#[derive(Debug, Default)]
pub(super) struct Sources {
    files: usize,
    octets: u64,
    /// The files that are being read. Each file includes the file after it.
    open: Vec<PathBuf>,
    /// Relative paths start at this directory, if the configuration sets one.
    directory: Option<WorkingDirectory>,
    doubts: Vec<IncludeDoubt>,
}

#[derive(Clone, Debug)]
struct WorkingDirectory {
    setting: TypedSetting,
    path: PathBuf,
}

/// An include that the other resolver may read differently from this import.
#[derive(Debug)]
struct IncludeDoubt {
    setting: TypedSetting,
    did: String,
    instead: &'static str,
    weight: Weight,
}

pub(super) struct Source {
    pub(super) path: Arc<Path>,
    pub(super) text: String,
}

impl Sources {
    /// Reads a file. It is in `open` until `end` is called.
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

    /// Returns true if the file is being read. If it included itself, the includes would never end.
    pub(super) fn is_open(&self, path: &Path) -> bool {
        self.open.iter().any(|open| open == path)
    }

    pub(super) fn end(&mut self) {
        self.open.pop();
    }

    /// Changes the directory to which the relative paths of later includes refer, as BIND and Unbound do when they read `setting`.
    pub(super) fn change_directory(&mut self, setting: &impl Setting, named: &str) {
        if named.is_empty() {
            return;
        }
        let path = self.working_directory().join(named);
        self.directory = Some(WorkingDirectory { setting: setting.typed(), path });
    }

    /// Returns the files that an include names. Unreadable files, patterns without files, and missing directories become findings and do not end the
    /// import, because the configuration may come from another host.
    pub(super) fn included(&mut self, setting: &impl Setting, pattern: &str) -> Vec<PathBuf> {
        let mut base = self.working_directory();
        if let Some(missing) = self.directory.clone().filter(|_| Path::new(pattern).is_relative())
            && !missing.path.is_dir()
        {
            base = self.first_directory();
            let did = format!(
                "is the directory of relative includes, {}, which is not on this host",
                missing.path.display()
            );
            let instead = "they were read from the folder of the imported file; if others are in use, import on the host of the file";
            self.doubt(Weight::Different, &missing.setting, did, instead);
        }
        self.matching(setting, &base.join(pattern))
    }

    /// Returns the readable files that match a pattern. Problems become findings.
    pub(super) fn matching(&mut self, setting: &impl Setting, pattern: &Path) -> Vec<PathBuf> {
        let Matched { files, unread } = matching(pattern);
        if files.is_empty() && unread.is_empty() {
            self.doubt_empty(setting);
        }
        unread.into_iter().for_each(|reason| self.doubt_unread(setting, reason));
        self.readable(setting, files)
    }

    /// Files that cannot be read become findings.
    pub(super) fn readable(&mut self, setting: &impl Setting, mut files: Vec<PathBuf>) -> Vec<PathBuf> {
        files.retain(|file| {
            let Err(reason) = opened(file) else { return true };
            self.doubt_unread(setting, format!("{} {reason}", file.display()));
            false
        });
        files
    }

    /// Returns the readable files in `found`. Unreadable files, and an unreadable directory (the error in `found`), become findings.
    pub(super) fn readable_of(
        &mut self,
        setting: &impl Setting,
        found: Result<Vec<PathBuf>, String>,
    ) -> Vec<PathBuf> {
        let files = found.unwrap_or_else(|reason| {
            self.doubt_unread(setting, reason);
            Vec::new()
        });
        self.readable(setting, files)
    }

    /// `did` describes the include in the other resolver.
    pub(super) fn doubt_unread(&mut self, setting: &impl Setting, did: String) {
        let instead = "its settings are missing here: correct or copy the file, and import again";
        self.doubt(Weight::Dangerous, setting, did, instead);
    }

    pub(super) fn doubt_empty(&mut self, setting: &impl Setting) {
        let instead = "if it names files on the host that the configuration is from, copy them too, or import on that host";
        self.doubt(Weight::Different, setting, "named no file on this host".to_owned(), instead);
    }

    pub(super) fn report(&mut self, draft: &mut Draft) {
        for IncludeDoubt { setting, did, instead, weight } in self.doubts.drain(..) {
            draft.report(weight, &setting, (&did, instead));
        }
    }

    fn doubt(&mut self, weight: Weight, setting: &impl Setting, did: String, instead: &'static str) {
        self.doubts.push(IncludeDoubt { setting: setting.typed(), did, instead, weight });
    }

    fn working_directory(&self) -> PathBuf {
        self.directory.as_ref().map_or_else(|| self.first_directory(), |directory| directory.path.clone())
    }

    /// Returns the directory in which the other resolver was started: probably that of its configuration file.
    fn first_directory(&self) -> PathBuf {
        self.open.first().and_then(|first| first.parent()).unwrap_or_else(|| Path::new("")).to_owned()
    }
}

/// Opens a regular file. The error text is the end of a sentence.
fn opened(path: &Path) -> Result<File, String> {
    let about = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !about.is_file() {
        return Err("is not a regular file".to_owned());
    }
    File::open(path).map_err(|error| format!("cannot be read: {error}"))
}

fn read(path: &Path, most: u64) -> Result<String, String> {
    let mut octets = Vec::new();
    let file = opened(path)?;
    file.take(most.saturating_add(1))
        .read_to_end(&mut octets)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if u64::try_from(octets.len()).unwrap_or(u64::MAX) > most {
        return Err(format!("makes the configuration larger than {} octets", limits::MAX_IMPORTED));
    }
    // Some editors write a byte order mark at the start of a file.
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&octets);
    // Comments often have old character encodings, so invalid UTF-8 is replaced. Names and addresses are ASCII.
    Ok(String::from_utf8_lossy(octets).into_owned())
}

#[derive(Debug, Default)]
pub(super) struct Matched {
    pub(super) files: Vec<PathBuf>,
    /// Directories that could not be searched, each with the reason.
    pub(super) unread: Vec<String>,
}

/// Returns the files that match a pattern, sorted. `*` and `?` may be in any part of the path. A path without them is returned even if it does not
/// exist.
pub(super) fn matching(pattern: &Path) -> Matched {
    let mut found = vec![PathBuf::new()];
    let mut unread = Vec::new();
    for component in pattern.components() {
        let wanted = component.as_os_str();
        if !is_pattern(wanted) {
            found.iter_mut().for_each(|path| path.push(wanted));
            continue;
        }
        let mut next = Vec::new();
        for directory in &found {
            match entries_of(directory) {
                Ok(names) => {
                    let names = names.filter(|name| fits(wanted, name));
                    next.extend(names.map(|name| directory.join(name)).take(limits::MAX_FILES));
                }
                Err(reason) => unread.push(reason),
            }
        }
        next.sort();
        found = next;
    }
    Matched { files: found, unread }
}

/// Returns the file names in a directory; none if the directory does not exist.
///
/// # Errors
/// Fails if the directory exists but cannot be read.
pub(super) fn entries_of(directory: &Path) -> Result<impl Iterator<Item = OsString> + use<>, String> {
    let missing = [ErrorKind::NotFound, ErrorKind::NotADirectory];
    // A relative path such as `a.conf` has an empty directory part.
    let named = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = match std::fs::read_dir(named) {
        Ok(entries) => Some(entries),
        Err(error) if missing.contains(&error.kind()) => None,
        Err(error) => return Err(format!("{} cannot be read: {error}", directory.display())),
    };
    Ok(entries.into_iter().flatten().flatten().map(|entry| entry.file_name()))
}

fn is_pattern(text: &OsStr) -> bool {
    text.as_encoded_bytes().iter().any(|octet| matches!(octet, b'*' | b'?'))
}

/// Returns true if the name of a file fits the pattern. As in shells, `*` does not match a dot at the beginning of a name.
fn fits(pattern: &OsStr, name: &OsStr) -> bool {
    let (pattern, name) = (pattern.as_encoded_bytes(), name.as_encoded_bytes());
    if name.first() == Some(&b'.') && pattern.first() != Some(&b'.') {
        return false;
    }
    // The positions in the pattern at which the rest of the pattern may match the rest of the name.
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

/// Adds, for each star at a position in `places`, the position after it, because a star may match nothing.
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
