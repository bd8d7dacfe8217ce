//! Learns which DNS lists clients ask after a certain question to a list, from the last addresses that they asked about.
//!
//! For each list, one bit for each of the last 128 addresses says whether clients asked the list about this address. The share of a list counts from
//! the oldest of these addresses about which clients asked it, so a list that clients begin to ask is learned within ten addresses, and one that they
//! no longer ask is dropped at the first. The bits of an address are added `BATCH_WINDOW` after the first question about the address. Until
//! enough addresses have been added, the expected lists come from a trial: the first few addresses, with each question counted immediately.

use std::time::Duration;

use super::ids::ListId;
use crate::limits::{BATCH_MIN_SEEN, MAX_BATCH_LISTS};

/// The number of addresses from which a `Habit` is computed.
const MEMORY: u32 = u128::BITS;

/// For one DNS list and one result of a question to it: the DNS lists that clients usually ask next. resolverd asks these lists in advance.
#[derive(Clone, Debug, Default)]
pub(super) struct Habit {
    seen: u32,
    followers: Vec<FollowingList>,
    /// The number of addresses in the trial (the first addresses, before enough are learned), at most `BATCH_MIN_SEEN`.
    tried: u32,
    /// The DNS lists that clients asked about the addresses of the trial, with one bit for each of these addresses.
    tried_followers: Vec<FollowingList>,
}

#[derive(Clone, Debug)]
pub(super) struct FollowingList {
    pub(super) list: ListId,
    /// One bit for each of the last addresses, set if clients asked this DNS list about the address. The newest address has the lowest bit.
    asked: u128,
    /// A habit begins with another question about the same address. This is the usual time (a moving average) from that question to the
    /// question to this DNS list.
    pub(super) gap: Duration,
}

impl Habit {
    /// Restores a habit that an earlier process has learned from `seen` addresses. Each follower has the bits of the addresses that clients asked it about, and
    /// its usual gap.
    pub(super) fn restored(seen: u32, followers: impl Iterator<Item = (ListId, u128, Duration)>) -> Self {
        let followers = followers.map(|(list, asked, gap)| FollowingList { list, asked, gap });
        Self {
            seen: seen.min(MEMORY),
            followers: followers.take(MAX_BATCH_LISTS).collect(),
            tried: BATCH_MIN_SEEN,
            tried_followers: Vec::new(),
        }
    }

    /// Returns the number of addresses of the habit, and its followers as for `restored`. Returns `None` before `BATCH_MIN_SEEN` addresses.
    pub(super) fn known(&self) -> Option<(u32, impl Iterator<Item = (ListId, u128, Duration)>)> {
        let followers = self.followers.iter().map(|one| (one.list, one.asked, one.gap));
        (self.seen >= BATCH_MIN_SEEN).then_some((self.seen, followers))
    }

    /// Learns from one more address. `followed` has the DNS lists that clients asked next about this address, each with the time from the first
    /// question.
    pub(super) fn learn(&mut self, followed: &[(ListId, Duration)]) {
        self.seen = self.seen.saturating_add(1).min(MEMORY);
        for follower in &mut self.followers {
            follower.asked <<= 1;
        }
        for (list, gap) in followed {
            if let Some(follower) = self.followers.iter_mut().find(|follower| follower.list == *list) {
                follower.asked |= 1;
                follower.gap = (follower.gap * 7 + *gap) / 8;
            } else if self.followers.len() < MAX_BATCH_LISTS {
                self.followers.push(FollowingList { list: *list, asked: 1, gap: *gap });
            }
        }
        self.followers.retain(|follower| follower.asked != 0);
    }

    /// Adds an address to the trial (the first `BATCH_MIN_SEEN` addresses), and returns its index there. Returns `None` if the trial is full.
    pub(super) fn begin_trial(&mut self) -> Option<u32> {
        let place = self.tried;
        self.tried = place.saturating_add(1).min(BATCH_MIN_SEEN);
        (place < BATCH_MIN_SEEN).then_some(place)
    }

