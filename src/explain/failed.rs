//! The answer to `resolverctl failed`: the zones whose questions failed, most questions first.
//!
//! A pure function of the recorded questions. Durations are in seconds, times in seconds since 1970.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::culprit::{Cause, judge};
use crate::evidence::{advice_of, seconds};
use crate::explained::Explained;
use crate::failure::{FailedQuestion, turned_away};
use crate::traffic::{Traffic, moments};
use crate::why::{DaemonFacts, is_zero};
use dns::clock::micros;
use dns::conduct::Conduct;
use dns::question::{Outcome, is_within, kind_text, name_of_wire, name_text};
use record::culprit::CulpritKind;
use record::entry::{FlightEntry, QuestionEntry};
use record::limits::INCIDENT_QUIET;
use record::{ReadSpan, Recorded};

const ROOT: [u8; 1] = [0];

/// Selects failed questions for `resolverctl failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedWanted {
    /// The start of the period, in microseconds since 1970.
    pub from: u64,
    /// Selects zones and names at and below this name, in lower-case wire form. None selects all.
    pub zone: Option<Box<[u8]>>,
    /// Selects questions of clients in this network. None selects all.
    pub client: Option<IpNet>,
}

/// The failed questions of a period by zone, as `resolverctl failed` shows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FailedReport {
    /// When the recorded history begins, in seconds since 1970; none if it is empty.
    pub begin: Option<f64>,
    /// The zones with failed questions, most questions first.
    pub zones: Vec<FailedZone>,
    /// True if the configuration turns off the recording of questions.
    pub off: bool,
}

/// A zone in which questions of clients failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedZone {
    /// The zone whose servers failed, or the DNS list; none if resolverd rejected the questions itself.
    pub zone: Option<String>,
    /// The number of the zone's questions that failed in the period.
    pub questions: u64,
    /// When its first failed question came, in seconds since 1970.
    pub first: f64,
    /// When its last failed question came, in seconds since 1970.
    pub last: f64,
    /// The name of the last failed question.
    pub name: String,
    /// The record type of the last failed question.
    #[serde(rename = "type")]
    pub kind: String,
    /// The local user whose program sent the last failed question of a known user: a name, or a number if the user has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The kind of the culprit of the most failures.
    pub culprit: CulpritKind,
    /// The reason why the last question with this culprit failed, as a sentence.
    pub reason: String,
    /// The number of the failed questions that had another culprit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other_causes: u64,
    /// The code of the extended error (RFC 8914) in the reply to the last question with this culprit; none if the reply had none.
    pub extended_error: Option<u16>,
    /// The servers of the zone that had a fault when the last question with this culprit failed.
    pub servers: Vec<FailedServer>,
    /// Says whether the zone still fails: yes, no or unknown.
    pub still_fails: StillFails,
    /// What the operator can do about the zone, as a sentence.
    pub advice: String,
}

/// A server of the zone that has a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedServer {
    /// Its address.
    pub server: String,
    /// Its last behaviour; none if it had not answered when the client got SERVFAIL.
    pub conduct: Option<Conduct>,
}

/// The answer to "does the zone still fail?"
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StillFails {
    /// A question failed less than `limits::INCIDENT_QUIET` ago, and was not answered since.
    Yes,
    /// Since the last failure, one of these was answered: the same question, a question to the same DNS list, or a query or a probe to a server
    /// that had been silent.
    No,
    /// No question was asked recently, the zone has answered other questions since, a fault of this host has ended since, or the failure was read from disk, which does not have all
    /// questions that were answered.
    Unknown,
}

struct FailuresOfZone<'a> {
    /// The number of failed questions in the wanted period and of the wanted clients.
    questions: u64,
    /// How many questions resolverd rejected because too many others already waited for the same zone.
    turned_away: u64,
    first: u64,
    last: Option<FailedQuestion<'a>>,
    by_cause: BTreeMap<CulpritKind, FailuresOfCause<'a>>,
    user: Option<&'a str>,
    /// The last failed question in the zone, whichever client sent it and for whichever name. It shows if the zone still fails.
    last_of_all: FailedQuestion<'a>,
    /// The sending time of the last query that a server of the zone answered correctly.
    answered: Option<u64>,
    /// True if a later resolution found an answer to the last failed question, from a server of the zone.
    is_resolved: bool,
}

