//! Futures that are polled by the task that waits for their result. If that task stops waiting, the runtime continues to poll them. Such a
//! future is called work here.
//!
//! Work that nearly always ends while a task waits for it does not need a task of its own: that would cost a wake-up and often a change of
//! the thread.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

/// Work that has not ended. Polling this value polls the work. If the value is dropped before the work has ended, the work continues as a
/// task of the runtime.
pub struct Driven<Output: Send + 'static>(Option<BoxFuture<'static, Output>>);

impl<Output: Send + 'static> Driven<Output> {
    /// The work is in a box, so that moving the value does not copy the whole work.
    pub fn new(work: BoxFuture<'static, Output>) -> Self {
        Self(Some(work))
    }
}

impl<Output: Send + 'static> Future for Driven<Output> {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Output> {
        // The work is taken out while it is polled. If it panics, it is dropped here, so that dropping `self` does not continue it as a task.
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        let polled = work.poll_unpin(context);
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

impl<Output: Send + 'static> Drop for Driven<Output> {
    fn drop(&mut self) {
        // Outside a runtime, no task can continue the work.
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

/// Polls all futures, and removes those that have ended. Never returns.
pub async fn drive(under_way: &mut Vec<Driven<()>>) {
    std::future::poll_fn(|context| {
        under_way.retain_mut(|one| one.poll_unpin(context).is_pending());
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    const STEP: Duration = Duration::from_secs(1);

    fn work(done: &Arc<AtomicUsize>) -> Driven<()> {
        let done = Arc::clone(done);
        Driven::new(Box::pin(async move {
            for _ in 0..2 {
                tokio::time::sleep(STEP).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }))
    }

    // Work that nobody has polled begins too.
    #[tokio::test(start_paused = true)]
    async fn dropped_work_goes_on() {
        let done = Arc::new(AtomicUsize::new(0));
        let mut begun = work(&done);
        assert!(tokio::time::timeout(STEP * 3 / 2, &mut begun).await.is_err());
        assert_eq!(done.load(Ordering::Relaxed), 1);
        drop((begun, work(&done)));
        tokio::time::sleep(STEP * 3).await;
        assert_eq!(done.load(Ordering::Relaxed), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn ended_work_is_dropped() {
        let done = Arc::new(AtomicUsize::new(0));
        let mut under_way = vec![work(&done), Driven::new(Box::pin(async {})), work(&done)];
        assert!(tokio::time::timeout(STEP / 2, drive(&mut under_way)).await.is_err());
        assert_eq!(under_way.len(), 2);
        assert!(tokio::time::timeout(STEP * 2, drive(&mut under_way)).await.is_err());
        assert_eq!((under_way.len(), done.load(Ordering::Relaxed)), (0, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn what_panics_is_not_handed_on() {
        let polled = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polled);
        let broken = Driven::new(Box::pin(async move {
            counted.fetch_add(1, Ordering::Relaxed);
            assert!(counted.load(Ordering::Relaxed) > 1, "of the test");
        }));
        assert!(tokio::spawn(broken).await.unwrap_err().is_panic());
        tokio::task::yield_now().await;
        assert_eq!(polled.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn without_a_runtime_it_ends() {
        drop(Driven::new(Box::pin(async {})));
    }
}
