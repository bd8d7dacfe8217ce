//! Reads the files of a host below a root directory. Tests use their own directory trees.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::limits::{MAX_CHECKED_DROP_INS, MAX_CHECKED_FILE};
use crate::system::HostFinding;
use config::files::open_regular;

/// A file of the checked host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostFile {
    /// The file was read.
    Text {
        /// The path on the host.
        path: String,
        /// The text.
        text: String,
    },
    /// The file does not exist.
    Missing {
        /// The path on the host.
        path: String,
    },
    /// The file cannot be read.
    Unreadable {
        /// The path on the host.
        path: String,
        /// The error of the operating system.
        error: String,
    },
}

impl HostFile {
    /// Returns the text, if the file was read.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Missing { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Returns a finding if the file exists but could not be read.
    pub(super) fn unread(&self, check: &'static str) -> Option<HostFinding> {
        let Self::Unreadable { path, error } = self else { return None };
        Some(HostFinding::could_not_tell(
            check,
            format!("cannot read {path}: {error}"),
            "run this command with sudo",
        ))
    }

    /// Returns the path on the host.
    pub fn path(&self) -> &str {
        match self {
            Self::Text { path, .. } | Self::Missing { path } | Self::Unreadable { path, .. } => path,
        }
    }
}

pub(crate) struct CheckedHost<'r> {
    /// The root directory: `/`, or the directory of a test.
    pub root: &'r Path,
}

impl CheckedHost<'_> {
    /// Returns the location of a file of the host; in a test, below the directory of the test.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(crate) fn file(&self, path: &str) -> HostFile {
        self.read(&self.path(path), path)
    }

    /// `path` is the path on the host.
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

    /// Returns a file, and the target if it is a symbolic link. An absolute target is below `root`.
    pub(crate) fn link(&self, path: &str) -> (HostFile, Option<String>) {
        let Ok(target) = fs::read_link(self.path(path)) else { return (self.file(path), None) };
        let shown = target.display().to_string();
        (self.target(path, &shown), Some(shown))
    }

    /// Reads the target of the symbolic link at `path`.
    pub(crate) fn target(&self, path: &str, target: &str) -> HostFile {
        let place = match target.strip_prefix('/') {
            Some(_) => self.path(target),
            None => self.path(path).with_file_name(target),
        };
        self.read(&place, path)
    }

    /// Reads drop-in files (files that extend a configuration) in the order of their names. Of files with the same name, only the one in the last
    /// directory is read, so a link to /dev/null there removes the others.
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