/// The failed questions of a zone that have the same kind of culprit.
struct FailuresOfCause<'a> {
    questions: u64,
    last: FailedQuestion<'a>,
    /// Those of the last failure whose resolution is known, at most `MAX_FAILURE_SERVERS`.
    servers: BTreeMap<IpAddr, Option<Conduct>>,
}

impl FailedWanted {
    /// Returns what to read from the history: questions of all clients and names, because any question may show if a zone still fails.
    pub fn span(&self) -> ReadSpan {
        ReadSpan { from: self.from, hits: false, ..ReadSpan::default() }
    }

    fn has(&self, failed: &FailedQuestion<'_>) -> bool {
        let question = failed.asked.question;
        let of_client = self.client.is_none_or(|client| client.contains(&question.client.to_canonical()));
        let of_name = |wanted: &[u8]| is_within(&failed.zone, wanted) || is_within(&question.name, wanted);
        of_client && self.zone.as_deref().is_none_or(of_name)
    }
}

/// Returns the zones whose questions failed until `now`, in microseconds since 1970.
pub fn failed(recorded: &Recorded, wanted: &FailedWanted, facts: &DaemonFacts<'_>, now: u64) -> FailedReport {
    let begin = recorded.begin.into_iter().chain(recorded.stored_since).min().map(seconds);
    let (explained, traffic) =
        (Explained::from_recorded(recorded, facts.list), Traffic::from_recorded(recorded, facts.slow));
    let mut zones: BTreeMap<Box<[u8]>, FailuresOfZone<'_>> = BTreeMap::new();
    for question in recorded.questions.iter().filter(|question| question.at >= wanted.from) {
        let failed = FailedQuestion::from_explained(explained.explain(question, facts.list));
        let Some(failed) = failed else { continue };
        let is_wanted = wanted.has(&failed);
        let new = || FailuresOfZone::new(failed.clone());
        zones.entry(failed.zone.clone()).or_insert_with(new).add(failed, is_wanted, &traffic);
    }
    note_answers(&mut zones, recorded);
    let mut rows: Vec<FailedZone> =
        zones.values().filter_map(|failures| failures.row(recorded, (&traffic, facts), now)).collect();
    rows.sort_by(|one, other| {
        other.questions.cmp(&one.questions).then_with(|| other.last.total_cmp(&one.last))
    });
    FailedReport { begin, zones: rows, off: recorded.off }
}

impl<'a> FailuresOfZone<'a> {
    fn new(failed: FailedQuestion<'a>) -> Self {
        let first = failed.asked.question.at;
        Self {
            questions: 0,
            turned_away: 0,
            first,
            last: None,
            by_cause: BTreeMap::new(),
            user: None,
            last_of_all: failed,
            answered: None,
            is_resolved: false,
        }
    }

    /// Returns true if a later resolution has answered the last failed question. A resolution without a question of a client counts too,
    /// for instance one for `resolverctl query`. The caller must check that the answer came from this zone: a resolution in progress may
    /// have answers only from the zones above.
    fn is_answered_by(&self, flight: &FlightEntry) -> bool {
        let last = self.last_of_all.asked.question;
        let is_same = flight.name == last.name && flight.kind == last.kind;
        is_same && flight.began > last.end() && flight.shows.is_none()
    }

    fn add(&mut self, failed: FailedQuestion<'a>, is_wanted: bool, traffic: &Traffic) {
        if says_more(&failed, &self.last_of_all) {
            self.last_of_all = failed.clone();
        }
        if !is_wanted {
            return;
        }
        if self.questions == 0 {
            self.first = failed.asked.question.at;
        }
        self.questions = self.questions.saturating_add(1);
        let is_turned_away = failed.asked.question.outcome == Outcome::Shed && !failed.is_turned_away();
        self.turned_away = self.turned_away.saturating_add(u64::from(is_turned_away));
        self.user = failed.asked.question.user.as_deref().or(self.user);
        if !is_turned_away {
            self.add_cause(&failed, traffic);
        }
        if self.last.as_ref().is_none_or(|last| says_more(&failed, last)) {
            self.last = Some(failed);
        }
    }

