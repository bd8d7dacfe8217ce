//! The client of the control socket: it sends one request and reads the lines of the reply.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, Style, json};
use crate::limits;
use protocol::{Reply, Request};

/// Longer than the daemon's own time limit for a request, so that the user gets the daemon's error message.
const PATIENCE: Duration = protocol::limits::CONTROL_TIME.saturating_add(Duration::from_secs(1));

/// A client for the control socket of the daemon.
#[derive(Clone)]
pub(super) struct ControlClient {
    socket: PathBuf,
    /// The time limit of the connection attempt, and of each read and write.
    patience: Duration,
}

impl ControlClient {
    pub(super) fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), patience: PATIENCE }
    }

    #[must_use]
    pub(super) fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    fn failed(&self, error: &io::Error) -> CommandFailure {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CommandFailure::Timeout(self.patience),
            _ => CommandFailure::CutOff(error.to_string()),
        }
    }

    /// Returns the lines of the reply, without the last line `end`.
    pub(super) fn ask(&self, request: &Request) -> Result<Vec<Reply>, CommandFailure> {
        let mut replies = Vec::new();
        self.each(request, |reply| {
            replies.push(reply);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(replies)
    }

    /// Calls `take` with each line of the reply as it arrives, until `take` returns `Break` or the reply ends. Fails if a line
    /// takes longer than `patience`.
    pub(super) fn each(
        &self,
        request: &Request,
        take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
    ) -> Result<(), CommandFailure> {
        let stream = self.send(request)?;
        stream.set_read_timeout(Some(self.patience)).map_err(|error| self.failed(&error))?;
        read(BufReader::new(&stream), |error| self.failed(error), take)
    }

    /// Calls `take` with each line of the reply as it arrives, until `take` returns `Break` or the reply ends. Each line may
    /// take any time.
    pub(super) fn follow(
        &self,
        request: &Request,
        take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
    ) -> Result<(), CommandFailure> {
        let stream = self.send(request)?;
        stream.set_read_timeout(None).map_err(|error| self.failed(&error))?;
        read(BufReader::new(&stream), |error| self.failed(error), take)
    }

    /// Sends a request. The caller reads the reply from the returned socket.
    fn send(&self, request: &Request) -> Result<UnixStream, CommandFailure> {
        let mut line =
            serde_json::to_vec(request).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        line.push(b'\n');
        let mut stream = self.connect().map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => CommandFailure::Permission { socket: self.socket.clone() },
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.failed(&error),
            _ => CommandFailure::Unreachable { socket: self.socket.clone(), error },
        })?;
        match stream.write_all(&line) {
            // After a broken pipe, the reply has the reason: the daemon refused the connection before it read the request.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(self.failed(&error)),
            _ => Ok(stream),
        }
    }

    /// Connects to the socket. If the daemon hangs and the queue of its socket is full, the kernel waits for at most the time
    /// limit of a write (SO_SNDTIMEO, socket(7)).
    fn connect(&self) -> io::Result<UnixStream> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_write_timeout(Some(self.patience))?;
        socket.connect(&SockAddr::unix(&self.socket)?)?;
        Ok(socket.into())
    }

    /// Returns the reply as text to print: JSON or a screen. `exit` computes the exit code from the lines.
    pub(super) fn show(
        &self,
        request: &Request,
        format: Format,
        screen: impl FnOnce(&[Reply], Style) -> String,
        exit: impl FnOnce(&[Reply]) -> Exit,
    ) -> Result<CommandOutcome, CommandFailure> {
        let replies = self.ask(request)?;
        let text = match format {
            Format::Json => replies.iter().map(json::reply).collect(),
            Format::Text(style) => screen(&replies, style),
        };
        Ok(CommandOutcome { text, exit: exit(&replies) })
    }

    pub(super) fn ask_one(&self, request: &Request) -> Result<Reply, CommandFailure> {
        self.ask(request)?.pop().ok_or_else(unexpected)
    }
}

/// Returns the failure for a reply whose type does not match the request.
pub(super) fn unexpected() -> CommandFailure {
    CommandFailure::CutOff(
        "unexpected type; check that resolverctl and resolverd have the same version".to_owned(),
    )
}

/// Reads lines until the line `End`, or until `take` returns `Break`. `failed` converts a read error.
fn read(
    mut stream: impl BufRead,
    failed: impl Fn(&io::Error) -> CommandFailure,
    mut take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
) -> Result<(), CommandFailure> {
    loop {
        let mut line = Vec::new();
        let mut limited = stream.by_ref().take(limits::MAX_CONTROL_REPLY);
        limited.read_until(b'\n', &mut line).map_err(|error| failed(&error))?;
        if line.last() != Some(&b'\n') {
            return Err(CommandFailure::CutOff("it ended early; see `journalctl -u resolverd`".to_owned()));
        }
        match serde_json::from_slice(&line).map_err(|error| CommandFailure::CutOff(error.to_string()))? {
            Reply::End => return Ok(()),
            Reply::Problem(problem) => return Err(CommandFailure::Problem(problem)),
            reply => {
                if take(reply)?.is_break() {
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Result<(), CommandFailure> {
        let failed = |error: &io::Error| CommandFailure::CutOff(error.to_string());
        read(text, failed, |_| Ok(ControlFlow::Continue(())))
    }

    #[test]
    fn queued_connection_has_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&SockAddr::unix(&socket).unwrap()).unwrap();
        listener.listen(0).unwrap();
        let _first = UnixStream::connect(&socket).unwrap();
        let client = ControlClient::new(&socket).within(Duration::from_millis(50));
        assert!(matches!(client.ask(&Request::Status), Err(CommandFailure::Timeout(_))));
    }

    #[test]
    fn timeout_names_daemon_status_command() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let client = ControlClient::new(&socket).within(Duration::from_millis(50));
        let timeout = "resolverd did not reply within 0.05 s; see `systemctl status resolverd`";
        assert_eq!(client.ask(&Request::Status).unwrap_err().to_string(), timeout);
    }

    #[test]
    fn incomplete_reply_is_refused() {
        let whole = b"{\"reply\":\"end\"}\n";
        assert!(all(&whole[..]).is_ok());
        assert!(matches!(all(&whole[..5]), Err(CommandFailure::CutOff(_))));
        assert!(matches!(all(&b""[..]), Err(CommandFailure::CutOff(_))));
        let problem = b"{\"reply\":\"problem\",\"fault\":\"request\",\"sentence\":\"No.\"}\n";
        assert!(matches!(all(&problem[..]), Err(CommandFailure::Problem(_))));
    }
}
