//! The answer to `resolverctl why`: a message (email) of the record with its culprit, and the criteria by which messages are selected.
//! `search` finds the messages.
//!
//! Pure: a function of the recorded questions. Times are in seconds, moments in seconds since 1970.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::culprit::{DecisiveTime, ExplainedQuestion, MessageVerdict};
use super::doubt::PossibleWait;
use super::entry::{FlightEntry, MessageEntry, QuestionEntry};
pub use super::evidence::CulpritReport;
use super::evidence::{self, Absence, MICROS, seconds};
use super::message::ListOf;
use super::recorded::{ReadSpan, Recorded};
use super::redact::Secrets;
use super::traffic::{covered, moments};
use crate::limits::{MAX_WHY_ALSO, MAX_WHY_LINE, MAX_WHY_QUESTIONS, MAX_WHY_SENT, WHY_MARGIN};
use dns::clock::micros;
use dns::conduct::{Conduct, Transport};
use dns::question::{ClientTransport, Outcome, kind_text, name_of_wire, name_text};

/// Selects the messages that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name, address or domain that one question of the message must concern; none if any message is wanted.
    pub subject: Option<WantedSubject>,
    /// The start of the time in which one of the questions must have been asked, in microseconds since 1970.
    pub from: u64,
    /// The end of this time.
    pub to: u64,
    /// The client that sent the message's questions; none if any client is wanted.
    pub client: Option<IpNet>,
    /// The largest number of messages. Without a subject, the messages that waited longest are returned; with a subject, the worst messages.
    pub most: usize,
    /// The time whose queries decide the culprit, in microseconds since 1970; none if all queries count.
    pub decisive: Option<DecisiveTime<u64>>,
}

/// A subject that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSubject {
    /// An address: its reverse name, its names in DNS lists, and the hosts that have it.
    Address(IpAddr),
    /// A name and all names below it, in lower-case wire form. Queries to a DNS list about these names count too.
    Name(Box<[u8]>),
    /// A name without the names below it, in lower-case wire form.
    Itself(Box<[u8]>),
}

/// A message, and why it was slow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageReport {
    /// If the message was not found: when the record begins; none if the record is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_begin: Option<f64>,
    /// If the message was not found: how far back each part of the record is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryReach>,
    /// The pasted line that it explains, for `resolverctl why -`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The number of further lines that lead to the same message.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_lines: u64,
    /// The number of messages that match the pasted line, if there are several: they may be parts of one mail, or belong to different mails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fitting: u64,
    /// The part of the line that was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if the record has only what is on disk for this time: failed, bogus and slow queries, and messages that took long.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_disk: bool,
    /// When the first question of the message came. If the message was not found: when the record begins.
    pub began: f64,
    /// The client; `redacted` if `history.redact` has removed it, and empty if the message was not found.
    pub client: String,
    /// The time from the first question to the last reply.
    pub took: f64,
    /// The part of this time in which questions were in progress.
    pub waited: f64,
    /// The questions of the message, the earliest first. If they do not all fit into the reply, it has the first question, the questions about
    /// the wanted subject, the failed questions, and the questions that took longest.
    pub questions: Vec<QuestionReport>,
    /// The number of questions that were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Waits of the same client that may belong to the mail of this message, the nearest first. No name connects them with the message, and
    /// other messages of the client were in progress.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_waits: Vec<PossibleWait>,
    /// The number of further waits that were left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub possible_waits_left_out: u64,
    /// The culprit.
    pub culprit: CulpritReport,
    /// Other culprits that cost about the same time, or more time than the culprit of the questions about the wanted subject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<CulpritReport>,
}

/// How far back the record goes, in seconds since 1970. Each part has a ring of its own, or files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryReach {
    /// Since when memory has every question that the cache did not answer; none if memory has no such question.
    pub resolved: Option<f64>,
    /// Since when memory has every question that the cache answered; none if memory has no such question.
    pub cache: Option<f64>,
    /// Since when the disk has questions: only those that failed, were bogus or were slow. None if the disk has no questions.
    pub disk: Option<f64>,
    /// From this time on, a question is slow; in seconds.
    #[serde(default)]
    pub slow: Option<f64>,
}

