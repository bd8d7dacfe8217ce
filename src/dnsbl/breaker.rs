//! The circuit breaker of a DNS list. The breaker opens when the list no longer answers. While the breaker is open, resolverd sends no questions of
//! clients to the list, and answers them itself at once (for example, with SERVFAIL). The breaker closes when the list answers a probe, which is a
//! question that resolverd sends to test the list. A list that refuses the queries of this host is treated alike, but only an answer that says
//! "listed" or "not listed" closes its breaker.
//!
//! A breaker opens only while servers of other zones answer. Otherwise, in an outage of this host's network, the breakers of all lists would open.
//! The time before a breaker opens depends on the usual round trip of the list, so that a slow list is not mistaken for a list that does not answer.
//! All functions are pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::network_answers::NetworkAnswers;
use crate::limits::{
    BREAKER_FAILURES, BREAKER_JUDGE_AGAIN, BREAKER_MAX_PATIENCE, BREAKER_MIN_PATIENCE, FIRST_PROBE_TIME,
    FLEET_SUSPICION_TIME, MAX_PROBE_TIME, PROBES_OF_IDLE_TIME, REFUSAL_PROBE_TIME,
};
use dns::clock::{Mono, smoothed};
use record::limits::FLIGHT_TIME;

/// How a question to a DNS list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListQueryEnd {
    /// The DNS list answered, but the question was of a kind whose answer does not show if the list refuses queries.
    Answered,
    /// The DNS list answered with a listing or with "not listed".
    Worked,
    /// The DNS list refused the question, or its answer shows that its domain has a new owner.
    Refused,
    /// The servers of the DNS list answered only with errors, such as REFUSED or SERVFAIL.
    Failed,
    /// No server of the DNS list answered.
    Silent,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct EndedQuery {
    pub end: ListQueryEnd,
    pub elapsed: Duration,
    /// The round trip of the query that was answered, without the time for other zones or for lost queries. `None` if no query was answered.
    pub round_trip: Option<Duration>,
    pub probe: bool,
}

/// The reason why the breaker of a DNS list is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenReason {
    /// The DNS list does not answer.
    Silent,
    /// The servers of the DNS list answer only with errors.
    Failing,
    /// The DNS list refuses the queries of this host, or its domain has a new owner.
    Refusing,
}

/// What follows from the answers and errors of a DNS list so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing.
    Rest,
    /// It is too early for a decision: judge the DNS list again at this time.
    Later(Mono),
    /// No other server has answered recently, so the network of this host may be down. Send a query to another zone (a witness query), and judge the
    /// DNS list again at this time.
    Witness(Mono),
    /// The breaker has opened: the list gets only probes.
    Opened,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Breaker {
    /// The smoothed round trip and its variation, as in RFC 6298 section 2, or `None` before the first answer.
    usual: Option<(Duration, Duration)>,
    under_way: u32,
    /// The time since which the DNS list has answered no question. `None` if no question waits for an answer and no question has failed recently.
    silent_since: Option<Mono>,
    failed_at: Option<Mono>,
    failures: u32,
    /// The time of the last refusal, and the number of refusals. `None` if the DNS list has worked since then.
    refused: Option<(Mono, u32)>,
    /// The time at which a probe ended with errors, and how long the probe took. `None` if the DNS list has given a good answer since then.
    confirmed: Option<(Mono, Duration)>,
    probed: Option<Mono>,
    probes: u32,
    /// The time at which another gateway of the fleet reported that the DNS list does not answer. `None` if the list has answered this gateway since
    /// then.
    others_say_silent: Option<Mono>,
    open: Option<OpenBreaker>,
}

#[derive(Clone, Copy, Debug)]
struct OpenBreaker {
    why: OpenReason,
    since: Mono,
    next_probe: Mono,
}

impl Breaker {
    pub(crate) fn open(&self) -> Option<(OpenReason, Mono)> {
        self.open.map(|open| (open.why, open.since))
    }

