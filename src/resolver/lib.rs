//! The resolver: from a client's question to the servers, and back.
//!
//! Calls `dns`, `validate` and `history`. The front page of the crate `resolverd` has a picture of the modules; calls between them go
//! down only. It is a crate of its own so that the commands and checks around it can change without it: it knows neither the control
//! socket nor any screen. It reads only its configuration, zone files, keys and certificates. `exchange` alone uses the network, behind a
//! trait, so that tests and the demo run the resolver over the simulated internet. The feature `simulated` makes that deterministic.

// The compiler reads the futures of a flight through all that they wait for, down to the timers of the runtime.
#![recursion_limit = "256"]

pub mod background;
pub mod cache;
pub mod config;
pub mod dnsbl;
pub mod dnstap;
pub mod exchange;
pub(crate) mod extended_error;
pub mod iterate;
pub mod limits;
pub mod listener;
pub mod lookahead;
pub mod resolve;
pub mod supervise;
pub mod zones;
