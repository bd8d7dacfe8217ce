//! The resolver: from a client's question to the servers, and back.
//!
//! Calls `dns`, `validate` and `history`. The picture of its modules is on the front page of the crate `resolverd`; calls
//! between them go down only. It stands alone so that the instruments, which are larger, can change without it: it knows
//! neither the control socket nor any screen, and reads no file but its configuration and its certificates. `exchange` is the
//! only door to the network, behind a trait, so that tests and the demo run it over the simulated internet. The feature
//! `simulated` has what makes that deterministic.

// The compiler reads the futures of a flight through all that they wait for, down to the timers of the runtime.
#![recursion_limit = "256"]

pub mod background;
pub mod cache;
pub mod config;
pub mod dnsbl;
pub mod dnstap;
pub mod exchange;
pub mod iterate;
pub mod limits;
pub mod listener;
pub mod lookahead;
pub mod resolve;
pub mod supervise;
pub mod zones;
