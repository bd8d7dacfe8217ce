//! Writes the log lines about findings of watched domains that appeared or ended.

use super::history::{ChangeKind, FindingChange};
use config::{ConfiguredWatch, WatchLevel};
use dns::clock::minute;
use dns::wire::presentation::name_text;
use doctor::finding::Level;

/// Logs a change, if the finding is serious enough for the configured level.
pub(super) fn write(watch: &ConfiguredWatch, change: &FindingChange) {
    if change.level > mildest(watch.level) {
        return;
    }
    let domain = name_text(&watch.domain);
    let domain = domain.trim_end_matches('.');
    let sentence = sentence(domain, change);
    let (code, level) = (change.code.entry().word, change.level.word());
    match (change.change, change.level) {
        (ChangeKind::Came, Level::Failure | Level::Warning) => {
            tracing::warn!(watched = "came", domain, code, finding = level, "{sentence}");
        }
        (ChangeKind::Came, _) => {
            tracing::info!(watched = "came", domain, code, finding = level, "{sentence}")
        }
        (ChangeKind::Went, _) => {
            tracing::info!(watched = "went", domain, code, finding = level, "{sentence}")
        }
    }
}

const fn mildest(level: WatchLevel) -> Level {
    match level {
        WatchLevel::Failure => Level::Failure,
        WatchLevel::Warning => Level::Warning,
        WatchLevel::CouldNotTell => Level::CouldNotTell,
        WatchLevel::Note => Level::Note,
    }
}

/// Returns the fault, the facts that show it, and what the operator can do.
fn sentence(domain: &str, change: &FindingChange) -> String {
    let FindingChange { code, level, evidence, since, .. } = change;
    let entry = code.entry();
    let (title, level, since) = (entry.title, level.word(), minute(*since));
    let evidence = evidence.trim_end_matches('.');
    match change.change {
        ChangeKind::Came => format!(
            "watched domain {domain} has a new {level} since {since}: {title} ({evidence}); `resolverctl check {domain}` shows what to do"
        ),
        ChangeKind::Went => format!(
            "watched domain {domain} no longer has the {level} \"{title}\", which began at {since}: three checks in a row have not found it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doctor::codes::Code;

    #[test]
    fn log_line_has_since_and_remedy() {
        let mut change = FindingChange {
            at: 1_795_230_600,
            change: ChangeKind::Came,
            code: Code::SerialDiffers,
            level: Level::Warning,
            evidence: "192.0.2.4 has 7, the others have 8.".to_owned(),
            since: 1_795_230_000,
        };
        assert_eq!(
            sentence("example.com", &change),
            "watched domain example.com has a new warning since 2026-11-21 03:00 UTC: the name servers have different serials of the zone (192.0.2.4 has 7, the others have 8); `resolverctl check example.com` shows what to do"
        );
        change.change = ChangeKind::Went;
        assert_eq!(
            sentence("example.com", &change),
            "watched domain example.com no longer has the warning \"the name servers have different serials of the zone\", which began at 2026-11-21 03:00 UTC: three checks in a row have not found it"
        );
    }

    #[test]
    fn level_includes_worse_findings() {
        assert!(Level::Warning > mildest(WatchLevel::Failure));
        assert!(
            Level::Warning <= mildest(WatchLevel::Warning)
                && Level::CouldNotTell > mildest(WatchLevel::Warning)
        );
        assert!(Level::CouldNotTell <= mildest(WatchLevel::CouldNotTell));
        assert!(Level::Note <= mildest(WatchLevel::Note) && Level::Note > mildest(WatchLevel::CouldNotTell));
    }
}
