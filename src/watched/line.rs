//! The lines of the log about findings that came or went.

use super::history::{ChangeKind, FindingChange};
use dns::clock::minute;
use dns::wire::presentation::name_text;
use doctor::finding::Level;
use resolver::config::{ConfiguredWatch, WatchLevel};

/// Writes the line, if the level of the finding is worth one.
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
        (ChangeKind::LeftOut, _) => {
            tracing::info!(watched = "left_out", domain, code, finding = level, "{sentence}")
        }
    }
}

/// Writes that the checks of a domain have told nothing since a moment long ago.
pub(super) fn write_untold(watch: &ConfiguredWatch, why: &str, since: u64) {
    let domain = name_text(&watch.domain);
    let (domain, since) = (domain.trim_end_matches('.'), minute(since));
    tracing::warn!(
        watched = "unknown",
        domain,
        "no check of watched domain {domain} has given a result since {since}, because {why}; new faults are not noticed meanwhile; `resolverctl check system` checks the network of this host, and `resolverctl status` shows its load"
    );
}

/// Writes that they tell something again.
pub(super) fn write_told_again(watch: &ConfiguredWatch) {
    let domain = name_text(&watch.domain);
    let domain = domain.trim_end_matches('.');
    tracing::info!(watched = "known", domain, "the checks of watched domain {domain} give results again");
}

/// The mildest level that has a line.
const fn mildest(level: WatchLevel) -> Level {
    match level {
        WatchLevel::Failure => Level::Failure,
        WatchLevel::Warning => Level::Warning,
        WatchLevel::CouldNotTell => Level::CouldNotTell,
        WatchLevel::Note => Level::Note,
    }
}

/// The fault, its evidence, and what to do.
fn sentence(domain: &str, change: &FindingChange) -> String {
    let FindingChange { code, level, evidence, since, at, seen, .. } = change;
    let entry = code.entry();
    let (title, level, since) = (entry.title, level.word(), minute(*since));
    let evidence = evidence.trim_end_matches('.');
    match change.change {
        ChangeKind::Came => format!(
            "watched domain {domain} has a new {level} since {since}: {title} ({evidence}); `resolverctl check {domain}` shows what to do"
        ),
        ChangeKind::Went => format!(
            "watched domain {domain} no longer has the {level} \"{title}\", which began at {since} and ended between {} and {}",
            minute(*seen.max(&change.since)),
            // A history of an older version has no such check.
            minute(change.missed_since.unwrap_or(*at))
        ),
        ChangeKind::LeftOut => format!(
            "watched domain {domain} is no longer checked for the {level} \"{title}\", which began at {since}, because its [[watch]] has changed"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use doctor::codes::Code;

    #[test]
    fn a_line_says_what_since_when_and_what_to_do() {
        let mut change = FindingChange {
            at: 1_795_230_600,
            change: ChangeKind::Came,
            code: Code::SerialDiffers,
            level: Level::Warning,
            evidence: "192.0.2.4 has 7, the others have 8.".to_owned(),
            since: 1_795_230_000,
            seen: 1_795_230_300,
            missed_since: Some(1_795_230_540),
        };
        assert_eq!(
            sentence("example.com", &change),
            "watched domain example.com has a new warning since 2026-11-21 03:00 UTC: the name servers have different serials of the zone (192.0.2.4 has 7, the others have 8); `resolverctl check example.com` shows what to do"
        );
        change.change = ChangeKind::Went;
        assert_eq!(
            sentence("example.com", &change),
            "watched domain example.com no longer has the warning \"the name servers have different serials of the zone\", which began at 2026-11-21 03:00 UTC and ended between 2026-11-21 03:05 UTC and 2026-11-21 03:09 UTC"
        );
    }

    #[test]
    fn a_finding_that_is_left_out_has_not_ended() {
        let change = FindingChange {
            at: 1_795_230_600,
            change: ChangeKind::LeftOut,
            code: Code::SpfMultiple,
            level: Level::Failure,
            evidence: String::new(),
            since: 1_795_230_000,
            seen: 1_795_230_000,
            missed_since: None,
        };
        assert_eq!(
            sentence("example.com", &change),
            "watched domain example.com is no longer checked for the failure \"the domain, or one that its SPF record includes, has several SPF records\", which began at 2026-11-21 03:00 UTC, because its [[watch]] has changed"
        );
    }

    #[test]
    fn each_level_has_the_lines_of_worse_ones_too() {
        assert!(Level::Warning > mildest(WatchLevel::Failure));
        assert!(
            Level::Warning <= mildest(WatchLevel::Warning)
                && Level::CouldNotTell > mildest(WatchLevel::Warning)
        );
        assert!(Level::CouldNotTell <= mildest(WatchLevel::CouldNotTell));
        assert!(Level::Note <= mildest(WatchLevel::Note) && Level::Note > mildest(WatchLevel::CouldNotTell));
    }
}
