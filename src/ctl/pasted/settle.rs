//! The verdict on a pasted line: which of the messages of the record it is about, and whether DNS delayed it.

use std::collections::BTreeSet;

use super::about::is_about;
use super::disk;
use super::doubt::{doubted, is_in_doubt, is_quick};
use super::equal::undecided;
use super::fit::{
    DELAYED, FailedQuery, Fit, SHARE, TimeFit, has_failed, is_most_of_prompt, is_of_dns, is_of_dns_kind,
    time_fit, waited, waits_longer,
};
use super::line::PastedLine;
use super::nearest::{NamedMessage, is_nearer, replace, undecided_by_time};
use super::not_asked;
use super::not_dns::not_dns;
use super::other_mail::is_of_another;
use super::other_part::{OtherPart, other_part, unsure, unsure_beside};
use crate::render::words::time;
use history::culprit::CulpritKind;
use history::why::{CulpritReport, MessageReport, QuestionReport};

/// A message of the record, found by subjects of the line.
struct FoundMessage {
    /// As the subject that tells most of it has found it: its own culprit is first.
    report: MessageReport,
    /// How many subjects of the line have found it.
    subjects: usize,
    /// The worst query about one of them that failed.
    failed: FailedQuery,
}

/// The messages, each once. `messages` are in the order of the subjects that found them. A culprit in DNS comes before none; if the line
/// blames a lookup, that of a name comes before that of an address, because a failed list or reverse name is mostly no reason to reject. If it
/// does not, one that took time comes before one that failed at once.
fn found(line: &PastedLine, messages: Vec<MessageReport>) -> Vec<FoundMessage> {
    let mut found: Vec<FoundMessage> = Vec::new();
    for report in messages {
        let failed = failed_query(&report);
        let has_failed = failed > FailedQuery::None;
        let same = |known: &&mut FoundMessage| {
            (known.report.began, &known.report.client) == (report.began, &report.client)
        };
        let Some(known) = found.iter_mut().find(same) else {
            found.push(FoundMessage { report, subjects: 1, failed });
            continue;
        };
        known.subjects = known.subjects.saturating_add(1);
        let is_better = |one: &MessageReport, other: &MessageReport| {
            let worth = |message: &MessageReport| {
                let is_wait = takes_time(message.culprit.kind);
                let is_blamed = line.blames_dns && has_failed && is_of_name(message);
                (is_of_dns(message), is_blamed || (!line.blames_dns && is_wait))
            };
            worth(one) > worth(other)
        };
        if is_better(&report, &known.report) {
            known.report = report;
        }
        known.failed = known.failed.max(failed);
    }
    found
}

/// Whether a culprit makes queries wait. Others answer at once.
fn takes_time(kind: CulpritKind) -> bool {
    use CulpritKind::{ListSilent, ListSlow, Loss, Network, ServerSilent, ServerSlow};
    matches!(kind, ServerSilent | ServerSlow | ListSilent | ListSlow | Loss | Network)
}

/// The worst query of a message about the subject that found it that failed.
fn failed_query(message: &MessageReport) -> FailedQuery {
    let own = message.questions.iter().filter(|question| question.of_subject);
    let failed = own.filter(|question| question.outcome.is_failure());
    let of = |question: &QuestionReport| {
        if is_reversed(&question.name) { FailedQuery::OfAddress } else { FailedQuery::OfName }
    };
    failed.map(of).max().unwrap_or(FailedQuery::None)
}

/// Whether the subject that found a message is a name: one of its queries is neither for a reverse name nor to a list.
fn is_of_name(message: &MessageReport) -> bool {
    let mut own = message.questions.iter().filter(|question| question.of_subject);
    own.any(|question| !is_reversed(&question.name))
}

/// Whether a name is a reverse name, or that of an address in a DNS list.
fn is_reversed(name: &str) -> bool {
    let mut labels = name.split('.');
    labels.by_ref().take(4).all(|label| label.parse::<u8>().is_ok()) || name.ends_with(".ip6.arpa.")
}

