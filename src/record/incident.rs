//! Incidents: failures of a zone, or of the network of this host, whose start and end are worth a log line.
//!
//! The code reads no clock and writes nothing: it turns events with their times into log lines. Spam often contains domains that do not
//! work. So a zone that never worked is reported only after a longer time, unless the operator configured its servers. The number of log
//! lines in an hour is limited. An incident ends when a question that failed before is answered, or when a server that caused it answers
//! again: one that was silent with any reply, one that sent errors with an answer for the same zone. Answers to other names do not end an
//! incident of DNSSEC, because one name may be bogus while others are correct. If the zone fails again although its server answered, only
//! its failed questions end the incident. If a zone fails again hours later, without questions in between, there is no second log line.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use crate::event::{FlightEnded, FlightFailure, Sent, ServerOrigin, Shows};
use crate::limits::{
    INCIDENT_FAILURES, INCIDENT_FORGOTTEN, INCIDENT_QUIET, INCIDENT_STRANGER_FAILURES,
    INCIDENT_STRANGER_TIME, INCIDENT_WINDOW, INCIDENTS_AN_HOUR, MAX_INCIDENT_QUESTIONS, MAX_INCIDENT_ZONES,
};
use crate::line::{Line, named, next_step};
use crate::loss::Loss;
use crate::outage::Outage;
use crate::report::FailingZone;
use crate::streams::Streams;
use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use dns::question::{Question, kind_text, name_text};

/// The period of the limit `limits::INCIDENTS_AN_HOUR`.
const HOUR: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, Default)]
struct TroubledZone {
    /// The time of the first failure of the current series.
    first: Mono,
    /// The time of the last failure of this series.
    last: Mono,
    failures: u32,
    /// True if the servers denied some names without authority (no AA flag), instead of failing.
    doubted: bool,
    configured: bool,
    state: IncidentState,
    failing: Vec<Failing>,
    why: String,
    /// The servers of the zone as text, if all were silent; otherwise empty.
    silent: String,
    /// The servers that the last failure with queries blames, each with its behaviour.
    blamed: Vec<(IpAddr, Conduct)>,
    /// True if the zone failed again although a server that was blamed had answered.
    fails_beside_answers: bool,
}

