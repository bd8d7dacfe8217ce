//! The file that frames go to.
//!
//! Old messages are worth more than new ones: an error never costs FILE or FILE.1. A new file begins as FILE.new, and only
//! when its first frame is on the disk do FILE and FILE.1 give way. No other file is renamed or removed.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::frames::{Control, control};
use crate::limits::MAX_TAP_FILE;

/// The mode of a file, also with the `UMask` of the systemd unit: its group may read it.
const MODE: u32 = 0o640;

/// A file, and the octets of whole frames in it.
pub(super) struct TapFile {
    path: PathBuf,
    file: File,
    length: u64,
}

/// The content of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PathContent {
    Nothing,
    /// A dnstap file without messages, or an empty file.
    Bare,
    /// A dnstap file with messages.
    Messages,
}

/// Checks that resolverd may write its dnstap file at `path`: nothing is there, or in FILE.1, that is not of dnstap.
///
/// # Errors
/// Another file is there, or it cannot be read; the text is for people.
pub fn check(path: &Path) -> io::Result<()> {
    [path.to_owned(), with_suffix(path, ".1"), with_suffix(path, ".new")]
        .iter()
        .try_for_each(|path| found(path).map(drop))
}

impl TapFile {
    /// Begins a new file. One with messages becomes FILE.1.
    pub(super) fn begin(path: PathBuf) -> io::Result<Self> {
        check(&path)?;
        let (file, length) = begun(&path)?;
        in_place(&path)?;
        Ok(Self { path, file, length })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes whole frames. On an error the file keeps the frames that it had.
    pub(super) fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        let result = self.append(frames);
        if result.is_err() {
            // If this fails too, the next attempt does it.
            let _ = self.cut();
        }
        result
    }

    fn append(&mut self, frames: &[u8]) -> io::Result<()> {
        let is_full = self.length.saturating_add(octets(frames)) > MAX_TAP_FILE;
        // Two system calls, at most once in each `limits::TAP_PAUSE`. Frames that are written to a removed file are lost.
        if is_full || !self.is_in_place() {
            check(&self.path)?;
            let (file, length) = begun(&self.path)?;
            self.file.write_all(&control(Control::Stop))?;
            in_place(&self.path)?;
            (self.file, self.length) = (file, length);
        }
        self.file.write_all(frames)?;
        self.length = self.length.saturating_add(octets(frames));
        Ok(())
    }

    /// Returns true if it is still what its path names: nobody has removed or renamed it, for instance to make room.
    pub(super) fn is_in_place(&self) -> bool {
        let identity = |metadata: io::Result<Metadata>| metadata.ok().map(|it| (it.dev(), it.ino()));
        let own = identity(self.file.metadata());
        own.is_some() && own == identity(fs::symlink_metadata(&self.path))
    }

    /// Removes the part of a frame that an attempt to write has left at the end.
    pub(super) fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length)).map(drop)
    }
}

