//! The answer to `resolverctl why`: an email (a message) of the history with its culprit, and the criteria by which messages are selected.
//! The module `search` finds them.
//!
//! A pure function of the recorded questions. Durations are in seconds, times in seconds since 1970.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::costs::sums;
use crate::culprit::{DecisiveTime, ExplainedQuestion, MessageVerdict};
use crate::doubt::PossibleWait;
pub use crate::evidence::CulpritReport;
use crate::evidence::{self, Absence, MICROS, seconds};
use crate::limits::{MAX_WHY_ALSO, MAX_WHY_LINE, MAX_WHY_QUESTIONS, MAX_WHY_SENT, WHY_MARGIN};
use crate::message::ListOf;
use crate::traffic::{covered, moments};
use dns::clock::micros;
use dns::conduct::{Conduct, Transport};
use dns::question::{ClientTransport, DnsResult, Outcome, kind_text, name_of_wire, name_text};
use record::changes::ChangeRow;
use record::culprit::Side;
use record::entry::{FlightEntry, MessageEntry, QuestionEntry};
use record::redact::Secrets;
use record::{ReadSpan, Recorded};

/// The criteria by which `resolverctl why` selects emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The name or address that one question must concern; none if any is wanted.
    pub subject: Option<WantedSubject>,
    /// The start of the period in which one question must have come, in microseconds since 1970.
    pub from: u64,
    /// The end of the period, in microseconds since 1970.
    pub to: u64,
    /// The network of the client; none if any client is wanted.
    pub client: Option<IpNet>,
    /// The largest number of emails in the reply. Without a subject, these are the emails that waited longest. With a subject, these are the emails
    /// with failures or with the longest delay by one cause.
    pub most: usize,
    /// A time from a log line, in microseconds since 1970. It decides which queries can be the culprit. None if all of them can.
    pub decisive: Option<DecisiveTime<u64>>,
}

/// The name or address for which the operator looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSubject {
    /// An address: its reverse name, its names in DNS lists, and the hosts that have it.
    Address(IpAddr),
    /// A name in lower-case wire form. Queries for this name, for names below it, and for them in DNS lists are wanted.
    Name(Box<[u8]>),
    /// A name in lower-case wire form. Queries for this name alone, and for it in DNS lists, are wanted.
    Itself(Box<[u8]>),
}

/// An email, and why it was slow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageReport {
    /// If the email was not found: when the history begins, in seconds since 1970; none if the history is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_begin: Option<f64>,
    /// If the email was not found: since when each part of the history is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryReach>,
    /// For `resolverctl why -`: the line of a mail log that this report explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// For `resolverctl why -`: how long the queries waited, and what the line says about other parts of the delay. None if the evidence of
    /// the culprit says this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<String>,
    /// For `resolverctl why -`: further lines for which the same email was found.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_lines: u64,
    /// How many messages (groups of queries) match the line, if there are several: parts of one mail, or different mails.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fitting: u64,
    /// The part of the line that was not understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// True if the history has only the entries from disk for this time: failed, bogus and slow queries, and emails that took long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_disk: bool,
    /// True if the queries waited longer than the delay in the pasted line: some of them were sent before the delay, or for other mails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exceeds_delay: bool,
    /// When the first question came, in seconds since 1970. If the email was not found: when the history begins.
    pub began: f64,
    /// The client's address; `redacted` if `history.redact` has removed it, empty if the email was not found.
    pub client: String,
    /// From the first question to the last reply, in seconds.
    pub took: f64,
    /// The part of this time in which at least one question was in progress, in seconds.
    pub waited: f64,
    /// How long the email waited because of each side (this host, others, the client, or unknown), in seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sums: BTreeMap<Side, f64>,
    /// The questions, the earliest first. If the reply has no room for all: only the first question, those about the wanted subject, the
    /// failed ones, and those that took longest.
    pub questions: Vec<QuestionReport>,
    /// How many questions are missing in `questions`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Waits of the same client that may belong to this mail, the nearest first. No name connects them with it, only the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible_waits: Vec<PossibleWait>,
    /// How many are missing in `possible_waits`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub possible_waits_left_out: u64,
    /// The culprit, with evidence and advice.
    pub culprit: CulpritReport,
    /// Other culprits that delayed the email for about the same time as `culprit`. If `culprit` was chosen because it concerns the wanted subject,
    /// culprits that delayed the email longer are here too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<CulpritReport>,
    /// The last change of a record of a domain whose questions failed or were slow, if it came at most a day before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangeRow>,
}