    /// Opens the breaker at the start of resolverd, because the breaker was open when the previous process ended. A probe is due at once.
    pub(crate) fn reopen(&mut self, why: OpenReason, now: Mono) {
        self.open = Some(OpenBreaker { why, since: now, next_probe: now });
    }

    /// Sets the usual round trip that an earlier process has measured, with the variation after a first sample (RFC 6298 section 2.2).
    pub(crate) fn restore_usual(&mut self, round_trip: Duration) {
        self.usual.get_or_insert((round_trip, round_trip / 2));
    }

    pub(crate) fn usual(&self) -> Option<Duration> {
        self.usual.map(|(smoothed, _)| smoothed)
    }

    pub(crate) fn asked(&mut self, now: Mono) {
        let forgotten = |failed: Mono| now.since(failed) >= FLIGHT_TIME;
        if self.under_way == 0 && self.failed_at.is_none_or(forgotten) {
            self.silent_since = None;
        }
        self.under_way = self.under_way.saturating_add(1);
        self.silent_since.get_or_insert(now);
    }

    /// Records the end of a query to the DNS list, and returns true if this closes the breaker. An error counts only if the query is a probe:
    /// clients may ask questions that every server refuses. A refusal opens the breaker only if a probe confirms it: one server of the list may
    /// refuse while the others answer.
    pub(crate) fn ended(&mut self, query: EndedQuery, now: Mono) -> bool {
        let EndedQuery { end, elapsed, round_trip, probe } = query;
        self.under_way = self.under_way.saturating_sub(1);
        match end {
            ListQueryEnd::Answered | ListQueryEnd::Worked | ListQueryEnd::Refused => {
                self.usual = round_trip.map(|sample| smoothed(self.usual, sample)).or(self.usual);
                self.failures = 0;
                self.failed_at = None;
                self.confirmed = None;
                self.others_say_silent = None;
                self.heard_one_of(elapsed, now);
                match end {
                    ListQueryEnd::Refused => self.refused(probe, now),
                    ListQueryEnd::Worked => {
                        self.probes = 0;
                        self.refused = None;
                        self.open.take().is_some()
                    }
                    _ => self.open.take_if(|open| open.why != OpenReason::Refusing).is_some(),
                }
            }
            ListQueryEnd::Failed => {
                self.failed_at = Some(now);
                self.heard_one_of(elapsed, now);
                self.failures = self.failures.saturating_add(1);
                if probe && self.failures >= BREAKER_FAILURES {
                    self.confirmed = Some((now, elapsed));
                }
                // A server that sends an error is not silent. (The module `gate` handles refusals.)
                self.open.take_if(|open| open.why == OpenReason::Silent).is_some()
            }
            ListQueryEnd::Silent => {
                self.failed_at = Some(now);
                false
            }
        }
    }

    /// Records a refusal. Returns true if this closes a breaker that was open for another reason.
    fn refused(&mut self, probe: bool, now: Mono) -> bool {
        let before = self.refused.map_or(0, |(_, refusals)| refusals);
        self.refused = Some((now, before.saturating_add(1)));
        if self.open.is_some_and(|open| open.why == OpenReason::Refusing) {
            return false;
        }
        if probe && before > 0 {
            self.trip(OpenReason::Refusing, now);
            return false;
        }
        self.open.take().is_some()
    }

    /// Returns true if the DNS list refuses the queries of this host. Without probes that show it, several refusals in sequence do.
    pub(crate) fn is_refusing(&self) -> bool {
        let is_open = self.open.is_some_and(|open| open.why == OpenReason::Refusing);
        is_open || self.refused.is_some_and(|(_, refusals)| refusals >= BREAKER_FAILURES)
    }

    /// Undoes `asked`: the cache had the answer, so no query was sent to the DNS list.
    pub(crate) fn withdrawn(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 && self.failed_at.is_none() {
            self.silent_since = None;
        }
    }

