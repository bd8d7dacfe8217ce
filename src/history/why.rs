//! The answer to `resolverctl why`: a message (email) of the record with its culprit, and the words by which messages are wanted; `search`
//! finds these.
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

/// Which messages are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name, address or domain that one of their questions concerns; none: any.
    pub subject: Option<WantedSubject>,
    /// The time in which one of their questions was asked, in microseconds since 1970.
    pub from: u64,
    /// Its end.
    pub to: u64,
    /// Their client.
    pub client: Option<IpNet>,
    /// The number of messages at most: without a subject those that waited longest, else the worst.
    pub most: usize,
    /// The time that decides the culprit, in microseconds since 1970; none: all.
    pub decisive: Option<DecisiveTime<u64>>,
}

/// A subject that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSubject {
    /// An address: its reverse name, its names in lists, and hosts with it.
    Address(IpAddr),
    /// A name and all below it, in lower-case wire form; also as the subject of a list.
    Name(Box<[u8]>),
    /// A name without those below it, in lower-case wire form.
    Itself(Box<[u8]>),
}

/// A message, and why it was slow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageReport {
    /// For an unknown message: when the record begins; none if it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_begin: Option<f64>,
    /// For an unknown message: since when each part of the record is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryReach>,
    /// The pasted line that it explains, for `resolverctl why -`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// The number of further lines with the same message.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_lines: u64,
    /// The number of messages that fit the line, if there are several: parts of its mail, or other mails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fitting: u64,
    /// The part of the line that was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the record has only the failed, bogus and slow queries of its time, and messages that took long: those on the disk.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_disk: bool,
    /// When its first question came; for an unknown one when the record begins.
    pub began: f64,
    /// Its client; `redacted` if `history.redact` has removed it, empty for an unknown one.
    pub client: String,
    /// From its first question to its last reply.
    pub took: f64,
    /// The part of it in which its questions were in progress.
    pub waited: f64,
    /// Its questions, the earliest first. Beyond the bound of a reply: the first question, the questions about the wanted
    /// subject, the questions that failed, and the questions that took longest.
    pub questions: Vec<QuestionReport>,
    /// The number of the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Waits of the same client that may belong to the mail of this message, the nearest first: no name joins them, and other messages of
    /// the client were in progress.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_waits: Vec<PossibleWait>,
    /// The number of further ones.
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
    /// Since when memory has every question that the cache did not answer; none if it has no question.
    pub resolved: Option<f64>,
    /// Since when memory has every question that the cache answered; none if it has no question.
    pub cache: Option<f64>,
    /// Since when the disk has questions: only those that failed, were bogus or were slow. None if it has none.
    pub disk: Option<f64>,
    /// The seconds from which on a question is slow.
    #[serde(default)]
    pub slow: Option<f64>,
}

impl HistoryReach {
    /// The reach of a record.
    pub(super) fn of(extent: &Recorded, slow: Duration) -> Self {
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
    /// Since the first question of the message.
    pub at: f64,
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The outcome.
    pub outcome: Outcome,
    /// Until the reply.
    pub elapsed: f64,
    /// The time before its resolution began.
    pub queued: f64,
    /// The time in which queries to servers were in progress.
    pub servers: f64,
    /// Whether it concerns the name or the address that was asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub of_subject: bool,
    /// The way in which it came; none if it is not known, as for questions from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<ClientTransport>,
    /// The local user of its client, if it failed or was slow: a name, or a number if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The queries to servers.
    pub messages: Vec<SentReport>,
}

impl MessageReport {
    /// A message of which nothing is known but its culprit.
    pub(super) fn without_questions(culprit: CulpritReport) -> Self {
        Self {
            history_begin: None,
            history: None,
            line: None,
            more_lines: 0,
            fitting: 0,
            note: None,
            of_disk: false,
            began: 0.0,
            client: String::new(),
            took: 0.0,
            waited: 0.0,
            questions: Vec::new(),
            left_out: 0,
            possible_waits: Vec::new(),
            possible_waits_left_out: 0,
            culprit,
            also: Vec::new(),
        }
    }

    /// Whether the record has no such message, or the part of it that is searched.
    pub fn is_absent(&self) -> bool {
        self.questions.is_empty() && self.left_out == 0
    }
}

/// Octets of the keys and numbers of a question, or of a message, in JSON.
const OBJECT: usize = 200;

impl QuestionReport {
    /// Its octets in JSON at most. A character of a name is written with up to four characters, and the backslash is escaped.
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
    /// Since the first question of the message.
    pub at: f64,
    /// The server.
    pub server: String,
    /// The zone that it was asked for.
    pub zone: String,
    /// The transport.
    pub transport: Transport,
    /// Why it was asked.
    pub reason: String,
    /// Its conduct; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// The time to its answer, or without one.
    pub round_trip: f64,
}

/// The facts that the daemon adds.
pub struct DaemonFacts<'a> {
    /// The DNS list that a name in wire form asks.
    pub list: ListOf<'a>,
    /// The usual behaviour of the servers of a zone.
    pub usual: &'a dyn Fn(&str) -> Option<String>,
    /// The time from which on a question is slow.
    pub slow: Duration,
}

impl Wanted {
    /// The same messages, by the name as the record is read: without the key of a client of a DNS list, which log lines have.
    #[must_use]
    pub fn without_keys(&self, secrets: &Secrets) -> Self {
        let hidden = match &self.subject {
            Some(WantedSubject::Name(name)) => secrets.hidden(name).map(WantedSubject::Name),
            Some(WantedSubject::Itself(name)) => secrets.hidden(name).map(WantedSubject::Itself),
            _ => None,
        };
        Self { subject: hidden.or_else(|| self.subject.clone()), ..self.clone() }
    }

    /// The questions to read: the questions of a message are within some minutes of the wanted moment.
    pub fn span(&self) -> ReadSpan {
        let margin = micros(WHY_MARGIN);
        let (from, to) = (self.from.saturating_sub(margin), self.to.saturating_add(margin));
        ReadSpan { from, to, client: self.client, hits: true }
    }
}

/// The report of a message; its questions take at most `left` octets, which is lessened by them.
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
        ..MessageReport::without_questions(culprit)
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

/// The time of a question in which queries to servers were in progress, in microseconds.
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
