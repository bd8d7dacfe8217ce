//! Finds the emails that `resolverctl why` requests: groups questions into messages, selects messages, and reports their culprits.
//!
//! A pure function of the recorded questions.

use std::cell::RefCell;
use std::cmp::Reverse;

use crate::answer;
use crate::culprit::{Cause, ExplainedQuestion, MessageVerdict, judge, judge_decisive};
use crate::doubt::{self, PossibleWait, WaitOrder};
use crate::evidence::{self, Absence, seconds};
use crate::explained::Explained;
use crate::limits::{FAILURE_COST, MAX_JUDGED_MESSAGES, MAX_WHY_POSSIBLE_WAITS, MAX_WHY_REPLY};
use crate::message::{ListOf, Message, Messages, group};
use crate::subject::{Subject, asked_domain, subject};
use crate::traffic::{Traffic, waited};
use crate::why::{DaemonFacts, HistoryReach, MessageReport, Wanted, WantedSubject, report};
use dns::clock::micros;
use dns::question::{DnsResult, is_within, name_of_wire, name_text};
use record::culprit::CulpritKind;
use record::entry::{ByAsked, Link, QuestionEntry, place_of};
use record::{ReadSpan, Recorded};

/// Returns the replies to several requests of `resolverctl why`. The first request always gets a reply. Further requests get no reply after
/// `MAX_WHY_REPLY` octets of replies, or when `is_late` returns true. No reply is cut off.
pub fn why(
    recorded: &Recorded,
    wanted: &[Wanted],
    facts: &DaemonFacts<'_>,
    is_late: &dyn Fn() -> bool,
) -> Vec<Vec<MessageReport>> {
    let search = Search {
        recorded,
        facts,
        messages: group(recorded, facts.list),
        explained: Explained::from_recorded(recorded, facts.list),
        traffic: Traffic::from_recorded(recorded, facts.slow),
    };
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

/// Returns a report that says why the history does not have the wanted question.
fn unknown(recorded: &Recorded, wanted: &Wanted, facts: &DaemonFacts<'_>) -> MessageReport {
    let begin = recorded.begin.or(recorded.stored_since);
    let absence = match begin {
        Some(_) if recorded.hides_clients && wanted.client.is_some() => Absence::HiddenClients,
        Some(_) => Absence::Others,
        None if recorded.off => Absence::Off,
        None => Absence::Empty,
    };
    MessageReport {
        history_begin: begin.map(seconds),
        history: begin.map(|_| HistoryReach::from_recorded(recorded, facts.slow)),
        began: begin.map_or(0.0, seconds),
        culprit: evidence::unknown(absence),
        ..MessageReport::default()
    }
}

/// The emails of the history, and the resolutions (flights) and the traffic that explain them.
struct Search<'a> {
    recorded: &'a Recorded,
    facts: &'a DaemonFacts<'a>,
    messages: Messages,
    explained: Explained<'a>,
    traffic: Traffic,
}

