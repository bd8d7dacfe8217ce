//! The time of a message before its names: an older message with more names of a pasted line is not certainly that of the line.
//!
//! # Decisions
//!
//! - The host of a mail and its sender may be two messages of the record, see `other_part`. An older mail of the same sender, as one message,
//!   has more names of the line than each of them. If the nearer messages have all these names together, they are the mail of the line.
//! - A message of another time than the line is not its mail if the record has a message of its client at the time of the line for one of its
//!   names.
//! - If the nearer messages lack names of the older one, each may be the mail of the line: the host may have connected again. Then the verdict
//!   is known only if all have the same one.

use super::about::has;
use super::fit::{TimeFit, distance, time_fit};
use super::line::PastedLine;
use super::other_part::{causes_of, is_same, unknown_between};
use crate::limits::PASTED_NEAR;
use history::why::MessageReport;

/// A message, and which subjects of a line it has: they are looked for once, because each message is compared with many others.
pub(super) struct NamedMessage {
    pub(super) report: MessageReport,
    /// For each subject of the line.
    has: Vec<bool>,
}

impl NamedMessage {
    pub(super) fn of(line: &PastedLine, report: MessageReport) -> Self {
        let has = line.subjects.iter().map(|subject| has(&report, subject)).collect();
        Self { report, has }
    }
}

/// Whether the last query of a message was longer before a line than most lines are behind the queries of their mail. A line with a delay
/// tells its time itself.
pub(super) fn is_older(line: &PastedLine, message: &MessageReport) -> bool {
    let tells_time = line.is_arrival || line.delay.with_dns().is_some();
    line.at.is_some() && !tells_time && distance(line, message) > PASTED_NEAR.as_secs()
}

/// Whether a message of the client of another one came behind it, before a line, and is for one of its names in the line.
pub(super) fn is_nearer(line: &PastedLine, other: &NamedMessage, than: &NamedMessage) -> bool {
    let (one, older) = (&other.report, &than.report);
    // One that took no time is not nearer than itself.
    one.began > older.began
        && one.began >= older.began + older.took
        && one.client == older.client
        && has_common_name(other, than)
        && is_older(line, older)
        && distance(line, one) < u64::MAX
}

/// Whether two messages have a name of a line in common. One without its names was found by a name below these, or by an answer.
fn has_common_name(one: &NamedMessage, older: &NamedMessage) -> bool {
    let mut both = one.has.iter().zip(&older.has);
    !older.has.contains(&true) || both.any(|(one, older)| *one && *older)
}

/// Whether messages that are nearer to a line than another one are its mail instead of that.
pub(super) fn replace(line: &PastedLine, nearer: &[&NamedMessage], older: &NamedMessage) -> bool {
    let has_it = |place: usize| nearer.iter().any(|one| one.has.get(place) == Some(&true));
    let has_all = || older.has.iter().enumerate().all(|(place, own)| !own || has_it(place));
    let is_of_line = |one: &&NamedMessage| time_fit(line, &one.report) > TimeFit::Elsewhere;
    let is_elsewhere = time_fit(line, &older.report) == TimeFit::Elsewhere && nearer.iter().any(is_of_line);
    !nearer.is_empty() && (is_elsewhere || has_all())
}

/// The message of a line with the culprit `unknown` if a nearer one has another verdict. All have their verdicts for the line.
pub(super) fn undecided_by_time(message: &MessageReport, nearer: &[MessageReport]) -> Option<MessageReport> {
    if nearer.iter().all(|other| is_same(&other.culprit, &message.culprit)) {
        return None;
    }
    let causes = causes_of(std::iter::once(message).chain(nearer));
    let evidence = "this message has more names of the line than the messages behind it, which are nearer to the time of the line, and they have not one cause: each of them may be its mail";
    let advice = "paste other lines of the same mail too, which have other times and names; `resolverctl why` with the names shows the messages";
    Some(unknown_between(message.clone(), causes, (evidence, advice)))
}
