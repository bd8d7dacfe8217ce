//! Messages of the disk, which has failed, bogus and slow queries and messages that took long, but not the mails that were quick.
//!
//! # Decisions
//!
//! - The mail of a line may have been quick, so that the disk does not have it. A message of the disk is that of a line only if its last query
//!   was just before the line, if the line tells the time of its delay, or if the line blames a lookup and one of its queries failed.
//! - The disk lacks queries of a mail, so what it has of it does not show that the mail was quick, unless it has all of its time (`whole_until`). But
//!   a mail that waited for DNS as long as a delay in its line is on the disk, unless a crash came just behind it.

use super::fit::{DELAYED, FailedQuery};
use super::line::PastedLine;
use super::nearest::is_older;
use history::culprit::CulpritKind;
use history::doubt::ON_DISK_ALONE;
use history::why::{CulpritReport, MessageReport};

/// Whether a message may be of another time than a line, whose mail the disk does not have. `failed` is its query about the line.
pub(super) fn may_be_of_another_time(
    line: &PastedLine,
    message: &MessageReport,
    failed: FailedQuery,
) -> bool {
    let is_blamed = line.blames_dns && failed > FailedQuery::None;
    let is_behind = line.at.zip(message.whole_until).is_none_or(|(at, until)| at > until);
    message.of_disk && !is_blamed && is_behind && is_older(line, message)
}

/// The culprit of a line of whose time the disk has no message; the one that is shown began at `began`.
pub(super) fn of_another_time(began: &str) -> CulpritReport {
    unknown(format!(
        "of the time of the line the query history has only what is on disk: failed, bogus and slow queries; none of them ended just before the line; these, at {began}, have names of the line, and may be of its mail or of another one"
    ))
}

/// The message of a line with the culprit `unknown` if it is of the disk, which lacks others, and only that shows that DNS was quick.
pub(super) fn in_full(line: &PastedLine, message: MessageReport) -> MessageReport {
    let delay = line.delay.whole.or_else(|| line.delay.with_dns());
    let tells_wait = delay.is_some_and(|delay| delay >= DELAYED);
    // A wait that is shorter is not on the disk, so a list that failed at once does not show that nothing waited.
    let is_quick =
        message.culprit.kind == CulpritKind::NotDns && (message.also.is_empty() || delay.is_some());
    let is_told = message.whole_until.is_some() || (tells_wait && !message.is_cut);
    if !message.of_disk || !is_quick || is_told {
        return message;
    }
    let culprit = unknown(format!("these queries were quick, {ON_DISK_ALONE}"));
    MessageReport { culprit, ..message }
}

fn unknown(evidence: String) -> CulpritReport {
    let (zone, server, list, usual) = Default::default();
    let advice = "paste other lines of the same mail too: one with a delay, or one about a failed lookup, tells which queries are its own".to_owned();
    CulpritReport { kind: CulpritKind::Unknown, zone, server, list, evidence, usual, advice }
}
