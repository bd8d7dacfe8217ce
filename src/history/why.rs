//! The answer to `resolverctl why`: a message (the questions for one email) of the history with its culprit, and the criteria by which messages are
//! selected. The module `search` finds the messages.
//!
//! Pure: a function of the recorded questions. Durations are in seconds, points in time in seconds since 1970.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::costs::{Side, sums};
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
use dns::question::{ClientTransport, DnsResult, Outcome, kind_text, name_of_wire, name_text};

/// What `resolverctl why` looks for: the criteria by which messages (emails) are selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name or address that at least one question of the message (email) must concern; none if any message is wanted.
    pub subject: Option<WantedSubject>,
    /// The start of the period in which at least one question of the message (email) must have been asked, in microseconds since 1970.
    pub from: u64,
    /// The end of this period, in microseconds since 1970.
    pub to: u64,
    /// The client that sent the questions of the message (email); none if any client is wanted.
    pub client: Option<IpNet>,
    /// The largest number of messages (emails) in the reply. Without a subject, the messages that waited longest are returned. With a subject, those
    /// with failures or with the longest delay by one cause.
    pub most: usize,
    /// The time from a log line that decides which queries are the culprit, in microseconds since 1970; none if all queries count.
    pub decisive: Option<DecisiveTime<u64>>,
}

/// The name or address for which the operator looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSubject {
    /// An address: its reverse name, its names in DNS lists, and the hosts that have it.
    Address(IpAddr),
    /// A name and all names below it, in lower-case wire form. Queries to a DNS list about these names count too.
    Name(Box<[u8]>),
    /// A name without the names below it, in lower-case wire form.
    Itself(Box<[u8]>),
}

/// A message (email), with the reason why it was slow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageReport {
    /// If the message (email) was not found: when the history begins, in seconds since 1970. None if the history is empty, or if the message was
    /// found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_begin: Option<f64>,
    /// If the message (email) was not found: since when each part of the history is complete. Otherwise none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryReach>,
    /// For `resolverctl why -`: the pasted line of a mail log that this report explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// For `resolverctl why -`: how long the queries of the message (email) waited, and what the pasted line says about the other parts of its delay.
    /// None if the evidence of the culprit already says this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<String>,
    /// For `resolverctl why -`: the number of further pasted lines for which the same message (email) was found.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_lines: u64,
    /// The number of messages (groups of queries) that match the pasted line, if there are several: they may be parts of one mail, or belong to
    /// different mails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fitting: u64,
    /// The part of the pasted line that was not understood; none if everything was understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if, for the time of this message (email), the history has only the entries from disk: failed, bogus and slow queries, and messages that
    /// took long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_disk: bool,
    /// When the first question of the message (email) came, in seconds since 1970. If the message was not found: when the history begins.
    pub began: f64,
    /// The address of the client; `redacted` if `history.redact` has removed it, and empty if the message (email) was not found.
    pub client: String,
    /// The time from the first question to the last reply, in seconds.
    pub took: f64,
    /// The part of this time in which at least one question was in progress, in seconds.
    pub waited: f64,
    /// For each side (this host, others, the client, or unknown): the time that the message (email) waited because of it, in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<Side, f64>,
    /// The questions of the message (email), the earliest first. If they do not all fit into the reply, it has only the first question, the questions
    /// about the wanted subject, the failed questions, and the questions that took longest.
    pub questions: Vec<QuestionReport>,
    /// How many questions of the message were left out of `questions`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Waits of the same client that may belong to the mail of this message (group of queries), the nearest first. They are uncertain: no name
    /// connects them with the message, but messages of one client at the same time may belong to one mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_waits: Vec<PossibleWait>,
    /// The number of possible waits that were left out of `possible_waits`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub possible_waits_left_out: u64,
    /// The culprit of the message (email), with evidence and advice.
    pub culprit: CulpritReport,
    /// Other culprits of the message (email): those that delayed it for about the same time as `culprit`. If `culprit` was chosen because its
    /// questions are about the wanted subject, also those that delayed the message longer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<CulpritReport>,
}

/// How far back the history goes, in seconds since 1970. Each part of the history is overwritten separately, so each has its own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryReach {
    /// The time since which memory has every question that the cache did not answer; none if memory has no such question.
    pub resolved: Option<f64>,
    /// The time since which memory has every question that the cache answered; none if memory has no such question.
    pub cache: Option<f64>,
    /// The time since which the disk has questions: only those that failed, were bogus or were slow. None if the disk has no questions.
    pub disk: Option<f64>,
    /// The duration in seconds from which on a question counts as slow.
    #[serde(default)]
    pub slow: Option<f64>,
}

impl HistoryReach {
    /// Returns how far back the history goes. `slow` is the duration from which on a question is slow.
    pub(super) fn from_recorded(extent: &Recorded, slow: Duration) -> Self {
        Self {
            slow: Some(slow.as_secs_f64()),
            resolved: extent.whole().map(seconds),
            cache: extent.lost_hits.or(extent.begin).map(seconds),
            disk: extent.stored_since.map(seconds),
        }
    }
}

