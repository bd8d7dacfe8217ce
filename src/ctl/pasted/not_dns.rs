//! The culprit of a line whose delay is not in DNS, and where to look instead.

use super::line::PastedLine;
use history::culprit::CulpritKind;
use history::why::CulpritReport;

/// The culprit of a delay that is not in DNS. `took` tells how long DNS took.
pub(super) fn not_dns(line: &PastedLine, took: &str) -> CulpritReport {
    let (evidence, advice) = match (line.delay.parts, line.delay.whole, line.delay.last_try) {
        (Some(parts), ..) => {
            let [before, queued, connecting, sending] = parts;
            let evidence = format!(
                "{took}; the delay was {before:.1} s before the queue manager, {queued:.1} s in the queue manager, {connecting:.1} s until the greeting of the remote server, {sending:.1} s during sending"
            );
            let most = parts.into_iter().fold(0.0, f64::max);
            let advice = if most <= before {
                "if the mail was deferred before, this time has its earlier tries: see the earlier lines of its queue id; if not, look at the program that gave the mail to Postfix, for instance a content filter or a slow client"
            } else if most <= queued {
                "look at the queue: `qshape active`, and the limits of concurrency"
            } else if line.has_local_relay() {
                "look at the program of this network that got the mail (relay=), for instance a content filter or a mailbox server: it answered late"
            } else if most <= connecting {
                "look at the remote server: it accepted the connection late or greeted late"
            } else {
                "look at the remote server: it answered late after the data"
            };
            (evidence, advice)
        }
        (None, Some(delay), Some(last)) => (
            format!("{took}; the whole delay was {delay:.1} s, and {last:.1} s of it were in the last try"),
            "the mail was deferred before: see the earlier lines of its queue id; for the last try look at the remote server",
        ),
        (None, Some(delay), None) => (
            format!("{took}; the whole delay was {delay:.1} s"),
            "look at the other steps of the program that wrote the line",
        ),
        (None, None, _) => (took.to_owned(), "look at the program that wrote the line"),
    };
    CulpritReport::new(CulpritKind::NotDns, evidence, advice)
}
