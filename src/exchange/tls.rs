//! DNS over TLS to forwarders (RFC 7858), with the certificate's name checked (RFC 8310 section 5, strict).
//!
//! May call: `exchange::network` for its types, `limits`. Connections are kept and shared: the library puts many questions
//! on one and sorts the answers. A handshake costs two round trips, so none is made for each question.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::tls::{client_config, tls_exchange_with_bind_addr};
use hickory_net::xfer::{DnsExchange, DnsHandle};
use hickory_proto::op::{DnsRequest, DnsRequestOptions, Message};
use rustls_pki_types::ServerName;
use tokio::sync::{OnceCell, Semaphore};

use super::network::Path;
use crate::limits::{LISTEN_TIME, MAX_PIPELINED};

/// Connections to forwarders.
#[derive(Default)]
pub(super) struct Connections(Mutex<HashMap<Path, Arc<Connection>>>);

/// A connection, or the making of one: whoever comes meanwhile waits for it.
struct Connection {
    stream: OnceCell<Stream>,
    /// As many permits as the library takes questions at once: more wait for their turn.
    turns: Semaphore,
}

struct Stream {
    exchange: DnsExchange<TokioRuntimeProvider>,
    /// Owns the task that reads and writes: it ends with this.
    _provider: TokioRuntimeProvider,
}

impl Connections {
    /// Sends one message and waits for its answer. A connection that the forwarder has closed meanwhile is made anew, once.
    pub(super) async fn exchange(&self, path: &Path, message: &[u8]) -> io::Result<Vec<u8>> {
        let kept = self.connection(path);
        let was_there = kept.stream.initialized();
        match kept.ask(path, message).await {
            Err(_) if was_there => {
                self.forget(path, &kept);
                let fresh = self.connection(path);
                fresh.ask(path, message).await.inspect_err(|_| self.forget(path, &fresh))
            }
            answered => answered.inspect_err(|_| self.forget(path, &kept)),
        }
    }

    fn connection(&self, path: &Path) -> Arc<Connection> {
        let new = || Arc::new(Connection { stream: OnceCell::new(), turns: Semaphore::new(MAX_PIPELINED) });
        Arc::clone(self.table().entry(path.clone()).or_insert_with(new))
    }

    /// The next question makes a new one; those under way on this one end as it does.
    fn forget(&self, path: &Path, connection: &Arc<Connection>) {
        let mut table = self.table();
        if table.get(path).is_some_and(|kept| Arc::ptr_eq(kept, connection)) {
            table.remove(path);
        }
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Path, Arc<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn ask(&self, path: &Path, message: &[u8]) -> io::Result<Vec<u8>> {
        let stream = self.stream.get_or_try_init(|| connect(path)).await?;
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        let query = Message::from_vec(message).map_err(io::Error::other)?;
        let id = query.metadata.id;
        let mut replies = stream.exchange.send(DnsRequest::new(query, DnsRequestOptions::default()));
        let reply = replies.next().await.ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
        let mut octets = reply.into_buffer();
        // On a shared connection the library gives each message an id of its own.
        if let Some(place) = octets.first_chunk_mut() {
            *place = id.to_be_bytes();
        }
        Ok(octets)
    }
}

async fn connect(path: &Path) -> io::Result<Stream> {
    let name = path.tls.as_deref().unwrap_or_default().to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    // Reads the system's certificates, some hundred files: off the threads that flights run on. A new connection is
    // rare, and has to see a certificate that was added since.
    let config = tokio::task::spawn_blocking(client_config).await.map_err(io::Error::other)?;
    let config = config.map_err(io::Error::other)?;
    let source = path.source.map(|source| SocketAddr::new(source, 0));
    let provider = TokioRuntimeProvider::default();
    let exchange = tls_exchange_with_bind_addr(
        path.server,
        source,
        name,
        config,
        LISTEN_TIME,
        Some(MAX_PIPELINED),
        provider.clone(),
    );
    Ok(Stream { exchange: exchange.await.map_err(io::Error::other)?, _provider: provider })
}
