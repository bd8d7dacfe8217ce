//! The watched domains in rows.

use super::Controlled;
use super::protocol::Reply;
use super::protocol::watched::{WatchedFinding, WatchedRow};
use dns::wire::presentation::name_text;
use watched::domain::WatchedDomain;
use watched::followed::FollowedFinding;

/// The domains, in the order of their names.
pub(super) fn rows(subject: &impl Controlled) -> Vec<Reply> {
    subject.watched().into_iter().map(|domain| Reply::Watched(Box::new(row(domain)))).collect()
}

/// A domain as a row.
pub fn row(domain: WatchedDomain) -> WatchedRow {
    let WatchedDomain { watch, history, next } = domain;
    WatchedRow {
        domain: name_text(&watch.domain).trim_end_matches('.').to_owned(),
        side: watch.side,
        interval: watch.interval.as_secs_f64(),
        checked: history.checked,
        could_not_tell: history.untold,
        could_not_tell_since: history.untold_since,
        next: next.as_secs_f64(),
        findings: history.findings.into_iter().map(finding).collect(),
        changes: history.changes,
    }
}

fn finding(finding: FollowedFinding) -> WatchedFinding {
    let FollowedFinding { code, level, evidence, remedy, since, seen, standing, unseen, .. } = finding;
    let entry = code.entry();
    WatchedFinding {
        level,
        topic: entry.topic,
        code,
        standing,
        unseen,
        since,
        seen,
        evidence,
        effect: entry.effect.to_owned(),
        remedy: if remedy.is_empty() { entry.remedy.to_owned() } else { remedy },
        source: entry.source.to_owned(),
    }
}