/// How far back each part of the history goes, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryReach {
    /// Since when memory has every question that the cache did not answer; none if it has no such question.
    pub resolved: Option<f64>,
    /// Since when memory has every question that the cache answered; none if it has no such question.
    pub cache: Option<f64>,
    /// Since when the disk has failed, bogus and slow questions; none if it has none.
    pub disk: Option<f64>,
    /// The shortest duration of a slow question, in seconds.
    #[serde(default)]
    pub slow: Option<f64>,
}

impl HistoryReach {
    pub(crate) fn from_recorded(extent: &Recorded, slow: Duration) -> Self {
        Self {
            slow: Some(slow.as_secs_f64()),
            resolved: extent.whole().map(seconds),
            cache: extent.lost_hits.or(extent.begin).map(seconds),
            disk: extent.stored_since.map(seconds),
        }
    }
}

/// A question of an email.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionReport {
    /// Seconds since the first question of the email.
    pub at: f64,
    /// The name.
    pub name: String,
    /// The record type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// What DNS said; `Unknown` if an earlier version of resolverd recorded the question.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub result: DnsResult,
    /// The DNS list to which the question went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The return codes of the DNS list, if they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<IpAddr>,
    /// If the name does not exist, has no address, or does not have the address whose PTR record has this name: the name in the same email whose
    /// MX or PTR record has this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<String>,
    /// If the name does not exist, and no server was asked for it: the zone whose signed records in the cache deny the name (RFC 8198).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concluded_from: Option<String>,
    /// Seconds from the question to the reply.
    pub elapsed: f64,
    /// Seconds from the question to the start of its resolution.
    pub queued: f64,
    /// Seconds of `elapsed` in which queries to servers were in progress.
    pub servers: f64,
    /// True if the question concerns the wanted name or address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_subject: bool,
    /// How the question reached resolverd. `None` if this is not known, as for cache hits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<ClientTransport>,
    /// The client's local user, if the question failed or was slow: a name, or a number if the user has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Why the question failed, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Some of the queries to servers.
    pub messages: Vec<SentReport>,
}

impl MessageReport {
    /// Returns true if the email was not found.
    pub fn is_absent(&self) -> bool {
        self.questions.is_empty() && self.left_out == 0
    }
}

/// The largest size of a question or of a query in JSON, in octets, without the names in it.
const OBJECT: usize = 200;

impl QuestionReport {
    /// Returns the greatest size of the question in JSON, in octets. In the text of a name, an octet may become a backslash and three digits,
    /// and JSON writes each backslash as two.
    fn weight(&self) -> usize {
        let sent =
            self.messages.iter().map(|message| message.zone.len().saturating_mul(2).saturating_add(OBJECT));
        let error = self.error.as_ref().map_or(0, |error| error.len().saturating_mul(2));
        let names = [&self.list, &self.named_by, &self.concluded_from]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>();
        let names =
            names.saturating_add(self.name.len()).saturating_add(self.codes.len().saturating_mul(OBJECT));
        let own = names.saturating_mul(2).saturating_add(error).saturating_add(OBJECT);
        sent.fold(own, usize::saturating_add)
    }
}

/// A query to a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentReport {
    /// Seconds since the first question of the email.
    pub at: f64,
    /// The server's address.
    pub server: String,
    /// The zone for which the server was asked.
    pub zone: String,
    /// UDP, TCP, TLS or HTTPS.
    pub transport: Transport,
    /// Why this server was asked, in one word (see `StepEvent::Sent`).
    pub reason: String,
    /// The server's behaviour; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// Seconds from the query to its answer, or to the end of the resolution.
    pub round_trip: f64,
}

/// Facts of the daemon about DNS lists, zones and slow questions, which the history does not contain.
pub struct DaemonFacts<'a> {
    /// Finds the DNS list to which a name in wire form belongs.
    pub list: ListOf<'a>,
    /// Returns a sentence about the usual behaviour of the servers of a zone, given by its name, if this is known.
    pub usual: &'a dyn Fn(&str) -> Option<String>,
    /// Returns true if the configuration names the servers of the zone, given in wire form.
    pub configured: &'a dyn Fn(&[u8]) -> bool,
    /// Returns when a server last replied to any query, also to a probe, in microseconds since 1970, or 0.
    pub replied: &'a dyn Fn(IpAddr) -> u64,
    /// Returns when a server of the zone, given in wire form, last answered without an error, in microseconds since 1970, or 0.
    pub answered: &'a dyn Fn(&[u8]) -> u64,
    /// When the last fault of the network of this host ended, in microseconds since 1970; 0 if there was none.
    pub repaired: u64,
    /// The shortest duration of a slow question.
    pub slow: Duration,
}

