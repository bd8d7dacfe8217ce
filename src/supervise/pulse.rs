//! Pulses: signals with which threads and tasks show the watchdog that they still run.
//!
//! In each round, the watchdog rings the bell of each thread and task (a notification that wakes it), and checks whether the previous ring
//! was answered. Neither side waits for the other, so a thread that hangs cannot block the watchdog.

#[cfg(feature = "simulated")]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The bell of one thread or task: a function that wakes it, so that it shows the watchdog that it still runs. Two counters show if it answered
/// the last ring.
pub struct Pulse {
    whose: String,
    asked: AtomicU64,
    answered: AtomicU64,
    /// True if a test has ordered a panic: the thread or task panics when it answers the next ring.
    #[cfg(feature = "simulated")]
    struck: AtomicBool,
    bell: Box<dyn Fn() + Send + Sync>,
}

/// The pulses (signs of life) of all threads and tasks, and the number of those without an answer in the last round of the watchdog. A pulse is
/// removed when its thread or task drops it.
#[derive(Clone, Default)]
pub struct Pulses(Arc<Mutex<Vec<Weak<Pulse>>>>, Arc<AtomicU64>);

impl Pulse {
    /// Called by the thread or task when its bell has rung. This answers the watchdog, which asks with the bell if the thread or task still works.
    ///
    /// # Panics
    /// A test has ordered a panic.
    pub fn answer(&self) {
        #[cfg(feature = "simulated")]
        assert!(!self.struck.swap(false, Ordering::AcqRel), "{}", super::strike::STRUCK);
        self.answered.store(self.asked.load(Ordering::Acquire), Ordering::Release);
    }

    /// Rings the bell again. Returns true if the previous ring was answered.
    fn ask(&self) -> bool {
        let alive = self.answered.load(Ordering::Acquire) == self.asked.load(Ordering::Acquire);
        if alive {
            self.asked.fetch_add(1, Ordering::AcqRel);
        }
        (self.bell)();
        alive
    }
}

impl Pulses {
    /// Creates the pulse of the thread or task `whose`. `bell` wakes it.
    pub fn enroll(&self, whose: &str, bell: impl Fn() + Send + Sync + 'static) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse {
            whose: whose.to_owned(),
            asked: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            #[cfg(feature = "simulated")]
            struck: AtomicBool::new(false),
            bell: Box::new(bell),
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|pulse| pulse.strong_count() > 0);
        all.push(Arc::downgrade(&pulse));
        pulse
    }

    /// Returns the names of all observed threads and tasks.
    #[cfg(feature = "simulated")]
    pub fn names(&self) -> Vec<String> {
        self.all().iter().map(|pulse| pulse.whose.clone()).collect()
    }

    /// For tests: the thread or task with this name panics when it next shows that it runs. It is told immediately to show this. Returns
    /// false if no thread or task has this name.
    #[cfg(feature = "simulated")]
    pub fn strike(&self, whose: &str) -> bool {
        let all = self.all();
        let Some(pulse) = all.iter().find(|pulse| pulse.whose == whose) else { return false };
        pulse.struck.store(true, Ordering::Release);
        (pulse.bell)();
        true
    }

    fn all(&self) -> Vec<Arc<Pulse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().filter_map(Weak::upgrade).collect()
    }

    /// Asks all threads and tasks for a sign of life, and returns the names of those that did not answer the previous call.
    pub fn round(&self) -> Vec<String> {
        let silent: Vec<String> =
            self.all().iter().filter(|pulse| !pulse.ask()).map(|pulse| pulse.whose.clone()).collect();
        self.1.store(silent.len() as u64, Ordering::Relaxed);
        silent
    }

    /// Returns how many threads and tasks had not answered in the last round.
    pub fn stuck(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Until it answers, or is dropped.
    #[test]
    fn silent_pulse_is_named() {
        let pulses = Pulses::default();
        let rung = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&rung);
        let pulse = pulses.enroll("udp-0", move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        assert!(pulses.round().is_empty(), "nothing was asked before");
        assert_eq!(pulses.round(), ["udp-0"]);
        assert_eq!((pulses.round(), pulses.stuck()), (vec!["udp-0".to_owned()], 1));
        pulse.answer();
        assert_eq!((pulses.round(), pulses.stuck()), (Vec::new(), 0));
        assert_eq!(rung.load(Ordering::Relaxed), 4);
        drop(pulse);
        assert!(pulses.round().is_empty());
    }
}
