//! Writes files of this host for a switch, and restores them.
//!
//! At each moment, there is a file or a link at the path: a new file replaces a link, or a new link replaces a file, in one atomic step. If a power
//! failure interrupts writing to an existing file, the file has the beginning of the new text: the undo recognises this.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::error::SwitchError;
use super::machine::Machine;
use super::step::StateBefore;
use crate::limits::MAX_SWITCHED_FILE;
use crate::system::host::{CheckedHost, HostFile};
use config::files::open_regular;

/// The suffix of a new file until it is renamed. Programs that read all files of a directory skip this suffix: the script of dhclient because of the
/// dot, others because they do not know the extension.
const NEW: &str = ".resolverctl";

/// Created files are readable for all users.
const MODE: u32 = 0o644;

impl Machine<'_> {
    /// Returns the present state of a file, which the undo will restore.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or if the undo could not restore it.
    pub(super) fn file_before(&self, path: &str) -> Result<StateBefore, SwitchError> {
        let place = self.path(path);
        let unread = failed("read", path);
        match place.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folders = place.ancestors().skip(1).take_while(|folder| !folder.exists());
                let mut made: Vec<String> = folders.map(|folder| self.shown(folder)).collect();
                made.reverse();
                Ok(StateBefore::Missing { made })
            }
            Err(error) => Err(unread(error)),
            Ok(facts) if facts.is_symlink() => {
                let target = fs::read_link(&place).map_err(&unread)?.into_os_string();
                let target = target.into_string().map_err(|_| unread(ErrorKind::InvalidData.into()))?;
                let dangling = !place.exists() && self.is_missing(path, &target);
                Ok(StateBefore::Link { target, dangling })
            }
            Ok(facts) if facts.is_file() => Ok(StateBefore::Text { text: read(&place).map_err(unread)? }),
            Ok(_) => Err(unread(io::Error::other("it is neither a file nor a link"))),
        }
    }

    /// Checks that the switch can write a file and restore it. Even root cannot write to immutable files and on read-only file systems.
    ///
    /// # Errors
    /// Fails if the file cannot be written and restored.
    pub(super) fn is_replaceable(&self, path: &str) -> Result<(), SwitchError> {
        let before = self.file_before(path)?;
        let place = self.path(path);
        let folder = place.ancestors().skip(1).find(|folder| folder.exists());
        let written = match before {
            StateBefore::Text { .. } => place.as_path(),
            _ => folder.unwrap_or(&place),
        };
        let access = rustix::fs::access(written, rustix::fs::Access::WRITE_OK);
        access.map_err(|error| failed("write", path)(error.into()))
    }

    fn is_missing(&self, path: &str, target: &str) -> bool {
        matches!(CheckedHost { root: self.root }.target(path, target), HostFile::Missing { .. })
    }

    /// Returns a path without the root directory of a test.
    fn shown(&self, place: &Path) -> String {
        format!("/{}", place.strip_prefix(self.root).unwrap_or(place).display())
    }

    /// Writes a file. An existing file is overwritten and not replaced, so that its owner, permissions and security label stay.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), SwitchError> {
        let place = self.path(path);
        let written = || -> io::Result<()> {
            if place.symlink_metadata().is_ok_and(|facts| facts.is_file()) {
                return in_place(&place, text);
            }
            if let Some(folder) = place.parent() {
                DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
            }
            put_file(&place, text)
        };
        written().map_err(failed("write", path))
    }

    /// Returns true if only the switch has changed a file, or if the file is missing. A file that only the switch has changed has its text from
    /// before the switch, or the text `after` of the switch. After a power failure, it may have only the beginning of one of these texts.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn is_own_work(
        &self,
        path: &str,
        after: &str,
        before: &StateBefore,
    ) -> Result<bool, SwitchError> {
        Ok(match self.file_before(path)? {
            StateBefore::Missing { .. } => true,
            StateBefore::Text { text } => {
                let is_half =
                    matches!(before, StateBefore::Text { text: before } if before.starts_with(&text));
                is_half || after.starts_with(&text)
            }
            now @ (StateBefore::Link { .. } | StateBefore::Units { .. }) => is_same(&now, before),
        })
    }

    /// Restores a file to its state before the switch. `after` is the text that the switch wrote.
    ///
    /// # Errors
    /// Fails if the file was changed after the switch, if it cannot be written, or if the target of the former link no longer
    /// exists.
    pub(super) fn restore(&self, path: &str, after: &str, before: &StateBefore) -> Result<(), SwitchError> {
        if !self.is_own_work(path, after, before)? {
            return Err(SwitchError::Changed { path: path.to_owned() });
        }
        let place = self.path(path);
        let is_there = place.symlink_metadata().is_ok();
        let restored = || match before {
            StateBefore::Text { text } if is_there => in_place(&place, text),
            StateBefore::Text { text } => put_file(&place, text),
            StateBefore::Link { target, .. } => put_link(&place, target),
            StateBefore::Missing { made } => {
                absent(&place)?;
                absent(&new(&place))?;
                for folder in made.iter().rev() {
                    // If the directory is not empty, another program uses it, and the removal fails.
                    let _used = fs::remove_dir(self.path(folder));
                }
                Ok(())
            }
            StateBefore::Units { .. } => Ok(()),
        };
        if is_same(&self.file_before(path)?, before) {
            return absent(&new(&place)).map_err(failed("remove the remains of", path));
        }
        self.target_is_there(path, before)?;
        restored().map_err(failed("restore", path))
    }

    /// Checks that the target of a link exists. A target that was missing before the switch is no error.
    ///
    /// # Errors
    /// Fails if the target no longer exists.
    pub(super) fn target_is_there(&self, path: &str, before: &StateBefore) -> Result<(), SwitchError> {
        match before {
            StateBefore::Link { target, dangling: false } if self.is_missing(path, target) => {
                Err(SwitchError::TargetGone { path: path.to_owned(), target: target.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Returns the text of the file before the switch. For a link, this is the present text of its target.
    pub(super) fn text_before(&self, path: &str, before: &StateBefore) -> HostFile {
        match before {
            StateBefore::Text { text } => HostFile::Text { path: path.to_owned(), text: text.clone() },
            StateBefore::Link { target, .. } => CheckedHost { root: self.root }.target(path, target),
            StateBefore::Missing { .. } | StateBefore::Units { .. } => {
                HostFile::Missing { path: path.to_owned() }
            }
        }
    }
}

/// Returns true if the state of a file has not changed. Links are the same if they have the same target path; it does not matter whether the target
/// exists.
fn is_same(now: &StateBefore, before: &StateBefore) -> bool {
    match (now, before) {
        (StateBefore::Link { target: now, .. }, StateBefore::Link { target: before, .. }) => now == before,
        _ => now == before,
    }
}

fn failed(does: &'static str, path: &str) -> impl Fn(io::Error) -> SwitchError + use<> {
    let path = path.to_owned();
    move |error| SwitchError::File { does, path: path.clone(), error }
}

/// Reads a file before the switch changes it. Fails if the text is not UTF-8 or is too long for the record, because the file could not be
/// restored exactly.
fn read(place: &Path) -> io::Result<String> {
    let mut text = String::new();
    let octets = open_regular(place)?.take(MAX_SWITCHED_FILE).read_to_string(&mut text)?;
    match octets as u64 == MAX_SWITCHED_FILE {
        true => Err(io::Error::other("it is larger than 1 MiB")),
        false => Ok(text),
    }
}

fn in_place(place: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(place)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn new(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(NEW);
    PathBuf::from(name)
}

/// Replaces a link at `place`.
fn put_file(place: &Path, text: &str) -> io::Result<()> {
    let new = new(place);
    absent(&new)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&new)?;
    file.write_all(text.as_bytes())?;
    // Without this call, the umask of this process would remove permissions.
    file.set_permissions(fs::Permissions::from_mode(MODE))?;
    file.sync_all()?;
    put(&new, place)
}

/// Replaces a file at `place`.
fn put_link(place: &Path, target: &str) -> io::Result<()> {
    let new = new(place);
    absent(&new)?;
    symlink(target, &new)?;
    put(&new, place)
}

/// The directory is synced, so that the new name survives a power failure.
fn put(new: &Path, place: &Path) -> io::Result<()> {
    fs::rename(new, place)?;
    File::open(place.parent().unwrap_or_else(|| Path::new("/")))?.sync_all()
}

fn absent(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
