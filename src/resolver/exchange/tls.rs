//! TLS to forwarders (RFC 7858, RFC 8484). The certificate must have the configured name (RFC 8310 section 5, strict profile).
//!
//! The certificate authorities that the operating system trusts are trusted.

use std::io;
use std::sync::Arc;

use hickory_net::tls::client_config;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, ClientConfig};

use super::network::{CertificateRefused, HttpsFault};
use dns::conduct::Encryption;

/// The identifier of HTTP/2 in the TLS handshake (RFC 9113 section 3.2).
const HTTP2: &[u8] = b"h2";

/// Sets up TLS on a connection to a server.
///
/// # Errors
/// The handshake failed. The error contains `CertificateRefused` if the certificate is the reason.
pub(super) async fn secure(
    connection: TcpStream,
    encryption: &Encryption,
) -> io::Result<TlsStream<TcpStream>> {
    let name = encryption.certificate.as_str();
    let server = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    // This reads the certificates of the system from some hundred files, so it runs in another thread than the resolution of questions. New
    // connections are rare, and must use certificates that were added in the meantime.
    let config = tokio::task::spawn_blocking(client_config).await.map_err(io::Error::other)?;
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = encryption.https.iter().map(|_| HTTP2.to_vec()).collect();
    let secured =
        handshake(connection, server, config).await.map_err(|error| with_server_name(error, name))?;
    let offers = |protocol: &[u8]| secured.get_ref().1.alpn_protocol() == Some(protocol);
    if encryption.https.is_some() && !offers(HTTP2) { Err(without_http2()) } else { Ok(secured) }
}

/// Returns the error for a server that does not offer HTTP/2, because it does not serve HTTPS or its software is old.
fn without_http2() -> io::Error {
    io::Error::other(HttpsFault { words: "the server does not offer HTTP/2".to_owned(), is_failure: false })
}

async fn handshake(
    connection: TcpStream,
    server: ServerName<'static>,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    // The ClientHello contains the configured name (RFC 6066 section 3), because a server with many names needs it to choose the certificate.
    // Unbound and Knot Resolver send it too.
    TlsConnector::from(Arc::new(config)).connect(server, connection).await
}

/// Replaces the error for a refused certificate by a text for the operator who configured `name`.
fn with_server_name(error: io::Error, name: &str) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let reason = match inner {
        Some(rustls::Error::InvalidCertificate(reason)) => reason,
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            return without_http2();
        }
        _ => return error,
    };
    let words = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check the clock of this host".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it does not match {name}")
        }
        CertificateError::UnknownIssuer => "its issuer is not trusted by this host".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    };
    io::Error::new(io::ErrorKind::InvalidData, CertificateRefused(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_name_is_sent_so_that_a_server_with_many_can_choose() {
        // The server closes the connection before it sends a certificate, so no certificate authority is needed.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let trusted = rustls::RootCertStore::empty();
        let config = builder.unwrap().with_root_certificates(trusted).with_no_client_auth();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let name = ServerName::try_from("dns.example").unwrap();
        let client = async { handshake(TcpStream::connect(address).await.unwrap(), name, config).await };
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut hello = vec![0; 2_048];
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut hello).await.unwrap();
            hello.truncate(read);
            hello
        };
        let (secured, hello) = tokio::join!(client, server);
        assert!(secured.is_err(), "the server has left");
        let name = b"dns.example";
        assert!(hello.windows(name.len()).any(|window| window == name), "{hello:?}");
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_reported() {
        let wrong = |reason| {
            let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(reason));
            with_server_name(error, "dns.example").to_string()
        };
        assert_eq!(wrong(CertificateError::NotValidForName), "it does not match dns.example");
        assert_eq!(wrong(CertificateError::Expired), "it has expired");
        let reset = with_server_name(io::ErrorKind::ConnectionReset.into(), "dns.example");
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    }
}
