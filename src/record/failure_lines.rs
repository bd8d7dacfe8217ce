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
//! - The lines of a minute are bounded, because spam names many dead domains.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::FailedQuestion;
use super::line::{FailedLine, Line};
use crate::clock::Mono;
use crate::limits::{FAILURE_LINES_A_MINUTE, MAX_FAILING_ZONES, SUMMARY_ZONES};
use crate::question::name_of_wire;

/// The time in which a zone has one line.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The time for which `limits::FAILURE_LINES_A_MINUTE` applies.
const MINUTE: Duration = Duration::from_secs(60);

/// Why a failure has no line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldElsewhere {
    /// It is not told elsewhere.
    No,
    /// No server on the internet answered then.
    Network,
    /// The log has a line about the zone or the list.
    Zone,
}

/// The failures that the log knows.
#[derive(Debug, Default)]
pub(super) struct FailureLines {
    /// At most `MAX_FAILING_ZONES`, in wire form.
    zones: BTreeMap<Box<[u8]>, ZoneFailures>,
    /// The begin of the minute, and the lines written in it.
    minute: Mono,
    told: u32,
    /// Since the first failure without a line.
    hour: Mono,
    /// Failures without a line since then, and those of them in an outage of our own network.
    counted: u64,
    in_outage: u64,
}

#[derive(Debug)]
struct ZoneFailures {
    /// When a line was written about it.
    told: Option<Mono>,
    /// The last failure.
    last: Mono,
    /// Failures without a line in this hour.
    counted: u64,
}

impl FailureLines {
    /// A question has failed.
    pub(super) fn failed(
        &mut self,
        failed: &FailedQuestion<'_>,
        elsewhere: ToldElsewhere,
        now: Mono,
    ) -> Option<Line> {
        if now.since(self.minute) >= MINUTE {
            (self.minute, self.told) = (now, 0);
        }
        self.make_room(&failed.zone);
        let zone = self.zones.entry(failed.zone.clone()).or_insert(ZoneFailures {
            told: None,
            last: now,
            counted: 0,
        });
        zone.last = now;
        let is_first = zone.told.is_none_or(|told| now.since(told) >= HOUR);
        if is_first && elsewhere == ToldElsewhere::No && self.told < FAILURE_LINES_A_MINUTE {
            zone.told = Some(now);
            self.told = self.told.saturating_add(1);
            return Some(Line::QueryFailed(Box::new(FailedLine::of(failed))));
        }
        if self.counted == 0 {
            self.hour = now;
        }
        let in_outage = u64::from(elsewhere == ToldElsewhere::Network);
        // An outage of our own network is no failure of a zone.
        zone.counted = zone.counted.saturating_add(1).saturating_sub(in_outage);
        self.counted = self.counted.saturating_add(1);
        self.in_outage = self.in_outage.saturating_add(in_outage);
        None
    }

    /// Time has passed: the line about the failures of the hour, if it is over.
    pub(super) fn tick(&mut self, now: Mono) -> Option<Line> {
        if self.counted == 0 || now.since(self.hour) < HOUR {
            return None;
        }
        let mut zones: Vec<(u64, &[u8])> = self
            .zones
            .iter()
            .filter(|(_, zone)| zone.counted > 0)
            .map(|(name, zone)| (zone.counted, &**name))
            .collect();
        zones.sort_by_key(|(counted, _)| std::cmp::Reverse(*counted));
        let named = zones.iter().filter(|(_, name)| !name.is_empty()).take(SUMMARY_ZONES);
        let line = Line::QueriesFailed {
            queries: self.counted,
            in_outage: self.in_outage,
            zones: zones.len(),
            most: named.map(|(counted, name)| (name_of_wire(name), *counted)).collect(),
        };
        (self.counted, self.in_outage) = (0, 0);
        self.zones.retain(|_, zone| {
            zone.counted = 0;
            zone.told.is_some_and(|told| now.since(told) < HOUR)
        });
        Some(line)
    }

    /// Makes room for a new zone: the one whose last failure is longest ago goes.
    fn make_room(&mut self, zone: &[u8]) {
        if self.zones.len() < MAX_FAILING_ZONES || self.zones.contains_key(zone) {
            return;
        }
        let quietest = self.zones.iter().min_by_key(|(_, zone)| zone.last);
        if let Some(quietest) = quietest.map(|(zone, _)| zone.clone()) {
            self.zones.remove(&quietest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::{Outcome, wire_name};
    use crate::record::culprit::Asked;
    use crate::record::entry::QuestionEntry;
    use hickory_proto::rr::{Name, RecordType};

    fn at(seconds: u64) -> Mono {
        Mono::from_micros(seconds * 1_000_000)
    }

    /// The line about a failure of a name at a second.
    fn fails(lines: &mut FailureLines, name: &str, second: u64, elsewhere: ToldElsewhere) -> Option<Line> {
        let question = QuestionEntry {
            name: wire_name(&Name::from_ascii(name).unwrap()).into(),
            kind: RecordType::MX,
            client: [127, 0, 0, 1].into(),
            view: 0,
            at: 0,
            outcome: Outcome::Failed,
            elapsed: 1,
            flight: None,
            error: "no server of it answered".into(),
            code: Some(22),
        };
        let asked = Asked { question: &question, list: None, flight: None };
        lines.failed(&FailedQuestion::of(asked).unwrap(), elsewhere, at(second))
    }

    #[test]
    fn the_first_failure_of_a_domain_in_an_hour_has_a_line_and_the_others_are_counted() {
        let lines = &mut FailureLines::default();
        let first = fails(lines, "mx1.broken.example.", 1, ToldElsewhere::No).unwrap();
        assert_eq!(
            first.to_string(),
            "query mx1.broken.example. MX from 127.0.0.1 failed: no server of it answered (extended error 22); `resolverctl failed` shows further failures of broken.example."
        );
        for second in 2..12 {
            assert_eq!(fails(lines, "broken.example.", second, ToldElsewhere::No), None);
        }
        assert!(fails(lines, "other.example.", 20, ToldElsewhere::No).is_some());
        assert_eq!(fails(lines, "third.example.", 21, ToldElsewhere::Network), None);
        assert_eq!(fails(lines, "third.example.", 22, ToldElsewhere::Zone), None);
        assert_eq!(lines.tick(at(3_601)), None);
        assert_eq!(
            lines.tick(at(3_602)).unwrap().to_string(),
            "12 more queries of 2 zones failed in the last hour, 1 of them while no server on the internet answered; most for broken.example. (10), third.example. (1); `resolverctl failed --since 1h` shows them"
        );
        assert_eq!(lines.tick(at(9_000)), None);
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
        let Some(Line::QueriesFailed { queries, .. }) = lines.tick(at(3_601)) else { panic!() };
        assert_eq!(queries, zones - u64::from(FAILURE_LINES_A_MINUTE));
    }
}
