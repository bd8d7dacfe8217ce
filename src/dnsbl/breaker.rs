//! Whether a list answers: once it does not, its questions are answered here at once, until a probe is answered.
//!
//! May call: `witness`, `clock`, `limits`. Pure: it is told what was asked and what became of it. It opens only while
//! other zones answer, as an outage of our own must not let spam in; and how long it waits follows the list's usual
//! round trips, so that a slow list is not taken for a dead one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::witness::Evidence;
use crate::clock::Mono;
use crate::limits::{
    BREAKER_FAILURES, BREAKER_JUDGE_AGAIN, BREAKER_MAX_PATIENCE, BREAKER_MIN_PATIENCE, FIRST_PROBE_TIME,
    FLIGHT_TIME, MAX_PROBE_TIME,
};

/// What became of a question to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The list answered, whatever it said.
    Answered,
    /// Its servers answered with nothing that helps: REFUSED, SERVFAIL and the like.
    Failed,
    /// None of them answered.
    Silent,
}

/// Why a breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The list does not answer.
    Silent,
    /// Its servers answer with errors only.
    Failing,
}

/// What a breaker has just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has opened.
    Opened(Why),
    /// It has closed: the list answers again, after this time.
    Closed(Duration),
}

/// What has to be done for a silent list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing: it is not silent, or open already.
    Rest,
    /// Judge again at this moment.
    Later(Mono),
    /// Nobody else has answered lately: ask another zone, and judge again at this moment.
    Witness(Mono),
    /// It does not answer: the breaker is open now.
    Opened,
}

/// One list's.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    /// Smoothed time to an answer and its variation, as in RFC 6298 section 2; none before the first.
    usual: Option<(Duration, Duration)>,
    /// Questions under way.
    under_way: u32,
    /// Since when no question has been answered; none where none waits or failed lately.
    silent_since: Option<Mono>,
    /// When a question last failed.
    failed_at: Option<Mono>,
    /// Failures in a row of which each brought an answer that does not help.
    failures: u32,
    /// When a suspicion was last looked into by a probe.
    probed: Option<Mono>,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    why: Why,
    since: Mono,
    next_probe: Mono,
    pause: Duration,
}

impl Breaker {
    /// Whether it is open, why, and since when.
    pub fn open(&self) -> Option<(Why, Mono)> {
        self.open.map(|open| (open.why, open.since))
    }

    /// The usual time to an answer; none before the first.
    pub fn usual(&self) -> Option<Duration> {
        self.usual.map(|(smoothed, _)| smoothed)
    }

    /// A question goes out.
    pub fn asked(&mut self, now: Mono) {
        let forgotten = |failed: Mono| now.since(failed) >= FLIGHT_TIME;
        if self.under_way == 0 && self.failed_at.is_none_or(forgotten) {
            self.silent_since = None;
        }
        self.under_way = self.under_way.saturating_add(1);
        self.silent_since.get_or_insert(now);
    }

    /// What became of a question that went out `elapsed` ago; `probe` where it was one. Errors count as the list's own only
    /// once a probe has met them too: what mail makes us ask may be such that nobody would answer it.
    pub fn ended(&mut self, end: End, elapsed: Duration, probe: bool, now: Mono) -> Option<Turn> {
        self.under_way = self.under_way.saturating_sub(1);
        match end {
            End::Answered => {
                self.usual = Some(smooth(self.usual, elapsed));
                self.failures = 0;
                self.failed_at = None;
                self.heard_one_of(elapsed, now);
                self.open.take().map(|open| Turn::Closed(now.since(open.since)))
            }
            End::Failed => {
                self.failed_at = Some(now);
                // Whoever says that he will not is there.
                self.heard_one_of(elapsed, now);
                self.failures = self.failures.saturating_add(1);
                (probe && self.failures >= BREAKER_FAILURES && self.open.is_none()).then(|| {
                    self.trip(Why::Failing, now);
                    Turn::Opened(Why::Failing)
                })
            }
            End::Silent => {
                self.failed_at = Some(now);
                None
            }
        }
    }

    /// A question was answered from memory: nothing went out.
    pub fn withdrawn(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 && self.failed_at.is_none() {
            self.silent_since = None;
        }
    }

    /// What is to be done at `now`, with what other zones have shown.
    pub fn judge(&mut self, evidence: Evidence, now: Mono) -> Judgement {
        let Some(since) = self.silent_since.filter(|_| self.open.is_none()) else { return Judgement::Rest };
        let lately = self.failed_at.is_some_and(|failed| now.since(failed) < FLIGHT_TIME);
        if self.under_way == 0 && !lately {
            return Judgement::Rest;
        }
        let patience = self.patience();
        let half = since.after(patience / 2);
        if now < half {
            return Judgement::Later(half);
        }
        // Others must have answered in the second half of that time: what they said before our network went down shows
        // nothing. And once it is back, the list has half of its time to answer too.
        let vouched = evidence.last.is_some_and(|last| last >= half);
        let due = since.after(patience).max(evidence.streak.after(patience / 2));
        match (vouched, now >= due) {
            (true, true) => {
                self.trip(Why::Silent, now);
                Judgement::Opened
            }
            (true, false) => Judgement::Later(due),
            (false, _) => Judgement::Witness(now.after(BREAKER_JUDGE_AGAIN)),
        }
    }

