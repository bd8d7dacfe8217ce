//! Counts the answers that a list's servers give to clients. They are evidence in addition to the list's test entries, which may have changed.
//!
//! Pure.

use super::gate::{ListVerdict, UnknownReason};
use crate::limits::{LISTS_NOTHING_ANSWERS, LISTS_WORLD_ANSWERS};

/// The numbers of answers that a list's servers gave to questions of clients. Answers from the cache are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListAnswers {
    /// The number of answers since the list last listed something, or since the start of resolverd.
    pub(crate) since_listing: u32,
    /// True if any answer since the start of resolverd was a listing.
    pub has_listed: bool,
    /// The number of listings since a test result last looked wrong.
    listed: u32,
    /// The number of answers that were not a listing, since a test result last looked wrong.
    not_listed: u32,
}

impl ListAnswers {
    /// Called when the result of a test of the list looks wrong. The next answers to clients show whether the result is correct.
    pub fn begin(&mut self) {
        (self.listed, self.not_listed) = (0, 0);
    }

    /// Counts an answer to a client's question by its meaning.
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

    /// Returns true if the answers show that the list lists nothing. `before` is true if the list was already in this state when resolverd started.
    pub(crate) fn show_nothing(&self, before: bool) -> bool {
        self.since_listing >= LISTS_NOTHING_ANSWERS || (before && !self.has_listed)
    }

    /// Returns true if the answers show that the list does not list everything.
    pub fn show_no_world(&self) -> bool {
        let all = self.listed.saturating_add(self.not_listed);
        all >= LISTS_WORLD_ANSWERS && self.not_listed / 3 >= self.listed
    }

    /// Returns true if the answers show that the list lists everything.
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
    fn nothing_is_listed_after_many_answers_without_a_listing() {
        assert!(!answers(0, 499).show_nothing(false) && answers(0, 500).show_nothing(false));
        assert!(answers(60, 500).show_nothing(false), "it was emptied");
        assert!(answers(0, 0).show_nothing(true) && !answers(1, 0).show_nothing(true));
    }

    #[test]
    fn the_world_is_listed_where_all_is() {
        assert!(answers(16, 0).show_world() && !answers(15, 0).show_world() && !answers(16, 1).show_world());
        assert!(answers(4, 12).show_no_world() && !answers(5, 12).show_no_world());
        assert!(!answers(0, 15).show_no_world(), "too few");
        let mut anew = answers(0, 100);
        anew.begin();
        assert!(!anew.show_no_world(), "what was before shows nothing");
    }
}
