//! TLS connections to remote hosts for `check DOMAIN --connect`: their certificates, and whether this system trusts them.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

use crate::limits::{CONNECTION_TIME, MAX_PEER_CERTIFICATES};
use doctor::facts::NoReply;
use doctor::transport::der;
use exchange::certificate_fault;

/// Connects to a server. `CONNECTION_TIME` limits the connection attempt, and each read and write.
pub(super) fn connected(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, CONNECTION_TIME)?;
    stream.set_read_timeout(Some(CONNECTION_TIME))?;
    stream.set_write_timeout(Some(CONNECTION_TIME))?;
    Ok(stream)
}

pub(super) fn lost(error: &io::Error) -> NoReply {
    match error.kind() {
        // On Linux, a read that exceeds its time limit returns the error `WouldBlock`.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => NoReply::Silent,
        io::ErrorKind::ConnectionRefused => NoReply::Unreachable,
        io::ErrorKind::NetworkUnreachable => NoReply::NoRoute,
        io::ErrorKind::InvalidData => NoReply::Unfit,
        _ => NoReply::Unknown(words(error)),
    }
}

/// Returns the text of the error, without the error number of the operating system.
pub(super) fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_owned(),
        None => error.to_string(),
    }
}

/// A TLS connection whose handshake has succeeded.
pub(super) struct Secured {
    pub(super) stream: StreamOwned<ClientConnection, TcpStream>,
    /// The certificates of the server in DER, its own first.
    pub(super) chain: Vec<Vec<u8>>,
    /// Why this system does not trust the certificate for the name of the server.
    pub(super) fault: Option<String>,
}

pub(super) struct Handshake {
    provider: Arc<CryptoProvider>,
    seen: Arc<Seen>,
}

impl Handshake {
    /// Fails if this system has no CA certificates, because then no certificate can be verified.
    pub(super) fn new() -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let seen = Seen::new(Arc::clone(&provider)).map_err(io::Error::other)?;
        Ok(Self { provider, seen: Arc::new(seen) })
    }

    /// Accepts any certificate. The caller must examine `Secured::fault` before it sends anything.
    pub(super) fn secure(self, host: &str, stream: TcpStream) -> io::Result<Secured> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = ClientConfig::builder_with_provider(self.provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&self.seen) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        let shown = self.seen.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (chain, fault) = shown.unwrap_or_default();
        Ok(Secured { stream, chain, fault })
    }
}

/// The certificates that a server sent, with its own certificate first, and the reason why they are not trusted.
type Shown = (Vec<Vec<u8>>, Option<String>);

/// Why the certificate `leaf` is not trusted.
fn in_words(fault: &Error, leaf: &CertificateDer<'_>) -> String {
    if der::is_version_1(leaf) {
        return "the certificate has X.509 version 1, which has no place for the name of a host".to_owned();
    }
    match fault {
        Error::InvalidCertificate(fault) => certificate_fault(fault),
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// Stores the certificates of the server and the result of their verification, but accepts all: mail is sent with any certificate
/// unless DANE or MTA-STS require a valid one.
#[derive(Debug)]
struct Seen {
    system: Verifier,
    shown: Mutex<Option<Shown>>,
}

impl Seen {
    fn new(provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        Ok(Self { system: Verifier::new(provider)?, shown: Mutex::default() })
    }
}

/// Accepts the signature if `leaf` is an X.509 certificate of version 1; otherwise returns `judged`, the result of the system's
/// verifier. Many mail hosts have certificates of version 1, which the verifier cannot parse. They are not trusted anyway, so
/// their signature does not matter.
fn signed(
    judged: Result<HandshakeSignatureValid, Error>,
    leaf: &CertificateDer<'_>,
) -> Result<HandshakeSignatureValid, Error> {
    if der::is_version_1(leaf) { Ok(HandshakeSignatureValid::assertion()) } else { judged }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        authorities: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fault = self.system.verify_server_cert(leaf, authorities, name, ocsp, now).err();
        let chain = std::iter::once(leaf).chain(authorities).take(MAX_PEER_CERTIFICATES);
        let chain = chain.map(|certificate| certificate.as_ref().to_vec()).collect();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown = Some((chain, fault.map(|fault| in_words(&fault, leaf))));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signed(self.system.verify_tls12_signature(message, leaf, signature), leaf)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signed(self.system.verify_tls13_signature(message, leaf, signature), leaf)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_error_is_told_in_words() {
        let of = |errno: Errno| lost(&io::Error::from_raw_os_error(errno as i32));
        assert_eq!(of(Errno::ECONNRESET), NoReply::Unknown("Connection reset by peer".to_owned()));
        assert_eq!(of(Errno::ENETUNREACH), NoReply::NoRoute);
        assert_eq!(of(Errno::ECONNREFUSED), NoReply::Unreachable);
        // A router reported that the destination is down. This host has a route, so the result must not be "no route".
        assert_eq!(of(Errno::EHOSTUNREACH), NoReply::Unknown("No route to host".to_owned()));
        assert_eq!(lost(&io::ErrorKind::InvalidData.into()), NoReply::Unfit);
    }
}
