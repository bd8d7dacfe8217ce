//! The traffic at the time of an email: which servers answered when, and when the network of this host was down. It shows if a query
//! without an answer was caused by a silent server, a lost packet or an outage.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use crate::limits::{LOSS_WINDOW, SILENCE_SPAN, SILENCES_IN_A_ROW, SILENT_IPV6_NETWORKS, SLOW_ANSWER};
use dns::clock::micros;
use dns::conduct::Conduct;
use record::Recorded;
use record::entry::{FlightEntry, MessageEntry, OutageEntry, QuestionEntry};
use record::limits::{EDNS_TRIES, USED_TO_ANSWER};

/// What the history shows about servers and the network.
#[derive(Clone, Debug)]
pub struct Traffic {
    servers: HashMap<AnswerKey, ServerTraffic>,
    /// If no server answers over IPv6 (see `is_ipv6_silent`): the time since which memory has all questions that the cache did not answer,
    /// in microseconds. Otherwise `None`.
    ipv6_silent_since: Option<u64>,
    /// Outages of the network of this host, sorted by time.
    outages: Vec<OutageEntry>,
    losses: Vec<OutageEntry>,
    /// The periods in which TCP was blocked on the path from this host.
    without_tcp: Vec<OutageEntry>,
    /// The shortest time of a slow answer, in microseconds.
    pub(crate) slow: u64,
}

/// The address of a server, the number of a transport, and a zone in wire form.
type AnswerKey = (IpAddr, usize, Arc<[u8]>);

#[derive(Clone, Debug, Default)]
struct ServerTraffic {
    /// Answered queries, sorted by the times of the answers.
    answers: Vec<AnswerSpan>,
    /// When the unanswered queries were sent, sorted.
    silences: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
struct AnswerSpan {
    sent: u64,
    end: u64,
    flight: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// The query or its answer was lost: the server answers other queries in the same form.
    Lost,
    /// The server answered only a later query, which perhaps had a simpler form, for instance no EDNS. So either the query was lost, or the
    /// server drops queries in the usual form.
    CouldNotTell,
    /// Nothing shows that the server answers queries for this zone over this transport.
    Silent,
}

/// The reasons of queries without EDNS, or with another spelling of the name. If a server answers only these queries, it drops the others, so
/// the others were not lost on the path.
const UNUSUAL: [&str; 3] = ["without_edns", "own_case", "other_case"];

/// If a resolution sent a server this number of queries or more and got no answer, none of them counts as lost: the server does not answer this
/// question.
const ALWAYS_SILENT: usize = 3;

/// The number of bits in an IPv6 address after the prefix that a site gets (48 bits, RFC 6177). Servers of one owner are often in the same
/// network.
const IPV6_HOST_BITS: u32 = 80;

/// The times of queries and questions are compared with those of outages with this tolerance, in microseconds.
const BLUR: u64 = 10_000;

impl Traffic {
    /// `slow`: `history.slow` of the configuration; see `slow_answer`.
    pub fn from_recorded(recorded: &Recorded, slow: Duration) -> Self {
        let came_back = |message: &&MessageEntry| message.came_back();
        let mut servers: HashMap<AnswerKey, ServerTraffic> = HashMap::new();
        for flight in &recorded.flights {
            for message in flight.messages.iter().filter(|message| !came_back(message)) {
                servers.entry(key_of(message)).or_default().silences.push(moments(flight, message).0);
            }
        }
        // Only the answers of servers with an unanswered query are needed. If there is no such server, no resolution is read.
        let flights = recorded.flights.iter().filter(|_| !servers.is_empty());
        for flight in flights.collect::<Vec<_>>() {
            for message in flight.messages.iter().filter(came_back).filter(|message| is_usual(message)) {
                let (sent, end) = moments(flight, message);
                if let Some(server) = servers.get_mut(&key_of(message)) {
                    server.answers.push(AnswerSpan { sent, end, flight: flight.id });
                }
            }
        }
        for server in servers.values_mut() {
            server.answers.sort_unstable_by_key(|answer| answer.end);
            server.silences.sort_unstable();
        }
        // The disk lacks most answers, so only questions in memory count.
        let ipv6_silent_since = recorded.whole().filter(|since| is_ipv6_silent(recorded, *since));
        Self {
            servers,
            ipv6_silent_since,
            outages: recorded.outages.clone(),
            losses: recorded.losses.clone(),
            without_tcp: recorded.without_tcp.clone(),
            slow: slow_answer(slow),
        }
    }

    /// Returns true if the history shows that the path from this host to all IPv6 servers was broken.
    pub(crate) fn is_silent_path(&self, flight: &FlightEntry, server: IpAddr) -> bool {
        server.is_ipv6() && self.ipv6_silent_since.is_some_and(|since| flight.began >= since)
    }

