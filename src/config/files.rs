//! Reads files that the configuration names, with limits on their kind, their size and the time for reading them.
//!
//! Otherwise a file without an end (such as `/dev/zero`) would use up the memory, and a pipe without a writer would block a reload. The daemon reads
//! its state directory in the same way.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::report::WrongValue;
use crate::limits::PIPE_TIME;

/// The owner may read and write a file with a secret, and the group may read it.
const SECRET_MODE: u32 = 0o640;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("cannot be read: {0}")]
    System(#[from] io::Error),
    /// The file is not regular: it may have no end, or may not contain text.
    #[error("is {0}, not a regular file")]
    Kind(&'static str),
    /// The size limit, in octets.
    #[error("is larger than {0} octets")]
    TooLarge(u64),
    /// The writer of a pipe did not close it within this time.
    #[error("is a pipe whose writer did not finish within {0:?}")]
    Late(Duration),
}

/// What happens with a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The target of the link is opened.
    Followed,
    /// The link is an error.
    Refused,
}

/// Opens a file of any kind for reading, without waiting. Without these flags, the opening of a pipe would wait for a writer, and a
/// terminal could become the controlling terminal of this process.
///
/// # Errors
/// Returns the error of the system.
pub fn open_at_once(path: &Path, link: Link) -> io::Result<(File, Metadata)> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    flags.set(OFlags::NOFOLLOW, link == Link::Refused);
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let about = file.metadata()?;
    Ok((file, about))
}

/// Opens a regular file, or a link to one, for reading, without waiting.
///
/// # Errors
/// Returns the error of the system, or an error if the file is not regular.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let (file, about) = open_at_once(path, Link::Followed)?;
    match about.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// An open file of a permitted kind.
pub(super) struct Opened {
    file: File,
    about: Metadata,
}

impl Opened {
    /// Opens a regular file. Any other kind of file is an error.
    pub(super) fn regular(path: &Path) -> Result<Self, Unreadable> {
        let opened = Self::open(path)?;
        if opened.about.is_file() { Ok(opened) } else { Err(Unreadable::Kind(opened.kind())) }
    }

    /// Opens a regular file or a pipe. A pipe is needed for `resolverctl config check /dev/stdin`, and for `<(...)` in a shell.
    pub(super) fn regular_or_pipe(path: &Path) -> Result<Self, Unreadable> {
        let opened = Self::open(path)?;
        let readable = opened.about.is_file() || opened.about.file_type().is_fifo();
        if readable { Ok(opened) } else { Err(Unreadable::Kind(opened.kind())) }
    }

    fn open(path: &Path) -> Result<Self, Unreadable> {
        let (file, about) = open_at_once(path, Link::Followed)?;
        Ok(Self { file, about })
    }

    fn kind(&self) -> &'static str {
        let kind = self.about.file_type();
        if kind.is_dir() {
            "a directory"
        } else if kind.is_fifo() {
            "a pipe"
        } else {
            "a device"
        }
    }

    /// Returns an error if other users may read or write the file with a secret. The error shows `path`.
    pub(super) fn refuse_others(&self, path: &Path) -> Result<(), WrongValue> {
        let (file, mode) = (path.display(), self.about.permissions().mode() & 0o777);
        if mode & !SECRET_MODE == 0 {
            return Ok(());
        }
        let wrong = format!("the mode of {file} is {mode:04o}, so other users may read or write it");
        Err(WrongValue::new(wrong, format!("run `chmod 0640 {file}`")))
    }

    /// Reads the whole file as text. More than `most` octets are an error.
    pub(super) fn text(mut self, most: u64) -> Result<String, Unreadable> {
        let until = Instant::now() + PIPE_TIME;
        let mut octets = Vec::new();
        loop {
            wait(&self.file, until)?;
            // One octet more than `most` shows that the file is too large.
            let left = most.saturating_add(1).saturating_sub(len(&octets));
            match (&mut self.file).take(left.min(CHUNK)).read_to_end(&mut octets) {
                Ok(0) => break,
                Ok(_) => {}
                // The pipe is empty, but its writer has not closed it, so the next `wait` waits for more octets.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            if len(&octets) > most {
                return Err(Unreadable::TooLarge(most));
            }
        }
        let text = String::from_utf8(octets);
        text.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8").into())
    }
}

/// The maximum of one read, in octets.
const CHUNK: u64 = 64 << 10;

fn len(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// Waits for more data, the end of the file, or the time `until`. Returns immediately for a regular file.
fn wait(file: &File, until: Instant) -> Result<(), Unreadable> {
    let left = until.saturating_duration_since(Instant::now());
    let patience = Timespec::try_from(left).map_err(|_| Unreadable::Late(PIPE_TIME))?;
    match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&patience)) {
        Ok(0) => Err(Unreadable::Late(PIPE_TIME)),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(io::Error::from(error).into()),
    }
}