    /// When a probe is to be sent; none while nothing is suspected.
    pub fn next_probe(&self) -> Option<Mono> {
        if let Some(open) = self.open {
            return Some(open.next_probe);
        }
        let silence = self.silent_since.filter(|_| self.under_way > 0);
        let silence = silence.map(|since| (since, since.after(self.patience() / 2)));
        let errors = self.failed_at.filter(|_| self.failures >= BREAKER_FAILURES);
        let errors = errors.map(|failed| (failed, failed));
        let fresh = |(begun, _): &(Mono, Mono)| self.probed.is_none_or(|probed| probed < *begun);
        let due = [errors, silence].into_iter().flatten().filter(fresh).map(|(_, due)| due).min();
        due.map(|due| self.probed.map_or(due, |probed| due.max(probed.after(FIRST_PROBE_TIME))))
    }

    /// A probe is being sent: the next one comes later, and later.
    pub fn probing(&mut self, now: Mono) {
        self.probed = Some(now);
        if let Some(open) = &mut self.open {
            open.next_probe = now.after(open.pause);
            open.pause = open.pause.saturating_mul(2).min(MAX_PROBE_TIME);
        }
    }

    /// Somebody asks again after nobody had for long: a probe is due.
    pub fn wanted(&mut self, now: Mono) {
        if let Some(open) = &mut self.open {
            open.pause = FIRST_PROBE_TIME;
            open.next_probe = open.next_probe.min(now);
        }
    }

    /// A question that went out `elapsed` ago has been answered: silence from before it was no silence of the list, whatever
    /// else still waits.
    fn heard_one_of(&mut self, elapsed: Duration, now: Mono) {
        let began_later = |since: &Mono| now.since(*since) < elapsed;
        self.silent_since = self.silent_since.filter(|since| self.under_way > 0 && began_later(since));
    }

    fn trip(&mut self, why: Why, now: Mono) {
        let next_probe = now.after(FIRST_PROBE_TIME);
        self.open = Some(Open { why, since: now, next_probe, pause: FIRST_PROBE_TIME });
    }

    /// How long its silence is borne: several times what it usually takes, so that some messages were sent again.
    fn patience(&self) -> Duration {
        let Some((smoothed, variation)) = self.usual else { return BREAKER_MAX_PATIENCE };
        let late = smoothed.saturating_add(variation.saturating_mul(4));
        let usual = late.saturating_mul(8).clamp(BREAKER_MIN_PATIENCE, BREAKER_MAX_PATIENCE);
        usual.max(late.saturating_mul(3))
    }
}

