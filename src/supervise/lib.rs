//! Restarts each task or thread that panics, and detects tasks and threads that hang.
//!
//! After too many panics of one task, the daemon logs this and ends, so that the service manager starts a new process. `pulse` shows the
//! watchdog which tasks and threads still run. `driven` continues futures after the task that waits for them has ended.
//! `walks` runs functions that take long, one at a time.
//!
//! # Decisions
//!
//! - After a panic that one question has caused, no other client may wait forever. Therefore a task that panics is restarted, and the
//!   process does not end.
//! - A fault that occurs again immediately needs a new process: more than five panics in ten minutes end the daemon with exit code 1.
//! - The watchdog asks the tasks and threads themselves whether they run. A timer would continue to run while a worker thread hangs.

pub mod driven;
pub mod limits;
pub mod pulse;
#[cfg(feature = "simulated")]
pub mod strike;
pub mod walks;

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::FutureExt;
use tokio::sync::{Notify, watch};

use self::pulse::{Pulse, Pulses};
use crate::limits::{MAX_RESTARTS, RESTART_PAUSE, RESTART_WINDOW};

/// Restarts tasks and threads that have panicked, and counts the restarts.
#[derive(Clone)]
pub struct Supervisor {
    pulses: Pulses,
    restarts: Arc<AtomicU64>,
    given_up: Arc<watch::Sender<Option<String>>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self {
            pulses: Pulses::default(),
            restarts: Arc::default(),
            given_up: Arc::new(watch::Sender::new(None)),
        }
    }
}

#[derive(Debug, Default)]
struct Restarts(VecDeque<Instant>);

impl Supervisor {
    /// Returns the pulses of all supervised tasks and threads. A pulse shows the watchdog that its task or thread still runs.
    pub fn pulses(&self) -> &Pulses {
        &self.pulses
    }

    /// Returns the number of restarts since the start of the daemon.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Waits until a task or thread is given up after too many panics, and returns its name.
    pub async fn given_up(&self) -> String {
        let mut given_up = self.given_up.subscribe();
        match given_up.wait_for(Option::is_some).await.map(|whose| whose.clone()) {
            Ok(Some(whose)) => whose,
            _ => std::future::pending().await,
        }
    }

    /// Runs the task that `begin` creates. If the task panics, `begin` creates another one. Until the task ends, the watchdog checks that
    /// it runs (see `pulse`). If the task is given up after too many panics, this function never returns.
    pub fn keep<Task, Begin>(
        &self,
        whose: &str,
        begin: Begin,
    ) -> impl Future<Output = Task::Output> + use<Task, Begin>
    where
        Task: Future,
        Begin: Fn() -> Task,
    {
        let (supervisor, whose) = (self.clone(), whose.to_owned());
        let bell = Arc::new(Notify::new());
        let ring = Arc::clone(&bell);
        let pulse = self.pulses.enroll(&whose, move || ring.notify_one());
        async move {
            let mut restarts = Restarts::default();
            loop {
                let life = AssertUnwindSafe(live(&begin, &bell, &pulse)).catch_unwind();
                match life.await {
                    Ok(ended) => return ended,
                    Err(panic) if supervisor.may_restart(&whose, &*panic, &mut restarts) => {
                        tokio::time::sleep(RESTART_PAUSE).await;
                    }
                    // The task was given up. Its `pulse` is not removed and never answers, so the watchdog notices that the task does not
                    // run.
                    Err(_) => std::future::pending().await,
                }
            }
        }
    }

    /// Calls `run`, and calls it again if it panics. Returns when `run` returns or is given up.
    pub fn keep_thread(&self, whose: &str, run: impl Fn()) {
        let mut restarts = Restarts::default();
        while let Err(panic) = catch_unwind(AssertUnwindSafe(&run)) {
            if !self.may_restart(whose, &*panic, &mut restarts) {
                return;
            }
            std::thread::sleep(RESTART_PAUSE);
        }
    }

