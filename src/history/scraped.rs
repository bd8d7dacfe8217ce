//! The counts that a scrape of metrics reads.

use std::cmp::Reverse;

use super::Recorder;
use super::explained::OWNED_LABELS;
use super::report::{FailuresByZone, Scraped, ZoneFailures};
use super::tally::FailureTally;
use super::window::Window;
use super::{lock, types_of};
use dns::question::{label_places, name_of_wire, name_text};

impl Recorder {
    /// The counts for a scrape, with those of the window by which the health is judged.
    pub fn scraped(&self, judged: Window) -> Scraped {
        let (now, totals) = (self.clock.mono(), self.totals());
        Scraped {
            report: self.report_of(&totals, Window::Start, now.since(self.started), now),
            types: types_of(&totals),
            latency: totals.distributions(),
            judged: self.report(judged),
        }
    }

    /// The failed questions of a window by zone, as `StatsReport::failures` counts them without their zones; none if no questions are
    /// kept, so that the zones are not known. They are read from the record some seconds after they end.
    pub fn failures_by_zone(&self, window: Window) -> Option<FailuresByZone> {
        if !self.kept.is_on() {
            return None;
        }
        let (rows, other) = lock(&self.failures).rows(window).in_order();
        let (of_none, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(zone, _)| zone.is_empty());
        let others = of_none.iter().map(|(_, tally)| tally.0).fold(other.0, u64::saturating_add);
        let of_zone = |(zone, tally): (Vec<u8>, FailureTally)| ZoneFailures {
            zone: name_text(&name_of_wire(&zone)),
            failed: tally.0,
            is_owned: label_places(&zone).count() >= OWNED_LABELS,
        };
        let mut zones: Vec<ZoneFailures> = rows.into_iter().map(of_zone).collect();
        zones.sort_by_key(|zone| Reverse(zone.failed));
        Some(FailuresByZone { zones, others })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ended, Sent, ServerOrigin};
    use dns::clock::Clock;
    use dns::conduct::{Conduct, Transport};
    use dns::question::{Apart, Outcome};
    use hickory_proto::rr::{Name, RecordType};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_scrape_has_the_counts_of_the_reports() {
        let recorder = Recorder::new(Clock::simulated(1_795_165_920), 2);
        let work = |count: u64| {
            for (shard, outcome) in [(0, Outcome::Cache), (1, Outcome::Failed)] {
                let (client, kind) = ([127, 0, 0, 1].into(), RecordType::MX);
                let ended = Ended { client, kind, outcome, elapsed: Duration::from_micros(70 * count) };
                recorder.questions(shard, &ended, count);
            }
            recorder.apart(1, Apart::ALL[0]);
            recorder.sent(&Sent {
                server: "192.0.2.1:53".parse().unwrap(),
                zone: Name::root(),
                origin: ServerOrigin::Recursion,
                transport: Transport::Udp,
                conduct: Conduct::Silent,
                elapsed: Duration::from_millis(count),
            });
        };
        work(3);
        for _ in 0..20 {
            recorder.clock.sleep(Duration::from_secs(60));
            recorder.tick();
        }
        work(5);
        let scraped = recorder.scraped(Window::FiveMinutes);
        assert_eq!(scraped.types, recorder.by_type(Window::Start));
        assert_eq!(scraped.judged, recorder.report(Window::FiveMinutes));
        assert_eq!((scraped.judged.questions, scraped.report.questions), (10, 16));
    }
}
