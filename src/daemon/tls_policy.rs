//! The part of the daemon that answers mail servers about TLS policies: its socket, the questions to the resolver, and the file of kept
//! MTA-STS policies.
//!
//! Mail needs DNS first: if the socket is not available, the daemon logs a warning, tries again, and serves DNS without it. Mail servers
//! that are configured to ask then wait.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener as StdTcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

use super::operator::Operator;
use super::state_files;
use crate::limits::{ADDRESS_RETRY, MAX_ADDRESS_RETRY, MAX_USERS};
use crate::metrics::readers::GROUPS;
use crate::socket_owners::read;
use config::{TlsPolicyListen, TlsPolicySection};
use control::server::{SocketFile, clear_stale};
use dns::question::{Answer, Question};
use resolver::limits::ACCEPT_PAUSE;
use tls_policy::limits::MAX_CONNECTIONS;
use tls_policy::{Asker, FILE, TlsPolicies};

/// The mode of the socket file: mail servers are in its group.
const SOCKET_MODE: u32 = 0o660;

impl Asker for Operator {
    fn ask(&self, question: Question) -> BoxFuture<'_, Arc<Answer>> {
        Box::pin(async move { Operator::ask(self, &question).await.answer })
    }

    fn is_denied(&self, address: IpAddr) -> bool {
        let views = self.resolver.views();
        views.config().resolve.deny_servers.iter().any(|network| network.contains(&address))
    }
}

/// The policies, and the socket at which mail servers ask for them.
pub(super) struct TlsPolicyService {
    pub(super) policies: Arc<TlsPolicies<Operator>>,
    /// `None` if there is no state directory.
    file: Option<PathBuf>,
    section: Mutex<TlsPolicySection>,
    /// Notified after a reload has changed the section.
    changed: Notify,
}

impl TlsPolicyService {
    /// Creates the service with the policies that the previous process kept. A file that cannot be used is renamed, and logged.
    pub(super) fn begin(operator: Operator, section: &TlsPolicySection) -> Self {
        let clock = operator.clock.clone();
        let policies = Arc::new(TlsPolicies::new(operator, &clock));
        let file = state_files::path_of(FILE);
        if let Some(path) = &file {
            match state_files::open(path).and_then(|file| policies.restore(file)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    let moved = state_files::set_aside(path);
                    tracing::warn!(
                        "cannot use the MTA-STS policies in {}: {error}; {moved}; each is fetched again with the next mail to its domain",
                        path.display()
                    );
                }
                _ => {}
            }
        }
        Self { policies, file, section: Mutex::new(section.clone()), changed: Notify::new() }
    }

    pub(super) fn set(&self, section: &TlsPolicySection) {
        let mut current = self.section();
        if *current != *section {
            current.clone_from(section);
            self.changed.notify_one();
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.section().listen.is_some()
    }

    fn section(&self) -> MutexGuard<'_, TlsPolicySection> {
        self.section.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the kept policies if they have changed.
    pub(super) fn keep(&self) {
        let Some(path) = &self.file else { return };
        let written = self.policies.to_octets().and_then(|octets| match octets {
            Some(octets) => state_files::replace(path, &octets),
            None => Ok(()),
        });
        if let Err(error) = written {
            tracing::warn!(
                "cannot write {}: {error}; after a restart, MTA-STS policies are fetched again with the next mail to their domains",
                path.display()
            );
        }
    }

    /// Serves mail servers at the configured socket, renews policies and writes them to disk. Runs forever.
    pub(super) async fn run(self: Arc<Self>) -> Infallible {
        let mut pause = ADDRESS_RETRY;
        loop {
            let section = self.section().clone();
            let Some(listen) = &section.listen else {
                self.changed.notified().await;
                continue;
            };
            let serving = async {
                match Socket::bind(listen, &section.group) {
                    Ok(socket) => {
                        tracing::info!("answering mail servers about TLS policies at {listen}");
                        self.serve(&socket).await
                    }
                    Err(error) => {
                        tracing::warn!(
                            "cannot answer mail servers about TLS policies at {listen}: {error}; mail that needs a policy waits; resolverd tries again; change tls_policy.listen, or see resolverd.toml(5)"
                        );
                        sleep(pause).await;
                    }
                }
            };
            tokio::select! {
                biased;
                () = self.changed.notified() => pause = ADDRESS_RETRY,
                () = serving => pause = (pause * 2).min(MAX_ADDRESS_RETRY),
                never = self.policies.renew() => match never {},
                never = self.keep_changes() => match never {},
            }
        }
    }

    async fn keep_changes(&self) -> Infallible {
        loop {
            self.policies.is_due().await;
            block_in_place(|| self.keep());
        }
    }

    /// Accepts connections forever. If the greatest number is open, the next ones wait in the queue of the kernel.
    async fn serve(&self, socket: &Socket) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            match socket.accept().await {
                Ok(stream) => {
                    let policies = Arc::clone(&self.policies);
                    connections.spawn(async move {
                        if let Err(error) = policies.serve(stream).await {
                            tracing::debug!("a connection for TLS policies failed: {error}");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(
                        "cannot accept a connection for TLS policies: {error}; mail that needs a policy waits until this works again; if this line is repeated, raise LimitNOFILE with `systemctl edit resolverd`"
                    );
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// A connection of a mail server.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<Kind: AsyncRead + AsyncWrite + Send + Unpin> Stream for Kind {}

/// A bound socket. Drop removes the file of a Unix socket.
enum Socket {
    Unix(UnixListener, PathBuf),
    Tcp(TcpListener),
}

impl Socket {
    fn bind(listen: &TlsPolicyListen, group: &str) -> io::Result<Self> {
        match listen {
            TlsPolicyListen::Socket(path) => {
                match clear_stale(path)? {
                    SocketFile::Free => {}
                    SocketFile::InUse => return Err(io::Error::other("another process uses the socket")),
                    SocketFile::NoSocket => {
                        return Err(io::Error::other("the file exists and is not a socket"));
                    }
                }
                let bound = Self::Unix(UnixListener::bind(path)?, path.clone());
                give_to(path, group)?;
                Ok(bound)
            }
            TlsPolicyListen::Address(address) => {
                let listener = StdTcpListener::bind(address)?;
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Self::Tcp)
            }
        }
    }

    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::Unix(listener, _) => Box::new(listener.accept().await?.0),
            Self::Tcp(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            // Somebody else may have removed the file.
            let _already_gone = std::fs::remove_file(path);
        }
    }
}

/// Gives the socket file to the group, and lets the group connect.
fn give_to(path: &Path, group: &str) -> io::Result<()> {
    if !group.is_empty() {
        let id = group_id(&read(GROUPS, MAX_USERS), group);
        let id = id.ok_or_else(|| io::Error::other(format!("there is no group {group}")))?;
        std::os::unix::fs::chown(path, None, Some(id)).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot give the socket to the group {group}: {error}; resolverd must be a member of the group (SupplementaryGroups= in its unit)"))
        })?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))
}

/// Returns the id of a group. `groups` is the content of the file with groups (group(5)).
fn group_id(groups: &str, group: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let (name, rest) = line.split_once(':')?;
        if name == group { rest.split(':').nth(1)?.parse().ok() } else { None }
    })
}
