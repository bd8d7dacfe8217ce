//! Lines of whose names the record has no query, though it reaches back to their time: mostly deliveries of incoming mail to a program of this
//! host, for instance a content filter or a mailbox server. Nobody looks up the domain of this host.
//!
//! # Decisions
//!
//! - Such a program may ask DNS itself, for names that the line does not have. So the delay is elsewhere only if no mail of the record waited
//!   for DNS in its time; otherwise it could not tell.

use super::fit::{DELAYED, SHARE};
use super::line::PastedLine;
use super::not_dns::not_dns;
use crate::record::why::MessageReport;

/// The absent message of a line, with the advice that fits if the record reaches back to its time.
pub(super) fn advised(line: &PastedLine, message: MessageReport) -> MessageReport {
    let mut message = MessageReport { line: Some(line.text.clone()), ..message };
    if is_reached(line, &message) {
        message.culprit.advice = format!(
            "nobody queried resolverd for {} at the time of the line: paste another line of this mail, with the same queue id, that names the host or the domain of the other side",
            line.subjects.join(", ")
        );
    }
    message
}

/// Whether memory has all queries of the time of a line.
fn is_reached(line: &PastedLine, message: &MessageReport) -> bool {
    let reach = message.history.as_ref().and_then(|history| history.resolved);
    reach.zip(line.whole_delay()).is_some_and(|(reach, (begin, _))| reach <= begin)
}

/// The time of a line in which a program that it names may have waited for DNS, in seconds since 1970. None if the line does not tell that
/// its own program waited elsewhere, if earlier tries are a part of its time, and if memory does not reach back to it.
pub(super) fn time(line: &PastedLine, message: &MessageReport) -> Option<(f64, f64)> {
    let [before, queued, connecting, sending] = line.delay.parts?;
    let is_elsewhere = before.max(queued).max(sending) >= DELAYED.max(connecting);
    let is_retried = line.delay.before_last_try().is_some();
    let (begin, end) = (line.whole_delay()?.0, line.at_last.or(line.at)?);
    let is_known = message.is_absent() && !line.blames_dns && is_reached(line, message);
    (is_elsewhere && !is_retried && is_known).then_some((begin, end))
}

/// The absent message of a line, with the culprit `not_dns` if none of the `others` of its time waited for DNS as long as its delay.
pub(super) fn settle(line: &PastedLine, message: MessageReport, others: &[MessageReport]) -> MessageReport {
    let delay = line.delay.parts.map_or(0.0, |[before, queued, _, sending]| before + queued + sending);
    if others.iter().any(|other| other.waited >= delay * SHARE) {
        return message;
    }
    let took = format!(
        "nobody queried resolverd for {} at the time of the line, and no mail waited for DNS as long as this one",
        line.subjects.join(", ")
    );
    MessageReport { culprit: not_dns(line, &took), ..message }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, message};
    use super::super::{read, settle as settled, settle_unnamed, unexplained_time};
    use super::*;
    use crate::question::Outcome;
    use crate::record::culprit::CulpritKind;
    use crate::record::why::HistoryReach;

    fn line(delays: &str) -> PastedLine {
        let text = format!(
            "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@our.example>, relay=127.0.0.1[127.0.0.1]:10024, delay=15, delays={delays}, dsn=2.0.0, status=sent (250 2.0.0 from MTA)"
        );
        read(&text, NOW).remove(0)
    }

    /// The absent message of a line; memory reaches back to so many seconds before it.
    fn absent(line: &PastedLine, reach: f64) -> MessageReport {
        let mut absent = message(0.0, CulpritKind::Unknown, Outcome::Upstream);
        absent.questions.clear();
        let resolved = line.at.map(|at| at - reach);
        absent.history = Some(HistoryReach { resolved, cache: resolved, disk: None });
        settled(line, vec![absent], &|_| String::new()).unwrap()
    }

    #[test]
    fn a_filter_was_slow_itself_only_if_no_mail_waited_for_dns_in_its_time() {
        let waited = |seconds| message(seconds, CulpritKind::ListSilent, Outcome::Upstream);
        for (case, delays, reach, others, expected) in [
            ("a filter", "0.1/0/0.01/15", 60.0, vec![], CulpritKind::NotDns),
            ("a client", "15/0/0.01/0.1", 60.0, vec![], CulpritKind::NotDns),
            ("others were quick", "0.1/0/0.01/15", 60.0, vec![waited(0.2)], CulpritKind::NotDns),
            (
                "a mail waited as long",
                "0.1/0/0.01/15",
                60.0,
                vec![waited(0.2), waited(12.0)],
                CulpritKind::Unknown,
            ),
            ("the lookup of the relay", "0.1/0/15/0.1", 60.0, vec![], CulpritKind::Unknown),
            ("before the record", "0.1/0/0.01/15", 10.0, vec![], CulpritKind::Unknown),
            ("earlier tries", "4000/0/0.01/15", 9_000.0, vec![], CulpritKind::Unknown),
        ] {
            let line = line(delays);
            let told = absent(&line, reach);
            assert_eq!(told.culprit.kind, CulpritKind::Unknown, "{case}");
            let told = match unexplained_time(&line, &told) {
                Some((from, to)) => {
                    let at = line.at.unwrap();
                    assert!(from <= at - 15.0 && to >= at, "{case}: {from} {to}");
                    settle_unnamed(&line, told, &others)
                }
                None => told,
            };
            assert_eq!(told.culprit.kind, expected, "{case}: {told:#?}");
            let says = "nobody queried resolverd for our.example at the time of the line, and no mail waited";
            assert_eq!(told.culprit.evidence.starts_with(says), expected == CulpritKind::NotDns, "{told:#?}");
        }
    }
}
