//! The QUIC connections that use memory in the QUIC library (`quinn`): open connections, and those that were closed a short time ago.
//!
//! The library keeps a closed connection until no more datagrams for it can arrive (RFC 9000 section 10.2): three times its probe timeout,
//! of which the client controls a part (its delay of acknowledgements, up to 16 s). The limit of open connections does not count them.
//!
//! # Decisions
//!
//! - The number of connections in memory is limited for each client and for all clients. When a limit is reached, no handshake begins until
//!   the library has dropped some of them. Without these limits, 240 connections that were opened again and again took 20 MB with a cache
//!   of 8 MiB.
//! - The library does not report when it has dropped a connection, but until then it refers to the settings of the connection. So each
//!   connection has its own settings, and only weak references to them are kept here.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use quinn::{ServerConfig, TransportConfig};

use super::encrypted::quic;
use super::queued::ClientKey;
use crate::limits::WorkBounds;

pub(super) struct KeptConnections {
    bounds: WorkBounds,
    transport: Arc<TransportConfig>,
    kept: Mutex<Vec<KeptConnection>>,
}

/// A QUIC connection of a client. The settings no longer exist when the QUIC library has dropped the connection.
struct KeptConnection {
    client: ClientKey,
    settings: Weak<ServerConfig>,
}

impl KeptConnections {
    pub(super) fn new(bounds: WorkBounds) -> Self {
        Self { bounds, transport: Arc::new(quic::transport(bounds.streams)), kept: Mutex::default() }
    }

    /// Returns the settings for one more connection of a client. The connection is counted as long as these settings exist. Returns `None`
    /// if a limit is reached.
    pub(super) fn begin(&self, client: ClientKey, settings: &ServerConfig) -> Option<Arc<ServerConfig>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|connection| connection.settings.strong_count() > 0);
        let own = kept.iter().filter(|connection| connection.client == client).count();
        if kept.len() >= self.bounds.kept_quic() || own >= self.bounds.kept_quic_of_client() {
            return None;
        }
        let mut settings = settings.clone();
        settings.transport_config(Arc::clone(&self.transport));
        let settings = Arc::new(settings);
        kept.push(KeptConnection { client, settings: Arc::downgrade(&settings) });
        Some(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::super::quic::tests::with_quic;
    use super::*;
    use config::limits::MIN_CACHE_SIZE;

    // There is a bound for each client and one for all together.
    #[test]
    fn kept_quic_connections_are_bounded() {
        let settings = quic::settings(&with_quic().listen).unwrap();
        let bounds = WorkBounds::for_cache_size(MIN_CACHE_SIZE);
        let (kept, of_client) = (KeptConnections::new(bounds), bounds.kept_quic_of_client());
        let of = |last: u8| -> Vec<Arc<ServerConfig>> {
            let client = ClientKey::from_address([192, 0, 2, last].into());
            std::iter::from_fn(|| kept.begin(client, &settings)).take(2 * bounds.kept_quic()).collect()
        };
        let held = [1, 2, 3].map(of);
        assert_eq!(held.each_ref().map(Vec::len), [of_client; 3]);
        assert!(of(4).is_empty(), "all together have {}", bounds.kept_quic());
        let [first, ..] = held;
        drop(first);
        assert_eq!(of(4).len(), of_client, "the first are gone");
    }
}
