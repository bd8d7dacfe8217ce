//! Changes to another configuration while the daemon continues to answer questions.
//!
//! All steps that can fail come first: reading the file, building views, binding sockets, and starting threads (which serve no query
//! before the change). So an error changes nothing.

use std::sync::Arc;

use hickory_proto::rr::Name;
use tokio::task::block_in_place;

use super::running::Running;
use super::{StartError, dnstap, temporary_zones};
use crate::{log, notify};
use config::Config;
use control::Controlled;
use record::limits::FLIGHT_TIME;
use watched::WatchedSubject;

impl Running {
    /// Reads the configuration file again, and reports the result to the service manager and to the log.
    pub(super) async fn reload_now(&self) -> Result<Vec<String>, Vec<String>> {
        notify::reloading();
        let reloaded = self.read_again().await;
        // After an error, the reload has ended too, and the old configuration stays in use.
        notify::ready(&self.addresses());
        match &reloaded {
            Ok(changes) if changes.is_empty() => {
                tracing::info!(reload = "unchanged", "configuration reloaded: no changes");
            }
            Ok(changes) => {
                tracing::info!(reload = "changed", "configuration reloaded: {}", changes.join("; "));
            }
            Err(wrong) => {
                tracing::error!(
                    reload = "refused",
                    "reload failed, the old configuration stays in effect: {}",
                    wrong.join("; ")
                );
            }
        }
        reloaded
    }

    /// Returns the changes, or the errors of the file.
    async fn read_again(&self) -> Result<Vec<String>, Vec<String>> {
        let _alone = self.reloading.lock().await;
        // `block_in_place` is needed, because files may be on slow disks, and large zones take time to parse.
        let (changes, changed) = block_in_place(|| {
            let old = self.config();
            let mut new = Config::load(self.origin.as_deref())
                .map_err(|errors| errors.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
            if old.has_fixed_addresses {
                new = new.with_listen(old.listen.addresses.clone());
            }
            if old.is_without_snapshot {
                new = new.without_snapshot();
            }
            let temporary = temporary_zones::keep(&self.state().temporary, &old, &mut new);
            let mut changes = config::changes(&old, &new);
            if !changes.is_empty() {
                changes.extend(config::notes(&new).iter().map(|note| format!("note: {note}")));
            }
            let changed = self.go_over(new).map_err(|error| vec![error.to_string()])?;
            self.state().temporary = temporary;
            Ok::<_, Vec<String>>((changes, changed))
        })?;
        self.forget(changed).await;
        Ok(changes)
    }

    /// Changes to another configuration. Only the entries of zones that the change affects are removed from the cache.
    pub(super) async fn apply(&self, config: Config) -> Result<(), StartError> {
        let _alone = self.reloading.lock().await;
        let changed = block_in_place(|| self.go_over(config))?;
        self.forget(changed).await;
        Ok(())
    }

    /// Changes to another configuration. Returns the names at and below which answers now come from other servers or zones.
    pub(super) fn go_over(&self, config: Config) -> Result<Vec<Name>, StartError> {
        let config = Arc::new(config);
        let views = self.resolver.views().following(&config)?;
        let ports = super::ports_of(&config)?;
        let mut state = self.state();
        let prepared = match &state.listeners {
            Some(listeners) => Some(listeners.prepare(&config, &views)?),
            None => None,
        };
        // None of the following steps can fail. Until `listeners.apply`, questions get answers from the old views. The ids of the old views stay
        // valid.
        let changed = self.resolver.set_views(views.clone());
        self.resolver.refresh_sharing();
        if let (Some(listeners), Some(prepared)) = (&mut state.listeners, prepared) {
            listeners.apply(prepared, &config, &views);
            self.metrics.set(config.metrics.listen);
        }
        self.resolver.tap().set(dnstap::settings_of(&config));
        self.network.set_ports(ports);
        log::set_level(config.log.level);
        self.watched.set(&WatchedSubject::all_of(&config));
        self.tls_policy.set(&config.tls_policy);
        state.config = config;
        self.certificates.are_read();
        drop(state);
        self.missed.notify_one();
        Ok(changed)
    }

    /// Removes cached data and failures of zones whose answers now come from other servers or zones. Does this again after the resolutions
    /// (flights) that began with the old configuration have ended, because these may store old data.
    pub(super) async fn forget(&self, zones: Vec<Name>) {
        self.recorder.forget_failures(&zones);
        self.resolver.forget(&zones).await;
        self.outdate_snapshot();
        let (resolver, recorder) = (Arc::clone(&self.resolver), Arc::clone(&self.recorder));
        tokio::spawn(async move {
            tokio::time::sleep(FLIGHT_TIME).await;
            recorder.forget_failures(&zones);
            resolver.forget(&zones).await;
        });
    }
}
