//! Fetches the policy file of MTA-STS over HTTPS (RFC 8461 section 3.3): HTTP/1.1, the certificates of the system, no redirects.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT};
use http::{Request, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ClientConfig};

use crate::limits::{CONNECT_TIME, FETCH_TIME, MAX_HTTP_HEADER, MAX_POLICY};
use exchange::certificate_fault;

const PATH: &str = "/.well-known/mta-sts.txt";

/// Why there is no policy file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The network or the server did not let the connection come to its end.
    #[error("{0}")]
    Connection(io::Error),
    /// The server answered, but not with a policy file. The text says what is wrong.
    #[error("{0}")]
    Fault(String),
}

impl From<io::Error> for FetchError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(fault)) => Self::Fault(certificate_fault(fault)),
            Some(other) => Self::Fault(format!("TLS fails: {other}")),
            None => Self::Connection(error),
        }
    }
}

/// The certificates that are trusted.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those of the operating system, read for each fetch, because fetches are rare and certificates change.
    System,
    /// Those of these settings.
    Settings(Arc<ClientConfig>),
}

impl Trust {
    async fn settings(&self) -> io::Result<Arc<ClientConfig>> {
        match self {
            Self::Settings(settings) => Ok(Arc::clone(settings)),
            Self::System => {
                tokio::task::spawn_blocking(of_system).await.map_err(io::Error::other)?.map(Arc::new)
            }
        }
    }
}

fn of_system() -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider)).map_err(io::Error::other)?;
    let settings = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(settings)
}

/// Fetches the policy file of `host`, a name without its last dot, from the first of `servers` that takes the connection. The
/// certificate must be valid for `host`.
///
/// # Errors
/// Fails if there is no policy file, or none within `FETCH_TIME`.
pub async fn fetch(host: &str, servers: &[SocketAddr], trust: &Trust) -> Result<String, FetchError> {
    let fetched = async {
        let stream = connect(servers).await?;
        let secured = secure(stream, host, trust).await?;
        request(secured, host).await
    };
    timeout(FETCH_TIME, fetched)
        .await
        .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

async fn connect(servers: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for server in servers {
        match timeout(CONNECT_TIME, TcpStream::connect(server)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

async fn secure(stream: TcpStream, host: &str, trust: &Trust) -> Result<TlsStream<TcpStream>, FetchError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|error| FetchError::Fault(error.to_string()))?;
    let settings = trust.settings().await?;
    Ok(TlsConnector::from(settings).connect(name, stream).await?)
}

async fn request(stream: TlsStream<TcpStream>, host: &str) -> Result<String, FetchError> {
    let failed = |error: hyper::Error| match error.is_timeout() || error.is_incomplete_message() {
        true => FetchError::Connection(io::Error::other(error)),
        false => FetchError::Fault(format!("HTTP fails: {error}")),
    };
    let opened = http1::Builder::new().max_buf_size(MAX_HTTP_HEADER).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = opened.map_err(failed)?;
    let request = Request::get(PATH)
        .header(HOST, host)
        .header(USER_AGENT, "resolverd")
        .header(ACCEPT, "text/plain")
        .body(String::new())
        .map_err(|error| FetchError::Fault(error.to_string()))?;
    let replied = async {
        let reply = sender.send_request(request).await.map_err(failed)?;
        if reply.status() != StatusCode::OK {
            return Err(FetchError::Fault(format!("the server answers \"{}\"", reply.status())));
        }
        let length = [CONTENT_LENGTH, TRANSFER_ENCODING];
        let ends_with_connection = !length.iter().any(|header| reply.headers().contains_key(header));
        text(reply.into_body(), ends_with_connection).await
    };
    // The connection ends with an error if the server closes it without the TLS message `close_notify`. The reply decides.
    tokio::pin!(replied, connection);
    tokio::select! {
        biased;
        text = &mut replied => text,
        _ = &mut connection => replied.await,
    }
}

/// Reads the body. Many servers close the connection without the TLS message `close_notify`. If `ends_with_connection`, that is the end
/// of the body.
async fn text(mut body: Incoming, ends_with_connection: bool) -> Result<String, FetchError> {
    let mut octets = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = match frame {
            Err(error) if ends_with_connection && is_early_end(&error) => break,
            frame => frame.map_err(|error| FetchError::Fault(format!("HTTP fails: {error}")))?,
        };
        octets.extend_from_slice(frame.data_ref().map_or(&[], |data| data.as_ref()));
        if octets.len() > MAX_POLICY {
            return Err(FetchError::Fault(format!("the policy is longer than {MAX_POLICY} octets")));
        }
    }
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

fn is_early_end(error: &hyper::Error) -> bool {
    let inner = std::error::Error::source(error).and_then(|inner| inner.downcast_ref::<io::Error>());
    inner.is_some_and(|inner| inner.kind() == io::ErrorKind::UnexpectedEof)
}
