//! The HTTP listener for metrics and for the page. It serves one request per connection, and only `GET` or `HEAD` of `/metrics`, of `/`, and of the
//! data of the page.
//!
//! See RFC 9110 and RFC 9112. resolverd does not read the body of a request: it replies after the header and closes the connection.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use hickory_proto::rr::Name;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::exposition::MEDIA_TYPE;
use super::gather;
use super::page::{self, PageData};
use super::readers::Peer;
use crate::limits;
use control::Controlled;
use record::Counter;

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
    /// Returns the reason why there is no listener, without the address, for a text that already has the address.
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

    /// Returns the address at which the listener is bound.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts connections and serves them until `ending` becomes true. Dropping the future closes all connections.
    ///
    /// A client that sends nothing, or does not read its reply, never makes others wait: its connection is closed if a new one needs its place.
    pub async fn run<Daemon: Controlled>(&self, subject: Arc<Daemon>, mut ending: watch::Receiver<bool>) {
        let readers = Arc::new(Semaphore::new(limits::MAX_PAGE_REQUESTS));
        let (mut silent, mut served) = (Connections::<Option<Request>>::default(), Connections::default());
        loop {
            let accepted = tokio::select! {
                biased;
                _ = ending.wait_for(|ending| *ending) => return,
                Some(read) = silent.tasks.join_next() => {
                    if let Ok(Some((stream, header))) = read {
                        let (subject, readers) = (Arc::clone(&subject), Arc::clone(&readers));
                        served.add(async move { serve(stream, &header, subject.as_ref(), &readers).await });
                    }
                    continue;
                }
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    silent.add(request(stream));
                    // A request that has already arrived is read before the next connection can take its place.
                    tokio::task::yield_now().await;
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

/// At most `MAX_METRICS_CONNECTIONS` connections in the same state. The oldest is closed if a new one needs its place.
struct Connections<Outcome> {
    tasks: JoinSet<Outcome>,
    oldest_first: VecDeque<AbortHandle>,
}

impl<Outcome> Default for Connections<Outcome> {
    fn default() -> Self {
        Self { tasks: JoinSet::new(), oldest_first: VecDeque::new() }
    }
}

impl<Outcome: Send + 'static> Connections<Outcome> {
    fn add(&mut self, task: impl Future<Output = Outcome> + Send + 'static) {
        self.oldest_first.retain(|one| !one.is_finished());
        if self.oldest_first.len() >= limits::MAX_METRICS_CONNECTIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            oldest.abort();
        }
        self.oldest_first.push_back(self.tasks.spawn(task));
    }
}

/// A connection and the header that it has sent.
type Request = (TcpStream, Vec<u8>);

/// Reads the header of a request. Returns `None` if there is none in time.
async fn request(mut stream: TcpStream) -> Option<Request> {
    match timeout(limits::METRICS_HEADER_TIME, read(&mut stream)).await {
        Ok(Ok(header)) => return header.map(|header| (stream, header)),
        Ok(Err(error)) => tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => tracing::debug!("a connection for metrics sent no request in time"),
    }
    None
}

async fn serve(mut stream: TcpStream, header: &[u8], subject: &impl Controlled, readers: &Semaphore) {
    let exchange = async {
        let (asked, has_body) = asked(header, &subject.config().metrics.hosts);
        let peer = Peer { client: stream.peer_addr()?, server: stream.local_addr()? };
        let reply = message(asked, has_body, &peer, subject, readers).await;
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await
    };
    match timeout(limits::METRICS_TIME, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err::<(), io::Error>(error)) => tracing::debug!("a connection for metrics failed: {error}"),
        Err(_) => tracing::debug!("a connection for metrics timed out"),
    }
}

/// Reads at most `MAX_METRICS_REQUEST` octets. Returns `None` if the client disconnected before the end of the header.
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

/// Returns true if the header is complete or invalid, so that further octets cannot change the reply. The parser accepts a line feed without a
/// carriage return (RFC 9112 section 2.2).
fn is_whole(header: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    !matches!(httparse::Request::new(&mut fields).parse(header), Ok(httparse::Status::Partial))
}

#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Metrics,
    Page,
    Data(PageData),
    /// The HTTP status and the sentence.
    Refused(&'static str, &'static str),
}

/// Returns the path and the query of a request target, which may have a scheme and a host before the path (RFC 9112 section 3.2.2).
fn path(target: &str) -> (&str, &str) {
    let rest =
        target.strip_prefix("http://").and_then(|rest| rest.find('/').and_then(|place| rest.get(place..)));
    let rest = rest.unwrap_or(target);
    rest.split_once('?').unwrap_or((rest, ""))
}

