//! The silence of a server. A silence is an unanswered query; several unanswered queries that were in progress at the
//! same time count as one. After one silence the server is doubtful, after three it is dead, and after an unanswered
//! probe (a query in the background) it is known to be silent.
//!
//! The functions are pure. Unbound increases its timer up to 12 s, then tries with clients' questions, and counts A, AAAA and other types
//! separately, because some servers drop a type. resolverd differs: a server is doubtful after one silence, and dead after three silences that
//! cannot have had one common cause. A dead server is probed in the background with another type than the unanswered one, at growing intervals, and
//! sooner while questions fail because of it. If the silence lasts longer than two minutes, the probes that failing questions cause also become
//! rarer. So a dead zone costs few queries, however often its names are asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{
    DEAD_AFTER_SILENCES, DOUBT_TIME, FIRST_DEAD_TIME, LEAST_PROBE_PAUSE, LONG_SILENCE, LONG_SILENCE_PROBES,
    MAX_DEAD_TIME, MAX_WANTED_DEAD_TIME, SILENT_TIME, SURE_SILENCES,
};
use dns::clock::Mono;
use dns::random::Random;

/// The health of a server: what is known about its ability to answer queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// The server answers its queries, or was never asked.
    Answering,
    /// The server did not answer the last query. The query may have been lost.
    #[serde(rename = "recent_timeout")]
    Doubtful,
    /// The server is dead, and its next probe is due.
    Due,
    /// The server is dead, and its next probe is not due: it gets no questions of clients.
    Dead,
}

/// The queries that a server has not answered since its last answer, and the result of the probes if the server is dead.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The time of the server's last answer.
    heard: Option<Mono>,
    /// The number of consecutive silences (unanswered queries). The next field is the time at which the last of them was counted.
    count: u32,
    counted: Option<Mono>,
    /// The time at which the first query of these silences (unanswered queries) was sent.
    since: Option<Mono>,
    /// The time until which the server is asked only after the other servers.
    doubtful_until: Mono,
    dead: Option<Dead>,
}

#[derive(Clone, Copy, Debug)]
struct Dead {
    /// The time until which the dead server gets no questions of clients. The next field is the length of this pause, which grows.
    until: Mono,
    span: Duration,
    /// An earlier time for the next probe. It is used if `is_wanted` is true, that is, if a question has failed because of this server.
    until_wanted: Mono,
    is_wanted: bool,
    tried: Tried,
    /// The time at which the last probe of the server began.
    tried_at: Option<Mono>,
    /// True if the server may answer for this zone again: it became silent for the zone in an outage, has since answered for another zone, and has
    /// not been asked for this zone since.
    is_in_question: bool,
}

/// The state of the probes since the server was found dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    NotYet,
    Begun,
    /// The server did not answer a probe, although other servers answered.
    InVain,
}

impl Dead {
    /// Creates the state of a server that has just been found dead. Its first probe is sent immediately, and the second one at `until`.
    fn new(until: Mono) -> Self {
        Self {
            until,
            span: FIRST_DEAD_TIME,
            until_wanted: until,
            is_wanted: false,
            tried: Tried::NotYet,
            tried_at: None,
            is_in_question: false,
        }
    }

    /// Returns the time at which the dead server is probed next.
    fn next_try(&self) -> Mono {
        if self.is_wanted { self.until.min(self.until_wanted) } else { self.until }
    }
}

impl Silence {
    /// Creates the state of a server that was dead when the previous process of resolverd ended. The server is probed immediately.
    pub(super) fn dead_before(now: Mono) -> Self {
        let dead = Dead::new(now);
        let count = DEAD_AFTER_SILENCES;
        Self { count, counted: Some(now), since: Some(now), dead: Some(dead), ..Self::default() }
    }

