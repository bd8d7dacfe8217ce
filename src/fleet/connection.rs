//! A connection to one server of the store. All commands share it. They are sent without waiting for earlier replies, which come in the order
//! of the commands.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::error::StoreError;
use crate::limits::{MAX_IN_FLIGHT, MAX_WRITES};
use crate::reply::{Command, Value, read_reply};

#[derive(Clone)]
pub(crate) struct Connection(Arc<Ends>);

struct Ends {
    requests: mpsc::UnboundedSender<Request>,
    /// Has a permit for each further command that may wait for its reply. It bounds both queues.
    room: Arc<Semaphore>,
    task: AbortHandle,
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Request {
    octets: Vec<u8>,
    awaited: Awaited,
}

/// A reply that will come.
struct Awaited {
    bound: usize,
    /// True if the reply to an earlier command of the same request comes first. It does not matter.
    is_second: bool,
    reply: oneshot::Sender<Result<Value, StoreError>>,
    _room: OwnedSemaphorePermit,
}

impl Connection {
    /// Starts the task of the connection. A reply that is not complete within `reply_time` ends it.
    pub(crate) fn new(stream: impl AsyncRead + AsyncWrite + Send + 'static, reply_time: Duration) -> Self {
        let (input, output) = tokio::io::split(stream);
        let (requests, to_write) = mpsc::unbounded_channel();
        let (written, to_read) = mpsc::unbounded_channel();
        let exchange = async move {
            // If one of both ends, nobody waits for the other one, and all that wait for a reply are told.
            tokio::select! {
                () = write(output, to_write, written) => {}
                () = read(BufReader::new(input), to_read, reply_time) => {}
            }
        };
        let task = tokio::spawn(exchange).abort_handle();
        Self(Arc::new(Ends { requests, room: Arc::new(Semaphore::new(MAX_IN_FLIGHT)), task }))
    }

    /// Sends a command and returns its reply.
    ///
    /// # Errors
    /// The connection has ended, too many commands wait, or the server replies with an error.
    pub(crate) async fn command(&self, command: &Command) -> Result<Value, StoreError> {
        self.request(command.to_octets(), command.bound, false).await
    }

    /// Sends a command to which the node of a cluster must be told that it was redirected.
    ///
    /// # Errors
    /// As `command`.
    pub(crate) async fn command_asking(&self, command: &Command) -> Result<Value, StoreError> {
        let octets = [Command::new("ASKING").to_octets(), command.to_octets()].concat();
        self.request(octets, command.bound, true).await
    }

    async fn request(&self, octets: Vec<u8>, bound: usize, is_second: bool) -> Result<Value, StoreError> {
        let _room = Arc::clone(&self.0.room).try_acquire_owned().map_err(|_| StoreError::Busy)?;
        let (reply, replied) = oneshot::channel();
        let request = Request { octets, awaited: Awaited { bound, is_second, reply, _room } };
        // If the task has ended, `replied` says so.
        let _ = self.0.requests.send(request);
        match replied.await.map_err(|_| StoreError::Broken("the connection ended".to_owned()))?? {
            Value::Error(text) => Err(StoreError::refused(&text)),
            value => Ok(value),
        }
    }
}

async fn write(
    mut output: impl AsyncWrite + Unpin,
    mut requests: mpsc::UnboundedReceiver<Request>,
    written: mpsc::UnboundedSender<Awaited>,
) {
    let (mut taken, mut octets) = (Vec::new(), Vec::new());
    while requests.recv_many(&mut taken, MAX_WRITES).await > 0 {
        octets.clear();
        // Nobody waits for the reply to some requests any longer.
        for request in taken.drain(..).filter(|request| !request.awaited.reply.is_closed()) {
            octets.extend_from_slice(&request.octets);
            if written.send(request.awaited).is_err() {
                return;
            }
        }
        if output.write_all(&octets).await.is_err() || output.flush().await.is_err() {
            return;
        }
    }
}

async fn read(
    mut input: BufReader<impl AsyncRead + Unpin + Send>,
    mut awaited: mpsc::UnboundedReceiver<Awaited>,
    reply_time: Duration,
) {
    while let Some(Awaited { bound, is_second, reply, _room }) = awaited.recv().await {
        let reading = async {
            if is_second {
                read_reply(&mut input, bound).await?;
            }
            read_reply(&mut input, bound).await
        };
        let read = timeout(reply_time, reading).await.unwrap_or(Err(StoreError::Silent(reply_time)));
        let has_ended = read.is_err();
        // If the error is dropped here, nobody waits for the reply any longer.
        let _ = reply.send(read);
        if has_ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn replies_come_in_order() {
        let (own, mut other) = tokio::io::duplex(1_024);
        let connection = Connection::new(own, Duration::from_secs(5));
        let (get, time) = (Command::new("GET"), Command::new("TIME"));
        other.write_all(b"+OK\r\n+one\r\n-ERR two\r\n").await.unwrap();
        let (one, two) = tokio::join!(connection.command_asking(&get), connection.command(&time));
        assert_eq!(one, Ok(Value::Text(b"one".to_vec())));
        assert_eq!(two, Err(StoreError::Refused("ERR two".to_owned())));
        let sent = b"*1\r\n$6\r\nASKING\r\n*1\r\n$3\r\nGET\r\n*1\r\n$4\r\nTIME\r\n";
        let mut asked = vec![0; sent.len()];
        other.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked, sent);
    }

    #[tokio::test]
    async fn a_large_reply_ends_the_connection() {
        let (own, mut other) = tokio::io::duplex(1_024);
        let connection = Connection::new(own, Duration::from_secs(5));
        other.write_all(b"$300000000\r\nxxxx").await.unwrap();
        let get = Command::new("GET");
        assert_eq!(connection.command(&get).await, Err(StoreError::TooLarge(Value::Nothing)));
        assert!(matches!(connection.command(&get).await, Err(StoreError::Broken(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_gets_few_commands() {
        let (own, _other) = tokio::io::duplex(1_024);
        let connection = Connection::new(own, Duration::from_secs(2));
        let get = Command::new("GET");
        let all = futures_util::future::join_all((0..=MAX_IN_FLIGHT).map(|_| connection.command(&get)));
        let mut replies = all.await;
        assert_eq!(replies.pop(), Some(Err(StoreError::Busy)));
        assert_eq!(replies.first(), Some(&Err(StoreError::Silent(Duration::from_secs(2)))));
        assert!(replies.iter().skip(1).all(|reply| matches!(reply, Err(StoreError::Broken(_)))));
    }
}
