//! Runs functions that read whole tables (walks): one at a time, and not on threads that serve
//! clients.
//!
//! A walk through half a million entries takes a good part of a second.

use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task;

/// The semaphore has one permit, so only one walk (a function that reads whole tables) runs at a
/// time.
#[derive(Clone, Debug)]
pub struct Walks(Arc<Semaphore>);

impl Default for Walks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Walks {
    /// Calls `walk` with `subject` after all earlier walks, on a thread that serves no client. It
    /// runs to its end even if the caller no longer waits. In a runtime with one thread, it runs on
    /// this thread, so that simulations are reproducible.
    pub async fn run<Subject, Value, Walk>(&self, subject: &Subject, walk: Walk) -> Value
    where
        Subject: Clone + Send + 'static,
        Value: Send + 'static,
        Walk: FnOnce(&Subject) -> Value + Send + 'static,
    {
        // `acquire_owned` fails only if the semaphore is closed, which never happens. If it failed,
        // two calls of `walk` could run at the same time, which is harmless.
        let turn = Arc::clone(&self.0).acquire_owned().await.ok();
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return walk(subject);
        }
        let subject = subject.clone();
        let walked = task::spawn_blocking(move || {
            let found = walk(&subject);
            drop(turn);
            found
        });
        match walked.await {
            Ok(found) => found,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    // They do not run on a thread of the runtime.
    #[test]
    fn walks_run_one_at_a_time() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let (walks, under_way) = (Walks::default(), Arc::new(AtomicUsize::new(0)));
            let held = Arc::new(Barrier::new(2));
            let first = {
                let (walks, held) = (walks.clone(), Arc::clone(&held));
                tokio::spawn(async move { walks.run(&(), move |()| held.wait().is_leader()).await })
            };
            let others: Vec<_> = (0..20)
                .map(|_| {
                    let (walks, under_way) = (walks.clone(), Arc::clone(&under_way));
                    tokio::spawn(async move {
                        walks
                            .run(&(), move |()| {
                                assert_eq!(under_way.fetch_add(1, Ordering::SeqCst), 0);
                                thread::yield_now();
                                under_way.fetch_sub(1, Ordering::SeqCst);
                            })
                            .await;
                    })
                })
                .collect();
            // The first walk is blocked. The only thread of the runtime must still run other tasks,
            // and no other walk may have begun.
            tokio::spawn(async {}).await.unwrap();
            assert_eq!(under_way.load(Ordering::SeqCst), 0);
            assert!(others.iter().all(|other| !other.is_finished()));
            held.wait();
            first.await.unwrap();
            for other in others {
                other.await.unwrap();
            }
        });
    }

    #[test]
    fn panicked_walk_frees_next() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let walks = Walks::default();
            let broken = walks.clone();
            let walk = tokio::spawn(async move { broken.run(&(), |()| panic!("of the test")).await });
            assert!(walk.await.unwrap_err().is_panic());
            assert_eq!(walks.run(&(), |()| 7).await, 7);
        });
    }

    #[test]
    fn one_thread_alone_walks_itself() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let walker = Walks::default().run(&(), |()| thread::current().id()).await;
            assert_eq!(walker, thread::current().id());
        });
    }
}
