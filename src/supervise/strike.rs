//! Panics that tests order, to check that a panic affects only the task or question in which it happens.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

/// The text of a panic that a test has ordered.
pub const STRUCK: &str = "struck by the lab";

/// Lets a test order that one poll of a future causes a panic. All copies of a value count their polls together.
#[derive(Clone, Debug, Default)]
pub struct Strike(Arc<AtomicU32>);

/// A future whose polls a strike counts.
pub struct Struck<Work> {
    strike: Strike,
    work: Pin<Box<Work>>,
}

impl Strike {
    /// Orders that the poll with this number, counted from now on, panics. 0 orders no panic.
    pub fn order(&self, number: u32) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// Returns true if an ordered panic has not happened yet.
    pub fn is_ordered(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Counts one poll of a future.
    ///
    /// # Panics
    /// The panic was ordered for this poll.
    pub fn fall(&self) {
        let counted = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert!(counted != Ok(1), "{STRUCK}");
    }

    /// Returns `work` with its polls counted.
    pub fn on<Work: Future>(&self, work: Pin<Box<Work>>) -> Struck<Work> {
        Struck { strike: self.clone(), work }
    }
}

impl<Work: Future> Future for Struck<Work> {
    type Output = Work::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Work::Output> {
        self.strike.fall();
        self.work.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caught;

    #[tokio::test]
    async fn ordered_poll_panics() {
        let strike = Strike::default();
        let work = || caught(strike.on(Box::pin(std::future::ready(7))));
        assert_eq!(work().await, Ok(7));
        strike.order(2);
        assert_eq!(work().await, Ok(7));
        assert!(strike.is_ordered());
        assert!(work().await.unwrap_err().to_string().contains(STRUCK));
        assert!(!strike.is_ordered());
        assert_eq!(work().await, Ok(7));
    }
}
