//! Incidents: events whose begin and end are worth a line in the log.
//!
//! Pure: its input is events with their times, its output the lines. Dead domains of spam are no incident, so a zone
//! that never worked must fail for longer, unless the operator has configured its servers, and the lines of an hour are bounded. An incident ends when a question
//! that failed is answered, not when any question is: one name of a zone may be bogus while all others are correct. A
//! zone that fails, gets no questions for hours, and then fails again has no second line.

use std::collections::BTreeMap;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::event::{FlightEnded, FlightFailure, ServerOrigin, Shows};
use super::line::{Line, Trace};
use super::outage::Outage;
use super::report::FailingZone;
use crate::limits::{
    INCIDENT_FAILURES, INCIDENT_FORGOTTEN, INCIDENT_QUIET, INCIDENT_STRANGER_FAILURES,
    INCIDENT_STRANGER_TIME, INCIDENT_WINDOW, INCIDENTS_AN_HOUR, MAX_INCIDENT_QUESTIONS, MAX_INCIDENT_ZONES,
};
use dns::clock::Mono;
use dns::question::{Question, kind_text, name_text};

/// The time for which `limits::INCIDENTS_AN_HOUR` applies.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The state of a zone that failed lately.
#[derive(Debug)]
struct TroubledZone {
    /// The first failure in a row, and the last.
    first: Mono,
    last: Mono,
    failures: u32,
    /// Whether some of them were denied without authority instead.
    doubted: bool,
    /// Whether the operator has named its servers.
    configured: bool,
    state: IncidentState,
    /// Questions that failed and were not answered since, the last at the end.
    failing: Vec<Failing>,
    /// Why the last one failed.
    why: String,
}

/// A question that failed.
#[derive(Debug)]
struct Failing {
    question: Question,
    shows: Shows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IncidentState {
    /// Some questions failed, perhaps by chance.
    Watched,
    /// It fails; the log has a line about it, or one was withheld.
    Begun { logged: bool },
    /// It ended then, and is not reported again for a while.
    Ended { at: Mono },
}

/// The zone in which a flight has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlightZone<'a> {
    /// Its name.
    pub(super) name: &'a Name,
    /// Whether another flight was once answered there.
    pub(super) worked: bool,
}

/// All incidents.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    /// Our own network.
    pub(super) outage: Outage,
    zones: BTreeMap<Name, TroubledZone>,
    /// The begin of the hour, the lines written in it, and the lines withheld.
    hour: Mono,
    written: u32,
    withheld: u32,
}

impl Incidents {
    /// A flight has ended in `zone`.
    pub(super) fn ended(&mut self, zone: FlightZone<'_>, ended: &FlightEnded<'_>, now: Mono) -> Option<Line> {
        if let Some(lost) = &ended.failed {
            return self.failed(zone, ended, lost, now);
        }
        if ended.doubted {
            let (name, kind) = (name_text(&ended.question.name), kind_text(ended.question.kind));
            let why = format!(
                "all servers of {} deny {name} {kind} without authority, as if they did not serve it",
                zone.name
            );
            let doubt = FlightFailure::of_answer(why, Shows::Doubt);
            return self.failed(zone, ended, &doubt, now);
        }
        if ended.elapsed <= ended.patience {
            return self.succeeded(zone.name, ended, now);
        }
        let (took, patience) = (ended.elapsed.as_secs_f32(), ended.patience.as_secs_f32());
        let why = format!("the answer took {took:.1} s, but clients get SERVFAIL after {patience} s");
        let late = FlightFailure::of_answer(why, Shows::Late);
        self.failed(zone, ended, &late, now)
    }

    /// A flight has found an answer in `zone`.
    fn succeeded(&mut self, zone: &Name, ended: &FlightEnded<'_>, now: Mono) -> Option<Line> {
        let trouble = self.zones.get_mut(zone)?;
        if !trouble.failing.iter().any(|failing| failing.is_answered_by(ended)) {
            return None;
        }
        // A question that still fails is reported again.
        trouble.failing.clear();
        trouble.failures = 0;
        match trouble.state {
            IncidentState::Watched => {
                self.zones.remove(zone);
                None
            }
            IncidentState::Begun { logged } => {
                trouble.state = IncidentState::Ended { at: now };
                let (after, question) = (now.since(trouble.first), ended.question.clone());
                logged.then(|| Line::ZoneAnswers { zone: zone.clone(), question, after })
            }
            IncidentState::Ended { .. } => None,
        }
    }

