//! Takes renewed certificates of encrypted listeners into use, without a reload, and logs those that were not renewed in time.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::{MissedTickBehavior, interval};

use super::certificates::{self, CertificateFiles};
use super::running::Running;
use crate::limits::{CERTIFICATE_INTERVAL, CERTIFICATES_TOLD};
use control::protocol::{Severity, Warning};
use control::{Controlled, health};
use dns::clock::Mono;

/// When the problems of certificates were logged last; none if never.
#[derive(Debug, Default)]
struct Told(Option<Mono>);

impl Told {
    /// The problems to log now: at once, and then once in `CERTIFICATES_TOLD`.
    fn due(&mut self, problems: Vec<Warning>, now: Mono) -> Vec<Warning> {
        let is_due = self.0.is_none_or(|last| now.since(last) >= CERTIFICATES_TOLD);
        if !is_due || problems.is_empty() {
            return Vec::new();
        }
        self.0 = Some(now);
        problems
    }
}

/// Takes new certificates into use.
pub(super) async fn follow(subject: Arc<Running>) -> Infallible {
    let mut ticks = interval(CERTIFICATE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut files, mut told) = (CertificateFiles::default(), Told::default());
    loop {
        ticks.tick().await;
        if block_in_place(|| files.have_changed(&subject.config())) {
            subject.renew_certificates().await;
        }
        let certificates = subject.certificates.status(&subject.config());
        let problems = health::certificates(&certificates, subject.now().unix);
        told.due(problems, subject.clock.mono()).iter().for_each(log);
    }
}

/// Logs a problem.
fn log(Warning { severity, problem, remedy }: &Warning) {
    match severity {
        Severity::Warning => tracing::warn!("{problem} {remedy}"),
        Severity::Critical => tracing::error!("{problem} {remedy}"),
    }
}

impl Running {
    /// Reads the files of certificates again, and takes those that have changed into use. Connections keep theirs.
    async fn renew_certificates(&self) {
        let _alone = self.reloading.lock().await;
        block_in_place(|| {
            let (new, renewed) = certificates::read_again(&self.config(), &self.certificates);
            if renewed.is_empty() {
                return;
            }
            let mut state = self.state();
            state.config = Arc::new(new);
            if let Some(listeners) = &state.listeners {
                listeners.set_policies(&state.config, &self.resolver.views());
            }
            drop(state);
            for path in renewed {
                tracing::info!("new certificate in use: {}", path.display());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn problems_are_logged_at_once_and_then_once_a_day() {
        let problem = || {
            vec![Warning {
                severity: Severity::Warning,
                problem: "The certificate a.pem expires on 2027-01-28.".to_owned(),
                remedy: "Renew it.".to_owned(),
            }]
        };
        let (mut told, begin) = (Told::default(), Mono::START);
        assert!(told.due(Vec::new(), begin).is_empty());
        let first = begin.after(CERTIFICATE_INTERVAL);
        assert_eq!(told.due(problem(), first), problem());
        let day = first.after(CERTIFICATES_TOLD);
        assert!(told.due(problem(), day.before(CERTIFICATE_INTERVAL)).is_empty());
        assert_eq!(told.due(problem(), day), problem());
        assert!(told.due(problem(), day.after(Duration::from_secs(1))).is_empty());
    }
}