    /// Returns true if the history in memory has no answer over IPv6.
    pub(crate) fn is_ipv6_silent(&self) -> bool {
        self.ipv6_silent_since.is_some()
    }

    /// Returns true if the query was sent while no server on the internet answered.
    pub(crate) fn is_down(&self, flight: &FlightEntry, message: &MessageEntry) -> bool {
        let (sent, _) = moments(flight, message);
        self.is_down_at(sent)
    }

    /// Returns true if an unanswered query was sent while the network of this host lost packets, and its server answers other queries.
    pub(crate) fn is_lossy(&self, flight: &FlightEntry, message: &MessageEntry) -> bool {
        let (sent, _) = moments(flight, message);
        let answers = |server: &ServerTraffic| {
            server.answers.iter().any(|answer| answer.end.abs_diff(sent) < micros(USED_TO_ANSWER))
        };
        self.losses.iter().any(|(since, until)| *since <= sent && sent < *until)
            && self.servers.get(&key_of(message)).is_some_and(answers)
    }

    /// Returns true if a query was sent while TCP was blocked on the path from this host.
    pub(crate) fn is_without_tcp(&self, flight: &FlightEntry, message: &MessageEntry) -> bool {
        let (sent, _) = moments(flight, message);
        self.without_tcp.iter().any(|(since, until)| *since <= sent.saturating_add(BLUR) && sent < *until)
    }

    pub(crate) fn is_down_at(&self, moment: u64) -> bool {
        let begun = self.outages.partition_point(|(since, _)| *since <= moment.saturating_add(BLUR));
        let last = begun.checked_sub(1).and_then(|place| self.outages.get(place));
        last.is_some_and(|(_, until)| moment < *until)
    }

    /// Returns true if no server on the internet answered at some time during a question.
    pub(crate) fn was_down(&self, question: &QuestionEntry) -> bool {
        let (begin, end) = (question.at, question.end().saturating_add(BLUR));
        self.outages.iter().any(|(since, until)| *since <= end && begin < *until)
    }

    /// Returns why a query has no answer. It was lost if the server answered other queries for the zone over the same transport shortly
    /// before and after, or answered the next copy of the query.
    pub(crate) fn unanswered(&self, flight: &FlightEntry, message: &MessageEntry) -> Unanswered {
        if self.is_between_answers(flight, message) {
            return Unanswered::Lost;
        }
        let step = step_of(flight, message);
        let of_its_server = answer_of(&step, message);
        // A step is all queries for the same data. If this server answered none of them, another server decides that left a query unanswered
        // and answered a later one. If that server had answered its first query, the step would have ended before this server could be
        // silent.
        let others = step.iter().filter(|other| other.server != message.server && !other.came_back());
        let of_another = || others.filter_map(|other| answer_of(&step, other)).max();
        match of_its_server.or_else(of_another) {
            // The first `EDNS_TRIES` queries to a server all have the usual form. So the answered query has the same form as the lost query,
            // and the server does not drop this form.
            Some(place) if place < usize::from(EDNS_TRIES) => Unanswered::Lost,
            Some(_) => Unanswered::CouldNotTell,
            None => Unanswered::Silent,
        }
    }

    /// Returns true if the server of this unanswered query answered other queries for the zone over the same transport, shortly before and
    /// after.
    fn is_between_answers(&self, flight: &FlightEntry, message: &MessageEntry) -> bool {
        let same = |other: &&MessageEntry| {
            other.server == message.server
                && other.zone == message.zone
                && other.transport == message.transport
        };
        let silent = |other: &MessageEntry| !other.came_back();
        let of_flight = || flight.messages.iter().filter(same);
        if of_flight().all(silent) && of_flight().count() >= ALWAYS_SILENT {
            return false;
        }
        self.around(flight, message).is_some()
    }

    /// Returns the ids of resolutions whose answers show that some queries of `flight` were lost. These resolutions must be stored together
    /// with `flight`.
    pub(crate) fn witnesses(&self, flight: &FlightEntry) -> Vec<u64> {
        let silent = |message: &&MessageEntry| !message.came_back();
        let lost =
            flight.messages.iter().filter(silent).filter(|message| self.is_between_answers(flight, message));
        lost.filter_map(|message| self.around(flight, message)).flatten().collect()
    }

