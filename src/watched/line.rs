//! Writes the log lines about findings of watched domains that appeared or ended.

use super::history::{ChangeKind, FindingChange};
use super::subject::{WatchedName, WatchedSubject};
use config::WatchLevel;
use dns::clock::minute;
use doctor::finding::Level;

/// Logs a change, if the finding is serious enough for the configured level.
pub(super) fn write(watched: &WatchedSubject, change: &FindingChange) {
    if change.level > mildest(watched.level) {
        return;
    }
    let domain = &*watched.name.to_string();
    let sentence = sentence(watched, change);
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

/// Returns what is checked: for instance "own domain example.com".
fn subject(watched: &WatchedSubject) -> String {
    let kind = match (&watched.own, &watched.name) {
        (None, _) => "watched domain",
        (Some(_), WatchedName::Domain(_)) => "own domain",
        (Some(_), WatchedName::Address(_)) => "own address",
    };
    format!("{kind} {}", watched.name)
}

/// Returns the command that shows what to do.
fn command(watched: &WatchedSubject) -> String {
    if watched.own.is_some() { "own".to_owned() } else { format!("check {}", watched.name) }
}

/// Returns the fault, the facts that show it, and what the operator can do.
fn sentence(watched: &WatchedSubject, change: &FindingChange) -> String {
    let (subject, command) = (subject(watched), command(watched));
    let FindingChange { code, level, evidence, since, .. } = change;
    let entry = code.entry();
    let (title, level, since) = (entry.title, level.word(), minute(*since));
    let evidence = evidence.trim_end_matches('.');
    match change.change {
        ChangeKind::Came => format!(
            "{subject} has a new {level} since {since}: {title} ({evidence}); `resolverctl {command}` shows what to do"
        ),
        ChangeKind::Went => format!(
            "{subject} no longer has the {level} \"{title}\", which began at {since}: three checks in a row have not found it"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    use config::{OwnSection, WatchAs};
    use doctor::codes::Code;
    use hickory_proto::rr::Name;

    fn watched(own: Option<OwnSection>) -> WatchedSubject {
        WatchedSubject {
            name: WatchedName::Domain(Name::from_ascii("example.com.").unwrap()),
            side: WatchAs::Both,
            interval: Duration::from_secs(3_600),
            level: WatchLevel::Warning,
            own: own.map(Arc::new),
        }
    }

    #[test]
    fn log_line_has_since_and_remedy() {
        let watched = watched(None);
        let mut change = FindingChange {
            at: 1_795_230_600,
            change: ChangeKind::Came,
            code: Code::SerialDiffers,
            level: Level::Warning,
            evidence: "192.0.2.4 has 7, the others have 8.".to_owned(),
            since: 1_795_230_000,
        };
        assert_eq!(
            sentence(&watched, &change),
            "watched domain example.com has a new warning since 2026-11-21 03:00 UTC: the name servers have different serials of the zone (192.0.2.4 has 7, the others have 8); `resolverctl check example.com` shows what to do"
        );
        change.change = ChangeKind::Went;
        assert_eq!(
            sentence(&watched, &change),
            "watched domain example.com no longer has the warning \"the name servers have different serials of the zone\", which began at 2026-11-21 03:00 UTC: three checks in a row have not found it"
        );
        change.change = ChangeKind::Came;
        let own = super::tests::watched(Some(OwnSection::default()));
        let line = sentence(&own, &change);
        assert!(
            line.starts_with("own domain example.com has")
                && line.ends_with("`resolverctl own` shows what to do"),
            "{line}"
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
