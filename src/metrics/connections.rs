//! The open connections of the listener for metrics: a bounded number, from the oldest to the youngest.
//!
//! A client that has sent no whole request gives way to a new one, so that clients that only connect cannot keep
//! Prometheus out.

use crate::limits;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{AbortHandle, JoinSet};

/// The open connections. Dropping them ends all.
#[derive(Default)]
pub(super) struct Connections {
    tasks: JoinSet<()>,
    open: VecDeque<Connection>,
}

struct Connection {
    task: AbortHandle,
    /// Whether its header has arrived.
    is_asked: Arc<AtomicBool>,
}

impl Connections {
    /// Makes room for one more: closes the oldest connection without a header. If all have one, it waits for the end of
    /// one; each has a deadline. Calls `closed` for each that it closes.
    pub(super) async fn make_room(&mut self, closed: impl Fn()) {
        self.forget_ended();
        while self.open.len() >= limits::MAX_METRICS_CONNECTIONS {
            let silent = self.open.iter().position(|one| !one.is_asked.load(Ordering::Relaxed));
            if let Some(silent) = silent.and_then(|place| self.open.remove(place)) {
                silent.task.abort();
                closed();
            } else {
                let _ended = self.tasks.join_next().await;
                self.forget_ended();
            }
        }
    }

    /// Adds a connection: `serve` gets the mark that it sets when the header has arrived.
    pub(super) fn add<Serving>(&mut self, serve: impl FnOnce(Arc<AtomicBool>) -> Serving)
    where
        Serving: Future<Output = ()> + Send + 'static,
    {
        let is_asked = Arc::new(AtomicBool::new(false));
        let task = self.tasks.spawn(serve(Arc::clone(&is_asked)));
        self.open.push_back(Connection { task, is_asked });
    }

    fn forget_ended(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|one| !one.task.is_finished());
    }
}
