//! The listener for metrics in the daemon: bound at start and at a reload, and again later if its address is not available.
//!
//! Mail needs answers, not metrics: an address that is not available is a warning, in the log and in `status`, and DNS
//! is served without it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::limits::{ADDRESS_RETRY, MAX_ADDRESS_RETRY};
use crate::metrics::server::MetricsServer;
use control::Controlled;
use control::protocol::MetricsStatus;

/// A configured address, with its server or why there is none.
type Configured = (SocketAddr, Result<Arc<MetricsServer>, String>);

/// The listener for metrics.
#[derive(Default)]
pub(super) struct MetricsListener {
    /// None if `metrics.listen` is empty.
    state: Mutex<Option<Configured>>,
    /// Notified when a reload has changed the state.
    changed: Notify,
}

impl MetricsListener {
    /// Changes to the address of the configuration. If it is not available, one line of the log reports it. Call it inside a
    /// runtime.
    pub(super) fn set(&self, wanted: Option<SocketAddr>) {
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

    /// The address at which it listens; none if there is no such listener.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.server().map(|server| server.address())
    }

    /// The configured address, and why there is no listener if there is none.
    pub(super) fn status(&self) -> Option<MetricsStatus> {
        let state = self.state();
        let (configured, server) = state.as_ref()?;
        Some(match server {
            Ok(server) => MetricsStatus { address: server.address(), why: None },
            Err(why) => MetricsStatus { address: *configured, why: Some(why.clone()) },
        })
    }

    /// Serves the metrics of `subject` as configured, and tries a missing address again, until the daemon ends.
    pub(super) async fn serve<Daemon: Controlled>(
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
                // The change first: the one of the start must not end a connection that was accepted just now.
                biased;
                () = self.changed.notified() => pause = ADDRESS_RETRY,
                // It has ended with the daemon, which ends this task next.
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

    /// Tries a missing address again.
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
