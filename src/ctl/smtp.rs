//! A connection to a mail host for `check DOMAIN --connect`: EHLO, STARTTLS and QUIT, and nothing else.
//!
//! It leaves from this command, not from the daemon, so it has the source address that the mail software of this host has
//! by default. Blocking: the caller runs it on a thread of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

use crate::check::domain::facts::{Got, Lost, MailHostSaid, MailHostTls};
use crate::limits::{CONNECTION_TIME, MAX_MAIL_HOST_REPLY, MAX_PEER_CERTIFICATES};

/// Connects, and hears what the host says. `host` is the name that its certificate shall have.
pub(super) fn hear(host: &str, server: SocketAddr) -> Got {
    match said(host.trim_end_matches('.'), server) {
        Ok(said) => Got::MailHost(said),
        Err(error) => Got::Lost(match error.kind() {
            // Linux reports the end of a socket's time as WouldBlock.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Lost::Silent,
            io::ErrorKind::ConnectionRefused => Lost::Unreachable,
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => Lost::NoRoute,
            io::ErrorKind::InvalidData => Lost::Unfit,
            _ => Lost::Unknown(error.to_string()),
        }),
    }
}

fn said(host: &str, server: SocketAddr) -> io::Result<MailHostSaid> {
    // Without certificates of its own this system cannot judge others.
    let provider = Arc::new(ring::default_provider());
    let seen = Arc::new(Seen::new(Arc::clone(&provider)).map_err(io::Error::other)?);
    let stream = TcpStream::connect_timeout(&server, CONNECTION_TIME)?;
    stream.set_read_timeout(Some(CONNECTION_TIME))?;
    stream.set_write_timeout(Some(CONNECTION_TIME))?;
    // RFC 5321 section 4.1.3: the name of this host may be known to nobody.
    let own = match stream.local_addr()?.ip() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    let mut said = MailHostSaid { greeting: reply(&stream)?.first, ..MailHostSaid::default() };
    if !said.greeting.starts_with("220") {
        quit(&stream);
        return Ok(said);
    }
    let hello = command(&stream, &format!("EHLO {own}"))?;
    said.hello = hello.first;
    if !hello.starttls {
        quit(&stream);
        return Ok(said);
    }
    let ready = command(&stream, "STARTTLS")?;
    if !ready.first.starts_with("220") {
        said.tls = MailHostTls::Failed(format!("answers STARTTLS with {}", ready.first));
        quit(&stream);
        return Ok(said);
    }
    said.tls = secured(host, stream, (provider, seen))
        .unwrap_or_else(|error| MailHostTls::Failed(error.to_string()));
    Ok(said)
}

/// A reply: its first line, and whether a line offers STARTTLS.
struct HostReply {
    first: String,
    starttls: bool,
}

/// Reads a reply of one or several lines (RFC 5321 section 4.2.1).
fn reply(stream: impl Read) -> io::Result<HostReply> {
    let mut lines = BufReader::new(stream.take(MAX_MAIL_HOST_REPLY)).lines();
    let mut read = HostReply { first: String::new(), starttls: false };
    loop {
        let line = lines.next().ok_or(io::ErrorKind::InvalidData)??;
        let (code, rest) = line.split_at_checked(3).ok_or(io::ErrorKind::InvalidData)?;
        if !code.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        read.starttls |= rest.get(1..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"));
        if read.first.is_empty() {
            read.first = format!("{code} {}", rest.get(1..).unwrap_or_default().trim());
        }
        if !rest.starts_with('-') {
            return Ok(read);
        }
    }
}

fn command(mut stream: &TcpStream, line: &str) -> io::Result<HostReply> {
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    reply(stream)
}

/// Says goodbye. The host may have closed the connection already.
fn quit(mut stream: impl Write) {
    let _ = stream.write_all(b"QUIT\r\n").and_then(|()| stream.flush());
}

/// The certificates of the host, and the verdict of this system on them.
fn secured(
    host: &str,
    stream: TcpStream,
    (provider, seen): (Arc<CryptoProvider>, Arc<Seen>),
) -> io::Result<MailHostTls> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    quit(&mut stream);
    let shown = seen.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (chain, fault) = shown.unwrap_or_default();
    Ok(MailHostTls::Done { chain, fault })
}

/// The certificates, the leaf first, and their fault.
type Shown = (Vec<Vec<u8>>, Option<String>);

/// Keeps the certificates with the verdict of the system, and goes on: mail is sent with any certificate, unless DANE or
/// MTA-STS demand one. No data but QUIT is sent.
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
        *shown = Some((chain, fault.map(|fault| fault.to_string())));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.system.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.system.supported_verify_schemes()
    }
}
