//! Selects the messages of the query history (a message: the DNS queries for one mail) to which a pasted line may belong, and
//! decides for each whether DNS delayed the mail of the line.
//!
//! # Decisions
//!
//! - If several messages match the line equally well, or have names of the line that the others lack, all of them are shown, the
//!   best first. The queries about the host of a mail and the queries about its sender are often two messages.
//! - A message does not count as quick if another slow query of the client may belong to the same mail and took about as long as
//!   the delay in the line (see `explain::doubt`).
//! - The line itself is evidence: a failed lookup in the line means that DNS is at fault, and a delay in another part of the
//!   delivery means the opposite. If the line reports an answer, such as a name that does not exist, time does not matter: the
//!   answer is the cause if a query of the message, or of another one shortly before, has this answer; otherwise the cause is unknown.

use std::cmp::Reverse;

use super::answer;
use super::delay::SLOW_PART;
use super::fit::{
    DELAYED, FailedQuery, Fit, SHARE, TimeFit, covered, failed_query, is_most_of_prompt, is_of_another,
    is_of_dns, left_out, waited,
};
use super::line::PastedLine;
use super::subject::{address_of, has};
use crate::limits::{MAX_FITTING_MESSAGES, WHY_AROUND};
use crate::render::words::time;
use dns::question::DnsResult;
use explain::doubt::{self, ON_DISK_ALONE, PossibleWait};
use explain::limits::SLOW_ANSWER;
use explain::why::{CulpritReport, MessageReport, QuestionReport};
use record::culprit::CulpritKind;

/// Returns at most `MAX_FITTING_MESSAGES` messages (emails) to which a pasted line may belong, the best match first. The daemon
/// found `messages` by the names and addresses of the line. If no message is from the time of the line, returns the nearest
/// message with the culprit `unknown`; `moment` formats its time. If the daemon reports that its history has no message for the
/// line, this report is the result.
pub fn settle(
    line: &PastedLine,
    messages: Vec<MessageReport>,
    moment: &dyn Fn(f64) -> String,
) -> Vec<MessageReport> {
    let (absent, known): (Vec<_>, Vec<_>) = messages.into_iter().partition(MessageReport::is_absent);
    let known = known.into_iter().map(|message| without_earlier(line, message)).collect();
    let mut known = distinct(line, known);
    if !known.iter().all(|message| is_of_another(line, message)) {
        known.retain(|message| !is_of_another(line, message));
    }
    let mut fitted: Vec<(Fit, MessageReport)> =
        known.into_iter().map(|message| (Fit::new(line, &message), message)).collect();
    // Of equally good matches, one with a fault in DNS comes first. For example, all messages of a domain match a line without a
    // time equally well.
    let worth = |(fit, message): &(Fit, MessageReport)| (fit.clone(), is_of_dns(message.culprit.kind));
    fitted.sort_by_cached_key(|fitted| Reverse(worth(fitted)));
    let Some((best, _)) = fitted.first() else {
        return absent.into_iter().next().map(|message| without_message(line, message)).into_iter().collect();
    };
    if best.time == TimeFit::Elsewhere {
        let (fit, nearest) = fitted.swap_remove(0);
        // The denial was still valid when the line was written, whichever mail asked for the name.
        let answer = answer::of_line(line, &nearest).filter(|_| fit.distance.0 <= WHY_AROUND.as_secs());
        return vec![match answer {
            Some(answer) => MessageReport { line: Some(line.text.clone()), ..with_first(answer, nearest) },
            None => of_another_time(line, nearest, moment),
        }];
    }
    let shown = judged(line, fitting(line, fitted));
    let fitting = if shown.len() > 1 { shown.len() as u64 } else { 0 };
    let with_line = |message: MessageReport| {
        let is_open = line.delay.whole.is_some() && message.culprit.kind != CulpritKind::NotDns;
        // The evidence that the cause is not known may already have these times.
        let times = is_open.then(|| times(line, &message));
        let times = times.filter(|times| *times != message.culprit.evidence);
        let exceeds_delay = exceeds_delay(line, &message);
        MessageReport { line: Some(line.text.clone()), times, fitting, exceeds_delay, ..message }
    };
    shown.into_iter().map(with_line).collect()
}

