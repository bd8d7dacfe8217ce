//! Incidents: what is worth a line in the log when it begins, and another when it ends.
//!
//! May call: `record::event`, `record::line`, `clock`, `limits`. Pure: it is told what happened and when, and says what to tell. Spam's
//! dead domains are no incident, so a zone that never worked must fail for longer; and no day has more than a few lines.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::event::Conduct;
use super::line::Line;
use crate::clock::Mono;
use crate::limits::{
    INCIDENT_FAILURES, INCIDENT_QUIET, INCIDENT_STRANGER_FAILURES, INCIDENT_STRANGER_TIME, INCIDENT_WINDOW,
    INCIDENTS_AN_HOUR, MAX_INCIDENT_SERVERS, MAX_INCIDENT_ZONES, NETWORK_DOWN_MESSAGES, NETWORK_DOWN_TIME,
};

/// An hour, after which as many lines may be written again.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What is known of a zone that failed lately.
#[derive(Debug)]
struct Trouble {
    first: Mono,
    last: Mono,
    failures: u32,
    state: State,
    /// Its servers that did wrong since, with what they did last.
    servers: Vec<(IpAddr, Conduct)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It may be chance.
    Watched,
    /// It was told, or withheld, then.
    Begun { at: Mono, told: bool },
    /// It ended then, and is not told again for a while.
    Ended { at: Mono },
}

/// All incidents.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    zones: BTreeMap<Name, Trouble>,
    /// Messages in a row that nobody answered, and when the first went out.
    unanswered: u32,
    unanswered_since: Mono,
    down_since: Option<Mono>,
    /// When the hour began, the lines it has had, and those it has not.
    hour: Mono,
    told: u32,
    withheld: u32,
}

impl Incidents {
    /// A message to a server has ended.
    pub(super) fn sent(&mut self, conduct: Conduct, now: Mono) -> Option<Line> {
        if conduct.came_back() {
            self.unanswered = 0;
            return self.down_since.take().map(|since| Line::NetworkUp { after: now.since(since) });
        }
        if self.unanswered == 0 {
            self.unanswered_since = now;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        let span = now.since(self.unanswered_since);
        let down = self.unanswered >= NETWORK_DOWN_MESSAGES && span >= NETWORK_DOWN_TIME;
        if !down || self.down_since.is_some() {
            return None;
        }
        self.down_since = Some(now);
        Some(Line::NetworkDown { messages: self.unanswered, span })
    }

    /// A server of `zone` was asked: what it did is told where the zone turns out to fail.
    pub(super) fn asked(&mut self, zone: &Name, server: IpAddr, conduct: Conduct) {
        let Some(trouble) = self.zones.get_mut(zone) else { return };
        trouble.servers.retain(|(known, _)| *known != server);
        if conduct.is_fault() && trouble.servers.len() < MAX_INCIDENT_SERVERS {
            trouble.servers.push((server, conduct));
        }
    }

    /// A flight has found an answer in `zone`.
    pub(super) fn succeeded(&mut self, zone: &Name, now: Mono) -> Option<Line> {
        let trouble = self.zones.get_mut(zone)?;
        match trouble.state {
            State::Watched => {
                self.zones.remove(zone);
                None
            }
            State::Begun { at, told } => {
                trouble.state = State::Ended { at: now };
                trouble.failures = 0;
                told.then(|| Line::ZoneAnswers { zone: zone.clone(), after: now.since(at) })
            }
            State::Ended { .. } => {
                trouble.failures = 0;
                None
            }
        }
    }

    /// A flight has failed in `zone`; `worked` where another was ever answered there.
    pub(super) fn failed(&mut self, zone: &Name, worked: bool, now: Mono) -> Option<Line> {
        // While nobody can be asked, nobody is to blame.
        if self.down_since.is_some() || !self.has_room(zone) {
            return None;
        }
        let begin =
            Trouble { first: now, last: now, failures: 0, state: State::Watched, servers: Vec::new() };
        let trouble = self.zones.entry(zone.clone()).or_insert(begin);
        if trouble.failures == 0 || now.since(trouble.last) > INCIDENT_WINDOW {
            trouble.failures = 0;
            trouble.first = now;
        }
        trouble.failures = trouble.failures.saturating_add(1);
        trouble.last = now;
        let span = now.since(trouble.first);
        let enough = if worked {
            trouble.failures >= INCIDENT_FAILURES
        } else {
            trouble.failures >= INCIDENT_STRANGER_FAILURES && span >= INCIDENT_STRANGER_TIME
        };
        if !enough || !trouble.may_begin(now) {
            return None;
        }
        let told = self.told < INCIDENTS_AN_HOUR;
        trouble.state = State::Begun { at: now, told };
        let failures = trouble.failures;
        let mut servers = trouble.servers.clone();
        servers.sort_unstable();
        let count = if told { &mut self.told } else { &mut self.withheld };
        *count = count.saturating_add(1);
        told.then(|| Line::ZoneFails { zone: zone.clone(), failures, span, servers })
    }

    /// Time has passed: what ends by that.
    pub(super) fn tick(&mut self, now: Mono) -> Vec<Line> {
        let mut lines = Vec::new();
        self.zones.retain(|zone, trouble| {
            if trouble.is_kept(now) {
                return true;
            }
            if matches!(trouble.state, State::Begun { told: true, .. }) {
                lines.push(Line::ZoneQuiet { zone: zone.clone() });
            }
            false
        });
        if now.since(self.hour) >= HOUR {
            if self.withheld > 0 {
                lines.push(Line::Withheld { zones: self.withheld });
            }
            (self.hour, self.told, self.withheld) = (now, 0, 0);
        }
        lines
    }

    /// Whether a zone has a row, or can have one: one that is only watched makes room for it, the quietest first.
    fn has_room(&mut self, zone: &Name) -> bool {
        if self.zones.len() < MAX_INCIDENT_ZONES || self.zones.contains_key(zone) {
            return true;
        }
        let watched = self.zones.iter().filter(|(_, trouble)| trouble.state == State::Watched);
        let quietest = watched.min_by_key(|(_, trouble)| trouble.last).map(|(zone, _)| zone.clone());
        quietest.is_some_and(|quietest| self.zones.remove(&quietest).is_some())
    }
}

impl Trouble {
    /// Whether it is a new incident: one that has just ended is not told again.
    fn may_begin(&self, now: Mono) -> bool {
        match self.state {
            State::Watched => true,
            State::Begun { .. } => false,
            State::Ended { at } => now.since(at) >= INCIDENT_QUIET,
        }
    }

