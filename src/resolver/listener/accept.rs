//! Accepts connections. `tcp` serves connections with DNS messages in a stream, with or without TLS, and `https` those with DNS over HTTPS.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::sleep;

use super::front::{Front, STREAM_SHARD};
use super::places::ConnectionPlaces;
use super::queued::ClientKey;
use super::{https, tcp};
use crate::limits::ACCEPT_PAUSE;
use config::ListenFor;
use dns::question::Apart;

/// Accepts connections until `accepting` becomes false. Open connections over HTTPS are then notified, so that they end.
pub(super) async fn connections(
    listener: Arc<TcpListener>,
    front: Arc<Front>,
    places: Arc<ConnectionPlaces>,
    mut accepting: watch::Receiver<bool>,
) {
    let (_open, closing) = watch::channel(());
    loop {
        let accepted = tokio::select! {
            biased;
            _ = accepting.wait_for(|accepting| !*accepting) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            // This client may not query. Its connection is closed immediately, so that it does not use up a connection that an allowed client
            // needs.
            Ok((_, client)) if !front.admits(STREAM_SHARD, client.ip()) => {}
            Ok((stream, client)) => {
                let taken = places.take(ClientKey::from_address(client.ip()), front.now());
                let (front, closing) = (Arc::clone(&front), closing.clone());
                tokio::spawn(async move {
                    // An error only shows how the client has closed the connection.
                    let _ = if front.serves() == ListenFor::Https {
                        https::serve(stream, client, front, taken, closing).await
                    } else {
                        tcp::serve(stream, client, front, taken).await
                    };
                });
            }
            // No file descriptors are left, or the client closed the connection before it was accepted.
            Err(_) => {
                front.apart(STREAM_SHARD, Apart::AcceptFailed);
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
