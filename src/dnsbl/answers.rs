//! Counts the answers that the servers of a DNS list give to clients' questions. If the test entries of the list give a wrong result, these counts
//! show whether the list works nevertheless: its operator may have changed the test entries.

use super::gate::{ListVerdict, UnknownReason};
use crate::limits::{LISTS_NOTHING_ANSWERS, LISTS_WORLD_ANSWERS};

/// The answers that the servers of one DNS list gave to clients since the start of resolverd. Answers from the cache are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListAnswers {
    /// The number of answers since the last listing, or since the start of resolverd if there was none.
    pub since_listing: u32,
    /// True if the DNS list has listed anything since the start of resolverd.
    pub has_listed: bool,
    /// The number of listings since a test of the DNS list last showed a fault.
    listed: u32,
    /// The number of "not listed" answers since a test of the DNS list last showed a fault.
    not_listed: u32,
}

impl ListAnswers {
    /// Called when a test of the DNS list shows a fault. The answers counted after this call show whether the result of the test is correct.
    pub fn begin(&mut self) {
        (self.listed, self.not_listed) = (0, 0);
    }

    /// Counts one answer of the DNS list to a client.
    pub fn heard(&mut self, verdict: &ListVerdict) {
        match verdict {
            ListVerdict::Listed | ListVerdict::Unknown(UnknownReason::ListsTheWorld) => {
                self.listed = self.listed.saturating_add(1);
                (self.since_listing, self.has_listed) = (0, true);
            }
            ListVerdict::NotListed => {
                self.not_listed = self.not_listed.saturating_add(1);
                self.since_listing = self.since_listing.saturating_add(1);
            }
            ListVerdict::Unknown(_) => {}
        }
    }

    /// Returns true if the answers to clients show that the DNS list lists nothing. `before`: true if the DNS list already has the state "lists
    /// nothing". In this state, it is enough that the DNS list has listed nothing since the start of resolverd.
    pub(crate) fn show_nothing(&self, before: bool) -> bool {
        self.since_listing >= LISTS_NOTHING_ANSWERS || (before && !self.has_listed)
    }

    /// Returns true if the answers to clients show that the DNS list does not list everything: there are enough answers, and at least three quarters
    /// of them are "not listed".
    pub fn show_no_world(&self) -> bool {
        let all = self.listed.saturating_add(self.not_listed);
        all >= LISTS_WORLD_ANSWERS && self.not_listed / 3 >= self.listed
    }

    /// Returns true if the answers to clients show that the DNS list lists everything: there are enough answers, and all are listings.
    pub fn show_world(&self) -> bool {
        self.listed >= LISTS_WORLD_ANSWERS && self.not_listed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(listed: u32, not_listed: u32) -> ListAnswers {
        let mut answers = ListAnswers::default();
        (0..listed).for_each(|_| answers.heard(&ListVerdict::Listed));
        (0..not_listed).for_each(|_| answers.heard(&ListVerdict::NotListed));
        answers
    }

    #[test]
    fn many_denials_show_empty_list() {
        assert!(!answers(0, 499).show_nothing(false) && answers(0, 500).show_nothing(false));
        assert!(answers(60, 500).show_nothing(false), "it was emptied");
        assert!(answers(0, 0).show_nothing(true) && !answers(1, 0).show_nothing(true));
    }

    #[test]
    fn many_listings_show_listed_world() {
        assert!(answers(16, 0).show_world() && !answers(15, 0).show_world() && !answers(16, 1).show_world());
        assert!(answers(4, 12).show_no_world() && !answers(5, 12).show_no_world());
        assert!(!answers(0, 15).show_no_world(), "too few");
        let mut anew = answers(0, 100);
        anew.begin();
        assert!(!anew.show_no_world(), "what was before shows nothing");
    }
}
