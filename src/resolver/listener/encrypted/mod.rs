//! Encrypted connections of clients: DNS over TLS (RFC 7858), the TLS handshakes of DNS over HTTPS (the module `https` serves its
//! requests), and the settings of DNS over QUIC (which `listener::quic` serves).
//!
//! `octets` reads and writes the octets of a connection with or without TLS, so that `tcp` serves both with the same limits.
//!
//! # Decisions
//!
//! - DNS over TLS uses the code for TCP, with rustls between the kernel and the DNS messages, so all limits are the same as for TCP. The
//!   listener of hickory-server was rejected: it answers the queries of a connection one after the other, cannot send stored octets, and
//!   limits neither connections nor handshakes.
//! - DNS over TLS uses rustls without tokio-rustls, because the kernel may accept only some octets of a reply, and rustls itself keeps the
//!   others. The HTTP/2 crate needs an asynchronous stream, so DNS over HTTPS uses tokio-rustls. At most 16 KiB are encrypted before the
//!   kernel has accepted them.
//! - A handshake has a time limit, and counts as a connection when it begins. If the handshakes of a client reach the limit of its
//!   connections, its oldest handshakes are ended first, unless they are recent and few. The rate of handshakes is limited for each client
//!   (`handshakes`). A handshake is counted when the ClientHello is complete, before anything is computed for it. A rate for each network
//!   was rejected: one gateway of a site could lock out the others.
//! - TLS records without data do not extend the time of an idle connection.
//! - Sessions are resumed from memory: rustls keeps 256. Early data (0-RTT) is off, because others can replay it.
//! - A new certificate is used only for connections that begin after it was loaded.
//! - Clients are not asked for a certificate. The option `allow` decides by the address of the client.

pub(super) mod handshakes;
mod octets;
pub(super) mod quic;
#[cfg(test)]
pub(super) mod tests;

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::Acceptor;
use tokio_rustls::rustls::sign::SingleCertAndKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};
use tokio_rustls::server::TlsStream;

use crate::limits::{HANDSHAKE_TIME, TLS_RECORD};
use config::Listener;
pub(super) use octets::ClientStream;
use octets::SecureStream;

/// The ALPN name of DNS over TLS (RFC 7858 section 12; RFC 7301). Clients may leave it out.
pub(super) const DOT: &[u8] = b"dot";

/// The ALPN name of HTTP/2 (RFC 9113 section 3.2).
pub(super) const HTTP_2: &[u8] = b"h2";

/// Returns the TLS settings of a listener for the ALPN name `protocol`. Returns `None` if the listener has no certificate, or if its key
/// does not match the certificate. The check of the configuration has already refused such a key.
pub(super) fn settings(listener: &Listener, protocol: &[u8]) -> Option<Arc<ServerConfig>> {
    settings_with(listener, protocol, &[&TLS13, &TLS12])
}

fn settings_with(
    listener: &Listener,
    protocol: &[u8],
    versions: &[&'static SupportedProtocolVersion],
) -> Option<Arc<ServerConfig>> {
    let pair = Arc::new(listener.certified().ok()??);
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).ok()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    config.alpn_protocols = vec![protocol.to_vec()];
    Some(Arc::new(config))
}

/// Performs the TLS handshake of a connection. `may` decides after the ClientHello, before anything is computed, whether it continues.
///
/// # Errors
/// The handshake fails, or takes too long. The error is `QuotaExceeded` if `may` returns false.
pub(super) async fn secure(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    may: impl FnOnce() -> bool,
) -> io::Result<ClientStream> {
    let handshake = async {
        let mut secure = SecureStream::accept(stream, config, may).await?;
        secure.handshake().await?;
        Ok(ClientStream::Tls(Box::new(secure)))
    };
    timeout(HANDSHAKE_TIME, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// The same as `secure`, for DNS over HTTPS.
pub(super) async fn secure_https(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    may: impl FnOnce() -> bool,
) -> io::Result<TlsStream<TcpStream>> {
    let handshake = async {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        if !may() {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        begun.into_stream_with(config, |session| session.set_buffer_limit(Some(TLS_RECORD))).await
    };
    timeout(HANDSHAKE_TIME, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
