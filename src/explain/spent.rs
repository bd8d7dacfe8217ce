//! Finds out how the time of recent questions was spent, divided into stages such as waiting for servers.
//!
//! A pure function of the recorded questions. Durations are in seconds, times in seconds since 1970.
//!
//! # Decisions
//!
//! - Each moment of a question belongs to exactly one stage, so the sum of all stages is the time of the questions.
//! - While queries for the answer and for DNSSEC keys are in progress at the same time, the moment counts for the answer. So the stage of
//!   validation has only the time that validation costs in addition.
//! - Only the history in memory is read. The disk has only slow and failed questions, which would give a misleading table.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evidence::seconds;
use crate::limits::MAIL_MARGIN;
use crate::traffic::{covered, moments};
use dns::clock::micros;
use dns::question::Outcome;
use dns::words;
use record::entry::{FlightEntry, QuestionEntry};
use record::{Histogram, Quantiles, ReadSpan, Recorded};

words! {
    /// A stage in the resolution of a question.
    pub enum Stage {
        /// From the arrival of the question to the start of its resolution.
        Queue = "queue",
        /// resolverd itself works; no query to a server is in progress.
        Walk = "walk",
        /// Queries for the answer itself are in progress.
        Waiting = "waiting",
        /// Only queries for DNSSEC keys are in progress.
        Validation = "validation",
        /// The history no longer has the resolution.
        Unknown = "unknown",
    }
}

/// The time that questions spent in one stage of their resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// The time of all questions in this stage, in seconds.
    pub spent: f64,
    /// The times of single questions, without those that spent no time in the stage.
    pub time: Quantiles,
}

/// The period that a table covers. Times are in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableSpan {
    /// When the first question in memory came; none if memory has no questions.
    pub begin: Option<f64>,
    /// When the period begins.
    pub since: f64,
    /// The length of the period in seconds.
    pub seconds: f64,
    /// True if the period is shorter than requested, because memory does not go back so far.
    pub shorter: bool,
    /// True if the configuration turns off the recording of questions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
}

impl TableSpan {
    /// `from`: the requested start. `since`: the real start. All values are in microseconds since 1970.
    fn new(recorded: &Recorded, (from, since, now): (u64, u64, u64)) -> Self {
        Self {
            begin: recorded.whole().map(seconds),
            since: seconds(since),
            seconds: seconds(now.saturating_sub(since)),
            shorter: since > from,
            off: recorded.off,
        }
    }
}

