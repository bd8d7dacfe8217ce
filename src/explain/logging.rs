//! Reads new entries of the record, writes the log lines about failed and slow questions, and
//! stores these questions on disk.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::chooser::Chooser;
use crate::culprit::{ExplainedQuestion, judge};
use crate::evidence::{self, Absence};
use crate::explained::Explained;
use crate::failure::FailedQuestion;
use crate::limits::{LONG_MESSAGE_MEMORY, LONG_MESSAGE_TIME, MESSAGE_PAUSE, SUM_INTERVAL, SUM_LATENESS};
use crate::log_lines::LogLines;
use crate::long_messages::LongMessages;
use crate::traffic::Traffic;
use crate::why::DaemonFacts;
use crate::{delays, question_lines};
use dns::clock::micros;
use dns::question::{Outcome, label_places, name_of_wire};
use record::follow::NewsReader;
use record::limits::EXPLAINED_TIME;
use record::line::LogText;
use record::redact::{Redaction, Secrets};
use record::tally::is_judged_failure;
use record::{ReadSpan, Recorder};

/// What was already read, logged and stored.
#[derive(Debug, Default)]
pub struct LogState {
    reader: NewsReader,
    lines: LogLines,
    stored: Chooser,
    long: LongMessages,
    /// Emails that ended before this time are in the sums on disk (see `delays`). In microseconds
    /// since 1970.
    summed_until: u64,
}

/// Facts for the log and the disk that the history does not contain.
pub struct LogFacts<'a> {
    /// Customer keys of DNS lists, which no log line may contain.
    pub secrets: &'a Secrets,
    /// What is written neither to disk nor to the log.
    pub redaction: Redaction,
    /// Facts about DNS lists, zones and slow questions; see `DaemonFacts`.
    pub facts: DaemonFacts<'a>,
    /// Returns true if the log has a line that a DNS list does not work. The argument is its apex
    /// in wire form.
    pub is_list_logged: &'a dyn Fn(&[u8]) -> bool,
}

impl LogState {
    /// Reads the new entries, writes log lines, and stores questions that failed or were slow. This
    /// takes some milliseconds; call it on a thread that may block.
    pub fn write(&mut self, recorder: &Recorder, facts: &LogFacts<'_>) {
        self.write_news(recorder, facts, false);
    }

    /// Like `write`, but at the end of the process: also logs the numbers of failures and slow
    /// questions that had no line of their own.
    pub fn write_last(&mut self, recorder: &Recorder, facts: &LogFacts<'_>) {
        self.write_news(recorder, facts, true);
        let sums = self.lines.finish(recorder.clock().mono());
        sums.into_iter().for_each(|line| line.write(facts.secrets, facts.redaction));
        recorder.write_withheld(facts.secrets, facts.redaction);
    }

    fn write_news(&mut self, recorder: &Recorder, facts: &LogFacts<'_>, is_ending: bool) {
        recorder.begin_log(facts.secrets);
        recorder.write_queries(facts.secrets, facts.redaction);
        self.write_failures(recorder, facts, is_ending);
        self.store_long(recorder, facts, is_ending);
        self.store_sums(recorder, facts, is_ending);
    }

    /// Stores emails that took long or had a failed question. `is_ending`: the process ends, so
    /// emails that may be incomplete are stored too.
    fn store_long(&mut self, recorder: &Recorder, facts: &LogFacts<'_>, is_ending: bool) {
        let (now, unix) = (recorder.clock().mono(), recorder.clock().unix_micros());
        if !(is_ending || self.long.is_due(now)) {
            return;
        }
        self.long.pass_over(micros(Duration::from_secs(recorder.started_unix())));
        let from = unix.saturating_sub(micros(LONG_MESSAGE_TIME));
        let span = ReadSpan { from, ..ReadSpan::default() };
        let recorded = recorder.read_memory(&span, facts.secrets, LONG_MESSAGE_MEMORY, from);
        let until = if is_ending { u64::MAX } else { unix.saturating_sub(micros(MESSAGE_PAUSE)) };
        let times = (now, until, micros(recorder.slow_from()));
        let recorded = recorded.in_order();
        recorder.count_users(&recorded.questions, &self.long.untaken(until), times.2);
        let counted = (facts.facts.list, recorder.message_time());
        let chosen = self.long.take(&recorded, &self.stored, times, counted);
        recorder.store_entries(chosen, facts.redaction);
    }