/// Removes the queries of earlier mails to the same domain: those that began before the mail of the line. Changes nothing if the
/// line has no delay, or if the report lacks queries.
fn without_earlier(line: &PastedLine, mut message: MessageReport) -> MessageReport {
    let begin = line.whole_delay().filter(|_| line.delay.whole.is_some() && message.left_out == 0);
    let is_earlier =
        |question: &QuestionReport| begin.is_some_and(|(begin, _)| message.began + question.at < begin);
    let Some(first) = message.questions.iter().find(|question| !is_earlier(question)).map(|first| first.at)
    else {
        return message;
    };
    if first <= 0.0 {
        return message;
    }
    message.questions.retain(|question| question.at >= first);
    for question in &mut message.questions {
        question.at -= first;
        question.messages.iter_mut().for_each(|sent| sent.at -= first);
    }
    message.began += first;
    let ends = message.questions.iter().map(|question| question.at + question.elapsed);
    message.took = ends.fold(0.0, f64::max);
    message.waited = covered(message.questions.iter().map(|one| (one.at, one.at + one.elapsed)).collect());
    message.sums.values_mut().for_each(|sum| *sum = sum.min(message.waited));
    message
}

/// Returns true if a message (email) is from the time of a pasted line. If the line reports a failed lookup, the message must
/// also have a failed query.
pub fn is_of_line(line: &PastedLine, message: &MessageReport) -> bool {
    let Fit { time, .. } = Fit::new(line, message);
    let has_failed = || {
        let mut questions = message.questions.iter();
        questions.any(|question| question.outcome.is_failure()) || answer::of_line(line, message).is_some()
    };
    !message.is_absent() && time > TimeFit::Elsewhere && (!line.blames_dns || has_failed())
}

/// Several names of a pasted line may find the same message (email). Keeps one copy of it: the one whose failed query concerns
/// the line, or else one whose culprit is a fault or a delay in DNS.
fn distinct(line: &PastedLine, messages: Vec<MessageReport>) -> Vec<MessageReport> {
    let worth = |message: &MessageReport| (failed_query(line, message), is_of_dns(message.culprit.kind));
    let mut distinct: Vec<MessageReport> = Vec::new();
    for mut message in messages {
        let same = distinct
            .iter_mut()
            .find(|known| (known.began, &known.client) == (message.began, &message.client));
        let Some(known) = same else {
            distinct.push(message);
            continue;
        };
        if worth(&message) > worth(known) {
            std::mem::swap(known, &mut message);
        }
        for (known, other) in known.questions.iter_mut().zip(&message.questions) {
            known.of_subject |= other.of_subject;
        }
    }
    distinct
}

/// Returns the message (email) that matches best, those that match equally well, and those with names or addresses of the line that the others lack.
fn fitting(line: &PastedLine, fitted: Vec<(Fit, MessageReport)>) -> Vec<MessageReport> {
    let (mut shown, mut best): (Vec<MessageReport>, Option<Fit>) = (Vec::new(), None);
    for (fit, message) in fitted {
        let lacks = |subject: &String| has(&message, subject) && !shown.iter().any(|one| has(one, subject));
        let is_equal = best
            .as_ref()
            .is_none_or(|best| *best == fit || best.failed == fit.failed && is_nearer(&fit, best));
        let is_part = fit.time > TimeFit::Elsewhere && line.subjects.iter().any(lacks);
        let is_blamed = best.as_ref().is_none_or(|best| best.failed == FailedQuery::None);
        if shown.len() < MAX_FITTING_MESSAGES && (is_equal || (is_part && is_blamed)) {
            best.get_or_insert(fit);
            shown.push(message);
        }
    }
    shown
}

/// Returns true if both messages (emails) match the time of a line in the same way, and the first ended nearer to the time of the
/// line. (The order of `distance` is reversed: a greater value is nearer.)
fn is_nearer(fit: &Fit, than: &Fit) -> bool {
    fit.time == than.time && fit.distance > than.distance
}

