//! Simulates questions to zones whose servers lose packets, and compares the times of the answers with those of the best schedules.

use std::net::SocketAddr;
use std::time::Duration;

use super::*;
use crate::iterate::select::{Candidate, CandidateProgress, next};
use crate::limits::{HEDGES_PER_MILLE, MAX_TRIES};
use dns::conduct::{Health, ServerFeatures};
use dns::random::Random;

const MS: Duration = Duration::from_millis(1);

/// All round trips between these two have the same probability.
const ROUND_TRIPS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(110)];
/// The 95th percentile of these round trips, as `RoundTrips` rounds it.
const TIMER: Duration = Duration::from_micros(114_688);

fn standing(loss: u8) -> ServerStanding {
    ServerStanding {
        round_trip: Some(105 * MS),
        timer: TIMER,
        patience: TIMER * 2,
        loss,
        health: Health::Answering,
        silent_since: None,
        silent_elsewhere: false,
        lame: false,
        served_lately: false,
        features: ServerFeatures::ALL,
        finds_mixed_case: false,
        to_be_measured: false,
    }
}

/// The mean and the 99th percentile of the times of a question in milliseconds, and the mean number of queries.
#[derive(Clone, Copy, Debug)]
struct Cost {
    mean: f64,
    late: f64,
    packets: f64,
}

/// A zone with `servers` equal servers. `known` is the measured packet loss, and `loss` the real one, both in per cent.
struct Zone {
    servers: u8,
    loss: u32,
    known: u8,
    random: Random,
    /// The number of hedges that may still be sent, in thousandths of a query.
    hedges: u32,
}

impl Zone {
    fn send(&mut self, candidate: &mut Candidate, at: Duration) -> (Duration, Duration, Option<Duration>) {
        let (timer, patience) = timers(&candidate.standing, candidate.tries);
        candidate.sent();
        self.hedges = (self.hedges + HEDGES_PER_MILLE).min(25_000);
        let answered = self.random.below(100) >= self.loss;
        let [least, most] = ROUND_TRIPS;
        let trip = least + (most - least) * self.random.below(1_001) / 1_000;
        (at + timer, at + patience, answered.then_some(at + trip))
    }

    fn take_hedge(&mut self) -> bool {
        let left = self.hedges.checked_sub(1_000);
        self.hedges = left.unwrap_or(self.hedges);
        left.is_some()
    }

    fn ask(&mut self) -> (Duration, u32) {
        let candidate =
            |last| Candidate::new(SocketAddr::from(([192, 0, 2, last], 53)), standing(self.known));
        let mut candidates: Vec<Candidate> = (0..self.servers).map(candidate).collect();
        let (mut now, mut packets, mut answer) = (Duration::ZERO, 0, None::<Duration>);
        loop {
            let (mut overdue, mut lost, mut last) = (now, now, None);
            let has_untried = candidates.iter().any(Candidate::is_promising);
            for _ in 0..if has_untried { 1 } else { 2 } {
                let place = next(&candidates, MAX_TRIES, |below| self.random.below(below)).or_else(|| {
                    let again = last.filter(|place: &usize| {
                        let Candidate { standing, tries, .. } = &candidates[*place];
                        *tries < MAX_TRIES && is_doubled(standing, *tries)
                    })?;
                    self.take_hedge().then_some(again)
                });
                let Some(place) = place else { break };
                last = Some(place);
                let (timer, patience, arrives) = self.send(&mut candidates[place], now);
                packets += 1;
                (overdue, lost) = (overdue.max(timer), lost.max(patience));
                answer = answer.into_iter().chain(arrives).min();
            }
            let Some(place) = last else { return (answer.unwrap_or(4_000 * MS), packets) };
            let likely = is_likely_lost(&candidates[place].standing);
            now = if answer.is_none_or(|answer| answer > overdue) && (likely || self.take_hedge()) {
                overdue
            } else {
                lost
            };
            if let Some(answer) = answer.filter(|answer| *answer <= now) {
                return (answer, packets);
            }
            candidates
                .iter_mut()
                .filter(|candidate| candidate.tries > 0)
                .for_each(|candidate| candidate.progress = CandidateProgress::Overdue);
        }
    }