    /// Stores the sums of the mail that was delayed in the last minute.
    fn store_sums(&mut self, recorder: &Recorder, facts: &LogFacts<'_>, is_ending: bool) {
        if !recorder.stores() {
            return;
        }
        let unix = recorder.clock().unix_micros();
        let until = if is_ending {
            unix.saturating_add(micros(MESSAGE_PAUSE))
        } else {
            unix.saturating_sub(micros(SUM_LATENESS))
        };
        let from = self.summed_until.max(micros(Duration::from_secs(recorder.started_unix())));
        if until <= from || !is_ending && until.saturating_sub(from) < micros(SUM_INTERVAL) {
            return;
        }
        self.summed_until = until;
        let first = from.saturating_sub(micros(LONG_MESSAGE_TIME));
        let span = ReadSpan { from: first, ..ReadSpan::default() };
        // Earlier resolutions explain failures that are remembered.
        let earlier = first.saturating_sub(micros(EXPLAINED_TIME));
        let recorded = recorder.read_memory(&span, facts.secrets, recorder.reader_memory(), earlier);
        let recorded = recorded.in_order();
        let whole = recorded.lost.max(recorded.lost_hits).unwrap_or(0);
        recorder
            .store_entries(delays::sums(&recorded, &(from.max(whole)..until), &facts.facts), facts.redaction);
    }

    fn write_failures(&mut self, recorder: &Recorder, facts: &LogFacts<'_>, is_ending: bool) {
        let now = recorder.clock().mono();
        let mut lines = self.lines.tick(now);
        let Some((mut recorded, overwritten)) = recorder.news(&mut self.reader, facts.secrets) else {
            lines.into_iter().for_each(|line| line.write(facts.secrets, facts.redaction));
            return;
        };
        recorder.hide_clients(&mut recorded.questions, facts.redaction);
        let list = facts.facts.list;
        let (explained, traffic) = (
            Explained::from_recorded(&recorded, list),
            Traffic::from_recorded(&recorded, recorder.slow_from()),
        );
        let slow = micros(recorder.slow_from());
        self.lines.count(overwritten.all, now);
        recorder.count_failures(&[], overwritten.judged);
        // `places`: the questions that will be stored. `flights`: the resolutions that explain
        // them.
        let (mut places, mut flights) = (BTreeSet::new(), BTreeSet::from_iter(explained.failed_to_lists()));
        for (place, question) in recorded.questions.iter().enumerate() {
            if !question.outcome.is_failure() && question.elapsed < slow {
                continue;
            }
            let asked = explained.explain(question, list);
            places.insert(place);
            flights.extend(asked.flight.map(|flight| flight.id));
            if let Some(failed) = FailedQuestion::from_explained(asked) {
                recorder.count_failures(&failed.zone, u64::from(is_judged_failure(question.outcome)));
                // A question that failed because the process ends counts as logged and gets no
                // line, because the log has a line about the end.
                let is_logged =
                    is_ending && failed.is_turned_away() || is_logged(&failed, (recorder, &traffic), facts);
                lines.extend(self.lines.failed(&failed, is_logged, now));
            } else if !traffic.was_down(question) && self.lines.has_room_for_slow(question.flight) {
                // A question that was slow during an outage gets no line: the log already has one
                // about the outage.
                lines.push(slow_line(asked, &traffic, &facts.facts));
            }
        }
        let of_flights = recorded.flights.iter().filter(|flight| flights.contains(&flight.id));
        let witnesses: Vec<u64> = of_flights.flat_map(|flight| traffic.witnesses(flight)).collect();
        flights.extend(witnesses);
        let mut chosen = self.stored.choose(&recorded, &places, &flights);
        recorder.date_entries(&mut chosen);
        recorder.store_entries(chosen, facts.redaction);
        lines.into_iter().for_each(|line| line.write(facts.secrets, facts.redaction));
    }
}

