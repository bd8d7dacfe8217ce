//! A DNS client as simple as dig, for the demo and for tests over sockets: it sends one question to one server, and repeats a truncated one
//! over TCP (RFC 1035 section 4.2, RFC 7766 section 5).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use dns::wire::response;

const MAX_DATAGRAM: usize = 65_535;

/// Why the client got no answer.
#[derive(Debug, Error)]
pub enum AskError {
    /// A socket of this host could not send the query or receive the reply.
    #[error("no exchange with the server: {0}")]
    Io(#[from] io::Error),
    /// No answer within this time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The answer cannot be parsed, or the question not encoded.
    #[error("not a message: {0}")]
    Message(String),
}

/// A client for tests and the demo, with one server.
#[derive(Clone, Copy, Debug)]
pub struct LabClient {
    server: SocketAddr,
    patience: Duration,
    attempts: u32,
    edns_size: Option<u16>,
    wants_ad: bool,
    wants_signatures: bool,
}

impl LabClient {
    /// Creates a client that sends each query to `server` once, with an EDNS payload size of 1232 octets, and waits for the time
    /// `patience`.
    pub fn new(server: SocketAddr, patience: Duration) -> Self {
        Self {
            server,
            patience,
            attempts: 1,
            edns_size: Some(1232),
            wants_ad: false,
            wants_signatures: false,
        }
    }

    /// Sends queries without an OPT record, as most mail software does.
    #[must_use]
    pub fn without_edns(self) -> Self {
        Self { edns_size: None, ..self }
    }

    /// Sends each query up to `attempts` times: again after `patience`, and after SERVFAIL, NOTIMP or REFUSED, as glibc's stub resolver
    /// does.
    #[must_use]
    pub fn sending(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// Sets the AD flag, to learn if an answer is secure (RFC 6840 section 5.7).
    #[must_use]
    pub fn asking_for_ad(self) -> Self {
        Self { wants_ad: true, ..self }
    }

    /// Sets the DO flag, to get signatures. This needs EDNS.
    #[must_use]
    pub fn asking_with_do(self) -> Self {
        Self { wants_signatures: true, ..self }
    }

    /// Asks a question over UDP, and again over TCP if the answer has the TC flag.
    ///
    /// # Errors
    /// Fails if no answer arrives in time, or if it cannot be read.
    pub async fn ask(&self, name: &Name, kind: RecordType) -> Result<Message, AskError> {
        let answer = self.ask_datagram(name, kind).await?;
        if answer.metadata.truncation { self.ask_stream(name, kind).await } else { Ok(answer) }
    }

    /// Asks a question over UDP only. The answer may have the TC flag.
    ///
    /// # Errors
    /// Fails if no answer arrives in time, or if it cannot be read.
    pub async fn ask_datagram(&self, name: &Name, kind: RecordType) -> Result<Message, AskError> {
        let query = self.query(name, kind)?;
        let socket = self.connect().await?;
        let mut answer = self.within(datagram(&socket, &query)).await;
        for _ in 1..self.attempts {
            if !is_in_vain(&answer) {
                break;
            }
            answer = self.within(datagram(&socket, &query)).await;
        }
        answer
    }

    /// Asks a question over TCP only.
    ///
    /// # Errors
    /// Fails if there is no connection, if no answer arrives in time, or if it cannot be read.
    pub async fn ask_stream(&self, name: &Name, kind: RecordType) -> Result<Message, AskError> {
        let query = self.query(name, kind)?;
        self.within(self.stream(&query)).await
    }

    fn query(&self, name: &Name, kind: RecordType) -> Result<Vec<u8>, AskError> {
        let mut query = Message::query();
        query.metadata.recursion_desired = true;
        query.metadata.authentic_data = self.wants_ad;
        query.add_query(Query::query(name.clone(), kind));
        if let Some(size) = self.edns_size {
            let mut edns = Edns::new();
            edns.set_max_payload(size);
            edns.set_dnssec_ok(self.wants_signatures);
            query.set_edns(edns);
        }
        query.to_vec().map_err(|error| AskError::Message(error.to_string()))
    }

    async fn within(
        &self,
        exchange: impl Future<Output = Result<Message, AskError>>,
    ) -> Result<Message, AskError> {
        timeout(self.patience, exchange).await.unwrap_or(Err(AskError::Timeout(self.patience)))
    }

    /// Opens one UDP socket for all attempts, so that it also receives a late answer to an earlier attempt.
    async fn connect(&self) -> io::Result<UdpSocket> {
        let any = if self.server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(self.server).await?;
        Ok(socket)
    }

    async fn stream(&self, query: &[u8]) -> Result<Message, AskError> {
        let mut stream = TcpStream::connect(self.server).await?;
        write_framed(&mut stream, query).await?;
        read(&read_framed(&mut stream).await?)
    }
}

async fn datagram(socket: &UdpSocket, query: &[u8]) -> Result<Message, AskError> {
    socket.send(query).await?;
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let octets = buffer.get(..length).unwrap_or_default();
        // A message with another id is a late answer to an earlier question from this port.
        if octets.get(..2) == query.get(..2) {
            return read(octets);
        }
    }
}

/// Returns true if the query must be sent again.
fn is_in_vain(answer: &Result<Message, AskError>) -> bool {
    let failures = [ResponseCode::ServFail, ResponseCode::NotImp, ResponseCode::Refused];
    answer.as_ref().map_or_else(
        |error| matches!(error, AskError::Timeout(_)),
        |answer| failures.contains(&answer.metadata.response_code),
    )
}

fn read(octets: &[u8]) -> Result<Message, AskError> {
    response::read(octets).map_err(|error| AskError::Message(error.to_string()))
}

/// Writes a DNS message to a TCP stream, with its length before it.
///
/// # Errors
/// Fails if the stream fails, or if the message has more than 65 535 octets.
pub async fn write_framed(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let framed: Vec<u8> = length.to_be_bytes().into_iter().chain(message.iter().copied()).collect();
    stream.write_all(&framed).await
}

/// Reads a DNS message from a TCP stream, with its length before it.
///
/// # Errors
/// Fails if the stream fails, or if it ends before the message is complete.
pub async fn read_framed(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_sends_do_on_request() {
        let client = LabClient::new(SocketAddr::from(([127, 0, 0, 1], 53)), Duration::ZERO);
        let has_do = |client: LabClient| {
            let query = client.query(&Name::root(), RecordType::MX).unwrap();
            read(&query).unwrap().edns.unwrap().flags().dnssec_ok
        };
        assert_eq!([client, client.asking_with_do()].map(has_do), [false, true]);
    }
}