impl HistoryReach {
    /// Returns how far back a record goes.
    pub(super) fn from_recorded(extent: &Recorded, slow: Duration) -> Self {
        Self {
            slow: Some(slow.as_secs_f64()),
            resolved: extent.whole().map(seconds),
            cache: extent.lost_hits.or(extent.begin).map(seconds),
            disk: extent.stored_since.map(seconds),
        }
    }
}

/// A question of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionReport {
    /// The time since the first question of the message.
    pub at: f64,
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The time from the question to the reply.
    pub elapsed: f64,
    /// The time that the question waited before its resolution began.
    pub queued: f64,
    /// The part of this time in which queries to servers were in progress.
    pub servers: f64,
    /// True if the question concerns the name or the address for which the operator asked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_subject: bool,
    /// How the question reached resolverd; none if this is not known, as for questions answered from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<ClientTransport>,
    /// The local user of the client, if the question failed or was slow: a name, or a number if the user has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why the question failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The queries to servers that were sent for the question.
    pub messages: Vec<SentReport>,
}

impl MessageReport {
    /// Returns true if the record has no such message, or if the searched part of the record does not exist.
    pub fn is_absent(&self) -> bool {
        self.questions.is_empty() && self.left_out == 0
    }
}

/// The size of the JSON keys and numbers of a question or of a message, in octets.
const OBJECT: usize = 200;

impl QuestionReport {
    /// Returns the largest size that the question can have in JSON, in octets. A character of a name is written with up to four characters,
    /// and the backslash is escaped.
    fn weight(&self) -> usize {
        let sent =
            self.messages.iter().map(|message| message.zone.len().saturating_mul(2).saturating_add(OBJECT));
        let error = self.error.as_ref().map_or(0, |error| error.len().saturating_mul(2));
        let own = self.name.len().saturating_mul(2).saturating_add(error).saturating_add(OBJECT);
        sent.fold(own, usize::saturating_add)
    }
}

/// A query to a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentReport {
    /// The time since the first question of the message.
    pub at: f64,
    /// The address of the server.
    pub server: String,
    /// The zone for which the server was asked.
    pub zone: String,
    /// The transport.
    pub transport: Transport,
    /// Why the query was sent to this server.
    pub reason: String,
    /// What the server did; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// The time until the answer, or the time without an answer.
    pub round_trip: f64,
}

/// The facts that the daemon adds to a report.
pub struct DaemonFacts<'a> {
    /// Finds the DNS list to which a name in wire form belongs.
    pub list: ListOf<'a>,
    /// Returns the usual behaviour of the servers of a zone.
    pub usual: &'a dyn Fn(&str) -> Option<String>,
    /// From this time on, a question is slow.
    pub slow: Duration,
}

impl Wanted {
    /// Selects the same messages by the name in the form of the record: without the customer key of a DNS list, which log lines contain.
    #[must_use]
    pub fn without_keys(&self, secrets: &Secrets) -> Self {
        let hidden = match &self.subject {
            Some(WantedSubject::Name(name)) => secrets.hidden(name).map(WantedSubject::Name),
            Some(WantedSubject::Itself(name)) => secrets.hidden(name).map(WantedSubject::Itself),
            _ => None,
        };
        Self { subject: hidden.or_else(|| self.subject.clone()), ..self.clone() }
    }

    /// Selects the questions to read: those within some minutes of the wanted time, because a message may have begun before it or ended after
    /// it.
    pub fn span(&self) -> ReadSpan {
        let margin = micros(WHY_MARGIN);
        let (from, to) = (self.from.saturating_sub(margin), self.to.saturating_add(margin));
        ReadSpan { from, to, client: self.client, hits: true }
    }
}