    fn cost(servers: u8, loss: u32, known: u8) -> Cost {
        let mut zone = Self { servers, loss, known, random: Random::seeded(1), hedges: 0 };
        let asked: Vec<(Duration, u32)> = (0..20_000).map(|_| zone.ask()).collect();
        let mut times: Vec<f64> = asked.iter().map(|(time, _)| time.as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        let count = f64::from(20_000);
        Cost {
            mean: times.iter().sum::<f64>() / count,
            late: times[times.len() * 99 / 100],
            packets: f64::from(asked.iter().map(|(_, packets)| packets).sum::<u32>()) / count,
        }
    }
}

/// Returns the cost of a schedule of queries. `copies` has the number of queries in each round. A round begins 100 ms (the shortest round
/// trip) after the one before, when it is known if its copies are lost. No other schedule is better: an earlier copy is often not needed, and
/// a later one is answered later.
fn cost_of_rounds(copies: &[u32], loss: u32) -> Cost {
    let loss = f64::from(loss) / 100.0;
    let (mut open, mut cost) = (1.0, Cost { mean: 0.0, late: 4_000.0, packets: 0.0 });
    for (round, copies) in (0_u32..).zip(copies) {
        let time = 100.0 * f64::from(round) + 105.0;
        let left = open * loss.powi(i32::try_from(*copies).unwrap());
        cost.packets += open * f64::from(*copies);
        cost.mean += (open - left) * time;
        if left <= 0.01 && open > 0.01 {
            cost.late = time;
        }
        open = left;
    }
    cost.mean += open * 4_000.0;
    cost
}

/// Returns all schedules with at most `copies` queries: the number of queries in each round.
fn schedules(copies: u32) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new()];
    for first in 1..=copies {
        for mut rest in schedules(copies - first) {
            rest.insert(0, first);
            all.push(rest);
        }
    }
    all
}

/// Returns the lowest mean and the lowest 99th percentile of all schedules with at most `packets` queries for each question. For the mean, each
/// question may choose one of two schedules at random.
fn best(loss: u32, packets: f64) -> (f64, f64) {
    let all: Vec<Cost> =
        schedules(MAX_TRIES.into()).iter().map(|copies| cost_of_rounds(copies, loss)).collect();
    let (fits, others): (Vec<Cost>, Vec<Cost>) = all.iter().partition(|cost| cost.packets <= packets);
    let least = |of: fn(&Cost) -> f64| fits.iter().map(of).fold(f64::INFINITY, f64::min);
    let mixed = fits.iter().flat_map(|few| others.iter().map(move |many| (few, many))).map(|(few, many)| {
        let share = (packets - few.packets) / (many.packets - few.packets);
        few.mean + share * (many.mean - few.mean)
    });
    (mixed.fold(least(|cost| cost.mean), f64::min), least(|cost| cost.late))
}

#[test]
fn lossy_zone_schedule_is_near_best() {
    for (servers, loss) in
        [1, 2].into_iter().flat_map(|servers| [0, 5, 15, 30, 50].map(|loss| (servers, loss)))
    {
        let costs = [0, loss].map(|known| {
            let cost = Zone::cost(servers, loss, u8::try_from(known).unwrap());
            let (mean, late) = best(loss, cost.packets);
            println!(
                "{servers} servers, loss {loss} %, known {known} %: mean {:.0} ms ({:.2} of the best), p99 {:.0} ms ({:.2}), {:.2} queries",
                cost.mean,
                cost.mean / mean,
                cost.late,
                cost.late / late,
                cost.packets
            );
            if known == 30 {
                assert!(cost.mean <= 1.2 * mean && cost.late <= 1.2 * late, "{cost:?}, best {mean}, {late}");
            }
            cost
        });
        let [unknown, known] = costs;
        assert!(known.mean <= unknown.mean && known.late <= unknown.late, "{costs:?}");
        let more = f64::from(HEDGES_PER_MILLE) / 1e3 * known.packets;
        assert!(known.packets <= unknown.packets + if loss < 25 { 0.03 } else { more }, "{costs:?}");
    }
}

// Timers of near servers grow at least with the square, those of far ones gently.
#[test]
fn timer_growth_depends_on_distance() {
    let millis = |timer| -> Vec<u128> {
        (0..8).map(|tries| longer(Duration::from_millis(timer), tries).as_millis()).collect()
    };
    assert_eq!(millis(300), [300, 375, 450, 525, 600, 675, 750, 825]);
    assert_eq!(millis(60), [60, 75, 90, 135, 240, 375, 540, 735]);
}
