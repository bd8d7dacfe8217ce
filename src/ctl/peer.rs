//! TLS connections to strangers, for `check DOMAIN --connect`: the certificates, and the verdict of this system on them.

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

use super::certificate_fault;
use crate::limits::MAX_PEER_CERTIFICATES;
use doctor::facts::NoReply;
use doctor::transport::der;
use gather::limits::CONNECTION_TIME;

/// Connects; each step after it has the same time.
///
/// # Errors
/// Nobody accepts in time.
pub(super) fn connected(server: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&server, CONNECTION_TIME)?;
    stream.set_read_timeout(Some(CONNECTION_TIME))?;
    stream.set_write_timeout(Some(CONNECTION_TIME))?;
    Ok(stream)
}

/// The reason why nothing was heard.
pub(super) fn lost(error: &io::Error) -> NoReply {
    match error.kind() {
        // Linux reports the end of a socket's time as WouldBlock.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => NoReply::Silent,
        io::ErrorKind::ConnectionRefused => NoReply::Unreachable,
        io::ErrorKind::NetworkUnreachable => NoReply::NoRoute,
        io::ErrorKind::InvalidData => NoReply::Unfit,
        _ => NoReply::Unknown(words(error)),
    }
}

/// An error in words, without the number of the system's error.
pub(super) fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_owned(),
        None => error.to_string(),
    }
}

/// A connection after its handshake.
pub(super) struct Secured {
    pub(super) stream: StreamOwned<ClientConnection, TcpStream>,
    /// The certificates in DER, the peer's own first.
    pub(super) chain: Vec<Vec<u8>>,
    /// Why this system does not trust the certificate for the name of the peer, if it does not.
    pub(super) fault: Option<String>,
}

/// A handshake that is ready to begin.
pub(super) struct Handshake {
    provider: Arc<CryptoProvider>,
    seen: Arc<Seen>,
}

impl Handshake {
    /// Prepares it before anything is sent.
    ///
    /// # Errors
    /// This system has no certificates of authorities, so it cannot judge others.
    pub(super) fn new() -> io::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let seen = Seen::new(Arc::clone(&provider)).map_err(io::Error::other)?;
        Ok(Self { provider, seen: Arc::new(seen) })
    }

    /// Secures the connection, whatever the certificate is: the caller reads the fault before it sends anything.
    ///
    /// # Errors
    /// The handshake fails.
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

/// The certificates, the leaf first, and their fault.
type Shown = (Vec<Vec<u8>>, Option<String>);

/// The fault of a certificate in words.
fn in_words(fault: &Error, leaf: &CertificateDer<'_>) -> String {
    if der::is_version_1(leaf) {
        return "the certificate has X.509 version 1, which has no place for the name of a host".to_owned();
    }
    match fault {
        Error::InvalidCertificate(fault) => certificate_fault::of_certificate(fault),
        other => certificate_fault::words(other),
    }
}

/// Keeps the certificates with the verdict of the system, and goes on, because mail is sent with any certificate unless DANE
/// or MTA-STS demand one.
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

/// The verdict on the signature of a handshake. The verifier of the system reads no certificates of X.509 version 1, which many mail hosts
/// have. They are not trusted, so their signature proves nothing.
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
    fn an_error_of_the_system_has_words_without_its_number() {
        let of = |errno: Errno| lost(&io::Error::from_raw_os_error(errno as i32));
        assert_eq!(of(Errno::ECONNRESET), NoReply::Unknown("Connection reset by peer".to_owned()));
        assert_eq!(of(Errno::ENETUNREACH), NoReply::NoRoute);
        assert_eq!(of(Errno::ECONNREFUSED), NoReply::Unreachable);
        // A router says that the host is down: this is no lack of a route here.
        assert_eq!(of(Errno::EHOSTUNREACH), NoReply::Unknown("No route to host".to_owned()));
        assert_eq!(lost(&io::ErrorKind::InvalidData.into()), NoReply::Unfit);
    }
}
