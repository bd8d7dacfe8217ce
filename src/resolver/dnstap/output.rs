//! The place where frames go: a Unix socket with a handshake, or a file.

use std::io::{self, ErrorKind};
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::file::TapFile;
use super::frames::{Control, accepts, body_length, control};
use super::tapped::TapTarget;
use crate::limits::TAP_TIME;

/// An output that has begun.
pub(super) enum Output {
    Socket(UnixStream),
    File(TapFile),
}

/// Why frames were not written.
pub(super) struct Failed {
    pub(super) error: io::Error,
    /// The file. The next attempt continues it and keeps its content.
    pub(super) kept: Option<TapFile>,
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self { error, kept: None }
    }
}

impl Output {
    /// Begins it: connects and shakes hands, makes a new file, or goes on with the one that was kept.
    ///
    /// # Errors
    /// The socket or the file cannot be opened, or the program at the socket does not read dnstap.
    pub(super) async fn begin(target: &TapTarget, kept: Option<TapFile>) -> Result<Self, Failed> {
        match target {
            TapTarget::Socket(path) => Ok(in_time(connect(path)).await.map(Self::Socket)?),
            TapTarget::File(path) => {
                let path = path.clone();
                let begun = move || match kept.filter(|kept| kept.path() == path && kept.is_in_place()) {
                    Some(mut kept) => done(kept.cut(), kept),
                    None => Ok(TapFile::begin(path)?),
                };
                blocking(begun).await.map(Self::File)
            }
        }
    }

    /// Writes whole frames; gives it back if that is done.
    ///
    /// # Errors
    /// The reader has left, or does not read; or the file cannot be written.
    pub(super) async fn write(self, frames: Vec<u8>) -> Result<Self, Failed> {
        match self {
            Self::Socket(mut stream) => {
                in_time(stream.write_all(&frames)).await?;
                Ok(Self::Socket(stream))
            }
            Self::File(mut file) => blocking(move || done(file.write(&frames), file)).await.map(Self::File),
        }
    }

    /// Ends it, so that the reader knows that nothing is missing.
    pub(super) async fn end(self) -> io::Result<()> {
        let ended = self.write(control(Control::Stop)).await;
        let mut ended = ended.map_err(|failed| failed.error)?;
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

async fn blocking(
    work: impl FnOnce() -> Result<TapFile, Failed> + Send + 'static,
) -> Result<TapFile, Failed> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error).into()))
}

fn done(result: io::Result<()>, file: TapFile) -> Result<TapFile, Failed> {
    match result {
        Ok(()) => Ok(file),
        Err(error) => Err(Failed { error, kept: Some(file) }),
    }
}