    /// Decides if the breaker opens. `evidence` has the times at which servers of other zones answered.
    pub(crate) fn judge(&mut self, evidence: NetworkAnswers, now: Mono) -> Judgement {
        if self.open.is_some() {
            return Judgement::Rest;
        }
        match (self.judge_errors(evidence, now), self.judge_silence(evidence, now)) {
            (Judgement::Opened, _) => Judgement::Opened,
            (Judgement::Rest, silence) => silence,
            (errors, _) => errors,
        }
    }

    /// Decides if the breaker opens because probes got errors. If a forwarder or this host cannot reach the internet, all DNS lists give errors. So
    /// the errors of a probe count only if servers of other zones answered both before and after the probe.
    fn judge_errors(&mut self, evidence: NetworkAnswers, now: Mono) -> Judgement {
        let lately = self.failed_at.is_some_and(|failed| now.since(failed) < FLIGHT_TIME);
        let Some((failed, took)) = self.confirmed.filter(|_| lately) else { return Judgement::Rest };
        if evidence.last.is_none_or(|last| last < failed) {
            return Judgement::Witness(now.after(BREAKER_JUDGE_AGAIN));
        }
        if failed.since(evidence.streak) < took {
            // The network may have been down when the failed probe was sent. So the result of this probe is ignored, and a new probe decides.
            self.confirmed = None;
            self.probes = 0;
            return Judgement::Later(now.after(BREAKER_JUDGE_AGAIN));
        }
        self.trip(OpenReason::Failing, now);
        Judgement::Opened
    }

    fn judge_silence(&mut self, evidence: NetworkAnswers, now: Mono) -> Judgement {
        let Some(since) = self.silent_since.filter(|_| self.open.is_none()) else { return Judgement::Rest };
        let lately = self.failed_at.is_some_and(|failed| now.since(failed) < FLIGHT_TIME);
        if self.under_way == 0 && !lately {
            return Judgement::Rest;
        }
        let is_confirmed =
            self.others_say_silent.is_some_and(|heard| now.since(heard) < FLEET_SUSPICION_TIME);
        let patience = if is_confirmed { self.short_patience() } else { self.patience() };
        let half = since.after(patience / 2);
        if now < half {
            return Judgement::Later(half);
        }
        // Servers of other zones must have answered in the second half of `patience`: earlier answers may come from the time before an outage of this
        // host's network. After an outage, the DNS list has half of `patience` to answer again.
        let vouched = evidence.last.is_some_and(|last| last >= half);
        let due = since.after(patience).max(evidence.streak.after(patience / 2));
        match (vouched, now >= due) {
            (true, true) => {
                self.trip(OpenReason::Silent, now);
                Judgement::Opened
            }
            (true, false) => Judgement::Later(due),
            (false, _) => Judgement::Witness(now.after(BREAKER_JUDGE_AGAIN)),
        }
    }

    pub(crate) fn next_probe(&self) -> Option<Mono> {
        if let Some(open) = self.open {
            return Some(open.next_probe);
        }
        let silence = self.silent_since.filter(|_| self.under_way > 0);
        let silence = silence.map(|since| (since, since.after(self.patience() / 2)));
        let errors = self.failed_at.filter(|_| self.failures >= BREAKER_FAILURES);
        let errors = errors.map(|failed| (failed, failed));
        let refusal = self.refused.map(|(refused, _)| (refused, refused));
        let fresh = |(begun, _): &(Mono, Mono)| self.probed.is_none_or(|probed| probed < *begun);
        let due = [errors, refusal, silence].into_iter().flatten().filter(fresh).map(|(_, due)| due).min();
        // One server of the list may refuse while the others answer. Then not each of its refusals causes a probe.
        let pause = if self.refused.is_some() { self.pause().max(MAX_PROBE_TIME) } else { self.pause() };
        due.map(|due| self.probed.map_or(due, |probed| due.max(probed.after(pause))))
    }

