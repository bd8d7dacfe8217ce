//! The unanswered queries of a server ("silences"). Unanswered queries that were in progress at the same time count as one. After one, the server is
//! doubtful; after three, it is dead; and after an unanswered probe (a query in the background), it is known to be silent.
//!
//! Unbound increases its timer up to 12 s, then tries with clients' questions, and counts A, AAAA and other types separately. resolverd
//! counts all types together, and probes a dead server in the background with another type, because some servers drop a type, at growing
//! intervals, and sooner while questions fail because of this server. After two minutes of silence, probes because of failed questions
//! become rarer too. So a dead zone costs few queries, however often clients ask for its names.

use std::time::Duration;

use crate::limits::{
    DEAD_AFTER_SILENCES, DOUBT_TIME, FIRST_DEAD_TIME, LEAST_PROBE_PAUSE, LONG_SILENCE, LONG_SILENCE_PROBES,
    MAX_DEAD_TIME, MAX_WANTED_DEAD_TIME, SILENT_TIME, SURE_SILENCES,
};
use dns::clock::Mono;
use dns::conduct::Health;
use dns::random::Random;

/// The unanswered queries since the server's last answer, and its probes if it is dead.
#[derive(Debug, Default)]
pub(super) struct Silence {
    heard: Option<Mono>,
    /// The number of unanswered queries. Queries in progress at the same time count as one. `counted` is the time at which the last one was counted.
    count: u32,
    counted: Option<Mono>,
    /// When the first of the unanswered queries was sent.
    since: Option<Mono>,
    /// Until this time, the other servers are queried first.
    doubtful_until: Mono,
    dead: Option<Dead>,
}

#[derive(Clone, Copy, Debug)]
struct Dead {
    /// Until this time, the dead server gets no queries of clients. `span` is the length of this pause, which grows.
    until: Mono,
    span: Duration,
    /// An earlier time for the next probe, used if a question has failed because of this server (`is_wanted`).
    until_wanted: Mono,
    is_wanted: bool,
    tried: Tried,
    /// When the last probe began.
    tried_at: Option<Mono>,
    /// True if it is not known whether the server answers for this zone again: it became silent in an outage, answered for another zone after the
    /// outage, and got no query for this zone after that.
    is_in_question: bool,
}

/// The probes since the server was found dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tried {
    NotYet,
    Begun,
    /// The server did not answer a probe, although other servers answered.
    InVain,
}

impl Dead {
    /// Creates the state of a server that was just found dead. Its first probe is sent immediately, and the second one at `until`.
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

    fn next_try(&self) -> Mono {
        if self.is_wanted { self.until.min(self.until_wanted) } else { self.until }
    }
}

impl Silence {
    /// Returns the state of a server that was dead at the end of the previous process. Such a server is probed immediately.
    pub(super) fn dead_before(now: Mono) -> Self {
        let dead = Dead::new(now);
        let count = DEAD_AFTER_SILENCES;
        Self { count, counted: Some(now), since: Some(now), dead: Some(dead), ..Self::default() }
    }

