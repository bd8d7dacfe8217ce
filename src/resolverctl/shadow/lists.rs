//! Limits how many questions `resolverctl shadow` sends to each DNS list.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::ControlClient;
use crate::exit::CommandFailure;
use doctor::facts::{canonical, is_within};
use protocol::{Reply, Request};

/// For each DNS list, the number of questions that `shadow` may still send.
#[derive(Debug, Default)]
pub(super) struct ListBudget {
    left: Mutex<BTreeMap<String, usize>>,
}

impl ListBudget {
    /// Creates a budget of `most` questions for each DNS list of the registry and of the configuration.
    pub(super) fn of_daemon(client: &ControlClient, most: usize) -> Result<Self, CommandFailure> {
        let replies =
            [client.ask(&Request::DnsblList)?, client.ask(&Request::Dnsbl { list: None })?].concat();
        let list = |reply: Reply| match reply {
            Reply::ListFacts(facts) => Some(canonical(&facts.list)),
            Reply::ListState(row) => Some(canonical(&row.list)),
            _ => None,
        };
        let left = replies.into_iter().filter_map(list).map(|list| (list, most)).collect();
        Ok(Self { left: Mutex::new(left) })
    }

    fn left(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the DNS list with the longest zone that contains `name`.
    pub(super) fn list_of(&self, name: &str) -> Option<String> {
        let left = self.left();
        let around = left.keys().filter(|zone| is_within(name, zone));
        around.max_by_key(|zone| zone.len()).cloned()
    }

    /// Counts one question to the DNS list of `name`, and returns false if the list may get no more. Other names have no limit.
    pub(super) fn take(&self, name: &str) -> bool {
        let Some(list) = self.list_of(name) else { return true };
        let mut left = self.left();
        let Some(left) = left.get_mut(&list) else { return true };
        let is_left = *left > 0;
        *left = left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Names outside the lists have none.
    #[test]
    fn list_queries_have_budget() {
        let left = BTreeMap::from([("bl.test.".to_owned(), 1), ("zen.bl.test.".to_owned(), 0)]);
        let budget = ListBudget { left: Mutex::new(left) };
        assert_eq!(budget.list_of("1.zen.bl.test.").as_deref(), Some("zen.bl.test."));
        let taken = ["1.bl.test.", "2.bl.test.", "1.zen.bl.test.", "bl.example.", "xbl.test."]
            .map(|name| budget.take(name));
        assert_eq!(taken, [true, false, false, true, true]);
    }
}
