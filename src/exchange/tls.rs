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

use super::network::Path;
use crate::limits::{LISTEN_TIME, MAX_PIPELINED};

/// Connections to forwarders.
#[derive(Default)]
pub(super) struct Connections(Mutex<HashMap<Path, Arc<Connection>>>);

/// A connection, or the making of one: whoever comes meanwhile waits for it.
#[derive(Default)]
struct Connection(tokio::sync::OnceCell<DnsExchange<TokioRuntimeProvider>>);

impl Connections {
    /// Sends one message and waits for its answer.
    pub(super) async fn exchange(&self, path: &Path, message: &[u8]) -> io::Result<Vec<u8>> {
        let connection = Arc::clone(self.table().entry(path.clone()).or_default());
        let answered = Self::ask(&connection, path, message).await;
        if answered.is_err() {
            // The next question makes a new one; those under way on this one end as it does.
            let mut table = self.table();
            if table.get(path).is_some_and(|kept| Arc::ptr_eq(kept, &connection)) {
                table.remove(path);
            }
        }
        answered
    }

    async fn ask(connection: &Connection, path: &Path, message: &[u8]) -> io::Result<Vec<u8>> {
        let exchange = connection.0.get_or_try_init(|| connect(path)).await?;
        let query = Message::from_vec(message).map_err(io::Error::other)?;
        let id = query.metadata.id;
        let mut replies = exchange.send(DnsRequest::new(query, DnsRequestOptions::default()));
        let reply = replies.next().await.ok_or(io::ErrorKind::UnexpectedEof)?.map_err(io::Error::other)?;
        let mut octets = reply.into_buffer();
        // On a shared connection the library gives each message an id of its own.
        if let Some(place) = octets.first_chunk_mut() {
            *place = id.to_be_bytes();
        }
        Ok(octets)
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Path, Arc<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn connect(path: &Path) -> io::Result<DnsExchange<TokioRuntimeProvider>> {
    let name = path.tls.as_deref().unwrap_or_default().to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    let config = client_config().map_err(io::Error::other)?;
    let source = path.source.map(|source| SocketAddr::new(source, 0));
    let provider = TokioRuntimeProvider::default();
    let exchange = tls_exchange_with_bind_addr(
        path.server,
        source,
        name,
        config,
        LISTEN_TIME,
        Some(MAX_PIPELINED),
        provider,
    );
    exchange.await.map_err(io::Error::other)
}