/// Returns what the request asks for, and true if the reply has a body: a reply to HEAD has none (RFC 9110 section 9.3.2). `own` has the host names
/// of the page in the configuration.
fn asked(header: &[u8], own: &[Name]) -> (Asked, bool) {
    let mut fields = [httparse::EMPTY_HEADER; limits::MAX_METRICS_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let parsed = request.parse(header);
    let (target, query) = path(request.path.unwrap_or_default());
    let asked = match parsed {
        Ok(httparse::Status::Complete(_)) if !matches!(request.method, Some("GET" | "HEAD")) => {
            Asked::Refused("405 Method Not Allowed", "Only GET and HEAD are served.\n")
        }
        Ok(httparse::Status::Complete(_)) if target == PATH => Asked::Metrics,
        Ok(httparse::Status::Complete(_)) => {
            let mut hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host"));
            match (hosts.all(|host| page::is_own_host(host.value, own)), target) {
                (false, _) => Asked::Refused(
                    "403 Forbidden",
                    "The page is served only under an address or localhost: open it as http://ADDRESS:PORT/, or add the host name to `hosts` of [metrics].\n",
                ),
                (true, "/") => Asked::Page,
                (true, _) => PageData::read(target, query).map_or(
                    Asked::Refused("404 Not Found", "The page is at /, the metrics are at /metrics.\n"),
                    Asked::Data,
                ),
            }
        }
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            Asked::Refused("431 Request Header Fields Too Large", "The request is too long.\n")
        }
        Err(_) => Asked::Refused("400 Bad Request", "The request cannot be read.\n"),
    };
    (asked, request.method != Some("HEAD"))
}

/// Returns the reply. The page and its data are only for those who may read them, see `readers`.
async fn message(
    asked: Asked,
    has_body: bool,
    peer: &Peer,
    subject: &impl Controlled,
    readers: &Semaphore,
) -> String {
    let (asked, _reading) = match asked {
        Asked::Page | Asked::Data(_) => {
            let reading = readers.acquire().await.ok();
            let config = subject.config();
            let refusal = peer.refusal(config.metrics.page, &config.control.socket);
            (refusal.map_or(asked, |sentence| Asked::Refused("403 Forbidden", sentence)), reading)
        }
        Asked::Metrics | Asked::Refused(..) => (asked, None),
    };
    let (status, media, fields, body) = match asked {
        Asked::Metrics => ("200 OK", MEDIA_TYPE, "", gather::text(subject)),
        Asked::Page => ("200 OK", page::HTML, page::FIELDS, page::PAGE.to_owned()),
        Asked::Data(data) => {
            let (media, content) = data.content(subject).await;
            ("200 OK", media, page::FIELDS, content)
        }
        Asked::Refused(status, sentence) => {
            let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
            (status, MEDIA_TYPE, allow, sentence.to_owned())
        }
    };
    let length = body.len();
    let body = if has_body { body } else { String::new() };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n{fields}Connection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(request: &str) -> &'static str {
        match asked(request.as_bytes(), &[Name::from_ascii("ns.example.").unwrap()]).0 {
            Asked::Refused(status, _) => status.split(' ').next().unwrap(),
            Asked::Metrics => "metrics",
            Asked::Page => "page",
            Asked::Data(_) => "data",
        }
    }

    #[test]
    fn unknown_http_request_is_refused() {
        let asks = |line: &str| status(&format!("{line} HTTP/1.1\r\nHost: localhost:9453\r\n\r\n"));
        assert_eq!(asks("GET /metrics"), "metrics");
        assert_eq!(asks("GET /metrics?debug=1"), "metrics");
        assert_eq!(asks("GET /"), "page");
        assert_eq!(asks("GET /data/lists"), "data");
        assert_eq!(asks("GET /data/flush"), "404");
        assert_eq!(asks("GET /metrics/"), "404");
        assert_eq!(asks("POST /metrics"), "405");
        assert_eq!(asks("POST /data/lists"), "405");
        assert_eq!(asks("HEAD /metrics"), "metrics");
        assert_eq!(asks("GET http://localhost:9453/metrics?debug=1"), "metrics");
        assert_eq!(asks("GET http://localhost:9453"), "404");
        assert_eq!(status("GET /metrics HTTP/9\r\n\r\n"), "400");
        assert_eq!(status("\0\r\n\r\n"), "400");
        let many = "X: y\r\n".repeat(limits::MAX_METRICS_FIELDS + 1);
        assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\n{many}\r\n")), "431");
        assert_eq!(status(&format!("GET /{} HTTP/1.1", "x".repeat(limits::MAX_METRICS_REQUEST))), "431");
    }

    // A stranger's name that resolves to this host (DNS rebinding) reads nothing in a browser.
    #[test]
    fn foreign_host_name_gets_no_page() {
        let asks = |path: &str, host: &str| status(&format!("GET {path} HTTP/1.1\r\n{host}\r\n"));
        assert_eq!(asks("/", "Host: rebound.example:9453\r\n"), "403");
        assert_eq!(asks("/data/lists", "Host: rebound.example\r\n"), "403");
        assert_eq!(asks("/", "Host: 127.0.0.1\r\nhost: rebound.example\r\n"), "403");
        assert_eq!(asks("/", ""), "page");
        assert_eq!(asks("/", "Host: NS.example:9453\r\n"), "page");
        // Prometheus may use the name of the host instead of its address.
        assert_eq!(asks("/metrics", "Host: gateway.example:9453\r\n"), "metrics");
    }

    proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(matches!(asked(&octets, &[]).0, Asked::Refused(..)));
        }
    }
}
