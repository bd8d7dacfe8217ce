//! Going over to another configuration while questions are answered.
//!
//! May call: everything but `ctl`. What cannot be served changes nothing.

use std::sync::Arc;

use hickory_proto::rr::Name;

use super::StartError;
use super::running::Running;
use crate::config::{self, Config};
use crate::control::Subject;
use crate::limits::FLIGHT_TIME;
use crate::log;
use crate::notify;
use crate::zones::{self, Views};

impl Running {
    /// Reads the configuration file again, and tells the service manager and the log what came of it.
    pub(super) fn reload_now(&self) -> Result<Vec<String>, Vec<String>> {
        notify::reloading();
        // Files may lie on slow disks, and threads are waited for.
        let reloaded = tokio::task::block_in_place(|| self.read_again());
        // Also where the file was wrong: the reload is over, and all is served as before.
        notify::ready(&self.addresses());
        match &reloaded {
            Ok(changes) if changes.is_empty() => {
                tracing::info!(reload = "unchanged", "configuration read again: nothing has changed");
            }
            Ok(changes) => {
                tracing::info!(reload = "changed", "configuration read again: {}", changes.join("; "));
            }
            Err(wrong) => {
                tracing::error!(reload = "refused", "the configuration stays as it is: {}", wrong.join("; "));
            }
        }
        reloaded
    }

    /// Goes over to what the configuration file says now: what has changed, or what is wrong with it.
    fn read_again(&self) -> Result<Vec<String>, Vec<String>> {
        let old = self.config();
        let mut new = Config::load(self.origin.as_deref())
            .map_err(|errors| errors.to_string().lines().map(str::to_owned).collect::<Vec<_>>())?;
        if old.listen.fixed {
            new = new.with_listen(old.listen.addresses.clone());
        }
        let changes = config::changes(&old, &new);
        self.apply(new).map_err(|error| vec![error.to_string()])?;
        Ok(changes)
    }

    /// Checks first, then swaps: what cannot be served changes nothing. Memory is kept but for the zones that changed.
    pub(super) fn apply(&self, config: Config) -> Result<(), StartError> {
        let config = Arc::new(config);
        let views = Views::new(&config)?;
        let ports = super::ports_of(&config)?;
        let mut state = self.state();
        let changed = zones::changed(&state.config, &config);
        if let Some(listeners) = &mut state.listeners {
            let sockets = listeners.bind_new(&config)?;
            listeners.apply(sockets, &config, &views)?;
        }
        self.resolver.set_views(views);
        self.network.set_ports(ports);
        log::set_level(config.log.level);
        state.config = config;
        drop(state);
        self.missed.notify_one();
        self.forget(changed);
        Ok(())
    }

    /// Flushes what was learnt by ways that have changed: now, and again when the flights that began on them have ended.
    fn forget(&self, zones: Vec<Name>) {
        if zones.is_empty() {
            return;
        }
        self.resolver.forget(&zones);
        let resolver = Arc::clone(&self.resolver);
        tokio::spawn(async move {
            tokio::time::sleep(FLIGHT_TIME).await;
            resolver.forget(&zones);
        });
    }
}