    /// Records that a client asked `list` about the address with the index `place` in the trial. `gap` is the time since the first question.
    pub(super) fn follow_trial(&mut self, place: u32, list: ListId, gap: Duration) {
        let bit = 1_u128.checked_shl(place).unwrap_or_default();
        if let Some(follower) = self.tried_followers.iter_mut().find(|follower| follower.list == list) {
            follower.asked |= bit;
            follower.gap = (follower.gap * 7 + gap) / 8;
        } else if self.tried_followers.len() < MAX_BATCH_LISTS {
            self.tried_followers.push(FollowingList { list, asked: bit, gap });
        }
    }

    /// Returns the DNS lists that clients asked about at least `percent` percent of the addresses, each with the probability, in thousandths,
    /// that no client asks it about the next address. The addresses count from the first one about which clients asked the list, and must be at
    /// least `BATCH_MIN_SEEN`.
    pub(super) fn expected(&self, percent: u32) -> impl Iterator<Item = (&FollowingList, u32)> {
        let is_tried = self.seen < BATCH_MIN_SEEN;
        let followers = if is_tried { &self.tried_followers } else { &self.followers };
        followers.iter().filter_map(move |follower| {
            // The oldest address has the lowest bit in a trial, and the highest one later.
            let since = match is_tried {
                true => self.tried.saturating_sub(follower.asked.trailing_zeros()),
                false => MEMORY.saturating_sub(follower.asked.leading_zeros()),
            };
            let asked = follower.asked.count_ones();
            let not = since.saturating_sub(asked).saturating_mul(1000).checked_div(since)?;
            let is_usual = asked.saturating_mul(100) >= percent.saturating_mul(since);
            (since >= BATCH_MIN_SEEN && is_usual).then_some((follower, not))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_millis(40);

    fn expected(habit: &Habit) -> Vec<ListId> {
        habit.expected(95).map(|(follower, _)| follower.list).collect()
    }

    #[test]
    fn habit_is_learned_and_dropped_soon() {
        let mut habit = Habit::default();
        (0..30).for_each(|_| habit.learn(&[(1, GAP)]));
        assert_eq!(expected(&habit), [1]);
        // Clients begin to ask list 2.
        for _ in 1..BATCH_MIN_SEEN {
            habit.learn(&[(1, GAP), (2, GAP)]);
            assert_eq!(expected(&habit), [1]);
        }
        habit.learn(&[(1, GAP), (2, GAP)]);
        assert_eq!(expected(&habit), [1, 2]);
        habit.learn(&[(1, GAP)]);
        assert_eq!(expected(&habit), [1], "8 of 9");
        (0..2).for_each(|_| habit.learn(&[]));
        assert_eq!(expected(&habit), [1], "39 of 41");
        (0..MEMORY).for_each(|_| habit.learn(&[]));
        assert!(expected(&habit).is_empty() && habit.followers.is_empty());
    }

    #[test]
    fn trial_shows_habit_before_learning() {
        let mut usual = Habit::default();
        for number in 0..BATCH_MIN_SEEN {
            assert!(expected(&usual).is_empty(), "{number}");
            let place = usual.begin_trial().unwrap();
            // Clients ask list 1 about all addresses, list 2 about all except the last, and list 3 about all except the first.
            let lists = [(1, true), (2, number + 1 < BATCH_MIN_SEEN), (3, number > 0)];
            for (list, _) in lists.into_iter().filter(|(_, asks)| *asks) {
                // The second question about the same address does not count.
                (0..2).for_each(|_| usual.follow_trial(place, list, GAP));
            }
        }
        assert_eq!((expected(&usual), usual.begin_trial()), (vec![1], None));
        usual.follow_trial(BATCH_MIN_SEEN - 1, 2, GAP);
        assert_eq!(expected(&usual), [1, 2]);
        // After `BATCH_MIN_SEEN` calls of `learn`, the trial has no effect.
        (0..BATCH_MIN_SEEN).for_each(|_| usual.learn(&[(2, GAP)]));
        assert_eq!(expected(&usual), [2]);
    }

    #[test]
    fn followers_of_list_are_bounded() {
        let mut habit = Habit::default();
        let many: Vec<_> = (0..200).map(|list| (list, GAP)).collect();
        habit.learn(&many);
        many.iter().for_each(|(list, gap)| habit.follow_trial(0, *list, *gap));
        assert_eq!([habit.followers.len(), habit.tried_followers.len()], [MAX_BATCH_LISTS; 2]);
    }
}
