//! Collects datagrams with queries to servers, and sends them together.
//!
//! A worker thread handles several cache misses before it waits again. Their queries are sent together at the end. If a server runs on this host,
//! waking its sleeping process is the most expensive part of a query, and each query that is sent separately would wake it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;

pub(super) trait Departure: Send + Sync {
    /// Sends the datagram. An error is reported to the task that waits for the reply.
    fn leave(&self);
}

#[derive(Clone, Default)]
struct Departures(Arc<Mutex<Vec<Arc<dyn Departure>>>>);

thread_local! {
    static OF_THREAD: Departures = Departures::default();
}

/// Sends a datagram after all tasks of this thread that are ready have run, or immediately if there is no async runtime.
pub(super) fn depart(departure: Arc<dyn Departure>) {
    let Ok(runtime) = Handle::try_current() else { return departure.leave() };
    let departures = OF_THREAD.with(Departures::clone);
    let is_first = {
        let mut ready = departures.ready();
        ready.push(departure);
        ready.len() == 1
    };
    if is_first {
        let leaving = Leaving(departures);
        runtime.spawn(async move { drop(leaving) });
    }
}

impl Departures {
    fn ready(&self) -> MutexGuard<'_, Vec<Arc<dyn Departure>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends the collected datagrams when it is dropped. A task of the runtime drops it after the other ready tasks have run. If the runtime ends
/// earlier, it drops the task with this value.
struct Leaving(Departures);

impl Drop for Leaving {
    fn drop(&mut self) {
        for departure in self.0.ready().drain(..) {
            departure.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Noted(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Departure for Noted {
        fn leave(&self) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    #[test]
    fn datagrams_leave_after_last_task() {
        let log = Arc::new(Mutex::new(Vec::new()));
        runtime().block_on(async {
            for turn in 0..2 {
                for (task, datagram) in [("task one", "datagram one"), ("task two", "datagram two")] {
                    let log = Arc::clone(&log);
                    tokio::spawn(async move {
                        log.lock().unwrap().push(task);
                        depart(Arc::new(Noted(datagram, Arc::clone(&log))));
                    });
                }
                while log.lock().unwrap().len() < 4 * (turn + 1) {
                    tokio::task::yield_now().await;
                }
            }
        });
        let turn = ["task one", "task two", "datagram one", "datagram two"];
        assert_eq!(*log.lock().unwrap(), [turn, turn].concat());
    }

    // Also when the runtime ends.
    #[test]
    fn datagrams_leave_without_runtime() {
        let log = Arc::new(Mutex::new(Vec::new()));
        depart(Arc::new(Noted("without", Arc::clone(&log))));
        let ends = runtime();
        ends.block_on(async { depart(Arc::new(Noted("at its end", Arc::clone(&log)))) });
        drop(ends);
        assert_eq!(*log.lock().unwrap(), ["without", "at its end"]);
    }
}
