//! Lines of whose names the record has no query, though it reaches back to their time: mostly deliveries of incoming mail to a program of this
//! host, for instance a content filter or a mailbox server. Nobody looks up the domain of this host.
//!
//! # Decisions
//!
//! - Such a program may ask DNS itself, for names that the line does not have. So the delay is elsewhere only if no mail of the record waited
//!   for DNS in its time; otherwise it could not tell.
//! - Where memory does not reach back to the line, the disk has each mail that waited as long as most of a delay of some seconds. If none did,
//!   the delay is elsewhere, whatever the line is about.

use super::fit::{DELAYED, SHARE};
use super::line::PastedLine;
use super::not_dns::not_dns;
use history::why::MessageReport;

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

/// Whether the disk has all mails of the time of a line that waited as long as most of its delay.
fn is_on_disk(line: &PastedLine, message: &MessageReport) -> bool {
    let Some(history) = &message.history else { return false };
    let Some((begin, end)) = line.whole_delay() else { return false };
    let is_kept = history.slow.is_some_and(|slow| delay_of(line) * SHARE >= slow);
    let is_cut = history.cut.is_some_and(|(since, until)| begin <= until && end >= since);
    is_kept && !is_cut && history.disk.is_some_and(|reach| reach <= begin)
}

/// The whole delay of a line in seconds, or that before and behind the lookup of a delivery.
fn delay_of(line: &PastedLine) -> f64 {
    let Some([before, queued, connecting, sending]) = line.delay.parts else {
        return line.delay.whole.unwrap_or(0.0);
    };
    let elsewhere = before + queued + sending;
    if elsewhere >= DELAYED.max(connecting) { elsewhere } else { connecting }
}

/// The time of a line in which a program that it names may have waited for DNS, in seconds since 1970. None if the line does not tell that
/// its own program waited elsewhere, if earlier tries are a part of its time, and if the record does not reach back to it.
pub(super) fn time(line: &PastedLine, message: &MessageReport) -> Option<(f64, f64)> {
    let is_elsewhere = line.delay.parts.is_some_and(|[before, queued, connecting, sending]| {
        before.max(queued).max(sending) >= DELAYED.max(connecting)
    });
    let is_retried = line.delay.before_last_try().is_some();
    let (begin, end) = (line.whole_delay()?.0, line.at_last.or(line.at)?);
    let is_of_time = if is_reached(line, message) { is_elsewhere } else { is_on_disk(line, message) };
    let is_known = message.is_absent() && !line.blames_dns && is_of_time;
    (!is_retried && is_known).then_some((begin, end))
}

/// The absent message of a line, with the culprit `not_dns` if none of the `others` of its time waited for DNS as long as its delay.
pub(super) fn settle(line: &PastedLine, message: MessageReport, others: &[MessageReport]) -> MessageReport {
    if others.iter().any(|other| other.waited >= delay_of(line) * SHARE) {
        return message;
    }
    let names = line.subjects.join(", ");
    let took = if is_reached(line, &message) {
        format!(
            "nobody queried resolverd for {names} at the time of the line, and no mail waited for DNS as long as this one"
        )
    } else {
        format!(
            "no query for {names} failed or was slow at the time of the line, and no mail waited for DNS as long as this one: the disk would have it"
        )
    };
    MessageReport { culprit: not_dns(line, &took), ..message }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, message};
    use super::super::{read, settle as settled, settle_unnamed, unexplained_time};
    use super::*;
    use dns::question::Outcome;
    use history::culprit::CulpritKind;
    use history::why::HistoryReach;

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
        absent.history =
            Some(HistoryReach { resolved, cache: resolved, disk: None, slow: Some(1.0), cut: None });
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

    #[test]
    fn of_a_time_that_memory_has_lost_the_disk_has_each_mail_that_waited_for_long() {
        let delivery = |delays: &str| {
            let text = format!(
                "Nov 21 03:12:05 mx postfix/smtp[9]: 4A: to=<a@b.example>, relay=mx.b.example[192.0.2.1]:25, delay=15, delays={delays}, dsn=2.0.0, status=sent (250 ok)"
            );
            read(&text, NOW).remove(0)
        };
        let exim = || {
            let text =
                "2026-11-21 03:12:05 SMTP connection from mail.b.example [192.0.2.1] closed by QUIT D=40.2s";
            read(text, NOW).remove(0)
        };
        let waited = |seconds| message(seconds, CulpritKind::ServerSilent, Outcome::Upstream);
        for (case, line, disk, (slow, cut), others, expected) in [
            (
                "a remote server",
                delivery("0/0/12/0.1"),
                60.0,
                (1.0, 9.0),
                vec![waited(4.0)],
                CulpritKind::NotDns,
            ),
            ("its data", delivery("0/0/0.1/12"), 60.0, (1.0, 9.0), vec![], CulpritKind::NotDns),
            ("a session", exim(), 60.0, (1.0, 9.0), vec![waited(10.0)], CulpritKind::NotDns),
            (
                "a mail waited as long",
                delivery("0/0/12/0.1"),
                60.0,
                (1.0, 9.0),
                vec![waited(8.0)],
                CulpritKind::Unknown,
            ),
            ("before a crash", exim(), 60.0, (1.0, -1.0), vec![], CulpritKind::Unknown),
            ("before the disk", exim(), 30.0, (1.0, 9.0), vec![], CulpritKind::Unknown),
            ("it would not be slow", delivery("0/0/1.5/0"), 60.0, (1.0, 9.0), vec![], CulpritKind::Unknown),
            ("little is slow", exim(), 60.0, (30.0, 9.0), vec![], CulpritKind::Unknown),
        ] {
            let mut told = absent(&line, 1.0);
            let at = line.at.unwrap();
            told.history = Some(HistoryReach {
                resolved: Some(at),
                cache: None,
                disk: Some(at - disk),
                slow: Some(slow),
                cut: Some((at + cut, at + cut + 30.0)),
            });
            let told = match unexplained_time(&line, &told) {
                Some(_) => settle_unnamed(&line, told, &others),
                None => told,
            };
            assert_eq!(told.culprit.kind, expected, "{case}: {told:#?}");
            let says = "or was slow at the time of the line";
            assert_eq!(told.culprit.evidence.contains(says), expected == CulpritKind::NotDns, "{told:#?}");
        }
    }
}
