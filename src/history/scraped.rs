//! The counts that a scrape of metrics reads, all at one moment.

use std::cmp::Reverse;
use std::time::Duration;

use super::explained::OWNED_LABELS;
use super::lock::lock;
use super::report::{FailuresByZone, JudgedCounts, Scraped, ZoneFailures};
use super::tally::FailureTally;
use super::totals::Totals;
use super::window::Window;
use super::{Recorder, types_of};
use dns::question::{label_places, name_of_wire, name_text};

impl Recorder {
    /// The counts for a scrape, with those of the window by which the health is judged.
    pub fn scraped(&self, judged: Window) -> Scraped {
        let totals = self.totals();
        Scraped {
            outcomes: totals.outcomes(),
            types: types_of(&totals),
            latency: totals.distributions(),
            apart: totals.apart(),
            messages: totals.conduct(),
            validated: totals.validated(),
            judged: self.judged_of(&totals, judged),
            waited: Duration::from_micros(totals.waited_micros).as_secs_f64(),
            counts: totals.counts,
        }
    }

    /// The counts of a window by which the health is judged.
    pub fn judged(&self, window: Window) -> JudgedCounts {
        self.judged_of(&self.totals(), window)
    }

    /// The failed questions of a window by zone, as `JudgedCounts::failures` counts them without their zones; none if no questions are
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

    fn judged_of(&self, totals: &Totals, window: Window) -> JudgedCounts {
        let now = self.clock.mono();
        let (earlier, covered) = lock(&self.snapshots).begin(window, now);
        let since = totals.since(&earlier);
        let outcomes = since.outcomes();
        JudgedCounts {
            seconds: covered.as_secs_f64(),
            uptime: now.since(self.started).as_secs_f64(),
            questions: outcomes.values().sum(),
            outcomes,
            messages: since.conduct(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ended, Sent, ServerOrigin, StatsReport};
    use dns::clock::Clock;
    use dns::conduct::{Conduct, Transport};
    use dns::question::{Apart, Outcome};
    use hickory_proto::rr::{Name, RecordType};

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
        let (report, types, latency) = recorder.since_start();
        assert_eq!((&scraped.outcomes, &scraped.apart), (&report.outcomes, &report.apart));
        assert_eq!((scraped.types, scraped.latency), (types, latency));
        assert_eq!(scraped.messages, report.upstream.messages);
        assert_eq!(scraped.validated, report.upstream.validated);
        assert_eq!((scraped.counts, scraped.waited), (report.upstream.counts, report.upstream.waited));
        let StatsReport { seconds, uptime, questions, outcomes, upstream, .. } =
            recorder.report(Window::FiveMinutes);
        let messages = upstream.messages;
        assert_eq!(scraped.judged, JudgedCounts { seconds, uptime, questions, outcomes, messages });
        assert_eq!((scraped.judged.questions, report.questions), (10, 16));
    }
}
