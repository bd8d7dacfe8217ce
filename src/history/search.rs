//! The search for the messages that `resolverctl why` wants: the outline of the record chooses them, and only these are read in full, judged
//! and reported.
//!
//! Pure: a function of the outline.

use std::cell::{LazyCell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeSet;

use hickory_proto::rr::RecordType;

use super::asked_subjects::NumberedNames;
use super::culprit::{
    Cause, CulpritKind, ExplainedQuestion, MessageVerdict, judge, judge_decisive, known_cost, turns,
};
use super::doubt::{self, FoundWait, MailFacts, PossibleWait, PossibleWaits, WaitOrder};
use super::entry::{Link, QuestionEntry, index};
use super::evidence::{self, Absence, seconds};
use super::explained::{Explained, Links};
use super::message::Messages;
use super::outline::{FlightsByNumber, Outline, OutlineNames, QuestionOutline};
use super::recorded::{ReadSpan, Recorded};
use super::spans::waited;
use super::subject::{Subject, asked_domain, subject};
use super::traffic::{Traffic, slow_answer};
use super::why::{DaemonFacts, HistoryReach, KnownFacts, MessageReport, Wanted, WantedSubject, report};
use crate::limits::{FLIGHT_TIME, MAX_WHY_REPLY};
use dns::clock::micros;
use dns::question::{is_within, kind_text, name_of_wire, name_text};

/// The replies to several requests, of which each is answered in full. Those behind the first one that are not begun before the replies
/// have `MAX_WHY_REPLY` octets, or before it `is_late`, are left out.
pub fn why(
    outline: &Outline<'_>,
    wanted: &[Wanted],
    facts: &DaemonFacts<'_>,
    is_late: &dyn Fn() -> bool,
) -> Vec<Vec<MessageReport>> {
    let names = OutlineNames::of(outline, facts.list);
    let messages = names.messages();
    let search = Search { outline, names: &names, facts, messages: &messages };
    let (mut replies, mut octets) = (Vec::new(), 0_usize);
    for one in wanted {
        let mut left = MAX_WHY_REPLY;
        replies.push(search.reply(one, &mut left));
        octets = octets.saturating_add(MAX_WHY_REPLY.saturating_sub(left));
        if octets >= MAX_WHY_REPLY || is_late() {
            break;
        }
    }
    replies
}

/// The report that the record has no such question.
fn unknown(recorded: &Recorded, wanted: &Wanted, facts: &DaemonFacts<'_>) -> MessageReport {
    let begin = recorded.begin.or(recorded.stored_since).or(recorded.stored_begin);
    let culprit = match begin {
        Some(_) if wanted.client.is_some() && recorded.without_client => evidence::without_client(),
        Some(_) if wanted.shortened(recorded, facts).is_some() => evidence::unknown(Absence::Shortened),
        Some(_) => evidence::unknown(Absence::Others),
        None if recorded.off => evidence::unknown(Absence::Off),
        None => evidence::unknown(Absence::Empty),
    };
    MessageReport {
        history_begin: begin.map(seconds),
        history: begin.map(|_| HistoryReach::of(recorded, facts.slow)),
        line: None,
        more_lines: 0,
        fitting: 0,
        note: None,
        of_disk: false,
        began: begin.map_or(0.0, seconds),
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

/// The record, as it is searched for messages.
struct Search<'a> {
    outline: &'a Outline<'a>,
    names: &'a OutlineNames<'a>,
    facts: &'a DaemonFacts<'a>,
    messages: &'a Messages,
}

/// A message that was found.
struct FoundMessage {
    /// The worst one has the greatest.
    worth: (u64, u64),
    /// Whether queries about the wanted subject were a cause.
    of_subject: bool,
    message: MessageReport,
}

/// A message and its verdict.
struct Judged<'a> {
    /// The worst one has the greatest.
    worth: (u64, u64),
    asked: Vec<ExplainedQuestion<'a>>,
    verdict: MessageVerdict,
}

impl Search<'_> {
    /// The wanted messages, worst first. If there is none, the reply is one of the kind `unknown`. The questions of all take at most `left`
    /// octets, which is lessened by them.
    fn reply(&self, wanted: &Wanted, left: &mut usize) -> Vec<MessageReport> {
        let (extent, facts) = (&self.outline.extent, self.facts);
        let mut found = self.find(wanted, left);
        if let Some(domain) = wanted.shortened(extent, facts) {
            let of_disk = self.find(&wanted.on_disk(&domain, extent), left);
            let name = name_text(&name_of_wire(&domain));
            for mut one in of_disk {
                evidence::of_shortened(&mut one.message.culprit, &name);
                found.push(one);
            }
        }
        found.sort_by_key(|one| Reverse(one.worth));
        found.truncate(wanted.most);
        if wanted.subject.is_some() {
            // Those in which the subject itself was the cause come first, and those that were certainly quick last.
            found.sort_by_key(|one| (one.message.culprit.kind == CulpritKind::None, !one.of_subject));
        }
        if found.is_empty() {
            return vec![unknown(extent, wanted, facts)];
        }
        found.into_iter().map(|one| one.message).collect()
    }

    /// The wanted messages, worst first. The questions of all take at most `left` octets, which is lessened by them.
    fn find(&self, wanted: &Wanted, left: &mut usize) -> Vec<FoundMessage> {
        let subject = AskedSubject::new(wanted, self);
        let mut found = self.candidates(wanted, &subject);
        if found.len() > wanted.most {
            let mut worst = self.worths(found, wanted);
            worst.sort_by_key(|(worth, _)| Reverse(*worth));
            worst.truncate(wanted.most);
            found = worst.into_iter().map(|(_, message)| message).collect();
        }
        let is_of_subject =
            |question: &QuestionEntry| wanted.subject.is_some() && subject.is_of_entry(question);
        self.judge(&found, wanted, |judged, traffic| {
            let mut judged: Vec<_> = judged.into_iter().zip(&found).collect();
            judged.sort_by_key(|(message, _)| Reverse(message.worth));
            let report = |(Judged { worth, asked, mut verdict }, places): (Judged<'_>, &&[u32])| {
                let own: Vec<_> = asked.iter().filter(|one| is_of_subject(one.question)).copied().collect();
                let of_subject = if own.len() == asked.len() {
                    verdict.has_cause()
                } else {
                    !own.is_empty() && verdict.put_first(judge(&own, traffic))
                };
                if let Some(decisive) = wanted.decisive {
                    verdict.put_first(judge_decisive(&asked, traffic, decisive));
                }
                let report = report(&asked, &verdict, self.facts, &is_of_subject, left);
                FoundMessage { worth, of_subject, message: self.with_doubts(report, places, wanted) }
            };
            judged.into_iter().map(report).collect()
        })
    }

    /// The messages with a question that is wanted.
    fn candidates(&self, wanted: &Wanted, subject: &AskedSubject<'_>) -> Vec<&[u32]> {
        let span = ReadSpan { from: wanted.from, to: wanted.to, client: wanted.client, hits: true };
        let is_of = |place: &u32| {
            let question = self.outline.questions.get(index(*place));
            question.is_some_and(|one| span.has(one.at, one.client) && subject.is_of(one.asked))
        };
        let mut found: Vec<&[u32]> = self.messages.iter().filter(|places| places.iter().any(is_of)).collect();
        if wanted.subject.is_none() {
            // The others do not come into the reply, and to judge all takes as long as to read them.
            found.sort_by_cached_key(|places| {
                Reverse(waited(self.questions(places).map(|question| (question.at, question.end()))))
            });
            found.truncate(wanted.most);
        }
        found
    }

    fn questions(&self, places: &[u32]) -> impl Iterator<Item = &QuestionOutline> {
        places.iter().filter_map(|place| self.outline.questions.get(index(*place)))
    }

    /// The worth of each message. Only those that took long or failed are read for it.
    fn worths<'m>(&self, messages: Vec<&'m [u32]>, wanted: &Wanted) -> Vec<((u64, u64), &'m [u32])> {
        let (mut decisive, mut worths) = (Vec::new(), Vec::new());
        let flights = LazyCell::new(|| self.outline.flights_by_number());
        for message in &messages {
            let known = self.known_worth(message, wanted, &flights);
            if known.is_none() {
                decisive.push(self.decisive(message));
            }
            worths.push(known);
        }
        let mut judged = self.judge(&decisive, wanted, |judged, _| {
            judged.into_iter().map(|message| message.worth).collect::<Vec<_>>().into_iter()
        });
        let worths = worths.into_iter().map(|known| known.or_else(|| judged.next()).unwrap_or_default());
        worths.zip(messages).collect()
    }

    /// The worth of a message, if it is known without its causes: nothing failed, and less time went elsewhere than to servers that
    /// answered soon.
    fn known_worth<Made: FnOnce() -> FlightsByNumber>(
        &self,
        places: &[u32],
        wanted: &Wanted,
        flights: &LazyCell<FlightsByNumber, Made>,
    ) -> Option<(u64, u64)> {
        if self.questions(places).any(|question| question.outcome.is_failure()) {
            return None;
        }
        let began = self.questions(places).map(|question| question.at).min().unwrap_or(0);
        let ended = self.questions(places).map(QuestionOutline::end).max().unwrap_or(0);
        let (took, slow) = (ended.saturating_sub(began), slow_answer(self.facts.slow));
        let waited = waited(self.questions(places).map(|question| (question.at, question.end())));
        let cost = known_cost(took, waited, waited, slow).or_else(|| {
            let questions = self.questions(places).map(|question| (question, (question.at, question.end())));
            let unclear = turns(questions).into_iter().map(|(question, span)| {
                let flight = self.outline.flight_number(question).and_then(|number| flights.get(&number));
                let flight = flight.and_then(|place| self.outline.flights.get(index(*place)));
                let all = span.1.saturating_sub(span.0);
                flight.map_or(all, |flight| self.outline.unclear(flight, span, slow))
            });
            known_cost(took, waited, unclear.fold(0, u64::saturating_add), slow)
        });
        cost.map(|cost| worth(wanted, cost, waited))
    }

    /// The questions of a message that decide its verdict: the first and the last one, and those that took time or failed.
    fn decisive(&self, places: &[u32]) -> Vec<u32> {
        let (first, last) = (places.first(), places.last());
        let decides = |place: &&u32| {
            let question = self.outline.questions.get(index(**place));
            let counts = question.is_some_and(|one| one.elapsed > 0 || one.outcome.is_failure());
            counts || Some(*place) == first || Some(*place) == last
        };
        places.iter().filter(decides).copied().collect()
    }

    /// Reads messages in full, and judges them by these of their questions.
    fn judge<Told>(
        &self,
        messages: &[impl AsRef<[u32]>],
        wanted: &Wanted,
        tell: impl FnOnce(Vec<Judged<'_>>, &Traffic) -> Told,
    ) -> Told {
        let count = messages.iter().map(|places| places.as_ref().len()).sum();
        let places = messages.iter().flat_map(AsRef::as_ref).copied();
        let recorded = self.outline.explained((places, count), self.facts.list);
        let known = KnownFacts { facts: self.facts, links: Links::default() };
        let (explained, traffic) =
            (Explained::of(&recorded, &known), Traffic::of(&recorded, self.facts.slow));
        let mut questions = recorded.questions.iter();
        let judged = messages.iter().map(|places| {
            let asked: Vec<_> = questions
                .by_ref()
                .take(places.as_ref().len())
                .map(|one| explained.explain(one, &known))
                .collect();
            let verdict = judge(&asked, &traffic);
            let cost = verdict.causes.iter().map(Cause::cost).max().unwrap_or(0);
            Judged { worth: worth(wanted, cost, verdict.waited), asked, verdict }
        });
        tell(judged.collect(), &traffic)
    }
}

