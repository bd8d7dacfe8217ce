//! The files in the state directory, which store data for the next process.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use config::files::{Link, open_at_once};

/// Returns `None` if the service manager provides no state directory.
pub(super) fn path_of(name: &str) -> Option<PathBuf> {
    let directories = std::env::var_os("STATE_DIRECTORY")?;
    // The variable may have several directories with colons between them. The first one is the state directory of resolverd
    // (systemd.exec(5)).
    let first = std::env::split_paths(&directories).next()?;
    first.is_absolute().then(|| first.join(name))
}

/// Another process uses the state directory with this path.
#[derive(Debug, thiserror::Error)]
#[error(
    "another resolverd uses the state directory {}; stop it, or give this one a directory of its own (StateDirectory= in its unit)",
    .0.display()
)]
pub struct StateInUse(PathBuf);

/// Locks the state directory until the returned file is closed, so that no second process replaces its files. Returns `None` if
/// there is no state directory, or after another error, which is logged.
///
/// # Errors
/// Fails if another process has locked the directory.
pub(super) fn lock() -> Result<Option<File>, StateInUse> {
    let Some(path) = path_of("lock") else { return Ok(None) };
    let opened = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let locked = opened.map_err(TryLockError::Error).and_then(|file| file.try_lock().map(|()| file));
    match locked {
        Ok(file) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            Err(StateInUse(path.parent().map(Path::to_owned).unwrap_or_default()))
        }
        Err(TryLockError::Error(error)) => {
            tracing::warn!(
                "cannot lock {}: {error}; a second resolverd with the same state directory would replace its files",
                path.display()
            );
            Ok(None)
        }
    }
}

/// Fails if the file is not a regular file: opening a pipe would wait for a writer, and the daemon could neither start nor stop.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let irregular = || io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(irregular());
    }
    // Somebody may have replaced the file after this check, so the opened file is checked too.
    let (file, about) = open_at_once(path, Link::Refused)?;
    if about.is_file() { Ok(file) } else { Err(irregular()) }
}

/// Creates a file, and first removes one that an interrupted write has left. A link or a pipe at this path is not opened.
pub(super) fn create_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// Replaces a file. A reader finds either the complete old or the complete new file.
pub(super) fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = create_new(&new)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    // Only the sync of the directory makes the rename safe on the disk.
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// Adds an extension to the complete name: `NAME.EXTENSION`.
pub(super) fn with_extension_added(path: &Path, extension: &str) -> PathBuf {
    let mut whole = OsString::from(path);
    whole.push(".");
    whole.push(extension);
    whole.into()
}

/// Renames a file that cannot be used, so that an operator can examine it. Returns the result as a part of a log line.
pub(super) fn set_aside(path: &Path) -> String {
    let aside = with_extension_added(path, "refused");
    match fs::rename(path, &aside) {
        Ok(()) => format!("moved it to {}", aside.display()),
        Err(error) => format!("cannot move it to {}: {error}", aside.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A link in the place of the new file is not followed.
    #[test]
    fn state_file_is_replaced_atomically() {
        let directory = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (directory.path().join("kept.json"), directory.path().join("elsewhere"));
        std::os::unix::fs::symlink(&elsewhere, path.with_extension("new")).unwrap();
        for text in ["one", "two"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(!elsewhere.exists());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
