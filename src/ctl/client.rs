//! The client of the control socket: it sends one request and reads the lines of the reply.

use crate::limits;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::exit::CommandFailure;
use control::protocol::{Reply, Request};

/// The daemon gives up earlier than this client, so that its reason reaches the user.
const PATIENCE: Duration = control::limits::CONTROL_TIME.saturating_add(Duration::from_secs(1));

/// A client of the daemon at a socket.
#[derive(Clone)]
pub(super) struct ControlClient {
    socket: PathBuf,
    /// The time for all requests together; without it each read has its own.
    within: Option<Within>,
}

/// A time that has begun.
#[derive(Clone, Copy)]
struct Within {
    time: Duration,
    end: Instant,
}

impl ControlClient {
    pub(super) fn new(socket: &Path) -> Self {
        Self { socket: socket.to_owned(), within: None }
    }

    /// Like `new`; all its requests together take no longer than `time` from now.
    #[must_use]
    pub(super) fn within(mut self, time: Duration) -> Self {
        self.within = Some(Within { time, end: Instant::now() + time });
        self
    }

    /// The time that is left for a read, a write or the connection.
    fn patience(&self) -> Result<Duration, CommandFailure> {
        let Some(within) = self.within else { return Ok(PATIENCE) };
        let left = within.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(CommandFailure::Timeout(within.time)) } else { Ok(left) }
    }

    /// The failure of a read or a write.
    fn failed(&self, error: &io::Error) -> CommandFailure {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                CommandFailure::Timeout(self.within.map_or(PATIENCE, |within| within.time))
            }
            _ => CommandFailure::CutOff(error.to_string()),
        }
    }

    /// Sends a request and reads its reply, without the `end`.
    pub(super) fn ask(&self, request: &Request) -> Result<Vec<Reply>, CommandFailure> {
        let mut replies = Vec::new();
        self.each(request, |reply| {
            replies.push(reply);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(replies)
    }

    /// Sends a request, and calls `take` with each line of its reply as it comes, until `take` breaks or the reply ends. No line
    /// takes longer than the client's time.
    pub(super) fn each(
        &self,
        request: &Request,
        take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
    ) -> Result<(), CommandFailure> {
        let stream = Patient { client: self, stream: self.send(request)? };
        read(BufReader::new(stream), |error| self.failed(error), take)
    }

    /// Like `each`, for a reply that does not end by itself: a line may take any time.
    pub(super) fn follow(
        &self,
        request: &Request,
        take: impl FnMut(Reply) -> Result<ControlFlow<()>, CommandFailure>,
    ) -> Result<(), CommandFailure> {
        let stream = self.send(request)?;
        // It may take any time until the next line.
        stream.set_read_timeout(None).map_err(|error| self.failed(&error))?;
        read(BufReader::new(&stream), |error| self.failed(error), take)
    }

    /// Sends a request. A connection that gave way to others before the request was written (`limits::CONTROL_UNDISTURBED`) is opened
    /// again; the last one is returned, because its reply has the reason.
    fn send(&self, request: &Request) -> Result<UnixStream, CommandFailure> {
        let mut line =
            serde_json::to_vec(request).map_err(|error| CommandFailure::CutOff(error.to_string()))?;
        line.push(b'\n');
        let mut tries = limits::CONTROL_TRIES;
        loop {
            tries = tries.saturating_sub(1);
            let stream = self.connected()?;
            match (&stream).write_all(&line) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(self.failed(&error)),
                Err(_) if tries > 0 => {}
                _ => return Ok(stream),
            }
        }
    }

    fn connected(&self) -> Result<UnixStream, CommandFailure> {
        self.connect(self.patience()?).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => CommandFailure::Permission { socket: self.socket.clone() },
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.failed(&error),
            _ => CommandFailure::Unreachable { socket: self.socket.clone(), error },
        })
    }

    /// Connects. If the daemon is stuck and the queue of its socket is full, the kernel waits for as long as a write may
    /// take (SO_SNDTIMEO, socket(7)).
    fn connect(&self, patience: Duration) -> io::Result<UnixStream> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_write_timeout(Some(patience))?;
        socket.connect(&SockAddr::unix(&self.socket)?)?;
        Ok(socket.into())
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

/// A stream on which no read takes longer than the client's time.
struct Patient<'c> {
    client: &'c ControlClient,
    stream: UnixStream,
}

impl Read for Patient<'_> {
    fn read(&mut self, octets: &mut [u8]) -> io::Result<usize> {
        let patience = self.client.patience().map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        self.stream.set_read_timeout(Some(patience))?;
        self.stream.read(octets)
    }
}

/// Reads lines until the last one, or until `take` breaks. `failed` is the failure for an error of the stream.
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

    /// A daemon that accepts nothing, and one that sends an octet each 10 ms for a second.
    #[test]
    fn a_daemon_that_does_not_answer_in_time_is_left_with_plain_words() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let told = || {
            let client = ControlClient::new(&socket).within(Duration::from_millis(50));
            let failures = [client.ask(&Request::Status), client.ask(&Request::Status)];
            failures.map(|failure| failure.unwrap_err().to_string())
        };
        let timeout = "resolverd did not reply within 0.05 s; see `systemctl status resolverd`";
        assert_eq!(told(), [timeout; 2]);
        drop(listener.accept().unwrap());
        let slow = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            (0..100)
                .take_while(|_| {
                    std::thread::sleep(Duration::from_millis(10));
                    stream.write_all(b" ").is_ok()
                })
                .count()
        });
        assert_eq!(told(), [timeout; 2]);
        assert!(slow.join().unwrap() < 100, "the deadline is that of all reads together");
    }

    /// The queue of connections of a stuck daemon is full.
    #[test]
    fn a_connection_that_waits_in_a_full_queue_has_the_same_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&SockAddr::unix(&socket).unwrap()).unwrap();
        listener.listen(0).unwrap();
        let _first = UnixStream::connect(&socket).unwrap();
        let client = ControlClient::new(&socket).within(Duration::from_millis(50));
        assert!(matches!(client.ask(&Request::Status), Err(CommandFailure::Timeout(_))));
    }

    /// The requests are longer than the buffer of a socket, so that the client is still writing when the daemon closes.
    #[test]
    fn a_connection_that_gave_way_is_opened_again_and_the_last_one_tells_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control.sock");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let long = Request::Query { name: "x".repeat(4 << 20), kind: None };
        let gives_way = move |listener: &std::os::unix::net::UnixListener| {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream
                .write_all(b"{\"reply\":\"problem\",\"fault\":\"request\",\"sentence\":\"Others waited.\"}\n")
                .unwrap();
        };
        let daemon = std::thread::spawn(move || {
            gives_way(&listener);
            let (mut stream, _) = listener.accept().unwrap();
            BufReader::new(&stream).read_line(&mut String::new()).unwrap();
            stream.write_all(b"{\"reply\":\"end\"}\n").unwrap();
            drop(stream);
            for _ in 0..limits::CONTROL_TRIES {
                gives_way(&listener);
            }
        });
        let client = ControlClient::new(&socket);
        assert_eq!(client.ask(&long).unwrap().len(), 0);
        assert!(client.ask(&long).unwrap_err().to_string().contains("Others waited."));
        daemon.join().unwrap();
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
