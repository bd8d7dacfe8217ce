//! Files in the state directory, which the next process reads.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A file in the state directory, where the service manager gives one.
pub(super) fn path_of(name: &str) -> Option<PathBuf> {
    let directories = std::env::var_os("STATE_DIRECTORY")?;
    // Several are separated by colons, and the first is ours (systemd.exec(5)).
    let first = std::env::split_paths(&directories).next()?;
    first.is_absolute().then(|| first.join(name))
}

/// Opens such a file, if it is a regular file: the open of a pipe would wait for its writer, and neither the
/// start nor the stop of the daemon would end.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let irregular = || io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(irregular());
    }
    // It may have been replaced meanwhile.
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}