/// RFC 6298 section 2: the variation first, then the smoothed value.
fn smooth(last: Option<(Duration, Duration)>, sample: Duration) -> (Duration, Duration) {
    match last {
        None => (sample, sample / 2),
        Some((smoothed, variation)) => {
            let off = smoothed.abs_diff(sample);
            ((smoothed * 7 + sample) / 8, (variation * 3 + off) / 4)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(millis: u64) -> Mono {
        Mono::from_micros(millis * 1000)
    }

    fn evidence(last: u64) -> Evidence {
        Evidence { last: Some(at(last)), streak: Mono::START }
    }

    /// A list that usually takes `usual` ms, all quiet at 0.
    fn known(usual: u64) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            breaker.asked(Mono::START);
            breaker.ended(End::Answered, MS * u32::try_from(usual).unwrap(), false, Mono::START);
        }
        breaker
    }

    /// When a list that is silent from `begin` on is taken for dead, judged every 10 ms while others answer.
    fn opens_after(mut breaker: Breaker, begin: u64) -> Option<u64> {
        breaker.asked(at(begin));
        (begin..begin + 60_000)
            .step_by(10)
            .find(|now| breaker.judge(evidence(*now), at(*now)) == Judgement::Opened)
            .map(|now| now - begin)
    }

    #[test]
    fn a_silent_list_is_dead_within_two_seconds_and_a_slow_one_is_not() {
        for usual in [5, 20, 80, 150] {
            let after = opens_after(known(usual), 1_000).unwrap();
            assert!((1_000..2_000).contains(&after), "{usual} ms: {after}");
        }
        assert!(opens_after(Breaker::default(), 1_000).unwrap() < 2_000);
        let after = opens_after(known(1_500), 1_000).unwrap();
        assert!(after >= 4_500, "{after}");
    }

    #[test]
    fn nothing_opens_while_nobody_else_answers() {
        let mut breaker = known(50);
        breaker.asked(at(1_000));
        // Others answered until the list fell silent: our network went down with it.
        for now in (1_500..60_000).step_by(100) {
            assert!(matches!(
                breaker.judge(evidence(1_050), at(now)),
                Judgement::Witness(_) | Judgement::Later(_)
            ));
        }
        // It is back: the list has its time before it is judged.
        let back = Evidence { last: Some(at(60_010)), streak: at(60_000) };
        assert!(matches!(breaker.judge(back, at(60_010)), Judgement::Later(_)));
        breaker.ended(End::Answered, 60 * MS, false, at(60_100));
        assert_eq!(breaker.judge(back, at(61_000)), Judgement::Rest);
    }

    #[test]
    fn a_lost_packet_between_answers_is_no_silence() {
        let mut breaker = known(50);
        breaker.asked(at(0));
        for now in (0..20_000).step_by(400) {
            breaker.asked(at(now));
            breaker.ended(End::Answered, 50 * MS, false, at(now + 50));
            assert_ne!(breaker.judge(evidence(now + 60), at(now + 60)), Judgement::Opened);
        }
    }

    #[test]
    fn silence_of_long_ago_does_not_count() {
        let mut breaker = known(50);
        breaker.asked(at(0));
        breaker.ended(End::Silent, 10 * MS, false, at(500));
        assert_eq!(breaker.judge(evidence(20_000), at(20_000)), Judgement::Rest);
        breaker.asked(at(60_000));
        assert!(matches!(breaker.judge(evidence(60_010), at(60_010)), Judgement::Later(_)));
    }

    #[test]
    fn errors_in_a_row_open_it_once_a_probe_meets_them_too_and_an_answer_closes_it() {
        let mut breaker = known(50);
        for round in 0..2 * BREAKER_FAILURES {
            breaker.asked(at(u64::from(round)));
            assert_eq!(breaker.ended(End::Failed, MS, false, at(u64::from(round))), None);
        }
        assert!(breaker.next_probe().is_some_and(|next| next <= at(100)));
        breaker.probing(at(100));
        assert_eq!(breaker.next_probe(), None, "one is under way");
        breaker.asked(at(100));
        let turn = breaker.ended(End::Failed, 50 * MS, true, at(150));
        assert_eq!(turn, Some(Turn::Opened(Why::Failing)));
        breaker.asked(at(5_000));
        let turn = breaker.ended(End::Answered, 50 * MS, false, at(5_004));
        assert!(matches!(turn, Some(Turn::Closed(_))));
        assert_eq!((breaker.open(), breaker.next_probe()), (None, None));
    }

    #[test]
    fn a_name_that_nobody_answers_is_not_the_lists_fault() {
        let mut breaker = known(50);
        breaker.asked(at(1_000));
        let probe = breaker.next_probe().unwrap();
        assert!(probe > at(1_000) && probe < at(1_000).after(BREAKER_MIN_PATIENCE));
        breaker.probing(probe);
        breaker.asked(probe);
        breaker.ended(End::Answered, 50 * MS, true, probe.after(50 * MS));
        // The question still waits; the next one that waits too is another matter.
        assert_eq!(breaker.judge(evidence(9_000), at(9_000)), Judgement::Rest);
        assert_eq!(breaker.next_probe(), None);
        breaker.asked(at(9_000));
        assert!(breaker.next_probe().is_some());
    }

    #[test]
    fn probes_come_at_once_and_never_further_apart_than_their_bound() {
        let mut breaker = known(50);
        breaker.asked(at(0));
        while breaker.judge(evidence(1_900), at(1_900)) != Judgement::Opened {}
        let mut now = breaker.next_probe().unwrap();
        assert_eq!(now, at(1_900).after(FIRST_PROBE_TIME));
        for _ in 0..20 {
            breaker.probing(now);
            let next = breaker.next_probe().unwrap();
            assert!(next.since(now) <= MAX_PROBE_TIME);
            now = next;
        }
        breaker.wanted(at(2_000));
        assert_eq!(breaker.next_probe(), Some(at(2_000)));
    }

    proptest! {
        /// Whatever happens, it never opens without evidence from elsewhere in the time it judges by.
        #[test]
        fn never_by_silence_alone(steps in prop::collection::vec((0_u8..5, 1_u64..3_000), 1..200)) {
            let mut breaker = Breaker::default();
            let mut now = 0;
            for (step, pause) in steps {
                now += pause;
                match step {
                    0 | 1 => breaker.asked(at(now)),
                    2 => { breaker.ended(End::Answered, MS, false, at(now)); }
                    3 => { breaker.ended(End::Silent, MS, true, at(now)); }
                    _ => {}
                }
                let judged = breaker.judge(Evidence { last: None, streak: Mono::START }, at(now));
                prop_assert_ne!(judged, Judgement::Opened);
                prop_assert_eq!(breaker.open(), None);
            }
        }
    }
}