/// Of a line that rejects a name because of a lookup, the messages of its time in which a lookup of this name has failed; all if there are
/// none. Those of another host or list that failed beside it are no reason for the line.
fn of_rejected(line: &PastedLine, messages: Vec<MessageReport>) -> Vec<MessageReport> {
    let Some(name) = &line.rejected else { return messages };
    let has_failed = |question: &QuestionReport| {
        question.of_subject && question.outcome.is_failure() && is_about(&question.name, name)
    };
    let is_it = |message: &MessageReport| {
        time_fit(line, message) > TimeFit::Elsewhere && message.questions.iter().any(has_failed)
    };
    let (own, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(is_it);
    if own.is_empty() { others } else { own }
}

/// The message of the record that a line is about, of all that concern its subjects around its time: the one that fits best, see `Fit`.
/// Its culprit is `not_dns` if the delay of the line is not in it; never if the line blames DNS and one of its queries failed. If other
/// names of the line are in another message, and this one explains the line, it is the message; see `OtherPart`. The culprit is
/// `unknown` if a wait of another message may be the delay of the line, if several messages fit the line equally well and have not one
/// cause, or if none is of the time of the line and of its sender; then the message is another of the same domain, which `moment` shows with its time. None
/// if there are no messages.
pub fn settle(
    line: &PastedLine,
    messages: Vec<MessageReport>,
    moment: &dyn Fn(f64) -> String,
) -> Option<MessageReport> {
    let (known, unknown): (Vec<MessageReport>, Vec<MessageReport>) =
        of_rejected(line, messages).into_iter().partition(|message| !message.is_absent());
    let (others, own): (Vec<_>, Vec<_>) = known.into_iter().partition(|message| is_of_another(line, message));
    let is_of_other = own.is_empty();
    let Some(best) = best(line, found(line, if is_of_other { others } else { own })) else {
        let absent = unknown.into_iter().next();
        return absent.map(|message| not_asked::advised(line, message));
    };
    let BestFit { fit, message, failed, nearer, others, fits } = best;
    let message = MessageReport { line: Some(line.text.clone()), ..message };
    let is_of_disk = disk::may_be_of_another_time(line, &message, failed);
    if fit.is_certain() && !is_of_other && !is_of_disk {
        let judged = |messages: Vec<MessageReport>| -> Vec<MessageReport> {
            messages.into_iter().map(|message| judge(line, message)).collect()
        };
        let equals = others.iter().zip(&fits).filter(|(_, other)| fit.is_equal(other));
        let (equals, nearer) = (judged(equals.map(|(other, _)| other.clone()).collect()), judged(nearer));
        let message = judge(line, message);
        let undecided = undecided(line, &message, &equals).or_else(|| undecided_by_time(&message, &nearer));
        let told = undecided.unwrap_or_else(|| explained(line, message, &others));
        return Some(disk::in_full(line, told));
    }
    let (before, began) = (message.culprit, moment(message.began));
    let also = if is_of_dns_kind(before.kind) { vec![before] } else { Vec::new() };
    let culprit = if is_of_disk { disk::of_another_time(&began) } else { of_another(&began) };
    Some(MessageReport { culprit, also, ..message })
}

/// The message that fits a line best, and the others.
struct BestFit {
    fit: Fit,
    message: MessageReport,
    /// Its query about the line.
    failed: FailedQuery,
    /// The other messages that are nearer to the line.
    nearer: Vec<MessageReport>,
    others: Vec<MessageReport>,
    /// The fits of the others.
    fits: Vec<Fit>,
}

/// The message that fits a line best. If nearer ones replace it, it is one of these.
fn best(line: &PastedLine, found: Vec<FoundMessage>) -> Option<BestFit> {
    let fitted = |found: FoundMessage| {
        let fit = Fit::of(line, &found.report, found.subjects, found.failed);
        (fit, NamedMessage::of(line, found.report), found.failed)
    };
    let mut found: Vec<(Fit, NamedMessage, FailedQuery)> = found.into_iter().map(fitted).collect();
    loop {
        let place = found.iter().enumerate().max_by(|(_, (one, ..)), (_, (other, ..))| one.cmp(other))?.0;
        let (_, best, failed) = found.get(place)?;
        let is_nearer = |(_, other, of_other): &(Fit, NamedMessage, FailedQuery)| {
            (!line.blames_dns || of_other >= failed) && is_nearer(line, other, best)
        };
        let is_kept: Vec<bool> = found.iter().map(is_nearer).collect();
        let kept = found.iter().zip(&is_kept).filter(|(_, is_kept)| **is_kept);
        let nearer: Vec<&NamedMessage> = kept.map(|((_, one, _), _)| one).collect();
        if replace(line, &nearer, best) {
            let mut is_kept = is_kept.into_iter();
            found.retain(|_| is_kept.next() == Some(true));
            continue;
        }
        let nearer = nearer.into_iter().map(|one| one.report.clone()).collect();
        let (fit, best, failed) = found.swap_remove(place);
        let (fits, others) = found.into_iter().map(|(fit, one, _)| (fit, one.report)).unzip();
        return Some(BestFit { fit, message: best.report, failed, nearer, others, fits });
    }
}

/// The message of a line, which has the verdict for it, or one of the `others` that explains it.
fn explained(line: &PastedLine, message: MessageReport, others: &[MessageReport]) -> MessageReport {
    let is_unexplained = is_quick(&message) || message.culprit.kind == CulpritKind::Client;
    if is_unexplained || others.iter().any(|other| waits_longer(line, other, &message)) {
        match other_part(line, &message, others, |other| judge(line, other)) {
            Some(OtherPart::Known(other)) => return MessageReport { line: message.line, ..*other },
            Some(OtherPart::Unsure(causes)) => return unsure(message, causes),
            Some(OtherPart::Beside(causes)) if is_unexplained => return unsure_beside(message, causes),
            Some(OtherPart::Beside(_)) | None => {}
        }
    }
    doubted(line, &message, others).unwrap_or(message)
}

/// Says that the record has only another message of the same domain.
fn of_another(began: &str) -> CulpritReport {
    CulpritReport {
        evidence: format!(
            "the query history has no query of this mail at the time of the line; these queries are of another mail of the same domain at {began}, whose cause may be another"
        ),
        advice: "check the time of the line; `resolverctl why` with the domain and --at shows the messages around a time".to_owned(),
        ..report(CulpritKind::Unknown)
    }
}

/// The message of a line, with `not_dns` as its culprit if the delay of the line is not in it.
fn judge(line: &PastedLine, mut message: MessageReport) -> MessageReport {
    let waited = waited(line, &message);
    let unexplained = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED && waited < delay * SHARE);
    let elsewhere = line.delay.parts.is_some_and(|[before, queued, connecting, sending]| {
        before.max(queued).max(sending) >= DELAYED.max(connecting)
            && waited < (before + queued + sending) * SHARE
    });
    // The pauses of the client are the delay of the line.
    let sleeps = |culprit: &CulpritReport| culprit.kind == CulpritKind::Client;
    // A line without a delay does not show another.
    let asleep = (sleeps(&message.culprit) || message.also.iter().any(sleeps))
        && line
            .delay
            .last_try
            .or(line.delay.whole)
            .is_none_or(|delay| delay >= DELAYED && message.took >= delay * SHARE);
    if asleep && !is_prompt(line) {
        return message;
    }
    // The time before the queue manager has the earlier tries of a mail, and DNS explains this one.
    let is_elsewhere =
        line.delay.parts.is_some_and(|[_, queued, connecting, sending]| queued.max(sending) >= connecting);
    let is_explained = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED && waited >= delay * SHARE);
    let is_retried = line.delay.before_last_try().is_some() && !is_elsewhere && is_explained;
    if is_retried && is_of_dns(&message) {
        message.also.insert(0, not_dns(line, &waited_text(waited)));
        return message;
    }
    if is_prompt(line) && is_most_of_prompt(line, &message) {
        return message;
    }
    let failed = has_failed(&message) && line.blames_dns;
    let blameless =
        !is_of_dns(&message) && (message.culprit.kind != CulpritKind::Unknown || is_in_doubt(&message));
    if !failed && (blameless || unexplained || elsewhere || is_prompt(line)) {
        let before = std::mem::replace(&mut message.culprit, not_dns(line, &waited_text(waited)));
        message.also = if is_of_dns_kind(before.kind) { vec![before] } else { Vec::new() };
    }
    message
}