/// Returns the report of a message. Its questions take at most `left` octets, and `left` is reduced by their size.
pub(super) fn report(
    asked: &[ExplainedQuestion<'_>],
    verdict: &MessageVerdict,
    facts: &DaemonFacts<'_>,
    is_of_subject: &dyn Fn(&QuestionEntry) -> bool,
    left: &mut usize,
) -> MessageReport {
    let first = asked.first().map_or(0, |one| one.question.at);
    let mut line = MAX_WHY_LINE.min(*left);
    let mut places: Vec<usize> = (0..asked.len()).collect();
    places.sort_by_cached_key(|place| {
        asked.get(*place).map(|one| {
            let worth = (*place == 0, is_of_subject(one.question), one.failed(), one.question.elapsed);
            std::cmp::Reverse(worth)
        })
    });
    let questions = places.into_iter().take(MAX_WHY_QUESTIONS).map_while(|place| {
        let one = asked.get(place)?;
        let question = question(one, first, is_of_subject(one.question));
        let weight = question.weight();
        line = line.checked_sub(weight)?;
        *left = left.saturating_sub(weight);
        Some((place, question))
    });
    let mut questions: Vec<(usize, QuestionReport)> = questions.collect();
    questions.sort_by_key(|(place, _)| *place);
    let questions: Vec<QuestionReport> = questions.into_iter().map(|(_, question)| question).collect();
    let mut culprits =
        verdict.causes.iter().map(|cause| evidence::culprit(cause, asked, verdict, facts.usual));
    let culprit = culprits.next().unwrap_or_else(|| evidence::unknown(Absence::Others));
    MessageReport {
        began: seconds(first),
        client: asked.first().map(|one| one.question.client_text()).unwrap_or_default(),
        took: seconds(verdict.took),
        waited: seconds(verdict.waited),
        left_out: asked.len().saturating_sub(questions.len()) as u64,
        questions,
        also: culprits.take(MAX_WHY_ALSO).collect(),
        culprit,
        ..MessageReport::default()
    }
}

fn question(one: &ExplainedQuestion<'_>, first: u64, of_subject: bool) -> QuestionReport {
    let ExplainedQuestion { question, flight, .. } = one;
    let own = flight.filter(|flight| question.flight == Some(flight.id));
    let began = own.map_or(question.at, |flight| flight.began.clamp(question.at, question.end()));
    let messages = own.map_or(&[][..], |flight| &flight.messages);
    let sent = |message: &MessageEntry| {
        let at = own.map_or(0, |flight| flight.began).saturating_add(message.at.into());
        SentReport {
            at: (at as f64 - first as f64) / MICROS,
            server: message.server.to_string(),
            zone: name_text(&name_of_wire(&message.zone)),
            transport: message.transport,
            reason: message.reason.to_owned(),
            conduct: message.conduct,
            round_trip: seconds(message.elapsed.into()),
        }
    };
    QuestionReport {
        at: seconds(question.at.saturating_sub(first)),
        name: name_text(&name_of_wire(&question.name)),
        kind: kind_text(question.kind),
        outcome: question.outcome,
        elapsed: seconds(question.elapsed),
        queued: seconds(began.saturating_sub(question.at)),
        servers: seconds(with_servers(question, own)),
        of_subject,
        transport: question.transport,
        user: question.user.as_ref().map(|user| user.to_string()),
        error: (!question.error.is_empty()).then(|| question.error.to_string()),
        messages: messages.iter().take(MAX_WHY_SENT).map(sent).collect(),
    }
}

/// Returns how long queries to servers were in progress for a question, in microseconds.
fn with_servers(question: &QuestionEntry, flight: Option<&FlightEntry>) -> u64 {
    let spans =
        flight.into_iter().flat_map(|flight| flight.messages.iter().map(|message| moments(flight, message)));
    covered(spans.collect(), (question.at, question.end()))
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(value: &bool) -> bool {
    !value
}