    fn is_kept(&self, now: Mono) -> bool {
        match self.state {
            State::Watched => now.since(self.last) <= INCIDENT_WINDOW,
            State::Begun { .. } => now.since(self.last) < INCIDENT_QUIET,
            State::Ended { at } => now.since(at.max(self.last)) < INCIDENT_QUIET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(number: u32) -> Name {
        Name::from_ascii(format!("z{number}.example.")).unwrap()
    }

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_zone_that_worked_is_told_at_its_third_failure_and_when_it_is_back() {
        let mut incidents = Incidents::default();
        let zone = zone(1);
        assert_eq!(incidents.failed(&zone, true, at(0)), None);
        assert_eq!(incidents.failed(&zone, true, at(10)), None);
        let told = incidents.failed(&zone, true, at(20));
        assert_eq!(
            told,
            Some(Line::ZoneFails {
                zone: zone.clone(),
                failures: 3,
                span: Duration::from_secs(20),
                servers: Vec::new()
            })
        );
        for second in 21..300 {
            assert_eq!(incidents.failed(&zone, true, at(second)), None, "told once");
        }
        let told = incidents.succeeded(&zone, at(320));
        assert_eq!(told, Some(Line::ZoneAnswers { zone: zone.clone(), after: Duration::from_secs(300) }));
        assert_eq!(incidents.succeeded(&zone, at(321)), None);
    }

    #[test]
    fn a_failing_zone_s_line_names_the_servers_that_did_wrong() {
        let mut incidents = Incidents::default();
        let (zone, server) = (zone(1), |last: u8| IpAddr::from([192, 0, 2, last]));
        incidents.asked(&zone, server(9), Conduct::Silent);
        assert!(incidents.zones.is_empty(), "a server's fault alone is no zone's");
        incidents.failed(&zone, true, at(0));
        for last in [2, 1, 3, 4, 5] {
            incidents.asked(&zone, server(last), Conduct::Silent);
        }
        incidents.asked(&zone, server(1), Conduct::Refused);
        incidents.asked(&zone, server(3), Conduct::Answered);
        incidents.failed(&zone, true, at(1));
        let Some(Line::ZoneFails { servers, .. }) = incidents.failed(&zone, true, at(2)) else { panic!() };
        let silent = Conduct::Silent;
        assert_eq!(servers, [(server(1), Conduct::Refused), (server(2), silent), (server(4), silent)]);
    }

    #[test]
    fn a_success_between_or_a_long_pause_begins_the_count_anew() {
        let mut incidents = Incidents::default();
        let zone = zone(1);
        for second in 0..100 {
            assert_eq!(incidents.failed(&zone, true, at(second)), None);
            if second % 2 == 1 {
                assert_eq!(incidents.succeeded(&zone, at(second)), None);
            }
        }
        for minutes in 0..10 {
            assert_eq!(incidents.failed(&zone, true, at(1_000 + minutes * 61)), None);
        }
    }

    #[test]
    fn a_flapping_zone_is_not_told_again_for_a_while() {
        let mut incidents = Incidents::default();
        let zone = zone(1);
        let mut lines = 0;
        for second in 0..600 {
            let line = if second % 5 == 4 {
                incidents.succeeded(&zone, at(second))
            } else {
                incidents.failed(&zone, true, at(second))
            };
            lines += usize::from(line.is_some());
        }
        assert_eq!(lines, 2);
    }

    #[test]
    fn nobody_asking_any_more_ends_it_too() {
        let mut incidents = Incidents::default();
        let zone = zone(1);
        for second in 0..3 {
            incidents.failed(&zone, true, at(second));
        }
        assert!(incidents.tick(at(601)).is_empty());
        assert_eq!(incidents.tick(at(602)), [Line::ZoneQuiet { zone }]);
        assert!(incidents.zones.is_empty());
    }

    #[test]
    fn the_dead_domains_of_spam_are_no_incident() {
        let mut incidents = Incidents::default();
        for second in 0..3_000_u32 {
            for _ in 0..9 {
                assert_eq!(incidents.failed(&zone(second), false, at(second.into())), None);
            }
            assert!(incidents.tick(at(second.into())).is_empty());
            assert!(incidents.zones.len() <= MAX_INCIDENT_ZONES);
        }
        let mut lines = Vec::new();
        for second in (4_000..5_000).step_by(20) {
            lines.extend(incidents.failed(&zone(0), false, at(second)));
        }
        assert!(matches!(lines.as_slice(), [Line::ZoneFails { failures: 16, .. }]), "{lines:?}");
    }

    #[test]
    fn an_hour_has_a_few_lines_and_then_a_number() {
        let mut incidents = Incidents::default();
        let mut lines = 0;
        for number in 0..100 {
            for second in 0..3 {
                lines += u32::from(incidents.failed(&zone(number), true, at(second)).is_some());
            }
        }
        assert_eq!(lines, INCIDENTS_AN_HOUR);
        let ends = (0..100).filter_map(|number| incidents.succeeded(&zone(number), at(10))).count();
        assert_eq!(ends, 20, "an end is told where the begin was");
        assert_eq!(incidents.tick(at(3_600)), [Line::Withheld { zones: 100 - INCIDENTS_AN_HOUR }]);
    }

    #[test]
    fn a_full_table_still_has_room_for_who_is_new() {
        let mut incidents = Incidents::default();
        for number in 0..2_000 {
            incidents.failed(&zone(number), true, at(u64::from(number) / 1_000));
        }
        assert_eq!(incidents.zones.len(), MAX_INCIDENT_ZONES);
        incidents.failed(&zone(3_000), true, at(3));
        incidents.failed(&zone(3_000), true, at(3));
        assert!(incidents.failed(&zone(3_000), true, at(3)).is_some());
    }

    #[test]
    fn a_network_without_answers_is_told_once_and_no_zone_is_blamed_for_it() {
        let mut incidents = Incidents::default();
        for _ in 0..100 {
            assert_eq!(incidents.sent(Conduct::Silent, at(1)), None, "a burst may be lost");
        }
        let span = Duration::from_secs(5);
        assert_eq!(
            incidents.sent(Conduct::Unreachable, at(6)),
            Some(Line::NetworkDown { messages: 101, span })
        );
        for second in 7..60 {
            assert_eq!(incidents.sent(Conduct::Silent, at(second)), None);
            assert_eq!(incidents.failed(&zone(1), true, at(second)), None);
        }
        let after = Duration::from_secs(60);
        assert_eq!(incidents.sent(Conduct::Refused, at(66)), Some(Line::NetworkUp { after }));
        assert_eq!(incidents.sent(Conduct::Answered, at(67)), None);
        for second in 70..90 {
            assert_eq!(incidents.sent(Conduct::Silent, at(second)), None);
            incidents.sent(Conduct::Answered, at(second));
        }
    }

    #[test]
    fn few_messages_tell_nothing_of_the_network() {
        let mut incidents = Incidents::default();
        for second in 0..u64::from(NETWORK_DOWN_MESSAGES - 1) {
            assert_eq!(incidents.sent(Conduct::Silent, at(second)), None);
        }
        assert!(incidents.sent(Conduct::Silent, at(30)).is_some());
    }
}