#[derive(Debug)]
struct Failing {
    question: Question,
    shows: Shows,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum IncidentState {
    /// Some questions failed, perhaps by chance. The log has no line about the zone.
    #[default]
    Watched,
    /// The zone fails. `logged`: false if the limit of log lines withheld the line.
    Begun { logged: bool },
    /// For `INCIDENT_QUIET` after the end, a new failure of the zone is not reported. `by_server`: the end was concluded from an answer to another
    /// question, so a new failure shows that the incident goes on.
    Ended { at: Mono, by_server: bool },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct FlightZone<'a> {
    pub(crate) name: &'a Name,
    pub(crate) worked: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Incidents {
    pub(crate) outage: Outage,
    /// Packet loss on all paths of this host.
    pub(crate) loss: Loss,
    /// TCP on all paths of this host.
    pub(crate) streams: Streams,
    /// Since when no server has answered over IPv6, if the resolver has found that IPv6 is broken.
    pub(crate) ipv6_broken: Option<Mono>,
    zones: BTreeMap<Name, TroubledZone>,
    /// The servers that incidents in `zones` blame, so that the answers of all others take no time.
    blamed: BTreeSet<IpAddr>,
    /// The names of the last call of `forget`, and its time.
    forgotten: (Vec<Name>, Mono),
    /// The start of the hour for which the next two fields count log lines: `written`, and `withheld` because the hour had too many.
    hour: Mono,
    written: u32,
    withheld: u32,
}

impl Incidents {
    /// Registers that a resolution has ended in `zone`. Returns a log line if one is due.
    pub(crate) fn ended(&mut self, zone: FlightZone<'_>, ended: &FlightEnded<'_>, now: Mono) -> Option<Line> {
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

    /// Registers that a resolution has found an answer in `zone` in time. Returns a log line if the incident has ended.
    fn succeeded(&mut self, zone: &Name, ended: &FlightEnded<'_>, now: Mono) -> Option<Line> {
        let trouble = self.zones.get_mut(zone)?;
        if !trouble.failing.iter().any(|failing| failing.is_answered_by(ended)) {
            return None;
        }
        // All failed questions are removed. If one still fails, its next failure adds it again.
        trouble.failing.clear();
        trouble.failures = 0;
        match trouble.state {
            IncidentState::Watched => {
                self.zones.remove(zone);
                None
            }
            IncidentState::Begun { logged } => {
                trouble.state = IncidentState::Ended { at: now, by_server: false };
                trouble.fails_beside_answers = false;
                let (after, question) = (now.since(trouble.first), ended.question.clone());
                logged.then(|| Line::ZoneAnswers { zone: zone.clone(), question, after })
            }
            IncidentState::Ended { .. } => None,
        }
    }

    /// Registers the result of a query to a server, also of a probe. Returns the log lines about the incidents that an answer ends.
    pub(crate) fn heard(&mut self, sent: &Sent, now: Mono) -> Vec<Line> {
        let server = sent.server.ip();
        if !sent.came_in_time() || !self.blamed.contains(&server) {
            return Vec::new();
        }
        let (mut lines, mut is_blamed) = (Vec::new(), false);
        for (zone, trouble) in &mut self.zones {
            let IncidentState::Begun { logged } = trouble.state else { continue };
            if !trouble.is_ended_by(zone, sent) {
                is_blamed |= trouble.blamed.iter().any(|(blamed, _)| *blamed == server);
                continue;
            }
            trouble.state = IncidentState::Ended { at: now, by_server: true };
            let (zone, after) = (zone.clone(), now.since(trouble.first));
            lines.extend(logged.then_some(Line::ServerAnswers { zone, server, after }));
        }
        if !is_blamed {
            self.blamed.remove(&server);
        }
        lines
    }

    /// Registers that a resolution in `zone` has failed, or found its answer too late. Returns a log line if one is due.
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
            // Perhaps the network of this host failed, so this does not count as a failure of the zone.
            return None;
        }
        self.make_room(zone);
        let trouble = self.zones.entry(zone.clone()).or_default();
        if trouble.has_ended_since(ended, now) {
            return None;
        }
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
        let goes_on = matches!(trouble.state, IncidentState::Ended { by_server: true, .. });
        trouble.fails_beside_answers = goes_on;
        let logged = self.written < INCIDENTS_AN_HOUR && !goes_on;
        trouble.state = IncidentState::Begun { logged };
        self.blamed.extend(trouble.blamed.iter().map(|(server, _)| *server));
        if goes_on {
            return None;
        }
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

    /// Returns true if the network of this host may have caused a failure. For a zone on the internet: no server on the internet has answered since
    /// the resolution began. For a zone with configured servers: an outage was detected. For such a zone, missing replies are not enough, because its
    /// servers may be the only ones that are ever asked.
    fn may_be_ours(&self, ended: &FlightEnded<'_>, lost: &FlightFailure, now: Mono) -> bool {
        if self.streams.since().is_some() && needs_tcp(&lost.servers) {
            return true;
        }
        if !matches!(lost.shows, Shows::Silence | Shows::Unchecked | Shows::Late | Shows::Unrouted) {
            return false;
        }
        let began = now.before(ended.elapsed);
        // If a zone is known to be silent, its questions fail without a query. So missing replies show nothing about the network.
        let asked = lost.origin == ServerOrigin::Recursion && ended.packets > 0;
        self.outage.was_down_since(began) || (asked && !self.outage.has_heard_since(began))
    }

    /// Removes old failures. At the end of an hour, returns the log line with the number of withheld log lines.
    pub(crate) fn tick(&mut self, now: Mono) -> Option<Line> {
        self.zones.retain(|_, trouble| trouble.is_kept(now));
        let begun =
            self.zones.values().filter(|trouble| matches!(trouble.state, IncidentState::Begun { .. }));
        self.blamed = begun.flat_map(|trouble| trouble.blamed.iter().map(|(server, _)| *server)).collect();
        if now.since(self.hour) < HOUR {
            return None;
        }
        let line = self.finish();
        (self.hour, self.written) = (now, 0);
        line
    }

    /// Returns the log line about the zones that were not reported because of `limits::INCIDENTS_AN_HOUR`.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        let withheld = std::mem::take(&mut self.withheld);
        (withheld > 0).then_some(Line::Withheld { zones: withheld })
    }

    /// Returns the failing zones, the longest failure first. A zone without a recent failure is left out, because it may work again.
    pub(crate) fn failing(&self, now: Mono) -> Vec<FailingZone> {
        let lately = self.zones.iter().filter(|(_, trouble)| now.since(trouble.last) < INCIDENT_QUIET);
        let mut failing: Vec<(Mono, FailingZone)> = lately
            .filter_map(|(zone, trouble)| Some((trouble.first, trouble.failing_zone(zone, now)?)))
            .collect();
        failing.sort_by_key(|(since, _)| *since);
        failing.into_iter().map(|(_, zone)| zone).collect()
    }

    /// Returns the zones whose incident has ended, and that have not failed since.
    pub(crate) fn recently_ended(&self) -> Vec<String> {
        let has_ended = |trouble: &TroubledZone| match trouble.state {
            IncidentState::Ended { at, .. } => at >= trouble.last,
            IncidentState::Watched | IncidentState::Begun { .. } => false,
        };
        let ended = self.zones.iter().filter(|(_, trouble)| has_ended(trouble));
        ended.map(|(zone, _)| name_text(zone)).collect()
    }

    /// Forgets the incidents of zones that fail because TCP is blocked on the path from this host.
    pub(crate) fn forget_blocked(&mut self) {
        self.zones.retain(|_, trouble| !needs_tcp(&trouble.blamed));
    }

    /// Returns true if the network of this host has lost packets, or was down, at some time since `at`.
    pub(crate) fn has_lost_since(&self, at: Mono, now: Mono) -> bool {
        let spans = [self.outage.spans(now), self.loss.spans(now)];
        spans.iter().flatten().any(|(_, until)| *until >= at)
    }

    /// Returns when the last fault of the network of this host ended.
    pub(crate) fn host_fault_ended(&self) -> Option<Mono> {
        self.outage.ended().max(self.loss.ended()).max(self.streams.ended())
    }

    /// Forgets the incidents of zones at and below these names, because other servers now answer for them.
    pub(crate) fn forget(&mut self, names: &[Name], now: Mono) {
        self.zones.retain(|zone, _| !names.iter().any(|name| name.zone_of(zone)));
        self.forgotten = (names.to_vec(), now);
    }

    /// Returns the names at and below which failures were forgotten last, and when.
    pub(crate) fn forgotten(&self) -> (Vec<Name>, Mono) {
        self.forgotten.clone()
    }

    /// Returns true if the log has a line about the start of an incident of the zone, but not about its end.
    pub(crate) fn is_logged(&self, zone: &Name) -> bool {
        let state = self.zones.get(zone).map(|trouble| trouble.state);
        matches!(state, Some(IncidentState::Begun { logged: true }))
    }

    /// Makes room for a new zone: removes the zone whose last failure is oldest. Zones whose failure was reported are removed after the other
    /// zones, and zones with configured servers after all zones without.
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

/// Returns true if a server failed only over TCP.
fn needs_tcp(servers: &[(IpAddr, Conduct)]) -> bool {
    servers.iter().any(|(_, conduct)| *conduct == Conduct::NoTcp)
}

impl Failing {
    /// Returns true if the failed question (`self`) would be answered now, because a later question got an answer. `ended`: the resolution of the
    /// later question, which ended before the deadline of its client.
    fn is_answered_by(&self, ended: &FlightEnded<'_>) -> bool {
        let same = self.question.name == ended.question.name
            && self.question.kind == ended.question.kind
            && self.question.view == ended.question.view;
        match self.shows {
            // The servers were silent or slow, so an answer in time to any question shows that the zone works.
            Shows::Silence | Shows::Late | Shows::Unrouted => true,
            Shows::NoHelp | Shows::List | Shows::Doubt => same,
            // A client that sets the CD flag gets bogus data as a normal answer, so only a validated answer counts.
            Shows::Bogus | Shows::Unchecked => same && ended.state.is_some(),
        }
    }
}

impl TroubledZone {
    /// Returns true if a server answered after the resolution `ended` had begun, or if the resolution has asked no server. Its failure then does not
    /// show that the incident goes on.
    fn has_ended_since(&self, ended: &FlightEnded<'_>, now: Mono) -> bool {
        let IncidentState::Ended { at, by_server: true } = self.state else { return false };
        ended.packets == 0 || now.before(ended.elapsed) < at
    }

    /// Returns `None` if the zone does not fail.
    fn failing_zone(&self, zone: &Name, now: Mono) -> Option<FailingZone> {
        let IncidentState::Begun { .. } = self.state else { return None };
        Some(FailingZone {
            zone: name_text(zone),
            span: self.last.since(self.first),
            ago: now.since(self.last),
            failures: self.failures,
            doubted: self.doubted,
            configured: self.configured,
            why: self.why.clone(),
            silent: self.silent.clone(),
            next: next_step(zone, self.configured, &self.failing.last()?.question),
        })
    }

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
        // `lost.servers` is empty if the question failed without a query, because the zone was known to be silent. The servers of an earlier
        // failure then stay in `self.silent`.
        if !lost.servers.is_empty() {
            let is_silent = lost.servers.iter().all(|(_, conduct)| *conduct == Conduct::Silent);
            let servers: BTreeSet<IpAddr> = lost.servers.iter().map(|(server, _)| *server).collect();
            self.silent = if is_silent { named(servers.iter()) } else { String::new() };
            self.blamed.clone_from(&lost.servers);
        }
        self.failing.retain(|failing| failing.question != *question);
        if self.failing.len() >= MAX_INCIDENT_QUESTIONS {
            self.failing.remove(0);
        }
        self.failing.push(Failing { question: question.clone(), shows: lost.shows });
    }

    /// Returns true if the result of a query shows that the cause of the incident has ended at one of its servers.
    fn is_ended_by(&self, zone: &Name, sent: &Sent) -> bool {
        let is_of_servers =
            |failing: &Failing| matches!(failing.shows, Shows::Silence | Shows::Unrouted | Shows::NoHelp);
        let works = |(server, conduct): &(IpAddr, Conduct)| {
            *server == sent.server.ip()
                && match conduct {
                    Conduct::NoTcp => sent.transport != Transport::Udp,
                    conduct if conduct.came_back() => sent.conduct == Conduct::Answered && sent.zone == *zone,
                    _ => true,
                }
        };
        !self.fails_beside_answers && self.failing.iter().any(is_of_servers) && self.blamed.iter().any(works)
    }

    /// Returns true if any question has failed. Denials without authority do not count: load balancers that know only one record type send
    /// them for all other types.
    fn has_failed(&self) -> bool {
        self.failing.iter().any(|failing| failing.shows != Shows::Doubt)
    }

    /// Returns true if the failure must be reported as a new incident, and not as a continuation of one that ended recently.
    fn may_begin(&self, now: Mono) -> bool {
        match self.state {
            IncidentState::Watched => true,
            IncidentState::Begun { .. } => false,
            IncidentState::Ended { by_server: true, .. } => true,
            IncidentState::Ended { at, .. } => now.since(at) >= INCIDENT_QUIET,
        }
    }

    fn is_kept(&self, now: Mono) -> bool {
        match self.state {
            IncidentState::Watched => now.since(self.last) <= INCIDENT_WINDOW,
            IncidentState::Begun { .. } => now.since(self.last) < INCIDENT_FORGOTTEN,
            IncidentState::Ended { at, .. } => now.since(at.max(self.last)) < INCIDENT_QUIET,
        }
    }
}

#[cfg(test)]
#[path = "incident_tests.rs"]
mod tests;
