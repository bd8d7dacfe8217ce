//! The bound of requests that read the whole query history: their replies are large, and a client that does not read its reply keeps a
//! connection until `limits::CONTROL_TIME`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::protocol::{Blame, Problem, Request, Table};
use crate::limits::{MAX_HISTORY_REQUESTS, MAX_HISTORY_REQUESTS_OF_USER};

/// The state that all connections share.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// The requests for the query history.
    pub(super) readers: HistoryReaders,
    /// Notified while a client waits for a place: connections without a request give theirs up.
    pub(super) is_full: Notify,
}

/// The requests in progress, by the user of the client.
#[derive(Debug, Default)]
pub(super) struct HistoryReaders {
    of_users: Mutex<BTreeMap<Option<u32>, usize>>,
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct HistoryReader<'r> {
    readers: &'r HistoryReaders,
    user: Option<u32>,
}

/// Whether a request reads the whole query history.
pub(super) const fn reads_history(request: &Request) -> bool {
    matches!(
        request,
        Request::Why(_)
            | Request::WhyEach { .. }
            | Request::Failed(_)
            | Request::Stats { table: Some(Table::Stage | Table::Minute), .. }
    )
}

impl HistoryReaders {
    /// Begins a request of a user; none is a user that the kernel does not tell.
    ///
    /// # Errors
    /// The user, or all users together, have as many requests in progress as may be.
    pub(super) fn begin(&self, user: Option<u32>) -> Result<HistoryReader<'_>, Problem> {
        let mut of_users = self.lock();
        let all: usize = of_users.values().sum();
        let of_user = of_users.entry(user).or_default();
        let (most, whose) = if *of_user >= MAX_HISTORY_REQUESTS_OF_USER {
            (MAX_HISTORY_REQUESTS_OF_USER, "this user")
        } else if all >= MAX_HISTORY_REQUESTS {
            (MAX_HISTORY_REQUESTS, "all users")
        } else {
            *of_user = of_user.saturating_add(1);
            return Ok(HistoryReader { readers: self, user });
        };
        let sentence = format!(
            "{most} requests of {whose} for the query history are in progress, which is the maximum; try again when one of them has ended."
        );
        Err(Problem { fault: Blame::Daemon, sentence })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Option<u32>, usize>> {
        self.of_users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for HistoryReader<'_> {
    fn drop(&mut self) {
        let mut of_users = self.readers.lock();
        if let Some(of_user) = of_users.get_mut(&self.user) {
            *of_user = of_user.saturating_sub(1);
        }
        of_users.retain(|_, of_user| *of_user > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_leaves_room_for_others_and_gets_its_own_back() {
        let readers = HistoryReaders::default();
        let mut of_one: Vec<_> =
            (0..MAX_HISTORY_REQUESTS_OF_USER).map(|_| readers.begin(Some(7)).unwrap()).collect();
        assert!(readers.begin(Some(7)).unwrap_err().sentence.contains("this user"));
        let users = (0_u32..).map(|user| readers.begin(Some(100 + user)));
        let others: Vec<_> = users.map_while(Result::ok).take(MAX_HISTORY_REQUESTS * 2).collect();
        assert_eq!(of_one.len() + others.len(), MAX_HISTORY_REQUESTS);
        assert!(readers.begin(None).unwrap_err().sentence.contains("all users"));
        of_one.pop();
        assert!(readers.begin(Some(7)).is_ok(), "it has ended at once");
        drop((of_one, others));
        assert!(readers.lock().is_empty());
    }
}
