//! The files of a host, read below a root directory, so that tests bring a host of their own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::limits::{MAX_CHECKED_DROP_INS, MAX_CHECKED_FILE};
use crate::system::HostFinding;
use resolver::config::files::open_regular;

/// A file of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostFile {
    /// It was read.
    Text {
        /// Its path.
        path: String,
        /// Its text.
        text: String,
    },
    /// It is not there.
    Missing {
        /// Its path.
        path: String,
    },
    /// It exists, but may not be read.
    Unreadable {
        /// Its path.
        path: String,
        /// The error.
        error: String,
    },
}

impl HostFile {
    /// Its text, if it was read.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Missing { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// The finding that a check could not read it, if it exists and may not be read.
    pub(super) fn unread(&self, check: &'static str) -> Option<HostFinding> {
        let Self::Unreadable { path, error } = self else { return None };
        Some(HostFinding::could_not_tell(
            check,
            format!("cannot read {path}: {error}"),
            "run this command with sudo",
        ))
    }

    /// Its path.
    pub fn path(&self) -> &str {
        match self {
            Self::Text { path, .. } | Self::Missing { path } | Self::Unreadable { path, .. } => path,
        }
    }
}

/// A host, from its root directory.
pub(crate) struct CheckedHost<'r> {
    /// `/`, or the directory of a host that a test has made.
    pub root: &'r Path,
}

impl CheckedHost<'_> {
    /// The place of the file whose path on the host is `path`.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether there is such a file or directory.
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Reads a file.
    pub(crate) fn file(&self, path: &str) -> HostFile {
        self.read(&self.path(path), path)
    }

    /// Reads the file at `place` whose path on the host is `path`.
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

    /// A file that may be a link, and the target of the link; a link to an absolute path stays below the root.
    pub(crate) fn link(&self, path: &str) -> (HostFile, Option<String>) {
        let Ok(target) = fs::read_link(self.path(path)) else { return (self.file(path), None) };
        let shown = target.display().to_string();
        (self.target(path, &shown), Some(shown))
    }

    /// The file that a link at `path` to `target` would show.
    pub(crate) fn target(&self, path: &str, target: &str) -> HostFile {
        let place = match target.strip_prefix('/') {
            Some(_) => self.path(target),
            None => self.path(path).with_file_name(target),
        };
        self.read(&place, path)
    }

    /// The drop-ins of these directories in the order of their names, at most `MAX_CHECKED_DROP_INS`. Of two with the same name only that in the
    /// later directory is read; a link to /dev/null has no other effect.
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
