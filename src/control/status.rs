//! The state and the health of the daemon: for the socket and for metrics.

use super::protocol::{Fill, Status};
use super::{Controlled, health, lists};
use history::{JudgedCounts, Window};

/// The window by which the health is judged.
pub const JUDGED: Window = Window::FiveMinutes;

/// The state and the health at this moment.
pub fn status(subject: &impl Controlled) -> Status {
    status_by(subject, &subject.recorder().judged(JUDGED))
}

/// Like `status`, by the counts of the window `JUDGED`.
pub fn status_by(subject: &impl Controlled, judged: &JudgedCounts) -> Status {
    let daemon = subject.status();
    let missing = health::missing(&daemon.missing, &subject.config());
    let root_keys = health::root_keys(&daemon.root_keys, subject.now().unix);
    let certificates = health::certificates(&daemon.certificates, subject.now().unix);
    let metrics = daemon.metrics.as_ref().and_then(health::metrics);
    let recorder = subject.recorder();
    // A scrape of metrics comes ten times a second, and most find few failures.
    let by_zone = if health::much_fails(judged) { recorder.failures_by_zone(JUDGED) } else { None };
    Status {
        daemon,
        uptime: judged.uptime,
        questions: judged.questions,
        seconds: judged.seconds,
        stores: subject.fill().iter().map(Fill::from).collect(),
        warnings: health::judge(judged, by_zone.as_ref(), &recorder.troubles())
            .into_iter()
            .chain(missing)
            .chain(root_keys)
            .chain(certificates)
            .chain(metrics)
            .chain(lists::warnings(subject))
            .collect(),
    }
}