    /// Returns the time of the server's last answer, or `None` if it has not answered since this process began.
    pub(super) fn heard(&self) -> Option<Mono> {
        self.heard
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Records that any DNS message of the server has arrived, which ends its silence.
    pub(super) fn end(&mut self, now: Mono) {
        *self = Self { heard: Some(now), ..Self::default() };
    }

    /// Records that the answer to a query sent at `sent` is late. For a while, other servers are asked before this one.
    pub(super) fn overdue(&mut self, sent: Mono, now: Mono) {
        if !self.heard_since(sent) {
            self.doubtful_until = now.after(DOUBT_TIME.saturating_mul(self.count.saturating_add(1)));
        }
    }

    /// Returns true if an unanswered query that was sent at `sent` counts as a silence. It does not count if the server
    /// has answered since, if a query that was in progress at the same time has been counted, or if there are already
    /// enough silences to be sure that the server is dead.
    pub(super) fn would_count(&self, sent: Mono) -> bool {
        self.count < SURE_SILENCES && self.counts(sent)
    }

    /// Records that a query sent at `sent` counts as lost. The caller makes sure that other servers have answered since. Queries that were in
    /// progress at the same time count as one silence, because one event may have affected them all.
    pub(super) fn add(&mut self, (sent, now): (Mono, Mono), random: &Random) {
        if !self.counts(sent) {
            return;
        }
        self.counted = Some(now);
        self.since.get_or_insert(sent);
        self.count = self.count.saturating_add(1);
        self.doubtful_until = now.after(DOUBT_TIME.saturating_mul(self.count));
        self.goes_on();
        if self.dead.is_none() && self.count >= DEAD_AFTER_SILENCES {
            self.dead = Some(Dead::new(now.after(jittered(FIRST_DEAD_TIME, random))));
        }
    }

    /// Sets the number of silences (unanswered queries) to at least `least`. The first of these queries was sent at
    /// `sent`.
    pub(super) fn add_some(&mut self, least: u32, (sent, now): (Mono, Mono)) {
        if !self.heard_since(sent) {
            self.counted = Some(now);
            self.since.get_or_insert(sent);
            self.count = self.count.max(least);
            self.goes_on();
        }
    }

    /// Returns true if the silence began after `moment`, and the server has not answered a probe since then.
    pub(super) fn is_tried_since(&self, moment: Option<Mono>) -> bool {
        let is_later = self.since.is_some_and(|since| moment.is_none_or(|moment| since > moment));
        is_later && self.dead.is_some_and(|dead| dead.tried == Tried::InVain)
    }

    /// Records that the server may answer again. It no longer counts as known to be silent, and is probed immediately.
    pub(super) fn call_in_question(&mut self) {
        if let Some(dead) = &mut self.dead {
            (dead.tried, dead.is_in_question) = (Tried::NotYet, true);
        }
    }

    /// Returns true if `call_in_question` was called, and since then neither an answer nor an unanswered query has shown the state of the server.
    pub(super) fn is_in_question(&self) -> bool {
        self.dead.is_some_and(|dead| dead.is_in_question)
    }

    /// Records that one more query was not answered. If `call_in_question` had been called, the server counts as known to be silent again.
    fn goes_on(&mut self) {
        if let Some(dead) = self.dead.as_mut().filter(|dead| dead.is_in_question) {
            (dead.tried, dead.is_in_question) = (Tried::InVain, false);
        }
    }

    /// Returns how many queries in a row the server did not answer.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn health(&self, now: Mono) -> Health {
        match self.dead {
            Some(dead) if now < dead.until => Health::Dead,
            Some(_) => Health::Due,
            None if now < self.doubtful_until => Health::Doubtful,
            None => Health::Answering,
        }
    }

    /// Returns the time until a dead server gets its next query. Returns `None` if the server is not dead, or if its next query is due.
    pub(super) fn dead_for(&self, now: Mono) -> Option<Duration> {
        self.dead.filter(|dead| now < dead.until).map(|dead| dead.next_try().since(now))
    }

    /// Returns the time of the next probe of a dead server. The first probe is sent immediately after the server was
    /// found dead, further probes at intervals.
    pub(super) fn next_try(&self) -> Option<Mono> {
        self.dead.map(|dead| if dead.tried == Tried::NotYet { Mono::START } else { dead.next_try() })
    }

