//! Messages to the service manager (sd_notify(3)): the daemon is ready, reloads, stops, or is alive.
//!
//! If no service manager listens (`NOTIFY_SOCKET` is not set), these functions do nothing.
//!
//! # Decisions
//!
//! - The watchdog of the service manager gets a message only if every supervised task and thread still runs its loop (`supervise::pulse`). A separate
//!   timer would also send the message while a worker is stuck.
//! - READY is also sent after a reload that failed because of an error in the configuration file: the reload has ended, and the daemon continues
//!   with the old configuration.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use resolver::supervise::pulse::Pulses;

/// Reports that the daemon now accepts queries at `addresses`, which `systemctl status` shows. After a reload, this call reports the end of the
/// reload.
pub fn ready(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Ready, NotifyState::Status(&words(addresses))]);
}

/// Reports that the daemon now listens at `addresses`, when these have changed without a start or a reload.
pub fn listens(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Status(&words(addresses))]);
}

fn words(addresses: &[SocketAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("listens at {}", addresses.join(", "))
}

/// Reports that the configuration is being read again. `ready` reports the end of this reload, even if it failed. The message contains the current
/// time, from which the service manager knows that the reload is the one it requested (`Type=notify-reload`).
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(moment) => tell(&[NotifyState::Reloading, moment]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Reports that the daemon is stopping.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: answering the queries in progress")]);
}

/// Returns how long the service manager waits for the next watchdog message. Returns `None` if its watchdog is off.
pub fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Sends the watchdog message to the service manager, twice in each `patience`. The message is sent only if every thread and task of `pulses` has
/// run its loop since the last message, and if the function `probe` returns. Runs forever.
pub async fn watchdog(patience: Duration, pulses: Pulses, probe: impl Fn()) -> Infallible {
    let mut rounds = interval((patience / 2).max(Duration::from_millis(1)));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut stuck = Vec::new();
    loop {
        rounds.tick().await;
        probe();
        let missing = pulses.round();
        if missing.is_empty() {
            tell(&[NotifyState::Watchdog]);
        } else if missing != stuck {
            tracing::error!(
                "watchdog: task {} did not respond for {patience:?}; if this continues, the service manager restarts resolverd; please send this line to the makers of resolverd",
                missing.join(", ")
            );
        }
        stuck = missing;
    }
}

/// Sends messages to the service manager. If this fails, the error is only logged. The manager may then restart the daemon, because it got no
/// message.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(
            "cannot send a message to the service manager (systemd): {error}; systemd may restart resolverd, because it gets no signs of life; check NotifyAccess= of resolverd.service"
        );
    }
}