/// Returns each message (email) with the culprit of the delay in the line. If DNS is never the culprit, only the best match is
/// returned.
fn judged(line: &PastedLine, mut messages: Vec<MessageReport>) -> Vec<MessageReport> {
    let has = |is_it: &dyn Fn(&QuestionReport) -> bool| {
        messages.iter().any(|message| message.questions.iter().any(is_it))
    };
    let has_host = has(&|question| address_of(&question.name).is_some());
    if has_host && has(&|question| question.kind == "MX") {
        // The shown messages (emails) have the queries about the host and about the sender of the mail. So waits of other messages do not belong to
        // this mail, except a failed query for a mail host: if two domains share this host, only one of their messages has the query.
        let may_be_shared = |wait: &PossibleWait| wait.failed && address_of(&wait.name).is_none();
        messages.iter_mut().for_each(|message| message.possible_waits.retain(may_be_shared));
    }
    let waited_together: f64 = messages.iter().map(|message| waited(line, message)).sum();
    let mut judged: Vec<MessageReport> =
        messages.into_iter().map(|message| judge(line, message, waited_together)).collect();
    let is_blameless = |message: &MessageReport| match message.culprit.kind {
        CulpritKind::NotDns => true,
        CulpritKind::Unknown => line.delay.is_before_queue(),
        _ => false,
    };
    if judged.iter().all(is_blameless) {
        judged.truncate(1);
    }
    // Faults in DNS come first, then unknown culprits.
    judged.sort_by_key(|message| {
        let kind = message.culprit.kind;
        (!is_of_dns(kind), kind != CulpritKind::Unknown)
    });
    // For a line that reports a result of DNS, the culprit is never "not DNS".
    for (message, reported) in judged.iter_mut().zip(line.reports.into_iter().cycle()) {
        if message.culprit.kind == CulpritKind::NotDns {
            message.culprit = answer::unanswered(reported);
        }
    }
    judged
}

/// Returns a message (email) that was found for a pasted line, with the culprit of the delay in this line: `not_dns` if DNS did not take most of the
/// delay. `waited_together` is the time, in seconds, that all messages of the line waited for DNS.
fn judge(line: &PastedLine, mut message: MessageReport, waited_together: f64) -> MessageReport {
    answer::mark_unknown_list(line, &mut message);
    let delay = line.delay.with_dns().filter(|delay| *delay >= DELAYED);
    let is_explained = delay.is_some_and(|delay| waited_together >= delay * SHARE);
    let has_failed = line.blames_dns && message.questions.iter().any(|one| one.outcome.is_failure());
    let is_quiet = matches!(message.culprit.kind, CulpritKind::None | CulpritKind::Unknown);
    if let Some(answer) = answer::of_line(line, &message) {
        return with_first(answer, message);
    }
    if line.reports.is_some_and(|reported| !has_failed && reported != DnsResult::Failure) {
        return doubted(line, with_first(not_dns(line, &message), message));
    }
    if has_failed || sleeps(line, &message) || (is_explained && is_quiet) {
        return message;
    }
    let elsewhere = line.delay.parts.filter(|[before, queued, connecting, sending]| {
        before.max(*queued).max(*sending) >= DELAYED.max(*connecting)
    });
    // The part "before the queue manager" includes earlier delivery attempts. So DNS can explain the last attempt even if this
    // part is the longest one.
    let is_retried = line.delay.before_last_try().is_some()
        && elsewhere.is_none_or(|[_, queued, connecting, sending]| queued.max(sending) < connecting);
    if is_retried && is_explained && is_of_dns(message.culprit.kind) {
        message.also.insert(0, not_dns(line, &message));
        return message;
    }
    let is_elsewhere = elsewhere
        .is_some_and(|[before, queued, _, sending]| waited_together < (before + queued + sending) * SHARE);
    let is_prompt = is_prompt(line) && !is_most_of_prompt(line, &message);
    let is_unexplained = delay.is_some() && !is_explained;
    // A line without a delay does not show if the mail was slow. Many short waits for DNS may have made it slow.
    let is_untimed = line.delay.whole.is_none() && line.delay.with_dns().is_none();
    let is_slow_together =
        message.culprit.kind == CulpritKind::None && message.waited >= SLOW_ANSWER.as_secs_f64();
    if is_untimed && is_slow_together {
        return doubted(line, message);
    }
    if is_of_dns(message.culprit.kind) && !is_elsewhere && !is_prompt && !is_unexplained {
        return message;
    }
    doubted(line, with_first(not_dns(line, &message), message))
}

/// Replaces the culprit of the message. If the culprit before was one of DNS and of another kind, the report names it as a further culprit.
fn with_first(culprit: CulpritReport, mut message: MessageReport) -> MessageReport {
    let before = std::mem::replace(&mut message.culprit, culprit);
    let is_other = is_of_dns(before.kind) && before.kind != message.culprit.kind;
    message.also = if is_other { vec![before] } else { Vec::new() };
    message
}

