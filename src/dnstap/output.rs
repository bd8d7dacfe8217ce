//! The place where frames go: a Unix socket with a handshake, or a file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::frames::{Control, accepts, body_length, control};
use super::tapped::TapTarget;
use crate::limits::{MAX_TAP_FILE, TAP_TIME};

/// An output that has begun.
pub(super) enum Output {
    Socket(UnixStream),
    File(TapFile),
}

/// A file, and the octets in it.
pub(super) struct TapFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Output {
    /// Begins it: connects and shakes hands, or makes a new file.
    ///
    /// # Errors
    /// The socket or the file cannot be opened, or the program at the socket does not read dnstap.
    pub(super) async fn begin(target: &TapTarget) -> io::Result<Self> {
        match target {
            TapTarget::Socket(path) => in_time(connect(path)).await.map(Self::Socket),
            TapTarget::File(path) => {
                let path = path.clone();
                blocking(move || TapFile::create(path)).await.map(Self::File)
            }
        }
    }

    /// Writes whole frames; gives it back if that is done.
    ///
    /// # Errors
    /// The reader has left, or does not read; or the file cannot be written.
    pub(super) async fn write(self, frames: Vec<u8>) -> io::Result<Self> {
        match self {
            Self::Socket(mut stream) => {
                in_time(stream.write_all(&frames)).await?;
                Ok(Self::Socket(stream))
            }
            Self::File(mut file) => {
                blocking(move || {
                    file.write(&frames)?;
                    Ok(Self::File(file))
                })
                .await
            }
        }
    }

    /// Ends it, so that the reader knows that nothing is missing.
    pub(super) async fn end(self) -> io::Result<()> {
        let mut ended = self.write(control(Control::Stop)).await?;
        if let Self::Socket(stream) = &mut ended {
            stream.shutdown().await?;
            // FINISH, or the end: a reader that is closed before may lose the last frames.
            let _ = stream.read(&mut [0; 64]).await;
        }
        Ok(())
    }
}

async fn connect(path: &Path) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(path).await?;
    stream.write_all(&control(Control::Ready)).await?;
    let mut head = [0; 8];
    stream.read_exact(&mut head).await?;
    let foreign = || io::Error::new(ErrorKind::InvalidData, "the program at the socket does not read dnstap");
    let mut body = vec![0; body_length(head).ok_or_else(foreign)?];
    stream.read_exact(&mut body).await?;
    if !accepts(&body) {
        return Err(foreign());
    }
    stream.write_all(&control(Control::Start)).await?;
    Ok(stream)
}

async fn in_time<Done>(work: impl Future<Output = io::Result<Done>>) -> io::Result<Done> {
    let late = || io::Error::new(ErrorKind::TimedOut, "the program at the socket does not respond");
    timeout(TAP_TIME, work).await.unwrap_or_else(|_| Err(late()))
}

async fn blocking<Done: Send + 'static>(
    work: impl FnOnce() -> io::Result<Done> + Send + 'static,
) -> io::Result<Done> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl TapFile {
    fn create(path: PathBuf) -> io::Result<Self> {
        // The file of the last process, or the full one.
        match fs::rename(&path, before(&path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(0o640).open(&path)?;
        let start = control(Control::Start);
        file.write_all(&start)?;
        Ok(Self { path, file, length: octets(&start) })
    }

    fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        if self.length.saturating_add(octets(frames)) > MAX_TAP_FILE {
            self.file.write_all(&control(Control::Stop))?;
            *self = Self::create(self.path.clone())?;
        }
        self.file.write_all(frames)?;
        self.length = self.length.saturating_add(octets(frames));
        Ok(())
    }
}

/// FILE.1 of FILE.
fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn octets(frames: &[u8]) -> u64 {
    u64::try_from(frames.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_gives_way_and_both_are_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tap");
        fs::write(&path, "of the last process").unwrap();
        let mut file = TapFile::create(path.clone()).unwrap();
        assert_eq!(fs::read(before(&path)).unwrap(), b"of the last process");
        file.write(b"one").unwrap();
        file.length = MAX_TAP_FILE - 2;
        file.write(b"two").unwrap();
        let (start, stop) = (control(Control::Start), control(Control::Stop));
        assert_eq!(fs::read(before(&path)).unwrap(), [&start, &b"one"[..], &stop].concat());
        assert_eq!(fs::read(&path).unwrap(), [&start, &b"two"[..]].concat());
    }
}