    /// Returns the pause between two probes that failed questions cause. The pause is `usual`, but after a long silence at least a fixed fraction
    /// of the time since the silence began.
    fn wanted_pause(&self, usual: Duration, now: Mono) -> Duration {
        let silent = self.since.map_or(Duration::ZERO, |since| now.since(since));
        if silent < LONG_SILENCE { usual } else { usual.max(silent / LONG_SILENCE_PROBES) }
    }

    /// Records that a question has failed because the server is dead. The next probe is then sent `LEAST_PROBE_PAUSE` after the last one began, or
    /// after a long silence later (see `wanted_pause`). Returns true if this makes the next probe earlier.
    pub(super) fn hasten(&mut self, now: Mono) -> bool {
        let pause = self.wanted_pause(LEAST_PROBE_PAUSE, now);
        let Some(dead) = &mut self.dead else { return false };
        let was_wanted = std::mem::replace(&mut dead.is_wanted, true);
        let rests = dead.tried_at.is_none_or(|at| now.since(at) >= pause);
        let comes_now = rests && now < dead.until_wanted;
        if comes_now {
            dead.until_wanted = now;
        }
        (comes_now || !was_wanted) && dead.until_wanted < dead.until
    }

    /// Returns true if a dead server must be probed now. A caller that gets true must probe the server. The next calls
    /// return false until the next probe is due; the time between two probes is about doubled each time.
    pub(super) fn try_now(&mut self, now: Mono, random: &Random) -> bool {
        let wanted_pause = self.wanted_pause(MAX_WANTED_DEAD_TIME, now);
        let Some(dead) = &mut self.dead else { return false };
        let first = dead.tried == Tried::NotYet;
        let is_due = now >= dead.next_try();
        if first {
            dead.tried = Tried::Begun;
        }
        if first || is_due {
            dead.tried_at = Some(now);
        }
        if !is_due {
            return first;
        }
        dead.span = dead.span.saturating_mul(2).min(MAX_DEAD_TIME);
        dead.until = now.after(jittered(dead.span, random));
        dead.until_wanted =
            if dead.span <= wanted_pause { dead.until } else { now.after(jittered(wanted_pause, random)) };
        dead.is_wanted = false;
        true
    }

    /// Returns the time at which the last probe of a dead server began.
    pub(super) fn tried_at(&self) -> Option<Mono> {
        self.dead?.tried_at
    }

    /// Returns true if the first probe of the dead server has begun, and has not been found unanswered yet.
    pub(super) fn is_being_tried(&self) -> bool {
        self.dead.is_some_and(|dead| dead.tried == Tried::Begun)
    }

    /// Records that a probe that was sent at `sent` counts as lost. The caller makes sure that other servers have answered since.
    pub(super) fn tried_in_vain(&mut self, sent: Mono) {
        if !self.heard_since(sent)
            && let Some(dead) = &mut self.dead
        {
            (dead.tried, dead.is_in_question) = (Tried::InVain, false);
        }
    }

    /// Returns the time since which the server is known to be silent, or `None` while it may still answer. The silence must have lasted at least
    /// twice the server's usual round trip `round_trip`.
    pub(super) fn known_since(&self, now: Mono, round_trip: Option<Duration>) -> Option<Mono> {
        let lasting = SILENT_TIME.max(round_trip.unwrap_or_default().saturating_mul(2));
        let tried = self.dead.is_some_and(|dead| dead.tried == Tried::InVain && now < dead.until);
        self.since.filter(|since| tried && now.since(*since) >= lasting)
    }

    /// Returns true if any DNS message of the server arrived after `sent`. If a query sent at `sent` was not answered, the query or its answer was
    /// then lost on the path.
    pub(super) fn heard_since(&self, sent: Mono) -> bool {
        self.heard.is_some_and(|heard| heard > sent)
    }

    fn counts(&self, sent: Mono) -> bool {
        !self.heard_since(sent) && self.counted.is_none_or(|counted| counted <= sent)
    }
}

