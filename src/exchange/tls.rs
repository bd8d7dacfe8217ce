//! TLS to resolvers (RFC 7858, RFC 8484, RFC 9250). The certificate must have the given name or address (RFC 8310 section 5, strict profile), and
//! must come from a certificate authority that the operating system trusts.

use std::io;
use std::sync::Arc;

use hickory_net::tls::client_config;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{self, AlertDescription, CertificateError, ClientConfig};

use super::network::{CertificateRefused, HttpsFault};
use crate::limits::MAX_NAMES_OF_CERTIFICATE;
use dns::clock::minute;
use dns::conduct::{EncryptedProtocol, Encryption};

/// The ALPN protocol name of HTTP/2 (RFC 9113 section 3.2).
const HTTP2: &[u8] = b"h2";

/// Sets up TLS on a connection to a server.
///
/// # Errors
/// The handshake failed. The error contains `CertificateRefused` if the certificate is the reason.
pub(super) async fn secure(
    connection: TcpStream,
    encryption: &Encryption,
) -> io::Result<TlsStream<TcpStream>> {
    let server = ServerName::try_from(encryption.certificate.clone()).map_err(io::Error::other)?;
    let needs_http2 = matches!(encryption.protocol, EncryptedProtocol::Https(_));
    let config = settings(needs_http2.then_some(HTTP2)).await?;
    let secured = handshake(connection, server, config).await.map_err(refused)?;
    let offers = |protocol: &[u8]| secured.get_ref().1.alpn_protocol() == Some(protocol);
    if needs_http2 && !offers(HTTP2) { Err(without_http2()) } else { Ok(secured) }
}

/// Returns the TLS settings of a connection. `protocol` is the ALPN protocol name that the connection needs.
///
/// # Errors
/// The certificates of the system cannot be read.
pub(super) async fn settings(protocol: Option<&[u8]>) -> io::Result<ClientConfig> {
    // Reading some hundred files would delay resolutions on this thread. The certificates are read for each new connection, because new connections
    // are rare, and certificates may have been added in between.
    let config = tokio::task::spawn_blocking(client_config).await.map_err(io::Error::other)?;
    let mut config = config.map_err(io::Error::other)?;
    config.alpn_protocols = protocol.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// Returns the error for a server without HTTP/2: it does not serve HTTPS, or its software is old.
fn without_http2() -> io::Error {
    io::Error::other(HttpsFault { words: "the server does not offer HTTP/2".to_owned(), is_failure: false })
}

async fn handshake(
    connection: TcpStream,
    server: ServerName<'static>,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    // The ClientHello contains the configured name (RFC 6066 section 3), because a server with many names needs it to choose the certificate.
    TlsConnector::from(Arc::new(config)).connect(server, connection).await
}

/// Returns an error with a text for the operator if the certificate was not accepted, or HTTP/2 is not offered.
fn refused(error: io::Error) -> io::Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(fault)) => {
            io::Error::new(io::ErrorKind::InvalidData, CertificateRefused(certificate_fault(fault)))
        }
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => without_http2(),
        _ => error,
    }
}

/// Returns a sentence about the fault of a certificate, with the certificate as "it".
pub fn certificate_fault(fault: &CertificateError) -> String {
    match fault {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it expired at {}", minute(not_after.as_secs()))
        }
        CertificateError::Expired => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check the clock of this host".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = presented.iter().map(|name| plain(name)).take(MAX_NAMES_OF_CERTIFICATE);
            let names: Vec<String> = names.collect();
            format!("it is for {}, and not for {}", names.join(", "), expected.to_str())
        }
        CertificateError::UnknownIssuer => "no authority that this system trusts has signed it".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

/// Returns `dns.example` for `DnsName("dns.example")`, as the TLS library prints names of certificates.
fn plain(presented: &str) -> String {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::UnixTime;

    use super::*;

    #[tokio::test]
    async fn tls_sends_server_name() {
        // This server closes the connection before it sends a certificate.
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
    fn the_common_faults_are_plain_sentences() {
        let expected = ServerName::try_from("dns.example").unwrap();
        let presented = (0..5).map(|n| format!("DnsName(\"{n}.example\")")).collect();
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        for (fault, expected) in [
            (
                CertificateError::ExpiredContext { time: at(60), not_after: at(0) },
                "it expired at 1970-01-01 00:00 UTC",
            ),
            (
                CertificateError::NotValidForNameContext { expected, presented },
                "it is for 0.example, 1.example, 2.example, and not for dns.example",
            ),
            (CertificateError::UnknownIssuer, "no authority that this system trusts has signed it"),
        ] {
            let fault = rustls::Error::InvalidCertificate(fault);
            assert_eq!(refused(io::Error::new(io::ErrorKind::InvalidData, fault)).to_string(), expected);
        }
        let reset = refused(io::ErrorKind::ConnectionReset.into());
        assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    }
}
