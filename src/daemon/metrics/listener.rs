//! The part of the daemon that owns the listener for metrics. The daemon binds the listener at the start and at a reload, or
//! later if its address is not available.
//!
//! Mail needs answers, not metrics: if the address is not available, the daemon logs a warning, reports it in `status`, and
//! serves DNS without metrics.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::limits::{ADDRESS_RETRY, MAX_ADDRESS_RETRY};
use crate::metrics::server::MetricsServer;
use control::Controlled;
use protocol::MetricsStatus;

/// The configured address, with the server or the reason why there is none.
type Configured = (SocketAddr, Result<Arc<MetricsServer>, String>);

#[derive(Default)]
pub(crate) struct MetricsListener {
    /// `None` if `metrics.listen` is empty.
    state: Mutex<Option<Configured>>,
    /// Notified after a reload has changed the address or the listener.
    changed: Notify,
}

impl MetricsListener {
    /// Listens at this address instead of the earlier one. An address that is not available is logged. Must be called inside a
    /// runtime.
    pub(crate) fn set(&self, wanted: Option<SocketAddr>) {
        let mut state = self.state();
        if state.as_ref().map(|(configured, _)| *configured) == wanted {
            return;
        }
        *state = wanted.map(|configured| {
            let bound =
                MetricsServer::bind(configured).inspect_err(|unavailable| tracing::warn!("{unavailable}"));
            (configured, bound.map(Arc::new).map_err(|unavailable| unavailable.why()))
        });
        drop(state);
        self.changed.notify_one();
    }

    /// `None` if there is no listener.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.server().map(|server| server.address())
    }

    /// Returns the configured address, with the reason if there is no listener; `None` if metrics are off.
    pub(crate) fn status(&self) -> Option<MetricsStatus> {
        let state = self.state();
        let (configured, server) = state.as_ref()?;
        Some(match server {
            Ok(server) => MetricsStatus { address: server.address(), why: None },
            Err(why) => MetricsStatus { address: *configured, why: Some(why.clone()) },
        })
    }

    /// Serves metrics. If the address is not available, tries again to bind it.
    pub(crate) async fn serve<Daemon: Controlled>(
        &self,
        subject: Arc<Daemon>,
        ended: watch::Receiver<bool>,
    ) -> Infallible {
        let mut pause = ADDRESS_RETRY;
        loop {
            let server = self.server();
            let serving = async {
                match &server {
                    Some(server) => server.run(Arc::clone(&subject), ended.clone()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // This branch must be polled first, because a notification is also sent at the start. If the server were polled first, it
                // might accept a connection, and the notification would then stop it and close the connection.
                biased;
                () = self.changed.notified() => pause = ADDRESS_RETRY,
                // The metrics server ends only when the daemon stops. The daemon stops this task too, so the task need not do anything.
                () = serving => self.changed.notified().await,
                () = sleep(pause), if self.is_missing() => {
                    self.try_again();
                    pause = (pause * 2).min(MAX_ADDRESS_RETRY);
                }
            }
        }
    }

    fn server(&self) -> Option<Arc<MetricsServer>> {
        self.state().as_ref()?.1.as_ref().ok().cloned()
    }

    fn try_again(&self) {
        let mut state = self.state();
        let Some((configured, missing @ Err(_))) = &mut *state else { return };
        if let Ok(server) = MetricsServer::bind(*configured) {
            let address = server.address();
            tracing::info!(metrics = %address, "now serving metrics at {address}: the address is available now");
            *missing = Ok(Arc::new(server));
        }
    }

    fn is_missing(&self) -> bool {
        matches!(&*self.state(), Some((_, Err(_))))
    }

    fn state(&self) -> MutexGuard<'_, Option<Configured>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
