//! Begins new QUIC connections: checks whether the client is allowed, demands a proof of its address, and performs the handshake.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;

use futures_util::FutureExt;
use quinn::{Endpoint, Incoming, ServerConfig, TokioRuntime};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{sleep, timeout};

use super::super::encrypted::quic;
use super::super::front::Front;
use super::super::places::{ConnectionPlaces, TakenPlace};
use super::super::queued::ClientKey;
use super::super::tcp::{self, SHARD};
use super::connection::QuicConnection;
use super::socket::single_datagrams;
use crate::limits::{ACCEPT_PAUSE, HANDSHAKE_TIME};
use dns::question::Apart;
use history::Counter;

/// Accepts the QUIC connections to one listening address.
struct Entry {
    front: Arc<Front>,
    places: Arc<ConnectionPlaces>,
    /// Notifies the connections when the listener ends: its sender is dropped then.
    closing: watch::Receiver<()>,
}

/// A new connection that may begin, its settings with the current certificate, and a permit if its client has not proved
/// its address.
type Admitted = (Incoming, Arc<ServerConfig>, Option<OwnedSemaphorePermit>);

/// Accepts QUIC connections until `accepting` becomes false. Open connections are then notified, so that they end.
pub(in super::super) async fn accept(
    socket: Arc<UdpSocket>,
    front: Arc<Front>,
    places: Arc<ConnectionPlaces>,
    mut accepting: watch::Receiver<bool>,
) {
    let (open, closing) = watch::channel(());
    let entry = Entry { front, places, closing };
    loop {
        if let Ok(endpoint) = begin(&socket, &entry.front) {
            tokio::select! {
                biased;
                _ = accepting.wait_for(|accepting| !*accepting) => {
                    drop(open);
                    return end(endpoint, socket);
                }
                () = entry.take_all(&endpoint) => {}
            }
        }
        // Either the kernel refuses the socket, or no file descriptors are left. The listener tries again after a pause.
        entry.front.apart(SHARD, Apart::AcceptFailed);
        tokio::select! {
            biased;
            _ = accepting.wait_for(|accepting| !*accepting) => return,
            () = sleep(ACCEPT_PAUSE) => {}
        }
    }
}

/// Creates an endpoint of the QUIC library (`quinn`) that reads `socket`.
fn begin(socket: &UdpSocket, front: &Front) -> io::Result<Endpoint> {
    let config = front.quic().ok_or(io::ErrorKind::NotFound)?;
    let runtime = Arc::new(TokioRuntime);
    let socket = single_datagrams(socket)?;
    Endpoint::new_with_abstract_socket(quic::endpoint(), Some((*config).clone()), socket, runtime)
}

/// Accepts no more connections. The socket stays open until the existing connections have ended.
fn end(endpoint: Endpoint, socket: Arc<UdpSocket>) {
    endpoint.set_server_config(None);
    while let Some(Some(incoming)) = endpoint.accept().now_or_never() {
        incoming.ignore();
    }
    tokio::spawn(async move {
        endpoint.wait_idle().await;
        drop(socket);
    });
}

impl Entry {
    /// Accepts QUIC connections until the endpoint no longer exists.
    async fn take_all(&self, endpoint: &Endpoint) {
        while let Some(incoming) = endpoint.accept().await {
            if let Some(admitted) = self.admit(incoming) {
                self.take(admitted);
            }
            // New connections are accepted as long as any wait. Other tasks run after each of them.
            tokio::task::yield_now().await;
        }
    }

    /// Decides whether a new connection may begin, without any cryptographic computation for it. If it may not, its
    /// client may receive a reply that is shorter than the client's datagram.
    fn admit(&self, incoming: Incoming) -> Option<Admitted> {
        let client = incoming.remote_address().ip();
        let (front, is_proven) = (&self.front, incoming.remote_address_validated());
        if !front.admits(SHARD, client) {
            if front.may_refuse(client) {
                incoming.refuse()
            } else {
                incoming.ignore()
            }
            return None;
        }
        let unproven = &front.bounds.unproven;
        let permit = if is_proven { None } else { Arc::clone(unproven).try_acquire_owned().ok() };
        if !is_proven && permit.is_none() {
            front.count_one(Counter::QuicRetried);
            // An error means that the address is already proved, which is not possible here.
            let _ = incoming.retry();
            return None;
        }
        let settings = front.quic().filter(|_| front.may_shake_hands(client));
        let kept = &front.bounds.kept_quic;
        let Some(settings) =
            settings.and_then(|settings| kept.begin(ClientKey::from_address(client), &settings))
        else {
            front.count_one(Counter::QuicRefused);
            if is_proven {
                incoming.refuse()
            } else {
                incoming.ignore()
            }
            return None;
        };
        Some((incoming, settings, permit))
    }

    /// Performs the handshake with a client, and then serves its connection.
    fn take(&self, (incoming, settings, permit): Admitted) {
        let client = incoming.remote_address();
        let taken = self.places.take(ClientKey::from_address(client.ip()), self.front.now());
        let (front, closing) = (Arc::clone(&self.front), self.closing.clone());
        tokio::spawn(async move {
            // The result of the connection is ignored: an error only shows how the client has closed it.
            if let Ok(connection) = shake_hands((incoming, settings), &front, &taken).await {
                drop(permit);
                QuicConnection::new(connection, client, front, taken).serve(closing).await;
            }
        });
    }
}

/// Performs the handshake of a QUIC connection, within a time limit.
async fn shake_hands(
    (incoming, settings): (Incoming, Arc<ServerConfig>),
    front: &Front,
    taken: &TakenPlace,
) -> io::Result<quinn::Connection> {
    let handshake = async { incoming.accept_with(settings)?.await };
    let secured = async { Ok(timeout(HANDSHAKE_TIME, handshake).await??) };
    tcp::shaken(front, taken, secured).await
}
