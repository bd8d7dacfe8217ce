//! The settings of a listener, which a reload can replace, and the limits that all listeners share.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_rustls::rustls::ServerConfig;

use super::encrypted;
use super::encrypted::handshakes::Handshakes;
use super::kept_quic::KeptConnections;
use super::refusals::Refusals;
use crate::limits::{MAX_UNPROVEN_HANDSHAKES, WorkBounds};
use config::{Access, Listener};
use dns::hash::Keyed;
use zones::{ClientViews, View, Views};

#[derive(Clone)]
pub(super) struct Policy {
    pub(super) listener: Listener,
    views: ClientViews,
    /// `None` if the listener has no certificate.
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// `None` if the listener has no certificate.
    pub(super) https: Option<Arc<ServerConfig>>,
    /// `None` if no QUIC address is configured.
    pub(super) quic: Option<Arc<quinn::ServerConfig>>,
}

pub(super) struct SharedBounds {
    /// One permit for each client question that may wait for an answer.
    pub(super) waiting: Arc<Semaphore>,
    pub(super) refusals: Refusals,
    pub(super) handshakes: Handshakes,
    /// One permit for each QUIC handshake whose client has not proved its address.
    pub(super) unproven: Arc<Semaphore>,
    pub(super) kept_quic: KeptConnections,
}

impl Policy {
    /// Creates the settings of the listener with the index `place`. Returns `None` if `views` has no such listener.
    pub(super) fn for_listener(listener: &Listener, views: &Views, place: usize) -> Option<Self> {
        let views = views.of_clients(place)?.clone();
        let [tls, https] =
            [encrypted::DOT, encrypted::HTTP_2].map(|name| encrypted::settings(listener, name));
        let quic = if listener.quic.is_empty() { None } else { encrypted::quic::settings(listener) };
        Some(Self { listener: listener.clone(), views, tls, https, quic })
    }

    pub(super) fn access(&self, client: IpAddr) -> Access {
        // At a socket for both families, the address of an IPv4 client has the form `::ffff:a.b.c.d`. `to_canonical` returns its IPv4 address.
        self.listener.access(client.to_canonical())
    }

    pub(super) fn view_of(&self, client: IpAddr) -> &Arc<View> {
        self.views.for_client(client.to_canonical())
    }
}

impl SharedBounds {
    pub(super) fn new(keyed: Keyed, bounds: WorkBounds) -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(bounds.waiting())),
            refusals: Refusals::new(keyed),
            handshakes: Handshakes::default(),
            unproven: Arc::new(Semaphore::new(MAX_UNPROVEN_HANDSHAKES)),
            kept_quic: KeptConnections::new(bounds),
        }
    }
}
