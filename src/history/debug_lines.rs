//! The lines of `log.level = "debug"` and `"trace"`: one for each question that the cache did not answer, and with `trace` one for each of
//! its queries to servers.
//!
//! The lines are written from the entries of the record. Their number is bounded for each reading of the record; questions beyond the
//! bound are counted in one line.

use std::collections::BTreeMap;
use std::time::Duration;

use super::entry::{FlightEntry, MessageEntry, QuestionEntry};
use super::query_log::result_text;
use super::reason::reason_label;
use super::recorded::Recorded;
use super::redact::Redaction;
use crate::limits::MAX_DEBUG_LINES;
use dns::question::{kind_text, name_of_wire, name_text, zone_text};

/// Writes the lines about the questions of a reading, as far as the level of the log wants them.
pub(super) fn write(recorded: &Recorded, redaction: Redaction) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let has_steps = tracing::enabled!(tracing::Level::TRACE);
    let mut flights: BTreeMap<u64, &FlightEntry> =
        recorded.flights.iter().filter(|_| has_steps).map(|flight| (flight.id, flight)).collect();
    let mut left = MAX_DEBUG_LINES;
    for (place, question) in recorded.questions.iter().enumerate() {
        // The steps of a flight stand behind the first question that waited for it.
        let flight = question.flight.and_then(|id| flights.remove(&id));
        let lines = flight.map_or(0, |flight| flight.messages.len()).saturating_add(1);
        let Some(rest) = left.checked_sub(lines) else {
            let more = recorded.questions.len().saturating_sub(place);
            tracing::debug!(
                "{more} more queries were not logged, because they come faster than the log can be written"
            );
            return;
        };
        left = rest;
        write_question(question, redaction);
        if let Some(flight) = flight {
            flight.messages.iter().for_each(|message| write_message(question, message, redaction));
        }
    }
}

fn write_question(question: &QuestionEntry, redaction: Redaction) {
    let (name, kind) = (name_text(&name_of_wire(&redaction.name(&question.name))), kind_text(question.kind));
    let client = question.client_text();
    let (outcome, result) = (question.outcome.word(), result_text(question.outcome));
    let took = Duration::from_micros(question.elapsed).as_secs_f32();
    let error = redaction.text(&question.error, &[]);
    let error = if error.is_empty() { error } else { format!("; cause: {error}") };
    tracing::debug!(
        name,
        "type" = kind,
        client,
        outcome,
        "query {name} {kind} from {client}: {result} in {took:.3} s{error}"
    );
}

fn write_message(question: &QuestionEntry, message: &MessageEntry, redaction: Redaction) {
    let (name, kind) = (name_text(&name_of_wire(&redaction.name(&question.name))), kind_text(question.kind));
    let apex = name_of_wire(&message.zone);
    let (server, zone, shown) = (message.server.to_string(), name_text(&apex), zone_text(&apex));
    let (transport, reason) = (message.transport.word(), reason_label(message.reason));
    let reason = if reason == "after a timeout" { "because another query timed out" } else { reason };
    let seconds = |micros: u32| Duration::from_micros(micros.into()).as_secs_f32();
    let (at, took) = (seconds(message.at), seconds(message.elapsed));
    let conduct = message
        .conduct
        .map_or("no answer yet when the resolution ended", |conduct| conduct.fault().unwrap_or("answered"));
    let keys = if message.keys { ", for DNSSEC keys" } else { "" };
    tracing::trace!(
        name,
        "type" = kind,
        server,
        zone,
        conduct,
        "query {name} {kind}: {at:.3} s after the begin of the query, resolverd queried {server}, a server of {shown}, over {transport} ({reason}{keys}); {took:.3} s later: {conduct}"
    );
}
