//! DNS over HTTPS to resolvers (RFC 8484), with HTTP/2. Each query is a POST request, and one connection carries many of them.
//!
//! # Decisions
//!
//! - POST is used and not GET, because with POST the DNS message keeps its id and length, and no part of it appears in the server's log of requests.
//! - If a response contains no DNS message, only its query fails: the HTTP status may concern only this query.
//! - If no caller waits for a query any more, its HTTP request is cancelled, so that the server need not handle it (RFC 9113 section 5.4.2).

use std::collections::HashMap;
use std::io::{self, Cursor};

use futures_util::future::{AbortHandle, Abortable, BoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt};
use h2::RecvStream;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Request, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::network::{Arrival, HttpsFault, Stream};
use crate::limits::{MAX_PIPELINED, MAX_REPLY_HEADER, UPSTREAM_REPLIES_WINDOW};
use dns::conduct::Encryption;
use dns::wire::HEADER;

/// The media type of a DNS message (RFC 8484 section 6).
const MESSAGE: &str = "application/dns-message";

const HTTPS_PORT: u16 = 443;

/// The maximum length of a content type in an error text, in characters.
const MAX_SHOWN_TYPE: usize = 60;

pub(super) struct HttpsStream {
    sender: SendRequest<Cursor<Vec<u8>>>,
    url: Uri,
    replies: FuturesUnordered<Abortable<ReplyOfQuery>>,
    /// The handles that cancel the HTTP requests, by the ids of their queries.
    cancels: HashMap<u16, AbortHandle>,
    /// The task that reads and writes the connection. Dropping this stream aborts the task, even if it waits for a server that no longer reads.
    connection: JoinSet<Result<(), h2::Error>>,
}

/// The id of a query, and the result of its HTTP request.
type ReplyOfQuery = BoxFuture<'static, (u16, Result<Vec<u8>, NoReply>)>;

enum NoReply {
    /// The HTTP/2 stream or the connection has ended.
    Ended(h2::Error),
    /// The HTTP response contains no DNS message.
    Fault(HttpsFault),
}

/// Starts HTTP/2 on a TLS connection.
///
/// # Errors
/// The server does not speak HTTP/2.
pub(super) async fn open<Octets>(
    octets: Octets,
    encryption: &Encryption,
    port: u16,
    path: &str,
) -> io::Result<HttpsStream>
where
    Octets: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let port = if port == HTTPS_PORT { String::new() } else { format!(":{port}") };
    let authority = match encryption.certificate.as_str() {
        address if address.contains(':') => format!("[{address}]{port}"),
        name => format!("{name}{port}"),
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
    Ok(HttpsStream {
        sender,
        url,
        replies: FuturesUnordered::new(),
        cancels: HashMap::new(),
        connection: task,
    })
}

impl Stream for HttpsStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            let id = message.first_chunk().copied().map(u16::from_be_bytes);
            let id = id.ok_or(io::ErrorKind::InvalidInput)?;
            let request = Request::post(self.url.clone())
                .header(CONTENT_TYPE, MESSAGE)
                .header("accept", MESSAGE)
                // BIND 9.18 answers an HTTP request without this header with status 400.
                .header("content-length", message.len());
            let request = request.body(()).map_err(io::Error::other)?;
            let mut sender = self.sender.clone().ready().await.map_err(io::Error::other)?;
            let (response, mut body) = sender.send_request(request, false).map_err(io::Error::other)?;
            body.send_data(Cursor::new(message.to_vec()), true).map_err(io::Error::other)?;
            let reply: ReplyOfQuery = Box::pin(async move { (id, reply(id, response).await) });
            let (reply, cancel) = futures_util::future::abortable(reply);
            self.cancels.insert(id, cancel);
            self.replies.push(reply);
            Ok(())
        })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        Box::pin(async move {
            loop {
                tokio::select! {
                    biased;
                    Some(reply) = self.replies.next() => {
                        // An error means that the request was cancelled.
                        if let Ok((id, reply)) = reply {
                            self.cancels.remove(&id);
                            return arrival(id, reply);
                        }
                    }
                    _ = self.connection.join_next() => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        })
    }

    /// Returns how many requests the server accepts at the same time (RFC 9113 section 6.5.2). One more request would wait, and so would all later
    /// requests.
    fn capacity(&self) -> usize {
        self.sender.current_max_send_streams().clamp(1, MAX_PIPELINED)
    }

    fn give_up(&mut self, id: u16) -> bool {
        if let Some(cancel) = self.cancels.remove(&id) {
            cancel.abort();
        }
        false
    }
}