/// Whether a line tells itself that nothing before the transmission took long, and that no lookup failed: queries of its message that
/// waited or failed are those of another mail.
fn is_prompt(line: &PastedLine) -> bool {
    let is_short = |delay: f64| delay < DELAYED;
    let before = line.delay.parts.is_none_or(|[before, queued, ..]| is_short(before) && is_short(queued));
    before && !line.blames_dns && line.delay.with_dns().is_some_and(is_short)
}

/// A message of the record, and the pasted lines that it is told for.
#[derive(Clone, Debug)]
pub struct ToldMessage {
    /// The message, as the first of these lines has it.
    pub message: MessageReport,
    /// The numbers of the lines. The two parts of a line of `postqueue -j` have one number.
    numbers: BTreeSet<usize>,
    /// The entry of a queue, the bounce or the line of a log that the first of them is of.
    entry: usize,
    /// Whether this one tells when the mail of an entry came, with its sender.
    is_arrival: bool,
}

impl ToldMessage {
    /// The message of one line.
    pub fn of(line: &PastedLine, message: MessageReport) -> Self {
        Self {
            message,
            numbers: BTreeSet::from([line.number]),
            entry: line.entry,
            is_arrival: line.is_arrival,
        }
    }

    /// Notes a line with the same message.
    pub fn add(&mut self, line: &PastedLine) {
        self.numbers.insert(line.number);
    }