    /// A flight has failed in `zone`, or its answer came too late.
    fn failed(
        &mut self,
        zone: FlightZone<'_>,
        ended: &FlightEnded<'_>,
        lost: &FlightFailure,
        now: Mono,
    ) -> Option<Line> {
        let FlightZone { name: zone, worked } = zone;
        if lost.shows == Shows::List {
            return None;
        }
        if self.may_be_ours(ended, lost, now) {
            // The failure does not count against the zone, and does not end its incident.
            let begun = self
                .zones
                .get_mut(zone)
                .filter(|trouble| matches!(trouble.state, IncidentState::Begun { .. }));
            if let Some(trouble) = begun {
                trouble.last = now;
            }
            return None;
        }
        self.make_room(zone);
        let trouble = self.zones.entry(zone.clone()).or_insert_with(|| TroubledZone::new(now));
        trouble.fails(ended.question, lost, now);
        let span = now.since(trouble.first);
        trouble.configured |= lost.origin == ServerOrigin::Configuration;
        let enough = if worked || trouble.configured {
            trouble.failures >= INCIDENT_FAILURES
        } else {
            trouble.failures >= INCIDENT_STRANGER_FAILURES && span >= INCIDENT_STRANGER_TIME
        };
        if !enough || !trouble.may_begin(now) || !trouble.has_failed() {
            return None;
        }
        let logged = self.written < INCIDENTS_AN_HOUR;
        trouble.state = IncidentState::Begun { logged };
        let (failures, doubted) = (trouble.failures, trouble.doubted);
        let count = if logged { &mut self.written } else { &mut self.withheld };
        *count = count.saturating_add(1);
        logged.then(|| Line::ZoneFails {
            zone: zone.clone(),
            failures,
            doubted,
            span,
            why: lost.why.clone(),
            question: ended.question.clone(),
            servers: lost.servers.iter().map(|(server, _)| *server).collect(),
        })
    }

    /// Whether a failure may be our own network's fault. Servers that the operator has named may be the only ones
    /// that are ever asked: for them only a known outage counts.
    fn may_be_ours(&self, ended: &FlightEnded<'_>, lost: &FlightFailure, now: Mono) -> bool {
        if !matches!(lost.shows, Shows::Silence | Shows::Unchecked | Shows::Late | Shows::Unrouted) {
            return false;
        }
        let began = now.before(ended.elapsed);
        // A question that fails at once because of known silence had no time to hear a server.
        let asked = lost.origin == ServerOrigin::Recursion && ended.packets > 0;
        self.outage.was_down_since(began) || (asked && !self.outage.has_heard_since(began))
    }

    /// Time has passed: forgets old troubles, and returns the line about withheld ones.
    pub(super) fn tick(&mut self, now: Mono) -> Option<Line> {
        self.zones.retain(|_, trouble| trouble.is_kept(now));
        if now.since(self.hour) < HOUR {
            return None;
        }
        let line = self.finish();
        (self.hour, self.written) = (now, 0);
        line
    }

    /// The line about the zones withheld so far.
    pub(super) fn finish(&mut self) -> Option<Line> {
        let withheld = std::mem::take(&mut self.withheld);
        (withheld > 0).then_some(Line::Withheld { zones: withheld })
    }

    /// The zones that fail, the longest first. If nothing was asked lately, it is not known whether they still fail.
    pub(super) fn failing(&self, now: Mono) -> Vec<FailingZone> {
        let lately = self.zones.iter().filter(|(_, trouble)| now.since(trouble.last) < INCIDENT_QUIET);
        let mut failing: Vec<(Mono, FailingZone)> = lately
            .filter_map(|(zone, trouble)| Some((trouble.first, trouble.failing_zone(zone, now)?)))
            .collect();
        failing.sort_by_key(|(since, _)| *since);
        failing.into_iter().map(|(_, zone)| zone).collect()
    }