/// Returns true if pauses of the client between its queries explain the delay in the line. If the line has no delay, any pause is enough.
fn sleeps(line: &PastedLine, message: &MessageReport) -> bool {
    let is_client = |culprit: &CulpritReport| culprit.kind == CulpritKind::Client;
    let sleeps = is_client(&message.culprit) || message.also.iter().any(is_client);
    let delay = line.delay.last_try.or(line.delay.whole);
    let is_delay = delay.is_none_or(|delay| delay >= DELAYED && message.took >= delay * SHARE);
    sleeps && is_delay && !is_prompt(line)
}

/// Returns true if the line shows that no lookup failed and that everything before the transmission was quick. Slow or failed
/// queries of the message (email) then belong to another mail.
fn is_prompt(line: &PastedLine) -> bool {
    let is_short = |delay: f64| delay < DELAYED;
    let before = line.delay.parts.is_none_or(|[before, queued, ..]| is_short(before) && is_short(queued));
    before && !line.blames_dns && line.delay.with_dns().is_some_and(is_short)
}

/// Changes the culprit of a quick message (email) to `unknown` if another slow or failed query of the client matches the line and
/// may belong to the same mail, or if such a query may be missing in the history on disk.
fn doubted(line: &PastedLine, message: MessageReport) -> MessageReport {
    let delay = line.delay.with_dns();
    let fits = |wait: &&PossibleWait| {
        let defers = wait.failed && (line.blames_dns || delay.is_none());
        defers || delay.is_none_or(|delay| delay >= DELAYED && wait.elapsed <= delay + left_out(line))
    };
    let mut waits: Vec<&PossibleWait> = message.possible_waits.iter().filter(fits).collect();
    let all = waits.iter().fold(waited(line, &message), |sum, wait| sum + wait.elapsed);
    if delay.is_some_and(|delay| all < delay * SHARE) {
        waits.retain(|wait| wait.failed && line.blames_dns);
    }
    if !waits.is_empty() {
        return MessageReport { culprit: doubt::culprit(message.waited, &waits), ..message };
    }
    // The history on disk has all slow queries, but not all quick ones. So if the delay is short or unknown, a query of this mail
    // may be missing.
    let delay = line.delay.whole.or_else(|| line.delay.with_dns());
    if message.of_disk && delay.is_none_or(|delay| delay < DELAYED) {
        let culprit = CulpritReport::new(
            CulpritKind::Unknown,
            format!("these queries were quick, {ON_DISK_ALONE}"),
            "paste other lines of the same mail too: one with a delay, or one about a failed lookup, shows which queries are its own",
        );
        return MessageReport { culprit, ..message };
    }
    message
}

/// Returns the message (email) with the culprit "unknown", because it has the domain of the line but is from another time, and the
/// history has no better one.
fn of_another_time(
    line: &PastedLine,
    message: MessageReport,
    moment: &dyn Fn(f64) -> String,
) -> MessageReport {
    let also = if is_of_dns(message.culprit.kind) { vec![message.culprit] } else { Vec::new() };
    let culprit = CulpritReport::new(
        CulpritKind::Unknown,
        format!(
            "the query history has no query of this mail at the time of the line; these queries are of another mail of the same domain at {}, whose cause may be another",
            moment(message.began)
        ),
        "check the time of the line; `resolverctl why` with the domain and --at shows the messages around a time",
    );
    MessageReport { line: Some(line.text.clone()), culprit, also, ..message }
}

/// Completes the report for a line for which the history has no message (email). If most of the delay was in the queue manager or during the
/// transmission, the cause is not DNS. If the history reaches back to the time of the line, the advice is to paste another line of the mail, or to
/// look at the next hop.
fn without_message(line: &PastedLine, mut message: MessageReport) -> MessageReport {
    if let Some(refused) = answer::of_refused_list(line) {
        return MessageReport { line: Some(line.text.clone()), culprit: refused, ..message };
    }
    let delay = delay_text(line);
    let is_elsewhere = line.delay.parts.is_some_and(|[before, queued, connecting, sending]| {
        let elsewhere = queued.max(sending);
        elsewhere >= SLOW_PART && elsewhere > before.max(connecting)
    });
    if let Some(delay) = delay.as_ref().filter(|_| is_elsewhere && line.reports.is_none()) {
        message.culprit = CulpritReport::new(CulpritKind::NotDns, delay.clone(), advice_elsewhere(line));
        return MessageReport { line: Some(line.text.clone()), ..message };
    }
    let reach = message.history.as_ref().and_then(|history| history.resolved);
    if reach.zip(line.whole_delay()).is_some_and(|(reach, (begin, _))| reach <= begin) {
        message.culprit.evidence = format!(
            "nothing of this mail was asked here: nobody queried resolverd for {} at the time of the line",
            line.subjects.join(", ")
        );
        message.culprit.advice = "run `resolverctl check system`: it shows which programs of this host ask another resolver, as in a chroot with a resolv.conf of its own; if the next hop (relay=) is an address, no query was needed: look at that host".to_owned();
    }
    if let Some(delay) = delay {
        message.culprit.evidence.push_str(&format!("; {delay}"));
    }
    MessageReport { line: Some(line.text.clone()), ..message }
}