/// A question of a message (email), in the reply to `resolverctl why`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionReport {
    /// When the question came, in seconds since the first question of the message (email).
    pub at: f64,
    /// The name for which the client asked.
    pub name: String,
    /// The record type for which the client asked.
    #[serde(rename = "type")]
    pub kind: String,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// What DNS said; unknown for a question that was recorded by an earlier version.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub result: DnsResult,
    /// The DNS list to which the question was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The return codes of the DNS list for its entry, if they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<IpAddr>,
    /// If the name does not exist or has no address: the other name, among the questions of the same message (email), whose MX or PTR record has this
    /// name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<String>,
    /// The time from the question to the reply, in seconds.
    pub elapsed: f64,
    /// The time that the question waited before its resolution began, in seconds.
    pub queued: f64,
    /// The part of `elapsed` in which queries to servers were in progress, in seconds.
    pub servers: f64,
    /// True if the question concerns the name or the address for which the operator asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_subject: bool,
    /// How the question reached resolverd; none if this is not known, as for questions answered from the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<ClientTransport>,
    /// The local user of the client, if the question failed or was slow: a name, or a number if the user has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why the question failed, as a sentence; none if it did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The queries to servers that were sent for the question, some of them left out.
    pub messages: Vec<SentReport>,
}

impl MessageReport {
    /// Returns true if the message (email) was not found in the history.
    pub fn is_absent(&self) -> bool {
        self.questions.is_empty() && self.left_out == 0
    }
}

/// The octets that the JSON of a question or of a query to a server takes at most, without its names.
const OBJECT: usize = 200;

impl QuestionReport {
    /// Returns the largest number of octets that the question can take in JSON. One octet of a name can become four characters (a backslash and three
    /// digits), and JSON writes a backslash as two.
    fn weight(&self) -> usize {
        let sent =
            self.messages.iter().map(|message| message.zone.len().saturating_mul(2).saturating_add(OBJECT));
        let error = self.error.as_ref().map_or(0, |error| error.len().saturating_mul(2));
        let names = [&self.list, &self.named_by].into_iter().flatten().map(String::len).sum::<usize>();
        let names =
            names.saturating_add(self.name.len()).saturating_add(self.codes.len().saturating_mul(OBJECT));
        let own = names.saturating_mul(2).saturating_add(error).saturating_add(OBJECT);
        sent.fold(own, usize::saturating_add)
    }
}

/// A query to a server, in the reply to `resolverctl why`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentReport {
    /// When the query was sent, in seconds since the first question of the message (email).
    pub at: f64,
    /// The address of the server.
    pub server: String,
    /// The zone for which the server was asked.
    pub zone: String,
    /// The transport of the query: UDP, TCP, TLS or HTTPS.
    pub transport: Transport,
    /// Why the query was sent to this server: one word, such as `retry` (see `StepEvent::Sent`).
    pub reason: String,
    /// The behaviour of the server; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// The time from the query to its answer in seconds. If there was no answer, the time until the resolution ended.
    pub round_trip: f64,
}

/// The facts about DNS lists, zones and slow questions that the daemon knows and the history does not contain.
pub struct DaemonFacts<'a> {
    /// Finds the DNS list to which a name in wire form belongs.
    pub list: ListOf<'a>,
    /// Returns a sentence about the usual behaviour of the servers of a zone, if this is known. The argument is the name of the zone.
    pub usual: &'a dyn Fn(&str) -> Option<String>,
    /// The duration from which on a question counts as slow.
    pub slow: Duration,
}

impl Wanted {
    /// Returns the same criteria, with the name in the form that it has in the history: without the customer key of a DNS list (see `redact`). A name
    /// from a log line may contain such a key.
    #[must_use]
    pub fn without_keys(&self, secrets: &Secrets) -> Self {
        let hidden = match &self.subject {
            Some(WantedSubject::Name(name)) => secrets.hidden(name).map(WantedSubject::Name),
            Some(WantedSubject::Itself(name)) => secrets.hidden(name).map(WantedSubject::Itself),
            _ => None,
        };
        Self { subject: hidden.or_else(|| self.subject.clone()), ..self.clone() }
    }

    /// Selects the questions to read from the history. The period is some minutes longer at both ends than the wanted one, because a message (email)
    /// may have begun before it or ended after it.
    pub fn span(&self) -> ReadSpan {
        let margin = micros(WHY_MARGIN);
        let (from, to) = (self.from.saturating_sub(margin), self.to.saturating_add(margin));
        ReadSpan { from, to, client: self.client, hits: true }
    }
}

/// Returns the report on a message (email). Its questions take at most `left` octets, and `left` is reduced by their size.
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
        let mut question = question(one, first, is_of_subject(one.question));
        if matches!(question.result, DnsResult::NoName | DnsResult::NoData) {
            let naming = asked.iter().find(|other| other.names(&one.question.name));
            question.named_by = naming.map(|other| name_text(&name_of_wire(&other.question.name)));
        }
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
        sums: sums(&verdict.causes),
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
        result: one.result(),
        list: one.apex().map(|apex| name_text(&name_of_wire(apex))),
        codes: if one.result() == DnsResult::Listed { one.codes() } else { Vec::new() },
        named_by: None,
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

/// Returns how long queries to servers were in progress while a question waited, in microseconds.
fn with_servers(question: &QuestionEntry, flight: Option<&FlightEntry>) -> u64 {
    let spans =
        flight.into_iter().flat_map(|flight| flight.messages.iter().map(|message| moments(flight, message)));
    covered(spans.collect(), (question.at, question.end()))
}

pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_unknown(result: &DnsResult) -> bool {
    *result == DnsResult::Unknown
}
