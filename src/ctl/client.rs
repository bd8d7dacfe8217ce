//! The client of the control socket: it sends one request and reads the lines of the reply.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::exit::CommandFailure;
use crate::control::protocol::{Reply, Request};
use crate::limits;

/// The daemon gives up earlier than this client, so that its reason reaches the user.
const PATIENCE: Duration = limits::CONTROL_TIME.saturating_add(Duration::from_secs(1));

/// A client of the daemon at a socket.
#[derive(Clone)]
pub(super) struct ControlClient {
    socket: PathBuf,
}

impl ControlClient {
    pub(super) fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    /// Sends a request and reads its reply, without the `end`.
    pub(super) fn ask(&self, request: &Request) -> Result<Vec<Reply>, CommandFailure> {
        let stream = self.send(request)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        let mut replies = Vec::new();
        read(BufReader::new(&stream), |reply| {
            replies.push(reply);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(replies)
    }

    /// Sends a request, and calls `take` with each line of its reply as it comes, until `take` breaks or the reply ends.
    pub(super) fn follow(
        &self,
        request: &Request,
        take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
    ) -> Result<(), CommandFailure> {
        read(BufReader::new(&self.send(request)?), take)
    }

    fn send(&self, request: &Request) -> Result<UnixStream, CommandFailure> {
        let stream = UnixStream::connect(&self.socket).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => CommandFailure::Permission { socket: self.socket.clone() },
            _ => CommandFailure::Unreachable { socket: self.socket.clone(), error },
        })?;
        let cut_off = |error: io::Error| CommandFailure::CutOff(error.to_string());
        let mut line =
            serde_json::to_vec(request).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        line.push(b'\n');
        (&stream).write_all(&line).map_err(cut_off)?;
        Ok(stream)
    }

    /// The only line of a reply.
    pub(super) fn ask_one(&self, request: &Request) -> Result<Reply, CommandFailure> {
        self.ask(request)?.pop().ok_or_else(unexpected)
    }
}

/// The failure for a reply of an unexpected kind.
pub(super) fn unexpected() -> CommandFailure {
    CommandFailure::CutOff(
        "unexpected type; check that resolverctl and resolverd have the same version".to_owned(),
    )
}

/// Reads lines until the last one, or until `take` breaks.
fn read(
    mut stream: impl BufRead,
    mut take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
) -> Result<(), CommandFailure> {
    loop {
        let mut line = Vec::new();
        let mut limited = stream.by_ref().take(limits::MAX_CONTROL_REPLY);
        limited.read_until(b'\n', &mut line).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
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
        read(text, |_| Ok(ControlFlow::Continue(())))
    }

    #[test]
    fn a_reply_without_its_end_is_not_taken_for_a_whole_one() {
        let whole = b"{\"reply\":\"end\"}\n";
        assert!(all(&whole[..]).is_ok());
        assert!(matches!(all(&whole[..5]), Err(CommandFailure::CutOff(_))));
        assert!(matches!(all(&b""[..]), Err(CommandFailure::CutOff(_))));
        let problem = b"{\"reply\":\"problem\",\"fault\":\"request\",\"sentence\":\"No.\"}\n";
        assert!(matches!(all(&problem[..]), Err(CommandFailure::Problem(_))));
    }
}