/// Knows no lists and no zones. A question of a second is slow, as with the default configuration.
impl Default for DaemonFacts<'_> {
    fn default() -> Self {
        Self {
            list: &|_| None,
            usual: &|_| None,
            configured: &|_| false,
            replied: &|_| 0,
            answered: &|_| 0,
            repaired: 0,
            slow: Duration::from_secs(1),
        }
    }
}

impl Wanted {
    /// Removes the customer key of a DNS list from the wanted name, as in the history (see `redact`). A name from a log line may contain
    /// one.
    #[must_use]
    pub fn without_keys(&self, secrets: &Secrets) -> Self {
        let hidden = match &self.subject {
            Some(WantedSubject::Name(name)) => secrets.hidden(name).map(WantedSubject::Name),
            Some(WantedSubject::Itself(name)) => secrets.hidden(name).map(WantedSubject::Itself),
            _ => None,
        };
        Self { subject: hidden.or_else(|| self.subject.clone()), ..self.clone() }
    }

    /// Selects the questions to read. The period is some minutes longer at both ends, because an email may have begun before it or ended
    /// after it.
    pub fn span(&self) -> ReadSpan {
        let margin = micros(WHY_MARGIN);
        let (from, to) = (self.from.saturating_sub(margin), self.to.saturating_add(margin));
        ReadSpan { from, to, client: self.client, ..ReadSpan::default() }
    }
}

/// Returns the report about a message (email). `left`: how many octets the questions of all reports may still take; the size of these
/// questions is subtracted.
pub(crate) fn report(
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
        let naming = naming(one, question.result, asked);
        question.named_by = naming.map(|other| name_text(&name_of_wire(&other.question.name)));
        let weight = question.weight();
        line = line.checked_sub(weight)?;
        *left = left.saturating_sub(weight);
        Some((place, question))
    });
    let mut questions: Vec<(usize, QuestionReport)> = questions.collect();
    questions.sort_by_key(|(place, _)| *place);
    let questions: Vec<QuestionReport> = questions.into_iter().map(|(_, question)| question).collect();
    let mut culprits = verdict.causes.iter().map(|cause| evidence::culprit(cause, asked, verdict, facts));
    let culprit = culprits.next().unwrap_or_else(|| evidence::unknown(Absence::Others));
    MessageReport {
        began: seconds(first),
        client: asked.first().map(|one| one.question.client_text()).unwrap_or_default(),
        took: seconds(verdict.took),
        waited: seconds(verdict.waited),
        sums: sums(&verdict.causes, facts.configured),
        left_out: asked.len().saturating_sub(questions.len()) as u64,
        questions,
        also: culprits.take(MAX_WHY_ALSO).collect(),
        culprit,
        ..MessageReport::default()
    }
}

/// Returns the question whose answer names the host of the question `one`, if this host does not exist, has no address, or does not have the
/// address whose PTR record names it.
fn naming<'a, 'r>(
    one: &ExplainedQuestion<'_>,
    result: DnsResult,
    asked: &'a [ExplainedQuestion<'r>],
) -> Option<&'a ExplainedQuestion<'r>> {
    let name = &one.question.name;
    let is_elsewhere = |pointer: &ExplainedQuestion<'_>| {
        let mut hosts = asked.iter().filter(|host| host.question.name == *name);
        pointer.pointed().is_some_and(|address| !hosts.any(|host| host.has_address(address)))
    };
    asked.iter().find(|other| match result {
        DnsResult::NoName | DnsResult::NoData => other.names(name),
        DnsResult::Answer => one.has_addresses() && other.names(name) && is_elsewhere(other),
        _ => false,
    })
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
        concluded_from: one.concluded_from().map(|zone| name_text(&name_of_wire(zone))),
        elapsed: seconds(question.elapsed),
        queued: seconds(began.saturating_sub(question.at)),
        servers: seconds(with_servers(question, own)),
        of_subject,
        transport: question.transport,
        user: question.user.as_ref().map(|user| user.to_string()),
        error: (!question.error.is_empty() && !question.is_only_insecure())
            .then(|| question.error.to_string()),
        messages: messages.iter().take(MAX_WHY_SENT).map(sent).collect(),
    }
}

/// Returns how many microseconds queries to servers were in progress while a question waited.
fn with_servers(question: &QuestionEntry, flight: Option<&FlightEntry>) -> u64 {
    let spans =
        flight.into_iter().flat_map(|flight| flight.messages.iter().map(|message| moments(flight, message)));
    covered(spans.collect(), (question.at, question.end()))
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_unknown(result: &DnsResult) -> bool {
    *result == DnsResult::Unknown
}