    /// Returns the ids of two resolutions with an answer of the same server for the zone over the same transport: one shortly before this
    /// query, one shortly after. Returns `None` if one is missing, or the server was silent for long between the two.
    fn around(&self, flight: &FlightEntry, message: &MessageEntry) -> Option<[u64; 2]> {
        let server = self.servers.get(&key_of(message))?;
        let answers = &server.answers;
        let (sent, end) = moments(flight, message);
        let window = micros(LOSS_WINDOW);
        // `ended` returns the queries whose answers came between two times, sorted by the times of the answers.
        let ended = |from: u64, to: u64| {
            let first = answers.partition_point(|answer| answer.end < from);
            answers.get(first..).unwrap_or_default().iter().take_while(move |answer| answer.end <= to)
        };
        let before = ended(sent.saturating_sub(window), sent).last()?;
        let after = ended(sent, end.saturating_add(window)).find(|answer| answer.sent >= sent)?;
        (!server.was_silent(before.end, after.sent)).then_some([before.flight, after.flight])
    }
}

impl ServerTraffic {
    /// Returns true if the server left several queries unanswered for too long a time to be packet loss.
    fn was_silent(&self, from: u64, until: u64) -> bool {
        let sent_before = |moment: u64| self.silences.partition_point(|sent| *sent < moment);
        let between = sent_before(until).saturating_sub(sent_before(from));
        until.saturating_sub(from) >= micros(SILENCE_SPAN) && between >= SILENCES_IN_A_ROW
    }
}

/// Returns `history.slow` or `limits::SLOW_ANSWER` in microseconds, whichever is smaller. A cause without a failed question is named only if it took
/// at least this time.
pub(crate) fn slow_answer(slow: Duration) -> u64 {
    micros(slow.min(SLOW_ANSWER))
}

/// Returns true if no server has answered over IPv6 since the time `since`, although servers in several networks were queried and others
/// answered over IPv4.
fn is_ipv6_silent(recorded: &Recorded, since: u64) -> bool {
    let (mut silent, mut ipv4_answers) = (BTreeSet::new(), false);
    let flights = recorded.flights.iter().filter(|flight| flight.began >= since);
    for message in flights.flat_map(|flight| &flight.messages) {
        let came_back = message.came_back();
        match message.server {
            IpAddr::V4(_) => ipv4_answers |= came_back,
            IpAddr::V6(_) if came_back => return false,
            IpAddr::V6(server) if matches!(message.conduct, None | Some(Conduct::Silent)) => {
                silent.insert(server.to_bits() >> IPV6_HOST_BITS);
            }
            IpAddr::V6(_) => {}
        }
    }
    ipv4_answers && silent.len() >= SILENT_IPV6_NETWORKS
}

fn key_of(message: &MessageEntry) -> AnswerKey {
    (message.server, message.transport.index(), Arc::clone(&message.zone))
}

/// Returns true if the query has the usual form: with EDNS, and with the usual spelling of the name.
fn is_usual(message: &MessageEntry) -> bool {
    !UNUSUAL.contains(&message.reason)
}

/// Returns the queries of the step to which `message` belongs. All queries of a step ask for the same data. The first one has the reason
/// `first`.
fn step_of<'a>(flight: &'a FlightEntry, message: &MessageEntry) -> Vec<&'a MessageEntry> {
    let is_near = |other: &&MessageEntry| {
        (&other.zone, other.depth, other.keys) == (&message.zone, message.depth, message.keys)
    };
    let (mut step, mut is_it) = (Vec::new(), false);
    for other in flight.messages.iter().filter(is_near) {
        if other.reason == "first" {
            if is_it {
                break;
            }
            step.clear();
        }
        is_it |= other == message;
        step.push(other);
    }
    step
}

/// Finds the first answer of a server after a query that it did not answer. Returns the index of the answered query among the queries to
/// this server.
fn answer_of(step: &[&MessageEntry], silent: &MessageEntry) -> Option<usize> {
    let mut of_server = step.iter().filter(|other| key_of(other) == key_of(silent));
    of_server.position(|other| other.at > silent.at && other.came_back() && is_usual(other))
}

/// Returns when a query was sent, and when it was answered or its resolution ended. The times are in microseconds on the same clock as
/// `QuestionEntry::at`.
pub(crate) fn moments(flight: &FlightEntry, message: &MessageEntry) -> (u64, u64) {
    let sent = flight.began.saturating_add(message.at.into());
    (sent, sent.saturating_add(message.elapsed.into()))
}

/// Returns how many microseconds between `begin` and `end` are covered by at least one span.
pub(crate) fn covered(mut spans: SmallVec<[(u64, u64); 4]>, (begin, end): (u64, u64)) -> u64 {
    spans.sort_unstable();
    let (mut until, mut sum) = (begin, 0_u64);
    for (from, to) in spans {
        let to = to.min(end);
        sum = sum.saturating_add(to.saturating_sub(from.max(until)));
        until = until.max(to);
    }
    sum
}

/// Returns how many microseconds at least one question of an email was in progress. `questions`: start and end of each.
pub(crate) fn waited(questions: impl Iterator<Item = (u64, u64)>) -> u64 {
    // A cache hit takes no time.
    covered(questions.filter(|(at, end)| end > at).collect(), (0, u64::MAX))
}
