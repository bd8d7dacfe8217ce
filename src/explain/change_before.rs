//! Finds the change of a record that came shortly before a message whose questions about the domain
//! failed or were slow.

use hickory_proto::rr::Name;

use crate::limits::CHANGE_BEFORE_MESSAGE;
use crate::why::MessageReport;
use dns::question::name_text;
use record::changes::{ChangeRow, Changes};

/// In seconds. A question that took at least this time delayed its message.
const SLOW: f64 = 0.3;

/// Returns the last change of a domain whose questions failed or were slow, if it came shortly
/// before the message.
pub(crate) fn change_before(table: &Changes, report: &MessageReport) -> Option<ChangeRow> {
    let span = CHANGE_BEFORE_MESSAGE.as_secs_f64();
    let ended = report.began + report.took;
    let bad = report.questions.iter().filter(|one| one.outcome.is_failure() || one.elapsed >= SLOW);
    let domains = bad.filter_map(|one| {
        let mut name = Name::from_ascii(&one.name).ok()?.to_lowercase();
        while !name.is_root() && !table.has(&name_text(&name)) {
            name = name.base_name();
        }
        (!name.is_root()).then(|| name_text(&name))
    });
    let changes = domains.flat_map(|domain| table.report(&domain, 0).changes);
    let is_near = |row: &ChangeRow| (report.began - span..=ended).contains(&(row.at as f64));
    changes.filter(is_near).max_by_key(|row| row.at)
}
