//! The HTTP listener of metrics: one request for each connection, `GET` or `HEAD` of `/metrics` only.
//!
//! RFC 9110 and RFC 9112. Requests are bounded in number, size and time. A body is not read: a request with one is
//! answered by its header, and the connection is closed.

use crate::limits;
use std::borrow::Cow;
use std::io::{self, IoSlice};
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Page;
use super::connections::Connections;
use super::exposition::MEDIA_TYPE;
use control::Controlled;
use history::Counter;

/// The only path.
const PATH: &str = "/metrics";

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot serve metrics at {address}: {error}; DNS is served without them and resolverd tries again; free the address, or change or remove metrics.listen"
)]
pub struct MetricsUnavailable {
    address: SocketAddr,
    error: io::Error,
}

impl MetricsUnavailable {
    /// Why, without the address.
    pub fn why(&self) -> String {
        self.error.to_string()
    }
}

/// A listener that is bound.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
    /// The memory of the last page.
    kept: Arc<Mutex<Page>>,
}

impl MetricsServer {
    /// Binds the listener. Call it inside a runtime.
    ///
    /// # Errors
    /// The address is not available.
    pub fn bind(address: SocketAddr) -> Result<Self, MetricsUnavailable> {
        let unavailable = |error| MetricsUnavailable { address, error };
        let listener = StdListener::bind(address).map_err(unavailable)?;
        listener.set_nonblocking(true).map_err(unavailable)?;
        let listener = TcpListener::from_std(listener).map_err(unavailable)?;
        let address = listener.local_addr().map_err(unavailable)?;
        Ok(Self { listener, address, kept: Arc::default() })
    }

    /// Its address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `ending` turns true. Dropping the future ends every connection.
    pub async fn run<Daemon: Controlled>(&self, subject: Arc<Daemon>, mut ending: watch::Receiver<bool>) {
        let mut connections = Connections::default();
        let refused = || subject.recorder().count(Counter::MetricsRefused, 1);
        loop {
            let accepted = async {
                let accepted = self.listener.accept().await;
                connections.make_room(refused).await;
                accepted
            };
            let accepted = tokio::select! {
                biased;
                // An error means that the daemon has ended.
                _ = ending.wait_for(|ending| *ending) => return,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (subject, kept) = (Arc::clone(&subject), Arc::clone(&self.kept));
                    connections.add(|is_asked| async move {
                        serve(stream, subject.as_ref(), &kept, &is_asked).await
                    });
                }
                Err(error) => {
                    refused();
                    tracing::warn!(
                        "cannot accept a connection for metrics: {error}; Prometheus gets no metrics until this works again, but DNS queries are answered; resolverd tries again; if this line is repeated, raise LimitNOFILE with `systemctl edit resolverd`"
                    );
                    tokio::time::sleep(resolver::limits::ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One connection, bounded in time. A client may leave early. `is_asked` is set when the header has arrived.
async fn serve(mut stream: TcpStream, subject: &impl Controlled, kept: &Mutex<Page>, is_asked: &AtomicBool) {
    let header = match timeout(limits::METRICS_HEADER_TIME, read(&mut stream)).await {
        Ok(Ok(Some(header))) => header,
        Ok(Ok(None)) => return,
        Ok(Err(error)) => return tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => return tracing::debug!("a connection for metrics sent no request in time"),
    };
    is_asked.store(true, Ordering::Relaxed);
    let mut page = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    let (header, body) = reply(&header, || page.of(subject));
    let exchange = async {
        write_both(&mut stream, &header, &body).await?;
        stream.shutdown().await
    };
    match timeout(limits::METRICS_TIME, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err::<(), io::Error>(error)) => tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => tracing::debug!("a connection for metrics timed out"),
    }
    if page.weight() <= limits::MAX_KEPT_METRICS {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = page;
    }
}

/// Sends a header and a body without copying them together.
async fn write_both(stream: &mut TcpStream, header: &str, body: &str) -> io::Result<()> {
    let mut slices = &mut [IoSlice::new(header.as_bytes()), IoSlice::new(body.as_bytes())][..];
    while !slices.is_empty() {
        match stream.write_vectored(slices).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut slices, written),
        }
    }
    Ok(())
}

/// Reads up to the end of the header, or to the bound; none if the client left before.
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

/// Whether more octets cannot change the reply. The parser takes a line feed alone as the end of a line too (RFC 9112
/// section 2.2).
fn is_whole(header: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    !matches!(httparse::Request::new(&mut fields).parse(header), Ok(httparse::Status::Partial))
}

/// The path of a request target, which may have a scheme and a host before it (RFC 9112 section 3.2.2) and a query
/// after it.
fn path(target: &str) -> &str {
    let rest =
        target.strip_prefix("http://").and_then(|rest| rest.find('/').and_then(|place| rest.get(place..)));
    rest.unwrap_or(target).split('?').next().unwrap_or_default()
}

/// The header and the body of the reply to a request.
fn reply<'m>(header: &[u8], metrics: impl FnOnce() -> &'m str) -> (String, Cow<'m, str>) {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(header);
    let (status, body): (_, Cow<'_, str>) = match parsed {
        Ok(httparse::Status::Complete(_)) => match (request.method, path(request.path.unwrap_or_default())) {
            (Some("GET" | "HEAD"), PATH) => ("200 OK", metrics().into()),
            (Some("GET" | "HEAD"), _) => ("404 Not Found", format!("The metrics are at {PATH}.\n").into()),
            _ => ("405 Method Not Allowed", "Only GET and HEAD are served.\n".into()),
        },
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            ("431 Request Header Fields Too Large", "The request is too long.\n".into())
        }
        Err(_) => ("400 Bad Request", "The request cannot be read.\n".into()),
    };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let header = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n",
        body.len()
    );
    // A reply to HEAD has the length of the body that GET has, and no body (RFC 9110 section 9.3.2).
    if request.method == Some("HEAD") { (header, "".into()) } else { (header, body) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(request: &str) -> String {
        let (header, body) = reply(request.as_bytes(), || "a 1\n");
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
        let (header, body) = reply(b"HEAD /metrics HTTP/1.1\r\n\r\n", || "a 1\n");
        assert!(header.contains("Content-Length: 4\r\n") && header.ends_with("\r\n\r\n"), "{header}");
        assert!(body.is_empty());
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(reply(&octets, || "").0.starts_with("HTTP/1.1 "));
        }
    }
}
