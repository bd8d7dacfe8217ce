//! The budget of questions to DNS lists.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::client::ControlClient;
use crate::exit::CommandFailure;
use crate::limits::SHADOW_LIST_QUOTA;
use control::protocol::{Reply, Request};
use doctor::facts::{canonical, is_within};

/// The lists with the questions that each may still get.
#[derive(Debug, Default)]
pub(super) struct ListBudget {
    left: Mutex<BTreeMap<String, usize>>,
    zones: Vec<String>,
}

impl ListBudget {
    /// The lists of the daemon: those of its registry and of its configuration. A list near its quota gets no question.
    ///
    /// # Errors
    /// The daemon does not answer.
    pub(super) fn of_daemon(client: &ControlClient, most: usize) -> Result<Self, CommandFailure> {
        let mut left = BTreeMap::new();
        for reply in client.ask(&Request::DnsblList)? {
            if let Reply::ListFacts(facts) = reply {
                left.insert(canonical(&facts.list), most);
            }
        }
        for reply in client.ask(&Request::Dnsbl)? {
            let Reply::ListState(row) = reply else { continue };
            let quota = row.quota.or(row.free_quota);
            let is_near = quota.is_some_and(|quota| {
                row.today.saturating_mul(100) >= quota.saturating_mul(SHADOW_LIST_QUOTA)
            });
            let entry = left.entry(canonical(&row.list)).or_insert(most);
            if is_near {
                *entry = 0;
            }
        }
        let zones = left.keys().cloned().collect();
        Ok(Self { left: Mutex::new(left), zones })
    }

    /// The list in whose zone a name is; the closest one.
    pub(super) fn list_of(&self, name: &str) -> Option<&str> {
        let around = self.zones.iter().filter(|zone| is_within(name, zone));
        around.max_by_key(|zone| zone.len()).map(String::as_str)
    }

    /// Takes a question from the budget of the list of a name; false if none is left. Other names have no bound here.
    pub(super) fn take(&self, name: &str) -> bool {
        let Some(list) = self.list_of(name) else { return true };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = left.get_mut(list) else { return true };
        let is_left = *left > 0;
        *left = left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_budget_and_other_names_have_none() {
        let left = BTreeMap::from([("bl.test.".to_owned(), 1), ("zen.bl.test.".to_owned(), 0)]);
        let zones = left.keys().cloned().collect();
        let budget = ListBudget { left: Mutex::new(left), zones };
        assert_eq!(budget.list_of("1.zen.bl.test."), Some("zen.bl.test."));
        let taken = ["1.bl.test.", "2.bl.test.", "1.zen.bl.test.", "bl.example.", "xbl.test."]
            .map(|name| budget.take(name));
        assert_eq!(taken, [true, false, false, true, true]);
    }
}