    /// Returns the time of the server's last answer since the start of this process.
    pub(super) fn heard(&self) -> Option<Mono> {
        self.heard
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Called for any message of the server. Sets the number of unanswered queries to 0.
    pub(super) fn end(&mut self, now: Mono) {
        *self = Self { heard: Some(now), ..Self::default() };
    }

    /// Records that the reply to a query sent at `sent` is late. For a while, other servers are queried before this one.
    pub(super) fn overdue(&mut self, sent: Mono, now: Mono) {
        if !self.heard_since(sent) {
            self.doubtful_until = now.after(DOUBT_TIME.saturating_mul(self.count.saturating_add(1)));
        }
    }

    /// Returns true if an unanswered query sent at `sent` counts. It does not count if the server has answered since, if a query in progress at the
    /// same time has been counted, or if the count is `SURE_SILENCES` already.
    pub(super) fn would_count(&self, sent: Mono) -> bool {
        self.count < SURE_SILENCES && self.counts(sent)
    }

    /// Counts a query that was sent at `sent` and not answered. The caller must have seen an answer of another server since `sent`. Queries in
    /// progress at the same time count as one, because they may have been lost for one common reason.
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

    /// Sets the number of unanswered queries to at least `least`, if the server has not answered since the first of them was sent (`sent`).
    pub(super) fn add_some(&mut self, least: u32, (sent, now): (Mono, Mono)) {
        if !self.heard_since(sent) {
            self.counted = Some(now);
            self.since.get_or_insert(sent);
            self.count = self.count.max(least);
            self.goes_on();
        }
    }

    /// Returns true if the first unanswered query was sent after `moment`, and a probe was not answered.
    pub(super) fn is_tried_since(&self, moment: Option<Mono>) -> bool {
        let is_later = self.since.is_some_and(|since| moment.is_none_or(|moment| since > moment));
        is_later && self.dead.is_some_and(|dead| dead.tried == Tried::InVain)
    }

    /// The server may answer again: it is not known to be silent any more, and is probed immediately.
    pub(super) fn call_in_question(&mut self) {
        if let Some(dead) = &mut self.dead {
            (dead.tried, dead.is_in_question) = (Tried::NotYet, true);
        }
    }

    /// Returns true after `call_in_question`, until an answer or an unanswered query shows the state of the server.
    pub(super) fn is_in_question(&self) -> bool {
        self.dead.is_some_and(|dead| dead.is_in_question)
    }

    /// Handles one more unanswered query. If `is_in_question` was true (something suggested that the server answers again), this query shows that
    /// the server is still silent.
    fn goes_on(&mut self) {
        if let Some(dead) = self.dead.as_mut().filter(|dead| dead.is_in_question) {
            (dead.tried, dead.is_in_question) = (Tried::InVain, false);
        }
    }

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

    /// Returns the time until a dead server gets its next query; `None` if it is not dead, or the query is due.
    pub(super) fn dead_for(&self, now: Mono) -> Option<Duration> {
        self.dead.filter(|dead| now < dead.until).map(|dead| dead.next_try().since(now))
    }

    /// Returns the time of the next probe; `None` if the server is not dead. The first probe is due immediately.
    pub(super) fn next_try(&self) -> Option<Mono> {
        self.dead.map(|dead| if dead.tried == Tried::NotYet { Mono::START } else { dead.next_try() })
    }

    /// Returns the least pause between two probes of a dead server, if failed questions make the probes necessary. The pause is `usual`, or
    /// after a long silence at least a fraction of the silence.
    fn wanted_pause(&self, usual: Duration, now: Mono) -> Duration {
        let silent = self.since.map_or(Duration::ZERO, |since| now.since(since));
        if silent < LONG_SILENCE { usual } else { usual.max(silent / LONG_SILENCE_PROBES) }
    }

    /// Records that a question has failed because the server is dead. The next probe is then sent `LEAST_PROBE_PAUSE` after the begin of the last
    /// one, or later if the server has been silent for long (`wanted_pause`). Returns true if the next probe becomes earlier.
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

    /// Returns true if the caller must probe the dead server now. Further calls return false until the next probe is due; the time between two probes
    /// about doubles.
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

    pub(super) fn tried_at(&self) -> Option<Mono> {
        self.dead?.tried_at
    }

    /// Returns true if the first probe since the server was found dead was sent, and no probe has been answered or lost so far.
    pub(super) fn is_being_tried(&self) -> bool {
        self.dead.is_some_and(|dead| dead.tried == Tried::Begun)
    }

    /// Records that a probe sent at `sent` counts as lost. The caller makes sure that other servers have answered since.
    pub(super) fn tried_in_vain(&mut self, sent: Mono) {
        if !self.heard_since(sent)
            && let Some(dead) = &mut self.dead
        {
            (dead.tried, dead.is_in_question) = (Tried::InVain, false);
        }
    }

    /// Returns since when the server is known to be silent: it has not answered a probe, and has been silent for at least `SILENT_TIME` and for at
    /// least twice its usual round trip.
    pub(super) fn known_since(&self, now: Mono, round_trip: Option<Duration>) -> Option<Mono> {
        let lasting = SILENT_TIME.max(round_trip.unwrap_or_default().saturating_mul(2));
        let tried = self.dead.is_some_and(|dead| dead.tried == Tried::InVain && now < dead.until);
        self.since.filter(|since| tried && now.since(*since) >= lasting)
    }

    /// Returns true if a message of the server arrived after `sent`. If a query that was sent at `sent` got no answer, it was then lost on the
    /// path.
    pub(super) fn heard_since(&self, sent: Mono) -> bool {
        self.heard.is_some_and(|heard| heard > sent)
    }

    fn counts(&self, sent: Mono) -> bool {
        !self.heard_since(sent) && self.counted.is_none_or(|counted| counted <= sent)
    }
}

/// Changes `span` by up to an eighth at random, so that servers that became dead together are not probed together.
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

    fn dead() -> (Silence, Mono) {
        let (mut silence, random) = (Silence::default(), Random::seeded(1));
        for number in 1..=u64::from(DEAD_AFTER_SILENCES) {
            silence.add((at(number * 1_000), at(number * 1_000 + 500)), &random);
        }
        let until = silence.dead.unwrap().until;
        (silence, until)
    }

    #[test]
    fn overdue_server_is_doubtful_until_reply() {
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

    // A burst of lost queries is one silence.
    #[test]
    fn three_successive_silences_make_server_dead() {
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

    // The first probe is immediate, the next by the clock, and a reply ends the silence.
    #[test]
    fn dead_server_is_probed_singly() {
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

    // If this first probe fails too, the server is known to be silent.
    #[test]
    fn server_dead_before_restart_is_probed() {
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

    // The pause is 40 s at most.
    #[test]
    fn dead_server_retry_is_bounded() {
        let ((mut silence, mut until), random) = (dead(), Random::seeded(2));
        for _ in 0..20 {
            assert!(silence.try_now(until, &random));
            silence.add((until, until.after(2_000 * MS)), &random);
            let next = silence.dead.unwrap().until;
            assert!(next.since(until) <= Duration::from_secs(40), "{next:?} after {until:?}");
            until = next;
        }
    }

    // Questions for which no server is left shorten the pause; the server stays known as silent.
    #[test]
    fn failing_questions_hasten_probes() {
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

    // The last probe of the dead server must have begun a second before.
    #[test]
    fn question_starts_probe_after_second() {
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

    // Failing questions begin one probe a second at first and one or two in 30 s later.
    #[test]
    fn probes_become_rare_in_long_silence() {
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

    // It must have lasted for some time as well, and longer if the server is slow.
    #[test]
    fn silence_is_known_after_failed_probe() {
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
