//! Which failed questions have a line in the log.
//!
//! Pure: its input is failed questions with their moments, its output the lines. The first failure of a zone in an hour has
//! a line. The others are counted, and one line tells their number after the hour.
//!
//! # Decisions
//!
//! - A failure has no line of its own while the log has one about the same cause: no server on the internet answers, the
//!   zone is reported as failing, or the DNS list as not answering. It is counted.
//! - A zone whose first failure had a line has a second one if it goes on to fail (`incident`). That one is a warning, and
//!   its end has a line too.
//! - The lines of a minute are bounded, because spam names many dead domains. Configured zones have lines of their own, which
//!   strangers cannot use up. A flood overloads this resolver and has many
//!   dead domains too, so the line about overload is not one of them.
//! - At the end of the process the sums are logged at once. A query that failed because of the end has no line of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::FailedQuestion;
use super::line::{FailedLine, FailedSum, Line};
use crate::limits::{FAILURE_LINES_A_MINUTE, MAX_FAILING_ZONES, OWN_FAILURE_LINES_A_MINUTE, SUMMARY_ZONES};
use dns::clock::Mono;
use dns::question::name_of_wire;

/// The time in which a zone has one line.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The time for which `limits::FAILURE_LINES_A_MINUTE` applies.
const MINUTE: Duration = Duration::from_secs(60);

/// Why a failure has no line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldElsewhere {
    /// No other line tells it.
    No,
    /// No server on the internet answered then.
    Network,
    /// The log has a line about the zone or the list.
    Zone,
    /// This process is ending.
    End,
}

/// The owner of a zone. Zones of each kind have lines of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ZoneOwner {
    /// It is in the configuration.
    Operator,
    /// Any other.
    Stranger,
}

/// The failures that the log knows.
#[derive(Debug, Default)]
pub(super) struct FailureLines {
    /// At most `MAX_FAILING_ZONES`, in wire form.
    zones: BTreeMap<Box<[u8]>, ZoneFailures>,
    /// When a line was written about a question that this resolver turned away.
    overload: Option<Mono>,
    /// The begin of the minute, and the lines written in it: about zones of strangers, and about configured ones.
    minute: Mono,
    told: u32,
    told_own: u32,
    /// Since the first failure without a line.
    hour: Mono,
    /// Failures without a line since then. The next two fields count the failures in an outage of our own network, and those that this
    /// resolver refused because of overload.
    counted: u64,
    in_outage: u64,
    turned_away: u64,
    /// Failures that were overwritten in the record before they were read.
    overwritten: u64,
    /// Zones that failed for the first time in this minute, without a line.
    unlined: u64,
}

#[derive(Debug)]
struct ZoneFailures {
    /// When a line was written about it.
    told: Option<Mono>,
    /// The last failure.
    last: Mono,
    /// Failures without a line in this hour.
    counted: u64,
    /// When it was counted because it failed for the first time without a line.
    unlined: Option<Mono>,
}

impl FailureLines {
    /// A question has failed.
    pub(super) fn failed(
        &mut self,
        failed: &FailedQuestion<'_>,
        elsewhere: ToldElsewhere,
        owner: ZoneOwner,
        now: Mono,
    ) -> Option<Line> {
        let is_untold = elsewhere == ToldElsewhere::No;
        if failed.is_turned_away() {
            if is_untold && is_due(self.overload, now) {
                self.overload = Some(now);
                return Some(line(failed));
            }
            self.count(elsewhere, now);
            self.turned_away = self.turned_away.saturating_add(1);
            return None;
        }
        self.make_room(&failed.zone, now);
        let zone = self.zones.entry(failed.zone.clone()).or_insert(ZoneFailures {
            told: None,
            last: now,
            counted: 0,
            unlined: None,
        });
        zone.last = now;
        if is_untold && is_due(zone.told, now) {
            let (told, most) = match owner {
                ZoneOwner::Operator => (&mut self.told_own, OWN_FAILURE_LINES_A_MINUTE),
                ZoneOwner::Stranger => (&mut self.told, FAILURE_LINES_A_MINUTE),
            };
            if *told < most {
                zone.told = Some(now);
                *told = told.saturating_add(1);
                return Some(line(failed));
            }
            if is_due(zone.unlined, now) {
                zone.unlined = Some(now);
                self.unlined = self.unlined.saturating_add(1);
            }
        }
        if elsewhere != ToldElsewhere::Network {
            // An outage of our own network is no failure of a zone.
            zone.counted = zone.counted.saturating_add(1);
        }
        self.count(elsewhere, now);
        None
    }