    /// Counts the failure for its cause. A failure from the cache has the cause of the last failure before it.
    fn add_cause(&mut self, failed: &FailedQuestion<'a>, traffic: &Traffic) {
        let before = self.by_cause.values_mut().max_by_key(|of_cause| of_cause.last.asked.question.at);
        if let Some(before) = before.filter(|before| !says_more(failed, &before.last)) {
            before.questions = before.questions.saturating_add(1);
            return;
        }
        let new = || FailuresOfCause { questions: 0, last: failed.clone(), servers: BTreeMap::new() };
        let of_cause = self.by_cause.entry(cause_of(failed, traffic).kind).or_insert_with(new);
        of_cause.questions = of_cause.questions.saturating_add(1);
        of_cause.last = failed.clone();
        if failed.asked.flight.is_some() {
            of_cause.servers = failed.servers.iter().copied().collect();
        }
    }

    /// Returns the cause of the most failures, and the number of failures with other causes. If several have the same number, the last one counts.
    fn main_cause(&self) -> Option<(&FailuresOfCause<'a>, u64)> {
        let sum: u64 = self.by_cause.values().map(|of_cause| of_cause.questions).sum();
        let weight = |of_cause: &&FailuresOfCause<'_>| (of_cause.questions, of_cause.last.asked.question.at);
        let most = self.by_cause.values().max_by_key(weight)?;
        Some((most, sum.saturating_sub(most.questions)))
    }

