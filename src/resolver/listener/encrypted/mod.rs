//! Encrypted clients: DNS over TLS (RFC 7858) for gateways and containers that are not on this host, and the handshakes of DNS over
//! HTTPS, which `https` serves. `quic` has the settings of DNS over QUIC, which the module of that name in the parent folder serves.
//!
//! `octets` has the octets of a connection with TLS or without, so that `tcp` serves both with the same bounds.
//!
//! # Decisions
//!
//! - DNS over TLS is the path of TCP with rustls between the kernel and the messages. The tasks of hickory-server were rejected:
//!   they answer the queries of a connection one after the other, cannot send stored octets, and bound neither connections nor
//!   handshakes. So hits, pipelining, answers out of order, and the bounds of connections, questions and octets that wait are those
//!   of TCP, and both share the same places.
//! - DNS over TLS uses rustls without tokio-rustls: its session takes octets and gives octets, as `tcp` works with a kernel that
//!   takes some of them. The crate of HTTP/2 wants streams, so DNS over HTTPS uses tokio-rustls, with the same bounds. Only 16 KiB
//!   are encrypted before the kernel has taken them.
//! - A handshake has a time, and a place from its begin. A client that fills its places with handshakes loses the oldest of
//!   these first, unless they are young and few. Each client has a rate of handshakes (`handshakes`), which counts them when the
//!   ClientHello is whole, before anything is computed for it. A rate for each network was rejected: the gateways of a site
//!   share one, and one of them would lock out the others.
//! - Records of TLS without data do not extend the time of an idle connection.
//! - Sessions are resumed from memory: the library keeps 256. Early data (0-RTT) is off: it can be repeated by others.
//! - A new certificate is taken by connections that begin after it; the others keep theirs.
//! - No certificate of a client is asked for. `allow` decides by its address, as for other listeners.

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

use crate::config::Listener;
use crate::limits::{HANDSHAKE_TIME, TLS_RECORD};
pub(super) use octets::ClientStream;
use octets::SecureStream;

/// The name of DNS over TLS in the handshake (RFC 7858 section 12: the registry of RFC 7301). Clients may leave it out.
pub(super) const DOT: &[u8] = b"dot";

/// The name of HTTP/2 in the handshake (RFC 9113 section 3.2).
pub(super) const HTTP_2: &[u8] = b"h2";

/// The settings for a protocol at the addresses of a listener; none if it has no certificate, or if its key does not fit, which
/// the configuration has checked.
pub(super) fn settings(listener: &Listener, protocol: &[u8]) -> Option<Arc<ServerConfig>> {
    settings_with(listener, protocol, &[&TLS13, &TLS12])
}

/// The settings for a protocol that needs one of these versions of TLS.
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

/// Secures a connection. `may` is asked when the client has said what it wants, and nothing was computed yet.
///
/// # Errors
/// The handshake fails, or takes too long; `QuotaExceeded` if it may not go on.
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

/// Like `secure`, for DNS over HTTPS.
///
/// # Errors
/// As those of `secure`.
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