    /// Counts a failure without a line.
    fn count(&mut self, elsewhere: ToldElsewhere, now: Mono) {
        if self.counted == 0 {
            self.hour = now;
        }
        self.counted = self.counted.saturating_add(1);
        self.in_outage = self.in_outage.saturating_add(u64::from(elsewhere == ToldElsewhere::Network));
    }

    /// Failed questions were overwritten in the record before they were read.
    pub(super) fn overwritten(&mut self, count: u64, now: Mono) {
        if count == 0 {
            return;
        }
        self.count(ToldElsewhere::No, now);
        self.counted = self.counted.saturating_add(count.saturating_sub(1));
        self.overwritten = self.overwritten.saturating_add(count);
    }

    /// Time has passed: the lines about what was counted in the minute and the hour, if they are over. It is called before the
    /// questions that have failed since.
    pub(super) fn tick(&mut self, now: Mono) -> Vec<Line> {
        let mut lines = Vec::new();
        if now.since(self.minute) >= MINUTE {
            (self.minute, self.told, self.told_own) = (now, 0, 0);
            lines.extend(self.minute_line());
        }
        if now.since(self.hour) >= HOUR {
            lines.extend(self.hour_line(now));
        }
        lines
    }

    /// Like `tick`, for the minute and the hour so far.
    pub(super) fn finish(&mut self, now: Mono) -> Vec<Line> {
        self.minute_line().into_iter().chain(self.hour_line(now)).collect()
    }

    fn minute_line(&mut self) -> Option<Line> {
        let zones = std::mem::take(&mut self.unlined);
        (zones > 0).then_some(Line::ZonesFailed { zones })
    }

    fn hour_line(&mut self, now: Mono) -> Option<Line> {
        if self.counted == 0 {
            return None;
        }
        let mut zones: Vec<(u64, &[u8])> = self
            .zones
            .iter()
            .filter(|(_, zone)| zone.counted > 0)
            .map(|(name, zone)| (zone.counted, &**name))
            .collect();
        zones.sort_by_key(|(counted, _)| std::cmp::Reverse(*counted));
        let named = zones.iter().take(SUMMARY_ZONES);
        let sum = FailedSum {
            queries: self.counted,
            in_outage: self.in_outage,
            turned_away: self.turned_away,
            overwritten: self.overwritten,
            zones: zones.len(),
            most: named.map(|(counted, name)| (name_of_wire(name), *counted)).collect(),
        };
        (self.counted, self.in_outage, self.turned_away, self.overwritten) = (0, 0, 0, 0);
        self.zones.retain(|_, zone| {
            zone.counted = 0;
            zone.told.is_some_and(|told| now.since(told) < HOUR)
        });
        Some(Line::QueriesFailed(sum))
    }

    /// Makes room for a new zone: the one whose last failure is longest ago goes, first one without a line in the last hour.
    fn make_room(&mut self, zone: &[u8], now: Mono) {
        if self.zones.len() < MAX_FAILING_ZONES || self.zones.contains_key(zone) {
            return;
        }
        let quietest = self.zones.iter().min_by_key(|(_, zone)| (!is_due(zone.told, now), zone.last));
        if let Some(quietest) = quietest.map(|(zone, _)| zone.clone()) {
            self.zones.remove(&quietest);
        }
    }
}

/// Whether a failure may have a line after the last one of its kind.
fn is_due(told: Option<Mono>, now: Mono) -> bool {
    told.is_none_or(|told| now.since(told) >= HOUR)
}

