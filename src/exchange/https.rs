//! DNS over HTTPS to forwarders (RFC 8484), over HTTP/2: each query is a POST request of one connection.
//!
//! # Decisions
//!
//! - POST and not GET: a message keeps its id and its length, and nothing of it stands in the log of the server.
//! - An HTTP status other than 200 ends the connection with a sentence for the operator, because it is about the path or
//!   the rights of this host, and not about one query (RFC 8484 section 4.2.1).

use std::io::{self, Cursor};

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::{Request, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::network::{HttpRefused, Stream};
use crate::conduct::Encryption;
use crate::limits::{MAX_REPLY_HEADER, MAX_UPSTREAM_REQUESTS, UPSTREAM_REPLIES_WINDOW};

/// The media type of a message (RFC 8484 section 6).
const MESSAGE: &str = "application/dns-message";

/// The port that a URL of HTTPS does not name.
const HTTPS_PORT: u16 = 443;

/// A connection for queries.
pub(super) struct HttpsStream {
    sender: SendRequest<Cursor<Vec<u8>>>,
    url: Uri,
    /// Replies on their way.
    replies: FuturesUnordered<BoxFuture<'static, io::Result<Vec<u8>>>>,
    /// The task that reads and writes the connection. It ends with this stream, also if the server no longer reads.
    connection: JoinSet<Result<(), h2::Error>>,
}

/// Opens HTTP/2 on a connection that is secured.
///
/// # Errors
/// The server does not speak it.
pub(super) async fn open<Octets>(
    octets: Octets,
    encryption: &Encryption,
    port: u16,
    path: &str,
) -> io::Result<HttpsStream>
where
    Octets: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let authority = if port == HTTPS_PORT {
        encryption.certificate.clone()
    } else {
        format!("{}:{port}", encryption.certificate)
    };
    let url = Uri::builder().scheme("https").authority(authority).path_and_query(path);
    let url = url.build().map_err(io::Error::other)?;
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .max_header_list_size(MAX_REPLY_HEADER)
        .initial_connection_window_size(UPSTREAM_REPLIES_WINDOW);
    let (sender, connection) = builder.handshake(octets).await.map_err(io::Error::other)?;
    let mut task = JoinSet::new();
    task.spawn(connection);
    Ok(HttpsStream { sender, url, replies: FuturesUnordered::new(), connection: task })
}

impl Stream for HttpsStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            if self.replies.len() >= MAX_UPSTREAM_REQUESTS {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let request = Request::post(self.url.clone())
                .header("content-type", MESSAGE)
                .header("accept", MESSAGE)
                // BIND 9.18 answers 400 to a request without it.
                .header("content-length", message.len());
            let request = request.body(()).map_err(io::Error::other)?;
            let mut sender = self.sender.clone().ready().await.map_err(io::Error::other)?;
            let (response, mut body) = sender.send_request(request, false).map_err(io::Error::other)?;
            body.send_data(Cursor::new(message.to_vec()), true).map_err(io::Error::other)?;
            self.replies.push(Box::pin(reply(response)));
            Ok(())
        })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Vec<u8>>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                Some(reply) = self.replies.next() => reply,
                _ = self.connection.join_next() => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        })
    }
}

/// The message in the body of a response.
async fn reply(response: ResponseFuture) -> io::Result<Vec<u8>> {
    let response = response.await.map_err(io::Error::other)?;
    if response.status() != StatusCode::OK {
        return Err(io::Error::other(HttpRefused(response.status().as_u16())));
    }
    let (mut body, mut message) = (response.into_body(), Vec::new());
    while let Some(part) = body.data().await {
        let part = part.map_err(io::Error::other)?;
        if message.len().saturating_add(part.len()) > usize::from(u16::MAX) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        message.extend_from_slice(&part);
        body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
    }
    Ok(message)
}
