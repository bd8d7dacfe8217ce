//! Takes renewed certificates of encrypted listeners into use without a reload of the configuration, and logs certificates that were not renewed in
//! time.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::task::block_in_place;
use tokio::time::{MissedTickBehavior, interval};

use super::certificates::{self, CertificateFiles};
use super::running::Running;
use crate::limits::{CERTIFICATE_INTERVAL, CERTIFICATES_LOGGED};
use control::{Controlled, health};
use dns::clock::Mono;
use protocol::{Severity, Warning};

/// Looks at the certificate files every `CERTIFICATE_INTERVAL`. Runs forever.
pub(super) async fn follow(subject: Arc<Running>) -> Infallible {
    let mut ticks = interval(CERTIFICATE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut files = CertificateFiles::default();
    let mut logged: Option<Mono> = None;
    loop {
        ticks.tick().await;
        if block_in_place(|| files.have_changed(&subject.config())) {
            subject.renew_certificates().await;
        }
        let certificates = subject.certificates.status(&subject.config());
        let problems = health::listeners::certificates(&certificates, subject.now().unix);
        let now = subject.clock.mono();
        if !problems.is_empty() && logged.is_none_or(|last| now.since(last) >= CERTIFICATES_LOGGED) {
            logged = Some(now);
            problems.iter().for_each(log);
        }
    }
}

fn log(Warning { severity, problem, remedy }: &Warning) {
    match severity {
        Severity::Notice | Severity::Warning => tracing::warn!("{problem} {remedy}"),
        Severity::Critical => tracing::error!("{problem} {remedy}"),
    }
}

impl Running {
    /// Existing connections keep their certificates.
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