/// The worth of a message by the cost of its culprit and the time that it waited. The slowest ones were asked for, or all of a subject:
/// then a failure is worse than a wait.
fn worth(wanted: &Wanted, cost: u64, waited: u64) -> (u64, u64) {
    if wanted.subject.is_none() { (waited, cost) } else { (cost, waited) }
}

/// The wanted subject, and which names and types it has.
struct AskedSubject<'a> {
    subject: Option<&'a WantedSubject>,
    outline: &'a Outline<'a>,
    names: &'a OutlineNames<'a>,
    /// The names and types that were looked at, by their numbers: most are asked more than once.
    seen: RefCell<Vec<Option<bool>>>,
}

impl<'a> AskedSubject<'a> {
    fn new(wanted: &'a Wanted, search: &Search<'a>) -> Self {
        let Search { outline, names, .. } = *search;
        let seen = RefCell::new(vec![None; names.count()]);
        Self { subject: wanted.subject.as_ref(), outline, names, seen }
    }

    /// Whether a name and type, by its number, concerns the subject; without one each does.
    fn is_of(&self, asked: u32) -> bool {
        let Some(subject) = self.subject else { return true };
        let mut seen = self.seen.borrow_mut();
        let Some(seen) = seen.get_mut(index(asked)) else { return false };
        *seen.get_or_insert_with(|| subject.is_of(self.names, index(asked)))
    }