/// Changes `span` by a random part of up to an eighth. Otherwise, servers that became dead together would all be probed at the same time.
fn jittered(span: Duration, random: &Random) -> Duration {
    span - span / 8 + span / 4 * random.below(1_001) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn at(millis: u64) -> Mono {
        Mono::from_micros(millis * 1_000)
    }

    /// Returns the silence of a dead server, and the time until which it gets no questions of clients.
    fn dead() -> (Silence, Mono) {
        let (mut silence, random) = (Silence::default(), Random::seeded(1));
        for number in 1..=u64::from(DEAD_AFTER_SILENCES) {
            silence.add((at(number * 1_000), at(number * 1_000 + 500)), &random);
        }
        let until = silence.dead.unwrap().until;
        (silence, until)
    }

    #[test]
    fn an_overdue_server_is_doubtful_until_it_is_heard() {
        let mut silence = Silence::default();
        silence.overdue(at(0), at(300));
        assert_eq!(silence.health(at(300)), Health::Doubtful);
        assert_eq!(silence.health(at(300).after(DOUBT_TIME)), Health::Answering);
        silence.overdue(at(400), at(700));
        silence.end(at(750));
        assert_eq!(silence.health(at(750)), Health::Answering);
        silence.overdue(at(700), at(1_000));
        assert_eq!(silence.health(at(1_000)), Health::Answering, "it was heard since: that one was lost");
    }

    #[test]
    fn three_silences_one_after_the_other_make_a_server_dead() {
        let (mut silence, random) = (Silence::default(), Random::seeded(1));
        for sent in 0..20 {
            silence.add((at(sent), at(sent + 500)), &random);
        }
        assert_eq!(silence.health(at(600)), Health::Doubtful, "a burst that was lost is one silence");
        let (silence, until) = dead();
        assert_eq!(silence.health(at(3_500)), Health::Dead);
        let left = [at(3_500), until].map(|now| silence.dead_for(now));
        assert_eq!(left, [Some(until.since(at(3_500))), None]);
        assert!(
            until >= at(3_500).after(FIRST_DEAD_TIME * 7 / 8)
                && until <= at(3_500).after(FIRST_DEAD_TIME * 9 / 8)
        );
    }

    #[test]
    fn a_dead_server_is_tried_at_once_then_by_the_clock_by_one_and_revived_by_an_answer() {
        let ((mut silence, until), random) = (dead(), Random::seeded(2));
        assert_eq!(silence.next_try(), Some(Mono::START));
        assert!(silence.try_now(at(3_600), &random));
        assert!(!silence.try_now(at(3_600), &random), "one message at a time");
        assert_eq!((silence.next_try(), silence.health(until)), (Some(until), Health::Due));
        assert!(silence.try_now(until, &random));
        assert!(!silence.try_now(until, &random), "one message at a time");
        assert_eq!(silence.health(until), Health::Dead);
        silence.end(until);
        assert_eq!((silence.health(until), silence.next_try()), (Health::Answering, None));
    }

    #[test]
    fn a_server_that_was_dead_before_a_restart_is_tried_at_once_and_known_if_that_is_in_vain() {
        let mut silence = Silence::dead_before(at(1_000));
        assert_eq!((silence.health(at(1_000)), silence.count()), (Health::Due, DEAD_AFTER_SILENCES));
        assert!(!silence.would_count(at(900)) && silence.would_count(at(1_000)));
        assert!(silence.try_now(at(1_000), &Random::seeded(2)));
        silence.tried_in_vain(at(1_000));
        assert_eq!(silence.known_since(at(1_000).after(SILENT_TIME), None), Some(at(1_000)));
    }

    #[test]
    fn moments_are_compared_strictly() {
        let (mut silence, _) = dead();
        silence.tried_in_vain(at(3_600));
        let is_later_than =
            [None, Some(at(999)), Some(at(1_000))].map(|moment| silence.is_tried_since(moment));
        assert_eq!(is_later_than, [true, true, false], "it began at one second");
        silence.end(at(4_000));
        assert_eq!([3_999, 4_000].map(|sent| silence.heard_since(at(sent))), [true, false]);
    }

    #[test]
    fn a_server_is_tried_again_at_least_every_forty_seconds() {
        let ((mut silence, mut until), random) = (dead(), Random::seeded(2));
        for _ in 0..20 {
            assert!(silence.try_now(until, &random));
            silence.add((until, until.after(2_000 * MS)), &random);
            let next = silence.dead.unwrap().until;
            assert!(next.since(until) <= Duration::from_secs(40), "{next:?} after {until:?}");
            until = next;
        }
    }

    #[test]
    fn a_server_for_which_questions_fail_is_tried_sooner_and_still_known_to_be_silent() {
        let ((mut silence, mut until), random) = (dead(), Random::seeded(2));
        for _ in 0..6 {
            assert!(silence.try_now(until, &random));
            silence.tried_in_vain(until);
            assert!(!silence.hasten(until) || silence.dead.unwrap().span > MAX_WANTED_DEAD_TIME);
            assert!(!silence.hasten(until), "it is told once");
            let next = silence.next_try().unwrap();
            assert!(next.since(until) <= MAX_WANTED_DEAD_TIME * 9 / 8, "{next:?} after {until:?}");
            assert!(!silence.try_now(until, &random), "not before that time");
            until = next;
        }
        assert_eq!(silence.health(until), Health::Dead);
        assert_eq!(silence.known_since(until, None), Some(at(1_000)), "no question waits for it meanwhile");
        assert!(silence.try_now(until, &random));
        let next = silence.next_try().unwrap();
        assert!(next.since(until) >= MAX_DEAD_TIME * 7 / 8, "no question fails for it any more");
    }

    #[test]
    fn a_question_begins_a_probe_if_the_last_one_began_a_second_ago() {
        let ((mut silence, until), random) = (dead(), Random::seeded(2));
        assert!(silence.try_now(until, &random));
        silence.tried_in_vain(until);
        assert!(silence.hasten(until) && !silence.hasten(until.after(LEAST_PROBE_PAUSE - MS)));
        let later = until.after(LEAST_PROBE_PAUSE);
        assert!(!silence.try_now(later, &random));
        assert!(silence.hasten(later) && silence.next_try() == Some(later));
        assert!(silence.try_now(later, &random) && !silence.try_now(later, &random));
        assert!(silence.known_since(later, None).is_some(), "it is still known to be silent");
    }

    #[test]
    fn after_a_long_silence_questions_begin_few_probes() {
        let ((mut silence, mut now), random) = (dead(), Random::seeded(2));
        let mut probes = Vec::new();
        while now < at(600_000) {
            silence.hasten(now);
            if silence.next_try().is_some_and(|next| next <= now) && silence.try_now(now, &random) {
                silence.tried_in_vain(now);
                probes.push(now);
            }
            now = now.after(250 * MS);
        }
        let between = |from: u64, to: u64| {
            probes.iter().filter(|at| (from..to).contains(&(at.as_micros() / 1_000_000))).count()
        };
        assert_eq!(between(60, 90), 30, "one a second at first");
        assert!((1..=2).contains(&between(240, 270)), "{probes:?}");
        let pauses = probes.windows(2).map(|two| two[1].since(two[0]));
        assert!(pauses.max().unwrap() <= MAX_DEAD_TIME * 9 / 8 + 250 * MS);
    }

    #[test]
    fn silence_is_known_when_it_has_lasted_and_a_message_on_the_side_had_no_answer_either() {
        let (mut silence, until) = dead();
        let lasted = at(1_000).after(SILENT_TIME);
        assert!(lasted < until);
        assert_eq!(silence.known_since(lasted, None), None, "it was not tried on the side");
        assert!(silence.try_now(at(3_600), &Random::seeded(2)));
        assert_eq!(silence.known_since(lasted, None), None, "it may answer yet");
        silence.tried_in_vain(at(3_600));
        assert_eq!(silence.known_since(at(900).after(SILENT_TIME), None), None);
        assert_eq!(silence.known_since(lasted, None), Some(at(1_000)));
        assert_eq!(silence.known_since(until, None), None, "its time to be tried again has come");
        let slow = SILENT_TIME * 3;
        assert_eq!(silence.known_since(lasted, Some(slow)), None, "it takes as long as that");
        silence.end(lasted);
        silence.tried_in_vain(at(3_600));
        assert_eq!(silence.known_since(lasted, None), None, "it was heard since");
    }
}