    /// Plans the next probe. The pause grows with each probe, and with the time `idle` since a client last asked the DNS list.
    pub(crate) fn probing(&mut self, now: Mono, idle: Duration) {
        self.probed = Some(now);
        self.probes = self.probes.saturating_add(1);
        let pause = self.pause().max(idle / PROBES_OF_IDLE_TIME);
        if let Some(open) = &mut self.open {
            open.next_probe = now.after(pause);
        }
    }

    /// Called when a client asks the DNS list again after a time without questions, in which probes are rare. Moves the next probe to the time at
    /// which it would be due if clients had asked all the time.
    pub(crate) fn wanted_soon(&mut self, now: Mono) {
        let due = self.probed.map_or(now, |probed| probed.after(self.pause()));
        if let Some(open) = &mut self.open {
            open.next_probe = open.next_probe.min(due.max(now));
        }
    }

    pub(crate) fn wanted(&mut self, now: Mono) {
        self.probes = 0;
        if let Some(open) = &mut self.open {
            open.next_probe = open.next_probe.min(now);
        }
    }

    /// Called when another gateway of the fleet has reported that it gets no answer from the DNS list. The list may block the address of the
    /// other gateway, so the breaker does not open. But if this gateway gets no answer either, the breaker opens after `short_patience`.
    pub(crate) fn others_found_silence(&mut self, now: Mono) {
        self.others_say_silent = Some(now);
    }

    /// Called when the DNS list has answered a question that was sent `elapsed` ago. If the silence of the list began before this question was sent,
    /// the silence has ended, even if earlier questions still wait.
    fn heard_one_of(&mut self, elapsed: Duration, now: Mono) {
        let began_later = |since: &Mono| now.since(*since) < elapsed;
        self.silent_since = self.silent_since.filter(|since| self.under_way > 0 && began_later(since));
    }

    fn trip(&mut self, why: OpenReason, now: Mono) {
        self.probes = 0;
        self.confirmed = None;
        let pause = if why == OpenReason::Refusing { REFUSAL_PROBE_TIME } else { FIRST_PROBE_TIME };
        self.open = Some(OpenBreaker { why, since: now, next_probe: now.after(pause) });
    }

    /// Returns the pause after the last probe. For a silent list, each probe doubles the pause.
    fn pause(&self) -> Duration {
        match self.open {
            Some(OpenBreaker { why: OpenReason::Refusing, .. }) => REFUSAL_PROBE_TIME,
            _ => pause_after(self.probes),
        }
    }

    /// Returns how long the DNS list may be silent before the breaker opens if another gateway has found the list silent too.
    fn short_patience(&self) -> Duration {
        let usual = self.usual.map_or(Duration::ZERO, |(smoothed, _)| smoothed.saturating_mul(3));
        usual.max(BREAKER_MIN_PATIENCE).min(self.patience())
    }

    /// Returns how long the DNS list may be silent before the breaker opens: several times its usual round trip, so that a lost query can be sent
    /// again. Only a list whose answers are all slow gets more than `BREAKER_MAX_PATIENCE`.
    fn patience(&self) -> Duration {
        let Some((smoothed, variation)) = self.usual else { return BREAKER_MAX_PATIENCE };
        let late = smoothed.saturating_add(variation.saturating_mul(4));
        let usual = late.saturating_mul(8).clamp(BREAKER_MIN_PATIENCE, BREAKER_MAX_PATIENCE);
        usual.max(smoothed.saturating_mul(3))
    }
}

/// Returns the pause after `probes` probes. Each probe doubles the pause.
fn pause_after(probes: u32) -> Duration {
    let times = 2_u32.saturating_pow(probes.saturating_sub(1));
    FIRST_PROBE_TIME.saturating_mul(times).min(MAX_PROBE_TIME)
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
