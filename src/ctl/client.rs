//! The client of the control socket: it sends one request and reads the lines of the reply.

use std::io::{self, BufRead, BufReader, Read, Write};
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
        let stream = UnixStream::connect(&self.socket).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => CommandFailure::Permission { socket: self.socket.clone() },
            _ => CommandFailure::Unreachable { socket: self.socket.clone(), error },
        })?;
        let cut_off = |error: io::Error| CommandFailure::CutOff(error.to_string());
        stream.set_read_timeout(Some(PATIENCE)).map_err(cut_off)?;
        let mut line =
            serde_json::to_vec(request).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        line.push(b'\n');
        (&stream).write_all(&line).map_err(cut_off)?;
        read(BufReader::new(&stream))
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

/// Reads lines until the last one.
fn read(mut stream: impl BufRead) -> Result<Vec<Reply>, CommandFailure> {
    let mut replies = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut limited = stream.by_ref().take(limits::MAX_CONTROL_REPLY);
        limited.read_until(b'\n', &mut line).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        if line.last() != Some(&b'\n') {
            return Err(CommandFailure::CutOff("it ended early; see `journalctl -u resolverd`".to_owned()));
        }
        match serde_json::from_slice(&line).map_err(|error| CommandFailure::CutOff(error.to_string()))? {
            Reply::End => return Ok(replies),
            Reply::Problem(problem) => return Err(CommandFailure::Problem(problem)),
            reply => replies.push(reply),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_without_its_end_is_not_taken_for_a_whole_one() {
        let whole = b"{\"reply\":\"end\"}\n";
        assert!(read(&whole[..]).unwrap().is_empty());
        assert!(matches!(read(&whole[..5]), Err(CommandFailure::CutOff(_))));
        assert!(matches!(read(&b""[..]), Err(CommandFailure::CutOff(_))));
        let problem = b"{\"reply\":\"problem\",\"fault\":\"request\",\"sentence\":\"No.\"}\n";
        assert!(matches!(read(&problem[..]), Err(CommandFailure::Problem(_))));
    }
}
