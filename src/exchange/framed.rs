//! DNS messages on a stream of octets. The length of a message stands directly before it (RFC 1035 section 4.2.2). The length and the message
//! are sent in one write (RFC 7766 section 8).

use std::io;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::network::{Arrival, Stream};

/// The size of the length field, in octets.
const LENGTH: usize = 2;

/// The size of the buffer, in octets, while the length of the next DNS message is not known. Most DNS messages fit into it, so that one system call
/// reads the length and the message.
const USUAL: usize = 512;

pub(super) struct Framed<Octets> {
    octets: Octets,
    /// The octets that have arrived but were not returned yet.
    arrived: Vec<u8>,
}

impl<Octets> Framed<Octets> {
    pub(super) fn new(octets: Octets) -> Self {
        Self { octets, arrived: Vec::new() }
    }

    /// Removes a complete DNS message from the buffer. An empty buffer is freed: streams stay open between queries, and each would otherwise keep a
    /// buffer of 64 KiB or more after a long message.
    fn take(&mut self) -> Option<Vec<u8>> {
        let length = u16::from_be_bytes(*self.arrived.first_chunk()?);
        let end = usize::from(length).saturating_add(LENGTH);
        if self.arrived.len() == end {
            // Usually only one DNS message has arrived. Its buffer is returned, because a copy would need the same memory again.
            let mut message = std::mem::take(&mut self.arrived);
            message.drain(..LENGTH);
            return Some(message);
        }
        let message = self.arrived.get(LENGTH..end)?.to_vec();
        self.arrived.drain(..end);
        if self.arrived.is_empty() {
            self.arrived = Vec::new();
        }
        Some(message)
    }

    /// Reserves room for the rest of the DNS message only, so that the buffer is never larger than needed.
    fn make_room(&mut self) {
        let length = self.arrived.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
        let end = length.map_or(USUAL, |length| length.saturating_add(LENGTH));
        self.arrived.reserve_exact(end.saturating_sub(self.arrived.len()));
    }
}

impl<Octets: AsyncRead + AsyncWrite + Unpin + Send> Stream for Framed<Octets> {
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>> {
        Box::pin(async move {
            let length = u16::try_from(message.len()).map_err(io::Error::other)?;
            let mut framed = Vec::with_capacity(message.len().saturating_add(LENGTH));
            framed.extend(length.to_be_bytes());
            framed.extend(message);
            self.octets.write_all(&framed).await?;
            self.octets.flush().await
        })
    }

    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>> {
        Box::pin(async move {
            loop {
                if let Some(message) = self.take() {
                    return Ok(Arrival::Message(message));
                }
                // If the caller drops this future, no octets are lost: they stay in `arrived`.
                self.make_room();
                if self.octets.read_buf(&mut self.arrived).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn message(stream: &mut dyn Stream) -> Vec<u8> {
        match stream.next().await.unwrap() {
            Arrival::Message(octets) => octets,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn cut_messages_arrive_whole() {
        let (mut far, near) = tokio::io::duplex(1_000);
        let mut framed = Framed::new(near);
        framed.send(b"question").await.unwrap();
        let mut sent = [0; 10];
        far.read_exact(&mut sent).await.unwrap();
        assert_eq!(&sent, b"\x00\x08question");
        far.write_all(b"\x00").await.unwrap();
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(1), framed.next()).await;
        assert!(given_up.is_err());
        far.write_all(b"\x03one\x00\x00\x00\x05th").await.unwrap();
        assert_eq!(message(&mut framed).await, b"one");
        assert_eq!(message(&mut framed).await, b"");
        far.write_all(b"ree").await.unwrap();
        assert_eq!(message(&mut framed).await, b"three");
        assert_eq!(framed.arrived.capacity(), 0, "an idle stream has no buffer");
        let long = [1; 60_000];
        far.write_all(&60_000_u16.to_be_bytes()).await.unwrap();
        let (_, read) = tokio::join!(far.write_all(&long), async {
            while framed.arrived.len() < 30_000 {
                framed.make_room();
                framed.octets.read_buf(&mut framed.arrived).await.unwrap();
            }
            assert_eq!(framed.arrived.capacity(), 60_002, "the buffer has the size of the message");
            message(&mut framed).await
        });
        assert_eq!(read, long);
        drop(far);
        assert_eq!(framed.next().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
