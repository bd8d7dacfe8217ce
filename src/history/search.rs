//! The search for the messages that `resolverctl why` wants: the outline of the record chooses them, and only these are read in full, judged
//! and reported.
//!
//! Pure: a function of the outline.

use std::borrow::Cow;
use std::cell::{LazyCell, RefCell};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use super::asked_subjects::NumberedNames;
use super::culprit::{
    Cause, CulpritKind, ExplainedQuestion, MessageVerdict, judge, judge_decisive, known_cost, turns,
};
use super::doubt::{self, FoundWait, OtherQuery, OwnQuery, PossibleWaits};
use super::entry::{Link, QuestionEntry, index};
use super::evidence::{self, Absence, CulpritReport, seconds};
use super::explained::{Explained, Links};
use super::grouped::Grouped;
use super::outline::{FlightsByNumber, Outline, OutlineNames, QuestionOutline};
use super::recorded::{ReadSpan, Recorded};
use super::spans::waited;
use super::subject::{Subject, asked_domain, linked, subject};
use super::traffic::{Traffic, slow_answer};
use super::why::{DaemonFacts, HistoryReach, KnownFacts, MessageReport, Wanted, WantedSubject, report};
use crate::limits::{MAX_DEADLINE, MAX_WHY_REPLY};
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
    // Without a subject, each message is judged with all its questions.
    let has_subject = wanted.iter().any(|one| one.subject.is_some());
    let delayed = if has_subject { delayed(outline, &names, &messages) } else { Vec::new() };
    let search = Search { outline, names: &names, facts, messages: &messages, delayed: &delayed };
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
        note: None,
        of_disk: false,
        whole_until: None,
        is_cut: false,
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
    messages: &'a Grouped,
    /// The messages that took long or failed.
    delayed: &'a [DelayedMessage<'a>],
}

/// A message with a question that took long or failed.
struct DelayedMessage<'a> {
    places: &'a [u32],
    client: IpAddr,
    /// From its first question to its last reply.
    span: (u64, u64),
}

/// The messages that took long or failed.
fn delayed<'a>(
    outline: &Outline<'_>,
    names: &OutlineNames<'_>,
    messages: &'a Grouped,
) -> Vec<DelayedMessage<'a>> {
    let delayed = |places: &'a [u32]| {
        let questions = || places.iter().filter_map(|place| outline.questions.get(index(*place)));
        questions().any(|question| is_delay(names, question)).then_some(())?;
        let (first, end) = (questions().next()?, questions().map(QuestionOutline::end).max()?);
        Some(DelayedMessage { places, client: first.client, span: (first.at, end) })
    };
    messages.iter().filter_map(delayed).collect()
}

/// Whether a question may be the delay of a mail: it took long, or failed. A failed list defers none.
fn is_delay(names: &OutlineNames<'_>, question: &QuestionOutline) -> bool {
    let is_list = || names.list(names.asked(index(question.asked)).0).is_some();
    doubt::is_wait(question) || (question.outcome.is_failure() && !is_list())
}

/// A message with wanted questions, by the places of its questions.
struct WantedMessage<'m> {
    /// The questions that certainly belong to one mail with the wanted ones. Only these are judged and shown.
    certain: Cow<'m, [u32]>,
    /// All questions of the message.
    all: &'m [u32],
}

