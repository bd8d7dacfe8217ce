//! DNS over QUIC (RFC 9250), to resolvers that the operator compares with `resolverctl`. Each query has its own QUIC stream.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, RecvStream, TransportErrorCode};

use super::network::{Arrival, CertificateRefused, Stream};
use super::tls;

/// The ALPN protocol name (RFC 9250 section 4.1).
const DOQ: &[u8] = b"doq";

/// The TLS alerts for a certificate that is not accepted (RFC 8446 section 6.2).
const CERTIFICATE_ALERTS: [u8; 6] = [42, 43, 44, 45, 46, 48];

/// Every message over QUIC has this id (RFC 9250 section 4.2.1).
const NO_ID: [u8; 2] = [0; 2];

pub(super) struct QuicStream {
    connection: Connection,
    replies: FuturesUnordered<BoxFuture<'static, (u16, io::Result<Vec<u8>>)>>,
}

/// Opens a connection from the address `source`. The server's certificate must contain the name or address `certificate`.
///
/// # Errors
/// The handshake failed. The error contains `CertificateRefused` if the certificate is the reason.
pub(super) async fn open(server: SocketAddr, source: IpAddr, certificate: &str) -> io::Result<QuicStream> {
    let config = QuicClientConfig::try_from(tls::settings(Some(DOQ)).await?).map_err(io::Error::other)?;
    let endpoint = Endpoint::client(SocketAddr::new(source, 0))?;
    let config = ClientConfig::new(Arc::new(config));
    let connecting = endpoint.connect_with(config, server, certificate).map_err(io::Error::other)?;
    let connection = connecting.await.map_err(refused)?;
    Ok(QuicStream { connection, replies: FuturesUnordered::new() })
}

/// Finds a refused certificate by its TLS alert, because the QUIC library passes on only the alert and the text of the TLS library.
fn refused(error: ConnectionError) -> io::Error {
    match error {
        ConnectionError::TransportError(fault)
            if CERTIFICATE_ALERTS.map(TransportErrorCode::crypto).contains(&fault.code) =>
        {
            io::Error::new(io::ErrorKind::InvalidData, CertificateRefused(fault.reason))
        }
        error => error.into(),
    }
}

impl Stream for QuicStream {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            let (id, rest) = message.split_first_chunk().ok_or(io::ErrorKind::InvalidInput)?;
            let (id, length) = (*id, u16::try_from(message.len()).map_err(io::Error::other)?);
            let (mut query, reply) = self.connection.open_bi().await?;
            query.write_all(&[&length.to_be_bytes(), &NO_ID, rest].concat()).await?;
            query.finish()?;
            self.replies.push(Box::pin(async move { (u16::from_be_bytes(id), whole(reply, id).await) }));
            Ok(())
        })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                Some((id, reply)) = self.replies.next() => Ok(match reply {
                    Ok(message) => Arrival::Message(message),
                    Err(error) => Arrival::Failed { id, error },
                }),
                lost = self.connection.closed() => Err(lost.into()),
            }
        })
    }
}

/// Reads the reply on a QUIC stream, and writes the id of its query into it.
async fn whole(mut stream: RecvStream, id: [u8; 2]) -> io::Result<Vec<u8>> {
    let octets = stream.read_to_end(usize::from(u16::MAX) + 2).await.map_err(io::Error::other)?;
    let message = octets.split_first_chunk().filter(|(length, message)| {
        usize::from(u16::from_be_bytes(**length)) == message.len() && message.starts_with(&NO_ID)
    });
    let (_, message) = message.ok_or(io::ErrorKind::InvalidData)?;
    Ok([&id, message.get(NO_ID.len()..).unwrap_or_default()].concat())
}
