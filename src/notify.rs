//! Messages to the service manager (sd_notify(3)): ready, reloading, stopping, and alive.
//!
//! If no manager listens (`NOTIFY_SOCKET` is not set), these functions do nothing.
//!
//! # Decisions
//!
//! - The watchdog is fed only while every supervised task and thread runs its loop (`supervise::pulse`). A timer of
//!   its own would also feed it while a worker is stuck.
//! - READY is sent after a reload too, also if the file had an error: the reload has ended, and the old configuration
//!   stays in use.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use resolver::supervise::pulse::Pulses;

/// Queries are accepted at `addresses` from now on; `systemctl status` shows them. Also the end of a reload.
pub fn ready(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Ready, NotifyState::Status(&words(addresses))]);
}

/// Queries are accepted at `addresses` from now on, outside a start and a reload.
pub fn listens(addresses: &[SocketAddr]) {
    tell(&[NotifyState::Status(&words(addresses))]);
}

fn words(addresses: &[SocketAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!("listens at {}", addresses.join(", "))
}

/// The configuration is being read again; `ready` ends it, with success or not. The moment shows the manager that its
/// own request is meant (`Type=notify-reload`).
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(moment) => tell(&[NotifyState::Reloading, moment]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The daemon is ending.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: answering the queries in progress")]);
}

/// How long the manager waits for a sign of life; none if it does not.
pub fn patience() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Tells the manager that the daemon is alive, twice in its `patience`. Alive means: every thread and task of
/// `pulses` has run its loop since the last time, and `probe` returns.
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

/// If the message is lost, the manager restarts the daemon; nothing else can be done here.
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(
            "cannot send a message to the service manager (systemd): {error}; systemd may restart resolverd, because it gets no signs of life; check NotifyAccess= of resolverd.service"
        );
    }
}
