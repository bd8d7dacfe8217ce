//! Reads files that the configuration mentions. The permitted kinds of files, their size and the time for reading them are limited.
//!
//! Without these limits, a file without an end (such as `/dev/zero`) would use up the memory, and a pipe without a writer would block a reload. Now
//! they cause an error message. The daemon opens the files in its state directory in the same way.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

use super::report::WrongValue;
use crate::limits::PIPE_TIME;

/// The greatest permitted mode of a file with a secret: its owner may read and write it, and its group may read it.
const SECRET_MODE: u32 = 0o640;

/// The reason why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    /// The operating system cannot open or read the file.
    #[error("cannot be read: {0}")]
    System(#[from] io::Error),
    /// The file is neither a regular file nor of another permitted kind. It may have no end, or may not contain text.
    #[error("is {0}, not a regular file")]
    Kind(&'static str),
    /// The file is larger than this limit, in octets.
    #[error("is larger than {0} octets")]
    TooLarge(u64),
    /// The file is a pipe, and the program that writes to it did not close it within this time.
    #[error("is a pipe whose writer did not finish within {0:?}")]
    Late(Duration),
}

/// What happens if the last part of a path is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The file that the link refers to is opened.
    Followed,
    /// The file is not opened, and an error is returned.
    Refused,
}

/// Opens a file of any kind for reading, without ever waiting. (Without the flags used here, opening a pipe would wait for a writer, and opening a
/// terminal could make it the controlling terminal of this process.)
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

/// Opens a regular file, or a symbolic link to one, for reading, without ever waiting.
///
/// # Errors
/// Returns the error of the system, or an error if the path does not lead to a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let (file, about) = open_at_once(path, Link::Followed)?;
    match about.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// An open file that the configuration names, of a kind that may be read.
pub(super) struct Opened {
    file: File,
    about: Metadata,
}

impl Opened {
    /// Opens the regular file at `path`. Any other kind of file is an error.
    pub(super) fn regular(path: &Path) -> Result<Self, Unreadable> {
        let opened = Self::open(path)?;
        if opened.about.is_file() { Ok(opened) } else { Err(Unreadable::Kind(opened.kind())) }
    }

    /// Opens a regular file or a pipe. A pipe is used by `resolverctl config check /dev/stdin`, or by `<(...)` in a shell.
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

    /// Returns an error if other users may read or write the file, because everyone who can read the secret in it can use it. `path` is shown in
    /// the error.
    pub(super) fn refuse_others(&self, path: &Path) -> Result<(), WrongValue> {
        let (file, mode) = (path.display(), self.about.permissions().mode() & 0o777);
        if mode & !SECRET_MODE == 0 {
            return Ok(());
        }
        let wrong = format!("the mode of {file} is {mode:04o}, so other users may read or write it");
        Err(WrongValue::new(wrong, format!("run `chmod 0640 {file}`")))
    }

    /// Reads the text of the file. More than `most` octets are an error.
    pub(super) fn text(mut self, most: u64) -> Result<String, Unreadable> {
        let until = Instant::now() + PIPE_TIME;
        let mut octets = Vec::new();
        loop {
            wait(&self.file, until)?;
            // Reads one octet more than permitted, to find out whether the file is too large.
            let left = most.saturating_add(1).saturating_sub(len(&octets));
            match (&mut self.file).take(left.min(CHUNK)).read_to_end(&mut octets) {
                Ok(0) => break,
                Ok(_) => {}
                // The pipe has no more data now, but its writer has not closed it yet.
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

/// The greatest number of octets that are read from a file at a time.
const CHUNK: u64 = 64 << 10;

fn len(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// Waits until more data can be read, until the end of the file is reached, or until the time `until`. For a regular file, it returns immediately.
fn wait(file: &File, until: Instant) -> Result<(), Unreadable> {
    let left = until.saturating_duration_since(Instant::now());
    let patience = Timespec::try_from(left).map_err(|_| Unreadable::Late(PIPE_TIME))?;
    match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&patience)) {
        Ok(0) => Err(Unreadable::Late(PIPE_TIME)),
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(io::Error::from(error).into()),
    }
}