/// Returns true if the log already has a line about the cause of a failure.
fn is_logged(
    failed: &FailedQuestion<'_>,
    (recorder, traffic): (&Recorder, &Traffic),
    facts: &LogFacts<'_>,
) -> bool {
    let question = failed.asked.question;
    if failed.may_be_silence() && traffic.was_down(question) {
        return true;
    }
    if failed.asked.list.is_some() {
        // Questions to a DNS list that does not work end with this outcome, without a resolution.
        return question.outcome == Outcome::Remembered || (facts.is_list_logged)(&failed.zone);
    }
    // The log may have a line about the failure of a zone above, so all zones above the name are
    // searched.
    let zones = label_places(&question.name).filter_map(|place| question.name.get(place..));
    let mut zones = zones.chain([&*failed.zone]).filter(|zone| !zone.is_empty());
    zones.any(|zone| recorder.is_incident_logged(&name_of_wire(zone)))
}

fn slow_line(asked: ExplainedQuestion<'_>, traffic: &Traffic, facts: &DaemonFacts<'_>) -> LogText {
    let alone = [asked];
    let verdict = judge(&alone, traffic);
    let culprit = verdict.causes.first().map(|cause| evidence::culprit(cause, &alone, &verdict, facts));
    let culprit = culprit.unwrap_or_else(|| evidence::unknown(Absence::Others));
    question_lines::slow_line(asked.question, culprit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::clock::Clock;
    use record::RecorderSettings;
    use record::entry::QuestionEntry;
    use record::store::Store;
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};

    #[derive(Debug, Default)]
    struct Appended(Mutex<usize>);

    impl Store for Appended {
        fn append(&self, entries: &[u8]) {
            *self.0.lock().unwrap() += entries.len();
        }

        fn tend(&self) {}

        fn read_back(&self, _: &mut dyn FnMut(&[u8]) -> bool) {}
    }

    fn recorder() -> Arc<Recorder> {
        Recorder::with_size(Clock::simulated(1_795_165_920), 2, 1 << 20)
    }

    fn fail(recorder: &Recorder) {
        let at = recorder.clock().mono().as_micros() - 8_000_000;
        let failed = QuestionEntry::failed(b"\x04mail\x00", at);
        recorder.asked(&QuestionEntry { elapsed: 4_000_000, ..failed }, None);
    }

    #[tokio::test(start_paused = true)]
    async fn restored_failures_are_not_repeated() {
        let first = recorder();
        fail(&first);
        let (secrets, mut file) = (Secrets::default(), Vec::new());
        let saved = first.save_memory(&secrets, |octets| {
            file.extend_from_slice(octets);
            Ok::<_, Infallible>(())
        });
        saved.unwrap();
        let next = recorder();
        assert_eq!(next.restore_memory(&file), Ok(1));
        let stored = Arc::new(Appended::default());
        next.store_in(Arc::clone(&stored) as Arc<dyn Store>);
        let slow = Duration::from_secs(1);
        next.configure(RecorderSettings { recurses: true, slow, ..RecorderSettings::default() });
        let mut state = LogState::default();
        let mut log = |recorder: &Recorder| {
            recorder.wake_reader();
            let (facts, redaction) = (DaemonFacts::default(), Redaction::default());
            let facts = LogFacts { secrets: &secrets, redaction, facts, is_list_logged: &|_| false };
            state.write_last(recorder, &facts);
            *stored.0.lock().unwrap()
        };
        assert_eq!(log(&next), 0);
        fail(&next);
        assert!(log(&next) > 0);
    }
}