    fn may_restart(&self, whose: &str, panic: &(dyn Any + Send), restarts: &mut Restarts) -> bool {
        let what = message(panic);
        let goes_on = restarts.add(Instant::now());
        if goes_on {
            self.restarts.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                "bug in resolverd: {whose} crashed (panic: {what}) and was restarted; please send this line to the makers of resolverd"
            );
        } else {
            tracing::error!(
                "bug in resolverd: {whose} crashed (panic: {what}) more than {MAX_RESTARTS} times in {} min; resolverd exits so that the service manager restarts it; please send this line to the makers of resolverd",
                RESTART_WINDOW.as_secs() / 60
            );
            self.given_up.send_replace(Some(whose.to_owned()));
        }
        goes_on
    }
}

impl Restarts {
    /// Records a restart. Returns false if there were already `MAX_RESTARTS` restarts in the last `RESTART_WINDOW`.
    fn add(&mut self, now: Instant) -> bool {
        while self.0.front().is_some_and(|first| now.duration_since(*first) >= RESTART_WINDOW) {
            self.0.pop_front();
        }
        if self.0.len() >= MAX_RESTARTS {
            return false;
        }
        self.0.push_back(now);
        true
    }
}

/// Runs a task until it ends. The watchdog notifies `bell` to ask if the task still runs. The answer is given as soon as the task waits for
/// something.
async fn live<Task: Future>(begin: impl Fn() -> Task, bell: &Notify, pulse: &Pulse) -> Task::Output {
    let mut task = std::pin::pin!(begin());
    loop {
        tokio::select! {
            biased;
            () = bell.notified() => pulse.answer(),
            ended = &mut task => return ended,
        }
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Returns a panic of `work` as an error, instead of passing it on to the task that polls the future.
pub fn caught<Work: Future>(work: Work) -> impl Future<Output = Result<Work::Output, Panicked>> {
    // An async block around `work` would contain the future twice, and take twice the memory.
    let caught = AssertUnwindSafe(work).catch_unwind();
    caught.map(|ended| ended.map_err(|panic| Panicked(message(&*panic).to_owned())))
}

/// The error that a future has panicked. The field is the text of the panic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bug in resolverd: {0}")]
pub struct Panicked(String);

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use dns::stage::paused;

    // A task that ends as told does not.
    #[test]
    fn panicked_task_restarts() {
        paused(async {
            let lives = AtomicUsize::new(0);
            let supervisor = Supervisor::default();
            let ended = supervisor.keep("it", || async {
                assert!(lives.fetch_add(1, Ordering::Relaxed) >= 3, "of the test");
                7
            });
            assert_eq!(ended.await, 7);
            assert_eq!((lives.load(Ordering::Relaxed), supervisor.restarts()), (4, 3));
            assert!(supervisor.pulses().round().is_empty(), "who has ended is not missed");
        });
        let lives = AtomicUsize::new(0);
        let alive = || assert!(lives.fetch_add(1, Ordering::Relaxed) >= 3, "of the test");
        Supervisor::default().keep_thread("it", alive);
        assert_eq!(lives.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn often_panicking_task_is_given_up() {
        paused(async {
            let supervisor = Supervisor::default();
            let broken = supervisor.keep::<_, _>("it", || async { panic!("of the test") as usize });
            tokio::select! {
                _ = broken => panic!("it cannot end"),
                whose = supervisor.given_up() => assert_eq!(whose, "it"),
            }
        });
    }

    #[test]
    fn stuck_task_is_missed() {
        paused(async {
            let supervisor = Supervisor::default();
            let task = tokio::spawn(supervisor.keep("it", std::future::pending::<()>));
            let pulses = supervisor.pulses();
            assert!(pulses.round().is_empty());
            // The task has not run since the watchdog asked whether it still runs.
            assert_eq!(pulses.round(), ["it"]);
            tokio::task::yield_now().await;
            assert!(pulses.round().is_empty());
            task.abort();
        });
    }

    #[test]
    fn restarts_are_counted_over_a_window() {
        let (mut restarts, start) = (Restarts::default(), Instant::now());
        for round in 0..10 {
            let now = start + RESTART_WINDOW * round;
            assert!((0..MAX_RESTARTS).all(|_| restarts.add(now)));
            assert!(!restarts.add(now + RESTART_WINDOW / 2));
        }
    }
}