    /// The message with the number of its lines behind the first.
    pub fn shown(self) -> MessageReport {
        let more_lines = self.numbers.len().saturating_sub(1) as u64;
        MessageReport { more_lines, ..self.message }
    }
}

/// The messages in the order in which they are told: of an entry of a queue, or of a bounce, those first whose cause is known. Its first line
/// has the sender, which is mostly a domain of this host: beside another cause it is no result that the record lacks it.
pub fn known_first(mut told: Vec<ToldMessage>) -> Vec<ToldMessage> {
    let is_unknown = |one: &ToldMessage| one.message.culprit.kind == CulpritKind::Unknown;
    let known: BTreeSet<usize> = told.iter().filter(|one| !is_unknown(one)).map(|one| one.entry).collect();
    told.retain(|one| !(one.is_arrival && one.message.is_absent() && known.contains(&one.entry)));
    told.sort_by_key(|one| (one.entry, is_unknown(one)));
    told
}

/// How much the culprit of a line tells of its message: a line whose delay is elsewhere does not deny the waits that another line tells.
fn certainty(message: &MessageReport) -> u8 {
    match message.culprit.kind {
        CulpritKind::Unknown => 0,
        kind if is_of_dns_kind(kind) => 2,
        _ => 1,
    }
}

/// Each message once, for programs that count them: several lines of one message may have culprits of their own, and the first line gets
/// those of the others as further ones.
pub fn once(told: Vec<ToldMessage>) -> Vec<MessageReport> {
    let mut once: Vec<ToldMessage> = Vec::new();
    for ToldMessage { mut message, numbers, entry, is_arrival } in told {
        let same = |known: &&mut ToldMessage| {
            let known = &known.message;
            !message.is_absent() && (known.began, &known.client) == (message.began, &message.client)
        };
        let Some(known) = once.iter_mut().find(same) else {
            once.push(ToldMessage { message, numbers, entry, is_arrival });
            continue;
        };
        known.numbers.extend(numbers);
        let known = &mut known.message;
        if certainty(&message) > certainty(known) {
            std::mem::swap(known, &mut message);
        }
        for culprit in std::iter::once(message.culprit).chain(message.also) {
            let is_told = known.culprit == culprit || known.also.contains(&culprit);
            let is_cause =
                !matches!(culprit.kind, CulpritKind::Unknown | CulpritKind::NotDns | CulpritKind::None);
            if !is_told && is_cause {
                known.also.push(culprit);
            }
        }
    }
    once.into_iter().map(ToldMessage::shown).collect()
}

fn waited_text(waited: f64) -> String {
    format!("the queries of this mail waited {} for DNS", time(waited))
}

/// A culprit without words.
fn report(kind: CulpritKind) -> CulpritReport {
    let (evidence, advice) = Default::default();
    CulpritReport { kind, zone: None, server: None, list: None, evidence, usual: None, advice }
}
