//! The HTTP listener of metrics: one request for each connection, `GET /metrics` only.
//!
//! RFC 9110 and RFC 9112. Requests are bounded in number, size and time. A body is not read: a request with one is
//! answered by its header, and the connection is closed.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::exposition::MEDIA_TYPE;
use crate::control::Controlled;
use crate::limits;

/// The only path.
const PATH: &str = "/metrics";

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics at {address}: {error}; set another metrics.listen, or remove it")]
pub struct MetricsUnavailable {
    address: SocketAddr,
    error: io::Error,
}

/// A listener that is bound.
#[derive(Debug)]
pub struct MetricsServer {
    listener: TcpListener,
    address: SocketAddr,
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
        Ok(Self { listener, address })
    }

    /// Its address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `ending` turns true. Dropping the future ends every connection.
    pub async fn run<Daemon: Controlled>(&self, subject: Arc<Daemon>, mut ending: watch::Receiver<bool>) {
        let permits = Arc::new(Semaphore::new(limits::MAX_METRICS_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            // The permit comes first, so that waiting clients are in the kernel's bounded queue.
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                biased;
                // An error means that the daemon has ended.
                _ = ending.wait_for(|ending| *ending) => return,
                accepted = accepted => accepted,
            };
            let Ok(permit) = permit else { return };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    let subject = Arc::clone(&subject);
                    connections.spawn(async move {
                        serve(stream, subject.as_ref()).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(
                        "cannot accept a connection for metrics: {error}; Prometheus must wait; resolverd tries again"
                    );
                    tokio::time::sleep(limits::ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One connection, bounded in time. A client may leave early.
async fn serve(mut stream: TcpStream, subject: &impl Controlled) {
    let exchange = async {
        let Some(header) = read(&mut stream).await? else { return Ok(()) };
        stream.write_all(reply(&header, || super::text(subject)).as_bytes()).await?;
        stream.shutdown().await
    };
    match timeout(limits::METRICS_TIME, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err::<(), io::Error>(error)) => tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => tracing::debug!("a connection for metrics timed out"),
    }
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
        if header.windows(4).any(|end| end == b"\r\n\r\n") {
            return Ok(Some(header));
        }
    }
}

/// The reply to a request.
fn reply(header: &[u8], metrics: impl FnOnce() -> String) -> String {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let (status, body) = match request.parse(header) {
        Ok(httparse::Status::Complete(_)) => {
            let path = request.path.unwrap_or_default();
            match (request.method, path.split('?').next().unwrap_or_default()) {
                (Some("GET"), PATH) => ("200 OK", metrics()),
                (Some("GET"), _) => ("404 Not Found", format!("The metrics are at {PATH}.\n")),
                _ => ("405 Method Not Allowed", "Only GET is served.\n".to_owned()),
            }
        }
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            ("431 Request Header Fields Too Large", "The request is too long.\n".to_owned())
        }
        Err(_) => ("400 Bad Request", "The request cannot be read.\n".to_owned()),
    };
    let allow = if status.starts_with("405") { "Allow: GET\r\n" } else { "" };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(request: &str) -> String {
        let reply = reply(request.as_bytes(), || "a 1\n".to_owned());
        let (header, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(header.contains(&format!("Content-Length: {}\r\n", body.len())), "{header}");
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
        assert_eq!(asks("HEAD /metrics"), "405");
        assert_eq!(status("GET /metrics HTTP/9\r\n\r\n"), "400");
        assert_eq!(status("\0\r\n\r\n"), "400");
        let many = "X: y\r\n".repeat(limits::MAX_METRICS_FIELDS + 1);
        assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\n{many}\r\n")), "431");
        assert_eq!(status(&format!("GET /{} HTTP/1.1", "x".repeat(limits::MAX_METRICS_REQUEST))), "431");
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(reply(&octets, String::new).starts_with("HTTP/1.1 "));
        }
    }
}
