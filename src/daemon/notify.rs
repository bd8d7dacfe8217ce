//! Messages to the service manager (sd_notify(3)): the daemon is ready, reloads, stops, or is alive.
//!
//! Without a service manager (`NOTIFY_SOCKET` is not set), these functions do nothing.
//!
//! # Decisions
//!
//! - The watchdog of the service manager gets a message only if every supervised task and thread still runs (`supervise::pulse`). A separate timer
//!   would also send messages while a worker is stuck.
//! - READY also ends a reload that failed because of an error in the configuration file: the daemon continues with the old configuration.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use supervise::pulse::Pulses;

/// Reports that the daemon accepts queries at `addresses`. After a reload, this reports the end of the reload.
pub(crate) fn ready(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Ready, NotifyState::Status(&words(addresses))]);
}

/// Reports new `addresses` outside of a start or reload.
pub(crate) fn listens(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Status(&words(addresses))]);
}

fn words(addresses: &[SocketAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("listens at {}", addresses.join(", "))
}

/// Reports the begin of a reload. `ready` reports its end, even if it failed. From the time in the message, the service manager recognises the reload
/// that it requested (`Type=notify-reload`).
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(moment) => tell(&[NotifyState::Reloading, moment]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// Reports that the daemon is stopping.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: answering the queries in progress")]);
}

/// Returns the timeout of the service manager's watchdog; `None` if it is off.
pub(crate) fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Sends the watchdog message to the service manager twice in each `patience`. Before each message, every thread and task of `pulses` must have run
/// since the message before, and `probe` must return. Otherwise the message is not sent. Runs forever.
pub(crate) async fn watchdog(patience: Duration, pulses: Pulses, probe: impl Fn()) -> Infallible {
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

/// Sends states of the daemon to the service manager. An error is only logged. The service manager may then restart the daemon, because it
/// got no message.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(
            "cannot send a message to the service manager (systemd): {error}; systemd may restart resolverd, because it gets no signs of life; check NotifyAccess= of resolverd.service"
        );
    }
}