/// The rows of a table, and the period that they cover.
#[derive(Clone, Debug, PartialEq)]
pub struct FromRecord<Row> {
    /// The period.
    pub span: TableSpan,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Selects the questions that the function `stages` needs for the period from `from` (in microseconds since 1970). The selection begins
/// earlier, because a question may have waited for an earlier resolution (flight).
pub fn stage_span(from: u64) -> ReadSpan {
    ReadSpan { from: from.saturating_sub(micros(MAIL_MARGIN)), ..ReadSpan::default() }
}

/// Returns how much time the questions that the cache did not answer spent in each stage. The period begins at `from`, or later if memory lacks
/// some questions after `from`. Stages without time are left out. Times are in microseconds since 1970.
pub fn stages(recorded: &Recorded, (from, now): (u64, u64)) -> FromRecord<StageRow> {
    let since = recorded.lost.map_or(from, |lost| lost.clamp(from, now.max(from)));
    let flights: HashMap<u64, &FlightEntry> = recorded.flights.iter().map(|one| (one.id, one)).collect();
    let mut stages: [(u64, Histogram); Stage::ALL.len()] = Default::default();
    for question in recorded.questions.iter().filter(|one| one.at >= since && one.outcome != Outcome::Cache) {
        let flight = question.flight.map(|id| flights.get(&id).copied());
        for (stage, spent) in parts(question, flight) {
            if let Some((sum, time)) = stages.get_mut(stage as usize).filter(|_| spent > 0) {
                *sum = sum.saturating_add(spent);
                time.count(Duration::from_micros(spent));
            }
        }
    }
    let spent = Stage::ALL.into_iter().zip(stages).filter(|(_, (sum, _))| *sum > 0);
    let row = |(stage, (sum, time)): (Stage, (u64, Histogram))| StageRow {
        stage,
        spent: seconds(sum),
        time: time.spread().quantiles(),
    };
    FromRecord { span: TableSpan::new(recorded, (from, since, now)), rows: spent.map(row).collect() }
}

/// Returns how many microseconds a question spent in each stage. `flight`: `None` if the question had no resolution, `Some(None)` if the history
/// no longer has the resolution.
fn parts(question: &QuestionEntry, flight: Option<Option<&FlightEntry>>) -> Vec<(Stage, u64)> {
    let (at, end) = (question.at, question.end());
    let flight = match flight {
        Some(Some(flight)) => flight,
        Some(None) => return vec![(Stage::Unknown, question.elapsed)],
        None => return vec![(Stage::Walk, question.elapsed)],
    };
    let began = flight.began.clamp(at, end);
    let in_progress = |with_keys: bool| {
        let messages = flight.messages.iter().filter(|message| with_keys || !message.keys);
        covered(messages.map(|message| moments(flight, message)).collect(), (began, end))
    };
    let (all, waiting) = (in_progress(true), in_progress(false));
    vec![
        (Stage::Queue, began.saturating_sub(at)),
        (Stage::Walk, end.saturating_sub(began).saturating_sub(all)),
        (Stage::Waiting, waiting),
        (Stage::Validation, all.saturating_sub(waiting)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::conduct::{Conduct, Transport};
    use dns::question::wire_name;
    use hickory_proto::rr::{Name, RecordType};
    use proptest::prelude::*;
    use record::entry::MessageEntry;

    const MILLI: u64 = 1_000;

    /// The date 2026-11-20 09:12:00 UTC.
    const BEGIN: u64 = 1_795_165_920_000_000;

    fn question(at: u64, elapsed: u64, name: &str, flight: Option<u64>) -> QuestionEntry {
        let outcome = if elapsed == 0 { Outcome::Cache } else { Outcome::Upstream };
        let name = wire_name(&Name::from_ascii(name).unwrap()).into();
        let hit = QuestionEntry::hit(name, RecordType::A, [127, 0, 0, 1].into(), 0, BEGIN + at * MILLI);
        QuestionEntry { outcome, elapsed: elapsed * MILLI, flight, ..hit }
    }

    /// `sent`: for each query its start and duration in milliseconds, and true if it asks for DNSSEC keys.
    fn flight(id: u64, began: u64, elapsed: u64, sent: &[(u32, u32, bool)]) -> FlightEntry {
        let message = |&(at, elapsed, keys): &(u32, u32, bool)| MessageEntry {
            at: at * 1_000,
            elapsed: elapsed * 1_000,
            server: [192, 0, 2, 1].into(),
            zone: (&b"\x00"[..]).into(),
            transport: Transport::Udp,
            conduct: Some(Conduct::Answered),
            reason: "first",
            depth: 0,
            keys,
        };
        FlightEntry {
            messages: sent.iter().map(message).collect(),
            ..FlightEntry::blank(id, BEGIN + began * MILLI, elapsed * MILLI)
        }
    }

    fn recorded(questions: Vec<QuestionEntry>, flights: Vec<FlightEntry>) -> Recorded {
        Recorded { questions, flights, ..Recorded::default() }.in_order()
    }

    fn stages_of(recorded: &Recorded) -> Vec<StageRow> {
        stages(recorded, (0, u64::MAX)).rows
    }

    fn spent(recorded: &Recorded) -> Vec<(Stage, u128)> {
        let rows = stages_of(recorded).into_iter();
        rows.map(|row| (row.stage, Duration::from_secs_f64(row.spent).as_millis())).collect()
    }

    #[test]
    fn stages_of_question_do_not_overlap() {
        // 10 ms in the queue, 5 ms of work, 100 ms with queries for the answer (in 40 ms of them also for keys), 60 ms with queries for
        // keys only, and 25 ms of work.
        let sent = [(5, 100, false), (65, 100, true)];
        let flights = vec![flight(1, 10, 190, &sent)];
        let questions = vec![
            question(0, 200, "a.example.", Some(1)),
            // This question began to wait when the queries for the answer had ended.
            question(115, 85, "a.example.", Some(1)),
            question(300, 0, "b.example.", None),
            question(301, 7, "c.example.", Some(9)),
            question(302, 3, "d.example.", None),
        ];
        // An earlier entry of the same resolution, recorded at the deadline of a client.
        let early = flight(1, 10, 90, &[(5, 90, false)]);
        let flights: Vec<FlightEntry> = [early].into_iter().chain(flights).collect();
        let recorded = recorded(questions, flights);
        let expected = [
            (Stage::Queue, 10),
            (Stage::Walk, 30 + 25 + 3),
            (Stage::Waiting, 100),
            (Stage::Validation, 60 + 60),
            (Stage::Unknown, 7),
        ];
        assert_eq!(spent(&recorded), expected);
        let waiting = stages_of(&recorded).into_iter().find(|row| row.stage == Stage::Waiting).unwrap();
        assert_eq!(waiting.time.count, 1, "the other question did not wait");
    }

    #[test]
    fn an_empty_record_has_no_stages() {
        assert_eq!(stages_of(&Recorded::default()), Vec::new());
    }

    proptest! {
        #[test]
        fn stages_sum_to_question_time(
            asked in proptest::collection::vec((0_u64..500, 1_u64..900, 0_u64..4), 0..20),
            sent in proptest::collection::vec((0_u32..900, 0_u32..900, any::<bool>()), 0..12),
            (began, elapsed) in (0_u64..400, 0_u64..900),
        ) {
            let questions: Vec<QuestionEntry> = asked
                .iter()
                .map(|&(at, elapsed, flight)| question(at, elapsed, "a.", Some(flight).filter(|flight| *flight > 0)))
                .collect();
            let flights = vec![flight(1, began, elapsed, &sent), flight(2, 0, 900, &sent)];
            let sum: f64 = stages_of(&recorded(questions, flights)).iter().map(|row| row.spent).sum();
            let asked: u64 = asked.iter().map(|(_, elapsed, _)| elapsed).sum();
            prop_assert!((sum * 1e3 - asked as f64).abs() < 1e-3, "{sum}");
        }
    }
}