impl Search<'_> {
    /// Returns the reports on the wanted emails, the worst first. If there are none, the only report has the culprit `unknown`. `left`: how
    /// many octets the questions may take; their size is subtracted.
    fn reply(&self, wanted: &Wanted, left: &mut usize) -> Vec<MessageReport> {
        let subject = SubjectFilter::new(wanted.subject.as_ref(), self);
        let mut judged: Vec<_> =
            self.candidates(wanted, &subject).into_iter().map(|one| self.judged(one, wanted)).collect();
        judged.sort_by_key(|(worth, ..)| Reverse(*worth));
        if wanted.subject.is_some() {
            put_bogus_first(&mut judged);
        }
        judged.truncate(wanted.most);
        let mut found = Vec::new();
        for (_, message, asked, mut verdict) in judged {
            let is_of_subject = |question: &QuestionEntry| wanted.subject.is_some() && subject.has(question);
            let own: Vec<_> = asked.iter().filter(|one| is_of_subject(one.question)).copied().collect();
            let of_subject = if own.len() == asked.len() {
                verdict.has_cause()
            } else {
                !own.is_empty() && verdict.put_first(judge(&own, &self.traffic))
            };
            if let Some(decisive) = wanted.decisive {
                verdict.put_first(judge_decisive(&asked, &self.traffic, decisive));
            }
            let report = report(&asked, &verdict, self.facts, &is_of_subject, left);
            let mut report = self.with_doubts(report, message, wanted);
            if let Some(WantedSubject::Name(name)) = &wanted.subject
                && report.culprit.kind == CulpritKind::None
            {
                let name = name_text(&name_of_wire(name));
                let is_it = |one: &str| one == name;
                let results = [DnsResult::NoName, DnsResult::NullMx].into_iter();
                let mut answers = results.filter_map(|said| answer::culprit(&report.questions, said, &is_it));
                report.culprit = answers.next().unwrap_or(report.culprit);
            }
            found.push((of_subject, report));
        }
        if wanted.subject.is_some() {
            // Reports whose culprit belongs to the wanted subject come first, those on emails that were certainly quick last.
            found.sort_by_key(|(of_subject, one)| (one.culprit.kind == CulpritKind::None, !of_subject));
        }
        if found.is_empty() {
            return vec![unknown(self.recorded, wanted, self.facts)];
        }
        found.into_iter().map(|(_, message)| message).collect()
    }

    /// Returns the messages with a wanted question. If there are too many, returns those that may have been delayed longest.
    fn candidates(&self, wanted: &Wanted, subject: &SubjectFilter<'_>) -> Vec<&Message> {
        let span =
            ReadSpan { from: wanted.from, to: wanted.to, client: wanted.client, ..ReadSpan::default() };
        let is_wanted = |one: &QuestionEntry| span.has(one.at, one.client) && subject.has(one);
        let mut found: Vec<&Message> =
            self.messages.all.iter().filter(|message| self.questions(message).any(is_wanted)).collect();
        let most = |message: &&Message| match &wanted.subject {
            None => self.waited(message),
            Some(_) if message.has_failed(self.recorded) => {
                message.took().saturating_add(micros(FAILURE_COST))
            }
            Some(_) => message.took(),
        };
        found.sort_by_cached_key(|message| Reverse(most(message)));
        if wanted.subject.is_none() {
            // Without a wanted subject, the longest messages are returned, as many as requested.
            found.truncate(wanted.most);
            return found;
        }
        let others = found.split_off(found.len().min(MAX_JUDGED_MESSAGES));
        let failed = others.into_iter().filter(|message| message.has_failed(self.recorded));
        found.extend(failed.max_by_key(|message| message.began));
        found
    }

    fn questions(&self, message: &Message) -> impl Iterator<Item = &QuestionEntry> {
        message.queries(self.recorded)
    }

    fn waited(&self, message: &Message) -> u64 {
        waited(self.questions(message).map(|question| (question.at, question.end())))
    }

    /// Returns a message with its verdict and a sort key. The message with the greatest key comes first. Without a wanted subject, the key is
    /// the time that the message waited; with a subject, it is the greatest cost of one cause (see `Cause::cost`).
    fn judged<'m>(&'m self, message: &'m Message, wanted: &Wanted) -> JudgedMessage<'m> {
        let asked: Vec<_> =
            self.questions(message).map(|one| self.explained.explain(one, self.facts.list)).collect();
        let verdict = judge(&asked, &self.traffic);
        let cost = verdict.causes.iter().map(Cause::cost).max().unwrap_or(0);
        let worth = if wanted.subject.is_none() { (verdict.waited, cost) } else { (cost, verdict.waited) };
        (worth, message, asked, verdict)
    }

    /// A message is a group of queries. Adds to its report the waits in other groups that may belong to the same mail. The culprit becomes
    /// `unknown` in two cases: there are such waits and this group was quick; or the culprit was a pause of the client, and such a wait
    /// overlaps it.
    fn with_doubts(&self, mut report: MessageReport, message: &Message, wanted: &Wanted) -> MessageReport {
        report.of_disk = self.questions(message).next().is_some_and(|first| first.stored);
        let kind = report.culprit.kind;
        if wanted.subject.is_none() && kind != CulpritKind::Client {
            return report;
        }
        let mut waits = self.possible_waits(message);
        report.possible_waits_left_out = waits.len().saturating_sub(MAX_WHY_POSSIBLE_WAITS) as u64;
        waits.truncate(MAX_WHY_POSSIBLE_WAITS);
        let is_open = match kind {
            CulpritKind::None => !waits.is_empty(),
            CulpritKind::Client => waits.iter().any(|wait| wait.order == WaitOrder::During),
            _ => false,
        };
        if is_open {
            report.culprit = doubt::culprit(report.waited, &waits.iter().collect::<Vec<_>>());
        } else if report.of_disk && kind == CulpritKind::None {
            report.culprit = doubt::of_disk(&report.culprit);
        }
        report.possible_waits = waits;
        report
    }

    /// Returns the waits and failed questions in other groups that may belong to the same mail, the nearest in time first.
    fn possible_waits(&self, message: &Message) -> Vec<PossibleWait> {
        let is_other = |other: &&Message| other.questions.first() != message.questions.first();
        let near = self.messages.all.iter().filter(|other| other.is_near(message)).filter(is_other);
        let mut waits = Vec::new();
        for other in near {
            for question in self.questions(other) {
                let list = || (self.facts.list)(&question.name);
                if self.messages.may_be_of(message, other, question) && doubt::is_delay(question, list()) {
                    waits.push(PossibleWait::new(question, list(), (message.began, message.ended)));
                }
            }
        }
        waits.sort_by(|one, other| one.gap.total_cmp(&other.gap).then(one.order.cmp(&other.order)));
        waits
    }
}