    /// Returns `None` if the zone has no failure that fits the selection of the operator.
    fn row(
        &self,
        recorded: &Recorded,
        (traffic, facts): (&Traffic, &DaemonFacts<'_>),
        now: u64,
    ) -> Option<FailedZone> {
        let last = self.last.as_ref()?;
        let question = last.asked.question;
        let zone = (!last.zone.is_empty()).then(|| name_text(&name_of_wire(&last.zone)));
        let main = self.main_cause();
        let none = BTreeMap::new();
        let (of_cause, other_causes) = main.map_or((last, 0), |(main, others)| (&main.last, others));
        let servers = main.map_or(&none, |(main, _)| &main.servers);
        let cause = cause_of(of_cause, traffic);
        let culprit = cause.kind;
        let addresses: Vec<IpAddr> = servers.keys().copied().collect();
        let still_fails = self.still_fails(recorded, (traffic, facts), now);
        let advice = advice_of(&cause, &addresses, (facts.configured)(&cause.zone));
        Some(FailedZone {
            questions: self.questions,
            first: seconds(self.first),
            last: seconds(question.at),
            name: name_text(&name_of_wire(&question.name)),
            kind: kind_text(question.kind),
            user: self.user.map(str::to_owned),
            culprit,
            reason: self.reason(of_cause),
            other_causes,
            extended_error: of_cause.asked.question.code,
            servers: servers.iter().map(|(server, conduct)| FailedServer::new(*server, *conduct)).collect(),
            still_fails,
            advice: match still_fails {
                StillFails::No => format!("nothing now; if it fails again: {advice}"),
                StillFails::Yes | StillFails::Unknown => advice,
            },
            zone,
        })
    }

    /// Returns true if a server that was silent in the last failure has replied since, for whichever zone.
    fn is_server_back(&self, facts: &DaemonFacts<'_>) -> bool {
        let end = self.last_of_all.asked.question.end();
        let was_silent = |conduct: Option<Conduct>| matches!(conduct, None | Some(Conduct::Silent));
        let mut servers = self.last_of_all.servers.iter().filter(|(_, conduct)| was_silent(*conduct));
        servers.any(|(server, _)| (facts.replied)(*server) > end)
    }

    fn reason(&self, last: &FailedQuestion<'_>) -> String {
        match self.turned_away {
            0 => last.why().to_owned(),
            count => format!("{}; {}", last.why(), turned_away(count)),
        }
    }

    fn still_fails(
        &self,
        recorded: &Recorded,
        (traffic, facts): (&Traffic, &DaemonFacts<'_>),
        now: u64,
    ) -> StillFails {
        let culprit = cause_of(&self.last_of_all, traffic).kind;
        let last = self.last_of_all.asked.question;
        let later = recorded.questions.partition_point(|question| question.at <= last.end());
        let later = recorded.questions.get(later..).unwrap_or_default().iter();
        // An answer from the cache may be older than the failure, so it does not show that the zone works.
        let mut answered = later.filter(|question| {
            !question.outcome.is_failure() && !matches!(question.outcome, Outcome::Stale | Outcome::Cache)
        });
        let is_list = self.last_of_all.asked.apex().is_some();
        // An answer for any name below its apex shows that a DNS list works. In another zone, such a name may belong to a delegated zone, whose
        // servers answer although those of this zone do not.
        let of_list = |question: &QuestionEntry| is_list && is_within(&question.name, &self.last_of_all.zone);
        let answers = (facts.answered)(&self.last_of_all.zone) > last.end();
        let heard = answers || self.answered.is_some_and(|at| at > last.end()) || self.is_server_back(facts);
        let was_silent = matches!(
            culprit,
            CulpritKind::ServerSilent
                | CulpritKind::ServerSlow
                | CulpritKind::ListSilent
                | CulpritKind::ListSlow
                | CulpritKind::Network
        );
        // If the zone is `.`, its servers are forwarders for all names. They may answer other names although they do not answer the failed one.
        let is_root = *self.last_of_all.zone == ROOT && culprit != CulpritKind::Network;
        // Clients ask a DNS list for a different name each time, so the answer to any name shows that the list works.
        let works = was_silent && heard && !is_root
            || answered.any(|question| question.place() == last.place() || of_list(question))
            || self.is_resolved;
        if works {
            return StillFails::No;
        }
        let is_changed = || recorded.changed_zones.iter().any(|zone| is_within(&last.name, zone));
        let may_work = heard && (was_silent || is_of_servers(culprit)) || facts.repaired > last.end();
        if may_work || last.at < recorded.changed_at && is_changed() {
            return StillFails::Unknown;
        }
        let is_in_memory = recorded.whole().is_some_and(|whole| last.at >= whole);
        if is_in_memory && !last.was_stopped() && now.saturating_sub(last.at) < micros(INCIDENT_QUIET) {
            StillFails::Yes
        } else {
            StillFails::Unknown
        }
    }
}

/// For each zone, finds the last query that a server of exactly this zone has answered, and if the last failed question was answered since.
/// Reads all resolutions only once.
fn note_answers(zones: &mut BTreeMap<Box<[u8]>, FailuresOfZone<'_>>, recorded: &Recorded) {
    for flight in &recorded.flights {
        for message in flight.messages.iter().filter(|one| one.conduct == Some(Conduct::Answered)) {
            if let Some(failures) = zones.get_mut(&*message.zone) {
                failures.answered = failures.answered.max(Some(moments(flight, message).0));
                failures.is_resolved |= failures.is_answered_by(flight);
            }
        }
    }
}

/// Returns true if servers caused a failure by their errors. Answers to other names then show that they work, but not that they answer the same name.
const fn is_of_servers(culprit: CulpritKind) -> bool {
    matches!(culprit, CulpritKind::ServerRefused | CulpritKind::ServerLame | CulpritKind::ServerFailed)
}

/// Returns true if `failed` shows at least as much about its zone as `last`. A failure from the cache shows nothing new.
fn says_more(failed: &FailedQuestion<'_>, last: &FailedQuestion<'_>) -> bool {
    let is_repeat = failed.asked.question.outcome == Outcome::Remembered && failed.asked.flight.is_none();
    !is_repeat || last.asked.flight.is_none()
}

fn cause_of(failed: &FailedQuestion<'_>, traffic: &Traffic) -> Cause {
    let cause = judge(&[failed.asked], traffic).causes.into_iter().next();
    let cause = cause.unwrap_or_else(|| Cause::new(CulpritKind::Unknown, failed.zone.clone()));
    let why = if cause.why.is_empty() { failed.why().into() } else { cause.why };
    let zone = if cause.zone.is_empty() { failed.zone.clone() } else { cause.zone };
    Cause { zone, why, ..cause }
}

impl FailedServer {
    fn new(server: IpAddr, conduct: Option<Conduct>) -> Self {
        Self { server: server.to_string(), conduct }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::ListName;
    use dns::conduct::Transport;
    use hickory_proto::rr::RecordType;
    use record::entry::MessageEntry;
    use record::event::Shows;

    #[test]
    fn failed_zone_shows_main_cause() {
        let name: std::sync::Arc<[u8]> = b"\x04mail\x07example\x00"[..].into();
        let zone = b"\x07example\x00";
        let (mut questions, mut flights) = (Vec::new(), Vec::new());
        for (id, server, conduct, shows) in [
            (1, 1, Conduct::Silent, Shows::Silence),
            (2, 2, Conduct::Refused, Shows::NoHelp),
            (3, 3, Conduct::Answered, Shows::Bogus),
            (4, 1, Conduct::Silent, Shows::Silence),
            (5, 1, Conduct::Silent, Shows::Silence),
            (6, 2, Conduct::Refused, Shows::NoHelp),
        ] {
            let at = id * 10_000_000;
            questions.push(QuestionEntry {
                outcome: Outcome::Failed,
                elapsed: 1_000_000,
                flight: Some(id),
                ..QuestionEntry::hit(name.clone(), RecordType::MX, [127, 0, 0, 1].into(), 0, at)
            });
            let message = MessageEntry {
                at: 0,
                elapsed: 900_000,
                server: [192, 0, 2, server].into(),
                zone: zone[..].into(),
                transport: Transport::Udp,
                conduct: Some(conduct),
                reason: "first",
                depth: 0,
                keys: false,
            };
            flights.push(FlightEntry {
                name: name.clone(),
                kind: RecordType::MX,
                zone: zone[..].into(),
                shows: Some(shows),
                messages: vec![message],
                why: format!("why {id}").into(),
                ..FlightEntry::blank(id, at, 1_000_000)
            });
        }
        let row = |count: usize| {
            let (questions, flights) = (questions[..count].to_vec(), flights[..count].to_vec());
            let recorded = Recorded { questions, flights, begin: Some(0), ..Recorded::default() };
            let report = failed(&recorded, &FailedWanted::default(), &DaemonFacts::default(), 70_000_000);
            let FailedZone { reason, servers, other_causes, .. } = report.zones[0].clone();
            let servers = servers.into_iter().map(|one| (one.server, one.conduct));
            (reason, servers.collect::<Vec<_>>(), other_causes)
        };
        let of = |server: &str, conduct| vec![(server.to_owned(), Some(conduct))];
        assert_eq!(row(1), ("why 1".to_owned(), of("192.0.2.1", Conduct::Silent), 0));
        assert_eq!(row(2), ("why 2".to_owned(), of("192.0.2.2", Conduct::Refused), 1));
        assert_eq!(row(3), ("why 3".to_owned(), vec![], 2), "the servers of a bogus zone answer");
        assert_eq!(
            row(6),
            ("why 5".to_owned(), of("192.0.2.1", Conduct::Silent), 3),
            "the most have this cause"
        );
    }

    #[test]
    fn stored_failure_may_be_over() {
        let failed_at = micros(INCIDENT_QUIET);
        let question = QuestionEntry {
            outcome: Outcome::Failed,
            error: "no server answered".into(),
            ..QuestionEntry::hit(
                b"\x07example\x00"[..].into(),
                RecordType::MX,
                [127, 0, 0, 1].into(),
                0,
                failed_at,
            )
        };
        let state = |begin: Option<u64>, later: u64| {
            let recorded = Recorded { questions: vec![question.clone()], begin, ..Recorded::default() };
            let facts = DaemonFacts::default();
            let report = failed(&recorded, &FailedWanted::default(), &facts, failed_at + later);
            report.zones.first().map(|zone| zone.still_fails)
        };
        assert_eq!(state(Some(0), 1), Some(StillFails::Yes));
        assert_eq!(state(Some(0), micros(INCIDENT_QUIET)), Some(StillFails::Unknown));
        assert_eq!(state(Some(failed_at + 1), 1), Some(StillFails::Unknown), "after a restart");
        assert_eq!(state(None, 1), Some(StillFails::Unknown), "nothing was asked since");
    }

    #[test]
    fn failure_before_reload_may_be_over() {
        let name = b"\x02dc\x04corp\x00"[..].into();
        let hit = QuestionEntry::hit(name, RecordType::A, [127, 0, 0, 1].into(), 0, 1_000);
        let question = QuestionEntry { outcome: Outcome::Failed, error: "no route".into(), ..hit };
        let state = |changed_at: u64, zone: &[u8]| {
            let (questions, changed_zones) = (vec![question.clone()], vec![zone.into()]);
            let recorded =
                Recorded { questions, changed_zones, changed_at, begin: Some(0), ..Recorded::default() };
            let facts = DaemonFacts::default();
            failed(&recorded, &FailedWanted::default(), &facts, 3_000)
                .zones
                .first()
                .map(|zone| zone.still_fails)
        };
        assert_eq!(state(2_000, b"\x04corp\x00"), Some(StillFails::Unknown));
        assert_eq!(state(500, b"\x04corp\x00"), Some(StillFails::Yes));
        assert_eq!(state(2_000, b"\x05other\x00"), Some(StillFails::Yes));
    }

    // Forwarders of all names fail for single names.
    #[test]
    fn forwarder_answer_ends_own_failure_only() {
        let name: std::sync::Arc<[u8]> = b"\x04dead\x07example\x00"[..].into();
        let question = QuestionEntry {
            outcome: Outcome::Deadline,
            elapsed: 4_000_000,
            error: "timeout".into(),
            flight: Some(1),
            ..QuestionEntry::hit(name.clone(), RecordType::MX, [127, 0, 0, 1].into(), 0, 1_000)
        };
        let message = |conduct, elapsed| MessageEntry {
            at: 0,
            elapsed,
            server: [192, 0, 2, 53].into(),
            zone: ROOT[..].into(),
            transport: Transport::Udp,
            conduct: Some(conduct),
            reason: "first",
            depth: 0,
            keys: false,
        };
        let flight = |id, began, name: &std::sync::Arc<[u8]>, conduct| FlightEntry {
            name: name.clone(),
            kind: RecordType::MX,
            zone: ROOT[..].into(),
            shows: (conduct == Conduct::Silent).then_some(Shows::Silence),
            messages: vec![message(conduct, 1_000_000)],
            ..FlightEntry::blank(id, began, 4_000_000)
        };
        let state = |later: &std::sync::Arc<[u8]>| {
            let flights = vec![
                flight(1, 1_000, &name, Conduct::Silent),
                flight(2, 5_000_000, later, Conduct::Answered),
            ];
            let questions = vec![question.clone()];
            let recorded = Recorded { questions, flights, begin: Some(0), ..Recorded::default() };
            let facts = DaemonFacts::default();
            let report = failed(&recorded, &FailedWanted::default(), &facts, 6_000_000);
            report.zones.first().map(|zone| zone.still_fails)
        };
        assert_eq!(state(&b"\x05other\x07example\x00"[..].into()), Some(StillFails::Unknown));
        assert_eq!(state(&name), Some(StillFails::No), "`resolverctl query` got an answer");
    }

    #[test]
    fn refusing_list_recovers_with_any_answer() {
        let zone = b"\x04list\x04test\x00";
        let asked = |name: &[u8], at: u64, outcome: Outcome| QuestionEntry {
            outcome,
            ..QuestionEntry::hit([name, zone].concat().into(), RecordType::A, [127, 0, 0, 1].into(), 0, at)
        };
        let state = |name: &[u8], later: Outcome| {
            let refused = QuestionEntry {
                error: "refuses queries".into(),
                ..asked(b"\x011\x010\x010\x03127", 1_000, Outcome::Failed)
            };
            let questions = vec![refused, asked(name, 2_000_000, later)];
            let recorded = Recorded { questions, begin: Some(0), ..Recorded::default() };
            let list = |name: &[u8]| {
                is_within(name, zone).then_some(ListName { apex: zone.len(), keyed: false, refuses: false })
            };
            let facts = DaemonFacts { list: &list, ..DaemonFacts::default() };
            let report = failed(&recorded, &FailedWanted::default(), &facts, 3_000_000);
            report.zones.first().map(|zone| (zone.still_fails, zone.advice.starts_with("nothing now")))
        };
        let other = b"\x019\x012\x010\x03192";
        assert_eq!(state(other, Outcome::Upstream), Some((StillFails::No, true)));
        let fails = Some((StillFails::Yes, false));
        assert_eq!(state(other, Outcome::Cache), fails, "it may be older than the failure");
        assert_eq!(state(other, Outcome::Stale), fails);
    }
}