fn arrival(id: u16, reply: Result<Vec<u8>, NoReply>) -> io::Result<Arrival> {
    let error = match reply {
        Ok(message) => return Ok(Arrival::Message(message)),
        Err(NoReply::Fault(fault)) => return Ok(Arrival::Failed { id, error: io::Error::other(fault) }),
        Err(NoReply::Ended(error)) => error,
    };
    match error.reason() {
        // The server has sent GOAWAY and has not processed this query. (`is_remote` is false if this side has sent GOAWAY because the server violated
        // HTTP/2.)
        _ if error.is_go_away() && error.is_remote() => Ok(Arrival::Declined(id)),
        // The server is probably overloaded, so the query is not sent again on another connection.
        Some(reason) if error.is_reset() => {
            let words = format!("HTTP/2 stream reset ({reason:?})");
            Ok(Arrival::Failed { id, error: io::Error::other(HttpsFault { words, is_failure: true }) })
        }
        _ if error.is_io() => Err(error.into_io().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
        _ => Err(io::Error::other(error)),
    }
}

async fn reply(id: u16, response: ResponseFuture) -> Result<Vec<u8>, NoReply> {
    let response = response.await.map_err(NoReply::Ended)?;
    if let Some(fault) = fault_of(response.status(), response.headers()) {
        return Err(NoReply::Fault(fault));
    }
    let message = whole(response.into_body()).await?;
    let is_message = message.len() >= HEADER && message.first_chunk() == Some(&id.to_be_bytes());
    if is_message { Ok(message) } else { Err(wrong("HTTPS response without the reply to this query")) }
}

/// Returns why a response contains no DNS message: its status is not 200, or its content type is that of something else.
fn fault_of(status: StatusCode, header: &HeaderMap) -> Option<HttpsFault> {
    if status != StatusCode::OK {
        let is_failure = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        return Some(HttpsFault { words: format!("HTTP status {}", status.as_u16()), is_failure });
    }
    let value = header.get(CONTENT_TYPE)?.to_str().unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    let words =
        || format!("HTTPS response of type {}", kind.chars().take(MAX_SHOWN_TYPE).collect::<String>());
    (!kind.eq_ignore_ascii_case(MESSAGE)).then(|| HttpsFault { words: words(), is_failure: false })
}

async fn whole(mut body: RecvStream) -> Result<Vec<u8>, NoReply> {
    let mut message = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.map_err(NoReply::Ended)?;
        if message.len().saturating_add(part.len()) > usize::from(u16::MAX) {
            return Err(wrong("HTTPS response of more than 65535 octets"));
        }
        message.reserve_exact(part.len());
        message.extend_from_slice(&part);
        body.flow_control().release_capacity(part.len()).map_err(NoReply::Ended)?;
    }
    Ok(message)
}

fn wrong(words: &str) -> NoReply {
    NoReply::Fault(HttpsFault { words: words.to_owned(), is_failure: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use h2::Reason;

    #[test]
    fn https_response_without_message_is_reported() {
        let typed = |kind: &str| HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]);
        let fault = |status: u16, header: &HeaderMap| {
            fault_of(StatusCode::from_u16(status).unwrap(), header)
                .map(|fault| (fault.words, fault.is_failure))
        };
        let message = typed(MESSAGE);
        assert_eq!(fault(200, &message), None);
        assert_eq!(fault(200, &typed("Application/DNS-Message; charset=x")), None);
        assert_eq!(fault(200, &HeaderMap::new()), None);
        assert_eq!(
            fault(200, &typed("text/html")),
            Some(("HTTPS response of type text/html".to_owned(), false))
        );
        for (status, is_failure) in
            [(204, false), (301, false), (403, false), (429, true), (500, true), (503, true)]
        {
            assert_eq!(fault(status, &message), Some((format!("HTTP status {status}"), is_failure)));
        }
    }

    // The reset of one stream does not.
    #[test]
    fn lost_connection_ends_its_queries() {
        let reset = |reason: Reason| arrival(7, Err(NoReply::Ended(reason.into())));
        // An error that is made from a reason code is, for `h2`, an error of the whole connection.
        assert!(reset(Reason::PROTOCOL_ERROR).is_err());
        assert!(matches!(arrival(7, Err(wrong("no reply"))), Ok(Arrival::Failed { id: 7, .. })));
    }
}
