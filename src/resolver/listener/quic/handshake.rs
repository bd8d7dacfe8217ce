//! Begins new QUIC connections: checks whether the client is allowed, may demand a proof of its address, and performs the handshake.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;

use futures_util::FutureExt;
use quinn::{Endpoint, Incoming, ServerConfig, TokioRuntime};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{sleep, timeout};

use super::super::encrypted::quic;
use super::super::front::{Front, STREAM_SHARD};
use super::super::places::{ConnectionPlaces, TakenPlace};
use super::super::queued::ClientKey;
use super::super::tcp;
use super::connection::QuicConnection;
use super::socket::single_datagrams;
use crate::limits::{ACCEPT_PAUSE, HANDSHAKE_TIME};
use dns::question::Apart;
use record::Counter;

struct Entry {
    front: Arc<Front>,
    places: Arc<ConnectionPlaces>,
    /// Notifies the connections when the listener ends, which drops the sender.
    closing: watch::Receiver<()>,
}

/// A new connection, its settings with the current certificate, and one of the permits for handshakes with clients that have not proved their
/// address. The permit is `None` if the client has proved its address.
type Admitted = (Incoming, Arc<ServerConfig>, Option<OwnedSemaphorePermit>);

/// Accepts QUIC connections until `accepting` becomes false. Open connections are then notified.
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
        // The kernel refuses the socket, or no file descriptors are left.
        entry.front.apart(STREAM_SHARD, Apart::AcceptFailed);
        tokio::select! {
            biased;
            _ = accepting.wait_for(|accepting| !*accepting) => return,
            () = sleep(ACCEPT_PAUSE) => {}
        }
    }
}

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
    async fn take_all(&self, endpoint: &Endpoint) {
        while let Some(incoming) = endpoint.accept().await {
            if let Some(admitted) = self.admit(incoming) {
                self.take(admitted);
            }
            // Other tasks of the runtime run after each new connection.
            tokio::task::yield_now().await;
        }
    }

    /// Decides whether a new connection may begin, without any cryptographic computation. The reply to a refused client is shorter than its datagram,
    /// so that nobody can flood another host with such replies.
    fn admit(&self, incoming: Incoming) -> Option<Admitted> {
        let client = incoming.remote_address().ip();
        let (front, is_proven) = (&self.front, incoming.remote_address_validated());
        if !front.admits(STREAM_SHARD, client) {
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
            // Cannot fail: the address is not proved yet.
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

    fn take(&self, (incoming, settings, permit): Admitted) {
        let client = incoming.remote_address();
        let taken = self.places.take(ClientKey::from_address(client.ip()), self.front.now());
        let (front, closing) = (Arc::clone(&self.front), self.closing.clone());
        tokio::spawn(async move {
            // An error needs no action: it only shows how the client has closed the connection.
            if let Ok(connection) = shake_hands((incoming, settings), &front, &taken).await {
                drop(permit);
                QuicConnection::new(connection, client, front, taken).serve(closing).await;
            }
        });
    }
}

async fn shake_hands(
    (incoming, settings): (Incoming, Arc<ServerConfig>),
    front: &Front,
    taken: &TakenPlace,
) -> io::Result<quinn::Connection> {
    let handshake = async { incoming.accept_with(settings)?.await };
    let secured = async { Ok(timeout(HANDSHAKE_TIME, handshake).await??) };
    tcp::shaken(front, taken, secured).await
}