    fn is_of_entry(&self, question: &QuestionEntry) -> bool {
        self.outline.names.find(&question.name, question.kind).is_some_and(|asked| self.is_of(asked))
    }
}

impl Search<'_> {
    /// The report with the waits that may belong to its mail. Its culprit is unknown if there are such waits and its own queries were quick, or
    /// if one of them fills the pauses of its client.
    fn with_doubts(&self, mut report: MessageReport, places: &[u32], wanted: &Wanted) -> MessageReport {
        let first = self.questions(places).next();
        report.of_disk = first.is_some_and(|first| self.outline.extent.is_of_disk(first.at, first.hit));
        let kind = report.culprit.kind;
        if wanted.subject.is_none() && kind != CulpritKind::Client {
            return report;
        }
        let PossibleWaits { nearest, left_out } = self.possible_waits(places);
        (report.possible_waits, report.possible_waits_left_out) = (nearest, left_out);
        let waits: Vec<&PossibleWait> = report.possible_waits.iter().collect();
        let is_open = match kind {
            CulpritKind::None => !waits.is_empty(),
            CulpritKind::Client => waits.iter().any(|wait| wait.order == WaitOrder::During),
            _ => false,
        };
        if is_open {
            report.culprit = doubt::culprit(report.waited, &waits);
        } else if report.of_disk && kind == CulpritKind::None {
            report.culprit = doubt::of_disk(&report.culprit);
        }
        report
    }

    /// The waits and the failed queries of other messages that may belong to the mail of a message.
    fn possible_waits(&self, places: &[u32]) -> PossibleWaits {
        let (questions, own) = (&self.outline.questions, self.facts_of(places));
        let Some(client) = self.questions(places).next().map(|first| first.client) else {
            return PossibleWaits::default();
        };
        let message = places.first().and_then(|place| self.messages.message_of(*place));
        // The waits of a message follow each other, so one may be far from this message though the first one is near.
        let reach = micros(FLIGHT_TIME);
        let begin = questions.partition_point(|other| other.at < own.began.saturating_sub(reach));
        let behind = (0..).zip(questions).skip(begin);
        let near = behind.take_while(|(_, other)| other.at <= own.ended.saturating_add(reach));
        let of_others = near.filter_map(|(place, other)| {
            let message = self.messages.message_of(place).filter(|other| Some(*other) != message)?;
            (other.client == client && self.is_delay(other)).then_some((message, other))
        });
        let subjects = self.subjects_of(places);
        let may_be_own = |(message, wait): &(u32, &QuestionOutline)| {
            let other = self.messages.questions(*message).map(|places| self.facts_of(places));
            // Domains have mail hosts in common: their query stands in one message, and each mail waits for it.
            let is_common = || self.subject_of(wait.asked).is_some_and(|own| subjects.contains(&own));
            other.is_some_and(|other| other.is_near(&own) && (!other.excludes(&own) || is_common()))
        };
        let waits = of_others.filter(may_be_own);
        let waits = waits.map(|(_, wait)| FoundWait::new(wait, (own.began, own.ended))).collect();
        doubt::report(waits, |question| {
            let (name, kind) = self.names.asked(index(question.asked));
            let text = |name: &[u8]| name_text(&name_of_wire(name));
            let apex = self.names.list(name).and_then(|list| list.of(name));
            (text(name), kind_text(kind), apex.map(text))
        })
    }

    /// Returns true if a query may be the delay of a mail: it took long, or failed. A failed list defers none.
    fn is_delay(&self, question: &QuestionOutline) -> bool {
        let is_list = || self.names.list(self.names.asked(index(question.asked)).0).is_some();
        doubt::is_wait(question) || (question.outcome.is_failure() && !is_list())
    }

    /// The subjects of the queries of a message, and those that their answers name.
    fn subjects_of(&self, places: &[u32]) -> Vec<Link> {
        let asked: BTreeSet<u32> = self.questions(places).map(|question| question.asked).collect();
        let own = asked.iter().filter_map(|asked| self.subject_of(*asked));
        own.chain(asked.iter().flat_map(|asked| self.names.links(index(*asked)))).collect()
    }

    fn subject_of(&self, asked: u32) -> Option<Link> {
        let (name, _) = self.names.asked(index(asked));
        Some(match subject(name, |name| self.names.list(name))? {
            Subject::Address(address) => Link::Address(address),
            Subject::Domain(domain) => Link::Name(domain.as_ref().into()),
        })
    }

    fn facts_of(&self, places: &[u32]) -> MailFacts {
        let mut facts = MailFacts { began: u64::MAX, ..MailFacts::default() };
        for question in self.questions(places) {
            let (name, kind) = self.names.asked(index(question.asked));
            let subject = subject(name, |name| self.names.list(name));
            facts.has_host |= matches!(subject, Some(Subject::Address(_)));
            facts.has_sender |= kind == RecordType::MX;
            (facts.began, facts.ended) = (facts.began.min(question.at), facts.ended.max(question.end()));
        }
        facts
    }
}

impl WantedSubject {
    fn is_of(&self, names: &impl NumberedNames, asked: usize) -> bool {
        let (name, _) = names.asked(asked);
        match self {
            Self::Address(address) => {
                subject(name, |name| names.list(name)) == Some(Subject::Address(*address))
                    || names.links(asked).any(|link| link == Link::Address(*address))
            }
            Self::Name(wanted) => {
                let of_list = || Some(is_within(&asked_domain(name, names.list(name)?)?, wanted));
                is_within(name, wanted) || of_list() == Some(true)
            }
            Self::Itself(domain) | Self::Shortened(domain) => *name == **domain,
        }
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
