//! DNS over HTTPS (RFC 8484) for `check DOMAIN`, over HTTP/2. Hickory's client is not used: it accepts no IPv6 address as the host of a URL.

use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::sync::Arc;

use h2::client::{Builder, ResponseFuture, SendRequest};
use hickory_net::NetError;
use hickory_proto::op::Message;
use hickory_proto::serialize::binary::{BinDecodable, BinEncodable};
use http::{Request, StatusCode, Uri};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use doctor::facts::SecuredResolver;

/// The media type of a DNS message (RFC 8484 section 6).
const MESSAGE: &str = "application/dns-message";

/// An open HTTP/2 connection to a resolver. All clones of this value share the connection.
#[derive(Clone)]
pub(super) struct HttpsConnection {
    sender: SendRequest<Cursor<Vec<u8>>>,
    url: Uri,
}

/// Connects to a resolver over TLS, for HTTP/2. The certificate of the resolver must contain its name or its address.
///
/// # Errors
/// Fails if no server answers at the address, or if the handshake fails.
pub(super) async fn connect(
    resolver: &SecuredResolver,
    path: &str,
    server: SocketAddr,
    mut config: ClientConfig,
) -> Result<HttpsConnection, NetError> {
    let host =
        if resolver.host.contains(':') { format!("[{}]", resolver.host) } else { resolver.host.clone() };
    let url =
        Uri::builder().scheme("https").authority(format!("{host}:{}", resolver.port)).path_and_query(path);
    let url = url.build().map_err(io::Error::other)?;
    let name = ServerName::try_from(resolver.certificate.clone()).map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream =
        TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(server).await?).await?;
    let (sender, connection) = Builder::new().handshake(stream).await.map_err(io::Error::other)?;
    // This background task moves data of the connection. It ends when the last `HttpsConnection` for the connection is dropped.
    drop(tokio::spawn(connection));
    Ok(HttpsConnection { sender, url })
}

impl HttpsConnection {
    /// Sends a query to the resolver, and returns its reply. There is no time limit here, so the caller must set one.
    ///
    /// # Errors
    /// Fails if the connection breaks, or if the resolver's answer is not a DNS message.
    pub(super) async fn exchange(&self, query: &Message) -> Result<Message, NetError> {
        let octets = query.to_bytes()?;
        let response = self.send(octets).await.map_err(io::Error::other)?.await.map_err(io::Error::other)?;
        if response.status() != StatusCode::OK {
            return Err(NetError::Msg(format!("HTTP status {}", response.status())));
        }
        let (mut body, mut octets) = (response.into_body(), Vec::new());
        while let Some(part) = body.data().await {
            let part = part.map_err(io::Error::other)?;
            octets.extend_from_slice(part.as_ref());
            if octets.len() > usize::from(u16::MAX) {
                return Err(NetError::Msg("a reply longer than any message".to_owned()));
            }
            body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
        }
        Ok(Message::from_bytes(&octets)?)
    }

    async fn send(&self, octets: Vec<u8>) -> Result<ResponseFuture, io::Error> {
        let request = Request::post(self.url.clone())
            .header("content-type", MESSAGE)
            .header("accept", MESSAGE)
            // BIND 9.18 answers with status 400 if this header field is missing.
            .header("content-length", octets.len());
        let request = request.body(()).map_err(io::Error::other)?;
        let mut sender = self.sender.clone().ready().await.map_err(io::Error::other)?;
        let (response, mut body) = sender.send_request(request, false).map_err(io::Error::other)?;
        body.send_data(Cursor::new(octets), true).map_err(io::Error::other)?;
        Ok(response)
    }
}
