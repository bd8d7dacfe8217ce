//! The verdict on a pasted line: which of the messages of the record it is about, and whether DNS delayed it.

use super::line::PastedLine;
use crate::ctl::render::words::time;
use crate::record::culprit::CulpritKind;
use crate::record::why::{CulpritReport, MessageReport};

/// DNS explains a delay if it took at least this share of it.
const SHARE: f64 = 0.5;

/// A delay of a line that needs an explanation, in seconds.
const DELAYED: f64 = 1.0;

/// The message of the record that a line is about, of all that concern its subjects around its time: the worst one. Its
/// culprit is `not_dns` if the delay of the line is not in it; never if the line blames DNS and one of its queries failed.
/// None if there are no messages.
pub fn settle(line: &PastedLine, messages: Vec<MessageReport>) -> Option<MessageReport> {
    let (known, unknown): (Vec<MessageReport>, Vec<MessageReport>) =
        messages.into_iter().partition(|message| !message.is_absent());
    let weight = |message: &MessageReport| (is_of_dns(message), has_failed(message), message.waited);
    let worst = known.into_iter().max_by(|one, other| {
        let ((one_dns, one_failed, one_waited), (dns, failed, waited)) = (weight(one), weight(other));
        (one_dns, one_failed).cmp(&(dns, failed)).then(one_waited.total_cmp(&waited))
    });
    let mut message = worst.or_else(|| unknown.into_iter().next())?;
    message.line = Some(line.text.clone());
    if message.is_absent() {
        return Some(message);
    }
    let waited = message.waited;
    let unexplained = line.delay.with_dns().is_some_and(|delay| delay >= DELAYED && waited < delay * SHARE);
    let elsewhere = line.delay.parts.is_some_and(|[before, queued, connecting, sending]| {
        before.max(queued).max(sending) >= DELAYED.max(connecting)
            && waited < (before + queued + sending) * SHARE
    });
    // The pauses of the client are the delay of the line.
    let sleeps = |culprit: &CulpritReport| culprit.kind == CulpritKind::Client;
    let asleep = (sleeps(&message.culprit) || message.also.iter().any(sleeps))
        && line.delay.whole.is_some_and(|delay| delay >= DELAYED && message.took >= delay * SHARE);
    if asleep {
        return Some(message);
    }
    let failed = has_failed(&message) && line.blames_dns;
    let blameless = !is_of_dns(&message) && message.culprit.kind != CulpritKind::Unknown;
    if !failed && (blameless || unexplained || elsewhere) {
        let before = std::mem::replace(&mut message.culprit, not_dns(line, waited));
        message.also = if is_of_dns_kind(before.kind) { vec![before] } else { Vec::new() };
    }
    Some(message)
}

/// The culprit of a delay that is not in DNS.
fn not_dns(line: &PastedLine, waited: f64) -> CulpritReport {
    let took = format!("the queries of this mail waited {} for DNS", time(waited));
    let (evidence, advice) = match (line.delay.parts, line.delay.whole) {
        (Some(parts), _) => {
            let [before, queued, connecting, sending] = parts;
            let evidence = format!(
                "{took}; the delay was {before:.1} s before the queue manager, {queued:.1} s in the queue manager, {connecting:.1} s until the greeting of the remote server, {sending:.1} s during sending"
            );
            let most = parts.into_iter().fold(0.0, f64::max);
            let advice = if most <= before {
                "look at the program that gave the mail to Postfix, for instance a content filter or a slow client"
            } else if most <= queued {
                "look at the queue: `qshape active`, and the limits of concurrency"
            } else if most <= connecting {
                "look at the remote server: it accepted the connection late or greeted late"
            } else {
                "look at the remote server: it answered late after the data"
            };
            (evidence, advice)
        }
        (None, Some(delay)) => (
            format!("{took}; the whole delay was {delay:.1} s"),
            "look at the other steps of the program that wrote the line",
        ),
        (None, None) => (took, "look at the program that wrote the line"),
    };
    CulpritReport {
        kind: CulpritKind::NotDns,
        zone: None,
        server: None,
        list: None,
        evidence,
        usual: None,
        advice: advice.to_owned(),
    }
}

/// Whether DNS was at fault.
fn is_of_dns(message: &MessageReport) -> bool {
    is_of_dns_kind(message.culprit.kind)
}

fn is_of_dns_kind(kind: CulpritKind) -> bool {
    !matches!(kind, CulpritKind::None | CulpritKind::Client | CulpritKind::NotDns | CulpritKind::Unknown)
}

fn has_failed(message: &MessageReport) -> bool {
    message.questions.iter().any(|question| question.outcome.is_failure())
}