fn line(failed: &FailedQuestion<'_>) -> Line {
    Line::QueryFailed(Box::new(FailedLine::of(failed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::culprit::ExplainedQuestion;
    use crate::entry::QuestionEntry;
    use dns::question::{Outcome, wire_name};
    use hickory_proto::rr::{Name, RecordType};

    fn at(seconds: u64) -> Mono {
        Mono::from_micros(seconds * 1_000_000)
    }

    /// The line about a failure of a name at a second.
    fn fails(lines: &mut FailureLines, name: &str, second: u64, elsewhere: ToldElsewhere) -> Option<Line> {
        ends(lines, name, second, elsewhere, Outcome::Failed)
    }

    fn ends(
        lines: &mut FailureLines,
        name: &str,
        second: u64,
        elsewhere: ToldElsewhere,
        outcome: Outcome,
    ) -> Option<Line> {
        let error = if outcome == Outcome::Shed { "" } else { "no server of it answered" };
        let question = QuestionEntry {
            name: wire_name(&Name::from_ascii(name).unwrap()).into(),
            kind: if outcome == Outcome::Shed { RecordType::A } else { RecordType::MX },
            client: [127, 0, 0, 1].into(),
            port: 0,
            transport: None,
            view: 0,
            at: 0,
            outcome,
            elapsed: 1,
            flight: None,
            error: error.into(),
            code: Some(22).filter(|_| !error.is_empty()),
            user: None,
        };
        let asked = ExplainedQuestion { question: &question, list: None, flight: None };
        let is_own = name.ends_with("corp.example.");
        let owner = if is_own { ZoneOwner::Operator } else { ZoneOwner::Stranger };
        lines.failed(&FailedQuestion::of(asked).unwrap(), elsewhere, owner, at(second))
    }

    fn only(lines: &[Line]) -> String {
        let [line] = lines else { panic!("{lines:?}") };
        line.to_string()
    }

    #[test]
    fn the_first_failure_of_a_domain_in_an_hour_has_a_line_and_the_others_are_counted() {
        let lines = &mut FailureLines::default();
        let first = fails(lines, "mx1.broken.example.", 1, ToldElsewhere::No).unwrap();
        assert_eq!(
            first.to_string(),
            "query mx1.broken.example. MX from 127.0.0.1 failed: no server of it answered (extended DNS error 22, No Reachable Authority); `resolverctl failed` shows further failures of broken.example."
        );
        for second in 2..12 {
            assert_eq!(fails(lines, "broken.example.", second, ToldElsewhere::No), None);
        }
        assert!(fails(lines, "other.example.", 20, ToldElsewhere::No).is_some());
        assert_eq!(fails(lines, "third.example.", 21, ToldElsewhere::Network), None);
        assert_eq!(fails(lines, "third.example.", 22, ToldElsewhere::Zone), None);
        assert_eq!(lines.tick(at(3_601)), []);
        assert_eq!(
            only(&lines.tick(at(3_602))),
            "12 failed queries of the last hour were not logged one by one: 11 in 2 zones (broken.example. 10, third.example. 1); 1 while no server on the internet answered; `resolverctl failed --since 1h` shows them"
        );
        assert_eq!(lines.tick(at(9_000)), []);
        assert!(fails(lines, "broken.example.", 9_001, ToldElsewhere::No).is_some(), "the next hour");
    }

    #[test]
    fn lines_and_zones_are_bounded_and_no_failure_is_lost() {
        let lines = &mut FailureLines::default();
        let zones = MAX_FAILING_ZONES as u64 + 100;
        let told = (0..zones)
            .filter(|number| fails(lines, &format!("d{number}.example."), 1, ToldElsewhere::No).is_some())
            .count();
        assert_eq!(told, FAILURE_LINES_A_MINUTE as usize);
        assert_eq!(lines.zones.len(), MAX_FAILING_ZONES);
        let ticked = lines.tick(at(3_601));
        let [Line::ZonesFailed { zones: unlined }, Line::QueriesFailed(FailedSum { queries, .. })] =
            ticked[..]
        else {
            panic!("{ticked:?}")
        };
        assert_eq!(unlined, queries);
        assert_eq!(queries, zones - u64::from(FAILURE_LINES_A_MINUTE));
    }

    #[test]
    fn the_failures_of_strangers_leave_configured_zones_their_lines() {
        let lines = &mut FailureLines::default();
        let mut told = |name: String| fails(lines, &name, 1, ToldElsewhere::No).is_some();
        assert_eq!((0..30).filter(|number| told(format!("d{number}.example."))).count(), 10);
        assert!(told("mail.corp.example.".to_owned()), "its own line");
        assert!(!told("e.example.".to_owned()));
    }

    #[test]
    fn overload_is_a_warning_beside_the_lines_of_zones() {
        let lines = &mut FailureLines::default();
        for number in 0..FAILURE_LINES_A_MINUTE {
            assert!(fails(lines, &format!("d{number}.example."), 1, ToldElsewhere::No).is_some());
        }
        let shed = |lines: &mut FailureLines, second, elsewhere| {
            ends(lines, "w.example.", second, elsewhere, Outcome::Shed)
        };
        let first = shed(lines, 2, ToldElsewhere::No).unwrap();
        assert_eq!(
            first.to_string(),
            "query w.example. A from 127.0.0.1 failed: resolverd is overloaded: queries come faster than this host resolves them; `resolverctl stats` shows the clients and the zones that cause the load, `resolverctl failed` shows further failures"
        );
        // Neither other zones nor time make it a line again within the hour.
        for number in 0..MAX_FAILING_ZONES {
            fails(lines, &format!("e{number}.example."), 3, ToldElsewhere::Zone);
        }
        assert_eq!(lines.tick(at(70)), []);
        assert_eq!(shed(lines, 70, ToldElsewhere::No), None);
        assert!(fails(lines, "late.example.", 70, ToldElsewhere::No).is_some());
        let hour = only(&lines.tick(at(3_610)));
        assert!(
            hour.starts_with(
                "1025 failed queries of the last hour were not logged one by one: 1024 in 1013 zones (for example "
            ),
            "{hour}"
        );
        assert!(shed(lines, 3_700, ToldElsewhere::No).is_some());
        assert_eq!(shed(lines, 9_000, ToldElsewhere::End), None);
    }

    #[test]
    fn the_end_tells_what_was_counted_so_far() {
        let lines = &mut FailureLines::default();
        assert_eq!(lines.finish(at(1)), []);
        (0..3).for_each(|second| drop(fails(lines, "broken.example.", second, ToldElsewhere::No)));
        let told = only(&lines.finish(at(10)));
        assert!(
            told.starts_with("2 failed queries of the last hour were not logged one by one: 2 in 1 zone (broken.example. 2); "),
            "{told}"
        );
    }

    #[test]
    fn a_flood_of_zones_does_not_make_a_zone_with_a_line_the_first_again() {
        let lines = &mut FailureLines::default();
        assert_eq!(lines.tick(at(100)), []);
        assert!(fails(lines, "ours.example.", 100, ToldElsewhere::No).is_some());
        for number in 0..2 * MAX_FAILING_ZONES {
            fails(lines, &format!("d{number}.example."), 101, ToldElsewhere::No);
        }
        assert_eq!(
            only(&lines.tick(at(160))),
            "2039 more zones failed in the last minute, too many for a line each; `resolverctl failed` shows them"
        );
        assert_eq!(fails(lines, "ours.example.", 161, ToldElsewhere::No), None);
        assert!(fails(lines, "other.example.", 161, ToldElsewhere::No).is_some());
        assert_eq!(lines.tick(at(221)), []);
    }

    #[test]
    fn what_was_overwritten_is_counted() {
        let lines = &mut FailureLines::default();
        fails(lines, "broken.example.", 1, ToldElsewhere::No);
        fails(lines, "broken.example.", 2, ToldElsewhere::No);
        lines.overwritten(7_057, at(3));
        let told = only(&lines.tick(at(3_602)));
        assert!(
            told.starts_with(
                "7058 failed queries of the last hour were not logged one by one: 1 in 1 zone (broken.example. 1); "
            ),
            "{told}"
        );
        assert!(
            told.contains(
                "; 7057 overwritten in the query history before they were read (increase history.size); "
            ),
            "{told}"
        );
    }
}
