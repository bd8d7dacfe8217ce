//! Reads the files of a host below a root directory, so that tests can use their own directory trees.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::limits::{MAX_CHECKED_DROP_INS, MAX_CHECKED_FILE};
use crate::system::HostFinding;
use resolver::config::files::open_regular;

/// The result of reading a file of the checked host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostFile {
    /// The file was read.
    Text {
        /// The path of the file on the host.
        path: String,
        /// The text of the file.
        text: String,
    },
    /// The file does not exist.
    Missing {
        /// The path of the file on the host.
        path: String,
    },
    /// The file exists, but cannot be read.
    Unreadable {
        /// The path of the file on the host.
        path: String,
        /// The error message of the operating system.
        error: String,
    },
}

impl HostFile {
    /// Returns the text of the file. Returns `None` if it is missing or could not be read.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Missing { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Returns the finding that a check could not read this file. Returns `None` if the file was read or does not exist.
    pub(super) fn unread(&self, check: &'static str) -> Option<HostFinding> {
        let Self::Unreadable { path, error } = self else { return None };
        Some(HostFinding::could_not_tell(
            check,
            format!("cannot read {path}: {error}"),
            "run this command with sudo",
        ))
    }

    /// Returns the path of the file on the host.
    pub fn path(&self) -> &str {
        match self {
            Self::Text { path, .. } | Self::Missing { path } | Self::Unreadable { path, .. } => path,
        }
    }
}

/// The host that `check system` checks, as a directory tree.
pub(crate) struct CheckedHost<'r> {
    /// Root directory of the host: `/`, or the directory of a test.
    pub root: &'r Path,
}

impl CheckedHost<'_> {
    /// Returns the location of a file whose path on the host is `path`. In a test, this is below the directory of the test.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Returns true if the host has a file or a directory with this path.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Reads the file of the host with this path.
    pub(crate) fn file(&self, path: &str) -> HostFile {
        self.read(&self.path(path), path)
    }

    /// Reads the file at `place`. Its path on the host is `path`.
    fn read(&self, place: &Path, path: &str) -> HostFile {
        let path = path.to_owned();
        let mut octets = Vec::new();
        let read = open_regular(place).and_then(|file| file.take(MAX_CHECKED_FILE).read_to_end(&mut octets));
        match read {
            Ok(_) => HostFile::Text { path, text: String::from_utf8_lossy(&octets).into_owned() },
            Err(error) if error.kind() == ErrorKind::NotFound => HostFile::Missing { path },
            Err(error) => HostFile::Unreadable { path, error: error.to_string() },
        }
    }

    /// Reads a file that may be a symbolic link, and returns it with the target of the link. An absolute target is looked up below `root`.
    pub(crate) fn link(&self, path: &str) -> (HostFile, Option<String>) {
        let Ok(target) = fs::read_link(self.path(path)) else { return (self.file(path), None) };
        let shown = target.display().to_string();
        (self.target(path, &shown), Some(shown))
    }

    /// Reads the target of a symbolic link. `path` is the path of the link.
    pub(crate) fn target(&self, path: &str, target: &str) -> HostFile {
        let place = match target.strip_prefix('/') {
            Some(_) => self.path(target),
            None => self.path(path).with_file_name(target),
        };
        self.read(&place, path)
    }

    /// Reads the drop-in files (files that extend a configuration) of these directories in the order of their names, at most `MAX_CHECKED_DROP_INS`.
    /// If two files have the same name, only the one in the later directory is read. So a link to /dev/null there removes the other file.
    pub(crate) fn drop_ins(&self, directories: &[&str], suffix: &str) -> Vec<HostFile> {
        let mut by_name: BTreeMap<String, String> = BTreeMap::new();
        for directory in directories {
            let Ok(entries) = fs::read_dir(self.path(directory)) else { continue };
            let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
            let named = names.filter(|name| Path::new(name).extension().is_some_and(|last| last == suffix));
            by_name.extend(named.map(|name| (name.clone(), format!("{directory}/{name}"))));
        }
        by_name
            .retain(|_, path| fs::read_link(self.path(path)).ok().as_deref() != Some(Path::new("/dev/null")));
        by_name.values().take(MAX_CHECKED_DROP_INS).map(|path| self.file(path)).collect()
    }
}
