//! Which server is asked next: pure, from what is known of each.
//!
//! May call: `cache::servers` for its types. As Unbound and Knot do, the fastest of those that answer; unlike
//! Hickory, one that is known to answer goes before one that is not known.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cache::servers::{Health, Standing};

/// An unknown server is taken to be this far away: those nearer are preferred to it, those farther are not.
const UNKNOWN_DISTANCE: Duration = Duration::from_millis(100);

/// A server that may be asked, in one step of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its address.
    pub address: SocketAddr,
    /// What is known of it.
    pub standing: Standing,
    /// Messages sent to it in this step.
    pub tries: u8,
    /// What those are waiting for.
    pub progress: Progress,
}

/// Where the last message to a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// None was sent.
    Untried,
    /// One was sent and its timer runs.
    Waiting,
    /// One was sent and its timer has run out; it may still be answered.
    Overdue,
    /// It has said something that does not help: it is not asked again in this step.
    Spent,
}

/// The place of the candidate to ask next: an untried one, else the one whose silence may have been loss, at most
/// `max_tries` times each. `toss` breaks ties among equals.
pub fn next(candidates: &[Candidate], max_tries: u8, toss: impl Fn(u32) -> u32) -> Option<usize> {
    let best = |progress: Progress| {
        let rank = |candidate: &Candidate| {
            let standing = candidate.standing;
            let health = if standing.health == Health::Due { Health::Doubtful } else { standing.health };
            (standing.lame, candidate.tries, health, standing.round_trip.unwrap_or(UNKNOWN_DISTANCE))
        };
        let fits = |candidate: &&Candidate| candidate.progress == progress && candidate.tries < max_tries;
        let least = candidates.iter().filter(fits).map(rank).min()?;
        let equals: Vec<usize> = candidates
            .iter()
            .enumerate()
            .filter(|(_, candidate)| fits(candidate) && rank(candidate) == least)
            .map(|(place, _)| place)
            .collect();
        let tossed = toss(u32::try_from(equals.len()).unwrap_or(u32::MAX));
        equals.get(usize::try_from(tossed).unwrap_or(0)).copied()
    };
    best(Progress::Untried).or_else(|| best(Progress::Overdue))
}

/// A dead server whose time to be tried again has come: it is asked beside the one that answers, not instead.
pub fn due(candidates: &[Candidate]) -> Option<usize> {
    candidates.iter().position(|candidate| {
        candidate.progress == Progress::Untried && candidate.standing.health == Health::Due
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(last: u8, round_trip: Option<u64>, health: Health) -> Candidate {
        Candidate {
            address: SocketAddr::from(([192, 0, 2, last], 53)),
            standing: Standing {
                round_trip: round_trip.map(Duration::from_millis),
                timer: Duration::from_millis(50),
                health,
                lame: false,
                edns: true,
            },
            tries: 0,
            progress: Progress::Untried,
        }
    }

    #[test]
    fn the_fastest_that_answers_then_the_unknown_then_the_slow_then_the_dead() {
        let mut candidates = [
            candidate(1, Some(5), Health::Dead),
            candidate(2, Some(200), Health::Answering),
            candidate(3, None, Health::Answering),
            candidate(4, Some(40), Health::Answering),
            candidate(5, Some(1), Health::Doubtful),
        ];
        let mut order = Vec::new();
        while let Some(place) = next(&candidates, 1, |_| 0) {
            order.push(place);
            candidates[place].progress = Progress::Spent;
        }
        assert_eq!(order, [3, 2, 1, 4, 0]);
    }

    #[test]
    fn lame_ones_come_last_and_the_silent_again_up_to_the_bound() {
        let mut candidates =
            [candidate(1, Some(1), Health::Answering), candidate(2, Some(90), Health::Answering)];
        candidates[0].standing.lame = true;
        assert_eq!(next(&candidates, 2, |_| 0), Some(1));
        candidates[0].progress = Progress::Spent;
        candidates[1].progress = Progress::Waiting;
        candidates[1].tries = 1;
        assert_eq!(next(&candidates, 2, |_| 0), None);
        candidates[1].progress = Progress::Overdue;
        assert_eq!(next(&candidates, 2, |_| 0), Some(1));
        candidates[1].tries = 2;
        assert_eq!(next(&candidates, 2, |_| 0), None);
        assert_eq!(due(&[candidate(1, None, Health::Due)]), Some(0));
    }
}