/// If the latest failure is that of a bogus zone, puts the messages that this made fail first, the latest one before the others: its error is the
/// one that the zone has now, and how long its keys took to fetch does not matter.
fn put_bogus_first(judged: &mut [JudgedMessage<'_>]) {
    let is_bogus = |verdict: &MessageVerdict| {
        verdict.causes.first().is_some_and(|cause| cause.kind == CulpritKind::Bogus)
    };
    let failed = judged.iter().filter(|(.., verdict)| verdict.has_failed());
    let latest = failed.max_by_key(|(_, message, ..)| message.began);
    if latest.is_some_and(|(.., verdict)| is_bogus(verdict)) {
        judged.sort_by_key(|(_, message, _, verdict)| Reverse(is_bogus(verdict).then_some(message.began)));
    }
}

type JudgedMessage<'m> = ((u64, u64), &'m Message, Vec<ExplainedQuestion<'m>>, MessageVerdict);

/// Finds the questions about the wanted name or address.
struct SubjectFilter<'a> {
    subject: Option<&'a WantedSubject>,
    list: ListOf<'a>,
    /// The results of `has` so far, because most names are asked for more than once.
    seen: RefCell<ByAsked<bool>>,
}

impl<'a> SubjectFilter<'a> {
    fn new(subject: Option<&'a WantedSubject>, search: &Search<'a>) -> Self {
        let seen = match subject {
            // Questions whose answer contains the wanted address concern the subject.
            Some(WantedSubject::Address(address)) => {
                let flights = search.recorded.flights.iter();
                let with_it = flights.filter(|flight| flight.links.contains(&Link::Address(*address)));
                with_it.map(|flight| (place_of(&flight.name, flight.kind), true)).collect()
            }
            _ => ByAsked::default(),
        };
        Self { subject, list: search.facts.list, seen: RefCell::new(seen) }
    }

    /// Returns true if a question concerns the wanted name or address. If no name or address is wanted, returns true for all questions.
    fn has(&self, question: &QuestionEntry) -> bool {
        let Some(wanted) = self.subject else { return true };
        let is_of = || {
            let (name, list) = (&*question.name, self.list);
            match wanted {
                WantedSubject::Address(address) => subject(name, list) == Some(Subject::Address(*address)),
                WantedSubject::Name(wanted) => {
                    let of_list = || Some(is_within(&asked_domain(name, list(name)?)?, wanted));
                    is_within(name, wanted) || of_list() == Some(true)
                }
                WantedSubject::Itself(domain) => {
                    let of_list = || asked_domain(name, list(name)?);
                    *name == **domain || of_list().as_deref() == Some(&**domain)
                }
            }
        };
        *self.seen.borrow_mut().entry(question.place()).or_insert_with(is_of)
    }
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