impl AsRef<[u32]> for WantedMessage<'_> {
    fn as_ref(&self) -> &[u32] {
        &self.certain
    }
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
        let doubts = Doubts { search: self, subject: &subject };
        let is_of_subject =
            |question: &QuestionEntry| wanted.subject.is_some() && subject.is_of_entry(question);
        self.judge(&found, wanted, |judged, traffic| {
            let mut judged: Vec<_> = judged.into_iter().zip(&found).collect();
            judged.sort_by_key(|(message, _)| Reverse(message.worth));
            let report = |(Judged { worth, asked, mut verdict }, found): (Judged<'_>, &WantedMessage<'_>)| {
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
                FoundMessage { worth, of_subject, message: doubts.added(report, found) }
            };
            judged.into_iter().map(report).collect()
        })
    }

    /// The messages with a question that is wanted.
    fn candidates(&self, wanted: &Wanted, subject: &AskedSubject<'_>) -> Vec<WantedMessage<'_>> {
        let span = ReadSpan { from: wanted.from, to: wanted.to, client: wanted.client, hits: true };
        let is_of = |place| {
            let question = self.outline.questions.get(index(place));
            question.is_some_and(|one| span.has(one.at, one.client) && subject.is_of(one.asked))
        };
        let found = self.messages.iter().filter(|places| places.iter().any(|place| is_of(*place)));
        // Each part may be a mail of its own.
        let parts = |all| {
            let parts = self.messages.certain(all, is_of).into_iter();
            parts.map(move |certain| WantedMessage { certain, all })
        };
        let mut found: Vec<_> = found.flat_map(parts).collect();
        if wanted.subject.is_none() {
            // The others do not come into the reply, and to judge all takes as long as to read them.
            found.sort_by_cached_key(|message| {
                Reverse(waited(
                    self.questions(&message.certain).map(|question| (question.at, question.end())),
                ))
            });
            found.truncate(wanted.most);
        }
        found
    }

    fn questions(&self, places: &[u32]) -> impl Iterator<Item = &QuestionOutline> {
        places.iter().filter_map(|place| self.outline.questions.get(index(*place)))
    }

    /// The worth of each message. Only those that took long or failed are read for it.
    fn worths<'m>(
        &self,
        messages: Vec<WantedMessage<'m>>,
        wanted: &Wanted,
    ) -> Vec<((u64, u64), WantedMessage<'m>)> {
        let (mut decisive, mut worths) = (Vec::new(), Vec::new());
        let flights = LazyCell::new(|| self.outline.flights_by_number());
        for message in &messages {
            let known = self.known_worth(message.as_ref(), wanted, &flights);
            if known.is_none() {
                decisive.push(self.decisive(message.as_ref()));
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

/// Compares messages that were quick with those that waited or failed.
struct Doubts<'a> {
    search: &'a Search<'a>,
    subject: &'a AskedSubject<'a>,
}

impl<'a> Doubts<'a> {
    /// The report of a message with the waits that may belong to its mail, and in doubt if nothing else was slow, or if they fill the pauses
    /// of its client.
    fn added(&self, mut report: MessageReport, found: &WantedMessage<'_>) -> MessageReport {
        let (extent, own) = (&self.search.outline.extent, &found.certain);
        let mut own = self.search.questions(own).map(|one| (one.client, one.at, one.hit)).peekable();
        let first = own.peek().copied();
        report.of_disk = first.is_some_and(|(_, at, hit)| extent.is_of_disk(at, hit));
        let is_whole = report.of_disk && !own.any(|(client, at, hit)| extent.is_sparse(client, at, hit));
        let until =
            first.filter(|_| is_whole).and_then(|(client, at, _)| extent.whole_spans.until(client, at));
        report.whole_until = until.map(seconds);
        let last = self.search.questions(&found.certain).map(QuestionOutline::end).max();
        report.is_cut = report.of_disk
            && !is_whole
            && extent.cut().zip(last).is_some_and(|((since, began), last)| (since..began).contains(&last));
        let is_pause = |culprit: &CulpritReport| culprit.kind == CulpritKind::Client;
        let pauses = is_pause(&report.culprit) || report.also.iter().any(is_pause);
        let mut waits = if self.subject.subject.is_some() { self.waits(found) } else { Vec::new() };
        let in_pauses = if pauses { self.waits_in_pauses(found, &waits) } else { Vec::new() };
        if !in_pauses.is_empty() {
            report.also.retain(|also| !is_pause(also));
        }
        let is_open =
            report.culprit.kind == CulpritKind::None || (is_pause(&report.culprit) && !in_pauses.is_empty());
        waits.retain(|wait| !in_pauses.iter().any(|other| std::ptr::eq(wait.question, other.question)));
        waits.extend(in_pauses);
        let waits = self.told(waits);
        (report.possible_waits, report.possible_waits_left_out) = (waits.nearest, waits.left_out);
        if is_open && !report.possible_waits.is_empty() {
            let waits: Vec<_> = report.possible_waits.iter().collect();
            report.culprit = doubt::culprit(report.waited, &waits);
        } else if report.of_disk && report.whole_until.is_none() && report.culprit.kind == CulpritKind::None {
            report.culprit = doubt::of_disk(&report.culprit);
        }
        report
    }

    /// The waits of the same client for names of the organisations of a message, and those that may belong to its mail, if they fill its
    /// pauses: then the client has not paused.
    fn waits_in_pauses(&self, found: &WantedMessage<'_>, possible: &[FoundWait<'a>]) -> Vec<FoundWait<'a>> {
        let Search { outline, names, .. } = *self.search;
        let own: Vec<&QuestionOutline> = self.search.questions(&found.certain).collect();
        let Some(first) = own.first() else { return Vec::new() };
        let end = own.iter().map(|question| question.end()).max().unwrap_or(0);
        let mut owners: BTreeSet<Box<[u8]>> = own.iter().filter_map(|one| self.owner(one.asked)).collect();
        for reverse in own.iter().filter(|one| names.asked(index(one.asked)).1 == RecordType::PTR) {
            owners.extend(names.links(index(reverse.asked)).filter_map(|link| match link {
                Link::Name(name) => linked(&name).owner().map(Box::from),
                Link::Address(_) => None,
            }));
        }
        let longest_before = first.at.saturating_sub(micros(MAX_DEADLINE));
        let begin = outline.questions.partition_point(|other| other.at < longest_before);
        let is_wait = |(place, other): &(usize, &QuestionOutline)| {
            let is_own = found.certain.iter().any(|own| index(*own) == *place);
            let is_beside = other.client == first.client && other.end() > first.at && doubt::is_wait(other);
            let is_of_owner = || self.owner(other.asked).is_some_and(|owner| owners.contains(&owner));
            let is_possible = || possible.iter().any(|wait| std::ptr::eq(wait.question, *other));
            is_beside && !is_own && (is_possible() || is_of_owner())
        };
        let others = outline.questions.iter().enumerate().skip(begin).take_while(|(_, other)| other.at < end);
        let waits: Vec<&QuestionOutline> = others.filter(is_wait).map(|(_, other)| other).collect();
        doubt::in_pauses(&own, &waits)
    }

    /// The organisation of a name, by its number.
    fn owner(&self, asked: u32) -> Option<Box<[u8]>> {
        let (name, _) = self.search.names.asked(index(asked));
        subject(name, |name| self.search.names.list(name))?.owner().map(Box::from)
    }

    fn waits(&self, found: &WantedMessage<'_>) -> Vec<FoundWait<'a>> {
        let queries: Vec<OwnQuery<'_>> =
            self.search.questions(&found.certain).map(|question| self.own(question)).collect();
        let Some(client) = queries.first().map(|query| query.question.client) else {
            return Vec::new();
        };
        let own_span = (
            queries.first().map_or(0, |query| query.question.at),
            queries.iter().map(|query| query.question.end()).max().unwrap_or(0),
        );
        let others = self.others(found.all, &found.certain, true);
        let mut waits = doubt::after(&queries, &others);
        let begins = if self.has_address(&queries) { Vec::new() } else { doubt::begins(&queries) };
        waits.extend(doubt::nearest_before(&begins, &others));
        let is_other =
            |other: &&DelayedMessage<'_>| other.client == client && other.places.first() != found.all.first();
        for other in self.search.delayed.iter().filter(is_other) {
            let (is_before, is_after) =
                (doubt::may_be_before(&begins, other.span), doubt::may_be_after(own_span, other.span));
            if is_before || is_after {
                let others = self.others(other.places, &[], false);
                waits.extend(doubt::nearest_before(&begins, &others));
                waits.extend(doubt::after(&queries, &others));
            }
        }
        waits
    }

    fn told(&self, waits: Vec<FoundWait<'_>>) -> PossibleWaits {
        let names = self.search.names;
        doubt::told(waits, |question| {
            let (name, kind) = names.asked(index(question.asked));
            let text = |name: &[u8]| name_text(&name_of_wire(name));
            let apex = names.list(name).and_then(|list| list.of(name));
            (text(name), kind_text(kind), apex.map(text))
        })
    }

    fn own<'q>(&self, question: &'q QuestionOutline) -> OwnQuery<'q> {
        let (name, kind) = self.search.names.asked(index(question.asked));
        let of_address = self.address(question).is_some();
        let of_sender = matches!(kind, RecordType::MX | RecordType::TXT)
            && !of_address
            && self.search.names.list(name).is_none();
        OwnQuery { question, of_subject: self.subject.is_of(question.asked), of_address, of_sender }
    }

    /// The questions of a message that are not among `own`, whose places are in order.
    fn others(&self, message: &[u32], own: &[u32], of_message: bool) -> Vec<OtherQuery<'a>> {
        let Search { outline, names, messages, .. } = *self.search;
        let question = |place: u32| outline.questions.get(index(place));
        let with_host: BTreeSet<u32> = message
            .iter()
            .filter(|place| question(**place).is_some_and(|one| self.address(one).is_some()))
            .map(|place| messages.part(*place))
            .collect();
        let others = message.iter().filter(|place| own.binary_search(place).is_err());
        let other = |place: &u32| {
            let question = question(*place)?;
            let (name, _) = names.asked(index(question.asked));
            let of_list = question.outcome.is_failure() && names.list(name).is_some();
            let with_host = with_host.contains(&messages.part(*place));
            Some(OtherQuery { question, of_list, with_host, of_message })
        };
        others.filter_map(other).collect()
    }

    /// The address that a question is about.
    fn address(&self, question: &QuestionOutline) -> Option<IpAddr> {
        let (name, _) = self.search.names.asked(index(question.asked));
        match subject(name, |name| self.search.names.list(name))? {
            Subject::Address(address) => Some(address),
            Subject::Domain(_) => None,
        }
    }

    /// Whether a message has questions about the wanted address.
    fn has_address(&self, queries: &[OwnQuery<'_>]) -> bool {
        let Some(WantedSubject::Address(wanted)) = self.subject.subject else { return false };
        queries.iter().any(|query| self.address(query.question) == Some(*wanted))
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
