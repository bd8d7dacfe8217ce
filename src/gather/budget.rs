//! The limits of one check: the number of questions, the end of the check, and the time for each server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::server_time::ServerTime;
use crate::limits::CHECK_SERVER_TIME;
use dns::limits::DIRECT_RECURSION_TIME;
use doctor::facts::sent::{QueryEnd, SentQueries};
use doctor::facts::{QueryForm, Want};
use doctor::limits::CHECK_TRY_TIME;

pub(crate) struct Budget {
    left: AtomicUsize,
    end: Instant,
    time: Duration,
    /// For each query in progress: the number of questions that are reserved for its repetitions.
    kept: Mutex<BTreeMap<Want, usize>>,
    sent: Mutex<BTreeMap<IpAddr, SentQueries>>,
    /// The time that the check has spent on each server.
    times: Mutex<BTreeMap<IpAddr, ServerTime>>,
    /// The questions that their server never answered, although they were sent several times.
    silent: Mutex<BTreeSet<Want>>,
}

impl Budget {
    /// Creates the limits of a check that starts now.
    pub(crate) fn new(questions: usize, time: Duration) -> Self {
        let end = Instant::now() + time;
        let left = AtomicUsize::new(questions);
        let (kept, sent, times, silent) = Default::default();
        Self { left, end, time, kept, sent, times, silent }
    }

    /// Takes one question. Returns false if none is left.
    fn take(&self) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Reserves `tries` of the questions that the check may ask, for the first query to a server (the one for the SOA over UDP). A silent server must
    /// be asked several times, so other questions must not use up the limit in the meantime.
    pub(crate) fn keep(&self, want: &Want, tries: usize) {
        if matches!(want, Want::Server { kind: "SOA", way: QueryForm::Udp, .. }) {
            let kept = (0..tries).take_while(|_| self.take()).count();
            self.kept().insert(want.clone(), kept);
        }
    }

    /// Releases the reserved questions that are not needed.
    pub(crate) fn give_back(&self, want: &Want) {
        if let Some(kept) = self.kept().remove(want) {
            self.left.fetch_add(kept, Ordering::Relaxed);
        }
    }

    /// Subtracts one from the questions that are reserved for this query, or else from all that are left. Returns false if none is left.
    pub(crate) fn take_for(&self, want: &Want) -> bool {
        match self.kept().get_mut(want) {
            Some(kept) if *kept > 0 => {
                *kept -= 1;
                true
            }
            _ => self.take(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<Want, usize>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sent(&self) -> BTreeMap<IpAddr, SentQueries> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the counters of the server of `want`.
    pub(crate) fn note(&self, want: &Want, note: impl FnOnce(&mut SentQueries)) {
        if let Want::Server { server, .. } = want {
            note(self.sent.lock().unwrap_or_else(PoisonError::into_inner).entry(*server).or_default());
        }
    }

    /// Returns true if the server of `want` has answered any query.
    pub(crate) fn has_answered(&self, want: &Want) -> bool {
        let Want::Server { server, .. } = want else { return false };
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(server).is_some_and(|sent| sent.answered > 0)
    }

    /// Calls `note` with the time spent on the server of `want`. Returns `None` if `want` is not for a server.
    pub(crate) fn time_of<Out>(&self, want: &Want, note: impl FnOnce(&mut ServerTime) -> Out) -> Option<Out> {
        let Want::Server { server, .. } = want else { return None };
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        Some(note(times.entry(*server).or_default()))
    }

    /// Returns the time until which the query may wait for its reply, and the reason of this limit.
    pub(crate) fn until(&self, want: &Want, now: Instant) -> (Instant, String) {
        let of_server = self.time_of(want, |time| time.end(now)).filter(|end| *end < self.end);
        match of_server {
            Some(end) => {
                (end, format!("the check spends {} s on one server at most", CHECK_SERVER_TIME.as_secs_f64()))
            }
            None => (self.end, format!("the check has ended after {} s", self.time.as_secs())),
        }
    }

    /// Returns the time after which a query is sent again: the usual time, or one and a half times the server's slowest response time, if
    /// that is longer.
    pub(crate) fn patience(&self, want: &Want) -> Duration {
        let usual = match want {
            Want::Server { way: QueryForm::Recursive, .. } | Want::Resolver { .. } => DIRECT_RECURSION_TIME,
            _ => CHECK_TRY_TIME,
        };
        usual.max(self.slowest(want).unwrap_or_default() * 3 / 2)
    }

    /// Returns the slowest response time over UDP of the server of `want`.
    pub(crate) fn slowest(&self, want: &Want) -> Option<Duration> {
        self.time_of(want, |time| time.slowest()).flatten()
    }

    pub(crate) fn note_loss(&self, want: &Want) {
        self.note(want, |sent| sent.lost += 1);
    }

    pub(crate) fn note_silent(&self, want: &Want) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).insert(want.clone());
    }

    pub(crate) fn was_silent(&self, want: &Want) -> bool {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).contains(want)
    }

    /// Returns true if datagrams to more than one server were lost. Then probably the network path of this host loses them.
    pub(crate) fn is_lossy(&self) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.values().filter(|sent| sent.is_lossy()).count() > 1
    }
}

/// A query in progress. If it is dropped before it has a result, it counts as cut off.
pub(crate) struct OpenQuery<'q> {
    budget: &'q Budget,
    want: &'q Want,
    pub(crate) end: QueryEnd,
}

impl<'q> OpenQuery<'q> {
    pub(crate) fn begin(budget: &'q Budget, want: &'q Want, now: Instant) -> Self {
        budget.time_of(want, |time| time.begin_query(now));
        Self { budget, want, end: QueryEnd::CutOff }
    }
}

impl Drop for OpenQuery<'_> {
    fn drop(&mut self) {
        let end = self.end;
        self.budget.time_of(self.want, |time| time.end_query(Instant::now()));
        self.budget.note(self.want, |sent| sent.count(end));
    }
}