    /// Whether the log has a line about a zone that fails, and none about its end.
    pub(super) fn is_logged(&self, zone: &Name) -> bool {
        let state = self.zones.get(zone).map(|trouble| trouble.state);
        matches!(state, Some(IncidentState::Begun { logged: true }))
    }

    /// Makes room for a new zone: the quietest zone that is only watched goes; if all were reported, the quietest of
    /// all. Configured zones stay before all others.
    fn make_room(&mut self, zone: &Name) {
        if self.zones.len() < MAX_INCIDENT_ZONES || self.zones.contains_key(zone) {
            return;
        }
        let rank = |trouble: &TroubledZone| {
            (trouble.configured, trouble.state != IncidentState::Watched, trouble.last)
        };
        let quietest = self.zones.iter().min_by_key(|(_, trouble)| rank(trouble));
        if let Some(quietest) = quietest.map(|(zone, _)| zone.clone()) {
            self.zones.remove(&quietest);
        }
    }
}

impl Failing {
    /// Whether an answer in time shows that it no longer fails.
    fn is_answered_by(&self, ended: &FlightEnded<'_>) -> bool {
        let same = self.question.name == ended.question.name
            && self.question.kind == ended.question.kind
            && self.question.view == ended.question.view;
        match self.shows {
            // Any answer shows that the servers answer, and in time.
            Shows::Silence | Shows::Late | Shows::Unrouted => true,
            Shows::NoHelp | Shows::List | Shows::Doubt => same,
            // A client with CD gets bogus answers too.
            Shows::Bogus | Shows::Unchecked => same && ended.state.is_some(),
        }
    }
}

impl TroubledZone {
    fn new(now: Mono) -> Self {
        let why = String::new();
        let state = IncidentState::Watched;
        Self {
            first: now,
            last: now,
            failures: 0,
            doubted: false,
            configured: false,
            state,
            failing: Vec::new(),
            why,
        }
    }

    /// Its report, if it fails.
    fn failing_zone(&self, zone: &Name, now: Mono) -> Option<FailingZone> {
        let IncidentState::Begun { .. } = self.state else { return None };
        Some(FailingZone {
            zone: name_text(zone),
            span: self.last.since(self.first),
            ago: now.since(self.last),
            failures: self.failures,
            doubted: self.doubted,
            why: self.why.clone(),
            trace: Trace(&self.failing.last()?.question).to_string(),
        })
    }

    /// One more question has failed.
    fn fails(&mut self, question: &Question, lost: &FlightFailure, now: Mono) {
        let goes_on = matches!(self.state, IncidentState::Begun { .. });
        if self.failures == 0 || (!goes_on && now.since(self.last) > INCIDENT_WINDOW) {
            (self.failures, self.doubted) = (0, false);
            self.first = now;
            self.failing.clear();
        }
        self.failures = self.failures.saturating_add(1);
        self.doubted |= lost.shows == Shows::Doubt;
        self.last = now;
        self.why.clone_from(&lost.why);
        self.failing.retain(|failing| failing.question != *question);
        if self.failing.len() >= MAX_INCIDENT_QUESTIONS {
            self.failing.remove(0);
        }
        self.failing.push(Failing { question: question.clone(), shows: lost.shows });
    }

    /// Whether a question has failed. Denials without authority are no failure: load balancers that know one type
    /// send them for all others.
    fn has_failed(&self) -> bool {
        self.failing.iter().any(|failing| failing.shows != Shows::Doubt)
    }

    /// Whether it is a new incident. An incident that has just ended and begins again is not reported again.
    fn may_begin(&self, now: Mono) -> bool {
        match self.state {
            IncidentState::Watched => true,
            IncidentState::Begun { .. } => false,
            IncidentState::Ended { at } => now.since(at) >= INCIDENT_QUIET,
        }
    }

    fn is_kept(&self, now: Mono) -> bool {
        match self.state {
            IncidentState::Watched => now.since(self.last) <= INCIDENT_WINDOW,
            IncidentState::Begun { .. } => now.since(self.last) < INCIDENT_FORGOTTEN,
            IncidentState::Ended { at } => now.since(at.max(self.last)) < INCIDENT_QUIET,
        }
    }
}

#[cfg(test)]
#[path = "incident_tests.rs"]
mod tests;