/// Makes FILE.new of FILE, and its first frame.
fn begun(path: &Path) -> io::Result<(File, u64)> {
    let new = with_suffix(path, ".new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(MODE).open(&new)?;
    let start = control(Control::Start);
    let written = file.set_permissions(Permissions::from_mode(MODE)).and_then(|()| file.write_all(&start));
    if let Err(error) = written {
        // A file without its first frame is of no use.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    Ok((file, octets(&start)))
}

/// FILE.new becomes FILE, and FILE becomes FILE.1 if it has messages.
fn in_place(path: &Path) -> io::Result<()> {
    if found(path)? == PathContent::Messages {
        fs::rename(path, with_suffix(path, ".1"))?;
    }
    fs::rename(with_suffix(path, ".new"), path)
}

/// # Errors
/// It is no file of dnstap.
fn found(path: &Path) -> io::Result<PathContent> {
    let foreign = |what: &str| {
        let wrong = format!("{} is {what}; resolverd leaves it as it is", path.display());
        Err(io::Error::new(ErrorKind::AlreadyExists, wrong))
    };
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(PathContent::Nothing),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return foreign("not a regular file");
    }
    let (start, stop) = (control(Control::Start), control(Control::Stop));
    let mut begin = Vec::new();
    File::open(path)?.take(octets(&start)).read_to_end(&mut begin)?;
    if !begin.is_empty() && begin != start {
        return foreign("not a dnstap file");
    }
    let is_bare = metadata.len() <= octets(&start).saturating_add(octets(&stop));
    Ok(if is_bare { PathContent::Bare } else { PathContent::Messages })
}

/// The path with an ending: FILE.1 of FILE.
fn with_suffix(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn octets(frames: &[u8]) -> u64 {
    u64::try_from(frames.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"the frame of a message";

    fn start() -> Vec<u8> {
        control(Control::Start)
    }

    /// A directory with FILE and FILE.1 of earlier processes.
    fn older() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tap");
        fs::write(&path, [&start(), ONE, b" of FILE"].concat()).unwrap();
        fs::write(with_suffix(&path, ".1"), [&start(), ONE, b" of FILE.1"].concat()).unwrap();
        (directory, path)
    }

    fn ends(path: &Path, with: &[u8]) -> bool {
        fs::read(path).unwrap().ends_with(with)
    }

    #[test]
    fn a_full_file_gives_way_and_both_are_whole() {
        let (_directory, path) = older();
        let mut file = TapFile::begin(path.clone()).unwrap();
        assert!(ends(&with_suffix(&path, ".1"), b" of FILE"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        file.write(ONE).unwrap();
        file.length = MAX_TAP_FILE - 2;
        file.write(b"two").unwrap();
        let stop = control(Control::Stop);
        assert_eq!(fs::read(with_suffix(&path, ".1")).unwrap(), [&start(), ONE, &stop].concat());
        assert_eq!(fs::read(&path).unwrap(), [&start(), &b"two"[..]].concat());
    }

    #[test]
    fn a_file_that_is_no_longer_in_its_place_gets_its_end_and_no_more() {
        let (_directory, path) = older();
        let moved = with_suffix(&path, ".moved");
        let mut file = TapFile::begin(path.clone()).unwrap();
        file.write(ONE).unwrap();
        fs::rename(&path, &moved).unwrap();
        file.write(b"two").unwrap();
        fs::remove_file(&path).unwrap();
        file.write(b"three").unwrap();
        assert_eq!(fs::read(&moved).unwrap(), [&start(), ONE, &control(Control::Stop)].concat());
        assert_eq!(fs::read(&path).unwrap(), [&start(), &b"three"[..]].concat());
        assert!(ends(&with_suffix(&path, ".1"), b" of FILE"), "it is as it was");
        // Another file that stands there now is left alone.
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"version = 1").unwrap();
        assert!(file.write(b"four").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"version = 1");
    }

    #[test]
    fn a_file_without_messages_does_not_replace_the_old_one() {
        for bare in [Vec::new(), start(), [start(), control(Control::Stop)].concat()] {
            let (_directory, path) = older();
            fs::write(&path, bare).unwrap();
            TapFile::begin(path.clone()).unwrap();
            assert!(ends(&with_suffix(&path, ".1"), b" of FILE.1"));
        }
    }

    #[test]
    fn no_error_costs_what_was_written() {
        let (_directory, path) = older();
        // The new file cannot begin.
        fs::create_dir(with_suffix(&path, ".new")).unwrap();
        assert!(begun(&path).is_err() && TapFile::begin(path.clone()).is_err());
        assert!(ends(&path, b" of FILE") && ends(&with_suffix(&path, ".1"), b" of FILE.1"));
        fs::remove_dir(with_suffix(&path, ".new")).unwrap();
        // The file has no room for a whole frame, and goes on when there is.
        let mut file = TapFile::begin(path.clone()).unwrap();
        file.write(ONE).unwrap();
        file.file.write_all(b"a part").unwrap();
        file.cut().unwrap();
        file.write(b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), [&start(), ONE, b"two"].concat());
        assert!(file.is_in_place());
        // Nor can the full one give way.
        file.file = File::open(&path).unwrap();
        file.length = MAX_TAP_FILE;
        assert!(file.write(ONE).is_err());
        assert!(ends(&path, b"two") && ends(&with_suffix(&path, ".1"), b" of FILE"));
        fs::remove_file(&path).unwrap();
        assert!(!file.is_in_place(), "removed to make room");
    }

    #[test]
    fn what_is_not_of_dnstap_is_left_alone() {
        for ending in ["", ".1", ".new"] {
            let (_directory, path) = older();
            let other = with_suffix(&path, ending);
            fs::write(&other, b"version = 1").unwrap();
            let error = TapFile::begin(path.clone()).map(drop).unwrap_err().to_string();
            assert!(error.contains(&format!("{} is not a dnstap file", other.display())), "{error}");
            assert_eq!(fs::read(&other).unwrap(), b"version = 1");
            fs::remove_file(&other).unwrap();
            fs::create_dir(&other).unwrap();
            assert!(check(&path).is_err() && TapFile::begin(path.clone()).is_err());
            fs::remove_dir(&other).unwrap();
            std::os::unix::fs::symlink("/dev/null", &other).unwrap();
            assert!(check(&path).is_err() && TapFile::begin(path.clone()).is_err());
            assert!(fs::symlink_metadata(&other).unwrap().is_symlink());
        }
    }
}
