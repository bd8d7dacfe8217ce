//! Reads and writes the octets of a connection, with or without TLS. No call blocks.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio_rustls::rustls::server::{AcceptedAlert, Acceptor};
use tokio_rustls::rustls::{self, ServerConfig, ServerConnection};

use crate::limits::{EMPTY_RECORDS_AT_ONCE, MAX_QUERY, TLS_RECORD};

pub(in super::super) enum ClientStream {
    Plain(TcpStream),
    Tls(Box<SecureStream>),
}

pub(in super::super) struct SecureStream {
    tcp: TcpStream,
    session: ServerConnection,
    /// The number of octets that are decrypted, but that `try_read` has not returned yet.
    decrypted: usize,
    /// True if the client has announced over TLS (close_notify) that it sends no more data.
    has_ended: bool,
}

/// The TCP connection as rustls reads and writes it, without waiting.
struct Kernel<'a>(&'a TcpStream);

impl Read for Kernel<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for Kernel<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.try_write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells the client why its TLS handshake ends, if the kernel has room for the alert.
fn refused(tcp: &TcpStream, error: rustls::Error, mut alert: AcceptedAlert) -> io::Error {
    let _ = alert.write_all(&mut Kernel(tcp));
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl ClientStream {
    pub(in super::super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(secure) => &secure.tcp,
        }
    }

    pub(in super::super) async fn readable(&self) -> io::Result<()> {
        match self {
            // The kernel does not report octets that are already decrypted.
            Self::Tls(secure) if secure.decrypted > 0 => Ok(()),
            _ => self.tcp().readable().await,
        }
    }

    /// Appends octets from the client to `into`, and returns their number. Returns 0 if the client sends no more.
    ///
    /// # Errors
    /// `WouldBlock` if no octets have arrived. All other errors end the connection.
    pub(in super::super) fn try_read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => {
                into.reserve(MAX_QUERY);
                tcp.try_read_buf(into)
            }
            Self::Tls(secure) => secure.try_read(into),
        }
    }

    /// Returns how many of the octets were accepted.
    ///
    /// # Errors
    /// `WouldBlock` if the kernel has no room. All other errors end the connection.
    pub(in super::super) fn try_write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.try_write(octets),
            Self::Tls(secure) => secure.try_write(octets),
        }
    }

    /// Returns true if the kernel has accepted all octets that were written.
    ///
    /// # Errors
    /// The connection has ended.
    pub(in super::super) fn flush(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(secure) => secure.flush(),
        }
    }

    /// Tells the client that it gets no further octets. The connection can still be read.
    pub(in super::super) fn end(&mut self) {
        if let Self::Tls(secure) = self {
            secure.session.send_close_notify();
            // If the kernel has no room, the alert (close_notify) is not sent. The client then notices only that the connection is closed.
            let _ = secure.flush();
        }
        // An error means that the client has already closed the connection.
        let _ = SockRef::from(self.tcp()).shutdown(Shutdown::Write);
    }
}

impl SecureStream {
    /// Reads the ClientHello of a connection. `may` decides whether the TLS handshake continues.
    pub(super) async fn accept(
        tcp: TcpStream,
        config: Arc<ServerConfig>,
        may: impl FnOnce() -> bool,
    ) -> io::Result<Self> {
        let mut acceptor = Acceptor::default();
        let accepted = loop {
            tcp.readable().await?;
            match acceptor.read_tls(&mut Kernel(&tcp)) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                read => read?,
            };
            match acceptor.accept() {
                Ok(Some(accepted)) => break accepted,
                Ok(None) => {}
                Err((error, alert)) => return Err(refused(&tcp, error, alert)),
            }
        };
        if !may() {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let mut session =
            accepted.into_connection(config).map_err(|(error, alert)| refused(&tcp, error, alert))?;
        session.set_buffer_limit(Some(TLS_RECORD));
        Ok(Self { tcp, session, decrypted: 0, has_ended: false })
    }

    pub(super) async fn handshake(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() || self.session.wants_write() {
            if !self.flush()? {
                self.tcp.writable().await?;
                continue;
            }
            if !self.session.is_handshaking() {
                break;
            }
            self.tcp.readable().await?;
            match self.receive() {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn try_read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        for _ in 0..EMPTY_RECORDS_AT_ONCE {
            if self.decrypted > 0 {
                let mut room = [0; MAX_QUERY];
                let length = self.session.reader().read(&mut room)?;
                self.decrypted = self.decrypted.saturating_sub(length);
                into.extend_from_slice(room.get(..length).unwrap_or_default());
                return Ok(length);
            }
            if self.has_ended || self.receive()? == 0 {
                return Ok(0);
            }
        }
        // The kernel may have more octets. Other connections are served first.
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn try_write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if !self.flush()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let some = octets.get(..TLS_RECORD).unwrap_or(octets);
        let length = self.session.writer().write(some)?;
        self.flush()?;
        Ok(length)
    }

    /// Gives the encrypted octets to the kernel. Returns true if the kernel has accepted all of them.
    fn flush(&mut self) -> io::Result<bool> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut Kernel(&self.tcp)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn receive(&mut self) -> io::Result<usize> {
        let taken = self.session.read_tls(&mut Kernel(&self.tcp))?;
        match self.session.process_new_packets() {
            Ok(state) => {
                self.decrypted = state.plaintext_bytes_to_read();
                self.has_ended = state.peer_has_closed();
            }
            Err(error) => {
                // Sends the TLS alert that tells the client what is wrong.
                let _ = self.flush();
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        self.flush()?;
        Ok(taken)
    }
}
