//! Panics on order, with which the lab tests that a panic affects nothing else.
//!
//! Only built for the lab.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

/// The message of such a panic.
pub const STRUCK: &str = "struck by the lab";

/// Makes one of many pieces of work panic.
#[derive(Clone, Debug, Default)]
pub struct Strike(Arc<AtomicU32>);

/// Work that may be ordered to panic at each poll.
pub(crate) struct Struck<Work> {
    strike: Strike,
    work: Pin<Box<Work>>,
}

impl Strike {
    /// Orders the `number`th poll from now on to panic; 0 orders none.
    pub fn order(&self, number: u32) {
        self.0.store(number, Ordering::Relaxed);
    }

    /// Returns true if an ordered panic has not happened yet.
    pub fn is_ordered(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// A poll.
    ///
    /// # Panics
    /// The panic is ordered.
    pub fn fall(&self) {
        let counted = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert!(counted != Ok(1), "{STRUCK}");
    }

    /// The work, which counts as a poll each time it is polled.
    pub(crate) fn on<Work: Future>(&self, work: Pin<Box<Work>>) -> Struck<Work> {
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
    use crate::supervise::caught;

    #[tokio::test]
    async fn the_one_that_was_ordered_panics_and_no_other() {
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
