//! The HTTP listener for metrics. It serves one request per connection, and only `GET` or `HEAD` of `/metrics`.
//!
//! See RFC 9110 and RFC 9112. Requests are limited in number, size and time. The body of a request is not read: the reply is sent after the header,
//! and the connection is then closed.

use crate::limits;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exposition::MEDIA_TYPE;
use super::gather;
use control::Controlled;
use history::Counter;

/// The only path that is served.
const PATH: &str = "/metrics";

/// The reason why there is no listener for metrics.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot serve metrics at {address}: {error}; DNS is served without them and resolverd tries again; free the address, or change or remove metrics.listen"
)]
pub struct MetricsUnavailable {
    address: SocketAddr,
    error: io::Error,
}

impl MetricsUnavailable {
    /// Returns the reason without the address, for a text that already has the address.
    pub fn why(&self) -> String {
        self.error.to_string()
    }
}

/// A listener for metrics that is bound to its address.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsServer {
    /// Binds the listener. Must be called inside a runtime.
    ///
    /// # Errors
    /// Fails if the address is not available.
    pub fn bind(address: SocketAddr) -> Result<Self, MetricsUnavailable> {
        let unavailable = |error| MetricsUnavailable { address, error };
        let listener = StdListener::bind(address).map_err(unavailable)?;
        listener.set_nonblocking(true).map_err(unavailable)?;
        let listener = TcpListener::from_std(listener).map_err(unavailable)?;
        let address = listener.local_addr().map_err(unavailable)?;
        Ok(Self { listener, address })
    }

    /// Returns the address of the listener.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections and serves them until `ending` becomes true. Dropping the future closes all connections.
    pub async fn run<Daemon: Controlled>(&self, subject: Arc<Daemon>, mut ending: watch::Receiver<bool>) {
        let permits = Arc::new(Semaphore::new(limits::MAX_METRICS_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                biased;
                // If the sender of `ending` was dropped, the daemon has ended too.
                _ = ending.wait_for(|ending| *ending) => return,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let subject = Arc::clone(&subject);
                    connections.spawn(async move {
                        serve(stream, subject.as_ref()).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    subject.recorder().count(Counter::MetricsRefused, 1);
                    tracing::warn!(
                        "cannot accept a connection for metrics: {error}; Prometheus gets no metrics until this works again, but DNS queries are answered; resolverd tries again; if this line is repeated, raise LimitNOFILE with `systemctl edit resolverd`"
                    );
                    tokio::time::sleep(resolver::limits::ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves one connection, for a limited time. The client may close the connection early.
async fn serve(mut stream: TcpStream, subject: &impl Controlled) {
    let header = match timeout(limits::METRICS_HEADER_TIME, read(&mut stream)).await {
        Ok(Ok(Some(header))) => header,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => return tracing::debug!("a connection for metrics sent no request in time"),
    };
    let reply = reply(&header, || gather::text(subject));
    let exchange = async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await
    };
    match timeout(limits::METRICS_TIME, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err::<(), io::Error>(error)) => tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => tracing::debug!("a connection for metrics timed out"),
    }
}

/// Reads a request up to the end of its header, or up to `MAX_METRICS_REQUEST` octets. Returns `None` if the client disconnected before that.
async fn read(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut header = Vec::with_capacity(limits::MAX_METRICS_REQUEST);
    let most = u64::try_from(limits::MAX_METRICS_REQUEST).unwrap_or(u64::MAX);
    let mut limited = stream.take(most);
    loop {
        if limited.read_buf(&mut header).await? == 0 {
            return Ok((header.len() >= limits::MAX_METRICS_REQUEST).then_some(header));
        }
        if is_whole(&header) {
            return Ok(Some(header));
        }
    }
}

/// Returns true if the header is complete or invalid, so that further octets cannot change the reply. The parser also accepts a single line feed as
/// the end of a line (RFC 9112 section 2.2).
fn is_whole(header: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    !matches!(httparse::Request::new(&mut fields).parse(header), Ok(httparse::Status::Partial))
}

/// Returns the path in a request target. The target may have a scheme and a host before the path (RFC 9112 section 3.2.2), and a query after it.
fn path(target: &str) -> &str {
    let rest =
        target.strip_prefix("http://").and_then(|rest| rest.find('/').and_then(|place| rest.get(place..)));
    rest.unwrap_or(target).split('?').next().unwrap_or_default()
}

/// Returns the reply to the request with this header. `metrics` returns the body for a valid request.
fn reply(header: &[u8], metrics: impl FnOnce() -> String) -> String {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(header);
    let (status, body) = match parsed {
        Ok(httparse::Status::Complete(_)) => match (request.method, path(request.path.unwrap_or_default())) {
            (Some("GET" | "HEAD"), PATH) => ("200 OK", metrics()),
            (Some("GET" | "HEAD"), _) => ("404 Not Found", format!("The metrics are at {PATH}.\n")),
            _ => ("405 Method Not Allowed", "Only GET and HEAD are served.\n".to_owned()),
        },
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            ("431 Request Header Fields Too Large", "The request is too long.\n".to_owned())
        }
        Err(_) => ("400 Bad Request", "The request cannot be read.\n".to_owned()),
    };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let length = body.len();
    // A reply to HEAD has the length of the body that GET would get, but no body (RFC 9110 section 9.3.2).
    let body = if request.method == Some("HEAD") { String::new() } else { body };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(request: &str) -> String {
        let reply = reply(request.as_bytes(), || "a 1\n".to_owned());
        let (header, body) = reply.split_once("\r\n\r\n").unwrap();
        let header = format!("{header}\r\n");
        let length = if request.starts_with("HEAD") { 4 } else { body.len() };
        assert!(header.contains(&format!("Content-Length: {length}\r\n")), "{header}");
        header.split(' ').nth(1).unwrap().to_owned()
    }

    #[test]
    fn only_a_get_of_the_path_has_the_metrics() {
        let asks = |line: &str| status(&format!("{line} HTTP/1.1\r\nHost: localhost:9453\r\n\r\n"));
        assert_eq!(asks("GET /metrics"), "200");
        assert_eq!(asks("GET /metrics?debug=1"), "200");
        assert_eq!(asks("GET /"), "404");
        assert_eq!(asks("GET /metrics/"), "404");
        assert_eq!(asks("POST /metrics"), "405");
        assert_eq!(asks("HEAD /metrics"), "200");
        assert_eq!(asks("GET http://localhost:9453/metrics?debug=1"), "200");
        assert_eq!(asks("GET http://localhost:9453"), "404");
        assert_eq!(status("GET /metrics HTTP/9\r\n\r\n"), "400");
        assert_eq!(status("\0\r\n\r\n"), "400");
        let many = "X: y\r\n".repeat(limits::MAX_METRICS_FIELDS + 1);
        assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\n{many}\r\n")), "431");
        assert_eq!(status(&format!("GET /{} HTTP/1.1", "x".repeat(limits::MAX_METRICS_REQUEST))), "431");
    }

    #[test]
    fn a_reply_to_head_has_no_body() {
        let reply = reply(b"HEAD /metrics HTTP/1.1\r\n\r\n", || "a 1\n".to_owned());
        assert!(reply.contains("Content-Length: 4\r\n") && reply.ends_with("\r\n\r\n"), "{reply}");
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(reply(&octets, String::new).starts_with("HTTP/1.1 "));
        }
    }
}