/// Returns what the line says about its delay; none if it has no delay.
fn delay_text(line: &PastedLine) -> Option<String> {
    let delay = &line.delay;
    Some(match (delay.parts, delay.whole, delay.last_try.map(|last| (last, "in the last try"))) {
        (Some([before, queued, connecting, sending]), ..) => format!(
            "the delay was {before:.1} s before the queue manager, {queued:.1} s in the queue manager, {connecting:.1} s until the greeting of the remote server, {sending:.1} s during sending"
        ),
        (None, Some(whole), last) => {
            let part = last.or_else(|| delay.sending.map(|sending| (sending, "in the transmission")));
            let part = part.map(|(part, place)| format!(", and {part:.1} s of it were {place}"));
            format!("the whole delay was {whole:.1} s{}", part.unwrap_or_default())
        }
        (None, None, _) => return None,
    })
}

/// Returns the part of a sentence that says how long the queries waited, and what the line says about its delay.
fn times(line: &PastedLine, message: &MessageReport) -> String {
    let waited = time(waited(line, message));
    let delay = delay_text(line).map(|delay| format!("; {delay}")).unwrap_or_default();
    if exceeds_delay(line, message) {
        return format!(
            "these queries waited {waited} for DNS, longer than the delay: some were sent before it, or for other mails{delay}"
        );
    }
    format!("these queries waited {waited} for DNS{delay}")
}

/// Returns true if the queries waited longer than the whole delay in the line.
fn exceeds_delay(line: &PastedLine, message: &MessageReport) -> bool {
    line.delay.whole.is_some_and(|whole| waited(line, message) > whole + left_out(line))
}

/// Advice if most of the delay was before the queue manager, and the mail was not deferred before.
const BEFORE_QUEUE: &str = "smtpd and content filters query DNS before the queue manager: their lines with this queue id name the client and the sender; paste them too if they are missing here";

/// Advice for each part of the delay in a line of Postfix, if this part is the longest one. If the first part is the longest one and there
/// was no earlier delivery attempt, the advice is `BEFORE_QUEUE`.
const PARTS: [&str; 4] = [
    "this time has the earlier tries of the mail: see the earlier lines of its queue id",
    "look at the queue: `qshape active`, and the limits of concurrency",
    "look at the server or the content filter that got the mail (relay=): it accepted the connection late or greeted late",
    "look at the server or the content filter that got the mail (relay=): it answered late after the data",
];

/// Returns a culprit that is not DNS. If most of the delay was before the queue manager, the culprit is unknown: smtpd and
/// content filters sent queries in this time that a line about a delivery does not show.
fn not_dns(line: &PastedLine, message: &MessageReport) -> CulpritReport {
    if line.delay.is_before_queue() {
        return CulpritReport::new(CulpritKind::Unknown, times(line, message), BEFORE_QUEUE);
    }
    CulpritReport::new(CulpritKind::NotDns, times(line, message), advice_elsewhere(line))
}

/// Returns the advice for a line whose delay was not in DNS.
fn advice_elsewhere(line: &PastedLine) -> &'static str {
    match (line.delay.parts, line.delay.whole, line.delay.last_try) {
        (Some(parts), ..) => {
            let most = parts.into_iter().fold(0.0, f64::max);
            let longest = parts.iter().zip(PARTS).find(|(part, _)| **part == most);
            match longest {
                _ if most < SLOW_PART => {
                    "nothing was slow: the line has the reply of the remote server, or the error"
                }
                _ if most == parts[2] && line.text.contains("relay=none") => {
                    "no server accepted the connection: see the error in the line, and check whether this host reaches port 25 of the remote host"
                }
                longest => longest.map_or("", |(_, advice)| advice),
            }
        }
        (None, Some(_), Some(_)) => {
            "the mail was deferred before: see the earlier lines of its queue id; for the last try look at the remote server"
        }
        (None, Some(_), None) => "look at the other steps of the program that wrote the line",
        (None, None, _) => "the line shows no delay: look at the other lines of the same mail",
    }
}
