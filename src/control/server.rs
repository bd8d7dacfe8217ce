//! The control socket, over which `resolverctl` talks to the daemon.
//!
//! See unix(7): a user with write permission for the socket file may connect.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::{self, Streamed, ended};
use super::controlled::Controlled;
use super::{monitor, trace};
use crate::limits;

/// The mode of the socket file. Members of its group can connect too, and read the state of the daemon.
const SOCKET_MODE: u32 = 0o660;

/// The reason why the control socket could not be created.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another daemon uses the socket with this path.
    #[error("another resolverd uses the control socket {path}; stop it, or set another control.socket")]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// A file exists at this path, and it is not a socket.
    #[error("{path} exists and is not a socket; remove it, or set another control.socket")]
    NoSocket {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused to create the socket.
    #[error(
        "cannot create the control socket {path}: {error}; set control.socket to a path in a directory that this user may write to"
    )]
    System {
        /// The path of the socket.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
}

/// The control socket of this daemon. Drop removes the socket file.
#[derive(Debug)]
pub struct ControlServer {
    path: PathBuf,
    listener: UnixListener,
}

impl ControlServer {
    /// Binds the socket, and creates its directory if it is missing. Must be called inside a runtime.
    ///
    /// # Errors
    /// Fails if another daemon answers on the socket, if the path is not a socket, or if the operating system refuses.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        let system = |error| BindError::System { path: path.to_owned(), error };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(system)?;
        }
        match clear_stale(path).map_err(system)? {
            SocketFile::Free => {}
            SocketFile::InUse => return Err(BindError::InUse { path: path.to_owned() }),
            SocketFile::NoSocket => return Err(BindError::NoSocket { path: path.to_owned() }),
        }
        let listener = UnixListener::bind(path).map_err(system)?;
        let server = Self { path: path.to_owned(), listener };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE)).map_err(system)?;
        Ok(server)
    }

    /// Accepts connections and serves them until `ending` becomes true. Requests that the daemon received before this moment are
    /// still answered. If the future is dropped, all connections are closed.
    pub async fn run<Daemon: Controlled>(&self, subject: Arc<Daemon>, mut ending: watch::Receiver<bool>) {
        let permits = Arc::new(Semaphore::new(limits::MAX_CONTROL_CONNECTIONS));
        let readers = Arc::new(Semaphore::new(limits::MAX_HISTORY_REQUESTS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                biased;
                () = ended(&mut ending) => break,
                accepted = self.listener.accept() => accepted,
            };
            // If the greatest number of connections is open, one accepted client waits here until another connection ends. Further clients wait in
            // the queue of the kernel, whose length is limited.
            let permit = tokio::select! {
                biased;
                () = ended(&mut ending) => break,
                permit = Arc::clone(&permits).acquire_owned() => permit,
            };
            let Ok(permit) = permit else { break };
            match accepted {
                Ok((stream, _)) => {
                    let (subject, readers, ending) =
                        (Arc::clone(&subject), Arc::clone(&readers), ending.clone());
                    connections.spawn(async move {
                        serve(stream, subject.as_ref(), &readers, ending).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(
                        "cannot accept a connection on the control socket: {error}; resolverctl gets no reply until this works again, but DNS queries are answered; resolverd tries again; if this line is repeated, raise LimitNOFILE with `systemctl edit resolverd`"
                    );
                    tokio::time::sleep(resolver::limits::ACCEPT_PAUSE).await;
                }
            }
        }
        while connections.join_next().await.is_some() {}
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        // Somebody else may have removed the file.
        let _already_gone = std::fs::remove_file(&self.path);
    }
}

/// Serves a connection. The duration of each request is limited, except for a monitor.
async fn serve(
    stream: UnixStream,
    subject: &impl Controlled,
    readers: &Semaphore,
    ending: watch::Receiver<bool>,
) {
    match timeout(protocol::limits::CONTROL_TIME, connection::serve(stream, subject, readers, ending.clone()))
        .await
    {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(Streamed::Trace(stream, request)))) => {
            let traced =
                timeout(protocol::limits::CONTROL_TIME, trace::stream(stream, &request, subject, ending));
            match traced.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!("a trace at the control socket failed: {error}"),
                Err(_) => tracing::debug!("a trace at the control socket timed out"),
            }
        }
        Ok(Ok(Some(Streamed::Monitor(stream, request)))) => {
            if let Err(error) = monitor::stream(stream, &request, subject, ending).await {
                tracing::debug!("a monitor at the control socket failed: {error}");
            }
        }
        Ok(Err(error)) => tracing::debug!("a connection to the control socket failed: {error}"),
        Err(_) => tracing::debug!("a connection to the control socket timed out"),
    }
}

/// What is at the path of a Unix socket that a daemon is about to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketFile {
    /// Nothing, or nothing any more.
    Free,
    /// The socket of a process that runs.
    InUse,
    /// A file that is not a socket.
    NoSocket,
}

/// Removes the socket file of a process that has died.
///
/// # Errors
/// The file cannot be removed.
pub fn clear_stale(path: &Path) -> io::Result<SocketFile> {
    let Ok(about) = std::fs::symlink_metadata(path) else { return Ok(SocketFile::Free) };
    if !about.file_type().is_socket() {
        return Ok(SocketFile::NoSocket);
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map(|()| SocketFile::Free)
        }
        // Any other result, even "permission denied", shows that a process uses the socket.
        _ => Ok(SocketFile::InUse),
    }
}
